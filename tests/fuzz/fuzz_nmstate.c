/* fuzz_nmstate: any JSON as a desired state, any text as the mappings that a node has. A merge that succeeds is stable: merged
 * once more it stays; what cannot be merged has a sentence. */
#include <stdlib.h>
#include <string.h>

#include "lab/control/nmstate_plan.h"
#include "lab/control/nmstate_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_some(const char *name, void *user)
{
	(void)user;
	return (name[0] & 1) == 0;
}

static void merge(const char *current, const json_t *desired)
{
	struct str once = {0}, twice = {0};
	struct err err = {0};
	if (!nmstate_merge(current, desired, has_some, NULL, &once, &err)) {
		if (err.code == ERR_NONE || err.text[0] == '\0')
			abort();
	} else if (!nmstate_merge(str_text(&once), desired, has_some, NULL, &twice, &err) ||
	           strcmp(str_text(&once), str_text(&twice)) != 0) {
		abort();
	}
	json_decref(nmstate_mappings(str_text(&once)));
	str_finish(&once);
	str_finish(&twice);
}

/* The mappings up to the first line's end, the desired state after it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct stack_node_config config = {.name = "n", .address = "10.0.0.1"};
	const uint8_t *end = memchr(data, '\n', size);
	size_t first = end != NULL ? (size_t)(end - data) : size, rest = end != NULL ? first + 1 : size;
	char *current = mem_strndup((const char *)data, first);
	json_t *desired = json_parse((const char *)data + rest, size - rest, "fuzz", NULL);
	merge(current, desired);
	if (desired != NULL) {
		(void)nmstate_selects(desired, desired);
		(void)nmstate_phase_of(desired);
		json_decref(nmstate_current_state(&config, desired));
	}
	json_decref(desired);
	free(current);
	return 0;
}
