/* rehearsal: see rehearsal.h.
 *
 * After a failure the rest of an act is skipped, but what cleans up still runs: its clean-up stages, or without one the
 * undo of every stage that ran, backwards. A lab that was brought up for the rehearsal is taken down again unless --keep
 * says otherwise; one that ran before is left running. Nothing moves here but by callbacks; what calls a verb is posted.
 */
#include "rehearsal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "by_hints.h"
#include "tap.h"

enum { ROWS = 50, COLS = 160, DOWN_MS = 30000, LIVE_MS = 20000, SET_UP_MS = 3000 };

static void print_output(struct rehearsal *r)
{
	if (r->verbose)
		tap_output(play_output(r->play));
}

static void print_failed(struct rehearsal *r, size_t stage)
{
	tap_stage_failed(r->play, ++r->n_lines, stage, r->verbose);
	r->has_failed = true;
}

static void print_skipped(struct rehearsal *r, size_t stage)
{
	tap_stage(r->play, ++r->n_lines, stage, true);
	printf(" # SKIP %s\n", r->signum ? "interrupted" : "an earlier stage failed");
	fflush(stdout);
}

/* ---- the end ---- */

static void post_step(struct rehearsal *r);

static void on_down(const struct loop_result *result, void *user)
{
	struct rehearsal *r = user;
	if (result->status != 0) {
		tap_comment(result->failure ? result->failure : result->errors);
		r->has_failed = true;
	}
	r->is_over = true;
	loop_stop(r->loop);
}

static void drop_play(struct rehearsal *r)
{
	by_hints_destroy(r->by_hints);
	r->by_hints = NULL;
	play_destroy(r->play);
	r->play = NULL;
}

static void close_cluster(struct rehearsal *r)
{
	loop_timer_stop(r->patience);
	drop_play(r);
	kube_destroy(r->kube);
	r->kube = NULL;
}

static void end(struct rehearsal *r)
{
	close_cluster(r);
	if (!r->connection || !r->connection->was_started || r->keep || r->down) {
		r->is_over = true;
		loop_stop(r->loop);
		return;
	}
	char *program = path_self("onesdn-lab");
	const char *const argv[] = {program, "down", NULL};
	struct loop_spawn spec = {.argv = argv};
	r->down = loop_command_create(r->loop, &spec, NULL, 16384, DOWN_MS, on_down, r);
	free(program);
}

static void bail_out(struct rehearsal *r, const char *why)
{
	printf("Bail out! ");
	for (size_t len; *why != '\0'; why += len + (why[len] == '\n')) {
		len = strcspn(why, "\n");
		printf("%.*s%s", (int)len, why, why[len] ? " / " : "");
	}
	putchar('\n');
	fflush(stdout);
	r->has_failed = true;
	end(r);
}

/* ---- one act after another ---- */

/* The stage in view: what is shown runs at once. */
static void perform(struct rehearsal *r)
{
	str_clear(&r->how);
	if (!r->by_hints || r->is_failing || !by_hints_begin(r->by_hints))
		play_next(r->play);
}

static void on_cluster_turn(void *user)
{
	struct rehearsal *r = user;
	r->is_posted = false;
	if (!r->play)
		return;
	play_cluster_changed(r->play);
	if (loop_timer_is_running(r->patience) && kube_state(r->kube) == KUBE_LIVE) {
		loop_timer_stop(r->patience);
		perform(r);
	}
}

/* Nothing is done to a cluster that cannot be watched. */
static void on_patience(void *user)
{
	struct rehearsal *r = user;
	if (play_act(r->play)->brings_up) { /* there is none yet */
		perform(r);
		return;
	}
	char *why = mem_strdup(kube_problem(r->kube));
	bail_out(r, why[0] ? why : "the cluster does not answer");
	free(why);
}

/* A list brings many changes in a turn; the play wants to hear of them once. */
static void on_cluster(struct rehearsal *r)
{
	if (!r->is_posted)
		loop_post(r->loop, on_cluster_turn, r);
	r->is_posted = true;
}

static void on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                      void *user)
{
	(void)kube, (void)change, (void)kind, (void)object;
	on_cluster(user);
}

static void on_state(struct kube *kube, enum kube_state state, void *user)
{
	struct rehearsal *r = user;
	if (r->verbose && state == KUBE_STALE)
		tap_comment(kube_problem(kube));
	else if (r->verbose && state == KUBE_LIVE)
		tap_comment("the cluster is live");
	on_cluster(r);
}

static void on_stage(struct play *play, size_t stage, enum play_state state, void *user)
{
	struct rehearsal *r = user;
	if (by_hints_runs(r->by_hints)) {
		if (state == PLAY_DONE)
			by_hints_done(r->by_hints);
	} else if (r->is_undoing) {
		if (state == PLAY_FAILED)
			tap_comment(play_failure(play));
		if (state == PLAY_FAILED || state == PLAY_PENDING)
			post_step(r);
	} else if (state == PLAY_RUNNING && r->verbose) {
		char *command = play_next_command(play);
		char *line = mem_printf("$ %s", command);
		tap_comment(line);
		free(line);
		free(command);
	} else if (state == PLAY_DONE || state == PLAY_FAILED) {
		print_output(r);
		if (state == PLAY_DONE)
			tap_stage_ok(r->play, ++r->n_lines, stage, str_text(&r->how));
		else
			print_failed(r, stage);
		r->is_failing = r->is_failing || state == PLAY_FAILED;
		post_step(r);
	}
}

static void on_explore(struct play *play, enum play_state state, void *user)
{
	struct rehearsal *r = user;
	struct play_exploration now;
	if ((state != PLAY_DONE && state != PLAY_FAILED) || !play_exploring(play, &now))
		return;
	if (by_hints_runs(r->by_hints)) {
		by_hints_done(r->by_hints);
		return;
	}
	print_output(r);
	tap_exploration(r->play, ++r->n_lines, r->n_explored++, state == PLAY_DONE);
	if (state == PLAY_DONE)
		printf(" # %s%s  %.2f s\n", str_text(&r->how), play_checked(play, now.stage),
		       (double)play_took(play, now.stage) / 1000);
	else
		putchar('\n');
	tap_comment(play_failure(play));
	if (state == PLAY_FAILED)
		r->is_failing = r->has_failed = true;
	post_step(r);
}

static void on_typed(struct play *play, int status, void *user)
{
	struct rehearsal *r = user;
	(void)play;
	if (by_hints_runs(r->by_hints))
		by_hints_typed(r->by_hints, status);
}

/* A stage, or a mended exploration, has been done by what its hints say; or not. */
static void on_hinted(struct by_hints *by_hints, bool ok, void *user)
{
	struct rehearsal *r = user;
	struct play_exploration now;
	str_clear(&r->how);
	str_append_f(&r->how, "%zu typed by its hints; ", by_hints_typed_so_far(by_hints));
	if (ok && play_exploring(r->play, &now)) {
		on_explore(r->play, PLAY_DONE, r);
		return;
	}
	if (ok) {
		on_stage(r->play, play_stage(r->play), PLAY_DONE, r);
		return;
	}
	if (play_exploring(r->play, &now))
		tap_exploration(r->play, ++r->n_lines, r->n_explored++, false);
	else
		tap_stage(r->play, ++r->n_lines, play_stage(r->play), false);
	putchar('\n');
	tap_comment(by_hints_failure(by_hints));
	r->is_failing = r->has_failed = true;
	post_step(r);
}

static bool has_cleanup(const struct scenario_act *act)
{
	for (size_t i = 0; i < act->stages.len; i++) {
		if (act->stages.data[i].is_cleanup)
			return true;
	}
	return false;
}

static void start_act(struct rehearsal *r)
{
	struct rehearsal_act *run = &r->acts.data[r->at];
	struct err err;
	struct play_options options = {
	        .loop = r->loop,
	        .kube = r->kube,
	        .act = run->act,
	        .environment = r->connection->environment,
	        .unattended = true,
	        .limit_ms = r->limit_ms,
	        .rows = ROWS,
	        .cols = COLS,
	        .events = {.on_stage = on_stage, .on_explore = on_explore, .on_typed = on_typed},
	        .user = r,
	};
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		options.kubeconfigs[i] = r->connection->kubeconfigs[i];
		options.contexts[i] = r->connection->contexts[i];
	}
	r->is_failing = r->is_undoing = false;
	r->undo_left = run->act->stages.len;
	r->n_explored = 0;
	r->play = play_create(&options, &err);
	if (!r->play) {
		bail_out(r, err.text);
		return;
	}
	if (r->is_by_hints)
		r->by_hints = by_hints_create(r->loop, r->play, r->limit_ms, on_hinted, r);
	bool brings_up = run->act->brings_up != NULL;
	run->act = NULL; /* the play's */
	loop_timer_start(r->patience, brings_up ? SET_UP_MS : r->limit_ms < LIVE_MS ? r->limit_ms : LIVE_MS, 0);
	on_cluster(r);
}

static void next_act(struct rehearsal *r)
{
	drop_play(r);
	for (r->at++; r->at < r->acts.len; r->at++) {
		struct rehearsal_act *run = &r->acts.data[r->at];
		if (run->act && r->signum == 0) {
			start_act(r);
			return;
		}
		printf("not ok %zu - ", ++r->n_lines);
		tap_description(run->name);
		printf("%s\n", run->problem ? ": the scenario can be read" : ": interrupted");
		for (size_t i = 1; run->act && i < run->act->stages.len; i++)
			printf("ok %zu - %s/%s # SKIP interrupted\n", ++r->n_lines, run->name,
			       run->act->stages.data[i].id);
		tap_comment(run->problem ? run->problem : "");
		r->has_failed = true;
	}
	end(r);
}

/* Without a clean-up stage: back through what ran, as far as there is an undo. */
static void undo_next(struct rehearsal *r)
{
	r->is_undoing = true;
	while (r->undo_left > 0) {
		size_t stage = --r->undo_left;
		enum play_state state = play_stage_state(r->play, stage);
		bool ran = state == PLAY_FAILED || (state == PLAY_DONE && !play_was_there(r->play, stage));
		if (ran && play_act(r->play)->stages.data[stage].has_undo) {
			char *line = mem_printf("undoes %s", play_act(r->play)->stages.data[stage].id);
			tap_comment(line);
			free(line);
			play_look(r->play, stage);
			play_undo(r->play);
			return;
		}
	}
	next_act(r);
}

static void step_failing(struct rehearsal *r)
{
	const struct scenario_act *act = play_act(r->play);
	size_t stage = play_stage(r->play) + 1;
	str_clear(&r->how);
	while (r->explores && r->n_explored < 2 * act->explorations.len) {
		tap_exploration(r->play, ++r->n_lines, r->n_explored++, true);
		printf(" # SKIP %s\n", r->signum ? "interrupted" : "an earlier stage failed");
	}
	for (; stage < act->stages.len && !act->stages.data[stage].is_cleanup; stage++)
		print_skipped(r, stage);
	if (stage < act->stages.len) {
		play_look(r->play, stage);
		play_next(r->play);
	} else if (has_cleanup(act)) {
		next_act(r);
	} else {
		undo_next(r);
	}
}

/* Before what cleans up: each is broken and mended. False: that is not what comes next. */
static bool explore(struct rehearsal *r)
{
	const struct scenario_act *act = play_act(r->play);
	size_t stage = play_stage(r->play), n = act->stages.len;
	struct play_exploration now;
	bool is_in = play_exploring(r->play, &now);
	bool is_last = stage + 1 >= n || act->stages.data[stage + 1].is_cleanup;
	if (!r->explores || (!is_in && (r->n_explored || !act->explorations.len || !is_last)))
		return false;
	if (!is_in)
		play_explore(r->play, 0);
	else
		play_next(r->play); /* moves on */
	if (is_in && !play_exploring(r->play, &now) && stage + 1 >= n)
		next_act(r);
	else
		perform(r);
	return true;
}

static void step(void *user)
{
	struct rehearsal *r = user;
	const struct scenario_act *act = r->play ? play_act(r->play) : NULL;
	if (!act)
		return;
	if (r->is_undoing)
		undo_next(r);
	else if (r->is_failing)
		step_failing(r);
	else if (explore(r))
		return;
	else if (play_stage(r->play) + 1 >= act->stages.len)
		next_act(r);
	else {
		play_next(r->play); /* moves on */
		perform(r);
	}
}

static void post_step(struct rehearsal *r)
{
	loop_post(r->loop, step, r);
}

/* ---- begin and interruption ---- */

static void on_progress(const char *line, void *user)
{
	struct rehearsal *r = user;
	if (r->verbose)
		tap_comment(line);
}

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct rehearsal *r = user;
	r->connecting = NULL;
	r->connection = connection;
	if (!connection || r->signum) {
		bail_out(r, connection ? "interrupted" : err->text);
		return;
	}
	struct kube_options options = {
	        .socket = connection->socket,
	        .kubeconfig = connection->kubeconfigs[SCENARIO_ADMIN],
	        .context = connection->contexts[SCENARIO_ADMIN],
	        .events = {on_change, on_state},
	        .user = r,
	};
	r->kube = kube_create(r->loop, &options);
	r->at = (size_t)-1;
	next_act(r);
}

/* The first time everything is ended in order; the second time at once. */
static void on_signal(int signum, void *user)
{
	struct rehearsal *r = user;
	bool is_first = r->signum == 0;
	r->signum = signum;
	r->has_failed = true;
	if (!is_first) {
		connect_cancel(r->connecting);
		r->connecting = NULL;
		close_cluster(r);
		r->is_over = true;
		loop_stop(r->loop);
		return;
	}
	if (!r->play || r->is_failing || r->is_undoing)
		return; /* it comes up (then it is taken down again), or is cleaned up already */
	if (loop_timer_is_running(r->patience)) { /* nothing has been done yet */
		bail_out(r, "interrupted");
		return;
	}
	size_t stage = play_stage(r->play);
	r->is_failing = true;
	by_hints_stop(r->by_hints);
	tap_stage(r->play, ++r->n_lines, stage, false);
	printf("\n# interrupted\n");
	fflush(stdout);
	play_skip(r->play);
	if (stage + 1 < play_act(r->play)->stages.len)
		play_look(r->play, stage);
	post_step(r);
}

void rehearsal_run(struct rehearsal *r, const struct connect_options *connect)
{
	static const int signums[] = {SIGINT, SIGTERM, SIGHUP};
	signal(SIGPIPE, SIG_IGN); /* nobody may read any more: what was brought up is taken down all the same */
	for (size_t i = 0; i < sizeof signums / sizeof signums[0]; i++)
		r->signals[i] = loop_signal_create(r->loop, signums[i], on_signal, r);
	r->patience = loop_timer_create(r->loop, on_patience, r);
	r->connecting = connect_start(r->loop, connect, on_progress, on_connected, r);
	while (!r->is_over)
		loop_run(r->loop);
	for (size_t i = 0; i < sizeof signums / sizeof signums[0]; i++)
		loop_signal_destroy(r->signals[i]);
	if (r->down)
		loop_command_destroy(r->down);
	loop_timer_destroy(r->patience);
	loop_unpost(r->loop, r);
	connection_destroy(r->connection);
}
