/* place: in which container of OVN-Kubernetes' pods a node's databases and its switch are to be asked. Pure. */
#ifndef WITNESS_PLACE_H
#define WITNESS_PLACE_H

#include "onesdn/base.h"

enum place_role {
	PLACE_DATABASE, /* northbound and southbound: ovn-nbctl, ovn-sbctl, ovn-trace */
	PLACE_SWITCH,   /* the node's Open vSwitch: ovs-ofctl */
};
struct place {
	char pod[256], container[64];
};
extern const char *const place_namespaces[]; /* where the pods are, in the order of trying; NULL-terminated */
/* `pods`: the items of a list of the pods there. Interconnect: the databases are the node's own; else one pod has them. node NULL or "":
 * any node, for questions to the databases. ERR_NOT_FOUND, ERR_UNAVAILABLE with what is missing. */
bool place_find(const json_t *pods, const char *node, enum place_role role, struct place *out, struct err *err);

#endif
