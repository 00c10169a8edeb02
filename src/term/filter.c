/* A byte machine after DEC's state diagram (vt100.net/emu/dec_ansi_parser), without C1 controls: those are UTF-8's bytes. */
#include "filter.h"

#include <string.h>

enum { ESC = 0x1b, DEL = 0x7f, REPLACEMENT = 0xfffd };

void filter_init(struct filter *filter, const struct filter_sink *sink, void *user)
{
	*filter = (struct filter){.sink = sink, .user = user};
}

void filter_finish(struct filter *filter)
{
	str_finish(&filter->string);
}

/* ---- text ---- */

static size_t sequence_length(unsigned char first)
{
	return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
}

/* Whether `c` may be byte `at` of a character that begins with `first`: overlong forms, surrogates and what lies beyond
 * U+10FFFF show themselves in the second byte. */
static bool may_follow(unsigned char first, size_t at, unsigned char c)
{
	if ((c & 0xc0) != 0x80)
		return false;
	if (at > 1)
		return true;
	return !((first == 0xe0 && c < 0xa0) || (first == 0xed && c > 0x9f) || (first == 0xf0 && c < 0x90) ||
	         (first == 0xf4 && c > 0x8f));
}

static void emit_glyph(struct filter *filter, uint32_t ch)
{
	if (ch < 0xa0) /* C1 written as UTF-8 */
		return;
	if (filter->record) {
		char bytes[UTF8_MAX];
		str_append_n(filter->record, bytes, utf8_encode(ch, bytes));
	}
	filter->sink->glyph(filter->user, ch);
}

static uint32_t decode(const unsigned char *s, size_t len)
{
	uint32_t ch = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		ch = ch << 6 | (s[i] & 0x3fu);
	return ch;
}

/* Ends a character that was cut off; each such beginning is one U+FFFD. */
static void drop_tail(struct filter *filter)
{
	if (filter->n_tail > 0) {
		filter->n_tail = 0;
		emit_glyph(filter, REPLACEMENT);
	}
}

/* A byte from 0x80 on, with what the tail holds. */
static void high_byte(struct filter *filter, unsigned char c)
{
	unsigned char *tail = (unsigned char *)filter->tail;
	if (filter->n_tail > 0 && !may_follow(tail[0], filter->n_tail, c))
		drop_tail(filter);
	if (filter->n_tail == 0 && sequence_length(c) == 1) {
		emit_glyph(filter, REPLACEMENT);
		return;
	}
	tail[filter->n_tail++] = c;
	if (filter->n_tail == sequence_length(tail[0])) {
		size_t len = filter->n_tail;
		filter->n_tail = 0;
		emit_glyph(filter, decode(tail, len));
	}
}

static size_t ascii_run(const unsigned char *s, const unsigned char *end)
{
	const unsigned char *start = s;
	while (end - s >= 8) {
		uint64_t word, low;
		memcpy(&word, s, 8);
		/* bytes below 0x20 or with the top bit set; 0x7f is looked for below */
		low = (word - 0x2020202020202020u) | word;
		uint64_t del = word ^ 0x7f7f7f7f7f7f7f7fu;
		del = (del - 0x0101010101010101u) & ~del;
		if ((low | del) & 0x8080808080808080u)
			break;
		s += 8;
	}
	while (s < end && *s >= 0x20 && *s < DEL)
		s++;
	return (size_t)(s - start);
}

/* ---- sequences ---- */

static void record(struct filter *filter, const char *bytes, size_t len)
{
	if (filter->record)
		str_append_n(filter->record, bytes, len);
}

static void record_csi(struct filter *filter)
{
	const struct csi *csi = &filter->csi;
	struct str *out = filter->record;
	str_append(out, "\033[");
	if (csi->leader)
		str_append_c(out, csi->leader);
	for (int i = 0; i < csi->n; i++) {
		if (i > 0)
			str_append_c(out, csi->joined[i] ? ':' : ';');
		if (csi->param[i] >= 0)
			str_append_f(out, "%d", csi->param[i]);
	}
	if (csi->intermediate)
		str_append_c(out, csi->intermediate);
	str_append_c(out, csi->final);
}

static void begin_csi(struct filter *filter)
{
	filter->csi.leader = filter->csi.intermediate = 0;
	filter->csi.n = 0;
	filter->state = FILTER_CSI_START;
}

static bool next_param(struct csi *csi, bool joined)
{
	if (csi->n == CSI_PARAMS)
		return false;
	csi->param[csi->n] = -1;
	csi->joined[csi->n++] = joined;
	return true;
}

static bool csi_parameter(struct csi *csi, unsigned char c)
{
	if (csi->n == 0)
		next_param(csi, false);
	if (c == ';' || c == ':')
		return next_param(csi, c == ':');
	int *param = &csi->param[csi->n - 1];
	*param = (*param < 0 ? 0 : *param) * 10 + (c - '0');
	if (*param > CSI_VALUE_MAX)
		*param = CSI_VALUE_MAX;
	return true;
}

static void csi_byte(struct filter *filter, unsigned char c)
{
	struct csi *csi = &filter->csi;
	bool fits = true;
	if (c >= 0x40) {
		bool whole = filter->state != FILTER_CSI_IGNORE;
		filter->state = FILTER_GROUND;
		csi->final = (char)c;
		if (!whole)
			return;
		if (filter->record)
			record_csi(filter);
		filter->sink->csi(filter->user, csi);
		return;
	}
	if (filter->state == FILTER_CSI_IGNORE)
		return;
	if (c <= 0x2f) {
		fits = csi->intermediate == 0;
		csi->intermediate = (char)c;
		filter->state = FILTER_CSI_INTERMEDIATE;
	} else if (filter->state == FILTER_CSI_INTERMEDIATE) {
		fits = false;
	} else if (c >= 0x3c) {
		fits = filter->state == FILTER_CSI_START && !csi->leader;
		csi->leader = (char)c;
	} else {
		filter->state = FILTER_CSI_PARAM;
		fits = csi_parameter(csi, c);
	}
	if (!fits)
		filter->state = FILTER_CSI_IGNORE;
}

static void begin_string(struct filter *filter, enum string_kind kind)
{
	filter->kind = kind;
	filter->string_dropped = kind == STRING_IGNORED;
	str_clear(&filter->string);
	filter->state = FILTER_STRING;
}

static void string_byte(struct filter *filter, unsigned char c)
{
	struct str *string = &filter->string;
	if (filter->string_dropped || c < 0x20)
		return;
	size_t limit = STRING_MAX;
	if (filter->kind == STRING_OSC && string->len >= 3 && memcmp(string->data, "52;", 3) == 0)
		limit = STRING_CLIPBOARD_MAX;
	if (string->len >= limit)
		filter->string_dropped = true;
	else
		str_append_c(string, (char)c);
}

static void end_string(struct filter *filter)
{
	filter->state = FILTER_GROUND;
	if (filter->string_dropped)
		return;
	struct str *string = &filter->string;
	if (filter->record) {
		record(filter, filter->kind == STRING_OSC ? "\033]" : "\033P", 2);
		record(filter, str_text(string), string->len);
		record(filter, "\033\\", 2);
	}
	filter->sink->string(filter->user, filter->kind, str_text(string), string->len);
}

static void escape_final(struct filter *filter, unsigned char c)
{
	char bytes[3] = {ESC, filter->intermediate, (char)c};
	filter->state = FILTER_GROUND;
	if (filter->intermediate)
		record(filter, bytes, 3);
	else
		record(filter, (char[]){ESC, (char)c}, 2);
	filter->sink->escape(filter->user, filter->intermediate, (char)c);
}

static void escape_byte(struct filter *filter, unsigned char c)
{
	static const char openers[] = "[]P_^X";
	const char *opener = filter->state == FILTER_ESCAPE && c ? strchr(openers, c) : NULL;
	if (!opener && c <= 0x2f) {
		/* a second intermediate: nothing that we know */
		filter->intermediate = filter->state == FILTER_ESCAPE ? (char)c : (char)0x7f;
		filter->state = FILTER_ESCAPE_INTERMEDIATE;
	} else if (!opener) {
		escape_final(filter, c);
	} else if (*opener == '[') {
		begin_csi(filter);
	} else {
		begin_string(filter, *opener == ']' ? STRING_OSC : *opener == 'P' ? STRING_DCS : STRING_IGNORED);
	}
}

/* Bytes below 0x20: they end a string's ESC or the whole sequence, or stand for themselves, also inside a sequence. */
static void control_byte(struct filter *filter, unsigned char c)
{
	enum { BEL = 7, CAN = 0x18, SUB = 0x1a };
	drop_tail(filter);
	if (c == ESC) {
		filter->state = filter->state == FILTER_STRING ? FILTER_STRING_ESCAPE : FILTER_ESCAPE;
		filter->intermediate = 0;
	} else if (c == CAN || c == SUB) {
		filter->state = FILTER_GROUND;
	} else if (filter->state == FILTER_STRING) {
		if (c == BEL)
			end_string(filter);
	} else if (c != 0) {
		if (filter->state == FILTER_STRING_ESCAPE)
			filter->state = FILTER_GROUND;
		record(filter, (char[]){(char)c}, 1);
		filter->sink->control(filter->user, c);
	}
}

static void sequence_byte(struct filter *filter, unsigned char c)
{
	switch (filter->state) {
	case FILTER_STRING:
		string_byte(filter, c);
		break;
	case FILTER_STRING_ESCAPE:
		filter->state = FILTER_ESCAPE;
		if (c == '\\')
			end_string(filter);
		else
			escape_byte(filter, c);
		break;
	case FILTER_ESCAPE:
	case FILTER_ESCAPE_INTERMEDIATE:
		escape_byte(filter, c);
		break;
	default:
		csi_byte(filter, c);
	}
}

void filter_feed(struct filter *filter, const char *bytes, size_t size)
{
	const unsigned char *s = (const unsigned char *)bytes, *end = s + size;
	while (s < end) {
		unsigned char c = *s;
		if (c >= 0x20 && c < DEL && filter->state == FILTER_GROUND) {
			drop_tail(filter);
			size_t len = ascii_run(s, end);
			record(filter, (const char *)s, len);
			filter->sink->ascii(filter->user, (const char *)s, len);
			s += len;
			continue;
		}
		s++;
		if (c < 0x20)
			control_byte(filter, c);
		else if (c == DEL)
			continue;
		else if (filter->state == FILTER_GROUND)
			high_byte(filter, c);
		else if (c < 0x80 || filter->state == FILTER_STRING)
			sequence_byte(filter, c);
		else /* no sequence holds such a byte */
			filter->state = FILTER_GROUND, high_byte(filter, c);
	}
}
