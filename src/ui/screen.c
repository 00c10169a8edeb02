/* ncurses: start, flush, resize, stop. What ncurses cannot say goes to the descriptor itself, before or after doupdate,
 * which leaves nothing in a buffer. Giving the terminal back after a crash is in rescue.c. */
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include "ui/screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "ui/rescue.h"

#undef lines   /* term.h makes macros of common words */
#undef columns

enum {
	ANSWER_MS = 150,                /* how long an answer is awaited before the terminal is given back */
	PAIRS_MAX = 60000,              /* of 65536: when they run out, all are made anew */
	PAIR_SLOTS = 16384,             /* power of two; the cache of pairs */
	SYNC_ROWS = 2,                  /* a frame that changes more rows is bracketed */
	READ_MAX = 65536,
};

struct pair_slot {
	uint32_t fg, bg;
	int pair;                       /* 0: empty */
};

struct screen {
	struct loop *loop;
	struct screen_events events;
	void *user;
	SCREEN *curses;
	struct input *input;
	struct loop_fd *source;
	struct loop_timer *timer;       /* a sequence that is not whole */
	struct loop_signal *winch;
	struct loop_timer *ask_timer;   /* asks once the first frame is out */
	int rows, cols;
	enum theme_depth depth;
	bool is_ascii, is_xterm;        /* xterm's extensions: titles, cursor shapes, queries */
	bool asked, answered, synchronizes;
	int64_t asked_at;
	uint32_t colors[2];

	struct cell *shown, *line;      /* rows x cols as they came; one row, looks resolved */
	struct canvas_look looks[ROLE_COUNT]; /* that they were shown in */
	bool redraw;
	int cursor_x, cursor_y;
	int shape;
	enum screen_mouse mouse;
	struct str title;
	cchar_t *row;
	struct pair_slot pairs[PAIR_SLOTS];
	int n_pairs;
};

static void send(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, size);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = STDOUT_FILENO, .events = POLLOUT};
			poll(&wait, 1, 1000);
		}
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
}

static void send_text(const char *text)
{
	send(text, strlen(text));
}

/* ---- colours ---- */

static int nearest_256(uint32_t color)
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	int rgb[3] = {color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff}, cube = 16, distance = 0;
	for (int i = 0; i < 3; i++) {
		int step = rgb[i] < 48 ? 0 : rgb[i] < 115 ? 1 : (rgb[i] - 35) / 40;
		cube += step * (i == 0 ? 36 : i == 1 ? 6 : 1);
		distance += (rgb[i] - steps[step]) * (rgb[i] - steps[step]);
	}
	int mean = (rgb[0] + rgb[1] + rgb[2]) / 3, gray = mean < 3 ? 0 : mean > 243 ? 23 : (mean - 3) / 10, gray_distance = 0;
	for (int i = 0; i < 3; i++)
		gray_distance += (rgb[i] - (8 + gray * 10)) * (rgb[i] - (8 + gray * 10));
	return gray_distance < distance ? 232 + gray : cube;
}

static int nearest_16(uint32_t color)
{
	int r = color >> 16 & 0xff, g = color >> 8 & 0xff, b = color & 0xff, most = r > g ? r : g;
	most = most > b ? most : b;
	if (most < 48)
		return 0;
	int index = (r > most * 2 / 3 ? 1 : 0) | (g > most * 2 / 3 ? 2 : 0) | (b > most * 2 / 3 ? 4 : 0);
	if (index == 7)
		return most < 100 ? 8 : most < 200 ? 7 : 15;
	return most > 180 ? index + 8 : index;
}

static int index_to_16(int index)
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	if (index < 16)
		return index;
	int gray = 8 + (index - 232) * 10, cube = index - 16;
	if (index >= 232)
		return nearest_16(COLOR_RGB(gray, gray, gray));
	return nearest_16(COLOR_RGB(steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6]));
}

static int curses_color(const struct screen *screen, uint32_t color)
{
	int index = (int)(color & 0xff);
	if (COLOR_KIND(color) == 0 || COLORS < 8)
		return -1;
	if (COLORS > 256)
		return COLOR_KIND(color) == 2 ? (int)(0x1000000 | (color & 0xffffff)) : index;
	if (COLOR_KIND(color) == 2)
		index = COLORS >= 256 ? nearest_256(color) : nearest_16(color);
	else if (COLORS < 256)
		index = index_to_16(index);
	(void)screen;
	return index < COLORS ? index : index & 7;
}

static int pair_of(struct screen *screen, uint32_t fg, uint32_t bg)
{
	if (fg == COLOR_DEFAULT && bg == COLOR_DEFAULT)
		return 0;
	uint32_t hash = (fg * 2654435761u) ^ (bg * 2246822519u);
	struct pair_slot *slot = &screen->pairs[(hash ^ hash >> 15) & (PAIR_SLOTS - 1)];
	if (slot->pair > 0 && slot->fg == fg && slot->bg == bg)
		return slot->pair;
	int pair = alloc_pair(curses_color(screen, fg), curses_color(screen, bg));
	if (pair < 0)
		return 0;
	*slot = (struct pair_slot){fg, bg, pair};
	screen->n_pairs = pair > screen->n_pairs ? pair : screen->n_pairs;
	return pair;
}

/* Before they run out and ncurses gives a pair that is on the screen new colours. */
static void renew_pairs(struct screen *screen)
{
	if (screen->n_pairs < PAIRS_MAX || screen->n_pairs < COLOR_PAIRS - PAIR_SLOTS / 4)
		return;
	reset_color_pairs();
	memset(screen->pairs, 0, sizeof screen->pairs);
	screen->n_pairs = 0;
	screen->redraw = true;
}

/* ---- cells ---- */

static attr_t curses_attrs(uint16_t attrs)
{
	static const struct {
		uint16_t ours;
		attr_t theirs;
	} rows[] = {
		{ATTR_BOLD, A_BOLD},   {ATTR_DIM, A_DIM},         {ATTR_ITALIC, A_ITALIC}, {ATTR_UNDERLINE, A_UNDERLINE},
		{ATTR_BLINK, A_BLINK}, {ATTR_REVERSE, A_REVERSE}, {ATTR_CONCEAL, A_INVIS},
	};
	attr_t result = 0;
	for (size_t i = 0; attrs && i < sizeof rows / sizeof *rows; i++)
		if (attrs & rows[i].ours)
			result |= rows[i].theirs;
	return result;
}

/* The characters of a cell as curses may have them; the columns that they take there. What curses counts in another way
 * than we do would shift the rest of the row: a replacement stands in. */
static int cell_chars(const struct screen *screen, const struct cell *cell, wchar_t text[CELL_CHARS + 1])
{
	uint32_t ch = cell->ch[0] ? cell->ch[0] : ' ';
	int n = 1;
	text[0] = (wchar_t)ch;
	if (ch >= 0x80) {
		if (screen->is_ascii)
			ch = canvas_ascii_char(ch);
		text[0] = screen->is_ascii && ch >= 0x80 ? L'?' : (wchar_t)ch;
		if (ch >= 0x80 && wcwidth(text[0]) != cell->width)
			text[0] = screen->is_ascii ? L'?' : L'\xfffd';
	}
	for (int i = 1; i < CELL_CHARS && cell->ch[i] && !screen->is_ascii; i++)
		if (wcwidth((wchar_t)cell->ch[i]) == 0)
			text[n++] = (wchar_t)cell->ch[i];
	text[n] = L'\0';
	return text[0] < 0x80 || text[0] == 0xfffd ? 1 : cell->width;
}

static void draw_row(struct screen *screen, int y, const struct cell *cells)
{
	int n = 0;
	for (int x = 0; x < screen->cols;) {
		const struct cell *cell = &cells[x];
		wchar_t text[CELL_CHARS + 1];
		int width = cell_chars(screen, cell, text), pair = pair_of(screen, cell->fg, cell->bg);
		attr_t attrs = curses_attrs(cell->attrs);
		setcchar(&screen->row[n++], text, attrs, 0, &pair);
		if (width < cell->width)
			setcchar(&screen->row[n++], L" ", attrs, 0, &pair);
		x += cell->width > 0 ? cell->width : 1;
	}
	mvwadd_wchnstr(stdscr, y, 0, screen->row, n);
}

/* The cell as it is to be seen. */
static struct cell resolved(const struct cell *cell, const struct canvas_look looks[ROLE_COUNT])
{
	struct cell result = *cell;
	if (cell->role != ROLE_NONE) {
		struct canvas_look look = canvas_cell_look(cell, looks);
		result.fg = look.fg;
		result.bg = look.bg;
		result.attrs = look.attrs;
	}
	return result;
}

/* The row is compared as it came, then drawn as a whole: ncurses sends the difference. */
static bool update_row(struct screen *screen, int y, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT])
{
	struct cell *shown = screen->shown + (size_t)y * (size_t)screen->cols;
	const struct cell *cells = canvas->cells + (size_t)y * (size_t)canvas->cols;
	static const struct cell blank = {.width = 1};
	int cols = y >= canvas->rows ? 0 : canvas->cols < screen->cols ? canvas->cols : screen->cols;
	size_t size = (size_t)cols * sizeof *shown;
	if (!screen->redraw && memcmp(shown, cells, size) == 0)
		return false;
	memcpy(shown, cells, size);
	for (int x = 0; x < screen->cols; x++) {
		struct cell *cell = &screen->line[x];
		*cell = x < cols ? resolved(&cells[x], looks) : blank;
		if (cell->width == 2 && x + 1 == screen->cols)
			*cell = blank;
	}
	draw_row(screen, y, screen->line);
	return true;
}

static void place_cursor(struct screen *screen, const struct canvas *canvas)
{
	bool visible = canvas->cursor_x >= 0 && canvas->cursor_x < screen->cols && canvas->cursor_y >= 0 && canvas->cursor_y < screen->rows;
	bool was_visible = screen->cursor_x >= 0;
	if (visible != was_visible)
		curs_set(visible);
	screen->cursor_x = visible ? canvas->cursor_x : -1;
	screen->cursor_y = visible ? canvas->cursor_y : -1;
	if (visible)
		wmove(stdscr, canvas->cursor_y, canvas->cursor_x);
}

void screen_flush_rows(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], int first,
		       int last)
{
	int changed = 0;
	renew_pairs(screen);
	if (memcmp(screen->looks, looks, sizeof screen->looks) != 0) {
		memcpy(screen->looks, looks, sizeof screen->looks);
		screen->redraw = true;
	}
	if (screen->redraw) {
		clearok(stdscr, TRUE);
		first = 0;
		last = screen->rows - 1;
	}
	for (int y = first < 0 ? 0 : first; y <= last && y < screen->rows; y++)
		changed += update_row(screen, y, canvas, looks);
	screen->redraw = false;
	bool bracket = screen->synchronizes && changed > SYNC_ROWS;
	if (bracket)
		send_text("\033[?2026h");
	place_cursor(screen, canvas);
	wnoutrefresh(stdscr);
	doupdate();
	if (bracket)
		send_text("\033[?2026l");
	if (!screen->asked && screen->is_xterm && !loop_timer_is_running(screen->ask_timer))
		loop_timer_start(screen->ask_timer, 0, 0);
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
	send_text("\033]2;");
	send_text(str_text(&screen->title));
	send_text("\a");
}

void screen_set_cursor_shape(struct screen *screen, int shape)
{
	char text[16];
	if (!screen->is_xterm || shape == screen->shape || shape < 0 || shape > 6)
		return;
	screen->shape = shape;
	send(text, (size_t)snprintf(text, sizeof text, "\033[%d q", shape));
}

void screen_set_mouse(struct screen *screen, enum screen_mouse mouse)
{
	static const int modes[] = {0, 1000, 1002, 1003};
	char text[64];
	if (mouse == screen->mouse)
		return;
	if (screen->mouse)
		send(text, (size_t)snprintf(text, sizeof text, "\033[?%dl", modes[screen->mouse]));
	if (mouse)
		send(text, (size_t)snprintf(text, sizeof text, "\033[?1006h\033[?%dh", modes[mouse]));
	else
		send_text("\033[?1006l");
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
	send(out.data, out.len);
	str_finish(&out);
}

void screen_bell(struct screen *screen)
{
	(void)screen;
	send_text("\a");
}

/* ---- what the terminal says ---- */

static void ask(void *user)
{
	struct screen *screen = user;
	screen->asked = true;
	screen->asked_at = loop_now(screen->loop);
	/* every terminal answers the last one, and answers in order */
	send_text("\033[?2026$p\033]10;?\033\\\033]11;?\033\\\033[c");
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
	screen->line = mem_alloc((size_t)screen->cols * sizeof *screen->line);
	screen->shown = mem_alloc((size_t)screen->rows * (size_t)screen->cols * sizeof *screen->shown);
	screen->row = mem_alloc((size_t)screen->cols * 2 * sizeof *screen->row);
	screen->redraw = true;
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

/* ---- start and stop ---- */

static bool begins_with_one_of(const char *text, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (text_has_prefix(text, *prefixes))
			return true;
	return false;
}

/* The description of ours that says 24-bit colour for this terminal; NULL: its own is used. */
static const char *own_description(const char *term)
{
	static const struct {
		const char *prefix, *name;
	} rows[] = {{"xterm", "onesdn-xterm"}, {"tmux", "onesdn-tmux"}, {"screen", "onesdn-screen"}};
	const char *colorterm = getenv("COLORTERM");
	if (!text_equal(colorterm, "truecolor") && !text_equal(colorterm, "24bit"))
		return NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_has_prefix(term, rows[i].prefix))
			return rows[i].name;
	return NULL;
}

static SCREEN *open_own(const char *name)
{
	char *place = path_data("terminfo", NULL), *before = mem_strdup(getenv("TERMINFO"));
	SCREEN *curses = NULL;
	if (place && setenv("TERMINFO", place, 1) == 0)
		curses = newterm(name, stdout, stdin);
	if (before)
		setenv("TERMINFO", before, 1);
	else
		unsetenv("TERMINFO");
	free(place);
	free(before);
	return curses;
}

static bool choose_locale(void)
{
	static const char *const names[] = {"", "C.UTF-8", "C.utf8"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (setlocale(LC_CTYPE, names[i]) && text_equal(nl_langinfo(CODESET), "UTF-8"))
			return true;
	return false;
}

static bool open_curses(struct screen *screen, struct err *err)
{
	const char *term = getenv("TERM");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_UNAVAILABLE, "standard %s is not a terminal: run it in one, without a pipe",
			       isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term || text_equal(term, "dumb"))
		return err_set(err, ERR_UNAVAILABLE, "TERM is %s: set it to what your terminal is, such as xterm-256color",
			       term && *term ? term : "not set");
	screen->is_ascii = !choose_locale();
	use_tioctl(TRUE);
	const char *own = own_description(term);
	screen->curses = own ? open_own(own) : NULL;
	if (!screen->curses)
		screen->curses = newterm(NULL, stdout, stdin);
	if (!screen->curses)
		return err_set(err, ERR_UNAVAILABLE, "there is no description of a terminal \"%s\" here: install ncurses-term, or set TERM "
			       "to one that is known, such as xterm", term);
	return true;
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	typeahead(-1); /* or doupdate stops half-way when a key is pressed */
	leaveok(stdscr, FALSE);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
}

static enum theme_depth depth_of(void)
{
	const char *no_color = getenv("NO_COLOR");
	if (!has_colors() || COLORS < 8 || (no_color && *no_color))
		return THEME_MONO;
	return COLORS > 256 ? THEME_RGB : COLORS == 256 ? THEME_256 : THEME_16;
}

/* Keys as this terminal's description gives them; those that the decoder knows anyway are the same. */
static void add_keys(struct input *input)
{
	static const struct {
		const char *name;
		enum term_key_code code;
		int modifiers;
	} rows[] = {
		{"kcuu1", TERM_KEY_UP, 0},       {"kcud1", TERM_KEY_DOWN, 0},    {"kcub1", TERM_KEY_LEFT, 0},   {"kcuf1", TERM_KEY_RIGHT, 0},
		{"khome", TERM_KEY_HOME, 0},     {"kend", TERM_KEY_END, 0},      {"kich1", TERM_KEY_INSERT, 0}, {"kdch1", TERM_KEY_DELETE, 0},
		{"kpp", TERM_KEY_PAGE_UP, 0},    {"knp", TERM_KEY_PAGE_DOWN, 0}, {"kf1", TERM_KEY_F1, 0},       {"kf2", TERM_KEY_F1 + 1, 0},
		{"kf3", TERM_KEY_F1 + 2, 0},     {"kf4", TERM_KEY_F1 + 3, 0},    {"kf5", TERM_KEY_F1 + 4, 0},   {"kf6", TERM_KEY_F1 + 5, 0},
		{"kf7", TERM_KEY_F1 + 6, 0},     {"kf8", TERM_KEY_F1 + 7, 0},    {"kf9", TERM_KEY_F1 + 8, 0},   {"kf10", TERM_KEY_F1 + 9, 0},
		{"kf11", TERM_KEY_F1 + 10, 0},   {"kf12", TERM_KEY_F1 + 11, 0},  {"kcbt", TERM_KEY_TAB, TERM_SHIFT},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *sequence = tigetstr(rows[i].name);
		if (sequence && sequence != (char *)-1)
			input_add(input, sequence, (struct term_key){rows[i].code, 0, rows[i].modifiers});
	}
}

static const char *capability(const char *name)
{
	const char *text = tigetstr(name);
	return text && text != (char *)-1 ? text : "";
}

/* What gives the terminal back by mere writing, for rescue.c. */
static void prepare_rescue(const struct screen *screen)
{
	struct str off = {0};
	if (screen->is_xterm)
		str_append(&off, "\033[?2026l\033[?1003l\033[?1002l\033[?1000l\033[?1006l\033[?1004l\033[?2004l\033[0 q");
	str_append(&off, capability("sgr0"));
	str_append(&off, capability("op"));
	str_append(&off, capability("rmkx"));
	str_append(&off, capability("cnorm"));
	str_append(&off, capability("rmcup"));
	rescue_arm(STDOUT_FILENO, off.data, off.len);
	str_finish(&off);
}

struct screen *screen_create(struct loop *loop, const struct screen_events *events, void *user, struct err *err)
{
	static const char *const xterms[] = {"xterm", "tmux", "screen", "alacritty", "foot", "kitty", "konsole", "rxvt",
					     "vte", "wezterm", "st-", "contour", "ghostty", "iterm", "mintty", NULL};
	struct screen *screen = mem_alloc(sizeof *screen);
	screen->loop = loop;
	screen->events = *events;
	screen->user = user;
	rescue_note(STDIN_FILENO);
	if (!open_curses(screen, err)) {
		free(screen);
		return NULL;
	}
	set_term(screen->curses);
	screen->is_xterm = begins_with_one_of(getenv("TERM"), xterms);
	prepare_rescue(screen);
	set_modes();
	screen->depth = depth_of();
	screen->input = input_create(on_event, screen);
	add_keys(screen->input);
	screen->cursor_x = screen->cursor_y = 0;
	allocate(screen);
	if (screen->is_xterm)
		send_text("\033[?2004h\033[?1004h");
	fcntl(STDIN_FILENO, F_SETFD, FD_CLOEXEC);
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
	while (screen->asked && !screen->answered && left > 0 && poll(&wait, 1, (int)left) > 0) {
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
	loop_timer_destroy(screen->timer);
	loop_timer_destroy(screen->ask_timer);
	loop_signal_destroy(screen->winch);
	await_answers(screen);
	screen_set_mouse(screen, SCREEN_MOUSE_OFF);
	if (screen->shape > 0)
		screen_set_cursor_shape(screen, 0);
	if (screen->is_xterm)
		send_text("\033[?2004l\033[?1004l");
	endwin();
	delscreen(screen->curses);
	rescue_disarm();
	input_destroy(screen->input);
	free(screen->shown);
	free(screen->line);
	free(screen->row);
	str_finish(&screen->title);
	free(screen);
}
