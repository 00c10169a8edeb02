/* wire: the streams of one exec (stdin, stdout, stderr, resize, error) over one connection, in either of the two protocols
 * that kubectl speaks: SPDY/3.1 (spdy.c) and WebSocket channels (channels.c). Bytes in, bytes out; no sockets.
 */
#ifndef LAB_API_WIRE_H
#define LAB_API_WIRE_H

#include "onesdn/base.h"

struct wire_events {
	void (*on_ready)(void *user); /* once, when all streams are open */
	void (*on_stdin)(const char *bytes, size_t size, void *user);
	void (*on_stdin_end)(void *user);
	void (*on_resize)(int rows, int cols, void *user);
};
struct wire_streams {
	bool has_stdin, has_stdout, has_stderr, tty;
};
struct wire;
struct wire_kind {
	bool (*feed)(struct wire *wire, const char *bytes, size_t size, struct err *err);
	void (*output)(struct wire *wire, int fd, const char *bytes, size_t size);
	void (*finish)(struct wire *wire, const char *status); /* a Status as JSON; the last that is sent */
	void (*destroy)(struct wire *wire);
};
struct wire {
	const struct wire_kind *kind;
	struct wire_events events;
	void *user;
	struct str out;    /* to be sent to the peer */
	struct str resize; /* JSON that is not whole yet */
	bool is_closed;    /* the peer said that it is done */
};
struct wire *spdy_create(const struct wire_streams *streams, const struct wire_events *events, void *user);
struct wire *channels_create(const struct wire_streams *streams, const struct wire_events *events, void *user);
/* Bytes of a resize stream: {"Width":100,"Height":30}, one after another. */
void wire_feed_resize(struct wire *wire, const char *bytes, size_t size);

#endif
