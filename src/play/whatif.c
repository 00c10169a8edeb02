/* whatif: what a manifest would do to the act's flows, before it is applied. Computed from the objects as they are now, kept
 * until what it brings is there. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

struct what_if {
	char *name; /* of the file */
	VEC(json_t *) objects;
	struct policy_world *then;
	char **reasons;
	struct policy_change change;
};

static void what_if_destroy(struct play *p, struct what_if *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->objects.len; i++)
		json_decref(w->objects.data[i]);
	for (size_t i = 0; i < p->flows.len; i++)
		free(w->reasons[i]);
	vec_finish(&w->objects);
	policy_world_destroy(w->then);
	free(w->reasons);
	free(w->name);
	free(w);
}

void what_if_finish(struct play *p)
{
	what_if_destroy(p, p->what_if);
	p->what_if = NULL;
	for (size_t i = 0; i < p->flows.len; i++) {
		p->flows.data[i].is_asked_if = false;
		p->flows.data[i].reason_then = NULL;
	}
}

static void take_objects(struct what_if *w, const json_t *documents)
{
	size_t i, k;
	json_t *document, *item;
	json_array_foreach ((json_t *)documents, i, document) {
		json_t *items = json_object_get(document, "items");
		if (!json_is_array(items))
			vec_push(&w->objects, json_incref(document));
		json_array_foreach (items, k, item)
			vec_push(&w->objects, json_incref(item));
	}
}

static bool is_there(const struct play *p, const json_t *object)
{
	const struct kube_kind *kind = kube_kind_of(object);
	return kind && kube_find(p->kube, (enum kube_kind_id)(kind - kube_kinds), kube_ns(object), kube_name(object));
}

/* Whether all of it has been applied: then it is no question any more. */
static bool has_come(const struct play *p)
{
	bool all = p->what_if->objects.len > 0;
	for (size_t i = 0; i < p->what_if->objects.len; i++)
		all = all && is_there(p, p->what_if->objects.data[i]);
	return all;
}

void what_if_again(struct play *p, const json_t *const *objects, size_t n_objects)
{
	struct what_if *w = p->what_if;
	if (!w)
		return;
	if (w->then && has_come(p)) {
		what_if_finish(p);
		return;
	}
	policy_world_destroy(w->then);
	w->then = policy_world_create_with(objects, n_objects, (const json_t *const *)w->objects.data, w->objects.len);
	w->change = policy_compare(play_policies(p), w->then, POLICY_OVNK);
	for (size_t i = 0; i < p->flows.len; i++) {
		struct play_flow *flow = &p->flows.data[i];
		struct policy_verdict verdict = {0};
		flow->is_asked_if = testify_ask(p, w->then, i, POLICY_OVNK, &verdict);
		flow->allowed_then = verdict.allowed;
		free(w->reasons[i]);
		w->reasons[i] = flow->is_asked_if ? mem_strdup(verdict.reason) : NULL;
		flow->reason_then = w->reasons[i];
		policy_verdict_finish(&verdict);
	}
}

bool what_if_read(struct play *p, const char *name, const char *text, size_t size, struct err *err)
{
	struct yaml *yaml = yaml_parse(text, size, name, err);
	if (!yaml)
		return false;
	what_if_finish(p);
	p->what_if = mem_alloc(sizeof *p->what_if);
	p->what_if->name = mem_strdup(name);
	p->what_if->reasons = mem_alloc((p->flows.len + 1) * sizeof *p->what_if->reasons);
	take_objects(p->what_if, yaml_documents(yaml));
	yaml_destroy(yaml);
	testify_anew(p);
	play_changed(p);
	return true;
}

bool play_ask_what_if(struct play *p, const char *path, struct err *err)
{
	struct str text = {0};
	char *full = path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", p->act->folder, path);
	bool ok =
	        file_read(full, SCENARIO_SIZE_MAX, &text, err) && what_if_read(p, path, str_text(&text), text.len, err);
	str_finish(&text);
	free(full);
	return ok;
}

static void name_changed(const struct play *p, bool is_open, struct str *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->flows.len; i++) {
		const struct play_flow *flow = &p->flows.data[i];
		if (!flow->is_judged || !flow->is_asked_if || flow->allowed_then != is_open ||
		    flow->allowed[POLICY_OVNK] == is_open)
			continue;
		str_append(out, n++ > 0 ? ", " : is_open ? " would open " : " would close ");
		scenario_flow_name(flow->plan, out);
	}
	str_append(out, n > 0 ? ";" : "");
}

void play_what_if_words(const struct play *p, struct str *out)
{
	const struct what_if *w = p->what_if;
	if (!w)
		return;
	size_t before = out->len;
	str_append(out, w->name);
	name_changed(p, false, out);
	name_changed(p, true, out);
	if (out->len == before + strlen(w->name))
		str_append(out, " would change none of the act's flows;");
	str_append_f(out, " of %zu pairs of workloads %zu would lose something, %zu gain", w->change.n_pairs,
	             w->change.n_closed, w->change.n_opened);
}
