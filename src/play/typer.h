/* typer: types a text into a pane character by character, so that the audience can read along. Private to play. */
#ifndef PLAY_TYPER_H
#define PLAY_TYPER_H

#include "onesdn/term.h"

struct typer;
/* `on_typed` comes from the loop once all of a text has been typed, never from inside typer_type. */
struct typer *typer_create(struct loop *loop, struct term *term, loop_call_fn *on_typed, void *user);
void typer_destroy(struct typer *typer);
void typer_type(struct typer *typer, const char *text, int type_ms); /* one text at a time: another one is forgotten */
void typer_rest(struct typer *typer);                                /* what is left of it at once */
void typer_stop(struct typer *typer);                                /* on_typed does not come */

#endif
