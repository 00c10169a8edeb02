/* The connection as a whole: what shall be watched, in what state that is, and the store as others read it. */
#include <stdlib.h>
#include <string.h>

#include "kube/internal.h"

const char *const kube_headers[] = {"Accept: application/json", "User-Agent: onesdn", NULL};

void kube_append_escaped(struct str *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (; *text; text++) {
		if (strchr(plain, *text))
			str_append_c(out, *text);
		else
			str_append_f(out, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

int64_t kube_ms(const struct kube *kube, int64_t ms)
{
	int64_t shorter = ms / kube->hurry;
	return shorter > 0 ? shorter : 1;
}

/* kubectl proxy answers only to the Host localhost, on a Unix socket too. */
char *kube_url(const struct kube *kube, const char *path, const char *query)
{
	return mem_printf("http://localhost%s%s%s%s", kube->transport.prefix, path, query[0] ? "?" : "", query);
}

/* ---- state ---- */
static const char *find_problem(const struct kube *kube)
{
	if (kube->transport.problem && kube->transport.problem[0])
		return kube->transport.problem;
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (!scope_is_settled(kube->scopes.data[i]) && kube->scopes.data[i]->problem[0])
			return kube->scopes.data[i]->problem;
	return kube->is_offline        ? ""
	       : kube->transport.is_up ? "waiting for the cluster's answer"
	                               : "connecting to the cluster";
}

static bool is_live(const struct kube *kube)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (!scope_is_settled(kube->scopes.data[i]))
			return false;
	return kube->transport.is_up && kube->scopes.len > 0;
}

static void report_state(struct kube *kube)
{
	if (!kube->events.on_state)
		return;
	kube->depth++;
	kube->events.on_state(kube, kube->state, kube->user);
	kube->depth--;
}

void kube_evaluate(struct kube *kube)
{
	bool live = is_live(kube);
	const char *problem = live ? "" : find_problem(kube);
	kube->was_live |= live;
	enum kube_state state = live ? KUBE_LIVE : kube->was_live ? KUBE_STALE : KUBE_CONNECTING;
	if (state == kube->state && strcmp(problem, kube->problem) == 0)
		return;
	if (live)
		kube->stale_since = 0;
	else if (kube->state == KUBE_LIVE)
		kube->stale_since = loop_now(kube->loop);
	kube->state = state;
	free(kube->problem);
	kube->problem = mem_strdup(problem);
	report_state(kube);
}

static void on_context(char *name, void *user)
{
	struct kube *kube = user;
	free(kube->context);
	kube->context = name;
	report_state(kube);
}

/* ---- events: later in the turn in which they came, at most EVENTS_A_TURN, the rest in the next ---- */
static void take_events(struct kube *kube)
{
	size_t left = EVENTS_A_TURN, n = kube->scopes.len;
	for (size_t i = 0; i < n && left > 0; i++) {
		struct scope *scope = kube->scopes.data[(kube->next_scope + i) % n];
		if (scope->is_ready)
			left -= scope_take_events(scope, left);
		if (left == 0)
			kube->next_scope = (kube->next_scope + i + 1) % n;
	}
}

static bool has_ready(const struct kube *kube)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (kube->scopes.data[i]->is_ready)
			return true;
	return false;
}

static void plan_scopes(struct kube *kube);

static void on_post(void *user)
{
	struct kube *kube = user;
	kube->is_posted = false;
	if (kube->plan_waits)
		plan_scopes(kube);
	take_events(kube);
	if (has_ready(kube))
		loop_timer_start(kube->timer, 0, 0);
}

static void on_timer(void *user)
{
	struct kube *kube = user;
	kube_store_forget_retired(&kube->store);
	on_post(kube);
}

static void post(struct kube *kube)
{
	if (!kube->is_posted)
		loop_post(kube->loop, on_post, kube);
	kube->is_posted = true;
}

void kube_events_wait(struct kube *kube)
{
	if (!loop_timer_is_running(kube->timer))
		post(kube);
}

void kube_report(struct kube *kube, enum kube_kind_id kind, const struct kube_store_change *change)
{
	if (kube->timer && kube->store.retired.len > 0 && !loop_timer_is_running(kube->timer))
		loop_timer_start(kube->timer, 0, 0);
	if (!kube->events.on_change)
		return;
	kube->depth++;
	kube->events.on_change(kube, change->change, &kube_kinds[kind], change->object, kube->user);
	kube->depth--;
}

/* ---- the plan ---- */
static struct scope *find_scope(const struct kube *kube, enum kube_kind_id kind, const char *ns)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (kube->scopes.data[i]->kind == kind && strcmp(kube->scopes.data[i]->ns, ns) == 0)
			return kube->scopes.data[i];
	return NULL;
}

static bool is_planned(const struct kube *kube, const struct scope *scope)
{
	bool by_namespace = (kube_kinds[scope->kind].namespaced || scope->kind == KUBE_NAMESPACE) && !kube->in_all;
	if (!(kube->kinds >> scope->kind & 1u))
		return false;
	if (!by_namespace)
		return !scope->ns[0];
	for (size_t i = 0; i < kube->namespaces.len; i++)
		if (strcmp(kube->namespaces.data[i], scope->ns) == 0)
			return true;
	return false;
}

static void drop_scopes(struct kube *kube)
{
	size_t kept = 0;
	for (size_t i = 0; i < kube->scopes.len; i++) {
		struct scope *scope = kube->scopes.data[i];
		if (is_planned(kube, scope))
			kube->scopes.data[kept++] = scope;
		else
			scope_destroy(scope);
	}
	kube->scopes.len = kept;
}

static bool is_covered(const struct kube *kube, enum kube_kind_id kind, const struct kube_store_entry *entry)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (kube->scopes.data[i]->kind == kind && scope_covers(kube->scopes.data[i], entry->ns, entry->name))
			return true;
	return false;
}

/* What nobody watches any more is forgotten; that is no change of the cluster, so none is reported. */
static void forget_uncovered(struct kube *kube)
{
	for (size_t k = 0; k < KUBE_N_KINDS; k++) {
		struct kube_store_kind *kind = &kube->store.kinds[k];
		for (size_t i = kind->len; i-- > 0;) {
			struct kube_store_entry entry = kind->data[i];
			struct kube_store_change change;
			if (!is_covered(kube, (enum kube_kind_id)k, &entry))
				kube_store_remove(&kube->store, (enum kube_kind_id)k, entry.ns, entry.name, &change);
		}
	}
	if (kube->store.retired.len > 0)
		loop_timer_start(kube->timer, 0, 0);
}

static bool add_scope(struct kube *kube, enum kube_kind_id kind, const char *ns)
{
	if (find_scope(kube, kind, ns))
		return false;
	struct scope *scope = scope_create(kube, kind, ns);
	vec_push(&kube->scopes, scope);
	scope_start(scope);
	return true;
}

static void plan_scopes(struct kube *kube)
{
	bool is_new = false;
	kube->plan_waits = false;
	drop_scopes(kube);
	for (size_t k = 0; k < KUBE_N_KINDS; k++) {
		bool by_namespace = (kube_kinds[k].namespaced || k == KUBE_NAMESPACE) && !kube->in_all;
		if (!(kube->kinds >> k & 1u))
			continue;
		if (!by_namespace)
			is_new |= add_scope(kube, (enum kube_kind_id)k, "");
		for (size_t i = 0; by_namespace && i < kube->namespaces.len; i++)
			is_new |= add_scope(kube, (enum kube_kind_id)k, kube->namespaces.data[i]);
	}
	forget_uncovered(kube);
	if ((is_new && kube->state == KUBE_LIVE) || kube->scopes.len == 0)
		kube->was_live = false; /* this plan was never complete */
	kube_evaluate(kube);
}

static void forget_namespaces(struct kube *kube)
{
	for (size_t i = 0; i < kube->namespaces.len; i++)
		free(kube->namespaces.data[i]);
	vec_finish(&kube->namespaces);
}

void kube_watch(struct kube *kube, unsigned kinds, const char *const *namespaces)
{
	if (kube->is_offline)
		return;
	forget_namespaces(kube);
	kube->kinds = kinds;
	kube->in_all = !namespaces;
	for (size_t i = 0; namespaces && namespaces[i]; i++)
		if (namespaces[i][0])
			vec_push(&kube->namespaces, mem_strdup(namespaces[i]));
	if (kube->depth == 0) {
		plan_scopes(kube);
		return;
	}
	kube->plan_waits = true; /* a scope may be at work right now */
	post(kube);
}

static void on_transport(void *user)
{
	struct kube *kube = user;
	for (size_t i = 0; i < kube->scopes.len; i++) {
		if (kube->transport.is_up)
			scope_start(kube->scopes.data[i]);
		else
			scope_stop(kube->scopes.data[i]);
	}
	if (kube->transport.is_up)
		requests_start(kube);
	kube_evaluate(kube);
}

/* ---- life ---- */
struct kube *kube_create(struct loop *loop, const struct kube_options *options)
{
	struct kube *kube = mem_alloc(sizeof *kube);
	*kube = (struct kube){.loop = loop,
	                      .is_offline = options->offline,
	                      .hurry = options->hurry,
	                      .events = options->events,
	                      .user = options->user};
	if (kube->hurry < 1)
		kube->hurry = 1;
	kube->problem = mem_strdup("");
	kube->context = mem_strdup(options->context ? options->context : options->socket ? "lab" : "");
	if (kube->is_offline)
		return kube;
	kube->timer = loop_timer_create(loop, on_timer, kube);
	health_init(&kube->health, kube);
	transport_init(&kube->transport, loop, options);
	kube->transport.on_change = on_transport;
	kube->transport.on_context = on_context;
	kube->transport.user = kube;
	transport_start(&kube->transport);
	return kube;
}

void kube_destroy(struct kube *kube)
{
	if (!kube)
		return;
	requests_orphan(kube);
	for (size_t i = 0; i < kube->scopes.len; i++)
		scope_destroy(kube->scopes.data[i]);
	vec_finish(&kube->scopes);
	if (!kube->is_offline) {
		health_finish(&kube->health);
		transport_finish(&kube->transport);
		loop_timer_destroy(kube->timer);
		loop_unpost(kube->loop, kube);
	}
	for (size_t k = 0; k < KUBE_N_KINDS; k++)
		split_finish(&kube->fed[k]);
	forget_namespaces(kube);
	kube_store_finish(&kube->store);
	free(kube->problem);
	free(kube->context);
	free(kube);
}

/* ---- questions ---- */
enum kube_state kube_state(const struct kube *kube)
{
	return kube->state;
}

int64_t kube_stale_since(const struct kube *kube)
{
	return kube->stale_since;
}

const char *kube_problem(const struct kube *kube)
{
	return kube->problem;
}

const char *kube_note(const struct kube *kube)
{
	for (size_t i = 0; kube->state == KUBE_LIVE && i < kube->scopes.len; i++)
		if (!kube->scopes.data[i]->is_served && kube->scopes.data[i]->problem[0])
			return kube->scopes.data[i]->problem;
	return "";
}

const char *kube_context(const struct kube *kube)
{
	return kube->context;
}

bool kube_is_served(const struct kube *kube, enum kube_kind_id kind)
{
	for (size_t i = 0; i < kube->scopes.len; i++)
		if (kube->scopes.data[i]->kind == kind && !kube->scopes.data[i]->is_served)
			return false;
	return true;
}

const json_t *kube_find(const struct kube *kube, enum kube_kind_id kind, const char *ns, const char *name)
{
	const struct kube_store_entry *entry = kube_store_find(&kube->store, kind, ns ? ns : "", name);
	return entry ? entry->object : NULL;
}

void kube_each(const struct kube *kube, enum kube_kind_id kind, kube_each_fn *fn, void *user)
{
	const struct kube_store_kind *list = &kube->store.kinds[kind];
	for (size_t i = 0; i < list->len; i++)
		if (!fn(list->data[i].object, user))
			return;
}

size_t kube_count(const struct kube *kube, enum kube_kind_id kind)
{
	return kube->store.kinds[kind].len;
}

uint64_t kube_generation(const struct kube *kube)
{
	return kube->store.generation;
}
