/* spec: see spec.h. */
#include "lab/vm/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/base64.h"
#include "onesdn/cni.h"

#define GRACE_S 180 /* KubeVirt's own */
#define POD_LINK "eth0"

/* ---- interfaces ---- */

static bool fail(struct err *err, const char *path, size_t i, const char *what, const char *words)
{
	return err_set(err, ERR_INVALID, "%s.domain.devices.interfaces[%zu]%s: %s", path, i, what, words);
}

static const json_t *named(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		if (strcmp(json_walk_str(item, "name", NULL), name) == 0)
			return item;
	}
	return NULL;
}

static bool read_binding(const json_t *interface, const char *path, size_t i, struct vm_nic *nic, struct err *err)
{
	static const char *const others[] = {"sriov", "slirp", "macvtap", "passt", "binding"};
	for (size_t k = 0; k < sizeof others / sizeof *others; k++)
		if (json_object_get(interface, others[k]))
			return fail(err, path, i, "", "the lab has the bindings masquerade and bridge only");
	nic->is_bridge = json_object_get(interface, "bridge") != NULL;
	if (nic->is_bridge && json_object_get(interface, "masquerade"))
		return fail(err, path, i, "", "must have only one interface type");
	if (!nic->is_bridge && *nic->network)
		return fail(err, path, i, "", "Masquerade interface only implemented with pod network");
	return true;
}

static bool read_nic(const json_t *spec, const json_t *interface, const char *path, size_t i, struct vm_nic *nic,
                     struct err *err)
{
	const char *name = json_walk_str(interface, "name", NULL);
	const json_t *network = named(json_object_get(spec, "networks"), name);
	char words[ERR_TEXT_MAX];
	*nic = (struct vm_nic){.name = name,
	                       .mac = json_walk_str(interface, "macAddress", NULL),
	                       .ports = json_object_get(interface, "ports")};
	if (!*name || strlen(name) > 63)
		return fail(err, path, i, ".name",
		            "Network interface name must be set and have 63 characters at the most");
	snprintf(words, sizeof words, "interface \"%s\" has no network of that name in spec.networks", name);
	if (!network)
		return fail(err, path, i, ".name", words);
	nic->network = json_walk_str(network, "multus", "networkName", NULL);
	if (!*nic->network && !json_object_get(network, "pod"))
		return fail(err, path, i, "", "its network must be of type pod or multus with a networkName");
	if (*nic->mac && !cni_mac_is_valid(nic->mac))
		return fail(err, path, i, ".macAddress", "interface has malformed MAC address");
	if (*nic->network)
		cni_launcher_interface(name, nic->link);
	else
		snprintf(nic->link, sizeof nic->link, POD_LINK);
	return read_binding(interface, path, i, nic, err);
}

static bool check_unique(const struct vm_nics *nics, const char *path, struct err *err)
{
	for (size_t i = 0; i < nics->len; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(nics->items[i].name, nics->items[k].name) == 0 ||
			    strcmp(nics->items[i].link, nics->items[k].link) == 0)
				return fail(err, path, i, ".name",
				            "Only one interface can be connected to one specific network");
	return true;
}

bool vm_nics_read(const json_t *spec, const char *path, struct vm_nics *out, struct err *err)
{
	const json_t *interfaces = json_walk(spec, "domain", "devices", "interfaces", NULL),
	             *networks = json_object_get(spec, "networks");
	size_t i;
	json_t *item;
	*out = (struct vm_nics){.len = 0};
	if (!json_array_size(interfaces) && !json_array_size(networks)) {
		if (!json_is_false(json_walk(spec, "domain", "devices", "autoattachPodInterface", NULL)))
			out->items[out->len++] =
			        (struct vm_nic){.name = "default", .network = "", .mac = "", .link = POD_LINK};
		return true;
	}
	if (json_array_size(interfaces) > VM_NICS_MAX)
		return err_set(err, ERR_INVALID,
		               "%s.domain.devices.interfaces: the lab gives a machine %d interfaces at the most", path,
		               VM_NICS_MAX);
	json_array_foreach (interfaces, i, item)
		if (!read_nic(spec, item, path, i, &out->items[out->len++], err))
			return false;
	json_array_foreach (networks, i, item)
		if (!named(interfaces, json_walk_str(item, "name", NULL)))
			return err_set(err, ERR_INVALID,
			               "%s.networks[%zu].name: network \"%.63s\" has no interface of that name", path,
			               i, json_walk_str(item, "name", NULL));
	return check_unique(out, path, err);
}

/* ---- cloud-init ---- */

static bool decode(const char *text, const char *key, char **out, struct err *err)
{
	struct str decoded = {0};
	if (!base64_decode(text, &decoded) || (decoded.len && strlen(decoded.data) != decoded.len)) {
		str_finish(&decoded);
		return err_set(err, ERR_INVALID, "%s is no base64 of a text", key);
	}
	*out = str_take(&decoded);
	return true;
}

struct document {
	const char *plain, *encoded, *reference, *secret_key;
};

static bool read_document(const json_t *source, const struct document *document, vm_secret_fn *secret, void *user,
                          char **out, struct err *err)
{
	const char *plain = json_walk_str(source, document->plain, NULL),
	           *encoded = json_walk_str(source, document->encoded, NULL);
	const char *name = json_walk_str(source, document->reference, "name", NULL);
	if (*plain) {
		*out = mem_strdup(plain);
		return true;
	}
	if (*encoded)
		return decode(encoded, document->encoded, out, err);
	if (!*name) {
		*out = mem_strdup("");
		return true;
	}
	const json_t *data = secret(name, user);
	if (!data)
		return err_set(err, ERR_NOT_FOUND, "secret \"%s\" not found", name);
	return decode(json_walk_str(data, document->secret_key, NULL), document->secret_key, out, err);
}

bool vm_cloud_init_read(const json_t *spec, vm_secret_fn *secret, void *user, struct vm_cloud_init *out,
                        struct err *err)
{
	static const struct document user_data = {"userData", "userDataBase64", "secretRef", "userdata"};
	static const struct document network_data = {"networkData", "networkDataBase64", "networkDataSecretRef",
	                                             "networkdata"};
	const json_t *source = NULL;
	size_t i;
	json_t *volume;
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		const json_t *no_cloud = json_object_get(volume, "cloudInitNoCloud"),
		             *drive = json_object_get(volume, "cloudInitConfigDrive");
		if (!source)
			source = no_cloud ? no_cloud : drive;
	}
	*out = (struct vm_cloud_init){NULL, NULL};
	if (read_document(source, &user_data, secret, user, &out->user_data, err) &&
	    read_document(source, &network_data, secret, user, &out->network_data, err))
		return true;
	vm_cloud_init_finish(out);
	return false;
}

void vm_cloud_init_finish(struct vm_cloud_init *cloud_init)
{
	free(cloud_init->user_data);
	free(cloud_init->network_data);
	*cloud_init = (struct vm_cloud_init){NULL, NULL};
}

/* ---- the rest ---- */

const char *vm_hostname(const json_t *vmi)
{
	const char *name = json_walk_str(vmi, "spec", "hostname", NULL);
	return *name ? name : json_walk_str(vmi, "metadata", "name", NULL);
}

static const json_t *disk_volume(const json_t *spec)
{
	size_t i;
	json_t *volume;
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		if (*json_walk_str(volume, "containerDisk", "image", NULL))
			return volume;
	}
	return NULL;
}

const char *vm_disk_image(const json_t *spec)
{
	return json_walk_str(disk_volume(spec), "containerDisk", "image", NULL);
}

const char *vm_disk_name(const json_t *spec)
{
	return json_walk_str(disk_volume(spec), "name", NULL);
}

int64_t vm_grace_s(const json_t *spec)
{
	int64_t grace = json_walk_int(spec, GRACE_S, "terminationGracePeriodSeconds", NULL);
	return grace < 0 ? 0 : grace;
}
