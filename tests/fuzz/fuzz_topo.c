/* Objects to graph: a JSON array of objects, a zero byte, an array of planned ones. The graph must be sound whatever they
 * say, and the same when it is built again from the objects in reverse. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/topo.h"

#define OBJECTS_MAX 64

static size_t spread(const json_t *array, const json_t **out, bool backwards)
{
	size_t n = json_array_size(array) < OBJECTS_MAX ? json_array_size(array) : OBJECTS_MAX;
	for (size_t i = 0; i < n; i++)
		out[i] = json_array_get(array, backwards ? n - 1 - i : i);
	return n;
}

static void check(const struct topo *topo)
{
	for (size_t i = 0; i < topo->nads.len; i++)
		if (topo->nads.data[i].network != TOPO_NONE && topo->nads.data[i].network >= topo->networks.len)
			abort();
	for (size_t i = 0; i < topo->workloads.len; i++) {
		const struct topo_workload *workload = &topo->workloads.data[i];
		if ((workload->node != TOPO_NONE && workload->node >= topo->nodes.len) || !workload->phase ||
		    !workload->reason || strlen(workload->reason) > 1024 ||
		    topo_find_workload(topo, workload->id) == TOPO_NONE)
			abort();
	}
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *a = &topo->attachments.data[i];
		if (a->workload >= topo->workloads.len || a->network >= topo->networks.len ||
		    (a->nad != TOPO_NONE && a->nad >= topo->nads.len) || !a->problem || !a->mac ||
		    strlen(a->addresses) > 2048 || (a->address[0] != 0) != (a->source != TOPO_FROM_NONE))
			abort();
		if (i > 0 && topo->attachments.data[i - 1].workload > a->workload)
			abort();
	}
	for (size_t i = 0; i < topo->bridges.len; i++)
		if (topo->bridges.data[i].node != TOPO_NONE && topo->bridges.data[i].node >= topo->nodes.len)
			abort();
}

/* Of two objects with one name the first counts, so only sets without such pairs must not care for the order. */
static bool has_doubles(const json_t *const *objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(json_walk_str(objects[i], "metadata", "name", NULL),
			           json_walk_str(objects[k], "metadata", "name", NULL)) == 0)
				return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const act[] = {"a", "tenantblue", NULL};
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t first = zero ? (size_t)(zero - data) : size;
	json_t *objects = json_parse((const char *)data, first, "objects", NULL);
	json_t *planned = zero ? json_parse((const char *)zero + 1, size - first - 1, "planned", NULL) : NULL;
	const json_t *lists[3][OBJECTS_MAX];
	struct topo_input input = {.objects = lists[0], .planned = lists[1]};
	input.n_objects = spread(objects, lists[0], false);
	input.n_planned = spread(planned, lists[1], false);
	struct topo *whole = topo_build(&input);
	check(whole);
	if (input.n_planned == 0 && !has_doubles(lists[0], input.n_objects)) {
		struct topo_input reverse = {.objects = lists[2], .n_objects = spread(objects, lists[2], true)};
		struct topo *again = topo_build(&reverse);
		if (!topo_same(whole, again))
			abort();
		topo_destroy(again);
	}
	input.namespaces = act;
	struct topo *part = topo_build(&input);
	check(part);
	topo_same(part, whole);
	topo_destroy(part);
	topo_destroy(whole);
	json_decref(objects);
	json_decref(planned);
	return 0;
}
