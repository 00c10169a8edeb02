/* Commands run in a running container (pod.h): into its namespaces by setns, as its user, with its environment; over pipes
 * or on a pty of its own. The pods of OVN (control/ovnkube.c) have no process of their own: a command in one runs in its
 * node's network namespace, where it sees this machine's files but can change none.
 *
 * The pty is one of the container's own /dev/pts, so that its name means something in there: the child opens it and sends the
 * master back. A PID namespace is entered by the next child only, so the process that the loop starts forks once more and stays as the
 * one that is waited for. It keeps no descriptor, or the ends of the pipes would never come.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lab/control/pods_state.h"

#define READ_BUDGET ((size_t)64 << 10)

struct entry {     /* for prepare, which may call nothing that allocates */
	int pidfd; /* the container's, or -1: */
	int netns; /* the node's */
	const char *cwd;
	bool tty;
	int channel; /* where the pty's master is sent */
};
struct pod_exec {
	struct loop *loop;
	struct pod_exec_events events;
	void *user;
	struct loop_child *child;
	int in, out, err;           /* our ends; with tty in == out == the master */
	struct loop_fd *sources[3]; /* in, out, err */
	struct str pending;
	bool tty, is_paused, is_closing, is_ended, is_told;
	int status;
	char *failure;
};
enum { SOURCE_IN, SOURCE_OUT, SOURCE_ERR };

/* ---- in the child ---- */

static _Noreturn void wait_and_exit(pid_t pid)
{
	int status = 0;
	syscall(SYS_close_range, 0u, ~0u, 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}, {0}};
	for (int cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_capset, &head, none);
}

static bool send_descriptor(int channel, int fd)
{
	char byte = 0;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = control.bytes,
	                         .msg_controllen = sizeof control.bytes};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	return sendmsg(channel, &message, MSG_NOSIGNAL) == 1;
}

/* A new session on a new terminal of the container's, as standard input, output and error. */
static bool open_terminal(int channel)
{
	int unlocked = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct termios termios;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return false;
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || !send_descriptor(channel, master))
		return false;
	ioctl(master, TIOCSWINSZ, &size);
	if (tcgetattr(slave, &termios) == 0) {
		termios.c_iflag |= IUTF8;
		tcsetattr(slave, TCSANOW, &termios);
	}
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return false;
	return dup2(slave, 0) == 0 && dup2(slave, 1) == 1 && dup2(slave, 2) == 2;
}

/* Nothing of this machine can be changed but the daemons' places in /run (whose control programs lock pid files), and what is its
 * user's own cannot be seen. Without these capabilities it stays so. */
static bool shut_machine(void)
{
	static const char *const hidden[] = {"/home", "/root", "/tmp", "/var/tmp"};
	static const int dropped[] = {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_CHROOT};
	struct mount_attr shut = {.attr_set = MOUNT_ATTR_RDONLY}, open = {.attr_clr = MOUNT_ATTR_RDONLY};
	if (unshare(CLONE_NEWNS) < 0)
		return false;
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (mount("tmpfs", hidden[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=16m") < 0 &&
		    errno != ENOENT)
			return false;
	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &shut, sizeof shut) < 0 ||
	    syscall(SYS_mount_setattr, AT_FDCWD, "/run", 0, &open, sizeof open) < 0)
		return false;
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0);
	return chdir("/") == 0;
}

static int enter_node(const struct entry *entry)
{
	bool is_in = setns(entry->netns, CLONE_NEWNET) == 0 && (!entry->tty || open_terminal(entry->channel)) &&
	             shut_machine();
	return is_in ? 0 : 1;
}

/* Of the pods' namespaces all but the cgroup's are their own. */
static int enter(void *user)
{
	const struct entry *entry = user;
	if (entry->pidfd < 0)
		return enter_node(entry);
	if (setns(entry->pidfd,
	          CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET) < 0)
		return 1;
	if (chdir(entry->cwd) < 0 && chdir("/") < 0)
		return 1;
	pid_t pid = fork();
	if (pid < 0)
		return 1;
	if (pid > 0)
		wait_and_exit(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (entry->tty && !open_terminal(entry->channel))
		return 1;
	drop_privileges();
	return 0;
}

/* ---- reading ---- */

static void close_source(struct pod_exec *exec, int which, int *fd)
{
	loop_fd_destroy(exec->sources[which]);
	exec->sources[which] = NULL;
	if (fd != NULL && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static void tell_end(void *user)
{
	struct pod_exec *exec = user;
	if (exec->is_told)
		return;
	exec->is_told = true;
	exec->events.on_exit(exec, exec->status, exec->failure, exec->user);
}

/* False when the stream has ended. */
static bool read_some(struct pod_exec *exec, int fd, int as, size_t budget)
{
	char bytes[16384];
	while (budget > 0 && !exec->is_paused) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		exec->events.on_output(exec, as, bytes, (size_t)n, exec->user);
		budget -= (size_t)n < budget ? (size_t)n : budget;
	}
	return true;
}

static void check_end(struct pod_exec *exec)
{
	if (exec->is_ended && exec->out < 0 && exec->err < 0)
		loop_post(exec->loop, tell_end, exec);
}

static void read_stream(struct pod_exec *exec, int which)
{
	int *fd = which == SOURCE_OUT ? &exec->out : &exec->err;
	if (!read_some(exec, *fd, which == SOURCE_OUT ? 1 : 2, READ_BUDGET)) {
		close_source(exec, which, fd);
		check_end(exec);
	}
}

static void flush(struct pod_exec *exec);

static void on_in(int events, void *user)
{
	(void)events;
	flush(user);
}

static void on_out(int events, void *user)
{
	struct pod_exec *exec = user;
	if (exec->tty && (events & LOOP_WRITE))
		flush(exec);
	if (events & LOOP_READ)
		read_stream(exec, SOURCE_OUT);
}

static void on_err(int events, void *user)
{
	(void)events;
	read_stream(user, SOURCE_ERR);
}

/* What is still in the pipes is read before the end is told; what a process left behind writes later is not waited for. */
static void on_end(struct loop_child *child, int status, void *user)
{
	struct pod_exec *exec = user;
	(void)child;
	exec->is_ended = true;
	exec->status = status;
	exec->is_paused = false;
	if (exec->out >= 0) {
		read_some(exec, exec->out, 1, (size_t)4 << 20);
		close_source(exec, SOURCE_OUT, &exec->out);
	}
	if (exec->err >= 0) {
		read_some(exec, exec->err, 2, (size_t)4 << 20);
		close_source(exec, SOURCE_ERR, &exec->err);
	}
	check_end(exec);
}

/* ---- writing ---- */

static void close_in(struct pod_exec *exec)
{
	if (exec->tty) {
		char eof = 4; /* ^D: what a terminal has for an end of input */
		ssize_t n = exec->out >= 0 ? write(exec->out, &eof, 1) : 0;
		(void)n;
		return;
	}
	close_source(exec, SOURCE_IN, &exec->in);
}

static void flush(struct pod_exec *exec)
{
	int fd = exec->tty ? exec->out : exec->in;
	while (exec->pending.len > 0 && fd >= 0) {
		ssize_t n = write(fd, exec->pending.data, exec->pending.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) /* it reads no more */
			n = (ssize_t)exec->pending.len;
		if (n < 0)
			break;
		str_drop_front(&exec->pending, (size_t)n);
	}
	bool is_waiting = exec->pending.len > 0;
	if (exec->tty && exec->sources[SOURCE_OUT] != NULL)
		loop_fd_set(exec->sources[SOURCE_OUT],
		            (exec->is_paused ? 0 : LOOP_READ) | (is_waiting ? LOOP_WRITE : 0));
	else if (exec->sources[SOURCE_IN] != NULL)
		loop_fd_set(exec->sources[SOURCE_IN], is_waiting ? LOOP_WRITE : 0);
	if (!is_waiting && exec->is_closing) {
		exec->is_closing = false;
		close_in(exec);
	}
}

void pod_exec_write(struct pod_exec *exec, const char *bytes, size_t size)
{
	str_append_n(&exec->pending, bytes, size);
	flush(exec);
}

size_t pod_exec_pending(const struct pod_exec *exec)
{
	return exec->pending.len;
}

void pod_exec_close_stdin(struct pod_exec *exec)
{
	exec->is_closing = true;
	flush(exec);
}

void pod_exec_resize(struct pod_exec *exec, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	if (exec->tty && exec->out >= 0 && rows > 0 && cols > 0 && rows < 4096 && cols < 4096)
		ioctl(exec->out, TIOCSWINSZ, &size);
}

void pod_exec_pause(struct pod_exec *exec, bool paused)
{
	exec->is_paused = paused;
	if (exec->tty) {
		flush(exec);
		return;
	}
	for (int i = SOURCE_OUT; i <= SOURCE_ERR; i++)
		if (exec->sources[i] != NULL)
			loop_fd_set(exec->sources[i], paused ? 0 : LOOP_READ);
}

/* ---- starting ---- */

/* ---- where ---- */

struct place {
	int pidfd; /* of the container's first process; -1: the node's namespaces */
	const char *cwd;
	char *const *env;
	struct ovnkube_place node;
};

static bool find_container(const struct pods *pods, const struct pod_exec_spec *spec, struct place *out,
                           struct err *err)
{
	char *key = mem_printf("%s/%s", spec->ns, spec->name);
	const struct pod *pod = map_find(&pods->by_key, key);
	free(key);
	const struct pod_container *c = pod != NULL ? pod_container_find(pod, spec->container) : NULL;
	if (pod == NULL)
		return err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", spec->name);
	if (c == NULL)
		return err_set(err, ERR_NOT_FOUND, "container %s is not valid for pod %s", spec->container, spec->name);
	if (c->state != CONTAINER_RUNNING || container_pid(c->run) <= 0)
		return err_set(err, ERR_UNAVAILABLE, "container not found (\"%s\"): it is not running", c->name);
	out->pidfd = (int)syscall(SYS_pidfd_open, container_pid(c->run), 0);
	out->cwd = c->cwd[0] != '\0' ? c->cwd : "/";
	out->env = c->env;
	return out->pidfd >= 0 || err_errno(err, errno, "reaching the container's process");
}

static bool find_place(const struct pods *pods, const struct pod_exec_spec *spec, struct place *out, struct err *err)
{
	*out = (struct place){.pidfd = -1, .cwd = "/", .node = {.netns = -1}};
	if (!ovnkube_has(pods->options.ovnkube, spec->ns, spec->name))
		return find_container(pods, spec, out, err);
	bool is_found = ovnkube_place(pods->options.ovnkube, spec->name, spec->container, &out->node, err);
	out->env = out->node.env;
	return is_found;
}

static void place_finish(struct place *place)
{
	if (place->pidfd >= 0)
		close(place->pidfd);
	ovnkube_place_finish(&place->node);
}

static bool make_pipe(int *ours, int *theirs, bool we_read, struct err *err)
{
	int both[2];
	if (pipe2(both, O_CLOEXEC) < 0)
		return err_errno(err, errno, "making a pipe");
	*ours = both[we_read ? 0 : 1];
	*theirs = both[we_read ? 1 : 0];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}

/* The supervisor's own environment is empty but for PATH and HOME, which every place sets. */
static char **environment(const struct place *place, bool tty)
{
	size_t n = 0;
	while (place->env != NULL && place->env[n] != NULL)
		n++;
	char **env = mem_alloc((n + 2) * sizeof *env);
	if (n > 0)
		memcpy((void *)env, (const void *)place->env, n * sizeof *env);
	if (tty)
		env[n] = (char *)(uintptr_t) "TERM=xterm";
	return env;
}

/* The master that the child sent before it became the command; -1: it sent none. */
static int receive_descriptor(int channel)
{
	char byte;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = control.bytes,
	                         .msg_controllen = sizeof control.bytes};
	int fd = -1;
	if (recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return -1;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	return fd;
}

static bool spawn_entry(struct pod_exec *exec, struct entry *entry, const struct pod_exec_spec *spec, char **env,
                        const int theirs[3], struct err *err)
{
	const struct loop_spawn how = {
	        .argv = spec->argv,
	        .env = (const char *const *)env,
	        .cwd = "/",
	        .fds = {theirs[0], theirs[1], theirs[2]},
	        .death_signal = SIGKILL,
	        .prepare = enter,
	        .prepare_user = entry,
	};
	exec->child = loop_spawn(exec->loop, &how, on_end, exec, err);
	return exec->child != NULL;
}

static bool spawn(struct pod_exec *exec, const struct place *place, const struct pod_exec_spec *spec,
                  const int theirs[3], struct err *err)
{
	int channel[2] = {-1, -1};
	if (spec->tty && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
		return err_errno(err, errno, "making a terminal for the command");
	struct entry entry = {.pidfd = place->pidfd,
	                      .netns = place->node.netns,
	                      .cwd = place->cwd,
	                      .tty = spec->tty,
	                      .channel = channel[1]};
	char **env = environment(place, spec->tty);
	bool is_done = spawn_entry(exec, &entry, spec, env, theirs, err);
	free((void *)env);
	if (is_done && spec->tty) {
		exec->out = receive_descriptor(channel[0]);
		is_done = exec->out >= 0 || err_set(err, ERR_SYSTEM, "the container has no terminal to give");
	}
	for (int i = 0; i < 2; i++)
		if (channel[i] >= 0)
			close(channel[i]);
	return is_done;
}

static bool open_pipes(struct pod_exec *exec, const struct pod_exec_spec *spec, int theirs[3], struct err *err)
{
	if (spec->tty)
		return true;
	return (!spec->has_stdin || make_pipe(&exec->in, &theirs[0], false, err)) &&
	       make_pipe(&exec->out, &theirs[1], true, err) && make_pipe(&exec->err, &theirs[2], true, err);
}

static void watch(struct pod_exec *exec)
{
	if (exec->in >= 0)
		exec->sources[SOURCE_IN] = loop_fd_create(exec->loop, exec->in, 0, on_in, exec);
	exec->sources[SOURCE_OUT] = loop_fd_create(exec->loop, exec->out, LOOP_READ, on_out, exec);
	if (exec->err >= 0)
		exec->sources[SOURCE_ERR] = loop_fd_create(exec->loop, exec->err, LOOP_READ, on_err, exec);
}

/* It never ran: told like an end, in the words that a container runtime has for it. */
static void fail_later(struct pod_exec *exec, const struct pod_exec_spec *spec, const struct err *err)
{
	loop_child_destroy(exec->child); /* one that runs without its terminal */
	exec->child = NULL;
	static const char prefix[] = "failed to exec in container: failed to start exec: OCI runtime exec failed: exec "
	                             "failed: unable to start container process: ";
	const char *program = spec->argv[0];
	if (err->code == ERR_NOT_FOUND && strchr(program, '/') == NULL)
		exec->failure =
		        mem_printf("%sexec: \"%s\": executable file not found in $PATH: unknown", prefix, program);
	else if (err->code == ERR_NOT_FOUND)
		exec->failure = mem_printf("%sexec: \"%s\": stat %s: no such file or directory: unknown", prefix,
		                           program, program);
	else
		exec->failure = mem_printf("%s%s", prefix, err->text);
	exec->status = 127 << 8;
	loop_post(exec->loop, tell_end, exec);
}

struct pod_exec *pod_exec_start(struct pods *pods, const struct pod_exec_spec *spec, struct err *err)
{
	struct err why = {0};
	int theirs[3] = {-1, -1, -1};
	struct place place;
	if (!find_place(pods, spec, &place, err)) {
		place_finish(&place);
		return NULL;
	}
	struct pod_exec *exec = mem_alloc(sizeof *exec);
	*exec = (struct pod_exec){.loop = pods->loop,
	                          .events = spec->events,
	                          .user = spec->user,
	                          .in = -1,
	                          .out = -1,
	                          .err = -1,
	                          .tty = spec->tty};
	if (open_pipes(exec, spec, theirs, &why) && spawn(exec, &place, spec, theirs, &why))
		watch(exec);
	else
		fail_later(exec, spec, &why);
	place_finish(&place);
	for (int i = 0; i < 3; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	return exec;
}

void pod_exec_destroy(struct pod_exec *exec)
{
	if (exec == NULL)
		return;
	close_source(exec, SOURCE_IN, &exec->in);
	close_source(exec, SOURCE_OUT, &exec->out);
	close_source(exec, SOURCE_ERR, &exec->err);
	loop_child_destroy(exec->child);
	loop_unpost(exec->loop, exec);
	str_finish(&exec->pending);
	free(exec->failure);
	free(exec);
}
