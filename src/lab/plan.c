/* The difference between desired rows and a replica, as OVSDB operations. Inserts go first, so that every named uuid is
 * known to the server before another row uses it.
 */
#include "lab/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/ovsdb.h"

struct planner {
	const struct plan_table *tables;
	const struct plan_rows *desired;
	const json_t *replica;
	json_t *operations;
	struct map index;     /* "table/key" -> position in desired, plus one */
	struct map actual;    /* "table/key" -> uuid of a row that is there (borrowed from the replica) */
};

void plan_add(struct plan_rows *rows, const char *table, const char *key, json_t *columns)
{
	vec_push(&rows->items, (struct plan_row){.table = mem_strdup(table), .key = mem_strdup(key), .columns = columns});
}

json_t *plan_ref(const char *table, const char *key)
{
	return json_pack("[sss]", "ref", table, key);
}

void plan_rows_finish(struct plan_rows *rows)
{
	for (size_t i = 0; i < rows->items.len; i++) {
		free(rows->items.data[i].table);
		free(rows->items.data[i].key);
		json_decref(rows->items.data[i].columns);
	}
	vec_finish(&rows->items);
}

static const char *row_key(const struct plan_table *table, const json_t *row)
{
	if (table->key_entry != NULL)
		return ovsdb_map_get(row, table->key_column, table->key_entry);
	return json_string_value(json_object_get(row, table->key_column));
}

static char *index_key(const char *table, const char *key)
{
	return mem_printf("%s/%s", table, key);
}

static void *index_find(const struct map *map, const char *table, const char *key)
{
	char *text = index_key(table, key);
	void *found = map_find(map, text);
	free(text);
	return found;
}

static void *index_set(struct map *map, const char *table, const char *key, const void *value)
{
	char *text = index_key(table, key);
	void *old = map_set(map, text, (void *)(uintptr_t)value);
	free(text);
	return old;
}

static void build_indexes(struct planner *p)
{
	const char *uuid;
	json_t *row;
	for (size_t i = 0; i < p->desired->items.len; i++)
		index_set(&p->index, p->desired->items.data[i].table, p->desired->items.data[i].key, (void *)(i + 1));
	for (const struct plan_table *t = p->tables; t->name != NULL; t++) {
		json_object_foreach(json_object_get(p->replica, t->name), uuid, row) {
			const char *key = row_key(t, row);
			if (key != NULL)
				index_set(&p->actual, t->name, key, uuid);
		}
	}
}

static bool is_kind(const json_t *value, const char *kind, size_t size)
{
	return json_array_size(value) == size && text_equal(json_string_value(json_array_get(value, 0)), kind);
}

/* ["ref",T,K] as ["uuid",U] or ["named-uuid",rN]; NULL when that row is nowhere. */
static json_t *resolve_ref(const struct planner *p, const json_t *ref)
{
	const char *table = json_string_value(json_array_get(ref, 1)), *key = json_string_value(json_array_get(ref, 2));
	const char *uuid = index_find(&p->actual, table, key);
	uintptr_t at = (uintptr_t)index_find(&p->index, table, key);
	if (uuid != NULL)
		return json_pack("[ss]", "uuid", uuid);
	if (at == 0)
		return NULL;
	char name[32];
	snprintf(name, sizeof name, "r%zu", (size_t)at);
	return json_pack("[ss]", "named-uuid", name);
}

/* The value with its references resolved; canonical. */
static json_t *resolve(const struct planner *p, const json_t *value)
{
	size_t i;
	json_t *item;
	if (is_kind(value, "ref", 3)) {
		json_t *found = resolve_ref(p, value);
		return found != NULL ? found : json_pack("[s[]]", "set");
	}
	if (!is_kind(value, "set", 2))
		return ovsdb_canonical(value);
	json_t *list = json_array();
	json_array_foreach(json_array_get(value, 1), i, item) {
		json_t *found = is_kind(item, "ref", 3) ? resolve_ref(p, item) : json_incref(item);
		if (found != NULL)
			json_array_append_new(list, found);
	}
	json_t *set = json_pack("[so]", "set", list), *canonical = ovsdb_canonical(set);
	json_decref(set);
	return canonical;
}

static bool is_partly_owned(const struct plan_table *table, const char *column)
{
	const char *list = table->owned_columns, *found = list != NULL ? strstr(list, column) : NULL;
	size_t n = strlen(column);
	return found != NULL && (found == list || found[-1] == ' ') && (found[n] == ' ' || found[n] == '\0');
}

/* The wanted map over what others wrote into the same column. */
static json_t *merge_map(const json_t *wanted, const json_t *actual_row, const char *column)
{
	size_t i;
	json_t *pair, *list = json_array(), *row = json_pack("{s:O}", column, wanted);
	json_array_foreach(json_array_get(json_object_get(actual_row, column), 1), i, pair) {
		if (ovsdb_map_get(row, column, json_string_value(json_array_get(pair, 0))) == NULL)
			json_array_append(list, pair);
	}
	json_array_extend(list, json_array_get(wanted, 1));
	json_t *merged = json_pack("[so]", "map", list), *canonical = ovsdb_canonical(merged);
	json_decref(merged);
	json_decref(row);
	return canonical;
}

static void plan_insert(struct planner *p, size_t at)
{
	const struct plan_row *row = &p->desired->items.data[at];
	const char *column;
	json_t *value, *values = json_object();
	json_object_foreach(row->columns, column, value)
		json_object_set_new(values, column, resolve(p, value));
	char name[32];
	snprintf(name, sizeof name, "r%zu", at + 1);
	json_array_append_new(p->operations, json_pack("{s:s, s:s, s:s, s:o}", "op", "insert", "table", row->table, "uuid-name", name,
	                                               "row", values));
}

static void plan_update(struct planner *p, const struct plan_table *table, const struct plan_row *row, const char *uuid)
{
	const json_t *actual = json_object_get(json_object_get(p->replica, row->table), uuid);
	const char *column;
	json_t *value, *values = json_object();
	json_object_foreach(row->columns, column, value) {
		json_t *want = resolve(p, value), *have = ovsdb_canonical(json_object_get(actual, column));
		if (is_partly_owned(table, column)) {
			json_t *merged = merge_map(want, actual, column);
			json_decref(want);
			want = merged;
		}
		if (!json_equal(want, have))
			json_object_set(values, column, want);
		json_decref(want);
		json_decref(have);
	}
	if (json_object_size(values) > 0)
		json_array_append_new(p->operations, json_pack("{s:s, s:s, s:[[s, s, [s, s]]], s:O}", "op", "update", "table", row->table,
		                                               "where", "_uuid", "==", "uuid", uuid, "row", values));
	json_decref(values);
}

static const struct plan_table *find_table(const struct planner *p, const char *name)
{
	for (const struct plan_table *t = p->tables; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	base_abort("no such table in the plan: %s", name);
}

static void plan_deletes(struct planner *p, const struct plan_table *table)
{
	const char *uuid;
	json_t *row;
	json_object_foreach(json_object_get(p->replica, table->name), uuid, row) {
		const char *key = row_key(table, row);
		/* Two rows of one key: the later one counts, the other goes. */
		if (key != NULL && index_find(&p->index, table->name, key) != NULL && index_find(&p->actual, table->name, key) == uuid)
			continue;
		json_array_append_new(p->operations, json_pack("{s:s, s:s, s:[[s, s, [s, s]]]}", "op", "delete", "table", table->name,
		                                               "where", "_uuid", "==", "uuid", uuid));
	}
}

json_t *plan_operations(const struct plan_table *tables, const struct plan_rows *desired, const json_t *replica)
{
	struct planner p = {.tables = tables, .desired = desired, .replica = replica, .operations = json_array()};
	build_indexes(&p);
	for (size_t i = 0; i < desired->items.len; i++)
		if (index_find(&p.actual, desired->items.data[i].table, desired->items.data[i].key) == NULL)
			plan_insert(&p, i);
	for (size_t i = 0; i < desired->items.len; i++) {
		const struct plan_row *row = &desired->items.data[i];
		const char *uuid = index_find(&p.actual, row->table, row->key);
		if (uuid != NULL)
			plan_update(&p, find_table(&p, row->table), row, uuid);
	}
	for (const struct plan_table *t = tables; t->name != NULL; t++)
		if (t->is_root)
			plan_deletes(&p, t);
	map_finish(&p.index);
	map_finish(&p.actual);
	return p.operations;
}
