/* theme: how a role looks. A theme is a file of lines `role = foreground background [attribute]...`; docs/THEMES.md.
 *
 * Floor 2. For every screen, and for the commands that print pictures. */
#ifndef ONESDN_THEME_H
#define ONESDN_THEME_H

#include "onesdn/canvas.h"

enum theme_depth {
	THEME_MONO, /* attributes only: NO_COLOR, or a terminal without colours */
	THEME_16,
	THEME_256,
	THEME_RGB,
};
enum { THEME_SIZE_MAX = 65536 };
/* A name (a file in themes/) or a path, which has a '/'. On failure `looks` is unchanged and err names file and line. */
bool theme_load(const char *name, enum theme_depth depth, struct canvas_look looks[ROLE_COUNT], struct err *err);
/* The same of a text; `name` goes into errors. */
bool theme_parse(const char *text, size_t len, const char *name, enum theme_depth depth, struct canvas_look looks[ROLE_COUNT],
                 struct err *err);
/* The names of the themes that are shipped, in order, separated by blanks. The caller frees. */
char *theme_names(void);

#endif
