/* spec.config of a NetworkAttachmentDefinition: OVN-Kubernetes' NetConf, with its own checks and its own sentences, and
 * the names that it gives to what it makes in OVN. Other types are read as far as their name. */
#include <stdlib.h>
#include <string.h>

#include "cni/fields.h"

static const struct topology_row {
	const char *text;
	enum cni_topology topology;
	const char *ovn_suffix; /* of the switch; layer3 has one switch a node, so its router */
} topologies[] = {
        {"layer2", CNI_LAYER2, "ovn_layer2_switch"},
        {"layer3", CNI_LAYER3, "ovn_cluster_router"},
        {"localnet", CNI_LOCALNET, "ovn_localnet_switch"},
        {"default", CNI_DEFAULT, "ovn_cluster_router"},
        {"other", CNI_FOREIGN, ""},
};
#define N_CONFIGURABLE 3 /* the first rows: what "topology" may say */

/* OVN-Kubernetes says what is wrong; these say what to do about it. */
static const struct cure_row {
	const char *prefix, *cure;
} cures[] = {
        {"net-attach-def name", "set netAttachDefName to the object's own \"namespace/name\""},
        {"missing NADName", "add netAttachDefName with the object's own \"namespace/name\""},
        {"invalid name in", "give the network a name other than \"default\" and \"ovn-kubernetes\""},
        {"topology", "set topology to layer2, layer3 or localnet"},
        {"the provided network subnets", "move excludeSubnets into one of the subnets"},
        {"layer3 topology does not allow", "remove allowPersistentIPs, or choose layer2 or localnet"},
        {"IPAM key", "remove ipam and list the subnets"},
        {"CNI plugin chaining", "leave one plugin in the list"},
};

const char *cni_topology_name(enum cni_topology topology)
{
	for (size_t i = 0; i < sizeof topologies / sizeof *topologies; i++)
		if (topologies[i].topology == topology)
			return topologies[i].text;
	return "";
}

const char *cni_config_cure(const char *sentence)
{
	for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
		if (text_has_prefix(sentence, cures[i].prefix))
			return cures[i].cure;
	return "correct spec.config and apply it again";
}

/* One element of a comma list without its blanks; false at the end of the list. */
static bool next_element(const char **at, struct str *out)
{
	str_clear(out);
	if (!*at)
		return false;
	const char *comma = strchr(*at, ',');
	size_t len = comma ? (size_t)(comma - *at) : strlen(*at);
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\n", (*at)[i]))
			str_append_c(out, (*at)[i]);
	*at = comma ? comma + 1 : NULL;
	return true;
}

static void mask(struct cni_address *network)
{
	for (int i = 0; i < 16; i++) {
		int bits = network->prefix - 8 * i;
		if (bits < 8)
			network->bytes[i] &= (uint8_t)(bits <= 0 ? 0 : 0xff << (8 - bits));
	}
}

/* layer3 writes CIDR/hostPrefix: the host part is checked and dropped. */
static bool parse_subnet(char *text, bool is_layer3, struct cni_address *out, struct err *err)
{
	int64_t host = -1;
	char *slash = strchr(text, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	bool good = !second || (is_layer3 && text_to_int(second + 1, 0, 128, &host));
	struct cni_address address;
	if (second)
		*second = 0;
	good = good && cni_address_parse(text, &address) && address.prefix >= 0 &&
	       (host < 0 || host > address.prefix) && (host <= 32 || address.family == 6);
	if (second)
		*second = '/';
	if (!good)
		return err_set(err, ERR_INVALID, "\"%.100s\" is no subnet: write it like %s", text,
		               is_layer3 ? "10.128.0.0/16/24" : "192.168.200.0/24");
	mask(&address);
	*out = address;
	return true;
}

static bool parse_subnets(struct cni_config *config, struct err *err)
{
	const char *at = config->subnets_text[0] ? config->subnets_text : NULL;
	struct str element = {0};
	struct cni_address address = {0};
	bool good = true;
	while (good && next_element(&at, &element)) {
		if (config->subnets.len == CNI_ITEMS_MAX)
			good = err_set(err, ERR_LIMIT, "\"subnets\" lists more than %d", CNI_ITEMS_MAX);
		else if ((str_append(&element, ""),
		          good = parse_subnet(element.data, config->topology == CNI_LAYER3, &address, err)))
			vec_push(&config->subnets, address);
	}
	str_finish(&element);
	return good;
}

static bool is_in_some_subnet(const struct cni_config *config, const struct cni_address *address)
{
	for (size_t i = 0; i < config->subnets.len; i++)
		if (address->prefix >= config->subnets.data[i].prefix &&
		    cni_address_is_in(address, &config->subnets.data[i]))
			return true;
	return false;
}

static bool parse_excludes(struct cni_config *config, const char *text, struct err *err)
{
	const char *at = text[0] ? text : NULL;
	struct str element = {0};
	struct cni_address address = {0};
	bool good = true;
	while (good && next_element(&at, &element)) {
		if (config->excludes.len == CNI_ITEMS_MAX)
			good = err_set(err, ERR_LIMIT, "\"excludeSubnets\" lists more than %d", CNI_ITEMS_MAX);
		else if ((str_append(&element, ""), good = parse_subnet(element.data, false, &address, err)))
			vec_push(&config->excludes, address);
		if (good && !is_in_some_subnet(config, &address))
			good = err_set(err, ERR_INVALID,
			               "the provided network subnets [%.200s] do not contain exluded subnets [%.100s]",
			               config->subnets_text, str_text(&element)); /* OVN-Kubernetes' own spelling */
	}
	str_finish(&element);
	return good;
}

static bool check_names(const struct cni_config *config, const char *nad, const char *topology, struct err *err)
{
	if (topology[0] && !config->nad_name[0])
		return err_set(err, ERR_INVALID, "missing NADName in secondary network netconf %.100s", config->name);
	if (topology[0] &&
	    (!config->name[0] || strcmp(config->name, "default") == 0 || strcmp(config->name, "ovn-kubernetes") == 0))
		return err_set(err, ERR_INVALID, "invalid name in in secondary network netconf (%.100s)", config->name);
	if (config->nad_name[0] && nad && strcmp(config->nad_name, nad) != 0)
		return err_set(err, ERR_INVALID, "net-attach-def name (%.200s) is inconsistent with config (%.200s)",
		               nad, config->nad_name);
	return true;
}

static bool check_role(const struct cni_config *config, struct err *err)
{
	if (config->role[0] && strcmp(config->role, "primary") != 0 && strcmp(config->role, "secondary") != 0)
		return err_set(err, ERR_INVALID, "invalid network role value %.100s: it must be primary or secondary",
		               config->role);
	if (strcmp(config->role, "primary") != 0)
		return true;
	if (config->topology == CNI_LOCALNET)
		return err_set(err, ERR_INVALID,
		               "a localnet network cannot be primary: remove role, or choose layer2 or layer3");
	if (config->topology == CNI_LAYER2 && config->subnets.len == 0)
		return err_set(err, ERR_INVALID, "a primary layer2 network needs subnets: list them");
	return true;
}

static bool parse_topology(struct cni_config *config, const char *text, struct err *err)
{
	config->topology = CNI_DEFAULT;
	if (!text[0])
		return true;
	for (size_t i = 0; i < N_CONFIGURABLE; i++)
		if (strcmp(text, topologies[i].text) == 0) {
			config->topology = topologies[i].topology;
			return true;
		}
	return err_set(err, ERR_INVALID, "topology %.100s not supported", text);
}

static bool parse_localnet(const json_t *root, struct cni_config *config, struct err *err)
{
	if (config->topology != CNI_LOCALNET)
		return true;
	if (!cni_field_int(root, "vlanID", 4095, &config->vlan, err) ||
	    !cni_field_text(root, "physicalNetworkName", &config->physical_name, err))
		return false;
	if (!config->physical_name[0]) {
		free(config->physical_name);
		config->physical_name = mem_strdup(config->name);
	}
	return true;
}

static bool parse_addressing(const json_t *root, struct cni_config *config, struct err *err)
{
	char *excludes = NULL;
	bool good = cni_field_text(root, "subnets", &config->subnets_text, err) &&
	            cni_field_text(root, "excludeSubnets", &excludes, err) && parse_subnets(config, err) &&
	            (config->topology == CNI_LAYER3 || parse_excludes(config, excludes, err));
	free(excludes);
	if (!good)
		return false;
	if (config->topology == CNI_LAYER3 && config->subnets.len == 0)
		return err_set(err, ERR_INVALID, "a layer3 network needs subnets: list them like 10.128.0.0/16/24");
	if (json_walk_str(root, "ipam", "type", NULL)[0])
		return err_set(err, ERR_INVALID,
		               "IPAM key is not supported. Use OVN-K provided IPAM via the `subnets` attribute");
	return true;
}

/* What OVN-Kubernetes reads; name and type are there already. */
static bool parse_ovn(const json_t *root, const char *nad, struct cni_config *config, struct err *err)
{
	char *topology = NULL;
	bool good = cni_field_text(root, "topology", &topology, err) &&
	            cni_field_text(root, "netAttachDefName", &config->nad_name, err) &&
	            cni_field_text(root, "role", &config->role, err) &&
	            cni_field_int(root, "mtu", 65536, &config->mtu, err) &&
	            cni_field_bool(root, "allowPersistentIPs", &config->allow_persistent_ips, err) &&
	            check_names(config, nad, topology, err) && parse_topology(config, topology, err);
	free(topology);
	if (!good)
		return false;
	if (config->allow_persistent_ips && config->topology == CNI_LAYER3)
		return err_set(err, ERR_INVALID, "layer3 topology does not allow persistent IPs");
	return parse_localnet(root, config, err) && parse_addressing(root, config, err) && check_role(config, err);
}

/* The one plugin of a configuration list, or the configuration itself. */
static const json_t *find_plugin(const json_t *root, struct err *err)
{
	const json_t *plugins = json_object_get(root, "plugins"), *first = json_array_get(plugins, 0);
	if (!plugins)
		return root;
	if (!json_is_object(first)) {
		err_set(err, ERR_INVALID, "\"plugins\" must be an array with one object");
		return NULL;
	}
	if (json_array_size(plugins) > 1 && strcmp(json_walk_str(first, "type", NULL), CNI_OVN_TYPE) == 0) {
		err_set(err, ERR_INVALID, "CNI plugin chaining is not supported");
		return NULL;
	}
	if (json_object_get(root, "type")) {
		err_set(err, ERR_INVALID, "CNI config cannot have both a plugin list and a single config");
		return NULL;
	}
	return first;
}

static bool parse_root(const json_t *root, const char *nad, struct cni_config *config, struct err *err)
{
	if (!json_is_object(root))
		return err_set(err, ERR_INVALID, "spec.config must be a JSON object");
	const json_t *plugin = find_plugin(root, err);
	if (!plugin || !cni_field_text(root, "name", &config->name, err) ||
	    !cni_field_text(plugin, "type", &config->type, err))
		return false;
	if (strcmp(config->type, CNI_OVN_TYPE) != 0) {
		config->topology = CNI_FOREIGN;
		return true;
	}
	return parse_ovn(plugin, nad, config, err);
}

bool cni_config_parse(const char *text, const char *nad, struct cni_config *out, struct err *err)
{
	json_t *root = cni_document(text, "spec.config", err);
	if (!root)
		return false;
	struct cni_config config = {0};
	char **texts[] = {&config.name,         &config.type,          &config.nad_name,
	                  &config.subnets_text, &config.physical_name, &config.role};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = mem_strdup("");
	bool good = parse_root(root, nad, &config, err);
	json_decref(root);
	if (good)
		*out = config;
	else
		cni_config_finish(&config);
	return good;
}

void cni_config_finish(struct cni_config *config)
{
	free(config->name);
	free(config->type);
	free(config->nad_name);
	free(config->subnets_text);
	free(config->physical_name);
	free(config->role);
	vec_finish(&config->subnets);
	vec_finish(&config->excludes);
	*config = (struct cni_config){0};
}

static bool same_subnets(const struct cni_address *a, size_t n_a, const struct cni_address *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) { /* in any order; the lists are short */
		size_t k = 0;
		while (k < n_b && memcmp(&a[i], &b[k], sizeof *a) != 0)
			k++;
		if (k == n_b)
			return false;
	}
	return true;
}

/* A layer3 host part is only in the text. */
static bool same_text(const char *a, const char *b)
{
	const char *blanks = " \t\n";
	for (;; a++, b++) {
		a += strspn(a, blanks);
		b += strspn(b, blanks);
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static bool is_primary(const struct cni_config *config)
{
	return strcmp(config->role, "primary") == 0;
}

const char *cni_config_difference(const struct cni_config *a, const struct cni_config *b)
{
	if (strcmp(a->name, b->name) != 0)
		return "name";
	if (strcmp(a->type, b->type) != 0)
		return "type";
	if (a->topology != b->topology)
		return "topology";
	if (a->mtu != b->mtu)
		return "mtu";
	if (a->vlan != b->vlan)
		return "vlanID";
	if (a->allow_persistent_ips != b->allow_persistent_ips)
		return "allowPersistentIPs";
	if (is_primary(a) != is_primary(b))
		return "role";
	if (!same_subnets(a->subnets.data, a->subnets.len, b->subnets.data, b->subnets.len) ||
	    (a->topology == CNI_LAYER3 && !same_text(a->subnets_text, b->subnets_text)))
		return "subnets";
	if (!same_subnets(a->excludes.data, a->excludes.len, b->excludes.data, b->excludes.len))
		return "excludeSubnets";
	return strcmp(a->physical_name, b->physical_name) != 0 ? "physicalNetworkName" : NULL;
}

/* The prefix rule: '-' and '/' become '.', then "_"; so "a-b" and "a.b" collide, as in OVN-Kubernetes. */
static void append_prefix(struct str *out, const char *name)
{
	for (; *name; name++)
		str_append_c(out, *name == '-' || *name == '/' ? '.' : *name);
	str_append_c(out, '_');
}

void cni_ovn_switch_name(const struct cni_config *config, struct str *out)
{
	if (config->topology != CNI_DEFAULT)
		append_prefix(out, config->name);
	for (size_t i = 0; i < sizeof topologies / sizeof *topologies; i++)
		if (topologies[i].topology == config->topology)
			str_append(out, topologies[i].ovn_suffix);
}

void cni_ovn_port_name(const char *nad, const char *ns, const char *pod, struct str *out)
{
	if (nad)
		append_prefix(out, nad);
	str_append_f(out, "%s_%s", ns, pod);
}
