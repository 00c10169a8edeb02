/* status: replies, and the API's own words for what went wrong (kind Status), as kubectl prints them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

void api_stream_wake(struct api_stream *stream)
{
	if (stream->wake)
		stream->wake(stream->wake_user);
}

void api_reply_finish(struct api_reply *reply)
{
	for (size_t i = 0; i < reply->warnings.len; i++)
		free(reply->warnings.data[i]);
	vec_finish(&reply->warnings);
	str_finish(&reply->body);
	if (reply->stream)
		reply->stream->destroy(reply->stream);
	if (reply->upgrade) {
		if (reply->upgrade->user)
			reply->upgrade->cancel(reply->upgrade->user);
		free(reply->upgrade);
	}
	*reply = (struct api_reply){0};
}

void reply_json(struct call *call, int status, json_t *value)
{
	str_clear(&call->reply->body);
	if (!value) { /* text that is no UTF-8 got into it */
		call->reply->status = 500;
		str_append(&call->reply->body,
		           "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
		           "\"reason\":\"InternalError\","
		           "\"message\":\"the lab could not put its answer into words\",\"code\":500}\n");
		return;
	}
	call->reply->status = status;
	str_append_json(&call->reply->body, value, JSON_COMPACT);
	str_append_c(&call->reply->body, '\n');
	json_decref(value);
}

void resource_name(const struct lab_resource *resource, struct str *out)
{
	str_append_f(out, "%s%s%s", resource->plural, *resource->group ? "." : "", resource->group);
}

static json_t *status_new(int code, const char *reason, const char *message)
{
	struct str safe = {0};
	str_append_safe(&safe, message, strlen(message));
	json_t *status = json_pack("{s:s,s:s,s:{},s:s,s:s,s:s,s:i}", "kind", "Status", "apiVersion", "v1", "metadata",
	                           "status", "Failure", "message", str_text(&safe), "reason", reason, "code", code);
	str_finish(&safe);
	return status;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static json_t *details_of(const struct call *call, const char *kind)
{
	json_t *details = json_object();
	set_text(details, "name", call->name);
	if (call->resource)
		set_text(details, "group", call->resource->group);
	set_text(details, "kind", kind);
	return details;
}

void reply_status(struct call *call, int code, const char *reason, const char *fmt, ...)
{
	struct str message = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&message, fmt, args);
	va_end(args);
	json_t *status = status_new(code, reason, str_text(&message));
	json_object_set_new(status, "details", details_of(call, call->resource ? call->resource->plural : NULL));
	reply_json(call, code, status);
	str_finish(&message);
}

void reply_not_found(struct call *call)
{
	struct str name = {0};
	resource_name(call->resource, &name);
	reply_status(call, 404, "NotFound", "%s \"%s\" not found", str_text(&name), call->name);
	str_finish(&name);
}

void reply_no_path(struct call *call)
{
	reply_status(call, 404, "NotFound", "the server could not find the requested resource");
}

json_t *status_expired(void)
{
	json_t *status = status_new(410, "Expired",
	                            "too old resource version: the history that the lab keeps does not go back so far");
	return status;
}

static const char *cause_reason(const char *message)
{
	static const struct {
		const char *prefix, *reason;
	} reasons[] = {{"Required value", "FieldValueRequired"}, {"Unsupported value", "FieldValueNotSupported"},
	               {"Forbidden", "FieldValueForbidden"},     {"Duplicate value", "FieldValueDuplicate"},
	               {"Too long", "FieldValueTooLong"},        {"Too many", "FieldValueTooMany"}};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (text_has_prefix(message, reasons[i].prefix))
			return reasons[i].reason;
	return "FieldValueInvalid";
}

/* `text`: a line "FIELD: MESSAGE" for each cause. */
static void reply_invalid(struct call *call, const char *text)
{
	json_t *causes = json_array();
	struct str lines = {0}, message = {0};
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n"), field = 0;
		while (field + 1 < len && !(line[field] == ':' && line[field + 1] == ' '))
			field++;
		bool has_field = field + 1 < len;
		char *name = mem_strndup(line, has_field ? field : 0),
		     *what = mem_strndup(line + (has_field ? field + 2 : 0), len - (has_field ? field + 2 : 0));
		json_array_append_new(causes, json_pack("{s:s,s:s,s:s}", "reason", cause_reason(what), "message", what,
		                                        "field", name));
		str_append_f(&lines, "%s%.*s", lines.len ? ", " : "", (int)len, line);
		free(name);
		free(what);
		line += len + (line[len] == '\n');
	}
	bool is_many = json_array_size(causes) > 1;
	str_append_f(&message, "%s", call->resource->kind);
	if (*call->resource->group)
		str_append_f(&message, ".%s", call->resource->group);
	str_append_f(&message, " \"%s\" is invalid: %s%s%s", call->name, is_many ? "[" : "", str_text(&lines),
	             is_many ? "]" : "");
	json_t *status = status_new(422, "Invalid", str_text(&message)),
	       *details = details_of(call, call->resource->kind);
	json_object_set_new(details, "causes", causes);
	json_object_set_new(status, "details", details);
	reply_json(call, 422, status);
	str_finish(&lines);
	str_finish(&message);
}

void reply_error(struct call *call, const struct err *err, bool is_create)
{
	struct str name = {0};
	resource_name(call->resource, &name);
	switch (err->code) {
	case ERR_NOT_FOUND:
		reply_not_found(call);
		break;
	case ERR_CONFLICT:
		if (is_create)
			reply_status(call, 409, "AlreadyExists", "%s \"%s\" already exists", str_text(&name),
			             call->name);
		else
			reply_status(call, 409, "Conflict", "%s", err->text);
		break;
	case ERR_INVALID:
		reply_invalid(call, err->text);
		break;
	case ERR_LIMIT:
		reply_status(call, 413, "RequestEntityTooLarge", "%s", err->text);
		break;
	case ERR_DENIED:
		reply_status(call, 403, "Forbidden", "%s", err->text);
		break;
	default:
		reply_status(call, 500, "InternalError", "%s", err->text);
	}
	str_finish(&name);
}

void reply_forbidden(struct call *call, const char *verb)
{
	struct str name = {0}, where = {0};
	const char *sub = *call->sub ? "/" : "";
	resource_name(call->resource, &name);
	if (*call->ns)
		str_append_f(&where, "in the namespace \"%s\"", call->ns);
	else
		str_append(&where, "at the cluster scope");
	reply_status(call, 403, "Forbidden",
	             "%s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s%s%s\" in API group \"%s\" %s",
	             str_text(&name), *call->name ? " \"" : "", call->name, *call->name ? "\"" : "",
	             call->request->user->name, verb, call->resource->plural, sub, call->sub, call->resource->group,
	             str_text(&where));
	str_finish(&name);
	str_finish(&where);
}
