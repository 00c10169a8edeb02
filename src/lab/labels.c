/* Label selectors: apimachinery's LabelSelector, its rules and what it refuses. */
#include "lab/labels.h"

#include <string.h>

static const struct operator
{
	const char *name;
	bool wants_values;
}
operators[] = {{"In", true}, {"NotIn", true}, {"Exists", false}, {"DoesNotExist", false}};

static const char *expression_problem(const json_t *expression)
{
	const char *name = json_walk_str(expression, "operator", NULL);
	bool has_values = json_array_size(json_object_get(expression, "values")) > 0;
	const json_t *value;
	size_t k;
	if (*json_walk_str(expression, "key", NULL) == '\0')
		return "an expression without a key";
	if (!name_is_qualified(json_walk_str(expression, "key", NULL)))
		return "a key that no label can have";
	json_array_foreach (json_object_get(expression, "values"), k, value) {
		if (!json_is_string(value) || !name_is_label_value(json_string_value(value)))
			return "a value that no label can have";
	}
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
		if (strcmp(operators[i].name, name) != 0)
			continue;
		if (operators[i].wants_values == has_values)
			return NULL;
		return has_values ? "Exists or DoesNotExist with values" : "In or NotIn without values";
	}
	return "an unknown operator (there are In, NotIn, Exists, DoesNotExist)";
}

const char *labels_problem(const json_t *selector)
{
	const json_t *labels = json_object_get(selector, "matchLabels"),
	             *expressions = json_object_get(selector, "matchExpressions");
	const char *key, *problem = NULL;
	json_t *item;
	size_t i;
	if (!json_is_object(selector))
		return "no selector at all";
	if (labels != NULL && !json_is_null(labels) && !json_is_object(labels))
		return "matchLabels that is no map";
	if (expressions != NULL && !json_is_null(expressions) && !json_is_array(expressions))
		return "matchExpressions that is no list";
	json_object_foreach ((json_t *)(uintptr_t)labels, key, item) {
		if (!json_is_string(item))
			return "a label value that is no text";
		if (!name_is_qualified(key) || !name_is_label_value(json_string_value(item)))
			return "a key or a value that no label can have";
	}
	json_array_foreach (expressions, i, item) {
		problem = problem != NULL ? problem : expression_problem(item);
	}
	return problem;
}

static bool expression_matches(const json_t *expression, const json_t *labels)
{
	const char *name = json_walk_str(expression, "operator", NULL);
	const json_t *have = json_object_get(labels, json_walk_str(expression, "key", NULL));
	bool is_in = false;
	size_t i;
	json_t *value;
	if (strcmp(name, "Exists") == 0)
		return have != NULL;
	if (strcmp(name, "DoesNotExist") == 0)
		return have == NULL;
	json_array_foreach (json_object_get(expression, "values"), i, value) {
		is_in = is_in || (have != NULL && json_equal(value, have));
	}
	return is_in == (strcmp(name, "In") == 0);
}

bool labels_match(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *value;
	size_t i;
	if (labels_problem(selector) != NULL)
		return false;
	json_object_foreach (json_object_get(selector, "matchLabels"), key, value) {
		const json_t *have = json_object_get(labels, key);
		if (have == NULL || !json_equal(have, value))
			return false;
	}
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, value) {
		if (!expression_matches(value, labels))
			return false;
	}
	return true;
}
