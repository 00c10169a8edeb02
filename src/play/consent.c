/* consent: what has to be asked before it is done: on a cluster that is not the lab, whatever deletes something outside the act's own
 * namespaces, and whatever takes something back on this machine itself. The lab is ours. */
#include <stdlib.h>

#include "play/engine.h"

static char *first_to_ask(const struct play *p, size_t at, bool is_undo)
{
	const struct scenario_stage *stage = play_stage_of(p, at);
	const struct scenario_texts *texts = is_undo ? &stage->undo : &stage->commands;
	bool takes_back = is_undo || stage->is_cleanup;
	for (size_t i = 0; i < texts->len && stage->action != SCENARIO_CONSOLE; i++) {
		char *text = values_fill(p, texts->data[i], NULL);
		const char *is = text ? text : texts->data[i];
		if (stage->persona == SCENARIO_HOST ? takes_back : scenario_deletes_elsewhere(p->act, is))
			return text ? text : mem_strdup(is);
		free(text);
	}
	return NULL;
}

static char *first_on_the_way(const struct play *p, size_t target)
{
	char *text = NULL;
	for (size_t i = p->act->stages.len; i > target && !text; i--)
		text = first_to_ask(p, i - 1, true);
	for (size_t i = 0; i < target && !text; i++)
		text = first_to_ask(p, i, false);
	return text;
}

char *play_asks(const struct play *p, enum play_intent intent, size_t stage)
{
	bool is_lab = text_equal(p->options.environment, "lab");
	if (is_lab || p->options.read_only || stage >= p->act->stages.len)
		return NULL;
	return intent == PLAY_GO ? first_on_the_way(p, stage) : first_to_ask(p, stage, intent == PLAY_UNDO);
}
