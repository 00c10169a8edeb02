/* find: where acts are, their order, and loading one from its file. Reading the format is act.c's. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

#define SUFFIX ".scenario.yaml"
#define ORDER_NONE 1000000

struct found {
	char *name, *path, *brings_up;
	bool is_apart; /* from the show */
	int64_t order;
};
struct found_list {
	struct found *data;
	size_t len, cap;
};

static void found_finish(struct found_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		free(list->data[i].name);
		free(list->data[i].path);
		free(list->data[i].brings_up);
	}
	vec_finish(list);
}

/* The names in a directory, sorted, so that nothing depends on how a file system keeps them. */
static void list_dir(const char *path, struct scenario_texts *out)
{
	DIR *dir = opendir(path);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		size_t at = out->len;
		vec_push(out, mem_strdup(entry->d_name));
		for (; at > 0 && strcmp(out->data[at - 1], out->data[at]) > 0; at--) {
			char *swap = out->data[at];
			out->data[at] = out->data[at - 1];
			out->data[at - 1] = swap;
		}
	}
	closedir(dir);
}

static void find_in(const char *folder, struct found_list *out)
{
	struct scenario_texts names = {0};
	list_dir(folder, &names);
	for (size_t i = 0; i < names.len; i++) {
		size_t len = strlen(names.data[i]), suffix = strlen(SUFFIX);
		if (len <= suffix || !text_has_suffix(names.data[i], SUFFIX))
			continue;
		vec_push(out, ((struct found){.name = mem_strndup(names.data[i], len - suffix),
		                              .path = mem_printf("%s/%s", folder, names.data[i])}));
	}
	scenario_texts_finish(&names);
}

static bool find_all(struct found_list *out, struct err *err)
{
	char *root = path_data("manifests", err);
	if (!root)
		return false;
	struct scenario_texts folders = {0};
	list_dir(root, &folders);
	for (size_t i = 0; i < folders.len; i++) {
		char *folder = mem_printf("%s/%s", root, folders.data[i]);
		find_in(folder, out);
		free(folder);
	}
	scenario_texts_finish(&folders);
	free(root);
	return true;
}

/* A file that cannot be read is an act all the same, at the end: loading it says what is wrong. */
static void read_place(struct found *found)
{
	struct str text = {0};
	struct yaml *yaml = file_read(found->path, SCENARIO_SIZE_MAX, &text, NULL)
	                            ? yaml_parse(str_text(&text), text.len, found->path, NULL)
	                            : NULL;
	const json_t *act = yaml ? json_array_get(yaml_documents(yaml), 0) : NULL;
	const char *brings_up = json_walk_str(act, "brings-up", NULL);
	found->order = json_walk_int(act, ORDER_NONE, "order", NULL);
	found->is_apart = *brings_up || json_is_false(json_object_get(act, "in-show"));
	found->brings_up = *brings_up ? mem_strdup(brings_up) : NULL;
	yaml_destroy(yaml);
	str_finish(&text);
}

static int by_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static char *names_of(bool set_ups, struct err *err)
{
	struct found_list list = {0};
	struct str out = {0};
	if (!find_all(&list, err))
		return NULL;
	for (size_t i = 0; i < list.len; i++)
		read_place(&list.data[i]);
	if (list.len > 0)
		qsort(list.data, list.len, sizeof list.data[0], by_order);
	for (size_t i = 0; i < list.len; i++)
		if (set_ups ? list.data[i].brings_up != NULL : !list.data[i].is_apart)
			str_append_f(&out, "%s%s", out.len ? " " : "", list.data[i].name);
	found_finish(&list);
	return str_take(&out);
}

char *scenario_names(struct err *err)
{
	return names_of(false, err);
}

char *scenario_set_ups(void)
{
	char *names = names_of(true, NULL);
	return names ? names : mem_strdup("");
}

static bool no_such_act(const char *name, struct err *err)
{
	struct str all = {0};
	char *names = scenario_names(NULL), *rest = names, *each;
	while ((each = strsep(&rest, " ")))
		str_append_f(&all, "%s%s", all.len ? ", " : "", each);
	err_set(err, ERR_NOT_FOUND, "there is no act \"%.60s\"; there are: %s; or name a file, with its path", name,
	        str_text(&all));
	str_finish(&all);
	free(names);
	return false;
}

/* The path of an act that is shipped, or of a file that is named. The caller frees. */
static char *find_act(const char *name, struct err *err)
{
	if (strchr(name, '/') || text_has_suffix(name, ".yaml") || text_has_suffix(name, ".yml"))
		return mem_strdup(name);
	struct found_list list = {0};
	char *path = NULL;
	if (!find_all(&list, err))
		return NULL;
	struct nearest near = nearest_start(name);
	for (size_t i = 0; i < list.len; i++) {
		if (!path && text_equal(list.data[i].name, name))
			path = mem_strdup(list.data[i].path);
		nearest_offer(&near, list.data[i].name);
	}
	if (!path && near.best)
		err_set(err, ERR_NOT_FOUND, "there is no act \"%.60s\"; did you mean \"%s\"?", name, near.best);
	else if (!path)
		no_such_act(name, err);
	found_finish(&list);
	return path;
}

char *scenario_brings_up(const char *name)
{
	struct found found = {.path = find_act(name, NULL)};
	const char *home = getenv("HOME");
	if (found.path)
		read_place(&found);
	bool is_in_home = found.brings_up && text_has_prefix(found.brings_up, "~/");
	char *path =
	        is_in_home ? mem_printf("%s%s", home ? home : "", found.brings_up + 1) : mem_strdup(found.brings_up);
	free(found.path);
	free(found.brings_up);
	return path;
}

static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);
	if (text_has_suffix(base, SUFFIX))
		len -= strlen(SUFFIX);
	struct str out = {0};
	str_append_safe(&out, base, len);
	return str_take(&out);
}

static struct scenario_act *act_create(char *path)
{
	struct scenario_act *act = mem_alloc(sizeof *act);
	const char *slash = strrchr(path, '/');
	act->path = path;
	act->name = name_of(path);
	act->folder = slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
	return act;
}

/* What the painters of the act need to be there even if the file left it out. */
static void act_complete(struct scenario_act *act, struct reader *reader)
{
	act->title = act->title ? act->title : mem_strdup("");
	act->summary = act->summary ? act->summary : mem_strdup("");
	act->base_name = act->base_name ? act->base_name : mem_strdup("");
	act->base_title = act->base_title ? act->base_title : mem_strdup("");
	act->warnings = str_take(&reader->warnings);
	vec_push(&act->namespaces, NULL);
	act->namespaces.len--;
}

static struct scenario_act *load_with(struct loading l, const char *text, size_t len, const char *path, struct err *err)
{
	l.act = act_create(mem_strdup(path));
	struct yaml *yaml = yaml_parse(text, len, path, err);
	bool ok = yaml != NULL;
	if (yaml) {
		l.reader.name = path;
		l.reader.yaml = yaml;
		load_act(&l);
		ok = l.reader.n_problems == 0 || reader_fail(&l.reader, err);
	}
	act_complete(l.act, &l.reader);
	reader_finish(&l.reader);
	yaml_destroy(yaml);
	scenario_destroy(l.base);
	if (ok)
		return l.act;
	scenario_destroy(l.act);
	return NULL;
}

struct scenario_act *load_text(const char *text, size_t len, const char *path, const char *environment, struct err *err)
{
	return load_with((struct loading){.environment = environment ? environment : "lab"}, text, len, path, err);
}

struct scenario_act *load_text_above(const char *text, size_t len, const char *path, const struct loading *above,
                                     struct err *err)
{
	return load_with((struct loading){.environment = above->environment, .above = above}, text, len, path, err);
}

struct scenario_act *scenario_load(const char *name, const char *environment, struct err *err)
{
	char *path = find_act(name, err);
	struct str text = {0};
	struct scenario_act *act = NULL;
	if (path && file_read(path, SCENARIO_SIZE_MAX, &text, err))
		act = load_text(str_text(&text), text.len, path, environment, err);
	str_finish(&text);
	free(path);
	return act;
}

static void stage_finish(struct scenario_stage *stage)
{
	char *texts[] = {stage->id,      stage->title,         stage->say,           stage->read,
	                 stage->command, stage->manifest_name, stage->manifest_text, stage->console,
	                 stage->done_if, stage->what_if};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
	scenario_texts_finish(&stage->hints);
	scenario_texts_finish(&stage->commands);
	scenario_texts_finish(&stage->undo);
	for (size_t i = 0; i < stage->checks.len; i++)
		load_check_finish(&stage->checks.data[i]);
	vec_finish(&stage->checks);
	vec_finish(&stage->seen);
	if (stage->dialog.is_pattern)
		regfree(&stage->dialog.pattern);
	free(stage->dialog.password);
	free(stage->dialog.key);
	free(stage->dialog.expected);
}

static void var_finish(struct scenario_var *var)
{
	free(var->name);
	free(var->workload);
	free(var->network);
	free(var->value);
}

static void flow_finish(struct scenario_flow *flow)
{
	char *texts[] = {flow->id, flow->from, flow->to, flow->port, flow->network};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
}

static const char *without_namespace(const char *id)
{
	const char *slash = strrchr(id, '/');
	return slash ? slash + 1 : id;
}

void scenario_flow_ends(const struct scenario_flow *flow, struct str *out)
{
	str_append_f(out, "%s ─▶ %s", without_namespace(flow->from), without_namespace(flow->to));
}

void scenario_flow_name(const struct scenario_flow *flow, struct str *out)
{
	scenario_flow_ends(flow, out);
	str_append_f(out, " %s", flow->port);
}

void scenario_destroy(struct scenario_act *act)
{
	if (!act)
		return;
	for (size_t i = 0; i < act->stages.len; i++)
		stage_finish(&act->stages.data[i]);
	vec_finish(&act->stages);
	for (size_t i = 0; i < act->explorations.len; i++) {
		stage_finish(&act->explorations.data[i].breaks);
		stage_finish(&act->explorations.data[i].mends);
	}
	vec_finish(&act->explorations);
	for (size_t i = 0; i < act->flows.len; i++)
		flow_finish(&act->flows.data[i]);
	vec_finish(&act->flows);
	for (size_t i = 0; i < act->hosts.len; i++) {
		free(act->hosts.data[i].name);
		free(act->hosts.data[i].address);
		free(act->hosts.data[i].network);
		free(act->hosts.data[i].bridge);
		free(act->hosts.data[i].watch);
	}
	vec_finish(&act->hosts);
	for (size_t i = 0; i < act->namespaces.len; i++)
		free(act->namespaces.data[i]);
	vec_finish(&act->namespaces);
	for (size_t i = 0; i < act->planned.len; i++)
		json_decref(act->planned.data[i]);
	vec_finish(&act->planned);
	for (size_t i = 0; i < act->redact.len; i++)
		json_decref(act->redact.data[i]);
	vec_finish(&act->redact);
	for (size_t i = 0; i < act->vars.len; i++)
		var_finish(&act->vars.data[i]);
	vec_finish(&act->vars);
	scenario_texts_finish(&act->workloads);
	scenario_texts_finish(&act->machines);
	scenario_texts_finish(&act->networks);
	free(act->brings_up);
	free(act->folder);
	free(act->name);
	free(act->title);
	free(act->summary);
	free(act->base_name);
	free(act->base_title);
	free(act->path);
	free(act->warnings);
	free(act);
}
