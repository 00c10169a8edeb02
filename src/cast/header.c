/* header: the first line of a cast, in and out. v1 and v2 have width and height, v3 a terminal with a size of its own. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* ---- in ---- */

static bool read_color(const char *text, size_t len, uint32_t *color)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t value = 0;
	if (len != 7 || *text != '#')
		return false;
	for (size_t i = 1; i < len; i++) {
		const char *digit = memchr(digits, text[i], sizeof digits - 1);
		if (!digit)
			return false;
		value = value * 16 + (uint32_t)((digit - digits) % 16);
	}
	*color = value;
	return true;
}

/* A theme that is not whole is none: the player's own colours are better than a mixture. */
static void read_theme(const json_t *value, struct cast_theme *theme)
{
	struct cast_theme found = {.is_set = true};
	const char *fg = json_walk_str(value, "fg", NULL), *bg = json_walk_str(value, "bg", NULL);
	const char *palette = json_walk_str(value, "palette", NULL);
	bool is_good = read_color(fg, strlen(fg), &found.fg) && read_color(bg, strlen(bg), &found.bg);
	while (is_good && *palette && found.n_palette < 16) {
		size_t len = strcspn(palette, ":");
		is_good = read_color(palette, len, &found.palette[found.n_palette++]);
		palette += len + (palette[len] == ':');
	}
	for (size_t i = 8; is_good && found.n_palette == 8 && i < 16; i++)
		found.palette[i] = found.palette[i - 8];
	if (is_good && (found.n_palette == 8 || found.n_palette == 16))
		*theme = found;
}

static bool read_side(const json_t *object, const char *name, const char *where, int *out, struct err *err)
{
	const json_t *value = json_object_get(object, name);
	if (!json_is_integer(value))
		return err_set(err, ERR_INVALID, "%s: the header's \"%s\" is %s: a whole number is needed", where, name,
		               value ? "no whole number" : "missing");
	if (json_integer_value(value) < 1 || json_integer_value(value) > CAST_SIDE_MAX)
		return err_set(err, ERR_INVALID, "%s: \"%s\" is %lld: from 1 to %d is possible", where, name,
		               (long long)json_integer_value(value), CAST_SIDE_MAX);
	*out = (int)json_integer_value(value);
	return true;
}

static const char *text_or_null(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : NULL;
}

bool header_read(const json_t *top, const char *where, struct cast_header *header, struct err *err)
{
	struct cast_header found = {.version = (int)json_walk_int(top, 0, "version", NULL)};
	const json_t *term = json_object_get(top, "term"), *env = json_object_get(top, "env");
	bool is_v3 = found.version == 3;
	if (is_v3 && !json_is_object(term))
		return err_set(err, ERR_INVALID, "%s: the header of a version 3 cast has no \"term\"", where);
	if (!read_side(is_v3 ? term : top, is_v3 ? "cols" : "width", where, &found.cols, err) ||
	    !read_side(is_v3 ? term : top, is_v3 ? "rows" : "height", where, &found.rows, err))
		return false;
	double idle = json_number_value(json_object_get(top, "idle_time_limit"));
	if (idle > 0 && idle < TIME_MAX_S)
		found.idle_limit_us = (int64_t)(idle * (double)SECOND_US + 0.5);
	double timestamp = json_number_value(json_object_get(top, "timestamp"));
	if (timestamp > 0 && timestamp < 1e12)
		found.timestamp = (int64_t)timestamp;
	found.title = text_or_null(json_object_get(top, "title"));
	found.command = text_or_null(json_object_get(top, "command"));
	found.term = text_or_null(is_v3 ? json_object_get(term, "type") : json_object_get(env, "TERM"));
	found.shell = text_or_null(json_object_get(env, "SHELL"));
	read_theme(json_object_get(is_v3 ? term : top, "theme"), &found.theme);
	*header = found;
	return true;
}

bool header_read_size(const char *text, int *cols, int *rows)
{
	char left[8];
	int64_t c, r;
	size_t n = strcspn(text, "x");
	if (text[n] != 'x' || n >= sizeof left)
		return false;
	snprintf(left, sizeof left, "%.*s", (int)n, text);
	if (!text_to_int(left, 1, CAST_SIDE_MAX, &c) || !text_to_int(text + n + 1, 1, CAST_SIDE_MAX, &r))
		return false;
	*cols = (int)c;
	*rows = (int)r;
	return true;
}

/* ---- out ---- */

static json_t *safe_string(const char *text, const struct cast_rules *rules)
{
	struct str redacted = {0}, safe = {0};
	if (rules)
		cast_rules_text(rules, text, strlen(text), &redacted);
	else
		str_append(&redacted, text);
	str_append_safe(&safe, str_text(&redacted), redacted.len);
	json_t *value = json_stringn(str_text(&safe), safe.len);
	str_finish(&redacted);
	str_finish(&safe);
	return value;
}

static void set_text(json_t *object, const char *name, const char *text, const struct cast_rules *rules)
{
	if (text && *text)
		json_object_set_new(object, name, safe_string(text, rules));
}

static json_t *theme_of(const struct cast_theme *theme)
{
	struct str palette = {0};
	for (size_t i = 0; i < theme->n_palette; i++)
		str_append_f(&palette, "%s#%06x", i ? ":" : "", theme->palette[i] & 0xffffff);
	char fg[10], bg[10];
	snprintf(fg, sizeof fg, "#%06x", theme->fg & 0xffffff);
	snprintf(bg, sizeof bg, "#%06x", theme->bg & 0xffffff);
	json_t *value = json_pack("{s:s, s:s, s:s}", "fg", fg, "bg", bg, "palette", str_text(&palette));
	str_finish(&palette);
	return value;
}

void header_write(const struct cast_header *header, const struct cast_rules *rules, struct str *out)
{
	bool is_v3 = header->version == 3;
	json_t *top = json_object(), *env = json_object(), *term = is_v3 ? json_object() : json_incref(top);
	json_object_set_new(top, "version", json_integer(is_v3 ? 3 : 2));
	if (is_v3)
		json_object_set(top, "term", term);
	json_object_set_new(term, is_v3 ? "cols" : "width", json_integer(header->cols));
	json_object_set_new(term, is_v3 ? "rows" : "height", json_integer(header->rows));
	set_text(is_v3 ? term : env, is_v3 ? "type" : "TERM", header->term, NULL);
	set_text(env, "SHELL", header->shell, rules);
	if (header->timestamp > 0)
		json_object_set_new(top, "timestamp", json_integer(header->timestamp));
	if (header->idle_limit_us > 0)
		json_object_set_new(top, "idle_time_limit",
		                    json_real((double)header->idle_limit_us / (double)SECOND_US));
	set_text(top, "command", header->command, rules);
	set_text(top, "title", header->title, rules);
	if (header->theme.is_set && header->theme.n_palette >= 8)
		json_object_set_new(term, "theme", theme_of(&header->theme));
	if (json_object_size(env) > 0)
		json_object_set(top, "env", env);
	str_append_json(out, top, JSON_REAL_PRECISION(15));
	str_append_c(out, '\n');
	json_decref(term);
	json_decref(env);
	json_decref(top);
}
