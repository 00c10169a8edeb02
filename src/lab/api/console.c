/* console: the serial console of a VMI over a WebSocket (plain.kubevirt.io), as KubeVirt serves it: raw bytes in binary
 * messages both ways, text messages ignored, one client a VMI, no word when it ends (an abnormal closure).
 *
 * Back-pressure: a client that does not read stops the reading of the serial port, so that the guest waits; a guest that
 * does not read stops the reading of the client's socket. Nothing is kept beyond the marks below and one message.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/api/private.h"
#include "lab/vm/machine.h"
#include "onesdn/websocket.h"

#define PROTOCOL "plain.kubevirt.io"
#define OUT_HIGH ((size_t)256 << 10) /* unsent bytes at which the guest's output is not read any more, */
#define OUT_LOW ((size_t)64 << 10)   /* and is again */
#define IN_HIGH ((size_t)64 << 10)   /* bytes that the guest has not taken at which the client is not read any more */
#define READ_SIZE 16384

struct console {
	struct api *api;
	struct console *next, **link;
	struct websocket *socket;
	struct machine_console *serial;
	struct loop_fd *source;
	struct str out;
	size_t sent; /* of out */
	char *vmi_uid;
	int fd;
	void (*finish)(void *connection);
	void *connection;
	bool is_paused, is_full, is_doomed;
};

/* ---- the end ---- */

static void console_destroy(void *user)
{
	struct console *console = user;
	loop_unpost(console->api->loop, console);
	if (console->link)
		*console->link = console->next;
	if (console->next)
		console->next->link = console->link;
	machine_console_close(console->serial);
	loop_fd_destroy(console->source);
	if (console->finish)
		console->finish(console->connection);
	websocket_destroy(console->socket);
	str_finish(&console->out);
	free(console->vmi_uid);
	free(console);
}

static void doom(struct console *console)
{
	if (!console->is_doomed)
		loop_post(console->api->loop, console_destroy, console);
	console->is_doomed = true;
}

void consoles_destroy(struct api *api)
{
	while (api->consoles) /* each takes itself off the list, by its link, which the analyser does not follow */
		console_destroy(api->consoles); /* NOLINT(clang-analyzer-unix.Malloc) */
}

/* ---- bytes to the client ---- */

static void set_events(struct console *console)
{
	bool has_more = console->out.len > console->sent;
	if (console->source)
		loop_fd_set(console->source, (console->is_full ? 0 : LOOP_READ) | (has_more ? LOOP_WRITE : 0));
}

static void flush(struct console *console)
{
	struct str *out = &console->out;
	while (!console->is_doomed && out->len > console->sent) {
		ssize_t n = send(console->fd, out->data + console->sent, out->len - console->sent,
		                 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			doom(console);
		if (n < 0)
			break;
		console->sent += (size_t)n;
	}
	if (console->sent == out->len || console->sent > OUT_HIGH) {
		str_drop_front(out, console->sent);
		console->sent = 0;
	}
	size_t left = out->len - console->sent;
	if (console->serial && (console->is_paused ? left < OUT_LOW : left > OUT_HIGH)) {
		console->is_paused = !console->is_paused;
		machine_console_pause(console->serial, console->is_paused);
	}
	set_events(console);
}

static void on_output(const char *bytes, size_t size, void *user)
{
	struct console *console = user;
	if (console->is_doomed)
		return;
	websocket_send(console->socket, -1, bytes, size);
	flush(console);
}

static void on_end(void *user)
{
	struct console *console = user;
	flush(console); /* what the guest said last, as far as there is room */
	doom(console);
}

/* ---- bytes from the client ---- */

static void on_room(void *user)
{
	struct console *console = user;
	console->is_full = false;
	set_events(console);
}

static void on_message(const char *bytes, size_t size, void *user)
{
	struct console *console = user;
	if (!console->serial || websocket_is_text(console->socket))
		return;
	machine_console_write(console->serial, bytes, size);
	if (machine_console_pending(console->serial) > IN_HIGH)
		console->is_full = true;
}

static void feed(struct console *console, const char *bytes, size_t size)
{
	struct err err;
	if (console->is_doomed || !size)
		return;
	if (!websocket_feed(console->socket, bytes, size, &err) || websocket_is_closed(console->socket)) {
		flush(console);
		doom(console);
	}
}

static void on_socket(int events, void *user)
{
	static char buffer[READ_SIZE];
	struct console *console = user;
	if (events & LOOP_READ) {
		ssize_t n = recv(console->fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			doom(console);
			return;
		}
		if (n > 0)
			feed(console, buffer, (size_t)n);
	}
	if (!console->is_doomed)
		flush(console);
}

static void console_begin(void *user, int fd, const char *extra, size_t extra_size, void (*finish)(void *connection),
                          void *connection)
{
	static const struct machine_console_events events = {on_output, on_room, on_end, NULL};
	struct machine_console_events mine = events;
	struct console *console = user;
	console->fd = fd;
	console->finish = finish;
	console->connection = connection;
	console->next = console->api->consoles;
	console->link = &console->api->consoles;
	if (console->next)
		console->next->link = &console->next;
	console->api->consoles = console;
	console->source = loop_fd_create(console->api->loop, fd, LOOP_READ, on_socket, console);
	mine.user = console;
	console->serial = machine_console_open(console->api->machines, console->vmi_uid, &mine);
	if (!console->serial) {
		doom(console); /* it has ended since */
		return;
	}
	feed(console, extra, extra_size);
	if (!console->is_doomed)
		flush(console);
}

/* ---- the request ---- */

static bool is_offered(const struct api_request *request)
{
	struct websocket_request offer = {.protocols = ""};
	if (strlen(request->protocols) >= sizeof offer.protocols)
		return false;
	memcpy(offer.protocols, request->protocols, strlen(request->protocols) + 1);
	return websocket_offers(&offer, PROTOCOL);
}

/* False after a reply. */
static bool may_attach(struct call *call, const json_t *vmi)
{
	const char *phase = json_walk_str(vmi, "status", "phase", NULL);
	if (!vmi) {
		virt_not_found(call, "virtualmachineinstance");
		return false;
	}
	if (json_is_false(json_walk(vmi, "spec", "domain", "devices", "autoattachSerialConsole", NULL))) {
		reply_status(call, 400, "BadRequest", "No serial consoles are present.");
		return false;
	}
	if (strcmp(phase, "Failed") == 0) {
		virt_conflict(call, "virtualmachineinstance", "VMI is in failed status");
		return false;
	}
	if (strcmp(phase, "Running") != 0 || !call->api->machines) {
		reply_status(call, 400, "BadRequest", "VMI is not running");
		return false;
	}
	if (strcasecmp(call->request->upgrade, "websocket") != 0 || !*call->request->ws_key ||
	    strcmp(call->request->ws_version, "13") != 0) {
		reply_status(call, 400, "BadRequest",
		             "the console is a WebSocket: upgrade the connection (virtctl console %s)", call->name);
		return false;
	}
	return true;
}

void console_start(struct call *call)
{
	const json_t *vmi = store_get(call->api->store, call->resource, call->ns, call->name);
	if (!may_attach(call, vmi))
		return;
	struct api_upgrade *upgrade = mem_alloc(sizeof *upgrade);
	struct console *console = mem_alloc(sizeof *console);
	console->api = call->api;
	console->fd = -1;
	console->vmi_uid = mem_strdup(json_walk_str(vmi, "metadata", "uid", NULL));
	console->socket = websocket_create(&console->out, on_message, console);
	*upgrade = (struct api_upgrade){
	        .protocol = "websocket", .start = console_begin, .cancel = console_destroy, .user = console};
	if (is_offered(call->request)) {
		upgrade->header = "Sec-WebSocket-Protocol";
		upgrade->value = PROTOCOL;
	}
	websocket_accept(call->request->ws_key, upgrade->accept);
	call->reply->upgrade = upgrade;
	call->reply->status = 101;
}
