/* server: the show's side. Each client has the rest of the line that is on its way and the newest one after it, never more. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "notes/socket.h"
#include "onesdn/notes.h"

struct client {
	struct notes_server *server;
	int fd;
	struct loop_fd *source;
	struct str sending;
	bool is_behind; /* the newest line is not in `sending` yet */
};
struct notes_server {
	struct loop *loop;
	char *path;
	int fd;
	struct loop_fd *source;
	struct str line; /* the newest; empty: nothing was told yet */
	VEC(struct client *) clients;
};

static void drop(struct client *client)
{
	struct notes_server *server = client->server;
	for (size_t i = 0; i < server->clients.len; i++) {
		if (server->clients.data[i] != client)
			continue;
		vec_remove(&server->clients, i);
		break;
	}
	loop_fd_destroy(client->source);
	close(client->fd);
	str_finish(&client->sending);
	free(client);
}

static void send_more(struct client *client)
{
	struct notes_server *server = client->server;
	for (;;) {
		if (client->sending.len == 0 && client->is_behind) {
			str_append_n(&client->sending, server->line.data, server->line.len);
			client->is_behind = false;
		}
		if (client->sending.len == 0)
			break;
		ssize_t n = send(client->fd, client->sending.data, client->sending.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			str_drop_front(&client->sending, (size_t)n);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			break;
		} else {
			drop(client);
			return;
		}
	}
	loop_fd_set(client->source, LOOP_READ | (client->sending.len ? LOOP_WRITE : 0));
}

/* A client has nothing to say: one that speaks is no client of ours. */
static void on_client(int events, void *user)
{
	struct client *client = user;
	char byte;
	if (events & LOOP_READ) {
		ssize_t n = recv(client->fd, &byte, 1, MSG_DONTWAIT);
		if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
			drop(client);
			return;
		}
	}
	if (events & LOOP_WRITE)
		send_more(client);
}

static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void on_connect(int events, void *user)
{
	struct notes_server *server = user;
	(void)events;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!is_ours(fd) || server->clients.len == NOTES_CLIENTS_MAX) {
		close(fd);
		return;
	}
	struct client *client = mem_alloc(sizeof *client);
	*client = (struct client){.server = server, .fd = fd, .is_behind = server->line.len > 0};
	client->source = loop_fd_create(server->loop, fd, LOOP_READ, on_client, client);
	vec_push(&server->clients, client);
	send_more(client);
}

void notes_tell(struct notes_server *server, const struct notes *notes)
{
	struct str line = {0};
	if (!server)
		return;
	notes_encode(notes, &line);
	if (line.len == server->line.len && memcmp(line.data, server->line.data, line.len) == 0) {
		str_finish(&line);
		return;
	}
	str_finish(&server->line);
	server->line = line;
	for (size_t i = server->clients.len; i > 0; i--) {
		struct client *client = server->clients.data[i - 1];
		client->is_behind = true;
		send_more(client);
	}
}

/* What shows that were killed have left. */
static void sweep(const char *dir)
{
	DIR *files = opendir(dir);
	for (struct dirent *entry; files && (entry = readdir(files));) {
		const char *number = entry->d_name + strlen(NOTES_PREFIX);
		if (!text_has_prefix(entry->d_name, NOTES_PREFIX) || !text_has_suffix(entry->d_name, NOTES_SUFFIX))
			continue;
		char *pid = mem_strndup(number, strcspn(number, ".")), *path = mem_printf("%s/%s", dir, entry->d_name);
		int64_t of;
		if (text_to_int(pid, 2, INT32_MAX, &of) && !process_is_alive((pid_t)of))
			unlink(path);
		free(pid);
		free(path);
	}
	if (files)
		closedir(files);
}

/* Renamed into place once it listens: who sees it can connect to it. */
static bool listen_at(struct notes_server *server, const char *dir, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *temporary = mem_printf("%s/.notes-%ld", dir, (long)getpid());
	server->path = mem_printf("%s/" NOTES_PREFIX "%ld" NOTES_SUFFIX, dir, (long)getpid());
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool fits = strlen(temporary) < sizeof address.sun_path;
	if (fits)
		memcpy(address.sun_path, temporary, strlen(temporary) + 1);
	sweep(dir);
	unlink(temporary);
	bool ok = fits && server->fd >= 0 && bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	          chmod(temporary, 0600) == 0 && listen(server->fd, NOTES_CLIENTS_MAX) == 0 &&
	          rename(temporary, server->path) == 0;
	if (!ok)
		err_errno(err, fits ? errno : ENAMETOOLONG, "no notes: %s cannot be served", server->path);
	if (!ok && fits)
		unlink(temporary);
	free(temporary);
	return ok;
}

struct notes_server *notes_serve(struct loop *loop, struct err *err)
{
	char *dir = path_user(PATH_RUNTIME, err);
	if (!dir)
		return NULL;
	struct notes_server *server = mem_alloc(sizeof *server);
	*server = (struct notes_server){.loop = loop, .fd = -1};
	bool ok = listen_at(server, dir, err);
	free(dir);
	if (!ok) {
		free(server->path); /* it is not ours */
		server->path = NULL;
		notes_server_destroy(server);
		return NULL;
	}
	server->source = loop_fd_create(loop, server->fd, LOOP_READ, on_connect, server);
	return server;
}

void notes_server_destroy(struct notes_server *server)
{
	if (!server)
		return;
	while (server->clients.len > 0)
		drop(server->clients.data[server->clients.len - 1]);
	vec_finish(&server->clients);
	loop_fd_destroy(server->source);
	if (server->fd >= 0)
		close(server->fd);
	if (server->path)
		unlink(server->path);
	str_finish(&server->line);
	free(server->path);
	free(server);
}
