/* Selection, merging and conditions of node network configuration. See nmstate_plan.h. */
#include "lab/control/nmstate_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPPINGS_MAX 256

bool nmstate_selects(const json_t *policy, const json_t *node)
{
	json_t *selector = (json_t *)json_walk(policy, "spec", "nodeSelector", NULL), *value;
	const char *key;
	json_object_foreach (selector, key, value) {
		const json_t *label = json_walk(node, "metadata", "labels", key, NULL);
		if (!json_is_string(label) || !json_equal(label, value))
			return false;
	}
	return true;
}

/* ---- mappings ---- */

static void free_mappings(struct map *mappings)
{
	for (size_t i = 0; i < mappings->len; i++)
		free(mappings->entries[i].value);
	map_finish(mappings);
}

/* "a:b,c:d" into localnet -> bridge; what has no colon is passed over, as OVN does. */
static void read_mappings(const char *text, struct map *out)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ","), name = strcspn(text, ":,");
		if (name > 0 && name + 1 < len) {
			char *localnet = mem_strndup(text, name);
			free(map_set(out, localnet, mem_strndup(text + name + 1, len - name - 1)));
			free(localnet);
		}
		text += len + (text[len] == ',');
	}
}

static bool is_name(const char *text)
{
	return text[0] != '\0' && strlen(text) < 256 && strpbrk(text, ":,\n") == NULL &&
	       text_is_safe(text, strlen(text));
}

static bool invalid(struct err *err, const char *what, const char *name)
{
	return err_set(err, ERR_INVALID, "NmstateError: InvalidArgument: %s%.200s", what, name);
}

static bool apply_mapping(const json_t *item, nmstate_has_bridge_fn *has_bridge, void *user, struct map *out,
                          struct err *err)
{
	const char *localnet = json_walk_str(item, "localnet", NULL), *bridge = json_walk_str(item, "bridge", NULL),
	           *state = json_walk_str(item, "state", NULL);
	if (!is_name(localnet))
		return invalid(err, "ovn.bridge-mappings: a mapping needs a localnet, a name without ':' and ','", "");
	if (strcmp(state, "absent") == 0) {
		free(map_remove(out, localnet));
		return true;
	}
	if (state[0] != '\0' && strcmp(state, "present") != 0)
		return invalid(err, "ovn.bridge-mappings: state is present or absent, not ", state);
	if (!is_name(bridge))
		return invalid(err, "mapping for the following `localnet` key lacks the bridge: ", localnet);
	if (!has_bridge(bridge, user))
		return err_set(err, ERR_NOT_FOUND,
		               "NmstateError: InvalidArgument: OVN bridge mapping %.100s refers to OVS bridge %.100s, "
		               "which does not exist on this node",
		               localnet, bridge);
	free(map_set(out, localnet, mem_strdup(bridge)));
	return true;
}

/* What else nmstate could do is not in the lab, and must not be taken for done. */
static bool check_desired(const json_t *desired, struct err *err)
{
	const char *key;
	json_t *value;
	const json_t *list = json_walk(desired, "ovn", "bridge-mappings", NULL);
	json_object_foreach ((json_t *)desired, key, value) {
		if (strcmp(key, "ovn") != 0)
			return err_set(err, ERR_INVALID,
			               "NmstateError: NotImplementedError: desiredState.%.60s is not in the lab: "
			               "ovn.bridge-mappings is; a cluster with kubernetes-nmstate has the rest",
			               key);
	}
	json_object_foreach (json_object_get(desired, "ovn"), key, value) {
		if (strcmp(key, "bridge-mappings") != 0)
			return invalid(err, "unknown field of ovn: ", key);
	}
	if (list != NULL && !json_is_array(list))
		return invalid(err, "ovn.bridge-mappings is no list", "");
	return json_array_size(list) <= MAPPINGS_MAX || invalid(err, "ovn.bridge-mappings has too many entries", "");
}

static bool check_unique(const json_t *list, struct err *err)
{
	struct map seen = {0};
	const char *twice = NULL;
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item) {
		const char *localnet = json_walk_str(item, "localnet", NULL);
		if (map_set(&seen, localnet, item) != NULL)
			twice = localnet;
	}
	map_finish(&seen);
	return twice == NULL || invalid(err, "Found duplicate `localnet` key: ", twice);
}

bool nmstate_merge(const char *current, const json_t *desired, nmstate_has_bridge_fn *has_bridge, void *user,
                   struct str *out, struct err *err)
{
	const json_t *list = json_walk(desired, "ovn", "bridge-mappings", NULL);
	struct map mappings = {0};
	size_t i;
	json_t *item;
	if (!check_desired(desired, err) || !check_unique(list, err))
		return false;
	read_mappings(current, &mappings);
	bool is_good = true;
	json_array_foreach ((json_t *)list, i, item) {
		is_good = is_good && apply_mapping(item, has_bridge, user, &mappings, err);
	}
	for (i = 0; is_good && i < mappings.len; i++)
		str_append_f(out, "%s%s:%s", i > 0 ? "," : "", mappings.entries[i].key,
		             (const char *)mappings.entries[i].value);
	free_mappings(&mappings);
	return is_good;
}

json_t *nmstate_mappings(const char *value)
{
	struct map mappings = {0};
	json_t *list = json_array();
	read_mappings(value, &mappings);
	for (size_t i = 0; i < mappings.len; i++) {
		json_t *item = json_pack("{s:s, s:s}", "localnet", mappings.entries[i].key, "bridge",
		                         (const char *)mappings.entries[i].value);
		if (item != NULL) /* not UTF-8: somebody wrote it by hand */
			json_array_append_new(list, item);
	}
	free_mappings(&mappings);
	return list;
}

/* ---- conditions ---- */

struct condition {
	const char *type, *status, *reason, *message;
};

static const json_t *find_condition(const json_t *list, const char *type)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item) {
		if (strcmp(json_walk_str(item, "type", NULL), type) == 0)
			return item;
	}
	return NULL;
}

static json_t *build_conditions(const struct condition *conditions, size_t n, const json_t *old, const char *now)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct condition *c = &conditions[i];
		const json_t *was = find_condition(old, c->type);
		const char *since = now;
		if (was != NULL && strcmp(json_walk_str(was, "status", NULL), c->status) == 0)
			since = json_walk_str(was, "lastTransitionTime", NULL);
		json_t *item = json_pack("{s:s, s:s, s:s, s:s}", "lastHeartbeatTime", now, "lastTransitionTime", since,
		                         "status", c->status, "type", c->type);
		json_object_set_new(item, "reason", json_string(c->reason));
		if (c->message[0] != '\0')
			json_object_set_new(item, "message", json_string(c->message));
		json_array_append_new(list, item);
	}
	return list;
}

json_t *nmstate_policy_conditions(const struct nmstate_count *count, const json_t *old, const char *now)
{
	static const char *const types[] = {"Available", "Degraded", "Progressing", "Ignored"};
	static const char *const reasons[] = {"SuccessfullyConfigured", "FailedToConfigure", "ConfigurationProgressing",
	                                      "NoMatchingNode"};
	size_t n_done = count->n_available + count->n_failing, holds;
	char message[128] = "Policy does not match any node";
	if (count->n_selected == 0) {
		holds = 3;
	} else if (n_done < count->n_selected) {
		holds = 2;
		snprintf(message, sizeof message, "Policy is progressing %zu/%zu nodes finished", n_done,
		         count->n_selected);
	} else if (count->n_failing > 0) {
		holds = 1;
		snprintf(message, sizeof message, "%zu/%zu nodes failed to configure", count->n_failing,
		         count->n_selected);
	} else {
		holds = 0;
		snprintf(message, sizeof message, "%zu/%zu nodes successfully configured", count->n_available,
		         count->n_selected);
	}
	struct condition conditions[4];
	for (size_t i = 0; i < 4; i++) {
		const char *otherwise = holds == 2 && i < 2 ? "Unknown" : "False";
		conditions[i] = (struct condition){types[i], i == holds ? "True" : otherwise, reasons[holds],
		                                   i == holds ? message : ""};
	}
	return build_conditions(conditions, 4, old, now);
}

json_t *nmstate_enactment_conditions(enum nmstate_phase phase, const char *message, const json_t *old, const char *now)
{
	static const char *const types[] = {"Progressing", "Available", "Failing", "Pending", "Aborted"};
	static const char *const reasons[] = {"ConfigurationProgressing", "SuccessfullyConfigured",
	                                      "FailedToConfigure"};
	struct condition conditions[5];
	for (size_t i = 0; i < 5; i++) {
		bool holds = i == (size_t)phase;
		const char *otherwise = phase == NMSTATE_PROGRESSING && i < 3 ? "Unknown" : "False";
		conditions[i] =
		        (struct condition){types[i], holds ? "True" : otherwise, reasons[phase], holds ? message : ""};
	}
	return build_conditions(conditions, 5, old, now);
}

enum nmstate_phase nmstate_phase_of(const json_t *enactment)
{
	const json_t *list = json_walk(enactment, "status", "conditions", NULL);
	if (strcmp(json_walk_str(find_condition(list, "Available"), "status", NULL), "True") == 0)
		return NMSTATE_AVAILABLE;
	if (strcmp(json_walk_str(find_condition(list, "Failing"), "status", NULL), "True") == 0)
		return NMSTATE_FAILING;
	return NMSTATE_PROGRESSING;
}

bool nmstate_same_conditions(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"type", "status", "reason", "message"};
	if (json_array_size(a) != json_array_size(b))
		return false;
	for (size_t i = 0; i < json_array_size(a); i++)
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
			if (strcmp(json_walk_str(json_array_get(a, i), keys[k], NULL),
			           json_walk_str(json_array_get(b, i), keys[k], NULL)) != 0)
				return false;
	return true;
}
