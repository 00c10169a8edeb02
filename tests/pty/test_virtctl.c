/* test_virtctl: the real virtctl, typed into a real shell in a pty, against an API server by script on this test's loop: what it
 * prints, what reaches the VM, how it leaves the terminal, its exit status. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../console_server.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "onesdn/websocket.h"
#include "pty.h"

enum { SOON = 15000 }; /* a deadline, not a wait */
#define CONNECTED "Successfully connected to vm1 console. Press Ctrl+] or Ctrl+5 to exit console."
#define DISCONNECTED "You were disconnected from the console. This could be caused by one of the following:"

static struct pty pty;
static struct console_server server;
static char *virtctl;
static char kubeconfig[128];

static int make_dirs(void **state)
{
	(void)state;
	pty_make_dirs();
	virtctl = pty_program("virtctl");
	snprintf(kubeconfig, sizeof kubeconfig, "%s/kubeconfig", pty_dir());
	return 0;
}

static int remove_dirs(void **state)
{
	(void)state;
	free(virtctl);
	pty_finish_dirs();
	return 0;
}

static void write_kubeconfig(const char *host)
{
	struct err err;
	char *text = mem_printf("apiVersion: v1\nkind: Config\ncurrent-context: a\n"
	                        "clusters: [{name: a, cluster: {server: 'http://%s:%d/s3cret'}}]\n"
	                        "contexts: [{name: a, context: {cluster: a, user: '', namespace: ns1}}]\n",
	                        host, server.port);
	if (!file_write(kubeconfig, text, strlen(text), 0600, &err))
		fail_msg("%s", err.text);
	free(text);
}

static int set_up(void **state)
{
	static const char *const argv[] = {"bash", "--norc", "--noprofile", NULL};
	(void)state;
	char *env[] = {mem_printf("KUBECONFIG=%s", kubeconfig), mem_printf("VIRTCTL=%s", virtctl), mem_strdup("PS1=$ "),
	               NULL};
	pty_start(&pty, 100, 30, argv, (const char *const *)env);
	console_server_start(&server, pty.loop);
	write_kubeconfig("127.0.0.1");
	pty_expect(&pty, SOON, "$");
	for (int i = 0; env[i]; i++)
		free(env[i]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	console_server_stop(&server);
	pty_type(&pty, "exit\r"); /* a shell that is asked by TERM stays */
	pty_expect_end(&pty, SOON);
	pty_end(&pty);
	return 0;
}

static bool has_client(struct pty *p, void *user)
{
	(void)p;
	return server.client && server.n_clients >= *(int *)user;
}

static bool has_got(struct pty *p, void *user)
{
	(void)p;
	return strstr(str_text(&server.got), user) != NULL;
}

static void expect_client(int n)
{
	assert_true(pty_wait(&pty, SOON, has_client, &n));
}

static void expect_got(const char *text)
{
	char copy[64];
	snprintf(copy, sizeof copy, "%s", text);
	if (!pty_wait(&pty, SOON, has_got, copy))
		fail_msg("the VM has got \"%s\", not \"%s\"", str_text(&server.got), text);
}

static void connect_console(void)
{
	pty_type(&pty, "$VIRTCTL console vm1\r");
	pty_expect(&pty, SOON, CONNECTED);
	expect_client(1);
}

static void show(const char *text)
{
	console_server_send(&server, text, strlen(text));
}

/* The exit status, and that the terminal is as it was. The words are broken up so that what is typed is not what is awaited. */
static void expect_status(int status)
{
	char words[64];
	pty_type(&pty, "echo sta'tus'=$?; stty -a | grep -qw -- '-icanon' && echo still ra'w' || echo sa'ne'\r");
	snprintf(words, sizeof words, "status=%d", status);
	pty_expect(&pty, SOON, words, "sane");
}

static bool has_no_client(struct pty *p, void *user)
{
	(void)p;
	(void)user;
	return !server.client;
}

static void leave_console(void)
{
	pty_type(&pty, "\x1d");
	assert_true(pty_wait(&pty, SOON, has_no_client, NULL)); /* what comes in one read with the escape is lost */
	expect_status(0);
}

static void test_session(void **state)
{
	(void)state;
	connect_console();
	show("\r\nvm1 login: ");
	pty_expect(&pty, SOON, "vm1 login:");
	pty_type(&pty, "fedora\r\x03\x1a\x1c");
	expect_got("fedora\r\x03\x1a\x1c"); /* raw: Ctrl+C, Ctrl+Z and Ctrl+\ are the VM's */
	leave_console();
}

static void test_resize_during_output(void **state)
{
	(void)state;
	connect_console();
	show("before\r\n");
	pty_expect(&pty, SOON, "before");
	pty_resize(&pty, 60, 20);
	show("after\r\n");
	pty_expect(&pty, SOON, "after");
	leave_console();
}

static void test_retry(void **state)
{
	(void)state;
	server.not_running = 1;
	connect_console();
	assert_int_equal(server.n_refused, 1);
	leave_console();
}

static bool was_refused(struct pty *p, void *user)
{
	(void)p;
	(void)user;
	return server.n_refused > 0;
}

static void test_interrupt_while_waiting(void **state)
{
	(void)state;
	server.not_running = 1000;
	pty_type(&pty, "$VIRTCTL console vm1\r");
	assert_true(pty_wait(&pty, SOON, was_refused, NULL));
	pty_type(&pty, "\x03");
	expect_status(0);
}

static void test_not_found(void **state)
{
	(void)state;
	pty_type(&pty, "$VIRTCTL console nope\r");
	pty_expect(&pty, SOON, "virtualmachineinstance.kubevirt.io \"nope\" not found");
	expect_status(1);
}

static void test_taken_over(void **state)
{
	(void)state;
	connect_console();
	show("mine\r\n");
	pty_expect(&pty, SOON, "mine");
	const char *const other[] = {virtctl,   "--kubeconfig", kubeconfig,
	                             "console", "vm1",          NULL}; /* its keys end at once */
	assert_int_equal(pty_run(&pty, SOON, NULL, other), 0);
	assert_int_equal(server.n_clients, 2);
	pty_expect(&pty, SOON, DISCONNECTED, " - the target VM was powered off",
	           " - another user connected to the console of the target VM", " - network issues",
	           "websocket: close 1006 (abnormal closure): unexpected EOF");
	expect_status(1);
}

static pid_t connect_with_pid(void)
{
	pty_type(&pty, "bash -c 'echo p''id=$$.; exec $VIRTCTL console vm1'\r");
	pty_expect(&pty, SOON, CONNECTED);
	expect_client(1);
	char *screen = pty_screen(&pty), *at = strstr(screen, "\npid=");
	assert_non_null(at);
	pid_t pid = (pid_t)strtol(at + 5, NULL, 10);
	free(screen);
	assert_true(pid > 1);
	return pid;
}

static void test_killed(void **state)
{
	(void)state;
	kill(connect_with_pid(), SIGTERM);
	assert_true(pty_wait(&pty, SOON, has_no_client, NULL));
	expect_status(143);
}

static void test_stopped(void **state)
{
	(void)state;
	pid_t pid = connect_with_pid();
	kill(pid, SIGTSTP);
	pty_expect(&pty, SOON, "Stopped");
	expect_status(148);
	pty_type(&pty, "clear; fg\r");
	pty_expect(&pty, SOON, "bash -c");
	show("here again");
	pty_expect(&pty, SOON, "here again");
	pty_type(&pty, "\x03");
	expect_got("\x03");
	leave_console();
}

static void test_garbage(void **state)
{
	(void)state;
	char bytes[65536];
	connect_console();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 167 + (i >> 8) * 13);
	console_server_send(&server, bytes, sizeof bytes);
	show("\x18\x1b\\\x1b"
	     "c\x0fstill there");
	pty_expect(&pty, SOON, "still there");
	leave_console();
}

#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_KIB = 200000 }; /* freed memory is kept for a while */
#else
enum { GROWTH_KIB = 4096 };
#endif

static long peak_kib(pid_t pid)
{
	char path[64], line[128];
	long kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		sscanf(line, "VmHWM: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

static void test_burst(void **state)
{
	(void)state;
	pid_t pid = connect_with_pid();
	struct str lines = {0};
	while (lines.len < 10 << 20)
		str_append_f(&lines, "line %zu of a burst on the console\r\n", lines.len);
	str_append(&lines, "the last line\r\n");
	int64_t start = time_wall_ms();
	long before = peak_kib(pid);
	for (size_t at = 0; at < lines.len; at += 8192)
		websocket_send(server.client->websocket, -1, lines.data + at,
		               lines.len - at < 8192 ? lines.len - at : 8192);
	console_conn_flush(server.client);
	pty_type(&pty, "q"); /* a key in the middle of it */
	pty_expect(&pty, SOON, "the last line");
	expect_got("q");
	long grown = peak_kib(pid) - before;
	print_message("# a burst of %zu bytes took %d ms, virtctl grew by %ld KiB\n", lines.len,
	              (int)(time_wall_ms() - start), grown);
	assert_true(before > 0 && grown < GROWTH_KIB);
	leave_console();
	str_finish(&lines);
}

static bool is_swept(const char *folder)
{
	char path[160];
	bool is_clean = true;
	snprintf(path, sizeof path, "%s/XDG_RUNTIME_DIR/onesdn", pty_dir());
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		is_clean = is_clean && !strstr(entry->d_name, folder);
	if (dir)
		closedir(dir);
	return is_clean;
}

/* A name that is no address goes through kubectl proxy, as https does. */
static void test_through_proxy(void **state)
{
	(void)state;
	write_kubeconfig("LOCALHOST");
	connect_console();
	show("through the proxy");
	pty_expect(&pty, SOON, "through the proxy");
	assert_false(is_swept("proxy-"));
	pty_type(&pty, "typed\r");
	expect_got("typed\r");
	leave_console();
	assert_true(is_swept("proxy-"));
	pty_type(&pty, "clear; $VIRTCTL console nope\r");
	pty_expect(&pty, SOON, "virtualmachineinstance.kubevirt.io \"nope\" not found");
	expect_status(1);
	pty_type(&pty, "clear; bash -c 'echo p''id=$$.; exec $VIRTCTL console vm1'\r");
	expect_client(2);
	pty_expect(&pty, SOON, CONNECTED);
	console_conn_cut(server.client);
	pty_expect(&pty, SOON, DISCONNECTED);
	expect_status(1);
	static const struct console_rule rules[] = {{"PUT ", 202, ""}, {0}};
	server.rules = rules;
	pty_type(&pty, "clear; $VIRTCTL restart vm1\r");
	pty_expect(&pty, SOON, "VM vm1 was scheduled to restart");
	expect_status(0);
}

static void test_no_cluster(void **state)
{
	(void)state;
	pty_type(&pty, "$VIRTCTL --context nope console vm1\r");
	pty_expect(&pty, SOON, "kubectl config view:", "nope");
	expect_status(1);
	pty_type(&pty, "clear; PATH=/nowhere $VIRTCTL console vm1\r");
	pty_expect(&pty, SOON, "kubectl is needed to find the cluster, but:");
	expect_status(1);
}

static void test_acts(void **state)
{
	static const struct console_rule rules[] = {
	        {"/start", 409, "{\"kind\":\"Status\",\"message\":\"VM is already running\"}"}, {"PUT ", 202, ""}, {0}};
	(void)state;
	server.rules = rules;
	pty_type(&pty, "$VIRTCTL stop vm1\r");
	pty_expect(&pty, SOON, "VM vm1 was scheduled to stop");
	expect_status(0);
	pty_type(&pty, "clear; $VIRTCTL start -n other vm1\r");
	pty_expect(&pty, SOON, "Error starting VirtualMachine VM is already running");
	expect_status(1);
	assert_non_null(
	        strstr(str_text(&server.log),
	               "PUT /s3cret/apis/subresources.kubevirt.io/v1/namespaces/other/virtualmachines/vm1/start {}"));
	pty_type(&pty, "clear; $VIRTCTL version --client\r");
	pty_expect(&pty, SOON, "Client Version: version.Info{GitVersion:");
	expect_status(0);
	pty_type(&pty, "clear; $VIRTCTL dance\r");
	pty_expect(&pty, SOON, "unknown command \"dance\" for \"virtctl\"");
	expect_status(1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(test_session),       TEST(test_resize_during_output),
	        TEST(test_retry),         TEST(test_interrupt_while_waiting),
	        TEST(test_not_found),     TEST(test_taken_over),
	        TEST(test_killed),        TEST(test_stopped),
	        TEST(test_garbage),       TEST(test_burst),
	        TEST(test_through_proxy), TEST(test_no_cluster),
	        TEST(test_acts),
	};
	return cmocka_run_group_tests_name("virtctl in a pty", tests, make_dirs, remove_dirs);
}
