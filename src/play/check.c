/* check: asks a stage's checks of what is known now: the store (kube), the graph (topo), the command's own result.
 *
 * Pure: the engine says when to ask, keeps the time and decides how long waiting is of use. What is found is said so that
 * the presenter need not look it up: the object, its state, the reason and the cure as the graph knows them.
 */
#include <stdlib.h>
#include <string.h>

#include "play/check.h"

#define QUOTE_MAX 160 /* bytes of an output or a value that are quoted in one line */
#define NAMED_MAX 2   /* pods that are named with their state; the others are counted */

static enum kube_kind_id kind_id(const struct scenario_check *check)
{
	return (enum kube_kind_id)(check->object - kube_kinds);
}

void check_append_namespaces(const struct scenario_check *check, struct str *out)
{
	for (size_t i = 0; i < check->namespaces.len; i++) {
		if (check->namespaces.data[i][0] != '\0')
			str_append_f(out, "%s%s", i ? ", " : " in ", check->namespaces.data[i]);
	}
}

static void append_object(const struct scenario_check *check, const char *ns, struct str *out)
{
	str_append_f(out, "%s %s%s%s", check->object->singular, ns, ns[0] ? "/" : "", check->name);
}

static void append_quote(struct str *out, const char *text)
{
	size_t len = strlen(text), cut = text_whole(text, len, QUOTE_MAX);
	struct str line = {0};
	for (size_t i = 0; i < cut; i++) {
		if (text[i] != '\n')
			str_append_c(&line, text[i]);
		else if (i + 1 < cut)
			str_append(&line, " / ");
	}
	char quote = strchr(str_text(&line), '"') && !strchr(str_text(&line), '\'') ? '\'' : '"';
	str_append_c(out, quote);
	str_append_safe(out, str_text(&line), line.len);
	str_append(out, cut < len ? "..." : "");
	str_append_c(out, quote);
	str_finish(&line);
}

static const json_t *find_object(const struct asking *a, const char *ns)
{
	return kube_find(a->facts->kube, kind_id(a->check), ns, a->check->name);
}

static bool is_going(const json_t *object)
{
	return json_walk_str(object, "metadata", "deletionTimestamp", NULL)[0] != '\0';
}

/* False, and words, when the cluster does not even know the kind. */
static bool is_served(const struct asking *a)
{
	if (kube_is_served(a->facts->kube, kind_id(a->check)))
		return true;
	str_append_f(a->found, "the cluster does not serve %s%s%s", a->check->object->plural,
	             a->check->object->group[0] ? "." : "", a->check->object->group);
	str_append(a->cure, "install what brings this kind (its CustomResourceDefinition), or use the lab");
	return false;
}

/* ---- exists, gone ---- */

static enum check_result ask_exists(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i];
		const json_t *object = find_object(a, ns);
		if (object && !is_going(object))
			continue;
		append_object(a->check, ns, a->found);
		str_append(a->found, object ? " is being deleted" : " is not there");
		if (ns[0] != '\0' && !kube_find(a->facts->kube, KUBE_NAMESPACE, NULL, ns))
			str_append_f(a->found, ", nor is namespace %s", ns);
		else if (!object)
			check_append_near(a, ns);
		str_append(a->cure, object ? "wait until it is gone, then run the stage again"
		                           : "see what the command printed, then run it again");
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

struct counting {
	const char *ns;
	size_t n;
};

static bool count_pod(const json_t *pod, void *user)
{
	struct counting *c = user;
	c->n += text_equal(kube_ns(pod), c->ns);
	return true;
}

static enum check_result ask_gone(const struct asking *a)
{
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const json_t *object = find_object(a, a->check->namespaces.data[i]);
		if (!object)
			continue;
		append_object(a->check, a->check->namespaces.data[i], a->found);
		str_append(a->found, is_going(object) ? " is still being deleted" : " is still there");
		struct counting pods = {.ns = a->check->name};
		if (kind_id(a->check) == KUBE_NAMESPACE)
			kube_each(a->facts->kube, KUBE_POD, count_pod, &pods);
		if (pods.n > 0)
			str_append_f(a->found, ", with %zu pod%s in it", pods.n, pods.n == 1 ? "" : "s");
		if (is_going(object))
			str_append_f(a->cure,
			             "see what holds it: kubectl get %s %s -oyaml, under finalizers and conditions",
			             a->check->object->singular, a->check->name);
		else
			str_append(a->cure, "run the stage again");
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

/* ---- ready ---- */

/* Objects of the check's kind in its namespaces: those that are there, and those that the manifests promise. */
struct counted {
	const struct asking *asking;
	size_t n, n_ready, n_named;
	struct str first;  /* "NAME -nNS" of the first of them */
	struct str others; /* "ns/name is STATE: why; ..." of those that are not ready */
};

static bool is_asked_for(const struct asking *a, const json_t *object)
{
	if (a->check->name[0] != '\0' && !text_equal(kube_name(object), a->check->name))
		return false;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		if (text_equal(a->check->namespaces.data[i], kube_ns(object)))
			return true;
	}
	return false;
}

/* The graph's words for a workload; for other objects those of its condition. */
static void append_state(const struct asking *a, const json_t *object, const char *id, struct str *out)
{
	size_t at = topo_find_workload(a->facts->topo, id);
	const char *reason = "", *message = "";
	if (at != TOPO_NONE) {
		const struct topo_workload *workload = &a->facts->topo->workloads.data[at];
		str_append_f(out, "%s is %s", id, object ? workload->phase : "not there");
		if (object && workload->reason[0] != '\0')
			str_append_f(out, ": %s", workload->reason);
	} else {
		const char *status = object ? kube_condition(object, "Ready", &reason, &message) : "";
		str_append_f(out, "%s is %s%s%s%s", id, object ? "not Ready" : "not there",
		             status[0] && message[0] ? ": " : "", message[0] ? message : "", "");
	}
	for (size_t i = 0; at != TOPO_NONE && i < a->facts->topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &a->facts->topo->attachments.data[i];
		if (attachment->workload == at && attachment->state == TOPO_FAILED && attachment->problem[0] != '\0' &&
		    !strstr(str_text(out), attachment->problem))
			str_append_f(out, "; %s", attachment->problem);
	}
}

static void count_object(struct counted *c, const json_t *object, bool is_there)
{
	const char *ns = kube_ns(object);
	const char *reason, *message;
	c->n++;
	if (is_there && !is_going(object) && text_equal(kube_condition(object, "Ready", &reason, &message), "True")) {
		c->n_ready++;
		return;
	}
	if (c->n_named++ >= NAMED_MAX)
		return;
	char *id = mem_printf("%s%s%s", ns, ns[0] ? "/" : "", kube_name(object));
	if (c->others.len > 0)
		str_append(&c->others, "; ");
	else
		str_append_f(&c->first, "%s%s%s", kube_name(object), ns[0] ? " -n" : "", ns);
	append_state(c->asking, is_there ? object : NULL, id, &c->others);
	free(id);
}

static bool count_there(const json_t *object, void *user)
{
	struct counted *c = user;
	if (is_asked_for(c->asking, object))
		count_object(c, object, true);
	return true;
}

static void count_promised(struct counted *c)
{
	const struct asking *a = c->asking;
	for (size_t i = 0; i < a->facts->n_planned; i++) {
		const json_t *object = a->facts->planned[i];
		if (kube_kind_of(object) == a->check->object && is_asked_for(a, object) &&
		    !kube_find(a->facts->kube, kind_id(a->check), kube_ns(object), kube_name(object)))
			count_object(c, object, false);
	}
}

static enum check_result ask_ready(const struct asking *a)
{
	struct counted c = {.asking = a};
	if (!is_served(a))
		return CHECK_WAITS;
	kube_each(a->facts->kube, kind_id(a->check), count_there, &c);
	count_promised(&c);
	const char *what = c.n == 1 ? a->check->object->singular : a->check->object->plural;
	if (c.n == 0) {
		str_append_f(a->found, "there is no %s", a->check->object->singular);
		check_append_namespaces(a->check, a->found);
		str_append(a->cure, "run the stage that makes it");
	} else {
		str_append_f(a->found, "%zu of %zu %s Ready", c.n_ready, c.n, what);
	}
	if (c.others.len > 0)
		str_append_f(a->found, "; %s", str_text(&c.others));
	if (c.n_named > NAMED_MAX)
		str_append_f(a->found, "; and %zu more", c.n_named - NAMED_MAX);
	if (c.n > c.n_ready)
		str_append_f(a->cure, "kubectl describe %s %s says more", a->check->object->singular,
		             str_text(&c.first));
	str_finish(&c.first);
	str_finish(&c.others);
	return c.n > 0 && c.n == c.n_ready ? CHECK_HOLDS : CHECK_WAITS;
}

/* ---- condition, field ---- */

static enum check_result ask_condition(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i], *reason = "", *message = "";
		const json_t *object = find_object(a, ns);
		const char *status = object ? kube_condition(object, a->check->type, &reason, &message) : "";
		if (object && text_equal(status, a->check->expected))
			continue;
		append_object(a->check, ns, a->found);
		if (!object)
			str_append(a->found, " is not there");
		else if (status[0] == '\0')
			str_append_f(a->found, " says nothing of %s yet", a->check->type);
		else
			str_append_f(a->found, ": %s is %s%s%s%s%s", a->check->type, status, reason[0] ? ", " : "",
			             reason, message[0] ? ": " : "", message);
		str_append_f(a->cure, "kubectl describe %s %s says more", a->check->object->singular, a->check->name);
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

static void append_value(struct str *out, const json_t *value)
{
	if (!value)
		return;
	if (json_is_string(value))
		str_append(out, json_string_value(value));
	else if (json_is_boolean(value))
		str_append(out, json_is_true(value) ? "True" : "False");
	else
		str_append_json(out, value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
}

static enum check_result ask_field(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i];
		const json_t *object = find_object(a, ns),
		             *value = object ? scenario_path_get(object, a->check->path) : NULL;
		struct str text = {0};
		append_value(&text, value);
		bool same = value && text_equal(str_text(&text), a->check->expected);
		if (!same) {
			append_object(a->check, ns, a->found);
			str_append_f(a->found, object ? ": %s is " : " is not there", a->check->path);
			if (object && value)
				append_quote(a->found, str_text(&text));
			else if (object)
				str_append(a->found, "not there");
			str_append_f(a->cure, "kubectl get %s %s -oyaml shows the whole object",
			             a->check->object->singular, a->check->name);
		}
		str_finish(&text);
		if (!same)
			return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

/* ---- network, address ---- */

/* Whoever asks for an address has not got it yet. */
static bool is_wish(const struct topo *topo, const struct scenario_check *check)
{
	size_t workload = topo_find_workload(topo, check->name), network = topo_find_network(topo, check->network);
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *at = &topo->attachments.data[i];
		if (at->workload == workload && at->network == network && at->address[0])
			return at->source == TOPO_FROM_REQUEST;
	}
	return false;
}

static enum check_result ask_address(const struct asking *a)
{
	const struct scenario_check *check = a->check;
	const char *address = topo_address(a->facts->topo, check->name, check->network);
	if (address[0] != '\0' && !is_wish(a->facts->topo, check)) {
		str_append_f(a->found, "%s has %s on %s", check->name, address, check->network);
		return CHECK_HOLDS;
	}
	size_t at = topo_find_workload(a->facts->topo, check->name);
	bool is_there = at != TOPO_NONE && a->facts->topo->workloads.data[at].state != TOPO_PLANNED;
	str_append_f(a->found, "%s has no address on %s: ", check->name, check->network);
	if (is_there)
		append_state(a, json_null(), check->name, a->found);
	else
		str_append(a->found, "it is not there");
	str_append(a->cure, "see the annotation " CNI_STATUS_ANNOTATION " of the pod, and its events");
	return CHECK_WAITS;
}

static enum check_result ask_up(const struct asking *a)
{
	size_t at = topo_find_workload(a->facts->topo, a->check->name);
	const struct topo_workload *host = at == TOPO_NONE ? NULL : &a->facts->topo->workloads.data[at];
	if (host && host->state == TOPO_RUNNING)
		return CHECK_HOLDS;
	str_append_f(a->found, "%s is not up%s%s", a->check->name, host && host->reason[0] ? ": " : "",
	             host ? host->reason : "");
	return CHECK_WAITS;
}

/* ---- the command's own result ---- */

static enum check_result ask_output(const struct asking *a)
{
	const struct scenario_check *check = a->check;
	const char *output = a->facts->output ? a->facts->output : "";
	bool holds = check->is_pattern ? regexec(&check->pattern, output, 0, NULL, 0) == 0
	                               : strstr(output, check->expected) != NULL;
	if (holds)
		return CHECK_HOLDS;
	str_append(a->found, output[strspn(output, " \n")] ? "the command printed " : "the command printed nothing");
	if (output[strspn(output, " \n")])
		append_quote(a->found, output);
	str_append(a->cure, "see the output, then run the stage again");
	return CHECK_FAILS;
}

static enum check_result ask_exit(const struct asking *a)
{
	if (a->facts->status == a->check->status)
		return CHECK_HOLDS;
	str_append_f(a->found, "the command ended with status %d", a->facts->status);
	str_append(a->cure, "see the output, then run the stage again");
	return CHECK_FAILS;
}

/* ---- what the witnesses say of a flow ---- */

static const char *way(bool is_allowed)
{
	return is_allowed ? "allow" : "deny";
}

static enum check_result ask_verdict(const struct asking *a)
{
	const struct play_flow *flow = &a->facts->flows[a->check->flow];
	bool holds = flow->is_judged && text_equal(way(flow->allowed[POLICY_OVNK]), a->check->expected);
	if (flow->is_judged)
		str_append_f(a->found, "policies: %s: %s", way(flow->allowed[POLICY_OVNK]), flow->reasons[POLICY_OVNK]);
	else
		str_append_f(a->found, "the ends of %s are not both there", a->check->type);
	if (!holds) {
		check_append_lint(a, a->found);
		str_append(a->cure, "see what is said of the flow (f, then e)");
	}
	return holds ? CHECK_HOLDS : CHECK_WAITS;
}

static enum check_result ask_ovn(const struct asking *a)
{
	const struct play_flow *flow = &a->facts->flows[a->check->flow];
	const char *acl = flow->acl ? flow->acl : "", *by = a->check->name ? a->check->name : "";
	bool holds = flow->is_traced && text_equal(way(flow->passes_ovn), a->check->expected) && strstr(acl, by);
	str_append(a->found, flow->ovn && *flow->ovn ? flow->ovn : "OVN has not answered yet");
	if (!holds)
		str_append(a->cure, "see what is said of the flow (f, then e)");
	return holds ? CHECK_HOLDS : CHECK_WAITS;
}

static enum check_result ask_dropped(const struct asking *a)
{
	const struct play_flow *flow = &a->facts->flows[a->check->flow];
	bool holds = flow->is_counted && flow->dropped >= (uint64_t)a->check->status;
	if (flow->is_counted)
		str_append_f(a->found, "%llu packet%s dropped", (unsigned long long)flow->dropped,
		             flow->dropped == 1 ? "" : "s");
	else
		str_append(a->found, "no drops were counted");
	if (!holds)
		str_append(a->cure, "see what is said of the flow (f, then e)");
	return holds ? CHECK_HOLDS : CHECK_WAITS;
}

/* ---- the table ---- */

static void describe_object(const struct scenario_check *check, const char *words, struct str *out)
{
	str_append_f(out, "%s/%s %s", check->object->singular, check->name, words);
	check_append_namespaces(check, out);
}

static void describe_exists(const struct scenario_check *check, struct str *out)
{
	describe_object(check, "exists", out);
}

static void describe_gone(const struct scenario_check *check, struct str *out)
{
	describe_object(check, "is gone", out);
}

static void describe_ready(const struct scenario_check *check, struct str *out)
{
	if (check->name[0] != '\0')
		str_append_f(out, "%s/%s Ready", check->object->singular, check->name);
	else
		str_append_f(out, "all %s Ready", check->object->plural);
	check_append_namespaces(check, out);
}

static void describe_condition(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s/%s", check->object->singular, check->name);
	check_append_namespaces(check, out);
	str_append_f(out, " has %s %s", check->type, check->expected);
}

static void describe_field(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s/%s", check->object->singular, check->name);
	check_append_namespaces(check, out);
	str_append_f(out, " has %s ", check->path);
	append_quote(out, check->expected);
}

static void describe_address(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s has an address on %s", check->name, check->network);
}

static void describe_up(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s is up", check->name);
}

static void describe_output(const struct scenario_check *check, struct str *out)
{
	str_append(out, check->is_pattern ? "the output matches " : "the output has ");
	append_quote(out, check->expected);
}

static void describe_exit(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "exit status %d", check->status);
}

static void describe_way(const struct scenario_check *check, struct str *out)
{
	bool is_of_ovn = check->kind == SCENARIO_CHECK_OVN, is_allowed = text_equal(check->expected, way(true));
	str_append_f(out, is_of_ovn ? "OVN %s the flow %s" : "the policies %s the flow %s",
	             !is_of_ovn   ? check->expected
	             : is_allowed ? "passes"
	                          : "drops",
	             check->type);
	if (check->name && *check->name)
		str_append_f(out, ", by an ACL of %s", check->name);
}

static void describe_dropped(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "at least %d packet%s of %s dropped", check->status, check->status == 1 ? "" : "s",
	             check->type);
}

/* clang-format off */
static const struct {
	enum check_result (*ask)(const struct asking *a);
	void (*describe)(const struct scenario_check *check, struct str *out);
} kinds[] = {
	[SCENARIO_CHECK_EXISTS] = {ask_exists, describe_exists},
	[SCENARIO_CHECK_GONE] = {ask_gone, describe_gone},
	[SCENARIO_CHECK_READY] = {ask_ready, describe_ready},
	[SCENARIO_CHECK_CONDITION] = {ask_condition, describe_condition},
	[SCENARIO_CHECK_FIELD] = {ask_field, describe_field},
	[SCENARIO_CHECK_NETWORK] = {check_network, check_network_words},
	[SCENARIO_CHECK_MAPPED] = {check_mapped, check_mapped_words},
	[SCENARIO_CHECK_ADDRESS] = {ask_address, describe_address},
	[SCENARIO_CHECK_UP] = {ask_up, describe_up},
	[SCENARIO_CHECK_OUTPUT] = {ask_output, describe_output},
	[SCENARIO_CHECK_EXIT] = {ask_exit, describe_exit},
	[SCENARIO_CHECK_VERDICT] = {ask_verdict, describe_way},
	[SCENARIO_CHECK_OVN] = {ask_ovn, describe_way},
	[SCENARIO_CHECK_DROPPED] = {ask_dropped, describe_dropped},
};
/* clang-format on */

void check_describe(const struct scenario_check *check, struct str *out)
{
	kinds[check->kind].describe(check, out);
}

enum check_result check_ask(const struct scenario_check *check, const struct check_facts *facts, struct str *found,
                            struct str *cure)
{
	struct asking a = {.check = check, .facts = facts, .found = found, .cure = cure};
	return kinds[check->kind].ask(&a);
}
