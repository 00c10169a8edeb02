/* turtle-db watch: tells whether the database is there, whenever that changes. See db.h.
 *
 * Three things wake it: PostgreSQL's pid file (inotify), the end of the server's process (a pidfd), and the addresses of
 * the interfaces (netlink), since a server whose address is gone answers nobody.
 */
#include "lab/db.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "onesdn/base.h"

#define PID_FILE DB_DATA "/postmaster.pid"
#define PID_FILE_MAX ((size_t)4096)
#define PID_MAX 4194304 /* the kernel's */

int db_prefix_of(const char *address)
{
	struct ifaddrs *all = NULL;
	struct in_addr wanted;
	int prefix = -1;
	if (inet_pton(AF_INET, address, &wanted) != 1 || getifaddrs(&all) < 0)
		return -1;
	for (const struct ifaddrs *at = all; at != NULL && prefix < 0; at = at->ifa_next) {
		const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)at->ifa_addr,
		                         *mask = (const struct sockaddr_in *)(const void *)at->ifa_netmask;
		if (own != NULL && own->sin_family == AF_INET && own->sin_addr.s_addr == wanted.s_addr &&
		    mask != NULL && (at->ifa_flags & IFF_UP) != 0)
			prefix = __builtin_popcount(mask->sin_addr.s_addr);
	}
	freeifaddrs(all);
	return prefix;
}

/* Line by line: pid, data directory, start time, port, socket directory, address, shared memory, status (miscadmin.h,
 * pidfile.h of PostgreSQL). A single-user server has a negative pid and listens on nothing. */
bool db_read_pid_file(const char *text, struct db_server *out)
{
	enum { PID = 0, ADDRESS = 5, STATUS = 7, N_LINES };
	struct db_server server = {0};
	char line[sizeof server.address];
	const char *at = text;
	for (int i = 0; *at != '\0' && i < N_LINES; i++) {
		size_t len = strcspn(at, " \n"); /* the status is padded with blanks */
		int64_t pid = 0;
		snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : 0), at);
		if (i == PID && !text_to_int(line, 1, PID_MAX, &pid))
			return false;
		if (i == PID)
			server.pid = (int)pid;
		else if (i == ADDRESS)
			memcpy(server.address, line, sizeof line);
		else if (i == STATUS)
			server.is_ready = strcmp(line, "ready") == 0;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (server.pid == 0)
		return false;
	*out = server;
	return true;
}

/* ---- what it is like now ---- */

struct watching {
	int inotify, netlink, server; /* descriptors; server: -1 while none runs */
	int pid;                      /* of the server that `server` is open on */
	char said[256];
};

static void close_server(struct watching *w)
{
	if (w->server >= 0)
		close(w->server);
	w->server = -1;
	w->pid = 0;
}

/* The file of a server that was killed stays, and its pid may be another's by now. */
static bool is_postgres(int pid)
{
	struct str name = {0};
	char *path = mem_printf("/proc/%d/comm", pid);
	bool is_so = file_read(path, NAME_MAX, &name, NULL) && text_has_prefix(str_text(&name), "postgres");
	str_finish(&name);
	free(path);
	return is_so;
}

/* Whether a server has written its file; it may be dead by now. */
static bool read_server(struct db_server *out)
{
	struct str text = {0};
	bool is_read = file_read(PID_FILE, PID_FILE_MAX, &text, NULL) && db_read_pid_file(str_text(&text), out);
	str_finish(&text);
	return is_read;
}

bool db_is_running(void)
{
	struct db_server server;
	return read_server(&server) && process_is_alive(server.pid) && is_postgres(server.pid);
}

/* Holds on to the process, so that its end wakes us. Whether it lives. */
static bool hold(struct watching *w, int pid)
{
	if (w->pid == pid)
		return true; /* its end closes it */
	close_server(w);
	w->server = (int)syscall(SYS_pidfd_open, pid, 0);
	if (w->server >= 0 && !is_postgres(pid))
		close_server(w);
	w->pid = w->server >= 0 ? pid : 0;
	return w->server >= 0;
}

static void look(struct watching *w, char *out, size_t size)
{
	struct db_server server;
	if (!read_server(&server) || !hold(w, server.pid)) {
		close_server(w);
		bool is_made = access(DB_DIR "/made", F_OK) == 0;
		snprintf(out, size, "%s",
		         is_made ? "down PostgreSQL has stopped; start it again: " DB_COMMAND " start" : "absent");
	} else if (!server.is_ready) {
		snprintf(out, size, "down PostgreSQL starts, or stops");
	} else if (db_prefix_of(server.address) < 0) {
		snprintf(out, size, "down no interface here has %s; make the VLAN's interface again", server.address);
	} else {
		snprintf(out, size, "up");
	}
}

/* ---- waiting ---- */

/* The folders come and go; to add one that is watched already changes nothing. */
static void watch_folders(int inotify)
{
	static const char *const folders[] = {"/run", DB_DIR, DB_DATA};
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		inotify_add_watch(inotify, folders[i],
		                  IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_MODIFY |
		                          IN_ONLYDIR);
}

static void drain(int fd)
{
	char data[8192] __attribute__((aligned(8)));
	while (read(fd, data, sizeof data) > 0)
		;
}

/* False: nobody reads what we print, or nothing can be waited for. */
static bool wait_for_change(struct watching *w)
{
	struct pollfd fds[] = {{.fd = w->inotify, .events = POLLIN},
	                       {.fd = w->netlink, .events = POLLIN},
	                       {.fd = w->server, .events = POLLIN}, /* a negative one is passed over */
	                       {.fd = STDOUT_FILENO, .events = 0}};
	if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0)
		return errno == EINTR;
	drain(w->inotify);
	drain(w->netlink);
	if (fds[2].revents != 0)
		close_server(w);
	return (fds[3].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

static int open_netlink(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int db_watch(void)
{
	struct watching w = {
	        .inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .netlink = open_netlink(), .server = -1};
	if (w.inotify < 0 || w.netlink < 0) {
		fprintf(stderr, DB_COMMAND ": nothing can be watched here: %s\n", strerror(errno));
		return 1;
	}
	do {
		char now[sizeof w.said];
		watch_folders(w.inotify); /* before looking, so that nothing is missed in between */
		look(&w, now, sizeof now);
		if (strcmp(now, w.said) != 0) {
			memcpy(w.said, now, sizeof w.said);
			puts(now);
			fflush(stdout);
		}
	} while (wait_for_change(&w));
	close_server(&w);
	close(w.inotify);
	close(w.netlink);
	return 0;
}
