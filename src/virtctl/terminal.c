/* terminal: see terminal.h. The only globals of virtctl are here: what a signal handler needs to restore the terminal. */
#include "virtctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static struct termios before, raw;
static volatile sig_atomic_t is_raw;

void terminal_restore(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	is_raw = 0;
}

static void on_crash(int signum)
{
	terminal_restore();
	raise(signum); /* SA_RESETHAND: the system's own treatment now */
}

static void catch_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
	base_set_abort_hook(terminal_restore);
	signal(SIGTTOU, SIG_IGN); /* restoring must not stop a program that is no longer in the foreground */
}

static void set_raw(void)
{
	is_raw = 1; /* first, so that a signal in between restores */
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

bool terminal_make_raw(struct err *err)
{
	if (!isatty(STDIN_FILENO))
		return true;
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return err_errno(err, errno, "Make raw terminal failed");
	raw = before;
	cfmakeraw(&raw);
	catch_crashes();
	set_raw();
	return true;
}

int terminal_open_output(void)
{
	struct stat info;
	int fd = -1;
	if (fstat(STDOUT_FILENO, &info) == 0 && (isatty(STDOUT_FILENO) || S_ISFIFO(info.st_mode)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : STDOUT_FILENO;
}

/* ---- signals ---- */

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { N_DEADLY = sizeof deadly / sizeof *deadly };

struct terminal_signals {
	struct loop_signal *deadly[N_DEADLY], *stop;
	void (*on_signal)(int signum, void *user);
	void *user;
};

static void on_deadly(int signum, void *user)
{
	struct terminal_signals *signals = user;
	terminal_restore();
	signals->on_signal(signum, signals->user);
}

void terminal_die_of(int signum)
{
	signal(signum, SIG_DFL);
	raise(signum);
}

static void on_stop(int signum, void *user)
{
	(void)signum;
	(void)user;
	struct sigaction ours, stop = {.sa_handler = SIG_DFL};
	bool was_raw = is_raw;
	terminal_restore();
	sigaction(SIGTSTP, &stop, &ours);
	raise(SIGTSTP); /* goes on here */
	sigaction(SIGTSTP, &ours, NULL);
	if (was_raw)
		set_raw();
}

struct terminal_signals *terminal_watch_signals(struct loop *loop, void (*on_signal)(int signum, void *user),
                                                void *user)
{
	struct terminal_signals *signals = mem_alloc(sizeof *signals);
	signals->on_signal = on_signal;
	signals->user = user;
	for (size_t i = 0; i < N_DEADLY; i++)
		signals->deadly[i] = loop_signal_create(loop, deadly[i], on_deadly, signals);
	signals->stop = loop_signal_create(loop, SIGTSTP, on_stop, signals);
	return signals;
}

void terminal_unwatch_signals(struct terminal_signals *signals)
{
	if (!signals)
		return;
	for (size_t i = 0; i < N_DEADLY; i++)
		loop_signal_destroy(signals->deadly[i]);
	loop_signal_destroy(signals->stop);
	free(signals);
}
