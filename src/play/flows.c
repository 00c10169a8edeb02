/* flows: the act's flows while it is performed: underway, measured, blocked as intended or not.
 *
 * A measurement is the stage's own command: how it ended, in the words of the program that tried (psql, curl, nc, ping,
 * wget, bash), for a console tells no exit status and a pipe hides it. What the policies and OVN say of the same flow comes
 * from testify.c; that a flow counts as blocked takes a time-out and one of them.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "play/engine.h"

#define LINE_BYTES_MAX 500
#define STATUS_TIMEOUT 124 /* of timeout(1), which says nothing */

void flows_init(struct play *p)
{
	for (size_t i = 0; i < p->act->flows.len; i++)
		vec_push(&p->flows, ((struct play_flow){.plan = &p->act->flows.data[i]}));
}

const struct play_flow *play_flows(const struct play *p, size_t *n)
{
	*n = p->flows.len;
	return p->flows.data;
}

/* ---- how a try ended, from what the program said ---- */

/* clang-format off */
static const struct {
	const char *words; /* without regard to case */
	enum play_measure measure;
} endings[] = {
	{"timeout expired", PLAY_TIMED_OUT},      /* psql */
	{"timed out", PLAY_TIMED_OUT},            /* curl, nc, wget, bash, older psql */
	{"timeout was reached", PLAY_TIMED_OUT},  /* curl */
	{"connection timeout", PLAY_TIMED_OUT},
	{"ncat: timeout", PLAY_TIMED_OUT},
	{"100% packet loss", PLAY_TIMED_OUT},     /* ping */
	{"connection refused", PLAY_REFUSED},
	{"could not connect to server", PLAY_REFUSED}, /* curl's "(7)" without a reason */
	{"no route to host", PLAY_UNREACHABLE},
	{"network is unreachable", PLAY_UNREACHABLE},
	{"host is unreachable", PLAY_UNREACHABLE},
	{"host unreachable", PLAY_UNREACHABLE},
	{"connection reset", PLAY_BROKE},
	{"command not found", PLAY_BROKE},
};
/* clang-format on */

/* A program speaks of itself: "psql: error: ...", "curl: (28) ...", "wget: ...", "Connecting ... failed: ...". What is merely
 * in the data does not count. */
static bool is_complaint(const char *line)
{
	size_t name = strcspn(line, " :");
	return (name > 0 && name <= 24 && line[name] == ':' && line[name + 1] == ' ') || strstr(line, "failed: ") ||
	       strstr(line, "% packet loss") || text_has_prefix(line, "From ");
}

enum play_measure flows_read(const char *output, int status)
{
	for (const char *at = output; *at;) {
		char line[LINE_BYTES_MAX];
		size_t len = strcspn(at, "\n");
		snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), at);
		at += len + (at[len] == '\n');
		for (size_t i = 0; is_complaint(line) && i < sizeof endings / sizeof endings[0]; i++)
			if (strcasestr(line, endings[i].words))
				return endings[i].measure;
	}
	return status <= 0 ? PLAY_CONNECTED : status == STATUS_TIMEOUT ? PLAY_TIMED_OUT : PLAY_BROKE;
}

void play_flow_measured(const struct play_flow *flow, struct str *out)
{
	static const char *const words[] = {
	        [PLAY_UNMEASURED] = "not measured", [PLAY_CONNECTED] = "connected", [PLAY_REFUSED] = "refused",
	        [PLAY_UNREACHABLE] = "no route",    [PLAY_TIMED_OUT] = "timed out", [PLAY_BROKE] = "failed",
	};
	str_append(out, words[flow->measured]);
	if (flow->measured == PLAY_UNMEASURED)
		return;
	str_append(out, " after ");
	words_duration(out, flow->measured_ms);
}

/* ---- a stage's flows ---- */

static struct play_flow *flow_of_command(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	return p->job == JOB_STAGE && p->command < stage->seen.len ? &p->flows.data[stage->seen.data[p->command]]
	                                                           : NULL;
}

static bool is_blocked_meant(const struct play *p)
{
	return p->job == JOB_STAGE && play_stage_of(p, p->stage)->is_blocked;
}

static void begin(struct play_flow *flow, enum play_flow_state state)
{
	flow->state = state;
	cut_begin(flow);
}

void flows_begin_stage(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; p->job == JOB_STAGE && i < stage->seen.len; i++)
		begin(&p->flows.data[stage->seen.data[i]], PLAY_FLOW_UNTRIED);
}

static void set_out(struct play *p, struct play_flow *flow)
{
	begin(flow, PLAY_FLOW_UNDERWAY);
	flow->note[0] = '\0';
	flow->measured = PLAY_UNMEASURED;
	overhear_begins(p, (size_t)(flow - p->flows.data));
}

void flows_begin(struct play *p)
{
	struct play_flow *flow = flow_of_command(p);
	p->output_before = p->output.len;
	if (flow)
		set_out(p, flow);
}

static void note_took(struct play_flow *flow)
{
	struct str took = {0};
	words_duration(&took, flow->measured_ms);
	snprintf(flow->note, sizeof flow->note, "%s", str_text(&took));
	str_finish(&took);
}

static void measure(struct play *p, struct play_flow *flow, enum play_measure measured, int64_t took_ms)
{
	flow->measured = measured;
	flow->measured_ms = took_ms > 0 ? took_ms : 0;
	testify_now(p);
	overhear_look(p);
	if (flow->state != PLAY_FLOW_BLOCKED)
		note_took(flow);
	if (flow->measured == PLAY_TIMED_OUT && testify_denies(flow))
		flow->state = PLAY_FLOW_BLOCKED;
	else if (flow->state == PLAY_FLOW_BLOCKED) /* a packet was lost, and it came through all the same */
		flow->state = PLAY_FLOW_UNDERWAY;
	testify_note(flow);
}

void flows_end(struct play *p, int64_t ended, int status)
{
	struct play_flow *flow = flow_of_command(p);
	if (!flow)
		return;
	size_t from = p->output_before < p->output.len ? p->output_before : 0;
	measure(p, flow, flows_read(str_text(&p->output) + from, status), ended - p->run_since);
}

void flows_cancel(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; i < stage->seen.len; i++) {
		struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		if (flow->state == PLAY_FLOW_UNDERWAY || flow->measured == PLAY_UNMEASURED)
			flow->state = PLAY_FLOW_UNTRIED;
	}
	overhear_count(p);
}

void flows_settle(struct play *p, bool is_done)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; p->job == JOB_STAGE && i < stage->seen.len; i++) {
		struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		bool is_open = flow->state == PLAY_FLOW_UNDERWAY || flow->state == PLAY_FLOW_UNTRIED;
		if (flow->measured == PLAY_CONNECTED && (is_done || stage->is_blocked))
			flow->state = PLAY_FLOW_OK;
		else if (flow->state == PLAY_FLOW_UNDERWAY || (is_open && is_done))
			flow->state = PLAY_FLOW_FAILED;
		if (!is_done && flow->measured == PLAY_CONNECTED && flow->state == PLAY_FLOW_FAILED)
			flow->measured = PLAY_BROKE; /* it said nothing of the network, and its checks do not hold */
		testify_measured(p, stage->seen.data[i]);
	}
	overhear_count(p);
}

/* Somebody has reached it by hand: what the stage's checks want of the output is there. */
void flows_by_hand(struct play *p, int64_t took_ms)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; !stage->is_blocked && i < stage->seen.len; i++) {
		struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		flow->measured = PLAY_CONNECTED;
		flow->measured_ms = took_ms;
		flow->state = PLAY_FLOW_OK;
		note_took(flow);
		testify_measured(p, stage->seen.data[i]);
	}
}

/* How somebody's own command ends tells of a flow only where it cannot be that anything else was done: it timed out. */
void flows_begin_by_hand(struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	for (size_t i = 0; stage->is_blocked && i < stage->seen.len; i++)
		set_out(p, &p->flows.data[stage->seen.data[i]]);
}

void flows_end_by_hand(struct play *p, const char *output, int status)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	enum play_measure measured = flows_read(output, status);
	for (size_t i = 0; stage->is_blocked && i < stage->seen.len; i++) {
		struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		if (flow->state != PLAY_FLOW_UNDERWAY && flow->state != PLAY_FLOW_BLOCKED)
			continue;
		measure(p, flow, measured, loop_now(p->loop) - p->by_hand.since);
		if (flow->state == PLAY_FLOW_UNDERWAY)
			flow->state = measured == PLAY_CONNECTED ? PLAY_FLOW_OK : PLAY_FLOW_FAILED;
		testify_measured(p, stage->seen.data[i]);
	}
}

bool flows_are_blocked(const struct play *p)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	for (size_t i = 0; i < stage->seen.len; i++) {
		const struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		if (flow->state != PLAY_FLOW_BLOCKED || flow->measured != PLAY_TIMED_OUT)
			return false;
	}
	return stage->is_blocked;
}

/* ---- blocked, as intended or not ---- */

bool flows_forgive(const struct play *p, int status)
{
	return is_blocked_meant(p) && p->command < play_stage_of(p, p->stage)->seen.len && status < 128;
}

bool flows_mistake(struct play *p, struct str *expected, struct str *found, const char **cure)
{
	const struct play_flow *flow = flow_of_command(p);
	if (!flow)
		return false;
	bool is_blocked = flow->state == PLAY_FLOW_BLOCKED, is_meant = is_blocked_meant(p);
	if (is_meant ? is_blocked : flow->measured == PLAY_CONNECTED || flow->measured == PLAY_BROKE)
		return false;
	scenario_flow_name(flow->plan, expected);
	str_append(expected, is_meant ? " is blocked: it times out, and a policy denies it" : " passes");
	play_flow_measured(flow, found);
	if (is_meant && flow->measured == PLAY_TIMED_OUT)
		str_append(found, ", but no policy denies it");
	if (flow->is_judged)
		str_append_f(found, "; policies: %s: %s", flow->allowed[POLICY_OVNK] ? "allow" : "deny",
		             flow->reasons[POLICY_OVNK]);
	*cure = is_meant && flow->measured == PLAY_TIMED_OUT
	                ? "see whether the other end runs at all, then run the stage again (r)"
	                : "see what is said of the flow (f, then e), then run the stage again (r)";
	return true;
}

void flows_blocked_words(const struct play *p, bool has_count, struct str *out)
{
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	for (size_t i = 0; stage->is_blocked && i < stage->seen.len; i++) {
		const struct play_flow *flow = &p->flows.data[stage->seen.data[i]];
		str_append(out, i == 0 ? "blocked, as intended: " : "; ");
		scenario_flow_ends(flow->plan, out);
		str_append_c(out, ' ');
		play_flow_measured(flow, out);
		if (has_count && flow->is_counted)
			str_append_f(out, ", %llu packet%s dropped", (unsigned long long)flow->dropped,
			             flow->dropped == 1 ? "" : "s");
	}
}
