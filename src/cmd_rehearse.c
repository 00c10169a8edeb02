/* onesdn rehearse: every stage of the acts, unattended and without a screen; one TAP line a stage. Here is what is asked for, and the
 * plan; rehearsal.c performs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "rehearsal.h"
#include "tap.h"

enum { NAMES_MAX = 64, TIMEOUT_S = 120, SET_UP_S = 3600 };

/* False: a name that no act has. An act that cannot be read is a line of its own. */
static bool load_acts(struct rehearsal *r, const char *const *names, size_t n, const char *environment)
{
	for (size_t i = 0; i < n; i++) {
		struct err err;
		struct rehearsal_act run = {.name = mem_strdup(names[i]),
		                            .act = scenario_load(names[i], environment, &err)};
		if (!run.act)
			run.problem = mem_strdup(err.text);
		vec_push(&r->acts, run);
		if (!run.act && err.code == ERR_NOT_FOUND && !strchr(names[i], '/')) {
			fprintf(stderr, "onesdn: %s\n", err.text);
			return false;
		}
	}
	return true;
}

/* The plan. False: there is no act to bring a cluster up for. */
static bool print_plan(const struct rehearsal *r)
{
	size_t n_lines = 0;
	bool any = false;
	for (size_t i = 0; i < r->acts.len; i++)
		n_lines += r->acts.data[i].act ? r->acts.data[i].act->stages.len +
		                                         (r->explores ? 2 * r->acts.data[i].act->explorations.len : 0)
		                               : 1;
	printf("1..%zu\n", n_lines);
	for (size_t i = 0; i < r->acts.len; i++) {
		const struct rehearsal_act *run = &r->acts.data[i];
		any = any || run->act;
		if (run->act)
			tap_comment(run->act->warnings);
	}
	return any;
}

static void finish(struct rehearsal *r)
{
	for (size_t i = 0; i < r->acts.len; i++) {
		scenario_destroy(r->acts.data[i].act);
		free(r->acts.data[i].name);
		free(r->acts.data[i].problem);
	}
	vec_finish(&r->acts);
	str_finish(&r->how);
}

/* One that sets up a cluster is performed there, and has its own idea of time. */
static char *choose_cluster(struct rehearsal *r, const char *const *names, size_t n)
{
	char *own = n > 0 ? scenario_brings_up(names[0]) : NULL;
	if (own && !r->timeout)
		r->limit_ms = (int64_t)SET_UP_S * 1000;
	if (own && !r->context && !r->kubeconfig)
		r->kubeconfig = own;
	return own;
}

static int run(struct rehearsal *r, const char *const *names, size_t n)
{
	struct connect_options connect = {.context = r->context, .kubeconfig = r->kubeconfig};
	struct err err;
	if (!load_acts(r, names, n, connect_environment(&connect)))
		return 2;
	if (!print_plan(r)) {
		for (size_t i = 0; i < r->acts.len; i++) {
			printf("not ok %zu - %s: the scenario can be read\n", i + 1, r->acts.data[i].name);
			tap_comment(r->acts.data[i].problem);
		}
		return 1;
	}
	r->loop = loop_create(&err);
	if (!r->loop) {
		fprintf(stderr, "onesdn: %s\n", err.text);
		return 1;
	}
	rehearsal_run(r, &connect);
	loop_destroy(r->loop);
	return r->signum ? 128 + r->signum : r->has_failed;
}

/* All acts there are, in the order of the show, when none is named. */
static int run_named(struct rehearsal *r, const char **names, size_t n)
{
	struct err err;
	char *all = n == 0 ? scenario_names(&err) : NULL, *rest = all, *name;
	if (n == 0 && !all) {
		fprintf(stderr, "onesdn: %s\n", err.text);
		return 1;
	}
	while (rest && n < NAMES_MAX && (name = strsep(&rest, " "))) {
		if (name[0] != '\0')
			names[n++] = name;
	}
	char *own = choose_cluster(r, names, n);
	int status = run(r, names, n);
	free(own);
	free(all);
	return status;
}

int cmd_rehearse(int argc, char **argv)
{
	struct rehearsal r = {.limit_ms = (int64_t)TIMEOUT_S * 1000};
	/* clang-format off */
	const struct cmd_option options[] = {
		{"--by-hints", NULL, "do each stage by what its hints tell to type, where they do, instead of its own command", NULL, &r.is_by_hints},
		{"--context", "NAME", "on this kube context instead of the lab", &r.context, NULL},
		{"--kubeconfig", "FILE", "with this kubeconfig instead of kubectl's own choice", &r.kubeconfig, NULL},
		{"--explore", NULL, "the acts' explorations as well: each is broken, and mended", NULL, &r.explores},
		{"--keep", NULL, "leave the lab running that was brought up for this", NULL, &r.keep},
		{"--timeout", "SECONDS", "for a stage to end (120)", &r.timeout, NULL},
		{"--verbose", NULL, "show the commands and what they print", NULL, &r.verbose},
	};
	const struct cmd_usage usage = {
		"onesdn rehearse [OPTION]... [ACT|FILE]...",
		"Performs every stage of the acts (all of them, if none is named) unattended and prints one TAP line a stage with what\n"
		"was checked. After a failure the act's other stages are skipped, its clean-up runs all the same. Exit status 0: all\n"
		"held; 1: something did not; 2: usage. The lab is brought up when it does not run, and taken down again afterwards.",
		options, sizeof options / sizeof options[0], NAMES_MAX};
	/* clang-format on */
	const char *names[NAMES_MAX];
	size_t n = 0;
	int status = 0;
	int64_t seconds = TIMEOUT_S;
	if (!cmd_read_options(&usage, argc, argv, names, &n, &status))
		return status;
	if (r.timeout && !text_to_int(r.timeout, 1, 86400, &seconds)) {
		fprintf(stderr, "onesdn: --timeout is a number of seconds from 1 to 86400, not \"%s\"\nusage: %s\n",
		        r.timeout, usage.synopsis);
		return 2;
	}
	r.limit_ms = seconds * 1000;
	status = run_named(&r, names, n);
	finish(&r);
	return status;
}
