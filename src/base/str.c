/* str: growing text, and small questions about fixed text. What needs characters and not bytes is in utf8.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

/* Room for `more` bytes and the terminator. */
static char *reserve(struct str *s, size_t more)
{
	size_t need;
	if (__builtin_add_overflow(s->len, more, &need) || ++need == 0)
		base_abort("a text of %zu and %zu more bytes is too large", s->len, more);
	if (need > s->cap) {
		size_t cap = s->cap < SIZE_MAX / 2 ? s->cap * 2 : need;
		if (cap < need)
			cap = need;
		if (cap < 32)
			cap = 32;
		s->data = mem_resize(s->data, cap);
		s->cap = cap;
	}
	return s->data + s->len;
}

void str_finish(struct str *s)
{
	free(s->data);
	*s = (struct str){0};
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
	char *text = s->data ? s->data : mem_strdup("");
	*s = (struct str){0};
	return text;
}

void str_append(struct str *s, const char *text)
{
	str_append_n(s, text, strlen(text));
}

void str_append_n(struct str *s, const void *bytes, size_t len)
{
	char *end = reserve(s, len);
	if (len > 0)
		memcpy(end, bytes, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_append_c(struct str *s, char c)
{
	str_append_n(s, &c, 1);
}

void str_append_f(struct str *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_append_v(s, fmt, args);
	va_end(args);
}

void str_append_v(struct str *s, const char *fmt, va_list args)
{
	char *end = reserve(s, 64);
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(end, s->cap - s->len, fmt, args);
	if (len < 0)
		base_abort("the format \"%s\" cannot be printed: %s", fmt, strerror(errno));
	if ((size_t)len >= s->cap - s->len) {
		end = reserve(s, (size_t)len);
		vsnprintf(end, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	s->len += (size_t)len;
}

void str_append_shell(struct str *s, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		str_append(s, text);
		return;
	}
	str_append_c(s, '\'');
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\'')
			str_append(s, "'\\''");
		else
			str_append_c(s, *p);
	}
	str_append_c(s, '\'');
}

void str_drop_front(struct str *s, size_t len)
{
	if (len > s->len)
		base_abort("%zu bytes cannot be dropped from a text of %zu", len, s->len);
	if (len == 0)
		return;
	s->len -= len;
	memmove(s->data, s->data + len, s->len + 1);
}

bool text_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), want = strlen(suffix);
	return len >= want && memcmp(text + len - want, suffix, want) == 0;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_to_int(const char *text, int64_t low, int64_t high, int64_t *out)
{
	const char *digits = text + (text[0] == '-');
	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	errno = 0;
	intmax_t value = strtoimax(text, NULL, 10);
	if (errno != 0 || value < low || value > high)
		return false;
	*out = value;
	return true;
}
