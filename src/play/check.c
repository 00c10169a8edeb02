/* check: asks a stage's checks of what is known now: the store (kube), the graph (topo), the command's own result.
 *
 * Pure: the engine says when to ask, keeps the time and decides how long waiting is of use. What is found is said so that
 * the presenter need not look it up: the object, its state, the reason and the cure as the graph knows them.
 */
#include <stdlib.h>
#include <string.h>

#include "play/check.h"

#define QUOTE_MAX 160 /* bytes of an output or a value that are quoted in one line */

void check_append_namespaces(const struct scenario_check *check, struct str *out)
{
	for (size_t i = 0; i < check->namespaces.len; i++) {
		if (check->namespaces.data[i][0] != '\0')
			str_append_f(out, "%s%s", i ? ", " : " in ", check->namespaces.data[i]);
	}
}

void check_append_quote(struct str *out, const char *text)
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
	str_append(out, cut < len ? "…" : "");
	str_append_c(out, quote);
	str_finish(&line);
}

/* ---- address, up ---- */

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
		check_append_state(a, json_null(), check->name, a->found);
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
		check_append_quote(a->found, output);
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

static void name_missing_ends(const struct play_flow *flow, struct str *out)
{
	str_append(out, "the ends of ");
	scenario_flow_name(flow->plan, out);
	str_append(out, " are not both there");
}

static enum check_result ask_verdict(const struct asking *a)
{
	const struct play_flow *flow = &a->facts->flows[a->check->flow];
	bool holds = flow->is_judged && text_equal(way(flow->allowed[POLICY_OVNK]), a->check->expected);
	if (flow->is_judged)
		str_append_f(a->found, "policies: %s: %s", way(flow->allowed[POLICY_OVNK]), flow->reasons[POLICY_OVNK]);
	else
		name_missing_ends(flow, a->found);
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
	check_append_quote(out, check->expected);
}

static void describe_exit(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "exit status %d", check->status);
}

/* These three are of a flow of the act: its name, as the flow table has it, stands where it is the object. */
static void describe_way(const struct scenario_check *check, const char *flow, struct str *out)
{
	bool is_of_ovn = check->kind == SCENARIO_CHECK_OVN, is_allowed = text_equal(check->expected, way(true));
	str_append_f(out, is_of_ovn ? "OVN %s %s" : "the policies %s %s",
	             !is_of_ovn   ? check->expected
	             : is_allowed ? "passes"
	                          : "drops",
	             flow);
	if (check->name && *check->name)
		str_append_f(out, ", by an ACL of %s", check->name);
}

static void describe_dropped(const struct scenario_check *check, const char *flow, struct str *out)
{
	str_append_f(out, "at least %d packet%s of %s dropped", check->status, check->status == 1 ? "" : "s", flow);
}

/* clang-format off */
static const struct {
	enum check_result (*ask)(const struct asking *a);
	void (*describe)(const struct scenario_check *check, struct str *out);
	void (*describe_flow)(const struct scenario_check *check, const char *flow, struct str *out);
} kinds[] = {
	[SCENARIO_CHECK_EXISTS] = {check_exists, check_exists_words},
	[SCENARIO_CHECK_GONE] = {check_gone, check_gone_words},
	[SCENARIO_CHECK_READY] = {check_ready, check_ready_words},
	[SCENARIO_CHECK_CONDITION] = {check_condition, check_condition_words},
	[SCENARIO_CHECK_FIELD] = {check_field, check_field_words},
	[SCENARIO_CHECK_NETWORK] = {check_network, check_network_words},
	[SCENARIO_CHECK_MAPPED] = {check_mapped, check_mapped_words},
	[SCENARIO_CHECK_ADDRESS] = {ask_address, describe_address},
	[SCENARIO_CHECK_UP] = {ask_up, describe_up},
	[SCENARIO_CHECK_OUTPUT] = {ask_output, describe_output},
	[SCENARIO_CHECK_EXIT] = {ask_exit, describe_exit},
	[SCENARIO_CHECK_VERDICT] = {ask_verdict, NULL, describe_way},
	[SCENARIO_CHECK_OVN] = {ask_ovn, NULL, describe_way},
	[SCENARIO_CHECK_DROPPED] = {ask_dropped, NULL, describe_dropped},
};
/* clang-format on */

void check_describe(const struct scenario_check *check, const struct scenario_act *act, struct str *out)
{
	if (!kinds[check->kind].describe_flow) {
		kinds[check->kind].describe(check, out);
		return;
	}
	struct str flow = {0};
	scenario_flow_name(&act->flows.data[check->flow], &flow);
	kinds[check->kind].describe_flow(check, str_text(&flow), out);
	str_finish(&flow);
}

enum check_result check_ask(const struct scenario_check *check, const struct check_facts *facts, struct str *found,
                            struct str *cure)
{
	struct asking a = {.check = check, .facts = facts, .found = found, .cure = cure};
	return kinds[check->kind].ask(&a);
}
