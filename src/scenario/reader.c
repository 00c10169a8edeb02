/* reader: YAML against tables of keys, every mistake noted with file and line. See reader.h. */
#include "scenario/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 40
#define PROBLEMS_MAX 100 /* more are counted, not kept */

void reader_finish(struct reader *r)
{
	str_finish(&r->problems);
	str_finish(&r->warnings);
}

int reader_line(const struct reader *r, const char *pointer)
{
	return r->yaml ? yaml_line(r->yaml, pointer) : 1;
}

/* Quotes of what stands in the file may hold anything: what is printed is made safe here. */
static void note(struct str *to, const char *name, int line, const char *fmt, va_list args)
        __attribute__((format(printf, 4, 0)));
static void note(struct str *to, const char *name, int line, const char *fmt, va_list args)
{
	struct str text = {0};
	str_append_v(&text, fmt, args);
	str_append_f(to, "%s:%d: ", name, line);
	str_append_safe(to, str_text(&text), text.len);
	str_append_c(to, '\n');
	str_finish(&text);
}

void reader_problem(struct reader *r, const char *pointer, const char *fmt, ...)
{
	if (r->n_problems++ >= PROBLEMS_MAX)
		return;
	va_list args;
	va_start(args, fmt);
	note(&r->problems, r->name, reader_line(r, pointer), fmt, args);
	va_end(args);
}

void reader_problem_at(struct reader *r, const char *name, int line, const char *fmt, ...)
{
	if (r->n_problems++ >= PROBLEMS_MAX)
		return;
	va_list args;
	va_start(args, fmt);
	note(&r->problems, name, line, fmt, args);
	va_end(args);
}

void reader_warning(struct reader *r, const char *pointer, const char *fmt, ...)
{
	if (r->warnings.len > (size_t)PROBLEMS_MAX * ERR_TEXT_MAX)
		return;
	va_list args;
	va_start(args, fmt);
	note(&r->warnings, r->name, reader_line(r, pointer), fmt, args);
	va_end(args);
}

bool reader_fail(const struct reader *r, struct err *err)
{
	const char *text = str_text(&r->problems);
	size_t len = 0, n = 0;
	for (const char *end; (end = strchr(text + len, '\n')); n++) {
		if (n > 0 && (size_t)(end - text) > ERR_TEXT_MAX - 64)
			break;
		len = (size_t)(end - text) + 1;
	}
	if (n < r->n_problems)
		return err_set(err, ERR_INVALID, "%.*sand %zu more mistakes", (int)len, text, r->n_problems - n);
	return err_set(err, ERR_INVALID, "%.*s", (int)(len ? len - 1 : 0), text);
}

char *reader_below(const char *pointer, const char *key)
{
	struct str out = {0};
	str_append(&out, pointer);
	str_append_c(&out, '/');
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			str_append(&out, *key == '~' ? "~0" : "~1");
		else
			str_append_c(&out, *key);
	}
	return str_take(&out);
}

char *reader_item(const char *pointer, size_t index)
{
	return mem_printf("%s/%zu", pointer, index);
}

static const struct reader_key *find_key(const struct reader_key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (text_equal(keys->name, name))
			return keys;
	}
	return NULL;
}

static void unknown_key(struct reader *r, const char *pointer, const struct reader_key *keys, const char *what,
                        const char *key)
{
	struct nearest near = nearest_start(key);
	struct str all = {0};
	for (; keys->name; keys++) {
		nearest_offer(&near, keys->name);
		str_append_f(&all, "%s%s", all.len ? ", " : "", keys->name);
	}
	if (near.best)
		reader_problem(r, pointer, "%s has no key \"%.60s\"; did you mean \"%s\"?", what, key, near.best);
	else
		reader_problem(r, pointer, "%s has no key \"%.60s\"; its keys are %s", what, key, str_text(&all));
	str_finish(&all);
}

static const char *kind_of(const json_t *value)
{
	static const char *const names[] = {
	        [JSON_OBJECT] = "a mapping", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
	        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
	        [JSON_FALSE] = "false",      [JSON_NULL] = "nothing",
	};
	return names[json_typeof(value)];
}

void reader_map(struct reader *r, const json_t *map, const char *pointer, const struct reader_key *keys,
                const char *what, void *target)
{
	if (!json_is_object(map)) {
		reader_problem(r, pointer, "%s must be a mapping (key: value lines), not %s", what, kind_of(map));
		return;
	}
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)map, name, value) {
		char *below = reader_below(pointer, name);
		const struct reader_key *key = find_key(keys, name);
		if (!key)
			unknown_key(r, below, keys, what, name);
		else if (!key->take(r, value, below, (char *)target + key->offset))
			reader_problem(r, below, "\"%s\" must be %s, not %s", name, key->wants, kind_of(value));
		free(below);
	}
	for (; keys->name; keys++) {
		if (keys->is_required && !json_object_get(map, keys->name))
			reader_problem(r, pointer, "%s has no \"%s\"; give it %s", what, keys->name, keys->wants);
	}
}

char *reader_text(const json_t *value)
{
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return mem_printf("%g", json_real_value(value));
	if (!json_is_string(value) || !text_is_safe(json_string_value(value), json_string_length(value)))
		return NULL;
	return mem_strdup(json_string_value(value));
}

char *reader_block(const json_t *value)
{
	if (!json_is_string(value))
		return NULL;
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t at = 0; at < len; at++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;
		if (!text_is_safe(text + at, line))
			return NULL;
		at += line;
	}
	return mem_strndup(text, len);
}

bool reader_is_id(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len <= NAME_MAX_LEN && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

bool reader_duration(const json_t *value, int64_t *ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	static const int64_t most = (int64_t)24 * 3600000;
	if (json_is_number(value)) {
		double seconds = json_number_value(value);
		if (!isfinite(seconds) || seconds < 0 || seconds > (double)most / 1000)
			return false;
		*ms = (int64_t)(seconds * 1000 + 0.5);
		return true;
	}
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	int64_t sum = 0;
	do {
		char *end;
		if (*text < '0' || *text > '9')
			return false;
		long number = strtol(text, &end, 10);
		size_t unit = 0, n_units = sizeof units / sizeof units[0];
		size_t len = strspn(end, "abcdefghijklmnopqrstuvwxyz");
		while (unit < n_units && (strlen(units[unit].name) != len || strncmp(units[unit].name, end, len) != 0))
			unit++;
		if (unit == n_units || number > most / units[unit].ms)
			return false;
		sum += number * units[unit].ms;
		text = end + len;
	} while (*text != '\0');
	if (sum > most)
		return false;
	*ms = sum;
	return true;
}

/* ---- stock takers ---- */

#define UNUSED (void)r, (void)pointer

bool reader_take_line(READER_TAKE)
{
	UNUSED;
	char *text = reader_text(value), **field = to;
	if (!text || !text[0]) {
		free(text);
		return false;
	}
	free(*field);
	*field = text;
	return true;
}

bool reader_take_block(READER_TAKE)
{
	UNUSED;
	char *text = reader_block(value), **field = to;
	if (!text)
		return false;
	free(*field);
	*field = text;
	return true;
}

bool reader_take_bool(READER_TAKE)
{
	UNUSED;
	*(bool *)to = json_is_true(value);
	return json_is_boolean(value);
}

bool reader_take_duration(READER_TAKE)
{
	UNUSED;
	return reader_duration(value, to);
}

bool reader_take_any(READER_TAKE)
{
	UNUSED;
	*(const json_t **)to = value;
	return true;
}

bool reader_take_object(READER_TAKE)
{
	return json_is_object(value) && reader_take_any(r, value, pointer, to);
}

bool reader_take_list(READER_TAKE)
{
	return json_is_array(value) && reader_take_any(r, value, pointer, to);
}

/* ---- the nearest of several names ---- */

struct nearest nearest_start(const char *wanted)
{
	return (struct nearest){.wanted = wanted, .distance = strlen(wanted) / 3 + 2};
}

/* Edit distance with neighbours that changed places counted as one; texts over NAME_MAX_LEN are far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_LEN + 1], len_a = strlen(a), len_b = strlen(b);
	if (len_a > NAME_MAX_LEN || len_b > NAME_MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && above2[j - 2] + 1 < best)
				best = above2[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[len_a % 3][len_b];
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t d = distance(n->wanted, name);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}
