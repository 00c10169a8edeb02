/* view_pane: the terminal pane. Until there is a shell it tells how far the way to the cluster has come. */
#include "onesdn/term.h"
#include "ui/scene.h"

static void put_progress(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	size_t first = scene->n_progress > (size_t)area.rows ? scene->n_progress - (size_t)area.rows : 0;
	int y = area.y;
	for (size_t i = first; i < scene->n_progress; i++, y++) {
		bool is_last = i + 1 == scene->n_progress, is_failed = is_last && *scene->cluster_problem;
		const char *glyph = is_failed ? "✗" : is_last ? "◐" : "✓";
		enum canvas_role role = is_failed ? ROLE_FAIL : is_last ? ROLE_WAIT : ROLE_OK;
		canvas_put(canvas, area.x, y, area.cols, role, 0, glyph);
		canvas_put_fit(canvas, area.x + 2, y, area.cols - 2, is_last ? ROLE_TEXT : ROLE_MUTED, 0, scene->progress[i]);
	}
}

void view_pane(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (!scene->pane) {
		put_progress(canvas, area, scene);
		return;
	}
	bool has_cursor = view->popup == POPUP_NONE && view->line == LINE_NONE;
	term_paint(scene->pane, canvas, area, view->back, has_cursor && view->mode == MODE_TERMINAL && view->back == 0);
}
