/* Cuts a stream of JSON objects, in whatever pieces it comes, into one object at a time. Private to kube. */
#ifndef KUBE_SPLIT_H
#define KUBE_SPLIT_H

#include "onesdn/base.h"

#define SPLIT_OBJECT_MAX ((size_t)8 << 20)

struct split {
	struct str bytes;
	size_t start, at; /* of the object under way; where the scan stands */
	int depth;
	bool in_text, after_escape;
};
void split_finish(struct split *split);
void split_clear(struct split *split);
void split_add(struct split *split, const char *bytes, size_t size);
size_t split_pending(const struct split *split); /* bytes not given out yet */
enum split_result {
	SPLIT_OBJECT,
	SPLIT_MORE /* bytes are needed */,
	SPLIT_BAD /* err says why; clear before going on */
};
/* The next whole object, valid until the next call on `split`. */
enum split_result split_next(struct split *split, const char **text, size_t *size, struct err *err);

#endif
