/* cut: what was seen to pass cannot any more when one of its ends, or the way of one of them, is away: said at once.
 * When it is there again nobody has tried that one yet: the flow says so, and that it was seen before. */
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

static bool is_gone(const struct topo *topo, const char *end)
{
	size_t at = topo_find_workload(topo, end);
	return at != TOPO_NONE && topo->workloads.data[at].state == TOPO_PLANNED;
}

/* Nobody has tried it over the way that is there now. */
static void forget(struct play_flow *flow, bool was_ok)
{
	flow->state = PLAY_FLOW_UNTRIED;
	flow->measured = PLAY_UNMEASURED;
	flow->is_cut = false;
	flow->was_ok = was_ok;
	snprintf(flow->note, sizeof flow->note, "%s", was_ok ? CUT_SEEN_BEFORE : "");
}

/* Only what went away after it was measured counts: whoever measures knows better than the objects, which may be late. */
static void look_at(struct play_flow *flow, const struct topo *topo)
{
	struct str why = {0};
	bool was_away = flow->is_away;
	flow->is_away = is_cut(topo, flow->plan, &why);
	if (flow->state != PLAY_FLOW_OK)
		flow->is_cut = false;
	else if (flow->is_away && !was_away)
		flow->is_cut = true;
	else if (flow->is_cut && !flow->is_away)
		forget(flow, true);
	if (flow->is_cut && (is_gone(topo, flow->plan->from) || is_gone(topo, flow->plan->to)))
		forget(flow, false);
	snprintf(flow->why, sizeof flow->why, "%s", flow->is_cut ? str_text(&why) : "");
	str_finish(&why);
}

void cut_look(struct play *p, const struct topo *topo)
{
	for (size_t i = 0; i < p->flows.len; i++)
		look_at(&p->flows.data[i], topo);
}

void cut_begin(struct play_flow *flow)
{
	flow->is_cut = flow->was_ok = false;
}

bool cut_why(struct play *p, size_t stage, struct str *why)
{
	const struct scenario_stage *s = play_stage_of(p, stage);
	for (size_t i = 0; i < s->seen.len; i++)
		if (is_cut(play_topo(p), p->flows.data[s->seen.data[i]].plan, why))
			return true;
	return false;
}
