/* hear: what OVN itself says of flows, for a command that looks once. Used by verdict. */
#ifndef ONESDN_HEAR_H
#define ONESDN_HEAR_H

#include "onesdn/connect.h"
#include "onesdn/witness.h"

struct heard {
	enum witness_reason reason;
	bool is_known, allowed, is_reply, is_counted;
	char *node, *acl, *policy, *words;
	uint64_t dropped; /* that the ACLs there have counted since their policies came */
	char *acls;
};
struct hearing {
	const struct connect_options *source;
	const json_t *objects; /* an array: what the flows' ends are found in */
	const struct topo_host *hosts;
	size_t n_hosts;
	const struct witness_flow *flows;
	size_t n_flows;
};
/* Fills out[n_flows], for heard_finish. False only when there is no way to the cluster at all. */
bool hear(const struct hearing *hearing, struct heard *out, struct err *err);
void heard_finish(struct heard *heard);

#endif
