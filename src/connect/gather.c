/* gather: see gather.h. The cluster is asked as the show does it, by kube's list and watch, until everything is there once. */
#include "onesdn/connect.h"

#include <stdio.h>
#include <string.h>

enum { DEADLINE_MS = 20000 };

/* The items of a list do not say what they are: the list does. */
static void add_object(json_t *into, const json_t *object)
{
	const char *kind = json_walk_str(object, "kind", NULL);
	const json_t *items = json_object_get(object, "items");
	if (!text_has_suffix(kind, "List") || !json_is_array(items)) {
		json_array_append(into, (json_t *)object);
		return;
	}
	size_t len = strlen(kind) - strlen("List");
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_copy(json_array_get(items, i));
		if (!item)
			continue;
		if (len > 0 && json_is_object(item) && !json_object_get(item, "kind")) {
			json_object_set_new(item, "kind", json_stringn(kind, len));
			json_object_set(item, "apiVersion", json_object_get(object, "apiVersion"));
		}
		json_array_append_new(into, item);
	}
}

static bool read_stream(FILE *file, struct str *out, struct err *err)
{
	char bytes[8192];
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) {
		if (out->len + n > GATHER_FILE_MAX)
			return err_set(err, ERR_LIMIT, "standard input is longer than %zu MiB", GATHER_FILE_MAX >> 20);
		str_append_n(out, bytes, n);
	}
	return true;
}

bool gather_file(const char *path, json_t *into, struct err *err)
{
	struct str text = {0};
	bool is_stdin = strcmp(path, "-") == 0;
	bool is_good = is_stdin ? read_stream(stdin, &text, err) : file_read(path, GATHER_FILE_MAX, &text, err);
	const char *name = is_stdin ? "standard input" : path;
	const char *start = str_text(&text) + strspn(str_text(&text), " \t\r\n");
	if (is_good && *start == '{') {
		json_t *document = json_parse(str_text(&text), text.len, name, err);
		is_good = document != NULL;
		if (is_good)
			add_object(into, document);
		json_decref(document);
	} else if (is_good) {
		struct yaml *yaml = yaml_parse(str_text(&text), text.len, name, err);
		is_good = yaml != NULL;
		for (size_t i = 0; yaml && i < json_array_size(yaml_documents(yaml)); i++)
			add_object(into, json_array_get(yaml_documents(yaml), i));
		yaml_destroy(yaml);
	}
	str_finish(&text);
	return is_good;
}

/* ---- from the cluster ---- */
struct gathering {
	struct loop *loop;
	struct kube *kube;
	const char *const *namespaces;
	json_t *into;
	struct err *err;
	bool is_over, is_good, was_answered; /* answered: `connecting` has ended by itself */
};

static void on_deadline(void *user)
{
	struct gathering *g = user;
	const char *problem = g->kube ? kube_problem(g->kube) : "";
	err_set(g->err, ERR_TIMEOUT, "the cluster did not answer within %d s%s%s", DEADLINE_MS / 1000,
	        *problem ? ": " : "", problem);
	g->is_over = true;
}

static bool take_object(const json_t *object, void *user)
{
	json_array_append(user, (json_t *)object);
	return true;
}

static void on_state(struct kube *kube, enum kube_state state, void *user)
{
	struct gathering *g = user;
	if (state != KUBE_LIVE || g->is_over)
		return;
	for (int kind = 0; kind < KUBE_N_KINDS; kind++)
		kube_each(kube, (enum kube_kind_id)kind, take_object, g->into);
	g->is_over = g->is_good = true;
}

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct gathering *g = user;
	g->was_answered = true;
	if (!connection) {
		if (g->err)
			*g->err = *err;
		g->is_over = true;
		return;
	}
	struct kube_options options = {.socket = connection->socket,
	                               .kubeconfig = connection->kubeconfigs[SCENARIO_ADMIN],
	                               .context = connection->contexts[SCENARIO_ADMIN],
	                               .events = {.on_state = on_state},
	                               .user = g};
	g->kube = kube_create(g->loop, &options);
	kube_watch(g->kube, (1u << KUBE_N_KINDS) - 1, g->namespaces);
	connection_destroy(connection);
}

bool gather_cluster(const struct connect_options *options, const char *const *namespaces, json_t *into, struct err *err)
{
	struct gathering g = {.namespaces = namespaces, .into = into, .err = err};
	g.loop = loop_create(err);
	if (!g.loop)
		return false;
	struct connecting *connecting = connect_start(g.loop, options, NULL, on_connected, &g);
	struct loop_timer *deadline = loop_timer_create(g.loop, on_deadline, &g);
	loop_timer_start(deadline, DEADLINE_MS, 0);
	while (!g.is_over && loop_turn(g.loop, true))
		;
	if (!g.was_answered)
		connect_cancel(connecting);
	kube_destroy(g.kube);
	loop_timer_destroy(deadline);
	loop_destroy(g.loop);
	return g.is_good;
}
