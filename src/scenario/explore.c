/* explore: the small exercises after an act: something is broken on purpose, to be found and mended. Each is read as two stages,
 * one that breaks and one that mends, so that a play performs them as it performs all others. See act.c. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

struct exploration_reading {
	const json_t *id, *title, *read, *task, *as, *on, *breaks, *mends, *undo, *hints, *checks, *within;
};

#define AT(field) offsetof(struct exploration_reading, field)
/* clang-format off */
static const struct reader_key keys[] = {
	{"id", true, "a short name", reader_take_any, AT(id)},
	{"title", true, LINE_WORDS, reader_take_any, AT(title)},
	{"read", false, BLOCK_WORDS, reader_take_any, AT(read)},
	{"task", true, BLOCK_WORDS, reader_take_any, AT(task)},
	{"as", false, "cluster-admin or workload-owner", reader_take_any, AT(as)},
	{"on", false, "host", reader_take_any, AT(on)},
	{"break", true, BLOCK_WORDS ", or one for each of kind and lab", reader_take_any, AT(breaks)},
	{"mend", true, BLOCK_WORDS ", or one for each of kind and lab", reader_take_any, AT(mends)},
	{"undo", false, BLOCK_WORDS, reader_take_any, AT(undo)},
	{"hints", false, HINTS_WORDS, reader_take_any, AT(hints)},
	{"check", true, "a list of checks", reader_take_any, AT(checks)},
	{"within", false, "a duration such as 30s or 2m", reader_take_any, AT(within)},
	{0},
};
/* clang-format on */

struct pair {
	const char *key;
	const json_t *value; /* NULL: not said */
};

static void read_as_stage(struct loading *l, const char *pointer, const struct pair *pairs, struct scenario_stage *out)
{
	json_t *object = json_object();
	for (; pairs->key; pairs++)
		if (pairs->value)
			json_object_set(object, pairs->key, (json_t *)(uintptr_t)pairs->value);
	json_object_set_new(object, "changes", json_true());
	load_stage_into(l, object, pointer, out);
	json_decref(object);
}

static void settle_checks(struct loading *l, const struct scenario_exploration *exploration, const char *pointer)
{
	const struct scenario_stage *mends = &exploration->mends;
	if (mends->checks.len == 0)
		reader_problem(&l->reader, pointer, "nothing tells whether it is mended; add check: a list of checks");
	for (size_t i = 0; i < mends->checks.len; i++)
		if (!scenario_check_is_of_cluster(&mends->checks.data[i]))
			reader_problem(&l->reader, pointer,
			               "it may be mended by hand, so that only the cluster can be asked; take the "
			               "checks of a command's result out");
	for (size_t i = 0; i < l->act->explorations.len; i++)
		if (text_equal(l->act->explorations.data[i].mends.id, mends->id))
			reader_problem(&l->reader, pointer,
			               "there is an exploration \"%.40s\" already; give this one another id",
			               mends->id);
}

static void read_exploration(struct loading *l, const json_t *value, const char *pointer)
{
	struct exploration_reading r = {0};
	struct scenario_exploration exploration = {.line = reader_line(&l->reader, pointer)};
	size_t before = l->reader.n_problems;
	reader_map(&l->reader, value, pointer, keys, "an exploration", &r);
	if (l->reader.n_problems > before)
		return;
	const json_t *undo = r.undo ? r.undo : r.mends;
	if (json_is_object(undo))
		undo = json_object_get(undo, l->environment);
	const struct pair breaks[] = {{"id", r.id},      {"title", r.title}, {"as", r.as},   {"on", r.on},
	                              {"run", r.breaks}, {"read", r.read},   {"undo", undo}, {NULL, NULL}};
	const struct pair mends[] = {{"id", r.id},        {"title", r.title},   {"as", r.as},   {"on", r.on},
	                             {"run", r.mends},    {"read", r.task},     {"undo", undo}, {"hints", r.hints},
	                             {"check", r.checks}, {"within", r.within}, {NULL, NULL}};
	read_as_stage(l, pointer, breaks, &exploration.breaks);
	read_as_stage(l, pointer, mends, &exploration.mends);
	exploration.breaks.breaks = true;
	settle_checks(l, &exploration, pointer);
	vec_push(&l->act->explorations, exploration);
}

void load_explorations(struct loading *l, const json_t *list)
{
	size_t i;
	json_t *value;
	if (json_array_size(list) > SCENARIO_EXPLORATIONS_MAX)
		reader_problem(&l->reader, "/0/explore", "an act has at most %d explorations; leave some out",
		               SCENARIO_EXPLORATIONS_MAX);
	json_array_foreach ((json_t *)(uintptr_t)list, i, value) {
		char *pointer = reader_item("/0/explore", i);
		read_exploration(l, value, pointer);
		free(pointer);
	}
}
