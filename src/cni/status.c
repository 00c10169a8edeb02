/* What a pod got: annotation network-status as multus writes it, and pod-networks as OVN-Kubernetes does, both ways and to
 * the byte. networks.c is what the pod asked for. */
#include <stdlib.h>
#include <string.h>

#include "cni/fields.h"

#define DEFAULT_KEY "default" /* of the pod network in pod-networks */

static void status_finish(struct cni_status *status)
{
	free(status->name);
	free(status->interface);
	free(status->mac);
	free(status->role);
	cni_texts_finish(CNI_LIST(&status->ips));
	cni_texts_finish(CNI_LIST(&status->gateways));
	for (size_t i = 0; i < status->routes.len; i++) {
		free(status->routes.data[i].dest);
		free(status->routes.data[i].next_hop);
	}
	vec_finish(&status->routes);
}

void cni_statuses_finish(struct cni_statuses *statuses)
{
	for (size_t i = 0; i < statuses->items.len; i++)
		status_finish(&statuses->items.data[i]);
	vec_finish(&statuses->items);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* ---- network-status ---- */
static bool parse_status(const json_t *object, struct cni_status *out, struct err *err)
{
	out->role = mem_strdup("");
	return cni_field_text(object, "name", &out->name, err) &&
	       cni_field_text(object, "interface", &out->interface, err) &&
	       cni_field_text(object, "mac", &out->mac, err) &&
	       cni_field_bool(object, "default", &out->is_default, err) &&
	       cni_field_int(object, "mtu", 1 << 20, &out->mtu, err) &&
	       cni_field_texts(object, "ips", CNI_LIST(&out->ips), err) &&
	       cni_field_texts(object, "gateway", CNI_LIST(&out->gateways), err);
}

static bool parse_statuses(const json_t *root, struct cni_statuses *out, struct err *err)
{
	if (json_is_null(root))
		return true;
	if (!json_is_array(root))
		return err_set(err, ERR_INVALID, "must be an array of objects");
	if (json_array_size(root) > CNI_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "has more than %d elements", CNI_ITEMS_MAX);
	size_t i;
	const json_t *item;
	json_array_foreach (root, i, item) {
		if (!json_is_object(item))
			return err_set(err, ERR_INVALID, "element %zu is not an object", i + 1);
		struct cni_status status = {0};
		bool good = parse_status(item, &status, err);
		vec_push(&out->items, status);
		if (!good)
			return err_context(err, "element %zu", i + 1);
	}
	return true;
}

/* ---- pod-networks ---- */
static bool parse_routes(const json_t *object, struct cni_status *out, struct err *err)
{
	const json_t *routes = json_object_get(object, "routes"), *item;
	size_t i;
	if (json_array_size(routes) > CNI_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "\"routes\" has more than %d elements", CNI_ITEMS_MAX);
	json_array_foreach (routes, i, item) {
		struct cni_route route = {mem_strdup(json_walk_str(item, "dest", NULL)),
		                          mem_strdup(json_walk_str(item, "nextHop", NULL))};
		vec_push(&out->routes, route);
	}
	return true;
}

static bool parse_pod_network(const char *key, const json_t *object, struct cni_status *out, struct err *err)
{
	out->name = mem_strdup(key);
	out->interface = mem_strdup("");
	out->is_default = strcmp(key, DEFAULT_KEY) == 0;
	if (!json_is_object(object))
		return err_set(err, ERR_INVALID, "must be an object");
	if (!cni_field_text(object, "mac_address", &out->mac, err) ||
	    !cni_field_text(object, "role", &out->role, err) ||
	    !cni_field_int(object, "tunnel_id", 1 << 30, &out->tunnel_id, err) ||
	    !cni_field_texts(object, "ip_addresses", CNI_LIST(&out->ips), err) ||
	    !cni_field_texts(object, "gateway_ips", CNI_LIST(&out->gateways), err) || !parse_routes(object, out, err))
		return false;
	const char *single = json_walk_str(object, "ip_address", NULL); /* all that older releases wrote */
	if (out->ips.len == 0 && single[0])
		vec_push(&out->ips, mem_strdup(single));
	return true;
}

static bool parse_pod_networks(const json_t *root, struct cni_statuses *out, struct err *err)
{
	if (json_is_null(root))
		return true;
	if (!json_is_object(root))
		return err_set(err, ERR_INVALID, "must be an object");
	if (json_object_size(root) > CNI_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "has more than %d elements", CNI_ITEMS_MAX);
	for (void *at = json_object_iter((json_t *)root); at; at = json_object_iter_next((json_t *)root, at)) {
		const char *key = json_object_iter_key(at);
		const json_t *value = json_object_iter_value(at);
		struct cni_status status = {0};
		bool good = parse_pod_network(key, value, &status, err);
		vec_push(&out->items, status);
		if (!good)
			return err_context(err, "element \"%.100s\"", key);
	}
	return true;
}

/* ---- both ---- */
typedef bool parse_fn(const json_t *root, struct cni_statuses *out, struct err *err);

static bool parse(const char *text, const char *annotation, parse_fn *fn, struct cni_statuses *out, struct err *err)
{
	struct cni_statuses statuses = {0};
	if (text[0]) {
		json_t *root = cni_document(text, "the annotation", err);
		bool good = root && fn(root, &statuses, err);
		json_decref(root);
		if (!good) {
			cni_statuses_finish(&statuses);
			return err_context(err, "%s", annotation);
		}
	}
	*out = statuses;
	return true;
}

bool cni_status_parse(const char *text, struct cni_statuses *out, struct err *err)
{
	return parse(text, CNI_STATUS_ANNOTATION, parse_statuses, out, err);
}

bool cni_pod_networks_parse(const char *text, struct cni_statuses *out, struct err *err)
{
	return parse(text, CNI_OVN_ANNOTATION, parse_pod_networks, out, err);
}

/* Go's MarshalIndent with four blanks, one level deep. */
static void append_pretty_list(struct str *out, const char *key, char *const *items, size_t n)
{
	str_append_f(out, ",\n    \"%s\": [", key);
	for (size_t i = 0; i < n; i++) {
		str_append(out, i ? ",\n        " : "\n        ");
		cni_append_quoted(out, items[i]);
	}
	str_append(out, "\n    ]");
}

static void append_pretty_text(struct str *out, const char *key, const char *text)
{
	if (!text || !text[0])
		return;
	str_append_f(out, ",\n    \"%s\": ", key);
	cni_append_quoted(out, text);
}

void cni_status_format(const struct cni_statuses *statuses, struct str *out)
{
	str_append_c(out, '[');
	for (size_t i = 0; i < statuses->items.len; i++) {
		const struct cni_status *status = &statuses->items.data[i];
		str_append(out, i ? ",{\n    \"name\": " : "{\n    \"name\": ");
		cni_append_quoted(out, or_empty(status->name));
		append_pretty_text(out, "interface", status->interface);
		if (status->ips.len)
			append_pretty_list(out, "ips", status->ips.data, status->ips.len);
		append_pretty_text(out, "mac", status->mac);
		if (status->mtu)
			str_append_f(out, ",\n    \"mtu\": %d", status->mtu);
		if (status->is_default)
			str_append(out, ",\n    \"default\": true");
		str_append(out, ",\n    \"dns\": {}");
		if (status->gateways.len)
			append_pretty_list(out, "gateway", status->gateways.data, status->gateways.len);
		str_append(out, "\n}");
	}
	str_append_c(out, ']');
}

static void append_list(struct str *out, const char *key, char *const *items, size_t n)
{
	str_append_f(out, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		if (i)
			str_append_c(out, ',');
		cni_append_quoted(out, items[i]);
	}
	str_append_c(out, ']');
}

static void append_member(struct str *out, const char *key, const char *text)
{
	str_append_f(out, ",\"%s\":", key);
	cni_append_quoted(out, or_empty(text));
}

static void append_routes(struct str *out, const struct cni_status *status)
{
	str_append(out, ",\"routes\":[");
	for (size_t i = 0; i < status->routes.len; i++) {
		str_append(out, i ? ",{\"dest\":" : "{\"dest\":");
		cni_append_quoted(out, or_empty(status->routes.data[i].dest));
		append_member(out, "nextHop", status->routes.data[i].next_hop);
		str_append_c(out, '}');
	}
	str_append_c(out, ']');
}

static const char *key_of(const struct cni_status *status)
{
	return status->is_default ? DEFAULT_KEY : or_empty(status->name);
}

static void append_pod_network(struct str *out, const struct cni_status *status)
{
	cni_append_quoted(out, key_of(status));
	str_append(out, ":{");
	if (status->ips.len)
		append_list(out, "ip_addresses", status->ips.data, status->ips.len);
	else
		str_append(out, "\"ip_addresses\":null");
	append_member(out, "mac_address", status->mac);
	if (status->gateways.len) {
		str_append_c(out, ',');
		append_list(out, "gateway_ips", status->gateways.data, status->gateways.len);
	}
	if (status->routes.len)
		append_routes(out, status);
	if (status->ips.len == 1)
		append_member(out, "ip_address", status->ips.data[0]);
	if (status->ips.len == 1 && status->gateways.len == 1)
		append_member(out, "gateway_ip", status->gateways.data[0]);
	if (status->tunnel_id)
		str_append_f(out, ",\"tunnel_id\":%d", status->tunnel_id);
	if (status->role && status->role[0])
		append_member(out, "role", status->role);
	str_append_c(out, '}');
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(key_of(*(const struct cni_status *const *)a), key_of(*(const struct cni_status *const *)b));
}

void cni_pod_networks_format(const struct cni_statuses *statuses, struct str *out)
{
	VEC(const struct cni_status *) sorted = {0};
	for (size_t i = 0; i < statuses->items.len; i++)
		vec_push(&sorted, &statuses->items.data[i]);
	if (sorted.len > 1)
		qsort(sorted.data, sorted.len, sizeof *sorted.data, compare_keys);
	str_append_c(out, '{');
	for (size_t i = 0; i < sorted.len; i++) {
		if (i)
			str_append_c(out, ',');
		append_pod_network(out, sorted.data[i]);
	}
	str_append_c(out, '}');
	vec_finish(&sorted);
}
