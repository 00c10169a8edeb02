/* What the files of cast share. */
#ifndef CAST_INTERNAL_H
#define CAST_INTERNAL_H

#include "onesdn/cast.h"

#define SECOND_US ((int64_t)1000000)
#define TIME_MAX_S 1000000000 /* 31 years */
#define TIME_MAX_US (TIME_MAX_S * SECOND_US)

/* ---- header.c ---- */
/* Fills *header from the object (which it borrows texts from); `where` is "file:line". */
bool header_read(const json_t *top, const char *where, struct cast_header *header, struct err *err);
/* The line of a header, with its "\n"; texts through the rules. */
void header_write(const struct cast_header *header, const struct cast_rules *rules, struct str *out);
bool header_read_size(const char *text, int *cols, int *rows); /* "80x24" */

/* ---- text.c ---- */
void text_append_json(struct str *out, const char *bytes, size_t size); /* a JSON string; bad UTF-8 becomes U+FFFD */
void text_append_time(struct str *out, int64_t us);                     /* seconds, to the microsecond */
/* Bytes at the end that are the beginning of a character whose rest may follow. */
size_t text_open_tail(const char *bytes, size_t size);
/* The same JSON with U+FFFD for every half of a surrogate pair that stands alone: programs that count in UTF-16 write such. */
char *text_mend_surrogates(const char *json, size_t len);

#endif
