/* discovery: what the API serves, in the old form (a document a group) and in the aggregated one, and the version. */
#include <string.h>
#include <sys/utsname.h>

#include "lab/api/private.h"

static const char *const all_verbs[] = {"create", "delete", "deletecollection", "get", "list", "patch", "update",
                                        "watch",  NULL};
static const char *const view_verbs[] = {"get", "patch", "update", NULL};

static json_t *words(const char *text)
{
	json_t *list = json_array();
	while (text && *text) {
		size_t len = strcspn(text, " ");
		json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return list;
}

static json_t *verb_list(const char *const *verbs, const struct lab_resource *row)
{
	json_t *list = json_array();
	for (; *verbs; verbs++)
		if (lab_resource_has_verb(row, *verbs))
			json_array_append_new(list, json_string(*verbs));
	return list;
}

/* The subresources of a kind, with the kind that they answer. */
static const struct {
	const char *name, *group, *version, *kind; /* kind NULL: the object's own */
	const char *plural;                        /* only of this one */
	const char *verbs;
} subs[] = {
        {"status", "", "", NULL, NULL, NULL},
        {"scale", "autoscaling", "v1", "Scale", NULL, NULL},
        {"log", "", "", NULL, "pods", "get"},
        {"exec", "", "v1", "PodExecOptions", "pods", "create get"},
};

static bool has_sub(const struct lab_resource *row, size_t at)
{
	if (subs[at].plural)
		return !*row->group && strcmp(subs[at].plural, row->plural) == 0;
	return strcmp(subs[at].name, "scale") == 0 ? row->has_scale : row->has_status;
}

static json_t *sub_verbs(const struct lab_resource *row, size_t at)
{
	return subs[at].verbs ? words(subs[at].verbs) : verb_list(view_verbs, row);
}

/* ---- the old form ---- */

static void add_legacy(json_t *list, const struct lab_resource *row)
{
	json_t *resource =
	        json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", row->plural, "singularName", row->singular, "namespaced",
	                  row->namespaced, "kind", row->kind, "verbs", verb_list(all_verbs, row));
	if (row->short_names)
		json_object_set_new(resource, "shortNames", words(row->short_names));
	if (row->categories)
		json_object_set_new(resource, "categories", words(row->categories));
	json_array_append_new(list, resource);
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		if (!has_sub(row, i))
			continue;
		json_t *sub = json_pack("{s:s++,s:s,s:b,s:s,s:o}", "name", row->plural, "/", subs[i].name,
		                        "singularName", "", "namespaced", row->namespaced, "kind",
		                        subs[i].kind ? subs[i].kind : row->kind, "verbs", sub_verbs(row, i));
		if (*subs[i].group) {
			json_object_set_new(sub, "group", json_string(subs[i].group));
			json_object_set_new(sub, "version", json_string(subs[i].version));
		}
		json_array_append_new(list, sub);
	}
}

static void serve_legacy(struct call *call, const char *group, const char *version)
{
	json_t *list = json_array();
	bool is_there = false;
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		if (row->is_pending || strcmp(row->group, group) != 0 || strcmp(row->version, version) != 0)
			continue;
		is_there = true;
		add_legacy(list, row);
	}
	if (is_there)
		reply_json(call, 200,
		           json_pack("{s:s,s:s,s:s++,s:O}", "kind", "APIResourceList", "apiVersion", "v1",
		                     "groupVersion", group, *group ? "/" : "", version, "resources", list));
	else
		reply_no_path(call);
	json_decref(list);
}

/* ---- groups ---- */

static bool is_first_of(const struct lab_resource *row, bool of_group)
{
	for (const struct lab_resource *other = lab_resources; other < row; other++)
		if (!other->is_pending && strcmp(other->group, row->group) == 0 &&
		    (of_group || strcmp(other->version, row->version) == 0))
			return false;
	return !row->is_pending;
}

static json_t *group_of(const char *name)
{
	json_t *versions = json_array();
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (strcmp(row->group, name) == 0 && is_first_of(row, false))
			json_array_append_new(versions, json_pack("{s:s++,s:s}", "groupVersion", name, "/",
			                                          row->version, "version", row->version));
	if (!json_array_size(versions)) {
		json_decref(versions);
		return NULL;
	}
	return json_pack("{s:s,s:o,s:O}", "name", name, "versions", versions, "preferredVersion",
	                 json_array_get(versions, 0));
}

static void serve_groups(struct call *call)
{
	json_t *groups = json_array();
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (*row->group && is_first_of(row, true))
			json_array_append_new(groups, group_of(row->group));
	reply_json(call, 200, json_pack("{s:s,s:s,s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups", groups));
}

/* ---- the aggregated form ---- */

static json_t *aggregated_resource(const struct lab_resource *row)
{
	json_t *sub_list = json_array();
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		bool is_own = subs[i].kind == NULL;
		if (has_sub(row, i))
			json_array_append_new(sub_list,
			                      json_pack("{s:s,s:{s:s,s:s,s:s},s:o}", "subresource", subs[i].name,
			                                "responseKind", "group", is_own ? row->group : subs[i].group,
			                                "version", is_own ? row->version : subs[i].version, "kind",
			                                is_own ? row->kind : subs[i].kind, "verbs", sub_verbs(row, i)));
	}
	json_t *resource = json_pack("{s:s,s:{s:s,s:s,s:s},s:s,s:s,s:o,s:o,s:o}", "resource", row->plural,
	                             "responseKind", "group", row->group, "version", row->version, "kind", row->kind,
	                             "scope", row->namespaced ? "Namespaced" : "Cluster", "singularResource",
	                             row->singular, "verbs", verb_list(all_verbs, row), "shortNames",
	                             words(row->short_names), "categories", words(row->categories));
	if (json_array_size(sub_list))
		json_object_set(resource, "subresources", sub_list);
	json_decref(sub_list);
	return resource;
}

static json_t *aggregated_group(const char *group)
{
	json_t *versions = json_array();
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		if (strcmp(row->group, group) != 0 || !is_first_of(row, false))
			continue;
		json_t *resources = json_array();
		for (const struct lab_resource *of = row; of->kind; of++)
			if (!of->is_pending && strcmp(of->group, group) == 0 && strcmp(of->version, row->version) == 0)
				json_array_append_new(resources, aggregated_resource(of));
		json_array_append_new(versions, json_pack("{s:s,s:o,s:s}", "version", row->version, "resources",
		                                          resources, "freshness", "Current"));
	}
	json_t *item = json_pack("{s:{},s:o}", "metadata", "versions", versions);
	if (*group)
		json_object_set_new(json_object_get(item, "metadata"), "name", json_string(group));
	return item;
}

static bool serve_aggregated(struct call *call, bool is_core)
{
	const char *accept = call->request->accept;
	bool is_v2 = strstr(accept, "g=apidiscovery.k8s.io;v=v2;") != NULL;
	if (!strstr(accept, "as=APIGroupDiscoveryList") || !strstr(accept, "g=apidiscovery.k8s.io"))
		return false;
	json_t *items = json_array();
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (!*row->group == is_core && is_first_of(row, true))
			json_array_append_new(items, aggregated_group(row->group));
	reply_json(call, 200,
	           json_pack("{s:s,s:s,s:{},s:o}", "kind", "APIGroupDiscoveryList", "apiVersion",
	                     is_v2 ? "apidiscovery.k8s.io/v2" : "apidiscovery.k8s.io/v2beta1", "metadata", "items",
	                     items));
	call->reply->content_type = is_v2 ? "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	                                  : "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
	return true;
}

/* ---- paths ---- */

static void serve_api(struct call *call)
{
	if (!serve_aggregated(call, true))
		reply_json(call, 200,
		           json_pack("{s:s,s:[s],s:[{s:s,s:s}]}", "kind", "APIVersions", "versions", "v1",
		                     "serverAddressByClientCIDRs", "clientCIDR", "0.0.0.0/0", "serverAddress",
		                     call->api->options.host_port));
}

static void serve_apis(struct call *call)
{
	if (!serve_aggregated(call, false))
		serve_groups(call);
}

static void serve_version(struct call *call)
{
	struct utsname machine;
	const char *version = call->api->options.version;
	int64_t minor = 0;
	char digits[8] = "";
	const char *dot = strchr(version, '.');
	if (dot)
		strncat(digits, dot + 1, strspn(dot + 1, "0123456789") < 7 ? strspn(dot + 1, "0123456789") : 7);
	text_to_int(digits, 0, 999, &minor);
	bool is_arm = uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0;
	reply_json(call, 200,
	           json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "major", "1", "minor", digits, "gitVersion",
	                     version, "gitCommit", "onesdn-lab-" ONESDN_VERSION, "gitTreeState", "clean", "buildDate",
	                     "1970-01-01T00:00:00Z", "goVersion", "none", "compiler", "cc", "platform",
	                     is_arm ? "linux/arm64" : "linux/amd64"));
}

static void serve_healthy(struct call *call)
{
	call->reply->status = 200;
	call->reply->content_type = "text/plain; charset=utf-8";
	str_append(&call->reply->body, "ok");
}

/* An empty document is a valid one and takes kubectl past its client-side checks; ours adds what it wants to know of dryRun. */
static void serve_openapi(struct call *call)
{
	call->reply->status = 200;
	call->reply->content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
	openapi_v2(&call->reply->body);
}

bool discovery_serve(struct call *call)
{
	static const struct {
		const char *path;
		void (*serve)(struct call *call);
	} paths[] = {{"/version", serve_version},    {"/api", serve_api},         {"/apis", serve_apis},
	             {"/openapi/v2", serve_openapi}, {"/healthz", serve_healthy}, {"/livez", serve_healthy},
	             {"/readyz", serve_healthy}};
	const char *path = call->request->path;
	size_t len = strlen(path), n = call->n_segments;
	if (strcmp(call->request->method, "GET") != 0)
		return false;
	if (len && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		if (strlen(paths[i].path) == len && strncmp(paths[i].path, path, len) == 0) {
			paths[i].serve(call);
			return true;
		}
	}
	if (n == 2 && strcmp(call->segments[0], "api") == 0) {
		serve_legacy(call, "", call->segments[1]);
	} else if (n == 3 && strcmp(call->segments[0], "apis") == 0 && *call->segments[1]) {
		serve_legacy(call, call->segments[1], call->segments[2]);
	} else if (n == 2 && strcmp(call->segments[0], "apis") == 0 && *call->segments[1]) {
		json_t *group = group_of(call->segments[1]);
		if (!group) {
			reply_no_path(call);
			return true;
		}
		json_object_set_new(group, "kind", json_string("APIGroup"));
		json_object_set_new(group, "apiVersion", json_string("v1"));
		reply_json(call, 200, group);
	} else {
		return false;
	}
	return true;
}
