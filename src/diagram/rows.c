/* Where everything goes from top to bottom: heights of frames, tracks between rows, buses, and what the spare rows are
 * spent on. */
#include "diagram/plan.h"

static int frame_rows(const struct plan *plan, const struct frame *frame)
{
	int tracks = plan_count(frame->upper), boxes = frame->rows * plan->space.box_rows;
	if (frame->rows > 1)
		boxes += (frame->rows - 1) * (tracks > 0 ? tracks : 1);
	return 2 + plan->band_notes[frame->band] + boxes + plan->band_bridges[frame->band] + plan->space.bottom_pad;
}

static void measure_bands(struct plan *plan)
{
	for (size_t f = 0; f < plan->frames.len; f++) {
		struct frame *frame = &plan->frames.data[f];
		if (frame->note[0] && !frame->is_note_in_edge)
			plan->band_notes[frame->band] = 1;
		if (frame->n_entries > plan->band_bridges[frame->band])
			plan->band_bridges[frame->band] = frame->n_entries;
	}
	for (int b = 0; b < plan->n_bands; b++)
		plan->band_rows[b] = 0;
	for (size_t f = 0; f < plan->frames.len; f++) {
		const struct frame *frame = &plan->frames.data[f];
		int rows = frame_rows(plan, frame);
		if (frame->rows == 0)
			rows += 2; /* room for the words that say so */
		if (rows > plan->band_rows[frame->band])
			plan->band_rows[frame->band] = rows;
	}
}

static int last_net(const struct plan *plan)
{
	int last = -1;
	for (int k = 0; k < plan->model->n_nets; k++)
		if (plan->attempt.nets & 1u << k)
			last = k;
	return last;
}

static int label_rows(const struct bus *bus)
{
	return bus->is_hung ? 1 + bus->second.rows : 0;
}

/* A row that names what no frame can: networks, groups, hosts. */
static int hidden_rows(const struct plan *plan)
{
	const struct model *model = plan->model;
	return plan_count(plan->attempt.nets) < model->n_nets || model->n_nets_left_out > 0 ||
	       plan->n_hosts < model->hosts.len || plan->frames.len < model->groups.len;
}

/* All rows that the plan takes with its present spacing. */
static int total_rows(struct plan *plan)
{
	const struct spacing *space = &plan->space;
	measure_bands(plan);
	int rows = 0, last = last_net(plan);
	for (int b = 0; b < plan->n_bands; b++)
		rows += plan->band_rows[b] + (b + 1 < plan->n_bands ? plan_count(plan->band_nets[b]) : 0);
	rows += space->flow_gap;
	for (int k = 0; k <= last; k++)
		if (plan->attempt.nets & 1u << k)
			rows += 1 + label_rows(&plan->buses[k]) + (k < last ? space->bus_gap : 0);
	if (plan->n_hosts > 0)
		rows += space->host_gap + space->host_rows;
	return rows + space->internet + space->legend + space->problems + plan->attempt.list_rows + hidden_rows(plan);
}

/* ---- what spare rows are spent on, the dearest first ---- */
enum { IF_ALWAYS, IF_LEGEND, IF_INTERNET, IF_HOSTS, IF_FLOWS_2, IF_FLOWS_3, IF_PROBLEMS, IF_PROBLEMS_2 };
struct wish {
	size_t at; /* in struct spacing */
	int value;
	int condition;
	bool is_must[4]; /* by detail: without it there is not enough room for this much detail */
};
#define WISH(field, value, condition, ...)                                                                             \
	{                                                                                                              \
		offsetof(struct spacing, field), value, condition,                                                     \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}
static const struct wish wishes[] = {
        WISH(host_gap, 1, IF_HOSTS, true, true, true, false),
        WISH(flow_gap, 1, IF_ALWAYS, true, true, true, false),
        WISH(flow_gap, 2, IF_FLOWS_2, true, false, false, false),
        WISH(flow_gap, 3, IF_FLOWS_3, true, false, false, false),
        WISH(problems, 1, IF_PROBLEMS, true, true, true, false),
        WISH(problems, 2, IF_PROBLEMS_2, false, false, false, false),
        WISH(label_rows, 1, IF_ALWAYS, true, false, false, false),
        WISH(label_rows, 2, IF_ALWAYS, true, false, false, false),
        WISH(internet, 2, IF_INTERNET, true, false, false, false),
        WISH(legend, 1, IF_LEGEND, false, false, false, false),
        WISH(bus_gap, 1, IF_ALWAYS, true, false, false, false),
        WISH(flow_gap, 2, IF_ALWAYS, true, false, false, false),
        WISH(bottom_pad, 1, IF_ALWAYS, false, false, false, false),
        WISH(flow_gap, 3, IF_ALWAYS, false, false, false, false),
        WISH(host_gap, 2, IF_HOSTS, false, false, false, false),
        WISH(bus_gap, 2, IF_ALWAYS, false, false, false, false),
        WISH(flow_gap, 4, IF_ALWAYS, false, false, false, false),
        WISH(bus_gap, 3, IF_ALWAYS, false, false, false, false),
};

static bool applies(const struct plan *plan, int condition)
{
	int last = last_net(plan);
	switch (condition) {
	case IF_LEGEND: /* beside the word "internet" there is room for it */
		return plan->model->options->legend && plan->space.internet == 0;
	case IF_INTERNET:
		return last >= 0 && plan->model->nets[last].kind == NET_POD && plan->n_hosts == 0;
	case IF_HOSTS:
		return plan->n_hosts > 0;
	case IF_PROBLEMS:
		return plan->model->problems.len > 0;
	case IF_PROBLEMS_2:
		return plan->model->problems.len > 1;
	case IF_FLOWS_2:
		return plan->model->flow_rows >= 2;
	case IF_FLOWS_3:
		return plan->model->flow_rows >= 3;
	default:
		return true;
	}
}

static bool spend_rows(struct plan *plan)
{
	bool is_legend_beside = plan->model->options->legend;
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		const struct wish *wish = &wishes[i];
		struct spacing before = plan->space;
		int *field = (int *)(void *)((char *)&plan->space + wish->at);
		if (!applies(plan, wish->condition) || *field >= wish->value)
			continue;
		*field = wish->value;
		bool is_label = wish->at == offsetof(struct spacing, label_rows);
		bool is_good = (!is_label || plan_labels(plan)) && total_rows(plan) <= plan->rows;
		if (is_good)
			continue;
		if (wish->is_must[plan->attempt.detail])
			return false;
		plan->space = before;
		if (is_label && !plan_labels(plan))
			return false;
	}
	total_rows(plan);
	plan->legend_y = is_legend_beside && (plan->space.legend || plan->space.internet) ? 0 : -1;
	return true;
}

/* ---- where ---- */
static void place_band(struct plan *plan, int band, int y)
{
	const struct spacing *space = &plan->space;
	plan->band_y[band] = y;
	for (size_t f = 0; f < plan->frames.len; f++) {
		struct frame *frame = &plan->frames.data[f];
		if (frame->band != band)
			continue;
		int tracks = plan_count(frame->upper);
		int step = space->box_rows + (tracks > 0 ? tracks : 1);
		frame->area.y = y;
		frame->area.rows = plan->band_rows[band];
		frame->bridge.y = y + plan->band_rows[band] - 1;
		for (size_t i = 0; i < frame->n; i++) {
			struct place *place = &plan->places.data[frame->first + i];
			place->area.y = y + 1 + plan->band_notes[band] + place->row * step;
		}
	}
}

static int place_buses(struct plan *plan, int y)
{
	int last = last_net(plan);
	for (int k = 0; k <= last; k++) {
		struct bus *bus = &plan->buses[k];
		if (!(plan->attempt.nets & 1u << k))
			continue;
		bus->y = y;
		bus->label.y = y + bus->is_hung;
		bus->second.y = bus->label.y + 1;
		y += 1 + label_rows(bus) + (k < last ? plan->space.bus_gap : 0);
	}
	return y;
}

static void place_drops(struct plan *plan)
{
	for (size_t i = 0; i < plan->drops.len;
	     i++) { /* the frame's lower edge; what starts higher is drawn by route.c */
		struct drop *drop = &plan->drops.data[i];
		if (drop->band >= 0)
			drop->from_y = plan->band_y[drop->band] + plan->band_rows[drop->band] - 1;
	}
}

bool plan_rows(struct plan *plan)
{
	if (!plan_labels(plan) || total_rows(plan) > plan->rows || !spend_rows(plan))
		return false;
	int spare = plan->rows - total_rows(plan), y = spare / 2;
	for (int b = 0; b < plan->n_bands; b++) {
		place_band(plan, b, y);
		y += plan->band_rows[b] + (b + 1 < plan->n_bands ? plan_count(plan->band_nets[b]) : 0);
	}
	y = place_buses(plan, y + plan->space.flow_gap);
	place_drops(plan);
	if (plan->n_hosts > 0) {
		y += plan->space.host_gap;
		for (size_t i = 0; i < plan->places.len; i++)
			if (plan->places.data[i].frame < 0)
				plan->places.data[i].area.y = y;
		y += plan->space.host_rows;
	}
	if (plan->space.internet > 0) {
		const struct bus *bus = &plan->buses[last_net(plan)];
		plan->internet_x = bus->label.x + bus->label.cols / 2;
		plan->internet_y = y + plan->space.internet - 1;
		y += plan->space.internet;
	}
	if (plan->legend_y >= 0)
		plan->legend_y = plan->space.legend ? y : plan->internet_y;
	y += plan->space.legend;
	plan->problems_y = plan->space.problems > 0 ? y : -1;
	plan->list_y = plan->attempt.list_rows > 0 ? plan->rows - hidden_rows(plan) - plan->attempt.list_rows : -1;
	return true;
}
