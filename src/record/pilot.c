/* pilot: see pilot.h. */
#include "onesdn/record.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAUSE_MIN_MS = 60, /* a frame is drawn of everything */
	OPEN_MS = 900,
	TYPED_MS = 500,
	TYPED_CHAR_MS = 10,
	TYPED_MOST_MS = 2500,
	LINE_MS = 180, /* of a manifest */
	MANIFEST_MOST_MS = 7000,
	RESULT_MS = 1600,
	RESULT_CHAR_MS = 12,
	RESULT_MOST_MS = 4500,
	PICTURE_MS = 3500,
	QUIET_MS = 700, /* a result stands still for so long before the show goes on */
	QUIET_MOST_MS = 6000,
	SETTLE_MOST_MS = 45000, /* for the witnesses of the flows */
	LIVE_MS = 20000,        /* for the cluster to answer */
};

enum phase { PHASE_WAIT, PHASE_OPEN, PHASE_TYPED, PHASE_RESULT };

struct pilot {
	struct pilot_options options;
	struct loop *loop;
	struct loop_timer *timer, *patience, *rest;
	enum phase phase; /* whose pause runs */
	size_t stage;
	bool has_begun, has_gone, is_there, is_cleaning, is_quick, is_interrupted;
	char *failure;
	int64_t moved_at, paused_at; /* the picture changed; the pause began */
};

static struct play *play_of(const struct pilot *p)
{
	return p->options.show->play;
}

static const struct scenario_stage *stage_of(const struct pilot *p)
{
	struct play *play = play_of(p);
	return &play_act(play)->stages.data[play_stage(play)];
}

/* ---- how long something can be looked at ---- */
static int64_t bounded(int64_t base, int64_t more, int64_t most)
{
	return base + more < most ? base + more : most;
}

static int64_t typed_ms(const struct pilot *p)
{
	const struct scenario_stage *stage = stage_of(p);
	int64_t lines = 0;
	for (const char *c = stage->action == SCENARIO_APPLY ? stage->manifest_text : NULL; c && *c; c++)
		lines += *c == '\n';
	if (lines)
		return bounded(OPEN_MS, lines * LINE_MS, MANIFEST_MOST_MS);
	char *command = play_next_command(play_of(p));
	int64_t len = (int64_t)strlen(command);
	free(command);
	return bounded(TYPED_MS, len * TYPED_CHAR_MS, TYPED_MOST_MS);
}

static bool is_bare_picture(const struct scenario_stage *stage)
{
	return stage->action == SCENARIO_PICTURE && stage->checks.len == 0;
}

static int64_t result_ms(const struct pilot *p)
{
	const struct scenario_stage *stage = stage_of(p);
	if (stage->pause_ms >= 0)
		return stage->pause_ms;
	if (stage->action == SCENARIO_PICTURE)
		return PICTURE_MS;
	return bounded(RESULT_MS, (int64_t)strlen(play_output(play_of(p))) * RESULT_CHAR_MS, RESULT_MOST_MS);
}

static int64_t pause_of(const struct pilot *p, enum phase phase)
{
	int64_t ms = 0;
	if (phase == PHASE_OPEN) /* a picture that waits for nothing goes by itself */
		ms = is_bare_picture(stage_of(p)) ? result_ms(p) : OPEN_MS;
	else if (phase == PHASE_TYPED)
		ms = typed_ms(p);
	else if (phase == PHASE_RESULT)
		ms = result_ms(p);
	ms = p->is_quick ? 0 : (int64_t)((double)ms * p->options.pace);
	return ms < PAUSE_MIN_MS ? PAUSE_MIN_MS : ms;
}

/* ---- what is next ---- */
static void end_act(struct pilot *p)
{
	p->has_begun = false;
	p->options.on_over(p->failure, p->options.user);
}

static void enter(struct pilot *p)
{
	size_t stage = play_stage(play_of(p));
	p->stage = stage;
	p->is_quick = p->is_cleaning || !p->options.is_wanted(stage, p->options.user);
	int type_ms = p->is_quick ? 0 : (int)(p->options.type_ms * p->options.pace + 0.5);
	play_set_type_ms(play_of(p), type_ms);
}

/* The next stage that cleans up; without one the act is over. */
static void clean_up(struct pilot *p)
{
	const struct scenario_act *act = play_act(play_of(p));
	size_t stage = play_stage(play_of(p)) + 1;
	p->is_cleaning = true;
	while (stage < act->stages.len && !act->stages.data[stage].is_cleanup)
		stage++;
	if (stage >= act->stages.len) {
		end_act(p);
		return;
	}
	play_look(play_of(p), stage);
	enter(p);
	play_next(play_of(p));
}

static void go_on(struct pilot *p)
{
	struct play *play = play_of(p);
	size_t stage = play_stage(play);
	bool is_done = p->phase == PHASE_RESULT;
	if (is_done && p->options.is_last(stage, p->options.user))
		p->is_cleaning = true;
	if (is_done && p->is_cleaning)
		clean_up(p);
	else if (is_done && stage + 1 >= play_act(play)->stages.len)
		end_act(p);
	else
		play_next(play);
}

/* What is seen next tells the same of the flows whenever it is recorded. 0: it does; else ms, to ask again. */
static int64_t settling_ms(const struct pilot *p, size_t next)
{
	bool is_seen = next >= play_act(play_of(p))->stages.len || p->options.is_wanted(next, p->options.user);
	if (p->is_cleaning || !is_seen || loop_now(p->loop) - p->paused_at > SETTLE_MOST_MS)
		return 0;
	return play_settles_in(play_of(p));
}

static void on_pause_over(void *user)
{
	struct pilot *p = user;
	int64_t settling = p->phase == PHASE_RESULT ? settling_ms(p, play_stage(play_of(p)) + 1) : 0;
	if (settling > 0) {
		loop_timer_start(p->timer, settling, 0);
		return;
	}
	int64_t now = loop_now(p->loop), quiet = now - p->moved_at;
	bool rests = p->is_quick || p->phase != PHASE_RESULT || quiet >= QUIET_MS || now - p->paused_at > QUIET_MOST_MS;
	if (!rests) {
		loop_timer_start(p->timer, QUIET_MS - quiet, 0);
		return;
	}
	go_on(p);
	p->phase = PHASE_WAIT;
	if (p->has_begun)
		pilot_look(p);
}

static void fail(struct pilot *p, const char *why)
{
	if (!p->failure)
		p->failure = mem_printf("%s: %s", stage_of(p)->id, why);
	clean_up(p);
}

/* A stage that cleans up goes on; a command that never ends is stopped. */
static void interrupt(struct pilot *p)
{
	struct play *play = play_of(p);
	p->is_interrupted = false;
	loop_timer_stop(p->timer);
	loop_timer_stop(p->rest);
	if (!p->failure)
		p->failure = mem_strdup("interrupted");
	if (p->is_there && stage_of(p)->is_cleanup) {
		p->is_cleaning = p->is_quick = true;
		p->phase = PHASE_WAIT;
		return;
	}
	size_t stage = play_stage(play);
	if (play_is_going(play))
		play_stop(play);
	else
		play_skip(play);
	if (play_stage(play) != stage)
		play_look(play, stage);
	p->is_there = true;
	p->phase = PHASE_WAIT;
	clean_up(p);
}

static enum phase phase_of(const struct pilot *p)
{
	struct play *play = play_of(p);
	enum play_state state = play_stage_state(play, play_stage(play));
	if (state == PLAY_PENDING)
		return PHASE_OPEN;
	if (state == PLAY_SHOWN)
		return play_is_typed(play) ? PHASE_TYPED : PHASE_WAIT;
	return state == PLAY_DONE || state == PLAY_SKIPPED ? PHASE_RESULT : PHASE_WAIT;
}

/* The cluster is where the show is to begin. What the play has to say of the way is no part of it. */
static bool arrive(struct pilot *p)
{
	struct play *play = play_of(p);
	if (!p->has_gone && p->options.start != TOPO_NONE) {
		p->has_gone = true;
		play_go(play, p->options.start);
	}
	if (play_is_going(play)) {
		p->paused_at = loop_now(p->loop);
		return false;
	}
	int64_t quiet = loop_now(p->loop) - p->moved_at, settling = settling_ms(p, play_stage(play));
	if (quiet < QUIET_MS || settling > 0) { /* also until the first shell has its prompt */
		loop_timer_start(p->rest, quiet < QUIET_MS ? QUIET_MS - quiet : settling, 0);
		return false;
	}
	p->is_there = true;
	if (play_stage_state(play, play_stage(play)) != PLAY_FAILED)
		play_look(play, play_stage(play));
	return true;
}

static void step(void *user)
{
	struct pilot *p = user;
	struct play *play = play_of(p);
	if (!p->has_begun || !play)
		return;
	if (loop_timer_is_running(p->patience)) {
		if (kube_state(p->options.show->kube) != KUBE_LIVE && !play_act(play)->brings_up)
			return;
		loop_timer_stop(p->patience);
	}
	if (p->is_interrupted) {
		interrupt(p);
		if (!p->has_begun)
			return;
	}
	if (!p->is_there && !arrive(p))
		return;
	if (play_stage(play) != p->stage) {
		enter(p);
		p->phase = PHASE_WAIT;
	}
	if (play_stage_state(play, p->stage) == PLAY_FAILED) {
		loop_timer_stop(p->timer);
		fail(p, *play_failure(play) ? play_failure(play) : play_message(play));
		return;
	}
	enum phase phase = phase_of(p);
	if (phase == p->phase)
		return;
	p->phase = phase;
	p->paused_at = loop_now(p->loop);
	if (phase == PHASE_WAIT)
		loop_timer_stop(p->timer);
	else
		loop_timer_start(p->timer, pause_of(p, phase), 0);
}

static void on_patience(void *user)
{
	struct pilot *p = user;
	const char *why = kube_problem(p->options.show->kube);
	p->failure = mem_strdup(*why ? why : "the cluster does not answer");
	end_act(p);
}

static void on_rest(void *user)
{
	pilot_look(user);
}

/* ---- the face ---- */
struct pilot *pilot_create(const struct pilot_options *options)
{
	struct pilot *p = mem_alloc(sizeof *p);
	p->options = *options;
	p->loop = options->show->loop;
	p->timer = loop_timer_create(p->loop, on_pause_over, p);
	p->patience = loop_timer_create(p->loop, on_patience, p);
	p->rest = loop_timer_create(p->loop, on_rest, p);
	return p;
}

void pilot_destroy(struct pilot *p)
{
	if (!p)
		return;
	loop_unpost(p->loop, p);
	loop_timer_destroy(p->timer);
	loop_timer_destroy(p->patience);
	loop_timer_destroy(p->rest);
	free(p->failure);
	free(p);
}

void pilot_begin(struct pilot *p)
{
	free(p->failure);
	p->failure = NULL;
	p->is_cleaning = false;
	p->has_begun = true;
	p->moved_at = p->paused_at = loop_now(p->loop);
	p->has_gone = p->is_there = false;
	p->phase = PHASE_WAIT;
	p->stage = (size_t)-1;
	loop_timer_start(p->patience, LIVE_MS, 0);
	pilot_look(p);
}

void pilot_look(struct pilot *p)
{
	loop_unpost(p->loop, p);
	loop_post(p->loop, step, p);
}

void pilot_give_up(struct pilot *p, const char *why)
{
	if (!p->failure)
		p->failure = mem_strdup(why);
	p->is_cleaning = p->is_quick = true;
}

bool pilot_interrupt(struct pilot *p)
{
	if (!p->has_begun || !play_of(p) || loop_timer_is_running(p->patience) || p->is_cleaning)
		return false;
	p->is_interrupted = true;
	pilot_look(p);
	return true;
}

void pilot_moved(struct pilot *p)
{
	p->moved_at = loop_now(p->loop);
}

bool pilot_is_there(const struct pilot *p)
{
	return p->is_there;
}

bool pilot_is_cleaning(const struct pilot *p)
{
	return p->is_cleaning;
}
