/* rehearsal: acts performed one after another without anybody, as `onesdn rehearse` does it. The lines of TAP are printed here, the plan
 * is the caller's. */
#ifndef ONESDN_REHEARSAL_H
#define ONESDN_REHEARSAL_H

#include "onesdn/connect.h"
#include "onesdn/play.h"

struct by_hints;
struct rehearsal_act {
	char *name;
	struct scenario_act *act; /* NULL: it could not be read; the play's once it runs */
	char *problem;
};

struct rehearsal {
	/* what is asked for */
	const char *context, *kubeconfig, *timeout;
	bool keep, verbose, explores, is_by_hints;
	int64_t limit_ms; /* for a stage */
	VEC(struct rehearsal_act) acts;
	/* how it stands */
	struct loop *loop;
	struct loop_signal *signals[3];
	struct connecting *connecting;
	struct connection *connection;
	struct kube *kube;
	struct play *play;
	struct by_hints *by_hints; /* of the play; NULL: stages are performed by their own commands */
	struct str how;            /* the stage was done: "3 typed by its hints; "; "" by its own command */
	struct loop_command *down;
	struct loop_timer *patience; /* runs until the cluster is live and the act may begin */
	size_t at;        /* the act that runs */
	size_t n_lines;   /* printed */
	size_t undo_left; /* stages below this may still want their undo; 0: none */
	size_t n_explored; /* lines of the act's explorations that were printed */
	bool is_failing; /* the act: only what cleans up still runs */
	bool is_undoing;
	bool has_failed, is_posted, is_over;
	int signum; /* that asked us to stop; 0: none */
};
/* On r->loop, until all acts are through, or a signal has ended it: r->signum, r->has_failed. */
void rehearsal_run(struct rehearsal *r, const struct connect_options *connect);

#endif
