/* words: how the states of stages, flows and personas are told: a glyph, a word and a role, never a colour alone; and lines
 * that are longer than their place. */
#include "ui/scene.h"

#include <string.h>

int put_lines(struct canvas *page, int y, enum canvas_role first, const char *text)
{
	for (const char *line = text; *line && y < page->rows;) {
		size_t len = strcspn(line, "\n");
		y += canvas_put_wrapped(page, (struct rect){0, y, page->cols, page->rows - y},
		                        line == text ? first : ROLE_TEXT, line, len);
		line += len + (line[len] == '\n');
	}
	return y;
}

struct look_of stage_look(enum play_state state)
{
	static const struct look_of looks[] = {
	        [PLAY_PENDING] = {"○", "to come", ROLE_MUTED}, [PLAY_SHOWN] = {"▸", "shown", ROLE_COMMAND},
	        [PLAY_RUNNING] = {"◐", "running", ROLE_WAIT},  [PLAY_CHECKING] = {"◐", "checking", ROLE_WAIT},
	        [PLAY_DONE] = {"✓", "done", ROLE_OK},          [PLAY_FAILED] = {"✗", "failed", ROLE_FAIL},
	        [PLAY_SKIPPED] = {"-", "skipped", ROLE_MUTED},
	};
	return looks[(unsigned)state < sizeof looks / sizeof *looks ? state : PLAY_PENDING];
}

struct look_of flow_look(enum play_flow_state state)
{
	static const struct look_of looks[] = {
	        [PLAY_FLOW_UNTRIED] = {"?", "untried", ROLE_FLOW_UNTRIED},
	        [PLAY_FLOW_UNDERWAY] = {"◐", "under way", ROLE_WAIT},
	        [PLAY_FLOW_OK] = {"✓", "seen", ROLE_FLOW_OK},
	        [PLAY_FLOW_BLOCKED] = {"✗", "blocked", ROLE_FLOW_BLOCKED},
	        [PLAY_FLOW_FAILED] = {"✗", "failed", ROLE_FAIL},
	};
	return looks[(unsigned)state < sizeof looks / sizeof *looks ? state : PLAY_FLOW_UNTRIED];
}

enum canvas_role persona_role(enum scenario_persona persona)
{
	return persona == SCENARIO_OWNER ? ROLE_OWNER : ROLE_ADMIN;
}

const char *persona_label(enum scenario_persona persona, bool is_short)
{
	static const char *const labels[SCENARIO_N_PERSONAS][2] = {
	        [SCENARIO_ADMIN] = {"CLUSTER ADMIN", "ADMIN"},
	        [SCENARIO_OWNER] = {"WORKLOAD OWNER", "OWNER"},
	        [SCENARIO_HOST] = {"ADMIN ON HOST", "HOST"},
	};
	return labels[(unsigned)persona < SCENARIO_N_PERSONAS ? persona : SCENARIO_ADMIN][is_short];
}
