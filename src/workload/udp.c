/* netexec's UDP half: one datagram in, one out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workload/workload.h"

#define BUDGET 64 /* datagrams a turn */

struct udp_server {
	int fd;
	struct loop_fd *source;
};

static void answer(int fd, const char *text, const struct sockaddr_storage *from, socklen_t size)
{
	char out[2048];
	if (strcmp(text, "hostname") == 0 || strcmp(text, "hostName") == 0)
		workload_hostname(out, sizeof out);
	else if (strncmp(text, "echo ", 5) == 0)
		snprintf(out, sizeof out, "%s", text + 5);
	else if (strcmp(text, "clientip") == 0)
		workload_address((const struct sockaddr *)from, out, sizeof out);
	else if (text[0] != '\0')
		snprintf(out, sizeof out, "unknown command: %.512s", text);
	else
		return;
	sendto(fd, out, strlen(out), MSG_DONTWAIT, (const struct sockaddr *)from, size);
}

static void on_datagram(int events, void *user)
{
	struct udp_server *server = user;
	(void)events;
	for (int i = 0; i < BUDGET; i++) {
		char text[2048];
		struct sockaddr_storage from;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(server->fd, text, sizeof text - 1, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (n < 0)
			return;
		while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
			n--;
		text[n] = '\0';
		answer(server->fd, text, &from, size);
	}
}

struct udp_server *udp_server_create(struct loop *loop, int fd)
{
	struct udp_server *server = mem_alloc(sizeof *server);
	server->fd = fd;
	server->source = loop_fd_create(loop, fd, LOOP_READ, on_datagram, server);
	return server;
}

void udp_server_destroy(struct udp_server *server)
{
	if (server == NULL)
		return;
	loop_fd_destroy(server->source);
	close(server->fd);
	free(server);
}
