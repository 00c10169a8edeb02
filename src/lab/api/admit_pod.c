/* admit_pod: pods and the kinds that make pods: required fields, defaults, what may not change. As the real API server,
 * with its sentences, for the fields that the lab gives a meaning to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/kinds.h"

/* ---- the spec of a pod ---- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static void check_word(const char *field, const char *value, const char *const *words, struct faults *faults)
{
	struct str list = {0};
	if (!is_one_of(value, words)) {
		for (size_t i = 0; words[i]; i++)
			str_append_f(&list, "%s\"%s\"", i ? ", " : "", words[i]);
		faults_add(faults, field, "Unsupported value: \"%.100s\": supported values: %s", value,
		           str_text(&list));
	}
	str_finish(&list);
}

/* ":latest" and no tag at all are always asked for anew. */
static const char *pull_policy(const char *image)
{
	const char *slash = strrchr(image, '/'), *tag = strrchr(slash ? slash : image, ':');
	if (strchr(image, '@'))
		return "IfNotPresent";
	return !tag || strcmp(tag, ":latest") == 0 ? "Always" : "IfNotPresent";
}

static void admit_ports(json_t *container, const char *path, struct faults *faults)
{
	static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
	json_t *port;
	size_t i;
	char field[256];
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		int64_t number = json_walk_int(port, 0, "containerPort", NULL);
		set_default_text(port, "protocol", "TCP");
		snprintf(field, sizeof field, "%s.ports[%zu].containerPort", path, i);
		if (!json_object_get(port, "containerPort"))
			faults_add(faults, field, "Required value");
		else if (number < 1 || number > 65535)
			faults_add(faults, field, "Invalid value: %lld: must be between 1 and 65535, inclusive",
			           (long long)number);
		snprintf(field, sizeof field, "%s.ports[%zu].protocol", path, i);
		check_word(field, json_walk_str(port, "protocol", NULL), protocols, faults);
	}
}

static void admit_env(const json_t *container, const char *path, struct faults *faults)
{
	json_t *env;
	size_t i;
	char field[256];
	json_array_foreach (json_object_get(container, "env"), i, env) {
		const char *name = json_walk_str(env, "name", NULL);
		snprintf(field, sizeof field, "%s.env[%zu].name", path, i);
		if (!*name)
			faults_add(faults, field, "Required value");
		else if (strchr(name, '='))
			faults_invalid(faults, field, name,
			               "a valid environment variable name must consist only of printable ASCII "
			               "characters other than '='");
	}
}

static void admit_container(json_t *container, const char *path, struct faults *faults)
{
	static const char *const policies[] = {"Always", "IfNotPresent", "Never", NULL};
	const char *name = json_walk_str(container, "name", NULL), *image = json_walk_str(container, "image", NULL);
	char field[256];
	snprintf(field, sizeof field, "%s.name", path);
	if (!*name)
		faults_add(faults, field, "Required value");
	else if (!name_is_label(name))
		faults_invalid(faults, field, name, NAME_LABEL);
	snprintf(field, sizeof field, "%s.image", path);
	if (!*image)
		faults_add(faults, field, "Required value");
	else if (image[strspn(image, " \t")] == '\0' || image[0] == ' ' || image[strlen(image) - 1] == ' ')
		faults_invalid(faults, field, image, "must not have leading or trailing whitespace");
	set_default(container, "resources", json_object());
	set_default_text(container, "terminationMessagePath", "/dev/termination-log");
	set_default_text(container, "terminationMessagePolicy", "File");
	set_default_text(container, "imagePullPolicy", pull_policy(image));
	snprintf(field, sizeof field, "%s.imagePullPolicy", path);
	check_word(field, json_walk_str(container, "imagePullPolicy", NULL), policies, faults);
	admit_ports(container, path, faults);
	admit_env(container, path, faults);
}

static void admit_containers(json_t *spec, const char *path, const char *key, struct faults *faults)
{
	json_t *list = json_object_get(spec, key), *container;
	size_t i, k;
	char field[128];
	json_array_foreach (list, i, container) {
		snprintf(field, sizeof field, "%s.%s[%zu]", path, key, i);
		admit_container(container, field, faults);
		for (k = 0; k < i; k++) {
			const char *name = json_walk_str(container, "name", NULL);
			if (*name && strcmp(name, json_walk_str(json_array_get(list, k), "name", NULL)) == 0) {
				faults_add(faults, field, "Duplicate value: \"%s\"", name);
				break;
			}
		}
	}
}

void admit_pod_spec(json_t *spec, const char *path, struct faults *faults)
{
	static const char *const restarts[] = {"Always", "OnFailure", "Never", NULL};
	char field[128];
	snprintf(field, sizeof field, "%s.containers", path);
	if (!json_array_size(json_object_get(spec, "containers")))
		faults_add(faults, field, "Required value");
	if (json_array_size(json_object_get(spec, "containers")) +
	            json_array_size(json_object_get(spec, "initContainers")) >
	    100)
		faults_add(faults, field, "Too many: must have at most 100 items");
	else {
		admit_containers(spec, path, "containers", faults);
		admit_containers(spec, path, "initContainers", faults);
	}
	set_default_text(spec, "restartPolicy", "Always");
	set_default(spec, "terminationGracePeriodSeconds", json_integer(30));
	set_default_text(spec, "dnsPolicy", "ClusterFirst");
	set_default(spec, "securityContext", json_object());
	set_default_text(spec, "schedulerName", "default-scheduler");
	snprintf(field, sizeof field, "%s.restartPolicy", path);
	check_word(field, json_walk_str(spec, "restartPolicy", NULL), restarts, faults);
	snprintf(field, sizeof field, "%s.terminationGracePeriodSeconds", path);
	int64_t grace = json_walk_int(spec, 0, "terminationGracePeriodSeconds", NULL);
	if (grace < 0 || grace > INT32_MAX)
		faults_add(faults, field, "Invalid value: %lld: must be greater than or equal to 0", (long long)grace);
}

/* ---- pods ---- */

static const char *const pod_fixed =
        "Forbidden: pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,"
        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

static void forget_changeable(json_t *spec)
{
	static const char *const lists[] = {"containers", "initContainers"};
	json_t *container;
	size_t i;
	for (size_t k = 0; k < 2; k++)
		json_array_foreach (json_object_get(spec, lists[k]), i, container)
			json_object_del(container, "image");
	json_object_del(spec, "activeDeadlineSeconds");
	json_object_del(spec, "tolerations");
}

static void check_pod_update(const json_t *new, const json_t *old, struct faults *faults)
{
	json_t *a = json_deep_copy(json_object_get(new, "spec")), *b = json_deep_copy(json_object_get(old, "spec"));
	/* The scheduler binds a pod once; people cannot. */
	if (!json_object_get(b, "nodeName"))
		json_object_del(a, "nodeName");
	forget_changeable(a);
	forget_changeable(b);
	if (!json_equal(a, b))
		faults_add(faults, "spec", "%s", pod_fixed);
	json_decref(a);
	json_decref(b);
}

static bool has_quantities(const json_t *spec, const char *which)
{
	size_t i;
	json_t *container;
	json_array_foreach (json_object_get(spec, "containers"), i, container) {
		if (json_object_size(json_walk(container, "resources", which, NULL)) > 0)
			return true;
	}
	return false;
}

bool admit_pod(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	json_t *spec = object_at(object, "spec");
	admit_metadata(object, false, &faults);
	admit_pod_spec(spec, "spec", &faults);
	set_default_text(spec, "serviceAccountName", "default");
	set_default(spec, "serviceAccount", json_string(json_walk_str(spec, "serviceAccountName", NULL)));
	set_default(spec, "priority", json_integer(0));
	set_default(spec, "enableServiceLinks", json_true());
	set_default_text(spec, "preemptionPolicy", "PreemptLowerPriority");
	if (old)
		check_pod_update(object, old, &faults);
	else if (!json_object_get(object, "status"))
		json_object_set_new(object, "status",
		                    json_pack("{s:s,s:s}", "phase", "Pending", "qosClass",
		                              has_quantities(spec, "limits") || has_quantities(spec, "requests")
		                                      ? "Burstable"
		                                      : "BestEffort"));
	return faults_end(&faults, err);
}

/* ---- what makes pods ---- */

static void check_selector(const json_t *spec, struct faults *faults)
{
	const json_t *labels = json_walk(spec, "template", "metadata", "labels", NULL),
	             *wanted = json_walk(spec, "selector", "matchLabels", NULL);
	const char *key;
	json_t *value;
	if (!json_walk(spec, "selector", NULL)) {
		faults_add(faults, "spec.selector", "Required value");
		return;
	}
	if (!json_object_size(wanted) && !json_array_size(json_walk(spec, "selector", "matchExpressions", NULL)))
		faults_add(faults, "spec.selector", "Invalid value: {}: empty selector is invalid for deployment");
	json_object_foreach ((json_t *)wanted, key, value) {
		if (json_object_get(labels, key) && json_equal(json_object_get(labels, key), value))
			continue;
		char *text = json_dumps(labels ? labels : json_null(), JSON_COMPACT | JSON_ENCODE_ANY);
		faults_add(faults, "spec.template.metadata.labels",
		           "Invalid value: %s: `selector` does not match template `labels`", text);
		free(text);
		return;
	}
}

/* `max_restart`: pods of a Deployment always come back. */
static void admit_template(json_t *object, const json_t *old, struct faults *faults)
{
	json_t *spec = object_at(object, "spec"), *template = object_at(spec, "template");
	int64_t replicas;
	admit_metadata(object, false, faults);
	set_default(spec, "replicas", json_integer(1));
	object_at(template, "metadata");
	admit_pod_spec(object_at(template, "spec"), "spec.template.spec", faults);
	const char *restart = json_walk_str(template, "spec", "restartPolicy", NULL);
	if (strcmp(restart, "Always") != 0)
		faults_add(faults, "spec.template.spec.restartPolicy",
		           "Unsupported value: \"%s\": supported values: \"Always\"", restart);
	replicas = json_walk_int(spec, 1, "replicas", NULL);
	if (replicas < 0 || replicas > 1000)
		faults_add(faults, "spec.replicas", "Invalid value: %lld: must be between 0 and 1000 in this lab",
		           (long long)replicas);
	check_selector(spec, faults);
	if (old && !json_equal(json_object_get(spec, "selector"), (json_t *)json_walk(old, "spec", "selector", NULL))) {
		char *text = json_dumps(json_object_get(spec, "selector"), JSON_COMPACT | JSON_ENCODE_ANY);
		faults_add(faults, "spec.selector", "Invalid value: %s: field is immutable", text ? text : "null");
		free(text);
	}
}

bool admit_deployment(json_t *object, const json_t *old, struct err *err)
{
	static const char *const types[] = {"Recreate", "RollingUpdate", NULL};
	struct faults faults = {0};
	admit_template(object, old, &faults);
	json_t *spec = object_at(object, "spec"), *strategy = object_at(spec, "strategy");
	set_default_text(strategy, "type", "RollingUpdate");
	check_word("spec.strategy.type", json_walk_str(strategy, "type", NULL), types, &faults);
	if (strcmp(json_walk_str(strategy, "type", NULL), "RollingUpdate") == 0) {
		set_default(object_at(strategy, "rollingUpdate"), "maxUnavailable", json_string("25%"));
		set_default(object_at(strategy, "rollingUpdate"), "maxSurge", json_string("25%"));
	}
	set_default(spec, "revisionHistoryLimit", json_integer(10));
	set_default(spec, "progressDeadlineSeconds", json_integer(600));
	set_default(object, "status", json_object());
	return faults_end(&faults, err);
}

bool admit_replicaset(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	admit_template(object, old, &faults);
	set_default(object, "status", json_pack("{s:i}", "replicas", 0));
	return faults_end(&faults, err);
}
