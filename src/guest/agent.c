/* agent: the guest's side of ttyS1. Reports, one JSON object a line, {"interfaces":[{"name","mac","addresses":["A/P"]}],"os":{...}} at the
 * start and whenever an address changes (rtnetlink tells); takes the lines "poweroff", "reboot" and "report". Also reaps children. */
#include "guest/guest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int prefix_of(const struct sockaddr *mask)
{
	const uint8_t *bytes = mask->sa_family == AF_INET6
	                               ? (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr
	                               : (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
	int n = 0;
	for (int i = 0; i < (mask->sa_family == AF_INET6 ? 16 : 4); i++)
		n += __builtin_popcount(bytes[i]);
	return n;
}

static void report_addresses(FILE *out, const struct ifaddrs *list, const char *name)
{
	const char *comma = "";
	for (const struct ifaddrs *item = list; item; item = item->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		const struct sockaddr *address = item->ifa_addr;
		if (!address || strcmp(item->ifa_name, name) != 0)
			continue;
		if (address->sa_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
			          sizeof text);
		else if (address->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
			          sizeof text);
		else
			continue;
		fprintf(out, "%s\"%s/%d\"", comma, text, prefix_of(item->ifa_netmask));
		comma = ",";
	}
}

/* The system as qemu's own guest agent tells it; /etc/os-release is ours, so its values need no quoting. */
static void report_system(FILE *out)
{
	static const char *const keys[][2] = {{"ID=", "id"}, {"NAME=", "name"}, {"PRETTY_NAME=", "prettyName"}};
	struct utsname system;
	char line[256];
	FILE *release = fopen("/etc/os-release", "re");
	uname(&system);
	fprintf(out, "\"os\":{\"kernelRelease\":\"%s\",\"kernelVersion\":\"%s\",\"machine\":\"%s\"", system.release,
	        system.version, system.machine);
	while (release && fgets(line, sizeof line, release)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			size_t len = strlen(keys[i][0]);
			bool is_quoted = line[len] == '"';
			if (strncmp(line, keys[i][0], len) == 0)
				fprintf(out, ",\"%s\":\"%.*s\"", keys[i][1], (int)strcspn(line + len + is_quoted, "\""),
				        line + len + is_quoted);
		}
	}
	if (release)
		fclose(release);
	fprintf(out, "}");
}

static void report(int port)
{
	struct ifaddrs *list = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	if (!out || getifaddrs(&list) < 0)
		return;
	const char *comma = "";
	fprintf(out, "{\"interfaces\":[");
	for (const struct ifaddrs *item = list; item; item = item->ifa_next) {
		if (!item->ifa_addr || item->ifa_addr->sa_family != AF_PACKET || (item->ifa_flags & IFF_LOOPBACK))
			continue;
		const unsigned char *mac = ((const struct sockaddr_ll *)(const void *)item->ifa_addr)->sll_addr;
		fprintf(out, "%s{\"name\":\"%s\",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\",\"addresses\":[", comma,
		        item->ifa_name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
		report_addresses(out, list, item->ifa_name);
		fprintf(out, "]}");
		comma = ",";
	}
	fprintf(out, "],");
	report_system(out);
	fprintf(out, "}\n");
	fclose(out);
	freeifaddrs(list);
	for (size_t sent = 0; sent < size;) {
		ssize_t n = write(port, line + sent, size - sent);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	free(line);
}

static int open_port(void)
{
	int port = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;
	if (port >= 0 && tcgetattr(port, &mode) == 0) {
		cfmakeraw(&mode);
		tcsetattr(port, TCSANOW, &mode);
	}
	return port;
}

static int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	if (fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void take_line(int port, const char *line)
{
	if (strcmp(line, "poweroff") == 0)
		end_machine(false);
	if (strcmp(line, "reboot") == 0)
		end_machine(true);
	if (strcmp(line, "report") == 0)
		report(port);
}

static void read_port(int port)
{
	static char line[64];
	static size_t len;
	char c;
	if (read(port, &c, 1) != 1)
		return;
	if (c == '\n') {
		line[len] = '\0';
		len = 0;
		take_line(port, line);
	} else if (len + 1 < sizeof line) {
		line[len++] = c;
	}
}

static void read_signals(int fd)
{
	struct signalfd_siginfo info;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			end_machine(info.ssi_signo == SIGTERM);
}

_Noreturn void agent_run(const struct guest_seed *seed)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGUSR2); /* busybox's poweroff tells init so, */
	sigaddset(&signals, SIGTERM); /* and its reboot */
	sigprocmask(SIG_BLOCK, &signals, NULL);
	struct pollfd sources[3] = {{.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN},
	                            {.fd = open_port(), .events = POLLIN},
	                            {.fd = open_netlink(), .events = POLLIN}};
	report(sources[1].fd);
	for (;;) {
		poll(sources, 3, -1);
		char drain[4096];
		if (sources[0].revents) {
			read_signals(sources[0].fd);
			for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
				login_reaped(pid, seed);
		}
		if (sources[1].revents)
			read_port(sources[1].fd);
		if (sources[2].revents) {
			while (read(sources[2].fd, drain, sizeof drain) > 0)
				;
			report(sources[1].fd);
		}
	}
}
