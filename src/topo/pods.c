/* A pod's state: its phase as kubectl prints it, what that means for the picture, and why it is not running. The reason
 * comes with the cure where one is known; workloads.c puts it into the graph. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

#define PHASE_BYTES 63
#define PORTS_BYTES 127
#define CORE_MARK "; the reason: " /* in events of the lab, after all that a real cluster says */

/* Waiting reasons that waiting alone does not cure. */
static const char *const failing_reasons[] = {
        "ErrImagePull",      "ImagePullBackOff",           "InvalidImageName",
        "ErrImageNeverPull", "ImageInspectError",          "RegistryUnavailable",
        "CrashLoopBackOff",  "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError", "ContainerCannotRun",         "Error",
        "OOMKilled",         "DeadlineExceeded",           "Evicted",
        "StartError",
};
/* Warning events after which a pod hangs in ContainerCreating. */
static const char *const failing_events[] = {
        "NoNetworkFound", "FailedCreatePodSandBox", "ErrorAllocatingPod", "ErrorReconcilingPod", "ErrorAddingResource",
};
/* The first row whose words are in the reason says what to do. */
static const struct cure_row {
	const char *words, *cure;
} cures[] = {
        {"InvalidImageName", "correct the image's name in the manifest and apply it again"},
        {"ErrImageNeverPull", "load the image onto the node, or change imagePullPolicy"},
        {"ImagePull", "check the image's name, and that the node reaches its registry"},
        {"pull image", "check the image's name, and that the node reaches its registry"},
        {"NoNetworkFound",
         "create the NetworkAttachmentDefinition, or correct the annotation " CNI_NETWORKS_ANNOTATION},
        {"cannot find a network-attachment-definition",
         "create the NetworkAttachmentDefinition, or correct the annotation " CNI_NETWORKS_ANNOTATION},
        {"parsePodNetworkAnnotation", "correct the annotation " CNI_NETWORKS_ANNOTATION " and create the pod again"},
        {"static IP request with IPAM", "remove ips from the annotation, or subnets from the network"},
        {"invalid CIDR address", "write the address in ips with its prefix length, like 192.168.200.10/24"},
        {"no free address", "delete pods that hold addresses of this network, or give it larger subnets"},
        {"range is full", "delete pods that hold addresses of this network, or give it larger subnets"},
        {"no available IPs", "delete pods that hold addresses of this network, or give it larger subnets"},
        {"more than one of the same NAD", "name each NetworkAttachmentDefinition once in the annotation"},
        {"failed to get pod annotation", "check the network: its NADs, a free address, and the ovnkube logs"},
        {"Unschedulable", "check the pod's requests, selectors and tolerations against the nodes"},
        {"FailedScheduling", "check the pod's requests, selectors and tolerations against the nodes"},
        {"CrashLoopBackOff", "see kubectl logs --previous"},
        {"CreateContainerConfigError", "check the ConfigMaps and Secrets that the pod names, and runAsNonRoot"},
};

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, list[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(text, list) is_one_of(text, list, sizeof(list) / sizeof *(list))

static void end_code(struct str *out, const json_t *terminated)
{
	int64_t signal = json_walk_int(terminated, 0, "signal", NULL);
	if (signal)
		str_append_f(out, "Signal:%d", (int)signal);
	else
		str_append_f(out, "ExitCode:%d", (int)json_walk_int(terminated, 0, "exitCode", NULL));
}

static bool is_sidecar(const json_t *pod, const json_t *status)
{
	const json_t *specs = json_walk(pod, "spec", "initContainers", NULL), *spec;
	size_t i;
	json_array_foreach (specs, i, spec)
		if (strcmp(json_walk_str(spec, "name", NULL), json_walk_str(status, "name", NULL)) == 0)
			return strcmp(json_walk_str(spec, "restartPolicy", NULL), "Always") == 0;
	return false;
}

/* The first init container that is not done names the phase. */
static bool init_phase(const json_t *pod, struct str *out)
{
	const json_t *statuses = json_walk(pod, "status", "initContainerStatuses", NULL), *status;
	size_t i;
	json_array_foreach (statuses, i, status) {
		const json_t *ended = json_walk(status, "state", "terminated", NULL);
		const char *waiting = json_walk_str(status, "state", "waiting", "reason", NULL);
		const char *reason = json_walk_str(ended, "reason", NULL);
		if (ended && json_walk_int(ended, 1, "exitCode", NULL) == 0)
			continue;
		if (json_is_true(json_object_get(status, "started")) && is_sidecar(pod, status))
			continue;
		str_clear(out);
		str_append(out, "Init:");
		if (ended && reason[0])
			str_append(out, reason);
		else if (ended)
			end_code(out, ended);
		else if (waiting[0] && strcmp(waiting, "PodInitializing") != 0)
			str_append(out, waiting);
		else
			str_append_f(out, "%zu/%zu", i,
			             json_array_size(json_walk(pod, "spec", "initContainers", NULL)));
		return true;
	}
	return false;
}

/* Of the containers the first that waits or has ended names the phase. */
static void container_phase(const json_t *pod, struct str *out)
{
	const json_t *statuses = json_walk(pod, "status", "containerStatuses", NULL);
	bool has_running = false;
	for (size_t i = json_array_size(statuses); i-- > 0;) {
		const json_t *status = json_array_get(statuses, i),
		             *ended = json_walk(status, "state", "terminated", NULL);
		const char *waiting = json_walk_str(status, "state", "waiting", "reason", NULL);
		const char *reason = json_walk_str(ended, "reason", NULL);
		if (!waiting[0] && !ended) {
			has_running |= json_is_true(json_object_get(status, "ready")) &&
			               json_walk(status, "state", "running", NULL);
			continue;
		}
		str_clear(out);
		if (waiting[0] || reason[0])
			str_append(out, waiting[0] ? waiting : reason);
		else
			end_code(out, ended);
	}
	if (has_running && strcmp(str_text(out), "Completed") == 0) {
		str_clear(out);
		str_append(out, topo_has_condition(pod, "Ready", "True") ? "Running" : "NotReady");
	}
}

char *pod_phase(const json_t *pod)
{
	const char *reason = json_walk_str(pod, "status", "reason", NULL),
	           *phase = json_walk_str(pod, "status", "phase", NULL);
	struct str out = {0};
	if (topo_is_deleting(pod))
		return mem_strdup(strcmp(reason, "NodeLost") == 0 ? "Unknown" : "Terminating");
	str_append(&out, reason[0] ? reason : phase[0] ? phase : "Pending");
	if (strcmp(json_walk_str(topo_find_condition(pod, "PodScheduled"), "reason", NULL), "SchedulingGated") == 0) {
		str_clear(&out);
		str_append(&out, "SchedulingGated");
	}
	if (!init_phase(pod, &out) || topo_has_condition(pod, "Initialized", "True"))
		container_phase(pod, &out);
	char *text = topo_bounded(out.data, PHASE_BYTES);
	str_finish(&out);
	return text;
}

enum topo_state pod_state(const json_t *pod, const char *phase, const struct pod_events *events)
{
	const char *api_phase = json_walk_str(pod, "status", "phase", NULL);
	if (topo_is_deleting(pod))
		return TOPO_STOPPING;
	if (strcmp(api_phase, "Succeeded") == 0)
		return TOPO_STOPPED;
	const char *bare = text_has_prefix(phase, "Init:") ? phase + 5 : phase;
	if (strcmp(api_phase, "Failed") == 0 || IS_ONE_OF(bare, failing_reasons) ||
	    text_has_prefix(bare, "ExitCode:") || text_has_prefix(bare, "Signal:"))
		return TOPO_FAILED;
	if (strcmp(phase, "Running") == 0 && topo_has_condition(pod, "Ready", "True"))
		return TOPO_RUNNING;
	const char *warning = json_walk_str(events->warning, "reason", NULL);
	if (strcmp(api_phase, "Running") != 0 && !events->is_overtaken && IS_ONE_OF(warning, failing_events))
		return TOPO_FAILED;
	return TOPO_STARTING;
}

/* "Reason: message" of the container that waits or ended with a message; the other texts say less. */
static bool container_reason(const json_t *pod, struct str *out)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};
	static const char *const states[] = {"waiting", "terminated"};
	for (size_t k = 0; k < 4; k++) {
		const json_t *statuses = json_walk(pod, "status", lists[k / 2], NULL), *status;
		size_t i;
		json_array_foreach (statuses, i, status) {
			const json_t *state = json_walk(status, "state", states[k % 2], NULL);
			const char *message = json_walk_str(state, "message", NULL);
			if (!message[0])
				continue;
			str_append_f(out, "%s: %s", json_walk_str(state, "reason", NULL), message);
			return true;
		}
	}
	return false;
}

static bool event_reason(const struct pod_events *events, struct str *out)
{
	if (!events->warning || events->is_overtaken)
		return false;
	const char *message = json_walk_str(events->warning, "message", NULL), *core = strstr(message, CORE_MARK);
	str_append_f(out, "%s: %s", json_walk_str(events->warning, "reason", NULL),
	             core ? core + strlen(CORE_MARK) : message);
	return true;
}

static bool condition_reason(const json_t *pod, struct str *out)
{
	/* that containers are not ready is news only once they run */
	bool is_up = strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") == 0;
	const json_t *condition = topo_find_condition(pod, is_up ? "Ready" : "PodScheduled");
	const char *whole = json_walk_str(pod, "status", "message", NULL);
	const char *message = json_walk_str(condition, "message", NULL);
	if (whole[0])
		str_append(out, whole);
	else if (strcmp(json_walk_str(condition, "status", NULL), "False") == 0 && message[0])
		str_append_f(out, "%s: %s", json_walk_str(condition, "reason", NULL), message);
	return out->len > 0;
}

static const json_t *ended_container(const json_t *pod)
{
	const json_t *statuses = json_walk(pod, "status", "containerStatuses", NULL), *status;
	size_t i;
	json_array_foreach (statuses, i, status)
		if (json_walk(status, "state", "terminated", NULL))
			return json_walk(status, "state", "terminated", NULL);
	return NULL;
}

static void append_cure(struct str *out)
{
	for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
		if (strstr(out->data, cures[i].words)) {
			str_append_f(out, "; %s", cures[i].cure);
			return;
		}
}

char *pod_reason(const json_t *pod, const char *phase, const struct pod_events *events)
{
	struct str out = {0};
	const json_t *ended = ended_container(pod);
	if (!container_reason(pod, &out) && ended && strcmp(json_walk_str(pod, "status", "phase", NULL), "Failed") == 0)
		str_append_f(&out, "%s: the container ended with exit code %d", phase,
		             (int)json_walk_int(ended, 0, "exitCode", NULL));
	else if (out.len == 0 && !event_reason(events, &out))
		condition_reason(pod, &out);
	if (out.len == 0)
		return mem_strdup("");
	char *text =
	        topo_bounded(out.data, SENTENCE_BYTES); /* first cut what the cluster says, so that the cure stays */
	str_clear(&out);
	str_append(&out, text);
	free(text);
	append_cure(&out);
	return str_take(&out);
}

char *pod_ports(const json_t *containers, const char *list, const char *number)
{
	struct str out = {0};
	size_t i, k;
	const json_t *container, *port;
	json_array_foreach (containers, i, container) {
		json_array_foreach (json_object_get(container, list), k, port) {
			const char *protocol = json_walk_str(port, "protocol", NULL);
			int64_t value = json_walk_int(port, 0, number, NULL);
			if (value < 1 || value > 65535 || strlen(protocol) > 8 || out.len > PORTS_BYTES - 16)
				continue;
			str_append(&out, out.len ? " " : "");
			for (const char *c = protocol[0] ? protocol : "tcp"; *c; c++)
				str_append_c(&out, (char)tolower((unsigned char)*c));
			str_append_f(&out, "/%d", (int)value);
		}
	}
	return str_take(&out);
}
