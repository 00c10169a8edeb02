/* hand: a line typed where somebody would type it who does the stage in view by hand, and its end. Nothing here knows what the
 * line is for: whether it does the stage is seen by attend.c and attend_console.c, as of whoever types in a pane. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

enum { LOOK_MS = 1000, SETTLED_MS = 250, SILENT_MS = 3000 };

struct hand {
	char *line;
	struct shell *shell; /* NULL: it is typed on a console */
	char *machine;       /* whose console; "" */
	bool is_entered;
	int64_t asked; /* when a silent console was last sent an Enter */
	struct loop_timer *look;
};

void hand_finish(struct play *p)
{
	if (!p->hand)
		return;
	loop_timer_destroy(p->hand->look);
	free(p->hand->line);
	free(p->hand->machine);
	free(p->hand);
	p->hand = NULL;
}

static void end(struct play *p, int status)
{
	hand_finish(p);
	if (p->options.events.on_typed)
		p->options.events.on_typed(p, status, p->options.user);
}

/* ---- in a shell ---- */

void hand_shell_ready(struct play *p, const struct shell *shell)
{
	struct hand *hand = p->hand;
	if (!hand || hand->shell != shell || hand->is_entered)
		return;
	hand->is_entered = true;
	term_write(shell_term(hand->shell), hand->line, strlen(hand->line));
	shell_enter(hand->shell);
}

void hand_shell_ended(struct play *p, const struct shell *shell, int status)
{
	if (p->hand && p->hand->shell == shell && p->hand->is_entered)
		end(p, status);
}

/* ---- on a console ---- */

static struct console *console_of(const struct play *p)
{
	size_t at = play_console_find(p, p->hand->machine);
	return at == TOPO_NONE ? NULL : p->consoles.data[at];
}

/* Something waits for a line: a shell, or who asks for a name or a password. */
static bool is_asking(const struct console *c)
{
	enum console_line at = console_at(c);
	bool is_login = at == CONSOLE_LOGIN || at == CONSOLE_PASSWORD;
	return console_silent_ms(c) >= SETTLED_MS && (is_login || console_is_ready(c));
}

/* A console shows only what is printed while somebody looks: Enter asks who is there. */
static void nudge(struct hand *hand, struct console *c, int64_t now)
{
	if (console_silent_ms(c) < SILENT_MS || now - hand->asked < SILENT_MS || console_at(c) != CONSOLE_BLANK)
		return;
	hand->asked = now;
	console_send(c, "\r", 1);
}

static void step_on_console(struct play *p, struct console *c)
{
	struct hand *hand = p->hand;
	struct str line = {0};
	if (!hand->is_entered && is_asking(c)) {
		hand->is_entered = true;
		console_mark(c);
		console_send(c, hand->line, strlen(hand->line));
		console_send(c, "\r", 1);
	} else if (!hand->is_entered) {
		nudge(hand, c, loop_now(p->loop));
	} else if (console_entered(c, NULL, &line) && is_asking(c)) {
		end(p, -1);
	}
	str_finish(&line);
}

void hand_hears(struct play *p, struct console *console)
{
	if (p->hand && !p->hand->shell && console_of(p) == console && console_state(console) == PLAY_CONSOLE_ATTACHED)
		step_on_console(p, console);
}

static void on_look(void *user)
{
	struct play *p = user;
	struct console *c = console_of(p);
	if (c)
		hand_hears(p, c);
}

/* ---- the face ---- */

static void stop(struct play *p)
{
	struct hand *hand = p->hand;
	struct console *c = hand && !hand->shell ? console_of(p) : NULL;
	if (!hand || !hand->is_entered)
		return;
	if (c)
		console_send(c, "\x03", 1);
	else if (hand->shell) {
		shell_interrupt(hand->shell);
		p->interrupted = loop_now(p->loop);
	}
}

void play_type(struct play *p, const char *line)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	bool is_on_console = stage->action == SCENARIO_CONSOLE;
	struct err err;
	if (!line)
		stop(p);
	hand_finish(p);
	if (!line)
		return;
	struct hand *hand = p->hand = mem_alloc(sizeof *hand);
	*hand = (struct hand){.line = mem_strdup(line), .machine = mem_strdup(is_on_console ? stage->console : "")};
	hand->look = loop_timer_create(p->loop, on_look, p);
	if (is_on_console) {
		loop_timer_start(hand->look, LOOK_MS, LOOK_MS);
		if (!consoles_open(p, stage->console, stage->persona, &err))
			words_note(p, true, "%s", err.text);
	} else {
		hand->shell = shells_get(p, stage->persona);
		if (shell_state(hand->shell) == SHELL_PROMPT)
			hand_shell_ready(p, hand->shell);
	}
}
