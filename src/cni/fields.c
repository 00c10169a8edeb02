/* Fields of the JSON in configs (config.c) and annotations (networks.c, status.c): right type or a sentence. */
#include "cni/fields.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

json_t *cni_document(const char *text, const char *what, struct err *err)
{
	size_t len = strlen(text);
	if (len > CNI_TEXT_MAX) {
		err_set(err, ERR_LIMIT, "%s is longer than %zu KiB", what, CNI_TEXT_MAX >> 10);
		return NULL;
	}
	return json_parse(text, len, what, err);
}

bool cni_field_text(const json_t *object, const char *key, char **out, struct err *err)
{
	const json_t *value = json_object_get(object, key);
	if (value && !json_is_null(value) && !json_is_string(value))
		return err_set(err, ERR_INVALID, "\"%s\" must be a string", key);
	char *text = mem_strdup(json_is_string(value) ? json_string_value(value) : "");
	free(*out);
	*out = text;
	return true;
}

bool cni_field_int(const json_t *object, const char *key, int high, int *out, struct err *err)
{
	const json_t *value = json_object_get(object, key);
	if (!value || json_is_null(value)) {
		*out = 0;
		return true;
	}
	if (!json_is_integer(value))
		return err_set(err, ERR_INVALID, "\"%s\" must be a whole number", key);
	json_int_t number = json_integer_value(value);
	if (number < 0 || number > high)
		return err_set(err, ERR_INVALID, "\"%s\" is %" JSON_INTEGER_FORMAT ", it must be in 0..%d", key, number,
		               high);
	*out = (int)number;
	return true;
}

bool cni_field_bool(const json_t *object, const char *key, bool *out, struct err *err)
{
	const json_t *value = json_object_get(object, key);
	if (value && !json_is_null(value) && !json_is_boolean(value))
		return err_set(err, ERR_INVALID, "\"%s\" must be true or false", key);
	*out = json_is_true(value);
	return true;
}

bool cni_field_texts(const json_t *object, const char *key, struct cni_text_list list, struct err *err)
{
	const json_t *value = json_object_get(object, key);
	if (!value || json_is_null(value))
		return true;
	if (!json_is_array(value))
		return err_set(err, ERR_INVALID, "\"%s\" must be an array of strings", key);
	if (json_array_size(value) > CNI_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "\"%s\" has more than %d elements", key, CNI_ITEMS_MAX);
	size_t i;
	const json_t *item;
	json_array_foreach (value, i, item) {
		if (!json_is_string(item))
			return err_set(err, ERR_INVALID, "element %zu of \"%s\" must be a string", i + 1, key);
		if (*list.len == *list.cap)
			*list.data = vec_grow(*list.data, list.cap, sizeof **list.data);
		(*list.data)[(*list.len)++] = mem_strdup(json_string_value(item));
	}
	return true;
}

void cni_texts_finish(struct cni_text_list list)
{
	for (size_t i = 0; i < *list.len; i++)
		free((*list.data)[i]);
	free(*list.data);
	*list.data = NULL;
	*list.len = *list.cap = 0;
}

void cni_append_quoted(struct str *out, const char *text)
{
	json_t *value = json_string(text);
	if (!value) {
		struct str safe = {0};
		str_append_safe(&safe, text, strlen(text));
		value = json_string(str_text(&safe));
		str_finish(&safe);
	}
	if (value)
		str_append_json(out, value, JSON_ENCODE_ANY);
	else
		str_append(out, "\"\"");
	json_decref(value);
}
