/* view_guide: the column of the guided layout. Above, the stage's text, which scrolls; below it what to do
 * now: the command, what the checks want and which hold, the hints that were asked for; where there is room, the stages
 * and acts with their state, else one line of them. */
#include <string.h>

#include "ui/guide.h"
#include "ui/scene.h"

enum { TEXT_ROWS_MIN = 3, LIST_ROWS_MIN = 4, STRIP_ROWS_MIN = 10, COMMAND_ROWS_MAX = 8, PART_ROWS_MAX = 12 };

struct part { /* painted whole, of which `rows` are shown */
	struct canvas *page;
	int used, rows;
};
struct parts {
	struct part text, now;
	int rule; /* row between them; the rest is the list's */
};

static int put_text(struct canvas *page, int x, int y, enum canvas_role role, const char *text)
{
	struct rect area = {x, y, page->cols - x, page->rows - y};
	if (area.rows > PART_ROWS_MAX)
		area.rows = PART_ROWS_MAX;
	return area.rows > 0 ? y + canvas_put_wrapped(page, area, role, text, strlen(text)) : y;
}

/* ---- the text ---- */

static int paint_text(struct canvas *page, const struct scene *scene)
{
	const struct scenario_stage *stage = scene_stage(scene);
	int y = put_text(page, 0, 0, ROLE_TITLE, stage ? stage->title : scene->act->title);
	if (stage && !scene->is_exploring && scene->stage == 0 && scene->states[0] == PLAY_PENDING &&
	    scene->act->summary)
		y = put_lines(page, y, ROLE_MUTED, scene->act->summary) + 1;
	const char *text = !stage ? "" : *stage->read ? stage->read : stage->say;
	return put_lines(page, y, ROLE_TEXT, text);
}

/* ---- what to do now ---- */

static bool all_hold(const struct guide *guide)
{
	for (size_t i = 0; i < guide->checks.len; i++)
		if (!guide->checks.data[i].holds)
			return false;
	return guide->checks.len > 0;
}

/* Only what a command prints has to be seen in its pane. */
static bool is_of_cluster(const struct scenario_stage *stage)
{
	for (size_t i = 0; i < stage->checks.len; i++)
		if (!scenario_check_is_of_cluster(&stage->checks.data[i]))
			return false;
	return true;
}

static const char *words_on_console(const struct scenario_dialog *dialog)
{
	if (dialog->verb == SCENARIO_OPENS)
		return "c opens the machine's console. Or let Space do it for you:";
	if (dialog->verb == SCENARIO_LOGS_IN)
		return "Log in on the machine's console (c brings it, i types there). Or let Space do it for you:";
	if (dialog->verb == SCENARIO_SENDS && !dialog->has_expect)
		return "Space shows it on the machine's console; Space again does it.";
	return "Type it on the machine's console (c brings it, i types there). Or let Space do it for you:";
}

static const char *words_to_do(const struct scenario_stage *stage, bool holds)
{
	if (stage->is_prelude)
		return "This act builds on the one before, whose stages come first. Space performs all of them at once, "
		       "and passes over what is there already.";
	if (stage->action == SCENARIO_PICTURE)
		return stage->checks.len ? "Nothing is typed here: Space looks whether it is so."
		                         : "Nothing is typed here. Space goes on.";
	if (stage->action == SCENARIO_CONSOLE)
		return words_on_console(&stage->dialog);
	if (holds)
		return "It holds already. s goes on without it; Space shows the command all the same:";
	return is_of_cluster(stage)
	               ? "Type it in the pane (i); in a terminal of your own is just as good. Or let Space do it for you:"
	               : "Type it in the pane (i), where what it prints is seen. Or let Space do it for you:";
}

static const char *words_shown(const struct scenario_stage *stage)
{
	if (stage->action == SCENARIO_APPLY)
		return "This is what it creates; d shows the diagram again. Space applies it, and so does Enter in the "
		       "pane.";
	if (stage->action == SCENARIO_CONSOLE)
		return "Space does it; Enter in the pane (i) is just as good.";
	return "It stands at the prompt: Space runs it; Enter in the pane (i) is just as good.";
}

static const char *words_exploring(const struct scene *scene)
{
	bool is_mending = scene->exploration.is_mending;
	switch (scene->exploration.state) {
	case PLAY_PENDING:
		return is_mending ? "Find it on the diagram (f shows the flows), and mend it: in the pane (i), or from "
		                    "anywhere. Space shows the command that does it."
		                  : "Something is about to be broken on purpose, for you to find and mend. Space shows "
		                    "the "
		                    "command, s passes over it.";
	case PLAY_SHOWN:
		return is_mending ? "This mends it: Space runs it." : "Space breaks it.";
	case PLAY_CHECKING:
		return "The cluster is asked; this goes on by itself.";
	case PLAY_DONE:
		return is_mending ? "Mended. Space goes on." : "It is broken now. Space goes on.";
	default:
		return NULL;
	}
}

static const char *words_now(const struct scene *scene, const struct scenario_stage *stage)
{
	const char *words = scene->is_exploring ? words_exploring(scene) : NULL;
	if (words)
		return words;
	if (!scene->has_show)
		return "The cluster is on its way; the text above is what comes first.";
	switch (scene_state(scene)) {
	case PLAY_PENDING:
		return words_to_do(stage, all_hold(scene->guide));
	case PLAY_SHOWN:
		return words_shown(stage);
	case PLAY_RUNNING:
		return "It runs; what it prints is in the pane.";
	case PLAY_CHECKING:
		return "It has run. Now the cluster is asked; this goes on by itself.";
	case PLAY_FAILED:
		return "r runs it again, u takes it back, s goes on without it; w tells all that was found.";
	case PLAY_DONE:
		return scene->is_over ? "That was the act." : "Done. Space goes on.";
	case PLAY_SKIPPED:
		return "Passed over. Space goes on; r does it after all.";
	}
	return "";
}

static int put_command(struct canvas *page, int y, const struct scene *scene)
{
	enum play_state state = scene_state(scene);
	const char *text = scene->guide->command;
	/* Into the machine's console go answers, too: a user's name is no command. */
	const char *prompt = scene_stage(scene)->action == SCENARIO_CONSOLE ? ">" : "$";
	int rows = 0;
	/* It would tell what is broken; and what an act builds on is not typed out. */
	bool is_secret = state == PLAY_PENDING && (scene->is_exploring || scene_stage(scene)->is_prelude);
	if (!text || is_secret || (state != PLAY_PENDING && state != PLAY_SHOWN))
		return y;
	while (*text && rows < COMMAND_ROWS_MAX) {
		size_t len = strcspn(text, "\n");
		canvas_put(page, 0, y, 2, ROLE_MUTED, 0, prompt);
		int used = canvas_put_wrapped(page, (struct rect){2, y, page->cols - 2, COMMAND_ROWS_MAX - rows},
		                              ROLE_COMMAND, text, len);
		rows += used;
		y += used;
		text += len + (text[len] == '\n');
	}
	if (*text)
		canvas_put(page, 0, y++, page->cols, ROLE_MUTED, 0, "…");
	return y;
}

static int put_checks(struct canvas *page, int y, const struct scene *scene)
{
	const struct guide *guide = scene->guide;
	enum play_state state = scene_state(scene);
	bool is_asked = state == PLAY_CHECKING || state == PLAY_FAILED || guide->is_tried, is_told = false;
	if (guide->checks.len)
		canvas_put_fit(page, 0, y++, page->cols, ROLE_MUTED, 0,
		               scene->is_exploring ? "It is mended when" : "It is right when");
	for (size_t i = 0; i < guide->checks.len; i++) {
		const struct play_check *check = &guide->checks.data[i];
		canvas_put(page, 0, y, 2, check->holds ? ROLE_OK : ROLE_MUTED, 0, check->holds ? "✓" : "○");
		y = put_text(page, 2, y, ROLE_TEXT, check->wants);
		if (check->holds || !is_asked || is_told || !*check->found)
			continue;
		y = put_text(page, 2, y, ROLE_WARN, check->found);
		is_told = true;
	}
	return y;
}

/* What is to be typed, between its backquotes, has the look of a command. */
static int put_hint(struct canvas *page, int y, const char *hint)
{
	int end = put_text(page, 2, y, ROLE_TEXT, hint);
	bool is_command = false;
	for (int i = y * page->cols; i < end * page->cols; i++) {
		struct cell *cell = canvas_at(page, i % page->cols, i / page->cols);
		bool is_quote = cell->ch[0] == '`';
		if (is_quote)
			is_command = !is_command;
		if (is_quote || is_command)
			cell->role = is_quote ? ROLE_MUTED : ROLE_COMMAND;
	}
	return end;
}

static int put_hints(struct canvas *page, int y, const struct scene *scene, const struct scenario_stage *stage)
{
	const struct guide *guide = scene->guide;
	size_t n = guide->stage < guide->n_hints.len ? guide->n_hints.data[guide->stage] : 0;
	for (size_t i = 0; i < n; i++) {
		canvas_put(page, 0, y, 2, ROLE_KEY, 0, "?");
		y = put_hint(page, y, i < guide->hints.len ? guide->hints.data[i] : stage->hints.data[i]);
	}
	if (n >= stage->hints.len || scene_state(scene) == PLAY_DONE)
		return y;
	char words[64];
	size_t left = stage->hints.len - n;
	snprintf(words, sizeof words, "%s hint%s", n ? "another" : "a", left > 1 ? "" : n ? ", the last one" : "");
	canvas_put(page, 0, y, 2, ROLE_KEY, ATTR_BOLD, "h");
	canvas_put_fit(page, 2, y++, page->cols - 2, ROLE_MUTED, 0, words);
	return y;
}

static int paint_now(struct canvas *page, const struct scene *scene, const struct view_state *view)
{
	const struct scenario_stage *stage = scene_stage(scene);
	int y = 0;
	if (!stage)
		return 0;
	if (scene->is_problem && *scene->message && scene_state(scene) == PLAY_FAILED)
		y = put_text(page, 0, y, ROLE_FAIL, scene->message);
	if (view->mode == MODE_TERMINAL && scene_state(scene) == PLAY_DONE) {
		char words[100];
		snprintf(words, sizeof words, "Done. %s, and then Space goes on.", view->escape_key);
		y = put_text(page, 0, y, ROLE_TEXT, words);
	} else {
		y = put_text(page, 0, y, ROLE_TEXT, words_now(scene, stage));
	}
	if (stage->is_prelude && scene_state(scene) == PLAY_PENDING)
		return y; /* one step for all of them: what one wants is not what is to be done */
	y = put_command(page, y, scene);
	y = put_checks(page, y, scene);
	return put_hints(page, y, scene, stage);
}

/* ---- how the column is shared ---- */

static struct parts make_parts(struct rect area, const struct scene *scene, const struct view_state *view, bool ascii)
{
	struct parts parts = {0};
	parts.text.page = canvas_create(area.cols, PAGE_ROWS);
	parts.now.page = canvas_create(area.cols, PAGE_ROWS);
	parts.text.page->ascii = parts.now.page->ascii = ascii;
	parts.text.used = paint_text(parts.text.page, scene);
	parts.now.used = paint_now(parts.now.page, scene, view);
	int rows = area.rows - 1 - (area.rows >= STRIP_ROWS_MIN);
	int text_least = parts.text.used < TEXT_ROWS_MIN ? parts.text.used : TEXT_ROWS_MIN;
	parts.now.rows = parts.now.used > rows - text_least ? rows - text_least : parts.now.used;
	if (parts.now.rows < 0)
		parts.now.rows = 0;
	parts.text.rows = parts.text.used > rows - parts.now.rows ? rows - parts.now.rows : parts.text.used;
	if (parts.text.rows < 1)
		parts.text.rows = 1;
	parts.rule = parts.text.rows;
	return parts;
}

static void parts_finish(struct parts *parts)
{
	canvas_destroy(parts->text.page);
	canvas_destroy(parts->now.page);
}

static int hidden_rows(const struct part *part)
{
	return part->used > part->rows ? part->used - part->rows : 0;
}

int view_guide_max_scroll(struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (area.rows < 1 || area.cols < 1 || !scene->guide)
		return 0;
	struct parts parts = make_parts(area, scene, view, false);
	int most = hidden_rows(&parts.text) + hidden_rows(&parts.now);
	parts_finish(&parts);
	return most;
}

static void put_window(struct canvas *canvas, int x, int y, const struct part *part, int top)
{
	struct canvas *window = canvas_create(part->page->cols, part->rows);
	if (part->rows < 1) {
		canvas_destroy(window);
		return;
	}
	window->ascii = canvas->ascii;
	canvas_copy(window, 0, -top, part->page);
	canvas_copy(canvas, x, y, window);
	canvas_destroy(window);
}

static struct look_of now_look(const struct scene *scene)
{
	enum play_state state = scene_state(scene);
	if (scene->is_exploring && !scene->exploration.is_mending && state == PLAY_DONE)
		return (struct look_of){"!", "broken", ROLE_WARN};
	return state == PLAY_PENDING ? (struct look_of){"▸", "to do", ROLE_TITLE} : stage_look(state);
}

static void put_rule(struct canvas *canvas, struct rect area, int y, struct look_of look)
{
	for (int x = 0; x < area.cols; x++)
		canvas_put_char(canvas, area.x + x, y, ROLE_FRAME, 0, 0x2500);
	char words[64];
	snprintf(words, sizeof words, " %s %s ", look.glyph, look.word);
	canvas_put(canvas, area.x + 1, y, area.cols - 1, look.role, ATTR_BOLD, words);
}

/* ---- the stages and the acts ---- */

static bool is_act_done(const struct guide *guide, const char *name)
{
	for (size_t i = 0; i < guide->acts_done.len; i++)
		if (text_equal(guide->acts_done.data[i], name))
			return true;
	return false;
}

static void put_acts(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	const struct guide *guide = scene->guide;
	int x = area.x, right = area.x + area.cols;
	for (size_t i = 0; i < guide->acts.len && x < right; i++) {
		bool is_here = text_equal(guide->acts.data[i], scene->act->name);
		bool is_done = is_act_done(guide, guide->acts.data[i]);
		struct look_of look = stage_look(is_done ? PLAY_DONE : is_here ? PLAY_SHOWN : PLAY_PENDING);
		x += canvas_put(canvas, x, area.y, right - x, look.role, 0, look.glyph);
		x += canvas_put(canvas, x, area.y, right - x, ROLE_NONE, 0, " ");
		x += canvas_put_fit(canvas, x, area.y, right - x, is_here ? ROLE_TITLE : ROLE_MUTED, 0,
		                    guide->acts.data[i]);
		x += canvas_put(canvas, x, area.y, right - x, ROLE_NONE, 0, "  ");
	}
}

static void put_stage(struct canvas *canvas, struct rect row, const struct scene *scene, size_t stage)
{
	struct look_of look = stage_look(scene->states[stage]);
	bool is_here = stage == scene->stage && !scene->is_exploring;
	size_t place, total;
	char number[32];
	scenario_place(scene->act, stage, &place, &total);
	snprintf(number, sizeof number, "%s%2zu ", is_here ? "▸" : " ", place);
	int x = row.x, right = row.x + row.cols;
	x += canvas_put(canvas, x, row.y, right - x, is_here ? ROLE_TITLE : ROLE_MUTED, 0, number);
	x += canvas_put(canvas, x, row.y, right - x, look.role, 0, look.glyph);
	x += canvas_put(canvas, x, row.y, right - x, ROLE_NONE, 0, " ");
	canvas_put_fit(canvas, x, row.y, right - x, is_here ? ROLE_TITLE : ROLE_MUTED, 0,
	               scene->act->stages.data[stage].title);
}

static void put_exploration(struct canvas *canvas, struct rect row, const struct scene *scene, size_t at)
{
	bool is_here = scene->is_exploring && scene->exploration.number == at;
	bool is_done = at < scene->guide->explored.len && scene->guide->explored.data[at];
	struct look_of look = stage_look(is_done ? PLAY_DONE : PLAY_PENDING);
	int x = row.x, right = row.x + row.cols;
	x += canvas_put(canvas, x, row.y, right - x, is_here ? ROLE_TITLE : ROLE_MUTED, 0, is_here ? "▸ ! " : "  ! ");
	x += canvas_put(canvas, x, row.y, right - x, look.role, 0, look.glyph);
	x += canvas_put(canvas, x, row.y, right - x, ROLE_NONE, 0, " ");
	canvas_put_fit(canvas, x, row.y, right - x, is_here ? ROLE_TITLE : ROLE_MUTED, 0,
	               scene->act->explorations.data[at].mends.title);
}

/* Stages of the act that this one builds on are passed through quickly: they are listed while one of them is in view. */
static bool is_listed(const struct scene *scene, size_t stage)
{
	const struct scenario_stage *stages = scene->act->stages.data;
	return stages[stage].is_prelude == stages[scene->stage].is_prelude;
}

/* The stages around the one in view, and the acts in the last row. */
static void put_list(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	size_t place, total;
	scenario_place(scene->act, scene->stage, &place, &total);
	if (scene->is_exploring)
		place = total + scene->exploration.number + 1;
	int n = (int)(total + scene->act->explorations.len), rows = area.rows - 1, first = (int)place - 1 - rows / 2,
	    row = 0;
	if (first > n - rows)
		first = n - rows;
	if (first < 0)
		first = 0;
	for (size_t i = 0; i < scene->act->stages.len && row - first < rows; i++) {
		if (!is_listed(scene, i))
			continue;
		if (row >= first)
			put_stage(canvas, (struct rect){area.x, area.y + row - first, area.cols, 1}, scene, i);
		row++;
	}
	for (size_t i = 0; i < scene->act->explorations.len && row - first < rows; i++, row++)
		put_exploration(canvas, (struct rect){area.x, area.y + row - first, area.cols, 1}, scene, i);
	put_acts(canvas, (struct rect){area.x, area.y + row - first, area.cols, 1}, scene);
}

/* All of it in one line: a glyph a stage. */
static void put_strip(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	int x = area.x, right = area.x + area.cols - 8;
	for (size_t i = 0; i < scene->act->stages.len && x < right; i++) {
		struct look_of look = stage_look(scene->states[i]);
		bool is_here = i == scene->stage && scene->states[i] == PLAY_PENDING;
		if (!is_listed(scene, i))
			continue;
		x += canvas_put(canvas, x, area.y, right - x, is_here ? ROLE_TITLE : look.role, 0,
		                is_here ? "▸" : look.glyph);
	}
	canvas_put(canvas, area.x + area.cols - 8, area.y, 8, ROLE_KEY, ATTR_BOLD, " g");
	canvas_put(canvas, area.x + area.cols - 6, area.y, 6, ROLE_MUTED, 0, " goes");
}

void view_guide(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (area.rows < 1 || area.cols < 1 || !scene->guide)
		return;
	struct parts parts = make_parts(area, scene, view, canvas->ascii);
	int most = hidden_rows(&parts.text), end = area.y + area.rows; /* the text moves first, then what is below it */
	int top = view->guide_scroll > most ? most : view->guide_scroll, left = view->guide_scroll - top;
	int now_top = left > hidden_rows(&parts.now) ? hidden_rows(&parts.now) : left;
	put_window(canvas, area.x, area.y, &parts.text, top);
	int y = area.y + parts.rule;
	if (y < end && scene->act->stages.len)
		put_rule(canvas, area, y++, now_look(scene));
	put_window(canvas, area.x, y, &parts.now, now_top);
	y += parts.now.rows;
	if (end - y > LIST_ROWS_MIN) {
		put_rule(canvas, area, y++, (struct look_of){"the act's", "stages", ROLE_MUTED});
		put_list(canvas, (struct rect){area.x, y, area.cols, end - y}, scene);
	} else if (end - y >= 1) {
		put_strip(canvas, (struct rect){area.x, end - 1, area.cols, 1}, scene);
	}
	parts_finish(&parts);
}
