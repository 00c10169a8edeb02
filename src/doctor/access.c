/* access: may this persona do what the acts do? One SelfSubjectAccessReview a right, as `kubectl auth can-i` asks. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

#define AREA "permissions"
#define PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
enum { NAMED_MAX = 6 };

static const char *resource_of(const struct needs *needs, const struct need_right *right)
{
	return right->kind == SIZE_MAX ? right->resource : needs->kinds.data[right->kind].plural;
}

static json_t *review_of(const struct needs *needs, const struct need_right *right)
{
	const char *group = right->kind == SIZE_MAX ? right->group : needs->kinds.data[right->kind].group;
	json_t *what = json_pack("{s:s, s:s, s:s}", "verb", right->verb, "group", group, "resource",
	                         resource_of(needs, right));
	if (*right->sub)
		json_object_set_new(what, "subresource", json_string(right->sub));
	if (*right->ns)
		json_object_set_new(what, "namespace", json_string(right->ns));
	return json_pack("{s:s, s:s, s:{s:o}}", "apiVersion", "authorization.k8s.io/v1", "kind",
	                 "SelfSubjectAccessReview", "spec", "resourceAttributes", what);
}

static void append_right(struct str *out, const struct needs *needs, const struct need_right *right)
{
	str_append_f(out, "%s%s %s%s%s", out->len ? "; " : "", right->verb, resource_of(needs, right),
	             *right->sub ? "/" : "", right->sub);
	if (*right->ns)
		str_append_f(out, " in %s", right->ns);
}

struct tally {
	size_t n_asked, n_refused;
	struct str refused;
	const char *failure;
};

static void add_up(struct tally *tally, const struct needs *needs, const struct need_right *right,
                   const struct question *question)
{
	tally->n_asked++;
	if (!question->answer) {
		tally->failure = question->failure;
	} else if (!json_is_true(json_walk(question->answer, "status", "allowed", NULL))) {
		if (tally->n_refused++ < NAMED_MAX)
			append_right(&tally->refused, needs, right);
	}
}

static void tell(struct doctor *doctor, const char *who, const char *act, const struct tally *tally)
{
	if (tally->failure)
		doctor_add(doctor, DOCTOR_UNTRIED, AREA, "kubectl auth can-i create pods",
		           "%s: the cluster does not say who may do what: %s", who, tally->failure);
	else if (tally->n_refused > NAMED_MAX)
		doctor_add(doctor, DOCTOR_FAIL, AREA,
		           "let an administrator bind a role that allows it, or use a context whose user may",
		           "%s may not, of what %s does: %s; and %zu more", who, act, str_text(&tally->refused),
		           tally->n_refused - NAMED_MAX);
	else if (tally->n_refused)
		doctor_add(doctor, DOCTOR_FAIL, AREA,
		           "let an administrator bind a role that allows it, or use a context whose user may",
		           "%s may not, of what %s does: %s", who, act, str_text(&tally->refused));
	else
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "%s may do the %zu things that %s does", who, tally->n_asked,
		           act);
}

static void look_for_act(struct doctor *doctor, struct kube *kube, const struct needs *needs,
                         enum scenario_persona persona, size_t act)
{
	struct tally tally = {0};
	VEC(struct question) questions = {0};
	VEC(size_t) asked = {0};
	for (size_t i = 0; i < needs->rights.len; i++) {
		const struct need_right *right = &needs->rights.data[i];
		if (right->persona != persona || right->act != act || !resource_of(needs, right))
			continue; /* a kind that is not served has been told of */
		vec_push(&questions, ((struct question){.path = mem_strdup(PATH), .body = review_of(needs, right)}));
		vec_push(&asked, i);
	}
	ask_cluster(doctor->options.loop, kube, questions.data, questions.len);
	for (size_t i = 0; i < questions.len; i++)
		add_up(&tally, needs, &needs->rights.data[asked.data[i]], &questions.data[i]);
	if (questions.len > 0)
		tell(doctor, scenario_persona_name(persona), doctor->options.acts[act]->name, &tally);
	for (size_t i = 0; i < questions.len; i++)
		question_finish(&questions.data[i]);
	vec_finish(&questions);
	vec_finish(&asked);
	str_finish(&tally.refused);
}

void look_for_rights(struct doctor *doctor, struct kube *kube, const struct needs *needs, enum scenario_persona persona)
{
	for (size_t act = 0; act < doctor->options.n_acts; act++)
		look_for_act(doctor, kube, needs, persona, act);
}
