/* ovn: OVN's northbound database as the lab wants it, and what the southbound one says of the nodes.
 *
 * Whoever needs something in OVN (nodes, networks, pods, policies) says under an owner's name which rows it wants;
 * once a turn the difference to the replica goes out as one transaction. Names, external_ids and options of the rows are
 * OVN-Kubernetes' own, so that what reads a real cluster's OVN reads the lab's.
 */
#ifndef LAB_OVN_H
#define LAB_OVN_H

#include "lab/plan.h"
#include "onesdn/cni.h"
#include "onesdn/loop.h"

struct ovn_events {
	void (*on_ready)(void *user); /* both databases answer */
	void (*on_chassis)(const char *node, bool is_up,
	                   void *user); /* up: its ovn-controller has installed what was wanted first */
	void (*on_failure)(const char *words, void *user); /* a transaction was refused, a database went away */
	void *user;
};
struct ovn;
struct ovn *ovn_create(struct loop *loop, const char *nb_socket, const char *sb_socket,
                       const struct ovn_events *events);
void ovn_destroy(struct ovn *ovn);
void ovn_want(struct ovn *ovn, const char *owner,
              struct plan_rows *rows); /* replaces what the owner wanted; rows are taken */
void ovn_unwant(struct ovn *ovn, const char *owner);
const json_t *ovn_replica(const struct ovn *ovn); /* of the northbound database */
extern const struct plan_table ovn_tables[];

/* ---- the rows, pure ---- */
struct ovn_node {
	const char *name;
	const char *subnet;     /* "10.244.1.0/24" */
	const char *gateway;    /* "10.244.1.1/24" */
	const char *management; /* "10.244.1.2" */
};
struct ovn_network { /* a secondary network that spans the nodes */
	const struct cni_config *config;
	int id; /* OVN-Kubernetes' network id, 1... */
};
struct ovn_port { /* a pod's port */
	const char *name, *switch_name;
	const char *addresses; /* "MAC IP..." */
	const char *ns, *pod_uid, *node;
	const char *nad, *network, *topology; /* NULL on the default network */
	uint32_t tunnel_id;                   /* 0: none */
};
void ovn_rows_cluster(struct plan_rows *rows); /* the router and what holds for all */
void ovn_rows_node(struct plan_rows *rows, const struct ovn_node *node);
void ovn_rows_network(struct plan_rows *rows, const struct ovn_network *network);
void ovn_rows_port(struct plan_rows *rows, const struct ovn_port *port);

#endif
