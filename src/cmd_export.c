/* cmd_export: `onesdn export FILE`: a still of a recording as SVG or text, or its chapters as JSON. The same terminal and the same
 * pictures as everywhere: cast, term, canvas. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "onesdn/term.h"
#include "onesdn/theme.h"
#include "recording.h"

static struct export_args {
	const char *at, *marker, *out, *idle_limit, *theme;
	bool svg, txt, ansi, json;
} args;

static const struct cmd_option options[] = {
        {"--svg", NULL, "the still as a picture, in the recording's colours", NULL, &args.svg},
        {"--txt", NULL, "the still as text", NULL, &args.txt},
        {"--ansi", NULL, "the still as text with colours, for a terminal", NULL, &args.ansi},
        {"--json", NULL, "size, duration and chapters (the markers, with their times)", NULL, &args.json},
        {"--at", "TIME", "the still at that time, such as 1:30 (default: the end)", &args.at, NULL},
        {"--marker", "N|TITLE", "the still at that marker", &args.marker, NULL},
        {"--idle-limit", "SECONDS", "the longest pause (default: as the recording says; 0: as it was)",
         &args.idle_limit, NULL},
        {"--theme", "NAME", "colours for a recording that brings none (default dark)", &args.theme, NULL},
        {"-o", "FILE", "write there instead of standard output", &args.out, NULL},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn export FILE --svg|--txt|--ansi|--json [OPTION]...",
        .about = "Takes a still out of a recording of a terminal (asciicast, versions 1 to 3), or its chapters. Times "
                 "are those of\n"
                 "`onesdn play`: with its longer pauses cut as the recording says.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = 1,
};

/* ---- the still ---- */

static struct term *pane_at(const struct cast *cast, int64_t at_us)
{
	struct term *term = term_create(
	        NULL, &(struct term_options){.rows = cast->header.rows, .cols = cast->header.cols, .scrollback = 1});
	for (size_t i = 0; i < cast->events.len && cast->events.data[i].at_us <= at_us; i++) {
		const struct cast_event *event = &cast->events.data[i];
		if (event->kind == CAST_OUTPUT)
			term_feed(term, event->data, event->size);
		else if (event->kind == CAST_RESIZE)
			term_resize(term, event->rows, event->cols);
	}
	return term;
}

static struct canvas *canvas_of(const struct term *term)
{
	int rows, cols;
	term_size(term, &rows, &cols);
	struct canvas *canvas = canvas_create(cols, rows);
	term_paint(term, canvas, (struct rect){0, 0, cols, rows}, 0, true);
	return canvas;
}

/* The recording's own colours: its palette, and what is default. */
static void use_theme(struct canvas *canvas, const struct cast_theme *theme, struct canvas_look looks[ROLE_COUNT])
{
	if (!theme->is_set)
		return;
	for (size_t i = 0; i < (size_t)canvas->cols * (size_t)canvas->rows; i++) {
		uint32_t *colors[] = {&canvas->cells[i].fg, &canvas->cells[i].bg};
		for (size_t k = 0; k < 2; k++)
			if (COLOR_KIND(*colors[k]) == 1 && (*colors[k] & 0xff) < 16)
				*colors[k] = 0x02000000u | theme->palette[*colors[k] & 0xff];
	}
	looks[ROLE_TEXT].fg = 0x02000000u | theme->fg;
	looks[ROLE_TEXT].bg = 0x02000000u | theme->bg;
}

static bool print_still(const struct cast *cast, int64_t at_us, struct str *out, struct err *err)
{
	struct canvas_look looks[ROLE_COUNT] = {{0}};
	const char *title = cast->header.title;
	if (args.theme && !theme_load(args.theme, THEME_RGB, looks, err))
		return false;
	struct term *term = pane_at(cast, at_us);
	struct canvas *canvas = canvas_of(term);
	if (args.txt) {
		canvas_text(canvas, out);
	} else if (args.ansi) {
		canvas_ansi(canvas, looks, out);
	} else {
		use_theme(canvas, &cast->header.theme, looks);
		canvas_svg(canvas, looks, title && *title ? title : "onesdn", out);
	}
	canvas_destroy(canvas);
	term_destroy(term);
	return true;
}

/* ---- the chapters ---- */

static json_t *seconds(int64_t us)
{
	return json_real((double)us / 1e6);
}

static void print_chapters(const struct cast *cast, struct str *out)
{
	json_t *top = json_object(), *chapters = json_array();
	struct str title = {0};
	str_append_safe(&title, cast->header.title ? cast->header.title : "",
	                cast->header.title ? strlen(cast->header.title) : 0);
	json_object_set_new(top, "version", json_integer(cast->header.version));
	json_object_set_new(top, "title", json_stringn(str_text(&title), title.len));
	json_object_set_new(top, "cols", json_integer(cast->header.cols));
	json_object_set_new(top, "rows", json_integer(cast->header.rows));
	if (cast->header.timestamp > 0)
		json_object_set_new(top, "timestamp", json_integer(cast->header.timestamp));
	json_object_set_new(top, "duration", seconds(cast->duration_us));
	json_object_set_new(top, "chapters", chapters);
	for (size_t i = 0; i < cast->events.len; i++) {
		const struct cast_event *event = &cast->events.data[i];
		if (event->kind != CAST_MARKER)
			continue;
		str_clear(&title);
		str_append_safe(&title, event->data, event->size);
		json_array_append_new(chapters, json_pack("{s:o, s:s%}", "time", seconds(event->at_us), "title",
		                                          str_text(&title), title.len));
	}
	str_append_json(out, top, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	str_append_c(out, '\n');
	json_decref(top);
	str_finish(&title);
}

/* ---- the command ---- */

static bool find_time(const struct cast *cast, int64_t *at_us, struct err *err)
{
	*at_us = cast->duration_us;
	if (args.marker)
		return recording_marker(cast, args.marker, at_us, err);
	if (args.at && !cast_time_parse(args.at, at_us))
		return err_set(err, ERR_INVALID, "--at takes a time, such as 90, 1:30 or 1:01:30.5, not \"%s\"",
		               args.at);
	if (*at_us > cast->duration_us) {
		char end[24];
		cast_time_format(cast->duration_us, end);
		return err_set(err, ERR_NOT_FOUND, "--at %s is behind the recording's end at %s", args.at, end);
	}
	return true;
}

static bool export(const char *path, struct err *err)
{
	struct str out = {0};
	int64_t at_us;
	struct cast *cast = recording_read(path, args.idle_limit, err);
	bool is_good = cast && find_time(cast, &at_us, err);
	if (is_good && args.json)
		print_chapters(cast, &out);
	else if (is_good)
		is_good = print_still(cast, at_us, &out, err);
	if (is_good && args.out)
		is_good = file_write(args.out, str_text(&out), out.len, 0644, err);
	else if (is_good && (fwrite(str_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
		is_good = err_set(err, ERR_SYSTEM, "standard output cannot be written to");
	str_finish(&out);
	cast_destroy(cast);
	return is_good;
}

int cmd_export(int argc, char **argv)
{
	struct err err = {.code = ERR_NONE};
	const char *path = NULL, *wrong = NULL;
	size_t n = 0;
	int status;
	if (!cmd_read_options(&usage, argc, argv, &path, &n, &status))
		return status;
	if (n == 0)
		wrong = "which recording?";
	else if (args.svg + args.txt + args.ansi + args.json != 1)
		wrong = "as what: one of --svg, --txt, --ansi, --json";
	else if (args.at && args.marker)
		wrong = "either --at or --marker";
	if (wrong) {
		fprintf(stderr, "onesdn: %s\nusage: %s\n", wrong, usage.synopsis);
		return 2;
	}
	if (export(path, &err))
		return 0;
	fprintf(stderr, "onesdn: %s\n", err.text);
	return 1;
}
