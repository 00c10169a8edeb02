/* rules: what is a secret, and what stands in its place. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

struct cast_rules *cast_rules_create(void)
{
	return mem_alloc(sizeof(struct cast_rules));
}

void cast_rules_destroy(struct cast_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->rules.len; i++) {
		struct rule *rule = &rules->rules.data[i];
		free(rule->name);
		free(rule->replacement);
		pattern_destroy(rule->pattern);
	}
	vec_finish(&rules->rules);
	free(rules);
}

/* Cells are replaced one by one: each character of a replacement takes one column. */
static bool is_narrow(const char *text)
{
	size_t left = strlen(text);
	for (size_t n; left > 0; text += n, left -= n) {
		uint32_t ch;
		n = utf8_decode(text, left, &ch);
		if (utf8_width(ch) != 1)
			return false;
	}
	return true;
}

bool cast_rules_add(struct cast_rules *rules, const struct cast_rule *rule, struct err *err)
{
	enum { LITERAL_MIN = 3 };
	const char *name = rule->name ? rule->name : "rule", *replacement = rule->replacement ? rule->replacement : "*";
	if (!text_is_safe(replacement, strlen(replacement)) || !is_narrow(replacement))
		return err_set(err, ERR_INVALID, "%s: the replacement may hold characters of one column only", name);
	if (!rule->literal == !rule->pattern)
		return err_set(err, ERR_INVALID, "%s: a rule has either a literal or a pattern", name);
	if (rule->literal && (strlen(rule->literal) < LITERAL_MIN || strlen(rule->literal) >= PATTERN_PLACES - 1))
		return err_set(err, ERR_INVALID, "%s: a literal has from %d to %d bytes", name, LITERAL_MIN,
		               PATTERN_PLACES - 2);
	struct pattern *pattern = rule->literal ? pattern_create_literal(rule->literal, rule->is_word)
	                                        : pattern_create(rule->pattern, err);
	if (!pattern)
		return err_context(err, "%s: \"%s\" is no pattern", name, rule->pattern);
	struct rule added = {mem_strdup(name), mem_strdup(replacement), rule->fit, pattern};
	vec_push(&rules->rules, added);
	for (int byte = 0; byte < 256; byte++)
		rules->begins[byte] = rules->begins[byte] || pattern_begins_with(pattern, (unsigned char)byte);
	return true;
}

size_t cast_rules_count(const struct cast_rules *rules)
{
	return rules->rules.len;
}

const char *cast_rules_name(const struct cast_rules *rules, size_t rule)
{
	return rules->rules.data[rule].name;
}

static const char *text_of(const json_t *rule, const char *key)
{
	return json_string_value(json_object_get(rule, key));
}

bool cast_rules_add_json(struct cast_rules *rules, const json_t *rule, struct err *err)
{
	static const char *const keys[] = {"literal", "pattern", "with", "name"};
	if (json_is_string(rule))
		return cast_rules_add(rules, &(struct cast_rule){.name = "secret", .literal = json_string_value(rule)},
		                      err);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)rule, key, value) {
		bool is_known = false;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			is_known = is_known || strcmp(key, keys[i]) == 0;
		if (!is_known || !json_is_string(value))
			return err_set(err, ERR_INVALID,
			               "what is to be redacted has no \"%.40s\"; its keys are literal or "
			               "pattern, with, and name, each a text",
			               key);
	}
	struct cast_rule added = {.name = text_of(rule, "name"),
	                          .literal = text_of(rule, "literal"),
	                          .pattern = text_of(rule, "pattern"),
	                          .replacement = text_of(rule, "with")};
	if (!added.name)
		added.name = "secret";
	if (!json_is_object(rule))
		return err_set(err, ERR_INVALID,
		               "what is to be redacted is a text, or {literal: TEXT} or {pattern: PATTERN}");
	return cast_rules_add(rules, &added, err);
}

/* ---- the rules that everybody wants ---- */

static void add_or_abort(struct cast_rules *rules, const struct cast_rule *rule)
{
	struct err err;
	if (!cast_rules_add(rules, rule, &err))
		base_abort("a rule of our own is wrong: %s", err.text);
}

static void add_person(struct cast_rules *rules, const struct cast_person *person)
{
	struct cast_rule home = {.name = "home directory",
	                         .literal = person->home,
	                         .replacement = "~",
	                         .fit = CAST_FIT_SHORT,
	                         .is_word = true};
	if (person->home && strlen(person->home) >= 3)
		add_or_abort(rules, &home);
	if (!person->user || !*person->user || !person->host || !*person->host)
		return;
	char *at = mem_printf("%s@%s", person->user, person->host);
	struct cast_rule who = {.name = "user and host",
	                        .literal = at,
	                        .replacement = "user@host",
	                        .fit = CAST_FIT_SHORT,
	                        .is_word = true};
	if (strlen(at) >= 3 && strlen(at) < 500)
		add_or_abort(rules, &who);
	free(at);
}

void cast_rules_add_defaults(struct cast_rules *rules, const struct cast_person *person)
{
	static const struct cast_rule table[] = {
	        {.name = "token",
	         .pattern = "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{3,}[A-Za-z0-9_.-]*[A-Za-z0-9_-]",
	         .replacement = "*"},
	        {.name = "bearer", .pattern = "[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/=-]{8,})", .replacement = "*"},
	        {.name = "proxy path",
	         .pattern = "https?://127\\.0\\.0\\.1:[0-9]{1,5}/([0-9a-f]{16,})",
	         .replacement = "*"},
	        {.name = "proxy path", .pattern = "https?://localhost:[0-9]{1,5}/([0-9a-f]{16,})", .replacement = "*"},
	        {.name = "key", .pattern = "client-key-data: *([A-Za-z0-9+/=]{8,})", .replacement = "*"},
	        {.name = "certificate",
	         .pattern = "client-certificate-data: *([A-Za-z0-9+/=]{8,})",
	         .replacement = "*"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		add_or_abort(rules, &table[i]);
	if (person)
		add_person(rules, person);
}

/* ---- matching ---- */

enum rules_answer rules_at(const struct cast_rules *rules, const char *text, size_t len, size_t at, int before,
                           bool more, struct rules_hit *hit)
{
	enum rules_answer answer = RULES_NO;
	if (!rules->begins[(unsigned char)text[at]])
		return RULES_NO;
	for (size_t i = 0; i < rules->rules.len; i++) {
		const struct pattern *pattern = rules->rules.data[i].pattern;
		if (!pattern_begins_with(pattern, (unsigned char)text[at]))
			continue;
		struct pattern_match match = pattern_match_at(pattern, text, len, at, before, more);
		if (match.is_open)
			return RULES_OPEN;
		if (!match.end || (answer == RULES_YES && match.end <= hit->end))
			continue;
		answer = RULES_YES;
		*hit = (struct rules_hit){{match.from, match.to, i}, match.end};
	}
	return answer;
}

size_t cast_rules_match(const struct cast_rules *rules, const char *text, size_t len, struct cast_span *spans,
                        size_t max)
{
	size_t n = 0;
	struct rules_hit hit;
	for (size_t at = 0; at < len && n < max;) {
		if (rules_at(rules, text, len, at, 0, false, &hit) != RULES_YES) {
			at++;
			continue;
		}
		spans[n++] = hit.span;
		at = hit.end;
	}
	return n;
}

size_t cast_rules_open(const struct cast_rules *rules, const char *text, size_t len)
{
	struct rules_hit hit;
	for (size_t at = 0; at < len;) {
		enum rules_answer answer =
		        rules_at(rules, text, len, at, at ? (unsigned char)text[at - 1] : 0, true, &hit);
		if (answer == RULES_OPEN)
			return at;
		at = answer == RULES_YES ? hit.end : at + 1;
	}
	return len;
}

void rules_replacement(const struct cast_rules *rules, size_t index, int columns, struct str *out)
{
	const struct rule *rule = &rules->rules.data[index];
	const char *text = rule->replacement, *last = text;
	int have = text_columns(text);
	if (rule->fit == CAST_FIT_SHORT || have == columns) {
		str_append(out, text);
		return;
	}
	str_append_n(out, text, text_cut(text, columns));
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80)
			last = p;
	for (; have < columns && *last; have++)
		str_append(out, last);
}

void cast_rules_text(const struct cast_rules *rules, const char *text, size_t len, struct str *out)
{
	size_t done = 0;
	struct rules_hit hit;
	for (size_t at = 0; at < len;) {
		if (rules_at(rules, text, len, at, 0, false, &hit) != RULES_YES) {
			at++;
			continue;
		}
		char *secret = mem_strndup(text + hit.span.start, hit.span.end - hit.span.start);
		str_append_n(out, text + done, hit.span.start - done);
		rules_replacement(rules, hit.span.rule, text_columns(secret), out);
		done = hit.span.end;
		at = hit.end;
		free(secret);
	}
	str_append_n(out, text + done, len - done);
}
