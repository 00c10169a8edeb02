/* by_hints: performs stages of a rehearsal as somebody would who is alone with them: by typing what their hints say, one command
 * after another, where the stage is at home. Each has to end with status 0, or to do the stage; and together they have to do it. */
#ifndef BY_HINTS_H
#define BY_HINTS_H

#include "onesdn/play.h"

struct by_hints;
typedef void by_hints_fn(struct by_hints *by_hints, bool ok, void *user);
/* The play is the caller's and outlives it; a stage has `limit_ms`. `on_end` comes from the loop, once a stage. Never NULL. */
struct by_hints *by_hints_create(struct loop *loop, struct play *play, int64_t limit_ms, by_hints_fn *on_end, void *user);
void by_hints_destroy(struct by_hints *by_hints);
/* The stage or exploration in view. False: its hints name nothing to type; nothing happens. */
bool by_hints_begin(struct by_hints *by_hints);
bool by_hints_runs(const struct by_hints *by_hints);
void by_hints_stop(struct by_hints *by_hints); /* on_end does not come */
/* Of the play's events, while it runs: the command has ended; the stage is done. */
void by_hints_typed(struct by_hints *by_hints, int status);
void by_hints_done(struct by_hints *by_hints);
size_t by_hints_typed_so_far(const struct by_hints *by_hints); /* commands of the stage */
const char *by_hints_failure(const struct by_hints *by_hints); /* of the last stage, in safe lines; "" */

#endif
