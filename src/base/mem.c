/* mem: memory that is never NULL, and the growing vectors of VEC. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p)
		base_abort("out of memory (%zu bytes)", size);
	return p;
}

void *mem_resize(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);
	if (!p)
		base_abort("out of memory (%zu bytes)", size);
	return p;
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t len)
{
	len = strnlen(s, len);
	char *copy = mem_resize(NULL, len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	struct str s = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&s, fmt, args);
	va_end(args);
	return str_take(&s);
}

void *vec_grow(void *data, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 8, bytes;
	if (more < *cap || __builtin_mul_overflow(more, size, &bytes))
		base_abort("a vector of %zu elements of %zu bytes is too large", more, size);
	data = mem_resize(data, bytes);
	*cap = more;
	return data;
}

void vec_cut(void *data, size_t *len, size_t size, size_t at)
{
	if (at >= *len)
		base_abort("element %zu of a vector of %zu does not exist", at, *len);
	char *gap = (char *)data + at * size;
	memmove(gap, gap + size, (*len - at - 1) * size);
	--*len;
}
