/* compile: MultiNetworkPolicy objects into rules that can be asked fast: parsed blocks and ports, one bit per endpoint for
 * what a selector matches. Runs once when a world is made. */
#include "policy/world.h"

#include <stdlib.h>
#include <string.h>

static size_t words_of(const struct policy_world *world)
{
	return world->endpoints.len / 64 + 1;
}

static bool is_bad(const json_t *selector)
{
	const char *key;
	return json_is_object(selector) && policy_selector_problem(selector, &key);
}

bool policy_is_refused_on(const struct policy *policy, size_t network)
{
	for (size_t i = 0; i < policy->refused.len; i++)
		if (policy->refused.data[i] == network)
			return true;
	return false;
}

bool policy_is_about(const struct policy *policy, size_t network)
{
	for (size_t i = 0; i < policy->networks.len; i++)
		if (policy->networks.data[i] == network)
			return true;
	return false;
}

/* A selector that cannot be read makes OVN-Kubernetes give up the whole policy; the API means that it matches nothing. */
static bool is_given_up(const struct policy *policy, enum policy_profile profile)
{
	return profile == POLICY_OVNK && policy->has_bad_selector;
}

bool policy_selects(const struct policy *policy, const struct endpoint *endpoint, enum policy_profile profile)
{
	if (strcmp(policy->ns, endpoint->ns) != 0 || !policy_is_about(policy, endpoint->network) ||
	    policy_is_refused_on(policy, endpoint->network) || is_given_up(policy, profile) || policy->has_bad_subject)
		return false;
	bool is_named = false;
	for (size_t i = 0; i < policy->nads.len; i++)
		is_named = is_named || strcmp(policy->nads.data[i], endpoint->nad) == 0;
	/* OVN-Kubernetes takes every port of the pod on the network, whichever NAD it came through */
	for (size_t i = 0; profile == POLICY_OVNK && i < policy->joined.len; i++)
		is_named = is_named || policy->joined.data[i] == endpoint->network;
	if (!is_named)
		return false;
	const json_t *selector = json_walk(policy->object, "spec", "podSelector", NULL);
	return policy_selector_matches(selector, endpoint->labels);
}

static bool block_has(const struct block *block, const struct cni_address *address, enum policy_profile profile)
{
	if (profile == POLICY_SPEC ? !block->is_valid : block->is_broken)
		return false;
	if (!cni_address_is_in(address, &block->cidr))
		return false;
	for (size_t i = 0; i < block->excepts.len; i++)
		if (cni_address_is_in(address, &block->excepts.data[i]))
			return false;
	return true;
}

bool policy_blocks_have(const struct rule *rule, const struct cni_address *address, enum policy_profile profile)
{
	if (profile == POLICY_OVNK && rule->has_broken_block)
		return false;
	for (size_t i = 0; i < rule->blocks.len; i++)
		if (block_has(&rule->blocks.data[i], address, profile))
			return true;
	return false;
}

/* A bare address as that address. */
static bool read_range(const char *text, struct cni_address *out, bool *is_bare)
{
	if (!text || !cni_address_parse(text, out))
		return false;
	*is_bare = out->prefix < 0;
	if (*is_bare)
		out->prefix = out->family == 6 ? 128 : 32;
	return true;
}

/* OVN is given the texts as they are: one that it cannot read takes the block with it, and its whole rule's other blocks. It takes a
 * bare address, too; but what is no IPv6 CIDR OVN-Kubernetes compares as IPv4. */
static void compile_block(const json_t *value, struct rule *rule)
{
	struct block block = {0};
	bool is_bare = false, is_readable = read_range(json_walk_str(value, "cidr", NULL), &block.cidr, &is_bare);
	block.is_valid = is_readable && !is_bare;
	block.is_broken = !is_readable || (block.cidr.family == 6 && is_bare);
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get(value, "except"), i, item) {
		struct cni_address except = {0};
		is_readable = read_range(json_string_value(item), &except, &is_bare);
		block.is_valid &= is_readable;
		block.is_broken |= !is_readable || except.family != block.cidr.family;
		if (is_readable)
			vec_push(&block.excepts, except);
	}
	rule->has_broken_block |= block.is_broken;
	vec_push(&rule->blocks, block);
}

static void mark_blocks(const struct policy_world *world, const struct policy *policy, struct rule *rule)
{
	for (enum policy_profile profile = 0; rule->blocks.len > 0 && profile < POLICY_N_PROFILES; profile++)
		for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
			uint64_t *bits = rule->in_blocks[profile][is_ip6] = mem_alloc(words_of(world) * sizeof *bits);
			for (size_t i = 0; i < world->endpoints.len; i++) {
				const struct endpoint *endpoint = &world->endpoints.data[i];
				const struct cni_address *address = policy_first_address(endpoint, is_ip6 ? 6 : 4);
				if (address && policy_is_about(policy, endpoint->network) &&
				    policy_blocks_have(rule, address, profile))
					bits[i / 64] |= UINT64_C(1) << (i % 64);
			}
		}
}

static void mark_peers(struct policy_world *world, const struct policy *policy, const json_t *peer, struct rule *rule)
{
	const json_t *pods = json_object_get(peer, "podSelector"), *spaces = json_object_get(peer, "namespaceSelector");
	for (size_t i = 0; i < world->endpoints.len; i++) {
		const struct endpoint *endpoint = &world->endpoints.data[i];
		if (!policy_is_about(policy, endpoint->network))
			continue;
		if (json_is_object(spaces)) {
			if (!policy_selector_matches(spaces, map_find(&world->namespaces, endpoint->ns)))
				continue;
		} else if (strcmp(endpoint->ns, policy->ns) != 0) {
			continue;
		}
		if (!json_is_object(pods) || policy_selector_matches(pods, endpoint->labels))
			rule->peers[i / 64] |= UINT64_C(1) << (i % 64);
	}
}

static void compile_peers(struct policy_world *world, struct policy *policy, const json_t *peers, struct rule *rule)
{
	size_t i, n_usable = 0;
	const json_t *peer;
	json_array_foreach (peers, i, peer) {
		bool has_selector = json_is_object(json_object_get(peer, "podSelector")) ||
		                    json_is_object(json_object_get(peer, "namespaceSelector"));
		policy->has_selector_peer |= has_selector; /* also beside a block, where it means nothing */
		if (json_is_object(json_object_get(peer, "ipBlock"))) {
			compile_block(json_object_get(peer, "ipBlock"), rule);
			n_usable++;
		} else if (has_selector) {
			if (is_bad(json_object_get(peer, "podSelector")) ||
			    is_bad(json_object_get(peer, "namespaceSelector")))
				policy->has_bad_selector = true;
			else
				mark_peers(world, policy, peer, rule);
			n_usable++;
		}
	}
	rule->any_peer[POLICY_SPEC] = json_array_size(peers) == 0;
	rule->any_peer[POLICY_OVNK] =
	        n_usable == 0; /* it ignores a peer with nothing set, and what is left is an empty list */
}

bool policy_protocol_read(const char *name, enum policy_proto *out)
{
	*out = POLICY_TCP;
	return !*name ||
	       (policy_proto_find(name, out) && *out != POLICY_ICMP && strcmp(policy_proto_name(*out), name) == 0);
}

static void compile_port(const json_t *value, struct rule *rule)
{
	const json_t *number = json_object_get(value, "port"), *end = json_object_get(value, "endPort");
	struct port_rule port = {0};
	port.is_named = policy_protocol_read(json_walk_str(value, "protocol", NULL), &port.proto);
	port.is_valid = port.is_named;
	if (json_is_integer(number)) {
		json_int_t first = json_integer_value(number),
		           last = json_is_integer(end) ? json_integer_value(end) : first;
		port.is_valid = port.is_valid && first >= 1 && last >= first && last <= 65535;
		if (port.is_valid)
			port.first = (int)first, port.last = (int)last;
	} else if (json_is_string(number)) {
		port.name = mem_strdup(json_string_value(number));
	} else if (number && !json_is_null(number)) {
		port.is_valid = port.is_named = false;
	}
	if (json_is_integer(number) || json_is_string(number)) { /* a name counts as 0 there, and an endPort of 0 as none */
		port.written[0] = json_integer_value(number);
		port.written[1] = json_integer_value(end) ? json_integer_value(end) : port.written[0];
	}
	vec_push(&rule->ports, port);
}

static void compile_rules(struct policy_world *world, struct policy *policy, enum policy_direction direction)
{
	const json_t *list = json_walk(policy->object, "spec", direction == POLICY_INGRESS ? "ingress" : "egress",
	                               NULL),
	             *item;
	size_t i, j;
	json_array_foreach (list, i, item) {
		struct rule rule = {.direction = direction, .index = (int)i};
		rule.peers = mem_alloc(words_of(world) * sizeof *rule.peers);
		compile_peers(world, policy, json_object_get(item, direction == POLICY_INGRESS ? "from" : "to"), &rule);
		mark_blocks(world, policy, &rule);
		const json_t *port;
		json_array_foreach (json_object_get(item, "ports"), j, port)
			compile_port(port, &rule);
		vec_push(&policy->rules, rule);
	}
}

/* Which directions it isolates: the API fills in what is missing, OVN-Kubernetes takes the list as it is written. */
static void compile_types(struct policy *policy)
{
	const json_t *types = json_walk(policy->object, "spec", "policyTypes", NULL), *type;
	bool literal[2] = {false, false};
	size_t i;
	json_array_foreach (types, i, type) {
		literal[POLICY_INGRESS] |= text_equal(json_string_value(type), "Ingress");
		literal[POLICY_EGRESS] |= text_equal(json_string_value(type), "Egress");
	}
	bool is_absent = json_array_size(types) == 0;
	bool has_egress = json_array_size(json_walk(policy->object, "spec", "egress", NULL)) > 0;
	for (int d = 0; d < 2; d++) {
		policy->isolates[POLICY_OVNK][d] = literal[d];
		policy->isolates[POLICY_SPEC][d] = is_absent ? d == POLICY_INGRESS || has_egress : literal[d];
		policy->counts[POLICY_SPEC][d] = policy->isolates[POLICY_SPEC][d];
		policy->counts[POLICY_OVNK][d] = true; /* the allow ACLs of both lists are always made */
	}
}

static void compile_policy_for(const struct policy_world *world, struct policy *policy)
{
	const json_t *annotations = json_walk(policy->object, "metadata", "annotations", NULL);
	const char *text = json_walk_str(annotations, "k8s.v1.cni.cncf.io/policy-for", NULL);
	struct str item = {0};
	for (const char *at = text;; at++) {
		if (*at && *at != ',') {
			if (!strchr(" \t\r\n", *at))
				str_append_c(&item, *at);
			continue;
		}
		if (item.len) {
			char *nad = strchr(item.data, '/') ? mem_strdup(item.data)
			                                   : mem_printf("%s/%s", policy->ns, item.data);
			size_t network = (size_t)(uintptr_t)map_find(&world->nads, nad);
			vec_push(&policy->nads, nad);
			if (network && !policy_is_about(policy, network - 1))
				vec_push(&policy->networks, network - 1);
			if (network && !map_find(&world->ignored_nads, nad))
				vec_push(&policy->joined, network - 1);
		}
		str_clear(&item);
		if (!*at)
			break;
	}
	str_finish(&item);
}

static void attach_to_endpoints(struct policy_world *world, size_t at)
{
	struct policy *policy = &world->policies.data[at];
	for (size_t i = 0; i < world->endpoints.len; i++) {
		struct endpoint *endpoint = &world->endpoints.data[i];
		struct selection selection = {.policy = at};
		for (enum policy_profile profile = 0; profile < POLICY_N_PROFILES; profile++)
			selection.holds[profile] = policy_selects(policy, endpoint, profile);
		if (!selection.holds[POLICY_OVNK] && !selection.holds[POLICY_SPEC])
			continue;
		vec_push(&endpoint->policies, selection);
		policy->n_selected++;
		/* each rule is an allow-related ACL, also one that matches nobody or that OVN cannot read */
		if (selection.holds[POLICY_OVNK] && endpoint->has_port && policy->rules.len > 0)
			world->networks.data[endpoint->network].is_stateful[POLICY_OVNK] = true;
	}
}

static void compile_policy(struct policy_world *world, const json_t *object)
{
	struct policy policy = {.object = object};
	policy.ns = mem_strdup(json_walk_str(object, "metadata", "namespace", NULL));
	policy.id = mem_printf("%s/%s", policy.ns, json_walk_str(object, "metadata", "name", NULL));
	compile_policy_for(world, &policy);
	compile_types(&policy);
	policy.has_bad_subject = policy.has_bad_selector = is_bad(json_walk(object, "spec", "podSelector", NULL));
	compile_rules(world, &policy, POLICY_INGRESS);
	compile_rules(world, &policy, POLICY_EGRESS);
	for (size_t i = 0; policy.has_selector_peer && i < policy.networks.len; i++)
		if (!world->networks.data[policy.networks.data[i]].has_ipam)
			vec_push(&policy.refused, policy.networks.data[i]);
	vec_push(&world->policies, policy);
	attach_to_endpoints(world, world->policies.len - 1);
}

static int by_id(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	int order = strcmp(json_walk_str(x, "metadata", "namespace", NULL),
	                   json_walk_str(y, "metadata", "namespace", NULL));
	return order ? order
	             : strcmp(json_walk_str(x, "metadata", "name", NULL), json_walk_str(y, "metadata", "name", NULL));
}

void policy_compile_all(struct policy_world *world)
{
	VEC(const json_t *) list = {0};
	size_t i;
	const json_t *object;
	json_array_foreach (world->objects, i, object)
		if (text_equal(json_walk_str(object, "kind", NULL), "MultiNetworkPolicy"))
			vec_push(&list, object);
	if (list.len)
		qsort(list.data, list.len, sizeof *list.data, by_id);
	for (i = 0; i < list.len; i++)
		compile_policy(world, list.data[i]);
	vec_finish(&list);
}

void policy_finish(struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.len; i++) {
		struct rule *rule = &policy->rules.data[i];
		for (size_t b = 0; b < rule->blocks.len; b++)
			vec_finish(&rule->blocks.data[b].excepts);
		for (size_t p = 0; p < rule->ports.len; p++)
			free(rule->ports.data[p].name);
		vec_finish(&rule->blocks);
		vec_finish(&rule->ports);
		free(rule->peers);
		for (size_t k = 0; k < (size_t)POLICY_N_PROFILES * 2; k++)
			free(rule->in_blocks[k / 2][k % 2]);
	}
	for (size_t i = 0; i < policy->nads.len; i++)
		free(policy->nads.data[i]);
	vec_finish(&policy->rules);
	vec_finish(&policy->nads);
	vec_finish(&policy->networks);
	vec_finish(&policy->joined);
	vec_finish(&policy->refused);
	free(policy->id);
	free(policy->ns);
}
