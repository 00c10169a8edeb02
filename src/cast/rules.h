/* rules: compiled rules and one match at one place; redact.c goes along a stream with it, rules.c along a text. Private to cast. */
#ifndef CAST_RULES_H
#define CAST_RULES_H

#include "pattern.h"

struct rule {
	char *name, *replacement;
	enum cast_fit fit;
	struct pattern *pattern; /* a literal is one too */
};

struct cast_rules {
	VEC(struct rule) rules;
	bool begins[256]; /* a byte that some rule's match may begin with */
};

/* What stands at one place: the longest match of all rules. */
struct rules_hit {
	struct cast_span span; /* what is replaced */
	size_t end;            /* of the whole match: where the search goes on */
};
enum rules_answer { RULES_NO, RULES_YES, RULES_OPEN /* more text may make it a match, or a longer one */ };
/* `before` is the byte before text[0], 0 for none; `more`: the text may go on. */
enum rules_answer rules_at(const struct cast_rules *rules, const char *text, size_t len, size_t at, int before,
                           bool more, struct rules_hit *hit);
/* The replacement of a span that was so many columns wide. */
void rules_replacement(const struct cast_rules *rules, size_t rule, int columns, struct str *out);

#endif
