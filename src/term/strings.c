/* String sequences: titles, the clipboard, prompt marks, colour queries (OSC); status requests (DCS). Numbers are xterm's
 * (ctlseqs), 133 is FinalTerm's. What is not known is dropped. */
#include "emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One that is too long ends in an ellipsis: what was cut is seen to be. */
static void set_title(struct emulator *emulator, const char *text, size_t len)
{
	static const char ellipsis[] = "\u2026";
	const size_t most = sizeof emulator->title - 1;
	struct str safe = {0};
	str_append_safe(&safe, text, len);
	bool is_cut = safe.len > most;
	size_t size = is_cut ? text_whole(str_text(&safe), safe.len, most - strlen(ellipsis)) : safe.len;
	snprintf(emulator->title, sizeof emulator->title, "%.*s%s", (int)size, str_text(&safe), is_cut ? ellipsis : "");
	str_finish(&safe);
	emulator->events->title(emulator->user);
}

/* ---- 10 and 11: the terminal's own colours ---- */

static void answer_color(struct emulator *emulator, int which)
{
	uint32_t color = emulator->colors[which];
	unsigned r = color >> 16 & 0xff, g = color >> 8 & 0xff, b = color & 0xff;
	char text[64];
	int n = snprintf(text, sizeof text, "\033]%d;rgb:%02x%02x/%02x%02x/%02x%02x\033\\", 10 + which, r, r, g, g, b,
	                 b);
	emulator->events->reply(emulator->user, text, (size_t)n);
}

void string_answer_colors(struct emulator *emulator)
{
	for (int which = 0; which < 2; which++)
		if (emulator->color_queries & 1 << which && emulator->colors[which] != COLOR_DEFAULT) {
			emulator->color_queries &= ~(1 << which);
			answer_color(emulator, which);
		}
}

static void query_color(struct emulator *emulator, const char *text, int which)
{
	if (text[0] != '?')
		return;
	emulator->color_queries |= 1 << which;
	string_answer_colors(emulator);
}

static void osc_foreground(struct emulator *emulator, const char *text, size_t len)
{
	(void)len;
	query_color(emulator, text, 0);
}

static void osc_background(struct emulator *emulator, const char *text, size_t len)
{
	(void)len;
	query_color(emulator, text, 1);
}

/* ---- 52: the clipboard, only to be set: a program never reads it ---- */

static int base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

static void osc_clipboard(struct emulator *emulator, const char *text, size_t len)
{
	const char *data = memchr(text, ';', len);
	if (!data || data[1] == '?')
		return;
	struct str plain = {0};
	uint32_t bits = 0;
	int n_bits = 0;
	for (data++; *data && *data != '='; data++) {
		int value = base64_value(*data);
		if (value < 0) {
			str_finish(&plain);
			return;
		}
		bits = bits << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			str_append_c(&plain, (char)(bits >> n_bits));
		}
	}
	emulator->events->clipboard(emulator->user, str_text(&plain), plain.len);
	str_finish(&plain);
}

/* ---- 133: prompt marks ---- */

static struct anchor here(const struct emulator *emulator)
{
	return (struct anchor){grid_id(&emulator->main, emulator->y), emulator->x + emulator->phantom};
}

static void osc_mark(struct emulator *emulator, const char *text, size_t len)
{
	static const char kinds[] = "ABCD";
	const char *kind = len > 0 ? strchr(kinds, text[0]) : NULL;
	if (!kind || (len > 1 && text[1] != ';'))
		return;
	struct term_mark mark = {(enum term_mark_kind)(kind - kinds), -1, false};
	bool on_main = emulator->grid == &emulator->main;
	if (mark.kind == TERM_MARK_OUTPUT && on_main) {
		emulator->output = here(emulator);
		emulator->done.id = -1;
	}
	/* FinalTerm's "fresh line": a prompt begins in the first column, whatever was printed before it without a line break. */
	if (mark.kind == TERM_MARK_PROMPT && len == 1 && (emulator->x > 0 || emulator->phantom)) {
		print_line_feed(emulator);
		emulator->x = 0;
		emulator->phantom = false;
		emulator->vt_is_behind = true;
	}
	mark.is_secondary = mark.kind == TERM_MARK_PROMPT && len >= 5 && memcmp(text + 1, ";k=s", 4) == 0;
	if (mark.kind == TERM_MARK_DONE) {
		int64_t status;
		char number[16];
		snprintf(number, sizeof number, "%.*s", len > 2 ? (int)strcspn(text + 2, ";") : 0,
		         text + 2 * (len > 2));
		if (text_to_int(number, 0, 255, &status))
			mark.status = (int)status;
		if (on_main)
			emulator->done = here(emulator);
	}
	emulator->events->mark(emulator->user, &mark);
}

static const struct {
	const char *number;
	void (*run)(struct emulator *emulator, const char *text, size_t len);
} commands[] = {
        {"0;", set_title},       {"2;", set_title},      {"10;", osc_foreground},
        {"11;", osc_background}, {"52;", osc_clipboard}, {"133;", osc_mark},
};

/* ---- DCS $q: how is this set? ---- */

static void request_status(struct emulator *emulator, const char *what)
{
	struct str reply = {0};
	if (text_equal(what, "m")) {
		str_append(&reply, "\033P1$r");
		pen_describe(&emulator->pen, &reply);
		str_append(&reply, "m\033\\");
	} else if (text_equal(what, " q")) {
		str_append_f(&reply, "\033P1$r%d q\033\\", emulator->shape);
	} else if (text_equal(what, "r") || text_equal(what, "s")) {
		str_append_f(&reply, "\033P$q%s\033\\", what);
		emulator_vt(emulator, reply.data, reply.len);
		str_clear(&reply);
	} else {
		str_append(&reply, "\033P0$r\033\\");
	}
	if (reply.len > 0)
		emulator->events->reply(emulator->user, reply.data, reply.len);
	str_finish(&reply);
}

void string_done(void *user, enum string_kind kind, const char *bytes, size_t len)
{
	struct emulator *emulator = user;
	if (kind == STRING_DCS && text_has_prefix(bytes, "$q"))
		request_status(emulator, bytes + 2);
	if (kind == STRING_DCS && text_has_prefix(bytes, "+q")) /* XTGETTCAP: nothing to tell */
		emulator->events->reply(emulator->user, "\033P0+r\033\\", 7);
	if (kind != STRING_OSC)
		return;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (text_has_prefix(bytes, commands[i].number)) {
			size_t skip = strlen(commands[i].number);
			commands[i].run(emulator, bytes + skip, len - skip);
		}
}
