/* deletes: does shell text delete anything that is not in the act's own namespaces? Where that cannot be told, it does: then
 * somebody is asked. See scenario.h. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/scenario.h"

struct reading {
	const struct scenario_act *act;
	const char *at;
};

static bool is_ours(const struct scenario_act *act, const char *namespace)
{
	for (size_t i = 0; i < act->namespaces.len; i++)
		if (text_equal(act->namespaces.data[i], namespace))
			return true;
	return false;
}

/* The next word of this command, its quotes taken off; false at the command's end. */
static bool take_word(struct reading *r, struct str *word)
{
	char quote = '\0';
	str_clear(word);
	r->at += strspn(r->at, " \t");
	if (strchr("\n;|&()", *r->at)) /* and at the text's end */
		return false;
	for (; *r->at && (quote || !strchr(" \t\n;|&()", *r->at)); r->at++) {
		if (*r->at == quote)
			quote = '\0';
		else if (!quote && (*r->at == '\'' || *r->at == '"'))
			quote = *r->at;
		else
			str_append_c(word, *r->at);
	}
	return true;
}

static bool is_object_ours(const struct scenario_act *act, const json_t *object)
{
	bool is_namespace = text_equal(json_walk_str(object, "kind", NULL), "Namespace"), ours = true;
	size_t i;
	json_t *items = json_object_get(object, "items"), *item;
	if (!items)
		return is_ours(act, is_namespace ? json_walk_str(object, "metadata", "name", NULL)
		                                 : json_walk_str(object, "metadata", "namespace", NULL));
	json_array_foreach (items, i, item)
		ours = ours && !json_object_get(item, "items") && is_object_ours(act, item);
	return ours;
}

static bool is_file_ours(const struct scenario_act *act, const char *name)
{
	struct str text = {0};
	char *path = name[0] == '/' ? mem_strdup(name) : mem_printf("%s/%s", act->folder, name);
	struct yaml *yaml = file_read(path, SCENARIO_SIZE_MAX, &text, NULL)
	                            ? yaml_parse(str_text(&text), text.len, path, NULL)
	                            : NULL;
	bool ours = yaml != NULL;
	size_t i;
	json_t *object;
	json_array_foreach ((json_t *)(yaml ? yaml_documents(yaml) : NULL), i, object) {
		ours = ours && is_object_ours(act, object);
	}
	yaml_destroy(yaml);
	str_finish(&text);
	free(path);
	return ours;
}

struct deletion { /* what stands behind "kubectl delete" */
	const struct scenario_act *act;
	char *namespace; /* NULL: not said */
	const struct kube_kind *kind;
	bool has_kind, is_elsewhere, wants_namespace;
};

static void take_name(struct deletion *d, const char *name)
{
	if (!d->kind)
		d->is_elsewhere = true;
	else if (d->kind - kube_kinds == KUBE_NAMESPACE)
		d->is_elsewhere = d->is_elsewhere || !is_ours(d->act, name);
	else if (d->kind->namespaced)
		d->wants_namespace = true;
	else
		d->is_elsewhere = true;
}

static void take_object(struct deletion *d, char *word)
{
	char *slash = strchr(word, '/');
	if (slash) {
		*slash = '\0';
		d->kind = kube_kind_find(word);
		d->has_kind = true;
		take_name(d, slash + 1);
	} else if (!d->has_kind) {
		d->kind = kube_kind_find(word); /* NULL also for several: "pods,vms" */
		d->has_kind = true;
		d->wants_namespace = !d->kind || d->kind->namespaced;
		d->is_elsewhere = d->is_elsewhere || !d->kind;
	} else {
		take_name(d, word);
	}
}

/* The value of an option, as the next word or behind "=", or right behind a short one. NULL: it is not this option. */
static const char *value_of(struct reading *r, struct str *word, const char *brief, const char *full)
{
	const char *text = str_text(word);
	size_t len = strlen(full);
	if (text_equal(text, brief) || text_equal(text, full))
		return take_word(r, word) ? str_text(word) : "";
	if (text_has_prefix(text, full) && text[len] == '=')
		return text + len + 1;
	return text_has_prefix(text, brief) && text[1] != '-' ? text + strlen(brief) + (text[strlen(brief)] == '=')
	                                                      : NULL;
}

static void take_option(struct deletion *d, struct reading *r, struct str *word)
{
	const char *text = str_text(word), *value;
	if (text_equal(text, "-A") || text_equal(text, "--all-namespaces") || text_has_prefix(text, "-k") ||
	    text_has_prefix(text, "--kustomize") || text_has_prefix(text, "--raw") || text_equal(text, "--all")) {
		d->is_elsewhere = d->is_elsewhere || !text_equal(text, "--all") || !d->kind || !d->kind->namespaced;
	} else if ((value = value_of(r, word, "-n", "--namespace"))) {
		free(d->namespace);
		d->namespace = mem_strdup(value);
	} else if ((value = value_of(r, word, "-f", "--filename"))) {
		d->is_elsewhere = d->is_elsewhere || !is_file_ours(d->act, value);
	} else if (text_equal(text, "-l") || text_equal(text, "--selector")) {
		take_word(r, word);
	}
}

/* At the begin of what stands behind the program's name. */
static bool deletes_elsewhere(struct reading *r)
{
	struct deletion d = {.act = r->act};
	struct str word = {0};
	bool is_deletion = false;
	while (take_word(r, &word)) {
		if (word.len > 0 && word.data[0] == '-')
			take_option(&d, r, &word);
		else if (!is_deletion && !text_equal(str_text(&word), "delete"))
			break;
		else if (!is_deletion)
			is_deletion = true;
		else if (word.len > 0)
			take_object(&d, word.data);
	}
	bool is_ours_there = d.namespace && is_ours(d.act, d.namespace);
	bool is_elsewhere = is_deletion && (d.is_elsewhere || (d.namespace ? !is_ours_there : d.wants_namespace));
	free(d.namespace);
	str_finish(&word);
	return is_elsewhere;
}

bool scenario_deletes_elsewhere(const struct scenario_act *act, const char *text)
{
	struct reading r = {act, text};
	struct str word = {0};
	bool is_elsewhere = false;
	while (*r.at && !is_elsewhere) {
		if (!take_word(&r, &word)) {
			r.at += *r.at != '\0';
			continue;
		}
		const char *slash = strrchr(str_text(&word), '/'), *name = slash ? slash + 1 : str_text(&word);
		if (text_equal(name, "kubectl") || text_equal(name, "oc"))
			is_elsewhere = deletes_elsewhere(&r);
	}
	str_finish(&word);
	return is_elsewhere;
}
