/* netns: network namespaces, their links, addresses and routes, by rtnetlink and ioctl. Knows nothing of pods or OVN.
 *
 * All calls are made at once (the kernel answers in microseconds) and need CAP_NET_ADMIN in the lab's user namespace.
 * A namespace is a descriptor; it is also mounted at NETNS_DIR/NAME, where `ip netns` and `onesdn lab shell` find it.
 */
#ifndef LAB_NETNS_H
#define LAB_NETNS_H

#include "onesdn/base.h"

#define NETNS_DIR "/run/netns"
#define NETNS_LINK_MAX 15 /* bytes of an interface's name */

/* A new namespace with its loopback up, mounted at NETNS_DIR/name. -1 and err. The caller closes the descriptor. */
int netns_create(const char *name, struct err *err);
void netns_delete(const char *name); /* the mount; the namespace lives as long as a process or descriptor holds it */
int netns_open(const char *name);    /* -1: not there */
int netns_own(void);                 /* this process's; -1 on failure */

/* Runs fn inside the namespace `fd` and comes back. False and err when entering failed or fn did. */
typedef bool netns_fn(void *user, struct err *err);
bool netns_run(int fd, netns_fn *fn, void *user, struct err *err);

/* ---- in the current namespace ---- */
struct netns_veth {
	const char *name;     /* the end that stays here */
	const char *peer;     /* the other end's name */
	int peer_ns;          /* descriptor of the namespace it goes to */
	const char *peer_mac; /* "0a:58:..." or NULL: the kernel's choice */
	int mtu;              /* 0: the kernel's choice */
};
bool link_add_veth(const struct netns_veth *veth, struct err *err); /* both ends up on return is the caller's job */
bool link_add(const char *name, const char *kind, struct err *err); /* "bridge", "dummy" */
bool link_set_up(const char *name, struct err *err);
/* For a link that is a switch's port: the kernel sees its packets too, and would answer ARP for every address of the
 * namespace with this port's MAC, whence the neighbours would send to the port what belongs to the switch. */
bool link_set_up_as_port(const char *name, struct err *err);
bool link_set_down(const char *name, struct err *err);
bool link_rename(const char *name, const char *to, struct err *err);         /* only while it is down */
bool link_set_master(const char *name, const char *bridge, struct err *err); /* a port of the bridge from then on */
int tap_open(const char *name, struct err *err); /* a new tap that lives as long as the descriptor; -1 and err */
bool link_set_mtu(const char *name, int mtu, struct err *err);
bool link_set_mac(const char *name, const char *mac, struct err *err);
bool link_delete(const char *name, struct err *err); /* one that is not there is fine */
/* Transmit checksum offload off: OVS's userspace datapath never fills in what the kernel left to the hardware, so TCP
 * would hang on a veth that keeps it on, while ping works. */
bool link_no_offload(const char *name, struct err *err);
bool link_mac(const char *name, char out[18]);
bool address_add(const char *name, const char *cidr, struct err *err);         /* "10.89.1.2/24", IPv4 or IPv6 */
bool address_remove(const char *name, const char *cidr, struct err *err);
bool route_add(const char *destination, const char *gateway, struct err *err); /* destination NULL: the default route */
bool neighbour_forget(const char *name, const char *address);                  /* the MAC that was learned for it */

#endif
