/* query: the part of a URL after the question mark. Keys may repeat (command=a&command=b) and keep their order. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_utf8(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len); /* jansson refuses what is none */
	json_decref(value);
	return value != NULL;
}

char *percent_decode(const char *text, size_t len, bool is_form)
{
	struct str out = {0};
	bool is_fine = true;
	for (size_t i = 0; i < len && is_fine; i++) {
		char c = text[i];
		if (c == '+' && is_form)
			c = ' ';
		if (c == '%') {
			int high = i + 2 < len ? hex_of(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_of(text[i + 2]) : -1;
			is_fine = high >= 0 && low >= 0;
			c = (char)(high * 16 + low);
			i += 2;
		}
		is_fine = is_fine && c != '\0';
		if (is_fine)
			str_append_c(&out, c);
	}
	if (is_fine && is_utf8(str_text(&out), out.len))
		return str_take(&out);
	str_finish(&out);
	return NULL;
}

bool query_parse(struct query *query, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "&"), key = 0;
		while (key < len && text[key] != '=')
			key++;
		struct query_pair pair = {percent_decode(text, key, true),
		                          key < len ? percent_decode(text + key + 1, len - key - 1, true)
		                                    : mem_strdup("")};
		if (!pair.key || !pair.value || query->pairs.len == API_QUERY_MAX) {
			free(pair.key);
			free(pair.value);
			return false;
		}
		vec_push(&query->pairs, pair);
		text += len + (text[len] == '&');
	}
	return true;
}

void query_finish(struct query *query)
{
	for (size_t i = 0; i < query->pairs.len; i++) {
		free(query->pairs.data[i].key);
		free(query->pairs.data[i].value);
	}
	vec_finish(&query->pairs);
}

const char *query_get(const struct query *query, const char *key)
{
	for (size_t i = 0; i < query->pairs.len; i++)
		if (strcmp(query->pairs.data[i].key, key) == 0)
			return query->pairs.data[i].value;
	return "";
}

bool query_is(const struct query *query, const char *key)
{
	const char *value = query_get(query, key);
	return strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
}
