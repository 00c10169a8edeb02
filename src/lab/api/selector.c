/* selector: label and field selectors as text in a query. LabelSelector objects are lab/labels.h's. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

#define SELECTOR_TERMS_MAX 256
#define KEY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./"

enum operation { OP_EXISTS, OP_ABSENT, OP_IN, OP_NOT_IN };
struct term {
	char *key;
	enum operation op;
	VEC(char *) values;
	bool is_field;
};
struct selector {
	VEC(struct term) terms;
};

static void term_finish(struct term *term)
{
	free(term->key);
	for (size_t i = 0; i < term->values.len; i++)
		free(term->values.data[i]);
	vec_finish(&term->values);
}

void selector_destroy(struct selector *selector)
{
	if (!selector)
		return;
	for (size_t i = 0; i < selector->terms.len; i++)
		term_finish(&selector->terms.data[i]);
	vec_finish(&selector->terms);
	free(selector);
}

static const char *skip_blank(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static char *read_word(const char **at, const char *stop)
{
	const char *start = skip_blank(*at);
	size_t len = strcspn(start, stop);
	*at = start + len;
	while (len && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	return mem_strndup(start, len);
}

/* "(a,b)" after in or notin. */
static bool read_values(const char **at, struct term *term)
{
	*at = skip_blank(*at);
	if (**at != '(')
		return false;
	do {
		++*at;
		vec_push(&term->values, read_word(at, ",()"));
	} while (**at == ',');
	if (**at != ')')
		return false;
	++*at;
	return true;
}

static bool read_set(const char **at, struct term *term)
{
	char *word = read_word(at, " \t(");
	bool is_in = strcmp(word, "in") == 0, is_fine = is_in || strcmp(word, "notin") == 0;
	free(word);
	term->op = is_in ? OP_IN : OP_NOT_IN;
	return is_fine && read_values(at, term);
}

/* One requirement; *at is left at the comma behind it or at the end. */
static bool read_term(const char **at, struct term *term)
{
	*at = skip_blank(*at);
	bool is_not = **at == '!' && (*at)[1] != '=';
	if (is_not)
		++*at;
	term->key = read_word(at, term->is_field ? "=!," : " \t=!,");
	*at = skip_blank(*at);
	if (!*term->key || term->key[strspn(term->key, KEY_LETTERS)])
		return false;
	if (is_not || !**at || **at == ',') {
		term->op = is_not ? OP_ABSENT : OP_EXISTS;
		return (!**at || **at == ',') && !term->is_field;
	}
	if (**at != '=' && **at != '!')
		return !term->is_field && read_set(at, term);
	term->op = **at == '!' ? OP_NOT_IN : OP_IN;
	if (**at == '!' && (*at)[1] != '=')
		return false;
	*at += (*at)[1] == '=' ? 2 : 1;
	vec_push(&term->values, read_word(at, ","));
	return true;
}

static bool parse_into(struct selector *selector, const char *text, bool is_field)
{
	const char *at = skip_blank(text);
	while (*at) {
		struct term term = {.is_field = is_field};
		bool is_fine = read_term(&at, &term);
		vec_push(&selector->terms, term);
		at = skip_blank(at);
		if (!is_fine || selector->terms.len > SELECTOR_TERMS_MAX || (*at && *at != ','))
			return false;
		at += *at == ',';
	}
	return true;
}

/* The fields that may be asked for. Of others the real API server says that the label is not supported. */
static bool field_is_known(const char *key)
{
	static const char *const keys[] = {
	        "metadata.name",
	        "metadata.namespace",
	        "spec.nodeName",
	        "spec.restartPolicy",
	        "spec.schedulerName",
	        "spec.serviceAccountName",
	        "spec.unschedulable",
	        "status.phase",
	        "status.podIP",
	        "status.nominatedNodeName",
	        "involvedObject.kind",
	        "involvedObject.name",
	        "involvedObject.namespace",
	        "involvedObject.uid",
	        "involvedObject.apiVersion",
	        "involvedObject.resourceVersion",
	        "involvedObject.fieldPath",
	        "reason",
	        "reportingComponent",
	        "source",
	        "type",
	        "status.replicas",
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

struct selector *selector_parse(const char *labels, const char *fields, struct err *err)
{
	struct selector *selector = mem_alloc(sizeof *selector);
	if (!parse_into(selector, labels, false)) {
		err_set(err, ERR_INVALID, "unable to parse requirement: the label selector \"%.200s\" is malformed",
		        labels);
		goto failed;
	}
	size_t n_labels = selector->terms.len;
	if (!parse_into(selector, fields, true)) {
		err_set(err, ERR_INVALID, "invalid selector: \"%.200s\"; can't understand it", fields);
		goto failed;
	}
	for (size_t i = n_labels; i < selector->terms.len; i++) {
		if (field_is_known(selector->terms.data[i].key))
			continue;
		err_set(err, ERR_INVALID, "field label not supported: %.200s", selector->terms.data[i].key);
		goto failed;
	}
	return selector;
failed:
	selector_destroy(selector);
	return NULL;
}

/* The text of a field, "" when it is not there. */
static const char *field_of(const json_t *object, const char *path)
{
	char key[64];
	while (object && *path) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof key)
			return "";
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	if (json_is_boolean(object))
		return json_is_true(object) ? "true" : "false";
	return json_is_string(object) ? json_string_value(object) : "";
}

static bool term_has(const struct term *term, const char *value)
{
	for (size_t i = 0; i < term->values.len; i++)
		if (strcmp(term->values.data[i], value) == 0)
			return true;
	return false;
}

static bool term_matches(const struct term *term, const json_t *object)
{
	const char *value;
	if (term->is_field)
		value = strcmp(term->key, "source") == 0 ? json_walk_str(object, "source", "component", NULL)
		                                         : field_of(object, term->key);
	else
		value = json_string_value(json_object_get(json_walk(object, "metadata", "labels", NULL), term->key));
	switch (term->op) {
	case OP_EXISTS:
		return value != NULL;
	case OP_ABSENT:
		return value == NULL;
	case OP_IN:
		return value && term_has(term, value);
	case OP_NOT_IN:
		return !value || !term_has(term, value);
	}
	return false;
}

bool selector_matches(const struct selector *selector, const json_t *object)
{
	for (size_t i = 0; i < selector->terms.len; i++)
		if (!term_matches(&selector->terms.data[i], object))
			return false;
	return true;
}
