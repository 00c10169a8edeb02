/* admit_policy: what the CRD of MultiNetworkPolicies checks, which is little: types, and the few fields that it
 * requires. Everything else is accepted as on a real cluster; control/policies.c then says what has no effect.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/kinds.h"

static const char *const type_names[] = {
        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array",  [JSON_STRING] = "string", [JSON_INTEGER] = "integer",
        [JSON_REAL] = "number",   [JSON_TRUE] = "boolean", [JSON_FALSE] = "boolean", [JSON_NULL] = "null"};

/* Nothing is of every type. */
static bool check_type(const json_t *value, json_type type, const char *path, struct faults *faults)
{
	if (value == NULL || json_typeof(value) == type)
		return true;
	const char *name = type_names[json_typeof(value)];
	faults_add(faults, path, "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"", name, path,
	           type_names[type], name);
	return false;
}

static void check_at(const json_t *parent, const char *path, const char *key, json_type type, struct faults *faults)
{
	char *at = mem_printf("%s.%s", path, key);
	check_type(json_object_get(parent, key), type, at, faults);
	free(at);
}

static void check_peer(const json_t *peer, const char *path, struct faults *faults)
{
	const json_t *block = json_object_get(peer, "ipBlock");
	check_at(peer, path, "podSelector", JSON_OBJECT, faults);
	check_at(peer, path, "namespaceSelector", JSON_OBJECT, faults);
	check_at(peer, path, "ipBlock", JSON_OBJECT, faults);
	if (!json_is_object(block))
		return;
	char *at = mem_printf("%s.ipBlock", path), *cidr = mem_printf("%s.cidr", at);
	if (json_object_get(block, "cidr") == NULL)
		faults_add(faults, cidr, "Required value");
	check_at(block, at, "cidr", JSON_STRING, faults);
	check_at(block, at, "except", JSON_ARRAY, faults);
	free(cidr);
	free(at);
}

static void check_port(const json_t *port, const char *path, struct faults *faults)
{
	const json_t *number = json_object_get(port, "port");
	check_at(port, path, "protocol", JSON_STRING, faults);
	check_at(port, path, "endPort", JSON_INTEGER, faults);
	if (number != NULL && !json_is_string(number))
		check_at(port, path, "port", JSON_INTEGER, faults);
}

static void check_items(const json_t *parent, const char *path, const char *key,
                        void (*check)(const json_t *item, const char *path, struct faults *faults),
                        struct faults *faults)
{
	size_t i;
	json_t *item;
	check_at(parent, path, key, JSON_ARRAY, faults);
	json_array_foreach (json_object_get(parent, key), i, item) {
		char *at = mem_printf("%s.%s[%zu]", path, key, i);
		if (check_type(item, JSON_OBJECT, at, faults))
			check(item, at, faults);
		free(at);
	}
}

static void check_ingress(const json_t *rule, const char *path, struct faults *faults)
{
	check_items(rule, path, "from", check_peer, faults);
	check_items(rule, path, "ports", check_port, faults);
}

static void check_egress(const json_t *rule, const char *path, struct faults *faults)
{
	check_items(rule, path, "to", check_peer, faults);
	check_items(rule, path, "ports", check_port, faults);
}

bool admit_policy(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	const json_t *spec = json_object_get(object, "spec");
	if (old == NULL)
		admit_metadata(object, false, &faults);
	if (json_object_get(spec, "podSelector") == NULL)
		faults_add(&faults, "spec.podSelector", "Required value");
	check_at(spec, "spec", "podSelector", JSON_OBJECT, &faults);
	check_at(spec, "spec", "policyTypes", JSON_ARRAY, &faults);
	check_items(spec, "spec", "ingress", check_ingress, &faults);
	check_items(spec, "spec", "egress", check_egress, &faults);
	return faults_end(&faults, err);
}
