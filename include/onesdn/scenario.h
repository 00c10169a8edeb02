/* scenario: acts as written. Reads scenario files and the manifests beside them; every mistake with file, line and cure.
 *
 * Floor 4. Knows kinds of objects (kube) and what manifests promise (topo), nothing of a running show: `play` performs what
 * stands here. An act never changes once it is read. The format is documented in docs/SCENARIO.md.
 */
#ifndef ONESDN_SCENARIO_H
#define ONESDN_SCENARIO_H

#include <regex.h>

#include "onesdn/kube.h"
#include "onesdn/topo.h"

enum {
	SCENARIO_SIZE_MAX = 1 << 20, /* bytes of a scenario file, and of a manifest */
	SCENARIO_STAGES_MAX = 200,
	SCENARIO_HOSTS_MAX = 32,
	SCENARIO_HINTS_MAX = 8,      /* of a stage */
	SCENARIO_EXPLORATIONS_MAX = 16,
	SCENARIO_WITHIN_MS = 30000, /* of a check that says nothing */
};

struct scenario_texts {
	char **data;
	size_t len, cap;
};
void scenario_texts_finish(struct scenario_texts *texts);
/* Appends what a hint tells to type: what stands between two backquotes, as written, {vars} not yet filled in. `out` may be NULL.
 * False: the last backquote is not closed. */
bool scenario_hint_commands(const char *hint, struct scenario_texts *out);

/* HOST: the cluster admin on the machine that the nodes hang off (in the lab, its host namespace), not at the cluster. */
enum scenario_persona { SCENARIO_ADMIN, SCENARIO_OWNER, SCENARIO_HOST, SCENARIO_N_PERSONAS };
const char *scenario_persona_name(enum scenario_persona persona); /* "cluster-admin", "workload-owner", "host" */

/* ---- what must be true after a stage ---- */
enum scenario_check_kind {
	SCENARIO_CHECK_EXISTS, SCENARIO_CHECK_GONE, SCENARIO_CHECK_READY, SCENARIO_CHECK_CONDITION, SCENARIO_CHECK_FIELD,
	SCENARIO_CHECK_NETWORK, SCENARIO_CHECK_MAPPED, SCENARIO_CHECK_ADDRESS, SCENARIO_CHECK_UP, SCENARIO_CHECK_OUTPUT,
	SCENARIO_CHECK_EXIT,
	SCENARIO_CHECK_VERDICT, SCENARIO_CHECK_OVN, SCENARIO_CHECK_DROPPED,
};
struct scenario_check {
	enum scenario_check_kind kind;
	const struct kube_kind *object;   /* EXISTS, GONE, READY, CONDITION, FIELD */
	char *name;                       /* of the object, ADDRESS: of the workload, UP: of the host; "" for READY: all */
	struct scenario_texts namespaces; /* where to look; one "" for what is in no namespace */
	char *type;                       /* CONDITION: its type */
	char *path;                       /* FIELD */
	char *network;                    /* NETWORK, ADDRESS */
	char *expected;                   /* CONDITION, FIELD, OUTPUT */
	bool is_pattern;                  /* OUTPUT: `pattern` instead of a part of the text */
	regex_t pattern;
	int status;                       /* EXIT; DROPPED: at least so many packets */
	size_t flow;                      /* VERDICT, OVN, DROPPED: index into the act's flows; expected: "allow" or "deny" */
	int64_t within_ms;
	int line;
};
bool scenario_check_is_of_cluster(const struct scenario_check *check); /* else of the command's own result */

/* ---- a stage ---- */
enum scenario_action { SCENARIO_RUN, SCENARIO_APPLY, SCENARIO_CONSOLE, SCENARIO_PICTURE };
enum scenario_verb { SCENARIO_OPENS, SCENARIO_LOGS_IN, SCENARIO_TYPES, SCENARIO_SENDS };
struct scenario_dialog { /* what a stage of action CONSOLE does there */
	enum scenario_verb verb;
	char *password;     /* LOGS_IN; the user is the stage's command. Never shown */
	char *key;          /* SENDS: the bytes of a key instead of a text; NULL */
	bool has_expect, is_pattern;
	char *expected;     /* as written */
	regex_t pattern;
	int64_t expect_ms;
	int64_t within_ms;  /* for the prompt that it needs, and for its end; 0: not said */
};
struct scenario_stage { /* texts are safe to print and never NULL but where it is said */
	char *id, *title, *say, *read;       /* say: speaker notes; read: guided text */
	struct scenario_texts hints;         /* for somebody who is alone with it: each tells more than the one before */
	enum scenario_persona persona;
	enum scenario_action action;
	char *command;                       /* RUN, APPLY, and what CONSOLE types: as written, {vars} not yet filled in; NULL for PICTURE */
	struct scenario_texts commands;      /* the same, cut into whole ones */
	char *manifest_name, *manifest_text; /* APPLY: the file that is shown before it is applied */
	char *what_if;                       /* PICTURE: a manifest, of which is shown what it would change; "": none */
	char *console;                       /* CONSOLE: the virtual machine, "namespace/name"; else "" */
	struct scenario_dialog dialog;       /* CONSOLE */
	int64_t minutes_ms;                  /* of the plan; 0: none */
	int64_t pause_ms;                    /* unattended: its result can be read for so long; -1: not said */
	bool changes;                        /* the cluster is another one afterwards; such a stage should have an undo */
	bool has_undo;
	struct scenario_texts undo;          /* whole commands */
	char *done_if;                       /* shell text that ends with 0 when the result is there already; "" */
	bool skips_if_done;                  /* then it is passed over */
	bool breaks;                         /* the first half of an exploration */
	bool is_cleanup;                     /* a rehearsal runs it even when a stage before it has failed */
	VEC(struct scenario_check) checks;
	VEC(size_t) seen;                    /* flow measured by the command of the same index */
	bool is_blocked;                     /* those flows are to be dropped: their commands time out */
	size_t n_planned;                    /* objects promised by this stage and those before it */
	int line;                            /* in the scenario file */
	bool is_prelude;                     /* of the act that this one builds on: before its own stages; clean-up, after them */
};

/* ---- an act ---- */
struct scenario_var {
	char *name;
	char *workload, *network; /* the address of a workload on a network; NULL for a literal */
	char *value;              /* a literal */
};
struct scenario_flow {
	char *id, *from, *to, *port, *network; /* network "": the first that both are on */
};
struct scenario_host {       /* a machine outside the cluster: drawn planned until its stage is done */
	char *name, *address, *network;
	char *bridge;        /* of the physical network; "" when not said */
	size_t stage;        /* the one that shows it is there */
	char *watch;         /* shell text that runs on the host and prints its states; "" when not said */
};
struct scenario_exploration { /* an exercise after the act: both are of action RUN, and have the same id, title and undo */
	struct scenario_stage breaks; /* read: what it is about. Done when a check of the other does not hold */
	struct scenario_stage mends;  /* read: what is to be found; hints, checks of the cluster */
	int line;
};
struct scenario_act {
	char *name, *title, *summary, *path;
	char *base_name, *base_title;        /* of the act that this one builds on; "" */
	char *brings_up;                     /* the kubeconfig of the cluster that it makes; NULL for an act that finds one */
	char *folder;                        /* of the file: what its names of files are relative to */
	int64_t order;
	bool by_node;                        /* how the diagram groups */
	bool skips_if_done;                  /* its stages, unless they say otherwise */
	VEC(char *) namespaces;              /* NULL-terminated, len without the NULL */
	VEC(struct scenario_stage) stages;
	VEC(struct scenario_exploration) explorations; /* of the act itself, not of one that it builds on */
	VEC(struct scenario_var) vars;
	VEC(struct scenario_flow) flows;
	VEC(struct scenario_host) hosts;
	VEC(json_t *) redact;                /* what no recording may show: for cast_rules_add_json */
	VEC(json_t *) planned;               /* the objects that its manifests promise */
	struct scenario_texts workloads, machines, networks; /* that the manifests promise, by name; machines: the virtual ones */
	unsigned kinds;                      /* that the act is about, as bits for kube_watch */
	char *warnings;                      /* what is odd but no mistake, "file:line: what\n"...; "" */
};
/* `name`: an act that is shipped or installed (manifests/FOLDER/NAME.scenario.yaml), or a path to a file. `environment` is "lab"
 * or "kind": picks among commands that differ. Every mistake in the file is reported, one a line: "file:line: what; cure"
 * (as many as fit, then how many more there are). */
struct scenario_act *scenario_load(const char *name, const char *environment, struct err *err);
void scenario_destroy(struct scenario_act *act);
/* The stage's place for a person: among the act's own stages, or among those of the prelude. Counted from 1. */
void scenario_place(const struct scenario_act *act, size_t stage, size_t *number, size_t *total);
/* The address of the act's machine of that name; else `end` itself. */
const char *scenario_address(const struct scenario_act *act, const char *end);
/* Its machines outside the cluster for topo_input, all of them planned. How many; texts are the act's. */
size_t scenario_hosts(const struct scenario_act *act, struct topo_host out[SCENARIO_HOSTS_MAX]);
/* Names of the acts there are, in the order of the show, blank-separated. The caller frees. */
char *scenario_names(struct err *err);
char *scenario_set_ups(void); /* those that bring a cluster up and are no part of the show; as above */
/* The kubeconfig of the cluster that this act brings up, "~" filled in; NULL when it brings none. The caller frees. */
char *scenario_brings_up(const char *name);
void scenario_flow_ends(const struct scenario_flow *flow, struct str *out); /* "client ─▶ server", without namespaces; appends */
void scenario_flow_name(const struct scenario_flow *flow, struct str *out); /* "client ─▶ server tcp/80"; appends */
const struct scenario_var *scenario_var_find(const struct scenario_act *act, const char *name, size_t len);

/* ---- shell text ---- */
/* The first of the lines in `text` that is a whole command, or as many as it needs; gives the bytes used (with the line
 * end) and puts the command without it into `out`. 0 at the end. Blank lines and lines of comment are passed over. */
size_t scenario_command_take(const char *text, struct str *out);
/* Does a shell want more after this? A guess by quotes, brackets, words and here-documents: the shell has the last word. */
bool scenario_command_is_whole(const char *text, size_t len);
/* The next {name} at or after `from`: its offset and the name's length; an escaped one ({{name}) is passed over. */
bool scenario_command_next_var(const char *text, size_t from, size_t *at, size_t *name_len);
/* Value of a variable, or NULL: then `why` says why not, with the cure. */
typedef char *scenario_command_value_fn(void *user, const char *name, size_t len, struct err *why);
/* Fills in every {name}, quoted for the shell, and undoes the escapes. NULL and `why` of the first without a value. */
char *scenario_command_fill(const char *text, scenario_command_value_fn *value, void *user, struct err *why);
/* Does the text do more than look? By the verbs of kubectl and virtctl. */
bool scenario_command_changes(const char *text);
/* May what stands behind kubectl or virtctl only look? Verbs that are not known do not. */
bool scenario_command_looks(const char *const *words, size_t n);
/* Does it delete anything outside the act's namespaces, as far as can be told? What cannot be told does. */
bool scenario_deletes_elsewhere(const struct scenario_act *act, const char *text);

/* ---- a place in an object: "status.conditions[0].type", "metadata.annotations['a.b/c']" ---- */
bool scenario_path_is_valid(const char *path);
const json_t *scenario_path_get(const json_t *object, const char *path); /* NULL when nothing is there */

#endif
