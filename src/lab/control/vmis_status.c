/* vmis_status: see vmis_status.h. Interfaces are what libvirt's domain, the guest's agent and Multus' annotation know. */
#include "lab/control/vmis_status.h"

#include <string.h>

#include "lab/control/conditions.h"
#include "onesdn/cni.h"

/* ---- interfaces ---- */

static const json_t *reported(const struct vmi_facts *facts, const char *mac)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(facts->machine.report, "interfaces"), i, item) {
		if (*mac && strcasecmp(json_walk_str(item, "mac", NULL), mac) == 0)
			return item;
	}
	return NULL;
}

static bool is_in_network_status(const json_t *pod, const char *link)
{
	const char *text = json_walk_str(pod, "metadata", "annotations", CNI_STATUS_ANNOTATION, NULL);
	struct cni_statuses statuses = {0};
	bool is_there = false;
	if (!cni_status_parse(text, &statuses, NULL))
		return false;
	for (size_t i = 0; i < statuses.items.len; i++)
		is_there = is_there || text_equal(statuses.items.data[i].interface, link);
	cni_statuses_finish(&statuses);
	return is_there;
}

/* The pod's, where the guest hides behind it. */
static json_t *pod_addresses(const json_t *pod)
{
	json_t *list = json_array();
	size_t i;
	json_t *item;
	json_array_foreach (json_walk(pod, "status", "podIPs", NULL), i, item)
		json_array_append(list, json_object_get(item, "ip"));
	return list;
}

static void set_addresses(json_t *interface, json_t *list) /* takes over list */
{
	if (json_array_size(list)) {
		json_object_set(interface, "ipAddress", json_array_get(list, 0));
		json_object_set(interface, "ipAddresses", list);
	}
	json_decref(list);
}

static json_t *interface_of(const struct vmi_facts *facts, const struct vm_nic *nic, const char *mac)
{
	const json_t *guest = reported(facts, mac);
	bool is_primary = !*nic->network;
	struct str source = {0};
	str_append(&source, "domain");
	if (guest)
		str_append(&source, ", guest-agent");
	if (!is_primary && is_in_network_status(facts->pod, nic->link))
		str_append(&source, ", multus-status");
	json_t *out = json_pack("{s:s, s:s, s:i, s:s}", "name", nic->name, "infoSource", str_text(&source),
	                        "queueCount", 1, "linkState", "up");
	str_finish(&source);
	if (*mac)
		json_object_set_new(out, "mac", json_string(mac));
	json_object_set_new(out, "podInterfaceName", json_string(nic->link));
	if (guest)
		json_object_set(out, "interfaceName", json_object_get(guest, "name"));
	set_addresses(out, is_primary && !nic->is_bridge ? pod_addresses(facts->pod)
	                                                 : json_incref(json_object_get(guest, "addresses")));
	return out;
}

static bool is_known(const struct vmi_facts *facts, const struct vm_nics *nics, const char *mac)
{
	for (size_t i = 0; i < nics->len; i++)
		if (strcasecmp(facts->machine.macs[i], mac) == 0)
			return true;
	return false;
}

static void add_guest_only(const struct vmi_facts *facts, const struct vm_nics *nics, json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(facts->machine.report, "interfaces"), i, item) {
		if (is_known(facts, nics, json_walk_str(item, "mac", NULL)))
			continue;
		json_t *out = json_pack("{s:O, s:O, s:s}", "interfaceName", json_object_get(item, "name"), "mac",
		                        json_object_get(item, "mac"), "infoSource", "guest-agent");
		set_addresses(out, json_incref(json_object_get(item, "addresses")));
		json_array_append_new(list, out);
	}
}

static json_t *interfaces(const struct vmi_facts *facts)
{
	struct vm_nics nics;
	json_t *list = json_array();
	vm_nics_read(json_object_get(facts->vmi, "spec"), "spec", &nics, NULL);
	for (int is_secondary = 0; is_secondary < 2; is_secondary++) /* the primary one first */
		for (size_t i = 0; i < nics.len; i++)
			if (is_secondary == (*nics.items[i].network != '\0'))
				json_array_append_new(list,
				                      interface_of(facts, &nics.items[i], facts->machine.macs[i]));
	add_guest_only(facts, &nics, list);
	return list;
}

/* ---- conditions ---- */

static void set_ready(json_t *status, const struct vmi_facts *facts, const char *phase)
{
	const json_t *ready = condition_find(facts->pod, "Ready");
	bool is_running = strcmp(phase, "Running") == 0,
	     is_ready = is_running && condition_is(facts->pod, "Ready", true);
	struct condition_value value = {"Ready", is_ready, NULL, NULL};
	if (!facts->pod) {
		value.reason = "PodNotExists";
		value.message = "virt-launcher pod has not yet been scheduled";
	} else if (*json_walk_str(facts->pod, "metadata", "deletionTimestamp", NULL)) {
		value.is_true = false;
		value.reason = "PodTerminating";
		value.message = "virt-launcher pod is terminating";
	} else if (!is_running) {
		value.reason = "GuestNotRunning";
		value.message = "Guest VM is not reported as running";
	} else if (!ready) {
		value.reason = "PodConditionMissing";
		value.message = "virt-launcher pod is missing the Ready condition";
	} else if (!is_ready) {
		value.reason = json_walk_str(ready, "reason", NULL);
		value.message = json_walk_str(ready, "message", NULL);
	}
	condition_set(status, &value, facts->now_ms);
}

static void set_migratable(json_t *status, const struct vmi_facts *facts)
{
	struct vm_nics nics;
	bool is_bridged = false;
	vm_nics_read(json_object_get(facts->vmi, "spec"), "spec", &nics, NULL);
	for (size_t i = 0; i < nics.len; i++)
		is_bridged = is_bridged || (nics.items[i].is_bridge && !*nics.items[i].network);
	const struct condition_value migratable = {
	        "LiveMigratable", !is_bridged, is_bridged ? "InterfaceNotLiveMigratable" : NULL,
	        is_bridged ? "cannot migrate VMI which does not use masquerade to connect to the pod network" : NULL};
	const struct condition_value storage = {"StorageLiveMigratable", true, NULL, NULL};
	condition_set(status, &migratable, facts->now_ms);
	condition_set(status, &storage, facts->now_ms);
}

/* Why the launcher's disk image cannot be had, as its kubelet says. */
static const json_t *image_trouble(const json_t *pod)
{
	static const char *const kinds[] = {"initContainerStatuses", "containerStatuses"};
	size_t i;
	json_t *container;
	for (int k = 0; k < 2; k++) {
		json_array_foreach (json_walk(pod, "status", kinds[k], NULL), i, container) {
			const json_t *waiting = json_walk(container, "state", "waiting", NULL);
			const char *reason = json_walk_str(waiting, "reason", NULL);
			if (strcmp(reason, "ErrImagePull") == 0 || strcmp(reason, "ImagePullBackOff") == 0 ||
			    strcmp(reason, "CreateContainerConfigError") == 0)
				return waiting;
		}
	}
	return NULL;
}

static void set_troubles(json_t *status, const struct vmi_facts *facts)
{
	const json_t *waiting = image_trouble(facts->pod), *scheduled = condition_find(facts->pod, "PodScheduled");
	struct condition_value value = {"Synchronized", false, "FailedCreate", facts->trouble};
	if (waiting) {
		value.reason = json_walk_str(waiting, "reason", NULL);
		value.message = json_walk_str(waiting, "message", NULL);
	}
	if (waiting || (*facts->trouble && !facts->pod))
		condition_set(status, &value, facts->now_ms);
	else
		condition_remove(status, "Synchronized");
	if (scheduled && condition_is(facts->pod, "PodScheduled", false)) {
		const struct condition_value blocked = {"PodScheduled", false, json_walk_str(scheduled, "reason", NULL),
		                                        json_walk_str(scheduled, "message", NULL)};
		condition_set(status, &blocked, facts->now_ms);
	} else {
		condition_remove(status, "PodScheduled");
	}
}

static void set_conditions(json_t *status, const struct vmi_facts *facts, const char *phase)
{
	static const struct condition_value connected = {"AgentConnected", true, NULL, NULL};
	static const struct condition_value paused = {"Paused", true, "PausedByUser", "VMI was paused by user"};
	set_ready(status, facts, phase);
	set_troubles(status, facts);
	if (strcmp(phase, "Running") == 0)
		set_migratable(status, facts);
	if (facts->machine.report && facts->machine.is_running)
		condition_set(status, &connected, facts->now_ms);
	else
		condition_remove(status, "AgentConnected");
	if (facts->machine.is_paused && facts->machine.is_running)
		condition_set(status, &paused, facts->now_ms);
	else
		condition_remove(status, "Paused");
}

/* ---- the whole ---- */

static void note_phase(json_t *status, const char *phase, int64_t now_ms)
{
	char now[32];
	if (strcmp(json_walk_str(status, "phase", NULL), phase) == 0)
		return;
	time_format(now_ms, now);
	json_object_set_new(status, "phase", json_string(phase));
	if (!json_object_get(status, "phaseTransitionTimestamps"))
		json_object_set_new(status, "phaseTransitionTimestamps", json_array());
	json_array_append_new(json_object_get(status, "phaseTransitionTimestamps"),
	                      json_pack("{s:s, s:s}", "phase", phase, "phaseTransitionTimestamp", now));
}

static json_t *volume_statuses(const json_t *vmi)
{
	json_t *list = json_array(), *disk;
	size_t i;
	json_array_foreach (json_walk(vmi, "spec", "domain", "devices", "disks", NULL), i, disk)
		json_array_append_new(list, json_pack("{s:s, s:o}", "name", json_walk_str(disk, "name", NULL), "target",
		                                      json_sprintf("vd%c", (int)('a' + i % 26))));
	return list;
}

static void set_pod(json_t *status, const struct vmi_facts *facts)
{
	const char *node = json_walk_str(facts->pod, "spec", "nodeName", NULL),
	           *uid = json_walk_str(facts->pod, "metadata", "uid", NULL);
	json_object_set_new(status, "activePods", json_pack("{s:s}", uid, node));
	json_object_set_new(status, "launcherContainerImageVersion", json_string(VMI_LAUNCHER_IMAGE));
	if (*node)
		json_object_set_new(status, "nodeName", json_string(node));
}

static void set_running(json_t *status, const struct vmi_facts *facts)
{
	const json_t *os = json_object_get(facts->machine.report, "os");
	json_object_set_new(status, "interfaces", interfaces(facts));
	json_object_set_new(status, "machine", json_pack("{s:s}", "type", "pc-q35-7.2"));
	json_object_set_new(status, "migrationMethod", json_string("BlockMigration"));
	json_object_set_new(status, "volumeStatus", volume_statuses(facts->vmi));
	json_object_set_new(status, "currentCPUTopology",
	                    json_pack("{s:i, s:i, s:i}", "cores", 1, "sockets", 1, "threads", 1));
	if (json_object_size(os))
		json_object_set(status, "guestOSInfo", (json_t *)(uintptr_t)os);
}

json_t *vmi_status(const struct vmi_facts *facts, const char *phase)
{
	const json_t *old = json_object_get(facts->vmi, "status");
	json_t *status = old ? json_deep_copy(old) : json_object();
	note_phase(status, phase, facts->now_ms);
	json_object_set_new(status, "runtimeUser", json_integer(107));
	json_object_set_new(status, "qosClass", json_string("Burstable"));
	if (!json_object_get(status, "guestOSInfo"))
		json_object_set_new(status, "guestOSInfo", json_object());
	if (facts->pod)
		set_pod(status, facts);
	if (facts->pod && facts->machine.is_running)
		set_running(status, facts);
	set_conditions(status, facts, phase);
	return status;
}
