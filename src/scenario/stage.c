/* stage: one stage of a scenario, read from the file by a table of keys. See act.c. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

struct stage_reading {
	struct loading *loading;
	struct scenario_stage stage;
	int64_t within_ms; /* 0: not said */
	bool is_on_host;
	const json_t *console[LOAD_CONSOLE_KEYS];                      /* read by stage_console.c */
	const json_t *checks, *seen, *blocked, *undo, *changes, *skip; /* read last: they need what other keys say */
	const char *actions[5];                                        /* the keys that were there */
	size_t n_actions;
};

static void add_action(struct stage_reading *s, const char *key, enum scenario_action action)
{
	if (s->n_actions < sizeof s->actions / sizeof s->actions[0])
		s->actions[s->n_actions++] = key;
	s->stage.action = action;
}

static bool take_id(READER_TAKE)
{
	char **id = to;
	if (!reader_take_line(r, value, pointer, to))
		return false;
	if (!reader_is_id(*id))
		reader_problem(r, pointer, "\"%.60s\" cannot be an id; use a-z, 0-9, - and _, at most 40", *id);
	return true;
}

static bool take_as(READER_TAKE)
{
	const char *name = json_string_value(value);
	struct nearest near = nearest_start(name ? name : "");
	for (int p = 0; name && p < SCENARIO_HOST; p++) {
		if (text_equal(name, scenario_persona_name((enum scenario_persona)p))) {
			*(enum scenario_persona *)to = (enum scenario_persona)p;
			return true;
		}
		nearest_offer(&near, scenario_persona_name((enum scenario_persona)p));
	}
	if (name)
		reader_problem(r, pointer, "there is no persona \"%.60s\"; %s%s", name,
		               near.best ? "did you mean " : "use ",
		               near.best ? near.best : "cluster-admin or workload-owner");
	return name != NULL;
}

static bool take_on(READER_TAKE)
{
	(void)r, (void)pointer;
	*(bool *)to = text_equal(json_string_value(value), "host");
	return *(bool *)to;
}

static bool take_minutes(READER_TAKE)
{
	(void)r, (void)pointer;
	double minutes = json_is_number(value) ? json_number_value(value) : -1;
	if (!(minutes >= 0 && minutes <= 600))
		return false;
	*(int64_t *)to = (int64_t)(minutes * 60000);
	return true;
}

/* What differs between kind and the lab is written apart. NULL: nothing is there for the one that is read for. */
static const json_t *of_environment(struct loading *l, const json_t *value, const char *pointer)
{
	static const char *const environments[] = {"kind", "lab"};
	const char *name;
	json_t *each;
	if (!json_is_object(value))
		return value;
	json_object_foreach ((json_t *)value, name, each) {
		bool known = false;
		for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++)
			known = known || text_equal(environments[i], name);
		if (!known)
			reader_problem(&l->reader, pointer,
			               "there is no environment \"%.40s\" to run in; use kind and lab", name);
	}
	return json_object_get(value, l->environment);
}

bool load_shell_text(struct loading *l, const json_t *value, const char *pointer, const char *what, char **text)
{
	const json_t *own = of_environment(l, value, pointer);
	if (own)
		return reader_take_block(&l->reader, own, pointer, text);
	reader_problem(&l->reader, pointer, "%s has no command for \"%s\"; add %s: COMMAND", what, l->environment,
	               l->environment);
	return true;
}

static bool take_run(READER_TAKE)
{
	struct stage_reading *s = to;
	(void)r;
	add_action(s, "run", SCENARIO_RUN);
	return load_shell_text(s->loading, value, pointer, "the stage", &s->stage.command);
}

static bool take_done_if(READER_TAKE)
{
	struct stage_reading *s = to;
	(void)r;
	return load_shell_text(s->loading, value, pointer, "the stage's done-if", &s->stage.done_if);
}

static bool take_apply(READER_TAKE)
{
	struct stage_reading *s = to;
	add_action(s, "apply", SCENARIO_APPLY);
	if (!reader_take_line(r, value, pointer, &s->stage.manifest_name))
		return false;
	load_manifest(s->loading, s->stage.manifest_name, pointer, &s->stage.manifest_text);
	struct str command = {0};
	str_append(&command, "kubectl apply -f ");
	str_append_shell(&command, s->stage.manifest_name);
	free(s->stage.command);
	s->stage.command = str_take(&command);
	return true;
}

/* Read now, so that a mistake in it is one of the scenario's; it promises nothing. */
static bool take_what_if(READER_TAKE)
{
	struct stage_reading *s = to;
	struct scenario_act *act = s->loading->act;
	size_t n_planned = act->planned.len;
	struct scenario_texts *const names[] = {&act->workloads, &act->machines, &act->networks};
	size_t lens[3] = {names[0]->len, names[1]->len, names[2]->len};
	add_action(s, "what-if", SCENARIO_PICTURE);
	if (!reader_take_line(r, value, pointer, &s->stage.what_if))
		return false;
	load_manifest(s->loading, s->stage.what_if, pointer, NULL);
	while (act->planned.len > n_planned)
		json_decref(act->planned.data[--act->planned.len]);
	for (size_t i = 0; i < 3; i++)
		while (names[i]->len > lens[i])
			free(names[i]->data[--names[i]->len]);
	return true;
}

static bool take_picture(READER_TAKE)
{
	(void)r, (void)pointer;
	add_action(to, "picture", SCENARIO_PICTURE);
	return json_is_true(value);
}

static bool take_console(READER_TAKE)
{
	struct stage_reading *s = to;
	add_action(s, "console", SCENARIO_CONSOLE);
	return reader_take_line(r, value, pointer, &s->stage.console);
}

static bool take_hints(READER_TAKE)
{
	struct stage_reading *s = to;
	struct scenario_texts *hints = &s->stage.hints;
	value = of_environment(s->loading, value, pointer);
	if (!value)
		return true;
	bool is_list = json_is_array(value);
	size_t n = is_list ? json_array_size(value) : 1;
	for (size_t i = 0; i < n; i++) {
		char *text = reader_block(is_list ? json_array_get(value, i) : value);
		if (!text || !*text) {
			free(text);
			return false;
		}
		vec_push(hints, text);
		if (!scenario_hint_commands(text, NULL))
			reader_problem(
			        r, pointer,
			        "a backquote is not closed in the hint \"%.60s\"; commands to type stand between two",
			        text);
	}
	if (hints->len > SCENARIO_HINTS_MAX)
		reader_problem(r, pointer, "a stage has at most %d hints; leave some out", SCENARIO_HINTS_MAX);
	return true;
}

#define AT(field) offsetof(struct stage_reading, field)
/* clang-format off */
static const struct reader_key stage_keys[] = {
	{"id", true, "a short name", take_id, AT(stage.id)},
	{"title", true, LINE_WORDS, reader_take_line, AT(stage.title)},
	{"as", false, "cluster-admin or workload-owner", take_as, AT(stage.persona)},
	{"minutes", false, "a number from 0 to 600", take_minutes, AT(stage.minutes_ms)},
	{"pause", false, "a duration such as 2s", reader_take_duration, AT(stage.pause_ms)},
	{"say", false, BLOCK_WORDS, reader_take_block, AT(stage.say)},
	{"read", false, BLOCK_WORDS, reader_take_block, AT(stage.read)},
	{"hints", false, HINTS_WORDS, take_hints, 0},
	{"run", false, BLOCK_WORDS ", or one for each of kind and lab", take_run, 0},
	{"apply", false, "the name of a manifest beside this file", take_apply, 0},
	{"what-if", false, "the name of a manifest beside this file", take_what_if, 0},
	{"picture", false, "true", take_picture, 0},
	{"seen", false, "a flow's id, or a list of them, one a command", reader_take_any, AT(seen)},
	{"blocked", false, "a flow's id, or a list of them, one a command", reader_take_any, AT(blocked)},
	{"check", false, "a list of checks", reader_take_any, AT(checks)},
	{"within", false, "a duration such as 30s or 2m", reader_take_duration, AT(within_ms)},
	{"undo", false, BLOCK_WORDS, reader_take_any, AT(undo)},
	{"changes", false, "true or false", reader_take_any, AT(changes)},
	{"cleanup", false, "true or false", reader_take_bool, AT(stage.is_cleanup)},
	{"console", false, "a virtual machine, NAMESPACE/NAME", take_console, 0},
	{"login", false, "", reader_take_any, AT(console[LOAD_LOGIN])},
	{"type", false, "", reader_take_any, AT(console[LOAD_TYPE])},
	{"send", false, "", reader_take_any, AT(console[LOAD_SEND])},
	{"expect", false, "", reader_take_any, AT(console[LOAD_EXPECT])},
	{"on", false, "host", take_on, AT(is_on_host)},
	{"done-if", false, BLOCK_WORDS ", or one for each of kind and lab", take_done_if, 0},
	{"skip-if-done", false, "true or false", reader_take_any, AT(skip)},
	{0},
};
/* clang-format on */

void load_commands(const char *block, struct scenario_texts *out)
{
	struct str command = {0};
	for (size_t at = 0, used; (used = scenario_command_take(block + at, &command)) > 0; at += used)
		vec_push(out, str_take(&command));
	str_finish(&command);
}

static void settle_host(struct stage_reading *s, const char *pointer)
{
	if (!s->is_on_host)
		return;
	if (s->stage.action != SCENARIO_RUN || s->stage.persona == SCENARIO_OWNER)
		reader_problem(&s->loading->reader, pointer,
		               "on: host is for what a cluster-admin runs; give the stage \"run\", or take \"on\" out");
	s->stage.persona = SCENARIO_HOST;
}

static void settle_action(struct stage_reading *s, const char *pointer)
{
	struct reader *r = &s->loading->reader;
	settle_host(s, pointer);
	if (s->n_actions == 0)
		reader_problem(r, pointer,
		               "the stage does nothing; give it one of run, apply, console, what-if, picture: true");
	if (s->n_actions > 1)
		reader_problem(r, pointer, "the stage has both \"%s\" and \"%s\"; make two stages of it", s->actions[0],
		               s->actions[1]);
	if (s->stage.command)
		load_commands(s->stage.command, &s->stage.commands);
	struct load_stage console = {.stage = &s->stage, .within_ms = s->within_ms};
	memcpy(console.values, s->console, sizeof console.values);
	load_console(s->loading, pointer, &console);
	if (s->stage.action == SCENARIO_RUN && s->stage.command && s->stage.commands.len == 0)
		reader_problem(r, pointer, "there is no command in \"run\"; write one, or picture: true");
	char *undo = s->undo ? reader_block(s->undo) : NULL;
	if (undo)
		load_commands(undo, &s->stage.undo);
	if (s->undo && !undo)
		reader_problem(r, pointer, "\"undo\" must be " BLOCK_WORDS);
	free(undo);
}

static void settle_changes(struct stage_reading *s, const char *pointer)
{
	struct reader *r = &s->loading->reader;
	if (s->changes && !json_is_boolean(s->changes))
		reader_problem(r, pointer, "\"changes\" must be true or false");
	s->stage.changes =
	        s->stage.action == SCENARIO_APPLY || (s->stage.command && scenario_command_changes(s->stage.command));
	if (s->changes)
		s->stage.changes = json_is_true(s->changes);
	if (s->stage.changes && s->stage.undo.len == 0 && !s->stage.is_cleanup && !s->loading->act->brings_up)
		reader_warning(
		        r, pointer,
		        "the stage \"%s\" changes something and has no undo; add undo: COMMAND, or changes: false",
		        s->stage.id ? s->stage.id : "");
}

/* The stage's own word, else the act's; either wants something that tells whether the result is there. */
static void settle_skip(struct stage_reading *s, const char *pointer)
{
	struct scenario_stage *stage = &s->stage;
	struct reader *r = &s->loading->reader;
	bool tells = stage->done_if != NULL;
	for (size_t i = 0; i < stage->checks.len; i++)
		tells = tells || (scenario_check_is_of_cluster(&stage->checks.data[i]) && !s->is_on_host);
	if (s->skip && !json_is_boolean(s->skip))
		reader_problem(r, pointer, "\"skip-if-done\" must be true or false");
	else if (json_is_true(s->skip) && !tells)
		reader_problem(r, pointer,
		               "nothing tells whether the stage is done already; add done-if: COMMAND%s, or take "
		               "\"skip-if-done\" out",
		               s->is_on_host ? "" : ", or a check of the cluster");
	stage->skips_if_done = tells && (s->skip ? json_is_true(s->skip) : s->loading->act->skips_if_done);
}

size_t load_find_flow(struct loading *l, const char *id, const char *pointer)
{
	const struct scenario_act *act = l->act;
	struct nearest near = nearest_start(id);
	for (size_t i = 0; i < act->flows.len; i++) {
		if (text_equal(act->flows.data[i].id, id))
			return i;
		nearest_offer(&near, act->flows.data[i].id);
	}
	reader_problem(&l->reader, pointer, "there is no flow \"%.60s\"; %s%s", id,
	               near.best ? "did you mean " : "add it to \"flows\"", near.best ? near.best : "");
	return TOPO_NONE;
}

static void settle_seen(struct stage_reading *s, const char *pointer)
{
	struct reader *r = &s->loading->reader;
	struct scenario_texts ids = {0};
	const char *key = s->blocked ? "blocked" : "seen";
	if (s->seen && s->blocked)
		reader_problem(r, pointer, "a stage has \"seen\" or \"blocked\", not both; make two stages of it");
	s->stage.is_blocked = s->blocked != NULL;
	if ((s->seen || s->blocked) && !load_texts(s->blocked ? s->blocked : s->seen, &ids))
		reader_problem(r, pointer, "\"%s\" must be a flow's id, or a list of them, one a command", key);
	for (size_t i = 0; i < ids.len; i++)
		vec_push(&s->stage.seen, load_find_flow(s->loading, ids.data[i], pointer));
	if (ids.len > s->stage.commands.len)
		reader_problem(r, pointer, "\"%s\" names %zu flows, but the stage has %zu commands; name one a command",
		               key, ids.len, s->stage.commands.len);
	scenario_texts_finish(&ids);
}

static void settle_check(struct stage_reading *s, const json_t *value, const char *pointer)
{
	struct scenario_check check;
	if (!load_check(s->loading, value, pointer, s->within_ms > 0 ? s->within_ms : SCENARIO_WITHIN_MS, &check))
		return;
	vec_push(&s->stage.checks, check);
	if (check.kind == SCENARIO_CHECK_EXIT && s->stage.action == SCENARIO_CONSOLE)
		reader_problem(
		        &s->loading->reader, pointer,
		        "a console does not tell how a command ended; check its output, or let it print $? itself");
	if (!scenario_check_is_of_cluster(&check) && s->stage.commands.len == 0 && !s->stage.dialog.has_expect)
		reader_problem(&s->loading->reader, pointer,
		               "the stage has no command to check the result of; add run, or take this check out");
}

static void settle_checks(struct stage_reading *s, const char *pointer)
{
	char *base = reader_below(pointer, "check");
	size_t i;
	json_t *value;
	if (s->checks && !json_is_array(s->checks))
		reader_problem(&s->loading->reader, base, "\"check\" must be a list of checks; put \"- \" before each");
	json_array_foreach ((json_t *)s->checks, i, value) {
		char *at = reader_item(base, i);
		settle_check(s, value, at);
		free(at);
	}
	free(base);
}

void load_stage_into(struct loading *l, const json_t *value, const char *pointer, struct scenario_stage *out)
{
	struct stage_reading s = {.loading = l};
	s.stage.action = SCENARIO_PICTURE;
	s.stage.pause_ms = -1;
	s.stage.line = reader_line(&l->reader, pointer);
	reader_map(&l->reader, value, pointer, stage_keys, "a stage", &s);
	settle_action(&s, pointer);
	settle_changes(&s, pointer);
	settle_seen(&s, pointer);
	settle_checks(&s, pointer);
	settle_skip(&s, pointer);
	s.stage.has_undo = s.stage.undo.len > 0;
	s.stage.n_planned = l->act->planned.len;
	char **texts[] = {&s.stage.id,      &s.stage.title,         &s.stage.say,           &s.stage.read,
	                  &s.stage.command, &s.stage.manifest_name, &s.stage.manifest_text, &s.stage.console,
	                  &s.stage.done_if, &s.stage.what_if};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!*texts[i])
			*texts[i] = mem_strdup("");
	}
	*out = s.stage;
}

void load_stage(struct loading *l, const json_t *value, const char *pointer)
{
	struct scenario_stage stage;
	load_stage_into(l, value, pointer, &stage);
	for (size_t i = 0; i < l->act->stages.len; i++) {
		const struct scenario_stage *other = &l->act->stages.data[i];
		if (stage.id[0] != '\0' && text_equal(other->id, stage.id))
			reader_problem(&l->reader, pointer,
			               "there is a stage \"%.40s\" already, at line %d; give this one another id",
			               other->id, other->line);
	}
	vec_push(&l->act->stages, stage);
}
