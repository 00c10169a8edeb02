/* keys: where a key, a paste or a mouse click goes: to the question, the line, the page that is open, the stage or the program. */
#include <string.h>

#include "ui/commands.h"
#include "ui/keymap.h"
#include "ui/live.h"
#include "ui/state.h"
#include "ui/tour.h"

enum { TWICE_MS = 1000, WHEEL_LINES = 3 };

static int64_t now_of(const struct ui *ui)
{
	return ui->loop ? loop_now(ui->loop) : 0;
}

void keys_mode(struct ui *ui, enum ui_mode mode)
{
	if (ui->view.mode == mode)
		return;
	struct term *pane = ui_pane(ui);
	if (mode == MODE_TERMINAL && !pane)
		return;
	ui->view.mode = mode;
	ui->view.back = 0;
	if (mode == MODE_TERMINAL)
		action_front(ui, PANE_SHELL);
	if (pane)
		term_focus(pane, mode == MODE_TERMINAL);
}

void keys_blank(struct ui *ui, bool is_blank)
{
	ui->view.is_blank = is_blank;
	if (ui->options.events.on_blank)
		ui->options.events.on_blank(ui->options.user);
}

static void send_key(struct ui *ui, struct term_key key)
{
	struct term *pane = ui_pane(ui);
	ui->view.back = 0;
	if (!pane)
		return;
	ui->awaits_echo = true;
	term_key(pane, key);
}

static void terminal_key(struct ui *ui, struct term_key key)
{
	const struct key_row *row = key_find(KEYS_TERMINAL, key);
	if (input_key_same(key, ui->escape_key)) {
		keys_mode(ui, MODE_STAGE);
		ui->escaped_at = now_of(ui);
	} else if (row) {
		command_run(ui, row->command);
	} else {
		send_key(ui, key);
	}
}

static void answer(struct ui *ui, struct term_key key)
{
	bool is_yes = key.code == TERM_KEY_NONE && !key.modifiers && (key.ch == 'y' || key.ch == 'Y');
	ui->view.question = NULL;
	if (is_yes)
		ui->on_yes(ui);
}

static void stage_key(struct ui *ui, struct term_key key)
{
	const struct key_row *row = ui->view.popup != POPUP_NONE ? key_find(KEYS_POPUP, key) : NULL;
	if (!row)
		row = key_find(KEYS_STAGE, key);
	if (row)
		command_run(ui, row->command);
}

static void take_key(struct ui *ui, struct term_key key)
{
	const struct key_row *row = key_find(KEYS_TAKE, key);
	if (row)
		command_run(ui, row->command);
}

void keys_take(struct ui *ui, struct term_key key)
{
	int64_t escaped_at = ui->escaped_at;
	ui->escaped_at = 0;
	bool is_typed = ui->view.mode == MODE_TERMINAL && ui->view.line == LINE_NONE && !ui->view.question &&
	                !*ui->notice && !ui->view.back && !ui->view.is_blank && !input_key_same(key, ui->escape_key);
	if (!is_typed) { /* what the program answers is what there will be to draw */
		ui->is_urgent = true;
		ui_dirty(ui);
	}
	ui->notice[0] = '\0';
	live_hold_stop(ui);
	if (ui->view.is_blank) {
		keys_blank(ui, false);
	} else if (tour_key(ui, key)) {
		return;
	} else if (ui->take) {
		take_key(ui, key);
	} else if (ui->view.question) {
		answer(ui, key);
	} else if (ui->view.line != LINE_NONE) {
		line_key(ui, key);
	} else if (ui->view.mode == MODE_TERMINAL) {
		terminal_key(ui, key);
	} else if (escaped_at && input_key_same(key, ui->escape_key) && now_of(ui) - escaped_at <= TWICE_MS) {
		keys_mode(ui, MODE_TERMINAL);
		send_key(ui, key);
	} else {
		stage_key(ui, key);
	}
}

void keys_paste(struct ui *ui, const char *text, size_t size)
{
	ui->is_urgent = true;
	ui_dirty(ui);
	ui->notice[0] = '\0';
	if (ui->take)
		return;
	if (ui->view.line != LINE_NONE) {
		const char *end = memchr(text, '\n', size);
		line_insert(ui, text, end ? (size_t)(end - text) : size);
	} else if (ui->view.mode == MODE_TERMINAL && ui_pane(ui)) {
		ui->view.back = 0;
		term_paste(ui_pane(ui), text, size);
	} else {
		ui_say(ui, false, "Pasted text goes to the terminal only: i first");
	}
}

/* ---- mouse ---- */
static void wheel(struct ui *ui, struct term_mouse mouse, bool is_in_pane)
{
	int lines = mouse.button == 4 ? -WHEEL_LINES : WHEEL_LINES;
	struct term *pane = ui->scene.pane;
	if (!is_in_pane || ui->view.popup != POPUP_NONE) {
		if (ui->view.popup != POPUP_NONE || frame_shows_manifest(&ui->scene, &ui->view))
			action_scroll(ui, lines);
		return;
	}
	if (pane && ui->view.mode == MODE_TERMINAL && term_is_altscreen(pane)) {
		struct term_key key = {.code = lines < 0 ? TERM_KEY_UP : TERM_KEY_DOWN};
		for (int i = 0; i < WHEEL_LINES; i++)
			term_key(pane, key);
		return;
	}
	enum ui_pane front = ui->view.front;
	ui->view.front = PANE_SHELL;
	action_scroll(ui, lines);
	ui->view.front = front;
}

static void click_diagram(struct ui *ui, int x, int y)
{
	const struct diagram *diagram = ui->scene.diagram;
	keys_mode(ui, MODE_STAGE);
	action_front(ui, PANE_DIAGRAM);
	ui->focus[0] = '\0';
	for (size_t i = 0; diagram && i < diagram->hits.len; i++)
		if (rect_has(diagram->hits.data[i].area, x, y))
			snprintf(ui->focus, sizeof ui->focus, "%s", diagram->hits.data[i].id);
	action_describe(ui);
	if (*ui->focus)
		ui_console_open(ui, ui->focus);
}

static void click(struct ui *ui, struct term_mouse mouse, bool is_in_pane)
{
	struct rect inside = layout_inside(&ui->layout, ui->layout.diagram);
	if (ui->view.popup == POPUP_NONE && rect_has(inside, mouse.x, mouse.y))
		click_diagram(ui, mouse.x - inside.x, mouse.y - inside.y);
	else if (is_in_pane && ui->view.popup == POPUP_NONE)
		command_run(ui, "type");
	else
		keys_mode(ui, MODE_STAGE);
}

void keys_mouse(struct ui *ui, struct term_mouse mouse)
{
	bool is_press = mouse.pressed && mouse.button >= 1;
	struct rect inside = layout_inside(&ui->layout, ui->layout.shell);
	bool is_in_pane = rect_has(inside, mouse.x, mouse.y) && ui->scene.pane;
	if (ui->view.is_blank || ui->take || ui->view.question || ui->view.line != LINE_NONE)
		return;
	if (is_in_pane && ui->view.mode == MODE_TERMINAL && term_wants_mouse(ui->scene.pane)) {
		struct term_mouse there = mouse;
		there.x -= inside.x;
		there.y -= inside.y;
		if (term_mouse(ui->scene.pane, there))
			return;
	}
	if (!is_press)
		return;
	ui->is_urgent = true;
	ui_dirty(ui);
	ui->notice[0] = '\0';
	if (mouse.button >= 4)
		wheel(ui, mouse, is_in_pane);
	else if (mouse.button == 1)
		click(ui, mouse, is_in_pane);
}
