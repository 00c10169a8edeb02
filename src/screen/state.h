/* The inside of a screen, for the files that are it: screen.c (flush, events, life), cells.c (a canvas's cells as curses
 * has them), out.c (what goes to the terminal, and when), open.c (taking the terminal over). */
#ifndef SCREEN_STATE_H
#define SCREEN_STATE_H

#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdio.h>
#include <termios.h>

#include "onesdn/screen.h"

enum { PAIR_SLOTS = 16384 };            /* power of two; the cache of pairs */

struct pair_slot {
	uint32_t fg, bg;
	int pair;                       /* 0: empty */
};

struct screen {
	struct loop *loop;
	struct screen_events events;
	void *user;
	SCREEN *curses;
	struct input *input;
	struct loop_fd *source, *sink;  /* sink: made when the terminal is slow for the first time */
	int out_fd, frame_fd;           /* the terminal, non-blocking and our own; where ncurses writes */
	FILE *frame_file;
	struct str out;                 /* to be written */
	bool awaits_room, was_left_out;
	struct termios tty;             /* as it was */
	struct loop_timer *timer;       /* a sequence that is not whole */
	struct loop_signal *winch;
	struct loop_timer *ask_timer;   /* asks once the first frame is out */
	int rows, cols;
	enum theme_depth depth;
	bool is_ascii, is_xterm;        /* xterm's extensions: titles, cursor shapes, queries */
	bool asked, answered, synchronizes;
	int64_t asked_at;
	uint32_t colors[2];

	struct cell *shown, *line;      /* rows x cols as they came; one row of them in their looks */
	int late_first, late_last;      /* rows of flushes that were left out */
	struct canvas_look looks[ROLE_COUNT]; /* that they were shown in */
	bool redraw;
	int cursor_x, cursor_y;
	int shape;
	enum screen_mouse mouse;
	struct str title;
	cchar_t *row;
	bool *drawn;                    /* rows of this frame */
	struct pair_slot pairs[PAIR_SLOTS];
	int n_pairs;
};

/* screen_open.c */
const char *screen_wanted_locale(void);                    /* as the environment asks for it; "" */
bool screen_choose_locale(void);                           /* true: UTF-8 */
const char *screen_capability(const char *name);           /* of the description that is set up; "" */
int screen_describe(const char *term);                     /* sets the description up without curses; its colours, -1: there is none */
/* screen_cells.c */
void screen_renew_pairs(struct screen *screen);            /* before the last one is used */
bool screen_update_row(struct screen *screen, int y, const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT]);
void screen_append_halves(struct screen *screen, int y, const struct canvas_look looks[ROLE_COUNT]); /* behind the frame */

/* screen_out.c */
void screen_send(struct screen *screen, const char *bytes, size_t size);
void screen_send_text(struct screen *screen, const char *text);
void screen_collect(struct screen *screen);                /* what ncurses has written, behind what is to be sent */
void screen_drain(struct screen *screen, bool wait);       /* writes what the terminal takes now; wait: all of it */

/* screen_open.c */
bool screen_open(struct screen *screen, struct err *err);  /* curses, the descriptors, the line; nothing is left behind on failure */
void screen_close(struct screen *screen);
void screen_add_keys(struct input *input);                 /* as this terminal's description gives them */

#endif
