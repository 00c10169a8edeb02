/* console_guest: what stands at the cursor of a guest's serial console, and telling the guest's terminal its size.
 *
 * A serial line carries no size and no marks: the prompt is known by its look, a command's end by the prompt's return. The
 * size is told by `stty`, typed at the shell's prompt; when its prompt is back, the lines that this left behind are taken
 * off our own screen again and the cursor stands where it stood, behind the prompt, as the guest believes.
 */
#include <stdlib.h>
#include <string.h>

#include "play/console_state.h"

#define LINE_BYTES_MAX 4096
#define LOOK_MS 30     /* between two looks at the line while the guest prints */
#define SILENT_MS 250  /* the guest has come to rest */
#define SIZING_MS 5000 /* for stty to end */
#define PROMPT_COLS_MAX 160

/* ---- the line ---- */

static bool ends_with_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && strncasecmp(line + len - n, word, n) == 0;
}

/* "[fedora@vm ~]$", "root@vm:/#", "~ #", "bash-5.2$", "$"; not "turtles=#" of psql, not a sentence that ends in $. */
static bool is_shell_prompt(const char *line, size_t len)
{
	char last = len > 0 ? line[len - 1] : '\0';
	if ((last != '$' && last != '#' && last != '%') || len > PROMPT_COLS_MAX)
		return false;
	const char *at = memchr(line, '@', len);
	bool has_host = at && at > line && (size_t)(at - line) < len - 2;
	if (has_host)
		return true;
	size_t blanks = 0;
	for (size_t i = 0; i < len; i++)
		blanks += line[i] == ' ';
	bool is_client = len > 1 && (line[len - 2] == '=' || line[len - 2] == '-');
	return last != '%' && blanks <= 1 && !is_client && len <= 60;
}

/* Output without a line's end stands in front of a prompt; of one in brackets it is seen where it begins. */
static const char *prompt_in(const char *line)
{
	size_t len = strlen(line);
	const char *from = len >= 2 && line[len - 2] == ']' ? strrchr(line, '[') : NULL;
	return from ? from : line;
}

enum console_line console_line_of(const char *line)
{
	size_t len = strlen(line);
	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (len == 0 || (len == 2 && memcmp(line, "^C", 2) == 0)) /* readline notices it with the next key, at times */
		return CONSOLE_BLANK;
	if (ends_with_word(line, len, "login:"))
		return CONSOLE_LOGIN;
	if (ends_with_word(line, len, "password:"))
		return CONSOLE_PASSWORD;
	char *text = mem_strndup(line, len);
	const char *prompt = prompt_in(text);
	bool is_shell = is_shell_prompt(prompt, strlen(prompt));
	free(text);
	return is_shell ? CONSOLE_SHELL : CONSOLE_OTHER;
}

static int first_row(const struct console *c, int y)
{
	while (y > 0 && term_row_is_wrapped(c->term, y - 1))
		y--;
	return y;
}

void console_line_text(const struct console *c, struct str *out)
{
	int x, y;
	size_t before = out->len;
	term_cursor(c->term, &x, &y);
	term_text(c->term, first_row(c, y), y, LINE_BYTES_MAX, out);
	while (out->len > before && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == ' '))
		out->data[--out->len] = '\0';
}

char *console_prompt(const struct console *c)
{
	struct str line = {0};
	console_line_text(c, &line);
	char *prompt = mem_strdup(prompt_in(str_text(&line)));
	str_finish(&line);
	return prompt;
}

enum console_line console_at(const struct console *c)
{
	struct str line = {0};
	int x, y, rows, cols;
	if (c->state != PLAY_CONSOLE_ATTACHED || term_is_altscreen(c->term))
		return CONSOLE_OTHER;
	console_line_text(c, &line);
	enum console_line kind = console_line_of(str_text(&line));
	term_cursor(c->term, &x, &y);
	term_size(c->term, &rows, &cols);
	/* Right behind the text, a blank between: further on somebody has typed, further left somebody edits. */
	int behind = x + (y - first_row(c, y)) * cols - text_columns(str_text(&line));
	if (kind != CONSOLE_BLANK && (behind < 0 || behind > 1))
		kind = CONSOLE_OTHER;
	str_finish(&line);
	return kind;
}

int64_t console_silent_ms(const struct console *c)
{
	return loop_now(c->options.loop) - c->printed_at;
}

/* ---- the size ---- */

static bool is_told(const struct console *c)
{
	int rows, cols;
	term_size(c->term, &rows, &cols);
	return c->told_rows == rows && c->told_cols == cols;
}

bool console_is_ready(const struct console *c)
{
	return console_at(c) == CONSOLE_SHELL && c->sizing_at == 0 && is_told(c);
}

static void feed(struct console *c, const char *text)
{
	term_feed(c->term, text, strlen(text));
}

/* The audience is spared the sight as far as a pane can hold its picture. */
static void tell_size(struct console *c)
{
	char command[64];
	term_size(c->term, &c->asked_rows, &c->asked_cols);
	snprintf(command, sizeof command, " stty rows %d cols %d\r", c->asked_rows, c->asked_cols);
	c->sizing_at = loop_now(c->options.loop);
	feed(c, "\033[?2026h");
	term_write(c->term, command, strlen(command));
}

/* The row where our own command stands, above the cursor's; -1: not on the screen yet (or any more). The column of its
 * blank is where the guest's cursor was. */
static int find_command(const struct console *c, int below, int *column)
{
	char wanted[64];
	snprintf(wanted, sizeof wanted, " stty rows %d cols %d", c->asked_rows, c->asked_cols);
	for (int y = below - 1; y >= 0; y--) {
		int first = first_row(c, y);
		struct str line = {0};
		term_text(c->term, first, y, LINE_BYTES_MAX, &line);
		const char *at = strstr(str_text(&line), wanted);
		int columns = 0;
		if (at) {
			line.data[at - line.data] = '\0';
			columns = text_columns(line.data);
		}
		str_finish(&line);
		if (at) {
			*column = columns;
			return first;
		}
		y = first;
	}
	return -1;
}

static void end_sizing(struct console *c)
{
	c->sizing_at = 0;
	c->told_rows = c->asked_rows;
	c->told_cols = c->asked_cols;
	feed(c, "\033[?2026l");
}

/* The prompt is back: everything from behind the old prompt is taken off the screen. */
static void clean_up(struct console *c)
{
	int x, y, column;
	char bytes[48];
	term_cursor(c->term, &x, &y);
	int row = find_command(c, first_row(c, y), &column);
	if (row < 0)
		return;
	snprintf(bytes, sizeof bytes, "\033[%d;%dH\033[J", row + 1 + column / c->asked_cols,
	         column % c->asked_cols + 1);
	feed(c, bytes);
	end_sizing(c);
}

static void see_to_size(struct console *c)
{
	enum console_line at = console_at(c);
	if (c->sizing_at != 0) {
		if (at == CONSOLE_SHELL)
			clean_up(c);
		if (c->sizing_at != 0 && loop_now(c->options.loop) - c->sizing_at > SIZING_MS)
			end_sizing(c);
		return;
	}
	if (at == CONSOLE_LOGIN)
		c->told_rows = c->told_cols = 0; /* whoever logs in has a terminal that knows nothing */
	if (at == CONSOLE_SHELL && !c->is_held && !is_told(c) && console_silent_ms(c) >= SILENT_MS)
		tell_size(c);
}

/* ---- silence ---- */

void guest_on_quiet(void *user)
{
	struct console *c = user;
	if (c->state != PLAY_CONSOLE_ATTACHED)
		return;
	c->is_looking = false;
	bool is_silent = console_silent_ms(c) >= SILENT_MS;
	see_to_size(c);
	c->options.events.on_line(c, c->options.user);
	if (!c->is_looking && (!is_silent || c->sizing_at != 0))
		loop_timer_start(c->quiet, is_silent ? SIZING_MS : SILENT_MS - console_silent_ms(c), 0);
}

void guest_printed(struct console *c)
{
	c->printed_at = loop_now(c->options.loop);
	if (c->state != PLAY_CONSOLE_ATTACHED || c->is_looking)
		return;
	c->is_looking = true;
	loop_timer_start(c->quiet, LOOK_MS, 0);
}

void guest_forget(struct console *c)
{
	loop_timer_stop(c->quiet);
	c->is_looking = false;
	typer_stop(c->typer);
	c->told_rows = c->told_cols = 0;
	if (c->sizing_at != 0)
		feed(c, "\033[?2026l");
	c->sizing_at = 0;
	c->is_held = false;
}

void console_hold_size(struct console *c, bool is_held)
{
	c->is_held = is_held;
	if (!is_held)
		guest_printed(c);
}

/* ---- speaking ---- */

void console_type(struct console *c, const char *text, int type_ms)
{
	typer_type(c->typer, text, type_ms);
}

void console_type_rest(struct console *c)
{
	typer_rest(c->typer);
}

void console_stop_typing(struct console *c)
{
	typer_stop(c->typer);
}

void console_send(struct console *c, const char *bytes, size_t size)
{
	term_write(c->term, bytes, size);
}

void console_mark(struct console *c)
{
	feed(c, "\033]133;C\a");
}

bool console_entered(const struct console *c, const char *prompt, struct str *out)
{
	struct str text = {0};
	term_output_text(c->term, LINE_BYTES_MAX, &text);
	const char *line = str_text(&text), *end;
	while ((end = strchr(line, '\n')) && prompt) {
		size_t len = text_has_prefix(line, prompt) ? strlen(prompt) : 0;
		if (line[len + strspn(line + len, " ")] != '\n') {
			line += len;
			break;
		}
		line = end + 1;
	}
	/* Of a command that prints nothing yet only the cursor tells. */
	bool is_entered = end || (*line && console_at(c) == CONSOLE_BLANK);
	if (is_entered)
		str_append_n(out, line, end ? (size_t)(end - line) : strlen(line));
	str_finish(&text);
	return is_entered;
}

void console_output(const struct console *c, size_t max, const char *prompt, struct str *out)
{
	struct str text = {0};
	term_output_text(c->term, max, &text);
	const char *from = text.data ? memchr(text.data, '\n', text.len) : NULL;
	size_t len = from ? text.len - (size_t)(++from - text.data) : 0;
	while (len > 0 && (from[len - 1] == '\n' || from[len - 1] == ' '))
		len--;
	char *whole = mem_strndup(from ? from : "", len);
	char *line = strrchr(whole, '\n');
	line = line ? line + 1 : whole;
	if (prompt[0] != '\0' && text_has_suffix(line, prompt))
		line[strlen(line) - strlen(prompt)] = '\0';
	else if (console_line_of(line) == CONSOLE_SHELL && console_at(c) == CONSOLE_SHELL)
		line[0] = '\0';
	str_append(out, whole);
	free(whole);
	str_finish(&text);
}
