/* prelude: an act that builds on another one. The other's flows, values, hosts and promises become the act's before its own
 * are read; its stages come before the act's own, and what cleans up after it comes last. See act.c. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

enum { DEPTH_MAX = 8 };
#define SUFFIX ".scenario.yaml"

#define TAKE_ALL(to, from)                                                                                             \
	do {                                                                                                           \
		for (size_t i_ = 0; i_ < (from).len; i_++)                                                             \
			vec_push(&(to), (from).data[i_]);                                                              \
		(from).len = 0;                                                                                        \
	} while (0)

static bool has_namespace(const struct scenario_act *act, const char *name)
{
	for (size_t i = 0; i < act->namespaces.len; i++)
		if (text_equal(act->namespaces.data[i], name))
			return true;
	return false;
}

/* All but the stages, which need the act's own first. */
static void take_contents(struct scenario_act *act, struct scenario_act *base, bool has_diagram)
{
	for (size_t i = 0; i < base->namespaces.len; i++)
		if (!has_namespace(act, base->namespaces.data[i]))
			vec_push(&act->namespaces, mem_strdup(base->namespaces.data[i]));
	TAKE_ALL(act->vars, base->vars);
	TAKE_ALL(act->flows, base->flows);
	TAKE_ALL(act->planned, base->planned);
	TAKE_ALL(act->redact, base->redact);
	TAKE_ALL(act->workloads, base->workloads);
	TAKE_ALL(act->machines, base->machines);
	TAKE_ALL(act->networks, base->networks);
	act->kinds |= base->kinds;
	if (!has_diagram)
		act->by_node = base->by_node;
}

static bool is_above(const struct loading *l, const char *path)
{
	for (; l; l = l->above)
		if (text_equal(l->act->path, path))
			return true;
	return false;
}

static int depth_of(const struct loading *l)
{
	int depth = 0;
	for (; l; l = l->above)
		depth++;
	return depth;
}

/* The mistakes of the other file have its name and lines already. */
static void note_mistakes(struct loading *l, const char *pointer, const char *name, const struct err *err)
{
	reader_problem(&l->reader, pointer,
	               "the act \"%.60s\", which this one builds on, cannot be read; mend it first", name);
	str_append(&l->reader.problems, err->text);
	if (!text_has_suffix(err->text, "\n"))
		str_append_c(&l->reader.problems, '\n');
}

void load_prelude(struct loading *l, const char *name, bool has_diagram)
{
	const char *pointer = "/0/builds-on";
	char *path = mem_printf("%s/%s" SUFFIX, l->act->folder, name);
	struct str text = {0};
	struct err err = {0};
	if (!reader_is_id(name))
		reader_problem(&l->reader, pointer,
		               "\"%.60s\" is no act's name; write the name of one in the same folder", name);
	else if (is_above(l, path))
		reader_problem(
		        &l->reader, pointer,
		        "the act \"%.60s\" builds on this one in its turn; take \"builds-on\" out of one of them",
		        name);
	else if (depth_of(l) > DEPTH_MAX)
		reader_problem(&l->reader, pointer, "more than %d acts build on one another; make fewer of them",
		               DEPTH_MAX);
	else if (!file_read(path, SCENARIO_SIZE_MAX, &text, &err))
		reader_problem(&l->reader, pointer,
		               "there is no act \"%.60s\" to build on: %s; it is looked for beside this one", name,
		               err.text);
	else if (!(l->base = load_text_above(str_text(&text), text.len, path, l, &err)))
		note_mistakes(l, pointer, name, &err);
	if (l->base) {
		l->act->base_name = mem_strdup(l->base->name);
		l->act->base_title = mem_strdup(l->base->title);
		l->n_base_flows = l->base->flows.len;
		take_contents(l->act, l->base, has_diagram);
	}
	str_finish(&text);
	free(path);
}

/* "localnet-database": the ids of both acts may be the same. */
static void rename_stage(struct loading *l, struct scenario_stage *stage)
{
	char *id = mem_printf("%s-%s", l->base->name, stage->id);
	free(stage->id);
	stage->id = id;
	stage->is_prelude = true;
	for (size_t i = 0; i < l->act->stages.len; i++)
		if (text_equal(l->act->stages.data[i].id, id))
			reader_problem_at(&l->reader, l->reader.name, l->act->stages.data[i].line,
			                  "a stage of \"%s\", which this act builds on, is called \"%.80s\"; give this "
			                  "one another id",
			                  l->base->name, id);
}

void load_prelude_stages(struct loading *l)
{
	struct scenario_act *act = l->act, *base = l->base;
	if (!base)
		return;
	struct scenario_stage *own = act->stages.data;
	size_t n_own = act->stages.len, n_base = base->stages.len, n = 0;
	size_t *places = mem_alloc((n_base + 1) * sizeof *places); /* where a stage of the base has gone */
	if (n_own + n_base > SCENARIO_STAGES_MAX)
		reader_problem(&l->reader, "/0/builds-on",
		               "the act has %zu stages with those that it builds on, more than %d; leave some out",
		               n_own + n_base, SCENARIO_STAGES_MAX);
	for (size_t i = 0; i < n_base; i++)
		rename_stage(l, &base->stages.data[i]);
	struct scenario_stage *all = mem_alloc((n_own + n_base) * sizeof *all);
	for (size_t i = 0; i < n_base; i++)
		if (!base->stages.data[i].is_cleanup)
			all[places[i] = n++] = base->stages.data[i];
	size_t first = n;
	for (size_t i = 0; i < n_own; i++)
		all[n++] = own[i];
	for (size_t i = 0; i < n_base; i++)
		if (base->stages.data[i].is_cleanup)
			all[places[i] = n++] = base->stages.data[i];
	for (size_t i = 0; i < act->hosts.len; i++)
		act->hosts.data[i].stage += first;
	for (size_t i = 0; i < base->hosts.len; i++) {
		struct scenario_host host = base->hosts.data[i];
		host.stage = places[host.stage];
		vec_push(&act->hosts, host);
	}
	base->hosts.len = base->stages.len = 0;
	if (act->hosts.len > SCENARIO_HOSTS_MAX)
		reader_problem(&l->reader, "/0/builds-on",
		               "an act has at most %d hosts, with those of the act that it builds on; leave some out",
		               SCENARIO_HOSTS_MAX);
	free(own);
	free(places);
	act->stages.data = all;
	act->stages.len = act->stages.cap = n;
}

void scenario_place(const struct scenario_act *act, size_t stage, size_t *number, size_t *total)
{
	*number = *total = 0;
	for (size_t i = 0; i < act->stages.len; i++) {
		if (act->stages.data[i].is_prelude != act->stages.data[stage].is_prelude)
			continue;
		++*total;
		if (i <= stage)
			++*number;
	}
}
