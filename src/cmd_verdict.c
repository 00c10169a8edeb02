/* onesdn verdict: what the multi-network policies say of a flow, of an act's flows, or of a file of cases; with --with, what a
 * manifest would change. Both readings are asked: what the API means (spec) and what OVN-Kubernetes does (ovnk). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "gather.h"
#include "onesdn/policy.h"

enum { CASE_LINE_MAX = 16 << 20 };

struct flow {
	const char *from, *to, *network, *port; /* port: "tcp/9000", "icmp" */
};
struct request {
	const char *cases, *objects, *with;
	struct flow flow;
	struct connect_options source;
	bool json, lint;
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

static bool is_same_object(const json_t *a, const json_t *b)
{
	return strcmp(json_walk_str(a, "kind", NULL), json_walk_str(b, "kind", NULL)) == 0 &&
	       strcmp(json_walk_str(a, "metadata", "namespace", NULL),
	              json_walk_str(b, "metadata", "namespace", NULL)) == 0 &&
	       strcmp(json_walk_str(a, "metadata", "name", NULL), json_walk_str(b, "metadata", "name", NULL)) == 0;
}

/* The objects as they would be after the manifest was applied. */
static json_t *objects_with(const json_t *objects, const json_t *manifest)
{
	json_t *out = json_array();
	size_t i, j;
	const json_t *object, *newer;
	json_array_foreach (objects, i, object) {
		bool is_replaced = false;
		json_array_foreach (manifest, j, newer)
			is_replaced = is_replaced || is_same_object(object, newer);
		if (!is_replaced)
			json_array_append(out, (json_t *)object);
	}
	json_array_extend(out, (json_t *)manifest);
	return out;
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
	struct policy_question question = {.from = flow->from, .to = flow->to, .network = flow->network};
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

static bool print_flow(const struct policy_world *now, const struct policy_world *then, const struct flow *flow,
                       json_t *json, struct err *err)
{
	const struct policy_world *worlds[] = {now, then};
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
	if (is_good && json)
		json_array_append(json, entry);
	json_decref(entry);
	return is_good;
}

/* ---- lint ---- */
static void print_finding(const struct policy_finding *finding, void *user)
{
	static const char *const names[] = {"note", "warning", "error"};
	size_t *n_errors = user;
	*n_errors += finding->severity == POLICY_ERROR;
	printf("%s: ", names[finding->severity]);
	print_safe(finding->policy);
	printf("%s%s: ", *finding->path ? " " : "", finding->path);
	print_safe(finding->text);
	putchar('\n');
}

/* ---- objects, an act's flows ---- */
static bool answer(const struct request *request, const struct scenario_act *act, const json_t *objects,
                   const json_t *manifest, struct err *err)
{
	json_t *later = manifest ? objects_with(objects, manifest) : NULL;
	struct policy_world *now = world_of(objects), *then = later ? world_of(later) : NULL;
	json_t *json = request->json ? json_array() : NULL;
	size_t n_errors = 0;
	bool is_good = true;
	if (request->lint)
		policy_lint(then ? then : now, print_finding, &n_errors);
	else if (request->flow.from)
		is_good = print_flow(now, then, &request->flow, json, err);
	for (size_t i = 0; is_good && !request->lint && !request->flow.from && i < act->flows.len; i++) {
		const struct scenario_flow *plan = &act->flows.data[i];
		struct flow flow = {plan->from, plan->to, plan->network, plan->port};
		is_good = print_flow(now, then, &flow, json, err);
	}
	if (is_good && json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(json);
	json_decref(later);
	policy_world_destroy(now);
	policy_world_destroy(then);
	return is_good && n_errors == 0;
}

static bool run(const struct request *request, const char *act_name, struct err *err)
{
	struct scenario_act *act = act_name ? scenario_load(act_name, connect_environment(&request->source), err) : NULL;
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

/* ---- cases: one JSON object a line, {"name", "objects": [...], "flows": [{"from", "to", "network", "proto", "port", "expect",
 * "expect_ovnk"?}]} ---- */
static size_t check_case_flow(const struct policy_world *world, const json_t *flow, const char *name, size_t *n_checks)
{
	size_t n_wrong = 0;
	for (enum policy_profile profile = 0; profile < POLICY_N_PROFILES; profile++) {
		struct policy_question question = {.from = json_walk_str(flow, "from", NULL),
		                                   .to = json_walk_str(flow, "to", NULL),
		                                   .network = json_walk_str(flow, "network", NULL),
		                                   .port = (int)json_walk_int(flow, 0, "port", NULL),
		                                   .profile = profile};
		const char *expect = json_walk_str(flow, "expect", NULL),
		           *ovnk = json_walk_str(flow, "expect_ovnk", NULL);
		struct policy_verdict verdict = {0};
		struct err err = {0};
		if (profile == POLICY_OVNK && *ovnk)
			expect = ovnk;
		++*n_checks;
		bool is_asked = policy_proto_find(json_walk_str(flow, "proto", NULL), &question.proto)
		                        ? policy_ask(world, &question, &verdict, &err)
		                        : err_set(&err, ERR_INVALID, "unknown proto");
		if (!is_asked || verdict.allowed != (strcmp(expect, "allow") == 0)) {
			printf("%s (%s): ", name, policy_profile_name(profile));
			print_safe(question.from);
			fputs(" -> ", stdout);
			print_safe(question.to);
			printf(" %s/%d: expected %s, got %s: ", json_walk_str(flow, "proto", NULL), question.port,
			       expect,
			       !is_asked         ? "an error"
			       : verdict.allowed ? "allow"
			                         : "deny");
			print_safe(is_asked ? verdict.reason : err.text);
			putchar('\n');
			n_wrong++;
		}
		policy_verdict_finish(&verdict);
	}
	return n_wrong;
}

static bool check_case(const char *line, size_t len, const char *where, size_t *n_checks, size_t *n_wrong,
                       struct err *err)
{
	json_t *cased = json_parse(line, len, where, err);
	if (!cased)
		return false;
	struct policy_world *world = world_of(json_object_get(cased, "objects"));
	size_t i;
	const json_t *flow;
	json_array_foreach (json_object_get(cased, "flows"), i, flow)
		*n_wrong += check_case_flow(world, flow, json_walk_str(cased, "name", NULL), n_checks);
	policy_world_destroy(world);
	json_decref(cased);
	return true;
}

static bool run_cases(const char *path, struct err *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t n_cases = 0, n_checks = 0, n_wrong = 0, size = 0;
	char *line = NULL;
	bool is_good = file || err_set(err, ERR_NOT_FOUND, "%s cannot be read", path);
	for (ssize_t len; is_good && (len = getline(&line, &size, file)) >= 0;) {
		char *where = mem_printf("%s:%zu", path, ++n_cases);
		if (len > CASE_LINE_MAX)
			is_good = err_set(err, ERR_LIMIT, "%s: the line is longer than %d MiB", where,
			                  CASE_LINE_MAX >> 20);
		else if (len > 1)
			is_good = check_case(line, (size_t)len, where, &n_checks, &n_wrong, err);
		free(where);
	}
	free(line);
	if (file && file != stdin)
		fclose(file);
	if (is_good)
		printf("%zu verdicts, %zu differences\n", n_checks, n_wrong);
	return is_good && n_wrong == 0;
}

/* ---- the command line ---- */
static bool is_usable(const struct request *request, const char *act)
{
	const struct flow *flow = &request->flow;
	bool has_any = flow->from || flow->to || flow->network || flow->port,
	     has_all = flow->from && flow->to && flow->network && flow->port;
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
	        {"--lint", NULL, "what is wrong or surprising about each policy; status 1 if there is an error", NULL,
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
		        "alone\nusage: %s\n",
		        usage.synopsis);
		return 2;
	}
	bool is_good = request.cases ? run_cases(request.cases, &err) : run(&request, operand, &err);
	if (err.code)
		fprintf(stderr, "onesdn: %s\n", err.text);
	return is_good ? 0 : 1;
}
