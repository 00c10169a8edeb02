/* record: a show into recordings, and a show that nobody drives.
 *
 * Floor 8. What `onesdn record` is made of.
 */
#ifndef ONESDN_RECORD_H
#define ONESDN_RECORD_H

#include "onesdn/cast.h"
#include "onesdn/show.h"

/* ---- pilot.c: drives a show without anybody at the keys, as a person would: shows, lets it be read, runs, lets the result be
 * read, goes on. Only what the play says moves it, and the pauses. After a stage that failed, and after the last one that was
 * wanted, only what cleans up is performed. ---- */
struct pilot;
struct pilot_options {
	struct show *show;
	double pace;  /* of typing and pauses: 1 a person's, 0 as quick as it goes */
	int type_ms;  /* of a character at pace 1 */
	size_t start; /* the stage that the cluster is brought to first; TOPO_NONE: from the beginning */
	bool (*is_wanted)(size_t stage, void *user); /* else the stage is performed at once */
	bool (*is_last)(size_t stage, void *user);   /* nothing is wanted after it */
	/* The act is over; `failure`: why it is not as it should be, NULL. May change the act of the show. */
	void (*on_over)(const char *failure, void *user);
	void *user;
};
struct pilot *pilot_create(const struct pilot_options *options);
void pilot_destroy(struct pilot *pilot);
void pilot_begin(struct pilot *pilot); /* an act: the show has a play */
void pilot_look(struct pilot *pilot);  /* something has changed */
void pilot_moved(struct pilot *pilot); /* the picture is another one: what has not come to rest is not left */
void pilot_give_up(struct pilot *pilot, const char *why); /* after this stage only what cleans up */
/* What runs is stopped, then only what cleans up. False: nothing has been done that could be cleaned up. */
bool pilot_interrupt(struct pilot *pilot);
bool pilot_is_there(const struct pilot *pilot);    /* where the act is to begin */
bool pilot_is_cleaning(const struct pilot *pilot); /* nothing is wanted any more */

/* ---- recorder.c: frames of a show into recordings: the whole show in one file as it goes on, and each stage as a take of its own. Writes
 * what the screen changes by (canvas), so that a recording does not depend on anybody's terminal. ---- */
struct recorder;
struct recorder_options { /* the texts are copied, the rules borrowed */
	const char *path; /* of the whole; an existing file is replaced. NULL: takes only */
	const struct cast_header *header;
	const struct cast_rules *rules; /* for titles; frames come without secrets */
	bool keeps_takes;
};
struct recorder_sum {
	size_t n_markers, n_takes;
	int64_t duration_us;
	struct str problem; /* why takes could not be kept; "" */
};
struct recorder *recorder_create(const struct recorder_options *options, struct err *err);
void recorder_destroy(struct recorder *recorder); /* a take that was not kept is gone */
/* Times are the loop's. Nothing is written before the first stage, and nothing while it is paused. False: it looks like the one
 * before. */
bool recorder_frame(struct recorder *recorder, int64_t now_ms, const struct canvas *frame,
                    const struct canvas_look *looks);
struct recorder_stage { /* that comes in view; its marker follows the next frame */
	const char *act, *id, *title;
};
void recorder_stage(struct recorder *recorder, int64_t now_ms, const struct recorder_stage *stage);
const char *recorder_problem(const struct recorder *recorder); /* of the whole: why nothing is written any more; "" */
void recorder_keep(
        struct recorder *recorder); /* the stage in view was performed: its take replaces the one there was */
void recorder_pause(struct recorder *recorder, bool is_paused);
bool recorder_is_paused(const struct recorder *recorder);
/* Everything ends here. False: the recording could not be written to its end. The recorder is still to be destroyed. */
bool recorder_finish(struct recorder *recorder, int64_t now_ms, struct recorder_sum *sum, struct err *err);

/* The colours that a player wants to know, from those of the recording. */
void recorder_theme(const struct canvas_look *looks, struct cast_theme *theme);

/* ---- takes.c: the takes of acts' stages joined into one recording. Where a take is, ui_take_path says. ---- */
struct takes_join {
	const char *const *acts;
	size_t n_acts;
	const char *environment;
	const struct cast_header *header; /* of the whole */
};
/* Into `path`, whole or not at all. What has no take yet is named in sum->problem, "ACT/STAGE ACT/STAGE". Fails when there is no take
 * at all, and on takes of different sizes. */
bool takes_join(const char *path, const struct takes_join *join, struct recorder_sum *sum, struct err *err);

#endif
