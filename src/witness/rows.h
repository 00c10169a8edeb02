/* rows: what ovn-nbctl and ovn-sbctl print with --format=json: {"headings": [...], "data": [[...], ...]} in OVSDB's notation. Pure. */
#ifndef WITNESS_ROWS_H
#define WITNESS_ROWS_H

#include "onesdn/base.h"

struct rows {
	json_t *table;
	size_t len;
};
/* The first table among the lines of `text` from `*at` on, which moves behind it; other lines (warnings) are skipped. False: there is none. */
bool rows_parse(const char *text, size_t len, size_t *at, struct rows *out);
void rows_finish(struct rows *rows);
const char *rows_text(const struct rows *rows, size_t row, const char *column); /* a string or a uuid; "" */
int64_t rows_int(const struct rows *rows, size_t row, const char *column);      /* 0 */
const char *rows_map(const struct rows *rows, size_t row, const char *column, const char *key); /* "" */

#endif
