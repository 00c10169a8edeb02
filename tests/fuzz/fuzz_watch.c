/* What a machine outside the cluster says of itself, a line at a time: the words that stay are one safe line, no longer than
 * bad bytes make them. And the pid file that the lab's own machine reads before it says so. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/db.h"
#include "play/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pid_file(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct db_server server;
	if (db_read_pid_file(text, &server) && (server.pid <= 0 || strpbrk(server.address, " \n")))
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str words = {0};
	enum watch_state state = WATCH_SILENT;
	const char *text = (const char *)data;
	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t len = end ? (size_t)(end - text) - at : size - at;
		bool is_ours = watch_read_line(text + at, len, &state, &words);
		if (is_ours != (state != WATCH_SILENT) || (state != WATCH_DOWN && words.len > 0) ||
		    !text_is_safe(str_text(&words), words.len) || words.len > 3 * len)
			abort();
		state = WATCH_SILENT;
		str_clear(&words);
		at += len + 1;
	}
	str_finish(&words);
	check_pid_file(data, size);
	return 0;
}
