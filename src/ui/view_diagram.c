/* view_diagram: the diagram module's canvas in its place, or words where there is nothing to draw. The frame around it
 * belongs to frame.c. */
#include "ui/scene.h"

void view_diagram(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	(void)view;
	if (scene->diagram) {
		canvas_copy(canvas, area.x, area.y, scene->diagram->canvas);
		return;
	}
	int y = area.y + area.rows / 2;
	canvas_put_fit(canvas, area.x, y, area.cols, ROLE_MUTED, 0,
	               "Nothing to draw yet: this act's namespaces are empty.");
}
