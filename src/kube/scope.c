/* One scope, a kind in a namespace: list, then watch from there, over and over. A clean end of a watch is followed by the
 * next at once, a broken one after a back-off; a version that is too old by a new list.
 *
 * Neither kubectl proxy nor an idle watch has a time limit of its own, so a cluster that stops answering without a word
 * looks like one where nothing happens. Asking it every few seconds would show that soon, at the price of a program that
 * never sleeps. Instead every watch asks the server to end it after 60 to 90 s (timeoutSeconds): one that has not ended
 * 15 s later is dead. So a silent death is noticed after 105 s at the most, mostly sooner, as each scope has another time;
 * and from the first sign of trouble health.c asks /version every 5 s until all is well again.
 */
#include <stdlib.h>
#include <string.h>

#include "kube/internal.h"

#define WATCH_S 60
#define WATCH_SPREAD_S 31
#define WATCH_GRACE_S 15
#define SHORT_WATCH_MS 1000 /* a clean end before that, and without an event, is no good watch */
#define SHORT_WATCHES_MAX 3

static const int64_t back_off_ms[] = {100, 200, 400, 800, 1600, 3200, 5000};

static void on_timer(void *user)
{
	scope_start(user);
}

struct scope *scope_create(struct kube *kube, enum kube_kind_id kind, const char *ns)
{
	struct scope *scope = mem_alloc(sizeof *scope);
	*scope = (struct scope){.kube = kube, .kind = kind, .is_served = true};
	scope->ns = mem_strdup(ns);
	scope->version = mem_strdup("");
	scope->page = mem_strdup("");
	scope->problem = mem_strdup("");
	scope->timer = loop_timer_create(kube->loop, on_timer, scope);
	return scope;
}

static void drop_connection(struct scope *scope)
{
	http_destroy(scope->http);
	scope->http = NULL;
	loop_timer_stop(scope->timer);
	split_clear(&scope->split);
	scope->end = END_NONE;
	scope->is_ready = scope->is_full = false;
}

void scope_destroy(struct scope *scope)
{
	if (!scope)
		return;
	drop_connection(scope);
	loop_timer_destroy(scope->timer);
	split_finish(&scope->split);
	str_finish(&scope->body);
	free(scope->ns);
	free(scope->version);
	free(scope->page);
	free(scope->problem);
	free(scope);
}

bool scope_covers(const struct scope *scope, const char *ns, const char *name)
{
	if (!scope->ns[0])
		return true;
	return strcmp(scope->ns, kube_kinds[scope->kind].namespaced ? ns : name) == 0;
}

bool scope_is_settled(const struct scope *scope)
{
	return scope->is_live || (!scope->is_served && !scope->is_transport_failure);
}

static void set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

void scope_set_version(struct scope *scope, const char *version)
{
	if (version[0] && strlen(version) < 256)
		set_text(&scope->version, mem_strdup(version));
}

char *scope_url(const struct scope *scope, const char *query)
{
	const struct kube_kind *kind = &kube_kinds[scope->kind];
	struct str path = {0}, all = {0};
	str_append_f(&path, "%s%s/%s", kind->group[0] ? "/apis/" : "/api", kind->group, kind->version);
	if (kind->namespaced && scope->ns[0]) {
		str_append(&path, "/namespaces/");
		kube_append_escaped(&path, scope->ns);
	}
	str_append_f(&path, "/%s", kind->plural);
	str_append(&all, query);
	if (!kind->namespaced && scope->ns[0]) {
		str_append(&all, "&fieldSelector=metadata.name%3D");
		kube_append_escaped(&all, scope->ns);
	}
	char *url = kube_url(scope->kube, path.data, all.data);
	str_finish(&path);
	str_finish(&all);
	return url;
}

static void wait_and_retry(struct scope *scope, int64_t retry_ms)
{
	size_t last = sizeof back_off_ms / sizeof *back_off_ms - 1;
	if (retry_ms == 0)
		retry_ms = back_off_ms[scope->failures < last ? scope->failures : last];
	scope->failures++;
	scope->state = SCOPE_WAITING;
	loop_timer_start(scope->timer, kube_ms(scope->kube, retry_ms), 0);
}

void scope_fail(struct scope *scope, bool is_transport, int64_t retry_ms, char *problem)
{
	drop_connection(scope);
	set_text(&scope->problem, problem);
	scope->is_live = false;
	scope->is_transport_failure = is_transport;
	wait_and_retry(scope, retry_ms);
	if (is_transport)
		health_suspect(&scope->kube->health);
	kube_evaluate(scope->kube);
}

void scope_relist(struct scope *scope)
{
	drop_connection(scope);
	scope->is_listed = false;
	set_text(&scope->page, mem_strdup(""));
	set_text(&scope->version, mem_strdup(""));
	scope->list_number = ++scope->kube->n_lists;
	scope_list_page(scope);
}

static bool has_lasted(const struct scope *scope)
{
	return loop_now(scope->kube->loop) - scope->watch_started >= kube_ms(scope->kube, SHORT_WATCH_MS);
}

/* The first time at once, then with growing pauses: a server that always says so must not be asked without end. */
void scope_gone(struct scope *scope)
{
	drop_connection(scope);
	scope->is_listed = false;
	if (has_lasted(scope))
		scope->n_gone = 0;
	if (scope->n_gone++ == 0)
		scope_relist(scope);
	else
		scope_fail(scope, false, 0,
		           mem_printf("the cluster forgets the history of %s at once; listed again every few seconds",
		                      kube_kinds[scope->kind].plural));
}

void scope_start(struct scope *scope)
{
	if (!scope->kube->transport.is_up)
		return;
	if (scope->is_listed)
		scope_watch(scope);
	else
		scope_relist(scope);
}

void scope_stop(struct scope *scope)
{
	drop_connection(scope);
	scope->state = SCOPE_IDLE;
	scope->is_live = false;
	scope->failures = 0;
	set_text(&scope->problem, mem_strdup(""));
}

void scope_hurry(struct scope *scope)
{
	if (scope->state == SCOPE_WAITING && scope->is_transport_failure && scope->kube->transport.is_up) {
		scope->failures = 0;
		scope_start(scope);
	}
}

void scope_break(struct scope *scope, const char *problem)
{
	if (scope->state == SCOPE_WATCHING && scope->is_live)
		scope_fail(scope, true, 0, mem_strdup(problem));
}

/* ---- the watch's connection; what it brings is handled in events.c ---- */
static void on_head(struct http *http, int status, void *user)
{
	(void)http;
	struct scope *scope = user;
	if (status != 200)
		return;
	scope->is_live = true;
	scope->is_transport_failure = false;
	set_text(&scope->problem, mem_strdup(""));
	kube_evaluate(scope->kube);
}

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	struct scope *scope = user;
	if (http_status(http) != 200) {
		if (scope->body.len + size > ERROR_BYTES_MAX)
			return false;
		str_append_n(&scope->body, data, size);
		return true;
	}
	if (split_pending(&scope->split) + size > PENDING_BYTES_MAX) {
		scope->is_full = true;
		return false;
	}
	split_add(&scope->split, data, size);
	scope->is_ready = true;
	kube_events_wait(scope->kube);
	return true;
}

static void refused(struct scope *scope, const struct http_reply *reply)
{
	bool is_transport = reply->status == 0 || reply->status >= 500;
	int64_t retry_ms = reply->status == 401 || reply->status == 403 ? 10000 : 0;
	if (reply->status == 410) {
		scope_gone(scope);
		return;
	}
	if (reply->status == 404) { /* its definition was removed: the list will say so again */
		scope_relist(scope);
		return;
	}
	if (reply->status == 400 || reply->status == 422)
		scope->is_listed = false; /* it does not like the version */
	scope_fail(scope, is_transport, retry_ms, problem_of_reply(scope->kube, scope, reply, &scope->body));
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct scope *scope = user;
	http_destroy(http);
	scope->http = NULL;
	if (reply->status == 200) {
		scope->end = reply->is_whole || scope->is_full ? END_CLEAN : END_BROKEN;
		scope->is_ready = true;
		str_clear(&scope->body);
		str_append(&scope->body, reply->failure ? reply->failure : "");
		kube_events_wait(scope->kube);
		return;
	}
	refused(scope, reply);
	str_finish(&scope->body);
}

void scope_watch(struct scope *scope)
{
	struct str query = {0};
	unsigned spread = (unsigned)scope->kind * 7u + (unsigned)scope->kube->n_lists;
	for (const char *c = scope->ns; *c; c++)
		spread = spread * 31u + (unsigned char)*c;
	int64_t seconds = WATCH_S + spread % WATCH_SPREAD_S;
	str_append_f(&query, "watch=true&allowWatchBookmarks=true&timeoutSeconds=%d", (int)seconds);
	if (scope->version[0]) {
		str_append(&query, "&resourceVersion=");
		kube_append_escaped(&query, scope->version);
	}
	char *url = scope_url(scope, query.data);
	struct http_request request = {
	        .socket = scope->kube->transport.socket,
	        .url = url,
	        .headers = kube_headers,
	        .total_ms = kube_ms(scope->kube, (seconds + WATCH_GRACE_S) * 1000),
	        .on_head = on_head,
	};
	drop_connection(scope);
	str_clear(&scope->body);
	scope->state = SCOPE_WATCHING;
	scope->had_event = false;
	scope->watch_started = loop_now(scope->kube->loop);
	scope->http = http_create(scope->kube->loop, &request, on_data, on_done, scope);
	free(url);
	str_finish(&query);
}

void scope_watch_over(struct scope *scope)
{
	bool is_clean = scope->end == END_CLEAN, was_full = scope->is_full;
	bool is_short = !has_lasted(scope) && !scope->had_event;
	struct http_reply reply = {.status = 200, .failure = str_text(&scope->body)};
	if (!is_short)
		scope->failures = scope->n_gone = 0;
	if (is_clean && (was_full || !is_short)) {
		scope_watch(scope);
	} else if (is_clean && scope->failures < SHORT_WATCHES_MAX) {
		drop_connection(scope);
		wait_and_retry(scope, 0);
	} else if (is_clean) {
		scope_fail(scope, false, 0,
		           mem_printf("the cluster ends every watch of %s at once; tried again every few seconds",
		                      kube_kinds[scope->kind].plural));
	} else {
		scope_fail(scope, true, 0, problem_of_reply(scope->kube, scope, &reply, &scope->body));
	}
}
