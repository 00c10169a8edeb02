/* pattern: a simple pattern, matched in one pass over the bytes, whatever they are: no way back, no text that makes it slow.
 * A subset of POSIX's extended expressions: characters, ".", "[...]", "\x", each with ?, *, +, {m}, {m,} or {m,n}; one pair of
 * round brackets around what is meant; \b at the beginning and the end. Private to cast. */
#ifndef CAST_PATTERN_H
#define CAST_PATTERN_H

#include "internal.h"

enum { PATTERN_PLACES = 1024, PATTERN_MATCH_MAX = 65536 };

struct pattern;
struct pattern *pattern_create(const char *text, struct err *err);
struct pattern *pattern_create_literal(const char *text, bool is_word);
void pattern_destroy(struct pattern *pattern);
bool pattern_begins_with(const struct pattern *pattern, unsigned char byte);

struct pattern_match {
	size_t end;      /* of the whole; 0: no match */
	size_t from, to; /* what is meant */
	bool is_open;    /* the text ended while it could have gone on */
};
/* From `at` on; `before` is the byte before text[0], 0 for none; `more`: the text may go on behind len. */
struct pattern_match pattern_match_at(const struct pattern *pattern, const char *text, size_t len, size_t at,
                                      int before, bool more);

#endif
