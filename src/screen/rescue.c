/* A handler on its own stack, with everything that it needs made ready before. Only async-signal-safe calls. */
#include "screen/rescue.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "onesdn/base.h"

enum { OFF_MAX = 1024, STACK_SIZE = 32768 };

static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static struct {
	volatile sig_atomic_t armed;
	int line_fd, out_fd;
	struct termios line;
	bool has_line;
	char off[OFF_MAX];
	size_t size;
	char stack[STACK_SIZE];
} rescue;

static void give_back(void)
{
	if (!rescue.armed)
		return;
	rescue.armed = 0;
	size_t at = 0;
	while (at < rescue.size) {
		ssize_t n = write(rescue.out_fd, rescue.off + at, rescue.size - at);
		if (n <= 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	if (rescue.has_line)
		tcsetattr(rescue.line_fd, TCSANOW, &rescue.line);
}

static void on_crash(int signum)
{
	give_back();
	signal(signum, SIG_DFL);
	raise(signum);
}

void rescue_note(int fd)
{
	rescue.line_fd = fd;
	rescue.has_line = tcgetattr(fd, &rescue.line) == 0;
}

void rescue_arm(int fd, const char *off, size_t size)
{
	rescue.out_fd = fd;
	rescue.size = size < OFF_MAX ? size : OFF_MAX;
	memcpy(rescue.off, off, rescue.size);
	rescue.armed = 1;
	stack_t stack = {.ss_sp = rescue.stack, .ss_size = sizeof rescue.stack};
	sigaltstack(&stack, NULL);
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
	base_set_abort_hook(give_back);
}

void rescue_disarm(void)
{
	rescue.armed = 0;
	base_set_abort_hook(NULL);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
}
