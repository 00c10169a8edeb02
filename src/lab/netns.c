/* Network namespaces by unshare and bind mount, links by rtnetlink: one short-lived socket a request, since a netlink
 * socket belongs to the namespace that it was opened in. Neighbours: control/pods.c and stack.c call it.
 */
#include "lab/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onesdn/cni.h"

#define REQUEST_MAX 1024

/* ---- namespaces ---- */

static void mount_path(const char *name, char *out, size_t size)
{
	snprintf(out, size, NETNS_DIR "/%s", name);
}

int netns_own(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int netns_open(const char *name)
{
	char path[256];
	mount_path(name, path, sizeof path);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool mount_current(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return err_errno(err, errno, "the network namespace's mount point %s", path);
	close(fd);
	if (mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) < 0)
		return err_errno(err, errno, "mounting a network namespace at %s", path);
	return true;
}

int netns_create(const char *name, struct err *err)
{
	char path[256];
	mount_path(name, path, sizeof path);
	int home = netns_own(), fd = -1;
	if (home < 0) {
		err_errno(err, errno, "opening the lab's own network namespace");
		return -1;
	}
	if (unshare(CLONE_NEWNET) < 0) {
		err_errno(err, errno, "making a network namespace for %s (limit: /proc/sys/user/max_net_namespaces)",
		          name);
	} else {
		if (mount_current(path, err) && link_set_up("lo", err))
			fd = netns_own();
		if (setns(home, CLONE_NEWNET) < 0)
			base_abort("cannot return to the lab's network namespace: %s", strerror(errno));
		if (fd < 0)
			netns_delete(name);
	}
	close(home);
	return fd;
}

void netns_delete(const char *name)
{
	char path[256];
	mount_path(name, path, sizeof path);
	umount2(path, MNT_DETACH);
	unlink(path);
}

bool netns_run(int fd, netns_fn *fn, void *user, struct err *err)
{
	int home = netns_own();
	if (home < 0)
		return err_errno(err, errno, "opening the lab's own network namespace");
	if (setns(fd, CLONE_NEWNET) < 0) {
		err_errno(err, errno, "entering a network namespace");
		close(home);
		return false;
	}
	bool is_done = fn(user, err);
	if (setns(home, CLONE_NEWNET) < 0)
		base_abort("cannot return to the lab's network namespace: %s", strerror(errno));
	close(home);
	return is_done;
}

/* ---- rtnetlink requests ---- */

struct request {
	struct nlmsghdr *head;
	_Alignas(NLMSG_ALIGNTO) char bytes[REQUEST_MAX];
};

static void *request_begin(struct request *r, int type, int flags, size_t body)
{
	memset(r->bytes, 0, sizeof r->bytes);
	r->head = (struct nlmsghdr *)(void *)r->bytes;
	r->head->nlmsg_len = NLMSG_LENGTH(body);
	r->head->nlmsg_type = (uint16_t)type;
	r->head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return NLMSG_DATA(r->head);
}

static void *request_room(struct request *r, size_t size)
{
	size_t at = NLMSG_ALIGN(r->head->nlmsg_len);
	if (at + size > sizeof r->bytes)
		base_abort("a netlink request outgrew its buffer");
	r->head->nlmsg_len = (uint32_t)(at + size);
	return r->bytes + at;
}

static void request_attr(struct request *r, int type, const void *data, size_t size)
{
	struct rtattr *attr = request_room(r, RTA_SPACE(size));
	attr->rta_type = (uint16_t)type;
	attr->rta_len = (uint16_t)RTA_LENGTH(size);
	if (size > 0)
		memcpy(RTA_DATA(attr), data, size);
}

static struct rtattr *nest_begin(struct request *r, int type)
{
	struct rtattr *attr = request_room(r, RTA_LENGTH(0));
	attr->rta_type = (uint16_t)type;
	return attr;
}

static void nest_end(struct request *r, struct rtattr *attr)
{
	attr->rta_len = (uint16_t)(r->bytes + NLMSG_ALIGN(r->head->nlmsg_len) - (char *)attr);
}

/* Sends and waits for the kernel's acknowledgement; 0 or an errno. */
static int request_send(struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return errno;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	_Alignas(NLMSG_ALIGNTO) char answer[4096];
	int result = EIO;
	ssize_t n = sendto(fd, r->bytes, r->head->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel);
	if (n >= 0)
		n = recv(fd, answer, sizeof answer, 0);
	if (n < 0) {
		result = errno;
	} else {
		const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)answer;
		if (NLMSG_OK(head, (size_t)n) && head->nlmsg_type == NLMSG_ERROR)
			result = -((const struct nlmsgerr *)NLMSG_DATA(head))->error;
	}
	close(fd);
	return result;
}

static bool parse_mac(const char *text, uint8_t out[6])
{
	unsigned b[6];
	char after;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &after) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		out[i] = (uint8_t)b[i];
	return true;
}

/* ---- links ---- */

static bool veth_peer(struct request *r, const struct netns_veth *veth, struct err *err)
{
	struct rtattr *peer = nest_begin(r, VETH_INFO_PEER);
	request_room(r, sizeof(struct ifinfomsg));
	request_attr(r, IFLA_IFNAME, veth->peer, strlen(veth->peer) + 1);
	uint32_t fd = (uint32_t)veth->peer_ns, mtu = (uint32_t)veth->mtu;
	request_attr(r, IFLA_NET_NS_FD, &fd, sizeof fd);
	if (veth->peer_mac != NULL) {
		uint8_t mac[6];
		if (!parse_mac(veth->peer_mac, mac))
			return err_set(err, ERR_INVALID, "'%s' is not a MAC address", veth->peer_mac);
		request_attr(r, IFLA_ADDRESS, mac, sizeof mac);
	}
	if (mtu > 0)
		request_attr(r, IFLA_MTU, &mtu, sizeof mtu);
	nest_end(r, peer);
	return true;
}

bool link_add_veth(const struct netns_veth *veth, struct err *err)
{
	struct request r;
	uint32_t mtu = (uint32_t)veth->mtu;
	request_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	request_attr(&r, IFLA_IFNAME, veth->name, strlen(veth->name) + 1);
	if (mtu > 0)
		request_attr(&r, IFLA_MTU, &mtu, sizeof mtu);
	struct rtattr *info = nest_begin(&r, IFLA_LINKINFO);
	request_attr(&r, IFLA_INFO_KIND, "veth", 4);
	struct rtattr *data = nest_begin(&r, IFLA_INFO_DATA);
	if (!veth_peer(&r, veth, err))
		return false;
	nest_end(&r, data);
	nest_end(&r, info);
	int failure = request_send(&r);
	return failure == 0 || err_errno(err, failure, "making the interface pair %s and %s", veth->name, veth->peer);
}

static bool link_change(struct request *r, const char *name, struct err *err)
{
	int failure = request_send(r);
	return failure == 0 || err_errno(err, failure, "setting interface %s", name);
}

static struct ifinfomsg *link_request(struct request *r, const char *name)
{
	struct ifinfomsg *body = request_begin(r, RTM_NEWLINK, 0, sizeof *body);
	request_attr(r, IFLA_IFNAME, name, strlen(name) + 1);
	return body;
}

bool link_set_up(const char *name, struct err *err)
{
	struct request r;
	struct ifinfomsg *body = link_request(&r, name);
	body->ifi_flags = body->ifi_change = IFF_UP;
	return link_change(&r, name, err);
}

bool link_set_up_as_port(const char *name, struct err *err)
{
	struct request r;
	struct ifinfomsg *body = link_request(&r, name);
	body->ifi_flags = body->ifi_change = IFF_UP | IFF_NOARP;
	return link_change(&r, name, err);
}

bool link_set_down(const char *name, struct err *err)
{
	struct request r;
	struct ifinfomsg *body = link_request(&r, name);
	body->ifi_change = IFF_UP;
	return link_change(&r, name, err);
}

bool link_add(const char *name, const char *kind, struct err *err)
{
	struct request r;
	request_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	request_attr(&r, IFLA_IFNAME, name, strlen(name) + 1);
	struct rtattr *info = nest_begin(&r, IFLA_LINKINFO);
	request_attr(&r, IFLA_INFO_KIND, kind, strlen(kind));
	nest_end(&r, info);
	int failure = request_send(&r);
	return failure == 0 || err_errno(err, failure, "making the %s %s", kind, name);
}

bool link_rename(const char *name, const char *to, struct err *err)
{
	struct request r;
	struct ifinfomsg *body = request_begin(&r, RTM_NEWLINK, 0, sizeof *body);
	body->ifi_index = (int)if_nametoindex(name);
	request_attr(&r, IFLA_IFNAME, to, strlen(to) + 1);
	return body->ifi_index == 0 ? err_errno(err, ENODEV, "renaming %s", name) : link_change(&r, name, err);
}

bool link_set_master(const char *name, const char *bridge, struct err *err)
{
	struct request r;
	uint32_t index = if_nametoindex(bridge);
	link_request(&r, name);
	request_attr(&r, IFLA_MASTER, &index, sizeof index);
	return index == 0 ? err_errno(err, ENODEV, "bridge %s", bridge) : link_change(&r, name, err);
}

int tap_open(const char *name, struct err *err)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	err_errno(err, errno, "making the tap %s", name);
	if (fd >= 0)
		close(fd);
	return -1;
}

bool link_set_mtu(const char *name, int mtu, struct err *err)
{
	struct request r;
	uint32_t value = (uint32_t)mtu;
	link_request(&r, name);
	request_attr(&r, IFLA_MTU, &value, sizeof value);
	return link_change(&r, name, err);
}

bool link_set_mac(const char *name, const char *mac, struct err *err)
{
	struct request r;
	uint8_t bytes[6];
	if (!parse_mac(mac, bytes))
		return err_set(err, ERR_INVALID, "'%s' is not a MAC address", mac);
	link_request(&r, name);
	request_attr(&r, IFLA_ADDRESS, bytes, sizeof bytes);
	return link_change(&r, name, err);
}

bool link_delete(const char *name, struct err *err)
{
	struct request r;
	request_begin(&r, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	request_attr(&r, IFLA_IFNAME, name, strlen(name) + 1);
	int failure = request_send(&r);
	return failure == 0 || failure == ENODEV || err_errno(err, failure, "removing interface %s", name);
}

static int interface_ioctl(unsigned long request, struct ifreq *ifr, const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	snprintf(ifr->ifr_name, sizeof ifr->ifr_name, "%s", name);
	int failure = ioctl(fd, request, ifr) < 0 ? errno : 0;
	close(fd);
	return failure;
}

bool link_no_offload(const char *name, struct err *err)
{
	struct ethtool_value value = {.cmd = ETHTOOL_STXCSUM};
	struct ifreq ifr = {.ifr_data = (char *)&value};
	int failure = interface_ioctl(SIOCETHTOOL, &ifr, name);
	return failure == 0 || err_errno(err, failure, "turning checksum offload off on %s", name);
}

bool link_mac(const char *name, char out[18])
{
	struct ifreq ifr = {0};
	if (interface_ioctl(SIOCGIFHWADDR, &ifr, name) != 0)
		return false;
	const uint8_t *b = (const uint8_t *)ifr.ifr_hwaddr.sa_data;
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return true;
}

/* ---- addresses and routes ---- */

static size_t address_size(const struct cni_address *address)
{
	return address->family == 4 ? 4 : 16;
}

static int address_family(const struct cni_address *address)
{
	return address->family == 4 ? AF_INET : AF_INET6;
}

static bool address_change(const char *name, const char *cidr, int type, int flags, struct err *err)
{
	struct cni_address address;
	struct request r;
	if (!cni_address_parse(cidr, &address) || address.prefix < 0)
		return err_set(err, ERR_INVALID, "'%s' is not an address with a prefix length", cidr);
	struct ifaddrmsg *body = request_begin(&r, type, flags, sizeof *body);
	body->ifa_family = (uint8_t)address_family(&address);
	body->ifa_prefixlen = (uint8_t)address.prefix;
	body->ifa_index = if_nametoindex(name);
	/* Duplicate address detection would keep an IPv6 address unusable for a second; OVN answers for the addresses
	 * anyway. */
	body->ifa_flags = address.family == 6 ? IFA_F_NODAD : 0;
	request_attr(&r, IFA_LOCAL, address.bytes, address_size(&address));
	request_attr(&r, IFA_ADDRESS, address.bytes, address_size(&address));
	int failure = body->ifa_index == 0 ? ENODEV : request_send(&r);
	return failure == 0 ||
	       err_errno(err, failure,
	                 type == RTM_NEWADDR ? "giving the address %s to %s" : "taking the address %s from %s", cidr,
	                 name);
}

bool address_add(const char *name, const char *cidr, struct err *err)
{
	return address_change(name, cidr, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, err);
}

bool address_remove(const char *name, const char *cidr, struct err *err)
{
	return address_change(name, cidr, RTM_DELADDR, 0, err);
}

bool route_add(const char *destination, const char *gateway, struct err *err)
{
	struct cni_address to = {0}, via;
	struct request r;
	if (!cni_address_parse(gateway, &via) ||
	    (destination != NULL && (!cni_address_parse(destination, &to) || to.prefix < 0)))
		return err_set(err, ERR_INVALID, "route %s via %s: not addresses",
		               destination != NULL ? destination : "default", gateway);
	struct rtmsg *body = request_begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);
	body->rtm_family = (uint8_t)address_family(&via);
	body->rtm_dst_len = destination != NULL ? (uint8_t)to.prefix : 0;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = RTPROT_STATIC;
	body->rtm_scope = RT_SCOPE_UNIVERSE;
	body->rtm_type = RTN_UNICAST;
	if (destination != NULL)
		request_attr(&r, RTA_DST, to.bytes, address_size(&to));
	request_attr(&r, RTA_GATEWAY, via.bytes, address_size(&via));
	int failure = request_send(&r);
	return failure == 0 || err_errno(err, failure, "the route to %s via %s",
	                                 destination != NULL ? destination : "everywhere", gateway);
}

bool neighbour_forget(const char *name, const char *address)
{
	struct cni_address to;
	struct request r;
	if (!cni_address_parse(address, &to))
		return false;
	struct ndmsg *body = request_begin(&r, RTM_DELNEIGH, 0, sizeof *body);
	body->ndm_family = (uint8_t)address_family(&to);
	body->ndm_ifindex = (int)if_nametoindex(name);
	request_attr(&r, NDA_DST, to.bytes, address_size(&to));
	return request_send(&r) == 0;
}
