/* Lists of a scope: asked for in pages, so that a large cluster never stops the screen; only what differs from the store is
 * reported. scope.c says when, events.c goes on from where a list ends. */
#include <stdlib.h>
#include <string.h>

#include "kube/internal.h"

#define PAGE_OBJECTS 200
#define PATH_BYTES_MAX 8192

json_t *object_complete(json_t *object, enum kube_kind_id kind)
{
	const struct kube_kind *row = &kube_kinds[kind];
	if (!json_object_get(object, "kind"))
		json_object_set_new(object, "kind", json_string(row->kind));
	if (!json_object_get(object, "apiVersion")) {
		char *version =
		        row->group[0] ? mem_printf("%s/%s", row->group, row->version) : mem_strdup(row->version);
		json_object_set_new(object, "apiVersion", json_string(version));
		free(version);
	}
	return object;
}

static bool take_object(struct scope *scope, json_t *item, struct err *err)
{
	struct kube_store_change change;
	if (!scope_covers(scope, kube_ns(item), kube_name(item)))
		return true; /* the server ignored the field selector */
	json_incref(item);
	if (!kube_store_put(&scope->kube->store, scope->kind, object_complete(item, scope->kind), scope->list_number,
	                    &change, err))
		return false;
	if (change.is_change)
		kube_report(scope->kube, scope->kind, &change);
	return true;
}

/* After the last page: what the list did not have is gone. */
static void drop_unseen(struct scope *scope)
{
	struct kube_store_kind *kind = &scope->kube->store.kinds[scope->kind];
	for (size_t i = kind->len; i-- > 0;) {
		struct kube_store_entry entry = kind->data[i];
		struct kube_store_change change;
		if (entry.seen == scope->list_number || !scope_covers(scope, entry.ns, entry.name))
			continue;
		if (kube_store_remove(&scope->kube->store, scope->kind, entry.ns, entry.name, &change))
			kube_report(scope->kube, scope->kind, &change);
	}
}

static bool take_page(struct scope *scope, const json_t *root, struct err *err)
{
	const json_t *items = json_object_get(root, "items");
	const char *kind = json_walk_str(root, "kind", NULL), *page = json_walk_str(root, "metadata", "continue", NULL);
	json_t *item;
	size_t i;
	if (!text_has_suffix(kind, "List") || (items && !json_is_array(items) && !json_is_null(items)))
		return err_set(err, ERR_INVALID, "the answer is no list");
	json_array_foreach (items, i, item)
		if (!take_object(scope, item, err))
			return false;
	free(scope->page);
	scope->page = mem_strdup(strlen(page) < PATH_BYTES_MAX ? page : "");
	if (!scope->page[0])
		scope_set_version(scope, json_walk_str(root, "metadata", "resourceVersion", NULL));
	return true;
}

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	struct scope *scope = user;
	size_t limit = http_status(http) == 200 ? LIST_BYTES_MAX : ERROR_BYTES_MAX;
	if (scope->body.len + size > limit) {
		scope->is_full = true;
		return false;
	}
	str_append_n(&scope->body, data, size);
	return true;
}

static void page_taken(struct scope *scope)
{
	if (scope->page[0]) {
		scope_list_page(scope);
		return;
	}
	drop_unseen(scope);
	scope->is_listed = scope->is_served = true;
	scope_watch(scope);
}

/* The kind is not there (yet), or not for this user: nothing of it can be shown, and nobody needs to worry. */
static void not_served(struct scope *scope, char *note)
{
	scope->list_number = ++scope->kube->n_lists;
	drop_unseen(scope);
	scope->is_served = false;
	scope_fail(scope, false, 10000, note);
}

/* Who owns workloads only may often not see these, and the workloads and their networks are whole without them. */
static bool is_dispensable(enum kube_kind_id kind)
{
	return kind == KUBE_EVENT || (!kube_kinds[kind].namespaced && kind != KUBE_NAMESPACE);
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct scope *scope = user;
	struct err err = {0};
	http_destroy(http);
	scope->http = NULL;
	bool is_good = reply->status == 200 && reply->is_whole, is_gone = reply->status == 410;
	json_t *root = is_good ? json_parse(str_text(&scope->body), scope->body.len, "list", &err) : NULL;
	if (reply->status == 404) {
		not_served(scope, mem_strdup(""));
	} else if (reply->status == 403 && is_dispensable(scope->kind)) {
		not_served(scope, problem_of_reply(scope->kube, scope, reply, &scope->body));
	} else if (is_gone && scope->page[0] && scope->failures == 0) {
		scope->failures++;
		scope_relist(scope);
	} else if (scope->is_full && reply->status == 200) {
		scope_fail(scope, false, 0,
		           mem_printf("the list of %s is larger than %zu MiB: watch fewer namespaces",
		                      kube_kinds[scope->kind].plural, LIST_BYTES_MAX >> 20));
	} else if (!json_is_object(root)) {
		bool is_transport = reply->status == 0 || reply->status >= 500 || is_good || !reply->is_whole;
		int64_t retry_ms = reply->status == 401 || reply->status == 403 ? 10000 : 0;
		scope_fail(scope, is_transport, retry_ms, problem_of_reply(scope->kube, scope, reply, &scope->body));
	} else if (!take_page(scope, root, &err)) {
		scope_fail(scope, false, 0,
		           mem_printf("the list of %s cannot be used: %s; check what answers on %s",
		                      kube_kinds[scope->kind].plural, err.text, scope->kube->transport.socket));
	} else {
		page_taken(scope);
	}
	json_decref(root);
	str_finish(&scope->body);
}

void scope_list_page(struct scope *scope)
{
	struct str query = {0};
	str_append_f(&query, "limit=%d", PAGE_OBJECTS);
	if (scope->page[0]) {
		str_append(&query, "&continue=");
		kube_append_escaped(&query, scope->page);
	}
	char *url = scope_url(scope, query.data);
	struct http_request request = {
	        .socket = scope->kube->transport.socket,
	        .url = url,
	        .headers = kube_headers,
	        .total_ms = kube_ms(scope->kube, LIST_MS),
	};
	str_clear(&scope->body);
	scope->is_full = false;
	scope->state = SCOPE_LISTING;
	scope->http = http_create(scope->kube->loop, &request, on_data, on_done, scope);
	free(url);
	str_finish(&query);
}
