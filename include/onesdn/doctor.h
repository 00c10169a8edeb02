/* doctor: is everything here that a show needs? Looks, once, and says it in lines that can be pasted into a mail: what holds,
 * what does not, and the cure.
 *
 * Floor 5, beside play: knows acts (scenario) and the cluster (kube), neither the terminal nor how a lab is brought up; a
 * command adds what it knows of those by doctor_add. Every probe waits for its answer with a deadline, on the loop that it is
 * given. Nothing is changed anywhere.
 */
#ifndef ONESDN_DOCTOR_H
#define ONESDN_DOCTOR_H

#include "onesdn/kube.h"
#include "onesdn/scenario.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN, /* the show goes on without it */
	DOCTOR_FAIL,
	DOCTOR_UNTRIED, /* not looked at; says how */
	DOCTOR_N_STATES,
};
struct doctor_options {
	struct loop *loop;
	const struct scenario_act *const *acts; /* that are to be shown; borrowed */
	size_t n_acts;
	bool is_lab;       /* the show will be on the lab, not on a cluster */
	const char *setup; /* the command that sets up what a cluster lacks, for cures; "" */
};
struct doctor *doctor_create(const struct doctor_options *options);
void doctor_destroy(struct doctor *doctor);

/* ---- findings ---- */
/* One finding. `area` groups them ("terminal"); `cure` is what to do, NULL or "" when there is nothing. What was hidden, and what
 * looks like a server's address, a token or the home directory, is taken out of the sentence. */
void doctor_add(struct doctor *doctor, enum doctor_state state, const char *area, const char *cure, const char *fmt,
                ...) __attribute__((format(printf, 5, 6)));
void doctor_hide(struct doctor *doctor, const char *text, const char *word); /* from now on `word` stands for `text` */
size_t doctor_count(const struct doctor *doctor, enum doctor_state state);
/* Appends the findings as lines, grouped by area in the order in which the areas came, and a last line that counts. */
void doctor_text(const struct doctor *doctor, struct str *out);
json_t *doctor_json(const struct doctor *
                            doctor); /* {"findings": [{"area", "state", "what", "cure"}], "ok": n, ...}; the caller's */

/* ---- probes ---- */
/* What the lab needs of this machine, as onesdn-lab says it. False: the lab cannot run. */
bool doctor_machine(struct doctor *doctor);
void doctor_programs(struct doctor *doctor); /* kubectl, virtctl, bash */
struct doctor_cluster {
	const char *socket; /* the lab's; NULL: through kubectl */
	const char *kubeconfigs[SCENARIO_N_PERSONAS], *contexts[SCENARIO_N_PERSONAS]; /* may be NULL */
};
/* Reachable? Which version, which nodes, which kinds, whose controllers, who may do what, which images. */
void doctor_look_at(struct doctor *doctor, const struct doctor_cluster *cluster);

#endif
