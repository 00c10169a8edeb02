/* memory: a show as it stands, as a JSON value, and back. What is kept is what cannot be asked of the cluster: which stages are done
 * and what was said of them, what the flows have shown, and what was broken on purpose. A stage that was under way when it was kept
 * is asked for: its command may have done its work. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

static const char *const state_names[] = {
        [PLAY_PENDING] = "pending", [PLAY_SHOWN] = "pending", [PLAY_RUNNING] = "running", [PLAY_CHECKING] = "running",
        [PLAY_DONE] = "done",       [PLAY_FAILED] = "failed", [PLAY_SKIPPED] = "skipped",
};
static const char *const flow_names[] = {
        [PLAY_FLOW_UNTRIED] = "untried", [PLAY_FLOW_UNDERWAY] = "untried", [PLAY_FLOW_OK] = "ok",
        [PLAY_FLOW_BLOCKED] = "blocked", [PLAY_FLOW_FAILED] = "failed",
};
static const char *const measure_names[] = {
        [PLAY_UNMEASURED] = "not",       [PLAY_CONNECTED] = "connected", [PLAY_REFUSED] = "refused",
        [PLAY_UNREACHABLE] = "no-route", [PLAY_TIMED_OUT] = "timed-out", [PLAY_BROKE] = "broke",
};
enum { N_MEASURES = sizeof measure_names / sizeof *measure_names };
enum { N_STATES = sizeof state_names / sizeof *state_names, N_FLOW_STATES = sizeof flow_names / sizeof *flow_names };

static int find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (text_equal(names[i], name))
			return i;
	return -1;
}

/* ---- out ---- */

static json_t *keep_stage(const struct play *p, size_t stage)
{
	const struct stage_run *run = &p->runs[stage];
	json_t *kept = json_pack("{s:s, s:s}", "id", p->act->stages.data[stage].id, "state", state_names[run->state]);
	if (run->took_ms)
		json_object_set_new(kept, "took", json_integer(run->took_ms));
	if (run->was_there)
		json_object_set_new(kept, "was-there", json_true());
	if (run->checked)
		json_object_set_new(kept, "checked", json_string(run->checked));
	if (run->message)
		json_object_set_new(kept, "message", json_string(run->message));
	if (run->failure)
		json_object_set_new(kept, "failure", json_string(run->failure));
	return kept;
}

/* The two stages of each exploration; `breaks` that is under way may have broken it already. */
static json_t *keep_explorations(const struct play *p)
{
	json_t *out = json_array();
	for (size_t i = 0; i < p->act->explorations.len; i++) {
		const struct stage_run *run = &p->runs[p->act->stages.len + 2 * i];
		json_t *kept = json_pack("{s:s, s:s, s:s, s:s?}", "id", p->act->explorations.data[i].mends.id, "breaks",
		                         state_names[run[0].state], "mends", state_names[run[1].state], "checked",
		                         run[0].checked);
		json_array_append_new(out, kept);
	}
	return out;
}

/* What was under way is not measured: it is to be tried again. */
static json_t *keep_flow(const struct play *p, size_t at)
{
	const struct play_flow *flow = &p->flows.data[at];
	bool is_over = !flow->is_cut && (flow->state != PLAY_FLOW_BLOCKED || flow->measured != PLAY_UNMEASURED);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s*}", "id", flow->plan->id, "state",
	                 flow_names[is_over ? flow->state : PLAY_FLOW_UNTRIED], "note", flow->note, "measured",
	                 measure_names[is_over ? flow->measured : PLAY_UNMEASURED], "measured-ms",
	                 (json_int_t)flow->measured_ms, "verdict", testify_verdict_then(p, at));
}

json_t *play_keep(const struct play *p)
{
	struct play_exploration now;
	const char *exploring = play_exploring(p, &now) ? now.plan->id : NULL;
	json_t *stages = json_array(), *flows = json_array();
	for (size_t i = 0; i < p->act->stages.len; i++)
		json_array_append_new(stages, keep_stage(p, i));
	for (size_t i = 0; i < p->flows.len; i++)
		json_array_append_new(flows, keep_flow(p, i));
	return json_pack("{s:s, s:o, s:o, s:s?, s:b, s:o}", "stage", p->act->stages.data[play_stage(p)].id, "stages",
	                 stages, "flows", flows, "exploring", exploring, "explored", p->has_explored, "explorations",
	                 keep_explorations(p));
}

/* ---- back ---- */

static size_t find_stage(const struct play *p, const char *id)
{
	for (size_t i = 0; i < p->act->stages.len; i++)
		if (text_equal(p->act->stages.data[i].id, id))
			return i;
	return TOPO_NONE;
}

/* Safe text, or nothing: it goes to the screen. */
static char *take_text(const json_t *from, const char *key)
{
	const char *text = json_walk_str(from, key, NULL);
	struct str safe = {0};
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		str_append_safe(&safe, text, len);
		if (text[len] == '\n')
			str_append_c(&safe, '\n');
	}
	return safe.len ? str_take(&safe) : NULL;
}

static void restore_stage(struct play *p, size_t stage, enum play_state state, const json_t *kept)
{
	struct stage_run *run = &p->runs[stage];
	play_set_state(p, stage, state);
	free(run->checked);
	free(run->message);
	free(run->failure);
	run->checked = take_text(kept, "checked");
	run->message = take_text(kept, "message");
	run->failure = take_text(kept, "failure");
	run->took_ms = json_walk_int(kept, 0, "took", NULL);
	run->was_there = json_is_true(json_object_get(kept, "was-there"));
	if (run->took_ms < 0)
		run->took_ms = 0;
}

static void restore_flow(struct play *p, const json_t *kept)
{
	int state = find_name(flow_names, N_FLOW_STATES, json_walk_str(kept, "state", NULL));
	for (size_t i = 0; state >= 0 && i < p->flows.len; i++) {
		struct play_flow *flow = &p->flows.data[i];
		if (!text_equal(flow->plan->id, json_walk_str(kept, "id", NULL)))
			continue;
		char *note = take_text(kept, "note");
		int measure = find_name(measure_names, N_MEASURES, json_walk_str(kept, "measured", NULL));
		flow->state = (enum play_flow_state)state;
		flow->measured = measure > 0 ? (enum play_measure)measure : PLAY_UNMEASURED;
		if (flow->state == PLAY_FLOW_BLOCKED && flow->measured == PLAY_UNMEASURED)
			flow->state = PLAY_FLOW_UNTRIED; /* as if it still waited for an answer */
		flow->measured_ms = flow->measured ? json_walk_int(kept, 0, "measured-ms", NULL) : 0;
		if (flow->measured_ms < 0)
			flow->measured_ms = 0;
		snprintf(flow->note, sizeof flow->note, "%s", note ? note : "");
		text_trim(flow->note);
		testify_recall(p, i, json_walk_str(kept, "verdict", NULL));
		free(note);
	}
}

/* What was broken, or was just being, is to be mended. */
static void restore_exploration(struct play *p, size_t number, const json_t *kept)
{
	size_t breaks = p->act->stages.len + 2 * number, mends = breaks + 1;
	int broken = find_name(state_names, N_STATES, json_walk_str(kept, "breaks", NULL)),
	    mended = find_name(state_names, N_STATES, json_walk_str(kept, "mends", NULL));
	bool is_seen = broken == PLAY_DONE, is_broken = is_seen || broken == PLAY_RUNNING;
	play_set_state(p, breaks, is_broken ? PLAY_DONE : PLAY_PENDING);
	play_set_state(p, mends, is_seen && mended == PLAY_DONE ? PLAY_DONE : PLAY_PENDING);
	free(p->runs[breaks].checked);
	p->runs[breaks].checked = is_seen ? take_text(kept, "checked") : NULL;
}

/* ... and the one that was in view is in view again. */
static void restore_explorations(struct play *p, const json_t *kept)
{
	const char *exploring = json_walk_str(kept, "exploring", NULL);
	json_t *entries = json_object_get(kept, "explorations"), *entry;
	size_t i, n_stages = p->act->stages.len, view = p->view;
	p->has_explored = json_is_true(json_object_get(kept, "explored"));
	json_array_foreach (entries, i, entry) {
		const char *id = json_walk_str(entry, "id", NULL);
		for (size_t at = 0; at < p->act->explorations.len; at++) {
			size_t breaks = n_stages + 2 * at;
			if (!text_equal(p->act->explorations.data[at].mends.id, id))
				continue;
			restore_exploration(p, at, entry);
			if (text_equal(exploring, id))
				view = p->runs[breaks].state == PLAY_DONE ? breaks + 1 : breaks;
		}
	}
	p->explored_from = p->view;
	p->view = view;
	attend_view(p);
	overhear_changed(p);
}

static void on_asked(struct play *p, const struct passing_answer *answer)
{
	if (answer->result == PASSING_THERE)
		passing_over(p, answer->stage, answer->checked);
	else
		words_note(p, true,
		           "the show stopped while this stage ran; what it did is not known: Space performs it "
		           "again, u undoes it");
}

void memory_ask(struct play *p)
{
	struct str away = {0};
	if (p->doubtful && !p->passing && !p->travel && p->job == JOB_NONE && !words_away(p, &away)) {
		passing_ask(p, p->doubtful - 1, on_asked);
		p->doubtful = 0;
	}
	str_finish(&away);
}

bool play_restore(struct play *p, const json_t *kept, struct err *err)
{
	size_t view = find_stage(p, json_walk_str(kept, "stage", NULL)), i, running = TOPO_NONE;
	json_t *stages = json_object_get(kept, "stages"), *flows = json_object_get(kept, "flows"), *entry;
	if (view == TOPO_NONE || !json_is_array(stages))
		return err_set(err, ERR_INVALID,
		               "what was kept of the show does not fit the act %s: it has been changed since",
		               p->act->name);
	json_array_foreach (stages, i, entry) {
		size_t stage = find_stage(p, json_walk_str(entry, "id", NULL));
		int state = find_name(state_names, N_STATES, json_walk_str(entry, "state", NULL));
		if (stage == TOPO_NONE || state < 0) /* left out of the act since */
			continue;
		if (state == PLAY_RUNNING) {
			running = stage;
			state = PLAY_PENDING;
		}
		restore_stage(p, stage, (enum play_state)state, entry);
	}
	json_array_foreach (flows, i, entry)
		restore_flow(p, entry);
	testify_anew(p);
	p->view = view;
	restore_explorations(p, kept);
	p->doubtful = running == TOPO_NONE ? 0 : running + 1;
	memory_ask(p);
	play_changed(p);
	return true;
}

void play_set_started(struct play *p, int64_t started)
{
	p->started = started ? started : 1; /* 0 says that it has not begun */
}
