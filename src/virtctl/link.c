/* link: see link.h. Sockets only; what the bytes mean is console.c's. */
#include "virtctl/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)64 << 10)

struct link {
	struct loop *loop;
	struct link_events events;
	void *user;
	int fd; /* -1 */
	struct loop_fd *source;
	bool is_open, is_paused;
	struct str waiting;
	char *peer;     /* for sentences */
	struct err err; /* of the start, told later in the turn */
};

void route_finish(struct route *route)
{
	free(route->socket);
	free(route->host);
	free(route->authority);
	free(route->prefix);
	*route = (struct route){0};
}

static bool is_numeric(const char *host)
{
	struct in6_addr address;
	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

bool route_parse(const char *url, struct route *out)
{
	static const char scheme[] = "http://";
	if (!text_has_prefix(url, scheme) || !text_is_safe(url, strlen(url)) || strpbrk(url, " @?#"))
		return false;
	const char *host = url + sizeof scheme - 1, *path = host + strcspn(host, "/");
	bool has_brackets = host[0] == '[';
	const char *end = has_brackets ? strchr(host, ']') : host + strcspn(host, ":/");
	if (!end || end > path)
		return false;
	const char *colon = has_brackets ? end + 1 : end;
	char *name = mem_strndup(host + has_brackets, (size_t)(end - host) - has_brackets);
	char *digits = mem_strndup(colon + 1, *colon == ':' && path > colon ? (size_t)(path - colon - 1) : 0);
	int64_t port = 80;
	bool is_good = (*colon == ':' ? text_to_int(digits, 1, 65535, &port) : colon == path) &&
	               (is_numeric(name) || strcmp(name, "localhost") == 0);
	if (is_good) {
		size_t len = strlen(path);
		while (len > 0 && path[len - 1] == '/')
			len--;
		*out = (struct route){.host = name,
		                      .port = (uint16_t)port,
		                      .authority = mem_strndup(host, (size_t)(path - host)),
		                      .prefix = mem_strndup(path, len)};
	} else {
		free(name);
	}
	free(digits);
	return is_good;
}

/* ---- connecting ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

static socklen_t fill_address(const struct route *route, union address *address, struct err *err)
{
	memset(address, 0, sizeof *address);
	if (route->socket) {
		address->path.sun_family = AF_UNIX;
		if (strlen(route->socket) >= sizeof address->path.sun_path) {
			err_set(err, ERR_LIMIT, "%s: the path is too long for a socket", route->socket);
			return 0;
		}
		memcpy(address->path.sun_path, route->socket, strlen(route->socket) + 1);
		return sizeof address->path;
	}
	const char *host = strcmp(route->host, "localhost") == 0 ? "127.0.0.1" : route->host;
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(route->port);
		return sizeof address->v4;
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(route->port);
	inet_pton(AF_INET6, host, &address->v6.sin6_addr);
	return sizeof address->v6;
}

/* A network that dies silently is noticed by the kernel, after about a minute; keys go out as they are typed. */
static void set_tcp_options(int fd)
{
	static const struct {
		int level, name, value;
	} rows[] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
	            {IPPROTO_TCP, TCP_NODELAY, 1},
	            {IPPROTO_TCP, TCP_KEEPIDLE, 30},
	            {IPPROTO_TCP, TCP_KEEPINTVL, 10},
	            {IPPROTO_TCP, TCP_KEEPCNT, 3}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof rows[i].value);
}

static bool start(struct link *link, const struct route *route)
{
	union address address;
	socklen_t size = fill_address(route, &address, &link->err);
	if (size == 0)
		return false;
	link->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return err_errno(&link->err, errno, "socket");
	if (!route->socket)
		set_tcp_options(link->fd);
	if (connect(link->fd, &address.any, size) != 0 && errno != EINPROGRESS && errno != EINTR)
		return err_errno(&link->err, errno, "dial %s", link->peer);
	return true;
}

static void end(struct link *link, const struct err *err)
{
	loop_fd_destroy(link->source);
	link->source = NULL;
	link->events.on_end(err, link->user); /* the link may be gone now */
}

static void on_failed(void *user)
{
	struct link *link = user;
	end(link, &link->err);
}

static void want(struct link *link)
{
	if (!link->source)
		return;
	int events = link->is_open && !link->is_paused ? LOOP_READ : 0;
	if (!link->is_open || link->waiting.len > 0)
		events |= LOOP_WRITE;
	loop_fd_set(link->source, events);
}

static void flush(struct link *link)
{
	while (link->waiting.len > 0) {
		ssize_t n = send(link->fd, link->waiting.data, link->waiting.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		/* A peer that closed may have said why: its words are read first, and its end is found there. */
		if (n < 0) {
			str_clear(&link->waiting);
			break;
		}
		str_drop_front(&link->waiting, (size_t)n);
	}
	want(link);
}

static void finish_connect(struct link *link)
{
	int error = 0;
	socklen_t size = sizeof error;
	getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		struct err err;
		err_errno(&err, error, "dial %s", link->peer);
		end(link, &err);
		return;
	}
	link->is_open = true;
	want(link);
	link->events.on_open(link->user);
}

static void read_piece(struct link *link)
{
	char bytes[PIECE_BYTES];
	ssize_t n = recv(link->fd, bytes, sizeof bytes, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		link->events.on_data(bytes, (size_t)n, link->user);
		return;
	}
	struct err err;
	if (n < 0)
		err_errno(&err, errno, "read %s", link->peer);
	end(link, n < 0 ? &err : NULL);
}

static void on_ready(int events, void *user)
{
	struct link *link = user;
	if (!link->is_open) {
		finish_connect(link);
		return;
	}
	bool had_waiting = link->waiting.len > 0;
	flush(link);
	if (had_waiting && link->waiting.len == 0)
		link->events.on_sent(link->user); /* reading comes in the next turn */
	else if (events & LOOP_READ && !link->is_paused)
		read_piece(link);
}

struct link *link_create(struct loop *loop, const struct route *route, const struct link_events *events, void *user)
{
	struct link *link = mem_alloc(sizeof *link);
	*link = (struct link){.loop = loop, .events = *events, .user = user, .fd = -1};
	link->peer =
	        mem_printf("%s %s", route->socket ? "unix" : "tcp", route->socket ? route->socket : route->authority);
	if (start(link, route))
		link->source = loop_fd_create(loop, link->fd, LOOP_WRITE, on_ready, link);
	else
		loop_post(loop, on_failed, link);
	return link;
}

void link_destroy(struct link *link)
{
	if (!link)
		return;
	loop_unpost(link->loop, link);
	loop_fd_destroy(link->source);
	if (link->fd >= 0)
		close(link->fd);
	str_finish(&link->waiting);
	free(link->peer);
	free(link);
}

void link_send(struct link *link, struct str *bytes)
{
	if (link->waiting.len == 0) {
		str_finish(&link->waiting);
		link->waiting = *bytes;
		*bytes = (struct str){0};
	} else {
		str_append_n(&link->waiting, str_text(bytes), bytes->len);
		str_clear(bytes);
	}
	if (link->is_open && link->source)
		flush(link);
}

size_t link_waiting(const struct link *link)
{
	return link->waiting.len;
}

void link_pause(struct link *link, bool is_paused)
{
	link->is_paused = is_paused;
	want(link);
}
