/* body: the object in a request's body: JSON or protobuf, of the right kind, with fields that exist. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

static void bad_request(struct call *call, const char *text)
{
	reply_status(call, 400, "BadRequest", "%s", text);
}

static json_t *parse_any(struct call *call, struct err *err)
{
	const struct api_request *request = call->request;
	if (strstr(request->content_type, "application/vnd.kubernetes.protobuf"))
		return protobuf_parse(request->body, request->body_size, err);
	return json_parse(request->body, request->body_size, "the body of the request", err);
}

static bool type_is_fine(const char *type)
{
	return !*type || strstr(type, "json") || strstr(type, "application/apply-patch+yaml") ||
	       strstr(type, "application/vnd.kubernetes.protobuf") || strstr(type, "*/*");
}

static bool kind_is_fine(struct call *call, const json_t *object)
{
	const char *kind = json_walk_str(object, "kind", NULL), *version = json_walk_str(object, "apiVersion", NULL);
	const char *wanted_kind = strcmp(call->sub, "scale") == 0 ? "Scale" : call->resource->kind;
	struct str wanted = {0};
	if (strcmp(call->sub, "scale") == 0)
		str_append(&wanted, "autoscaling/v1");
	else
		lab_resource_api_version(call->resource, &wanted);
	bool is_fine =
	        (!*kind || strcmp(kind, wanted_kind) == 0) && (!*version || strcmp(version, str_text(&wanted)) == 0);
	if (!is_fine)
		reply_status(call, 400, "BadRequest",
		             "the API version in the data (%.100s, Kind=%.100s) does not match the expected API "
		             "version (%s, Kind=%s)",
		             version, kind, str_text(&wanted), wanted_kind);
	str_finish(&wanted);
	return is_fine;
}

json_t *body_parse(struct call *call)
{
	struct err err;
	if (!type_is_fine(call->request->content_type)) {
		reply_status(call, 415, "UnsupportedMediaType",
		             "the body of the request was in an unknown format - accepted media types include: "
		             "application/json, "
		             "application/vnd.kubernetes.protobuf");
		return NULL;
	}
	json_t *object = parse_any(call, &err);
	if (!object) {
		bad_request(call, err.text);
		return NULL;
	}
	if (!json_is_object(object) ||
	    (json_object_get(object, "metadata") && !json_is_object(json_object_get(object, "metadata")))) {
		bad_request(call, "the body of the request is not an object with metadata");
		json_decref(object);
		return NULL;
	}
	if (kind_is_fine(call, object))
		return object;
	json_decref(object);
	return NULL;
}

static bool reply_cannot(struct call *call, const char *what)
{
	reply_status(call, 400, "BadRequest", "%s in version \"%s\" cannot be handled as a %s: %s",
	             call->resource->kind, call->resource->version, call->resource->kind, what);
	return false;
}

bool body_check(struct call *call, json_t *object)
{
	struct str unknown = {0};
	struct err err;
	const char *validation = query_get(&call->query, "fieldValidation");
	const struct lab_schema *schema = strcmp(call->sub, "scale") == 0 ? &schema_scale : call->resource->schema;
	bool is_fine = schema_check(schema, object, &unknown, &err);
	if (!is_fine) {
		reply_cannot(call, err.text);
	} else if (unknown.len && strcmp(validation, "Strict") == 0) {
		char *text = mem_printf("strict decoding error: %.4000s", unknown.data);
		is_fine = reply_cannot(call, text);
		free(text);
	} else if (unknown.len && strcmp(validation, "Ignore") != 0) {
		vec_push(&call->reply->warnings, mem_printf("%.1000s", unknown.data));
	}
	str_finish(&unknown);
	return is_fine;
}
