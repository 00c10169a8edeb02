/* takes: see takes.h. */
#include "onesdn/record.h"

#include <stdlib.h>
#include <unistd.h>

struct found {
	VEC(char *) paths;
	struct str missing;
};

static void find_takes(struct found *found, const struct scenario_act *act)
{
	for (size_t i = 0; i < act->stages.len; i++) {
		const struct scenario_stage *stage = &act->stages.data[i];
		if (stage->is_prelude)
			continue;
		char *path = ui_take_path(act->name, stage->id, NULL);
		if (path && access(path, R_OK) == 0) {
			vec_push(&found->paths, path);
			continue;
		}
		str_append_f(&found->missing, "%s%s/%s", found->missing.len ? " " : "", act->name, stage->id);
		free(path);
	}
}

static bool find_all(struct found *found, const struct takes_join *join, struct err *err)
{
	for (size_t i = 0; i < join->n_acts; i++) {
		struct scenario_act *act = scenario_load(join->acts[i], join->environment, err);
		if (!act)
			return false;
		find_takes(found, act);
		scenario_destroy(act);
	}
	return found->paths.len > 0 ||
	       err_set(err, ERR_NOT_FOUND, "no stage has a take yet: onesdn record --auto makes them");
}

static bool measure(const char *path, struct recorder_sum *sum, struct err *err)
{
	struct cast *cast = cast_read(path, err);
	if (!cast)
		return false;
	sum->duration_us = cast->duration_us;
	for (size_t i = 0; i < cast->events.len; i++)
		sum->n_markers += cast->events.data[i].kind == CAST_MARKER;
	cast_destroy(cast);
	return true;
}

bool takes_join(const char *path, const struct takes_join *join, struct recorder_sum *sum, struct err *err)
{
	struct found found = {0};
	bool is_good = find_all(&found, join, err) &&
	               cast_join(path, join->header, (const char *const *)found.paths.data, found.paths.len, err) &&
	               measure(path, sum, err);
	if (is_good)
		sum->problem = found.missing;
	else
		str_finish(&found.missing);
	for (size_t i = 0; i < found.paths.len; i++)
		free(found.paths.data[i]);
	vec_finish(&found.paths);
	return is_good;
}
