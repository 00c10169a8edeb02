/* What a machine outside the cluster says of itself, a line at a time. The words that stay are one safe line, no longer than
 * bad bytes make them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "play/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
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
	return 0;
}
