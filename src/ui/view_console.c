/* view_console: the console of a virtual machine in the terminal's place. While it is not attached, words say why and since
 * when: alone where nothing has been printed yet, else under what was. */
#include <string.h>

#include "onesdn/term.h"
#include "ui/scene.h"

enum { WORDS_ROWS_MAX = 4 };

void view_console_title(const struct scene *scene, struct str *out)
{
	static const char *const words[] = {
	        [PLAY_CONSOLE_WAITING] = " · waiting",  [PLAY_CONSOLE_CONNECTING] = " · connecting",
	        [PLAY_CONSOLE_ATTACHED] = "",           [PLAY_CONSOLE_DROPPED] = " · lost",
	        [PLAY_CONSOLE_TAKEN] = " · taken over", [PLAY_CONSOLE_LEFT] = " · left",
	};
	if (*scene->tabs)
		str_append(out, scene->tabs);
	else
		str_append_f(out, "console · %s", scene->console.name);
	str_append(out, words[scene->console.state]);
}

static bool is_empty(const struct term *term)
{
	struct str text = {0};
	int rows, cols;
	term_size(term, &rows, &cols);
	term_text(term, 0, rows - 1, 4096, &text);
	bool is_blank = term_scrollback(term) == 0 && strspn(str_text(&text), " \n") == text.len;
	str_finish(&text);
	return is_blank;
}

static void put_words(struct canvas *canvas, struct rect area, const struct play_console *console)
{
	bool waits = console->state == PLAY_CONSOLE_WAITING || console->state == PLAY_CONSOLE_CONNECTING;
	enum canvas_role role = waits ? ROLE_WAIT : ROLE_WARN;
	size_t len = strlen(console->words);
	struct rect text = {area.x + 2, area.y, area.cols - 2, area.rows};
	if (text.cols < 1 || area.rows < 1)
		return;
	if (!is_empty(console->term)) { /* at the bottom, on a ground of its own */
		int rows = text_columns(console->words) / (text.cols > 8 ? text.cols - 8 : 1) + 1;
		rows = rows > WORDS_ROWS_MAX ? WORDS_ROWS_MAX : rows;
		rows = rows > area.rows ? area.rows : rows;
		text.y = area.y + area.rows - rows;
		text.rows = rows;
		canvas_fill(canvas, (struct rect){area.x, text.y, area.cols, rows}, ROLE_TEXT, ' ');
	}
	canvas_put(canvas, area.x, text.y, 2, role, ATTR_BOLD, waits ? "◐" : "!");
	canvas_put_wrapped(canvas, text, role, console->words, len);
}

void view_console(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	const struct play_console *console = &scene->console;
	bool is_attached = console->state == PLAY_CONSOLE_ATTACHED;
	bool has_cursor = is_attached && view->popup == POPUP_NONE && view->line == LINE_NONE && view->back == 0;
	term_paint(console->term, canvas, area, view->back, has_cursor);
	if (!is_attached && view->back == 0)
		put_words(canvas, area, console);
}
