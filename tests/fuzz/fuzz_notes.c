/* A line that the speaker's second terminal gets: what is taken is safe to print, and says the same when it is told again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text)
{
	if (!text || !text_is_safe(text, strlen(text)))
		abort();
}

static void check_block(const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!text_is_safe(text, len))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notes notes, again;
	struct str line = {0}, second = {0};
	if (!notes_decode((const char *)data, size, &notes, NULL))
		return 0;
	check_line(notes.act);
	check_line(notes.title);
	check_line(notes.persona);
	check_line(notes.next);
	check_line(notes.state);
	check_line(notes.message);
	check_line(notes.context);
	check_line(notes.cluster);
	check_block(notes.say);
	check_block(notes.command);
	notes_behind(&notes, notes.elapsed_ms);
	notes_encode(&notes, &line);
	if (line.len > NOTES_LINE_MAX || !notes_decode(line.data, line.len - 1, &again, NULL))
		abort();
	notes_encode(&again, &second);
	if (second.len != line.len || memcmp(second.data, line.data, line.len) != 0)
		abort();
	notes_finish(&notes);
	notes_finish(&again);
	str_finish(&line);
	str_finish(&second);
	return 0;
}
