/* change: PATCH in its four kinds, server-side apply among them. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/objects.h"
#include "lab/api/patch.h"

enum patch_kind { PATCH_MERGE, PATCH_JSON, PATCH_STRATEGIC, PATCH_APPLY, PATCH_UNKNOWN };

static enum patch_kind kind_of_patch(const char *type)
{
	static const struct {
		const char *type;
		enum patch_kind kind;
	} kinds[] = {{"application/merge-patch+json", PATCH_MERGE},
	             {"application/json-patch+json", PATCH_JSON},
	             {"application/strategic-merge-patch+json", PATCH_STRATEGIC},
	             {"application/apply-patch+yaml", PATCH_APPLY}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (text_has_prefix(type, kinds[i].type))
			return kinds[i].kind;
	return PATCH_UNKNOWN;
}

static void reply_conflicts(struct call *call, json_t *conflicts)
{
	size_t n = json_array_size(conflicts), i;
	struct str text = {0};
	json_t *cause;
	str_append_f(&text, "Apply failed with %zu conflict%s:", n, n == 1 ? "" : "s");
	json_array_foreach (conflicts, i, cause)
		str_append_f(&text, "%s%s: %s", n == 1 ? " " : "\n- ", json_walk_str(cause, "message", NULL),
		             json_walk_str(cause, "field", NULL));
	json_t *status = json_pack("{s:s,s:s,s:{},s:s,s:s,s:s,s:{s:o},s:i}", "kind", "Status", "apiVersion", "v1",
	                           "metadata", "status", "Failure", "message", str_text(&text), "reason", "Conflict",
	                           "details", "causes", conflicts, "code", 409);
	reply_json(call, 409, status);
	str_finish(&text);
}

/* `config` is the whole intent of one manager; an object that is not there yet is made of it. */
static void apply(struct call *call, json_t *config)
{
	const json_t *live = store_get(call->api->store, call->resource, call->ns, call->name);
	json_t *conflicts = NULL;
	struct err err;
	if (!*query_get(&call->query, "fieldManager")) {
		reply_status(call, 400, "BadRequest",
		             "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for "
		             "apply patch");
		return;
	}
	if (!body_check(call, config) || !object_place_is_fine(call, config, false))
		return;
	char *manager = call_manager(call);
	json_t *object =
	        apply_merge(live, config, call->resource, manager, query_is(&call->query, "force"), &conflicts, &err);
	free(manager);
	if (conflicts) {
		reply_conflicts(call, conflicts);
	} else if (!object) {
		reply_error(call, &err, false);
	} else if (!live) {
		object_store_new(call, object);
	} else {
		json_t *stored =
		        store_write(call->api->store, call->resource, object, STORE_UPDATE, call_is_dry(call), &err);
		if (stored)
			reply_json(call, 200, stored);
		else
			reply_error(call, &err, false);
	}
	json_decref(object);
}

static json_t *patched(struct call *call, enum patch_kind kind, const json_t *target, const json_t *patch,
                       struct err *err)
{
	if (kind == PATCH_JSON)
		return patch_json(target, patch, err);
	if (kind == PATCH_STRATEGIC)
		return patch_strategic(target, patch, call->resource->schema, err);
	return patch_merge(target, patch);
}

static void patch_live(struct call *call, enum patch_kind kind, const json_t *patch)
{
	struct err err;
	bool is_scale = strcmp(call->sub, "scale") == 0;
	const json_t *live = object_find(call);
	if (!live)
		return;
	json_t *target = is_scale ? scale_of(live) : json_incref((json_t *)live);
	json_t *object = patched(call, kind, target, patch, &err);
	json_decref(target);
	if (!object && kind == PATCH_JSON)
		reply_status(call, 422, "Invalid", "%s", err.text);
	else if (!object)
		reply_status(call, 400, "BadRequest", "%s", err.text);
	else if (!json_is_object(object) || !json_is_object(json_object_get(object, "metadata")) ||
	         !text_equal(json_walk_str(object, "kind", NULL), is_scale ? "Scale" : call->resource->kind))
		reply_status(call, 400, "BadRequest", "the patch leaves no %s", call->resource->kind);
	else if (body_check(call, object) && object_place_is_fine(call, object, false))
		object_store_changed(call, object, live);
	json_decref(object);
}

void object_patch(struct call *call)
{
	enum patch_kind kind = kind_of_patch(call->request->content_type);
	struct err err;
	if (kind == PATCH_UNKNOWN || (kind == PATCH_STRATEGIC && call->resource->is_custom)) {
		reply_status(call, 415, "UnsupportedMediaType",
		             "the body of the request was in an unknown format - accepted media types include: "
		             "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
		return;
	}
	if (kind == PATCH_APPLY && !*call->sub) {
		json_t *config = body_parse(call);
		if (config)
			apply(call, config);
		json_decref(config);
		return;
	}
	json_t *patch = json_parse(call->request->body, call->request->body_size, "the patch", &err);
	if (!patch)
		reply_status(call, 400, "BadRequest", "%s", err.text);
	else if (kind != PATCH_JSON && !json_is_object(patch))
		reply_status(call, 400, "BadRequest", "the patch is not an object");
	else
		patch_live(call, kind, patch);
	json_decref(patch);
}
