/* json: questions to jansson values and their text. YAML becomes the same values in yaml.c. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

static void *alloc_or_abort(size_t size)
{
	return mem_resize(NULL, size);
}

/* jansson's own answer to a full memory is NULL in a hundred places that nobody could act on. */
__attribute__((constructor)) static void use_our_memory(void)
{
	json_set_alloc_funcs(alloc_or_abort, free);
}

static const json_t *walk(const json_t *value, va_list keys)
{
	const char *key;
	while (value && (key = va_arg(keys, const char *)))
		value = json_object_get(value, key);
	return value;
}

const json_t *json_walk(const json_t *value, ...)
{
	va_list keys;
	va_start(keys, value);
	value = walk(value, keys);
	va_end(keys);
	return value;
}

const char *json_walk_str(const json_t *value, ...)
{
	va_list keys;
	va_start(keys, value);
	value = walk(value, keys);
	va_end(keys);
	return json_is_string(value) ? json_string_value(value) : "";
}

int64_t json_walk_int(const json_t *value, int64_t otherwise, ...)
{
	va_list keys;
	va_start(keys, otherwise);
	value = walk(value, keys);
	va_end(keys);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

json_t *json_parse(const char *text, size_t len, const char *name, struct err *err)
{
	json_error_t why;
	json_t *value = json_loadb(text ? text : "", len, JSON_DECODE_ANY, &why);
	if (!value)
		err_set(err, ERR_INVALID, "%s:%d: this is no JSON: %s", name, why.line > 0 ? why.line : 1, why.text);
	return value;
}

static int append_piece(const char *bytes, size_t size, void *user)
{
	str_append_n(user, bytes, size);
	return 0;
}

void str_append_json(struct str *s, const json_t *value, size_t flags)
{
	if (json_dump_callback(value, append_piece, s, flags | JSON_ENCODE_ANY) != 0)
		base_abort("a JSON value cannot be written: it is a loop, or deeper than %d", JSON_PARSER_MAX_DEPTH);
}
