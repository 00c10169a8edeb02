/* guide: the guided layout's own state: hints asked for, which pane is in front, how the checks stand. See guide.h. */
#include "ui/guide.h"

#include <string.h>

#include "ui/live.h"
#include "ui/state.h"

enum { GUIDE_END = 10000 }; /* scrolled as far as it goes */

static void clear_checks(struct guide *guide)
{
	for (size_t i = 0; i < guide->checks.len; i++)
		play_check_finish(&guide->checks.data[i]);
	guide->checks.len = 0;
}

static void free_texts(char **data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(data[i]);
}

static void fill_acts(struct guide *guide)
{
	char *names = scenario_names(NULL);
	free_texts(guide->acts.data, guide->acts.len);
	guide->acts.len = 0;
	for (const char *at = names ? names : ""; *at;) {
		size_t len = strcspn(at, " ");
		vec_push(&guide->acts, mem_strndup(at, len));
		at += len + (at[len] == ' ');
	}
	free(names);
}

static void begin_act(struct ui *ui)
{
	struct guide *guide = &ui->guide;
	guide->act = ui->act;
	guide->stage = (size_t)-1;
	guide->n_hints.len = 0;
	for (size_t i = 0; i < ui->act->stages.len + 2 * ui->act->explorations.len; i++)
		vec_push(&guide->n_hints, 0);
	fill_acts(guide);
}

/* What a person alone reads first comes forward with its stage. */
static void follow(struct ui *ui)
{
	struct view_state *view = &ui->view;
	view->guide_scroll = 0;
	if (view->layout == LAYOUT_GUIDED && view->mode == MODE_STAGE) {
		action_front(ui, PANE_GUIDE);
		if (ui->play)
			ui_console_bring(ui, scene_stage(&ui->scene)); /* what is typed by hand is typed there */
	}
}

static void note_done(struct ui *ui)
{
	struct guide *guide = &ui->guide;
	for (size_t i = 0; i < guide->acts_done.len; i++)
		if (text_equal(guide->acts_done.data[i], ui->act->name))
			return;
	vec_push(&guide->acts_done, mem_strdup(ui->act->name));
}

static bool is_guided(const struct view_state *view)
{
	return view->layout == LAYOUT_GUIDED || (view->layout == LAYOUT_ZOOM && view->layout_before == LAYOUT_GUIDED);
}

void guide_follow(struct ui *ui)
{
	struct guide *guide = &ui->guide;
	ui->scene.guide = guide;
	if (guide->act != ui->act)
		begin_act(ui);
	if (ui->play)
		play_attend(ui->play, is_guided(&ui->view));
	size_t stage = ui->scene.is_exploring ? ui->scene.exploration.stage : ui->scene.stage;
	if (guide->stage != stage) {
		guide->stage = stage;
		follow(ui);
	}
	if (ui->scene.is_over)
		note_done(ui);
}

void guide_fill(struct ui *ui)
{
	struct guide *guide = &ui->guide;
	struct play_check check;
	clear_checks(guide);
	free_texts(guide->hints.data, guide->hints.len);
	guide->hints.len = 0;
	free(guide->command);
	guide->command = NULL;
	if (!ui->play || !is_guided(&ui->view))
		return;
	for (size_t i = 0; play_check(ui->play, guide->stage, i, &check); i++) {
		check.holds |= ui->pretend.stage_state == PLAY_DONE;
		vec_push(&guide->checks, check);
	}
	guide->explored.len = 0;
	for (size_t i = 0; i < ui->act->explorations.len; i++)
		vec_push(&guide->explored, play_is_explored(ui->play, i));
	guide->is_tried = play_tried_by_hand(ui->play);
	guide->command = play_command(ui->play, guide->stage);
	for (size_t i = 0; guide->stage < guide->n_hints.len && i < guide->n_hints.data[guide->stage]; i++)
		vec_push(&guide->hints, play_hint(ui->play, guide->stage, i));
}

void guide_forget(struct ui *ui)
{
	clear_checks(&ui->guide);
	ui->guide.act = NULL;
}

void guide_finish(struct ui *ui)
{
	struct guide *guide = &ui->guide;
	clear_checks(guide);
	free(guide->command);
	free_texts(guide->acts.data, guide->acts.len);
	free_texts(guide->acts_done.data, guide->acts_done.len);
	vec_finish(&guide->checks);
	free_texts(guide->hints.data, guide->hints.len);
	vec_finish(&guide->hints);
	vec_finish(&guide->n_hints);
	vec_finish(&guide->acts);
	vec_finish(&guide->explored);
	vec_finish(&guide->acts_done);
}

/* ---- keys ---- */

void guide_hint(struct ui *ui, const char *argument)
{
	(void)argument;
	size_t stage = ui->guide.stage;
	const struct scenario_stage *plan = scene_stage(&ui->scene);
	if (!plan || stage >= ui->guide.n_hints.len)
		return;
	const struct scenario_texts *hints = &plan->hints;
	size_t *n = &ui->guide.n_hints.data[stage];
	bool is_told = *n == hints->len;
	*n += !is_told;
	if (hints->len == 0 && ui->scene.is_exploring)
		ui_say(ui, false, "There is nothing to find yet: the hints come once it is broken");
	else if (hints->len == 0)
		ui_say(ui, false, "This stage has no hints: its text says what to do%s",
		       ui->view.layout == LAYOUT_GUIDED ? "" : " (l: the guided layout)");
	else if (ui->view.layout != LAYOUT_GUIDED)
		ui_say(ui, false, "%zu of %zu: %s", *n, hints->len, hints->data[*n - 1]);
	else if (is_told)
		ui_say(ui, false, "There are no more hints; Space does it for you");
	if (ui->view.layout == LAYOUT_GUIDED && hints->len) {
		action_front(ui, PANE_GUIDE);
		ui->view.guide_scroll = GUIDE_END;
	}
}

static void use_layout(struct ui *ui, enum ui_layout layout)
{
	if (ui->view.layout != LAYOUT_ZOOM)
		ui->view.layout_before = ui->view.layout;
	ui->view.layout = layout;
	if (layout == LAYOUT_GUIDED && ui->view.mode == MODE_STAGE)
		ui->view.front = PANE_GUIDE;
	else if (layout == LAYOUT_TALK && ui->view.front == PANE_GUIDE)
		ui->view.front = PANE_DIAGRAM;
}

void guide_layout(struct ui *ui, const char *argument)
{
	if (!*argument) {
		use_layout(ui, (enum ui_layout)((ui->view.layout + 1) % N_LAYOUTS));
		ui_say(ui, false, "Layout %s", layout_names[ui->view.layout]);
		return;
	}
	for (int i = 0; i < N_LAYOUTS; i++)
		if (text_equal(layout_names[i], argument)) {
			use_layout(ui, (enum ui_layout)i);
			return;
		}
	ui_say(ui, true, "There is no layout \"%s\": %s", argument, LAYOUT_WORDS);
}

void guide_zoom(struct ui *ui, const char *argument)
{
	(void)argument;
	ui->view.popup = POPUP_NONE;
	ui->view.scroll = 0;
	enum ui_pane front = ui->view.front;
	use_layout(ui, ui->view.layout == LAYOUT_ZOOM ? ui->view.layout_before : LAYOUT_ZOOM);
	if (ui->view.layout == LAYOUT_GUIDED)
		ui->view.front = front;
}

void guide_other(struct ui *ui, const char *argument)
{
	(void)argument;
	ui->view.popup = POPUP_NONE;
	ui->view.scroll = 0;
	action_front(ui, layout_next_pane(&ui->view));
}

bool guide_scroll(struct ui *ui, int lines)
{
	struct view_state *view = &ui->view;
	if (view->popup != POPUP_NONE || !ui->layout.guide.rows || view->front == PANE_SHELL ||
	    (view->front == PANE_DIAGRAM && frame_shows_manifest(&ui->scene, view)))
		return false;
	int most = view_guide_max_scroll(layout_inside(&ui->layout, ui->layout.guide), &ui->scene, view);
	int64_t from = view->guide_scroll > most ? most : view->guide_scroll, to = from + lines;
	view->guide_scroll = (int)(to > most ? most : to < 0 ? 0 : to);
	return true;
}

/* ---- explorations ---- */

void guide_explore(struct ui *ui, const char *argument)
{
	const struct scenario_act *act = ui->act;
	int64_t number = 0;
	for (size_t i = 0; !*argument && ui->play && i < act->explorations.len && !number; i++)
		number = play_is_explored(ui->play, i) ? 0 : (int64_t)i + 1;
	if (!ui->play)
		ui_say(ui, false, "The cluster is not there yet");
	else if (act->explorations.len == 0)
		ui_say(ui, false, "This act has no explorations");
	else if (!number && !*argument)
		ui_say(ui, false, "All %zu are mended; explore N does one again", act->explorations.len);
	else if (*argument && !text_to_int(argument, 1, (int64_t)act->explorations.len, &number))
		ui_say(ui, true, "explore takes a number from 1 to %zu", act->explorations.len);
	else
		play_explore(ui->play, (size_t)number - 1);
}
