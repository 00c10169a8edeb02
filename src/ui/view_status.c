/* view_status: the two lines at the bottom. The upper one says what happened or is waited for, or asks; the lower one says
 * the mode and the keys that do something now, from the keymap's rows. On a low screen both share one line. */
#include <stdlib.h>
#include <string.h>

#include "ui/keymap.h"
#include "ui/scene.h"

enum { MORE_COLS = 7 };

struct result {
	enum canvas_role role;
	const char *glyph;
	const char *text;
};

static struct result message_of(const struct scene *scene)
{
	if (!scene->has_show && scene->n_progress)
		return (struct result){ROLE_WAIT, "◐", scene->progress[scene->n_progress - 1]};
	if (!*scene->message && scene->elapsed_ms < 0 && scene->act->summary && scene->stage == 0)
		return (struct result){ROLE_MUTED, "", scene->act->summary}; /* what this will be about */
	if (!*scene->message)
		return (struct result){ROLE_TEXT, "", ""};
	if (scene->is_busy)
		return (struct result){ROLE_WAIT, "◐", scene->message};
	bool is_done = scene->act->stages.len && scene_state(scene) == PLAY_DONE;
	return is_done ? (struct result){ROLE_OK, "✓", scene->message} : (struct result){ROLE_TEXT, "", scene->message};
}

/* A question comes before what the last key had to say, that before problems, these before the rest. */
static struct result result_of(const struct scene *scene, const struct view_state *view)
{
	if (view->question)
		return (struct result){ROLE_WARN, "?", view->question};
	if (*view->notice)
		return (struct result){view->notice_is_problem ? ROLE_FAIL : ROLE_TEXT,
		                       view->notice_is_problem ? "✗" : "", view->notice};
	if (scene->is_problem && *scene->message)
		return (struct result){ROLE_FAIL, "✗", scene->message};
	if (*scene->cluster_problem)
		return (struct result){ROLE_WARN, "!", scene->cluster_problem};
	return message_of(scene);
}

bool view_wants_result(const struct scene *scene, const struct view_state *view)
{
	return view->question || *view->notice || scene->is_problem || *scene->cluster_problem || scene->is_busy;
}

/* How long it took stands last, after two blanks, and stays where the rest is cut. */
static void put_kept_end(struct canvas *canvas, int x, int y, int right, const struct result *result)
{
	const char *end = result->text + strlen(result->text);
	while (end > result->text && !text_has_prefix(end, "  "))
		end--;
	int cols = text_columns(end);
	bool is_kept = result->role == ROLE_OK && end > result->text && x + text_columns(result->text) > right &&
	               right - x > 3 * cols;
	if (!is_kept) {
		canvas_put_fit(canvas, x, y, right - x, result->role, 0, result->text);
		return;
	}
	char *words = mem_strndup(result->text, (size_t)(end - result->text));
	x += canvas_put_fit(canvas, x, y, right - cols - x, result->role, 0, words);
	canvas_put(canvas, x, y, right - x, result->role, 0, end);
	free(words);
}

void view_result(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	struct result result = result_of(scene, view);
	int x = area.x + 1, right = area.x + area.cols;
	uint32_t first;
	utf8_decode(result.text, strlen(result.text), &first);
	bool has_glyph = first == 0x2713 || first == 0x2717; /* ✓ ✗: the message brought its own */
	if (*result.glyph && !has_glyph)
		x += canvas_put(canvas, x, area.y, right - x, result.role, ATTR_BOLD, result.glyph) + 1;
	bool is_cut = x + text_columns(result.text) + 1 > right && !view->question && view->popup == POPUP_NONE;
	if (is_cut && right - x > 2 * MORE_COLS) {
		right -= MORE_COLS;
		int at = right + canvas_put(canvas, right, area.y, MORE_COLS, ROLE_KEY, ATTR_BOLD, "w ");
		canvas_put(canvas, at, area.y, MORE_COLS - 2, ROLE_MUTED, 0, "more");
	}
	put_kept_end(canvas, x, area.y, right - 1, &result);
}

static enum key_context context_of(const struct scene *scene, const struct view_state *view)
{
	if (scene->take.term)
		return KEYS_TAKE;
	if (view->question)
		return KEYS_QUESTION;
	if (view->line != LINE_NONE)
		return KEYS_LINE;
	if (view->mode == MODE_TERMINAL)
		return KEYS_TERMINAL;
	return view->popup != POPUP_NONE ? KEYS_POPUP : KEYS_STAGE;
}

static int put_sign(struct canvas *canvas, int x, int y, int right, const char *sign, const char *word)
{
	int start = x;
	x += canvas_put(canvas, x, y, right - x, ROLE_KEY, ATTR_BOLD, sign);
	x += canvas_put(canvas, x, y, right - x, ROLE_NONE, 0, " ");
	x += canvas_put(canvas, x, y, right - x, ROLE_MUTED, 0, word);
	return x - start;
}

static int sign_cols(const struct key_row *row)
{
	return text_columns(row->sign) + 1 + text_columns(row->bar);
}

static const struct key_row *help_row(void)
{
	for (size_t i = 0; i < n_key_rows; i++)
		if (text_equal(key_rows[i].command, "help"))
			return &key_rows[i];
	return NULL;
}

/* What Space does depends on the stage: it runs what is shown. */
static const char *word_of(const struct key_row *row, const struct scene *scene)
{
	bool is_shown = scene->has_show && scene->act->stages.len && scene_state(scene) == PLAY_SHOWN;
	if (!is_shown || !text_equal(row->command, "next"))
		return row->bar;
	return scene_stage(scene)->action == SCENARIO_APPLY ? "apply" : "run";
}

/* As many rows as fit, the one for help always, and what says that a pane is hidden. */
static void put_keys(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view,
                     const char *behind)
{
	enum key_context context = context_of(scene, view);
	bool is_list = view->popup == POPUP_STAGES, is_flows = view->popup == POPUP_FLOWS;
	const struct key_row *help = context == KEYS_STAGE ? help_row() : NULL;
	int kept = help ? sign_cols(help) : 0, x = area.x, y = area.y, right = area.x + area.cols;
	if (behind && help)
		kept += text_columns(behind) + 6;
	for (size_t i = 0; i < n_key_rows; i++) {
		const struct key_row *row = &key_rows[i];
		bool is_idle = text_equal(row->command, "consoles") && !scene->n_machines;
		if (row->context != context || !row->bar || row == help || is_idle ||
		    (text_equal(row->command, "choose") && !is_list) ||
		    (text_equal(row->command, "explain") && !is_flows))
			continue;
		if (x + sign_cols(row) + (kept ? 2 + kept : 0) > right)
			break;
		x += put_sign(canvas, x, y, right, row->sign, word_of(row, scene)) + 2;
	}
	if (behind && help)
		x += put_sign(canvas, x, y, right, "TAB", behind) + 2;
	if (help)
		put_sign(canvas, x, y, right, help->sign, help->bar);
}

static void put_terminal_keys(struct canvas *canvas, struct rect area, const struct view_state *view, bool is_done)
{
	const char *words = is_done ? "back to the stage, where SPACE goes on" : "back to the stage";
	int x = area.x, right = area.x + area.cols;
	x += put_sign(canvas, x, area.y, right, view->escape_key, words) + 3;
	if (x + 44 <= right)
		x += put_sign(canvas, x, area.y, right, "SHIFT-PAGEUP", "scroll") + 3;
	if (x + 40 <= right)
		canvas_put(canvas, x, area.y, right - x, ROLE_MUTED, 0, "all other keys go to the program");
}

/* What it is stands first, and again in words. */
static void put_take_keys(struct canvas *canvas, struct rect area, const struct scene *scene,
                          const struct view_state *view)
{
	int x = area.x + canvas_put(canvas, area.x, area.y, area.cols, ROLE_BADGE_REC, ATTR_BOLD, " REC ") + 1;
	int keys = 0, right = area.x + area.cols, words = text_columns(scene->take.words);
	for (size_t i = 0; i < n_key_rows; i++)
		if (key_rows[i].context == KEYS_TAKE && key_rows[i].bar)
			keys += sign_cols(&key_rows[i]) + 2;
	put_keys(canvas, (struct rect){x, area.y, right - x, 1}, scene, view, NULL);
	x += keys + 1;
	x = right - words - 1 > x ? right - words - 1 : x;
	if (right - x > 10)
		canvas_put_fit(canvas, x, area.y, right - x - 1, ROLE_TEXT, 0, scene->take.words);
}

void view_keys(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view,
               const char *behind)
{
	bool is_terminal = view->mode == MODE_TERMINAL;
	int x = area.x, right = area.x + area.cols;
	if (scene->take.term) {
		put_take_keys(canvas, area, scene, view);
		return;
	}
	if (area.cols >= 70) {
		x += canvas_put(canvas, x, area.y, right - x, is_terminal ? ROLE_INPUT : ROLE_FRAME,
		                ATTR_REVERSE | ATTR_BOLD, is_terminal ? " TERMINAL " : " STAGE ");
	} else if (is_terminal) {
		x += canvas_put(canvas, x, area.y, right - x, ROLE_INPUT, ATTR_REVERSE | ATTR_BOLD, "TERM");
	}
	x++;
	struct rect keys = {x, area.y, right - x, 1};
	if (context_of(scene, view) == KEYS_TERMINAL)
		put_terminal_keys(canvas, keys, view, scene_state(scene) == PLAY_DONE);
	else
		put_keys(canvas, keys, scene, view, behind);
}
