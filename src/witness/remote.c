/* A request waits for the list of pods, then is a script in a session. The list is asked for anew when a session has ended, for then a
 * pod may be another one. */
#include "witness/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness/session.h"

enum list_state { LIST_NONE, LIST_ASKED, LIST_KNOWN };

struct remote_request {
	struct remote *remote;
	char *node, *script;
	enum place_role role;
	remote_fn *fn;
	void *user;
	struct session *session; /* in which it runs; NULL: waits for the list */
	char *failure;           /* to be told in a posted call */
};
struct link {
	struct remote *remote;
	struct place place;
	struct session *session;
};
struct remote {
	struct loop *loop;
	struct kube *kube;
	char *kubectl, *kubeconfig, *context;
	enum list_state state;
	size_t ns; /* of place_namespaces */
	json_t *pods;
	struct kube_request *listing;
	VEC(struct link *) links;
	VEC(struct remote_request *) waiting;
};

static void list_pods(struct remote *remote);

/* ---- requests ---- */

static void request_free(struct remote_request *request)
{
	loop_unpost(request->remote->loop, request);
	free(request->node);
	free(request->script);
	free(request->failure);
	free(request);
}

static void answer(struct remote_request *request, const struct remote_reply *reply)
{
	remote_fn *fn = request->fn;
	void *user = request->user;
	request->session = NULL;
	fn(reply, user);
}

static void tell_failure(void *user)
{
	struct remote_request *request = user;
	const struct remote_reply reply = {.text = "", .failure = request->failure};
	answer(request, &reply);
	request_free(request);
}

static void fail(struct remote_request *request, const char *words)
{
	free(request->failure);
	request->failure = mem_strdup(words);
	loop_post(request->remote->loop, tell_failure, request);
}

static void on_reply(const struct session_reply *reply, void *user)
{
	struct remote_request *request = user;
	const struct remote_reply out = {reply->text, reply->len, reply->status, reply->failure};
	answer(request, &out);
	request_free(request);
}

void remote_request_destroy(struct remote_request *request)
{
	if (request == NULL)
		return;
	struct remote *remote = request->remote;
	if (request->session != NULL)
		session_forget(request->session, request);
	for (size_t i = remote->waiting.len; i-- > 0;)
		if (remote->waiting.data[i] == request)
			vec_remove(&remote->waiting, i);
	request_free(request);
}

/* ---- sessions ---- */

static void link_free(struct link *link)
{
	session_destroy(link->session);
	free(link);
}

static void drop_link(struct remote *remote, size_t at)
{
	struct link *link = remote->links.data[at];
	vec_remove(&remote->links, at);
	link_free(link);
}

static void on_end(struct session *session, const char *words, void *user)
{
	struct link *link = user;
	struct remote *remote = link->remote;
	(void)session;
	if (*words != '\0' && remote->state == LIST_KNOWN)
		remote->state = LIST_NONE;
	for (size_t i = remote->links.len; i-- > 0;)
		if (remote->links.data[i] == link)
			drop_link(remote, i);
}

static struct session *open_session(struct remote *remote, struct link *link, struct err *err)
{
	const char *argv[20];
	size_t n = 0;
	argv[n++] = remote->kubectl;
	if (remote->kubeconfig != NULL) {
		argv[n++] = "--kubeconfig";
		argv[n++] = remote->kubeconfig;
	}
	if (remote->context != NULL) {
		argv[n++] = "--context";
		argv[n++] = remote->context;
	}
	const char *const rest[] = {"-n", place_namespaces[remote->ns], "exec", "-i", link->place.pod,
	                            "-c", link->place.container,        "--",   "sh"};
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
		argv[n++] = rest[i];
	argv[n] = NULL;
	return session_create(&(struct session_options){remote->loop, argv, on_end, link}, err);
}

static struct session *session_to(struct remote *remote, const struct place *place, struct err *err)
{
	for (size_t i = 0; i < remote->links.len; i++) {
		struct link *link = remote->links.data[i];
		if (strcmp(link->place.pod, place->pod) == 0 && strcmp(link->place.container, place->container) == 0 &&
		    !session_is_over(link->session))
			return link->session;
	}
	struct link *link = mem_alloc(sizeof *link);
	*link = (struct link){.remote = remote, .place = *place};
	link->session = open_session(remote, link, err);
	if (link->session == NULL) {
		link_free(link);
		return NULL;
	}
	vec_push(&remote->links, link);
	return link->session;
}

static void run(struct remote_request *request)
{
	struct remote *remote = request->remote;
	struct place place;
	struct err err = {0};
	request->session = place_find(remote->pods, request->node, request->role, &place, &err)
	                           ? session_to(remote, &place, &err)
	                           : NULL;
	if (request->session != NULL)
		session_run(request->session, request->script, on_reply, request);
	else
		fail(request, err.text);
}

/* ---- the list of pods ---- */

static void settle(struct remote *remote, const char *failure)
{
	while (remote->waiting.len > 0) {
		struct remote_request *request = remote->waiting.data[0];
		vec_remove(&remote->waiting, 0);
		if (failure != NULL)
			fail(request, failure);
		else
			run(request);
	}
}

static void on_list(const struct kube_reply *reply, void *user)
{
	struct remote *remote = user;
	const json_t *items = json_walk(reply->body, "items", NULL);
	bool is_good = reply->status == 200 && json_is_array(items);
	char *failure = NULL;
	if (is_good && json_array_size(items) > 0) {
		json_decref(remote->pods);
		remote->pods = json_incref((json_t *)(uintptr_t)items);
	} else if (reply->status != 0 && place_namespaces[remote->ns + 1] != NULL) {
		remote->ns++;
		remote->state = LIST_NONE;
	} else if (reply->status == 403) {
		failure = mem_strdup("this user may not list the pods of OVN-Kubernetes; a cluster admin may");
	} else if (reply->status == 200 || reply->status == 404) {
		failure = mem_strdup("the cluster has no pods of OVN-Kubernetes");
	} else {
		failure = mem_printf("its pods could not be listed: %s",
		                     reply->failure != NULL ? reply->failure : "no answer");
	}
	kube_request_destroy(remote->listing);
	remote->listing = NULL;
	if (remote->state == LIST_NONE) { /* the next namespace */
		list_pods(remote);
		return;
	}
	remote->state = failure != NULL ? LIST_NONE : LIST_KNOWN;
	settle(remote, failure);
	free(failure);
}

static void list_pods(struct remote *remote)
{
	char *path = mem_printf("/api/v1/namespaces/%s/pods", place_namespaces[remote->ns]);
	remote->state = LIST_ASKED;
	remote->listing = kube_request_create(remote->kube, path, NULL, on_list, remote);
	free(path);
}

struct remote_request *remote_ask(struct remote *remote, const char *node, enum place_role role, const char *script,
                                  remote_fn *fn, void *user)
{
	struct remote_request *request = mem_alloc(sizeof *request);
	*request = (struct remote_request){.remote = remote,
	                                   .node = mem_strdup(node),
	                                   .script = mem_strdup(script),
	                                   .role = role,
	                                   .fn = fn,
	                                   .user = user};
	if (remote->kube == NULL) {
		fail(request, "there is no cluster");
	} else if (remote->state == LIST_KNOWN) {
		run(request);
	} else {
		vec_push(&remote->waiting, request);
		if (remote->state == LIST_NONE) {
			remote->ns = 0;
			list_pods(remote);
		}
	}
	return request;
}

/* ---- life ---- */

struct remote *remote_create(const struct witness_options *options)
{
	struct remote *remote = mem_alloc(sizeof *remote);
	*remote = (struct remote){.loop = options->loop,
	                          .kube = options->kube,
	                          .kubectl = mem_strdup(options->kubectl != NULL ? options->kubectl : "kubectl"),
	                          .kubeconfig = mem_strdup(options->kubeconfig),
	                          .context = mem_strdup(options->context)};
	return remote;
}

void remote_destroy(struct remote *remote)
{
	if (remote == NULL)
		return;
	kube_request_destroy(remote->listing);
	while (remote->links.len > 0)
		drop_link(remote, remote->links.len - 1);
	vec_finish(&remote->links);
	vec_finish(&remote->waiting);
	json_decref(remote->pods);
	free(remote->kubectl);
	free(remote->kubeconfig);
	free(remote->context);
	free(remote);
}
