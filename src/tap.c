/* tap: see tap.h. */
#include "tap.h"

#include <stdio.h>
#include <string.h>

#include "onesdn/base.h"

void tap_comment(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		printf("# %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	fflush(stdout);
}

void tap_description(const char *text)
{
	for (; *text; text++)
		printf(*text == '#' ? "\\%c" : "%c", *text);
}

void tap_output(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		struct str line = {0};
		str_append_safe(&line, text, len);
		printf("#   %s\n", str_text(&line));
		str_finish(&line);
		text += len + (text[len] == '\n');
	}
}
