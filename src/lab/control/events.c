/* events: see events.h. The timer runs only while there is an Event, until the oldest is due. */
#include <stdlib.h>
#include <string.h>

#include "lab/control/events.h"

struct events {
	struct store *store;
	const struct lab_resource *row;
	struct store_listener *listener;
	struct loop_timer *timer;
	size_t n_events;
};
struct oldest {
	int64_t time_ms;
	char *ns, *name;
	size_t n_events;
};

static int64_t last_seen(const json_t *event)
{
	int64_t ms;
	return time_parse(json_walk_str(event, "lastTimestamp", NULL), &ms) ||
	                       time_parse(json_walk_str(event, "metadata", "creationTimestamp", NULL), &ms)
	               ? ms
	               : 0;
}

static bool find_oldest(const json_t *event, void *user)
{
	struct oldest *oldest = user;
	int64_t ms = last_seen(event);
	oldest->n_events++;
	if (oldest->name && ms >= oldest->time_ms)
		return true;
	free(oldest->ns);
	free(oldest->name);
	*oldest = (struct oldest){ms, mem_strdup(json_walk_str(event, "metadata", "namespace", NULL)),
	                          mem_strdup(json_walk_str(event, "metadata", "name", NULL)), oldest->n_events};
	return true;
}

static void forget(void *user)
{
	struct events *events = user;
	for (;;) {
		struct oldest oldest = {0};
		store_each(events->store, events->row, NULL, find_oldest, &oldest);
		int64_t due_ms = oldest.name ? oldest.time_ms + EVENTS_AGE_MS - time_wall_ms() : 0;
		bool is_due = oldest.name && (due_ms <= 0 || oldest.n_events > EVENTS_MAX);
		if (is_due)
			store_remove(events->store, events->row, oldest.ns, oldest.name);
		if (oldest.name && !is_due)
			loop_timer_start(events->timer, due_ms + 1000, 0);
		free(oldest.ns);
		free(oldest.name);
		if (!is_due)
			return;
	}
}

static void on_event(const struct store_event *event, void *user)
{
	struct events *events = user;
	if (event->change == STORE_ADDED)
		events->n_events++;
	if (event->change == STORE_ADDED && (events->n_events > EVENTS_MAX || !loop_timer_is_running(events->timer)))
		forget(events);
	if (event->change == STORE_DELETED && events->n_events)
		events->n_events--;
}

struct events *events_create(struct loop *loop, struct store *store)
{
	struct events *events = mem_alloc(sizeof *events);
	events->store = store;
	events->row = lab_resource_kind("Event");
	events->timer = loop_timer_create(loop, forget, events);
	events->listener = store_listen(store, events->row, on_event, events);
	return events;
}

void events_destroy(struct events *events)
{
	if (!events)
		return;
	store_unlisten(events->listener);
	loop_timer_destroy(events->timer);
	free(events);
}
