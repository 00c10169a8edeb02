/* vmis: see vmis.h. */
#include "lab/control/vmis.h"

#include <stdlib.h>
#include <string.h>

#include "lab/control/conditions.h"
#include "lab/control/vmis_plan.h"

#define CONTROLLER "virtualmachine-controller"
#define HANDLER "virt-handler"
#define AGAIN_MS 5000 /* what cannot be made is tried again */

struct vmis {
	struct loop *loop;
	struct store *store;
	struct machines *machines;
	const struct lab_resource *vmi, *pod;
	struct store_listener *listeners[2];
	struct loop_timer *timer;
	struct map told; /* VMI uid -> what was said once: NOTED_..., as a number */
	bool is_posted;
};
enum { NOTED_SHUT_DOWN = 1, NOTED_LATE = 2, NOTED_TROUBLE = 4, NOTED_IGNORED = 8 };

/* ---- things said or done once a VMI ---- */

static bool note_once(struct vmis *vmis, const json_t *vmi, uintptr_t what)
{
	const char *uid = json_walk_str(vmi, "metadata", "uid", NULL);
	uintptr_t noted = (uintptr_t)map_find(&vmis->told, uid);
	if (noted & what)
		return false;
	map_set(&vmis->told, uid, (void *)(noted | what));
	return true;
}

static void forget_note(struct vmis *vmis, const json_t *vmi, uintptr_t what)
{
	const char *uid = json_walk_str(vmi, "metadata", "uid", NULL);
	uintptr_t noted = (uintptr_t)map_find(&vmis->told, uid);
	if (noted & what)
		map_set(&vmis->told, uid, (void *)(noted & ~what));
}

/* ---- what is there ---- */

struct search {
	const char *uid;
	const json_t *found;
};

static bool match_pod(const json_t *pod, void *user)
{
	struct search *search = user;
	const json_t *owner = json_array_get(json_walk(pod, "metadata", "ownerReferences", NULL), 0);
	if (strcmp(json_walk_str(pod, "metadata", "labels", VMI_CREATED_BY, NULL), search->uid) == 0 &&
	    strcmp(json_walk_str(owner, "uid", NULL), search->uid) == 0)
		search->found = pod;
	return search->found == NULL;
}

static const json_t *launcher_of(const struct vmis *vmis, const json_t *vmi)
{
	struct search search = {json_walk_str(vmi, "metadata", "uid", NULL), NULL};
	store_each(vmis->store, vmis->pod, json_walk_str(vmi, "metadata", "namespace", NULL), match_pod, &search);
	return search.found;
}

/* Why no launcher can be made: no guest to boot, or cloud-init data that nobody can read. */
static void find_trouble(struct vmis *vmis, const json_t *vmi, struct str *out)
{
	struct err err = {0};
	struct str seed = {0}, ignored = {0};
	if (machines_state(vmis->machines) != MACHINES_READY)
		machines_prepare(vmis->machines);
	if (machines_state(vmis->machines) != MACHINES_READY)
		str_append(out, *machines_trouble(vmis->machines) ? machines_trouble(vmis->machines)
		                                                  : "the guest is being assembled");
	else if (!machine_seed(vmis->machines, vmi, NULL, &seed, &ignored, &err))
		str_append_f(out, "cloud-init: %s", err.text);
	else if (ignored.len && note_once(vmis, vmi, NOTED_IGNORED))
		store_event(vmis->store, vmi, "Warning", "CloudInitIgnored", HANDLER,
		            "the lab's guest knows a part of cloud-init; ignored: %s", str_text(&ignored));
	str_finish(&seed);
	str_finish(&ignored);
}

/* ---- doing ---- */

static void create_pod(struct vmis *vmis, const json_t *vmi)
{
	json_t *wanted = vmi_launcher_pod(vmi);
	const json_t *pod;
	struct err err = {0};
	if (store_add(vmis->store, vmis->pod, wanted, &pod, &err)) {
		machine_add(vmis->machines, json_walk_str(pod, "metadata", "uid", NULL), vmi);
		store_event(vmis->store, vmi, "Normal", "SuccessfulCreate", CONTROLLER,
		            "Created virtual machine pod %s", json_walk_str(pod, "metadata", "name", NULL));
	} else if (note_once(vmis, vmi, NOTED_TROUBLE)) {
		store_event(vmis->store, vmi, "Warning", "FailedCreate", CONTROLLER, "Error creating pod: %s",
		            err.text);
	}
	json_decref(wanted);
}

static void delete_pod(struct vmis *vmis, const json_t *vmi, const json_t *pod)
{
	char *ns = mem_strdup(json_walk_str(pod, "metadata", "namespace", NULL)),
	     *name = mem_strdup(json_walk_str(pod, "metadata", "name", NULL));
	if (store_delete(vmis->store, vmis->pod, ns, name, 0, NULL))
		store_event(vmis->store, vmi, "Normal", "SuccessfulDelete", CONTROLLER,
		            "Deleted virtual machine pod %s", name);
	free(ns);
	free(name);
}

static void do_step(struct vmis *vmis, const json_t *vmi, const json_t *pod, enum vmi_step step)
{
	struct machine *machine = machine_find(vmis->machines, json_walk_str(pod, "metadata", "uid", NULL));
	if (step == VMI_CREATE_POD) {
		create_pod(vmis, vmi);
	} else if (step == VMI_SHUT_DOWN && machine && note_once(vmis, vmi, NOTED_SHUT_DOWN)) {
		store_event(vmis->store, vmi, "Normal", "ShuttingDown", HANDLER, "Signaled Graceful Shutdown");
		machine_shut_down(machine);
	} else if (step == VMI_DELETE_POD) {
		delete_pod(vmis, vmi, pod);
	} else if (step == VMI_REMOVE) {
		store_event(vmis->store, vmi, "Normal", "Deleted", HANDLER, "Signaled Deletion");
		store_remove(vmis->store, vmis->vmi, json_walk_str(vmi, "metadata", "namespace", NULL),
		             json_walk_str(vmi, "metadata", "name", NULL));
	}
}

static void tell_phase(struct vmis *vmis, const json_t *vmi, const char *old, const char *new)
{
	static const struct {
		const char *phase, *type, *reason, *words;
	} rows[] = {
	        {"Scheduled", "Normal", "Created", "VirtualMachineInstance defined."},
	        {"Running", "Normal", "Started", "VirtualMachineInstance started."},
	        {"Succeeded", "Normal", "Stopped", "The VirtualMachineInstance was shut down."},
	        {"Failed", "Warning", "Stopped", "The VirtualMachineInstance crashed."},
	};
	for (size_t i = 0; strcmp(old, new) != 0 && i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].phase, new) == 0)
			store_event(vmis->store, vmi, rows[i].type, rows[i].reason, HANDLER, "%s", rows[i].words);
}

static void tell_troubles(struct vmis *vmis, const json_t *vmi, const struct vmi_facts *facts)
{
	bool is_news = *facts->trouble && machines_state(vmis->machines) != MACHINES_PREPARING;
	if (is_news && note_once(vmis, vmi, NOTED_TROUBLE))
		store_event(vmis->store, vmi, "Warning", "FailedCreate", CONTROLLER, "%s", facts->trouble);
	if (!*facts->trouble)
		forget_note(vmis, vmi, NOTED_TROUBLE);
	if (facts->machine.is_late && note_once(vmis, vmi, NOTED_LATE))
		store_event(
		        vmis->store, vmi, "Warning", "GuestNotBooting", HANDLER,
		        "the guest has said nothing since it was started; its console may say why (virtctl console %s)",
		        json_walk_str(vmi, "metadata", "name", NULL));
}

/* The pod's readiness gate: open unless paused. */
static void write_gate(struct vmis *vmis, const json_t *pod, const struct machine_view *machine)
{
	struct condition_value value = {VMI_GATE, !machine->is_paused, machine->is_paused ? "Paused" : "NotPaused",
	                                machine->is_paused ? "the virtual machine is paused"
	                                                   : "the virtual machine is not paused"};
	if (!pod || condition_is(pod, VMI_GATE, value.is_true) || !*json_walk_str(pod, "spec", "nodeName", NULL))
		return;
	json_t *copy = json_deep_copy(pod);
	if (!json_object_get(copy, "status"))
		json_object_set_new(copy, "status", json_object());
	condition_set(json_object_get(copy, "status"), &value, time_wall_ms());
	store_update_status(vmis->store, vmis->pod, copy, NULL, NULL);
	json_decref(copy);
}

/* The node's name is a label, too. */
static void write_label(struct vmis *vmis, const json_t *vmi)
{
	const char *node = json_walk_str(vmi, "status", "nodeName", NULL);
	if (!*node || strcmp(json_walk_str(vmi, "metadata", "labels", "kubevirt.io/nodeName", NULL), node) == 0)
		return;
	json_t *copy = json_deep_copy(vmi), *metadata = json_object_get(copy, "metadata");
	if (!json_object_get(metadata, "labels"))
		json_object_set_new(metadata, "labels", json_object());
	json_object_set_new(json_object_get(metadata, "labels"), "kubevirt.io/nodeName", json_string(node));
	store_update(vmis->store, vmis->vmi, copy, NULL, NULL);
	json_decref(copy);
}

static void again_at(struct vmis *vmis, int64_t in_ms)
{
	if (!loop_timer_is_running(vmis->timer) || in_ms < AGAIN_MS)
		loop_timer_start(vmis->timer, in_ms > 0 ? in_ms : 1, 0);
}

static void reconcile(struct vmis *vmis, const json_t *vmi)
{
	const json_t *pod = launcher_of(vmis, vmi);
	struct str trouble = {0};
	struct vmi_facts facts = {.vmi = vmi, .pod = pod, .now_ms = time_wall_ms()};
	struct vmi_plan plan;
	if (!pod && !vmi_is_final(vmi) && !*json_walk_str(vmi, "metadata", "deletionTimestamp", NULL))
		find_trouble(vmis, vmi, &trouble);
	facts.trouble = str_text(&trouble);
	machine_look(machine_find(vmis->machines, json_walk_str(pod, "metadata", "uid", NULL)), &facts.machine);
	vmi_plan(&facts, &plan);
	tell_troubles(vmis, vmi, &facts);
	tell_phase(vmis, vmi, json_walk_str(vmi, "status", "phase", NULL), json_walk_str(plan.status, "phase", NULL));
	json_t *copy = json_deep_copy(vmi);
	json_object_set(copy, "status", plan.status);
	store_update_status(vmis->store, vmis->vmi, copy, NULL, NULL);
	write_gate(vmis, pod, &facts.machine);
	if (trouble.len)
		again_at(vmis, AGAIN_MS);
	if (plan.deadline_ms)
		again_at(vmis, plan.deadline_ms - facts.now_ms);
	do_step(vmis, copy, pod, plan.step);
	json_decref(copy);
	json_decref(plan.status);
	str_finish(&trouble);
}

struct names {
	VEC(json_t *) list;
};

static bool collect(const json_t *object, void *user)
{
	struct names *names = user;
	vec_push(&names->list, json_incref((json_t *)(uintptr_t)object));
	return true;
}

static void work(void *user)
{
	struct vmis *vmis = user;
	struct names names = {0};
	vmis->is_posted = false;
	store_each(vmis->store, vmis->vmi, NULL, collect, &names);
	for (size_t i = 0; i < names.list.len; i++) {
		const char *ns = json_walk_str(names.list.data[i], "metadata", "namespace", NULL),
		           *name = json_walk_str(names.list.data[i], "metadata", "name", NULL);
		const json_t *vmi = store_get(vmis->store, vmis->vmi, ns, name);
		if (vmi)
			reconcile(vmis, vmi);
		vmi = store_get(vmis->store, vmis->vmi, ns, name);
		if (vmi)
			write_label(vmis, vmi);
		json_decref(names.list.data[i]);
	}
	vec_finish(&names.list);
}

static void work_soon(struct vmis *vmis)
{
	if (!vmis->is_posted)
		loop_post(vmis->loop, work, vmis);
	vmis->is_posted = true;
}

static void on_timer(void *user)
{
	work_soon(user);
}

/* ---- the store's news ---- */

static void on_change(const struct store_event *event, void *user)
{
	struct vmis *vmis = user;
	const char *uid = json_walk_str(event->object, "metadata", "uid", NULL);
	if (event->resource == vmis->pod && !*json_walk_str(event->object, "metadata", "labels", VMI_CREATED_BY, NULL))
		return;
	if (event->change == STORE_DELETED && event->resource == vmis->pod)
		machine_remove(vmis->machines, uid);
	else if (event->change == STORE_DELETED)
		map_remove(&vmis->told, uid);
	work_soon(vmis);
}

void vmis_machine_changed(struct vmis *vmis, const char *pod_uid)
{
	(void)pod_uid; /* there are few of them */
	work_soon(vmis);
}

struct vmis *vmis_create(struct loop *loop, struct store *store, struct machines *machines)
{
	struct vmis *vmis = mem_alloc(sizeof *vmis);
	vmis->loop = loop;
	vmis->store = store;
	vmis->machines = machines;
	vmis->vmi = lab_resource_kind("VirtualMachineInstance");
	vmis->pod = lab_resource_kind("Pod");
	vmis->timer = loop_timer_create(loop, on_timer, vmis);
	vmis->listeners[0] = store_listen(store, vmis->vmi, on_change, vmis);
	vmis->listeners[1] = store_listen(store, vmis->pod, on_change, vmis);
	return vmis;
}

void vmis_destroy(struct vmis *vmis)
{
	if (!vmis)
		return;
	for (int i = 0; i < 2; i++)
		store_unlisten(vmis->listeners[i]);
	loop_timer_destroy(vmis->timer);
	loop_unpost(vmis->loop, vmis);
	map_finish(&vmis->told);
	free(vmis);
}
