/* view_lists: the pages that list the show: its stages. */
#include <string.h>
#include <strings.h>

#include "ui/scene.h"

static bool is_filtered(const struct view_state *view, const char *text)
{
	return !*view->filter || strcasestr(text, view->filter);
}

/* The stages of the act that this one builds on are one row each time: what leads here, and what cleans up after it. */
bool view_lists_stage(const struct scenario_act *act, size_t stage)
{
	const struct scenario_stage *stages = act->stages.data;
	return !stages[stage].is_prelude || stage == 0 || !stages[stage - 1].is_prelude;
}

int view_stage_row(const struct scenario_act *act, size_t stage)
{
	int row = -1;
	for (size_t i = 0; i <= stage && i < act->stages.len; i++)
		row += view_lists_stage(act, i);
	return row;
}

/* The stages from this one on that its row stands for: their end, and how many of them are done. */
static size_t row_end(const struct scene *scene, size_t stage, size_t *n_done)
{
	const struct scenario_act *act = scene->act;
	size_t end = stage;
	*n_done = 0;
	do {
		*n_done += scene->states[end] == PLAY_DONE || scene->states[end] == PLAY_SKIPPED;
		end++;
	} while (end < act->stages.len && !view_lists_stage(act, end));
	return end;
}

static void put_folded(struct canvas *page, int y, int x, const struct scene *scene, size_t stage, uint16_t attrs)
{
	const struct scenario_act *act = scene->act;
	size_t n_done, end = row_end(scene, stage, &n_done), n = end - stage;
	char text[160], state[32];
	snprintf(text, sizeof text, "%s%.80s (%zu stage%s)", act->stages.data[stage].is_cleanup ? "clean-up of " : "",
	         act->base_title, n, n == 1 ? "" : "s");
	snprintf(state, sizeof state, n_done == n ? "done" : "%zu done", n_done);
	canvas_put_fit(page, x, y, page->cols - x - 12, ROLE_TEXT, attrs, text);
	canvas_put(page, page->cols - 10, y, 10, n_done == n ? ROLE_OK : ROLE_MUTED, attrs, state);
}

int view_stages(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)rows;
	const struct scenario_act *act = scene->act;
	int wide = page->cols >= 60, y = 0;
	for (size_t i = 0; i < act->stages.len; i++) {
		if (!view_lists_stage(act, i))
			continue;
		const struct scenario_stage *stage = &act->stages.data[i];
		size_t place, n_done, ignored, end = row_end(scene, i, &n_done);
		scenario_place(act, i, &place, &ignored);
		struct look_of look =
		        stage_look(n_done == end - i || !stage->is_prelude ? scene->states[i] : PLAY_PENDING);
		bool is_chosen = i == view->selected;
		uint16_t attrs = is_chosen ? ATTR_BOLD : is_filtered(view, stage->title) ? 0 : ATTR_DIM;
		if (is_chosen)
			canvas_fill(page, (struct rect){0, y, page->cols, 1}, ROLE_SELECTION, ' ');
		enum canvas_role text = is_chosen ? ROLE_SELECTION : ROLE_TEXT;
		char number[32];
		const char *here = scene->stage >= i && scene->stage < end ? "▸" : " ";
		if (stage->is_prelude)
			snprintf(number, sizeof number, "%s   ", here);
		else
			snprintf(number, sizeof number, "%s%2zu ", here, place);
		int x = canvas_put(page, 0, y, page->cols, text, attrs, number);
		x += canvas_put(page, x, y, page->cols - x, is_chosen ? text : look.role, attrs, look.glyph) + 1;
		if (stage->is_prelude) {
			put_folded(page, y++, x, scene, i, attrs);
			continue;
		}
		int room = page->cols - x - (wide ? 28 : 0);
		canvas_put_fit(page, x, y, room, text, attrs, stage->title);
		if (wide) {
			canvas_put(page, page->cols - 26, y, 15, is_chosen ? text : persona_role(stage->persona), 0,
			           persona_label(stage->persona, false));
			canvas_put(page, page->cols - 10, y, 10, is_chosen ? text : look.role, 0, look.word);
		}
		y++;
	}
	return y;
}
