/* onesdn term: one pane with one command, the whole screen, nothing else. It serves tests and measurements of the terminal
 * itself, and is the shortest way from bytes to cells to the screen: term, canvas, screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"
#include "onesdn/screen.h"
#include "onesdn/term.h"

enum {
	FRAME_MS = 16,     /* between frames while a program floods */
	QUICK_MS = 2,      /* between frames while it says little, and while a key waits for its echo */
	FLOOD_SIZE = 4096, /* since the last frame: more is a flood */
	ECHO_MS = 100,     /* after a key */
};

struct pane {
	struct screen_program
	        *program;  /* the whole screen; painted here: a row is sent when it changes, an echo at once */
	struct loop *loop; /* the program's, as is the screen */
	struct screen *screen;
	struct term *term;
	struct loop_timer *timer;
	bool is_dirty, rings, may_copy;
	int64_t painted_at, echo_until;
	int status;
};

/* ---- when to paint ---- */

static void paint(struct pane *pane)
{
	static const struct canvas_look looks[ROLE_COUNT]; /* the program's own colours */
	int first, last,
	        mouse = term_wants_motion(pane->term, true)    ? SCREEN_MOUSE_ALL
	                : term_wants_motion(pane->term, false) ? SCREEN_MOUSE_DRAGS
	                : term_wants_mouse(pane->term)         ? SCREEN_MOUSE_CLICKS
	                                                       : SCREEN_MOUSE_OFF;
	struct canvas *canvas = screen_program_canvas(pane->program);
	bool visible = term_cursor(pane->term, &canvas->cursor_x, &canvas->cursor_y);
	if (!visible)
		canvas->cursor_x = canvas->cursor_y = -1;
	if (!term_dirty(pane->term, &first, &last))
		last = first - 1;
	for (int y = first; y <= last && y < canvas->rows; y++)
		term_row(pane->term, y, canvas_at(canvas, 0, y), canvas->cols);
	term_clean(pane->term);
	screen_set_mouse(pane->screen, (enum screen_mouse)mouse);
	screen_set_cursor_shape(pane->screen, term_cursor_shape(pane->term));
	screen_flush_rows(pane->screen, canvas, looks, first, last);
	if (*term_title(pane->term))
		screen_set_title(pane->screen, term_title(pane->term));
	if (pane->rings)
		screen_bell(pane->screen);
	pane->is_dirty = pane->rings = false;
	pane->painted_at = loop_now(pane->loop);
	loop_timer_stop(pane->timer);
}

/* At once when the program has said its say; every frame while it floods, and as soon as it pauses. */
static void paint_if_due(void *user)
{
	struct pane *pane = user;
	bool more;
	if (!pane->is_dirty || term_is_held(pane->term) || !screen_is_ready(pane->screen))
		return;
	size_t fed = term_fed(pane->term, &more);
	int64_t now = loop_now(pane->loop), since = now - pane->painted_at;
	bool floods = (more || fed > FLOOD_SIZE) && now >= pane->echo_until;
	if (since >= (floods ? FRAME_MS : QUICK_MS)) {
		paint(pane);
		return;
	}
	int64_t left = (floods ? FRAME_MS : QUICK_MS) - since;
	loop_timer_start(pane->timer, left < QUICK_MS ? left : QUICK_MS, 0);
}

static void on_pause(void *user)
{
	struct pane *pane = user;
	if (pane->is_dirty && !term_is_held(pane->term) && screen_is_ready(pane->screen))
		paint(pane);
}

/* ---- the program ---- */

static void on_dirty(struct term *term, void *user)
{
	struct pane *pane = user;
	(void)term;
	pane->is_dirty = true;
}

static void on_title(struct term *term, const char *title, void *user)
{
	struct pane *pane = user;
	(void)term, (void)title;
	pane->is_dirty = true; /* sent with the next frame: a program may change it a million times */
}

static void on_bell(struct term *term, void *user)
{
	struct pane *pane = user;
	(void)term;
	pane->is_dirty = pane->rings = true;
}

static void on_clipboard(struct term *term, const char *text, size_t size, void *user)
{
	struct pane *pane = user;
	(void)term;
	if (pane->may_copy)
		screen_set_clipboard(pane->screen, text, size);
}

static void on_exit_of(struct term *term, int status, void *user)
{
	struct pane *pane = user;
	(void)term;
	pane->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	loop_stop(pane->loop);
}

/* ---- the person ---- */

static void on_input(const struct input_event *event, void *user)
{
	struct pane *pane = user;
	switch (event->kind) {
	case INPUT_KEY:
		pane->echo_until = loop_now(pane->loop) + ECHO_MS;
		term_key(pane->term, event->key);
		break;
	case INPUT_PASTE:
		term_paste(pane->term, event->text, event->size);
		break;
	case INPUT_MOUSE:
		term_mouse(pane->term, event->mouse);
		break;
	case INPUT_FOCUS:
		term_focus(pane->term, event->focused);
		break;
	default:
		break;
	}
}

static void on_resize(int rows, int cols, void *user)
{
	struct pane *pane = user;
	term_resize(pane->term, rows, cols);
	pane->is_dirty = true;
}

static void on_colors(uint32_t fg, uint32_t bg, void *user)
{
	struct pane *pane = user;
	term_set_colors(pane->term, fg, bg);
}

/* ---- the command ---- */

static bool open_pane(struct pane *pane, struct err *err)
{
	struct term_options options = {.events = {.on_dirty = on_dirty,
	                                          .on_title = on_title,
	                                          .on_bell = on_bell,
	                                          .on_exit = on_exit_of,
	                                          .on_clipboard = on_clipboard}};
	pane->program = screen_program_create(
	        &(struct screen_program_options){
	                .on_input = on_input, .on_resize = on_resize, .on_colors = on_colors, .user = pane},
	        err);
	if (!pane->program)
		return false;
	pane->loop = screen_program_loop(pane->program);
	pane->screen = screen_program_screen(pane->program);
	screen_size(pane->screen, &options.rows, &options.cols);
	options.user = pane;
	pane->term = term_create(pane->loop, &options);
	pane->timer = loop_timer_create(pane->loop, on_pause, pane);
	pane->is_dirty = true;
	pane->painted_at = loop_now(pane->loop) - FRAME_MS;
	loop_on_sleep(pane->loop, paint_if_due, pane);
	return true;
}

static int run(const char *const *argv, bool may_copy)
{
	struct err err = {0};
	struct pane pane = {.may_copy = may_copy, .status = 1};
	bool started = open_pane(&pane, &err) && term_start(pane.term, argv, NULL, NULL, &err);
	if (started) {
		int signum = screen_program_run(pane.program);
		pane.status = signum ? 128 + signum : pane.status;
	}
	loop_timer_destroy(pane.timer);
	term_destroy(pane.term);
	screen_program_destroy(pane.program);
	if (!started) {
		fprintf(stderr, "onesdn term: %s\n", err.text);
		pane.status = err.code == ERR_NOT_FOUND ? 127 : 1;
	}
	return pane.status;
}

/* Our options end at "--" or at the first word that is none: what follows is the command's. */
static int words_of_ours(int argc, char **argv)
{
	int n = 1;
	while (n < argc && argv[n][0] == '-' && strcmp(argv[n], "--") != 0)
		n++;
	return n;
}

int cmd_term(int argc, char **argv)
{
	bool may_copy = false;
	const struct cmd_option options[] = {
	        {"--clipboard", NULL, "let the command set the clipboard (OSC 52)", NULL, &may_copy},
	};
	const struct cmd_usage usage = {
	        "onesdn term [OPTION]... [--] [COMMAND [ARG]...]",
	        "One pane with COMMAND (else your shell), the whole screen; ends with its exit status.", options, 1, 0};
	const char *shell = getenv("SHELL");
	const char *otherwise[] = {shell && *shell ? shell : "/bin/sh", NULL};
	int status = 2, ours = words_of_ours(argc, argv);
	if (!cmd_read_options(&usage, ours, argv, NULL, NULL, &status))
		return status;
	char **command = argv + ours;
	if (*command && strcmp(*command, "--") == 0)
		command++;
	return run(*command ? (const char *const *)command : otherwise, may_copy);
}
