/* topo: objects to graph. Which workloads, attachments, networks, nodes and bridges there are, and where each address is
 * known from. Pure: no clock, no I/O, the same objects give the same graph.
 *
 * Floor 3. Input are Kubernetes objects as the store (kube) or a file gives them, and those that the act's manifests
 * promise ("planned"). The graph owns all its texts and refers to its parts by index. Sources of the formats: cni.h.
 */
#ifndef ONESDN_TOPO_H
#define ONESDN_TOPO_H

#include "onesdn/base.h"
#include "onesdn/cni.h"

#define TOPO_NONE ((size_t)-1)

enum topo_state { TOPO_PLANNED, TOPO_STARTING, TOPO_RUNNING, TOPO_FAILED, TOPO_STOPPING, TOPO_STOPPED };
enum topo_kind { TOPO_POD, TOPO_VM, TOPO_HOST /* outside the cluster, as a scenario names it */ };
enum topo_source { /* where an address is known from */
	TOPO_FROM_NONE, TOPO_FROM_STATUS /* network-status */, TOPO_FROM_OVN /* pod-networks */, TOPO_FROM_GUEST, TOPO_FROM_CLOUD_INIT,
	TOPO_FROM_REQUEST /* the networks annotation asks for it */, TOPO_FROM_SCENARIO, TOPO_FROM_POD_IP /* status.podIPs */,
};

struct topo_namespace {
	char *name;
	enum topo_state state;      /* PLANNED, RUNNING or STOPPING */
};
struct topo_node {
	char *name, *address;
	bool is_ready, is_worker;
};
struct topo_network {
	char *name;                 /* "" is the pod (default) network, always networks.data[0] */
	enum cni_topology topology;
	char *subnets;              /* as written; "" without IPAM */
	int vlan;
	char *physical_name;
	enum topo_state state;      /* PLANNED or RUNNING, FAILED when its NADs disagree or do not parse */
	char *problem;              /* what is wrong and what to do; "" */
};
struct topo_nad {
	char *ns, *name;
	size_t network;             /* TOPO_NONE: foreign or unusable */
	enum topo_state state;      /* PLANNED, RUNNING, FAILED */
	char *problem;
};
struct topo_workload {
	enum topo_kind kind;
	char *id;                   /* "namespace/name" (a VM: of the VirtualMachine, not its launcher pod); a host: its name */
	char *ns, *name;
	char *pod;                  /* a VM: its launcher pod, "" without one */
	size_t node;                /* TOPO_NONE: not scheduled or unknown */
	enum topo_state state;
	char *phase;                /* as kubectl prints it: "Running", "ContainerCreating", "ErrImagePull", "planned" */
	char *reason;               /* why it is not running, from conditions and the newest warning event; "" */
	char *ports;                /* the container ports, "tcp/9000 udp/53"; "" */
};
struct topo_attachment {
	size_t workload, network;
	size_t nad;                 /* TOPO_NONE for the pod network */
	char *interface;            /* "net1"; a VM: the guest's name where known */
	char *address;              /* first one, without prefix; "" when unknown */
	char *addresses;            /* all, blank-separated, with prefix where known */
	enum topo_source source;    /* of the address */
	char *mac;
	enum topo_state state;      /* PLANNED, STARTING (asked for, not there yet), RUNNING, FAILED */
	size_t twin;                /* another workload's attachment to this network with the same address; TOPO_NONE */
	char *problem;
};
struct topo_bridge {            /* localnet: node -> bridge -> physical network (nmstate, NodeNetworkState) */
	size_t node;                /* TOPO_NONE: the physical side, one a physical network, named by it or by a host's bridge */
	char *name;                 /* "": none, of a node that should have it and says that it has not; then FAILED */
	char *mappings;             /* "localnet:bridge,..." known of this node */
	enum topo_state state;
	char *problem;              /* what is wrong and what to do; "" */
};
struct topo {
	VEC(struct topo_namespace) namespaces;    /* all sorted by name, so that the same cluster gives the same graph */
	VEC(struct topo_node) nodes;
	VEC(struct topo_network) networks;        /* [0] is the pod network */
	VEC(struct topo_nad) nads;
	VEC(struct topo_workload) workloads;      /* by namespace, name */
	VEC(struct topo_attachment) attachments;  /* by workload, pod network first, then by interface */
	VEC(struct topo_bridge) bridges;
};

struct topo_host {              /* a machine outside the cluster, of which only a scenario knows */
	const char *name, *address;
	const char *network;        /* that it is on; unknown to the graph: the host is left out */
	const char *bridge;         /* the physical bridge that carries the network, named once the host has been there; may be NULL */
	enum topo_state state;      /* PLANNED, RUNNING, or FAILED: it was there and does not answer */
	const char *reason;         /* why it is not running; may be NULL */
};
struct topo_input {
	const json_t *const *objects;   /* any kinds, any order; what is not understood is left out */
	size_t n_objects;
	const json_t *const *planned;   /* the act's manifests: shown as planned where the cluster has no such object */
	size_t n_planned;
	const char *const *namespaces;  /* of the act, in its order, NULL-terminated: planned if they do not exist; NULL: all that appear */
	const struct topo_host *hosts;
	size_t n_hosts;
};
struct topo *topo_build(const struct topo_input *input);   /* never NULL */
void topo_destroy(struct topo *topo);
bool topo_same(const struct topo *a, const struct topo *b);

size_t topo_find_workload(const struct topo *topo, const char *id);       /* TOPO_NONE */
size_t topo_find_network(const struct topo *topo, const char *name);
/* The address of a workload on a network (by its name), "" when unknown. */
const char *topo_address(const struct topo *topo, const char *workload, const char *network);
/* Why nothing of a workload can pass on a network just now, as far as the objects tell ("turtle-db is down", "ovn-worker
 * does not map data-net"): appended. False: nothing says so. */
bool topo_is_cut(const struct topo *topo, size_t workload, size_t network, struct str *why);
size_t topo_find_address(const struct topo *topo, const char *network, const char *address); /* attachment */

const char *topo_state_name(enum topo_state state);
const char *topo_source_name(enum topo_source source);  /* in words: "network-status annotation" */

#endif
