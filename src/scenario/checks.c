/* checks: the entries of a stage's `check` list, read from the scenario. What each means is asked in check.c. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

bool load_texts(const json_t *value, struct scenario_texts *out)
{
	char *text = reader_text(value);
	if (text) {
		vec_push(out, text);
		return true;
	}
	size_t i;
	json_t *item;
	if (!json_is_array(value) || json_array_size(value) == 0)
		return false;
	json_array_foreach ((json_t *)value, i, item) {
		text = reader_text(item);
		if (!text)
			return false;
		vec_push(out, text);
	}
	return true;
}

/* KIND/NAME or KIND/NAMESPACE/NAME; `ready` takes a bare KIND too. */
static bool take_object(struct reader *r, const json_t *value, const char *pointer, struct scenario_check *check)
{
	char *text = reader_text(value);
	if (!text)
		return false;
	char *slash = strchr(text, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	if (slash)
		*slash++ = '\0';
	if (second)
		*second++ = '\0';
	check->object = kube_kind_find(text);
	free(check->name);
	check->name = mem_strdup(second ? second : slash ? slash : "");
	if (!check->object) {
		struct nearest near = nearest_start(text);
		for (size_t i = 0; i < KUBE_N_KINDS; i++) {
			nearest_offer(&near, kube_kinds[i].singular);
			nearest_offer(&near, kube_kinds[i].plural);
		}
		reader_problem(r, pointer, "\"%.60s\" is no kind that is watched; %s%s", text,
		               near.best ? "did you mean " : "use one of",
		               near.best ? near.best
		                         : " namespace, node, pod, net-attach-def, multi-policy, vm, vmi, nncp");
	} else if (second && !check->object->namespaced) {
		reader_problem(r, pointer, "a %s is in no namespace; write %s/%s", check->object->singular, text,
		               second);
	} else if (second) {
		vec_push(&check->namespaces, mem_strdup(slash));
	}
	if (check->object && check->name[0] == '\0' && check->kind != SCENARIO_CHECK_READY)
		reader_problem(r, pointer, "\"%.60s\" names no object; write %s/NAME", text, text);
	free(text);
	return true;
}

static bool take_subject(READER_TAKE)
{
	return take_object(r, value, pointer, to);
}

static bool take_path(READER_TAKE)
{
	struct scenario_check *check = to;
	if (!reader_take_line(r, value, pointer, &check->path))
		return false;
	if (!scenario_path_is_valid(check->path))
		reader_problem(r, pointer, "\"%.100s\" is no path to a field; write it like status.conditions[0].type",
		               check->path);
	return true;
}

static bool take_workload(READER_TAKE)
{
	struct scenario_check *check = to;
	if (!reader_take_line(r, value, pointer, &check->name))
		return false;
	if (!strchr(check->name, '/'))
		reader_problem(r, pointer, "\"%.100s\" is no workload; write NAMESPACE/NAME", check->name);
	return true;
}

static bool take_pattern(READER_TAKE)
{
	struct scenario_check *check = to;
	char why[100];
	if (!reader_take_line(r, value, pointer, &check->expected))
		return false;
	int bad = regcomp(&check->pattern, check->expected, REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	check->is_pattern = bad == 0;
	if (bad) {
		regerror(bad, &check->pattern, why, sizeof why);
		reader_problem(r, pointer, "\"%.100s\" is no extended regular expression: %s; see regex(7)",
		               check->expected, why);
	}
	return true;
}

static bool take_exit(READER_TAKE)
{
	(void)r, (void)pointer;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 255)
		return false;
	*(int *)to = (int)json_integer_value(value);
	return true;
}

/* What is said of a flow; which one it is, is looked up when the whole check is read. */
static bool take_way(READER_TAKE)
{
	struct scenario_check *check = to;
	if (!reader_take_line(r, value, pointer, &check->expected))
		return false;
	if (!text_equal(check->expected, "allow") && !text_equal(check->expected, "deny"))
		reader_problem(r, pointer, "\"%.40s\" is not said of a flow; use allow or deny", check->expected);
	return true;
}

static bool take_packets(READER_TAKE)
{
	(void)r, (void)pointer;
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > 1000000)
		return false;
	*(int *)to = (int)json_integer_value(value);
	return true;
}

static bool take_vlan(READER_TAKE)
{
	(void)r, (void)pointer;
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > 4094)
		return false;
	*(int *)to = (int)json_integer_value(value);
	return true;
}

static bool take_in(READER_TAKE)
{
	(void)r, (void)pointer;
	struct scenario_check *check = to;
	scenario_texts_finish(&check->namespaces);
	return load_texts(value, &check->namespaces);
}

/* A text to compare with; YAML reads True and False as more than a text. */
static bool take_expected(READER_TAKE)
{
	if (!json_is_boolean(value))
		return reader_take_line(r, value, pointer, &((struct scenario_check *)to)->expected);
	struct scenario_check *check = to;
	free(check->expected);
	check->expected = mem_strdup(json_is_true(value) ? "True" : "False");
	return true;
}

/* A label without a value is "". */
static bool take_value(READER_TAKE)
{
	struct scenario_check *check = to;
	if (!json_is_string(value) || json_string_length(value) > 0)
		return take_expected(r, value, pointer, to);
	free(check->expected);
	check->expected = mem_strdup("");
	return true;
}

/* clang-format off */
#define AT(field) offsetof(struct scenario_check, field)
#define OBJECT_WORDS "KIND/NAME, such as namespace/tenantblue"
#define NETWORK_WORDS "the name of a network"
#define WITHIN_KEY {"within", false, "a duration such as 30s or 2m", reader_take_duration, AT(within_ms)}
#define IN_KEY {"in", false, "a namespace or a list of namespaces", take_in, 0}
static const struct reader_key exists_keys[] = {{"exists", true, OBJECT_WORDS, take_subject, 0}, IN_KEY, WITHIN_KEY, {0}};
static const struct reader_key gone_keys[] = {{"gone", true, OBJECT_WORDS, take_subject, 0}, IN_KEY, WITHIN_KEY, {0}};
static const struct reader_key ready_keys[] = {{"ready", true, "pods, or KIND/NAME", take_subject, 0}, IN_KEY, WITHIN_KEY, {0}};
static const struct reader_key condition_keys[] = {
	{"condition", true, "a condition's type, such as Ready", reader_take_line, AT(type)},
	{"of", true, OBJECT_WORDS, take_subject, 0},
	{"is", false, "True, False or Unknown", take_expected, 0},
	IN_KEY, WITHIN_KEY, {0}};
static const struct reader_key field_keys[] = {
	{"field", true, "a path such as status.phase", take_path, 0},
	{"of", true, OBJECT_WORDS, take_subject, 0},
	{"equals", true, "a text of one line, which may be empty", take_value, 0},
	IN_KEY, WITHIN_KEY, {0}};
static const struct reader_key network_keys[] = {
	{"network", true, NETWORK_WORDS, reader_take_line, AT(network)},
	{"in", true, "a namespace or a list of namespaces", take_in, 0},
	{"vlan", false, "a VLAN's number, 1 to 4094", take_vlan, AT(status)},
	WITHIN_KEY, {0}};
static const struct reader_key mapped_keys[] = {{"mapped", true, NETWORK_WORDS, reader_take_line, AT(network)}, WITHIN_KEY, {0}};
static const struct reader_key address_keys[] = {
	{"address", true, "a workload, NAMESPACE/NAME", take_workload, 0},
	{"on", true, NETWORK_WORDS, reader_take_line, AT(network)},
	WITHIN_KEY, {0}};
static const struct reader_key up_keys[] = {{"up", true, "the name of a host", reader_take_line, AT(name)}, WITHIN_KEY, {0}};
static const struct reader_key output_keys[] = {{"output", true, "a part of the output, one line", reader_take_line, AT(expected)}, {0}};
static const struct reader_key pattern_keys[] = {{"output-matches", true, "a regular expression", take_pattern, 0}, {0}};
#define FLOW_WORDS "a flow's id"
static const struct reader_key verdict_keys[] = {{"verdict", true, FLOW_WORDS, reader_take_line, AT(type)}, {"is", true, "allow or deny", take_way, 0}, WITHIN_KEY, {0}};
static const struct reader_key ovn_keys[] = {{"ovn", true, FLOW_WORDS, reader_take_line, AT(type)}, {"is", true, "allow or deny", take_way, 0}, {"by", false, "a part of the ACL's name", reader_take_line, AT(name)}, WITHIN_KEY, {0}};
static const struct reader_key dropped_keys[] = {{"dropped", true, FLOW_WORDS, reader_take_line, AT(type)}, {"at-least", true, "a number of packets", take_packets, AT(status)}, WITHIN_KEY, {0}};
static const struct reader_key exit_keys[] = {{"exit", true, "an exit status, 0 to 255", take_exit, AT(status)}, {0}};

static const struct {
	const char *key, *what;
	enum scenario_check_kind kind;
	const struct reader_key *keys;
} check_kinds[] = {
	{"exists", "the check \"exists\"", SCENARIO_CHECK_EXISTS, exists_keys},
	{"gone", "the check \"gone\"", SCENARIO_CHECK_GONE, gone_keys},
	{"ready", "the check \"ready\"", SCENARIO_CHECK_READY, ready_keys},
	{"condition", "the check \"condition\"", SCENARIO_CHECK_CONDITION, condition_keys},
	{"field", "the check \"field\"", SCENARIO_CHECK_FIELD, field_keys},
	{"network", "the check \"network\"", SCENARIO_CHECK_NETWORK, network_keys},
	{"mapped", "the check \"mapped\"", SCENARIO_CHECK_MAPPED, mapped_keys},
	{"address", "the check \"address\"", SCENARIO_CHECK_ADDRESS, address_keys},
	{"up", "the check \"up\"", SCENARIO_CHECK_UP, up_keys},
	{"output", "the check \"output\"", SCENARIO_CHECK_OUTPUT, output_keys},
	{"output-matches", "the check \"output-matches\"", SCENARIO_CHECK_OUTPUT, pattern_keys},
	{"exit", "the check \"exit\"", SCENARIO_CHECK_EXIT, exit_keys},
	{"verdict", "the check \"verdict\"", SCENARIO_CHECK_VERDICT, verdict_keys},
	{"ovn", "the check \"ovn\"", SCENARIO_CHECK_OVN, ovn_keys},
	{"dropped", "the check \"dropped\"", SCENARIO_CHECK_DROPPED, dropped_keys},
};
#define N_CHECK_KINDS (sizeof check_kinds / sizeof check_kinds[0])
/* clang-format on */

static size_t find_check_kind(const json_t *value)
{
	for (size_t i = 0; i < N_CHECK_KINDS; i++) {
		if (json_object_get(value, check_kinds[i].key))
			return i;
	}
	return N_CHECK_KINDS;
}

static void unknown_check(struct reader *r, const json_t *value, const char *pointer)
{
	const char *key = "";
	json_t *ignored;
	struct nearest best = {.distance = SIZE_MAX};
	json_object_foreach ((json_t *)value, key, ignored) {
		struct nearest near = nearest_start(key);
		for (size_t i = 0; i < N_CHECK_KINDS; i++)
			nearest_offer(&near, check_kinds[i].key);
		if (near.best && near.distance < best.distance)
			best = near;
	}
	if (best.best)
		reader_problem(r, pointer, "there is no check \"%.60s\"; did you mean \"%s\"?", best.wanted, best.best);
	else
		reader_problem(r, pointer,
		               "this is no check; use one of exists, gone, ready, condition, field, network, mapped, "
		               "address, up, output, "
		               "output-matches, exit, verdict, ovn, dropped");
}

/* An object without `in`: the only namespace of the act, or none where the kind has none. */
static void settle_namespaces(struct loading *l, const char *pointer, struct scenario_check *check)
{
	const struct scenario_act *act = l->act;
	if (!check->object)
		return;
	if (!check->object->namespaced) {
		if (check->namespaces.len > 0)
			reader_problem(&l->reader, pointer, "a %s is in no namespace; take \"in\" away",
			               check->object->singular);
		scenario_texts_finish(&check->namespaces);
		vec_push(&check->namespaces, mem_strdup(""));
	} else if (check->namespaces.len == 0 && act->namespaces.len == 1) {
		vec_push(&check->namespaces, mem_strdup(act->namespaces.data[0]));
	} else if (check->namespaces.len == 0) {
		reader_problem(&l->reader, pointer,
		               "a %s is in a namespace; add in: NAMESPACE, or write %s/NAMESPACE/NAME",
		               check->object->singular, check->object->singular);
	}
}

static void known_namespaces(struct loading *l, const char *pointer, const struct scenario_check *check)
{
	for (size_t i = 0; i < check->namespaces.len; i++) {
		bool known = check->namespaces.data[i][0] == '\0';
		struct nearest near = nearest_start(check->namespaces.data[i]);
		for (size_t k = 0; k < l->act->namespaces.len; k++) {
			known = known || text_equal(l->act->namespaces.data[k], check->namespaces.data[i]);
			nearest_offer(&near, l->act->namespaces.data[k]);
		}
		if (!known)
			reader_problem(&l->reader, pointer, "\"%.60s\" is not among the act's namespaces; %s%s",
			               check->namespaces.data[i],
			               near.best ? "did you mean " : "add it to \"namespaces\"",
			               near.best ? near.best : "");
	}
}

bool load_check(struct loading *l, const json_t *value, const char *pointer, int64_t within_ms,
                struct scenario_check *out)
{
	size_t kind = find_check_kind(value);
	if (kind == N_CHECK_KINDS) {
		unknown_check(&l->reader, value, pointer);
		return false;
	}
	*out = (struct scenario_check){
	        .kind = check_kinds[kind].kind, .within_ms = within_ms, .line = reader_line(&l->reader, pointer)};
	reader_map(&l->reader, value, pointer, check_kinds[kind].keys, check_kinds[kind].what, out);
	if (out->kind == SCENARIO_CHECK_CONDITION && !out->expected)
		out->expected = mem_strdup("True");
	bool is_of_flow = out->kind == SCENARIO_CHECK_VERDICT || out->kind == SCENARIO_CHECK_OVN ||
	                  out->kind == SCENARIO_CHECK_DROPPED;
	out->flow = is_of_flow && out->type ? load_find_flow(l, out->type, pointer) : TOPO_NONE;
	settle_namespaces(l, pointer, out);
	known_namespaces(l, pointer, out);
	return true;
}

static void check_host(struct loading *l, const struct scenario_check *check)
{
	struct nearest near = nearest_start(check->name);
	for (size_t i = 0; i < l->act->hosts.len; i++) {
		const struct scenario_host *host = &l->act->hosts.data[i];
		if (text_equal(host->name, check->name) && host->watch[0] == '\0')
			reader_problem_at(&l->reader, l->reader.name, check->line,
			                  "nothing says whether the host \"%.60s\" is up; give it a \"watch\"",
			                  check->name);
		if (text_equal(host->name, check->name))
			return;
		nearest_offer(&near, host->name);
	}
	reader_problem_at(&l->reader, l->reader.name, check->line, "there is no host \"%.60s\"; %s%s", check->name,
	                  near.best ? "did you mean " : "add it to \"hosts\"", near.best ? near.best : "");
}

void load_check_names(struct loading *l, const struct scenario_check *check)
{
	if (check->kind == SCENARIO_CHECK_UP && check->name)
		check_host(l, check);
	struct nearest near;
	if (check->network && !promises_network(l->act, check->network, &near))
		reader_problem_at(&l->reader, l->reader.name, check->line,
		                  "no manifest of this act has a network \"%.60s\"; correct the name, or "
		                  "name the manifest under \"promises\"",
		                  check->network);
	if (check->kind == SCENARIO_CHECK_ADDRESS && check->name && !promises_workload(l->act, check->name, &near))
		reader_problem_at(&l->reader, l->reader.name, check->line,
		                  "no manifest of this act has a workload \"%.100s\"; %s%s", check->name,
		                  near.best ? "did you mean "
		                            : "correct the name, or name the manifest under \"promises\"",
		                  near.best ? near.best : "");
}

void load_check_finish(struct scenario_check *check)
{
	free(check->name);
	free(check->type);
	free(check->path);
	free(check->network);
	free(check->expected);
	scenario_texts_finish(&check->namespaces);
	if (check->is_pattern)
		regfree(&check->pattern);
}

bool scenario_check_is_of_cluster(const struct scenario_check *check)
{
	return check->kind != SCENARIO_CHECK_OUTPUT && check->kind != SCENARIO_CHECK_EXIT;
}
