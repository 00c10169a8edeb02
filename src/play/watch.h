/* watch: what a machine outside the cluster says of itself: shell text of the scenario that runs on it and prints a line a
 * state ("up", "down WORDS", "absent"). Private to play.
 *
 * It is started again when it ends, later each time; it ends with us. What it prints is hostile: lines are bounded, words
 * are made safe, other lines are passed over.
 */
#ifndef PLAY_WATCH_H
#define PLAY_WATCH_H

#include "onesdn/loop.h"

enum watch_state { WATCH_SILENT /* it has said nothing yet */, WATCH_UP, WATCH_DOWN, WATCH_ABSENT };
struct watch;
struct watch_options {
	struct loop *loop;
	const char *text, *cwd;        /* copied */
	bool is_in_lab;                /* it runs in the lab's host namespace */
	void (*on_change)(void *user); /* never from inside a call; may not destroy the watch */
	void *user;
};
struct watch *watch_create(const struct watch_options *options); /* never NULL; runs from now on */
void watch_destroy(struct watch *watch);
enum watch_state watch_state(const struct watch *watch);
const char *watch_words(const struct watch *watch); /* of DOWN, one safe line; "" */

/* What stands in the line: false, and nothing changed, if it is none of ours. `words` is set to what follows "down". */
bool watch_read_line(const char *line, size_t len, enum watch_state *state, struct str *words);

#endif
