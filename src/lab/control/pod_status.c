/* A pod's status and annotations from its state: fields, order and words as a kubelet, Multus and OVN-Kubernetes write them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/control/pods_state.h"

/* ---- annotations ---- */

static json_t *text_list(const struct attachment *attachment)
{
	json_t *list = json_array();
	char text[64];
	for (size_t i = 0; i < attachment->addresses.len; i++) {
		cni_address_format(&attachment->addresses.data[i], true, text);
		json_array_append_new(list, json_string(text));
	}
	if (attachment->addresses.len > 0)
		return list;
	json_decref(list);
	return json_null();
}

static void add_default_routes(json_t *value, const char *gateway)
{
	static const char *const destinations[] = {"10.244.0.0/16", "10.96.0.0/16", "169.254.169.5/32",
	                                           "100.64.0.0/16"};
	json_t *routes = json_array();
	json_object_set_new(value, "gateway_ips", json_pack("[s]", gateway));
	for (size_t i = 0; i < sizeof destinations / sizeof destinations[0]; i++)
		json_array_append_new(routes, json_pack("{s:s, s:s}", "dest", destinations[i], "nextHop", gateway));
	json_object_set_new(value, "routes", routes);
}

static json_t *pod_network(const struct attachment *attachment)
{
	json_t *addresses = text_list(attachment),
	       *value = json_pack("{s:O, s:s}", "ip_addresses", addresses, "mac_address", attachment->mac);
	if (attachment->gateway[0] != '\0')
		add_default_routes(value, attachment->gateway);
	if (attachment->addresses.len == 1)
		json_object_set(value, "ip_address", json_array_get(addresses, 0));
	if (attachment->gateway[0] != '\0')
		json_object_set_new(value, "gateway_ip", json_string(attachment->gateway));
	if (attachment->tunnel_id != 0)
		json_object_set_new(value, "tunnel_id", json_integer(attachment->tunnel_id));
	json_object_set_new(value, "role", json_string(attachment->nad == NULL ? "primary" : "secondary"));
	json_decref(addresses);
	return value;
}

void pod_networks_annotation(const struct attachments *attachments, struct str *out)
{
	struct map sorted = {0};
	for (size_t i = 0; i < attachments->items.len; i++) {
		const struct attachment *attachment = &attachments->items.data[i];
		map_set(&sorted, attachment->nad != NULL ? attachment->nad : "default", &attachments->items.data[i]);
	}
	json_t *all = json_object();
	for (size_t i = 0; i < sorted.len; i++)
		json_object_set_new(all, sorted.entries[i].key, pod_network(sorted.entries[i].value));
	str_append_json(out, all, JSON_COMPACT);
	json_decref(all);
	map_finish(&sorted);
}

void pod_network_status_annotation(const struct attachments *attachments, struct str *out)
{
	struct cni_statuses statuses = {0};
	char text[64];
	for (size_t i = 0; i < attachments->items.len; i++) {
		const struct attachment *attachment = &attachments->items.data[i];
		struct cni_status one = {
		        .name = mem_strdup(attachment->nad != NULL ? attachment->nad : "ovn-kubernetes"),
		        .interface = mem_strdup(attachment->interface),
		        .mac = mem_strdup(attachment->mac),
		        .is_default = attachment->nad == NULL};
		for (size_t k = 0; k < attachment->addresses.len; k++) {
			cni_address_format(&attachment->addresses.data[k], false, text);
			vec_push(&one.ips, mem_strdup(text));
		}
		vec_push(&statuses.items, one);
	}
	cni_status_format(&statuses, out);
	cni_statuses_finish(&statuses);
}

/* ---- conditions ---- */

struct condition {
	const char *type;
	bool is_true;
	const char *reason, *message; /* NULL: left out */
};

static const json_t *old_condition(const struct pod *pod, const char *type)
{
	size_t i;
	json_t *condition;
	json_array_foreach (json_walk(pod->object, "status", "conditions", NULL), i, condition) {
		if (strcmp(json_walk_str(condition, "type", NULL), type) == 0)
			return condition;
	}
	return NULL;
}

static void add_condition(json_t *list, const struct pod *pod, int64_t now_ms, const struct condition *c)
{
	const json_t *old = old_condition(pod, c->type);
	const char *status = c->is_true ? "True" : "False";
	char now[32];
	time_format(now_ms, now);
	bool is_same = old != NULL && strcmp(json_walk_str(old, "status", NULL), status) == 0;
	json_t *condition =
	        json_pack("{s:s, s:s, s:n, s:s}", "type", c->type, "status", status, "lastProbeTime",
	                  "lastTransitionTime", is_same ? json_walk_str(old, "lastTransitionTime", NULL) : now);
	if (c->reason != NULL)
		json_object_set_new(condition, "reason", json_string(c->reason));
	if (c->message != NULL)
		json_object_set_new(condition, "message", json_string(c->message));
	json_array_append_new(list, condition);
}

static void list_not_ready(const struct pod *pod, bool of_init, struct str *out)
{
	for (size_t i = 0; i < pod->containers.len; i++) {
		const struct pod_container *c = pod->containers.data[i];
		bool is_good = of_init ? c->state == CONTAINER_TERMINATED && c->end.status == 0
		                       : c->state == CONTAINER_RUNNING;
		if (c->is_init == of_init && !is_good)
			str_append_f(out, "%s%s", out->len > 0 ? " " : "", c->name);
	}
}

/* Readiness gates: conditions that somebody else writes. Ready waits for them; the first that is shut, or NULL. */
static const char *closed_gate(const struct pod *pod)
{
	size_t i;
	json_t *gate;
	json_array_foreach (json_walk(pod->object, "spec", "readinessGates", NULL), i, gate) {
		const char *type = json_walk_str(gate, "conditionType", NULL);
		if (strcmp(json_walk_str(old_condition(pod, type), "status", NULL), "True") != 0)
			return type;
	}
	return NULL;
}

static void keep_gates(json_t *list, const struct pod *pod)
{
	size_t i;
	json_t *gate;
	json_array_foreach (json_walk(pod->object, "spec", "readinessGates", NULL), i, gate) {
		const json_t *condition = old_condition(pod, json_walk_str(gate, "conditionType", NULL));
		if (condition != NULL)
			json_array_append(list, (json_t *)(uintptr_t)condition);
	}
}

static json_t *conditions(const struct pod *pod, const char *phase, int64_t now_ms)
{
	json_t *list = json_array();
	struct str waiting = {0}, init = {0}, message = {0}, init_message = {0}, gate_message = {0};
	bool is_final = strcmp(phase, "Failed") == 0 || strcmp(phase, "Succeeded") == 0;
	list_not_ready(pod, false, &waiting);
	list_not_ready(pod, true, &init);
	str_append_f(&message, "containers with unready status: [%s]", str_text(&waiting));
	str_append_f(&init_message, "containers with incomplete status: [%s]", str_text(&init));
	const char *gate = closed_gate(pod);
	str_append_f(&gate_message, "the status of pod readiness gate \"%s\" is not \"True\"",
	             gate != NULL ? gate : "");
	const char *reason = waiting.len == 0 ? NULL
	                     : is_final       ? (phase[0] == 'F' ? "PodFailed" : "PodCompleted")
	                                      : "ContainersNotReady";
	const char *words = waiting.len == 0 || is_final ? NULL : str_text(&message);
	const struct condition all[] = {
	        {"PodReadyToStartContainers", pod->is_wired && pod->has_sandbox && !is_final, NULL, NULL},
	        {"Initialized", init.len == 0, init.len == 0 ? NULL : "ContainersNotInitialized",
	         init.len == 0 ? NULL : str_text(&init_message)},
	        {"Ready", waiting.len == 0 && gate == NULL,
	         waiting.len == 0 && gate != NULL ? "ReadinessGatesNotReady" : reason,
	         waiting.len == 0 && gate != NULL ? str_text(&gate_message) : words},
	        {"ContainersReady", waiting.len == 0, reason, words},
	        {"PodScheduled", true, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		add_condition(list, pod, now_ms, &all[i]);
	keep_gates(list, pod);
	str_finish(&waiting);
	str_finish(&init);
	str_finish(&message);
	str_finish(&init_message);
	str_finish(&gate_message);
	return list;
}

/* ---- containers ---- */

static json_t *terminated(const struct container_end *end)
{
	char started[32], finished[32];
	time_format(end->started_ms, started);
	time_format(end->finished_ms, finished);
	json_t *out = json_pack("{s:i, s:s}", "exitCode", end->status, "reason", end->reason);
	if (end->message[0] != '\0')
		json_object_set_new(out, "message", json_string(end->message));
	json_object_set_new(out, "startedAt", json_string(started));
	json_object_set_new(out, "finishedAt", json_string(finished));
	json_object_set_new(out, "containerID", json_sprintf("containerd://%s", end->id));
	return out;
}

static json_t *container_state(const struct pod_container *c)
{
	char started[32];
	if (c->state == CONTAINER_RUNNING) {
		time_format(c->started_ms, started);
		return json_pack("{s:{s:s}}", "running", "startedAt", started);
	}
	if (c->state == CONTAINER_TERMINATED)
		return json_pack("{s:o}", "terminated", terminated(&c->end));
	json_t *waiting = json_pack("{s:s}", "reason", c->reason);
	if (c->message[0] != '\0')
		json_object_set_new(waiting, "message", json_string(c->message));
	return json_pack("{s:o}", "waiting", waiting);
}

static json_t *container_status(const struct pod_container *c)
{
	bool is_running = c->state == CONTAINER_RUNNING, has_run = c->id[0] != '\0';
	struct str id = {0};
	if (c->image != NULL && has_run)
		image_id(c->image, c->image_name, &id);
	json_t *out = json_pack(
	        "{s:s, s:o, s:o, s:b, s:i, s:s, s:s}", "name", c->name, "state", container_state(c), "lastState",
	        c->last_end.is_set ? json_pack("{s:o}", "terminated", terminated(&c->last_end)) : json_object(),
	        "ready", (int)(is_running || (c->is_init && c->state == CONTAINER_TERMINATED && c->end.status == 0)),
	        "restartCount", c->restarts, "image", c->image_name, "imageID", str_text(&id));
	if (has_run)
		json_object_set_new(out, "containerID", json_sprintf("containerd://%s", c->id));
	json_object_set_new(out, "started", json_boolean(is_running));
	if (has_run) {
		json_object_set_new(out, "resources", json_object());
		json_object_set_new(out, "user",
		                    json_pack("{s:{s:i, s:i, s:[i]}}", "linux", "uid", (int)c->uid, "gid", (int)c->gid,
		                              "supplementalGroups", (int)c->gid));
	}
	str_finish(&id);
	return out;
}

static json_t *container_statuses(const struct pod *pod, bool of_init)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pod->containers.len; i++)
		if (pod->containers.data[i]->is_init == of_init)
			json_array_append_new(list, container_status(pod->containers.data[i]));
	return list;
}

/* ---- the whole ---- */

static const char *phase_of(const struct pod *pod)
{
	size_t n = 0, n_over = 0, n_bad = 0, n_begun = 0;
	bool is_init_failed = false;
	bool may_restart = strcmp(pod_restart_policy(pod), "Always") == 0 && !pod->is_ending;
	for (size_t i = 0; i < pod->containers.len; i++) {
		const struct pod_container *c = pod->containers.data[i];
		bool is_over = c->state == CONTAINER_TERMINATED;
		if (c->is_init) {
			is_init_failed = is_init_failed || (is_over && c->end.status != 0);
			continue;
		}
		n++;
		n_over += is_over;
		n_bad += is_over && c->end.status != 0;
		n_begun += c->state != CONTAINER_WAITING ? c->state != CONTAINER_STARTING || c->restarts > 0
		                                         : c->last_end.is_set;
	}
	if (is_init_failed && (strcmp(pod_restart_policy(pod), "Never") == 0 || pod->is_ending))
		return "Failed";
	if (n_over == n && n > 0 && !may_restart)
		return n_bad > 0 ? "Failed" : "Succeeded";
	return n_begun == n && n > 0 ? "Running" : "Pending";
}

static void add_addresses(const struct pod *pod, json_t *status)
{
	const struct attachment *first = pod->attachments.items.len > 0 ? &pod->attachments.items.data[0] : NULL;
	char text[64];
	json_object_set_new(status, "hostIP", json_string(pod->node->config->address));
	json_object_set_new(status, "hostIPs", json_pack("[{s:s}]", "ip", pod->node->config->address));
	if (first == NULL || !pod->is_wired || first->addresses.len == 0)
		return;
	cni_address_format(&first->addresses.data[0], false, text);
	json_object_set_new(status, "podIP", json_string(text));
	json_object_set_new(status, "podIPs", json_pack("[{s:s}]", "ip", text));
}

static bool asks_for(const struct pod *pod, const char *what)
{
	size_t i;
	json_t *container;
	json_array_foreach (json_walk(pod->object, "spec", "containers", NULL), i, container) {
		if (json_object_size(json_walk(container, "resources", what, NULL)) > 0)
			return true;
	}
	return false;
}

json_t *pod_status(const struct pod *pod, int64_t now_ms)
{
	char started[32];
	const char *phase = phase_of(pod);
	json_t *status = json_pack("{s:s, s:o}", "phase", phase, "conditions", conditions(pod, phase, now_ms));
	add_addresses(pod, status);
	time_format(pod->scheduled_ms, started);
	json_object_set_new(status, "startTime", json_string(started));
	json_t *init = container_statuses(pod, true);
	if (json_array_size(init) > 0)
		json_object_set(status, "initContainerStatuses", init);
	json_decref(init);
	json_object_set_new(status, "containerStatuses", container_statuses(pod, false));
	json_object_set_new(
	        status, "qosClass",
	        json_string(asks_for(pod, "requests") || asks_for(pod, "limits") ? "Burstable" : "BestEffort"));
	return status;
}

static void set_annotation(json_t *object, const char *key, struct str *text)
{
	json_t *metadata = json_object_get(object, "metadata"), *annotations = json_object_get(metadata, "annotations");
	if (!json_is_object(annotations)) {
		annotations = json_object();
		json_object_set_new(metadata, "annotations", annotations);
	}
	json_object_set_new(annotations, key, json_string(str_text(text)));
	str_clear(text);
}

bool pod_status_write(struct pod *pod)
{
	json_t *copy = json_deep_copy(pod->object);
	struct str text = {0};
	struct err err = {0};
	const json_t *stored = NULL;
	if (pod->attachments.items.len > 0) {
		pod_networks_annotation(&pod->attachments, &text);
		set_annotation(copy, CNI_OVN_ANNOTATION, &text);
	}
	if (pod->is_wired) {
		pod_network_status_annotation(&pod->attachments, &text);
		set_annotation(copy, CNI_STATUS_ANNOTATION, &text);
	}
	str_finish(&text);
	json_object_set_new(copy, "status", pod_status(pod, time_wall_ms()));
	bool is_done = store_update_status(pod->pods->store, pod->pods->resource, copy, &stored, &err);
	json_decref(copy);
	if (is_done) {
		json_t *old = pod->object;
		pod->object = json_incref((json_t *)(uintptr_t)stored);
		json_decref(old);
	} else if (err.code != ERR_NOT_FOUND && err.code != ERR_CONFLICT) { /* news of a change are on their way */
		log_write(LOG_WARN, "status of pod %s: %s", pod->key, err.text);
	}
	return is_done;
}
