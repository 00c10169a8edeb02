/* Links and addresses of the nodes, in their namespaces. stack.c says when. */
#include "lab/underlay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/netns.h"

#define DISCARD_PORT 9

const char *const underlay_ports[STACK_NODES + 1] = {"p-n2", "p-n3", "p-n4", NULL};

static bool node_links(void *user, struct err *err)
{
	(void)user;
	return link_set_up_as_port("eth0", err) && link_no_offload("eth0", err);
}

int underlay_make_node(const struct stack_node_config *config, const char *port, struct err *err)
{
	int netns = netns_create(config->name, err);
	if (netns < 0) {
		err_context(err, "node %s", config->name);
		return -1;
	}
	const struct netns_veth veth = {.name = port, .peer = "eth0", .peer_ns = netns};
	if (link_add_veth(&veth, err) && link_set_up_as_port(port, err) && link_no_offload(port, err) &&
	    netns_run(netns, node_links, NULL, err))
		return netns;
	err_context(err, "node %s", config->name);
	close(netns);
	return -1;
}

static bool address_node(void *user, struct err *err)
{
	const struct stack_node_config *config = user;
	char *address = mem_printf("%s/24", config->address), *management = mem_printf("%s/24", config->management),
	     gateway[32];
	snprintf(gateway, sizeof gateway, "%.*s", (int)strcspn(config->gateway, "/"), config->gateway);
	bool is_done = address_add("breth0", address, err) && link_no_offload("breth0", err) &&
	               link_set_up("breth0", err) && address_add("ovn-k8s-mp0", management, err) &&
	               link_set_mtu("ovn-k8s-mp0", STACK_POD_MTU, err) && link_no_offload("ovn-k8s-mp0", err) &&
	               link_set_up("ovn-k8s-mp0", err) && route_add(STACK_CLUSTER_NETWORK, gateway, err);
	free(address);
	free(management);
	return is_done;
}

bool underlay_address_node(int netns, const struct stack_node_config *config, struct err *err)
{
	return netns_run(netns, address_node, (void *)(uintptr_t)config, err);
}

bool underlay_address_bridge(struct err *err)
{
	return address_add(UNDERLAY_BRIDGE, "10.89.1.1/24", err) && link_no_offload(UNDERLAY_BRIDGE, err) &&
	       link_set_up(UNDERLAY_BRIDGE, err);
}

struct introduction {
	const struct stack_node_config *configs;
	size_t n_configs;
};

/* One datagram to nobody each: the kernel asks for the neighbour's MAC, and the switch sees the answer pass. */
static bool introduce(void *user, struct err *err)
{
	const struct introduction *in = user;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)err;
	if (fd < 0)
		return false;
	for (size_t i = 0; i < in->n_configs; i++) {
		struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
		neighbour_forget("breth0", in->configs[i].address);
		if (inet_pton(AF_INET, in->configs[i].address, &to.sin_addr) == 1)
			sendto(fd, "", 0, 0, (struct sockaddr *)&to, sizeof to);
	}
	close(fd);
	return true;
}

void underlay_introduce(int netns, const struct stack_node_config *configs, size_t n_configs)
{
	struct introduction in = {configs, n_configs};
	netns_run(netns, introduce, &in, NULL);
}
