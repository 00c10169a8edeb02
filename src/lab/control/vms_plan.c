/* vms_plan: see vms_plan.h. */
#include "lab/control/vms_plan.h"

#include <string.h>

#include "lab/control/conditions.h"
#include "lab/control/vmis_plan.h"

#define BACK_OFF_S 10 /* times the square of the failures in a row */
#define BACK_OFF_MAX_S 300

const char *vm_run_strategy(const json_t *vm)
{
	const char *strategy = json_walk_str(vm, "spec", "runStrategy", NULL);
	if (*strategy)
		return strategy;
	return json_is_true(json_walk(vm, "spec", "running", NULL)) ? "Always" : "Halted";
}

static bool is_strategy(const json_t *vm, const char *strategy)
{
	return strcmp(vm_run_strategy(vm), strategy) == 0;
}

static bool is_deleting(const json_t *object)
{
	return *json_walk_str(object, "metadata", "deletionTimestamp", NULL) != '\0';
}

/* ---- requests: status.stateChangeRequests, done in order ---- */

static bool is_asked(const json_t *vm, const char *action)
{
	return strcmp(json_walk_str(json_array_get(json_walk(vm, "status", "stateChangeRequests", NULL), 0), "action",
	                            NULL),
	              action) == 0;
}

static bool is_stop_asked(const json_t *vm, const json_t *vmi)
{
	const json_t *first = json_array_get(json_walk(vm, "status", "stateChangeRequests", NULL), 0);
	return is_asked(vm, "Stop") &&
	       strcmp(json_walk_str(first, "uid", NULL), json_walk_str(vmi, "metadata", "uid", NULL)) == 0;
}

/* A stop is done when there is nothing to stop, a start when it is about to be. */
static void drop_requests(json_t *status, const json_t *vmi, enum vm_step step)
{
	json_t *list = json_object_get(status, "stateChangeRequests");
	const json_t *first = json_array_get(list, 0);
	const char *action = json_walk_str(first, "action", NULL);
	bool is_other = strcmp(json_walk_str(first, "uid", NULL), json_walk_str(vmi, "metadata", "uid", NULL)) != 0;
	if (first && strcmp(action, "Stop") == 0 && (!vmi || is_other))
		json_array_remove(list, 0);
	else if (first && strcmp(action, "Start") == 0 &&
	         (step == VM_START || (vmi && !vmi_is_final(vmi) && !is_deleting(vmi))))
		json_array_remove(list, 0);
	if (list && !json_array_size(list))
		json_object_del(status, "stateChangeRequests");
}

/* ---- failures to start, and the pause after them ---- */

static bool has_run(const json_t *vmi)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_walk(vmi, "status", "phaseTransitionTimestamps", NULL), i, item) {
		if (strcmp(json_walk_str(item, "phase", NULL), "Running") == 0)
			return true;
	}
	return false;
}

static void note_failure(json_t *status, const json_t *vm, const json_t *vmi, int64_t now_ms)
{
	const json_t *old = json_object_get(status, "startFailure");
	const char *uid = json_walk_str(vmi, "metadata", "uid", NULL);
	if (is_strategy(vm, "Halted") || is_strategy(vm, "Manual") ||
	    strcmp(json_walk_str(vmi, "status", "phase", NULL), "Running") == 0) {
		json_object_del(status, "startFailure");
		return;
	}
	if (!vmi_is_final(vmi) || has_run(vmi) || strcmp(json_walk_str(old, "lastFailedVMIUID", NULL), uid) == 0)
		return;
	int64_t n = json_walk_int(old, 0, "consecutiveFailCount", NULL) + 1, pause_s = n * n * BACK_OFF_S;
	char when[32];
	time_format(now_ms + (pause_s > BACK_OFF_MAX_S ? BACK_OFF_MAX_S : pause_s) * 1000, when);
	json_object_set_new(status, "startFailure",
	                    json_pack("{s:I, s:s, s:s}", "consecutiveFailCount", (json_int_t)n, "lastFailedVMIUID", uid,
	                              "retryAfterTimestamp", when));
}

static int64_t pause_left_until(const json_t *status, int64_t now_ms)
{
	int64_t until = 0;
	const char *text = json_walk_str(status, "startFailure", "retryAfterTimestamp", NULL);
	return *text && time_parse(text, &until) && until > now_ms ? until : 0;
}

/* ---- what to do ---- */

static bool should_stop(const json_t *vm, const json_t *vmi)
{
	if (is_stop_asked(vm, vmi) || is_strategy(vm, "Halted"))
		return true;
	if (is_strategy(vm, "RerunOnFailure"))
		return strcmp(json_walk_str(vmi, "status", "phase", NULL), "Failed") == 0;
	if (is_strategy(vm, "Manual") || is_strategy(vm, "RerunOnFailure"))
		return vmi_is_final(vmi) && is_asked(vm, "Start"); /* what has ended makes room */
	return is_strategy(vm, "Always") && vmi_is_final(vmi);
}

static bool should_start(const json_t *vm, const json_t *status)
{
	bool is_new = strcmp(json_walk_str(vm, "status", "runStrategy", NULL), vm_run_strategy(vm)) != 0;
	if (is_strategy(vm, "Halted"))
		return false;
	if (is_strategy(vm, "Always"))
		return true;
	const json_t *first = json_array_get(json_object_get(status, "stateChangeRequests"), 0);
	bool is_wanted = strcmp(json_walk_str(first, "action", NULL), "Start") == 0;
	if (is_strategy(vm, "Manual"))
		return is_wanted;
	if (is_strategy(vm, "RerunOnFailure"))
		return is_new || is_wanted || json_is_true(json_walk(vm, "status", "created", NULL)) ||
		       json_object_get(status, "startFailure");
	return is_new; /* Once */
}

static enum vm_step step_of(const json_t *vm, const json_t *vmi, const json_t *status, int64_t now_ms,
                            int64_t *again_ms)
{
	if (is_deleting(vm))
		return !vmi ? VM_RELEASE : is_deleting(vmi) ? VM_WAIT : VM_STOP;
	if (vmi)
		return !is_deleting(vmi) && should_stop(vm, vmi) ? VM_STOP : VM_WAIT;
	if (!should_start(vm, status))
		return VM_WAIT;
	*again_ms = pause_left_until(status, now_ms);
	return *again_ms ? VM_WAIT : VM_START;
}

/* ---- printableStatus: the first that holds ---- */

static bool is_phase(const json_t *vmi, const char *phase)
{
	return vmi && strcmp(json_walk_str(vmi, "status", "phase", NULL), phase) == 0;
}

static bool has_reason(const json_t *vmi, const char *condition, const char *reason)
{
	return vmi && condition_is(vmi, condition, false) &&
	       strcmp(json_walk_str(condition_find(vmi, condition), "reason", NULL), reason) == 0;
}

static const char *printable(const json_t *vm, const json_t *vmi, const json_t *status)
{
	bool is_over = !vmi || vmi_is_final(vmi);
	const struct {
		bool holds;
		const char *text;
	} rows[] = {
	        {is_deleting(vm), "Terminating"},
	        {vmi && !vmi_is_final(vmi) && is_deleting(vmi), "Stopping"},
	        {vmi && condition_is(vmi, "Paused", true), "Paused"},
	        {is_phase(vmi, "Running"), "Running"},
	        {has_reason(vmi, "PodScheduled", "Unschedulable"), "ErrorUnschedulable"},
	        {has_reason(vmi, "Synchronized", "ErrImagePull"), "ErrImagePull"},
	        {has_reason(vmi, "Synchronized", "ImagePullBackOff"), "ImagePullBackOff"},
	        {!is_over, "Starting"},
	        {is_over && json_object_get(status, "startFailure") && !is_strategy(vm, "Halted"), "CrashLoopBackOff"},
	        {is_over, "Stopped"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].holds)
			return rows[i].text;
	return "Unknown";
}

/* ---- conditions: the instance's, and Ready without one ---- */

static void copy_conditions(json_t *status, const json_t *vmi)
{
	size_t i;
	json_t *item, *list = json_array();
	json_array_foreach (json_walk(vmi, "status", "conditions", NULL), i, item)
		json_array_append_new(list, json_deep_copy(item));
	json_object_set_new(status, "conditions", list);
}

static void set_conditions(json_t *status, const json_t *vmi, int64_t now_ms)
{
	static const struct condition_value none = {"Ready", false, "VMINotExists", "VMI does not exist"};
	static const struct condition_value missing = {"Ready", false, "VMIConditionMissing",
	                                               "VMI is missing the Ready condition"};
	json_t *old = json_incref(json_object_get(status, "conditions"));
	json_t *ready = NULL, *item;
	size_t i;
	json_array_foreach (old, i, item) {
		if (strcmp(json_walk_str(item, "type", NULL), "Ready") == 0)
			ready = item;
	}
	copy_conditions(status, vmi);
	if (!vmi || !condition_find(vmi, "Ready")) {
		if (ready)
			json_array_append(json_object_get(status, "conditions"), ready); /* since when it is not */
		condition_set(status, vmi ? &missing : &none, now_ms);
	}
	json_decref(old);
}

/* ---- the whole ---- */

void vm_plan(const json_t *vm, const json_t *vmi, int64_t now_ms, struct vm_plan *out)
{
	const json_t *old = json_object_get(vm, "status");
	json_t *status = old ? json_deep_copy(old) : json_object();
	*out = (struct vm_plan){.status = status};
	drop_requests(status, vmi, VM_WAIT);
	note_failure(status, vm, vmi, now_ms);
	out->step = step_of(vm, vmi, status, now_ms, &out->again_ms);
	drop_requests(status, vmi, out->step);
	json_object_set_new(status, "printableStatus", json_string(printable(vm, vmi, status)));
	set_conditions(status, vmi, now_ms);
	if (vmi)
		json_object_set_new(status, "created", json_true());
	else
		json_object_del(status, "created");
	if (vmi && condition_is(vmi, "Ready", true))
		json_object_set_new(status, "ready", json_true());
	else
		json_object_del(status, "ready");
	json_object_set_new(status, "runStrategy", json_string(vm_run_strategy(vm)));
	json_object_set_new(status, "desiredGeneration",
	                    json_integer(json_walk_int(vm, 1, "metadata", "generation", NULL)));
	json_object_set_new(status, "observedGeneration",
	                    json_integer(json_walk_int(vm, 1, "metadata", "generation", NULL)));
	json_t *snapshots = json_array(), *volume;
	size_t i;
	json_array_foreach (json_walk(vm, "spec", "template", "spec", "volumes", NULL), i, volume)
		json_array_append_new(snapshots, json_pack("{s:b, s:s, s:s}", "enabled", 0, "name",
		                                           json_walk_str(volume, "name", NULL), "reason",
		                                           "Snapshot is not supported for this volumeSource type"));
	json_object_set_new(status, "volumeSnapshotStatuses", snapshots);
}

/* ---- the instance ---- */

static json_t *copy_or_empty(const json_t *object)
{
	return json_is_object(object) ? json_deep_copy(object) : json_object();
}

static void set_default(json_t *object, const char *key, json_t *value) /* takes over value */
{
	if (json_object_get(object, key))
		json_decref(value);
	else
		json_object_set_new(object, key, value);
}

static json_t *child(json_t *object, const char *key)
{
	set_default(object, key, json_object());
	return json_object_get(object, key);
}

json_t *vm_instance(const json_t *vm)
{
	const json_t *template = json_walk(vm, "spec", "template", NULL);
	const char *name = json_walk_str(vm, "metadata", "name", NULL);
	json_t *spec = copy_or_empty(json_object_get(template, "spec")), *domain = child(spec, "domain");
	json_t *annotations = copy_or_empty(json_walk(template, "metadata", "annotations", NULL));
	json_object_set_new(annotations, "kubevirt.io/latest-observed-api-version", json_string("v1"));
	json_object_set_new(annotations, "kubevirt.io/storage-observed-api-version", json_string("v1"));
	json_object_set_new(annotations, "kubevirt.io/vm-generation",
	                    json_sprintf("%lld", (long long)json_walk_int(vm, 1, "metadata", "generation", NULL)));
	json_object_set_new(child(domain, "machine"), "type", json_string("q35"));
	set_default(domain, "cpu", json_pack("{s:i, s:i, s:i}", "cores", 1, "sockets", 1, "threads", 1));
	set_default(child(child(domain, "features"), "acpi"), "enabled", json_true());
	child(domain, "resources");
	return json_pack("{s:{s:s, s:s, s:o, s:o, s:[{s:s, s:s, s:s, s:s, s:b, s:b}]}, s:o}", "metadata", "name", name,
	                 "namespace", json_walk_str(vm, "metadata", "namespace", NULL), "labels",
	                 copy_or_empty(json_walk(template, "metadata", "labels", NULL)), "annotations", annotations,
	                 "ownerReferences", "apiVersion", "kubevirt.io/v1", "kind", "VirtualMachine", "name", name,
	                 "uid", json_walk_str(vm, "metadata", "uid", NULL), "controller", 1, "blockOwnerDeletion", 1,
	                 "spec", spec);
}
