/* api: the life of the API, and the objects that a cluster has from the beginning. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

static void add(struct store *store, const char *kind, json_t *object)
{
	struct err err;
	if (object && !store_add(store, lab_resource_kind(kind), object, NULL, &err) && err.code != ERR_CONFLICT)
		base_abort("the %s that a cluster begins with: %s", kind, err.text);
	json_decref(object);
}

/* The definition of a custom kind, as whoever looks for an add-on (`kubectl get crd`) expects to find it. */
static json_t *definition_of(const struct lab_resource *row)
{
	char now[32];
	time_format(time_wall_ms(), now);
	json_t *names = json_pack("{s:s,s:s,s:s,s:s}", "plural", row->plural, "singular", row->singular, "kind",
	                          row->kind, "listKind", row->list_kind);
	json_t *short_names = json_array();
	for (const char *at = row->short_names ? row->short_names : ""; *at;) {
		size_t len = strcspn(at, " ");
		json_array_append_new(short_names, json_stringn(at, len));
		at += len + (at[len] == ' ');
	}
	json_object_set_new(names, "shortNames", short_names);
	return json_pack("{s:{s:s++},s:{s:s,s:s,s:O,s:[{s:s,s:b,s:b}]},s:{s:[{s:s,s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s,s:"
	                 "s}],s:o,s:[s]}}",
	                 "metadata", "name", row->plural, ".", row->group, "spec", "group", row->group, "scope",
	                 row->namespaced ? "Namespaced" : "Cluster", "names", names, "versions", "name", row->version,
	                 "served", 1, "storage", 1, "status", "conditions", "type", "NamesAccepted", "status", "True",
	                 "reason", "NoConflicts", "message", "no conflicts found", "lastTransitionTime", now, "type",
	                 "Established", "status", "True", "reason", "InitialNamesAccepted", "message",
	                 "the initial names have been accepted", "lastTransitionTime", now, "acceptedNames", names,
	                 "storedVersions", row->version);
}

static void begin(struct store *store)
{
	static const char *const namespaces[] = {"default", "kube-system", "kube-public", "kube-node-lease"};
	for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
		add(store, "Namespace", json_pack("{s:{s:s}}", "metadata", "name", namespaces[i]));
	add(store, "Service",
	    json_pack("{s:{s:s,s:s,s:{s:s,s:s}},s:{s:s,s:[{s:s,s:s,s:i,s:i}]}}", "metadata", "name", "kubernetes",
	              "namespace", "default", "labels", "component", "apiserver", "provider", "kubernetes", "spec",
	              "clusterIP", "10.96.0.1", "ports", "name", "https", "protocol", "TCP", "port", 443, "targetPort",
	              6443));
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (row->is_custom && !row->is_pending)
			add(store, "CustomResourceDefinition", definition_of(row));
}

struct api *api_create(struct loop *loop, const struct api_options *options, struct err *err)
{
	struct api *api = mem_alloc(sizeof *api);
	api->loop = loop;
	api->store = options->store;
	api->pods = options->pods;
	api->machines = options->machines;
	api->options = *options;
	begin(api->store);
	api->server = server_create(api, err);
	if (!api->server) {
		free(api);
		return NULL;
	}
	return api;
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	execs_destroy(api);
	consoles_destroy(api);
	server_destroy(api->server);
	free(api);
}
