/* image: see image.h. What goes in is in the tables below; libraries are those that the dynamic linker names. */
#include "lab/vm/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/vm/cpio.h"

#define FILE_MAX ((size_t)64 << 20)

static const struct {
	const char *name, *package;
	bool optional;
} programs[] = {
        {"bash", "bash", false},
        {"busybox", "busybox", false},
        {"curl", "curl", false},
        {"jq", "jq", false},
        {"psql", "postgresql-client", false},
        {"ip", "iproute2", false},
        {"ss", "iproute2", false},
        {"ping", "iputils-ping", true},
        {"less", "less", true},
        {"vi", "vim-tiny", true},
        {"top", "procps", true},
        {"ps", "procps", true},
        {"watch", "procps", true},
        {"ls", "coreutils", false},
        {"cat", "coreutils", false},
        {"stty", "coreutils", false},
        {"date", "coreutils", false},
        {"id", "coreutils", false},
        {"clear", "ncurses-bin", true},
};
const char *const vm_image_packages[] = {"bash",    "curl", "jq",  "postgresql",  "postgresql-client", "iproute2",
                                         "iputils", "less", "vim", "vim-minimal", "procps-ng",         NULL};

static const char *const modules[] = {"qemu_fw_cfg", "virtio_pci", "virtio_net", "af_packet", "virtio_balloon"};

static const struct {
	const char *path, *text;
	unsigned mode;
} texts[] = {
        {"etc/profile", "PS1='[\\u@\\h \\W]\\$ '\nexport PAGER=less\n", 0644},
        {"etc/os-release",
         "NAME=\"onesdn guest\"\nID=onesdn\nPRETTY_NAME=\"onesdn guest (assembled from this machine's packages)\"\n",
         0644},
        {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", 0644},
        {"etc/udhcpc.sh",
         "#!/bin/sh\n"
         "case $1 in\n"
         "bound|renew)\n"
         "  ip address flush dev $interface scope global\n"
         "  ip address add $ip/${mask:-24} dev $interface\n"
         "  [ -z \"$router\" ] || ip route replace default via ${router%% *} dev $interface metric 100\n"
         "  for server in $dns; do echo nameserver $server; done >/etc/resolv.conf\n"
         "  ;;\n"
         "deconfig) ip link set $interface up ;;\n"
         "esac\n",
         0755},
};
static const char *const folders[] = {"dev",  "proc", "sys", "run", "tmp",     "root",   "etc",
                                      "home", "bin",  "lib", "usr", "usr/bin", "usr/lib"};
static const struct {
	const char *path, *to;
} links[] = {{"bin/sh", "bash"}, {"bin/sudo", "../init"}, {"usr/sbin", "../bin"}, {"sbin", "bin"}};

struct build {
	struct str archive;
	struct map done; /* paths that are in */
	char *release;   /* of the kernel */
};

static void put_folders(struct build *build, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *folder = mem_strndup(path, (size_t)(slash - path));
		if (!map_find(&build->done, folder)) {
			map_set(&build->done, folder, build);
			cpio_put(&build->archive, folder, S_IFDIR | 0755, "", 0);
		}
		free(folder);
	}
}

static bool put_file(struct build *build, const char *from, const char *path, unsigned mode, struct err *err)
{
	struct str content = {0};
	if (map_find(&build->done, path))
		return true;
	if (!file_read(from, FILE_MAX, &content, err))
		return false;
	map_set(&build->done, path, build);
	put_folders(build, path);
	cpio_put(&build->archive, path, S_IFREG | mode, str_text(&content), content.len);
	str_finish(&content);
	return true;
}

/* The dynamic linker says what it would load, as ldd asks it: lines "NAME => PATH (ADDRESS)" or "PATH (ADDRESS)". */
static bool put_libraries(struct build *build, const char *program, struct err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	FILE *lines = fdopen(fds[0], "re");
	char line[1024];
	bool ok = true;
	while (lines && fgets(line, sizeof line, lines)) {
		char *path = strchr(line, '/'), *end = path ? strchr(path, ' ') : NULL;
		if (!end)
			continue;
		*end = '\0';
		ok = ok && put_file(build, path, path + 1, 0755, err);
	}
	if (lines)
		fclose(lines);
	waitpid(pid, NULL, 0);
	return ok;
}

static char *find_program(const char *name)
{
	if (strcmp(name, "psql") != 0)
		return path_program(name);
	/* Debian's psql is a Perl wrapper; the program is the one of the newest version */
	char *found = NULL;
	for (int version = 30; version > 8 && !found; version--) {
		char *path = mem_printf("/usr/lib/postgresql/%d/bin/psql", version);
		if (access(path, X_OK) == 0)
			found = path;
		else
			free(path);
	}
	return found ? found : path_program(name);
}

static bool put_programs(struct build *build, struct err *err)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		char *found = find_program(programs[i].name);
		if (!found && programs[i].optional)
			continue;
		if (!found)
			return err_set(err, ERR_NOT_FOUND,
			               "the guest needs the program %s; install the Debian package %s",
			               programs[i].name, programs[i].package);
		char *path = mem_printf("bin/%s", programs[i].name);
		bool ok = put_file(build, found, path, 0755, err) && put_libraries(build, found, err);
		free(path);
		free(found);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- modules, by the kernel's own list of dependencies (modules.dep: "PATH: PATH PATH") ---- */
static char *find_dependency_line(const char *all, const char *module)
{
	char *wanted = mem_printf("/%s.ko", module);
	for (const char *line = all; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *colon = strchr(line, ':'), *end = strchr(line, '\n');
		const char *hit = strstr(line, wanted);
		if (colon && hit && hit < colon && (!end || hit < end)) {
			char *copy = mem_strndup(line, end ? (size_t)(end - line) : strlen(line));
			free(wanted);
			return copy;
		}
	}
	free(wanted);
	return NULL;
}

static bool put_module(struct build *build, const char *relative, struct str *list, struct err *err)
{
	char *from = mem_printf("/lib/modules/%s/%s", build->release, relative);
	char *path = mem_printf("lib/modules/%s", relative);
	bool is_new = !map_find(&build->done, path);
	bool ok = put_file(build, from, path, 0644, err);
	if (ok && is_new)
		str_append_f(list, "/%s\n", path);
	free(from);
	free(path);
	return ok;
}

static bool put_modules(struct build *build, struct err *err)
{
	struct str all = {0}, list = {0};
	char *dep_path = mem_printf("/lib/modules/%s/modules.dep", build->release);
	bool ok = file_read(dep_path, (size_t)4 << 20, &all, err);
	for (size_t i = 0; ok && i < sizeof modules / sizeof *modules; i++) {
		char *line = find_dependency_line(str_text(&all), modules[i]), *colon = line ? strchr(line, ':') : NULL;
		if (!colon) { /* built in */
			free(line);
			continue;
		}
		*colon = '\0';
		/* what it needs comes after the colon, the deepest last */
		VEC(char *) needs = {0};
		char *rest = colon + 1, *word;
		while ((word = strsep(&rest, " ")) != NULL)
			if (*word)
				vec_push(&needs, word);
		for (size_t n = needs.len; ok && n > 0; n--)
			ok = put_module(build, needs.data[n - 1], &list, err);
		ok = ok && put_module(build, line, &list, err);
		vec_finish(&needs);
		free(line);
	}
	if (ok)
		cpio_put(&build->archive, "lib/modules.list", S_IFREG | 0644, str_text(&list), list.len);
	free(dep_path);
	str_finish(&all);
	str_finish(&list);
	return ok;
}

static void put_busybox_links(struct build *build)
{
	static const char *const names[] = {
	        "grep",     "head",    "tail",   "sed",       "awk",     "cp",     "mv",      "rm",         "mkdir",
	        "rmdir",    "env",     "uname",  "hostname",  "sleep",   "ps",     "top",     "vi",         "less",
	        "more",     "watch",   "clear",  "ping",      "reset",   "which",  "wc",      "sort",       "uniq",
	        "nc",       "tee",     "tr",     "cut",       "dmesg",   "free",   "uptime",  "kill",       "killall",
	        "pidof",    "find",    "xargs",  "true",      "false",   "yes",    "od",      "hexdump",    "seq",
	        "dd",       "base64",  "md5sum", "sha256sum", "chmod",   "chown",  "ln",      "readlink",   "realpath",
	        "basename", "dirname", "touch",  "test",      "expr",    "printf", "echo",    "pwd",        "tty",
	        "whoami",   "groups",  "mount",  "umount",    "df",      "du",     "wget",    "traceroute", "nslookup",
	        "arp",      "telnet",  "diff",   "cmp",       "strings", "time",   "timeout", "mktemp",     "sync",
	        "poweroff", "reboot",  "halt"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = mem_printf("bin/%s", names[i]);
		if (!map_find(&build->done, path))
			cpio_put(&build->archive, path, S_IFLNK | 0777, "busybox", strlen("busybox"));
		free(path);
	}
}

static bool put_everything(struct build *build, const char *guest_init, struct err *err)
{
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		map_set(&build->done, folders[i], build);
		cpio_put(&build->archive, folders[i], S_IFDIR | 0755, "", 0);
	}
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		cpio_put(&build->archive, links[i].path, S_IFLNK | 0777, links[i].to, strlen(links[i].to));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cpio_put(&build->archive, texts[i].path, S_IFREG | texts[i].mode, texts[i].text, strlen(texts[i].text));
	static const char *const terminals[] = {"x/xterm-256color", "x/xterm", "v/vt100", "v/vt220", "l/linux"};
	for (size_t i = 0; i < sizeof terminals / sizeof *terminals; i++) {
		char *from = mem_printf("/lib/terminfo/%s", terminals[i]),
		     *path = mem_printf("lib/terminfo/%s", terminals[i]);
		if (access(from, R_OK) == 0 && !put_file(build, from, path, 0644, err))
			return free(from), free(path), false;
		free(from);
		free(path);
	}
	if (!put_file(build, guest_init, "init", 04755, err) || !put_programs(build, err) || !put_modules(build, err))
		return false;
	put_busybox_links(build);
	cpio_end(&build->archive);
	return true;
}

/* The newest kernel in /boot that has its modules, a cloud one (small) before others. */
static bool find_kernel(char **kernel, char **release, struct err *err)
{
	DIR *boot = opendir("/boot");
	char *best = NULL;
	for (struct dirent *entry; boot && (entry = readdir(boot));) {
		if (!text_has_prefix(entry->d_name, "vmlinuz-"))
			continue;
		char *dep = mem_printf("/lib/modules/%s/modules.dep", entry->d_name + 8),
		     *path = mem_printf("/boot/%s", entry->d_name);
		bool usable = access(dep, R_OK) == 0 && access(path, R_OK) == 0;
		bool is_cloud = strstr(entry->d_name, "cloud") != NULL, best_is_cloud = best && strstr(best, "cloud");
		if (usable && (!best || (is_cloud && !best_is_cloud) ||
		               (is_cloud == best_is_cloud && strverscmp(entry->d_name, best) > 0))) {
			free(best);
			best = mem_strdup(entry->d_name);
		}
		free(dep);
		free(path);
	}
	if (boot)
		closedir(boot);
	if (!best)
		return err_set(err, ERR_NOT_FOUND,
		               "virtual machines need a kernel: there is no readable /boot/vmlinuz-* with its "
		               "/lib/modules; install the "
		               "Debian package linux-image-cloud-amd64");
	*release = mem_strdup(best + 8);
	*kernel = mem_printf("/boot/%s", best);
	free(best);
	return true;
}

static bool is_newer(const char *path, const char *than)
{
	struct stat a, b;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): that err_set gives false is in another file */
	return stat(path, &a) == 0 && stat(than, &b) == 0 && a.st_mtime >= b.st_mtime;
}

/* Images of other kernels, and what a builder that was killed left half written. */
static void clear_others(const char *cache_dir, const char *keep)
{
	DIR *dir = opendir(cache_dir);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char *path = mem_printf("%s/%s", cache_dir, entry->d_name);
		if (text_has_prefix(entry->d_name, "guest-") && strcmp(path, keep) != 0)
			unlink(path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

bool vm_image_find_kernel(char **kernel, struct err *err)
{
	char *release = NULL;
	bool is_there = find_kernel(kernel, &release, err);
	free(release);
	return is_there;
}

bool vm_image_program(size_t at, const char **name, const char **package, bool *is_optional)
{
	if (at >= sizeof programs / sizeof *programs)
		return false;
	*name = programs[at].name;
	*package = programs[at].package;
	*is_optional = programs[at].optional;
	return true;
}

bool vm_image_prepare(const char *cache_dir, const char *guest_init, struct vm_image *out, struct err *err)
{
	struct build build = {0};
	char *kernel = NULL;
	if (access(guest_init, R_OK) < 0)
		return err_set(err, ERR_NOT_FOUND, "%s is missing; build or install onesdn whole", guest_init);
	if (!find_kernel(&kernel, &build.release, err))
		return false;
	char *initramfs = mem_printf("%s/guest-%s.cpio", cache_dir, build.release);
	bool ok = is_newer(initramfs, guest_init) && is_newer(initramfs, kernel);
	if (!ok) {
		clear_others(cache_dir, initramfs);
		ok = put_everything(&build, guest_init, err) &&
		     file_write(initramfs, str_text(&build.archive), build.archive.len, 0600, err);
		if (!ok)
			err_context(err, "assembling the guest of virtual machines");
	}
	str_finish(&build.archive);
	map_finish(&build.done);
	free(build.release);
	if (!ok) {
		free(kernel);
		free(initramfs);
		return false;
	}
	*out = (struct vm_image){.kernel = kernel, .initramfs = initramfs};
	return true;
}

void vm_image_finish(struct vm_image *image)
{
	free(image->kernel);
	free(image->initramfs);
	*image = (struct vm_image){0};
}
