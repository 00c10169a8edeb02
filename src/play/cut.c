/* cut: what was seen to pass cannot any more when one of its ends, or the way of one of them, is away: said at once, and
 * taken back when it is there again. */
#include "play/engine.h"

#include <stdio.h>
#include <string.h>

/* The network that the flow goes over; TOPO_NONE when its ends have none in common. */
static size_t network_of(const struct topo *topo, const struct scenario_flow *plan, size_t from, size_t to)
{
	if (plan->network[0] != '\0')
		return topo_find_network(topo, plan->network);
	for (size_t i = 0; i < topo->attachments.len; i++)
		for (size_t k = 0; k < topo->attachments.len; k++)
			if (topo->attachments.data[i].workload == from && topo->attachments.data[k].workload == to &&
			    topo->attachments.data[i].network == topo->attachments.data[k].network &&
			    topo->attachments.data[i].network != 0)
				return topo->attachments.data[i].network;
	return TOPO_NONE;
}

static bool is_cut(const struct topo *topo, const struct scenario_flow *plan, struct str *why)
{
	size_t from = topo_find_workload(topo, plan->from), to = topo_find_workload(topo, plan->to);
	if (from == TOPO_NONE || to == TOPO_NONE)
		return false; /* an address: nobody watches it */
	size_t network = network_of(topo, plan, from, to);
	return network != TOPO_NONE && (topo_is_cut(topo, to, network, why) || topo_is_cut(topo, from, network, why));
}

void cut_look(struct play *p, const struct topo *topo)
{
	for (size_t i = 0; i < p->flows.len; i++) {
		struct play_flow *flow = &p->flows.data[i];
		size_t from = topo_find_workload(topo, flow->plan->from);
		struct str why = {0};
		flow->is_cut = flow->state == PLAY_FLOW_OK && is_cut(topo, flow->plan, &why);
		snprintf(flow->why, sizeof flow->why, "%s", flow->is_cut ? str_text(&why) : "");
		text_trim(flow->why);
		if (flow->is_cut && from != TOPO_NONE && topo->workloads.data[from].state == TOPO_PLANNED) {
			flow->state = PLAY_FLOW_UNTRIED; /* nobody is there to try it */
			flow->is_cut = false;
		}
		str_finish(&why);
	}
}

bool cut_why(struct play *p, size_t stage, struct str *why)
{
	const struct scenario_stage *s = play_stage_of(p, stage);
	for (size_t i = 0; i < s->seen.len; i++)
		if (is_cut(play_topo(p), p->flows.data[s->seen.data[i]].plan, why))
			return true;
	return false;
}
