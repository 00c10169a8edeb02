/* link: the second terminal's side. The newest show in the runtime directory is followed; when it ends, or none is there, the
 * directory is watched until one comes. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "notes/socket.h"
#include "onesdn/notes.h"

#define PIECE 65536

struct notes_link {
	struct loop *loop;
	char *dir;
	int watch; /* inotify */
	struct loop_fd *watching;
	int fd; /* -1: no show */
	struct loop_fd *source;
	struct str text; /* that came, up to the end of its line */
	notes_link_fn *fn;
	void *user;
};

static void find(struct notes_link *link);

/* ---- a show that is there ---- */

static void leave(struct notes_link *link)
{
	if (link->fd < 0)
		return;
	loop_fd_destroy(link->source);
	close(link->fd);
	link->source = NULL;
	link->fd = -1;
	str_clear(&link->text);
}

static void find_another(void *user)
{
	struct notes_link *link = user;
	find(link);
	if (link->fd < 0)
		link->fn(NULL, link->user);
}

static void lose(struct notes_link *link)
{
	leave(link);
	loop_post(link->loop, find_another, link);
}

/* Of several lines the last one is all that counts. False: the other side does not speak as it should. */
static bool take_lines(struct notes_link *link)
{
	const char *end = link->text.len ? memrchr(link->text.data, '\n', link->text.len) : NULL;
	if (!end)
		return link->text.len <= NOTES_LINE_MAX;
	size_t len = (size_t)(end - link->text.data);
	const char *before = len ? memrchr(link->text.data, '\n', len) : NULL;
	size_t start = before ? (size_t)(before - link->text.data) + 1 : 0;
	struct notes notes;
	bool is_good = notes_decode(link->text.data + start, len - start, &notes, NULL);
	str_drop_front(&link->text, len + 1);
	if (is_good)
		link->fn(&notes, link->user);
	return is_good;
}

static void on_text(int events, void *user)
{
	struct notes_link *link = user;
	char piece[PIECE];
	(void)events;
	ssize_t n = recv(link->fd, piece, sizeof piece, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n > 0)
		str_append_n(&link->text, piece, (size_t)n);
	if (n <= 0 || !take_lines(link))
		lose(link);
}

/* ---- which one ---- */

static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* -1: nobody is there. A socket whose show was killed is removed. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && is_ours(fd))
		return fd;
	if (errno == ECONNREFUSED)
		unlink(path);
	close(fd);
	return -1;
}

static int64_t made_at(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)
	               ? (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec
	               : -1;
}

/* The newest of those made before `before`; the caller frees. */
static char *newest(const char *dir, int64_t before, int64_t *made)
{
	DIR *files = opendir(dir);
	char *best = NULL;
	*made = -1;
	for (struct dirent *entry; files && (entry = readdir(files));) {
		if (!text_has_prefix(entry->d_name, NOTES_PREFIX) || !text_has_suffix(entry->d_name, NOTES_SUFFIX))
			continue;
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		int64_t at = made_at(path);
		if (at > *made && at < before) {
			free(best);
			best = mem_strdup(path);
			*made = at;
		}
		free(path);
	}
	if (files)
		closedir(files);
	return best;
}

static void find(struct notes_link *link)
{
	int64_t made = INT64_MAX;
	for (char *path; link->fd < 0 && (path = newest(link->dir, made, &made));) {
		link->fd = connect_to(path);
		free(path);
	}
	if (link->fd >= 0)
		link->source = loop_fd_create(link->loop, link->fd, LOOP_READ, on_text, link);
}

static void on_watch(int events, void *user)
{
	struct notes_link *link = user;
	char ignored[4096];
	(void)events;
	while (read(link->watch, ignored, sizeof ignored) > 0)
		;
	if (link->fd < 0)
		find(link);
}

struct notes_link *notes_follow(struct loop *loop, notes_link_fn *fn, void *user, struct err *err)
{
	char *dir = path_user(PATH_RUNTIME, err);
	if (!dir)
		return NULL;
	struct notes_link *link = mem_alloc(sizeof *link);
	*link = (struct notes_link){.loop = loop, .dir = dir, .fd = -1, .fn = fn, .user = user};
	link->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (link->watch < 0 || inotify_add_watch(link->watch, dir, IN_MOVED_TO) < 0) {
		err_errno(err, errno, "%s cannot be watched", dir);
		notes_link_destroy(link);
		return NULL;
	}
	link->watching = loop_fd_create(loop, link->watch, LOOP_READ, on_watch, link);
	loop_post(loop, find_another, link);
	return link;
}

void notes_link_destroy(struct notes_link *link)
{
	if (!link)
		return;
	loop_unpost(link->loop, link);
	leave(link);
	loop_fd_destroy(link->watching);
	if (link->watch >= 0)
		close(link->watch);
	str_finish(&link->text);
	free(link->dir);
	free(link);
}
