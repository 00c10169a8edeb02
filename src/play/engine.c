/* engine: the life of a play and its verbs. See engine.h for who does what. */
#include "play/engine.h"

#include <stdlib.h>
#include <string.h>

static void on_tick(void *user)
{
	struct play *p = user;
	perform_on_tick(p);
	if (p->step == STEP_CHECKS)
		ask_again(p);
	else if (p->step == STEP_VALUES || p->step == STEP_PROMPT || dialog_is(p))
		perform_step_on(p);
	words_tick(p);
	if (p->job != JOB_NONE && p->step != STEP_TYPED) /* what waits for a person waits in silence */
		loop_timer_start(p->tick, ask_next_ms(p), 0);
	play_changed(p);
}

struct play *play_create(const struct play_options *options, struct err *err)
{
	if (options->act->stages.len == 0) {
		err_set(err, ERR_INVALID, "the act %s has no stages", options->act->name);
		return NULL;
	}
	struct play *p = mem_alloc(sizeof *p);
	p->options = *options;
	p->act = options->act;
	p->loop = options->loop;
	p->kube = options->kube;
	p->runs = mem_alloc(sizeof *p->runs * explore_n_stages(p));
	p->tick = loop_timer_create(p->loop, on_tick, p);
	p->status = -1;
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		p->kubeconfigs[i] = mem_strdup(options->kubeconfigs[i]);
		p->contexts[i] = mem_strdup(options->contexts[i]);
	}
	flows_init(p);
	testify_init(p);
	overhear_init(p);
	hosts_init(p);
	kube_watch(p->kube, p->act->kinds, (const char *const *)p->act->namespaces.data);
	hosts_look(p);
	return p;
}

void play_destroy(struct play *p)
{
	if (!p)
		return;
	loop_unpost(p->loop, p);
	travel_finish(p);
	passing_cancel(p);
	loop_timer_destroy(p->tick);
	perform_finish(p);
	hosts_finish(p);
	for (size_t i = 0; i < explore_n_stages(p); i++) {
		free(p->runs[i].checked);
		free(p->runs[i].message);
		free(p->runs[i].failure);
	}
	free(p->runs);
	what_if_finish(p);
	overhear_finish(p);
	testify_finish(p);
	vec_finish(&p->flows);
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		free(p->kubeconfigs[i]);
		free(p->contexts[i]);
	}
	str_finish(&p->output);
	str_finish(&p->by_hand.output);
	free(p->text);
	free(p->prompt);
	free(p->message);
	free(p->note);
	topo_destroy(p->topo);
	scenario_destroy(p->act);
	free(p);
}

void play_set_type_ms(struct play *p, int type_ms)
{
	p->options.type_ms = type_ms;
}

const struct scenario_act *play_act(const struct play *p)
{
	return p->act;
}

struct scenario_stage *play_stage_of(const struct play *p, size_t stage)
{
	return stage < p->act->stages.len ? &p->act->stages.data[stage] : explore_stage(p, stage);
}

void play_changed(struct play *p)
{
	if (p->options.events.on_change)
		p->options.events.on_change(p, p->options.user);
}

/* ---- states ---- */

void play_set_state(struct play *p, size_t stage, enum play_state state)
{
	if (p->runs[stage].state == state)
		return;
	p->runs[stage].state = state;
	if (state == PLAY_PENDING && stage == p->view)
		attend_forget(p);
	p->runs[stage].was_there = p->runs[stage].was_there && state == PLAY_DONE;
	hosts_stage_changed(p, stage, state);
	if (state == PLAY_PENDING || state == PLAY_SHOWN) {
		free(p->runs[stage].checked);
		free(p->runs[stage].message);
		free(p->runs[stage].failure);
		p->runs[stage].checked = p->runs[stage].message = p->runs[stage].failure = NULL;
	}
	bool is_of_show = stage < p->act->stages.len;
	if (!is_of_show && p->options.events.on_explore)
		p->options.events.on_explore(p, state, p->options.user);
	if (is_of_show && p->options.events.on_stage)
		p->options.events.on_stage(p, stage, state, p->options.user);
}

static void clear_note(struct play *p)
{
	free(p->note);
	p->note = NULL;
}

void play_end_job(struct play *p)
{
	if (!p->note_is_problem) /* what was said of a key pressed meanwhile ("still runs") is over with it */
		clear_note(p);
	p->job = JOB_NONE;
	p->step = STEP_NONE;
	free(p->message);
	p->message = NULL;
	loop_timer_stop(p->tick);
	if (p->travel)
		travel_job_ended(p);
}

static bool is_busy(const struct play *p)
{
	return p->travel || p->passing || p->job == JOB_UNDO || (p->job == JOB_STAGE && p->step >= STEP_ENTERED) ||
	       (p->job == JOB_STAGE && p->go);
}

void play_set_view(struct play *p, size_t view)
{
	passing_cancel(p);
	/* A command that was typed out for another stage, but not run, does not stay at the prompt. */
	if (p->job == JOB_STAGE && !is_busy(p) && p->stage != view) {
		size_t left = p->stage;
		perform_cancel(p);
		play_set_state(p, left, PLAY_PENDING);
	}
	bool is_new = p->view != view;
	p->view = view;
	clear_note(p);
	if (is_new) {
		attend_view(p);
		overhear_changed(p);
	}
}

/* ---- verbs ---- */

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
	clear_note(p);
	enum play_state state = p->runs[p->view].state;
	bool is_ours = p->job == JOB_STAGE && p->stage == p->view;
	if (is_busy(p) && state != PLAY_DONE && state != PLAY_SKIPPED)
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
	clear_note(p);
	if (stage >= p->act->stages.len) {
		words_note(p, true, "there is no stage %zu; the act has %zu", stage + 1, p->act->stages.len);
	} else if (is_busy(p)) {
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
	clear_note(p);
	if (is_busy(p) && p->stage != p->view) {
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
	clear_note(p);
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
	clear_note(p);
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	if (is_busy(p)) {
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

void play_cluster_changed(struct play *p)
{
	hosts_look(p);
	consoles_look(p);
	testify_now(p);
	if (p->step == STEP_CHECKS)
		ask_again(p);
	else if (p->step == STEP_VALUES || dialog_is(p))
		perform_step_on(p);
	attend_look(p);
	words_tick(p);
	if (p->travel)
		travel_cluster_changed(p);
	if (p->doubtful)
		memory_ask(p);
	play_changed(p);
}

/* ---- state, for the painter ---- */

size_t play_stage(const struct play *p)
{
	return explore_is_in(p) ? p->explored_from : p->view;
}

enum play_state play_stage_state(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) ? p->runs[stage].state : PLAY_PENDING;
}

const char *play_message(const struct play *p)
{
	if (p->note)
		return p->note;
	if (p->message && *p->message)
		return p->message;
	return p->runs[p->view].message ? p->runs[p->view].message : "";
}

bool play_message_is_problem(const struct play *p)
{
	if (p->note)
		return p->note_is_problem;
	if (p->message && *p->message)
		return p->message_is_problem;
	return p->runs[p->view].state == PLAY_FAILED;
}

const char *play_failure(const struct play *p)
{
	return p->runs[p->view].failure ? p->runs[p->view].failure : "";
}

const char *play_output(const struct play *p)
{
	return str_text(&p->output);
}

const char *play_checked(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) && p->runs[stage].checked ? p->runs[stage].checked : "";
}

bool play_was_there(const struct play *p, size_t stage)
{
	return stage < p->act->stages.len && p->runs[stage].was_there;
}

int64_t play_took(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) ? p->runs[stage].took_ms : 0;
}

bool play_is_busy(const struct play *p)
{
	return is_busy(p);
}

bool play_is_typed(const struct play *p)
{
	return p->job == JOB_STAGE && p->stage == p->view && p->step == STEP_TYPED;
}

bool play_shell_is_busy(const struct play *p)
{
	for (size_t i = 0; i < SCENARIO_N_PERSONAS; i++)
		if (p->shells[i] && shell_state(p->shells[i]) == SHELL_BUSY)
			return true;
	return false;
}

int play_status(const struct play *p)
{
	return p->status;
}

bool play_is_over(const struct play *p)
{
	enum play_state last = p->runs[p->act->stages.len - 1].state;
	return last == PLAY_DONE || last == PLAY_SKIPPED;
}

int64_t play_started(const struct play *p)
{
	return p->started;
}

struct term *play_shell(struct play *p, enum scenario_persona persona)
{
	return shell_term(perform_shell(p, persona));
}

char *play_next_command(const struct play *p)
{
	return play_command(p, p->view);
}

char *play_command(const struct play *p, size_t at)
{
	struct str out = {0};
	const struct scenario_texts *commands = at < explore_n_stages(p) ? &play_stage_of(p, at)->commands : NULL;
	for (size_t i = 0; commands && i < commands->len; i++) {
		char *filled = perform_fill(p, commands->data[i], NULL);
		str_append_f(&out, "%s%s", i ? "\n" : "", filled ? filled : commands->data[i]);
		free(filled);
	}
	return str_take(&out);
}

/* ---- the graph ---- */

struct collecting {
	VEC(const json_t *) objects;
};

static bool collect(const json_t *object, void *user)
{
	struct collecting *c = user;
	vec_push(&c->objects, object);
	return true;
}

const struct topo *play_topo(struct play *p)
{
	if (p->topo && p->topo_generation == kube_generation(p->kube) && p->topo_hosts == p->hosts_generation)
		return p->topo;
	struct topo_host hosts[SCENARIO_HOSTS_MAX];
	struct collecting c = {0};
	for (int kind = 0; kind < KUBE_N_KINDS; kind++) {
		if (p->act->kinds & (1u << kind))
			kube_each(p->kube, (enum kube_kind_id)kind, collect, &c);
	}
	struct topo_input input = {
	        .objects = c.objects.data,
	        .n_objects = c.objects.len,
	        .planned = (const json_t *const *)p->act->planned.data,
	        .n_planned = p->act->planned.len,
	        .namespaces = (const char *const *)p->act->namespaces.data,
	        .hosts = hosts,
	        .n_hosts = hosts_fill(p, hosts),
	};
	p->topo_hosts = p->hosts_generation;
	topo_destroy(p->topo);
	p->topo = topo_build(&input);
	p->topo_generation = kube_generation(p->kube);
	vec_finish(&c.objects);
	cut_look(p, p->topo);
	return p->topo;
}
