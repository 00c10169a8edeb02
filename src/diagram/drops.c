/* The wires that leave: at which columns they come down from the frames, through a bridge on the lower edge where there is one, and go
 * up from hosts. columns.c has placed the frames. */
#include "diagram/plan.h"

#include <stdlib.h>

static enum canvas_role link_role(const struct plan *plan, size_t workload, int net)
{
	return model_link_state(plan->model, workload, net) == TOPO_PLANNED ? ROLE_PLANNED
	                                                                    : plan->model->nets[net].role;
}

static void add_drop(struct plan *plan, int x, int net, int band, enum canvas_role role)
{
	vec_push(&plan->drops, (struct drop){.x = x, .net = net, .band = band, .role = role});
}

/* Which columns wires of a band (and of hosts) take already. */
static bool *taken_columns(const struct plan *plan, int band)
{
	bool *taken = mem_alloc((size_t)plan->cols + 1);
	for (size_t i = 0; i < plan->drops.len; i++) {
		const struct drop *drop = &plan->drops.data[i];
		if ((drop->band == band || drop->band < 0) && drop->x >= 0 && drop->x < plan->cols)
			taken[drop->x] = true;
	}
	return taken;
}

/* The columns at which bridged networks come down inside a frame, each of them a tap or a trunk: a mask a column. */
static uint32_t *bridged_columns(const struct plan *plan, const struct frame *frame, uint32_t bridged)
{
	uint32_t *columns = mem_alloc(((size_t)plan->cols + 1) * sizeof *columns);
	for (int k = 0; k < plan->model->n_nets; k++) {
		if (!(bridged & 1u << k))
			continue;
		if (frame->upper & 1u << k)
			columns[plan_frame_trunk(plan, frame, k)] |= 1u << k;
		for (size_t i = 0; i < frame->n; i++) {
			const struct place *place = &plan->places.data[frame->first + i];
			if (place->row == frame->rows - 1 && plan->model->masks[place->workload] & 1u << k)
				columns[place->area.x + plan_tap(plan, place->area.cols, k)] |= 1u << k;
		}
	}
	return columns;
}

/* An entry may go straight on from a wire of its own network at either end of its track, not from one in the middle. */
static bool is_entry_free(const struct frame *frame, const uint32_t *columns, int net, int x)
{
	if (columns[x] & ~(1u << net))
		return false;
	for (int i = 0; i < frame->n_entries; i++)
		if (abs(frame->entries[i].x - x) < 2)
			return false;
	if (!columns[x])
		return true;
	bool is_left_of = false, is_right_of = false;
	for (int at = frame->area.x; at < frame->area.x + frame->area.cols; at++)
		if (at != x && columns[at] & 1u << net)
			*(at < x ? &is_left_of : &is_right_of) = true;
	return !is_left_of || !is_right_of;
}

static bool place_entries(struct plan *plan, struct frame *frame, const uint32_t *columns, int wish)
{
	uint32_t bridged = plan_bridged(plan, frame->used);
	frame->n_entries = 0;
	for (int k = 0; k < plan->model->n_nets; k++) {
		if (!(bridged & 1u << k))
			continue;
		int best = -1;
		for (int x = frame->bridge.x + 1; x < frame->bridge.x + frame->bridge.cols - 1; x++)
			if (is_entry_free(frame, columns, k, x) && (best < 0 || abs(x - wish) < abs(best - wish)))
				best = x;
		if (best < 0)
			return false;
		frame->entries[frame->n_entries++] = (struct entry){k, best};
	}
	return true;
}

/* The leftmost column of a label on the frame's lower edge, clear of wires, nearest to `wish`; -1 when there is none. */
static int find_bridge(const struct frame *frame, const bool *taken, int cols, int wish)
{
	int best = -1, right = frame->area.x + frame->area.cols;
	for (int x = frame->area.x + 2; x + cols <= right - 2; x++) {
		bool is_clear = true;
		for (int at = x - 1; at <= x + cols && is_clear; at++)
			is_clear = !taken[at];
		if (is_clear && (best < 0 || abs(x + cols / 2 - wish) < abs(best + cols / 2 - wish)))
			best = x;
	}
	return best;
}

/* The bridge's label on the frame's lower edge, as near to its wires as may be. */
static bool place_bridge(struct plan *plan, struct frame *frame)
{
	uint32_t bridged = plan_bridged(plan, frame->used);
	if (!bridged)
		return true;
	uint32_t *columns = bridged_columns(plan, frame, bridged);
	bool *taken = taken_columns(plan, frame->band);
	int wish = frame->area.x, cols = plan_bridge_cols(plan, frame);
	while (wish < frame->area.x + frame->area.cols - 1 && !columns[wish])
		wish++;
	frame->bridge = (struct rect){find_bridge(frame, taken, cols, wish), 0, cols, 1};
	bool is_good = frame->bridge.x >= 0 && place_entries(plan, frame, columns, wish);
	free(columns);
	free(taken);
	for (int i = 0; i < frame->n_entries && is_good; i++)
		add_drop(plan, frame->entries[i].x, frame->entries[i].net, frame->band,
		         plan->model->nets[frame->entries[i].net].role);
	return is_good;
}

static void add_frame_drops(struct plan *plan, const struct frame *frame)
{
	uint32_t bridged = plan_bridged(plan, frame->used);
	for (int k = 0; k < plan->model->n_nets; k++) {
		if (!(frame->used & 1u << k) || bridged & 1u << k)
			continue;
		if (frame->upper & 1u << k)
			add_drop(plan, plan_frame_trunk(plan, frame, k), k, frame->band, plan->model->nets[k].role);
		for (size_t i = 0; i < frame->n; i++) {
			const struct place *place = &plan->places.data[frame->first + i];
			if (place->row == frame->rows - 1 && plan->model->masks[place->workload] & 1u << k)
				add_drop(plan, place->area.x + plan_tap(plan, place->area.cols, k), k, frame->band,
				         link_role(plan, place->workload, k));
		}
	}
}

/* A host's wire goes up from its upper edge, on a column that no other wire down there uses. */
static bool find_host_drops(struct plan *plan)
{
	bool *taken = taken_columns(plan, plan->n_bands - 1), is_good = true;
	for (size_t i = 0; i < plan->places.len && is_good; i++) {
		const struct place *place = &plan->places.data[i];
		uint32_t nets = place->frame < 0 ? plan->model->masks[place->workload] & plan->attempt.nets : 0;
		for (int k = 0; k < plan->model->n_nets && is_good; k++) {
			if (!(nets & 1u << k))
				continue;
			int best = -1, wish = place->area.x + plan_tap(plan, place->area.cols, k);
			for (int x = place->area.x + 1; x < place->area.x + place->area.cols - 1; x++)
				if (!taken[x] && (best < 0 || abs(x - wish) < abs(best - wish)))
					best = x;
			is_good = best >= 0;
			if (!is_good)
				break;
			taken[best] = true;
			add_drop(plan, best, k, -1, link_role(plan, place->workload, k));
		}
	}
	free(taken);
	return is_good;
}

/* What comes down to the buses, by column. */
static void index_drops(struct plan *plan)
{
	plan->at = mem_alloc((size_t)plan->cols * sizeof *plan->at);
	for (int x = 0; x < plan->cols; x++)
		plan->at[x] = (struct column){.deepest = -1, .highest = NET_MAX};
	for (size_t i = 0; i < plan->drops.len; i++) {
		const struct drop *drop = &plan->drops.data[i];
		if (drop->x < 0 || drop->x >= plan->cols || (drop->band >= 0 && drop->band != plan->n_bands - 1))
			continue;
		struct column *column = &plan->at[drop->x];
		column->own |= 1u << drop->net;
		if (drop->band >= 0)
			column->deepest = drop->net > column->deepest ? drop->net : column->deepest;
		else
			column->highest = drop->net < column->highest ? drop->net : column->highest;
	}
}

bool plan_frame_drops(struct plan *plan)
{
	for (size_t f = 0; f < plan->frames.len; f++)
		add_frame_drops(plan, &plan->frames.data[f]);
	for (size_t f = 0; f < plan->frames.len; f++)
		if (!place_bridge(plan, &plan->frames.data[f]))
			return false;
	for (int k = 0; k < plan->model->n_nets; k++)
		if (plan->trunks & 1u << k)
			add_drop(plan, plan->trunk_x[k], k, plan->n_bands - 1, plan->model->nets[k].role);
	return true;
}

bool plan_host_drops(struct plan *plan)
{
	if (!find_host_drops(plan))
		return false;
	index_drops(plan);
	return true;
}
