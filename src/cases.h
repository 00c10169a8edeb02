/* cases: `onesdn verdict --cases`: a file of expectations, one JSON object a line, asked in both profiles.
 *
 * {"name"?, "objects": [...], "flows": [{"from", "to", "network", "proto", "port", "expect", "expect_ovnk"?}]}; other keys that
 * such files have are let pass. Differences go to standard output, what is wrong with a line to standard error.
 */
#ifndef ONESDN_CASES_H
#define ONESDN_CASES_H

#include "onesdn/base.h"

/* `-` is standard input. True: every line could be read and every verdict is as expected. A line that cannot be read is told as
 * FILE:LINE and the others are gone on with; *err is set only when nothing could be read at all. */
bool cases_run(const char *path, bool as_json, struct err *err);

#endif
