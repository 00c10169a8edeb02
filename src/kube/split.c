/* Finds the ends of JSON objects by counting brackets outside of texts; whether an object is good JSON is the parser's
 * business. Every byte is looked at once. */
#include "kube/split.h"

#include <ctype.h>
#include <string.h>

#define COMPACT_BYTES ((size_t)64 << 10)
#define KEEP_BYTES ((size_t)1 << 20)

void split_finish(struct split *split)
{
	str_finish(&split->bytes);
	*split = (struct split){0};
}

void split_clear(struct split *split)
{
	struct str bytes = split->bytes;
	str_clear(&bytes);
	*split = (struct split){.bytes = bytes};
}

size_t split_pending(const struct split *split)
{
	return split->bytes.len - split->start;
}

static void compact(struct split *split)
{
	if (split->start == split->bytes.len && split->bytes.cap > KEEP_BYTES) {
		str_finish(&split->bytes); /* a flood is over */
	} else if (split->start == split->bytes.len) {
		str_clear(&split->bytes);
	} else if (split->start > COMPACT_BYTES && split->start > split->bytes.len / 2) {
		str_drop_front(&split->bytes, split->start);
	} else {
		return;
	}
	split->at -= split->start;
	split->start = 0;
}

void split_add(struct split *split, const char *bytes, size_t size)
{
	compact(split);
	str_append_n(&split->bytes, bytes, size);
}

/* One byte inside an object; true when it ends the object. */
static bool step(struct split *split, char c)
{
	if (split->in_text) {
		if (split->after_escape)
			split->after_escape = false;
		else if (c == '\\')
			split->after_escape = true;
		else if (c == '"')
			split->in_text = false;
		return false;
	}
	if (c == '"')
		split->in_text = true;
	else if (c == '{' || c == '[')
		split->depth++;
	else if (c == '}' || c == ']')
		return --split->depth == 0;
	return false;
}

enum split_result split_next(struct split *split, const char **text, size_t *size, struct err *err)
{
	const char *bytes = split->bytes.data;
	while (split->depth == 0 && split->start < split->bytes.len && isspace((unsigned char)bytes[split->start]))
		split->at = ++split->start;
	if (split->start == split->bytes.len)
		return SPLIT_MORE;
	if (split->depth == 0 && bytes[split->start] != '{') {
		err_set(err, ERR_INVALID, "what came is no JSON object");
		return SPLIT_BAD;
	}
	while (split->at < split->bytes.len) {
		if (!step(split, bytes[split->at++]))
			continue;
		*text = bytes + split->start;
		*size = split->at - split->start;
		split->start = split->at;
		return SPLIT_OBJECT;
	}
	if (split_pending(split) <= SPLIT_OBJECT_MAX)
		return SPLIT_MORE;
	err_set(err, ERR_LIMIT, "an object is larger than %zu MiB", SPLIT_OBJECT_MAX >> 20);
	return SPLIT_BAD;
}
