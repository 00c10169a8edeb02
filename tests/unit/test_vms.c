/* The plans of VirtualMachines and their instances: run strategies, phases, the end, the launcher pod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/control/conditions.h"
#include "lab/control/vmis_plan.h"
#include "lab/control/vms_plan.h"
#include "onesdn/cni.h"

#define NOW INT64_C(1795406308000)

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "test", &err);
	if (!value)
		fail_msg("%s", err.text);
	return value;
}

#define VM(spec, status)                                                                                               \
	"{\"metadata\":{\"name\":\"v\",\"namespace\":\"n\",\"uid\":\"U\",\"generation\":3},\"spec\":{" spec            \
	",\"template\":{}},\"status\":{" status "}}"
#define VMI(phase, more)                                                                                               \
	"{\"metadata\":{\"name\":\"v\",\"namespace\":\"n\",\"uid\":\"I\"" more                                         \
	"},\"spec\":{},\"status\":{\"phase\":\"" phase "\"}}"
#define DELETING ",\"deletionTimestamp\":\"2026-11-23T03:58:20Z\""

static void strategies(void **state)
{
	static const struct {
		const char *vm, *vmi; /* vmi NULL: none */
		enum vm_step step;
		const char *printable;
	} rows[] = {
	        {VM("\"running\":true", ""), NULL, VM_START, "Stopped"},
	        {VM("\"running\":false", ""), NULL, VM_WAIT, "Stopped"},
	        {VM("\"running\":false", ""), VMI("Running", ""), VM_STOP, "Running"},
	        {VM("\"running\":true", ""), VMI("Running", ""), VM_WAIT, "Running"},
	        {VM("\"running\":true", ""), VMI("Scheduling", ""), VM_WAIT, "Starting"},
	        {VM("\"running\":true", ""), VMI("Running", DELETING), VM_WAIT, "Stopping"},
	        {VM("\"running\":true", ""), VMI("Succeeded", ""), VM_STOP, "CrashLoopBackOff"},
	        {VM("\"runStrategy\":\"RerunOnFailure\"", "\"runStrategy\":\"RerunOnFailure\""), VMI("Succeeded", ""),
	         VM_WAIT, "CrashLoopBackOff"},
	        {VM("\"runStrategy\":\"RerunOnFailure\"", "\"runStrategy\":\"RerunOnFailure\""), VMI("Failed", ""),
	         VM_STOP, "CrashLoopBackOff"},
	        {VM("\"runStrategy\":\"Manual\"", ""), NULL, VM_WAIT, "Stopped"},
	        {VM("\"runStrategy\":\"Manual\"", "\"stateChangeRequests\":[{\"action\":\"Start\"}]"), NULL, VM_START,
	         "Stopped"},
	        {VM("\"runStrategy\":\"Manual\"", "\"stateChangeRequests\":[{\"action\":\"Stop\",\"uid\":\"I\"}]"),
	         VMI("Running", ""), VM_STOP, "Running"},
	        {VM("\"runStrategy\":\"Manual\"", "\"stateChangeRequests\":[{\"action\":\"Stop\",\"uid\":\"old\"}]"),
	         VMI("Running", ""), VM_WAIT, "Running"},
	        {VM("\"running\":true",
	            "\"stateChangeRequests\":[{\"action\":\"Stop\",\"uid\":\"I\"},{\"action\":\"Start\"}]"),
	         VMI("Running", ""), VM_STOP, "Running"},
	        {VM("\"runStrategy\":\"Manual\"",
	            "\"stateChangeRequests\":[{\"action\":\"Stop\",\"uid\":\"I\"},{\"action\":\"Start\"}]"),
	         NULL, VM_START, "Stopped"},
	        {VM("\"runStrategy\":\"Once\"", "\"runStrategy\":\"Halted\""), NULL, VM_START, "Stopped"},
	        {VM("\"runStrategy\":\"Once\"", "\"runStrategy\":\"Once\""), NULL, VM_WAIT, "Stopped"},
	        {VM("\"runStrategy\":\"Once\"", "\"runStrategy\":\"Once\""), VMI("Failed", ""), VM_WAIT,
	         "CrashLoopBackOff"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *vm = parse(rows[i].vm), *vmi = rows[i].vmi ? parse(rows[i].vmi) : NULL;
		struct vm_plan plan;
		vm_plan(vm, vmi, NOW, &plan);
		if (plan.step != rows[i].step)
			fail_msg("row %zu: step %d", i, (int)plan.step);
		if (strcmp(rows[i].printable, "CrashLoopBackOff") != 0)
			assert_string_equal(json_walk_str(plan.status, "printableStatus", NULL), rows[i].printable);
		json_decref(plan.status);
		json_decref(vm);
		json_decref(vmi);
	}
}

static void requests_are_dropped(void **state)
{
	json_t *vm = parse(VM("\"runStrategy\":\"Manual\"",
	                      "\"stateChangeRequests\":[{\"action\":\"Stop\",\"uid\":\"I\"},{\"action\":\"Start\"}]"));
	struct vm_plan plan;
	(void)state;
	vm_plan(vm, NULL, NOW, &plan);
	assert_null(json_object_get(plan.status, "stateChangeRequests")); /* stopped, and about to start */
	assert_string_equal(
	        json_walk_str(json_array_get(json_object_get(plan.status, "conditions"), 0), "reason", NULL),
	        "VMINotExists");
	json_decref(plan.status);
	json_decref(vm);
}

/* Failing before it ran is followed by an ever longer pause; having run, by none. */
static void back_off(void **state)
{
	json_t *vm = parse(VM("\"running\":true",
	                      "\"startFailure\":{\"consecutiveFailCount\":2,\"lastFailedVMIUID\":\"old\"}")),
	       *failed = parse(VMI("Failed", ""));
	json_t *ran = parse("{\"metadata\":{\"name\":\"v\",\"uid\":\"I\"},\"status\":{\"phase\":\"Failed\","
	                    "\"phaseTransitionTimestamps\":[{\"phase\":\"Running\"}]}}");
	struct vm_plan plan, again;
	(void)state;
	vm_plan(vm, failed, NOW, &plan);
	assert_int_equal(plan.step, VM_STOP);
	assert_int_equal(json_walk_int(plan.status, 0, "startFailure", "consecutiveFailCount", NULL), 3);
	json_object_set(vm, "status", plan.status);
	vm_plan(vm, NULL, NOW + 1000, &again);
	assert_int_equal(again.step, VM_WAIT);
	assert_int_equal(again.again_ms, NOW + 90000);
	assert_string_equal(json_walk_str(again.status, "printableStatus", NULL), "CrashLoopBackOff");
	json_decref(again.status);
	vm_plan(vm, NULL, NOW + 90000, &again);
	assert_int_equal(again.step, VM_START);
	json_decref(again.status);
	json_decref(plan.status);
	json_decref(vm);
	vm = parse(VM("\"running\":true", ""));
	vm_plan(vm, ran, NOW, &plan);
	assert_null(json_object_get(plan.status, "startFailure"));
	json_decref(plan.status);
	json_decref(vm);
	json_decref(failed);
	json_decref(ran);
}

#define POD(phase, compute, more)                                                                                      \
	"{\"metadata\":{\"name\":\"virt-launcher-v-abcde\",\"uid\":\"P\"" more                                         \
	"},\"spec\":{\"nodeName\":\"w\"},\"status\":{\"phase\":\"" phase "\","                                         \
	"\"containerStatuses\":[{\"name\":\"compute\",\"state\":{" compute "}}]}}"

static void phases(void **state)
{
	static const struct {
		const char *vmi, *pod;
		bool is_running;
		const char *phase;
		enum vmi_step step;
	} rows[] = {
	        {VMI("", ""), NULL, false, "Pending", VMI_WAIT},
	        {VMI("Pending", ""), NULL, false, "Pending", VMI_CREATE_POD},
	        {VMI("Pending", ""), POD("Pending", "", ""), false, "Scheduling", VMI_WAIT},
	        {VMI("Scheduling", ""), POD("Pending", "\"waiting\":{}", ""), false, "Scheduling", VMI_WAIT},
	        {VMI("Scheduling", ""), POD("Running", "\"running\":{}", ""), true, "Scheduled", VMI_WAIT},
	        {VMI("Scheduled", ""), POD("Running", "\"running\":{}", ""), false, "Scheduled", VMI_WAIT},
	        {VMI("Scheduled", ""), POD("Running", "\"running\":{}", ""), true, "Running", VMI_WAIT},
	        {VMI("Running", ""), POD("Running", "\"terminated\":{\"exitCode\":0}", ""), false, "Succeeded",
	         VMI_WAIT},
	        {VMI("Running", ""), POD("Running", "\"terminated\":{\"exitCode\":137}", ""), false, "Failed",
	         VMI_WAIT},
	        {VMI("Scheduling", ""), POD("Running", "\"terminated\":{\"exitCode\":1}", ""), false, "Failed",
	         VMI_WAIT},
	        {VMI("Running", ""), NULL, false, "Failed", VMI_WAIT},
	        {VMI("Failed", ""), NULL, false, "Failed", VMI_WAIT},
	        {VMI("Running", DELETING), POD("Running", "\"running\":{}", ""), true, "Running", VMI_SHUT_DOWN},
	        {VMI("Running", DELETING ",\"deletionGracePeriodSeconds\":5"), POD("Running", "\"running\":{}", ""),
	         true, "Running", VMI_DELETE_POD},
	        {VMI("Running", DELETING), POD("Running", "\"terminated\":{\"exitCode\":0}", ""), false, "Succeeded",
	         VMI_DELETE_POD},
	        {VMI("Running", DELETING), POD("Running", "\"running\":{}", DELETING), true, "Running", VMI_WAIT},
	        {VMI("Succeeded", DELETING), NULL, false, "Succeeded", VMI_REMOVE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *vmi = parse(rows[i].vmi), *pod = rows[i].pod ? parse(rows[i].pod) : NULL;
		struct vmi_facts facts = {.vmi = vmi, .pod = pod, .trouble = "", .now_ms = NOW};
		struct vmi_plan plan;
		machine_look(NULL, &facts.machine);
		facts.machine.is_running = rows[i].is_running;
		vmi_plan(&facts, &plan);
		if (plan.step != rows[i].step || strcmp(json_walk_str(plan.status, "phase", NULL), rows[i].phase) != 0)
			fail_msg("row %zu: step %d, phase %s", i, (int)plan.step,
			         json_walk_str(plan.status, "phase", NULL));
		json_decref(plan.status);
		json_decref(vmi);
		json_decref(pod);
	}
}

#define SPEC                                                                                                           \
	"{\"metadata\":{\"name\":\"vm-client\",\"namespace\":\"blue\",\"uid\":\"I\",\"labels\":{\"role\":\"web\"}},"   \
	"\"spec\":{\"domain\":{\"devices\":{\"interfaces\":["                                                          \
	"{\"name\":\"shared-network\",\"bridge\":{}},{\"name\":\"default\",\"masquerade\":{}}]}},\"networks\":[{"      \
	"\"name\":\"default\",\"pod\":{}},"                                                                            \
	"{\"name\":\"shared-network\",\"multus\":{\"networkName\":\"shared-net\"}}],\"volumes\":[{\"name\":\"d\","     \
	"\"containerDisk\":{\"image\":\"i\"}}]},"                                                                      \
	"\"status\":{\"phase\":\"Running\"}}"

static void launcher(void **state)
{
	json_t *vmi = parse(SPEC), *pod = vmi_launcher_pod(vmi);
	(void)state;
	assert_string_equal(json_walk_str(pod, "metadata", "generateName", NULL), "virt-launcher-vm-client-");
	assert_string_equal(json_walk_str(pod, "metadata", "labels", "role", NULL), "web");
	assert_string_equal(json_walk_str(pod, "metadata", "labels", "kubevirt.io", NULL), "virt-launcher");
	assert_string_equal(json_walk_str(pod, "metadata", "labels", VMI_CREATED_BY, NULL), "I");
	assert_string_equal(json_walk_str(pod, "metadata", "annotations", CNI_NETWORKS_ANNOTATION, NULL),
	                    "[{\"name\":\"shared-net\",\"namespace\":\"blue\",\"interface\":\"pod280fca44283\"}]");
	assert_int_equal(json_array_size(json_walk(pod, "spec", "containers", NULL)), 3);
	assert_string_equal(json_walk_str(pod, "spec", "restartPolicy", NULL), "Never");
	json_decref(pod);
	json_decref(vmi);
}

static void interfaces(void **state)
{
	json_t *vmi = parse(SPEC), *report = parse("{\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:AA\","
	                                           "\"addresses\":[\"192.168.200.10\"]}]}");
	json_t *pod = parse("{\"metadata\":{\"annotations\":{\"k8s.v1.cni.cncf.io/"
	                    "network-status\":\"[{\\\"name\\\":\\\"blue/shared-net\\\",\\\"interface\\\":"
	                    "\\\"pod280fca44283\\\",\\\"mac\\\":\\\"02:00:00:00:00:aa\\\",\\\"dns\\\":{}}]\"}},"
	                    "\"status\":{\"podIPs\":[{\"ip\":\"10.244.1.3\"}]}}");
	struct vmi_facts facts = {
	        .vmi = vmi,
	        .pod = pod,
	        .trouble = "",
	        .now_ms = NOW,
	        .machine = {.is_running = true,
	                    .report = report,
	                    .accel = "tcg",
	                    .macs = {"02:00:00:00:00:aa", "52:54:00:00:00:01", "", "", "", "", "", ""}}};
	struct vmi_plan plan;
	(void)state;
	vmi_plan(&facts, &plan);
	const json_t *first = json_array_get(json_object_get(plan.status, "interfaces"), 0),
	             *second = json_array_get(json_object_get(plan.status, "interfaces"), 1);
	assert_string_equal(json_walk_str(first, "name", NULL), "default"); /* the primary one comes first */
	assert_string_equal(json_walk_str(first, "ipAddress", NULL), "10.244.1.3");
	assert_string_equal(json_walk_str(first, "infoSource", NULL), "domain");
	assert_string_equal(json_walk_str(second, "ipAddress", NULL), "192.168.200.10");
	assert_string_equal(json_walk_str(second, "infoSource", NULL), "domain, guest-agent, multus-status");
	assert_string_equal(json_walk_str(second, "interfaceName", NULL), "eth0");
	assert_string_equal(json_walk_str(second, "podInterfaceName", NULL), "pod280fca44283");
	json_decref(plan.status);
	json_decref(vmi);
	json_decref(pod);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(strategies), cmocka_unit_test(requests_are_dropped),
	        cmocka_unit_test(back_off),   cmocka_unit_test(phases),
	        cmocka_unit_test(launcher),   cmocka_unit_test(interfaces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
