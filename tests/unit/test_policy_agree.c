/* Two readers of the same policies: the verdicts in OVN-Kubernetes' profile (policy) and the ACLs that the lab writes (lab's
 * policy_rows), whose matches are evaluated here as OVN does. Random policies, odd ones included; the same ones in every run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/policy_rows.h"
#include "onesdn/policy.h"

enum { ROUNDS = 1500, N_PODS = 6 };

static uint64_t seed = 20261128;

static size_t pick(size_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(seed >> 33) % n;
}

/* ---- a world, for both ---- */

static const char *const spaces[] = {"blue", "yellow"};
static const char *const labels[N_PODS] = {
        "{\"app\":\"a\"}", "{\"app\":\"b\",\"role\":\"x\"}", "{}", "{\"app\":\"a\",\"role\":\"x\"}", "{\"app\":\"b\"}",
        "{\"role\":\"y\"}"};
struct world {
	struct policy_rows_network network;
	struct policy_rows_port ports[N_PODS];
	struct map namespaces, nads;
	VEC(json_t *) objects, policies;
	struct plan_rows rows;
	struct policy_world *judge;
};

static json_t *make(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static json_t *make(const char *fmt, ...)
{
	struct str text = {0};
	struct err err = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	json_t *value = json_parse(str_text(&text), text.len, "made", &err);
	if (!value)
		fail_msg("%s: %s", err.text, str_text(&text));
	str_finish(&text);
	return value;
}

static const char *const subnets[] = {"", "\\\"subnets\\\":\\\"10.0.0.0/24\\\",",
                                      "\\\"subnets\\\":\\\"10.0.0.0/24,fd00::/64\\\",",
                                      "\\\"subnets\\\":\\\"fd00::/64\\\","};

static void make_world(struct world *w, size_t kind)
{
	static const char *const ips[] = {"\\\"10.0.0.%zu\\\"", "\\\"10.0.0.%zu\\\"",
	                                  "\\\"10.0.0.%zu\\\",\\\"fd00::%zu\\\"", "\\\"fd00::%zu\\\""};
	*w = (struct world){.network = {"green", kind > 0, kind == 1 || kind == 2, kind >= 2}};
	for (size_t i = 0; i < 2; i++) {
		vec_push(
		        &w->objects,
		        make("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\",\"labels\":{\"team\":\"%s\"}}}",
		             spaces[i], spaces[i]));
		map_set(&w->namespaces, spaces[i],
		        json_object_get(json_object_get(w->objects.data[w->objects.len - 1], "metadata"), "labels"));
		vec_push(
		        &w->objects,
		        make("{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":\"net\",\"namespace\":\"%s\"},"
		             "\"spec\":{\"config\":\"{\\\"cniVersion\\\":\\\"0.3.1\\\",\\\"name\\\":\\\"green\\\",\\\"netAttachDefName\\\":\\\"%s/net\\\","
		             "\\\"topology\\\":\\\"layer2\\\",%s\\\"type\\\":\\\"ovn-k8s-cni-overlay\\\"}\"}}",
		             spaces[i], spaces[i], subnets[kind]));
		char *nad = mem_printf("%s/net", spaces[i]);
		map_set(&w->nads, nad, &w->network);
		free(nad);
	}
	for (size_t i = 0; i < N_PODS; i++) {
		struct str text = {0};
		for (const char *at = ips[kind]; *at;) {
			const char *number = strstr(at, "%zu");
			str_append_n(&text, at, number ? (size_t)(number - at) : strlen(at));
			at = number ? number + 3 : at + strlen(at);
			if (number)
				str_append_f(&text, "%zu", i + 1);
		}
		json_t *pod = make(
		        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p%zu\",\"namespace\":\"%s\",\"labels\":%s,\"annotations\":"
		        "{\"k8s.v1.cni.cncf.io/networks\":\"net\",\"k8s.v1.cni.cncf.io/network-status\":\"[{\\\"name\\\":\\\"%s/net\\\","
		        "\\\"interface\\\":\\\"net1\\\",\\\"ips\\\":[%s]}]\"}},\"status\":{\"phase\":\"Running\"}}",
		        i, spaces[i / 3], labels[i], spaces[i / 3], str_text(&text));
		vec_push(&w->objects, pod);
		w->ports[i] = (struct policy_rows_port){
		        .name = mem_printf("port%zu", i),
		        .network = &w->network,
		        .ns = spaces[i / 3],
		        .labels = json_object_get(json_object_get(pod, "metadata"), "labels")};
		for (int family = 4; family <= 6; family += 2) {
			struct cni_address address;
			char one[32];
			snprintf(one, sizeof one, family == 4 ? "10.0.0.%zu" : "fd00::%zu", i + 1);
			if ((family == 4 ? kind < 3 : kind >= 2) && cni_address_parse(one, &address))
				vec_push(&w->ports[i].addresses, address);
		}
		str_finish(&text);
	}
}

/* ---- random policies ---- */

#define PICK(list) list[pick(sizeof list / sizeof *list)]

static void add_ports(struct str *out)
{
	static const char *const ports[] = {"{\"port\":80}",
	                                    "{\"port\":443,\"protocol\":\"TCP\"}",
	                                    "{\"port\":80,\"endPort\":500}",
	                                    "{\"protocol\":\"UDP\"}",
	                                    "{\"port\":9000,\"protocol\":\"UDP\"}",
	                                    "{\"port\":\"web\"}",
	                                    "{\"protocol\":\"TCP\"}",
	                                    "{\"port\":0}",
	                                    "{\"port\":70000}",
	                                    "{\"port\":443,\"protocol\":\"SCTP\"}",
	                                    "{\"port\":500,\"endPort\":80}",
	                                    "{\"protocol\":\"ICMP\"}",
	                                    "{}",
	                                    "{\"port\":9000,\"endPort\":9000}",
	                                    "{\"port\":\"web\",\"protocol\":\"UDP\"}",
	                                    "{\"port\":\"web\",\"endPort\":443}",
	                                    "{\"port\":0,\"endPort\":80}",
	                                    "{\"port\":80,\"endPort\":0}",
	                                    "{\"endPort\":80}",
	                                    "{\"port\":-1,\"protocol\":\"UDP\"}",
	                                    "{\"port\":443,\"endPort\":70000}",
	                                    "{\"port\":80,\"protocol\":\"tcp\"}"};
	size_t n = pick(4);
	if (n == 0)
		return;
	str_append(out, ",\"ports\":[");
	for (size_t i = 0; i < n; i++)
		str_append_f(out, "%s%s", i ? "," : "", PICK(ports));
	str_append_c(out, ']');
}

static void add_rules(struct str *out, const char *peers)
{
	static const char *const list[] = {
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.0/30\"}}",
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.0/24\",\"except\":[\"10.0.0.2/32\",\"10.0.0.4/31\"]}}",
	        "{\"ipBlock\":{\"cidr\":\"fd00::/126\"}}",
	        "{\"ipBlock\":{\"cidr\":\"fd00::/64\",\"except\":[\"fd00::1/128\"]}}",
	        "{\"ipBlock\":{\"cidr\":\"nonsense\"}}",
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.3\"}}",
	        "{\"ipBlock\":{\"cidr\":\"fd00::3\"}}",
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.2/29\",\"except\":[\"10.0.0.3\"]}}",
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.0/24\",\"except\":[\"fd00::/64\"]}}",
	        "{\"ipBlock\":{\"cidr\":\"0.0.0.0/0\",\"except\":[\"fd00::/64\",\"bad\"]}}",
	        "{\"podSelector\":{}}",
	        "{\"podSelector\":{\"matchLabels\":{\"app\":\"a\"}}}",
	        "{\"namespaceSelector\":{}}",
	        "{\"namespaceSelector\":{\"matchLabels\":{\"team\":\"yellow\"}}}",
	        "{\"namespaceSelector\":{\"matchLabels\":{\"team\":\"yellow\"}},\"podSelector\":{\"matchExpressions\":[{\"key\":\"role\",\"operator\":\"Exists\"}]}}",
	        "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"b\"]}]}}",
	        "{}",
	        "{\"ipBlock\":{\"cidr\":\"10.0.0.1/32\"},\"podSelector\":{}}",
	        "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\",\"values\":[\"b\"]}]}}",
	        "{\"namespaceSelector\":{\"matchExpressions\":[{\"key\":\"team\",\"operator\":\"In\"}]}}"};
	size_t n = pick(3);
	for (size_t i = 0; i < n; i++) {
		str_append_f(out, "%s{\"x\":0", i ? "," : "");
		size_t n_peers = pick(3);
		if (n_peers)
			str_append_f(out, ",\"%s\":[", peers);
		for (size_t k = 0; k < n_peers; k++)
			str_append_f(out, "%s%s", k ? "," : "",
			             list[pick(sizeof list / sizeof *list - (pick(6) ? 2 : 0))]);
		str_append(out, n_peers ? "]" : "");
		add_ports(out);
		str_append_c(out, '}');
	}
}

static void add_policy(struct world *w, size_t at)
{
	static const char *const subjects[] = {
	        "{}", "{\"matchLabels\":{\"app\":\"a\"}}",
	        "{\"matchExpressions\":[{\"key\":\"role\",\"operator\":\"DoesNotExist\"}]}",
	        "{\"matchLabels\":{\"role\":\"x\"}}"};
	static const char *const types[] = {"\"Ingress\"", "\"Egress\"",           "\"Ingress\",\"Egress\"", "",
	                                    "\"ingress\"", "\"Egress\",\"Egress\""};
	static const char *const targets[] = {"net", "blue/net, yellow/net", " yellow/ net", "other", "net,net"};
	struct str spec = {0};
	str_append_f(&spec, "{\"podSelector\":%s,\"policyTypes\":[%s],\"ingress\":[", PICK(subjects), PICK(types));
	add_rules(&spec, "from");
	str_append(&spec, "],\"egress\":[");
	add_rules(&spec, "to");
	str_append(&spec, "]}");
	json_t *policy = make(
	        "{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\",\"metadata\":{\"name\":\"n%zu\",\"namespace\":\"%s\","
	        "\"annotations\":{\"k8s.v1.cni.cncf.io/policy-for\":\"%s\"}},\"spec\":%s}",
	        at, PICK(spaces), PICK(targets), str_text(&spec));
	vec_push(&w->policies, policy);
	str_finish(&spec);
}

/* ---- the matches of ACLs, as far as these are written ---- */

struct packet {
	struct cni_address src, dst;
	const char *proto; /* "tcp" */
	int port;
	size_t in, out; /* ports; N_PODS: the host's */
};
struct reading {
	const struct world *w;
	const struct packet *packet;
	const char *at;
};

static bool read_any(struct reading *r);

static void pass_blanks(struct reading *r)
{
	r->at += strspn(r->at, " ");
}

static bool take(struct reading *r, const char *word)
{
	pass_blanks(r);
	size_t len = strlen(word);
	if (strncmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

static void take_word(struct reading *r, char out[80])
{
	pass_blanks(r);
	size_t len = strcspn(r->at, " ,(){}=!<|&");
	assert_true(len > 0 && len < 80);
	memcpy(out, r->at, len);
	out[len] = '\0';
	r->at += len;
}

static const json_t *row_column(const struct world *w, const char *table, const char *key, const char *column)
{
	for (size_t i = 0; i < w->rows.items.len; i++)
		if (strcmp(w->rows.items.data[i].table, table) == 0 && strcmp(w->rows.items.data[i].key, key) == 0)
			return json_object_get(w->rows.items.data[i].columns, column);
	fail_msg("no %s %s", table, key);
	return NULL;
}

static bool group_has(const struct world *w, const char *group, size_t port)
{
	const json_t *ports = json_array_get(row_column(w, "Port_Group", group, "ports"), 1), *ref;
	size_t i;
	json_array_foreach (ports, i, ref)
		if (port < N_PODS && strcmp(json_string_value(json_array_get(ref, 2)), w->ports[port].name) == 0)
			return true;
	return false;
}

static bool value_holds(struct reading *r, const struct cni_address *field, const char *word)
{
	struct cni_address range;
	const json_t *item;
	size_t i;
	if (word[0] == '$') {
		json_array_foreach (json_array_get(row_column(r->w, "Address_Set", word + 1, "addresses"), 1), i, item)
			if (cni_address_parse(json_string_value(item), &range) && range.family == field->family &&
			    memcmp(range.bytes, field->bytes, range.family == 6 ? 16 : 4) == 0)
				return true;
		return false;
	}
	assert_true(cni_address_parse(word, &range));
	return cni_address_is_in(field, &range);
}

/* "{1.2.3.4, $set}" or one of them. */
static bool set_holds(struct reading *r, const struct cni_address *field)
{
	char word[80];
	bool holds = false, is_set = take(r, "{");
	do {
		take_word(r, word);
		holds = value_holds(r, field, word) || holds;
	} while (is_set && take(r, ","));
	if (is_set)
		assert_true(take(r, "}"));
	return holds;
}

static bool numbers_hold(struct reading *r, int number)
{
	char word[80];
	int64_t value;
	bool holds = false, is_set = take(r, "{");
	do {
		take_word(r, word);
		assert_true(text_to_int(word, 0, 65535, &value));
		holds = holds || value == number;
	} while (is_set && take(r, ","));
	if (is_set)
		assert_true(take(r, "}"));
	return holds;
}

static bool read_term(struct reading *r)
{
	const struct packet *p = r->packet;
	char word[80], group[80];
	int64_t low, high;
	if (take(r, "(")) {
		bool holds = read_any(r);
		assert_true(take(r, ")"));
		return holds;
	}
	take_word(r, word);
	if (strcmp(word, "inport") == 0 || strcmp(word, "outport") == 0) {
		assert_true(take(r, "==") && take(r, "@"));
		take_word(r, group);
		return group_has(r->w, group, word[0] == 'i' ? p->in : p->out);
	}
	if (strcmp(word, "arp") == 0 || strcmp(word, "nd") == 0)
		return false;
	if (strcmp(word, "ip4") == 0 || strcmp(word, "ip6") == 0)
		return p->src.family == word[2] - '0';
	if (strncmp(word, "ip4.", 4) == 0 || strncmp(word, "ip6.", 4) == 0) {
		const struct cni_address *field = strcmp(word + 4, "src") == 0 ? &p->src : &p->dst;
		bool is_not = take(r, "!=");
		assert_true(is_not || take(r, "=="));
		return (set_holds(r, field) != is_not) && field->family == word[2] - '0';
	}
	if (text_to_int(word, 0, 65535, &low)) { /* 80<=tcp.dst<=90, or 0: false */
		if (!take(r, "<="))
			return assert_int_equal(low, 0), false;
		take_word(r, word);
		assert_true(take(r, "<="));
		take_word(r, group);
		assert_true(text_to_int(group, 0, 65535, &high));
		return strncmp(word, p->proto, strlen(p->proto)) == 0 && p->port >= low && p->port <= high;
	}
	bool is_proto = strncmp(word, p->proto, strlen(p->proto)) == 0;
	return strchr(word, '.') ? (assert_true(take(r, "==")), numbers_hold(r, p->port)) && is_proto : is_proto;
}

static bool read_all(struct reading *r)
{
	bool holds = read_term(r);
	while (take(r, "&&"))
		holds = read_term(r) && holds;
	return holds;
}

static bool read_any(struct reading *r)
{
	bool holds = read_all(r);
	while (take(r, "||"))
		holds = read_all(r) || holds;
	return holds;
}

static bool passes(const struct world *w, const struct packet *packet, const char *direction)
{
	int64_t best = -1;
	bool is_allowed = true;
	for (size_t i = 0; i < w->rows.items.len; i++) {
		const struct plan_row *row = &w->rows.items.data[i];
		if (strcmp(row->table, "ACL") != 0 ||
		    strcmp(json_walk_str(row->columns, "direction", NULL), direction) != 0)
			continue;
		struct reading r = {w, packet, json_walk_str(row->columns, "match", NULL)};
		bool holds = read_any(&r);
		pass_blanks(&r);
		assert_string_equal(r.at, "");
		int64_t priority = json_walk_int(row->columns, -1, "priority", NULL);
		if (holds && priority > best) {
			best = priority;
			is_allowed = strcmp(json_walk_str(row->columns, "action", NULL), "drop") != 0;
		}
	}
	return is_allowed;
}

/* A switch tracks connections once an allow-related ACL of a group with one of its ports is there. */
static bool is_stateful(const struct world *w)
{
	for (size_t i = 0; i < w->rows.items.len; i++) {
		const struct plan_row *row = &w->rows.items.data[i];
		if (strcmp(row->table, "ACL") == 0 &&
		    strcmp(json_walk_str(row->columns, "action", NULL), "allow-related") == 0 &&
		    json_array_size(json_array_get(row_column(w, "Port_Group", row->parent_key, "ports"), 1)) > 0)
			return true;
	}
	return false;
}

static bool connects(const struct world *w, const struct packet *packet)
{
	struct packet reply = *packet;
	if (!passes(w, packet, "from-lport") || !passes(w, packet, "to-lport"))
		return false;
	if (is_stateful(w))
		return true;
	reply.src = packet->dst, reply.dst = packet->src, reply.in = packet->out, reply.out = packet->in;
	reply.port = 40000;
	return passes(w, &reply, "from-lport") && passes(w, &reply, "to-lport");
}

/* ---- beside one another ---- */

static void on_trouble(const json_t *policy, const char *words, void *user)
{
	(void)policy, (void)words, (void)user;
}

static void judge(struct world *w)
{
	const struct policy_rows_input input = {
	        (const json_t *const *)w->policies.data, w->policies.len, w->ports, N_PODS, &w->namespaces, &w->nads};
	policy_rows_build(&w->rows, &input, on_trouble, NULL);
	VEC(const json_t *) all = {0};
	for (size_t i = 0; i < w->objects.len; i++)
		vec_push(&all, w->objects.data[i]);
	for (size_t i = 0; i < w->policies.len; i++)
		vec_push(&all, w->policies.data[i]);
	w->judge = policy_world_create(all.data, all.len);
	vec_finish(&all);
}

static void compare(const struct world *w, const struct packet *packet, enum policy_proto proto)
{
	char from[80], to[80];
	cni_address_format(&packet->src, false, from);
	cni_address_format(&packet->dst, false, to);
	struct policy_question question = {from, to, "green", proto, packet->port, POLICY_OVNK};
	struct policy_verdict verdict;
	struct err err = {0};
	if (!policy_ask(w->judge, &question, &verdict, &err))
		fail_msg("%s", err.text);
	if (verdict.allowed != connects(w, packet)) {
		for (size_t i = 0; i < w->policies.len; i++) {
			char *text = json_dumps(w->policies.data[i], JSON_COMPACT);
			print_error("%s\n", text);
			free(text);
		}
		fail_msg("%s -> %s %s/%d: the verdict is %s (%s), the ACLs are of another opinion; network: %s", from,
		         to, packet->proto, packet->port, verdict.allowed ? "allow" : "deny", verdict.reason,
		         w->network.has_ipam ? "with IPAM" : "without");
	}
	policy_verdict_finish(&verdict);
}

static void compare_all(const struct world *w)
{
	static const char *const protos[] = {"tcp", "udp", "sctp", "icmp"};
	static const int ports[] = {80, 443, 9000};
	for (size_t from = 0; from < N_PODS; from++) {
		for (size_t to = 0; to <= N_PODS; to++) {
			for (size_t a = 0; a < w->ports[from].addresses.len; a++) {
				struct packet packet = {.src = w->ports[from].addresses.data[a], .in = from, .out = to};
				if (to == N_PODS)
					assert_true(cni_address_parse(packet.src.family == 4 ? "10.0.0.99" : "fd00::99",
					                              &packet.dst));
				else if (to != from)
					packet.dst = w->ports[to].addresses.data[a];
				size_t proto = pick(4);
				packet.proto = protos[proto];
				packet.port = proto == POLICY_ICMP ? 0 : ports[pick(3)];
				if (to != from)
					compare(w, &packet, (enum policy_proto)proto);
			}
		}
	}
}

static void finish(struct world *w)
{
	for (size_t i = 0; i < N_PODS; i++) {
		free(w->ports[i].name);
		vec_finish(&w->ports[i].addresses);
	}
	for (size_t i = 0; i < w->objects.len; i++)
		json_decref(w->objects.data[i]);
	for (size_t i = 0; i < w->policies.len; i++)
		json_decref(w->policies.data[i]);
	vec_finish(&w->objects);
	vec_finish(&w->policies);
	map_finish(&w->namespaces);
	map_finish(&w->nads);
	plan_rows_finish(&w->rows);
	policy_world_destroy(w->judge);
}

static void test_agree(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct world w;
		make_world(&w, round % 4);
		for (size_t i = 0, n = 1 + pick(3); i < n; i++)
			add_policy(&w, i);
		judge(&w);
		compare_all(&w);
		finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_agree)};
	return cmocka_run_group_tests_name("policy_agree", tests, NULL, NULL);
}
