/* world: from objects to what can be asked. Workloads, attachments and addresses come from the graph (topo); labels, ports
 * and namespaces' labels from the objects themselves. */
#include "policy/world.h"

#include <stdlib.h>
#include <string.h>

static const char *const kept_kinds[] = {"Namespace", "Pod", "VirtualMachineInstance", "VirtualMachine",
                                         "MultiNetworkPolicy"};

static bool is_kept(const json_t *object)
{
	const char *kind = json_walk_str(object, "kind", NULL);
	for (size_t i = 0; i < sizeof kept_kinds / sizeof *kept_kinds; i++)
		if (strcmp(kind, kept_kinds[i]) == 0)
			return true;
	return false;
}

/* The API server gives every namespace its name as a label; a file's may lack it, or the whole namespace. */
static void add_namespace(struct policy_world *world, const char *name, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata"), *labels = json_object_get(metadata, "labels");
	if (!json_is_object(metadata))
		return;
	if (!json_is_object(labels)) {
		labels = json_object();
		json_object_set_new(metadata, "labels", labels);
	}
	if (!json_object_get(labels, "kubernetes.io/metadata.name"))
		json_object_set_new(labels, "kubernetes.io/metadata.name", json_string(name));
	map_set(&world->namespaces, name, labels);
}

static void need_namespace(struct policy_world *world, const char *name)
{
	if (map_find(&world->namespaces, name))
		return;
	json_t *object = json_pack("{s:s, s:{s:s}}", "kind", "Namespace", "metadata", "name", name);
	json_array_append_new(world->objects, object);
	add_namespace(world, name, object);
}

static void keep_objects(struct policy_world *world, const json_t *const *objects, size_t n, struct map *pods)
{
	world->objects = json_array();
	for (size_t i = 0; i < n; i++) {
		if (!is_kept(objects[i]))
			continue;
		json_t *copy = json_deep_copy(objects[i]);
		json_array_append_new(world->objects, copy);
		const char *kind = json_walk_str(copy, "kind", NULL),
		           *name = json_walk_str(copy, "metadata", "name", NULL);
		if (strcmp(kind, "Namespace") == 0) {
			add_namespace(world, name, copy);
		} else if (strcmp(kind, "Pod") == 0) {
			char *id = mem_printf("%s/%s", json_walk_str(copy, "metadata", "namespace", NULL), name);
			map_set(pods, id, copy);
			free(id);
		}
	}
}

static void take_networks(struct policy_world *world)
{
	const struct topo *topo = world->topo;
	for (size_t i = 0; i < topo->networks.len; i++) {
		struct network network = {.name = mem_strdup(topo->networks.data[i].name)};
		network.is_stateful[POLICY_SPEC] = true;
		char *list = mem_strdup(topo->networks.data[i].subnets), *rest = list, *item;
		while ((item = strsep(&rest, ", ")) != NULL) {
			struct cni_address subnet;
			char *host_bits = strchr(item, '/') ? strchr(strchr(item, '/') + 1, '/') : NULL;
			if (host_bits) /* layer3: CIDR/BITS-OF-A-NODE */
				*host_bits = '\0';
			if (*item && cni_address_parse(item, &subnet)) {
				network.has_ipam = true;
				network.families[subnet.family == 6] = true;
			}
		}
		free(list);
		vec_push(&world->networks, network);
	}
	for (size_t i = 0; i < topo->nads.len; i++) {
		const struct topo_nad *nad = &topo->nads.data[i];
		if (nad->network == TOPO_NONE || nad->network == 0)
			continue;
		char *id = mem_printf("%s/%s", nad->ns, nad->name);
		map_set(&world->nads, id, (void *)(uintptr_t)(nad->network + 1));
		if (nad->state == TOPO_FAILED)
			map_set(&world->ignored_nads, id, world);
		free(id);
	}
}

static void take_address(struct endpoint *endpoint, const char *text)
{
	struct cni_address address;
	if (!cni_address_parse(text, &address))
		return;
	address.prefix = -1;
	vec_push(&endpoint->addresses, address);
}

/* The pod says which ports OVN-Kubernetes made and with which addresses; no other address gets through such a port. One
 * without addresses is a machine's that has its own: what is known of them the graph has. */
static void take_port(struct endpoint *endpoint, const struct topo_attachment *attachment, const json_t *pod)
{
	struct cni_statuses given = {0};
	endpoint->has_port = attachment->state == TOPO_PLANNED || attachment->state == TOPO_RUNNING;
	cni_pod_networks_parse(json_walk_str(pod, "metadata", "annotations", CNI_OVN_ANNOTATION, NULL), &given, NULL);
	for (size_t i = 0; i < given.items.len; i++) {
		const struct cni_status *status = &given.items.data[i];
		if (strcmp(status->name, endpoint->nad) != 0)
			continue;
		endpoint->has_port = true;
		for (size_t k = 0; k < status->ips.len; k++)
			take_address(endpoint, status->ips.data[k]);
	}
	cni_statuses_finish(&given);
	if (endpoint->addresses.len > 0)
		return;
	char *list = mem_strdup(attachment->addresses), *rest = list, *item;
	while ((item = strsep(&rest, " ")) != NULL)
		take_address(endpoint, item);
	free(list);
}

static void take_endpoint(struct policy_world *world, const struct topo_attachment *attachment, const struct map *pods)
{
	const struct topo_workload *workload = &world->topo->workloads.data[attachment->workload];
	struct endpoint endpoint = {.network = attachment->network};
	if (world->endpoints.len >= POLICY_ENDPOINTS_MAX) {
		world->n_left_out++;
		return;
	}
	const char *pod_name = *workload->pod ? workload->pod : workload->name;
	char *pod_id = mem_printf("%s/%s", workload->ns, pod_name);
	const json_t *pod = map_find(pods, pod_id);
	free(pod_id);
	const char *phase = json_walk_str(pod, "status", "phase", NULL);
	if (!pod || strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 ||
	    json_is_true(json_walk(pod, "spec", "hostNetwork", NULL)))
		return; /* only what runs or will run has a port on the network, and never in its node's own namespace */
	endpoint.workload = mem_strdup(workload->id);
	endpoint.pod = mem_strdup(pod_name);
	endpoint.ns = mem_strdup(workload->ns);
	need_namespace(world, workload->ns);
	endpoint.address_text = mem_strdup(attachment->address);
	endpoint.labels = json_walk(pod, "metadata", "labels", NULL);
	endpoint.containers = json_walk(pod, "spec", "containers", NULL);
	if (attachment->nad != TOPO_NONE) {
		const struct topo_nad *nad = &world->topo->nads.data[attachment->nad];
		endpoint.nad = mem_printf("%s/%s", nad->ns, nad->name);
	} else {
		endpoint.nad = mem_strdup("");
	}
	take_port(&endpoint, attachment, pod);
	vec_push(&world->endpoints, endpoint);
}

const struct cni_address *policy_first_address(const struct endpoint *endpoint, int family)
{
	for (size_t i = 0; i < endpoint->addresses.len; i++)
		if (!family || endpoint->addresses.data[i].family == family)
			return &endpoint->addresses.data[i];
	return NULL;
}

struct policy_world *policy_world_create(const json_t *const *objects, size_t n_objects)
{
	struct policy_world *world = mem_alloc(sizeof *world);
	struct map pods = {0};
	world->topo = topo_build(&(struct topo_input){.objects = objects, .n_objects = n_objects});
	keep_objects(world, objects, n_objects, &pods);
	take_networks(world);
	for (size_t i = 0; i < world->topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &world->topo->attachments.data[i];
		if (attachment->network != 0 && attachment->network != TOPO_NONE)
			take_endpoint(world, attachment, &pods);
	}
	map_finish(&pods);
	policy_compile_all(world);
	return world;
}

void policy_world_destroy(struct policy_world *world)
{
	if (!world)
		return;
	for (size_t i = 0; i < world->policies.len; i++)
		policy_finish(&world->policies.data[i]);
	for (size_t i = 0; i < world->endpoints.len; i++) {
		struct endpoint *endpoint = &world->endpoints.data[i];
		free(endpoint->workload);
		free(endpoint->pod);
		free(endpoint->ns);
		free(endpoint->nad);
		free(endpoint->address_text);
		vec_finish(&endpoint->addresses);
		vec_finish(&endpoint->policies);
	}
	for (size_t i = 0; i < world->networks.len; i++)
		free(world->networks.data[i].name);
	vec_finish(&world->policies);
	vec_finish(&world->endpoints);
	vec_finish(&world->networks);
	map_finish(&world->namespaces);
	map_finish(&world->nads);
	map_finish(&world->ignored_nads);
	json_decref(world->objects);
	topo_destroy(world->topo);
	free(world);
}

size_t policy_endpoints(const struct policy_world *world)
{
	return world->endpoints.len;
}

struct policy_endpoint policy_endpoint(const struct policy_world *world, size_t at)
{
	const struct endpoint *endpoint = &world->endpoints.data[at];
	return (struct policy_endpoint){.workload = endpoint->workload,
	                                .network = world->networks.data[endpoint->network].name,
	                                .address = endpoint->address_text};
}
