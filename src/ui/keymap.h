/* keymap: which key means which command line, in which context. Help, the bottom line and the keys themselves are all read
 * from this one table, so that none of them can tell something else. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "onesdn/input.h"

enum key_context { /* the keys of a context come before those of the stage */
	           KEYS_STAGE,
	           KEYS_POPUP,
	           KEYS_TERMINAL,
	           KEYS_TAKE,
	           KEYS_LINE,
	           KEYS_QUESTION,
	           N_KEY_CONTEXTS
};
struct key_row {
	enum key_context context;
	const char *keys;       /* names, blank-separated; "" is told in help, and done elsewhere */
	const char *command;    /* as typed after ":" */
	const char *sign, *bar; /* in the bottom line; bar NULL: not there */
	const char *help;       /* NULL: another row tells it */
};
extern const struct key_row key_rows[];
extern const size_t n_key_rows;
extern const char *const key_context_titles[N_KEY_CONTEXTS];

const struct key_row *key_find(enum key_context context, struct term_key key); /* NULL */

#endif
