/* What the containers of a launcher pod run: QEMU in "compute", with the pod's links made ready for it; in the others a
 * program that waits until QEMU has ended, one of which logs the console. Bindings as KubeVirt makes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lab/netns.h"
#include "lab/vm/machine_state.h"

#define IN_KERNEL "/var/run/kubevirt/kernel" /* places inside the container */
#define IN_INITRAMFS "/var/run/kubevirt/initramfs"
#define IN_SEED "/var/run/kubevirt/seed"
#define MASQUERADE "net=10.0.2.0/24,host=10.0.2.1,dns=10.0.2.3,dhcpstart=10.0.2.2,ipv6=off"

/* ---- the command line ---- */

static void add(struct machine *machine, char *text) /* takes over text */
{
	vec_push(&machine->argv, text);
}

static void add_two(struct machine *machine, const char *option, char *value)
{
	add(machine, mem_strdup(option));
	add(machine, value);
}

static void add_bind(struct machine *machine, char *from, const char *to, bool is_device) /* takes over from */
{
	vec_push(&machine->texts, from);
	vec_push(&machine->binds, (struct container_bind){.from = from, .to = to, .is_device = is_device});
}

static void add_channels(struct machine *machine, const int fds[N_CHANNELS])
{
	static const char *const names[N_CHANNELS] = {"serial0", "agent0", "qmp0"};
	for (int i = 0; i < N_CHANNELS; i++)
		add_two(machine, "-chardev", mem_printf("socket,id=%s,fd=%d", names[i], fds[i]));
	add_two(machine, "-serial", mem_strdup("chardev:serial0"));
	add_two(machine, "-serial", mem_strdup("chardev:agent0"));
	add_two(machine, "-mon", mem_strdup("chardev=qmp0,mode=control"));
}

/* The ports that the interface names lead from the pod's address to the guest. */
static void add_forwards(struct str *out, const json_t *ports)
{
	size_t i;
	json_t *item;
	json_array_foreach (ports, i, item) {
		int64_t port = json_walk_int(item, 0, "port", NULL);
		const char *protocol = strcasecmp(json_walk_str(item, "protocol", NULL), "udp") == 0 ? "udp" : "tcp";
		if (port > 0 && port < 65536)
			str_append_f(out, ",hostfwd=%s::%d-10.0.2.2:%d", protocol, (int)port, (int)port);
	}
}

static void add_nic(struct machine *machine, size_t i)
{
	const struct vm_nic *nic = &machine->nics.items[i];
	struct str netdev = {0};
	if (machine->taps[i] >= 0) {
		str_append_f(&netdev, "tap,id=net%zu,fd=%d", i, machine->taps[i]);
	} else {
		str_append_f(&netdev, "user,id=net%zu,%s", i, MASQUERADE);
		add_forwards(&netdev, nic->ports);
	}
	add_two(machine, "-netdev", str_take(&netdev));
	add_two(machine, "-device",
	        mem_printf("virtio-net-pci,netdev=net%zu,mac=%s,romfile=,host_mtu=%d", i, machine->macs[i],
	                   STACK_POD_MTU));
}

static void add_machine(struct machine *machine)
{
	add(machine, mem_strdup(MACHINE_QEMU));
	add_two(machine, "-name",
	        mem_printf("guest=%s_%s", json_walk_str(machine->vmi, "metadata", "namespace", NULL),
	                   json_walk_str(machine->vmi, "metadata", "name", NULL)));
	add_two(machine, "-accel", mem_strdup(machine->is_kvm ? "kvm" : MACHINE_TCG));
	add_two(machine, "-machine", mem_strdup("q35"));
	add_two(machine, "-cpu", mem_strdup("max"));
	add_two(machine, "-m", mem_printf("%d", MACHINE_MEMORY_MB));
	add(machine, mem_strdup("-nodefaults"));
	add(machine, mem_strdup("-no-user-config"));
	add_two(machine, "-display", mem_strdup("none"));
	add_two(machine, "-device", mem_strdup("virtio-balloon-pci,free-page-reporting=on"));
	add_two(machine, "-kernel", mem_strdup(IN_KERNEL));
	add_two(machine, "-initrd", mem_strdup(IN_INITRAMFS));
	add_two(machine, "-fw_cfg", mem_strdup("name=opt/onesdn/seed,file=" IN_SEED));
	add_two(machine, "-append", mem_strdup(MACHINE_APPEND));
}

/* ---- links ---- */

struct bridging {
	struct machine *machine;
	const struct attachments *attachments;
	struct machine_lease *leases;
};

static void random_mac(char out[18])
{
	uint8_t b[5] = {0};
	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		base_abort("no random bytes to be had");
	snprintf(out, 18, "02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4]);
}

static const struct attachment *attachment_of(const struct attachments *attachments, const char *link)
{
	for (size_t i = 0; i < attachments->items.len; i++)
		if (strcmp(attachments->items.data[i].interface, link) == 0)
			return &attachments->items.data[i];
	return NULL;
}

/* An address of the pod's interface becomes the guest's: the pod keeps none. */
static bool take_addresses(const struct attachment *attachment, struct machine_lease *lease, struct err *err)
{
	for (size_t i = 0; i < attachment->addresses.len; i++) {
		char text[64];
		cni_address_format(&attachment->addresses.data[i], true, text);
		if (i == 0)
			snprintf(lease->address, sizeof lease->address, "%s", text);
		if (!address_remove(attachment->interface, text, err))
			return false;
	}
	snprintf(lease->gateway, sizeof lease->gateway, "%s", attachment->gateway);
	return true;
}

static bool join_bridge(const char *link, const char *bridge, struct err *err)
{
	return link_set_master(link, bridge, err) && link_set_up(link, err);
}

/* The pod's interface and a tap become ports of a bridge; a dummy keeps the interface's name where the kernel has dummies.
 * The guest has the interface's MAC address, so that port security fits, and the interface another one. */
static bool bridge_nic(const struct bridging *b, size_t i, struct err *err)
{
	struct machine *machine = b->machine;
	const char *link = machine->nics.items[i].link, *id = text_has_prefix(link, "pod") ? link + 3 : link;
	const struct attachment *attachment = attachment_of(b->attachments, link);
	char nic[16], bridge[16], tap[16], mac[18];
	if (!attachment)
		return err_set(err, ERR_NOT_FOUND, "the launcher pod has no interface %s", link);
	snprintf(nic, sizeof nic, "%.11s-nic", id);
	snprintf(bridge, sizeof bridge, "k6t-%.11s", id);
	snprintf(tap, sizeof tap, "tap%.11s", strcmp(id, "eth0") == 0 ? "0" : id);
	snprintf(machine->macs[i], sizeof machine->macs[i], "%s", attachment->mac);
	random_mac(mac);
	if (!take_addresses(attachment, &b->leases[i], err) || !link_set_down(link, err) ||
	    !link_rename(link, nic, err) || !link_set_mac(nic, mac, err) || !link_add(bridge, "bridge", err))
		return false;
	if (link_add(link, "dummy", NULL))
		link_set_mac(link, attachment->mac, NULL);
	int fd = tap_open(tap, err);
	machine->taps[i] = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, MACHINE_FD_FIRST) : -1;
	if (fd >= 0)
		close(fd);
	return machine->taps[i] >= 0 && link_set_mtu(tap, STACK_POD_MTU, err) && join_bridge(nic, bridge, err) &&
	       join_bridge(tap, bridge, err) && link_set_up(bridge, err);
}

static bool bridge_nics(void *user, struct err *err)
{
	const struct bridging *b = user;
	for (size_t i = 0; i < b->machine->nics.len; i++)
		if (b->machine->nics.items[i].is_bridge && !bridge_nic(b, i, err))
			return false;
	return true;
}

/* ---- the containers ---- */

static bool write_seed(struct machine *machine, const struct sandbox *sandbox, const struct machine_lease *leases,
                       struct err *err)
{
	struct str seed = {0};
	char *path = mem_printf("%s/seed", sandbox->dir);
	bool is_done = machine_seed(machine->machines, machine->vmi, leases, &seed, NULL, err) &&
	               file_write(path, str_text(&seed), seed.len, 0644, err);
	if (is_done)
		add_bind(machine, path, IN_SEED, false);
	else
		free(path);
	str_finish(&seed);
	return is_done;
}

static bool launch_qemu(struct machine *machine, const struct sandbox *sandbox, const struct attachments *attachments,
                        struct err *err)
{
	struct machine_lease leases[VM_NICS_MAX] = {{"", ""}};
	struct bridging bridging = {machine, attachments, leases};
	int theirs[N_CHANNELS];
	if (machine->is_started)
		return err_set(err, ERR_CONFLICT, "this machine has run already");
	machine->is_started = true;
	machine->is_kvm = machines_may_use_kvm(machine->machines);
	if (!netns_run(sandbox->netns, bridge_nics, &bridging, err) || !write_seed(machine, sandbox, leases, err) ||
	    !machine_open_channels(machine, theirs, err))
		return false;
	add_bind(machine, mem_strdup(machines_kernel(machine->machines)), IN_KERNEL, false);
	add_bind(machine, mem_strdup(machines_initramfs(machine->machines)), IN_INITRAMFS, false);
	if (machine->is_kvm)
		add_bind(machine, mem_strdup("/dev/kvm"), "/dev/kvm", true);
	add_machine(machine);
	add_channels(machine, theirs);
	for (size_t i = 0; i < machine->nics.len; i++) {
		add_nic(machine, i);
		if (machine->taps[i] >= 0)
			vec_push(&machine->inherited, machine->taps[i]);
		machine->taps[i] = -1; /* from now on QEMU's alone */
	}
	return true;
}

/* It reads a pipe until we close it: the console's log, or nothing at all. */
static bool launch_holder(struct machine *machine, bool is_log, struct err *err)
{
	int both[2];
	if (machine->is_over) {
		add(machine, mem_strdup("/bin/true"));
		return true;
	}
	if (pipe2(both, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(err, errno, "a pipe for a container");
	int theirs = fcntl(both[0], F_DUPFD_CLOEXEC, MACHINE_FD_FIRST);
	close(both[0]);
	if (theirs < 0) {
		close(both[1]);
		return err_errno(err, errno, "a descriptor for a container");
	}
	vec_push(&machine->inherited, theirs);
	vec_push(&machine->holders, both[1]);
	if (is_log)
		machine->log_pipe = both[1];
	add_two(machine, "/bin/cat", mem_printf("/proc/self/fd/%d", theirs));
	return true;
}

bool machine_launch(struct machine *machine, const char *container, const struct sandbox *sandbox,
                    const struct attachments *attachments, struct container_spec *spec, struct err *err)
{
	bool is_done = true;
	machine_launch_finish(machine);
	if (strcmp(container, "compute") == 0)
		is_done = launch_qemu(machine, sandbox, attachments, err);
	else if (strcmp(container, "volumecontainerdisk-init") == 0)
		add(machine, mem_strdup("/bin/true"));
	else
		is_done = launch_holder(machine, strcmp(container, "guest-console-log") == 0, err);
	if (!is_done) {
		machine_launch_finish(machine);
		return false;
	}
	vec_push(&machine->argv, NULL);
	spec->argv = (const char *const *)machine->argv.data;
	spec->cwd = "/";
	spec->binds = machine->binds.data;
	spec->n_binds = machine->binds.len;
	spec->fds = machine->inherited.data;
	spec->n_fds = machine->inherited.len;
	return true;
}

void machine_launch_finish(struct machine *machine)
{
	for (size_t i = 0; i < machine->argv.len; i++)
		free(machine->argv.data[i]);
	for (size_t i = 0; i < machine->texts.len; i++)
		free(machine->texts.data[i]);
	for (size_t i = 0; i < machine->inherited.len; i++)
		close(machine->inherited.data[i]);
	machine->argv.len = machine->texts.len = machine->binds.len = machine->inherited.len = 0;
}

void machine_launched(struct machine *machine)
{
	machine_launch_finish(machine);
}
