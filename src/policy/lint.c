/* lint: what is wrong or surprising about each policy, each finding with its place in the object and what to do. And about workloads
 * that no policy can tell apart. */
#include "policy/world.h"

#include <stdlib.h>
#include <string.h>

struct lint {
	const struct policy_world *world;
	const struct policy *policy;
	policy_finding_fn *fn;
	void *user;
};

static void find(const struct lint *lint, enum policy_severity severity, const char *path, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
static void find(const struct lint *lint, enum policy_severity severity, const char *path, const char *fmt, ...)
{
	struct str text = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	lint->fn(
	        &(struct policy_finding){
	                .severity = severity, .object = lint->policy->id, .path = path, .text = str_text(&text)},
	        lint->user);
	str_finish(&text);
}

static void lint_selector(const struct lint *lint, const json_t *selector, const char *path)
{
	const char *key, *problem = json_is_object(selector) ? policy_selector_problem(selector, &key) : NULL;
	if (problem)
		find(lint, POLICY_ERROR, path,
		     "the selector %s%s%s; it should match nothing, but OVN-Kubernetes gives up the whole policy, says so only in its log, and "
		     "everything stays open: mend it",
		     problem, *key ? ", key " : "", key);
}

/* What a list of the API is written as something else: the CRD refuses that, here it is left out of account. */
static void lint_shape(const struct lint *lint, const json_t *value, bool is_fine, const char *path, const char *wanted)
{
	if (value && !json_is_null(value) && !is_fine)
		find(lint, POLICY_ERROR, path, "it is not %s; the API server refuses the policy", wanted);
}

static void lint_block(const struct lint *lint, const json_t *value, const char *path)
{
	struct cni_address cidr, except;
	const char *text = json_walk_str(value, "cidr", NULL);
	if (!cni_address_parse(text, &cidr) || cidr.prefix < 0) {
		find(lint, POLICY_ERROR, path, "'%s' is no CIDR; write it like 192.168.200.0/24", text);
		return;
	}
	size_t i;
	const json_t *item, *excepts = json_object_get(value, "except");
	lint_shape(lint, excepts, json_is_array(excepts), path, "a list where it says except");
	json_array_foreach (excepts, i, item) {
		text = json_is_string(item) ? json_string_value(item) : "";
		if (!cni_address_parse(text, &except) || except.family != cidr.family)
			find(lint, POLICY_ERROR, path,
			     "except '%s' is no CIDR of the block's family: OVN cannot read it then, and no block of the rule "
			     "allows anything; write it like 192.168.200.4/32",
			     text);
		else if (except.prefix < 0)
			find(lint, POLICY_WARNING, path,
			     "except '%s' has no prefix length: OVN takes it for one address; write it like 192.168.200.4/32",
			     text);
		else if (except.prefix < cidr.prefix || !cni_address_is_in(&except, &cidr))
			find(lint, POLICY_ERROR, path, "except '%s' is not inside '%s'; narrow it or leave it out",
			     text, json_walk_str(value, "cidr", NULL));
	}
}

static void lint_peer(const struct lint *lint, const json_t *peer, const char *path)
{
	const json_t *block = json_object_get(peer, "ipBlock"), *pods = json_object_get(peer, "podSelector");
	const json_t *spaces = json_object_get(peer, "namespaceSelector");
	lint_shape(lint, block, json_is_object(block), path, "a map where it says ipBlock");
	lint_shape(lint, pods, json_is_object(pods), path, "a selector where it says podSelector");
	lint_shape(lint, spaces, json_is_object(spaces), path, "a selector where it says namespaceSelector");
	if (!json_is_object(block) && !json_is_object(pods) && !json_is_object(spaces))
		find(lint, POLICY_WARNING, path,
		     "the peer is empty: it should allow nothing, but OVN-Kubernetes ignores it, and a rule left "
		     "without peers allows everybody; name a peer or take it out");
	if (json_is_object(block)) {
		if (json_is_object(pods) || json_is_object(spaces))
			find(lint, POLICY_ERROR, path,
			     "ipBlock stands beside a selector; it must stand alone (the selector is ignored)");
		lint_block(lint, block, path);
		return;
	}
	lint_selector(lint, pods, path);
	lint_selector(lint, spaces, path);
	for (size_t i = 0; (json_is_object(pods) || json_is_object(spaces)) && i < lint->policy->refused.len; i++)
		find(lint, POLICY_ERROR, path,
		     "network %s has no subnets, and without IPAM OVN-Kubernetes takes only ipBlock peers: it refuses the "
		     "whole policy, says so only in its log, and everything stays open; use ipBlock",
		     lint->world->networks.data[lint->policy->refused.data[i]].name);
}

static void lint_port(const struct lint *lint, const json_t *value, const char *path)
{
	enum policy_proto proto;
	const json_t *port = json_object_get(value, "port"), *end = json_object_get(value, "endPort");
	const json_t *protocol = json_object_get(value, "protocol");
	const char *name = json_walk_str(value, "protocol", NULL);
	lint_shape(lint, value, json_is_object(value), path, "a map");
	lint_shape(lint, protocol, json_is_string(protocol), path, "TCP, UDP or SCTP where it says protocol");
	if (!policy_protocol_read(name, &proto))
		find(lint, POLICY_ERROR, path,
		     "protocol '%s' is unknown; it is TCP, UDP or SCTP (ICMP cannot be named: leave ports out)", name);
	if (json_is_string(port))
		find(lint, POLICY_WARNING, path,
		     "port '%s' is a name: OVN-Kubernetes does not resolve it and allows every port of the protocol; "
		     "write the number",
		     json_string_value(port));
	else if (json_is_integer(port) && (json_integer_value(port) < 1 || json_integer_value(port) > 65535))
		find(lint, POLICY_ERROR, path, "port %lld is not in 1..65535", (long long)json_integer_value(port));
	else if (port && !json_is_null(port) && !json_is_integer(port))
		find(lint, POLICY_ERROR, path, "port is neither a number nor a name");
	if (!json_is_integer(end))
		return;
	if (!json_is_integer(port))
		find(lint, POLICY_ERROR, path, "endPort needs a numeric port");
	else if (json_integer_value(end) < json_integer_value(port) || json_integer_value(end) > 65535)
		find(lint, POLICY_ERROR, path, "endPort %lld is not in %lld..65535", (long long)json_integer_value(end),
		     (long long)json_integer_value(port));
}

static const json_t *list_of(const struct lint *lint, const json_t *rule, const char *key, const char *path)
{
	const json_t *list = json_object_get(rule, key);
	char place[96];
	snprintf(place, sizeof place, "%s.%s", path, key);
	lint_shape(lint, list, json_is_array(list), place, "a list");
	return list;
}

static void lint_rules(const struct lint *lint, enum policy_direction direction)
{
	static const char *const lists[] = {"ingress", "egress"}, *const peers[] = {"from", "to"},
	                         *const types[] = {"Ingress", "Egress"};
	const json_t *list = json_walk(lint->policy->object, "spec", lists[direction], NULL), *rule, *item;
	size_t i, j;
	char path[96];
	snprintf(path, sizeof path, "spec.%s", lists[direction]);
	lint_shape(lint, list, json_is_array(list), path, "a list");
	json_array_foreach (list, i, rule) {
		snprintf(path, sizeof path, "spec.%s[%zu]", lists[direction], i);
		lint_shape(lint, rule, json_is_object(rule), path, "a map");
		const json_t *ends = list_of(lint, rule, peers[direction], path),
		             *ports = list_of(lint, rule, "ports", path);
		json_array_foreach (ends, j, item) {
			snprintf(path, sizeof path, "spec.%s[%zu].%s[%zu]", lists[direction], i, peers[direction], j);
			lint_peer(lint, item, path);
		}
		json_array_foreach (ports, j, item) {
			snprintf(path, sizeof path, "spec.%s[%zu].ports[%zu]", lists[direction], i, j);
			lint_port(lint, item, path);
		}
	}
	snprintf(path, sizeof path, "spec.%s", lists[direction]);
	if (json_array_size(list) && !lint->policy->isolates[POLICY_SPEC][direction])
		find(lint, POLICY_WARNING, path,
		     "policyTypes does not list %s, so these rules mean nothing, but OVN-Kubernetes applies them once another "
		     "policy isolates that direction; list it or take them out",
		     types[direction]);
}

static void lint_types(const struct lint *lint)
{
	const json_t *types = json_walk(lint->policy->object, "spec", "policyTypes", NULL), *type;
	size_t i;
	lint_shape(lint, types, json_is_array(types), "spec.policyTypes", "a list");
	if (!types || json_is_null(types) || (json_is_array(types) && json_array_size(types) == 0))
		find(lint, POLICY_WARNING, "spec.policyTypes",
		     "policyTypes is missing: nothing fills it in for this kind, and OVN-Kubernetes then isolates nothing; write [Ingress, Egress] as meant");
	json_array_foreach (types, i, type)
		if (!text_equal(json_string_value(type), "Ingress") && !text_equal(json_string_value(type), "Egress"))
			find(lint, POLICY_ERROR, "spec.policyTypes",
			     "'%s' is no policy type; they are Ingress and Egress, written so",
			     json_is_string(type) ? json_string_value(type) : "?");
}

/* The attachments that there are in the policy's namespace, the first few. */
static void own_attachments(const struct lint *lint, struct str *out)
{
	size_t len = strlen(lint->policy->ns), n = 0;
	for (size_t i = 0; i < lint->world->nads.len && n < 3; i++) {
		const char *key = lint->world->nads.entries[i].key;
		if (strncmp(key, lint->policy->ns, len) != 0 || key[len] != '/')
			continue;
		str_append_f(out, "%s%s", n++ ? ", " : "", key);
	}
}

static void lint_policy_for(const struct lint *lint)
{
	const struct policy *policy = lint->policy;
	const char *path = "metadata.annotations[k8s.v1.cni.cncf.io/policy-for]";
	if (policy->nads.len == 0) {
		find(lint, POLICY_ERROR, path,
		     "the annotation is missing: without it the policy is ignored; name the attachments it is for");
		return;
	}
	for (size_t i = 0; i < policy->nads.len; i++) {
		const char *nad = policy->nads.data[i];
		if (!map_find(&lint->world->nads, nad)) {
			struct str own = {0};
			own_attachments(lint, &own);
			find(lint, POLICY_ERROR, path,
			     "there is no usable attachment %s%s%s; write NAME (in %s) or NAMESPACE/NAME", nad,
			     own.len ? "; yours is in " : "", str_text(&own), policy->ns);
			str_finish(&own);
			continue;
		}
		bool is_used = false, network_is_used = false;
		size_t network = (size_t)(uintptr_t)map_find(&lint->world->nads, nad) - 1;
		for (size_t e = 0; e < lint->world->endpoints.len; e++) {
			const struct endpoint *endpoint = &lint->world->endpoints.data[e];
			bool is_ours = strcmp(endpoint->ns, policy->ns) == 0 && endpoint->network == network;
			network_is_used |= is_ours;
			is_used |= is_ours && strcmp(endpoint->nad, nad) == 0;
		}
		if (!is_used && network_is_used)
			find(lint, POLICY_WARNING, path,
			     "no workload of %s is attached through %s, but some are on the same network through another "
			     "attachment: OVN-Kubernetes takes those too; name their attachment",
			     policy->ns, nad);
	}
}

/* A switch whose policies only deny has no connection tracking. */
static void lint_stateless(const struct lint *lint)
{
	const struct policy *policy = lint->policy;
	for (size_t i = 0; policy->n_selected && i < policy->networks.len; i++) {
		const struct network *network = &lint->world->networks.data[policy->networks.data[i]];
		bool isolates =
		        policy->isolates[POLICY_OVNK][POLICY_INGRESS] || policy->isolates[POLICY_OVNK][POLICY_EGRESS];
		if (isolates && !network->is_stateful[POLICY_OVNK] &&
		    !policy_is_refused_on(policy, policy->networks.data[i]))
			find(lint, POLICY_WARNING, "",
			     "every policy on network %s only denies: OVN then tracks no connections there, and answers of the other "
			     "direction are dropped too; add one rule that allows something (even one that never matches)",
			     network->name);
	}
}

static void lint_twins(const struct policy_world *world, policy_finding_fn *fn, void *user)
{
	const struct topo *topo = world->topo;
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (attachment->twin == TOPO_NONE)
			continue;
		char *text = mem_printf("%s; packets for it may reach either, and an ipBlock means both",
		                        attachment->problem);
		fn(&(struct policy_finding){.severity = POLICY_ERROR,
		                            .object = topo->workloads.data[attachment->workload].id,
		                            .is_workload = true,
		                            .path = attachment->interface,
		                            .text = text},
		   user);
		free(text);
	}
}

void policy_lint(const struct policy_world *world, policy_finding_fn *fn, void *user)
{
	for (size_t i = 0; i < world->policies.len; i++) {
		struct lint lint = {world, &world->policies.data[i], fn, user};
		lint_policy_for(&lint);
		const json_t *subject = json_walk(lint.policy->object, "spec", "podSelector", NULL);
		if (!json_is_object(subject))
			find(&lint, POLICY_ERROR, "spec.podSelector",
			     "it is missing; write {} for every pod of the namespace");
		else
			lint_selector(&lint, subject, "spec.podSelector");
		if (lint.policy->networks.len && lint.policy->n_selected == 0 && lint.policy->refused.len == 0)
			find(&lint, POLICY_WARNING, "spec.podSelector",
			     "it selects no attached workload of %s, so the policy does nothing", lint.policy->ns);
		lint_types(&lint);
		lint_rules(&lint, POLICY_INGRESS);
		lint_rules(&lint, POLICY_EGRESS);
		lint_stateless(&lint);
	}
	lint_twins(world, fn, user);
}
