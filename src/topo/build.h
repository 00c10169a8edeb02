/* One build under way: the input (objects.h), the graph so far, and what its files hand to each other. Private to topo.
 * Order: nodes.c, networks.c, workloads.c (pods.c, vms.c, attach.c, cloudinit.c), hosts.c, order.c, twins.c, bridges.c, missing.c. */
#ifndef TOPO_BUILD_H
#define TOPO_BUILD_H

#include "topo/objects.h"

struct build {
	struct objects objects;
	struct topo *topo;
	struct map network_index;       /* name -> index + 1 */
	VEC(struct cni_config) configs; /* one a NAD, in the order of topo->nads; empty where it does not parse */
};

/* nodes.c */
void build_namespaces(struct build *build);
void build_nodes(struct build *build);
size_t build_find_node(const struct topo *topo, const char *name); /* TOPO_NONE */

/* networks.c */
void build_networks(struct build *build);
size_t build_find_nad(const struct topo *topo, const char *ns, const char *name); /* TOPO_NONE */
size_t build_network(struct build *build, const char *name);                      /* found, or made as a foreign one */

/* workloads.c */
void build_workloads(struct build *build);

/* pods.c */
char *pod_phase(const json_t *pod); /* as kubectl's STATUS */
enum topo_state pod_state(const json_t *pod, const char *phase, const struct pod_events *events);
char *pod_reason(const json_t *pod, const char *phase, const struct pod_events *events);
char *pod_ports(const json_t *containers, const char *list, const char *number); /* "tcp/9000 udp/53" */

/* attach.c: the attachments of the workload that was pushed last */
struct pod_networks {      /* what a pod got, parsed when first asked for */
	const json_t *pod; /* NULL: there is none */
	struct cni_statuses status, ovn;
	bool has_status, has_ovn;
};
void pod_networks_init(struct pod_networks *got, const json_t *pod);
void pod_networks_finish(struct pod_networks *got);
void attach_pod(struct build *build, const json_t *pod);
struct attach_wish {           /* one network that a workload asks for */
	const char *ns, *name; /* of the NAD; name NULL: the pod network */
	const char *interface; /* in the pod, as the annotations name it; NULL: unknown */
	const char *shown;     /* the interface's name to show; NULL: `interface` */
	char *const *ips;      /* asked for; more than none only for a NAD */
	size_t n_ips;
};
/* The new attachment; the caller may replace its address by a better one with attach_address. */
struct topo_attachment *attach_wish(struct build *build, const struct attach_wish *wish, struct pod_networks *got);
void attach_address(struct build *build, struct topo_attachment *attachment, char *const *ips, size_t n,
                    enum topo_source source);

/* vms.c */
bool vm_is_launcher(const json_t *pod);
const char *vm_of_launcher(const json_t *pod); /* its machine's name, "" when nothing says */
struct vm_parts {
	const char *ns, *name;
	const json_t *vm, *vmi, *pod; /* at least one */
	bool is_planned;
};
void build_vm(struct build *build, const struct vm_parts *parts);

/* cloudinit.c */
struct cloud_init;
/* From the volumes of a VM's spec; NULL when there is no networkData that can be read. */
struct cloud_init *cloud_init_create(const json_t *volumes);
void cloud_init_destroy(struct cloud_init *data);
/* Static addresses (array of texts, borrowed until the next call) of NIC number `at` of `n`; `mac` may be "". `name` is set
 * to the guest's name of the NIC where the data knows it, else NULL. */
size_t cloud_init_addresses(struct cloud_init *data, size_t at, size_t n, const char *mac, char *const **out,
                            const char **name);

/* hosts.c */
void build_hosts(struct build *build, const struct topo_input *input);
void build_host_bridges(struct topo *topo, const struct topo_input *input); /* after build_bridges */

/* bridges.c */
void build_bridges(struct build *build);
bool bridge_policy_selects(const json_t *policy,
                           const json_t *node); /* does a NodeNetworkConfigurationPolicy mean it? */

/* missing.c: nodes that say that they do not carry a network which a workload of theirs is on; after build_bridges */
void build_missing(struct build *build);

/* twins.c: workloads with the same address on one network; after build_order, since they refer to each other */
void build_twins(struct build *build);

/* order.c: drops what nobody wanted, sorts everything, mends the indexes */
void build_order(struct build *build);

#endif
