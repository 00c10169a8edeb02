/* Fuzz target: what a database server sends: the stream, the messages in it, their updates of a replica, and every reader of
 * a row. What was accepted must be found again by its own name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lab/ovs.h"
#include "lab/ovsdb.h"
#include "lab/plan.h"

static const struct plan_table tables[] = {
        {.name = "T", .key_column = "name", .is_root = true, .shared_columns = "m", .child_columns = "ports"},
        {.name = "P", .key_column = "ids", .key_entry = "id"},
        {.name = NULL},
};

static void read_rows(const json_t *replica)
{
	const char *table, *uuid;
	json_t *rows, *row;
	json_object_foreach ((json_t *)(uintptr_t)replica, table, rows) {
		json_object_foreach (rows, uuid, row) {
			const char *name = json_string_value(json_object_get(row, "name"));
			if (name != NULL && ovsdb_find(replica, table, "name", name, NULL) == NULL)
				abort();
			ovsdb_map_get(row, "external_ids", "sandbox");
			ovsdb_int(row, "n", 0);
			ovsdb_bool(row, "b");
			json_t *canonical = ovsdb_canonical(json_object_get(row, "m"));
			json_decref(canonical);
		}
	}
}

static void plan(const json_t *replica)
{
	struct plan_rows rows = {0};
	const struct plan_rows *lists[] = {&rows};
	plan_add(&rows, "T", "a", json_pack("{s:s, s:o}", "name", "a", "m", ovsdb_map("k", "v", NULL)));
	plan_add_child(&rows, &(struct plan_parent){"T", "a", "ports"}, "P", "p",
	               json_pack("{s:o}", "ids", ovsdb_map("id", "p", NULL)));
	json_decref(plan_operations(tables, lists, 1, replica));
	plan_rows_finish(&rows);
	json_t *wanted =
	        json_pack("{s:{s:s, s:o}}", "v1", "bridge", "br-int", "external_ids", ovsdb_map("sandbox", "s", NULL));
	json_decref(ovs_port_operations(wanted, replica));
	json_decref(wanted);
}

static bool take(const json_t *message, void *user)
{
	return ovsdb_replica_apply(user, json_array_get(json_object_get(message, "params"), 1), NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ovsdb_stream stream = {0};
	struct err err;
	json_t *replica = json_object();
	size_t half = size / 2;
	if (ovsdb_stream_feed(&stream, (const char *)data, half, take, replica, &err))
		ovsdb_stream_feed(&stream, (const char *)data + half, size - half, take, replica, &err);
	read_rows(replica);
	plan(replica);
	json_decref(replica);
	ovsdb_stream_finish(&stream);
	return 0;
}
