/* tour: the first look at the screen, in under a minute: one callout after another beside what it tells of, over the real
 * frame. tour.c knows when it offers itself and which keys walk it; view_tour.c paints it. */
#ifndef UI_TOUR_H
#define UI_TOUR_H

#include "onesdn/canvas.h"
#include "onesdn/term.h"

struct ui;
struct layout;
enum { TOUR_OFF, TOUR_FIRST }; /* view_state.tour: the callout in view, counted from 1 */

int tour_steps(void);
/* Over a painted frame: everything but what the callout tells of becomes dim, the box stands where it covers none of it. */
void view_tour(struct canvas *canvas, const struct layout *layout, int step);

void tour_begin(struct ui *ui, const char *argument); /* the command of its key */
bool tour_key(struct ui *ui, struct term_key key);    /* true: it was for the tour */
/* On the very first start (nothing of ours in the user's state folder) it says how to see it, and never again. */
void tour_offer(struct ui *ui);

#endif
