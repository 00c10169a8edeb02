/* login: getty and login in one on the serial console. The prompt is "HOST login:", as the talk's audience knows it; after
 * three wrong passwords or 60 s without an answer it begins anew. */
#include "guest/guest.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_MS 60000

static pid_t login_pid;

static void set_terminal(bool echo)
{
	struct termios mode;
	if (tcgetattr(0, &mode) < 0)
		return;
	mode.c_iflag = ICRNL | IXON | IUTF8;
	mode.c_oflag = OPOST | ONLCR;
	mode.c_cflag = (mode.c_cflag & CBAUD) | CS8 | CREAD | CLOCAL | HUPCL;
	mode.c_lflag = ISIG | ICANON | IEXTEN | (echo ? ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE : 0);
	mode.c_cc[VINTR] = 3;
	mode.c_cc[VERASE] = 0x7f;
	mode.c_cc[VKILL] = 21;
	mode.c_cc[VEOF] = 4;
	mode.c_cc[VSUSP] = 26;
	tcsetattr(0, TCSANOW, &mode);
}

/* A line without its end; false when nobody answered. */
static bool read_answer(char *answer, size_t size)
{
	size_t len = 0;
	struct pollfd wait = {.fd = 0, .events = POLLIN};
	while (poll(&wait, 1, ANSWER_MS) > 0) {
		char c;
		if (read(0, &c, 1) != 1)
			return false;
		if (c == '\n')
			return answer[len] = '\0', true;
		if (len + 1 < size)
			answer[len++] = c;
	}
	return false;
}

static bool is_right(const struct guest_seed *seed, const char *user, const char *password)
{
	struct crypt_data data = {0};
	if (strcmp(user, seed->user) != 0 || !*seed->password)
		return false;
	const char *answer = *seed->password == '$' ? crypt_r(password, seed->password, &data) : password;
	return answer && strcmp(answer, seed->password) == 0;
}

static _Noreturn void start_shell(const struct guest_seed *seed)
{
	char home[64];
	snprintf(home, sizeof home, "/home/%s", seed->user);
	const char *const env[][2] = {
	        {"HOME", home},
	        {"USER", seed->user},
	        {"LOGNAME", seed->user},
	        {"SHELL", "/bin/bash"},
	        {"TERM", "xterm-256color"},
	        {"LANG", "C.UTF-8"},
	        {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
	};
	gid_t groups[] = {1000, 5};
	clearenv();
	for (size_t i = 0; i < sizeof env / sizeof *env; i++)
		setenv(env[i][0], env[i][1], 1);
	if (setgroups(2, groups) < 0 || setgid(1000) < 0 || setuid(1000) < 0 || chdir(home) < 0)
		_exit(1);
	execl("/bin/bash", "-bash", (char *)NULL);
	_exit(127);
}

static _Noreturn void ask(const struct guest_seed *seed)
{
	char user[64], password[256];
	for (int tries = 0; tries < 3;) {
		set_terminal(true);
		dprintf(1, "%s login: ", seed->hostname);
		if (!read_answer(user, sizeof user))
			_exit(0);
		if (!*user) /* a bare Enter asks again, as getty does */
			continue;
		set_terminal(false);
		dprintf(1, "Password: ");
		bool answered = read_answer(password, sizeof password);
		set_terminal(true);
		dprintf(1, "\n");
		if (answered && is_right(seed, user, password)) {
			explicit_bzero(password, sizeof password);
			start_shell(seed);
		}
		dprintf(1, "Login incorrect\n\n");
		tries++;
	}
	_exit(0);
}

void login_start(const struct guest_seed *seed)
{
	login_pid = fork();
	if (login_pid != 0)
		return;
	sigset_t none; /* the agent blocks SIGCHLD; a shell must not inherit that */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	int tty = open("/dev/ttyS0", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		_exit(1);
	for (int fd = 0; fd <= 2; fd++)
		dup2(tty, fd);
	ioctl(0, TIOCSCTTY, 1);
	tcflush(0,
	        TCIFLUSH); /* as getty: an Enter of before, echoed long ago, would make the prompt stand twice in its line */
	dprintf(1, "\n");
	ask(seed);
}

bool login_reaped(int pid, const struct guest_seed *seed)
{
	if (pid != login_pid)
		return false;
	login_start(seed);
	return true;
}
