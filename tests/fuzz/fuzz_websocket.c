/* The peer's bytes through both sides of websocket, and through the parsers of both heads and of bodies. The first byte says
 * how the rest is cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct websocket *socket;
	struct str out;
	size_t n_bytes;
};

static void on_message(const char *bytes, size_t size, void *user)
{
	struct side *side = user;
	if (size > WEBSOCKET_MESSAGE_MAX)
		abort();
	if (websocket_is_text(side->socket) && size && bytes[0] == 'p')
		websocket_ping(side->socket);
	side->n_bytes += size;
}

static void feed(struct side *side, const char *bytes, size_t size, size_t step)
{
	struct err err;
	size_t given = 0;
	bool was_fine = true;
	for (; given < size; given += step) {
		size_t n = size - given < step ? size - given : step;
		bool is_fine = websocket_feed(side->socket, bytes + given, n, &err);
		if (is_fine && !was_fine)
			abort();
		was_fine = is_fine;
		if (websocket_is_closed(side->socket) != (websocket_is_closed(side->socket) || !is_fine))
			abort();
	}
	if (side->n_bytes > size || side->out.len > 6 * size + 64)
		abort();
	websocket_send(side->socket, 1, "x", 1);
	websocket_close(side->socket, WEBSOCKET_NORMAL);
	websocket_destroy(side->socket);
	str_finish(&side->out);
}

static void parse(const char *bytes, size_t size)
{
	struct err err;
	struct websocket_request request;
	struct websocket_reply reply;
	struct str out = {0};
	ssize_t n = websocket_parse_request(bytes, size, &request, &err);
	if (n > (ssize_t)size || n < -1)
		abort();
	if (n > 0) {
		websocket_append_reply(&out, &request, websocket_offers(&request, "a") ? "a" : NULL);
		if (websocket_parse_reply(out.data, out.len, request.key, &reply, &err) != (ssize_t)out.len ||
		    reply.status != 101)
			abort();
		str_clear(&out);
	}
	n = websocket_parse_reply(bytes, size, "dGhlIHNhbXBsZSBub25jZQ==", &reply, &err);
	if (n > (ssize_t)size || n < -1)
		abort();
	if (n > 0) {
		websocket_reply_body(&reply, bytes + n, size - (size_t)n, size % 2, &out);
		if (out.len > size - (size_t)n)
			abort();
	}
	str_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t step = data[0] ? data[0] : 4096;
	const char *bytes = (const char *)data + 1;
	struct side server = {0}, client = {0};
	server.socket = websocket_create(&server.out, on_message, &server);
	feed(&server, bytes, size - 1, step);
	client.socket = websocket_client_create(&client.out, on_message, &client);
	feed(&client, bytes, size - 1, step);
	parse(bytes, size - 1);
	return 0;
}
