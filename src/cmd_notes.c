/* cmd_notes: `onesdn notes`: the speaker's second terminal. Follows the running show and says what it tells; changes nothing. */
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
	struct screen_program *program; /* the whole screen */
	struct notes_link *link;
	struct notes notes; /* what was told last */
	bool has_notes, was_there;
	int64_t told_at;
	int scroll, most_scroll;
};

static int64_t paint(struct canvas *canvas, void *user)
{
	struct desk *desk = user;
	int64_t now = loop_now(screen_program_loop(desk->program)), told = desk->notes.elapsed_ms;
	bool runs = desk->has_notes && told >= 0;
	struct notes_view view = {.notes = desk->has_notes ? &desk->notes : NULL,
	                          .was_there = desk->was_there,
	                          .elapsed_ms = runs ? told + now - desk->told_at : -1,
	                          .scroll = desk->scroll};
	desk->most_scroll = notes_paint(canvas, &view);
	return runs ? SECOND_MS - view.elapsed_ms % SECOND_MS : -1;
}

static void on_notes(struct notes *notes, void *user)
{
	struct desk *desk = user;
	bool is_other = !notes || notes->stage != desk->notes.stage || !text_equal(notes->act, desk->notes.act);
	notes_finish(&desk->notes);
	desk->was_there |= desk->has_notes;
	desk->has_notes = notes != NULL;
	desk->told_at = loop_now(screen_program_loop(desk->program));
	desk->scroll = is_other ? 0 : desk->scroll;
	if (notes)
		desk->notes = *notes;
	screen_program_touch(desk->program);
}

/* ---- keys: a table, as for the show ---- */
static void do_quit(struct desk *desk, int ignored)
{
	(void)ignored;
	loop_stop(screen_program_loop(desk->program));
}

static void do_scroll(struct desk *desk, int lines)
{
	int to = desk->scroll + lines;
	desk->scroll = to > desk->most_scroll ? desk->most_scroll : to < 0 ? 0 : to;
}

static void do_redraw(struct desk *desk, int ignored)
{
	(void)ignored;
	screen_redraw(screen_program_screen(desk->program));
}

static void do_suspend(struct desk *desk, int ignored)
{
	(void)ignored;
	screen_program_suspend(desk->program);
}

static const struct desk_key {
	const char *keys; /* as input_key_is_one takes them */
	void (*does)(struct desk *desk, int argument);
	int argument;
} keys[] = {
        {"q ctrl-c", do_quit, 0},     {"up k", do_scroll, -1},       {"down j", do_scroll, 1},
        {"pageup", do_scroll, -PAGE}, {"pagedown", do_scroll, PAGE}, {"ctrl-l", do_redraw, 0},
        {"ctrl-z", do_suspend, 0},
};

static void on_input(const struct input_event *event, void *user)
{
	struct desk *desk = user;
	for (size_t i = 0; event->kind == INPUT_KEY && i < sizeof keys / sizeof *keys; i++)
		if (input_key_is_one(event->key, keys[i].keys))
			keys[i].does(desk, keys[i].argument);
	screen_program_touch(desk->program);
}

/* Until q; follows whatever show there is. */
static bool run(const struct ui_config *config, struct err *err)
{
	struct desk desk = {.link = NULL};
	desk.program = screen_program_create(&(struct screen_program_options){.title = "onesdn: notes",
	                                                                      .theme = config->theme,
	                                                                      .ascii = config->ascii,
	                                                                      .on_input = on_input,
	                                                                      .paint = paint,
	                                                                      .user = &desk},
	                                     err);
	if (desk.program)
		desk.link = notes_follow(screen_program_loop(desk.program), on_notes, &desk, err);
	bool is_good = desk.link != NULL;
	if (is_good)
		screen_program_run(desk.program);
	notes_link_destroy(desk.link);
	screen_program_destroy(desk.program);
	notes_finish(&desk.notes);
	return is_good;
}

int cmd_notes(int argc, char **argv)
{
	struct ui_config config = {.type_ms = -1};
	const char *theme = NULL;
	bool is_ascii = false;
	struct err err = {0};
	int status;
	const struct cmd_option options[] = {
	        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &theme, NULL},
	        {"--ascii", NULL, "no characters beyond ASCII", NULL, &is_ascii},
	};
	const struct cmd_usage usage = {
	        "onesdn notes [OPTION]...",
	        "The speaker's second terminal: notes, what runs next, the clock against the plan. "
	        "Follows the show that\nruns, or waits for one; changes nothing. ↑ ↓ scroll, q leaves.",
	        options, sizeof options / sizeof *options, 0};
	if (!cmd_read_options(&usage, argc, argv, NULL, NULL, &status))
		return status;
	bool is_good = ui_config_load(&config, &err);
	config.ascii |= is_ascii;
	if (is_good && theme) {
		free(config.theme);
		config.theme = mem_strdup(theme);
	}
	is_good = is_good && run(&config, &err);
	ui_config_finish(&config);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	return is_good ? 0 : 1;
}
