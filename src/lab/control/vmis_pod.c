/* The launcher pod of a VMI: names, labels, annotations and containers as KubeVirt's, as far as the lab's pods go. */
#include <string.h>

#include "lab/control/vmis_plan.h"
#include "onesdn/cni.h"

#define GRACE_MORE_S 15

static json_t *copy_or_empty(const json_t *object)
{
	return json_is_object(object) ? json_deep_copy(object) : json_object();
}

static void set(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

static json_t *labels(const json_t *vmi)
{
	json_t *out = copy_or_empty(json_walk(vmi, "metadata", "labels", NULL));
	const char *name = json_walk_str(vmi, "metadata", "name", NULL);
	json_object_del(out, "kubevirt.io/nodeName");
	set(out, "kubevirt.io", "virt-launcher");
	set(out, VMI_CREATED_BY, json_walk_str(vmi, "metadata", "uid", NULL));
	set(out, "vm.kubevirt.io/name", name);
	set(out, "vmi.kubevirt.io/id", name);
	return out;
}

/* [{"name","namespace","mac"?,"interface"}], in the order of the VMI's networks. */
static void put_networks(json_t *annotations, const json_t *vmi)
{
	struct vm_nics nics;
	json_t *list = json_array();
	struct str text = {0};
	vm_nics_read(json_object_get(vmi, "spec"), "spec", &nics, NULL);
	for (size_t i = 0; i < nics.len; i++) {
		const struct vm_nic *nic = &nics.items[i];
		const char *slash = strchr(nic->network, '/');
		if (!*nic->network)
			continue;
		json_t *one = json_pack("{s:s, s:o}", "name", slash ? slash + 1 : nic->network, "namespace",
		                        slash ? json_stringn(nic->network, (size_t)(slash - nic->network))
		                              : json_string(json_walk_str(vmi, "metadata", "namespace", NULL)));
		if (*nic->mac)
			set(one, "mac", nic->mac);
		set(one, "interface", nic->link);
		json_array_append_new(list, one);
	}
	str_append_json(&text, list, JSON_COMPACT);
	if (json_array_size(list))
		set(annotations, CNI_NETWORKS_ANNOTATION, str_text(&text));
	str_finish(&text);
	json_decref(list);
}

static json_t *annotations(const json_t *vmi)
{
	json_t *out = copy_or_empty(json_walk(vmi, "metadata", "annotations", NULL));
	json_object_del(out, "kubectl.kubernetes.io/last-applied-configuration");
	set(out, "kubevirt.io/domain", json_walk_str(vmi, "metadata", "name", NULL));
	set(out, "kubevirt.io/migrationTransportUnix", "true");
	set(out, "kubectl.kubernetes.io/default-container", "compute");
	put_networks(out, vmi);
	return out;
}

static json_t *container(const char *name, const char *image, json_t *command) /* takes over command */
{
	return json_pack("{s:s, s:s, s:o, s:{s:b, s:{s:[s]}, s:b, s:i}}", "name", name, "image", image, "command",
	                 command, "securityContext", "allowPrivilegeEscalation", 0, "capabilities", "drop", "ALL",
	                 "runAsNonRoot", 1, "runAsUser", 107);
}

static json_t *compute(const json_t *vmi)
{
	const json_t *requests = json_walk(vmi, "spec", "domain", "resources", "requests", NULL);
	json_t *out = container("compute", VMI_LAUNCHER_IMAGE,
	                        json_pack("[s,s,s,s,s,s,s,s,s]", "/usr/bin/virt-launcher-monitor", "--qemu-timeout",
	                                  "300s", "--name", json_walk_str(vmi, "metadata", "name", NULL), "--uid",
	                                  json_walk_str(vmi, "metadata", "uid", NULL), "--namespace",
	                                  json_walk_str(vmi, "metadata", "namespace", NULL)));
	json_t *asked = copy_or_empty(requests);
	set(asked, "cpu", "100m");
	json_object_set_new(out, "resources", json_pack("{s:o}", "requests", asked));
	return out;
}

static json_t *spec_of(const json_t *vmi)
{
	const json_t *spec = json_object_get(vmi, "spec");
	const char *disk = vm_disk_image(spec), *uid = json_walk_str(vmi, "metadata", "uid", NULL);
	json_t *containers = json_pack("[o]", compute(vmi));
	json_t *out = json_pack("{s:s, s:s, s:I, s:b, s:b, s:[{s:s}], s:{s:i, s:b}, s:O}", "hostname", vm_hostname(vmi),
	                        "restartPolicy", "Never", "terminationGracePeriodSeconds",
	                        (json_int_t)vm_grace_s(spec) + GRACE_MORE_S, "enableServiceLinks", 0,
	                        "automountServiceAccountToken", 0, "readinessGates", "conditionType", VMI_GATE,
	                        "securityContext", "runAsUser", 107, "runAsNonRoot", 1, "containers", containers);
	if (*disk) {
		json_object_set_new(
		        out, "initContainers",
		        json_pack("[o]", container("volumecontainerdisk-init", disk,
		                                   json_pack("[s,s]", "/usr/bin/container-disk", "--no-op"))));
		json_array_append_new(
		        containers,
		        container("volumecontainerdisk", disk,
		                  json_pack("[s,s,s++]", "/usr/bin/container-disk", "--copy-path",
		                            "/var/run/kubevirt-ephemeral-disks/container-disk-data/", uid, "/disk_0")));
	}
	json_array_append_new(containers, container("guest-console-log", VMI_LAUNCHER_IMAGE,
	                                            json_pack("[s,s,s++]", "/usr/bin/virt-tail", "--logfile",
	                                                      "/var/run/kubevirt-private/", uid, "/virt-serial0-log")));
	json_decref(containers);
	if (json_object_get(spec, "nodeSelector"))
		json_object_set(out, "nodeSelector", json_object_get(spec, "nodeSelector"));
	if (json_object_get(spec, "tolerations"))
		json_object_set(out, "tolerations", json_object_get(spec, "tolerations"));
	return out;
}

json_t *vmi_launcher_pod(const json_t *vmi)
{
	const char *name = json_walk_str(vmi, "metadata", "name", NULL);
	json_t *metadata =
	        json_pack("{s:s++, s:s, s:o, s:o, s:[{s:s, s:s, s:s, s:s, s:b, s:b}]}", "generateName",
	                  "virt-launcher-", name, "-", "namespace", json_walk_str(vmi, "metadata", "namespace", NULL),
	                  "labels", labels(vmi), "annotations", annotations(vmi), "ownerReferences", "apiVersion",
	                  "kubevirt.io/v1", "kind", "VirtualMachineInstance", "name", name, "uid",
	                  json_walk_str(vmi, "metadata", "uid", NULL), "controller", 1, "blockOwnerDeletion", 1);
	return json_pack("{s:o, s:o}", "metadata", metadata, "spec", spec_of(vmi));
}
