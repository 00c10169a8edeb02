/* cni: the text formats of secondary networks — NetworkAttachmentDefinition configs and the pod annotations. Pure.
 *
 * Floor 2. The graph (topo), the policies and the lab read and write these formats through here, so that all three mean
 * the same. Formats: CNI spec 1.0 network configuration; "Kubernetes Network Custom Resource Definition De-facto
 * Standard" v1.3 (annotations networks, network-status); OVN-Kubernetes' NetConf and k8s.ovn.org/pod-networks.
 */
#ifndef ONESDN_CNI_H
#define ONESDN_CNI_H

#include "onesdn/base.h"

#define CNI_NETWORKS_ANNOTATION "k8s.v1.cni.cncf.io/networks"
#define CNI_STATUS_ANNOTATION "k8s.v1.cni.cncf.io/network-status"
#define CNI_OVN_ANNOTATION "k8s.ovn.org/pod-networks"
#define CNI_OVN_TYPE "ovn-k8s-cni-overlay"
#define CNI_TEXT_MAX ((size_t)256 << 10) /* a longer config or annotation is refused */
#define CNI_ITEMS_MAX 256                /* attachments a pod, subnets a network */

/* ---- addresses: IPv4 and IPv6 with a prefix length ---- */
struct cni_address {
	uint8_t bytes[16];
	int family;      /* 4 or 6 */
	int prefix;      /* 0..32 or 0..128; -1: none was given */
};
bool cni_address_parse(const char *text, struct cni_address *out);          /* "192.168.200.4" or with "/24" */
void cni_address_format(const struct cni_address *address, bool with_prefix, char out[64]);
bool cni_address_is_in(const struct cni_address *address, const struct cni_address *network); /* by the network's prefix */
void cni_mac_from_address(const struct cni_address *address, char out[18]); /* OVN-Kubernetes' rule: 0a:58 and the address */
bool cni_mac_is_valid(const char *text);

/* ---- spec.config of a NetworkAttachmentDefinition ---- */
enum cni_topology { CNI_DEFAULT, CNI_LAYER2, CNI_LAYER3, CNI_LOCALNET, CNI_FOREIGN /* not OVN-Kubernetes' */ };
struct cni_config {
	char *name;                 /* the network; several NADs with one name are one network */
	char *type;
	char *nad_name;             /* netAttachDefName */
	enum cni_topology topology;
	char *subnets_text;         /* as written, "" when there is no IPAM */
	VEC(struct cni_address) subnets, excludes;
	int mtu, vlan;              /* 0: not given */
	char *physical_name;        /* localnet: physicalNetworkName, or name; "" for the others, like vlan 0 */
	char *role;                 /* "" , "primary", "secondary" */
	bool allow_persistent_ips;
};
/* `nad` is "namespace/name" of the object, checked against netAttachDefName. On failure the sentence is OVN-Kubernetes' own
 * where it has one ("net-attach-def name (X) is inconsistent with config (Y)"). A foreign type is no failure. */
bool cni_config_parse(const char *text, const char *nad, struct cni_config *out, struct err *err);
void cni_config_finish(struct cni_config *config);
const char *cni_config_cure(const char *sentence); /* what to do about such a failure, in words; never NULL */
/* NULL when both may form one network, else the name of the first field in which they differ. */
const char *cni_config_difference(const struct cni_config *a, const struct cni_config *b);
const char *cni_topology_name(enum cni_topology topology);
/* OVN-Kubernetes' names: prefix rule ('-' and '/' become '.'), e.g. "green.network_ovn_layer2_switch"; layer3 has a switch
 * a node, so its router's name is given instead. Both append. */
void cni_ovn_switch_name(const struct cni_config *config, struct str *out);
/* KubeVirt's name for a VMI's secondary network in the launcher pod: "pod" and 11 hex digits of the name's SHA-256. */
void cni_launcher_interface(const char *network, char out[16]);
void cni_ovn_port_name(const char *nad, const char *ns, const char *pod, struct str *out); /* nad NULL: the default network */

/* ---- annotation k8s.v1.cni.cncf.io/networks: what a pod asks for ---- */
struct cni_selection {
	char *ns, *name;            /* of the NAD */
	char *interface;            /* "net1" ... by position unless asked for */
	char *mac;                  /* "" when not asked for */
	char *ipam_claim;           /* "" likewise */
	VEC(char *) ips;            /* as asked for */
};
struct cni_selections {
	VEC(struct cni_selection) items;
};
/* Short form and JSON form; `pod_ns` is the default namespace. Errors name the element. */
bool cni_networks_parse(const char *text, const char *pod_ns, struct cni_selections *out, struct err *err);
void cni_selections_finish(struct cni_selections *selections);

/* ---- annotations network-status (multus) and pod-networks (OVN-Kubernetes): what a pod got ---- */
struct cni_route {
	char *dest, *next_hop;
};
struct cni_status {
	char *name;                 /* the default network ("ovn-kubernetes", in pod-networks "default") or "ns/nad" */
	char *interface;            /* "" in pod-networks */
	char *mac;
	bool is_default;
	VEC(char *) ips;            /* bare in network-status, with prefix in pod-networks */
	VEC(char *) gateways;
	int mtu;                    /* network-status only; 0: not given */
	VEC(struct cni_route) routes; /* this and the rest: pod-networks only */
	int tunnel_id;              /* 0: not given */
	char *role;                 /* "primary", "secondary", "infrastructure-locked", "" */
};
struct cni_statuses {
	VEC(struct cni_status) items;
};
/* An empty text is an empty list. To format, texts that are "" or NULL are left out as the originals do. */
bool cni_status_parse(const char *text, struct cni_statuses *out, struct err *err);
bool cni_pod_networks_parse(const char *text, struct cni_statuses *out, struct err *err);
void cni_statuses_finish(struct cni_statuses *statuses);
void cni_status_format(const struct cni_statuses *statuses, struct str *out);        /* the very bytes that multus writes */
void cni_pod_networks_format(const struct cni_statuses *statuses, struct str *out);  /* OVN-Kubernetes' key order */

#endif
