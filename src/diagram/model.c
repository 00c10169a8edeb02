/* The graph sorted into what is drawn: which networks in which order and style, which groups, who is on which wire. */
#include "diagram/model.h"

#include <stdlib.h>
#include <string.h>

static bool is_attachment_sound(const struct topo *topo, const struct topo_attachment *attachment)
{
	return attachment->workload < topo->workloads.len && attachment->network < topo->networks.len;
}

static bool is_host(const struct topo *topo, size_t workload)
{
	return topo->workloads.data[workload].kind == TOPO_HOST;
}

static void collect_links(struct model *model)
{
	const struct topo *topo = model->topo;
	size_t n = topo->workloads.len + 1;
	model->masks = mem_alloc(n * sizeof *model->masks);
	model->priorities = mem_alloc(n * sizeof *model->priorities);
	model->links = mem_alloc(n * sizeof *model->links);
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (is_attachment_sound(topo, &topo->attachments.data[i]))
			vec_push(&model->links[topo->attachments.data[i].workload], i);
}

/* ---- networks ---- */
struct candidate {
	size_t network;
	bool has_hosts;
};

static bool has_hosts(const struct topo *topo, size_t network)
{
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (attachment->network == network && is_attachment_sound(topo, attachment) &&
		    is_host(topo, attachment->workload))
			return true;
	}
	return false;
}

static bool is_used(const struct topo *topo, size_t network)
{
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].network == network &&
		    is_attachment_sound(topo, &topo->attachments.data[i]))
			return true;
	return false;
}

static void add_net(struct model *model, struct candidate candidate, int *n_overlays)
{
	static const enum canvas_role roles[] = {ROLE_SECONDARY, ROLE_SECONDARY_2, ROLE_SECONDARY_3};
	const struct topo_network *network = &model->topo->networks.data[candidate.network];
	if (model->n_nets == NET_MAX) {
		model->n_nets_left_out++;
		return;
	}
	struct net net = {.network = candidate.network,
	                  .is_planned = network->state == TOPO_PLANNED,
	                  .is_failed = network->state == TOPO_FAILED,
	                  .has_hosts = candidate.has_hosts};
	if (candidate.network == 0) {
		net.kind = NET_POD;
		net.style = WIRE_DASHED;
		net.role = ROLE_POD_NETWORK;
	} else if (network->topology == CNI_LOCALNET) {
		net.kind = NET_PHYSICAL;
		net.style = WIRE_DOTTED;
		net.role = ROLE_PHYSICAL;
		net.is_bridged = model->options->group == DIAGRAM_BY_NODE;
	} else {
		net.kind = NET_SECONDARY;
		net.style = *n_overlays % 2 ? WIRE_DOUBLE : WIRE_LIGHT;
		net.role = roles[*n_overlays % 3];
		++*n_overlays;
	}
	model->nets[model->n_nets++] = net;
}

/* Overlays first, then the pod network, then what leads to hosts outside: so that nothing crosses in front of these. */
static void collect_nets(struct model *model)
{
	const struct topo *topo = model->topo;
	int n_overlays = 0;
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < topo->networks.len; i++) {
			struct candidate candidate = {i, has_hosts(topo, i)};
			bool is_outside =
			        i > 0 && (candidate.has_hosts || (topo->networks.data[i].topology == CNI_LOCALNET &&
			                                          model->options->group == DIAGRAM_BY_NODE));
			int order = is_outside ? 2 : i == 0 ? 1 : 0;
			if (order == pass && (i > 0 || is_used(topo, i)))
				add_net(model, candidate, &n_overlays);
		}
	for (size_t w = 0; w < topo->workloads.len; w++)
		for (size_t i = 0; i < model->links[w].len; i++)
			for (int k = 0; k < model->n_nets; k++)
				if (model->nets[k].network == topo->attachments.data[model->links[w].data[i]].network)
					model->masks[w] |= 1u << k;
}

/* ---- groups ---- */
static struct group *add_group(struct model *model, const char *title, size_t node, bool is_planned)
{
	vec_push(&model->groups, (struct group){.title = title, .node = node, .is_planned = is_planned});
	return &model->groups.data[model->groups.len - 1];
}

/* Something of the act's is there: a workload, or a bridge that carries one of its networks. */
static bool has_part_in(const struct model *model, size_t node)
{
	const struct topo *topo = model->topo;
	for (size_t w = 0; w < topo->workloads.len; w++)
		if (topo->workloads.data[w].node == node && !is_host(topo, w))
			return true;
	for (int k = 0; node != TOPO_NONE && k < model->n_nets; k++)
		if (model->nets[k].is_bridged && model_bridge(model, node, k))
			return true;
	return false;
}

static void group_by_node(struct model *model)
{
	const struct topo *topo = model->topo;
	for (size_t n = 0; n <= topo->nodes.len; n++) {
		size_t node = n < topo->nodes.len ? n : TOPO_NONE;
		if (!has_part_in(model, node))
			continue;
		struct group *group = node == TOPO_NONE ? add_group(model, "on no node yet", node, true)
		                                        : add_group(model, topo->nodes.data[n].name, node, false);
		for (size_t w = 0; w < topo->workloads.len; w++)
			if (!is_host(topo, w) &&
			    (topo->workloads.data[w].node == node ||
			     (node == TOPO_NONE && topo->workloads.data[w].node >= topo->nodes.len)))
				vec_push(&group->members, w);
	}
}

static void note_problems(struct model *model)
{
	const struct topo *topo = model->topo;
	for (size_t i = 0; i < topo->workloads.len; i++) /* what the talk is about first */
		if (is_host(topo, i) && topo->workloads.data[i].state == TOPO_FAILED)
			vec_push(&model->problems,
			         mem_printf("✗ %s: %s", topo->workloads.data[i].name,
			                    topo->workloads.data[i].reason[0] ? topo->workloads.data[i].reason
			                                                      : "it is down"));
	for (size_t i = 0; i < topo->bridges.len; i++)
		if (topo->bridges.data[i].state == TOPO_FAILED && topo->bridges.data[i].problem[0])
			vec_push(&model->problems, mem_printf("✗ %s", topo->bridges.data[i].problem));
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (attachment->twin != TOPO_NONE && attachment->twin > i) /* told once, by the first of them */
			vec_push(&model->problems, mem_printf("✗ %s: %s", topo->workloads.data[attachment->workload].id,
			                                      attachment->problem));
	}
	for (size_t i = 0; i < topo->nads.len; i++) {
		const struct topo_nad *nad = &topo->nads.data[i];
		if (nad->state != TOPO_FAILED)
			continue;
		vec_push(&model->problems,
		         mem_printf("✗ %s/%s: %s", nad->ns, nad->name, nad->problem ? nad->problem : ""));
		for (size_t g = 0; g < model->groups.len; g++)
			if (text_equal(nad->ns, model->groups.data[g].title) && !model->groups.data[g].problem)
				model->groups.data[g].problem = mem_printf("✗ %s", nad->name);
	}
}

static void group_by_namespace(struct model *model)
{
	const struct topo *topo = model->topo;
	for (size_t n = 0; n < topo->namespaces.len; n++)
		add_group(model, topo->namespaces.data[n].name, TOPO_NONE,
		          topo->namespaces.data[n].state == TOPO_PLANNED)
		        ->is_stopping = topo->namespaces.data[n].state == TOPO_STOPPING;
	for (size_t w = 0; w < topo->workloads.len; w++) {
		if (is_host(topo, w))
			continue;
		struct group *group = NULL;
		for (size_t g = 0; g < model->groups.len && !group; g++)
			if (text_equal(model->groups.data[g].title, topo->workloads.data[w].ns))
				group = &model->groups.data[g];
		if (!group)
			group = add_group(model, topo->workloads.data[w].ns, TOPO_NONE, false);
		vec_push(&group->members, w);
	}
}

/* Where flows start stands first, so that they are read from left to right; else the graph's order stays. */
static void put_sources_first(const struct model *model, struct group *group)
{
	size_t n_first = 0;
	for (size_t i = 0; i < group->members.len; i++) {
		size_t workload = group->members.data[i];
		bool is_source = false;
		for (size_t f = 0; f < model->n_flows && !is_source; f++)
			is_source = model->flows[f].from &&
			            text_equal(model->flows[f].from, model->topo->workloads.data[workload].id);
		if (!is_source)
			continue;
		memmove(&group->members.data[n_first + 1], &group->members.data[n_first],
		        (i - n_first) * sizeof *group->members.data);
		group->members.data[n_first++] = workload;
	}
}

/* ---- what must stay visible ---- */
static void rank_workloads(struct model *model)
{
	const struct topo *topo = model->topo;
	for (size_t w = 0; w < topo->workloads.len; w++)
		model->priorities[w] = topo->workloads.data[w].state == TOPO_FAILED ? 2 : 3;
	for (size_t i = 0; i < model->n_flows; i++) {
		size_t from, to;
		if (model_flow_net(model, &model->flows[i], &from, &to) < 0)
			continue;
		model->priorities[from] = model->priorities[to] = 1;
		int n_same = 0;
		for (size_t k = 0; k <= i; k++)
			n_same += text_equal(model->flows[k].to, model->flows[i].to);
		model->flow_rows = n_same > model->flow_rows ? n_same : model->flow_rows;
	}
	if (model->focus == TOPO_NONE)
		return;
	model->priorities[model->focus] = 0;
	for (size_t g = 0; g < model->groups.len; g++)
		for (size_t i = 0; i < model->groups.data[g].members.len; i++)
			if (model->groups.data[g].members.data[i] == model->focus)
				model->focus_group = g;
}

static void measure_text(struct model *model)
{
	struct line lines[LINE_MAX];
	size_t n = model->topo->workloads.len;
	model->extents = mem_alloc((n + 1) * DETAILS * sizeof *model->extents);
	for (size_t i = 0; i < n * DETAILS; i++) {
		int rows = text_box_lines(model, i / DETAILS, (enum detail)(i % DETAILS), lines), cols = 0;
		for (int k = 0; k < rows; k++)
			cols = lines[k].cols > cols && !lines[k].is_elastic ? lines[k].cols : cols;
		model->extents[i] = (struct extent){(uint8_t)(cols < 200 ? cols : 200), (uint8_t)rows};
	}
}

void model_init(struct model *model, const struct topo *topo, const struct diagram_flow *flows, size_t n_flows,
                const struct diagram_options *options)
{
	*model = (struct model){.topo = topo,
	                        .flows = flows,
	                        .n_flows = n_flows,
	                        .options = options,
	                        .focus = TOPO_NONE,
	                        .focus_group = TOPO_NONE};
	collect_links(model);
	collect_nets(model);
	if (options->group == DIAGRAM_BY_NODE)
		group_by_node(model);
	else
		group_by_namespace(model);
	note_problems(model);
	for (size_t g = 0; g < model->groups.len; g++)
		put_sources_first(model, &model->groups.data[g]);
	for (size_t w = 0; w < topo->workloads.len; w++) {
		if (is_host(topo, w))
			vec_push(&model->hosts, w);
		if (options->focus && text_equal(options->focus, topo->workloads.data[w].id))
			model->focus = w;
	}
	rank_workloads(model);
	measure_text(model);
}

void model_finish(struct model *model)
{
	for (size_t g = 0; g < model->groups.len; g++) {
		struct group *group = &model->groups.data[g];
		free(group->problem);
		vec_finish(&group->members);
	}
	vec_finish(&model->groups);
	for (size_t i = 0; i < model->problems.len; i++)
		free(model->problems.data[i]);
	vec_finish(&model->problems);
	vec_finish(&model->hosts);
	for (size_t w = 0; w < model->topo->workloads.len; w++)
		vec_finish(&model->links[w]);
	free(model->links);
	free(model->masks);
	free(model->extents);
	free(model->priorities);
}

enum topo_state model_link_state(const struct model *model, size_t workload, int net)
{
	enum topo_state best = TOPO_PLANNED;
	for (size_t i = 0; i < model->links[workload].len; i++) {
		const struct topo_attachment *attachment =
		        &model->topo->attachments.data[model->links[workload].data[i]];
		if (attachment->network != model->nets[net].network)
			continue;
		if (attachment->state == TOPO_RUNNING)
			return TOPO_RUNNING;
		if (attachment->state != TOPO_PLANNED)
			best = attachment->state;
	}
	return best;
}

bool model_is_nad_failed(const struct model *model, size_t workload, int net)
{
	for (size_t i = 0; i < model->links[workload].len; i++) {
		const struct topo_attachment *attachment =
		        &model->topo->attachments.data[model->links[workload].data[i]];
		if (attachment->network == model->nets[net].network && attachment->nad < model->topo->nads.len &&
		    model->topo->nads.data[attachment->nad].state == TOPO_FAILED)
			return true;
	}
	return false;
}

int model_flow_net(const struct model *model, const struct diagram_flow *flow, size_t *from, size_t *to)
{
	*from = flow->from ? topo_find_workload(model->topo, flow->from) : TOPO_NONE;
	*to = flow->to ? topo_find_workload(model->topo, flow->to) : TOPO_NONE;
	if (*from >= model->topo->workloads.len || *to >= model->topo->workloads.len || *from == *to)
		return -1;
	uint32_t both = model->masks[*from] & model->masks[*to];
	int found = -1;
	for (int k = 0; k < model->n_nets && found < 0; k++) {
		if (!(both & 1u << k))
			continue;
		const char *name = model->topo->networks.data[model->nets[k].network].name;
		if (flow->network ? text_equal(flow->network, name) : model->nets[k].kind != NET_POD)
			found = k;
	}
	return found;
}

/* "data-net:breth0,other:br1" names the bridge of each localnet. */
const struct topo_bridge *model_bridge(const struct model *model, size_t node, int net)
{
	const struct topo *topo = model->topo;
	const struct topo_network *network = &topo->networks.data[model->nets[net].network];
	const char *physical =
	        network->physical_name && network->physical_name[0] ? network->physical_name : network->name;
	size_t len = physical ? strlen(physical) : 0;
	for (size_t i = 0; i < topo->bridges.len; i++) {
		const struct topo_bridge *bridge = &topo->bridges.data[i];
		if (bridge->node != node || !bridge->mappings || !bridge->name)
			continue;
		for (const char *at = bridge->mappings; *at; at += strcspn(at, ","), at += *at == ',')
			if (strncmp(at, physical ? physical : "", len) == 0 && at[len] == ':')
				return bridge;
	}
	return NULL;
}
