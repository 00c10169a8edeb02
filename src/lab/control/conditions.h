/* conditions: status.conditions of KubeVirt's objects, changed in place. Pure. */
#ifndef LAB_CONTROL_CONDITIONS_H
#define LAB_CONTROL_CONDITIONS_H

#include "onesdn/base.h"

struct condition_value {
	const char *type;
	bool is_true;
	const char *reason, *message; /* NULL: left out */
};
const json_t *condition_find(const json_t *object, const char *type); /* of object.status; NULL: none */
bool condition_is(const json_t *object, const char *type, bool is_true);
/* In `status`; lastTransitionTime changes with the truth only. */
void condition_set(json_t *status, const struct condition_value *value, int64_t now_ms);
void condition_remove(json_t *status, const char *type);

#endif
