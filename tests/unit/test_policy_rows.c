/* MultiNetworkPolicies as rows of OVN: beside what a real cluster's OVN-Kubernetes 1.3 wrote for the same two policies,
 * and the matches of everything that these two do not use. Also label selectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lab/labels.h"
#include "lab/ovn.h"
#include "lab/ovsdb.h"
#include "lab/policy_rows.h"

#define REAL "tests/data/real-cluster/"

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *value = json_load_file(path, 0, &error);
	if (value == NULL)
		fail_msg("%s: %s (run from the repository's top folder)", path, error.text);
	return value;
}

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "test", &err);
	if (value == NULL)
		fail_msg("%s: %s", err.text, text);
	return value;
}

/* ---- a small world ---- */

struct world {
	struct policy_rows_network networks[3];
	VEC(struct policy_rows_port) ports;
	struct map namespaces, nads;
	VEC(json_t *) objects; /* everything that lives as long as the world */
	VEC(json_t *) policies;
	struct plan_rows rows;
	struct str troubles;
};

static struct world new_world(void)
{
	struct world w = {.networks = {{.name = "data-net"},
	                               {.name = "green-network", .has_ipam = true, .has_ip4 = true},
	                               {.name = "dual-net", .has_ipam = true, .has_ip4 = true, .has_ip6 = true}}};
	return w;
}

static json_t *keep(struct world *w, json_t *value)
{
	vec_push(&w->objects, value);
	return value;
}

static void add_port(struct world *w, const char *name, const char *ns, const char *labels, const char *addresses)
{
	struct policy_rows_port port = {.name = mem_strdup(name),
	                                .network = strstr(name, "data.net") != NULL ? &w->networks[0]
	                                           : strstr(name, "dual") != NULL   ? &w->networks[2]
	                                                                            : &w->networks[1],
	                                .ns = ns,
	                                .labels = keep(w, parse(labels))};
	char *list = mem_strdup(addresses), *rest = list, *item;
	while ((item = strsep(&rest, " ")) != NULL) {
		struct cni_address address;
		if (cni_address_parse(item, &address))
			vec_push(&port.addresses, address);
	}
	free(list);
	vec_push(&w->ports, port);
}

static void collect_trouble(const json_t *policy, const char *words, void *user)
{
	str_append_f(user, "%s: %s\n", json_walk_str(policy, "metadata", "name", NULL), words);
}

static void build(struct world *w)
{
	const struct policy_rows_input input = {.policies = (const json_t *const *)w->policies.data,
	                                        .n_policies = w->policies.len,
	                                        .ports = w->ports.data,
	                                        .n_ports = w->ports.len,
	                                        .namespaces = &w->namespaces,
	                                        .nads = &w->nads};
	policy_rows_build(&w->rows, &input, collect_trouble, &w->troubles);
}

static void finish(struct world *w)
{
	for (size_t i = 0; i < w->ports.len; i++) {
		free(w->ports.data[i].name);
		vec_finish(&w->ports.data[i].addresses);
	}
	for (size_t i = 0; i < w->objects.len; i++)
		json_decref(w->objects.data[i]);
	vec_finish(&w->ports);
	vec_finish(&w->objects);
	vec_finish(&w->policies);
	map_finish(&w->namespaces);
	map_finish(&w->nads);
	plan_rows_finish(&w->rows);
	str_finish(&w->troubles);
}

/* A world with green-network's pods and one policy of tenantblue with this spec. */
static struct world *green_world(struct world *w, const char *policy_for, const char *spec)
{
	*w = new_world();
	map_set(&w->nads, "tenantblue/shared-net", &w->networks[1]);
	map_set(&w->nads, "tenantyellow/shared-net", &w->networks[1]);
	map_set(&w->nads, "tenantblue/dual", &w->networks[2]);
	map_set(&w->nads, "tenantblue/free", &w->networks[0]);
	map_set(&w->namespaces, "tenantblue", keep(w, parse("{\"tenant\":\"blue\"}")));
	map_set(&w->namespaces, "tenantyellow", keep(w, parse("{\"tenant\":\"yellow\",\"role\":\"trusted\"}")));
	add_port(w, "green_client", "tenantblue", "{\"app\":\"client\",\"role\":\"trusted\"}", "192.168.200.1/24");
	add_port(w, "green_server", "tenantblue", "{\"app\":\"server\"}", "192.168.200.3/24");
	add_port(w, "green_yellow", "tenantyellow", "{\"app\":\"server\"}", "192.168.200.4/24");
	add_port(w, "dual_client", "tenantblue", "{\"app\":\"client\",\"role\":\"trusted\"}",
	         "10.60.0.1/24 fd60::1/64");
	json_t *policy = json_pack("{s:{s:s, s:s, s:{s:s}}, s:o}", "metadata", "namespace", "tenantblue", "name", "p",
	                           "annotations", POLICY_ROWS_FOR, policy_for, "spec", parse(spec));
	vec_push(&w->policies, keep(w, policy));
	build(w);
	return w;
}

static const struct plan_row *find_row(const struct world *w, const char *table, const char *key)
{
	for (size_t i = 0; i < w->rows.items.len; i++)
		if (strcmp(w->rows.items.data[i].table, table) == 0 && strcmp(w->rows.items.data[i].key, key) == 0)
			return &w->rows.items.data[i];
	return NULL;
}

static size_t count(const struct world *w, const char *table)
{
	size_t n = 0;
	for (size_t i = 0; i < w->rows.items.len; i++)
		n += strcmp(w->rows.items.data[i].table, table) == 0;
	return n;
}

/* The match of the ACL whose id ends so; names of groups and sets are cut to '@' and '$'. */
static void expect_match(const struct world *w, const char *end, const char *want)
{
	for (size_t i = 0; i < w->rows.items.len; i++) {
		const struct plan_row *row = &w->rows.items.data[i];
		if (strcmp(row->table, "ACL") != 0 || !text_has_suffix(row->key, end))
			continue;
		struct str got = {0};
		for (const char *at = json_walk_str(row->columns, "match", NULL); *at != '\0'; at++) {
			str_append_c(&got, *at);
			if (*at == '@' || *at == '$')
				at += strspn(at + 1, "a0123456789");
		}
		assert_string_equal(str_text(&got), want);
		str_finish(&got);
		return;
	}
	if (want != NULL)
		fail_msg("no ACL ends with %s", end);
}

static bool has_acl(const struct world *w, const char *end)
{
	for (size_t i = 0; i < w->rows.items.len; i++)
		if (strcmp(w->rows.items.data[i].table, "ACL") == 0 && text_has_suffix(w->rows.items.data[i].key, end))
			return true;
	return false;
}

/* ---- the real cluster ---- */

static void expect_column(const char *key, const json_t *ours, const json_t *real, const char *column)
{
	json_t *a = ovsdb_canonical(json_object_get(ours, column)), *b = ovsdb_canonical(json_object_get(real, column));
	if (!json_equal(a, b)) {
		char *x = json_dumps(a, JSON_ENCODE_ANY), *y = json_dumps(b, JSON_ENCODE_ANY);
		fail_msg("%s, %s: ours %s, the real one %s", key, column, x, y);
	}
	json_decref(a);
	json_decref(b);
}

/* Each row of the real table that belongs to a policy is ours too, with the same columns. How many there are. */
static size_t compare_table(const struct world *w, const char *table, const char *columns)
{
	char *path = mem_printf(REAL "ovn-nb-%s.json", table);
	json_t *real = load(path), *headings = json_object_get(real, "headings"), *cells, *heading;
	size_t n = 0, i, k;
	json_array_foreach (json_object_get(real, "data"), i, cells) {
		json_t *row = json_object();
		json_array_foreach (headings, k, heading) {
			json_object_set(row, json_string_value(heading), json_array_get(cells, k));
		}
		const char *id = ovsdb_map_get(row, "external_ids", "k8s.ovn.org/id");
		if (id != NULL && text_has_prefix(id, "data-net-network-controller:")) {
			const char *key = strcmp(table, "ACL") == 0 ? id : json_walk_str(row, "name", NULL);
			const struct plan_row *ours = find_row(w, table, key);
			if (ours == NULL)
				fail_msg("the real %s has %s, we have not", table, id);
			char *list = mem_strdup(columns), *rest = list, *column;
			while ((column = strsep(&rest, " ")) != NULL)
				expect_column(id, ours->columns, row, column);
			free(list);
			n++;
		}
		json_decref(row);
	}
	json_decref(real);
	free(path);
	return n;
}

static void test_as_the_real_one(void **state)
{
	(void)state;
	struct world w = new_world();
	json_t *list = keep(&w, load(REAL "localnet-mnps.json")), *policy;
	size_t i;
	json_array_foreach (json_object_get(list, "items"), i, policy) {
		vec_push(&w.policies, policy);
	}
	map_set(&w.nads, "data-adapter/db-access-net", &w.networks[0]);
	map_set(&w.nads, "data-consumer/db-access-net", &w.networks[0]);
	add_port(&w, "data.net_consumer", "data-consumer", "{\"role\":\"web-client\"}", "192.168.200.20/24");
	build(&w);
	size_t n_groups = compare_table(&w, "Port_Group", "name external_ids");
	size_t n_acls = compare_table(&w, "ACL", "name action direction match priority external_ids options meter log");
	assert_int_equal(n_groups, 6);
	assert_int_equal(n_acls, 11);
	assert_int_equal(n_groups, count(&w, "Port_Group"));
	assert_int_equal(n_acls, count(&w, "ACL"));
	assert_int_equal(count(&w, "Address_Set"), 0);
	assert_string_equal(str_text(&w.troubles), "");
	/* who is in the groups, as on the real node of the consumer */
	static const char *const full[] = {"a9773142427919788188", "a13272955296088397988", "a474738860621660834"};
	for (i = 0; i < 3; i++) {
		const struct plan_row *row = find_row(&w, "Port_Group", full[i]);
		json_t *want = parse("[\"set\",[[\"ref\",\"Logical_Switch_Port\",\"data.net_consumer\"]]]");
		assert_non_null(row);
		assert_true(json_equal(json_object_get(row->columns, "ports"), want));
		json_decref(want);
	}
	finish(&w);
}

/* ---- matches ---- */

static void test_ports(void **state)
{
	(void)state;
	struct world w;
	green_world(
	        &w, "shared-net",
	        "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":["
	        "{\"ports\":[{\"port\":80},{\"port\":443,\"protocol\":\"TCP\"},{\"port\":53,\"protocol\":\"UDP\"}]},"
	        "{\"ports\":[{\"port\":6000,\"endPort\":6900}]},"
	        "{\"ports\":[{\"port\":80},{\"port\":6000,\"endPort\":6900},{\"port\":81}]},"
	        "{\"ports\":[{\"port\":\"web\"},{\"protocol\":\"SCTP\"}]},"
	        "{\"ports\":[{\"port\":\"web\"},{\"port\":80}]},"
	        "{\"ports\":[{\"port\":70000},{\"port\":0},{\"port\":53,\"protocol\":\"UDP\"}]},"
	        "{},"
	        "{\"ports\":[{\"port\":0},{\"port\":\"web\",\"endPort\":90,\"protocol\":\"UDP\"}]},"
	        "{\"ports\":[{\"port\":80,\"protocol\":\"tcp || ip4\"}]}]}");
	expect_match(&w, ":Ingress:0:tcp:-1", "ip4 && tcp && tcp.dst=={80,443} && outport == @");
	expect_match(&w, ":Ingress:0:udp:-1", "ip4 && udp && udp.dst==53 && outport == @");
	expect_match(&w, ":Ingress:1:tcp:-1", "ip4 && tcp && 6000<=tcp.dst<=6900 && outport == @");
	expect_match(&w, ":Ingress:2:tcp:-1",
	             "ip4 && tcp && (tcp.dst=={80,81} || 6000<=tcp.dst<=6900) && outport == @");
	expect_match(&w, ":Ingress:3:tcp:-1", "ip4 && tcp && outport == @");
	expect_match(&w, ":Ingress:3:sctp:-1", "ip4 && sctp && outport == @");
	expect_match(&w, ":Ingress:4:tcp:-1", "ip4 && tcp && tcp.dst==80 && outport == @");
	expect_match(&w, ":Ingress:5:tcp:-1", "ip4 && 0 && outport == @"); /* OVN cannot read 70000 */
	expect_match(&w, ":Ingress:5:udp:-1", "ip4 && udp && udp.dst==53 && outport == @");
	assert_false(has_acl(&w, ":Ingress:5:None:-1"));
	expect_match(&w, ":Ingress:6:None:-1", "ip4 && outport == @");
	expect_match(&w, ":Ingress:7:tcp:-1", "ip4 && tcp && outport == @"); /* a 0 is no number there */
	expect_match(&w, ":Ingress:7:udp:-1", "ip4 && udp && 0<=udp.dst<=90 && outport == @");
	expect_match(&w, ":Ingress:8::-1", "ip4 && 0 && outport == @");
	assert_non_null(strstr(str_text(&w.troubles), "p: spec.ingress[5].ports[0] is not within 1 to 65535"));
	finish(&w);
}

static void test_blocks(void **state)
{
	(void)state;
	struct world w;
	green_world(
	        &w, "shared-net",
	        "{\"podSelector\":{},\"policyTypes\":[\"Egress\"],\"egress\":["
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\",\"except\":[\"10.1.0.0/16\",\"10.2.0.0/16\"]}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}},{\"ipBlock\":{\"cidr\":\"fd00::/8\",\"except\":"
	        "[\"fd01::/16\"]}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"0.0.0.0/0 || ip4\"}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/33\"}},{\"ipBlock\":{\"cidr\":\"10.0.0.1/32\",\"except\":"
	        "[\"11.0.0.0/8 || ip4\"]}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}},{\"podSelector\":{}}]},"
	        "{\"to\":[{}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\",\"except\":[\"fd00::/8\"]}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.1\"}},{\"ipBlock\":{\"cidr\":\"fd00::/8\",\"except\":[\"fd00::1\"]}}]},"
	        "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\",\"except\":[\"11.0.0.0/8\"]}}]}]}");
	expect_match(&w, ":Egress:0:None:-2",
	             "ip4.dst == 10.0.0.0/8 && ip4.dst != {10.1.0.0/16, 10.2.0.0/16} && inport == @");
	expect_match(&w, ":Egress:1:None:-2",
	             "(ip4.dst == 10.0.0.0/8 || (ip6.dst == fd00::/8 && ip6.dst != {fd01::/16})) && inport == @");
	expect_match(&w, ":Egress:2:None:-2", "0 && inport == @"); /* one that OVN cannot read voids all of the rule */
	assert_false(has_acl(&w, ":Egress:2:None:-1"));
	expect_match(&w, ":Egress:3:None:-2", "0 && inport == @");
	expect_match(&w, ":Egress:6:None:-2", "0 && inport == @");
	expect_match(&w, ":Egress:7:None:-2",
	             "(ip4.dst == 10.0.0.1 || (ip6.dst == fd00::/8 && ip6.dst != {fd00::1})) && inport == @");
	expect_match(&w, ":Egress:8:None:-2", "ip4.dst == 10.0.0.0/8 && ip4.dst != {11.0.0.0/8} && inport == @");
	expect_match(&w, ":Egress:4:None:-2", "ip4.dst == 10.0.0.0/8 && inport == @");
	expect_match(&w, ":Egress:4:None:-1", "ip4.dst == {$} && inport == @");
	expect_match(&w, ":Egress:5:None:-1", "ip4 && inport == @");
	assert_non_null(strstr(str_text(&w.troubles), "spec.egress[2].to[0] has a CIDR that is none"));
	assert_non_null(strstr(str_text(&w.troubles), "spec.egress[8].to[0] has an except that is not within"));
	assert_non_null(strstr(str_text(&w.troubles), "spec.egress[5].to[0] says nothing"));
	finish(&w);
}

static void expect_set(const struct world *w, const char *id, const char *addresses)
{
	char name[32];
	policy_rows_hash(id, name);
	const struct plan_row *row = find_row(w, "Address_Set", name);
	if (row == NULL)
		fail_msg("no address set %s", id);
	assert_string_equal(ovsdb_map_get(row->columns, "external_ids", "k8s.ovn.org/id"), id);
	json_t *want = parse(addresses);
	assert_true(json_equal(json_array_get(json_object_get(row->columns, "addresses"), 1), want));
	json_decref(want);
}

static void test_selectors(void **state)
{
	(void)state;
	struct world w;
	green_world(
	        &w, "shared-net",
	        "{\"podSelector\":{\"matchLabels\":{\"app\":\"server\"}},\"ingress\":["
	        "{\"from\":[{\"podSelector\":{\"matchLabels\":{\"role\":\"trusted\"}}},{\"namespaceSelector\":{}}]},"
	        "{\"from\":[{\"podSelector\":{\"matchLabels\":{\"role\":\"trusted\"}}}]},"
	        "{\"from\":[{\"namespaceSelector\":{\"matchExpressions\":[{\"key\":\"role\",\"operator\":\"In\","
	        "\"values\":[\"z\",\"trusted\"]}]},\"podSelector\":{\"matchLabels\":{\"b\":\"2\",\"app\":\"server\"}}}]"
	        "}]}");
	expect_match(&w, ":Ingress:0:None:-1", "ip4.src == {$, $} && outport == @");
	expect_match(&w, ":Ingress:1:None:-1", "ip4.src == {$} && outport == @");
	expect_set(&w, "green-network-network-controller:PodSelector:tenantblue_LS{ML:{role: trusted,},}:v4",
	           "[\"192.168.200.1\"]");
	expect_set(&w, "green-network-network-controller:PodSelector:LS{}_LS{}:v4",
	           "[\"192.168.200.1\",\"192.168.200.3\",\"192.168.200.4\"]");
	expect_set(&w,
	           "green-network-network-controller:PodSelector:LS{ME:{LSR{Key:role,Operator:In,Values:[trusted "
	           "z],}},}_LS{ML:{app: server,b: 2,},}:v4",
	           "[]");
	assert_int_equal(count(&w, "Address_Set"), 3); /* equal selectors share one */
	finish(&w);
	green_world(&w, "dual", "{\"podSelector\":{},\"ingress\":[{\"from\":[{\"podSelector\":{}}]},{}]}");
	expect_match(&w, ":Ingress:0:None:-1", "(ip4.src == {$} || ip6.src == {$}) && outport == @");
	expect_match(&w, ":Ingress:1:None:-1", "(ip4 || ip6) && outport == @");
	expect_set(&w, "dual-net-network-controller:PodSelector:tenantblue_LS{}:v6", "[\"fd60::1\"]");
	finish(&w);
}

/* ---- which pods, which networks ---- */

static size_t n_members(const struct world *w, const char *id)
{
	char name[32];
	policy_rows_hash(id, name);
	const struct plan_row *row = find_row(w, "Port_Group", name);
	if (row == NULL)
		fail_msg("no port group %s", id);
	return json_array_size(json_array_get(json_object_get(row->columns, "ports"), 1));
}

static void test_isolation(void **state)
{
	(void)state;
	struct world w;
	green_world(
	        &w, " tenantyellow/shared-net , shared-net",
	        "{\"podSelector\":{\"matchLabels\":{\"app\":\"server\"}},\"policyTypes\":[\"Egress\",\"ingress\"]}");
	assert_int_equal(n_members(&w, "green-network-network-controller:NetworkPolicy:tenantblue:p"), 1);
	assert_int_equal(n_members(&w, "green-network-network-controller:NetpolNamespace:tenantblue:Egress"), 1);
	assert_int_equal(n_members(&w, "green-network-network-controller:NetpolNamespace:tenantblue:Ingress"), 0);
	assert_int_equal(count(&w, "Port_Group"), 3); /* two NADs, one network */
	finish(&w);
	green_world(&w, "shared-net", "{\"podSelector\":{}}"); /* no policyTypes: nobody is isolated */
	assert_int_equal(n_members(&w, "green-network-network-controller:NetworkPolicy:tenantblue:p"), 2);
	assert_int_equal(n_members(&w, "green-network-network-controller:NetpolNamespace:tenantblue:Ingress"), 0);
	finish(&w);
	green_world(&w, "", "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"]}");
	assert_int_equal(w.rows.items.len, 0);
	assert_non_null(strstr(str_text(&w.troubles), "policy-for is missing"));
	finish(&w);
	green_world(&w, "nowhere", "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"]}");
	assert_int_equal(w.rows.items.len, 0);
	finish(&w);
}

static void test_refused(void **state)
{
	(void)state;
	struct world w;
	green_world(&w, "free",
	            "{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":"
	            "\"10.0."
	            "0.0/8\"}},{\"podSelector\":{}}]}]}");
	assert_int_equal(w.rows.items.len, 0);
	assert_non_null(strstr(str_text(&w.troubles),
	                       "invalid ingress peer {\"podSelector\":{}} in multi-network policy p; "
	                       "IPAM-less networks can only have `ipBlock` peers"));
	finish(&w);
	green_world(&w, "shared-net",
	            "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Is\"}]},\"policyTypes\":["
	            "\"Ingress\"]}");
	assert_int_equal(w.rows.items.len, 0);
	assert_non_null(strstr(str_text(&w.troubles), "unknown operator"));
	finish(&w);
}

static void test_labels(void **state)
{
	(void)state;
	static const struct {
		const char *selector;
		bool matches, matches_none; /* {"a":"1"}, and no labels at all */
	} cases[] = {
	        {"{}", true, true},
	        {"{\"matchLabels\":{\"a\":\"1\"}}", true, false},
	        {"{\"matchLabels\":{\"a\":\"2\"}}", false, false},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"1\",\"2\"]}]}", true, false},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"2\"]}]}", true, true},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", false, true},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}", true, false},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}", false, true},
	        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}", false, false},
	        {"{\"matchExpressions\":7}", false, false},
	        {"{\"matchLabels\":{\"a\":1}}", false, false},
	};
	json_t *labels = parse("{\"a\":\"1\"}");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *selector = parse(cases[i].selector);
		if (labels_match(selector, labels) != cases[i].matches ||
		    labels_match(selector, NULL) != cases[i].matches_none)
			fail_msg("%s", cases[i].selector);
		json_decref(selector);
	}
	assert_false(labels_match(NULL, labels));
	json_decref(labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_as_the_real_one), cmocka_unit_test(test_ports),
	        cmocka_unit_test(test_blocks),          cmocka_unit_test(test_selectors),
	        cmocka_unit_test(test_isolation),       cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_labels),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
