/* websocket: both sides against each other and against bytes of RFC 6455 written out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/websocket.h"

struct side {
	struct websocket *socket;
	struct str out, got;
	int n_texts, n_binaries;
};

static void on_message(const char *bytes, size_t size, void *user)
{
	struct side *side = user;
	if (websocket_is_text(side->socket))
		side->n_texts++;
	else
		side->n_binaries++;
	str_append_n(&side->got, bytes, size);
}

static struct side server, client;

static int set_up(void **state)
{
	(void)state;
	server.socket = websocket_create(&server.out, on_message, &server);
	client.socket = websocket_client_create(&client.out, on_message, &client);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	struct side *sides[] = {&server, &client};
	for (int i = 0; i < 2; i++) {
		websocket_destroy(sides[i]->socket);
		str_finish(&sides[i]->out);
		str_finish(&sides[i]->got);
		*sides[i] = (struct side){0};
	}
	return 0;
}

/* Moves all that waits from one side to the other, so many bytes at a time. */
static bool carry(struct side *from, struct side *to, size_t step)
{
	struct err err;
	bool is_fine = true;
	while (from->out.len > 0) {
		size_t n = step < from->out.len ? step : from->out.len;
		char *bytes = mem_strndup("", 0);
		bytes = mem_resize(bytes, n);
		memcpy(bytes, from->out.data, n); /* exactly so many, for the sanitizers */
		is_fine = websocket_feed(to->socket, bytes, n, &err) && is_fine;
		free(bytes);
		str_drop_front(&from->out, n);
	}
	return is_fine;
}

static bool feed(struct side *to, const void *bytes, size_t size)
{
	struct err err;
	return websocket_feed(to->socket, bytes, size, &err);
}

static void test_messages(void **state)
{
	(void)state;
	static char big[200000];
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 31);
	for (size_t step = 1; step < 100000; step = step * 7 + 3) {
		str_clear(&client.got);
		websocket_send(server.socket, -1, big, sizeof big);
		websocket_send_text(server.socket, "äöü");
		assert_true(carry(&server, &client, step));
		assert_int_equal(client.got.len, sizeof big + 6);
		assert_memory_equal(client.got.data, big, sizeof big);
		str_clear(&server.got);
		websocket_send(client.socket, 3, big, sizeof big);
		assert_true(carry(&client, &server, step));
		assert_int_equal(server.got.len, sizeof big + 1);
		assert_int_equal(server.got.data[0], 3);
		assert_memory_equal(server.got.data + 1, big, sizeof big);
	}
	assert_true(client.n_texts > 0);
	assert_int_equal(client.n_texts, client.n_binaries);
	assert_int_equal(server.n_texts, 0);
}

static void test_mask(void **state)
{
	(void)state;
	websocket_send(client.socket, -1, "hello", 5);
	assert_int_equal(client.out.len, 2 + 4 + 5);
	assert_int_equal((uint8_t)client.out.data[0], 0x82);
	assert_int_equal((uint8_t)client.out.data[1], 0x85);
	char first[4];
	memcpy(first, client.out.data + 2, 4);
	for (int i = 0; i < 5; i++)
		assert_int_equal(client.out.data[6 + i] ^ first[i % 4], "hello"[i]);
	str_clear(&client.out);
	websocket_send(client.socket, -1, "hello", 5);
	assert_memory_not_equal(client.out.data + 2, first, 4);
	websocket_send(server.socket, -1, "hello", 5);
	assert_memory_equal(server.out.data, "\x82\x05hello", 7);
}

static void test_fragments(void **state)
{
	(void)state;
	assert_true(feed(&client,
	                 "\x02\x03"
	                 "abc",
	                 5));
	assert_int_equal(client.n_binaries, 0);
	assert_true(feed(&client, "\x89\x02hi", 4)); /* a ping in between */
	assert_int_equal(client.out.len, 8);
	assert_int_equal((uint8_t)client.out.data[0], 0x8a);
	assert_true(feed(&client,
	                 "\x80\x03"
	                 "def",
	                 5));
	assert_int_equal(client.n_binaries, 1);
	assert_string_equal(str_text(&client.got), "abcdef");
}

static void test_ping(void **state)
{
	(void)state;
	websocket_ping(client.socket);
	assert_true(carry(&client, &server, 1));
	assert_memory_equal(server.out.data, "\x8a\x00", 2);
	assert_true(carry(&server, &client, 1));
	assert_int_equal(client.out.len, 0);
	assert_int_equal(client.n_binaries + client.n_texts, 0);
}

static void test_close(void **state)
{
	(void)state;
	assert_int_equal(websocket_close_code(client.socket), WEBSOCKET_ABNORMAL);
	websocket_close(server.socket, WEBSOCKET_GOING_AWAY);
	assert_memory_equal(server.out.data, "\x88\x02\x03\xe9", 4);
	assert_false(websocket_is_closed(client.socket));
	assert_true(carry(&server, &client, 3));
	assert_true(websocket_is_closed(client.socket));
	assert_int_equal(websocket_close_code(client.socket), WEBSOCKET_GOING_AWAY);
	assert_true(carry(&client, &server, 3)); /* the answer */
	assert_true(websocket_is_closed(server.socket));
	assert_int_equal(websocket_close_code(server.socket), WEBSOCKET_GOING_AWAY);
	websocket_send(server.socket, -1, "x", 1);
	websocket_close(server.socket, WEBSOCKET_NORMAL);
	assert_int_equal(server.out.len, 0);
	assert_true(feed(&client, "\x82\x01x", 3)); /* after a close: ignored */
	assert_int_equal(client.n_binaries, 0);
}

static void test_close_without_code(void **state)
{
	(void)state;
	assert_true(feed(&client, "\x88\x00", 2));
	assert_true(websocket_is_closed(client.socket));
	assert_int_equal(websocket_close_code(client.socket), WEBSOCKET_NO_STATUS);
	tear_down(NULL);
	set_up(NULL);
	feed(&client, "\x88\x01x", 3); /* half a code */
	assert_true(websocket_is_closed(client.socket));
}

/* What breaks the protocol ends it once and for all, with a close that says so. */
static void expect_broken(const void *bytes, size_t size, int code)
{
	tear_down(NULL);
	set_up(NULL);
	assert_false(feed(&client, bytes, size));
	assert_true(websocket_is_closed(client.socket));
	assert_int_equal(websocket_close_code(client.socket), WEBSOCKET_ABNORMAL);
	assert_int_equal((uint8_t)client.out.data[0], 0x88);
	assert_int_equal(client.out.len, code ? 8 : 6);
	uint8_t *at = (uint8_t *)client.out.data;
	if (code)
		assert_int_equal((at[6] ^ at[2]) << 8 | (at[7] ^ at[3]), code);
	str_clear(&client.out);
	assert_false(feed(&client, "\x82\x01x", 3));
	assert_int_equal(client.n_binaries, 0);
	assert_int_equal(client.out.len, 0);
}

static void test_broken(void **state)
{
	(void)state;
	expect_broken("\x83\x00", 2, WEBSOCKET_PROTOCOL_ERROR);  /* an opcode that there is not */
	expect_broken("\xc2\x00", 2, WEBSOCKET_PROTOCOL_ERROR);  /* a reserved bit */
	expect_broken("\x80\x01x", 3, WEBSOCKET_PROTOCOL_ERROR); /* goes on with nothing */
	expect_broken("\x09\x00", 2, 0);                         /* half a ping */
	expect_broken("\x81\x02\xff\xfe", 4, 1007);              /* a text that is no UTF-8 */
	expect_broken("\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01x", 11, WEBSOCKET_TOO_BIG); /* one byte over the bound */
	expect_broken("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx", 11, WEBSOCKET_TOO_BIG);
}

static void test_size_bound_of_fragments(void **state)
{
	(void)state;
	static char part[4 + 60000] = {0x02, 126, (char)(60000 >> 8), (char)(60000 & 0xff)};
	bool is_fine = true;
	size_t n = 0;
	for (; n < 30 && is_fine; n++) {
		is_fine = feed(&client, part, sizeof part);
		part[0] = 0;
	}
	assert_int_equal(n, WEBSOCKET_MESSAGE_MAX / 60000 + 1);
	assert_int_equal(client.n_binaries, 0);
}

static void test_flood_of_pings(void **state)
{
	(void)state;
	struct str pings = {0};
	for (int i = 0; i < 20000; i++)
		str_append_n(&pings, "\x89\x00", 2);
	assert_true(feed(&client, pings.data, pings.len));
	assert_true(client.out.len <= 3 * pings.len); /* a mask each */
	str_finish(&pings);
}

/* ---- the handshake ---- */
static void test_accept(void **state)
{
	(void)state;
	char accept[32], key[WEBSOCKET_KEY_SIZE], other[WEBSOCKET_KEY_SIZE];
	websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); /* RFC 6455, section 1.3 */
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	websocket_make_key(key);
	websocket_make_key(other);
	assert_int_equal(strlen(key), 24);
	assert_string_equal(key + 22, "==");
	assert_string_not_equal(key, other);
}

static void test_handshake(void **state)
{
	(void)state;
	struct websocket_request sent = {.target = "/a/b?c=d",
	                                 .host = "localhost",
	                                 .protocols = "plain.kubevirt.io, x"},
	                         request;
	struct websocket_reply reply;
	struct err err;
	struct str out = {0};
	websocket_make_key(sent.key);
	websocket_append_request(&out, &sent);
	str_append(&out, "rest");
	for (size_t i = 0; i < out.len - 4; i++)
		assert_int_equal(websocket_parse_request(out.data, i, &request, &err), 0);
	assert_int_equal(websocket_parse_request(out.data, out.len, &request, &err), out.len - 4);
	assert_memory_equal(&request.key, &sent.key, sizeof sent.key);
	assert_string_equal(request.target, sent.target);
	assert_string_equal(request.host, sent.host);
	assert_true(websocket_offers(&request, "plain.kubevirt.io"));
	assert_true(websocket_offers(&request, "x"));
	assert_false(websocket_offers(&request, "plain"));
	str_clear(&out);
	websocket_append_reply(&out, &request, "plain.kubevirt.io");
	str_append(&out, "\x82");
	for (size_t i = 0; i < out.len - 1; i++)
		assert_int_equal(websocket_parse_reply(out.data, i, sent.key, &reply, &err), 0);
	assert_int_equal(websocket_parse_reply(out.data, out.len, sent.key, &reply, &err), out.len - 1);
	assert_int_equal(reply.status, 101);
	assert_string_equal(reply.protocol, "plain.kubevirt.io");
	assert_int_equal(websocket_parse_reply(out.data, out.len, "dGhlIHNhbXBsZSBub25jZQ==", &reply, &err), -1);
	str_finish(&out);
}

static ssize_t parse_reply(const char *text, struct websocket_reply *reply)
{
	struct err err;
	return websocket_parse_reply(text, strlen(text), "dGhlIHNhbXBsZSBub25jZQ==", reply, &err);
}

static ssize_t parse_request(const char *text)
{
	struct err err;
	struct websocket_request request;
	return websocket_parse_request(text, strlen(text), &request, &err);
}

#define GOOD                                                                                                           \
	"Host: h\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: "                      \
	"dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void test_bad_heads(void **state)
{
	(void)state;
	struct websocket_reply reply;
	assert_true(parse_request("GET / HTTP/1.1\r\n" GOOD "Sec-WebSocket-Version: 13\r\n\r\n") > 0);
	assert_int_equal(parse_request("POST / HTTP/1.1\r\n" GOOD "Sec-WebSocket-Version: 13\r\n\r\n"), -1);
	assert_int_equal(parse_request("GET / HTTP/1.0\r\n" GOOD "Sec-WebSocket-Version: 13\r\n\r\n"), -1);
	assert_int_equal(parse_request("GET / HTTP/1.1\r\n" GOOD "Sec-WebSocket-Version: 8\r\n\r\n"), -1);
	assert_int_equal(parse_request("GET / HTTP/1.1\r\n" GOOD "\r\n"), -1);
	assert_int_equal(parse_request("GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n\r\n"), -1);
	assert_int_equal(parse_request("GET /\x01 HTTP/1.1\r\n" GOOD "Sec-WebSocket-Version: 13\r\n\r\n"), -1);
	assert_int_equal(parse_request("\r\n\r\n"), -1);
	assert_int_equal(parse_reply("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", &reply),
	                 -1);
	assert_int_equal(
	        parse_reply("HTTP/1.1 101 X\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", &reply),
	        -1);
	assert_int_equal(parse_reply("SSH-2.0-OpenSSH\r\n\r\n", &reply), -1);
	assert_int_equal(parse_reply("HTTP/1.1 1x1 X\r\n\r\n", &reply), -1);
	assert_int_equal(parse_reply("HTTP/1.1 404 X\r\nno field\r\n\r\n", &reply), -1);
	assert_int_equal(parse_reply("HTTP/1.1 404 X\r\nA: b\r\n folded\r\n\r\n", &reply), -1);
	assert_int_equal(parse_reply("HTTP/1.1 404 X\r\nContent-Length: -1\r\n\r\n", &reply), -1);
	struct str long_head = {0};
	str_append(&long_head, "HTTP/1.1 404 X\r\nA: ");
	while (long_head.len < WEBSOCKET_HEAD_MAX)
		str_append_c(&long_head, 'a');
	assert_int_equal(parse_reply(long_head.data, &reply), -1);
	str_finish(&long_head);
}

static void expect_body(const char *head, const char *bytes, bool is_end, bool is_whole, const char *body)
{
	struct websocket_reply reply;
	struct str out = {0};
	assert_int_equal(parse_reply(head, &reply), strlen(head));
	assert_int_equal(websocket_reply_body(&reply, bytes, strlen(bytes), is_end, &out), is_whole);
	assert_string_equal(str_text(&out), body);
	str_finish(&out);
}

static void test_bodies(void **state)
{
	(void)state;
	static const char length[] =
	        "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n";
	static const char chunked[] = "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char none[] = "HTTP/1.1 500\r\n\r\n";
	struct websocket_reply reply;
	assert_true(parse_reply(length, &reply) > 0);
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.reason, "Not Found");
	assert_string_equal(reply.content_type, "application/json");
	expect_body(length, "abc", false, false, "abc");
	expect_body(length, "abc", true, true, "abc");
	expect_body(length, "abcdefg", false, true, "abcde");
	expect_body(none, "abc", false, false, "abc");
	expect_body(none, "abc", true, true, "abc");
	expect_body(chunked, "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", false, true, "abc0123456789");
	expect_body(chunked, "3\r\nabc\r\nA", false, false, "abc");
	expect_body(chunked, "3\r\nab", false, false, "ab");
	expect_body(chunked, "3\r\nab", true, true, "ab");
	expect_body(chunked, "zz\r\nab", false, true, "");
	expect_body(chunked, "ffffffffffffffff\r\nab", false, true, "");
	expect_body(chunked, "fffffff\r\nab", false, false, "ab");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(test_messages),       TEST(test_mask),
	        TEST(test_fragments),      TEST(test_ping),
	        TEST(test_close),          TEST(test_close_without_code),
	        TEST(test_broken),         TEST(test_size_bound_of_fragments),
	        TEST(test_flood_of_pings), TEST(test_accept),
	        TEST(test_handshake),      TEST(test_bad_heads),
	        TEST(test_bodies),
	};
	return cmocka_run_group_tests_name("websocket", tests, NULL, NULL);
}
