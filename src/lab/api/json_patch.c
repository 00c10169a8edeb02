/* json_patch: RFC 6902 over RFC 6901 pointers. See patch.h. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/patch.h"

#define POINTER_DEPTH_MAX 256

struct place {
	json_t *parent; /* NULL: the whole document */
	char name[1024];
	size_t index; /* in an array; its size for "-" */
};

/* One reference token, ~1 and ~0 undone. False when it is too long. */
static bool read_token(const char **at, char *out, size_t size)
{
	size_t len = 0;
	const char *c = *at;
	for (; *c && *c != '/'; c++) {
		char byte = *c;
		if (byte == '~' && (c[1] == '0' || c[1] == '1'))
			byte = *++c == '1' ? '/' : '~';
		if (len + 1 >= size)
			return false;
		out[len++] = byte;
	}
	out[len] = '\0';
	*at = c;
	return true;
}

static bool read_index(const json_t *list, const char *name, size_t *out)
{
	int64_t index;
	*out = json_array_size(list);
	if (strcmp(name, "-") == 0)
		return true;
	if (name[0] == '0' && name[1])
		return false;
	if (!text_to_int(name, 0, (int64_t)json_array_size(list), &index))
		return false;
	*out = (size_t)index;
	return true;
}

static json_t *child(json_t *parent, const char *name)
{
	size_t index;
	if (json_is_object(parent))
		return json_object_get(parent, name);
	return json_is_array(parent) && read_index(parent, name, &index) ? json_array_get(parent, index) : NULL;
}

/* Where `pointer` points; its last part need not exist. */
static bool find_place(json_t *document, const char *pointer, struct place *out)
{
	out->parent = NULL;
	if (!*pointer)
		return true;
	for (int depth = 0; *pointer == '/' && depth < POINTER_DEPTH_MAX; depth++) {
		pointer++;
		if (!read_token(&pointer, out->name, sizeof out->name))
			return false;
		if (*pointer) {
			document = child(document, out->name);
			continue;
		}
		out->parent = document;
		return json_is_object(document) ||
		       (json_is_array(document) && read_index(document, out->name, &out->index));
	}
	return false;
}

static json_t *place_get(json_t *document, const struct place *place)
{
	return place->parent ? child(place->parent, place->name) : document;
}

/* Takes over `value`. */
static void place_add(json_t **document, const struct place *place, json_t *value)
{
	if (!place->parent) {
		json_decref(*document);
		*document = value;
	} else if (json_is_object(place->parent)) {
		json_object_set_new(place->parent, place->name, value);
	} else {
		json_array_insert_new(place->parent, place->index, value);
	}
}

static void place_remove(const struct place *place)
{
	if (json_is_object(place->parent))
		json_object_del(place->parent, place->name);
	else
		json_array_remove(place->parent, place->index);
}

struct patching {
	json_t *document;
	size_t copied;
	struct err *err;
};

static bool missing(struct patching *p, const char *op, const char *path)
{
	return err_set(p->err, ERR_INVALID,
	               "%s operation does not apply: doc is missing path: \"%.200s\": missing value", op, path);
}

static bool do_remove(struct patching *p, const char *op, const char *path)
{
	struct place place;
	if (!find_place(p->document, path, &place) || !place.parent || !place_get(p->document, &place))
		return missing(p, op, path);
	place_remove(&place);
	return true;
}

/* Takes over `value`. */
static bool do_add(struct patching *p, const char *op, const char *path, json_t *value)
{
	struct place place;
	if (!find_place(p->document, path, &place)) {
		json_decref(value);
		return missing(p, op, path);
	}
	place_add(&p->document, &place, value);
	return true;
}

static bool do_replace(struct patching *p, const char *path, const json_t *value)
{
	struct place place;
	if (!find_place(p->document, path, &place) || !place_get(p->document, &place))
		return missing(p, "replace", path);
	if (json_is_array(place.parent))
		json_array_remove(place.parent, place.index);
	place_add(&p->document, &place, json_deep_copy(value));
	return true;
}

static bool do_test(struct patching *p, const char *path, const json_t *value)
{
	struct place place;
	const json_t *found = find_place(p->document, path, &place) ? place_get(p->document, &place) : NULL;
	if ((found && json_equal(found, value)) || (!found && json_is_null(value)))
		return true;
	return err_set(p->err, ERR_INVALID, "testing value %.200s failed", path);
}

static bool do_copy(struct patching *p, const char *op, const char *from, const char *path)
{
	struct place place;
	json_t *value = find_place(p->document, from, &place) ? place_get(p->document, &place) : NULL;
	if (!value)
		return missing(p, op, from);
	p->copied += json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	if (p->copied > PATCH_COPIED_MAX)
		return err_set(p->err, ERR_LIMIT, "the copies of this patch are larger than %zu bytes",
		               PATCH_COPIED_MAX);
	value = json_deep_copy(value);
	if (strcmp(op, "move") == 0 && !do_remove(p, op, from)) {
		json_decref(value);
		return false;
	}
	return do_add(p, op, path, value);
}

static bool do_operation(struct patching *p, const json_t *operation)
{
	const char *op = json_walk_str(operation, "op", NULL), *path = json_walk_str(operation, "path", NULL);
	const json_t *value = json_object_get(operation, "value");
	if (!json_is_string(json_object_get(operation, "path")))
		return err_set(p->err, ERR_INVALID, "a JSON patch operation needs a \"path\"");
	if (strcmp(op, "remove") == 0)
		return do_remove(p, op, path);
	if (strcmp(op, "copy") == 0 || strcmp(op, "move") == 0)
		return do_copy(p, op, json_walk_str(operation, "from", NULL), path);
	if (!value)
		return err_set(p->err, ERR_INVALID, "the JSON patch operation \"%.20s\" needs a \"value\"", op);
	if (strcmp(op, "add") == 0)
		return do_add(p, op, path, json_deep_copy(value));
	if (strcmp(op, "replace") == 0)
		return do_replace(p, path, value);
	if (strcmp(op, "test") == 0)
		return do_test(p, path, value);
	return err_set(p->err, ERR_INVALID, "unexpected kind of JSON patch operation: \"%.20s\"", op);
}

json_t *patch_json(const json_t *target, const json_t *operations, struct err *err)
{
	struct patching p = {.err = err};
	size_t i;
	json_t *operation;
	if (!json_is_array(operations)) {
		err_set(err, ERR_INVALID, "a JSON patch must be a list of operations");
		return NULL;
	}
	if (json_array_size(operations) > PATCH_OPERATIONS_MAX) {
		err_set(err, ERR_LIMIT, "the JSON patch has more than %d operations", PATCH_OPERATIONS_MAX);
		return NULL;
	}
	p.document = json_deep_copy(target);
	json_array_foreach (operations, i, operation) {
		if (do_operation(&p, operation))
			continue;
		json_decref(p.document);
		return NULL;
	}
	return p.document;
}
