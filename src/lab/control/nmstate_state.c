/* Open vSwitch's tables as nmstate shows them. See nmstate_state.h. */
#include "lab/control/nmstate_state.h"

#include <stdlib.h>
#include <string.h>

#include "lab/control/nmstate_plan.h"
#include "lab/ovsdb.h"

static int by_name(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	int order = strcmp(json_walk_str(*left, "name", NULL), json_walk_str(*right, "name", NULL));
	return order != 0 ? order : strcmp(json_walk_str(*left, "type", NULL), json_walk_str(*right, "type", NULL));
}

/* The replica's order is that of uuids; nmstate's is that of names. */
static json_t *sorted(json_t *list)
{
	size_t n = json_array_size(list);
	const json_t **items = mem_alloc((n + 1) * sizeof *items);
	json_t *out = json_array();
	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(list, i);
	qsort((void *)items, n, sizeof *items, by_name);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, (json_t *)(uintptr_t)items[i]);
	free((void *)items);
	json_decref(list);
	return out;
}

/* Pods' interfaces, and the tunnels and patches that are Open vSwitch's own affair. */
static bool is_left_out(const json_t *interface)
{
	const char *type = json_walk_str(interface, "type", NULL);
	return ovsdb_map_get(interface, "external_ids", "sandbox") != NULL || strcmp(type, "geneve") == 0 ||
	       strcmp(type, "patch") == 0;
}

static json_t *address(const struct stack_node_config *config, const char *name)
{
	if (strcmp(name, "breth0") != 0)
		return json_pack("{s:b}", "enabled", 0);
	return json_pack("{s:b, s:b, s:[{s:s, s:i}]}", "enabled", 1, "dhcp", 0, "address", "ip", config->address,
	                 "prefix-length", 24);
}

static void add_port(json_t *interfaces, json_t *ports, const struct stack_node_config *config, const json_t *interface,
                     const char *bridge)
{
	const char *name = json_walk_str(interface, "name", NULL);
	bool is_internal = strcmp(json_walk_str(interface, "type", NULL), "internal") == 0;
	if (name[0] == '\0' || is_left_out(interface))
		return;
	json_array_append_new(ports, json_pack("{s:s}", "name", name));
	json_array_append_new(interfaces, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", name, "type",
	                                            is_internal ? "ovs-interface" : "ethernet", "state", "up",
	                                            "controller", bridge, "ipv4", address(config, name)));
}

/* A set with one element is that element alone. */
static void add_ports(json_t *interfaces, json_t *ports, const struct stack_node_config *config, const json_t *replica,
                      const json_t *bridge)
{
	const json_t *set = json_object_get(bridge, "ports");
	const char *head = json_string_value(json_array_get(set, 0));
	bool is_one = head != NULL && strcmp(head, "uuid") == 0;
	size_t n = is_one ? 1 : json_array_size(json_array_get(set, 1));
	for (size_t i = 0; i < n; i++) {
		const char *uuid =
		        json_string_value(json_array_get(is_one ? set : json_array_get(json_array_get(set, 1), i), 1));
		const char *name = json_walk_str(replica, "Port", uuid != NULL ? uuid : "", "name", NULL);
		add_port(interfaces, ports, config, ovsdb_find(replica, "Interface", "name", name, NULL),
		         json_walk_str(bridge, "name", NULL));
	}
}

static json_t *interfaces_of(const struct stack_node_config *config, const json_t *replica)
{
	const char *uuid;
	json_t *row, *list = json_array();
	json_object_foreach (json_object_get(replica, "Bridge"), uuid, row) {
		json_t *ports = json_array();
		add_ports(list, ports, config, replica, row);
		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:s, s:{s:o}}", "name", json_walk_str(row, "name", NULL),
		                                "type", "ovs-bridge", "state", "up", "bridge", "port", sorted(ports)));
	}
	return sorted(list);
}

static json_t *external_ids(const json_t *instance)
{
	json_t *out = json_object(), *pair;
	size_t i;
	json_array_foreach (json_array_get(json_object_get(instance, "external_ids"), 1), i, pair) {
		const char *key = json_string_value(json_array_get(pair, 0));
		if (key != NULL)
			json_object_set(out, key, json_array_get(pair, 1));
	}
	return out;
}

json_t *nmstate_current_state(const struct stack_node_config *config, const json_t *replica)
{
	void *iter = json_object_iter(json_object_get(replica, "Open_vSwitch"));
	const json_t *instance = iter != NULL ? json_object_iter_value(iter) : NULL;
	return json_pack("{s:{s:o}, s:o, s:{s:o}}", "ovn", "bridge-mappings",
	                 nmstate_mappings(ovsdb_map_get(instance, "external_ids", NMSTATE_MAPPINGS)), "interfaces",
	                 interfaces_of(config, replica), "ovs-db", "external_ids", external_ids(instance));
}
