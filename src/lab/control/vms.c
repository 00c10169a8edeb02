/* vms: see vms.h. */
#include "lab/control/vms.h"

#include <stdlib.h>
#include <string.h>

#include "lab/control/conditions.h"
#include "lab/control/vms_plan.h"

#define CONTROLLER "virtualmachine-controller"

struct vms {
	struct loop *loop;
	struct store *store;
	const struct lab_resource *vm, *vmi;
	struct store_listener *listeners[2];
	struct loop_timer *timer;
	bool is_posted;
};

static const json_t *instance_of(const struct vms *vms, const json_t *vm)
{
	const json_t *vmi = store_get(vms->store, vms->vmi, json_walk_str(vm, "metadata", "namespace", NULL),
	                              json_walk_str(vm, "metadata", "name", NULL));
	const json_t *owner = json_array_get(json_walk(vmi, "metadata", "ownerReferences", NULL), 0);
	return strcmp(json_walk_str(owner, "uid", NULL), json_walk_str(vm, "metadata", "uid", NULL)) == 0 ? vmi : NULL;
}

/* ---- doing ---- */

static void start(struct vms *vms, const json_t *vm, json_t *status)
{
	json_t *vmi = vm_instance(vm);
	struct err err = {0};
	if (store_add(vms->store, vms->vmi, vmi, NULL, &err)) {
		store_event(vms->store, vm, "Normal", "SuccessfulCreate", CONTROLLER,
		            "Started the virtual machine by creating the new virtual machine instance %s",
		            json_walk_str(vm, "metadata", "name", NULL));
	} else {
		char *words = mem_printf("Error creating virtual machine instance: %s", err.text);
		const struct condition_value failure = {"Failure", true, "FailedCreate", words};
		store_event(vms->store, vm, "Warning", "FailedCreate", CONTROLLER, "%s", words);
		condition_set(status, &failure, time_wall_ms());
		free(words);
	}
	json_decref(vmi);
}

static void stop(struct vms *vms, const json_t *vm, const json_t *vmi)
{
	char *uid = mem_strdup(json_walk_str(vmi, "metadata", "uid", NULL));
	const json_t *first = json_array_get(json_walk(vm, "status", "stateChangeRequests", NULL), 0);
	int64_t grace;
	bool has_grace = text_to_int(json_walk_str(first, "data", "gracePeriodSeconds", NULL), 0, 1 << 20, &grace);
	if (store_delete(vms->store, vms->vmi, json_walk_str(vm, "metadata", "namespace", NULL),
	                 json_walk_str(vm, "metadata", "name", NULL), has_grace ? grace : -1, NULL))
		store_event(vms->store, vm, "Normal", "SuccessfulDelete", CONTROLLER,
		            "Stopped the virtual machine by deleting the virtual machine instance %s", uid);
	free(uid);
}

static void set_finalizer(struct vms *vms, const json_t *vm, bool wanted)
{
	json_t *copy = json_deep_copy(vm), *metadata = json_object_get(copy, "metadata"),
	       *list = json_object_get(metadata, "finalizers"), *item;
	size_t i, at = 0;
	bool has = false;
	json_array_foreach (list, i, item) {
		if (strcmp(json_string_value(item), VM_FINALIZER) == 0) {
			has = true;
			at = i;
		}
	}
	if (has && !wanted)
		json_array_remove(list, at);
	if (!has && wanted) {
		if (!list)
			json_object_set_new(metadata, "finalizers", list = json_array());
		json_array_append_new(list, json_string(VM_FINALIZER));
	}
	if (has != wanted)
		store_update(vms->store, vms->vm, copy, NULL, NULL);
	json_decref(copy);
}

static void reconcile(struct vms *vms, const json_t *vm)
{
	const json_t *vmi = instance_of(vms, vm);
	struct vm_plan plan;
	int64_t now = time_wall_ms();
	vm_plan(vm, vmi, now, &plan);
	if (plan.step == VM_START)
		start(vms, vm, plan.status);
	else if (plan.step == VM_STOP)
		stop(vms, vm, vmi);
	if (plan.again_ms && !loop_timer_is_running(vms->timer))
		loop_timer_start(vms->timer, plan.again_ms - now + 1, 0);
	json_t *copy = json_deep_copy(vm);
	json_object_set(copy, "status", plan.status);
	store_update_status(vms->store, vms->vm, copy, NULL, NULL);
	json_decref(copy);
	json_decref(plan.status);
	const json_t *current = store_get(vms->store, vms->vm, json_walk_str(vm, "metadata", "namespace", NULL),
	                                  json_walk_str(vm, "metadata", "name", NULL));
	bool is_deleting = *json_walk_str(vm, "metadata", "deletionTimestamp", NULL) != '\0';
	if (current && (plan.step == VM_RELEASE || !is_deleting))
		set_finalizer(vms, current, !is_deleting);
}

struct collection {
	VEC(json_t *) list;
};

static bool collect(const json_t *object, void *user)
{
	struct collection *collection = user;
	vec_push(&collection->list, json_incref((json_t *)(uintptr_t)object));
	return true;
}

static void work(void *user)
{
	struct vms *vms = user;
	struct collection all = {0};
	vms->is_posted = false;
	store_each(vms->store, vms->vm, NULL, collect, &all);
	for (size_t i = 0; i < all.list.len; i++) {
		reconcile(vms, all.list.data[i]);
		json_decref(all.list.data[i]);
	}
	vec_finish(&all.list);
}

static void work_soon(void *user)
{
	struct vms *vms = user;
	if (!vms->is_posted)
		loop_post(vms->loop, work, vms);
	vms->is_posted = true;
}

static void on_change(const struct store_event *event, void *user)
{
	(void)event;
	work_soon(user);
}

struct vms *vms_create(struct loop *loop, struct store *store)
{
	struct vms *vms = mem_alloc(sizeof *vms);
	vms->loop = loop;
	vms->store = store;
	vms->vm = lab_resource_kind("VirtualMachine");
	vms->vmi = lab_resource_kind("VirtualMachineInstance");
	vms->timer = loop_timer_create(loop, work_soon, vms);
	vms->listeners[0] = store_listen(store, vms->vm, on_change, vms);
	vms->listeners[1] = store_listen(store, vms->vmi, on_change, vms);
	return vms;
}

void vms_destroy(struct vms *vms)
{
	if (!vms)
		return;
	for (int i = 0; i < 2; i++)
		store_unlisten(vms->listeners[i]);
	loop_timer_destroy(vms->timer);
	loop_unpost(vms->loop, vms);
	free(vms);
}
