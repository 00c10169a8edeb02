/* policies: puts MultiNetworkPolicies in force, as OVN-Kubernetes would: level-triggered over policies, pods, namespaces
 * and networks, as rows of OVN (lab/policy_rows.h). What it cannot put in force it tells in a Warning event of the policy,
 * where the real one only writes a log.
 */
#ifndef LAB_CONTROL_POLICIES_H
#define LAB_CONTROL_POLICIES_H

#include "lab/control/networks.h"
#include "lab/ovn.h"
#include "lab/store.h"

struct policies;
struct policies *policies_create(struct loop *loop, struct store *store, struct ovn *ovn,
                                 const struct networks *networks);
void policies_destroy(struct policies *policies);          /* NULL is fine; what is in force stays */
void policies_networks_changed(struct policies *policies); /* NULL is fine */

#endif
