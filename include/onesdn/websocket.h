/* websocket: RFC 6455 on memory, the server's and the client's side. Bytes are fed in, messages come out by callback, what is
 * to be sent is appended to the owner's `out`. No sockets, no clock.
 *
 * Floor 2, on wslay (src/websocket/websocket.c). Pings are answered, a close is answered with a close, a text that is no
 * UTF-8 and a message over WEBSOCKET_MESSAGE_MAX close the connection with the code that RFC 6455 says. One feed appends
 * about as much to `out` as it was given at the most: an owner that stops feeding while `out` is long is never flooded.
 */
#ifndef ONESDN_WEBSOCKET_H
#define ONESDN_WEBSOCKET_H

#include <sys/types.h>

#include "onesdn/base.h"

#define WEBSOCKET_MESSAGE_MAX ((size_t)1 << 20)
enum { /* codes of a close, RFC 6455 section 7.4 */
       WEBSOCKET_NORMAL = 1000,
       WEBSOCKET_GOING_AWAY = 1001,
       WEBSOCKET_PROTOCOL_ERROR = 1002,
       WEBSOCKET_NO_STATUS = 1005, /* never sent: the peer's close named none */
       WEBSOCKET_ABNORMAL = 1006,  /* never sent: the connection ended without a close */
       WEBSOCKET_TOO_BIG = 1009,
       WEBSOCKET_INTERNAL_ERROR = 1011,
};

struct websocket;
/* A whole message, text or binary (websocket_is_text); not a ping, pong or close. The bytes are borrowed. Sending and
 * closing are legal inside, destroying and feeding are not. */
typedef void websocket_message_fn(const char *bytes, size_t size, void *user);
/* `out` is the caller's and outlives the socket: send it, and drop from it, when you can. Never NULL. */
struct websocket *websocket_create(struct str *out, websocket_message_fn *on_message,
                                   void *user); /* the server's side */
struct websocket *websocket_client_create(struct str *out, websocket_message_fn *on_message,
                                          void *user); /* masks what it sends */
void websocket_destroy(struct websocket *socket);
/* Any split of the peer's bytes. False when the peer broke the protocol: a close that says so is in `out`, what follows is
 * ignored. What comes after a close is ignored as well. */
bool websocket_feed(struct websocket *socket, const char *bytes, size_t size, struct err *err);
bool websocket_is_text(const struct websocket *socket); /* of the message that on_message is given just now */
/* One binary message: a channel byte (Kubernetes' exec), unless it is negative, and the bytes. Nothing once closing. */
void websocket_send(struct websocket *socket, int channel, const char *bytes, size_t size);
void websocket_send_text(struct websocket *socket, const char *text);
void websocket_ping(struct websocket *socket);
void websocket_close(struct websocket *socket,
                     int code); /* a close frame, once; the connection is the owner's to end */
bool websocket_is_closed(const struct websocket *socket); /* the peer has closed, or broke the protocol */
int websocket_close_code(
        const struct websocket *socket); /* the peer's; WEBSOCKET_ABNORMAL while it has sent no close */

/* ---- the opening handshake, RFC 6455 section 4: HTTP/1.1 heads as text ---- */
#define WEBSOCKET_HEAD_MAX 16384
#define WEBSOCKET_KEY_SIZE 25
void websocket_accept(const char *key, char out[32]);  /* Sec-WebSocket-Accept for Sec-WebSocket-Key */
void websocket_make_key(char out[WEBSOCKET_KEY_SIZE]); /* a client's random key */

struct websocket_request {
	char target[2048]; /* path and query, as it goes on the wire */
	char host[256];
	char key[64];
	char protocols[256]; /* Sec-WebSocket-Protocol, comma-separated, "" for none */
};
struct websocket_reply {
	int status;             /* 101: the connection is a WebSocket from here on */
	char reason[64];        /* the words after the status, printable ASCII */
	char protocol[128];     /* the one that the server chose, or "" */
	char content_type[128]; /* of another reply's body, or "" */
	int64_t content_length; /* -1: not said; then the body ends with the connection, unless it is chunked */
	bool is_chunked;
};
void websocket_append_request(struct str *out, const struct websocket_request *request);
void websocket_append_reply(struct str *out, const struct websocket_request *request,
                            const char *protocol); /* the 101; protocol NULL: none */
/* The head at the front of `bytes`: its size, 0 while it is not whole, -1 and err when it is no request for a WebSocket of
 * version 13, is over WEBSOCKET_HEAD_MAX or a field does not fit. */
ssize_t websocket_parse_request(const char *bytes, size_t size, struct websocket_request *out, struct err *err);
/* The same for a reply to a request with `key`: a 101 must upgrade to websocket and prove that it knows the key. */
ssize_t websocket_parse_reply(const char *bytes, size_t size, const char *key, struct websocket_reply *out,
                              struct err *err);
/* The body of a reply that is no 101: appends what is there of it to `body`, and tells whether that is all of it. A body
 * that breaks its chunks ends there. is_end: the connection has ended. */
bool websocket_reply_body(const struct websocket_reply *reply, const char *bytes, size_t size, bool is_end,
                          struct str *body);
bool websocket_offers(const struct websocket_request *request,
                      const char *protocol); /* among the request's protocols */

#endif
