/* play: the show without a screen. Acts read from scenario files, stages, actions, checks, flows, undo.
 *
 * Floor 4. Knows the cluster (kube, topo) and panes (term), nothing of curses: `onesdn rehearse` runs it bare, the ui
 * paints its state and turns keys into its verbs. A stage goes PENDING -> SHOWN (typed out at the prompt, not run) ->
 * RUNNING -> CHECKING -> DONE or FAILED. Commands are typed into a real shell in a pty; their exit status comes from
 * OSC 133 marks. Checks are asked of the cluster (watched, never polled) or of the command's own result.
 * The scenario format is documented in docs/SCENARIO.md.
 */
#ifndef ONESDN_PLAY_H
#define ONESDN_PLAY_H

#include "onesdn/kube.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "onesdn/topo.h"

/* ---- acts as written ---- */
/* HOST: the cluster admin on the machine that the nodes hang off (in the lab, its host namespace), not at the cluster. */
enum play_persona { PLAY_ADMIN, PLAY_OWNER, PLAY_HOST, PLAY_N_PERSONAS };
const char *play_persona_name(enum play_persona persona); /* "cluster-admin", "workload-owner", "host" */
enum play_action { PLAY_RUN, PLAY_APPLY, PLAY_CONSOLE, PLAY_PICTURE };
struct play_stage { /* read only for others; texts are safe to print */
	char *id, *title, *say, *read;       /* say: speaker notes; read: guided text */
	enum play_persona persona;
	enum play_action action;
	char *command;                       /* RUN, APPLY, and what CONSOLE types: as written, {vars} not yet filled in */
	char *manifest_name, *manifest_text; /* APPLY: the file that is shown before it is applied */
	char *console;                       /* CONSOLE: the virtual machine, "namespace/name"; else "" */
	int64_t minutes_ms;                  /* of the plan; 0: none */
	bool changes;                        /* the cluster is another one afterwards; such a stage should have an undo */
	bool has_undo;
	bool is_cleanup;                     /* a rehearsal runs it even when a stage before it has failed */
	int line;                            /* in the scenario file */
};
struct play_flow_plan {
	char *id, *from, *to, *port, *network; /* network "": the first that both are on */
};
struct play_host {                  /* a machine outside the cluster: drawn planned until its stage is done */
	char *name, *address, *network;
	char *bridge;                /* of the physical network; "" when not said */
	size_t stage;                /* the one that shows it is there */
};
struct play_act {
	char *name, *title, *summary, *path;
	bool by_node;                        /* how the diagram groups */
	VEC(char *) namespaces;              /* NULL-terminated, len without the NULL */
	VEC(struct play_stage) stages;
	VEC(struct play_flow_plan) flows;
	VEC(struct play_host) hosts;
	VEC(json_t *) planned;               /* the objects that its manifests promise */
	char *warnings;                      /* what is odd but no mistake, "file:line: what\n"...; "" */
	struct play_script *script;          /* checks, vars, actions in detail: play's own */
};
/* `name`: an act that is shipped or installed (manifests/FOLDER/NAME.scenario.yaml), or a path to a file. `environment` is "lab"
 * or "kind": picks among commands that differ. Every mistake in the file is reported, one a line: "file:line: what; cure"
 * (as many as fit, then how many more there are). */
struct play_act *play_act_load(const char *name, const char *environment, struct err *err);
void play_act_destroy(struct play_act *act);
/* Its machines outside the cluster for topo_input; bit i of `there`: number i is there. How many; texts are the act's. */
#define PLAY_HOSTS_MAX 32
size_t play_act_hosts(const struct play_act *act, uint64_t there, struct topo_host out[PLAY_HOSTS_MAX]);
/* Names of the acts there are, in the order of the show, blank-separated. The caller frees. */
char *play_act_names(struct err *err);

/* ---- the engine ---- */
enum play_state { PLAY_PENDING, PLAY_SHOWN, PLAY_RUNNING, PLAY_CHECKING, PLAY_DONE, PLAY_FAILED, PLAY_SKIPPED };
struct play;
struct play_events { /* callbacks may read the play; verbs are to be posted */
	void (*on_change)(struct play *play, void *user);               /* anything below changed: repaint */
	void (*on_stage)(struct play *play, size_t stage, enum play_state state, void *user);
};
struct play_options {
	struct loop *loop;
	struct kube *kube;
	struct play_act *act;                /* the play's from now on */
	const char *kubeconfigs[PLAY_N_PERSONAS]; /* paths put into the shell's KUBECONFIG; NULL: the environment's */
	const char *contexts[PLAY_N_PERSONAS];    /* kube context of each persona; NULL: the current one */
	const char *environment;             /* "lab" or "kind" */
	bool unattended;                     /* what is shown runs at once; only moving on to the next stage is the caller's */
	bool offline;                        /* the objects are recorded (kube's offline): no cluster is waited for */
	bool read_only;                      /* never changes the cluster: stages that would are refused with words */
	int type_ms;                         /* between characters that are typed out; 0: at once */
	int64_t limit_ms;                    /* unattended: a stage that takes longer has failed; 0: no limit */
	int rows, cols;                      /* of its panes at first */
	struct play_events events;
	void *user;
};
struct play *play_create(const struct play_options *options, struct err *err);
void play_destroy(struct play *play);
const struct play_act *play_act(const struct play *play);

/* ---- verbs: each is legal at any time; what makes no sense says so in play_message ---- */
void play_next(struct play *play);       /* shows, runs, moves on: one step of those that Space goes through */
void play_back(struct play *play);       /* moves the view to the stage before */
void play_retry(struct play *play);      /* the stage again, from SHOWN */
void play_skip(struct play *play);
void play_undo(struct play *play);       /* runs the stage's undo; back to PENDING */
void play_go(struct play *play, size_t stage); /* moves there; stages between are left as they are */
void play_cluster_changed(struct play *play);  /* tell it of kube's on_change and on_state, once a turn is enough */

/* ---- state, for the painter ---- */
size_t play_stage(const struct play *play);                       /* the one in view */
enum play_state play_stage_state(const struct play *play, size_t stage);
const char *play_message(const struct play *play);  /* one safe line: what it waits for and since when, the result, or what went wrong with the cure */
bool play_message_is_problem(const struct play *play);
/* After a failure, several safe lines: what was expected, what was found, the last output. "" otherwise. */
const char *play_failure(const struct play *play);
const char *play_output(const struct play *play);   /* of the commands of the stage that ran last; as they printed it, not safe */
const char *play_checked(const struct play *play, size_t stage);  /* what was checked, in words, once DONE */
int64_t play_took(const struct play *play, size_t stage);         /* ms from Enter to the last check; 0: has not ended */
bool play_is_busy(const struct play *play);         /* a command runs or a check waits */
bool play_shell_is_busy(const struct play *play);   /* a program runs in a shell, also one that was typed by hand */
bool play_is_over(const struct play *play);         /* the last stage is done or skipped */
int64_t play_started(const struct play *play);      /* loop time of the first stage's start; 0: not yet */
struct term *play_shell(struct play *play, enum play_persona persona); /* started on first use; the play's */
/* The command that `next` would run, with its values filled in where they are known already; the caller frees. */
char *play_next_command(const struct play *play);

/* ---- consoles of virtual machines: panes that run `virtctl console` ----
 * One is opened by a stage that speaks on it, or by play_console_open. It attaches by itself when the machine runs, again
 * after a drop, and never when another client took it over. What is typed into it reaches the guest; ^] ends the
 * connection and nothing else; Enter in one that is not attached attaches it. The scrollback stays. */
enum play_console_state {
	PLAY_CONSOLE_WAITING,    /* the machine does not run */
	PLAY_CONSOLE_CONNECTING,
	PLAY_CONSOLE_ATTACHED,
	PLAY_CONSOLE_DROPPED,    /* lost; tries again by itself */
	PLAY_CONSOLE_TAKEN,      /* another client has it; play_console_attach takes it back */
	PLAY_CONSOLE_LEFT,       /* left by ^] */
};
struct play_console {
	const char *id, *name;   /* "tenantblue/vm-client", "vm-client"; the play's */
	struct term *term;
	enum play_console_state state;
	const char *words;       /* safe: what it waits for, why it is not attached and what to do; "" while attached */
};
size_t play_n_consoles(const struct play *play);  /* opened so far; they stay until the play ends */
bool play_console(const struct play *play, size_t at, struct play_console *out);
size_t play_console_find(const struct play *play, const char *id);  /* by "namespace/name"; TOPO_NONE */
size_t play_console_open(struct play *play, const char *id, struct err *err); /* or finds it; TOPO_NONE: no such machine in the act */
void play_console_attach(struct play *play, size_t at); /* now: also takes it back from another client */

enum play_flow_state { PLAY_FLOW_UNTRIED, PLAY_FLOW_UNDERWAY, PLAY_FLOW_OK, PLAY_FLOW_BLOCKED, PLAY_FLOW_FAILED };
struct play_flow {
	const struct play_flow_plan *plan;
	enum play_flow_state state;
	char note[64];                       /* "0.9 ms" */
};
const struct play_flow *play_flows(const struct play *play, size_t *n);
/* The graph of the act's namespaces as it is now, planned objects merged in; borrowed until the cluster changes. */
const struct topo *play_topo(struct play *play);

#endif
