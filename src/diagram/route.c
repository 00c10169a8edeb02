/* The wires of a plan. From the boxes of a frame's last row they go straight down. From rows above it they join a track
 * below their row, which leads to a trunk at the frame's inner edge; bands of frames do the same with a trunk in the
 * margin. So no wire ever meets a box that is not its own. */
#include "diagram/plan.h"
#include "diagram/wires.h"

struct reach {
	int low, high; /* columns */
};

static void include(struct reach *reach, int x)
{
	reach->low = x < reach->low ? x : reach->low;
	reach->high = x > reach->high ? x : reach->high;
}

static bool is_on(const struct plan *plan, const struct place *place, int net)
{
	return plan->model->masks[place->workload] & plan->attempt.nets & 1u << net;
}

static struct wire_look look_of(const struct plan *plan, int net, bool is_inside)
{
	const struct net *drawn = &plan->model->nets[net];
	return (struct wire_look){.net = net,
	                          .style = is_inside && drawn->is_bridged ? WIRE_LIGHT : drawn->style,
	                          .role = drawn->is_failed    ? ROLE_FAIL
	                                  : drawn->is_planned ? ROLE_PLANNED
	                                                      : drawn->role};
}

static struct wire_look look_of_link(const struct plan *plan, const struct place *place, int net)
{
	struct wire_look look = look_of(plan, net, true);
	enum topo_state state = model_link_state(plan->model, place->workload, net);
	if (state == TOPO_PLANNED)
		look.role = ROLE_PLANNED;
	else if (state == TOPO_FAILED || model_is_nad_failed(plan->model, place->workload, net))
		look.role = ROLE_FAIL;
	return look;
}

/* Where the wires of a network that leave a frame end: on its bus, or on the track below their band. */
static int target_y(const struct plan *plan, int band, int net)
{
	if (band == plan->n_bands - 1)
		return plan->buses[net].y;
	return plan->band_y[band] + plan->band_rows[band] + plan_index(plan->band_nets[band], net);
}

static const struct entry *entry_of(const struct frame *frame, int net, int *index)
{
	for (*index = 0; *index < frame->n_entries; ++*index)
		if (frame->entries[*index].net == net)
			return &frame->entries[*index];
	return NULL;
}

/* The row in which a frame's own wires end: the track above the bridge, or the target outside. */
static int exit_y(const struct plan *plan, const struct frame *frame, int net)
{
	int index;
	if (entry_of(frame, net, &index))
		return frame->area.y + frame->area.rows - 1 - frame->n_entries + index;
	return target_y(plan, frame->band, net);
}

static void route_upper_rows(const struct plan *plan, const struct frame *frame, int net, struct wires *wires)
{
	int trunk = plan_frame_trunk(plan, frame, net), top = -1;
	for (int row = 0; row < frame->rows - 1; row++) {
		struct reach reach = {trunk, trunk};
		int y = 0;
		for (size_t i = 0; i < frame->n; i++) {
			const struct place *place = &plan->places.data[frame->first + i];
			if (place->row != row || !is_on(plan, place, net))
				continue;
			int x = place->area.x + plan_tap(plan, place->area.cols, net),
			    from = place->area.y + place->area.rows - 1;
			y = from + 1 + plan_index(frame->upper, net);
			wires_down(wires, x, from, y, look_of_link(plan, place, net));
			include(&reach, x);
		}
		if (reach.low == reach.high)
			continue;
		wires_across(wires, y, reach.low, reach.high, look_of(plan, net, true));
		top = top < 0 ? y : top;
	}
	if (top >= 0)
		wires_down(wires, trunk, top, exit_y(plan, frame, net), look_of(plan, net, true));
}

static void route_last_row(const struct plan *plan, const struct frame *frame, int net, struct wires *wires)
{
	for (size_t i = 0; i < frame->n; i++) {
		const struct place *place = &plan->places.data[frame->first + i];
		if (place->row == frame->rows - 1 && is_on(plan, place, net))
			wires_down(wires, place->area.x + plan_tap(plan, place->area.cols, net),
			           place->area.y + place->area.rows - 1, exit_y(plan, frame, net),
			           look_of_link(plan, place, net));
	}
}

static void route_bridge(const struct plan *plan, const struct frame *frame, int net, struct wires *wires)
{
	int index, y = exit_y(plan, frame, net), edge = frame->area.y + frame->area.rows - 1;
	const struct entry *entry = entry_of(frame, net, &index);
	if (!entry)
		return;
	struct reach reach = {entry->x, entry->x};
	for (size_t i = 0; i < frame->n; i++) {
		const struct place *place = &plan->places.data[frame->first + i];
		if (place->row == frame->rows - 1 && is_on(plan, place, net))
			include(&reach, place->area.x + plan_tap(plan, place->area.cols, net));
	}
	if (frame->upper & 1u << net)
		include(&reach, plan_frame_trunk(plan, frame, net));
	wires_across(wires, y, reach.low, reach.high, look_of(plan, net, true));
	wires_down(wires, entry->x, y, edge, look_of(plan, net, true));
	struct wire_look outside = look_of(plan, net, false);
	size_t node = frame->group->node;
	const struct topo_bridge *bridge = node == TOPO_NONE ? NULL : model_bridge(plan->model, node, net);
	if (!bridge || bridge->state == TOPO_FAILED || bridge->state == TOPO_PLANNED)
		outside.role = ROLE_PLANNED;
	wires_down(wires, entry->x, edge, target_y(plan, frame->band, net), outside);
}

static void route_bands(const struct plan *plan, int net, struct wires *wires)
{
	int trunk = plan->trunk_x[net], top = -1;
	for (int band = 0; band + 1 < plan->n_bands; band++) {
		if (!(plan->band_nets[band] & 1u << net))
			continue;
		struct reach reach = {trunk, trunk};
		for (size_t i = 0; i < plan->drops.len; i++)
			if (plan->drops.data[i].band == band && plan->drops.data[i].net == net)
				include(&reach, plan->drops.data[i].x);
		wires_across(wires, target_y(plan, band, net), reach.low, reach.high, look_of(plan, net, false));
		top = top < 0 ? target_y(plan, band, net) : top;
	}
	if (top >= 0)
		wires_down(wires, trunk, top, plan->buses[net].y, look_of(plan, net, false));
}

static void route_bus(const struct plan *plan, int net, struct wires *wires)
{
	const struct bus *bus = &plan->buses[net];
	wires_across(wires, bus->y, bus->x0, bus->x1, look_of(plan, net, false));
	if (bus->is_hung)
		wires_down(wires, bus->hang_x, bus->y, bus->y + 1, look_of(plan, net, false));
	for (size_t i = 0; i < plan->places.len; i++) {
		const struct place *place = &plan->places.data[i];
		int x, y;
		bool is_host;
		if (place->frame < 0 && is_on(plan, place, net) &&
		    plan_find_tap(plan, place->workload, net, &x, &y, &is_host)) {
			struct wire_look look = look_of_link(plan, place, net);
			look.style = plan->model->nets[net].style;
			wires_down(wires, x, bus->y, y, look);
		}
	}
}

void plan_route(const struct plan *plan, struct wires *wires)
{
	for (int k = 0; k < plan->model->n_nets; k++) {
		if (!(plan->attempt.nets & 1u << k))
			continue;
		for (size_t f = 0; f < plan->frames.len; f++) {
			const struct frame *frame = &plan->frames.data[f];
			if (!(frame->used & 1u << k))
				continue;
			if (frame->upper & 1u << k)
				route_upper_rows(plan, frame, k, wires);
			route_last_row(plan, frame, k, wires);
			route_bridge(plan, frame, k, wires);
		}
		route_bands(plan, k, wires);
		route_bus(plan, k, wires);
	}
}

bool plan_find_tap(const struct plan *plan, size_t workload, int net, int *x, int *y, bool *is_host)
{
	for (size_t i = 0; i < plan->places.len; i++) {
		const struct place *place = &plan->places.data[i];
		if (place->workload != workload || !is_on(plan, place, net))
			continue;
		*is_host = place->frame < 0;
		*x = place->area.x + plan_tap(plan, place->area.cols, net);
		*y = *is_host ? place->area.y : place->area.y + place->area.rows - 1;
		for (size_t d = 0; d < plan->drops.len && *is_host; d++) {
			const struct drop *drop = &plan->drops.data[d];
			if (drop->band < 0 && drop->net == net && drop->x > place->area.x &&
			    drop->x < place->area.x + place->area.cols)
				*x = drop->x;
		}
		return true;
	}
	return false;
}
