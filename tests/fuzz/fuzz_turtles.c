/* fuzz_turtles: any bytes as the body of a request to the turtles' API, as an id and as a time. What is refused is told in safe
 * words; what is accepted has all three texts. */
#include <stdlib.h>
#include <string.h>

#include "workload/turtles_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size), time[64];
	struct turtle turtle = {0};
	struct str why = {0};
	int64_t id;
	if (!turtle_parse(text, size, &turtle, &why)) {
		if (!text_is_safe(str_text(&why), why.len) || turtle.name != NULL || turtle.weapon != NULL)
			abort();
	} else if (turtle.name == NULL || turtle.email == NULL || turtle.weapon == NULL) {
		abort();
	}
	turtle_finish(&turtle);
	str_clear(&why);
	if (!turtle_id(text, &id, &why) && !text_is_safe(str_text(&why), why.len))
		abort();
	turtle_time(text, time, sizeof time);
	if (strlen(time) >= sizeof time)
		abort();
	json_decref(turtle_row("1", text, text, text, text));
	str_finish(&why);
	free(text);
	return 0;
}
