/* child: processes — started or taken over, watched through a pidfd, ended in the end.
 *
 * The loop keeps a list of those that were destroyed while they ran ("dying") until they are reaped.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "internal.h"

#define GRACE_MS 2000
#define CANNOT_PREPARE 126

extern char **environ;

struct loop_child {
	struct loop *loop;
	pid_t pid; /* 0 once reaped */
	bool has_group;
	int pidfd, master;
	struct loop_fd *source;
	loop_child_fn *fn;
	void *user;
	struct loop_timer *grace; /* of a dying one */
	struct loop_child *prev, *next;
};

/* The dying ones of a loop. */
struct dying {
	struct loop_child *first;
};

/* What the child tells through the pipe when it could not become the program. */
struct failure {
	int step, errnum;
};
enum { STEP_TERMINAL, STEP_FDS, STEP_CWD, STEP_EXEC };
static const char *const steps[] = {
        [STEP_TERMINAL] = "its terminal cannot be set up",
        [STEP_FDS] = "its input and output cannot be set up",
        [STEP_CWD] = "its working directory cannot be entered",
        [STEP_EXEC] = "it cannot be executed",
};

/* ---- a terminal ---- */

/* What a person expects of a fresh terminal. Ours may be raw, so it is no model. */
static void sane_termios(struct termios *t)
{
	static const struct {
		int index;
		cc_t value;
	} keys[] = {
	        {VINTR, 3},   {VQUIT, 28}, {VERASE, 127}, {VKILL, 21},    {VEOF, 4},     {VMIN, 1},    {VTIME, 0},
	        {VSTART, 17}, {VSTOP, 19}, {VSUSP, 26},   {VREPRINT, 18}, {VWERASE, 23}, {VLNEXT, 22}, {VDISCARD, 15},
	};
	*t = (struct termios){
	        .c_iflag = BRKINT | ICRNL | IXON | IMAXBEL | IUTF8,
	        .c_oflag = OPOST | ONLCR,
	        .c_cflag = CS8 | CREAD | B38400,
	        .c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE,
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		t->c_cc[keys[i].index] = keys[i].value;
	cfsetispeed(t, B38400);
	cfsetospeed(t, B38400);
}

static bool open_terminal(uint16_t rows, uint16_t cols, int *master, int *slave, struct err *err)
{
	struct termios termios;
	struct winsize size = {.ws_row = rows ? rows : 24, .ws_col = cols ? cols : 80};
	sane_termios(&termios);
	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0) {
		/* By the master and not by its name: /dev/pts may be another one's in a container. */
		*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	if (*slave >= 0 && tcsetattr(*slave, TCSANOW, &termios) == 0 && ioctl(*slave, TIOCSWINSZ, &size) == 0 &&
	    fcntl(*master, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
		return true;
	int why = errno;
	if (*slave >= 0)
		close(*slave);
	if (*master >= 0)
		close(*master);
	return err_errno(err, why, "no pseudo-terminal can be had");
}

/* ---- between fork and exec: only async-signal-safe calls ---- */

static void reset_signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {
	        .handler =
	                SIG_DFL}; /* the kernel's own: libc's sigaction refuses the two signals that it keeps for itself */
	sigset_t none;
	for (int signum = 1; signum < NSIG; signum++)
		syscall(SYS_rt_sigaction, signum, &action, NULL, sizeof action.mask);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool put_fds(const int fds[3])
{
	int high[3];
	for (int i = 0; i < 3; i++) { /* first out of the way of 0..2 */
		int fd = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
		high[i] = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(high[i], i) < 0)
			return false;
	}
	return true;
}

static int set_up(const struct loop_spawn *spec, const int fds[3], pid_t parent)
{
	if (spec->death_signal) {
		prctl(PR_SET_PDEATHSIG, spec->death_signal);
		if (getppid() != parent)
			_exit(CANNOT_PREPARE);
	}
	if (spec->pty ? setsid() < 0 || ioctl(fds[0], TIOCSCTTY, 0) != 0 : setpgid(0, 0) != 0)
		return STEP_TERMINAL;
	if (!put_fds(fds))
		return STEP_FDS;
	if (spec->cwd && chdir(spec->cwd) != 0)
		return STEP_CWD;
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	return STEP_EXEC;
}

static _Noreturn void become(const struct loop_spawn *spec, char **env, const int fds[3], int report, pid_t parent)
{
	reset_signals();
	/* Below 3 the pipe would be overwritten by put_fds. */
	int safe_report = report < 3 ? fcntl(report, F_DUPFD_CLOEXEC, 3) : report;
	struct failure failure = {.step = set_up(spec, fds, parent)};
	if (failure.step == STEP_EXEC) {
		if (spec->prepare && spec->prepare(spec->prepare_user) != 0)
			_exit(CANNOT_PREPARE);
		environ = env;
		execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
	}
	failure.errnum = errno;
	ssize_t written = write(safe_report, &failure, sizeof failure);
	(void)written;
	_exit(127);
}

/* ---- starting ---- */

/* How many bytes of `setting` are the name. */
static size_t name_len(const char *setting)
{
	return strcspn(setting, "=");
}

static bool is_changed(const char *setting, const char *const *changes)
{
	size_t len = name_len(setting);
	for (; changes && *changes; changes++) {
		if (name_len(*changes) == len && memcmp(*changes, setting, len) == 0)
			return true;
	}
	return false;
}

/* Our environment with the changes. The vector is the caller's, the texts are not. */
static char **make_env(const char *const *changes)
{
	VEC(char *) env = {0};
	for (char **setting = environ; setting && *setting; setting++) {
		if (!is_changed(*setting, changes))
			vec_push(&env, *setting);
	}
	for (; changes && *changes; changes++) {
		if (strchr(*changes, '='))
			vec_push(&env, (char *)(uintptr_t)*changes);
	}
	vec_push(&env, NULL);
	return env.data;
}

static pid_t fork_child(const struct loop_spawn *spec, const int fds[3], int report)
{
	char **env = make_env(spec->env);
	pid_t parent = getpid();
	sigset_t all, before;
	/* A handler of ours that ran in the child would write into a pipe that both share. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		become(spec, env, fds, report, parent);
	int why = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(env);
	errno = why;
	return pid;
}

/* execvp says EACCES also when it found nothing but could not look into a directory of $PATH. */
static bool is_missing(const struct failure *failure, const char *program)
{
	if (failure->step != STEP_EXEC || failure->errnum != EACCES || strchr(program, '/'))
		return failure->step == STEP_EXEC && failure->errnum == ENOENT;
	char *path = path_program(program);
	free(path);
	return path == NULL;
}

/* Waits until the child has become its program, which closes the pipe, or says why not. */
static bool has_started(int report, const struct loop_spawn *spec, struct err *err)
{
	struct failure failure;
	ssize_t n;
	while ((n = read(report, &failure, sizeof failure)) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof failure)
		return true;
	if (is_missing(&failure, spec->argv[0]))
		return err_set(err, ERR_NOT_FOUND, "the program %s is not there or not on $PATH", spec->argv[0]);
	if (failure.step == STEP_CWD)
		return err_errno(err, failure.errnum, "%s cannot be started: %s (%s)", spec->argv[0],
		                 steps[failure.step], spec->cwd);
	return err_errno(err, failure.errnum, "%s cannot be started: %s", spec->argv[0], steps[failure.step]);
}

static pid_t start(const struct loop_spawn *spec, const int fds[3], struct err *err)
{
	int report[2];
	if (pipe2(report, O_CLOEXEC) != 0) {
		err_errno(err, errno, "%s cannot be started: no pipe can be made", spec->argv[0]);
		return -1;
	}
	pid_t pid = fork_child(spec, fds, report[1]);
	int why = errno;
	close(report[1]);
	if (pid < 0) {
		err_errno(err, why, "%s cannot be started: no process can be made", spec->argv[0]);
	} else if (!has_started(report[0], spec, err)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		pid = -1;
	}
	close(report[0]);
	return pid;
}

/* ---- watching ---- */

/* -1: somebody else's child, or reaped by somebody else. */
static int reap(struct loop_child *child)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(child->pid, &status, WNOHANG)) < 0 && errno == EINTR)
		continue;
	return pid == child->pid ? status : -1;
}

static void stop_watching(struct loop_child *child)
{
	loop_fd_destroy(child->source);
	child->source = NULL;
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pidfd = -1;
}

static void on_exit_of(int events, void *user)
{
	(void)events;
	struct loop_child *child = user;
	stop_watching(child);
	int status = reap(child);
	child->pid = 0;
	child->fn(child, status, child->user);
}

static struct loop_child *watch(struct loop *loop, pid_t pid, loop_child_fn *fn, void *user, struct err *err)
{
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		err_errno(err, errno, "process %d cannot be watched", (int)pid);
		return NULL;
	}
	struct loop_child *child = mem_alloc(sizeof *child);
	child->loop = loop;
	child->pid = pid;
	child->pidfd = pidfd;
	child->master = -1;
	child->fn = fn;
	child->user = user;
	child->has_group = getpgid(pid) == pid;
	child->source = loop_fd_create(loop, pidfd, LOOP_READ, on_exit_of, child);
	return child;
}

struct loop_child *loop_spawn(struct loop *loop, const struct loop_spawn *spec, loop_child_fn *fn, void *user,
                              struct err *err)
{
	int master = -1, slave = -1;
	if (spec->pty && !open_terminal(spec->rows, spec->cols, &master, &slave, err)) {
		err_context(err, "%s cannot be started", spec->argv[0]);
		return NULL;
	}
	int terminal[3] = {slave, slave, slave};
	pid_t pid = start(spec, spec->pty ? terminal : spec->fds, err);
	if (slave >= 0)
		close(slave);
	struct loop_child *child = pid > 0 ? watch(loop, pid, fn, user, err) : NULL;
	if (!child) {
		if (pid > 0) {
			kill(-pid, SIGKILL);
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				continue;
		}
		if (master >= 0)
			close(master);
		return NULL;
	}
	child->master = master;
	child->has_group = true;
	return child;
}

struct loop_child *loop_child_adopt(struct loop *loop, pid_t pid, loop_child_fn *fn, void *user, struct err *err)
{
	return watch(loop, pid, fn, user, err);
}

pid_t loop_child_pid(const struct loop_child *child)
{
	return child->pid;
}

int loop_child_pty(const struct loop_child *child)
{
	return child->master;
}

void loop_child_kill(struct loop_child *child, int signum)
{
	if (child->pid <= 0)
		return;
	if (child->has_group)
		kill(-child->pid, signum);
	else
		syscall(SYS_pidfd_send_signal, child->pidfd, signum, NULL, 0);
}

/* ---- dying ---- */

static void bury(struct loop_child *child)
{
	struct dying *dying = loop_part(child->loop, LOOP_PART_CHILDREN)->state;
	if (child->prev)
		child->prev->next = child->next;
	else
		dying->first = child->next;
	if (child->next)
		child->next->prev = child->prev;
	stop_watching(child);
	loop_timer_destroy(child->grace);
	loop_free_later(child->loop, child);
}

/* Its leader is gone and the whole group has had the signal: nothing of it is left that matters. */
static void on_killed_exit(int events, void *user)
{
	(void)events;
	reap(user);
	bury(user);
}

/* The leader stays unreaped until the group's time is over, because its pid is what names the group. */
static void on_dying_exit(int events, void *user)
{
	(void)events;
	loop_fd_set(((struct loop_child *)user)->source, 0);
}

static void on_grace_over(void *user)
{
	struct loop_child *child = user;
	loop_child_kill(child, SIGKILL);
	loop_fd_destroy(child->source);
	child->source = loop_fd_create(child->loop, child->pidfd, LOOP_READ, on_killed_exit, child);
}

/* At the end of the loop: at once. */
static void kill_dying(void *state)
{
	struct dying *dying = state;
	while (dying->first) {
		struct loop_child *child = dying->first;
		loop_child_kill(child, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		bury(child);
	}
	free(dying);
}

static void start_dying(struct loop_child *child)
{
	struct loop_part *part = loop_part(child->loop, LOOP_PART_CHILDREN);
	if (!part->state)
		*part = (struct loop_part){.state = mem_alloc(sizeof(struct dying)), .destroy = kill_dying};
	struct dying *dying = part->state;
	child->next = dying->first;
	if (child->next)
		child->next->prev = child;
	dying->first = child;
	loop_child_kill(child, SIGHUP);
	loop_child_kill(child, SIGCONT); /* what is stopped could not hear it */
	loop_fd_destroy(child->source);
	child->source = loop_fd_create(child->loop, child->pidfd, LOOP_READ, on_dying_exit, child);
	child->grace = loop_timer_create(child->loop, on_grace_over, child);
	loop_timer_start(child->grace, GRACE_MS, 0);
}

void loop_child_destroy(struct loop_child *child)
{
	if (!child)
		return;
	if (child->master >= 0)
		close(child->master);
	child->master = -1;
	if (child->pid > 0)
		start_dying(child);
	else
		loop_free_later(child->loop, child);
}
