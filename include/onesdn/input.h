/* input: the bytes that the real terminal sends, decoded into keys, mouse, paste and answers. Pure: no descriptor, no clock;
 * the screen reads and feeds. And how keys are written: in the config, in tables of keys, on the screen.
 *
 * Floor 3.
 *
 * Decoded here and not by curses' getch: that reads byte by byte, blocks for ESCDELAY on a lone Escape, and cannot be tested
 * without a terminal. Sequences are xterm's (ctlseqs), the Linux console's and rxvt's; what a terminal's description says
 * beside them is added with input_add. */
#ifndef ONESDN_INPUT_H
#define ONESDN_INPUT_H

#include "onesdn/term.h"

enum input_kind {
	INPUT_KEY,
	INPUT_MOUSE,
	INPUT_PASTE,       /* text, size: as it came, without the brackets */
	INPUT_FOCUS,       /* focused */
	INPUT_COLOR,       /* answer to OSC 10, 11: number, color */
	INPUT_MODE,        /* answer to DECRQM: number, value (0 unknown, 1 set, 2 reset, 3, 4 for ever) */
	INPUT_ATTRIBUTES,  /* answer to DA1 */
};
struct input_event {
	enum input_kind kind;
	struct term_key key;
	struct term_mouse mouse;
	const char *text;
	size_t size;
	bool focused;
	int number, value;
	uint32_t color;
};
typedef void input_fn(const struct input_event *event, void *user);

enum {
	INPUT_WAIT_MS = 25,             /* for the rest of a sequence, before a lone Escape is the key */
	INPUT_SEQUENCE_MAX = 512,       /* longer ones are dropped */
	INPUT_PASTE_MAX = 1 << 20,      /* what is pasted beyond is delivered as a further paste */
};

struct input;
struct input *input_create(input_fn *fn, void *user);
void input_destroy(struct input *input);
void input_add(struct input *input, const char *sequence, struct term_key key);
void input_feed(struct input *input, const char *bytes, size_t size);
bool input_is_waiting(const struct input *input);  /* an unfinished sequence: call input_expire after INPUT_WAIT_MS */
void input_expire(struct input *input);

/* ---- keys by name (names.c) ---- */
/* "space", "pagedown", "ctrl-l", "shift-pageup", "f12", "?": one character, or a name with its modifiers. */
bool input_key_parse(const char *name, struct term_key *key);
void input_key_print(struct term_key key, char out[32]); /* as input_key_parse reads it */
bool input_key_same(struct term_key a, struct term_key b);
bool input_key_is_one(struct term_key key, const char *names); /* of these, blank-separated; a name that is none is passed over */

#endif
