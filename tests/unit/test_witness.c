/* What OVN prints, as a lab's OVN 23.03 printed it (tests/data/witness), and as later releases do; sums over counters; where to ask;
 * sessions, in which a real shell runs. The whole, with real packets: tests/lab/test_witness.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "onesdn/witness.h"
#include "witness/flows.h"
#include "witness/place.h"
#include "witness/route.h"
#include "witness/rows.h"
#include "witness/session.h"
#include "witness/trace.h"

#define CLIENT "data.consumer.db.access.net_data-consumer_client"
#define ADAPTER "data.adapter.db.access.net_data-adapter_turtle-db-adapter"
#define LOCALNET "data.net_ovn_localnet_port"

static struct str load(const char *name)
{
	struct str out = {0};
	struct err err = {0};
	char *path = mem_printf("tests/data/witness/%s", name);
	if (!file_read(path, (size_t)1 << 20, &out, &err))
		fail_msg("%s (run from the repository's top folder)", err.text);
	free(path);
	return out;
}

static struct trace load_trace(const char *name)
{
	struct str text = load(name);
	struct trace trace;
	trace_parse(text.data, text.len, &trace);
	str_finish(&text);
	return trace;
}

/* ---- traces ---- */

static void test_allowed(void **state)
{
	(void)state;
	struct trace trace = load_trace("trace-allowed.txt");
	assert_int_equal(trace.n_steps, 15);
	assert_true(trace_has_output(&trace, ADAPTER));
	assert_int_equal(trace.outputs.len, 1);
	assert_string_equal(trace.outputs.data[0].type, "");
	assert_null(trace_find_type(&trace, "localnet"));
	trace_finish(&trace);
	trace = load_trace("trace-localnet.txt");
	assert_int_equal(trace.outputs.len, 1);
	assert_string_equal(trace_find_type(&trace, "localnet")->port, LOCALNET);
	trace_finish(&trace);
}

static void test_dropped(void **state)
{
	(void)state;
	struct trace trace = load_trace("trace-egress-acl.txt");
	assert_int_equal(trace.outputs.len, 0);
	assert_true(trace_is_acl(&trace));
	assert_false(trace_is_egress_pipeline(&trace));
	assert_string_equal(trace.stage, "ls_in_acl_after_lb");
	assert_int_equal(strlen(trace.acl_flow), 8);
	trace_finish(&trace);
	trace = load_trace("trace-ingress-acl.txt");
	assert_true(trace_is_acl(&trace));
	assert_true(trace_is_egress_pipeline(&trace));
	assert_string_equal(trace.stage, "ls_out_acl");
	trace_finish(&trace);
	trace = load_trace("trace-port-security.txt");
	assert_false(trace_is_acl(&trace));
	assert_true(trace_is_port_security(&trace));
	assert_string_equal(trace.acl_flow, "");
	trace_finish(&trace);
	trace = load_trace("trace-no-switch.txt");
	assert_int_equal(trace.n_steps, 0);
	assert_string_equal(trace.problem, "unknown datapath \"nosuch\"");
	trace_finish(&trace);
}

/* Later releases look tier after tier, decide in one stage and drop in the next. */
static void test_later_release(void **state)
{
	static const char text[] =
	        "ingress(dp=\"n_ovn_layer2_switch\", inport=\"a\")\n"
	        " 8. ls_in_acl_eval (northd.c:1): ip && !ct.est, priority 1, uuid 11111111\n    next;\n"
	        " 9. ls_in_acl_action (northd.c:1): 1, priority 0, uuid 22222222\n    reg8[17] = 0;\n    next;\n"
	        "18. ls_in_acl_after_lb_eval (northd.c:1): reg8[30..31] == 2 && reg0[9] == 1 && (inport == @p), "
	        "priority 2000, "
	        "uuid 33333333\n    log(name=\"NP:a:Egress\", verdict=drop);\n\n"
	        "    LOG: ACL name=NP:a:Egress, direction=IN, verdict=drop, packet=\"ct_state=new|trk,tcp\"\n    ---\n"
	        "    reg8[17] = 1;\n    next;\n"
	        "19. ls_in_acl_after_lb_action (northd.c:1): reg8[17] == 1, priority 1000, uuid 44444444\n"
	        "    reg8[16] = 0;\n    reg8[17] = 0;\n";
	struct trace trace;
	(void)state;
	trace_parse(text, strlen(text), &trace);
	assert_int_equal(trace.n_steps, 4);
	assert_true(trace_is_acl(&trace));
	assert_string_equal(trace.acl_flow, "33333333");
	trace_finish(&trace);
}

/* What is no step, is too long or lacks an end changes nothing. */
static void test_odd_traces(void **state)
{
	static const char *const texts[] = {"",
	                                    "\n\n",
	                                    "1.",
	                                    "1. ",
	                                    "1. ls_in_acl",
	                                    "1. LS: x",
	                                    "99999999999999999999. ",
	                                    "output to \"",
	                                    "output to \"x",
	                                    "/* output to \"\", type \"localnet\" */"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct trace trace;
		trace_parse(texts[i], strlen(texts[i]), &trace);
		assert_int_equal(trace.n_steps, 0);
		assert_int_equal(trace.outputs.len, 0);
		trace_finish(&trace);
	}
	struct trace trace;
	static const char hostile[] = "2026-11-28T12:14:30Z|00001|ovntrace|WARN|\033]0;x\007 unknown";
	trace_parse(hostile, strlen(hostile), &trace);
	assert_true(text_is_safe(trace.problem, strlen(trace.problem)));
	assert_non_null(strstr(trace.problem, "unknown"));
	trace_finish(&trace);
}

static void test_microflow(void **state)
{
	struct trace_packet packet = {.inport = CLIENT,
	                              .from_mac = "0a:58:c0:a8:c8:1e",
	                              .to_mac = "02:00:00:00:00:01",
	                              .proto = TRACE_TCP,
	                              .port = 5432};
	struct str out = {0};
	(void)state;
	assert_true(cni_address_parse("192.168.200.30/24", &packet.from));
	assert_true(cni_address_parse("192.168.200.1", &packet.to));
	trace_microflow(&packet, &out);
	assert_string_equal(str_text(&out),
	                    "inport == \"" CLIENT
	                    "\" && eth.src == 0a:58:c0:a8:c8:1e && eth.dst == 02:00:00:00:00:01 && "
	                    "ip4 && ip.ttl == 64 && ip4.src == 192.168.200.30 && ip4.dst == 192.168.200.1 && tcp && "
	                    "tcp.src == 40000 && tcp.dst == 5432");
	str_clear(&out);
	packet.is_reply = true;
	packet.proto = TRACE_ICMP;
	trace_microflow(&packet, &out);
	assert_non_null(strstr(str_text(&out), "icmp4 && icmp4.type == 0 && icmp4.code == 0"));
	str_finish(&out);
}

static void test_ports_and_names(void **state)
{
	enum trace_proto proto;
	int port;
	(void)state;
	assert_true(trace_port_parse("udp/53", &proto, &port));
	assert_int_equal(proto, TRACE_UDP);
	assert_int_equal(port, 53);
	assert_true(trace_port_parse("ICMP", &proto, &port));
	static const char *const bad[] = {"", "tcp", "tcp/", "tcp/0", "tcp/65536", "tcp/x", "icmp/8", "gre/1", "/80"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(trace_port_parse(bad[i], &proto, &port));
	assert_true(trace_name_is_good(CLIENT));
	static const char *const strange[] = {"", "a b", "a\"b", "a'b", "a\nb", "$(x)", "a;b", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
		assert_false(trace_name_is_good(strange[i]));
}

/* ---- tables ---- */

static void test_rows(void **state)
{
	struct str text = load("keys.json");
	struct rows rows;
	size_t at = 0;
	(void)state;
	assert_true(rows_parse(text.data, text.len, &at, &rows));
	assert_int_equal(rows.len, 1);
	assert_int_equal(rows_int(&rows, 0, "tunnel_key"), 3);
	assert_int_equal(strlen(rows_text(&rows, 0, "datapath")), 36);
	assert_string_equal(rows_text(&rows, 0, "nothing"), "");
	assert_string_equal(rows_text(&rows, 7, "datapath"), "");
	rows_finish(&rows);
	assert_true(rows_parse(text.data, text.len, &at, &rows));
	assert_int_equal(rows.len, 5);
	rows_finish(&rows);
	assert_false(rows_parse(text.data, text.len, &at, &rows));
	str_finish(&text);
	text = load("hints.json");
	at = 0;
	assert_true(rows_parse(text.data, text.len, &at, &rows));
	assert_string_equal(rows_map(&rows, 0, "external_ids", "stage-name"), "ls_in_acl_after_lb");
	assert_string_equal(rows_map(&rows, 0, "_uuid", "stage-name"), "");
	rows_finish(&rows);
	str_finish(&text);
}

/* ---- counters ---- */

static bool is_drop(const struct flow_line *line, const void *user)
{
	return line->cookie == *(const uint32_t *)user;
}

static void add(struct tally *tally, uint32_t cookie, const char *text)
{
	struct flows flows;
	flows_parse(text, strlen(text), &flows);
	tally_add(tally, &flows, is_drop, &cookie);
	flows_finish(&flows);
}

static void test_flows(void **state)
{
	struct str text = load("flows.txt");
	struct flows flows;
	size_t n_drops = 0;
	(void)state;
	flows_parse(text.data, text.len, &flows);
	assert_int_equal(flows.lines.len, 25); /* and a heading */
	for (size_t i = 0; i < flows.lines.len; i++) {
		assert_true(flows.lines.data[i].duration_s > 0);
		assert_non_null(strstr(flows.lines.data[i].id, "metadata=0x5"));
		n_drops += flows.lines.data[i].cookie == 0x27db9457 && flows.lines.data[i].n_packets == 3;
	}
	assert_int_equal(n_drops, 1);
	flows_finish(&flows);
	str_finish(&text);
}

#define LINE(cookie, duration, packets, match)                                                                         \
	" cookie=" cookie ", duration=" duration "s, table=25, n_packets=" packets                                     \
	", n_bytes=1, idle_age=0, priority=2000," match " actions=drop\n"

static void test_tally(void **state)
{
	struct tally tally = {0};
	(void)state;
	add(&tally, 0xa, LINE("0xa", "10.5", "7", "reg14=0x3") LINE("0xb", "10.5", "100", "reg14=0x3"));
	assert_int_equal(tally.before, 7);
	assert_int_equal(tally.packets, 0);
	add(&tally, 0xa, LINE("0xa", "11.5", "9", "reg14=0x3"));
	assert_int_equal(tally.packets, 2);
	add(&tally, 0xa, LINE("0xa", "0.5", "1", "reg14=0x3")); /* installed anew */
	assert_int_equal(tally.packets, 3);
	add(&tally, 0xa, LINE("0xa", "0.1", "5", "reg14=0x3")); /* and again, with more than before */
	assert_int_equal(tally.packets, 8);
	add(&tally, 0xa, "");
	assert_int_equal(tally.packets, 8);
	add(&tally, 0xa, LINE("0xa", "0.2", "2", "reg14=0x3") LINE("0xa", "0.2", "4", "ip,reg14=0x3"));
	assert_int_equal(tally.packets, 14);
	assert_int_equal(tally.before, 7);
	tally_finish(&tally);
	struct tally late = {0}; /* an ACL that came later counts whole */
	add(&late, 0xa, LINE("0xb", "1", "3", "reg14=0x3"));
	add(&late, 0xa, LINE("0xa", "0.1", "2", "reg14=0x3"));
	assert_int_equal(late.packets, 2);
	assert_int_equal(late.before, 0);
	tally_finish(&late);
}

static void test_odd_flows(void **state)
{
	static const char *const texts[] = {
	        "",          "NXST_FLOW reply (xid=0x8):", " cookie=0x1 actions=drop",
	        " actions=", "cookie=0x1, n_packets=1",    "xcookie=0x1, n_packets=2, a actions=drop"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct flows flows;
		flows_parse(texts[i], strlen(texts[i]), &flows);
		assert_int_equal(flows.lines.len, 0);
		flows_finish(&flows);
	}
}

/* ---- places ---- */

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "test", &err);
	if (value == NULL)
		fail_msg("%s: %s", err.text, text);
	return value;
}

#define POD(name, node, containers)                                                                                    \
	"{\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"nodeName\":\"" node "\",\"containers\":[" containers        \
	"]},\"status\":{\"phase\":\"Running\"}}"

static void assert_place(const json_t *pods, const char *node, enum place_role role, const char *want)
{
	struct place place;
	struct err err = {0};
	bool is_found = place_find(pods, node, role, &place, &err);
	char *got = is_found ? mem_printf("%s/%s", place.pod, place.container) : mem_strdup(err.text);
	assert_string_equal(got, want);
	free(got);
}

static void test_places(void **state)
{
	(void)state;
	struct str text = load("pods.json");
	json_t *lab = parse(text.data), *pods = json_object_get(lab, "items");
	struct place database, switched;
	struct err err = {0};
	assert_true(place_find(pods, "ovn-worker2", PLACE_DATABASE, &database, &err));
	assert_true(place_find(pods, "ovn-worker2", PLACE_SWITCH, &switched, &err));
	assert_true(text_has_prefix(database.pod, "ovnkube-node-"));
	assert_string_equal(database.pod, switched.pod); /* one session does */
	assert_string_equal(database.container, switched.container);
	assert_false(place_find(pods, "elsewhere", PLACE_SWITCH, &switched, &err));
	json_decref(lab);
	str_finish(&text);
	json_t *central = parse("[" POD("db", "m", "{\"name\":\"nb-ovsdb\"},{\"name\":\"sb-ovsdb\"}") "," POD(
	        "node-a", "a", "{\"name\":\"ovnkube-node\"},{\"name\":\"ovn-controller\"}") "]");
	assert_place(central, "a", PLACE_DATABASE, "db/nb-ovsdb");
	assert_place(central, "a", PLACE_SWITCH, "node-a/ovn-controller");
	assert_place(central, "b", PLACE_SWITCH, "no running pod on node b has a container ovs-daemons");
	json_decref(central);
	json_t *openshift = parse("[" POD("x", "a", "{\"name\":\"ovn-controller\"},{\"name\":\"nbdb\"}") "]");
	assert_place(openshift, "a", PLACE_DATABASE, "x/ovn-controller");
	json_decref(openshift);
	json_t *odd = parse("[1, {}, {\"spec\": {\"containers\": 7}}]");
	assert_place(odd, "a", PLACE_DATABASE, "no running pod of OVN-Kubernetes has a container nb-ovsdb");
	json_decref(odd);
}

/* ---- routes ---- */

static struct topo *load_topo(json_t **keep)
{
	static const char *const files[] = {"localnet-pods.json", "localnet-nads.json", "localnet-vms.json",
	                                    "overlay-nodes.json", "localnet-namespaces.json"};
	VEC(const json_t *) objects = {0};
	*keep = json_array();
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char *path = mem_printf("tests/data/real-cluster/%s", files[i]);
		json_t *list = json_load_file(path, 0, NULL);
		assert_non_null(list);
		free(path);
		const json_t *items = json_object_get(list, "items");
		const char *kind = json_walk_str(list, "kind", NULL);
		for (size_t k = 0; k < json_array_size(items); k++) {
			json_t *item = json_array_get(items, k); /* whose kind only the list says */
			json_object_set_new(item, "kind", json_stringn(kind, strlen(kind) - strlen("List")));
			json_object_set(item, "apiVersion", json_object_get(list, "apiVersion"));
			vec_push(&objects, item);
		}
		json_array_append_new(*keep, list);
	}
	static const struct topo_host hosts[] = {
	        {.name = "turtle-db", .address = "192.168.200.1", .network = "data-net", .state = TOPO_RUNNING}};
	struct topo *topo = topo_build(
	        &(struct topo_input){.objects = objects.data, .n_objects = objects.len, .hosts = hosts, .n_hosts = 1});
	vec_finish(&objects);
	return topo;
}

/* On a recording of a real cluster: the names are those that its OVN had. */
static void test_routes(void **state)
{
	json_t *keep;
	struct topo *topo = load_topo(&keep);
	struct route route;
	struct err err = {0};
	(void)state;
	const struct witness_flow flow = {"data-adapter/turtle-db-adapter", "turtle-db", "", "tcp/5432"};
	if (!route_find(topo, &flow, &route, &err))
		fail_msg("%s", err.text);
	assert_string_equal(route.from.port, ADAPTER);
	assert_string_equal(route.from.mac, "0a:58:c0:a8:c8:0a");
	assert_string_equal(route.switch_name, "data.net_ovn_localnet_switch");
	assert_string_equal(route.localnet_port, LOCALNET);
	assert_false(route.to.is_port);
	assert_int_equal(route.port, 5432);
	route_finish(&route);
	static const struct {
		struct witness_flow flow;
		const char *words;
	} bad[] = {
	        {{"data-adapter/turtle-db-adapter", "turtle-db", "data-net", "tcp/x"}, "is not PROTO/PORT"},
	        {{"data-consumer/nobody", "turtle-db", "data-net", "tcp/1"}, "is no workload"},
	        {{"data-adapter/turtle-db-adapter", "turtle-db", "other-net", "tcp/1"}, "no network that both are on"},
	        {{"turtle-db", "192.168.200.2", "data-net", "tcp/1"}, "neither end is a workload"},
	        {{"data-adapter/turtle-db-adapter", "fd00::1", "data-net", "tcp/1"}, "one end has an IPv4 address"},
	        {{"data-adapter/turtle-db-adapter", "turtle-db", "default", "tcp/1"}, "the pod network is not traced"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(route_find(topo, &bad[i].flow, &route, &err));
		if (strstr(err.text, bad[i].words) == NULL)
			fail_msg("'%s' is not in '%s'", bad[i].words, err.text);
	}
	topo_destroy(topo);
	json_decref(keep);
}

/* ---- sessions: of a real shell ---- */

struct heard {
	struct str text, failure, ended;
	size_t longest;
	int status, n;
	bool is_over;
};

static void on_reply(const struct session_reply *reply, void *user)
{
	struct heard *heard = user;
	heard->n++;
	heard->status = reply->status;
	heard->longest = reply->len > heard->longest ? reply->len : heard->longest;
	str_clear(&heard->text);
	str_append_n(&heard->text, reply->text, reply->len);
	str_clear(&heard->failure);
	str_append(&heard->failure, reply->failure != NULL ? reply->failure : "");
}

static void on_end(struct session *session, const char *words, void *user)
{
	struct heard *heard = user;
	(void)session;
	heard->is_over = true;
	str_append(&heard->ended, words);
}

static struct session *open_shell(struct loop *loop, const char *const *argv, struct heard *heard)
{
	struct err err = {0};
	struct session *session = session_create(&(struct session_options){loop, argv, on_end, heard}, &err);
	if (session == NULL)
		fail_msg("%s", err.text);
	return session;
}

static void wait_for(struct loop *loop, const struct heard *heard, int n, bool is_over)
{
	while (heard->n < n || (is_over && !heard->is_over))
		assert_true(loop_turn(loop, true));
}

static void heard_finish(struct heard *heard)
{
	str_finish(&heard->text);
	str_finish(&heard->failure);
	str_finish(&heard->ended);
}

static void test_session(void **state)
{
	static const char *const argv[] = {"sh", NULL};
	struct loop *loop = loop_create(NULL);
	struct heard heard = {0}, other = {0};
	(void)state;
	struct session *session = open_shell(loop, argv, &heard);
	session_run(session, "printf 'a\\n\\n'; echo b >&2; (exit 9)", on_reply, &heard);
	session_run(session, "cat; echo end", on_reply, &heard); /* has no input: the next script is not eaten */
	wait_for(loop, &heard, 1, false);
	assert_string_equal(str_text(&heard.text), "a\n\nb\n");
	assert_int_equal(heard.status, 9);
	wait_for(loop, &heard, 2, false);
	assert_string_equal(str_text(&heard.text), "end\n");
	assert_int_equal(heard.status, 0);
	session_run(session, "head -c 3000000 /dev/zero | tr '\\0' x", on_reply, &heard);
	session_run(session, "echo forgotten", on_reply, &other);
	session_run(session, "echo after", on_reply, &heard);
	session_forget(session, &other);
	wait_for(loop, &heard, 4, false);
	assert_int_equal(heard.longest, 3000000);
	assert_string_equal(str_text(&heard.text), "after\n");
	assert_int_equal(other.n, 0);
	session_run(session, "exec >&2; kill -9 $$", on_reply, &heard);
	wait_for(loop, &heard, 5, true);
	assert_string_equal(str_text(&heard.failure), "the connection to the pod has ended");
	session_destroy(session);
	heard_finish(&heard);
	heard_finish(&other);
	loop_destroy(loop);
}

/* What the program that should have given a shell says last is why there is none. */
static void test_session_refused(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo warning >&2; printf 'Error: \\033[31mno\\n' >&2; exit 1",
	                                   NULL};
	struct loop *loop = loop_create(NULL);
	struct heard heard = {0};
	(void)state;
	struct session *session = open_shell(loop, argv, &heard);
	session_run(session, "echo never", on_reply, &heard);
	wait_for(loop, &heard, 1, true);
	assert_string_equal(str_text(&heard.failure), "Error: \xef\xbf\xbd[31mno");
	assert_string_equal(str_text(&heard.ended), str_text(&heard.failure));
	session_destroy(session);
	heard_finish(&heard);
	loop_destroy(loop);
}

/* Too much is not an answer. */
static void test_session_flood(void **state)
{
	static const char *const argv[] = {"sh", NULL};
	struct loop *loop = loop_create(NULL);
	struct heard heard = {0};
	(void)state;
	struct session *session = open_shell(loop, argv, &heard);
	session_run(session, "yes", on_reply, &heard);
	wait_for(loop, &heard, 1, true);
	assert_string_equal(str_text(&heard.failure), "the answer was longer than 16 MiB");
	session_destroy(session);
	heard_finish(&heard);
	loop_destroy(loop);
}

/* ---- nobody to ask ---- */

static void on_answer(const struct witness_answer *answer, void *user)
{
	assert_false(answer->is_known);
	assert_int_equal(answer->reason, WITNESS_NOT_ASKED);
	assert_non_null(strstr(answer->words, "OVN: not asked: "));
	++*(int *)user;
}

static void on_count(struct witness_count *count, void *user)
{
	struct witness_counted counted = witness_counted(count);
	assert_false(counted.is_known);
	assert_non_null(strstr(counted.words, "OVN: not asked: "));
	++*(int *)user;
}

static void test_not_asked(void **state)
{
	json_t *keep;
	struct topo *topo = load_topo(&keep);
	struct loop *loop = loop_create(NULL);
	int n = 0;
	(void)state;
	struct witness *witness = witness_create(&(struct witness_options){.loop = loop});
	const struct witness_flow good = {"data-adapter/turtle-db-adapter", "turtle-db", "", "tcp/5432"},
	                          bad = {"nobody", "turtle-db", "data-net", "tcp/5432"};
	struct witness_question *questions[] = {witness_ask(witness, topo, &good, on_answer, &n),
	                                        witness_ask(witness, topo, &bad, on_answer, &n)};
	struct witness_count *counts[] = {witness_count_start(witness, topo, &good, on_count, &n),
	                                  witness_count_start(witness, topo, &bad, on_count, &n)};
	assert_int_equal(n, 0); /* never from inside */
	while (n < 4)
		assert_true(loop_turn(loop, true));
	for (size_t i = 0; i < 2; i++) {
		witness_question_destroy(questions[i]);
		witness_count_stop(counts[i]);
	}
	struct witness_question *unanswered = witness_ask(witness, topo, &good, on_answer, &n);
	witness_question_destroy(unanswered);
	witness_destroy(witness);
	topo_destroy(topo);
	json_decref(keep);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_allowed),       cmocka_unit_test(test_dropped),
	        cmocka_unit_test(test_later_release), cmocka_unit_test(test_odd_traces),
	        cmocka_unit_test(test_microflow),     cmocka_unit_test(test_ports_and_names),
	        cmocka_unit_test(test_rows),          cmocka_unit_test(test_flows),
	        cmocka_unit_test(test_tally),         cmocka_unit_test(test_odd_flows),
	        cmocka_unit_test(test_places),        cmocka_unit_test(test_routes),
	        cmocka_unit_test(test_session),       cmocka_unit_test(test_session_refused),
	        cmocka_unit_test(test_session_flood), cmocka_unit_test(test_not_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
