/* route: a flow in the acts' notation to what OVN knows of its ends: ports, MACs, addresses, nodes. Pure; keeps nothing of the graph. */
#ifndef WITNESS_ROUTE_H
#define WITNESS_ROUTE_H

#include "onesdn/witness.h"
#include "witness/trace.h"

struct route_end {
	bool is_port; /* a workload's; else something outside, behind the localnet port */
	char *name;   /* for words */
	char *port;   /* OVN's name; "" outside */
	char *mac, *node;
	struct cni_address address;
};
struct route {
	struct route_end from, to;
	char *network, *switch_name;
	char *localnet_port; /* "" on a network without */
	enum trace_proto proto;
	int port;
};
/* False: words in err, what is missing and what to do. Nothing is to be finished then. */
bool route_find(const struct topo *topo, const struct witness_flow *flow, struct route *out, struct err *err);
void route_finish(struct route *route);

#endif
