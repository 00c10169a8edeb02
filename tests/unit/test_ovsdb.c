/* OVSDB: the stream cut into messages, the replica, the notation of values; and a session with a scripted server: monitor,
 * transactions, echo, a broken connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab/ovsdb.h"

/* ---- stream ---- */

static bool count_message(const json_t *message, void *user)
{
	json_array_append((json_t *)user, (json_t *)(uintptr_t)message);
	return true;
}

static void test_stream(void **state)
{
	(void)state;
	static const char text[] = " {\"a\":\"}]\\\"{\"}\n{\"b\":[1,{\"c\":{}}]}[";
	for (size_t step = 1; step < sizeof text; step++) {
		struct ovsdb_stream stream = {0};
		json_t *got = json_array();
		for (size_t at = 0; at + 1 < sizeof text; at += step) {
			size_t n = sizeof text - 1 - at < step ? sizeof text - 1 - at : step;
			assert_true(ovsdb_stream_feed(&stream, text + at, n, count_message, got, NULL));
		}
		assert_int_equal(json_array_size(got), 2);
		assert_string_equal(json_walk_str(json_array_get(got, 0), "a", NULL), "}]\"{");
		json_decref(got);
		ovsdb_stream_finish(&stream);
	}
}

static bool refuse(const json_t *message, void *user)
{
	(void)message;
	(void)user;
	return false;
}

static void expect_refused(const char *text, size_t size, enum err_code code)
{
	struct ovsdb_stream stream = {0};
	struct err err = {0};
	json_t *got = json_array();
	assert_false(ovsdb_stream_feed(&stream, text, size, count_message, got, &err));
	assert_int_equal(err.code, code);
	json_decref(got);
	ovsdb_stream_finish(&stream);
}

static void test_stream_refuses(void **state)
{
	(void)state;
	char deep[OVSDB_DEPTH_MAX + 1];
	memset(deep, '[', sizeof deep);
	expect_refused(deep, sizeof deep, ERR_LIMIT);
	expect_refused("{\"a\":}", 6, ERR_INVALID);
	expect_refused("[1]", 3, ERR_INVALID);
	expect_refused("}", 1, ERR_INVALID);
	char *big = mem_alloc(OVSDB_MESSAGE_MAX + 1);
	memset(big, ' ', OVSDB_MESSAGE_MAX + 1);
	expect_refused(big, OVSDB_MESSAGE_MAX + 1, ERR_LIMIT);
	free(big);
	struct ovsdb_stream stream = {0};
	assert_false(ovsdb_stream_feed(&stream, "{}", 2, refuse, NULL, NULL));
	ovsdb_stream_finish(&stream);
}

/* ---- replica and values ---- */

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	return value;
}

static bool apply(json_t *replica, const char *text)
{
	json_t *updates = parse(text);
	bool is_done = ovsdb_replica_apply(replica, updates, NULL, NULL);
	json_decref(updates);
	return is_done;
}

static void test_replica(void **state)
{
	(void)state;
	json_t *replica = json_object();
	const char *uuid = NULL;
	assert_true(apply(
	        replica,
	        "{\"T\":{\"u1\":{\"new\":{\"name\":\"x\",\"m\":[\"map\",[[\"k\",\"v\"]]],\"n\":7,\"b\":true}}}}"));
	const json_t *row = ovsdb_find(replica, "T", "name", "x", &uuid);
	assert_non_null(row);
	assert_string_equal(uuid, "u1");
	assert_string_equal(ovsdb_map_get(row, "m", "k"), "v");
	assert_null(ovsdb_map_get(row, "m", "other"));
	assert_null(ovsdb_map_get(row, "n", "k"));
	assert_int_equal(ovsdb_int(row, "n", 0), 7);
	assert_true(ovsdb_bool(row, "b"));
	assert_true(apply(replica, "{\"T\":{\"u1\":{\"old\":{\"n\":7},\"new\":{\"name\":\"y\"}}}}"));
	assert_null(ovsdb_find(replica, "T", "name", "x", NULL));
	assert_true(apply(replica, "{\"T\":{\"u1\":{\"old\":{}},\"u9\":{\"old\":{}}}}"));
	assert_null(ovsdb_find(replica, "T", "name", "y", NULL));
	assert_false(apply(replica, "[]"));
	assert_false(apply(replica, "{\"T\":[]}"));
	assert_false(apply(replica, "{\"T\":{\"u\":3}}"));
	assert_false(apply(replica, "{\"T\":{\"u\":{\"new\":3}}}"));
	json_decref(replica);
}

static void expect_canonical(const char *a, const char *b)
{
	json_t *left = parse(a), *right = parse(b), *x = ovsdb_canonical(left), *y = ovsdb_canonical(right);
	assert_true(json_equal(x, y));
	json_decref(left);
	json_decref(right);
	json_decref(x);
	json_decref(y);
}

static void test_canonical(void **state)
{
	(void)state;
	expect_canonical("[\"set\",[\"a\"]]", "\"a\"");
	expect_canonical("[\"set\",[\"b\",\"a\"]]", "[\"set\",[\"a\",\"b\"]]");
	expect_canonical("[\"map\",[[\"b\",\"1\"],[\"a\",\"2\"]]]", "[\"map\",[[\"a\",\"2\"],[\"b\",\"1\"]]]");
	expect_canonical("[\"set\",[[\"uuid\",\"2\"],[\"uuid\",\"1\"]]]",
	                 "[\"set\",[[\"uuid\",\"1\"],[\"uuid\",\"2\"]]]");
}

/* ---- a session ---- */

struct session {
	struct loop *loop;
	struct ovsdb *db;
	int listening, peer;
	int n_ready, n_change, n_lost, n_result;
	char failure[256], path[64];
};

static void on_ready(void *user)
{
	((struct session *)user)->n_ready++;
}

static void on_change(void *user)
{
	((struct session *)user)->n_change++;
}

static void on_lost(const char *why, void *user)
{
	struct session *s = user;
	s->n_lost++;
	snprintf(s->failure, sizeof s->failure, "%s", why);
}

static void on_result(const json_t *results, const char *failure, void *user)
{
	struct session *s = user;
	(void)results;
	s->n_result++;
	snprintf(s->failure, sizeof s->failure, "%s", failure != NULL ? failure : "");
}

static const struct ovsdb_table tables[] = {{"T", "name n"}, {NULL, NULL}};

static void open_server(struct session *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/onesdn-unit-XXXXXX";
	assert_non_null(mkdtemp(dir));
	snprintf(s->path, sizeof s->path, "%s/db", dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", s->path);
	s->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->listening, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s->listening, 5), 0);
}

static void close_server(struct session *s)
{
	close(s->listening);
	unlink(s->path);
	*strrchr(s->path, '/') = '\0';
	rmdir(s->path);
}

/* What the client says next, as JSON; turns the loop until it is there. */
static json_t *hear(struct session *s)
{
	char bytes[4096];
	size_t n = 0;
	for (int i = 0; i < 1000; i++) {
		loop_turn(s->loop, false);
		ssize_t got = recv(s->peer, bytes + n, sizeof bytes - n, MSG_DONTWAIT);
		n += got > 0 ? (size_t)got : 0;
		json_t *value = n > 0 ? json_loadb(bytes, n, 0, NULL) : NULL;
		if (value != NULL)
			return value;
		if (got <= 0)
			loop_turn(s->loop, false);
	}
	fail_msg("the client said nothing");
	return NULL;
}

static void say(struct session *s, const char *text)
{
	assert_int_equal(send(s->peer, text, strlen(text), 0), (ssize_t)strlen(text));
	for (int i = 0; i < 20; i++)
		loop_turn(s->loop, false);
}

static void greet(struct session *s)
{
	char text[256];
	for (int i = 0; i < 2000; i++) {
		loop_turn(s->loop, false);
		s->peer = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (s->peer >= 0)
			break;
	}
	assert_true(s->peer >= 0);
	json_t *request = hear(s);
	assert_string_equal(json_walk_str(request, "method", NULL), "monitor");
	assert_string_equal(json_string_value(json_array_get(json_object_get(request, "params"), 0)), "DB");
	snprintf(text, sizeof text, "{\"id\":%d,\"error\":null,\"result\":{\"T\":{\"u\":{\"new\":{\"name\":\"x\"}}}}}",
	         (int)json_walk_int(request, -1, "id", NULL));
	json_decref(request);
	say(s, text);
}

static void begin(struct session *s)
{
	struct err err;
	*s = (struct session){.peer = -1};
	open_server(s);
	s->loop = loop_create(&err);
	assert_non_null(s->loop);
	s->db = ovsdb_create(
	        s->loop, s->path, "DB", tables,
	        &(struct ovsdb_events){.on_ready = on_ready, .on_change = on_change, .on_lost = on_lost, .user = s});
}

static void end(struct session *s)
{
	ovsdb_destroy(s->db);
	if (s->peer >= 0)
		close(s->peer);
	close_server(s);
	loop_destroy(s->loop);
}

static void test_session(void **state)
{
	(void)state;
	struct session s;
	begin(&s);
	ovsdb_transact(s.db, json_array(), on_result, &s);
	assert_int_equal(s.n_result, 1); /* at once: not connected */
	assert_string_not_equal(s.failure, "");
	greet(&s);
	assert_int_equal(s.n_ready, 1);
	assert_non_null(ovsdb_find(ovsdb_replica(s.db), "T", "name", "x", NULL));
	say(&s, "{\"id\":\"e1\",\"method\":\"echo\",\"params\":[7]}");
	json_t *reply = hear(&s);
	assert_string_equal(json_walk_str(reply, "id", NULL), "e1");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(reply, "result"), 0)), 7);
	json_decref(reply);
	say(&s, "{\"id\":null,\"method\":\"update\",\"params\":[null,{\"T\":{\"u\":{\"new\":{\"name\":\"y\"}}}}]}");
	assert_int_equal(s.n_change, 1);
	assert_non_null(ovsdb_find(ovsdb_replica(s.db), "T", "name", "y", NULL));
	end(&s);
}

static void test_transactions(void **state)
{
	(void)state;
	struct session s;
	char text[256];
	begin(&s);
	greet(&s);
	ovsdb_transact(s.db, json_pack("[{s:s}]", "op", "comment"), on_result, &s);
	json_t *request = hear(&s);
	assert_string_equal(json_walk_str(request, "method", NULL), "transact");
	assert_int_equal(json_array_size(json_object_get(request, "params")), 2);
	snprintf(text, sizeof text,
	         "{\"id\":%d,\"error\":null,\"result\":[{},{\"error\":\"constraint violation\",\"details\":\"no\"}]}",
	         (int)json_walk_int(request, -1, "id", NULL));
	json_decref(request);
	say(&s, text);
	assert_int_equal(s.n_result, 1);
	assert_string_equal(s.failure, "constraint violation: no");
	say(&s, "{\"id\":999,\"error\":null,\"result\":[]}"); /* an answer to nothing */
	assert_true(ovsdb_is_ready(s.db));
	ovsdb_transact(s.db, json_array(), on_result, &s);
	json_decref(hear(&s));
	close(s.peer); /* with a question open */
	for (int i = 0; i < 20; i++)
		loop_turn(s.loop, false);
	assert_int_equal(s.n_result, 2);
	assert_int_equal(s.n_lost, 1);
	greet(&s); /* it comes again by itself */
	assert_int_equal(s.n_ready, 2);
	say(&s, "garbage}");
	assert_int_equal(s.n_lost, 2);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_stream),  cmocka_unit_test(test_stream_refuses),
	        cmocka_unit_test(test_replica), cmocka_unit_test(test_canonical),
	        cmocka_unit_test(test_session), cmocka_unit_test(test_transactions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
