/* What keeps a connection from being live, in one sentence with the cure. scope.c and request.c show these. */
#include <stdlib.h>
#include <string.h>

#include "kube/internal.h"

#define MESSAGE_BYTES 300

char *problem_message(const struct str *body)
{
	struct str out = {0};
	json_t *root = body->len ? json_parse(body->data, body->len, "", NULL) : NULL;
	const char *text = json_walk_str(root, "message", NULL);
	if (!root)
		text = str_text(body);
	size_t len = strcspn(text, "\r\n");
	str_append_safe(&out, text, len < MESSAGE_BYTES ? len : MESSAGE_BYTES);
	json_decref(root);
	return str_take(&out);
}

static char *how_to_check(const struct kube *kube)
{
	if (!kube->transport.kubectl)
		return mem_strdup("start it with: onesdn lab up");
	struct str out = {0};
	str_append(&out, "check that it runs with: kubectl");
	if (kube->transport.kubeconfig) {
		str_append(&out, " --kubeconfig ");
		str_append_shell(&out, kube->transport.kubeconfig);
	}
	if (kube->context[0]) {
		str_append(&out, " --context ");
		str_append_shell(&out, kube->context);
	}
	str_append(&out, " cluster-info");
	return str_take(&out);
}

static char *denied(const struct scope *scope, const char *message)
{
	const struct kube_kind *kind = &kube_kinds[scope->kind];
	const char *where = kind->namespaced && scope->ns[0] ? " in namespace " : "";
	return mem_printf("%s; ask the cluster's administrator for the verbs get, list and watch on %s%s%s%s%s",
	                  message[0] ? message : "the cluster forbids it", kind->plural, kind->group[0] ? "." : "",
	                  kind->group, where, where[0] ? scope->ns : "");
}

/* libcurl speaks of localhost's port 80 where a Unix socket is meant. */
static const char *in_words(const char *failure)
{
	if (!failure || !failure[0])
		return "no reply";
	return strstr(failure, "Couldn't connect") ? "nobody listens on its socket" : failure;
}

char *problem_of_reply(const struct kube *kube, const struct scope *scope, const struct http_reply *reply,
                       const struct str *body)
{
	char *message = problem_message(body), *cure = how_to_check(kube), *text;
	const char *plural = kube_kinds[scope->kind].plural;
	if (reply->status == 0)
		text = mem_printf("the cluster does not answer (%.200s): %s", in_words(reply->failure), cure);
	else if (reply->status == 401)
		text = mem_printf("the cluster does not accept the login%s%s: log in again and check it with: kubectl "
		                  "auth can-i get pods",
		                  message[0] ? ": " : "", message);
	else if (reply->status == 403)
		text = denied(scope, message);
	else if (reply->status >= 500)
		text = mem_printf("the cluster answers with error %d (%s): %s", reply->status,
		                  message[0] ? message : "no message", cure);
	else if (reply->status != 200)
		text = mem_printf("the cluster refuses to list %s with status %d (%s): %s", plural, reply->status,
		                  message[0] ? message : "no message", cure);
	else if (!reply->is_whole)
		text = mem_printf("the connection broke while %s were read (%.200s): %s", plural,
		                  reply->failure ? reply->failure : "cut off", cure);
	else
		text = mem_printf("what answers on %s is no Kubernetes API (it sent \"%.60s\"): %s",
		                  kube->transport.socket, message, cure);
	free(message);
	free(cure);
	return text;
}
