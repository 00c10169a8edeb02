/* apply: who set which field (metadata.managedFields, FieldsV1) and server-side apply upon it.
 *
 * A set of fields is a tree as FieldsV1 has it: "f:NAME" for a field, "k:{...}" for an item of a list with a key,
 * "v:..." for a value of a set; an empty object is a leaf. Left out: "." for maps, which only tells an empty map from none.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/patch.h"
#include "lab/api/private.h"

static const char *const unowned_metadata[] = {"name",
                                               "namespace",
                                               "uid",
                                               "resourceVersion",
                                               "creationTimestamp",
                                               "generation",
                                               "managedFields",
                                               "selfLink",
                                               "deletionTimestamp",
                                               "deletionGracePeriodSeconds",
                                               "generateName",
                                               NULL};

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* "k:{"name":"x"}" of an item, or "v:..." of a value. The caller frees; NULL when the item has no such key. */
static char *item_name(const json_t *item, const char *merge_key)
{
	struct str name = {0};
	if (strcmp(merge_key, "=") == 0) {
		str_append(&name, "v:");
		str_append_json(&name, item, JSON_COMPACT | JSON_ENCODE_ANY);
		return str_take(&name);
	}
	const json_t *value = json_object_get(item, merge_key);
	if (!value)
		return NULL;
	json_t *key = json_pack("{s:O}", merge_key, value);
	str_append(&name, "k:");
	str_append_json(&name, key, JSON_COMPACT);
	json_decref(key);
	return str_take(&name);
}

static size_t find_named(const json_t *list, const char *merge_key, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		char *other = item_name(item, merge_key);
		bool is_it = text_equal(other, name);
		free(other);
		if (is_it)
			break;
	}
	return i;
}

static json_t *changed_value(const json_t *new, const json_t *old, const struct schema_field *field);

static json_t *changed_list(const json_t *new, const json_t *old, const struct schema_field *field)
{
	json_t *fields = json_object(), *item;
	size_t i;
	json_array_foreach (new, i, item) {
		char *name = item_name(item, field->merge_key);
		const json_t *before = name && json_is_array(old)
		                               ? json_array_get(old, find_named(old, field->merge_key, name))
		                               : NULL;
		if (name && (!before || !json_equal(item, before))) {
			struct schema_field one = *field;
			one.shape = 0;
			json_t *child = changed_value(item, before, &one);
			if (!before && json_is_object(item))
				json_object_set_new(child, ".", json_object());
			json_object_set_new(fields, name, child);
		}
		free(name);
	}
	return fields;
}

static json_t *changed_object(const json_t *new, const json_t *old, const struct lab_schema *schema,
                              const char *const *but)
{
	json_t *fields = json_object(), *value;
	const char *key;
	json_object_foreach ((json_t *)new, key, value) {
		const json_t *before = json_object_get(old, key);
		if ((but && is_among(key, but)) || (before && json_equal(value, before)))
			continue;
		json_t *child = changed_value(value, before, schema_field(schema, key));
		bool is_inner = json_is_object(value) && json_object_size(value) && json_is_object(before);
		if (is_inner && !json_object_size(child)) { /* only lost something */
			json_decref(child);
			continue;
		}
		char *name = mem_printf("f:%s", key);
		json_object_set_new(fields, name, child);
		free(name);
	}
	return fields;
}

/* The fields of `new` that are not the same in `old`, which may be NULL. */
static json_t *changed_value(const json_t *new, const json_t *old, const struct schema_field *field)
{
	if (json_is_array(new) && field && field->shape == SCHEMA_LIST && field->merge_key)
		return changed_list(new, old, field);
	if (json_is_object(new))
		return changed_object(new, json_is_object(old) ? old : NULL,
		                      field && !field->shape ? field->object : NULL, NULL);
	return json_object();
}

static json_t *changed_fields(const json_t *new, const json_t *old, const struct lab_resource *resource)
{
	static const char *const top[] = {"kind", "apiVersion", "metadata", "status", NULL};
	const struct schema_field *metadata =
	        schema_field(resource->schema ? resource->schema : &schema_namespace, "metadata");
	json_t *fields = changed_object(new, old, resource->schema, top);
	json_t *meta = changed_object(json_object_get(new, "metadata"), json_object_get(old, "metadata"),
	                              metadata->object, unowned_metadata);
	if (json_object_size(meta))
		json_object_set(fields, "f:metadata", meta);
	json_decref(meta);
	return fields;
}

/* ---- sets ---- */

static void set_union(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)from, key, value) {
		json_t *mine = json_object_get(into, key);
		if (mine)
			set_union(mine, value);
		else
			json_object_set_new(into, key, json_deep_copy(value));
	}
}

static bool is_leaf(const json_t *fields)
{
	return json_object_size(fields) == 0;
}

/* Takes out of `from` what `other` has; what becomes empty goes. */
static void set_subtract(json_t *from, const json_t *other)
{
	const char *key;
	void *next;
	json_t *value;
	json_object_foreach_safe (from, next, key, value) {
		const json_t *theirs = json_object_get(other, key);
		if (!theirs)
			continue;
		if (!is_leaf(theirs) && !is_leaf(value))
			set_subtract(value, theirs);
		if (is_leaf(theirs) || is_leaf(value))
			json_object_del(from, key);
	}
}

static void keep_existing(json_t *fields, const json_t *value, const struct schema_field *field,
                          const struct lab_schema *schema);

static const json_t *member(const json_t *value, const char *name, const struct schema_field *list)
{
	if (text_has_prefix(name, "f:"))
		return json_object_get(value, name + 2);
	if (!list || !list->merge_key || !json_is_array(value))
		return NULL;
	return json_array_get(value, find_named(value, list->merge_key, name));
}

/* Takes out of `fields` what `value` does not have any more. */
static void keep_existing(json_t *fields, const json_t *value, const struct schema_field *field,
                          const struct lab_schema *schema)
{
	const char *name;
	void *next;
	json_t *inner;
	json_object_foreach_safe (fields, next, name, inner) {
		if (strcmp(name, ".") == 0)
			continue;
		const json_t *child = member(value, name, field);
		const struct schema_field *child_field = *name == 'f' ? schema_field(schema, name + 2) : NULL;
		bool was_leaf = is_leaf(inner);
		if (child)
			keep_existing(inner, child, child_field,
			              child_field             ? child_field->object
			              : *name == 'k' && field ? field->object
			                                      : NULL);
		if (!child || (!was_leaf && is_leaf(inner)))
			json_object_del(fields, name);
	}
}

/* ---- managedFields ---- */

static json_t *entries_of(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata"), *entries = json_object_get(metadata, "managedFields");
	if (!json_is_array(entries)) {
		entries = json_array();
		json_object_set_new(metadata, "managedFields", entries);
	}
	return entries;
}

static json_t *entry_find(const json_t *entries, const char *manager, const char *operation, const char *sub)
{
	size_t i;
	json_t *entry;
	json_array_foreach (entries, i, entry) {
		if (strcmp(json_walk_str(entry, "manager", NULL), manager) == 0 &&
		    strcmp(json_walk_str(entry, "operation", NULL), operation) == 0 &&
		    strcmp(json_walk_str(entry, "subresource", NULL), sub) == 0)
			return entry;
	}
	return NULL;
}

static void entry_set(json_t *entries, const struct lab_resource *resource, const char *manager, const char *operation,
                      const char *sub, json_t *fields)
{
	json_t *entry = entry_find(entries, manager, operation, sub);
	struct str version = {0};
	char now[32];
	if (entry && json_equal(json_object_get(entry, "fieldsV1"), fields)) {
		json_decref(fields);
		return;
	}
	if (!entry) {
		entry = json_object();
		json_array_append_new(entries, entry);
	}
	time_format(time_wall_ms(), now);
	lab_resource_api_version(resource, &version);
	json_object_set_new(entry, "manager", json_string(manager));
	json_object_set_new(entry, "operation", json_string(operation));
	json_object_set_new(entry, "apiVersion", json_string(str_text(&version)));
	json_object_set_new(entry, "time", json_string(now));
	json_object_set_new(entry, "fieldsType", json_string("FieldsV1"));
	json_object_set_new(entry, "fieldsV1", fields);
	if (*sub)
		json_object_set_new(entry, "subresource", json_string(sub));
	str_finish(&version);
}

static void drop_empty(json_t *object)
{
	json_t *entries = entries_of(object);
	for (size_t i = json_array_size(entries); i-- > 0;)
		if (!json_is_object(json_object_get(json_array_get(entries, i), "fieldsV1")) ||
		    is_leaf(json_object_get(json_array_get(entries, i), "fieldsV1")))
			json_array_remove(entries, i);
	if (!json_array_size(entries))
		json_object_del(json_object_get(object, "metadata"), "managedFields");
}

void apply_note_update(json_t *new, const json_t *old, const struct lab_resource *resource, const char *manager,
                       const char *sub)
{
	json_t *metadata = json_object_get(new, "metadata"), *entry;
	size_t i;
	if (old && !json_is_array(json_object_get(metadata, "managedFields")) &&
	    json_walk(old, "metadata", "managedFields", NULL))
		json_object_set_new(metadata, "managedFields",
		                    json_deep_copy(json_walk(old, "metadata", "managedFields", NULL)));
	else if (!old)
		json_object_del(metadata, "managedFields");
	json_t *changed = changed_fields(new, old, resource), *entries = entries_of(new);
	json_array_foreach (entries, i, entry) {
		json_t *fields = json_object_get(entry, "fieldsV1");
		set_subtract(fields, changed);
		keep_existing(fields, new, NULL, resource->schema);
	}
	if (!is_leaf(changed)) {
		entry = entry_find(entries, manager, "Update", sub);
		json_t *fields = entry ? json_deep_copy(json_object_get(entry, "fieldsV1")) : json_object();
		set_union(fields, changed);
		entry_set(entries, resource, manager, "Update", sub, fields);
	}
	json_decref(changed);
	drop_empty(new);
}

/* ---- apply ---- */

/* The parts of `fields` that `others` has too, told as conflicts with `entry`. */
static void find_conflicts(const json_t *fields, const json_t *others, const json_t *entry, struct str *path,
                           json_t *conflicts)
{
	const char *key;
	json_t *value;
	size_t len = path->len;
	json_object_foreach ((json_t *)fields, key, value) {
		const json_t *theirs = json_object_get(others, key);
		if (!theirs || strcmp(key, ".") == 0)
			continue;
		if (*key == 'f')
			str_append_f(path, ".%s", key + 2);
		else
			str_append_f(path, "[%s]", key + 2);
		if (is_leaf(value) || is_leaf(theirs)) {
			char *message =
			        mem_printf("conflict with \"%s\" using %s", json_walk_str(entry, "manager", NULL),
			                   json_walk_str(entry, "apiVersion", NULL));
			json_array_append_new(conflicts, json_pack("{s:s,s:s,s:s}", "reason", "FieldManagerConflict",
			                                           "message", message, "field", str_text(path)));
			free(message);
		} else {
			find_conflicts(value, theirs, entry, path, conflicts);
		}
		path->len = len;
		if (path->data)
			path->data[len] = '\0';
	}
}

/* Removes from `value` what `gone` names. */
static void remove_fields(json_t *value, const json_t *gone, const struct schema_field *field,
                          const struct lab_schema *schema)
{
	const char *name;
	json_t *inner;
	json_object_foreach ((json_t *)gone, name, inner) {
		const struct schema_field *child_field = *name == 'f' ? schema_field(schema, name + 2) : NULL;
		json_t *child = (json_t *)member(value, name, field);
		if (!child)
			continue;
		if (!is_leaf(inner) && !json_object_get(inner, "."))
			remove_fields(child, inner, child_field,
			              child_field             ? child_field->object
			              : *name == 'k' && field ? field->object
			                                      : NULL);
		else if (*name == 'f')
			json_object_del(value, name + 2);
		else if (field)
			json_array_remove(value, find_named(value, field->merge_key, name));
	}
}

static json_t *apply_new(const json_t *config, const struct lab_resource *resource, const char *manager, json_t *fields)
{
	json_t *object = json_deep_copy(config);
	json_object_del(json_object_get(object, "metadata"), "managedFields");
	entry_set(entries_of(object), resource, manager, "Apply", "", fields);
	drop_empty(object);
	return object;
}

/* What this manager applied before and does not any more, and nobody else holds. */
static void drop_forgotten(json_t *object, const json_t *mine, const json_t *fields,
                           const struct lab_resource *resource)
{
	json_t *gone = json_deep_copy(json_object_get(mine, "fieldsV1")), *entry;
	size_t i;
	set_subtract(gone, fields);
	json_array_foreach (entries_of(object), i, entry) {
		if (entry != mine)
			set_subtract(gone, json_object_get(entry, "fieldsV1"));
	}
	remove_fields(object, gone, NULL, resource->schema);
	json_decref(gone);
}

json_t *apply_merge(const json_t *live, const json_t *config, const struct lab_resource *resource, const char *manager,
                    bool force, json_t **conflicts, struct err *err)
{
	json_t *fields = changed_fields(config, NULL, resource);
	if (!live)
		return apply_new(config, resource, manager, fields);
	json_t *object = patch_strategic(live, config, resource->schema, err);
	if (!object) {
		json_decref(fields);
		return NULL;
	}
	if (json_walk(live, "metadata", "managedFields", NULL))
		json_object_set_new(json_object_get(object, "metadata"), "managedFields",
		                    json_deep_copy(json_walk(live, "metadata", "managedFields", NULL)));
	else
		json_object_del(json_object_get(object, "metadata"), "managedFields");
	json_t *entries = entries_of(object), *mine = entry_find(entries, manager, "Apply", ""), *entry;
	json_t *differing = changed_fields(config, live, resource), *found = json_array();
	struct str path = {0};
	size_t i;
	json_array_foreach (entries, i, entry) {
		if (entry == mine)
			continue;
		find_conflicts(differing, json_object_get(entry, "fieldsV1"), entry, &path, found);
		set_subtract(json_object_get(entry, "fieldsV1"), differing);
	}
	str_finish(&path);
	if (mine)
		drop_forgotten(object, mine, fields, resource);
	entry_set(entries, resource, manager, "Apply", "", fields);
	drop_empty(object);
	json_decref(differing);
	if (!force && json_array_size(found)) {
		*conflicts = found;
		json_decref(object);
		return NULL;
	}
	json_decref(found);
	return object;
}
