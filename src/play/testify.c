/* testify: what the policies say of the act's flows, beside what is measured (flows.c); and where the witnesses disagree.
 *
 * Verdicts are asked for anew only when an object that they depend on is another one; OVN is asked when a policy or an end of
 * the flow is, and its drops are counted while a flow is underway, for some seconds after, and while somebody looks.
 */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

struct testimony { /* of one flow: the texts behind struct play_flow */
	char *reasons[POLICY_N_PROFILES];
	char *disagrees;
	bool allowed_then; /* when it was measured */
	bool was_judged_then;
	bool is_recalled; /* of an earlier run of the show: what the cluster is now is not known yet */
};

struct testify {
	uint64_t seen; /* hash of the objects that the verdicts were made of */
	uint64_t generation;
	int64_t made;             /* when */
	struct loop_timer *later; /* while it is too soon; NULL: no loop */
	struct policy_world *world;
	struct testimony *flows;
};

static void on_later(void *user)
{
	struct play *p = user;
	testify_now(p);
	play_changed(p);
}

void testify_init(struct play *p)
{
	p->testify = mem_alloc(sizeof *p->testify);
	p->testify->flows = mem_alloc((p->flows.len + 1) * sizeof *p->testify->flows);
	p->testify->later = p->loop ? loop_timer_create(p->loop, on_later, p) : NULL;
}

void testify_finish(struct play *p)
{
	struct testify *t = p->testify;
	if (!t)
		return;
	for (size_t i = 0; i < p->flows.len; i++) {
		for (int k = 0; k < POLICY_N_PROFILES; k++)
			free(t->flows[i].reasons[k]);
		free(t->flows[i].disagrees);
	}
	policy_world_destroy(t->world);
	if (t->later)
		loop_timer_destroy(t->later);
	free(t->flows);
	free(t);
}

const struct policy_world *play_policies(const struct play *p)
{
	return p->testify ? p->testify->world : NULL;
}

/* ---- the objects that policies are about ---- */

static const enum kube_kind_id kinds[] = {KUBE_NAMESPACE, KUBE_POD, KUBE_NAD, KUBE_VM, KUBE_VMI, KUBE_MULTI_POLICY};
#define N_KINDS (sizeof kinds / sizeof kinds[0])
enum { MANY = 300, WAIT_MS = 500 };

#define HASH_BEGIN 0xcbf29ce484222325u

struct gathering {
	uint64_t hash;
	VEC(const json_t *) objects;
};

static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash * 31 + 7;
}

static bool gather(const json_t *object, void *user)
{
	struct gathering *g = user;
	g->hash = mix(g->hash, kube_ns(object));
	g->hash = mix(g->hash, kube_name(object));
	g->hash = mix(g->hash, json_walk_str(object, "metadata", "resourceVersion", NULL));
	vec_push(&g->objects, object);
	return true;
}

static struct gathering gather_all(const struct play *p)
{
	struct gathering g = {.hash = HASH_BEGIN};
	for (size_t i = 0; i < N_KINDS; i++) {
		g.hash = mix(g.hash, kube_kinds[kinds[i]].kind);
		kube_each(p->kube, kinds[i], gather, &g);
	}
	return g;
}

/* ---- verdicts ---- */

/* The flow's network, or the first secondary one that both ends are on. */
static const char *network_of(const struct play *p, const struct policy_world *world, const struct scenario_flow *flow)
{
	if (flow->network[0] != '\0')
		return flow->network;
	return policy_network(world, scenario_address(p->act, flow->from), scenario_address(p->act, flow->to));
}

bool testify_ask(struct play *p, const struct policy_world *world, size_t at, enum policy_profile profile,
                 struct policy_verdict *out)
{
	const struct scenario_flow *flow = p->flows.data[at].plan;
	size_t len = strcspn(flow->port, "/");
	char *proto = mem_strndup(flow->port, len);
	int64_t port = 0;
	struct policy_question question = {.from = scenario_address(p->act, flow->from),
	                                   .to = scenario_address(p->act, flow->to),
	                                   .network = network_of(p, world, flow),
	                                   .profile = profile};
	bool ok = policy_proto_find(proto, &question.proto) &&
	          (flow->port[len] == '\0' || text_to_int(flow->port + len + 1, 1, 65535, &port));
	free(proto);
	question.port = (int)port;
	return ok && policy_ask(world, &question, out, NULL);
}

/* What was measured under another verdict is no measurement any more. */
static void forget_if_other(const struct play *p, struct play_flow *flow, struct testimony *t)
{
	bool is_tried = flow->state != PLAY_FLOW_UNTRIED && flow->state != PLAY_FLOW_UNDERWAY;
	if (flow->state == PLAY_FLOW_UNTRIED && flow->is_judged && flow->measured == PLAY_UNMEASURED)
		snprintf(flow->note, sizeof flow->note, "%s",
		         !flow->allowed[POLICY_OVNK] ? "policies deny it"
		         : flow->was_ok              ? CUT_SEEN_BEFORE
		                                     : "");
	if (t->is_recalled && !(flow->is_judged && ask_is_live(p)))
		return;
	t->is_recalled = false;
	if (!is_tried || !t->was_judged_then || (flow->is_judged && flow->allowed[POLICY_OVNK] == t->allowed_then))
		return;
	flow->state = PLAY_FLOW_UNTRIED;
	flow->measured = PLAY_UNMEASURED;
	snprintf(flow->note, sizeof flow->note, "%s",
	         flow->is_judged && !flow->allowed[POLICY_OVNK] ? "policies deny it" : "");
}

static void judge(struct play *p, size_t at)
{
	struct play_flow *flow = &p->flows.data[at];
	struct testimony *t = &p->testify->flows[at];
	flow->is_judged = true;
	for (int k = 0; k < POLICY_N_PROFILES; k++) {
		struct policy_verdict verdict = {0};
		bool is_known = testify_ask(p, p->testify->world, at, (enum policy_profile)k, &verdict);
		free(t->reasons[k]);
		t->reasons[k] = is_known ? mem_strdup(verdict.reason) : NULL;
		flow->allowed[k] = verdict.allowed;
		flow->reasons[k] = t->reasons[k];
		flow->is_judged = flow->is_judged && is_known;
		policy_verdict_finish(&verdict);
	}
	forget_if_other(p, flow, t);
	if (flow->is_judged && !flow->allowed[POLICY_OVNK])
		overhear_expects(p, at);
}

/* ---- where they disagree ---- */

void play_flow_disagreement(const struct play_flow *flow, struct str *out)
{
	static const char *const ways[] = {"deny", "allow"}, *const traces[] = {"drops", "passes"};
	bool ovnk = flow->allowed[POLICY_OVNK];
	bool is_told = flow->is_judged && flow->is_traced && ovnk != flow->passes_ovn;
	bool passed = flow->measured == PLAY_CONNECTED || flow->measured == PLAY_REFUSED;
	bool dropped = flow->measured == PLAY_TIMED_OUT;
	size_t before = out->len;
	if (flow->is_judged && flow->allowed[POLICY_SPEC] != ovnk)
		str_append_f(out, "the API means %s, OVN-Kubernetes makes it %s", ways[flow->allowed[POLICY_SPEC]],
		             ways[ovnk]);
	if (is_told)
		str_append_f(out, "%spolicies: %s, OVN: %s", out->len > before ? "; " : "", ways[ovnk],
		             traces[flow->passes_ovn]);
	if (flow->is_judged && (ovnk ? dropped : passed)) {
		str_append_f(out, "%spolicies: %s, measured: ", out->len > before ? "; " : "", ways[ovnk]);
		play_flow_measured(flow, out);
	}
}

static void compare(struct play *p, size_t at)
{
	struct play_flow *flow = &p->flows.data[at];
	struct testimony *t = &p->testify->flows[at];
	struct str words = {0};
	play_flow_disagreement(flow, &words);
	free(t->disagrees);
	t->disagrees = words.len ? str_take(&words) : NULL;
	flow->disagrees = t->disagrees;
	str_finish(&words);
}

/* Many objects take their time, and come many at once: then a verdict may be half a second old. */
static bool is_too_soon(struct play *p)
{
	struct testify *t = p->testify;
	size_t n = 0;
	for (size_t i = 0; i < N_KINDS; i++)
		n += kube_count(p->kube, kinds[i]);
	if (!t->world || t->seen == 0 || n < MANY || !t->later || loop_now(p->loop) - t->made >= WAIT_MS)
		return false;
	if (!loop_timer_is_running(t->later))
		loop_timer_start(t->later, WAIT_MS, 0);
	return true;
}

void testify_now(struct play *p)
{
	struct testify *t = p->testify;
	if (p->flows.len == 0 || is_too_soon(p))
		return;
	if (!t->world || t->seen == 0 || t->generation != kube_generation(p->kube)) {
		struct gathering g = gather_all(p);
		t->generation = kube_generation(p->kube);
		if (!t->world || g.hash != t->seen) {
			t->seen = g.hash;
			t->made = p->loop ? loop_now(p->loop) : 0;
			policy_world_destroy(t->world);
			t->world = policy_world_create(g.objects.data, g.objects.len);
			for (size_t i = 0; i < p->flows.len; i++)
				judge(p, i);
			what_if_again(p, g.objects.data, g.objects.len);
		}
		vec_finish(&g.objects);
		overhear_changed(p);
	}
	for (size_t i = 0; i < p->flows.len; i++)
		compare(p, i);
}

void testify_anew(struct play *p)
{
	p->testify->generation = p->testify->seen = 0;
	testify_now(p);
}

void testify_measured(struct play *p, size_t at)
{
	struct testimony *t = &p->testify->flows[at];
	t->was_judged_then = p->flows.data[at].is_judged;
	t->allowed_then = p->flows.data[at].allowed[POLICY_OVNK];
	compare(p, at);
}

const char *testify_verdict_then(const struct play *p, size_t at)
{
	const struct testimony *t = &p->testify->flows[at];
	return !t->was_judged_then ? NULL : t->allowed_then ? "allow" : "deny";
}

void testify_recall(struct play *p, size_t at, const char *verdict)
{
	struct testimony *t = &p->testify->flows[at];
	t->allowed_then = text_equal(verdict, "allow");
	t->was_judged_then = t->is_recalled = t->allowed_then || text_equal(verdict, "deny");
}

void testify_heard(struct play *p, size_t at)
{
	compare(p, at);
}

bool testify_has_policies(const struct play *p)
{
	return kube_count(p->kube, KUBE_MULTI_POLICY) > 0;
}

/* Where an end of the flow is, in words; "" while it is not there. */
static void append_end(struct play *p, const char *end, const char *network, struct str *out)
{
	const struct topo *topo = play_topo(p);
	size_t at = topo_find_workload(topo, end);
	const struct topo_workload *workload = at == TOPO_NONE ? NULL : &topo->workloads.data[at];
	if (workload && workload->kind != TOPO_HOST && workload->state != TOPO_RUNNING)
		return;
	const char *address = workload ? topo_address(topo, end, network) : scenario_address(p->act, end);
	if (address[0] != '\0')
		str_append_f(out, "%s %s %s;", workload ? workload->pod : "", workload ? workload->id : "", address);
}

static bool mix_policy(const json_t *object, void *user)
{
	struct gathering *g = user;
	g->hash = mix(g->hash, json_walk_str(object, "metadata", "uid", NULL));
	g->hash = mix(g->hash, json_walk_str(object, "metadata", "resourceVersion", NULL));
	return true;
}

uint64_t testify_ends(struct play *p, size_t at)
{
	struct str from = {0}, to = {0};
	const struct scenario_flow *flow = p->flows.data[at].plan;
	const char *network = p->testify->world ? network_of(p, p->testify->world, flow) : "";
	append_end(p, flow->from, network, &from);
	append_end(p, flow->to, network, &to);
	uint64_t hash = from.len && to.len ? mix(mix(HASH_BEGIN, str_text(&from)), str_text(&to)) : 0;
	str_finish(&from);
	str_finish(&to);
	return hash;
}

uint64_t testify_hash(struct play *p, size_t at)
{
	struct gathering g = {.hash = testify_ends(p, at)};
	if (g.hash != 0)
		kube_each(p->kube, KUBE_MULTI_POLICY, mix_policy, &g);
	return g.hash;
}

bool testify_is_settled(const struct play *p)
{
	return !p->testify->later || !loop_timer_is_running(p->testify->later);
}

bool testify_denies(const struct play_flow *flow)
{
	return (flow->is_judged && !flow->allowed[POLICY_OVNK]) || (flow->is_traced && !flow->passes_ovn);
}

void testify_note(struct play_flow *flow)
{
	if (flow->state == PLAY_FLOW_BLOCKED && flow->is_counted)
		snprintf(flow->note, sizeof flow->note, "%llu packet%s dropped", (unsigned long long)flow->dropped,
		         flow->dropped == 1 ? "" : "s");
}
