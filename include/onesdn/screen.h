/* screen: the real terminal. Brings a canvas to it through ncurses and hands on what it sends, decoded. The only module that
 * names ncurses; one screen at a time.
 *
 * Floor 4. For the show (ui) and for the commands that have a screen without a show: term, play, notes, doctor --keys.
 *
 * It waits for nothing: what it asks the terminal at the start (synchronized output, colours) is used once it is answered.
 * Whatever ends the program, the terminal is given back as it was, also by a crash and by base_abort. */
#ifndef ONESDN_SCREEN_H
#define ONESDN_SCREEN_H

#include "onesdn/input.h"
#include "onesdn/theme.h"

struct screen;
struct screen_events { /* none may destroy the screen: post that */
	input_fn *on_input;                                /* keys, mouse, paste, focus */
	void (*on_resize)(int rows, int cols, void *user); /* paint and flush the whole frame */
	void (*on_colors)(uint32_t fg, uint32_t bg, void *user); /* the terminal's own: COLOR_RGB, or COLOR_DEFAULT when not told */
	void (*on_gone)(void *user);                       /* the terminal was closed */
	void (*on_ready)(void *user);                      /* screen_is_ready again: paint, if something is to be painted */
};
/* Takes over the terminal on standard input and output. NULL and words when it is none, or one that cannot be drawn on. */
struct screen *screen_create(struct loop *loop, const struct screen_events *events, void *user, struct err *err);
void screen_destroy(struct screen *screen);                /* gives it back */
void screen_stop_process(void); /* between destroy and create: as the terminal's own Ctrl-Z, so that the shell sees its job stop */
void screen_size(const struct screen *screen, int *rows, int *cols);
enum theme_depth screen_depth(const struct screen *screen); /* the colours that it shows, and NO_COLOR */
bool screen_is_ascii(const struct screen *screen);         /* no UTF-8 locale: make canvases with `ascii` set */
bool screen_is_light(const struct screen *screen);         /* its background, as far as it was told; else dark */

/* Shows the canvas (of the screen's size; what is beyond is cut): only what differs from what is there is sent, as one write.
 * While a slow terminal has not taken the frame before, it does nothing (on_ready comes later): frames are left out, never
 * queued. */
bool screen_is_ready(const struct screen *screen);
void screen_flush(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT]);
/* The same when the caller knows that only rows first..last have changed since the flush before. */
void screen_flush_rows(struct screen *screen, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], int first,
                       int last);
void screen_redraw(struct screen *screen);                 /* the next flush sends everything */

/* Beside the canvas; each is sent only when it changes and when the terminal is of a kind that knows it. */
void screen_set_title(struct screen *screen, const char *title);
void screen_set_cursor_shape(struct screen *screen, int shape); /* DECSCUSR, 0 to 6 */
enum screen_mouse { SCREEN_MOUSE_OFF, SCREEN_MOUSE_CLICKS, SCREEN_MOUSE_DRAGS, SCREEN_MOUSE_ALL };
void screen_set_mouse(struct screen *screen, enum screen_mouse mouse);
void screen_set_clipboard(struct screen *screen, const char *text, size_t size);
void screen_bell(struct screen *screen);

/* ---- a program without a show (program.c): one canvas on the whole screen from its beginning to its end ---- */
/* What term, play and notes share: a loop of its own, the canvas in the screen's size, one painting a turn at most and one a frame
 * (16 ms), the theme, and the ends: the terminal is gone, SIGTERM, SIGHUP, SIGINT. */
struct screen_program_options { /* borrowed for the call */
	const char *title; /* of the terminal's window; NULL: left alone */
	const char *theme; /* NULL: dark or light, as the terminal is */
	bool ascii;        /* also where the terminal has more */
	input_fn *on_input;
	/* Paints the whole canvas; gives after how many ms the picture is another one by itself, -1: never. NULL: the caller paints, from
	 * loop_on_sleep, when and what he wants. */
	int64_t (*paint)(struct canvas *canvas, void *user);
	bool (*is_held)(void *user); /* true: what is to be painted is not whole; touched again later. NULL: it always is */
	void (*on_resize)(int rows, int cols, void *user);       /* the canvas is another one; NULL */
	void (*on_colors)(uint32_t fg, uint32_t bg, void *user); /* as of a screen; NULL */
	void *user;
};
struct screen_program;
/* Takes over the terminal; nothing is painted yet. NULL and words as from screen_create, or when there is no such theme. */
struct screen_program *screen_program_create(const struct screen_program_options *options, struct err *err);
struct loop *screen_program_loop(const struct screen_program *program);     /* the program's: what is on it ends before it */
struct screen *screen_program_screen(const struct screen_program *program); /* another one after Ctrl-Z: not to be kept */
struct canvas *screen_program_canvas(const struct screen_program *program); /* another one after on_resize */
void screen_program_touch(struct screen_program *program);   /* the picture has changed */
void screen_program_suspend(struct screen_program *program); /* as the terminal's own Ctrl-Z, once the loop has turned */
/* Until loop_stop: 0; or the number of the signal that ended it, SIGHUP when the terminal is gone. */
int screen_program_run(struct screen_program *program);
void screen_program_destroy(struct screen_program *program); /* gives the terminal back, ends the loop; NULL is fine */

/* ---- the terminal, looked at and listened to without drawing on it (listen.c) ---- */
struct screen_terminal {
	bool is_terminal; /* both standard input and standard output; else nothing below is known */
	int cols, rows;
	int colors;         /* as a screen would use them: 0, 8, 16, 256, 1 << 24; -1: there is no description of this TERM */
	bool is_utf8;       /* a screen draws with more than ASCII */
	const char *term;   /* TERM, "" when not set */
	const char *locale; /* as asked for, "" when nothing is */
};
void screen_look(struct screen_terminal *out); /* texts: the environment's */
/* Reads keys as a screen would, until `fn` gives false or the terminal is gone; nothing is drawn, and the terminal is given back on
 * every way out. The first call, with NULL, says that it listens now. */
typedef bool screen_key_fn(const struct term_key *key, void *user);
bool screen_listen(struct loop *loop, screen_key_fn *fn, void *user, struct err *err);

#endif
