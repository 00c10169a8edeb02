/* Virtual machines of KubeVirt: a VirtualMachine, its VirtualMachineInstance and its launcher pod are one workload. Its
 * addresses are those that the guest reports, else those of its cloud-init data, else those of the pod's annotations. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

static const struct status_row {
	const char *status;
	enum topo_state state;
} statuses[] = {
        /* VirtualMachine's printableStatus, then VirtualMachineInstance's phases */
        {"Running", TOPO_RUNNING},         {"Migrating", TOPO_RUNNING},       {"Stopped", TOPO_STOPPED},
        {"Paused", TOPO_STOPPED},          {"Succeeded", TOPO_STOPPED},       {"Stopping", TOPO_STOPPING},
        {"Terminating", TOPO_STOPPING},    {"CrashLoopBackOff", TOPO_FAILED}, {"ErrImagePull", TOPO_FAILED},
        {"ImagePullBackOff", TOPO_FAILED}, {"ErrorPvcNotFound", TOPO_FAILED}, {"ErrorUnschedulable", TOPO_FAILED},
        {"DataVolumeError", TOPO_FAILED},  {"Failed", TOPO_FAILED},
};

bool vm_is_launcher(const json_t *pod)
{
	return strcmp(topo_label(pod, "kubevirt.io"), "virt-launcher") == 0 ||
	       topo_label(pod, "kubevirt.io/created-by")[0];
}

const char *vm_of_launcher(const json_t *pod)
{
	const char *name = topo_label(pod, "vm.kubevirt.io/name");
	return name[0] ? name : topo_note(pod, "kubevirt.io/domain");
}

static char *vm_phase(const struct vm_parts *parts)
{
	const char *status = json_walk_str(parts->vm, "status", "printableStatus", NULL);
	if (!status[0])
		status = json_walk_str(parts->vmi, "status", "phase", NULL);
	if (status[0])
		return topo_bounded(status, 63);
	if (!parts->vm && !parts->vmi)
		return pod_phase(parts->pod);
	if (topo_is_deleting(parts->vm ? parts->vm : parts->vmi))
		return mem_strdup("Terminating");
	const char *strategy = json_walk_str(parts->vm, "spec", "runStrategy", NULL);
	if (!parts->vmi && !parts->pod &&
	    (strcmp(strategy, "Halted") == 0 || json_is_false(json_walk(parts->vm, "spec", "running", NULL))))
		return mem_strdup("Stopped");
	return mem_strdup(parts->pod ? "Starting" : "Unknown");
}

static enum topo_state vm_state(const struct vm_parts *parts, const char *phase)
{
	if (topo_is_deleting(parts->vm ? parts->vm : parts->vmi))
		return TOPO_STOPPING;
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (strcmp(phase, statuses[i].status) == 0)
			return statuses[i].state;
	return TOPO_STARTING;
}

static char *vm_reason(const struct vm_parts *parts)
{
	static const char *const types[] = {"Failure", "Ready", "Synchronized"};
	const json_t *objects[] = {parts->vm, parts->vmi};
	for (size_t i = 0; i < 6; i++) {
		const json_t *condition = topo_find_condition(objects[i % 2], types[i / 2]);
		const char *bad = i < 2 ? "True" : "False", *message = json_walk_str(condition, "message", NULL);
		if (strcmp(json_walk_str(condition, "status", NULL), bad) != 0 || !message[0])
			continue;
		char *text = mem_printf("%s: %.800s", json_walk_str(condition, "reason", NULL), message);
		char *reason = topo_bounded(text, SENTENCE_BYTES);
		free(text);
		return reason;
	}
	if (parts->vm && !json_walk(parts->vm, "status", NULL))
		return mem_strdup(
		        "KubeVirt has not taken it up: check that KubeVirt is installed and its operator runs");
	return mem_strdup("");
}

/* A launcher pod that cannot start says more than the machine's own status. */
static void look_at_pod(const struct build *build, const struct vm_parts *parts, struct topo_workload *workload)
{
	const char *pod_name = json_walk_str(parts->pod, "metadata", "name", NULL);
	struct pod_events events = objects_pod_events(&build->objects, parts->ns, pod_name,
	                                              json_walk_str(parts->pod, "metadata", "uid", NULL));
	char *phase = pod_phase(parts->pod);
	enum topo_state state = pod_state(parts->pod, phase, &events);
	if (workload->state == TOPO_STARTING && state == TOPO_FAILED) {
		workload->state = TOPO_FAILED;
		free(workload->reason);
		workload->reason = pod_reason(parts->pod, phase, &events);
	}
	free(phase);
}

static const json_t *find_named(const json_t *list, const char *name, size_t *at)
{
	const json_t *item;
	size_t i;
	json_array_foreach (list, i, item)
		if (strcmp(json_walk_str(item, "name", NULL), name) == 0) {
			if (at)
				*at = i;
			return item;
		}
	return NULL;
}

static bool is_link_local(const char *text)
{
	struct cni_address address;
	return cni_address_parse(text, &address) && address.family == 6 && address.bytes[0] == 0xfe &&
	       (address.bytes[1] & 0xc0) == 0x80;
}

/* What the instance's status says: the guest agent's word, or only what the pod's annotations say anyway. */
static void take_reported(struct build *build, struct topo_attachment *attachment, const json_t *reported)
{
	const json_t *list = json_object_get(reported, "ipAddresses"), *item;
	const char *mac = json_walk_str(reported, "mac", NULL), *single = json_walk_str(reported, "ipAddress", NULL);
	bool by_guest = strstr(json_walk_str(reported, "infoSource", NULL), "guest-agent") != NULL;
	char *ips[CNI_ITEMS_MAX];
	size_t n = 0, i;
	json_array_foreach (list, i, item)
		if (json_is_string(item) && n < CNI_ITEMS_MAX && !is_link_local(json_string_value(item)))
			ips[n++] = (char *)json_string_value(item);
	if (n == 0 && single[0])
		ips[n++] = (char *)single;
	if (cni_mac_is_valid(mac)) {
		free(attachment->mac);
		attachment->mac = mem_strdup(mac);
	}
	if (n && (by_guest ? attachment->nad != TOPO_NONE || !attachment->address[0] : !attachment->address[0]))
		attach_address(build, attachment, ips, n, by_guest ? TOPO_FROM_GUEST : TOPO_FROM_STATUS);
}

struct vm_spec {
	const json_t *networks, *interfaces, *reported;
	struct cloud_init *data;
};

static void attach_network(struct build *build, const struct vm_parts *parts, const struct vm_spec *spec,
                           const json_t *network, struct pod_networks *got)
{
	const char *name = json_walk_str(network, "name", NULL),
	           *nad = json_walk_str(network, "multus", "networkName", NULL);
	const char *slash = strchr(nad, '/'), *guest_name = NULL;
	size_t at = 0, n = json_array_size(spec->interfaces);
	const json_t *interface = find_named(spec->interfaces, name, &at);
	const json_t *reported = find_named(spec->reported, name, NULL);
	const char *mac = json_walk_str(reported, "mac", NULL), *shown = json_walk_str(reported, "interfaceName", NULL);
	if ((!interface && !reported) || (!nad[0] && !json_object_get(network, "pod")))
		return;
	if (!mac[0])
		mac = json_walk_str(interface, "macAddress", NULL);
	char *const *ips = NULL;
	size_t n_ips = interface ? cloud_init_addresses(spec->data, at, n, mac, &ips, &guest_name) : 0;
	char *ns = slash ? mem_strndup(nad, (size_t)(slash - nad)) : mem_strdup(parts->ns);
	struct attach_wish wish = {
	        .ns = ns,
	        .name = nad[0] ? (slash ? slash + 1 : nad) : NULL,
	        .shown = shown[0]     ? shown
	                 : guest_name ? guest_name
	                              : name,
	};
	struct topo_attachment *attachment = attach_wish(build, &wish, got);
	if (n_ips)
		attach_address(build, attachment, ips, n_ips, TOPO_FROM_CLOUD_INIT);
	take_reported(build, attachment, reported);
	if (!attachment->mac[0] && cni_mac_is_valid(mac)) {
		free(attachment->mac);
		attachment->mac = mem_strdup(mac);
	}
	free(ns);
}

static void attach_networks(struct build *build, const struct vm_parts *parts, const json_t *machine)
{
	struct vm_spec spec = {
	        .networks = json_object_get(machine, "networks"),
	        .interfaces = json_walk(machine, "domain", "devices", "interfaces", NULL),
	        .reported = json_walk(parts->vmi, "status", "interfaces", NULL),
	        .data = cloud_init_create(json_object_get(machine, "volumes")),
	};
	struct pod_networks got;
	const json_t *network;
	size_t i;
	pod_networks_init(&got, parts->pod);
	if (!spec.networks && !json_array_size(spec.interfaces))
		attach_wish(build, &(struct attach_wish){.shown = "eth0"},
		            &got); /* KubeVirt gives such a machine the pod network */
	json_array_foreach (spec.networks, i, network)
		if (i < CNI_ITEMS_MAX)
			attach_network(build, parts, &spec, network, &got);
	pod_networks_finish(&got);
	cloud_init_destroy(spec.data);
}

void build_vm(struct build *build, const struct vm_parts *parts)
{
	const json_t *machine = parts->vmi ? json_object_get(parts->vmi, "spec")
	                                   : json_walk(parts->vm, "spec", "template", "spec", NULL);
	const char *node = json_walk_str(parts->vmi, "status", "nodeName", NULL);
	if (!node[0])
		node = json_walk_str(parts->pod, "spec", "nodeName", NULL);
	struct topo_workload workload = {
	        .kind = TOPO_VM,
	        .ns = topo_bounded(parts->ns, NAME_BYTES),
	        .name = topo_bounded(parts->name, NAME_BYTES),
	        .pod = topo_bounded(json_walk_str(parts->pod, "metadata", "name", NULL), NAME_BYTES),
	        .node = node[0] ? build_find_node(build->topo, node) : TOPO_NONE,
	        .phase = parts->is_planned ? mem_strdup("planned") : vm_phase(parts),
	        .state = TOPO_PLANNED,
	        .ports = pod_ports(json_walk(machine, "domain", "devices", "interfaces", NULL), "ports", "port"),
	};
	workload.id = mem_printf("%s/%s", workload.ns, workload.name);
	if (!parts->is_planned)
		workload.state = vm_state(parts, workload.phase);
	bool is_well =
	        workload.state == TOPO_RUNNING || workload.state == TOPO_PLANNED || workload.state == TOPO_STOPPED;
	workload.reason = is_well ? mem_strdup("") : vm_reason(parts);
	if (parts->pod)
		look_at_pod(build, parts, &workload);
	vec_push(&build->topo->workloads, workload);
	if (machine)
		attach_networks(build, parts, machine);
	else
		attach_pod(build, parts->pod);
}
