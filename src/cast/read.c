/* read: a cast from its text. v2 and v3 are a header and a line an event; v1 is one JSON object. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *name;
	int line;
	struct cast *cast;
	VEC(size_t) offsets;  /* of each event's data in cast->text, which moves while it grows */
	int64_t at_ns, at_us; /* v3 adds intervals: a thousandth of what is kept, so that nothing drifts */
};

static json_t *load(const char *text, size_t len, json_error_t *why)
{
	json_t *value = json_loadb(text, len, JSON_ALLOW_NUL, why);
	if (value)
		return value;
	char *mended = text_mend_surrogates(text, len);
	value = memcmp(mended, text, len) != 0 ? json_loadb(mended, len, JSON_ALLOW_NUL, NULL) : NULL;
	free(mended);
	return value;
}

static bool fail(const struct reader *reader, struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "%s:%d: %s", reader->name, reader->line, what);
}

static bool is_known(const char *kind)
{
	return *kind && strchr("oimrx", *kind) && !kind[1];
}

/* The event's time from what stands in the file: an interval (v1, v3) or the time itself (v2). */
static bool take_time(struct reader *reader, const json_t *value, struct err *err)
{
	double seconds = json_number_value(value);
	if (!json_is_number(value))
		return fail(reader, err, "an event begins with its time in seconds, a number");
	if (seconds < 0)
		seconds = 0;
	if (seconds > TIME_MAX_S)
		return fail(reader, err, "the event's time is out of all bounds");
	int64_t at_us;
	if (reader->cast->header.version == 2) {
		at_us = (int64_t)(seconds * 1e6 + 0.5);
	} else {
		reader->at_ns += (int64_t)(seconds * 1e9 + 0.5);
		at_us = (reader->at_ns + 500) / 1000;
	}
	if (at_us > TIME_MAX_US)
		return fail(reader, err, "the event's time is out of all bounds");
	if (at_us > reader->at_us)
		reader->at_us = at_us;
	return true;
}

static bool add_event(struct reader *reader, char kind, const json_t *data, struct err *err)
{
	struct cast *cast = reader->cast;
	struct cast_event event = {.at_us = reader->at_us, .kind = (uint8_t)kind};
	int cols = 0, rows = 0;
	if (!json_is_string(data))
		return fail(reader, err, "an event's data is a text");
	if (cast->events.len >= CAST_EVENTS_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: more than %d events", reader->name, reader->line,
		               CAST_EVENTS_MAX);
	if (kind == CAST_RESIZE && !header_read_size(json_string_value(data), &cols, &rows))
		return fail(reader, err, "a size is columns x rows, such as \"80x24\"");
	event.size = (uint32_t)json_string_length(data);
	event.cols = (uint16_t)cols;
	event.rows = (uint16_t)rows;
	vec_push(&reader->offsets, cast->text.len);
	str_append_n(&cast->text, json_string_value(data), event.size);
	str_append_c(&cast->text, '\0');
	vec_push(&cast->events, event);
	return true;
}

static bool take_event(struct reader *reader, const json_t *value, struct err *err)
{
	if (!json_is_array(value) || json_array_size(value) < 3)
		return fail(reader, err, "an event is [time, \"kind\", data]");
	const json_t *kind = json_array_get(value, 1);
	if (!json_is_string(kind))
		return fail(reader, err, "an event's kind is a text");
	if (!take_time(reader, json_array_get(value, 0), err))
		return false;
	if (!is_known(json_string_value(kind)))
		return true;
	return add_event(reader, json_string_value(kind)[0], json_array_get(value, 2), err);
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r", text[i]))
			return false;
	return true;
}

static bool read_lines(struct reader *reader, const char *text, size_t len, struct err *err)
{
	for (size_t at = 0; at < len; reader->line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t size = end ? (size_t)(end - (text + at)) : len - at;
		const char *line = text + at;
		at += size + (end != NULL);
		if (is_blank(line, size) || *line == '#')
			continue;
		if (size > CAST_LINE_MAX)
			return fail(reader, err, "the line is longer than 8 MiB");
		json_error_t why;
		json_t *value = load(line, size, &why);
		if (!value && !end) {
			reader->cast->is_cut = true;
			break;
		}
		if (!value)
			return err_set(err, ERR_INVALID, "%s:%d: this is no JSON: %s", reader->name, reader->line,
			               why.text);
		bool is_good = take_event(reader, value, err);
		json_decref(value);
		if (!is_good)
			return false;
	}
	return true;
}

static bool read_v1(struct reader *reader, const json_t *top, struct err *err)
{
	const json_t *frames = json_object_get(top, "stdout");
	if (!json_is_array(frames))
		return fail(reader, err, "a version 1 cast has its frames in \"stdout\", and there are none");
	for (size_t i = 0; i < json_array_size(frames); i++) {
		const json_t *frame = json_array_get(frames, i);
		if (!json_is_array(frame) || json_array_size(frame) < 2)
			return err_set(err, ERR_INVALID, "%s: frame %zu of \"stdout\" is not [delay, text]",
			               reader->name, i + 1);
		if (!take_time(reader, json_array_get(frame, 0), err) ||
		    !add_event(reader, CAST_OUTPUT, json_array_get(frame, 1), err))
			return err_context(err, "frame %zu of \"stdout\"", i + 1);
	}
	return true;
}

/* The header: of v2 and v3 the first line, of v1 the whole text, which is one line too or many. */
static bool read_top(struct reader *reader, const char *text, size_t len, size_t first, struct err *err)
{
	json_error_t why;
	json_t *top = first <= CAST_LINE_MAX ? load(text, first, &why) : NULL;
	if (!top && len > CAST_V1_SIZE_MAX)
		return err_set(err, ERR_LIMIT,
		               "%s: the first line is no header, and as a version 1 cast, which is one JSON text, it "
		               "is larger than %d MiB",
		               reader->name, CAST_V1_SIZE_MAX >> 20);
	if (!top)
		top = load(text, len, &why);
	int64_t version = json_walk_int(top, 0, "version", NULL);
	reader->cast->top = top;
	if (!top)
		return err_set(err, ERR_INVALID, "%s:%d: this is no asciicast: %s", reader->name,
		               why.line > 0 ? why.line : 1, why.text);
	if (!json_is_object(top) || !json_is_integer(json_object_get(top, "version")))
		return fail(reader, err,
		            "this is no asciicast: it does not begin with a header that has a \"version\"");
	if (version < 1 || version > 3)
		return err_set(err, ERR_INVALID, "%s:1: asciicast version %lld is not known: 1, 2 and 3 are",
		               reader->name, (long long)version);
	char *where = mem_printf("%s:1", reader->name);
	bool is_good = header_read(top, where, &reader->cast->header, err);
	free(where);
	return is_good;
}

static bool read_all(struct reader *reader, const char *text, size_t len, struct err *err)
{
	if (len > CAST_SIZE_MAX)
		return err_set(err, ERR_LIMIT, "%s is larger than %zu MiB", reader->name, CAST_SIZE_MAX >> 20);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3, len -= 3;
	if (is_blank(text, len))
		return err_set(err, ERR_INVALID, "%s is empty: an asciicast begins with a header", reader->name);
	const char *end = memchr(text, '\n', len);
	size_t first = end ? (size_t)(end - text) : len;
	if (!read_top(reader, text, len, first, err))
		return false;
	if (reader->cast->header.version == 1)
		return read_v1(reader, reader->cast->top, err);
	reader->line = 2;
	return first == len || read_lines(reader, text + first + 1, len - first - 1, err);
}

struct cast *cast_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct reader reader = {.name = name, .line = 1, .cast = mem_alloc(sizeof *reader.cast)};
	bool is_good = read_all(&reader, text, len, err);
	struct cast *cast = reader.cast;
	for (size_t i = 0; i < reader.offsets.len; i++)
		cast->events.data[i].data = str_text(&cast->text) + reader.offsets.data[i];
	cast->duration_us = cast->events.len ? cast->events.data[cast->events.len - 1].at_us : 0;
	vec_finish(&reader.offsets);
	if (cast->header.version == 1 && cast->top) /* its frames have been taken */
		json_object_del(cast->top, "stdout");
	if (is_good)
		return cast;
	cast_destroy(cast);
	return NULL;
}

struct cast *cast_read(const char *path, struct err *err)
{
	struct str text = {0};
	struct cast *cast = NULL;
	if (file_read(path, CAST_SIZE_MAX, &text, err))
		cast = cast_parse(str_text(&text), text.len, path, err);
	str_finish(&text);
	return cast;
}

void cast_destroy(struct cast *cast)
{
	if (!cast)
		return;
	json_decref(cast->top);
	vec_finish(&cast->events);
	str_finish(&cast->text);
	free(cast);
}

void cast_limit_idle(struct cast *cast, int64_t limit_us)
{
	int64_t before = 0, cut = 0;
	if (limit_us <= 0)
		return;
	for (size_t i = 0; i < cast->events.len; i++) {
		struct cast_event *event = &cast->events.data[i];
		int64_t pause = event->at_us - before;
		before = event->at_us;
		if (pause > limit_us)
			cut += pause - limit_us;
		event->at_us -= cut;
	}
	cast->duration_us -= cut;
}

int cast_find_marker(const struct cast *cast, const char *word)
{
	int64_t number = 0, n = 0;
	int begins = -1, n_begins = 0;
	bool is_number = text_to_int(word, 1, CAST_EVENTS_MAX, &number);
	for (size_t i = 0; i < cast->events.len; i++) {
		const struct cast_event *event = &cast->events.data[i];
		if (event->kind != CAST_MARKER)
			continue;
		if (is_number ? ++n == number : strcasecmp(event->data, word) == 0)
			return (int)i;
		if (*word && strncasecmp(event->data, word, strlen(word)) == 0) {
			n_begins++;
			begins = (int)i;
		}
	}
	return n_begins == 1 ? begins : -1;
}
