/* view_tour: one callout of the tour over the frame. What it tells of keeps its colours, all else becomes dim; the box is put
 * on the side with the most room, so that it covers nothing of what it explains. */
#include <string.h>

#include "ui/scene.h"
#include "ui/tour.h"

enum { BOX_COLS = 52, BOX_COLS_MIN = 24, BOX_ROWS_MIN = 5, BOX_ROWS = 8, TEXT_ROWS_MAX = 12 };

static struct rect all_of(const struct layout *layout)
{
	return layout->diagram.rows ? layout->diagram : layout->guide.rows ? layout->guide : layout->body;
}

/* All of the diagram, but for what the box needs where that has no other place. */
static struct rect picture(const struct canvas *canvas, const struct layout *layout)
{
	struct rect area = all_of(layout);
	int most = canvas->rows - area.y - BOX_ROWS;
	if (most > 1 && area.rows > most)
		area.rows = most;
	return area;
}

/* Where the diagram's legend stands: its last rows. */
static struct rect legend(const struct canvas *canvas, const struct layout *layout)
{
	(void)canvas;
	struct rect area = all_of(layout);
	int rows = area.rows > 6 ? 4 : area.rows;
	return (struct rect){area.x, area.y + area.rows - rows, area.cols, rows};
}

/* The part of the title line that is painted in one of the roles from..to. */
static struct rect of_role(const struct canvas *canvas, const struct layout *layout, enum canvas_role from,
                           enum canvas_role to)
{
	struct rect area = layout->title, found = {area.x + area.cols, area.y, 0, area.rows};
	for (int x = area.x; x < area.x + area.cols; x++) {
		uint8_t role = canvas->cells[area.y * canvas->cols + x].role;
		if (role < from || role > to)
			continue;
		found.x = found.cols ? found.x : x;
		found.cols = x + 1 - found.x;
	}
	return found.cols ? found : area;
}

static struct rect persona(const struct canvas *canvas, const struct layout *layout)
{
	return of_role(canvas, layout, ROLE_ADMIN, ROLE_OWNER);
}

static struct rect badge(const struct canvas *canvas, const struct layout *layout)
{
	return of_role(canvas, layout, ROLE_BADGE_LIVE, ROLE_BADGE_PLANNED);
}

static struct rect pane(const struct canvas *canvas, const struct layout *layout)
{
	return layout->shell.rows ? layout->shell : picture(canvas, layout);
}

static struct rect bottom(const struct canvas *canvas, const struct layout *layout)
{
	(void)canvas;
	struct rect area = layout->keys;
	if (layout->result.rows) {
		area.y = layout->result.y;
		area.rows += layout->result.rows;
	}
	return area;
}

static struct rect stage_of(const struct canvas *canvas, const struct layout *layout)
{
	(void)canvas;
	struct rect area = layout->title;
	area.cols = area.cols * 55 / 100;
	return area;
}

/* clang-format off */
static const struct callout {
	struct rect (*place)(const struct canvas *canvas, const struct layout *layout);
	const char *title, *text;
} callouts[] = {
	{picture, "The diagram", "What there is in the cluster, as it is now: pods, virtual machines, networks. It changes while you watch; what is only planned is dotted."},
	{legend, "How to read it", "A solid line is a secondary network, a dashed one the pod network, a dotted one the physical network. ● runs, ◐ starts, ○ is not there, ✗ has failed."},
	{stage_of, "The stage", "An act is told in stages: which one is in view, and what it is about. g lists them all."},
	{persona, "Who is typing", "Cluster admin or workload owner: each has a colour and a shell of its own, with its own rights."},
	{pane, "The terminal", "A real shell. Commands are really typed here and really run. i types yourself, F12 comes back. Where it is hidden, Tab brings it forward."},
	{bottom, "Space does it", "Space shows the next command, runs it, and goes on once the cluster says that it worked. The line above the keys tells what is waited for."},
	{badge, "Is it real?", "LIVE: all that is drawn is watched in the cluster that is named beside it. STALE: the cluster was lost, since when is said. PLANNED: there is none yet."},
	{bottom, "Alone with it, and out", "l is a layout that explains every stage, h gives a hint, ? shows all keys. q leaves; :tour shows this again."},
};
/* clang-format on */

int tour_steps(void)
{
	return sizeof callouts / sizeof *callouts;
}

static bool is_in(struct rect area, int x, int y)
{
	return rect_has(area, x, y);
}

static void dim_around(struct canvas *canvas, struct rect lit)
{
	for (int y = 0; y < canvas->rows; y++)
		for (int x = 0; x < canvas->cols; x++)
			if (!is_in(lit, x, y))
				canvas_at(canvas, x, y)->attrs =
				        (uint16_t)((canvas_at(canvas, x, y)->attrs | ATTR_DIM) & ~ATTR_BOLD);
}

/* The room on one side of the lit part. */
static struct rect side(const struct canvas *canvas, struct rect lit, int which)
{
	int right = lit.x + lit.cols, below = lit.y + lit.rows;
	const struct rect sides[] = {
	        {0, below, canvas->cols, canvas->rows - below},
	        {0, 0, canvas->cols, lit.y},
	        {right, 0, canvas->cols - right, canvas->rows},
	        {0, 0, lit.x, canvas->rows},
	};
	return sides[which];
}

/* The first side that has room for the box; where none has, the one that hides the least: over the lit part's own middle. */
static struct rect place_box(const struct canvas *canvas, struct rect lit, int rows)
{
	int cols = BOX_COLS;
	for (int which = 0; which < 4; which++) {
		struct rect room = side(canvas, lit, which);
		int wide = room.cols < cols ? room.cols : cols;
		if (room.rows < rows || wide < (canvas->cols < cols ? canvas->cols : cols))
			continue;
		int x = lit.x + (lit.cols - wide) / 2;
		x = x + wide > room.x + room.cols ? room.x + room.cols - wide : x;
		x = x < room.x ? room.x : x;
		int spare = room.rows - rows, y = which == 1 ? room.y + spare - (spare > 1) : room.y + (spare > 1);
		if (which > 1)
			y = room.y + spare / 2;
		return (struct rect){x, y, wide, rows};
	}
	cols = canvas->cols < cols ? canvas->cols : cols;
	rows = canvas->rows < rows ? canvas->rows : rows;
	return (struct rect){(canvas->cols - cols) / 2, lit.y > canvas->rows / 2 ? 0 : canvas->rows - rows, cols, rows};
}

static void frame_lit(struct canvas *canvas, struct rect lit)
{
	for (int x = lit.x; x < lit.x + lit.cols; x++)
		for (int y = lit.y; y < lit.y + lit.rows; y++) {
			bool is_edge =
			        x == lit.x || y == lit.y || x == lit.x + lit.cols - 1 || y == lit.y + lit.rows - 1;
			struct cell *cell = canvas_at(canvas, x, y);
			if (cell && is_edge)
				cell->attrs |= ATTR_BOLD;
		}
}

void view_tour(struct canvas *canvas, const struct layout *layout, int step)
{
	if (step < TOUR_FIRST || step > tour_steps())
		return;
	const struct callout *callout = &callouts[step - 1];
	struct rect lit = callout->place(canvas, layout);
	int inner = (canvas->cols < BOX_COLS ? canvas->cols : BOX_COLS) - 4;
	if (inner < BOX_COLS_MIN - 4 || canvas->rows < BOX_ROWS_MIN)
		inner = canvas->cols > 4 ? canvas->cols - 4 : 1;
	struct canvas *page = canvas_create(inner, TEXT_ROWS_MAX);
	page->ascii = canvas->ascii;
	int rows = canvas_put_wrapped(page, (struct rect){0, 0, inner, TEXT_ROWS_MAX}, ROLE_TEXT, callout->text,
	                              strlen(callout->text));
	canvas_destroy(page);
	struct rect box = place_box(canvas, lit, rows + 3);
	dim_around(canvas, lit);
	frame_lit(canvas, lit);
	canvas->cursor_x = canvas->cursor_y = -1;
	char number[40];
	snprintf(number, sizeof number, "%d of %d", step, tour_steps());
	canvas_fill(canvas, box, ROLE_TEXT, ' ');
	frame_box(canvas, box, ROLE_FRAME_FOCUS, callout->title, number, "");
	canvas_put_wrapped(canvas, (struct rect){box.x + 2, box.y + 1, box.cols - 4, box.rows - 3}, ROLE_TEXT,
	                   callout->text, strlen(callout->text));
	bool is_last = step == tour_steps();
	canvas_put_fit(canvas, box.x + 2, box.y + box.rows - 2, box.cols - 4, ROLE_KEY, 0,
	               is_last ? "SPACE begins   ← back" : "SPACE on   ← back   ESC leaves");
}
