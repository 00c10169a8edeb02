/* engine: the state of a play, shared by the files that move it. Private to play.
 *
 * engine.c has the life of a play, verbs.c the presenter's keys, stand.c what others ask of it; perform.c types and runs commands
 * through the personas' shells (shells.c), with values.c's values in them; dialog.c speaks on the consoles of virtual machines,
 * which consoles.c keeps, dialog_prompt.c finds the place to speak at; hosts.c knows the machines outside the cluster; ask.c
 * asks the checks and keeps their time; words.c says what goes on; passing.c finds out what is there already, travel.c
 * brings the cluster to a stage. One job at a time: a stage that is performed, or its
 * undo. The view (what `next` means) may be on another stage than the job.
 */
#ifndef PLAY_ENGINE_H
#define PLAY_ENGINE_H

#include "play/check.h"
#include "play/console.h"
#include "play/shell.h"
#include "play/watch.h"

#define OUTPUT_MAX 65536 /* bytes of a stage's output that are kept for checks: the end */

enum play_job { JOB_NONE, JOB_STAGE, JOB_UNDO };
enum play_step {
	STEP_NONE,
	STEP_VALUES, /* a variable has no value yet */
	STEP_PROMPT, /* until the shell is at its prompt */
	STEP_TYPING,
	STEP_TYPED,   /* a whole command stands at the prompt; `go` runs it */
	STEP_ENTERED, /* Enter was pressed: bash runs it, or wants more */
	STEP_RUNNING,
	STEP_CHECKS,
};

struct stage_run {
	enum play_state state;
	char *checked; /* in words, once DONE */
	char *message; /* the last word on it; NULL: none */
	char *failure;
	int64_t took_ms; /* of its commands and checks */
	bool was_there;  /* DONE without having been performed */
};

struct play {
	struct play_options options;
	struct scenario_act *act;
	struct loop *loop;
	struct kube *kube;
	char *kubeconfigs[SCENARIO_N_PERSONAS], *contexts[SCENARIO_N_PERSONAS];
	char *private_dir; /* NULL until the first shell starts */
	struct shell *shells[SCENARIO_N_PERSONAS];
	unsigned restart; /* bits of personas whose shell is to be started again */

	VEC(struct console *) consoles;
	struct play_host *hosts;   /* hosts.c: one a host of the act */
	uint64_t hosts_generation; /* another one: a host may be in another state */

	size_t view;
	struct stage_run *runs; /* one a stage */
	int64_t started;        /* 0: not yet */
	VEC(struct play_flow) flows;
	struct testify *testify;   /* what the policies say of them */
	struct what_if *what_if;   /* a manifest that is not applied yet; NULL */
	struct overhear *overhear; /* what OVN says; NULL: nobody is asked */

	enum play_job job;
	size_t stage; /* of the job */
	enum play_step step;
	bool go;               /* run what is typed without being told */
	size_t command;        /* index into the job's commands */
	char *text;            /* that command, its values filled in */
	size_t line, line_end; /* of `text`: the line that is typed */
	int status;            /* of the last command that ended; -1: none */
	bool is_lost;          /* it failed while the cluster was away: only the checks tell */
	struct str output;     /* of the stage's commands so far */
	size_t output_before;  /* bytes of it when the command began */
	int64_t job_since;     /* Space pressed */
	int64_t go_since;      /* its first Enter; 0: not yet */
	int64_t run_since;     /* the begin of the command that runs */
	int64_t interrupted;   /* Ctrl-C was sent and no prompt has come yet; 0: no */
	int64_t prompt_since;  /* STEP_PROMPT began; of a console: it was attached by then */
	char *prompt;          /* of a console: what a command was typed at */
	bool is_logged_in;     /* LOGS_IN: a shell was there already */
	bool is_password_sent; /* LOGS_IN: and it was no shell that came before */
	int64_t nudged;        /* when a silent console was sent a carriage return; 0: not yet */

	int64_t waited_ms, asked; /* time that checks have had with a live cluster; when it was last counted */
	bool was_live;
	struct loop_timer *tick; /* only while something goes on */

	char *message, *note; /* of the job; of the last verb that made no sense. NULL: none */
	bool message_is_problem, note_is_problem;

	size_t doubtful;         /* the stage that was under way when the show was kept, counted from 1; 0: none */
	struct travel *travel;   /* on the way to a stage; NULL */
	struct passing *passing; /* somebody wants to know whether a stage's result is there; NULL */

	struct topo *topo;
	uint64_t topo_generation, topo_hosts; /* of the cluster and of the hosts that it was built of */

	size_t explored_from; /* the show's view while an exploration is in view */
	bool has_explored;

	struct hand *hand;         /* a line that is typed for somebody; NULL */
	bool attends;              /* what is done by hand counts */
	struct by_hand {           /* on the stage in view, while it is not performed by us */
		bool is_known;     /* how they stood */
		bool did_hold;     /* its checks of the cluster, when it came into view or since */
		bool runs;         /* a command that somebody has typed */
		bool is_ours;      /* ... and that is like the stage's last one */
		size_t n_ended;    /* how many such commands */
		int64_t since;     /* the begin of the last of them */
		int status;        /* and its end; -1 */
		struct str output; /* of all of them */
		bool is_heard;     /* the console was listened to */
		bool was_so;       /* ... and was open, or logged in, as the stage wants it */
		char *prompt;      /* on a console: the one that stands there, its output counted from it; NULL */
	} by_hand;
};

/* ---- verbs.c ---- */
void play_perform(struct play *p, bool go); /* the stage in view, from SHOWN */

/* ---- engine.c ---- */
void play_set_state(struct play *p, size_t stage, enum play_state state);
void play_changed(struct play *p);
void play_set_view(struct play *p, size_t view);
void play_end_job(struct play *p); /* no job any more; the tick stops */
struct scenario_stage *play_stage_of(const struct play *p, size_t stage);

/* ---- perform.c ---- */
void perform_show(struct play *p, enum play_job job, bool go);              /* begins the job on p->stage */
int perform_type_ms(const struct play *p);                                  /* between characters */
void perform_run(struct play *p);                                           /* STEP_TYPED: Enter */
void perform_step_on(struct play *p);                                       /* VALUES and PROMPT: is it so far? */
void perform_cancel(struct play *p); /* ends the job, whatever it does; Ctrl-C if a command runs */
const struct scenario_texts *perform_commands(const struct play *p);
void perform_on_tick(struct play *p);
void perform_type_rest(struct play *p);                     /* STEP_TYPING: at once */
void perform_begins(struct play *p);                        /* the command runs now */
void perform_keep(struct play *p, const struct str *text);  /* output of the stage */
void perform_on_state(struct shell *shell, enum shell_state state, void *user); /* these three: of a shell; the play */
void perform_on_done(struct shell *shell, int status, void *user);
void perform_on_typed(struct shell *shell, void *user);

/* ---- values.c ---- */
char *values_fill(const struct play *p, const char *text, struct err *why); /* variables to values; NULL: `why` not */

/* ---- shells.c: those of the personas ---- */
struct shell *shells_get(struct play *p, enum scenario_persona persona); /* created and started on first use */
enum scenario_persona shells_persona(const struct play *p, const struct shell *shell);
void shells_start_again(struct play *p, enum scenario_persona persona); /* later: not inside its own callback */
char *shells_private_dir(struct play *p, struct err *err); /* of the play, made on first use; borrowed; NULL: `err` */
void shells_finish(struct play *p);                        /* and their private files */

/* ---- flows.c: what the act's flows come to ---- */
void flows_init(struct play *p);
void flows_begin_stage(struct play *p);
void flows_begin(struct play *p); /* the command runs */
void flows_end(struct play *p, int64_t ended,
               int status); /* it has ended, its output is kept; -1: no status is known */
void flows_cancel(struct play *p);
void flows_settle(struct play *p, bool is_done);              /* the stage is done, or has failed */
void flows_by_hand(struct play *p, int64_t took_ms);          /* the stage is done, by what somebody has typed */
/* Somebody has typed a command like that of the stage in view, whose flows are to be blocked; it has ended. */
void flows_begin_by_hand(struct play *p);
void flows_end_by_hand(struct play *p, const char *output, int status);
bool flows_are_blocked(const struct play *p); /* those of the stage in view */
bool flows_forgive(const struct play *p, int status);         /* the command was meant to fail */
enum play_measure flows_read(const char *output, int status); /* how a try ended, in the words of the program */
/* The command's flow is not what the stage is to show: in words, appended. False: it is. */
bool flows_mistake(struct play *p, struct str *expected, struct str *found, const char **cure);
/* "blocked, as intended: ...", of the job; or nothing. The count of drops goes on, and beside the wire it is to be seen. */
void flows_blocked_words(const struct play *p, bool has_count, struct str *out);

/* ---- testify.c: what the policies say of them, and where the witnesses disagree ---- */
void testify_init(struct play *p);
void testify_finish(struct play *p);
void testify_now(struct play *p); /* after a change of the cluster: the verdicts are of now */
void testify_anew(struct play *p);
bool testify_ask(struct play *p, const struct policy_world *world, size_t flow, enum policy_profile profile,
                 struct policy_verdict *out);
void testify_measured(struct play *p, size_t flow);
void testify_heard(struct play *p, size_t flow);   /* OVN has answered */
/* What the policies said when the flow was measured: "allow", "deny", or NULL: nothing. And the same of an earlier run of the show. */
const char *testify_verdict_then(const struct play *p, size_t flow);
void testify_recall(struct play *p, size_t flow, const char *verdict);
void testify_note(struct play_flow *flow);         /* of a blocked flow: how many packets */
bool testify_denies(const struct play_flow *flow); /* somebody beside the measurement says so */
bool testify_has_policies(const struct play *p);
uint64_t testify_ends(struct play *p, size_t flow); /* of the flow's ends; 0: they are not both there */
uint64_t testify_hash(struct play *p, size_t flow); /* of them and the policies; 0 as above */
bool testify_is_settled(const struct play *p);      /* the verdicts are of what the cluster is now */

/* ---- whatif.c: what a manifest would change ---- */
bool what_if_read(struct play *p, const char *name, const char *text, size_t size, struct err *err);
void what_if_again(struct play *p, const json_t *const *objects, size_t n_objects); /* the objects are others */
void what_if_finish(struct play *p);

/* ---- overhear.c: what OVN says of them ---- */
void overhear_init(struct play *p);
void overhear_finish(struct play *p);
void overhear_changed(struct play *p); /* a policy or an end of a flow may be another one */
void overhear_begins(struct play *p, size_t flow);
void overhear_expects(struct play *p, size_t flow); /* it is denied from now on */
void overhear_count(struct play *p);                /* a flow has begun or ended */
void overhear_look(struct play *p);                 /* the last figures, now */
/* When it is worth looking again whether OVN has said what it has to say, ms; 0: it has. `blocks`: somebody counts drops. */
int64_t overhear_settles_in(struct play *p, bool blocks);

/* ---- consoles.c ---- */
struct console *consoles_open(struct play *p, const char *id, enum scenario_persona persona, struct err *err);
void consoles_look(struct play *p); /* the cluster has changed */
void consoles_finish(struct play *p);

/* ---- hosts.c: machines outside the cluster ---- */
void hosts_init(struct play *p);
void hosts_look(struct play *p); /* starts what watches them, once there is a cluster */
void hosts_stage_changed(struct play *p, size_t stage, enum play_state state);
size_t hosts_fill(struct play *p,
                  struct topo_host out[SCENARIO_HOSTS_MAX]); /* as they are now; texts until they change */
void hosts_finish(struct play *p);

/* ---- cut.c: flows that cannot pass just now ---- */
#define CUT_SEEN_BEFORE "seen before" /* the note of a flow whose way was cut and is whole again */
void cut_begin(struct play_flow *flow); /* it is tried now */
void cut_look(struct play *p, const struct topo *topo); /* the graph is another one */
/* Why what the stage measures cannot pass just now ("turtle-db is down"), appended. False: nothing says so. */
bool cut_why(struct play *p, size_t stage, struct str *why);

/* ---- dialog.c: stages of action SCENARIO_CONSOLE; the counterparts of perform.c's ---- */
bool dialog_is(const struct play *p); /* the job is one */
void dialog_begin(struct play *p);
void dialog_run(struct play *p);
void dialog_type_rest(struct play *p);
void dialog_step_on(
        struct play *p); /* is it so far? After a tick, a change of the cluster, and all that the console says */
void dialog_typed(struct play *p);
void dialog_stop(struct play *p); /* Ctrl-C to what runs there, keeping its output */
void dialog_cancel(struct play *p, enum play_step step);
void dialog_words(struct play *p);
struct console *dialog_console(const struct play *p); /* the job's; NULL: not opened yet */
/* What the script expects is to be seen: of one that only opens on the screen, else since the mark. */
bool dialog_shows(const struct console *c, const struct scenario_dialog *script);
/* "[root@vm ~]#" at the cursor is somebody else's shell than fedora's. */
bool dialog_is_other_user(const struct console *c, const char *user);

/* ---- ask.c ---- */
void ask_begin(struct play *p); /* STEP_CHECKS */
void ask_again(struct play *p);
bool ask_is_live(const struct play *p); /* what the cluster says counts */
struct check_facts ask_facts(struct play *p, size_t stage);
int64_t ask_next_ms(const struct play *p); /* until the time of a check or of the stage is up, at most 1 s */
/* Of the job's checks of the cluster the first that does not hold yet, in words; false: all hold, or nothing is known. */
bool ask_waiting(struct play *p, struct str *out);

/* ---- passing.c: is the result of a stage there already? ---- */
enum passing_result {
	PASSING_UNKNOWN, /* nothing tells, or the cluster is away */
	PASSING_NOT,
	PASSING_SOME, /* some of its objects */
	PASSING_THERE,
};
struct passing_answer {
	size_t stage;
	enum passing_result result;
	const char *checked; /* what holds, in words; "" */
	const char *missing; /* what the first check that does not hold has found instead; "" */
};
typedef void passing_fn(struct play *p, const struct passing_answer *answer);
void passing_ask(struct play *p, size_t stage,
                 passing_fn *fn); /* `fn` later, once; a question before it is forgotten */
void passing_cancel(struct play *p);
void passing_over(struct play *p, size_t stage, const char *why); /* it is done, and says why nothing was performed */

/* ---- memory.c: kept and resumed ---- */
void memory_ask(struct play *p); /* is the doubtful stage done? As soon as the cluster can tell */

/* ---- travel.c: to the starting state of a stage ---- */
void travel_begin(struct play *p, size_t target);
void travel_finish(struct play *p);       /* NULL is fine: none is under way */
bool travel_refuses_verb(struct play *p); /* one is under way: says so */
bool travel_judges(const struct play *p); /* whether an undo that failed is a failure */
void travel_job_ended(struct play *p);
void travel_cluster_changed(struct play *p);
void travel_words(const struct play *p, struct str *out); /* "3/9 replaying: TITLE" */

/* ---- explore.c: stages behind those of the show ---- */
size_t explore_n_stages(const struct play *p); /* of the show, and of the explorations */
struct scenario_stage *explore_stage(const struct play *p, size_t stage);
bool explore_is_in(const struct play *p);       /* one is in view */
bool explore_is_attended(const struct play *p); /* what is done by hand counts in it */
bool explore_comes_next(struct play *p);
void explore_move_on(struct play *p);
bool explore_may_leave(struct play *p);
void explore_back(struct play *p);
void explore_ask(struct play *p); /* is it broken? */

/* ---- attend.c ---- */
void attend_view(struct play *p);                                  /* another stage is in view */
void attend_forget(struct play *p);                                /* it begins anew */
void attend_look(struct play *p);                                  /* the cluster has changed: is it done? */
void attend_begins(struct play *p, const struct shell *shell);     /* a command that is not the job's runs in a shell */
void attend_ends(struct play *p, struct shell *shell, int status); /* ... has ended */
bool attend_is_waiting(const struct play *p); /* the stage in view waits for somebody, and what is done by hand counts */
void attend_entered(struct play *p, const char *line);                    /* for it somebody's command runs now */
void attend_ended(struct play *p, const char *output, int status);        /* ... has ended; status 0 where none is known */
void attend_settle(struct play *p, const char *checked);                  /* the stage in view is done, by hand */

/* ---- hand.c: lines typed as somebody would ---- */
void hand_shell_ready(struct play *p, const struct shell *shell); /* it is at its prompt, and no job wants it */
void hand_shell_ended(struct play *p, const struct shell *shell, int status);
void hand_hears(struct play *p, struct console *console); /* what stands on it is another now */
void hand_finish(struct play *p);

/* ---- attend_console.c ---- */
/* What stands on a console is another now; NULL: another stage is in view. */
void attend_hears(struct play *p, struct console *console);

/* ---- words.c ---- */
void words_message(struct play *p, bool is_problem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void words_note(struct play *p, bool is_problem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void words_drop_note(struct play *p); /* the one before is over */
void words_tick(struct play *p); /* what goes on now, and since when */
struct words_failure {
	const char *expected, *found, *cure; /* cure may be "" */
};
void words_fail(struct play *p, const struct words_failure *failure); /* the job has failed: state, message, failure */
void words_done(struct play *p, const char *checked);                 /* the stage is done */
void words_fail_command(struct play *p, int status);
bool words_fail_flow(struct play *p);                   /* if the command's flow is not what the stage is to show */
void words_duration(struct str *out, int64_t ms);       /* "0.42 s", "12 s", "2m05s" */
bool words_away(const struct play *p, struct str *out); /* the cluster is not live: since when and why */
void words_running(struct play *p);                     /* "COMMAND runs for 3 s" and what is waited for */

#endif
