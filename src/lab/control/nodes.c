/* Node objects: labels, addresses, capacity and conditions as a kind cluster's, with this machine's own figures. */
#include "lab/control/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lab/image.h"

#define PODS_MAX 250 /* addresses of a node's subnet, rounded down */

static json_t *labels(const struct stack_node_config *config, const char *architecture)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "beta.kubernetes.io/arch", architecture,
	                        "beta.kubernetes.io/os", "linux", "kubernetes.io/arch", architecture,
	                        "kubernetes.io/hostname", config->name, "kubernetes.io/os", "linux");
	json_object_set_new(out,
	                    config->is_control_plane ? "node-role.kubernetes.io/control-plane"
	                                             : "node-role.kubernetes.io/worker",
	                    json_string(""));
	return out;
}

static json_t *annotations(const struct stack_node_config *config)
{
	json_t *out = json_pack("{s:s, s:s, s:s}", "k8s.ovn.org/node-chassis-id", config->name,
	                        "node.alpha.kubernetes.io/ttl", "0",
	                        "volumes.kubernetes.io/controller-managed-attach-detach", "true");
	json_object_set_new(out, "k8s.ovn.org/host-cidrs", json_sprintf("[\"%s/24\"]", config->address));
	json_object_set_new(out, "k8s.ovn.org/node-encap-ips", json_sprintf("[\"%s\"]", config->address));
	json_object_set_new(out, "k8s.ovn.org/node-primary-ifaddr",
	                    json_sprintf("{\"ipv4\":\"%s/24\"}", config->address));
	json_object_set_new(out, "k8s.ovn.org/node-subnets", json_sprintf("{\"default\":[\"%s\"]}", config->subnet));
	return out;
}

static json_t *spec(const struct stack_node_config *config)
{
	json_t *out = json_pack("{s:s, s:[s]}", "podCIDR", config->subnet, "podCIDRs", config->subnet);
	if (config->is_control_plane)
		json_object_set_new(out, "taints",
		                    json_pack("[{s:s, s:s}]", "effect", "NoSchedule", "key",
		                              "node-role.kubernetes.io/control-plane"));
	return out;
}

/* ---- status ---- */

static void read_word(const char *path, char *out, size_t size)
{
	struct str text = {0};
	out[0] = '\0';
	if (file_read(path, 4096, &text, NULL))
		snprintf(out, size, "%.*s", (int)strcspn(str_text(&text), "\n"), str_text(&text));
	str_finish(&text);
}

static void os_name(char *out, size_t size)
{
	struct str text = {0};
	const char *at =
	        file_read("/etc/os-release", 65536, &text, NULL) ? strstr(str_text(&text), "PRETTY_NAME=\"") : NULL;
	snprintf(out, size, "Linux");
	if (at != NULL) {
		at += strlen("PRETTY_NAME=\"");
		snprintf(out, size, "%.*s", (int)strcspn(at, "\"\n"), at);
	}
	str_finish(&text);
}

static json_t *resources(void)
{
	struct sysinfo info = {0};
	sysinfo(&info);
	char cpu[16], memory[32], pods[16];
	snprintf(cpu, sizeof cpu, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	snprintf(memory, sizeof memory, "%lluKi", (unsigned long long)info.totalram * info.mem_unit / 1024);
	snprintf(pods, sizeof pods, "%d", PODS_MAX);
	return json_pack("{s:s, s:s, s:s}", "cpu", cpu, "memory", memory, "pods", pods);
}

static json_t *images(void)
{
	json_t *list = json_array();
	for (size_t i = 0; image_at(i) != NULL; i++)
		json_array_append_new(list, json_pack("{s:[s], s:i}", "names", image_at(i)->example, "sizeBytes", 0));
	return list;
}

static json_t *node_info(void)
{
	struct utsname system;
	char machine[64], boot[64], os[128];
	uname(&system);
	read_word("/etc/machine-id", machine, sizeof machine);
	read_word("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
	os_name(os, sizeof os);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "machineID", machine, "systemUUID",
	                 machine, "bootID", boot, "kernelVersion", system.release, "osImage", os,
	                 "containerRuntimeVersion", "onesdn://" ONESDN_VERSION, "kubeletVersion", NODES_KUBELET_VERSION,
	                 "kubeProxyVersion", NODES_KUBELET_VERSION, "operatingSystem", "linux", "architecture",
	                 strcmp(system.machine, "x86_64") == 0 ? "amd64" : "arm64");
}

static void add_condition(json_t *list, const json_t *old, const char *type, bool is_true, const char *const words[2])
{
	size_t i;
	json_t *was;
	char now[32];
	time_format(time_wall_ms(), now);
	const char *status = is_true ? "True" : "False", *since = now;
	json_array_foreach (json_walk(old, "status", "conditions", NULL), i, was) {
		if (strcmp(json_walk_str(was, "type", NULL), type) == 0 &&
		    strcmp(json_walk_str(was, "status", NULL), status) == 0)
			since = json_walk_str(was, "lastTransitionTime", NULL);
	}
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "status", status,
	                                      "lastHeartbeatTime", now, "lastTransitionTime", since, "reason", words[0],
	                                      "message", words[1]));
}

static json_t *conditions(const struct stack_node *node, const json_t *old)
{
	static const char *const memory[] = {"KubeletHasSufficientMemory", "kubelet has sufficient memory available"};
	static const char *const disk[] = {"KubeletHasNoDiskPressure", "kubelet has no disk pressure"};
	static const char *const pid[] = {"KubeletHasSufficientPID", "kubelet has sufficient PID available"};
	const char *const ready[] = {node->is_ready ? "KubeletReady" : "KubeletNotReady",
	                             node->is_ready ? "kubelet is posting ready status" : node->reason};
	json_t *list = json_array();
	add_condition(list, old, "MemoryPressure", false, memory);
	add_condition(list, old, "DiskPressure", false, disk);
	add_condition(list, old, "PIDPressure", false, pid);
	add_condition(list, old, "Ready", node->is_ready, ready);
	return list;
}

static json_t *status(const struct stack_node *node, const json_t *old)
{
	json_t *capacity = resources();
	return json_pack("{s:o, s:O, s:o, s:[{s:s, s:s}, {s:s, s:s}], s:{s:{s:i}}, s:o, s:o}", "capacity", capacity,
	                 "allocatable", capacity, "conditions", conditions(node, old), "addresses", "type",
	                 "InternalIP", "address", node->config->address, "type", "Hostname", "address",
	                 node->config->name, "daemonEndpoints", "kubeletEndpoint", "Port", 10250, "nodeInfo",
	                 node_info(), "images", images());
}

/* ---- the face ---- */

static json_t *node_object(const struct stack_node *node)
{
	struct utsname system;
	uname(&system);
	const char *architecture = strcmp(system.machine, "x86_64") == 0 ? "amd64" : "arm64";
	return json_pack("{s:s, s:s, s:{s:s, s:o, s:o}, s:o, s:o}", "apiVersion", "v1", "kind", "Node", "metadata",
	                 "name", node->config->name, "labels", labels(node->config, architecture), "annotations",
	                 annotations(node->config), "spec", spec(node->config), "status", status(node, NULL));
}

void nodes_add_all(struct store *store, struct stack *stack)
{
	struct err err = {0};
	for (size_t i = 0; i < STACK_NODES; i++) {
		json_t *object = node_object(stack_node(stack, i));
		if (!store_add(store, lab_resource_kind("Node"), object, NULL, &err))
			log_write(LOG_ERROR, "node %s: %s", stack_node(stack, i)->config->name, err.text);
		json_decref(object);
		nodes_update(store, stack_node(stack, i));
	}
}

void nodes_update(struct store *store, const struct stack_node *node)
{
	const struct lab_resource *resource = lab_resource_kind("Node");
	const json_t *old = store_get(store, resource, NULL, node->config->name);
	struct err err = {0};
	if (old == NULL)
		return;
	json_t *copy = json_deep_copy(old);
	bool was_ready =
	        json_walk(old, "status", "conditions", NULL) != NULL &&
	        strcmp(json_walk_str(json_array_get(json_walk(old, "status", "conditions", NULL), 3), "status", NULL),
	               "True") == 0;
	json_object_set_new(copy, "status", status(node, old));
	if (!store_update_status(store, resource, copy, &old, &err))
		log_write(LOG_WARN, "status of node %s: %s", node->config->name, err.text);
	else if (was_ready != node->is_ready)
		store_event(store, old, "Normal", node->is_ready ? "NodeReady" : "NodeNotReady", "kubelet",
		            "Node %s status is now: %s", node->config->name,
		            node->is_ready ? "NodeReady" : "NodeNotReady");
	json_decref(copy);
}
