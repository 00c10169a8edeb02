/* Recordings, patterns and streams. "P": a pattern, a line break, a text it goes over. "S": a stream, redacted whole and in the
 * pieces that bytes 0xff cut it into, which must come to the same. Anything else is a recording: what is read and written again
 * is read the same, and the player gives every event once, in order, wherever it is sent. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
	if (!holds)
		base_abort("%s", what);
}

/* ---- patterns, streams ---- */

static void try_pattern(const char *data, size_t size)
{
	const char *end = memchr(data, '\n', size);
	if (!end || size > 4096)
		return;
	char *pattern = mem_strndup(data, (size_t)(end - data));
	struct cast_rules *rules = cast_rules_create();
	struct err err = {0};
	struct str out = {0};
	struct cast_rule rule = {.name = "r", .pattern = pattern, .replacement = "#"};
	size_t len = size - (size_t)(end + 1 - data);
	if (cast_rules_add(rules, &rule, &err)) {
		struct cast_span spans[64];
		size_t n = cast_rules_match(rules, end + 1, len, spans, 64);
		for (size_t i = 0; i < n; i++)
			check(spans[i].start <= spans[i].end && spans[i].end <= len &&
			              (i == 0 || spans[i - 1].end <= spans[i].start),
			      "a span");
		cast_rules_text(rules, end + 1, len, &out);
	} else {
		check(strstr(err.text, "r: ") != NULL, "an error without its rule");
	}
	str_finish(&out);
	cast_rules_destroy(rules);
	free(pattern);
}

static void on_told(int64_t at_us, const char *bytes, size_t size, void *user)
{
	(void)at_us;
	str_append_n(user, bytes, size);
}

static void redact(const struct cast_rules *rules, const char *data, size_t size, bool in_pieces, struct str *out)
{
	struct cast_redactor *redactor = cast_redactor_create(rules, on_told, out);
	for (size_t at = 0; at < size;) {
		const char *end = memchr(data + at, 0xff, size - at);
		size_t len = end ? (size_t)(end - (data + at)) : size - at;
		for (size_t i = 0; in_pieces && i < len; i++)
			cast_redactor_feed(redactor, (int64_t)at, data + at + i, 1);
		if (!in_pieces)
			cast_redactor_feed(redactor, (int64_t)at, data + at, len);
		at += len + (end != NULL);
	}
	cast_redactor_flush(redactor);
	cast_redactor_destroy(redactor);
}

static void try_stream(const char *data, size_t size)
{
	struct cast_person person = {.home = "/home/anna", .user = "anna", .host = "laptop"};
	struct cast_rules *rules = cast_rules_create();
	struct str whole = {0}, pieces = {0}, kept = {0};
	if (size > 2048)
		return;
	redact(rules, data, size, true, &kept);
	for (size_t i = 0, k = 0; i < size; i++)
		if ((unsigned char)data[i] != 0xff)
			check(k < kept.len && kept.data[k++] == data[i], "without rules nothing changes");
	cast_rules_add_defaults(rules, &person);
	redact(rules, data, size, false, &whole);
	redact(rules, data, size, true, &pieces);
	check(text_equal(str_text(&whole), str_text(&pieces)) && whole.len == pieces.len,
	      "pieces come to something else");
	str_finish(&whole);
	str_finish(&pieces);
	str_finish(&kept);
	cast_rules_destroy(rules);
}

/* ---- recordings ---- */

static void write_again(const struct cast *cast, int version)
{
	struct str text = {0}, one = {0}, other = {0};
	struct cast_header header = cast->header;
	header.version = version;
	struct cast_writer *writer = cast_writer_create_text(&text, &header, NULL);
	check(cast_writer_append(writer, cast, NULL), "it has its own size");
	check(cast_writer_finish(writer, cast->duration_us, -1, NULL), "memory is never full");
	cast_writer_destroy(writer);
	struct cast *again = cast_parse(str_text(&text), text.len, "again", NULL);
	check(again && !again->is_cut, "what is written can be read");
	check(again->duration_us == cast->duration_us, "the same duration");
	for (size_t i = 0; i < cast->events.len; i++)
		if (cast->events.data[i].kind == CAST_OUTPUT)
			str_append_n(&one, cast->events.data[i].data, cast->events.data[i].size);
	for (size_t i = 0; i < again->events.len; i++)
		if (again->events.data[i].kind == CAST_OUTPUT)
			str_append_n(&other, again->events.data[i].data, again->events.data[i].size);
	check(one.len == other.len && memcmp(str_text(&one), str_text(&other), one.len) == 0, "the same output");
	cast_destroy(again);
	str_finish(&text);
	str_finish(&one);
	str_finish(&other);
}

static size_t drain(struct cast_player *player, int64_t now, const struct cast *cast, size_t at)
{
	const struct cast_event *event;
	enum cast_player_step step;
	while ((step = cast_player_next(player, now, &event)) != CAST_PLAYER_NOTHING) {
		check(step == CAST_PLAYER_RESET || event == &cast->events.data[at], "the next event");
		at = step == CAST_PLAYER_RESET ? 0 : at + 1;
	}
	check(at == cast->events.len || cast->events.data[at].at_us > cast_player_time(player, now),
	      "everything that is due");
	check(at == 0 || cast->events.data[at - 1].at_us <= cast_player_time(player, now), "nothing from the future");
	return at;
}

static void play(const struct cast *cast, const uint8_t *keys, size_t n)
{
	struct cast_player *player = cast_player_create(cast);
	size_t at = drain(player, 0, cast, 0);
	for (size_t i = 0; i < n && i < 64; i++) {
		int64_t now = (int64_t)i * 1000003;
		switch (keys[i] % 6) {
		case 0:
			cast_player_pause(player, now, !cast_player_is_paused(player));
			break;
		case 1:
			cast_player_seek(player, now, cast->duration_us / 256 * keys[i]);
			break;
		case 2:
			cast_player_frame(player, now, keys[i] & 8 ? 1 : -1);
			break;
		case 3:
			cast_player_marker(player, now, keys[i] & 8 ? 1 : -1);
			break;
		case 4:
			cast_player_set_speed(player, now, keys[i] / 16.0);
			break;
		default:
			break;
		}
		at = drain(player, now, cast, at);
		check(cast_player_wait_us(player, now) != 0, "nothing is left to be given");
	}
	cast_player_destroy(player);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	if (size > 0 && *text == 'P') {
		try_pattern(text + 1, size - 1);
		return 0;
	}
	if (size > 0 && *text == 'S') {
		try_stream(text + 1, size - 1);
		return 0;
	}
	struct err err = {0};
	struct cast *cast = cast_parse(text, size, "fuzz.cast", &err);
	if (!cast) {
		check(strstr(err.text, "fuzz.cast") != NULL, "an error without its file");
		return 0;
	}
	write_again(cast, 2);
	write_again(cast, 3);
	play(cast, data + size / 2, size - size / 2);
	cast_limit_idle(cast, 1000000);
	play(cast, data, size);
	cast_destroy(cast);
	return 0;
}
