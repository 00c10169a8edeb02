/* route: what a request asks for: its path taken apart, the kind found in the table, the user asked for permission, the
 * handler found by method or subresource.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

typedef void handler_fn(struct call *call);

static bool split_path(struct call *call, const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t len = strcspn(++path, "/");
		if (len == 0 && !path[len])
			return true; /* one slash at the end is forgiven */
		if (len == 0 || call->n_segments == API_SEGMENTS_MAX)
			return false;
		char *segment = percent_decode(path, len, false);
		if (!segment)
			return false;
		call->segments[call->n_segments++] = segment;
		path += len;
	}
	return true;
}

static const char *segment(const struct call *call, size_t at)
{
	return at < call->n_segments ? call->segments[at] : "";
}

/* Kind, namespace, name and subresource from the path; false when it names none that is served. */
static bool find_target(struct call *call)
{
	bool is_core = strcmp(segment(call, 0), "api") == 0;
	size_t at = is_core ? 2 : 3;
	const char *group = is_core ? "" : segment(call, 1), *version = segment(call, at - 1);
	if (!is_core && (strcmp(segment(call, 0), "apis") != 0 || !*group))
		return false;
	const char *own = strcmp(group, VIRT_GROUP) == 0 ? "kubevirt.io" : group; /* whose objects they are */
	if (strcmp(segment(call, at), "namespaces") == 0 && call->n_segments > at + 2) {
		/* "status" and "finalize" belong to the namespace itself */
		call->resource = lab_resource_find(own, version, segment(call, at + 2));
		if (call->resource && call->resource->namespaced) {
			call->ns = segment(call, at + 1);
			at += 2;
		}
	}
	call->resource = lab_resource_find(own, version, segment(call, at));
	call->group = group;
	call->name = segment(call, at + 1);
	call->sub = segment(call, at + 2);
	if (own != group && !*call->sub)
		return false;
	return call->resource && !call->resource->is_pending && call->n_segments <= at + 3;
}

static const char *verb_of(const struct call *call)
{
	static const struct {
		const char *method, *one, *many;
	} verbs[] = {{"GET", "get", "list"},  {"HEAD", "get", "list"},  {"POST", "create", "create"},
	             {"PUT", "update", NULL}, {"PATCH", "patch", NULL}, {"DELETE", "delete", "deletecollection"}};
	const char *method = call->request->method;
	if (strcmp(call->sub, "exec") == 0 || strcmp(call->sub, "attach") == 0 || strcmp(call->sub, "portforward") == 0)
		return "create";
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(method, verbs[i].method) != 0)
			continue;
		if (!*call->name && verbs[i].method[0] == 'G' && query_is(&call->query, "watch"))
			return "watch";
		return *call->name ? verbs[i].one : verbs[i].many;
	}
	return NULL;
}

static const struct {
	const char *verb;
	handler_fn *handler;
} handlers[] = {
        {"get", object_get},        {"list", object_list},
        {"watch", watch_start},     {"create", object_create},
        {"update", object_replace}, {"patch", object_patch},
        {"delete", object_delete},  {"deletecollection", object_delete_all},
};

static handler_fn *handler_of(const char *verb)
{
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (strcmp(handlers[i].verb, verb) == 0)
			return handlers[i].handler;
	return NULL;
}

/* Subresources that are not the object seen from another side. */
static const struct {
	const char *group, *plural, *sub, *methods;
	handler_fn *handler;
} subresources[] = {
        {"", "pods", "log", "GET", log_start},
        {"", "pods", "exec", "GET POST", exec_start},
        {VIRT_GROUP, "virtualmachines", "start", "PUT", virt_start},
        {VIRT_GROUP, "virtualmachines", "stop", "PUT", virt_stop},
        {VIRT_GROUP, "virtualmachines", "restart", "PUT", virt_restart},
        {VIRT_GROUP, "virtualmachineinstances", "console", "GET", console_start},
        {VIRT_GROUP, "virtualmachineinstances", "pause", "PUT", virt_pause},
        {VIRT_GROUP, "virtualmachineinstances", "unpause", "PUT", virt_unpause},
        {VIRT_GROUP, "virtualmachineinstances", "softreboot", "PUT", virt_soft_reboot},
        {VIRT_GROUP, "virtualmachineinstances", "guestosinfo", "GET", virt_guest_info},
};

static handler_fn *sub_handler(struct call *call, const char *verb)
{
	bool is_view = (strcmp(call->sub, "status") == 0 && call->resource->has_status) ||
	               (strcmp(call->sub, "scale") == 0 && call->resource->has_scale);
	if (is_view && strcmp(call->group, call->resource->group) == 0 &&
	    (strcmp(verb, "get") == 0 || strcmp(verb, "update") == 0 || strcmp(verb, "patch") == 0))
		return handler_of(verb);
	for (size_t i = 0; i < sizeof subresources / sizeof *subresources; i++)
		if (strcmp(subresources[i].group, call->group) == 0 &&
		    strcmp(subresources[i].plural, call->resource->plural) == 0 &&
		    strcmp(subresources[i].sub, call->sub) == 0 &&
		    strstr(subresources[i].methods, call->request->method))
			return subresources[i].handler;
	return NULL;
}

static void not_allowed(struct call *call)
{
	reply_status(call, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

/* A create has its name in the body; one in a namespace only makes sense there. */
static bool shape_is_fine(const struct call *call, const char *verb)
{
	bool is_create = strcmp(verb, "create") == 0 && !*call->sub;
	if (is_create && *call->name)
		return false;
	if (call->resource->verbs && strcmp(call->resource->verbs, "create") == 0)
		return is_create;
	return !call->resource->namespaced || *call->ns || (!*call->name && !is_create);
}

static void serve_resource(struct call *call)
{
	const char *verb = verb_of(call);
	if (!verb || !shape_is_fine(call, verb)) {
		not_allowed(call);
		return;
	}
	char *what = mem_printf("%s%s%s", call->resource->plural, *call->sub ? "/" : "", call->sub);
	/* a namespace's own rights are asked for in it */
	const char *ns = strcmp(call->resource->plural, "namespaces") == 0 ? call->name : call->ns;
	bool may = api_user_may(call->request->user, verb, call->group, what, ns);
	free(what);
	if (!may) {
		reply_forbidden(call, verb);
		return;
	}
	handler_fn *handler = *call->sub ? sub_handler(call, verb) : handler_of(verb);
	if (!handler && *call->sub)
		reply_no_path(call);
	else if (!handler || !lab_resource_has_verb(call->resource, verb))
		not_allowed(call);
	else if (call->resource->verbs && strcmp(call->resource->verbs, "create") == 0)
		review_create(call);
	else
		handler(call);
}

static void serve(struct call *call)
{
	if (!split_path(call, call->request->path)) {
		reply_no_path(call);
		return;
	}
	if (!query_parse(&call->query, call->request->query)) {
		reply_status(call, 400, "BadRequest", "the query is malformed, or has more than %d parts",
		             API_QUERY_MAX);
		return;
	}
	if (call->n_segments >= 3 && virt_serve(call))
		return;
	if (discovery_serve(call))
		return;
	if (!find_target(call)) {
		call->resource = NULL;
		call->name = "";
		reply_no_path(call);
		return;
	}
	serve_resource(call);
}

void api_handle(struct api *api, const struct api_request *request, struct api_reply *reply)
{
	struct call call = {
	        .api = api, .request = request, .reply = reply, .group = "", .ns = "", .name = "", .sub = ""};
	*reply = (struct api_reply){.status = 500};
	serve(&call);
	for (size_t i = 0; i < call.n_segments; i++)
		free(call.segments[i]);
	query_finish(&call.query);
}
