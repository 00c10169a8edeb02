/* record: see record.h. Secrets are taken out of the cells, before anything is encoded: each part of the screen by itself,
 * because text wraps within its part, then the whole. What may yet become a secret, because it is still being printed or
 * because it was cut, is left blank. */
#include "ui/record.h"

#include <stdlib.h>
#include <string.h>

#include "onesdn/theme.h"
#include "ui/state.h"

enum {
	ABOVE_ROWS = 24,   /* of the scrollback that a secret in view may have begun in */
	OPEN_COLS_MIN = 3, /* so much of a secret tells nothing */
	MARK_COLS = 5,
};
#define ELLIPSIS 0x2026u

void record_finish(struct record *record)
{
	canvas_destroy(record->frame);
	canvas_destroy(record->shown);
}

void record_theme(struct ui *ui, const char *name)
{
	struct err ignored; /* the theme has just been read */
	if (ui->record.is_on)
		theme_load(name, THEME_RGB, ui->record.looks, &ignored);
}

void ui_record_mark(struct ui *ui, bool is_on, const char *words)
{
	ui->record.mark_is_on = is_on;
	snprintf(ui->record.mark, sizeof ui->record.mark, "%s", words);
	ui_dirty(ui);
}

/* ---- cells as text ---- */
struct cut {
	struct str text;
	VEC(size_t) cells; /* of each byte */
};

static void take_cells(struct cut *cut, const struct canvas *canvas, size_t from, size_t to)
{
	for (size_t at = from; at < to; at++) {
		const struct cell *cell = &canvas->cells[at];
		char bytes[UTF8_MAX];
		size_t n = cell->width ? utf8_encode(cell->ch[0] ? cell->ch[0] : ' ', bytes) : 0;
		str_append_n(&cut->text, bytes, n);
		while (n-- > 0)
			vec_push(&cut->cells, at);
	}
}

/* What stands before cell `to` and may be the beginning of a secret is blanked. */
static void hide_open(const struct cast_rules *rules, struct canvas *canvas, size_t from, size_t to)
{
	struct cut cut = {0};
	take_cells(&cut, canvas, from, to);
	size_t open = cast_rules_open(rules, str_text(&cut.text), cut.text.len);
	size_t first = open < cut.text.len ? cut.cells.data[open] : to;
	for (size_t at = first; to - first >= OPEN_COLS_MIN && at < to; at++) {
		memset(canvas->cells[at].ch, 0, sizeof canvas->cells[at].ch);
		canvas->cells[at].width = 1;
	}
	str_finish(&cut.text);
	vec_finish(&cut.cells);
}

static bool is_ellipsis(const struct canvas *canvas, size_t at, size_t end)
{
	const struct cell *cell = &canvas->cells[at];
	if (cell->ch[0] == ELLIPSIS)
		return true;
	return at + 2 < end && cell[0].ch[0] == '.' && cell[1].ch[0] == '.' && cell[2].ch[0] == '.';
}

/* Text that was cut, at an ellipsis or at the edge of its part. */
static void hide_cut(const struct cast_rules *rules, struct canvas *canvas, struct rect area, bool at_edge)
{
	for (int y = area.y; y < area.y + area.rows && y < canvas->rows; y++) {
		size_t start = (size_t)y * (size_t)canvas->cols + (size_t)area.x, end = start + (size_t)area.cols;
		for (size_t at = start; at < end; at++)
			if (is_ellipsis(canvas, at, end))
				hide_open(rules, canvas, start, at);
		if (at_edge && (canvas->cells[end - 1].ch[0] || canvas->cells[end - 1].width == 0))
			hide_open(rules, canvas, start, end);
	}
}

/* ---- the parts ---- */
static void copy_cells(struct canvas *to, int to_y, struct rect area, struct canvas *from, bool back)
{
	for (int y = 0; y < area.rows; y++) {
		struct cell *there = to->cells + (size_t)(to_y + y) * (size_t)to->cols;
		struct cell *here = from->cells + (size_t)(area.y + y) * (size_t)from->cols + area.x;
		memcpy(back ? here : there, back ? there : here, (size_t)area.cols * sizeof *here);
	}
}

/* Up to the pane's cursor; what wraps is one text. */
static void hide_unfinished(const struct cast_rules *rules, struct canvas *tall, const struct term *pane,
                            int y_of_screen)
{
	int x, y;
	term_cursor(pane, &x, &y);
	y += y_of_screen;
	if (y < 0 || y >= tall->rows || x > tall->cols)
		return;
	size_t cols = (size_t)tall->cols, first = (size_t)y;
	while (first > 0 && tall->cells[first * cols - 1].ch[0] && (size_t)y - first < ABOVE_ROWS)
		first--;
	hide_open(rules, tall, first * cols, (size_t)y * cols + (size_t)x);
}

static struct rect clipped(struct rect area, const struct canvas *canvas)
{
	area.rows = area.y + area.rows > canvas->rows ? canvas->rows - area.y : area.rows;
	area.cols = area.x + area.cols > canvas->cols ? canvas->cols - area.x : area.cols;
	return area;
}

/* The pane together with the rows above it: what begins there may end in view. */
static void redact_pane(struct ui *ui, struct canvas *frame)
{
	const struct cast_rules *rules = ui->record.with.rules;
	const struct term *pane = ui->scene.pane;
	struct rect area = clipped(layout_inside(&ui->layout, ui->layout.shell), frame);
	if (!pane || area.rows < 1 || area.cols < 1)
		return;
	int above = term_scrollback(pane) - ui->view.back;
	above = above > ABOVE_ROWS ? ABOVE_ROWS : above < 0 ? 0 : above;
	struct canvas *tall = canvas_create(area.cols, above + area.rows);
	tall->ascii = frame->ascii;
	for (int i = 0; i < above; i++)
		term_row(pane, i - above - ui->view.back, tall->cells + (size_t)i * (size_t)tall->cols, tall->cols);
	copy_cells(tall, above, area, frame, false);
	cast_rules_canvas(rules, tall, (struct rect){0, 0, tall->cols, tall->rows});
	hide_unfinished(rules, tall, pane, above + ui->view.back);
	copy_cells(tall, above, area, frame, true);
	canvas_destroy(tall);
}

static void redact(struct ui *ui, struct canvas *frame)
{
	const struct cast_rules *rules = ui->record.with.rules;
	struct rect all = {0, 0, frame->cols, frame->rows};
	struct rect page = clipped(layout_inside(&ui->layout, ui->layout.diagram), frame);
	if (!rules)
		return;
	redact_pane(ui, frame);
	if (page.rows > 0 && page.cols > 0) {
		cast_rules_canvas(rules, frame, page);
		hide_cut(rules, frame, page, true);
	}
	cast_rules_canvas(rules, frame, all);
	hide_cut(rules, frame, all, false);
}

static struct canvas *of_size(struct canvas *canvas, int cols, int rows)
{
	if (canvas && canvas->cols == cols && canvas->rows == rows)
		return canvas;
	canvas_destroy(canvas);
	return canvas_create(cols, rows);
}

void record_frame(struct ui *ui)
{
	struct record *record = &ui->record;
	if (!record->is_on)
		return;
	struct canvas *frame = of_size(record->frame, ui->canvas->cols, ui->canvas->rows);
	memcpy(frame->cells, ui->canvas->cells, (size_t)frame->cols * (size_t)frame->rows * sizeof *frame->cells);
	frame->cursor_x = ui->canvas->cursor_x;
	frame->cursor_y = ui->canvas->cursor_y;
	frame->ascii = ui->canvas->ascii;
	record->frame = frame;
	redact(ui, frame);
	record->with.on_frame(frame, record->looks, record->with.user);
}

/* ---- what the presenter sees ---- */
static void put_mark(struct canvas *shown, const struct record *record, int cols, int rows, bool is_cut)
{
	char words[300];
	int len = snprintf(words, sizeof words, " %s REC %s%s", record->mark_is_on ? "●" : "○", record->mark,
	                   is_cut          ? " (does not fit) "
	                   : *record->mark ? " "
	                                   : "");
	bool has_room = shown->rows > rows; /* below the recording, else in its corner */
	int wanted = text_columns(words), y = has_room ? rows : shown->rows - 1;
	if (!has_room && wanted > shown->cols / 3) /* keys stand there: the word alone */
		len = snprintf(words, sizeof words, " %s REC ", record->mark_is_on ? "●" : "○"),
		wanted = text_columns(words);
	(void)len;
	int x = has_room ? 0 : shown->cols - wanted;
	canvas_put(shown, x < 0 ? 0 : x, y, shown->cols, record->mark_is_on ? ROLE_BADGE_REC : ROLE_BADGE_PLANNED,
	           ATTR_BOLD, words);
	if (shown->cols > cols)
		for (int i = 0; i < rows && i < shown->rows; i++)
			canvas_put_char(shown, cols, i, ROLE_FRAME, 0, 0x2502);
}

const struct canvas *record_shown(struct ui *ui, int cols, int rows)
{
	struct record *record = &ui->record;
	const struct canvas *frame = ui->canvas;
	if (!record->is_on)
		return frame;
	record->shown = of_size(record->shown, cols, rows);
	record->shown->ascii = ui->canvas->ascii;
	canvas_clear(record->shown);
	canvas_copy(record->shown, 0, 0, frame);
	record->shown->cursor_x = frame->cursor_x;
	record->shown->cursor_y = frame->cursor_y;
	put_mark(record->shown, record, frame->cols, frame->rows, frame->cols > cols || frame->rows > rows);
	return record->shown;
}
