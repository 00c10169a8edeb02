/* networks: the networks that pods may be attached to — the default one and those of NetworkAttachmentDefinitions — and who
 * has which address on them. Level-triggered over the NADs in the store; the switches go to OVN by ovn.h.
 *
 * Rules and sentences are OVN-Kubernetes' and Multus' own.
 */
#ifndef LAB_CONTROL_NETWORKS_H
#define LAB_CONTROL_NETWORKS_H

#include "lab/ovn.h"
#include "lab/stack.h"
#include "lab/store.h"
#include "onesdn/cni.h"

struct attachment {    /* one interface of one pod */
	char *nad;     /* "ns/name"; NULL on the default network */
	char *network; /* "green-network", "default" */
	char *switch_name, *port_name;
	char *interface; /* "eth0", "net1" */
	enum cni_topology topology;
	VEC(struct cni_address) addresses; /* with the prefix of the subnet */
	char mac[18];
	char gateway[64];   /* "" where there is none */
	uint32_t tunnel_id; /* 0: none */
	bool has_ipam;      /* the addresses are the pool's */
};
struct attachments {
	VEC(struct attachment) items;
};
struct attach_failure {                 /* why a pod cannot be attached; it may be tried again after on_change */
	char reason[64], component[32]; /* of an event that the real controllers make for it; "" for none */
	char event[ERR_TEXT_MAX];       /* its message */
	char words[ERR_TEXT_MAX];       /* the real reason */
	char nad[512];                  /* which attachment, "" for the default network */
	bool is_timeout;                /* the real ones would say "timed out" only */
};

struct networks;
struct networks *networks_create(struct loop *loop, struct store *store, struct ovn *ovn, void (*on_change)(void *user),
                                 void *user);
void networks_destroy(struct networks *networks);
/* Everything that a pod (its object) asks for, all or nothing: eth0 first, then as in its annotation. */
bool networks_attach(struct networks *networks, const json_t *pod, const struct stack_node_config *node,
                     struct attachments *out, struct attach_failure *failure);
void networks_detach(struct networks *networks,
                     struct attachments *attachments); /* gives the addresses back and frees */
/* The config of the network that a NAD belongs to, or NULL. Borrowed until the NAD changes. */
const struct cni_config *networks_config(const struct networks *networks, const char *nad);

#endif
