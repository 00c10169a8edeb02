/* explore: the exercises after an act. Each is two stages behind those of the show: one breaks something on purpose, and is
 * done when a check of the other does not hold any more; the other is done when all hold again, mended by hand or by its
 * command. For everybody else the show stays at the stage from which it was entered. */
#include <stdlib.h>

#include "play/engine.h"

static const struct scenario_exploration *exploration_of(const struct play *p, size_t stage)
{
	return &p->act->explorations.data[(stage - p->act->stages.len) / 2];
}

struct scenario_stage *explore_stage(const struct play *p, size_t stage)
{
	struct scenario_exploration *e = &p->act->explorations.data[(stage - p->act->stages.len) / 2];
	return (stage - p->act->stages.len) % 2 ? &e->mends : &e->breaks;
}

size_t explore_n_stages(const struct play *p)
{
	return p->act->stages.len + 2 * p->act->explorations.len;
}

bool explore_is_in(const struct play *p)
{
	return p->view >= p->act->stages.len;
}

static bool is_mending(const struct play *p)
{
	return explore_is_in(p) && (p->view - p->act->stages.len) % 2;
}

bool explore_is_attended(const struct play *p)
{
	return is_mending(p);
}

/* Something was broken and is not mended yet. A mend that has failed may be left: its words say what is not as it should be, and
 * it need not be the person's fault, as where OVN may not be asked. */
static bool is_broken(const struct play *p)
{
	enum play_state mended = p->runs[p->view].state;
	return is_mending(p) && mended != PLAY_DONE && mended != PLAY_FAILED && p->runs[p->view - 1].state == PLAY_DONE;
}

static size_t first_stage(const struct play *p, size_t exploration)
{
	return p->act->stages.len + 2 * exploration;
}

static void enter(struct play *p, size_t exploration)
{
	size_t at = first_stage(p, exploration);
	if (!explore_is_in(p))
		p->explored_from = p->view;
	p->has_explored = true;
	play_set_view(p, at);
	play_set_state(p, at, PLAY_PENDING);
	play_set_state(p, at + 1, PLAY_PENDING);
}

/* After the act's last stage, and before what cleans up: for somebody who is alone with it, once. */
bool explore_comes_next(struct play *p)
{
	size_t next = p->view + 1, n = p->act->stages.len;
	bool is_last = !explore_is_in(p) && (next >= n || play_stage_of(p, next)->is_cleanup);
	if (!is_last || !p->attends || p->has_explored || p->act->explorations.len == 0 ||
	    play_stage_of(p, p->view)->is_cleanup)
		return false;
	enter(p, 0);
	return true;
}

static void leave(struct play *p)
{
	size_t from = p->explored_from;
	bool is_end = from + 1 >= p->act->stages.len;
	play_set_view(p, is_end || p->runs[from].state != PLAY_DONE ? from : from + 1);
	words_note(p, false, "back in the act");
}

void explore_move_on(struct play *p)
{
	size_t at = (p->view - p->act->stages.len) / 2;
	if (!is_mending(p) && p->runs[p->view].state == PLAY_DONE)
		play_set_view(p, p->view + 1);
	else if (at + 1 < p->act->explorations.len)
		enter(p, at + 1);
	else
		leave(p);
}

/* False, and said so: nothing is left broken behind. */
bool explore_may_leave(struct play *p)
{
	if (!is_broken(p) || p->options.unattended) /* what cleans up takes it along */
		return true;
	words_note(p, true, "it is still broken: mend it first, by hand or by Space");
	play_changed(p);
	return false;
}

void explore_back(struct play *p)
{
	if (explore_may_leave(p))
		leave(p);
}

/* What does not hold now of the checks of an exploration, in words; false: all holds. */
static bool is_seen_broken(struct play *p, struct str *out)
{
	const struct scenario_stage *mends = &exploration_of(p, p->stage)->mends;
	struct check_facts facts = ask_facts(p, p->stage);
	for (size_t i = 0; i < mends->checks.len; i++) {
		struct str found = {0}, cure = {0};
		bool holds = check_ask(&mends->checks.data[i], &facts, &found, &cure) == CHECK_HOLDS;
		if (!holds)
			str_append(out, str_text(&found));
		str_finish(&found);
		str_finish(&cure);
		if (!holds)
			return true;
	}
	return false;
}

void explore_ask(struct play *p)
{
	struct str out = {0};
	if (words_away(p, &out)) {
		words_message(p, true, "%s", str_text(&out));
	} else if (is_seen_broken(p, &out)) {
		words_done(p, str_text(&out));
		if (!p->options.unattended) { /* to find out what is somebody's own business */
			free(p->runs[p->stage].message);
			p->runs[p->stage].message =
			        mem_strdup("it is broken; what does not hold any more is for you to find");
		}
	} else if (p->waited_ms >= SCENARIO_WITHIN_MS) {
		words_fail(p, &(struct words_failure){"one of the checks does not hold any more",
		                                      "all of them still hold: nothing is broken",
		                                      "go on without this one (s)"});
	} else {
		words_message(p, false, "waits until it is broken");
	}
	str_finish(&out);
}

/* ---- the face ---- */

bool play_explore(struct play *p, size_t exploration)
{
	if (exploration >= p->act->explorations.len) {
		words_note(p, true,
		           p->act->explorations.len ? "there is no exploration %zu; the act has %zu"
		                                    : "this act has no explorations",
		           exploration + 1, p->act->explorations.len);
	} else if (play_is_busy(p)) {
		words_note(p, false, "a stage still runs; wait for it");
	} else if (p->options.read_only) {
		words_note(p, true, "an exploration would change the cluster, and this is a read-only show");
	} else if (explore_may_leave(p)) {
		enter(p, exploration);
		play_changed(p);
		return true;
	}
	play_changed(p);
	return false;
}

bool play_exploring(const struct play *p, struct play_exploration *out)
{
	if (!explore_is_in(p))
		return false;
	*out = (struct play_exploration){
	        .number = (p->view - p->act->stages.len) / 2,
	        .stage = p->view,
	        .plan = play_stage_of(p, p->view),
	        .state = p->runs[p->view].state,
	        .is_mending = is_mending(p),
	};
	return true;
}

bool play_is_explored(const struct play *p, size_t exploration)
{
	return exploration < p->act->explorations.len && p->runs[first_stage(p, exploration) + 1].state == PLAY_DONE;
}
