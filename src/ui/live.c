/* live: the ui on a real terminal: the one draw a turn, the timers, what the terminal sends. screen.c and input.c know how;
 * this file knows when.
 *
 * Nothing here wakes the loop while nothing happens. The clock counts whole minutes and is drawn with every frame; a minute
 * after the last frame of a show one is drawn for its sake alone. */
#include "ui/live.h"

#include <string.h>

#include "onesdn/screen.h"
#include "ui/state.h"

enum {
	FRAME_MS = 16,
	CLOCK_MS = 60000,
	TICK_MS = 100,
	HOLD_MS = 2000,   /* the output of a stage can be read before the diagram comes forward */
	ECHO_SIZE = 4096, /* what a program may answer to a key and have painted at once */
};

/* Packets move while a flow is under way, and only then. */
static void run_ticks(struct ui *ui)
{
	bool is_underway = false, is_still = ui->record.is_on && !ui->record.with.packets;
	for (size_t i = 0; !is_still && i < ui->scene.n_flows; i++)
		is_underway |= ui->scene.flows[i].state == PLAY_FLOW_UNDERWAY;
	if (is_underway && !loop_timer_is_running(ui->tick_timer))
		loop_timer_start(ui->tick_timer, TICK_MS, TICK_MS);
	if (!is_underway) {
		loop_timer_stop(ui->tick_timer);
		ui->tick = 0;
	}
}

/* A program that wants the mouse's movements gets them only while its pane has the keys. */
static void follow_pane(struct ui *ui)
{
	const struct term *pane = ui->scene.pane;
	bool is_typed = pane && ui->view.mode == MODE_TERMINAL;
	enum screen_mouse mouse = ui->has_mouse ? SCREEN_MOUSE_CLICKS : SCREEN_MOUSE_OFF;
	if (ui->has_mouse && is_typed && term_wants_motion(pane, true))
		mouse = SCREEN_MOUSE_ALL;
	else if (ui->has_mouse && is_typed && term_wants_motion(pane, false))
		mouse = SCREEN_MOUSE_DRAGS;
	screen_set_mouse(ui->screen, mouse);
	screen_set_cursor_shape(ui->screen, is_typed ? term_cursor_shape(pane) : 0);
}

static void draw(struct ui *ui)
{
	int rows = ui->options.rows, cols = ui->options.cols, screen_rows = 0, screen_cols = 0;
	if (ui->screen)
		screen_size(ui->screen, &screen_rows, &screen_cols);
	if (ui->screen && !ui->record.is_on)
		rows = screen_rows, cols = screen_cols;
	ui_paint_on(ui, cols, rows);
	record_frame(ui);
	if (ui->screen) {
		screen_flush(ui->screen, record_shown(ui, screen_cols, screen_rows), ui->looks);
		follow_pane(ui);
	}
	if (ui->scene.pane)
		term_clean(ui->scene.pane);
	ui->is_dirty = ui->is_urgent = false;
	ui->drawn_at = loop_now(ui->loop);
	run_ticks(ui);
	if (ui->scene.elapsed_ms >= 0 && !ui->scene.is_over && !ui->scene.has_no_clock)
		loop_timer_start(ui->clock_timer, CLOCK_MS, 0);
	else
		loop_timer_stop(ui->clock_timer);
}

/* A key was typed and its program has answered, with a little and no more to come: the eye waits for this. */
static bool is_echo(struct ui *ui)
{
	bool more;
	if (!ui->awaits_echo || !ui->scene.pane)
		return false;
	size_t size = term_fed(ui->scene.pane, &more);
	if (size == 0 || size > ECHO_SIZE || more)
		return false;
	ui->awaits_echo = false;
	return true;
}

/* The hook runs in every turn, so the pane need not tell that something was printed: it is asked. */
static bool has_printed(const struct ui *ui)
{
	int first, last;
	bool more;
	const struct term *pane = ui->scene.pane;
	return pane && (term_fed(pane, &more) > 0 || term_dirty(pane, &first, &last));
}

static void on_sleep(void *user)
{
	struct ui *ui = user;
	if (!ui->is_dirty && !has_printed(ui))
		return;
	int64_t since = loop_now(ui->loop) - ui->drawn_at;
	bool is_held = ui->scene.pane && term_is_held(ui->scene.pane);
	bool is_slow = ui->screen && !screen_is_ready(ui->screen);
	if (is_slow && !ui->record.is_on) { /* it tells when it has taken the frame before; a recording does not wait */
		ui->is_dirty = true;
		screen_flush(ui->screen, ui->canvas, ui->looks);
		return;
	}
	if (ui->is_urgent || (!is_held && (since >= FRAME_MS || is_echo(ui))))
		draw(ui);
	else if (!loop_timer_is_running(ui->draw_timer))
		loop_timer_start(ui->draw_timer, is_held ? FRAME_MS : FRAME_MS - since, 0);
}

static void on_draw_timer(void *user)
{
	(void)user; /* the turn is what matters: the hook draws */
}

static void on_clock(void *user)
{
	ui_dirty(user);
}

static void on_tick(void *user)
{
	struct ui *ui = user;
	ui->tick++;
	ui_dirty(ui);
}

static void on_hold_over(void *user)
{
	struct ui *ui = user;
	if (ui->view.mode != MODE_STAGE)
		return;
	ui->view.front = PANE_DIAGRAM;
	ui_dirty(ui);
}

void live_hold(struct ui *ui)
{
	if (ui->hold_timer)
		loop_timer_start(ui->hold_timer, HOLD_MS, 0);
}

void live_hold_stop(struct ui *ui)
{
	if (ui->hold_timer)
		loop_timer_stop(ui->hold_timer);
}

/* ---- what the terminal sends ---- */
static void on_input(const struct input_event *event, void *user)
{
	struct ui *ui = user;
	if (event->kind == INPUT_KEY)
		keys_take(ui, event->key);
	else if (event->kind == INPUT_MOUSE)
		keys_mouse(ui, event->mouse);
	else if (event->kind == INPUT_PASTE)
		keys_paste(ui, event->text, event->size);
	else if (event->kind == INPUT_FOCUS && ui->view.mode == MODE_TERMINAL && ui->scene.pane)
		term_focus(ui->scene.pane, event->focused);
}

static void on_resize(int rows, int cols, void *user)
{
	(void)rows, (void)cols;
	struct ui *ui = user;
	ui->is_urgent = true;
	ui_dirty(ui);
}

/* The terminal's own colours: a light one gets the light theme, unless one was named; programs may ask for them. */
static void on_colors(uint32_t fg, uint32_t bg, void *user)
{
	struct ui *ui = user;
	ui->terminal_fg = fg;
	ui->terminal_bg = bg;
	if (!ui->theme_is_chosen) {
		ui_use_theme(ui, NULL, NULL);
		ui_dirty(ui);
	}
}

static void on_ready(void *user)
{
	ui_dirty(user);
}

static void on_gone(void *user)
{
	struct ui *ui = user;
	if (ui->options.events.on_quit)
		ui->options.events.on_quit(ui->options.user);
}

/* ---- beginning, end, and what is between ---- */
static bool open_screen(struct ui *ui, struct err *err)
{
	struct screen_events events = {
	        .on_input = on_input,
	        .on_resize = on_resize,
	        .on_colors = on_colors,
	        .on_gone = on_gone,
	        .on_ready = on_ready,
	};
	ui->screen = screen_create(ui->loop, &events, ui, err);
	if (!ui->screen)
		return false;
	ui->is_ascii |= screen_is_ascii(ui->screen);
	live_title(ui);
	return true;
}

bool live_start(struct ui *ui, struct err *err)
{
	if ((!ui->record.is_on || ui->record.with.on_terminal) && !open_screen(ui, err))
		return false;
	ui->draw_timer = loop_timer_create(ui->loop, on_draw_timer, ui);
	ui->clock_timer = loop_timer_create(ui->loop, on_clock, ui);
	ui->tick_timer = loop_timer_create(ui->loop, on_tick, ui);
	ui->hold_timer = loop_timer_create(ui->loop, on_hold_over, ui);
	loop_on_sleep(ui->loop, on_sleep, ui);
	return true;
}

void live_stop(struct ui *ui)
{
	if (!ui->draw_timer)
		return;
	loop_on_sleep(ui->loop, NULL, NULL);
	loop_unpost(ui->loop, ui);
	screen_destroy(ui->screen);
	ui->screen = NULL;
	loop_timer_destroy(ui->draw_timer);
	loop_timer_destroy(ui->clock_timer);
	loop_timer_destroy(ui->tick_timer);
	loop_timer_destroy(ui->hold_timer);
}

void live_title(struct ui *ui)
{
	if (!ui->screen)
		return;
	char *title = mem_printf("onesdn: %s", ui->act->title);
	screen_set_title(ui->screen, title);
	free(title);
}

void live_redraw(struct ui *ui)
{
	if (ui->screen)
		screen_redraw(ui->screen);
	ui_dirty(ui);
}

enum theme_depth live_depth(const struct ui *ui)
{
	return ui->screen ? screen_depth(ui->screen) : THEME_RGB;
}

bool live_is_light(const struct ui *ui)
{
	return ui->screen && screen_is_light(ui->screen);
}

static void suspend(void *user)
{
	struct ui *ui = user;
	struct err err;
	screen_destroy(ui->screen);
	ui->screen = NULL;
	screen_stop_process();
	if (!open_screen(ui, &err))
		base_abort("%s", err.text);
	live_redraw(ui);
}

void live_suspend(struct ui *ui)
{
	if (ui->screen) /* not inside the screen's own callback */
		loop_post(ui->loop, suspend, ui);
}
