/* take: see take.h. A take is a file of its own, kept by `onesdn record`, or the part of a shipped recording of the act that begins at
 * the marker with the stage's title. */
#include "ui/take.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "onesdn/reel.h"
#include "ui/state.h"

enum { END_HOLD_MS = 5000 };

struct take {
	struct ui *ui;
	struct cast *cast;
	struct reel *reel;
	struct loop_timer *end_timer; /* at the end it stands for a while, then it is live again */
	int64_t from_us, to_us;
	bool is_over;
	int pan_x, pan_y;
	char when[32];
	struct str words;
};

/* ---- finding it ---- */
static struct cast *read_own(const struct ui *ui, const struct scenario_stage *stage)
{
	char *path = ui_take_path(ui->act->name, stage->id, NULL);
	struct cast *cast = path && access(path, R_OK) == 0 ? cast_read(path, NULL) : NULL;
	free(path);
	return cast;
}

static struct cast *read_shipped(const struct ui *ui)
{
	char *relative = mem_printf("assets/%s.cast", ui->act->name), *path = path_data(relative, NULL);
	struct cast *cast = path ? cast_read(path, NULL) : NULL;
	free(path);
	free(relative);
	return cast;
}

static int marker_of(const struct cast *cast, const char *title)
{
	for (size_t i = 0; i < cast->events.len; i++)
		if (cast->events.data[i].kind == CAST_MARKER && text_equal(cast->events.data[i].data, title))
			return (int)i;
	return -1;
}

/* From the stage's marker to the next one. */
static bool cut_stage(struct take *take, const char *title)
{
	struct cast *cast = take->cast;
	int at = marker_of(cast, title);
	if (at < 0)
		return false;
	take->from_us = cast->events.data[at].at_us;
	take->to_us = cast->duration_us;
	for (size_t i = (size_t)at + 1; i < cast->events.len; i++)
		if (cast->events.data[i].kind == CAST_MARKER) {
			take->to_us = cast->events.data[i].at_us - 1;
			break;
		}
	return true;
}

static bool find(struct take *take, const struct scenario_stage *stage)
{
	struct ui *ui = take->ui;
	take->cast = read_own(ui, stage);
	bool is_own = take->cast != NULL;
	if (!is_own)
		take->cast = read_shipped(ui);
	if (!take->cast)
		return false;
	cast_limit_idle(take->cast, take->cast->header.idle_limit_us);
	take->to_us = take->cast->duration_us;
	return is_own || cut_stage(take, stage->title);
}

/* ---- playing ---- */
static void destroy(struct take *take)
{
	if (!take)
		return;
	reel_destroy(take->reel);
	loop_timer_destroy(take->end_timer);
	cast_destroy(take->cast);
	str_finish(&take->words);
	free(take);
}

/* It is still there until the next one ends: its own timer may be what calls. */
void take_end(struct ui *ui)
{
	struct take *take = ui->take;
	if (!take)
		return;
	destroy(ui->take_before);
	ui->take_before = take;
	ui->take = NULL;
	loop_timer_stop(take->end_timer);
	cast_player_pause(reel_player(take->reel), reel_now(take->reel), true);
	ui_dirty(ui);
}

void take_finish(struct ui *ui)
{
	destroy(ui->take);
	destroy(ui->take_before);
}

static void on_end(void *user)
{
	struct take *take = user;
	struct ui *ui = take->ui;
	take_end(ui);
	ui_say(ui, false, "The take is over: this is the live stage again");
}

static void on_reel(void *user)
{
	struct take *take = user;
	struct cast_player *player = reel_player(take->reel);
	int64_t now = reel_now(take->reel);
	if (!take->is_over && !reel_is_behind(take->reel) && cast_player_time(player, now) >= take->to_us) {
		take->is_over = true;
		cast_player_pause(player, now, true);
		loop_timer_start(take->end_timer, END_HOLD_MS, 0);
	}
	ui_dirty(take->ui);
}

static void play_from(struct take *take)
{
	struct cast_player *player = reel_player(take->reel);
	int64_t now = reel_now(take->reel);
	take->is_over = false;
	loop_timer_stop(take->end_timer);
	cast_player_seek(player, now, take->from_us);
	cast_player_pause(player, now, false);
	reel_go(take->reel);
}

static void note_when(struct take *take)
{
	time_t when = (time_t)take->cast->header.timestamp;
	struct tm local;
	if (when > 0 && localtime_r(&when, &local))
		strftime(take->when, sizeof take->when, " %Y-%m-%d %H:%M", &local);
}

void take_toggle(struct ui *ui)
{
	if (ui->take) {
		take_end(ui);
		return;
	}
	if (!ui->act->stages.len || !ui->loop)
		return;
	const struct scenario_stage *stage = &ui->act->stages.data[ui->scene.stage];
	struct take *take = mem_alloc(sizeof *take);
	take->ui = ui;
	take->end_timer = loop_timer_create(ui->loop, on_end, take);
	if (!find(take, stage)) {
		ui_say(ui, false, "There is no take of this stage: onesdn record --stage %s %s makes one", stage->id,
		       ui->act->name);
		destroy(take);
		return;
	}
	note_when(take);
	take->reel = reel_create(ui->loop, take->cast, on_reel, take);
	take->pan_y = 1000; /* the lower edge: there commands are typed */
	ui->take = take;
	play_from(take);
	ui_dirty(ui);
}

void take_pause(struct ui *ui)
{
	struct take *take = ui->take;
	if (!take)
		return;
	if (take->is_over) {
		take_end(ui);
		return;
	}
	struct cast_player *player = reel_player(take->reel);
	cast_player_pause(player, reel_now(take->reel), !cast_player_is_paused(player));
	reel_go(take->reel);
}

void take_restart(struct ui *ui)
{
	if (ui->take)
		play_from(ui->take);
}

static int clamped(int value, int most)
{
	return value > most ? most < 0 ? 0 : most : value < 0 ? 0 : value;
}

/* Its first and last row, title and keys, are the live ones instead. */
static struct rect shown_part(const struct take *take)
{
	int rows, cols;
	term_size(reel_term(take->reel), &rows, &cols);
	return (struct rect){0, 1, cols, rows > 2 ? rows - 2 : 1};
}

static void hold_pan(struct take *take, const struct layout *layout)
{
	struct rect part = shown_part(take);
	struct rect area = view_take_area(layout);
	take->pan_x = clamped(take->pan_x, part.cols - area.cols);
	take->pan_y = clamped(take->pan_y, part.rows - area.rows);
}

void take_pan(struct ui *ui, int cols, int rows)
{
	if (!ui->take)
		return;
	ui->take->pan_x += cols;
	ui->take->pan_y += rows;
}

void take_command(struct ui *ui, const char *argument)
{
	static const struct {
		const char *word;
		int cols, rows;
	} ways[] = {{"up", 0, -1}, {"down", 0, 1}, {"left", -4, 0}, {"right", 4, 0}};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (text_equal(argument, ways[i].word))
			take_pan(ui, ways[i].cols, ways[i].rows);
	if (text_equal(argument, "pause"))
		take_pause(ui);
	else if (text_equal(argument, "again"))
		take_restart(ui);
	else if (!*argument)
		take_toggle(ui);
}

static void write_words(struct take *take, bool is_paused)
{
	char at[24], end[24];
	int64_t now = cast_player_time(reel_player(take->reel), reel_now(take->reel)) - take->from_us;
	cast_time_format(now > 0 ? now : 0, at);
	cast_time_format(take->to_us - take->from_us, end);
	str_clear(&take->words);
	str_append_f(&take->words, "recorded%s", take->when);
	if (take->is_over)
		str_append(&take->words, "  over, live again in a moment");
	else if (is_paused)
		str_append_f(&take->words, "  paused at %s of %s", at, end);
}

void take_fill(struct ui *ui)
{
	struct take *take = ui->take;
	ui->scene.take = (struct scene_take){0};
	if (!take)
		return;
	bool is_paused = cast_player_is_paused(reel_player(take->reel));
	hold_pan(take, &ui->layout);
	write_words(take, is_paused);
	ui->scene.take = (struct scene_take){
	        reel_term(take->reel), str_text(&take->words), shown_part(take), take->pan_x, take->pan_y, is_paused,
	        take->is_over};
	ui->scene.badge = BADGE_REC;
}
