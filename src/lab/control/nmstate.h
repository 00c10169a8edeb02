/* nmstate: NodeNetworkConfigurationPolicies put into force on the nodes' Open vSwitch, an enactment for each node that a
 * policy selects, and a NodeNetworkState of each node. nmstate_plan.c has the rules.
 *
 * As kubernetes-nmstate does, a policy is put into force once for each of its generations on each node; what somebody
 * changes on the node afterwards shows in its NodeNetworkState and stays. Unlike it, a node whose bridge was missing is
 * tried again when its bridges change.
 */
#ifndef LAB_CONTROL_NMSTATE_H
#define LAB_CONTROL_NMSTATE_H

#include "lab/stack.h"
#include "lab/store.h"

struct nmstate;
struct nmstate *nmstate_create(struct loop *loop, struct store *store, struct stack *stack);
void nmstate_destroy(struct nmstate *nmstate);
/* A node's Open vSwitch says something else now: its bridges, or its external ids. */
void nmstate_switch_changed(struct nmstate *nmstate);

#endif
