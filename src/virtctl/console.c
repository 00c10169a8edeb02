/* console: see console.h. One link at a time; link.c carries bytes, websocket knows the protocol.
 *
 * Back-pressure: what came for a slow terminal is at most one piece of the link and one message; the link is paused until it
 * is written. Keys are not read while the peer has not taken INPUT_BYTES_MAX of them.
 */
#include "virtctl/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onesdn/websocket.h"

#define RETRY_MS 1000
#define ANSWER_MS 30000   /* from dialling to the whole answer */
#define KEYS_OVER_MS 2000 /* for what is still to be sent at the end of the keys */
#define ESCAPE_MS 250     /* the same, with somebody waiting */
#define INPUT_BYTES_MAX ((size_t)64 << 10)
#define BLOCKING_BYTES 4096
#define REFUSAL_BYTES_MAX ((size_t)64 << 10)
#define PROTOCOL "plain.kubevirt.io"

enum state { CONNECTING, ANSWERING, WAITING, STANDING, LEAVING, ENDED };

struct console {
	struct loop *loop;
	struct console_options options;
	enum state state;
	struct link *link;
	char key[WEBSOCKET_KEY_SIZE];
	struct str answer; /* to the handshake */
	struct websocket *websocket;
	struct str to_peer, to_out;
	size_t n_written; /* of to_out */
	struct loop_fd *in_source, *out_source;
	bool may_block;              /* out: then it is written a little at a time, so that keys are seen in between */
	struct loop_timer *timer;    /* of the state: the next try, the deadline of the answer or of leaving */
	struct loop_timer *patience; /* of waiting for the VMI */
	bool is_impatient;
	bool is_over; /* the session is closed; what is in to_out is written before the end */
	struct console_end end;
	struct str words;
};

bool console_is_escape(const char *bytes, size_t size)
{
	return size > 0 && bytes[0] == CONSOLE_ESCAPE;
}

void console_close_words(int code, struct str *out)
{
	static const struct {
		int code;
		const char *words;
	} rows[] = {{1000, "normal"},
	            {1001, "going away"},
	            {1002, "protocol error"},
	            {1003, "unsupported data"},
	            {1005, "no status"},
	            {1006, "abnormal closure"},
	            {1007, "invalid payload data"},
	            {1008, "policy violation"},
	            {1009, "message too big"},
	            {1010, "mandatory extension missing"},
	            {1011, "internal server error"},
	            {1015, "TLS handshake error"}};
	str_append_f(out, "websocket: close %d", code);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			str_append_f(out, " (%s)", rows[i].words);
	if (code == WEBSOCKET_ABNORMAL)
		str_append(out, ": unexpected EOF");
}

void console_refusal_words(int status, const char *content_type, const struct str *body, struct str *out)
{
	json_t *value = text_has_prefix(content_type, "application/json")
	                        ? json_parse(str_text(body), body->len, "reply", NULL)
	                        : NULL;
	const char *message = json_walk_str(value, "message", NULL);
	size_t len = strlen(message);
	while (len > 0 && strchr("\r\n ", message[len - 1]))
		len--;
	if (len > 0) {
		str_append_safe(out, message, len < ERR_TEXT_MAX ? len : ERR_TEXT_MAX);
	} else {
		str_append_f(out, "Can't connect to websocket (%d): websocket: bad handshake", status);
		size_t size = strcspn(str_text(body), "\r\n");
		if (size > 0 && text_has_prefix(content_type, "text/plain")) {
			str_append(out, ": ");
			str_append_safe(out, body->data, size < ERR_TEXT_MAX ? size : ERR_TEXT_MAX);
		}
	}
	json_decref(value);
}

/* ---- the end ---- */

static void on_over(void *user)
{
	struct console *console = user;
	console->end.words = str_text(&console->words);
	console->options.on_end(&console->end, console->options.user);
}

static void drop_link(struct console *console)
{
	link_destroy(console->link);
	websocket_destroy(console->websocket);
	console->link = NULL;
	console->websocket = NULL;
	str_clear(&console->to_peer);
	str_clear(&console->answer);
}

static void finish(struct console *console)
{
	if (console->state == ENDED)
		return;
	console->state = ENDED;
	drop_link(console);
	loop_timer_stop(console->timer);
	loop_timer_stop(console->patience);
	loop_fd_destroy(console->in_source);
	loop_fd_destroy(console->out_source);
	console->in_source = console->out_source = NULL;
	loop_post(console->loop, on_over, console);
}

static void fail(struct console *console, const char *words)
{
	if (!console->words.len)
		str_append(&console->words, words);
	finish(console);
}

/* The peer has ended the session. Its last words are written first. */
static void session_over(struct console *console, bool is_fine, int code)
{
	if (console->is_over)
		return;
	console->is_over = true;
	console->end = (struct console_end){.is_fine = is_fine, .was_cut = code == WEBSOCKET_ABNORMAL};
	if (!is_fine)
		console_close_words(code, &console->words);
	if (console->to_out.len == console->n_written)
		finish(console);
}

/* ---- to the terminal ---- */

static void write_out(struct console *console)
{
	while (console->n_written < console->to_out.len) {
		size_t left = console->to_out.len - console->n_written;
		if (console->may_block && left > BLOCKING_BYTES)
			left = BLOCKING_BYTES;
		ssize_t n = write(console->options.out, console->to_out.data + console->n_written, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			str_append_f(&console->words, "write /dev/stdout: %s", strerror(errno));
			finish(console);
			return;
		}
		console->n_written += (size_t)n;
		if (console->may_block)
			break;
	}
	bool is_behind = console->n_written < console->to_out.len;
	if (!is_behind) {
		str_clear(&console->to_out);
		console->n_written = 0;
	}
	loop_fd_set(console->out_source, is_behind ? LOOP_WRITE : 0);
	if (!is_behind && console->is_over)
		finish(console);
	else if (console->link)
		link_pause(console->link, is_behind);
}

static void on_out_ready(int events, void *user)
{
	(void)events;
	write_out(user);
}

static void on_message(const char *bytes, size_t size, void *user)
{
	struct console *console = user;
	if (console->state == STANDING &&
	    !websocket_is_text(console->websocket)) /* KubeVirt's own clients drop texts */
		str_append_n(&console->to_out, bytes, size);
}

static void send_peer(struct console *console)
{
	if (console->to_peer.len > 0 && console->link)
		link_send(console->link, &console->to_peer);
	if (console->state == STANDING && console->in_source)
		loop_fd_set(console->in_source, link_waiting(console->link) < INPUT_BYTES_MAX ? LOOP_READ : 0);
}

static void take_frames(struct console *console, const char *bytes, size_t size)
{
	bool is_whole = websocket_feed(console->websocket, bytes, size, NULL);
	int code = websocket_close_code(console->websocket);
	bool is_closed = websocket_is_closed(console->websocket);
	send_peer(console);
	if (console->state == LEAVING) {
		if (is_closed)
			finish(console);
		return;
	}
	if (!is_whole)
		session_over(console, false, WEBSOCKET_PROTOCOL_ERROR);
	else if (is_closed)
		session_over(console, code == WEBSOCKET_NORMAL, code);
	if (console->state != ENDED)
		write_out(console);
}

/* ---- the keys ---- */

/* By the user's wish. The peer's answer to the close is awaited for a moment: then what was typed last has arrived, also where a
 * kubectl proxy, which ends with us, is in between. */
static void leave(struct console *console, int64_t wait_ms)
{
	console->end.is_fine = true;
	str_clear(&console->words);
	if (console->is_over) {
		finish(console);
		return;
	}
	console->state = LEAVING;
	loop_fd_set(console->in_source, 0);
	loop_fd_set(console->out_source, 0);
	websocket_close(console->websocket, WEBSOCKET_NORMAL);
	send_peer(console);
	link_pause(console->link, false);
	loop_timer_start(console->timer, wait_ms, 0);
}

static void on_in_ready(int events, void *user)
{
	(void)events;
	struct console *console = user;
	char bytes[CONSOLE_READ_BYTES];
	ssize_t n = read(console->options.in, bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		str_append_f(&console->words, "read /dev/stdin: %s", strerror(errno));
		finish(console);
	} else if (n == 0) {
		leave(console, KEYS_OVER_MS);
	} else if (console_is_escape(bytes, (size_t)n)) {
		leave(console, ESCAPE_MS);
	} else {
		websocket_send(console->websocket, -1, bytes, (size_t)n);
		send_peer(console);
	}
}

/* ---- the handshake ---- */

static void start_session(struct console *console)
{
	console->state = STANDING;
	loop_timer_stop(console->timer);
	loop_timer_stop(console->patience);
	console->websocket = websocket_client_create(&console->to_peer, on_message, console);
	console->out_source = loop_fd_create(console->loop, console->options.out, 0, on_out_ready, console);
	console->in_source = loop_fd_create(console->loop, console->options.in, LOOP_READ, on_in_ready, console);
	console->options.on_connected(console->options.user);
}

static void try_again(struct console *console)
{
	console->state = WAITING;
	drop_link(console);
	loop_timer_start(console->timer, console->options.retry_ms ? console->options.retry_ms : RETRY_MS, 0);
}

static void refused(struct console *console, const struct websocket_reply *reply, const struct str *body)
{
	if (reply->status == 400 && console->options.timeout_ms != 0) {
		try_again(console);
		return;
	}
	console_refusal_words(reply->status, reply->content_type, body, &console->words);
	finish(console);
}

static void take_answer(struct console *console, bool is_end)
{
	struct websocket_reply reply;
	struct err err;
	ssize_t head =
	        websocket_parse_reply(str_text(&console->answer), console->answer.len, console->key, &reply, &err);
	if (head < 0) {
		str_append_f(&console->words, "Can't connect to websocket: %s", err.text);
		finish(console);
		return;
	}
	if (head == 0) {
		if (is_end)
			fail(console, "Can't connect to websocket: unexpected EOF");
		return;
	}
	const char *rest = console->answer.data + head;
	size_t size = console->answer.len - (size_t)head;
	struct str body = {0};
	if (reply.status == 101) {
		start_session(console);
		take_frames(console, rest, size);
	} else if (websocket_reply_body(&reply, rest, size, is_end, &body) || size > REFUSAL_BYTES_MAX) {
		refused(console, &reply, &body);
	}
	str_finish(&body);
}

static void on_open(void *user)
{
	struct console *console = user;
	const struct route *route = console->options.route;
	struct websocket_request request = {.protocols = PROTOCOL};
	char *target =
	        mem_printf("%s/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachineinstances/%s/console",
	                   route->prefix, console->options.ns, console->options.name);
	if (strlen(target) >= sizeof request.target || strlen(route->authority) >= sizeof request.host) {
		free(target);
		fail(console, "Can't connect to websocket: the server's address is too long");
		return;
	}
	memcpy(request.target, target, strlen(target) + 1);
	memcpy(request.host, route->authority, strlen(route->authority) + 1);
	free(target);
	websocket_make_key(console->key);
	memcpy(request.key, console->key, sizeof console->key);
	websocket_append_request(&console->to_peer, &request);
	console->state = ANSWERING;
	link_send(console->link, &console->to_peer);
}

static void on_data(const char *bytes, size_t size, void *user)
{
	struct console *console = user;
	if (console->state == ANSWERING) {
		str_append_n(&console->answer, bytes, size);
		take_answer(console, false);
	} else {
		take_frames(console, bytes, size);
	}
}

static void on_sent(void *user)
{
	send_peer(user);
}

static void on_link_end(const struct err *err, void *user)
{
	struct console *console = user;
	if (console->state == LEAVING) {
		finish(console);
	} else if (console->state == STANDING) {
		session_over(console, false, WEBSOCKET_ABNORMAL);
	} else if (console->state == ANSWERING && !err) {
		take_answer(console, true);
	} else {
		str_append_f(&console->words, "Can't connect to websocket: %s", err ? err->text : "unexpected EOF");
		finish(console);
	}
}

static void dial(struct console *console)
{
	static const struct link_events events = {on_open, on_data, on_sent, on_link_end};
	if (console->is_impatient) {
		fail(console, "Timeout trying to connect to the virtual machine instance");
		return;
	}
	console->state = CONNECTING;
	loop_timer_start(console->timer, ANSWER_MS, 0);
	console->link = link_create(console->loop, console->options.route, &events, console);
}

static void on_timer(void *user)
{
	struct console *console = user;
	if (console->state == WAITING)
		dial(console);
	else if (console->state == LEAVING)
		finish(console);
	else
		fail(console, "Can't connect to websocket: the server did not answer within 30 s");
}

static void on_patience(void *user)
{
	struct console *console = user;
	console->is_impatient = true;
	if (console->state == WAITING)
		dial(console);
}

/* ---- life ---- */

struct console *console_create(struct loop *loop, const struct console_options *options)
{
	struct console *console = mem_alloc(sizeof *console);
	*console = (struct console){.loop = loop, .options = *options};
	console->may_block = !(fcntl(options->out, F_GETFL) & O_NONBLOCK);
	console->timer = loop_timer_create(loop, on_timer, console);
	console->patience = loop_timer_create(loop, on_patience, console);
	if (options->timeout_ms > 0)
		loop_timer_start(console->patience, options->timeout_ms, 0);
	dial(console);
	return console;
}

void console_destroy(struct console *console)
{
	if (!console)
		return;
	loop_unpost(console->loop, console);
	drop_link(console);
	loop_fd_destroy(console->in_source);
	loop_fd_destroy(console->out_source);
	loop_timer_destroy(console->timer);
	loop_timer_destroy(console->patience);
	str_finish(&console->answer);
	str_finish(&console->to_peer);
	str_finish(&console->to_out);
	str_finish(&console->words);
	free(console);
}
