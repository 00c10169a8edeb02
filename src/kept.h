/* kept: the state of a show on disk, one file a show in $XDG_STATE_HOME/onesdn/shows, so that `onesdn --resume` goes on where it
 * was after a crash or a closed terminal. A file belongs to the show that holds its lock; what nobody holds was left unfinished. */
#ifndef ONESDN_KEPT_H
#define ONESDN_KEPT_H

#include "show.h"

struct kept {                             /* as it was read */
	char *path;                       /* of the file; "" when none was read */
	char *act, *context, *kubeconfig; /* the latter two may be NULL */
	char *cluster;                    /* which one, as far as one can be told from another; "" */
	bool read_only;
	int64_t started_ms;     /* Unix time; 0: the clock had not begun */
	int64_t planned_ms;     /* of the acts before */
	int64_t written_ms;     /* Unix time */
	size_t stage, n_stages; /* counted from 1, as the title shows it */
	json_t *play;           /* for play_restore */
};
/* The one that was written last of those that no show holds. ERR_NOT_FOUND: there is none. A file that cannot be used is an
 * error with its name and what to do. */
bool kept_find(struct kept *kept, struct err *err);
void kept_finish(struct kept *kept);

struct keeper;
/* From now on the show is kept, in the file of `kept` (NULL: one of its own, made when the first stage begins). Nothing but the
 * keeping fails: what goes wrong is told on the screen, once. */
struct keeper *keeper_create(struct show *show, const struct kept *kept);
void keeper_stage_changed(struct keeper *keeper); /* written later in this turn; NULL is fine, here and below */
void keeper_changed(struct keeper *keeper);       /* another stage may be in view */
/* A show that is over leaves nothing. */
void keeper_destroy(struct keeper *keeper);
char *keeper_cluster(const struct show *show); /* which cluster the show is on, as in kept.cluster; the caller frees */

#endif
