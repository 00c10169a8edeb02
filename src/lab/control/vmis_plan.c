/* The life of a VMI as steps: phase, and what to do. vmis_status.c has the status in full, vmis_pod.c the launcher pod. */
#include "lab/control/vmis_plan.h"

#include <string.h>

#include "lab/control/vmis_status.h"

static bool is_one_of(const char *text, const char *a, const char *b)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

bool vmi_is_final(const json_t *vmi)
{
	return is_one_of(json_walk_str(vmi, "status", "phase", NULL), "Succeeded", "Failed");
}

/* The state of the container that QEMU is; NULL: not there yet. */
static const json_t *compute_state(const json_t *pod)
{
	size_t i;
	json_t *container;
	json_array_foreach (json_walk(pod, "status", "containerStatuses", NULL), i, container) {
		if (strcmp(json_walk_str(container, "name", NULL), "compute") == 0)
			return json_object_get(container, "state");
	}
	return NULL;
}

static const char *end_of(const json_t *pod)
{
	const json_t *end = json_object_get(compute_state(pod), "terminated");
	if (end)
		return json_walk_int(end, 1, "exitCode", NULL) == 0 ? "Succeeded" : "Failed";
	const char *phase = json_walk_str(pod, "status", "phase", NULL);
	return is_one_of(phase, "Succeeded", "Failed") ? phase : NULL;
}

/* One step at a time, so that whoever watches sees each phase. */
static const char *next_phase(const struct vmi_facts *facts)
{
	const char *phase = json_walk_str(facts->vmi, "status", "phase", NULL);
	bool is_begun = *phase && strcmp(phase, "Pending") != 0;
	if (!*phase)
		return "Pending";
	if (vmi_is_final(facts->vmi))
		return phase;
	if (!facts->pod)
		return is_begun ? "Failed" : phase;
	if (!is_begun)
		return "Scheduling";
	if (end_of(facts->pod))
		return end_of(facts->pod);
	if (strcmp(phase, "Scheduling") == 0 && json_object_get(compute_state(facts->pod), "running"))
		return "Scheduled";
	if (strcmp(phase, "Scheduled") == 0 && facts->machine.is_running)
		return "Running";
	return phase;
}

static bool is_deleting(const json_t *object)
{
	return *json_walk_str(object, "metadata", "deletionTimestamp", NULL) != '\0';
}

/* The pod goes when the guest is off, or when it had its time for that. */
static enum vmi_step step_of_end(const struct vmi_facts *facts, int64_t *deadline_ms)
{
	int64_t since = facts->now_ms, grace = vm_grace_s(json_object_get(facts->vmi, "spec"));
	int64_t asked = json_walk_int(facts->vmi, -1, "metadata", "deletionGracePeriodSeconds", NULL);
	if (!facts->pod)
		return VMI_REMOVE;
	if (is_deleting(facts->pod))
		return VMI_WAIT;
	if (end_of(facts->pod) || !facts->machine.is_running)
		return VMI_DELETE_POD;
	time_parse(json_walk_str(facts->vmi, "metadata", "deletionTimestamp", NULL), &since);
	if (asked >= 0 && asked < grace)
		grace = asked;
	if (facts->now_ms >= since + grace * 1000)
		return VMI_DELETE_POD;
	*deadline_ms = since + grace * 1000;
	return VMI_SHUT_DOWN;
}

void vmi_plan(const struct vmi_facts *facts, struct vmi_plan *out)
{
	const char *phase = next_phase(facts);
	*out = (struct vmi_plan){.step = VMI_WAIT};
	if (is_deleting(facts->vmi))
		out->step = step_of_end(facts, &out->deadline_ms);
	else if (!facts->pod && strcmp(json_walk_str(facts->vmi, "status", "phase", NULL), "Pending") == 0 &&
	         !*facts->trouble)
		out->step = VMI_CREATE_POD;
	out->status = vmi_status(facts, phase);
}
