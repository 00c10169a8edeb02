/* Peers and ports in OVN's language, as OVN-Kubernetes 1.3 writes them. Nothing gets into a match unparsed. */
#include "lab/policy_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/labels.h"

static const struct gress {
	const char *list, *peers;
} gresses[] = {{"ingress", "from"}, {"egress", "to"}};
#define N_GRESSES (sizeof gresses / sizeof gresses[0])

/* ---- ports ---- */

static const char *const protocols[] = {"tcp", "udp", "sctp"}, *const protocol_names[] = {"TCP", "UDP", "SCTP"};
#define N_PROTOCOLS (sizeof protocols / sizeof protocols[0])

#define NOTHING "0" /* OVN's word for false */

struct port {
	size_t protocol;         /* N_PROTOCOLS: none of them */
	json_int_t first, last;  /* as written; 0 both: no number, or a name, which stands for any port */
	bool is_readable;        /* by OVN, if it were written as it is */
};

/* The original does not check: a name counts as 0 there, an endPort of 0 as none. */
static struct port read_port(const json_t *value)
{
	const json_t *number = json_object_get(value, "port"), *end = json_object_get(value, "endPort");
	const char *protocol = json_walk_str(value, "protocol", NULL);
	struct port port = {.protocol = protocol[0] == '\0' ? 0 : N_PROTOCOLS};
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (strcmp(protocol_names[i], protocol) == 0)
			port.protocol = i;
	if (json_is_integer(number) || json_is_string(number)) {
		port.first = json_integer_value(number);
		port.last = json_integer_value(end) != 0 ? json_integer_value(end) : port.first;
	}
	port.is_readable = port.first >= 0 && port.first <= 65535 && port.last >= 0 && port.last <= 65535;
	return port;
}

/* NULL, or what is wrong. */
static const char *port_problem(const json_t *value)
{
	const json_t *number = json_object_get(value, "port");
	const struct port port = read_port(value);
	if (port.protocol == N_PROTOCOLS)
		return "is of an unknown protocol (there are TCP, UDP, SCTP): it matches nothing";
	if (!port.is_readable)
		return "is not within 1 to 65535: OVN cannot read it, and no port of this protocol matches in this rule";
	if (json_is_integer(number) && port.first == 0)
		return "is 0, which is no port";
	return port.last < port.first ? "ends before it begins: it matches nothing" : NULL;
}

/* Numbers first, then ranges. A name beside numbers of its protocol adds nothing to them: so the original does it. */
static char *match_ports(const json_t *ports, size_t protocol)
{
	struct str numbers = {0}, ranges = {0}, out = {0};
	const char *name = protocols[protocol];
	size_t n_numbers = 0, n_terms = 0, i;
	bool is_readable = true;
	json_t *value;
	json_array_foreach (ports, i, value) {
		const struct port port = read_port(value);
		if (port.protocol != protocol || (port.first == 0 && port.last == 0))
			continue;
		is_readable = is_readable && port.is_readable;
		if (port.last != port.first)
			str_append_f(&ranges, "%s%d<=%s.dst<=%d", n_terms++ > 0 ? " || " : "", (int)port.first, name,
			             (int)port.last);
		else
			str_append_f(&numbers, "%s%d", n_numbers++ > 0 ? "," : "", (int)port.first);
	}
	bool is_list = n_terms + (n_numbers > 0) > 1;
	str_append_f(&out, "%s%s%s", name, n_terms + n_numbers > 0 ? " && " : "", is_list ? "(" : "");
	if (n_numbers > 0)
		str_append_f(&out, n_numbers > 1 ? "%s.dst=={%s}" : "%s.dst==%s", name, str_text(&numbers));
	str_append_f(&out, "%s%s%s", n_numbers > 0 && n_terms > 0 ? " || " : "", str_text(&ranges), is_list ? ")" : "");
	str_finish(&numbers);
	str_finish(&ranges);
	if (!is_readable) {
		str_finish(&out);
		return mem_strdup(NOTHING);
	}
	return str_take(&out);
}

void policy_ports_read(const json_t *ports, struct policy_ports *out)
{
	if (json_array_size(ports) == 0) {
		vec_push(&out->items, (struct policy_protocol){"None", mem_strdup("")});
		return;
	}
	for (size_t protocol = 0; protocol <= N_PROTOCOLS; protocol++) {
		bool is_there = false;
		size_t i;
		json_t *value;
		json_array_foreach (ports, i, value) {
			is_there = is_there || read_port(value).protocol == protocol;
		}
		if (is_there && protocol == N_PROTOCOLS)
			vec_push(&out->items, (struct policy_protocol){"", mem_strdup(NOTHING)});
		else if (is_there)
			vec_push(&out->items,
			         (struct policy_protocol){protocols[protocol], match_ports(ports, protocol)});
	}
}

void policy_ports_finish(struct policy_ports *ports)
{
	for (size_t i = 0; i < ports->items.len; i++)
		free(ports->items.data[i].match);
	vec_finish(&ports->items);
}

/* ---- peers ---- */

static bool has_selector(const json_t *peer)
{
	return json_is_object(json_object_get(peer, "podSelector")) ||
	       json_is_object(json_object_get(peer, "namespaceSelector"));
}

bool policy_peer_is_selector(const json_t *peer)
{
	return !json_is_object(json_object_get(peer, "ipBlock")) && has_selector(peer);
}

struct policy_peers policy_peers_of(const json_t *peers)
{
	struct policy_peers found = {0};
	size_t i;
	json_t *peer;
	json_array_foreach (peers, i, peer) {
		found.n_blocks += json_is_object(json_object_get(peer, "ipBlock"));
		found.n_selectors += policy_peer_is_selector(peer);
	}
	return found;
}

/* Its text may go into a match then: OVN takes an address alone as well. */
static bool read_block_part(const json_t *value, struct cni_address *out)
{
	const char *text = json_string_value(value);
	return text != NULL && cni_address_parse(text, out);
}

/* False: OVN could not read it. What is no IPv6 CIDR the original takes for IPv4. */
static bool match_block(const json_t *block, const char *end, struct str *out)
{
	const json_t *cidr = json_object_get(block, "cidr");
	struct cni_address address, other;
	size_t i;
	json_t *except;
	if (!read_block_part(cidr, &address) || (address.family == 6 && address.prefix < 0))
		return false;
	str_append_f(out, "ip%d.%s == %s", address.family, end, json_string_value(cidr));
	json_array_foreach (json_object_get(block, "except"), i, except) {
		if (!read_block_part(except, &other) || other.family != address.family)
			return false;
		if (i == 0)
			str_append_f(out, " && ip%d.%s != {", address.family, end);
		str_append_f(out, "%s%s", i > 0 ? ", " : "", json_string_value(except));
	}
	str_append(out, i > 0 ? "}" : "");
	return true;
}

void policy_match_blocks(const json_t *peers, const char *end, struct str *out)
{
	struct str all = {0}, one = {0}, first = {0};
	bool is_readable = true;
	size_t n = 0, i;
	json_t *peer;
	json_array_foreach (peers, i, peer) {
		const json_t *block = json_object_get(peer, "ipBlock");
		str_clear(&one);
		if (!json_is_object(block))
			continue;
		is_readable = match_block(block, end, &one) && is_readable;
		bool is_compound = strstr(str_text(&one), "&&") != NULL;
		if (n == 0)
			str_append(&first, str_text(&one));
		str_append_f(&all, is_compound ? "%s(%s)" : "%s%s", n++ > 0 ? " || " : "", str_text(&one));
	}
	if (!is_readable)
		str_append(out, NOTHING);
	else if (n == 1)
		str_append(out, str_text(&first));
	else
		str_append_f(out, "(%s)", str_text(&all));
	str_finish(&first);
	str_finish(&one);
	str_finish(&all);
}

/* ---- selectors, as text ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *expression_text(const json_t *expression)
{
	VEC(const char *) values = {0};
	struct str out = {0};
	size_t i;
	json_t *value;
	json_array_foreach (json_object_get(expression, "values"), i, value) {
		vec_push(&values, json_is_string(value) ? json_string_value(value) : "");
	}
	if (values.len > 0)
		qsort(values.data, values.len, sizeof *values.data, by_text);
	str_append_f(&out, "LSR{Key:%s,Operator:%s,Values:[", json_walk_str(expression, "key", NULL),
	             json_walk_str(expression, "operator", NULL));
	for (i = 0; i < values.len; i++)
		str_append_f(&out, "%s%s", i > 0 ? " " : "", values.data[i]);
	str_append(&out, "],}");
	vec_finish(&values);
	return str_take(&out);
}

static void append_labels(struct str *out, const json_t *labels)
{
	struct map sorted = {0};
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)labels, key, value) {
		map_set(&sorted, key, value);
	}
	str_append(out, "ML:{");
	for (size_t i = 0; i < sorted.len; i++)
		str_append_f(out, "%s: %s,", sorted.entries[i].key, json_walk_str(labels, sorted.entries[i].key, NULL));
	str_append(out, "},");
	map_finish(&sorted);
}

static void append_expressions(struct str *out, const json_t *expressions)
{
	VEC(char *) texts = {0};
	size_t i;
	json_t *item;
	json_array_foreach (expressions, i, item) {
		vec_push(&texts, expression_text(item));
	}
	if (texts.len > 0)
		qsort(texts.data, texts.len, sizeof *texts.data, by_text);
	str_append(out, "ME:{");
	for (i = 0; i < texts.len; i++) {
		str_append_f(out, "%s%s", i > 0 ? "," : "", texts.data[i]);
		free(texts.data[i]);
	}
	str_append(out, "},");
	vec_finish(&texts);
}

void policy_rows_selector(struct str *out, const json_t *selector)
{
	const json_t *labels = json_object_get(selector, "matchLabels"),
	             *expressions = json_object_get(selector, "matchExpressions");
	str_append(out, "LS{");
	if (json_object_size(labels) > 0)
		append_labels(out, labels);
	if (json_array_size(expressions) > 0)
		append_expressions(out, expressions);
	str_append_c(out, '}');
}

/* ---- the policy as a whole ---- */

char *policy_for_of(const json_t *policy)
{
	const char *at = json_walk_str(policy, "metadata", "annotations", POLICY_ROWS_FOR, NULL);
	const char *ns = json_walk_str(policy, "metadata", "namespace", NULL);
	struct str out = {0}, item = {0};
	for (;; at++) {
		if (*at != ',' && *at != '\0') {
			if (strchr(" \t\r\n", *at) == NULL)
				str_append_c(&item, *at);
			continue;
		}
		if (item.len > 0)
			str_append_f(&out, "%s%s%s%s", out.len > 0 ? "," : "", strchr(str_text(&item), '/') ? "" : ns,
			             strchr(str_text(&item), '/') ? "" : "/", str_text(&item));
		str_clear(&item);
		if (*at == '\0')
			break;
	}
	str_finish(&item);
	return str_take(&out);
}

static bool refuse_peer(const json_t *policy, const char *gress, const json_t *peer,
                        const struct policy_rows_network *network, struct str *words)
{
	const json_t *selectors[] = {json_object_get(peer, "podSelector"), json_object_get(peer, "namespaceSelector")};
	if (!network->has_ipam && has_selector(peer)) {
		str_append_f(words, "invalid %s peer ", gress);
		str_append_json(words, peer, JSON_COMPACT);
		str_append_f(words,
		             " in multi-network policy %s; IPAM-less networks can only have `ipBlock` peers (network "
		             "%s: the "
		             "policy is not in force there, its pods stay open)",
		             json_walk_str(policy, "metadata", "name", NULL), network->name);
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *problem = json_is_object(selectors[i]) ? labels_problem(selectors[i]) : NULL;
		if (problem == NULL || !policy_peer_is_selector(peer))
			continue;
		str_append_f(words, "a selector of an %s peer has %s: the policy is not in force, its pods stay open",
		             gress, problem);
		return true;
	}
	return false;
}

bool policy_refusal(const json_t *policy, const struct policy_rows_network *network, struct str *words)
{
	const char *problem = labels_problem(json_walk(policy, "spec", "podSelector", NULL));
	if (problem != NULL) {
		str_append_f(words, "spec.podSelector has %s: the policy is not in force, its pods stay open", problem);
		return true;
	}
	for (size_t g = 0; g < N_GRESSES; g++) {
		size_t i, k;
		json_t *rule, *peer;
		json_array_foreach (json_walk(policy, "spec", gresses[g].list, NULL), i, rule) {
			json_array_foreach (json_object_get(rule, gresses[g].peers), k, peer) {
				if (refuse_peer(policy, gresses[g].list, peer, network, words))
					return true;
			}
		}
	}
	return false;
}

static void add_trouble(struct str *words, const char *path, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
static void add_trouble(struct str *words, const char *path, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_append_f(words, "%s%s ", words->len > 0 ? "; " : "", path);
	str_append_v(words, fmt, args);
	va_end(args);
}

static void block_troubles(const json_t *block, const char *path, struct str *words)
{
	struct str match = {0};
	struct cni_address cidr = {0}, other;
	size_t i;
	json_t *except;
	if (!match_block(block, "src", &match))
		add_trouble(words, path,
		            "has a CIDR that is none, such as 192.168.200.0/24: OVN cannot read it, and no ipBlock of this rule matches");
	else
		json_array_foreach (json_object_get(block, "except"), i, except) {
			if (read_block_part(json_object_get(block, "cidr"), &cidr) && read_block_part(except, &other) &&
			    !cni_address_is_in(&other, &cidr))
				add_trouble(words, path, "has an except that is not within its CIDR: it excepts nothing");
		}
	str_finish(&match);
}

static void rule_troubles(const json_t *rule, const struct gress *gress, size_t index, struct str *words)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(rule, gress->peers), i, item) {
		char *path = mem_printf("spec.%s[%zu].%s[%zu]", gress->list, index, gress->peers, i);
		if (json_is_object(json_object_get(item, "ipBlock")))
			block_troubles(json_object_get(item, "ipBlock"), path, words);
		else if (!has_selector(item))
			add_trouble(words, path, "says nothing: it is left out, and a rule without peers allows all");
		free(path);
	}
	json_array_foreach (json_object_get(rule, "ports"), i, item) {
		char *path = mem_printf("spec.%s[%zu].ports[%zu]", gress->list, index, i);
		const char *problem = port_problem(item);
		if (problem != NULL)
			add_trouble(words, path, "%s", problem);
		free(path);
	}
}

void policy_troubles(const json_t *policy, struct str *words)
{
	char *networks = policy_for_of(policy);
	if (networks[0] == '\0')
		add_trouble(words, "annotation " POLICY_ROWS_FOR, "is missing: the policy is in force nowhere");
	free(networks);
	for (size_t g = 0; g < N_GRESSES; g++) {
		size_t i;
		json_t *rule;
		json_array_foreach (json_walk(policy, "spec", gresses[g].list, NULL), i, rule) {
			rule_troubles(rule, &gresses[g], i, words);
		}
	}
}
