/* The plane of wires: every cell holds at most one horizontal and one vertical piece, each of one network. Pieces of the
 * same network in a cell join, pieces of two networks cross. Laid by route.c, walked by flow.c, painted by paint.c. */
#ifndef ONESDN_DIAGRAM_WIRES_H
#define ONESDN_DIAGRAM_WIRES_H

#include "diagram/model.h"

enum { ARM_UP = 1, ARM_RIGHT = 2, ARM_DOWN = 4, ARM_LEFT = 8 };

struct piece {
	int8_t net;          /* -1: none */
	uint8_t arms, heavy; /* heavy: arms that a flow goes along */
	uint8_t style, role;
	uint8_t flow; /* 0: none, else its rank: stronger flows hide weaker ones */
};
struct wire_cell {
	struct piece across, down;
};
struct wires {
	int cols, rows;
	struct wire_cell *cells;
	int n_conflicts; /* pieces that did not fit: two networks in one cell and direction */
};
struct wire_look {
	int net;
	enum wire_style style;
	enum canvas_role role;
};
struct point {
	int x, y;
};
struct path {
	VEC(struct point) points; /* from the source's box to the destination's, both borders included */
};

void wires_init(struct wires *wires, int cols, int rows);
void wires_finish(struct wires *wires);
struct wire_cell *wires_at(const struct wires *wires, int x, int y); /* NULL outside */
void wires_across(struct wires *wires, int y, int x0, int x1, struct wire_look look);
void wires_down(struct wires *wires, int x, int y0, int y1, struct wire_look look);
bool wires_is_free(const struct wires *wires, struct rect area);
/* Along the pieces of one network; false when they do not join the two. */
bool wires_find_path(const struct wires *wires, int net, struct point from, struct point to, struct path *path);
struct flow_mark {
	uint8_t rank;
	bool is_heavy;
	enum canvas_role role; /* ROLE_NONE: the network's own stays */
};
void wires_mark_path(struct wires *wires, int net, const struct path *path, struct flow_mark mark);
/* The pieces of a cell as one character; 0 for an empty cell. In ASCII a crossing shows its vertical piece. */
uint32_t wires_char(const struct wire_cell *cell, bool ascii);
enum canvas_role wires_role(const struct wire_cell *cell);
/* The mark of a wire on the border of a box: `arm` is ARM_DOWN at its bottom, ARM_UP at its top. */
uint32_t wires_tap_char(const struct piece *piece, unsigned arm);

#endif
