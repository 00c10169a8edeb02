/* connect HOST:PORT: opens a TCP connection and closes it. Says in one word why it could not: TIMEOUT, REFUSED, DNS, OTHER.
 * pause: waits to be ended, which is all that a client pod's main process has to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workload/workload.h"

#define KERNEL_TIMEOUT_MS 130000 /* without --timeout: as long as the kernel tries */

/* "5s", "500ms", "1m"; a bare number is refused, as Go does. */
static bool parse_duration(const char *text, int *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
	size_t digits = strspn(text, "0123456789");
	int64_t value;
	char number[16];
	snprintf(number, sizeof number, "%.*s", (int)digits, text);
	if (digits == 0 || digits >= sizeof number || !text_to_int(number, 0, 3600000, &value))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			*ms = (int)(value * units[i].ms > 3600000 ? 3600000 : value * units[i].ms);
			return true;
		}
	}
	return strcmp(text, "0") == 0 && (*ms = 0, true);
}

static bool split(const char *target, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(target, ':');
	if (colon == NULL || colon[1] == '\0')
		return false;
	const char *start = target, *end = colon;
	if (start[0] == '[' && end > start && end[-1] == ']') {
		start++;
		end--;
	}
	if (end <= start || (size_t)(end - start) >= size)
		return false;
	snprintf(host, size, "%.*s", (int)(end - start), start);
	*port = colon + 1;
	return true;
}

static int say(const char *word, const char *details)
{
	fprintf(stderr, "%s%s%s\n", word, details[0] != '\0' ? ": " : "", details);
	return 1;
}

static int await(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int failure = 0;
	socklen_t size = sizeof failure;
	int n = poll(&p, 1, timeout_ms > 0 ? timeout_ms : KERNEL_TIMEOUT_MS);
	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
		return errno;
	return failure;
}

static int try_connect(const char *host, const char *port, int timeout_ms)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int failure = getaddrinfo(host, port, &hints, &found);
	if (failure != 0)
		return say("DNS", gai_strerror(failure));
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	failure = fd < 0 ? errno : 0;
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		failure = errno == EINPROGRESS ? await(fd, timeout_ms) : errno;
	freeaddrinfo(found);
	if (fd >= 0)
		close(fd);
	if (failure == 0)
		return 0;
	if (failure == ETIMEDOUT)
		return say("TIMEOUT", "");
	if (failure == ECONNREFUSED)
		return say("REFUSED", "");
	return say("OTHER", strerror(failure));
}

int workload_connect(int argc, char **argv)
{
	const char *timeout = "0", *protocol = "tcp", *port;
	char host[256];
	int timeout_ms;
	struct err err = {0};
	const struct workload_flag flags[] = {
	        {"timeout", &timeout, NULL, 0, 0}, {"protocol", &protocol, NULL, 0, 0}, {NULL, NULL, NULL, 0, 0}};
	if (!workload_flags(flags, &argc, argv, &err))
		fprintf(stderr, "Error: %s\n", err.text);
	else if (argc != 2 || !split(argv[1], host, sizeof host, &port))
		fprintf(stderr, "Error: one HOST:PORT is needed\n");
	else if (!parse_duration(timeout, &timeout_ms))
		fprintf(stderr, "Error: --timeout %s: a duration such as 5s or 500ms is needed\n", timeout);
	else if (strcmp(protocol, "tcp") != 0)
		fprintf(stderr, "Error: --protocol %s: only tcp is known\n", protocol);
	else
		return try_connect(host, port, timeout_ms);
	fprintf(stderr, "usage: agnhost connect [--timeout 5s] HOST:PORT\n");
	return 2;
}

int workload_pause(int argc, char **argv)
{
	sigset_t signals;
	int signum;
	(void)argv;
	if (argc > 1)
		fprintf(stderr, "pause: arguments are ignored\n");
	printf("Paused\n");
	fflush(stdout);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	while (sigwait(&signals, &signum) != 0)
		;
	return 0;
}
