/* view_lists: the pages that list the show: its stages and its flows. */
#include <string.h>
#include <strings.h>

#include "ui/scene.h"

static bool is_filtered(const struct view_state *view, const char *text)
{
	return !*view->filter || strcasestr(text, view->filter);
}

int view_stages(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)rows;
	const struct scenario_act *act = scene->act;
	int wide = page->cols >= 60, y = 0;
	for (size_t i = 0; i < act->stages.len; i++, y++) {
		const struct scenario_stage *stage = &act->stages.data[i];
		struct look_of look = stage_look(scene->states[i]);
		bool is_chosen = i == view->selected;
		uint16_t attrs = is_chosen ? ATTR_BOLD : is_filtered(view, stage->title) ? 0 : ATTR_DIM;
		if (is_chosen)
			canvas_fill(page, (struct rect){0, y, page->cols, 1}, ROLE_SELECTION, ' ');
		enum canvas_role text = is_chosen ? ROLE_SELECTION : ROLE_TEXT;
		char number[32];
		snprintf(number, sizeof number, "%s%2zu ", i == scene->stage ? "▸" : " ", i + 1);
		int x = canvas_put(page, 0, y, page->cols, text, attrs, number);
		x += canvas_put(page, x, y, page->cols - x, is_chosen ? text : look.role, attrs, look.glyph) + 1;
		int room = page->cols - x - (wide ? 28 : 0);
		canvas_put_fit(page, x, y, room, text, attrs, stage->title);
		if (wide) {
			canvas_put(page, page->cols - 26, y, 15, is_chosen ? text : persona_role(stage->persona), 0,
			           persona_label(stage->persona, false));
			canvas_put(page, page->cols - 10, y, 10, is_chosen ? text : look.role, 0, look.word);
		}
	}
	return y;
}

static int longest(const struct scene *scene, int which)
{
	int cols = 4;
	for (size_t i = 0; i < scene->n_flows; i++) {
		const struct scenario_flow *plan = scene->flows[i].plan;
		int each = text_columns(which == 0   ? plan->id
		                        : which == 1 ? plan->from
		                        : which == 2 ? plan->to
		                                     : plan->port);
		if (each > cols)
			cols = each;
	}
	return cols;
}

int view_flows(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)rows;
	static const char *const heads[] = {"FLOW", "FROM", "TO", "PORT", "STATE"};
	int at[5] = {0}, y = 0;
	for (int gap = 2; gap > 0; gap--) {
		for (int i = 1; i < 5; i++)
			at[i] = at[i - 1] + longest(scene, i - 1) + gap;
		if (at[4] + 16 <= page->cols)
			break;
	}
	for (int i = 0; i < 5; i++)
		canvas_put(page, at[i], y, page->cols, ROLE_MUTED, 0, heads[i]);
	for (size_t i = 0; i < scene->n_flows; i++) {
		const struct play_flow *flow = &scene->flows[i];
		const struct scenario_flow *plan = flow->plan;
		if (!is_filtered(view, plan->id) && !is_filtered(view, plan->from) && !is_filtered(view, plan->to))
			continue;
		y++;
		struct look_of look = flow_look(flow->state);
		const char *fields[] = {plan->id, plan->from, plan->to, plan->port};
		for (int field = 0; field < 4; field++)
			canvas_put_fit(page, at[field], y, page->cols - at[field], field ? ROLE_TEXT : ROLE_TITLE, 0,
			               fields[field]);
		char state[128];
		snprintf(state, sizeof state, "%s %s%s%s", look.glyph, look.word, flow->note[0] ? "  " : "",
		         flow->note);
		canvas_put_fit(page, at[4], y, page->cols - at[4], look.role, 0, state);
	}
	if (!scene->n_flows)
		canvas_put_fit(page, 0, ++y, page->cols, ROLE_MUTED, 0, "This act names no flows.");
	return y + 1;
}
