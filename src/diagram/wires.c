/* The plane of wires: laying, joining, crossing, finding the way along them, and the character of each cell. */
#include "diagram/wires.h"

#include <stdlib.h>
#include <string.h>

void wires_init(struct wires *wires, int cols, int rows)
{
	*wires = (struct wires){.cols = cols, .rows = rows};
	size_t n = (size_t)cols * (size_t)rows;
	wires->cells = mem_alloc((n ? n : 1) * sizeof *wires->cells);
	for (size_t i = 0; i < n; i++)
		wires->cells[i].across.net = wires->cells[i].down.net = -1;
}

void wires_finish(struct wires *wires)
{
	free(wires->cells);
	*wires = (struct wires){0};
}

struct wire_cell *wires_at(const struct wires *wires, int x, int y)
{
	if (x < 0 || y < 0 || x >= wires->cols || y >= wires->rows)
		return NULL;
	return &wires->cells[(size_t)y * (size_t)wires->cols + (size_t)x];
}

static void lay(struct wires *wires, struct piece *piece, unsigned arms, struct wire_look look)
{
	if (!arms)
		return;
	if (piece->net >= 0 && piece->net != look.net) {
		wires->n_conflicts++;
		return;
	}
	bool is_better = piece->net < 0 || (piece->role == ROLE_PLANNED && look.role != ROLE_PLANNED);
	if (is_better) {
		piece->net = (int8_t)look.net;
		piece->style = (uint8_t)look.style;
		piece->role = (uint8_t)look.role;
	}
	piece->arms = (uint8_t)(piece->arms | arms);
}

void wires_across(struct wires *wires, int y, int x0, int x1, struct wire_look look)
{
	if (x0 > x1) {
		int swap = x0;
		x0 = x1;
		x1 = swap;
	}
	for (int x = x0; x <= x1; x++) {
		struct wire_cell *cell = wires_at(wires, x, y);
		if (cell)
			lay(wires, &cell->across, (x > x0 ? ARM_LEFT : 0u) | (x < x1 ? ARM_RIGHT : 0u), look);
	}
}

void wires_down(struct wires *wires, int x, int y0, int y1, struct wire_look look)
{
	for (int y = y0; y <= y1; y++) {
		struct wire_cell *cell = wires_at(wires, x, y);
		if (cell)
			lay(wires, &cell->down, (y > y0 ? ARM_UP : 0u) | (y < y1 ? ARM_DOWN : 0u), look);
	}
}

bool wires_is_free(const struct wires *wires, struct rect area)
{
	for (int y = area.y; y < area.y + area.rows; y++)
		for (int x = area.x; x < area.x + area.cols; x++) {
			const struct wire_cell *cell = wires_at(wires, x, y);
			if (!cell || cell->across.net >= 0 || cell->down.net >= 0)
				return false;
		}
	return true;
}

/* ---- paths ---- */
static unsigned arms_of(const struct wire_cell *cell, int net)
{
	return (cell->across.net == net ? cell->across.arms : 0u) | (cell->down.net == net ? cell->down.arms : 0u);
}

static const struct {
	unsigned arm, back;
	int dx, dy;
} steps[] = {
        {ARM_UP, ARM_DOWN, 0, -1}, {ARM_RIGHT, ARM_LEFT, 1, 0}, {ARM_DOWN, ARM_UP, 0, 1}, {ARM_LEFT, ARM_RIGHT, -1, 0}};

bool wires_find_path(const struct wires *wires, int net, struct point from, struct point to, struct path *path)
{
	size_t n = (size_t)wires->cols * (size_t)wires->rows;
	uint8_t *came = mem_alloc(n); /* 1 + step that led here */
	VEC(struct point) queue = {0};
	bool is_found = false;
	if (wires_at(wires, from.x, from.y)) {
		vec_push(&queue, to); /* backwards, so that walking back gives the path in order */
		if (wires_at(wires, to.x, to.y))
			came[(size_t)to.y * (size_t)wires->cols + (size_t)to.x] = 5;
	}
	for (size_t head = 0; head < queue.len && !is_found; head++) {
		struct point at = queue.data[head];
		const struct wire_cell *cell = wires_at(wires, at.x, at.y);
		is_found = at.x == from.x && at.y == from.y;
		for (size_t s = 0; s < 4 && cell && !is_found; s++) {
			struct point next = {at.x + steps[s].dx, at.y + steps[s].dy};
			const struct wire_cell *there = wires_at(wires, next.x, next.y);
			if (!(arms_of(cell, net) & steps[s].arm) || !there || !(arms_of(there, net) & steps[s].back) ||
			    came[(size_t)next.y * (size_t)wires->cols + (size_t)next.x])
				continue;
			came[(size_t)next.y * (size_t)wires->cols + (size_t)next.x] = (uint8_t)(s + 1);
			vec_push(&queue, next);
		}
	}
	for (struct point at = from; is_found;) {
		vec_push(&path->points, at);
		unsigned step = came[(size_t)at.y * (size_t)wires->cols + (size_t)at.x];
		if (step == 0 || step > 4)
			break;
		at = (struct point){at.x - steps[step - 1].dx, at.y - steps[step - 1].dy};
	}
	vec_finish(&queue);
	free(came);
	return is_found;
}

static unsigned arm_towards(struct point from, struct point to)
{
	for (size_t s = 0; s < 4; s++)
		if (from.x + steps[s].dx == to.x && from.y + steps[s].dy == to.y)
			return steps[s].arm;
	return 0;
}

void wires_mark_path(struct wires *wires, int net, const struct path *path, struct flow_mark mark)
{
	for (size_t i = 0; i < path->points.len; i++) {
		struct point at = path->points.data[i];
		struct wire_cell *cell = wires_at(wires, at.x, at.y);
		unsigned arms = (i > 0 ? arm_towards(at, path->points.data[i - 1]) : 0u) |
		                (i + 1 < path->points.len ? arm_towards(at, path->points.data[i + 1]) : 0u);
		for (int k = 0; cell && k < 2; k++) {
			struct piece *piece = k ? &cell->down : &cell->across;
			if (piece->net != net || !(piece->arms & arms))
				continue;
			piece->heavy = (uint8_t)(piece->heavy | (mark.is_heavy ? piece->arms & arms : 0u));
			if (mark.rank <= piece->flow)
				continue;
			piece->flow = mark.rank;
			if (mark.role != ROLE_NONE)
				piece->role = (uint8_t)mark.role;
		}
	}
}

/* ---- characters ---- */
/* Light and heavy arms: index up + 3 right + 9 down + 27 left, each 0 none, 1 light, 2 heavy. */
static const uint16_t mixed[81] = {
        0x0020, 0x2575, 0x2579, 0x2576, 0x2514, 0x2516, 0x257a, 0x2515, 0x2517, /* ╵╹╶└┖╺┕┗ */
        0x2577, 0x2502, 0x257f, 0x250c, 0x251c, 0x251e, 0x250d, 0x251d, 0x2521, /* ╷│╿┌├┞┍┝┡ */
        0x257b, 0x257d, 0x2503, 0x250e, 0x251f, 0x2520, 0x250f, 0x2522, 0x2523, /* ╻╽┃┎┟┠┏┢┣ */
        0x2574, 0x2518, 0x251a, 0x2500, 0x2534, 0x2538, 0x257c, 0x2536, 0x253a, /* ╴┘┚─┴┸╼┶┺ */
        0x2510, 0x2524, 0x2526, 0x252c, 0x253c, 0x2540, 0x252e, 0x253e, 0x2544, /* ┐┤┦┬┼╀┮┾╄ */
        0x2512, 0x2527, 0x2528, 0x2530, 0x2541, 0x2542, 0x2532, 0x2546, 0x254a, /* ┒┧┨┰╁╂┲╆╊ */
        0x2578, 0x2519, 0x251b, 0x257e, 0x2535, 0x2539, 0x2501, 0x2537, 0x253b, /* ╸┙┛╾┵┹━┷┻ */
        0x2511, 0x2525, 0x2529, 0x252d, 0x253d, 0x2543, 0x252f, 0x253f, 0x2547, /* ┑┥┩┭┽╃┯┿╇ */
        0x2513, 0x252a, 0x252b, 0x2531, 0x2545, 0x2549, 0x2533, 0x2548, 0x254b, /* ┓┪┫┱╅╉┳╈╋ */
};
static const uint16_t doubled[16] = {
        /* by arms */
        0x0020, 0x2551, 0x2550, 0x255a, 0x2551, 0x2551, 0x2554, 0x2560, /* ║═╚║║╔╠ */
        0x2550, 0x255d, 0x2550, 0x2569, 0x2557, 0x2563, 0x2566, 0x256c, /* ═╝═╩╗╣╦╬ */
};
static const uint16_t straight[][2][2] = {
        /* style, down or across, light or heavy */
        [WIRE_LIGHT] = {{0x2502, 0x2503}, {0x2500, 0x2501}},
        [WIRE_DOUBLE] = {{0x2551, 0x2503}, {0x2550, 0x2501}},
        [WIRE_DASHED] = {{0x254e, 0x254f}, {0x254c, 0x254d}},
        [WIRE_DOTTED] = {{0x2506, 0x2507}, {0x2504, 0x2505}},
};

static unsigned digit(unsigned arms, unsigned heavy, unsigned arm)
{
	return !(arms & arm) ? 0 : heavy & arm ? 2 : 1;
}

static uint32_t mixed_char(unsigned arms, unsigned heavy)
{
	return mixed[digit(arms, heavy, ARM_UP) + 3 * digit(arms, heavy, ARM_RIGHT) + 9 * digit(arms, heavy, ARM_DOWN) +
	             27 * digit(arms, heavy, ARM_LEFT)];
}

static uint32_t joined_char(unsigned arms, unsigned heavy, unsigned style)
{
	bool is_down = !(arms & (ARM_LEFT | ARM_RIGHT)), is_across = !(arms & (ARM_UP | ARM_DOWN));
	if (is_down || is_across) /* half a heavy piece is drawn whole: a straight wire has no knots */
		return straight[style][is_across][heavy != 0];
	return style == WIRE_DOUBLE && !heavy ? doubled[arms] : mixed_char(arms, heavy);
}

static uint32_t crossing_char(const struct wire_cell *cell)
{
	bool is_down_double = cell->down.style == WIRE_DOUBLE && !cell->down.heavy;
	bool is_across_double = cell->across.style == WIRE_DOUBLE && !cell->across.heavy;
	if (is_down_double || is_across_double)
		return is_down_double && is_across_double ? 0x256c : is_down_double ? 0x256b : 0x256a; /* ╬ ╫ ╪ */
	return mixed_char(ARM_UP | ARM_DOWN | ARM_LEFT | ARM_RIGHT, (unsigned)cell->down.heavy | cell->across.heavy);
}

uint32_t wires_char(const struct wire_cell *cell, bool ascii)
{
	const struct piece *down = &cell->down, *across = &cell->across;
	if (down->net < 0 && across->net < 0)
		return 0;
	if (down->net < 0)
		return joined_char(across->arms, across->heavy, across->style);
	if (across->net < 0)
		return joined_char(down->arms, down->heavy, down->style);
	if (down->net != across->net)
		return ascii ? joined_char(down->arms, down->heavy, down->style) : crossing_char(cell);
	return joined_char((unsigned)down->arms | across->arms, (unsigned)down->heavy | across->heavy, across->style);
}

enum canvas_role wires_role(const struct wire_cell *cell)
{
	const struct piece *down = &cell->down, *across = &cell->across;
	if (down->net < 0 || across->net < 0) {
		const struct piece *piece = down->net < 0 ? across : down;
		return (enum canvas_role)piece->role;
	}
	if (down->flow || across->flow)
		return (enum canvas_role)(down->flow > across->flow ? down->role : across->role);
	return (enum canvas_role)(across->role == ROLE_PLANNED ? down->role : across->role);
}

uint32_t wires_tap_char(const struct piece *piece, unsigned arm)
{
	bool is_up = arm == ARM_UP;
	if (piece->heavy)
		return is_up ? 0x2538 : 0x2530; /* ┸ ┰ */
	if (piece->style == WIRE_DOUBLE)
		return is_up ? 0x2568 : 0x2565; /* ╨ ╥ */
	return is_up ? 0x2534 : 0x252c;         /* ┴ ┬ */
}
