/* handshake: the opening of a WebSocket as HTTP/1.1 heads in memory, for both sides (RFC 6455 section 4). Only what it needs
 * of HTTP: a first line, fields without folding, and bodies of refusals by length, in chunks, or up to the end.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "onesdn/websocket.h"
#include "websocket/sha1.h"

#define FIELDS_MAX 100

void websocket_accept(const char *key, char out[32])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[SHA1_TEXT_MAX + 1];
	uint8_t digest[21] = {0};
	size_t len = strnlen(key, 64), at = 0;
	memcpy(text, key, len);
	memcpy(text + len, guid, sizeof guid - 1);
	sha1_short(text, len + sizeof guid - 1, digest);
	for (size_t i = 0; i < 21; i += 3) {
		uint32_t bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];
		for (int k = 0; k < 4; k++)
			out[at++] = letters[bits >> (18 - 6 * k) & 63];
	}
	out[27] = '=';
	out[28] = '\0';
}

/* ---- writing ---- */

void websocket_append_request(struct str *out, const struct websocket_request *request)
{
	str_append_f(out, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
	             request->target, request->host);
	str_append_f(out, "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", request->key);
	if (request->protocols[0])
		str_append_f(out, "Sec-WebSocket-Protocol: %s\r\n", request->protocols);
	str_append(out, "\r\n");
}

void websocket_append_reply(struct str *out, const struct websocket_request *request, const char *protocol)
{
	char accept[32];
	websocket_accept(request->key, accept);
	str_append(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
	str_append_f(out, "Sec-WebSocket-Accept: %s\r\n", accept);
	if (protocol)
		str_append_f(out, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	str_append(out, "\r\n");
}

/* ---- reading ---- */

struct text { /* a piece of the head */
	const char *at;
	size_t len;
};

static struct text trim(struct text text)
{
	while (text.len > 0 && (*text.at == ' ' || *text.at == '\t'))
		text.at++, text.len--;
	while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool is_word(struct text text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/* Takes what stands before the next comma. */
static bool next_item(struct text *list, struct text *item)
{
	if (list->len == 0)
		return false;
	const char *comma = memchr(list->at, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->at) : list->len;
	*item = trim((struct text){list->at, len});
	len += comma ? 1 : 0;
	list->at += len;
	list->len -= len;
	return true;
}

static bool has_item(struct text list, const char *word)
{
	struct text item;
	while (next_item(&list, &item))
		if (is_word(item, word))
			return true;
	return false;
}

static bool copy(char *out, size_t size, struct text text, const char *what, struct err *err)
{
	if (text.len >= size)
		return err_set(err, ERR_LIMIT, "WebSocket: %s is longer than %zu bytes", what, size - 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return err_set(err, ERR_INVALID, "WebSocket: %s has bytes that are no printable ASCII", what);
	memcpy(out, text.at, text.len);
	out[text.len] = '\0';
	return true;
}

/* The size of the head with its empty line; 0 while it is not whole, -1 if it never will be. */
static ssize_t head_size(const char *bytes, size_t size, struct err *err)
{
	size_t n = size < WEBSOCKET_HEAD_MAX ? size : WEBSOCKET_HEAD_MAX;
	const char *end = memmem(bytes, n, "\r\n\r\n", 4);
	if (end)
		return end + 4 - bytes;
	if (n < WEBSOCKET_HEAD_MAX)
		return 0;
	err_set(err, ERR_LIMIT, "WebSocket: the HTTP head is over %d bytes", WEBSOCKET_HEAD_MAX);
	return -1;
}

static struct text next_line(struct text *head)
{
	const char *end = memmem(head->at, head->len, "\r\n", 2);
	size_t len = end ? (size_t)(end - head->at) : head->len;
	struct text line = {head->at, len};
	len += end ? 2 : 0;
	head->at += len;
	head->len -= len;
	return line;
}

typedef bool field_fn(struct text name, struct text value, void *user, struct err *err);

static bool each_field(struct text head, field_fn *fn, void *user, struct err *err)
{
	for (int n = 0;; n++) {
		struct text line = next_line(&head);
		if (line.len == 0)
			return true;
		const char *colon = memchr(line.at, ':', line.len);
		struct text name = {line.at, colon ? (size_t)(colon - line.at) : 0};
		if (name.len == 0 || name.at[0] == ' ' || name.at[0] == '\t' || n == FIELDS_MAX)
			return err_set(err, ERR_INVALID, "WebSocket: line %d of the HTTP head is no field", n + 2);
		struct text value = trim((struct text){colon + 1, line.len - name.len - 1});
		if (!fn(name, value, user, err))
			return false;
	}
}

struct upgrade { /* what both heads must say */
	bool has_upgrade, has_connection;
	union {
		struct websocket_request *request;
		struct websocket_reply *reply;
	};
	char proof[64]; /* the version of a request, the accept of a reply */
};

static bool take_upgrade(struct upgrade *upgrade, struct text name, struct text value)
{
	if (is_word(name, "Upgrade"))
		upgrade->has_upgrade |= has_item(value, "websocket");
	else if (is_word(name, "Connection"))
		upgrade->has_connection |= has_item(value, "upgrade");
	else
		return false;
	return true;
}

static bool take_request_field(struct text name, struct text value, void *user, struct err *err)
{
	struct upgrade *upgrade = user;
	struct websocket_request *request = upgrade->request;
	if (take_upgrade(upgrade, name, value))
		return true;
	if (is_word(name, "Host"))
		return copy(request->host, sizeof request->host, value, "the Host", err);
	if (is_word(name, "Sec-WebSocket-Key"))
		return copy(request->key, sizeof request->key, value, "the Sec-WebSocket-Key", err);
	if (is_word(name, "Sec-WebSocket-Version"))
		return copy(upgrade->proof, sizeof upgrade->proof, value, "the Sec-WebSocket-Version", err);
	if (!is_word(name, "Sec-WebSocket-Protocol"))
		return true;
	size_t len = strlen(request->protocols); /* the field may come more than once */
	if (len > 0 && len + 1 < sizeof request->protocols)
		request->protocols[len++] = ',';
	return copy(request->protocols + len, sizeof request->protocols - len, value, "the list of protocols", err);
}

ssize_t websocket_parse_request(const char *bytes, size_t size, struct websocket_request *out, struct err *err)
{
	ssize_t whole = head_size(bytes, size, err);
	if (whole <= 0)
		return whole;
	struct text head = {bytes, (size_t)whole};
	struct text line = next_line(&head);
	struct websocket_request request = {0};
	struct upgrade upgrade = {.request = &request};
	if (line.len < 14 || memcmp(line.at, "GET /", 5) != 0 || memcmp(line.at + line.len - 9, " HTTP/1.1", 9) != 0) {
		err_set(err, ERR_INVALID, "WebSocket: the request is not GET in HTTP/1.1");
		return -1;
	}
	struct text target = {line.at + 4, line.len - 13};
	if (!copy(request.target, sizeof request.target, target, "the target", err) ||
	    !each_field(head, take_request_field, &upgrade, err))
		return -1;
	if (!upgrade.has_upgrade || !upgrade.has_connection || strlen(request.key) != 24 ||
	    strcmp(upgrade.proof, "13") != 0) {
		err_set(err, ERR_INVALID,
		        "WebSocket: the request does not ask for an upgrade to version 13 with a key");
		return -1;
	}
	*out = request;
	return whole;
}

static bool take_length(struct websocket_reply *reply, struct text value, struct err *err)
{
	char digits[24];
	int64_t length;
	if (!copy(digits, sizeof digits, value, "the Content-Length", err))
		return false;
	if (!text_to_int(digits, 0, INT64_MAX, &length))
		return err_set(err, ERR_INVALID, "WebSocket: the Content-Length is no number");
	reply->content_length = length;
	return true;
}

static bool take_reply_field(struct text name, struct text value, void *user, struct err *err)
{
	struct upgrade *upgrade = user;
	struct websocket_reply *reply = upgrade->reply;
	if (take_upgrade(upgrade, name, value))
		return true;
	if (is_word(name, "Sec-WebSocket-Accept"))
		return copy(upgrade->proof, sizeof upgrade->proof, value, "the Sec-WebSocket-Accept", err);
	if (is_word(name, "Sec-WebSocket-Protocol"))
		return copy(reply->protocol, sizeof reply->protocol, value, "the protocol", err);
	if (is_word(name, "Content-Type"))
		return copy(reply->content_type, sizeof reply->content_type, value, "the Content-Type", err);
	if (is_word(name, "Content-Length"))
		return take_length(reply, value, err);
	if (is_word(name, "Transfer-Encoding"))
		reply->is_chunked = has_item(value, "chunked");
	return true;
}

/* "HTTP/1.1 404 Not Found"; the reason may be missing, or cut. */
static bool take_status(struct text line, struct websocket_reply *reply, struct err *err)
{
	if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ' ||
	    (line.len > 12 && line.at[12] != ' '))
		return err_set(err, ERR_INVALID, "WebSocket: the reply is no HTTP");
	for (int i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)line.at[i]))
			return err_set(err, ERR_INVALID, "WebSocket: the reply is no HTTP");
		reply->status = 10 * reply->status + (line.at[i] - '0');
	}
	for (size_t i = 13, n = 0; i < line.len && n + 1 < sizeof reply->reason; i++)
		reply->reason[n++] = line.at[i] >= ' ' && line.at[i] <= '~' ? line.at[i] : '?';
	return true;
}

static bool has_proof(const struct upgrade *upgrade, const char *key)
{
	char accept[32];
	websocket_accept(key, accept);
	return upgrade->has_upgrade && upgrade->has_connection && strcmp(upgrade->proof, accept) == 0;
}

ssize_t websocket_parse_reply(const char *bytes, size_t size, const char *key, struct websocket_reply *out,
                              struct err *err)
{
	ssize_t whole = head_size(bytes, size, err);
	if (whole <= 0)
		return whole;
	struct text head = {bytes, (size_t)whole};
	struct text line = next_line(&head);
	struct websocket_reply reply = {.content_length = -1};
	struct upgrade upgrade = {.reply = &reply};
	if (!take_status(line, &reply, err) || !each_field(head, take_reply_field, &upgrade, err))
		return -1;
	if (reply.status == 101 && !has_proof(&upgrade, key)) {
		err_set(err, ERR_INVALID, "WebSocket: the server's upgrade does not prove that it speaks WebSocket");
		return -1;
	}
	*out = reply;
	return whole;
}

/* ---- bodies of refusals ---- */

/* The number at the front of a chunk; false if there is none. */
static bool chunk_size(struct text line, size_t *size)
{
	size_t n = 0, i = 0;
	for (; i < line.len && isxdigit((unsigned char)line.at[i]); i++) {
		char c = (char)tolower((unsigned char)line.at[i]);
		if (n >> 28)
			return false;
		n = n << 4 | (size_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*size = n;
	return i > 0;
}

static bool take_chunks(const char *bytes, size_t size, struct str *body)
{
	struct text left = {bytes, size};
	size_t n;
	while (memmem(left.at, left.len, "\r\n", 2)) {
		if (!chunk_size(next_line(&left), &n) || n == 0)
			return true;
		str_append_n(body, left.at, n < left.len ? n : left.len);
		if (left.len < n + 2)
			return false;
		left.at += n + 2;
		left.len -= n + 2;
	}
	return false;
}

bool websocket_reply_body(const struct websocket_reply *reply, const char *bytes, size_t size, bool is_end,
                          struct str *body)
{
	if (reply->is_chunked)
		return take_chunks(bytes, size, body) || is_end;
	bool is_whole = reply->content_length >= 0 && (uint64_t)reply->content_length <= size;
	str_append_n(body, bytes, is_whole ? (size_t)reply->content_length : size);
	return is_whole || is_end;
}

bool websocket_offers(const struct websocket_request *request, const char *protocol)
{
	return has_item((struct text){request->protocols, strlen(request->protocols)}, protocol);
}
