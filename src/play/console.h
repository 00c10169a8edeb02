/* console: the serial console of a virtual machine in a pane: `virtctl console` in a pty, attached by itself when the machine
 * runs, again after a drop, never when somebody else took it over. Private to play.
 *
 * console.c has the life of the connection; console_guest.c reads what stands at the guest's cursor and tells the guest's
 * terminal its size; consoles.c keeps those of a play; dialog.c performs the stages that speak on them.
 */
#ifndef PLAY_CONSOLE_H
#define PLAY_CONSOLE_H

#include "onesdn/play.h"

/* What stands at the cursor, as far as a text can tell. */
enum console_line {
	CONSOLE_OTHER, /* a program's output, or a prompt with something typed at it */
	CONSOLE_BLANK,
	CONSOLE_LOGIN,    /* "vm-client login:" */
	CONSOLE_PASSWORD, /* "Password:" */
	CONSOLE_SHELL,    /* "[fedora@vm-client ~]$", with nothing typed at it */
};
/* Pure: of a line up to the cursor, without the blanks at its end. */
enum console_line console_line_of(const char *line);

/* The virtctl to run: that on PATH, else the one that comes with us. The caller frees. */
char *console_virtctl(void);

struct console;
struct console_events {                                        /* none may destroy the console: post that */
	void (*on_state)(struct console *console, void *user); /* state or words are others */
	void (*on_line)(struct console *console, void *user);  /* the guest printed something, or fell silent */
	void (*on_typed)(struct console *console, void *user); /* all of console_type has been typed */
	/* Why the machine does not run, in words ("ErrImagePull: ..."); appends nothing when there is nothing to say. */
	void (*describe)(const struct console *console, struct str *out, void *user);
};
struct console_options {
	struct loop *loop;
	struct kube *kube;
	const char *id;          /* "namespace/name" */
	const char *environment; /* KUBECONFIG=... */
	const char *context;     /* of the persona; NULL */
	const char *cwd;
	int rows, cols;
	struct console_events events;
	void *user;
};
struct console *console_create(const struct console_options *options); /* texts are copied. Attaches from the loop */
void console_destroy(struct console *console);
const char *console_id(const struct console *console);
struct term *console_term(const struct console *console);
enum play_console_state console_state(const struct console *console);
const char *console_words(const struct console *console); /* safe; "" while attached */
void console_attach(struct console *console);             /* now, whatever kept it from it; nothing while attached */
void console_look(struct console *console);               /* the cluster has changed */

/* ---- the guest ---- */
enum console_line console_at(const struct console *console);            /* CONSOLE_OTHER unless attached */
void console_line_text(const struct console *console, struct str *out); /* of the line at the cursor, up to it */
/* The guest may still be booting: its machine runs for less than a minute, and no agent is connected in it. */
bool console_boots(const struct console *console);
/* How long the guest has been silent, ms. */
int64_t console_silent_ms(const struct console *console);
/* At a shell's prompt, silent, its terminal told the pane's size: a command may be typed. */
bool console_is_ready(const struct console *console);
void console_type(struct console *console, const char *text, int type_ms); /* no line ends in it; on_typed follows */
void console_type_rest(struct console *console);
void console_stop_typing(struct console *console);
void console_send(struct console *console, const char *bytes, size_t size);
void console_hold_size(struct console *console, bool is_held); /* while a dialog types nothing else may */
void console_mark(struct console *console);                    /* the output counted from here */
char *console_prompt(const struct console *console);           /* what stands at the cursor as one; the caller frees */
/* A line was entered since the mark: the first one is appended, as it was echoed; where the `prompt` is given, at which the mark was
 * set, the first that is not empty. */
bool console_entered(const struct console *console, const char *prompt, struct str *out);
/* What was printed since the mark, without the line of the mark itself (the command) and without the prompt at the end;
 * `prompt` is the one that it was typed at. Output that does not end in a line's end stands in front of the prompt. */
void console_output(const struct console *console, size_t max, const char *prompt, struct str *out);

#endif
