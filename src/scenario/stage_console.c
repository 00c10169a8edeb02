/* stage_console: what a stage does on a virtual machine's console, read from the scenario. Performed in dialog.c. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

/* ---- login ---- */

struct login {
	char *user, *password;
};
#define AT(field) offsetof(struct login, field)
static const struct reader_key login_keys[] = {{"user", true, LINE_WORDS, reader_take_line, AT(user)},
                                               {"password", true, LINE_WORDS, reader_take_line, AT(password)},
                                               {0}};
#undef AT

static void read_login(struct loading *l, const json_t *value, const char *pointer, struct load_stage *stage)
{
	struct login login = {0};
	if (json_is_object(value))
		reader_map(&l->reader, value, pointer, login_keys, "\"login\"", &login);
	else
		reader_problem(&l->reader, pointer,
		               "\"login\" must be a mapping such as {user: fedora, password: fedora}");
	stage->stage->dialog.verb = SCENARIO_LOGS_IN;
	stage->stage->dialog.password = login.password;
	if (login.user)
		vec_push(&stage->stage->commands, mem_strdup(login.user));
	free(stage->stage->command);
	stage->stage->command = login.user;
}

/* ---- type and send ---- */

static void read_type(struct loading *l, const json_t *value, const char *pointer, struct load_stage *stage)
{
	struct scenario_texts *commands = &stage->stage->commands;
	stage->stage->dialog.verb = SCENARIO_TYPES;
	if (!reader_take_block(&l->reader, value, pointer, &stage->stage->command)) {
		reader_problem(&l->reader, pointer, "\"type\" must be " BLOCK_WORDS);
		return;
	}
	load_commands(stage->stage->command, commands);
	if (commands->len == 0)
		reader_problem(&l->reader, pointer, "there is no command in \"type\"; write one");
	for (size_t i = 0; i < commands->len; i++) {
		if (strchr(commands->data[i], '\n'))
			reader_problem(&l->reader, pointer,
			               "a command on a console is one line, since nothing tells where it ends; put "
			               "\"%.40s\" on one",
			               commands->data[i]);
	}
}

/* clang-format off */
static const struct {
	const char *name, *bytes;
} keys[] = {
	{"enter", "\r"}, {"escape", "\033"}, {"tab", "\t"}, {"up", "\033[A"}, {"down", "\033[B"}, {"pageup", "\033[5~"},
	{"pagedown", "\033[6~"},
};
/* clang-format on */

static char *key_bytes(const char *name)
{
	static const char ctrl[] = "ctrl-";
	size_t len = sizeof ctrl - 1;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (text_equal(keys[i].name, name))
			return mem_strdup(keys[i].bytes);
	}
	if (text_has_prefix(name, ctrl) && name[len] >= 'a' && name[len] <= 'z' && name[len + 1] == '\0')
		return mem_printf("%c", name[len] - 'a' + 1);
	return NULL;
}

static bool take_key(READER_TAKE)
{
	char *name = NULL;
	if (!reader_take_line(r, value, pointer, &name))
		return false;
	*(char **)to = key_bytes(name);
	if (!*(char **)to)
		reader_problem(r, pointer,
		               "there is no key \"%.40s\"; use enter, escape, tab, up, down, pageup, pagedown or "
		               "ctrl-a to ctrl-z",
		               name);
	free(name);
	return true;
}

static const struct reader_key send_keys[] = {{"key", true, "the name of a key", take_key, 0}, {0}};

static void read_send(struct loading *l, const json_t *value, const char *pointer, struct load_stage *stage)
{
	struct scenario_dialog *console = &stage->stage->dialog;
	console->verb = SCENARIO_SENDS;
	if (json_is_object(value))
		reader_map(&l->reader, value, pointer, send_keys, "\"send\"", &console->key);
	else if (!reader_take_line(&l->reader, value, pointer, &stage->stage->command))
		reader_problem(&l->reader, pointer, "\"send\" must be " LINE_WORDS ", or {key: NAME}");
	vec_push(&stage->stage->commands, mem_strdup(stage->stage->command ? stage->stage->command : ""));
}

/* ---- expect ---- */

struct expecting {
	struct scenario_dialog *console;
	bool has_text, has_pattern;
};

static bool take_text(READER_TAKE)
{
	struct expecting *e = to;
	e->has_text = true;
	return reader_take_line(r, value, pointer, &e->console->expected);
}

static bool take_pattern(READER_TAKE)
{
	struct expecting *e = to;
	char why[100];
	e->has_pattern = true;
	if (!reader_take_line(r, value, pointer, &e->console->expected))
		return false;
	if (e->console->is_pattern)
		return true;
	int bad = regcomp(&e->console->pattern, e->console->expected, REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	e->console->is_pattern = bad == 0;
	if (bad) {
		regerror(bad, &e->console->pattern, why, sizeof why);
		reader_problem(r, pointer, "\"%.100s\" is no extended regular expression: %s; see regex(7)",
		               e->console->expected, why);
	}
	return true;
}

static bool take_within(READER_TAKE)
{
	(void)r, (void)pointer;
	return reader_duration(value, &((struct expecting *)to)->console->expect_ms);
}

static const struct reader_key expect_keys[] = {
        {"text", false, LINE_WORDS, take_text, 0},
        {"pattern", false, "an extended regular expression", take_pattern, 0},
        {"within", false, "a duration such as 30s or 2m", take_within, 0},
        {0},
};

static void read_expect(struct loading *l, const json_t *value, const char *pointer, struct load_stage *stage)
{
	struct scenario_dialog *console = &stage->stage->dialog;
	struct expecting e = {.console = console};
	console->has_expect = true;
	console->expect_ms = stage->within_ms > 0 ? stage->within_ms : SCENARIO_WITHIN_MS;
	if (json_is_object(value))
		reader_map(&l->reader, value, pointer, expect_keys, "\"expect\"", &e);
	else
		e.has_text = reader_take_line(&l->reader, value, pointer, &console->expected);
	if (e.has_text == e.has_pattern)
		reader_problem(&l->reader, pointer,
		               "\"expect\" must be a text, or one of {text: TEXT} and {pattern: REGEX}");
}

/* ---- the stage ---- */

static const struct {
	const char *name;
	void (*read)(struct loading *l, const json_t *value, const char *pointer, struct load_stage *stage);
	bool is_verb;
} entries[] = {[LOAD_LOGIN] = {"login", read_login, true},
               [LOAD_TYPE] = {"type", read_type, true},
               [LOAD_SEND] = {"send", read_send, true},
               [LOAD_EXPECT] = {"expect", read_expect, false}};

void load_console(struct loading *l, const char *pointer, struct load_stage *stage)
{
	const char *verb = NULL;
	bool is_console = stage->stage->action == SCENARIO_CONSOLE;
	stage->stage->dialog.within_ms = stage->within_ms;
	for (size_t i = 0; i < LOAD_CONSOLE_KEYS; i++) {
		if (!stage->values[i])
			continue;
		char *at = reader_below(pointer, entries[i].name);
		if (!is_console)
			reader_problem(&l->reader, at,
			               "\"%s\" is for a virtual machine's console; add console: NAMESPACE/NAME",
			               entries[i].name);
		else if (verb && entries[i].is_verb)
			reader_problem(&l->reader, at, "the stage has both \"%s\" and \"%s\"; make two stages of it",
			               verb, entries[i].name);
		else
			entries[i].read(l, stage->values[i], at, stage);
		if (entries[i].is_verb)
			verb = entries[i].name;
		free(at);
	}
	if (stage->stage->dialog.verb == SCENARIO_LOGS_IN && stage->stage->dialog.has_expect)
		reader_problem(&l->reader, pointer,
		               "a login ends at the shell's prompt; put \"expect\" into a stage of its own");
}

void load_console_names(struct loading *l, const struct scenario_stage *stage, const char *pointer)
{
	struct nearest near;
	char *at = reader_below(pointer, "console");
	if (stage->action == SCENARIO_CONSOLE && !promises_machine(l->act, stage->console, &near))
		reader_problem(
		        &l->reader, at,
		        "\"console\" is \"%.100s\", which no manifest of this act promises as a virtual machine; %s%s",
		        stage->console,
		        near.best ? "did you mean " : "write NAMESPACE/NAME of a VirtualMachine in one of them",
		        near.best ? near.best : "");
	free(at);
}
