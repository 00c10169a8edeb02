/* pods: scheduler and kubelet in one. Level-triggered over the pods in the store: each pod goes as far as it can, and on when
 * what it waits for has changed. What runs of a pod is reached through lab/pod.h.
 */
#ifndef LAB_CONTROL_PODS_H
#define LAB_CONTROL_PODS_H

#include "lab/control/networks.h"
#include "lab/control/ovnkube.h"
#include "lab/pod.h"
#include "lab/stack.h"
#include "lab/store.h"
#include "lab/vm/machine.h"

struct pods_options {
	struct loop *loop;
	struct store *store;
	struct stack *stack;
	struct ovn *ovn;
	struct networks *networks;
	struct ovnkube *ovnkube;   /* whose pods are left alone; NULL: there are none */
	struct machines *machines; /* what the launcher pods of virtual machines run; NULL: there are none */
};
struct pods *pods_create(const struct pods_options *options);
void pods_destroy(struct pods *pods); /* kills what runs; the objects stay */
size_t pods_count(const struct pods *pods);
void pods_networks_changed(struct pods *pods); /* a network, an address, a node: pods that wait may go on */
void pods_port_changed(struct pods *pods, const struct stack_node *node, const char *link);

#endif
