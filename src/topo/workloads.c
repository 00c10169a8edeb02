/* Every pod and every virtual machine becomes a workload; launcher pods belong to their machines. pods.c and vms.c say in
 * what state one is, attach.c what it is attached to. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

struct launcher {
	const char *ns, *name; /* of the machine */
	const json_t *pod;
	size_t order;
};
struct launchers {
	struct launcher *data;
	size_t len, cap;
};

static int compare_launchers(const void *left, const void *right)
{
	const struct launcher *a = left, *b = right;
	int order = strcmp(a->ns, b->ns);
	if (order == 0)
		order = strcmp(a->name, b->name);
	return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

static void collect_launchers(struct build *build, struct launchers *launchers)
{
	const struct item_list *pods = &build->objects.kinds[ITEM_POD];
	for (size_t i = 0; i < pods->len; i++) {
		const struct item *item = &pods->data[i];
		if (item->is_planned || !objects_is_wanted(&build->objects, item->ns) || !vm_is_launcher(item->object))
			continue;
		const char *name = vm_of_launcher(item->object);
		struct launcher launcher = {item->ns, name[0] ? name : item->name, item->object, i};
		vec_push(launchers, launcher);
	}
	if (launchers->len > 1)
		qsort(launchers->data, launchers->len, sizeof *launchers->data, compare_launchers);
}

static int rank(const json_t *pod, const json_t *vmi)
{
	const char *phase = json_walk_str(pod, "status", "phase", NULL),
	           *node = json_walk_str(vmi, "status", "nodeName", NULL);
	int points = 0;
	points += strcmp(phase, "Running") == 0 ? 4 : strcmp(phase, "Pending") == 0 ? 2 : 0;
	points += topo_is_deleting(pod) ? 0 : 1;
	points += node[0] && strcmp(json_walk_str(pod, "spec", "nodeName", NULL), node) == 0 ? 8 : 0;
	return points;
}

/* During a migration, or after a restart, a machine has several: the one that runs it, else the newest. */
static const json_t *choose_launcher(const struct launchers *launchers, const char *ns, const char *name,
                                     const json_t *vmi)
{
	size_t low = 0, high = launchers->len;
	struct launcher key = {.ns = ns, .name = name};
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_launchers(&launchers->data[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const json_t *best = NULL;
	const char *uid = json_walk_str(vmi, "metadata", "uid", NULL);
	for (; low < launchers->len; low++) {
		const struct launcher *each = &launchers->data[low];
		if (strcmp(each->ns, ns) != 0 || strcmp(each->name, name) != 0)
			break;
		const char *creator = topo_label(each->pod, "kubevirt.io/created-by");
		if (uid[0] && creator[0] && strcmp(uid, creator) != 0)
			continue;
		int better = best ? rank(each->pod, vmi) - rank(best, vmi) : 1;
		if (better == 0)
			better = strcmp(json_walk_str(each->pod, "metadata", "creationTimestamp", NULL),
			                json_walk_str(best, "metadata", "creationTimestamp", NULL));
		if (better > 0)
			best = each->pod;
	}
	return best;
}

static void build_pod(struct build *build, const struct item *item)
{
	const json_t *pod = item->object;
	const char *node = json_walk_str(pod, "spec", "nodeName", NULL);
	struct topo_workload workload = {
	        .kind = TOPO_POD,
	        .ns = topo_bounded(item->ns, NAME_BYTES),
	        .name = topo_bounded(item->name, NAME_BYTES),
	        .pod = topo_bounded(item->name, NAME_BYTES),
	        .node = node[0] && !item->is_planned ? build_find_node(build->topo, node) : TOPO_NONE,
	        .state = TOPO_PLANNED,
	        .ports = pod_ports(json_walk(pod, "spec", "containers", NULL), "ports", "containerPort"),
	};
	workload.id = mem_printf("%s/%s", workload.ns, workload.name);
	if (item->is_planned) {
		workload.phase = mem_strdup("planned");
		workload.reason = mem_strdup("");
	} else {
		struct pod_events events = objects_pod_events(&build->objects, item->ns, item->name,
		                                              json_walk_str(pod, "metadata", "uid", NULL));
		workload.phase = pod_phase(pod);
		workload.state = pod_state(pod, workload.phase, &events);
		bool tells = workload.state == TOPO_STARTING || workload.state == TOPO_FAILED;
		workload.reason = tells ? pod_reason(pod, workload.phase, &events) : mem_strdup("");
	}
	vec_push(&build->topo->workloads, workload);
	attach_pod(build, pod);
}

static void build_machines(struct build *build, const struct launchers *launchers, enum item_kind kind)
{
	const struct item_list *list = &build->objects.kinds[kind];
	for (size_t i = 0; i < list->len; i++) {
		const struct item *item = &list->data[i], *vmi = NULL;
		if (!objects_is_wanted(&build->objects, item->ns))
			continue;
		if (kind == ITEM_VM)
			vmi = objects_find(&build->objects, ITEM_VMI, item->ns, item->name);
		else if (objects_find(&build->objects, ITEM_VM, item->ns, item->name))
			continue;
		struct vm_parts parts = {
		        .ns = item->ns,
		        .name = item->name,
		        .vm = kind == ITEM_VM ? item->object : NULL,
		        .vmi = kind == ITEM_VMI           ? item->object
		               : vmi && !item->is_planned ? vmi->object
		                                          : NULL,
		        .is_planned = item->is_planned,
		};
		if (!item->is_planned)
			parts.pod = choose_launcher(launchers, item->ns, item->name, parts.vmi);
		build_vm(build, &parts);
	}
}

/* Launchers of machines that nobody listed. */
static void build_orphans(struct build *build, const struct launchers *launchers)
{
	for (size_t i = 0; i < launchers->len; i++) {
		const struct launcher *each = &launchers->data[i];
		bool same_as_last =
		        i > 0 && strcmp(each[-1].ns, each->ns) == 0 && strcmp(each[-1].name, each->name) == 0;
		if (same_as_last || objects_find(&build->objects, ITEM_VM, each->ns, each->name) ||
		    objects_find(&build->objects, ITEM_VMI, each->ns, each->name))
			continue;
		struct vm_parts parts = {.ns = each->ns, .name = each->name};
		parts.pod = choose_launcher(launchers, each->ns, each->name, NULL);
		if (parts.pod)
			build_vm(build, &parts);
	}
}

void build_workloads(struct build *build)
{
	struct launchers launchers = {0};
	const struct item_list *pods = &build->objects.kinds[ITEM_POD];
	collect_launchers(build, &launchers);
	for (size_t i = 0; i < pods->len; i++)
		if (objects_is_wanted(&build->objects, pods->data[i].ns) && !vm_is_launcher(pods->data[i].object))
			build_pod(build, &pods->data[i]);
	build_machines(build, &launchers, ITEM_VM);
	build_machines(build, &launchers, ITEM_VMI);
	build_orphans(build, &launchers);
	vec_finish(&launchers);
}
