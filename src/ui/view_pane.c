/* view_pane: the terminal pane. Until there is a shell it tells how far the way to the cluster has come. */
#include <string.h>

#include "onesdn/term.h"
#include "ui/scene.h"

static void put_progress(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	bool has_failed = *scene->cluster_problem != '\0';
	size_t room = (size_t)(area.rows > 5 && has_failed ? area.rows - 4 : area.rows);
	size_t first = scene->n_progress > room ? scene->n_progress - room : 0;
	int y = area.y, end = area.y + area.rows;
	for (size_t i = first; i < scene->n_progress; i++, y++) {
		bool is_now = i + 1 == scene->n_progress && !has_failed;
		canvas_put(canvas, area.x, y, area.cols, is_now ? ROLE_WAIT : ROLE_OK, 0, is_now ? "◐" : "✓");
		canvas_put_fit(canvas, area.x + 2, y, area.cols - 2, is_now ? ROLE_TEXT : ROLE_MUTED, 0,
		               scene->progress[i]);
	}
	if (!has_failed)
		return;
	canvas_put(canvas, area.x, y, area.cols, ROLE_FAIL, 0, "✗");
	for (const char *line = scene->cluster_problem; *line && y < end;) {
		size_t len = strcspn(line, "\n");
		y += canvas_put_wrapped(canvas, (struct rect){area.x + 2, y, area.cols - 2, end - y}, ROLE_TEXT, line,
		                        len);
		line += len + (line[len] == '\n');
	}
	if (++y < end)
		canvas_put_fit(canvas, area.x + 2, y, area.cols - 2, ROLE_MUTED, 0, "r tries again   q quits");
}

void view_pane(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (!scene->pane) {
		put_progress(canvas, area, scene);
		return;
	}
	if (scene->console.id) {
		view_console(canvas, area, scene, view);
		return;
	}
	bool has_cursor = view->popup == POPUP_NONE && view->line == LINE_NONE && view->back == 0;
	term_paint(scene->pane, canvas, area, view->back, has_cursor); /* also in stage mode: one sees where it types */
}
