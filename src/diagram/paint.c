/* A plan on a canvas: frames, wires, boxes, labels, legend. */
#include "diagram/paint.h"

#include <string.h>

enum { SIDE_LEFT = 0x2590, SIDE_RIGHT = 0x258c }; /* ▐ ▌ around a switch's name */

/* ---- frames ---- */
static void paint_note(const struct plan *plan, const struct frame *frame, struct canvas *canvas, enum canvas_role role)
{
	int pad = plan->space.pad, x = frame->area.x + 1 + pad, cols = frame->area.cols - 2 - 2 * pad;
	enum canvas_role note_role = frame->group->problem ? ROLE_FAIL : ROLE_MUTED;
	if (frame->is_note_in_edge) {
		int used = text_columns(frame->note), at = frame->area.x + frame->area.cols - used - 4;
		canvas_put(canvas, at, frame->area.y, 1, role, 0, " ");
		canvas_put(canvas, at + 1, frame->area.y, used, note_role, 0, frame->note);
		canvas_put(canvas, at + 1 + used, frame->area.y, 1, role, 0, " ");
	} else if (frame->note[0]) {
		canvas_put_fit(canvas, x, frame->area.y + 1, cols, note_role, 0, frame->note);
	}
	if (frame->n == 0) {
		const char *words = "nothing yet";
		int used = text_columns(words);
		canvas_put_fit(canvas, x + (cols > used ? (cols - used) / 2 : 0), frame->area.y + frame->area.rows / 2,
		               cols, ROLE_MUTED, 0, words);
	}
}

static void paint_frame(const struct plan *plan, const struct frame *frame, struct canvas *canvas)
{
	bool is_planned = frame->group->is_planned, by_node = plan->model->options->group == DIAGRAM_BY_NODE;
	enum canvas_role role = is_planned ? ROLE_PLANNED : by_node ? ROLE_NODE : ROLE_NAMESPACE;
	canvas_box(canvas, frame->area, is_planned ? BOX_DOTTED : BOX_ROUND, role, frame->title);
	paint_note(plan, frame, canvas, role);
}

/* ---- wires ---- */
static void paint_wires(const struct wires *wires, struct canvas *canvas)
{
	for (int y = 0; y < wires->rows; y++)
		for (int x = 0; x < wires->cols; x++) {
			const struct wire_cell *cell = wires_at(wires, x, y);
			uint32_t ch = wires_char(cell, canvas->ascii);
			if (ch)
				canvas_put_char(canvas, x, y, wires_role(cell), 0, ch);
		}
}

static void paint_switch(struct canvas *canvas, struct rect area, enum canvas_role role, const char *text)
{
	canvas_put_char(canvas, area.x, area.y, role, 0, SIDE_LEFT);
	canvas_fill(canvas, (struct rect){area.x + 1, area.y, area.cols - 2, 1}, role, ' ');
	canvas_put_fit(canvas, area.x + 2, area.y, area.cols - 4, role, ATTR_BOLD, text);
	canvas_put_char(canvas, area.x + area.cols - 1, area.y, role, 0, SIDE_RIGHT);
}

static void paint_bus_label(const struct plan *plan, int net, struct canvas *canvas)
{
	const struct net *drawn = &plan->model->nets[net];
	const struct bus *bus = &plan->buses[net];
	enum canvas_role role = drawn->is_failed ? ROLE_FAIL : drawn->is_planned ? ROLE_PLANNED : ROLE_SWITCH;
	paint_switch(canvas, bus->label, role, bus->text);
	if (bus->second.rows > 0)
		canvas_put_fit(canvas, bus->second.x, bus->second.y, bus->second.cols,
		               drawn->is_failed    ? ROLE_FAIL
		               : drawn->is_planned ? ROLE_PLANNED
		                                   : ROLE_ADDRESS,
		               0, bus->text2);
}

static void paint_bridge(const struct frame *frame, struct canvas *canvas)
{
	enum canvas_role role = frame->bridge_state == TOPO_FAILED    ? ROLE_FAIL
	                        : frame->bridge_state == TOPO_PLANNED ? ROLE_PLANNED
	                        : frame->bridge_state == TOPO_RUNNING ? ROLE_SWITCH
	                                                              : ROLE_WAIT;
	if (frame->bridge.cols > 0)
		paint_switch(canvas, frame->bridge, role, frame->bridge_text);
}

/* What is wrong and belongs to no box, in whole sentences as far as they fit. */
static void paint_problems(const struct plan *plan, struct canvas *canvas)
{
	const struct model *model = plan->model;
	for (int i = 0; plan->problems_y >= 0 && i < plan->space.problems; i++) {
		size_t left = model->problems.len - (size_t)i;
		if (left > 1 && i == plan->space.problems - 1) {
			char text[TEXT_SIZE] = "";
			text_add(text, sizeof text, "✗ %zu %s, first %s", left, i ? "more problems" : "problems",
			         model->problems.data[i]);
			canvas_put_fit(canvas, 1, plan->problems_y + i, plan->cols - 2, ROLE_FAIL, 0, text);
			return;
		}
		canvas_put_fit(canvas, 1, plan->problems_y + i, plan->cols - 2, ROLE_FAIL, 0, model->problems.data[i]);
	}
}

/* ---- boxes ---- */
static void paint_line(struct canvas *canvas, int x, int y, int max, const struct line *line)
{
	if (line->cols <= max) {
		for (int i = 0; i < line->n; i++)
			x += canvas_put(canvas, x, y, max, line->spans[i].role, line->spans[i].attrs,
			                line->spans[i].text);
		return;
	}
	/* too long: the last span stays whole when it is short (the octet), what is before it is cut */
	int last = line->n > 2 ? text_columns(line->spans[line->n - 1].text) : 0;
	if (last * 2 > max || max - last < 5)
		last = 0;
	int left = max - last;
	for (int i = 0; i < line->n - (last > 0); i++) {
		int used = canvas_put_fit(canvas, x, y, left, line->spans[i].role, line->spans[i].attrs,
		                          line->spans[i].text);
		x += used;
		left -= used;
	}
	if (last > 0)
		canvas_put(canvas, x, y, last, line->spans[line->n - 1].role, 0, line->spans[line->n - 1].text);
}

static void paint_taps(const struct plan *plan, const struct place *place, const struct wires *wires,
                       struct canvas *canvas)
{
	for (int k = 0; k < plan->model->n_nets; k++) {
		int x, y;
		bool is_host;
		if (!plan_find_tap(plan, place->workload, k, &x, &y, &is_host))
			continue;
		const struct piece *piece = &wires_at(wires, x, y)->down;
		if (piece->net != k)
			continue;
		uint32_t ch = wires_tap_char(piece, is_host ? ARM_UP : ARM_DOWN);
		if (piece->role == ROLE_FAIL &&
		    piece->flow <= 1) /* a wire that cannot come up: not by its colour alone */
			ch = 0x2717;
		canvas_put_char(canvas, x, y, (enum canvas_role)piece->role, 0, ch);
	}
}

/* The box in focus has heavy edges, so that it stands out without colours too. */
static void thicken(struct canvas *canvas, struct rect area)
{
	static const uint32_t heavy[][2] = {{0x2500, 0x2501}, {0x2502, 0x2503}, {0x250c, 0x250f}, {0x2510, 0x2513},
	                                    {0x2514, 0x2517}, {0x2518, 0x251b}, {0x2504, 0x2505}, {0x2506, 0x2507}};
	for (int y = area.y; y < area.y + area.rows; y++)
		for (int x = area.x; x < area.x + area.cols; x++) {
			const struct cell *cell = canvas_at(canvas, x, y);
			for (size_t i = 0; cell && i < sizeof heavy / sizeof *heavy; i++)
				if (cell->ch[0] == heavy[i][0]) {
					canvas_put_char(canvas, x, y, ROLE_FOCUS, 0, heavy[i][1]);
					break;
				}
		}
}

static void paint_place(const struct plan *plan, const struct place *place, const struct wires *wires,
                        struct diagram *diagram)
{
	const struct model *model = plan->model;
	const struct topo_workload *workload = &model->topo->workloads.data[place->workload];
	struct canvas *canvas = diagram->canvas;
	bool is_planned = workload->state == TOPO_PLANNED, is_focus = place->workload == model->focus;
	enum canvas_role role = is_focus                         ? ROLE_FOCUS
	                        : is_planned                     ? ROLE_PLANNED
	                        : workload->state == TOPO_FAILED ? ROLE_FAIL
	                                                         : ROLE_WORKLOAD;
	const char *title = model->options->group == DIAGRAM_BY_NODE && place->frame >= 0 ? workload->ns : NULL;
	canvas_fill(canvas, place->area, ROLE_NONE, ' ');
	canvas_box(canvas, place->area, is_planned ? BOX_DOTTED : BOX_SQUARE, role, title);
	if (is_focus)
		thicken(canvas, place->area);
	struct line lines[LINE_MAX];
	enum detail detail = plan->attempt.detail;
	if (place->frame < 0 && detail != DETAIL_COMPACT)
		detail = DETAIL_FULL;
	int n = text_box_lines(model, place->workload, detail, lines);
	for (int i = 0; i < n && i < place->area.rows - 2; i++)
		paint_line(canvas, place->area.x + 2, place->area.y + 1 + i, place->area.cols - 4, &lines[i]);
	paint_taps(plan, place, wires, canvas);
	vec_push(&diagram->hits, (struct diagram_hit){mem_strdup(workload->id ? workload->id : ""), place->area});
}

/* ---- legend ---- */
static int legend_entry(struct canvas *canvas, int x, int y, enum canvas_role role, const char *sample,
                        const char *words)
{
	if (canvas) {
		canvas_put(canvas, x, y, 2, role, 0, sample);
		canvas_put(canvas, x + 3, y, 60, ROLE_MUTED, 0, words);
	}
	return 3 + text_columns(words) + 3;
}

struct legend_row {
	enum net_kind kind;
	enum wire_style style;
	enum canvas_role role;
	const char *sample, *words;
};
static const struct legend_row legend_rows[] = {
        {NET_SECONDARY, WIRE_LIGHT, ROLE_SECONDARY, "──", "secondary"},
        {NET_SECONDARY, WIRE_DOUBLE, ROLE_SECONDARY_2, "══", "another secondary"},
        {NET_POD, WIRE_DASHED, ROLE_POD_NETWORK, "╌╌", "pod network"},
        {NET_PHYSICAL, WIRE_DOTTED, ROLE_PHYSICAL, "┄┄", "physical"},
};

static int paint_entries(const struct plan *plan, struct canvas *canvas, int x, int y)
{
	int start = x;
	for (size_t i = 0; i < sizeof legend_rows / sizeof *legend_rows; i++) {
		const struct legend_row *row = &legend_rows[i];
		bool is_drawn = row->kind == NET_PHYSICAL && plan->space.internet > 0;
		for (int k = 0; k < plan->model->n_nets; k++)
			is_drawn =
			        is_drawn || (plan->attempt.nets & 1u << k && plan->model->nets[k].kind == row->kind &&
			                     plan->model->nets[k].style == row->style);
		if (is_drawn)
			x += legend_entry(canvas, x, y, row->role, row->sample, row->words);
	}
	return x - start - 3;
}

void paint_legend(const struct plan *plan, struct canvas *canvas)
{
	if (plan->legend_y < 0)
		return;
	int cols = paint_entries(plan, NULL, 0, 0);
	for (int side = 0; side < 2; side++) { /* at the right, else at the left */
		int x = side ? 2 : plan->cols - 2 - cols;
		bool is_free = cols > 0 && x >= 1 && x + cols < plan->cols;
		for (int at = x - 2; at < x + cols + 2 && is_free; at++) {
			const struct cell *cell = canvas_at(canvas, at, plan->legend_y);
			is_free = !cell || !cell->ch[0];
		}
		if (!is_free)
			continue;
		paint_entries(plan, canvas, x, plan->legend_y);
		return;
	}
}

void paint_plan(const struct plan *plan, const struct wires *wires, struct diagram *diagram)
{
	struct canvas *canvas = diagram->canvas;
	for (size_t f = 0; f < plan->frames.len; f++)
		paint_frame(plan, &plan->frames.data[f], canvas);
	paint_wires(wires, canvas);
	for (size_t f = 0; f < plan->frames.len; f++)
		paint_bridge(&plan->frames.data[f], canvas);
	for (size_t i = 0; i < plan->places.len; i++)
		paint_place(plan, &plan->places.data[i], wires, diagram);
	for (int k = 0; k < plan->model->n_nets; k++)
		if (plan->attempt.nets & 1u << k)
			paint_bus_label(plan, k, canvas);
	paint_problems(plan, canvas);
	if (plan->internet_y >= 0) {
		const char *word = "internet";
		for (int y = plan->buses[0].y; y < plan->internet_y; y++) {
			const struct cell *cell = canvas_at(canvas, plan->internet_x, y);
			if (y == plan->internet_y - 1 && cell && !cell->ch[0])
				canvas_put_char(canvas, plan->internet_x, y, ROLE_PHYSICAL, 0, 0x2506);
		}
		int x = plan->internet_x - text_columns(word) / 2;
		canvas_put(canvas, x < 0 ? 0 : x, plan->internet_y, 12, ROLE_MUTED, 0, word);
	}
}
