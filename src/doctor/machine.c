/* machine: what the lab needs of this machine. onesdn-lab knows it and says it in rows; here they become findings. What an
 * act does not use is no failure. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "doctor/private.h"

enum { PREFLIGHT_MS = 20000, NAMES_MAX = 60 };

static bool is_needed(const struct needs *needs, const char *part)
{
	return text_equal(part, "lab") || text_equal(part, "images") ||
	       (text_equal(part, "machines") && needs_group(needs, "kubevirt.io")) ||
	       (text_equal(part, "database") && needs->database);
}

static enum doctor_state state_of(const struct needs *needs, const json_t *row)
{
	const char *state = json_walk_str(row, "state", NULL);
	if (text_equal(state, "ok"))
		return DOCTOR_OK;
	return text_equal(state, "fail") && is_needed(needs, json_walk_str(row, "part", NULL)) ? DOCTOR_FAIL
	                                                                                       : DOCTOR_WARN;
}

bool tell_machine(struct doctor *doctor, const struct needs *needs, const char *program, const struct reply *reply)
{
	size_t i;
	bool can_run = true;
	json_t *rows = json_parse(reply->out, strlen(reply->out), "preflight", NULL), *row;
	if (!json_is_array(rows)) {
		doctor_add(doctor, DOCTOR_FAIL, "this machine", "build or install onesdn again",
		           "%s does not say what the lab needs: %s", program,
		           *reply->failure ? reply->failure : reply->errors);
		can_run = false;
	}
	json_array_foreach (rows, i, row) {
		bool is_of_lab = text_equal(json_walk_str(row, "part", NULL), "lab");
		bool is_image = text_equal(json_walk_str(row, "part", NULL), "images");
		enum doctor_state state = state_of(needs, row);
		doctor_add(doctor, state, is_image ? "images" : "this machine, for the lab",
		           json_walk_str(row, "cure", NULL), "%s", json_walk_str(row, "what", NULL));
		can_run = can_run && !(is_of_lab && state == DOCTOR_FAIL);
	}
	json_decref(rows);
	return can_run;
}

bool doctor_machine(struct doctor *doctor)
{
	struct needs needs;
	struct reply reply;
	const char *argv[NAMES_MAX + 4];
	size_t n = 0, i;
	char *program = path_self("onesdn-lab");
	needs_collect(doctor->options.acts, doctor->options.n_acts, &needs);
	argv[n++] = program;
	argv[n++] = "preflight";
	argv[n++] = "--json";
	for (i = 0; i < needs.images.len && i < NAMES_MAX; i++)
		argv[n++] = needs.images.data[i].name;
	argv[n] = NULL;
	ask_command(doctor->options.loop, argv, PREFLIGHT_MS, &reply);
	bool can_run = tell_machine(doctor, &needs, program, &reply);
	reply_finish(&reply);
	needs_finish(&needs);
	free(program);
	return can_run;
}
