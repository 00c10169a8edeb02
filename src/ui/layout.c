/* layout: the rectangles of a frame, from its size and what was chosen. Pure arithmetic; frame.c paints into them. */
#include "ui/scene.h"

const char *const layout_names[N_LAYOUTS] = {
        [LAYOUT_TALK] = "talk", [LAYOUT_GUIDED] = "guided", [LAYOUT_ZOOM] = "zoom"};

enum {
	STACK_ROWS = 28,   /* from here on both fit one above the other */
	BESIDE_COLS = 160, /* or, on a low and wide screen, side by side */
	FRAME_ROWS = 6,    /* of the body, below which a frame costs more than it gives */
	FRAME_COLS = 30,
	RESULT_ROWS = 8,
	SHELL_PERCENT = 43,
	SHELL_ROWS_MAX = 26,
	NOTED_ROWS = 14,        /* of the diagram, from which on it has rows to spare for notes */
	GUIDE_SCREEN_COLS = 96, /* from here on the guided layout's column stands beside the others */
	GUIDE_PERCENT = 37,
	GUIDE_COLS_MAX = 68,
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

/* Diagram and shell in their part of the body, one behind the other. */
static void share(const struct view_state *view, struct rect area, struct layout *layout)
{
	layout->is_shared = true;
	if (view->front == PANE_SHELL)
		layout->shell = area;
	else
		layout->diagram = area;
}

static void stack(struct rect area, int note_rows, struct layout *layout)
{
	int below = area.rows * SHELL_PERCENT / 100;
	below -= note_rows; /* the diagram keeps what it would have without them */
	if (below > SHELL_ROWS_MAX)
		below = SHELL_ROWS_MAX;
	layout->diagram = (struct rect){area.x, area.y, area.cols, area.rows - below};
	layout->shell = (struct rect){area.x, area.y + area.rows - below, area.cols, below};
}

static int guide_cols(int cols)
{
	int wanted = cols * GUIDE_PERCENT / 100;
	return wanted > GUIDE_COLS_MAX ? GUIDE_COLS_MAX : wanted;
}

int layout_diagram_cols(int cols, const struct view_state *view)
{
	bool has_guide = view->layout == LAYOUT_GUIDED && cols >= GUIDE_SCREEN_COLS;
	return has_guide ? cols - guide_cols(cols) : cols;
}

/* The column of the guided layout; what is left of the body. */
static struct rect cut_guide(struct rect body, struct layout *layout)
{
	int cols = guide_cols(body.cols);
	layout->guide = (struct rect){body.x + body.cols - cols, body.y, cols, body.rows};
	return (struct rect){body.x, body.y, body.cols - cols, body.rows};
}

enum ui_pane layout_next_pane(const struct view_state *view)
{
	bool has_guide =
	        view->layout == LAYOUT_GUIDED || (view->layout == LAYOUT_ZOOM && view->layout_before == LAYOUT_GUIDED);
	if (view->front == PANE_DIAGRAM)
		return PANE_SHELL;
	return view->front == PANE_SHELL && has_guide ? PANE_GUIDE : PANE_DIAGRAM;
}

const char *layout_pane_name(enum ui_pane pane)
{
	static const char *const names[] = {[PANE_DIAGRAM] = "diagram", [PANE_SHELL] = "shell", [PANE_GUIDE] = "guide"};
	return names[pane];
}

void layout_compute(int cols, int rows, const struct view_state *view, struct layout *layout)
{
	*layout = (struct layout){0};
	cut_lines(cols, rows, layout);
	struct rect area = layout->body;
	layout->is_framed = area.rows >= FRAME_ROWS && area.cols >= FRAME_COLS;
	bool is_guided = view->layout == LAYOUT_GUIDED, is_alone = view->layout == LAYOUT_ZOOM;
	if (is_guided && cols >= GUIDE_SCREEN_COLS)
		area = cut_guide(area, layout);
	else if ((is_guided || is_alone) && view->front == PANE_GUIDE) {
		layout->is_shared = true;
		layout->guide = area;
		return;
	}
	bool is_low = rows < STACK_ROWS;
	if (is_alone || area.cols < 2 * FRAME_COLS || (is_low && area.cols < BESIDE_COLS)) {
		share(view, area, layout);
	} else if (is_low) {
		int left = area.cols / 2;
		layout->diagram = (struct rect){area.x, area.y, left, area.rows};
		layout->shell = (struct rect){area.x + left, area.y, area.cols - left, area.rows};
	} else {
		stack(area, view->note_rows, layout);
	}
	if (layout->diagram.rows >= NOTED_ROWS)
		layout->note_rows = view->note_rows;
}
