/* websocket: frames and messages, the only file that names wslay. handshake.c opens the connection before. */
#include "onesdn/websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <wslay/wslay.h>

struct websocket {
	wslay_event_context_ptr context;
	struct str *out;
	websocket_message_fn *on_message;
	void *user;
	const char *in; /* while feeding */
	size_t in_size;
	bool is_text;   /* the message that on_message is given */
	bool is_broken; /* the peer broke the protocol */
};

static ssize_t on_read(wslay_event_context_ptr context, uint8_t *buffer, size_t size, int flags, void *user)
{
	struct websocket *socket = user;
	size_t n = size < socket->in_size ? size : socket->in_size;
	(void)flags;
	if (!n) {
		wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(buffer, socket->in, n);
	socket->in += n;
	socket->in_size -= n;
	return (ssize_t)n;
}

static ssize_t on_write(wslay_event_context_ptr context, const uint8_t *data, size_t size, int flags, void *user)
{
	struct websocket *socket = user;
	(void)context;
	(void)flags;
	str_append_n(socket->out, data, size);
	return (ssize_t)size;
}

static void make_random(void *out, size_t size)
{
	char *at = out;
	while (size > 0) {
		ssize_t n = getrandom(at, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			base_abort("getrandom: %s", strerror(errno));
		at += n;
		size -= (size_t)n;
	}
}

static int on_mask(wslay_event_context_ptr context, uint8_t *buffer, size_t size, void *user)
{
	(void)context;
	(void)user;
	make_random(buffer, size);
	return 0;
}

static void on_received(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *user)
{
	struct websocket *socket = user;
	(void)context;
	if (wslay_is_ctrl_frame(message->opcode))
		return;
	socket->is_text = message->opcode == WSLAY_TEXT_FRAME;
	socket->on_message((const char *)message->msg, message->msg_length, socket->user);
	socket->is_text = false;
}

static struct websocket *create(bool is_client, struct str *out, websocket_message_fn *on_message, void *user)
{
	const struct wslay_event_callbacks callbacks = {
	        .recv_callback = on_read,
	        .send_callback = on_write,
	        .genmask_callback = on_mask,
	        .on_msg_recv_callback = on_received,
	};
	struct websocket *socket = mem_alloc(sizeof *socket);
	socket->out = out;
	socket->on_message = on_message;
	socket->user = user;
	int result = is_client ? wslay_event_context_client_init(&socket->context, &callbacks, socket)
	                       : wslay_event_context_server_init(&socket->context, &callbacks, socket);
	if (result != 0)
		base_abort("wslay has no memory");
	wslay_event_config_set_max_recv_msg_length(socket->context, WEBSOCKET_MESSAGE_MAX);
	return socket;
}

struct websocket *websocket_create(struct str *out, websocket_message_fn *on_message, void *user)
{
	return create(false, out, on_message, user);
}

struct websocket *websocket_client_create(struct str *out, websocket_message_fn *on_message, void *user)
{
	return create(true, out, on_message, user);
}

void websocket_destroy(struct websocket *socket)
{
	if (!socket)
		return;
	wslay_event_context_free(socket->context);
	free(socket);
}

static void push(struct websocket *socket)
{
	while (wslay_event_want_write(socket->context) && wslay_event_send(socket->context) == 0)
		if (wslay_event_get_queued_msg_count(socket->context) == 0)
			break;
}

bool websocket_feed(struct websocket *socket, const char *bytes, size_t size, struct err *err)
{
	int result = 0;
	if (socket->is_broken)
		return err_set(err, ERR_INVALID, "WebSocket: the peer broke the protocol");
	socket->in = bytes;
	socket->in_size = size;
	while (socket->in_size && result == 0 && wslay_event_want_read(socket->context))
		result = wslay_event_recv(socket->context);
	socket->in = NULL;
	socket->in_size = 0;
	/* wslay stops reading after a message that is too big or no UTF-8; what it cannot parse at all it only reports */
	bool stopped =
	        !wslay_event_get_read_enabled(socket->context) && !wslay_event_get_close_received(socket->context);
	if (result != 0 || stopped) {
		socket->is_broken = true;
		wslay_event_queue_close(socket->context, WSLAY_CODE_PROTOCOL_ERROR, NULL,
		                        0); /* refused after another */
	}
	push(socket);
	return !socket->is_broken || err_set(err, ERR_INVALID, "WebSocket: the peer broke the protocol (%d)", result);
}

bool websocket_is_text(const struct websocket *socket)
{
	return socket->is_text;
}

static void queue(struct websocket *socket, enum wslay_opcode opcode, const char *bytes, size_t size)
{
	const struct wslay_event_msg message = {(uint8_t)opcode, (const uint8_t *)bytes, size};
	wslay_event_queue_msg(socket->context, &message); /* refused once a close has been queued */
	push(socket);
}

void websocket_send(struct websocket *socket, int channel, const char *bytes, size_t size)
{
	if (channel < 0) {
		queue(socket, WSLAY_BINARY_FRAME, bytes, size);
		return;
	}
	struct str whole = {0};
	str_append_c(&whole, (char)channel);
	str_append_n(&whole, bytes, size);
	queue(socket, WSLAY_BINARY_FRAME, whole.data, whole.len);
	str_finish(&whole);
}

void websocket_send_text(struct websocket *socket, const char *text)
{
	queue(socket, WSLAY_TEXT_FRAME, text, strlen(text));
}

void websocket_ping(struct websocket *socket)
{
	queue(socket, WSLAY_PING, NULL, 0);
}

void websocket_close(struct websocket *socket, int code)
{
	wslay_event_queue_close(socket->context, (uint16_t)code, NULL, 0);
	push(socket);
}

bool websocket_is_closed(const struct websocket *socket)
{
	return socket->is_broken || wslay_event_get_close_received(socket->context);
}

int websocket_close_code(const struct websocket *socket)
{
	return wslay_event_get_status_code_received(socket->context);
}

void websocket_make_key(char out[WEBSOCKET_KEY_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t bytes[18] = {0};
	make_random(bytes, 16);
	for (size_t i = 0; i < 6; i++) {
		uint32_t bits = (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
		for (size_t k = 0; k < 4; k++)
			out[4 * i + k] = letters[bits >> (18 - 6 * k) & 63];
	}
	out[22] = out[23] = '='; /* 16 bytes */
	out[24] = '\0';
}
