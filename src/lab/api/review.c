/* review: who may do what, as a table, and the reviews by which kubectl auth asks for it. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

/* What those may do who are not administrators. Reading is for all namespaces, writing for those that are not the
 * system's ("kube-...", "ovn-kubernetes"). */
#define READ "get list watch"
#define WRITE "create update patch delete deletecollection"
static const struct rule {
	const char *group, *resources, *verbs; /* blank-separated */
} rules[] = {
        {"", "pods pods/status configmaps secrets services serviceaccounts", READ " " WRITE},
        {"", "pods/exec pods/attach pods/portforward", "create get"},
        {"", "pods/log namespaces events", READ},
        {"apps", "deployments deployments/status deployments/scale replicasets replicasets/status replicasets/scale",
         READ " " WRITE},
        {"k8s.cni.cncf.io", "network-attachment-definitions ipamclaims multi-networkpolicies", READ},
        {"kubevirt.io", "virtualmachines virtualmachineinstances", READ " " WRITE},
        {"subresources.kubevirt.io",
         "virtualmachineinstances/console virtualmachineinstances/pause virtualmachineinstances/unpause "
         "virtualmachineinstances/softreboot virtualmachineinstances/guestosinfo "
         "virtualmachines/start virtualmachines/stop virtualmachines/restart",
         "get update"},
        {"apiextensions.k8s.io", "customresourcedefinitions", READ},
        {"authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"},
        {"authentication.k8s.io", "selfsubjectreviews", "create"},
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; len && (at = strstr(at, word)); at++)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static bool is_reading(const char *verb)
{
	return has_word(READ, verb);
}

static bool is_system(const char *ns)
{
	return text_has_prefix(ns, "kube-") || strcmp(ns, "ovn-kubernetes") == 0;
}

bool api_user_may(const struct api_user *user, const char *verb, const char *group, const char *resource,
                  const char *ns)
{
	if (user->is_admin)
		return true;
	if (!is_reading(verb) && is_system(ns))
		return false;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].group, group) == 0 && has_word(rules[i].resources, resource) &&
		    has_word(rules[i].verbs, verb))
			return true;
	return false;
}

/* ---- SelfSubjectAccessReview ---- */

static bool is_path_open(const char *path)
{
	static const char *const prefixes[] = {"/api",     "/apis",  "/openapi", "/version",
	                                       "/healthz", "/livez", "/readyz"};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (text_has_prefix(path, prefixes[i]))
			return true;
	return false;
}

static void review_access(struct call *call, json_t *review)
{
	const json_t *spec = json_object_get(review, "spec"), *what = json_object_get(spec, "resourceAttributes"),
	             *path = json_object_get(spec, "nonResourceAttributes");
	const struct api_user *user = call->request->user;
	const char *sub = json_walk_str(what, "subresource", NULL);
	char *resource = mem_printf("%s%s%s", json_walk_str(what, "resource", NULL), *sub ? "/" : "", sub);
	bool may = what && api_user_may(user, json_walk_str(what, "verb", NULL), json_walk_str(what, "group", NULL),
	                                resource, json_walk_str(what, "namespace", NULL));
	if (!what && path)
		may = user->is_admin || (strcmp(json_walk_str(path, "verb", NULL), "get") == 0 &&
		                         is_path_open(json_walk_str(path, "path", NULL)));
	free(resource);
	json_object_set_new(review, "status", json_pack("{s:b}", "allowed", may));
	if (may)
		json_object_set_new(json_object_get(review, "status"), "reason",
		                    json_sprintf("the lab lets its %s do that", user->name));
}

/* ---- SelfSubjectRulesReview ---- */

static json_t *word_list(const char *words)
{
	json_t *list = json_array();
	while (*words) {
		size_t len = strcspn(words, " ");
		json_array_append_new(list, json_stringn(words, len));
		words += len + (words[len] == ' ');
	}
	return list;
}

static void review_rules(struct call *call, json_t *review)
{
	json_t *list = json_array(), *paths = json_array();
	const struct api_user *user = call->request->user;
	const char *ns = json_walk_str(review, "spec", "namespace", NULL);
	if (user->is_admin) {
		json_array_append_new(
		        list, json_pack("{s:[s],s:[s],s:[s]}", "verbs", "*", "apiGroups", "*", "resources", "*"));
		json_array_append_new(paths, json_pack("{s:[s],s:[s]}", "verbs", "*", "nonResourceURLs", "*"));
	} else {
		for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
			bool is_shut = is_system(ns) && has_word(rules[i].verbs, "delete");
			if (is_system(ns) && has_word(rules[i].resources, "pods/exec"))
				continue;
			json_array_append_new(list,
			                      json_pack("{s:o,s:[s],s:o}", "verbs",
			                                word_list(is_shut ? READ : rules[i].verbs), "apiGroups",
			                                rules[i].group, "resources", word_list(rules[i].resources)));
		}
		json_array_append_new(paths, json_pack("{s:[s],s:[s,s,s,s,s]}", "verbs", "get", "nonResourceURLs",
		                                       "/api/*", "/apis/*", "/openapi/*", "/version", "/healthz"));
	}
	json_object_set_new(
	        review, "status",
	        json_pack("{s:b,s:o,s:o}", "incomplete", 0, "resourceRules", list, "nonResourceRules", paths));
}

/* ---- SelfSubjectReview ---- */

static void review_self(struct call *call, json_t *review)
{
	const struct api_user *user = call->request->user;
	json_object_set_new(review, "status",
	                    json_pack("{s:{s:s,s:o}}", "userInfo", "username", user->name, "groups",
	                              word_list(user->groups ? user->groups : "")));
}

void review_create(struct call *call)
{
	static const struct {
		const char *kind;
		void (*review)(struct call *call, json_t *review);
	} reviews[] = {{"SelfSubjectAccessReview", review_access},
	               {"SelfSubjectRulesReview", review_rules},
	               {"SelfSubjectReview", review_self}};
	json_t *object = body_parse(call);
	if (!object || !body_check(call, object)) {
		json_decref(object);
		return;
	}
	if (!json_object_get(object, "metadata"))
		json_object_set_new(object, "metadata", json_object());
	for (size_t i = 0; i < sizeof reviews / sizeof *reviews; i++)
		if (strcmp(reviews[i].kind, call->resource->kind) == 0)
			reviews[i].review(call, object);
	struct str version = {0};
	lab_resource_api_version(call->resource, &version);
	json_object_set_new(object, "kind", json_string(call->resource->kind));
	json_object_set_new(object, "apiVersion", json_string(str_text(&version)));
	str_finish(&version);
	reply_json(call, 201, object);
}
