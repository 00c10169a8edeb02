/* notes_view: see notes_view.h. From the top: where the show is, the clock against the plan, what to say, what runs next, what
 * the audience's screen says, the cluster. What is to be said gets all the room that is left. */
#include "notes_view.h"

#include <stdlib.h>
#include <string.h>

enum {
	TEXT_COLS = 96,
	DIGIT_ROWS = 5,
	DIGIT_COLS = 6,
	LARGE_ROWS = 28,
	ON_TIME_MS = 30000,
	MINUTE_MS = 60000,
	SAY_ROOM = 7 /* rows below the clock: a line of what is to be said has its place from here on */
};

static void put_time(char out[16], int64_t ms)
{
	int64_t seconds = ms > 0 ? ms / 1000 : 0;
	snprintf(out, 16, "%02d:%02d", (int)(seconds / 60 % 1000), (int)(seconds % 60));
}

/* Three columns of five bits each, the top bit first. */
static void put_digit(struct canvas *canvas, int x, int y, enum canvas_role role, char digit)
{
	static const uint16_t digits[] = {
	        0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111, 0b101101111001001,
	        0b111100111001111, 0b111100111101111, 0b111001001001001, 0b111101111101111, 0b111101111001111,
	};
	uint16_t bits = digit == ':' ? 0b000010000010000 : digits[digit - '0'];
	for (int i = 0; i < 15; i++) {
		int column = x + i % 3 * 2, row = y + i / 3;
		if (bits & (1 << (14 - i)))
			canvas_fill(canvas, (struct rect){column, row, 2, 1}, role, 0x2588);
	}
}

static int put_large(struct canvas *canvas, int x, int y, enum canvas_role role, const char *time)
{
	int at = x;
	for (; *time; time++) {
		put_digit(canvas, *time == ':' ? at - 2 : at, y, role, *time);
		at += *time == ':' ? 4 : DIGIT_COLS + 2;
	}
	return at - x;
}

static enum canvas_role put_pace(const struct notes_view *view, char out[80])
{
	const struct notes *notes = view->notes;
	int64_t behind = notes_behind(notes, view->elapsed_ms), off = behind < 0 ? -behind : behind;
	if (view->elapsed_ms < 0)
		snprintf(out, 80, "the clock starts with the first stage");
	else if (notes->act_plan_ms == 0)
		snprintf(out, 80, "no plan: the scenario says no minutes");
	else if (off < ON_TIME_MS)
		snprintf(out, 80, "on time");
	else
		snprintf(out, 80, "%lld min %s", (long long)((off + MINUTE_MS / 2) / MINUTE_MS),
		         behind < 0 ? "ahead" : "behind");
	if (view->elapsed_ms < 0 || notes->act_plan_ms == 0)
		return ROLE_MUTED;
	return behind >= ON_TIME_MS ? behind >= 2 * MINUTE_MS ? ROLE_FAIL : ROLE_WARN : ROLE_OK;
}

static int put_clock(struct canvas *canvas, int y, const struct notes_view *view)
{
	char time[16], until[16], pace[80];
	enum canvas_role role = put_pace(view, pace);
	put_time(time, view->elapsed_ms);
	put_time(until, view->notes->act_plan_ms);
	bool is_large = canvas->rows >= LARGE_ROWS && canvas->cols >= 80;
	int x = 1 + (is_large ? put_large(canvas, 1, y + 1, role, time) + 2
	                      : canvas_put(canvas, 1, y, canvas->cols, role, ATTR_BOLD, time) + 1);
	int row = is_large ? y + 2 : y;
	if (view->notes->act_plan_ms)
		x += canvas_put(canvas, x, row, canvas->cols - x, ROLE_MUTED, 0, "of ") +
		     canvas_put(canvas, x + 3, row, canvas->cols - x, ROLE_MUTED, 0, until) + 3;
	if (is_large)
		x = 1 + 4 * (DIGIT_COLS + 2) + 6;
	canvas_put_fit(canvas, x, is_large ? row + 2 : row, canvas->cols - x - 1, role, ATTR_BOLD, pace);
	return is_large ? y + DIGIT_ROWS + 2 : y + 1;
}

static void put_title(struct canvas *canvas, const struct notes *notes)
{
	char number[48];
	int x = 1, right = canvas->cols - 1;
	snprintf(number, sizeof number, "%lld/%lld ", (long long)notes->stage, (long long)notes->n_stages);
	enum canvas_role persona = text_equal(notes->persona, "workload-owner") ? ROLE_OWNER : ROLE_ADMIN;
	if (notes->stage && right - text_columns(notes->persona) > 40) {
		right -= text_columns(notes->persona);
		canvas_put(canvas, right, 0, canvas->cols, persona, ATTR_BOLD, notes->persona);
		right -= 2;
	}
	if (text_columns(notes->act) + text_columns(notes->title) + 12 < right) {
		x += canvas_put(canvas, x, 0, right - x, ROLE_TITLE, 0, notes->act);
		x += canvas_put(canvas, x, 0, right - x, ROLE_MUTED, 0, " ▸ ");
	}
	if (notes->stage)
		x += canvas_put(canvas, x, 0, right - x, ROLE_TITLE, ATTR_BOLD, number);
	canvas_put_fit(canvas, x, 0, right - x, ROLE_TITLE, ATTR_BOLD, notes->title);
}

static int count_lines(const char *text, int most)
{
	int n = 0;
	for (; *text && n < most; n++, text += strcspn(text, "\n"), text += *text == '\n')
		;
	return n;
}

static void put_commands(struct canvas *canvas, int y, const char *commands, int n)
{
	struct str line = {0};
	for (int i = 0; i < n; i++) {
		size_t len = strcspn(commands, "\n");
		str_clear(&line);
		str_append_n(&line, commands, len);
		int x = 1 + canvas_put(canvas, 1, y + i, canvas->cols - 2, ROLE_MUTED, 0, i ? "      " : "next  ");
		canvas_put_fit(canvas, x, y + i, canvas->cols - 1 - x, ROLE_COMMAND, 0, str_text(&line));
		commands += len + (commands[len] == '\n');
	}
	str_finish(&line);
}

static void put_cluster(struct canvas *canvas, int y, const struct notes *notes)
{
	struct str line = {0};
	str_append_f(&line, "%s  %s", notes->context, notes->cluster);
	if (notes->status >= 0)
		str_append_f(&line, "   last command: status %lld", (long long)notes->status);
	canvas_put_fit(canvas, 1, y, canvas->cols - 2, notes->is_cluster_problem ? ROLE_FAIL : ROLE_MUTED, 0,
	               str_text(&line));
	str_finish(&line);
}

/* From below upwards, in so many rows at the most: the cluster, the show's own result line, what comes after, what runs next; where
 * there is no room for all of it, what runs next stays longest. Gives the rows used. */
static int put_bottom(struct canvas *canvas, const struct notes *notes, int room)
{
	enum { WITH_STATE = 2, WITH_THEN, WITH_CLUSTER, WITH_RULE };
	int y = canvas->rows - 1, cols = canvas->cols - 2, x, most = canvas->rows >= LARGE_ROWS ? 6 : 2;
	if (room >= WITH_CLUSTER)
		put_cluster(canvas, y--, notes);
	if (room >= WITH_STATE) {
		x = 1 + canvas_put(canvas, 1, y, cols, ROLE_KEY, ATTR_BOLD, notes->state);
		canvas_put_fit(canvas, x + 2, y--, cols - x - 1, notes->is_problem ? ROLE_FAIL : ROLE_TEXT, 0,
		               notes->message);
	}
	if (room >= WITH_THEN) {
		x = 1 + canvas_put(canvas, 1, y, cols, ROLE_MUTED, 0,
		                   *notes->next ? "then  " : "the last stage of the act");
		canvas_put_fit(canvas, x, y--, cols - x + 1, ROLE_TEXT, 0, notes->next);
	}
	bool has_rule = room >= WITH_RULE;
	int left = room - (canvas->rows - 1 - y) - has_rule, n = count_lines(notes->command, most < left ? most : left);
	y -= n;
	put_commands(canvas, y + 1, notes->command, n);
	if (has_rule)
		canvas_fill(canvas, (struct rect){0, y--, canvas->cols, 1}, ROLE_FRAME, 0x2500);
	return canvas->rows - 1 - y;
}

enum { PAGE_ROWS = 400 };

/* Painted whole on a page of its own, then the part that is looked at. */
static int put_say(struct canvas *canvas, struct rect area, const struct notes_view *view)
{
	struct canvas *page = canvas_create(area.cols, PAGE_ROWS);
	int rows = 0;
	page->ascii = canvas->ascii;
	for (const char *p = view->notes->say; *p && rows < PAGE_ROWS;) {
		size_t len = strcspn(p, "\n");
		rows += canvas_put_wrapped(page, (struct rect){0, rows, area.cols, PAGE_ROWS - rows}, ROLE_TEXT, p,
		                           len);
		p += len + (p[len] == '\n');
	}
	if (rows == 0)
		rows = canvas_put(page, 0, 0, area.cols, ROLE_MUTED, 0, "no notes for this stage") > 0;
	int most = rows > area.rows ? rows - area.rows : 0, from = view->scroll < most ? view->scroll : most;
	for (int y = 0; y < area.rows && from + y < rows; y++)
		for (int x = 0; x < area.cols; x++)
			*canvas_at(canvas, area.x + x, area.y + y) = *canvas_at(page, x, from + y);
	if (from < most)
		canvas_put(canvas, canvas->cols - 8, area.y + area.rows, 8, ROLE_KEY, 0, " ↓ more ");
	canvas_destroy(page);
	return most;
}

static void put_blank(struct canvas *canvas, int y)
{
	static const char words[] = " THE SCREEN IS BLANK: . or b brings it back ";
	canvas_put_fit(canvas, 1, y, canvas->cols - 2, ROLE_WARN, ATTR_BOLD | ATTR_REVERSE, words);
}

int notes_paint(struct canvas *canvas, const struct notes_view *view)
{
	canvas_clear(canvas);
	canvas->cursor_x = canvas->cursor_y = -1;
	if (!view->notes) {
		canvas_put_fit(canvas, 1, canvas->rows / 3, canvas->cols - 2, ROLE_TITLE, ATTR_BOLD,
		               view->was_there ? "The show has ended." : "There is no show yet.");
		canvas_put_fit(canvas, 1, canvas->rows / 3 + 1, canvas->cols - 2, ROLE_MUTED, 0,
		               "The notes are here as soon as onesdn runs; q leaves.");
		return 0;
	}
	put_title(canvas, view->notes);
	int y = put_clock(canvas, 1, view);
	if (view->notes->is_blank)
		put_blank(canvas, y++);
	int room = canvas->rows - y, cols = canvas->cols - 2;
	bool has_say = room >= SAY_ROOM && cols > 0;
	int rows = room - put_bottom(canvas, view->notes, has_say ? room - 2 : room) - 1;
	if (!has_say)
		return 0;
	canvas_fill(canvas, (struct rect){0, y, canvas->cols, 1}, ROLE_FRAME, 0x2500);
	return put_say(canvas, (struct rect){1, y + 1, cols < TEXT_COLS ? cols : TEXT_COLS, rows}, view);
}
