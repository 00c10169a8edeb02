/* What networks.c and attach.c share. */
#ifndef LAB_CONTROL_NETWORKS_STATE_H
#define LAB_CONTROL_NETWORKS_STATE_H

#include <stdio.h>

#include "lab/control/networks.h"
#include "lab/ipam.h"

#define TUNNEL_FIRST 10 /* OVN-Kubernetes keeps the lower ones */
#define TUNNEL_LAST 32767

struct network {
	struct cni_config config;
	uint32_t id;
	struct ipam *ipam;       /* NULL: no subnets */
	struct ipam_ids tunnels; /* layer2 */
	size_t n_nads, n_pods;
};
struct nad {
	char *text;              /* its config as it was read */
	struct network *network; /* NULL: not served, and failure says why */
	char failure[ERR_TEXT_MAX];
};
struct networks {
	struct loop *loop;
	struct store *store;
	struct ovn *ovn;
	const struct lab_resource *resource;
	struct store_listener *listener;
	void (*on_change)(void *user);
	void *user;
	struct map by_name; /* network name -> struct network * */
	struct map nads;    /* "ns/name" -> struct nad * */
	struct ipam_ids ids;
	struct ipam *defaults[STACK_NODES];
};

struct network *networks_find(const struct networks *networks, const char *name);
void networks_try_refused(struct networks *networks); /* NADs that were left out may fit now */
void networks_release(struct networks *networks, struct network *network);

#endif
