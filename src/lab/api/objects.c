/* objects: get, list, create, replace and delete of stored objects, alike for every kind. Patches are in change.c. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/objects.h"

/* ---- reading ---- */

static void reply_object(struct call *call, int status, const json_t *object)
{
	if (!table_is_wanted(call->request->accept) || strcmp(call->request->method, "GET") != 0) {
		reply_json(call, status, json_incref((json_t *)object));
		return;
	}
	json_t *table = table_create(call->resource, json_walk_str(object, "metadata", "resourceVersion", NULL), true);
	table_add(table, call->resource, object, table_include_of(query_get(&call->query, "includeObject")),
	          time_wall_ms());
	reply_json(call, status, table);
}

const json_t *object_find(struct call *call)
{
	const json_t *object = store_get(call->api->store, call->resource, call->ns, call->name);
	if (!object)
		reply_not_found(call);
	return object;
}

json_t *scale_of(const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata"),
	             *labels = json_walk(object, "spec", "selector", "matchLabels", NULL);
	struct str selector = {0};
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)labels, key, value)
		str_append_f(&selector, "%s%s=%s", selector.len ? "," : "", key,
		             json_string_value(value) ? json_string_value(value) : "");
	json_t *scale = json_pack(
	        "{s:s,s:s,s:{s:O,s:O,s:O,s:O,s:O},s:{s:I},s:{s:I,s:s}}", "kind", "Scale", "apiVersion",
	        "autoscaling/v1", "metadata", "name", json_object_get(metadata, "name"), "namespace",
	        json_object_get(metadata, "namespace"), "uid", json_object_get(metadata, "uid"), "resourceVersion",
	        json_object_get(metadata, "resourceVersion"), "creationTimestamp",
	        json_object_get(metadata, "creationTimestamp"), "spec", "replicas",
	        (json_int_t)json_walk_int(object, 0, "spec", "replicas", NULL), "status", "replicas",
	        (json_int_t)json_walk_int(object, 0, "status", "replicas", NULL), "selector", str_text(&selector));
	str_finish(&selector);
	return scale;
}

void object_get(struct call *call)
{
	const json_t *object = object_find(call);
	if (object && strcmp(call->sub, "scale") == 0)
		reply_json(call, 200, scale_of(object));
	else if (object)
		reply_object(call, 200, object);
}

struct selector *selector_of_call(struct call *call)
{
	struct err err;
	struct selector *selector = selector_parse(query_get(&call->query, "labelSelector"),
	                                           query_get(&call->query, "fieldSelector"), &err);
	if (!selector)
		reply_status(call, 400, "BadRequest", "%s", err.text);
	return selector;
}

struct listing {
	struct call *call;
	const struct selector *selector;
	json_t *table; /* or text */
	enum table_include include;
	int64_t now_ms;
	size_t n_items;
};

static bool list_one(const json_t *object, void *user)
{
	struct listing *listing = user;
	if (!selector_matches(listing->selector, object))
		return true;
	if (listing->table) {
		table_add(listing->table, listing->call->resource, object, listing->include, listing->now_ms);
		return true;
	}
	str_append(&listing->call->reply->body, listing->n_items++ ? "," : "");
	str_append_json(&listing->call->reply->body, object, JSON_COMPACT);
	return true;
}

static const char *list_ns(const struct call *call)
{
	return *call->ns ? call->ns : NULL;
}

/* Everything at once: `limit` is a wish that a server need not grant. */
void object_list(struct call *call)
{
	struct selector *selector = selector_of_call(call);
	if (!selector)
		return;
	struct listing listing = {.call = call, .selector = selector, .now_ms = time_wall_ms()};
	char *version = mem_printf("%llu", (unsigned long long)store_version(call->api->store));
	if (table_is_wanted(call->request->accept)) {
		listing.include = table_include_of(query_get(&call->query, "includeObject"));
		listing.table = table_create(call->resource, version, true);
		store_each(call->api->store, call->resource, list_ns(call), list_one, &listing);
		reply_json(call, 200, listing.table);
	} else {
		struct str *body = &call->reply->body;
		str_append_f(body, "{\"kind\":\"%s\",\"apiVersion\":\"", call->resource->list_kind);
		lab_resource_api_version(call->resource, body);
		str_append_f(body, "\",\"metadata\":{\"resourceVersion\":\"%s\"},\"items\":[", version);
		store_each(call->api->store, call->resource, list_ns(call), list_one, &listing);
		str_append(body, "]}\n");
		call->reply->status = 200;
	}
	free(version);
	selector_destroy(selector);
}

/* ---- writing ---- */

bool call_is_dry(const struct call *call)
{
	return strcmp(query_get(&call->query, "dryRun"), "All") == 0;
}

char *call_manager(const struct call *call)
{
	const char *manager = query_get(&call->query, "fieldManager"), *agent = call->request->user_agent;
	struct str safe = {0};
	if (*manager)
		str_append_safe(&safe, manager, strnlen(manager, 128));
	else
		str_append_safe(&safe, agent, strcspn(agent, "/ ") > 128 ? 128 : strcspn(agent, "/ "));
	if (!safe.len)
		str_append(&safe, "unknown");
	return str_take(&safe);
}

/* The body's name and namespace against the path's. */
bool object_place_is_fine(struct call *call, json_t *object, bool is_create)
{
	json_t *metadata = json_object_get(object, "metadata");
	const char *ns = json_walk_str(metadata, "namespace", NULL), *name = json_walk_str(metadata, "name", NULL);
	if (!metadata) {
		metadata = json_object();
		json_object_set_new(object, "metadata", metadata);
	}
	if (!is_create && *name && strcmp(name, call->name) != 0) {
		reply_status(call, 400, "BadRequest",
		             "the name of the object (%.253s) does not match the name on the URL (%.253s)", name,
		             call->name);
		return false;
	}
	if (*ns && *call->ns && strcmp(ns, call->ns) != 0) {
		reply_status(call, 400, "BadRequest",
		             "the namespace of the provided object does not match the namespace sent on the request");
		return false;
	}
	if (*call->ns)
		json_object_set_new(metadata, "namespace", json_string(call->ns));
	if (!is_create)
		json_object_set_new(metadata, "name", json_string(call->name));
	return true;
}

/* Nothing new in a namespace that is not there or on its way out. */
static bool namespace_is_open(struct call *call)
{
	if (!*call->ns)
		return true;
	const json_t *ns = store_get(call->api->store, lab_resource_kind("Namespace"), "", call->ns);
	if (!ns) {
		json_t *details = json_pack("{s:s,s:s}", "name", call->ns, "kind", "namespaces");
		json_t *status = json_pack("{s:s,s:s,s:{},s:s,s:s++,s:s,s:o,s:i}", "kind", "Status", "apiVersion", "v1",
		                           "metadata", "status", "Failure", "message", "namespaces \"", call->ns,
		                           "\" not found", "reason", "NotFound", "details", details, "code", 404);
		reply_json(call, 404, status);
		return false;
	}
	if (*json_walk_str(ns, "metadata", "deletionTimestamp", NULL)) {
		reply_status(call, 403, "Forbidden",
		             "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being "
		             "terminated",
		             call->resource->plural, call->name, call->ns);
		return false;
	}
	return true;
}

/* Stores a checked object as new and answers. `manager` has been noted. */
void object_store_new(struct call *call, json_t *object)
{
	struct err err;
	if (!namespace_is_open(call))
		return;
	if (call->resource->has_status)
		json_object_del(object, "status");
	json_t *stored = store_write(call->api->store, call->resource, object, STORE_ADD, call_is_dry(call), &err);
	if (!stored) {
		reply_error(call, &err, true);
		return;
	}
	reply_json(call, 201, stored);
}

void object_create(struct call *call)
{
	json_t *object = body_parse(call);
	if (!object)
		return;
	if (body_check(call, object) && object_place_is_fine(call, object, true)) {
		char *manager = call_manager(call);
		call->name = json_walk_str(object, "metadata", "name", NULL);
		if (!*call->name)
			call->name = json_walk_str(object, "metadata", "generateName", NULL);
		apply_note_update(object, NULL, call->resource, manager, "");
		object_store_new(call, object);
		free(manager);
	}
	call->name = "";
	json_decref(object);
}

/* What was asked of the scale, put into the object that is scaled. */
static json_t *unscaled(const json_t *live, const json_t *scale)
{
	json_t *object = json_deep_copy(live);
	const char *version = json_walk_str(scale, "metadata", "resourceVersion", NULL);
	json_object_set_new(json_object_get(object, "spec"), "replicas",
	                    json_integer(json_walk_int(scale, 0, "spec", "replicas", NULL)));
	if (*version)
		json_object_set_new(json_object_get(object, "metadata"), "resourceVersion", json_string(version));
	return object;
}

void object_store_changed(struct call *call, json_t *object, const json_t *live)
{
	struct err err;
	bool is_status = strcmp(call->sub, "status") == 0, is_scale = strcmp(call->sub, "scale") == 0;
	json_t *changed = is_scale ? unscaled(live, object) : json_incref(object);
	char *manager = call_manager(call);
	if (!is_status)
		apply_note_update(changed, live, call->resource, manager, call->sub);
	json_t *stored = store_write(call->api->store, call->resource, changed,
	                             is_status ? STORE_UPDATE_STATUS : STORE_UPDATE, call_is_dry(call), &err);
	if (!stored) {
		reply_error(call, &err, false);
	} else {
		reply_json(call, 200, is_scale ? scale_of(stored) : json_incref(stored));
		json_decref(stored);
	}
	free(manager);
	json_decref(changed);
}

void object_replace(struct call *call)
{
	const json_t *live = object_find(call);
	json_t *object = live ? body_parse(call) : NULL;
	if (!object)
		return;
	if (body_check(call, object) && object_place_is_fine(call, object, false)) {
		struct err err;
		if (call->resource->is_custom && !*json_walk_str(object, "metadata", "resourceVersion", NULL)) {
			err_set(&err, ERR_INVALID,
			        "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
			reply_error(call, &err, false);
		} else {
			object_store_changed(call, object, live);
		}
	}
	json_decref(object);
}

/* ---- deleting ---- */

struct deletion {
	int64_t grace_s; /* -1: the object's own */
	const char *uid, *version;
	bool is_orphaning, is_dry;
};

static bool read_deletion(struct call *call, const json_t *options, struct deletion *out)
{
	const char *policy = json_walk_str(options, "propagationPolicy", NULL),
	           *grace = query_get(&call->query, "gracePeriodSeconds");
	if (!*policy)
		policy = query_get(&call->query, "propagationPolicy");
	*out = (struct deletion){.grace_s = json_walk_int(options, -1, "gracePeriodSeconds", NULL),
	                         .uid = json_walk_str(options, "preconditions", "uid", NULL),
	                         .version = json_walk_str(options, "preconditions", "resourceVersion", NULL),
	                         .is_orphaning = strcmp(policy, "Orphan") == 0 ||
	                                         json_is_true(json_object_get(options, "orphanDependents"))};
	const json_t *dry = json_object_get(options, "dryRun");
	out->is_dry = call_is_dry(call) || json_array_size(dry) > 0;
	if (*grace && !text_to_int(grace, 0, INT32_MAX, &out->grace_s))
		return false;
	return out->grace_s <= INT32_MAX && (out->grace_s >= 0 || !json_object_get(options, "gracePeriodSeconds"));
}

struct orphaning {
	struct call *call;
	const char *uid;
	VEC(json_t *) found;
};

static bool find_dependent(const json_t *object, void *user)
{
	struct orphaning *orphaning = user;
	size_t i;
	json_t *owner;
	json_array_foreach (json_walk(object, "metadata", "ownerReferences", NULL), i, owner) {
		if (strcmp(json_walk_str(owner, "uid", NULL), orphaning->uid) == 0) {
			json_t *copy = json_deep_copy(object);
			json_array_remove(json_object_get(json_object_get(copy, "metadata"), "ownerReferences"), i);
			vec_push(&orphaning->found, copy);
			break;
		}
	}
	return true;
}

/* Takes the owner's name from what it owns, before it goes. */
static void orphan_all(struct call *call, const json_t *owner)
{
	struct store *store = call->api->store;
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		struct orphaning orphaning = {call, json_walk_str(owner, "metadata", "uid", NULL), {0}};
		store_each(store, row, NULL, find_dependent, &orphaning);
		for (size_t i = 0; i < orphaning.found.len; i++) {
			store_update(store, row, orphaning.found.data[i], NULL, NULL);
			json_decref(orphaning.found.data[i]);
		}
		vec_finish(&orphaning.found);
	}
}

static bool may_be_deleted(struct call *call, const json_t *object, const struct deletion *deletion)
{
	static const char *const fixed[] = {"default", "kube-system", "kube-public", "ovn-kubernetes"};
	const char *name = json_walk_str(object, "metadata", "name", NULL);
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (strcmp(call->resource->plural, "namespaces") == 0 && strcmp(name, fixed[i]) == 0) {
			reply_status(call, 403, "Forbidden",
			             "namespaces \"%s\" is forbidden: this namespace may not be deleted", name);
			return false;
		}
	if ((*deletion->uid && strcmp(deletion->uid, json_walk_str(object, "metadata", "uid", NULL)) != 0) ||
	    (*deletion->version &&
	     strcmp(deletion->version, json_walk_str(object, "metadata", "resourceVersion", NULL)) != 0)) {
		reply_status(call, 409, "Conflict",
		             "Operation cannot be fulfilled on %s \"%s\": Precondition failed: the object is not the "
		             "one that was meant",
		             call->resource->plural, name);
		return false;
	}
	return true;
}

static void delete_one(struct call *call, const json_t *object, const struct deletion *deletion)
{
	json_t *kept = json_incref((json_t *)object);
	if (!deletion->is_dry) {
		if (deletion->is_orphaning)
			orphan_all(call, object);
		store_delete(call->api->store, call->resource, json_walk_str(kept, "metadata", "namespace", NULL),
		             json_walk_str(kept, "metadata", "name", NULL), deletion->grace_s, NULL);
	}
	json_decref(kept);
}

static json_t *read_options(struct call *call)
{
	struct err err;
	if (!call->request->body_size)
		return json_object();
	json_t *options =
	        json_parse(call->request->body, call->request->body_size, "the options of the deletion", &err);
	if (!options)
		reply_status(call, 400, "BadRequest", "%s", err.text);
	return options;
}

void object_delete(struct call *call)
{
	struct deletion deletion;
	const json_t *object = object_find(call);
	json_t *options = object ? read_options(call) : NULL;
	if (!options)
		return;
	if (!read_deletion(call, options, &deletion)) {
		reply_status(call, 400, "BadRequest",
		             "gracePeriodSeconds: must be a whole number that is not negative");
	} else if (may_be_deleted(call, object, &deletion)) {
		json_t *before = json_incref((json_t *)object);
		delete_one(call, object, &deletion);
		const json_t *left = store_get(call->api->store, call->resource, call->ns, call->name);
		if (left || strcmp(call->resource->kind, "Pod") == 0)
			reply_json(call, 200, json_incref(left ? (json_t *)left : before));
		else
			reply_json(call, 200,
			           json_pack("{s:s,s:s,s:{},s:s,s:{s:s,s:s,s:s,s:s}}", "kind", "Status", "apiVersion",
			                     "v1", "metadata", "status", "Success", "details", "name", call->name,
			                     "group", call->resource->group, "kind", call->resource->plural, "uid",
			                     json_walk_str(before, "metadata", "uid", NULL)));
		json_decref(before);
	}
	json_decref(options);
}

struct collection {
	const struct selector *selector;
	VEC(json_t *) found;
};

static bool collect(const json_t *object, void *user)
{
	struct collection *collection = user;
	if (selector_matches(collection->selector, object))
		vec_push(&collection->found, json_incref((json_t *)object));
	return true;
}

void object_delete_all(struct call *call)
{
	struct deletion deletion;
	struct collection collection = {0};
	struct selector *selector = selector_of_call(call);
	json_t *options = selector ? read_options(call) : NULL;
	if (options && read_deletion(call, options, &deletion) && (*call->ns || !call->resource->namespaced)) {
		collection.selector = selector;
		store_each(call->api->store, call->resource, list_ns(call), collect, &collection);
		for (size_t i = 0; i < collection.found.len; i++) {
			if (may_be_deleted(call, collection.found.data[i], &deletion))
				delete_one(call, collection.found.data[i], &deletion);
			json_decref(collection.found.data[i]);
		}
		reply_json(call, 200,
		           json_pack("{s:s,s:s,s:{},s:s}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
		                     "Success"));
	} else if (options) {
		reply_status(call, 405, "MethodNotAllowed",
		             "a collection is deleted in one namespace, with valid options");
	}
	vec_finish(&collection.found);
	json_decref(options);
	selector_destroy(selector);
}
