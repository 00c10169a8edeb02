/* play: the show without a screen. Performs an act (scenario): stages, actions, checks, flows, undo.
 *
 * Floor 5. Knows the cluster (kube, topo) and panes (term), nothing of curses: `onesdn rehearse` runs it bare, the ui
 * paints its state and turns keys into its verbs. A stage goes PENDING -> SHOWN (typed out at the prompt, not run) ->
 * RUNNING -> CHECKING -> DONE or FAILED. Commands are typed into a real shell in a pty; their exit status comes from
 * OSC 133 marks. Checks are asked of the cluster (watched, never polled) or of the command's own result.
 */
#ifndef ONESDN_PLAY_H
#define ONESDN_PLAY_H

#include "onesdn/kube.h"
#include "onesdn/loop.h"
#include "onesdn/policy.h"
#include "onesdn/scenario.h"
#include "onesdn/term.h"

/* ---- the engine ---- */
enum play_state { PLAY_PENDING, PLAY_SHOWN, PLAY_RUNNING, PLAY_CHECKING, PLAY_DONE, PLAY_FAILED, PLAY_SKIPPED };
struct play;
struct play_events { /* callbacks may read the play; verbs are to be posted */
	void (*on_change)(struct play *play, void *user);               /* anything below changed: repaint */
	void (*on_stage)(struct play *play, size_t stage, enum play_state state, void *user);
	void (*on_explore)(struct play *play, enum play_state state, void *user); /* of the exploration in view */
	void (*on_typed)(struct play *play, int status, void *user); /* play_type's command has ended; -1: a console tells no status */
};
struct play_options {
	struct loop *loop;
	struct kube *kube;
	struct scenario_act *act;                /* the play's from now on */
	const char *kubeconfigs[SCENARIO_N_PERSONAS]; /* paths put into the shell's KUBECONFIG; NULL: the environment's */
	const char *contexts[SCENARIO_N_PERSONAS];    /* kube context of each persona; NULL: the current one */
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
const struct scenario_act *play_act(const struct play *play);
void play_set_type_ms(struct play *play, int type_ms); /* of what is typed out from now on */

/* ---- verbs: each is legal at any time; what makes no sense says so in play_message ---- */
void play_next(struct play *play);       /* shows, runs, moves on: one step of those that Space goes through */
void play_back(struct play *play);       /* moves the view to the stage before */
void play_retry(struct play *play);      /* the stage again, from SHOWN */
void play_skip(struct play *play);
void play_undo(struct play *play);       /* runs the stage's undo; back to PENDING */
void play_look(struct play *play, size_t stage); /* moves the view there; stages between are left as they are */
/* Brings the cluster to the starting state of a stage: undoes what is later, performs at once what is earlier and not there;
 * play_message tells how far it is. A failure ends it at the stage that failed. */
void play_go(struct play *play, size_t stage);
bool play_is_going(const struct play *play);
void play_stop(struct play *play);       /* where it is, on the way of play_go */
/* What somebody is to be asked about before a stage is run or undone, or gone to: a command that deletes what is not in the act's own
 * namespaces, on any cluster but the lab. NULL: nothing. The caller frees. */
enum play_intent { PLAY_RUN, PLAY_UNDO, PLAY_GO };
char *play_asks(const struct play *play, enum play_intent intent, size_t stage);

/* ---- kept and resumed ---- */
json_t *play_keep(const struct play *play); /* how the show stands, for play_restore; the caller's */
/* A new play of the same act goes on there. A stage that was under way is asked for as soon as the cluster is there. False: that
 * is nothing that was kept of this act; the play is untouched. */
bool play_restore(struct play *play, const json_t *kept, struct err *err);
void play_set_started(struct play *play, int64_t started); /* loop time: the clock goes on from there */

/* Somebody is alone with it: what is done by hand counts, typed in the pane or done to the cluster from elsewhere. A stage
 * in view that waits is done as soon as its checks have come to hold. */
void play_attend(struct play *play, bool attends);
/* Types a line where somebody would who does the stage in view by hand, as soon as there is a prompt: in its persona's shell, on its
 * machine's console, where a prompt for a user's name or a password will do. One line at a time; on_typed follows. NULL: no more; Ctrl-C to the one that runs, and on_typed does not come. */
void play_type(struct play *play, const char *line);
bool play_tried_by_hand(const struct play *play); /* a command was typed for the stage in view, and it is not done */
/* ---- explorations: something is broken on purpose, to be found and mended. Somebody who is alone with the show comes to
 * them before the act cleans up; play_stage stays where it was meanwhile, and the verbs are about the exploration ---- */
struct play_exploration {
	size_t number;                    /* of the act's explorations */
	size_t stage;                     /* for play_check and play_command */
	const struct scenario_stage *plan;
	enum play_state state;            /* of that stage */
	bool is_mending;                  /* else it is still to be broken */
};
bool play_explore(struct play *play, size_t exploration); /* begins it; false: play_message says why not */
bool play_exploring(const struct play *play, struct play_exploration *out); /* false: the show itself is in view */
bool play_is_explored(const struct play *play, size_t exploration); /* mended */
void play_cluster_changed(struct play *play);  /* tell it of kube's on_change and on_state, once a turn is enough */

/* ---- state, for the painter ---- */
size_t play_stage(const struct play *play);                       /* the one in view */
enum play_state play_stage_state(const struct play *play, size_t stage);
const char *play_message(const struct play *play);  /* one safe line: what it waits for and since when, the result, or what went wrong with the cure */
bool play_message_is_problem(const struct play *play);
/* After a failure, several safe lines: what was expected, what was found, the last output. "" otherwise. */
const char *play_failure(const struct play *play);
/* How a check of a stage stands now: of the cluster as it is at any time, of a command's own result once it has run. */
struct play_check {
	char *wants, *found, *cure; /* safe lines; found: what is there instead, "" while it holds or nothing is known */
	bool holds;
};
bool play_check(struct play *play, size_t stage, size_t check, struct play_check *out); /* false: no such check */
void play_check_finish(struct play_check *check);
const char *play_output(const struct play *play);   /* of the commands of the stage that ran last; as they printed it, not safe */
const char *play_checked(const struct play *play, size_t stage);  /* what was checked, in words, once DONE */
bool play_was_there(const struct play *play, size_t stage); /* DONE, but passed over: its result was there already */
int64_t play_took(const struct play *play, size_t stage);         /* ms from Enter to the last check; 0: has not ended */
bool play_is_busy(const struct play *play);         /* a command runs or a check waits */
bool play_is_typed(const struct play *play);        /* the stage in view is shown, its whole command stands there: next runs it */
bool play_shell_is_busy(const struct play *play);   /* a program runs in a shell, also one that was typed by hand */
int play_status(const struct play *play);           /* exit status of the command that ended last; -1: none yet */
bool play_is_over(const struct play *play);         /* the last stage is done or skipped */
int64_t play_started(const struct play *play);      /* loop time of the first stage's start; 0: not yet */
struct term *play_shell(struct play *play, enum scenario_persona persona); /* started on first use; the play's */
/* The command that `next` would run, with its values filled in where they are known already; the caller frees. */
char *play_next_command(const struct play *play);
char *play_command(const struct play *play, size_t stage); /* the same of any stage */
char *play_hint(const struct play *play, size_t stage, size_t hint); /* with its values filled in where they are known; the caller frees */

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

/* ---- the act's flows, each with its witnesses: what the policies say, what OVN says, what was measured ---- */
enum play_flow_state { PLAY_FLOW_UNTRIED, PLAY_FLOW_UNDERWAY, PLAY_FLOW_OK, PLAY_FLOW_BLOCKED, PLAY_FLOW_FAILED };
/* How a real connection attempt ended, by the words of the program that tried. */
enum play_measure { PLAY_UNMEASURED, PLAY_CONNECTED, PLAY_REFUSED, PLAY_UNREACHABLE, PLAY_TIMED_OUT, PLAY_BROKE };
struct play_flow {                           /* texts are the play's, until the next change; NULL: nothing is known */
	const struct scenario_flow *plan;
	enum play_flow_state state;          /* BLOCKED: it timed out, or waits while drops are counted, and a policy or OVN denies it */
	char note[64];                       /* "0.9 ms", "3 packets dropped" */
	enum play_measure measured;
	int64_t measured_ms;
	bool is_judged;                      /* the policies could be asked */
	bool allowed[POLICY_N_PROFILES];
	const char *reasons[POLICY_N_PROFILES];
	bool is_traced, passes_ovn;          /* OVN was asked and has answered */
	const char *ovn, *acl;               /* its words; the ACL that drops; also why it was not asked */
	bool is_counted;                     /* there is a figure: packets dropped at its ends since their policies came */
	uint64_t dropped;
	const char *disagrees;               /* where the witnesses do, in words */
	bool is_away;                        /* an end of it, or its way, is away just now, as the objects tell */
	bool is_cut;                         /* OK, and away since: it cannot pass */
	bool was_ok;                         /* UNTRIED: it was OK, cut, and its way is back; nobody has tried it since */
	char why[96];                        /* "turtle-db is down"; "" */
	bool is_asked_if, allowed_then;      /* and what would be, were a manifest applied (what-if) */
	const char *reason_then;
};
/* Somebody looks at the flows: OVN is asked of all of them, and what it drops is counted meanwhile. */
void play_look_at_flows(struct play *play, bool is_looking);
/* Whether the witnesses have said what they have to say, so that the same stage shows the same once more: the verdicts are of
 * now, OVN has answered, its count of drops stands still, and, where a stage is to be blocked, OVN has ceased to announce new
 * ports in their names, which would count. 0: so it is; else in how many ms it is worth asking again (it may take half a minute). */
int64_t play_settles_in(struct play *play);
/* What would a manifest change? `path` as in the scenario: relative to its folder. It stays a question until its objects are there. */
bool play_ask_what_if(struct play *play, const char *path, struct err *err);
void play_what_if_words(const struct play *play, struct str *out); /* one line; appends; nothing when nothing is asked */
void play_flow_measured(const struct play_flow *flow, struct str *out); /* "timed out after 5.0 s"; appends */
void play_flow_disagreement(const struct play_flow *flow, struct str *out); /* where its witnesses do, in words; or nothing */
const struct policy_world *play_policies(const struct play *play);      /* the verdicts' world as of now; NULL: none yet */
/* For a picture without a show: how the act's machines outside the cluster are now, as their watches say. Turns the loop, at
 * most 2 s. How many; the caller frees the words. */
struct play_asked_host {
	enum topo_state state;
	char *words;
};
size_t play_ask_hosts(struct loop *loop, const struct scenario_act *act, const char *environment,
                      struct play_asked_host out[SCENARIO_HOSTS_MAX]);
const struct play_flow *play_flows(const struct play *play, size_t *n);
/* The graph of the act's namespaces as it is now, planned objects merged in; borrowed until the cluster changes. */
const struct topo *play_topo(struct play *play);

#endif
