/* show: what a show consists of (loop, connection, cluster, play, ui) and how they are tied together; how it is kept on disk, and
 * told to the speaker's second terminal.
 *
 * Floor 7. Shared by the commands that have a full screen (show, record). The screen is there before the cluster is; whatever
 * calls a verb of the play is posted.
 */
#ifndef ONESDN_SHOW_H
#define ONESDN_SHOW_H

#include "onesdn/connect.h"
#include "onesdn/notes.h"
#include "onesdn/ui.h"

enum { SHOW_N_SIGNALS = 3, SHOW_TYPE_MS = 12 };

struct show;
struct show_events { /* each may be NULL; none may end the show: loop_stop, and end it outside the loop */
	void (*on_play)(struct show *show, void *user);   /* a play was made: show->play */
	void (*on_change)(struct show *show, void *user); /* the play or the cluster has changed */
	void (*on_stage)(struct show *show, size_t stage, enum play_state state, void *user);
	void (*on_progress)(struct show *show, const char *line, void *user);
	void (*on_problem)(struct show *show, const char *text, void *user); /* no cluster, or no play on it */
	bool (*on_signal)(struct show *show, void *user); /* the first one; true: the show goes on, and ends itself */
};
struct show_options {                     /* borrowed until show_end */
	const char *context, *kubeconfig; /* both NULL: the lab */
	bool read_only;
	int cols, rows;                       /* of the ui; 0: the terminal's */
	const struct ui_recording *recording; /* of a recorded show; borrowed for show_begin */
	struct show_events events;
	void *user;
};
struct show {
	struct show_options options;
	struct ui_config config; /* the caller's to fill in before show_begin; finished by show_end */
	struct loop *loop;
	struct scenario_act *act; /* until a play has taken it */
	const char *environment;
	struct connecting *connecting;
	struct connection *connection;
	struct kube *kube;
	struct play *play; /* NULL: no cluster yet */
	struct ui *ui;
	struct loop_signal *signals[SHOW_N_SIGNALS];
	int signum;         /* that ended it; 0: none */
	int64_t started;    /* loop time of its very first stage, over all its acts; 0: not yet */
	int64_t planned_ms; /* of what was performed in the acts before this one */
	bool has_offered;   /* the way to a cluster that has what the act needs */
};
int64_t show_started(const struct show *show);                   /* loop time; 0: not yet */
int64_t show_plan(const struct scenario_act *act, size_t stage); /* minutes_ms of its own stages before this one */
/* Everything there but the cluster, which is on its way; then loop_run. On failure show_end is still to be called. */
bool show_begin(struct show *show, const struct show_options *options, const char *act, struct err *err);
/* Another act in place of this one, from its beginning. */
bool show_change_act(struct show *show, const char *name, struct err *err);
void show_end(struct show *show); /* also says that the lab is still running */

/* ---- what is asked for on the command line ---- */
struct show_words {
	const char *theme, *layout, *type_ms;
	bool ascii, no_mouse;
};
/* The config file, and over it these; `type_ms` when neither says it. */
bool show_config(struct ui_config *config, const struct show_words *words, int type_ms, struct err *err);
char *show_first_act(struct err *err); /* the first act there is; the caller frees */
/* False, and told on standard error: it is neither an act nor a file. */
bool show_is_act(const char *name);

/* ---- kept.c: the state of a show on disk, one file a show in $XDG_STATE_HOME/onesdn/shows, so that `onesdn --resume` goes on where it
 * was after a crash or a closed terminal. A file belongs to the show that holds its lock; what nobody holds was left unfinished. ---- */
struct kept {                             /* as it was read */
	char *path;                       /* of the file; "" when none was read */
	char *act, *context, *kubeconfig; /* the latter two may be NULL */
	char *cluster;                    /* which one, as far as one can be told from another; "" */
	bool read_only, is_mentioned;     /* is_mentioned: a later show has said that it is there */
	int64_t started_ms;               /* Unix time; 0: the clock had not begun */
	int64_t planned_ms;               /* of the acts before */
	int64_t written_ms;               /* Unix time */
	size_t stage, n_stages;           /* counted from 1, as the title shows it */
	json_t *play;                     /* for play_restore */
};
/* The one that was written last of those that no show holds, of this act (NULL: of any). ERR_NOT_FOUND: there is none. A file that
 * cannot be used is an error with its name and what to do. */
bool kept_find(struct kept *kept, const char *act, struct err *err);
void kept_mention(const struct kept *kept); /* from now on is_mentioned; it stays as old as it is */
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

/* ---- speaker.c: tells the speaker's second terminal (module notes) how the show stands. ---- */
struct speaker;
struct speaker *speaker_create(struct show *show,
                               struct err *err); /* NULL: no socket could be had; the show goes on without */
void speaker_changed(struct speaker *speaker);   /* something has changed: told later in this turn; NULL is fine */
void speaker_destroy(struct speaker *speaker);
/* What the act itself says of a stage in that state: the rest of `notes` stays as it is. Its texts are the act's. */
void speaker_stage(struct notes *notes, const struct scenario_act *act, size_t stage, enum play_state state);

#endif
