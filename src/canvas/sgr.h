/* sgr: cells and their looks as a terminal reads them. Private to canvas: out.c (whole pictures), diff.c (what has changed). */
#ifndef CANVAS_SGR_H
#define CANVAS_SGR_H

#include "onesdn/canvas.h"

bool sgr_is_blank(const struct cell *cell);
void sgr_append_cell(struct str *out,
                     const struct cell *cell); /* its characters; nothing for the right half of a wide one */
void sgr_append_look(struct str *out, const struct canvas_look *look); /* from whatever was set before */
bool sgr_same_look(const struct canvas_look *a, const struct canvas_look *b);

#endif
