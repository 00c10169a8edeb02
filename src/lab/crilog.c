/* Cutting a container's output into CRI log lines. container.c feeds it; api/log.c reads the file. */
#include "lab/crilog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct crilog {
	char *path;
	int fd;
	size_t size, max_size;
	struct str line[2]; /* of stdout and stderr: what has no end of line yet */
};

static bool open_file(struct crilog *log, struct err *err)
{
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	log->size = 0;
	return log->fd >= 0 || err_errno(err, errno, "the container's log %s", log->path);
}

struct crilog *crilog_create(const char *path, size_t max_size, struct err *err)
{
	struct crilog *log = mem_alloc(sizeof *log);
	log->path = mem_strdup(path);
	log->max_size = max_size;
	if (open_file(log, err))
		return log;
	free(log->path);
	free(log);
	return NULL;
}

static void rotate(struct crilog *log)
{
	char *old = mem_printf("%s.1", log->path);
	close(log->fd);
	rename(log->path, old);
	free(old);
	open_file(log, NULL);
}

static void put_line(struct crilog *log, int fd, const char *tag, const char *text, size_t len)
{
	struct timespec now;
	struct tm utc;
	char when[32];
	struct str out = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
	str_append_f(&out, "%s.%09ldZ %s %s ", when, now.tv_nsec, fd == 2 ? "stderr" : "stdout", tag);
	str_append_n(&out, text, len);
	str_append_c(&out, '\n');
	if (log->size + out.len > log->max_size)
		rotate(log);
	/* A full tmpfs loses lines, as a full disk does; the pod goes on. */
	ssize_t n = log->fd >= 0 ? write(log->fd, out.data, out.len) : -1;
	log->size += n > 0 ? (size_t)n : 0;
	str_finish(&out);
}

void crilog_write(struct crilog *log, int fd, const char *bytes, size_t size)
{
	struct str *line = &log->line[fd == 2];
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end != NULL ? (size_t)(end - bytes) : size, room = CRILOG_LINE_MAX - line->len;
		if (n > room) {
			str_append_n(line, bytes, room);
			put_line(log, fd, "P", line->data, line->len);
			str_clear(line);
			bytes += room;
			size -= room;
			continue;
		}
		str_append_n(line, bytes, n);
		if (end != NULL) {
			put_line(log, fd, "F", str_text(line), line->len);
			str_clear(line);
			n++;
		}
		bytes += n;
		size -= n;
	}
}

void crilog_destroy(struct crilog *log)
{
	if (log == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		if (log->line[i].len > 0 && log->fd >= 0)
			put_line(log, i + 1, "F", log->line[i].data, log->line[i].len);
		str_finish(&log->line[i]);
	}
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	free(log);
}
