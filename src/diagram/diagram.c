/* diagram: the way from a graph to a picture. model.c sorts the graph, search.c finds the most detailed plan that fits,
 * route.c lays its wires, paint.c and flow.c draw; where nothing fits, list.c lists. */
#include "onesdn/diagram.h"

#include "diagram/paint.h"

#include <stdlib.h>

enum { LIST_ROWS_MAX = 6 };

/* What an attempt shows: a list of flows is not worth cut names, folded boxes or hidden networks. */
static bool is_worse(const struct attempt *attempt, const struct attempt *than)
{
	static const int readable = 20;
	int text = than->text_max < readable ? than->text_max : readable;
	return attempt->text_max < text || attempt->cap < than->cap || attempt->focus_cap < than->focus_cap ||
	       attempt->nets != than->nets || attempt->n_groups != than->n_groups;
}

/* One picture of a plan. Gives the flows whose labels found no place on the wires. */
static size_t draw_plan(const struct plan *plan, struct diagram *diagram)
{
	struct wires wires;
	struct flow_draws flows;
	wires_init(&wires, plan->cols, plan->rows);
	plan_route(plan, &wires);
	flow_draws_init(&flows, plan, &wires);
	paint_plan(plan, &wires, diagram);
	paint_legend(plan, diagram->canvas);
	size_t n_listed = paint_flows(&flows, plan, &wires, diagram->canvas);
	size_t n_left_out = paint_flow_list(&flows, plan, diagram->canvas);
	paint_hidden(plan, n_left_out, diagram);
	flow_draws_finish(&flows);
	wires_finish(&wires);
	return n_listed;
}

static void clear(struct diagram *diagram)
{
	canvas_clear(diagram->canvas);
	for (size_t i = 0; i < diagram->hits.len; i++)
		free(diagram->hits.data[i].id);
	diagram->hits.len = 0;
	free(diagram->hidden);
	diagram->hidden = NULL;
}

static int compare_hits(const void *a, const void *b)
{
	const struct diagram_hit *one = a, *other = b;
	if (one->area.y != other->area.y)
		return one->area.y < other->area.y ? -1 : 1;
	return one->area.x < other->area.x ? -1 : one->area.x > other->area.x;
}

/* The best plan; and when labels of flows found no place in it, once more with rows for a list of them. */
static void draw_best(const struct model *model, struct diagram *diagram)
{
	struct plan plan, with_list;
	if (!plan_search(model, 0, &plan)) {
		paint_list(model, diagram);
		return;
	}
	size_t n_listed = draw_plan(&plan, diagram);
	for (int rows = n_listed < LIST_ROWS_MAX ? (int)n_listed : LIST_ROWS_MAX; rows > 0; rows--) {
		if (!plan_search(model, rows, &with_list))
			continue;
		bool is_good = !is_worse(&with_list.attempt, &plan.attempt);
		if (is_good) {
			clear(diagram);
			draw_plan(&with_list, diagram);
		}
		plan_finish(&with_list);
		if (is_good)
			break;
	}
	plan_finish(&plan);
}

struct diagram *diagram_draw(const struct topo *topo, const struct diagram_flow *flows, size_t n_flows,
                             const struct diagram_options *options)
{
	struct diagram *diagram = mem_alloc(sizeof *diagram);
	struct diagram_options within = *options;
	diagram->canvas = canvas_create(options->cols, options->rows);
	diagram->canvas->ascii = options->ascii;
	within.cols = diagram->canvas->cols;
	within.rows = diagram->canvas->rows;
	struct model model;
	model_init(&model, topo, flows, n_flows, &within);
	draw_best(&model, diagram);
	if (diagram->hits.len > 0)
		qsort(diagram->hits.data, diagram->hits.len, sizeof *diagram->hits.data, compare_hits);
	model_finish(&model);
	return diagram;
}

void diagram_destroy(struct diagram *diagram)
{
	if (!diagram)
		return;
	clear(diagram);
	vec_finish(&diagram->hits);
	canvas_destroy(diagram->canvas);
	free(diagram);
}
