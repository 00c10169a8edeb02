/* Workloads that have the same address on one network. Where the network hands out addresses itself, that cannot be; without IPAM every
 * manifest says its own, and nobody looks whether another one says the same. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

struct claim { /* an address of an attachment */
	struct cni_address address;
	size_t attachment, network;
};
struct claims {
	VEC(struct claim) list;
};

static int compare_places(const struct claim *a, const struct claim *b)
{
	if (a->network != b->network)
		return a->network < b->network ? -1 : 1;
	if (a->address.family != b->address.family)
		return a->address.family - b->address.family;
	return memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	int order = compare_places(a, b);
	return order ? order : (a->attachment > b->attachment) - (a->attachment < b->attachment);
}

/* Who has gone, or is not there yet, or never came onto the network takes nothing away from others: a plan may give an address to one after
 * the other. The pod network and foreign ones are not this graph's to judge. */
static bool counts(const struct topo *topo, const struct topo_attachment *attachment)
{
	const struct topo_workload *workload = &topo->workloads.data[attachment->workload];
	const struct topo_network *network = &topo->networks.data[attachment->network];
	if (attachment->network == 0 || network->topology == CNI_FOREIGN || workload->state == TOPO_PLANNED)
		return false;
	if (workload->kind == TOPO_HOST) /* one that is down comes back to its address */
		return true;
	return attachment->state != TOPO_FAILED && workload->state != TOPO_STOPPED && workload->state != TOPO_STOPPING;
}

static void collect(const struct topo *topo, struct claims *out)
{
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (!counts(topo, attachment))
			continue;
		char *list = mem_strdup(attachment->addresses), *rest = list, *item;
		while ((item = strsep(&rest, " "))) {
			struct claim claim = {.attachment = i, .network = attachment->network};
			if (cni_address_parse(item, &claim.address))
				vec_push(&out->list, claim);
		}
		free(list);
	}
}

static size_t workload_of(const struct topo *topo, const struct claim *claim)
{
	return topo->attachments.data[claim->attachment].workload;
}

static void mark(struct topo *topo, const struct claim *claim, const struct claim *other)
{
	struct topo_attachment *attachment = &topo->attachments.data[claim->attachment];
	char address[64];
	if (attachment->twin != TOPO_NONE)
		return;
	attachment->twin = other->attachment;
	if (attachment->problem[0])
		return;
	cni_address_format(&claim->address, false, address);
	char *problem =
	        mem_printf("%s is the address of %s on %s, too: give one of them another", address,
	                   topo->workloads.data[workload_of(topo, other)].id, topo->networks.data[claim->network].name);
	free(attachment->problem);
	attachment->problem = topo_bounded(problem, SENTENCE_BYTES);
	free(problem);
}

/* The first workload that claims an address is the twin of all others, the second one is that of the first. */
static void mark_all(struct topo *topo, const struct claim *same, size_t n)
{
	size_t second = 1;
	while (second < n && workload_of(topo, &same[second]) == workload_of(topo, &same[0]))
		second++;
	for (size_t i = 0; second < n && i < n; i++)
		mark(topo, &same[i],
		     workload_of(topo, &same[i]) == workload_of(topo, &same[0]) ? &same[second] : &same[0]);
}

void build_twins(struct build *build)
{
	struct topo *topo = build->topo;
	struct claims claims = {0};
	for (size_t i = 0; i < topo->attachments.len; i++)
		topo->attachments.data[i].twin = TOPO_NONE;
	collect(topo, &claims);
	if (claims.list.len > 1)
		qsort(claims.list.data, claims.list.len, sizeof *claims.list.data, compare_claims);
	for (size_t from = 0, to; from < claims.list.len; from = to) {
		for (to = from + 1;
		     to < claims.list.len && compare_places(&claims.list.data[from], &claims.list.data[to]) == 0; to++)
			;
		mark_all(topo, &claims.list.data[from], to - from);
	}
	vec_finish(&claims.list);
}
