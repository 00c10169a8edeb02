/* frame: the whole picture from its parts. Which page lies over the diagram is decided here; what is in it, in its view. */
#include <string.h>

#include "ui/scene.h"
#include "ui/tour.h"

static const struct page_row {
	const char *title;
	view_page_fn *paint;
	bool is_large; /* takes the whole body, not only the diagram's place */
} pages[N_POPUPS] = {
        [POPUP_HELP] = {"help", view_help, true},
        [POPUP_FLOWS] = {"flows", view_flows, false},
        [POPUP_EXPLAIN] = {"this flow", view_explain, false},
        [POPUP_STAGES] = {"stages", view_stages, false},
        [POPUP_WHY] = {"in full", view_why, false},
};

bool frame_shows_manifest(const struct scene *scene, const struct view_state *view)
{
	if (!scene->has_show || !scene->act->stages.len || view->hides_manifest || view->popup != POPUP_NONE)
		return false;
	const struct scenario_stage *stage = &scene->act->stages.data[scene->stage];
	return !scene->is_exploring && stage->action == SCENARIO_APPLY && stage->manifest_text &&
	       scene->states[scene->stage] == PLAY_SHOWN;
}

static struct rect page_area(const struct layout *layout, const struct view_state *view)
{
	bool is_whole = !layout->diagram.rows || (view->popup != POPUP_NONE && pages[view->popup].is_large);
	return is_whole ? layout->body : layout->diagram;
}

void frame_box(struct canvas *canvas, struct rect area, enum canvas_role role, const char *title, const char *right,
               const char *below)
{
	canvas_box(canvas, area, BOX_ROUND, role, title);
	int title_cols = text_columns(title), cols = text_columns(right);
	if (*right && title_cols + cols + 12 <= area.cols) {
		int x = area.x + area.cols - cols - 4;
		canvas_put(canvas, x, area.y, cols + 2, role, 0, " ");
		canvas_put(canvas, x + 1, area.y, cols, role, 0, right);
		canvas_put(canvas, x + 1 + cols, area.y, 1, role, 0, " ");
	}
	cols = text_columns(below);
	if (*below && area.cols > 10) {
		cols = cols > area.cols - 8 ? area.cols - 8 : cols;
		int x = area.x + area.cols - cols - 4, y = area.y + area.rows - 1;
		canvas_put(canvas, x, y, 1, role, 0, " ");
		canvas_put_fit(canvas, x + 1, y, cols, ROLE_MUTED, 0, below);
		canvas_put(canvas, x + 1 + cols, y, 1, role, 0, " ");
	}
}

static view_page_fn *page_paint(const struct scene *scene, const struct view_state *view)
{
	return frame_shows_manifest(scene, view) ? view_manifest : pages[view->popup].paint;
}

static struct canvas *paint_page(int cols, int rows, const struct scene *scene, const struct view_state *view,
                                 bool ascii, int *used)
{
	view_page_fn *paint = page_paint(scene, view);
	struct canvas *page = canvas_create(cols, PAGE_ROWS);
	page->ascii = ascii;
	*used = paint(page, rows, scene, view);
	if (*used > PAGE_ROWS)
		*used = PAGE_ROWS;
	return page;
}

int frame_max_scroll(const struct layout *layout, const struct scene *scene, const struct view_state *view, bool ascii)
{
	struct rect inside = layout_inside(layout, page_area(layout, view));
	int used;
	if (!page_paint(scene, view) || inside.cols < 1 || inside.rows < 1)
		return 0;
	canvas_destroy(paint_page(inside.cols, inside.rows, scene, view, ascii, &used));
	return used > inside.rows ? used - inside.rows : 0;
}

/* The window of a page that is scrolled to; of the stage list always one with the chosen stage in it. */
static int window_top(const struct scene *scene, const struct view_state *view, int used, int rows)
{
	int top = view->scroll > used - rows ? used - rows : view->scroll;
	if (view->popup == POPUP_STAGES) {
		int chosen = view_stage_row(scene->act, view->selected);
		top = chosen < rows ? 0 : chosen - rows + 1;
	}
	return top < 0 ? 0 : top;
}

static void put_page(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                     const struct view_state *view)
{
	struct rect area = page_area(layout, view), inside = layout_inside(layout, area);
	bool is_manifest = frame_shows_manifest(scene, view);
	const char *title =
	        is_manifest ? scene->act->stages.data[scene->stage].manifest_name : pages[view->popup].title;
	if (view->popup == POPUP_WHY && view_has_problem(scene, view))
		title = "what went wrong";
	int used;
	struct canvas *page = paint_page(inside.cols, inside.rows, scene, view, canvas->ascii, &used);
	int top = window_top(scene, view, used, inside.rows);
	canvas_fill(canvas, area, ROLE_TEXT, ' ');
	struct canvas *window = canvas_create(inside.cols, inside.rows);
	window->ascii = canvas->ascii;
	canvas_copy(window, 0, -top, page);
	canvas_copy(canvas, inside.x, inside.y, window);
	canvas_destroy(window);
	canvas_destroy(page);
	char below[64] = "";
	if (used > inside.rows)
		snprintf(below, sizeof below, "lines %d to %d of %d  ↑↓", top + 1,
		         top + inside.rows < used ? top + inside.rows : used, used);
	if (layout->is_framed)
		frame_box(canvas, area, ROLE_FRAME_FOCUS, title, is_manifest ? "to be applied" : "ESC close", below);
}

/* Where panes are behind one another: which one Tab brings forward. */
static void put_next_pane(const struct view_state *view, struct str *below)
{
	str_append_f(below, "%sTAB %s", below->len ? "   " : "", layout_pane_name(layout_next_pane(view)));
}

/* "overlay · green-network": the act and the networks that it is about. */
static void diagram_title(const struct scene *scene, struct str *out)
{
	str_append(out, scene->act->name);
	for (size_t i = 1; scene->topo && i < scene->topo->networks.len && i < 4; i++) {
		const struct topo_network *network = &scene->topo->networks.data[i];
		str_append_f(out, " · %s", network->name);
		if (network->vlan)
			str_append_f(out, " · VLAN %d", network->vlan);
	}
}

static void put_diagram(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                        const struct view_state *view)
{
	struct str title = {0}, below = {0};
	diagram_title(scene, &title);
	if (scene->diagram && *scene->diagram->hidden)
		str_append_f(&below, "hidden: %s", scene->diagram->hidden);
	if (layout->is_shared)
		put_next_pane(view, &below);
	if (layout->is_framed) {
		enum canvas_role role =
		        view->front == PANE_DIAGRAM && view->mode == MODE_STAGE ? ROLE_FRAME_FOCUS : ROLE_FRAME;
		char filter[80] = "";
		if (*view->filter)
			snprintf(filter, sizeof filter, "/%.60s", view->filter);
		frame_box(canvas, layout->diagram, role, str_text(&title), filter, str_text(&below));
	}
	view_diagram(canvas, layout_inside(layout, layout->diagram), scene, view);
	str_finish(&title);
	str_finish(&below);
}

static void put_shell(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                      const struct view_state *view)
{
	if (layout->is_framed) {
		const char *program = scene->pane ? term_title(scene->pane) : "";
		const char *shell = scene->tabs && *scene->tabs ? scene->tabs : "shell";
		struct str title = {0};
		char right[64] = "", back[64] = "";
		bool is_console = scene->console.id && scene->console.state == PLAY_CONSOLE_ATTACHED;
		if (scene->console.id)
			view_console_title(scene, &title);
		else
			str_append_f(&title, "%s%s%s", scene->pane ? shell : "on the way to the cluster",
			             *program ? " · " : "", program);
		if (view->mode == MODE_TERMINAL)
			snprintf(right, sizeof right, is_console ? "leave: ^]   stage: %s" : "leave: %s",
			         view->escape_key);
		else if (is_console)
			snprintf(right, sizeof right, "leave: ^]");
		if (view->back)
			snprintf(back, sizeof back, "%d lines back", view->back);
		else if (layout->is_shared)
			snprintf(back, sizeof back, "TAB %s", layout_pane_name(layout_next_pane(view)));
		bool has_focus = view->mode == MODE_TERMINAL || view->front == PANE_SHELL;
		frame_box(canvas, layout->shell, has_focus ? ROLE_FRAME_FOCUS : ROLE_FRAME, str_text(&title), right,
		          back);
		str_finish(&title);
	}
	view_pane(canvas, layout_inside(layout, layout->shell), scene, view);
}

static void put_guide(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                      const struct view_state *view)
{
	struct str title = {0}, below = {0};
	struct rect inside = layout_inside(layout, layout->guide);
	bool has_focus = view->front == PANE_GUIDE && view->mode == MODE_STAGE;
	size_t place, total;
	if (scene->act->stages.len) {
		scenario_place(scene->act, scene->stage, &place, &total);
		if (scene->is_exploring)
			str_append_f(&title, "explore · %zu/%zu", scene->exploration.number + 1,
			             scene->act->explorations.len);
		else
			str_append_f(&title, "guide · %zu/%zu", place, total);
	}
	int most = view_guide_max_scroll(inside, scene, view);
	if (most)
		str_append_f(&below, "%s", view->guide_scroll < most ? "↑↓ more" : "↑↓");
	if (layout->is_shared && layout->guide.cols == layout->body.cols)
		put_next_pane(view, &below);
	if (layout->is_framed)
		frame_box(canvas, layout->guide, has_focus ? ROLE_FRAME_FOCUS : ROLE_FRAME, str_text(&title), "",
		          str_text(&below));
	view_guide(canvas, inside, scene, view);
	str_finish(&title);
	str_finish(&below);
}

static void put_bottom(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                       const struct view_state *view)
{
	bool is_line = view->line != LINE_NONE, is_told = layout->is_framed || !layout->is_shared;
	if (layout->result.rows)
		view_result(canvas, layout->result, scene, view);
	if (!layout->keys.rows)
		return;
	if (is_line)
		view_line(canvas, layout->keys, view);
	else if (!layout->result.rows && view_wants_result(scene, view))
		view_result(canvas, layout->keys, scene, view);
	else
		view_keys(canvas, layout->keys, scene, view, is_told ? NULL : layout_pane_name(layout_next_pane(view)));
}

void frame_paint(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                 const struct view_state *view)
{
	canvas_clear(canvas);
	if (view->is_blank)
		return;
	canvas_fill(canvas, (struct rect){0, 0, canvas->cols, canvas->rows}, ROLE_TEXT, ' ');
	if (canvas->cols < LAYOUT_MIN_COLS || canvas->rows < LAYOUT_MIN_ROWS) {
		char words[80];
		snprintf(words, sizeof words, "too small: %dx%d at least", LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
		canvas_put_fit(canvas, 0, 0, canvas->cols, ROLE_WARN, 0, words);
		return;
	}
	if (layout->title.rows)
		view_title(canvas, layout->title, scene, view);
	if (scene->take.term) {
		view_take(canvas, layout, scene);
		if (layout->keys.rows)
			view_keys(canvas, layout->keys, scene, view, NULL);
		return;
	}
	if (layout->shell.rows)
		put_shell(canvas, layout, scene, view);
	if (layout->diagram.rows)
		put_diagram(canvas, layout, scene, view);
	if (layout->guide.rows)
		put_guide(canvas, layout, scene, view);
	bool has_page = view->popup != POPUP_NONE || (layout->diagram.rows && frame_shows_manifest(scene, view));
	if (has_page) {
		canvas->cursor_x = canvas->cursor_y = view->popup == POPUP_NONE ? canvas->cursor_x : -1;
		put_page(canvas, layout, scene, view);
	}
	put_bottom(canvas, layout, scene, view);
	if (view->tour)
		view_tour(canvas, layout, view->tour);
}
