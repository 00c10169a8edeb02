/* Configs and annotations of secondary networks. The first byte chooses the format; what parses is formatted, parsed again
 * and must come out the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/cni.h"

static void try_config(const char *text)
{
	struct cni_config a, b;
	struct err err;
	struct str name = {0};
	if (!cni_config_parse(text, "ns/nad", &a, &err)) {
		if (!cni_config_cure(err.text)[0])
			abort();
		return;
	}
	if (!cni_config_parse(text, NULL, &b, &err) || cni_config_difference(&a, &b))
		abort();
	for (size_t i = 0; i < a.subnets.len; i++)
		if (!cni_address_is_in(&a.subnets.data[i], &a.subnets.data[i]))
			abort();
	cni_ovn_switch_name(&a, &name);
	str_finish(&name);
	cni_config_finish(&a);
	cni_config_finish(&b);
}

static void try_networks(const char *text)
{
	struct cni_selections selections;
	struct err err;
	if (!cni_networks_parse(text, "ns", &selections, &err))
		return;
	for (size_t i = 0; i < selections.items.len; i++)
		if (!selections.items.data[i].name[0] || strlen(selections.items.data[i].interface) > 15)
			abort();
	cni_selections_finish(&selections);
}

static void try_statuses(const char *text, bool is_status)
{
	struct cni_statuses first, second;
	struct err err;
	struct str once = {0}, twice = {0};
	bool (*parse)(const char *, struct cni_statuses *, struct err *) =
	        is_status ? cni_status_parse : cni_pod_networks_parse;
	void (*format)(const struct cni_statuses *, struct str *) =
	        is_status ? cni_status_format : cni_pod_networks_format;
	if (!parse(text, &first, &err))
		return;
	format(&first, &once);
	if (!parse(once.data, &second, &err))
		abort();
	format(&second, &twice);
	if (strcmp(once.data, twice.data) != 0)
		abort();
	cni_statuses_finish(&first);
	cni_statuses_finish(&second);
	str_finish(&once);
	str_finish(&twice);
}

static void try_address(const char *text)
{
	struct cni_address a, b;
	char printed[64], mac[18];
	if (!cni_address_parse(text, &a))
		return;
	cni_address_format(&a, true, printed);
	if (!cni_address_parse(printed, &b) || memcmp(&a, &b, sizeof a) != 0)
		abort();
	cni_mac_from_address(&a, mac);
	if (!cni_mac_is_valid(mac))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = mem_strndup((const char *)data + 1, size - 1);
	switch (data[0] % 5) {
	case 0:
		try_config(text);
		break;
	case 1:
		try_networks(text);
		break;
	case 2:
	case 3:
		try_statuses(text, data[0] % 5 == 2);
		break;
	default:
		try_address(text);
		cni_mac_is_valid(text);
	}
	free(text);
	return 0;
}
