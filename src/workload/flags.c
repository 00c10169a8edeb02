/* Flags, log lines, sockets: what the workload's programs have in common. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "workload/workload.h"

static const struct workload_flag *find_flag(const struct workload_flag *flags, const char *name, size_t len)
{
	for (; flags->name != NULL; flags++)
		if (strlen(flags->name) == len && strncmp(flags->name, name, len) == 0)
			return flags;
	return NULL;
}

static bool set_flag(const struct workload_flag *flag, const char *value, struct err *err)
{
	if (flag->text != NULL)
		*flag->text = value;
	else if (!text_to_int(value, flag->low, flag->high, flag->number))
		return err_set(err, ERR_INVALID, "--%s %s: a number from %lld to %lld is needed", flag->name, value,
		               (long long)flag->low, (long long)flag->high);
	return true;
}

bool workload_flags(const struct workload_flag *flags, int *argc, char **argv, struct err *err)
{
	int kept = 1;
	for (int i = 1; i < *argc; i++) {
		const char *name = argv[i];
		if (name[0] != '-' || name[1] == '\0') {
			argv[kept++] = argv[i];
			continue;
		}
		name += name[1] == '-' ? 2 : 1;
		size_t len = strcspn(name, "=");
		const struct workload_flag *flag = find_flag(flags, name, len);
		if (flag == NULL)
			return err_set(err, ERR_INVALID, "unknown flag: %s", argv[i]);
		const char *value = name[len] == '=' ? name + len + 1 : i + 1 < *argc ? argv[++i] : NULL;
		if (value == NULL)
			return err_set(err, ERR_INVALID, "flag needs an argument: --%s", flag->name);
		if (!set_flag(flag, value, err))
			return false;
	}
	*argc = kept;
	return true;
}

void workload_log(const char *fmt, ...)
{
	time_t now = time(NULL);
	struct tm utc;
	char when[32];
	struct str line = {0};
	va_list args;
	gmtime_r(&now, &utc);
	strftime(when, sizeof when, "%Y/%m/%d %H:%M:%S ", &utc);
	str_append(&line, when);
	va_start(args, fmt);
	str_append_v(&line, fmt, args);
	va_end(args);
	str_append_c(&line, '\n');
	ssize_t n = write(STDERR_FILENO, line.data, line.len);
	(void)n;
	str_finish(&line);
}

static int try_listen(int family, int type, int port)
{
	struct sockaddr_in6 six = {
	        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_ANY_INIT};
	struct sockaddr_in four = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_ANY)};
	const struct sockaddr *address =
	        family == AF_INET6 ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
	socklen_t size = family == AF_INET6 ? sizeof six : sizeof four;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, zero = 0;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, address, size) == 0 && (type != SOCK_STREAM || listen(fd, 512) == 0))
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

int workload_listen(int type, int port, struct err *err)
{
	int fd = try_listen(AF_INET6, type, port);
	if (fd < 0 && errno != EADDRINUSE && errno != EACCES)
		fd = try_listen(AF_INET, type, port);
	if (fd < 0)
		err_errno(err, errno, "listen %s :%d", type == SOCK_STREAM ? "tcp" : "udp", port);
	return fd;
}

int workload_listen_at(const char *host, const char *port, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *found = NULL;
	int one = 1;
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		err_set(err, ERR_INVALID, "%s:%s is no address and port to listen on", host, port);
		return -1;
	}
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 512) < 0) {
		err_errno(err, errno, "listen tcp %s:%s", host, port);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

void workload_address(const struct sockaddr *address, char *out, size_t size)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	char text[INET6_ADDRSTRLEN] = "";
	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
		snprintf(out, size, "%s:%u", text, ntohs(four->sin_port));
	} else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, text, sizeof text);
		snprintf(out, size, "%s:%u", text, ntohs(six->sin6_port));
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
		snprintf(out, size, "[%s]:%u", text, ntohs(six->sin6_port));
	} else {
		snprintf(out, size, "?");
	}
}

void workload_hostname(char *out, size_t size)
{
	if (gethostname(out, size) != 0)
		snprintf(out, size, "localhost");
	out[size - 1] = '\0';
}
