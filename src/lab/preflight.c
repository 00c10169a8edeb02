/* Programs, /dev/net/tun and user namespaces: present and allowed? Neighbours: commands.c asks before the guard is started,
 * guard.c for words when the kernel refuses all the same.
 */
#include "lab/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *program, *package;
} programs[] = {
        {"ovsdb-server", "openvswitch-common"}, {"ovsdb-tool", "openvswitch-common"},
        {"ovs-vswitchd", "openvswitch-switch"}, {"ovn-northd", "ovn-central"},
        {"ovn-controller", "ovn-host"},         {"bwrap", "bubblewrap"},
};
static const struct {
	const char *file, *package;
} data_files[] = {
        {"/usr/share/openvswitch/vswitch.ovsschema", "openvswitch-switch"},
        {"/usr/share/ovn/ovn-nb.ovsschema", "ovn-central"},
        {"/usr/share/ovn/ovn-sb.ovsschema", "ovn-central"},
};

static int64_t read_number(const char *path, int64_t otherwise)
{
	struct str text = {0};
	int64_t value = otherwise;
	if (file_read(path, 64, &text, NULL)) {
		while (text.len > 0 && text.data[text.len - 1] == '\n')
			text.data[--text.len] = '\0';
		text_to_int(str_text(&text), 0, INT64_MAX, &value);
	}
	str_finish(&text);
	return value;
}

static bool check_programs(struct err *err)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		char *path = path_program(programs[i].program);
		if (path == NULL)
			return err_set(err, ERR_NOT_FOUND,
			               "the program %s is missing: install the package %s (Debian: apt install %s)",
			               programs[i].program, programs[i].package, programs[i].package);
		free(path);
	}
	for (size_t i = 0; i < sizeof data_files / sizeof data_files[0]; i++)
		if (access(data_files[i].file, R_OK) != 0)
			return err_set(err, ERR_NOT_FOUND,
			               "%s is missing: install the package %s (Debian: apt install %s)",
			               data_files[i].file, data_files[i].package, data_files[i].package);
	char *workload = path_self("onesdn-workload");
	bool is_there = access(workload, X_OK) == 0;
	if (!is_there)
		err_set(err, ERR_NOT_FOUND, "%s, which the pods run, is missing: build or install onesdn again",
		        workload);
	free(workload);
	return is_there;
}

static bool check_tun(struct err *err)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND,
		               "/dev/net/tun is missing, and Open vSwitch needs it: load it with 'modprobe tun', or "
		               "make it with 'mkdir -p /dev/net && "
		               "mknod -m 666 /dev/net/tun c 10 200' as root (in a container: start it with --device "
		               "/dev/net/tun)");
	if (errno == EACCES || errno == EPERM)
		return err_set(err, ERR_DENIED,
		               "/dev/net/tun may not be opened by this user, and Open vSwitch needs it: 'chmod 666 "
		               "/dev/net/tun' as root");
	return err_errno(err, errno, "/dev/net/tun cannot be opened ('modprobe tun' as root may help)");
}

static bool check_namespaces(struct err *err)
{
	if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
		return err_set(err, ERR_DENIED,
		               "user namespaces are switched off here: 'sysctl user.max_user_namespaces=15000' as root "
		               "allows them");
	if (geteuid() != 0 && read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		return err_set(err, ERR_DENIED,
		               "user namespaces are for root only here: 'sysctl kernel.unprivileged_userns_clone=1' as "
		               "root allows them");
	return true;
}

bool preflight_check(struct err *err)
{
	return check_programs(err) && check_namespaces(err) && check_tun(err);
}

bool preflight_namespace_failure(int errnum, const char *step, struct err *err)
{
	bool is_apparmor =
	        geteuid() != 0 && read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1;
	if ((errnum == EPERM || errnum == EACCES) && is_apparmor)
		return err_set(err, ERR_DENIED,
		               "%s was refused: AppArmor restricts user namespaces here; 'sysctl "
		               "kernel.apparmor_restrict_unprivileged_userns=0' as root allows them",
		               step);
	if (errnum == ENOSPC || errnum == EUSERS)
		return err_set(err, ERR_LIMIT,
		               "%s was refused: the limit of namespaces is reached; raise "
		               "/proc/sys/user/max_user_namespaces and its neighbours (sysctl "
		               "user.max_user_namespaces=15000 as root)",
		               step);
	if (errnum == EPERM || errnum == EACCES)
		return err_set(err, ERR_DENIED,
		               "%s was refused: user namespaces are forbidden here (a container without them? start it "
		               "with --privileged or "
		               "--security-opt seccomp=unconfined; a chroot? run outside it)",
		               step);
	return err_errno(err, errnum, "%s", step);
}
