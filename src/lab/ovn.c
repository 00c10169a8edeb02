/* The sessions with OVN's databases: brings the wanted rows (ovn_rows.c and others build them) into the northbound one, one
 * transaction a change, and watches in the southbound one which nodes have caught up.
 */
#include "lab/ovn.h"

#include <stdlib.h>
#include <string.h>

#include "lab/ovsdb.h"

#define RETRY_MS 1000

struct ovn {
	struct loop *loop;
	struct ovn_events events;
	struct ovsdb *nb, *sb;
	struct map wanted; /* owner -> struct plan_rows *, owned */
	struct loop_timer *retry;
	bool is_posted, is_sending, is_dirty;
};

static const struct ovsdb_table nb_tables[] = {
        {"NB_Global", "name nb_cfg options"},
        {"Logical_Switch", "name ports acls external_ids other_config"},
        {"Logical_Switch_Port", "name type addresses port_security external_ids options tag_request up"},
        {"Logical_Router", "name ports static_routes policies external_ids"},
        {"Logical_Router_Port", "name mac networks"},
        {"Port_Group", "name ports acls external_ids"},
        {"ACL", "name direction match priority action meter log options external_ids"},
        {"Address_Set", "name addresses external_ids"},
        {NULL, NULL},
};
static const struct ovsdb_table sb_tables[] = {{"Chassis_Private", "name nb_cfg"}, {NULL, NULL}};

static void apply(void *user);

static void schedule(struct ovn *ovn)
{
	ovn->is_dirty = true;
	if (ovn->is_posted || ovn->is_sending)
		return;
	ovn->is_posted = true;
	loop_post(ovn->loop, apply, ovn);
}

static void on_applied(const json_t *results, const char *failure, void *user)
{
	struct ovn *ovn = user;
	(void)results;
	ovn->is_sending = false;
	if (failure != NULL) {
		ovn->events.on_failure(failure, ovn->events.user);
		ovn->is_dirty = true;
		loop_timer_start(ovn->retry, RETRY_MS, 0);
	} else if (ovn->is_dirty) {
		schedule(ovn);
	}
}

static void apply(void *user)
{
	struct ovn *ovn = user;
	ovn->is_posted = false;
	if (!ovn->is_dirty || ovn->is_sending || !ovsdb_is_ready(ovn->nb))
		return;
	ovn->is_dirty = false;
	const struct plan_rows **lists = mem_alloc((ovn->wanted.len + 1) * sizeof *lists);
	for (size_t i = 0; i < ovn->wanted.len; i++)
		lists[i] = ovn->wanted.entries[i].value;
	json_t *operations = plan_operations(ovn_tables, lists, ovn->wanted.len, ovsdb_replica(ovn->nb));
	free((void *)lists);
	if (json_array_size(operations) == 0) {
		json_decref(operations);
		return;
	}
	ovn->is_sending = true;
	ovsdb_transact(ovn->nb, operations, on_applied, ovn);
}

static void retry(void *user)
{
	schedule(user);
}

static void tell_ready(struct ovn *ovn)
{
	if (ovsdb_is_ready(ovn->nb) && ovsdb_is_ready(ovn->sb))
		ovn->events.on_ready(ovn->events.user);
}

static void nb_ready(void *user)
{
	struct ovn *ovn = user;
	schedule(ovn);
	tell_ready(ovn);
}

static void lost(const char *why, void *user)
{
	struct ovn *ovn = user;
	ovn->events.on_failure(why, ovn->events.user);
}

static void sb_row(const char *table, const char *uuid, const json_t *old, const json_t *row, void *user)
{
	struct ovn *ovn = user;
	const char *name = json_walk_str(row != NULL ? row : old, "name", NULL);
	(void)table;
	(void)uuid;
	if (name[0] != '\0')
		ovn->events.on_chassis(name, row != NULL && ovsdb_int(row, "nb_cfg", 0) >= 1, ovn->events.user);
}

static void sb_ready(void *user)
{
	struct ovn *ovn = user;
	const char *uuid;
	json_t *row;
	json_object_foreach (json_object_get(ovsdb_replica(ovn->sb), "Chassis_Private"), uuid, row) {
		sb_row("Chassis_Private", uuid, NULL, row, ovn);
	}
	tell_ready(ovn);
}

struct ovn *ovn_create(struct loop *loop, const char *nb_socket, const char *sb_socket, const struct ovn_events *events)
{
	struct ovn *ovn = mem_alloc(sizeof *ovn);
	ovn->loop = loop;
	ovn->events = *events;
	ovn->retry = loop_timer_create(loop, retry, ovn);
	ovn->nb = ovsdb_create(loop, nb_socket, "OVN_Northbound", nb_tables,
	                       &(struct ovsdb_events){.on_ready = nb_ready, .on_lost = lost, .user = ovn});
	ovn->sb = ovsdb_create(
	        loop, sb_socket, "OVN_Southbound", sb_tables,
	        &(struct ovsdb_events){.on_ready = sb_ready, .on_row = sb_row, .on_lost = lost, .user = ovn});
	return ovn;
}

static void free_rows(struct plan_rows *rows)
{
	if (rows == NULL)
		return;
	plan_rows_finish(rows);
	free(rows);
}

void ovn_destroy(struct ovn *ovn)
{
	if (ovn == NULL)
		return;
	ovsdb_destroy(ovn->nb);
	ovsdb_destroy(ovn->sb);
	loop_timer_destroy(ovn->retry);
	loop_unpost(ovn->loop, ovn);
	for (size_t i = 0; i < ovn->wanted.len; i++)
		free_rows(ovn->wanted.entries[i].value);
	map_finish(&ovn->wanted);
	free(ovn);
}

void ovn_want(struct ovn *ovn, const char *owner, struct plan_rows *rows)
{
	struct plan_rows *copy = mem_alloc(sizeof *copy);
	*copy = *rows;
	*rows = (struct plan_rows){0};
	free_rows(map_set(&ovn->wanted, owner, copy));
	schedule(ovn);
}

void ovn_unwant(struct ovn *ovn, const char *owner)
{
	free_rows(map_remove(&ovn->wanted, owner));
	schedule(ovn);
}

const json_t *ovn_replica(const struct ovn *ovn)
{
	return ovsdb_replica(ovn->nb);
}
