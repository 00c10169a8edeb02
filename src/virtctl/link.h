/* link: one stream connection to the API server, by TCP or a Unix socket, on the loop. What is sent waits in memory while
 * the peer does not take it; what comes is read a piece a turn, and not at all while paused (back-pressure).
 */
#ifndef VIRTCTL_LINK_H
#define VIRTCTL_LINK_H

#include "onesdn/loop.h"

/* How the API is reached. The owner frees with route_finish. */
struct route {
	char *socket; /* Unix socket (kubectl proxy's), or NULL: TCP */
	char *host;   /* a numeric address or "localhost" */
	uint16_t port;
	char *authority; /* for the Host field and URLs: "127.0.0.1:6443" */
	char *prefix;    /* before every path: "" or "/something" */
};
void route_finish(struct route *route);
/* "http://127.0.0.1:8001/SECRET/" into a route by TCP. False, without an error, for every URL that takes more than that:
 * https, other names, users. */
bool route_parse(const char *url, struct route *out);

/* Each callback may destroy the link. */
struct link_events {
	void (*on_open)(void *user);
	void (*on_data)(const char *bytes, size_t size, void *user);
	void (*on_sent)(void *user); /* all that waited is on its way */
	/* Once, last: NULL for an orderly end of the stream, otherwise why it broke or never came to be. */
	void (*on_end)(const struct err *err, void *user);
};
struct link;
struct link *link_create(struct loop *loop, const struct route *route, const struct link_events *events,
                         void *user);                 /* never NULL */
void link_destroy(struct link *link);                 /* no callback any more; what waits is dropped */
void link_send(struct link *link, struct str *bytes); /* takes the bytes, leaves {0} or an empty text */
size_t link_waiting(const struct link *link);         /* bytes not yet on their way */
void link_pause(struct link *link, bool is_paused);

#endif
