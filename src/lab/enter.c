/* shell and exec: into the running lab's namespaces from outside, as the user who owns them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/commands.h"
#include "lab/netns.h"
#include "lab/runtime.h"
#include "lab/supervisor.h"
#include "lab/underlay.h"

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)

static bool running_init(pid_t *init, struct err *err)
{
	struct runtime rt;
	struct runtime_state state = {0};
	if (!runtime_open(&rt, false, err))
		return false;
	bool is_running = !rt.is_held && rt.lock_fd >= 0 && runtime_read_state(&rt, &state) && state.init > 0;
	runtime_close(&rt);
	*init = state.init;
	return is_running || err_set(err, ERR_UNAVAILABLE, "no lab is running; 'onesdn lab up' starts one");
}

static bool enter_lab(struct err *err)
{
	pid_t init;
	if (!running_init(&init, err))
		return false;
	int fd = (int)syscall(SYS_pidfd_open, init, 0);
	bool is_in = fd >= 0 && setns(fd, NAMESPACES) == 0;
	if (!is_in)
		err_errno(err, errno, "entering the lab's namespaces");
	if (fd >= 0)
		close(fd);
	return is_in;
}

/* NODE or NS/POD; pods' namespaces are named NS_POD. */
static bool enter_target(const char *target, struct err *err)
{
	char name[256];
	snprintf(name, sizeof name, "%s", target);
	char *slash = strchr(name, '/');
	if (slash != NULL)
		*slash = '_';
	int fd = strchr(name, '/') == NULL && name[0] != '.' ? netns_open(name) : -1;
	if (fd < 0)
		return err_set(err, ERR_NOT_FOUND,
		               "there is no node or pod '%s' in the lab; nodes: ovn-control-plane, ovn-worker, "
		               "ovn-worker2; pods: NAMESPACE/NAME",
		               target);
	bool is_in = setns(fd, CLONE_NEWNET) == 0;
	if (!is_in)
		err_errno(err, errno, "entering the network of '%s'", target);
	close(fd);
	return is_in;
}

static void set_environment(const char *target)
{
	char *dir = target == NULL                ? mem_strdup("/run/phys")
	            : strchr(target, '/') == NULL ? mem_printf("/run/%s", target)
	                                          : NULL;
	const char *path = getenv("PATH");
	char *prompt = mem_printf("[lab %s]# ", target != NULL ? target : "host"),
	     *programs = mem_printf(SUPERVISOR_BIN ":%s:/usr/sbin:/sbin", path != NULL ? path : "/usr/bin:/bin");
	setenv("PATH", programs, 1);
	setenv("OVN_NB_DB", "unix:/run/central/nb.sock", 1);
	setenv("OVN_SB_DB", "unix:/run/central/sb.sock", 1);
	setenv("OVN_RUNDIR", dir != NULL && target != NULL ? dir : "/run/central", 1);
	if (dir != NULL)
		setenv("OVS_RUNDIR", dir, 1);
	setenv("PS1", prompt, 1);
	setenv("ONESDN_LAB", target != NULL ? target : "host", 1);
	free(dir);
	free(prompt);
	free(programs);
}

/* In a PID namespace of its own the child cannot see the caller's process group, so it needs one that it can. */
static void take_terminal(bool is_terminal)
{
	if (!is_terminal)
		return;
	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
}

static volatile sig_atomic_t running; /* the child of run_inside, for whoever must pass a signal on */

static int run_inside(char **argv)
{
	bool is_terminal = isatty(STDIN_FILENO) != 0;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		take_terminal(is_terminal);
		execvp(argv[0], argv);
		fprintf(stderr, "onesdn lab: %s: %s\n", argv[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0) {
		fprintf(stderr, "onesdn lab: cannot start a process in the lab: %s\n", strerror(errno));
		return 1;
	}
	running = pid;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (is_terminal) {
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(STDIN_FILENO, getpgrp());
	}
	running = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* After entering another PID namespace no thread can be made, which exit handlers (a sanitizer's) may want. */
static _Noreturn void end(int status)
{
	fflush(NULL);
	_exit(status);
}

static bool enter(const char *target)
{
	struct err err = {0};
	if (!enter_lab(&err) || (target != NULL && !enter_target(target, &err))) {
		fprintf(stderr, "onesdn lab: %s\n", err.text);
		return false;
	}
	if (chdir("/") < 0)
		fprintf(stderr, "onesdn lab: cannot go to /: %s\n", strerror(errno));
	set_environment(target);
	return true;
}

static int enter_and_run(const char *target, char **argv)
{
	if (!enter(target))
		return 1;
	end(run_inside(argv));
}

int command_shell(int argc, char **argv)
{
	char bash[] = "bash", norc[] = "--norc", interactive[] = "-i", *shell[] = {bash, norc, interactive, NULL};
	if (argc > 2) {
		fprintf(stderr, "onesdn lab shell: one NODE or NS/POD at most\n");
		return 2;
	}
	return enter_and_run(argc == 2 ? argv[1] : NULL, shell);
}

int command_exec(int argc, char **argv)
{
	int at = 1;
	const char *target = NULL;
	if (at < argc && strcmp(argv[at], "--") != 0)
		target = argv[at++];
	if (at < argc && strcmp(argv[at], "--") == 0)
		at++;
	if (at >= argc) {
		fprintf(stderr, "usage: onesdn lab exec [NODE|NS/POD] -- COMMAND...\n");
		return 2;
	}
	return enter_and_run(target, argv + at);
}

/* ---- capture ---- */

/* tcpdump, started as user 0, insists on setting its groups, which nobody may in the lab, whose user namespace has one user
 * and no groups: it is told that this has been done. */
static bool pretend_groups(struct err *err)
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof code / sizeof code[0], code};
	return (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) ||
	       err_errno(err, errno, "preparing for tcpdump");
}

/* tcpdump on `interface` with the caller's arguments; those may name another source. */
static int run_tcpdump(const char *interface, int argc, char **argv)
{
	static const char *const always[] = {"tcpdump", "-Z", "root", "-n", "-e", "-l"};
	const char **options = mem_alloc(((size_t)argc + 10) * sizeof *options);
	bool has_source = false;
	size_t n = 0;
	for (int i = 0; i < argc; i++)
		has_source = has_source || text_has_prefix(argv[i], "-i") || text_has_prefix(argv[i], "-r");
	for (; n < sizeof always / sizeof always[0]; n++)
		options[n] = always[n];
	if (!has_source) {
		options[n++] = "-i";
		options[n++] = interface;
	}
	for (int i = 0; i < argc; i++)
		options[n++] = argv[i];
	int status = run_inside((char **)(uintptr_t)options);
	free((void *)options);
	return status;
}

static int run_script(const char *script, const char *argument)
{
	const char *const argv[] = {"sh", "-c", script, "capture", argument, NULL};
	return run_inside((char **)(uintptr_t)argv);
}

static void pass_on(int signum)
{
	if (running > 0)
		kill(running, signum);
}

/* All frames of the bridge, each once and with its tag: a mirror of its ports, there while we look. */
static int capture_bridge(int argc, char **argv)
{
	static const char begin[] =
	        "ovs-vsctl add-port " UNDERLAY_BRIDGE " $1 -- set interface $1 type=internal -- --id=@port get port $1 "
	        "-- --id=@mirror create mirror name=$1 select-all=true output-port=@port "
	        "-- add bridge " UNDERLAY_BRIDGE " mirrors @mirror >/dev/null && "
	        "sysctl -qw net.ipv6.conf.$1.disable_ipv6=1 2>/dev/null; ip link set $1 up";
	static const char finish[] = "ovs-vsctl -- --id=@mirror get mirror $1 "
	                             "-- remove bridge " UNDERLAY_BRIDGE " mirrors @mirror -- del-port $1";
	const struct sigaction action = {.sa_handler = pass_on};
	char *port = mem_printf("capture%d", (int)getpid());
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	int status = run_script(begin, port);
	if (status == 0)
		status = run_tcpdump(port, argc, argv);
	run_script(finish, port);
	free(port);
	return status;
}

int command_capture(int argc, char **argv)
{
	bool is_named = argc >= 2 && argv[1][0] != '-';
	const char *target = is_named ? argv[1] : UNDERLAY_BRIDGE;
	int first = is_named ? 2 : 1;
	bool is_bridge = strcmp(target, UNDERLAY_BRIDGE) == 0;
	struct err err = {0};
	if (!pretend_groups(&err)) {
		fprintf(stderr, "onesdn lab capture: %s\n", err.text);
		return 1;
	}
	if (!enter(is_bridge ? NULL : target))
		return 1;
	end(is_bridge ? capture_bridge(argc - first, argv + first) : run_tcpdump("eth0", argc - first, argv + first));
}
