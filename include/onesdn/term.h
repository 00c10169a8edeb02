/* term: one pane. Bytes of a program become cells; keys, mouse and paste become bytes for the program.
 *
 * Floor 2, on libvterm's state layer (src/term/vt.c alone). In front of it a byte filter that bounds every sequence and
 * lets only whole UTF-8 through (libvterm overruns on 17 parameters and on invalid UTF-8); behind it a ring of rows of
 * our own that is screen and scrollback in one. Bounds: 16 parameters (32 in SGR), 4 KiB a string sequence (64 KiB for the
 * clipboard), 64 KiB read a turn, 1 MiB waiting to be written. Nothing here knows of curses: the ui copies rows onto its canvas.
 */
#ifndef ONESDN_TERM_H
#define ONESDN_TERM_H

#include "onesdn/canvas.h"
#include "onesdn/loop.h"

struct term;

enum term_mark_kind { /* OSC 133, the semantic prompt marks of FinalTerm */
	TERM_MARK_PROMPT,  /* A: a prompt begins */
	TERM_MARK_INPUT,   /* B: the prompt ends, the person types */
	TERM_MARK_OUTPUT,  /* C: the command runs, its output begins */
	TERM_MARK_DONE,    /* D;STATUS: it has ended */
};
struct term_mark {
	enum term_mark_kind kind;
	int status;        /* TERM_MARK_DONE: the exit status, -1 when none was given */
	bool is_secondary; /* TERM_MARK_PROMPT with k=s: the one that asks for more */
};
struct term_events { /* each may be NULL. None may destroy the pane: post that */
	void (*on_dirty)(struct term *term, void *user);      /* once until the next term_clean */
	void (*on_mark)(struct term *term, const struct term_mark *mark, void *user);
	void (*on_title)(struct term *term, const char *title, void *user);   /* safe text, at most 256 bytes */
	void (*on_bell)(struct term *term, void *user);
	void (*on_output)(struct term *term, const char *bytes, size_t size, void *user); /* filtered bytes, for recording */
	void (*on_exit)(struct term *term, int status, void *user);           /* as waitpid; all output has been drawn */
	void (*on_clipboard)(struct term *term, const char *text, size_t size, void *user); /* OSC 52, decoded: the program's wish */
	void (*on_input)(struct term *term, const char *bytes, size_t size, void *user); /* what would be typed, while no program runs */
};
struct term_options {
	int rows, cols;            /* clamped to 2..500 x 2..1000 */
	size_t scrollback;         /* lines kept above the screen, at most 100,000; 0: 10,000 */
	struct term_events events;
	void *user;
};
struct term *term_create(struct loop *loop, const struct term_options *options); /* loop may be NULL: only term_feed */
void term_destroy(struct term *term);                 /* a program that runs gets HUP, later KILL */

/* Starts a program on a pty of the pane's size; TERM=xterm-256color and COLORTERM=truecolor are set, LINES, COLUMNS, TMUX unset.
 * `env` and `cwd` as in struct loop_spawn. Fails while one runs; after on_exit another may be started. */
bool term_start(struct term *term, const char *const *argv, const char *const *env, const char *cwd, struct err *err);
bool term_is_running(const struct term *term);
void term_kill(struct term *term, int signum);        /* to the program's group */
void term_feed(struct term *term, const void *bytes, size_t size); /* as if the program had printed them */
void term_reset(struct term *term);                   /* as after term_create; the scrollback is kept */

/* ---- to the program ---- */
enum term_key_code { /* keys that are no character */
	TERM_KEY_NONE, TERM_KEY_ENTER, TERM_KEY_TAB, TERM_KEY_BACKSPACE, TERM_KEY_ESCAPE, TERM_KEY_UP, TERM_KEY_DOWN, TERM_KEY_LEFT,
	TERM_KEY_RIGHT, TERM_KEY_INSERT, TERM_KEY_DELETE, TERM_KEY_HOME, TERM_KEY_END, TERM_KEY_PAGE_UP, TERM_KEY_PAGE_DOWN,
	TERM_KEY_F1, TERM_KEY_F12 = TERM_KEY_F1 + 11,
};
enum { TERM_SHIFT = 1, TERM_ALT = 2, TERM_CTRL = 4 };
struct term_key {
	enum term_key_code code;   /* TERM_KEY_NONE: ch */
	uint32_t ch;
	int modifiers;
};
struct term_mouse {
	int x, y;                  /* cell of the pane, from 0 */
	int button;                /* 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down; 0: moved */
	bool pressed;
	int modifiers;
};
void term_write(struct term *term, const void *bytes, size_t size);   /* typed as they are; what overflows the bound is dropped */
void term_key(struct term *term, struct term_key key);
void term_paste(struct term *term, const char *text, size_t size);    /* bracketed if the program asked; control characters taken out */
bool term_mouse(struct term *term, struct term_mouse mouse);          /* false: the program does not want the mouse */
void term_focus(struct term *term, bool focused);
bool term_resize(struct term *term, int rows, int cols);              /* text is wrapped anew; the program gets SIGWINCH */

/* ---- what is to be seen: lines from -term_scrollback (oldest) to rows - 1; the screen begins at 0 ---- */
void term_size(const struct term *term, int *rows, int *cols);
int term_scrollback(const struct term *term);
void term_row(const struct term *term, int line, struct cell *cells, int n);  /* n cells, blank beyond the line's end */
bool term_row_is_wrapped(const struct term *term, int line);  /* goes on in the next */
bool term_cursor(const struct term *term, int *x, int *y);    /* false: hidden */
int term_cursor_shape(const struct term *term);               /* DECSCUSR: 1 block, 3 underline, 5 bar (2, 4, 6 steady); 0 unset */
bool term_is_altscreen(const struct term *term);
bool term_wants_mouse(const struct term *term);
bool term_wants_motion(const struct term *term, bool without_button); /* drags; with true: every movement */
const char *term_title(const struct term *term);              /* "" when none was set */
bool term_dirty(const struct term *term, int *first, int *last); /* rows of the screen changed since term_clean; false: none */
bool term_is_held(const struct term *term);                   /* in a synchronized update (mode 2026, at most 150 ms): do not paint yet */
void term_clean(struct term *term);
/* How much was printed since term_clean, and whether the program had more to say when the last turn's reading ended: a
 * little and no more is worth painting at once, a flood only every frame. */
size_t term_fed(const struct term *term, bool *more);
/* The colours of the real terminal (COLOR_RGB; COLOR_DEFAULT: not known yet), for programs that ask (OSC 10, 11). */
void term_set_colors(struct term *term, uint32_t fg, uint32_t bg);
/* The text of lines first..last, wrapped lines joined, trailing blanks cut; at most max bytes (the end is kept). */
void term_text(const struct term *term, int first, int last, size_t max, struct str *out);
/* The text since the last TERM_MARK_OUTPUT (the output of the command that runs or ran last), bounded in the same way. */
void term_output_text(const struct term *term, size_t max, struct str *out);

/* Copies the pane to `area` of a canvas, scrolled back by `back` lines; sets the canvas's cursor if `focused`. */
void term_paint(const struct term *term, struct canvas *canvas, struct rect area, int back, bool focused);

#endif
