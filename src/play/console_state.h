/* console_state: the inside of struct console, for console.c and console_guest.c. */
#ifndef PLAY_CONSOLE_STATE_H
#define PLAY_CONSOLE_STATE_H

#include "play/console.h"
#include "play/typer.h"

struct console {
	struct console_options options;
	char *id, *ns, *name, *environment, *context, *cwd;
	struct term *term;
	struct typer *typer;

	enum play_console_state state;
	char *words;
	struct loop_timer *timer; /* of the state: the next try, the next look, the next second of waiting */
	char *uid;                /* of the instance that it was attached to last; "" */
	struct str heard;         /* the end of what was printed since virtctl was started */
	char *last_words;         /* of a virtctl that failed; NULL */
	int n_drops;              /* in a row */
	int64_t attached_at;

	struct loop_timer *quiet;
	bool is_looking;          /* `quiet` ends soon, for a look while the guest prints */
	int64_t printed_at;       /* when the guest printed last, or the pane changed its size */
	int told_rows, told_cols; /* the size that the guest's terminal knows; 0: not told */
	int asked_rows, asked_cols;
	int64_t sizing_at; /* `stty` was typed and its prompt has not come; 0 */
	bool is_held;      /* a dialog types */
};

/* ---- console_guest.c ---- */
void guest_printed(struct console *c); /* or the pane's size is another */
void guest_forget(struct console *c);  /* the connection is gone, or new */
void guest_on_quiet(void *console);

#endif
