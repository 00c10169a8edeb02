/* cases: expectations against verdicts. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/policy.h"

enum { LINE_MAX_BYTES = 16 << 20 };

struct run {
	const char *where;   /* "FILE:LINE" of now */
	const char *name;    /* of the case of now */
	json_t *differences; /* as JSON is asked for; NULL: printed as they come */
	json_t *troubles;
	size_t n_verdicts, n_differences, n_troubles;
};

static void say(FILE *to, const char *text)
{
	struct str safe = {0};
	str_append_safe(&safe, text, strlen(text));
	fputs(str_text(&safe), to);
	str_finish(&safe);
}

/* ---- what is wrong with a line ---- */
static void tell(struct run *run, bool is_trouble, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void tell(struct run *run, bool is_trouble, const char *fmt, ...)
{
	struct str text = {0};
	va_list args;
	str_append_f(&text, "%s: ", run->where);
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	fputs("onesdn: ", stderr);
	say(stderr, str_text(&text));
	fputc('\n', stderr);
	if (run->troubles)
		json_array_append_new(run->troubles, json_string(str_text(&text)));
	run->n_troubles += is_trouble;
	str_finish(&text);
}

struct key {
	const char *name;
	json_type type;
	bool is_needed;
};
static const struct key case_keys[] = {
        {"name", JSON_STRING, false}, {"origin", JSON_STRING, false}, {"objects", JSON_ARRAY, true},
        {"flows", JSON_ARRAY, true},  {"note", JSON_STRING, false},   {"refused", JSON_ARRAY, false},
};
static const struct key flow_keys[] = {
        {"from", JSON_STRING, true},         {"to", JSON_STRING, true},
        {"network", JSON_STRING, true},      {"proto", JSON_STRING, true},
        {"port", JSON_INTEGER, true},        {"expect", JSON_STRING, true},
        {"expect_ovnk", JSON_STRING, false}, {"expect_iptables", JSON_STRING, false},
        {"why", JSON_STRING, false},
};
static const char *const type_names[] = {
        [JSON_STRING] = "a string", [JSON_ARRAY] = "a list", [JSON_INTEGER] = "a whole number"};

static bool check_keys(struct run *run, const json_t *value, const char *what, const struct key *keys, size_t n_keys)
{
	const char *name;
	json_t *item;
	if (!json_is_object(value))
		return tell(run, true, "%s is not an object", what), false;
	for (size_t i = 0; i < n_keys; i++) {
		item = json_object_get(value, keys[i].name);
		if (!item && keys[i].is_needed)
			return tell(run, true, "%s has no \"%s\"", what, keys[i].name), false;
		if (item && !json_is_null(item) && json_typeof(item) != keys[i].type)
			return tell(run, true, "\"%s\" of %s is not %s", keys[i].name, what, type_names[keys[i].type]),
			       false;
	}
	json_object_foreach ((json_t *)value, name, item) {
		bool is_known = false;
		for (size_t i = 0; i < n_keys; i++)
			is_known = is_known || strcmp(name, keys[i].name) == 0;
		if (!is_known)
			tell(run, false, "%s has a key \"%s\", which is left out of account", what, name);
	}
	return true;
}

static bool is_verdict(struct run *run, const json_t *flow, const char *what, const char *key)
{
	const char *text = json_string_value(json_object_get(flow, key));
	if (!text || strcmp(text, "allow") == 0 || strcmp(text, "deny") == 0)
		return true;
	return tell(run, true, "\"%s\" of %s is '%s'; it is allow or deny", key, what, text), false;
}

static bool check_flow(struct run *run, const json_t *flow, size_t index, enum policy_proto *proto)
{
	char what[40];
	snprintf(what, sizeof what, "flows[%zu]", index);
	if (!check_keys(run, flow, what, flow_keys, sizeof flow_keys / sizeof *flow_keys) ||
	    !is_verdict(run, flow, what, "expect") || !is_verdict(run, flow, what, "expect_ovnk"))
		return false;
	const char *text = json_walk_str(flow, "proto", NULL);
	if (!policy_proto_find(text, proto))
		return tell(run, true, "\"proto\" of %s is '%s'; it is TCP, UDP, SCTP or ICMP", what, text), false;
	json_int_t port = json_walk_int(flow, 0, "port", NULL);
	if (*proto != POLICY_ICMP && (port < 1 || port > 65535))
		return tell(run, true, "\"port\" of %s is %lld; it is 1 to 65535", what, (long long)port), false;
	return true;
}

/* ---- verdicts ---- */
static void differ(struct run *run, const struct policy_question *question, const char *expect, const char *got,
                   const char *reason)
{
	const char *profile = policy_profile_name(question->profile), *proto = policy_proto_name(question->proto);
	run->n_differences++;
	if (run->differences) {
		json_array_append_new(run->differences,
		                      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "where",
		                                run->where, "case", run->name, "profile", profile, "from",
		                                question->from, "to", question->to, "network", question->network,
		                                "proto", proto, "port", question->port, "expect", expect, "got", got,
		                                "reason", reason));
		return;
	}
	struct str text = {0};
	str_append_f(&text, "%s (%s): %s -> %s %s/%d on %s: expected %s, got %s: %s", run->name, profile,
	             question->from, question->to, proto, question->port, question->network, expect, got, reason);
	say(stdout, str_text(&text));
	putchar('\n');
	str_finish(&text);
}

static void ask_flow(struct run *run, const struct policy_world *world, const json_t *flow, enum policy_proto proto)
{
	for (enum policy_profile profile = 0; profile < POLICY_N_PROFILES; profile++) {
		const struct policy_question question = {.from = json_walk_str(flow, "from", NULL),
		                                         .to = json_walk_str(flow, "to", NULL),
		                                         .network = json_walk_str(flow, "network", NULL),
		                                         .proto = proto,
		                                         .port = (int)json_walk_int(flow, 0, "port", NULL),
		                                         .profile = profile};
		const char *expect = json_walk_str(flow, "expect", NULL),
		           *ovnk = json_walk_str(flow, "expect_ovnk", NULL);
		struct policy_verdict verdict = {0};
		struct err err = {0};
		if (profile == POLICY_OVNK && *ovnk)
			expect = ovnk;
		run->n_verdicts++;
		if (!policy_ask(world, &question, &verdict, &err))
			differ(run, &question, expect, "an error", err.text);
		else if (verdict.allowed != (strcmp(expect, "allow") == 0))
			differ(run, &question, expect, verdict.allowed ? "allow" : "deny", verdict.reason);
		policy_verdict_finish(&verdict);
	}
}

static void run_case(struct run *run, const char *line, size_t len)
{
	struct err err = {0};
	json_t *value = json_parse(line, len, "the line", &err);
	const json_t *objects = json_object_get(value, "objects"), *flows = json_object_get(value, "flows"), *flow;
	if (!value) {
		const char *text = strstr(err.text, ": "); /* it names the line, too: of the one that this is */
		tell(run, true, "%s", text ? text + 2 : err.text);
	} else if (check_keys(run, value, "the case", case_keys, sizeof case_keys / sizeof *case_keys)) {
		VEC(const json_t *) list = {0};
		for (size_t i = 0; i < json_array_size(objects); i++)
			vec_push(&list, json_array_get(objects, i));
		struct policy_world *world = policy_world_create(list.data, list.len);
		const char *name = json_walk_str(value, "name", NULL);
		size_t i;
		run->name = *name ? name : run->where;
		if (json_array_size(flows) == 0)
			tell(run, true, "\"flows\" of the case lists none");
		json_array_foreach (flows, i, flow) {
			enum policy_proto proto;
			if (check_flow(run, flow, i, &proto))
				ask_flow(run, world, flow, proto);
		}
		policy_world_destroy(world);
		vec_finish(&list);
	}
	json_decref(value);
}

static void run_line(struct run *run, const char *path, size_t number, const char *line, size_t len)
{
	char *where = mem_printf("%s:%zu", path, number);
	run->where = where;
	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	if (len > LINE_MAX_BYTES)
		tell(run, true, "the line is longer than %d MiB", LINE_MAX_BYTES >> 20);
	else if (len)
		run_case(run, line, len);
	free(where);
}

bool cases_run(const char *path, bool as_json, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	struct run run = {.differences = as_json ? json_array() : NULL, .troubles = as_json ? json_array() : NULL};
	size_t n_lines = 0, size = 0;
	char *line = NULL;
	if (!file) {
		json_decref(run.differences);
		json_decref(run.troubles);
		return err_set(err, ERR_NOT_FOUND, "%s cannot be read", path);
	}
	for (ssize_t len; (len = getline(&line, &size, file)) >= 0;)
		run_line(&run, is_stdin ? "standard input" : path, ++n_lines, line, (size_t)len);
	free(line);
	bool is_read = !ferror(file) || err_set(err, ERR_NOT_FOUND, "%s cannot be read", path);
	if (!is_stdin)
		fclose(file);
	if (is_read && !run.n_verdicts && !run.n_troubles)
		is_read = err_set(err, ERR_INVALID, "%s has no cases: it is empty", path);
	if (as_json) {
		json_t *all = json_pack("{s:I, s:o, s:o}", "verdicts", (json_int_t)run.n_verdicts, "differences",
		                        run.differences, "troubles", run.troubles);
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	} else if (is_read) {
		printf("%zu verdicts, %zu differences\n", run.n_verdicts, run.n_differences);
	}
	return is_read && !run.n_differences && !run.n_troubles;
}
