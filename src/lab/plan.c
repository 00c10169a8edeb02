/* The difference between desired rows and a replica, as OVSDB operations. Inserts go first, so that a named uuid is known
 * to the reader of the transaction before another row uses it.
 */
#include "lab/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/ovsdb.h"

struct planner {
	const struct plan_table *tables;
	const json_t *replica;
	json_t *operations;
	VEC(const struct plan_row *) rows;
	struct map index;    /* "table/key" -> position in rows, plus one */
	struct map actual;   /* "table/key" -> uuid of a row that is there (borrowed from the replica) */
	struct map children; /* "table/key/column" -> json array of refs (owned) */
};

void plan_add(struct plan_rows *rows, const char *table, const char *key, json_t *columns)
{
	vec_push(&rows->items,
	         (struct plan_row){.table = mem_strdup(table), .key = mem_strdup(key), .columns = columns});
}

void plan_add_child(struct plan_rows *rows, const struct plan_parent *parent, const char *table, const char *key,
                    json_t *columns)
{
	plan_add(rows, table, key, columns);
	struct plan_row *row = &rows->items.data[rows->items.len - 1];
	row->parent_table = mem_strdup(parent->table);
	row->parent_key = mem_strdup(parent->key);
	row->parent_column = mem_strdup(parent->column);
}

json_t *plan_ref(const char *table, const char *key)
{
	return json_pack("[sss]", "ref", table, key);
}

void plan_rows_finish(struct plan_rows *rows)
{
	for (size_t i = 0; i < rows->items.len; i++) {
		struct plan_row *row = &rows->items.data[i];
		free(row->table);
		free(row->key);
		free(row->parent_table);
		free(row->parent_key);
		free(row->parent_column);
		json_decref(row->columns);
	}
	vec_finish(&rows->items);
}

/* ---- indexes ---- */

static const char *row_key(const struct plan_table *table, const json_t *row)
{
	if (table->key_entry != NULL)
		return ovsdb_map_get(row, table->key_column, table->key_entry);
	return json_string_value(json_object_get(row, table->key_column));
}

static void *index_find(const struct map *map, const char *table, const char *key)
{
	char *text = mem_printf("%s/%s", table, key);
	void *found = map_find(map, text);
	free(text);
	return found;
}

static void index_set(struct map *map, const char *table, const char *key, const void *value)
{
	char *text = mem_printf("%s/%s", table, key);
	map_set(map, text, (void *)(uintptr_t)value);
	free(text);
}

static void index_child(struct planner *p, const struct plan_row *row)
{
	char *text = mem_printf("%s/%s/%s", row->parent_table, row->parent_key, row->parent_column);
	json_t *list = map_find(&p->children, text);
	if (list == NULL) {
		list = json_array();
		map_set(&p->children, text, list);
	}
	json_array_append_new(list, plan_ref(row->table, row->key));
	free(text);
}

static void index_desired(struct planner *p, const struct plan_rows *desired)
{
	for (size_t i = 0; i < desired->items.len; i++) {
		const struct plan_row *row = &desired->items.data[i];
		if (index_find(&p->index, row->table, row->key) != NULL)
			continue; /* two owners want the same row: the first says what is in it */
		vec_push(&p->rows, row);
		index_set(&p->index, row->table, row->key, (void *)(uintptr_t)p->rows.len);
		if (row->parent_table != NULL)
			index_child(p, row);
	}
}

static void index_actual(struct planner *p)
{
	const char *uuid;
	json_t *row;
	for (const struct plan_table *t = p->tables; t->name != NULL; t++) {
		json_object_foreach (json_object_get(p->replica, t->name), uuid, row) {
			const char *key = row_key(t, row);
			if (key != NULL)
				index_set(&p->actual, t->name, key, uuid);
		}
	}
}

/* ---- values ---- */

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

static json_t *resolve_set(const struct planner *p, const json_t *items)
{
	size_t i;
	json_t *item, *list = json_array();
	json_array_foreach (items, i, item) {
		json_t *found = is_kind(item, "ref", 3) ? resolve_ref(p, item) : json_incref(item);
		if (found != NULL)
			json_array_append_new(list, found);
	}
	json_t *set = json_pack("[so]", "set", list), *canonical = ovsdb_canonical(set);
	json_decref(set);
	return canonical;
}

/* The value with its references resolved; canonical. */
static json_t *resolve(const struct planner *p, const json_t *value)
{
	if (is_kind(value, "ref", 3)) {
		json_t *found = resolve_ref(p, value);
		return found != NULL ? found : json_pack("[s[]]", "set");
	}
	return is_kind(value, "set", 2) ? resolve_set(p, json_array_get(value, 1)) : ovsdb_canonical(value);
}

static bool lists_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = list; at != NULL && (at = strstr(at, word)) != NULL; at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* The wanted map over what others wrote into the same column. */
static json_t *merge_map(const json_t *wanted, const json_t *actual_row, const char *column)
{
	size_t i;
	json_t *pair, *list = json_array(), *row = json_pack("{s:O}", column, wanted);
	json_array_foreach (json_array_get(json_object_get(actual_row, column), 1), i, pair) {
		if (ovsdb_map_get(row, column, json_string_value(json_array_get(pair, 0))) == NULL)
			json_array_append(list, pair);
	}
	json_array_extend(list, json_array_get(wanted, 1));
	json_t *merged = json_pack("[so]", "map", list), *canonical = ovsdb_canonical(merged);
	json_decref(merged);
	json_decref(row);
	return canonical;
}

static const struct plan_table *find_table(const struct planner *p, const char *name)
{
	for (const struct plan_table *t = p->tables; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	base_abort("no such table in the plan: %s", name);
}

/* All columns of a desired row, its children's sets included, resolved and canonical. */
static json_t *wanted_columns(const struct planner *p, const struct plan_row *row)
{
	const struct plan_table *table = find_table(p, row->table);
	const char *column, *at = table->child_columns != NULL ? table->child_columns : "";
	json_t *value, *out = json_object();
	json_object_foreach (row->columns, column, value) {
		json_object_set_new(out, column, resolve(p, value));
	}
	while (*at != '\0') {
		size_t n = strcspn(at, " ");
		char *key = mem_printf("%s/%s/%.*s", row->table, row->key, (int)n, at), *name = mem_strndup(at, n);
		json_object_set_new(out, name, resolve_set(p, map_find(&p->children, key)));
		free(key);
		free(name);
		at += n + strspn(at + n, " ");
	}
	return out;
}

/* ---- operations ---- */

static void plan_insert(struct planner *p, size_t at)
{
	char name[32];
	snprintf(name, sizeof name, "r%zu", at + 1);
	json_array_append_new(p->operations,
	                      json_pack("{s:s, s:s, s:s, s:o}", "op", "insert", "table", p->rows.data[at]->table,
	                                "uuid-name", name, "row", wanted_columns(p, p->rows.data[at])));
}

static void plan_update(struct planner *p, const struct plan_row *row, const char *uuid)
{
	const struct plan_table *table = find_table(p, row->table);
	const json_t *actual = json_object_get(json_object_get(p->replica, row->table), uuid);
	const char *column;
	json_t *want, *wanted = wanted_columns(p, row), *values = json_object();
	json_object_foreach (wanted, column, want) {
		json_t *have = ovsdb_canonical(json_object_get(actual, column));
		want = lists_word(table->shared_columns, column) ? merge_map(want, actual, column) : json_incref(want);
		if (!json_equal(want, have))
			json_object_set(values, column, want);
		json_decref(want);
		json_decref(have);
	}
	if (json_object_size(values) > 0)
		json_array_append_new(p->operations,
		                      json_pack("{s:s, s:s, s:[[s, s, [s, s]]], s:O}", "op", "update", "table",
		                                row->table, "where", "_uuid", "==", "uuid", uuid, "row", values));
	json_decref(values);
	json_decref(wanted);
}

static void plan_deletes(struct planner *p, const struct plan_table *table)
{
	const char *uuid;
	json_t *row;
	json_object_foreach (json_object_get(p->replica, table->name), uuid, row) {
		const char *key = row_key(table, row);
		/* Of two rows with one key the indexed one stays. */
		if (key != NULL && index_find(&p->index, table->name, key) != NULL &&
		    text_equal(index_find(&p->actual, table->name, key), uuid))
			continue;
		json_array_append_new(p->operations,
		                      json_pack("{s:s, s:s, s:[[s, s, [s, s]]]}", "op", "delete", "table", table->name,
		                                "where", "_uuid", "==", "uuid", uuid));
	}
}

static void finish(struct planner *p)
{
	for (size_t i = 0; i < p->children.len; i++)
		json_decref(p->children.entries[i].value);
	map_finish(&p->children);
	map_finish(&p->index);
	map_finish(&p->actual);
	vec_finish(&p->rows);
}

json_t *plan_operations(const struct plan_table *tables, const struct plan_rows *const *desired, size_t n_desired,
                        const json_t *replica)
{
	struct planner p = {.tables = tables, .replica = replica, .operations = json_array()};
	for (size_t i = 0; i < n_desired; i++)
		index_desired(&p, desired[i]);
	index_actual(&p);
	for (size_t i = 0; i < p.rows.len; i++) {
		/* A child whose parent is not desired would be collected by the server at once. */
		bool is_orphan = p.rows.data[i]->parent_table != NULL &&
		                 index_find(&p.index, p.rows.data[i]->parent_table, p.rows.data[i]->parent_key) == NULL;
		if (!is_orphan && index_find(&p.actual, p.rows.data[i]->table, p.rows.data[i]->key) == NULL)
			plan_insert(&p, i);
	}
	for (size_t i = 0; i < p.rows.len; i++) {
		const char *uuid = index_find(&p.actual, p.rows.data[i]->table, p.rows.data[i]->key);
		if (uuid != NULL)
			plan_update(&p, p.rows.data[i], uuid);
	}
	for (const struct plan_table *t = tables; t->name != NULL; t++)
		if (t->is_root)
			plan_deletes(&p, t);
	finish(&p);
	return p.operations;
}
