/* The rows of OVN's northbound database for the lab's nodes, networks and pods. Pure: what OVN-Kubernetes writes (network
 * names, external_ids, options, tunnel keys), in its words. The session that brings them there is in ovn.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/ovn.h"
#include "lab/ovsdb.h"

#define ROUTER "ovn_cluster_router"
#define TUNNEL_KEY_BASE 16711683 /* OVN-Kubernetes' first key for interconnected switches */

const struct plan_table ovn_tables[] = {
        {.name = "NB_Global", .key_column = "name", .shared_columns = "options"},
        {.name = "Logical_Switch", .key_column = "name", .is_root = true, .child_columns = "ports acls"},
        {.name = "Logical_Switch_Port", .key_column = "name"},
        {.name = "Logical_Router",
         .key_column = "name",
         .is_root = true,
         .child_columns = "ports static_routes policies"},
        {.name = "Logical_Router_Port", .key_column = "name"},
        {.name = "Address_Set", .key_column = "name", .is_root = true},
        {.name = "Port_Group", .key_column = "name", .is_root = true, .child_columns = "acls"},
        {.name = "ACL", .key_column = "external_ids", .key_entry = "k8s.ovn.org/id"},
        {.name = NULL},
};

static json_t *empty_set(void)
{
	return json_pack("[s[]]", "set");
}

static json_t *one_text(const char *text)
{
	return json_pack("[s[s]]", "set", text);
}

/* "0a:58" and an IPv4 address's bytes. `text` may carry a prefix length. */
static void address_mac(const char *text, char out[18])
{
	struct cni_address address;
	if (!cni_address_parse(text, &address))
		base_abort("'%s' is not an address", text);
	cni_mac_from_address(&address, out);
}

void ovn_rows_cluster(struct plan_rows *rows)
{
	plan_add(rows, "NB_Global", "",
	         json_pack("{s:s, s:i, s:o}", "name", "", "nb_cfg", 1, "options",
	                   ovsdb_map("northd_probe_interval", "0", NULL)));
	plan_add(rows, "Logical_Router", ROUTER,
	         json_pack("{s:s, s:o}", "name", ROUTER, "external_ids", ovsdb_map("k8s-cluster-router", "yes", NULL)));
}

static void add_router_ports(struct plan_rows *rows, const struct ovn_node *node)
{
	char mac[18], *on_router = mem_printf("rtos-%s", node->name), *on_switch = mem_printf("stor-%s", node->name);
	struct plan_parent router = {"Logical_Router", ROUTER, "ports"},
	                   node_switch = {"Logical_Switch", node->name, "ports"};
	address_mac(node->gateway, mac);
	plan_add_child(
	        rows, &router, "Logical_Router_Port", on_router,
	        json_pack("{s:s, s:s, s:o}", "name", on_router, "mac", mac, "networks", one_text(node->gateway)));
	plan_add_child(rows, &node_switch, "Logical_Switch_Port", on_switch,
	               json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", on_switch, "type", "router", "addresses",
	                         one_text("router"), "options", ovsdb_map("router-port", on_router, NULL),
	                         "port_security", empty_set()));
	free(on_router);
	free(on_switch);
}

void ovn_rows_node(struct plan_rows *rows, const struct ovn_node *node)
{
	char mac[18], *management = mem_printf("k8s-%s", node->name);
	plan_add(rows, "Logical_Switch", node->name,
	         json_pack("{s:s, s:o}", "name", node->name, "other_config", ovsdb_map("subnet", node->subnet, NULL)));
	add_router_ports(rows, node);
	address_mac(node->management, mac);
	char *addresses = mem_printf("%s %s", mac, node->management);
	plan_add_child(rows, &(struct plan_parent){"Logical_Switch", node->name, "ports"}, "Logical_Switch_Port",
	               management,
	               json_pack("{s:s, s:s, s:o, s:o}", "name", management, "type", "", "addresses",
	                         one_text(addresses), "options", ovsdb_map("requested-chassis", node->name, NULL)));
	free(addresses);
	free(management);
}

static json_t *switch_config(const struct ovn_network *network, const char *name)
{
	const struct cni_config *config = network->config;
	json_t *out = ovsdb_map(NULL, NULL);
	char text[64];
	if (config->topology == CNI_LAYER2) {
		ovsdb_map_add(out, "interconn-ts", name);
		ovsdb_map_add(out, "mcast_flood_unregistered", "true");
		ovsdb_map_add(out, "mcast_querier", "false");
		ovsdb_map_add(out, "mcast_snoop", "true");
		snprintf(text, sizeof text, "%d", TUNNEL_KEY_BASE + network->id);
		ovsdb_map_add(out, "requested-tnl-key", text);
	}
	for (size_t i = 0; i < config->subnets.len; i++) {
		cni_address_format(&config->subnets.data[i], true, text);
		if (config->subnets.data[i].family == 4)
			ovsdb_map_add(out, "subnet", text);
		else
			ovsdb_map_add(out, "ipv6_prefix", text);
	}
	return out;
}

static void add_localnet_port(struct plan_rows *rows, const struct cni_config *config, const char *switch_name)
{
	size_t cut = strlen(switch_name) - strlen("switch");
	char *name = mem_printf("%.*sport", (int)cut, switch_name);
	json_t *columns =
	        json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", name, "type", "localnet", "addresses",
	                  one_text("unknown"), "options", ovsdb_map("network_name", config->physical_name, NULL),
	                  "tag_request", config->vlan != 0 ? json_integer(config->vlan) : empty_set());
	plan_add_child(rows, &(struct plan_parent){"Logical_Switch", switch_name, "ports"}, "Logical_Switch_Port", name,
	               columns);
	free(name);
}

void ovn_rows_network(struct plan_rows *rows, const struct ovn_network *network)
{
	struct str name = {0};
	cni_ovn_switch_name(network->config, &name);
	json_t *ids = ovsdb_map("k8s.ovn.org/network", network->config->name, "k8s.ovn.org/role", "secondary",
	                        "k8s.ovn.org/topology", cni_topology_name(network->config->topology), NULL);
	plan_add(rows, "Logical_Switch", str_text(&name),
	         json_pack("{s:s, s:o, s:o}", "name", str_text(&name), "external_ids", ids, "other_config",
	                   switch_config(network, str_text(&name))));
	if (network->config->topology == CNI_LOCALNET)
		add_localnet_port(rows, network->config, str_text(&name));
	str_finish(&name);
}

void ovn_rows_port(struct plan_rows *rows, const struct ovn_port *port)
{
	json_t *ids = ovsdb_map("namespace", port->ns, "pod", "true", NULL);
	if (port->nad != NULL) {
		ovsdb_map_add(ids, "k8s.ovn.org/nad", port->nad);
		ovsdb_map_add(ids, "k8s.ovn.org/network", port->network);
		ovsdb_map_add(ids, "k8s.ovn.org/topology", port->topology);
	}
	json_t *options = ovsdb_map("iface-id-ver", port->pod_uid, "requested-chassis", port->node, NULL);
	if (port->tunnel_id != 0) {
		char key[16];
		snprintf(key, sizeof key, "%u", port->tunnel_id);
		ovsdb_map_add(options, "requested-tnl-key", key);
	}
	plan_add_child(rows, &(struct plan_parent){"Logical_Switch", port->switch_name, "ports"}, "Logical_Switch_Port",
	               port->name,
	               json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", port->name, "type", "", "addresses",
	                         one_text(port->addresses), "port_security", one_text(port->addresses), "external_ids",
	                         ids, "options", options));
}
