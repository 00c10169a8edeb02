/* layout: the rectangles of a frame, from its size and what was chosen. Pure arithmetic; frame.c paints into them. */
#include "ui/scene.h"

const char *const layout_names[N_LAYOUTS] = {[LAYOUT_TALK] = "talk", [LAYOUT_ZOOM] = "zoom"};

enum {
	STACK_ROWS = 28,   /* from here on both fit one above the other */
	BESIDE_COLS = 160, /* or, on a low and wide screen, side by side */
	FRAME_ROWS = 6,    /* of the body, below which a frame costs more than it gives */
	FRAME_COLS = 30,
	RESULT_ROWS = 8,
	SHELL_PERCENT = 43,
	SHELL_ROWS_MAX = 26,
	NOTED_ROWS = 14, /* of the diagram, from which on it has rows to spare for notes */
};

bool rect_has(struct rect area, int x, int y)
{
	return x >= area.x && y >= area.y && x < area.x + area.cols && y < area.y + area.rows;
}

struct rect layout_inside(const struct layout *layout, struct rect outer)
{
	if (!layout->is_framed || outer.rows < 3 || outer.cols < 5)
		return outer;
	return (struct rect){outer.x + 2, outer.y + 1, outer.cols - 4, outer.rows - 2};
}

/* One line on top, one or two at the bottom, the body between; what is there comes first as rows grow. */
static void cut_lines(int cols, int rows, struct layout *layout)
{
	int top = rows >= 4 ? 1 : 0, bottom = rows >= RESULT_ROWS ? 2 : rows >= 3 ? 1 : 0;
	layout->title = (struct rect){0, 0, cols, top};
	layout->body = (struct rect){0, top, cols, rows - top - bottom};
	if (bottom > 0)
		layout->keys = (struct rect){0, rows - 1, cols, 1};
	if (bottom > 1)
		layout->result = (struct rect){0, rows - 2, cols, 1};
}

static void share(const struct view_state *view, struct layout *layout)
{
	layout->is_shared = true;
	if (view->front == PANE_SHELL)
		layout->shell = layout->body;
	else
		layout->diagram = layout->body;
}

void layout_compute(int cols, int rows, const struct view_state *view, struct layout *layout)
{
	*layout = (struct layout){0};
	cut_lines(cols, rows, layout);
	struct rect body = layout->body;
	layout->is_framed = body.rows >= FRAME_ROWS && body.cols >= FRAME_COLS;
	bool is_low = rows < STACK_ROWS;
	if (view->layout == LAYOUT_ZOOM || cols < 2 * FRAME_COLS || (is_low && cols < BESIDE_COLS)) {
		share(view, layout);
	} else if (is_low) {
		int left = body.cols / 2;
		layout->diagram = (struct rect){body.x, body.y, left, body.rows};
		layout->shell = (struct rect){body.x + left, body.y, body.cols - left, body.rows};
	} else {
		int below = body.rows * SHELL_PERCENT / 100;
		below -= view->note_rows; /* the diagram keeps what it would have without them */
		if (below > SHELL_ROWS_MAX)
			below = SHELL_ROWS_MAX;
		layout->diagram = (struct rect){body.x, body.y, body.cols, body.rows - below};
		layout->shell = (struct rect){body.x, body.y + body.rows - below, body.cols, below};
	}
	if (layout->diagram.rows >= NOTED_ROWS)
		layout->note_rows = view->note_rows;
}
