/* canvas: a rectangle of terminal cells in memory, and how it becomes text. Pure: no clock, no I/O.
 *
 * Floor 1. The diagram draws on one, every view of the ui paints on one, a pane's cells are copied onto one; one file of
 * the ui brings it to the real terminal. What is on a canvas is safe to print: canvas_put drops or replaces control
 * characters and bad UTF-8, so nothing that a cluster or a program said reaches the outer terminal raw.
 */
#ifndef ONESDN_CANVAS_H
#define ONESDN_CANVAS_H

#include "onesdn/base.h"

/* ---- colours: one number ---- */
#define COLOR_DEFAULT 0u                                 /* the terminal's own */
#define COLOR_INDEX(i) (0x01000000u | (uint32_t)(i))     /* palette entry 0..255 */
#define COLOR_RGB(r, g, b) (0x02000000u | (uint32_t)(r) << 16 | (uint32_t)(g) << 8 | (uint32_t)(b))
#define COLOR_KIND(c) ((c) >> 24)                        /* 0 default, 1 index, 2 rgb */

enum { /* attributes */
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_ITALIC = 4,
	ATTR_UNDERLINE = 8,
	ATTR_BLINK = 16,
	ATTR_REVERSE = 32,
	ATTR_STRIKE = 64,
	ATTR_CONCEAL = 128,
	ATTR_HALF = 256, /* of a pane: a blank (ch[0] is 0) where half a wide character was left over; ch[1]: the character, if the left */
};

/* ---- roles: what a cell means; a theme says how it looks. ROLE_NONE: the cell's own colours ---- */
#define CANVAS_ROLES(X)                                                                                                \
	X(NONE, "none") X(TEXT, "text") X(MUTED, "muted") X(TITLE, "title") X(FRAME, "frame") X(FRAME_FOCUS, "frame-focus")   \
	X(ADMIN, "cluster-admin") X(OWNER, "workload-owner") X(KEY, "key") X(BADGE_LIVE, "badge-live")                     \
	X(BADGE_STALE, "badge-stale") X(BADGE_REC, "badge-rec") X(BADGE_PLANNED, "badge-planned")                          \
	X(OK, "ok") X(FAIL, "fail") X(WARN, "warn") X(WAIT, "wait") X(PLANNED, "planned") X(WORKLOAD, "workload")          \
	X(NAMESPACE, "namespace") X(NODE, "node") X(SECONDARY, "secondary") X(SECONDARY_2, "secondary-2")                  \
	X(SECONDARY_3, "secondary-3") X(POD_NETWORK, "pod-network") X(PHYSICAL, "physical") X(SWITCH, "switch")            \
	X(ADDRESS, "address") X(FLOW_OK, "flow-ok") X(FLOW_BLOCKED, "flow-blocked") X(FLOW_UNTRIED, "flow-untried")        \
	X(FOCUS, "focus") X(SELECTION, "selection") X(COMMAND, "command") X(INPUT, "input")
enum canvas_role {
#define X(id, name) ROLE_##id,
	CANVAS_ROLES(X)
#undef X
	ROLE_COUNT
};
const char *canvas_role_name(enum canvas_role role);
bool canvas_role_find(const char *name, enum canvas_role *role);

#define CELL_CHARS 5 /* one character and what combines with it (curses' CCHARW_MAX) */
struct cell {
	uint32_t ch[CELL_CHARS]; /* code points; unused ones 0; ch[0] == 0 with width 1 is a blank (a space is put as one) */
	uint32_t fg, bg;
	uint16_t attrs;          /* ATTR_... on top of the role's */
	uint8_t width;           /* 1, 2, or 0: the right half of a wide character to the left */
	uint8_t role;            /* enum canvas_role */
};

struct canvas {
	int cols, rows;
	struct cell *cells;      /* row by row */
	int cursor_x, cursor_y;  /* -1: hidden */
	bool ascii;              /* box characters and glyphs are put as ASCII look-alikes */
};
struct canvas *canvas_create(int cols, int rows);       /* at least 1 x 1, at most 1000 x 1000 (clamped); blank */
void canvas_destroy(struct canvas *canvas);
void canvas_clear(struct canvas *canvas);
struct cell *canvas_at(struct canvas *canvas, int x, int y);  /* NULL outside */
bool canvas_same(const struct canvas *a, const struct canvas *b);

struct rect {
	int x, y, cols, rows;
};
/* Text from (x, y) rightwards, cut at `max` columns and at the canvas's edges, made safe; wide characters that do not fit
 * are left out. Gives the columns used. A half-covered wide character is blanked, never left in halves. */
int canvas_put(struct canvas *canvas, int x, int y, int max, enum canvas_role role, uint16_t attrs, const char *text);
/* The same, but text that is longer than `max` ends in "…" (ASCII "..."). */
int canvas_put_fit(struct canvas *canvas, int x, int y, int max, enum canvas_role role, uint16_t attrs, const char *text);
void canvas_put_char(struct canvas *canvas, int x, int y, enum canvas_role role, uint16_t attrs, uint32_t ch);
void canvas_fill(struct canvas *canvas, struct rect area, enum canvas_role role, uint32_t ch);
enum canvas_box { BOX_SQUARE, BOX_ROUND, BOX_DOTTED };  /* workload, frame, planned */
void canvas_box(struct canvas *canvas, struct rect area, enum canvas_box box, enum canvas_role role, const char *title);
void canvas_copy(struct canvas *to, int x, int y, const struct canvas *from); /* clipped */

/* The ASCII look-alike of a box character, arrow or glyph (U+2500.. and the program's own set); others unchanged. */
uint32_t canvas_ascii_char(uint32_t ch);

/* Text on as many rows as it needs and the area has, broken at blanks; gives the rows used, at least one. */
int canvas_put_wrapped(struct canvas *canvas, struct rect area, enum canvas_role role, const char *text, size_t len);

/* ---- out ---- */
void canvas_text(const struct canvas *canvas, struct str *out);   /* lines, trailing blanks cut, "\n" after each */
/* How a role looks, for what has colours of its own to print (SVG, ANSI): filled from a theme by the caller. */
struct canvas_look {
	uint32_t fg, bg;
	uint16_t attrs;
};
struct canvas_look canvas_cell_look(const struct cell *cell, const struct canvas_look looks[ROLE_COUNT]); /* the cell's own colours win */
/* Were they chosen for a light ground? Their titles, which stand on the terminal's own, are dark then. */
bool canvas_is_for_light(const struct canvas_look looks[ROLE_COUNT]);
void canvas_ansi(const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], struct str *out); /* SGR text */
/* What a terminal that shows `before` reads to show `after`, cursor included: nothing if they look the same. NULL, or one of another
 * size: the screen is cleared first. */
void canvas_diff(const struct canvas *before, const struct canvas *after, const struct canvas_look looks[ROLE_COUNT],
                 struct str *out);
void canvas_svg(const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], const char *title, struct str *out);

#endif
