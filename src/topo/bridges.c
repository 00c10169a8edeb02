/* Localnet: which OVS bridge of which node carries which physical network. NodeNetworkState says what is, policies
 * (NodeNetworkConfigurationPolicy) and their enactments what shall be. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

#define MAPPINGS_MAX 256

struct mapping {
	size_t node;
	const char *bridge, *localnet;
	enum topo_state state;
};
struct mappings {
	struct mapping *data;
	size_t len, cap;
};

static void add_mappings(struct mappings *out, const json_t *ovn, size_t node, enum topo_state state)
{
	const json_t *list = json_object_get(ovn, "bridge-mappings"), *item;
	size_t i;
	json_array_foreach (list, i, item) {
		struct mapping mapping = {node, json_walk_str(item, "bridge", NULL),
		                          json_walk_str(item, "localnet", NULL), state};
		bool is_absent = strcmp(json_walk_str(item, "state", NULL), "absent") == 0;
		if (!is_absent && mapping.bridge[0] && mapping.localnet[0] && i < MAPPINGS_MAX)
			vec_push(out, mapping);
	}
}

bool bridge_policy_selects(const json_t *policy, const json_t *node)
{
	const json_t *selector = json_walk(policy, "spec", "nodeSelector", NULL);
	for (void *at = json_object_iter((json_t *)selector); at; at = json_object_iter_next((json_t *)selector, at)) {
		const json_t *value = json_walk(node, "metadata", "labels", json_object_iter_key(at), NULL);
		if (!json_is_string(value) || !json_equal(value, json_object_iter_value(at)))
			return false;
	}
	return true;
}

static bool has_mapping(const json_t *state, const json_t *mapping)
{
	const json_t *list = json_walk(state, "status", "currentState", "ovn", "bridge-mappings", NULL), *item;
	size_t i;
	json_array_foreach (list, i, item)
		if (strcmp(json_walk_str(item, "localnet", NULL), json_walk_str(mapping, "localnet", NULL)) == 0 &&
		    strcmp(json_walk_str(item, "bridge", NULL), json_walk_str(mapping, "bridge", NULL)) == 0)
			return true;
	return false;
}

/* What a policy has set and the node has no more: somebody has taken it away, and the diagram must not show it. */
static bool is_lost(const struct build *build, const struct item *policy, const char *node)
{
	const struct item *state = objects_find(&build->objects, ITEM_NNS, "", node);
	const json_t *list = json_walk(policy->object, "spec", "desiredState", "ovn", "bridge-mappings", NULL), *item;
	size_t i;
	if (!state || state->is_planned)
		return false;
	json_array_foreach (list, i, item)
		if (strcmp(json_walk_str(item, "state", NULL), "absent") != 0 && !has_mapping(state->object, item))
			return true;
	return false;
}

/* How far a policy has come on a node: its enactment there, else the policy's own word. */
static enum topo_state progress(const struct build *build, const struct item *policy, const char *node)
{
	char *name = mem_printf("%s.%s", node, policy->name);
	const struct item *enactment = objects_find(&build->objects, ITEM_NNCE, "", name);
	const json_t *object = enactment ? enactment->object : policy->object;
	free(name);
	if (policy->is_planned)
		return TOPO_PLANNED;
	if (topo_has_condition(object, "Available", "True"))
		return TOPO_RUNNING;
	if (topo_has_condition(object, "Degraded", "True") || topo_has_condition(object, "Failing", "True") ||
	    topo_has_condition(object, "Aborted", "True"))
		return TOPO_FAILED;
	return TOPO_STARTING;
}

static void collect(const struct build *build, struct mappings *out)
{
	const struct item_list *states = &build->objects.kinds[ITEM_NNS], *policies = &build->objects.kinds[ITEM_NNCP];
	for (size_t i = 0; i < states->len; i++) {
		size_t node = build_find_node(build->topo, states->data[i].name);
		if (node != TOPO_NONE)
			add_mappings(out, json_walk(states->data[i].object, "status", "currentState", "ovn", NULL),
			             node, TOPO_RUNNING);
	}
	for (size_t i = 0; i < policies->len; i++) {
		const struct item *policy = &policies->data[i];
		for (size_t n = 0; n < build->topo->nodes.len; n++) {
			const char *name = build->topo->nodes.data[n].name;
			const struct item *node = objects_find(&build->objects, ITEM_NODE, "", name);
			if (!node || !bridge_policy_selects(policy->object, node->object))
				continue;
			enum topo_state state = progress(build, policy, name);
			if (state != TOPO_RUNNING || !is_lost(build, policy, name))
				add_mappings(out, json_walk(policy->object, "spec", "desiredState", "ovn", NULL), n,
				             state);
		}
	}
}

static int state_order(enum topo_state state) /* what says most about the bridge first */
{
	return state == TOPO_RUNNING ? 0 : state == TOPO_FAILED ? 1 : state == TOPO_STARTING ? 2 : 3;
}

static int compare(const void *left, const void *right)
{
	const struct mapping *a = left, *b = right;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	int order = strcmp(a->bridge, b->bridge);
	if (order == 0)
		order = strcmp(a->localnet, b->localnet);
	return order ? order : state_order(a->state) - state_order(b->state);
}

static void add_bridge(struct topo *topo, const struct mapping *first, size_t n)
{
	struct str text = {0};
	struct topo_bridge bridge = {
	        .node = first->node, .name = topo_bounded(first->bridge, 63), .state = first->state};
	for (size_t i = 0; i < n; i++) {
		if (state_order(first[i].state) < state_order(bridge.state))
			bridge.state = first[i].state;
		if (i > 0 && strcmp(first[i].localnet, first[i - 1].localnet) == 0)
			continue;
		str_append_f(&text, "%s%s:%s", text.len ? "," : "", first[i].localnet, first[i].bridge);
	}
	bridge.mappings = topo_bounded(str_text(&text), 1023);
	bridge.problem = mem_strdup("");
	str_finish(&text);
	vec_push(&topo->bridges, bridge);
}

static void add_physical(struct topo *topo)
{
	struct map names = {0};
	for (size_t i = 1; i < topo->networks.len; i++) {
		struct topo_network *network = &topo->networks.data[i];
		struct topo_network *known = map_find(&names, network->physical_name);
		if (network->topology == CNI_LOCALNET && network->physical_name[0] &&
		    (!known || state_order(network->state) < state_order(known->state)))
			map_set(&names, network->physical_name, network);
	}
	for (size_t i = 0; i < names.len; i++) {
		const struct topo_network *network = names.entries[i].value;
		const char *name = names.entries[i].key;
		struct topo_bridge bridge = {TOPO_NONE, mem_strdup(name), mem_printf("%s:%s", name, name),
		                             network->state, mem_strdup("")};
		vec_push(&topo->bridges, bridge);
	}
	map_finish(&names);
}

void build_bridges(struct build *build)
{
	struct mappings mappings = {0};
	collect(build, &mappings);
	if (mappings.len > 1)
		qsort(mappings.data, mappings.len, sizeof *mappings.data, compare);
	for (size_t i = 0, n; i < mappings.len; i += n) {
		for (n = 1; i + n < mappings.len && mappings.data[i + n].node == mappings.data[i].node &&
		            strcmp(mappings.data[i + n].bridge, mappings.data[i].bridge) == 0;)
			n++;
		add_bridge(build->topo, &mappings.data[i], n);
	}
	vec_finish(&mappings);
	add_physical(build->topo);
}
