/* A console measured: a key typed until its echo has come back through guest, serial line and client, and what the client costs
 * while nothing happens. Logs in on the console that a command attaches to, as fedora/fedora.
 *
 * usage: console_bench LABEL COMMAND [ARG]...   prints one row */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEYS = 100, LOGIN_MS = 60000, ECHO_MS = 5000, IDLE_S = 5 };

static int master;
static char seen[1 << 16];
static size_t n_seen;

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Reads until `text` has come; false after so many ms. What was read before is forgotten. */
static int wait_for(const char *text, int ms)
{
	double end = now_ms() + ms;
	n_seen = 0;
	seen[0] = '\0';
	for (double left; (left = end - now_ms()) > 0;) {
		struct pollfd source = {.fd = master, .events = POLLIN};
		if (poll(&source, 1, (int)left + 1) <= 0)
			continue;
		if (n_seen > sizeof seen / 2)
			n_seen = 0;
		ssize_t n = read(master, seen + n_seen, sizeof seen - 1 - n_seen);
		if (n <= 0)
			return 0;
		n_seen += (size_t)n;
		seen[n_seen] = '\0';
		if (strstr(seen, text))
			return 1;
	}
	return 0;
}

static void type(const char *text)
{
	if (write(master, text, strlen(text)) < 0)
		perror("console_bench");
}

static long cpu_ticks(pid_t pid)
{
	char path[64], line[1024] = "";
	unsigned long user = 0, sys = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file && fgets(line, sizeof line, file) && strrchr(line, ')'))
		sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	if (file)
		fclose(file);
	return (long)(user + sys);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int log_in(void)
{
	double end = now_ms() + LOGIN_MS;
	do
		type("\r"); /* a console is silent until somebody asks */
	while (!wait_for("login:", 1000) && now_ms() < end);
	type("fedora\r");
	if (!wait_for("Password:", ECHO_MS))
		return 0;
	type("fedora\r");
	return wait_for("]$ ", ECHO_MS);
}

static int measure(const char *label, pid_t pid)
{
	double times[KEYS];
	if (!log_in())
		return fprintf(stderr, "console_bench: %s: no login; last seen: %.200s\n", label, seen), 1;
	wait_for("nothing", 500);
	for (int i = 0; i < KEYS; i++) {
		double start = now_ms();
		type("x");
		if (!wait_for("x", ECHO_MS))
			return fprintf(stderr, "console_bench: %s: a key was not echoed\n", label), 1;
		times[i] = now_ms() - start;
		type("\177");
		wait_for("\b", ECHO_MS);
	}
	qsort(times, KEYS, sizeof *times, by_size);
	long before = cpu_ticks(pid);
	wait_for("nothing", IDLE_S * 1000);
	printf("%-44s %8.2f ms   95%% %8.2f ms   idle %ld ticks in %d s\n", label, times[KEYS / 2],
	       times[KEYS * 95 / 100], cpu_ticks(pid) - before, IDLE_S);
	type("exit\r");
	wait_for("login:", ECHO_MS);
	return 0;
}

int main(int argc, char **argv)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	if (argc < 3) {
		fprintf(stderr, "usage: console_bench LABEL COMMAND [ARG]...\n");
		return 2;
	}
	pid_t pid = forkpty(&master, NULL, NULL, &size);
	if (pid < 0)
		return 1;
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	int status = measure(argv[1], pid);
	kill(pid, SIGTERM);
	close(master);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return status;
}
