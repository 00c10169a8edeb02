/* Flows on the wires: which cells they go along, arrows, the break of what is blocked, packets, labels. */
#include "diagram/paint.h"

#include <stdlib.h>
#include <string.h>

enum {
	ARROW_UP = 0x25b2,
	ARROW_DOWN = 0x25bc,
	ARROW_RIGHT = 0x25b6,
	ARROW_LEFT = 0x25c0,
	THIN_UP = 0x25b5,
	THIN_DOWN = 0x25bf,
	THIN_RIGHT = 0x25b9,
	THIN_LEFT = 0x25c3,
	BREAK = 0x2573,
	PACKET = 0x25cf,
	PACKET_EVERY = 7,
	BREAK_SEEN = 3 /* of a wire; a shorter break is drawn beside it as well */
};

static const uint8_t ranks[] = {
        [DIAGRAM_FLOW_UNTRIED] = 1, [DIAGRAM_FLOW_FAILED] = 2,   [DIAGRAM_FLOW_BLOCKED] = 3,
        [DIAGRAM_FLOW_OK] = 4,      [DIAGRAM_FLOW_UNDERWAY] = 5,
};

void flow_draws_init(struct flow_draws *draws, const struct plan *plan, struct wires *wires)
{
	const struct model *model = plan->model;
	*draws = (struct flow_draws){.data = mem_alloc((model->n_flows + 1) * sizeof *draws->data),
	                             .len = model->n_flows};
	for (size_t i = 0; i < model->n_flows; i++) {
		struct flow_draw *draw = &draws->data[i];
		size_t from, to;
		bool is_from_host;
		struct point start;
		draw->flow = &model->flows[i];
		draw->net = model_flow_net(model, draw->flow, &from, &to);
		if (draw->net < 0 || !plan_find_tap(plan, from, draw->net, &start.x, &start.y, &is_from_host) ||
		    !plan_find_tap(plan, to, draw->net, &draw->tap.x, &draw->tap.y, &draw->is_to_host) ||
		    !wires_find_path(wires, draw->net, start, draw->tap, &draw->path)) {
			draw->is_listed = draw->net >= 0;
			draw->net = -1;
			continue;
		}
		enum diagram_flow_state state = draw->flow->state;
		struct flow_mark mark = {
		        .rank = ranks[state], .is_heavy = state != DIAGRAM_FLOW_UNTRIED, .role = text_flow_role(state)};
		if (state == DIAGRAM_FLOW_UNTRIED)
			mark.role = ROLE_NONE;
		wires_mark_path(wires, draw->net, &draw->path, mark);
	}
}

void flow_draws_finish(struct flow_draws *draws)
{
	for (size_t i = 0; i < draws->len; i++)
		vec_finish(&draws->data[i].path.points);
	free(draws->data);
	*draws = (struct flow_draws){0};
}

/* ---- cells ---- */
static bool is_blank(const struct canvas *canvas, int x, int y)
{
	const struct cell *cell = canvas_at((struct canvas *)canvas, x, y);
	return cell && !cell->ch[0] && cell->width == 1;
}

/* A straight piece that belongs to this flow before all others, with nothing crossing it and no label on it. */
static bool is_own_straight(const struct flow_draw *draw, const struct wires *wires, const struct canvas *canvas,
                            size_t i)
{
	struct point at = draw->path.points.data[i];
	if (i == 0 || i + 1 >= draw->path.points.len)
		return false;
	const struct wire_cell *cell = wires_at(wires, at.x, at.y);
	const struct piece *piece = cell->across.net >= 0 ? &cell->across : &cell->down;
	if ((cell->across.net >= 0 && cell->down.net >= 0) || piece->flow != ranks[draw->flow->state])
		return false;
	if (piece == &cell->down && (!is_blank(canvas, at.x - 1, at.y) || !is_blank(canvas, at.x + 1, at.y)))
		return false; /* on the edge of a frame */
	const struct cell *shown = canvas_at((struct canvas *)canvas, at.x, at.y);
	uint32_t ch = wires_char(cell, canvas->ascii);
	return shown && shown->ch[0] == (canvas->ascii ? canvas_ascii_char(ch) : ch);
}

static bool is_across(const struct path *path, size_t i)
{
	return path->points.data[i].y == path->points.data[i - 1].y &&
	       path->points.data[i].y == path->points.data[i + 1].y;
}

/* ---- arrows ---- */
static uint32_t head_char(const struct canvas *canvas, bool is_thin, uint32_t thick, uint32_t thin)
{
	return is_thin && !canvas->ascii ? thin : thick;
}

/* Arrows of several flows on one wire: one is enough for the eye. */
static bool has_head_near(const struct canvas *canvas, struct point at)
{
	static const uint32_t heads[] = {ARROW_LEFT, ARROW_RIGHT, THIN_LEFT, THIN_RIGHT};
	for (int x = at.x - 6; x <= at.x + 6; x++) {
		const struct cell *cell = canvas_at((struct canvas *)canvas, x, at.y);
		for (size_t i = 0; cell && i < sizeof heads / sizeof *heads; i++)
			if (cell->ch[0] == (canvas->ascii ? canvas_ascii_char(heads[i]) : heads[i]))
				return true;
	}
	return false;
}

static void paint_heads(const struct flow_draw *draw, const struct wires *wires, struct canvas *canvas)
{
	bool is_thin = draw->flow->state == DIAGRAM_FLOW_UNTRIED;
	enum canvas_role role = text_flow_role(draw->flow->state);
	const struct wire_cell *cell = wires_at(wires, draw->tap.x, draw->tap.y);
	bool is_dead = is_thin && cell->down.role == ROLE_FAIL; /* the wire itself cannot come up: its mark stays */
	if (cell->down.flow == ranks[draw->flow->state] && !is_dead)
		canvas_put_char(canvas, draw->tap.x, draw->tap.y, role, ATTR_BOLD,
		                draw->is_to_host ? head_char(canvas, is_thin, ARROW_DOWN, THIN_DOWN)
		                                 : head_char(canvas, is_thin, ARROW_UP, THIN_UP));
	if (draw->flow->state == DIAGRAM_FLOW_BLOCKED)
		return;
	/* one on the way, a little before the wire turns up to the destination */
	const struct path *path = &draw->path;
	size_t turn = path->points.len - 1;
	while (turn > 1 && path->points.data[turn].x == path->points.data[turn - 1].x)
		turn--;
	for (size_t i = turn > 4 ? turn - 4 : 0; i > 1 && turn - i < 12; i--) {
		if (!is_across(path, i))
			return;
		if (!is_own_straight(draw, wires, canvas, i) || !is_own_straight(draw, wires, canvas, i - 1) ||
		    !is_own_straight(draw, wires, canvas, i + 1))
			continue;
		bool is_right = path->points.data[i].x > path->points.data[i - 1].x;
		if (has_head_near(canvas, path->points.data[i]))
			return;
		canvas_put_char(canvas, path->points.data[i].x, path->points.data[i].y, role, ATTR_BOLD,
		                is_right ? head_char(canvas, is_thin, ARROW_RIGHT, THIN_RIGHT)
		                         : head_char(canvas, is_thin, ARROW_LEFT, THIN_LEFT));
		return;
	}
}

/* A blocked flow's wire is broken where it is long enough for everybody to see it, nearest to the destination. Gives the length
 * of the piece that it is broken in, 0: there is none. */
static size_t paint_break(const struct flow_draw *draw, const struct wires *wires, struct canvas *canvas)
{
	const struct path *path = &draw->path;
	size_t best_at = 0, best_len = 0, run = 0;
	for (size_t i = 1; i < path->points.len; i++) {
		bool is_good = i + 1 < path->points.len && is_own_straight(draw, wires, canvas, i) &&
		               (run == 0 || is_across(path, i) == is_across(path, i - 1));
		if (is_good)
			run++;
		size_t weight = run > 0 && is_across(path, i - !is_good) ? run : run > 2 ? 2 : run;
		if (run > 0 && (!is_good || i + 2 == path->points.len)) {
			if (weight >= best_len) {
				best_len = weight;
				best_at = i - !is_good - (run - 1) / 2;
			}
			run = 0;
		}
	}
	if (best_len == 0)
		return 0;
	size_t wide = best_len >= 9 ? 1 : 0;
	for (size_t i = best_at - wide; i <= best_at + wide; i++)
		canvas_put_char(canvas, path->points.data[i].x, path->points.data[i].y, ROLE_FLOW_BLOCKED, ATTR_BOLD,
		                BREAK);
	return best_len;
}

static void paint_packets(const struct flow_draw *draw, const struct wires *wires, int tick, struct canvas *canvas)
{
	for (size_t i = 1; i + 1 < draw->path.points.len; i++)
		if (((int64_t)i - tick) % PACKET_EVERY == 0 && is_own_straight(draw, wires, canvas, i))
			canvas_put_char(canvas, draw->path.points.data[i].x, draw->path.points.data[i].y, ROLE_WAIT,
			                ATTR_BOLD, PACKET);
}

/* ---- labels ---- */
static bool is_room(const struct canvas *canvas, int x, int y, int cols)
{
	if (x < 0 || x + cols > canvas->cols)
		return false;
	for (int at = x; at < x + cols; at++)
		if (!is_blank(canvas, at, y))
			return false;
	return (x + cols == canvas->cols || is_blank(canvas, x + cols, y)) && (x == 0 || is_blank(canvas, x - 1, y));
}

enum { NOTE_BEHIND, NOTE_BELOW, NOTE_NOT }; /* BEHIND: it is part of the text */
struct label {
	char text[TEXT_SIZE], note[TEXT_SIZE];
	int form;
	bool is_right;
};

/* The column of a note below its label, whose text starts at x; -1 when it does not fit there. */
static int note_column(const struct canvas *canvas, const struct label *label, int x, int y)
{
	int cols = text_columns(label->note);
	if (!label->is_right) {
		x += text_columns(label->text) - cols; /* flush with the wire, like the label */
		return is_room(canvas, x, y, cols) ? x : -1;
	}
	return is_room(canvas, x + 2, y, cols) ? x + 2 : is_room(canvas, x, y, cols) ? x : -1;
}

/* Beside the wire that goes up to the destination, from the box downwards. */
static bool label_beside(const struct flow_draw *draw, struct canvas *canvas, const struct label *label)
{
	int cols = text_columns(label->text), step = draw->is_to_host ? -1 : 1;
	enum canvas_role role = text_flow_role(draw->flow->state);
	const struct path *path = &draw->path;
	for (size_t i = path->points.len - 1; i > 0; i--) {
		struct point at = path->points.data[i - 1];
		if (at.x != draw->tap.x || at.y != path->points.data[i].y + step)
			break;
		int x = label->is_right ? at.x + 2 : at.x - 1 - cols;
		bool is_last = draw->is_to_host || i < 3 ||
		               path->points.data[i - 3].x != at.x; /* below it is the bus, or the host */
		int note_x = label->form != NOTE_BELOW ? 0 : is_last ? -1 : note_column(canvas, label, x, at.y + 1);
		if (note_x < 0 || !is_room(canvas, x, at.y, cols))
			continue;
		canvas_put(canvas, x, at.y, cols, role, ATTR_BOLD, label->text);
		if (label->form == NOTE_BELOW)
			canvas_put(canvas, note_x, at.y + 1, TEXT_SIZE, role, 0, label->note);
		return true;
	}
	return false;
}

/* On the box's own edge, between the wires that leave it. */
static bool label_on_edge(const struct flow_draw *draw, const struct wires *wires, struct canvas *canvas,
                          const char *text)
{
	const uint32_t edges[] = {0x2500, 0x2504, 0x2501, 0x2505};
	int cols = text_columns(text) + 2, x = draw->tap.x + 1;
	for (int at = x; at < x + cols; at++) {
		const struct cell *cell = canvas_at(canvas, at, draw->tap.y);
		const struct wire_cell *wire = wires_at(wires, at, draw->tap.y);
		bool is_edge = false;
		for (size_t i = 0; i < 4 && cell; i++)
			is_edge = is_edge || cell->ch[0] == (canvas->ascii ? canvas_ascii_char(edges[i]) : edges[i]);
		if (!is_edge || !wire || wire->down.net >= 0 || wire->across.net >= 0)
			return false;
	}
	canvas_fill(canvas, (struct rect){x, draw->tap.y, cols, 1}, ROLE_NONE, ' ');
	canvas_put(canvas, x + 1, draw->tap.y, cols - 2, text_flow_role(draw->flow->state), ATTR_BOLD, text);
	return true;
}

struct way {
	bool is_left;
	int form;
};
static const struct way ways[] = {{false, NOTE_BEHIND}, {false, NOTE_BELOW}, {false, NOTE_NOT},
                                  {true, NOTE_BEHIND},  {true, NOTE_BELOW},  {true, NOTE_NOT}};
/* What was dropped is worth the other side. */
static const struct way blocked_ways[] = {{false, NOTE_BEHIND}, {false, NOTE_BELOW}, {true, NOTE_BEHIND},
                                          {true, NOTE_BELOW},   {false, NOTE_NOT},   {true, NOTE_NOT}};

static bool paint_label(const struct flow_draw *draw, const struct plan *plan, const struct wires *wires,
                        struct canvas *canvas)
{
	struct label label = {.form = NOTE_NOT};
	char text[TEXT_SIZE];
	bool is_blocked = draw->flow->state == DIAGRAM_FLOW_BLOCKED, is_lost = is_blocked && !draw->is_broken;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const struct way *way = is_blocked ? &blocked_ways[i] : &ways[i];
		text_flow_label(plan->model, draw->flow, way->form == NOTE_BEHIND, text, label.note);
		if (way->form == NOTE_BELOW && !label.note[0])
			continue;
		label.form = way->form;
		label.is_right = !way->is_left;
		label.text[0] = '\0'; /* lost: all its wires carry what does pass, so the break stands beside them */
		text_add(label.text, TEXT_SIZE, "%s%s%s", is_lost && !way->is_left ? "╳╳╳ " : "", text,
		         is_lost && way->is_left ? " ╳╳╳" : "");
		if (label_beside(draw, canvas, &label))
			return true;
	}
	text_flow_label(plan->model, draw->flow, false, text, label.note);
	return label_on_edge(draw, wires, canvas, text);
}

size_t paint_flows(struct flow_draws *draws, const struct plan *plan, const struct wires *wires, struct canvas *canvas)
{
	size_t n_listed = 0;
	for (size_t i = 0; i < draws->len; i++) {
		struct flow_draw *draw = &draws->data[i];
		if (draw->net >= 0 && draw->flow->state == DIAGRAM_FLOW_BLOCKED)
			draw->is_broken = paint_break(draw, wires, canvas) >= BREAK_SEEN;
	}
	for (size_t i = 0; i < draws->len; i++) {
		struct flow_draw *draw = &draws->data[i];
		if (draw->net >= 0)
			draw->is_listed = !paint_label(draw, plan, wires, canvas);
		n_listed += draw->is_listed;
	}
	for (size_t i = 0; i < draws->len; i++) {
		const struct flow_draw *draw = &draws->data[i];
		if (draw->net < 0)
			continue;
		paint_heads(draw, wires, canvas);
		if (draw->flow->state == DIAGRAM_FLOW_UNDERWAY && plan->model->options->tick > 0)
			paint_packets(draw, wires, plan->model->options->tick, canvas);
	}
	return n_listed;
}

size_t paint_flow_list(const struct flow_draws *draws, const struct plan *plan, struct canvas *canvas)
{
	char text[SENTENCE_SIZE];
	size_t n = 0, n_left_out = 0;
	for (size_t i = 0; i < draws->len; i++) {
		if (!draws->data[i].is_listed)
			continue;
		if (plan->list_y < 0 || n >= (size_t)plan->attempt.list_rows) {
			n_left_out++;
			continue;
		}
		text_flow_line(plan->model, draws->data[i].flow, text);
		canvas_put_fit(canvas, 1, plan->list_y + (int)n++, plan->cols - 2,
		               text_flow_role(draws->data[i].flow->state), 0, text);
	}
	return n_left_out;
}
