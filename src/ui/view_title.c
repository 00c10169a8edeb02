/* view_title: the top line. Left the act and its stage, right persona, context, badge and clock; what there is no room for
 * goes in a fixed order, the badge never. */
#include <string.h>

#include "ui/scene.h"

struct part {
	enum canvas_role role;
	uint16_t attrs;
	char text[96];
};
enum { N_PARTS = 4, NUMBER_COLS = 7, FULL = 0, NO_CLOCK, SHORT_PERSONA, NO_PERSONA, BADGE_ONLY };

static void put_part(struct part *part, enum canvas_role role, uint16_t attrs, const char *text)
{
	part->role = role;
	part->attrs = attrs;
	size_t len = text_cut(text, 40);
	if (len >= sizeof part->text)
		len = sizeof part->text - 1;
	memcpy(part->text, text, len);
	part->text[len] = '\0';
}

static void badge_part(struct part *part, const struct scene *scene, bool is_short)
{
	static const struct {
		const char *word;
		enum canvas_role role;
	} badges[] = {
	        [BADGE_PLANNED] = {"PLANNED", ROLE_BADGE_PLANNED},
	        [BADGE_LIVE] = {"LIVE", ROLE_BADGE_LIVE},
	        [BADGE_STALE] = {"STALE", ROLE_BADGE_STALE},
	        [BADGE_REC] = {"● REC", ROLE_BADGE_REC},
	};
	char text[64];
	if (scene->badge == BADGE_STALE && !is_short)
		snprintf(text, sizeof text, " STALE since %s ", scene->stale_since);
	else
		snprintf(text, sizeof text, " %s ", badges[scene->badge].word);
	put_part(part, badges[scene->badge].role, ATTR_BOLD, text);
}

/* What stands on the right, from left to right; the result is its width, a column between two parts. */
static int right_parts(const struct scene *scene, int level, int cols_of_line, struct part parts[N_PARTS])
{
	memset(parts, 0, N_PARTS * sizeof *parts);
	char text[96];
	if (level < NO_PERSONA) {
		snprintf(text, sizeof text, " %s ", persona_label(scene->persona, level >= SHORT_PERSONA));
		put_part(&parts[0], persona_role(scene->persona), ATTR_BOLD, text);
	}
	badge_part(&parts[2], scene, level == BADGE_ONLY);
	snprintf(text, sizeof text, "%s%s", scene->context, scene->is_read_only ? " read-only" : "");
	int room = cols_of_line - NUMBER_COLS - text_columns(parts[2].text) - 2;
	text[text_cut(text, level != BADGE_ONLY ? 32 : room > 10 ? 10 : room > 1 ? room : 1)] = '\0';
	put_part(&parts[1], ROLE_TITLE, 0, text);
	if (level < NO_CLOCK && scene->elapsed_ms >= 0 && !scene->has_no_clock) {
		snprintf(text, sizeof text, "%d min", (int)(scene->elapsed_ms / 60000));
		put_part(&parts[3], ROLE_MUTED, 0, text);
	}
	int cols = 0;
	for (int i = 0; i < N_PARTS; i++)
		if (parts[i].text[0])
			cols += text_columns(parts[i].text) + 1;
	return cols;
}

static void put_left(struct canvas *canvas, struct rect area, const struct scene *scene)
{
	const struct scenario_act *act = scene->act;
	if (!act->stages.len) {
		canvas_put_fit(canvas, area.x, area.y, area.cols, ROLE_TITLE, ATTR_BOLD, act->title);
		return;
	}
	const struct scenario_stage *stage = scene_stage(scene);
	struct str number = {0};
	size_t at, total;
	scenario_place(act, scene->stage, &at, &total);
	str_append_f(&number, "%s%zu/%zu ", stage->is_prelude ? "first " : "", at, total);
	if (scene->is_exploring) {
		str_clear(&number);
		str_append_f(&number, "!%zu/%zu ", scene->exploration.number + 1, act->explorations.len);
	}
	const char *name =
	        stage->is_prelude ? act->base_title : stage->title; /* it is one step, whatever stage it is at */
	int x = area.x, right = area.x + area.cols;
	int wanted = text_columns(act->title) + 3 + text_columns(number.data) + text_columns(name);
	if (wanted <= area.cols) {
		x += canvas_put(canvas, x, area.y, right - x, ROLE_TITLE, 0, act->title);
		x += canvas_put(canvas, x, area.y, right - x, ROLE_MUTED, 0, " ▸ ");
	}
	x += canvas_put(canvas, x, area.y, right - x, ROLE_TITLE, ATTR_BOLD, number.data);
	canvas_put_fit(canvas, x, area.y, right - x, ROLE_TITLE, ATTR_BOLD, name);
	str_finish(&number);
}

void view_title(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	(void)view;
	const struct scenario_act *act = scene->act;
	int wanted = act->stages.len ? text_columns(scene_stage(scene)->title) + 5 : text_columns(act->title);
	if (wanted > area.cols / 2)
		wanted = area.cols / 2;
	struct part parts[N_PARTS];
	int level = FULL, right;
	while ((right = right_parts(scene, level, area.cols, parts)) + wanted + 2 > area.cols && level < BADGE_ONLY)
		level++;
	int x = area.x + area.cols - right;
	struct rect left = {area.x + 1, area.y, x - area.x - 2, 1};
	if (left.cols > 0)
		put_left(canvas, left, scene);
	for (int i = 0; i < N_PARTS; i++)
		if (parts[i].text[0])
			x += canvas_put(canvas, x, area.y, canvas->cols, parts[i].role, parts[i].attrs, parts[i].text) +
			     1;
}
