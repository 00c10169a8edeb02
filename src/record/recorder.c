/* recorder: see recorder.h. A sink is one file: the whole recording, or the take of the stage in view, which becomes its stage's
 * take only when the stage is over and was performed. */
#include "onesdn/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onesdn/ui.h"

struct sink {
	struct cast_writer *writer; /* NULL: not open */
	struct canvas *shown;       /* what the file's terminal shows by now; NULL: nothing yet */
	int64_t began_ms;           /* -1: with the next frame */
};

struct recorder {
	struct cast_header header;
	char *title;
	const struct cast_rules *rules;
	bool keeps_takes, is_paused, has_stage;
	struct sink whole, take;
	char *act, *id, *marker; /* of the stage in view; marker NULL: it was written */
	char *take_path, *take_new;
	bool is_kept;
	struct recorder_sum sum;
};

/* ---- one file ---- */
static void sink_close(struct sink *sink)
{
	cast_writer_destroy(sink->writer);
	canvas_destroy(sink->shown);
	*sink = (struct sink){.began_ms = -1};
}

static int64_t sink_time(const struct sink *sink, int64_t now_ms)
{
	return sink->began_ms < 0 ? 0 : (now_ms - sink->began_ms) * 1000;
}

static bool sink_frame(struct sink *sink, int64_t now_ms, const struct canvas *frame, const struct canvas_look *looks)
{
	struct str change = {0};
	if (!sink->writer)
		return false;
	if (sink->began_ms < 0)
		sink->began_ms = now_ms;
	canvas_diff(sink->shown, frame, looks, &change);
	if (change.len > 0)
		cast_writer_output(sink->writer, sink_time(sink, now_ms), change.data, change.len);
	bool is_new = change.len > 0;
	str_finish(&change);
	if (!sink->shown)
		sink->shown = canvas_create(frame->cols, frame->rows);
	memcpy(sink->shown->cells, frame->cells, (size_t)frame->cols * (size_t)frame->rows * sizeof *frame->cells);
	sink->shown->cursor_x = frame->cursor_x;
	sink->shown->cursor_y = frame->cursor_y;
	return is_new;
}

static void sink_marker(struct sink *sink, int64_t now_ms, const char *title)
{
	if (sink->writer)
		cast_writer_marker(sink->writer, sink_time(sink, now_ms), title);
}

/* ---- takes ---- */
static void note_problem(struct recorder *r, const char *text)
{
	if (r->sum.problem.len == 0)
		str_append(&r->sum.problem, text);
}

static void open_take(struct recorder *r, const char *title)
{
	struct cast_header header = r->header;
	struct err err;
	header.title = title;
	r->take_path = ui_take_path(r->act, r->id, &err);
	if (!r->take_path) {
		note_problem(r, err.text);
		return;
	}
	r->take_new = mem_printf("%s.new", r->take_path);
	r->take.writer = cast_writer_create(r->take_new, &header, NULL, &err);
	r->take.began_ms = -1;
	if (!r->take.writer)
		note_problem(r, err.text);
}

static void close_take(struct recorder *r, int64_t now_ms)
{
	struct err err;
	if (r->take.writer && r->is_kept) {
		if (!cast_writer_finish(r->take.writer, sink_time(&r->take, now_ms), -1, &err))
			note_problem(r, err.text);
		else if (rename(r->take_new, r->take_path) != 0)
			note_problem(r, "a take could not be put in its place");
		else
			r->sum.n_takes++;
	}
	if (r->take_new)
		unlink(r->take_new); /* if it is still there, it was not kept */
	sink_close(&r->take);
	free(r->take_path);
	free(r->take_new);
	r->take_path = r->take_new = NULL;
	r->is_kept = false;
}

/* ---- the face ---- */
struct recorder *recorder_create(const struct recorder_options *options, struct err *err)
{
	struct recorder *r = mem_alloc(sizeof *r);
	struct str title = {0};
	const char *wanted = options->header->title ? options->header->title : "";
	r->header = *options->header;
	r->rules = options->rules;
	if (r->rules)
		cast_rules_text(r->rules, wanted, strlen(wanted), &title);
	else
		str_append(&title, wanted);
	r->header.title = r->title = mem_strdup(str_text(&title));
	str_finish(&title);
	r->keeps_takes = options->keeps_takes;
	r->whole.began_ms = r->take.began_ms = -1;
	if (options->path && !(r->whole.writer = cast_writer_create(options->path, &r->header, NULL, err))) {
		recorder_destroy(r);
		return NULL;
	}
	return r;
}

void recorder_destroy(struct recorder *r)
{
	if (!r)
		return;
	close_take(r, 0);
	sink_close(&r->whole);
	str_finish(&r->sum.problem);
	free(r->act);
	free(r->id);
	free(r->marker);
	free(r->title);
	free(r);
}

bool recorder_frame(struct recorder *r, int64_t now_ms, const struct canvas *frame, const struct canvas_look *looks)
{
	if (!r->has_stage || r->is_paused)
		return true; /* nobody knows */
	bool is_new = sink_frame(&r->whole, now_ms, frame, looks);
	is_new = sink_frame(&r->take, now_ms, frame, looks) || is_new;
	if (!r->marker)
		return is_new;
	sink_marker(&r->whole, now_ms, r->marker);
	sink_marker(&r->take, now_ms, r->marker);
	free(r->marker);
	r->marker = NULL;
	r->sum.n_markers++;
	return true;
}

void recorder_stage(struct recorder *r, int64_t now_ms, const struct recorder_stage *stage)
{
	struct str title = {0};
	close_take(r, now_ms);
	if (r->rules)
		cast_rules_text(r->rules, stage->title, strlen(stage->title), &title);
	else
		str_append(&title, stage->title);
	free(r->act);
	free(r->id);
	free(r->marker);
	r->act = mem_strdup(stage->act);
	r->id = mem_strdup(stage->id);
	r->marker = mem_strdup(str_text(&title));
	r->has_stage = true;
	if (r->keeps_takes && !r->is_paused)
		open_take(r, str_text(&title));
	str_finish(&title);
}

const char *recorder_problem(const struct recorder *r)
{
	return r->whole.writer ? cast_writer_problem(r->whole.writer) : "";
}

void recorder_keep(struct recorder *r)
{
	r->is_kept = true;
}

void recorder_pause(struct recorder *r, bool is_paused)
{
	r->is_paused = is_paused;
}

bool recorder_is_paused(const struct recorder *r)
{
	return r->is_paused || !r->has_stage;
}

bool recorder_finish(struct recorder *r, int64_t now_ms, struct recorder_sum *sum, struct err *err)
{
	bool is_good = true;
	close_take(r, now_ms);
	if (r->whole.writer) {
		is_good = cast_writer_finish(r->whole.writer, sink_time(&r->whole, now_ms), -1, err);
		r->sum.duration_us = cast_writer_end(r->whole.writer);
	}
	sink_close(&r->whole);
	*sum = r->sum;
	r->sum.problem = (struct str){0};
	return is_good;
}

/* ---- colours ---- */
static uint32_t color_of(uint32_t color, uint32_t otherwise)
{
	return COLOR_KIND(color) == 2 ? color & 0xffffff : otherwise;
}

/* Themes leave the sixteen colours of programs to the terminal; a player gets those that go with the theme's ground. */
void recorder_theme(const struct canvas_look *looks, struct cast_theme *theme)
{
	static const struct cast_theme dark = {true,
	                                       0xe6e6e6,
	                                       0x16181d,
	                                       {0x101418, 0xff757f, 0x9ece6a, 0xe0af68, 0x7aa2f7, 0xc3a6ff, 0x7dcfff,
	                                        0xc0caf5, 0x6c7380, 0xff9e9e, 0xb9f27c, 0xffc777, 0xa9c4ff, 0xd9c4ff,
	                                        0xb4e8ff, 0xffffff},
	                                       16};
	static const struct cast_theme light = {true,
	                                        0x1f2328,
	                                        0xffffff,
	                                        {0x1f2328, 0xb3261e, 0x2e7d32, 0x8a5a00, 0x1f5fbf, 0x7b3fb0, 0x00708a,
	                                         0x6b7280, 0x4b5563, 0xd13438, 0x388e3c, 0xa66f00, 0x3b7ddd, 0x9556c8,
	                                         0x0087a8, 0x111418},
	                                        16};
	*theme = canvas_is_for_light(looks) ? light : dark;
	theme->fg = color_of(looks[ROLE_TEXT].fg, theme->fg);
	theme->bg = color_of(looks[ROLE_TEXT].bg, theme->bg);
}
