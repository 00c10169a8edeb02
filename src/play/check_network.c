/* check_network: the checks of networks: is there an attachment for it in the namespace, does each node map it to a bridge?
 * And what there is instead of an object that is not where it is looked for. See check.c. */
#include <stdlib.h>
#include <string.h>

#include "play/check.h"

#define NEAR_MAX 2 /* letters by which a name may differ to be told */

/* ---- network ---- */

static const struct topo_network *network_of(const struct topo *topo, const struct topo_nad *nad)
{
	return nad->network != TOPO_NONE ? &topo->networks.data[nad->network] : NULL;
}

struct attachments { /* of one namespace */
	const struct topo_nad *broken, *tagged /* with another VLAN */, *other /* of another network */;
};

static bool is_attached(const struct asking *a, const char *ns, struct attachments *out)
{
	const struct topo *topo = a->facts->topo;
	*out = (struct attachments){0};
	for (size_t i = 0; i < topo->nads.len; i++) {
		const struct topo_nad *nad = &topo->nads.data[i];
		const struct topo_network *network = network_of(topo, nad);
		if (!text_equal(nad->ns, ns) || nad->state == TOPO_PLANNED)
			continue;
		bool same = network && text_equal(network->name, a->check->network);
		bool is_tagged = same && a->check->status && network->vlan != a->check->status;
		if (nad->state == TOPO_FAILED)
			out->broken = nad;
		else if (is_tagged)
			out->tagged = nad;
		else if (same)
			return true;
		else
			out->other = nad;
	}
	return false;
}

/* The namespaces in which the network is attached as it should be. */
static void append_elsewhere(const struct asking *a, const char *ns)
{
	const struct topo *topo = a->facts->topo;
	for (size_t i = 0; i < topo->nads.len; i++) {
		const struct topo_nad *nad = &topo->nads.data[i];
		const struct topo_network *network = network_of(topo, nad);
		if (nad->state != TOPO_RUNNING || text_equal(nad->ns, ns) || !network ||
		    !text_equal(network->name, a->check->network))
			continue;
		str_append_f(a->found, "; %s has one, %s/%s", nad->ns, nad->ns, nad->name);
		return;
	}
}

static void say_attachments(const struct asking *a, const char *ns, const struct attachments *is)
{
	const char *network = a->check->network;
	if (is->broken) {
		str_append_f(a->found, "net-attach-def %s/%s is there, but cannot be used: %s", ns, is->broken->name,
		             is->broken->problem);
		str_append(a->cure, "correct the manifest and apply it again");
	} else if (is->tagged) {
		str_append_f(a->found, "net-attach-def %s/%s carries %s on VLAN %d, not on VLAN %d", ns,
		             is->tagged->name, network, network_of(a->facts->topo, is->tagged)->vlan, a->check->status);
		str_append(a->cure, "correct \"vlanID\" in its config and apply it again");
	} else if (is->other) {
		const struct topo_network *other = network_of(a->facts->topo, is->other);
		str_append_f(a->found, "net-attach-def %s/%s carries %s%s%s, not %s", ns, is->other->name,
		             other && other->name[0] ? "the network \"" : "no secondary network",
		             other ? other->name : "", other && other->name[0] ? "\"" : "", network);
		append_elsewhere(a, ns);
		str_append(a->cure, "the \"name\" in its config names the network; correct it and apply it again");
	} else {
		str_append_f(a->found, "namespace %s has no net-attach-def for %s", ns, network);
		append_elsewhere(a, ns);
		str_append(a->cure, "see what the command printed, then run it again");
	}
}

enum check_result check_network(const struct asking *a)
{
	struct attachments is;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i];
		if (is_attached(a, ns, &is))
			continue;
		say_attachments(a, ns, &is);
		return is.broken ? CHECK_FAILS : CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

void check_network_words(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "network %s attached", check->network);
	if (check->status)
		str_append_f(out, " on VLAN %d", check->status);
	check_append_namespaces(check, out);
}

/* ---- mapped ---- */

/* Is "localnet:bridge" among the mappings, comma-separated? */
static bool maps(const char *mappings, const char *network)
{
	size_t len = strlen(network);
	for (const char *at = mappings; *at;) {
		if (strncmp(at, network, len) == 0 && at[len] == ':')
			return true;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return false;
}

static bool is_mapped(const struct topo *topo, size_t node, const char *network, const struct topo_bridge **other)
{
	*other = NULL;
	for (size_t i = 0; i < topo->bridges.len; i++) {
		const struct topo_bridge *bridge = &topo->bridges.data[i];
		if (bridge->node != node)
			continue;
		if (bridge->state == TOPO_RUNNING && maps(bridge->mappings, network))
			return true;
		if (bridge->state == TOPO_RUNNING && bridge->mappings[0])
			*other = bridge;
	}
	return false;
}

enum check_result check_mapped(const struct asking *a)
{
	const struct topo *topo = a->facts->topo;
	size_t n_nodes = 0;
	for (size_t i = 0; i < topo->nodes.len; i++) {
		const struct topo_bridge *other;
		if (!topo->nodes.data[i].is_worker)
			continue;
		n_nodes++;
		if (is_mapped(topo, i, a->check->network, &other))
			continue;
		str_append_f(a->found, "node %s maps %s to no bridge", topo->nodes.data[i].name, a->check->network);
		if (other)
			str_append_f(a->found, "; it maps %s", other->mappings);
		str_append(a->cure, "a NodeNetworkConfigurationPolicy maps it, under desiredState.ovn.bridge-mappings; "
		                    "kubectl get nncp shows those that there are");
		return CHECK_WAITS;
	}
	if (n_nodes == 0)
		str_append(a->found, "there is no worker node");
	return n_nodes ? CHECK_HOLDS : CHECK_WAITS;
}

void check_mapped_words(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "every worker node maps %s to a bridge", check->network);
}

/* ---- what is there instead ---- */

struct nearing {
	const char *ns, *name;
	const json_t *elsewhere, *alike;
};

/* By how many letters two names differ, at most NEAR_MAX + 1: one row of the Levenshtein table at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);
	if (n >= sizeof row / sizeof *row || strlen(a) > n + NEAR_MAX || n > strlen(a) + NEAR_MAX)
		return NEAR_MAX + 1;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i] != b[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[n];
}

static bool near(const json_t *object, void *user)
{
	struct nearing *n = user;
	if (text_equal(kube_name(object), n->name))
		n->elsewhere = object;
	else if (text_equal(kube_ns(object), n->ns) && distance(n->name, kube_name(object)) <= NEAR_MAX)
		n->alike = object;
	return true;
}

void check_append_near(const struct asking *a, const char *ns)
{
	struct nearing n = {.ns = ns, .name = a->check->name};
	kube_each(a->facts->kube, (enum kube_kind_id)(a->check->object - kube_kinds), near, &n);
	if (n.elsewhere)
		str_append_f(a->found, "; there is one in %s", kube_ns(n.elsewhere));
	else if (n.alike)
		str_append_f(a->found, "; there is %s%s%s", ns, ns[0] ? "/" : "", kube_name(n.alike));
}
