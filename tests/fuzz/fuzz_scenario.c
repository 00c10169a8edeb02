/* Scenario files: any bytes. What loads must hold together: commands are taken apart and filled in, checks described. */
#include <stdlib.h>
#include <string.h>

#include "play/check.h"
#include "scenario/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *value(void *user, const char *name, size_t len, struct err *why)
{
	(void)user, (void)why;
	return mem_strndup(name, len);
}

static void use(const struct scenario_act *act)
{
	struct str words = {0};
	for (size_t i = 0; i < act->stages.len; i++) {
		const struct scenario_stage *stage = &act->stages.data[i];
		for (size_t k = 0; k < stage->commands.len; k++) {
			char *filled = scenario_command_fill(stage->commands.data[k], value, NULL, NULL);
			scenario_command_changes(filled);
			free(filled);
		}
		for (size_t k = 0; k < stage->checks.len; k++) {
			check_describe(&stage->checks.data[k], act, &words);
			if (stage->checks.data[k].path)
				scenario_path_get(NULL, stage->checks.data[k].path);
		}
		if (!text_is_safe(act->stages.data[i].title, strlen(act->stages.data[i].title)))
			abort();
	}
	str_finish(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const environments[] = {"lab", "kind"};
	for (int i = 0; i < 2; i++) {
		struct err err = {0};
		struct scenario_act *act = load_text((const char *)data, size, "manifests/overlay/fuzz.scenario.yaml",
		                                     environments[i], &err);
		if (act)
			use(act);
		else if (err.code == ERR_NONE || err.text[0] == '\0')
			abort();
		scenario_destroy(act);
	}
	return 0;
}
