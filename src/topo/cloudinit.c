/* Static addresses in a VM's cloud-init networkData: what is known of a guest that runs no agent. Formats: cloud-init's
 * networking config version 1 and 2, plain or base64. vms.c asks by the number of the NIC. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "topo/build.h"

#define DATA_BYTES ((size_t)64 << 10)
#define NICS_MAX 64

struct nic {
	const char *name, *mac;
	const json_t *addresses; /* version 2: texts; version 1: objects with "address" */
};
struct cloud_init {
	struct yaml *yaml;
	VEC(struct nic) nics;
	VEC(char *) found; /* borrowed from the document */
};

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static void append_base64(struct str *out, const char *text)
{
	unsigned bits = 0;
	int n_bits = 0;
	for (; *text && *text != '='; text++) {
		int digit = base64_digit(*text);
		if (digit < 0)
			continue; /* line breaks */
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			str_append_c(out, (char)(bits >> n_bits & 0xff));
		}
	}
}

/* The networkData of the first volume that has some. */
static bool find_data(const json_t *volumes, struct str *out)
{
	static const char *const sources[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
	const json_t *volume;
	size_t i;
	json_array_foreach (volumes, i, volume) {
		for (size_t k = 0; k < 2; k++) {
			const char *plain = json_walk_str(volume, sources[k], "networkData", NULL);
			const char *encoded = json_walk_str(volume, sources[k], "networkDataBase64", NULL);
			if (strlen(plain) > DATA_BYTES || strlen(encoded) > DATA_BYTES)
				return false;
			if (plain[0])
				str_append(out, plain);
			else
				append_base64(out, encoded);
			if (out->len)
				return true;
		}
	}
	return false;
}

static void add_version_2(struct cloud_init *data, const json_t *root)
{
	json_t *ethernets = json_object_get(root, "ethernets"), *value;
	const char *key;
	json_object_foreach (ethernets, key, value) {
		const char *renamed = json_walk_str(value, "set-name", NULL);
		struct nic nic = {
		        .name = renamed[0] ? renamed : key,
		        .mac = json_walk_str(value, "match", "macaddress", NULL),
		        .addresses = json_object_get(value, "addresses"),
		};
		if (data->nics.len < NICS_MAX)
			vec_push(&data->nics, nic);
	}
}

static void add_version_1(struct cloud_init *data, const json_t *root)
{
	const json_t *config = json_object_get(root, "config"), *item;
	size_t i;
	json_array_foreach (config, i, item) {
		struct nic nic = {
		        .name = json_walk_str(item, "name", NULL),
		        .mac = json_walk_str(item, "mac_address", NULL),
		        .addresses = json_object_get(item, "subnets"),
		};
		if (strcmp(json_walk_str(item, "type", NULL), "physical") == 0 && data->nics.len < NICS_MAX)
			vec_push(&data->nics, nic);
	}
}

struct cloud_init *cloud_init_create(const json_t *volumes)
{
	struct str text = {0};
	struct yaml *yaml = find_data(volumes, &text) ? yaml_parse(text.data, text.len, "networkData", NULL) : NULL;
	str_finish(&text);
	if (!yaml)
		return NULL;
	struct cloud_init *data = mem_alloc(sizeof *data);
	const json_t *root = json_array_get(yaml_documents(yaml), 0);
	data->yaml = yaml;
	if (json_object_get(root, "network"))
		root = json_object_get(root, "network");
	add_version_2(data, root);
	add_version_1(data, root);
	return data;
}

void cloud_init_destroy(struct cloud_init *data)
{
	if (!data)
		return;
	yaml_destroy(data->yaml);
	vec_finish(&data->nics);
	vec_finish(&data->found);
	free(data);
}

/* By MAC, by the kernel's or the firmware's name for that number, else by the order when the numbers agree. */
static const struct nic *find_nic(const struct cloud_init *data, size_t at, size_t n, const char *mac)
{
	char names[2][32];
	snprintf(names[0], sizeof names[0], "eth%zu", at);
	snprintf(names[1], sizeof names[1], "enp%zus0", at + 1);
	for (size_t i = 0; mac[0] && i < data->nics.len; i++)
		if (strcasecmp(data->nics.data[i].mac, mac) == 0)
			return &data->nics.data[i];
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < data->nics.len; i++)
			if (strcmp(data->nics.data[i].name, names[k]) == 0)
				return &data->nics.data[i];
	return data->nics.len == n ? &data->nics.data[at] : NULL;
}

size_t cloud_init_addresses(struct cloud_init *data, size_t at, size_t n, const char *mac, char *const **out,
                            const char **name)
{
	const struct nic *nic = data && at < n ? find_nic(data, at, n, mac) : NULL;
	const json_t *item;
	size_t i;
	*name = nic && nic->name[0] ? nic->name : NULL;
	if (!nic)
		return 0;
	data->found.len = 0;
	json_array_foreach (nic->addresses, i, item) {
		const char *text =
		        json_is_string(item) ? json_string_value(item) : json_walk_str(item, "address", NULL);
		if (text[0] && data->found.len < CNI_ITEMS_MAX)
			vec_push(&data->found, (char *)text);
	}
	*out = data->found.data;
	return data->found.len;
}
