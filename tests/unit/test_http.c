/* test_http: requests against a small server that stands on the same loop, over a Unix socket and over TCP. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/loop.h"

#define DEADLINE_MS 10000
#define CLIENTS_MAX 64

/* ---- the server: answers by the request's path; "|" in an answer is a turn of the loop, so that it comes in pieces ---- */

struct client {
	int fd;
	struct loop_fd *source;
	struct loop_timer *timer;
	struct str request;
	const char *rest; /* of the answer */
	bool is_closed_after;
};

static const struct {
	const char *start, *answer;
	bool is_closed_after;
} answers[] = {
        {"GET /hello ", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello", false},
        {"POST /made ", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", false},
        {"DELETE /gone ", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"PATCH /p ", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"HEAD /hello ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false},
        {"GET /missing ", "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", false},
        {"GET /moved ", "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n", false},
        {"GET /watch ",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n|8\r\n{\"a\":|1}\n\r\n4\r\n{\"b\"|\r\n4\r\n:2}\n\r\n|0\r\n|\r\n",
         false},
        {"GET /broken ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n|8\r\nsec", true},
        {"GET /short ", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true},
        {"GET /until-close ", "HTTP/1.1 200 OK\r\n\r\nall of it", true},
        {"GET /nothing ", "", true},
        {"GET /junk ", "SSH-2.0-OpenSSH_9.2\r\n\r\n", true},
        {"GET /hang ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", false},
        {"GET /silent ", "", false},
};

static struct loop *loop;
static char dir[64], socket_path[80];
static int server_fd;
static struct loop_fd *server;
static struct client clients[CLIENTS_MAX];
static int n_clients, n_closed;
static struct str last_request;

static void close_client(struct client *client)
{
	if (client->fd < 0)
		return;
	loop_fd_destroy(client->source);
	loop_timer_destroy(client->timer);
	close(client->fd);
	client->fd = -1;
	str_finish(&client->request);
	n_closed++;
}

static void send_some(void *user)
{
	struct client *client = user;
	size_t len = strcspn(client->rest, "|");
	if (len > 0 && send(client->fd, client->rest, len, MSG_NOSIGNAL) != (ssize_t)len) {
		close_client(client);
		return;
	}
	client->rest += len;
	if (*client->rest == '|') {
		client->rest++;
		loop_timer_start(client->timer, 1, 0);
	} else if (client->is_closed_after) {
		close_client(client);
	}
}

/* A whole request: its head, and the body that Content-Length tells of. */
static bool is_whole(const struct str *request)
{
	const char *end = strstr(str_text(request), "\r\n\r\n"),
	           *length = strcasestr(str_text(request), "\r\nContent-Length: ");
	if (!end)
		return false;
	size_t body = length && length < end ? strtoul(length + strlen("\r\nContent-Length: "), NULL, 10) : 0;
	return request->len >= (size_t)(end - request->data) + 4 + body;
}

static void on_client(int events, void *user)
{
	(void)events;
	struct client *client = user;
	char piece[65536];
	ssize_t n = recv(client->fd, piece, sizeof piece, MSG_DONTWAIT);
	if (n <= 0) {
		close_client(client);
		return;
	}
	str_append_n(&client->request, piece, (size_t)n);
	if (!is_whole(&client->request))
		return;
	str_clear(&last_request);
	str_append_n(&last_request, client->request.data, client->request.len);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		if (text_has_prefix(client->request.data, answers[i].start)) {
			client->rest = answers[i].answer;
			client->is_closed_after = answers[i].is_closed_after;
			str_clear(&client->request);
			send_some(client);
			return;
		}
	}
	fail_msg("the server knows nothing of: %s", client->request.data);
}

static void on_connect(int events, void *user)
{
	(void)events, (void)user;
	int fd = accept4(server_fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0 && n_clients < CLIENTS_MAX);
	struct client *client = &clients[n_clients++];
	*client = (struct client){.fd = fd, .rest = ""};
	client->source = loop_fd_create(loop, fd, LOOP_READ, on_client, client);
	client->timer = loop_timer_create(loop, send_some, client);
}

static void serve(int family, const struct sockaddr *address, socklen_t size)
{
	server_fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server_fd >= 0);
	assert_int_equal(bind(server_fd, address, size), 0);
	assert_int_equal(listen(server_fd, 64), 0);
	server = loop_fd_create(loop, server_fd, LOOP_READ, on_connect, NULL);
}

static int set_up(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(dir, sizeof dir, "/tmp/onesdn-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof socket_path, "%s/socket", dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
	n_clients = n_closed = 0;
	loop = loop_create(NULL);
	serve(AF_UNIX, (struct sockaddr *)&address, sizeof address);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < n_clients; i++)
		close_client(&clients[i]);
	loop_fd_destroy(server);
	close(server_fd);
	loop_destroy(loop);
	str_finish(&last_request);
	unlink(socket_path);
	return rmdir(dir);
}

/* ---- what a request brought ---- */

struct answer {
	struct http *http;
	struct str body;
	bool done, is_whole;
	int n_done, n_pieces, status, status_in_data;
	int stop_after; /* pieces; 0: take all */
	bool destroy_in_data;
	char *failure, *type;
};

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	struct answer *answer = user;
	assert_int_equal(answer->n_done, 0);
	str_append_n(&answer->body, data, size);
	answer->n_pieces++;
	answer->status_in_data = http_status(http);
	if (answer->destroy_in_data) {
		http_destroy(answer->http);
		answer->http = NULL;
		answer->done = true;
	}
	return answer->stop_after == 0 || answer->n_pieces < answer->stop_after;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct answer *answer = user;
	assert_ptr_equal(http, answer->http);
	answer->n_done++;
	answer->done = true;
	answer->is_whole = reply->is_whole;
	answer->status = reply->status;
	answer->failure = mem_strdup(reply->failure);
	answer->type = mem_strdup(reply->content_type);
}

static void on_flag(void *user)
{
	*(bool *)user = true;
}

static void wait_for(const bool *done)
{
	bool is_late = false;
	struct loop_timer *deadline = loop_timer_create(loop, on_flag, &is_late);
	loop_timer_start(deadline, DEADLINE_MS, 0);
	while (!*done && !is_late)
		loop_turn(loop, true);
	loop_timer_destroy(deadline);
	assert_true(*done);
}

static void ask(struct answer *answer, struct http_request request)
{
	request.socket = request.socket ? request.socket : socket_path;
	answer->http = http_create(loop, &request, on_data, on_done, answer);
	assert_false(answer->done);
}

static void get(struct answer *answer, const char *url)
{
	*answer = (struct answer){0};
	ask(answer, (struct http_request){.url = url});
	wait_for(&answer->done);
	assert_int_equal(answer->n_done, 1);
}

static void answer_finish(struct answer *answer)
{
	http_destroy(answer->http);
	str_finish(&answer->body);
	free(answer->failure);
	free(answer->type);
}

/* ---- whole answers ---- */

static void test_get(void **state)
{
	(void)state;
	struct answer answer;
	for (int i = 0; i < 3; i++) {
		get(&answer, "http://localhost/hello");
		assert_int_equal(answer.status, 200);
		assert_int_equal(answer.status_in_data, 200);
		assert_string_equal(str_text(&answer.body), "hello");
		assert_string_equal(answer.type, "application/json");
		assert_true(answer.is_whole);
		assert_null(answer.failure);
		answer_finish(&answer);
	}
	assert_int_equal(n_clients, 1); /* one connection did for all */
	assert_non_null(strstr(last_request.data, "Host: localhost\r\n"));
}

static void test_statuses(void **state)
{
	(void)state;
	struct answer answer;
	get(&answer, "http://localhost/missing");
	assert_int_equal(answer.status, 404);
	assert_string_equal(str_text(&answer.body), "no\n");
	assert_true(answer.is_whole);
	answer_finish(&answer);
	get(&answer, "http://localhost/moved"); /* and not what it points to */
	assert_int_equal(answer.status, 302);
	answer_finish(&answer);
	get(&answer, "http://localhost/until-close");
	assert_string_equal(str_text(&answer.body), "all of it");
	assert_true(answer.is_whole);
	answer_finish(&answer);
}

static void test_methods(void **state)
{
	(void)state;
	static const char *const headers[] = {"Content-Type: application/merge-patch+json", "X-Test: yes", NULL};
	struct str body = {0};
	while (body.len < 200000)
		str_append(&body, "0123456789");
	static const char *const starts[] = {"POST /made ", "DELETE /gone ", "PATCH /p ", "HEAD /hello "};
	const struct http_request requests[] = {
	        {.url = "http://localhost/made", .method = "POST", .body = body.data, .body_size = body.len},
	        {.url = "http://localhost/gone", .method = "DELETE"},
	        {.url = "http://localhost/p",
	         .method = "PATCH",
	         .body = "{\"a\0b\"}",
	         .body_size = 7,
	         .headers = headers},
	        {.url = "http://localhost/hello", .method = "HEAD"},
	};
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		struct answer answer = {0};
		ask(&answer, requests[i]);
		wait_for(&answer.done);
		assert_null(answer.failure);
		assert_true(answer.is_whole);
		assert_true(text_has_prefix(last_request.data, starts[i]));
		assert_null(strstr(last_request.data, "x-www-form-urlencoded"));
		assert_null(strstr(last_request.data, "Expect:"));
		answer_finish(&answer);
		if (i == 0) {
			assert_memory_equal(last_request.data + last_request.len - body.len, body.data, body.len);
		} else if (i == 2) {
			assert_memory_equal(last_request.data + last_request.len - 7, "{\"a\0b\"}", 7);
			assert_non_null(strstr(last_request.data, "Content-Type: application/merge-patch+json\r\n"));
			assert_non_null(strstr(last_request.data, "X-Test: yes\r\n"));
		}
	}
	str_finish(&body);
}

static void test_parallel(void **state)
{
	(void)state;
	struct answer many[20] = {0};
	for (int i = 0; i < 20; i++)
		ask(&many[i],
		    (struct http_request){.url = i % 2 ? "http://localhost/watch" : "http://localhost/hello"});
	for (int i = 0; i < 20; i++)
		wait_for(&many[i].done);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(many[i].n_done, 1);
		assert_string_equal(str_text(&many[i].body), i % 2 ? "{\"a\":1}\n{\"b\":2}\n" : "hello");
		assert_true(many[i].is_whole);
		answer_finish(&many[i]);
	}
	assert_in_range(n_clients, 2, 20);
}

/* ---- streams ---- */

static void test_stream(void **state)
{
	(void)state;
	struct answer answer;
	get(&answer, "http://localhost/watch");
	assert_string_equal(str_text(&answer.body), "{\"a\":1}\n{\"b\":2}\n");
	assert_true(answer.n_pieces >= 3); /* given on as it comes */
	assert_true(answer.is_whole);
	assert_int_equal(answer.status, 200);
	answer_finish(&answer);
}

static void test_broken(void **state)
{
	(void)state;
	struct answer answer;
	get(&answer, "http://localhost/broken");
	assert_true(text_has_prefix(str_text(&answer.body), "first"));
	assert_false(answer.is_whole);
	assert_int_equal(answer.status, 200);
	assert_non_null(answer.failure);
	assert_true(text_has_prefix(answer.failure, socket_path));
	answer_finish(&answer);
	get(&answer, "http://localhost/short");
	assert_false(answer.is_whole);
	answer_finish(&answer);
	get(&answer, "http://localhost/nothing");
	assert_false(answer.is_whole);
	assert_int_equal(answer.status, 0);
	answer_finish(&answer);
	get(&answer, "http://localhost/junk");
	assert_false(answer.is_whole);
	assert_non_null(answer.failure);
	answer_finish(&answer);
}

static void test_refused(void **state)
{
	(void)state;
	char nowhere[100];
	snprintf(nowhere, sizeof nowhere, "%s/nobody", dir);
	struct answer answer = {0};
	ask(&answer, (struct http_request){.url = "http://localhost/", .socket = nowhere});
	wait_for(&answer.done);
	assert_int_equal(answer.status, 0);
	assert_false(answer.is_whole);
	assert_true(text_has_prefix(answer.failure, nowhere));
	answer_finish(&answer);
	static const char *const two_lines[] = {"X: a\r\nY: b", NULL};
	static const struct http_request bad[] = {
	        {.url = "ftp://localhost/"},
	        {.url = "file:///etc/passwd"},
	        {.url = "no url at all"},
	        {.url = "http://localhost/", .method = "GET / HTTP/1.1\r\nX:"},
	        {.url = "http://localhost/", .headers = two_lines},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		answer = (struct answer){0};
		ask(&answer, bad[i]);
		wait_for(&answer.done);
		assert_false(answer.is_whole);
		assert_non_null(answer.failure);
		answer_finish(&answer);
	}
	struct str path = {0};
	for (int i = 0; i < 200; i++)
		str_append(&path, "/x");
	answer = (struct answer){0};
	ask(&answer, (struct http_request){.url = "http://localhost/", .socket = path.data});
	wait_for(&answer.done);
	assert_non_null(answer.failure);
	answer_finish(&answer);
	str_finish(&path);
	assert_int_equal(n_clients, 0);
}

static void test_too_long(void **state)
{
	(void)state;
	struct answer answer = {0};
	ask(&answer, (struct http_request){.url = "http://localhost/silent", .total_ms = 50});
	wait_for(&answer.done);
	assert_false(answer.is_whole);
	assert_non_null(answer.failure);
	answer_finish(&answer);
}

/* ---- cancelling ---- */

static void wait_closed(void)
{
	bool done = false;
	while (n_closed < n_clients) {
		struct loop_timer *timer = loop_timer_create(loop, on_flag, &done);
		loop_timer_start(timer, DEADLINE_MS, 0);
		loop_turn(loop, true);
		loop_timer_destroy(timer);
		assert_false(done);
	}
}

static void on_cancel(void *user)
{
	struct answer *answer = user;
	http_destroy(answer->http);
	answer->http = NULL;
}

static void test_cancel_from_timer(void **state)
{
	(void)state;
	struct answer answer = {0};
	struct loop_timer *timer = loop_timer_create(loop, on_cancel, &answer);
	ask(&answer, (struct http_request){.url = "http://localhost/hang"});
	loop_timer_start(timer, 20, 0);
	while (answer.http)
		loop_turn(loop, true);
	assert_string_equal(str_text(&answer.body), "first");
	wait_closed(); /* the server hears of it */
	assert_int_equal(answer.n_done, 0);
	loop_timer_destroy(timer);
	answer_finish(&answer);
}

static void test_stop_from_data(void **state)
{
	(void)state;
	struct answer answer = {.stop_after = 1};
	ask(&answer, (struct http_request){.url = "http://localhost/hang"});
	wait_for(&answer.done);
	assert_int_equal(answer.n_pieces, 1);
	assert_false(answer.is_whole);
	assert_int_equal(answer.status, 200);
	assert_non_null(answer.failure);
	wait_closed();
	answer_finish(&answer);
}

static void test_destroy_from_data(void **state)
{
	(void)state;
	struct answer answer = {.destroy_in_data = true};
	ask(&answer, (struct http_request){.url = "http://localhost/watch"});
	wait_for(&answer.done);
	wait_closed();
	assert_int_equal(answer.n_pieces, 1);
	assert_int_equal(answer.n_done, 0);
	answer_finish(&answer);
}

static void test_destroy_unsent(void **state)
{
	(void)state;
	struct answer answer = {0};
	ask(&answer, (struct http_request){.url = "http://localhost/hello"});
	http_destroy(answer.http);
	answer.http = NULL;
	loop_turn(loop, false);
	loop_turn(loop, false);
	assert_int_equal(n_clients, 0);
	assert_int_equal(answer.n_done, 0);
	ask(&answer, (struct http_request){.url = "http://localhost/hang"});
	answer_finish(&answer); /* right before the loop's end */
	http_destroy(NULL);
}

struct chain {
	struct answer first, second;
};

static void on_first_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct chain *chain = user;
	assert_int_equal(reply->status, 200);
	http_destroy(http);
	chain->first.http = NULL;
	ask(&chain->second, (struct http_request){.url = "http://localhost/hello"});
}

static bool on_first_data(struct http *http, const char *data, size_t size, void *user)
{
	(void)http, (void)data, (void)size;
	struct chain *chain = user;
	if (!chain->first.http)
		return false;
	/* A new request from inside of curl, gone again at once. */
	struct http_request request = {.socket = socket_path, .url = "http://localhost/hello"};
	http_destroy(http_create(loop, &request, on_data, on_done, NULL));
	return true;
}

/* What a list followed by a watch does: the next request is made in the callback of the last. */
static void test_next_from_done(void **state)
{
	(void)state;
	struct chain chain = {0};
	struct http_request request = {.socket = socket_path, .url = "http://localhost/watch"};
	chain.first.http = http_create(loop, &request, on_first_data, on_first_done, &chain);
	wait_for(&chain.second.done);
	assert_string_equal(str_text(&chain.second.body), "hello");
	assert_int_equal(n_clients, 1);
	answer_finish(&chain.second);
}

/* ---- TCP ---- */

static void test_tcp(void **state)
{
	(void)state;
	loop_fd_destroy(server);
	close(server_fd);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	serve(AF_INET, (struct sockaddr *)&address, size);
	assert_int_equal(getsockname(server_fd, (struct sockaddr *)&address, &size), 0);
	setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not matter */
	struct answer answer = {0};
	char *url = mem_printf("http://127.0.0.1:%d/watch", ntohs(address.sin_port));
	struct http_request request = {.url = url};
	answer.http = http_create(loop, &request, on_data, on_done, &answer);
	free(url);
	wait_for(&answer.done);
	unsetenv("http_proxy");
	assert_null(answer.failure);
	assert_string_equal(str_text(&answer.body), "{\"a\":1}\n{\"b\":2}\n");
	answer_finish(&answer);
}

/* An open watch on which nothing happens costs no wake-ups. */
static void test_idle_watch_sleeps(void **state)
{
	(void)state;
	struct answer answer = {0};
	ask(&answer, (struct http_request){.url = "http://localhost/hang"});
	while (answer.n_pieces == 0)
		loop_turn(loop, true);
	bool done = false;
	struct loop_timer *timer = loop_timer_create(loop, on_flag, &done);
	loop_timer_start(timer, 400, 0);
	int turns = 0;
	for (; !done && turns < 100; turns++)
		loop_turn(loop, true);
	assert_in_range(turns, 1, 5);
	loop_timer_destroy(timer);
	answer_finish(&answer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_get),
	        TEST(test_statuses),
	        TEST(test_methods),
	        TEST(test_parallel),
	        TEST(test_stream),
	        TEST(test_broken),
	        TEST(test_refused),
	        TEST(test_too_long),
	        TEST(test_cancel_from_timer),
	        TEST(test_stop_from_data),
	        TEST(test_destroy_from_data),
	        TEST(test_destroy_unsent),
	        TEST(test_next_from_done),
	        TEST(test_tcp),
	        TEST(test_idle_watch_sleeps),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
