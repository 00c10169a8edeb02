/* An API server by script, on the test's own loop, that serves one VMI's console as KubeVirt does: 400 while it is not running,
 * binary messages, one client at a time (a second cuts the first). Other requests are answered by rule and logged. */
#ifndef TESTS_CONSOLE_SERVER_H
#define TESTS_CONSOLE_SERVER_H

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onesdn/loop.h"
#include "onesdn/websocket.h"

struct console_server;
struct console_conn {
	struct console_server *server;
	int fd;
	struct loop_fd *source;
	struct str in, out;
	struct websocket *websocket;
};
struct console_rule {
	const char *words; /* in "METHOD target" */
	int status;
	const char *body;
};
struct console_server {
	struct loop *loop;
	int fd, port;
	struct loop_fd *source;
	VEC(struct console_conn *) conns;
	struct console_conn *client; /* who has the console; NULL */
	int n_clients;               /* so far */
	int n_refused;
	int not_running;                  /* so many times yet: 400 */
	struct console_rule refusal;      /* status 0: none */
	const char *rejection;            /* sent raw instead of an answer; NULL */
	bool silent;                      /* never answers */
	const struct console_rule *rules; /* of other requests; words NULL ends */
	struct str log;                   /* "METHOD target BODY\n" of other requests */
	struct str got;                   /* what clients typed */
	bool echoes;
};

static void console_conn_flush(struct console_conn *conn)
{
	while (conn->out.len > 0) {
		ssize_t n = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0)
			break;
		str_drop_front(&conn->out, (size_t)n);
	}
	loop_fd_set(conn->source, LOOP_READ | (conn->out.len ? LOOP_WRITE : 0));
}

/* Without a close: the client sees an abnormal closure. */
static void console_conn_cut(struct console_conn *conn)
{
	struct console_server *server = conn->server;
	for (size_t i = 0; i < server->conns.len; i++)
		if (server->conns.data[i] == conn) {
			vec_remove(&server->conns, i);
			break;
		}
	if (server->client == conn)
		server->client = NULL;
	loop_fd_destroy(conn->source);
	close(conn->fd);
	websocket_destroy(conn->websocket);
	str_finish(&conn->in);
	str_finish(&conn->out);
	free(conn);
}

static void console_server_send(struct console_server *server, const void *bytes, size_t size)
{
	websocket_send(server->client->websocket, -1, bytes, size);
	console_conn_flush(server->client);
}

static void console_on_message(const char *bytes, size_t size, void *user)
{
	struct console_conn *conn = user;
	if (websocket_is_text(conn->websocket))
		return;
	str_append_n(&conn->server->got, bytes, size);
	if (conn->server->echoes)
		websocket_send(conn->websocket, -1, bytes, size);
}

static void console_reply(struct console_conn *conn, int status, const char *type, const char *body)
{
	str_append_f(&conn->out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status, type,
	             strlen(body), body);
}

static void console_serve_plain(struct console_conn *conn)
{
	struct console_server *server = conn->server;
	char *end = strstr(str_text(&conn->in), "\r\n\r\n");
	if (!end)
		return;
	char *length = strcasestr(conn->in.data, "Content-Length: ");
	size_t head = (size_t)(end + 4 - conn->in.data),
	       body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
	if (conn->in.len < head + body)
		return;
	size_t line = strcspn(conn->in.data, "\r");
	char *target = mem_strndup(conn->in.data, line - strlen(" HTTP/1.1"));
	str_append_f(&server->log, "%s %.*s\n", target, (int)body, end + 4);
	const struct console_rule *rule = server->rules;
	while (rule && rule->words && !strstr(target, rule->words))
		rule++;
	if (rule && rule->words)
		console_reply(conn, rule->status, "application/json", rule->body);
	else
		console_reply(conn, 404, "text/plain", "404 page not found\n");
	free(target);
	str_drop_front(&conn->in, head + body);
}

static void console_serve(struct console_conn *conn)
{
	struct console_server *server = conn->server;
	struct websocket_request request;
	struct err err;
	ssize_t head = websocket_parse_request(str_text(&conn->in), conn->in.len, &request, &err);
	if (head < 0)
		console_serve_plain(conn);
	if (head <= 0 || server->silent)
		return;
	if (server->rejection) {
		str_append(&conn->out, server->rejection);
	} else if (server->refusal.status || server->not_running > 0) {
		server->n_refused++;
		if (server->refusal.status)
			console_reply(conn, server->refusal.status, "application/json", server->refusal.body);
		else
			console_reply(conn, 400, "application/json",
			              "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
			              "\"VMI is not running\"}");
		server->not_running--;
	} else if (!strstr(request.target,
	                   "/apis/subresources.kubevirt.io/v1/namespaces/ns1/virtualmachineinstances/vm1/console") ||
	           !websocket_offers(&request, "plain.kubevirt.io")) {
		console_reply(conn, 404, "application/json",
		              "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":404,"
		              "\"message\":\"virtualmachineinstance.kubevirt.io \\\"nope\\\" not found\"}");
	} else {
		if (server->client)
			console_conn_cut(server->client);
		server->client = conn;
		server->n_clients++;
		websocket_append_reply(&conn->out, &request, "plain.kubevirt.io");
		conn->websocket = websocket_create(&conn->out, console_on_message, conn);
	}
	str_drop_front(&conn->in, (size_t)head);
}

static void console_on_ready(int events, void *user)
{
	struct console_conn *conn = user;
	char bytes[65536];
	if (events & LOOP_WRITE)
		console_conn_flush(conn);
	if (!(events & LOOP_READ))
		return;
	ssize_t n = recv(conn->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		console_conn_cut(conn);
		return;
	}
	if (conn->websocket) {
		struct err err;
		websocket_feed(conn->websocket, bytes, (size_t)n, &err);
	} else {
		str_append_n(&conn->in, bytes, (size_t)n);
		console_serve(conn);
	}
	console_conn_flush(conn);
}

static void console_on_accept(int events, void *user)
{
	struct console_server *server = user;
	(void)events;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct console_conn *conn = mem_alloc(sizeof *conn);
	conn->server = server;
	conn->fd = fd;
	conn->source = loop_fd_create(server->loop, fd, LOOP_READ, console_on_ready, conn);
	vec_push(&server->conns, conn);
}

static void console_server_start(struct console_server *server, struct loop *loop)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	*server = (struct console_server){.loop = loop};
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0 || listen(server->fd, 16) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&address, &size) != 0)
		base_abort("the server cannot listen: %s", strerror(errno));
	server->port = ntohs(address.sin_port);
	server->source = loop_fd_create(loop, server->fd, LOOP_READ, console_on_accept, server);
}

static void console_server_stop(struct console_server *server)
{
	while (server->conns.len)
		console_conn_cut(server->conns.data[0]);
	vec_finish(&server->conns);
	loop_fd_destroy(server->source);
	close(server->fd);
	str_finish(&server->log);
	str_finish(&server->got);
}

#endif
