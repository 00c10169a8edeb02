/* The last step of a build: drops networks that only strange namespaces have, sorts everything by name and mends the
 * indexes, so that the same objects in any order give the same graph. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

/* Attachments are kept in the order of workload, pod network first, then net2 before net10. */
static int compare_attachments(const void *left, const void *right)
{
	const struct topo_attachment *a = left, *b = right;
	if (a->workload != b->workload)
		return a->workload < b->workload ? -1 : 1;
	if ((a->nad == TOPO_NONE && a->network == 0) != (b->nad == TOPO_NONE && b->network == 0))
		return a->network == 0 ? -1 : 1;
	int order = strverscmp(a->interface, b->interface);
	if (order)
		return order;
	return a->network < b->network ? -1 : a->network > b->network;
}

static int compare_networks(const void *a, const void *b, void *topo)
{
	const struct topo *sorted = topo;
	return strcmp(sorted->networks.data[*(const size_t *)a].name, sorted->networks.data[*(const size_t *)b].name);
}

static int compare_workloads(const void *left, const void *right, void *topo)
{
	const struct topo *sorted = topo;
	const struct topo_workload *a = &sorted->workloads.data[*(const size_t *)left];
	const struct topo_workload *b = &sorted->workloads.data[*(const size_t *)right];
	int order = strcmp(a->ns, b->ns);
	if (order == 0)
		order = strcmp(a->name, b->name);
	return order ? order : (int)a->kind - (int)b->kind;
}

typedef int compare_fn(const void *a, const void *b, void *topo);

/* A permutation of 0..n-1: place -> old index. */
static size_t *permutation(struct topo *topo, size_t n, size_t first, compare_fn *compare)
{
	size_t *order = mem_alloc((n + 1) * sizeof *order);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	if (n > first + 1)
		qsort_r(order + first, n - first, sizeof *order, compare, topo);
	return order;
}

static void free_network(struct topo_network *network)
{
	free(network->name);
	free(network->subnets);
	free(network->physical_name);
	free(network->problem);
}

/* NADs outside the act's namespaces stay only if something is attached through them; likewise networks. */
static void drop_nads(struct build *build)
{
	struct topo *topo = build->topo;
	bool *used = mem_alloc(topo->nads.len + 1);
	size_t *place = mem_alloc((topo->nads.len + 1) * sizeof *place), kept = 0;
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].nad != TOPO_NONE)
			used[topo->attachments.data[i].nad] = true;
	for (size_t i = 0; i < topo->nads.len; i++) {
		struct topo_nad *nad = &topo->nads.data[i];
		if (used[i] || objects_is_wanted(&build->objects, nad->ns)) {
			place[i] = kept;
			topo->nads.data[kept++] = *nad;
		} else {
			free(nad->ns);
			free(nad->name);
			free(nad->problem);
		}
	}
	topo->nads.len = kept;
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].nad != TOPO_NONE)
			topo->attachments.data[i].nad = place[topo->attachments.data[i].nad];
	free(place);
	free(used);
}

static void order_networks(struct topo *topo)
{
	size_t n = topo->networks.len, kept = 0;
	bool *used = mem_alloc(n);
	size_t *order = permutation(topo, n, 1, compare_networks), *place = mem_alloc(n * sizeof *place);
	struct topo_network *old = topo->networks.data;
	used[0] = true;
	for (size_t i = 0; i < topo->nads.len; i++)
		used[topo->nads.data[i].network] = true;
	for (size_t i = 0; i < topo->attachments.len; i++)
		used[topo->attachments.data[i].network] = true;
	topo->networks.data = mem_alloc(n * sizeof *old);
	topo->networks.cap = n;
	for (size_t i = 0; i < n; i++) {
		if (!used[order[i]]) {
			free_network(&old[order[i]]);
			continue;
		}
		place[order[i]] = kept;
		topo->networks.data[kept++] = old[order[i]];
	}
	topo->networks.len = kept;
	for (size_t i = 0; i < topo->nads.len; i++)
		topo->nads.data[i].network = place[topo->nads.data[i].network];
	for (size_t i = 0; i < topo->attachments.len; i++)
		topo->attachments.data[i].network = place[topo->attachments.data[i].network];
	free(old);
	free(order);
	free(place);
	free(used);
}

static void order_workloads(struct topo *topo)
{
	size_t n = topo->workloads.len;
	if (n == 0)
		return;
	size_t *order = permutation(topo, n, 0, compare_workloads), *place = mem_alloc(n * sizeof *place);
	struct topo_workload *old = topo->workloads.data;
	topo->workloads.data = mem_alloc(n * sizeof *old);
	topo->workloads.cap = n;
	for (size_t i = 0; i < n; i++) {
		place[order[i]] = i;
		topo->workloads.data[i] = old[order[i]];
	}
	for (size_t i = 0; i < topo->attachments.len; i++)
		topo->attachments.data[i].workload = place[topo->attachments.data[i].workload];
	free(old);
	free(order);
	free(place);
}

/* A network that only attachments speak of is there if one of them is. */
static void settle_mentioned(struct build *build)
{
	struct topo *topo = build->topo;
	bool *has_nad = mem_alloc(topo->networks.len);
	for (size_t i = 0; i < topo->nads.len; i++)
		has_nad[topo->nads.data[i].network] = true;
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		struct topo_network *network = &topo->networks.data[attachment->network];
		if (attachment->network == 0 || has_nad[attachment->network])
			continue;
		if (attachment->state == TOPO_RUNNING) {
			network->state = TOPO_RUNNING;
			network->problem[0] = 0;
		} else if (attachment->problem[0] && network->state == TOPO_PLANNED) {
			network->state = TOPO_FAILED;
			free(network->problem);
			network->problem = mem_strdup(attachment->problem);
		}
	}
	free(has_nad);
}

void build_order(struct build *build)
{
	struct topo *topo = build->topo;
	settle_mentioned(build);
	drop_nads(build);
	order_networks(topo);
	order_workloads(topo);
	if (topo->attachments.len > 1)
		qsort(topo->attachments.data, topo->attachments.len, sizeof *topo->attachments.data,
		      compare_attachments);
}
