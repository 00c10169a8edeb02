/* takes: the takes of acts' stages joined into one recording. Where a take is, ui_take_path says. */
#ifndef ONESDN_TAKES_H
#define ONESDN_TAKES_H

#include "onesdn/ui.h"
#include "recorder.h"

struct takes_join {
	const char *const *acts;
	size_t n_acts;
	const char *environment;
	const struct cast_header *header; /* of the whole */
};
/* Into `path`, whole or not at all. What has no take yet is named in sum->problem, "ACT/STAGE ACT/STAGE". Fails when there is no take
 * at all, and on takes of different sizes. */
bool takes_join(const char *path, const struct takes_join *join, struct recorder_sum *sum, struct err *err);

#endif
