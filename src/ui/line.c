/* line: what is typed after ":" and "/": editing, history, completion. Painted by view_command.c. */
#include <string.h>

#include "ui/commands.h"
#include "ui/state.h"

static void show(struct ui *ui)
{
	ui->view.line_text = ui->line;
	ui->view.completions = str_text(&ui->completions);
}

static void forget_completions(struct ui *ui)
{
	str_clear(&ui->completions);
	ui->completing = 0;
	show(ui);
}

void line_open(struct ui *ui, enum ui_line line)
{
	ui->view.line = line;
	ui->line[0] = '\0';
	ui->view.line_at = 0;
	ui->history_at = ui->history.len;
	forget_completions(ui);
}

static void leave(struct ui *ui)
{
	ui->view.line = LINE_NONE;
	forget_completions(ui);
}

void line_insert(struct ui *ui, const char *text, size_t size)
{
	size_t len = strlen(ui->line), at = ui->view.line_at;
	struct str safe = {0};
	str_append_safe(&safe, text, size);
	if (len + safe.len < sizeof ui->line) {
		memmove(ui->line + at + safe.len, ui->line + at, len - at + 1);
		memcpy(ui->line + at, str_text(&safe), safe.len);
		ui->view.line_at += safe.len;
	}
	str_finish(&safe);
	forget_completions(ui);
}

static void cut(struct ui *ui, size_t from, size_t to)
{
	memmove(ui->line + from, ui->line + to, strlen(ui->line + to) + 1);
	ui->view.line_at = from;
	forget_completions(ui);
}

static size_t before(const struct ui *ui)
{
	size_t at = ui->view.line_at;
	while (at > 0 && ((unsigned char)ui->line[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct ui *ui)
{
	uint32_t ch;
	return ui->view.line_at + utf8_decode(ui->line + ui->view.line_at, strlen(ui->line + ui->view.line_at), &ch);
}

static size_t word_before(const struct ui *ui)
{
	size_t at = ui->view.line_at;
	while (at > 0 && ui->line[at - 1] == ' ')
		at--;
	while (at > 0 && ui->line[at - 1] != ' ')
		at--;
	return at;
}

static void remember(struct ui *ui)
{
	if (ui->history.len && text_equal(ui->history.data[ui->history.len - 1], ui->line))
		return;
	if (ui->history.len == HISTORY_MAX) {
		free(ui->history.data[0]);
		vec_remove(&ui->history, 0);
	}
	vec_push(&ui->history, mem_strdup(ui->line));
}

static void recall(struct ui *ui, int by)
{
	size_t to = ui->history_at + (size_t)by;
	if (to > ui->history.len)
		return;
	ui->history_at = to;
	snprintf(ui->line, sizeof ui->line, "%s", to < ui->history.len ? ui->history.data[to] : "");
	ui->view.line_at = strlen(ui->line);
	forget_completions(ui);
}

static void finish_line(struct ui *ui)
{
	enum ui_line line = ui->view.line;
	char *text = mem_strdup(ui->line);
	leave(ui);
	if (line == LINE_FILTER) {
		action_filter(ui, text);
	} else if (*text) {
		remember(ui);
		command_run(ui, text);
	}
	free(text);
}

/* The first Tab puts what all offers have in common, then one after the other. */
static void take_offer(struct ui *ui)
{
	const char *offers = str_text(&ui->completions);
	size_t n = 0;
	for (const char *p = offers; *p; p += strcspn(p, " "), p += strspn(p, " "))
		n++;
	if (n == 0)
		return;
	size_t wanted = ui->completing++ % n;
	const char *word = offers;
	for (size_t i = 0; i < wanted; i++)
		word += strcspn(word, " ") + 1;
	size_t len = strcspn(word, " "), from = ui->completed_from;
	if (from + len + 2 > sizeof ui->line)
		return;
	memcpy(ui->line + from, word, len);
	ui->line[from + len] = '\0';
	if (n == 1 && !memchr(ui->line, ' ', from + len)) {
		ui->line[from + len] = ' ';
		ui->line[from + len + 1] = '\0';
	}
	ui->view.line_at = strlen(ui->line);
	if (n == 1)
		forget_completions(ui);
}

static void complete(struct ui *ui)
{
	if (ui->view.line != LINE_COMMAND)
		return;
	if (!ui->completing) {
		ui->line[ui->view.line_at] = '\0';
		ui->completed_from = ui->view.line_at;
		while (ui->completed_from > 0 && ui->line[ui->completed_from - 1] != ' ')
			ui->completed_from--;
		str_clear(&ui->completions);
		command_complete(ui, ui->line, &ui->completions);
	}
	take_offer(ui);
	show(ui);
}

static void control_key(struct ui *ui, uint32_t ch)
{
	if (ch == 'u')
		cut(ui, 0, ui->view.line_at);
	else if (ch == 'w')
		cut(ui, word_before(ui), ui->view.line_at);
	else if (ch == 'h' && ui->line[0])
		cut(ui, before(ui), ui->view.line_at);
	else if (ch == 'a')
		ui->view.line_at = 0;
	else if (ch == 'e')
		ui->view.line_at = strlen(ui->line);
	else if (ch == 'c' || ch == 'g')
		leave(ui);
}

void line_key(struct ui *ui, struct term_key key)
{
	char text[UTF8_MAX];
	switch (key.code) {
	case TERM_KEY_NONE:
		if (key.modifiers & TERM_CTRL)
			control_key(ui, key.ch);
		else if (!(key.modifiers & TERM_ALT))
			line_insert(ui, text, utf8_encode(key.ch, text));
		break;
	case TERM_KEY_ENTER:
		finish_line(ui);
		break;
	case TERM_KEY_ESCAPE:
		leave(ui);
		break;
	case TERM_KEY_TAB:
		complete(ui);
		break;
	case TERM_KEY_BACKSPACE:
		if (ui->line[0])
			cut(ui, before(ui), ui->view.line_at);
		else
			leave(ui);
		break;
	case TERM_KEY_DELETE:
		cut(ui, ui->view.line_at, after(ui));
		break;
	case TERM_KEY_LEFT:
		ui->view.line_at = before(ui);
		break;
	case TERM_KEY_RIGHT:
		ui->view.line_at = after(ui);
		break;
	case TERM_KEY_HOME:
		ui->view.line_at = 0;
		break;
	case TERM_KEY_END:
		ui->view.line_at = strlen(ui->line);
		break;
	case TERM_KEY_UP:
		if (ui->history_at > 0)
			recall(ui, -1);
		break;
	case TERM_KEY_DOWN:
		recall(ui, 1);
		break;
	default:
		break;
	}
}
