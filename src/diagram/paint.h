/* A plan, its wires and its flows put on a canvas. paint.c draws what stands still, flow.c the flows on top of it,
 * list.c what is shown when there is no room for a picture. */
#ifndef ONESDN_DIAGRAM_PAINT_H
#define ONESDN_DIAGRAM_PAINT_H

#include "diagram/plan.h"
#include "diagram/wires.h"

void paint_plan(const struct plan *plan, const struct wires *wires, struct diagram *diagram);
void paint_legend(const struct plan *plan, struct canvas *canvas);

/* ---- flow.c ---- */
struct flow_draw {
	const struct diagram_flow *flow;
	int net;        /* -1: not drawn on wires */
	bool is_listed; /* its label found no place: it goes to the list */
	bool is_to_host;
	bool is_broken;   /* BLOCKED, and a wire of its own shows it */
	struct point tap; /* of the destination */
	struct path path;
};
struct flow_draws {
	struct flow_draw *data;
	size_t len;
};
void flow_draws_init(struct flow_draws *draws, const struct plan *plan, struct wires *wires); /* marks the wires */
void flow_draws_finish(struct flow_draws *draws);
/* After paint_plan: arrows, breaks, packets, labels. Gives the number of flows whose label found no place. */
size_t paint_flows(struct flow_draws *draws, const struct plan *plan, const struct wires *wires, struct canvas *canvas);
/* Those as lines; gives how many did not fit there either. */
size_t paint_flow_list(const struct flow_draws *draws, const struct plan *plan, struct canvas *canvas);

/* ---- list.c ---- */
void paint_list(const struct model *model, struct diagram *diagram);
void paint_hidden(const struct plan *plan, size_t n_flows_hidden, struct diagram *diagram);

#endif
