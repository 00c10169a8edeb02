/* script: an act in full, as play itself needs it: what stands behind struct play_act. Private to play.
 *
 * act.c reads a scenario file into it through reader.c (tables over YAML, mistakes with their lines), checks.c reads the
 * checks, promise.c the manifests that stages apply, command.c cuts blocks of shell text into commands and fills in values.
 */
#ifndef PLAY_SCRIPT_H
#define PLAY_SCRIPT_H

#include <regex.h>

#include "onesdn/play.h"

#define SCRIPT_SIZE_MAX ((size_t)1 << 20) /* of a scenario file, and of a manifest */
#define SCRIPT_STAGES_MAX 200
#define SCRIPT_WITHIN_MS 30000 /* of a check that says nothing */

struct texts {
	char **data;
	size_t len, cap;
};
void texts_finish(struct texts *texts);

struct script_var {
	char *name;
	char *workload, *network; /* the address of a workload on a network; NULL for a literal */
	char *value;              /* a literal */
};

/* clang-format off */
enum check_kind {
	CHECK_EXISTS, CHECK_GONE, CHECK_READY, CHECK_CONDITION, CHECK_FIELD, CHECK_NETWORK, CHECK_ADDRESS, CHECK_OUTPUT, CHECK_EXIT,
};
/* clang-format on */
struct script_check {
	enum check_kind kind;
	const struct kube_kind *object; /* EXISTS, GONE, READY, CONDITION, FIELD */
	char *name;                     /* of the object; "" for READY: all of that kind */
	struct texts namespaces;        /* where to look; one "" for what is in no namespace */
	char *type;                     /* CONDITION: its type */
	char *path;                     /* FIELD */
	char *network;                  /* NETWORK, ADDRESS */
	char *expected;                 /* CONDITION, FIELD, OUTPUT */
	bool is_pattern;                /* OUTPUT: `pattern` instead of a part of the text */
	regex_t pattern;
	int status; /* EXIT */
	int64_t within_ms;
	int line;
};

/* What a stage of action PLAY_CONSOLE does on its machine's console. */
enum console_verb { CONSOLE_OPENS, CONSOLE_LOGS_IN, CONSOLE_TYPES, CONSOLE_SENDS };
struct script_console {
	enum console_verb verb;
	char *password;     /* LOGS_IN; the user is the stage's command. Never shown */
	char *key;          /* SENDS: the bytes of a key instead of a text; NULL */
	bool has_expect, is_pattern;
	char *expected;     /* as written */
	regex_t pattern;
	int64_t expect_ms;
	int64_t within_ms;  /* for the prompt that it needs, and for its end; 0: not said */
};

struct script_stage {          /* beside the play_stage of the same index */
	struct texts commands; /* whole ones, {vars} not filled in */
	struct texts undo;
	VEC(struct script_check) checks;
	VEC(size_t) seen; /* flow measured by the command of the same index */
	struct script_console console;
	size_t n_planned; /* objects promised by this stage and those before it */
};
struct play_script {
	VEC(struct script_stage) stages;
	VEC(struct script_var) vars;
	char *folder; /* of the file: what its names of files are relative to */
	int64_t order;
	struct texts workloads, machines, networks; /* that the manifests promise, by name; machines: the virtual ones */
	unsigned kinds;                   /* that the act is about, as bits for kube_watch */
};

void script_check_finish(struct script_check *check);
const struct script_var *script_var_find(const struct play_script *script, const char *name, size_t len);

/* ---- command.c: shell text ---- */
/* The first of the lines in `text` that is a whole command, or as many as it needs; gives the bytes used (with the line
 * end) and puts the command without it into `out`. 0 at the end. Blank lines and lines of comment are passed over. */
size_t command_take(const char *text, struct str *out);
/* Does a shell want more after this? A guess by quotes, brackets, words and here-documents: the shell has the last word. */
bool command_is_whole(const char *text, size_t len);
/* The next {name} at or after `from`: its offset and the name's length; an escaped one ({{name}) is passed over. */
bool command_next_var(const char *text, size_t from, size_t *at, size_t *name_len);
/* Value of a variable, or NULL: then `why` says why not, with the cure. */
typedef char *command_value_fn(void *user, const char *name, size_t len, struct err *why);
/* Fills in every {name}, quoted for the shell, and undoes the escapes. NULL and `why` of the first without a value. */
char *command_fill(const char *text, command_value_fn *value, void *user, struct err *why);
/* Does the text do more than look? By the verbs of kubectl and virtctl. */
bool command_changes(const char *text);

/* ---- check.c: a check against what is known now ---- */
enum check_result { CHECK_WAITS, CHECK_HOLDS, CHECK_FAILS /* and waiting is of no use */ };
struct check_facts {
	const struct kube *kube;
	const struct topo *topo;
	const json_t *const *planned;
	size_t n_planned;
	const char *output; /* of the stage's commands */
	int status;         /* exit status of the last one; -1: none has ended yet */
};
/* In words what it wants ("namespace/tenantblue exists"). Appends. */
void check_describe(const struct script_check *check, struct str *out);
/* `found`: what is there instead, or what was found; `cure`: what to do, if anything is known. Both appended to. */
enum check_result check_ask(const struct script_check *check, const struct check_facts *facts, struct str *found,
                            struct str *cure);
bool check_is_of_cluster(const struct script_check *check); /* else of the command's own result */

/* ---- path.c: "status.conditions[0].type", "metadata.annotations['a.b/c']" ---- */
bool path_is_valid(const char *path);
const json_t *path_get(const json_t *object, const char *path); /* NULL when nothing is there */

#endif
