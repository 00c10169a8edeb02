/* nmstate_state: what a node's NodeNetworkState says, out of its Open vSwitch. Pure. */
#ifndef LAB_CONTROL_NMSTATE_STATE_H
#define LAB_CONTROL_NMSTATE_STATE_H

#include "lab/stack.h"

/* status.currentState in nmstate's words: bridges, their ports, the node's address, OVN's bridge mappings. Pods' interfaces
 * are left out, as kubernetes-nmstate does by default. `replica` is ovs_replica's. New reference. */
json_t *nmstate_current_state(const struct stack_node_config *config, const json_t *replica);

#endif
