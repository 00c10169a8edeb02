/* steps: what a step of the show has to think of first: the act may be over, and what a stage does may have to be asked about. The
 * verbs themselves are in actions.c. */
#include <string.h>

#include "ui/state.h"

/* The act after this one in the order of the show; the caller frees. NULL: there is none. */
static char *next_act(const struct ui *ui)
{
	char *names = scenario_names(NULL), *next = NULL;
	size_t len = strlen(ui->act->name);
	for (const char *p = names; p && *p && !next; p += strcspn(p, " "), p += strspn(p, " ")) {
		const char *after = p + strcspn(p, " ");
		after += strspn(after, " ");
		if (strcspn(p, " ") == len && strncmp(p, ui->act->name, len) == 0 && *after)
			next = mem_strndup(after, strcspn(after, " "));
	}
	free(names);
	return next;
}

bool steps_is_at_end(const struct ui *ui)
{
	return ui->play && play_is_over(ui->play) && !play_is_busy(ui->play) &&
	       play_stage(ui->play) + 1 == ui->act->stages.len;
}

/* After the last stage of an act: first it is said what comes, then it comes. */
void steps_go_on(struct ui *ui)
{
	struct err err;
	char *next = next_act(ui);
	if (!next)
		ui_say(ui, false, "The show is over");
	else if (!ui->is_next_offered)
		ui_say(ui, false, "This act is over. Space goes on to the next one: %s", next);
	else if (ui->options.events.on_act && !ui->options.events.on_act(next, &err, ui->options.user))
		ui_say(ui, true, "%s", err.text);
	else
		next[0] = '\0';
	ui->is_next_offered = next && *next;
	free(next);
}

/* What deletes outside the act's namespaces is asked about, with its command; a remote's keys all mean no. */
bool steps_ask(struct ui *ui, enum play_intent intent, size_t stage, void (*on_yes)(struct ui *ui))
{
	char *command = ui->play ? play_asks(ui->play, intent, stage) : NULL;
	if (!command)
		return false;
	ui_ask(ui, on_yes, "This deletes outside the act's namespaces: %.*s  y yes  n no", (int)strcspn(command, "\n"),
	       command);
	free(command);
	return true;
}
