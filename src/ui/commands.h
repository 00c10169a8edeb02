/* commands: what can be typed after ":" and what keys stand for; one row a command. Run, completed and told from the table. */
#ifndef UI_COMMANDS_H
#define UI_COMMANDS_H

#include "onesdn/base.h"

struct ui;
enum command_argument {
	ARG_NONE,
	ARG_FLOW,
	ARG_TEXT,
	ARG_NUMBER,
	ARG_ACT,
	ARG_STAGE,
	ARG_THEME,
	ARG_LAYOUT,
	ARG_PERSONA,
	ARG_ON_OFF,
	ARG_COMMAND
};
struct command {
	const char *name;
	enum command_argument argument;
	const char *placeholder;                          /* "NAME", "[NAME]"; "" without argument */
	const char *help;                                 /* NULL: only for keys, not offered */
	void (*run)(struct ui *ui, const char *argument); /* "" when none was given */
};
extern const struct command commands[];
extern const size_t n_commands;

const struct command *command_find(const char *name, size_t len); /* whole, or the only one that begins so; NULL */
/* Runs a line. What is wrong with it is told on the screen. */
void command_run(struct ui *ui, const char *line);
/* What the last word of the line could become, blank-separated. */
void command_complete(const struct ui *ui, const char *line, struct str *out);

#endif
