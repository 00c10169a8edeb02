/* What the lab writes into OVN, Open vSwitch and the pods, against what a real cluster's OVN-Kubernetes wrote; the plans
 * that bring rows there; the scheduler.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lab/control/pods_state.h"
#include "lab/control/scheduler.h"
#include "lab/image.h"
#include "lab/ovn.h"
#include "lab/ovs.h"
#include "lab/ovsdb.h"

#define REAL "tests/data/real-cluster/"

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *value = json_load_file(path, 0, &error);
	if (value == NULL)
		fail_msg("%s: %s (run from the repository's top folder)", path, error.text);
	return value;
}

/* A row of `ovn-nbctl --format=json` as {column: value}. */
static json_t *real_row(const char *path, const char *name)
{
	json_t *table = load(path), *headings = json_object_get(table, "headings"), *row, *out = json_object(),
	       *heading;
	size_t i, k;
	json_array_foreach (json_object_get(table, "data"), i, row) {
		json_array_foreach (headings, k, heading) {
			json_object_set(out, json_string_value(heading), json_array_get(row, k));
		}
		if (strcmp(json_walk_str(out, "name", NULL), name) == 0) {
			json_decref(table);
			return out;
		}
	}
	fail_msg("%s has no row %s", path, name);
	return NULL;
}

static void expect_column(const json_t *ours, const json_t *real, const char *column)
{
	json_t *a = ovsdb_canonical(json_object_get(ours, column)), *b = ovsdb_canonical(json_object_get(real, column));
	if (!json_equal(a, b)) {
		char *x = json_dumps(a, JSON_ENCODE_ANY), *y = json_dumps(b, JSON_ENCODE_ANY);
		fail_msg("%s: ours %s, the real one %s", column, x, y);
	}
	json_decref(a);
	json_decref(b);
}

static const json_t *find_row(const struct plan_rows *rows, const char *key)
{
	for (size_t i = 0; i < rows->items.len; i++)
		if (strcmp(rows->items.data[i].key, key) == 0)
			return rows->items.data[i].columns;
	fail_msg("no row %s", key);
	return NULL;
}

/* ---- as OVN-Kubernetes writes it ---- */

static struct cni_config config_of(const char *text, const char *nad)
{
	struct cni_config config;
	struct err err;
	if (!cni_config_parse(text, nad, &config, &err))
		fail_msg("%s", err.text);
	return config;
}

static void test_layer2_network(void **state)
{
	(void)state;
	struct plan_rows rows = {0};
	struct cni_config config = config_of("{\"cniVersion\":\"0.3.1\",\"name\":\"green-network\","
	                                     "\"netAttachDefName\":\"tenantblue/shared-net\",\"topology\":\"layer2\","
	                                     "\"subnets\":\"192.168.200.0/24\",\"type\":\"ovn-k8s-cni-overlay\"}",
	                                     "tenantblue/shared-net");
	ovn_rows_network(&rows, &(struct ovn_network){&config, 1});
	json_t *real = real_row(REAL "ovn-nb-Logical_Switch.json", "green.network_ovn_layer2_switch");
	const json_t *ours = find_row(&rows, "green.network_ovn_layer2_switch");
	expect_column(ours, real, "external_ids");
	expect_column(ours, real, "other_config");
	json_decref(real);
	plan_rows_finish(&rows);
	cni_config_finish(&config);
}

static void test_localnet_network(void **state)
{
	(void)state;
	struct plan_rows rows = {0};
	struct cni_config config = config_of("{\"cniVersion\":\"0.3.1\",\"name\":\"data-net\",\"netAttachDefName\":\"a/"
	                                     "b\",\"topology\":\"localnet\",\"vlanID\":123,"
	                                     "\"type\":\"ovn-k8s-cni-overlay\"}",
	                                     "a/b");
	ovn_rows_network(&rows, &(struct ovn_network){&config, 2});
	json_t *real = real_row(REAL "ovn-nb-Logical_Switch_Port.json", "data.net_ovn_localnet_port");
	const json_t *ours = find_row(&rows, "data.net_ovn_localnet_port");
	expect_column(ours, real, "options");
	expect_column(ours, real, "addresses");
	expect_column(ours, real, "tag_request");
	expect_column(ours, real, "type");
	json_decref(real);
	plan_rows_finish(&rows);
	cni_config_finish(&config);
}

static void expect_port(const struct ovn_port *port)
{
	static const char *const columns[] = {"addresses", "port_security", "external_ids", "options", "type"};
	struct plan_rows rows = {0};
	ovn_rows_port(&rows, port);
	json_t *real = real_row(REAL "ovn-nb-Logical_Switch_Port.json", port->name);
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		expect_column(find_row(&rows, port->name), real, columns[i]);
	json_decref(real);
	plan_rows_finish(&rows);
}

static void test_pod_ports(void **state)
{
	(void)state;
	expect_port(&(struct ovn_port){.name = "tenantblue.shared.net_tenantblue_blue-server",
	                               .switch_name = "s",
	                               .addresses = "0a:58:c0:a8:c8:08 192.168.200.8",
	                               .ns = "tenantblue",
	                               .pod_uid = "8090e951-604c-4fd9-8288-a0d61f142e17",
	                               .node = "ovn-worker",
	                               .nad = "tenantblue/shared-net",
	                               .network = "green-network",
	                               .topology = "layer2",
	                               .tunnel_id = 17});
	expect_port(&(struct ovn_port){.name = "tenantblue_blue-server",
	                               .switch_name = "ovn-worker",
	                               .addresses = "0a:58:0a:f4:01:04 10.244.1.4",
	                               .ns = "tenantblue",
	                               .pod_uid = "8090e951-604c-4fd9-8288-a0d61f142e17",
	                               .node = "ovn-worker"});
}

static const char *annotation_of(const json_t *pods, const char *pod, const char *key)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(pods, "items"), i, item) {
		if (strcmp(json_walk_str(item, "metadata", "name", NULL), pod) == 0)
			return json_walk_str(item, "metadata", "annotations", key, NULL);
	}
	fail_msg("no pod %s", pod);
	return NULL;
}

static struct attachment attached(const char *nad, const char *interface, const char *address, const char *gateway,
                                  uint32_t tunnel)
{
	struct attachment a = {
	        .nad = (char *)(uintptr_t)nad, .interface = (char *)(uintptr_t)interface, .tunnel_id = tunnel};
	struct cni_address parsed;
	assert_true(cni_address_parse(address, &parsed));
	vec_push(&a.addresses, parsed);
	cni_mac_from_address(&parsed, a.mac);
	strncpy(a.gateway, gateway, sizeof a.gateway - 1);
	return a;
}

static void test_annotations(void **state)
{
	(void)state;
	json_t *pods = load(REAL "overlay-pods.json");
	struct attachments attachments = {0};
	struct str text = {0};
	vec_push(&attachments.items, attached(NULL, "eth0", "10.244.0.3/24", "10.244.0.1", 0));
	vec_push(&attachments.items, attached("tenantblue/shared-net", "net1", "192.168.200.4/24", "", 13));
	pod_networks_annotation(&attachments, &text);
	assert_string_equal(text.data, annotation_of(pods, "blue-server", CNI_OVN_ANNOTATION));
	str_clear(&text);
	pod_network_status_annotation(&attachments, &text);
	assert_string_equal(text.data, annotation_of(pods, "blue-server", CNI_STATUS_ANNOTATION));
	str_finish(&text);
	vec_finish(&attachments.items.data[0].addresses);
	vec_finish(&attachments.items.data[1].addresses);
	vec_finish(&attachments.items);
	json_decref(pods);
}

/* ---- plans ---- */

static const struct plan_table tables[] = {
        {.name = "S", .key_column = "name", .is_root = true, .child_columns = "ports", .shared_columns = "ids"},
        {.name = "P", .key_column = "name"},
        {.name = NULL},
};

static json_t *plan(const struct plan_rows *rows, const char *replica_text)
{
	json_t *replica = json_loads(replica_text, 0, NULL);
	assert_non_null(replica);
	json_t *operations = plan_operations(tables, &rows, 1, replica);
	json_decref(replica);
	return operations;
}

static void wanted(struct plan_rows *rows)
{
	*rows = (struct plan_rows){0};
	plan_add(rows, "S", "s", json_pack("{s:s, s:o}", "name", "s", "ids", ovsdb_map("a", "1", NULL)));
	plan_add_child(rows, &(struct plan_parent){"S", "s", "ports"}, "P", "p",
	               json_pack("{s:s, s:s}", "name", "p", "type", ""));
	plan_add_child(rows, &(struct plan_parent){"S", "nowhere", "ports"}, "P", "orphan",
	               json_pack("{s:s}", "name", "orphan"));
}

static void test_plan_inserts(void **state)
{
	(void)state;
	struct plan_rows rows;
	wanted(&rows);
	json_t *operations = plan(&rows, "{}");
	assert_int_equal(json_array_size(operations), 2); /* not the orphan */
	const json_t *first = json_array_get(operations, 0), *second = json_array_get(operations, 1);
	assert_string_equal(json_walk_str(first, "table", NULL), "S");
	assert_string_equal(json_string_value(json_array_get(json_walk(first, "row", "ports", NULL), 0)), "named-uuid");
	assert_string_equal(json_string_value(json_array_get(json_walk(first, "row", "ports", NULL), 1)),
	                    json_walk_str(second, "uuid-name", NULL));
	json_decref(operations);
	plan_rows_finish(&rows);
}

#define THERE                                                                                                          \
	"{\"S\":{\"u1\":{\"name\":\"s\",\"ports\":[\"uuid\",\"u2\"],\"ids\":[\"map\",[[\"other\",\"9\"],[\"a\",\"1\"]" \
	"]]}},"                                                                                                        \
	"\"P\":{\"u2\":{\"name\":\"p\",\"type\":\"\"}}}"

static void test_plan_is_level_triggered(void **state)
{
	(void)state;
	struct plan_rows rows;
	wanted(&rows);
	json_t *operations = plan(&rows, THERE);
	assert_int_equal(json_array_size(operations), 0); /* what is right is left alone, others' entries too */
	json_decref(operations);
	operations = plan(
	        &rows, "{\"S\":{\"u1\":{\"name\":\"s\",\"ports\":[\"set\",[]],\"ids\":[\"map\",[[\"other\",\"9\"]]]},"
	               "\"u7\":{\"name\":\"old\"}},\"P\":{\"u2\":{\"name\":\"p\",\"type\":\"router\"}}}");
	assert_int_equal(json_array_size(operations), 3);
	json_t *ids = ovsdb_canonical(json_walk(json_array_get(operations, 0), "row", "ids", NULL));
	json_t *want = json_loads("[\"map\",[[\"a\",\"1\"],[\"other\",\"9\"]]]", 0, NULL);
	assert_true(json_equal(ids, want));
	json_decref(ids);
	json_decref(want);
	assert_string_equal(json_walk_str(json_array_get(operations, 1), "row", "type", NULL), "");
	assert_string_equal(json_walk_str(json_array_get(operations, 2), "op", NULL), "delete");
	json_decref(operations);
	plan_rows_finish(&rows);
	operations = plan(&rows, THERE); /* nothing wanted: the root goes, the port with it */
	assert_int_equal(json_array_size(operations), 1);
	json_decref(operations);
}

static void test_switch_ports(void **state)
{
	(void)state;
	json_t *wanted_ports =
	        json_pack("{s:{s:s, s:o}}", "v1", "bridge", "br-int", "external_ids", ovsdb_map("sandbox", "s", NULL));
	json_t *replica = json_object(), *operations = ovs_port_operations(wanted_ports, replica);
	assert_int_equal(json_array_size(operations), 3); /* interface, port, into the bridge */
	assert_string_equal(json_walk_str(json_array_get(operations, 2), "op", NULL), "mutate");
	json_decref(operations);
	json_decref(replica);
	replica =
	        json_loads("{\"Interface\":{\"i1\":{\"name\":\"v1\",\"external_ids\":[\"map\",[[\"ovn-installed\","
	                   "\"true\"],[\"sandbox\",\"s\"]]]},"
	                   "\"i2\":{\"name\":\"v2\",\"external_ids\":[\"map\",[[\"sandbox\",\"t\"]]]},"
	                   "\"i3\":{\"name\":\"ovn-x-0\",\"external_ids\":[\"map\",[]]}},"
	                   "\"Port\":{\"p1\":{\"name\":\"v1\"},\"p2\":{\"name\":\"v2\"},\"p3\":{\"name\":\"ovn-x-0\"}},"
	                   "\"Bridge\":{\"b\":{\"name\":\"br-int\",\"ports\":[\"set\",[[\"uuid\",\"p1\"],[\"uuid\","
	                   "\"p2\"],[\"uuid\",\"p3\"]]]}}}",
	                   0, NULL);
	operations = ovs_port_operations(wanted_ports, replica);
	assert_int_equal(json_array_size(operations), 1); /* only what is ours and not wanted goes: v2 */
	char *text = json_dumps(operations, JSON_COMPACT);
	assert_non_null(strstr(text, "[\"ports\",\"delete\",[\"uuid\",\"p2\"]]"));
	free(text);
	json_decref(operations);
	json_decref(replica);
	json_decref(wanted_ports);
}

/* ---- scheduler, images, expansion ---- */

static void test_scheduler(void **state)
{
	(void)state;
	json_t *labels = json_pack("{s:s}", "disk", "fast"), *pod = json_object();
	struct scheduler_node nodes[] = {
	        {"cp", NULL, true, true, 0}, {"w1", NULL, true, false, 2}, {"w2", labels, true, false, 1}};
	struct str reason = {0};
	assert_int_equal(scheduler_pick(pod, nodes, 3, &reason), 2);
	nodes[2].n_pods = 2;
	assert_int_equal(scheduler_pick(pod, nodes, 3, &reason), 1); /* the first of equals */
	json_t *chosen = json_pack("{s:{s:{s:s}}}", "spec", "nodeSelector", "disk", "fast");
	assert_int_equal(scheduler_pick(chosen, nodes, 3, &reason), 2);
	nodes[2].is_ready = false;
	assert_int_equal(scheduler_pick(chosen, nodes, 3, &reason), -1);
	assert_non_null(strstr(
	        reason.data,
	        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
	        "1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 1 node(s) didn't match"));
	json_t *tolerant = json_pack("{s:{s:[{s:s}]}}", "spec", "tolerations", "operator", "Exists");
	assert_int_equal(scheduler_pick(tolerant, nodes, 3, &reason), 0);
	json_decref(labels);
	json_decref(pod);
	json_decref(chosen);
	json_decref(tolerant);
	str_finish(&reason);
}

static void test_images(void **state)
{
	(void)state;
	static const char *const good[] = {"k8s.gcr.io/e2e-test-images/agnhost:2.36",
	                                   "registry.k8s.io/e2e-test-images/agnhost", "e2e-test-images/agnhost:x",
	                                   "localhost:5000/e2e-test-images/agnhost@sha256:00",
	                                   "registry.k8s.io/pause:3.9"};
	static const char *const bad[] = {
	        "nginx", "agnhost:2.36", "e2e-test-images/agnhostx:1", "xe2e-test-images/agnhost", "", ":", "@"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_non_null(image_find(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_null(image_find(bad[i]));
}

static void test_expansion(void **state)
{
	(void)state;
	char a[] = "A=1", b[] = "B=two", *env[] = {a, b, NULL};
	static const char *const cases[][2] = {{"x$(A)y", "x1y"}, {"$(B)$(A)", "two1"}, {"$$(A)", "$(A)"},
	                                       {"$(C)", "$(C)"},  {"$(A", "$(A"},       {"$", "$"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *got = pod_launch_expand(cases[i][0], env);
		assert_string_equal(got, cases[i][1]);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_layer2_network), cmocka_unit_test(test_localnet_network),
	        cmocka_unit_test(test_pod_ports),      cmocka_unit_test(test_annotations),
	        cmocka_unit_test(test_plan_inserts),   cmocka_unit_test(test_plan_is_level_triggered),
	        cmocka_unit_test(test_switch_ports),   cmocka_unit_test(test_scheduler),
	        cmocka_unit_test(test_images),         cmocka_unit_test(test_expansion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
