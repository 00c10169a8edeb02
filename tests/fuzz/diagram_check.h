/* Random graphs from bytes, and what must hold of every picture of them; shared by the unit test and the fuzz target.
 * The picture is read as a person does, from its cells alone: which arms a character has, what crosses and what joins. */
#ifndef ONESDN_TESTS_DIAGRAM_CHECK_H
#define ONESDN_TESTS_DIAGRAM_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/diagram.h"

/* ---- graphs ---- */
struct bytes {
	const uint8_t *data;
	size_t size, at;
};

static inline unsigned bytes_next(struct bytes *bytes, unsigned below)
{
	if (bytes->at + 1 >= bytes->size || below == 0)
		return 0;
	unsigned value = bytes->data[bytes->at] | (unsigned)bytes->data[bytes->at + 1] << 8;
	bytes->at += below > 256 ? 2 : 1;
	return (below > 256 ? value : value & 0xff) % below;
}

static inline char *name_of(struct bytes *bytes, const char *prefix, unsigned i)
{
	static const char *const tails[] = {"", "-server", "-7d9f8b6c5-x2x4z", "-日本",
	                                    "-a-very-long-name-that-goes-on-and-on-and-on-and-on"};
	return mem_printf("%s%u%s", prefix, i, tails[bytes_next(bytes, 16) % 7 % 5]);
}

static inline char *no_text(void)
{
	return mem_strdup("");
}

static inline void add_attachment(struct topo *topo, struct bytes *bytes, size_t workload, size_t network)
{
	static const char *const addresses[] = {"", "192.168.200.7", "fd00:10:244::15", "10.128.100.200"};
	enum topo_state state = (enum topo_state)bytes_next(bytes, TOPO_STOPPED + 1);
	vec_push(&topo->attachments,
	         (struct topo_attachment){.workload = workload,
	                                  .network = network,
	                                  .nad = topo->nads.len ? bytes_next(bytes, 3) % topo->nads.len : TOPO_NONE,
	                                  .interface = mem_printf("net%zu", network),
	                                  .address = mem_strdup(addresses[bytes_next(bytes, 4)]),
	                                  .addresses = no_text(),
	                                  .source = (enum topo_source)bytes_next(bytes, TOPO_FROM_SCENARIO + 1),
	                                  .mac = no_text(),
	                                  .state = state,
	                                  .problem = mem_strdup(state == TOPO_FAILED ? "no address left" : "")});
}

/* Networks begin with different letters, so that a cut label still says whose it is. */
static inline void add_networks(struct topo *topo, struct bytes *bytes)
{
	static const char *const names[] = {"",      "alpha-network", "beta",   "cyan", "echo", "foxtrot", "golf",
	                                    "hotel", "india",         "juliet", "kilo", "lima", "mike"};
	unsigned n = 1 + bytes_next(bytes, 20) % 13;
	for (unsigned i = 0; i < n && i < sizeof names / sizeof *names; i++) {
		static const enum cni_topology topologies[] = {CNI_LAYER2, CNI_LOCALNET, CNI_LAYER3, CNI_LAYER2};
		enum topo_state state = (enum topo_state)(bytes_next(bytes, 8) == 0 ? TOPO_FAILED
		                                          : bytes_next(bytes, 5)    ? TOPO_RUNNING
		                                                                    : TOPO_PLANNED);
		vec_push(&topo->networks,
		         (struct topo_network){
		                 .name = mem_strdup(names[i]),
		                 .topology = i ? topologies[bytes_next(bytes, 4)] : CNI_DEFAULT,
		                 .subnets = mem_strdup(bytes_next(bytes, 2) ? "192.168.200.0/24" : ""),
		                 .vlan = bytes_next(bytes, 2) ? 123 : 0,
		                 .physical_name = no_text(),
		                 .state = state,
		                 .problem = mem_strdup(
		                         state == TOPO_FAILED ? "two attachments disagree about its subnets" : "")});
	}
}

static inline void add_workloads(struct topo *topo, struct bytes *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		enum topo_kind kind = bytes_next(bytes, 12) == 0  ? TOPO_HOST
		                      : bytes_next(bytes, 6) == 0 ? TOPO_VM
		                                                  : TOPO_POD;
		size_t ns = topo->namespaces.len ? bytes_next(bytes, (unsigned)topo->namespaces.len) : 0;
		size_t node = bytes_next(bytes, (unsigned)topo->nodes.len + 1);
		struct topo_workload workload = {
		        .kind = kind,
		        .id = mem_printf("w%u", i),
		        .ns = mem_strdup(topo->namespaces.len ? topo->namespaces.data[ns].name : "nowhere"),
		        .name = name_of(bytes, "pod", i),
		        .pod = no_text(),
		        .node = node < topo->nodes.len ? node : TOPO_NONE,
		        .state = (enum topo_state)bytes_next(bytes, TOPO_STOPPED + 1),
		        .phase = mem_strdup(bytes_next(bytes, 2) ? "ContainerCreating" : ""),
		        .reason = no_text(),
		        .ports = mem_strdup(bytes_next(bytes, 2) ? "tcp/9000" : "")};
		vec_push(&topo->workloads, workload);
		for (size_t k = 0; k < topo->networks.len; k++)
			if (bytes_next(bytes, 4) < (k < 2 ? 3u : 1u))
				add_attachment(topo, bytes, topo->workloads.len - 1, k);
	}
}

static inline struct topo *graph_of(struct bytes *bytes)
{
	struct topo *topo = mem_alloc(sizeof *topo);
	unsigned n_namespaces = bytes_next(bytes, 6), n_nodes = bytes_next(bytes, 5);
	for (unsigned i = 0; i < n_namespaces; i++)
		vec_push(&topo->namespaces,
		         (struct topo_namespace){name_of(bytes, "ns", i),
		                                 bytes_next(bytes, 3) ? TOPO_RUNNING : TOPO_PLANNED});
	for (unsigned i = 0; i < n_nodes; i++)
		vec_push(&topo->nodes, (struct topo_node){mem_printf("node-%u", i), no_text(), true, true});
	add_networks(topo, bytes);
	if (n_namespaces && bytes_next(bytes, 3) == 0)
		vec_push(&topo->nads, (struct topo_nad){.ns = mem_strdup(topo->namespaces.data[0].name),
		                                        .name = mem_strdup("shared-net"),
		                                        .network = TOPO_NONE,
		                                        .state = TOPO_FAILED,
		                                        .problem = mem_strdup("does not parse")});
	for (unsigned i = 0; i < n_nodes; i++)
		if (bytes_next(bytes, 3))
			vec_push(&topo->bridges,
			         (struct topo_bridge){i, mem_strdup("Zbr"), mem_strdup("alpha-network:Zbr,beta:Zbr"),
			                              TOPO_RUNNING, mem_strdup("")});
	static const unsigned amounts[] = {3, 6, 12, 40, 120};
	add_workloads(topo, bytes, bytes_next(bytes, amounts[bytes_next(bytes, 5)] + 1));
	return topo;
}

/* Like topo_destroy, for a graph that was made here. */
static inline void graph_destroy(struct topo *topo)
{
	topo_destroy(topo);
}

#define FLOWS_MAX 6
struct flow_ids {
	char from[FLOWS_MAX][16], to[FLOWS_MAX][16];
	struct diagram_flow flows[FLOWS_MAX];
	size_t n;
};

static inline void flows_of(struct bytes *bytes, const struct topo *topo, struct flow_ids *ids)
{
	memset(ids, 0, sizeof *ids);
	ids->n = bytes_next(bytes, FLOWS_MAX + 1);
	for (size_t i = 0; i < ids->n; i++) {
		snprintf(ids->from[i], sizeof ids->from[i], "w%u",
		         bytes_next(bytes, (unsigned)topo->workloads.len + 1));
		snprintf(ids->to[i], sizeof ids->to[i], "w%u", bytes_next(bytes, (unsigned)topo->workloads.len + 1));
		ids->flows[i] = (struct diagram_flow){
		        .id = "flow",
		        .from = ids->from[i],
		        .to = ids->to[i],
		        .port = "tcp/9000",
		        .note = bytes_next(bytes, 2) ? "3 packets dropped" : "",
		        .state = (enum diagram_flow_state)bytes_next(bytes, DIAGRAM_FLOW_FAILED + 1)};
	}
}

/* ---- reading a picture ---- */
enum { UP = 1, RIGHT = 2, DOWN = 4, LEFT = 8, STRAIGHT = 16 /* goes on as it came */ };
static const char arms_of_boxes[] = "aa55aa55aa556666cccc333399997777"
                                    "7777ddddddddeeeeeeeebbbbbbbbffff"
                                    "ffffffffffffaa55a5666ccc33399977"
                                    "7dddeeebbbfff6c9300081248124a5a5";
_Static_assert(sizeof arms_of_boxes - 1 == 0x80, "a digit for each of U+2500 to U+257F");

static inline unsigned hex_digit(char c)
{
	return c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(c - '0');
}

static inline uint32_t char_at(const struct canvas *canvas, int x, int y)
{
	const struct cell *cell = canvas_at((struct canvas *)canvas, x, y);
	return cell ? cell->ch[0] : 0;
}

static inline unsigned box_arms(uint32_t ch)
{
	if (ch < 0x2500 || ch > 0x257f)
		return 0;
	unsigned arms = hex_digit(arms_of_boxes[ch - 0x2500]);
	return arms == 15 ? arms | STRAIGHT : arms; /* four arms are always a crossing */
}

static inline bool is_on_wire(uint32_t ch) /* arrows, breaks, packets */
{
	return ch == 0x25b6 || ch == 0x25c0 || ch == 0x25b9 || ch == 0x25c3 || ch == 0x2573 || ch == 0x25cf;
}

static inline unsigned arms_at(const struct canvas *canvas, int x, int y)
{
	uint32_t ch = char_at(canvas, x, y), left = char_at(canvas, x - 1, y), right = char_at(canvas, x + 1, y);
	if (!is_on_wire(ch))
		return box_arms(ch);
	/* which way the wire below it goes, its neighbours say */
	bool is_across = is_on_wire(left) || is_on_wire(right) || box_arms(left) & RIGHT || box_arms(right) & LEFT;
	return STRAIGHT | (is_across ? LEFT | RIGHT : UP | DOWN);
}

static inline bool is_inside(struct rect area, int x, int y)
{
	return x >= area.x && x < area.x + area.cols && y >= area.y && y < area.y + area.rows;
}

#define CHECK_FAIL(...) return snprintf(why, why_size, __VA_ARGS__), false

static inline bool check_boxes(const struct diagram *diagram, char *why, size_t why_size)
{
	const struct canvas *canvas = diagram->canvas;
	for (size_t i = 0; i < diagram->hits.len; i++) {
		struct rect a = diagram->hits.data[i].area;
		if (a.x < 0 || a.y < 0 || a.x + a.cols > canvas->cols || a.y + a.rows > canvas->rows || a.cols < 1 ||
		    a.rows < 1)
			CHECK_FAIL("box %s is not on the canvas", diagram->hits.data[i].id);
		for (size_t k = 0; k < i; k++) {
			struct rect b = diagram->hits.data[k].area;
			if (a.x < b.x + b.cols && b.x < a.x + a.cols && a.y < b.y + b.rows && b.y < a.y + a.rows)
				CHECK_FAIL("boxes %s and %s overlap", diagram->hits.data[i].id,
				           diagram->hits.data[k].id);
		}
		for (int y = a.y + 1; y < a.y + a.rows - 1; y++)
			for (int x = a.x + 1; x < a.x + a.cols - 1; x++)
				if (char_at(canvas, x, y) >= 0x2500 && char_at(canvas, x, y) <= 0x257f)
					CHECK_FAIL("a wire at %d,%d is in the box %s", x, y, diagram->hits.data[i].id);
		for (int corner = 0; corner < 4 && a.rows > 1; corner++) {
			uint32_t ch = char_at(canvas, corner & 1 ? a.x + a.cols - 1 : a.x,
			                      corner & 2 ? a.y + a.rows - 1 : a.y);
			if (ch < 0x250c || ch > 0x251b)
				CHECK_FAIL("a corner of the box %s is overwritten", diagram->hits.data[i].id);
		}
	}
	return true;
}

/* The label that a cell is part of: its first column in *start, -1 if it is part of none. */
static inline int label_start(const struct canvas *canvas, int x, int y)
{
	for (int at = x; at >= 0 && x - at < 80; at--) {
		if (char_at(canvas, at, y) == 0x2590)
			return at;
		if (at < x && char_at(canvas, at, y) == 0x258c)
			return -1;
	}
	return -1;
}

static inline int label_end(const struct canvas *canvas, int x, int y)
{
	while (x < canvas->cols && char_at(canvas, x, y) != 0x258c)
		x++;
	return x;
}

static inline bool check_labels(const struct diagram *diagram, char *why, size_t why_size)
{
	const struct canvas *canvas = diagram->canvas;
	for (int y = 0; y < canvas->rows; y++)
		for (int x = 0; x < canvas->cols; x++) {
			if (char_at(canvas, x, y) != 0x2590)
				continue;
			int end = label_end(canvas, x, y);
			if (end == canvas->cols)
				CHECK_FAIL("the label at %d,%d has no end", x, y);
			for (int at = x + 1; at < end; at++) {
				uint32_t ch = char_at(canvas, at, y);
				if (ch == 0x2590 || (ch >= 0x2500 && ch <= 0x257f))
					CHECK_FAIL("the label at %d,%d is overwritten at %d", x, y, at);
			}
			for (size_t i = 0; i < diagram->hits.len; i++)
				if (is_inside(diagram->hits.data[i].area, x, y) ||
				    is_inside(diagram->hits.data[i].area, end, y))
					CHECK_FAIL("the label at %d,%d is in the box %s", x, y,
					           diagram->hits.data[i].id);
		}
	return true;
}

struct flood {
	const struct diagram *diagram;
	const struct canvas *canvas;
	uint8_t *seen;         /* bit per arm by which a cell was entered */
	VEC(struct rect) todo; /* x, y and in cols the arm that it was entered from */
	char letters[32];      /* first letters of the labels that were reached */
};

static inline void flood_push(struct flood *flood, int x, int y, unsigned from)
{
	if (x < 0 || y < 0 || x >= flood->canvas->cols || y >= flood->canvas->rows)
		return;
	uint8_t *seen = &flood->seen[(size_t)y * (size_t)flood->canvas->cols + (size_t)x];
	if (*seen & from)
		return;
	for (size_t i = 0; i < flood->diagram->hits.len; i++) /* a wire ends at a box */
		if (is_inside(flood->diagram->hits.data[i].area, x, y))
			return;
	*seen = (uint8_t)(*seen | from);
	vec_push(&flood->todo, (struct rect){x, y, (int)from, 0});
}

/* All wires that touch a label belong to it. */
static inline void flood_label(struct flood *flood, int start, int y)
{
	const struct canvas *canvas = flood->canvas;
	int end = label_end(canvas, start, y);
	uint8_t *seen = &flood->seen[(size_t)y * (size_t)canvas->cols + (size_t)start];
	if (*seen & 0x80)
		return;
	*seen |= 0x80;
	int at = start + 2;
	if (char_at(canvas, at, y) == 0x2717 || char_at(canvas, at, y) == 0x25cb) /* ✗ or ○ before the name */
		at += 2;
	size_t n = strlen(flood->letters);
	if (n + 1 < sizeof flood->letters)
		flood->letters[n] = (char)char_at(canvas, at, y);
	if (arms_at(canvas, start - 1, y) & RIGHT)
		flood_push(flood, start - 1, y, RIGHT);
	if (arms_at(canvas, end + 1, y) & LEFT)
		flood_push(flood, end + 1, y, LEFT);
	for (int x = start; x <= end; x++) {
		if (arms_at(canvas, x, y - 1) & DOWN)
			flood_push(flood, x, y - 1, DOWN);
		if (arms_at(canvas, x, y + 1) & UP)
			flood_push(flood, x, y + 1, UP);
	}
}

static inline void flood_run(struct flood *flood)
{
	static const struct {
		unsigned arm, back;
		int dx, dy;
	} ways[] = {{UP, DOWN, 0, -1}, {RIGHT, LEFT, 1, 0}, {DOWN, UP, 0, 1}, {LEFT, RIGHT, -1, 0}};
	while (flood->todo.len > 0) {
		struct rect cell = flood->todo.data[--flood->todo.len];
		unsigned arms = arms_at(flood->canvas, cell.x, cell.y), from = (unsigned)cell.cols;
		int label = label_start(flood->canvas, cell.x, cell.y);
		if (label >= 0 && !arms && cell.x <= label_end(flood->canvas, label, cell.y)) {
			flood_label(flood, label, cell.y);
			continue;
		}
		for (size_t i = 0; i < 4; i++) {
			if (!(arms & ways[i].arm) || ways[i].arm == from)
				continue;
			bool is_straight =
			        (ways[i].arm | from) == (UP | DOWN) || (ways[i].arm | from) == (LEFT | RIGHT);
			int x = cell.x + ways[i].dx, y = cell.y + ways[i].dy;
			unsigned there = arms_at(flood->canvas, x, y);
			if ((arms & STRAIGHT && !is_straight) || (there && !(there & ways[i].back)))
				continue;
			flood_push(flood, x, y, ways[i].back);
		}
	}
}

static inline char net_letter(const struct topo *topo, size_t network, bool by_node)
{
	for (size_t i = 0; by_node && topo->networks.data[network].topology == CNI_LOCALNET && i < topo->bridges.len;
	     i++)
		if (topo->bridges.data[i].node == TOPO_NONE)
			return topo->bridges.data[i].name[0];
	return network == 0 ? 'd' : topo->networks.data[network].name[0];
}

/* The wires of one box: each goes to the label of a network that the workload is on, and there are as many as networks. */
static inline bool check_wires(const struct topo *topo, const struct diagram *diagram, const struct diagram_hit *hit,
                               bool by_node, char *why, size_t why_size)
{
	const struct canvas *canvas = diagram->canvas;
	size_t workload = topo_find_workload(topo, hit->id);
	char own[32] = "";
	for (size_t i = 0; i < topo->attachments.len; i++) {
		char letter = net_letter(topo, topo->attachments.data[i].network, by_node);
		if (topo->attachments.data[i].workload == workload && !strchr(own, letter))
			own[strlen(own)] = letter;
	}
	bool is_host = topo->workloads.data[workload].kind == TOPO_HOST;
	int y = is_host ? hit->area.y : hit->area.y + hit->area.rows - 1;
	size_t n_taps = 0;
	for (int x = hit->area.x + 1; x < hit->area.x + hit->area.cols - 1; x++) {
		uint32_t ch = char_at(canvas, x, y);
		unsigned arms = arms_at(canvas, x, y);
		bool is_tap = ch == 0x25b2 || ch == 0x25b5 || ch == 0x25bc || ch == 0x25bf || ch == 0x2717 ||
		              (arms & (is_host ? UP : DOWN));
		if (ch == 0x2717 && !char_at(canvas, x - 1, y) &&
		    !char_at(canvas, x + 1, y)) /* the mark of a flow's label on the edge */
			is_tap = false;
		if (!is_tap)
			continue;
		n_taps++;
		struct flood flood = {.diagram = diagram, .canvas = canvas};
		flood.seen = mem_alloc((size_t)canvas->cols * (size_t)canvas->rows);
		flood_push(&flood, x, is_host ? y - 1 : y + 1, is_host ? DOWN : UP);
		flood_run(&flood);
		bool is_home = strpbrk(flood.letters, own) != NULL, is_astray = false;
		for (const char *letter = flood.letters; *letter; letter++)
			is_astray = is_astray || (!by_node && !strchr(own, *letter));
		size_t n_labels = strlen(flood.letters);
		free(flood.seen);
		vec_finish(&flood.todo);
		if (!is_home || is_astray || (!by_node && n_labels != 1))
			CHECK_FAIL("the wire of %s at %d,%d reaches \"%s\", wanted one of \"%s\"", hit->id, x, y,
			           flood.letters, own);
	}
	bool is_hidden = strstr(diagram->hidden, "network") != NULL;
	if (n_taps > strlen(own) || (!is_hidden && n_taps != strlen(own)))
		CHECK_FAIL("%s has %zu wires, is on the networks \"%s\"; hidden: %s", hit->id, n_taps, own,
		           diagram->hidden);
	return true;
}

/* Everything that must hold; false and why. */
static inline bool check_picture(const struct topo *topo, const struct diagram *diagram,
                                 const struct diagram_options *options, char *why, size_t why_size)
{
	const struct canvas *canvas = diagram->canvas;
	if (options->ascii) {
		for (int i = 0; i < canvas->cols * canvas->rows; i++)
			if (canvas->cells[i].ch[0] >= 0x2500 && canvas->cells[i].ch[0] < 0x2800)
				CHECK_FAIL("U+%04X in ASCII", (unsigned)canvas->cells[i].ch[0]);
		return true;
	}
	if (!check_boxes(diagram, why, why_size) || !check_labels(diagram, why, why_size))
		return false;
	if (strstr(diagram->hidden, "too small"))
		return true;
	for (size_t i = 0; i < diagram->hits.len; i++)
		if (!check_wires(topo, diagram, &diagram->hits.data[i], options->group == DIAGRAM_BY_NODE, why,
		                 why_size))
			return false;
	return true;
}

#endif
