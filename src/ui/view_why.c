/* view_why: the whole of what the result line has no room for: what went wrong and what to do, else what was checked. */
#include <string.h>

#include "ui/scene.h"

bool view_has_problem(const struct scene *scene, const struct view_state *view)
{
	return *scene->failure || scene->is_problem || *scene->cluster_problem || *view->told;
}

int view_why(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)rows;
	int y = 0;
	if (*scene->failure)
		y = put_lines(page, y, ROLE_FAIL, scene->failure);
	else if (scene->is_problem)
		y = put_lines(page, y, ROLE_FAIL, scene->message);
	if (*scene->cluster_problem)
		y = put_lines(page, y ? y + 1 : 0, ROLE_WARN, scene->cluster_problem);
	if (*view->told)
		y = put_lines(page, y ? y + 1 : 0, ROLE_FAIL, view->told);
	if (y == 0)
		y = put_lines(page, y, ROLE_TEXT,
		              *scene->message       ? scene->message
		              : scene->act->summary ? scene->act->summary
		                                    : "");
	if (*scene->failure && y + 1 < page->rows) {
		canvas_put_fit(page, 0, y + 1, page->cols, ROLE_MUTED, 0,
		               "r run it again   s skip it   i type   ESC close: the show can go on");
		y += 2;
	}
	return y;
}
