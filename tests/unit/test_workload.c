/* The pods' programs: flags, addresses, and netexec's HTTP and /dial on the loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workload/workload.h"

static bool parse(int argc, const char *const *texts, int64_t *port, struct err *err)
{
	char *argv[8];
	const struct workload_flag flags[] = {{"http-port", NULL, port, 1, 65535}, {NULL, NULL, NULL, 0, 0}};
	for (int i = 0; i < argc; i++)
		argv[i] = (char *)(uintptr_t)texts[i];
	return workload_flags(flags, &argc, argv, err);
}

static void test_flags(void **state)
{
	(void)state;
	static const char *const good[][3] = {
	        {"x", "--http-port", "9000"}, {"x", "--http-port=9000", "rest"}, {"x", "-http-port", "9000"}};
	static const char *const bad[][3] = {{"x", "--http-port", "0"},
	                                     {"x", "--http-port", "many"},
	                                     {"x", "--nope", "1"},
	                                     {"x", "rest", "--http-port"}};
	int64_t port = 0;
	struct err err;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		port = 0;
		assert_true(parse(3, good[i], &port, &err));
		assert_int_equal(port, 9000);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(parse(3, bad[i], &port, &err));
	assert_non_null(strstr(err.text, "flag needs an argument: --http-port"));
}

static void test_addresses(void **state)
{
	(void)state;
	char text[80];
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(81)};
	assert_int_equal(inet_pton(AF_INET, "10.0.0.1", &four.sin_addr), 1);
	workload_address((struct sockaddr *)&four, text, sizeof text);
	assert_string_equal(text, "10.0.0.1:80");
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.2", &six.sin6_addr), 1);
	workload_address((struct sockaddr *)&six, text, sizeof text);
	assert_string_equal(text, "10.0.0.2:81");
	assert_int_equal(inet_pton(AF_INET6, "fd00::1", &six.sin6_addr), 1);
	workload_address((struct sockaddr *)&six, text, sizeof text);
	assert_string_equal(text, "[fd00::1]:81");
}

/* ---- a server and a client on one loop ---- */

struct talk {
	struct loop *loop;
	struct str body;
	int status;
	bool is_done;
};

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	(void)http;
	str_append_n(&((struct talk *)user)->body, data, size);
	return true;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct talk *talk = user;
	(void)http;
	talk->status = reply->status;
	talk->is_done = true;
}

static void handle(struct httpd_request *request, void *user)
{
	if (strcmp(httpd_path(request), "/dial") == 0)
		dial_start(((struct talk *)user)->loop, request);
	else
		httpd_reply(request, strcmp(httpd_path(request), "/hostname") == 0 ? 200 : 404, "text/plain", "me", 2);
}

static int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
	                                           : ((struct sockaddr_in *)&address)->sin_port);
}

static void ask(struct talk *talk, int port, const char *what)
{
	char url[512];
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, what);
	str_clear(&talk->body);
	talk->is_done = false;
	struct http *http =
	        http_create(talk->loop, &(struct http_request){.url = url, .total_ms = 5000}, on_data, on_done, talk);
	while (!talk->is_done)
		loop_turn(talk->loop, true);
	http_destroy(http);
}

static void test_dial(void **state)
{
	(void)state;
	struct err err;
	struct talk talk = {.loop = loop_create(&err)};
	int tcp = workload_listen(SOCK_STREAM, 0, &err), udp = workload_listen(SOCK_DGRAM, 0, &err),
	    port = port_of(tcp);
	char what[256], name[256];
	assert_true(tcp >= 0 && udp >= 0);
	struct httpd *httpd = httpd_create(talk.loop, tcp, handle, &talk, &err);
	struct udp_server *server = udp_server_create(talk.loop, udp);
	assert_non_null(httpd);
	ask(&talk, port, "/hostname");
	assert_int_equal(talk.status, 200);
	assert_string_equal(talk.body.data, "me");
	snprintf(what, sizeof what, "/dial?host=127.0.0.1&port=%d&request=hostname&tries=2", port);
	ask(&talk, port, what);
	assert_string_equal(talk.body.data, "{\"responses\":[\"me\",\"me\"]}");
	snprintf(what, sizeof what, "/dial?host=127.0.0.1&port=%d&request=nothere", port);
	ask(&talk, port, what);
	assert_string_equal(talk.body.data, "{\"errors\":[\"unexpected status code 404\"]}");
	snprintf(what, sizeof what, "/dial?host=127.0.0.1&port=%d&request=hostname&protocol=udp", port_of(udp));
	ask(&talk, port, what);
	workload_hostname(name, sizeof name);
	assert_non_null(strstr(talk.body.data, name));
	ask(&talk, port, "/dial?host=127.0.0.1&port=0&request=hostname");
	assert_int_equal(talk.status, 400);
	ask(&talk, port, "/dial?host=127.0.0.1&port=80&request=x&tries=1000");
	assert_int_equal(talk.status, 400);
	udp_server_destroy(server);
	httpd_destroy(httpd);
	str_finish(&talk.body);
	loop_destroy(talk.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_flags), cmocka_unit_test(test_addresses),
	                                   cmocka_unit_test(test_dial)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
