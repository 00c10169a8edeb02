/* topo: small sets of objects, and what the graph says of them. Recorded ones are in test_replay.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "onesdn/base.h"
#include "onesdn/topo.h"

/* Builds from two JSON arrays, whose values live as long as the program (freed by the next call). */
static json_t *values[2];

static struct topo *build_from(const char *objects, const char *planned, const char *const *namespaces)
{
	const char *texts[2] = {objects, planned};
	const json_t *lists[2][64];
	struct topo_input input = {.namespaces = namespaces};
	for (int k = 0; k < 2; k++) {
		struct err err = {0};
		json_decref(values[k]);
		values[k] = json_parse(texts[k] ? texts[k] : "[]", strlen(texts[k] ? texts[k] : "[]"), "objects", &err);
		if (!values[k])
			fail_msg("%s", err.text);
		assert_true(json_array_size(values[k]) <= 64);
		for (size_t i = 0; i < json_array_size(values[k]); i++)
			lists[k][i] = json_array_get(values[k], i);
	}
	input.objects = lists[0];
	input.n_objects = json_array_size(values[0]);
	input.planned = lists[1];
	input.n_planned = json_array_size(values[1]);
	return topo_build(&input);
}

static int forget_values(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		json_decref(values[k]);
		values[k] = NULL;
	}
	return 0;
}

static const struct topo_workload *workload(const struct topo *topo, const char *id)
{
	size_t at = topo_find_workload(topo, id);
	if (at == TOPO_NONE)
		fail_msg("there is no %s", id);
	return &topo->workloads.data[at];
}

/* The attachment of a workload to a network, by names. */
static const struct topo_attachment *attachment(const struct topo *topo, const char *id, const char *network)
{
	size_t w = topo_find_workload(topo, id), n = topo_find_network(topo, network);
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].workload == w && topo->attachments.data[i].network == n)
			return &topo->attachments.data[i];
	fail_msg("%s is not attached to \"%s\"", id, network);
	return NULL;
}

#define NAD(ns, name, fields)                                                                                          \
	"{\"apiVersion\":\"k8s.cni.cncf.io/"                                                                           \
	"v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns        \
	"\"},\"spec\":{\"config\":\"{\\\"type\\\":\\\"ovn-k8s-cni-overlay\\\","                                        \
	"\\\"netAttachDefName\\\":\\\"" ns "/" name "\\\"," fields "}\"}}"
#define GREEN "\\\"name\\\":\\\"green\\\",\\\"topology\\\":\\\"layer2\\\",\\\"subnets\\\":\\\"192.168.200.0/24\\\""
#define LOCALNET "\\\"name\\\":\\\"data-net\\\",\\\"topology\\\":\\\"localnet\\\",\\\"vlanID\\\":123"
#define POD(ns, name, annotations, rest)                                                                               \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns              \
	"\",\"uid\":\"uid-" name "\",\"annotations\":{" annotations "}}," rest "}"
#define ASKS "\"k8s.v1.cni.cncf.io/networks\":\"net\""
#define GOT(ns, ip)                                                                                                    \
	"\"k8s.v1.cni.cncf.io/"                                                                                        \
	"network-status\":\"[{\\\"name\\\":\\\"ovn-kubernetes\\\",\\\"interface\\\":\\\"eth0\\\",\\\"ips\\\":["        \
	"\\\"10.244.1.3\\\"],\\\"default\\\":true,\\\"dns\\\":{}},{\\\"name\\\":\\\"" ns                               \
	"/net\\\",\\\"interface\\\":\\\"net1\\\",\\\"ips\\\":[\\\"" ip                                                 \
	"\\\"],\\\"mac\\\":\\\"0a:58:c0:a8:c8:03\\\",\\\"dns\\\":{}}]\""
#define RUNNING                                                                                                        \
	"\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":9000},{"          \
	"\"containerPort\":53,"                                                                                        \
	"\"protocol\":\"UDP\"}]}]},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":"  \
	"\"True\"}],"                                                                                                  \
	"\"containerStatuses\":[{\"name\":\"c\",\"ready\":true,\"state\":{\"running\":{}}}]}"
#define CREATING                                                                                                       \
	"\"spec\":{\"nodeName\":\"n1\"},\"status\":{\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"c\","     \
	"\"state\":{"                                                                                                  \
	"\"waiting\":{\"reason\":\"ContainerCreating\"}}}]}"
#define EVENT(name, uid, type, reason, message, at)                                                                    \
	"{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"" name "." at                              \
	"\"},\"involvedObject\":{\"kind\":\"Pod\","                                                                    \
	"\"namespace\":\"a\",\"name\":\"" name "\",\"uid\":\"" uid "\"},\"type\":\"" type "\",\"reason\":\"" reason    \
	"\",\"message\":\"" message "\",\"lastTimestamp\":\"2026-11-23T03:38:" at "Z\"}"

static void test_nothing(void **state)
{
	(void)state;
	struct topo_input input = {0};
	struct topo *topo = topo_build(&input);
	assert_int_equal(topo->networks.len, 1);
	assert_string_equal(topo->networks.data[0].name, "");
	assert_int_equal(topo->networks.data[0].state, TOPO_PLANNED);
	assert_int_equal(topo->workloads.len, 0);
	assert_true(topo_same(topo, topo));
	topo_destroy(topo);
	topo_destroy(NULL);
}

static void test_running_pod(void **state)
{
	(void)state;
	struct topo *topo = build_from(
	        "[" POD("a", "p", ASKS "," GOT("a", "192.168.200.3"), RUNNING) "," NAD("a", "net", GREEN) "]", NULL,
	        NULL);
	const struct topo_workload *p = workload(topo, "a/p");
	assert_int_equal(p->state, TOPO_RUNNING);
	assert_string_equal(p->phase, "Running");
	assert_string_equal(p->reason, "");
	assert_string_equal(p->ports, "tcp/9000 udp/53");
	assert_string_equal(topo->nodes.data[p->node].name, "n1");
	assert_int_equal(topo->attachments.len, 2);
	const struct topo_attachment *pod_network = attachment(topo, "a/p", ""),
	                             *green = attachment(topo, "a/p", "green");
	assert_true(pod_network == &topo->attachments.data[0]);
	assert_string_equal(pod_network->address, "10.244.1.3");
	assert_string_equal(pod_network->interface, "eth0");
	assert_int_equal(pod_network->nad, TOPO_NONE);
	assert_string_equal(green->address, "192.168.200.3");
	assert_string_equal(green->addresses, "192.168.200.3/24");
	assert_string_equal(green->mac, "0a:58:c0:a8:c8:03");
	assert_int_equal(green->source, TOPO_FROM_STATUS);
	assert_int_equal(green->state, TOPO_RUNNING);
	assert_string_equal(topo_address(topo, "a/p", "green"), "192.168.200.3");
	assert_string_equal(topo_address(topo, "a/q", "green"), "");
	assert_int_equal(topo_find_address(topo, "green", "192.168.200.3"), 1);
	assert_int_equal(topo_find_address(topo, "green", "192.168.200"), TOPO_NONE);
	assert_int_equal(topo_find_address(topo, "", "192.168.200.3"), TOPO_NONE);
	assert_int_equal(topo->networks.data[1].state, TOPO_RUNNING);
	assert_int_equal(topo->networks.data[1].topology, CNI_LAYER2);
	assert_string_equal(topo->networks.data[1].subnets, "192.168.200.0/24");
	topo_destroy(topo);
}

static void test_planned(void **state)
{
	(void)state;
	static const char *const namespaces[] = {"b", "a", "b", NULL};
	const char *planned = "[" POD("a", "p", ASKS, "\"spec\":{}") "," POD("b", "q", ASKS, "\"spec\":{}") "," NAD(
	        "a", "net", GREEN) "," NAD("b", "net", GREEN) "," POD("other", "x", "", "\"spec\":{}") "]";
	struct topo *topo = build_from("[]", planned, namespaces);
	assert_int_equal(topo->namespaces.len, 2);
	assert_string_equal(topo->namespaces.data[0].name, "a");
	assert_int_equal(topo->namespaces.data[0].state, TOPO_PLANNED);
	assert_int_equal(topo->workloads.len, 2);
	assert_int_equal(workload(topo, "a/p")->state, TOPO_PLANNED);
	assert_string_equal(workload(topo, "a/p")->phase, "planned");
	assert_int_equal(attachment(topo, "a/p", "green")->state, TOPO_PLANNED);
	assert_string_equal(attachment(topo, "a/p", "green")->interface, "net1");
	assert_string_equal(attachment(topo, "a/p", "green")->problem, "");
	assert_int_equal(topo->networks.data[1].state, TOPO_PLANNED);
	topo_destroy(topo);

	/* one of them is in the cluster by now: it wins over its plan */
	topo = build_from("[" POD("a", "p", ASKS, CREATING) "," NAD(
	                          "a", "net", GREEN) ",{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{"
	                                             "\"name\":\"a\"},\"status\":{\"phase\":\"Active\"}}]",
	                  planned, namespaces);
	assert_int_equal(topo->namespaces.data[0].state, TOPO_RUNNING);
	assert_int_equal(topo->namespaces.data[1].state, TOPO_PLANNED);
	assert_int_equal(workload(topo, "a/p")->state, TOPO_STARTING);
	assert_string_equal(workload(topo, "a/p")->phase, "ContainerCreating");
	assert_int_equal(workload(topo, "b/q")->state, TOPO_PLANNED);
	assert_int_equal(attachment(topo, "a/p", "green")->state, TOPO_STARTING);
	assert_int_equal(topo->networks.data[1].state, TOPO_RUNNING);
	assert_int_equal(topo->nads.data[1].state, TOPO_PLANNED);
	topo_destroy(topo);
}

static void test_address_sources(void **state)
{
	(void)state;
	/* asked for, then given by OVN-Kubernetes, then reported by multus without an address */
	struct topo *topo = build_from(
	        "[" NAD("a", "net", LOCALNET) "," POD(
	                "a", "p1",
	                "\"k8s.v1.cni.cncf.io/networks\":\"[{\\\"name\\\":\\\"net\\\",\\\"ips\\\":[\\\"192.168.200.10/"
	                "24\\\"]}]\"",
	                CREATING) "," POD("a", "p2",
	                                  ASKS ",\"k8s.ovn.org/pod-networks\":\"{\\\"a/"
	                                       "net\\\":{\\\"ip_addresses\\\":[\\\"192.168.200.11/"
	                                       "24\\\"],\\\"mac_address\\\":\\\"0a:58:c0:a8:c8:0b\\\"}}\"",
	                                  CREATING) "," POD("a", "p3",
	                                                    "\"k8s.v1.cni.cncf.io/"
	                                                    "networks\":\"[{\\\"name\\\":\\\"net\\\",\\\"ips\\\":["
	                                                    "\\\"192.168.200.12/24\\\"]}]\","
	                                                    "\"k8s.v1.cni.cncf.io/"
	                                                    "network-status\":\"[{\\\"name\\\":\\\"a/"
	                                                    "net\\\",\\\"interface\\\":\\\"net1\\\"}]\"",
	                                                    RUNNING) "," POD("a", "p4", ASKS,
	                                                                     "\"status\":{\"phase\":\"Running\","
	                                                                     "\"podIP\":\"10.0.0.9\"}") "]",
	        NULL, NULL);
	const struct topo_attachment *p1 = attachment(topo, "a/p1", "data-net"),
	                             *p2 = attachment(topo, "a/p2", "data-net");
	assert_string_equal(p1->address, "192.168.200.10");
	assert_int_equal(p1->source, TOPO_FROM_REQUEST);
	assert_int_equal(p1->state, TOPO_STARTING);
	assert_string_equal(p2->addresses, "192.168.200.11/24");
	assert_int_equal(p2->source, TOPO_FROM_OVN);
	assert_string_equal(p2->mac, "0a:58:c0:a8:c8:0b");
	assert_int_equal(attachment(topo, "a/p3", "data-net")->state, TOPO_RUNNING);
	assert_int_equal(attachment(topo, "a/p3", "data-net")->source, TOPO_FROM_REQUEST);
	assert_string_equal(attachment(topo, "a/p4", "")->address, "10.0.0.9");
	assert_int_equal(attachment(topo, "a/p4", "")->source, TOPO_FROM_POD_IP);
	assert_int_equal(attachment(topo, "a/p4", "data-net")->source, TOPO_FROM_NONE);
	assert_int_equal(topo->networks.data[1].vlan, 123);
	assert_string_equal(topo->networks.data[1].physical_name, "data-net");
	for (int source = TOPO_FROM_NONE; source <= TOPO_FROM_POD_IP; source++)
		assert_true(topo_source_name((enum topo_source)source)[0]);
	topo_destroy(topo);
}

/* Nobody hands addresses out on this network: each pod asks for its own. */
#define ASKS_FOR(ip) "\"k8s.v1.cni.cncf.io/networks\":\"[{\\\"name\\\":\\\"net\\\",\\\"ips\\\":[\\\"" ip "\\\"]}]\""

static void expect_twin(const struct topo *topo, const char *id, const char *twin)
{
	const struct topo_attachment *found = attachment(topo, id, "data-net");
	if (!twin) {
		assert_int_equal(found->twin, TOPO_NONE);
		assert_string_equal(found->problem, "");
		return;
	}
	assert_int_not_equal(found->twin, TOPO_NONE);
	const struct topo_attachment *other = &topo->attachments.data[found->twin];
	assert_string_equal(topo->workloads.data[other->workload].id, twin);
	assert_non_null(strstr(found->problem, twin));
	assert_int_not_equal(found->state, TOPO_FAILED);
}

static void test_twins(void **state)
{
	(void)state;
	static const char ended[] = "\"status\":{\"phase\":\"Succeeded\"}";
	char *objects = mem_printf("[%s,%s,%s,%s,%s,%s,%s,%s,%s]", NAD("a", "net", LOCALNET), NAD("b", "net", LOCALNET),
	                           POD("a", "one", ASKS_FOR("192.168.200.20/24"), CREATING),
	                           POD("b", "two", ASKS_FOR("192.168.200.20/16"), CREATING),
	                           POD("b", "three", ASKS_FOR("192.168.200.20/24"), CREATING),
	                           POD("a", "other", ASKS_FOR("192.168.200.2/24"), CREATING),
	                           POD("a", "v6", ASKS_FOR("fd00::1/64"), CREATING),
	                           POD("b", "v6", ASKS_FOR("fd00:0:0::0001/64"), CREATING), "{}");
	struct topo *topo = build_from(objects, "[" POD("a", "late", ASKS_FOR("192.168.200.2/24"), CREATING) "]", NULL);
	expect_twin(topo, "a/one", "b/three");
	expect_twin(topo, "b/three", "a/one");
	expect_twin(topo, "b/two", "a/one");
	expect_twin(topo, "a/v6", "b/v6");
	expect_twin(topo, "b/v6", "a/v6");
	expect_twin(topo, "a/other", NULL);
	expect_twin(topo, "a/late", NULL); /* only planned */
	assert_non_null(strstr(attachment(topo, "b/two", "data-net")->problem,
	                       "192.168.200.20 is the address of a/one on data-net"));
	topo_destroy(topo);
	free(objects);
	/* Who has ended has given its address back; another network is another network. */
	objects = mem_printf(
	        "[%s,%s,%s,{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"done\",\"namespace\":\"a\","
	        "\"annotations\":{%s}},%s},%s]",
	        NAD("a", "net", LOCALNET), NAD("b", "net", "\\\"name\\\":\\\"else\\\",\\\"topology\\\":\\\"layer2\\\""),
	        POD("a", "one", ASKS_FOR("192.168.200.20/24"), CREATING), ASKS_FOR("192.168.200.20/24"), ended,
	        POD("b", "two", ASKS_FOR("192.168.200.20/24"), CREATING));
	topo = build_from(objects, NULL, NULL);
	expect_twin(topo, "a/one", NULL);
	assert_int_equal(attachment(topo, "b/two", "else")->twin, TOPO_NONE);
	topo_destroy(topo);
	free(objects);
}

static void test_phases(void **state)
{
	(void)state;
	static const struct {
		const char *status, *phase;
		enum topo_state state;
	} cases[] = {
	        {"{}", "Pending", TOPO_STARTING},
	        {"{\"phase\":\"Pending\"}", "Pending", TOPO_STARTING},
	        {"{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}],"
	         "\"containerStatuses\":[{\"ready\":false,\"state\":{\"running\":{}}}]}",
	         "Running", TOPO_STARTING},
	        {"{\"phase\":\"Pending\",\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\","
	         "\"message\":\"no such image\"}}}]}",
	         "ErrImagePull", TOPO_FAILED},
	        {"{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":"
	         "\"CrashLoopBackOff\"}}},{\"ready\":true,\"state\":{\"running\":{}}}]}",
	         "CrashLoopBackOff", TOPO_FAILED},
	        {"{\"phase\":\"Succeeded\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":\"Completed\","
	         "\"exitCode\":0}}}]}",
	         "Completed", TOPO_STOPPED},
	        {"{\"phase\":\"Failed\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":\"Error\","
	         "\"exitCode\":3}}}]}",
	         "Error", TOPO_FAILED},
	        {"{\"phase\":\"Failed\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":3}}}]}",
	         "ExitCode:3", TOPO_FAILED},
	        {"{\"phase\":\"Failed\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":3,\"signal\":9}"
	         "}}]}",
	         "Signal:9", TOPO_FAILED},
	        {"{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"disk\"}", "Evicted", TOPO_FAILED},
	        {"{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":\"Completed\","
	         "\"exitCode\":0}}},{\"ready\":true,\"state\":{\"running\":{}}}]}",
	         "NotReady", TOPO_STARTING},
	        {"{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"waiting\":{\"reason\":"
	         "\"PodInitializing\"}}}]}",
	         "Init:0/2", TOPO_STARTING},
	        {"{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":0}}},{"
	         "\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\"}}}]}",
	         "Init:ImagePullBackOff", TOPO_FAILED},
	        {"{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":2}}}]}",
	         "Init:ExitCode:2", TOPO_FAILED},
	        {"{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":"
	         "\"SchedulingGated\"}]}",
	         "SchedulingGated", TOPO_STARTING},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *objects = mem_printf("[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\","
		                           "\"namespace\":\"a\"},\"spec\":{"
		                           "\"initContainers\":[{\"name\":\"i1\"},{\"name\":\"i2\"}]},\"status\":%s}]",
		                           cases[i].status);
		struct topo *topo = build_from(objects, NULL, NULL);
		const struct topo_workload *p = workload(topo, "a/p");
		if (strcmp(p->phase, cases[i].phase) != 0 || p->state != cases[i].state)
			fail_msg("%s gave %s, %s", cases[i].status, p->phase, topo_state_name(p->state));
		topo_destroy(topo);
		free(objects);
	}
	struct topo *topo = build_from("[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\","
	                               "\"namespace\":\"a\",\"deletionTimestamp\":"
	                               "\"2026-11-23T03:38:56Z\"},\"status\":{\"phase\":\"Running\"}}]",
	                               NULL, NULL);
	assert_string_equal(workload(topo, "a/p")->phase, "Terminating");
	assert_int_equal(workload(topo, "a/p")->state, TOPO_STOPPING);
	topo_destroy(topo);
}

static void test_reasons(void **state)
{
	(void)state;
	/* the newest warning of this very pod, with its cure; not that of an earlier pod of its name */
	struct topo *topo = build_from(
	        "[" NAD("a", "net", GREEN) "," POD("a", "p", ASKS, CREATING) "," EVENT(
	                "p", "uid-p", "Warning", "FailedMount", "soon over",
	                "10") "," EVENT("p", "uid-p", "Warning", "FailedCreatePodSandBox", "no\\n  luck: timed out",
	                                "20") "," EVENT("p", "uid-old", "Warning", "NoNetworkFound",
	                                                "of the one before",
	                                                "30") "," EVENT("p", "uid-p", "Normal", "Scheduled", "on n1",
	                                                                "31") "]",
	        NULL, NULL);
	assert_string_equal(workload(topo, "a/p")->reason, "FailedCreatePodSandBox: no luck: timed out");
	assert_int_equal(workload(topo, "a/p")->state, TOPO_FAILED);
	topo_destroy(topo);

	topo = build_from("[" NAD("a", "net", GREEN) "," POD("a", "p", ASKS, CREATING) "," EVENT(
	                          "p", "uid-p", "Warning", "FailedCreatePodSandBox",
	                          "Failed to create pod sandbox: 400; the reason: no free address left", "20") "]",
	                  NULL, NULL);
	assert_true(text_has_prefix(workload(topo, "a/p")->reason,
	                            "FailedCreatePodSandBox: no free address left; delete pods"));
	topo_destroy(topo);

	/* what came right later is no reason any more */
	topo = build_from("[" NAD("a", "net", GREEN) "," POD("a", "p", ASKS, CREATING) "," EVENT(
	                          "p", "uid-p", "Warning", "FailedCreatePodSandBox", "x",
	                          "20") "," EVENT("p", "uid-p", "Normal", "AddedInterface", "Add net1", "21") "]",
	                  NULL, NULL);
	assert_string_equal(workload(topo, "a/p")->reason, "");
	topo_destroy(topo);

	topo = build_from("[" POD("a", "p", ASKS, CREATING) "," EVENT(
	                          "p", "uid-p", "Warning", "NoNetworkFound",
	                          "cannot find a network-attachment-definition (net) in namespace (a)", "20") "]",
	                  NULL, NULL);
	assert_int_equal(workload(topo, "a/p")->state, TOPO_FAILED);
	assert_non_null(
	        strstr(workload(topo, "a/p")->reason, "there is no NetworkAttachmentDefinition a/net: create it"));
	assert_int_equal(attachment(topo, "a/p", "a/net")->state, TOPO_FAILED);
	assert_non_null(
	        strstr(attachment(topo, "a/p", "a/net")->problem, "there is no NetworkAttachmentDefinition a/net"));
	assert_int_equal(topo->networks.data[1].state, TOPO_FAILED);
	topo_destroy(topo);

	topo = build_from("[" POD("a", "p",
	                          "\"k8s.v1.cni.cncf.io/"
	                          "networks\":\"[{\\\"name\\\":\\\"net\\\",\\\"ips\\\":[\\\"192.168.200.3/24\\\"]}]\"",
	                          CREATING) "," NAD("a", "net", GREEN) "]",
	                  NULL, NULL);
	assert_non_null(strstr(attachment(topo, "a/p", "green")->problem, "hands out its addresses itself"));
	topo_destroy(topo);

	topo = build_from("[" POD("a", "p", "\"k8s.v1.cni.cncf.io/networks\":\"{}\"", CREATING) "]", NULL, NULL);
	assert_int_equal(workload(topo, "a/p")->state, TOPO_FAILED);
	assert_non_null(strstr(workload(topo, "a/p")->reason, "array of objects"));
	topo_destroy(topo);
}

static void test_conditions(void **state)
{
	(void)state;
	struct topo *topo = build_from(
	        "[" POD("a", "p", "",
	                "\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\","
	                "\"status\":\"False\","
	                "\"reason\":\"Unschedulable\",\"message\":\"0/3 nodes\"}]}") "," POD("a", "q", "",
	                                                                                     "\"status\":{"
	                                                                                     "\"phase\":"
	                                                                                     "\"Pending\","
	                                                                                     "\"conditions\":[{"
	                                                                                     "\"type\":"
	                                                                                     "\"Ready\","
	                                                                                     "\"status\":"
	                                                                                     "\"False\","
	                                                                                     "\"reason\":"
	                                                                                     "\"ContainersNotRe"
	                                                                                     "ady\","
	                                                                                     "\"message\":"
	                                                                                     "\"c\"}]}") "," POD("a",
	                                                                                                         "r",
	                                                                                                         "",
	                                                                                                         "\"sta"
	                                                                                                         "tus\""
	                                                                                                         ":{"
	                                                                                                         "\"pha"
	                                                                                                         "se\":"
	                                                                                                         "\"Run"
	                                                                                                         "ning"
	                                                                                                         "\","
	                                                                                                         "\"con"
	                                                                                                         "ditio"
	                                                                                                         "ns\":"
	                                                                                                         "[{"
	                                                                                                         "\"typ"
	                                                                                                         "e\":"
	                                                                                                         "\"Rea"
	                                                                                                         "dy\","
	                                                                                                         "\"sta"
	                                                                                                         "tus\""
	                                                                                                         ":\"Fa"
	                                                                                                         "lse\""
	                                                                                                         ","
	                                                                                                         "\"rea"
	                                                                                                         "son\""
	                                                                                                         ":\"Co"
	                                                                                                         "ntain"
	                                                                                                         "ersNo"
	                                                                                                         "tRead"
	                                                                                                         "y\","
	                                                                                                         "\"mes"
	                                                                                                         "sage"
	                                                                                                         "\":"
	                                                                                                         "\"c\""
	                                                                                                         "}]}") "]",
	        NULL, NULL);
	assert_string_equal(
	        workload(topo, "a/p")->reason,
	        "Unschedulable: 0/3 nodes; check the pod's requests, selectors and tolerations against the nodes");
	assert_string_equal(workload(topo, "a/q")->reason, ""); /* every pod starts like that */
	assert_string_equal(workload(topo, "a/r")->reason, "ContainersNotReady: c");
	topo_destroy(topo);

	/* a pod that came before its network */
	topo = build_from("[" POD("a", "p", ASKS, CREATING) "]", "[" NAD("a", "net", GREEN) "]", NULL);
	assert_string_equal(topo->networks.data[attachment(topo, "a/p", "green")->network].name, "green");
	assert_non_null(
	        strstr(attachment(topo, "a/p", "green")->problem, "there is no NetworkAttachmentDefinition a/net"));
	topo_destroy(topo);
}

static void test_bad_networks(void **state)
{
	(void)state;
	struct topo *topo =
	        build_from("[" NAD("a", "net", GREEN) "," NAD("b", "net",
	                                                      "\\\"name\\\":\\\"green\\\",\\\"topology\\\":"
	                                                      "\\\"layer2\\\"") ","
	                                                                        "{\"apiVersion\":\"k8s.cni.cncf.io/"
	                                                                        "v1\",\"kind\":"
	                                                                        "\"NetworkAttachmentDefinition\","
	                                                                        "\"metadata\":{\"name\":\"c\","
	                                                                        "\"namespace\":\"b\"},"
	                                                                        "\"spec\":{\"config\":\"{\\\"type\\\":"
	                                                                        "\\\"ovn-k8s-cni-overlay\\\","
	                                                                        "\\\"netAttachDefName\\\":\\\"b/"
	                                                                        "d\\\",\\\"name\\\":\\\"blue\\\","
	                                                                        "\\\"topology\\\":\\\"layer2\\\"}\"}},"
	                                                                        "{\"apiVersion\":\"k8s.cni.cncf.io/"
	                                                                        "v1\",\"kind\":"
	                                                                        "\"NetworkAttachmentDefinition\","
	                                                                        "\"metadata\":{\"name\":\"broken\","
	                                                                        "\"namespace\":\"b\"},"
	                                                                        "\"spec\":{\"config\":\"{\"}},"
	                                                                        "{\"apiVersion\":\"k8s.cni.cncf.io/"
	                                                                        "v1\",\"kind\":"
	                                                                        "\"NetworkAttachmentDefinition\","
	                                                                        "\"metadata\":{\"name\":\"mac\","
	                                                                        "\"namespace\":\"b\"},"
	                                                                        "\"spec\":{\"config\":\"{\\\"type\\\":"
	                                                                        "\\\"macvlan\\\"}\"}}]",
	                   NULL, NULL);
	size_t green = topo_find_network(topo, "green"), blue = topo_find_network(topo, "blue");
	assert_int_equal(topo->networks.data[green].state, TOPO_FAILED);
	assert_non_null(strstr(topo->networks.data[green].problem, "subnets of b/net differs from that of a/net"));
	assert_int_equal(topo->networks.data[blue].state, TOPO_FAILED);
	assert_int_equal(topo->networks.data[blue].topology, CNI_LAYER2);
	assert_non_null(strstr(topo->networks.data[blue].problem,
	                       "net-attach-def name (b/c) is inconsistent with config (b/d): set netAttachDefName"));
	assert_int_equal(topo->nads.len, 5);
	assert_string_equal(topo->nads.data[1].name, "broken");
	assert_int_equal(topo->nads.data[1].state, TOPO_FAILED);
	assert_non_null(strstr(topo->nads.data[1].problem, "JSON"));
	assert_string_equal(topo->networks.data[topo->nads.data[1].network].name, "b/broken");
	assert_int_equal(topo->nads.data[3].state, TOPO_RUNNING);
	assert_int_equal(topo->networks.data[topo->nads.data[3].network].topology, CNI_FOREIGN);
	assert_int_equal(topo->networks.data[topo->nads.data[3].network].state, TOPO_RUNNING);
	topo_destroy(topo);
}

/* Networks of other namespaces stay out unless something of the act is attached to them. */
static void test_other_namespaces(void **state)
{
	(void)state;
	static const char *const namespaces[] = {"a", NULL};
	const char *objects =
	        "[" NAD("b", "net", GREEN) "," NAD("c", "net", LOCALNET) "," POD("b", "q", "", RUNNING) "," POD(
	                "a", "p", "\"k8s.v1.cni.cncf.io/networks\":\"b/net, z/gone\"", CREATING) "]";
	struct topo *topo = build_from(objects, NULL, namespaces);
	assert_int_equal(topo->workloads.len, 1);
	assert_int_equal(topo->nads.len, 1);
	assert_int_equal(topo->networks.len, 3);
	assert_int_equal(topo_find_network(topo, "data-net"), TOPO_NONE);
	assert_string_equal(topo->networks.data[attachment(topo, "a/p", "green")->network].name, "green");
	assert_int_equal(attachment(topo, "a/p", "green")->nad, 0);
	assert_string_equal(attachment(topo, "a/p", "z/gone")->problem, ""); /* nobody looked into z */
	topo_destroy(topo);
}

#define LAUNCHER(suffix, phase, created)                                                                               \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"virt-launcher-vm-" suffix                    \
	"\",\"namespace\":\"a\",\"creationTimestamp\":\"" created                                                      \
	"\",\"labels\":{\"kubevirt.io\":\"virt-launcher\",\"kubevirt.io/created-by\":\"u1\",\"vm.kubevirt.io/"         \
	"name\":\"vm\"},\"annotations\":{"                                                                             \
	"\"k8s.v1.cni.cncf.io/"                                                                                        \
	"network-status\":\"[{\\\"name\\\":\\\"ovn-kubernetes\\\",\\\"interface\\\":\\\"eth0\\\",\\\"ips\\\":[\\\"10." \
	"244.1.9\\\"],"                                                                                                \
	"\\\"default\\\":true},{\\\"name\\\":\\\"a/"                                                                   \
	"net\\\",\\\"interface\\\":\\\"pod3d6cadd06ac\\\",\\\"mac\\\":\\\"0a:58:00:00:00:07\\\"}]\"}},"                \
	"\"spec\":{\"nodeName\":\"n1\"},\"status\":{\"phase\":\"" phase "\"}}"
#define VM(status)                                                                                                     \
	"{\"apiVersion\":\"kubevirt.io/"                                                                               \
	"v1\",\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":\"vm\",\"namespace\":\"a\"},\"spec\":{\"running\":"   \
	"true,"                                                                                                        \
	"\"template\":{\"spec\":{\"domain\":{\"devices\":{\"interfaces\":[{\"masquerade\":{},\"name\":\"default\"},{"  \
	"\"bridge\":{},\"name\":\"data\"}]}},"                                                                         \
	"\"networks\":[{\"name\":\"default\",\"pod\":{}},{\"name\":\"data\",\"multus\":{\"networkName\":\"net\"}}],"   \
	"\"volumes\":[{\"cloudInitNoCloud\":{"                                                                         \
	"\"networkData\":\"version: 2\\nethernets:\\n  eth0:\\n    dhcp4: true\\n  eth1:\\n    addresses: [ "          \
	"192.168.200.20/24 ]\\n\"}}]}}}" status "}"
#define VMI(agent)                                                                                                     \
	"{\"apiVersion\":\"kubevirt.io/"                                                                               \
	"v1\",\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"vm\",\"namespace\":\"a\",\"uid\":\"u1\"},"  \
	"\"spec\":{\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"default\"},{\"name\":\"data\"}]}},"            \
	"\"networks\":[{\"name\":\"default\",\"pod\":{}},"                                                             \
	"{\"name\":\"data\",\"multus\":{\"networkName\":\"net\"}}]},\"status\":{\"phase\":\"Running\",\"nodeName\":"   \
	"\"n2\",\"interfaces\":["                                                                                      \
	"{\"name\":\"default\",\"ipAddress\":\"10.244.1.9\",\"infoSource\":\"domain\"}" agent "]}}"

static void test_machine(void **state)
{
	(void)state;
	struct topo *topo = build_from("[" NAD("a", "net", LOCALNET) "," VM("") "]", NULL, NULL);
	const struct topo_workload *vm = workload(topo, "a/vm");
	assert_int_equal(vm->kind, TOPO_VM);
	assert_int_equal(vm->state, TOPO_STARTING);
	assert_non_null(strstr(vm->reason, "KubeVirt"));
	assert_string_equal(attachment(topo, "a/vm", "data-net")->addresses, "192.168.200.20/24");
	assert_int_equal(attachment(topo, "a/vm", "data-net")->source, TOPO_FROM_CLOUD_INIT);
	assert_string_equal(attachment(topo, "a/vm", "data-net")->interface, "eth1");
	assert_string_equal(attachment(topo, "a/vm", "")->interface, "eth0");
	topo_destroy(topo);

	/* with a launcher: one workload, not two; of two launchers the one that runs */
	topo = build_from(
	        "[" NAD("a", "net", LOCALNET) "," VM(",\"status\":{\"printableStatus\":\"Running\"}") "," LAUNCHER(
	                "abcde", "Succeeded", "2026-11-23T04:00:00Z") "," LAUNCHER("fghij", "Running",
	                                                                           "2026-11-23T03:00:00Z") "]",
	        NULL, NULL);
	assert_int_equal(topo->workloads.len, 1);
	vm = workload(topo, "a/vm");
	assert_int_equal(vm->state, TOPO_RUNNING);
	assert_string_equal(vm->pod, "virt-launcher-vm-fghij");
	assert_string_equal(topo->nodes.data[vm->node].name, "n1");
	assert_string_equal(attachment(topo, "a/vm", "data-net")->mac, "0a:58:00:00:00:07");
	assert_int_equal(attachment(topo, "a/vm", "data-net")->state, TOPO_RUNNING);
	assert_string_equal(attachment(topo, "a/vm", "")->address, "10.244.1.9");
	topo_destroy(topo);

	/* the guest's own word counts more */
	topo = build_from(
	        "[" NAD("a", "net", LOCALNET) "," VM(",\"status\":{\"printableStatus\":\"Running\"}") "," VMI(
	                ",{\"name\":\"data\",\"interfaceName\":\"enp2s0\",\"mac\":\"0a:58:00:00:00:08\",\"infoSource\":"
	                "\"domain, guest-agent\","
	                "\"ipAddress\":\"192.168.200.21\",\"ipAddresses\":[\"fe80::1\",\"192.168.200.21\",\"fd00::7\"]"
	                "}") ",{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n2\"},\"status\":{}}]",
	        NULL, NULL);
	assert_string_equal(attachment(topo, "a/vm", "data-net")->address, "192.168.200.21");
	assert_string_equal(attachment(topo, "a/vm", "data-net")->addresses, "192.168.200.21 fd00::7");
	assert_int_equal(attachment(topo, "a/vm", "data-net")->source, TOPO_FROM_GUEST);
	assert_string_equal(attachment(topo, "a/vm", "data-net")->interface, "enp2s0");
	assert_string_equal(topo->nodes.data[workload(topo, "a/vm")->node].name, "n2");
	assert_int_not_equal(topo_find_address(topo, "data-net", "fd00::7"), TOPO_NONE);
	topo_destroy(topo);

	/* a launcher whose machine nobody listed; a machine that is only planned; one that is switched off */
	topo = build_from("[" LAUNCHER("abcde", "Running", "") "]", NULL, NULL);
	assert_int_equal(workload(topo, "a/vm")->kind, TOPO_VM);
	assert_string_equal(workload(topo, "a/vm")->pod, "virt-launcher-vm-abcde");
	topo_destroy(topo);
	topo = build_from("[]", "[" NAD("a", "net", LOCALNET) "," VM("") "]", NULL);
	assert_int_equal(workload(topo, "a/vm")->state, TOPO_PLANNED);
	assert_int_equal(attachment(topo, "a/vm", "data-net")->state, TOPO_PLANNED);
	assert_string_equal(attachment(topo, "a/vm", "data-net")->address, "192.168.200.20");
	topo_destroy(topo);
	topo = build_from("[{\"apiVersion\":\"kubevirt.io/"
	                  "v1\",\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":\"vm\",\"namespace\":\"a\"},"
	                  "\"spec\":{\"runStrategy\":\"Halted\"}}]",
	                  NULL, NULL);
	assert_int_equal(workload(topo, "a/vm")->state, TOPO_STOPPED);
	topo_destroy(topo);
}

static void test_cloud_init_forms(void **state)
{
	(void)state;
	static const char *const data[] = {
	        /* version 1; version 2 by MAC, under "network"; positions; base64 of the first */
	        "\"networkData\":\"version: 1\\nconfig:\\n- type: physical\\n  name: eth1\\n  subnets:\\n  - type: "
	        "static\\n    address: 10.9.8.7/24\\n\"",
	        "\"networkData\":\"network:\\n  version: 2\\n  ethernets:\\n    x:\\n      match: {macaddress: "
	        "'0A:58:00:00:00:09'}\\n      set-name: lan\\n      addresses: [10.9.8.7/24]\\n\"",
	        "\"networkData\":\"version: 2\\nethernets:\\n  first: {dhcp4: true}\\n  second: {addresses: "
	        "[10.9.8.7/24, no-address]}\\n\"",
	        "\"networkDataBase64\":"
	        "\"dmVyc2lvbjogMQpjb25maWc6Ci0gdHlwZTogcGh5c2ljYWwKICBuYW1lOiBldGgxCiAgc3VibmV0czoKICAtIHR5cGU6IHN0YXRp"
	        "YwogICAgYWRkcmVzczogMTAuOS44LjcvMjQK\"",
	};
	static const char *const names[] = {"eth1", "lan", "second", "eth1"};
	for (size_t i = 0; i < 4; i++) {
		char *objects =
		        mem_printf("[" NAD("a", "net",
		                           LOCALNET) ",{\"apiVersion\":\"kubevirt.io/"
		                                     "v1\",\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":\"vm\","
		                                     "\"namespace\":\"a\"},"
		                                     "\"spec\":{\"template\":{\"spec\":{\"domain\":{\"devices\":{"
		                                     "\"interfaces\":[{\"name\":\"default\"},{\"name\":\"data\","
		                                     "\"macAddress\":\"0a:58:00:00:00:09\"}]}},"
		                                     "\"networks\":[{\"name\":\"data\",\"multus\":{\"networkName\":\"a/"
		                                     "net\"}},{\"name\":\"default\",\"pod\":{}}],\"volumes\":[{"
		                                     "\"containerDisk\":{}},{\"cloudInitNoCloud\":{%s}}]}}}}]",
		                   data[i]);
		struct topo *topo = build_from(objects, NULL, NULL);
		assert_string_equal(attachment(topo, "a/vm", "data-net")->addresses, "10.9.8.7/24");
		assert_string_equal(attachment(topo, "a/vm", "data-net")->interface, names[i]);
		assert_string_equal(attachment(topo, "a/vm", "data-net")->mac, "0a:58:00:00:00:09");
		topo_destroy(topo);
		free(objects);
	}
}

#define NODE(name, labels)                                                                                             \
	"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"" name "\",\"labels\":{" labels             \
	"}},\"status\":{"                                                                                              \
	"\"addresses\":[{\"type\":\"Hostname\",\"address\":\"x\"},{\"type\":\"InternalIP\",\"address\":\"10.89.1.2\"}" \
	"],\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"
#define NNCP(status)                                                                                                   \
	"{\"apiVersion\":\"nmstate.io/"                                                                                \
	"v1\",\"kind\":\"NodeNetworkConfigurationPolicy\",\"metadata\":{\"name\":\"share\"},\"spec\":{"                \
	"\"nodeSelector\":{\"node-role.kubernetes.io/"                                                                 \
	"worker\":\"\"},\"desiredState\":{\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"data-net\",\"bridge\":"        \
	"\"breth0\"},"                                                                                                 \
	"{\"localnet\":\"old\",\"bridge\":\"breth0\",\"state\":\"absent\"}]}}}" status "}"

static void test_bridges(void **state)
{
	(void)state;
	const char *const base = NODE("cp", "\"node-role.kubernetes.io/control-plane\":\"\"") "," NODE(
	        "w1", "\"node-role.kubernetes.io/"
	              "worker\":\"\"") "," NODE("w2", "\"node-role.kubernetes.io/worker\":\"\"") "," NAD("a", "net",
	                                                                                                 LOCALNET);
	char *objects = mem_printf(
	        "[%s,%s,{\"apiVersion\":\"nmstate.io/"
	        "v1beta1\",\"kind\":\"NodeNetworkState\",\"metadata\":{\"name\":\"w2\"},\"status\":{\"currentState\":"
	        "{\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"physnet\",\"bridge\":\"breth0\"},{\"localnet\":\"data-"
	        "net\",\"bridge\":\"breth0\"}]}}}}]",
	        base, NNCP(""));
	struct topo *topo = build_from(objects, NULL, NULL);
	assert_false(topo->nodes.data[0].is_worker);
	assert_true(topo->nodes.data[1].is_worker && topo->nodes.data[1].is_ready);
	assert_string_equal(topo->nodes.data[1].address, "10.89.1.2");
	assert_int_equal(topo->bridges.len, 3);
	assert_int_equal(topo->bridges.data[0].node, 1);
	assert_string_equal(topo->bridges.data[0].mappings, "data-net:breth0");
	assert_int_equal(topo->bridges.data[0].state, TOPO_STARTING);
	assert_string_equal(topo->bridges.data[1].mappings, "data-net:breth0,physnet:breth0");
	assert_int_equal(topo->bridges.data[1].state, TOPO_RUNNING);
	assert_int_equal(topo->bridges.data[2].node, TOPO_NONE);
	assert_string_equal(topo->bridges.data[2].name, "data-net");
	topo_destroy(topo);
	free(objects);

	objects = mem_printf("[%s,%s]", base,
	                     NNCP(",\"status\":{\"conditions\":[{\"type\":\"Degraded\",\"status\":\"True\"}]}"));
	topo = build_from(objects, "[" NNCP("") "]", NULL);
	assert_int_equal(topo->bridges.data[0].state, TOPO_FAILED);
	topo_destroy(topo);
	free(objects);
	objects = mem_printf("[%s]", base);
	topo = build_from(objects, "[" NNCP("") "]", NULL);
	assert_int_equal(topo->bridges.data[0].state, TOPO_PLANNED);
	topo_destroy(topo);
	free(objects);

	/* The policy says that it is in force, the node's state that the mapping is gone: it is not shown. */
	objects = mem_printf(
	        "[%s,%s,{\"apiVersion\":\"nmstate.io/v1beta1\",\"kind\":\"NodeNetworkState\",\"metadata\":{\"name\":"
	        "\"w2\"},\"status\":{\"currentState\":{\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"physnet\","
	        "\"bridge\":\"breth0\"}]}}}}]",
	        base, NNCP(",\"status\":{\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"}]}"));
	topo = build_from(objects, NULL, NULL);
	assert_string_equal(topo->bridges.data[0].mappings, "data-net:breth0");
	assert_int_equal(topo->bridges.data[0].state, TOPO_RUNNING);
	assert_string_equal(topo->bridges.data[1].mappings, "physnet:breth0");
	topo_destroy(topo);
	free(objects);
}

/* ---- a workload is on a localnet network, and its node carries it nowhere ---- */

#define WORKER(name) NODE(name, "\"node-role.kubernetes.io/worker\":\"\"")
#define STATE(node, mappings)                                                                                          \
	"{\"apiVersion\":\"nmstate.io/v1beta1\",\"kind\":\"NodeNetworkState\",\"metadata\":{\"name\":\"" node          \
	"\"},\"status\":{\"currentState\":{\"ovn\":{\"bridge-mappings\":[" mappings "]}}}}"
#define MAPS(localnet) "{\"localnet\":\"" localnet "\",\"bridge\":\"breth0\"}"
#define ON(name, node)                                                                                                 \
	POD("a", name, ASKS,                                                                                           \
	    "\"spec\":{\"nodeName\":\"" node                                                                           \
	    "\"},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}")
#define IS_AVAILABLE ",\"status\":{\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"}]}"
#define IS_DEGRADED ",\"status\":{\"conditions\":[{\"type\":\"Degraded\",\"status\":\"True\"}]}"

static const struct topo_bridge *bridge_of(const struct topo *topo, size_t node, enum topo_state state)
{
	for (size_t i = 0; i < topo->bridges.len; i++)
		if (topo->bridges.data[i].node == node && topo->bridges.data[i].state == state)
			return &topo->bridges.data[i];
	return NULL;
}

static void test_missing_mapping(void **state)
{
	(void)state;
	static const struct {
		const char *objects, *problem, *why; /* NULL: nothing is wrong as far as the objects tell */
	} cases[] = {
	        {STATE("w1", MAPS("physnet")) "," NNCP(IS_AVAILABLE),
	         "w1 has lost its mapping data-net:breth0; give it back there (external_ids:ovn-bridge-mappings), or "
	         "delete the policy share and apply it again",
	         "w1 does not map data-net"},
	        {STATE("w1", MAPS("physnet")),
	         "w1 maps data-net to no bridge; apply a NodeNetworkConfigurationPolicy that does, or correct "
	         "physicalNetworkName",
	         "w1 does not map data-net"},
	        {STATE("w1", MAPS("data-net2")) "," STATE("w2", MAPS("data-net")), "w1 maps data-net to no bridge", ""},
	        {NNCP(IS_DEGRADED),
	         "w1 could not map data-net to breth0; is there such a bridge? See kubectl describe nnce w1.share",
	         "w1 does not map data-net"},
	        {STATE("w1", MAPS("data-net")) "," NNCP(IS_AVAILABLE), NULL, NULL},
	        {STATE("w2", ""), NULL, NULL}, /* the pod's node has not told: nothing is known */
	        {NNCP(IS_AVAILABLE), NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *objects = mem_printf("[%s,%s,%s,%s,%s]", WORKER("w1"), WORKER("w2"), NAD("a", "net", LOCALNET),
		                           ON("p", "w1"), cases[i].objects);
		struct topo *topo = build_from(objects, NULL, NULL);
		const struct topo_bridge *failed = bridge_of(topo, 0, TOPO_FAILED);
		struct str why = {0};
		bool is_cut =
		        topo_is_cut(topo, topo_find_workload(topo, "a/p"), topo_find_network(topo, "data-net"), &why);
		if (!failed != !cases[i].problem || is_cut != !!cases[i].why)
			fail_msg("case %zu: %s; %s", i, failed ? failed->problem : "nothing failed", str_text(&why));
		if (failed && !strstr(failed->problem, cases[i].problem))
			fail_msg("case %zu: %s", i, failed->problem);
		if (is_cut && !strstr(str_text(&why), cases[i].why))
			fail_msg("case %zu: %s", i, str_text(&why));
		str_finish(&why);
		topo_destroy(topo);
		free(objects);
	}
	/* nobody is on it there: no matter */
	struct topo *topo = build_from(
	        "[" WORKER("w1") "," NAD("a", "net", LOCALNET) "," STATE("w1", MAPS("physnet")) "]", NULL, NULL);
	assert_null(bridge_of(topo, 0, TOPO_FAILED));
	topo_destroy(topo);
}

/* Machines outside the cluster, which only a scenario knows: planned, then there, and then the bridge has its name. */
static void test_hosts(void **state)
{
	(void)state;
	struct err err = {0};
	static const char text[] = NAD("a", "net", LOCALNET);
	json_t *nad = json_parse(text, strlen(text), "nad", &err);
	assert_non_null(nad);
	struct topo_host hosts[] = {{"turtle-db", "192.168.200.1", "data-net", "podman1", TOPO_PLANNED, NULL},
	                            {"lost", "192.168.200.2", "no-such-network", NULL, TOPO_RUNNING, NULL}};
	const json_t *objects[] = {nad};
	struct topo_input input = {.objects = objects, .n_objects = 1, .hosts = hosts, .n_hosts = 2};
	static const enum topo_state states[] = {TOPO_PLANNED, TOPO_RUNNING, TOPO_FAILED};
	for (size_t i = 0; i < 3; i++) {
		hosts[0].state = states[i];
		hosts[0].reason = i == 2 ? "it has stopped" : NULL;
		struct topo *topo = topo_build(&input), *again = topo_build(&input);
		size_t host = topo_find_workload(topo, "turtle-db");
		assert_int_not_equal(host, TOPO_NONE);
		assert_int_equal(topo->workloads.len, 1);
		assert_int_equal(topo->workloads.data[host].kind, TOPO_HOST);
		assert_int_equal(topo->workloads.data[host].state, states[i]);
		assert_string_equal(topo->workloads.data[host].reason, i == 2 ? "it has stopped" : "");
		assert_int_equal(topo->attachments.data[0].source, TOPO_FROM_SCENARIO);
		assert_string_equal(topo_address(topo, "turtle-db", "data-net"), "192.168.200.1");
		assert_string_equal(topo->bridges.data[topo->bridges.len - 1].name, i > 0 ? "podman1" : "data-net");
		assert_true(topo_same(topo, again));
		topo_destroy(topo);
		topo_destroy(again);
	}
	json_decref(nad);
}

/* The same objects in any order give the same graph. */
static void test_order(void **state)
{
	(void)state;
	static const char *const objects[] = {
	        POD("b", "p", ASKS "," GOT("b", "192.168.200.3"), RUNNING),
	        NAD("b", "net", GREEN),
	        NAD("a", "net", GREEN),
	        POD("a", "x", ASKS, CREATING),
	        POD("a", "p", "", RUNNING),
	        NODE("n2", ""),
	        VM(""),
	        NODE("n1", ""),
	        LAUNCHER("abcde", "Running", ""),
	        NAD("a", "late", LOCALNET),
	        EVENT("x", "", "Warning", "FailedMount", "x", "10"),
	};
	size_t n = sizeof objects / sizeof *objects;
	struct topo *first = NULL;
	for (size_t step = 1; step < n; step++) { /* steps prime to 11 visit all */
		struct str text = {0};
		for (size_t i = 0; i < n; i++)
			str_append_f(&text, "%s%s", i ? "," : "[", objects[(i + 1) * step % n]);
		str_append_c(&text, ']');
		struct topo *topo = build_from(text.data, NULL, NULL);
		str_finish(&text);
		if (first)
			assert_true(topo_same(first, topo));
		else
			first = topo;
		if (topo != first)
			topo_destroy(topo);
	}
	struct topo *other = build_from("[]", NULL, NULL);
	assert_false(topo_same(first, other));
	topo_destroy(other);
	topo_destroy(first);
}

/* Hostile texts: bounded, and nothing falls over. */
static void test_hostile(void **state)
{
	(void)state;
	char *long_name = mem_alloc(5001);
	memset(long_name, 'x', 5000);
	char *objects = mem_printf(
	        "[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"a\","
	        "\"annotations\":7},\"spec\":[],\"status\":{\"phase\":7,"
	        "\"containerStatuses\":{\"a\":1},\"conditions\":[7,{\"type\":8}],\"message\":\"%s\"}},7,[],\"x\",null,{"
	        "\"kind\":\"Pod\"},{\"kind\":\"List\",\"items\":[{\"kind\":\"List\",\"items\":[7]}]}]",
	        long_name, long_name);
	struct topo *topo = build_from(objects, NULL, NULL);
	assert_int_equal(topo->workloads.len, 1);
	assert_true(strlen(topo->workloads.data[0].name) <= 253);
	assert_true(strlen(topo->workloads.data[0].reason) <= 600);
	topo_destroy(topo);
	free(objects);
	free(long_name);
}

static json_t *make_pod(int i)
{
	char *name = mem_printf("p%04d", i), *ns = mem_printf("ns%d", i % 10),
	     *ip = mem_printf("10.7.%d.%d", i / 250, i % 250 + 1);
	char *status = mem_printf(
	        "[{\n    \"name\": \"ovn-kubernetes\",\n    \"interface\": \"eth0\",\n    \"ips\": [\n        "
	        "\"10.244.2.8\"\n    ],\n"
	        "    \"mac\": \"0a:58:0a:f4:02:08\",\n    \"default\": true,\n    \"dns\": {}\n},{\n    \"name\": "
	        "\"%s/net\",\n    \"interface\": \"net1\",\n"
	        "    \"ips\": [\n        \"%s\"\n    ],\n    \"mac\": \"0a:58:c0:a8:c8:05\",\n    \"dns\": {}\n}]",
	        ns, ip);
	json_t *pod = json_pack("{ss,ss,s{ss,ss,ss,s{ss,ss}},s{ss,s[{ss,s[{si}]}]},s{ss,s[{ss,ss}],s[{sb,s{s{}}}]}}",
	                        "apiVersion", "v1", "kind", "Pod", "metadata", "name", name, "namespace", ns, "uid",
	                        name, "annotations", CNI_NETWORKS_ANNOTATION, "net", CNI_STATUS_ANNOTATION, status,
	                        "spec", "nodeName", "n1", "containers", "name", "c", "ports", "containerPort", 9000,
	                        "status", "phase", "Running", "conditions", "type", "Ready", "status", "True",
	                        "containerStatuses", "ready", 1, "state", "running");
	free(name);
	free(ns);
	free(ip);
	free(status);
	return pod;
}

static void test_thousand_pods(void **state)
{
	(void)state;
	enum { N = 1000 };
	const json_t *objects[N];
	struct timespec start, end;
	for (int i = 0; i < N; i++) {
		json_t *pod = make_pod(i);
		assert_non_null(pod);
		objects[i] = pod;
	}
	struct topo_input input = {.objects = objects, .n_objects = N};
	struct topo *topo = topo_build(&input); /* once to warm up */
	topo_destroy(topo);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	topo = topo_build(&input);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_int_equal(topo->workloads.len, N);
	assert_int_equal(topo->attachments.len, 2 * N);
	assert_string_equal(topo_address(topo, "ns7/p0007", "ns7/net"), "10.7.0.8");
	double ms = (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
	print_message("# 1,000 pods: %.1f ms\n", ms);
	assert_true(ms < 250); /* ten times that under the sanitizers is no sign of quadratic work; this would be */
	topo_destroy(topo);
	for (int i = 0; i < N; i++)
		json_decref((json_t *)objects[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_nothing),    cmocka_unit_test(test_running_pod),
	        cmocka_unit_test(test_planned),    cmocka_unit_test(test_address_sources),
	        cmocka_unit_test(test_twins),      cmocka_unit_test(test_phases),
	        cmocka_unit_test(test_reasons),    cmocka_unit_test(test_bad_networks),
	        cmocka_unit_test(test_conditions), cmocka_unit_test(test_other_namespaces),
	        cmocka_unit_test(test_machine),    cmocka_unit_test(test_cloud_init_forms),
	        cmocka_unit_test(test_bridges),    cmocka_unit_test(test_missing_mapping),
	        cmocka_unit_test(test_hosts),      cmocka_unit_test(test_order),
	        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_thousand_pods),
	};
	return cmocka_run_group_tests_name("topo", tests, NULL, forget_values);
}
