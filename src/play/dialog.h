/* dialog: what the two files of stages on a console share: dialog.c has the job, dialog_prompt.c finds the place to type at. */
#ifndef PLAY_DIALOG_H
#define PLAY_DIALOG_H

#include "play/engine.h"

enum { DIALOG_SETTLED_MS = 250 }; /* of silence: what is seen stays */

const struct scenario_dialog *dialog_script(const struct play *p); /* the stage's */
void dialog_find_prompt(struct play *p); /* STEP_PROMPT: types the text as soon as there is where; fails when it is too late */
void dialog_fail(struct play *p, const char *expected, const char *cure); /* found: what the console shows */

#endif
