/* channels: the streams of an exec as messages of a WebSocket, subprotocol v5.channel.k8s.io. See wire.h.
 *
 * The first byte of a message is its channel: 0 stdin, 1 stdout, 2 stderr, 3 error, 4 resize, 255 close (ff 00: stdin ends).
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/wire.h"
#include "onesdn/websocket.h"

#define OUTPUT_MAX 32768 /* bytes of a message of ours */

enum { CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_ERROR, CHANNEL_RESIZE, CHANNEL_CLOSE = 255 };
struct channels {
	struct wire wire; /* first */
	struct websocket *socket;
	struct wire_streams streams;
	bool is_ready, is_stdin_over;
};

void wire_feed_resize(struct wire *wire, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		str_append_c(&wire->resize, bytes[i]);
		if (bytes[i] != '}' && wire->resize.len < 256)
			continue;
		json_t *value = json_loadb(wire->resize.data, wire->resize.len, JSON_DISABLE_EOF_CHECK, NULL);
		int64_t rows = json_walk_int(value, 0, "Height", NULL), cols = json_walk_int(value, 0, "Width", NULL);
		if (rows > 0 && rows <= UINT16_MAX && cols > 0 && cols <= UINT16_MAX)
			wire->events.on_resize((int)rows, (int)cols, wire->user);
		json_decref(value);
		str_clear(&wire->resize);
	}
}

static void stdin_end(struct channels *channels)
{
	if (channels->streams.has_stdin && !channels->is_stdin_over)
		channels->wire.events.on_stdin_end(channels->wire.user);
	channels->is_stdin_over = true;
}

static void on_message(const char *bytes, size_t size, void *user)
{
	struct channels *channels = user;
	int channel = size ? (unsigned char)bytes[0] : -1;
	if (channel == CHANNEL_STDIN && channels->streams.has_stdin && !channels->is_stdin_over && size > 1)
		channels->wire.events.on_stdin(bytes + 1, size - 1, channels->wire.user);
	else if (channel == CHANNEL_RESIZE && channels->streams.tty)
		wire_feed_resize(&channels->wire, bytes + 1, size - 1);
	else if (channel == CHANNEL_CLOSE && size > 1 && bytes[1] == CHANNEL_STDIN)
		stdin_end(channels);
}

static bool channels_feed(struct wire *wire, const char *bytes, size_t size, struct err *err)
{
	struct channels *channels = (struct channels *)wire;
	if (!channels->is_ready) {
		channels->is_ready = true;
		wire->events.on_ready(wire->user);
	}
	if (size && !websocket_feed(channels->socket, bytes, size, err))
		return false;
	wire->is_closed = websocket_is_closed(channels->socket);
	if (wire->is_closed)
		stdin_end(channels);
	return true;
}

static void channels_output(struct wire *wire, int fd, const char *bytes, size_t size)
{
	struct channels *channels = (struct channels *)wire;
	while (size) {
		size_t n = size < OUTPUT_MAX ? size : OUTPUT_MAX;
		websocket_send(channels->socket, fd == 2 ? CHANNEL_STDERR : CHANNEL_STDOUT, bytes, n);
		bytes += n;
		size -= n;
	}
}

static void channels_finish(struct wire *wire, const char *status)
{
	struct channels *channels = (struct channels *)wire;
	websocket_send(channels->socket, CHANNEL_ERROR, status, strlen(status));
	websocket_close(channels->socket, 1000);
}

static void channels_destroy(struct wire *wire)
{
	struct channels *channels = (struct channels *)wire;
	websocket_destroy(channels->socket);
	str_finish(&wire->resize);
	str_finish(&wire->out);
	free(channels);
}

struct wire *channels_create(const struct wire_streams *streams, const struct wire_events *events, void *user)
{
	static const struct wire_kind kind = {channels_feed, channels_output, channels_finish, channels_destroy};
	struct channels *channels = mem_alloc(sizeof *channels);
	channels->wire.kind = &kind;
	channels->wire.events = *events;
	channels->wire.user = user;
	channels->streams = *streams;
	channels->socket = websocket_create(&channels->wire.out, on_message, channels);
	return &channels->wire;
}
