/* exec: a command in a pod, between an upgraded connection and pod.h. The protocol is wire.h's.
 *
 * One session: upgrade, the streams open, the process starts, bytes go both ways under back-pressure, the process ends, its
 * status is sent, and the connection lingers until the client has read it: closing at once could lose the status on the way,
 * which kubectl takes for success.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lab/api/private.h"
#include "lab/api/wire.h"
#include "onesdn/websocket.h"

#define OUT_HIGH ((size_t)256 << 10) /* unsent bytes at which the process is not read any more, */
#define OUT_LOW ((size_t)64 << 10)   /* and is again */
#define STDIN_HIGH                                                                                                     \
	((size_t)256 << 10) /* bytes that the process has not taken at which the client is not read any more */
#define READ_SIZE 65536
#define OPEN_MS 30000 /* to open all streams */
#define LINGER_MS 5000
#define DRAIN_MIN_MS 4
#define DRAIN_MAX_MS 128

struct exec {
	struct api *api;
	struct exec *next, **link;
	struct wire *wire;
	struct pod_exec *process;
	struct loop_fd *source;
	struct loop_timer *timer, *drain;
	int fd;
	size_t sent; /* of wire->out */
	void (*finish)(void *connection);
	void *connection;
	char *ns, *name, *container;
	VEC(char *) argv;
	struct wire_streams streams;
	int64_t drain_ms;
	bool is_paused, is_full, is_ended, is_lingering, is_doomed;
};

/* ---- the end ---- */

static void exec_destroy(void *user)
{
	struct exec *exec = user;
	loop_unpost(exec->api->loop, exec);
	if (exec->link)
		*exec->link = exec->next;
	if (exec->next)
		exec->next->link = exec->link;
	pod_exec_destroy(exec->process);
	loop_fd_destroy(exec->source);
	loop_timer_destroy(exec->timer);
	loop_timer_destroy(exec->drain);
	if (exec->finish)
		exec->finish(exec->connection);
	if (exec->wire)
		exec->wire->kind->destroy(exec->wire);
	for (size_t i = 0; i < exec->argv.len; i++)
		free(exec->argv.data[i]);
	vec_finish(&exec->argv);
	free(exec->ns);
	free(exec->name);
	free(exec->container);
	free(exec);
}

static void doom(struct exec *exec)
{
	if (!exec->is_doomed)
		loop_post(exec->api->loop, exec_destroy, exec);
	exec->is_doomed = true;
}

void execs_destroy(struct api *api)
{
	while (api->execs)
		exec_destroy(api->execs);
}

static void on_timer(void *user)
{
	exec_destroy(user);
}

/* ---- bytes to the client ---- */

static void set_events(struct exec *exec)
{
	bool has_more = exec->wire->out.len > exec->sent;
	loop_fd_set(exec->source, (exec->is_full ? 0 : LOOP_READ) | (has_more ? LOOP_WRITE : 0));
}

static void flush(struct exec *exec)
{
	struct str *out = &exec->wire->out;
	while (!exec->is_doomed && out->len > exec->sent) {
		ssize_t n = send(exec->fd, out->data + exec->sent, out->len - exec->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			doom(exec);
		if (n < 0)
			break;
		exec->sent += (size_t)n;
	}
	if (exec->sent == out->len || exec->sent > OUT_HIGH) {
		str_drop_front(out, exec->sent);
		exec->sent = 0;
	}
	size_t left = out->len - exec->sent;
	if (exec->process && (exec->is_paused ? left < OUT_LOW : left > OUT_HIGH)) {
		exec->is_paused = !exec->is_paused;
		pod_exec_pause(exec->process, exec->is_paused);
	}
	if (exec->is_ended && !left && !exec->is_lingering) {
		exec->is_lingering = true;
		(void)shutdown(exec->fd, SHUT_WR);
		loop_timer_start(exec->timer, LINGER_MS, 0);
	}
	set_events(exec);
}

/* ---- the process ---- */

static char *status_of(int status, const char *failure)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 255;
	json_t *value;
	if (failure)
		value = json_pack("{s:{},s:s,s:s,s:s++,s:i}", "metadata", "status", "Failure", "reason",
		                  "InternalError", "message",
		                  "Internal error occurred: ", "error executing command in container: ", failure,
		                  "code", 500);
	else if (code == 0)
		value = json_pack("{s:{},s:s}", "metadata", "status", "Success");
	else
		value = json_pack("{s:{},s:s,s:s,s:o,s:{s:[{s:s,s:o}]}}", "metadata", "status", "Failure", "reason",
		                  "NonZeroExitCode", "message",
		                  json_sprintf("command terminated with non-zero exit code: exit status %d", code),
		                  "details", "causes", "reason", "ExitCode", "message", json_sprintf("%d", code));
	char *text =
	        value ? json_dumps(value, JSON_COMPACT)
	              : mem_strdup("{\"metadata\":{},\"status\":\"Failure\",\"message\":\"the command did not run\"}");
	json_decref(value);
	return text;
}

static void end(struct exec *exec, int status, const char *failure)
{
	char *text = status_of(status, failure);
	if (!exec->is_ended)
		exec->wire->kind->finish(exec->wire, text);
	free(text);
	exec->is_ended = true;
	exec->is_full = false; /* what still comes is thrown away */
	loop_timer_stop(exec->drain);
	flush(exec);
}

static void on_output(struct pod_exec *process, int fd, const char *bytes, size_t size, void *user)
{
	struct exec *exec = user;
	(void)process;
	exec->wire->kind->output(exec->wire, fd, bytes, size);
	flush(exec);
}

static void on_exit_of(struct pod_exec *process, int status, const char *failure, void *user)
{
	(void)process;
	end(user, status, failure);
}

/* pod.h does not tell when stdin has been taken, so a full one is looked at again, ever more seldom. */
static void on_drain(void *user)
{
	struct exec *exec = user;
	if (exec->process && pod_exec_pending(exec->process) > STDIN_HIGH / 2) {
		exec->drain_ms = exec->drain_ms < DRAIN_MAX_MS ? exec->drain_ms * 2 : DRAIN_MAX_MS;
		loop_timer_start(exec->drain, exec->drain_ms, 0);
		return;
	}
	exec->is_full = false;
	set_events(exec);
}

static void on_ready(void *user)
{
	struct exec *exec = user;
	struct err err;
	VEC(const char *) argv = {0};
	loop_timer_stop(exec->timer);
	for (size_t i = 0; i < exec->argv.len; i++)
		vec_push(&argv, exec->argv.data[i]);
	vec_push(&argv, NULL);
	const struct pod_exec_spec spec = {.ns = exec->ns,
	                                   .name = exec->name,
	                                   .container = exec->container,
	                                   .argv = argv.data,
	                                   .has_stdin = exec->streams.has_stdin,
	                                   .tty = exec->streams.tty,
	                                   .events = {on_output, on_exit_of},
	                                   .user = exec};
	exec->process = pod_exec_start(exec->api->pods, &spec, &err);
	vec_finish(&argv);
	if (!exec->process)
		end(exec, 0, err.text);
}

static void on_stdin(const char *bytes, size_t size, void *user)
{
	struct exec *exec = user;
	if (!exec->process || exec->is_ended)
		return;
	pod_exec_write(exec->process, bytes, size);
	if (exec->is_full || pod_exec_pending(exec->process) <= STDIN_HIGH)
		return;
	exec->is_full = true;
	exec->drain_ms = DRAIN_MIN_MS;
	loop_timer_start(exec->drain, exec->drain_ms, 0);
}

static void on_stdin_end(void *user)
{
	struct exec *exec = user;
	if (exec->process && !exec->is_ended)
		pod_exec_close_stdin(exec->process);
}

static void on_resize(int rows, int cols, void *user)
{
	struct exec *exec = user;
	if (exec->process && !exec->is_ended)
		pod_exec_resize(exec->process, rows, cols);
}

/* ---- bytes from the client ---- */

static void feed(struct exec *exec, const char *bytes, size_t size)
{
	struct err err;
	if (exec->is_ended || exec->is_doomed)
		return;
	if (!exec->wire->kind->feed(exec->wire, bytes, size, &err) || exec->wire->is_closed)
		doom(exec);
}

static void on_socket(int events, void *user)
{
	static char buffer[READ_SIZE];
	struct exec *exec = user;
	if (events & LOOP_READ) {
		ssize_t n = recv(exec->fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			doom(exec);
			return;
		}
		if (n > 0)
			feed(exec, buffer, (size_t)n);
	}
	if (!exec->is_doomed)
		flush(exec);
}

static void exec_begin(void *user, int fd, const char *extra, size_t extra_size, void (*finish)(void *connection),
                       void *connection)
{
	struct exec *exec = user;
	exec->fd = fd;
	exec->finish = finish;
	exec->connection = connection;
	exec->next = exec->api->execs;
	exec->link = &exec->api->execs;
	if (exec->next)
		exec->next->link = &exec->next;
	exec->api->execs = exec;
	exec->source = loop_fd_create(exec->api->loop, fd, LOOP_READ, on_socket, exec);
	exec->timer = loop_timer_create(exec->api->loop, on_timer, exec);
	exec->drain = loop_timer_create(exec->api->loop, on_drain, exec);
	loop_timer_start(exec->timer, OPEN_MS, 0);
	feed(exec, extra, extra_size);
	if (!exec->is_doomed)
		flush(exec);
}

/* ---- the request ---- */

static bool has_token(const char *list, const char *token)
{
	size_t len = strlen(token);
	for (const char *at = list; *at;) {
		at += strspn(at, ", \t");
		size_t n = strcspn(at, ", \t");
		if (n == len && strncasecmp(at, token, len) == 0)
			return true;
		at += n;
	}
	return false;
}

/* WebSocket or SPDY, as the client can; false after a reply. */
static bool negotiate(struct call *call, struct api_upgrade *out)
{
	static const char *const spdy[] = {"v4.channel.k8s.io", "v5.channel.k8s.io"};
	const struct api_request *request = call->request;
	if (has_token(request->upgrade, "websocket") && strcmp(request->method, "GET") == 0 && *request->ws_key &&
	    strcmp(request->ws_version, "13") == 0) {
		if (has_token(request->protocols, "v5.channel.k8s.io")) {
			*out = (struct api_upgrade){.protocol = "websocket",
			                            .header = "Sec-WebSocket-Protocol",
			                            .value = "v5.channel.k8s.io"};
			websocket_accept(request->ws_key, out->accept);
			return true;
		}
	} else if (has_token(request->upgrade, "SPDY/3.1") && strcmp(request->method, "POST") == 0) {
		for (size_t i = 0; i < sizeof spdy / sizeof *spdy; i++)
			if (has_token(request->protocols, spdy[i])) {
				*out = (struct api_upgrade){.protocol = "SPDY/3.1",
				                            .header = "X-Stream-Protocol-Version",
				                            .value = spdy[i]};
				return true;
			}
	} else {
		reply_status(call, 400, "BadRequest", "Upgrade request required");
		return false;
	}
	reply_status(call, 403, "Forbidden",
	             "unable to negotiate protocol: the lab speaks v4.channel.k8s.io and v5.channel.k8s.io, the client "
	             "%.200s",
	             request->protocols);
	return false;
}

/* The container that is meant, or NULL after a reply. */
const char *pod_container(struct call *call, const json_t *pod)
{
	const json_t *containers = json_walk(pod, "spec", "containers", NULL);
	const char *wanted = query_get(&call->query, "container");
	struct str names = {0};
	size_t i;
	json_t *container;
	if (!*wanted && json_array_size(containers) == 1)
		return json_walk_str(json_array_get(containers, 0), "name", NULL);
	json_array_foreach (containers, i, container) {
		const char *name = json_walk_str(container, "name", NULL);
		if (strcmp(name, wanted) == 0)
			return name;
		str_append_f(&names, "%s%s", i ? " " : "", name);
	}
	if (*wanted)
		reply_status(call, 400, "BadRequest", "container %.100s is not valid for pod %s", wanted, call->name);
	else
		reply_status(call, 400, "BadRequest",
		             "a container name must be specified for pod %s, choose one of: [%s]", call->name,
		             str_text(&names));
	str_finish(&names);
	return NULL;
}

static void exec_cancel(void *user)
{
	struct exec *exec = user;
	exec_destroy(exec);
}

static struct exec *exec_new(struct call *call, const char *container, bool is_spdy)
{
	static const struct wire_events events = {on_ready, on_stdin, on_stdin_end, on_resize};
	struct exec *exec = mem_alloc(sizeof *exec);
	exec->api = call->api;
	exec->fd = -1;
	exec->ns = mem_strdup(call->ns);
	exec->name = mem_strdup(call->name);
	exec->container = mem_strdup(container);
	exec->streams = (struct wire_streams){.has_stdin = query_is(&call->query, "stdin"),
	                                      .has_stdout = query_is(&call->query, "stdout"),
	                                      .has_stderr = query_is(&call->query, "stderr"),
	                                      .tty = query_is(&call->query, "tty")};
	for (size_t i = 0; i < call->query.pairs.len; i++)
		if (strcmp(call->query.pairs.data[i].key, "command") == 0)
			vec_push(&exec->argv, mem_strdup(call->query.pairs.data[i].value));
	exec->wire =
	        is_spdy ? spdy_create(&exec->streams, &events, exec) : channels_create(&exec->streams, &events, exec);
	return exec;
}

void exec_start(struct call *call)
{
	struct api_upgrade upgrade = {0};
	const json_t *pod = store_get(call->api->store, call->resource, call->ns, call->name);
	if (!pod) {
		reply_not_found(call);
		return;
	}
	const char *container = pod_container(call, pod);
	if (!container)
		return;
	if (!*query_get(&call->query, "command")) {
		reply_status(call, 400, "BadRequest", "you must specify at least 1 command for the container");
		return;
	}
	if (strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") != 0 || !call->api->pods) {
		reply_status(call, 400, "BadRequest",
		             "unable to upgrade connection: container not found (\"%s\"): pod %s is not running",
		             container, call->name);
		return;
	}
	if (!negotiate(call, &upgrade))
		return;
	upgrade.start = exec_begin;
	upgrade.cancel = exec_cancel;
	upgrade.user = exec_new(call, container, strcmp(upgrade.protocol, "SPDY/3.1") == 0);
	call->reply->upgrade = mem_alloc(sizeof upgrade);
	*call->reply->upgrade = upgrade;
	call->reply->status = 101;
}
