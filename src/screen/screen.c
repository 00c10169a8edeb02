/* The screen: a canvas flushed through ncurses, what is beside it, what the terminal says, and life. */
#include "screen/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	ANSWER_MS = 150, /* how long an answer is awaited before the terminal is given back */
	SYNC_ROWS = 2,   /* a frame that changes more rows is bracketed */
	READ_MAX = 65536,
};

static void place_cursor(struct screen *screen, const struct canvas *canvas)
{
	bool visible = canvas->cursor_x >= 0 && canvas->cursor_x < screen->cols && canvas->cursor_y >= 0 &&
	               canvas->cursor_y < screen->rows;
	bool was_visible = screen->cursor_x >= 0;
	if (visible != was_visible)
		curs_set(visible);
	screen->cursor_x = visible ? canvas->cursor_x : -1;
	screen->cursor_y = visible ? canvas->cursor_y : -1;
	if (visible)
		wmove(stdscr, canvas->cursor_y, canvas->cursor_x);
}

static bool looks_differ(const struct canvas_look a[ROLE_COUNT], const struct canvas_look b[ROLE_COUNT])
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (a[i].fg != b[i].fg || a[i].bg != b[i].bg || a[i].attrs != b[i].attrs)
			return true;
	return false;
}

static int draw_rows(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT],
                     int first, int last)
{
	int changed = 0;
	screen_renew_pairs(screen);
	if (looks_differ(screen->looks, looks)) {
		memcpy(screen->looks, looks, sizeof screen->looks);
		screen->redraw = true;
	}
	if (screen->redraw) {
		clearok(stdscr, TRUE);
		first = 0;
		last = screen->rows - 1;
	}
	memset(screen->drawn, 0, (size_t)screen->rows * sizeof *screen->drawn);
	for (int y = first < 0 ? 0 : first; y <= last && y < screen->rows; y++) {
		screen->drawn[y] = screen_update_row(screen, y, canvas, looks);
		changed += screen->drawn[y];
	}
	screen->redraw = false;
	return changed;
}

void screen_flush_rows(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT],
                       int first, int last)
{
	first = first < screen->late_first ? first : screen->late_first;
	last = last > screen->late_last ? last : screen->late_last;
	if (!screen_is_ready(screen)) {
		screen->late_first = first;
		screen->late_last = last;
		screen->was_left_out = true;
		return;
	}
	screen->late_first = screen->rows;
	screen->late_last = -1;
	bool bracket = draw_rows(screen, canvas, looks, first, last) > SYNC_ROWS && screen->synchronizes;
	if (bracket)
		str_append(&screen->out, "\033[?2026h");
	place_cursor(screen, canvas);
	wnoutrefresh(stdscr);
	doupdate();
	screen_collect(screen);
	for (int y = 0; y < screen->rows; y++)
		if (screen->drawn[y])
			screen_append_halves(screen, y, looks);
	if (bracket)
		str_append(&screen->out, "\033[?2026l");
	screen_drain(screen, false);
	if (!screen->asked)
		loop_timer_start(screen->ask_timer, 0, 0);
	screen->asked = true;
}

bool screen_is_ready(const struct screen *screen)
{
	return !screen->awaits_room;
}

void screen_flush(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT])
{
	screen_flush_rows(screen, canvas, looks, 0, screen->rows - 1);
}

void screen_redraw(struct screen *screen)
{
	screen->redraw = true;
}

/* ---- beside the canvas ---- */

void screen_set_title(struct screen *screen, const char *title)
{
	if (!screen->is_xterm || text_equal(str_text(&screen->title), title))
		return;
	str_clear(&screen->title);
	str_append_safe(&screen->title, title, strlen(title));
	screen_send_text(screen, "\033]2;");
	screen_send_text(screen, str_text(&screen->title));
	screen_send_text(screen, "\a");
}

void screen_set_cursor_shape(struct screen *screen, int shape)
{
	char text[16];
	if (!screen->is_xterm || shape == screen->shape || shape < 0 || shape > 6)
		return;
	screen->shape = shape;
	screen_send(screen, text, (size_t)snprintf(text, sizeof text, "\033[%d q", shape));
}

void screen_set_mouse(struct screen *screen, enum screen_mouse mouse)
{
	static const int modes[] = {0, 1000, 1002, 1003};
	char text[64];
	if (mouse == screen->mouse)
		return;
	if (screen->mouse)
		screen_send(screen, text, (size_t)snprintf(text, sizeof text, "\033[?%dl", modes[screen->mouse]));
	if (mouse)
		screen_send(screen, text, (size_t)snprintf(text, sizeof text, "\033[?1006h\033[?%dh", modes[mouse]));
	else
		screen_send_text(screen, "\033[?1006l");
	screen->mouse = mouse;
}

void screen_set_clipboard(struct screen *screen, const char *text, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct str out = {0};
	if (!screen->is_xterm)
		return;
	str_append(&out, "\033]52;c;");
	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (unsigned char)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			str_append_c(&out, k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
	str_append(&out, "\a");
	screen_send(screen, out.data, out.len);
	str_finish(&out);
}

void screen_bell(struct screen *screen)
{
	screen_send_text(screen, "\a");
}

/* ---- what the terminal says ---- */

static void on_winch(int signum, void *user);

/* Once the first frame is out: nothing at the start waits for it. */
static void ask(void *user)
{
	struct screen *screen = user;
	on_winch(SIGWINCH, screen); /* the size may have changed before anybody listened */
	screen->asked_at = loop_now(screen->loop);
	/* every terminal answers the last one, and answers in order */
	if (screen->is_xterm)
		screen_send_text(screen, "\033[?2026$p\033]10;?\033\\\033]11;?\033\\\033[c");
}

static void on_event(const struct input_event *event, void *user)
{
	struct screen *screen = user;
	switch (event->kind) {
	case INPUT_MODE:
		if (event->number == 2026)
			screen->synchronizes = event->value >= 1 && event->value <= 3;
		break;
	case INPUT_COLOR:
		screen->colors[event->number - 10] = event->color;
		if (screen->events.on_colors)
			screen->events.on_colors(screen->colors[0], screen->colors[1], screen->user);
		break;
	case INPUT_ATTRIBUTES:
		screen->answered = true;
		break;
	default:
		screen->events.on_input(event, screen->user);
	}
}

static void on_expire(void *user)
{
	struct screen *screen = user;
	input_expire(screen->input);
}

static void on_readable(int events, void *user)
{
	static char bytes[READ_MAX];
	struct screen *screen = user;
	(void)events;
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_fd_set(screen->source, 0);
		if (screen->events.on_gone)
			screen->events.on_gone(screen->user);
		return;
	}
	loop_timer_stop(screen->timer);
	input_feed(screen->input, bytes, (size_t)n);
	if (input_is_waiting(screen->input))
		loop_timer_start(screen->timer, INPUT_WAIT_MS, 0);
}

/* ---- size ---- */

static void allocate(struct screen *screen)
{
	getmaxyx(stdscr, screen->rows, screen->cols);
	free(screen->shown);
	free(screen->line);
	free(screen->row);
	free(screen->drawn);
	screen->drawn = mem_alloc((size_t)screen->rows * sizeof *screen->drawn);
	screen->line = mem_alloc((size_t)screen->cols * sizeof *screen->line);
	screen->shown = mem_alloc((size_t)screen->rows * (size_t)screen->cols * sizeof *screen->shown);
	screen->row = mem_alloc((size_t)screen->cols * 2 * sizeof *screen->row);
	screen->redraw = true;
	screen->late_first = screen->rows;
	screen->late_last = -1;
}

static void on_winch(int signum, void *user)
{
	struct screen *screen = user;
	struct winsize size;
	(void)signum;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	if (size.ws_row == screen->rows && size.ws_col == screen->cols)
		return;
	resizeterm(size.ws_row, size.ws_col);
	allocate(screen);
	screen->events.on_resize(screen->rows, screen->cols, screen->user);
}

void screen_size(const struct screen *screen, int *rows, int *cols)
{
	*rows = screen->rows;
	*cols = screen->cols;
}

enum theme_depth screen_depth(const struct screen *screen)
{
	return screen->depth;
}

bool screen_is_ascii(const struct screen *screen)
{
	return screen->is_ascii;
}

bool screen_is_light(const struct screen *screen)
{
	uint32_t color = screen->colors[1];
	unsigned light = (color >> 16 & 0xff) * 3 + (color >> 8 & 0xff) * 6 + (color & 0xff);
	return COLOR_KIND(color) == 2 && light > 1280;
}

struct screen *screen_create(struct loop *loop, const struct screen_events *events, void *user, struct err *err)
{
	struct screen *screen = mem_alloc(sizeof *screen);
	screen->loop = loop;
	screen->events = *events;
	screen->user = user;
	if (!screen_open(screen, err)) {
		free(screen);
		return NULL;
	}
	screen->input = input_create(on_event, screen);
	screen_add_keys(screen->input);
	allocate(screen);
	if (screen->is_xterm)
		screen_send_text(screen, "\033[?2004h\033[?1004h");
	screen->source = loop_fd_create(loop, STDIN_FILENO, LOOP_READ, on_readable, screen);
	screen->timer = loop_timer_create(loop, on_expire, screen);
	screen->ask_timer = loop_timer_create(loop, ask, screen);
	screen->winch = loop_signal_create(loop, SIGWINCH, on_winch, screen);
	return screen;
}

/* Answers that are still on their way would be typed into the shell. */
static void await_answers(struct screen *screen)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t left = ANSWER_MS - (loop_now(screen->loop) - screen->asked_at);
	char bytes[512];
	while (screen->is_xterm && screen->asked_at > 0 && !screen->answered && left > 0 &&
	       poll(&wait, 1, (int)left) > 0) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
		if (n <= 0)
			break;
		input_feed(screen->input, bytes, (size_t)n);
	}
}

static void ignore_input(const struct input_event *event, void *user)
{
	(void)event, (void)user;
}

void screen_destroy(struct screen *screen)
{
	if (!screen)
		return;
	screen->events.on_input = ignore_input;
	screen->events.on_colors = NULL;
	loop_fd_destroy(screen->source);
	if (screen->sink)
		loop_fd_destroy(screen->sink);
	screen->sink = NULL;
	screen->awaits_room = true; /* from here on all is written at the end */
	loop_timer_destroy(screen->timer);
	loop_timer_destroy(screen->ask_timer);
	loop_signal_destroy(screen->winch);
	await_answers(screen);
	screen_set_mouse(screen, SCREEN_MOUSE_OFF);
	if (screen->shape > 0)
		screen_set_cursor_shape(screen, 0);
	if (screen->is_xterm)
		screen_send_text(screen, "\033[?2004l\033[?1004l");
	screen_close(screen);
	str_finish(&screen->out);
	input_destroy(screen->input);
	free(screen->shown);
	free(screen->line);
	free(screen->row);
	free(screen->drawn);
	str_finish(&screen->title);
	free(screen);
}
