/* The tokens' dispatch: which are done here, which go to libvterm, and how its cursor and ours are kept one. */
#include "emulator.h"

#include <stdio.h>
#include <string.h>

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* ---- libvterm ---- */

static void feed_number(struct vt *vt, int n, char final)
{
	char text[16];
	if (n > 0)
		vt_feed(vt, text, (size_t)snprintf(text, sizeof text, "\033[%d%c", n, final));
}

/* Brings libvterm's cursor to ours. In origin mode it counts from the margins, so it is led there by steps. */
static void lead_cursor(struct emulator *emulator)
{
	struct vt *vt = emulator->vt;
	int x, y;
	emulator->vt_is_behind = false;
	if (!emulator->origin) {
		char text[24];
		vt_feed(vt, text, (size_t)snprintf(text, sizeof text, "\033[%d;%dH", emulator->y + 1, emulator->x + 1));
		return;
	}
	vt_cursor(vt, &x, &y);
	feed_number(vt, emulator->y - y, 'B');
	feed_number(vt, y - emulator->y, 'A');
	feed_number(vt, emulator->x - x, 'C');
	feed_number(vt, x - emulator->x, 'D');
}

static void follow_cursor(struct emulator *emulator)
{
	int x, y;
	vt_cursor(emulator->vt, &x, &y);
	int in_x = clamp(x, 0, emulator->grid->cols - 1), in_y = clamp(y, 0, emulator->grid->rows - 1);
	emulator->vt_is_behind = in_x != x || in_y != y;
	if (in_x != emulator->x || in_y != emulator->y)
		emulator->phantom = false;
	emulator->x = in_x;
	emulator->y = in_y;
}

void emulator_vt(struct emulator *emulator, const char *bytes, size_t len)
{
	if (emulator->vt_is_behind)
		lead_cursor(emulator);
	vt_feed(emulator->vt, bytes, len);
	follow_cursor(emulator);
}

static size_t csi_text(const struct csi *csi, char text[128])
{
	size_t n = 0;
	text[n++] = '\033';
	text[n++] = '[';
	if (csi->leader)
		text[n++] = csi->leader;
	for (int i = 0; i < csi->n; i++) {
		if (i > 0)
			text[n++] = csi->joined[i] ? ':' : ';';
		if (csi->param[i] >= 0)
			n += (size_t)snprintf(text + n, 128 - n, "%d", csi->param[i]);
	}
	if (csi->intermediate)
		text[n++] = csi->intermediate;
	text[n++] = csi->final;
	return n;
}

static void forward(struct emulator *emulator, const struct csi *csi)
{
	static const char movements[] = "ABCDEFGHadefjk`";
	char text[128];
	if (csi->n > CSI_PARAMS_VTERM)
		return;
	bool moves = !csi->leader && !csi->intermediate && strchr(movements, csi->final) != NULL;
	bool is_absolute = moves && (csi->final == 'H' || csi->final == 'f') && !emulator->origin;
	if (is_absolute) /* it matters not where libvterm's cursor is */
		emulator->vt_is_behind = false;
	emulator_vt(emulator, text, csi_text(csi, text));
	if (moves)
		emulator->phantom = false;
}

/* ---- saved cursors, modes, resets ---- */

static struct saved_cursor *saved_of(struct emulator *emulator)
{
	return &emulator->saved[emulator->grid == &emulator->alt];
}

static void save_cursor(struct emulator *emulator)
{
	struct saved_cursor *saved = saved_of(emulator);
	*saved = (struct saved_cursor){emulator->x,   emulator->y, emulator->phantom,
	                               emulator->pen, {0},         emulator->active};
	memcpy(saved->sets, emulator->sets, sizeof saved->sets);
}

static void restore_cursor(struct emulator *emulator)
{
	const struct saved_cursor *saved = saved_of(emulator);
	emulator->x = clamp(saved->x, 0, emulator->grid->cols - 1);
	emulator->y = clamp(saved->y, 0, emulator->grid->rows - 1);
	emulator->phantom = saved->phantom && emulator->x == emulator->grid->cols - 1;
	emulator->pen = saved->pen;
	memcpy(emulator->sets, saved->sets, sizeof saved->sets);
	emulator->active = saved->active;
	emulator->vt_is_behind = true;
}

static void forget(struct saved_cursor *saved)
{
	*saved = (struct saved_cursor){0};
	memset(saved->sets, 'B', sizeof saved->sets);
}

static void hold(struct emulator *emulator, bool held)
{
	emulator->held = held;
	emulator->events->held(emulator->user, held);
}

static void default_modes(struct emulator *emulator)
{
	emulator->pen = (struct pen){0};
	emulator->insert = emulator->newline = emulator->origin = false;
	emulator->autowrap = emulator->is_plain = true;
	emulator->active = emulator->single = 0;
	emulator->shape = 0;
	memset(emulator->sets, 'B', sizeof emulator->sets);
}

static void hard_reset(struct emulator *emulator)
{
	/* libvterm forgets to switch these off */
	static const char off[] = "\033[?1047l\033[?1000l\033[?1006l\033[?5l\033[?69l\033c";
	default_modes(emulator);
	forget(&emulator->saved[0]);
	forget(&emulator->saved[1]);
	emulator_vt(emulator, off, sizeof off - 1);
	emulator->phantom = false;
	if (emulator->held)
		hold(emulator, false);
	grid_row(emulator->grid, emulator->grid->rows - 1)->wrapped = false;
}

static void dec_mode(struct emulator *emulator, int mode, bool on)
{
	char text[16];
	int n = snprintf(text, sizeof text, "\033[?%d%c", mode == 47 || mode == 1049 ? 1047 : mode, on ? 'h' : 'l');
	if (mode == 2026) {
		hold(emulator, on);
		return;
	}
	if (mode == 1048 || (mode == 1049 && on)) {
		if (on)
			save_cursor(emulator);
		else
			restore_cursor(emulator);
	}
	if (mode == 1048)
		return;
	if (mode == 6)
		emulator->origin = on;
	if (mode == 7)
		emulator->autowrap = on;
	if (mode == 69 && on)
		emulator->is_plain = false;
	emulator_vt(emulator, text, (size_t)n);
	if (mode == 1049 && !on)
		restore_cursor(emulator);
}

static void set_modes(struct emulator *emulator, const struct csi *csi)
{
	bool on = csi->final == 'h';
	for (int i = 0; i < csi->n; i++) {
		if (csi->leader) {
			dec_mode(emulator, csi->param[i], on);
		} else {
			emulator->insert = csi->param[i] == 4 ? on : emulator->insert;
			emulator->newline = csi->param[i] == 20 ? on : emulator->newline;
		}
	}
}

static void report_mode(struct emulator *emulator, const struct csi *csi)
{
	char text[32];
	if (csi->n > 0 && csi->param[0] == 2026) {
		int n = snprintf(text, sizeof text, "\033[?2026;%d$y", emulator->held ? 1 : 2);
		emulator->events->reply(emulator->user, text, (size_t)n);
	} else if (csi->n > 0) {
		forward(emulator, csi);
	}
}

/* ---- sequences done here ---- */

static int count_of(const struct csi *csi)
{
	return csi->n > 0 && csi->param[0] > 0 ? csi->param[0] : 1;
}

static void sgr(struct emulator *emulator, const struct csi *csi)
{
	pen_sgr(&emulator->pen, csi);
}

static void repeat(struct emulator *emulator, const struct csi *csi)
{
	print_again(emulator, count_of(csi));
}

/* ICH and DCH: libvterm ignores them outside the scrolling region. */
static void shift_chars(struct emulator *emulator, const struct csi *csi)
{
	struct area area = {emulator->x, emulator->y, emulator->grid->cols, emulator->y + 1};
	grid_scroll(emulator->grid, area, 0, csi->final == 'P' ? count_of(csi) : -count_of(csi), &emulator->pen);
}

static void save_or_margins(struct emulator *emulator, const struct csi *csi)
{
	if (csi->n == 0)
		save_cursor(emulator);
	else
		forward(emulator, csi);
}

static void restore(struct emulator *emulator, const struct csi *csi)
{
	if (csi->n == 0)
		restore_cursor(emulator);
}

static void margins(struct emulator *emulator, const struct csi *csi)
{
	int rows = emulator->grid->rows;
	int top = csi->n > 0 && csi->param[0] > 0 ? csi->param[0] : 1;
	int bottom = csi->n > 1 && csi->param[1] > 0 ? csi->param[1] : rows;
	emulator->is_plain = (top == 1 && bottom >= rows) || top > rows;
	forward(emulator, csi);
	emulator->phantom = false;
}

static void cursor_shape(struct emulator *emulator, const struct csi *csi)
{
	int shape = csi->n > 0 && csi->param[0] > 0 ? csi->param[0] : 0;
	if (shape <= 6)
		emulator->shape = shape;
}

static void erase_display(struct emulator *emulator, const struct csi *csi)
{
	if (csi->n > 0 && csi->param[0] == 3)
		grid_clear_scrollback(&emulator->main);
	else
		forward(emulator, csi);
}

static void window_report(struct emulator *emulator, const struct csi *csi)
{
	char text[32];
	if (csi->n == 0 || csi->param[0] != 18)
		return;
	int n = snprintf(text, sizeof text, "\033[8;%d;%dt", emulator->grid->rows, emulator->grid->cols);
	emulator->events->reply(emulator->user, text, (size_t)n);
}

static void report_version(struct emulator *emulator, const struct csi *csi)
{
	static const char name[] = "\033P>|onesdn(" ONESDN_VERSION ")\033\\";
	if (csi->n == 0 || csi->param[0] <= 0)
		emulator->events->reply(emulator->user, name, sizeof name - 1);
}

/* DECSTR: like tmux and libvterm 0.1. Programs send it to a terminal that they find in default modes anyway; where they do
 * not, what follows counts on the modes that were set. */
static void ignore(struct emulator *emulator, const struct csi *csi)
{
	(void)emulator, (void)csi;
}

static const struct {
	char leader, intermediate, final;
	void (*run)(struct emulator *emulator, const struct csi *csi);
} sequences[] = {
        {0, 0, 'm', sgr},           {0, 0, 'b', repeat},           {0, 0, '@', shift_chars},
        {0, 0, 'P', shift_chars},   {0, 0, 'h', set_modes},        {0, 0, 'l', set_modes},
        {'?', 0, 'h', set_modes},   {'?', 0, 'l', set_modes},      {0, 0, 's', save_or_margins},
        {0, 0, 'u', restore},       {0, 0, 'r', margins},          {0, 0, 'J', erase_display},
        {0, '!', 'p', ignore},      {'?', '$', 'p', report_mode},  {0, ' ', 'q', cursor_shape},
        {0, 0, 't', window_report}, {'>', 0, 'q', report_version},
};

static void on_csi(void *user, const struct csi *csi)
{
	struct emulator *emulator = user;
	for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
		if (csi->final == sequences[i].final && csi->leader == sequences[i].leader &&
		    csi->intermediate == sequences[i].intermediate) {
			sequences[i].run(emulator, csi);
			return;
		}
	forward(emulator, csi);
}

static void on_escape(void *user, char intermediate, char final)
{
	static const char sets[] = "()*+", known[] = "EHM=>", shifts[] = "NOno";
	struct emulator *emulator = user;
	const char *set = intermediate ? strchr(sets, intermediate) : NULL;
	const char *shift = intermediate ? NULL : strchr(shifts, final);
	if (set)
		emulator->sets[set - sets] = (uint8_t)(final == '0' || final == 'A' ? final : 'B');
	else if (intermediate == '#' && final == '8')
		emulator_vt(emulator, "\033#8", 3);
	else if (intermediate)
		return;
	else if (shift && *shift < 'a')
		emulator->single = (uint8_t)(final - 'N' + 2);
	else if (shift)
		emulator->active = (uint8_t)(final - 'n' + 2);
	else if (final == '7')
		save_cursor(emulator);
	else if (final == '8')
		restore_cursor(emulator);
	else if (final == 'c')
		hard_reset(emulator);
	else if (final == 'D')
		print_line_feed(emulator);
	else if (strchr(known, final))
		emulator_vt(emulator, (char[]){'\033', final}, 2);
}

static void move_to_column(struct emulator *emulator, int x)
{
	if (x == emulator->x)
		return;
	emulator->x = x;
	emulator->phantom = false;
	emulator->vt_is_behind = true;
}

static void on_control(void *user, unsigned char control)
{
	struct emulator *emulator = user;
	switch (control) {
	case '\a':
		emulator->events->bell(emulator->user);
		break;
	case '\b':
		move_to_column(emulator, emulator->x > 0 ? emulator->x - 1 : 0);
		break;
	case '\t':
		emulator_vt(emulator, "\t", 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		print_line_feed(emulator);
		if (emulator->newline)
			move_to_column(emulator, 0);
		break;
	case '\r':
		move_to_column(emulator, 0);
		break;
	case 0x0e:
	case 0x0f:
		emulator->active = control == 0x0e;
		break;
	default:
		break;
	}
}

static const struct filter_sink sink = {print_ascii, print_glyph, on_control, on_escape, on_csi, string_done};

/* ---- what libvterm does ---- */

static void on_erase(void *user, struct area area)
{
	struct emulator *emulator = user;
	grid_erase(emulator->grid, area, &emulator->pen);
}

static void on_scroll(void *user, struct area area, int up, int left)
{
	struct emulator *emulator = user;
	grid_scroll(emulator->grid, area, up, left, &emulator->pen);
}

static void on_fill(void *user, int x, int y, uint32_t ch)
{
	struct emulator *emulator = user;
	grid_put(emulator->grid, x, y, ch, 1, &emulator->pen);
}

static void on_altscreen(void *user, bool on)
{
	struct emulator *emulator = user;
	emulator->grid = on ? &emulator->alt : &emulator->main;
	grid_touch(emulator->grid, 0, emulator->grid->rows - 1);
}

static void on_visible(void *user, bool on)
{
	struct emulator *emulator = user;
	emulator->visible = on;
}

static void on_mouse(void *user, int mode)
{
	struct emulator *emulator = user;
	emulator->mouse = mode;
}

static void on_reverse(void *user, bool on)
{
	struct emulator *emulator = user;
	emulator->reverse = on;
	grid_touch(emulator->grid, 0, emulator->grid->rows - 1);
}

static void on_bell(void *user)
{
	struct emulator *emulator = user;
	emulator->events->bell(emulator->user);
}

static void on_reply(void *user, const char *bytes, size_t size)
{
	struct emulator *emulator = user;
	emulator->events->reply(emulator->user, bytes, size);
}

static const struct vt_events vt_events = {on_erase, on_scroll,  on_fill, on_altscreen, on_visible,
                                           on_mouse, on_reverse, on_bell, on_reply};

/* ---- the whole ---- */

void emulator_init(struct emulator *emulator, int rows, int cols, size_t scrollback,
                   const struct emulator_events *events, void *user)
{
	*emulator = (struct emulator){.events = events, .user = user, .visible = true};
	emulator->output.id = emulator->done.id = -1;
	grid_init(&emulator->main, rows, cols, scrollback);
	grid_init(&emulator->alt, rows, cols, 0);
	emulator->grid = &emulator->main;
	filter_init(&emulator->filter, &sink, emulator);
	default_modes(emulator);
	forget(&emulator->saved[0]);
	forget(&emulator->saved[1]);
	emulator->vt = vt_create(rows, cols, &vt_events, emulator);
}

void emulator_finish(struct emulator *emulator)
{
	vt_destroy(emulator->vt);
	filter_finish(&emulator->filter);
	grid_finish(&emulator->main);
	grid_finish(&emulator->alt);
}

void emulator_feed(struct emulator *emulator, const char *bytes, size_t size)
{
	filter_feed(&emulator->filter, bytes, size);
}

static void settle(int *x, int *y, bool *phantom, const struct grid *grid, const struct anchor *anchor)
{
	*phantom = anchor->x >= grid->cols;
	*x = clamp(anchor->x, 0, grid->cols - 1);
	*y = clamp((int)(anchor->id - grid_id(grid, 0)), 0, grid->rows - 1);
}

void emulator_resize(struct emulator *emulator, int rows, int cols)
{
	struct grid *main = &emulator->main;
	struct saved_cursor *saved = &emulator->saved[0];
	bool on_main = emulator->grid == main;
	int y = on_main ? emulator->y : saved->y;
	struct anchor at_saved = {grid_id(main, clamp(saved->y, 0, main->rows - 1)), saved->x + saved->phantom},
	              at = at_saved;
	if (on_main)
		at = (struct anchor){grid_id(main, y), emulator->x + emulator->phantom};
	struct anchor *anchors[] = {&at, &at_saved, &emulator->output, &emulator->done};
	int64_t output = emulator->output.id, done = emulator->done.id;
	grid_rewrap(main, rows, cols, clamp(y, 0, main->rows - 1), anchors, sizeof anchors / sizeof *anchors);
	grid_crop(&emulator->alt, rows, cols);
	if (output < 0)
		emulator->output.id = -1;
	if (done < 0)
		emulator->done.id = -1;
	settle(&saved->x, &saved->y, &saved->phantom, main, &at_saved);
	if (on_main) {
		settle(&emulator->x, &emulator->y, &emulator->phantom, main, &at);
	} else {
		emulator->x = clamp(emulator->x, 0, cols - 1);
		emulator->y = clamp(emulator->y, 0, rows - 1);
		emulator->phantom = false;
	}
	emulator->last_char = 0;
	emulator->is_plain = true;
	emulator->vt_is_behind = true;
	vt_resize(emulator->vt, rows, cols);
}

void emulator_set_colors(struct emulator *emulator, uint32_t fg, uint32_t bg)
{
	emulator->colors[0] = fg;
	emulator->colors[1] = bg;
	string_answer_colors(emulator);
}
