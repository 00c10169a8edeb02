/* deployments_plan: what is to be done for a Deployment and for a ReplicaSet. Pure. See deployments.h.
 *
 * Rules are the real controllers': a replica set for each template, named by a hash of it; a rolling update stays between
 * replicas - maxUnavailable (available) and replicas + maxSurge (all told); revisions are numbered in an annotation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/control/deployments.h"

#define REVISION "deployment.kubernetes.io/revision"
#define HASH_LABEL "pod-template-hash"

int64_t deployment_share(const json_t *value, int64_t total, bool round_up)
{
	int64_t percent;
	if (json_is_integer(value))
		return json_integer_value(value) < 0 ? 0 : json_integer_value(value);
	char *text = mem_strdup(json_is_string(value) ? json_string_value(value) : "");
	size_t len = strlen(text);
	if (len && text[len - 1] == '%')
		text[len - 1] = '\0';
	bool is_fine = text_to_int(text, 0, 1000, &percent);
	free(text);
	return is_fine ? (percent * total + (round_up ? 99 : 0)) / 100 : 0;
}

static json_t *plan_new(void)
{
	return json_pack("{s:[],s:[],s:[],s:{}}", "create", "scale", "delete", "status");
}

static int64_t wanted_of(const json_t *object)
{
	return json_walk_int(object, 0, "spec", "replicas", NULL);
}

static int64_t status_of(const json_t *object, const char *key)
{
	return json_walk_int(object, 0, "status", key, NULL);
}

static int64_t sum(const json_t *list, const char *key)
{
	int64_t total = 0;
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		total += key ? status_of(item, key) : wanted_of(item);
	return total;
}

/* ---- which replica set is the new one ---- */

static json_t *bare_template(const json_t *object)
{
	json_t *template = json_deep_copy(json_walk(object, "spec", "template", NULL));
	json_t *metadata = json_object_get(template, "metadata"), *labels = json_object_get(metadata, "labels");
	json_object_del(labels, HASH_LABEL);
	if (labels && !json_object_size(labels))
		json_object_del(metadata, "labels");
	return template;
}

static void hash_of(const json_t *template, char out[11])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	char *text = json_dumps(template, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (const char *at = text ? text : ""; *at; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	free(text);
	for (int i = 0; i < 10; i++, hash /= 27)
		out[i] = letters[hash % 27];
	out[10] = '\0';
}

static const json_t *find_new(const json_t *deployment, const json_t *replicasets)
{
	json_t *wanted = bare_template(deployment), *item, *found = NULL;
	size_t i;
	json_array_foreach (replicasets, i, item) {
		json_t *template = bare_template(item);
		if (!found && json_equal(template, wanted))
			found = item;
		json_decref(template);
	}
	json_decref(wanted);
	return found;
}

static int64_t revision_of(const json_t *object)
{
	int64_t revision = 0;
	text_to_int(json_walk_str(object, "metadata", "annotations", REVISION, NULL), 0, INT32_MAX, &revision);
	return revision;
}

static int64_t last_revision(const json_t *replicasets, const json_t *but)
{
	int64_t last = 0;
	size_t i;
	json_t *item;
	json_array_foreach (replicasets, i, item) {
		if (item != but && revision_of(item) > last)
			last = revision_of(item);
	}
	return last;
}

static json_t *new_replicaset(const json_t *deployment, int64_t replicas, int64_t revision)
{
	char hash[11];
	json_t *template = bare_template(deployment);
	hash_of(template, hash);
	json_t *labels = json_deep_copy(json_walk(template, "metadata", "labels", NULL));
	if (!labels)
		labels = json_object();
	json_object_set_new(labels, HASH_LABEL, json_string(hash));
	json_object_set(json_object_get(template, "metadata"), "labels", labels);
	json_t *selector = json_deep_copy(json_walk(deployment, "spec", "selector", NULL));
	if (!json_object_get(selector, "matchLabels"))
		json_object_set_new(selector, "matchLabels", json_object());
	json_object_set_new(json_object_get(selector, "matchLabels"), HASH_LABEL, json_string(hash));
	return json_pack("{s:{s:o,s:s,s:o,s:{s:o},s:[{s:s,s:s,s:s,s:s,s:b,s:b}]},s:{s:I,s:o,s:o}}", "metadata", "name",
	                 json_sprintf("%.240s-%s", json_walk_str(deployment, "metadata", "name", NULL), hash),
	                 "namespace", json_walk_str(deployment, "metadata", "namespace", NULL), "labels", labels,
	                 "annotations", REVISION, json_sprintf("%lld", (long long)revision), "ownerReferences",
	                 "apiVersion", "apps/v1", "kind", "Deployment", "name",
	                 json_walk_str(deployment, "metadata", "name", NULL), "uid",
	                 json_walk_str(deployment, "metadata", "uid", NULL), "controller", 1, "blockOwnerDeletion", 1,
	                 "spec", "replicas", (json_int_t)replicas, "selector", selector, "template", template);
}

/* ---- how many of each ---- */

static void scale(json_t *plan, const json_t *replicaset, int64_t replicas)
{
	if (replicas != wanted_of(replicaset))
		json_array_append_new(json_object_get(plan, "scale"),
		                      json_pack("{s:s,s:I}", "name",
		                                json_walk_str(replicaset, "metadata", "name", NULL), "replicas",
		                                (json_int_t)replicas));
}

/* How many serve and will go on to: a status may be older than the last change of the number. */
static int64_t serving(const json_t *replicaset)
{
	int64_t wanted = wanted_of(replicaset), available = status_of(replicaset, "availableReplicas");
	return available < wanted ? available : wanted;
}

static int64_t all_serving(const json_t *list)
{
	int64_t total = 0;
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		total += serving(item);
	return total;
}

/* Takes up to `room` replicas from `item`, first those that do not serve. */
static void scale_down_old(json_t *plan, const json_t *replicasets, const json_t *new, int64_t room)
{
	size_t i;
	json_t *item;
	json_array_foreach (replicasets, i, item) {
		int64_t wanted = wanted_of(item), idle = wanted - serving(item);
		if (item == new || wanted == 0)
			continue;
		int64_t take = idle + room > wanted ? wanted : idle + room;
		room -= take - idle;
		scale(plan, item, wanted - take);
	}
}

static int64_t roll(json_t *plan, const json_t *deployment, const json_t *replicasets, const json_t *new)
{
	const json_t *rolling = json_walk(deployment, "spec", "strategy", "rollingUpdate", NULL);
	int64_t wanted = wanted_of(deployment), all = sum(replicasets, NULL), has = new ? wanted_of(new) : 0;
	int64_t surge = deployment_share(json_object_get(rolling, "maxSurge"), wanted, true);
	int64_t missing = deployment_share(json_object_get(rolling, "maxUnavailable"), wanted, false);
	if (strcmp(json_walk_str(deployment, "spec", "strategy", "type", NULL), "Recreate") == 0) {
		bool has_old = sum(replicasets, "replicas") > (new ? status_of(new, "replicas") : 0) || all > has;
		scale_down_old(plan, replicasets, new, all);
		return has_old ? has : wanted;
	}
	if (surge == 0 && missing == 0)
		missing = 1;
	int64_t room = all_serving(replicasets) - (wanted - missing);
	scale_down_old(plan, replicasets, new, room > 0 ? room : 0);
	int64_t may = has + wanted + surge - all;
	return has > wanted || may > wanted ? wanted : may > has ? may : has;
}

/* ---- old ones that only history needs ---- */

static void forget_old(json_t *plan, const json_t *deployment, const json_t *replicasets, const json_t *new)
{
	int64_t keep = json_walk_int(deployment, 10, "spec", "revisionHistoryLimit", NULL);
	size_t i, k;
	json_t *item, *other;
	json_array_foreach (replicasets, i, item) {
		int64_t newer = 0;
		if (item == new || wanted_of(item) || status_of(item, "replicas"))
			continue;
		json_array_foreach (replicasets, k, other)
			newer += other != new &&revision_of(other) > revision_of(item);
		if (newer >= keep)
			json_array_append_new(json_object_get(plan, "delete"),
			                      json_string(json_walk_str(item, "metadata", "name", NULL)));
	}
}

/* ---- status ---- */

static json_t *condition(const json_t *object, const char *type, bool holds, const char *reason, const char *message,
                         int64_t now_ms)
{
	char now[32];
	const char *since = now, *status = holds ? "True" : "False", *updated = now;
	size_t i;
	json_t *old;
	time_format(now_ms, now);
	json_array_foreach (json_walk(object, "status", "conditions", NULL), i, old) {
		if (strcmp(json_walk_str(old, "type", NULL), type) != 0 ||
		    strcmp(json_walk_str(old, "status", NULL), status) != 0)
			continue;
		since = json_walk_str(old, "lastTransitionTime", NULL);
		if (strcmp(json_walk_str(old, "reason", NULL), reason) == 0 &&
		    strcmp(json_walk_str(old, "message", NULL), message) == 0)
			updated = json_walk_str(old, "lastUpdateTime", NULL);
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", type, "status", status, "lastUpdateTime", updated,
	                 "lastTransitionTime", since, "reason", reason, "message", message);
}

static json_t *deployment_status(const json_t *deployment, const json_t *replicasets, const json_t *new, int64_t now_ms)
{
	int64_t wanted = wanted_of(deployment), all = sum(replicasets, "replicas"),
	        available = sum(replicasets, "availableReplicas");
	int64_t updated = new ? status_of(new, "replicas") : 0;
	int64_t missing = deployment_share(
	        json_walk(deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable", NULL), wanted, false);
	bool is_served = available >= wanted - missing,
	     is_done = updated == wanted && all == wanted && available == wanted;
	char *name = mem_printf("ReplicaSet \"%s\" %s.", json_walk_str(new, "metadata", "name", NULL),
	                        is_done ? "has successfully progressed" : "is progressing");
	json_t *status = json_pack("{s:I,s:o,s:o}", "observedGeneration",
	                           (json_int_t)json_walk_int(deployment, 0, "metadata", "generation", NULL), "counts",
	                           json_object(), "conditions", json_array());
	json_object_del(status, "counts");
	const struct {
		const char *key;
		int64_t value;
	} counts[] = {{"replicas", all},
	              {"updatedReplicas", updated},
	              {"readyReplicas", sum(replicasets, "readyReplicas")},
	              {"availableReplicas", available},
	              {"unavailableReplicas", wanted > available ? wanted - available : 0}};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (counts[i].value)
			json_object_set_new(status, counts[i].key, json_integer(counts[i].value));
	json_t *conditions = json_object_get(status, "conditions");
	json_array_append_new(conditions,
	                      condition(deployment, "Available", is_served,
	                                is_served ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
	                                is_served ? "Deployment has minimum availability."
	                                          : "Deployment does not have minimum availability.",
	                                now_ms));
	json_array_append_new(conditions,
	                      condition(deployment, "Progressing", true,
	                                is_done ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", name, now_ms));
	free(name);
	return status;
}

json_t *deployment_plan(const json_t *deployment, const json_t *replicasets, int64_t now_ms)
{
	json_t *plan = plan_new();
	const json_t *new = find_new(deployment, replicasets);
	int64_t last = last_revision(replicasets, new),
	        revision = new &&revision_of(new) > last ? revision_of(new) : last + 1;
	if (!json_is_true(json_walk(deployment, "spec", "paused", NULL)) || (new &&json_array_size(replicasets) == 1)) {
		int64_t replicas = roll(plan, deployment, replicasets, new);
		if (new)
			scale(plan, new, replicas);
		else
			json_array_append_new(json_object_get(plan, "create"),
			                      new_replicaset(deployment, replicas, revision));
		forget_old(plan, deployment, replicasets, new);
	}
	if (new)
		json_object_set_new(plan, "current", json_string(json_walk_str(new, "metadata", "name", NULL)));
	json_object_set_new(plan, "revision", json_sprintf("%lld", (long long)revision));
	json_object_set_new(plan, "status", deployment_status(deployment, replicasets, new, now_ms));
	return plan;
}

/* ---- replica sets ---- */

static bool is_ready(const json_t *pod)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_walk(pod, "status", "conditions", NULL), i, item) {
		if (strcmp(json_walk_str(item, "type", NULL), "Ready") == 0)
			return strcmp(json_walk_str(item, "status", NULL), "True") == 0;
	}
	return false;
}

static bool is_active(const json_t *pod)
{
	const char *phase = json_walk_str(pod, "status", "phase", NULL);
	return !*json_walk_str(pod, "metadata", "deletionTimestamp", NULL) && strcmp(phase, "Succeeded") != 0 &&
	       strcmp(phase, "Failed") != 0;
}

static json_t *new_pod(const json_t *replicaset)
{
	const json_t *template = json_walk(replicaset, "spec", "template", NULL);
	const char *name = json_walk_str(replicaset, "metadata", "name", NULL);
	json_t *metadata = json_deep_copy(json_object_get(template, "metadata")),
	       *spec = json_deep_copy(json_object_get(template, "spec"));
	if (!metadata)
		metadata = json_object();
	json_object_set_new(metadata, "generateName", json_sprintf("%s-", name));
	json_object_set_new(metadata, "namespace",
	                    json_string(json_walk_str(replicaset, "metadata", "namespace", NULL)));
	json_object_set_new(metadata, "ownerReferences",
	                    json_pack("[{s:s,s:s,s:s,s:s,s:b,s:b}]", "apiVersion", "apps/v1", "kind", "ReplicaSet",
	                              "name", name, "uid", json_walk_str(replicaset, "metadata", "uid", NULL),
	                              "controller", 1, "blockOwnerDeletion", 1));
	return json_pack("{s:o,s:o}", "metadata", metadata, "spec", spec ? spec : json_object());
}

/* The one that is missed least: not ready, else the youngest. */
static const json_t *least(const json_t *pods, const json_t *taken)
{
	const json_t *found = NULL;
	size_t i, k;
	json_t *pod, *name;
	json_array_foreach (pods, i, pod) {
		bool is_taken = !is_active(pod);
		json_array_foreach (taken, k, name)
			is_taken = is_taken ||
			           strcmp(json_string_value(name), json_walk_str(pod, "metadata", "name", NULL)) == 0;
		if (is_taken)
			continue;
		if (!found || is_ready(found) > is_ready(pod) ||
		    (is_ready(found) == is_ready(pod) &&
		     strcmp(json_walk_str(pod, "metadata", "creationTimestamp", NULL),
		            json_walk_str(found, "metadata", "creationTimestamp", NULL)) > 0))
			found = pod;
	}
	return found;
}

json_t *replicaset_plan(const json_t *replicaset, const json_t *pods)
{
	json_t *plan = plan_new(), *pod;
	int64_t wanted = wanted_of(replicaset), active = 0, ready = 0;
	size_t i;
	json_array_foreach (pods, i, pod) {
		active += is_active(pod);
		ready += is_active(pod) && is_ready(pod);
	}
	for (int64_t n = active; n < wanted; n++)
		json_array_append_new(json_object_get(plan, "create"), new_pod(replicaset));
	for (int64_t n = active; n > wanted; n--) {
		const json_t *victim = least(pods, json_object_get(plan, "delete"));
		json_array_append_new(json_object_get(plan, "delete"),
		                      json_string(json_walk_str(victim, "metadata", "name", NULL)));
	}
	json_t *status = json_pack("{s:I,s:I}", "replicas", (json_int_t)active, "observedGeneration",
	                           (json_int_t)json_walk_int(replicaset, 0, "metadata", "generation", NULL));
	if (active)
		json_object_set_new(status, "fullyLabeledReplicas", json_integer(active));
	if (ready) {
		json_object_set_new(status, "readyReplicas", json_integer(ready));
		json_object_set_new(status, "availableReplicas", json_integer(ready));
	}
	json_object_set_new(plan, "status", status);
	return plan;
}
