/* cast_shows FILE TEXT...: plays a recording as a player would and names each TEXT that is to be seen at any moment of it, also
 * wrapped over rows: frames and blanks do not count. Status 0: none is, 1: some are, 2: it could not be played. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"
#include "onesdn/term.h"

static void take_screen(const struct term *term, struct str *out)
{
	int rows, cols;
	term_size(term, &rows, &cols);
	struct cell *cells = mem_alloc((size_t)cols * sizeof *cells);
	for (int y = 0; y < rows; y++) {
		term_row(term, y, cells, cols);
		for (int x = 0; x < cols; x++) {
			uint32_t ch = cells[x].ch[0];
			char bytes[UTF8_MAX];
			if (ch && ch != ' ' && ch != 0x2502)
				str_append_n(out, bytes, utf8_encode(ch, bytes));
		}
	}
	free(cells);
}

static bool look(const struct term *term, char **texts, bool *seen)
{
	struct str screen = {0};
	bool any = false;
	take_screen(term, &screen);
	for (size_t i = 0; texts[i]; i++) {
		if (!seen[i] && strstr(str_text(&screen), texts[i])) {
			printf("%s\n", texts[i]);
			seen[i] = true;
		}
		any |= seen[i];
	}
	str_finish(&screen);
	return any;
}

int main(int argc, char **argv)
{
	struct err err;
	struct cast *cast = argc > 2 ? cast_read(argv[1], &err) : NULL;
	if (!cast) {
		fprintf(stderr, "cast_shows: %s\n", argc > 2 ? err.text : "FILE TEXT...");
		return 2;
	}
	struct term_options options = {.rows = cast->header.rows, .cols = cast->header.cols, .scrollback = 1};
	struct term *term = term_create(NULL, &options);
	bool *seen = mem_alloc((size_t)argc * sizeof *seen), any = false;
	for (size_t i = 0; i < cast->events.len; i++) {
		if (cast->events.data[i].kind != CAST_OUTPUT)
			continue;
		term_feed(term, cast->events.data[i].data, cast->events.data[i].size);
		any |= look(term, argv + 2, seen);
	}
	free(seen);
	term_destroy(term);
	cast_destroy(cast);
	return any;
}
