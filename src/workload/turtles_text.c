/* Turtles to and from JSON. See turtles_text.h. */
#include "workload/turtles_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTED_MAX = 60 }; /* bytes */

void turtle_finish(struct turtle *turtle)
{
	free(turtle->name);
	free(turtle->email);
	free(turtle->weapon);
	*turtle = (struct turtle){0};
}

/* ---- reading ---- */

/* Where the text ends, as serde counts: lines from 1, columns in bytes. */
static void add_end(struct str *why, const char *body, size_t size)
{
	size_t line = 1, column = 0;
	while (size > 0 && strchr(" \t\r\n", body[size - 1]) != NULL)
		size--;
	for (size_t i = 0; i < size; i++) {
		column = body[i] == '\n' ? 0 : column + 1;
		line += body[i] == '\n';
	}
	str_append_f(why, " at line %zu column %zu", line, column);
}

/* The begin of what the caller has sent: whole characters, safe to print. */
static void describe_text(const char *text, struct str *out)
{
	str_append(out, "string \"");
	str_append_safe(out, text, text_whole(text, strlen(text), QUOTED_MAX));
	str_append_c(out, '"');
}

static void describe(const json_t *value, struct str *out)
{
	if (json_is_integer(value))
		str_append_f(out, "integer `%lld`", (long long)json_integer_value(value));
	else if (json_is_real(value))
		str_append_f(out, "floating point `%g`", json_real_value(value));
	else if (json_is_boolean(value))
		str_append_f(out, "boolean `%s`", json_is_true(value) ? "true" : "false");
	else if (json_is_string(value))
		describe_text(json_string_value(value), out);
	else
		str_append(out, json_is_null(value) ? "null" : json_is_array(value) ? "sequence" : "map");
}

static bool take(const json_t *object, const char *key, char **out, struct str *why)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_string(value)) {
		*out = mem_strdup(json_string_value(value));
		return true;
	}
	if (value == NULL) {
		str_append_f(why, "missing field `%s`", key);
	} else {
		str_append(why, "invalid type: ");
		describe(value, why);
		str_append(why, ", expected a string");
	}
	return false;
}

static bool take_all(const json_t *value, struct turtle *out, struct str *why)
{
	if (!json_is_object(value)) {
		str_append(why, "invalid type: ");
		describe(value, why);
		str_append(why, ", expected struct NewTurtle");
		return false;
	}
	return take(value, "name", &out->name, why) && take(value, "email", &out->email, why) &&
	       take(value, "weapon", &out->weapon, why);
}

bool turtle_parse(const char *body, size_t size, struct turtle *out, struct str *why)
{
	json_error_t error;
	str_append(why, "Json deserialize error: ");
	if (strspn(body, " \t\r\n") >= size) {
		str_append(why, "EOF while parsing a value");
		add_end(why, body, size);
		return false;
	}
	json_t *value = json_loadb(body, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (value == NULL) {
		str_append_safe(why, error.text, strlen(error.text));
		str_append_f(why, " at line %d column %d", error.line, error.column);
		return false;
	}
	bool is_good = take_all(value, out, why);
	if (!is_good) {
		add_end(why, body, size);
		turtle_finish(out);
	}
	json_decref(value);
	return is_good;
}

bool turtle_id(const char *text, int64_t *id, struct str *why)
{
	if (text_to_int(text, INT32_MIN, INT32_MAX, id))
		return true;
	str_append(why, "Path deserialize error: can not parse \"");
	str_append_safe(why, text, strlen(text));
	str_append(why, "\" to a i32");
	return false;
}

/* ---- writing ---- */

void turtle_time(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text);
	size_t len = strlen(out);
	const char *dot = strchr(out, '.');
	if (dot == NULL || strlen(dot) != 7)
		return;
	if (strcmp(dot, ".000000") == 0)
		out[len - 7] = '\0';
	else if (strcmp(dot + 4, "000") == 0)
		out[len - 3] = '\0';
}

json_t *turtle_row(const char *id, const char *name, const char *email, const char *weapon, const char *created_on)
{
	char when[64] = "";
	int64_t number = 0;
	if (created_on != NULL)
		turtle_time(created_on, when, sizeof when);
	if (!text_to_int(id, INT32_MIN, INT32_MAX, &number))
		return NULL;
	return json_pack("{s:I, s:s, s:s, s:s, s:s?}", "user_id", (json_int_t)number, "name", name, "email", email,
	                 "weapon", weapon, "created_on", created_on != NULL ? when : NULL);
}
