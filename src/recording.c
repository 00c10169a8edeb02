/* recording: see recording.h. */
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool recording_number(const char *option, const char *word, double low, double high, double *out, struct err *err)
{
	char *end;
	double value = strtod(word, &end);
	if (!*word || *end || !(value >= low && value <= high))
		return err_set(err, ERR_INVALID, "%s takes a number from %g to %g, not \"%s\"", option, low, high,
		               word);
	*out = value;
	return true;
}

struct cast *recording_read(const char *path, const char *idle_limit, struct err *err)
{
	double seconds = 0;
	if (idle_limit && !recording_number("--idle-limit", idle_limit, 0, 1e6, &seconds, err))
		return NULL;
	struct cast *cast = cast_read(path, err);
	if (cast && cast->is_cut)
		fprintf(stderr,
		        "onesdn: %s: the last line is not whole, as when a recorder is killed: it was left out\n",
		        path);
	if (cast)
		cast_limit_idle(cast, idle_limit ? (int64_t)(seconds * 1e6) : cast->header.idle_limit_us);
	return cast;
}

bool recording_marker(const struct cast *cast, const char *word, int64_t *at_us, struct err *err)
{
	struct str titles = {0};
	int event = cast_find_marker(cast, *word == '#' ? word + 1 : word);
	if (event >= 0) {
		*at_us = cast->events.data[event].at_us;
		return true;
	}
	for (size_t i = 0, n = 0; i < cast->events.len && titles.len < 600; i++)
		if (cast->events.data[i].kind == CAST_MARKER) {
			str_append_f(&titles, "%s%zu ", n ? ", " : "", n + 1);
			str_append_safe(&titles, cast->events.data[i].data, strnlen(cast->events.data[i].data, 60));
			n++;
		}
	err_set(err, ERR_NOT_FOUND, "there is no marker \"%s\"%s%s", word,
	        titles.len ? "; there are " : ": it has none", str_text(&titles));
	str_finish(&titles);
	return false;
}
