/* Compiled to places in a row, each a set of bytes that may be passed over or stay; all places that are reached are followed at
 * once, as bits. */
#include "pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = PATTERN_PLACES / 64 + 1, REPEAT_MAX = 512 };

struct byte_set {
	uint64_t bits[4];
};

struct place {
	struct byte_set set;
	bool may_skip, may_stay;
};

struct states { /* bit i: place i is next; bit n: matched */
	uint64_t bits[WORDS];
};

struct pattern {
	struct place *places;
	size_t n;
	size_t from, to; /* places of what is meant */
	bool word_before, word_behind;
	struct byte_set first;
};

static void set_add(struct byte_set *set, unsigned char byte)
{
	set->bits[byte / 64] |= (uint64_t)1 << byte % 64;
}

static bool set_has(const struct byte_set *set, unsigned char byte)
{
	return set->bits[byte / 64] >> byte % 64 & 1;
}

static bool states_has(const struct states *states, size_t place)
{
	return states->bits[place / 64] >> place % 64 & 1;
}

/* A place, and those behind it that can be reached by passing over. */
static void states_add(struct states *states, const struct pattern *pattern, size_t place, size_t end)
{
	while (!states_has(states, place)) { /* if it is there, so are those behind it */
		states->bits[place / 64] |= (uint64_t)1 << place % 64;
		if (place >= end || !pattern->places[place].may_skip)
			return;
		place++;
	}
}

/* ---- compiling ---- */

struct compiler {
	const char *at;
	struct pattern *pattern;
	bool in_group, had_group;
	struct err *err;
};

static bool wrong(struct compiler *compiler, const char *what)
{
	return err_set(compiler->err, ERR_INVALID, "%s", what);
}

/* "." and what is excluded by "[^" go no further than the line. */
static struct byte_set printable(void)
{
	struct byte_set set = {{0}};
	for (int byte = 0x20; byte < 256; byte++)
		if (byte != 0x7f)
			set_add(&set, (unsigned char)byte);
	return set;
}

static bool read_class(struct compiler *compiler, struct byte_set *out)
{
	const char *p = compiler->at;
	bool is_negated = *p == '^', is_first = true;
	struct byte_set set = {{0}};
	for (p += is_negated; *p && (*p != ']' || is_first); is_first = false) {
		unsigned char low = (unsigned char)*p++, high = low;
		if (low == '\\' && *p)
			low = high = (unsigned char)*p++;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
		}
		if (low >= 0x80 || high >= 0x80)
			return wrong(compiler, "a class holds ASCII characters only");
		if (low > high)
			return wrong(compiler, "a range in a class runs backwards");
		for (int byte = low; byte <= high; byte++)
			set_add(&set, (unsigned char)byte);
	}
	if (*p != ']')
		return wrong(compiler, "a [ is not closed");
	compiler->at = p + 1;
	struct byte_set all = printable();
	for (int i = 0; is_negated && i < 4; i++)
		set.bits[i] = all.bits[i] & ~set.bits[i];
	*out = set;
	return true;
}

static bool read_set(struct compiler *compiler, struct byte_set *set)
{
	char c = *compiler->at++;
	*set = (struct byte_set){{0}};
	if (c == '[')
		return read_class(compiler, set);
	if (c == '.')
		*set = printable();
	else if (strchr("?*+{}|^$", c))
		return wrong(compiler, "a character with a meaning (? * + { } | ^ $) stands alone: write \\ before it");
	else if (c == '\\' && (!*compiler->at || isalnum((unsigned char)*compiler->at)))
		return wrong(compiler, "\\ makes a sign mean itself; \\b can be at the beginning and the end only");
	else
		set_add(set, (unsigned char)(c == '\\' ? *compiler->at++ : c));
	return true;
}

static bool read_number(const char **at, int *out)
{
	int value = 0;
	const char *p = *at;
	while (isdigit((unsigned char)*p) && value <= REPEAT_MAX)
		value = value * 10 + (*p++ - '0');
	bool is_good = p > *at && value <= REPEAT_MAX;
	*at = p;
	*out = value;
	return is_good;
}

/* How often; high -1: without end. */
static bool read_repeat(struct compiler *compiler, int *low, int *high)
{
	const char *p = compiler->at;
	*low = *high = 1;
	if (*p == '?' || *p == '*' || *p == '+') {
		*low = *p == '+';
		*high = *p == '?' ? 1 : -1;
		compiler->at++;
		return true;
	}
	if (*p != '{')
		return true;
	p++;
	if (!read_number(&p, low))
		return wrong(compiler, "{ wants numbers up to 512, such as {8,} or {1,5}");
	*high = *low;
	if (*p == ',' && *++p == '}')
		*high = -1;
	else if (*p != '}' && !read_number(&p, high))
		return wrong(compiler, "{ wants numbers up to 512, such as {8,} or {1,5}");
	if (*p != '}' || (*high >= 0 && *high < *low))
		return wrong(compiler, "{ is not closed, or its numbers run backwards");
	compiler->at = p + 1;
	return true;
}

static bool add_place(struct compiler *compiler, const struct byte_set *set, bool may_skip, bool may_stay)
{
	struct pattern *pattern = compiler->pattern;
	if (pattern->n >= PATTERN_PLACES - 1)
		return wrong(compiler, "it is too long");
	pattern->places = mem_resize(pattern->places, (pattern->n + 1) * sizeof *pattern->places);
	pattern->places[pattern->n++] = (struct place){*set, may_skip, may_stay};
	return true;
}

static bool add_item(struct compiler *compiler)
{
	struct byte_set set;
	int low, high;
	if (!read_set(compiler, &set) || !read_repeat(compiler, &low, &high))
		return false;
	for (int i = 0; i < low; i++)
		if (!add_place(compiler, &set, false, false))
			return false;
	for (int i = low; i < high; i++)
		if (!add_place(compiler, &set, true, false))
			return false;
	return high >= 0 || add_place(compiler, &set, true, true);
}

static bool bracket(struct compiler *compiler)
{
	bool opens = *compiler->at++ == '(';
	if (opens == compiler->in_group || (opens && compiler->had_group))
		return wrong(compiler,
		             "there is one pair of round brackets at the most, around what is to be replaced");
	compiler->in_group = opens;
	compiler->had_group = true;
	*(opens ? &compiler->pattern->from : &compiler->pattern->to) = compiler->pattern->n;
	return true;
}

static bool compile(struct compiler *compiler)
{
	struct pattern *pattern = compiler->pattern;
	if (text_has_prefix(compiler->at, "\\b")) {
		pattern->word_before = true;
		compiler->at += 2;
	}
	while (*compiler->at) {
		if (text_equal(compiler->at, "\\b")) {
			pattern->word_behind = true;
			break;
		}
		if (*compiler->at == '(' || *compiler->at == ')') {
			if (!bracket(compiler))
				return false;
		} else if (!add_item(compiler)) {
			return false;
		}
	}
	if (compiler->in_group)
		return wrong(compiler, "a ( is not closed");
	if (!compiler->had_group)
		pattern->to = pattern->n;
	return true;
}

static bool finish(struct pattern *pattern, struct err *err)
{
	struct states start = {{0}};
	states_add(&start, pattern, 0, pattern->n);
	if (states_has(&start, pattern->n) || pattern->from == pattern->to)
		return err_set(err, ERR_INVALID, "it would match nothing at all");
	for (size_t i = 0; i < pattern->n; i++)
		for (int k = 0; k < 4 && states_has(&start, i); k++)
			pattern->first.bits[k] |= pattern->places[i].set.bits[k];
	return true;
}

struct pattern *pattern_create(const char *text, struct err *err)
{
	struct compiler compiler = {.at = text, .pattern = mem_alloc(sizeof *compiler.pattern), .err = err};
	if (compile(&compiler) && finish(compiler.pattern, err))
		return compiler.pattern;
	pattern_destroy(compiler.pattern);
	return NULL;
}

struct pattern *pattern_create_literal(const char *text, bool is_word)
{
	struct compiler compiler = {.pattern = mem_alloc(sizeof *compiler.pattern)};
	struct pattern *pattern = compiler.pattern;
	for (; *text; text++) {
		struct byte_set set = {{0}};
		set_add(&set, (unsigned char)*text);
		add_place(&compiler, &set, false, false);
	}
	pattern->to = pattern->n;
	pattern->word_before = pattern->word_behind = is_word;
	finish(pattern, NULL);
	return pattern;
}

void pattern_destroy(struct pattern *pattern)
{
	if (!pattern)
		return;
	free(pattern->places);
	free(pattern);
}

/* ---- matching ---- */

bool pattern_begins_with(const struct pattern *pattern, unsigned char byte)
{
	return set_has(&pattern->first, byte);
}

/* One byte further. False: nothing is left. */
static bool advance(const struct pattern *pattern, struct states *states, unsigned char byte, size_t end)
{
	struct states next = {{0}};
	bool is_alive = false;
	for (size_t word = 0; word <= end / 64; word++) {
		for (uint64_t left = states->bits[word]; left; left &= left - 1) {
			size_t place = word * 64 + (size_t)__builtin_ctzll(left);
			if (place >= end || !set_has(&pattern->places[place].set, byte))
				continue;
			states_add(&next, pattern, pattern->places[place].may_stay ? place : place + 1, end);
			is_alive = true;
		}
	}
	*states = next;
	return is_alive;
}

static bool is_word_byte(int byte)
{
	return byte == '_' ||
	       (byte > 0 && byte < 0x80 && isalnum(byte)); /* beyond ASCII: a frame may stand beside it */
}

/* Do the places from `first` to before `end` match exactly these bytes? */
static bool is_exact(const struct pattern *pattern, size_t first, size_t end, const char *text, size_t len)
{
	struct states states = {{0}};
	states_add(&states, pattern, first, end);
	for (size_t i = 0; i < len; i++)
		if (!advance(pattern, &states, (unsigned char)text[i], end))
			return false;
	return states_has(&states, end);
}

struct ends {
	size_t *data, len, cap;
};

/* Where the places from `first` to before `end` may have matched up to, beginning at text[0], in order. */
static struct ends ends_of(const struct pattern *pattern, size_t first, size_t end, const char *text, size_t len)
{
	struct ends ends = {0};
	struct states states = {{0}};
	states_add(&states, pattern, first, end);
	for (size_t i = 0;; i++) {
		if (states_has(&states, end))
			vec_push(&ends, i);
		if (i == len || !advance(pattern, &states, (unsigned char)text[i], end))
			return ends;
	}
}

/* What is meant of a whole match: what stands before it as long as possible, then itself. */
static void find_meant(const struct pattern *pattern, const char *text, size_t at, struct pattern_match *match)
{
	size_t len = match->end - at;
	match->from = at;
	match->to = match->end;
	if (pattern->from == 0 && pattern->to == pattern->n)
		return;
	text += at;
	struct ends before = ends_of(pattern, 0, pattern->from, text, len);
	size_t i = before.len;
	while (i > 1 &&
	       !is_exact(pattern, pattern->from, pattern->n, text + before.data[i - 1], len - before.data[i - 1]))
		i--;
	size_t from = i > 0 ? before.data[i - 1] : 0;
	struct ends meant = ends_of(pattern, pattern->from, pattern->to, text + from, len - from);
	i = meant.len;
	while (i > 1 && !is_exact(pattern, pattern->to, pattern->n, text + from + meant.data[i - 1],
	                          len - from - meant.data[i - 1]))
		i--;
	match->from = at + from;
	match->to = i > 0 ? match->from + meant.data[i - 1] : match->end;
	vec_finish(&before);
	vec_finish(&meant);
}

struct pattern_match pattern_match_at(const struct pattern *pattern, const char *text, size_t len, size_t at,
                                      int before, bool more)
{
	struct pattern_match match = {0};
	struct states states = {{0}};
	bool is_alive = true;
	size_t limit = len - at > PATTERN_MATCH_MAX ? at + PATTERN_MATCH_MAX : len, i = at;
	if (pattern->word_before && is_word_byte(at > 0 ? (unsigned char)text[at - 1] : before))
		return match;
	states_add(&states, pattern, 0, pattern->n);
	for (; i < limit && is_alive; i++) {
		is_alive = advance(pattern, &states, (unsigned char)text[i], pattern->n);
		bool is_whole = is_alive && states_has(&states, pattern->n);
		if (is_whole && pattern->word_behind && i + 1 < len && is_word_byte((unsigned char)text[i + 1]))
			is_whole = false;
		if (is_whole)
			match.end = i + 1;
	}
	match.is_open = more && is_alive && i == len && len - at < PATTERN_MATCH_MAX;
	for (size_t k = 0; match.is_open && k < WORDS;
	     k++) /* nothing but the end is left: only \b waits for what follows */
		if (states.bits[k] != (k == pattern->n / 64 ? (uint64_t)1 << pattern->n % 64 : 0))
			goto open;
	match.is_open = match.is_open && pattern->word_behind;
open:
	if (match.end && !match.is_open)
		find_meant(pattern, text, at, &match);
	return match;
}
