/* OVSDB's notation (RFC 7047, 5.1) as far as it is asked for: atoms, ["uuid", X], ["map", [[K, V], ...]]. */
#include "witness/rows.h"

#include <string.h>

bool rows_parse(const char *text, size_t len, size_t *at, struct rows *out)
{
	while (*at < len) {
		const char *line = text + *at, *end = memchr(line, '\n', len - *at);
		size_t size = end != NULL ? (size_t)(end - line) : len - *at;
		*at += size + (end != NULL);
		json_t *table = *line == '{' ? json_parse(line, size, "OVN's table", NULL) : NULL;
		if (json_is_array(json_object_get(table, "headings")) &&
		    json_is_array(json_object_get(table, "data"))) {
			*out = (struct rows){table, json_array_size(json_object_get(table, "data"))};
			return true;
		}
		json_decref(table);
	}
	return false;
}

void rows_finish(struct rows *rows)
{
	json_decref(rows->table);
	*rows = (struct rows){0};
}

static const json_t *cell(const struct rows *rows, size_t row, const char *column)
{
	const json_t *headings = json_object_get(rows->table, "headings"),
	             *data = json_array_get(json_object_get(rows->table, "data"), row);
	for (size_t i = 0; i < json_array_size(headings); i++) {
		const char *name = json_string_value(json_array_get(headings, i));
		if (name != NULL && strcmp(name, column) == 0)
			return json_array_get(data, i);
	}
	return NULL;
}

/* The second element of ["kind", X]. */
static const json_t *tagged(const json_t *value, const char *kind)
{
	const char *tag = json_string_value(json_array_get(value, 0));
	return tag != NULL && strcmp(tag, kind) == 0 ? json_array_get(value, 1) : NULL;
}

static const char *text_or_empty(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : "";
}

const char *rows_text(const struct rows *rows, size_t row, const char *column)
{
	const json_t *value = cell(rows, row, column), *uuid = tagged(value, "uuid");
	return text_or_empty(uuid != NULL ? uuid : value);
}

int64_t rows_int(const struct rows *rows, size_t row, const char *column)
{
	return json_integer_value(cell(rows, row, column));
}

const char *rows_map(const struct rows *rows, size_t row, const char *column, const char *key)
{
	const json_t *pairs = tagged(cell(rows, row, column), "map");
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i);
		if (strcmp(text_or_empty(json_array_get(pair, 0)), key) == 0)
			return text_or_empty(json_array_get(pair, 1));
	}
	return "";
}
