/* shell: a real interactive bash in a pane, one a persona, whose state is known by the marks of its prompts. Private to play.
 *
 * Prompt and marks come from an rcfile of our own: A and B around PS1, C from PS0, D;STATUS before every prompt, and an A
 * of its own, with k=s, before the continuation prompt PS2, which means that bash wants more. kubectl finds
 * the persona's cluster by KUBECONFIG; a context other than the file's current one is put in front by a second file.
 */
#ifndef PLAY_SHELL_H
#define PLAY_SHELL_H

#include "onesdn/play.h"

enum shell_state {
	SHELL_OFF, /* not started, or ended */
	SHELL_STARTING,
	SHELL_PROMPT,
	SHELL_ENTERED,   /* Enter was pressed, and nothing is known yet */
	SHELL_CONTINUED, /* the continuation prompt: the lines so far are no whole command */
	SHELL_BUSY,      /* a command runs */
};
struct shell;
struct shell_events { /* none may destroy the shell: post that */
	void (*on_state)(struct shell *shell, enum shell_state state,
	                 void *user);                                 /* PROMPT, CONTINUED, BUSY; OFF when it died */
	void (*on_done)(struct shell *shell, int status, void *user); /* of a command, before the PROMPT that follows */
	void (*on_typed)(struct shell *shell, void *user);            /* all of shell_type has been typed */
};
/* How a persona's programs find the cluster: the word for their environment ("KUBECONFIG=..."; a name to unset if there is
 * nothing to say). A context is put in front by a file in `private_dir`. NULL and err if that cannot be written. */
struct shell_cluster {
	enum scenario_persona persona;
	const char *kubeconfig, *context; /* may be NULL */
	const char *private_dir;
};
char *shell_kubeconfig(const struct shell_cluster *cluster, struct err *err);
/* The word for PATH: our virtctl in it where none is installed, and before all else `guards` (private_guard), if not NULL. */
char *shell_path(const char *guards);

/* ---- private.c: the folder for these files, RUNTIME/play-PID-XXXXXX, one a play ---- */
#define PRIVATE_PREFIX "play-"
void private_remove(const char *dir); /* with what is in it */
/* Puts our own program there under the names of those that could change the cluster: it lets through what only looks. */
bool private_guard(const char *dir, struct err *err);
void private_sweep(const char *runtime); /* those of processes that are gone */

struct shell_options {
	struct loop *loop;
	enum scenario_persona persona;
	const char *kubeconfig, *context; /* may be NULL */
	const char *cwd;
	const char *private_dir; /* for its rcfile and kubeconfig; exists */
	bool is_guarded;         /* a read-only show: private_dir comes first on PATH */
	bool is_in_lab;          /* it runs in the lab's host namespace */
	int rows, cols;
	struct shell_events events;
	void *user;
};
struct shell *shell_create(const struct shell_options *options); /* never NULL; the texts are copied. Not yet started */
void shell_destroy(struct shell *shell);
bool shell_start(struct shell *shell, struct err *err); /* nothing if it runs */
enum shell_state shell_state(const struct shell *shell);
bool shell_had_prompt(
        const struct shell *shell); /* since it was started: it can work, and starting it again makes sense */
struct term *shell_term(struct shell *shell);

/* Types at the prompt, `type_ms` between characters; on_typed follows later. One text at a time; no line ends in it. */
void shell_type(struct shell *shell, const char *text, int type_ms);
void shell_type_rest(struct shell *shell);   /* what is left of it at once */
void shell_stop_typing(struct shell *shell); /* on_typed does not come */
/* Does the line that is being edited hold just this? (Somebody may have typed at the prompt as well.) */
bool shell_line_is(const struct shell *shell, const char *text);
/* The line that was entered last, asked when it begins to run. */
void shell_entered_line(const struct shell *shell, struct str *out);
void shell_clear_line(struct shell *shell); /* typing stops */
void shell_enter(struct shell *shell);
void shell_interrupt(struct shell *shell); /* Ctrl-C; typing stops */
void shell_kill(struct shell *shell);      /* when Ctrl-C does not help; OFF follows */

#endif
