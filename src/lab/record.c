/* record: core/v1 Events about objects, as the recorders of the real controllers write them. Part of store.h's face.
 *
 * The same thing happening again to the same object counts its event up instead of making another. control/events.c
 * forgets old ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/store.h"

#define RECORD_MESSAGE_MAX 1024

struct search {
	const char *uid, *type, *reason, *component, *message;
	const json_t *found;
};

static bool is_same(const json_t *event, void *user)
{
	struct search *search = user;
	if (strcmp(json_walk_str(event, "involvedObject", "uid", NULL), search->uid) == 0 &&
	    strcmp(json_walk_str(event, "reason", NULL), search->reason) == 0 &&
	    strcmp(json_walk_str(event, "type", NULL), search->type) == 0 &&
	    strcmp(json_walk_str(event, "source", "component", NULL), search->component) == 0 &&
	    strcmp(json_walk_str(event, "message", NULL), search->message) == 0)
		search->found = event;
	return !search->found;
}

static void count_up(struct store *store, const struct lab_resource *events, const json_t *old, const char *now)
{
	json_t *event = json_deep_copy(old);
	json_object_set_new(event, "count", json_integer(json_walk_int(old, 1, "count", NULL) + 1));
	json_object_set_new(event, "lastTimestamp", json_string(now));
	store_update(store, events, event, NULL, NULL);
	json_decref(event);
}

void store_event(struct store *store, const json_t *object, const char *type, const char *reason, const char *component,
                 const char *fmt, ...)
{
	const struct lab_resource *events = lab_resource_kind("Event");
	const char *ns = json_walk_str(object, "metadata", "namespace", NULL),
	           *name = json_walk_str(object, "metadata", "name", NULL);
	const char *uid = json_walk_str(object, "metadata", "uid", NULL);
	char message[RECORD_MESSAGE_MAX], now[32];
	va_list args;
	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	time_format(time_wall_ms(), now);
	if (!*ns)
		ns = "default";
	struct str safe = {0};
	str_append_safe(&safe, message, strlen(message));
	struct search search = {uid, type, reason, component, str_text(&safe), NULL};
	store_each(store, events, ns, is_same, &search);
	if (search.found) {
		count_up(store, events, search.found, now);
		str_finish(&safe);
		return;
	}
	json_t *event = json_pack(
	        "{s:{s:o,s:s},s:{s:s,s:s,s:s,s:s,s:s,s:s},s:s,s:s,s:{s:s},s:s,s:s,s:i,s:s,s:n,s:s,s:s}", "metadata",
	        "name", json_sprintf("%.200s.%016llx", name, (unsigned long long)store_version(store) + 1), "namespace",
	        ns, "involvedObject", "kind", json_walk_str(object, "kind", NULL), "namespace",
	        json_walk_str(object, "metadata", "namespace", NULL), "name", name, "uid", uid, "apiVersion",
	        json_walk_str(object, "apiVersion", NULL), "resourceVersion",
	        json_walk_str(object, "metadata", "resourceVersion", NULL), "reason", reason, "message",
	        str_text(&safe), "source", "component", component, "firstTimestamp", now, "lastTimestamp", now, "count",
	        1, "type", type, "eventTime", "reportingComponent", component, "reportingInstance", "");
	str_finish(&safe);
	if (event && !*json_walk_str(object, "metadata", "namespace", NULL))
		json_object_del(json_object_get(event, "involvedObject"), "namespace");
	if (event)
		store_add(store, events, event, NULL, NULL);
	json_decref(event);
}
