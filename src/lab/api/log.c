/* log: a container's log, from its file, whole or as it grows. Format of the file: pod.h (the CRI's).
 *
 * A followed log is read again when the file changes (inotify) or the pod does (the store): the latter also tells that
 * nothing more will come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lab/api/private.h"

#define CHUNK 65536
#define LINE_MAX_SIZE ((size_t)1 << 20) /* a longer line is cut */
#define PENDING_MAX ((size_t)256 << 10) /* unsent bytes at which the file is not read any more */

struct log {
	struct api_stream stream; /* first */
	struct api *api;
	char *ns, *name, *container;
	bool is_following, is_previous, has_timestamps, is_final;
	int64_t since_ms, limit; /* -1: none */
	int fd, inotify;
	struct loop_fd *changes;
	struct store_listener *listener;
	struct str line; /* the start of one */
	bool is_line_start;
};

static void log_destroy(struct api_stream *stream)
{
	struct log *log = (struct log *)stream;
	store_unlisten(log->listener);
	loop_fd_destroy(log->changes);
	if (log->inotify >= 0)
		close(log->inotify);
	if (log->fd >= 0)
		close(log->fd);
	str_finish(&log->line);
	str_finish(&stream->pending);
	free(log->ns);
	free(log->name);
	free(log->container);
	free(log);
}

/* ---- lines ---- */

static void put(struct log *log, const char *text, size_t size)
{
	if (log->limit >= 0 && (int64_t)size > log->limit)
		size = (size_t)log->limit;
	if (log->limit >= 0)
		log->limit -= (int64_t)size;
	str_append_n(&log->stream.pending, text, size);
}

/* "TIME stdout|stderr F|P text" without its end. A P line goes on in the next one. */
static void put_line(struct log *log, const char *line, size_t size)
{
	const char *end = line + size, *stream = memchr(line, ' ', size),
	           *tag = stream ? memchr(stream + 1, ' ', (size_t)(end - stream - 1)) : NULL;
	char time[64];
	int64_t ms;
	if (!tag || tag + 2 > end || (size_t)(stream - line) >= sizeof time)
		return;
	memcpy(time, line, (size_t)(stream - line));
	time[stream - line] = '\0';
	if (log->since_ms >= 0 && time_parse(time, &ms) && ms < log->since_ms)
		return;
	bool is_part = tag[1] == 'P';
	const char *text = tag + 2 < end && tag[2] == ' ' ? tag + 3 : tag + 2;
	if (log->has_timestamps && log->is_line_start) {
		put(log, time, strlen(time));
		put(log, " ", 1);
	}
	put(log, text, (size_t)(end - text));
	if (!is_part)
		put(log, "\n", 1);
	log->is_line_start = !is_part;
}

static void take(struct log *log, const char *bytes, size_t size)
{
	while (size) {
		const char *newline = memchr(bytes, '\n', size);
		size_t n = newline ? (size_t)(newline - bytes) : size;
		if (log->line.len + n <= LINE_MAX_SIZE)
			str_append_n(&log->line, bytes, n);
		bytes += n;
		size -= n;
		if (!newline)
			return;
		put_line(log, str_text(&log->line), log->line.len);
		str_clear(&log->line);
		bytes++;
		size--;
	}
}

/* ---- the file ---- */

static void over(struct log *log)
{
	log->stream.is_over = true;
	if (log->changes)
		loop_fd_set(log->changes, 0);
}

/* Reads what there is, as far as it can be sent. */
static void read_more(struct log *log)
{
	static char buffer[CHUNK];
	while (!log->stream.is_over && log->stream.pending.len < PENDING_MAX) {
		ssize_t n = log->fd >= 0 ? read(log->fd, buffer, sizeof buffer) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			take(log, buffer, (size_t)n);
		if (log->limit == 0 || n < 0 || (n == 0 && (!log->is_following || log->is_final)))
			over(log);
		if (n <= 0)
			break;
	}
	api_stream_wake(&log->stream);
}

static void on_drained(struct api_stream *stream)
{
	read_more((struct log *)stream);
}

static void on_changes(int events, void *user)
{
	char buffer[4096];
	struct log *log = user;
	(void)events;
	while (read(log->inotify, buffer, sizeof buffer) > 0)
		;
	read_more(log);
}

/* Whether more can come; opens the file when there is one at last. */
static bool look(struct log *log, struct err *err)
{
	char *path =
	        pod_log_path(log->api->pods, log->ns, log->name, log->container, log->is_previous, &log->is_final, err);
	if (!path)
		return false;
	if (log->fd < 0) {
		log->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (log->fd < 0 && errno != ENOENT) {
			err_errno(err, errno, "%s cannot be read", path);
			free(path);
			return false;
		}
		if (log->fd >= 0 && log->inotify >= 0)
			(void)inotify_add_watch(log->inotify, path, IN_MODIFY);
	}
	free(path);
	return true;
}

static void on_pod(const struct store_event *event, void *user)
{
	struct log *log = user;
	if (strcmp(json_walk_str(event->object, "metadata", "name", NULL), log->name) != 0 ||
	    strcmp(json_walk_str(event->object, "metadata", "namespace", NULL), log->ns) != 0)
		return;
	if (event->change == STORE_DELETED || !look(log, NULL))
		log->is_final = true;
	read_more(log);
}

/* Leaves the file's offset at the start of its last `lines` lines. */
static void seek_tail(int fd, int64_t lines)
{
	static char buffer[CHUNK];
	off_t end = lseek(fd, 0, SEEK_END), at = end;
	int64_t newlines = 0;
	bool is_last_byte = true;
	while (at > 0) {
		size_t n = at < CHUNK ? (size_t)at : CHUNK;
		at -= (off_t)n;
		if (pread(fd, buffer, n, at) != (ssize_t)n)
			break;
		for (size_t i = n; i-- > 0; is_last_byte = false) {
			if (buffer[i] != '\n' || is_last_byte || ++newlines < lines)
				continue;
			(void)lseek(fd, at + (off_t)i + 1, SEEK_SET);
			return;
		}
	}
	(void)lseek(fd, 0, SEEK_SET);
}

static bool follow(struct log *log, struct err *err)
{
	log->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (log->inotify < 0)
		return err_errno(err, errno, "the log cannot be followed: no inotify descriptor");
	log->changes = loop_fd_create(log->api->loop, log->inotify, LOOP_READ, on_changes, log);
	log->listener = store_listen_after(log->api->store, lab_resource_kind("Pod"), store_version(log->api->store),
	                                   on_pod, log);
	return true;
}

/* ---- the request ---- */

static bool read_options(struct call *call, struct log *log, int64_t *tail)
{
	const char *seconds = query_get(&call->query, "sinceSeconds"), *since = query_get(&call->query, "sinceTime");
	const char *limit = query_get(&call->query, "limitBytes"), *lines = query_get(&call->query, "tailLines");
	int64_t value;
	*tail = -1;
	if (*seconds && (!text_to_int(seconds, 1, INT32_MAX, &value) || *since))
		return false;
	if (*seconds)
		log->since_ms = time_wall_ms() - value * 1000;
	return (!*since || time_parse(since, &log->since_ms)) &&
	       (!*limit || text_to_int(limit, 1, INT64_MAX, &log->limit)) &&
	       (!*lines || text_to_int(lines, 0, INT64_MAX, tail));
}

static struct log *log_new(struct call *call, const char *container)
{
	struct log *log = mem_alloc(sizeof *log);
	log->api = call->api;
	log->ns = mem_strdup(call->ns);
	log->name = mem_strdup(call->name);
	log->container = mem_strdup(container);
	log->fd = log->inotify = -1;
	log->since_ms = log->limit = -1;
	log->is_line_start = true;
	log->is_following = query_is(&call->query, "follow");
	log->is_previous = query_is(&call->query, "previous");
	log->has_timestamps = query_is(&call->query, "timestamps");
	log->stream.destroy = log_destroy;
	log->stream.on_drained = on_drained;
	return log;
}

void log_start(struct call *call)
{
	struct err err;
	int64_t tail;
	const json_t *pod = store_get(call->api->store, call->resource, call->ns, call->name);
	if (!pod) {
		reply_not_found(call);
		return;
	}
	const char *container = pod_container(call, pod);
	if (!container)
		return;
	struct log *log = log_new(call, container);
	if (!read_options(call, log, &tail)) {
		reply_status(call, 400, "BadRequest",
		             "the options of the log are wrong: tailLines, sinceSeconds (or sinceTime) and limitBytes "
		             "are numbers that are not negative");
	} else if (!call->api->pods || (log->is_following && !follow(log, &err)) || !look(log, &err)) {
		if (!call->api->pods)
			err_set(&err, ERR_UNAVAILABLE, "no pods run here");
		if (err.code == ERR_UNAVAILABLE)
			reply_status(call, 400, "BadRequest", "container \"%s\" in pod \"%s\" is waiting to start: %s",
			             container, call->name, err.text);
		else
			reply_status(call, 400, "BadRequest", "%s", err.text);
	} else {
		if (tail == 0 && log->fd >= 0)
			(void)lseek(log->fd, 0, SEEK_END);
		else if (tail > 0 && log->fd >= 0)
			seek_tail(log->fd, tail);
		read_more(log);
		call->reply->status = 200;
		call->reply->content_type = "text/plain";
		call->reply->stream = &log->stream;
		return;
	}
	log_destroy(&log->stream);
}
