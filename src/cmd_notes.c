/* cmd_notes: `onesdn notes`: the speaker's second terminal. Follows the running show and says what it tells; changes nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "notes_view.h"
#include "onesdn/input.h"
#include "onesdn/screen.h"
#include "onesdn/ui.h"

enum { SECOND_MS = 1000, PAGE = 10 };

struct desk {
	struct loop *loop;
	struct ui_config config;
	struct screen *screen;
	struct canvas *canvas;
	struct canvas_look looks[ROLE_COUNT];
	struct notes_link *link;
	struct notes notes; /* what was told last */
	bool has_notes, was_there, is_dirty;
	int64_t told_at;
	int scroll, most_scroll;
	struct loop_timer *clock; /* while it runs */
};

static void touch(void *user)
{
	((struct desk *)user)->is_dirty = true;
}

static void draw_if_due(void *user)
{
	struct desk *desk = user;
	if (!desk->is_dirty || !desk->screen || !screen_is_ready(desk->screen))
		return;
	int64_t now = loop_now(desk->loop), told = desk->notes.elapsed_ms;
	bool runs = desk->has_notes && told >= 0;
	struct notes_view view = {.notes = desk->has_notes ? &desk->notes : NULL,
	                          .was_there = desk->was_there,
	                          .elapsed_ms = runs ? told + now - desk->told_at : -1,
	                          .scroll = desk->scroll};
	desk->most_scroll = notes_paint(desk->canvas, &view);
	screen_flush(desk->screen, desk->canvas, desk->looks);
	desk->is_dirty = false;
	if (runs)
		loop_timer_start(desk->clock, SECOND_MS - view.elapsed_ms % SECOND_MS, 0);
	else
		loop_timer_stop(desk->clock);
}

static void on_notes(struct notes *notes, void *user)
{
	struct desk *desk = user;
	bool is_other = !notes || notes->stage != desk->notes.stage || !text_equal(notes->act, desk->notes.act);
	touch(desk);
	notes_finish(&desk->notes);
	desk->was_there |= desk->has_notes;
	desk->has_notes = notes != NULL;
	desk->told_at = loop_now(desk->loop);
	desk->scroll = is_other ? 0 : desk->scroll;
	if (notes)
		desk->notes = *notes;
}

/* ---- keys: a table, as for the show ---- */
static void do_quit(struct desk *desk, int ignored)
{
	(void)ignored;
	loop_stop(desk->loop);
}

static void do_scroll(struct desk *desk, int lines)
{
	int to = desk->scroll + lines;
	desk->scroll = to > desk->most_scroll ? desk->most_scroll : to < 0 ? 0 : to;
}

static void do_redraw(struct desk *desk, int ignored)
{
	(void)ignored;
	screen_redraw(desk->screen);
}

static const struct desk_key {
	const char *keys;
	void (*does)(struct desk *desk, int argument);
	int argument;
} keys[] = {
        {"q", do_quit, 0},        {"ctrl-c", do_quit, 0}, {"up", do_scroll, -1},        {"k", do_scroll, -1},
        {"down", do_scroll, 1},   {"j", do_scroll, 1},    {"pageup", do_scroll, -PAGE}, {"pagedown", do_scroll, PAGE},
        {"ctrl-l", do_redraw, 0},
};

static void on_input(const struct input_event *event, void *user)
{
	struct desk *desk = user;
	for (size_t i = 0; event->kind == INPUT_KEY && i < sizeof keys / sizeof *keys; i++) {
		struct term_key key;
		if (input_key_parse(keys[i].keys, &key) && input_key_same(key, event->key))
			keys[i].does(desk, keys[i].argument);
	}
	touch(desk);
}

static void on_resize(int rows, int cols, void *user)
{
	struct desk *desk = user;
	canvas_destroy(desk->canvas);
	desk->canvas = canvas_create(cols, rows);
	desk->canvas->ascii = desk->config.ascii || screen_is_ascii(desk->screen);
	touch(desk);
}

static void on_gone(void *user)
{
	loop_stop(((struct desk *)user)->loop);
}

static void on_signal(int signum, void *user)
{
	(void)signum;
	on_gone(user);
}

static bool open_desk(struct desk *desk, struct err *err)
{
	static const struct screen_events events = {
	        .on_input = on_input, .on_resize = on_resize, .on_gone = on_gone, .on_ready = touch};
	struct err ignored;
	int rows, cols;
	const char *theme = desk->config.theme;
	desk->screen = screen_create(desk->loop, &events, desk, err);
	if (!desk->screen)
		return false;
	screen_size(desk->screen, &rows, &cols);
	on_resize(rows, cols, desk);
	if (!theme_load(theme ? theme : "dark", screen_depth(desk->screen), desk->looks, theme ? err : &ignored) &&
	    theme)
		return false;
	screen_set_title(desk->screen, "onesdn: notes");
	desk->clock = loop_timer_create(desk->loop, touch, desk);
	loop_on_sleep(desk->loop, draw_if_due, desk);
	desk->link = notes_follow(desk->loop, on_notes, desk, err);
	return desk->link != NULL;
}

static void close_desk(struct desk *desk)
{
	if (desk->loop)
		loop_on_sleep(desk->loop, NULL, NULL);
	notes_link_destroy(desk->link);
	if (desk->clock)
		loop_timer_destroy(desk->clock);
	screen_destroy(desk->screen);
	canvas_destroy(desk->canvas);
	notes_finish(&desk->notes);
}

int cmd_notes(int argc, char **argv)
{
	static const int signums[] = {SIGTERM, SIGHUP, SIGINT};
	enum { N_SIGNALS = sizeof signums / sizeof *signums };
	struct loop_signal *signals[N_SIGNALS] = {0};
	struct desk desk = {.config = {.type_ms = -1}};
	const char *theme = NULL;
	struct err err = {0};
	int status;
	const struct cmd_option options[] = {
	        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &theme, NULL},
	        {"--ascii", NULL, "no characters beyond ASCII", NULL, &desk.config.ascii},
	};
	const struct cmd_usage usage = {
	        "onesdn notes [OPTION]...",
	        "The speaker's second terminal: notes, what runs next, the clock against the plan. "
	        "Follows the show that\nruns, or waits for one; changes nothing. ↑ ↓ scroll, q leaves.",
	        options, sizeof options / sizeof *options, 0};
	if (!cmd_read_options(&usage, argc, argv, NULL, NULL, &status))
		return status;
	bool is_ascii = desk.config.ascii, is_good = ui_config_load(&desk.config, &err);
	desk.config.ascii |= is_ascii;
	if (is_good && theme) {
		free(desk.config.theme);
		desk.config.theme = mem_strdup(theme);
	}
	is_good = is_good && (desk.loop = loop_create(&err)) && open_desk(&desk, &err);
	for (size_t i = 0; is_good && i < N_SIGNALS; i++)
		signals[i] = loop_signal_create(desk.loop, signums[i], on_signal, &desk);
	if (is_good)
		loop_run(desk.loop);
	for (size_t i = 0; i < N_SIGNALS; i++)
		loop_signal_destroy(signals[i]);
	close_desk(&desk);
	if (desk.loop)
		loop_destroy(desk.loop);
	ui_config_finish(&desk.config);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	return is_good ? 0 : 1;
}
