/* onesdn verdict: what the multi-network policies say of a flow, of an act's flows, or of a file of cases; with --with, what a
 * manifest would change. Both readings are asked: what the API means (spec) and what OVN-Kubernetes does (ovnk). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "cmd.h"
#include "hear.h"
#include "onesdn/connect.h"
#include "onesdn/policy.h"

struct flow {
	const char *from, *to, *network, *port; /* port: "tcp/9000", "icmp" */
	const char *from_at, *to_at; /* what is asked for: an address for a machine outside; NULL: the same */
};
struct request {
	const char *cases, *objects, *with;
	struct flow flow;
	struct connect_options source;
	bool json, lint, witness;
};

/* ---- worlds ---- */
static struct policy_world *world_of(const json_t *objects)
{
	VEC(const json_t *) list = {0};
	for (size_t i = 0; i < json_array_size(objects); i++)
		vec_push(&list, json_array_get(objects, i));
	struct policy_world *world = policy_world_create(list.data, list.len);
	vec_finish(&list);
	return world;
}

struct worlds {
	struct policy_world *now, *then; /* then: with the manifest; NULL without one */
};

/* As it would be after the manifest was applied. */
static struct policy_world *world_with(const json_t *objects, const json_t *manifest)
{
	VEC(const json_t *) list = {0}, with = {0};
	for (size_t i = 0; i < json_array_size(objects); i++)
		vec_push(&list, json_array_get(objects, i));
	for (size_t i = 0; i < json_array_size(manifest); i++)
		vec_push(&with, json_array_get(manifest, i));
	struct policy_world *world = policy_world_create_with(list.data, list.len, with.data, with.len);
	vec_finish(&list);
	vec_finish(&with);
	return world;
}

static void print_change(const struct policy_world *now, const struct policy_world *then)
{
	struct policy_change change = policy_compare(now, then, POLICY_OVNK);
	printf("of %zu pairs of workloads %zu would lose something and %zu gain something\n", change.n_pairs,
	       change.n_closed, change.n_opened);
}

/* ---- one flow ---- */
static bool read_port(const char *text, struct policy_question *question, struct err *err)
{
	size_t len = strcspn(text, "/");
	char *proto = mem_strndup(text, len);
	int64_t port = 0;
	bool is_good = policy_proto_find(proto, &question->proto);
	free(proto);
	is_good = is_good &&
	          (question->proto == POLICY_ICMP ? !text[len] || strcmp(text + len, "/0") == 0
	                                          : text[len] == '/' && text_to_int(text + len + 1, 1, 65535, &port));
	question->port = (int)port;
	return is_good || err_set(err, ERR_INVALID,
	                          "port '%s' is not PROTO/PORT; write tcp/9000, udp/53, sctp/3868 or icmp", text);
}

static bool ask(const struct policy_world *world, const struct flow *flow, struct policy_verdict out[POLICY_N_PROFILES],
                struct err *err)
{
	struct policy_question question = {.from = flow->from_at ? flow->from_at : flow->from,
	                                   .to = flow->to_at ? flow->to_at : flow->to,
	                                   .network = flow->network};
	if (!*question.network && flow->from_at) /* an act may leave it out */
		question.network = policy_network(world, question.from, question.to);
	if (!read_port(flow->port, &question, err))
		return false;
	question.profile = POLICY_SPEC;
	if (!policy_ask(world, &question, &out[POLICY_SPEC], err))
		return false;
	question.profile = POLICY_OVNK;
	if (policy_ask(world, &question, &out[POLICY_OVNK], err))
		return true;
	policy_verdict_finish(&out[POLICY_SPEC]);
	return false;
}

static json_t *verdict_json(const struct policy_verdict *verdict)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "verdict", verdict->allowed ? "allow" : "deny", "reason",
	                 verdict->reason, "egress", verdict->egress, "ingress", verdict->ingress, "lostReply",
	                 verdict->lost_reply);
}

static void print_safe(const char *text)
{
	struct str safe = {0};
	str_append_safe(&safe, text, strlen(text));
	fputs(str_text(&safe), stdout);
	str_finish(&safe);
}

static void print_verdict(const char *label, const struct policy_verdict *verdict)
{
	printf("  %-22s %s  ", label, verdict->allowed ? "✓ allow" : "✗ deny ");
	print_safe(verdict->reason);
	putchar('\n');
}

/* What OVN says, and what it has dropped. */
static json_t *heard_json(const struct heard *heard)
{
	json_t *out = json_pack("{s:s, s:s}", "verdict",
	                        !heard->is_known ? "unknown"
	                        : heard->allowed ? "allow"
	                                         : "deny",
	                        "words", heard->words);
	if (heard->is_known && !heard->allowed)
		json_object_update_new(out, json_pack("{s:s, s:s, s:s, s:b}", "node", heard->node, "acl", heard->acl,
		                                      "policy", heard->policy, "reply", heard->is_reply));
	if (heard->is_counted)
		json_object_update_new(
		        out, json_pack("{s:I, s:s}", "dropped", (json_int_t)heard->dropped, "droppedBy", heard->acls));
	return out;
}

static void print_heard(const struct heard *heard)
{
	printf("  %-22s %s  %s\n", "OVN says",
	       !heard->is_known ? "? unknown"
	       : heard->allowed ? "✓ allow"
	                        : "✗ deny ",
	       heard->words);
	if (heard->is_counted && *heard->acls && !heard->allowed)
		printf("  %-22s %llu packet%s  %s\n", "dropped there so far", (unsigned long long)heard->dropped,
		       heard->dropped == 1 ? "" : "s", heard->acls);
}

static bool print_flow(const struct worlds *all, const struct flow *flow, const struct heard *heard, json_t *json,
                       struct err *err)
{
	const struct policy_world *worlds[] = {all->now, all->then}, *then = all->then;
	static const char *const whens[] = {"now", "with"};
	json_t *entry = json_pack("{s:s, s:s, s:s, s:s}", "from", flow->from, "to", flow->to, "network", flow->network,
	                          "port", flow->port);
	if (!json) {
		print_safe(flow->from);
		fputs(" -> ", stdout);
		print_safe(flow->to);
		printf(" %s on %s\n", flow->port, flow->network);
	}
	bool is_good = true;
	for (int w = 0; is_good && w < 2 && worlds[w]; w++) {
		struct policy_verdict verdicts[POLICY_N_PROFILES];
		is_good = ask(worlds[w], flow, verdicts, err);
		if (!is_good)
			break;
		bool is_same = verdicts[POLICY_SPEC].allowed == verdicts[POLICY_OVNK].allowed;
		json_t *place = w ? json_object() : entry;
		json_object_set_new(place, "ovnk", verdict_json(&verdicts[POLICY_OVNK]));
		json_object_set_new(place, "spec", verdict_json(&verdicts[POLICY_SPEC]));
		if (w)
			json_object_set_new(entry, "with", place);
		if (!json) {
			char label[64];
			snprintf(label, sizeof label, "%s%s", then ? whens[w] : "verdict",
			         is_same ? "" : ", OVN-Kubernetes");
			print_verdict(label, &verdicts[POLICY_OVNK]);
			if (!is_same)
				print_verdict("    the API means", &verdicts[POLICY_SPEC]);
		}
		policy_verdict_finish(&verdicts[POLICY_SPEC]);
		policy_verdict_finish(&verdicts[POLICY_OVNK]);
	}
	if (is_good && heard && json)
		json_object_set_new(entry, "ovn", heard_json(heard));
	else if (is_good && heard)
		print_heard(heard);
	if (is_good && json)
		json_array_append(json, entry);
	json_decref(entry);
	return is_good;
}

/* ---- lint ---- */
struct lint {
	size_t n_errors;
	json_t *json; /* NULL: a line each */
};

static void print_finding(const struct policy_finding *finding, void *user)
{
	static const char *const names[] = {"note", "warning", "error"};
	struct lint *lint = user;
	lint->n_errors += finding->severity == POLICY_ERROR;
	if (lint->json) {
		json_array_append_new(lint->json,
		                      json_pack("{s:s, s:s, s:s, s:s}", "severity", names[finding->severity],
		                                finding->is_workload ? "workload" : "policy", finding->object, "path",
		                                finding->path, "text", finding->text));
		return;
	}
	printf("%s: ", names[finding->severity]);
	print_safe(finding->object);
	printf("%s%s: ", *finding->path ? " " : "", finding->path);
	print_safe(finding->text);
	putchar('\n');
}

/* False: there is an error among the findings. */
static bool print_lint(const struct policy_world *world, bool as_json)
{
	struct lint lint = {.json = as_json ? json_array() : NULL};
	policy_lint(world, print_finding, &lint);
	if (as_json) {
		json_dumpf(lint.json, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(lint.json);
	return lint.n_errors == 0;
}

/* ---- objects, an act's flows ---- */
struct flows {
	VEC(struct flow) list;
};

static void list_flows(const struct request *request, const struct scenario_act *act, struct flows *out)
{
	if (request->flow.from)
		vec_push(&out->list, request->flow);
	for (size_t i = 0; !request->flow.from && i < act->flows.len; i++) {
		const struct scenario_flow *plan = &act->flows.data[i];
		vec_push(&out->list, (struct flow){plan->from, plan->to, plan->network, plan->port,
		                                   scenario_address(act, plan->from), scenario_address(act, plan->to)});
	}
}

/* One for each flow, or NULL when nobody asks for them. */
static bool hear_all(const struct request *request, const struct scenario_act *act, const json_t *objects,
                     const struct flows *flows, struct heard **out, struct err *err)
{
	struct topo_host hosts[SCENARIO_HOSTS_MAX];
	if (!request->witness)
		return true;
	struct witness_flow *asked = mem_alloc((flows->list.len + 1) * sizeof *asked);
	for (size_t i = 0; i < flows->list.len; i++) {
		const struct flow *flow = &flows->list.data[i];
		asked[i] = (struct witness_flow){flow->from, flow->to, flow->network, flow->port};
	}
	*out = mem_alloc((flows->list.len + 1) * sizeof **out);
	const struct hearing hearing = {.source = &request->source,
	                                .objects = objects,
	                                .hosts = hosts,
	                                .n_hosts = act ? scenario_hosts(act, hosts) : 0,
	                                .flows = asked,
	                                .n_flows = flows->list.len};
	bool is_good = hear(&hearing, *out, err);
	free(asked);
	return is_good;
}

static bool print_flows(const struct request *request, const struct scenario_act *act, const json_t *objects,
                        const struct worlds *worlds, struct err *err)
{
	json_t *json = request->json ? json_array() : NULL;
	struct flows flows = {0};
	struct heard *heard = NULL;
	list_flows(request, act, &flows);
	bool is_good = hear_all(request, act, objects, &flows, &heard, err);
	bool is_heard = is_good && heard;
	for (size_t i = 0; is_good && i < flows.list.len; i++)
		is_good = print_flow(worlds, &flows.list.data[i], heard ? &heard[i] : NULL, json, err);
	if (is_good && json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	for (size_t i = 0; is_heard && i < flows.list.len; i++)
		heard_finish(&heard[i]);
	free(heard);
	vec_finish(&flows.list);
	json_decref(json);
	return is_good;
}

static bool answer(const struct request *request, const struct scenario_act *act, const json_t *objects,
                   const json_t *manifest, struct err *err)
{
	struct worlds worlds = {world_of(objects), manifest ? world_with(objects, manifest) : NULL};
	bool is_good;
	if (request->lint)
		is_good = print_lint(worlds.then ? worlds.then : worlds.now, request->json);
	else
		is_good = print_flows(request, act, objects, &worlds, err);
	if (is_good && worlds.then && !request->lint && !request->json)
		print_change(worlds.now, worlds.then);
	policy_world_destroy(worlds.now);
	policy_world_destroy(worlds.then);
	return is_good;
}

static bool run(const struct request *request, const char *act_name, struct err *err)
{
	struct scenario_act *act =
	        act_name ? scenario_load(act_name, connect_environment(&request->source), err) : NULL;
	json_t *objects = json_array(), *manifest = request->with ? json_array() : NULL;
	const char *const *namespaces = act ? (const char *const *)act->namespaces.data : NULL;
	bool is_good = (act || !act_name) && (!manifest || gather_file(request->with, manifest, err)) &&
	               (request->objects ? gather_file(request->objects, objects, err)
	                                 : gather_cluster(&request->source, namespaces, objects, err)) &&
	               answer(request, act, objects, manifest, err);
	json_decref(objects);
	json_decref(manifest);
	scenario_destroy(act);
	return is_good;
}

/* ---- the command line ---- */
static bool is_usable(const struct request *request, const char *act)
{
	const struct flow *flow = &request->flow;
	bool has_any = flow->from || flow->to || flow->network || flow->port,
	     has_all = flow->from && flow->to && flow->network && flow->port;
	if (request->witness && (request->objects || request->cases || request->lint))
		return false;
	if (request->cases)
		return !has_any && !act;
	return has_any ? has_all && !request->lint : act || request->lint;
}

int cmd_verdict(int argc, char **argv)
{
	struct request request = {.source.no_start = true};
	const struct cmd_option options[] = {
	        {"--cases", "FILE",
	         "check every flow of a file of cases, one JSON object a line; prints each difference", &request.cases,
	         NULL},
	        {"--objects", "FILE", "Kubernetes lists or objects instead of a cluster; - is standard input",
	         &request.objects, NULL},
	        {"--context", "NAME", "ask this kube context, not the lab", &request.source.context, NULL},
	        {"--kubeconfig", "FILE", "the file it is in", &request.source.kubeconfig, NULL},
	        {"--from", "NS/NAME|IP", "one flow: where it comes from", &request.flow.from, NULL},
	        {"--to", "NS/NAME|IP", "where it goes", &request.flow.to, NULL},
	        {"--network", "NAME", "on which network (its name, not the attachment's)", &request.flow.network, NULL},
	        {"--port", "PROTO/PORT", "tcp/9000, udp/53, sctp/3868, icmp", &request.flow.port, NULL},
	        {"--with", "FILE", "also the verdict after this manifest was applied", &request.with, NULL},
	        {"--witness", NULL, "also what OVN itself says of each flow, and what it has dropped there", NULL,
	         &request.witness},
	        {"--lint", NULL,
	         "what is wrong or surprising about policies and addresses; status 1 if there is an error", NULL,
	         &request.lint},
	        {"--json", NULL, "as JSON", NULL, &request.json},
	};
	const struct cmd_usage usage = {
	        .synopsis = "onesdn verdict [OPTION]... [ACT]",
	        .about = "What the multi-network policies say of an act's flows or of one flow, and why.",
	        .options = options,
	        .n_options = sizeof options / sizeof *options,
	        .max_operands = 1};
	const char *operand = NULL;
	size_t n_operands = 0;
	int status;
	struct err err = {0};
	if (!cmd_read_options(&usage, argc, argv, &operand, &n_operands, &status))
		return status;
	if (!is_usable(&request, operand)) {
		fprintf(stderr,
		        "onesdn: name an ACT, or all of --from --to --network --port, or --lint, or --cases "
		        "alone; --witness is for flows of a cluster\nusage: %s\n",
		        usage.synopsis);
		return 2;
	}
	bool is_good = request.cases ? cases_run(request.cases, request.json, &err) : run(&request, operand, &err);
	if (err.code)
		fprintf(stderr, "onesdn: %s\n", err.text);
	return is_good ? 0 : 1;
}
