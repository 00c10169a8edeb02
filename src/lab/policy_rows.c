/* MultiNetworkPolicies to rows. A policy makes, on each network that it is for, one port group with an ACL for each rule
 * and protocol; a namespace with policies makes two groups there, one a direction, whose ACLs drop what no rule allows; a
 * port is in these when a policy isolates it. What a rule matches is in policy_match.c.
 */
#include "lab/policy_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/labels.h"
#include "lab/ovsdb.h"
#include "lab/policy_match.h"

#define PRIORITY_DENY 1000
#define PRIORITY_ALLOW 1001
#define NAME_MAX_LEN 63 /* of an ACL, by OVN's schema */
#define METER "acl-logging"

static const struct direction {
	const char *name, *list, *peers; /* "Ingress", spec.ingress, from */
	const char *pipeline, *port, *end;
	bool is_after_lb;
} directions[] = {
        {"Ingress", "ingress", "from", "to-lport", "outport", "src", false},
        {"Egress", "egress", "to", "from-lport", "inport", "dst", true},
};
#define N_DIRECTIONS (sizeof directions / sizeof directions[0])

struct builder {
	struct plan_rows *rows;
	const struct policy_rows_input *in;
	policy_rows_trouble_fn *trouble;
	void *user;
	struct map denying; /* id of a default-deny group -> json array of refs to its ports (owned) */
	struct map sets;    /* ids of address sets that are there already */
};
struct job { /* one policy on one network */
	struct builder *builder;
	const json_t *policy;
	const struct policy_rows_network *network;
	const char *ns, *name;
	char *key;      /* "ns:name" */
	char *id;       /* of its port group */
	char group[32]; /* the port group's name */
};

/* ---- names ---- */

void policy_rows_hash(const char *id, char out[32])
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (const char *at = id; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	snprintf(out, 32, "a%llu", (unsigned long long)hash);
}

static json_t *new_ids(const struct policy_rows_network *network, const char *type, const char *name, const char *id)
{
	char *owner = mem_printf("%s-network-controller", network->name);
	json_t *ids = ovsdb_map("k8s.ovn.org/id", id, "k8s.ovn.org/name", name, "k8s.ovn.org/owner-controller", owner,
	                        "k8s.ovn.org/owner-type", type, NULL);
	free(owner);
	return ids;
}

/* ---- ACLs ---- */

struct acl {
	const char *group; /* the port group's name */
	const char *name, *id, *match, *action;
	int priority;
	const struct direction *direction;
	json_t *ids; /* taken */
};

static void add_acl(struct plan_rows *rows, const struct acl *acl)
{
	char name[NAME_MAX_LEN + 1];
	snprintf(name, sizeof name, "%s", acl->name);
	json_t *options =
	        acl->direction->is_after_lb ? ovsdb_map("apply-after-lb", "true", NULL) : ovsdb_map(NULL, NULL);
	json_t *columns =
	        json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:b, s:o, s:o}", "name", name, "direction",
	                  acl->direction->pipeline, "match", acl->match, "priority", acl->priority, "action",
	                  acl->action, "meter", METER, "log", 0, "options", options, "external_ids", acl->ids);
	plan_add_child(rows, &(struct plan_parent){"Port_Group", acl->group, "acls"}, "ACL", acl->id, columns);
}

static void add_group(struct plan_rows *rows, const char *name, json_t *ids, json_t *ports)
{
	plan_add(rows, "Port_Group", name,
	         json_pack("{s:s, s:o, s:[s,o]}", "name", name, "external_ids", ids, "ports", "set", ports));
}

/* ---- a namespace's default-deny groups ---- */

static char *deny_id(const struct job *job, const struct direction *direction)
{
	return mem_printf("%s-network-controller:NetpolNamespace:%s:%s", job->network->name, job->ns, direction->name);
}

static void add_deny_acl(const struct job *job, const struct direction *direction, const char *group_id,
                         const char *type)
{
	bool is_arp = strcmp(type, "arpAllow") == 0;
	char group[32], *id = mem_printf("%s:%s", group_id, type),
	                *name = mem_printf("NP:%s:%s", job->ns, direction->name);
	policy_rows_hash(group_id, group);
	char *match = mem_printf("%s == @%s%s", direction->port, group, is_arp ? " && (arp || nd)" : "");
	json_t *ids = new_ids(job->network, "NetpolNamespace", job->ns, id);
	ovsdb_map_add(ids, "direction", direction->name);
	ovsdb_map_add(ids, "type", type);
	add_acl(job->builder->rows, &(struct acl){.group = group,
	                                          .name = name,
	                                          .id = id,
	                                          .match = match,
	                                          .action = is_arp ? "allow" : "drop",
	                                          .priority = is_arp ? PRIORITY_ALLOW : PRIORITY_DENY,
	                                          .direction = direction,
	                                          .ids = ids});
	free(match);
	free(name);
	free(id);
}

/* The ports of the group, to which policies add; the group is made with the first policy of the namespace. */
static json_t *deny_ports(const struct job *job, const struct direction *direction)
{
	char *id = deny_id(job, direction), group[32];
	json_t *ports = map_find(&job->builder->denying, id);
	if (ports == NULL) {
		ports = json_array();
		map_set(&job->builder->denying, id, ports);
		policy_rows_hash(id, group);
		json_t *ids = new_ids(job->network, "NetpolNamespace", job->ns, id);
		ovsdb_map_add(ids, "direction", direction->name);
		add_group(job->builder->rows, group, ids, json_incref(ports));
		add_deny_acl(job, direction, id, "defaultDeny");
		add_deny_acl(job, direction, id, "arpAllow");
	}
	free(id);
	return ports;
}

/* Taken as it is written: what is absent isolates nothing. */
static bool isolates(const json_t *policy, const struct direction *direction)
{
	size_t i;
	json_t *type;
	json_array_foreach (json_walk(policy, "spec", "policyTypes", NULL), i, type) {
		if (text_equal(json_string_value(type), direction->name))
			return true;
	}
	return false;
}

static bool has_ref(const json_t *refs, const json_t *ref)
{
	size_t i;
	json_t *item;
	json_array_foreach (refs, i, item) {
		if (json_equal(item, ref))
			return true;
	}
	return false;
}

static void add_deny_groups(const struct job *job, const json_t *members)
{
	for (size_t d = 0; d < N_DIRECTIONS; d++) {
		json_t *ports = deny_ports(job, &directions[d]), *ref;
		size_t i;
		if (!isolates(job->policy, &directions[d]))
			continue;
		json_array_foreach (members, i, ref) {
			if (!has_ref(ports, ref))
				json_array_append(ports, ref);
		}
	}
}

/* ---- address sets ---- */

static bool peer_matches(const struct job *job, const json_t *peer, const struct policy_rows_port *port)
{
	const json_t *spaces = json_object_get(peer, "namespaceSelector"), *pods = json_object_get(peer, "podSelector");
	if (port->network != job->network)
		return false;
	if (json_is_object(spaces) ? !labels_match(spaces, map_find(job->builder->in->namespaces, port->ns))
	                           : strcmp(port->ns, job->ns) != 0)
		return false;
	return !json_is_object(pods) || labels_match(pods, port->labels);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *peer_addresses(const struct job *job, const json_t *peer, int family)
{
	const struct policy_rows_input *in = job->builder->in;
	VEC(char *) texts = {0};
	json_t *list = json_array();
	for (size_t i = 0; i < in->n_ports; i++) {
		for (size_t k = 0; peer_matches(job, peer, &in->ports[i]) && k < in->ports[i].addresses.len; k++) {
			char text[64];
			if (in->ports[i].addresses.data[k].family != family)
				continue;
			cni_address_format(&in->ports[i].addresses.data[k], false, text);
			vec_push(&texts, mem_strdup(text));
		}
	}
	if (texts.len > 0)
		qsort(texts.data, texts.len, sizeof *texts.data, by_text);
	for (size_t i = 0; i < texts.len; i++) {
		if (i == 0 || strcmp(texts.data[i], texts.data[i - 1]) != 0) /* a set says nothing twice */
			json_array_append_new(list, json_string(texts.data[i]));
	}
	for (size_t i = 0; i < texts.len; i++)
		free(texts.data[i]);
	vec_finish(&texts);
	return list;
}

static char *peer_key(const struct job *job, const json_t *peer)
{
	const json_t *spaces = json_object_get(peer, "namespaceSelector"), *pods = json_object_get(peer, "podSelector");
	struct str key = {0};
	if (json_is_object(spaces))
		policy_rows_selector(&key, spaces);
	else
		str_append(&key, job->ns);
	str_append_c(&key, '_');
	if (json_is_object(pods))
		policy_rows_selector(&key, pods);
	else
		str_append(&key, "LS{}");
	return str_take(&key);
}

/* Wants the peer's address set of that family and gives its name. */
static void want_set(const struct job *job, const json_t *peer, int family, char name[32])
{
	char *key = peer_key(job, peer),
	     *id = mem_printf("%s-network-controller:PodSelector:%s:v%d", job->network->name, key, family);
	policy_rows_hash(id, name);
	if (map_find(&job->builder->sets, id) == NULL) {
		json_t *ids = new_ids(job->network, "PodSelector", key, id);
		ovsdb_map_add(ids, "ip-family", family == 4 ? "v4" : "v6");
		map_set(&job->builder->sets, id, job->builder);
		plan_add(job->builder->rows, "Address_Set", name,
		         json_pack("{s:s, s:o, s:[s,o]}", "name", name, "external_ids", ids, "addresses", "set",
		                   peer_addresses(job, peer, family)));
	}
	free(id);
	free(key);
}

/* ---- rules ---- */

struct rule {
	const struct job *job;
	const struct direction *direction;
	size_t index;
	struct policy_ports ports;
};

/* One ACL for each protocol of the rule's ports. block_index is OVN-Kubernetes': -2 all blocks, -1 selectors or any. */
static void add_rule_acls(const struct rule *rule, const char *peers, int block_index)
{
	const struct job *job = rule->job;
	const char *direction = rule->direction->name;
	for (size_t i = 0; i < rule->ports.items.len; i++) {
		const struct policy_protocol *protocol = &rule->ports.items.data[i];
		char index[24], block[16];
		snprintf(index, sizeof index, "%zu", rule->index);
		snprintf(block, sizeof block, "%d", block_index);
		char *id = mem_printf("%s:%s:%s:%s:%s", job->id, direction, index, protocol->name, block);
		char *name = mem_printf("NP:%s:%s:%s", job->key, direction, index);
		char *match = mem_printf("%s%s%s && %s == @%s", peers, protocol->match[0] != '\0' ? " && " : "",
		                         protocol->match, rule->direction->port, job->group);
		json_t *ids = new_ids(job->network, "NetworkPolicy", job->key, id);
		ovsdb_map_add(ids, "direction", direction);
		ovsdb_map_add(ids, "gress-index", index);
		ovsdb_map_add(ids, "ip-block-index", block);
		ovsdb_map_add(ids, "port-policy-protocol", protocol->name);
		add_acl(job->builder->rows, &(struct acl){.group = job->group,
		                                          .name = name,
		                                          .id = id,
		                                          .match = match,
		                                          .action = "allow-related",
		                                          .priority = PRIORITY_ALLOW,
		                                          .direction = rule->direction,
		                                          .ids = ids});
		free(match);
		free(name);
		free(id);
	}
}

/* "ip4.src == {$a1, $a2}", of both families in parentheses. */
static void match_selectors(const struct rule *rule, const json_t *peers, struct str *out)
{
	const struct policy_rows_network *network = rule->job->network;
	bool is_dual = network->has_ip4 && network->has_ip6;
	size_t n_families = 0, i;
	json_t *peer;
	str_append(out, is_dual ? "(" : "");
	for (int family = 4; family <= 6; family += 2) {
		struct map names = {0};
		char name[32];
		if (family == 6 ? !network->has_ip6 : network->has_ip6 && !network->has_ip4)
			continue;
		json_array_foreach (peers, i, peer) {
			if (policy_peer_is_selector(peer)) {
				want_set(rule->job, peer, family, name);
				map_set(&names, name, NULL);
			}
		}
		str_append_f(out, "%sip%d.%s == {", n_families++ > 0 ? " || " : "", family, rule->direction->end);
		for (size_t k = 0; k < names.len; k++)
			str_append_f(out, "%s$%s", k > 0 ? ", " : "", names.entries[k].key);
		str_append_c(out, '}');
		map_finish(&names);
	}
	str_append(out, is_dual ? ")" : "");
}

static const char *any_address(const struct policy_rows_network *network)
{
	if (network->has_ip6)
		return network->has_ip4 ? "(ip4 || ip6)" : "ip6";
	return "ip4";
}

static void add_rule(const struct rule *rule, const json_t *peers)
{
	struct policy_peers found = policy_peers_of(peers);
	struct str match = {0};
	if (found.n_blocks > 0) {
		policy_match_blocks(peers, rule->direction->end, &match);
		add_rule_acls(rule, str_text(&match), -2);
		str_clear(&match);
	}
	if (found.n_selectors > 0)
		match_selectors(rule, peers, &match);
	else if (found.n_blocks == 0) /* also when all peers are void: surprising, but so it is */
		str_append(&match, any_address(rule->job->network));
	if (match.len > 0)
		add_rule_acls(rule, str_text(&match), -1);
	str_finish(&match);
}

static void add_rules(const struct job *job)
{
	for (size_t d = 0; d < N_DIRECTIONS; d++) {
		size_t i;
		json_t *item;
		json_array_foreach (json_walk(job->policy, "spec", directions[d].list, NULL), i, item) {
			struct rule rule = {.job = job, .direction = &directions[d], .index = i};
			policy_ports_read(json_object_get(item, "ports"), &rule.ports);
			add_rule(&rule, json_object_get(item, directions[d].peers));
			policy_ports_finish(&rule.ports);
		}
	}
}

/* ---- policies ---- */

static bool is_refused(const struct job *job)
{
	struct str words = {0};
	bool is_refused = policy_refusal(job->policy, job->network, &words);
	if (is_refused)
		job->builder->trouble(job->policy, str_text(&words), job->builder->user);
	str_finish(&words);
	return is_refused;
}

static void add_on_network(struct builder *builder, const json_t *policy, const struct policy_rows_network *network)
{
	struct job job = {.builder = builder,
	                  .policy = policy,
	                  .network = network,
	                  .ns = json_walk_str(policy, "metadata", "namespace", NULL),
	                  .name = json_walk_str(policy, "metadata", "name", NULL)};
	if (is_refused(&job))
		return;
	job.key = mem_printf("%s:%s", job.ns, job.name);
	job.id = mem_printf("%s-network-controller:NetworkPolicy:%s", network->name, job.key);
	policy_rows_hash(job.id, job.group);
	json_t *members = json_array();
	for (size_t i = 0; i < builder->in->n_ports; i++) {
		const struct policy_rows_port *port = &builder->in->ports[i];
		if (port->network == network && strcmp(port->ns, job.ns) == 0 &&
		    labels_match(json_walk(policy, "spec", "podSelector", NULL), port->labels))
			json_array_append_new(members, plan_ref("Logical_Switch_Port", port->name));
	}
	add_deny_groups(&job, members);
	add_group(builder->rows, job.group, new_ids(network, "NetworkPolicy", job.key, job.id), members);
	add_rules(&job);
	free(job.id);
	free(job.key);
}

static void add_policy(struct builder *builder, const json_t *policy)
{
	struct map done = {0}; /* several NADs may be one network */
	struct str troubles = {0};
	char *list = policy_for_of(policy), *rest = list, *nad;
	while ((nad = strsep(&rest, ",")) != NULL) {
		const struct policy_rows_network *network = map_find(builder->in->nads, nad);
		if (network == NULL || map_find(&done, network->name) != NULL)
			continue;
		map_set(&done, network->name, builder);
		add_on_network(builder, policy, network);
	}
	policy_troubles(policy, &troubles);
	if (troubles.len > 0)
		builder->trouble(policy, str_text(&troubles), builder->user);
	str_finish(&troubles);
	map_finish(&done);
	free(list);
}

void policy_rows_build(struct plan_rows *rows, const struct policy_rows_input *input, policy_rows_trouble_fn *trouble,
                       void *user)
{
	struct builder builder = {.rows = rows, .in = input, .trouble = trouble, .user = user};
	for (size_t i = 0; i < input->n_policies; i++)
		add_policy(&builder, input->policies[i]);
	for (size_t i = 0; i < builder.denying.len; i++)
		json_decref(builder.denying.entries[i].value);
	map_finish(&builder.denying);
	map_finish(&builder.sets);
}
