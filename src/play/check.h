/* check: a check of a stage against what is known now. Private to play. */
#ifndef PLAY_CHECK_H
#define PLAY_CHECK_H

#include "onesdn/play.h"

enum check_result { CHECK_WAITS, CHECK_HOLDS, CHECK_FAILS /* and waiting is of no use */ };
struct check_facts {
	const struct kube *kube;
	const struct topo *topo;
	const json_t *const *planned;
	size_t n_planned;
	const struct policy_world *policies; /* NULL: none were needed yet */
	const char *output; /* of the stage's commands */
	const struct play_flow *flows;
	int status; /* exit status of the last one; -1: none has ended yet */
};
/* In words what it wants ("namespace/tenantblue exists"); `act`: the check's, whose flows it may name. Appends. */
void check_describe(const struct scenario_check *check, const struct scenario_act *act, struct str *out);
/* `found`: what is there instead, or what was found; `cure`: what to do, if anything is known. Both appended to. */
enum check_result check_ask(const struct scenario_check *check, const struct check_facts *facts, struct str *found,
                            struct str *cure);

/* What one check is asked with, and where the answer goes. */
struct asking {
	const struct scenario_check *check;
	const struct check_facts *facts;
	struct str *found, *cure;
};
void check_append_namespaces(const struct scenario_check *check, struct str *out); /* " in a, b" */

void check_append_quote(struct str *out, const char *text); /* one safe line of bounded length, in quotes */

/* ---- check_object.c ---- */
enum check_result check_exists(const struct asking *a);
void check_exists_words(const struct scenario_check *check, struct str *out);
enum check_result check_gone(const struct asking *a);
void check_gone_words(const struct scenario_check *check, struct str *out);
enum check_result check_ready(const struct asking *a);
void check_ready_words(const struct scenario_check *check, struct str *out);
enum check_result check_condition(const struct asking *a);
void check_condition_words(const struct scenario_check *check, struct str *out);
enum check_result check_field(const struct asking *a);
void check_field_words(const struct scenario_check *check, struct str *out);
/* "ID is STATE: why; what is the matter with its attachments": as the graph has it, or else the object (NULL: it is not there). */
void check_append_state(const struct asking *a, const json_t *object, const char *id, struct str *out);

/* ---- check_network.c, check_policy.c ---- */
/* What is wrong with the policies that are there, the first few findings. */
void check_append_lint(const struct asking *a, struct str *out);
enum check_result check_network(const struct asking *a);
void check_network_words(const struct scenario_check *check, struct str *out);
enum check_result check_mapped(const struct asking *a);
void check_mapped_words(const struct scenario_check *check, struct str *out);
/* What there is instead of an object that is looked for in `ns`: the same name elsewhere, or a name much like it. */
void check_append_near(const struct asking *a, const char *ns);

#endif
