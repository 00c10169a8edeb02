/* tap: see tap.h. */
#include "tap.h"

#include <stdio.h>
#include <string.h>

#include "onesdn/base.h"

void tap_comment(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		printf("# %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	fflush(stdout);
}

void tap_description(const char *text)
{
	for (; *text; text++)
		printf(*text == '#' ? "\\%c" : "%c", *text);
}

void tap_output(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		struct str line = {0};
		str_append_safe(&line, text, len);
		printf("#   %s\n", str_text(&line));
		str_finish(&line);
		text += len + (text[len] == '\n');
	}
}

void tap_stage(const struct play *play, size_t number, size_t stage, bool ok)
{
	const struct scenario_act *act = play_act(play);
	printf("%s %zu - ", ok ? "ok" : "not ok", number);
	tap_description(act->name);
	printf("/%s: ", act->stages.data[stage].id);
	tap_description(act->stages.data[stage].title);
}

void tap_stage_ok(const struct play *play, size_t number, size_t stage, const char *how)
{
	const char *checked = play_checked(play, stage);
	tap_stage(play, number, stage, true);
	printf(" # %s%s%s%.2f s\n", how, checked, checked[0] ? "  " : "", (double)play_took(play, stage) / 1000);
	fflush(stdout);
}

void tap_stage_failed(const struct play *play, size_t number, size_t stage, bool was_shown)
{
	char *command = play_next_command(play);
	tap_stage(play, number, stage, false);
	putchar('\n');
	if (command[0] != '\0' && !was_shown) {
		char *line = mem_printf("command:  %s", command);
		tap_comment(line);
		free(line);
	}
	free(command);
	tap_comment(play_failure(play));
}

void tap_exploration(const struct play *play, size_t number, size_t at, bool ok)
{
	const struct scenario_act *act = play_act(play);
	const struct scenario_stage *mends = &act->explorations.data[at / 2].mends;
	printf("%s %zu - ", ok ? "ok" : "not ok", number);
	tap_description(act->name);
	printf("/explore-%s-%s: ", mends->id, at % 2 ? "mended" : "broken");
	tap_description(mends->title);
}
