/* verbs: what a key of the presenter means now: next, back, go, again, skip, undo; and what refuses it. */
#include "play/engine.h"

static bool refuse_change(struct play *p, const char *what)
{
	if (!p->options.read_only)
		return false;
	words_note(p, true, "%s would change the cluster, and this is a read-only show; s goes on without it", what);
	return true;
}

static bool ask_what_if(struct play *p, const char *name)
{
	struct err err = {0};
	if (play_ask_what_if(p, name, &err))
		return true;
	words_fail(p, &(struct words_failure){"a manifest that can be read", err.text,
	                                      "mend it, then run the stage again (r)"});
	return false;
}

void play_perform(struct play *p, bool go)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	if ((stage->changes || stage->has_undo || stage->is_cleanup) && refuse_change(p, "the stage"))
		return;
	if (p->started == 0 && !p->travel)
		p->started = loop_now(p->loop);
	if (p->job != JOB_NONE)
		perform_cancel(p);
	p->stage = p->view;
	if (stage->action == SCENARIO_PICTURE) {
		p->job = JOB_STAGE;
		p->job_since = loop_now(p->loop);
		p->go_since = p->job_since;
		p->is_lost = false;
		str_clear(&p->output);
		play_set_state(p, p->stage, PLAY_SHOWN);
		if (stage->what_if[0] == '\0' || ask_what_if(p, stage->what_if))
			ask_begin(p);
	} else {
		perform_show(p, JOB_STAGE, go);
	}
}

static void show(struct play *p)
{
	play_perform(p, p->options.unattended);
}

static void move_on(struct play *p)
{
	if (explore_is_in(p))
		explore_move_on(p);
	else if (explore_comes_next(p))
		return;
	else if (p->view + 1 < p->act->stages.len)
		play_set_view(p, p->view + 1);
	else
		words_note(p, false, "the act is over");
}

/* A picture that waits for nothing needs no Space of its own. */
static void show_next(struct play *p)
{
	const struct scenario_stage *stage =
	        play_stage_of(p, p->view); /* an exploration's has no place in the act's list */
	bool is_picture = stage->action == SCENARIO_PICTURE && stage->checks.len == 0 && stage->what_if[0] == '\0';
	show(p);
	if (is_picture && !p->options.unattended && p->runs[p->view].state == PLAY_DONE)
		move_on(p);
}

static void on_asked(struct play *p, const struct passing_answer *answer)
{
	if (answer->result == PASSING_THERE)
		passing_over(p, answer->stage, answer->checked);
	else
		show_next(p);
}

/* The act's first own stage, if the one in view belongs to the act that it builds on and comes before. */
static size_t prelude_ends(const struct play *p)
{
	size_t at = p->view;
	if (explore_is_in(p))
		return TOPO_NONE;
	while (at < p->act->stages.len && play_stage_of(p, at)->is_prelude)
		at++;
	return at > p->view && at < p->act->stages.len ? at : TOPO_NONE;
}

/* What an act builds on is one step, and a quick one. A stage whose result is there already is passed over, where the
 * scenario wants that. */
static void begin_stage(struct play *p)
{
	size_t own = prelude_ends(p);
	if (own != TOPO_NONE && !p->options.unattended) {
		if (p->started == 0)
			p->started = loop_now(p->loop);
		travel_begin(p, own);
	} else if (play_stage_of(p, p->view)->skips_if_done) {
		if (p->started == 0)
			p->started = loop_now(p->loop);
		passing_ask(p, p->view, on_asked);
	} else {
		show_next(p);
	}
}

static void next_while_busy(struct play *p)
{
	if (p->passing)
		words_note(p, false, "it is looked whether the stage is done already");
	else if (p->job == JOB_STAGE && p->stage == p->view && p->step == STEP_CHECKS)
		words_note(p, false, "it goes on by itself as soon as the check holds; s goes on without it");
	else if (p->stage == p->view)
		words_note(p, false, "the command still runs: Ctrl-C in the pane (i) stops it, s goes on without it");
	else
		words_note(p, false, "the stage \"%s\" still runs; wait for it, or go there",
		           play_stage_of(p, p->stage)->title);
}

void play_next(struct play *p)
{
	if (travel_refuses_verb(p))
		return;
	words_drop_note(p);
	enum play_state state = p->runs[p->view].state;
	bool is_ours = p->job == JOB_STAGE && p->stage == p->view;
	if (play_is_busy(p) && state != PLAY_DONE && state != PLAY_SKIPPED)
		next_while_busy(p);
	else if (state == PLAY_PENDING)
		begin_stage(p);
	else if (state == PLAY_SHOWN && is_ours && p->step == STEP_TYPED)
		perform_run(p);
	else if (state == PLAY_SHOWN && is_ours && p->step == STEP_TYPING)
		perform_type_rest(p);
	else if (state == PLAY_DONE || state == PLAY_SKIPPED)
		move_on(p);
	else if (state == PLAY_FAILED)
		words_note(p, true, "r runs the stage again, s goes on without it, u undoes it");
	play_changed(p);
}

void play_back(struct play *p)
{
	if (travel_refuses_verb(p))
		return;
	if (explore_is_in(p))
		explore_back(p);
	else if (p->view > 0)
		play_set_view(p, p->view - 1);
	else
		words_note(p, false, "this is the first stage");
	play_changed(p);
}

void play_look(struct play *p, size_t stage)
{
	if (travel_refuses_verb(p))
		return;
	if (!explore_may_leave(p))
		return;
	if (stage < p->act->stages.len)
		play_set_view(p, stage);
	else
		words_note(p, true, "there is no stage %zu; the act has %zu", stage + 1, p->act->stages.len);
	play_changed(p);
}

void play_go(struct play *p, size_t stage)
{
	struct str away = {0};
	if (travel_refuses_verb(p))
		return;
	if (!explore_may_leave(p))
		return;
	words_drop_note(p);
	if (stage >= p->act->stages.len) {
		words_note(p, true, "there is no stage %zu; the act has %zu", stage + 1, p->act->stages.len);
	} else if (play_is_busy(p)) {
		next_while_busy(p);
	} else if (words_away(p, &away)) {
		play_set_view(p, stage);
		words_note(p, true, "only the view went there: %s", str_text(&away));
	} else {
		if (p->job != JOB_NONE) {
			perform_cancel(p);
			play_set_state(p, p->stage, PLAY_PENDING);
		}
		travel_begin(p, stage);
	}
	str_finish(&away);
	play_changed(p);
}

void play_retry(struct play *p)
{
	if (travel_refuses_verb(p))
		return;
	words_drop_note(p);
	if (play_is_busy(p) && p->stage != p->view) {
		next_while_busy(p);
	} else {
		passing_cancel(p);
		if (p->job != JOB_NONE)
			perform_cancel(p);
		play_set_state(p, p->view, PLAY_PENDING);
		show(p);
	}
	play_changed(p);
}

void play_skip(struct play *p)
{
	if (travel_refuses_verb(p))
		return;
	words_drop_note(p);
	if (!explore_may_leave(p))
		return;
	passing_cancel(p);
	if (p->job != JOB_NONE && p->stage == p->view)
		perform_cancel(p);
	if (p->runs[p->view].state != PLAY_DONE)
		play_set_state(p, p->view, PLAY_SKIPPED);
	move_on(p);
	play_changed(p);
}

void play_undo(struct play *p)
{
	if (travel_refuses_verb(p))
		return;
	words_drop_note(p);
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	if (play_is_busy(p)) {
		next_while_busy(p);
	} else if (!stage->has_undo) {
		words_note(p, false,
		           stage->changes ? "the scenario says no undo for this stage; undo it by hand in the pane (i)"
		                          : "this stage changes nothing: there is nothing to undo");
	} else if (!refuse_change(p, "undoing")) {
		if (p->job != JOB_NONE)
			perform_cancel(p);
		p->stage = p->view;
		perform_show(p, JOB_UNDO, true);
	}
	play_changed(p);
}
