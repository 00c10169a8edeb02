/* dialog_prompt: where a stage's text may be typed on a console: a shell's prompt, a login's, or whatever waits; then types it.
 * What is there by itself is left alone: a carriage return asks for a prompt only when nothing has been said for a while. */
#include <stdlib.h>
#include <string.h>

#include "play/dialog.h"

#define PROMPT_MS 30000 /* for the prompt that a stage needs, once the console is attached */
#define LOGIN_MS 120000 /* ... for that of a login: the guest may be booting */
#define NUDGE_MS 3000   /* of silence, then a carriage return asks for a prompt */

static int64_t prompt_ms(const struct play *p)
{
	const struct scenario_dialog *script = dialog_script(p);
	if (script->within_ms > 0)
		return script->within_ms;
	return script->verb == SCENARIO_LOGS_IN ? LOGIN_MS : PROMPT_MS;
}

/* What waits for input says nothing by itself. A Ctrl-C that nothing came of has met a shell between two commands. */
static void nudge(struct play *p, struct console *c)
{
	enum console_line at = console_at(c);
	bool is_asking = at == CONSOLE_BLANK || at == CONSOLE_PASSWORD;
	/* A guest that boots would echo it before its prompt. */
	bool boots = dialog_script(p)->verb == SCENARIO_LOGS_IN && console_boots(c);
	if (!is_asking || boots || console_silent_ms(c) < NUDGE_MS ||
	    (p->nudged && loop_now(p->loop) - p->nudged < NUDGE_MS))
		return;
	struct str line = {0};
	console_line_text(c, &line);
	p->nudged = loop_now(p->loop);
	console_send(c, text_has_suffix(str_text(&line), "^C") ? "\x03" : "\r", 1);
	str_finish(&line);
}

static void clear_line(struct play *p, struct console *c)
{
	struct str line = {0};
	console_line_text(c, &line);
	bool is_login = strstr(str_text(&line), "login: ") != NULL;
	const char *prompt = strstr(str_text(&line), "$ ");
	prompt = prompt ? prompt : strstr(str_text(&line), "# ");
	if (console_at(c) == CONSOLE_OTHER && (is_login || prompt) && console_silent_ms(c) >= DIALOG_SETTLED_MS &&
	    (p->nudged == 0 || loop_now(p->loop) - p->nudged >= NUDGE_MS)) {
		p->nudged = loop_now(p->loop);
		console_send(c, is_login ? "\x15" : "\x05\x15", is_login ? 1 : 2);
	}
	str_finish(&line);
}

static void type_text(struct play *p, struct console *c)
{
	struct str line = {0};
	console_line_text(c, &line);
	if (!p->prompt || p->prompt[0] == '\0' || !text_has_suffix(str_text(&line), p->prompt)) {
		free(p->prompt);
		p->prompt = console_prompt(c);
	}
	str_finish(&line);
	p->step = STEP_TYPING;
	console_hold_size(c, true);
	console_mark(c);
	console_type(c, p->text, perform_type_ms(p));
}

bool dialog_is_other_user(const struct console *c, const char *user)
{
	struct str line = {0};
	console_line_text(c, &line);
	char *at = line.data ? strchr(line.data, '@') : NULL;
	size_t len = strlen(user);
	bool is_other = at && ((size_t)(at - line.data) < len || memcmp(at - len, user, len) != 0);
	str_finish(&line);
	return is_other;
}

static void find_login(struct play *p, struct console *c)
{
	enum console_line at = console_at(c);
	if (at == CONSOLE_LOGIN && console_silent_ms(c) >= DIALOG_SETTLED_MS) {
		type_text(p, c);
	} else if (console_is_ready(c) && dialog_is_other_user(c, p->text)) {
		dialog_fail(p, "a login prompt, or a shell of the stage's user",
		            "log out there (exit), then run the stage again (r)");
	} else if (console_is_ready(c)) {
		p->is_logged_in = true;
		p->step = STEP_TYPED;
		if (p->go)
			dialog_run(p);
	}
}

static void find_shell(struct play *p, struct console *c)
{
	if (console_is_ready(c))
		type_text(p, c);
	else if (console_at(c) == CONSOLE_LOGIN && console_silent_ms(c) >= DIALOG_SETTLED_MS)
		dialog_fail(p, "a shell's prompt", "run the stage that logs in first");
}

void dialog_find_prompt(struct play *p)
{
	struct console *c = dialog_console(p);
	enum scenario_verb verb = dialog_script(p)->verb;
	if (console_state(c) != PLAY_CONSOLE_ATTACHED) {
		p->prompt_since = 0;
		return;
	}
	if (p->prompt_since == 0)
		p->prompt_since = loop_now(p->loop);
	if (verb != SCENARIO_SENDS)
		clear_line(p, c);
	if (verb == SCENARIO_LOGS_IN)
		find_login(p, c);
	else if (verb == SCENARIO_TYPES)
		find_shell(p, c);
	else if (console_silent_ms(c) >= DIALOG_SETTLED_MS)
		type_text(p, c);
	if (!dialog_is(p) || p->step != STEP_PROMPT)
		return;
	if (verb != SCENARIO_SENDS)
		nudge(p, c);
	if (loop_now(p->loop) - p->prompt_since > prompt_ms(p))
		dialog_fail(p,
		            verb == SCENARIO_LOGS_IN ? "a login prompt, or a shell"
		            : verb == SCENARIO_TYPES ? "a shell's prompt"
		                                     : "a console that waits for input",
		            "see what runs there (i types into it), then run the stage again (r)");
}
