/* attend_console: what somebody does on the console of the stage in view before Space has done it: opens it, logs in, types
 * the command; what is sent to a program that runs there is no command, and does not count. A serial line has no marks: a command begins where a line is entered at a shell's prompt, and ends when a
 * prompt is back. What stood on the console when the stage came into view is nobody's doing. See attend.c, and dialog.c for
 * how the stage itself speaks there. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

enum { SETTLED_MS = 250 };

static const struct scenario_dialog *script_in_view(const struct play *p)
{
	return &play_stage_of(p, p->view)->dialog;
}

static struct console *console_in_view(const struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	size_t at = stage->action == SCENARIO_CONSOLE ? play_console_find(p, stage->console) : TOPO_NONE;
	struct console *c = at == TOPO_NONE ? NULL : p->consoles.data[at];
	return c && console_state(c) == PLAY_CONSOLE_ATTACHED ? c : NULL;
}

static bool has_settled(const struct console *c)
{
	return console_silent_ms(c) >= SETTLED_MS;
}

/* The console has shown what the stage is about; its checks have the last word. */
static void conclude(struct play *p, const struct console *c, const char *words)
{
	struct str screen = {0};
	int rows, cols;
	if (play_stage_of(p, p->view)->checks.len == 0) {
		attend_settle(p, words);
		return;
	}
	term_size(console_term(c), &rows, &cols);
	term_text(console_term(c), 0, rows - 1, OUTPUT_MAX, &screen);
	p->by_hand.is_ours = true;
	attend_ended(p, str_text(&screen), 0);
	str_finish(&screen);
}

/* ---- opened, logged in: a state of the console ---- */

static bool is_logged_in(const struct play *p, const struct console *c)
{
	const char *user = play_stage_of(p, p->view)->commands.data[0];
	return console_is_ready(c) && has_settled(c) && !dialog_is_other_user(c, user);
}

static bool is_so(const struct play *p, const struct console *c, struct str *words)
{
	const struct scenario_dialog *script = script_in_view(p);
	if (script->verb == SCENARIO_LOGS_IN) {
		str_append_f(words, "logged in on %s", play_stage_of(p, p->view)->console);
		return is_logged_in(p, c);
	}
	if (script->has_expect)
		str_append_f(words, "the console shows \"%s\"", script->expected);
	else
		str_append_f(words, "the console of %s is open", play_stage_of(p, p->view)->console);
	return !script->has_expect || dialog_shows(c, script);
}

static void look(struct play *p, const struct console *c)
{
	struct by_hand *by_hand = &p->by_hand;
	struct str words = {0};
	bool is_now = c && is_so(p, c, &words), is_new = by_hand->is_heard && is_now && !by_hand->was_so;
	by_hand->is_heard = true;
	by_hand->was_so = is_now;
	if (is_new)
		conclude(p, c, str_text(&words));
	str_finish(&words);
}

/* ---- typed: a command and its end ---- */

/* Output is counted from the prompt that stands there. */
static void mark(struct play *p, struct console *c)
{
	free(p->by_hand.prompt);
	p->by_hand.prompt = console_prompt(c);
	console_mark(c);
}

static void unmark(struct play *p)
{
	free(p->by_hand.prompt);
	p->by_hand.prompt = NULL;
}

static bool has_ended(const struct play *p, const struct console *c)
{
	const struct scenario_dialog *script = script_in_view(p);
	return script->has_expect ? dialog_shows(c, script) : console_at(c) == CONSOLE_SHELL && has_settled(c);
}

/* Without a check and a text to expect, that it was this command has to do. */
static void end_command(struct play *p, struct console *c)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct str output = {0};
	console_output(c, OUTPUT_MAX, p->by_hand.prompt, &output);
	unmark(p);
	p->by_hand.is_ours = p->by_hand.is_ours || stage->dialog.has_expect; /* what was to be seen was seen */
	attend_ended(p, str_text(&output), 0);
	if (p->by_hand.is_ours && stage->checks.len == 0 && stage->seen.len == 0)
		attend_settle(p, stage->dialog.has_expect ? stage->dialog.expected : "typed by hand");
	if (attend_is_waiting(p) && console_is_ready(c)) /* the next one may come at once */
		mark(p, c);
	str_finish(&output);
}

static void follow(struct play *p, struct console *c)
{
	struct by_hand *by_hand = &p->by_hand;
	struct str line = {0};
	if (!by_hand->prompt && console_is_ready(c)) {
		mark(p, c);
	} else if (by_hand->prompt && console_entered(c, by_hand->prompt, &line)) {
		if (!by_hand->runs)
			attend_entered(p, str_text(&line));
		if (has_ended(p, c))
			end_command(p, c);
	}
	str_finish(&line);
}

void attend_hears(struct play *p, struct console *console)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	struct console *c = console_in_view(p);
	if (stage->action != SCENARIO_CONSOLE || (console && c && console != c) || p->job != JOB_NONE ||
	    !attend_is_waiting(p))
		return;
	bool is_state = stage->dialog.verb == SCENARIO_OPENS || stage->dialog.verb == SCENARIO_LOGS_IN;
	if (!c) { /* what ran there is gone with the connection */
		p->by_hand.runs = false;
		unmark(p);
	}
	if (is_state)
		look(p, c);
	else if (c && stage->dialog.verb == SCENARIO_TYPES)
		follow(p, c);
}
