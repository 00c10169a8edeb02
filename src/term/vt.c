/* libvterm's state layer: its callbacks turned into ours. Builds with 0.1 (Debian 12) and 0.3 (Debian 13), which are not
 * binary compatible; everything that differs between them is not used: strings go to strings.c, colours to pen.c. */
#include "vt.h"

#include <stdlib.h>
#include <vterm.h>

struct vt {
	VTerm *vterm;
	VTermState *state;
	const struct vt_events *events;
	void *user;
};

static struct area area_of(VTermRect rect)
{
	return (struct area){rect.start_col, rect.start_row, rect.end_col, rect.end_row};
}

static int on_glyph(VTermGlyphInfo *info, VTermPos pos, void *user)
{
	struct vt *vt = user;
	vt->events->fill(vt->user, pos.col, pos.row, info->chars[0]);
	return 1;
}

static int on_scroll(VTermRect rect, int downward, int rightward, void *user)
{
	struct vt *vt = user;
	vt->events->scroll(vt->user, area_of(rect), downward, rightward);
	return 1;
}

static int on_erase(VTermRect rect, int selective, void *user)
{
	struct vt *vt = user;
	(void)selective;
	vt->events->erase(vt->user, area_of(rect));
	return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct vt *vt = user;
	switch (prop) {
	case VTERM_PROP_CURSORVISIBLE:
		vt->events->cursor_visible(vt->user, value->boolean);
		break;
	case VTERM_PROP_ALTSCREEN:
		vt->events->altscreen(vt->user, value->boolean);
		break;
	case VTERM_PROP_MOUSE:
		vt->events->mouse(vt->user, value->number);
		break;
	case VTERM_PROP_REVERSE:
		vt->events->reverse(vt->user, value->boolean);
		break;
	default: /* the cursor's shape is read from DECSCUSR itself; titles never come this way */
		break;
	}
	return 1;
}

static int on_bell(void *user)
{
	struct vt *vt = user;
	vt->events->bell(vt->user);
	return 1;
}

/* Double-width lines are refused: no row of ours has them. */
static int on_line(int row, const VTermLineInfo *now, const VTermLineInfo *before, void *user)
{
	(void)row, (void)now, (void)before, (void)user;
	return 0;
}

static void on_output(const char *bytes, size_t size, void *user)
{
	struct vt *vt = user;
	vt->events->reply(vt->user, bytes, size);
}

static const VTermStateCallbacks callbacks = {
        .putglyph = on_glyph,
        .scrollrect = on_scroll,
        .erase = on_erase,
        .settermprop = on_prop,
        .bell = on_bell,
        .setlineinfo = on_line,
};

struct vt *vt_create(int rows, int cols, const struct vt_events *events, void *user)
{
	VTERM_CHECK_VERSION;
	struct vt *vt = mem_alloc(sizeof *vt);
	vt->events = events;
	vt->user = user;
	vt->vterm = vterm_new(rows, cols);
	if (!vt->vterm)
		base_abort("out of memory for a pane");
	vterm_set_utf8(vt->vterm, 1);
	vterm_output_set_callback(vt->vterm, on_output, vt);
	vt->state = vterm_obtain_state(vt->vterm);
	vterm_state_set_callbacks(vt->state, &callbacks, vt);
	vterm_state_reset(vt->state, 1);
	return vt;
}

void vt_destroy(struct vt *vt)
{
	if (!vt)
		return;
	vterm_free(vt->vterm);
	free(vt);
}

void vt_feed(struct vt *vt, const char *bytes, size_t size)
{
	vterm_input_write(vt->vterm, bytes, size);
}

void vt_cursor(const struct vt *vt, int *x, int *y)
{
	VTermPos pos;
	vterm_state_get_cursorpos(vt->state, &pos);
	*x = pos.col;
	*y = pos.row;
}

void vt_resize(struct vt *vt, int rows, int cols)
{
	/* libvterm keeps margins that lie outside a smaller screen, and reads there: none are left to it */
	static const char no_margins[] = "\033[r\033[s\033[H";
	vt_feed(vt, no_margins, sizeof no_margins - 1);
	vterm_set_size(vt->vterm, rows, cols);
}

/* ---- to the program ---- */

static const VTermKey keys[] = {
        [TERM_KEY_ENTER] = VTERM_KEY_ENTER,
        [TERM_KEY_TAB] = VTERM_KEY_TAB,
        [TERM_KEY_BACKSPACE] = VTERM_KEY_BACKSPACE,
        [TERM_KEY_ESCAPE] = VTERM_KEY_ESCAPE,
        [TERM_KEY_UP] = VTERM_KEY_UP,
        [TERM_KEY_DOWN] = VTERM_KEY_DOWN,
        [TERM_KEY_LEFT] = VTERM_KEY_LEFT,
        [TERM_KEY_RIGHT] = VTERM_KEY_RIGHT,
        [TERM_KEY_INSERT] = VTERM_KEY_INS,
        [TERM_KEY_DELETE] = VTERM_KEY_DEL,
        [TERM_KEY_HOME] = VTERM_KEY_HOME,
        [TERM_KEY_END] = VTERM_KEY_END,
        [TERM_KEY_PAGE_UP] = VTERM_KEY_PAGEUP,
        [TERM_KEY_PAGE_DOWN] = VTERM_KEY_PAGEDOWN,
};

static VTermModifier modifiers_of(int modifiers)
{
	return (VTermModifier)((modifiers & TERM_SHIFT ? VTERM_MOD_SHIFT : 0) |
	                       (modifiers & TERM_ALT ? VTERM_MOD_ALT : 0) |
	                       (modifiers & TERM_CTRL ? VTERM_MOD_CTRL : 0));
}

void vt_key(struct vt *vt, enum term_key_code code, int modifiers)
{
	VTermKey key = VTERM_KEY_NONE;
	if (code >= TERM_KEY_F1 && code <= TERM_KEY_F12)
		key = (VTermKey)VTERM_KEY_FUNCTION(code - TERM_KEY_F1 + 1);
	else if ((size_t)code < sizeof keys / sizeof *keys)
		key = keys[code];
	vterm_keyboard_key(vt->vterm, key, modifiers_of(modifiers));
}

void vt_mouse(struct vt *vt, const struct term_mouse *mouse)
{
	VTermModifier modifiers = modifiers_of(mouse->modifiers);
	vterm_mouse_move(vt->vterm, mouse->y, mouse->x, modifiers);
	if (mouse->button > 0)
		vterm_mouse_button(vt->vterm, mouse->button, mouse->pressed, modifiers);
}

void vt_paste_mark(struct vt *vt, bool begin)
{
	if (begin)
		vterm_keyboard_start_paste(vt->vterm);
	else
		vterm_keyboard_end_paste(vt->vterm);
}

void vt_focus(struct vt *vt, bool focused)
{
	if (focused)
		vterm_state_focus_in(vt->state);
	else
		vterm_state_focus_out(vt->state);
}
