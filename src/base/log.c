/* log: one line a message into one file, off until opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "onesdn/base.h"

static int log_fd = -1;
static enum log_level log_limit;

bool log_open(const char *path, enum log_level level, struct err *err)
{
	int fd = text_equal(path, "-") ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
	                               : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return err_errno(err, errno, "the log %s cannot be opened for writing", path);
	if (log_fd >= 0)
		close(log_fd);
	log_fd = fd;
	log_limit = level;
	return true;
}

/* The line goes out in one write, so that lines of several processes in one file stay whole. */
void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	if (log_fd < 0 || level > log_limit)
		return;
	int saved = errno;
	char now[32];
	time_format(time_wall_ms(), now);
	struct str text = {0}, line = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	str_append_f(&line, "%s %s ", now, names[level]);
	str_append_safe(&line, str_text(&text), text.len);
	str_append_c(&line, '\n');
	ssize_t written = write(log_fd, line.data, line.len);
	(void)written; /* a log that cannot be written has nowhere to say so */
	str_finish(&text);
	str_finish(&line);
	errno = saved;
}
