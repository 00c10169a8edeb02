/* NetworkAttachmentDefinitions to networks. One network is what all NADs with one config name share; the first that is
 * seen says what it is, one that differs is left out. Addresses are in attach.c.
 */
#include "lab/control/networks.h"

#include <stdlib.h>
#include <string.h>

#include "lab/control/networks_state.h"

#define COMPONENT "ovnk-controlplane"

static const char *const internal_subnets[] = {"10.244.0.0/16", "10.96.0.0/16", "100.64.0.0/16", "100.65.0.0/16",
                                               "169.254.0.0/17"};

/* ---- what a config may be ---- */

static bool overlaps(const struct cni_address *a, const struct cni_address *b)
{
	return cni_address_is_in(a, b) || cni_address_is_in(b, a);
}

static bool check_subnets(const struct cni_config *config, struct err *err)
{
	struct cni_address internal;
	for (size_t i = 0; config->topology == CNI_LAYER2 && i < config->subnets.len; i++)
		for (size_t k = 0; k < sizeof internal_subnets / sizeof internal_subnets[0]; k++)
			if (cni_address_parse(internal_subnets[k], &internal) &&
			    internal.family == config->subnets.data[i].family &&
			    overlaps(&config->subnets.data[i], &internal))
				return err_set(err, ERR_INVALID,
				               "pod or join subnet overlaps with already configured internal subnets: "
				               "%s and %s",
				               config->subnets_text, internal_subnets[k]);
	return true;
}

static bool check_config(const struct cni_config *config, struct err *err)
{
	if (config->topology == CNI_FOREIGN)
		return err_set(err, ERR_INVALID,
		               "failed to find plugin \"%s\" in path [/opt/cni/bin]: the lab has %s only", config->type,
		               CNI_OVN_TYPE);
	if (config->topology == CNI_DEFAULT)
		return err_set(
		        err, ERR_INVALID,
		        "topology is missing: the config describes the default network, which every pod has already");
	if (config->topology == CNI_LAYER3)
		return err_set(err, ERR_INVALID,
		               "topology layer3 is not in the lab: layer2 and localnet are; a cluster with "
		               "OVN-Kubernetes has it");
	if (text_equal(config->role, "primary"))
		return err_set(
		        err, ERR_INVALID,
		        "primary networks are not in the lab: leave role out; a cluster with OVN-Kubernetes has them");
	return check_subnets(config, err);
}

/* ---- networks ---- */

struct network *networks_find(const struct networks *networks, const char *name)
{
	return map_find(&networks->by_name, name);
}

static void want_rows(struct networks *networks, struct network *network)
{
	struct plan_rows rows = {0};
	char *owner = mem_printf("network/%s", network->config.name);
	ovn_rows_network(&rows, &(struct ovn_network){&network->config, (int)network->id});
	ovn_want(networks->ovn, owner, &rows);
	free(owner);
}

static void unwant_rows(struct networks *networks, const struct network *network)
{
	char *owner = mem_printf("network/%s", network->config.name);
	ovn_unwant(networks->ovn, owner);
	free(owner);
}

static struct network *add_network(struct networks *networks, struct cni_config *config)
{
	struct network *network = mem_alloc(sizeof *network);
	network->config = *config;
	*config = (struct cni_config){0};
	ipam_ids_take(&networks->ids, &network->id);
	if (network->config.subnets.len > 0)
		network->ipam = ipam_create(network->config.subnets.data, network->config.subnets.len,
		                            network->config.excludes.data, network->config.excludes.len, 0);
	if (network->config.topology == CNI_LAYER2)
		ipam_ids_init(&network->tunnels, TUNNEL_FIRST, TUNNEL_LAST);
	map_set(&networks->by_name, network->config.name, network);
	want_rows(networks, network);
	return network;
}

/* Gone when neither a NAD nor a pod is left. */
void networks_release(struct networks *networks, struct network *network)
{
	if (network->n_nads > 0 || network->n_pods > 0)
		return;
	unwant_rows(networks, network);
	map_remove(&networks->by_name, network->config.name);
	ipam_ids_give(&networks->ids, network->id);
	ipam_destroy(network->ipam);
	ipam_ids_finish(&network->tunnels);
	cni_config_finish(&network->config);
	free(network);
}

/* ---- NADs ---- */

static char *nad_key(const json_t *object)
{
	return mem_printf("%s/%s", json_walk_str(object, "metadata", "namespace", NULL),
	                  json_walk_str(object, "metadata", "name", NULL));
}

static void forget_nad(struct networks *networks, const char *key)
{
	struct nad *nad = map_remove(&networks->nads, key);
	if (nad == NULL)
		return;
	if (nad->network != NULL) {
		nad->network->n_nads--;
		networks_release(networks, nad->network);
	}
	free(nad->text);
	free(nad);
}

/* The annotations that OVN-Kubernetes puts on a NAD that it serves. */
static void annotate_nad(struct networks *networks, const json_t *object, const struct network *network)
{
	json_t *copy = json_deep_copy(object), *metadata = json_object_get(copy, "metadata"),
	       *annotations = json_object_get(metadata, "annotations");
	char id[16];
	struct err err = {0};
	snprintf(id, sizeof id, "%u", network->id);
	if (!json_is_object(annotations)) {
		annotations = json_object();
		json_object_set_new(metadata, "annotations", annotations);
	}
	json_object_set_new(annotations, "k8s.ovn.org/network-id", json_string(id));
	json_object_set_new(annotations, "k8s.ovn.org/network-name", json_string(network->config.name));
	json_object_set_new(annotations, "k8s.ovn.org/tunnel-keys", json_string("[]"));
	if (!store_update_status(networks->store, networks->resource, copy, NULL, &err))
		log_write(LOG_WARN, "annotations of a network attachment definition: %s", err.text);
	json_decref(copy);
}

static void refuse(struct networks *networks, struct nad *nad, const json_t *object, const char *words)
{
	snprintf(nad->failure, sizeof nad->failure, "%s", words);
	store_event(networks->store, object, "Warning", "InvalidConfig", COMPONENT,
	            "Failed to parse network config: %s", words);
}

/* Puts the NAD's config into force; config is taken. */
static void join_network(struct networks *networks, struct nad *nad, const char *key, const json_t *object,
                         struct cni_config *config)
{
	struct network *network = networks_find(networks, config->name);
	if (network != NULL) {
		const char *field = cni_config_difference(&network->config, config);
		char words[512];
		if (field != NULL) {
			snprintf(words, sizeof words, "NAD %s CNI config does not match that of network %s: %s differs",
			         key, config->name, field);
			refuse(networks, nad, object, words);
			return;
		}
	} else {
		network = add_network(networks, config);
	}
	nad->network = network;
	network->n_nads++;
	annotate_nad(networks, object, network);
}

static void learn_nad(struct networks *networks, const char *key, const json_t *object)
{
	const char *text = json_walk_str(object, "spec", "config", NULL);
	struct nad *nad = mem_alloc(sizeof *nad);
	struct cni_config config = {0};
	struct err err = {0};
	map_set(&networks->nads, key, nad);
	nad->text = mem_strdup(text);
	if (!cni_config_parse(text, key, &config, &err))
		refuse(networks, nad, object, err.text);
	else if (!check_config(&config, &err))
		refuse(networks, nad, object, err.text);
	else
		join_network(networks, nad, key, object, &config);
	cni_config_finish(&config);
}

/* NADs that were left out because they differed may fit now. */
void networks_try_refused(struct networks *networks)
{
	for (size_t i = 0; i < networks->nads.len; i++) {
		struct nad *nad = networks->nads.entries[i].value;
		const char *key = networks->nads.entries[i].key;
		struct cni_config config = {0};
		char ns[256];
		snprintf(ns, sizeof ns, "%.*s", (int)strcspn(key, "/"), key);
		const json_t *object = store_get(networks->store, networks->resource, ns, key + strlen(ns) + 1);
		if (nad->network != NULL || object == NULL || !cni_config_parse(nad->text, key, &config, NULL) ||
		    !check_config(&config, NULL)) {
			cni_config_finish(&config);
			continue;
		}
		struct network *network = networks_find(networks, config.name);
		if (network == NULL || cni_config_difference(&network->config, &config) == NULL) {
			nad->failure[0] = '\0';
			join_network(networks, nad, key, object, &config);
		}
		cni_config_finish(&config);
	}
}

static void on_nad(const struct store_event *event, void *user)
{
	struct networks *networks = user;
	char *key = nad_key(event->object);
	const struct nad *nad = map_find(&networks->nads, key);
	const char *text = json_walk_str(event->object, "spec", "config", NULL);
	bool is_gone = event->change == STORE_DELETED;
	if (is_gone || nad == NULL || !text_equal(nad->text, text)) {
		forget_nad(networks, key);
		if (!is_gone)
			learn_nad(networks, key, event->object);
		networks_try_refused(networks);
		networks->on_change(networks->user);
	}
	free(key);
}

/* ---- life ---- */

static void create_default(struct networks *networks)
{
	for (size_t i = 0; i < STACK_NODES; i++) {
		struct cni_address subnet;
		char text[32];
		snprintf(text, sizeof text, "10.244.%zu.0/24", i);
		if (!cni_address_parse(text, &subnet))
			base_abort("a node's subnet is none");
		networks->defaults[i] = ipam_create(&subnet, 1, NULL, 0, 2);
	}
}

struct networks *networks_create(struct loop *loop, struct store *store, struct ovn *ovn, void (*on_change)(void *user),
                                 void *user)
{
	struct networks *networks = mem_alloc(sizeof *networks);
	networks->loop = loop;
	networks->store = store;
	networks->ovn = ovn;
	networks->on_change = on_change;
	networks->user = user;
	networks->resource = lab_resource_kind("NetworkAttachmentDefinition");
	ipam_ids_init(&networks->ids, 1, 4095);
	create_default(networks);
	networks->listener = store_listen(store, networks->resource, on_nad, networks);
	return networks;
}

void networks_destroy(struct networks *networks)
{
	if (networks == NULL)
		return;
	store_unlisten(networks->listener);
	while (networks->nads.len > 0) {
		char *key = mem_strdup(networks->nads.entries[0].key);
		forget_nad(networks, key);
		free(key);
	}
	for (size_t i = 0; i < STACK_NODES; i++)
		ipam_destroy(networks->defaults[i]);
	while (networks->by_name.len > 0) { /* those that still have pods */
		struct network *network = networks->by_name.entries[0].value;
		network->n_pods = 0;
		networks_release(networks, network);
	}
	map_finish(&networks->nads);
	map_finish(&networks->by_name);
	ipam_ids_finish(&networks->ids);
	free(networks);
}

const struct cni_config *networks_config(const struct networks *networks, const char *nad)
{
	const struct nad *found = map_find(&networks->nads, nad);
	return found != NULL && found->network != NULL ? &found->network->config : NULL;
}
