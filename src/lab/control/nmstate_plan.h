/* nmstate_plan: what NodeNetworkConfigurationPolicies mean for one node, and how far they have come. Pure; nmstate.c
 * carries it out. Rules, conditions and sentences are kubernetes-nmstate's and nmstate's own.
 */
#ifndef LAB_CONTROL_NMSTATE_PLAN_H
#define LAB_CONTROL_NMSTATE_PLAN_H

#include "onesdn/base.h"

#define NMSTATE_MAPPINGS "ovn-bridge-mappings" /* external id of Open vSwitch: "localnet:bridge,...", what OVN reads */

/* Does spec.nodeSelector match the node's labels? An absent one matches every node. */
bool nmstate_selects(const json_t *policy, const json_t *node);

typedef bool nmstate_has_bridge_fn(const char *name, void *user);
/* What NMSTATE_MAPPINGS becomes when `desired` (spec.desiredState) is applied to `current` (NULL: none): mappings that are
 * not mentioned stay, `state: absent` removes one; sorted. Appended to `out`, "" for none left. False and nmstate's words
 * when the desired state is wrong, or a bridge is not there. */
bool nmstate_merge(const char *current, const json_t *desired, nmstate_has_bridge_fn *has_bridge, void *user,
                   struct str *out, struct err *err);
/* The value of NMSTATE_MAPPINGS as nmstate shows it: [{"localnet", "bridge"}, ...]. New reference. */
json_t *nmstate_mappings(const char *value);

enum nmstate_phase { NMSTATE_PROGRESSING, NMSTATE_AVAILABLE, NMSTATE_FAILING };
struct nmstate_count { /* of the nodes that a policy selects */
	size_t n_selected, n_available, n_failing;
};
/* status.conditions; `old`: those that there were, whose times stay where nothing changed, or NULL. `now` RFC 3339. */
json_t *nmstate_policy_conditions(const struct nmstate_count *count, const json_t *old, const char *now);
json_t *nmstate_enactment_conditions(enum nmstate_phase phase, const char *message, const json_t *old, const char *now);
/* The phase that an enactment's conditions say. */
enum nmstate_phase nmstate_phase_of(const json_t *enactment);
/* Do both say the same, whenever they said it? */
bool nmstate_same_conditions(const json_t *a, const json_t *b);

#endif
