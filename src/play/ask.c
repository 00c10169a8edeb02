/* ask: a job's checks, asked whenever the cluster has changed, and the time that each of them has.
 *
 * Time counts only while the cluster is there: what it said last is no answer to a check, and its being away is not the
 * stage's fault. A failure that the cluster itself shows is believed after a moment, since the change that the command
 * made may still be on its way to us.
 */
#include <stdlib.h>

#include "play/engine.h"

#define BELIEVE_MS 1000
#define TICK_MS 1000

bool ask_is_live(const struct play *p)
{
	return p->options.offline || kube_state(p->kube) == KUBE_LIVE;
}

static void count_time(struct play *p)
{
	int64_t now = loop_now(p->loop);
	if (p->was_live)
		p->waited_ms += now - p->asked;
	p->asked = now;
	p->was_live = ask_is_live(p);
}

struct check_facts ask_facts(struct play *p, size_t stage)
{
	return (struct check_facts){
	        .kube = p->kube,
	        .topo = play_topo(p),
	        .planned = (const json_t *const *)p->act->planned.data,
	        .flows = p->flows.data,
	        .policies = play_policies(p),
	        .n_planned = play_stage_of(p, stage)->n_planned,
	        .output = str_text(&p->output),
	        .status = p->status,
	};
}

void ask_begin(struct play *p)
{
	p->step = STEP_CHECKS;
	p->waited_ms = 0;
	p->asked = loop_now(p->loop);
	p->was_live = ask_is_live(p);
	play_set_state(p, p->stage, PLAY_CHECKING);
	if (p->step == STEP_CHECKS)
		ask_again(p);
	if (p->job != JOB_NONE)
		loop_timer_start(p->tick, ask_next_ms(p), 0);
}

static const char *lost(const struct play *p)
{
	return p->is_lost ? "the command failed while the cluster was away (r runs it again); " : "";
}

static void fail(struct play *p, const struct scenario_check *check, const char *found, const char *cure)
{
	struct str expected = {0};
	check_describe(check, p->act, &expected);
	if (scenario_check_is_of_cluster(check)) {
		str_append(&expected, " within ");
		words_duration(&expected, check->within_ms);
	}
	words_fail(p, &(struct words_failure){str_text(&expected), found, cure});
	str_finish(&expected);
}

static void say_waiting(struct play *p, const struct scenario_check *check, const char *found)
{
	struct str wanted = {0}, since = {0};
	check_describe(check, p->act, &wanted);
	if (p->waited_ms >= 1000)
		str_append_f(&since, " (%lld of %lld s)", (long long)(p->waited_ms / 1000),
		             (long long)(check->within_ms / 1000));
	words_message(p, false, "%swaits until %s%s: %s", lost(p), str_text(&wanted), str_text(&since), found);
	str_finish(&wanted);
	str_finish(&since);
}

/* One check; true: go on with the next one. */
static bool ask_one(struct play *p, const struct scenario_check *check, const struct check_facts *facts,
                    struct str *checked)
{
	bool is_of_cluster = scenario_check_is_of_cluster(check), goes_on = false;
	struct str found = {0}, cure = {0}, away = {0};
	if (is_of_cluster && words_away(p, &away)) {
		words_message(p, true, "%s%s", lost(p), str_text(&away));
	} else {
		enum check_result result = check_ask(check, facts, &found, &cure);
		bool is_final = result == CHECK_FAILS && (!is_of_cluster || p->waited_ms >= BELIEVE_MS);
		if (result == CHECK_HOLDS) {
			goes_on = true;
			str_append(checked, checked->len ? "; " : "");
			if (found.len > 0)
				str_append(checked, str_text(&found));
			else
				check_describe(check, p->act, checked);
		} else if (is_final || p->waited_ms >= check->within_ms) {
			fail(p, check, str_text(&found), str_text(&cure));
		} else {
			say_waiting(p, check, str_text(&found));
		}
	}
	str_finish(&found);
	str_finish(&cure);
	str_finish(&away);
	return goes_on;
}

void ask_again(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	struct check_facts facts = ask_facts(p, p->stage);
	struct str checked = {0};
	count_time(p);
	if (stage->breaks) {
		explore_ask(p);
		return;
	}
	/* The command's own result first: no waiting changes it. */
	bool goes_on = true;
	for (size_t i = 0; goes_on && i < stage->checks.len; i++) {
		if (!scenario_check_is_of_cluster(&stage->checks.data[i]))
			goes_on = ask_one(p, &stage->checks.data[i], &facts, &checked);
	}
	for (size_t i = 0; goes_on && i < stage->checks.len; i++) {
		if (scenario_check_is_of_cluster(&stage->checks.data[i]))
			goes_on = ask_one(p, &stage->checks.data[i], &facts, &checked);
	}
	if (goes_on)
		words_done(p, str_text(&checked));
	str_finish(&checked);
}

int64_t ask_next_ms(const struct play *p)
{
	int64_t next = TICK_MS;
	int64_t limit = p->job_since + p->options.limit_ms - loop_now(p->loop);
	if (p->options.limit_ms > 0 && limit >= 0 && limit < next)
		next = limit + 1;
	if (p->step != STEP_CHECKS)
		return next;
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; i < stage->checks.len; i++) {
		int64_t left = stage->checks.data[i].within_ms - p->waited_ms;
		if (scenario_check_is_of_cluster(&stage->checks.data[i]) && left >= 0 && left < next)
			next = left + 1;
	}
	return next;
}

bool ask_waiting(struct play *p, struct str *out)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	if (p->job != JOB_STAGE || !ask_is_live(p))
		return false;
	struct check_facts facts = ask_facts(p, p->stage);
	for (size_t i = 0; i < stage->checks.len; i++) {
		struct str found = {0}, cure = {0};
		bool waits = scenario_check_is_of_cluster(&stage->checks.data[i]) &&
		             check_ask(&stage->checks.data[i], &facts, &found, &cure) != CHECK_HOLDS;
		if (waits)
			str_append(out, str_text(&found));
		str_finish(&found);
		str_finish(&cure);
		if (waits)
			return true;
	}
	return false;
}
