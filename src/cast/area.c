/* area: secrets on a canvas, cell for cell. Rows that are full to the last column are one text: that is how a terminal wraps. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

struct area_text {
	struct canvas *canvas;
	struct rect area;
	struct str text;
	VEC(size_t) cells; /* of each byte: its cell on the canvas */
};

static struct rect clipped(const struct canvas *canvas, struct rect area)
{
	int right = area.x + area.cols < canvas->cols ? area.x + area.cols : canvas->cols;
	int bottom = area.y + area.rows < canvas->rows ? area.y + area.rows : canvas->rows;
	area.x = area.x > 0 ? area.x : 0;
	area.y = area.y > 0 ? area.y : 0;
	area.cols = right - area.x;
	area.rows = bottom - area.y;
	return area;
}

static void take_cell(struct area_text *text, size_t at)
{
	const struct cell *cell = &text->canvas->cells[at];
	char bytes[UTF8_MAX];
	for (int i = 0; i < CELL_CHARS && (i == 0 || cell->ch[i]); i++) {
		size_t n = utf8_encode(cell->ch[i] ? cell->ch[i] : ' ', bytes);
		str_append_n(&text->text, bytes, n);
		while (n-- > 0)
			vec_push(&text->cells, at);
		if (!cell->ch[0])
			break;
	}
}

static void take_area(struct area_text *text)
{
	const struct rect *area = &text->area;
	for (int y = area->y; y < area->y + area->rows; y++) {
		size_t start = (size_t)y * (size_t)text->canvas->cols + (size_t)area->x,
		       end = start + (size_t)area->cols;
		for (size_t at = start; at < end; at++)
			if (text->canvas->cells[at].width > 0)
				take_cell(text, at);
		const struct cell *last = &text->canvas->cells[end - 1];
		if (last->ch[0] || last->width == 0)
			continue;
		str_append_c(&text->text, '\n');
		vec_push(&text->cells, end - 1);
	}
}

static void set_char(struct cell *cell, uint32_t ch)
{
	memset(cell->ch, 0, sizeof cell->ch);
	cell->ch[0] = ch == ' ' ? 0 : ch;
	cell->width = 1;
	cell->attrs &= (uint16_t)~ATTR_HALF;
}

/* The cells of bytes start..end in order, wide ones with their right halves. */
static size_t *cells_of(const struct area_text *text, size_t start, size_t end, size_t *n)
{
	VEC(size_t) cells = {0};
	for (size_t i = start; i < end; i++) {
		size_t at = text->cells.data[i];
		if (text->text.data[i] == '\n' || (cells.len && cells.data[cells.len - 1] >= at))
			continue;
		vec_push(&cells, at);
		if (text->canvas->cells[at].width == 2)
			vec_push(&cells, at + 1);
	}
	*n = cells.len;
	return cells.data;
}

static bool ends_word(const struct cell *cell)
{
	return cell->ch[0] == 0 || (cell->ch[0] >= 0x2500 && cell->ch[0] < 0x2580);
}

/* `free` cells before `at` are free: what is left of the word moves there, and the blanks come behind it. */
static void pull_word(struct area_text *text, size_t at, size_t n_free)
{
	struct cell *cells = text->canvas->cells;
	size_t cols = (size_t)text->canvas->cols, row = (at - 1) / cols, end = at;
	size_t right = row * cols + (size_t)(text->area.x + text->area.cols);
	while (end < right && (cells[end].width == 0 || !ends_word(&cells[end])))
		end++;
	for (; at < end; at++)
		cells[at - n_free] = cells[at];
	for (size_t i = end - n_free; i < end; i++)
		set_char(&cells[i], ' ');
}

static void replace(const struct cast_rules *rules, struct area_text *text, const struct cast_span *span)
{
	struct str replacement = {0};
	size_t n, i = 0, left;
	size_t *cells = cells_of(text, span->start, span->end, &n);
	rules_replacement(rules, span->rule, (int)n, &replacement);
	const char *p = str_text(&replacement);
	left = replacement.len;
	for (size_t used; i < n && left > 0; i++, p += used, left -= used) {
		uint32_t ch;
		used = utf8_decode(p, left, &ch);
		set_char(&text->canvas->cells[cells[i]], text->canvas->ascii ? canvas_ascii_char(ch) : ch);
	}
	for (size_t k = i; k < n; k++)
		set_char(&text->canvas->cells[cells[k]], ' ');
	bool is_one_row = n > 0 && cells[n - 1] - cells[0] == n - 1 &&
	                  cells[0] / (size_t)text->canvas->cols == cells[n - 1] / (size_t)text->canvas->cols;
	if (i < n && is_one_row)
		pull_word(text, cells[n - 1] + 1, n - i);
	str_finish(&replacement);
	free(cells);
}

size_t cast_rules_canvas(const struct cast_rules *rules, struct canvas *canvas, struct rect area)
{
	struct area_text text = {.canvas = canvas, .area = clipped(canvas, area)};
	VEC(struct cast_span) spans = {0};
	struct rules_hit hit;
	if (text.area.cols < 1 || text.area.rows < 1 || rules->rules.len == 0)
		return 0;
	take_area(&text);
	for (size_t at = 0; at < text.text.len;) {
		bool is_hit = rules_at(rules, text.text.data, text.text.len, at, 0, false, &hit) == RULES_YES;
		if (is_hit)
			vec_push(&spans, hit.span);
		at = is_hit ? hit.end : at + 1;
	}
	size_t n = spans.len;
	for (size_t i = n; i-- > 0;) /* from the end, so that what moves to the left has been seen */
		replace(rules, &text, &spans.data[i]);
	vec_finish(&spans);
	vec_finish(&text.cells);
	str_finish(&text.text);
	return n;
}
