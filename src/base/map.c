/* map: text keys to pointers, a sorted vector. For the hundreds to few thousands of names that onesdn keeps by name. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

/* Where `key` is, or where it belongs. */
static size_t position(const struct map *m, const char *key, bool *is_there)
{
	size_t low = 0, high = m->len;
	/* Names mostly arrive in order. */
	if (high > 0 && strcmp(m->entries[high - 1].key, key) < 0)
		low = high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(m->entries[middle].key, key);
		if (order == 0) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*is_there = false;
	return low;
}

void map_finish(struct map *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->entries[i].key);
	free(m->entries);
	*m = (struct map){0};
}

void *map_find(const struct map *m, const char *key)
{
	bool is_there;
	size_t at = position(m, key, &is_there);
	return is_there ? m->entries[at].value : NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	bool is_there;
	size_t at = position(m, key, &is_there);
	if (is_there) {
		void *old = m->entries[at].value;
		m->entries[at].value = value;
		return old;
	}
	if (m->len == m->cap)
		m->entries = vec_grow(m->entries, &m->cap, sizeof *m->entries);
	memmove(m->entries + at + 1, m->entries + at, (m->len - at) * sizeof *m->entries);
	m->entries[at] = (struct map_entry){.key = mem_strdup(key), .value = value};
	m->len++;
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	bool is_there;
	size_t at = position(m, key, &is_there);
	if (!is_there)
		return NULL;
	void *old = m->entries[at].value;
	free(m->entries[at].key);
	vec_cut(m->entries, &m->len, sizeof *m->entries, at);
	return old;
}
