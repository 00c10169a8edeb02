/* Guard and init. Both run before and without any loop: plain waits, so that nothing of the lab's can take them along. */
#include "lab/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/preflight.h"
#include "lab/supervisor.h"

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)

void guard_report(int progress, const char *word, const char *text)
{
	char line[1400];
	if (progress < 0)
		return;
	int n = snprintf(line, sizeof line, "%s %s\n", word, text);
	if (n >= (int)sizeof line) {
		n = sizeof line - 1;
		line[n - 1] = '\n';
	}
	ssize_t written = write(progress, line, (size_t)n);
	(void)written;
}

static int fail(const struct guard_plan *plan, const struct err *err)
{
	log_write(LOG_ERROR, "%s", err->text);
	guard_report(plan->progress, "fail", err->text);
	return 1;
}

/* ---- inside: init ---- */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;
	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* One id is all that an ordinary user may map; root gets no more, so that both labs are the same. */
static bool map_ids(uid_t uid, gid_t gid, struct err *err)
{
	char uids[64], gids[64];
	snprintf(uids, sizeof uids, "0 %u 1", (unsigned)uid);
	snprintf(gids, sizeof gids, "0 %u 1", (unsigned)gid);
	write_text("/proc/self/setgroups", "deny");
	if (!write_text("/proc/self/uid_map", uids) || !write_text("/proc/self/gid_map", gids))
		return preflight_namespace_failure(errno, "mapping the user into the lab's namespace", err);
	return true;
}

/* One of our programs at a place in the lab's /run; fd is closed. A copy: a mount would lose the file when a build replaces it. */
static bool copy_program(int fd, const char *at, struct err *err)
{
	struct stat info = {0};
	int target = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool is_good = fd >= 0 && target >= 0 && fstat(fd, &info) == 0;
	for (off_t left = info.st_size; is_good && left > 0;) {
		ssize_t n = sendfile(target, fd, NULL, (size_t)left);
		is_good = n > 0;
		left -= n;
	}
	if (!is_good)
		err_errno(err, errno, "copying a program to %s", at);
	if (target >= 0)
		close(target);
	if (fd >= 0)
		close(fd);
	return is_good;
}

static bool mount_lab(struct err *err)
{
	char *workload = path_self("onesdn-workload"), *self = path_self("onesdn-lab");
	int fds[] = {open(workload, O_RDONLY | O_CLOEXEC), /* before /run is covered: the build may be there */
	             open(self, O_RDONLY | O_CLOEXEC)};
	free(workload);
	free(self);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return preflight_namespace_failure(errno, "making the lab's mounts its own", err);
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=512m") < 0)
		return preflight_namespace_failure(errno, "mounting the lab's /run", err);
	if (!file_make_dirs("/run/bin", 0755, err))
		return false;
	if (!copy_program(fds[0], SUPERVISOR_WORKLOAD, err) || !copy_program(fds[1], SUPERVISOR_DATABASE, err))
		return false;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return preflight_namespace_failure(errno, "mounting the lab's /proc", err);
	return true;
}

static volatile sig_atomic_t stop_signal;

static void on_stop(int signum)
{
	stop_signal = signum;
}

static void catch_stop(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: the waits must notice */
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
}

/* Waits for `pid`, passes stop signals on to it, reaps all others. Its status as an exit status. */
static int reap_until(pid_t pid)
{
	for (;;) {
		int status;
		pid_t who = waitpid(-1, &status, 0);
		if (who == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (who < 0 && errno != EINTR)
			return 1;
		if (stop_signal != 0) {
			kill(pid, SIGTERM);
			stop_signal = 0;
		}
	}
}

static int init_run(const struct guard_plan *plan, int guard_alive, uid_t uid, gid_t gid)
{
	struct err err = {0};
	prctl(PR_SET_NAME, "onesdn-init");
	if (!map_ids(uid, gid, &err) || !mount_lab(&err))
		return fail(plan, &err);
	if (sethostname("onesdn-lab", strlen("onesdn-lab")) < 0)
		log_write(LOG_WARN, "the lab keeps the host's name: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0) {
		err_errno(&err, errno, "starting the lab's supervisor");
		return fail(plan, &err);
	}
	if (pid == 0) {
		prctl(PR_SET_NAME, "onesdn-lab");
		_exit(supervisor_run(plan, guard_alive));
	}
	/* The supervisor alone must be what keeps the waiting `up` waiting. */
	close(plan->progress);
	close(guard_alive);
	int status = reap_until(pid);
	if (status != 0)
		log_write(LOG_ERROR, "the lab's supervisor ended with status %d", status);
	return status;
}

/* ---- outside: the guard ---- */

static pid_t start_init(struct guard_plan *plan, int alive[2], struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		close(alive[1]);
		_exit(init_run(plan, alive[0], uid, gid));
	}
	if (pid < 0)
		preflight_namespace_failure(errno, "making the lab's namespaces", err);
	return pid;
}

static void leave_caller(const struct guard_plan *plan)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!plan->is_foreground)
		setsid();
	if (chdir("/") < 0)
		log_write(LOG_WARN, "cannot leave the working directory: %s", strerror(errno));
	for (int fd = 0; fd < (plan->is_foreground ? 1 : 3); fd++)
		dup2(null, fd);
	close(null);
}

int guard_run(struct guard_plan *plan)
{
	struct err err = {0};
	int alive[2];
	prctl(PR_SET_NAME, "onesdn-guard");
	leave_caller(plan);
	catch_stop();
	if (pipe2(alive, O_CLOEXEC) < 0) {
		err_errno(&err, errno, "making a pipe");
		return fail(plan, &err);
	}
	pid_t init = start_init(plan, alive, &err);
	if (init < 0) {
		fail(plan, &err);
		runtime_clear(plan->rt);
		return 1;
	}
	close(alive[0]);
	close(plan->sockets.tcp);
	close(plan->sockets.api);
	close(plan->sockets.control);
	struct runtime_state state = {.guard = getpid(), .init = init, .port = plan->sockets.port};
	if (!runtime_write_state(plan->rt, &state, &err)) {
		fail(plan, &err);
		kill(init, SIGKILL);
	}
	close(plan->progress);
	int status = reap_until(init);
	log_write(status == 0 ? LOG_INFO : LOG_ERROR,
	          status == 0 ? "the lab has ended" : "the lab has ended with status %d", status);
	plan->rt->is_held = true;
	runtime_close(plan->rt);
	return status;
}
