/* A pod's attachments: what its annotation asks for, checked as Multus and OVN-Kubernetes check it, and addresses for it.
 * Everything is checked before anything is taken, so that a pod that has to wait does not use addresses up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lab/control/networks_state.h"

#define MULTUS "multus"
#define CLUSTER_MANAGER "ovnk-controlplane"

/* ---- failures ---- */

static bool fail(struct attach_failure *failure, const char *nad, const char *words)
{
	*failure = (struct attach_failure){.is_timeout = true};
	snprintf(failure->nad, sizeof failure->nad, "%s", nad);
	snprintf(failure->words, sizeof failure->words, "%s", words);
	return false;
}

static bool fail_with_event(struct attach_failure *failure, const char *reason, const char *component,
                            const char *words)
{
	*failure = (struct attach_failure){.is_timeout = false};
	snprintf(failure->reason, sizeof failure->reason, "%s", reason);
	snprintf(failure->component, sizeof failure->component, "%s", component);
	snprintf(failure->event, sizeof failure->event, "%s", words);
	snprintf(failure->words, sizeof failure->words, "%s", words);
	return false;
}

/* ---- checks ---- */

struct asking {
	struct networks *networks;
	const char *ns, *name; /* the pod */
	const struct cni_selection *selection;
	struct nad *nad;
	char key[512]; /* of the NAD */
};

static bool check_known(struct asking *a, struct attach_failure *failure)
{
	char words[ERR_TEXT_MAX];
	snprintf(a->key, sizeof a->key, "%s/%s", a->selection->ns, a->selection->name);
	a->nad = map_find(&a->networks->nads, a->key);
	if (a->nad == NULL) {
		snprintf(words, sizeof words,
		         "cannot find a network-attachment-definition (%s) in namespace (%s): "
		         "network-attachment-definitions.k8s.cni.cncf.io \"%s\" not found",
		         a->selection->name, a->selection->ns, a->selection->name);
		return fail_with_event(failure, "NoNetworkFound", MULTUS, words);
	}
	return a->nad->network != NULL || fail(failure, a->key, a->nad->failure);
}

static bool check_static(const struct asking *a, struct attach_failure *failure)
{
	char words[ERR_TEXT_MAX];
	struct cni_address address;
	if (a->selection->ips.len > 0 && a->nad->network->ipam != NULL) {
		snprintf(words, sizeof words,
		         "cannot allocate a static IP request with IPAM for pod %s/%s: network %s has subnets, so "
		         "leave \"ips\" out",
		         a->ns, a->name, a->nad->network->config.name);
		return fail(failure, a->key, words);
	}
	for (size_t i = 0; i < a->selection->ips.len; i++) {
		if (cni_address_parse(a->selection->ips.data[i], &address) && address.prefix >= 0)
			continue;
		snprintf(words, sizeof words,
		         "invalid CIDR address: %s (write it with its prefix length, as in 192.168.200.20/24)",
		         a->selection->ips.data[i]);
		return fail(failure, a->key, words);
	}
	if (a->selection->mac[0] != '\0' && !cni_mac_is_valid(a->selection->mac)) {
		snprintf(words, sizeof words, "invalid MAC address: %s", a->selection->mac);
		return fail(failure, a->key, words);
	}
	return true;
}

static bool check_once(const struct asking *a, const struct cni_selections *all, struct attach_failure *failure)
{
	char words[ERR_TEXT_MAX];
	size_t n = 0, n_names = 0;
	for (size_t i = 0; i < all->items.len; i++) {
		const struct cni_selection *other = &all->items.data[i];
		n += text_equal(other->name, a->selection->name) && text_equal(other->ns, a->selection->ns);
		n_names += text_equal(other->interface, a->selection->interface);
	}
	if (n > 1) {
		snprintf(words, sizeof words,
		         "unexpected error: more than one of the same NAD %s specified for pod %s/%s", a->key, a->ns,
		         a->name);
		return fail_with_event(failure, "ErrorAllocatingPod", CLUSTER_MANAGER, words);
	}
	if (n_names > 1 || strcmp(a->selection->interface, "eth0") == 0 || strcmp(a->selection->interface, "lo") == 0) {
		snprintf(words, sizeof words, "interface name %s is used twice in pod %s/%s", a->selection->interface,
		         a->ns, a->name);
		return fail(failure, a->key, words);
	}
	return true;
}

static bool check_selection(struct asking *a, const struct cni_selections *all, struct attach_failure *failure)
{
	return check_known(a, failure) && check_once(a, all, failure) && check_static(a, failure);
}

/* ---- taking ---- */

static void random_mac(char out[18])
{
	uint8_t b[6] = {0};
	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		b[5] = 1;
	b[0] = (uint8_t)((b[0] & 0xfc) | 0x02); /* locally administered, unicast */
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static void set_mac(struct attachment *attachment, const char *asked)
{
	if (asked != NULL && asked[0] != '\0')
		snprintf(attachment->mac, sizeof attachment->mac, "%s", asked);
	else if (attachment->addresses.len > 0)
		cni_mac_from_address(&attachment->addresses.data[0], attachment->mac);
	else
		random_mac(attachment->mac);
}

static bool take_addresses(struct ipam *ipam, struct attachment *attachment, struct err *err)
{
	size_t n = ipam_n_subnets(ipam);
	struct cni_address *got = mem_alloc(n * sizeof *got);
	bool is_done = ipam_take(ipam, got, err);
	for (size_t i = 0; is_done && i < n; i++)
		vec_push(&attachment->addresses, got[i]);
	attachment->has_ipam = is_done;
	free(got);
	return is_done;
}

static bool take_default(struct networks *networks, const struct asking *a, const struct stack_node_config *node,
                         struct attachment *out, struct err *err)
{
	struct str port = {0};
	struct cni_address subnet;
	if (!cni_address_parse(node->subnet, &subnet))
		base_abort("a node's subnet is none: %s", node->subnet);
	*out = (struct attachment){.network = mem_strdup("default"),
	                           .switch_name = mem_strdup(node->name),
	                           .interface = mem_strdup("eth0")};
	cni_ovn_port_name(NULL, a->ns, a->name, &port);
	out->port_name = str_take(&port);
	snprintf(out->gateway, sizeof out->gateway, "%.*s", (int)strcspn(node->gateway, "/"), node->gateway);
	if (!take_addresses(networks->defaults[subnet.bytes[2]], out, err))
		return err_context(err, "node %s", node->name);
	set_mac(out, NULL);
	return true;
}

static bool take_selected(const struct asking *a, struct attachment *out, struct err *err)
{
	struct network *network = a->nad->network;
	struct str name = {0}, port = {0};
	cni_ovn_switch_name(&network->config, &name);
	cni_ovn_port_name(a->key, a->ns, a->name, &port);
	*out = (struct attachment){.nad = mem_strdup(a->key),
	                           .network = mem_strdup(network->config.name),
	                           .switch_name = str_take(&name),
	                           .port_name = str_take(&port),
	                           .interface = mem_strdup(a->selection->interface),
	                           .topology = network->config.topology};
	network->n_pods++;
	if (network->ipam != NULL && !take_addresses(network->ipam, out, err))
		return err_context(err, "network %s", network->config.name);
	for (size_t i = 0; i < a->selection->ips.len; i++) {
		struct cni_address address;
		if (cni_address_parse(a->selection->ips.data[i], &address))
			vec_push(&out->addresses, address);
	}
	if (network->config.topology == CNI_LAYER2 && !ipam_ids_take(&network->tunnels, &out->tunnel_id))
		return err_set(err, ERR_LIMIT, "network %s has no free tunnel id left", network->config.name);
	set_mac(out, a->selection->mac);
	return true;
}

static bool take_all(struct networks *networks, const struct asking *pod, const struct cni_selections *selections,
                     const struct stack_node_config *node, struct attachments *out, struct attach_failure *failure)
{
	struct attachment one;
	struct err err = {0};
	bool is_done = take_default(networks, pod, node, &one, &err);
	vec_push(&out->items, one);
	if (!is_done)
		return fail(failure, "", err.text);
	for (size_t i = 0; i < selections->items.len; i++) {
		struct asking a = *pod;
		a.selection = &selections->items.data[i];
		if (!check_known(&a, failure))
			return false;
		is_done = take_selected(&a, &one, &err);
		vec_push(&out->items, one);
		if (!is_done)
			return fail(failure, a.key, err.text);
	}
	return true;
}

/* ---- giving back ---- */

static void free_attachment(struct attachment *attachment)
{
	free(attachment->nad);
	free(attachment->network);
	free(attachment->switch_name);
	free(attachment->port_name);
	free(attachment->interface);
	vec_finish(&attachment->addresses);
}

static void give_back(struct networks *networks, struct attachment *attachment)
{
	struct network *network = attachment->nad != NULL ? networks_find(networks, attachment->network) : NULL;
	for (size_t i = 0; attachment->has_ipam && i < attachment->addresses.len; i++) {
		if (attachment->nad == NULL)
			ipam_give(networks->defaults[attachment->addresses.data[i].bytes[2] % STACK_NODES],
			          &attachment->addresses.data[i]);
		else if (network != NULL && network->ipam != NULL)
			ipam_give(network->ipam, &attachment->addresses.data[i]);
	}
	if (network == NULL)
		return;
	ipam_ids_give(&network->tunnels, attachment->tunnel_id);
	network->n_pods--;
	networks_release(networks, network);
}

static void release(struct networks *networks, struct attachments *attachments)
{
	for (size_t i = 0; i < attachments->items.len; i++) {
		give_back(networks, &attachments->items.data[i]);
		free_attachment(&attachments->items.data[i]);
	}
	vec_finish(&attachments->items);
}

/* ---- a pod ---- */

bool networks_attach(struct networks *networks, const json_t *pod, const struct stack_node_config *node,
                     struct attachments *out, struct attach_failure *failure)
{
	struct asking asking = {.networks = networks,
	                        .ns = json_walk_str(pod, "metadata", "namespace", NULL),
	                        .name = json_walk_str(pod, "metadata", "name", NULL)};
	const char *text = json_walk_str(pod, "metadata", "annotations", CNI_NETWORKS_ANNOTATION, NULL);
	struct cni_selections selections = {0};
	struct attachments got = {0};
	struct err err = {0};
	if (!cni_networks_parse(text, asking.ns, &selections, &err)) {
		fail(failure, "", "");
		failure->is_timeout = false;
		snprintf(failure->words, sizeof failure->words, "parsePodNetworkAnnotation: %.900s", err.text);
		return false;
	}
	bool is_good = true;
	for (size_t i = 0; is_good && i < selections.items.len; i++) {
		asking.selection = &selections.items.data[i];
		is_good = check_selection(&asking, &selections, failure);
	}
	is_good = is_good && take_all(networks, &asking, &selections, node, &got, failure);
	cni_selections_finish(&selections);
	if (is_good)
		*out = got;
	else
		release(networks, &got);
	return is_good;
}

void networks_detach(struct networks *networks, struct attachments *attachments)
{
	if (attachments->items.len == 0)
		return;
	release(networks, attachments);
	networks_try_refused(networks);
	networks->on_change(networks->user);
}
