/* Annotation k8s.v1.cni.cncf.io/networks, what a pod asks for: the short form "ns/name@interface, ..." and the JSON form,
 * told apart as multus does, with its numbering of interfaces. status.c is what the pod got. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/fields.h"
#include "cni/sha256.h"

#define INTERFACE_MAX 15 /* IFNAMSIZ less its terminator */
#define NAME_MAX_LEN 253 /* of a Kubernetes object */

static void selection_finish(struct cni_selection *selection)
{
	free(selection->ns);
	free(selection->name);
	free(selection->interface);
	free(selection->mac);
	free(selection->ipam_claim);
	cni_texts_finish(CNI_LIST(&selection->ips));
}

void cni_selections_finish(struct cni_selections *selections)
{
	for (size_t i = 0; i < selections->items.len; i++)
		selection_finish(&selections->items.data[i]);
	vec_finish(&selections->items);
}

static bool is_dns_name(const char *text)
{
	size_t len = strlen(text);
	const char *edge = "abcdefghijklmnopqrstuvwxyz0123456789", *inner = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	return len > 0 && len <= NAME_MAX_LEN && strspn(text, inner) == len && strchr(edge, text[0]) &&
	       strchr(edge, text[len - 1]);
}

static bool is_interface_name(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || len > INTERFACE_MAX || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] == 0x7f || text[i] == '/' || text[i] == ':')
			return false;
	return true;
}

/* `at` is the 1-based place of the element, which also numbers its interface. */
static bool complete(struct cni_selection *selection, const char *pod_ns, size_t at, struct err *err)
{
	if (!selection->ns[0]) {
		free(selection->ns);
		selection->ns = mem_strdup(pod_ns);
	}
	if (!selection->name[0])
		return err_set(err, ERR_INVALID, "element %zu has no name", at);
	if (!is_dns_name(selection->name) || !is_dns_name(selection->ns))
		return err_set(err, ERR_INVALID,
		               "element %zu (%.100s/%.100s) must consist of lower case letters, digits, '-' and '.'",
		               at, selection->ns, selection->name);
	if (!selection->interface[0]) {
		free(selection->interface);
		selection->interface = mem_printf("net%zu", at);
	}
	if (!is_interface_name(selection->interface))
		return err_set(err, ERR_INVALID,
		               "element %zu: \"%.100s\" cannot be an interface's name (at most %d characters)", at,
		               selection->interface, INTERFACE_MAX);
	return true;
}

/* [ns/]name[@interface] */
static bool parse_short_element(char *text, struct cni_selection *out)
{
	char *slash = strchr(text, '/'), *name = slash ? slash + 1 : text, *at = strchr(name, '@');
	if (slash && (slash == text || strchr(name, '/')))
		return false;
	if (at && (at[1] == 0 || strchr(at + 1, '@')))
		return false;
	if (slash)
		*slash = 0;
	if (at)
		*at = 0;
	*out = (struct cni_selection){
	        .ns = mem_strdup(slash ? text : ""),
	        .name = mem_strdup(name),
	        .interface = mem_strdup(at ? at + 1 : ""),
	        .mac = mem_strdup(""),
	        .ipam_claim = mem_strdup(""),
	};
	return true;
}

static char *trimmed(const char *text, size_t len)
{
	const char *blanks = " \t\r\n";
	while (len > 0 && strchr(blanks, text[len - 1]))
		len--;
	while (len > 0 && strchr(blanks, *text))
		text++, len--;
	return mem_strndup(text, len);
}

static bool parse_short(const char *text, const char *pod_ns, struct cni_selections *out, struct err *err)
{
	for (const char *at = text; at;) {
		const char *comma = strchr(at, ',');
		char *element = trimmed(at, comma ? (size_t)(comma - at) : strlen(at));
		struct cni_selection selection;
		bool good = out->items.len < CNI_ITEMS_MAX && parse_short_element(element, &selection);
		if (!good)
			err_set(err, ERR_INVALID, "element %zu is not [namespace/]name[@interface]",
			        out->items.len + 1);
		free(element);
		if (!good)
			return false;
		vec_push(&out->items, selection);
		if (!complete(&out->items.data[out->items.len - 1], pod_ns, out->items.len, err))
			return false;
		at = comma ? comma + 1 : NULL;
	}
	return true;
}

static bool parse_json_element(const json_t *object, struct cni_selection *out, struct err *err)
{
	if (!cni_field_text(object, "name", &out->name, err) || !cni_field_text(object, "namespace", &out->ns, err) ||
	    !cni_field_text(object, "interface", &out->interface, err) ||
	    !cni_field_text(object, "mac", &out->mac, err) ||
	    !cni_field_text(object, "ipam-claim-reference", &out->ipam_claim, err) ||
	    !cni_field_texts(object, "ips", CNI_LIST(&out->ips), err))
		return false;
	if (out->mac[0] && !cni_mac_is_valid(out->mac))
		return err_set(err, ERR_INVALID, "\"mac\" %.100s is no MAC address", out->mac);
	struct cni_address address;
	for (size_t i = 0; i < out->ips.len; i++)
		if (!cni_address_parse(out->ips.data[i], &address))
			return err_set(err, ERR_INVALID,
			               "\"ips\" %.100s is no address: write it like 192.168.200.10/24",
			               out->ips.data[i]);
	return true;
}

static bool parse_json(const json_t *root, const char *pod_ns, struct cni_selections *out, struct err *err)
{
	if (!json_is_array(root))
		return err_set(err, ERR_INVALID, "must be an array of objects");
	if (json_array_size(root) > CNI_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "asks for more than %d networks", CNI_ITEMS_MAX);
	size_t i;
	const json_t *item;
	json_array_foreach (root, i, item) {
		if (!json_is_object(item))
			return err_set(err, ERR_INVALID, "element %zu is not an object", i + 1);
		struct cni_selection selection = {0};
		bool good = parse_json_element(item, &selection, err);
		vec_push(&out->items, selection);
		if (!good)
			return err_context(err, "element %zu", i + 1);
		if (!complete(&out->items.data[i], pod_ns, i + 1, err))
			return false;
	}
	return true;
}

bool cni_networks_parse(const char *text, const char *pod_ns, struct cni_selections *out, struct err *err)
{
	struct cni_selections selections = {0};
	bool good = true;
	if (strpbrk(text, "[{\"")) {
		json_t *root = cni_document(text, "the annotation", err);
		good = root && parse_json(root, pod_ns, &selections, err);
		json_decref(root);
	} else if (strlen(text) > CNI_TEXT_MAX) {
		good = err_set(err, ERR_LIMIT, "the annotation is longer than %zu KiB", CNI_TEXT_MAX >> 10);
	} else if (text[strspn(text, " \t\r\n")]) {
		good = parse_short(text, pod_ns, &selections, err);
	}
	if (!good) {
		cni_selections_finish(&selections);
		return err_context(err, "%s", CNI_NETWORKS_ANNOTATION);
	}
	*out = selections;
	return true;
}

/* ---- KubeVirt's launcher pods ---- */

void cni_launcher_interface(const char *network, char out[16])
{
	uint8_t digest[32];
	cni_sha256(network, strlen(network), digest);
	snprintf(out, 16, "pod%02x%02x%02x%02x%02x%x", digest[0], digest[1], digest[2], digest[3], digest[4],
	         digest[5] >> 4);
}
