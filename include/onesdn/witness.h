/* witness: what OVN itself says of a flow on a secondary network, beside what the policies say (policy) and what was measured (play).
 *
 * Floor 4. By one path on a real cluster and on the lab: `kubectl exec` into the node's pod of OVN-Kubernetes (namespace
 * ovn-kubernetes or openshift-ovn-kubernetes), where ovn-trace, ovn-sbctl, ovn-nbctl and ovs-ofctl run beside OVN's databases. Works with one
 * database a node (interconnect) and with a central one. A session is kept open to each pod that is asked, for what is
 * asked again and again costs too much otherwise (100 ms of CPU an exec); it ends a minute after the last question. Nothing
 * polls but a count that is underway.
 * What OVN prints is not trusted: bounded parsers, and words here are safe to print. Changes nothing in the cluster.
 */
#ifndef ONESDN_WITNESS_H
#define ONESDN_WITNESS_H

#include "onesdn/kube.h"
#include "onesdn/loop.h"
#include "onesdn/topo.h"

struct witness;
struct witness_options {
	struct loop *loop;
	struct kube *kube;           /* where the pods are looked up; NULL or offline: every answer says that nobody was asked */
	const char *kubectl;         /* the program; NULL: "kubectl" */
	const char *kubeconfig;      /* of a user who may exec there; NULL: kubectl's own choice */
	const char *context;         /* NULL: the current one */
};
/* Asks nothing yet. The texts are copied; kube must outlive it. */
struct witness *witness_create(const struct witness_options *options);
/* Ends the sessions. What is asked and counted must have been destroyed before. */
void witness_destroy(struct witness *witness);

struct witness_flow {           /* in the acts' notation (a scenario's flow) */
	const char *from, *to;       /* "namespace/name" of a pod or VM, a host's name, or an IP address */
	const char *network;         /* its name; "": the first secondary one that both are on. Traced are layer2 and localnet */
	const char *port;            /* "tcp/9000", "udp/53", "sctp/3868", "icmp" */
};

/* ---- trace: what OVN would do with the first packet of a new connection, and with the answer to it ---- */
enum witness_reason {
	WITNESS_NOT_ASKED,           /* nobody could be asked, or who was asked did not answer; words say why and what to do */
	WITNESS_PASSES,
	WITNESS_ACL,                 /* an ACL drops it */
	WITNESS_PORT_SECURITY,       /* the sender's MAC or IP address is not the one that OVN gave it */
	WITNESS_NO_PORT,             /* OVN has no such port (yet) */
	WITNESS_NOWHERE,             /* no port has the address that it goes to */
	WITNESS_OTHER,               /* dropped in another stage, which words name */
};
enum witness_end { WITNESS_SENDER /* egress, on its node */, WITNESS_RECEIVER /* ingress, on its node */ };
struct witness_answer {
	enum witness_reason reason;
	bool is_known;               /* OVN was asked and answered: not WITNESS_NOT_ASKED */
	bool allowed;                /* WITNESS_PASSES */
	bool is_reply;               /* what is dropped is not the packet but the answer to it (no connection tracking) */
	enum witness_end end;        /* where it is checked; seen from the sender of the flow, for replies too */
	const char *node;            /* on which it is checked, "" when it passes or is not known */
	const char *acl;             /* its name in OVN: "NP:data-consumer:Egress"; "" */
	const char *policy;          /* external_ids k8s.ovn.org/name: the namespace (default deny) or "namespace:policy"; "" */
	bool is_default_deny;        /* the ACL is the namespace's default deny, which the policies there together made */
	const char *words;           /* one safe sentence, never "": "OVN drops it on ovn-worker2: ..." or "OVN: not asked: ..." */
};
typedef void witness_answer_fn(const struct witness_answer *answer, void *user); /* once, never from inside witness_ask; texts borrowed */
struct witness_question;
/* `topo` and the flow's texts are read at once. Never NULL; answered within 20 s in every case. */
struct witness_question *witness_ask(struct witness *witness, const struct topo *topo, const struct witness_flow *flow, witness_answer_fn *fn,
                                     void *user);
void witness_question_destroy(struct witness_question *question); /* no callback any more; also inside it; NULL is fine */

/* ---- count: packets that the ACLs which deny have dropped at the flow's two ends ----
 * Counted are the drops of the sender's port (egress) on its node and of the receiver's port (ingress) on its node, of whatever connection:
 * OVN counts a port's packets, not a flow's. An ACL that comes is counted from its first packet on; flows that are
 * installed anew begin at nought and the sum goes on. Where nothing tracks connections, so that answers can be dropped, the
 * other direction of both ports is counted as well. A count asks twice a second while its figures move and for two seconds after, then once a second, until it is stopped; less and less often
 * where it fails. The figures that Open vSwitch has lag by up to half a second. */
#define WITNESS_POLL_MS 500
struct witness_counted {
	bool is_known;               /* there is a figure; else words say what is missing */
	uint64_t packets;            /* since the count began */
	uint64_t before;             /* that the ACLs of then had counted already: since their policies came */
	uint64_t at_sender, at_receiver; /* `packets`, by end */
	size_t n_acls;               /* that drop at these ports now; 0: no policy isolates them */
	const char *acls;            /* their names, blank-separated; "" */
	const char *words;           /* safe, never "": "2 packets dropped (NP:data-consumer:Egress on ovn-worker2)" */
};
struct witness_count;
typedef void witness_count_fn(struct witness_count *count, void *user); /* something differs in witness_counted */
/* Read at once as by witness_ask: when a pod is recreated, its count is to be started anew. Never NULL. on_change may be NULL. */
struct witness_count *witness_count_start(struct witness *witness, const struct topo *topo, const struct witness_flow *flow,
                                          witness_count_fn *on_change, void *user);
struct witness_counted witness_counted(const struct witness_count *count); /* texts borrowed until the next turn */
/* Asks once more now, and twice a second again: for what is about to be dropped, and for the last figures before a stop. on_change
 * follows when there is anything new. */
void witness_count_look(struct witness_count *count);
void witness_count_stop(struct witness_count *count); /* destroys it; NULL is fine; also inside its callback */

#endif
