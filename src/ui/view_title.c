/* view_title: the top line. Left the act and its stage, right persona, context, badge and clock; what there is no room for
 * goes in a fixed order, the badge never. What is there is decided for all of the act's stages at once, by the longest of
 * them, so that nothing comes and goes from one stage to the next. */
#include <string.h>

#include "ui/scene.h"

struct part {
	enum canvas_role role;
	uint16_t attrs;
	char text[96];
};
enum { PERSONA, CONTEXT, BADGE, CLOCK, N_PARTS };
enum { NUMBER_COLS = 7, CLOCK_COLS = 6 /* 99 min */ };
enum { FULL, NO_CLOCK, SHORT_PERSONA, NO_PERSONA, BADGE_ONLY };

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
		put_part(&parts[PERSONA], persona_role(scene->persona), ATTR_BOLD, text);
	}
	badge_part(&parts[BADGE], scene, level == BADGE_ONLY);
	snprintf(text, sizeof text, "%s%s", scene->context, scene->is_read_only ? " read-only" : "");
	int room = cols_of_line - NUMBER_COLS - text_columns(parts[BADGE].text) - 2;
	text[text_cut(text, level != BADGE_ONLY ? 32 : room > 10 ? 10 : room > 1 ? room : 1)] = '\0';
	put_part(&parts[CONTEXT], ROLE_TITLE, 0, text);
	if (level < NO_CLOCK && scene->elapsed_ms >= 0 && !scene->has_no_clock) {
		snprintf(text, sizeof text, "%d min", (int)(scene->elapsed_ms / 60000));
		put_part(&parts[CLOCK], ROLE_MUTED, 0, text);
	}
	int cols = 0;
	for (int i = 0; i < N_PARTS; i++)
		if (parts[i].text[0])
			cols += text_columns(parts[i].text) + 1;
	return cols;
}

/* The stage in view, or another one of the act: what stands before its title, and the title. */
static void append_number(const struct scenario_act *act, size_t stage, struct str *out)
{
	size_t at, total;
	scenario_place(act, stage, &at, &total);
	str_append_f(out, "%s%zu/%zu ", act->stages.data[stage].is_prelude ? "first " : "", at, total);
}

static const char *name_of(const struct scenario_act *act, const struct scenario_stage *stage)
{
	return stage->is_prelude ? act->base_title : stage->title; /* it is one step, whatever stage it is at */
}

/* The most that any stage of the act takes: of its title; of its persona and its clock; of both, with the stage's number. */
struct most {
	int title, right, all;
};

static int greater(int a, int b)
{
	return a > b ? a : b;
}

static int persona_cols(enum scenario_persona persona, int level)
{
	return level < NO_PERSONA ? text_columns(persona_label(persona, level >= SHORT_PERSONA)) + 3 : 0;
}

static void consider(struct most *most, int number, const char *title, int right)
{
	most->title = greater(most->title, text_columns(title));
	most->right = greater(most->right, right);
	most->all = greater(most->all, number + text_columns(title) + right);
}

/* `parts`: what stands there at that level. However long the show goes on, its minutes have room. */
static struct most most_of(const struct scene *scene, int level, const struct part parts[N_PARTS])
{
	const struct scenario_act *act = scene->act;
	struct most most = {0};
	struct str number = {0};
	int fixed = text_columns(parts[BADGE].text) + 1 + text_columns(parts[CONTEXT].text) + 1 +
	            (level < NO_CLOCK && !scene->has_no_clock ? CLOCK_COLS + 1 : 0);
	for (size_t i = 0; i < act->stages.len; i++) {
		const struct scenario_stage *stage = &act->stages.data[i];
		str_clear(&number);
		append_number(act, i, &number);
		consider(&most, text_columns(str_text(&number)), name_of(act, stage),
		         fixed + persona_cols(stage->persona, level));
	}
	str_finish(&number);
	return most;
}

/* The act's title where it fits beside every stage, else its short name; a part of either says less. NULL: neither fits. */
static const char *act_words(const struct scenario_act *act, int cols)
{
	const char *const words[] = {act->title, act->name};
	for (size_t i = 0; i < 2; i++)
		if (words[i] && *words[i] && text_columns(words[i]) <= cols)
			return words[i];
	return NULL;
}

static void put_left(struct canvas *canvas, struct rect area, const struct scene *scene, int act_cols)
{
	const struct scenario_act *act = scene->act;
	if (!act->stages.len) {
		canvas_put_fit(canvas, area.x, area.y, area.cols, ROLE_TITLE, ATTR_BOLD, act->title);
		return;
	}
	struct str number = {0};
	if (scene->is_exploring)
		str_append_f(&number, "!%zu/%zu ", scene->exploration.number + 1, act->explorations.len);
	else
		append_number(act, scene->stage, &number);
	int x = area.x, right = area.x + area.cols;
	const char *words = act_words(act, act_cols);
	if (words) {
		x += canvas_put(canvas, x, area.y, right - x, ROLE_TITLE, 0, words);
		x += canvas_put(canvas, x, area.y, right - x, ROLE_MUTED, 0, " ▸ ");
	}
	x += canvas_put(canvas, x, area.y, right - x, ROLE_TITLE, ATTR_BOLD, number.data);
	canvas_put_fit(canvas, x, area.y, right - x, ROLE_TITLE, ATTR_BOLD, name_of(act, scene_stage(scene)));
	str_finish(&number);
}

void view_title(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	(void)view;
	const struct scenario_act *act = scene->act;
	struct part parts[N_PARTS];
	int level = FULL, right = right_parts(scene, level, area.cols, parts);
	struct most most = most_of(scene, level, parts);
	int wanted = act->stages.len ? most.title + 5 : text_columns(act->title);
	if (wanted > area.cols / 2)
		wanted = area.cols / 2;
	while (greater(most.right, right) + wanted + 2 > area.cols && level < BADGE_ONLY) {
		right = right_parts(scene, ++level, area.cols, parts);
		most = most_of(scene, level, parts);
	}
	int x = area.x + area.cols - right;
	struct rect left = {area.x + 1, area.y, x - area.x - 2, 1};
	int act_cols = scene->is_exploring ? 0 : area.cols - 2 - most.all - 3; /* an exploration stands alone */
	if (left.cols > 0)
		put_left(canvas, left, scene, act_cols);
	for (int i = 0; i < N_PARTS; i++)
		if (parts[i].text[0])
			x += canvas_put(canvas, x, area.y, canvas->cols, parts[i].role, parts[i].attrs, parts[i].text) +
			     1;
}
