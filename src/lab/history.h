/* history: what happened to the store's objects, kept for watches, and who is told of it. Private to store.c. */
#ifndef LAB_HISTORY_H
#define LAB_HISTORY_H

#include "lab/store.h"

struct past {
	struct store_event event; /* holds references of its own */
	size_t size;
};
struct history {
	struct loop *loop;
	uint64_t version, oldest;
	VEC(struct past) events; /* from `start` on */
	size_t start, size;
	VEC(struct past) waiting; /* not told yet */
	struct store_listener *listeners;
	bool is_posted, is_telling;
};
void history_init(struct history *history, struct loop *loop, uint64_t version);
void history_finish(struct history *history);
void history_add(struct history *history, const struct store_event *event, size_t size); /* told in a posted call */
bool history_replay(const struct history *history, const struct lab_resource *resource, uint64_t version,
                    store_listen_fn *fn, void *user);
struct store_listener *history_listen(struct history *history, const struct lab_resource *resource, store_listen_fn *fn,
                                      void *user);
/* Something from before the listener came, which is told to it alone, first. A store_listen_fn. */
void history_tell_first(const struct store_event *event, void *listener);

#endif
