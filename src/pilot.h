/* pilot: drives a show without anybody at the keys, as a person would: shows, lets it be read, runs, lets the result be read, goes
 * on. Only what the play says moves it, and the pauses. After a stage that failed, and after the last one that was wanted, only what
 * cleans up is performed. */
#ifndef ONESDN_PILOT_H
#define ONESDN_PILOT_H

#include "show.h"

struct pilot;
struct pilot_options {
	struct show *show;
	double pace;                                 /* of typing and pauses: 1 a person's, 0 as quick as it goes */
	int type_ms;                                 /* of a character at pace 1 */
	size_t start; /* the stage that the cluster is brought to first; TOPO_NONE: from the beginning */
	bool (*is_wanted)(size_t stage, void *user); /* else the stage is performed at once */
	bool (*is_last)(size_t stage, void *user);   /* nothing is wanted after it */
	/* The act is over; `failure`: why it is not as it should be, NULL. May change the act of the show. */
	void (*on_over)(const char *failure, void *user);
	void *user;
};
struct pilot *pilot_create(const struct pilot_options *options);
void pilot_destroy(struct pilot *pilot);
void pilot_begin(struct pilot *pilot);             /* an act: the show has a play */
void pilot_look(struct pilot *pilot);              /* something has changed */
void pilot_moved(struct pilot *pilot);   /* the picture is another one: what has not come to rest is not left */
void pilot_give_up(struct pilot *pilot, const char *why); /* after this stage only what cleans up */
bool pilot_is_there(const struct pilot *pilot);    /* where the act is to begin */
bool pilot_is_cleaning(const struct pilot *pilot); /* nothing is wanted any more */

#endif
