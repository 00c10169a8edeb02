/* world: what the parts of policy share — endpoints and compiled policies. Built by world.c and compile.c, read by ask.c and
 * lint.c. Private to policy. */
#ifndef POLICY_WORLD_H
#define POLICY_WORLD_H

#include "onesdn/policy.h"

struct selection {
	size_t policy;
	bool holds[POLICY_N_PROFILES];   /* under which view */
};
struct endpoint { /* one attachment of one workload to one secondary network */
	char *workload, *pod, *ns, *nad; /* pod: the name of its pod (a VM: the launcher's); nad: "ns/name" */
	char *address_text;              /* the first one, "" if unknown */
	size_t network;
	VEC(struct cni_address) addresses;
	const json_t *labels;            /* of the pod */
	const json_t *containers;        /* for named ports; may be NULL */
	bool has_port;                   /* OVN has a port for it, or would in what is planned */
	VEC(struct selection) policies;  /* that select it in one of the views */
};
struct network {
	char *name;
	bool has_ipam;
	bool families[2];                /* of its subnets: 4, 6 */
	bool is_stateful[POLICY_N_PROFILES]; /* an allow-related ACL applies to its switch; by definition in the spec */
};
struct block { /* ipBlock */
	struct cni_address cidr;
	VEC(struct cni_address) excepts;
	bool is_valid;
	bool is_broken;                  /* OVN cannot read what OVN-Kubernetes writes of it */
};
struct port_rule {
	enum policy_proto proto;
	int first, last;                 /* 0..0: all ports */
	char *name;                      /* a named port, or NULL */
	bool is_valid;
	bool is_named;                   /* the protocol is one of the API's */
	json_int_t written[2];           /* the bounds that OVN-Kubernetes writes, unchecked; 0..0: none */
};
struct rule {
	enum policy_direction direction;
	int index;                       /* in its list */
	bool any_peer[POLICY_N_PROFILES];
	VEC(struct block) blocks;
	bool has_broken_block;           /* all blocks of a rule are one ACL: OVN then has none of them */
	uint64_t *in_blocks[POLICY_N_PROFILES][2]; /* bit per endpoint: its first IPv4, IPv6 address is in a block; NULL: no blocks */
	uint64_t *peers;                 /* bit per endpoint: matched by a selector */
	VEC(struct port_rule) ports;     /* empty: everything, ICMP too */
};
struct policy {
	char *id, *ns;
	const json_t *object;            /* the world's own copy */
	VEC(size_t) networks;            /* that policy-for names */
	VEC(size_t) joined;              /* those of them that it names by a NAD which OVN-Kubernetes takes */
	VEC(char *) nads;                /* "ns/name" as policy-for has them */
	bool isolates[POLICY_N_PROFILES][2];
	bool counts[POLICY_N_PROFILES][2]; /* its rules of that direction have effect */
	bool has_selector_peer, has_bad_selector, has_bad_subject;
	VEC(struct rule) rules;
	VEC(size_t) refused;             /* networks on which it is refused: a selector peer without IPAM */
	size_t n_selected;               /* endpoints, in one of the views */
};
struct policy_world {
	struct topo *topo;
	json_t *objects;                 /* deep copies of namespaces, pods, NADs and policies */
	struct map namespaces;           /* name -> its labels (json_t *, borrowed from objects) */
	struct map nads;                 /* "ns/name" -> network index + 1 */
	struct map ignored_nads;         /* those of them that OVN-Kubernetes leaves out: wrong, or other than the network's first */
	VEC(struct network) networks;
	VEC(struct endpoint) endpoints;
	VEC(struct policy) policies;
	size_t n_left_out;
};

/* Does a LabelSelector match? Ask first what is wrong with it; what is no map matches nothing. NULL labels are none. */
bool policy_selector_matches(const json_t *selector, const json_t *labels);
/* Words for what is wrong with a selector, NULL when it is fine; *key borrows the offending key. */
const char *policy_selector_problem(const json_t *selector, const char **key);

/* compile.c: policies of the world's objects into world->policies and the endpoints' lists. */
void policy_compile_all(struct policy_world *world);
void policy_finish(struct policy *policy);
bool policy_is_refused_on(const struct policy *policy, size_t network);
bool policy_is_about(const struct policy *policy, size_t network);
/* Does the policy select this endpoint under the profile? */
bool policy_selects(const struct policy *policy, const struct endpoint *endpoint, enum policy_profile profile);
/* Are the rule's blocks about this address? */
bool policy_blocks_have(const struct rule *rule, const struct cni_address *address, enum policy_profile profile);
/* The endpoint's first address of that family; `family` 0: of any. NULL: it has none. Borrowed. */
const struct cni_address *policy_first_address(const struct endpoint *endpoint, int family);
/* A protocol as the API writes it: "TCP", "UDP" or "SCTP"; "" is TCP. */
bool policy_protocol_read(const char *name, enum policy_proto *out);

#endif
