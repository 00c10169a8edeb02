/* path: the way to a field of an object, as a scenario writes it: "status.conditions[0].type", "spec['a.b']". Like a
 * JSONPath of kubectl without its filters; a leading dot is allowed and a dot in a key may be written "\." as well. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/scenario.h"

#define KEY_MAX 256

enum step_kind { STEP_END, STEP_KEY, STEP_INDEX, STEP_BAD };
struct step {
	enum step_kind kind;
	char key[KEY_MAX];
	size_t index;
};

static bool add(struct step *step, size_t *len, char c)
{
	if (*len + 1 >= KEY_MAX)
		return false;
	step->key[(*len)++] = c;
	step->key[*len] = '\0';
	return true;
}

/* [N] or ['key'] or ["key"], the opening bracket behind us. */
static enum step_kind take_bracket(const char **path, struct step *step)
{
	const char *p = *path;
	size_t len = 0;
	if (*p == '\'' || *p == '"') {
		char quote = *p++;
		while (*p != '\0' && *p != quote) {
			if (!add(step, &len, *p++))
				return STEP_BAD;
		}
		if (p[0] != quote || p[1] != ']')
			return STEP_BAD;
		*path = p + 2;
		return STEP_KEY;
	}
	char *end;
	if (*p < '0' || *p > '9')
		return STEP_BAD;
	step->index = strtoul(p, &end, 10);
	if (*end != ']')
		return STEP_BAD;
	*path = end + 1;
	return STEP_INDEX;
}

static enum step_kind take_step(const char **path, struct step *step)
{
	const char *p = *path;
	size_t len = 0;
	step->key[0] = '\0';
	if (*p == '\0')
		return STEP_END;
	if (*p == '[') {
		*path = p + 1;
		return take_bracket(path, step);
	}
	p += *p == '.';
	while (*p != '\0' && *p != '.' && *p != '[') {
		p += p[0] == '\\' && p[1] == '.';
		if (!add(step, &len, *p++))
			return STEP_BAD;
	}
	*path = p;
	return len > 0 ? STEP_KEY : STEP_BAD;
}

bool scenario_path_is_valid(const char *path)
{
	struct step step;
	enum step_kind kind;
	size_t n = 0;
	while ((kind = take_step(&path, &step)) != STEP_END) {
		if (kind == STEP_BAD)
			return false;
		n++;
	}
	return n > 0;
}

const json_t *scenario_path_get(const json_t *object, const char *path)
{
	struct step step;
	for (enum step_kind kind; object && (kind = take_step(&path, &step)) != STEP_END;) {
		if (kind == STEP_BAD)
			return NULL;
		object = kind == STEP_KEY ? json_object_get(object, step.key) : json_array_get(object, step.index);
	}
	return object;
}
