/* The labels of the buses: in the bus where its wires leave a gap that is wide enough, else hung below it, and shorter the
 * less room there is. Columns only; rows.c says in which rows. */
#include "diagram/plan.h"

#include <stdlib.h>

struct label_way {
	int form;
	bool is_hung;
	int rows;
};
static const struct label_way ways[] = {
        /* the best first */
        {LABEL_FULL, false, 0},  {LABEL_FULL, true, 1},         {LABEL_TWO_LINES, true, 2}, {LABEL_SUBNET, false, 0},
        {LABEL_SUBNET, true, 1}, {LABEL_SUBNET_BELOW, true, 2}, {LABEL_NAME, false, 0},     {LABEL_NAME, true, 1},
        {LABEL_CUT, false, 0},   {LABEL_CUT, true, 1},
};
enum { CUT_COLUMNS = 7, LABEL_COLUMNS_MAX = 60 };

/* Whether a wire goes through a column: in the row of the bus itself, or in the rows below it. */
static bool is_blocked(const struct plan *plan, int net, bool is_below, int x)
{
	const struct column *column = &plan->at[x];
	return column->highest <= net || column->deepest > net || (!is_below && column->deepest == net);
}

static bool is_own(const struct plan *plan, int net, int x)
{
	return plan->at[x].own & 1u << net;
}

static void span_of(const struct plan *plan, int net, int *low, int *high)
{
	*low = plan->cols;
	*high = -1;
	for (int x = 0; x < plan->cols; x++)
		if (is_own(plan, net, x)) {
			*low = x < *low ? x : *low;
			*high = x;
		}
}

/* Centred on `wish` where the gap allows it, and not glued to the gap's edges where it is wide. */
static int place_in_gap(int low, int high, int cols, int wish)
{
	int slack = high - low + 1 - cols, margin = slack >= 8 ? 3 : slack / 2;
	int x = wish - cols / 2;
	if (x < low + margin)
		x = low + margin;
	if (x + cols > high + 1 - margin)
		x = high + 1 - margin - cols;
	return x;
}

/* The leftmost column of a label of `cols` columns; -1 when no gap between the wires is wide enough. */
static int find_gap(const struct plan *plan, int net, bool is_below, int cols, int wish)
{
	int best = -1, low = 1;
	for (int x = 1; x < plan->cols; x++) {
		bool is_end = x == plan->cols - 1 || is_blocked(plan, net, is_below, x);
		if (!is_end)
			continue;
		int from = low > 1 ? low + 1 : low, to = x - 2;
		if (to - from + 1 >= cols) {
			int at = place_in_gap(from, to, cols, wish);
			if (best < 0 || abs(at + cols / 2 - wish) < abs(best + cols / 2 - wish))
				best = at;
		}
		low = x + 1;
	}
	return best;
}

/* A hung label hangs on a column at which nothing of its network comes down: there the bus has a tee, not a cross. */
static int find_hang(const struct plan *plan, int net, int from, int cols)
{
	int middle = from + cols / 2, best = -1;
	for (int x = from + 1; x < from + cols - 1; x++)
		if (!is_own(plan, net, x) && (best < 0 || abs(x - middle) < abs(best - middle)))
			best = x;
	return best;
}

static bool try_way(struct plan *plan, int net, const struct label_way *way, int wish)
{
	struct bus *bus = &plan->buses[net];
	if (!text_bus_label(plan->model, net, way->form, bus->text, bus->text2))
		return false;
	int text = text_columns(bus->text), second = text_columns(bus->text2);
	int most = way->form == LABEL_CUT ? CUT_COLUMNS : LABEL_COLUMNS_MAX;
	text = text < most ? text : most;
	second = second < LABEL_COLUMNS_MAX ? second : LABEL_COLUMNS_MAX;
	int cols = text + 4, wide = second + 2 > cols ? second + 2 : cols;
	int x = find_gap(plan, net, way->is_hung, wide, wish);
	if (x < 0 && wide > cols && plan->model->nets[net].is_failed) { /* a long problem is cut to the gap */
		wide = cols;
		x = find_gap(plan, net, way->is_hung, wide, wish);
	}
	if (x < 0)
		return false;
	bus->is_hung = way->is_hung;
	bus->label = (struct rect){x + (wide - cols) / 2, 0, cols, 1};
	bus->second = (struct rect){second < wide ? x + (wide - second) / 2 : x, 0, second < wide ? second : wide,
	                            second ? 1 : 0};
	bus->hang_x = way->is_hung ? find_hang(plan, net, bus->label.x, cols) : -1;
	return !way->is_hung || bus->hang_x >= 0;
}

static bool label_bus(struct plan *plan, int net)
{
	struct bus *bus = &plan->buses[net];
	int low, high;
	span_of(plan, net, &low, &high);
	int wish = high < 0 ? plan->cols / 2 : (low + high) / 2;
	for (int pass = 0; pass < 2; pass++) /* more rows than wished for only when nothing else will do */
		for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
			if ((ways[i].rows <= plan->space.label_rows) != (pass == 0) ||
			    (ways[i].form == LABEL_CUT && !plan->attempt.has_label_margin) ||
			    !try_way(plan, net, &ways[i], wish))
				continue;
			int left = bus->is_hung ? bus->hang_x : bus->label.x - 1;
			int right = bus->is_hung ? bus->hang_x : bus->label.x + bus->label.cols;
			bus->x0 = high < 0 || left < low ? left : low;
			bus->x1 = high < 0 || right > high ? right : high;
			if (high < 0) { /* nobody is on it: a short piece, so that it looks like a wire */
				bus->x0 = bus->x0 > 3 ? bus->x0 - 3 : 0;
				bus->x1 = bus->x1 + 3 < plan->cols ? bus->x1 + 3 : plan->cols - 1;
			}
			return true;
		}
	return false;
}

bool plan_labels(struct plan *plan)
{
	for (int k = 0; k < plan->model->n_nets; k++)
		if (plan->attempt.nets & 1u << k && !label_bus(plan, k))
			return false;
	return true;
}
