/* view_take: a recorded take in the place of diagram and terminal, and never without the mark that it is one. */
#include <stdlib.h>

#include "onesdn/term.h"
#include "ui/scene.h"

/* A take has title and keys of its own, which are not shown; its result line is, in the place of the live one. */
struct rect view_take_area(const struct layout *layout)
{
	struct rect area = layout->body;
	area.rows += layout->result.rows;
	return area;
}

static void put_badge(struct canvas *canvas, struct rect area)
{
	static const char badge[] = " ● REC ";
	int cols = text_columns(badge), x = area.x + area.cols - cols - 2;
	canvas_put(canvas, x < area.x ? area.x : x, area.y, area.cols, ROLE_BADGE_REC, ATTR_BOLD, badge);
}

void view_take(struct canvas *canvas, const struct layout *layout, const struct scene *scene)
{
	const struct scene_take *take = &scene->take;
	struct rect area = view_take_area(layout), part = take->part;
	if (area.rows < 1 || area.cols < 1)
		return;
	struct canvas *whole = canvas_create(part.cols, part.y + part.rows + 1), *window;
	whole->ascii = canvas->ascii;
	term_paint(take->term, whole, (struct rect){0, 0, whole->cols, whole->rows}, 0, true);
	bool has_room = area.cols >= part.cols && area.rows >= part.rows;
	struct rect at = {area.x + (area.cols > part.cols ? (area.cols - part.cols) / 2 : 0),
	                  area.y + (area.rows > part.rows ? (area.rows - part.rows) / 2 : 0),
	                  area.cols < part.cols ? area.cols : part.cols, area.rows < part.rows ? area.rows : part.rows};
	canvas_fill(canvas, area, ROLE_TEXT, ' ');
	if (has_room && area.cols >= part.cols + 2 && area.rows >= part.rows + 2)
		canvas_box(canvas, (struct rect){at.x - 1, at.y - 1, at.cols + 2, at.rows + 2}, BOX_DOTTED,
		           ROLE_BADGE_REC, "");
	window = canvas_create(at.cols, at.rows);
	window->ascii = canvas->ascii;
	canvas_copy(window, -take->pan_x, -part.y - take->pan_y, whole);
	canvas_copy(canvas, at.x, at.y, window);
	int x = whole->cursor_x - take->pan_x, y = whole->cursor_y - part.y - take->pan_y;
	bool is_seen = whole->cursor_x >= 0 && x >= 0 && y >= 0 && x < at.cols && y < at.rows;
	canvas->cursor_x = is_seen ? at.x + x : -1;
	canvas->cursor_y = is_seen ? at.y + y : -1;
	put_badge(canvas, area);
	canvas_destroy(window);
	canvas_destroy(whole);
}
