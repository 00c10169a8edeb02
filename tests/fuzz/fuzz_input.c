/* Bytes of the terminal in front: keys, mouse, pastes, answers. However they are cut, the same events come of them, bounded, and
 * every byte of a paste is delivered. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that was pasted stands in one row of bytes, wherever the pieces end. */
static void on_event(const struct input_event *event, void *user)
{
	struct str *told = user;
	if (event->kind == INPUT_PASTE) {
		if (event->size > INPUT_PASTE_MAX)
			base_abort("a paste of %zu bytes", event->size);
		str_append_n(told, event->text, event->size);
		return;
	}
	if (event->kind == INPUT_MOUSE && (event->mouse.x < 0 || event->mouse.y < 0))
		base_abort("a mouse at %d, %d", event->mouse.x, event->mouse.y);
	str_append_f(told, "\n%d %d %d %d %d\n", (int)event->kind, event->key.code, event->key.modifiers, event->number,
	             event->value);
}

static void feed(const char *bytes, size_t size, size_t piece, struct str *told)
{
	struct input *input = input_create(on_event, told);
	input_add(input, "\033[42~", (struct term_key){.code = TERM_KEY_F1});
	for (size_t at = 0; at < size; at += piece)
		input_feed(input, bytes + at, size - at < piece ? size - at : piece);
	if (input_is_waiting(input))
		input_expire(input);
	if (input_is_waiting(input))
		base_abort("it waits for ever");
	input_destroy(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole = {0}, cut = {0};
	feed((const char *)data, size, size ? size : 1, &whole);
	feed((const char *)data, size, 1, &cut);
	if (whole.len != cut.len || memcmp(str_text(&whole), str_text(&cut), whole.len) != 0)
		base_abort("pieces come to something else:\n%s\nnot\n%s", str_text(&cut), str_text(&whole));
	str_finish(&whole);
	str_finish(&cut);
	return 0;
}
