/* history: the past of the store's objects in one order, and the listeners that hear of it. See history.h.
 *
 * Listeners are called from a posted call, never inside the write that they hear of.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/history.h"

struct store_listener {
	struct history *history;
	const struct lab_resource *resource;
	store_listen_fn *fn;
	void *user;
	uint64_t since; /* told up to here, but for `first` */
	VEC(struct past) first;
	bool is_gone;
	struct store_listener *next;
};
static void past_finish(struct past *past)
{
	json_decref((json_t *)past->event.object);
	json_decref((json_t *)past->event.old);
}

static void listener_free(struct store_listener *listener)
{
	for (size_t i = 0; i < listener->first.len; i++)
		past_finish(&listener->first.data[i]);
	vec_finish(&listener->first);
	free(listener);
}

void history_init(struct history *history, struct loop *loop, uint64_t version)
{
	*history = (struct history){.loop = loop, .version = version, .oldest = version};
}

void history_finish(struct history *history)
{
	loop_unpost(history->loop, history);
	for (struct store_listener *l = history->listeners, *next; l; l = next) {
		next = l->next;
		listener_free(l);
	}
	for (size_t i = history->start; i < history->events.len; i++)
		past_finish(&history->events.data[i]);
	vec_finish(&history->events);
	for (size_t i = 0; i < history->waiting.len; i++)
		past_finish(&history->waiting.data[i]);
	vec_finish(&history->waiting);
}

/* ---- telling ---- */

static struct past past_of(const struct store_event *event, size_t size)
{
	struct past past = {*event, size};
	json_incref((json_t *)past.event.object);
	json_incref((json_t *)past.event.old);
	return past;
}

static void forget(struct history *history)
{
	while (history->events.len - history->start > STORE_HISTORY_MAX || history->size > STORE_HISTORY_BYTES) {
		struct past *past = &history->events.data[history->start++];
		history->oldest = past->event.version;
		history->size -= past->size;
		past_finish(past);
	}
	if (history->start > 1024 && history->start > history->events.len / 2) {
		history->events.len -= history->start;
		memmove(history->events.data, history->events.data + history->start,
		        history->events.len * sizeof *history->events.data);
		history->start = 0;
	}
}

static void listener_call(struct store_listener *listener, const struct store_event *event)
{
	if (!listener->is_gone && (!listener->resource || listener->resource == event->resource))
		listener->fn(event, listener->user);
}

static void listener_tell_first(struct store_listener *listener)
{
	struct past *first = listener->first.data;
	size_t len = listener->first.len;
	listener->first.data = NULL;
	listener->first.len = listener->first.cap = 0;
	for (size_t i = 0; i < len; i++) {
		listener_call(listener, &first[i].event);
		past_finish(&first[i]);
	}
	free(first);
}

static void sweep(struct history *history)
{
	for (struct store_listener **at = &history->listeners; *at;) {
		struct store_listener *listener = *at;
		if (!listener->is_gone) {
			at = &listener->next;
			continue;
		}
		*at = listener->next;
		listener_free(listener);
	}
}

/* What is written meanwhile waits for the next call, so that everybody hears everything in the one order. */
static void tell(void *user)
{
	struct history *history = user;
	struct past *batch = history->waiting.data;
	size_t len = history->waiting.len;
	history->waiting.data = NULL;
	history->waiting.len = history->waiting.cap = 0;
	history->is_posted = false;
	history->is_telling = true;
	for (struct store_listener *l = history->listeners; l; l = l->next) {
		listener_tell_first(l);
		for (size_t i = 0; i < len; i++)
			if (batch[i].event.version > l->since)
				listener_call(l, &batch[i].event);
	}
	history->is_telling = false;
	sweep(history);
	for (size_t i = 0; i < len; i++)
		past_finish(&batch[i]);
	free(batch);
}

static void tell_later(struct history *history)
{
	if (!history->is_posted)
		loop_post(history->loop, tell, history);
	history->is_posted = true;
}

void history_add(struct history *history, const struct store_event *event, size_t size)
{
	vec_push(&history->events, past_of(event, size));
	history->size += size;
	forget(history);
	if (!history->listeners)
		return;
	vec_push(&history->waiting, past_of(event, size));
	tell_later(history);
}

/* ---- listening ---- */

struct store_listener *history_listen(struct history *history, const struct lab_resource *resource, store_listen_fn *fn,
                                      void *user)
{
	struct store_listener *listener = mem_alloc(sizeof *listener), **at = &history->listeners;
	listener->history = history;
	listener->resource = resource;
	listener->fn = fn;
	listener->user = user;
	listener->since = history->version;
	while (*at)
		at = &(*at)->next;
	*at = listener;
	tell_later(history);
	return listener;
}

void history_tell_first(const struct store_event *event, void *listener)
{
	vec_push(&((struct store_listener *)listener)->first, past_of(event, 0));
}

void store_unlisten(struct store_listener *listener)
{
	if (!listener)
		return;
	listener->is_gone = true;
	if (!listener->history->is_telling)
		sweep(listener->history);
}

bool history_replay(const struct history *history, const struct lab_resource *resource, uint64_t version,
                    store_listen_fn *fn, void *user)
{
	if (version < history->oldest)
		return false;
	size_t low = history->start, high = history->events.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (history->events.data[middle].event.version <= version)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < history->events.len; low++)
		if (!resource || history->events.data[low].event.resource == resource)
			fn(&history->events.data[low].event, user);
	return true;
}
