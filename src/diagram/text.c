/* The words of the diagram: lines in boxes, labels of buses and flows. */
#include "diagram/model.h"

#include <stdio.h>
#include <string.h>

void text_add(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list args;
	va_start(args, fmt);
	vsnprintf(out + len, size - len, fmt, args);
	va_end(args);
	text_trim(out);
}

static const char *nonnull(const char *text)
{
	return text ? text : "";
}

static void span(struct line *line, enum canvas_role role, uint16_t attrs, const char *text)
{
	if (line->n == SPAN_MAX || !text || !text[0])
		return;
	struct span *at = &line->spans[line->n++];
	*at = (struct span){.role = role, .attrs = attrs};
	text_add(at->text, sizeof at->text, "%s", text);
	line->cols += text_columns(at->text);
}

struct mark {
	const char *glyph, *vm_glyph;
	enum canvas_role role;
};
static const struct mark marks[] = {
        [TOPO_PLANNED] = {"○", "○▣", ROLE_PLANNED}, [TOPO_STARTING] = {"◐", "◐▣", ROLE_WAIT},
        [TOPO_RUNNING] = {"●", "▣", ROLE_OK},       [TOPO_FAILED] = {"✗", "✗▣", ROLE_FAIL},
        [TOPO_STOPPING] = {"◑", "◑▣", ROLE_WAIT},   [TOPO_STOPPED] = {"○", "○▣", ROLE_MUTED},
};

const char *text_mark(const struct model *model, size_t workload, enum canvas_role *role)
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	const struct mark *mark = &marks[w->state];
	*role = mark->role;
	return w->kind == TOPO_VM ? mark->vm_glyph : mark->glyph;
}

static const char *phase_text(const struct topo_workload *w)
{
	static const char *const names[] = {
	        [TOPO_PLANNED] = "planned", [TOPO_STARTING] = "starting", [TOPO_RUNNING] = "running",
	        [TOPO_FAILED] = "failed",   [TOPO_STOPPING] = "stopping", [TOPO_STOPPED] = "stopped",
	};
	return w->phase && w->phase[0] ? w->phase : names[w->state];
}

/* ".4" of 192.168.200.4, "::5" of fd00::5 */
static const char *last_part(const char *address)
{
	const char *dot = strrchr(address, '.'), *colon = strrchr(address, ':');
	if (dot)
		return dot;
	if (!colon)
		return address;
	return colon > address && colon[-1] == ':' ? colon - 1 : colon;
}

static bool is_pod_net(const struct topo_attachment *attachment)
{
	return attachment->network == 0;
}

/* Words for where an address is known from, when it is not the pod's own status. */
static const char *source_text(enum topo_source source)
{
	static const char *const words[] = {[TOPO_FROM_GUEST] = "guest",
	                                    [TOPO_FROM_CLOUD_INIT] = "cloud-init",
	                                    [TOPO_FROM_REQUEST] = "asked for",
	                                    [TOPO_FROM_SCENARIO] = ""};
	return (size_t)source < sizeof words / sizeof *words ? nonnull(words[source]) : "";
}

static void address_line(const struct model *model, size_t workload, const struct topo_attachment *attachment,
                         enum detail detail, struct line *line)
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	bool is_planned = attachment->state == TOPO_PLANNED;
	bool is_twice = attachment->twin != TOPO_NONE;
	enum canvas_role role = is_twice ? ROLE_FAIL : is_planned ? ROLE_PLANNED : ROLE_ADDRESS;
	const char *address = nonnull(attachment->address), *source = source_text(attachment->source);
	char text[TEXT_SIZE] = "";
	if (attachment->state == TOPO_FAILED && w->kind != TOPO_HOST) {
		text_add(text, sizeof text, "✗ %s %s", nonnull(attachment->interface), nonnull(attachment->problem));
		span(line, ROLE_FAIL, 0, text);
		return;
	}
	if (detail != DETAIL_ADDRESS && w->kind != TOPO_HOST && attachment->interface && attachment->interface[0]) {
		text_add(text, sizeof text, "%s ", attachment->interface);
		span(line, is_planned ? ROLE_PLANNED : ROLE_MUTED, 0, text);
	}
	if (address[0])
		span(line, role, 0, address);
	else
		span(line, is_planned ? ROLE_PLANNED : ROLE_MUTED, 0,
		     attachment->state == TOPO_RUNNING ? "no address" : "…");
	if (is_twice) {
		span(line, ROLE_FAIL, 0, " twice");
		return; /* whoever said it: somebody else has said it, too */
	}
	if (address[0] && source[0] && (detail == DETAIL_RICH || (detail == DETAIL_FULL && w->kind == TOPO_VM))) {
		text[0] = '\0';
		text_add(text, sizeof text, " %s", source);
		span(line, is_planned ? ROLE_PLANNED : ROLE_MUTED, 0, text);
	}
}

static void name_line(const struct model *model, size_t workload, struct line *line)
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	enum canvas_role role;
	char mark[16] = "";
	text_add(mark, sizeof mark, "%s ", text_mark(model, workload, &role));
	span(line, role, 0, mark);
	span(line, w->state == TOPO_PLANNED ? ROLE_PLANNED : ROLE_TEXT, ATTR_BOLD, nonnull(w->name));
}

static void compact_line(const struct model *model, size_t workload, struct line *line)
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	char text[TEXT_SIZE] = "";
	name_line(model, workload, line);
	if (w->state == TOPO_FAILED) {
		text_add(text, sizeof text, " %s", phase_text(w));
		span(line, ROLE_FAIL, 0, text);
		return;
	}
	for (size_t i = 0; i < model->links[workload].len; i++) {
		const struct topo_attachment *attachment =
		        &model->topo->attachments.data[model->links[workload].data[i]];
		if (is_pod_net(attachment) || !attachment->address || !attachment->address[0])
			continue;
		bool is_twice = attachment->twin != TOPO_NONE;
		text_add(text, sizeof text, " %s%s", last_part(attachment->address), is_twice ? " twice" : "");
		span(line,
		     is_twice                            ? ROLE_FAIL
		     : attachment->state == TOPO_PLANNED ? ROLE_PLANNED
		                                         : ROLE_ADDRESS,
		     0, text);
		return;
	}
}

static void phase_line(const struct model *model, size_t workload, enum detail detail, struct line *line)
{
	line->is_elastic = true;
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	enum canvas_role role = marks[w->state].role;
	char text[TEXT_SIZE] = "";
	if (w->state == TOPO_FAILED)
		text_add(text, sizeof text, "✗ ");
	text_add(text, sizeof text, "%s", phase_text(w));
	span(line, w->state == TOPO_RUNNING ? ROLE_MUTED : role, 0, text);
	if (detail == DETAIL_RICH && w->node < model->topo->nodes.len &&
	    model->options->group == DIAGRAM_BY_NAMESPACE) {
		text[0] = '\0';
		text_add(text, sizeof text, " · %s", nonnull(model->topo->nodes.data[w->node].name));
		span(line, ROLE_MUTED, 0, text);
	}
}

/* Secondary attachments; the pod network's as well when there is no other or plenty of room. */
static int address_lines(const struct model *model, size_t workload, enum detail detail, struct line *lines, int n)
{
	size_t n_links = model->links[workload].len, n_secondary = 0;
	for (size_t i = 0; i < n_links; i++)
		n_secondary += !is_pod_net(&model->topo->attachments.data[model->links[workload].data[i]]);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n_links && n < LINE_MAX; i++) {
			const struct topo_attachment *attachment =
			        &model->topo->attachments.data[model->links[workload].data[i]];
			if (is_pod_net(attachment) != (pass == 1) ||
			    (pass == 1 && n_secondary > 0 && detail != DETAIL_RICH))
				continue;
			address_line(model, workload, attachment, detail, &lines[n++]);
		}
	return n;
}

int text_box_lines(const struct model *model, size_t workload, enum detail detail, struct line lines[LINE_MAX])
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	memset(lines, 0, LINE_MAX * sizeof *lines);
	if (detail == DETAIL_COMPACT) {
		compact_line(model, workload, &lines[0]);
		return 1;
	}
	name_line(model, workload, &lines[0]);
	int n = 1;
	bool is_rich = detail == DETAIL_RICH && w->kind != TOPO_HOST;
	if (is_rich)
		phase_line(model, workload, detail, &lines[n++]);
	int first = n;
	n = address_lines(model, workload, detail, lines, n);
	bool has_address = false;
	for (size_t i = 0; i < model->links[workload].len; i++) {
		const struct topo_attachment *attachment =
		        &model->topo->attachments.data[model->links[workload].data[i]];
		has_address = has_address || (!is_pod_net(attachment) && attachment->address && attachment->address[0]);
	}
	/* the phase takes the place of an address that is not there yet, so that a box keeps its size while it starts */
	if (!is_rich && w->kind != TOPO_HOST && w->state != TOPO_RUNNING &&
	    (!has_address || w->state == TOPO_FAILED || w->state == TOPO_STOPPING)) {
		lines[first] = (struct line){0};
		phase_line(model, workload, detail, &lines[first]);
		n = n > first ? n : first + 1;
	}
	if (w->kind == TOPO_HOST && w->state == TOPO_FAILED && n < LINE_MAX)
		phase_line(model, workload, detail, &lines[n++]);
	if (is_rich && w->ports && w->ports[0] && n < LINE_MAX) {
		char text[TEXT_SIZE] = "";
		text_add(text, sizeof text, "listens on %s", w->ports);
		span(&lines[n++], ROLE_MUTED, 0, text);
	}
	return n;
}

/* ---- buses ---- */
static const char *physical_bridge(const struct model *model, int net)
{
	const struct topo_bridge *bridge = model_bridge(model, TOPO_NONE, net);
	return bridge ? nonnull(bridge->name) : "";
}

bool text_bus_label(const struct model *model, int net, int form, char first[TEXT_SIZE], char second[TEXT_SIZE])
{
	const struct net *drawn = &model->nets[net];
	const struct topo_network *network = &model->topo->networks.data[drawn->network];
	const char *subnets = nonnull(network->subnets), *bridge = drawn->is_bridged ? physical_bridge(model, net) : "";
	const char *name = drawn->kind == NET_POD ? "default network" : bridge[0] ? bridge : nonnull(network->name);
	char kind[64] = "";
	if (drawn->kind == NET_PHYSICAL && network->vlan > 0)
		text_add(kind, sizeof kind, "%sVLAN %d", drawn->is_bridged ? "" : "localnet · ", network->vlan);
	else if (drawn->kind != NET_POD)
		text_add(kind, sizeof kind, "%s", drawn->is_bridged ? "no VLAN" : cni_topology_name(network->topology));
	first[0] = second[0] = '\0';
	if (drawn->is_failed)
		text_add(first, TEXT_SIZE, "✗ ");
	else if (drawn->is_planned && drawn->kind != NET_POD)
		text_add(first, TEXT_SIZE, "○ ");
	text_add(first, TEXT_SIZE, "%s", name);
	if (form == LABEL_NAME || form == LABEL_CUT)
		return true;
	if (drawn->kind == NET_POD)
		return false;
	if (drawn->is_failed) { /* what is wrong goes below, where it may be long */
		text_add(second, TEXT_SIZE, "%s", nonnull(network->problem));
		return form == LABEL_TWO_LINES;
	}
	if (form == LABEL_SUBNET && drawn->kind == NET_PHYSICAL && network->vlan > 0)
		text_add(first, TEXT_SIZE, " · VLAN %d", network->vlan);
	else if (form == LABEL_SUBNET && !subnets[0])
		text_add(first, TEXT_SIZE, " · %s", kind);
	if (form == LABEL_FULL || form == LABEL_TWO_LINES)
		text_add(first, TEXT_SIZE, " · %s", kind);
	if (form == LABEL_TWO_LINES || form == LABEL_SUBNET_BELOW)
		text_add(second, TEXT_SIZE, "%s", subnets);
	else if (subnets[0] && !drawn->is_bridged)
		text_add(first, TEXT_SIZE, " · %s", subnets);
	return (form != LABEL_TWO_LINES && form != LABEL_SUBNET_BELOW) || second[0];
}

/* ---- flows ---- */
struct flow_look {
	const char *mark;
	enum canvas_role role;
};
static const struct flow_look flow_looks[] = {
        [DIAGRAM_FLOW_UNTRIED] = {"?", ROLE_FLOW_UNTRIED}, [DIAGRAM_FLOW_UNDERWAY] = {"→", ROLE_WAIT},
        [DIAGRAM_FLOW_OK] = {"✓", ROLE_FLOW_OK},           [DIAGRAM_FLOW_BLOCKED] = {"✗", ROLE_FLOW_BLOCKED},
        [DIAGRAM_FLOW_FAILED] = {"✗", ROLE_FAIL},
};

enum canvas_role text_flow_role(enum diagram_flow_state state)
{
	return flow_looks[state].role;
}

/* Whether flows from several workloads end where this one does, so that its label has to say whose it is. */
static bool is_ambiguous(const struct model *model, const struct diagram_flow *flow)
{
	for (size_t i = 0; i < model->n_flows; i++)
		if (text_equal(model->flows[i].to, flow->to) && !text_equal(model->flows[i].from, flow->from))
			return true;
	return false;
}

void text_flow_label(const struct model *model, const struct diagram_flow *flow, bool with_note, char out[TEXT_SIZE],
                     char note[TEXT_SIZE])
{
	out[0] = note[0] = '\0';
	text_add(out, TEXT_SIZE, "%s %s", flow_looks[flow->state].mark, nonnull(flow->port));
	size_t from = topo_find_workload(model->topo, nonnull(flow->from));
	if (from < model->topo->workloads.len && is_ambiguous(model, flow))
		text_add(out, TEXT_SIZE, " from %s", nonnull(model->topo->workloads.data[from].name));
	text_add(note, TEXT_SIZE, "%s", nonnull(flow->note));
	if (!note[0] && flow->state == DIAGRAM_FLOW_FAILED)
		text_add(note, TEXT_SIZE, "no answer");
	if (with_note && note[0])
		text_add(out, TEXT_SIZE, "  %s", note);
}

static const char *end_name(const struct model *model, const char *id)
{
	size_t workload = topo_find_workload(model->topo, nonnull(id));
	return workload < model->topo->workloads.len ? nonnull(model->topo->workloads.data[workload].name)
	                                             : nonnull(id);
}

void text_flow_line(const struct model *model, const struct diagram_flow *flow, char out[SENTENCE_SIZE])
{
	const char *note = nonnull(flow->note);
	out[0] = '\0';
	text_add(out, SENTENCE_SIZE, "%s %s ─▶ %s %s", flow_looks[flow->state].mark, end_name(model, flow->from),
	         end_name(model, flow->to), nonnull(flow->port));
	if (note[0])
		text_add(out, SENTENCE_SIZE, "  %s", note);
}
