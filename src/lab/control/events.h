/* events: core Events are forgotten after an hour, and the oldest first when there are too many. */
#ifndef LAB_CONTROL_EVENTS_H
#define LAB_CONTROL_EVENTS_H

#include "lab/store.h"

#define EVENTS_MAX 2000
#define EVENTS_AGE_MS INT64_C(3600000)
struct events;
struct events *events_create(struct loop *loop, struct store *store);
void events_destroy(struct events *events);

#endif
