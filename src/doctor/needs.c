/* needs: what acts use of a cluster, read from their manifests and their commands. Pure. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

/* Commands, by their beginning, and the right that they take. Anywhere in the text: they may stand in a loop or a pipe. */
static const struct {
	const char *words, *verb, *group, *resource, *sub;
	bool in_namespace;
} commands[] = {
        {"kubectl create namespace", "create", "", "namespaces", "", false},
        {"kubectl create ns ", "create", "", "namespaces", "", false},
        {"kubectl delete namespace", "delete", "", "namespaces", "", false},
        {"kubectl delete ns ", "delete", "", "namespaces", "", false},
        {"kubectl exec", "create", "", "pods", "exec", true},
        {"kubectl logs", "get", "", "pods", "log", true},
        {"kubectl label node", "patch", "", "nodes", "", false},
        {"virtctl start", "update", "subresources.kubevirt.io", "virtualmachines", "start", true},
        {"virtctl stop", "update", "subresources.kubevirt.io", "virtualmachines", "stop", true},
        {"virtctl restart", "update", "subresources.kubevirt.io", "virtualmachines", "restart", true},
};

/* ---- texts ---- */
static void texts_add(struct scenario_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->len; i++)
		if (text_equal(texts->data[i], text))
			return;
	vec_push(texts, mem_strdup(text));
}

char *texts_join(const struct scenario_texts *texts, const char *between)
{
	struct str out = {0};
	for (size_t i = 0; i < texts->len; i++)
		str_append_f(&out, "%s%s", i ? between : "", texts->data[i]);
	return str_take(&out);
}

/* ---- one need of each sort ---- */
static size_t add_kind(struct needs *needs, const char *group, const char *version, const char *kind, const char *act)
{
	size_t i = 0;
	while (i < needs->kinds.len &&
	       !(text_equal(needs->kinds.data[i].group, group) && text_equal(needs->kinds.data[i].kind, kind)))
		i++;
	if (i == needs->kinds.len)
		vec_push(&needs->kinds, ((struct need_kind){.group = mem_strdup(group),
		                                            .version = mem_strdup(version),
		                                            .kind = mem_strdup(kind)}));
	texts_add(&needs->kinds.data[i].acts, act);
	return i;
}

static void add_right(struct needs *needs, const struct need_right *right)
{
	for (size_t i = 0; i < needs->rights.len; i++) {
		const struct need_right *each = &needs->rights.data[i];
		if (each->act == right->act && each->persona == right->persona && each->kind == right->kind &&
		    text_equal(each->verb, right->verb) && text_equal(each->group, right->group) &&
		    text_equal(each->resource, right->resource) && text_equal(each->sub, right->sub) &&
		    text_equal(each->ns, right->ns))
			return;
	}
	vec_push(&needs->rights, ((struct need_right){.persona = right->persona,
	                                              .verb = mem_strdup(right->verb),
	                                              .group = mem_strdup(right->group),
	                                              .resource = mem_strdup(right->resource),
	                                              .sub = mem_strdup(right->sub),
	                                              .ns = mem_strdup(right->ns),
	                                              .kind = right->kind,
	                                              .act = right->act}));
}

/* Everything that is named "image" in a manifest is one: of containers, and of virtual machines' disks. */
static void add_images(struct needs *needs, const json_t *value, const char *act)
{
	const char *key;
	json_t *each;
	size_t i;
	json_array_foreach ((json_t *)value, i, each)
		add_images(needs, each, act);
	json_object_foreach ((json_t *)value, key, each) {
		if (!text_equal(key, "image") || !json_is_string(each)) {
			add_images(needs, each, act);
			continue;
		}
		for (i = 0; i < needs->images.len; i++)
			if (text_equal(needs->images.data[i].name, json_string_value(each)))
				break;
		if (i == needs->images.len)
			vec_push(&needs->images, ((struct need_image){.name = mem_strdup(json_string_value(each))}));
		texts_add(&needs->images.data[i].acts, act);
	}
}

/* ---- stages ---- */
static size_t add_object_kind(struct needs *needs, const json_t *object, const char *act)
{
	const char *version = json_walk_str(object, "apiVersion", NULL), *slash = strchr(version, '/');
	char *group = slash ? mem_strndup(version, (size_t)(slash - version)) : mem_strdup("");
	size_t at = add_kind(needs, group, slash ? slash + 1 : version, json_walk_str(object, "kind", NULL), act);
	free(group);
	return at;
}

static void add_applied(struct needs *needs, const struct scenario_stage *stage, size_t act, const char *name)
{
	static const char *const verbs[] = {"get", "create", "patch", "delete"};
	struct yaml *yaml = yaml_parse(stage->manifest_text, strlen(stage->manifest_text), stage->manifest_name, NULL);
	for (size_t i = 0; yaml && i < json_array_size(yaml_documents(yaml)); i++) {
		const json_t *object = json_array_get(yaml_documents(yaml), i);
		if (!*json_walk_str(object, "kind", NULL))
			continue;
		size_t kind = add_object_kind(needs, object, name);
		for (size_t v = 0; v < sizeof verbs / sizeof *verbs - !stage->has_undo; v++)
			add_right(needs,
			          &(struct need_right){.persona = stage->persona,
			                               .verb = verbs[v],
			                               .group = "",
			                               .sub = "",
			                               .ns = json_walk_str(object, "metadata", "namespace", NULL),
			                               .kind = kind,
			                               .act = act});
	}
	yaml_destroy(yaml);
}

/* The value of -n in a command; NULL: it is not said. The caller frees. */
static char *namespace_of(const char *command)
{
	const char *at = strstr(command, " -n"), *longer = strstr(command, "--namespace");
	const char *value = at ? at + 3 : longer ? longer + strlen("--namespace") : NULL;
	if (!value)
		return NULL;
	value += strspn(value, " =");
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return len ? mem_strndup(value, len) : NULL;
}

static void add_command(struct needs *needs, const struct scenario_act *act, const struct scenario_stage *stage,
                        size_t number, const char *command)
{
	char *ns = namespace_of(command);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (!strstr(command, commands[i].words))
			continue;
		bool is_in_all = commands[i].in_namespace && !ns && act->namespaces.len > 0;
		for (size_t n = 0; n < (is_in_all ? act->namespaces.len : 1); n++)
			add_right(needs, &(struct need_right){.persona = stage->persona,
			                                      .verb = commands[i].verb,
			                                      .group = commands[i].group,
			                                      .resource = commands[i].resource,
			                                      .sub = commands[i].sub,
			                                      .ns = is_in_all ? act->namespaces.data[n]
			                                            : commands[i].in_namespace && ns ? ns
			                                                                             : "",
			                                      .kind = SIZE_MAX,
			                                      .act = number});
	}
	free(ns);
}

static void add_console(struct needs *needs, const struct scenario_stage *stage, size_t act)
{
	char *ns = mem_strndup(stage->console, strcspn(stage->console, "/"));
	add_right(needs, &(struct need_right){.persona = stage->persona,
	                                      .verb = "get",
	                                      .group = "subresources.kubevirt.io",
	                                      .resource = "virtualmachineinstances",
	                                      .sub = "console",
	                                      .ns = ns,
	                                      .kind = SIZE_MAX,
	                                      .act = act});
	free(ns);
}

/* A stage that wants its command to fail may want to be refused. */
static bool wants_failure(const struct scenario_stage *stage)
{
	for (size_t i = 0; i < stage->checks.len; i++)
		if (stage->checks.data[i].kind == SCENARIO_CHECK_EXIT && stage->checks.data[i].status != 0)
			return true;
	return false;
}

static void add_stage(struct needs *needs, const struct scenario_act *act, const struct scenario_stage *stage,
                      size_t number)
{
	if (wants_failure(stage) || stage->persona == SCENARIO_HOST)
		return;
	if (stage->action == SCENARIO_APPLY)
		add_applied(needs, stage, number, act->name);
	if (stage->action == SCENARIO_CONSOLE)
		add_console(needs, stage, number);
	for (size_t i = 0; stage->action == SCENARIO_RUN && i < stage->commands.len; i++)
		add_command(needs, act, stage, number, stage->commands.data[i]);
	for (size_t i = 0; i < stage->undo.len; i++)
		add_command(needs, act, stage, number, stage->undo.data[i]);
}

/* The picture lives by lists and watches; nodes, events and node networks it can do without. */
static void add_watching(struct needs *needs, const struct scenario_act *act, size_t number)
{
	static const char *const verbs[] = {"list", "watch"};
	static const unsigned spared =
	        1u << KUBE_NODE | 1u << KUBE_EVENT | 1u << KUBE_NNCE | 1u << KUBE_NNS | 1u << KUBE_NNCP;
	for (int kind = 0; kind < KUBE_N_KINDS; kind++) {
		const struct kube_kind *row = &kube_kinds[kind];
		if (!(act->kinds & 1u << kind) || spared & 1u << kind)
			continue;
		for (size_t n = 0; n < (row->namespaced ? act->namespaces.len : 1); n++)
			for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++)
				add_right(needs,
				          &(struct need_right){.persona = SCENARIO_ADMIN,
				                               .verb = verbs[v],
				                               .group = row->group,
				                               .resource = row->plural,
				                               .sub = "",
				                               .ns = row->namespaced ? act->namespaces.data[n] : "",
				                               .kind = SIZE_MAX,
				                               .act = number});
	}
}

void needs_collect(const struct scenario_act *const *acts, size_t n_acts, struct needs *out)
{
	*out = (struct needs){.database = false};
	for (size_t a = 0; a < n_acts; a++) {
		const struct scenario_act *act = acts[a];
		for (size_t i = 0; i < act->planned.len; i++) {
			add_object_kind(out, act->planned.data[i], act->name);
			add_images(out, act->planned.data[i], act->name);
		}
		for (size_t i = 0; i < act->stages.len; i++) {
			const struct scenario_stage *stage = &act->stages.data[i];
			add_stage(out, act, stage, a);
			out->database = out->database || (stage->command && strstr(stage->command, "turtle-db"));
		}
		add_watching(out, act, a);
	}
}

void needs_finish(struct needs *needs)
{
	for (size_t i = 0; i < needs->kinds.len; i++) {
		struct need_kind *kind = &needs->kinds.data[i];
		free(kind->group);
		free(kind->version);
		free(kind->kind);
		free(kind->plural);
		scenario_texts_finish(&kind->acts);
	}
	vec_finish(&needs->kinds);
	for (size_t i = 0; i < needs->rights.len; i++) {
		struct need_right *right = &needs->rights.data[i];
		free((char *)right->verb);
		free((char *)right->group);
		free((char *)right->resource);
		free((char *)right->sub);
		free((char *)right->ns);
	}
	vec_finish(&needs->rights);
	for (size_t i = 0; i < needs->images.len; i++) {
		free(needs->images.data[i].name);
		scenario_texts_finish(&needs->images.data[i].acts);
	}
	vec_finish(&needs->images);
}

bool needs_group(const struct needs *needs, const char *group)
{
	for (size_t i = 0; i < needs->kinds.len; i++)
		if (text_equal(needs->kinds.data[i].group, group))
			return true;
	return false;
}

const struct need_kind *needs_kind(const struct needs *needs, const char *kind)
{
	for (size_t i = 0; i < needs->kinds.len; i++)
		if (text_equal(needs->kinds.data[i].kind, kind))
			return &needs->kinds.data[i];
	return NULL;
}
