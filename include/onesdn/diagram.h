/* diagram: graph to canvas. Layout, wire routing, labels, levels of detail. Pure.
 *
 * Floor 4. Drawing grammar: solid wires are secondary networks, dashed the pod network, dotted the physical one; square
 * boxes are workloads, rounded frames namespaces or nodes, dotted frames what is only planned; a switch is
 * "▐ name · topology · subnet ▌". Wires cross visibly and join with junctions; none passes through a box or a label.
 * The same graph, flows and size give the same picture.
 */
#ifndef ONESDN_DIAGRAM_H
#define ONESDN_DIAGRAM_H

#include "onesdn/canvas.h"
#include "onesdn/topo.h"

enum diagram_flow_state {
	DIAGRAM_FLOW_UNTRIED,   /* expected, not yet tried: thin, "? tcp/9000" */
	DIAGRAM_FLOW_UNDERWAY,  /* being tried now */
	DIAGRAM_FLOW_OK,        /* seen to pass: "✓ tcp/9000" */
	DIAGRAM_FLOW_BLOCKED,   /* dropped: "✗ tcp/5432", broken wire */
	DIAGRAM_FLOW_FAILED,    /* tried, did not pass, nobody's policy says why */
};
struct diagram_flow {
	const char *id;
	const char *from, *to;  /* workload ids of the graph */
	const char *network;    /* network's name; NULL: the first secondary network that both are on */
	const char *port;       /* "tcp/9000" */
	const char *note;       /* "0.9 ms", "3 packets dropped"; "" */
	enum diagram_flow_state state;
};

enum diagram_group { DIAGRAM_BY_NAMESPACE, DIAGRAM_BY_NODE };
struct diagram_options {
	int cols, rows;             /* any size; what does not fit is folded or named as hidden */
	enum diagram_group group;
	bool ascii;
	const char *focus;          /* workload id to highlight and unfold, or NULL */
	int tick;                   /* animation step of flows under way; 0: still */
	bool legend;
};
struct diagram_hit {            /* where a workload's box is, for the mouse and for focus movement */
	char *id;
	struct rect area;
};
struct diagram {
	struct canvas *canvas;
	VEC(struct diagram_hit) hits;      /* in reading order */
	char *hidden;               /* what the size hides, in words: "37 more pods in tenantblue"; "" */
};
struct diagram *diagram_draw(const struct topo *topo, const struct diagram_flow *flows, size_t n_flows,
                             const struct diagram_options *options); /* never NULL */
void diagram_destroy(struct diagram *diagram);

#endif
