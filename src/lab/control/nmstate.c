/* Carries out nmstate_plan.c's plans: writes the bridge mappings, follows what the switch says, keeps the objects. */
#include "lab/control/nmstate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/control/nmstate_plan.h"
#include "lab/control/nmstate_state.h"
#include "lab/ovsdb.h"

struct nmstate {
	struct loop *loop;
	struct store *store;
	struct stack *stack;
	const struct lab_resource *policy, *enactment, *state, *node;
	struct store_listener *listeners[3];
	bool is_posted;
};

/* ---- what is there ---- */

static bool collect(const json_t *object, void *user)
{
	json_array_append_new(user, json_deep_copy(object));
	return true;
}

static json_t *all_of(const struct nmstate *n, const struct lab_resource *resource)
{
	json_t *list = json_array();
	store_each(n->store, resource, NULL, collect, list);
	return list;
}

static void now_text(char out[32])
{
	time_format(time_wall_ms(), out);
}

static bool has_bridge(const char *name, void *user)
{
	const struct stack_node *node = user;
	return ovsdb_find(ovs_replica(node->ovs), "Bridge", "name", name, NULL) != NULL;
}

/* ---- enactments ---- */

static json_t *new_enactment(const char *name, const struct stack_node *node, const json_t *policy)
{
	return json_pack(
	        "{s:s, s:s, s:{s:s, s:{s:s, s:s}, s:[{s:s, s:s, s:s, s:s}]}}", "apiVersion", "nmstate.io/v1beta1",
	        "kind", "NodeNetworkConfigurationEnactment", "metadata", "name", name, "labels", "nmstate.io/node",
	        node->config->name, "nmstate.io/policy", json_walk_str(policy, "metadata", "name", NULL),
	        "ownerReferences", "apiVersion", "nmstate.io/v1", "kind", "NodeNetworkConfigurationPolicy", "name",
	        json_walk_str(policy, "metadata", "name", NULL), "uid", json_walk_str(policy, "metadata", "uid", NULL));
}

static void say(struct nmstate *n, const struct stack_node *node, const json_t *policy, enum nmstate_phase phase,
                const char *message)
{
	char now[32], *name = mem_printf("%s.%s", node->config->name, json_walk_str(policy, "metadata", "name", NULL));
	struct err err = {0};
	const json_t *old = store_get(n->store, n->enactment, NULL, name);
	json_t *fresh = old == NULL ? new_enactment(name, node, policy) : NULL;
	if (fresh != NULL && !store_add(n->store, n->enactment, fresh, &old, &err))
		log_write(LOG_WARN, "enactment %s: %s", name, err.text);
	json_decref(fresh);
	free(name);
	if (old == NULL)
		return;
	int64_t generation = json_walk_int(policy, 0, "metadata", "generation", NULL);
	const json_t *was = json_walk(old, "status", "conditions", NULL);
	now_text(now);
	json_t *conditions = nmstate_enactment_conditions(phase, message, was, now), *copy = json_deep_copy(old);
	bool is_same = nmstate_same_conditions(conditions, was) &&
	               json_walk_int(old, 0, "status", "policyGeneration", NULL) == generation;
	json_t *desired = json_deep_copy(json_walk(policy, "spec", "desiredState", NULL));
	json_object_set_new(copy, "status",
	                    json_pack("{s:o, s:o, s:{s:i, s:s}, s:I}", "conditions", conditions, "desiredState",
	                              desired != NULL ? desired : json_object(), "desiredStateMetaInfo", "version", 0,
	                              "time", now, "policyGeneration", (json_int_t)generation));
	if (!is_same && !store_update_status(n->store, n->enactment, copy, NULL, &err))
		log_write(LOG_WARN, "status of an enactment: %s", err.text);
	json_decref(copy);
}

/* Nothing happens twice: a generation that is in force, or being put there, stays. */
static enum nmstate_phase enact(struct nmstate *n, struct stack_node *node, const json_t *policy)
{
	char *name = mem_printf("%s.%s", node->config->name, json_walk_str(policy, "metadata", "name", NULL));
	const json_t *old = store_get(n->store, n->enactment, NULL, name);
	bool is_this = old != NULL && json_walk_int(old, -1, "status", "policyGeneration", NULL) ==
	                                      json_walk_int(policy, 0, "metadata", "generation", NULL);
	struct str value = {0};
	struct err err = {0};
	free(name);
	if (is_this && nmstate_phase_of(old) == NMSTATE_AVAILABLE)
		return NMSTATE_AVAILABLE;
	if (!ovs_is_set_up(node->ovs)) {
		say(n, node, policy, NMSTATE_PROGRESSING, "Applying desired state");
		return NMSTATE_PROGRESSING;
	}
	const char *current = ovs_external_id(node->ovs, NMSTATE_MAPPINGS);
	enum nmstate_phase phase;
	if (!nmstate_merge(current, json_walk(policy, "spec", "desiredState", NULL), has_bridge, node, &value, &err)) {
		phase = NMSTATE_FAILING;
		char *words = mem_printf("error reconciling NodeNetworkConfigurationPolicy on node %s at desired state "
		                         "apply: \"\",\n failed to execute nmstatectl set --no-commit --timeout 480: "
		                         "'exit status 1' '' '%s'",
		                         node->config->name, err.text);
		say(n, node, policy, phase, words);
		free(words);
	} else if (strcmp(str_text(&value), current != NULL ? current : "") == 0) {
		phase = NMSTATE_AVAILABLE;
		say(n, node, policy, phase, "successfully reconciled");
	} else {
		phase = NMSTATE_PROGRESSING;
		ovs_set_external_id(node->ovs, NMSTATE_MAPPINGS, value.len > 0 ? str_text(&value) : NULL);
		say(n, node, policy, phase, "Applying desired state");
	}
	str_finish(&value);
	return phase;
}

/* Those of policies that are gone, and of nodes that are not selected any more. */
static void drop_enactments(struct nmstate *n)
{
	json_t *list = all_of(n, n->enactment), *item;
	size_t i;
	json_array_foreach (list, i, item) {
		const char *on = json_walk_str(item, "metadata", "labels", "nmstate.io/node", NULL),
		           *of = json_walk_str(item, "metadata", "labels", "nmstate.io/policy", NULL);
		const json_t *policy = store_get(n->store, n->policy, NULL, of),
		             *node = store_get(n->store, n->node, NULL, on);
		if (policy == NULL || node == NULL || !nmstate_selects(policy, node))
			store_remove(n->store, n->enactment, NULL, json_walk_str(item, "metadata", "name", NULL));
	}
	json_decref(list);
}

/* ---- policies ---- */

static void tell_policy(struct nmstate *n, const json_t *policy, const struct nmstate_count *count)
{
	const json_t *was = json_walk(policy, "status", "conditions", NULL);
	struct err err = {0};
	char now[32];
	now_text(now);
	json_t *conditions = nmstate_policy_conditions(count, was, now);
	if (!nmstate_same_conditions(conditions, was)) {
		json_t *copy = json_deep_copy(policy);
		json_object_set_new(
		        copy, "status",
		        json_pack("{s:O, s:s}", "conditions", conditions, "lastUnavailableNodeCountUpdate", now));
		if (!store_update_status(n->store, n->policy, copy, NULL, &err))
			log_write(LOG_WARN, "status of a node network configuration policy: %s", err.text);
		json_decref(copy);
	}
	json_decref(conditions);
}

static void carry_out(struct nmstate *n, const json_t *policy)
{
	struct nmstate_count count = {0};
	for (size_t i = 0; i < STACK_NODES; i++) {
		struct stack_node *node = stack_node(n->stack, i);
		const json_t *object = store_get(n->store, n->node, NULL, node->config->name);
		if (object == NULL || !nmstate_selects(policy, object))
			continue;
		enum nmstate_phase phase = enact(n, node, policy);
		count.n_selected++;
		count.n_available += phase == NMSTATE_AVAILABLE;
		count.n_failing += phase == NMSTATE_FAILING;
	}
	tell_policy(n, policy, &count);
}

/* ---- states ---- */

static void tell_state(struct nmstate *n, const struct stack_node *node)
{
	const json_t *old = store_get(n->store, n->state, NULL, node->config->name);
	struct err err = {0};
	char now[32];
	if (old == NULL) {
		json_t *fresh = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "nmstate.io/v1beta1", "kind",
		                          "NodeNetworkState", "metadata", "name", node->config->name);
		if (!store_add(n->store, n->state, fresh, &old, &err))
			log_write(LOG_WARN, "network state of node %s: %s", node->config->name, err.text);
		json_decref(fresh);
	}
	json_t *current = nmstate_current_state(node->config, ovs_replica(node->ovs));
	if (old != NULL && !json_equal(current, json_walk(old, "status", "currentState", NULL))) {
		json_t *copy = json_deep_copy(old);
		now_text(now);
		json_object_set_new(copy, "status",
		                    json_pack("{s:O, s:s, s:s}", "currentState", current, "lastSuccessfulUpdateTime",
		                              now, "handlerNmstateVersion", "onesdn-" ONESDN_VERSION));
		if (!store_update_status(n->store, n->state, copy, NULL, &err))
			log_write(LOG_WARN, "network state of node %s: %s", node->config->name, err.text);
		json_decref(copy);
	}
	json_decref(current);
}

/* ---- the face ---- */

static void reconcile(void *user)
{
	struct nmstate *n = user;
	n->is_posted = false;
	for (size_t i = 0; i < STACK_NODES; i++)
		if (ovs_is_set_up(stack_node(n->stack, i)->ovs))
			tell_state(n, stack_node(n->stack, i));
	json_t *policies = all_of(n, n->policy), *policy;
	size_t i;
	json_array_foreach (policies, i, policy)
		carry_out(n, policy);
	json_decref(policies);
	drop_enactments(n);
}

static void schedule(struct nmstate *n)
{
	if (n->is_posted)
		return;
	n->is_posted = true;
	loop_post(n->loop, reconcile, n);
}

static void on_object(const struct store_event *event, void *user)
{
	(void)event;
	schedule(user);
}

void nmstate_switch_changed(struct nmstate *nmstate)
{
	if (nmstate != NULL)
		schedule(nmstate);
}

struct nmstate *nmstate_create(struct loop *loop, struct store *store, struct stack *stack)
{
	struct nmstate *n = mem_alloc(sizeof *n);
	n->loop = loop;
	n->store = store;
	n->stack = stack;
	n->policy = lab_resource_kind("NodeNetworkConfigurationPolicy");
	n->enactment = lab_resource_kind("NodeNetworkConfigurationEnactment");
	n->state = lab_resource_kind("NodeNetworkState");
	n->node = lab_resource_kind("Node");
	n->listeners[0] = store_listen(store, n->policy, on_object, n);
	n->listeners[1] = store_listen(store, n->node, on_object, n);
	n->listeners[2] = store_listen(store, n->enactment, on_object, n); /* one that somebody deletes comes again */
	return n;
}

void nmstate_destroy(struct nmstate *nmstate)
{
	if (nmstate == NULL)
		return;
	for (size_t i = 0; i < 3; i++)
		store_unlisten(nmstate->listeners[i]);
	loop_unpost(nmstate->loop, nmstate);
	free(nmstate);
}
