/* view_diagram: the diagram module's canvas in its place, or words where there is nothing to draw. The frame around it
 * belongs to frame.c. */
#include "ui/scene.h"

void view_diagram(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (scene->diagram) {
		int rows = area.rows - scene->diagram->canvas->rows;
		canvas_copy(canvas, area.x, area.y, scene->diagram->canvas);
		if (rows > 0)
			view_notes(canvas, (struct rect){area.x, area.y + area.rows - rows, area.cols, rows}, scene,
			           view);
		return;
	}
	int y = area.y + area.rows / 2;
	canvas_put_fit(canvas, area.x, y, area.cols, ROLE_MUTED, 0,
	               "Nothing to draw yet: this act's namespaces are empty.");
}
