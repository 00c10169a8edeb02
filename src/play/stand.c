/* stand: how a play stands: what its painter, its keeper and its speaker ask. Changes nothing but what is made on first use. */
#include <stdlib.h>

#include "play/engine.h"

enum { VERDICT_MS = 200 }; /* a verdict that waits is due */

size_t play_stage(const struct play *p)
{
	return explore_is_in(p) ? p->explored_from : p->view;
}

enum play_state play_stage_state(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) ? p->runs[stage].state : PLAY_PENDING;
}

const char *play_message(const struct play *p)
{
	if (p->note)
		return p->note;
	if (p->message && *p->message)
		return p->message;
	return p->runs[p->view].message ? p->runs[p->view].message : "";
}

bool play_message_is_problem(const struct play *p)
{
	if (p->note)
		return p->note_is_problem;
	if (p->message && *p->message)
		return p->message_is_problem;
	return p->runs[p->view].state == PLAY_FAILED;
}

const char *play_failure(const struct play *p)
{
	return p->runs[p->view].failure ? p->runs[p->view].failure : "";
}

const char *play_output(const struct play *p)
{
	return str_text(&p->output);
}

const char *play_checked(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) && p->runs[stage].checked ? p->runs[stage].checked : "";
}

bool play_was_there(const struct play *p, size_t stage)
{
	return stage < p->act->stages.len && p->runs[stage].was_there;
}

int64_t play_took(const struct play *p, size_t stage)
{
	return stage < explore_n_stages(p) ? p->runs[stage].took_ms : 0;
}

bool play_is_busy(const struct play *p)
{
	return p->travel || p->passing || p->job == JOB_UNDO || (p->job == JOB_STAGE && p->step >= STEP_ENTERED) ||
	       (p->job == JOB_STAGE && p->go);
}

bool play_is_typed(const struct play *p)
{
	return p->job == JOB_STAGE && p->stage == p->view && p->step == STEP_TYPED;
}

bool play_shell_is_busy(const struct play *p)
{
	for (size_t i = 0; i < SCENARIO_N_PERSONAS; i++)
		if (p->shells[i] && shell_state(p->shells[i]) == SHELL_BUSY)
			return true;
	return false;
}

int64_t play_settles_in(struct play *p)
{
	bool blocks = false;
	for (size_t i = 0; i < p->act->stages.len; i++)
		blocks = blocks || p->act->stages.data[i].is_blocked;
	int64_t ovn = overhear_settles_in(p, blocks);
	return ovn > 0 || testify_is_settled(p) ? ovn : VERDICT_MS;
}

int play_status(const struct play *p)
{
	return p->status;
}

bool play_is_over(const struct play *p)
{
	enum play_state last = p->runs[p->act->stages.len - 1].state;
	return last == PLAY_DONE || last == PLAY_SKIPPED;
}

int64_t play_started(const struct play *p)
{
	return p->started;
}

struct term *play_shell(struct play *p, enum scenario_persona persona)
{
	return shell_term(shells_get(p, persona));
}

char *play_next_command(const struct play *p)
{
	return play_command(p, p->view);
}

char *play_hint(const struct play *p, size_t at, size_t hint)
{
	const struct scenario_texts *hints = at < explore_n_stages(p) ? &play_stage_of(p, at)->hints : NULL;
	if (!hints || hint >= hints->len)
		return mem_strdup("");
	char *filled = values_fill(p, hints->data[hint], NULL);
	return filled ? filled : mem_strdup(hints->data[hint]);
}

char *play_command(const struct play *p, size_t at)
{
	struct str out = {0};
	const struct scenario_texts *commands = at < explore_n_stages(p) ? &play_stage_of(p, at)->commands : NULL;
	for (size_t i = 0; commands && i < commands->len; i++) {
		char *filled = values_fill(p, commands->data[i], NULL);
		str_append_f(&out, "%s%s", i ? "\n" : "", filled ? filled : commands->data[i]);
		free(filled);
	}
	return str_take(&out);
}
