/* vt: libvterm behind a door. It is given whole, bounded control sequences, never text, and moves the cursor, erases,
 * scrolls, keeps tab stops and modes, answers queries and encodes keys and the mouse. The pen, the cells and what is
 * printed are ours. Private to term; vt.c is the only file that names libvterm. */
#ifndef TERM_VT_H
#define TERM_VT_H

#include "onesdn/term.h"

#include "grid.h"

struct vt;
struct vt_events {
	void (*erase)(void *user, struct area area);
	void (*scroll)(void *user, struct area area, int up, int left);
	void (*fill)(void *user, int x, int y, uint32_t ch); /* DECALN */
	void (*altscreen)(void *user, bool on);              /* before libvterm erases it */
	void (*cursor_visible)(void *user, bool on);
	void (*mouse)(void *user, int mode);  /* 0 none, 1 clicks, 2 drags, 3 all */
	void (*reverse)(void *user, bool on); /* DECSCNM */
	void (*bell)(void *user);
	void (*reply)(void *user, const char *bytes, size_t size); /* to the program */
};

struct vt *vt_create(int rows, int cols, const struct vt_events *events, void *user);
void vt_destroy(struct vt *vt);
void vt_feed(struct vt *vt, const char *bytes, size_t size); /* whole sequences only */
void vt_cursor(const struct vt *vt, int *x, int *y);
void vt_resize(struct vt *vt, int rows, int cols);                  /* resets the scrolling region */
void vt_key(struct vt *vt, enum term_key_code code, int modifiers); /* through reply */
void vt_mouse(struct vt *vt, const struct term_mouse *mouse);
void vt_paste_mark(struct vt *vt, bool begin);
void vt_focus(struct vt *vt, bool focused);

#endif
