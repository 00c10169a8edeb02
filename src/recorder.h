/* recorder: frames of a show into recordings: the whole show in one file as it goes on, and each stage as a take of its own. Writes
 * what the screen changes by (canvas), so that a recording does not depend on anybody's terminal. */
#ifndef ONESDN_RECORDER_H
#define ONESDN_RECORDER_H

#include "onesdn/cast.h"

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
/* Times are the loop's. Nothing is written before the first stage, and nothing while it is paused. */
/* False: it looks like the one before. */
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

#endif
