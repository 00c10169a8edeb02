/* dialog: stages that speak on a virtual machine's console: log in, type, send, expect. Where to speak is found in dialog_prompt.c.
 *
 * A serial line has no marks: that a command has ended is seen by the prompt's return, so its exit status is not known and
 * what it printed is what the checks are asked of. Passwords are sent where the guest does not echo, and are in no message.
 */
#include <stdlib.h>
#include <string.h>

#include "play/dialog.h"

#define ANSWER_MS 30000 /* for the password's prompt, and for the shell after it */
#define SEEN_MAX 200    /* bytes of what was seen instead */

const struct scenario_dialog *dialog_script(const struct play *p)
{
	return &play_stage_of(p, p->stage)->dialog;
}

bool dialog_is(const struct play *p)
{
	return p->job == JOB_STAGE && play_stage_of(p, p->stage)->action == SCENARIO_CONSOLE;
}

struct console *dialog_console(const struct play *p)
{
	size_t at = play_console_find(p, play_stage_of(p, p->stage)->console);
	return at == TOPO_NONE ? NULL : p->consoles.data[at];
}

static const char *machine(const struct play *p)
{
	return play_stage_of(p, p->stage)->console;
}

static int64_t now(const struct play *p)
{
	return loop_now(p->loop);
}

/* ---- what was seen ---- */

/* What came after what was typed, a prompt, too; of a console that was only opened, all that its screen shows. */
static void seen_text(const struct console *c, const struct scenario_dialog *script, struct str *out)
{
	struct term *term = console_term(c);
	int rows, cols;
	if (script->verb == SCENARIO_OPENS) {
		term_size(term, &rows, &cols);
		term_text(term, 0, rows - 1, OUTPUT_MAX, out);
		return;
	}
	struct str text = {0};
	term_output_text(term, OUTPUT_MAX, &text);
	const char *end = script->key ? str_text(&text) : strchr(str_text(&text), '\n');
	str_append(out, end ? end : "");
	str_finish(&text);
}

/* The last line with something in it. */
static void append_last_seen(const struct play *p, struct str *out)
{
	struct str text = {0};
	int rows, cols;
	struct term *term = console_term(dialog_console(p));
	term_size(term, &rows, &cols);
	term_text(term, 0, rows - 1, OUTPUT_MAX, &text);
	size_t end = text.len;
	while (end > 0 && (text.data[end - 1] == '\n' || text.data[end - 1] == ' '))
		end--;
	size_t at = end;
	while (at > 0 && text.data[at - 1] != '\n')
		at--;
	if (end > at)
		str_append_f(out, "\"%.*s\"", (int)(end - at < SEEN_MAX ? end - at : SEEN_MAX), text.data + at);
	else
		str_append(out, "nothing on its screen");
	str_finish(&text);
}

static void append_where(const struct play *p, struct str *out)
{
	struct console *c = dialog_console(p);
	if (console_state(c) != PLAY_CONSOLE_ATTACHED) {
		str_append(out, console_words(c));
	} else {
		str_append_f(out, "the console of %s shows ", machine(p));
		append_last_seen(p, out);
	}
}

static void keep_output(struct play *p)
{
	struct str text = {0};
	if (dialog_script(p)->verb == SCENARIO_OPENS)
		seen_text(dialog_console(p), dialog_script(p), &text);
	else
		console_output(dialog_console(p), OUTPUT_MAX, p->prompt, &text);
	perform_keep(p, &text);
	str_finish(&text);
}

void dialog_fail(struct play *p, const char *expected, const char *cure)
{
	struct str found = {0};
	append_where(p, &found);
	console_hold_size(dialog_console(p), false);
	words_fail(p, &(struct words_failure){expected, str_text(&found), cure});
	str_finish(&found);
}

bool dialog_shows(const struct console *c, const struct scenario_dialog *script)
{
	struct str text = {0};
	seen_text(c, script, &text);
	bool is_seen = script->is_pattern ? regexec(&script->pattern, str_text(&text), 0, NULL, 0) == 0
	                                  : strstr(str_text(&text), script->expected) != NULL;
	str_finish(&text);
	return is_seen;
}

/* ---- the end ---- */

static void end_command(struct play *p)
{
	const struct scenario_texts *commands = perform_commands(p);
	p->status = -1;
	if (p->go_since == 0)
		p->go_since = now(p);
	if (dialog_script(p)->verb != SCENARIO_LOGS_IN)
		keep_output(p);
	flows_end(p, now(p) - console_silent_ms(dialog_console(p)), -1);
	console_hold_size(dialog_console(p), false);
	if (words_fail_flow(p))
		return;
	if (p->command + 1 < commands->len) {
		p->command++;
		dialog_begin(p);
	} else {
		ask_begin(p);
	}
}

/* ---- performing ---- */

static void begin_text(struct play *p)
{
	struct err why = {0};
	free(p->text);
	p->text = values_fill(p, perform_commands(p)->data[p->command], &why);
	p->line = 0;
	p->line_end = p->text ? strlen(p->text) : 0;
	if (!p->text) {
		p->step = STEP_VALUES;
		words_message(p, true, "%s; the command is shown as soon as it is known", why.text);
		if (p->options.unattended && now(p) - p->job_since > SCENARIO_WITHIN_MS)
			words_fail(p,
			           &(struct words_failure){"every variable of the command has a value", why.text, ""});
		return;
	}
	p->step = STEP_PROMPT;
	p->prompt_since = p->nudged = 0;
	dialog_find_prompt(p);
}

/* Nothing is typed: only opened, perhaps until a text is seen. */
static void begin_watching(struct play *p)
{
	free(p->text);
	p->text = mem_printf("the console of %s", machine(p));
	p->line = 0;
	p->line_end = strlen(p->text);
	p->go = true;
	p->go_since = now(p);
	p->prompt_since = 0;
	perform_begins(p);
	dialog_step_on(p);
}

void dialog_begin(struct play *p)
{
	struct err err;
	struct console *c = consoles_open(p, machine(p), play_stage_of(p, p->stage)->persona, &err);
	p->is_logged_in = p->is_password_sent = false;
	if (!c) {
		words_fail(p, &(struct words_failure){"the console of a virtual machine", err.text, ""});
		return;
	}
	if (console_state(c) == PLAY_CONSOLE_LEFT || console_state(c) == PLAY_CONSOLE_DROPPED)
		console_attach(c);
	if (dialog_script(p)->verb == SCENARIO_OPENS)
		begin_watching(p);
	else
		begin_text(p);
}

void dialog_type_rest(struct play *p)
{
	console_type_rest(dialog_console(p));
}

void dialog_run(struct play *p)
{
	struct console *c = dialog_console(p);
	const char *key = dialog_script(p)->key;
	p->go = true;
	if (p->go_since == 0)
		p->go_since = now(p);
	perform_begins(p);
	if (p->is_logged_in) {
		end_command(p);
		return;
	}
	console_send(c, key ? key : "\r", key ? strlen(key) : 1);
	if (dialog_script(p)->verb == SCENARIO_SENDS && !dialog_script(p)->has_expect)
		end_command(p);
}

void dialog_typed(struct play *p)
{
	if (p->step != STEP_TYPING)
		return;
	p->step = STEP_TYPED;
	if (p->go)
		dialog_run(p);
}

/* Enter was pressed in the pane itself: what was typed there stands in a line above. */
static bool was_entered(const struct play *p, struct console *c)
{
	struct str line = {0};
	bool is_entered = !p->is_logged_in && !dialog_script(p)->key && console_entered(c, NULL, &line);
	str_finish(&line);
	return is_entered;
}

/* The very prompt that the command was typed at, perhaps behind output that ended in no line's end; another one might be
 * a line of the output. */
static bool is_prompt_back(const struct play *p, struct console *c)
{
	struct str line = {0};
	console_line_text(c, &line);
	bool is_back = text_has_suffix(str_text(&line), p->prompt);
	str_finish(&line);
	return is_back;
}

static bool is_refusal(const char *text)
{
	static const char *const words[] = {"incorrect", "Permission denied", "Authentication failure", "invalid"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strstr(text, words[i]))
			return true;
	}
	return false;
}

static void answer_login(struct play *p, struct console *c)
{
	const struct scenario_dialog *script = dialog_script(p);
	enum console_line at = console_at(c);
	struct str text = {0};
	console_output(c, OUTPUT_MAX, "", &text);
	if (at == CONSOLE_SHELL && console_silent_ms(c) >= DIALOG_SETTLED_MS) {
		end_command(p);
	} else if (at == CONSOLE_PASSWORD && !p->is_password_sent) {
		p->is_password_sent = true;
		console_send(c, script->password, strlen(script->password));
		console_send(c, "\r", 1);
	} else if (p->is_password_sent && (is_refusal(str_text(&text)) || at == CONSOLE_LOGIN)) {
		dialog_fail(p, "a shell after the password",
		            "correct the user and password in the scenario, or wait until cloud-init has set them");
	} else if (now(p) - p->run_since > ANSWER_MS) {
		dialog_fail(p, p->is_password_sent ? "a shell after the password" : "a prompt for the password",
		            "see in the pane what the guest says, then run the stage again (r)");
	}
	str_finish(&text);
}

static void wait_for_text(struct play *p, int64_t since)
{
	const struct scenario_dialog *script = dialog_script(p);
	if (dialog_shows(dialog_console(p), script)) {
		end_command(p);
	} else if (now(p) - since > script->expect_ms) {
		struct str expected = {0};
		str_append_f(&expected, "%s \"%s\" on the console within ",
		             script->is_pattern ? "a match of" : "the text", script->expected);
		words_duration(&expected, script->expect_ms);
		keep_output(p);
		dialog_fail(p, str_text(&expected),
		            "see in the pane what the guest says, then run the stage again (r)");
		str_finish(&expected);
	}
}

static void wait_for_end(struct play *p)
{
	struct console *c = dialog_console(p);
	const struct scenario_dialog *script = dialog_script(p);
	if (console_state(c) != PLAY_CONSOLE_ATTACHED) {
		p->prompt_since = 0;
		if (script->verb != SCENARIO_OPENS) {
			keep_output(p);
			dialog_fail(p, "the console stays until the command has ended",
			            "run the stage again (r) when it is attached");
		}
		return;
	}
	if (p->prompt_since == 0)
		p->prompt_since = now(p);
	if (script->verb == SCENARIO_LOGS_IN)
		answer_login(p, c);
	else if (script->has_expect)
		wait_for_text(p, script->verb == SCENARIO_OPENS ? p->prompt_since : p->run_since);
	else if (script->verb == SCENARIO_OPENS)
		end_command(p);
	else if (console_at(c) == CONSOLE_SHELL && was_entered(p, c) &&
	         (is_prompt_back(p, c) || console_silent_ms(c) >= DIALOG_SETTLED_MS))
		end_command(p);
	else if (script->within_ms > 0 && now(p) - p->run_since > script->within_ms) {
		dialog_stop(p);
		dialog_fail(p, "the command ends in its time: the prompt comes back",
		            "see in the pane what it does, then run the stage again (r)");
	}
}

void dialog_step_on(struct play *p)
{
	struct console *c = dialog_console(p);
	if (!c)
		return;
	if (p->step == STEP_VALUES) {
		begin_text(p);
	} else if (p->step == STEP_PROMPT) {
		dialog_find_prompt(p);
	} else if (p->step == STEP_RUNNING) {
		wait_for_end(p);
	} else if ((p->step == STEP_TYPING || p->step == STEP_TYPED) && console_state(c) != PLAY_CONSOLE_ATTACHED) {
		p->step = STEP_PROMPT; /* what was typed is gone with the connection */
		p->is_logged_in = false;
		dialog_find_prompt(p);
	} else if (p->step == STEP_TYPED && was_entered(p, c)) {
		p->go = true;
		if (p->go_since == 0)
			p->go_since = now(p);
		perform_begins(p);
	}
}

/* ---- stopping ---- */

void dialog_stop(struct play *p)
{
	struct console *c = dialog_console(p);
	if (!c || dialog_script(p)->verb == SCENARIO_OPENS)
		return;
	keep_output(p);
	console_send(c, "\x03", 1);
	console_hold_size(c, false);
}

void dialog_cancel(struct play *p, enum play_step step)
{
	struct console *c = dialog_console(p);
	if (!c)
		return;
	console_stop_typing(c);
	bool is_typed = step == STEP_TYPING || (step == STEP_TYPED && !p->is_logged_in);
	if (is_typed && dialog_script(p)->verb == SCENARIO_LOGS_IN)
		console_send(c, "\x15", 1);
	else if (is_typed)
		console_send(c, "\x05\x15", 2);
	else if (step == STEP_RUNNING && dialog_script(p)->verb != SCENARIO_OPENS)
		console_send(c, "\x03", 1);
	console_hold_size(c, false);
}

/* ---- words ---- */

static void say_prompt(struct play *p, struct console *c)
{
	struct str where = {0};
	if (console_state(c) != PLAY_CONSOLE_ATTACHED) {
		words_message(p, console_state(c) == PLAY_CONSOLE_TAKEN, "%s", console_words(c));
		return;
	}
	append_where(p, &where);
	words_message(p, false, "waits for %s: %s",
	              dialog_script(p)->verb == SCENARIO_LOGS_IN ? "a login prompt or a shell" : "a shell's prompt",
	              str_text(&where));
	str_finish(&where);
}

static void say_running(struct play *p, struct console *c)
{
	const struct scenario_dialog *script = dialog_script(p);
	if (console_state(c) != PLAY_CONSOLE_ATTACHED)
		words_message(p, console_state(c) == PLAY_CONSOLE_TAKEN, "%s", console_words(c));
	else if (script->verb == SCENARIO_LOGS_IN)
		words_message(p, false, "logs in on %s", machine(p));
	else if (script->verb == SCENARIO_OPENS)
		words_message(p, false, "waits until the console of %s shows \"%s\" (%lld of %lld s)", machine(p),
		              script->expected ? script->expected : "", (long long)((now(p) - p->prompt_since) / 1000),
		              (long long)(script->expect_ms / 1000));
	else
		words_running(p);
}

void dialog_words(struct play *p)
{
	struct console *c = dialog_console(p);
	if (!c)
		return;
	if (p->step == STEP_PROMPT)
		say_prompt(p, c);
	else if (p->step == STEP_RUNNING)
		say_running(p, c);
	else if (p->step == STEP_TYPED && p->is_logged_in)
		words_message(p, false, "a shell is logged in on %s already; Space goes on", machine(p));
	else if (p->step == STEP_TYPED)
		words_message(p, false, dialog_script(p)->verb == SCENARIO_LOGS_IN ? "Space logs in" : "Space runs it");
	else if (p->step == STEP_TYPING)
		words_message(p, false, "%s", "");
}
