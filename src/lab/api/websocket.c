/* websocket: frames and messages of RFC 6455, the only file that knows wslay. Works on memory: bytes are fed in, what is to
 * be sent is appended to the owner's `out`.
 */
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "lab/api/base64.h"
#include "lab/api/wire.h"

struct websocket {
	wslay_event_context_ptr context;
	struct str *out;
	websocket_message_fn *on_message;
	void *user;
	const char *in; /* while feeding */
	size_t in_size;
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

static void on_received(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *user)
{
	struct websocket *socket = user;
	(void)context;
	if (!wslay_is_ctrl_frame(message->opcode))
		socket->on_message((const char *)message->msg, message->msg_length, socket->user);
}

struct websocket *websocket_create(struct str *out, websocket_message_fn *on_message, void *user)
{
	const struct wslay_event_callbacks callbacks = {
	        .recv_callback = on_read, .send_callback = on_write, .on_msg_recv_callback = on_received};
	struct websocket *socket = mem_alloc(sizeof *socket);
	socket->out = out;
	socket->on_message = on_message;
	socket->user = user;
	if (wslay_event_context_server_init(&socket->context, &callbacks, socket) != 0)
		base_abort("wslay has no memory");
	wslay_event_config_set_max_recv_msg_length(socket->context, WEBSOCKET_MESSAGE_MAX);
	return socket;
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
	socket->in = bytes;
	socket->in_size = size;
	int result = 0;
	while (socket->in_size && result == 0 && wslay_event_want_read(socket->context))
		result = wslay_event_recv(socket->context);
	socket->in = NULL;
	socket->in_size = 0;
	push(socket);
	if (result != 0)
		return err_set(err, ERR_INVALID, "WebSocket: the peer broke the protocol (%d)", result);
	return true;
}

void websocket_send(struct websocket *socket, int channel, const char *bytes, size_t size)
{
	struct str whole = {0};
	if (channel >= 0)
		str_append_c(&whole, (char)channel);
	str_append_n(&whole, bytes, size);
	const struct wslay_event_msg message = {WSLAY_BINARY_FRAME, (const uint8_t *)str_text(&whole), whole.len};
	wslay_event_queue_msg(socket->context, &message); /* refused once a close has been queued */
	str_finish(&whole);
	push(socket);
}

void websocket_close(struct websocket *socket, int code)
{
	wslay_event_queue_close(socket->context, (uint16_t)code, NULL, 0);
	push(socket);
}

bool websocket_is_closed(const struct websocket *socket)
{
	return wslay_event_get_close_received(socket->context) || !wslay_event_get_read_enabled(socket->context);
}

/* ---- the handshake's proof: base64(SHA-1(key + GUID)) ---- */

static uint32_t rotate(uint32_t value, int bits)
{
	return value << bits | value >> (32 - bits);
}

static void sha1_block(uint32_t state[5], const uint8_t *block)
{
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t next = rotate(a, 5) + f + e + constants[i / 20] + w[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

/* Of at most 119 bytes: two blocks. */
static void sha1_short(const char *text, size_t len, uint8_t out[20])
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t blocks[128] = {0};
	size_t n = len < 56 ? 1 : 2;
	memcpy(blocks, text, len);
	blocks[len] = 0x80;
	blocks[n * 64 - 2] = (uint8_t)(len * 8 >> 8);
	blocks[n * 64 - 1] = (uint8_t)(len * 8);
	for (size_t i = 0; i < n; i++)
		sha1_block(state, blocks + 64 * i);
	for (int i = 0; i < 20; i++)
		out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void websocket_accept(const char *key, char out[32])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[120];
	uint8_t digest[20];
	size_t len = strnlen(key, 64);
	struct str proof = {0};
	memcpy(text, key, len);
	memcpy(text + len, guid, sizeof guid - 1);
	sha1_short(text, len + sizeof guid - 1, digest);
	base64_append(&proof, digest, sizeof digest);
	memcpy(out, proof.data, proof.len + 1); /* 28 letters */
	str_finish(&proof);
}
