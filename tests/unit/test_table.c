/* What kubectl get shows: the cells of the kinds, against a real cluster's objects and by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/api/private.h"

#define NOW INT64_C(1795406308000) /* 2026-11-23T03:58:28Z */

/* The cells of one object, blank-separated; wide too after a bar. */
static char *cells(const char *kind, const char *text)
{
	const struct lab_resource *row = lab_resource_kind(kind);
	json_error_t error;
	json_t *object = json_loads(text, 0, &error), *table = table_create(row, "7", true), *cell;
	struct str out = {0};
	size_t i;
	bool is_wide = false;
	if (!object)
		fail_msg("%s: %s", text, error.text);
	table_add(table, row, object, TABLE_METADATA, NOW);
	json_array_foreach (json_object_get(json_array_get(json_object_get(table, "rows"), 0), "cells"), i, cell) {
		bool wide = json_walk_int(json_array_get(json_object_get(table, "columnDefinitions"), i), 0, "priority",
		                          NULL) > 0;
		char *dump =
		        json_is_string(cell) ? mem_strdup(json_string_value(cell)) : json_dumps(cell, JSON_ENCODE_ANY);
		str_append_f(&out, "%s%s%s", i ? " " : "", wide && !is_wide ? "| " : "", dump);
		is_wide = is_wide || wide;
		free(dump);
	}
	json_decref(table);
	json_decref(object);
	return str_take(&out);
}

#define POD(extra, status)                                                                                             \
	"{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"2026-11-23T03:38:28Z\"" extra                           \
	"},\"spec\":{\"nodeName\":\"w\",\"containers\":[{},{}],\"initContainers\":[{}]},\"status\":" status "}"

static void objects(void **state)
{
	static const struct {
		const char *kind, *object, *cells;
	} cases[] = {
	        {"Pod",
	         POD("", "{\"phase\":\"Running\",\"podIP\":\"10.1.1.1\",\"containerStatuses\":[{\"ready\":true,"
	                 "\"state\":{\"running\":{}}},{\"ready\":false,\"restartCount\":2,\"state\":{\"waiting\":{"
	                 "\"reason\":\"CrashLoopBackOff\"}},"
	                 "\"lastState\":{\"terminated\":{\"finishedAt\":\"2026-11-23T03:57:28Z\"}}}]}"),
	         "p 1/2 CrashLoopBackOff 2 (60s ago) 20m | 10.1.1.1 w <none> <none>"},
	        {"Pod", POD("", "{\"phase\":\"Pending\"}"), "p 0/2 Pending 0 20m | <none> w <none> <none>"},
	        {"Pod",
	         POD("", "{\"phase\":\"Pending\",\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":"
	                 "\"ContainerCreating\"}}}]}"),
	         "p 0/2 ContainerCreating 0 20m | <none> w <none> <none>"},
	        {"Pod", POD("", "{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"running\":{}}}]}"),
	         "p 0/2 Init:0/1 0 20m | <none> w <none> <none>"},
	        {"Pod",
	         POD("", "{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":3}"
	                 "}}]}"),
	         "p 0/2 Init:ExitCode:3 0 20m | <none> w <none> <none>"},
	        {"Pod",
	         POD("", "{\"phase\":\"Succeeded\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":"
	                 "\"Completed\"}}}]}"),
	         "p 0/2 Completed 0 20m | <none> w <none> <none>"},
	        {"Pod", POD("", "{\"phase\":\"Failed\",\"reason\":\"Evicted\"}"),
	         "p 0/2 Evicted 0 20m | <none> w <none> <none>"},
	        {"Pod", POD(",\"deletionTimestamp\":\"2026-11-23T03:58:00Z\"", "{\"phase\":\"Running\"}"),
	         "p 0/2 Terminating 0 20m | <none> w <none> <none>"},
	        {"Node",
	         "{\"metadata\":{\"name\":\"n\",\"labels\":{\"node-role.kubernetes.io/"
	         "control-plane\":\"\"}},\"spec\":{\"unschedulable\":true},\"status\":{\"conditions\":[{\"type\":"
	         "\"Ready\",\"status\":\"True\"}],"
	         "\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.2\"}],\"nodeInfo\":{\"kubeletVersion\":"
	         "\"v1\",\"osImage\":\"os\",\"kernelVersion\":\"k\",\"containerRuntimeVersion\":\"c\"}}}",
	         "n Ready,SchedulingDisabled control-plane <unknown> v1 | 10.0.0.2 <none> os k c"},
	        {"Namespace",
	         "{\"metadata\":{\"name\":\"n\",\"creationTimestamp\":\"2026-11-23T03:58:18Z\"},\"status\":{\"phase\":"
	         "\"Active\"}}",
	         "n Active 10s"},
	        {"Deployment",
	         "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"
	         "\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}},\"status\":{"
	         "\"readyReplicas\":1,\"updatedReplicas\":2,\"availableReplicas\":1}}",
	         "d 1/3 2 1 <unknown> | c i a=b"},
	        {"Event",
	         "{\"metadata\":{\"name\":\"e\"},\"lastTimestamp\":\"2026-11-23T03:58:18Z\",\"type\":\"Normal\","
	         "\"reason\":\"R\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\"},\"source\":{\"component\":"
	         "\"kubelet\",\"host\":\"h\"},\"message\":\"m\",\"count\":2}",
	         "10s Normal R pod/p | null kubelet, h m 10s 2 e"},
	        {"NetworkAttachmentDefinition",
	         "{\"metadata\":{\"name\":\"n\",\"creationTimestamp\":\"2026-11-22T03:58:18Z\"}}", "n 24h"},
	        {"VirtualMachine",
	         "{\"metadata\":{\"name\":\"v\"},\"status\":{\"printableStatus\":\"Running\",\"conditions\":[{\"type\":"
	         "\"Ready\",\"status\":\"True\"}]}}",
	         "v <unknown> Running True"},
	        {"VirtualMachineInstance",
	         "{\"metadata\":{\"name\":\"v\"},\"status\":{\"phase\":\"Running\",\"nodeName\":\"w\",\"interfaces\":[{"
	         "\"ipAddress\":\"10.0.0.9\"}]}}",
	         "v <unknown> Running 10.0.0.9 w null | null null"},
	        {"NodeNetworkConfigurationPolicy",
	         "{\"metadata\":{\"name\":\"n\"},\"status\":{\"conditions\":[{\"type\":\"Degraded\",\"status\":"
	         "\"False\"},{\"type\":\"Available\",\"status\":\"True\",\"reason\":\"SuccessfullyConfigured\"}]}}",
	         "n Available SuccessfullyConfigured"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = cells(cases[i].kind, cases[i].object);
		if (strcmp(got, cases[i].cells) != 0)
			fail_msg("%s\ngot    %s\nwanted %s", cases[i].object, got, cases[i].cells);
		free(got);
	}
}

static void shape(void **state)
{
	const struct lab_resource *row = lab_resource_kind("Pod");
	json_t *pod = json_pack("{s:{s:s},s:{}}", "metadata", "name", "p", "spec"),
	       *table = table_create(row, "7", false);
	(void)state;
	assert_int_equal(json_array_size(json_object_get(table, "columnDefinitions")), 0);
	assert_string_equal(json_walk_str(table, "metadata", "resourceVersion", NULL), "7");
	table_add(table, row, pod, TABLE_METADATA, NOW);
	table_add(table, row, pod, TABLE_OBJECT, NOW);
	table_add(table, row, pod, TABLE_NONE, NOW);
	json_t *rows = json_object_get(table, "rows");
	assert_string_equal(json_walk_str(json_array_get(rows, 0), "object", "kind", NULL), "PartialObjectMetadata");
	assert_null(json_walk(json_array_get(rows, 0), "object", "spec", NULL));
	assert_non_null(json_walk(json_array_get(rows, 1), "object", "spec", NULL));
	assert_null(json_walk(json_array_get(rows, 2), "object", NULL));
	json_decref(table);
	json_decref(pod);
	assert_true(table_is_wanted("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"));
	assert_false(table_is_wanted("application/json"));
	assert_false(table_is_wanted("as=Tablecloth"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(objects), cmocka_unit_test(shape)};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
