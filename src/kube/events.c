/* What a watch brings, event by event and never more than the turn's budget; scope.c holds the connection. */
#include <string.h>

#include "kube/internal.h"

enum taken { TAKEN, TAKEN_OVER /* the scope has left this watch */ };

static enum taken bad(struct scope *scope, int64_t retry_ms, char *problem)
{
	scope->is_listed = false;
	scope_fail(scope, false, retry_ms, problem);
	return TAKEN_OVER;
}

/* {"type":"ERROR","object":Status}; 410 is the common one: the version is too old. */
static enum taken take_error(struct scope *scope, const json_t *status)
{
	const char *reason = json_walk_str(status, "reason", NULL), *message = json_walk_str(status, "message", NULL);
	if (json_walk_int(status, 0, "code", NULL) == 410 || strcmp(reason, "Expired") == 0 ||
	    strcmp(reason, "Gone") == 0) {
		scope_gone(scope);
		return TAKEN_OVER;
	}
	return bad(scope, 0,
	           mem_printf("the cluster broke off the watch of %s: %.300s", kube_kinds[scope->kind].plural,
	                      message[0]  ? message
	                      : reason[0] ? reason
	                                  : "no message"));
}

static enum taken take_object(struct scope *scope, const char *type, json_t *object)
{
	struct kube_store *store = &scope->kube->store;
	struct kube_store_change change;
	struct err err = {0};
	const char *ns = kube_ns(object), *name = kube_name(object);
	if (!scope_covers(scope, ns, name))
		return TAKEN;
	if (strcmp(type, "DELETED") == 0) {
		if (kube_store_remove(store, scope->kind, ns, name, &change))
			kube_report(scope->kube, scope->kind, &change);
		return TAKEN;
	}
	if (!kube_store_put(store, scope->kind, object_complete(json_incref(object), scope->kind), scope->list_number,
	                    &change, &err))
		return bad(scope, 10000, mem_strdup(err.text));
	if (change.is_change)
		kube_report(scope->kube, scope->kind, &change);
	return TAKEN;
}

static enum taken take_event(struct scope *scope, const char *text, size_t size)
{
	struct err err = {0};
	json_t *event = json_parse(text, size, "event", &err);
	json_t *object = json_object_get(event, "object");
	const char *type = json_walk_str(event, "type", NULL);
	enum taken taken = TAKEN;
	if (!event) {
		taken = bad(scope, 0,
		            mem_printf("the cluster sent an event of %s that is no JSON: %s",
		                       kube_kinds[scope->kind].plural, err.text));
	} else if (strcmp(type, "ERROR") == 0) {
		taken = take_error(scope, object);
	} else if (json_is_object(object)) {
		bool is_object =
		        strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0 || strcmp(type, "DELETED") == 0;
		scope_set_version(scope, json_walk_str(object, "metadata", "resourceVersion", NULL));
		scope->had_event = true;
		if (is_object)
			taken = take_object(scope, type, object);
	}
	json_decref(event);
	return taken;
}

size_t scope_take_events(struct scope *scope, size_t budget)
{
	const char *text;
	size_t size;
	struct err err = {0};
	for (size_t n = 0; n < budget; n++) {
		enum split_result result = split_next(&scope->split, &text, &size, &err);
		if (result == SPLIT_OBJECT && take_event(scope, text, size) == TAKEN)
			continue;
		if (result == SPLIT_BAD)
			bad(scope, 0,
			    mem_printf("the watch of %s cannot be read: %s; check what answers on %s",
			               kube_kinds[scope->kind].plural, err.text, scope->kube->transport.socket));
		if (result == SPLIT_MORE) {
			scope->is_ready = false;
			if (scope->end != END_NONE)
				scope_watch_over(scope);
		}
		return n + 1;
	}
	return budget;
}
