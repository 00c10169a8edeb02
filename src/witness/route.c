/* The names are those that OVN-Kubernetes makes (cni.h); whatever is not made of their letters is refused here, so that nothing strange
 * reaches an expression or a shell. */
#include "witness/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTSIDE_MAC "02:00:00:00:00:01" /* any that OVN does not know */

static const struct topo_attachment *attachment_on(const struct topo *topo, size_t workload, size_t network)
{
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *a = &topo->attachments.data[i];
		if (a->workload == workload && a->network == network)
			return a;
	}
	return NULL;
}

/* ---- which network ---- */

static bool is_on(const struct topo *topo, const char *end, size_t network)
{
	size_t workload = topo_find_workload(topo, end);
	if (workload != TOPO_NONE)
		return attachment_on(topo, workload, network) != NULL;
	return topo_find_address(topo, topo->networks.data[network].name, end) != TOPO_NONE;
}

/* The first secondary one that both are on; an address that nobody has may be anywhere. */
static size_t common_network(const struct topo *topo, const struct witness_flow *flow)
{
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 1; i < topo->networks.len; i++) {
			bool from = is_on(topo, flow->from, i), to = is_on(topo, flow->to, i);
			if (pass == 0 ? from && to : from || to)
				return i;
		}
	return TOPO_NONE;
}

static bool find_network(const struct topo *topo, const struct witness_flow *flow, size_t *out, struct err *err)
{
	bool is_pod_network = strcmp(flow->network, "default") == 0;
	*out = is_pod_network           ? 0
	       : *flow->network != '\0' ? topo_find_network(topo, flow->network)
	                                : common_network(topo, flow);
	if (*out == TOPO_NONE)
		return err_set(err, ERR_NOT_FOUND, "there is no network that both are on");
	const struct topo_network *network = &topo->networks.data[*out];
	if (network->topology == CNI_LAYER2 || network->topology == CNI_LOCALNET)
		return true;
	if (*network->name == '\0')
		return err_set(err, ERR_INVALID,
		               "the pod network is not traced, only layer2 and localnet networks are");
	return err_set(err, ERR_INVALID, "only layer2 and localnet networks can be traced, and %s is %s", network->name,
	               cni_topology_name(network->topology));
}

/* ---- an end ---- */

static bool set_outside(struct route_end *end, const char *address, const char *text, struct err *err)
{
	if (!cni_address_parse(address, &end->address))
		return err_set(err, ERR_NOT_FOUND, "%s is no workload, and its address is not known", text);
	end->mac = mem_strdup(OUTSIDE_MAC);
	end->port = mem_strdup("");
	end->node = mem_strdup("");
	return true;
}

static bool set_workload(const struct topo *topo, const struct topo_attachment *a, struct route_end *end,
                         struct err *err)
{
	const struct topo_workload *workload = &topo->workloads.data[a->workload];
	const char *pod = workload->kind == TOPO_VM ? workload->pod : workload->name;
	if (*pod == '\0' || a->nad == TOPO_NONE || !cni_mac_is_valid(a->mac))
		return err_set(err, ERR_UNAVAILABLE, "%s does not run yet", workload->id);
	if (workload->node == TOPO_NONE)
		return err_set(err, ERR_UNAVAILABLE, "the node of %s is not known", workload->id);
	if (!cni_address_parse(a->address, &end->address))
		return err_set(err, ERR_UNAVAILABLE, "the address of %s on this network is not known", workload->id);
	const struct topo_nad *nad = &topo->nads.data[a->nad];
	char *key = mem_printf("%s/%s", nad->ns, nad->name);
	struct str port = {0};
	cni_ovn_port_name(key, workload->ns, pod, &port);
	free(key);
	end->port = str_take(&port);
	end->mac = mem_strdup(a->mac);
	end->node = mem_strdup(topo->nodes.data[workload->node].name);
	end->is_port = true;
	return trace_name_is_good(end->port) ||
	       err_set(err, ERR_INVALID, "the name of the port of %s is none that OVN-Kubernetes makes", workload->id);
}

static bool find_end(const struct topo *topo, size_t network, const char *text, struct route_end *end, struct err *err)
{
	const char *name = topo->networks.data[network].name;
	size_t workload = topo_find_workload(topo, text), at;
	const struct topo_attachment *a = NULL;
	end->name = mem_strdup(text);
	if (workload != TOPO_NONE) {
		a = attachment_on(topo, workload, network);
		if (a == NULL)
			return err_set(err, ERR_NOT_FOUND, "%s is not on network %s", text, name);
	} else if ((at = topo_find_address(topo, name, text)) != TOPO_NONE) {
		a = &topo->attachments.data[at];
	}
	if (a != NULL && topo->workloads.data[a->workload].kind != TOPO_HOST)
		return set_workload(topo, a, end, err);
	return set_outside(end, a != NULL ? a->address : text, text, err);
}

/* ---- the whole ---- */

static void name_switch(const struct topo_network *network, struct route *out)
{
	static const char switch_suffix[] = "_switch", port_suffix[] = "_port";
	const struct cni_config config = {.name = network->name, .topology = network->topology};
	struct str name = {0};
	cni_ovn_switch_name(&config, &name);
	out->switch_name = str_take(&name);
	size_t len = strlen(out->switch_name);
	bool is_localnet = network->topology == CNI_LOCALNET && text_has_suffix(out->switch_name, switch_suffix);
	out->localnet_port =
	        is_localnet ? mem_printf("%.*s%s", (int)(len - strlen(switch_suffix)), out->switch_name, port_suffix)
	                    : mem_strdup("");
}

static bool fill(const struct topo *topo, const struct witness_flow *flow, struct route *out, struct err *err)
{
	size_t network;
	if (!trace_port_parse(flow->port, &out->proto, &out->port))
		return err_set(err, ERR_INVALID, "port '%.40s' is not PROTO/PORT", flow->port);
	if (!find_network(topo, flow, &network, err))
		return false;
	out->network = mem_strdup(topo->networks.data[network].name);
	name_switch(&topo->networks.data[network], out);
	if (!trace_name_is_good(out->switch_name))
		return err_set(err, ERR_INVALID, "the network's name is none that OVN-Kubernetes makes a switch of");
	if (!find_end(topo, network, flow->from, &out->from, err) || !find_end(topo, network, flow->to, &out->to, err))
		return false;
	if (!out->from.is_port && !out->to.is_port)
		return err_set(err, ERR_INVALID, "neither end is a workload of the cluster: OVN sees nothing of it");
	if (out->from.address.family != out->to.address.family)
		return err_set(err, ERR_INVALID, "one end has an IPv4 address, the other an IPv6 one");
	const struct route_end *outside = out->from.is_port ? &out->to : &out->from;
	if (!outside->is_port && *out->localnet_port == '\0') {
		char address[64];
		cni_address_format(&outside->address, false, address);
		return err_set(err, ERR_NOT_FOUND, "no workload on network %s has the address %s", out->network,
		               address);
	}
	return true;
}

bool route_find(const struct topo *topo, const struct witness_flow *flow, struct route *out, struct err *err)
{
	*out = (struct route){0};
	bool is_found = fill(topo, flow, out, err);
	if (!is_found)
		route_finish(out);
	return is_found;
}

static void end_finish(struct route_end *end)
{
	free(end->name);
	free(end->port);
	free(end->mac);
	free(end->node);
}

void route_finish(struct route *route)
{
	end_finish(&route->from);
	end_finish(&route->to);
	free(route->network);
	free(route->switch_name);
	free(route->localnet_port);
	*route = (struct route){0};
}
