/* travel: brings the cluster to the starting state of a stage. What is later is undone, the last first; what is earlier and
 * not there is performed, typed at once. What only looks is not performed again: its checks of the cluster are waited for.
 *
 * What is there is asked of the cluster and of done-if (passing.c), not of what this show remembers: so it works after a
 * crash, in a cluster that somebody else has prepared, and before an act that builds on another one. A clean-up takes back
 * all that came before it: on the way to a stage behind one, only the clean-up itself is performed.
 */
#include <stdlib.h>

#include "play/engine.h"

#define SETTLE_MS 10000 /* until the cluster tells us of what an undo has removed */

enum phase { UNDOING, REPLAYING };
enum doing { ASKING, AWAY, UNDO, SETTLING, CLEARING, PERFORMING, WAITING };

struct travel {
	struct play *play;
	size_t target, at, n_undone, n_performed;
	enum phase phase;
	enum doing doing;
	int64_t since; /* SETTLING and WAITING began */
	bool has_undo_failed;
	struct loop_timer *timer;
};

static void step(struct travel *t);
static void on_asked(struct play *p, const struct passing_answer *answer);

static struct scenario_stage *here(const struct travel *t)
{
	return play_stage_of(t->play, t->at);
}

static bool leaves_something(const struct scenario_stage *stage)
{
	return stage->changes || stage->has_undo || stage->is_cleanup;
}

/* ---- the end ---- */

void travel_finish(struct play *p)
{
	struct travel *t = p->travel;
	if (!t)
		return;
	p->travel = NULL;
	passing_cancel(p);
	loop_unpost(p->loop, t);
	loop_timer_destroy(t->timer);
	free(t);
	if (p->job == JOB_NONE)
		words_message(p, false, "%s", "");
}

/* It stays where it got to, and that is the stage in view: what is there now belongs to it. */
static void fail(struct travel *t, const char *expected, const char *found, const char *cure)
{
	struct play *p = t->play;
	p->stage = t->at;
	p->view = t->at;
	travel_finish(p);
	str_clear(&p->output);
	p->job_since = loop_now(p->loop);
	words_fail(p, &(struct words_failure){expected, found, cure});
}

static void arrive(struct travel *t)
{
	struct play *p = t->play;
	size_t target = t->target, n_undone = t->n_undone, n_performed = t->n_performed;
	travel_finish(p);
	p->view = target;
	if (n_undone + n_performed == 0)
		words_note(p, false, "The cluster was in the starting state of this stage already");
	else
		words_note(p, false, "The cluster is in the starting state of the stage: %zu undone, %zu performed",
		           n_undone, n_performed);
	play_changed(p);
}

void play_stop(struct play *p)
{
	struct travel *t = p->travel;
	if (!t)
		return;
	size_t at = t->at;
	if (p->job != JOB_NONE)
		perform_cancel(p);
	travel_finish(p);
	p->view = at;
	play_set_state(p, at, PLAY_PENDING);
	words_note(p, true, "stopped on the way, at stage %zu of %zu; g goes on, Space performs this one", at + 1,
	           p->act->stages.len);
	play_changed(p);
}

bool play_is_going(const struct play *p)
{
	return p->travel != NULL;
}

/* ---- words ---- */

void travel_words(const struct play *p, struct str *out)
{
	const struct travel *t = p->travel;
	const char *word = t->phase == UNDOING    ? "undoing"
	                   : t->doing == CLEARING ? "clearing"
	                   : t->doing == WAITING  ? "waiting"
	                                          : "replaying";
	str_append_f(out, "%zu/%zu %s: %s", t->at + 1, p->act->stages.len, word, here(t)->title);
}

bool travel_judges(const struct play *p)
{
	return p->travel && (p->travel->doing == UNDO || p->travel->doing == CLEARING);
}

/* ---- asking, performing ---- */

static bool refuses(struct travel *t)
{
	if (!t->play->options.read_only)
		return false;
	fail(t, "a way there that changes nothing", "that would change the cluster, and this is a read-only show",
	     "start it without --read-only");
	return true;
}

static void ask(struct travel *t, enum doing doing)
{
	struct str away = {0};
	t->doing = doing;
	if (words_away(t->play, &away)) {
		words_message(t->play, true, "%s", str_text(&away));
		t->doing = doing == ASKING ? AWAY : doing;
		t->since = loop_now(t->play->loop); /* time counts with a live cluster only */
	} else {
		passing_ask(t->play, t->at, on_asked);
	}
	str_finish(&away);
}

static void undo(struct travel *t, enum doing doing)
{
	struct play *p = t->play;
	t->doing = doing;
	t->has_undo_failed = false;
	t->n_undone++;
	p->view = p->stage = t->at;
	perform_show(p, JOB_UNDO, true);
}

static void perform(struct travel *t)
{
	if (leaves_something(here(t)) && refuses(t))
		return;
	t->doing = PERFORMING;
	t->n_performed++;
	t->play->view = t->at;
	play_set_state(t->play, t->at, PLAY_PENDING);
	play_perform(t->play, true);
}

/* ---- one stage after another ---- */

static size_t first_to_replay(const struct play *p, size_t target)
{
	size_t first = target;
	while (first > 0 && !play_stage_of(p, first - 1)->is_cleanup)
		first--;
	while (first > 0 && play_stage_of(p, first - 1)->is_cleanup)
		first--;
	return first;
}

/* What types on a console needs a shell there: the login before it is performed, which does nothing where one is. Also for what comes
 * behind the target: nobody goes back for it. */
static bool is_needed_login(const struct travel *t)
{
	const struct play *p = t->play;
	const struct scenario_stage *login = here(t);
	if (login->action != SCENARIO_CONSOLE || login->dialog.verb != SCENARIO_LOGS_IN)
		return false;
	for (size_t i = t->at + 1; i < p->act->stages.len; i++) {
		const struct scenario_stage *stage = play_stage_of(p, i);
		if (stage->action != SCENARIO_CONSOLE || !text_equal(stage->console, login->console))
			continue;
		if (stage->dialog.verb == SCENARIO_LOGS_IN)
			return false;
		if (stage->dialog.verb != SCENARIO_OPENS && (i >= t->target || leaves_something(stage)))
			return true;
	}
	return false;
}

static bool has_cluster_checks(const struct scenario_stage *stage)
{
	for (size_t i = 0; i < stage->checks.len; i++) {
		if (scenario_check_is_of_cluster(&stage->checks.data[i]))
			return true;
	}
	return false;
}

static void pass(struct travel *t)
{
	if (play_stage_state(t->play, t->at) != PLAY_DONE)
		play_set_state(t->play, t->at, PLAY_SKIPPED);
	t->at++;
}

static void replay_on(struct travel *t)
{
	while (t->at < t->target) {
		const struct scenario_stage *stage = here(t);
		words_message(t->play, false, "%s", "");
		if (is_needed_login(t)) {
			perform(t);
			return;
		}
		if (leaves_something(stage) || has_cluster_checks(stage)) {
			ask(t, ASKING);
			return;
		}
		pass(t);
	}
	arrive(t);
}

static void begin_replay(struct travel *t)
{
	size_t first = first_to_replay(t->play, t->target);
	t->phase = REPLAYING;
	for (t->at = 0; t->at < first;)
		pass(t);
	replay_on(t);
}

static void undo_on(struct travel *t)
{
	while (t->at > t->target) {
		const struct scenario_stage *stage = play_stage_of(t->play, t->at - 1);
		t->at--;
		words_message(t->play, false, "%s", "");
		if (leaves_something(stage) && !stage->is_cleanup) {
			ask(t, ASKING);
			return;
		}
		play_set_state(t->play, t->at, PLAY_PENDING);
	}
	begin_replay(t);
}

/* ---- answers ---- */

/* Is something of a later stage there that has to go? */
static bool is_to_be_undone(const struct travel *t, enum passing_result result)
{
	enum play_state state = play_stage_state(t->play, t->at);
	bool ran = state == PLAY_DONE || state == PLAY_FAILED;
	return result == PASSING_THERE || result == PASSING_SOME || (result == PASSING_UNKNOWN && ran);
}

static void judge_later(struct travel *t, const struct passing_answer *answer)
{
	if (!is_to_be_undone(t, answer->result)) {
		play_set_state(t->play, t->at, PLAY_PENDING);
		undo_on(t);
	} else if (here(t)->has_undo) {
		if (!refuses(t))
			undo(t, UNDO);
	} else if (answer->result == PASSING_THERE) {
		fail(t, "an undo of this stage", "the scenario says none, and its result is there",
		     "undo it by hand in the pane (i), then go on (g)");
	} else {
		play_set_state(t->play, t->at, PLAY_PENDING);
		undo_on(t);
	}
}

static void judge_earlier(struct travel *t, const struct passing_answer *answer)
{
	struct play *p = t->play;
	const struct scenario_stage *stage = here(t);
	bool is_done = play_stage_state(p, t->at) == PLAY_DONE;
	if (answer->result == PASSING_THERE || (answer->result == PASSING_UNKNOWN && is_done)) {
		if (!is_done)
			passing_over(p, t->at, answer->checked);
		t->at++;
		replay_on(t);
	} else if (!leaves_something(stage) && answer->result == PASSING_UNKNOWN) {
		pass(t);
		replay_on(t);
	} else if (!leaves_something(stage)) {
		t->doing = WAITING;
		t->since = loop_now(p->loop);
		words_message(p, false, "%s", answer->missing);
		loop_timer_start(t->timer, 1000, 1000); /* counts in its words */
	} else if (answer->result == PASSING_SOME && stage->action == SCENARIO_RUN && stage->has_undo) {
		if (!refuses(t))
			undo(t, CLEARING);
	} else {
		perform(t);
	}
}

/* What counts is not how the undo ended but whether its stage's result is gone. */
static void judge_undo(struct travel *t, const struct passing_answer *answer)
{
	struct play *p = t->play;
	bool is_there = answer->result == PASSING_THERE;
	bool has_failed = t->has_undo_failed && answer->result != PASSING_NOT;
	if (is_there && !t->has_undo_failed && loop_now(p->loop) - t->since < SETTLE_MS)
		return; /* the cluster will tell */
	loop_timer_stop(t->timer);
	if (has_failed) {
		size_t at = t->at;
		travel_finish(p);
		p->view = at;
		play_set_state(p, at, PLAY_FAILED);
	} else if (is_there) {
		fail(t, "nothing is left of the stage after its undo", answer->checked,
		     "remove it by hand in the pane (i), then go on (g)");
	} else {
		play_set_state(p, t->at, PLAY_PENDING);
		if (t->phase == UNDOING)
			undo_on(t);
		else
			perform(t);
	}
}

static int64_t patience(const struct scenario_stage *stage)
{
	int64_t most = 0;
	for (size_t i = 0; i < stage->checks.len; i++) {
		if (scenario_check_is_of_cluster(&stage->checks.data[i]) && stage->checks.data[i].within_ms > most)
			most = stage->checks.data[i].within_ms;
	}
	return most;
}

static void judge_waiting(struct travel *t, const struct passing_answer *answer)
{
	int64_t waited = loop_now(t->play->loop) - t->since, most = patience(here(t));
	if (answer->result == PASSING_THERE) {
		loop_timer_stop(t->timer);
		passing_over(t->play, t->at, answer->checked);
		t->at++;
		replay_on(t);
	} else if (waited >= most) {
		fail(t, "what the stage looks at is there", answer->missing, "r looks again, s goes on without it");
	} else {
		words_message(t->play, false, "%s (%lld of %lld s)", answer->missing, (long long)(waited / 1000),
		              (long long)(most / 1000));
	}
}

static void on_asked(struct play *p, const struct passing_answer *answer)
{
	struct travel *t = p->travel;
	if (!t)
		return;
	if (t->doing == SETTLING || t->doing == CLEARING)
		judge_undo(t, answer);
	else if (t->doing == WAITING)
		judge_waiting(t, answer);
	else if (t->phase == UNDOING)
		judge_later(t, answer);
	else
		judge_earlier(t, answer);
}

/* A job has ended. */
static void step(struct travel *t)
{
	struct play *p = t->play;
	enum play_state state = play_stage_state(p, t->at);
	if (p->job != JOB_NONE)
		return;
	if (t->doing == UNDO || t->doing == CLEARING) {
		t->has_undo_failed = p->runs[t->at].failure != NULL;
		t->since = loop_now(p->loop);
		loop_timer_start(t->timer, SETTLE_MS, 0);
		ask(t, t->doing == UNDO ? SETTLING : CLEARING);
	} else if (t->doing == PERFORMING && state == PLAY_DONE) {
		t->at++;
		replay_on(t);
	} else if (t->doing == PERFORMING) {
		travel_finish(p); /* the stage's own failure says why */
	}
	play_changed(p);
}

static void on_job_ended(void *user)
{
	step(user);
}

void travel_job_ended(struct play *p)
{
	loop_unpost(p->loop, p->travel);
	loop_post(p->loop, on_job_ended, p->travel);
}

static bool waits_for_cluster(const struct travel *t)
{
	bool has_job = t->play->job != JOB_NONE;
	return !has_job && (t->doing == AWAY || t->doing == SETTLING || t->doing == CLEARING || t->doing == WAITING);
}

void travel_cluster_changed(struct play *p)
{
	struct travel *t = p->travel;
	if (waits_for_cluster(t) && !p->passing)
		ask(t, t->doing == AWAY ? ASKING : t->doing);
}

static void on_timer(void *user)
{
	struct travel *t = user;
	travel_cluster_changed(t->play);
}

/* ---- the way there ---- */

void travel_begin(struct play *p, size_t target)
{
	struct travel *t = mem_alloc(sizeof *t);
	*t = (struct travel){.play = p, .target = target, .at = p->act->stages.len};
	t->timer = loop_timer_create(p->loop, on_timer, t);
	p->travel = t;
	undo_on(t);
}

bool travel_refuses_verb(struct play *p)
{
	if (!p->travel)
		return false;
	words_note(p, false, "on the way to stage %zu; Ctrl-C or Esc stops it", p->travel->target + 1);
	play_changed(p);
	return true;
}
