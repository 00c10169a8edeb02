/* Where everything goes from left to right: which boxes are shown, frames side by side in bands, spare columns, the wires'
 * columns at the boxes' edges. What leaves the frames is drops.c's. */
#include "diagram/plan.h"

#include <stdlib.h>
#include <string.h>

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

int plan_count(uint32_t nets)
{
	return __builtin_popcount(nets);
}

int plan_index(uint32_t nets, int net)
{
	return plan_count(nets & ((1u << net) - 1));
}

/* Overlays and physical networks leave at the left, the pod network at the right: at boxes, in gutters, in margins. */
bool plan_is_left(const struct plan *plan, int net)
{
	return plan->model->nets[net].kind != NET_POD;
}

static uint32_t left_nets(const struct plan *plan, uint32_t nets)
{
	for (int k = 0; k < plan->model->n_nets; k++)
		if (!plan_is_left(plan, k))
			nets &= ~(1u << k);
	return nets;
}

uint32_t plan_bridged(const struct plan *plan, uint32_t nets)
{
	for (int k = 0; k < plan->model->n_nets; k++)
		if (!plan->model->nets[k].is_bridged)
			nets &= ~(1u << k);
	return nets;
}

int plan_tap(const struct plan *plan, int box_cols, int net)
{
	uint32_t shown = plan->attempt.nets, left = left_nets(plan, shown);
	int n = plan_count(shown);
	int slot = plan_is_left(plan, net) ? plan_index(left, net) : plan_count(left);
	int margin = box_cols >= 6 + 3 * n ? 4 : box_cols >= 4 + 2 * n ? 2 : 1;
	int first = margin, last = box_cols - 1 - margin;
	return n < 2 ? first : first + slot * (last - first) / (n - 1);
}

int plan_frame_trunk(const struct plan *plan, const struct frame *frame, int net)
{
	uint32_t left = left_nets(plan, frame->upper);
	if (plan_is_left(plan, net))
		return frame->area.x + 1 + plan->space.pad + 2 * plan_index(left, net);
	return frame->area.x + frame->area.cols - 2 - plan->space.pad;
}

void plan_init(struct plan *plan, const struct model *model, const struct attempt *attempt)
{
	*plan = (struct plan){.model = model,
	                      .attempt = *attempt,
	                      .cols = model->options->cols,
	                      .rows = model->options->rows,
	                      .internet_y = -1,
	                      .legend_y = -1,
	                      .list_y = -1,
	                      .problems_y = -1};
}

void plan_finish(struct plan *plan)
{
	vec_finish(&plan->frames);
	vec_finish(&plan->places);
	vec_finish(&plan->drops);
	free(plan->at);
	*plan = (struct plan){0};
}

/* ---- who is shown ---- */
static void show_members(struct plan *plan, struct frame *frame, size_t cap)
{
	const struct group *group = frame->group;
	size_t left = group->members.len < cap ? group->members.len : cap;
	bool *is_shown = mem_alloc(group->members.len + 1);
	for (int priority = 0; priority < 4; priority++)
		for (size_t i = 0; i < group->members.len && left > 0; i++)
			if (plan->model->priorities[group->members.data[i]] == priority) {
				is_shown[i] = true;
				left--;
			}
	for (size_t i = 0; i < group->members.len; i++) {
		if (!is_shown[i])
			continue;
		size_t workload = group->members.data[i];
		vec_push(&plan->places, (struct place){.workload = workload, .frame = (int)plan->frames.len});
		frame->used |= plan->model->masks[workload] & plan->attempt.nets;
		frame->n++;
	}
	free(is_shown);
}

static void write_edge(const struct model *model, struct frame *frame)
{
	text_add(frame->title, TEXT_SIZE, "%s%s", frame->group->title,
	         frame->group->is_stopping ? " · terminating" : "");
	frame->title_cols = text_columns(frame->title);
	if (frame->group->problem)
		text_add(frame->note, TEXT_SIZE, "%s", frame->group->problem);
	if (frame->n_folded > 0)
		text_add(frame->note, TEXT_SIZE, "%s%s and %zu more", frame->note[0] ? " " : "",
		         model->options->ascii ? "..." : "…", frame->n_folded);
}

static void build_frames(struct plan *plan)
{
	const struct model *model = plan->model;
	for (size_t g = 0; g < model->groups.len && g < plan->attempt.n_groups; g++) {
		struct frame frame = {.group = &model->groups.data[g], .first = plan->places.len};
		size_t cap = g == model->focus_group ? plan->attempt.focus_cap : plan->attempt.cap;
		show_members(plan, &frame, cap < MEMBER_MAX ? cap : MEMBER_MAX);
		frame.n_folded = frame.group->members.len - frame.n;
		write_edge(model, &frame);
		int n = (int)frame.n, rows = plan->attempt.rows;
		frame.cols = (n + rows - 1) / rows;
		frame.rows = frame.cols ? (n + frame.cols - 1) / frame.cols : 0;
		for (size_t i = 0; i < frame.n; i++) {
			struct place *place = &plan->places.data[frame.first + i];
			place->row = frame.cols ? (int)i / frame.cols : 0;
			if (place->row < frame.rows - 1)
				frame.upper |= model->masks[place->workload] & plan->attempt.nets;
		}
		vec_push(&plan->frames, frame);
	}
}

/* ---- how wide ---- */
static void measure(struct plan *plan)
{
	static const int least[] = {
	        [DETAIL_RICH] = 24, [DETAIL_FULL] = 18, [DETAIL_ADDRESS] = 13, [DETAIL_COMPACT] = 6};
	const struct model *model = plan->model;
	int cols = least[plan->attempt.detail], rows = 1, host_cols = 6, host_rows = 1;
	for (size_t i = 0; i < plan->places.len; i++) {
		struct extent extent = model->extents[plan->places.data[i].workload * DETAILS + plan->attempt.detail];
		rows = max_int(rows, extent.rows);
		cols = max_int(cols, extent.cols);
		if (model->options->group == DIAGRAM_BY_NODE)
			cols = max_int(cols,
			               text_columns(model->topo->workloads.data[plan->places.data[i].workload].ns) + 2);
	}
	for (size_t i = 0; i < model->hosts.len && i < HOST_MAX; i++) {
		enum detail detail = plan->attempt.detail == DETAIL_COMPACT ? DETAIL_COMPACT : DETAIL_FULL;
		struct extent extent = model->extents[model->hosts.data[i] * DETAILS + detail];
		host_rows = max_int(host_rows, extent.rows);
		host_cols = max_int(host_cols, extent.cols);
	}
	int n_nets = plan_count(plan->attempt.nets);
	plan->space.box_cols = max_int(min_int(cols, plan->attempt.text_max) + 4, 2 * n_nets + 5);
	plan->space.box_rows = rows + 2;
	plan->space.host_cols = max_int(min_int(host_cols, 30) + 4, 2 * n_nets + 5);
	plan->space.host_rows = host_rows + 2;
}

static void name_bridge(struct plan *plan, struct frame *frame)
{
	uint32_t bridged = plan_bridged(plan, frame->used);
	const char *last = "";
	bool is_unknown = false;
	frame->bridge_text[0] = '\0';
	frame->bridge_state = TOPO_RUNNING;
	for (int k = 0; k < plan->model->n_nets; k++) {
		if (!(bridged & 1u << k) || frame->group->node == TOPO_NONE)
			continue;
		const struct topo_bridge *bridge = model_bridge(plan->model, frame->group->node, k);
		if (!bridge) {
			is_unknown = true;
			continue;
		}
		if (frame->bridge_state == TOPO_RUNNING)
			frame->bridge_state = bridge->state;
		const char *name = bridge->name[0] ? bridge->name : "no mapping";
		if (!text_equal(name, last))
			text_add(frame->bridge_text, TEXT_SIZE, "%s%s%s", frame->bridge_text[0] ? " " : "",
			         bridge->state == TOPO_FAILED ? "✗ " : "", name);
		last = name;
	}
	if (frame->group->node == TOPO_NONE) { /* no node, no bridge: nothing is wrong with that */
		frame->bridge_state = TOPO_PLANNED;
		text_add(frame->bridge_text, TEXT_SIZE, "no bridge yet");
	} else if (is_unknown) { /* nobody has told: that is no failure */
		if (frame->bridge_state == TOPO_RUNNING)
			frame->bridge_state = TOPO_PLANNED;
		text_add(frame->bridge_text, TEXT_SIZE, "%s", frame->bridge_text[0] ? " ○ bridge?" : "○ bridge?");
	}
	frame->bridge_cols = text_columns(frame->bridge_text);
}

int plan_bridge_cols(const struct plan *plan, const struct frame *frame)
{
	int n = plan_count(plan_bridged(plan, frame->used));
	return n == 0 ? 0 : max_int(min_int(frame->bridge_cols, 24) + 4, 2 * n + 4);
}

static int frame_cols(const struct plan *plan, const struct frame *frame)
{
	const struct spacing *space = &plan->space;
	int n_left = plan_count(left_nets(plan, frame->upper)), n_right = plan_count(frame->upper) - n_left;
	int inner = frame->cols ? frame->cols * (space->box_cols + space->gap) - space->gap : 14;
	inner = max_int(inner, min_int(frame->title_cols, 30));
	inner = max_int(inner, plan_bridge_cols(plan, frame) + 2);
	return 2 + 2 * space->pad + 2 * n_left + 2 * n_right + inner;
}

static int band_cols(const struct plan *plan, int band)
{
	int cols = -plan->space.frame_gap;
	for (size_t f = 0; f < plan->frames.len; f++)
		if (plan->frames.data[f].band == band)
			cols += frame_cols(plan, &plan->frames.data[f]) + plan->space.frame_gap;
	return cols;
}

/* Fills bands in order with frames up to `limit` columns; gives the number of bands. */
static int fill_bands(struct plan *plan, int limit)
{
	int band = 0, used = 0;
	for (size_t f = 0; f < plan->frames.len; f++) {
		int cols = frame_cols(plan, &plan->frames.data[f]);
		if (used > 0 && used + plan->space.frame_gap + cols > limit) {
			band++;
			used = 0;
		}
		used += cols + (used > 0 ? plan->space.frame_gap : 0);
		plan->frames.data[f].band = band;
	}
	return band + 1;
}

static int margin_cols(const struct plan *plan)
{
	int cols = 0;
	char first[TEXT_SIZE], second[TEXT_SIZE];
	for (int k = 0; k < plan->model->n_nets && plan->attempt.has_label_margin; k++)
		if (plan->attempt.nets & 1u << k && text_bus_label(plan->model, k, LABEL_NAME, first, second))
			cols = max_int(cols, text_columns(first) + 6);
	return min_int(cols, plan->cols / 3);
}

/* Bands, the networks that run between them, and the columns that are left for frames. */
static int assign_bands(struct plan *plan)
{
	int low = 1, high = plan->cols;
	while (plan->attempt.bands > 1 && low < high) { /* the narrowest that need no more bands: they balance */
		int middle = (low + high) / 2;
		if (fill_bands(plan, middle) > plan->attempt.bands)
			low = middle + 1;
		else
			high = middle;
	}
	plan->n_bands = plan->attempt.bands > 1 ? fill_bands(plan, high) : 1;
	if (plan->n_bands > GROUP_MAX)
		return -1;
	for (size_t f = 0; f < plan->frames.len; f++)
		plan->band_nets[plan->frames.data[f].band] |= plan->frames.data[f].used;
	for (int b = 0; b + 1 < plan->n_bands; b++)
		plan->trunks |= plan->band_nets[b];
	int n_left = plan_count(left_nets(plan, plan->trunks));
	return plan->cols - margin_cols(plan) - 2 * plan_count(plan->trunks) - (n_left > 0) -
	       (plan_count(plan->trunks) > n_left);
}

static bool bands_fit(const struct plan *plan, int avail)
{
	for (int b = 0; b < plan->n_bands; b++)
		if (band_cols(plan, b) > avail)
			return false;
	return true;
}

struct growth {
	size_t at; /* in struct spacing */
	int by;    /* at most so many columns more */
};
#define GROW(field, by)                                                                                                \
	{                                                                                                              \
		offsetof(struct spacing, field), by                                                                    \
	}
static const struct growth growths[] = {
        GROW(pad, 1),      GROW(gap, 2), GROW(frame_gap, 3), GROW(box_cols, 1), GROW(frame_gap, 6), GROW(gap, 2),
        GROW(box_cols, 3), GROW(pad, 1), GROW(frame_gap, 8), GROW(gap, 4),      GROW(box_cols, 4),  GROW(frame_gap, 10),
};

static void spend_columns(struct plan *plan, int avail)
{
	int aim = avail > 40 ? avail - 2 : avail; /* a margin, where there is room */
	for (size_t i = 0; i < sizeof growths / sizeof *growths; i++) {
		int *field = (int *)(void *)((char *)&plan->space + growths[i].at);
		for (int n = 0; n < growths[i].by; n++) {
			++*field;
			if (bands_fit(plan, aim))
				continue;
			--*field;
			break;
		}
	}
}

/* ---- where ---- */
static void place_boxes(struct plan *plan, struct frame *frame)
{
	const struct spacing *space = &plan->space;
	int n_left = plan_count(left_nets(plan, frame->upper)), n_right = plan_count(frame->upper) - n_left;
	int inner = frame->area.cols - 2 - 2 * space->pad - 2 * n_left - 2 * n_right;
	int used = frame->cols * (space->box_cols + space->gap) - space->gap;
	int x = frame->area.x + 1 + space->pad + 2 * n_left + (inner - used) / 2;
	for (size_t i = 0; i < frame->n; i++) {
		struct place *place = &plan->places.data[frame->first + i];
		place->area.x = x + ((int)i % frame->cols) * (space->box_cols + space->gap);
		place->area.cols = space->box_cols;
		place->area.rows = space->box_rows;
	}
}

static void place_frames(struct plan *plan, int avail)
{
	uint32_t left = left_nets(plan, plan->trunks);
	int n_left = plan_count(left), low = plan->cols, high = 0;
	int start = 2 * n_left + (n_left > 0);
	for (int b = 0; b < plan->n_bands; b++) {
		int x = start + (avail - band_cols(plan, b)) / 2;
		low = min_int(low, x);
		for (size_t f = 0; f < plan->frames.len; f++) {
			struct frame *frame = &plan->frames.data[f];
			if (frame->band != b)
				continue;
			frame->area.x = x;
			frame->area.cols = frame_cols(plan, frame);
			x += frame->area.cols + plan->space.frame_gap;
			place_boxes(plan, frame);
		}
		high = max_int(high, x - plan->space.frame_gap);
	}
	for (int k = 0; k < plan->model->n_nets; k++)
		plan->trunk_x[k] = plan_is_left(plan, k) ? low - 2 - 2 * (n_left - 1 - plan_index(left, k)) : high + 1;
}

static bool place_hosts(struct plan *plan)
{
	const struct model *model = plan->model;
	int gap = 3, cols = plan->space.host_cols;
	int fit = (plan->cols - 2 + gap) / (cols + gap);
	plan->n_hosts = model->hosts.len < HOST_MAX ? model->hosts.len : HOST_MAX;
	if ((int)plan->n_hosts > fit)
		plan->n_hosts = fit > 0 ? (size_t)fit : 0;
	if (plan->n_hosts == 0)
		return model->hosts.len == 0 || plan->cols < cols + 2;
	int each = min_int((plan->cols - 2 + gap) / (int)plan->n_hosts, cols + 12);
	int x = (plan->cols - ((int)plan->n_hosts * each - (each - cols))) / 2;
	for (size_t i = 0; i < plan->n_hosts; i++)
		vec_push(&plan->places, (struct place){.workload = model->hosts.data[i],
		                                       .area = {x + (int)i * each, 0, cols, plan->space.host_rows},
		                                       .frame = -1});
	return true;
}

bool plan_columns(struct plan *plan)
{
	build_frames(plan);
	plan->space = (struct spacing){.pad = 1, .gap = 1, .frame_gap = 1};
	measure(plan);
	for (size_t f = 0; f < plan->frames.len; f++)
		name_bridge(plan, &plan->frames.data[f]);
	int avail = assign_bands(plan);
	if (avail < 0 || !bands_fit(plan, avail))
		return false;
	spend_columns(plan, avail);
	place_frames(plan, avail);
	for (size_t f = 0; f < plan->frames.len; f++) {
		struct frame *frame = &plan->frames.data[f];
		int used = frame->title_cols + text_columns(frame->note) + 9;
		frame->is_note_in_edge = frame->note[0] && used <= frame->area.cols;
	}
	return plan_frame_drops(plan) && place_hosts(plan) && plan_host_drops(plan);
}
