/* load: what the readers of a scenario file share while one is read. Private to scenario. */
#ifndef SCENARIO_LOAD_H
#define SCENARIO_LOAD_H

#include "onesdn/scenario.h"
#include "scenario/reader.h"

struct loading {
	struct reader reader;
	struct scenario_act *act;
	const char *environment;
	const struct loading *above; /* the act that builds on this one is being read; NULL */
	struct scenario_act *base;   /* the one that this act builds on, as far as it has not been taken over; NULL */
	size_t n_base_flows;         /* the first of the act's flows, which were checked already */
};

/* find.c: a scenario that stands in memory, as if it were read from `path`. NULL and every mistake. */
struct scenario_act *load_text(const char *text, size_t len, const char *path, const char *environment,
                               struct err *err);
/* ... for the act that is being read and builds on it. */
struct scenario_act *load_text_above(const char *text, size_t len, const char *path, const struct loading *above,
                                     struct err *err);

/* prelude.c: takes over what the act builds on, all but its stages and hosts; and those, once the act's own are read. */
void load_prelude(struct loading *l, const char *name, bool has_diagram);
void load_prelude_stages(struct loading *l);

/* names.c: everything is read: notes what it names and is not there. */
void load_names(struct loading *l);
/* act.c: the whole file; stage.c: one entry of `stages`. Mistakes are noted in the reader. */
void load_act(struct loading *l);
void load_stage(struct loading *l, const json_t *value, const char *pointer);
void load_stage_into(struct loading *l, const json_t *value, const char *pointer, struct scenario_stage *out);
/* explore.c: the entries of `explore`. */
void load_explorations(struct loading *l, const json_t *list);

/* stage.c: shell text for this environment: one for all, or one for each. `what` is it for? False: it is none. */
bool load_shell_text(struct loading *l, const json_t *value, const char *pointer, const char *what, char **text);

/* Shell text cut into its whole commands. */
void load_commands(const char *block, struct scenario_texts *out);

/* stage_console.c: what a stage does on a console, from the keys that say it. */
enum { LOAD_LOGIN, LOAD_TYPE, LOAD_SEND, LOAD_EXPECT, LOAD_CONSOLE_KEYS };
struct load_stage {
	struct scenario_stage *stage;
	const json_t *values[LOAD_CONSOLE_KEYS]; /* NULL: not there */
	int64_t within_ms;                       /* of the stage; 0: not said */
};
void load_console(struct loading *l, const char *pointer, struct load_stage *stage);
/* ... and once everything is read: is there such a machine? */
void load_console_names(struct loading *l, const struct scenario_stage *stage, const char *pointer);

/* checks.c: one entry of a stage's `check` list. False: it is no check at all (noted). */
bool load_check(struct loading *l, const json_t *value, const char *pointer, int64_t within_ms,
                struct scenario_check *out);
size_t load_find_flow(struct loading *l, const char *id, const char *pointer); /* TOPO_NONE, and noted */
void load_check_finish(struct scenario_check *check);
/* ... and once everything is read: does it name what the act's manifests promise? */
void load_check_names(struct loading *l, const struct scenario_check *check);

/* promise.c: adds the objects of a manifest beside the scenario to act->planned. The text moves to the caller through
 * `text` (may be NULL). False and a problem, with the manifest's own file and line, if it cannot be read. */
bool load_manifest(struct loading *l, const char *name, const char *pointer, char **text);
bool promises_workload(const struct scenario_act *act, const char *id, struct nearest *near);
bool promises_machine(const struct scenario_act *act, const char *id, struct nearest *near); /* a virtual one */
bool promises_network(const struct scenario_act *act, const char *name, struct nearest *near);
/* Whether the networks that are promised can work at all: warnings, since a scenario may break them on purpose. */
void load_promised_networks(struct loading *l);
/* The kinds of what is promised, as bits for kube_watch. */
unsigned promised_kinds(const struct scenario_act *act);

/* A text or a list of texts. False: something else. */
bool load_texts(const json_t *value, struct scenario_texts *out);

#endif
