/* Where a localnet network ends before it has begun: a workload is on it, and its node carries it nowhere. Said only of nodes
 * whose NodeNetworkState, or whose policy's failure, tells; of others nothing is known. And why traffic is cut. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

/* "data-net:breth0,other:br1" names the bridge of each localnet. */
static bool carries(const struct topo_bridge *bridge, const char *physical)
{
	size_t len = strlen(physical);
	for (const char *at = bridge->mappings; *at; at += strcspn(at, ","), at += *at == ',')
		if (strncmp(at, physical, len) == 0 && at[len] == ':')
			return true;
	return false;
}

static struct topo_bridge *find(const struct topo *topo, size_t node, const char *physical)
{
	for (size_t i = 0; i < topo->bridges.len; i++)
		if (topo->bridges.data[i].node == node && carries(&topo->bridges.data[i], physical))
			return &topo->bridges.data[i];
	return NULL;
}

/* The policy that wants this mapping on the node; its bridge's name in `bridge`. NULL: none does. */
static const char *wanted_by(const struct build *build, size_t node, const char *physical, const char **bridge)
{
	const struct item *object = objects_find(&build->objects, ITEM_NODE, "", build->topo->nodes.data[node].name);
	const struct item_list *policies = &build->objects.kinds[ITEM_NNCP];
	for (size_t i = 0; i < policies->len; i++) {
		const json_t *list = json_walk(policies->data[i].object, "spec", "desiredState", "ovn",
		                               "bridge-mappings", NULL),
		             *each;
		size_t k;
		if (policies->data[i].is_planned || !object ||
		    !bridge_policy_selects(policies->data[i].object, object->object))
			continue;
		json_array_foreach (list, k, each) {
			*bridge = json_walk_str(each, "bridge", NULL);
			if (strcmp(json_walk_str(each, "localnet", NULL), physical) == 0 &&
			    strcmp(json_walk_str(each, "state", NULL), "absent") != 0)
				return policies->data[i].name;
		}
	}
	return NULL;
}

static bool tells(const struct build *build, const char *node)
{
	const struct item *state = objects_find(&build->objects, ITEM_NNS, "", node);
	return state && !state->is_planned &&
	       json_is_array(json_walk(state->object, "status", "currentState", "ovn", "bridge-mappings", NULL));
}

static void give_problem(struct topo_bridge *bridge, char *problem)
{
	free(bridge->problem);
	bridge->problem = topo_bounded(problem, SENTENCE_BYTES);
	free(problem);
}

static void add_missing(struct build *build, size_t node, const char *physical)
{
	struct topo *topo = build->topo;
	const char *name = topo->nodes.data[node].name, *bridge = "",
	           *policy = wanted_by(build, node, physical, &bridge);
	struct topo_bridge missing = {.node = node, .name = mem_strdup(""), .state = TOPO_FAILED, .problem = NULL};
	char *mapping = mem_printf("%s:", physical);
	missing.mappings = topo_bounded(mapping, 1023);
	give_problem(
	        &missing,
	        policy ? mem_printf("%s has lost its mapping %s:%s; give it back there "
	                            "(external_ids:ovn-bridge-mappings), "
	                            "or delete the policy %s and apply it again",
	                            name, physical, bridge, policy)
	               : mem_printf("%s maps %s to no bridge; apply a NodeNetworkConfigurationPolicy that does, or "
	                            "correct physicalNetworkName",
	                            name, physical));
	free(mapping);
	vec_push(&topo->bridges, missing);
}

static void look_at(struct build *build, size_t node, const char *physical)
{
	struct topo *topo = build->topo;
	struct topo_bridge *bridge = find(topo, node, physical);
	const char *ignored, *policy;
	if (!bridge) {
		if (tells(build, topo->nodes.data[node].name))
			add_missing(build, node, physical);
	} else if (bridge->state == TOPO_FAILED && !bridge->problem[0]) {
		policy = wanted_by(build, node, physical, &ignored);
		give_problem(bridge,
		             mem_printf("%s could not map %s to %s; is there such a bridge? See kubectl describe "
		                        "nnce %s.%s",
		                        topo->nodes.data[node].name, physical, bridge->name,
		                        topo->nodes.data[node].name, policy ? policy : "?"));
	}
}

void build_missing(struct build *build)
{
	struct topo *topo = build->topo;
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		const struct topo_network *network = &topo->networks.data[attachment->network];
		size_t node = topo->workloads.data[attachment->workload].node;
		if (node != TOPO_NONE && network->topology == CNI_LOCALNET && network->physical_name[0] &&
		    attachment->state != TOPO_PLANNED)
			look_at(build, node, network->physical_name);
	}
}

/* ---- for those who ask ---- */

static bool is_away(const struct topo_workload *workload, struct str *why)
{
	static const char *const words[] = {
	        [TOPO_PLANNED] = "is not there", [TOPO_STARTING] = "is not ready yet", [TOPO_RUNNING] = "",
	        [TOPO_FAILED] = "is down",       [TOPO_STOPPING] = "is going away",    [TOPO_STOPPED] = "has stopped",
	};
	if (workload->state == TOPO_RUNNING)
		return false;
	str_append_f(why, "%s %s", workload->name, words[workload->state]);
	return true;
}

bool topo_is_cut(const struct topo *topo, size_t workload, size_t network, struct str *why)
{
	const struct topo_workload *w = &topo->workloads.data[workload];
	const struct topo_network *on = &topo->networks.data[network];
	if (is_away(w, why))
		return true;
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].workload == workload && topo->attachments.data[i].network == network &&
		    topo->attachments.data[i].state == TOPO_FAILED) {
			str_append_f(why, "%s is not on %s", w->name, on->name);
			return true;
		}
	const struct topo_bridge *bridge =
	        w->node != TOPO_NONE && on->topology == CNI_LOCALNET ? find(topo, w->node, on->physical_name) : NULL;
	if (!bridge || bridge->state != TOPO_FAILED)
		return false;
	str_append_f(why, "%s does not map %s", topo->nodes.data[w->node].name, on->physical_name);
	return true;
}
