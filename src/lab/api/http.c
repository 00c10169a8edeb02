/* http: the API's HTTP server, the only file that knows libmicrohttpd. It accepts from the TCP and the Unix socket into one
 * daemon, whose one epoll descriptor sits in our loop; finds out who asks; hands whole requests to api_handle; and sends what
 * comes back: a body, a stream (its connection is suspended while there is nothing to say), or the bare socket after an upgrade.
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/api/private.h"

#define CONNECTIONS_TCP 192     /* anybody on the machine can take these, */
#define CONNECTIONS_UNIX 64     /* only our own user these */
#define CONNECTION_MEMORY 98304 /* request line and headers, and what is read or written at once */
#define CONNECTION_IDLE_S 30
#define ACCEPTS_A_TURN 32
#define CHUNK 32768

enum { FROM_TCP, FROM_UNIX, N_FROM };
struct door { /* a listening socket */
	struct server *server;
	struct loop_fd *source;
	int fd, n_open, limit;
};
struct exchange { /* one request and its answer */
	struct server *server;
	struct exchange *next, **link;
	struct MHD_Connection *connection;
	char *uri;
	struct str body;
	bool is_begun, is_too_big, is_suspended, is_gone;
	struct api_stream *stream;
	size_t taken; /* of stream->pending */
	struct loop_fd *hangup;
	struct api_upgrade *upgrade;
};
struct server {
	struct api *api;
	struct MHD_Daemon *daemon;
	struct loop_fd *epoll;
	struct loop_timer *timer;
	struct door doors[N_FROM];
	struct exchange *exchanges;
	int accepting; /* which door */
	bool is_posted;
};
struct upgraded {
	struct server *server;
	struct MHD_UpgradeResponseHandle *handle;
};

/* ---- the daemon in our loop ---- */

static void run(void *user)
{
	struct server *server = user;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	server->is_posted = false;
	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		loop_timer_start(server->timer, wait_ms > 3600000 ? 3600000 : (int64_t)wait_ms, 0);
	else
		loop_timer_stop(server->timer);
}

static void run_soon(struct server *server)
{
	if (!server->is_posted)
		loop_post(server->api->loop, run, server);
	server->is_posted = true;
}

static void on_epoll(int events, void *user)
{
	(void)events;
	run(user);
}

/* ---- who asks ---- */

bool http_host_is_ours(const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};
	int64_t port;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!text_has_prefix(host, names[i]))
			continue;
		host += strlen(names[i]);
		return !*host || (*host == ':' && text_to_int(host + 1, 1, 65535, &port));
	}
	return false;
}

const struct api_user *http_user_of(const struct api_options *options, const char *path, const char **rest)
{
	const struct api_user *found = NULL;
	if (path[0] != '/' || strlen(path) < API_SECRET_HEX + 1 ||
	    (path[API_SECRET_HEX + 1] != '/' && path[API_SECRET_HEX + 1] != '\0'))
		return NULL;
	for (size_t i = 0; i < options->n_users; i++) { /* all of each, whatever differs */
		unsigned char difference = 0;
		for (size_t k = 0; k < API_SECRET_HEX; k++)
			difference |= (unsigned char)(options->users[i].secret[k] ^ path[k + 1]);
		if (difference == 0 && options->users[i].secret[0])
			found = &options->users[i];
	}
	if (found) /* over the Unix socket a path that is as long may be without a secret */
		*rest = path + API_SECRET_HEX + 1;
	return found;
}

static const struct api_user *admin_of(const struct api_options *options)
{
	for (size_t i = 0; i < options->n_users; i++)
		if (options->users[i].is_admin)
			return &options->users[i];
	return NULL;
}

static bool is_from_unix(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info && info->socket_context && ((struct door *)info->socket_context)->limit == CONNECTIONS_UNIX;
}

/* ---- streams ---- */

static void wake(void *user)
{
	struct exchange *exchange = user;
	if (!exchange->is_suspended)
		return;
	exchange->is_suspended = false;
	MHD_resume_connection(exchange->connection);
	run_soon(exchange->server);
}

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

/* libmicrohttpd does not look at a suspended connection, so it is ours to see that its client has gone. */
static void on_hangup(int events, void *user)
{
	struct exchange *exchange = user;
	char byte;
	(void)events;
	ssize_t got = recv(fd_of(exchange->connection), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
		if (got > 0)
			loop_fd_set(exchange->hangup, 0);
		return;
	}
	exchange->is_gone = true;
	loop_fd_set(exchange->hangup, 0);
	wake(exchange);
}

static void suspend(struct exchange *exchange)
{
	int fd = fd_of(exchange->connection), on = 1;
	/* Setting it again pushes out what was written with MSG_MORE: the headers. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!exchange->hangup)
		exchange->hangup = loop_fd_create(exchange->server->api->loop, fd, LOOP_READ, on_hangup, exchange);
	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->connection);
}

static ssize_t read_stream(void *user, uint64_t position, char *out, size_t size)
{
	struct exchange *exchange = user;
	struct api_stream *stream = exchange->stream;
	size_t left = stream->pending.len - exchange->taken, n = left < size ? left : size;
	(void)position;
	if (exchange->is_gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n) {
		if (stream->is_over)
			return stream->is_cut ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
		suspend(exchange);
		return 0;
	}
	memcpy(out, stream->pending.data + exchange->taken, n);
	exchange->taken += n;
	if (exchange->taken == stream->pending.len || exchange->taken > API_STREAM_MAX / 8) {
		str_drop_front(&stream->pending, exchange->taken);
		exchange->taken = 0;
	}
	if (!stream->pending.len && stream->on_drained)
		stream->on_drained(stream);
	return (ssize_t)n;
}

/* ---- upgrades ---- */

static void finish_upgraded(void *connection)
{
	struct upgraded *upgraded = connection;
	MHD_upgrade_action(upgraded->handle, MHD_UPGRADE_ACTION_CLOSE);
	run_soon(upgraded->server);
	free(upgraded);
}

static void on_upgrade(void *user, struct MHD_Connection *connection, void *con_cls, const char *extra,
                       size_t extra_size, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct exchange *exchange = user;
	struct upgraded *upgraded = mem_alloc(sizeof *upgraded);
	struct api_upgrade *upgrade = exchange->upgrade;
	void *taker = upgrade->user;
	int flags = fcntl(fd, F_GETFL);
	(void)connection;
	(void)con_cls;
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	*upgraded = (struct upgraded){exchange->server, handle};
	upgrade->user = NULL;
	upgrade->start(taker, fd, extra, extra_size, finish_upgraded, upgraded);
}

/* ---- answers ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_warning(struct MHD_Response *response, const char *text)
{
	struct str value = {0};
	str_append(&value, "299 - \"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_append_c(&value, '\\');
		str_append_c(&value, (unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f ? '?' : *text);
	}
	str_append_c(&value, '"');
	add_header(response, "Warning", str_text(&value));
	str_finish(&value);
}

static struct MHD_Response *make_response(struct exchange *exchange, struct api_reply *reply)
{
	if (reply->upgrade) {
		exchange->upgrade = reply->upgrade;
		reply->upgrade = NULL;
		return MHD_create_response_for_upgrade(on_upgrade, exchange);
	}
	if (reply->stream) {
		exchange->stream = reply->stream;
		reply->stream = NULL;
		exchange->stream->wake = wake;
		exchange->stream->wake_user = exchange;
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK, read_stream, exchange, NULL);
	}
	size_t len = reply->body.len;
	return MHD_create_response_from_buffer(len, str_take(&reply->body), MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer(struct exchange *exchange, struct api_reply *reply)
{
	char seconds[16];
	struct MHD_Response *response = make_response(exchange, reply);
	if (!response)
		return MHD_NO;
	if (exchange->upgrade) {
		add_header(response, "Upgrade", exchange->upgrade->protocol);
		if (exchange->upgrade->header)
			add_header(response, exchange->upgrade->header, exchange->upgrade->value);
		if (*exchange->upgrade->accept)
			add_header(response, "Sec-WebSocket-Accept", exchange->upgrade->accept);
	} else {
		add_header(response, "Content-Type", reply->content_type ? reply->content_type : "application/json");
		add_header(response, "Cache-Control", "no-cache, private");
	}
	for (size_t i = 0; i < reply->warnings.len; i++)
		add_warning(response, reply->warnings.data[i]);
	if (reply->retry_after) {
		snprintf(seconds, sizeof seconds, "%d", reply->retry_after);
		add_header(response, "Retry-After", seconds);
	}
	enum MHD_Result result = MHD_queue_response(exchange->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* No word about what is or is not there. */
static enum MHD_Result answer_bare(struct exchange *exchange, unsigned status)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = response ? MHD_queue_response(exchange->connection, status, response) : MHD_NO;
	MHD_destroy_response(response);
	return result;
}

/* ---- requests ---- */

static const char *header_of(struct exchange *exchange, const char *name)
{
	const char *value = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
	return value ? value : "";
}

static enum MHD_Result gather_protocols(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct str *out = user;
	(void)kind;
	if (key && value &&
	    (strcasecmp(key, "X-Stream-Protocol-Version") == 0 || strcasecmp(key, "Sec-WebSocket-Protocol") == 0))
		str_append_f(out, "%s%s", out->len ? ", " : "", value);
	return MHD_YES;
}

/* kubectl --as=NAME: only an administrator may, and only the lab's users are there to be. NULL: refused. */
static const struct api_user *user_as(const struct api_options *options, const struct api_user *user, const char *name)
{
	if (name[0] == '\0' || strcmp(name, user->name) == 0)
		return user;
	for (size_t i = 0; user->is_admin && i < options->n_users; i++)
		if (strcmp(options->users[i].name, name) == 0)
			return &options->users[i];
	return NULL;
}

static enum MHD_Result serve(struct exchange *exchange, const char *method)
{
	const struct api_options *options = &exchange->server->api->options;
	struct api_reply reply;
	struct str protocols = {0};
	char *query = strchr(exchange->uri, '?');
	if (query)
		*query++ = '\0';
	const char *path = exchange->uri;
	const struct api_user *user = http_user_of(options, path, &path);
	if (!user && is_from_unix(exchange->connection))
		user = admin_of(options);
	if (!user || !http_host_is_ours(header_of(exchange, "Host")))
		return answer_bare(exchange, 404);
	user = user_as(options, user, header_of(exchange, "Impersonate-User"));
	if (!user)
		return answer_bare(exchange, 403);
	if (exchange->is_too_big)
		return answer_bare(exchange, 413);
	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, gather_protocols, &protocols);
	struct api_request request = {
	        .user = user,
	        .method = method,
	        .path = path,
	        .query = query ? query : "",
	        .accept = header_of(exchange, "Accept"),
	        .content_type = header_of(exchange, "Content-Type"),
	        .user_agent = header_of(exchange, "User-Agent"),
	        .upgrade = header_of(exchange, "Upgrade"),
	        .ws_key = header_of(exchange, "Sec-WebSocket-Key"),
	        .ws_version = header_of(exchange, "Sec-WebSocket-Version"),
	        .protocols = str_text(&protocols),
	        .body = str_text(&exchange->body),
	        .body_size = exchange->body.len,
	};
	api_handle(exchange->server->api, &request, &reply);
	str_finish(&protocols);
	enum MHD_Result result = answer(exchange, &reply);
	api_reply_finish(&reply);
	return result;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **con_cls)
{
	struct exchange *exchange = *con_cls;
	int64_t length;
	(void)user;
	(void)url;
	(void)version;
	if (!exchange)
		return MHD_NO;
	exchange->connection = connection;
	if (!exchange->is_begun) {
		exchange->is_begun = true;
		if (text_to_int(header_of(exchange, "Content-Length"), 0, INT64_MAX, &length) &&
		    length > (int64_t)API_BODY_MAX) {
			exchange->is_too_big = true;
			return serve(exchange, method);
		}
		return MHD_YES;
	}
	if (!*size)
		return serve(exchange, method);
	if (exchange->body.len + *size > API_BODY_MAX)
		exchange->is_too_big = true;
	else
		str_append_n(&exchange->body, data, *size);
	*size = 0;
	return MHD_YES;
}

/* The request line has come: its URI as it was sent, which nothing else gives. */
static void *on_uri(void *user, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = user;
	struct exchange *exchange = mem_alloc(sizeof *exchange);
	exchange->server = server;
	exchange->connection = connection;
	exchange->uri = strlen(uri) > API_URL_MAX ? mem_strdup("") : mem_strdup(uri);
	exchange->next = server->exchanges;
	exchange->link = &server->exchanges;
	if (exchange->next)
		exchange->next->link = &exchange->next;
	server->exchanges = exchange;
	return exchange;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *con_cls;
	(void)user;
	(void)connection;
	(void)code;
	*con_cls = NULL;
	if (!exchange)
		return;
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
	loop_fd_destroy(exchange->hangup);
	if (exchange->stream)
		exchange->stream->destroy(exchange->stream);
	if (exchange->upgrade && exchange->upgrade->user)
		exchange->upgrade->cancel(exchange->upgrade->user);
	free(exchange->upgrade);
	str_finish(&exchange->body);
	free(exchange->uri);
	free(exchange);
}

/* ---- connections ---- */

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct server *server = user;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = &server->doors[server->accepting];
		server->doors[server->accepting].n_open++;
	} else if (*context) {
		((struct door *)*context)->n_open--;
	}
}

static void on_door(int events, void *user)
{
	struct door *door = user;
	struct server *server = door->server;
	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct sockaddr_storage address = {0};
		socklen_t size = sizeof address;
		int on = 1, fd = accept4(door->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		if (door->n_open >= door->limit) {
			close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		server->accepting = (int)(door - server->doors);
		if (size < sizeof address.ss_family)
			address.ss_family = AF_UNIX;
		MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address,
		                   size < sizeof address.ss_family ? sizeof address.ss_family
		                                                   : size); /* closes it when it fails */
	}
	run_soon(server);
}

static void door_open(struct server *server, int which, int fd, int limit)
{
	struct door *door = &server->doors[which];
	*door = (struct door){.server = server, .fd = fd, .limit = limit};
	if (fd >= 0)
		door->source = loop_fd_create(server->api->loop, fd, LOOP_READ, on_door, door);
}

struct server *server_create(struct api *api, struct err *err)
{
	struct server *server = mem_alloc(sizeof *server);
	server->api = api;
	server->timer = loop_timer_create(api->loop, run, server);
	door_open(server, FROM_TCP, api->options.tcp_fd, CONNECTIONS_TCP);
	door_open(server, FROM_UNIX, api->options.unix_fd, CONNECTIONS_UNIX);
	server->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, NULL, NULL,
	        on_request, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
	        on_uri, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
	        (unsigned)(CONNECTIONS_TCP + CONNECTIONS_UNIX), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)CHUNK,
	        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_IDLE_S, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	        MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
	        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info || info->epoll_fd < 0) {
		server_destroy(server);
		err_set(err, ERR_SYSTEM,
		        "the API's HTTP server does not start: libmicrohttpd gave no epoll descriptor");
		return NULL;
	}
	server->epoll = loop_fd_create(api->loop, info->epoll_fd, LOOP_READ, on_epoll, server);
	return server;
}

void server_destroy(struct server *server)
{
	if (!server)
		return;
	for (struct exchange *exchange = server->exchanges; exchange; exchange = exchange->next) {
		exchange->is_gone = true;
		wake(exchange);
	}
	if (server->daemon)
		MHD_run(server->daemon);
	loop_fd_destroy(server->epoll);
	loop_timer_destroy(server->timer);
	loop_unpost(server->api->loop, server);
	for (int i = 0; i < N_FROM; i++) {
		loop_fd_destroy(server->doors[i].source);
		if (server->doors[i].fd >= 0)
			close(server->doors[i].fd);
	}
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	free(server);
}
