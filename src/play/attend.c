/* attend: for somebody who is alone with the show: how the checks of a stage stand now, one by one, and what was done by
 * hand. A stage that waits in view counts as done when its checks have come to hold without its command: by what was typed
 * in its persona's pane, or to the cluster from anywhere. What held already when the stage came into view is nobody's doing.
 * What is typed on a machine's console is heard by attend_console.c. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

/* The output of a stage counts for that stage only, and only once it has begun to run. */
static bool has_run(const struct play *p, size_t stage)
{
	enum play_state state = p->runs[stage].state;
	return p->stage == stage && state != PLAY_PENDING && state != PLAY_SHOWN;
}

static char *take_line(struct str *text)
{
	struct str line = {0};
	str_append_safe(&line, str_text(text), text->len);
	str_finish(text);
	return str_take(&line);
}

bool play_check(struct play *p, size_t stage, size_t check, struct play_check *out)
{
	if (stage >= explore_n_stages(p) || check >= play_stage_of(p, stage)->checks.len)
		return false;
	const struct scenario_check *asked = &play_stage_of(p, stage)->checks.data[check];
	bool is_of_cluster = scenario_check_is_of_cluster(asked), is_done = p->runs[stage].state == PLAY_DONE;
	struct check_facts facts = ask_facts(p, stage);
	struct str wants = {0}, found = {0}, cure = {0};
	check_describe(asked, p->act, &wants);
	bool is_tried = !has_run(p, stage) && stage == p->view && p->by_hand.n_ended > 0;
	bool is_known = is_of_cluster ? ask_is_live(p) : has_run(p, stage) || is_tried;
	if (is_tried)
		facts.output = str_text(&p->by_hand.output);
	out->holds = is_known && check_ask(asked, &facts, &found, &cure) == CHECK_HOLDS;
	if (!is_of_cluster && is_tried && !out->holds && p->by_hand.status != 0) {
		str_clear(&found);
		str_append_f(&found, "the command ended with status %d", p->by_hand.status);
	}
	if (!is_of_cluster && is_done)
		out->holds = true; /* it did; another stage's output stands there by now */
	if (out->holds)
		str_clear(&found);
	out->wants = take_line(&wants);
	out->found = take_line(&found);
	out->cure = take_line(&cure);
	return true;
}

void play_check_finish(struct play_check *check)
{
	free(check->wants);
	free(check->found);
	free(check->cure);
	*check = (struct play_check){0};
}

/* ---- by hand ---- */

static bool is_attended(const struct play *p)
{
	return explore_is_in(p) ? explore_is_attended(p) : p->attends;
}

/* The stage in view waits for somebody: nothing is performed, and what is typed out was not run. */
bool attend_is_waiting(const struct play *p)
{
	enum play_state state = p->runs[p->view].state;
	bool is_idle =
	        p->job == JOB_NONE || (p->job == JOB_STAGE && p->stage == p->view && !p->go && p->step <= STEP_TYPED);
	bool is_moved = p->travel || p->passing || p->options.read_only;
	return is_attended(p) && is_idle && !is_moved && (state == PLAY_PENDING || state == PLAY_SHOWN);
}

/* How the checks stand: those of the cluster, those of a command's own result. `checked`: all in words. */
static void ask_all(struct play *p, bool *cluster, bool *result, struct str *checked)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct check_facts facts = ask_facts(p, p->view);
	facts.output = str_text(&p->by_hand.output);
	facts.status = p->by_hand.status;
	*cluster = *result = true;
	for (size_t i = 0; i < stage->checks.len; i++) {
		const struct scenario_check *check = &stage->checks.data[i];
		struct str found = {0}, cure = {0};
		bool holds = check_ask(check, &facts, &found, &cure) == CHECK_HOLDS;
		if (check->kind == SCENARIO_CHECK_EXIT) /* any command ends somehow: it has to be the stage's */
			holds = holds && p->by_hand.is_ours;
		if (scenario_check_is_of_cluster(check))
			*cluster = *cluster && holds;
		else
			*result = *result && holds && p->by_hand.n_ended > 0;
		str_append(checked, checked->len ? "; " : "");
		if (found.len > 0)
			str_append(checked, str_text(&found));
		else
			check_describe(check, p->act, checked);
		str_finish(&found);
		str_finish(&cure);
	}
}

static bool has_result_check(const struct scenario_stage *stage)
{
	for (size_t i = 0; i < stage->checks.len; i++)
		if (!scenario_check_is_of_cluster(&stage->checks.data[i]))
			return true;
	return false;
}

void attend_settle(struct play *p, const char *checked)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct by_hand *by_hand = &p->by_hand;
	if (p->job != JOB_NONE)
		perform_cancel(p);
	if (p->started == 0)
		p->started = loop_now(p->loop);
	p->stage = p->view;
	p->job_since = p->go_since = by_hand->n_ended ? by_hand->since : loop_now(p->loop);
	str_finish(&p->output);
	p->output = by_hand->output;
	by_hand->output = (struct str){0};
	if (has_result_check(stage))
		flows_by_hand(p, loop_now(p->loop) - by_hand->since);
	words_done(p, checked);
	words_note(p, false, "done%s: %s; Space goes on", by_hand->n_ended ? "" : " from elsewhere", checked);
}

void attend_look(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct by_hand *by_hand = &p->by_hand;
	if (by_hand->runs || stage->checks.len == 0 || stage->action == SCENARIO_PICTURE || !ask_is_live(p) ||
	    !attend_is_waiting(p))
		return;
	struct str checked = {0};
	bool cluster, result;
	ask_all(p, &cluster, &result, &checked);
	by_hand->did_hold = cluster && (by_hand->did_hold || !by_hand->is_known);
	by_hand->is_known = true;
	bool is_mended = explore_is_in(p) &&
	                 p->runs[p->view - 1].checked; /* it was seen broken: it cannot have held all along */
	bool is_proven =
	        has_result_check(stage) || by_hand->is_ours || is_mended || (stage->changes && !by_hand->did_hold);
	if (stage->is_blocked)
		is_proven = by_hand->is_ours && flows_are_blocked(p);
	if (cluster && result && is_proven)
		attend_settle(p, str_text(&checked));
	str_finish(&checked);
}

void attend_forget(struct play *p)
{
	struct by_hand *by_hand = &p->by_hand;
	struct str output = by_hand->output;
	str_clear(&output);
	free(by_hand->prompt);
	*by_hand = (struct by_hand){.output = output, .status = -1};
}

void attend_view(struct play *p)
{
	attend_forget(p);
	attend_look(p);
	attend_hears(p, NULL);
}

static bool is_in_view(struct play *p, const struct shell *shell)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	bool has_shell = stage->action == SCENARIO_RUN || stage->action == SCENARIO_APPLY;
	return has_shell && attend_is_waiting(p) && p->shells[stage->persona] == shell;
}

/* "PGPASSWORD=cheese psql": what is put into the program's environment. */
static const char *behind_assignments(const char *command)
{
	for (;;) {
		command += strspn(command, " ");
		size_t name = strspn(command, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		if (name == 0 || command[name] != '=')
			return command;
		command += strcspn(command, " \n");
	}
}

/* The same program and its verb: "kubectl wait", whatever it is told to wait for. */
static bool is_alike(const char *a, const char *b)
{
	a = behind_assignments(a);
	b = behind_assignments(b);
	for (int word = 0; word < 2; word++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		size_t len = strcspn(a, " \n");
		if (len != strcspn(b, " \n") || strncmp(a, b, len) != 0)
			return false;
		a += len;
		b += len;
	}
	return true;
}

void attend_entered(struct play *p, const char *line)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct by_hand *by_hand = &p->by_hand;
	const char *last = stage->commands.len ? stage->commands.data[stage->commands.len - 1] : "";
	char *filled = values_fill(p, last, NULL);
	bool is_alike_now = is_alike(line, filled ? filled : last);
	by_hand->is_ours = by_hand->is_ours || is_alike_now;
	by_hand->runs = true;
	by_hand->since = loop_now(p->loop);
	if (is_alike_now)
		flows_begin_by_hand(p);
	free(filled);
}

void attend_begins(struct play *p, const struct shell *shell)
{
	if (!is_in_view(p, shell))
		return;
	struct str line = {0};
	shell_entered_line(shell, &line);
	attend_entered(p, str_text(&line));
	str_finish(&line);
}

/* "kubectl get nncp || echo refused": the refusal is what the stage is to show. */
static bool is_failure_meant(const struct scenario_stage *stage)
{
	const char *last = stage->commands.len ? stage->commands.data[stage->commands.len - 1] : "";
	return stage->is_blocked || strstr(last, " || ") != NULL;
}

void attend_ended(struct play *p, const char *output, int status)
{
	struct by_hand *by_hand = &p->by_hand;
	bool counts = status == 0 || (by_hand->is_ours && is_failure_meant(play_stage_of(p, p->view)));
	if (counts) /* what a program says of its failure proves nothing, whatever words are in it */
		str_append(&by_hand->output, output);
	str_append_c(&by_hand->output, '\n');
	if (by_hand->output.len > OUTPUT_MAX)
		str_drop_front(&by_hand->output, by_hand->output.len - OUTPUT_MAX);
	by_hand->runs = false;
	by_hand->status = status;
	by_hand->n_ended++;
	by_hand->is_ours = by_hand->is_ours && counts;
	flows_end_by_hand(p, output, status);
	attend_look(p);
}

void attend_ends(struct play *p, struct shell *shell, int status)
{
	struct str text = {0};
	if (!p->by_hand.runs || !is_in_view(p, shell))
		return;
	term_output_text(shell_term(shell), OUTPUT_MAX, &text);
	attend_ended(p, str_text(&text), status);
	str_finish(&text);
}

void play_attend(struct play *p, bool attends)
{
	if (p->attends == attends)
		return;
	p->attends = attends;
	attend_forget(p);
	attend_hears(p, NULL);
}

bool play_tried_by_hand(const struct play *p)
{
	return p->by_hand.n_ended > 0 && p->runs[p->view].state == PLAY_PENDING;
}
