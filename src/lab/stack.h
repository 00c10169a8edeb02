/* stack: the daemons of the lab's data plane and the nodes they make: OVN central, the physical network's bridge, and for
 * each node a network namespace with its own Open vSwitch and ovn-controller. Everything is started at once and goes on as
 * soon as what it needs answers.
 *
 * Places in the lab's mount namespace: /run/central (nb.sock, sb.sock), /run/phys and /run/NODE (db.sock).
 */
#ifndef LAB_STACK_H
#define LAB_STACK_H

#include "lab/ovn.h"
#include "lab/ovs.h"
#include "onesdn/loop.h"

#define STACK_NODES 3
#define STACK_POD_MTU 1400 /* the underlay's 1500 less what Geneve adds; OVN-Kubernetes' own default */
#define STACK_CLUSTER_NETWORK "10.244.0.0/16"

struct stack_node_config {
	const char *name;
	const char *address;                       /* on the underlay, 10.89.1.0/24 */
	const char *subnet, *gateway, *management; /* of its pods: "10.244.0.0/24", "10.244.0.1/24", "10.244.0.2" */
	bool is_control_plane;
};
struct stack_node {
	const struct stack_node_config *config;
	int netns;
	struct ovs *ovs;
	bool is_ready;
	char reason[256]; /* why it is not */
};
struct stack_events {
	void (*on_node)(struct stack_node *node, void *user);                        /* is_ready or reason changed */
	void (*on_port)(struct stack_node *node, const char *interface, void *user); /* ask ovs_port_* again */
	void (*on_up)(void *user);                                                   /* once: all nodes were ready */
	void (*on_trouble)(const char *words, void *user);                           /* for the log */
	void *user;
	void (*on_switch)(struct stack_node *node, void *user); /* the node's ovs_external_id, ovs_replica changed */
};
struct stack;
struct stack *stack_create(struct loop *loop, const struct stack_events *events, struct err *err);
void stack_destroy(struct stack *stack);
struct ovn *stack_ovn(struct stack *stack);
struct stack_node *stack_node(struct stack *stack, size_t i); /* i < STACK_NODES */
struct stack_node *stack_find_node(struct stack *stack, const char *name);
void stack_waits_for(const struct stack *stack, struct str *out); /* in words, for a deadline that has passed */

#endif
