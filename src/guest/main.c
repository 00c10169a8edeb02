/* main: PID 1 of the guest. Mounts, modules, seed, network, login; then the agent's loop, which also reaps. */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void say(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vdprintf(STDERR_FILENO, fmt, args);
	va_end(args);
	dprintf(STDERR_FILENO, "\r\n");
}

int run(bool quiet, const char *const *argv)
{
	pid_t pid = fork();
	if (pid < 0)
		return 127;
	if (pid == 0) {
		if (quiet) {
			int null = open("/dev/null", O_RDWR | O_CLOEXEC);
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

_Noreturn void end_machine(bool again)
{
	kill(-1, SIGTERM);
	for (int i = 0; i < 20 && waitpid(-1, NULL, WNOHANG) >= 0; i++) {
		struct timespec tick = {0, 50 * 1000 * 1000};
		nanosleep(&tick, NULL);
	}
	kill(-1, SIGKILL);
	sync();
	reboot(again ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

static void mount_all(void)
{
	static const struct {
		const char *type, *at, *options;
		mode_t mode;
	} mounts[] = {
	        {"proc", "/proc", NULL, 0555},       {"sysfs", "/sys", NULL, 0555},
	        {"devtmpfs", "/dev", NULL, 0755},    {"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", 0755},
	        {"tmpfs", "/run", "mode=755", 0755}, {"tmpfs", "/tmp", "mode=1777", 01777},
	};
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		mkdir(mounts[i].at, mounts[i].mode);
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, MS_NOSUID, mounts[i].options) < 0 &&
		    errno != EBUSY)
			say("guest: mounting %s: %s", mounts[i].at, strerror(errno));
	}
}

/* /lib/modules.list has them in the order of their dependencies; each is tried, those that are built in are absent. */
static void load_modules(void)
{
	FILE *list = fopen("/lib/modules.list", "re");
	char line[256];
	while (list && fgets(line, sizeof line, list)) {
		line[strcspn(line, "\n")] = '\0';
		int fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			say("guest: module %s: %s", line, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
}

static void write_file(const char *path, mode_t mode, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void write_file(const char *path, mode_t mode, const char *fmt, ...)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	va_list args;
	va_start(args, fmt);
	if (fd < 0 || vdprintf(fd, fmt, args) < 0)
		say("guest: writing %s: %s", path, strerror(errno));
	va_end(args);
	if (fd >= 0)
		close(fd);
}

static void make_user(const struct guest_seed *seed)
{
	char home[64], vimrc[80];
	snprintf(home, sizeof home, "/home/%s", seed->user);
	snprintf(vimrc, sizeof vimrc, "%s/.vimrc", home);
	mkdir("/home", 0755);
	mkdir(home, 0700);
	if (chown(home, 1000, 1000) < 0)
		say("guest: %s: %s", home, strerror(errno));
	write_file(vimrc, 0644,
	           "set nocompatible backspace=2\n"); /* without one, vi looks for defaults that are not here */
	write_file("/etc/passwd", 0644, "root:x:0:0:root:/root:/bin/bash\n%s:x:1000:1000::%s:/bin/bash\n", seed->user,
	           home);
	write_file("/etc/group", 0644, "root:x:0:\ntty:x:5:\n%s:x:1000:\n", seed->user);
	write_file("/etc/hostname", 0644, "%s\n", seed->hostname);
	write_file("/etc/hosts", 0644, "127.0.0.1 localhost\n127.0.1.1 %s\n", seed->hostname);
	if (sethostname(seed->hostname, strlen(seed->hostname)) < 0)
		say("guest: hostname: %s", strerror(errno));
}

static void run_commands(const struct guest_seed *seed)
{
	for (size_t i = 0; i < seed->n_commands; i++) {
		const char *const argv[] = {"/bin/sh", "-c", seed->commands[i], NULL};
		int status = run(false, argv);
		if (status != 0)
			say("cloud-init: runcmd %zu ended with status %d", i + 1, status);
	}
}

/* The init is also the guest's sudo, set-uid, without a password for the one user, as cloud images have it. */
static int be_sudo(int argc, char **argv)
{
	int at = 1;
	while (at < argc && *argv[at] == '-' && strcmp(argv[at], "--") != 0)
		at++; /* its options change nothing here: there is one user to become */
	at += at < argc && strcmp(argv[at], "--") == 0;
	bool wants_shell = argc > 1 && (strcmp(argv[1], "-i") == 0 || strcmp(argv[1], "-s") == 0);
	static char bash[] = "bash";
	char *const shell[] = {bash, NULL};
	if (at >= argc && !wants_shell) {
		dprintf(STDERR_FILENO, "usage: sudo command\n");
		return 1;
	}
	if (setgid(0) < 0 || setuid(0) < 0) {
		dprintf(STDERR_FILENO, "sudo: %s\n", strerror(errno));
		return 1;
	}
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	char *const *command = at < argc ? argv + at : shell;
	execvp(command[0], command);
	dprintf(STDERR_FILENO, "sudo: %s: %s\n", command[0], errno == ENOENT ? "command not found" : strerror(errno));
	return 127;
}

int main(int argc, char **argv)
{
	static struct guest_seed seed; /* large, and lives as long as the machine */
	if (getpid() != 1)
		return be_sudo(argc, argv);
	mount_all();
	int console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (int fd = 0; console >= 0 && fd <= 2; fd++)
		dup2(console, fd);
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	load_modules();
	seed_read(GUEST_SEED, &seed);
	make_user(&seed);
	write_file("/proc/sys/net/ipv4/ping_group_range", 0644, "0 2147483647\n"); /* ping needs no privilege then */
	net_start(&seed);
	for (size_t i = 0; i < seed.n_notes; i++)
		say("cloud-init: %s", seed.notes[i]);
	run_commands(&seed);
	login_start(&seed);
	agent_run(&seed);
}
