/* take: the recorded take of the stage in view, played in the live stage's place, and the way back. Only what is shown changes: the
 * show goes on underneath, and no key reaches it. */
#ifndef UI_TAKE_H
#define UI_TAKE_H

#include "ui/scene.h"

struct ui;
struct take;                     /* NULL: the live stage is shown */
void take_toggle(struct ui *ui); /* from live to the take, and back; without a take, words how one is made */
void take_end(struct ui *ui);    /* back to live, if it is not */
void take_finish(struct ui *ui); /* the end of the ui */
void take_pause(struct ui *ui);  /* pause, go on; at the end: back to live */
void take_restart(struct ui *ui);
void take_pan(struct ui *ui, int cols, int rows);       /* where the screen is too small for all of it */
void take_command(struct ui *ui, const char *argument); /* "", "pause", "again", "up", "down", "left", "right" */
void take_fill(struct ui *ui);                          /* the scene's take, and its badge */

#endif
