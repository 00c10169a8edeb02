/* conditions: see conditions.h. */
#include "lab/control/conditions.h"

#include <string.h>

static json_t *find(const json_t *status, const char *type, size_t *at)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(status, "conditions"), i, item) {
		if (strcmp(json_walk_str(item, "type", NULL), type) != 0)
			continue;
		if (at)
			*at = i;
		return item;
	}
	return NULL;
}

const json_t *condition_find(const json_t *object, const char *type)
{
	return find(json_object_get(object, "status"), type, NULL);
}

bool condition_is(const json_t *object, const char *type, bool is_true)
{
	return strcmp(json_walk_str(condition_find(object, type), "status", NULL), is_true ? "True" : "False") == 0;
}

void condition_set(json_t *status, const struct condition_value *value, int64_t now_ms)
{
	const char *truth = value->is_true ? "True" : "False";
	char now[32];
	time_format(now_ms, now);
	if (!json_object_get(status, "conditions"))
		json_object_set_new(status, "conditions", json_array());
	json_t *condition = find(status, value->type, NULL);
	if (!condition) {
		condition = json_object();
		json_array_append_new(json_object_get(status, "conditions"), condition);
	}
	if (strcmp(json_walk_str(condition, "status", NULL), truth) != 0)
		json_object_set_new(condition, "lastTransitionTime", json_string(now));
	json_object_set_new(condition, "lastProbeTime", json_null());
	json_object_set_new(condition, "type", json_string(value->type));
	json_object_set_new(condition, "status", json_string(truth));
	json_object_del(condition, "reason");
	json_object_del(condition, "message");
	if (value->reason)
		json_object_set_new(condition, "reason", json_string(value->reason));
	if (value->message)
		json_object_set_new(condition, "message", json_string(value->message));
}

void condition_remove(json_t *status, const char *type)
{
	size_t at;
	if (find(status, type, &at))
		json_array_remove(json_object_get(status, "conditions"), at);
}
