/* redact: secrets in a program's output, as it comes. What is printed is looked through; sequences that do not move the cursor lie
 * between its characters and go where they went; all others, and control characters, end what could be one secret. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

enum { SEQUENCE_MAX = 8192, HELD_MAX = 4 * PATTERN_MATCH_MAX };

enum scan_state { SCAN_TEXT, SCAN_ESCAPE, SCAN_INTERMEDIATE, SCAN_CSI, SCAN_STRING, SCAN_STRING_ESCAPE };

struct piece { /* of what is held: bytes from `start` on came then */
	size_t start;
	int64_t at_us;
};

struct cast_redactor {
	const struct cast_rules *rules;
	cast_redacted_fn *fn;
	void *user;
	struct str held; /* as it came, not yet told */
	VEC(struct piece) pieces;
	struct str text;    /* what of it is printed */
	VEC(size_t) places; /* of each byte of text: where it is in held */
	int before;         /* what was printed before text[0] on the same line; 0: nothing */
	enum scan_state state;
	size_t sequence; /* where in held the sequence begins that is not complete */
};

struct cast_redactor *cast_redactor_create(const struct cast_rules *rules, cast_redacted_fn *fn, void *user)
{
	struct cast_redactor *redactor = mem_alloc(sizeof *redactor);
	redactor->rules = rules;
	redactor->fn = fn;
	redactor->user = user;
	return redactor;
}

void cast_redactor_destroy(struct cast_redactor *redactor)
{
	if (!redactor)
		return;
	str_finish(&redactor->held);
	str_finish(&redactor->text);
	vec_finish(&redactor->pieces);
	vec_finish(&redactor->places);
	free(redactor);
}

/* ---- telling ---- */

static int64_t time_at(const struct cast_redactor *redactor, size_t at)
{
	size_t i = redactor->pieces.len;
	while (i > 1 && redactor->pieces.data[i - 1].start > at)
		i--;
	return i ? redactor->pieces.data[i - 1].at_us : 0;
}

/* Bytes from..to of what is held, each with its time. */
static void tell(const struct cast_redactor *redactor, size_t from, size_t to)
{
	for (size_t i = 0; i < redactor->pieces.len && from < to; i++) {
		size_t end = i + 1 < redactor->pieces.len ? redactor->pieces.data[i + 1].start : to;
		if (end > to)
			end = to;
		if (end <= from)
			continue;
		redactor->fn(redactor->pieces.data[i].at_us, redactor->held.data + from, end - from, redactor->user);
		from = end;
	}
}

/* What is held before `at` has been told. */
static void drop_held(struct cast_redactor *redactor, size_t at, size_t text)
{
	size_t first = 0;
	if (at == 0)
		return;
	while (first + 1 < redactor->pieces.len && redactor->pieces.data[first + 1].start <= at)
		first++;
	for (size_t i = first; i < redactor->pieces.len; i++) {
		struct piece piece = redactor->pieces.data[i];
		piece.start = piece.start > at ? piece.start - at : 0;
		redactor->pieces.data[i - first] = piece;
	}
	redactor->pieces.len -= first;
	if (at == redactor->held.len)
		redactor->pieces.len = 0;
	if (text > 0)
		redactor->before = (unsigned char)redactor->text.data[text - 1];
	for (size_t i = text; i < redactor->places.len; i++)
		redactor->places.data[i - text] = redactor->places.data[i] - at;
	redactor->places.len -= text;
	str_drop_front(&redactor->text, text);
	str_drop_front(&redactor->held, at);
	redactor->sequence = redactor->sequence > at ? redactor->sequence - at : 0;
}

/* A secret: its replacement, then whatever lay between its characters. */
static void tell_secret(const struct cast_redactor *redactor, const struct cast_span *span)
{
	struct str replacement = {0};
	char *secret = mem_strndup(redactor->text.data + span->start, span->end - span->start);
	size_t place = redactor->places.data[span->start];
	rules_replacement(redactor->rules, span->rule, text_columns(secret), &replacement);
	redactor->fn(time_at(redactor, place), str_text(&replacement), replacement.len, redactor->user);
	for (size_t i = span->start + 1; i < span->end; i++)
		if (redactor->places.data[i] > redactor->places.data[i - 1] + 1)
			tell(redactor, redactor->places.data[i - 1] + 1, redactor->places.data[i]);
	str_finish(&replacement);
	free(secret);
}

/* Tells what is decided. `more`: what may be the beginning of a secret is kept. */
static void resolve(struct cast_redactor *redactor, bool more)
{
	size_t told = 0, at = 0;
	struct rules_hit hit;
	more = more && redactor->held.len < HELD_MAX;
	while (at < redactor->text.len) {
		enum rules_answer answer = rules_at(redactor->rules, redactor->text.data, redactor->text.len, at,
		                                    redactor->before, more, &hit);
		if (answer == RULES_OPEN)
			break;
		if (answer == RULES_YES) {
			tell(redactor, told, redactor->places.data[hit.span.start]);
			tell_secret(redactor, &hit.span);
			told = redactor->places.data[hit.span.end - 1] + 1;
			at = hit.end;
		} else {
			at++;
		}
	}
	size_t end = at < redactor->text.len                ? redactor->places.data[at]
	             : redactor->state != SCAN_TEXT && more ? redactor->sequence
	                                                    : redactor->held.len;
	tell(redactor, told, end);
	drop_held(redactor, end, at);
}

/* ---- looking through ---- */

/* Sequences that leave the cursor where it is and the text as it is. */
static bool is_still(const char *sequence, size_t len)
{
	char final = sequence[len - 1];
	if (len < 3 || sequence[1] != '[')
		return len >= 2 && (strchr("]()*+", sequence[1]) || strchr("=>", final));
	if (final == 'm' || final == 'q')
		return true;
	return (final == 'h' || final == 'l') && sequence[2] == '?' && !memmem(sequence, len, "47", 2) &&
	       !memmem(sequence, len, "1049", 4);
}

static void barrier(struct cast_redactor *redactor)
{
	redactor->state = SCAN_TEXT;
	resolve(redactor, false);
	redactor->before = 0;
}

/* The state behind a byte of a sequence; SCAN_TEXT: it is complete. */
static enum scan_state scan(enum scan_state state, unsigned char byte)
{
	switch (state) {
	case SCAN_ESCAPE:
		return byte == '['                     ? SCAN_CSI
		       : strchr("]PX^_", byte) && byte ? SCAN_STRING
		       : byte >= 0x20 && byte < 0x30   ? SCAN_INTERMEDIATE
		                                       : SCAN_TEXT;
	case SCAN_INTERMEDIATE:
		return byte >= 0x20 && byte < 0x30 ? SCAN_INTERMEDIATE : SCAN_TEXT;
	case SCAN_CSI:
		return byte >= 0x20 && byte < 0x40 ? SCAN_CSI : SCAN_TEXT;
	case SCAN_STRING:
		return byte == '\a' || byte == 0x18 || byte == 0x1a ? SCAN_TEXT
		       : byte == 033                                ? SCAN_STRING_ESCAPE
		                                                    : SCAN_STRING;
	default:
		return byte == '\\' ? SCAN_TEXT : SCAN_STRING;
	}
}

static void take_byte(struct cast_redactor *redactor, unsigned char byte)
{
	size_t place = redactor->held.len;
	str_append_c(&redactor->held, (char)byte);
	if (redactor->state != SCAN_TEXT) {
		size_t len = place + 1 - redactor->sequence;
		redactor->state = scan(redactor->state, byte);
		if (redactor->state == SCAN_TEXT ? !is_still(redactor->held.data + redactor->sequence, len)
		                                 : len > SEQUENCE_MAX)
			barrier(redactor);
	} else if (byte == 033) {
		redactor->state = SCAN_ESCAPE;
		redactor->sequence = place;
	} else if (byte >= 0x20 && byte != 0x7f) {
		str_append_c(&redactor->text, (char)byte);
		vec_push(&redactor->places, place);
	} else if (byte != '\a') {
		barrier(redactor);
	}
}

void cast_redactor_feed(struct cast_redactor *redactor, int64_t at_us, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i == 0 || redactor->pieces.len == 0) /* what is held may all have been told in between */
			vec_push(&redactor->pieces, (struct piece){redactor->held.len, at_us});
		take_byte(redactor, (unsigned char)bytes[i]);
	}
	resolve(redactor, true);
}

void cast_redactor_flush(struct cast_redactor *redactor)
{
	resolve(redactor, false);
	redactor->state = SCAN_TEXT;
}
