/* Taking the terminal over: locale, terminal description, curses, the line; and what gives it back after a crash. */
#include "screen/state.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#include "screen/rescue.h"

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

/* Sets a variable of the environment for a while; `value` NULL: unsets it. Gives what was there. */
static char *swap_variable(const char *name, const char *value)
{
	char *before = mem_strdup(getenv(name));
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
	return before;
}

static void put_back(const char *name, char *before)
{
	free(swap_variable(name, before));
	free(before);
}

/* curses cannot ask the terminal for its size, which is not where it writes: LINES and COLUMNS tell it. Children see none of
 * this. */
static SCREEN *open_as(const char *name, const char *terminfo, FILE *out)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	char *rows = mem_printf("%d", size.ws_row > 0 ? size.ws_row : 24),
	     *cols = mem_printf("%d", size.ws_col > 0 ? size.ws_col : 80);
	char *had_rows = swap_variable("LINES", rows), *had_cols = swap_variable("COLUMNS", cols);
	char *had_terminfo = terminfo ? swap_variable("TERMINFO", terminfo) : NULL;
	SCREEN *curses = newterm(name, out, stdin);
	if (terminfo)
		put_back("TERMINFO", had_terminfo);
	put_back("LINES", had_rows);
	put_back("COLUMNS", had_cols);
	free(rows);
	free(cols);
	return curses;
}

static SCREEN *open_own(const char *name, FILE *out)
{
	char *place = path_data("terminfo", NULL);
	SCREEN *curses = place ? open_as(name, place, out) : NULL;
	free(place);
	return curses;
}

const char *screen_wanted_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return value;
	}
	return "";
}

/* Whether the terminal takes UTF-8. Where nobody has said anything, as on many a fresh machine, or where the locale that
 * says so is not installed, it does. */
bool screen_choose_locale(void)
{
	static const char *const others[] = {"C.UTF-8", "C.utf8"};
	const char *wanted = screen_wanted_locale();
	if (setlocale(LC_CTYPE, "") && text_equal(nl_langinfo(CODESET), "UTF-8"))
		return true;
	if (*wanted && !strcasestr(wanted, "UTF-8") && !strcasestr(wanted, "UTF8"))
		return false;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (setlocale(LC_CTYPE, others[i]) && text_equal(nl_langinfo(CODESET), "UTF-8"))
			return true;
	return false;
}

int screen_describe(const char *term)
{
	const char *own = own_description(term);
	char *place = own ? path_data("terminfo", NULL) : NULL;
	int problem = 0;
	bool is_there = false;
	if (place) {
		char *before = swap_variable("TERMINFO", place);
		is_there = setupterm(own, STDOUT_FILENO, &problem) == OK;
		put_back("TERMINFO", before);
	}
	free(place);
	if (!is_there && setupterm(term, STDOUT_FILENO, &problem) != OK)
		return -1;
	return tigetnum("colors") < 8 ? 0 : tigetnum("colors");
}

/* The terminal through a description of our own, so that not to wait for it concerns nobody else. */
static int open_terminal(void)
{
	const char *name = ttyname(STDOUT_FILENO);
	int fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static bool open_curses(struct screen *screen, struct err *err)
{
	const char *term = getenv("TERM"), *own;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_UNAVAILABLE, "standard %s is not a terminal: run it in one, without a pipe",
		               isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term || text_equal(term, "dumb"))
		return err_set(err, ERR_UNAVAILABLE,
		               "TERM is %s: set it to what your terminal is, such as xterm-256color",
		               term && *term ? term : "not set");
	screen->frame_fd = memfd_create("frame", MFD_CLOEXEC);
	screen->frame_file = screen->frame_fd >= 0 ? fdopen(screen->frame_fd, "w") : NULL;
	screen->out_fd = open_terminal();
	if (!screen->frame_file || screen->out_fd < 0)
		return err_errno(err, errno, "no descriptor is left for the screen");
	screen->is_ascii = !screen_choose_locale();
	own = own_description(term);
	signal(SIGTSTP, SIG_IGN); /* or ncurses wraps every frame in system calls for it */
	screen->curses = own ? open_own(own, screen->frame_file) : NULL;
	if (!screen->curses)
		screen->curses = open_as(term, NULL, screen->frame_file);
	if (!screen->curses)
		return err_set(err, ERR_UNAVAILABLE,
		               "there is no description of a terminal \"%s\" here: install ncurses-term, or set TERM "
		               "to one that is known, such as xterm",
		               term);
	return true;
}

static void set_line(struct screen *screen)
{
	tcgetattr(STDIN_FILENO, &screen->tty);
	struct termios raw_line = screen->tty;
	cfmakeraw(&raw_line);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw_line);
}

static void set_curses(void)
{
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
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

/* Those that the decoder knows anyway are the same. */
void screen_add_keys(struct input *input)
{
	static const struct {
		const char *name;
		enum term_key_code code;
		int modifiers;
	} rows[] = {
	        {"kcuu1", TERM_KEY_UP, 0},
	        {"kcud1", TERM_KEY_DOWN, 0},
	        {"kcub1", TERM_KEY_LEFT, 0},
	        {"kcuf1", TERM_KEY_RIGHT, 0},
	        {"khome", TERM_KEY_HOME, 0},
	        {"kend", TERM_KEY_END, 0},
	        {"kich1", TERM_KEY_INSERT, 0},
	        {"kdch1", TERM_KEY_DELETE, 0},
	        {"kpp", TERM_KEY_PAGE_UP, 0},
	        {"knp", TERM_KEY_PAGE_DOWN, 0},
	        {"kf1", TERM_KEY_F1, 0},
	        {"kf2", TERM_KEY_F1 + 1, 0},
	        {"kf3", TERM_KEY_F1 + 2, 0},
	        {"kf4", TERM_KEY_F1 + 3, 0},
	        {"kf5", TERM_KEY_F1 + 4, 0},
	        {"kf6", TERM_KEY_F1 + 5, 0},
	        {"kf7", TERM_KEY_F1 + 6, 0},
	        {"kf8", TERM_KEY_F1 + 7, 0},
	        {"kf9", TERM_KEY_F1 + 8, 0},
	        {"kf10", TERM_KEY_F1 + 9, 0},
	        {"kf11", TERM_KEY_F1 + 10, 0},
	        {"kf12", TERM_KEY_F1 + 11, 0},
	        {"kcbt", TERM_KEY_TAB, TERM_SHIFT},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *sequence = tigetstr(rows[i].name);
		if (sequence && sequence != (char *)-1)
			input_add(input, sequence, (struct term_key){rows[i].code, 0, rows[i].modifiers});
	}
}

const char *screen_capability(const char *name)
{
	const char *text = tigetstr(name);
	return text && text != (char *)-1 ? text : "";
}

/* Without its padding ("$<2>"), which is for tputs. */
static void append_capability(struct str *out, const char *name)
{
	const char *text = screen_capability(name);
	for (const char *pad; (pad = strstr(text, "$<")); text = strchr(pad, '>') ? strchr(pad, '>') + 1 : "")
		str_append_n(out, text, (size_t)(pad - text));
	str_append(out, text);
}

/* What gives the terminal back by mere writing, for rescue.c. */
static void prepare_rescue(const struct screen *screen)
{
	struct str off = {0};
	if (screen->is_xterm)
		str_append(&off,
		           "\033[?2026l\033[?1003l\033[?1002l\033[?1000l\033[?1006l\033[?1004l\033[?2004l\033[0 q");
	append_capability(&off, "sgr0");
	append_capability(&off, "op");
	append_capability(&off, "rmkx");
	append_capability(&off, "cnorm");
	append_capability(&off, "rmcup");
	rescue_arm(STDOUT_FILENO, off.data, off.len);
	str_finish(&off);
}

bool screen_open(struct screen *screen, struct err *err)
{
	static const char *const xterms[] = {"xterm",   "tmux",  "screen", "alacritty", "foot", "kitty",
	                                     "konsole", "rxvt",  "vte",    "wezterm",   "st-",  "contour",
	                                     "ghostty", "iterm", "mintty", NULL};
	screen->out_fd = -1;
	rescue_note(STDIN_FILENO);
	if (!open_curses(screen, err)) {
		screen_close(screen);
		return false;
	}
	set_term(screen->curses);
	screen->is_xterm = begins_with_one_of(getenv("TERM"), xterms);
	prepare_rescue(screen);
	set_line(screen);
	set_curses();
	screen->depth = depth_of();
	return true;
}

/* The last words of curses go out before the line is as it was. */
void screen_close(struct screen *screen)
{
	if (screen->curses) {
		endwin();
		screen_collect(screen);
		screen_drain(screen, true);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->tty);
		delscreen(screen->curses);
		rescue_disarm();
	}
	if (screen->frame_file)
		fclose(screen->frame_file);
	if (screen->out_fd >= 0)
		close(screen->out_fd);
}

void screen_stop_process(void)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL}, before; /* ncurses has its own for it */
	sigaction(SIGTSTP, &by_default, &before);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &before, NULL);
}
