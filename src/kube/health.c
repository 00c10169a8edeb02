/* Asks /version every 5 s from the first sign of trouble until everything is live again, never otherwise (scope.c says
 * why). An answer hurries the scopes that wait; two failures mean that the silent watches are dead as well. */
#include <stdlib.h>

#include "kube/internal.h"

#define ASK_EVERY_MS 5000
#define ASK_MS 4000
#define FAILURES_MAX 2
#define ANSWER_BYTES_MAX ((size_t)64 << 10)

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	(void)http;
	struct health *health = user;
	if (health->body.len + size > ANSWER_BYTES_MAX)
		return false;
	str_append_n(&health->body, data, size);
	return true;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct health *health = user;
	struct kube *kube = health->kube;
	http_destroy(http);
	health->http = NULL;
	bool answers = reply->status == 200 && reply->is_whole;
	health->failures = answers ? 0 : health->failures + 1;
	for (size_t i = 0; i < kube->scopes.len; i++) {
		if (answers)
			scope_hurry(kube->scopes.data[i]);
		else if (health->failures >= FAILURES_MAX)
			scope_break(kube->scopes.data[i], "the cluster does not answer any more: check that it runs");
	}
}

static bool is_well(const struct kube *kube)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (kube->scopes.data[i]->is_transport_failure)
			return false;
	return true;
}

static void on_timer(void *user)
{
	struct health *health = user;
	struct kube *kube = health->kube;
	if (!kube->transport.is_up || is_well(kube)) {
		health->failures = 0;
		return;
	}
	loop_timer_start(health->timer, kube_ms(kube, ASK_EVERY_MS), 0);
	if (health->http)
		return;
	char *url = kube_url(kube, "/version", "");
	struct http_request request = {
	        .socket = kube->transport.socket,
	        .url = url,
	        .headers = kube_headers,
	        .total_ms = kube_ms(kube, ASK_MS),
	};
	str_clear(&health->body);
	health->http = http_create(kube->loop, &request, on_data, on_done, health);
	free(url);
}

void health_init(struct health *health, struct kube *kube)
{
	*health = (struct health){.kube = kube, .timer = loop_timer_create(kube->loop, on_timer, health)};
}

void health_suspect(struct health *health)
{
	if (!loop_timer_is_running(health->timer))
		loop_timer_start(health->timer, kube_ms(health->kube, ASK_EVERY_MS), 0);
}

void health_finish(struct health *health)
{
	http_destroy(health->http);
	loop_timer_destroy(health->timer);
	str_finish(&health->body);
	*health = (struct health){0};
}
