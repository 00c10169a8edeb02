/* cni: the formats against OVN-Kubernetes', multus' and a real cluster's own bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/base.h"
#include "onesdn/cni.h"

/* ---- addresses ---- */
static void test_address(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printed;
		int family, prefix;
	} good[] = {
	        {"192.168.200.4", "192.168.200.4", 4, -1}, {"192.168.200.4/24", "192.168.200.4/24", 4, 24},
	        {"0.0.0.0/0", "0.0.0.0/0", 4, 0},          {"fd00::1", "fd00::1", 6, -1},
	        {"FD00:0::1/128", "fd00::1/128", 6, 128},
	};
	static const char *const bad[] = {"",
	                                  "/",
	                                  "/24",
	                                  "1.2.3",
	                                  "1.2.3.4/",
	                                  "1.2.3.4/33",
	                                  "1.2.3.4/-1",
	                                  "1.2.3.4/+4",
	                                  "1.2.3.4/24/8",
	                                  "::/129",
	                                  "fe80::1%eth0",
	                                  "01.2.3.4",
	                                  " 1.2.3.4",
	                                  "1.2.3.4 ",
	                                  "hello",
	                                  "11111111111111111111111111111111111111111111111111111111111111111111111"};
	char text[64];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct cni_address address;
		assert_true(cni_address_parse(good[i].text, &address));
		assert_int_equal(address.family, good[i].family);
		assert_int_equal(address.prefix, good[i].prefix);
		cni_address_format(&address, true, text);
		assert_string_equal(text, good[i].printed);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cni_address address = {.family = 77};
		assert_false(cni_address_parse(bad[i], &address));
		assert_int_equal(address.family, 77);
	}
}

static bool is_in(const char *address, const char *network)
{
	struct cni_address a, n;
	assert_true(cni_address_parse(address, &a));
	assert_true(cni_address_parse(network, &n));
	return cni_address_is_in(&a, &n);
}

static void test_address_is_in(void **state)
{
	(void)state;
	assert_true(is_in("192.168.200.4", "192.168.200.0/24"));
	assert_false(is_in("192.168.201.4", "192.168.200.0/24"));
	assert_true(is_in("192.168.201.4", "192.168.200.0/23"));
	assert_true(is_in("8.8.8.8", "0.0.0.0/0"));
	assert_true(is_in("10.0.0.129", "10.0.0.128/25"));
	assert_false(is_in("10.0.0.127", "10.0.0.128/25"));
	assert_true(is_in("10.0.0.1", "10.0.0.1"));
	assert_false(is_in("10.0.0.1", "10.0.0.2"));
	assert_false(is_in("10.0.0.1", "::/0"));
	assert_true(is_in("fd00::ffff", "fd00::/112"));
	assert_false(is_in("fd00::1:0", "fd00::/112"));
}

static void test_mac(void **state)
{
	(void)state;
	struct cni_address address;
	char mac[18];
	assert_true(cni_address_parse("192.168.200.3/24", &address));
	cni_mac_from_address(&address, mac);
	assert_string_equal(mac, "0a:58:c0:a8:c8:03");
	assert_true(cni_address_parse("fd98::2/64", &address));
	cni_mac_from_address(&address, mac); /* printf 'fd98::2' | sha256sum */
	assert_string_equal(mac, "0a:58:5f:8a:48:8c");
	assert_true(cni_mac_is_valid("0a:58:C0:a8:c8:03"));
	assert_false(cni_mac_is_valid("0a:58:c0:a8:c8:0"));
	assert_false(cni_mac_is_valid("0a:58:c0:a8:c8:031"));
	assert_false(cni_mac_is_valid("0a-58-c0-a8-c8-03"));
	assert_false(cni_mac_is_valid(""));
}

/* ---- configs ---- */
#define OVN "\"type\":\"ovn-k8s-cni-overlay\",\"netAttachDefName\":\"a/b\","

static void expect_failure(const char *text, const char *sentence)
{
	struct cni_config config;
	struct err err = {0};
	if (cni_config_parse(text, "a/b", &config, &err))
		fail_msg("parsed: %s", text);
	if (!strstr(err.text, sentence))
		fail_msg("%s\n  gave: %s\n  not:  %s", text, err.text, sentence);
}

static void test_config_demo(void **state)
{
	(void)state;
	struct cni_config config;
	struct err err = {0};
	struct str name = {0};
	assert_true(cni_config_parse(
	        "{ \"cniVersion\": \"0.3.1\", \"name\": \"green-network\", \"netAttachDefName\": "
	        "\"tenantblue/shared-net\", "
	        "\"topology\": \"layer2\", \"subnets\": \"192.168.200.0/24\", \"type\": \"ovn-k8s-cni-overlay\" }",
	        "tenantblue/shared-net", &config, &err));
	assert_string_equal(config.name, "green-network");
	assert_int_equal(config.topology, CNI_LAYER2);
	assert_string_equal(config.subnets_text, "192.168.200.0/24");
	assert_int_equal(config.subnets.len, 1);
	assert_int_equal(config.vlan, 0);
	assert_string_equal(config.physical_name, "");
	cni_ovn_switch_name(&config, &name);
	assert_string_equal(name.data, "green.network_ovn_layer2_switch");
	str_clear(&name);
	cni_ovn_port_name("tenantblue/shared-net", "tenantblue", "podclient", &name);
	assert_string_equal(name.data, "tenantblue.shared.net_tenantblue_podclient");
	str_clear(&name);
	cni_ovn_port_name(NULL, "tenantblue", "podclient", &name);
	assert_string_equal(name.data, "tenantblue_podclient");
	str_finish(&name);
	cni_config_finish(&config);
	cni_config_finish(&config);
}

static void test_config_localnet(void **state)
{
	(void)state;
	struct cni_config config;
	struct err err = {0};
	struct str name = {0};
	assert_true(cni_config_parse("{" OVN "\"name\":\"data-net\",\"topology\":\"localnet\",\"vlanID\":123,"
	                             "\"excludeSubnets\":\"10.0.0.0/28, 10.0.1.4/32\","
	                             "\"subnets\":\" 10.0.0.7/23 "
	                             ",fd00::/64\",\"mtu\":1400,\"allowPersistentIPs\":true,\"role\":\"secondary\"}",
	                             "a/b", &config, &err));
	assert_int_equal(config.topology, CNI_LOCALNET);
	assert_int_equal(config.vlan, 123);
	assert_int_equal(config.mtu, 1400);
	assert_true(config.allow_persistent_ips);
	assert_string_equal(config.physical_name, "data-net");
	assert_int_equal(config.subnets.len, 2);
	assert_int_equal(config.excludes.len, 2);
	char text[64];
	cni_address_format(&config.subnets.data[0], true, text);
	assert_string_equal(text, "10.0.0.0/23");
	cni_ovn_switch_name(&config, &name);
	assert_string_equal(name.data, "data.net_ovn_localnet_switch");
	str_finish(&name);
	cni_config_finish(&config);

	assert_true(cni_config_parse("{" OVN
	                             "\"name\":\"n\",\"topology\":\"localnet\",\"physicalNetworkName\":\"physnet\"}",
	                             "a/b", &config, &err));
	assert_string_equal(config.physical_name, "physnet");
	assert_int_equal(config.subnets.len, 0);
	cni_config_finish(&config);
}

static void test_config_others(void **state)
{
	(void)state;
	struct cni_config config;
	struct err err = {0};
	assert_true(cni_config_parse("{\"name\":\"mynet\",\"type\":\"macvlan\",\"topology\":7}", "a/b", &config, &err));
	assert_int_equal(config.topology, CNI_FOREIGN);
	assert_string_equal(config.name, "mynet");
	cni_config_finish(&config);
	assert_true(cni_config_parse("{\"name\":\"x\",\"plugins\":[{\"type\":\"bridge\"},{\"type\":\"tuning\"}]}",
	                             "a/b", &config, &err));
	assert_int_equal(config.topology, CNI_FOREIGN);
	cni_config_finish(&config);
	assert_true(cni_config_parse("{\"name\":\"ovn-kubernetes\",\"type\":\"ovn-k8s-cni-overlay\"}", "a/b", &config,
	                             &err));
	assert_int_equal(config.topology, CNI_DEFAULT);
	cni_config_finish(&config);
	assert_true(cni_config_parse("{\"name\":\"l\",\"plugins\":[{" OVN
	                             "\"topology\":\"layer3\",\"subnets\":\"10.128.0.0/16/24,fd00::/48/64\"}]}",
	                             "a/b", &config, &err));
	assert_int_equal(config.topology, CNI_LAYER3);
	assert_int_equal(config.subnets.len, 2);
	assert_int_equal(config.subnets.data[0].prefix, 16);
	cni_config_finish(&config);
}

static void test_config_failures(void **state)
{
	(void)state;
	expect_failure("{\"name\":\"n\",\"type\":\"ovn-k8s-cni-overlay\",\"topology\":\"layer2\",\"netAttachDefName\":"
	               "\"a/c\"}",
	               "net-attach-def name (a/b) is inconsistent with config (a/c)");
	expect_failure("{\"name\":\"n\",\"type\":\"ovn-k8s-cni-overlay\",\"topology\":\"layer2\"}",
	               "missing NADName in secondary network netconf n");
	expect_failure("{" OVN "\"name\":\"\",\"topology\":\"layer2\"}",
	               "invalid name in in secondary network netconf ()");
	expect_failure("{" OVN "\"name\":\"default\",\"topology\":\"layer2\"}",
	               "invalid name in in secondary network netconf (default)");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer4\"}", "topology layer4 not supported");
	expect_failure(
	        "{" OVN
	        "\"name\":\"n\",\"topology\":\"layer3\",\"subnets\":\"10.0.0.0/16\",\"allowPersistentIPs\":true}",
	        "layer3 topology does not allow persistent IPs");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer3\"}", "a layer3 network needs subnets");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"ipam\":{\"type\":\"host-local\"}}",
	               "IPAM key is not supported. Use OVN-K provided IPAM via the `subnets` attribute");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/"
	               "24\",\"excludeSubnets\":\"10.0.1.0/28\"}",
	               "the provided network subnets [10.0.0.0/24] do not contain exluded subnets [10.0.1.0/28]");
	expect_failure(
	        "{" OVN
	        "\"name\":\"n\",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24\",\"excludeSubnets\":\"10.0.0.1\"}",
	        "\"10.0.0.1\" is no subnet");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24/28\"}",
	               "\"10.0.0.0/24/28\" is no subnet");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24,\"}",
	               "\"\" is no subnet");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer3\",\"subnets\":\"10.0.0.0/24/20\"}",
	               "is no subnet");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"localnet\",\"vlanID\":5000}", "\"vlanID\" is 5000");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"localnet\",\"vlanID\":\"5\"}",
	               "\"vlanID\" must be a whole number");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"localnet\",\"role\":\"primary\"}",
	               "a localnet network cannot be primary");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"role\":\"primary\"}", "needs subnets");
	expect_failure("{" OVN "\"name\":\"n\",\"topology\":\"layer2\",\"role\":\"king\"}",
	               "invalid network role value king");
	expect_failure("{" OVN "\"name\":[],\"topology\":\"layer2\"}", "\"name\" must be a string");
	expect_failure("[]", "must be a JSON object");
	expect_failure("", "spec.config");
	expect_failure("{ \"name\": \"x\", ", "spec.config");
	expect_failure("{\"name\":\"n\",\"plugins\":[{" OVN "\"topology\":\"layer2\"},{\"type\":\"tuning\"}]}",
	               "chaining is not supported");
	expect_failure("{\"name\":\"n\",\"type\":\"x\",\"plugins\":[{\"type\":\"x\"}]}",
	               "both a plugin list and a single config");
	expect_failure("{\"name\":\"n\",\"plugins\":[]}", "must be an array with one object");
	char *large = mem_alloc(CNI_TEXT_MAX + 2);
	memset(large, ' ', CNI_TEXT_MAX + 1);
	expect_failure(large, "longer than 256 KiB");
	free(large);
	assert_non_null(strstr(cni_config_cure("net-attach-def name (x) is"), "netAttachDefName"));
	assert_true(cni_config_cure("what?")[0]);
}

static void test_config_difference(void **state)
{
	(void)state;
	static const struct {
		const char *fields, *difference;
	} cases[] = {
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\"", NULL},
	        {"\"topology\":\"localnet\",\"subnets\":\"fd00::/64,10.0.0.9/24\",\"role\":\"secondary\"", NULL},
	        {"\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24,fd00::/64\"", "topology"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24\"", "subnets"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\",\"vlanID\":3", "vlanID"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\",\"mtu\":9000", "mtu"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\",\"allowPersistentIPs\":true",
	         "allowPersistentIPs"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\",\"excludeSubnets\":\"10.0.0.0/28\"",
	         "excludeSubnets"},
	        {"\"topology\":\"localnet\",\"subnets\":\"10.0.0.0/24,fd00::/64\",\"physicalNetworkName\":\"p\"",
	         "physicalNetworkName"},
	};
	struct cni_config first, other;
	struct err err = {0};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = mem_printf("{" OVN "\"name\":\"n\",%s}", cases[i].fields);
		assert_true(cni_config_parse(text, "a/b", i ? &other : &first, &err));
		free(text);
		const char *difference = i ? cni_config_difference(&first, &other) : NULL;
		if (!text_equal(difference, cases[i].difference))
			fail_msg("case %zu: %s", i, difference ? difference : "none");
		if (i)
			cni_config_finish(&other);
	}
	cni_config_finish(&first);
}

/* ---- annotation networks ---- */
static void test_networks(void **state)
{
	(void)state;
	struct cni_selections got;
	struct err err = {0};
	assert_true(cni_networks_parse("shared-net", "tenantblue", &got, &err));
	assert_int_equal(got.items.len, 1);
	assert_string_equal(got.items.data[0].ns, "tenantblue");
	assert_string_equal(got.items.data[0].name, "shared-net");
	assert_string_equal(got.items.data[0].interface, "net1");
	cni_selections_finish(&got);

	assert_true(cni_networks_parse(" a , other/b@data0,\n c ", "ns", &got, &err));
	assert_int_equal(got.items.len, 3);
	assert_string_equal(got.items.data[1].ns, "other");
	assert_string_equal(got.items.data[1].interface, "data0");
	assert_string_equal(got.items.data[2].name, "c");
	assert_string_equal(got.items.data[2].interface, "net3");
	cni_selections_finish(&got);

	assert_true(cni_networks_parse("[ { \"name\": \"db-access-net\", \"ips\": [ \"192.168.200.10/24\" ] }, "
	                               "{\"name\":\"x\",\"namespace\":\"y\","
	                               "\"interface\":\"pod280fca44283\",\"mac\":\"0a:58:00:00:00:01\",\"ipam-claim-"
	                               "reference\":\"c\",\"default-route\":null}]",
	                               "data-adapter", &got, &err));
	assert_int_equal(got.items.len, 2);
	assert_string_equal(got.items.data[0].ns, "data-adapter");
	assert_string_equal(got.items.data[0].ips.data[0], "192.168.200.10/24");
	assert_string_equal(got.items.data[1].interface, "pod280fca44283");
	assert_string_equal(got.items.data[1].mac, "0a:58:00:00:00:01");
	assert_string_equal(got.items.data[1].ipam_claim, "c");
	cni_selections_finish(&got);

	assert_true(cni_networks_parse("", "ns", &got, &err));
	assert_int_equal(got.items.len, 0);
	cni_selections_finish(&got);
	assert_true(cni_networks_parse("[]", "ns", &got, &err));
	assert_int_equal(got.items.len, 0);
	cni_selections_finish(&got);
}

static void test_networks_failures(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} cases[] = {
	        {"a,,b", "element 2"},
	        {"a/b/c", "element 1"},
	        {"/b", "element 1"},
	        {"Bad_Name", "lower case"},
	        {"a@", "element 1"},
	        {"a@averylonginterface", "at most 15"},
	        {"{\"name\":\"x\"}", "array of objects"},
	        {"[{\"namespace\":\"x\"}]", "element 1 has no name"},
	        {"[{\"name\":\"x\"},7]", "element 2 is not an object"},
	        {"[{\"name\":\"x\",\"mac\":\"zz\"}]", "no MAC address"},
	        {"[{\"name\":\"x\",\"ips\":[\"300.1.1.1\"]}]", "no address"},
	        {"[{\"name\":\"x\",\"ips\":\"10.0.0.1/24\"}]", "array of strings"},
	        {"[{\"name\":\"x\"", "annotation"},
	        {"[{\"name\":\"x\",\"interface\":\"a/b\"}]", "interface's name"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cni_selections got;
		struct err err = {0};
		if (cni_networks_parse(cases[i].text, "ns", &got, &err))
			fail_msg("parsed: %s", cases[i].text);
		if (!strstr(err.text, cases[i].sentence) || !text_has_prefix(err.text, CNI_NETWORKS_ANNOTATION))
			fail_msg("%s gave: %s", cases[i].text, err.text);
	}
}

/* ---- status and pod-networks: every annotation of the recorded pods comes out byte for byte ---- */
static size_t check_annotation(const json_t *pod, const char *key, bool is_status)
{
	const char *text = json_walk_str(pod, "metadata", "annotations", key, NULL);
	struct cni_statuses statuses;
	struct err err = {0};
	struct str out = {0};
	if (!text[0])
		return 0;
	if (!(is_status ? cni_status_parse : cni_pod_networks_parse)(text, &statuses, &err))
		fail_msg("%s", err.text);
	(is_status ? cni_status_format : cni_pod_networks_format)(&statuses, &out);
	assert_string_equal(out.data, text);
	cni_statuses_finish(&statuses);
	str_finish(&out);
	return 1;
}

static void test_recorded_annotations(void **state)
{
	(void)state;
	static const char *const files[] = {"tests/data/real-cluster/overlay-pods.json",
	                                    "tests/data/real-cluster/localnet-pods.json"};
	size_t n = 0;
	for (size_t f = 0; f < 2; f++) {
		struct str text = {0};
		struct err err = {0};
		if (!file_read(files[f], 1 << 20, &text, &err))
			fail_msg("%s", err.text);
		json_t *list = json_parse(text.data, text.len, files[f], &err);
		assert_non_null(list);
		size_t i;
		const json_t *pod;
		json_array_foreach (json_object_get(list, "items"), i, pod)
			n += check_annotation(pod, CNI_STATUS_ANNOTATION, true) +
			     check_annotation(pod, CNI_OVN_ANNOTATION, false);
		json_decref(list);
		str_finish(&text);
	}
	assert_int_equal(n, 18);
}

static void test_status(void **state)
{
	(void)state;
	struct cni_statuses got;
	struct err err = {0};
	struct str out = {0};
	assert_true(cni_status_parse("[{\"name\":\"ovn-kubernetes\",\"interface\":\"eth0\",\"ips\":[\"10.244.2.8\"],"
	                             "\"default\":true,\"dns\":{}},"
	                             "{\"name\":\"a/b\",\"mtu\":1400,\"gateway\":[\"10.0.0.1\"]}]",
	                             &got, &err));
	assert_int_equal(got.items.len, 2);
	assert_true(got.items.data[0].is_default);
	assert_false(got.items.data[1].is_default);
	assert_int_equal(got.items.data[1].ips.len, 0);
	cni_status_format(&got, &out);
	assert_string_equal(out.data, "[{\n    \"name\": \"ovn-kubernetes\",\n    \"interface\": \"eth0\",\n    "
	                              "\"ips\": [\n        \"10.244.2.8\"\n    ],\n"
	                              "    \"default\": true,\n    \"dns\": {}\n},{\n    \"name\": \"a/b\",\n    "
	                              "\"mtu\": 1400,\n    \"dns\": {},\n"
	                              "    \"gateway\": [\n        \"10.0.0.1\"\n    ]\n}]");
	str_clear(&out);
	cni_statuses_finish(&got);

	assert_true(cni_pod_networks_parse(
	        "{\"default\":{\"ip_addresses\":[\"10.244.1.3/24\"],\"mac_address\":\"0a:58:0a:f4:01:03\"},"
	        "\"a/b\":{\"ip_addresses\":null,\"mac_address\":\"6e:00:00:00:00:01\"}}",
	        &got, &err));
	assert_int_equal(got.items.len, 2);
	cni_pod_networks_format(&got, &out); /* keys sorted, null stays null */
	assert_string_equal(
	        out.data,
	        "{\"a/b\":{\"ip_addresses\":null,\"mac_address\":\"6e:00:00:00:00:01\"},\"default\":{\"ip_addresses\":"
	        "[\"10.244.1.3/24\"],\"mac_address\":\"0a:58:0a:f4:01:03\",\"ip_address\":\"10.244.1.3/24\"}}");
	str_clear(&out);
	cni_statuses_finish(&got);

	struct cni_status plain = {.is_default = true}; /* what a caller has filled in by halves */
	vec_push(&got.items, plain);
	cni_status_format(&got, &out);
	cni_pod_networks_format(&got, &out);
	assert_string_equal(out.data, "[{\n    \"name\": \"\",\n    \"default\": true,\n    \"dns\": {}\n}]"
	                              "{\"default\":{\"ip_addresses\":null,\"mac_address\":\"\"}}");
	vec_finish(&got.items);
	str_finish(&out);

	static const char *const bad[] = {
	        "{}", "[7]", "[{\"name\":7}]", "[{\"ips\":[1]}]", "[", "[{\"default\":\"yes\"}]"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(cni_status_parse(bad[i], &got, &err));
	static const char *const bad_ovn[] = {"[]", "{\"a\":7}", "{\"a\":{\"ip_addresses\":7}}", "{"};
	for (size_t i = 0; i < sizeof bad_ovn / sizeof *bad_ovn; i++)
		assert_false(cni_pod_networks_parse(bad_ovn[i], &got, &err));
	assert_true(cni_status_parse("", &got, &err));
	assert_int_equal(got.items.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_address),
	        cmocka_unit_test(test_address_is_in),
	        cmocka_unit_test(test_mac),
	        cmocka_unit_test(test_config_demo),
	        cmocka_unit_test(test_config_localnet),
	        cmocka_unit_test(test_config_others),
	        cmocka_unit_test(test_config_failures),
	        cmocka_unit_test(test_config_difference),
	        cmocka_unit_test(test_networks),
	        cmocka_unit_test(test_networks_failures),
	        cmocka_unit_test(test_recorded_annotations),
	        cmocka_unit_test(test_status),
	};
	return cmocka_run_group_tests_name("cni", tests, NULL, NULL);
}
