/* What the agent in a guest says, checked field by field: a guest is somebody else's machine. */
#include <string.h>

#include "lab/vm/machine_state.h"
#include "onesdn/cni.h"

#define INTERFACES_MAX 32
#define ADDRESSES_MAX 32
#define TEXT_MAX 256

static json_t *addresses_of(const json_t *list)
{
	json_t *out = json_array();
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		struct cni_address address;
		const char *text = json_string_value(item);
		char clean[64];
		if (i == ADDRESSES_MAX || !text || !cni_address_parse(text, &address))
			break;
		cni_address_format(&address, false, clean);
		json_array_append_new(out, json_string(clean));
	}
	return out;
}

static json_t *interface_of(const json_t *item)
{
	const char *name = json_walk_str(item, "name", NULL), *mac = json_walk_str(item, "mac", NULL);
	if (!*name || strlen(name) > 15 || !text_is_safe(name, strlen(name)) || !cni_mac_is_valid(mac))
		return NULL;
	return json_pack("{s:s, s:s, s:o}", "name", name, "mac", mac, "addresses",
	                 addresses_of(json_object_get(item, "addresses")));
}

static json_t *os_of(const json_t *os)
{
	static const char *const keys[] = {"id",        "name",          "prettyName",    "version",
	                                   "versionId", "kernelRelease", "kernelVersion", "machine"};
	json_t *out = json_object();
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *text = json_walk_str(os, keys[i], NULL);
		if (*text && strlen(text) <= TEXT_MAX && text_is_safe(text, strlen(text)))
			json_object_set_new(out, keys[i], json_string(text));
	}
	return out;
}

json_t *machine_report_parse(const char *line, size_t len)
{
	json_t *said = json_parse(line, len, "agent", NULL);
	const json_t *list = json_object_get(said, "interfaces");
	json_t *report = NULL;
	if (json_is_array(list)) {
		json_t *interfaces = json_array(), *item;
		size_t i;
		json_array_foreach (list, i, item) {
			json_t *interface = i < INTERFACES_MAX ? interface_of(item) : NULL;
			if (interface)
				json_array_append_new(interfaces, interface);
		}
		report = json_pack("{s:o, s:o}", "interfaces", interfaces, "os", os_of(json_object_get(said, "os")));
	}
	json_decref(said);
	return report;
}
