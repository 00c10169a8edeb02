/* Where everything goes: one attempt to place a model on a canvas of a given size. columns.c and drops.c decide about x, rows.c about
 * y and labels.c about the labels of the buses; search.c tries attempts from the most to the least detailed. */
#ifndef ONESDN_DIAGRAM_PLAN_H
#define ONESDN_DIAGRAM_PLAN_H

#include "diagram/model.h"

/* ---- one attempt ---- */
struct attempt {
	enum detail detail;
	int text_max;          /* columns of text in a box */
	size_t cap, focus_cap; /* boxes of a group, of the focused group */
	size_t n_groups;       /* groups shown */
	uint32_t nets;         /* shown, bit k for model->nets[k] */
	int bands;             /* rows of frames */
	int rows;              /* rows of boxes in the fullest frame */
	bool has_label_margin; /* labels of buses at the right, beside the frames */
	int list_rows;         /* flows as lines at the bottom */
};

/* ---- what came of it ---- */
struct place {
	size_t workload;
	struct rect area;
	int frame; /* -1: a host */
	int row;   /* in its frame */
};
struct entry { /* where a network leaves a frame through the bridge on its lower edge */
	int net, x;
};
struct frame {
	const struct group *group;
	struct rect area;
	int band, cols, rows; /* of boxes */
	size_t first, n;      /* its places */
	size_t n_folded;
	uint32_t used, upper; /* networks of its boxes; of those above its last row */
	char note[TEXT_SIZE]; /* in its upper edge or, where that is too short, below it: "… and 37 more" */
	bool is_note_in_edge;
	char title[TEXT_SIZE];
	int title_cols, bridge_cols; /* of the texts */
	struct rect bridge;          /* cols 0: none */
	char bridge_text[TEXT_SIZE];
	enum topo_state bridge_state; /* FAILED: no mapping is known */
	struct entry entries[NET_MAX];
	int n_entries;
};
struct drop { /* a wire that leaves the frames downwards, or goes up to a bus from a host */
	int x, net;
	int band;   /* of its frame; -1: a host; plan->n_bands - 1 also for the trunks of bands above */
	int from_y; /* where it starts: a box's edge, a track */
	enum canvas_role role;
};
struct column {
	int deepest, highest; /* the lowest bus that a wire from above goes to, the highest that one from a host does */
	uint32_t own;         /* networks with a wire here */
};
struct bus {
	int y, x0, x1;
	bool is_hung; /* the label hangs below, on hang_x */
	int hang_x;
	struct rect label, second;
	char text[TEXT_SIZE], text2[TEXT_SIZE];
};
struct spacing {
	int pad, gap, frame_gap; /* columns: frame's inner edge, between boxes, between frames */
	int box_cols, box_rows, host_cols, host_rows;
	int flow_gap;   /* rows between frames and buses */
	int label_rows; /* at most, below a bus */
	int bus_gap, bottom_pad, host_gap, internet, legend, problems;
};
struct plan {
	const struct model *model;
	struct attempt attempt;
	int cols, rows;
	struct spacing space;
	VEC(struct frame) frames;
	VEC(struct place) places;
	VEC(struct drop) drops;
	struct column *at; /* by x */
	struct bus buses[NET_MAX];
	int n_bands;
	int band_y[GROUP_MAX], band_rows[GROUP_MAX], band_notes[GROUP_MAX], band_bridges[GROUP_MAX];
	uint32_t band_nets[GROUP_MAX];
	uint32_t trunks; /* networks that come from a band above the last */
	int trunk_x[NET_MAX];
	size_t n_hosts; /* shown */
	int internet_y; /* the word's row; -1: not shown */
	int internet_x;
	int legend_y, list_y, problems_y; /* -1: not shown */
};

void plan_init(struct plan *plan, const struct model *model, const struct attempt *attempt);
void plan_finish(struct plan *plan);
bool plan_columns(struct plan *plan); /* columns.c: false when it does not fit */
bool plan_labels(struct plan *plan);  /* labels.c: for space.label_rows */
bool plan_rows(struct plan *plan);    /* rows.c */
/* search.c: the best attempt that fits; false when none does. */
bool plan_search(const struct model *model, int list_rows, struct plan *plan);

/* route.c: all wires of a plan, and where a workload's wire to a network meets its box; false when it is not shown. */
struct wires;
void plan_route(const struct plan *plan, struct wires *wires);
bool plan_find_tap(const struct plan *plan, size_t workload, int net, int *x, int *y, bool *is_host);

/* columns.c, for others: where the wire of a network leaves a box, as an offset from the box's left edge */
int plan_tap(const struct plan *plan, int box_cols, int net);
int plan_count(uint32_t nets);
/* the n-th track (from 0, top to bottom) of a network among those in `nets` */
int plan_index(uint32_t nets, int net);
/* columns of the gutters, for the trunk of a network inside a frame */
int plan_frame_trunk(const struct plan *plan, const struct frame *frame, int net);
bool plan_is_left(const struct plan *plan, int net);
uint32_t plan_bridged(const struct plan *plan, uint32_t nets); /* those of them that leave a frame through a bridge */
int plan_bridge_cols(const struct plan *plan, const struct frame *frame); /* of its label, with its edges */
/* drops.c: plan->drops of the frames and their bridges, of the hosts and by column; false when there is no room */
bool plan_frame_drops(struct plan *plan);
bool plan_host_drops(struct plan *plan);

#endif
