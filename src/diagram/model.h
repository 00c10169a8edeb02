/* What is to be drawn, before any coordinate: networks with their style, groups with their workloads, the lines of text
 * in a box. Made from the graph by model.c and text.c; plan.h gives it places. */
#ifndef ONESDN_DIAGRAM_MODEL_H
#define ONESDN_DIAGRAM_MODEL_H

#include "onesdn/diagram.h"

enum {
	NET_MAX = 10,     /* networks drawn; more are named as hidden */
	GROUP_MAX = 64,   /* frames drawn */
	MEMBER_MAX = 512, /* boxes drawn in a frame */
	HOST_MAX = 12,
	TEXT_SIZE = 128, /* bytes of one span or label */
	SENTENCE_SIZE = 256,
	SPAN_MAX = 4,
	LINE_MAX = 8,
};

enum detail { DETAIL_RICH, DETAIL_FULL, DETAIL_ADDRESS, DETAIL_COMPACT, DETAILS };
struct extent {
	uint8_t cols, rows;
};
enum net_kind { NET_SECONDARY, NET_POD, NET_PHYSICAL };
enum wire_style { WIRE_LIGHT, WIRE_DOUBLE, WIRE_DASHED, WIRE_DOTTED };

struct net {
	size_t network;
	enum net_kind kind;
	enum wire_style style;
	enum canvas_role role;
	bool is_planned, is_failed, has_hosts;
	bool is_bridged; /* grouped by node: reaches its bus through each node's bridge */
};
struct group {
	const char *title;
	size_t node; /* TOPO_NONE: a namespace, or workloads on no node */
	bool is_planned, is_stopping;
	VEC(size_t) members; /* workloads */
	char *problem;       /* "✗ shared-net"; NULL: none */
};
struct model {
	const struct topo *topo;
	const struct diagram_flow *flows;
	size_t n_flows;
	const struct diagram_options *options;
	struct net nets[NET_MAX]; /* in the order of their buses, top to bottom */
	int n_nets;
	size_t n_nets_left_out;
	VEC(struct group) groups;
	VEC(size_t) hosts;
	VEC(char *) problems;   /* sentences about what belongs to no box: attachment definitions */
	uint32_t *masks;        /* a workload's networks, bit k for nets[k] */
	struct extent *extents; /* of a workload's box text, DETAILS of them each */
	uint8_t *priorities;    /* of a workload when boxes are folded away; 0 comes first */
	VEC(size_t) * links;    /* a workload's attachments, by index */
	size_t focus;           /* workload or TOPO_NONE */
	size_t focus_group;
	int flow_rows; /* flows that end at one workload, at most: so many rows of labels */
};
void model_init(struct model *model, const struct topo *topo, const struct diagram_flow *flows, size_t n_flows,
                const struct diagram_options *options);
void model_finish(struct model *model);
/* State of the wire of a workload to nets[net]: the best of its attachments there. */
bool model_is_nad_failed(const struct model *model, size_t workload, int net);
enum topo_state model_link_state(const struct model *model, size_t workload, int net);
/* The network of a flow as an index of nets, -1 when one of its ends is not on it. */
int model_flow_net(const struct model *model, const struct diagram_flow *flow, size_t *from, size_t *to);
/* A node's bridge for a bridged net, NULL when no mapping is known. */
/* Of a node, or the physical one (TOPO_NONE). */
const struct topo_bridge *model_bridge(const struct model *model, size_t node, int net);

/* ---- text.c ---- */
struct span {
	enum canvas_role role;
	uint16_t attrs;
	char text[TEXT_SIZE];
};
struct line {
	struct span spans[SPAN_MAX];
	int n, cols;
	bool is_elastic; /* does not make a box wider: it changes while a workload starts */
};
int text_box_lines(const struct model *model, size_t workload, enum detail detail, struct line lines[LINE_MAX]);
/* The label of a bus: `form` 0 is the longest. False when there is no such form; `second` is a line below, often "". */
enum { LABEL_FULL, LABEL_TWO_LINES, LABEL_SUBNET, LABEL_SUBNET_BELOW, LABEL_NAME, LABEL_CUT, LABEL_FORMS };
bool text_bus_label(const struct model *model, int net, int form, char first[TEXT_SIZE], char second[TEXT_SIZE]);
void text_flow_label(const struct model *model, const struct diagram_flow *flow, bool with_note, char out[TEXT_SIZE],
                     char note[TEXT_SIZE]);
void text_flow_line(const struct model *model, const struct diagram_flow *flow, char out[SENTENCE_SIZE]);
enum canvas_role text_flow_role(enum diagram_flow_state state);
const char *text_mark(const struct model *model, size_t workload, enum canvas_role *role); /* the status glyph */
/* Appends to a text of `size` bytes, whole characters only. */
void text_add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
