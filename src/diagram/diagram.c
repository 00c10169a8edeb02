/* diagram: the way from a graph to a picture. model.c sorts the graph, search.c finds the most detailed plan that fits,
 * route.c lays its wires, paint.c and flow.c draw; where nothing fits, list.c lists. */
#include "onesdn/diagram.h"

#include "diagram/paint.h"

#include <stdlib.h>

enum { LIST_ROWS_MAX = 6 };

/* One picture with so many rows kept for a list of flows. Gives the flows whose labels found no place; -1: no room at all. */
static int draw_once(const struct model *model, int list_rows, struct diagram *diagram)
{
	struct plan plan;
	if (!plan_search(model, list_rows, &plan))
		return -1;
	struct wires wires;
	struct flow_draws flows;
	wires_init(&wires, plan.cols, plan.rows);
	plan_route(&plan, &wires);
	flow_draws_init(&flows, &plan, &wires);
	paint_plan(&plan, &wires, diagram);
	paint_legend(&plan, diagram->canvas);
	size_t n_listed = paint_flows(&flows, &plan, &wires, diagram->canvas);
	size_t n_left_out = paint_flow_list(&flows, &plan, diagram->canvas);
	paint_hidden(&plan, n_left_out, diagram);
	flow_draws_finish(&flows);
	wires_finish(&wires);
	plan_finish(&plan);
	return (int)n_listed;
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
	int n_listed = draw_once(&model, 0, diagram);
	for (int rows = n_listed < LIST_ROWS_MAX ? n_listed : LIST_ROWS_MAX; n_listed > 0 && rows > 0; rows--) {
		clear(diagram);
		n_listed = draw_once(&model, rows, diagram);
		if (n_listed >= 0)
			break;
		n_listed = 1; /* no room for so many lines: fewer */
		if (rows == 1)
			draw_once(&model, 0, diagram);
	}
	if (n_listed < 0) {
		clear(diagram);
		paint_list(&model, diagram);
	}
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
