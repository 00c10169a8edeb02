/* reel: a recording in a pane. Feeds what the player's machine gives (cast.h) to a term, on the loop's clock.
 *
 * Floor 3. For the show's takes, and for `onesdn play`, which has no show. */
#ifndef ONESDN_REEL_H
#define ONESDN_REEL_H

#include "onesdn/cast.h"
#include "onesdn/term.h"

struct reel;
typedef void reel_fn(void *user); /* there is something new to be seen; may not destroy the reel */
struct reel *reel_create(struct loop *loop, const struct cast *cast, reel_fn *on_change,
                         void *user); /* borrows the cast; paused */
void reel_destroy(struct reel *reel);
struct cast_player *reel_player(struct reel *reel); /* after telling it anything: reel_go */
int64_t reel_now(const struct reel *reel);          /* the clock that the player is told */
void reel_go(struct reel *reel);
struct term *reel_term(struct reel *reel);    /* another one after a jump back: not to be kept */
bool reel_is_behind(const struct reel *reel); /* on the way to where it was sent: not yet what is to be seen there */

#endif
