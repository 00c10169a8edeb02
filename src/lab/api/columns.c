/* columns: what kubectl get shows of each kind, computed here as the real API server computes it (its printers, or the
 * additionalPrinterColumns of a CRD). A column is a path of keys or a function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/kinds.h"

#define NAME_COLUMN                                                                                                    \
	{                                                                                                              \
		"Name", "string", "metadata.name", 0, NULL                                                             \
	}
#define AGE_COLUMN                                                                                                     \
	{                                                                                                              \
		"Age", "string", NULL, 0, cell_age                                                                     \
	}
#define END_COLUMN                                                                                                     \
	{                                                                                                              \
		NULL, NULL, NULL, 0, NULL                                                                              \
	}

static json_t *text_or(const char *text, const char *otherwise)
{
	return json_string(text && *text ? text : otherwise);
}

static json_t *age_of(const char *time, int64_t now_ms)
{
	int64_t then;
	char age[16];
	if (!*time || !time_parse(time, &then))
		return json_string("<unknown>");
	time_age(now_ms - then, age);
	return json_string(age);
}

static json_t *cell_age(const json_t *object, int64_t now_ms)
{
	return age_of(json_walk_str(object, "metadata", "creationTimestamp", NULL), now_ms);
}

/* The status of the condition `type`, or "". */
static const char *condition(const json_t *object, const char *type)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_walk(object, "status", "conditions", NULL), i, item) {
		if (strcmp(json_walk_str(item, "type", NULL), type) == 0)
			return json_walk_str(item, "status", NULL);
	}
	return "";
}

/* ---- pods ---- */

static json_t *pod_ready(const json_t *pod, int64_t now_ms)
{
	(void)now_ms;
	size_t i, ready = 0;
	json_t *status;
	json_array_foreach (json_walk(pod, "status", "containerStatuses", NULL), i, status)
		ready += json_is_true(json_object_get(status, "ready"));
	return json_sprintf("%zu/%zu", ready, json_array_size(json_walk(pod, "spec", "containers", NULL)));
}

static void exit_text(const json_t *terminated, const char *prefix, char *out, size_t size)
{
	const char *reason = json_walk_str(terminated, "reason", NULL);
	int64_t signum = json_walk_int(terminated, 0, "signal", NULL);
	if (*reason)
		snprintf(out, size, "%s%s", prefix, reason);
	else if (signum)
		snprintf(out, size, "%sSignal:%lld", prefix, (long long)signum);
	else
		snprintf(out, size, "%sExitCode:%lld", prefix,
		         (long long)json_walk_int(terminated, 0, "exitCode", NULL));
}

/* The first init container that is not done; false when all are. */
static bool init_text(const json_t *pod, char *out, size_t size)
{
	const json_t *list = json_walk(pod, "status", "initContainerStatuses", NULL);
	size_t i;
	json_t *status;
	json_array_foreach (list, i, status) {
		const json_t *ended = json_walk(status, "state", "terminated", NULL);
		const char *waiting = json_walk_str(status, "state", "waiting", "reason", NULL);
		if (ended && json_walk_int(ended, -1, "exitCode", NULL) == 0)
			continue;
		if (ended)
			exit_text(ended, "Init:", out, size);
		else if (*waiting && strcmp(waiting, "PodInitializing") != 0)
			snprintf(out, size, "Init:%s", waiting);
		else
			snprintf(out, size, "Init:%zu/%zu", i,
			         json_array_size(json_walk(pod, "spec", "initContainers", NULL)));
		return true;
	}
	return false;
}

static void containers_text(const json_t *pod, char *out, size_t size)
{
	const json_t *list = json_walk(pod, "status", "containerStatuses", NULL);
	bool has_running = false;
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *status = json_array_get(list, i), *ended = json_walk(status, "state", "terminated", NULL);
		const char *waiting = json_walk_str(status, "state", "waiting", "reason", NULL);
		if (*waiting)
			snprintf(out, size, "%s", waiting);
		else if (ended)
			exit_text(ended, "", out, size);
		else if (json_is_true(json_object_get(status, "ready")) && json_walk(status, "state", "running", NULL))
			has_running = true;
	}
	if (strcmp(out, "Completed") == 0 && has_running)
		snprintf(out, size, "%s", strcmp(condition(pod, "Ready"), "True") == 0 ? "Running" : "NotReady");
}

static json_t *pod_status(const json_t *pod, int64_t now_ms)
{
	char text[128];
	const char *reason = json_walk_str(pod, "status", "reason", NULL),
	           *phase = json_walk_str(pod, "status", "phase", NULL);
	(void)now_ms;
	snprintf(text, sizeof text, "%s", *reason ? reason : *phase ? phase : "Unknown");
	if (!init_text(pod, text, sizeof text))
		containers_text(pod, text, sizeof text);
	if (*json_walk_str(pod, "metadata", "deletionTimestamp", NULL))
		snprintf(text, sizeof text, "%s", strcmp(reason, "NodeLost") == 0 ? "Unknown" : "Terminating");
	return json_string(text);
}

static json_t *pod_restarts(const json_t *pod, int64_t now_ms)
{
	int64_t count = 0, last = 0, at;
	size_t i;
	json_t *status;
	char age[16];
	json_array_foreach (json_walk(pod, "status", "containerStatuses", NULL), i, status) {
		count += json_walk_int(status, 0, "restartCount", NULL);
		if (time_parse(json_walk_str(status, "lastState", "terminated", "finishedAt", NULL), &at) && at > last)
			last = at;
	}
	if (!count || !last)
		return json_sprintf("%lld", (long long)count);
	time_age(now_ms - last, age);
	return json_sprintf("%lld (%s ago)", (long long)count, age);
}

static json_t *pod_ip(const json_t *pod, int64_t now_ms)
{
	(void)now_ms;
	return text_or(json_walk_str(pod, "status", "podIP", NULL), "<none>");
}

static json_t *pod_node(const json_t *pod, int64_t now_ms)
{
	(void)now_ms;
	return text_or(json_walk_str(pod, "spec", "nodeName", NULL), "<none>");
}

static json_t *pod_nominated(const json_t *pod, int64_t now_ms)
{
	(void)now_ms;
	return text_or(json_walk_str(pod, "status", "nominatedNodeName", NULL), "<none>");
}

static json_t *pod_gates(const json_t *pod, int64_t now_ms)
{
	const json_t *gates = json_walk(pod, "spec", "readinessGates", NULL);
	size_t i, open = 0;
	json_t *gate;
	(void)now_ms;
	if (!json_array_size(gates))
		return json_string("<none>");
	json_array_foreach (gates, i, gate)
		open += strcmp(condition(pod, json_walk_str(gate, "conditionType", NULL)), "True") == 0;
	return json_sprintf("%zu/%zu", open, json_array_size(gates));
}

const struct lab_column columns_pod[] = {
        NAME_COLUMN,
        {"Ready", "string", NULL, 0, pod_ready},
        {"Status", "string", NULL, 0, pod_status},
        {"Restarts", "string", NULL, 0, pod_restarts},
        AGE_COLUMN,
        {"IP", "string", NULL, 1, pod_ip},
        {"Node", "string", NULL, 1, pod_node},
        {"Nominated Node", "string", NULL, 1, pod_nominated},
        {"Readiness Gates", "string", NULL, 1, pod_gates},
        END_COLUMN,
};

/* ---- nodes ---- */

static json_t *node_status(const json_t *node, int64_t now_ms)
{
	const char *ready = condition(node, "Ready");
	(void)now_ms;
	return json_sprintf("%s%s",
	                    strcmp(ready, "True") == 0 ? "Ready"
	                    : *ready                   ? "NotReady"
	                                               : "Unknown",
	                    json_is_true(json_walk(node, "spec", "unschedulable", NULL)) ? ",SchedulingDisabled" : "");
}

static json_t *node_roles(const json_t *node, int64_t now_ms)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	struct str roles = {0};
	const char *key;
	json_t *value;
	(void)now_ms;
	json_object_foreach ((json_t *)json_walk(node, "metadata", "labels", NULL), key, value) {
		if (text_has_prefix(key, prefix) && key[sizeof prefix - 1])
			str_append_f(&roles, "%s%s", roles.len ? "," : "", key + sizeof prefix - 1);
	}
	json_t *cell = text_or(str_text(&roles), "<none>");
	str_finish(&roles);
	return cell;
}

static json_t *node_address(const json_t *node, const char *type)
{
	size_t i;
	json_t *address;
	json_array_foreach (json_walk(node, "status", "addresses", NULL), i, address) {
		if (strcmp(json_walk_str(address, "type", NULL), type) == 0)
			return text_or(json_walk_str(address, "address", NULL), "<none>");
	}
	return json_string("<none>");
}

static json_t *node_internal(const json_t *node, int64_t now_ms)
{
	(void)now_ms;
	return node_address(node, "InternalIP");
}

static json_t *node_external(const json_t *node, int64_t now_ms)
{
	(void)now_ms;
	return node_address(node, "ExternalIP");
}

const struct lab_column columns_node[] = {
        NAME_COLUMN,
        {"Status", "string", NULL, 0, node_status},
        {"Roles", "string", NULL, 0, node_roles},
        AGE_COLUMN,
        {"Version", "string", "status.nodeInfo.kubeletVersion", 0, NULL},
        {"Internal-IP", "string", NULL, 1, node_internal},
        {"External-IP", "string", NULL, 1, node_external},
        {"OS-Image", "string", "status.nodeInfo.osImage", 1, NULL},
        {"Kernel-Version", "string", "status.nodeInfo.kernelVersion", 1, NULL},
        {"Container-Runtime", "string", "status.nodeInfo.containerRuntimeVersion", 1, NULL},
        END_COLUMN,
};

const struct lab_column columns_namespace[] = {
        NAME_COLUMN, {"Status", "string", "status.phase", 0, NULL}, AGE_COLUMN, END_COLUMN};

/* ---- events ---- */

static json_t *event_last(const json_t *event, int64_t now_ms)
{
	static const char *const keys[] = {"lastTimestamp", "eventTime", "firstTimestamp"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *time = json_walk_str(event, keys[i], NULL);
		if (*time)
			return age_of(time, now_ms);
	}
	return json_string("<unknown>");
}

static json_t *event_first(const json_t *event, int64_t now_ms)
{
	const char *time = json_walk_str(event, "firstTimestamp", NULL);
	return *time ? age_of(time, now_ms) : event_last(event, now_ms);
}

static json_t *event_object(const json_t *event, int64_t now_ms)
{
	const char *kind = json_walk_str(event, "involvedObject", "kind", NULL);
	struct str text = {0};
	(void)now_ms;
	for (; *kind; kind++)
		str_append_c(&text, (char)(*kind >= 'A' && *kind <= 'Z' ? *kind + 32 : *kind));
	str_append_f(&text, "/%s", json_walk_str(event, "involvedObject", "name", NULL));
	json_t *cell = json_string(str_text(&text));
	str_finish(&text);
	return cell;
}

static json_t *event_source(const json_t *event, int64_t now_ms)
{
	const char *host = json_walk_str(event, "source", "host", NULL);
	(void)now_ms;
	return json_sprintf("%s%s%s", json_walk_str(event, "source", "component", NULL), *host ? ", " : "", host);
}

const struct lab_column columns_event[] = {
        {"Last Seen", "string", NULL, 0, event_last},
        {"Type", "string", "type", 0, NULL},
        {"Reason", "string", "reason", 0, NULL},
        {"Object", "string", NULL, 0, event_object},
        {"Subobject", "string", "involvedObject.fieldPath", 1, NULL},
        {"Source", "string", NULL, 1, event_source},
        {"Message", "string", "message", 0, NULL},
        {"First Seen", "string", NULL, 1, event_first},
        {"Count", "integer", "count", 1, NULL},
        {"Name", "string", "metadata.name", 1, NULL},
        END_COLUMN,
};

/* ---- apps ---- */

static json_t *deployment_ready(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_sprintf("%lld/%lld", (long long)json_walk_int(object, 0, "status", "readyReplicas", NULL),
	                    (long long)json_walk_int(object, 1, "spec", "replicas", NULL));
}

static json_t *count_of(const json_t *object, const char *key)
{
	return json_integer(json_walk_int(object, 0, "status", key, NULL));
}

static json_t *updated_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return count_of(object, "updatedReplicas");
}

static json_t *available_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return count_of(object, "availableReplicas");
}

static json_t *current_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return count_of(object, "replicas");
}

static json_t *ready_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return count_of(object, "readyReplicas");
}

static json_t *containers_cell(const json_t *object, const char *key)
{
	struct str text = {0};
	size_t i;
	json_t *container;
	json_array_foreach (json_walk(object, "spec", "template", "spec", "containers", NULL), i, container)
		str_append_f(&text, "%s%s", i ? "," : "", json_walk_str(container, key, NULL));
	json_t *cell = json_string(str_text(&text));
	str_finish(&text);
	return cell;
}

static json_t *container_names(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return containers_cell(object, "name");
}

static json_t *container_images(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return containers_cell(object, "image");
}

static json_t *map_cell(const json_t *map)
{
	struct str text = {0};
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)map, key, value) {
		str_append_f(&text, "%s%s=%s", text.len ? "," : "", key,
		             json_string_value(value) ? json_string_value(value) : "");
	}
	json_t *cell = text_or(str_text(&text), "<none>");
	str_finish(&text);
	return cell;
}

static json_t *selector_cell(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return map_cell(json_walk(object, "spec", "selector", "matchLabels", NULL));
}

const struct lab_column columns_deployment[] = {
        NAME_COLUMN,
        {"Ready", "string", NULL, 0, deployment_ready},
        {"Up-to-date", "string", NULL, 0, updated_count},
        {"Available", "string", NULL, 0, available_count},
        AGE_COLUMN,
        {"Containers", "string", NULL, 1, container_names},
        {"Images", "string", NULL, 1, container_images},
        {"Selector", "string", NULL, 1, selector_cell},
        END_COLUMN,
};
const struct lab_column columns_replicaset[] = {
        NAME_COLUMN,
        {"Desired", "integer", "spec.replicas", 0, NULL},
        {"Current", "integer", NULL, 0, current_count},
        {"Ready", "integer", NULL, 0, ready_count},
        AGE_COLUMN,
        {"Containers", "string", NULL, 1, container_names},
        {"Images", "string", NULL, 1, container_images},
        {"Selector", "string", NULL, 1, selector_cell},
        END_COLUMN,
};

/* ---- plain storage ---- */

static json_t *data_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_integer((json_int_t)json_object_size(json_object_get(object, "data")) +
	                    (json_int_t)json_object_size(json_object_get(object, "binaryData")));
}

static json_t *secrets_count(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_integer((json_int_t)json_array_size(json_object_get(object, "secrets")));
}

static json_t *service_external(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return text_or(json_walk_str(object, "spec", "externalName", NULL), "<none>");
}

static json_t *service_ports(const json_t *object, int64_t now_ms)
{
	struct str text = {0};
	size_t i;
	json_t *port;
	(void)now_ms;
	json_array_foreach (json_walk(object, "spec", "ports", NULL), i, port)
		str_append_f(&text, "%s%lld/%s", i ? "," : "", (long long)json_walk_int(port, 0, "port", NULL),
		             json_walk_str(port, "protocol", NULL));
	json_t *cell = text_or(str_text(&text), "<none>");
	str_finish(&text);
	return cell;
}

static json_t *service_selector(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return map_cell(json_walk(object, "spec", "selector", NULL));
}

static json_t *service_ip(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return text_or(json_walk_str(object, "spec", "clusterIP", NULL), "<none>");
}

const struct lab_column columns_configmap[] = {
        NAME_COLUMN, {"Data", "string", NULL, 0, data_count}, AGE_COLUMN, END_COLUMN};
const struct lab_column columns_secret[] = {NAME_COLUMN,
                                            {"Type", "string", "type", 0, NULL},
                                            {"Data", "string", NULL, 0, data_count},
                                            AGE_COLUMN,
                                            END_COLUMN};
const struct lab_column columns_serviceaccount[] = {
        NAME_COLUMN, {"Secrets", "string", NULL, 0, secrets_count}, AGE_COLUMN, END_COLUMN};
const struct lab_column columns_service[] = {
        NAME_COLUMN,
        {"Type", "string", "spec.type", 0, NULL},
        {"Cluster-IP", "string", NULL, 0, service_ip},
        {"External-IP", "string", NULL, 0, service_external},
        {"Port(s)", "string", NULL, 0, service_ports},
        AGE_COLUMN,
        {"Selector", "string", NULL, 1, service_selector},
        END_COLUMN,
};

/* ---- custom kinds ---- */

static json_t *created_at(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_string(json_walk_str(object, "metadata", "creationTimestamp", NULL));
}

static json_t *cell_ready(const json_t *object, int64_t now_ms)
{
	const char *text = condition(object, "Ready");
	(void)now_ms;
	return *text ? json_string(text) : json_null();
}

static json_t *vmi_migratable(const json_t *object, int64_t now_ms)
{
	const char *text = condition(object, "LiveMigratable");
	(void)now_ms;
	return *text ? json_string(text) : json_null();
}

static json_t *vmi_paused(const json_t *object, int64_t now_ms)
{
	const char *text = condition(object, "Paused");
	(void)now_ms;
	return *text ? json_string(text) : json_null();
}

static json_t *vmi_ip(const json_t *object, int64_t now_ms)
{
	const char *text =
	        json_walk_str(json_array_get(json_walk(object, "status", "interfaces", NULL), 0), "ipAddress", NULL);
	(void)now_ms;
	return *text ? json_string(text) : json_null();
}

/* nmstate shows the one condition that holds. */
static const json_t *holding(const json_t *object)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_walk(object, "status", "conditions", NULL), i, item) {
		if (strcmp(json_walk_str(item, "status", NULL), "True") == 0)
			return item;
	}
	return NULL;
}

static json_t *holding_type(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_string(json_walk_str(holding(object), "type", NULL));
}

static json_t *holding_reason(const json_t *object, int64_t now_ms)
{
	(void)now_ms;
	return json_string(json_walk_str(holding(object), "reason", NULL));
}

static json_t *holding_age(const json_t *object, int64_t now_ms)
{
	return age_of(json_walk_str(holding(object), "lastTransitionTime", NULL), now_ms);
}

const struct lab_column columns_crd[] = {NAME_COLUMN, {"Created At", "date", NULL, 0, created_at}, END_COLUMN};
const struct lab_column columns_vm[] = {NAME_COLUMN,
                                        AGE_COLUMN,
                                        {"Status", "string", "status.printableStatus", 0, NULL},
                                        {"Ready", "string", NULL, 0, cell_ready},
                                        END_COLUMN};
const struct lab_column columns_vmi[] = {
        NAME_COLUMN,
        AGE_COLUMN,
        {"Phase", "string", "status.phase", 0, NULL},
        {"IP", "string", NULL, 0, vmi_ip},
        {"NodeName", "string", "status.nodeName", 0, NULL},
        {"Ready", "string", NULL, 0, cell_ready},
        {"Live-Migratable", "string", NULL, 1, vmi_migratable},
        {"Paused", "string", NULL, 1, vmi_paused},
        END_COLUMN,
};
const struct lab_column columns_nncp[] = {NAME_COLUMN,
                                          {"Status", "string", NULL, 0, holding_type},
                                          {"Reason", "string", NULL, 0, holding_reason},
                                          END_COLUMN};
const struct lab_column columns_nnce[] = {NAME_COLUMN,
                                          {"Status", "string", NULL, 0, holding_type},
                                          {"Status Age", "string", NULL, 0, holding_age},
                                          {"Reason", "string", NULL, 0, holding_reason},
                                          END_COLUMN};
const struct lab_column columns_nns[] = {NAME_COLUMN, END_COLUMN};
