/* player_view: the picture of a recording that plays: the pane, framed where there is room, cut where there is none; the status
 * line; the keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"

enum { SHOWN_MS = 3000, BAR_MIN = 8, HELP_COLS = 54 };

/* ---- the pane ---- */

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* Where nobody has looked elsewhere, the cursor stays in sight. */
static void follow(struct player *player, struct rect room)
{
	int x = player->pane->cursor_x, y = player->pane->cursor_y;
	player->pan_y = y < player->pan_y ? y : y >= player->pan_y + room.rows ? y - room.rows + 1 : player->pan_y;
	player->pan_x = x < room.cols ? 0 : x >= player->pan_x + room.cols ? x - room.cols + 1 : player->pan_x;
}

/* No further than to the edge. */
static int pan_of(int *pan, int size, int room)
{
	*pan = clamp(*pan, 0, size > room ? size - room : 0);
	return *pan;
}

static void paint_cut(struct player *player, struct rect room, int rows, int cols)
{
	if (!player->pane || player->pane->cols != cols || player->pane->rows != rows) {
		canvas_destroy(player->pane);
		player->pane = canvas_create(cols, rows);
		player->pane->ascii = player->canvas->ascii;
	}
	canvas_clear(player->pane);
	term_paint(reel_term(player->reel), player->pane, (struct rect){0, 0, cols, rows}, 0, true);
	if (!player->has_panned && player->pane->cursor_y >= 0)
		follow(player, room);
	int x = pan_of(&player->pan_x, cols, room.cols), y = pan_of(&player->pan_y, rows, room.rows);
	canvas_copy(player->canvas, -x, -y, player->pane);
	int cursor_x = player->pane->cursor_x - x, cursor_y = player->pane->cursor_y - y;
	if (player->pane->cursor_x >= 0 && cursor_x >= 0 && cursor_y >= 0 && cursor_x < room.cols &&
	    cursor_y < room.rows) {
		player->canvas->cursor_x = cursor_x;
		player->canvas->cursor_y = cursor_y;
	}
	canvas_fill(player->canvas, (struct rect){room.cols, 0, player->canvas->cols, player->canvas->rows}, ROLE_NONE,
	            ' ');
	canvas_fill(player->canvas, (struct rect){0, room.rows, player->canvas->cols, player->canvas->rows}, ROLE_NONE,
	            ' ');
}

/* In the middle, with a frame if it fits around. */
static void paint_whole(struct player *player, struct rect room, int rows, int cols)
{
	const char *title = player->cast->header.title;
	struct rect area = {(room.cols - cols) / 2, (room.rows - rows) / 2, cols, rows};
	bool has_frame = room.cols >= cols + 2 && room.rows >= rows + 2;
	if (has_frame)
		canvas_box(player->canvas, (struct rect){area.x - 1, area.y - 1, cols + 2, rows + 2}, BOX_ROUND,
		           ROLE_FRAME, title && *title ? title : player->name);
	term_paint(reel_term(player->reel), player->canvas, area, 0, true);
}

/* ---- the status line ---- */

static void time_text(const struct player *player, int64_t now, char out[64])
{
	char at[24], end[24];
	cast_time_format(cast_player_time(reel_player(player->reel), now), at);
	cast_time_format(player->cast->duration_us, end);
	snprintf(out, 64, "%s / %s", at, end);
}

static size_t count_markers(const struct cast *cast, size_t end)
{
	size_t n = 0;
	for (size_t i = 0; i < end; i++)
		n += cast->events.data[i].kind == CAST_MARKER;
	return n;
}

static void marker_text(const struct player *player, int64_t now, char *out, size_t size)
{
	const struct cast *cast = player->cast;
	int in = cast_player_in_marker(reel_player(player->reel), now);
	size_t all = count_markers(cast, cast->events.len);
	out[0] = '\0';
	if (*player->note)
		snprintf(out, size, "%s", player->note);
	else if (in >= 0)
		snprintf(out, size, "%zu/%zu %s", count_markers(cast, (size_t)in + 1), all, cast->events.data[in].data);
	else if (all > 0)
		snprintf(out, size, "%zu marker%s", all, all == 1 ? "" : "s");
}

static void paint_bar(const struct player *player, int64_t now, int x, int y, int cols)
{
	const struct cast *cast = player->cast;
	double end = cast->duration_us > 0 ? (double)cast->duration_us : 1;
	int done = (int)((double)cast_player_time(reel_player(player->reel), now) / end * cols + 0.5);
	for (int i = 0; i < cols; i++)
		canvas_put_char(player->canvas, x + i, y, i < done ? ROLE_WAIT : ROLE_MUTED, 0,
		                i < done ? 0x2501 : 0x2500);
	for (size_t i = 0; i < cast->events.len; i++) {
		if (cast->events.data[i].kind != CAST_MARKER)
			continue;
		int at = clamp((int)((double)cast->events.data[i].at_us / end * cols), 0, cols - 1);
		canvas_put_char(player->canvas, x + at, y, at < done ? ROLE_WAIT : ROLE_MUTED, 0,
		                at < done ? 0x254b : 0x253c);
	}
}

/* What stands on the right: all of it, or the beginning of it that fits. */
static int paint_right(struct player *player, int x, int y, int shown_cols, int shown_rows)
{
	char words[3][48] = {"", "", "? keys"};
	struct str right = {0};
	int rows, cols, left = player->canvas->cols;
	double speed = cast_player_speed(reel_player(player->reel));
	term_size(reel_term(player->reel), &rows, &cols);
	if (speed != 1)
		snprintf(words[0], sizeof words[0], "%gx", speed);
	if (shown_cols < cols || shown_rows < rows)
		snprintf(words[1], sizeof words[1], "%dx%d of %dx%d", shown_cols, shown_rows, cols, rows);
	for (size_t i = 0; i < 3; i++) {
		if (!*words[i] ||
		    x + text_columns(str_text(&right)) + text_columns(words[i]) + 2 > player->canvas->cols)
			continue;
		str_append_f(&right, "%s%s", right.len ? "  " : "", words[i]);
	}
	if (right.len > 0)
		left -= text_columns(str_text(&right)) + 1;
	canvas_put(player->canvas, left, y, player->canvas->cols - left, ROLE_MUTED, 0, str_text(&right));
	str_finish(&right);
	return left;
}

static void paint_status(struct player *player, int shown_cols, int shown_rows)
{
	struct canvas *canvas = player->canvas;
	struct cast_player *at = reel_player(player->reel);
	int64_t now = reel_now(player->reel);
	int y = canvas->rows - 1, x = 1;
	char time[64], marker[256];
	const char *state = reel_is_behind(player->reel) ? "SEEK"
	                    : cast_player_is_over(at)    ? "END"
	                    : cast_player_is_paused(at)  ? "PAUSED"
	                                                 : "▶";
	canvas_fill(canvas, (struct rect){0, y, canvas->cols, 1}, ROLE_NONE, ' ');
	x += canvas_put(canvas, x, y, canvas->cols - x, ROLE_TITLE, 0, state) + 1;
	time_text(player, now, time);
	x += canvas_put(canvas, x, y, canvas->cols - x, ROLE_TEXT, 0, time) + 2;
	int right = paint_right(player, x, y, shown_cols, shown_rows) - 1;
	marker_text(player, now, marker, sizeof marker);
	int room = right - x, title = text_columns(marker), bar = title > 0 ? room - title - 2 : room;
	if (bar < BAR_MIN * 2)
		bar = room / 3;
	if (bar >= BAR_MIN) {
		paint_bar(player, now, x, y, bar);
		x += bar + 2;
	}
	canvas_put_fit(canvas, x, y, right - x, *player->note ? ROLE_WARN : ROLE_TEXT, 0, marker);
}

/* ---- the keys ---- */

static void paint_help(struct player *player)
{
	struct canvas *canvas = player->canvas;
	size_t n;
	const struct player_help *rows = player_keys(&n);
	struct rect box = {0, 0, HELP_COLS, (int)n + 2};
	box.cols = box.cols < canvas->cols ? box.cols : canvas->cols;
	box.rows = box.rows < canvas->rows ? box.rows : canvas->rows;
	box.x = (canvas->cols - box.cols) / 2;
	box.y = (canvas->rows - box.rows) / 2;
	canvas_fill(canvas, box, ROLE_NONE, ' ');
	canvas_box(canvas, box, BOX_ROUND, ROLE_FRAME_FOCUS, "keys");
	for (int i = 0; i < (int)n && i < box.rows - 2; i++) {
		canvas_put(canvas, box.x + 2, box.y + 1 + i, box.cols - 4, ROLE_KEY, 0, rows[i].keys);
		canvas_put(canvas, box.x + 14, box.y + 1 + i, box.cols - 16, ROLE_TEXT, 0, rows[i].text);
	}
	canvas->cursor_x = canvas->cursor_y = -1;
}

void player_print_keys(struct str *out)
{
	size_t n;
	const struct player_help *rows = player_keys(&n);
	for (size_t i = 0; i < n; i++)
		str_append_f(out, "\n  %s%*s %s", rows[i].keys, 12 - text_columns(rows[i].keys), "", rows[i].text);
}

/* Where the line has a row of its own it stays; where it covers the recording's last row it comes with a pause, and for a while
 * with a key. */
static bool shows_status(struct player *player, int rows)
{
	if (player->hides_status && !*player->note)
		return false;
	bool is_recent = loop_now(screen_program_loop(player->program)) - player->touched_at < SHOWN_MS;
	return rows != player->canvas->rows || is_recent || cast_player_is_paused(reel_player(player->reel));
}

void player_paint(struct player *player)
{
	struct canvas *canvas = player->canvas;
	int rows, cols;
	term_size(reel_term(player->reel), &rows, &cols);
	bool has_status = shows_status(player, rows), covers = has_status && rows == canvas->rows;
	struct rect room = {0, 0, canvas->cols, canvas->rows - (has_status && !covers)};
	canvas_clear(canvas);
	if (cols <= room.cols && rows <= room.rows)
		paint_whole(player, room, rows, cols);
	else
		paint_cut(player, room, rows, cols);
	if (has_status)
		paint_status(player, cols < room.cols ? cols : room.cols, rows < room.rows ? rows : room.rows);
	if (has_status && canvas->cursor_y == canvas->rows - 1)
		canvas->cursor_x = canvas->cursor_y = -1;
	if (player->shows_help)
		paint_help(player);
	term_clean(reel_term(player->reel));
}
