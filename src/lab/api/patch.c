/* patch: merge patch and strategic merge patch. JSON patch is json_patch.c; which one is meant objects.c decides.
 *
 * Directives of the strategic one: "$patch", "$retainKeys", "$setElementOrder/X", "$deleteFromPrimitiveList/X" (facts:
 * Kubernetes' "Strategic Merge Patch" page and what kubectl apply was seen to send).
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/patch.h"

#define ORDER_PREFIX "$setElementOrder/"
#define DELETE_PREFIX "$deleteFromPrimitiveList/"

json_t *patch_merge(const json_t *target, const json_t *patch)
{
	if (!json_is_object(patch))
		return json_deep_copy(patch);
	json_t *result = json_is_object(target) ? json_deep_copy(target) : json_object(), *value;
	const char *key;
	json_object_foreach ((json_t *)patch, key, value) {
		if (json_is_null(value))
			json_object_del(result, key);
		else
			json_object_set_new(result, key, patch_merge(json_object_get(result, key), value));
	}
	return result;
}

/* ---- strategic ---- */

/* What a patch says about something that is not there yet: itself, without directives and nulls. */
static json_t *cleaned(const json_t *patch)
{
	if (json_is_array(patch)) {
		json_t *list = json_array(), *item;
		size_t i;
		json_array_foreach (patch, i, item) {
			if (!json_is_object(item) || !*json_walk_str(item, "$patch", NULL))
				json_array_append_new(list, cleaned(item));
		}
		return list;
	}
	if (!json_is_object(patch))
		return json_deep_copy(patch);
	json_t *object = json_object(), *value;
	const char *key;
	json_object_foreach ((json_t *)patch, key, value) {
		if (*key != '$' && !json_is_null(value))
			json_object_set_new(object, key, cleaned(value));
	}
	return object;
}

static bool merge_object(json_t *target, const json_t *patch, const struct lab_schema *schema, struct err *err);

static bool has_key(const json_t *item, const char *key, const json_t *wanted)
{
	const json_t *value = json_object_get(item, key);
	return value && wanted && json_equal(value, wanted);
}

static size_t find_item(const json_t *list, const char *key, const json_t *wanted)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		if (has_key(item, key, wanted))
			break;
	}
	return i;
}

static bool merge_item(json_t *list, const json_t *item, const char *key, const struct lab_schema *schema,
                       struct err *err)
{
	const json_t *wanted = json_object_get(item, key);
	const char *directive = json_walk_str(item, "$patch", NULL);
	if (!wanted)
		return err_set(err, ERR_INVALID, "map: does not contain declared merge key: %s", key);
	size_t at = find_item(list, key, wanted);
	if (strcmp(directive, "delete") == 0) {
		while ((at = find_item(list, key, wanted)) < json_array_size(list))
			json_array_remove(list, at);
		return true;
	}
	if (at == json_array_size(list)) {
		json_array_append_new(list, cleaned(item));
		return true;
	}
	return merge_object(json_array_get(list, at), item, schema, err);
}

static bool is_replaced(const json_t *patch)
{
	size_t i;
	json_t *item;
	json_array_foreach (patch, i, item) {
		if (strcmp(json_walk_str(item, "$patch", NULL), "replace") == 0)
			return true;
	}
	return false;
}

static bool has_value(const json_t *list, const json_t *wanted)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		if (json_equal(item, wanted))
			return true;
	}
	return false;
}

static void merge_set(json_t *list, const json_t *patch)
{
	size_t i;
	json_t *item;
	json_array_foreach (patch, i, item) {
		if (!has_value(list, item))
			json_array_append_new(list, json_deep_copy(item));
	}
}

static bool merge_list(json_t *list, const json_t *patch, const char *key, const struct lab_schema *schema,
                       struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach (patch, i, item) {
		if (!json_is_object(item))
			return err_set(err, ERR_INVALID,
			               "cannot merge a list whose items are not all objects by key \"%s\"", key);
		if (!merge_item(list, item, key, schema, err))
			return false;
	}
	return true;
}

/* The key by which the order list beside a list names its items: its only field. "=" for plain values, or NULL. */
static const char *key_from_order(const json_t *order)
{
	const json_t *first = json_array_get(order, 0);
	if (!first)
		return NULL;
	if (!json_is_object(first))
		return "=";
	return json_object_iter_key(json_object_iter((json_t *)first));
}

static const json_t *order_of(const json_t *patch, const char *name)
{
	char *key = mem_printf(ORDER_PREFIX "%s", name);
	const json_t *order = json_object_get(patch, key);
	free(key);
	return order;
}

static bool is_item(const json_t *item, const json_t *wanted, const char *key)
{
	return strcmp(key, "=") == 0 ? json_equal(item, wanted) : has_key(item, key, json_object_get(wanted, key));
}

/* Those that `order` names first, in its order. */
static void put_in_order(json_t *target, const char *name, const json_t *order)
{
	json_t *list = json_object_get(target, name), *sorted = json_array(), *wanted;
	const char *key = key_from_order(order);
	size_t i;
	if (!json_is_array(list) || !key) {
		json_decref(sorted);
		return;
	}
	list = json_copy(list);
	json_array_foreach (order, i, wanted) {
		for (size_t k = 0; k < json_array_size(list); k++) {
			if (!is_item(json_array_get(list, k), wanted, key))
				continue;
			json_array_append(sorted, json_array_get(list, k));
			json_array_remove(list, k--);
		}
	}
	json_array_extend(sorted, list);
	json_decref(list);
	json_object_set_new(target, name, sorted);
}

static void delete_values(json_t *target, const char *name, const json_t *values)
{
	json_t *list = json_object_get(target, name);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (has_value(values, json_array_get(list, i)))
			json_array_remove(list, i--);
}

static void retain_keys(json_t *target, const json_t *patch)
{
	const json_t *names = json_object_get(patch, "$retainKeys");
	const char *key;
	void *next;
	json_t *value;
	if (!json_is_array(names))
		return;
	json_object_foreach_safe (target, next, key, value) {
		json_t *name = json_string(key);
		if (!has_value(names, name))
			json_object_del(target, key);
		json_decref(name);
	}
}

static bool merge_array(json_t *target, const char *name, const json_t *value, const json_t *patch,
                        const struct schema_field *field, struct err *err)
{
	const char *key = field && field->merge_key ? field->merge_key : key_from_order(order_of(patch, name));
	json_t *list = json_object_get(target, name);
	if (!key || !json_is_array(list) || is_replaced(value)) {
		json_object_set_new(target, name, cleaned(value));
		return true;
	}
	if (strcmp(key, "=") != 0)
		return merge_list(list, value, key, field ? field->object : NULL, err);
	merge_set(list, value);
	return true;
}

static bool merge_field(json_t *target, const char *name, const json_t *value, const json_t *patch,
                        const struct lab_schema *schema, struct err *err)
{
	const struct schema_field *field = schema_field(schema, name);
	json_t *old = json_object_get(target, name);
	if (json_is_null(value))
		json_object_del(target, name);
	else if (json_is_array(value))
		return merge_array(target, name, value, patch, field, err);
	else if (json_is_object(value) && json_is_object(old))
		return merge_object(old, value, field ? field->object : NULL, err);
	else
		json_object_set_new(target, name, cleaned(value));
	return true;
}

/* Changes `target` in place. */
static bool merge_object(json_t *target, const json_t *patch, const struct lab_schema *schema, struct err *err)
{
	const char *directive = json_walk_str(patch, "$patch", NULL), *key;
	json_t *value;
	if (strcmp(directive, "replace") == 0 || strcmp(directive, "delete") == 0) {
		json_t *whole = cleaned(patch);
		json_object_clear(target);
		if (*directive == 'r')
			json_object_update(target, whole);
		json_decref(whole);
		return true;
	}
	if (*directive && strcmp(directive, "merge") != 0)
		return err_set(err, ERR_INVALID, "unknown patch type: %.100s", directive);
	retain_keys(target, patch);
	json_object_foreach ((json_t *)patch, key, value) {
		if (text_has_prefix(key, DELETE_PREFIX))
			delete_values(target, key + strlen(DELETE_PREFIX), value);
		else if (*key != '$' && !merge_field(target, key, value, patch, schema, err))
			return false;
	}
	json_object_foreach ((json_t *)patch, key, value) {
		if (text_has_prefix(key, ORDER_PREFIX))
			put_in_order(target, key + strlen(ORDER_PREFIX), value);
	}
	return true;
}

json_t *patch_strategic(const json_t *target, const json_t *patch, const struct lab_schema *schema, struct err *err)
{
	if (!json_is_object(target) || !json_is_object(patch)) {
		err_set(err, ERR_INVALID, "a strategic merge patch must be an object");
		return NULL;
	}
	json_t *result = json_deep_copy(target);
	if (merge_object(result, patch, schema, err))
		return result;
	json_decref(result);
	return NULL;
}
