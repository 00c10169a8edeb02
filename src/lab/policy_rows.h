/* policy_rows: MultiNetworkPolicies as rows of OVN's northbound database: port groups, address sets and ACLs as
 * OVN-Kubernetes 1.3 writes them (names, external_ids, priorities, matches), surprises included. Pure. What OVN 23.03 has
 * no column for is left out: tiers and samples. control/policies.c says when.
 */
#ifndef LAB_POLICY_ROWS_H
#define LAB_POLICY_ROWS_H

#include "lab/plan.h"
#include "onesdn/cni.h"

#define POLICY_ROWS_FOR "k8s.v1.cni.cncf.io/policy-for"

struct policy_rows_network {
	const char *name; /* "data-net" */
	bool has_ipam;
	bool has_ip4, has_ip6; /* of its subnets; without any: IPv4 */
};
struct policy_rows_port { /* a pod's port on a secondary network */
	char *name;       /* of the logical switch port */
	const struct policy_rows_network *network;
	const char *ns;
	const json_t *labels; /* of the pod; NULL: none */
	VEC(struct cni_address) addresses;
};
struct policy_rows_input { /* everything stays the caller's */
	const json_t *const *policies;
	size_t n_policies;
	const struct policy_rows_port *ports;
	size_t n_ports;
	const struct map *namespaces; /* name -> json_t *: its labels, or NULL */
	const struct map *nads;       /* "ns/name" -> struct policy_rows_network * */
};
/* What is wrong with a policy, in words: a policy that is refused on a network (its pods stay open there), or a part of
 * one that has no effect. */
typedef void policy_rows_trouble_fn(const json_t *policy, const char *words, void *user);
void policy_rows_build(struct plan_rows *rows, const struct policy_rows_input *input, policy_rows_trouble_fn *trouble,
                       void *user);

void policy_rows_hash(const char *id,
                      char out[32]); /* the name OVN-Kubernetes gives: 'a' and FNV-1a, 64 bits, decimal */
/* A selector as in the id of an address set: "LS{ML:{role: trusted,},}". Appends. */
void policy_rows_selector(struct str *out, const json_t *selector);

#endif
