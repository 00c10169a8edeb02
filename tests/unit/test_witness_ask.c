/* How a question follows a packet where every node has databases of its own (interconnect), which the lab has not: the nodes
 * are this file, in place of remote.c. What they print has the shape of a real OVN's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "onesdn/witness.h"
#include "witness/remote.h"

#define A "ns.net_ns_a" /* on node-a */
#define B "ns.net_ns_b" /* on node-b */
#define OUT(port, type)                                                                                                \
	"ingress(dp=\"x\")\n 8. ls_in_l2_lkup (northd.c:1): 1, priority 50, uuid 00000001\n    /* output to \"" port   \
	"\", type \"" type "\" */\n"
#define DROP(stage) "ingress(dp=\"x\")\n 8. " stage " (northd.c:1): 1, priority 2000, uuid 0000abcd\n    drop;\n"
#define ACL(name, ns)                                                                                                  \
	"{\"data\":[[\"" name "\",[\"map\",[[\"k8s.ovn.org/name\",\"" ns                                               \
	"\"],[\"type\",\"defaultDeny\"]]]]],\"headings\":[\"name\",\"external_ids\"]}\n"

/* ---- the nodes: rows that are expected one after another ---- */

struct step {
	const char *node, *part; /* of the script */
	const char *text;
	int status;
	const char *failure;
};
static const struct step *steps;
static int n_asked;

struct remote {
	struct loop *loop;
};
struct remote_request {
	struct remote *remote;
	const struct step *step;
	remote_fn *fn;
	void *user;
};

struct remote *remote_create(const struct witness_options *options)
{
	struct remote *remote = mem_alloc(sizeof *remote);
	remote->loop = options->loop;
	return remote;
}

void remote_destroy(struct remote *remote)
{
	free(remote);
}

static void reply(void *user)
{
	struct remote_request *request = user;
	const struct step *step = request->step;
	const struct remote_reply out = {step->text, strlen(step->text), step->status, step->failure};
	request->fn(&out, request->user);
	free(request);
}

struct remote_request *remote_ask(struct remote *remote, const char *node, enum place_role role, const char *script,
                                  remote_fn *fn, void *user)
{
	struct remote_request *request = mem_alloc(sizeof *request);
	n_asked++;
	assert_int_equal(role, PLACE_DATABASE);
	assert_non_null(steps->node);
	assert_string_equal(node, steps->node);
	if (strstr(script, steps->part) == NULL)
		fail_msg("'%s' is not in '%s'", steps->part, script);
	*request = (struct remote_request){remote, steps++, fn, user};
	loop_post(remote->loop, reply, request);
	return request;
}

void remote_request_destroy(struct remote_request *request)
{
	if (request == NULL)
		return;
	loop_unpost(request->remote->loop, request);
	free(request);
}

/* ---- a world ---- */

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "test", &err);
	if (value == NULL)
		fail_msg("%s: %s", err.text, text);
	return value;
}

static json_t *pod(const char *name, const char *last)
{
	json_t *out = parse("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\"},\"spec\":{"
	                    "\"containers\":[]},"
	                    "\"status\":{\"phase\":\"Running\"}}");
	json_t *metadata = json_object_get(out, "metadata");
	json_object_set_new(metadata, "name", json_string(name));
	json_object_set_new(json_object_get(out, "spec"), "nodeName", json_sprintf("node-%s", name));
	json_object_set_new(metadata, "annotations",
	                    json_pack("{s:s, s:o}", CNI_NETWORKS_ANNOTATION, "net", CNI_OVN_ANNOTATION,
	                              json_sprintf("{\"ns/net\":{\"ip_addresses\":[\"10.9.0.%s/24\"],\"mac_address\":"
	                                           "\"0a:58:0a:09:00:0%s\"}}",
	                                           last, last)));
	return out;
}

static struct topo *world(const char *topology)
{
	json_t *nad = parse("{\"apiVersion\":\"k8s.cni.cncf.io/"
	                    "v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"namespace\":\"ns\","
	                    "\"name\":\"net\"},\"spec\":{}}");
	json_object_set_new(
	        json_object_get(nad, "spec"), "config",
	        json_sprintf(
	                "{\"cniVersion\":\"0.3.1\",\"name\":\"n\",\"netAttachDefName\":\"ns/net\",\"topology\":\"%s\","
	                "\"subnets\":\"10.9.0.0/24\",\"type\":\"ovn-k8s-cni-overlay\"}",
	                topology));
	json_t *list[] = {nad, pod("a", "1"), pod("b", "2"),
	                  parse("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-a\"}}"),
	                  parse("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-b\"}}")};
	enum { N = sizeof list / sizeof list[0] };
	const json_t *objects[N];
	for (size_t i = 0; i < N; i++)
		objects[i] = list[i];
	struct topo *topo = topo_build(&(struct topo_input){.objects = objects, .n_objects = N});
	for (size_t i = 0; i < N; i++)
		json_decref(list[i]);
	return topo;
}

struct wanted {
	enum witness_reason reason;
	bool is_reply;
	enum witness_end end;
	const char *node, *acl, *words;
};
struct waiting {
	const struct wanted *wanted;
	bool is_over;
};

static void on_answer(const struct witness_answer *answer, void *user)
{
	struct waiting *waiting = user;
	const struct wanted *wanted = waiting->wanted;
	if (strstr(answer->words, wanted->words) == NULL)
		fail_msg("'%s' is not in '%s'", wanted->words, answer->words);
	assert_int_equal(answer->reason, wanted->reason);
	assert_int_equal(answer->is_reply, wanted->is_reply);
	assert_int_equal(answer->allowed, wanted->reason == WITNESS_PASSES);
	assert_string_equal(answer->node, wanted->node);
	assert_string_equal(answer->acl, wanted->acl);
	if (wanted->reason == WITNESS_ACL)
		assert_int_equal(answer->end, wanted->end);
	waiting->is_over = true;
}

static void ask(const char *topology, const char *to, const struct step *expected, const struct wanted *wanted)
{
	struct loop *loop = loop_create(NULL);
	struct topo *topo = world(topology);
	struct witness *witness = witness_create(&(struct witness_options){.loop = loop});
	struct waiting waiting = {wanted, false};
	steps = expected;
	struct witness_question *question =
	        witness_ask(witness, topo, &(struct witness_flow){"ns/a", to, "n", "tcp/80"}, on_answer, &waiting);
	while (!waiting.is_over)
		assert_true(loop_turn(loop, true));
	assert_null(steps->node); /* nothing else was asked */
	witness_question_destroy(question);
	witness_destroy(witness);
	topo_destroy(topo);
	loop_destroy(loop);
}

/* ---- tests ---- */

static void test_layer2(void **state)
{
	static const struct step there[] = {{"node-a", "inport == \"" A "\"", OUT(B, "remote"), 0, NULL},
	                                    {"node-b", "inport == \"" A "\"", OUT(B, ""), 0, NULL},
	                                    {"node-b", "inport == \"" B "\"", OUT(A, "remote"), 0, NULL},
	                                    {"node-a", "--ct=est,rpl", OUT(A, ""), 0, NULL},
	                                    {0}};
	static const struct step denied[] = {{"node-a", "--ct=new", OUT(B, "remote"), 0, NULL},
	                                     {"node-b", "ip4.dst == 10.9.0.2", DROP("ls_out_acl_eval"), 0, NULL},
	                                     {"node-b", "Logical_Flow 0000abcd", ACL("NP:ns:Ingress", "ns"), 0, NULL},
	                                     {0}};
	(void)state;
	ask("layer2", "ns/b", there,
	    &(struct wanted){WITNESS_PASSES, false, WITNESS_SENDER, "", "", "OVN lets it pass"});
	ask("layer2", "ns/b", denied,
	    &(struct wanted){
	            WITNESS_ACL, false, WITNESS_RECEIVER, "node-b", "NP:ns:Ingress",
	            "OVN drops it on node-b: ingress is denied by default in namespace ns (ACL NP:ns:Ingress)"});
}

/* A central database knows both ends: one question each way is enough. */
static void test_central(void **state)
{
	static const struct step there[] = {{"node-a", "inport == \"" A "\"", OUT(B, ""), 0, NULL},
	                                    {"node-b", "inport == \"" B "\"", OUT(A, ""), 0, NULL},
	                                    {0}};
	(void)state;
	ask("layer2", "ns/b", there,
	    &(struct wanted){WITNESS_PASSES, false, WITNESS_SENDER, "", "", "and the answer to it"});
}

static void test_localnet(void **state)
{
	static const struct step there[] = {
	        {"node-a", "inport == \"" A "\"", OUT("n_ovn_localnet_port", "localnet"), 0, NULL},
	        {"node-b", "inport == \"n_ovn_localnet_port\"", OUT(B, ""), 0, NULL},
	        {"node-b", "inport == \"" B "\"", OUT("n_ovn_localnet_port", "localnet"), 0, NULL},
	        {"node-a", "inport == \"n_ovn_localnet_port\"", DROP("ls_out_acl"), 0, NULL},
	        {"node-a", "Logical_Flow 0000abcd", ACL("NP:ns:Ingress", "ns"), 0, NULL},
	        {0}};
	static const struct step outside[] = {
	        {"node-a", "inport == \"" A "\"", OUT("n_ovn_localnet_port", "localnet"), 0, NULL},
	        {"node-a", "inport == \"n_ovn_localnet_port\"", OUT(A, ""), 0, NULL},
	        {0}};
	(void)state;
	ask("localnet", "ns/b", there,
	    &(struct wanted){
	            WITNESS_ACL, true, WITNESS_SENDER, "node-a", "NP:ns:Ingress",
	            "OVN lets it pass but drops the answer on node-a: ingress is denied by default in namespace ns"});
	ask("localnet", "10.9.0.99", outside,
	    &(struct wanted){WITNESS_PASSES, false, WITNESS_SENDER, "", "", "OVN lets it pass"});
}

static void test_elsewhere(void **state)
{
	static const struct {
		struct step steps[3];
		struct wanted wanted;
	} rows[] = {
	        {{{"node-a", A, DROP("ls_in_apply_port_sec"), 0, NULL}},
	         {WITNESS_PORT_SECURITY, false, WITNESS_SENDER, "node-a", "", "port security"}},
	        {{{"node-a", A, DROP("ls_in_l2_unknown"), 0, NULL}},
	         {WITNESS_NOWHERE, false, WITNESS_SENDER, "node-a", "", "no port has the MAC address"}},
	        {{{"node-a", A, DROP("ls_in_pre_hairpin"), 0, NULL}},
	         {WITNESS_OTHER, false, WITNESS_SENDER, "node-a", "", "stage ls_in_pre_hairpin"}},
	        {{{"node-a", A, "no port\n", 9, NULL}},
	         {WITNESS_NO_PORT, false, WITNESS_SENDER, "node-a", "", "OVN has no port " A " on node-a"}},
	        {{{"node-a", A, "sh: ovn-trace: not found\n", 127, NULL}},
	         {WITNESS_NOT_ASKED, false, WITNESS_SENDER, "", "",
	          "OVN: not asked: ovn-trace did not work on node-a: sh: ovn-trace: not found"}},
	        {{{"node-a", A, "", 0, "forbidden"}},
	         {WITNESS_NOT_ASKED, false, WITNESS_SENDER, "", "", "OVN: not asked: forbidden"}},
	        {{{"node-a", A, DROP("ls_in_acl_action"), 0, NULL}},
	         {WITNESS_OTHER, false, WITNESS_SENDER, "node-a", "", "stage ls_in_acl_action"}},
	        {{{"node-a", A, DROP("ls_in_acl"), 0, NULL}, {"node-a", "0000abcd", "no row\n", 1, NULL}},
	         {WITNESS_ACL, false, WITNESS_SENDER, "node-a", "", "an ACL without a name"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ask("layer2", "ns/b", rows[i].steps, &rows[i].wanted);
}

static void on_late(void *user)
{
	*(bool *)user = true;
}

/* Asking again at once what was refused costs an exec each time. */
static void test_count_backs_off(void **state)
{
	static const struct step refused[] = {{"node-a", A, "", 0, "forbidden"},
	                                      {"node-b", B, "", 0, "forbidden"},
	                                      {"node-a", A, "", 0, "forbidden"},
	                                      {"node-b", B, "", 0, "forbidden"},
	                                      {0}};
	struct loop *loop = loop_create(NULL);
	struct topo *topo = world("layer2");
	struct witness *witness = witness_create(&(struct witness_options){.loop = loop});
	struct loop_timer *late;
	bool is_late = false;
	(void)state;
	steps = refused;
	n_asked = 0;
	struct witness_count *count =
	        witness_count_start(witness, topo, &(struct witness_flow){"ns/a", "ns/b", "n", "tcp/80"}, NULL, NULL);
	late = loop_timer_create(loop, on_late, &is_late);
	loop_timer_start(late, WITNESS_POLL_MS * 3 / 2, 0);
	while (!is_late)
		assert_true(loop_turn(loop, true));
	assert_int_equal(n_asked, 2);
	assert_string_equal(witness_counted(count).words, "OVN: not asked: forbidden");
	witness_count_look(count); /* but when somebody wants to know */
	while (n_asked < 4)
		assert_true(loop_turn(loop, true));
	witness_count_stop(count);
	loop_timer_destroy(late);
	witness_destroy(witness);
	topo_destroy(topo);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_layer2), cmocka_unit_test(test_central),
	                                   cmocka_unit_test(test_localnet), cmocka_unit_test(test_elsewhere),
	                                   cmocka_unit_test(test_count_backs_off)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
