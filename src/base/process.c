/* process: is a process of a number that was written down still there? A zombie is not: it has let go of all that it had, and under a
 * PID 1 that reaps nobody (a container's, often) it stays one for ever. Its state is field 3 of /proc/PID/stat, its start field 22
 * (proc(5)); the name before them may hold anything. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

enum { STAT_MAX = 4096, FIELD_STATE = 3, FIELD_START = 22 };

/* False: /proc says nothing. */
static bool read_stat(pid_t pid, char *state, int64_t *start)
{
	struct str text = {0};
	char *path = mem_printf("/proc/%ld/stat", (long)pid), *at = NULL;
	bool is_read = pid > 0 && file_read(path, STAT_MAX, &text, NULL);
	if (is_read)
		at = strrchr(str_text(&text), ')');
	for (int field = 2; at && field < FIELD_START; field++) {
		at = strchr(at + 1, ' ');
		if (at && field + 1 == FIELD_STATE)
			*state = at[1];
	}
	if (at)
		*start = strtoll(at + 1, NULL, 10);
	str_finish(&text);
	free(path);
	return at != NULL;
}

static bool has_ended(char state)
{
	return state == 'Z' || state == 'X';
}

bool process_is_alive(pid_t pid)
{
	char state;
	int64_t start;
	if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH))
		return false;
	return !read_stat(pid, &state, &start) || !has_ended(state);
}

int64_t process_started(pid_t pid)
{
	char state;
	int64_t start;
	return read_stat(pid, &state, &start) && !has_ended(state) ? start : -1;
}
