/* emulator: tokens of the filter become cells of the grid. What is printed, the pen, saved cursors and the modes that
 * concern them are done here; the rest goes to libvterm (vt.h), whose cursor is brought in line before and read after.
 * Pure: no clock, no descriptor. Private to term. */
#ifndef TERM_EMULATOR_H
#define TERM_EMULATOR_H

#include "filter.h"
#include "grid.h"
#include "vt.h"

struct emulator_events {
	void (*reply)(void *user, const char *bytes, size_t size);
	void (*bell)(void *user);
	void (*title)(void *user); /* emulator.title has changed */
	void (*mark)(void *user, const struct term_mark *mark);
	void (*clipboard)(void *user, const char *text, size_t size); /* decoded */
	void (*held)(void *user, bool held);                          /* mode 2026 */
};

struct saved_cursor {
	int x, y;
	bool phantom;
	struct pen pen;
	uint8_t sets[4], active;
};

struct emulator {
	struct filter filter;
	struct vt *vt;
	struct grid main, alt, *grid; /* grid: the one that is shown */
	const struct emulator_events *events;
	void *user;

	int x, y;
	bool phantom;      /* the last column was written: the next character wraps */
	bool vt_is_behind; /* libvterm's cursor is not at (x, y) */
	struct pen pen;
	struct saved_cursor saved[2]; /* main, alternate */

	bool insert, autowrap, newline, origin;
	bool is_plain; /* no margins: a line feed need not ask libvterm */
	bool visible, reverse, held;
	int shape, mouse; /* DECSCUSR; 0 none, 1 clicks, 2 drags, 3 all */
	uint8_t sets[4], active,
	        single; /* character sets G0..G3: 'B', '0' or 'A'; the one in use; 0 or one for a single character */

	uint32_t last_char; /* printed last, for REP and what combines; 0: none */
	int last_x, last_y, last_width;

	char title[257];
	uint32_t colors[2];         /* of the real terminal: foreground, background; COLOR_DEFAULT: not known */
	int color_queries;          /* bits: asked before they were known */
	struct anchor output, done; /* OSC 133 C and D; id -1: none */
};

void emulator_init(struct emulator *emulator, int rows, int cols, size_t scrollback,
                   const struct emulator_events *events, void *user);
void emulator_finish(struct emulator *emulator);
void emulator_feed(struct emulator *emulator, const char *bytes, size_t size);
void emulator_resize(struct emulator *emulator, int rows, int cols);
void emulator_set_colors(struct emulator *emulator, uint32_t fg, uint32_t bg);

/* ---- parts of it, one a file ---- */
void print_ascii(void *user, const char *bytes, size_t len); /* print.c */
void print_glyph(void *user, uint32_t ch);
void print_again(struct emulator *emulator, int n); /* REP */
void print_line_feed(struct emulator *emulator);
void pen_sgr(struct pen *pen, const struct csi *csi);                               /* pen.c */
void pen_describe(const struct pen *pen, struct str *out);                          /* SGR parameters, for DECRQSS */
void string_done(void *user, enum string_kind kind, const char *bytes, size_t len); /* strings.c */
void string_answer_colors(struct emulator *emulator);

void emulator_vt(struct emulator *emulator, const char *bytes,
                 size_t len); /* one sequence through libvterm, cursor in and out */

#endif
