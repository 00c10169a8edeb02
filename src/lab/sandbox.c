/* Namespaces, veths, switch ports and /etc of one pod. */
#include "lab/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lab/netns.h"
#include "lab/ovsdb.h"

#define FIRST_IFINDEX 2 /* of eth0; net1 has 3 */

void random_hex(char *out, size_t digits)
{
	for (size_t i = 0; i < digits; i += 2) {
		uint8_t byte = 0;
		if (getrandom(&byte, 1, 0) != 1)
			base_abort("no random bytes to be had");
		snprintf(out + i, 3, "%02x", byte);
	}
}

/* ---- /etc ---- */

static bool write_file(const struct sandbox *sandbox, const char *name, const char *text, struct err *err)
{
	char *path = mem_printf("%s/etc/%s", sandbox->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool is_done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (!is_done)
		err_errno(err, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return is_done;
}

static bool write_etc(const struct sandbox *sandbox, const struct sandbox_options *options, struct err *err)
{
	char *etc = mem_printf("%s/etc", sandbox->dir), address[64] = "127.0.0.1";
	if (options->attachments->items.len > 0 && options->attachments->items.data[0].addresses.len > 0)
		cni_address_format(&options->attachments->items.data[0].addresses.data[0], false, address);
	char *hosts = mem_printf("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
	                         "ip6-loopback\n%s\t%s\n",
	                         address, options->name);
	char *hostname = mem_printf("%s\n", options->name);
	char *resolv = mem_printf(
	        "search %s.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
	        options->ns);
	bool is_done = file_make_dirs(etc, 0755, err) && write_file(sandbox, "hosts", hosts, err) &&
	               write_file(sandbox, "hostname", hostname, err) &&
	               write_file(sandbox, "resolv.conf", resolv, err) &&
	               write_file(sandbox, "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", err) &&
	               write_file(sandbox, "passwd",
	                          "root:x:0:0:root:/:/bin/bash\nuser:x:1000:1000:user:/:/bin/"
	                          "bash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
	                          err) &&
	               write_file(sandbox, "group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n", err);
	free(etc);
	free(hosts);
	free(hostname);
	free(resolv);
	return is_done;
}

/* ---- links ---- */

static char *link_name(const struct sandbox *sandbox, size_t i)
{
	if (i == 0)
		return mem_strndup(sandbox->id, NETNS_LINK_MAX);
	char suffix[16];
	snprintf(suffix, sizeof suffix, "_%zu", i + FIRST_IFINDEX);
	return mem_printf("%.*s%s", (int)(NETNS_LINK_MAX - strlen(suffix)), sandbox->id, suffix);
}

struct plug {
	const struct sandbox *sandbox;
	const struct attachments *attachments;
};

static bool plug_node_side(void *user, struct err *err)
{
	const struct plug *plug = user;
	for (size_t i = 0; i < plug->attachments->items.len; i++) {
		const struct attachment *attachment = &plug->attachments->items.data[i];
		const struct netns_veth veth = {.name = plug->sandbox->links.data[i],
		                                .peer = attachment->interface,
		                                .peer_ns = plug->sandbox->netns,
		                                .peer_mac = attachment->mac,
		                                .mtu = STACK_POD_MTU};
		if (!link_add_veth(&veth, err) || !link_no_offload(veth.name, err) ||
		    !link_set_up_as_port(veth.name, err))
			return false;
	}
	return true;
}

static void set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = write(fd, value, strlen(value));
	(void)n;
	close(fd);
}

static bool address_interface(const struct attachment *attachment, struct err *err)
{
	char text[64];
	if (!link_no_offload(attachment->interface, err) || !link_set_up(attachment->interface, err))
		return false;
	for (size_t i = 0; i < attachment->addresses.len; i++) {
		cni_address_format(&attachment->addresses.data[i], true, text);
		if (!address_add(attachment->interface, text, err))
			return false;
	}
	return attachment->gateway[0] == '\0' || route_add(NULL, attachment->gateway, err);
}

static bool plug_pod_side(void *user, struct err *err)
{
	const struct plug *plug = user;
	/* As a container runtime does: ping and low ports without privileges. */
	set_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 0");
	set_sysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	for (size_t i = 0; i < plug->attachments->items.len; i++)
		if (!address_interface(&plug->attachments->items.data[i], err))
			return false;
	return true;
}

/* ---- switch ports ---- */

static json_t *port_ids(const struct sandbox *sandbox, const struct sandbox_options *options,
                        const struct attachment *attachment)
{
	json_t *ids = ovsdb_map("attached_mac", attachment->mac, "iface-id", attachment->port_name, "iface-id-ver",
	                        options->uid, "k8s.ovn.org/nad", attachment->nad != NULL ? attachment->nad : "default",
	                        "k8s.ovn.org/network", attachment->network, "sandbox", sandbox->id, NULL);
	struct str addresses = {0};
	char text[64];
	for (size_t i = 0; i < attachment->addresses.len; i++) {
		cni_address_format(&attachment->addresses.data[i], true, text);
		str_append_f(&addresses, "%s%s", i > 0 ? "," : "", text);
	}
	if (addresses.len > 0)
		ovsdb_map_add(ids, "ip_addresses", addresses.data);
	str_finish(&addresses);
	return ids;
}

static void want_ports(const struct sandbox *sandbox, const struct sandbox_options *options)
{
	for (size_t i = 0; i < options->attachments->items.len; i++)
		ovs_want_port(sandbox->node->ovs, "br-int", sandbox->links.data[i],
		              port_ids(sandbox, options, &options->attachments->items.data[i]));
}

/* ---- life ---- */

bool sandbox_create(struct sandbox *sandbox, const struct sandbox_options *options, struct err *err)
{
	*sandbox = (struct sandbox){.netns = -1, .node = options->node};
	random_hex(sandbox->id, SANDBOX_ID_HEX);
	sandbox->dir = mem_printf(SANDBOX_DIR "/%s", options->uid);
	sandbox->netns_name = mem_printf("%s_%s", options->ns, options->name);
	for (size_t i = 0; i < options->attachments->items.len; i++)
		vec_push(&sandbox->links, link_name(sandbox, i));
	struct plug plug = {sandbox, options->attachments};
	bool is_done = write_etc(sandbox, options, err);
	if (is_done)
		sandbox->netns = netns_create(sandbox->netns_name, err);
	is_done = sandbox->netns >= 0 && netns_run(options->node->netns, plug_node_side, &plug, err) &&
	          netns_run(sandbox->netns, plug_pod_side, &plug, err);
	if (is_done)
		want_ports(sandbox, options);
	else
		sandbox_remove(sandbox);
	return is_done;
}

static bool unplug_node_side(void *user, struct err *err)
{
	const struct sandbox *sandbox = user;
	(void)err;
	for (size_t i = 0; i < sandbox->links.len; i++)
		link_delete(sandbox->links.data[i], NULL);
	return true;
}

void sandbox_remove(struct sandbox *sandbox)
{
	if (sandbox->node == NULL)
		return;
	for (size_t i = 0; i < sandbox->links.len; i++)
		ovs_unwant_port(sandbox->node->ovs, sandbox->links.data[i]);
	netns_run(sandbox->node->netns, unplug_node_side, sandbox, NULL);
	if (sandbox->netns >= 0) {
		netns_delete(sandbox->netns_name);
		close(sandbox->netns);
	}
	for (size_t i = 0; i < sandbox->links.len; i++)
		free(sandbox->links.data[i]);
	vec_finish(&sandbox->links);
	free(sandbox->netns_name);
	free(sandbox->dir);
	*sandbox = (struct sandbox){.netns = -1};
}

bool sandbox_owns(const struct sandbox *sandbox, const char *link)
{
	for (size_t i = 0; i < sandbox->links.len; i++)
		if (strcmp(sandbox->links.data[i], link) == 0)
			return true;
	return false;
}

bool sandbox_is_wired(const struct sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->links.len; i++)
		if (!ovs_port_is_installed(sandbox->node->ovs, sandbox->links.data[i]))
			return false;
	return true;
}

void sandbox_waits_for(const struct sandbox *sandbox, struct str *out)
{
	for (size_t i = 0; i < sandbox->links.len; i++) {
		const char *error = ovs_port_error(sandbox->node->ovs, sandbox->links.data[i]);
		if (!ovs_port_is_installed(sandbox->node->ovs, sandbox->links.data[i]))
			str_append_f(out, "%sinterface %s of the pod: %s", out->len > 0 ? "; " : "",
			             i == 0 ? "eth0" : "net",
			             error != NULL ? error : "timed out waiting for OVS port binding (ovn-installed)");
	}
}
