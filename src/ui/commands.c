/* commands: finding, running and completing them. The functions behind the rows are in actions.c. */
#include "ui/commands.h"

#include <string.h>

#include "onesdn/theme.h"
#include "ui/state.h"

const struct command *command_find(const char *name, size_t len)
{
	const struct command *only = NULL;
	int n = 0;
	for (size_t i = 0; i < n_commands; i++) {
		if (strncmp(commands[i].name, name, len) != 0)
			continue;
		if (strlen(commands[i].name) == len)
			return &commands[i];
		if (commands[i].help) {
			only = &commands[i];
			n++;
		}
	}
	return n == 1 && len > 0 ? only : NULL;
}

void command_run(struct ui *ui, const char *line)
{
	line += strspn(line, " :");
	size_t len = strcspn(line, " ");
	if (len == 0)
		return;
	const struct command *command = command_find(line, len);
	if (!command) {
		ui_say(ui, true, "There is no command \"%.*s\" (? shows them)", (int)len, line);
		return;
	}
	char *argument = mem_strdup(line + len + strspn(line + len, " "));
	for (size_t end = strlen(argument); end > 0 && argument[end - 1] == ' '; end--)
		argument[end - 1] = '\0';
	if (*argument && command->argument == ARG_NONE)
		ui_say(ui, true, "%s takes nothing after it", command->name);
	else
		command->run(ui, argument);
	free(argument);
}

static void offer(struct str *out, const char *word, const char *typed)
{
	if (!text_has_prefix(word, typed))
		return;
	if (out->len)
		str_append_c(out, ' ');
	str_append(out, word);
}

static void offer_words(struct str *out, const char *words, const char *typed)
{
	char *copy = mem_strdup(words ? words : "");
	for (char *word = copy; *word;) {
		size_t len = strcspn(word, " ");
		bool is_last = word[len] == '\0';
		word[len] = '\0';
		offer(out, word, typed);
		word += len + !is_last;
	}
	free(copy);
}

static void offer_argument(const struct ui *ui, enum command_argument kind, const char *typed, struct str *out)
{
	char *names = NULL;
	switch (kind) {
	case ARG_ACT:
		names = scenario_names(NULL);
		offer_words(out, names, typed);
		break;
	case ARG_THEME:
		names = theme_names();
		offer_words(out, names, typed);
		break;
	case ARG_LAYOUT:
		for (int i = 0; i < N_LAYOUTS; i++)
			offer(out, layout_names[i], typed);
		break;
	case ARG_STAGE:
		for (size_t i = 0; i < ui->act->stages.len; i++)
			offer(out, ui->act->stages.data[i].id, typed);
		break;
	case ARG_FLOW:
		for (size_t i = 0; i < ui->act->flows.len; i++)
			offer(out, ui->act->flows.data[i].id, typed);
		break;
	case ARG_PERSONA:
		for (int i = 0; i < SCENARIO_N_PERSONAS; i++)
			offer(out, scenario_persona_name((enum scenario_persona)i), typed);
		break;
	case ARG_ON_OFF:
		offer_words(out, "on off", typed);
		break;
	case ARG_COMMAND:
		for (size_t i = 0; i < n_commands; i++)
			if (commands[i].help)
				offer(out, commands[i].name, typed);
		break;
	case ARG_NONE:
	case ARG_TEXT:
	case ARG_NUMBER:
		break;
	}
	free(names);
}

void command_complete(const struct ui *ui, const char *line, struct str *out)
{
	line += strspn(line, " ");
	size_t len = strcspn(line, " ");
	if (line[len] == '\0') {
		offer_argument(ui, ARG_COMMAND, line, out);
		return;
	}
	const struct command *command = command_find(line, len);
	const char *typed = line + len + strspn(line + len, " ");
	if (command && !strchr(typed, ' '))
		offer_argument(ui, command->argument, typed, out);
}
