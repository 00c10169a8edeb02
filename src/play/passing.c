/* passing: is the result of a stage there already? Then it can be passed over, by Space and on the way to another stage.
 *
 * Asked are the stage's checks of the cluster, as they are now, and its `done-if`, which runs out of sight as the stage's
 * persona. A stage on the host is told by its `done-if` alone: what its commands leave is not in the cluster.
 */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

#define DONE_IF_MS 20000
#define DONE_IF_OUTPUT 4096

struct passing {
	struct play *play;
	size_t stage;
	enum passing_result result;
	struct str checked, missing;
	struct loop_command *command;
	passing_fn *fn;
};

static void finish(struct passing *a)
{
	loop_unpost(a->play->loop, a);
	loop_command_destroy(a->command);
	str_finish(&a->checked);
	str_finish(&a->missing);
	free(a);
}

void passing_cancel(struct play *p)
{
	if (p->passing)
		finish(p->passing);
	p->passing = NULL;
}

static void answer(void *user)
{
	struct passing *a = user;
	struct play *p = a->play;
	struct passing_answer is = {a->stage, a->result, str_text(&a->checked), str_text(&a->missing)};
	p->passing = NULL; /* what is told may ask again */
	if (p->job == JOB_NONE)
		words_message(p, false, "%s", "");
	a->fn(p, &is);
	finish(a);
	play_changed(p);
}

static void note(struct passing *a, const char *text)
{
	str_append_f(&a->checked, "%s%s", a->checked.len ? "; " : "", text);
}

/* ---- the cluster ---- */

static bool holds(const struct passing *a, const struct scenario_check *check, struct str *found)
{
	struct play *p = a->play;
	struct str cure = {0};
	struct check_facts facts = {
	        .kube = p->kube,
	        .topo = play_topo(p),
	        .planned = (const json_t *const *)p->act->planned.data,
	        .n_planned = play_stage_of(p, a->stage)->n_planned,
	        .flows = p->flows.data,
	        .policies = play_policies(p),
	        .output = "",
	        .status = -1,
	};
	bool is_so = check_ask(check, &facts, found, &cure) == CHECK_HOLDS;
	str_finish(&cure);
	return is_so;
}

/* Is one of the objects there that the check wants in several namespaces? */
static bool holds_somewhere(const struct passing *a, const struct scenario_check *check)
{
	bool is_somewhere = false;
	for (size_t i = 0; check->kind == SCENARIO_CHECK_EXISTS && i < check->namespaces.len && !is_somewhere; i++) {
		struct scenario_check one = *check;
		struct str found = {0};
		one.namespaces = (struct scenario_texts){&check->namespaces.data[i], 1, 1};
		is_somewhere = holds(a, &one, &found);
		str_finish(&found);
	}
	return is_somewhere;
}

static void ask_cluster(struct passing *a)
{
	const struct scenario_stage *stage = play_stage_of(a->play, a->stage);
	bool all = true, some = false;
	size_t n = 0;
	for (size_t i = 0; i < stage->checks.len; i++) {
		const struct scenario_check *check = &stage->checks.data[i];
		struct str found = {0};
		bool is_told_better =
		        check->kind == SCENARIO_CHECK_UP && *stage->done_if; /* a watch may be silent yet */
		if (!scenario_check_is_of_cluster(check) || is_told_better)
			continue;
		n++;
		if (holds(a, check, &found)) {
			if (found.len == 0)
				check_describe(check, a->play->act, &found);
			note(a, str_text(&found));
			some = some || check->kind == SCENARIO_CHECK_EXISTS;
		} else {
			if (all)
				str_append(&a->missing, str_text(&found));
			all = false;
			some = some || holds_somewhere(a, check);
		}
		str_finish(&found);
	}
	bool is_told = n > 0 && (stage->persona != SCENARIO_HOST || *stage->done_if);
	a->result = !is_told ? PASSING_UNKNOWN : all ? PASSING_THERE : some ? PASSING_SOME : PASSING_NOT;
}

/* ---- done-if ---- */

static void on_done_if(const struct loop_result *result, void *user)
{
	struct passing *a = user;
	if (result->status == 0) {
		a->result = PASSING_THERE;
		if (a->checked.len == 0)
			note(a, "done-if says so");
	} else {
		a->result = a->result == PASSING_SOME ? PASSING_SOME : PASSING_NOT;
	}
	loop_post(a->play->loop, answer, a);
}

/* Every other process of the play belongs to a pane; this one is silent. */
static bool run_done_if(struct passing *a)
{
	struct play *p = a->play;
	const struct scenario_stage *stage = play_stage_of(p, a->stage);
	char *text = values_fill(p, stage->done_if, NULL), *private_dir = shells_private_dir(p, NULL);
	struct shell_cluster cluster = {stage->persona, p->kubeconfigs[stage->persona], p->contexts[stage->persona],
	                                private_dir};
	char *kubeconfig = private_dir ? shell_kubeconfig(&cluster, NULL) : NULL,
	     *path = shell_path(p->options.read_only ? private_dir : NULL), *lab = path_self("onesdn-lab");
	const char *const here[] = {"bash", "--noprofile", "--norc", "-c", text, NULL};
	const char *const in_lab[] = {lab, "exec", "--", "bash", "--noprofile", "--norc", "-c", text, NULL};
	const char *const env[] = {kubeconfig, path, "BASH_ENV", NULL};
	bool is_in_lab = stage->persona == SCENARIO_HOST && text_equal(p->options.environment, "lab");
	struct loop_spawn spec = {.argv = is_in_lab ? in_lab : here, .env = env, .cwd = p->act->folder};
	bool is_started = text && kubeconfig;
	if (is_started)
		a->command = loop_command_create(p->loop, &spec, "", DONE_IF_OUTPUT, DONE_IF_MS, on_done_if, a);
	free(text);
	free(kubeconfig);
	free(path);
	free(lab);
	return is_started;
}

/* ---- asking ---- */

void passing_ask(struct play *p, size_t stage, passing_fn *fn)
{
	const struct scenario_stage *of = play_stage_of(p, stage);
	struct str away = {0};
	passing_cancel(p);
	struct passing *a = mem_alloc(sizeof *a);
	*a = (struct passing){.play = p, .stage = stage, .fn = fn};
	p->passing = a;
	if (!p->travel)
		words_message(p, false, "looks whether \"%s\" is done already", of->title);
	if (!words_away(p, &away))
		ask_cluster(a);
	bool is_cluster_enough = a->result == PASSING_THERE || a->result == PASSING_UNKNOWN;
	bool is_on_host = of->persona == SCENARIO_HOST; /* which needs no cluster */
	if (!*of->done_if || (away.len > 0 && !is_on_host) || !is_cluster_enough || !run_done_if(a))
		loop_post(p->loop, answer, a);
	str_finish(&away);
}

void passing_over(struct play *p, size_t stage, const char *why)
{
	struct stage_run *run = &p->runs[stage];
	free(run->checked);
	free(run->message);
	run->checked = mem_printf("there already: %s", why);
	run->message = mem_printf("passed over, it is there already: %s", why);
	run->took_ms = 0;
	run->was_there = true;
	play_set_state(p, stage, PLAY_DONE);
}
