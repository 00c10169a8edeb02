/* One container: the bubblewrap command line, the pipes from it, its beginning and end.
 *
 * A shell runs first inside and says through its standard input, a pipe, whether the program is there; only so is "started"
 * a fact, and "not found" not taken for the program's own exit status. It then becomes the program, which is PID 1.
 */
#include "lab/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/crilog.h"
#include "lab/supervisor.h"

#define CANNOT_START                                                                                                   \
	"failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "        \
	"failed: unable to start container process: "
#define READ_BUDGET ((size_t)64 << 10) /* bytes a turn and stream */
static const char launcher[] = "exec 9>&0 </dev/null; command -v -- \"$1\" >/dev/null || { printf n >&9; exit 127; }; "
                               "printf s >&9; exec 9>&-; exec \"$@\"";

enum { PIPE_STATUS, PIPE_OUT, PIPE_ERR, PIPE_INFO, N_PIPES };

struct container {
	struct loop *loop;
	struct container_events events;
	struct loop_child *child;
	struct crilog *log;
	int ends[N_PIPES]; /* our ends */
	struct loop_fd *sources[N_PIPES];
	struct str info, errors;
	char *program;
	pid_t pid;
	bool is_started, is_missing;
};

struct launch {
	int netns, info;
	const int *fds;
	size_t n_fds;
};

/* In the child, last before bubblewrap: into the pod's network, and the info pipe stays open. */
static int prepare(void *user)
{
	const struct launch *launch = user;
	if (setns(launch->netns, CLONE_NEWNET) < 0)
		return 1;
	for (size_t i = 0; i < launch->n_fds; i++)
		if (fcntl(launch->fds[i], F_SETFD, 0) < 0)
			return 1;
	return fcntl(launch->info, F_SETFD, 0) < 0;
}

/* ---- the command line ---- */

struct args {
	VEC(char *) list;
};

static void add(struct args *args, const char *text)
{
	vec_push(&args->list, mem_strdup(text));
}

static void add_all(struct args *args, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		add(args, *texts);
}

static void add_bind(struct args *args, const char *how, const char *from, const char *to)
{
	add(args, how);
	add(args, from);
	add(args, to);
}

static void add_files(struct args *args, const char *etc)
{
	static const char *const own[] = {"passwd", "group", "hosts", "hostname", "resolv.conf", "nsswitch.conf"};
	static const char *const shared[] = {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf",
	                                     "/etc/ld.so.conf.d", "/etc/ssl/certs",   "/etc/services",
	                                     "/etc/protocols"};
	add_bind(args, "--perms", "0755", "--dir");
	add(args, "/etc");
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		char *from = mem_printf("%s/%s", etc, own[i]), *to = mem_printf("/etc/%s", own[i]);
		add_bind(args, "--ro-bind", from, to);
		free(from);
		free(to);
	}
	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
		add_bind(args, "--ro-bind-try", shared[i], shared[i]);
}

static void add_root(struct args *args)
{
	static const char *const links[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
	static const char *const rest[] = {"--proc", "/proc",   "--dev",    "/dev",  "--tmpfs", "/tmp", "--tmpfs",
	                                   "/run",   "--tmpfs", "/var/tmp", "--dir", "/home",   NULL};
	add_bind(args, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		char *from = mem_printf("usr/%s", links[i]), *to = mem_printf("/%s", links[i]),
		     *there = mem_printf("/usr/%s", links[i]);
		if (access(there, F_OK) == 0)
			add_bind(args, "--symlink", from, to);
		free(from);
		free(to);
		free(there);
	}
	add_all(args, rest);
	add_bind(args, "--ro-bind", SUPERVISOR_WORKLOAD, "/agnhost");
}

static void add_number(struct args *args, const char *option, unsigned long value)
{
	char text[32];
	snprintf(text, sizeof text, "%lu", value);
	add(args, option);
	add(args, text);
}

static const char *bind_option(const struct container_bind *bind)
{
	return bind->is_device ? "--dev-bind" : bind->is_writable ? "--bind" : "--ro-bind";
}

static void build(struct args *args, const struct container_spec *spec, int info)
{
	static const char *const fixed[] = {"bwrap",         "--unshare-user", "--unshare-pid",     "--unshare-uts",
	                                    "--unshare-ipc", "--as-pid-1",     "--die-with-parent", "--cap-drop",
	                                    "ALL",           "--clearenv",     "--hostname",        NULL};
	add_all(args, fixed);
	add(args, spec->hostname);
	add_number(args, "--uid", spec->uid);
	add_number(args, "--gid", spec->gid);
	add_number(args, "--info-fd", (unsigned long)info);
	for (const char *const *env = spec->env; *env != NULL; env++) {
		char *name = mem_strndup(*env, strcspn(*env, "="));
		add_bind(args, "--setenv", name, *env + strlen(name) + 1);
		free(name);
	}
	add_root(args);
	add_files(args, spec->etc);
	for (size_t i = 0; i < spec->n_binds; i++)
		add_bind(args, bind_option(&spec->binds[i]), spec->binds[i].from, spec->binds[i].to);
	add(args, "--chdir");
	add(args, spec->cwd[0] != '\0' ? spec->cwd : "/");
	const char *const shell[] = {"--", "/bin/sh", "-c", launcher, "sh", NULL};
	add_all(args, shell);
	add_all(args, spec->argv);
	vec_push(&args->list, NULL);
}

static void free_args(struct args *args)
{
	for (size_t i = 0; i < args->list.len; i++)
		free(args->list.data[i]);
	vec_finish(&args->list);
}

/* ---- its output ---- */

static void close_end(struct container *c, int which)
{
	loop_fd_destroy(c->sources[which]);
	c->sources[which] = NULL;
	if (c->ends[which] >= 0)
		close(c->ends[which]);
	c->ends[which] = -1;
}

static void take_info(struct container *c, const char *bytes, size_t size)
{
	if (c->info.len + size < 4096)
		str_append_n(&c->info, bytes, size);
	json_t *info = json_parse(str_text(&c->info), c->info.len, "bwrap", NULL);
	if (info != NULL)
		c->pid = (pid_t)json_walk_int(info, 0, "child-pid", NULL);
	json_decref(info);
}

static void take(struct container *c, int which, const char *bytes, size_t size)
{
	if (which == PIPE_INFO) {
		take_info(c, bytes, size);
	} else if (which == PIPE_STATUS) {
		c->is_missing = c->is_missing || bytes[0] == 'n';
		if (bytes[0] == 's' && !c->is_started) {
			c->is_started = true;
			c->events.on_started(c->events.user);
		}
	} else {
		if (!c->is_started && which == PIPE_ERR && c->errors.len + size < 2048)
			str_append_safe(&c->errors, bytes, size);
		crilog_write(c->log, which == PIPE_OUT ? 1 : 2, bytes, size);
	}
}

static void drain(struct container *c, int which, size_t budget)
{
	char bytes[16384];
	while (c->ends[which] >= 0 && budget > 0) {
		ssize_t n = read(c->ends[which], bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_end(c, which);
			return;
		}
		take(c, which, bytes, (size_t)n);
		budget -= (size_t)n < budget ? (size_t)n : budget;
	}
}

static void on_status(int events, void *user)
{
	(void)events;
	struct container *c = user;
	drain(c, PIPE_INFO, READ_BUDGET); /* the pid first */
	drain(c, PIPE_STATUS, READ_BUDGET);
}

static void on_out(int events, void *user)
{
	(void)events;
	drain(user, PIPE_OUT, READ_BUDGET);
}

static void on_err(int events, void *user)
{
	(void)events;
	drain(user, PIPE_ERR, READ_BUDGET);
}

static void on_info(int events, void *user)
{
	(void)events;
	drain(user, PIPE_INFO, READ_BUDGET);
}

/* ---- beginning and end ---- */

static char *failure_words(const struct container *c)
{
	if (c->is_missing && strchr(c->program, '/') != NULL)
		return mem_printf(CANNOT_START "exec: \"%s\": stat %s: no such file or directory", c->program,
		                  c->program);
	if (c->is_missing)
		return mem_printf(CANNOT_START "exec: \"%s\": executable file not found in $PATH", c->program);
	return mem_printf("the container's sandbox could not be made: %.*s", (int)strcspn(str_text(&c->errors), "\n"),
	                  str_text(&c->errors));
}

static void on_end(struct loop_child *child, int status, void *user)
{
	struct container *c = user;
	(void)child;
	for (int i = N_PIPES - 1; i >= 0; i--)
		drain(c, i, (size_t)4 << 20);
	c->pid = 0;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	char *failure = c->is_started ? NULL : failure_words(c);
	c->events.on_ended(code, failure, c->events.user);
	free(failure);
}

static bool make_pipes(struct container *c, int theirs[N_PIPES], struct err *err)
{
	static loop_fd_fn *const callbacks[N_PIPES] = {on_status, on_out, on_err, on_info};
	for (int i = 0; i < N_PIPES; i++) {
		int both[2];
		if (pipe2(both, O_CLOEXEC) < 0)
			return err_errno(err, errno, "making a pipe for a container");
		fcntl(both[0], F_SETFL, O_NONBLOCK);
		c->ends[i] = both[0];
		theirs[i] = both[1];
		c->sources[i] = loop_fd_create(c->loop, both[0], LOOP_READ, callbacks[i], c);
	}
	return true;
}

static bool launch(struct container *c, const struct container_spec *spec, struct err *err)
{
	int theirs[N_PIPES] = {-1, -1, -1, -1};
	struct args args = {0};
	bool is_done = make_pipes(c, theirs, err);
	if (is_done) {
		struct launch how = {
		        .netns = spec->netns, .info = theirs[PIPE_INFO], .fds = spec->fds, .n_fds = spec->n_fds};
		build(&args, spec, theirs[PIPE_INFO]);
		const struct loop_spawn spawn = {
		        .argv = (const char *const *)args.list.data,
		        .cwd = "/",
		        .fds = {theirs[PIPE_STATUS], theirs[PIPE_OUT], theirs[PIPE_ERR]},
		        .death_signal = SIGKILL,
		        .prepare = prepare,
		        .prepare_user = &how,
		};
		c->child = loop_spawn(c->loop, &spawn, on_end, c, err);
		is_done = c->child != NULL;
	}
	for (int i = 0; i < N_PIPES; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	free_args(&args);
	return is_done;
}

struct container *container_start(struct loop *loop, const struct container_spec *spec,
                                  const struct container_events *events, struct err *err)
{
	struct container *c = mem_alloc(sizeof *c);
	c->loop = loop;
	c->events = *events;
	c->program = mem_strdup(spec->argv[0]);
	for (int i = 0; i < N_PIPES; i++)
		c->ends[i] = -1;
	c->log = crilog_create(spec->log, CRILOG_FILE_MAX, err);
	if (c->log != NULL && launch(c, spec, err))
		return c;
	container_destroy(c);
	return NULL;
}

pid_t container_pid(const struct container *container)
{
	return container->pid;
}

void container_kill(struct container *container, int signum)
{
	if (container->pid > 0)
		kill(container->pid, signum);
	else if (container->child != NULL)
		loop_child_kill(container->child, SIGKILL); /* not there yet, so it need not be asked */
}

void container_destroy(struct container *container)
{
	if (container == NULL)
		return;
	if (container->pid > 0)
		kill(container->pid, SIGKILL);
	loop_child_destroy(container->child);
	for (int i = 0; i < N_PIPES; i++)
		close_end(container, i);
	crilog_destroy(container->log);
	str_finish(&container->info);
	str_finish(&container->errors);
	free(container->program);
	free(container);
}
