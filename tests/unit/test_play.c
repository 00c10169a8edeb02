/* The engine: stages performed in a real bash in a pane, against a cluster that is fed object by object. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/play.h"
#include "show.h"

static const char head[] = "format: 1\n"
                           "title: A test\n"
                           "namespaces: [blue]\n"
                           "promises: [objects.yaml]\n"
                           "vars:\n"
                           "  server_ip: {pod: blue/server, address-on: green}\n"
                           "  odd: it's a $HOME\n"
                           "flows:\n"
                           "  - {id: one, from: blue/client, to: blue/server, port: tcp/9000}\n"
                           "  - {id: two, from: blue/client, to: blue/server, port: tcp/9001}\n"
                           "stages:\n";

static const char objects[] =
        "apiVersion: k8s.cni.cncf.io/v1\n"
        "kind: NetworkAttachmentDefinition\n"
        "metadata: {name: net, namespace: blue}\n"
        "spec: {config: '{\"cniVersion\": \"0.3.1\", \"name\": \"green\", \"netAttachDefName\": \"blue/net\", \"topology\": \"layer2\",\n"
        "  \"subnets\": \"192.168.200.0/24\", \"type\": \"ovn-k8s-cni-overlay\"}'}\n"
        "---\n"
        "{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: blue}}\n"
        "---\n"
        "{apiVersion: v1, kind: Pod, metadata: {name: server, namespace: blue, annotations: {k8s.v1.cni.cncf.io/networks: net}}}\n";

#define NAMESPACE                                                                                                      \
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"blue\"},\"status\":{\"phase\":\"Active\"}}"
#define NAD(name)                                                                                                                                 \
	"{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":\"net\",\"namespace\":\"blue\"}," \
	"\"spec\":{\"config\":\"{\\\"cniVersion\\\":\\\"0.3.1\\\",\\\"name\\\":\\\"green\\\",\\\"netAttachDefName\\\":\\\"blue/" name             \
	"\\\",\\\"topology\\\":\\\"layer2\\\",\\\"subnets\\\":\\\"192.168.200.0/24\\\",\\\"type\\\":\\\"ovn-k8s-cni-overlay\\\"}\"}}"
#define WAITING_POD(name, reason)                                                                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name                                                               \
	"\",\"namespace\":\"blue\"},\"spec\":{},\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}]," \
	"\"containerStatuses\":[{\"name\":\"c\",\"ready\":false,\"state\":{\"waiting\":{\"reason\":\"" reason                                  \
	"\",\"message\":\"no image called x\"}}}]}}"
#define READY_POD(name)                                                                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name                                                     \
	"\",\"namespace\":\"blue\",\"annotations\":{\"k8s.v1.cni.cncf.io/networks\":\"net\",\"k8s.v1.cni.cncf.io/network-status\":"  \
	"\"[{\\\"name\\\":\\\"blue/net\\\",\\\"interface\\\":\\\"net1\\\",\\\"ips\\\":[\\\"192.168.200.7\\\"],\\\"dns\\\":{}}]\"}}," \
	"\"spec\":{},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"                   \
	"\"containerStatuses\":[{\"name\":\"c\",\"ready\":true,\"state\":{\"running\":{}}}]}}"

static void open_show(const char *stages)
{
	show_open(head, stages, (struct play_options){0});
}

static char *screen(void)
{
	struct str text = {0};
	for (int p = 0; p < SCENARIO_N_PERSONAS; p++) {
		struct term *term = play_shell(show.play, (enum scenario_persona)p);
		term_text(term, 0, 23, 65536, &text);
	}
	return str_take(&text);
}

static bool is_typed_or_failed(const void *what)
{
	(void)what;
	enum play_state state = play_stage_state(show.play, play_stage(show.play));
	return state == PLAY_SHOWN || state == PLAY_FAILED;
}

static void type(const char *text)
{
	term_write(play_shell(show.play, SCENARIO_ADMIN), text, strlen(text));
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* ---- machines outside the cluster ---- */

static int states = -1; /* of the host: what is written here its watch prints */

static void say(const char *text)
{
	assert_int_equal(write(states, text, strlen(text)), strlen(text));
}

static const struct topo_workload *host(void)
{
	const struct topo *topo = play_topo(show.play);
	size_t at = topo_find_workload(topo, "db");
	assert_int_not_equal(at, TOPO_NONE);
	return &topo->workloads.data[at];
}

static bool host_is(const void *what)
{
	return host()->state == *(const enum topo_state *)what;
}

static void wait_host(enum topo_state state)
{
	wait_until(host_is, &state, topo_state_name(state));
}

static bool reason_is(const void *what)
{
	return strcmp(host()->reason, what) == 0;
}

static bool has_two_starts(const void *what)
{
	(void)what;
	struct str text = {0};
	char *path = show_path("starts");
	bool has = file_read(path, 1000, &text, NULL) && text.len >= 4;
	free(path);
	str_finish(&text);
	return has;
}

#define HOST(extra) "hosts:\n  - {name: db, address: 192.168.200.1, network: green, there-after: a" extra "}\n"

static void test_watched_host(void **state)
{
	(void)state;
	char *path = show_path("states");
	assert_int_equal(mkfifo(path, 0600), 0);
	states = open(path, O_RDWR | O_CLOEXEC);
	assert_true(states >= 0);
	open_show("  - {id: a, title: A, run: 'echo hello', check: [{up: db}]}\n" HOST(
	        ", watch: 'echo x >>starts; exec <states; while read -r line && test \"$line\" != end; do printf \"%b\\n\" \"$line\"; done'"));
	assert_int_equal(host()->state, TOPO_PLANNED);
	say("down it was never there\nupwards\n\n");
	play_next(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	wait_message("db is not up: it was never there"); /* not there yet is no failure of the host */
	assert_int_equal(host()->state, TOPO_PLANNED);
	say("up\n");
	wait_state(PLAY_DONE);
	assert_has(play_checked(show.play, 0), "db is up");
	assert_int_equal(host()->state, TOPO_RUNNING);
	say("down \\033[31mred\\033[0m words\n");
	wait_host(TOPO_FAILED);
	assert_null(strchr(host()->reason, 033));
	assert_has(host()->reason, "red");
	assert_true(strlen(host()->reason) < 100);
	/* a line that is too long is none */
	for (int i = 0; i < 100; i++)
		say("up up up up up ");
	say("\ndown again\n");
	wait_until(reason_is, "again", "the other words");
	say("up\n");
	wait_host(TOPO_RUNNING);
	/* the watch dies: what it said last is kept until the next one knows better */
	say("end\n");
	wait_until(has_two_starts, NULL, "another watch");
	assert_int_equal(host()->state, TOPO_RUNNING);
	say("absent\n");
	wait_host(TOPO_PLANNED);
	show_close();
	close(states);
	unlink(path);
	free(path);
	path = show_path("starts");
	unlink(path);
	free(path);
}

static void test_host_without_watch(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'echo hello', undo: 'echo bye'}\n" HOST(""));
	assert_int_equal(host()->state, TOPO_PLANNED);
	perform(PLAY_DONE);
	assert_int_equal(host()->state, TOPO_RUNNING);
	play_undo(show.play);
	wait_state(PLAY_PENDING);
	assert_int_equal(host()->state, TOPO_PLANNED);
	show_close();
}

/* ---- the way through a stage ---- */

static void test_walk(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'echo hel''lo', check: [{output: hello}]}\n"
	          "  - {id: b, title: B, picture: true}\n"
	          "  - {id: c, title: C, run: 'echo bye', as: workload-owner}\n");
	assert_int_equal(play_started(show.play), 0);
	char *command = play_next_command(show.play);
	assert_string_equal(command, "echo hel'lo");
	free(command);
	play_next(show.play);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SHOWN);
	wait_screen("$ echo hel'lo");
	wait_message("Space runs it");
	assert_false(play_is_busy(show.play));
	/* A lone quote: bash waits for more, and says so. */
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_message(show.play), "bash waits for more");
	show_close();

	open_show("  - {id: a, title: A, run: echo hello, check: [{output: hello}, {output-matches: '^h(\"|e)'}]}\n"
	          "  - {id: b, title: B, picture: true}\n"
	          "  - {id: c, title: C, run: 'echo bye', as: workload-owner}\n");
	perform(PLAY_DONE);
	assert_string_equal(play_checked(show.play, 0), "the output has \"hello\"; the output matches '^h(\"|e)'");
	assert_has(play_message(show.play), "the output has \"hello\"; the output matches '^h(\"|e)'  0.");
	assert_false(play_message_is_problem(show.play));
	assert_string_equal(str_text(&show.states), "0:1 0:2 0:3 0:4 ");
	play_next(show.play); /* on to the picture */
	assert_int_equal(play_stage(show.play), 1);
	play_next(show.play); /* which needs no Space of its own */
	assert_int_equal(play_stage_state(show.play, 1), PLAY_DONE);
	assert_int_equal(play_stage(show.play), 2);
	perform(PLAY_DONE);
	assert_true(play_is_over(show.play));
	wait_screen("bye");
	play_next(show.play);
	assert_string_equal(play_message(show.play), "the act is over");
	play_back(show.play);
	play_back(show.play);
	assert_int_equal(play_stage(show.play), 0);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_DONE);
	play_look(show.play, 9);
	assert_has(play_message(show.play), "there is no stage 10");
	show_close();
}

static void test_typing(void **state)
{
	(void)state;
	show_open(head, "  - {id: a, title: A, run: echo abcdefghijklmnopqrstuvwxyz}\n",
	          (struct play_options){.type_ms = 2000});
	play_next(show.play);
	wait_screen("$ e");
	assert_false(screen_has("$ echo"));
	play_next(show.play); /* the rest at once, but no Enter */
	wait_screen("$ echo abcdefghijklmnopqrstuvwxyz");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SHOWN);
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static void test_failing_command(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'echo one; echo two; test -e flag'}\n");
	perform(PLAY_FAILED);
	assert_true(play_message_is_problem(show.play));
	assert_has(play_message(show.play), "it ended with status 1: two; see the output");
	assert_has(play_failure(show.play),
	           "expected: the command ends with status 0\nfound:    it ended with status 1: two\n");
	assert_has(play_failure(show.play), "last output:\n  one\n  two\n");
	play_next(show.play);
	assert_has(play_message(show.play), "r runs the stage again, s goes on without it");
	show_write("flag", "", 0600);
	play_retry(show.play);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SHOWN);
	assert_string_equal(play_failure(show.play), "");
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static void test_known_cures(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'frobnicate-the-cluster'}\n");
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "it ended with status 127:");
	assert_has(play_message(show.play), "command not found; install that program");
	show_close();
}

static void test_output_and_exit(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo other, check: [{output: blue-server}]}\n"
	          "  - {id: b, title: B, run: 'exit() { return 3; }; exit', check: [{exit: 3}]}\n"
	          "  - {id: c, title: C, run: 'true', check: [{exit: 3}]}\n"
	          "  - {id: d, title: D, run: 'true', check: [{output: x}]}\n");
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "the command printed \"other\"");
	assert_has(play_failure(show.play), "expected: the output has \"blue-server\"\n");
	play_skip(show.play);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SKIPPED);
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "the command ended with status 0");
	play_skip(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "the command printed nothing");
	show_close();
}

/* ---- blocks of several lines and commands ---- */

static void test_blocks(void **state)
{
	(void)state;
	open_show(
	        "  - id: a\n    title: A\n    run: |\n"
	        "      for x in 1 2; do\n"
	        "        echo loop-$x\n"
	        "      done\n"
	        "      echo second\n"
	        "    check: [{output: loop-2}, {output: second}]\n"
	        "  - id: b\n    title: B\n    run: |\n"
	        "      echo first\n      false\n      echo third\n"
	        "  - id: c\n    title: C\n    run: |\n" /* our reading of the grammar errs here: bash has the last word */
	        "      function f\n"
	        "      {\n"
	        "        echo from-f\n"
	        "      }\n"
	        "      f\n"
	        "    check: [{output: from-f}]\n");
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "it ended with status 1");
	wait_screen("first");
	assert_false(screen_has("third"));
	play_skip(show.play);
	perform(PLAY_DONE);
	show_close();
}

/* ---- values, checks, the cluster ---- */

static void test_values(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'echo at {server_ip}:9000 {odd} {{odd}', check: [{output: 'at 192.168.200.7:9000 it''s a $HOME {odd}'}]}\n");
	char *command = play_next_command(show.play);
	assert_has(command, "{server_ip}");
	free(command);
	play_next(show.play);
	assert_has(play_message(show.play),
	           "{server_ip} has no value yet: blue/server has no address on green: it is not there");
	assert_true(play_message_is_problem(show.play));
	show_feed(NAMESPACE);
	show_feed(NAD("net"));
	show_feed(WAITING_POD("server", "ErrImagePull"));
	assert_has(play_message(show.play), "blue/server is ErrImagePull: ");
	show_feed(READY_POD("server"));
	wait_message("Space runs it");
	wait_screen("$ echo at 192.168.200.7:9000 'it'\\''s a $HOME' {odd}");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static void test_ready(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'true', check: [{ready: pods, in: blue}, {address: blue/server, on: green}]}\n");
	perform(PLAY_CHECKING);
	assert_has(
	        play_message(show.play),
	        "waits until all pods Ready in blue: 0 of 2 pods Ready; blue/client is not there; blue/server is not there");
	assert_true(play_is_busy(show.play));
	show_feed(NAMESPACE);
	show_feed(NAD("net"));
	show_feed(READY_POD("client"));
	show_feed(WAITING_POD("server", "ErrImagePull"));
	assert_has(play_message(show.play),
	           "1 of 2 pods Ready; blue/server is ErrImagePull: ErrImagePull: no image called x");
	play_next(show.play);
	assert_has(play_message(show.play), "it goes on by itself as soon as the check holds");
	show_feed(READY_POD("server"));
	wait_state(PLAY_DONE);
	assert_string_equal(play_checked(show.play, 0), "2 of 2 pods Ready; blue/server has 192.168.200.7 on green");
	show_close();
}

static void test_check_too_late(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'true', check: [{exists: namespace/blue, within: 100ms}]}\n"
	        "  - {id: b, title: B, run: 'true', check: [{gone: namespace/blue, within: 100ms}]}\n"
	        "  - {id: c, title: C, run: 'true', check: [{field: 'status.phase', of: namespace/blue, equals: Terminating, within: 100ms}]}\n"
	        "  - {id: d, title: D, run: 'true', check: [{condition: Ready, of: pod/server, within: 100ms}]}\n"
	        "  - {id: e, title: E, run: 'true', check: [{network: green, in: blue, within: 100ms}]}\n");
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "namespace blue is not there; see what the command printed");
	assert_has(play_failure(show.play),
	           "expected: namespace/blue exists within 0.10 s\nfound:    namespace blue is not there\n");
	play_skip(show.play);
	show_feed(NAMESPACE);
	show_feed(WAITING_POD("server", "ContainerCreating"));
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "namespace blue is still there, with 1 pod in it; run the stage again");
	play_skip(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "namespace blue: status.phase is \"Active\"");
	play_skip(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "pod blue/server: Ready is False");
	play_skip(show.play);
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "namespace blue has no net-attach-def for green");
	show_close();
}

/* Without a cluster no time passes for a check, and what it waits for is said. */
static void test_no_cluster(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'true', check: [{gone: namespace/blue, within: 10ms}]}\n"
	          "  - {id: b, title: B, run: 'false', check: [{exists: namespace/blue}]}\n"
	          "  - {id: c, title: C, run: 'false', check: [{exists: namespace/blue}, {output: x}]}\n");
	play_destroy(show.play);
	show.play = NULL;
	kube_destroy(show.kube);
	char *socket = show_path("nobody.sock"), *path = show_path("t.scenario.yaml");
	show.kube = kube_create(show.loop,
	                        &(struct kube_options){.socket = socket, .events = {.on_change = show_on_change}});
	show.play = play_create(&(struct play_options){.loop = show.loop,
	                                               .kube = show.kube,
	                                               .act = scenario_load(path, "lab", NULL),
	                                               .rows = 24,
	                                               .cols = 80},
	                        NULL);
	perform(PLAY_CHECKING);
	wait_message("the cluster has not answered yet: ");
	wait_message("this goes on by itself when it is back");
	assert_true(play_message_is_problem(show.play));
	show.is_late = false;
	loop_timer_start(show.alarm, 100, 0);
	while (!show.is_late)
		loop_turn(show.loop, true);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_CHECKING);
	play_skip(show.play);
	perform(PLAY_CHECKING); /* a command that failed meanwhile has perhaps done its work: the cluster will tell */
	assert_has(play_message(show.play),
	           "the command failed while the cluster was away (r runs it again); the cluster has not");
	play_skip(show.play);
	perform(PLAY_FAILED); /* ... but not what it would have printed */
	assert_has(play_message(show.play), "it ended with status 1; the cluster has not answered yet: ");
	assert_has(play_message(show.play), "run the stage again (r) when the cluster is back");
	free(socket);
	free(path);
	show_close();
}

/* A network that cannot work is known soon: there is no waiting for the whole time. */
static void test_broken_network(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'true', check: [{network: green, in: blue, within: 5m}]}\n");
	show_feed(NAMESPACE);
	show_feed(NAD("other"));
	perform(PLAY_FAILED);
	assert_has(
	        play_message(show.play),
	        "net-attach-def blue/net is there, but cannot be used: net-attach-def name (blue/net) is inconsistent with config (blue/other)");
	play_retry(show.play);
	show_feed(NAD("net"));
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static bool flow_is(const void *what)
{
	size_t n;
	return play_flows(show.play, &n)[0].state == *(const enum play_flow_state *)what;
}

static void test_flows(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: \"read -r x\\necho 2\", seen: [one, two], check: [{output: '2'}]}\n"
	          "  - {id: b, title: B, run: 'false', seen: two}\n");
	size_t n;
	const struct play_flow *flows = play_flows(show.play, &n);
	assert_int_equal(n, 2);
	assert_int_equal(flows[0].state, PLAY_FLOW_UNTRIED);
	play_next(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	enum play_flow_state underway = PLAY_FLOW_UNDERWAY;
	wait_until(flow_is, &underway, "the flow underway");
	type("\r");
	wait_state(PLAY_DONE);
	assert_int_equal(flows[0].state, PLAY_FLOW_OK);
	assert_int_equal(flows[1].state, PLAY_FLOW_OK);
	assert_has(flows[0].note, " s");
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_int_equal(flows[1].state, PLAY_FLOW_FAILED);
	play_retry(show.play);
	assert_int_equal(flows[1].state, PLAY_FLOW_UNTRIED);
	show_close();
}

/* ---- the presenter types in the pane as well ---- */

static void test_prompt_is_cleared(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo mine, check: [{output-matches: '^mine$'}]}\n"
	          "  - {id: b, title: B, run: echo again, check: [{output-matches: '^again$'}]}\n");
	play_shell(show.play, SCENARIO_ADMIN);
	wait_screen("$");
	type("echo garbage ");
	wait_screen("$ echo garbage");
	play_next(show.play);
	wait_screen("$ echo mine");
	wait_message("Space runs it");
	type(" and more\x01"); /* changed what is shown, cursor to the front */
	wait_screen("$ echo mine and more");
	play_next(show.play);
	wait_state(PLAY_DONE);
	play_next(show.play);
	type("for x in 1; do 'open\r"); /* left in the middle of a command */
	wait_screen("\n>");
	perform(PLAY_DONE);
	assert_false(screen_has("garbage"));
	show_close();
}

static void test_enter_in_the_pane(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo mine, check: [{output: mine}]}\n");
	play_next(show.play);
	wait_message("Space runs it");
	type("\r");
	wait_state(PLAY_DONE);
	assert_string_equal(str_text(&show.states), "0:1 0:2 0:3 0:4 ");
	show_close();
}

/* ... even in the middle of our typing: what that runs is none of ours, the stage is shown again afterwards. */
static void test_enter_while_typing(void **state)
{
	(void)state;
	show_open(
	        head,
	        "  - {id: a, title: A, run: 'echo abcdefghijklmnop', check: [{output-matches: '^abcdefghijklmnop$'}]}\n",
	        (struct play_options){.type_ms = 5});
	play_next(show.play);
	wait_screen("$ ec");
	type("\r");
	wait_message("Space runs it");
	wait_screen("$ echo abcdefghijklmnop\n");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SHOWN);
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

/* Somebody ends the shell: the next stage has a new one. */
static void test_exit_in_the_pane(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo mine, check: [{output: mine}]}\n"
	          "  - {id: b, title: B, run: echo again, check: [{output: again}]}\n");
	play_shell(show.play, SCENARIO_ADMIN);
	wait_screen("$");
	type("exit\r");
	wait_screen("exit\nexit\nadmin $"); /* bash says so before it ends; what is entered meanwhile is lost with it */
	perform(PLAY_DONE);
	play_next(show.play);
	play_next(show.play);
	wait_message("Space runs it");
	type("\x15"
	     "exit\r"); /* with a command of ours at the prompt */
	wait_state(PLAY_FAILED);
	assert_has(play_message(show.play), "the shell ended meanwhile; a new shell is there: run the stage again");
	play_retry(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static void test_busy_shell(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo mine, check: [{output: mine}]}\n");
	play_shell(show.play, SCENARIO_ADMIN);
	wait_screen("$");
	type("echo begun; read -r x\r");
	wait_screen("\nbegun");
	play_next(show.play);
	wait_message("a command still runs in the pane of cluster-admin; end it (Ctrl-C)");
	type("\x03");
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

static void test_resize_and_redraw(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'echo 12345678901234567890123456789012345678901234567890', check: [{output: '1234'}]}\n");
	play_next(show.play);
	wait_message("Space runs it");
	term_resize(play_shell(show.play, SCENARIO_ADMIN), 24,
	            30); /* readline draws its prompt anew: no mark of that may mislead */
	type("\x0c");
	wait_screen("890\n");
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
}

/* ---- what goes wrong in the shell ---- */

static void test_skip_stops_the_command(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'read -r x'}\n  - {id: b, title: B, run: echo next, check: [{output: next}]}\n");
	perform(PLAY_RUNNING);
	play_next(show.play);
	assert_has(play_message(show.play),
	           "the command still runs: Ctrl-C in the pane (i) stops it, s goes on without it");
	wait_screen("$ read -r x\n");
	play_skip(show.play);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SKIPPED);
	assert_int_equal(play_stage(show.play), 1);
	perform(PLAY_DONE);
	show_close();
}

static void test_ctrl_c(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'echo begun; read -r x'}\n");
	perform(PLAY_RUNNING);
	wait_screen("\nbegun");
	type("\x03");
	wait_state(PLAY_FAILED);
	assert_has(play_message(show.play), "it ended with status 130 (stopped by signal 2)");
	show_close();
}

static void test_shell_ends(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'exit 0'}\n  - {id: b, title: B, run: echo next, check: [{output: next}]}\n");
	perform(PLAY_FAILED);
	assert_has(play_message(show.play), "the shell ended meanwhile");
	play_skip(show.play);
	perform(PLAY_DONE);
	show_close();
}

static void test_unattended(void **state)
{
	(void)state;
	show_open(head, "  - {id: a, title: A, run: \"echo one\\necho two\", check: [{output: one}, {output: two}]}\n",
	          (struct play_options){.unattended = true, .limit_ms = 60000});
	play_next(show.play);
	wait_state(PLAY_DONE);
	show_close();
	show_open(head,
	          "  - {id: b, title: B, run: 'read -r x'}\n"
	          "  - {id: c, title: C, run: 'echo {server_ip}'}\n",
	          (struct play_options){.unattended = true, .limit_ms = 500});
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_failure(show.play), "expected: the stage ends within 0.50 s\nfound:    ");
	play_skip(show.play);
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_failure(show.play),
	           "expected: the stage ends within 0.50 s\nfound:    {server_ip} has no value yet: ");
	show_close();
}

/* ---- undo, read-only, personas ---- */

static void test_undo(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, changes: true, run: 'echo > made', undo: 'rm made'}\n"
	          "  - {id: b, title: B, run: 'true'}\n"
	          "  - {id: c, title: C, changes: true, run: 'true'}\n"
	          "  - {id: d, title: D, run: 'true', undo: 'rm not-there'}\n");
	perform(PLAY_DONE);
	assert_true(show_has_file("made"));
	play_undo(show.play);
	assert_true(play_is_busy(show.play));
	wait_state(PLAY_PENDING);
	assert_false(show_has_file("made"));
	assert_string_equal(play_message(show.play), "undone");
	play_look(show.play, 1);
	play_undo(show.play);
	assert_has(play_message(show.play), "this stage changes nothing");
	play_look(show.play, 2);
	play_undo(show.play);
	assert_has(play_message(show.play), "the scenario says no undo");
	play_look(show.play, 3);
	play_undo(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_message(show.play), "the undo failed: it ended with status 1");
	show_close();
}

static void test_read_only(void **state)
{
	(void)state;
	show_open(
	        head,
	        "  - {id: a, title: A, changes: true, run: 'echo > made-2', undo: 'rm made'}\n  - {id: b, title: B, run: echo look}\n",
	        (struct play_options){.read_only = true});
	play_next(show.play);
	assert_has(play_message(show.play), "read-only show");
	play_undo(show.play);
	assert_has(play_message(show.play), "read-only show");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_PENDING);
	play_skip(show.play);
	perform(PLAY_DONE);
	assert_false(show_has_file("made-2"));
	show_close();
}

static void test_leaving_a_shown_stage(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: echo first}\n  - {id: b, title: B, run: echo second}\n");
	play_next(show.play);
	wait_message("Space runs it");
	play_look(show.play, 1);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_PENDING);
	perform(PLAY_DONE);
	char *text = screen();
	assert_int_equal(count(text, "first"), 0);
	free(text);
	show_close();
}

static void test_personas(void **state)
{
	(void)state;
	show_open(
	        head,
	        "  - {id: a, title: A, run: 'echo $KUBECONFIG $ONESDN_PERSONA; pwd; echo ${HISTFILE-none} $-'}\n"
	        "  - {id: b, title: B, as: workload-owner, run: 'echo $KUBECONFIG $ONESDN_PERSONA; cat ${KUBECONFIG%%:*}; stat -c %a ${KUBECONFIG%%:*}'}\n",
	        (struct play_options){.kubeconfigs = {"/x/admin", "/x/owner"}, .contexts = {NULL, "the \"owner\""}});
	perform(PLAY_DONE);
	assert_has(play_output(show.play), "/x/admin cluster-admin\n");
	assert_has(play_output(show.play), show.dir);
	assert_has(play_output(show.play), "none ");
	assert_false(strchr(strstr(play_output(show.play), "none "), 'H') != NULL); /* no history expansion */
	play_next(show.play);
	perform(PLAY_DONE);
	assert_has(play_output(show.play), ".kubeconfig:/x/owner workload-owner\n");
	assert_has(play_output(show.play), "\"current-context\":\"the \\\"owner\\\"\"");
	assert_has(play_output(show.play), "600");
	show_close();
}

/* Nothing of ours stays in the runtime directory. */
static void test_nothing_left(void **state)
{
	(void)state;
	show_open(head, "  - {id: a, title: A, run: 'echo made'}\n", (struct play_options){.contexts = {"x", "y"}});
	perform(PLAY_DONE);
	show_close();
	char *runtime = path_user(PATH_RUNTIME, NULL);
	assert_int_equal(rmdir(runtime), 0);
	free(runtime);
}

/* ---- what is there already ---- */

static void test_done_if(void **state)
{
	(void)state;
	show_write("flag", "", 0600);
	char *stages = mem_printf(
	        "  - id: a\n    title: A\n    skip-if-done: true\n    run: echo performed\n"
	        "    done-if: test -f %s/flag && test {odd} = \"it's a \\$HOME\"\n"
	        "  - {id: b, title: B, skip-if-done: true, run: 'echo done', done-if: 'echo noise; test -f %s/no-flag'}\n"
	        "  - {id: c, title: C, run: 'echo done', done-if: 'true'}\n",
	        show.dir, show.dir);
	open_show(stages);
	free(stages);
	play_next(show.play);
	assert_true(play_is_busy(show.play));
	wait_state(PLAY_DONE);
	assert_true(play_was_there(show.play, 0));
	assert_has(play_message(show.play), "passed over, it is there already: done-if says so");
	assert_false(screen_has("performed"));
	/* Again is again, whatever is there. */
	play_retry(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_DONE);
	assert_false(play_was_there(show.play, 0));
	assert_true(screen_has("performed"));
	play_next(show.play);
	perform(PLAY_DONE); /* not there; and what done-if says is not in the pane */
	assert_false(screen_has("noise"));
	play_next(show.play);
	perform(PLAY_DONE); /* nobody has asked for passing it over */
	assert_false(play_was_there(show.play, 2));
	show_unlink("flag");
}

static void test_passed_over_by_checks(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, skip-if-done: true, run: 'echo performed', check: [{exists: namespace/blue}]}\n"
	        "  - {id: b, title: B, skip-if-done: true, run: 'echo performed', check: [{exists: pod/client}], within: 1s, done-if: 'true'}\n"
	        "  - {id: c, title: C, skip-if-done: true, on: host, run: 'exit 3', check: [{exists: namespace/blue}], done-if: 'false'}\n");
	show_feed(NAMESPACE);
	play_next(show.play);
	wait_state(PLAY_DONE);
	assert_has(play_message(show.play), "there already: namespace/blue exists");
	play_next(show.play);
	play_next(show.play); /* no such pod: done-if alone does not do */
	wait_message("Space runs it");
	play_skip(show.play);
	play_next(show.play); /* a check that holds alone does not do either */
	wait_until(is_typed_or_failed, NULL, "the stage to be shown");
	assert_false(play_was_there(show.play, 2));
}

/* ---- to a stage ---- */

/* Each stage leaves a file, which done-if sees: no cluster is needed to go there and back. */
static void open_files(const char *more)
{
	struct str stages = {0};
	for (int i = 0; i < 3; i++)
		str_append_f(
		        &stages,
		        "  - {id: s%d, title: Stage %d, run: 'touch %s/made%d && echo made %d', changes: true, done-if: 'test -f %s/made%d', undo: 'rm %s/made%d && echo undone %d'}\n"
		        "  - {id: l%d, title: Look %d, run: 'echo looked %d'}\n",
		        i, i, show.dir, i, i, show.dir, i, show.dir, i, i, i, i, i);
	str_append(&stages, more);
	open_show(str_text(&stages));
	show_feed(NAMESPACE);
	str_finish(&stages);
}

static bool is_there(const void *what)
{
	return !play_is_busy(show.play) && play_stage(show.play) == *(const size_t *)what;
}

static void go(size_t stage)
{
	play_go(show.play, stage);
	wait_until(is_there, &stage, "the way to a stage");
}

static void remove_files(void)
{
	show_unlink("made0");
	show_unlink("made1");
	show_unlink("made2");
}

static void test_go(void **state)
{
	(void)state;
	open_files("  - {id: last, title: Last, run: 'echo bye'}\n");
	play_go(show.play, 9);
	assert_has(play_message(show.play), "there is no stage 10");
	go(6); /* from nothing straight to the last */
	assert_true(show_has_file("made0") && show_has_file("made1") && show_has_file("made2"));
	assert_has(play_message(show.play), "starting state of the stage: 0 undone, 3 performed");
	assert_int_equal(play_stage_state(show.play, 4), PLAY_DONE);
	assert_int_equal(play_stage_state(show.play, 3), PLAY_SKIPPED);
	assert_int_equal(play_stage_state(show.play, 6), PLAY_PENDING);
	assert_false(screen_has("looked"));
	assert_int_equal(play_started(show.play), 0); /* the clock is for what the audience sees */
	go(2);
	assert_true(show_has_file("made0") && !show_has_file("made1") && !show_has_file("made2"));
	assert_has(play_message(show.play), "2 undone, 0 performed");
	char *text = screen();
	assert_true(strstr(text, "undone 2") < strstr(text, "undone 1") && strstr(text, "undone 2"));
	free(text);
	for (size_t i = 2; i < 7; i++)
		assert_int_equal(play_stage_state(show.play, i), PLAY_PENDING);
	go(2);
	assert_has(play_message(show.play), "was in the starting state of this stage already");
	/* What is really there counts, not what this show has done. */
	show_unlink("made0");
	show_write("made1", "", 0600);
	go(5);
	assert_true(show_has_file("made0") && show_has_file("made1") && show_has_file("made2"));
	assert_has(play_message(show.play), "0 undone, 2 performed");
	assert_true(play_was_there(show.play, 2));
	go(0);
	assert_false(show_has_file("made0") || show_has_file("made1") || show_has_file("made2"));
}

static void test_go_fails(void **state)
{
	(void)state;
	open_files("  - {id: bad, title: Bad, run: 'ls /nowhere', changes: true, undo: 'true', done-if: 'false'}\n"
	           "  - {id: last, title: Last, run: 'echo bye'}\n");
	play_go(show.play, 7);
	wait_state(PLAY_FAILED);
	assert_int_equal(play_stage(show.play), 6);
	assert_false(play_is_busy(show.play));
	assert_has(play_failure(show.play), "No such file");
	/* An undo that removes nothing, though it says so. */
	play_go(show.play, 0);
	wait_until(is_there, &(size_t){0}, "the way back");
	remove_files();
	show_close();
	char *stages = mem_printf(
	        "  - {id: a, title: A, picture: true}\n"
	        "  - {id: b, title: B, run: 'touch %s/made0', changes: true, undo: 'ls /nowhere', done-if: 'test -f %s/made0'}\n"
	        "  - {id: c, title: C, picture: true}\n",
	        show.dir, show.dir);
	open_show(stages);
	free(stages);
	show_feed(NAMESPACE);
	go(2);
	play_go(show.play, 0);
	wait_state(PLAY_FAILED);
	assert_int_equal(play_stage(show.play), 1);
	assert_has(play_message(show.play), "the undo failed");
	remove_files();
	play_go(show.play, 0); /* and with nothing to undo it is no failure any more */
	wait_until(is_there, &(size_t){0}, "the way back");
}

static void test_go_is_stopped(void **state)
{
	(void)state;
	open_files("  - {id: slow, title: Slow, run: 'sleep 60', changes: true, undo: 'true', done-if: 'false'}\n"
	           "  - {id: last, title: Last, run: 'echo bye'}\n");
	play_go(show.play, 7);
	wait_message("7/8 replaying: Slow: sleep 60 runs");
	play_next(show.play);
	assert_has(play_message(show.play), "on the way to stage 8; Ctrl-C or Esc stops it");
	play_stop(show.play);
	assert_false(play_is_going(show.play) || play_is_busy(show.play));
	assert_int_equal(play_stage(show.play), 6);
	assert_has(play_message(show.play), "stopped on the way, at stage 7 of 8");
	assert_int_equal(play_stage_state(show.play, 6), PLAY_PENDING);
	play_stop(show.play);
	go(0); /* the shell is free again */
	assert_false(show_has_file("made0") || show_has_file("made1") || show_has_file("made2"));
}

static void test_go_read_only(void **state)
{
	(void)state;
	show_write("made0", "", 0600);
	char *stages = mem_printf(
	        "  - {id: a, title: A, run: 'touch %s/made0', changes: true, undo: 'rm %s/made0', done-if: 'test -f %s/made0'}\n"
	        "  - {id: b, title: B, run: 'echo looked'}\n",
	        show.dir, show.dir, show.dir);
	show_open(head, stages, (struct play_options){.read_only = true});
	free(stages);
	show_feed(NAMESPACE);
	go(1); /* nothing has to be changed */
	play_go(show.play, 0);
	wait_state(PLAY_FAILED);
	assert_has(play_message(show.play), "read-only show");
	assert_true(show_has_file("made0"));
	remove_files();
}

/* A clean-up takes everything back: behind it nothing of before is needed. */
static void test_go_behind_a_cleanup(void **state)
{
	(void)state;
	char *more = mem_printf(
	        "  - {id: clean, title: Clean, cleanup: true, run: 'rm -f %s/made0 %s/made1 %s/made2', done-if: '! ls %s/made*'}\n"
	        "  - {id: last, title: Last, run: 'echo bye'}\n",
	        show.dir, show.dir, show.dir, show.dir);
	open_files(more);
	free(more);
	go(7);
	assert_has(play_message(show.play), "already");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SKIPPED);
	go(6);
	assert_true(show_has_file("made0") && show_has_file("made1") && show_has_file("made2"));
	go(7);
	assert_has(play_message(show.play), "0 undone, 1 performed");
	assert_false(show_has_file("made0") || show_has_file("made1") || show_has_file("made2"));
}

/* Checks of the cluster that a stage only looks at are waited for, and nothing is typed. */
static void test_go_waits(void **state)
{
	(void)state;
	open_show("  - {id: a, title: A, run: 'echo looked', check: [{ready: pod/server}], within: 5s}\n"
	          "  - {id: b, title: B, picture: true}\n");
	show_feed(NAMESPACE);
	play_go(show.play, 1);
	wait_message("1/2 waiting: A: 0 of 1 pod Ready");
	show_feed(READY_POD("server"));
	play_cluster_changed(show.play);
	wait_until(is_there, &(size_t){1}, "the way there");
	assert_false(screen_has("looked"));
	assert_true(play_was_there(show.play, 0));
}

/* What is kept of a show, in a new play of the same act. */
static void test_keep_and_restore(void **state)
{
	(void)state;
	static const char stages[] =
	        "  - {id: a, title: A, run: 'echo hello', check: [{output: hello}], seen: one}\n"
	        "  - {id: b, title: B, run: 'sleep 60', changes: true, undo: 'true', check: [{exists: namespace/blue}]}\n"
	        "  - {id: c, title: C, picture: true}\n";
	open_show(stages);
	show_feed(NAMESPACE);
	perform(PLAY_DONE);
	play_next(show.play);
	play_next(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	wait_state(PLAY_RUNNING);
	json_t *kept = play_keep(show.play);
	show_close();
	open_show(stages);
	struct err err;
	json_t *other = json_pack("{s:s, s:[], s:[]}", "stage", "nosuch", "stages", "flows");
	assert_false(play_restore(show.play, other, &err));
	assert_has(err.text, "does not fit the act");
	assert_false(play_restore(show.play, NULL, &err));
	json_decref(other);
	assert_true(play_restore(show.play, kept, &err));
	assert_int_equal(play_stage(show.play), 1);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_DONE);
	assert_has(play_checked(show.play, 0), "the output has \"hello\"");
	size_t n;
	assert_int_equal(play_flows(show.play, &n)[0].state, PLAY_FLOW_OK);
	assert_int_equal(play_flows(show.play, &n)[1].state, PLAY_FLOW_UNTRIED);
	assert_true(play_took(show.play, 0) >= 0);
	/* b was under way: its namespace is not there, so nobody knows; with it, it is done. */
	wait_message("what it did is not known");
	assert_int_equal(play_stage_state(show.play, 1), PLAY_PENDING);
	show_feed(NAMESPACE);
	assert_true(play_restore(show.play, kept, &err));
	wait_state(PLAY_DONE);
	assert_true(play_was_there(show.play, 1));
	/* Hostile: texts that are none, states that are none, numbers that are too small. */
	json_t *first = json_array_get(json_object_get(kept, "stages"), 0);
	json_object_set_new(first, "took", json_integer(-5));
	json_object_set_new(first, "message", json_string("a\033[2Jb"));
	json_object_set_new(json_array_get(json_object_get(kept, "stages"), 2), "state", json_string("sideways"));
	json_array_append_new(json_object_get(kept, "stages"), json_integer(3));
	json_object_set_new(kept, "flows", json_string("none"));
	json_object_set_new(kept, "stage", json_string("a"));
	assert_true(play_restore(show.play, kept, &err));
	assert_int_equal(play_took(show.play, 0), 0);
	assert_true(text_is_safe(play_message(show.play), strlen(play_message(show.play))));
	json_decref(kept);
}

/* What somebody has broken on purpose is not forgotten: it is to be mended, whatever has ended the show meanwhile. */
static void test_keep_broken(void **state)
{
	(void)state;
	static const char stages[] =
	        "  - {id: a, title: A, run: 'echo hello', check: [{output: hello}]}\n"
	        "  - {id: b, title: B, run: 'true', cleanup: true}\n"
	        "explore:\n"
	        "  - {id: e, title: E, task: t, break: 'true', mend: 'true', check: [{ready: pod/server}]}\n"
	        "  - {id: f, title: F, task: t, break: 'sleep 60', mend: 'true', check: [{ready: pod/server}]}\n";
	struct play_exploration now;
	struct err err;
	open_show(stages);
	show_feed(NAMESPACE);
	perform(PLAY_DONE);
	assert_true(play_explore(show.play, 0));
	play_next(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	wait_message("it is broken");
	assert_true(play_exploring(show.play, &now));
	assert_has(play_checked(show.play, now.stage), "0 of 1 pod Ready"); /* what it is, is not given away */
	play_next(show.play);
	json_t *kept = play_keep(show.play);
	show_close();
	open_show(stages);
	show_feed(NAMESPACE);
	assert_true(play_restore(show.play, kept, &err));
	assert_true(play_exploring(show.play, &now));
	assert_true(now.is_mending && now.number == 0 && now.state == PLAY_PENDING);
	assert_int_equal(play_stage(show.play), 0);
	play_skip(show.play);
	assert_has(play_message(show.play), "still broken");
	show_feed(READY_POD("server")); /* mended from elsewhere; or it was while nobody looked */
	play_cluster_changed(show.play);
	assert_true(play_is_explored(show.play, 0));
	/* One that is just being broken; nobody has seen it broken, so that all holds proves nothing. */
	assert_true(play_explore(show.play, 1));
	play_next(show.play);
	wait_message("Space runs it");
	play_next(show.play);
	json_decref(kept);
	kept = play_keep(show.play);
	show_close();
	open_show(stages);
	show_feed(NAMESPACE);
	show_feed(READY_POD("server"));
	assert_true(play_restore(show.play, kept, &err));
	play_cluster_changed(show.play);
	assert_true(play_exploring(show.play, &now));
	assert_true(now.is_mending && now.number == 1 && now.state == PLAY_PENDING);
	assert_true(play_is_explored(show.play, 0));
	/* Hostile: explorations that are none. */
	json_object_set_new(kept, "exploring", json_string("nosuch"));
	json_array_insert_new(json_object_get(kept, "explorations"), 0, json_integer(3));
	json_object_set_new(json_array_get(json_object_get(kept, "explorations"), 1), "breaks",
	                    json_string("sideways"));
	assert_true(play_restore(show.play, kept, &err));
	assert_false(play_exploring(show.play, &now));
	assert_false(play_is_explored(show.play, 0));
	json_decref(kept);
}

static void type_line(const char *line)
{
	struct term *term = play_shell(show.play, SCENARIO_ADMIN);
	wait_screen("$");
	term_write(term, line, strlen(line));
	term_write(term, "\r", 1);
}

static bool is_tried(const void *what)
{
	(void)what;
	return play_tried_by_hand(show.play);
}

/* Somebody types what is meant to fail as it stands in the hint, without what the scenario does about it. */
static void test_failure_by_hand(void **state)
{
	(void)state;
	open_show(
	        "  - {id: a, title: A, run: 'bash -c \"echo refused; exit 3\" || echo no', check: [{output: refused}]}\n"
	        "  - {id: b, title: B, run: 'bash -c \"echo wanted\"', check: [{output: wanted}], seen: one}\n");
	show_feed(NAMESPACE);
	play_attend(show.play, true);
	play_cluster_changed(show.play);
	type_line("bash -c 'echo other; exit 3'");
	wait_until(is_tried, NULL, "a command by hand");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_PENDING);
	type_line("bash -c 'echo refused; exit 3'");
	wait_state(PLAY_DONE);
	play_next(show.play);
	type_line("bash -c 'echo wanted; exit 3'"); /* this one is not */
	wait_until(is_tried, NULL, "a command by hand");
	size_t n;
	assert_int_equal(play_stage_state(show.play, 1), PLAY_PENDING);
	assert_int_equal(play_flows(show.play, &n)[0].state, PLAY_FLOW_UNTRIED);
	type_line("bash -c 'echo wanted'");
	wait_state(PLAY_DONE);
	assert_int_equal(play_flows(show.play, &n)[0].state, PLAY_FLOW_OK);
	assert_int_equal(play_flows(show.play, &n)[0].measured, PLAY_CONNECTED);
}

static void assert_asks(enum play_intent intent, size_t stage, const char *command)
{
	char *asked = play_asks(show.play, intent, stage);
	if (!text_equal(asked, command))
		fail_msg("asks about \"%s\", not \"%s\"", asked ? asked : "nothing", command ? command : "nothing");
	free(asked);
}

/* Only what deletes outside the act's namespaces is asked about, and never in the lab. */
static void test_asks(void **state)
{
	(void)state;
	static const char stages[] =
	        "  - {id: a, title: A, run: kubectl create namespace blue, undo: kubectl delete namespace blue}\n"
	        "  - {id: b, title: B, run: kubectl apply -f x, undo: 'kubectl delete nncp x'}\n"
	        "  - {id: c, title: C, on: host, run: ip link add x, undo: ip link del x}\n"
	        "  - {id: d, title: D, cleanup: true, run: \"true\\nkubectl delete node x\"}\n";
	const char *const environments[] = {"lab", "kind"};
	for (size_t i = 0; i < 2; i++) {
		bool is_lab = i == 0;
		show_open(head, stages, (struct play_options){.environment = environments[i]});
		assert_asks(PLAY_RUN, 0, NULL);
		assert_asks(PLAY_UNDO, 0, NULL);
		assert_asks(PLAY_UNDO, 1, is_lab ? NULL : "kubectl delete nncp x");
		assert_asks(PLAY_RUN, 2, NULL);
		assert_asks(PLAY_UNDO, 2, is_lab ? NULL : "ip link del x");
		assert_asks(PLAY_RUN, 3, is_lab ? NULL : "kubectl delete node x");
		assert_asks(PLAY_GO, 3, NULL);
		assert_asks(PLAY_GO, 1, is_lab ? NULL : "ip link del x");
		assert_asks(PLAY_GO, 9, NULL);
		show_close();
	}
}

static int setup(void **state)
{
	(void)state;
	show.screen = screen;
	return show_make_folder(objects);
}

static int teardown(void **state)
{
	(void)state;
	static const char *const names[] = {"flag", "made", "made0", "made1", "made2"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		show_unlink(names[i]);
	return show_remove_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_walk, show_close_left),
	        cmocka_unit_test_teardown(test_typing, show_close_left),
	        cmocka_unit_test_teardown(test_done_if, show_close_left),
	        cmocka_unit_test_teardown(test_asks, show_close_left),
	        cmocka_unit_test_teardown(test_keep_and_restore, show_close_left),
	        cmocka_unit_test_teardown(test_keep_broken, show_close_left),
	        cmocka_unit_test_teardown(test_failure_by_hand, show_close_left),
	        cmocka_unit_test_teardown(test_go, show_close_left),
	        cmocka_unit_test_teardown(test_go_fails, show_close_left),
	        cmocka_unit_test_teardown(test_go_is_stopped, show_close_left),
	        cmocka_unit_test_teardown(test_go_read_only, show_close_left),
	        cmocka_unit_test_teardown(test_go_behind_a_cleanup, show_close_left),
	        cmocka_unit_test_teardown(test_go_waits, show_close_left),
	        cmocka_unit_test_teardown(test_passed_over_by_checks, show_close_left),
	        cmocka_unit_test_teardown(test_failing_command, show_close_left),
	        cmocka_unit_test_teardown(test_known_cures, show_close_left),
	        cmocka_unit_test_teardown(test_output_and_exit, show_close_left),
	        cmocka_unit_test_teardown(test_blocks, show_close_left),
	        cmocka_unit_test_teardown(test_values, show_close_left),
	        cmocka_unit_test_teardown(test_ready, show_close_left),
	        cmocka_unit_test_teardown(test_check_too_late, show_close_left),
	        cmocka_unit_test_teardown(test_no_cluster, show_close_left),
	        cmocka_unit_test_teardown(test_broken_network, show_close_left),
	        cmocka_unit_test_teardown(test_flows, show_close_left),
	        cmocka_unit_test_teardown(test_prompt_is_cleared, show_close_left),
	        cmocka_unit_test_teardown(test_enter_in_the_pane, show_close_left),
	        cmocka_unit_test_teardown(test_enter_while_typing, show_close_left),
	        cmocka_unit_test_teardown(test_exit_in_the_pane, show_close_left),
	        cmocka_unit_test_teardown(test_busy_shell, show_close_left),
	        cmocka_unit_test_teardown(test_resize_and_redraw, show_close_left),
	        cmocka_unit_test_teardown(test_skip_stops_the_command, show_close_left),
	        cmocka_unit_test_teardown(test_watched_host, show_close_left),
	        cmocka_unit_test_teardown(test_host_without_watch, show_close_left),
	        cmocka_unit_test_teardown(test_ctrl_c, show_close_left),
	        cmocka_unit_test_teardown(test_shell_ends, show_close_left),
	        cmocka_unit_test_teardown(test_unattended, show_close_left),
	        cmocka_unit_test_teardown(test_undo, show_close_left),
	        cmocka_unit_test_teardown(test_read_only, show_close_left),
	        cmocka_unit_test_teardown(test_leaving_a_shown_stage, show_close_left),
	        cmocka_unit_test_teardown(test_personas, show_close_left),
	        cmocka_unit_test_teardown(test_nothing_left, show_close_left),
	};
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests_name("play", tests, setup, teardown);
}
