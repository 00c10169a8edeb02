/* A pane: the emulator with a program on a pty. Keys, mouse and paste are in input.c, reading the cells in view.c. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	READ_MAX = 65536,    /* a turn */
	WRITE_MAX = 1 << 20, /* waiting */
	SCROLLBACK_DEFAULT = 10000,
	SCROLLBACK_MAX = 100000,
	HOLD_MS = 150,
	END_MS = 40, /* without output, after the program has ended */
};

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

void term_tell_dirty(struct term *term)
{
	if (term->dirty_told || !term->events.on_dirty)
		return;
	term->dirty_told = true;
	term->events.on_dirty(term, term->user);
}

/* ---- the emulator's events ---- */

static void on_reply(void *user, const char *bytes, size_t size)
{
	term_write(user, bytes, size);
}

static void on_bell(void *user)
{
	struct term *term = user;
	if (term->events.on_bell)
		term->events.on_bell(term, term->user);
}

static void on_title(void *user)
{
	struct term *term = user;
	if (term->events.on_title)
		term->events.on_title(term, term->emulator.title, term->user);
}

static void on_mark(void *user, const struct term_mark *mark)
{
	struct term *term = user;
	if (term->events.on_mark)
		term->events.on_mark(term, mark, term->user);
}

static void on_clipboard(void *user, const char *text, size_t size)
{
	struct term *term = user;
	if (term->events.on_clipboard)
		term->events.on_clipboard(term, text, size, term->user);
}

static void on_held(void *user, bool held)
{
	struct term *term = user;
	if (term->hold_timer && held)
		loop_timer_start(term->hold_timer, HOLD_MS, 0);
	if (term->hold_timer && !held)
		loop_timer_stop(term->hold_timer);
	if (!held)
		term->dirty_told = false; /* told again: it may be painted now */
}

static void on_hold_end(void *user)
{
	struct term *term = user;
	term->emulator.held = term->dirty_told = false;
	term_tell_dirty(term);
}

static const struct emulator_events emulator_events = {on_reply, on_bell, on_title, on_mark, on_clipboard, on_held};

/* ---- life ---- */

static void on_end(void *user);

struct term *term_create(struct loop *loop, const struct term_options *options)
{
	struct term *term = mem_alloc(sizeof *term);
	size_t scrollback = options->scrollback ? options->scrollback : SCROLLBACK_DEFAULT;
	term->loop = loop;
	term->events = options->events;
	term->user = options->user;
	emulator_init(&term->emulator, clamp(options->rows, 2, 500), clamp(options->cols, 2, 1000),
	              scrollback < SCROLLBACK_MAX ? scrollback : SCROLLBACK_MAX, &emulator_events, term);
	if (term->events.on_output)
		term->emulator.filter.record = &term->record;
	if (loop) {
		term->hold_timer = loop_timer_create(loop, on_hold_end, term);
		term->end_timer = loop_timer_create(loop, on_end, term);
	}
	return term;
}

void term_destroy(struct term *term)
{
	if (!term)
		return;
	if (term->source)
		loop_fd_destroy(term->source);
	if (term->child)
		loop_child_destroy(term->child);
	if (term->loop) {
		loop_timer_destroy(term->hold_timer);
		loop_timer_destroy(term->end_timer);
	}
	emulator_finish(&term->emulator);
	str_finish(&term->record);
	str_finish(&term->out);
	free(term);
}

void term_feed(struct term *term, const void *bytes, size_t size)
{
	emulator_feed(&term->emulator, bytes, size);
	term->fed += size;
	if (term->record.len > 0) {
		term->events.on_output(term, term->record.data, term->record.len, term->user);
		str_clear(&term->record);
	}
	if (!term->emulator.held)
		term_tell_dirty(term);
}

void term_reset(struct term *term)
{
	static const char cancel[] = "\030\033c";
	term_feed(term, cancel, sizeof cancel - 1);
}

/* ---- the program ---- */

/* The program has ended and its terminal was silent for a while, or is closed. */
static void on_end(void *user)
{
	struct term *term = user;
	int status = term->status;
	if (term->source)
		loop_fd_destroy(term->source);
	term->source = NULL;
	if (!term->has_exited) /* closed its terminal, but still runs */
		return;
	loop_timer_stop(term->end_timer);
	loop_child_destroy(term->child);
	term->child = NULL;
	str_clear(&term->out);
	term->out_at = 0;
	if (term->emulator.held)
		on_hold_end(term);
	if (term->events.on_exit)
		term->events.on_exit(term, status, term->user);
}

static void read_program(struct term *term)
{
	static char bytes[READ_MAX]; /* one thread, and nothing is kept in it */
	size_t size = 0;
	term->more = false;
	while (size < READ_MAX) {
		ssize_t n = read(loop_child_pty(term->child), bytes, READ_MAX - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) { /* EIO: the last one has closed it */
			on_end(term);
			return;
		}
		size += (size_t)n;
		term_feed(term, bytes, (size_t)n);
	}
	term->more = size >= READ_MAX;
	if (term->has_exited && size > 0)
		loop_timer_start(term->end_timer, END_MS, 0);
}

static void write_program(struct term *term)
{
	struct str *out = &term->out;
	while (term->out_at < out->len) {
		ssize_t n = write(loop_child_pty(term->child), out->data + term->out_at, out->len - term->out_at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		term->out_at += (size_t)n;
	}
	if (term->out_at == out->len) {
		str_clear(out);
		term->out_at = 0;
	}
	if (term->awaits_room != (out->len > 0)) { /* not for every key: it costs a system call */
		term->awaits_room = out->len > 0;
		loop_fd_set(term->source, term->awaits_room ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	}
}

static void on_source(int events, void *user)
{
	struct term *term = user;
	if (events & LOOP_WRITE)
		write_program(term);
	if (events & LOOP_READ)
		read_program(term);
}

static void on_child(struct loop_child *child, int status, void *user)
{
	struct term *term = user;
	(void)child;
	term->has_exited = true;
	term->status = status;
	if (term->source) /* somebody in the background may keep the terminal open for ever */
		loop_timer_start(term->end_timer, END_MS, 0);
	else
		on_end(term);
}

bool term_start(struct term *term, const char *const *argv, const char *const *env, const char *cwd, struct err *err)
{
	static const char *const always[] = {
	        "TERM=xterm-256color", "COLORTERM=truecolor", "LINES", "COLUMNS", "TMUX", "TERMINFO"};
	if (!term->loop || term->child)
		return err_set(err, ERR_CONFLICT, "a program runs in this pane already; end it first");
	VEC(const char *) all = {0};
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		vec_push(&all, always[i]);
	for (; env && *env; env++)
		vec_push(&all, *env);
	vec_push(&all, NULL);
	struct loop_spawn spec = {.argv = argv,
	                          .env = all.data,
	                          .cwd = cwd,
	                          .pty = true,
	                          .rows = (uint16_t)term->emulator.grid->rows,
	                          .cols = (uint16_t)term->emulator.grid->cols,
	                          .fds = {-1, -1, -1}};
	term->has_exited = term->awaits_room = false;
	term->child = loop_spawn(term->loop, &spec, on_child, term, err);
	vec_finish(&all);
	if (!term->child)
		return false;
	term->source = loop_fd_create(term->loop, loop_child_pty(term->child), LOOP_READ, on_source, term);
	return true;
}

bool term_is_running(const struct term *term)
{
	return term->child != NULL;
}

void term_kill(struct term *term, int signum)
{
	if (term->child)
		loop_child_kill(term->child, signum);
}

void term_write(struct term *term, const void *bytes, size_t size)
{
	if (!term->source) {
		if (term->events.on_input && size > 0)
			term->events.on_input(term, bytes, size, term->user);
		return;
	}
	if (term->out_at > 0) {
		str_drop_front(&term->out, term->out_at);
		term->out_at = 0;
	}
	size_t room = WRITE_MAX - term->out.len;
	str_append_n(&term->out, bytes, size < room ? size : room);
	write_program(term);
}

bool term_resize(struct term *term, int rows, int cols)
{
	struct emulator *emulator = &term->emulator;
	rows = clamp(rows, 2, 500);
	cols = clamp(cols, 2, 1000);
	if (rows == emulator->grid->rows && cols == emulator->grid->cols)
		return false;
	emulator_resize(emulator, rows, cols);
	if (term->source) {
		struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
		ioctl(loop_child_pty(term->child), TIOCSWINSZ, &size);
	}
	term_tell_dirty(term);
	return true;
}
