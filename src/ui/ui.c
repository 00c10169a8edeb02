/* ui: create and destroy, what happens outside, and painting into memory. Keys go to keys.c, the world comes from scene.c, the
 * picture from frame.c; live.c brings it to the terminal. */
#include <stdarg.h>
#include <string.h>

#include "onesdn/theme.h"
#include "ui/keymap.h"
#include "ui/live.h"
#include "ui/state.h"
#include "ui/tour.h"

void ui_dirty(struct ui *ui)
{
	ui->is_dirty = true;
}

void ui_say(struct ui *ui, bool is_problem, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(ui->notice, sizeof ui->notice, fmt, args);
	va_end(args);
	if (is_problem)
		memcpy(ui->told, ui->notice, sizeof ui->told);
	for (char *p = ui->notice; *p; p++)
		if (*p == '\n')
			*p = ' ';
	ui->view.notice_is_problem = is_problem;
	ui_dirty(ui);
}

void ui_ask(struct ui *ui, void (*on_yes)(struct ui *ui), const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_clear(&ui->question);
	str_append_v(&ui->question, fmt, args);
	va_end(args);
	ui->view.question = str_text(&ui->question);
	ui->on_yes = on_yes;
	ui_dirty(ui);
}

void ui_tell(struct ui *ui, bool is_problem, const char *text)
{
	ui_say(ui, is_problem, "%s", text);
}

static void answer_yes(struct ui *ui)
{
	ui->on_answer(ui->answer_user);
}

void ui_question(struct ui *ui, const char *text, void (*on_yes)(void *user), void *user)
{
	ui->on_answer = on_yes;
	ui->answer_user = user;
	ui_ask(ui, answer_yes, "%s  y yes  n no", text);
}

bool ui_is_blank(const struct ui *ui)
{
	return ui->view.is_blank;
}

/* ---- the pane ---- */
struct term *ui_pane(struct ui *ui)
{
	if (!ui->play || (!ui->screen && !ui->record.is_on))
		return NULL;
	struct term *console = ui_console_pane(ui);
	return console ? console : play_shell(ui->play, ui->scene.persona);
}

static void fit_pane(struct ui *ui)
{
	struct term *pane = ui->scene.pane;
	struct rect area = layout_inside(&ui->layout, ui->layout.shell.rows ? ui->layout.shell : ui->layout.body);
	int rows, cols;
	if (!pane || area.rows < 1 || area.cols < 1)
		return;
	area.rows = area.rows < 2 ? 2 : area.rows;
	area.cols = area.cols < 2 ? 2 : area.cols;
	term_size(pane, &rows, &cols);
	if (rows != area.rows || cols != area.cols)
		term_resize(pane, area.rows, area.cols);
	if (COLOR_KIND(ui->terminal_bg) == 2)
		term_set_colors(pane, ui->terminal_fg, ui->terminal_bg);
	if (ui->view.back > term_scrollback(pane))
		ui->view.back = term_scrollback(pane);
}

/* ---- painting ---- */
static void size_canvas(struct ui *ui, int cols, int rows)
{
	if (ui->canvas && ui->canvas->cols == cols && ui->canvas->rows == rows)
		return;
	canvas_destroy(ui->canvas);
	ui->canvas = canvas_create(cols, rows);
	ui->canvas->ascii = ui->is_ascii;
}

void ui_paint_on(struct ui *ui, int cols, int rows)
{
	size_canvas(ui, cols, rows);
	scene_fill(ui, cols, rows);
	fit_pane(ui);
	frame_paint(ui->canvas, &ui->layout, &ui->scene, &ui->view);
}

const struct canvas *ui_paint(struct ui *ui)
{
	ui_paint_on(ui, ui->options.cols, ui->options.rows);
	return ui->canvas;
}

void ui_key(struct ui *ui, struct term_key key)
{
	keys_take(ui, key);
}

const struct canvas_look *ui_looks(const struct ui *ui)
{
	return ui->looks;
}

void ui_set_pretend(struct ui *ui, const struct ui_pretend *pretend)
{
	ui->pretend = *pretend;
	ui_dirty(ui);
}

/* ---- what happens outside ---- */
void ui_changed(struct ui *ui)
{
	if (ui->kube && !ui->is_noted && *kube_note(ui->kube)) {
		ui->is_noted = true;
		ui_say(ui, true, "%s", kube_note(ui->kube));
	}
	ui_dirty(ui);
}

void ui_progress(struct ui *ui, const char *line)
{
	struct str safe = {0};
	str_append_safe(&safe, line, strcspn(line, "\n"));
	free(ui->problem);
	ui->problem = NULL;
	if (ui->progress.len == PROGRESS_MAX) {
		free(ui->progress.data[0]);
		vec_remove(&ui->progress, 0);
	}
	vec_push(&ui->progress, str_take(&safe));
	ui_dirty(ui);
}

void ui_problem(struct ui *ui, const char *text)
{
	struct str safe = {0};
	while (*text) {
		size_t len = strcspn(text, "\n");
		str_append_safe(&safe, text, len);
		text += len + (text[len] == '\n');
		str_append(&safe, *text ? "\n" : "");
	}
	free(ui->problem);
	ui->problem = str_take(&safe);
	/* What was said last is often the reason itself. */
	while (ui->progress.len && strstr(ui->problem, ui->progress.data[ui->progress.len - 1])) {
		free(ui->progress.data[ui->progress.len - 1]);
		vec_remove(&ui->progress, ui->progress.len - 1);
	}
	ui_dirty(ui);
}

static void forget_view(struct ui *ui)
{
	ui->view.popup = POPUP_NONE;
	ui->view.flow = TOPO_NONE;
	ui->view.scroll = ui->view.back = 0;
	ui->view.mode = MODE_STAGE;
	ui->view.front = PANE_DIAGRAM;
	ui->view.hides_manifest = ui->shows_persona = false;
	ui->view.question = NULL;
	ui->is_next_offered = false;
	ui->focus[0] = ui->filter[0] = ui->console[0] = '\0';
}

void ui_set_act(struct ui *ui, const struct scenario_act *act)
{
	take_end(ui);
	scene_show_ended(ui);
	forget_view(ui);
	ui->act = act;
	live_title(ui);
	ui_dirty(ui);
}

void ui_set_show(struct ui *ui, struct play *play, struct kube *kube)
{
	scene_show_ended(ui);
	ui->play = play;
	ui->kube = kube;
	ui->is_noted = false;
	if (play) {
		ui->act = play_act(play);
		ui->view.front = PANE_DIAGRAM;
		if (*ui->act->warnings)
			ui_say(ui, true, "%s", ui->act->warnings);
	}
	ui_dirty(ui);
}

/* Where diagram and terminal share the screen, the one that matters comes forward; a person who types or zooms is left alone. */
void ui_stage_changed(struct ui *ui, size_t stage, enum play_state state)
{
	bool is_apply = stage < ui->act->stages.len && ui->act->stages.data[stage].action == SCENARIO_APPLY;
	bool is_picture = stage < ui->act->stages.len && ui->act->stages.data[stage].action == SCENARIO_PICTURE;
	bool follows = ui->view.mode == MODE_STAGE && ui->view.layout != LAYOUT_ZOOM;
	ui_dirty(ui);
	live_hold_stop(ui);
	ui_console_follow(ui, stage, state);
	if (state == PLAY_SHOWN) {
		ui->view.flow = TOPO_NONE;
		ui->view.scroll = 0;
		ui->view.hides_manifest = false;
	}
	if (state == PLAY_FAILED && ui->view.mode == MODE_STAGE) {
		ui->view.popup = POPUP_WHY;
		ui->view.scroll = 0;
	}
	if (!follows)
		return;
	if (state == PLAY_SHOWN)
		ui->view.front = is_apply || is_picture ? PANE_DIAGRAM : PANE_SHELL;
	else if (state == PLAY_RUNNING)
		ui->view.front = PANE_SHELL;
	else if (state == PLAY_DONE && ui->view.front == PANE_SHELL)
		live_hold(ui);
}

void ui_explore_changed(struct ui *ui, enum play_state state)
{
	if (state == PLAY_SHOWN && ui->view.mode == MODE_STAGE)
		ui->console[0] = '\0'; /* its commands are the shell's */
	ui_stage_changed(ui, TOPO_NONE, state);
}

/* ---- from beginning to end ---- */
bool ui_use_theme(struct ui *ui, const char *name, struct err *err)
{
	struct err why;
	const char *wanted = name ? name : live_is_light(ui) ? "light" : "dark";
	struct canvas_look looks[ROLE_COUNT];
	memcpy(looks, ui->looks, sizeof looks);
	if (!theme_load(wanted, live_depth(ui), looks, &why)) {
		if (!name) /* nobody asked for one: the terminal's own colours do */
			return true;
		return err_set(err, why.code, "%s", why.text);
	}
	memcpy(ui->looks, looks, sizeof looks);
	record_theme(ui, name ? name : "dark");
	ui->theme_is_chosen = name != NULL;
	char *kept = mem_strdup(wanted); /* name may be ours */
	free(ui->theme);
	ui->theme = kept;
	ui_dirty(ui);
	return true;
}

static bool take_config(struct ui *ui, const struct ui_config *config, struct err *err)
{
	const char *key = config->escape_key ? config->escape_key : "f12";
	if (!input_key_parse(key, &ui->escape_key))
		return err_set(err, ERR_INVALID, "there is no key \"%s\" to leave terminal mode: f1 to f12, ctrl-g ...",
		               key);
	input_key_print(ui->escape_key, ui->escape_name);
	for (char *p = ui->escape_name; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	ui->view.escape_key = ui->escape_name;
	ui->is_ascii = config->ascii;
	ui->has_mouse = !config->no_mouse;
	if (!config->layout)
		return true;
	for (int i = 0; i < N_LAYOUTS; i++)
		if (text_equal(config->layout, layout_names[i])) {
			ui->view.layout = (enum ui_layout)i;
			ui->view.front = i == LAYOUT_GUIDED ? PANE_GUIDE : PANE_DIAGRAM;
			return true;
		}
	return err_set(err, ERR_INVALID, "there is no layout \"%s\": %s", config->layout, LAYOUT_WORDS);
}

struct ui *ui_create(const struct ui_options *options, struct err *err)
{
	struct ui *ui = mem_alloc(sizeof *ui);
	ui->options = *options;
	ui->loop = options->loop;
	ui->act = options->act;
	ui->context = mem_strdup(options->context ? options->context : "");
	ui->view.line_text = ui->line;
	ui->view.completions = ui->view.notice = ui->view.told = ui->view.filter = ui->view.help_topic = "";
	ui->ended_ms = -1;
	ui->view.flow = TOPO_NONE;
	ui->pretend = (struct ui_pretend){.stage = -1, .stage_state = -1, .badge = -1, .elapsed_ms = -1};
	ui->theme = mem_strdup("none");
	if (options->recording) {
		ui->record.is_on = true;
		ui->record.with = *options->recording;
		ui->options.recording = NULL;
	}
	bool is_good = take_config(ui, options->config, err) &&
	               ((options->cols && !ui->record.is_on) || live_start(ui, err)) &&
	               ui_use_theme(ui, options->config->theme, err);
	ui->options.config = NULL; /* was borrowed for the call */
	if (!is_good) {
		ui_destroy(ui);
		return NULL;
	}
	if (ui->screen && !ui->record.is_on)
		tour_offer(ui);
	ui_dirty(ui);
	return ui;
}

void ui_destroy(struct ui *ui)
{
	if (!ui)
		return;
	take_finish(ui);
	live_stop(ui);
	scene_finish(ui);
	canvas_destroy(ui->canvas);
	record_finish(&ui->record);
	for (size_t i = 0; i < ui->progress.len; i++)
		free(ui->progress.data[i]);
	for (size_t i = 0; i < ui->history.len; i++)
		free(ui->history.data[i]);
	vec_finish(&ui->progress);
	vec_finish(&ui->history);
	str_finish(&ui->completions);
	str_finish(&ui->tabs);
	str_finish(&ui->question);
	free(ui->problem);
	free(ui->context);
	free(ui->theme);
	free(ui);
}
