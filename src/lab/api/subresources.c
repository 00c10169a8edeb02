/* subresources: subresources.kubevirt.io/v1, what virtctl asks of VirtualMachines and their instances. Rules and sentences
 * are virt-api's. A request to start or stop becomes the object's run strategy, or an entry in its stateChangeRequests,
 * which control/vms_plan.c obeys.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"
#include "lab/vm/machine.h"

#define VIRT_VERSION "v1.3.0"
#define NOT_RUNNING "VM is not running"

void virt_not_found(struct call *call, const char *kind)
{
	reply_status(call, 404, "NotFound", "%s.kubevirt.io \"%s\" not found", kind, call->name);
}

void virt_conflict(struct call *call, const char *kind, const char *words)
{
	reply_status(call, 409, "Conflict", "Operation cannot be fulfilled on %s.kubevirt.io \"%s\": %s", kind,
	             call->name, words);
}

static void accepted(struct call *call)
{
	call->reply->status = 202;
	str_clear(&call->reply->body);
}

/* The request's options: an object, or nothing at all. NULL after a reply. */
static json_t *options_of(struct call *call)
{
	struct err err;
	if (!call->request->body_size)
		return json_object();
	json_t *options = json_parse(call->request->body, call->request->body_size, "options", &err);
	if (!options || !json_is_object(options)) {
		reply_status(call, 400, "BadRequest", "Can not unmarshal Request body to struct, error: %s",
		             options ? "not an object" : err.text);
		json_decref(options);
		return NULL;
	}
	return options;
}

/* ---- VirtualMachines ---- */

struct target {
	const json_t *vm, *vmi; /* vmi NULL: none */
	const char *strategy;
	const json_t *options;
};

static bool is_phase(const json_t *vmi, const char *phase)
{
	return strcmp(json_walk_str(vmi, "status", "phase", NULL), phase) == 0;
}

static bool is_final(const json_t *vmi)
{
	return !vmi || is_phase(vmi, "Succeeded") || is_phase(vmi, "Failed");
}

static bool is_one_of(const char *word, const char *words)
{
	const char *at = strstr(words, word);
	return *word && at && (at[strlen(word)] == ' ' || !at[strlen(word)]);
}

static void refuse(struct call *call, const char *fmt, const char *strategy)
{
	char *words = mem_printf("%s %s", strategy, fmt);
	virt_conflict(call, "virtualmachine", words);
	free(words);
}

static void write_back(struct call *call, const json_t *object, bool is_status)
{
	struct err err;
	bool is_done = is_status ? store_update_status(call->api->store, call->resource, object, NULL, &err)
	                         : store_update(call->api->store, call->resource, object, NULL, &err);
	if (is_done)
		accepted(call);
	else
		reply_error(call, &err, false);
}

/* In whichever of the two ways the object says it. */
static void set_running(struct call *call, const struct target *target, bool running)
{
	json_t *copy = json_deep_copy(target->vm), *spec = json_object_get(copy, "spec");
	if (json_object_get(spec, "runStrategy"))
		json_object_set_new(spec, "runStrategy", json_string(running ? "Always" : "Halted"));
	else
		json_object_set_new(spec, "running", json_boolean(running));
	write_back(call, copy, false);
	json_decref(copy);
}

static json_t *stop_request(const struct target *target)
{
	json_t *request =
	        json_pack("{s:s, s:s}", "action", "Stop", "uid", json_walk_str(target->vmi, "metadata", "uid", NULL));
	const json_t *grace = json_object_get(target->options, "gracePeriodSeconds");
	if (json_is_integer(grace))
		json_object_set_new(request, "data",
		                    json_pack("{s:o}", "gracePeriodSeconds",
		                              json_sprintf("%lld", (long long)json_integer_value(grace))));
	return request;
}

static void request_changes(struct call *call, const struct target *target, bool stop, bool start)
{
	json_t *copy = json_deep_copy(target->vm), *list = json_array();
	if (json_array_size(json_walk(copy, "status", "stateChangeRequests", NULL))) {
		virt_conflict(call, "virtualmachine", "unable to complete request: stop/start already underway");
	} else {
		if (stop)
			json_array_append_new(list, stop_request(target));
		if (start)
			json_array_append_new(list, json_pack("{s:s}", "action", "Start"));
		if (!json_object_get(copy, "status"))
			json_object_set_new(copy, "status", json_object());
		json_object_set(json_object_get(copy, "status"), "stateChangeRequests", list);
		write_back(call, copy, true);
	}
	json_decref(list);
	json_decref(copy);
}

static void vm_start(struct call *call, const struct target *target)
{
	if (!is_final(target->vmi) && *json_walk_str(target->vmi, "status", "phase", NULL))
		virt_conflict(call, "virtualmachine", "VM is already running");
	else if (strcmp(target->strategy, "Halted") == 0)
		set_running(call, target, true);
	else if (is_one_of(target->strategy, "RerunOnFailure Manual"))
		request_changes(call, target, false, true);
	else
		refuse(call, "does not support manual start requests", target->strategy);
}

static void vm_stop(struct call *call, const struct target *target)
{
	if (strcmp(target->strategy, "Halted") == 0 && is_final(target->vmi))
		virt_conflict(call, "virtualmachine", NOT_RUNNING);
	else if (strcmp(target->strategy, "Halted") == 0)
		refuse(call, "only supports manual stop requests with a shorter graceperiod", target->strategy);
	else if (is_one_of(target->strategy, "RerunOnFailure Manual") && is_final(target->vmi))
		virt_conflict(call, "virtualmachine", NOT_RUNNING);
	else if (is_one_of(target->strategy, "RerunOnFailure Manual"))
		request_changes(call, target, true, false);
	else
		set_running(call, target, false);
}

static void vm_restart(struct call *call, const struct target *target)
{
	if (is_one_of(target->strategy, "Halted Once"))
		refuse(call, "does not support manual restart requests", target->strategy);
	else if (is_final(target->vmi))
		virt_conflict(call, "virtualmachine", NOT_RUNNING);
	else
		request_changes(call, target, true, true);
}

static void with_vm(struct call *call, void (*act)(struct call *call, const struct target *target))
{
	json_t *vm =
	        json_incref((json_t *)(uintptr_t)store_get(call->api->store, call->resource, call->ns, call->name));
	json_t *vmi = json_incref((json_t *)(uintptr_t)store_get(
	        call->api->store, lab_resource_kind("VirtualMachineInstance"), call->ns, call->name));
	const char *strategy = json_walk_str(vm, "spec", "runStrategy", NULL);
	json_t *options = vm ? options_of(call) : NULL;
	if (!*strategy)
		strategy = json_is_true(json_walk(vm, "spec", "running", NULL)) ? "Always" : "Halted";
	if (!vm)
		virt_not_found(call, "virtualmachine");
	else if (options && json_array_size(json_object_get(options, "dryRun")))
		accepted(call);
	else if (options)
		act(call, &(struct target){vm, vmi, strategy, options});
	json_decref(options);
	json_decref(vm);
	json_decref(vmi);
}

void virt_start(struct call *call)
{
	with_vm(call, vm_start);
}

void virt_stop(struct call *call)
{
	with_vm(call, vm_stop);
}

void virt_restart(struct call *call)
{
	with_vm(call, vm_restart);
}

/* ---- VirtualMachineInstances ---- */

/* The machine that runs, or NULL after a reply. */
static struct machine *running_machine(struct call *call, const json_t **vmi)
{
	*vmi = store_get(call->api->store, call->resource, call->ns, call->name);
	if (!*vmi) {
		virt_not_found(call, "virtualmachineinstance");
		return NULL;
	}
	struct machine *machine = machine_of_vmi(call->api->machines, json_walk_str(*vmi, "metadata", "uid", NULL));
	if (is_phase(*vmi, "Running") && machine)
		return machine;
	virt_conflict(call, "virtualmachineinstance", "VMI is not running");
	return NULL;
}

static void set_paused(struct call *call, bool paused)
{
	const json_t *vmi;
	struct machine *machine = running_machine(call, &vmi);
	struct machine_view view;
	if (!machine)
		return;
	machine_look(machine, &view);
	if (view.is_paused == paused) {
		virt_conflict(call, "virtualmachineinstance", paused ? "VMI is already paused" : "VMI is not paused");
		return;
	}
	json_t *options = options_of(call);
	if (options && !json_array_size(json_object_get(options, "dryRun")))
		machine_pause(machine, paused);
	if (options)
		accepted(call);
	json_decref(options);
}

void virt_pause(struct call *call)
{
	set_paused(call, true);
}

void virt_unpause(struct call *call)
{
	set_paused(call, false);
}

void virt_soft_reboot(struct call *call)
{
	const json_t *vmi;
	struct machine *machine = running_machine(call, &vmi);
	struct machine_view view;
	if (!machine)
		return;
	machine_look(machine, &view);
	if (view.is_paused) {
		virt_conflict(call, "virtualmachineinstance", "VMI is paused");
	} else if (!view.report) {
		virt_conflict(call, "virtualmachineinstance",
		              "VMI neither have the agent connected nor the ACPI feature enabled");
	} else {
		machine_reboot(machine);
		accepted(call);
	}
}

void virt_guest_info(struct call *call)
{
	const json_t *vmi;
	struct machine *machine = running_machine(call, &vmi);
	struct machine_view view;
	if (!machine)
		return;
	machine_look(machine, &view);
	if (!view.report) {
		virt_conflict(call, "virtualmachineinstance", "VMI does not have guest agent connected");
		return;
	}
	reply_json(call, 200,
	           json_pack("{s:s, s:s, s:{}, s:s, s:[s,s,s], s:s, s:O, s:{}}", "kind",
	                     "VirtualMachineInstanceGuestAgentInfo", "apiVersion", "subresources.kubevirt.io/v1",
	                     "metadata", "guestAgentVersion", "onesdn-" ONESDN_VERSION, "supportedCommands",
	                     "guest-shutdown", "guest-network-get-interfaces", "guest-get-osinfo", "hostname",
	                     *json_walk_str(vmi, "spec", "hostname", NULL)
	                             ? json_walk_str(vmi, "spec", "hostname", NULL)
	                             : call->name,
	                     "os", json_object_get(view.report, "os"), "fsInfo"));
}

/* ---- the group itself ---- */

static json_t *resource_entry(const char *name, const char *verb)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:[s]}", "name", name, "singularName", "", "namespaced", 1, "kind", "",
	                 "verbs", verb);
}

bool virt_serve(struct call *call)
{
	static const struct {
		const char *name, *verb;
	} entries[] = {{"virtualmachines/start", "update"},
	               {"virtualmachines/stop", "update"},
	               {"virtualmachines/restart", "update"},
	               {"virtualmachineinstances/console", "get"},
	               {"virtualmachineinstances/pause", "update"},
	               {"virtualmachineinstances/unpause", "update"},
	               {"virtualmachineinstances/softreboot", "update"},
	               {"virtualmachineinstances/guestosinfo", "get"}};
	if (strcmp(call->request->method, "GET") != 0 || strcmp(call->segments[0], "apis") != 0 ||
	    strcmp(call->segments[1], VIRT_GROUP) != 0 || strcmp(call->segments[2], "v1") != 0)
		return false;
	if (call->n_segments == 4 && strcmp(call->segments[3], "version") == 0) {
		reply_json(call, 200,
		           json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "gitVersion", VIRT_VERSION, "gitCommit",
		                     "onesdn-lab-" ONESDN_VERSION, "gitTreeState", "clean", "buildDate",
		                     "1970-01-01T00:00:00Z", "goVersion", "none", "compiler", "cc", "platform",
		                     "linux/amd64"));
		return true;
	}
	if (call->n_segments != 3)
		return false;
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		json_array_append_new(list, resource_entry(entries[i].name, entries[i].verb));
	reply_json(call, 200,
	           json_pack("{s:s, s:s, s:s, s:o}", "kind", "APIResourceList", "apiVersion", "v1", "groupVersion",
	                     VIRT_GROUP "/v1", "resources", list));
	return true;
}
