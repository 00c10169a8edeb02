/* view_command: the line that is typed after ":" or "/", and in front of it what Tab offers. */
#include <string.h>

#include "ui/scene.h"

/* The part of the text that fits, so that the cursor is always to be seen. */
static size_t first_shown(const char *text, size_t at, int cols)
{
	size_t first = 0;
	while (first < at) {
		char *shown = mem_strndup(text + first, at - first);
		int used = text_columns(shown);
		free(shown);
		if (used < cols)
			break;
		uint32_t ch;
		first += utf8_decode(text + first, at - first, &ch);
	}
	return first;
}

void view_line(struct canvas *canvas, struct rect area, const struct view_state *view)
{
	int x = area.x + 1, right = area.x + area.cols;
	canvas_fill(canvas, area, ROLE_INPUT, ' ');
	x += canvas_put(canvas, x, area.y, right - x, ROLE_KEY, ATTR_BOLD, view->line == LINE_FILTER ? "/" : ":");
	size_t first = first_shown(view->line_text, view->line_at, right - x - 1);
	canvas_put(canvas, x, area.y, right - x - 1, ROLE_INPUT, 0, view->line_text + first);
	char *before = mem_strndup(view->line_text + first, view->line_at - first);
	canvas->cursor_x = x + text_columns(before);
	canvas->cursor_y = area.y;
	free(before);
	int used = x + text_columns(view->line_text + first) + 3;
	if (*view->completions && right - used > 10)
		canvas_put_fit(canvas, used, area.y, right - used - 1, ROLE_MUTED, 0, view->completions);
}
