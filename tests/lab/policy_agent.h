/* policy_agent: the half of policy_cases that runs inside the lab: servers and attempts in the pods' own namespaces. */
#ifndef TESTS_POLICY_AGENT_H
#define TESTS_POLICY_AGENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "onesdn/base.h"

#define HOST "-" /* the namespace of the physical network's host */

static const int tcp_ports[] = {22, 80, 81, 82, 443, 3868, 5000, 5353, 5432, 5555, 5900, 5901, 6666, 8080, 9000, 9001};
static const int udp_ports[] = {80, 5353, 9000};
#define N_TCP (sizeof tcp_ports / sizeof tcp_ports[0])
#define N_UDP (sizeof udp_ports / sizeof udp_ports[0])

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static _Noreturn void die(const char *what, const char *which)
{
	printf("Bail out! %s: %s\n", what, which);
	fflush(stdout);
	exit(1);
}

/* ---- the agent: inside the lab ---- */

static bool enter(const char *netns)
{
	if (strcmp(netns, HOST) == 0)
		return true;
	char *path = mem_printf("/run/netns/%s", netns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

static int listener(int type, int port)
{
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || (type == SOCK_STREAM && listen(fd, 64) != 0))
		die("listening", strerror(errno));
	return fd;
}

static void answer_datagram(int fd)
{
	char byte;
	struct sockaddr_in6 from;
	socklen_t size = sizeof from;
	if (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &size) == 1)
		sendto(fd, &byte, 1, 0, (struct sockaddr *)&from, size);
}

/* One byte back for one byte; then the other end closes. */
static _Noreturn void serve(const char *netns)
{
	VEC(struct pollfd) fds = {0};
	if (!enter(netns))
		die("no such namespace", netns);
	for (size_t i = 0; i < N_TCP; i++)
		vec_push(&fds, (struct pollfd){listener(SOCK_STREAM, tcp_ports[i]), POLLIN, 0});
	for (size_t i = 0; i < N_UDP; i++)
		vec_push(&fds, (struct pollfd){listener(SOCK_DGRAM, udp_ports[i]), POLLIN, 0});
	for (;;) {
		poll(fds.data, fds.len, -1);
		for (size_t i = fds.len; i-- > 0;) {
			char byte;
			if (fds.data[i].revents == 0)
				continue;
			if (i < N_TCP) {
				int fd = accept4(fds.data[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
				if (fd >= 0)
					vec_push(&fds, (struct pollfd){fd, POLLIN, 0});
			} else if (i < N_TCP + N_UDP) {
				answer_datagram(fds.data[i].fd);
			} else if (recv(fds.data[i].fd, &byte, 1, 0) != 1 ||
			           send(fds.data[i].fd, &byte, 1, MSG_NOSIGNAL) != 1) {
				close(fds.data[i].fd);
				vec_remove(&fds, i);
			}
		}
	}
}

static bool wait_for(int fd, int events, int64_t deadline)
{
	struct pollfd p = {fd, (short)events, 0};
	int64_t left = deadline - now_ms();
	return left > 0 && poll(&p, 1, (int)left) == 1 && (p.revents & events) != 0;
}

static bool echo_once(int fd, int64_t deadline)
{
	char byte = 'x';
	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && wait_for(fd, POLLIN, deadline) && recv(fd, &byte, 1, 0) == 1;
}

static bool try_stream(int fd, const struct addrinfo *to, int64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (connect(fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
		return false;
	return wait_for(fd, POLLOUT, deadline) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	       error == 0 && echo_once(fd, deadline);
}

/* Repeated, because nobody else does it for datagrams. */
static bool try_datagrams(int fd, const struct addrinfo *to, int64_t deadline)
{
	if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
		return false;
	while (now_ms() < deadline) {
		int64_t next = now_ms() + 300;
		if (echo_once(fd, next < deadline ? next : deadline))
			return true;
	}
	return false;
}

static bool try_ping(int fd, const struct addrinfo *to, int64_t deadline)
{
	struct icmphdr echo = {.type = ICMP_ECHO, .un.echo = {htons((uint16_t)getpid()), 0}};
	uint32_t sum = (uint32_t)echo.type + echo.un.echo.id; /* type is the low byte on little-endian machines */
	echo.checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	unsigned char reply[256];
	while (now_ms() < deadline) {
		int64_t next = now_ms() + 300;
		sendto(fd, &echo, sizeof echo, 0, to->ai_addr, to->ai_addrlen);
		while (wait_for(fd, POLLIN, next < deadline ? next : deadline)) {
			ssize_t n = recv(fd, reply, sizeof reply, 0);
			const struct icmphdr *got = (const void *)(reply + 20);
			if (n >= 28 && got->type == ICMP_ECHOREPLY && got->un.echo.id == echo.un.echo.id)
				return true;
		}
	}
	return false;
}

static const char *probe(const char *netns, const char *proto, const char *address, const char *port, int ms)
{
	static const struct {
		const char *name;
		int type, protocol;
		bool (*attempt)(int fd, const struct addrinfo *to, int64_t deadline);
	} kinds[] = {{"TCP", SOCK_STREAM, 0, try_stream},
	             {"UDP", SOCK_DGRAM, 0, try_datagrams},
	             {"ICMP", SOCK_RAW, IPPROTO_ICMP, try_ping}};
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *to;
	int64_t deadline = now_ms() + ms;
	if (!enter(netns) || getaddrinfo(address, port, &hints, &to) != 0)
		return "error";
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].name, proto) != 0)
			continue;
		int fd = socket(to->ai_family, kinds[i].type | SOCK_CLOEXEC | SOCK_NONBLOCK, kinds[i].protocol);
		bool is_allowed = fd >= 0 && kinds[i].attempt(fd, to, deadline);
		close(fd);
		if (is_allowed || now_ms() >= deadline)
			return is_allowed ? "allow" : "deny";
		pause_ms(20); /* refused: its server is only beginning; a policy drops and says nothing */
		i--;
	}
	return "skip";
}

static void start(char **words, size_t n)
{
	pid_t pid = fork();
	if (pid != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (n == 2 && strcmp(words[0], "serve") == 0)
		serve(words[1]);
	if (n >= 2 && strcmp(words[0], "probe") == 0) { /* an answer in every case: it is waited for */
		bool is_whole = n == 7;
		const char *verdict = is_whole ? probe(words[2], words[3], words[4], words[5],
		                                       (int)strtol(words[6], NULL, 10))
		                               : "error"; /* a pod without an address */
		char *line = mem_printf("%s %s\n", words[1], verdict);
		ssize_t written = write(1, line, strlen(line)); /* at once: others write too */
		free(line);
		_exit(written > 0 ? 0 : 1);
	}
	_exit(2);
}

static int agent(void)
{
	char line[512];
	signal(SIGCHLD, SIG_IGN);
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *words[8], *rest = line, *word;
		size_t n = 0;
		while (n < 8 && (word = strsep(&rest, " \n")) != NULL)
			if (word[0] != '\0')
				words[n++] = word;
		start(words, n);
	}
	kill(0, SIGKILL);
	return 0;
}

#endif
