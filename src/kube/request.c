/* Single requests, for checks: sent when the transport is up, answered once, within 10 s in every case. */
#include <stdlib.h>
#include <string.h>

#include "kube/internal.h"

#define REQUEST_MS 10000
#define REPLY_BYTES_MAX ((size_t)8 << 20)

struct kube_request {
	struct kube *kube; /* NULL once that is gone */
	struct kube_request *next;
	char *path;
	struct str body, reply;
	bool has_body, is_done;
	struct http *http;
	struct loop_timer *deadline;
	kube_reply_fn *fn;
	void *user;
};

static void answer(struct kube_request *request, int status, const json_t *body, const char *failure)
{
	struct kube_reply reply = {status, body, failure};
	request->is_done = true;
	loop_timer_stop(request->deadline);
	request->fn(&reply, request->user); /* may destroy the request: nothing of it is touched after this */
}

static void on_deadline(void *user)
{
	struct kube_request *request = user;
	http_destroy(request->http);
	request->http = NULL;
	const char *problem = request->kube->problem;
	char *failure = mem_printf("no answer within %d s%s%s", REQUEST_MS / 1000, problem[0] ? ": " : "", problem);
	answer(request, 0, NULL, failure);
	free(failure);
}

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	(void)http;
	struct kube_request *request = user;
	if (request->reply.len + size > REPLY_BYTES_MAX)
		return false;
	str_append_n(&request->reply, data, size);
	return true;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct kube_request *request = user;
	http_destroy(http);
	request->http = NULL;
	char *failure = NULL, *message = NULL;
	json_t *body =
	        reply->is_whole ? json_parse(str_text(&request->reply), request->reply.len, "answer", NULL) : NULL;
	bool is_good = reply->status >= 200 && reply->status < 300;
	if (!reply->is_whole || reply->status == 0) {
		failure = mem_printf("the cluster does not answer: %.300s",
		                     reply->failure ? reply->failure : "the connection broke");
	} else if (!is_good) {
		message = problem_message(&request->reply);
		failure = mem_printf("the cluster answers with status %d: %s", reply->status, message);
	}
	answer(request, reply->is_whole ? reply->status : 0, body, failure);
	json_decref(body);
	free(failure);
	free(message);
}

static void send_request(struct kube_request *request)
{
	static const char *const with_body[] = {"Accept: application/json", "User-Agent: onesdn",
	                                        "Content-Type: application/json", NULL};
	char *url = kube_url(request->kube, request->path, "");
	struct http_request http = {
	        .socket = request->kube->transport.socket,
	        .url = url,
	        .method = request->has_body ? "POST" : "GET",
	        .headers = request->has_body ? with_body : kube_headers,
	        .body = request->has_body ? str_text(&request->body) : NULL,
	        .body_size = request->body.len,
	};
	request->http = http_create(request->kube->loop, &http, on_data, on_done, request);
	free(url);
}

/* Never from inside kube_request_create: the caller does not know the request yet. */
static void fail_offline(void *user)
{
	answer(user, 0, NULL, "there is no cluster: this is a recording");
}

struct kube_request *kube_request_create(struct kube *kube, const char *path, const json_t *body, kube_reply_fn *fn,
                                         void *user)
{
	struct kube_request *request = mem_alloc(sizeof *request);
	*request = (struct kube_request){.kube = kube, .fn = fn, .user = user, .has_body = body != NULL};
	request->path = mem_printf("%s%s", path[0] == '/' ? "" : "/", path);
	if (body)
		str_append_json(&request->body, body, JSON_COMPACT);
	request->next = kube->first_request;
	kube->first_request = request;
	if (!kube->loop)
		return request;
	request->deadline = loop_timer_create(kube->loop, kube->is_offline ? fail_offline : on_deadline, request);
	loop_timer_start(request->deadline, kube->is_offline ? 0 : kube_ms(kube, REQUEST_MS), 0);
	if (kube->transport.is_up)
		send_request(request);
	return request;
}

void kube_request_destroy(struct kube_request *request)
{
	if (!request)
		return;
	struct kube_request **at = request->kube ? &request->kube->first_request : NULL;
	while (at && *at && *at != request)
		at = &(*at)->next;
	if (at && *at)
		*at = request->next;
	http_destroy(request->http);
	if (request->deadline)
		loop_timer_destroy(request->deadline);
	str_finish(&request->body);
	str_finish(&request->reply);
	free(request->path);
	free(request);
}

void requests_start(struct kube *kube)
{
	for (struct kube_request *request = kube->first_request; request; request = request->next)
		if (!request->http && !request->is_done)
			send_request(request);
}

void requests_orphan(struct kube *kube)
{
	while (kube->first_request) {
		struct kube_request *request = kube->first_request;
		kube->first_request = request->next;
		http_destroy(request->http);
		if (request->deadline)
			loop_timer_destroy(request->deadline);
		request->http = NULL;
		request->deadline = NULL;
		request->kube = NULL;
	}
}
