/* notes_view: the picture of `onesdn notes`: what was told last, the clock at this moment. Pure: these in, cells out. */
#ifndef ONESDN_NOTES_VIEW_H
#define ONESDN_NOTES_VIEW_H

#include "onesdn/canvas.h"
#include "onesdn/notes.h"

struct notes_view {
	const struct notes *notes; /* NULL: there is no show */
	bool was_there;            /* there was one before */
	int64_t elapsed_ms;        /* -1: the clock has not begun */
	int scroll;                /* lines of what is to be said that are above */
};
/* Gives the most that makes sense for `scroll`. */
int notes_paint(struct canvas *canvas, const struct notes_view *view);

#endif
