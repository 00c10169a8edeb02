/* file: whole files in and out. Where files live is path.c's business. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onesdn/base.h"

static bool read_all(int fd, const char *path, size_t max_size, struct str *out, struct err *err)
{
	char piece[16384];
	for (size_t size = 0;;) {
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "%s cannot be read", path);
		if (n == 0)
			return true;
		if ((size_t)n > max_size - size)
			return err_set(err, ERR_LIMIT, "%s is larger than the %zu bytes that are read of such a file",
			               path, max_size);
		size += (size_t)n;
		str_append_n(out, piece, (size_t)n);
	}
}

bool file_read(const char *path, size_t max_size, struct str *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	size_t before = out->len;
	bool ok = read_all(fd, path, max_size, out, err);
	close(fd);
	if (!ok && out->data) {
		out->len = before;
		out->data[before] = '\0';
	}
	return ok;
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* Makes the rename itself last; a file system that cannot sync a directory is no reason to fail. */
static void sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = !slash ? mem_strdup(".") : mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

bool file_write(const char *path, const void *data, size_t size, unsigned mode, struct err *err)
{
	char *temporary = mem_printf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err_errno(err, errno, "%s cannot be written: no file can be made beside it", path);
		free(temporary);
		return false;
	}
	bool ok = write_all(fd, data, size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	int why = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		why = errno;
	}
	if (ok && rename(temporary, path) != 0) {
		ok = false;
		why = errno;
	}
	if (ok) {
		sync_parent(path);
	} else {
		unlink(temporary);
		err_errno(err, why, "%s cannot be written", path);
	}
	free(temporary);
	return ok;
}

static bool make_dir(const char *path, unsigned mode, struct err *err)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return true;
	int why = errno;
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return true;
		why = ENOTDIR;
	}
	return err_errno(err, why, "the directory %s cannot be made", path);
}

bool file_make_dirs(const char *path, unsigned mode, struct err *err)
{
	char *part = mem_strdup(path);
	bool ok = true;
	for (char *slash = part + strspn(part, "/"); ok && (slash = strchr(slash, '/')); slash += strspn(slash, "/")) {
		*slash = '\0';
		ok = make_dir(part, mode, err);
		*slash = '/';
	}
	if (ok && path[strspn(path, "/")] != '\0')
		ok = make_dir(path, mode, err);
	free(part);
	return ok;
}
