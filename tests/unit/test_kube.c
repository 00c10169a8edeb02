/* kube against a server in this process, on the same loop, that speaks HTTP by script: lists, watches, cuts, lies. The last
 * tests put a real kubectl proxy in between, where there is one. Waiting times are divided by `hurry`. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/base.h"
#include "onesdn/kube.h"
#include "onesdn/loop.h"

/* ---- the server ---- */
struct conn {
	struct server *server;
	int fd;
	struct loop_fd *source;
	struct str in, out;
	bool is_stream, is_closed, ends;
	char target[1024]; /* of the request under way */
};
struct rule { /* the first whose words are in "METHOD target" answers */
	const char *words;
	int status; /* 0: never answer; -1: close at once; 200 and body NULL: a watch that stays open */
	const char *body;
	const char *type; /* NULL: application/json */
};
struct server {
	struct loop *loop;
	char dir[64], path[96];
	int fd, port;
	struct loop_fd *source;
	VEC(struct conn *) conns;
	VEC(struct rule) rules;
	VEC(char *) log; /* "METHOD target" of all requests */
	VEC(char *) hosts;
	struct loop_timer *tick;                              /* so that a wait with a deadline ends */
	bool (*serve)(struct conn *conn, const char *target); /* first of all; false: the rules */
};

static void conn_flush(struct conn *conn)
{
	while (conn->out.len > 0) {
		ssize_t n = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0)
			break;
		str_drop_front(&conn->out, (size_t)n);
	}
	if (conn->out.len == 0 && conn->ends && !conn->is_closed) {
		conn->is_closed = true;
		shutdown(conn->fd, SHUT_RDWR);
	}
	if (!conn->is_closed)
		loop_fd_set(conn->source, LOOP_READ | (conn->out.len ? LOOP_WRITE : 0));
}

static void reply(struct conn *conn, int status, const char *type, const char *body)
{
	str_append_f(&conn->out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status,
	             type ? type : "application/json", strlen(body), body);
	conn_flush(conn);
}

static void stream(struct conn *conn)
{
	str_append(&conn->out,
	           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
	conn->is_stream = true;
	conn_flush(conn);
}

static void chunk(struct conn *conn, const char *bytes, size_t size)
{
	str_append_f(&conn->out, "%zx\r\n", size);
	str_append_n(&conn->out, bytes, size);
	str_append(&conn->out, "\r\n");
	conn_flush(conn);
}

static void end_stream(struct conn *conn)
{
	str_append(&conn->out, "0\r\n\r\n");
	conn->is_stream = false;
	conn->target[0] = 0;
	conn_flush(conn);
}

static void cut(struct conn *conn)
{
	conn->ends = true;
	conn->is_stream = false;
	conn->target[0] = 0;
	conn_flush(conn);
}

static void serve(struct conn *conn, const char *method, const char *target)
{
	struct server *server = conn->server;
	char *line = mem_printf("%s %s", method, target);
	vec_push(&server->log, line);
	if (server->serve && server->serve(conn, target))
		return;
	for (size_t i = 0; i < server->rules.len; i++) {
		const struct rule *rule = &server->rules.data[i];
		if (!strstr(line, rule->words))
			continue;
		if (rule->status < 0)
			cut(conn);
		else if (rule->status > 0 && !rule->body)
			stream(conn);
		else if (rule->status > 0)
			reply(conn, rule->status, rule->type, rule->body);
		return;
	}
	if (strstr(target, "watch=true"))
		stream(conn);
	else
		reply(conn, 200, NULL, "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
}

static void on_conn(int events, void *user)
{
	struct conn *conn = user;
	char bytes[8192];
	if (events & LOOP_WRITE)
		conn_flush(conn);
	if (!(events & LOOP_READ) || conn->is_closed)
		return;
	ssize_t n = recv(conn->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		conn->is_closed = true;
		conn->target[0] = 0;
		loop_fd_set(conn->source, 0);
		return;
	}
	str_append_n(&conn->in, bytes, (size_t)n);
	for (char *end; conn->in.len && (end = strstr(conn->in.data, "\r\n\r\n"));) {
		char method[16] = "", target[1024] = "";
		char *length = strstr(conn->in.data, "Content-Length: "), *host = strstr(conn->in.data, "Host: ");
		size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
		size_t whole = (size_t)(end - conn->in.data) + 4 + body;
		if (conn->in.len < whole)
			return;
		assert_int_equal(sscanf(conn->in.data, "%15s %1023s", method, target), 2);
		vec_push(&conn->server->hosts, mem_strndup(host ? host + 6 : "", host ? strcspn(host + 6, "\r") : 0));
		snprintf(conn->target, sizeof conn->target, "%s", target);
		str_drop_front(&conn->in, whole);
		serve(conn, method, target);
	}
}

static void on_listen(int events, void *user)
{
	(void)events;
	struct server *server = user;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct conn *conn = mem_alloc(sizeof *conn);
	*conn = (struct conn){.server = server, .fd = fd};
	conn->source = loop_fd_create(server->loop, fd, LOOP_READ, on_conn, conn);
	vec_push(&server->conns, conn);
}

static void on_tick(void *user)
{
	(void)user;
}

static void server_listen(struct server *server, bool tcp)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
	server->fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(server->path);
	assert_int_equal(tcp ? bind(server->fd, (struct sockaddr *)&in, sizeof in)
	                     : bind(server->fd, (struct sockaddr *)&address, sizeof address),
	                 0);
	assert_int_equal(listen(server->fd, 64), 0);
	if (tcp) {
		assert_int_equal(getsockname(server->fd, (struct sockaddr *)&in, &len), 0);
		server->port = ntohs(in.sin_port);
	}
	server->source = loop_fd_create(server->loop, server->fd, LOOP_READ, on_listen, server);
}

static void server_init(struct server *server)
{
	struct err err = {0};
	*server = (struct server){.fd = -1};
	snprintf(server->dir, sizeof server->dir, "/tmp/test-kube-XXXXXX");
	assert_non_null(mkdtemp(server->dir));
	snprintf(server->path, sizeof server->path, "%s/api.sock", server->dir);
	server->loop = loop_create(&err);
	assert_non_null(server->loop);
	server->tick = loop_timer_create(server->loop, on_tick, NULL);
}

static void server_hang_up(struct server *server)
{
	for (size_t i = 0; i < server->conns.len; i++) {
		struct conn *conn = server->conns.data[i];
		loop_fd_destroy(conn->source);
		close(conn->fd);
		str_finish(&conn->in);
		str_finish(&conn->out);
		free(conn);
	}
	server->conns.len = 0;
	loop_fd_destroy(server->source);
	server->source = NULL;
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
	unlink(server->path);
}

static void server_finish(struct server *server)
{
	server_hang_up(server);
	vec_finish(&server->conns);
	vec_finish(&server->rules);
	for (size_t i = 0; i < server->log.len; i++)
		free(server->log.data[i]);
	for (size_t i = 0; i < server->hosts.len; i++)
		free(server->hosts.data[i]);
	vec_finish(&server->log);
	vec_finish(&server->hosts);
	loop_timer_destroy(server->tick);
	loop_destroy(server->loop);
	rmdir(server->dir);
}

static size_t count(const struct server *server, const char *words, const char * not )
{
	size_t n = 0;
	for (size_t i = 0; i < server->log.len; i++)
		n += strstr(server->log.data[i], words) && !(not &&strstr(server->log.data[i], not ));
	return n;
}

/* ---- the client under test, and what it reported ---- */
struct client {
	struct server server;
	struct kube *kube;
	struct str log; /* "+pod a/p;" "~" "-" and "LIVE;" ... */
	size_t n_changes;
	void (*on_change)(struct client *client);
};

static void on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                      void *user)
{
	struct client *client = user;
	(void)kube;
	assert_non_null(object);
	assert_ptr_equal(kind, kube_kind_of(object));
	client->n_changes++;
	if (client->log.len < 100000)
		str_append_f(&client->log, "%c%s %s/%s;", "+~-"[change], kind -> singular, kube_ns(object),
		             kube_name(object));
	if (client->on_change)
		client->on_change(client);
}

static void on_state(struct kube *kube, enum kube_state state, void *user)
{
	static const char *const names[] = {"CONNECTING", "LIVE", "STALE"};
	struct client *client = user;
	(void)kube;
	str_append_f(&client->log, "%s;", names[state]);
}

static void client_open(struct client *client, bool listens, int hurry)
{
	*client = (struct client){0};
	server_init(&client->server);
	if (listens)
		server_listen(&client->server, false);
	struct kube_options options = {
	        .socket = client->server.path,
	        .base_path = "/t/secret/",
	        .hurry = hurry,
	        .events = {on_change, on_state},
	        .user = client,
	};
	client->kube = kube_create(client->server.loop, &options);
}

static void client_close(struct client *client)
{
	kube_destroy(client->kube);
	client->kube = NULL;
	for (int i = 0; i < 3; i++)
		loop_turn(client->server.loop, false);
	server_finish(&client->server);
	str_finish(&client->log);
}

static void rule(struct client *client, const char *words, int status, const char *body, const char *type)
{
	struct rule each = {words, status, body, type};
	vec_push(&client->server.rules, each);
}

#define UNTIL(client, condition)                                                                                       \
	do {                                                                                                           \
		int64_t deadline_ = loop_now((client)->server.loop) + 20000;                                           \
		loop_timer_start((client)->server.tick, 5, 5);                                                         \
		while (!(condition)) {                                                                                 \
			if (loop_now((client)->server.loop) > deadline_)                                               \
				fail_msg("never: %s (problem: %s; log: %s)", #condition, kube_problem((client)->kube), \
				         str_text(&(client)->log));                                                    \
			loop_turn((client)->server.loop, true);                                                        \
		}                                                                                                      \
		loop_timer_stop((client)->server.tick);                                                                \
	} while (0)
#define UNTIL_STATE(client, wanted) UNTIL(client, kube_state((client)->kube) == (wanted))

static bool has_logged(const struct client *client, const char *words)
{
	return strstr(str_text(&client->log), words) != NULL;
}

/* The open watch whose target has these words. */
static struct conn *find_watch(struct client *client, const char *words)
{
	for (size_t i = client->server.conns.len; i-- > 0;) {
		struct conn *conn = client->server.conns.data[i];
		if (conn->is_stream && !conn->is_closed && strstr(conn->target, words))
			return conn;
	}
	return NULL;
}

static void send_event(struct client *client, const char *words, const char *type, const char *object)
{
	struct conn *conn = find_watch(client, words);
	assert_non_null(conn);
	char *event = mem_printf("{\"type\":\"%s\",\"object\":%s}\n", type, object);
	chunk(conn, event, strlen(event));
	free(event);
}

#define POD(ns, name, version)                                                                                         \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"uid\":\"u-" name                              \
	"\",\"resourceVersion\":\"" version "\"}}"
#define LIST(kind, version, items)                                                                                     \
	"{\"kind\":\"" kind "List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" version                \
	"\"},\"items\":[" items "]}"
#define STATUS(code, reason, message)                                                                                  \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message                     \
	"\",\"reason\":\"" reason "\",\"code\":" #code "}"
#define PODS (1u << KUBE_POD)
static const char *const in_a[] = {"a", NULL};
static const char *const in_ab[] = {"a", "b", NULL};

/* ---- tests ---- */
static void test_live(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5") "," POD("a", "q", "6")), NULL);
	assert_int_equal(kube_state(c.kube), KUBE_CONNECTING);
	assert_string_equal(kube_context(c.kube), "lab");
	kube_watch(c.kube, PODS, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_string_equal(kube_problem(c.kube), "");
	assert_int_equal(kube_stale_since(c.kube), 0);
	assert_int_equal(kube_count(c.kube, KUBE_POD), 2);
	assert_string_equal(c.log.data, "CONNECTING;+pod a/p;+pod a/q;LIVE;");
	assert_int_equal(count(&c.server, "GET /t/secret/api/v1/namespaces/a/pods?limit=", NULL), 1);
	assert_int_equal(count(&c.server, "watch=true&allowWatchBookmarks=true&timeoutSeconds=", NULL), 1);
	assert_int_equal(count(&c.server, "resourceVersion=10", NULL), 1);
	for (size_t i = 0; i < c.server.hosts.len; i++)
		assert_string_equal(c.server.hosts.data[i], "localhost");

	uint64_t generation = kube_generation(c.kube);
	send_event(&c, "/pods", "ADDED", POD("a", "r", "11"));
	send_event(&c, "/pods", "MODIFIED", POD("a", "p", "12"));
	send_event(&c, "/pods", "DELETED", POD("a", "q", "13"));
	send_event(&c, "/pods", "MODIFIED", POD("a", "p", "12")); /* nothing new */
	send_event(&c, "/pods", "BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"20\"}}");
	UNTIL(&c, has_logged(&c, "-pod a/q;"));
	assert_string_equal(c.log.data, "CONNECTING;+pod a/p;+pod a/q;LIVE;+pod a/r;~pod a/p;-pod a/q;");
	assert_int_equal(kube_generation(c.kube), generation + 3);
	assert_null(kube_find(c.kube, KUBE_POD, "a", "q"));
	assert_string_equal(json_walk_str(kube_find(c.kube, KUBE_POD, "a", "r"), "apiVersion", NULL), "v1");

	/* a clean end: on at once from the bookmark, and live all the time */
	end_stream(find_watch(&c, "/pods"));
	UNTIL(&c, count(&c.server, "resourceVersion=20", NULL) == 1);
	UNTIL(&c, find_watch(&c, "resourceVersion=20"));
	assert_false(has_logged(&c, "STALE"));
	assert_int_equal(count(&c.server, "limit=", NULL), 1);
	client_close(&c);
}

/* Each byte in a chunk of its own. */
static void test_any_split(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	kube_watch(c.kube, PODS, NULL);
	UNTIL(&c, find_watch(&c, "/api/v1/pods"));
	const char *bytes = "{\"type\":\"ADDED\",\"object\":" POD(
	        "a", "p{\\\"}", "11") "}{\n\"type\":\"ADDED\",\"object\":" POD("b", "q", "12") "}";
	for (const char *at = bytes; *at; at++)
		chunk(find_watch(&c, "/api/v1/pods"), at, 1);
	UNTIL(&c, has_logged(&c, "+pod b/q;"));
	assert_int_equal(kube_count(c.kube, KUBE_POD), 2);
	client_close(&c);
}

static void test_cut(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, find_watch(&c, "resourceVersion=10"));
	send_event(&c, "/pods", "ADDED", POD("a", "r", "11"));
	chunk(find_watch(&c, "/pods"), "{\"type\":\"ADD", 12); /* in the middle of an event */
	cut(find_watch(&c, "/pods"));
	UNTIL_STATE(&c, KUBE_STALE);
	assert_true(kube_stale_since(c.kube) > 0);
	assert_non_null(strstr(kube_problem(c.kube), "connection broke"));
	assert_int_equal(kube_count(c.kube, KUBE_POD), 2); /* what was known stays */
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_int_equal(count(&c.server, "resourceVersion=11", NULL), 1);
	assert_int_equal(count(&c.server, "limit=", NULL), 1);
	assert_int_equal(kube_stale_since(c.kube), 0);
	send_event(&c, "resourceVersion=11", "ADDED", POD("a", "s", "14"));
	UNTIL(&c, has_logged(&c, "+pod a/s;"));
	client_close(&c);
}

static bool serve_gone(struct conn *conn, const char *target)
{
	if (strstr(target, "resourceVersion=11")) {
		reply(conn, 410, NULL, STATUS(410, "Expired", "too old resource version"));
		return true;
	}
	if (strstr(target, "limit=") && conn->server->log.len > 2) {
		reply(conn, 200, NULL, LIST("Pod", "30", POD("a", "p", "5") "," POD("a", "new", "25")));
		return true;
	}
	return false;
}

/* Too old a version, by status or by event: listed anew, and only what differs is reported. */
static void gone(bool by_event)
{
	struct client c;
	client_open(&c, true, 1);
	c.server.serve = serve_gone;
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5") "," POD("a", "old", "6")), NULL);
	kube_watch(c.kube, PODS, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	str_clear(&c.log);
	if (by_event) {
		send_event(&c, "/pods", "ERROR", STATUS(410, "Expired", "too old resource version: 5 (9)"));
	} else {
		send_event(&c, "/pods", "BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"11\"}}");
		end_stream(find_watch(&c, "/pods"));
	}
	UNTIL(&c, find_watch(&c, "resourceVersion=30"));
	assert_string_equal(c.log.data, "+pod a/new;-pod a/old;");
	client_close(&c);
}

static void test_gone(void **state)
{
	(void)state;
	gone(false);
	gone(true);
}

/* A server that answers every watch with 410 must not be asked without end. */
static void test_always_gone(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	rule(&c, "watch=true", 410, STATUS(410, "Expired", "too old"), NULL);
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, strstr(kube_problem(c.kube), "forgets the history"));
	int64_t until = loop_now(c.server.loop) + 500;
	UNTIL(&c, loop_now(c.server.loop) > until);
	assert_in_range(count(&c.server, "limit=", NULL), 2, 6);
	client_close(&c);
}

static void test_not_served(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 50);
	rule(&c, "/apis/k8s.cni.cncf.io/v1/", 404, "404 page not found\n", "text/plain");
	kube_watch(c.kube, PODS | 1u << KUBE_NAD, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_false(kube_is_served(c.kube, KUBE_NAD));
	assert_true(kube_is_served(c.kube, KUBE_POD));
	assert_string_equal(kube_problem(c.kube), "");
	/* its definition is installed later, and removed again */
	c.server.rules.data[0] = (struct rule){
	        "network-attachment-definitions?limit", 200,
	        LIST("NetworkAttachmentDefinition", "7", "{\"metadata\":{\"name\":\"n\",\"namespace\":\"a\"}}"), NULL};
	UNTIL(&c, kube_count(c.kube, KUBE_NAD) == 1 && kube_is_served(c.kube, KUBE_NAD));
	UNTIL(&c, find_watch(&c, "network-attachment"));
	c.server.rules.data[0] = (struct rule){"network-attachment", 404, "", NULL};
	cut(find_watch(&c, "network-attachment"));
	UNTIL(&c, !kube_is_served(c.kube, KUBE_NAD));
	assert_true(has_logged(&c, "-network-attachment-definition a/n;"));
	assert_int_equal(kube_count(c.kube, KUBE_NAD), 0);
	client_close(&c);
}

/* Who may not list nodes is told so, and sees the rest live; who may not list pods sees nothing that could be called that. */
static void test_forbidden(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 50);
	rule(&c, "/nodes", 403, STATUS(403, "Forbidden", "User \\\"u\\\" cannot list nodes"), NULL);
	kube_watch(c.kube, PODS | 1u << KUBE_NODE, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_false(kube_is_served(c.kube, KUBE_NODE));
	assert_string_equal(kube_problem(c.kube), "");
	assert_non_null(strstr(kube_note(c.kube), "cannot list nodes"));
	assert_non_null(strstr(kube_note(c.kube), "ask the cluster's administrator"));
	/* the right is given later */
	c.server.rules.len = 0;
	UNTIL(&c, kube_is_served(c.kube, KUBE_NODE));
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_string_equal(kube_note(c.kube), "");
	client_close(&c);
}

static void test_problems(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *type, *body, *words[3];
	} cases[] = {
	        {403,
	         NULL,
	         STATUS(403, "Forbidden", "pods is forbidden: User \\\"u\\\" cannot list resource \\\"pods\\\""),
	         {"User \"u\" cannot list",
	          "ask the cluster's administrator for the verbs get, list and watch on pods in namespace a", ""}},
	        {401,
	         NULL,
	         STATUS(401, "Unauthorized", "Unauthorized"),
	         {"does not accept the login", "log in again", ""}},
	        {500,
	         "text/plain",
	         "dial tcp 127.0.0.1:1: connect: connection refused\nmore",
	         {"error 500", "dial tcp 127.0.0.1:1", "onesdn lab up"}},
	        {503,
	         NULL,
	         STATUS(503, "ServiceUnavailable", "apiserver is shutting down"),
	         {"error 503", "shutting down", ""}},
	        {200, "text/html", "<html>\033[31mlog in</html>", {"no Kubernetes API", "<html>", ""}},
	        {200,
	         NULL,
	         "{\"kind\":\"Status\"}",
	         {"list of pods cannot be used: the answer is no list", "check what answers on", ""}},
	        {200,
	         NULL,
	         "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"namespace\":\"a\"}}]}",
	         {"without a name", "", ""}},
	        {302, NULL, "", {"status 302", "", ""}},
	        {-1, NULL, "", {"does not answer", "", ""}},
	        {0, NULL, "", {"does not answer", "onesdn lab up", ""}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct client c;
		client_open(&c, true, 100);
		rule(&c, "limit=", cases[i].status, cases[i].body, cases[i].type);
		kube_watch(c.kube, PODS, in_a);
		UNTIL(&c, kube_problem(c.kube)[0] && !strstr(kube_problem(c.kube), "waiting for"));
		for (size_t w = 0; w < 3; w++)
			if (!strstr(kube_problem(c.kube), cases[i].words[w]))
				fail_msg("case %zu: \"%s\" is not in: %s", i, cases[i].words[w], kube_problem(c.kube));
		assert_true(text_is_safe(kube_problem(c.kube), strlen(kube_problem(c.kube))));
		assert_int_equal(kube_state(c.kube), KUBE_CONNECTING);
		/* and it comes right by itself */
		c.server.rules.len = 0;
		UNTIL_STATE(&c, KUBE_LIVE);
		client_close(&c);
	}
}

/* The server comes back as another one, that knows nothing of the old versions: listed anew at once. */
static void test_other_server(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 10);
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
	kube_watch(c.kube, PODS, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	server_hang_up(&c.server);
	int64_t until = loop_now(c.server.loop) + 150; /* several tries in vain */
	UNTIL(&c, loop_now(c.server.loop) > until);
	assert_non_null(strstr(kube_problem(c.kube), "nobody listens on its socket"));
	c.server.rules.data[0] = (struct rule){"resourceVersion=10", 410, STATUS(410, "Expired", "too old"), NULL};
	rule(&c, "pods?limit", 200, LIST("Pod", "3", POD("a", "new", "2")), NULL);
	server_listen(&c.server, false);
	UNTIL(&c, count(&c.server, "resourceVersion=10", NULL) == 2);
	until = loop_now(c.server.loop);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_true(loop_now(c.server.loop) - until < 300); /* the back-off would be 500 */
	assert_true(has_logged(&c, "+pod a/new;-pod a/p;LIVE;"));
	client_close(&c);
}

/* Nobody listens, then somebody does, then he dies, then he is back. */
static void test_comes_and_goes(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, false, 20);
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
	kube_watch(c.kube, PODS, in_ab);
	UNTIL(&c, strstr(kube_problem(c.kube), "does not answer"));
	assert_int_equal(kube_state(c.kube), KUBE_CONNECTING);
	server_listen(&c.server, false);
	UNTIL_STATE(&c, KUBE_LIVE);
	server_hang_up(&c.server);
	UNTIL_STATE(&c, KUBE_STALE);
	assert_int_equal(kube_count(c.kube, KUBE_POD), 1);
	server_listen(&c.server, false);
	UNTIL_STATE(&c, KUBE_LIVE);
	client_close(&c);
}

/* The server falls silent without closing anything. */
static void test_silent_death(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 200);
	kube_watch(c.kube, PODS | 1u << KUBE_NODE, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	size_t n = c.server.log.len;
	rule(&c, "GET", 0, "", NULL);
	UNTIL_STATE(&c, KUBE_STALE);
	assert_true(c.server.log.len > n || strlen(kube_problem(c.kube)) > 0);
	UNTIL(&c, count(&c.server, "/t/secret/version", NULL) >= 2);
	c.server.rules.len = 0;
	UNTIL_STATE(&c, KUBE_LIVE);
	/* well again: nothing is asked any more */
	n = count(&c.server, "/version", NULL);
	int64_t until = loop_now(c.server.loop) + 100;
	UNTIL(&c, loop_now(c.server.loop) > until);
	assert_true(count(&c.server, "/version", NULL) <= n + 1);
	client_close(&c);
}

static void test_garbage_watch(void **state)
{
	(void)state;
	static const char *const garbage[] = {"hello", "{\"type\":\"ADDED\",\"object\":{]}", "[1,2]",
	                                      "{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd\"}}",
	                                      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}"};
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		struct client c;
		client_open(&c, true, 20);
		rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
		kube_watch(c.kube, PODS, NULL);
		UNTIL(&c, find_watch(&c, "resourceVersion=10"));
		chunk(find_watch(&c, "/pods"), garbage[i], strlen(garbage[i]));
		UNTIL_STATE(&c, KUBE_STALE);
		assert_true(kube_problem(c.kube)[0]);
		UNTIL_STATE(&c, KUBE_LIVE); /* by a new list */
		assert_int_equal(count(&c.server, "limit=", NULL), 2);
		assert_int_equal(kube_count(c.kube, KUBE_POD), 1);
		client_close(&c);
	}
}

static bool serve_pages(struct conn *conn, const char *target)
{
	if (strstr(target, "continue=page%2F2"))
		reply(conn, 200, NULL,
		      "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"\"},\"items\":"
		      "[" POD("a", "q", "6") "]}");
	else if (strstr(target, "limit="))
		reply(conn, 200, NULL,
		      "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"page/"
		      "2\"},\"items\":[" POD("a", "p", "5") "]}");
	else
		return false;
	return true;
}

static void test_pages(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	c.server.serve = serve_pages;
	kube_watch(c.kube, PODS, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_int_equal(kube_count(c.kube, KUBE_POD), 2);
	assert_true(has_logged(&c, "+pod a/p;+pod a/q;LIVE;"));
	client_close(&c);
}

/* A thousand events in one piece: at most a hundred a turn, in order, none lost. */
static void test_budget(void **state)
{
	(void)state;
	struct client c;
	struct str bytes = {0};
	client_open(&c, true, 1);
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, find_watch(&c, "/pods"));
	for (int i = 0; i < 1000; i++)
		str_append_f(&bytes,
		             "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"p\",\"namespace\":\"a\","
		             "\"resourceVersion\":\"%d\"}}}\n",
		             i + 2);
	chunk(find_watch(&c, "/pods"), bytes.data, bytes.len);
	size_t most = 0;
	for (int turn = 0; turn < 5000 && c.n_changes < 1000; turn++) {
		size_t before = c.n_changes;
		loop_turn(c.server.loop, false);
		if (c.n_changes - before > most)
			most = c.n_changes - before;
	}
	assert_int_equal(c.n_changes, 1000);
	assert_int_equal(most, 100);
	assert_string_equal(json_walk_str(kube_find(c.kube, KUBE_POD, "a", "p"), "metadata", "resourceVersion", NULL),
	                    "1001");
	str_finish(&bytes);
	client_close(&c);
}

/* A flood that comes faster than it is handled: cut when 16 MiB wait, taken up again where it was; none lost or doubled. */
enum { FLOOD = 120000, PIECE = 500 };
static bool serve_flood(struct conn *conn, const char *target)
{
	const char *version = strstr(target, "resourceVersion=");
	if (!strstr(target, "watch=true"))
		return false;
	int from = version ? (int)strtol(version + 16, NULL, 10) : 1;
	struct str bytes = {0};
	stream(conn);
	for (int i = from; i <= FLOOD; i += PIECE) {
		str_clear(&bytes);
		for (int k = i; k < i + PIECE && k <= FLOOD; k++)
			str_append_f(&bytes,
			             "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"p\",\"namespace\":"
			             "\"a\",\"resourceVersion\":\"%d\"},"
			             "\"filler\":\"%0160d\"}}\n",
			             k + 1, 0);
		chunk(conn, bytes.data, bytes.len);
	}
	str_finish(&bytes);
	return true;
}

static void test_flood(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	c.server.serve = serve_flood;
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, c.n_changes >= FLOOD);
	assert_int_equal(c.n_changes, FLOOD);
	assert_true(count(&c.server, "watch=true", NULL) >= 2);
	assert_false(has_logged(&c, "STALE"));
	client_close(&c);
}

static void test_plan(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	rule(&c, "namespaces/a/pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
	rule(&c, "namespaces/b/pods?limit", 200, LIST("Pod", "10", POD("b", "q", "6")), NULL);
	rule(&c, "/api/v1/namespaces?limit", 200,
	     LIST("Namespace", "10", "{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"other\"}}"), NULL);
	kube_watch(c.kube, PODS | 1u << KUBE_NAMESPACE, in_a);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_int_equal(kube_count(c.kube, KUBE_NAMESPACE), 1); /* although this server ignores the selector */
	assert_int_equal(count(&c.server, "fieldSelector=metadata.name%3Da", "watch"), 1);
	size_t n = c.server.log.len;
	kube_watch(c.kube, PODS | 1u << KUBE_NAMESPACE, in_ab);
	assert_int_equal(kube_state(c.kube), KUBE_CONNECTING);
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_int_equal(kube_count(c.kube, KUBE_POD), 2);
	assert_int_equal(c.server.log.len, n + 4); /* only b: two lists, two watches */
	str_clear(&c.log);
	const char *const in_b[] = {"b", NULL};
	kube_watch(c.kube, PODS, in_b);
	assert_int_equal(kube_state(c.kube), KUBE_LIVE);
	assert_int_equal(kube_count(c.kube, KUBE_POD), 1);
	assert_int_equal(kube_count(c.kube, KUBE_NAMESPACE), 0);
	assert_string_equal(str_text(&c.log), "");
	assert_int_equal(c.server.log.len, n + 4);
	UNTIL(&c, !find_watch(&c, "namespaces/a/pods"));
	client_close(&c);
}

static void widen(struct client *client)
{
	client->on_change = NULL;
	kube_watch(client->kube, PODS | 1u << KUBE_NODE, in_ab);
}

static void test_plan_from_inside(void **state)
{
	(void)state;
	struct client c;
	client_open(&c, true, 1);
	c.on_change = widen;
	rule(&c, "namespaces/a/pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5") "," POD("a", "q", "6")), NULL);
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, find_watch(&c, "/nodes") && find_watch(&c, "/a/pods") && find_watch(&c, "/b/pods"));
	UNTIL_STATE(&c, KUBE_LIVE);
	client_close(&c);
}

/* ---- single requests ---- */
struct answers {
	int n, status;
	char *failure;
	bool had_body;
	struct kube_request *destroy;
};

static void on_reply(const struct kube_reply *got, void *user)
{
	struct answers *answers = user;
	answers->n++;
	answers->status = got->status;
	answers->had_body = got->body != NULL;
	free(answers->failure);
	answers->failure = mem_strdup(got->failure);
	kube_request_destroy(answers->destroy);
	answers->destroy = NULL;
}

static void test_requests(void **state)
{
	(void)state;
	struct client c;
	struct answers a = {0};
	client_open(&c, true, 100);
	rule(&c, "GET /t/secret/version", 200, "{\"gitVersion\":\"v1.36.2\"}", NULL);
	rule(&c, "POST /t/secret/apis/x", 201, "{}", NULL);
	rule(&c, "GET /t/secret/none", 404, STATUS(404, "NotFound", "pods \\\"x\\\" not found"), NULL);
	rule(&c, "GET /t/secret/never", 0, "", NULL);
	a.destroy = kube_request_create(c.kube, "/version", NULL, on_reply, &a); /* destroyed from inside */
	assert_int_equal(a.n, 0);
	UNTIL(&c, a.n == 1);
	assert_int_equal(a.status, 200);
	assert_true(a.had_body);
	assert_null(a.failure);
	json_t *body = json_pack("{ss}", "a", "b");
	struct kube_request *post = kube_request_create(c.kube, "apis/x", body, on_reply, &a);
	json_decref(body);
	UNTIL(&c, a.n == 2);
	assert_int_equal(a.status, 201);
	kube_request_destroy(post);
	struct kube_request *none = kube_request_create(c.kube, "/none", NULL, on_reply, &a);
	UNTIL(&c, a.n == 3);
	assert_int_equal(a.status, 404);
	assert_string_equal(a.failure, "the cluster answers with status 404: pods \"x\" not found");
	kube_request_destroy(none);
	struct kube_request *never = kube_request_create(c.kube, "/never", NULL, on_reply, &a);
	UNTIL(&c, a.n == 4);
	assert_int_equal(a.status, 0);
	assert_non_null(strstr(a.failure, "no answer within 10 s"));
	kube_request_destroy(never);
	kube_request_destroy(kube_request_create(c.kube, "/version", NULL, on_reply, &a)); /* no callback any more */
	struct kube_request *orphan = kube_request_create(c.kube, "/version", NULL, on_reply, &a);
	kube_destroy(c.kube);
	c.kube = NULL;
	for (int i = 0; i < 20; i++)
		loop_turn(c.server.loop, false);
	kube_request_destroy(orphan);
	assert_int_equal(a.n, 4);
	free(a.failure);
	client_close(&c);
}

static void test_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int kind;
	} cases[] = {
	        {"pods", KUBE_POD},
	        {"pod", KUBE_POD},
	        {"po", KUBE_POD},
	        {"Pod", KUBE_POD},
	        {"net-attach-def", KUBE_NAD},
	        {"vmi", KUBE_VMI},
	        {"vms", KUBE_VM},
	        {"network-attachment-definitions.k8s.cni.cncf.io", KUBE_NAD},
	        {"multi-policy", KUBE_MULTI_POLICY},
	        {"ns", KUBE_NAMESPACE},
	        {"pods.kubevirt.io", -1},
	        {"", -1},
	        {"vm vms", -1},
	        {"secrets", -1},
	        {"pods.", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct kube_kind *kind = kube_kind_find(cases[i].name);
		if (kind != (cases[i].kind < 0 ? NULL : &kube_kinds[cases[i].kind]))
			fail_msg("%s gave %s", cases[i].name, kind ? kind->kind : "nothing");
	}
	json_t *object = json_pack("{ss,ss,s{ss,s{ss}},s{s[{ss,ss,ss,ss}]}}", "apiVersion", "v1", "kind", "Pod",
	                           "metadata", "name", "p", "annotations", "k", "v", "status", "conditions", "type",
	                           "Ready", "status", "False", "reason", "R", "message", "M");
	const char *reason, *message;
	assert_ptr_equal(kube_kind_of(object), &kube_kinds[KUBE_POD]);
	assert_string_equal(kube_name(object), "p");
	assert_string_equal(kube_ns(object), "");
	assert_string_equal(kube_annotation(object, "k"), "v");
	assert_string_equal(kube_annotation(object, "x"), "");
	assert_string_equal(kube_condition(object, "ready", &reason, &message), "False");
	assert_string_equal(reason, "R");
	assert_string_equal(message, "M");
	assert_string_equal(kube_condition(object, "x", NULL, NULL), "");
	json_decref(object);
}

/* ---- with kubectl proxy in between ---- */
static void write_file(const char *path, unsigned mode, const char *text)
{
	struct err err = {0};
	if (!file_write(path, text, strlen(text), mode, &err))
		fail_msg("%s", err.text);
}

/* `refuses`: a kubectl of before 1.24, without --append-server-path. */
static void open_proxied(struct client *client, const char *kubectl, bool refuses, char *pid_path)
{
	char config[128], program[128];
	*client = (struct client){0};
	server_init(&client->server);
	server_listen(&client->server, true);
	snprintf(config, sizeof config, "%s/config", client->server.dir);
	snprintf(program, sizeof program, "%s/kubectl", client->server.dir);
	snprintf(pid_path, 128, "%s/pid", client->server.dir);
	char *text = mem_printf("apiVersion: v1\nkind: Config\ncurrent-context: talk\ncontexts:\n- name: talk\n  "
	                        "context: {cluster: c, user: u}\n"
	                        "clusters:\n- name: c\n  cluster: {server: "
	                        "\"http://127.0.0.1:%d/t/secret\"}\nusers:\n- name: u\n  user: {}\n",
	                        client->server.port);
	write_file(config, 0600, text);
	free(text);
	text = mem_printf("#!/bin/sh\ncase \"$*\" in *--append-server-path*) if %s; then echo 'Error: unknown flag: "
	                  "--append-server-path' >&2; exit 1; fi;; esac\n"
	                  "case \"$*\" in *\" proxy \"*) echo $$ >%s;; esac\nexec %s \"$@\"\n",
	                  refuses ? "true" : "false", pid_path, kubectl);
	write_file(program, 0700, text);
	free(text);
	struct kube_options options = {
	        .kubeconfig = config,
	        .kubectl = program,
	        .hurry = 1,
	        .events = {on_change, on_state},
	        .user = client,
	};
	client->kube = kube_create(client->server.loop, &options);
}

static void close_proxied(struct client *client)
{
	static const char *const files[] = {"config", "kubectl", "pid"};
	char path[128];
	kube_destroy(client->kube);
	client->kube = NULL;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", client->server.dir, files[i]);
		unlink(path);
	}
	client_close(client);
}

static pid_t read_pid(const char *path)
{
	struct str text = {0};
	struct err err = {0};
	int64_t pid = 0;
	if (file_read(path, 64, &text, &err) && text.len > 1) {
		text.data[strcspn(text.data, "\n")] = 0;
		text_to_int(text.data, 1, INT32_MAX, &pid);
	}
	str_finish(&text);
	return (pid_t)pid;
}

static void through_proxy(bool refuses)
{
	struct client c;
	char pid_path[128], *kubectl = path_program("kubectl");
	if (!kubectl) {
		print_message("# no kubectl on this machine: skipped\n");
		skip();
	}
	open_proxied(&c, kubectl, refuses, pid_path);
	rule(&c, "pods?limit", 200, LIST("Pod", "10", POD("a", "p", "5")), NULL);
	rule(&c, "/version", 200, "{\"major\":\"1\",\"minor\":\"32\",\"gitVersion\":\"v1.32.4\"}", NULL);
	kube_watch(c.kube, PODS, in_a);
	assert_string_equal(kube_problem(c.kube), "connecting to the cluster");
	UNTIL_STATE(&c, KUBE_LIVE);
	assert_true(count(&c.server, "GET /t/secret/api/v1/namespaces/a/pods?limit=", NULL) >= 1);
	UNTIL(&c, strcmp(kube_context(c.kube), "talk") == 0);
	send_event(&c, "/pods", "ADDED", POD("a", "r", "11"));
	UNTIL(&c, has_logged(&c, "+pod a/r;"));
	/* the proxy dies: STALE with the reason, then a new one */
	pid_t pid = read_pid(pid_path);
	assert_true(pid > 1);
	unlink(pid_path);
	assert_int_equal(kill(pid, SIGKILL), 0);
	UNTIL_STATE(&c, KUBE_STALE);
	UNTIL(&c, strstr(kube_problem(c.kube), "proxy ended with signal 9"));
	UNTIL_STATE(&c, KUBE_LIVE);
	pid = read_pid(pid_path);
	/* the cluster dies behind it */
	server_hang_up(&c.server);
	UNTIL_STATE(&c, KUBE_STALE);
	UNTIL(&c, strstr(kube_problem(c.kube), "refused"));
	close_proxied(&c);
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
		poll(NULL, 0, 10);
	assert_int_not_equal(kill(pid, 0), 0);
	free(kubectl);
}

static void test_proxy(void **state)
{
	(void)state;
	through_proxy(false);
}

static void test_old_proxy(void **state)
{
	(void)state;
	through_proxy(true);
}

static void test_no_kubectl(void **state)
{
	(void)state;
	struct client c = {0};
	server_init(&c.server);
	struct kube_options options = {
	        .kubectl = "no-such-kubectl", .hurry = 100, .events = {on_change, on_state}, .user = &c};
	c.kube = kube_create(c.server.loop, &options);
	kube_watch(c.kube, PODS, in_a);
	UNTIL(&c, strstr(kube_problem(c.kube), "there is no program no-such-kubectl: install kubectl"));
	kube_destroy(c.kube);
	char *stale = mem_printf("%s/onesdn/proxy-%d-0.sock", getenv("XDG_RUNTIME_DIR"),
	                         999999999); /* of one that was killed */
	write_file(stale, 0600, "");
	options.kubectl = "false";
	c.kube = kube_create(c.server.loop, &options);
	UNTIL(&c, strstr(kube_problem(c.kube), "false proxy ended with status 1"));
	assert_int_not_equal(access(stale, F_OK), 0);
	free(stale);
	client_close(&c);
}

int main(void)
{
	char runtime[] = "/tmp/test-kube-run-XXXXXX";
	if (!mkdtemp(runtime))
		return 1;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_kinds),         cmocka_unit_test(test_live),
	        cmocka_unit_test(test_any_split),     cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_gone),          cmocka_unit_test(test_always_gone),
	        cmocka_unit_test(test_not_served),    cmocka_unit_test(test_forbidden),
	        cmocka_unit_test(test_problems),      cmocka_unit_test(test_comes_and_goes),
	        cmocka_unit_test(test_other_server),  cmocka_unit_test(test_silent_death),
	        cmocka_unit_test(test_garbage_watch), cmocka_unit_test(test_pages),
	        cmocka_unit_test(test_budget),        cmocka_unit_test(test_flood),
	        cmocka_unit_test(test_plan),          cmocka_unit_test(test_plan_from_inside),
	        cmocka_unit_test(test_requests),      cmocka_unit_test(test_no_kubectl),
	        cmocka_unit_test(test_proxy),         cmocka_unit_test(test_old_proxy),
	};
	int failed = cmocka_run_group_tests_name("kube", tests, NULL, NULL);
	char *dir = mem_printf("%s/onesdn", runtime);
	bool is_clean = rmdir(dir) == 0 || errno == ENOENT; /* a socket left behind would show here */
	rmdir(runtime);
	free(dir);
	if (!is_clean)
		print_error("not ok: a socket was left behind in %s\n", runtime);
	return failed || !is_clean;
}
