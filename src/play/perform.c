/* perform: types and runs a job's commands through the shells of the personas.
 *
 * A command's lines are typed one after another; bash answers each Enter either by running what it has (mark C) or by the
 * continuation prompt. So bash itself, and not our reading of its grammar, decides what is a whole command.
 */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

#define PATIENCE_MS ((int64_t)3000)  /* after Ctrl-C, before the shell is killed */
#define VALUES_MS SCENARIO_WITHIN_MS /* unattended: for a variable to get its value */

const struct scenario_texts *perform_commands(const struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	return p->job == JOB_UNDO ? &stage->undo : &stage->commands;
}

static enum scenario_persona persona_of_job(const struct play *p)
{
	return play_stage_of(p, p->stage)->persona;
}

static struct shell *shell_of_job(struct play *p)
{
	return shells_get(p, persona_of_job(p));
}

/* A stage on a console or a picture has none. */
static bool is_of_job(struct play *p, const struct shell *shell)
{
	return p->job != JOB_NONE && !dialog_is(p) && shell == shell_of_job(p);
}

static void on_shell_off(struct play *p, struct shell *shell)
{
	enum scenario_persona persona = shells_persona(p, shell);
	p->interrupted = 0;
	if (shell_had_prompt(shell)) {
		shells_start_again(p, persona);
	}
	if (!is_of_job(p, shell) || p->step == STEP_CHECKS || p->step == STEP_VALUES)
		return;
	if (p->restart == 0) {
		words_fail(p, &(struct words_failure){"a shell to type into", "bash ended before its first prompt",
		                                      "see in the pane what it printed"});
	} else if (p->step == STEP_ENTERED || p->step == STEP_RUNNING) {
		words_fail(p, &(struct words_failure){"the command runs to its end", "the shell ended meanwhile",
		                                      "a new shell is there: run the stage again"});
	} else {
		p->step = STEP_PROMPT;
		p->prompt_since = loop_now(p->loop);
	}
}

/* ---- typing ---- */

static size_t line_end(const char *text, size_t from)
{
	return from + strcspn(text + from, "\n");
}

static char *current_line(const struct play *p)
{
	return mem_strndup(p->text + p->line, p->line_end - p->line);
}

static bool is_last_line(const struct play *p)
{
	return p->text[p->line_end] == '\0';
}

int perform_type_ms(const struct play *p)
{
	return p->options.unattended || p->travel ? 0 : p->options.type_ms;
}

static void type_line(struct play *p)
{
	char *line = current_line(p);
	p->step = STEP_TYPING;
	shell_type(shell_of_job(p), line, perform_type_ms(p));
	free(line);
}

static void wait_for_prompt(struct play *p)
{
	p->step = STEP_PROMPT;
	p->prompt_since = loop_now(p->loop);
	perform_step_on(p);
}

/* `is_looked_at`: it has stood there for a while. */
static void enter(struct play *p, bool is_looked_at)
{
	struct shell *shell = shell_of_job(p);
	char *line = current_line(p);
	if (is_looked_at && !shell_line_is(shell, line)) { /* somebody typed there too */
		shell_clear_line(shell);
		term_write(shell_term(shell), line, strlen(line));
	}
	free(line);
	p->step = STEP_ENTERED;
	shell_enter(shell);
}

/* Values first, then the prompt, then typing. */
static void begin_command(struct play *p)
{
	struct err why = {0};
	free(p->text);
	p->text = values_fill(p, perform_commands(p)->data[p->command], &why);
	if (!p->text) {
		p->step = STEP_VALUES;
		words_message(p, true, "%s; the command is shown as soon as it is known", why.text);
		if (p->options.unattended && loop_now(p->loop) - p->job_since > VALUES_MS)
			words_fail(p,
			           &(struct words_failure){"every variable of the command has a value", why.text, ""});
		return;
	}
	p->line = 0;
	p->line_end = line_end(p->text, 0);
	wait_for_prompt(p);
}

void perform_show(struct play *p, enum play_job job, bool go)
{
	p->job = job;
	p->go = go;
	p->command = 0;
	p->status = -1;
	p->is_lost = false;
	p->job_since = loop_now(p->loop);
	p->run_since = p->go_since = 0;
	str_clear(&p->output);
	flows_begin_stage(p);
	play_set_state(p, p->stage, job == JOB_UNDO ? PLAY_RUNNING : PLAY_SHOWN);
	loop_timer_start(p->tick, ask_next_ms(p), 0);
	if (dialog_is(p))
		dialog_begin(p);
	else
		begin_command(p);
	words_tick(p);
}

/* The shell may be starting, or somebody's command may run in it, or lines of somebody's may wait for more. */
void perform_step_on(struct play *p)
{
	if (dialog_is(p)) {
		dialog_step_on(p);
		return;
	}
	if (p->step == STEP_VALUES) {
		begin_command(p);
		return;
	}
	struct shell *shell = shell_of_job(p);
	struct err err;
	if (p->step != STEP_PROMPT)
		return;
	if (shell_state(shell) == SHELL_OFF && p->restart == 0 && !shell_start(shell, &err)) {
		words_fail(p, &(struct words_failure){"a shell to type into", err.text, ""});
	} else if (shell_state(shell) == SHELL_CONTINUED) {
		shell_interrupt(shell);
	} else if (shell_state(shell) == SHELL_PROMPT) {
		shell_clear_line(shell);
		type_line(p);
	}
}

static void run_line(struct play *p, bool is_looked_at)
{
	if (is_last_line(p))
		p->go = true; /* the commands after it need no further word */
	if (is_last_line(p) && p->job == JOB_STAGE)
		play_set_state(p, p->stage, PLAY_RUNNING);
	if (is_last_line(p) && p->go_since == 0)
		p->go_since = loop_now(p->loop);
	enter(p, is_looked_at);
	loop_timer_start(p->tick, ask_next_ms(p), 0);
	words_tick(p);
}

void perform_on_typed(struct shell *shell, void *user)
{
	struct play *p = user;
	if (!is_of_job(p, shell) || p->step != STEP_TYPING)
		return;
	p->step = STEP_TYPED;
	if (p->go || !is_last_line(p))
		run_line(p, false);
	words_tick(p);
	play_changed(p);
}

void perform_run(struct play *p)
{
	if (dialog_is(p))
		dialog_run(p);
	else
		run_line(p, true);
}

void perform_type_rest(struct play *p)
{
	if (dialog_is(p))
		dialog_type_rest(p);
	else
		shell_type_rest(shell_of_job(p));
}

/* ---- running ---- */

void perform_begins(struct play *p)
{
	p->step = STEP_RUNNING;
	p->run_since = loop_now(p->loop);
	loop_timer_start(p->tick, ask_next_ms(p), 0);
	flows_begin(p);
	if (p->job == JOB_STAGE)
		play_set_state(p, p->stage, PLAY_RUNNING);
}

/* Enter was pressed and bash wants more: the next line, or the next command as the rest of this one. */
static void wants_more(struct play *p)
{
	if (is_last_line(p) && p->command + 1 < perform_commands(p)->len) {
		char *first = p->text;
		p->command++;
		char *rest = values_fill(p, perform_commands(p)->data[p->command], NULL);
		p->text = mem_printf("%s\n%s", first, rest ? rest : "");
		free(rest);
		free(first);
	} else if (is_last_line(p)) {
		shell_interrupt(shell_of_job(p));
		words_fail(p, &(struct words_failure){"a whole command",
		                                      "bash waits for more: a quote, a bracket or a loop is still open",
		                                      "complete the command in the scenario"});
		return;
	}
	p->line = p->line_end + 1;
	p->line_end = line_end(p->text, p->line);
	type_line(p);
}

static bool has_exit_check(const struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; p->job == JOB_STAGE && i < stage->checks.len; i++) {
		if (stage->checks.data[i].kind == SCENARIO_CHECK_EXIT)
			return true;
	}
	return false;
}

void perform_keep(struct play *p, const struct str *text)
{
	str_append_n(&p->output, str_text(text), text->len);
	if (text->len > 0 && str_text(text)[text->len - 1] != '\n')
		str_append_c(&p->output, '\n');
	if (p->output.len > OUTPUT_MAX)
		str_drop_front(&p->output, p->output.len - OUTPUT_MAX);
}

static void keep_output(struct play *p)
{
	struct str text = {0};
	term_output_text(shell_term(shell_of_job(p)), OUTPUT_MAX, &text);
	perform_keep(p, &text);
	str_finish(&text);
}

static void end_undo(struct play *p)
{
	size_t stage = p->stage;
	play_end_job(p);
	play_set_state(p, stage, PLAY_PENDING);
	if (!p->travel)
		words_note(p, false, "undone");
}

/* The command failed because the cluster went away, perhaps after it had done its work. Where only the cluster is asked
 * whether the stage holds, it is asked when it is back, and the show goes on by itself. */
static bool was_lost(const struct play *p, int status)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	struct str away = {0};
	bool is_lost = p->job == JOB_STAGE && status < 128 && stage->checks.len > 0 && !p->act->brings_up &&
	               words_away(p, &away);
	str_finish(&away);
	for (size_t i = 0; i < stage->checks.len; i++)
		is_lost = is_lost && scenario_check_is_of_cluster(&stage->checks.data[i]);
	return is_lost;
}

static void command_ended(struct play *p, int status)
{
	p->status = status;
	keep_output(p);
	flows_end(p, loop_now(p->loop), status);
	bool is_last = p->command + 1 >= perform_commands(p)->len && is_last_line(p);
	if (status != 0 && was_lost(p, status)) {
		p->is_lost = true;
		ask_begin(p);
	} else if (status != 0 && !(is_last && has_exit_check(p)) && !flows_forgive(p, status)) {
		words_fail_command(p, status);
	} else if (!(is_last && has_exit_check(p)) && words_fail_flow(p)) {
		return;
	} else if (!is_last_line(p)) { /* bash ran it sooner than we thought: the rest is a command of its own */
		p->line = p->line_end + 1;
		p->line_end = line_end(p->text, p->line);
		p->go = true;
		wait_for_prompt(p);
	} else if (!is_last) {
		p->command++;
		begin_command(p);
	} else if (p->job == JOB_UNDO) {
		end_undo(p);
	} else {
		ask_begin(p);
	}
}

void perform_on_done(struct shell *shell, int status, void *user)
{
	struct play *p = user;
	if (p->interrupted && p->shells[shells_persona(p, shell)] == shell)
		p->interrupted = 0;
	if (is_of_job(p, shell) && p->step == STEP_RUNNING)
		command_ended(p, status);
	else
		attend_ends(p, shell, status);
	hand_shell_ended(p, shell, status);
	words_tick(p);
	play_changed(p);
}

void perform_on_state(struct shell *shell, enum shell_state state, void *user)
{
	struct play *p = user;
	if (state == SHELL_OFF) {
		on_shell_off(p, shell);
	} else if (!is_of_job(p, shell)) {
		if (state == SHELL_BUSY)
			attend_begins(p, shell);
		else if (state == SHELL_PROMPT)
			hand_shell_ready(p, shell);
		return;
	} else if (state == SHELL_PROMPT && p->step == STEP_PROMPT) {
		perform_step_on(p);
	} else if (state == SHELL_CONTINUED && p->step == STEP_ENTERED) {
		wants_more(p);
	} else if (state == SHELL_BUSY && (p->step == STEP_ENTERED || p->step == STEP_TYPED)) {
		perform_begins(p); /* TYPED: the presenter pressed Enter in the pane */
	} else if (state == SHELL_BUSY && p->step == STEP_TYPING) {
		shell_stop_typing(shell);
		p->step =
		        STEP_PROMPT; /* Enter in the middle of our typing: whatever that runs, afterwards we begin anew */
		p->line = 0;
		p->line_end = line_end(p->text, 0);
	}
	words_tick(p);
	play_changed(p);
}

/* ---- stopping ---- */

void perform_cancel(struct play *p)
{
	bool is_dialog = dialog_is(p), has_shell = play_stage_of(p, p->stage)->action != SCENARIO_PICTURE && !is_dialog;
	struct shell *shell = p->job != JOB_NONE && has_shell ? shell_of_job(p) : NULL;
	enum play_step step = p->step;
	flows_cancel(p);
	play_end_job(p);
	if (is_dialog)
		dialog_cancel(p, step);
	if (shell && (step == STEP_TYPING || step == STEP_TYPED) && p->line == 0)
		shell_clear_line(shell);
	else if (shell && step >= STEP_TYPING && step <= STEP_RUNNING)
		shell_interrupt(shell);
	if (shell && (step == STEP_ENTERED || step == STEP_RUNNING))
		p->interrupted = loop_now(p->loop);
}

static void fail_late(struct play *p)
{
	struct str expected = {0}, found = {0};
	bool runs = p->step == STEP_ENTERED || p->step == STEP_RUNNING;
	str_append(&expected, "the stage ends within ");
	words_duration(&expected, p->options.limit_ms);
	if (runs && dialog_is(p)) {
		dialog_stop(p);
		str_append(&found, p->message ? p->message : "it still runs");
	} else if (runs) {
		keep_output(p);
		shell_interrupt(shell_of_job(p));
		p->interrupted = loop_now(p->loop);
		str_append(&found, "the command still runs");
	}
	struct str more = {0};
	if (words_away(p, &more) || ask_waiting(p, &more))
		str_append_f(&found, "%s%s", found.len ? "; " : "", str_text(&more));
	else if (!runs)
		str_append(&found, p->message ? p->message : "it does not");
	words_fail(p, &(struct words_failure){str_text(&expected), str_text(&found), ""});
	str_finish(&expected);
	str_finish(&found);
	str_finish(&more);
}

/* What does not end by Ctrl-C is killed when the shell is needed; unattended, a stage has its limit. */
void perform_on_tick(struct play *p)
{
	int64_t now = loop_now(p->loop);
	if (p->step == STEP_PROMPT && !dialog_is(p)) {
		struct shell *shell = shell_of_job(p);
		bool is_stuck = p->interrupted && now - p->interrupted > PATIENCE_MS;
		bool is_late = p->options.unattended && now - p->prompt_since > 2 * PATIENCE_MS;
		if ((is_stuck || is_late) && shell_state(shell) != SHELL_OFF) {
			p->interrupted = now;
			p->prompt_since = now;
			shell_kill(shell);
		}
	}
	if (p->job == JOB_NONE || !p->options.unattended || p->options.limit_ms == 0 ||
	    now - p->job_since <= p->options.limit_ms)
		return;
	fail_late(p);
}
