/* cluster: see cluster.h. kubectl is asked first; then the route is known, or the proxy of kube is started. */
#include "virtctl/cluster.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/kube.h"

#define QUESTION_MS 15000
#define ANSWER_BYTES_MAX ((size_t)256 << 10)

struct cluster {
	struct loop *loop;
	char *kubeconfig, *context, *kubectl, *ns;
	cluster_ready_fn *fn;
	void *user;
	struct loop_command *question;
	struct kube_proxy *proxy;
	struct route route;
	bool is_told;
	struct err err; /* ERR_NONE: ready */
};

bool cluster_read_facts(const char *json, struct cluster_facts *out, struct err *err)
{
	json_t *root = json_parse(json, strlen(json), "kubectl config view", err);
	if (!root)
		return false;
	const json_t *cluster = json_walk(json_array_get(json_walk(root, "clusters", NULL), 0), "cluster", NULL);
	const json_t *context = json_walk(json_array_get(json_walk(root, "contexts", NULL), 0), "context", NULL);
	const char *server = json_walk_str(cluster, "server", NULL), *ns = json_walk_str(context, "namespace", NULL);
	bool is_good = server[0];
	if (is_good) {
		struct route route = {0};
		*out = (struct cluster_facts){.server = mem_strdup(server), .ns = mem_strdup(ns[0] ? ns : "default")};
		out->is_direct = !json_walk_str(cluster, "proxy-url", NULL)[0] && route_parse(server, &route);
		route_finish(&route);
	} else {
		err_set(err, ERR_INVALID,
		        "the kubeconfig's context names no server: choose another with --context, or check it with: "
		        "kubectl config view --minify");
	}
	json_decref(root);
	return is_good;
}

static void on_told(void *user)
{
	struct cluster *cluster = user;
	cluster->fn(cluster, cluster->err.code ? &cluster->err : NULL, cluster->user);
}

static void tell(struct cluster *cluster)
{
	if (!cluster->is_told)
		loop_post(cluster->loop, on_told, cluster);
	cluster->is_told = true;
}

static void on_proxy(struct kube_proxy *proxy, void *user)
{
	struct cluster *cluster = user;
	const char *socket = kube_proxy_socket(proxy), *problem = kube_proxy_problem(proxy);
	if (cluster->is_told)
		return;
	if (socket) {
		cluster->route = (struct route){.socket = mem_strdup(socket),
		                                .authority = mem_strdup("localhost"),
		                                .prefix = mem_strdup(kube_proxy_prefix(proxy))};
		tell(cluster);
	} else if (problem[0]) {
		err_set(&cluster->err, ERR_UNAVAILABLE, "%s", problem);
		tell(cluster);
	}
}

static void take_facts(struct cluster *cluster, const char *json)
{
	struct cluster_facts facts;
	if (!cluster_read_facts(json, &facts, &cluster->err)) {
		tell(cluster);
		return;
	}
	if (!cluster->ns) {
		cluster->ns = facts.ns;
		facts.ns = NULL;
	}
	if (facts.is_direct && route_parse(facts.server, &cluster->route)) {
		tell(cluster);
	} else {
		struct kube_options options = {
		        .kubeconfig = cluster->kubeconfig, .context = cluster->context, .kubectl = cluster->kubectl};
		cluster->proxy = kube_proxy_create(cluster->loop, &options, on_proxy, cluster);
	}
	free(facts.server);
	free(facts.ns);
}

static void on_answer(const struct loop_result *result, void *user)
{
	struct cluster *cluster = user;
	if (result->status == 0 && !result->failure) {
		take_facts(cluster, result->out);
		return;
	}
	struct str words = {0};
	const char *text = result->failure ? result->failure : result->errors;
	size_t len = strlen(text);
	while (len > 0 && strchr("\r\n ", text[len - 1]))
		len--;
	str_append_safe(&words, text, len < 500 ? len : 500);
	if (result->failure)
		err_set(&cluster->err, ERR_UNAVAILABLE, "kubectl is needed to find the cluster, but: %s",
		        str_text(&words));
	else
		err_set(&cluster->err, ERR_INVALID, "kubectl config view: %s",
		        words.len ? words.data : "it failed without a word");
	str_finish(&words);
	tell(cluster);
}

static void ask(struct cluster *cluster)
{
	const char *argv[12];
	size_t n = 0;
	argv[n++] = cluster->kubectl;
	if (cluster->kubeconfig) {
		argv[n++] = "--kubeconfig";
		argv[n++] = cluster->kubeconfig;
	}
	if (cluster->context) {
		argv[n++] = "--context";
		argv[n++] = cluster->context;
	}
	static const char *const words[] = {"config", "view", "--minify", "-o", "json", NULL};
	memcpy(argv + n, words, sizeof words);
	struct loop_spawn spec = {.argv = argv, .fds = {-1, -1, -1}, .death_signal = SIGTERM};
	cluster->question =
	        loop_command_create(cluster->loop, &spec, NULL, ANSWER_BYTES_MAX, QUESTION_MS, on_answer, cluster);
}

struct cluster *cluster_create(struct loop *loop, const struct cluster_options *options, cluster_ready_fn *fn,
                               void *user)
{
	struct cluster *cluster = mem_alloc(sizeof *cluster);
	*cluster = (struct cluster){.loop = loop,
	                            .kubeconfig = mem_strdup(options->kubeconfig),
	                            .context = mem_strdup(options->context),
	                            .kubectl = mem_strdup(options->kubectl ? options->kubectl : "kubectl"),
	                            .ns = mem_strdup(options->ns),
	                            .fn = fn,
	                            .user = user};
	ask(cluster);
	return cluster;
}

void cluster_destroy(struct cluster *cluster)
{
	if (!cluster)
		return;
	loop_unpost(cluster->loop, cluster);
	loop_command_destroy(cluster->question);
	kube_proxy_destroy(cluster->proxy);
	route_finish(&cluster->route);
	free(cluster->kubeconfig);
	free(cluster->context);
	free(cluster->kubectl);
	free(cluster->ns);
	free(cluster);
}

const struct route *cluster_route(const struct cluster *cluster)
{
	return &cluster->route;
}

const char *cluster_ns(const struct cluster *cluster)
{
	return cluster->ns;
}
