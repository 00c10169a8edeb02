/* trace: what ovn-trace prints, taken apart; and the microflow that it is given. Pure. */
#ifndef WITNESS_TRACE_H
#define WITNESS_TRACE_H

#include "onesdn/base.h"
#include "onesdn/cni.h"

#define TRACE_NAME_MAX 256   /* bytes of a port's name; a longer one is no port of ours */
#define TRACE_OUTPUTS_MAX 64 /* more are not kept */

struct trace_output {
	char port[TRACE_NAME_MAX], type[32]; /* type "" for a workload's port, "localnet", "remote", "patch", ... */
};
struct trace {
	VEC(struct trace_output) outputs; /* where it was delivered, in order */
	size_t n_steps;
	char stage[64];    /* of the last step: "ls_in_acl_after_lb"; "" without steps */
	char acl_flow[9];  /* first 8 hex digits of the logical flow by which the last ACL stage decided; "" */
	char problem[400]; /* without steps: what ovn-trace said instead, safe; "" */
};
void trace_parse(const char *text, size_t len, struct trace *out);
void trace_finish(struct trace *trace);
bool trace_has_output(const struct trace *trace, const char *port);
const struct trace_output *trace_find_type(const struct trace *trace, const char *type); /* or NULL */
bool trace_is_acl(const struct trace *trace);             /* it ended in a stage of ACLs, */
bool trace_is_port_security(const struct trace *trace);   /* of port security */
bool trace_is_egress_pipeline(const struct trace *trace); /* it ended on the way to the output port: OVN's to-lport */

enum trace_proto { TRACE_TCP, TRACE_UDP, TRACE_SCTP, TRACE_ICMP };
/* "tcp/9000", "icmp"; false: no such thing. port is 0 for ICMP. */
bool trace_port_parse(const char *text, enum trace_proto *proto, int *port);

struct trace_packet {
	const char *inport, *from_mac, *to_mac;
	struct cni_address from, to; /* of one family */
	enum trace_proto proto;
	int port;
	bool is_reply; /* then from and to are already those of the answer, and `port` is the source's */
};
/* Appends the microflow in OVN's expression language. The names must have passed trace_name_is_good. */
void trace_microflow(const struct trace_packet *packet, struct str *out);
bool trace_name_is_good(
        const char *name); /* of a port or switch: only what OVN-Kubernetes makes names of, and not too long */

#endif
