/* policy: MultiNetworkPolicy to verdicts with reasons, and lint. Pure: no clock, no I/O.
 *
 * Floor 4. Works on the same objects as the graph and takes its workloads, attachments and addresses from there (topo), so
 * that the diagram and the verdicts speak of the same things. Two profiles: what the API means, and what OVN-Kubernetes
 * (1.1 and later) really does; where they differ, people are surprised, so both are there to be shown side by side.
 * Sources: Kubernetes NetworkPolicy API (networking.k8s.io/v1) semantics; the multi-network policy API v1beta1 of the
 * Network Plumbing Working Group; OVN-Kubernetes' translation to ACLs (docs/POLICY.md).
 */
#ifndef ONESDN_POLICY_H
#define ONESDN_POLICY_H

#include "onesdn/base.h"
#include "onesdn/topo.h"

enum policy_profile { POLICY_SPEC, POLICY_OVNK, POLICY_N_PROFILES };
enum policy_proto { POLICY_TCP, POLICY_UDP, POLICY_SCTP, POLICY_ICMP };
enum policy_direction { POLICY_INGRESS, POLICY_EGRESS };
const char *policy_proto_name(enum policy_proto proto);              /* "TCP" */
bool policy_proto_find(const char *name, enum policy_proto *proto);  /* without regard to case */
const char *policy_profile_name(enum policy_profile profile);        /* "spec", "ovnk" */

struct policy_world; /* objects made ready for questions; keeps nothing of the input */
#define POLICY_ENDPOINTS_MAX 20000 /* attachments to secondary networks; more are left out, and lint says so */
struct policy_world *policy_world_create(const json_t *const *objects, size_t n_objects); /* never NULL */
/* The same as they would be after `with` was applied: an object of the same kind, namespace and name is replaced. */
struct policy_world *policy_world_create_with(const json_t *const *objects, size_t n_objects, const json_t *const *with, size_t n_with);
void policy_world_destroy(struct policy_world *world);

struct policy_question {
	const char *from, *to;       /* "namespace/name" of a pod or VM, or an IP address (a host, or one address of a pod) */
	const char *network;         /* the network's name; "default" or "" is the pod network */
	enum policy_proto proto;
	int port;                    /* 1..65535; ICMP: 0 */
	enum policy_profile profile;
};
/* The first secondary network that both ends are on, named as in a question; "" when there is none. An address is on all. */
const char *policy_network(const struct policy_world *world, const char *from, const char *to);
struct policy_verdict {
	bool allowed;
	char *reason;                /* one sentence; the names of the policies are in it */
	char *egress, *ingress;      /* each end's own part, in words */
	bool lost_reply;             /* denied only because the answer is dropped for want of connection tracking */
};
/* The verdict on a whole connection: request, answer and data. ERR_NOT_FOUND: no such workload, attachment or address. */
bool policy_ask(const struct policy_world *world, const struct policy_question *question, struct policy_verdict *out, struct err *err);
void policy_verdict_finish(struct policy_verdict *verdict);

/* ---- all pairs, fast: endpoints are the attachments to secondary networks ---- */
struct policy_endpoint {
	const char *workload;        /* id; borrowed from the world */
	const char *network, *address;
};
size_t policy_endpoints(const struct policy_world *world);
struct policy_endpoint policy_endpoint(const struct policy_world *world, size_t at);
/* Both endpoints must be on the same network. No reason, no allocation. */
bool policy_allows(const struct policy_world *world, size_t from, size_t to, enum policy_proto proto, int port, enum policy_profile profile);

/* What differs between two worlds, in ordered pairs of endpoints on one network: closed, something that passed does not any
 * more; opened, the other way round. Asked of the ports that the policies name and of one that they do not. */
struct policy_change {
	size_t n_pairs, n_opened, n_closed;
};
struct policy_change policy_compare(const struct policy_world *now, const struct policy_world *then, enum policy_profile profile);

/* ---- lint: what is wrong or surprising about each policy, and about the addresses that they are to tell apart ---- */
enum policy_severity { POLICY_NOTE, POLICY_WARNING, POLICY_ERROR };
struct policy_finding {
	enum policy_severity severity;
	const char *object;          /* "namespace/name" of the policy, or of a workload: is_workload */
	bool is_workload;
	const char *path;            /* "spec.ingress[0].from[1].ipBlock.cidr", "" for the whole */
	const char *text;            /* what it is and what to do */
};
typedef void policy_finding_fn(const struct policy_finding *finding, void *user);
void policy_lint(const struct policy_world *world, policy_finding_fn *fn, void *user); /* by policy, then path; then by workload */

#endif
