/* The pure half of ovsdb: cutting the byte stream into messages, applying updates to a replica, reading OVSDB's notation
 * of values. The session itself is in ovsdb.c.
 */
#include "lab/ovsdb.h"

#include <stdlib.h>
#include <string.h>

/* ---- stream ---- */

void ovsdb_stream_finish(struct ovsdb_stream *stream)
{
	str_finish(&stream->bytes);
	*stream = (struct ovsdb_stream){0};
}

static bool scan_string(struct ovsdb_stream *s, char c)
{
	if (!s->in_string)
		return false;
	if (s->is_escaped)
		s->is_escaped = false;
	else if (c == '\\')
		s->is_escaped = true;
	else if (c == '"')
		s->in_string = false;
	return true;
}

/* Scans up to the end of the first whole object; true when it was reached. */
static bool scan(struct ovsdb_stream *s, struct err *err)
{
	for (; s->at < s->bytes.len; s->at++) {
		char c = s->bytes.data[s->at];
		if (scan_string(s, c))
			continue;
		if (c == '"') {
			s->in_string = true;
		} else if (c == '{' || c == '[') {
			if (++s->depth > OVSDB_DEPTH_MAX)
				return err_set(err, ERR_LIMIT, "a database message nests deeper than %d",
				               OVSDB_DEPTH_MAX);
		} else if (c == '}' || c == ']') {
			if (--s->depth <= 0) {
				s->at++;
				return true;
			}
		}
	}
	return false;
}

static bool take_message(struct ovsdb_stream *s, ovsdb_message_fn *fn, void *user, struct err *err)
{
	json_t *message = json_parse(s->bytes.data, s->at, "database message", err);
	bool is_good = message != NULL && json_is_object(message);
	if (message != NULL && !is_good)
		err_set(err, ERR_INVALID, "database message: not an object");
	if (is_good && !fn(message, user))
		is_good = err_set(err, ERR_INVALID, "database message: not understood");
	json_decref(message);
	str_drop_front(&s->bytes, s->at);
	s->at = 0;
	s->depth = 0;
	return is_good;
}

bool ovsdb_stream_feed(struct ovsdb_stream *stream, const char *bytes, size_t size, ovsdb_message_fn *fn, void *user,
                       struct err *err)
{
	struct err failure = {0};
	if (stream->bytes.len + size > OVSDB_MESSAGE_MAX)
		return err_set(err, ERR_LIMIT, "a database message is longer than %zu bytes", OVSDB_MESSAGE_MAX);
	str_append_n(&stream->bytes, bytes, size);
	while (scan(stream, &failure))
		if (!take_message(stream, fn, user, &failure))
			break;
	if (failure.code != ERR_NONE) {
		if (err != NULL)
			*err = failure;
		return false;
	}
	return true;
}

/* ---- replica ---- */

static json_t *table_of(json_t *replica, const char *name)
{
	json_t *table = json_object_get(replica, name);
	if (table == NULL) {
		table = json_object();
		json_object_set_new(replica, name, table);
	}
	return table;
}

static bool apply_row(json_t *table, const char *name, const char *uuid, const json_t *update, ovsdb_row_fn *fn,
                      void *user)
{
	if (!json_is_object(update))
		return false;
	json_t *row = json_object_get(update, "new");
	json_t *old = json_incref(json_object_get(table, uuid));
	if (row != NULL && !json_is_object(row)) {
		json_decref(old);
		return false;
	}
	if (row != NULL)
		json_object_set(table, uuid, row);
	else
		json_object_del(table, uuid);
	if (fn != NULL && (row != NULL || old != NULL))
		fn(name, uuid, old, row, user);
	json_decref(old);
	return true;
}

bool ovsdb_replica_apply(json_t *replica, const json_t *updates, ovsdb_row_fn *fn, void *user)
{
	const char *name, *uuid;
	json_t *rows, *update;
	if (!json_is_object(updates))
		return false;
	json_object_foreach ((json_t *)updates, name, rows) {
		if (!json_is_object(rows))
			return false;
		json_t *table = table_of(replica, name);
		json_object_foreach (rows, uuid, update) {
			if (!apply_row(table, name, uuid, update, fn, user))
				return false;
		}
	}
	return true;
}

const json_t *ovsdb_find(const json_t *replica, const char *table, const char *column, const char *value,
                         const char **uuid)
{
	const char *key;
	json_t *row;
	json_object_foreach (json_object_get(replica, table), key, row) {
		if (text_equal(json_string_value(json_object_get(row, column)), value)) {
			if (uuid != NULL)
				*uuid = key;
			return row;
		}
	}
	return NULL;
}

/* The elements of ["set",[...]] or ["map",[...]], or NULL. */
static json_t *elements(const json_t *value, const char *kind)
{
	if (json_array_size(value) != 2 || !text_equal(json_string_value(json_array_get(value, 0)), kind))
		return NULL;
	json_t *list = json_array_get(value, 1);
	return json_is_array(list) ? list : NULL;
}

const char *ovsdb_map_get(const json_t *row, const char *column, const char *key)
{
	size_t i;
	json_t *pair;
	json_array_foreach (elements(json_object_get(row, column), "map"), i, pair) {
		if (text_equal(json_string_value(json_array_get(pair, 0)), key))
			return json_string_value(json_array_get(pair, 1));
	}
	return NULL;
}

int64_t ovsdb_int(const json_t *row, const char *column, int64_t otherwise)
{
	const json_t *value = json_object_get(row, column);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool ovsdb_bool(const json_t *row, const char *column)
{
	return json_is_true(json_object_get(row, column));
}

/* ---- values ---- */

static int compare_json(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	char *x = json_dumps(*left, JSON_ENCODE_ANY | JSON_COMPACT),
	     *y = json_dumps(*right, JSON_ENCODE_ANY | JSON_COMPACT);
	int order = x != NULL && y != NULL ? strcmp(x, y) : 0;
	free(x);
	free(y);
	return order;
}

static json_t *sorted(const json_t *list)
{
	size_t n = json_array_size(list);
	json_t **items = mem_alloc((n + 1) * sizeof(json_t *)), *out = json_array();
	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(list, i);
	qsort((void *)items, n, sizeof *items, compare_json);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, items[i]);
	free((void *)items);
	return out;
}

json_t *ovsdb_canonical(const json_t *value)
{
	const json_t *set = elements(value, "set"), *map = elements(value, "map");
	if (set != NULL && json_array_size(set) == 1)
		return json_incref(json_array_get(set, 0));
	if (set != NULL)
		return json_pack("[so]", "set", sorted(set));
	if (map != NULL)
		return json_pack("[so]", "map", sorted(map));
	return json_incref((json_t *)value);
}

void ovsdb_map_add(json_t *map, const char *key, const char *value)
{
	json_array_append_new(json_array_get(map, 1), json_pack("[ss]", key, value));
}

json_t *ovsdb_map(const char *key, ...)
{
	json_t *map = json_pack("[s[]]", "map");
	va_list args;
	va_start(args, key);
	for (; key != NULL; key = va_arg(args, const char *))
		ovsdb_map_add(map, key, va_arg(args, const char *));
	va_end(args);
	return map;
}
