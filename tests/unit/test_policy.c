/* Verdicts: every case of tests/data/policy-cases.jsonl in both profiles, reasons, lint, and the speed of all pairs by shape
 * (not by time). The cases' expectations were reproduced with real packets on OVN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/policy.h"

static struct policy_world *world_of(const json_t *objects)
{
	VEC(const json_t *) list = {0};
	size_t i;
	const json_t *object;
	json_array_foreach (objects, i, object)
		vec_push(&list, object);
	struct policy_world *world = policy_world_create(list.data, list.len);
	vec_finish(&list);
	return world;
}

static size_t check_flow(const struct policy_world *world, const json_t *flow, const char *name)
{
	size_t n_wrong = 0;
	for (enum policy_profile profile = 0; profile < POLICY_N_PROFILES; profile++) {
		const char *expect = json_walk_str(flow, "expect", NULL),
		           *ovnk = json_walk_str(flow, "expect_ovnk", NULL);
		if (profile == POLICY_OVNK && *ovnk)
			expect = ovnk;
		struct policy_question question = {.from = json_walk_str(flow, "from", NULL),
		                                   .to = json_walk_str(flow, "to", NULL),
		                                   .network = json_walk_str(flow, "network", NULL),
		                                   .port = (int)json_walk_int(flow, 0, "port", NULL),
		                                   .profile = profile};
		assert_true(policy_proto_find(json_walk_str(flow, "proto", NULL), &question.proto));
		struct policy_verdict verdict;
		struct err err = {0};
		if (!policy_ask(world, &question, &verdict, &err)) {
			print_message("%s: %s -> %s: %s\n", name, question.from, question.to, err.text);
			n_wrong++;
			continue;
		}
		if (verdict.allowed != (strcmp(expect, "allow") == 0)) {
			print_message("%s: %s -> %s %s/%d (%s): expected %s, got %s: %s\n", name, question.from,
			              question.to, json_walk_str(flow, "proto", NULL), question.port,
			              policy_profile_name(profile), expect, verdict.allowed ? "allow" : "deny",
			              verdict.reason);
			n_wrong++;
		}
		assert_true(strlen(verdict.reason) > 0);
		policy_verdict_finish(&verdict);
	}
	return n_wrong;
}

static void check_cases(const char *path, size_t at_least, size_t flows_at_least)
{
	struct str text = {0};
	struct err err = {0};
	assert_true(file_read(path, (size_t)8 << 20, &text, &err));
	size_t n_cases = 0, n_flows = 0, n_wrong = 0;
	char *rest = text.data, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!*line)
			continue;
		json_t *cased = json_parse(line, strlen(line), path, &err);
		assert_non_null(cased);
		struct policy_world *world = world_of(json_object_get(cased, "objects"));
		size_t i;
		const json_t *flow;
		json_array_foreach (json_object_get(cased, "flows"), i, flow) {
			n_wrong += check_flow(world, flow, json_walk_str(cased, "name", NULL));
			n_flows++;
		}
		n_cases++;
		policy_world_destroy(world);
		json_decref(cased);
	}
	str_finish(&text);
	assert_true(n_cases >= at_least && n_flows >= flows_at_least);
	assert_int_equal(n_wrong, 0);
}

static void test_cases(void **state)
{
	(void)state;
	check_cases("tests/data/policy-cases.jsonl", 43, 130);
}

/* What is malformed, or said twice: the same with real packets in the lab. */
static void test_own_cases(void **state)
{
	(void)state;
	check_cases("tests/data/policy-own-cases.jsonl", 86, 346);
}

/* What the lab does not have: layer3, two ports of one pod on one network, pods that have ended, files without namespaces. */
static void test_apart_cases(void **state)
{
	(void)state;
	check_cases("tests/data/policy-apart-cases.jsonl", 11, 46);
}

/* ---- a small world of two pods, written out ---- */
static const char pods_json[] =
        "[{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}},"
        "{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":\"n\",\"namespace\":\"a\"},"
        "\"spec\":{\"config\":\"{\\\"cniVersion\\\":\\\"0.3.1\\\",\\\"name\\\":\\\"net\\\",\\\"type\\\":\\\"ovn-k8s-cni-overlay\\\","
        "\\\"topology\\\":\\\"layer2\\\",\\\"netAttachDefName\\\":\\\"a/n\\\"%s}\"}},"
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"one\",\"namespace\":\"a\",\"labels\":{\"app\":\"one\"},\"annotations\":{"
        "\"k8s.v1.cni.cncf.io/networks\":\"n\",\"k8s.v1.cni.cncf.io/network-status\":\"[{\\\"name\\\":\\\"a/n\\\",\\\"interface\\\":\\\"net1\\\","
        "\\\"ips\\\":[\\\"10.1.1.1\\\"]}]\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]},\"status\":{\"phase\":\"Running\"}},"
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"two\",\"namespace\":\"a\",\"labels\":{\"app\":\"two\"},\"annotations\":{"
        "\"k8s.v1.cni.cncf.io/networks\":\"n\",\"k8s.v1.cni.cncf.io/network-status\":\"[{\\\"name\\\":\\\"a/n\\\",\\\"interface\\\":\\\"net1\\\","
        "\\\"ips\\\":[\\\"10.1.1.2\\\"]}]\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]},\"status\":{\"phase\":\"Running\"}},"
        "{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\",\"metadata\":{\"name\":\"p\",\"namespace\":\"a\","
        "\"annotations\":{%s}},\"spec\":%s}]";

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static struct policy_world *small_world(bool has_ipam, const char *annotations, const char *spec)
{
	char *text = mem_printf(pods_json, has_ipam ? ",\\\"subnets\\\":\\\"10.1.1.0/24\\\"" : "", annotations, spec);
	struct err err = {0};
	json_t *objects = json_parse(text, strlen(text), "small", &err);
	if (!objects)
		fail_msg("%s", err.text);
	struct policy_world *world = world_of(objects);
	json_decref(objects);
	free(text);
	return world;
}

static char *reason_of(const struct policy_world *world, enum policy_profile profile, bool *allowed)
{
	struct policy_verdict verdict;
	struct err err = {0};
	struct policy_question question = {"a/one", "a/two", "net", POLICY_TCP, 80, profile};
	assert_true(policy_ask(world, &question, &verdict, &err));
	char *reason = mem_strdup(verdict.reason);
	*allowed = verdict.allowed;
	policy_verdict_finish(&verdict);
	return reason;
}

#define FOR_N "\"k8s.v1.cni.cncf.io/policy-for\":\"n\""

static void test_reasons(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *reason;
		bool allowed;
	} rows[] = {
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"two\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":81}]}]}",
	         "a/p selects a/two for ingress; none allows it", false},
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"two\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":81}]},{\"ports\":[{\"port\":80}]}]}",
	         "a/p ingress[1] allows it", true},
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"one\"}},\"policyTypes\":[\"Egress\"],\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.1.1.2/32\"}}]}]}",
	         "a/p egress[0] allows it", true},
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"two\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":\"web\"}]}]}",
	         "a/p ingress[0] allows it", true},
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"two\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":\"web\"},{\"port\":81}]}]}",
	         "a/p selects a/two for ingress; none allows it", false},
	        {"{\"podSelector\":{\"matchLabels\":{\"app\":\"none\"}},\"policyTypes\":[\"Egress\"]}",
	         "no policy selects a/one for egress; no policy selects a/two for ingress", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct policy_world *world = small_world(true, FOR_N, rows[i].spec);
		bool allowed;
		char *reason = reason_of(world, POLICY_OVNK, &allowed);
		assert_string_equal(reason, rows[i].reason);
		assert_int_equal(allowed, rows[i].allowed);
		free(reason);
		policy_world_destroy(world);
	}
}

static void test_unanswerable(void **state)
{
	(void)state;
	struct policy_world *world = small_world(true, FOR_N, "{\"podSelector\":{}}");
	static const struct policy_question rows[] = {
	        {"a/one", "a/three", "net", POLICY_TCP, 80, POLICY_SPEC},
	        {"a/one", "a/two", "nowhere", POLICY_TCP, 80, POLICY_SPEC},
	        {"a/one", "a/two", "net", POLICY_TCP, 0, POLICY_SPEC},
	        {"a/one", "a/two", "net", POLICY_TCP, 70000, POLICY_SPEC},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct policy_verdict verdict;
		struct err err = {0};
		assert_false(policy_ask(world, &rows[i], &verdict, &err));
		assert_true(strlen(err.text) > 10);
	}
	policy_world_destroy(world);
}

struct hunt {
	const char *path, *words;
	size_t n;
};

static void on_finding(const struct policy_finding *finding, void *user)
{
	struct hunt *hunt = user;
	if (strstr(finding->path, hunt->path) && strstr(finding->text, hunt->words))
		hunt->n++;
}

static void test_lint(void **state)
{
	(void)state;
	static const struct {
		const char *annotations, *spec, *path, *words;
		bool without_ipam;
	} rows[] = {
	        {"", "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"]}", "policy-for", "ignored", false},
	        {"\"k8s.v1.cni.cncf.io/policy-for\":\"x\"", "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"]}",
	         "policy-for", "no usable attachment a/x", false},
	        {FOR_N, "{\"policyTypes\":[\"Ingress\"]}", "spec.podSelector", "missing", false},
	        {FOR_N, "{\"podSelector\":{\"matchLabels\":{\"app\":\"z\"}},\"policyTypes\":[\"Ingress\"]}",
	         "spec.podSelector", "selects no attached", false},
	        {FOR_N, "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\"}]}}",
	         "spec.podSelector", "unknown operator", false},
	        {FOR_N, "{\"podSelector\":{}}", "spec.policyTypes", "missing", false},
	        {FOR_N, "{\"podSelector\":{},\"policyTypes\":[\"ingress\"]}", "spec.policyTypes", "no policy type",
	         false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"10.1.1.0/33\"}}]}]}",
	         "from[0]", "no CIDR", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"10.1.1.0/24\",\"except\":[\"10.2.0.0/16\"]}}]}]}",
	         "from[0]", "not inside", false},
	        {FOR_N, "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":0}]}]}",
	         "ports[0]", "1..65535", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":70000}]}]}",
	         "ports[0]", "1..65535", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":\"web\"}]}]}",
	         "ports[0]", "does not resolve", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"protocol\":\"IGMP\"}]}]}",
	         "ports[0]", "unknown", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"ports\":[{\"port\":80,\"endPort\":70}]}]}",
	         "ports[0]", "endPort", false},
	        {FOR_N, "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{}]}]}", "from[0]",
	         "empty", false},
	        {FOR_N, "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"egress\":[{}]}", "spec.egress",
	         "does not list Egress", false},
	        {FOR_N,
	         "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{\"podSelector\":{}}]}]}",
	         "from[0]", "refuses the whole policy", true},
	        {FOR_N, "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"]}", "", "only denies", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct policy_world *world = small_world(!rows[i].without_ipam, rows[i].annotations, rows[i].spec);
		struct hunt hunt = {rows[i].path, rows[i].words, 0};
		policy_lint(world, on_finding, &hunt);
		if (hunt.n != 1)
			fail_msg("row %zu (%s): found %zu times", i, rows[i].words, hunt.n);
		policy_world_destroy(world);
	}
	struct policy_world *clean = small_world(
	        true, FOR_N,
	        "{\"podSelector\":{},\"policyTypes\":[\"Ingress\",\"Egress\"],\"ingress\":[{\"from\":[{\"ipBlock\":{"
	        "\"cidr\":\"10.1.1.0/24\",\"except\":[\"10.1.1.9/32\"]}}],\"ports\":[{\"protocol\":\"TCP\",\"port\":80}]}],\"egress\":[{}]}");
	struct hunt any = {"", "", 0};
	policy_lint(clean, on_finding, &any);
	assert_int_equal(any.n, 0);
	policy_world_destroy(clean);
}

/* policy_allows and policy_ask are two ways to one answer. */
static void test_pairs_agree(void **state)
{
	(void)state;
	struct policy_world *world = small_world(
	        true, FOR_N,
	        "{\"podSelector\":{\"matchLabels\":{\"app\":\"two\"}},\"policyTypes\":[\"Ingress\",\"Egress\"],"
	        "\"ingress\":[{\"ports\":[{\"port\":80}]}]}");
	assert_int_equal(policy_endpoints(world), 2);
	for (size_t from = 0; from < 2; from++) {
		for (int port = 79; port <= 81; port++) {
			struct policy_question question = {policy_endpoint(world, from).workload,
			                                   policy_endpoint(world, 1 - from).workload,
			                                   "net",
			                                   POLICY_TCP,
			                                   port,
			                                   POLICY_OVNK};
			struct policy_verdict verdict;
			struct err err = {0};
			assert_true(policy_ask(world, &question, &verdict, &err));
			assert_int_equal(verdict.allowed,
			                 policy_allows(world, from, 1 - from, POLICY_TCP, port, POLICY_OVNK));
			policy_verdict_finish(&verdict);
		}
	}
	policy_world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),        cmocka_unit_test(test_own_cases),
	        cmocka_unit_test(test_apart_cases),  cmocka_unit_test(test_reasons),
	        cmocka_unit_test(test_unanswerable), cmocka_unit_test(test_lint),
	        cmocka_unit_test(test_pairs_agree),
	};
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
