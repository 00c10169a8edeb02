/* Programs, /dev/net/tun and user namespaces: present and allowed? Neighbours: commands.c asks before the guard is started,
 * guard.c for words when the kernel refuses all the same. What only some acts need (virtual machines, the database) is told by
 * preflight_walk as well; the lab itself starts without it.
 */
#include "lab/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/commands.h"
#include "lab/image.h"
#include "lab/vm/image.h"

/* What is looked for: a program on PATH, or with a '/' a file (a pattern: the newest that matches will do). */
struct need {
	const char *name, *package;
	bool is_optional;
};
static const struct need lab_needs[] = {
        {"ovsdb-server", "openvswitch-common", false},
        {"ovsdb-tool", "openvswitch-common", false},
        {"ovs-vswitchd", "openvswitch-switch", false},
        {"ovn-northd", "ovn-central", false},
        {"ovn-controller", "ovn-host", false},
        {"bwrap", "bubblewrap", false},
        {"/usr/share/openvswitch/vswitch.ovsschema", "openvswitch-switch", false},
        {"/usr/share/ovn/ovn-nb.ovsschema", "ovn-central", false},
        {"/usr/share/ovn/ovn-sb.ovsschema", "ovn-central", false},
};
static const struct need database_needs[] = {
        {"/usr/lib/postgresql/*/bin/initdb", "postgresql", false},
        {"psql", "postgresql-client", false},
};
static const struct need capture_needs[] = {{"tcpdump", "tcpdump", true}};

struct walk {
	preflight_fn *fn;
	void *user;
	const char *part;
	size_t n_missing;
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

static void tell(struct walk *walk, enum preflight_state state, const char *what, const char *cure, enum err_code code)
{
	struct preflight_row row = {walk->part, state, what, cure, code};
	walk->n_missing += state != PREFLIGHT_OK;
	walk->fn(&row, walk->user);
}

static bool has_match(const char *pattern)
{
	glob_t found;
	bool is_there = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
	globfree(&found);
	return is_there;
}

static bool is_there(const struct need *need)
{
	if (need->name[0] == '/')
		return has_match(need->name);
	char *path = path_program(need->name);
	free(path);
	return path != NULL;
}

static void check_need(struct walk *walk, const struct need *need)
{
	if (is_there(need))
		return;
	char *what = mem_printf("%s%s is missing", need->name[0] == '/' ? "" : "the program ", need->name);
	char *cure = mem_printf("install the package %s (Debian: apt install %s)", need->package, need->package);
	tell(walk, need->is_optional ? PREFLIGHT_WARN : PREFLIGHT_FAIL, what, cure, ERR_NOT_FOUND);
	free(what);
	free(cure);
}

static void check_needs(struct walk *walk, const char *part, const struct need *needs, size_t n, const char *all)
{
	walk->part = part;
	walk->n_missing = 0;
	for (size_t i = 0; i < n; i++)
		check_need(walk, &needs[i]);
	if (walk->n_missing == 0)
		tell(walk, PREFLIGHT_OK, all, "", ERR_NONE);
}
#define CHECK_NEEDS(walk, part, needs, all) check_needs(walk, part, needs, sizeof needs / sizeof *needs, all)

static void check_own(struct walk *walk)
{
	char *workload = path_self("onesdn-workload");
	if (access(workload, X_OK) != 0) {
		char *what = mem_printf("%s, which the pods run, is missing", workload);
		tell(walk, PREFLIGHT_FAIL, what, "build or install onesdn again", ERR_NOT_FOUND);
		free(what);
	}
	free(workload);
}

static void check_tun(struct walk *walk)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), errnum = errno;
	if (fd >= 0) {
		close(fd);
		tell(walk, PREFLIGHT_OK, "/dev/net/tun opens", "", ERR_NONE);
	} else if (errnum == ENOENT) {
		tell(walk, PREFLIGHT_FAIL, "/dev/net/tun is missing, and Open vSwitch needs it",
		     "load it with 'modprobe tun', or make it with 'mkdir -p /dev/net && mknod -m 666 /dev/net/tun c "
		     "10 200' as "
		     "root (in a container: start it with --device /dev/net/tun)",
		     ERR_NOT_FOUND);
	} else if (errnum == EACCES || errnum == EPERM) {
		tell(walk, PREFLIGHT_FAIL, "/dev/net/tun may not be opened by this user, and Open vSwitch needs it",
		     "'chmod 666 /dev/net/tun' as root", ERR_DENIED);
	} else {
		char *what = mem_printf("/dev/net/tun cannot be opened: %s", strerror(errnum));
		tell(walk, PREFLIGHT_FAIL, what, "'modprobe tun' as root may help", ERR_SYSTEM);
		free(what);
	}
}

static void check_namespaces(struct walk *walk)
{
	if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
		tell(walk, PREFLIGHT_FAIL, "user namespaces are switched off here",
		     "'sysctl user.max_user_namespaces=15000' as root allows them", ERR_DENIED);
	else if (geteuid() != 0 && read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		tell(walk, PREFLIGHT_FAIL, "user namespaces are for root only here",
		     "'sysctl kernel.unprivileged_userns_clone=1' as root allows them", ERR_DENIED);
	else if (geteuid() != 0 && read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
		tell(walk, PREFLIGHT_WARN, "AppArmor restricts user namespaces here",
		     "if the lab does not start: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0' as root",
		     ERR_DENIED);
	else
		tell(walk, PREFLIGHT_OK, "user namespaces are allowed", "", ERR_NONE);
}

/* That /dev/kvm opens proves nothing (vm/machines.c tries it with a guest): it is said, no more. */
static void check_kvm(struct walk *walk)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), errnum = errno;
	if (fd >= 0) {
		close(fd);
		tell(walk, PREFLIGHT_OK, "/dev/kvm opens; the lab tries it with a guest before it is used", "",
		     ERR_NONE);
		return;
	}
	char *what = mem_printf("virtual machines run without KVM, slower (/dev/kvm: %s)", strerror(errnum));
	tell(walk, PREFLIGHT_WARN, what,
	     errnum == ENOENT
	             ? "switch virtualisation on in this machine's firmware, or nested virtualisation in its host, "
	               "if you want it; the acts do without"
	             : "let this user open it: 'usermod -aG kvm USER' as root, then log in again; the acts do without",
	     ERR_DENIED);
	free(what);
}

static void check_machines(struct walk *walk)
{
	static const struct need qemu = {"qemu-system-x86_64", "qemu-system-x86", false};
	struct err err;
	struct need need;
	char *kernel = NULL;
	walk->part = "machines";
	walk->n_missing = 0;
	check_need(walk, &qemu);
	for (size_t i = 0; vm_image_program(i, &need.name, &need.package, &need.is_optional); i++)
		check_need(walk, &need);
	if (!vm_image_find_kernel(&kernel, &err))
		tell(walk, PREFLIGHT_FAIL,
		     "virtual machines need a kernel: there is no readable /boot/vmlinuz-* with its /lib/modules",
		     "install the Debian package linux-image-cloud-amd64 (apt install linux-image-cloud-amd64)",
		     err.code);
	if (walk->n_missing == 0) {
		char *what = mem_printf("QEMU, the guest's programs and %s", kernel);
		tell(walk, PREFLIGHT_OK, what, "", ERR_NONE);
		free(what);
	}
	free(kernel);
	check_kvm(walk);
}

static void check_lab(struct walk *walk)
{
	CHECK_NEEDS(walk, "lab", lab_needs, "Open vSwitch, OVN and bubblewrap");
	check_own(walk);
	check_namespaces(walk);
	check_tun(walk);
}

void preflight_walk(preflight_fn *fn, void *user)
{
	struct walk walk = {.fn = fn, .user = user};
	check_lab(&walk);
	check_machines(&walk);
	CHECK_NEEDS(&walk, "database", database_needs, "PostgreSQL, for turtle-db");
	CHECK_NEEDS(&walk, "capture", capture_needs, "tcpdump, for onesdn lab capture");
}

void preflight_image(const char *reference, preflight_fn *fn, void *user)
{
	struct walk walk = {.fn = fn, .user = user, .part = "images"};
	struct str cure = {0}, what = {0};
	bool is_known = image_find(reference) != NULL;
	str_append_safe(&what, reference, strlen(reference));
	str_append(&what, is_known ? " is built in" : " is none of the lab's images");
	str_append(&cure, "name one of ");
	image_list(&cure);
	tell(&walk, is_known ? PREFLIGHT_OK : PREFLIGHT_FAIL, str_text(&what), is_known ? "" : str_text(&cure),
	     is_known ? ERR_NONE : ERR_NOT_FOUND);
	str_finish(&what);
	str_finish(&cure);
}

static void take_first(const struct preflight_row *row, void *user)
{
	struct err *err = user;
	if (row->state == PREFLIGHT_FAIL && err->code == ERR_NONE)
		err_set(err, row->code, "%s: %s", row->what, row->cure);
}

bool preflight_check(struct err *err)
{
	struct err first = {.code = ERR_NONE};
	struct walk walk = {.fn = take_first, .user = &first};
	check_lab(&walk);
	if (first.code != ERR_NONE && err)
		*err = first;
	return first.code == ERR_NONE;
}

/* ---- as a command ---- */

static const char *const state_names[] = {[PREFLIGHT_OK] = "ok", [PREFLIGHT_WARN] = "warn", [PREFLIGHT_FAIL] = "fail"};

struct listing {
	json_t *rows; /* NULL: as text */
	bool has_failed;
};

static void list_row(const struct preflight_row *row, void *user)
{
	struct listing *listing = user;
	listing->has_failed |= row->state == PREFLIGHT_FAIL;
	if (listing->rows)
		json_array_append_new(listing->rows,
		                      json_pack("{s:s, s:s, s:s, s:s}", "part", row->part, "state",
		                                state_names[row->state], "what", row->what, "cure", row->cure));
	else
		printf("%-5s %-9s %s%s%s\n", row->state == PREFLIGHT_FAIL ? "FAIL" : state_names[row->state], row->part,
		       row->what, *row->cure ? ": " : "", row->cure);
}

int command_preflight(int argc, char **argv)
{
	bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
	struct listing listing = {.rows = as_json ? json_array() : NULL};
	if (!as_json && argc > 1 && argv[1][0] == '-') {
		fprintf(stderr, "onesdn lab preflight: there is no option '%s'\n", argv[1]);
		return 2;
	}
	preflight_walk(list_row, &listing);
	for (int i = as_json ? 2 : 1; i < argc; i++)
		preflight_image(argv[i], list_row, &listing);
	if (as_json) {
		struct str text = {0};
		str_append_json(&text, listing.rows, JSON_INDENT(2));
		puts(str_text(&text));
		str_finish(&text);
		json_decref(listing.rows);
	}
	return listing.has_failed ? 1 : 0;
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
