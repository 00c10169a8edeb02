/* overhear: what OVN says of the act's flows (witness), asked no more often than there is reason to.
 *
 * OVN is asked what it would do with a flow when a policy or an end of the flow is another one, a moment after the change;
 * and only while there is a policy, or a flow did not pass, or somebody looks at the flows: asking is an exec into a node's
 * pod. Drops are counted while a flow is underway and for some seconds after, so that the picture and reality agree.
 */
#include <stdlib.h>
#include <string.h>

#include "onesdn/witness.h"
#include "play/engine.h"

enum {
	SETTLE_MS = 300,
	LINGER_MS = 6000,
	LOOK_MS = 1000,
	STILL_MS = 1500, /* without a change of a count: it is asked twice a second, and Open vSwitch's figures lag */
	SOON_MS = 200,   /* an answer is due */
	ANNOUNCE_MS = 33000,
};
/* ANNOUNCE_MS: 1, 3, 7, 15 and 31 s after a port of a localnet network has come ovn-controller announces it, by frames in the
 * port's name; those that a policy drops are counted as the port's. */

struct hearing { /* of one flow */
	struct play *play;
	size_t at;
	uint64_t asked; /* hash of what it was asked about; 0: never */
	uint64_t ends;  /* hash of them; 0: they are not both there */
	int64_t ends_since;
	struct witness_question *question;
	struct witness_count *count;
	bool has_figures;             /* the count's first ones, or why there are none */
	int64_t count_until, counted; /* counted: the figures' last change */
	uint64_t counted_then;        /* when the flow began */
	bool was_counted_then;
	char *ovn, *acl;
};

struct overhear {
	struct witness *witness;
	struct hearing *flows;
	struct loop_timer *settle, *linger;
	bool is_looked_at;
};

static void on_settled(void *user);
static void on_linger(void *user);

void overhear_init(struct play *p)
{
	if (p->options.offline || !p->loop || p->flows.len == 0)
		return;
	struct overhear *o = p->overhear = mem_alloc(sizeof *o);
	o->flows = mem_alloc(p->flows.len * sizeof *o->flows);
	for (size_t i = 0; i < p->flows.len; i++)
		o->flows[i] = (struct hearing){.play = p, .at = i};
	o->settle = loop_timer_create(p->loop, on_settled, p);
	o->linger = loop_timer_create(p->loop, on_linger, p);
	o->witness = witness_create(&(struct witness_options){.loop = p->loop,
	                                                      .kube = p->kube,
	                                                      .kubeconfig = p->kubeconfigs[SCENARIO_ADMIN],
	                                                      .context = p->contexts[SCENARIO_ADMIN]});
}

void overhear_finish(struct play *p)
{
	struct overhear *o = p->overhear;
	if (!o)
		return;
	for (size_t i = 0; i < p->flows.len; i++) {
		witness_question_destroy(o->flows[i].question);
		witness_count_stop(o->flows[i].count);
		free(o->flows[i].ovn);
		free(o->flows[i].acl);
	}
	witness_destroy(o->witness);
	loop_timer_destroy(o->settle);
	loop_timer_destroy(o->linger);
	free(o->flows);
	free(o);
}

/* ---- what OVN would do ---- */

static struct witness_flow flow_of(const struct play *p, size_t at)
{
	const struct scenario_flow *plan = p->flows.data[at].plan;
	return (struct witness_flow){.from = plan->from, .to = plan->to, .network = plan->network, .port = plan->port};
}

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value && *value ? mem_strdup(value) : NULL;
}

static void on_answer(const struct witness_answer *answer, void *user)
{
	struct hearing *h = user;
	struct play *p = h->play;
	struct play_flow *flow = &p->flows.data[h->at];
	set_text(&h->ovn, answer->words);
	set_text(&h->acl, answer->acl);
	flow->is_traced = answer->is_known;
	flow->passes_ovn = answer->allowed;
	flow->ovn = h->ovn;
	flow->acl = h->acl;
	witness_question_destroy(h->question);
	h->question = NULL;
	testify_heard(p, h->at);
	overhear_count(p);
	if (p->step == STEP_CHECKS)
		ask_again(p);
	attend_look(p);
	play_changed(p);
}

/* The stage in view wants to know. */
static bool is_checked(const struct play *p, size_t at)
{
	const struct scenario_stage *stage = play_stage_of(p, p->view);
	for (size_t i = 0; i < stage->checks.len; i++)
		if (stage->checks.data[i].kind == SCENARIO_CHECK_OVN && stage->checks.data[i].flow == at)
			return true;
	return false;
}

static bool is_worth_it(const struct play *p, size_t at)
{
	const struct play_flow *flow = &p->flows.data[at];
	return p->overhear->is_looked_at || testify_has_policies(p) || flow->measured > PLAY_CONNECTED ||
	       is_checked(p, at);
}

static void on_settled(void *user)
{
	struct play *p = user;
	for (size_t i = 0; i < p->flows.len; i++) {
		struct hearing *h = &p->overhear->flows[i];
		uint64_t now = testify_hash(p, i);
		if (now == 0 || now == h->asked || !is_worth_it(p, i))
			continue;
		struct witness_flow flow = flow_of(p, i);
		h->asked = now;
		witness_question_destroy(h->question);
		h->question = witness_ask(p->overhear->witness, play_topo(p), &flow, on_answer, h);
		if (h->count) { /* an end of it may be another one */
			witness_count_stop(h->count);
			h->count = NULL;
		}
	}
	overhear_count(p);
}

void overhear_changed(struct play *p)
{
	bool is_due = false;
	for (size_t i = 0; p->overhear && i < p->flows.len; i++) {
		uint64_t now = testify_hash(p, i), ends = testify_ends(p, i);
		struct hearing *h = &p->overhear->flows[i];
		if (ends != h->ends)
			h->ends_since = loop_now(p->loop);
		h->ends = ends;
		if (now == h->asked)
			continue;
		p->flows.data[i].is_traced = false; /* it was another question */
		is_due = is_due || (now != 0 && is_worth_it(p, i));
	}
	if (is_due && !loop_timer_is_running(p->overhear->settle))
		loop_timer_start(p->overhear->settle, SETTLE_MS, 0);
}

/* ---- what it has dropped ---- */

/* OVN counts what a port has lost: that is this flow's only if it is denied. */
static bool may_be_dropped(const struct play_flow *flow)
{
	return testify_denies(flow) || flow->measured == PLAY_TIMED_OUT;
}

static void take_count(struct hearing *h)
{
	struct play *p = h->play;
	struct play_flow *flow = &p->flows.data[h->at];
	struct witness_counted counted = witness_counted(h->count);
	if (!counted.is_known)
		return;
	uint64_t all = counted.before + counted.packets;
	flow->is_counted = counted.n_acls > 0 && may_be_dropped(flow);
	flow->dropped = flow->is_counted ? all : 0;
	if (!h->was_counted_then) {
		h->was_counted_then = true;
		h->counted_then = counted.before;
	}
	if (flow->state == PLAY_FLOW_UNDERWAY && all > h->counted_then && testify_denies(flow))
		flow->state = PLAY_FLOW_BLOCKED; /* while the audience watches it hang */
	testify_note(flow);
}

static void on_count(struct witness_count *count, void *user)
{
	struct hearing *h = user;
	(void)count;
	h->has_figures = true;
	h->counted = loop_now(h->play->loop);
	take_count(h);
	if (h->play->step == STEP_CHECKS)
		ask_again(h->play);
	play_changed(h->play);
}

static bool is_underway(const struct play *p, size_t at)
{
	const struct play_flow *flow = &p->flows.data[at];
	bool runs = p->by_hand.runs || (p->job == JOB_STAGE && p->step == STEP_RUNNING);
	return runs && flow->measured == PLAY_UNMEASURED &&
	       (flow->state == PLAY_FLOW_UNDERWAY || flow->state == PLAY_FLOW_BLOCKED);
}

static void count_one(struct play *p, size_t at, int64_t now)
{
	struct hearing *h = &p->overhear->flows[at];
	struct play_flow *flow = &p->flows.data[at];
	bool underway = is_underway(p, at), has_policies = testify_has_policies(p);
	bool is_watched = p->overhear->is_looked_at && may_be_dropped(flow);
	if (underway && has_policies)
		h->count_until = now + LINGER_MS;
	bool is_wanted = has_policies && testify_hash(p, at) != 0 && (is_watched || now < h->count_until);
	if (is_wanted && !h->count) {
		struct witness_flow plan = flow_of(p, at);
		h->has_figures = false;
		h->count = witness_count_start(p->overhear->witness, play_topo(p), &plan, on_count, h);
	} else if (is_wanted && underway) {
		witness_count_look(h->count);
	} else if (!is_wanted && h->count) {
		witness_count_stop(h->count);
		h->count = NULL;
	}
	if (flow->is_counted && (!has_policies || !may_be_dropped(flow))) {
		flow->is_counted = false;
		flow->dropped = 0;
	}
}

void overhear_count(struct play *p)
{
	bool is_passing = false; /* something is counted only for a while */
	if (!p->overhear)
		return;
	for (size_t i = 0; i < p->flows.len; i++) {
		count_one(p, i, loop_now(p->loop));
		is_passing = is_passing ||
		             (p->overhear->flows[i].count && loop_now(p->loop) < p->overhear->flows[i].count_until);
	}
	if (is_passing)
		loop_timer_start(p->overhear->linger, LOOK_MS, 0);
}

static void on_linger(void *user)
{
	overhear_count(user);
}

void overhear_begins(struct play *p, size_t at)
{
	if (!p->overhear)
		return;
	struct hearing *h = &p->overhear->flows[at];
	h->was_counted_then = p->flows.data[at].is_counted;
	h->counted_then = p->flows.data[at].dropped;
	overhear_count(p);
}

/* A policy that comes finds somebody who counts already: then its first packet is not missed. */
void overhear_expects(struct play *p, size_t at)
{
	if (!p->overhear)
		return;
	p->overhear->flows[at].count_until = loop_now(p->loop) + LINGER_MS;
	overhear_count(p);
}

void overhear_look(struct play *p)
{
	for (size_t i = 0; p->overhear && i < p->flows.len; i++)
		if (p->overhear->flows[i].count)
			witness_count_look(p->overhear->flows[i].count);
}

/* ---- whether it has said all ---- */

static bool is_asked_now(struct play *p, size_t at)
{
	uint64_t now = testify_hash(p, at);
	const struct hearing *h = &p->overhear->flows[at];
	return h->question || (now != 0 && now != h->asked && is_worth_it(p, at)) || (h->count && !h->has_figures);
}

int64_t overhear_settles_in(struct play *p, bool blocks)
{
	int64_t most = 0;
	for (size_t i = 0; p->overhear && i < p->flows.len; i++) {
		const struct hearing *h = &p->overhear->flows[i];
		int64_t now = loop_now(p->loop), left[] = {
		                                         is_asked_now(p, i) ? SOON_MS : 0,
		                                         h->count ? h->counted + STILL_MS - now : 0,
		                                         blocks && h->ends ? h->ends_since + ANNOUNCE_MS - now : 0,
		                                 };
		for (size_t k = 0; k < sizeof left / sizeof *left; k++)
			most = left[k] > most ? left[k] : most;
	}
	return most;
}

void play_look_at_flows(struct play *p, bool is_looking)
{
	if (!p->overhear || p->overhear->is_looked_at == is_looking)
		return;
	p->overhear->is_looked_at = is_looking;
	if (is_looking)
		overhear_changed(p);
	overhear_count(p);
}
