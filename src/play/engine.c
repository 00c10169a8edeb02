/* engine: the life of a play: from create to destroy, the states of its stages, what wakes it. See engine.h for who does what. */
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
	consoles_finish(p);
	hand_finish(p);
	shells_finish(p);
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
	free(p->by_hand.prompt);
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

void play_end_job(struct play *p)
{
	if (!p->note_is_problem) /* what was said of a key pressed meanwhile ("still runs") is over with it */
		words_drop_note(p);
	p->job = JOB_NONE;
	p->step = STEP_NONE;
	free(p->message);
	p->message = NULL;
	loop_timer_stop(p->tick);
	if (p->travel)
		travel_job_ended(p);
}

void play_set_view(struct play *p, size_t view)
{
	passing_cancel(p);
	/* A command that was typed out for another stage, but not run, does not stay at the prompt. */
	if (p->job == JOB_STAGE && !play_is_busy(p) && p->stage != view) {
		size_t left = p->stage;
		perform_cancel(p);
		play_set_state(p, left, PLAY_PENDING);
	}
	bool is_new = p->view != view;
	p->view = view;
	words_drop_note(p);
	if (is_new) {
		attend_view(p);
		overhear_changed(p);
	}
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
