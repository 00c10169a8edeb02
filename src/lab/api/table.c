/* table: server-side printing, kind Table of meta.k8s.io/v1, from the columns of a kind's row. */
#include <string.h>

#include "lab/api/private.h"

static const struct lab_column default_columns[] = {
        {"Name", "string", "metadata.name", 0, NULL},
        {"Age", "date", "metadata.creationTimestamp", 0, NULL},
        {NULL, NULL, NULL, 0, NULL},
};

static const struct lab_column *columns_of(const struct lab_resource *resource)
{
	return resource->columns ? resource->columns : default_columns;
}

bool table_is_wanted(const char *accept)
{
	const char *table = strstr(accept, "as=Table");
	return table && strstr(accept, "g=meta.k8s.io");
}

enum table_include table_include_of(const char *text)
{
	return strcmp(text, "Object") == 0 ? TABLE_OBJECT : strcmp(text, "None") == 0 ? TABLE_NONE : TABLE_METADATA;
}

json_t *table_create(const struct lab_resource *resource, const char *version, bool with_columns)
{
	json_t *definitions = json_array();
	for (const struct lab_column *column = columns_of(resource); with_columns && column->name; column++)
		json_array_append_new(definitions,
		                      json_pack("{s:s,s:s,s:s,s:s,s:i}", "name", column->name, "type",
		                                strcmp(column->type, "date") == 0 ? "string" : column->type, "format",
		                                strcmp(column->name, "Name") == 0 ? "name" : "", "description", "",
		                                "priority", column->priority));
	return json_pack("{s:s,s:s,s:{s:s},s:o,s:[]}", "kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata",
	                 "resourceVersion", version, "columnDefinitions", definitions, "rows");
}

static json_t *value_at(const json_t *object, const char *path)
{
	char key[64];
	while (object && *path) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof key)
			return json_null();
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	return object ? json_incref((json_t *)object) : json_null();
}

static json_t *cell_of(const struct lab_column *column, const json_t *object, int64_t now_ms)
{
	int64_t then;
	char age[16];
	json_t *value = column->cell ? column->cell(object, now_ms) : value_at(object, column->path);
	if (!value)
		return json_null();
	if (column->cell || strcmp(column->type, "date") != 0)
		return value;
	bool has_time = json_is_string(value) && time_parse(json_string_value(value), &then);
	json_decref(value);
	if (!has_time)
		return json_string("<unknown>");
	time_age(now_ms - then, age);
	return json_string(age);
}

void table_add(json_t *table, const struct lab_resource *resource, const json_t *object, enum table_include include,
               int64_t now_ms)
{
	json_t *cells = json_array(), *row = json_pack("{s:o}", "cells", cells);
	for (const struct lab_column *column = columns_of(resource); column->name; column++)
		json_array_append_new(cells, cell_of(column, object, now_ms));
	if (include == TABLE_OBJECT)
		json_object_set(row, "object", (json_t *)object);
	else if (include == TABLE_METADATA)
		json_object_set_new(row, "object",
		                    json_pack("{s:s,s:s,s:O}", "kind", "PartialObjectMetadata", "apiVersion",
		                              "meta.k8s.io/v1", "metadata", json_object_get(object, "metadata")));
	json_array_append_new(json_object_get(table, "rows"), row);
}
