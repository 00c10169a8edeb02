/* text: how bytes and times stand in a cast's lines. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *escape_of(unsigned char byte, char buffer[8])
{
	static const char *const short_ones[128] = {
	        ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
	};
	if (short_ones[byte])
		return short_ones[byte];
	if (byte >= 0x20 && byte != 0x7f)
		return NULL;
	snprintf(buffer, 8, "\\u%04x", byte);
	return buffer;
}

void text_append_json(struct str *out, const char *bytes, size_t size)
{
	char buffer[8], character[UTF8_MAX];
	str_append_c(out, '"');
	for (size_t at = 0, n; at < size; at += n) {
		unsigned char byte = (unsigned char)bytes[at];
		const char *escape = byte < 0x80 ? escape_of(byte, buffer) : NULL;
		uint32_t ch;
		n = utf8_decode(bytes + at, size - at, &ch);
		if (escape)
			str_append(out, escape);
		else
			str_append_n(out, character, utf8_encode(ch, character));
	}
	str_append_c(out, '"');
}

void text_append_time(struct str *out, int64_t us)
{
	str_append_f(out, "%lld.%06lld", (long long)(us / SECOND_US), (long long)(us % SECOND_US));
}

size_t text_open_tail(const char *bytes, size_t size)
{
	static const struct {
		unsigned char mask, value;
		size_t len;
	} leads[] = {{0xe0, 0xc0, 2}, {0xf0, 0xe0, 3}, {0xf8, 0xf0, 4}};
	for (size_t back = 1; back < UTF8_MAX && back <= size; back++) {
		unsigned char byte = (unsigned char)bytes[size - back];
		if ((byte & 0xc0) == 0x80)
			continue;
		for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
			if ((byte & leads[i].mask) == leads[i].value)
				return leads[i].len > back ? back : 0;
		return 0;
	}
	return 0;
}

/* The code unit of "\uXXXX" at `at`, or -1. */
static int unit_at(const char *json, size_t len, size_t at)
{
	int value = 0;
	if (at + 6 > len || json[at] != '\\' || json[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF", *digit = strchr(digits, json[i]);
		if (!digit || !*digit)
			return -1;
		value = value * 16 + (int)((digit - digits) % 16);
	}
	return value;
}

char *text_mend_surrogates(const char *json, size_t len)
{
	static const char replacement[] = {'\\', 'u', 'f', 'f', 'f', 'd'};
	char *mended = mem_alloc(len + 1); /* there may be zeros in it */
	memcpy(mended, json, len);
	for (size_t at = 0, n; at < len; at += n) {
		int unit = unit_at(json, len, at);
		bool is_first = unit >= 0xd800 && unit < 0xdc00, is_second = unit >= 0xdc00 && unit < 0xe000;
		int next = is_first ? unit_at(json, len, at + 6) : -1;
		n = unit >= 0 ? 6 : json[at] == '\\' && at + 1 < len ? 2 : 1;
		if (is_first && next >= 0xdc00 && next < 0xe000)
			n = 12;
		else if (is_first || is_second)
			memcpy(mended + at, replacement, sizeof replacement);
	}
	return mended;
}

/* ---- times for people ---- */

bool cast_time_parse(const char *text, int64_t *us)
{
	int64_t total = 0, value, scale = SECOND_US / 10, fraction = 0;
	for (int parts = 0; parts < 3; parts++) {
		size_t n = strspn(text, "0123456789");
		char part[12];
		if (n == 0 || n > 9)
			return false;
		snprintf(part, sizeof part, "%.*s", (int)n, text);
		if (!text_to_int(part, 0, 999999999, &value) || (parts > 0 && value > 59))
			return false;
		total = total * 60 + value;
		text += n;
		if (*text != ':')
			break;
		text++;
	}
	if (*text == '.' && text[1])
		for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
			fraction += (*text - '0') * scale;
	if (*text || total > TIME_MAX_S)
		return false;
	*us = total * SECOND_US + fraction;
	return true;
}

void cast_time_format(int64_t us, char out[24])
{
	long long s = us / SECOND_US;
	if (s >= 3600)
		snprintf(out, 24, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, 24, "%lld:%02lld", s / 60, s % 60);
}
