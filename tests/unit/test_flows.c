/* Flows of an act: how a try ended by the words of the program, blocked as intended or not, what the policies say of them as
 * objects come, and what a manifest would change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "play/engine.h"
#include "show.h"

static const char head[] = "format: 1\n"
                           "title: A test\n"
                           "namespaces: [blue]\n"
                           "promises: [objects.yaml]\n"
                           "flows:\n"
                           "  - {id: web, from: blue/client, to: blue/server, port: tcp/9000}\n"
                           "stages:\n";
#define POD(name, address, ready)                                                                                      \
	"{apiVersion: v1, kind: Pod, metadata: {name: " name ", namespace: blue, labels: {app: " name                  \
	"}, annotations: {k8s.v1.cni.cncf.io/networks: net, k8s.v1.cni.cncf.io/network-status: "                       \
	"'[{\"name\": \"blue/net\", \"interface\": \"net1\", \"ips\": [\"" address "\"]}]'}}, "                        \
	"spec: {}, status: {phase: Running, conditions: [{type: Ready, status: " ready "}]}}\n"
static const char objects[] =
        "apiVersion: k8s.cni.cncf.io/v1\n"
        "kind: NetworkAttachmentDefinition\n"
        "metadata: {name: net, namespace: blue}\n"
        "spec: {config: '{\"cniVersion\": \"0.3.1\", \"name\": \"green\", \"netAttachDefName\": \"blue/net\", "
        "\"topology\": \"layer2\", \"subnets\": \"10.0.0.0/24\", \"type\": \"ovn-k8s-cni-overlay\"}'}\n"
        "---\n" POD("client", "10.0.0.1", "'True'") "---\n" POD("server", "10.0.0.2", "'True'");
static const char policy[] =
        "apiVersion: k8s.cni.cncf.io/v1beta1\n"
        "kind: MultiNetworkPolicy\n"
        "metadata: {name: shut, namespace: blue, annotations: {k8s.v1.cni.cncf.io/policy-for: net}}\n"
        "spec: {podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], "
        "egress: [{to: [{ipBlock: {cidr: 10.0.0.2/32}}], ports: [{port: 80}]}]}\n";

static const char deleted_policy[] =
        "{\"type\":\"DELETED\",\"object\":{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\","
        "\"metadata\":{\"name\":\"shut\",\"namespace\":\"blue\",\"resourceVersion\":\"9\"}}}\n";
static const char deleted_pod[] =
        "{\"type\":\"DELETED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
        "\"metadata\":{\"name\":\"server\",\"namespace\":\"blue\",\"resourceVersion\":\"9\"}}}\n";

/* YAML documents into the store, as one list. */
static void feed(const char *text)
{
	struct err err = {0};
	struct yaml *yaml = yaml_parse(text, strlen(text), "fed", &err);
	assert_non_null(yaml);
	json_t *list = json_pack("{s:s, s:s, s:O}", "apiVersion", "v1", "kind", "List", "items", yaml_documents(yaml));
	char *json = json_dumps(list, 0);
	if (!kube_feed_list(show.kube, json, strlen(json), "fed", &err))
		fail_msg("%s", err.text);
	free(json);
	json_decref(list);
	yaml_destroy(yaml);
}

static void open_show(const char *stages)
{
	show_open(head, stages, (struct play_options){.unattended = true, .cols = 120});
}

static void perform_at(size_t stage, enum play_state wanted)
{
	show.is_late = false;
	loop_timer_start(show.alarm, PATIENCE_MS, 0);
	play_next(show.play);
	enum play_state state;
	while ((state = play_stage_state(show.play, stage)) != PLAY_DONE && state != PLAY_FAILED && !show.is_late)
		loop_turn(show.loop, true);
	loop_timer_stop(show.alarm);
	if (state != wanted)
		fail_msg("state %d: %s\n%s", (int)state, play_message(show.play), play_failure(show.play));
}

static const struct play_flow *flow(void)
{
	size_t n;
	play_topo(show.play); /* as the painter asks, before it looks at the flows */
	const struct play_flow *flows = play_flows(show.play, &n);
	assert_int_equal(n, 1);
	return flows;
}

#define TIMED_OUT "psql: error: connection to server at \"10.0.0.2\", port 5432 failed: timeout expired"
#define STAGE(flow, command) "  - {id: a, title: A, run: \"" command "\", " flow ": web}\n"

static void test_endings(void **state)
{
	(void)state;
	static const struct {
		const char *output;
		int status;
		enum play_measure measure;
	} rows[] = {
	        {TIMED_OUT "\n", -1, PLAY_TIMED_OUT},
	        {"psql: error: could not connect to server: Connection timed out\n\tIs the server running\n", 2,
	         PLAY_TIMED_OUT},
	        {"psql: error: connection to server at \"10.0.0.2\", port 5432 failed: Connection refused\n", -1,
	         PLAY_REFUSED},
	        {"psql: error: connection to server at \"10.0.0.2\", port 5432 failed: No route to host\n", 2,
	         PLAY_UNREACHABLE},
	        {"curl: (28) Connection timed out after 5001 milliseconds\n", 28, PLAY_TIMED_OUT},
	        {"curl: (28) Failed to connect to 10.0.0.2 port 80 after 5001 ms: Timeout was reached\n", -1,
	         PLAY_TIMED_OUT},
	        {"curl: (7) Failed to connect to 10.0.0.2 port 80 after 0 ms: Connection refused\n", 7, PLAY_REFUSED},
	        {"curl: (7) Failed to connect to 10.0.0.2 port 80 after 0 ms: Couldn't connect to server\n", 7,
	         PLAY_BROKE},
	        {"nc: connect to 10.0.0.2 port 80 (tcp) timed out: Operation now in progress\n", 1, PLAY_TIMED_OUT},
	        {"Ncat: TIMEOUT.\n", 1, PLAY_TIMED_OUT},
	        {"bash: connect: Connection timed out\n", 1, PLAY_TIMED_OUT},
	        {"Connecting to 10.0.0.2:80... failed: Connection timed out.\n", 4, PLAY_TIMED_OUT},
	        {"3 packets transmitted, 0 received, 100% packet loss, time 2029ms\n", 1, PLAY_TIMED_OUT},
	        {"From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n", 1, PLAY_UNREACHABLE},
	        {"bash: psql: command not found\n", -1, PLAY_BROKE},
	        {"", 124, PLAY_TIMED_OUT},
	        {"", 1, PLAY_BROKE},
	        {"", 0, PLAY_CONNECTED},
	        {"a book about what timed out and was connection refused\n", -1, PLAY_CONNECTED},
	        {" name\n leonardo\n(4 rows)\n", -1, PLAY_CONNECTED},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (flows_read(rows[i].output, rows[i].status) != rows[i].measure)
			fail_msg("%s: %d instead of %d", rows[i].output,
			         (int)flows_read(rows[i].output, rows[i].status), (int)rows[i].measure);
}

static void test_blocked(void **state)
{
	(void)state;
	open_show(STAGE("blocked", "echo 'curl: (28) Connection timed out after 5001 ms'; (exit 28)"));
	feed(objects);
	feed(policy);
	assert_true(flow()->is_judged);
	assert_false(flow()->allowed[POLICY_OVNK]);
	assert_has(flow()->reasons[POLICY_OVNK], "blue/shut selects blue/client for egress; none allows it");
	assert_string_equal(flow()->note, "policies deny it");
	perform_at(0, PLAY_DONE);
	assert_int_equal(flow()->state, PLAY_FLOW_BLOCKED);
	assert_int_equal(flow()->measured, PLAY_TIMED_OUT);
	assert_has(play_message(show.play), "blocked, as intended: client ─▶ server timed out after ");
	assert_null(flow()->disagrees);
}

/* A show that goes on: what was measured still counts, and no longer once the policies say something else than they did. */
static void test_resumed(void **state)
{
	(void)state;
	static const char stage[] = STAGE("blocked", "echo 'curl: (28) Connection timed out after 5001 ms'; (exit 28)");
	for (int is_shut = 0; is_shut < 2; is_shut++) {
		struct err err = {0};
		open_show(stage);
		feed(objects);
		feed(policy);
		perform_at(0, PLAY_DONE);
		json_t *kept = play_keep(show.play);
		show_close();
		open_show(stage);
		feed(objects);
		if (is_shut)
			feed(policy);
		assert_true(play_restore(show.play, kept, &err));
		json_decref(kept);
		assert_int_equal(flow()->measured, is_shut ? PLAY_TIMED_OUT : PLAY_UNMEASURED);
		assert_int_equal(flow()->state, is_shut ? PLAY_FLOW_BLOCKED : PLAY_FLOW_UNTRIED);
		if (is_shut) {
			assert_true(kube_feed_watch(show.kube, &kube_kinds[KUBE_MULTI_POLICY], deleted_policy,
			                            strlen(deleted_policy), &err));
			assert_int_equal(flow()->measured, PLAY_UNMEASURED);
		}
		show_close();
	}
}

static void test_blocked_but_passes(void **state)
{
	(void)state;
	open_show(STAGE("blocked", "echo hello"));
	feed(objects);
	feed(policy);
	perform_at(0, PLAY_FAILED);
	assert_int_equal(flow()->state, PLAY_FLOW_OK);
	assert_has(play_failure(show.play), "client ─▶ server tcp/9000 is blocked: it times out");
	assert_has(play_failure(show.play), "connected after");
	assert_has(flow()->disagrees, "policies: deny, measured: connected");
}

static void test_timed_out_by_nobody(void **state)
{
	(void)state;
	open_show(STAGE("blocked", "echo 'curl: (28) Connection timed out after 5001 ms'; (exit 28)"));
	feed(objects);
	perform_at(0, PLAY_FAILED);
	assert_int_equal(flow()->state, PLAY_FLOW_FAILED);
	assert_has(play_failure(show.play), "but no policy denies it");
	assert_has(flow()->disagrees, "policies: allow, measured: timed out");
}

static void test_refused_is_not_blocked(void **state)
{
	(void)state;
	open_show(STAGE("blocked", "echo 'curl: (7) Failed to connect: Connection refused'; (exit 7)"));
	feed(objects);
	feed(policy);
	perform_at(0, PLAY_FAILED);
	assert_has(play_failure(show.play), "refused after");
}

/* A pipe hides the exit status, not the words. */
static void test_seen_but_times_out(void **state)
{
	(void)state;
	open_show(STAGE("seen", "echo 'curl: (28) Connection timed out after 5001 ms' | cat"));
	feed(objects);
	feed(policy);
	perform_at(0, PLAY_FAILED);
	assert_int_equal(flow()->state, PLAY_FLOW_BLOCKED);
	assert_has(play_failure(show.play), "client ─▶ server tcp/9000 passes");
	assert_has(play_failure(show.play), "policies: deny: blue/shut");
}

/* What was measured under another verdict is not shown as if it held. */
static void test_other_verdict(void **state)
{
	(void)state;
	open_show(STAGE("seen", "echo hello"));
	feed(objects);
	perform_at(0, PLAY_DONE);
	assert_int_equal(flow()->state, PLAY_FLOW_OK);
	feed(policy);
	assert_int_equal(flow()->state, PLAY_FLOW_UNTRIED);
	assert_string_equal(flow()->note, "policies deny it");
	assert_int_equal(flow()->measured, PLAY_UNMEASURED);
}

/* ---- the way of what was seen is cut, and whole again ---- */

static void feed_server(bool is_ready)
{
	static const char *const texts[] = {POD("server", "10.0.0.2", "'False'"), POD("server", "10.0.0.2", "'True'")};
	feed(texts[is_ready]);
}

static void test_cut_and_back(void **state)
{
	(void)state;
	open_show(STAGE("seen", "echo hello") "  - {id: b, title: B, run: echo again, seen: web}\n");
	feed(objects);
	perform_at(0, PLAY_DONE);
	feed_server(false);
	assert_true(flow()->is_cut);
	assert_int_equal(flow()->state, PLAY_FLOW_OK); /* it was; the picture shows it broken */
	assert_string_equal(flow()->why, "server is not ready yet");
	feed_server(true);
	assert_false(flow()->is_cut);
	assert_int_equal(flow()->state, PLAY_FLOW_UNTRIED);
	assert_string_equal(flow()->note, "seen before");
	assert_int_equal(flow()->measured, PLAY_UNMEASURED);
	assert_string_equal(flow()->why, "");

	/* What the policies say of it now is worth more; taken back, it was seen all the same. */
	feed(policy);
	assert_string_equal(flow()->note, "policies deny it");
	assert_true(kube_feed_watch(show.kube, &kube_kinds[KUBE_MULTI_POLICY], deleted_policy, strlen(deleted_policy),
	                            NULL));
	play_cluster_changed(show.play);
	assert_string_equal(flow()->note, "seen before");

	/* Tried again while the objects still say that it is away: it passes, and nothing takes that back. */
	feed_server(false);
	play_next(show.play); /* to the stage */
	perform_at(1, PLAY_DONE);
	assert_int_equal(flow()->state, PLAY_FLOW_OK);
	assert_false(flow()->is_cut);
	feed_server(true);
	assert_int_equal(flow()->state, PLAY_FLOW_OK);
	assert_true(strcmp(flow()->note, "seen before") != 0);
}

/* An end that is deleted: nobody is there to speak of. */
static void test_gone(void **state)
{
	(void)state;
	open_show(STAGE("seen", "echo hello"));
	feed(objects);
	perform_at(0, PLAY_DONE);
	assert_true(kube_feed_watch(show.kube, &kube_kinds[KUBE_POD], deleted_pod, strlen(deleted_pod), NULL));
	play_cluster_changed(show.play);
	assert_int_equal(flow()->state, PLAY_FLOW_UNTRIED);
	assert_false(flow()->is_cut);
	assert_string_equal(flow()->note, "");
	feed(objects);
	assert_int_equal(flow()->state, PLAY_FLOW_UNTRIED);
}

static void test_what_if(void **state)
{
	(void)state;
	show_write("shut.yaml", policy, 0600);
	open_show("  - {id: a, title: A, what-if: shut.yaml}\n");
	feed(objects);
	perform_at(0, PLAY_DONE);
	assert_has(
	        play_message(show.play),
	        "shut.yaml would close client ─▶ server tcp/9000; of 2 pairs of workloads 1 would lose something, 0 gain");
	assert_true(flow()->allowed[POLICY_OVNK]); /* nothing has happened */
	assert_true(flow()->is_asked_if);
	assert_false(flow()->allowed_then);
	assert_has(flow()->reason_then, "blue/shut selects blue/client for egress");
	feed(policy); /* it has: no question any more */
	assert_false(flow()->is_asked_if);
	assert_false(flow()->allowed[POLICY_OVNK]);
	struct err err = {0};
	assert_false(play_ask_what_if(show.play, "nothing.yaml", &err));
	assert_has(err.text, "nothing.yaml");
}

static int setup(void **state)
{
	(void)state;
	return show_make_folder(objects);
}

static int teardown(void **state)
{
	(void)state;
	show_unlink("shut.yaml");
	return show_remove_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_endings),
	        cmocka_unit_test_teardown(test_blocked, show_close_left),
	        cmocka_unit_test_teardown(test_resumed, show_close_left),
	        cmocka_unit_test_teardown(test_blocked_but_passes, show_close_left),
	        cmocka_unit_test_teardown(test_timed_out_by_nobody, show_close_left),
	        cmocka_unit_test_teardown(test_refused_is_not_blocked, show_close_left),
	        cmocka_unit_test_teardown(test_seen_but_times_out, show_close_left),
	        cmocka_unit_test_teardown(test_other_verdict, show_close_left),
	        cmocka_unit_test_teardown(test_cut_and_back, show_close_left),
	        cmocka_unit_test_teardown(test_gone, show_close_left),
	        cmocka_unit_test_teardown(test_what_if, show_close_left),
	};
	return cmocka_run_group_tests_name("flows", tests, setup, teardown);
}
