/* watch: the stream of changes of one kind, from a version on or from all that there is. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/objects.h"

struct watch {
	struct api_stream stream; /* first */
	const struct lab_resource *resource;
	char *ns; /* NULL: all */
	struct selector *selector;
	struct store_listener *listener;
	struct loop_timer *deadline;
	bool is_table, has_columns;
	enum table_include include;
};

static void watch_destroy(struct api_stream *stream)
{
	struct watch *watch = (struct watch *)stream;
	store_unlisten(watch->listener);
	loop_timer_destroy(watch->deadline);
	selector_destroy(watch->selector);
	str_finish(&watch->stream.pending);
	free(watch->ns);
	free(watch);
}

static void watch_end(struct watch *watch, bool is_cut)
{
	store_unlisten(watch->listener);
	watch->listener = NULL;
	watch->stream.is_over = true;
	watch->stream.is_cut = is_cut;
	api_stream_wake(&watch->stream);
}

static void send(struct watch *watch, const char *type, const json_t *object)
{
	struct str *out = &watch->stream.pending;
	if (watch->stream.is_over)
		return;
	if (out->len > API_STREAM_MAX) {
		watch_end(watch, true);
		return;
	}
	str_append_f(out, "{\"type\":\"%s\",\"object\":", type);
	str_append_json(out, object, JSON_COMPACT);
	str_append(out, "}\n");
	api_stream_wake(&watch->stream);
}

static void send_object(struct watch *watch, const char *type, const json_t *object)
{
	if (!watch->is_table) {
		send(watch, type, object);
		return;
	}
	json_t *table = table_create(watch->resource, json_walk_str(object, "metadata", "resourceVersion", NULL),
	                             !watch->has_columns);
	watch->has_columns = true;
	table_add(table, watch->resource, object, watch->include, time_wall_ms());
	send(watch, type, table);
	json_decref(table);
}

static bool is_mine(const struct watch *watch, const json_t *object)
{
	if (!object || (watch->ns && strcmp(json_walk_str(object, "metadata", "namespace", NULL), watch->ns) != 0))
		return false;
	return selector_matches(watch->selector, object);
}

/* An object that comes to match, or ceases to, is one that comes or goes for this watcher. */
static void on_event(const struct store_event *event, void *user)
{
	struct watch *watch = user;
	bool was = event->change != STORE_ADDED && is_mine(watch, event->old);
	bool is = event->change != STORE_DELETED && is_mine(watch, event->object);
	if (was || is)
		send_object(watch, !was ? "ADDED" : is ? "MODIFIED" : "DELETED", event->object);
}

static bool send_existing(const json_t *object, void *user)
{
	struct watch *watch = user;
	if (is_mine(watch, object))
		send_object(watch, "ADDED", object);
	return true;
}

/* Tells a watch-list (sendInitialEvents) that what there is has been told. */
static void send_bookmark(struct watch *watch, uint64_t version)
{
	struct str api_version = {0};
	char *text = mem_printf("%llu", (unsigned long long)version);
	lab_resource_api_version(watch->resource, &api_version);
	json_t *bookmark = json_pack("{s:s,s:s,s:{s:s,s:{s:s},s:n}}", "kind", watch->resource->kind, "apiVersion",
	                             str_text(&api_version), "metadata", "resourceVersion", text, "annotations",
	                             "k8s.io/initial-events-end", "true", "creationTimestamp");
	send(watch, "BOOKMARK", bookmark);
	json_decref(bookmark);
	str_finish(&api_version);
	free(text);
}

static void on_deadline(void *user)
{
	watch_end(user, false);
}

/* False when the version asked for is not one that can be started from. */
static bool listen_from(struct call *call, struct watch *watch)
{
	struct store *store = call->api->store;
	const char *text = query_get(&call->query, "resourceVersion"),
	           *initial = query_get(&call->query, "sendInitialEvents");
	uint64_t version = store_version(store);
	int64_t asked = 0;
	if (*text && !text_to_int(text, 0, INT64_MAX, &asked)) {
		reply_status(call, 400, "BadRequest", "invalid resource version \"%.40s\"", text);
		return false;
	}
	bool is_list = query_is(&call->query, "sendInitialEvents");
	if (is_list || (asked == 0 && !*initial)) {
		store_each(store, watch->resource, watch->ns, send_existing, watch);
		if (is_list)
			send_bookmark(watch, version);
	} else if (asked > 0) {
		version = (uint64_t)asked;
	}
	if (version <= store_version(store))
		watch->listener = store_listen_after(store, watch->resource, version, on_event, watch);
	if (!watch->listener) {
		json_t *expired = status_expired();
		send(watch, "ERROR", expired);
		json_decref(expired);
		watch_end(watch, false);
	}
	return true;
}

void watch_start(struct call *call)
{
	int64_t seconds;
	struct selector *selector = selector_of_call(call);
	if (!selector)
		return;
	struct watch *watch = mem_alloc(sizeof *watch);
	watch->stream.destroy = watch_destroy;
	watch->resource = call->resource;
	watch->ns = *call->ns ? mem_strdup(call->ns) : NULL;
	watch->selector = selector;
	watch->is_table = table_is_wanted(call->request->accept);
	watch->include = table_include_of(query_get(&call->query, "includeObject"));
	if (!listen_from(call, watch)) {
		watch_destroy(&watch->stream);
		return;
	}
	if (text_to_int(query_get(&call->query, "timeoutSeconds"), 1, 86400, &seconds)) {
		watch->deadline = loop_timer_create(call->api->loop, on_deadline, watch);
		loop_timer_start(watch->deadline, seconds * 1000, 0);
	}
	call->reply->status = 200;
	call->reply->stream = &watch->stream;
}
