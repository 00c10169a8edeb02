/* admit: names, and what the real API server checks and fills in for all kinds but those that hold pods (admit_pod.c). */
#include <stdlib.h>
#include <string.h>

#include "lab/api/base64.h"
#include "lab/api/kinds.h"

/* ---- faults ---- */

void faults_add(struct faults *faults, const char *field, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_append_f(&faults->lines, "%s%s: ", faults->lines.len ? "\n" : "", field);
	str_append_v(&faults->lines, fmt, args);
	va_end(args);
}

void faults_invalid(struct faults *faults, const char *field, const char *value, const char *why)
{
	struct str safe = {0};
	str_append_safe(&safe, value, strnlen(value, 256));
	faults_add(faults, field, "Invalid value: \"%s\": %s", str_text(&safe), why);
	str_finish(&safe);
}

bool faults_end(struct faults *faults, struct err *err)
{
	bool is_fine = faults->lines.len == 0;
	if (!is_fine)
		err_set(err, ERR_INVALID, "%s", str_text(&faults->lines));
	str_finish(&faults->lines);
	return is_fine;
}

/* ---- metadata ---- */

static void check_labels(const json_t *labels, struct faults *faults)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)labels, key, value) {
		const char *text = json_string_value(value);
		if (!name_is_qualified(key))
			faults_invalid(faults, "metadata.labels", key,
			               "name part must consist of alphanumeric characters, '-', '_' or '.', and must "
			               "start and end with "
			               "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
			               "used for "
			               "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
		if (!text || !name_is_label_value(text))
			faults_invalid(faults, "metadata.labels", text ? text : "",
			               "a valid label must be an empty string or consist of alphanumeric characters, "
			               "'-', '_' or '.', and "
			               "must start and end with an alphanumeric character (e.g. 'MyValue',  or "
			               "'my_value',  or '12345', "
			               "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
	}
}

static void check_annotations(const json_t *annotations, struct faults *faults)
{
	const char *key;
	json_t *value;
	size_t size = 0;
	json_object_foreach ((json_t *)annotations, key, value) {
		if (!name_is_qualified(key) || !json_is_string(value))
			faults_invalid(faults, "metadata.annotations", key, "not a qualified name with a text value");
		size += strlen(key) + json_string_length(value);
	}
	if (size > (size_t)256 << 10)
		faults_add(faults, "metadata.annotations", "Too long: may not be more than 262144 bytes");
}

void admit_metadata(const json_t *object, bool is_label, struct faults *faults)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *name = json_walk_str(metadata, "name", NULL);
	if (is_label ? !name_is_label(name) : !name_is_subdomain(name))
		faults_invalid(faults, "metadata.name", name, is_label ? NAME_LABEL : NAME_SUBDOMAIN);
	check_labels(json_object_get(metadata, "labels"), faults);
	check_annotations(json_object_get(metadata, "annotations"), faults);
}

/* ---- defaults ---- */

json_t *object_at(json_t *parent, const char *key)
{
	json_t *object = json_object_get(parent, key);
	if (!json_is_object(object)) {
		object = json_object();
		json_object_set_new(parent, key, object);
	}
	return object;
}

void set_default(json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key))
		json_decref(value);
	else
		json_object_set_new(object, key, value);
}

void set_default_text(json_t *object, const char *key, const char *value)
{
	if (!*json_walk_str(object, key, NULL))
		json_object_set_new(object, key, json_string(value));
}

/* ---- kinds ---- */

bool admit_any(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	if (!old)
		admit_metadata(object, false, &faults);
	else
		check_labels(json_walk(object, "metadata", "labels", NULL), &faults);
	return faults_end(&faults, err);
}

bool admit_namespace(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	json_t *metadata = object_at(object, "metadata");
	admit_metadata(object, true, &faults);
	json_object_set(object_at(metadata, "labels"), "kubernetes.io/metadata.name",
	                json_object_get(metadata, "name"));
	if (old && json_walk(old, "spec", NULL))
		json_object_set(object, "spec", (json_t *)json_walk(old, "spec", NULL)); /* changed by finalize alone */
	else
		set_default(object_at(object, "spec"), "finalizers", json_pack("[s]", "kubernetes"));
	set_default_text(object_at(object, "status"), "phase", "Active");
	return faults_end(&faults, err);
}

void namespace_deleting(json_t *object)
{
	json_object_set_new(object_at(object, "status"), "phase", json_string("Terminating"));
	json_object_del(object_at(object, "metadata"), "deletionGracePeriodSeconds");
}

bool admit_nad(json_t *object, const json_t *old, struct err *err)
{
	static const char *const names[] = {
	        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array",   [JSON_INTEGER] = "integer", [JSON_REAL] = "number",
	        [JSON_TRUE] = "boolean",  [JSON_FALSE] = "boolean", [JSON_NULL] = "null"};
	struct faults faults = {0};
	const json_t *config = json_walk(object, "spec", "config", NULL);
	if (!old)
		admit_metadata(object, false, &faults);
	if (config && !json_is_string(config)) {
		const char *type = names[json_typeof(config)];
		faults_add(&faults, "spec.config",
		           "Invalid value: \"%s\": spec.config in body must be of type string: \"%s\"", type, type);
	}
	return faults_end(&faults, err);
}

bool admit_nncp(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	const json_t *spec = json_object_get(object, "spec"), *selector = json_object_get(spec, "nodeSelector");
	const char *key;
	json_t *value;
	if (!old)
		admit_metadata(object, false, &faults);
	if (selector && !json_is_object(selector))
		faults_add(&faults, "spec.nodeSelector", "Invalid value: must be of type object");
	json_object_foreach ((json_t *)selector, key, value) {
		char *field = mem_printf("spec.nodeSelector.%s", key);
		if (!json_is_string(value))
			faults_add(&faults, field, "Invalid value: must be of type string");
		free(field);
	}
	return faults_end(&faults, err);
}

static json_t *base64_of(const char *bytes, size_t size)
{
	struct str out = {0};
	base64_append(&out, bytes, size);
	json_t *text = json_string(str_text(&out));
	str_finish(&out);
	return text;
}

bool admit_secret(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	const char *key;
	json_t *value;
	admit_metadata(object, false, &faults);
	json_object_foreach (json_object_get(object, "stringData"), key, value) {
		json_object_set_new(object_at(object, "data"), key,
		                    base64_of(json_string_value(value), json_string_length(value)));
	}
	json_object_del(object, "stringData");
	set_default_text(object, "type", "Opaque");
	if (old && strcmp(json_walk_str(object, "type", NULL), json_walk_str(old, "type", NULL)) != 0)
		faults_invalid(&faults, "type", json_walk_str(object, "type", NULL), "field is immutable");
	return faults_end(&faults, err);
}

bool admit_service(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	json_t *spec = object_at(object, "spec"), *port;
	size_t i;
	if (!old)
		admit_metadata(object, true, &faults);
	set_default_text(spec, "type", "ClusterIP");
	set_default_text(spec, "sessionAffinity", "None");
	json_array_foreach (json_object_get(spec, "ports"), i, port) {
		int64_t number = json_walk_int(port, 0, "port", NULL);
		set_default_text(port, "protocol", "TCP");
		set_default(port, "targetPort", json_integer(number));
		if (number < 1 || number > 65535)
			faults_add(&faults, "spec.ports[].port",
			           "Invalid value: %lld: must be between 1 and 65535, inclusive", (long long)number);
	}
	set_default(object, "status", json_pack("{s:{}}", "loadBalancer"));
	return faults_end(&faults, err);
}
