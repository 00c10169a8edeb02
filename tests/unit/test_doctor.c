/* doctor: what acts need, read from their files; what a report says, and what it leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/private.h"
#include "onesdn/doctor.h"

static struct doctor *make(void)
{
	setenv("HOME", "/home/leonardo", 1);
	return doctor_create(&(struct doctor_options){.setup = ""});
}

static void expect_line(struct doctor *doctor, const char *said, const char *wanted)
{
	struct str out = {0};
	doctor_add(doctor, DOCTOR_OK, "test", NULL, "%s", said);
	doctor_text(doctor, &out);
	if (!strstr(str_text(&out), wanted))
		fail_msg("\"%s\" is not in: %s", wanted, str_text(&out));
	str_finish(&out);
}

static void test_pasteable(void **state)
{
	(void)state;
	struct doctor *doctor = make();
	doctor_hide(doctor, "api.corp.example", "[server]");
	expect_line(doctor, "dial https://10.1.2.3:6443/api: refused", "dial [server]: refused");
	expect_line(doctor, "The connection to the server 10.1.2.3:6443 was refused",
	            "the server [server] was refused");
	expect_line(doctor, "context admin@api.corp.example:6443", "context admin@[server]:6443");
	expect_line(doctor, "/home/leonardo/.kube/config is not there", "~/.kube/config is not there");
	expect_line(doctor, "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMzQ1Njc4OTAifQ.eyJpc3MiOiJr.c2ln!",
	            "Bearer [token]!");
	expect_line(doctor, "kubectl v1.32.4 and 1.2.3 stay", "kubectl v1.32.4 and 1.2.3 stay");
	expect_line(doctor, "two\nlines\033[31m", "two lines");
	doctor_destroy(doctor);
}

static void test_counts(void **state)
{
	(void)state;
	struct doctor *doctor = make();
	struct str out = {0};
	doctor_add(doctor, DOCTOR_OK, "one", "not shown", "good");
	doctor_add(doctor, DOCTOR_FAIL, "two", "mend it", "bad");
	doctor_add(doctor, DOCTOR_UNTRIED, "one", "run it", "who knows");
	doctor_text(doctor, &out);
	assert_string_equal(str_text(&out), "one\n  ok    good\n  -     who knows\n        try it: run it\n\n"
	                                    "two\n  FAIL  bad\n        cure: mend it\n\n"
	                                    "1 ok, 0 warnings, 1 failure, 1 not tried\n");
	json_t *all = doctor_json(doctor);
	assert_int_equal(json_walk_int(all, -1, "fail", NULL), 1);
	assert_int_equal(json_array_size(json_object_get(all, "findings")), 3);
	json_decref(all);
	str_finish(&out);
	doctor_destroy(doctor);
}

/* ---- needs ---- */
static char dir[] = "/tmp/onesdn-doctor-XXXXXX";
static struct scenario_act *act;

static void write_file(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", dir, name);
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
	free(path);
}

static int load(void **state)
{
	struct err err;
	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: server, namespace: blue}\n"
	                       "spec: {containers: [{name: c, image: example.org/server:1}]}\n");
	write_file("t.scenario.yaml",
	           "format: 1\ntitle: T\nnamespaces: [blue, red]\nstages:\n"
	           "  - {id: a, title: A, run: kubectl create namespace blue, undo: kubectl delete namespace blue}\n"
	           "  - {id: b, title: B, as: workload-owner, apply: pod.yaml, undo: kubectl delete -f pod.yaml}\n"
	           "  - {id: c, title: C, as: workload-owner, run: kubectl exec -nblue server -- true}\n"
	           "  - {id: d, title: D, as: workload-owner, changes: false, run: kubectl label node a b=c,\n"
	           "     check: [{exit: 1}]}\n"
	           "  - {id: e, title: E, on: host, run: kubectl logs x}\n");
	char *path = mem_printf("%s/t.scenario.yaml", dir);
	act = scenario_load(path, "lab", &err);
	free(path);
	if (!act)
		fail_msg("%s", err.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	static const char *const names[] = {"pod.yaml", "t.scenario.yaml"};
	for (size_t i = 0; i < 2; i++) {
		char *path = mem_printf("%s/%s", dir, names[i]);
		unlink(path);
		free(path);
	}
	rmdir(dir);
	scenario_destroy(act);
	return 0;
}

static bool has_right(const struct needs *needs, enum scenario_persona persona, const char *words)
{
	bool found = false;
	for (size_t i = 0; i < needs->rights.len; i++) {
		const struct need_right *right = &needs->rights.data[i];
		char *all = mem_printf("%s %s%s%s %s", right->verb,
		                       right->kind == SIZE_MAX ? right->resource : needs->kinds.data[right->kind].kind,
		                       *right->sub ? "/" : "", right->sub, right->ns);
		found = found || (right->persona == persona && strcmp(all, words) == 0);
		free(all);
	}
	return found;
}

static void test_needs(void **state)
{
	(void)state;
	struct needs needs;
	const struct scenario_act *const acts[] = {act};
	needs_collect(acts, 1, &needs);
	assert_non_null(needs_kind(&needs, "Pod"));
	assert_false(needs_group(&needs, "kubevirt.io"));
	assert_int_equal(needs.images.len, 1);
	assert_string_equal(needs.images.data[0].name, "example.org/server:1");
	assert_true(has_right(&needs, SCENARIO_ADMIN, "create namespaces "));
	assert_true(has_right(&needs, SCENARIO_ADMIN, "delete namespaces "));
	assert_true(has_right(&needs, SCENARIO_ADMIN, "watch pods blue"));
	assert_true(has_right(&needs, SCENARIO_OWNER, "create Pod blue"));
	assert_true(has_right(&needs, SCENARIO_OWNER, "delete Pod blue"));
	assert_true(has_right(&needs, SCENARIO_OWNER, "create pods/exec blue"));
	assert_false(has_right(&needs, SCENARIO_OWNER, "create pods/exec red"));
	assert_false(has_right(&needs, SCENARIO_OWNER, "patch nodes ")); /* it wants to be refused */
	assert_false(needs.database);
	needs_finish(&needs);
}

/* ---- answers ---- */
static struct question answer_of(const char *text)
{
	struct question question = {.answer = json_parse(text, strlen(text), "test", NULL)};
	assert_non_null(question.answer);
	return question;
}

static void expect_report(struct doctor *doctor, const char *wanted)
{
	struct str out = {0};
	doctor_text(doctor, &out);
	if (!strstr(str_text(&out), wanted))
		fail_msg("\"%s\" is not in: %s", wanted, str_text(&out));
	str_finish(&out);
}

static void test_versions(void **state)
{
	(void)state;
	static char out[] = "{\"clientVersion\": {\"gitVersion\": \"v1.29.1\"}}", none[] = "", no_json[] = "no",
	            preflight[] =
	                    "[{\"part\": \"lab\", \"state\": \"fail\", \"what\": \"no OVN\", \"cure\": \"a\\u001bb\"}]";
	struct doctor *doctor = make();
	struct needs needs = {0};
	tell_kubectl(doctor, "/bin/kubectl", &(struct reply){.out = out, .errors = none, .failure = none});
	expect_report(doctor, "kubectl v1.29.1 (/bin/kubectl)");
	struct question old = answer_of("{\"gitVersion\": \"v1.27.3\"}"),
	                near = answer_of("{\"gitVersion\": \"v1.28.0\"}");
	assert_true(tell_version(doctor, &near, "kind"));
	assert_int_equal(doctor_count(doctor, DOCTOR_WARN), 0);
	assert_true(tell_version(doctor, &old, "kind"));
	expect_report(doctor, "kubectl is 1.29, the server v1.27.3: further apart");
	assert_false(tell_version(doctor, &(struct question){.failure = no_json}, "kind"));
	expect_report(doctor, "FAIL  the cluster does not answer: no");
	assert_false(
	        tell_machine(doctor, &needs, "lab", &(struct reply){.out = no_json, .errors = none, .failure = none}));
	assert_false(tell_machine(doctor, &needs, "lab",
	                          &(struct reply){.out = preflight, .errors = none, .failure = none}));
	expect_report(doctor, "FAIL  no OVN\n        cure: a");
	question_finish(&old);
	question_finish(&near);
	doctor_destroy(doctor);
}

/* Most containers say no words of their own: the image has them. */
static void test_controllers(void **state)
{
	(void)state;
	struct doctor *doctor = make();
	struct needs needs = {0};
	vec_push(&needs.kinds, ((struct need_kind){.group = mem_strdup("k8s.cni.cncf.io"),
	                                           .version = mem_strdup("v1"),
	                                           .kind = mem_strdup("MultiNetworkPolicy")}));
	struct question lists[N_WORKLOADS] = {
	        [WORKLOAD_DAEMONSETS] =
	                answer_of("{\"items\": [{\"metadata\": {\"name\": \"ovnkube-node\", \"namespace\": \"o\"},"
	                          "\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"a\"},"
	                          "{\"name\": \"b\", \"args\": [\"--enable-multi-network\"]}]}}},"
	                          "\"status\": {\"desiredNumberScheduled\": 2, \"numberReady\": 2}}]}"),
	        [WORKLOAD_DEPLOYMENTS] = answer_of("{\"items\": []}"),
	};
	tell_controllers(doctor, &needs, lists);
	expect_report(doctor, "ok    OVN-Kubernetes with multiple networks (o/ovnkube-node, 2 ready)");
	expect_report(doctor, "FAIL  Multus: there is none");
	expect_report(doctor, "o/ovnkube-node is ready, but does not say --enable-multi-networkpolicy");
	for (size_t i = 0; i < N_WORKLOADS; i++)
		question_finish(&lists[i]);
	needs_finish(&needs);
	doctor_destroy(doctor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_versions),
	        cmocka_unit_test(test_controllers),
	        cmocka_unit_test(test_pasteable),
	        cmocka_unit_test(test_counts),
	        cmocka_unit_test_setup_teardown(test_needs, load, unload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
