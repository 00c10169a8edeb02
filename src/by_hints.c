/* by_hints: see by_hints.h. What counts as done by hand is play's business (attend): nothing is asked here. */
#include "by_hints.h"

#include <stdlib.h>
#include <string.h>

struct by_hints {
	struct loop *loop;
	struct play *play;
	struct loop_timer *limit;
	int64_t limit_ms;
	by_hints_fn *on_end;
	void *user;
	bool runs, is_typing;
	size_t n_typed;
	char *failure;
};

static size_t stage_in_view(const struct by_hints *b)
{
	struct play_exploration now;
	return play_exploring(b->play, &now) ? now.stage : play_stage(b->play);
}

static bool is_done(const struct by_hints *b)
{
	return play_stage_state(b->play, stage_in_view(b)) == PLAY_DONE;
}

/* The command of that number among those of all the stage's hints, values filled in as of now; NULL: there are no more. */
static char *command_at(const struct by_hints *b, size_t at)
{
	struct scenario_texts commands = {0};
	size_t stage = stage_in_view(b);
	char *hint = play_hint(b->play, stage, 0);
	for (size_t i = 1; *hint; i++) {
		scenario_hint_commands(hint, &commands);
		free(hint);
		hint = play_hint(b->play, stage, i);
	}
	free(hint);
	char *command = at < commands.len ? mem_strdup(commands.data[at]) : NULL;
	scenario_texts_finish(&commands);
	return command;
}

static void end(void *user)
{
	struct by_hints *b = user;
	bool ok = b->failure[0] == '\0';
	by_hints_stop(b);
	b->on_end(b, ok, b->user);
}

static void fail(struct by_hints *b, struct str *words)
{
	free(b->failure);
	b->failure = str_take(words);
	loop_post(b->loop, end, b);
}

static void append_safe_line(struct str *out, const char *before, const char *text)
{
	str_append(out, before);
	str_append_safe(out, text, strlen(text));
	str_append_c(out, '\n');
}

/* Which of its checks do not hold. */
static void append_missing(const struct by_hints *b, struct str *out)
{
	struct play_check check;
	for (size_t i = 0; play_check(b->play, stage_in_view(b), i, &check); i++) {
		if (!check.holds) {
			append_safe_line(out, "expected: ", check.wants);
			append_safe_line(out, "found:    ", check.found);
		}
		play_check_finish(&check);
	}
}

static void on_limit(void *user)
{
	struct by_hints *b = user;
	struct str words = {0};
	char *command = b->is_typing ? command_at(b, b->n_typed) : NULL;
	if (command)
		append_safe_line(&words, "the hint's command has not ended: ", command);
	else
		append_safe_line(&words, "", "what the hints say does not do the stage");
	append_missing(b, &words);
	free(command);
	fail(b, &words);
}

/* What was typed prints nothing more: only the cluster may still come to hold. */
static int64_t time_for_checks(const struct by_hints *b)
{
	struct play_exploration now;
	bool is_exploring = play_exploring(b->play, &now);
	const struct scenario_stage *stage =
	        is_exploring ? now.plan : &play_act(b->play)->stages.data[stage_in_view(b)];
	struct play_check check;
	int64_t longest_ms = stage->checks.len > 0 ? 0 : b->limit_ms;
	bool waits = true;
	for (size_t i = 0; play_check(b->play, stage_in_view(b), i, &check); i++) {
		const struct scenario_check *plan = &stage->checks.data[i];
		bool is_of_cluster = scenario_check_is_of_cluster(plan);
		waits = waits && (check.holds || is_of_cluster);
		if (is_of_cluster && plan->within_ms > longest_ms)
			longest_ms = plan->within_ms;
		play_check_finish(&check);
	}
	return waits ? longest_ms : 0;
}

static void type_next(void *user)
{
	struct by_hints *b = user;
	char *command = command_at(b, b->n_typed);
	if (command) {
		b->is_typing = true;
		play_type(b->play, command);
	} else if (is_done(b)) {
		end(b);
	} else {
		int64_t wait_ms = time_for_checks(b);
		if (wait_ms < b->limit_ms)
			loop_timer_start(b->limit, wait_ms, 0);
	}
	free(command);
}

void by_hints_typed(struct by_hints *b, int status)
{
	if (!b->is_typing)
		return;
	char *command = command_at(b, b->n_typed++);
	b->is_typing = false;
	if (status > 0 && !is_done(b)) {
		struct str words = {0};
		str_append_f(&words, "the hint's command ended with status %d: ", status);
		append_safe_line(&words, "", command ? command : "");
		fail(b, &words);
	} else {
		loop_post(b->loop, type_next, b);
	}
	free(command);
}

void by_hints_done(struct by_hints *b)
{
	if (!b->is_typing)
		loop_post(b->loop, type_next, b);
}

bool by_hints_begin(struct by_hints *b)
{
	char *first = command_at(b, 0);
	free(first);
	if (!first)
		return false;
	free(b->failure);
	b->failure = mem_strdup("");
	b->n_typed = 0;
	b->runs = true;
	play_attend(b->play, true);
	play_cluster_changed(b->play); /* what holds now is not done by hand */
	loop_timer_start(b->limit, b->limit_ms, 0);
	loop_post(b->loop, type_next, b);
	return true;
}

bool by_hints_runs(const struct by_hints *b)
{
	return b && b->runs;
}

void by_hints_stop(struct by_hints *b)
{
	if (!by_hints_runs(b))
		return;
	loop_unpost(b->loop, b);
	loop_timer_stop(b->limit);
	if (b->is_typing)
		play_type(b->play, NULL);
	play_attend(b->play, false);
	b->runs = b->is_typing = false;
}

size_t by_hints_typed_so_far(const struct by_hints *b)
{
	return b->n_typed;
}

const char *by_hints_failure(const struct by_hints *b)
{
	return b->failure;
}

struct by_hints *by_hints_create(struct loop *loop, struct play *play, int64_t limit_ms, by_hints_fn *on_end,
                                 void *user)
{
	struct by_hints *b = mem_alloc(sizeof *b);
	*b = (struct by_hints){.loop = loop, .play = play, .limit_ms = limit_ms, .on_end = on_end, .user = user};
	b->failure = mem_strdup("");
	b->limit = loop_timer_create(loop, on_limit, b);
	return b;
}

void by_hints_destroy(struct by_hints *b)
{
	if (!b)
		return;
	by_hints_stop(b);
	loop_timer_destroy(b->limit);
	free(b->failure);
	free(b);
}
