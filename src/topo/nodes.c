/* Namespaces and nodes. Nodes that only pods name are shown too: a workload owner may not list nodes. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

#define LABEL_WORKER "node-role.kubernetes.io/worker"
#define LABEL_CONTROL "node-role.kubernetes.io/control-plane"
#define LABEL_MASTER "node-role.kubernetes.io/master"

static int compare_namespaces(const void *a, const void *b)
{
	return strcmp(((const struct topo_namespace *)a)->name, ((const struct topo_namespace *)b)->name);
}

static void add_namespace(struct topo *topo, const char *name, enum topo_state state)
{
	struct topo_namespace ns = {topo_bounded(name, NAME_BYTES), state};
	vec_push(&topo->namespaces, ns);
}

static enum topo_state namespace_state(const struct item *item)
{
	if (item->is_planned)
		return TOPO_PLANNED;
	bool terminating = strcmp(json_walk_str(item->object, "status", "phase", NULL), "Terminating") == 0;
	return terminating || topo_is_deleting(item->object) ? TOPO_STOPPING : TOPO_RUNNING;
}

/* Where things are found in a namespace that nobody listed: it is there if one of them is not only planned. */
static void add_mentioned(struct build *build)
{
	static const enum item_kind kinds[] = {ITEM_POD, ITEM_NAD, ITEM_VM, ITEM_VMI};
	struct map states = {0};
	static char planned, running;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		const struct item_list *list = &build->objects.kinds[kinds[k]];
		for (size_t i = 0; i < list->len; i++) {
			const struct item *item = &list->data[i];
			bool same_as_last = i > 0 && list->data[i - 1].is_planned == item->is_planned &&
			                    strcmp(list->data[i - 1].ns, item->ns) == 0;
			if (!same_as_last && (!item->is_planned || !map_find(&states, item->ns)))
				map_set(&states, item->ns, item->is_planned ? &planned : &running);
		}
	}
	for (size_t i = 0; i < states.len; i++) {
		const char *name = states.entries[i].key;
		const struct item *listed = objects_find(&build->objects, ITEM_NAMESPACE, "", name);
		bool is_running = states.entries[i].value == &running;
		if (!build->objects.namespaces && !listed)
			add_namespace(build->topo, name, is_running ? TOPO_RUNNING : TOPO_PLANNED);
	}
	for (size_t i = 0; build->objects.namespaces && build->objects.namespaces[i]; i++) {
		const char *name = build->objects.namespaces[i];
		if (!objects_find(&build->objects, ITEM_NAMESPACE, "", name))
			add_namespace(build->topo, name,
			              map_find(&states, name) == &running ? TOPO_RUNNING : TOPO_PLANNED);
	}
	map_finish(&states);
}

void build_namespaces(struct build *build)
{
	const struct item_list *list = &build->objects.kinds[ITEM_NAMESPACE];
	struct topo *topo = build->topo;
	for (size_t i = 0; i < list->len; i++)
		if (objects_is_wanted(&build->objects, list->data[i].name))
			add_namespace(topo, list->data[i].name, namespace_state(&list->data[i]));
	add_mentioned(build);
	if (topo->namespaces.len > 1)
		qsort(topo->namespaces.data, topo->namespaces.len, sizeof *topo->namespaces.data, compare_namespaces);
	size_t kept = 0; /* the act may name one twice */
	for (size_t i = 0; i < topo->namespaces.len; i++) {
		if (kept > 0 && strcmp(topo->namespaces.data[i].name, topo->namespaces.data[kept - 1].name) == 0)
			free(topo->namespaces.data[i].name);
		else
			topo->namespaces.data[kept++] = topo->namespaces.data[i];
	}
	topo->namespaces.len = kept;
}

static char *internal_address(const json_t *node)
{
	const json_t *addresses = json_walk(node, "status", "addresses", NULL), *address;
	size_t i;
	json_array_foreach (addresses, i, address)
		if (strcmp(json_walk_str(address, "type", NULL), "InternalIP") == 0)
			return topo_bounded(json_walk_str(address, "address", NULL), 63);
	return mem_strdup("");
}

static bool is_worker(const json_t *node)
{
	const json_t *labels = json_walk(node, "metadata", "labels", NULL);
	return json_object_get(labels, LABEL_WORKER) ||
	       (!json_object_get(labels, LABEL_CONTROL) && !json_object_get(labels, LABEL_MASTER));
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct topo_node *)a)->name, ((const struct topo_node *)b)->name);
}

/* Nodes that pods name and nobody listed, once each. */
static void add_inferred(struct build *build)
{
	const struct item_list *pods = &build->objects.kinds[ITEM_POD];
	struct map seen = {0};
	for (size_t i = 0; i < pods->len; i++) {
		const json_t *pod = pods->data[i].object;
		const char *name = json_walk_str(pod, "spec", "nodeName", NULL);
		if (pods->data[i].is_planned || !name[0] || !objects_is_wanted(&build->objects, pods->data[i].ns) ||
		    objects_find(&build->objects, ITEM_NODE, "", name))
			continue;
		bool is_running = strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") == 0;
		if (!map_find(&seen, name) || is_running)
			map_set(&seen, name, (void *)pod);
	}
	for (size_t i = 0; i < seen.len; i++) {
		const json_t *pod = seen.entries[i].value;
		struct topo_node node = {
		        .name = topo_bounded(seen.entries[i].key, NAME_BYTES),
		        .address = topo_bounded(json_walk_str(pod, "status", "hostIP", NULL), 63),
		        .is_ready = strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") == 0,
		        .is_worker = true,
		};
		vec_push(&build->topo->nodes, node);
	}
	map_finish(&seen);
}

void build_nodes(struct build *build)
{
	const struct item_list *list = &build->objects.kinds[ITEM_NODE];
	struct topo *topo = build->topo;
	for (size_t i = 0; i < list->len; i++) {
		const json_t *object = list->data[i].object;
		struct topo_node node = {
		        .name = topo_bounded(list->data[i].name, NAME_BYTES),
		        .address = internal_address(object),
		        .is_ready = topo_has_condition(object, "Ready", "True"),
		        .is_worker = is_worker(object),
		};
		vec_push(&topo->nodes, node);
	}
	add_inferred(build);
	if (topo->nodes.len > 1)
		qsort(topo->nodes.data, topo->nodes.len, sizeof *topo->nodes.data, compare_nodes);
}

size_t build_find_node(const struct topo *topo, const char *name)
{
	size_t low = 0, high = topo->nodes.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(topo->nodes.data[middle].name, name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return TOPO_NONE;
}
