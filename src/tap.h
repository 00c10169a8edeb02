/* tap: what a rehearsal prints beside its lines: comments, and texts in which a '#' must not begin a directive. */
#ifndef TAP_H
#define TAP_H

#include "onesdn/play.h"

void tap_comment(const char *text); /* each line of it */
void tap_description(const char *text);
void tap_output(const char *text); /* what a command has printed, made safe, as comments */

/* Lines: of a stage, without its end; of one that is done, with what was checked; of the half `at` of the act's explorations
 * (broken, mended, broken ...), without its end. */
void tap_stage(const struct play *play, size_t number, size_t stage, bool ok);
void tap_stage_ok(const struct play *play, size_t number, size_t stage, const char *how); /* how: said before what was checked */
void tap_stage_failed(const struct play *play, size_t number, size_t stage, bool was_shown); /* all of it; its command, unless it was */
void tap_exploration(const struct play *play, size_t number, size_t at, bool ok);

#endif
