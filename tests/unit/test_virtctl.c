/* virtctl without its terminal: the command line, the words, routes, and a console between pipes against a server by script. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../console_server.h"
#include "virtctl/act.h"
#include "virtctl/cluster.h"
#include "virtctl/console.h"
#include "virtctl/options.h"

/* ---- the command line ---- */
static struct options options;
static struct err err;

static bool read_line(const char *line)
{
	static char words[256];
	char *argv[20], *save;
	int argc = 0;
	snprintf(words, sizeof words, "virtctl %s", line);
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_read(argc, argv, &options, &err);
}

static void expect_wrong(const char *line, const char *words)
{
	assert_false(read_line(line));
	assert_string_equal(err.text, words);
}

static void test_options(void **state)
{
	(void)state;
	assert_true(read_line("console vm1"));
	assert_int_equal(options.command, COMMAND_CONSOLE);
	assert_string_equal(options.name, "vm1");
	assert_int_equal(options.timeout, 5);
	assert_null(options.ns);
	static const char *const lines[] = {"console -n ns1 vm1 --timeout=1", "-n=ns1 console --timeout 1 vmi/vm1",
	                                    "console -nns1 --timeout=1 -- vm1",
	                                    "--namespace ns1 console vm1 --timeout 1",
	                                    "console vm/vm1 --namespace=ns1 --timeout=1"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_true(read_line(lines[i]));
		assert_string_equal(options.name, "vm1");
		assert_string_equal(options.ns, "ns1");
		assert_int_equal(options.timeout, 1);
	}
	assert_true(read_line("--kubeconfig /a --context=b stop vm1 --force --grace-period=0"));
	assert_string_equal(options.kubeconfig, "/a");
	assert_string_equal(options.context, "b");
	assert_true(options.force);
	assert_int_equal(options.grace, 0);
	assert_true(read_line("stop vm1 --force=false"));
	assert_false(options.force);
	assert_true(read_line("start vm1 --paused --dry-run=true"));
	assert_true(options.paused && options.dry_run);
	assert_true(read_line("pause vm vm1"));
	assert_string_equal(options.kind, "vm");
	assert_string_equal(options.name, "vm1");
	assert_true(read_line("unpause VirtualMachineInstance vm1"));
	assert_string_equal(options.kind, "vmi");
	assert_true(read_line("pause vmi/vm1"));
	assert_string_equal(options.kind, "vmi");
	assert_string_equal(options.name, "vm1");
	assert_true(read_line("version -c"));
	assert_true(options.client);
	static const char *const helps[] = {
	        "", "--help", "-h", "help", "console --help", "help console", "stop -h x y z"};
	for (size_t i = 0; i < sizeof helps / sizeof *helps; i++) {
		assert_true(read_line(helps[i]));
		assert_true(options.wants_help);
	}
}

static void test_wrong_options(void **state)
{
	(void)state;
	expect_wrong("console", "accepts 1 arg(s), received 0");
	expect_wrong("console a b", "accepts 1 arg(s), received 2");
	expect_wrong("console a b c d e f", "accepts 1 arg(s), received 6");
	expect_wrong("pause vm1", "accepts 2 arg(s), received 1");
	expect_wrong("version x", "accepts 0 arg(s), received 1");
	expect_wrong("vnc vm1", "unknown command \"vnc\" for \"virtctl\"");
	expect_wrong("console --nope vm1", "unknown flag: --nope");
	expect_wrong("console --force vm1", "unknown flag: --force");
	expect_wrong("console -x vm1", "unknown shorthand flag: 'x' in -x");
	expect_wrong("console vm1 --timeout", "flag needs an argument: --timeout");
	expect_wrong("console vm1 -n", "flag needs an argument: 'n' in -n");
	expect_wrong("console vm1 --timeout=x",
	             "invalid argument \"x\" for \"--timeout\" flag: strconv.ParseInt: parsing \"x\": invalid syntax");
	expect_wrong(
	        "version --client=x",
	        "invalid argument \"x\" for \"-c, --client\" flag: strconv.ParseBool: parsing \"x\": invalid syntax");
	expect_wrong("stop vm1 --force", "Must both use --force=true and set --grace-period.");
	expect_wrong("restart vm1 --grace-period=0", "Must both use --force=true and set --grace-period.");
	assert_false(read_line("console a/b"));
	assert_false(read_line("console vm/"));
	assert_false(read_line("console vm/../x"));
	assert_false(read_line("console A"));
	assert_false(read_line("console vm1 -n a/b"));
	assert_false(read_line("console vm1 -n ?"));
	assert_false(read_line("pause pod x"));
}

static void test_help(void **state)
{
	(void)state;
	struct str out = {0};
	options_help(COMMAND_NONE, &out);
	assert_non_null(strstr(out.data, "  console    Connect to a console of a virtual machine instance.\n"));
	assert_non_null(strstr(out.data, "  -n, --namespace string"));
	str_clear(&out);
	options_help(COMMAND_CONSOLE, &out);
	assert_non_null(strstr(out.data, "Usage:\n  virtctl console (VMI) [flags]\n"));
	assert_non_null(strstr(out.data, "--timeout int"));
	assert_null(strstr(out.data, "--force"));
	str_finish(&out);
}

/* ---- words ---- */
static void test_words(void **state)
{
	(void)state;
	struct str out = {0}, body = {0};
	assert_true(console_is_escape("\x1d", 1));
	assert_true(console_is_escape("\x1d\x1d"
	                              "abc",
	                              5));
	assert_false(console_is_escape("a\x1d", 2));
	assert_false(console_is_escape("", 0));
	console_close_words(1006, &out);
	assert_string_equal(out.data, "websocket: close 1006 (abnormal closure): unexpected EOF");
	str_clear(&out);
	console_close_words(1001, &out);
	assert_string_equal(out.data, "websocket: close 1001 (going away)");
	str_clear(&out);
	console_close_words(4000, &out);
	assert_string_equal(out.data, "websocket: close 4000");
	str_clear(&out);
	str_append(&body, "{\"kind\":\"Status\",\"message\":\"gone \\u001b[31m\\n\"}");
	console_refusal_words(404, "application/json; charset=utf-8", &body, &out);
	assert_string_equal(out.data, "gone \xef\xbf\xbd[31m");
	str_clear(&out);
	console_refusal_words(404, "text/html", &body, &out);
	assert_string_equal(out.data, "Can't connect to websocket (404): websocket: bad handshake");
	str_clear(&out);
	str_clear(&body);
	str_append(&body, "dial tcp: refused\nmore");
	console_refusal_words(502, "text/plain", &body, &out);
	assert_string_equal(out.data, "Can't connect to websocket (502): websocket: bad handshake: dial tcp: refused");
	str_clear(&out);
	act_client_version(&out);
	assert_int_equal(strncmp(out.data, "Client Version: version.Info{GitVersion:\"", 41), 0);
	str_finish(&out);
	str_finish(&body);
}

static void expect_route(const char *url, const char *host, int port, const char *authority, const char *prefix)
{
	struct route route = {0};
	assert_int_equal(route_parse(url, &route), host != NULL);
	if (!host)
		return;
	assert_string_equal(route.host, host);
	assert_int_equal(route.port, port);
	assert_string_equal(route.authority, authority);
	assert_string_equal(route.prefix, prefix);
	route_finish(&route);
}

static void test_routes(void **state)
{
	(void)state;
	expect_route("http://127.0.0.1:8001/SECRET", "127.0.0.1", 8001, "127.0.0.1:8001", "/SECRET");
	expect_route("http://127.0.0.1:8001/a/b//", "127.0.0.1", 8001, "127.0.0.1:8001", "/a/b");
	expect_route("http://localhost", "localhost", 80, "localhost", "");
	expect_route("http://[::1]:99/", "::1", 99, "[::1]:99", "");
	expect_route("http://[::1]", "::1", 80, "[::1]", "");
	static const char *const others[] = {"https://127.0.0.1:6443",
	                                     "http://example.org",
	                                     "http://u:p@127.0.0.1/",
	                                     "http://127.0.0.1:0",
	                                     "http://127.0.0.1:70000",
	                                     "http://127.0.0.1:",
	                                     "http://127.0.0.1:8x",
	                                     "http://",
	                                     "http:///x",
	                                     "",
	                                     "http://[::1",
	                                     "http://[::1]x",
	                                     "http://127.0.0.1/a b",
	                                     "http://127.0.0.1/\r\nX: y",
	                                     "http://127.0.0.1/?a"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect_route(others[i], NULL, 0, NULL, NULL);
}

static void test_facts(void **state)
{
	(void)state;
	struct cluster_facts facts;
	assert_true(
	        cluster_read_facts("{\"clusters\":[{\"name\":\"a\",\"cluster\":{\"server\":\"http://127.0.0.1:1/x\"}}],"
	                           "\"contexts\":[{\"name\":\"a\",\"context\":{\"namespace\":\"ns1\"}}]}",
	                           &facts, &err));
	assert_string_equal(facts.ns, "ns1");
	assert_string_equal(facts.server, "http://127.0.0.1:1/x");
	assert_true(facts.is_direct);
	free(facts.ns);
	free(facts.server);
	assert_true(cluster_read_facts("{\"clusters\":[{\"cluster\":{\"server\":\"http://"
	                               "127.0.0.1:1\",\"proxy-url\":\"http://p\"}}],\"contexts\":null}",
	                               &facts, &err));
	assert_string_equal(facts.ns, "default");
	assert_false(facts.is_direct);
	free(facts.ns);
	free(facts.server);
	assert_false(cluster_read_facts("{\"clusters\":null}", &facts, &err));
	assert_false(cluster_read_facts("error: x", &facts, &err));
}

/* ---- a console between pipes ---- */
struct session {
	struct loop *loop;
	struct console_server server;
	struct loop_timer *deadline;
	struct console *console;
	struct route route;
	int keys[2], screen[2]; /* pipes: [1] is written, [0] read */
	struct str seen;
	bool is_connected, has_ended, is_late;
	struct console_end end;
	char words[ERR_TEXT_MAX];
};
static struct session s;

static void on_connected(void *user)
{
	(void)user;
	s.is_connected = true;
}

static void on_end(const struct console_end *end, void *user)
{
	(void)user;
	assert_false(s.has_ended);
	s.has_ended = true;
	s.end = *end;
	snprintf(s.words, sizeof s.words, "%s", end->words);
}

static void on_late(void *user)
{
	(void)user;
	s.is_late = true;
}

static int set_up(void **state)
{
	(void)state;
	s = (struct session){0};
	s.loop = loop_create(&err);
	console_server_start(&s.server, s.loop);
	s.deadline = loop_timer_create(s.loop, on_late, NULL);
	loop_timer_start(s.deadline, 10000, 0);
	return pipe2(s.keys, O_CLOEXEC) || pipe2(s.screen, O_CLOEXEC | O_NONBLOCK);
}

static int tear_down(void **state)
{
	(void)state;
	console_destroy(s.console);
	console_server_stop(&s.server);
	loop_timer_destroy(s.deadline);
	loop_destroy(s.loop);
	route_finish(&s.route);
	for (int i = 0; i < 2; i++) {
		if (s.keys[i] >= 0)
			close(s.keys[i]);
		close(s.screen[i]);
	}
	str_finish(&s.seen);
	return 0;
}

static void look(void)
{
	char bytes[65536];
	ssize_t n;
	while ((n = read(s.screen[0], bytes, sizeof bytes)) > 0)
		str_append_n(&s.seen, bytes, (size_t)n);
}

#define UNTIL(condition)                                                                                               \
	while (!(condition)) {                                                                                         \
		assert_false(s.is_late);                                                                               \
		loop_turn(s.loop, true);                                                                               \
	}

static void type(const char *keys)
{
	assert_int_equal(write(s.keys[1], keys, strlen(keys)), strlen(keys));
}

static void open_console(const char *name, int64_t timeout_ms)
{
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/s3cret/", s.server.port);
	assert_true(route_parse(url, &s.route));
	const struct console_options with = {.route = &s.route,
	                                     .ns = "ns1",
	                                     .name = name,
	                                     .timeout_ms = timeout_ms,
	                                     .retry_ms = 5,
	                                     .in = s.keys[0],
	                                     .out = s.screen[1],
	                                     .on_connected = on_connected,
	                                     .on_end = on_end};
	s.console = console_create(s.loop, &with);
}

static void open_standing(void)
{
	open_console("vm1", 60000);
	UNTIL(s.is_connected && s.server.client);
}

static void expect_end(bool is_fine, bool was_cut, const char *words)
{
	UNTIL(s.has_ended);
	assert_string_equal(s.words, words);
	assert_int_equal(s.end.is_fine, is_fine);
	assert_int_equal(s.end.was_cut, was_cut);
}

#define CUT "websocket: close 1006 (abnormal closure): unexpected EOF"

static void test_both_ways(void **state)
{
	(void)state;
	open_standing();
	console_server_send(&s.server, "login: ", 7);
	UNTIL((look(), s.seen.len >= 7));
	assert_string_equal(s.seen.data, "login: ");
	type("fedora\r");
	UNTIL(s.server.got.len == 7);
	assert_string_equal(s.server.got.data, "fedora\r");
	type("a\x1d"); /* not the first byte of a read */
	UNTIL(s.server.got.len == 9);
	assert_false(s.has_ended);
	type("\x1d"
	     "abc");
	expect_end(true, false, "");
	UNTIL(!s.server.client);
	assert_int_equal(s.server.got.len, 9);
}

static void test_texts_are_ignored(void **state)
{
	(void)state;
	open_standing();
	websocket_send_text(s.server.client->websocket, "not this");
	console_server_send(&s.server, "this", 4);
	UNTIL((look(), s.seen.len > 0));
	assert_string_equal(s.seen.data, "this");
}

static void test_garbage(void **state)
{
	(void)state;
	char bytes[1024];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	open_standing();
	console_server_send(&s.server, bytes, sizeof bytes);
	UNTIL((look(), s.seen.len >= sizeof bytes));
	assert_int_equal(s.seen.len, sizeof bytes);
	assert_memory_equal(s.seen.data, bytes, sizeof bytes);
}

static void test_not_running(void **state)
{
	(void)state;
	s.server.not_running = 3;
	open_standing();
	assert_int_equal(s.server.n_refused, 3);
	type("\x1d");
	expect_end(true, false, "");
}

static void test_timeout(void **state)
{
	(void)state;
	s.server.not_running = 1000000;
	open_console("vm1", 60);
	expect_end(false, false, "Timeout trying to connect to the virtual machine instance");
	assert_true(s.server.n_refused >= 3);
}

static void test_no_waiting(void **state)
{
	(void)state;
	s.server.not_running = 1000000;
	open_console("vm1", 0);
	expect_end(false, false, "VMI is not running");
	assert_int_equal(s.server.n_refused, 1);
}

static void test_not_found(void **state)
{
	(void)state;
	open_console("nope", 60000);
	expect_end(false, false, "virtualmachineinstance.kubevirt.io \"nope\" not found");
	assert_false(s.is_connected);
}

static void test_no_server(void **state)
{
	(void)state;
	loop_fd_destroy(s.server.source);
	s.server.source = NULL;
	int closed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	dup3(closed, s.server.fd, O_CLOEXEC); /* the port is free again */
	close(closed);
	open_console("vm1", 60000);
	UNTIL(s.has_ended);
	assert_non_null(strstr(s.words, "Can't connect to websocket: dial tcp 127.0.0.1:"));
	assert_non_null(strstr(s.words, "Connection refused"));
}

static void test_no_websocket(void **state)
{
	(void)state;
	s.server.rejection = "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n";
	open_console("vm1", 60000);
	expect_end(false, false, "Can't connect to websocket: WebSocket: the reply is no HTTP");
}

static void test_answer_cut(void **state)
{
	(void)state;
	s.server.silent = true;
	open_console("vm1", 60000);
	UNTIL(s.server.conns.len && s.server.conns.data[0]->in.len > 0);
	console_conn_cut(s.server.conns.data[0]);
	expect_end(false, false, "Can't connect to websocket: unexpected EOF");
}

static void test_taken_over(void **state)
{
	(void)state;
	open_standing();
	console_server_send(&s.server, "last words", 10);
	struct console *first = s.console;
	s.console = NULL;
	route_finish(&s.route);
	int keys[2], screen[2];
	assert_int_equal(pipe2(keys, O_CLOEXEC), 0);
	assert_int_equal(pipe2(screen, O_CLOEXEC | O_NONBLOCK), 0);
	char url[64];
	struct route route;
	snprintf(url, sizeof url, "http://localhost:%d", s.server.port);
	assert_true(route_parse(url, &route));
	const struct console_options with = {.route = &route,
	                                     .ns = "ns1",
	                                     .name = "vm1",
	                                     .timeout_ms = 60000,
	                                     .in = keys[0],
	                                     .out = screen[1],
	                                     .on_connected = on_connected,
	                                     .on_end = on_end};
	struct console *second = console_create(s.loop, &with);
	expect_end(false, true, CUT);
	look();
	assert_string_equal(s.seen.data, "last words");
	assert_int_equal(s.server.n_clients, 2);
	console_server_send(&s.server, "x", 1);
	char byte = 0;
	UNTIL(read(screen[0], &byte, 1) == 1);
	assert_int_equal(byte, 'x');
	console_destroy(second);
	console_destroy(first);
	route_finish(&route);
	for (int i = 0; i < 2; i++) {
		close(keys[i]);
		close(screen[i]);
	}
}

static void test_closed_in_order(void **state)
{
	(void)state;
	open_standing();
	websocket_close(s.server.client->websocket, WEBSOCKET_NORMAL);
	console_conn_flush(s.server.client);
	expect_end(true, false, "");
}

static void test_closed_going_away(void **state)
{
	(void)state;
	open_standing();
	websocket_close(s.server.client->websocket, WEBSOCKET_GOING_AWAY);
	console_conn_flush(s.server.client);
	expect_end(false, false, "websocket: close 1001 (going away)");
}

static void test_broken_protocol(void **state)
{
	(void)state;
	open_standing();
	str_append(&s.server.client->out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	console_conn_flush(s.server.client);
	expect_end(false, false, "websocket: close 1002 (protocol error)");
}

static void test_keys_end(void **state)
{
	(void)state;
	open_standing();
	type("exit\r");
	close(s.keys[1]);
	s.keys[1] = -1;
	expect_end(true, false, "");
	UNTIL(!s.server.client);
	assert_string_equal(str_text(&s.server.got), "exit\r");
}

static void test_escape_from_a_stuck_peer(void **state)
{
	(void)state;
	open_standing();
	loop_fd_set(s.server.client->source, 0); /* it never answers the close */
	type("\x1d");
	expect_end(true, false, "");
	assert_true(s.server.client != NULL);
}

static void test_close_is_told(void **state)
{
	(void)state;
	open_standing();
	type("\x1d");
	UNTIL(websocket_is_closed(s.server.client->websocket));
	assert_int_equal(websocket_close_code(s.server.client->websocket), WEBSOCKET_NORMAL);
	assert_false(s.has_ended); /* until the answer has come */
	expect_end(true, false, "");
}

static void test_screen_gone(void **state)
{
	(void)state;
	open_standing();
	close(s.screen[0]);
	s.screen[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	console_server_send(&s.server, "x", 1);
	expect_end(false, false, "write /dev/stdout: Broken pipe");
}

static long resident_kib(void)
{
	long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

enum { BURST = 10 << 20, PIECE = 8 << 10 };

/* 10 MB for a terminal that takes nothing: it stays with the server; keys work; then all of it comes, whole. */
static void test_burst(void **state)
{
	(void)state;
	static char piece[PIECE];
	size_t n = 0, before = 0;
	open_standing();
	int idle = 0;
	long start_kib = resident_kib();
	/* the server has a message of its own to give only when the last is on its way, so that its memory does not count */
	while (idle < 20 && n < BURST) {
		if (s.server.client->out.len == 0) {
			memset(piece, (int)('a' + n / PIECE % 26), sizeof piece);
			console_server_send(&s.server, piece, sizeof piece);
			n += PIECE;
		}
		loop_turn(s.loop, false);
		idle = s.server.client->out.len ? idle + 1 : 0;
	}
	assert_true(n < BURST); /* it does not swallow what nobody reads */
	assert_true(resident_kib() - start_kib < 8192);
	type("q");
	UNTIL(s.server.got.len == 1);
	while (s.seen.len < BURST) {
		assert_false(s.is_late);
		if (n < BURST && s.server.client->out.len == 0) {
			memset(piece, (int)('a' + n / PIECE % 26), sizeof piece);
			console_server_send(&s.server, piece, sizeof piece);
			n += PIECE;
		}
		loop_turn(s.loop, false);
		before = s.seen.len;
		look();
		for (size_t i = before; i < s.seen.len; i++)
			if (s.seen.data[i] != (char)('a' + i / PIECE % 26))
				fail_msg("byte %zu is wrong", i);
	}
	assert_int_equal(s.seen.len, BURST);
}

/* A peer that takes no keys: they stay with whoever types, and go on in order when it does. */
static void test_pasted_into_a_stuck_peer(void **state)
{
	(void)state;
	size_t typed = 0;
	char bytes[1024];
	open_standing();
	fcntl(s.keys[1], F_SETFL, O_NONBLOCK);
	loop_fd_set(s.server.client->source, 0);
	for (int idle = 0; idle < 100 && typed < 64 << 20;) {
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (char)('a' + (typed + i) % 26);
		ssize_t n = write(s.keys[1], bytes, sizeof bytes);
		typed += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		loop_turn(s.loop, false);
	}
	assert_true(typed < 64 << 20);
	console_server_send(&s.server, "x", 1); /* the other way is open */
	loop_fd_set(s.server.client->source, 0);
	UNTIL((look(), s.seen.len > 0));
	loop_fd_set(s.server.client->source, LOOP_READ);
	UNTIL(s.server.got.len >= typed);
	for (size_t i = 0; i < typed; i++)
		if (s.server.got.data[i] != (char)('a' + i % 26))
			fail_msg("byte %zu is wrong", i);
}

/* Into a descriptor that blocks, as a plain file does. */
static void test_into_a_file(void **state)
{
	(void)state;
	FILE *file = tmpfile();
	assert_non_null(file);
	dup3(fileno(file), s.screen[1], O_CLOEXEC);
	open_standing();
	struct str text = {0};
	while (text.len < 300000)
		str_append_f(&text, "%zu ", text.len);
	console_server_send(&s.server, text.data, text.len);
	console_conn_cut(s.server.client);
	expect_end(false, true, CUT);
	assert_int_equal(lseek(fileno(file), 0, SEEK_END), text.len);
	str_finish(&text);
	fclose(file);
}

/* The way out works while the screen is stuck. */
static void test_escape_when_stuck(void **state)
{
	(void)state;
	static char piece[PIECE];
	open_standing();
	for (int i = 0; i < 100; i++)
		console_server_send(&s.server, piece, sizeof piece);
	for (int i = 0; i < 50; i++)
		loop_turn(s.loop, false);
	type("\x1d");
	expect_end(true, false, "");
}

/* ---- finding the cluster, with a kubectl of our own ---- */
static char ns_found[64], authority[64];

static void on_cluster(struct cluster *cluster, const struct err *failure, void *user)
{
	(void)user;
	assert_false(s.has_ended);
	s.has_ended = true;
	snprintf(s.words, sizeof s.words, "%s", failure ? failure->text : "");
	snprintf(ns_found, sizeof ns_found, "%s", cluster_ns(cluster) ? cluster_ns(cluster) : "");
	snprintf(authority, sizeof authority, "%s",
	         cluster_route(cluster)->authority ? cluster_route(cluster)->authority : "");
}

static void find_cluster(const char *script, const char *ns)
{
	char path[] = "/tmp/onesdn-kubectl-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_true(file_write(path, script, strlen(script), 0700, &err));
	const struct cluster_options with = {.kubectl = path, .ns = ns, .context = "c"};
	s.has_ended = false;
	struct cluster *cluster = cluster_create(s.loop, &with, on_cluster, NULL);
	UNTIL(s.has_ended);
	cluster_destroy(cluster);
	unlink(path);
}

#define VIEW(server)                                                                                                   \
	"#!/bin/sh\ncase \"$*\" in '--context c config view --minify -o json') "                                       \
	"echo '{\"clusters\":[{\"cluster\":{\"server\":\"" server "\"}}],\"contexts\":[{\"context\":"                  \
	"{\"namespace\":\"ns7\"}}]}' ;; "

static void test_cluster(void **state)
{
	(void)state;
	find_cluster(VIEW("http://127.0.0.1:7/x") "*) exit 9;; esac\n", NULL);
	assert_string_equal(s.words, "");
	assert_string_equal(ns_found, "ns7");
	assert_string_equal(authority, "127.0.0.1:7");
	find_cluster(VIEW("http://127.0.0.1:7/x") "*) exit 9;; esac\n", "mine");
	assert_string_equal(ns_found, "mine");
	find_cluster("#!/bin/sh\necho 'error: no such context' >&2; exit 1\n", NULL);
	assert_string_equal(s.words, "kubectl config view: error: no such context");
	find_cluster(VIEW("https://10.0.0.1") "*) echo 'no login' >&2; exit 3;; esac\n", NULL);
	assert_non_null(strstr(s.words, "proxy ended with status 3, no login"));
	find_cluster(VIEW("") "esac\n", NULL);
	assert_non_null(strstr(s.words, "names no server"));
}

static void test_no_kubectl(void **state)
{
	(void)state;
	const struct cluster_options with = {.kubectl = "/nowhere/kubectl"};
	struct cluster *cluster = cluster_create(s.loop, &with, on_cluster, NULL);
	assert_false(s.has_ended);
	UNTIL(s.has_ended);
	cluster_destroy(cluster);
	assert_non_null(strstr(s.words, "kubectl is needed to find the cluster, but: "));
}

/* ---- start, stop and the like ---- */
static char printed[512];

static void on_act_done(const char *text, const struct err *failure, void *user)
{
	(void)user;
	s.has_ended = true;
	s.end.is_fine = !failure;
	snprintf(printed, sizeof printed, "%s", text);
	snprintf(s.words, sizeof s.words, "%s", failure ? failure->text : "");
}

static void expect_act(const char *line, const char *text, const char *words, const char *log)
{
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/s3cret", s.server.port);
	route_finish(&s.route);
	assert_true(route_parse(url, &s.route));
	assert_true(read_line(line));
	str_clear(&s.server.log);
	s.has_ended = false;
	struct act *act = act_create(s.loop, &options, &s.route, "ns1", on_act_done, NULL);
	UNTIL(s.has_ended);
	act_destroy(act);
	assert_string_equal(printed, text);
	assert_string_equal(s.words, words);
	assert_string_equal(str_text(&s.server.log), log);
}

#define VM "/s3cret/apis/subresources.kubevirt.io/v1/namespaces/ns1/virtualmachines/vm1/"
#define VMI "/s3cret/apis/subresources.kubevirt.io/v1/namespaces/ns1/virtualmachineinstances/vm1/"
#define GET_VM "GET /s3cret/apis/kubevirt.io/v1/namespaces/ns1/virtualmachines/vm1 \n"

static void test_acts(void **state)
{
	(void)state;
	static const struct console_rule rules[] = {
	        {"PUT ", 202, ""}, {"GET ", 200, "{\"kind\":\"VirtualMachine\",\"spec\":{\"running\":true}}"}, {0}};
	s.server.rules = rules;
	expect_act("start vm1", "VM vm1 was scheduled to start\n", "", "PUT " VM "start {}\n");
	expect_act("start vm1 --paused", "VM vm1 was scheduled to start\n", "", "PUT " VM "start {\"paused\":true}\n");
	expect_act("stop vm1", "VM vm1 was scheduled to stop\n", "", "PUT " VM "stop {}\n");
	expect_act("stop vm1 --force --grace-period=0", "VM vm1 was scheduled to stop\n", "",
	           "PUT " VM "stop {\"gracePeriod\":0}\n");
	expect_act("restart vm/vm1 --dry-run", "VM vm1 was scheduled to restart\n", "",
	           "PUT " VM "restart {\"dryRun\":[\"All\"]}\n");
	expect_act("restart vm1 --force --grace-period=0", "VM vm1 was scheduled to restart\n", "",
	           "PUT " VM "restart {\"gracePeriodSeconds\":0}\n");
	expect_act("pause vmi vm1", "VMI vm1 was scheduled to pause\n", "", "PUT " VMI "pause {}\n");
	expect_act("unpause vm vm1", "VMI vm1 was scheduled to unpause\n", "", GET_VM "PUT " VMI "unpause {}\n");
}

static void test_acts_that_fail(void **state)
{
	(void)state;
	static const struct console_rule rules[] = {
	        {"PUT ", 409,
	         "{\"kind\":\"Status\",\"message\":\"Operation cannot be fulfilled: VM is already running\"}"},
	        {"GET ", 404, "{\"kind\":\"Status\",\"message\":\"not found\"}"},
	        {0}};
	static const struct console_rule halted[] = {{"PUT ", 404, "{\"kind\":\"Status\",\"message\":\"gone\"}"},
	                                             {"GET ", 200, "{\"spec\":{\"runStrategy\":\"Halted\"}}"},
	                                             {0}};
	s.server.rules = rules;
	expect_act("start vm1", "",
	           "Error starting VirtualMachine Operation cannot be fulfilled: VM is already running",
	           "PUT " VM "start {}\n");
	expect_act("stop vm1 --force --grace-period=0", "",
	           "error force stopping VirtualMachine: Operation cannot be fulfilled: VM is already running",
	           "PUT " VM "stop {\"gracePeriod\":0}\n");
	expect_act("pause vm vm1", "", "Error getting VirtualMachine vm1: not found", GET_VM);
	s.server.rules = halted;
	expect_act("pause vm vm1", "", "Error pausing VirtualMachineInstance vm1. VirtualMachine vm1 is not set to run",
	           GET_VM "PUT " VMI "pause {}\n");
	expect_act("pause vmi vm1", "", "Error pausing VirtualMachineInstance vm1: gone", "PUT " VMI "pause {}\n");
	s.server.rules = NULL;
	expect_act("start vm1", "", "Error starting VirtualMachine 404 page not found (HTTP status 404)",
	           "PUT " VM "start {}\n");
}

static void test_version(void **state)
{
	(void)state;
	static const struct console_rule rules[] = {
	        {"/v1/version", 200, "{\"gitVersion\":\"v1.6.0\",\"platform\":\"linux/amd64\"}"},
	        {"GET ", 200, "{\"preferredVersion\":{\"version\":\"v1\"}}"},
	        {0}};
	s.server.rules = rules;
	expect_act(
	        "version",
	        "Server Version: version.Info{GitVersion:\"v1.6.0\", GitCommit:\"\", GitTreeState:\"\", "
	        "BuildDate:\"\", GoVersion:\"\", "
	        "Compiler:\"\", Platform:\"linux/amd64\"}\n",
	        "",
	        "GET /s3cret/apis/subresources.kubevirt.io \nGET /s3cret/apis/subresources.kubevirt.io/v1/version \n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_options),
	        cmocka_unit_test(test_wrong_options),
	        cmocka_unit_test(test_help),
	        cmocka_unit_test(test_words),
	        cmocka_unit_test(test_routes),
	        cmocka_unit_test(test_facts),
	        TEST(test_both_ways),
	        TEST(test_texts_are_ignored),
	        TEST(test_garbage),
	        TEST(test_not_running),
	        TEST(test_timeout),
	        TEST(test_no_waiting),
	        TEST(test_not_found),
	        TEST(test_no_server),
	        TEST(test_no_websocket),
	        TEST(test_answer_cut),
	        TEST(test_taken_over),
	        TEST(test_closed_in_order),
	        TEST(test_closed_going_away),
	        TEST(test_broken_protocol),
	        TEST(test_keys_end),
	        TEST(test_escape_from_a_stuck_peer),
	        TEST(test_close_is_told),
	        TEST(test_screen_gone),
	        TEST(test_burst),
	        TEST(test_pasted_into_a_stuck_peer),
	        TEST(test_into_a_file),
	        TEST(test_escape_when_stuck),
	        TEST(test_cluster),
	        TEST(test_no_kubectl),
	        TEST(test_acts),
	        TEST(test_acts_that_fail),
	        TEST(test_version),
	};
	return cmocka_run_group_tests_name("virtctl", tests, NULL, NULL);
}
