/* scheduler: which node a pod goes to. Pure: the node with the fewest pods among those that fit, in the nodes' order. */
#ifndef LAB_CONTROL_SCHEDULER_H
#define LAB_CONTROL_SCHEDULER_H

#include "onesdn/base.h"

struct scheduler_node {
	const char *name;
	const json_t *labels;
	bool is_ready, is_tainted; /* tainted: node-role.kubernetes.io/control-plane:NoSchedule */
	size_t n_pods;
};
/* The node's index, or -1 and the reason in kube-scheduler's words. */
int scheduler_pick(const json_t *pod, const struct scheduler_node *nodes, size_t n_nodes, struct str *reason);

#endif
