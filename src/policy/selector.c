/* selector: Kubernetes label selectors (matchLabels and matchExpressions; apimachinery's LabelSelector). */
#include "policy/world.h"

#include <string.h>

static bool has_value(const json_t *values, const char *value)
{
	size_t i;
	const json_t *item;
	json_array_foreach (values, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), value) == 0)
			return true;
	return false;
}

static bool expression_matches(const json_t *expression, const json_t *labels)
{
	const char *key = json_walk_str(expression, "key", NULL), *op = json_walk_str(expression, "operator", NULL);
	const json_t *values = json_object_get(expression, "values");
	const json_t *label = json_object_get(labels, key);
	if (strcmp(op, "In") == 0)
		return json_is_string(label) && has_value(values, json_string_value(label));
	if (strcmp(op, "NotIn") == 0)
		return !json_is_string(label) || !has_value(values, json_string_value(label));
	if (strcmp(op, "Exists") == 0)
		return label != NULL;
	if (strcmp(op, "DoesNotExist") == 0)
		return label == NULL;
	return false;
}

bool policy_selector_matches(const json_t *selector, const json_t *labels)
{
	const char *key;
	const json_t *value;
	if (!json_is_object(selector))
		return false;
	json_object_foreach ((json_t *)selector, key, value) {
		if (strcmp(key, "matchLabels") != 0)
			continue;
		const char *name;
		json_t *wanted;
		json_object_foreach ((json_t *)value, name, wanted) {
			const json_t *label = json_object_get(labels, name);
			if (!json_is_string(label) || !text_equal(json_string_value(label), json_string_value(wanted)))
				return false;
		}
	}
	size_t i;
	const json_t *expression;
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, expression)
		if (!expression_matches(expression, labels))
			return false;
	return true;
}

static const char *expression_problem(const json_t *expression)
{
	static const struct {
		const char *name;
		bool wants_values;
	} operators[] = {{"In", true}, {"NotIn", true}, {"Exists", false}, {"DoesNotExist", false}};
	const char *op = json_walk_str(expression, "operator", NULL);
	size_t n_values = json_array_size(json_object_get(expression, "values"));
	const json_t *value;
	size_t k;
	if (!*json_walk_str(expression, "key", NULL))
		return "has an expression without a key";
	if (!name_is_qualified(json_walk_str(expression, "key", NULL)))
		return "has a key that no label can have";
	json_array_foreach (json_object_get(expression, "values"), k, value)
		if (!json_is_string(value) || !name_is_label_value(json_string_value(value)))
			return "has a value that no label can have";
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (strcmp(op, operators[i].name) != 0)
			continue;
		if (operators[i].wants_values && n_values == 0)
			return "has In or NotIn without values";
		if (!operators[i].wants_values && n_values > 0)
			return "has Exists or DoesNotExist with values";
		return NULL;
	}
	return "has an unknown operator (In, NotIn, Exists, DoesNotExist)";
}

const char *policy_selector_problem(const json_t *selector, const char **key)
{
	const json_t *labels = json_object_get(selector, "matchLabels"),
	             *list = json_object_get(selector, "matchExpressions");
	*key = "";
	if (labels && !json_is_null(labels) && !json_is_object(labels))
		return "has matchLabels that is not a map";
	if (list && !json_is_null(list) && !json_is_array(list))
		return "has matchExpressions that is not a list";
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)labels, name, value) {
		if (!json_is_string(value))
			return *key = name, "has a label value that is not a string";
		if (!name_is_qualified(name))
			return *key = name, "has a key that no label can have";
		if (!name_is_label_value(json_string_value(value)))
			return *key = name, "has a value that no label can have";
	}
	size_t i;
	const json_t *expression;
	json_array_foreach (list, i, expression) {
		const char *problem = expression_problem(expression);
		if (problem)
			return *key = json_walk_str(expression, "key", NULL), problem;
	}
	return NULL;
}
