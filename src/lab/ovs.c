/* One Open vSwitch instance: the first transaction that sets it up, the ports that pods plug in, and what the switch and
 * ovn-controller answer in the same database.
 */
#include "lab/ovs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/ovsdb.h"

#define RETRY_MS 1000

struct ovs {
	struct loop *loop;
	struct ovs_events events;
	const struct ovs_bridge *bridges;
	const char *const *external_ids;
	struct ovsdb *db;
	struct loop_timer *retry;
	json_t *wanted;       /* interface -> {"bridge", "external_ids"} */
	json_t *instance_ids; /* key -> value or null, to be written */
	int64_t asked_cfg;    /* -1: nothing asked */
	bool is_asking;       /* ask as soon as the database answers */
	bool is_posted, is_sending, is_dirty;
};

static const struct ovsdb_table tables[] = {
        {"Open_vSwitch", "bridges external_ids next_cfg cur_cfg"},
        {"Bridge", "name ports"},
        {"Port", "name interfaces"},
        {"Interface", "name type external_ids error ofport"},
        {NULL, NULL},
};

/* ---- set-up ---- */

static json_t *insert(const char *table, const char *id, json_t *row)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "op", "insert", "table", table, "uuid-name", id, "row", row);
}

static json_t *named(const char *id)
{
	return json_pack("[ss]", "named-uuid", id);
}

/* One port with one interface; its named uuid goes into `ports`. */
static void add_port(json_t *operations, json_t *ports, const char *name, const char *type, json_t *more)
{
	char interface_id[32], port_id[32];
	snprintf(interface_id, sizeof interface_id, "i%zu", json_array_size(operations));
	snprintf(port_id, sizeof port_id, "p%zu", json_array_size(operations));
	json_t *row = json_pack("{s:s, s:s}", "name", name, "type", type);
	if (more != NULL)
		json_object_update(row, more);
	json_decref(more);
	json_array_append_new(operations, insert("Interface", interface_id, row));
	json_array_append_new(
	        operations,
	        insert("Port", port_id, json_pack("{s:s, s:o}", "name", name, "interfaces", named(interface_id))));
	json_array_append_new(ports, named(port_id));
}

static void add_bridge(json_t *operations, json_t *all, const struct ovs_bridge *bridge)
{
	char id[32];
	json_t *ports = json_array();
	add_port(operations, ports, bridge->name, "internal", NULL);
	for (size_t i = 0; bridge->ports != NULL && bridge->ports[i] != NULL; i++)
		add_port(operations, ports, bridge->ports[i], "", NULL);
	if (bridge->internal != NULL)
		add_port(operations, ports, bridge->internal, "internal",
		         json_pack("{s:s, s:i, s:o}", "mac", bridge->internal_mac, "mtu_request", 1400, "external_ids",
		                   ovsdb_map("iface-id", bridge->internal_id, NULL)));
	snprintf(id, sizeof id, "b%zu", json_array_size(operations));
	json_t *row =
	        json_pack("{s:s, s:s, s:[so]}", "name", bridge->name, "datapath_type", "netdev", "ports", "set", ports);
	if (bridge->is_secure)
		json_object_set_new(row, "fail_mode", json_string("secure"));
	json_array_append_new(operations, insert("Bridge", id, row));
	json_array_append_new(all, named(id));
}

static json_t *setup_operations(const struct ovs *ovs)
{
	json_t *operations = json_array(), *all = json_array(), *ids = ovsdb_map(NULL, NULL);
	for (const struct ovs_bridge *bridge = ovs->bridges; bridge->name != NULL; bridge++)
		add_bridge(operations, all, bridge);
	for (size_t i = 0; ovs->external_ids != NULL && ovs->external_ids[i] != NULL; i += 2)
		ovsdb_map_add(ids, ovs->external_ids[i], ovs->external_ids[i + 1]);
	json_t *row = json_pack("{s:[so], s:o, s:o}", "bridges", "set", all, "external_ids", ids, "other_config",
	                        ovsdb_map("n-handler-threads", "1", "n-revalidator-threads", "1", NULL));
	json_array_append_new(operations, insert("Open_vSwitch", "o", row));
	return operations;
}

/* ---- ports: the plan ---- */

static bool is_ours(const json_t *interface)
{
	return ovsdb_map_get(interface, "external_ids", "sandbox") != NULL;
}

static bool has_ids(const json_t *interface, const json_t *ids)
{
	size_t i;
	json_t *pair;
	json_array_foreach (json_array_get(ids, 1), i, pair) {
		const char *have = ovsdb_map_get(interface, "external_ids", json_string_value(json_array_get(pair, 0)));
		if (!text_equal(have, json_string_value(json_array_get(pair, 1))))
			return false;
	}
	return true;
}

static json_t *mutate_bridge(const char *column, const char *value, const char *mutator, json_t *port)
{
	return json_pack("{s:s, s:s, s:[[s, s, s]], s:[[s, s, o]]}", "op", "mutate", "table", "Bridge", "where", column,
	                 "==", value, "mutations", "ports", mutator, port);
}

static void plan_wanted(json_t *operations, const char *name, const json_t *want, const json_t *replica)
{
	const char *bridge = json_walk_str(want, "bridge", NULL), *uuid = NULL;
	json_t *ids = json_object_get(want, "external_ids");
	const json_t *there = ovsdb_find(replica, "Interface", "name", name, &uuid);
	if (there == NULL) {
		json_t *ports = json_array();
		add_port(operations, ports, name, "",
		         json_pack("{s:O, s:o}", "external_ids", ids, "other_config",
		                   ovsdb_map("transient", "true", NULL)));
		json_array_append_new(operations,
		                      mutate_bridge("name", bridge, "insert", json_incref(json_array_get(ports, 0))));
		json_decref(ports);
	} else if (!has_ids(there, ids)) {
		json_array_append_new(operations, json_pack("{s:s, s:s, s:[[s, s, [s, s]]], s:{s:O}}", "op", "update",
		                                            "table", "Interface", "where", "_uuid", "==", "uuid", uuid,
		                                            "row", "external_ids", ids));
	}
}

static void plan_unwanted(json_t *operations, const char *name, const json_t *replica)
{
	const char *uuid = NULL, *bridge;
	json_t *row;
	if (ovsdb_find(replica, "Port", "name", name, &uuid) == NULL)
		return;
	json_object_foreach (json_object_get(replica, "Bridge"), bridge, row) {
		char *text = json_dumps(json_object_get(row, "ports"), JSON_COMPACT | JSON_ENCODE_ANY);
		if (text != NULL && strstr(text, uuid) != NULL)
			json_array_append_new(operations, mutate_bridge("name", json_walk_str(row, "name", NULL),
			                                                "delete", json_pack("[ss]", "uuid", uuid)));
		free(text);
	}
}

json_t *ovs_port_operations(const json_t *wanted, const json_t *replica)
{
	const char *name, *uuid;
	json_t *want, *interface, *operations = json_array();
	json_object_foreach ((json_t *)wanted, name, want) {
		plan_wanted(operations, name, want, replica);
	}
	json_object_foreach (json_object_get(replica, "Interface"), uuid, interface) {
		name = json_walk_str(interface, "name", NULL);
		if (is_ours(interface) && json_object_get(wanted, name) == NULL)
			plan_unwanted(operations, name, replica);
	}
	return operations;
}

/* ---- the session ---- */

static const json_t *instance(const struct ovs *ovs)
{
	void *iter = json_object_iter(json_object_get(ovsdb_replica(ovs->db), "Open_vSwitch"));
	return iter != NULL ? json_object_iter_value(iter) : NULL;
}

static json_t *mutate_instance(const char *column, const char *mutator, json_t *value)
{
	return json_pack("{s:s, s:s, s:[], s:[[s, s, o]]}", "op", "mutate", "table", "Open_vSwitch", "where",
	                 "mutations", column, mutator, value);
}

static void add_instance_operations(struct ovs *ovs, json_t *operations)
{
	const char *key;
	json_t *value;
	json_object_foreach (ovs->instance_ids, key, value) {
		json_array_append_new(operations,
		                      mutate_instance("external_ids", "delete", json_pack("[s[s]]", "set", key)));
		if (json_is_string(value))
			json_array_append_new(operations, mutate_instance("external_ids", "insert",
			                                                  json_pack("[s[[sO]]]", "map", key, value)));
	}
	json_object_clear(ovs->instance_ids);
	if (ovs->is_asking) {
		json_array_append_new(operations, mutate_instance("next_cfg", "+=", json_integer(1)));
		ovs->asked_cfg = ovsdb_int(instance(ovs), "next_cfg", 0) + 1;
		ovs->is_asking = false;
	}
}

static void apply(void *user);

static void schedule(struct ovs *ovs)
{
	ovs->is_dirty = true;
	if (ovs->is_posted || ovs->is_sending)
		return;
	ovs->is_posted = true;
	loop_post(ovs->loop, apply, ovs);
}

static void on_applied(const json_t *results, const char *failure, void *user)
{
	struct ovs *ovs = user;
	(void)results;
	ovs->is_sending = false;
	if (failure != NULL) {
		ovs->events.on_failure(failure, ovs->events.user);
		ovs->is_dirty = true;
		loop_timer_start(ovs->retry, RETRY_MS, 0);
	} else if (ovs->is_dirty) {
		schedule(ovs);
	}
}

static void apply(void *user)
{
	struct ovs *ovs = user;
	ovs->is_posted = false;
	if (!ovs->is_dirty || ovs->is_sending || !ovsdb_is_ready(ovs->db) || instance(ovs) == NULL)
		return;
	ovs->is_dirty = false;
	json_t *operations = ovs_port_operations(ovs->wanted, ovsdb_replica(ovs->db));
	add_instance_operations(ovs, operations);
	if (json_array_size(operations) == 0) {
		json_decref(operations);
		return;
	}
	ovs->is_sending = true;
	ovsdb_transact(ovs->db, operations, on_applied, ovs);
}

static void retry(void *user)
{
	schedule(user);
}

static void on_set_up(const json_t *results, const char *failure, void *user)
{
	struct ovs *ovs = user;
	(void)results;
	if (failure != NULL) {
		ovs->events.on_failure(failure, ovs->events.user);
		return;
	}
	schedule(ovs);
	ovs->events.on_connected(ovs->events.user);
}

static void db_ready(void *user)
{
	struct ovs *ovs = user;
	if (instance(ovs) == NULL)
		ovsdb_transact(ovs->db, setup_operations(ovs), on_set_up, ovs);
	else
		on_set_up(NULL, NULL, ovs);
}

static void db_row(const char *table, const char *uuid, const json_t *old, const json_t *row, void *user)
{
	struct ovs *ovs = user;
	(void)uuid;
	if (strcmp(table, "Open_vSwitch") == 0 && row != NULL && ovs->asked_cfg >= 0 &&
	    ovsdb_int(row, "cur_cfg", 0) >= ovs->asked_cfg) {
		ovs->asked_cfg = -1;
		ovs->events.on_configured(ovs->events.user);
	}
	if (ovs->events.on_switch != NULL && (strcmp(table, "Open_vSwitch") == 0 || strcmp(table, "Bridge") == 0))
		ovs->events.on_switch(ovs->events.user);
	if (strcmp(table, "Interface") == 0 && ovs->events.on_port != NULL)
		ovs->events.on_port(json_walk_str(row != NULL ? row : old, "name", NULL), ovs->events.user);
}

static void db_lost(const char *why, void *user)
{
	struct ovs *ovs = user;
	ovs->events.on_failure(why, ovs->events.user);
}

struct ovs *ovs_create(struct loop *loop, const char *socket, const struct ovs_bridge *bridges,
                       const char *const *external_ids, const struct ovs_events *events)
{
	struct ovs *ovs = mem_alloc(sizeof *ovs);
	ovs->loop = loop;
	ovs->events = *events;
	ovs->bridges = bridges;
	ovs->external_ids = external_ids;
	ovs->wanted = json_object();
	ovs->instance_ids = json_object();
	ovs->asked_cfg = -1;
	ovs->retry = loop_timer_create(loop, retry, ovs);
	ovs->db = ovsdb_create(
	        loop, socket, "Open_vSwitch", tables,
	        &(struct ovsdb_events){.on_ready = db_ready, .on_row = db_row, .on_lost = db_lost, .user = ovs});
	return ovs;
}

void ovs_destroy(struct ovs *ovs)
{
	if (ovs == NULL)
		return;
	ovsdb_destroy(ovs->db);
	loop_timer_destroy(ovs->retry);
	loop_unpost(ovs->loop, ovs);
	json_decref(ovs->wanted);
	json_decref(ovs->instance_ids);
	free(ovs);
}

void ovs_ask(struct ovs *ovs)
{
	ovs->is_asking = true;
	schedule(ovs);
}

void ovs_set_external_id(struct ovs *ovs, const char *key, const char *value)
{
	json_object_set_new(ovs->instance_ids, key, value != NULL ? json_string(value) : json_null());
	schedule(ovs);
}

bool ovs_is_set_up(const struct ovs *ovs)
{
	return ovs != NULL && instance(ovs) != NULL;
}

const char *ovs_external_id(const struct ovs *ovs, const char *key)
{
	return ovsdb_map_get(instance(ovs), "external_ids", key);
}

const json_t *ovs_replica(const struct ovs *ovs)
{
	return ovsdb_replica(ovs->db);
}

void ovs_want_port(struct ovs *ovs, const char *bridge, const char *interface, json_t *external_ids)
{
	json_object_set_new(ovs->wanted, interface,
	                    json_pack("{s:s, s:o}", "bridge", bridge, "external_ids", external_ids));
	schedule(ovs);
}

void ovs_unwant_port(struct ovs *ovs, const char *interface)
{
	if (json_object_del(ovs->wanted, interface) == 0)
		schedule(ovs);
}

bool ovs_port_is_installed(const struct ovs *ovs, const char *interface)
{
	const json_t *row = ovsdb_find(ovsdb_replica(ovs->db), "Interface", "name", interface, NULL);
	return row != NULL && text_equal(ovsdb_map_get(row, "external_ids", "ovn-installed"), "true");
}

const char *ovs_port_error(const struct ovs *ovs, const char *interface)
{
	const json_t *row = ovsdb_find(ovsdb_replica(ovs->db), "Interface", "name", interface, NULL);
	const char *text = json_string_value(json_object_get(row, "error"));
	return text != NULL && text[0] != '\0' ? text : NULL;
}
