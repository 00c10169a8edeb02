/* Machines outside the cluster, as a scenario names them: boxes on a network, planned until something has shown that they are
 * there, failed when it says that they are no more. With them the physical bridge has a name. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

static void add_host(struct build *build, const struct topo_host *host)
{
	struct topo *topo = build->topo;
	size_t network = (size_t)map_find(&build->network_index, host->network);
	enum topo_state state = host->state;
	const char *reason = state != TOPO_RUNNING && host->reason ? host->reason : "";
	if (network == 0)
		return;
	struct topo_workload workload = {.kind = TOPO_HOST,
	                                 .id = topo_bounded(host->name, NAME_BYTES),
	                                 .ns = mem_strdup(""),
	                                 .name = topo_bounded(host->name, NAME_BYTES),
	                                 .pod = mem_strdup(""),
	                                 .node = TOPO_NONE,
	                                 .state = state,
	                                 .phase = mem_strdup(state == TOPO_RUNNING  ? "Running"
	                                                     : state == TOPO_FAILED ? "down"
	                                                                            : "planned"),
	                                 .reason = topo_bounded(reason, SENTENCE_BYTES),
	                                 .ports = mem_strdup("")};
	vec_push(&topo->workloads, workload);
	struct topo_attachment attachment = {.workload = topo->workloads.len - 1,
	                                     .network = network - 1,
	                                     .nad = TOPO_NONE,
	                                     .interface = mem_strdup(""),
	                                     .address = topo_bounded(host->address, 63),
	                                     .addresses = topo_bounded(host->address, 63),
	                                     .source = TOPO_FROM_SCENARIO,
	                                     .mac = mem_strdup(""),
	                                     .state = state,
	                                     .problem =
	                                             topo_bounded(state == TOPO_FAILED ? reason : "", SENTENCE_BYTES)};
	vec_push(&topo->attachments, attachment);
}

void build_hosts(struct build *build, const struct topo_input *input)
{
	for (size_t i = 0; i < input->n_hosts; i++)
		add_host(build, &input->hosts[i]);
}

static const char *carried_by(const struct topo *topo, const struct topo_input *input, const char *physical)
{
	for (size_t i = 0; i < input->n_hosts; i++) {
		const struct topo_host *host = &input->hosts[i];
		size_t network = topo_find_network(topo, host->network);
		if (host->state != TOPO_PLANNED && host->bridge && host->bridge[0] && network != TOPO_NONE &&
		    strcmp(topo->networks.data[network].physical_name, physical) == 0)
			return host->bridge;
	}
	return NULL;
}

void build_host_bridges(struct topo *topo, const struct topo_input *input)
{
	for (size_t i = 0; i < topo->bridges.len; i++) {
		struct topo_bridge *bridge = &topo->bridges.data[i];
		const char *name = bridge->node == TOPO_NONE ? carried_by(topo, input, bridge->name) : NULL;
		if (name) {
			char *physical = bridge->name;
			free(bridge->mappings);
			bridge->mappings = mem_printf("%s:%.63s", physical, name);
			free(physical);
			bridge->name = topo_bounded(name, 63);
		}
	}
}
