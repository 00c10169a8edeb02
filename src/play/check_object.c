/* check_object: the checks of what the store has of objects: do they exist, are they gone, ready, in a condition, has a field its value? See
 * check.c. */
#include <stdlib.h>
#include <string.h>

#include "play/check.h"

#define NAMED_MAX 2 /* pods that are named with their state; the others are counted */

static enum kube_kind_id kind_id(const struct scenario_check *check)
{
	return (enum kube_kind_id)(check->object - kube_kinds);
}

static void append_object(const struct scenario_check *check, const char *ns, struct str *out)
{
	str_append_f(out, "%s %s%s%s", check->object->singular, ns, ns[0] ? "/" : "", check->name);
}

static const json_t *find_object(const struct asking *a, const char *ns)
{
	return kube_find(a->facts->kube, kind_id(a->check), ns, a->check->name);
}

static bool is_going(const json_t *object)
{
	return json_walk_str(object, "metadata", "deletionTimestamp", NULL)[0] != '\0';
}

/* False, and words, when the cluster does not even know the kind. */
static bool is_served(const struct asking *a)
{
	if (kube_is_served(a->facts->kube, kind_id(a->check)))
		return true;
	str_append_f(a->found, "the cluster does not serve %s%s%s", a->check->object->plural,
	             a->check->object->group[0] ? "." : "", a->check->object->group);
	str_append(a->cure, "install what brings this kind (its CustomResourceDefinition), or use the lab");
	return false;
}

/* ---- exists, gone ---- */

enum check_result check_exists(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i];
		const json_t *object = find_object(a, ns);
		if (object && !is_going(object))
			continue;
		append_object(a->check, ns, a->found);
		str_append(a->found, object ? " is being deleted" : " is not there");
		if (ns[0] != '\0' && !kube_find(a->facts->kube, KUBE_NAMESPACE, NULL, ns))
			str_append_f(a->found, ", nor is namespace %s", ns);
		else if (!object)
			check_append_near(a, ns);
		str_append(a->cure, object ? "wait until it is gone, then run the stage again"
		                           : "see what the command printed, then run it again");
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

struct counting {
	const char *ns;
	size_t n;
};

static bool count_pod(const json_t *pod, void *user)
{
	struct counting *c = user;
	c->n += text_equal(kube_ns(pod), c->ns);
	return true;
}

enum check_result check_gone(const struct asking *a)
{
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const json_t *object = find_object(a, a->check->namespaces.data[i]);
		if (!object)
			continue;
		append_object(a->check, a->check->namespaces.data[i], a->found);
		str_append(a->found, is_going(object) ? " is still being deleted" : " is still there");
		struct counting pods = {.ns = a->check->name};
		if (kind_id(a->check) == KUBE_NAMESPACE)
			kube_each(a->facts->kube, KUBE_POD, count_pod, &pods);
		if (pods.n > 0)
			str_append_f(a->found, ", with %zu pod%s in it", pods.n, pods.n == 1 ? "" : "s");
		if (is_going(object))
			str_append_f(a->cure,
			             "see what holds it: kubectl get %s %s -oyaml, under finalizers and conditions",
			             a->check->object->singular, a->check->name);
		else
			str_append(a->cure, "run the stage again");
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

/* ---- ready ---- */

/* Objects of the check's kind in its namespaces: those that are there, and those that the manifests promise. */
struct counted {
	const struct asking *asking;
	size_t n, n_ready, n_named;
	struct str first;  /* "NAME -nNS" of the first of them */
	struct str others; /* "ns/name is STATE: why; ..." of those that are not ready */
};

static bool is_asked_for(const struct asking *a, const json_t *object)
{
	if (a->check->name[0] != '\0' && !text_equal(kube_name(object), a->check->name))
		return false;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		if (text_equal(a->check->namespaces.data[i], kube_ns(object)))
			return true;
	}
	return false;
}

/* The graph's words for a workload; for other objects those of its condition. */
void check_append_state(const struct asking *a, const json_t *object, const char *id, struct str *out)
{
	size_t at = topo_find_workload(a->facts->topo, id);
	const char *reason = "", *message = "";
	if (at != TOPO_NONE) {
		const struct topo_workload *workload = &a->facts->topo->workloads.data[at];
		str_append_f(out, "%s is %s", id, object ? workload->phase : "not there");
		if (object && workload->reason[0] != '\0')
			str_append_f(out, ": %s", workload->reason);
	} else {
		const char *status = object ? kube_condition(object, "Ready", &reason, &message) : "";
		str_append_f(out, "%s is %s%s%s", id, object ? "not Ready" : "not there",
		             status[0] && message[0] ? ": " : "", message);
	}
	for (size_t i = 0; at != TOPO_NONE && i < a->facts->topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &a->facts->topo->attachments.data[i];
		if (attachment->workload == at && attachment->state == TOPO_FAILED && attachment->problem[0] != '\0' &&
		    !strstr(str_text(out), attachment->problem))
			str_append_f(out, "; %s", attachment->problem);
	}
}

static void count_object(struct counted *c, const json_t *object, bool is_there)
{
	const char *ns = kube_ns(object);
	const char *reason, *message;
	c->n++;
	if (is_there && !is_going(object) && text_equal(kube_condition(object, "Ready", &reason, &message), "True")) {
		c->n_ready++;
		return;
	}
	if (c->n_named++ >= NAMED_MAX)
		return;
	char *id = mem_printf("%s%s%s", ns, ns[0] ? "/" : "", kube_name(object));
	if (c->others.len > 0)
		str_append(&c->others, "; ");
	else
		str_append_f(&c->first, "%s%s%s", kube_name(object), ns[0] ? " -n" : "", ns);
	check_append_state(c->asking, is_there ? object : NULL, id, &c->others);
	free(id);
}

static bool count_there(const json_t *object, void *user)
{
	struct counted *c = user;
	if (is_asked_for(c->asking, object))
		count_object(c, object, true);
	return true;
}

static void count_promised(struct counted *c)
{
	const struct asking *a = c->asking;
	for (size_t i = 0; i < a->facts->n_planned; i++) {
		const json_t *object = a->facts->planned[i];
		if (kube_kind_of(object) == a->check->object && is_asked_for(a, object) &&
		    !kube_find(a->facts->kube, kind_id(a->check), kube_ns(object), kube_name(object)))
			count_object(c, object, false);
	}
}

enum check_result check_ready(const struct asking *a)
{
	struct counted c = {.asking = a};
	if (!is_served(a))
		return CHECK_WAITS;
	kube_each(a->facts->kube, kind_id(a->check), count_there, &c);
	count_promised(&c);
	const char *what = c.n == 1 ? a->check->object->singular : a->check->object->plural;
	if (c.n == 0) {
		str_append_f(a->found, "there is no %s", a->check->object->singular);
		check_append_namespaces(a->check, a->found);
		str_append(a->cure, "run the stage that makes it");
	} else {
		str_append_f(a->found, "%zu of %zu %s Ready", c.n_ready, c.n, what);
	}
	if (c.others.len > 0)
		str_append_f(a->found, "; %s", str_text(&c.others));
	if (c.n_named > NAMED_MAX)
		str_append_f(a->found, "; and %zu more", c.n_named - NAMED_MAX);
	if (c.n > c.n_ready)
		str_append_f(a->cure, "kubectl describe %s %s says more", a->check->object->singular,
		             str_text(&c.first));
	str_finish(&c.first);
	str_finish(&c.others);
	return c.n > 0 && c.n == c.n_ready ? CHECK_HOLDS : CHECK_WAITS;
}

/* ---- condition, field ---- */

enum check_result check_condition(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i], *reason = "", *message = "";
		const json_t *object = find_object(a, ns);
		const char *status = object ? kube_condition(object, a->check->type, &reason, &message) : "";
		if (object && text_equal(status, a->check->expected))
			continue;
		append_object(a->check, ns, a->found);
		if (!object)
			str_append(a->found, " is not there");
		else if (status[0] == '\0')
			str_append_f(a->found, " says nothing of %s yet", a->check->type);
		else
			str_append_f(a->found, ": %s is %s%s%s%s%s", a->check->type, status, reason[0] ? ", " : "",
			             reason, message[0] ? ": " : "", message);
		str_append_f(a->cure, "kubectl describe %s %s says more", a->check->object->singular, a->check->name);
		return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

static void append_value(struct str *out, const json_t *value)
{
	if (!value)
		return;
	if (json_is_string(value))
		str_append(out, json_string_value(value));
	else if (json_is_boolean(value))
		str_append(out, json_is_true(value) ? "True" : "False");
	else
		str_append_json(out, value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
}

enum check_result check_field(const struct asking *a)
{
	if (!is_served(a))
		return CHECK_WAITS;
	for (size_t i = 0; i < a->check->namespaces.len; i++) {
		const char *ns = a->check->namespaces.data[i];
		const json_t *object = find_object(a, ns),
		             *value = object ? scenario_path_get(object, a->check->path) : NULL;
		struct str text = {0};
		append_value(&text, value);
		bool same = value && text_equal(str_text(&text), a->check->expected);
		if (!same) {
			append_object(a->check, ns, a->found);
			str_append_f(a->found, object ? ": %s is " : " is not there", a->check->path);
			if (object && value)
				check_append_quote(a->found, str_text(&text));
			else if (object)
				str_append(a->found, "not there");
			str_append_f(a->cure, "kubectl get %s %s -oyaml shows the whole object",
			             a->check->object->singular, a->check->name);
		}
		str_finish(&text);
		if (!same)
			return CHECK_WAITS;
	}
	return CHECK_HOLDS;
}

/* ---- in words ---- */

static void describe_object(const struct scenario_check *check, const char *words, struct str *out)
{
	str_append_f(out, "%s/%s %s", check->object->singular, check->name, words);
	check_append_namespaces(check, out);
}

void check_exists_words(const struct scenario_check *check, struct str *out)
{
	describe_object(check, "exists", out);
}

void check_gone_words(const struct scenario_check *check, struct str *out)
{
	describe_object(check, "is gone", out);
}

void check_ready_words(const struct scenario_check *check, struct str *out)
{
	if (check->name[0] != '\0')
		str_append_f(out, "%s/%s Ready", check->object->singular, check->name);
	else
		str_append_f(out, "all %s Ready", check->object->plural);
	check_append_namespaces(check, out);
}

void check_condition_words(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s/%s", check->object->singular, check->name);
	check_append_namespaces(check, out);
	str_append_f(out, " has %s %s", check->type, check->expected);
}

void check_field_words(const struct scenario_check *check, struct str *out)
{
	str_append_f(out, "%s/%s", check->object->singular, check->name);
	check_append_namespaces(check, out);
	str_append_f(out, " has %s ", check->path);
	check_append_quote(out, check->expected);
}
