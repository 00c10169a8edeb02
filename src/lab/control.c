/* Both ends of control.sock. The directory is its owner's alone, so whoever connects may ask. */
#include "lab/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 64

struct client {
	struct control *control;
	int fd;
	struct loop_fd *source;
	struct str in;
	bool is_waiting; /* for ready */
	struct client *next;
};
struct control {
	struct loop *loop;
	struct control_events events;
	int fd;
	struct loop_fd *source;
	struct client *clients;
	size_t n_clients;
	bool is_ready;
};

static void drop(struct client *client)
{
	struct client **at = &client->control->clients;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->n_clients--;
	loop_fd_destroy(client->source);
	close(client->fd);
	str_finish(&client->in);
	free(client);
}

/* Answers are far smaller than a socket's buffer; whoever does not read gets a cut one. */
static void answer(struct client *client, json_t *json)
{
	struct str text = {0};
	str_append_json(&text, json, JSON_COMPACT);
	str_append_c(&text, '\n');
	json_decref(json);
	ssize_t n = send(client->fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n;
	str_finish(&text);
	drop(client);
}

static void serve(struct client *client, const json_t *request)
{
	struct control *control = client->control;
	const char *op = json_walk_str(request, "op", NULL);
	if (strcmp(op, "status") == 0) {
		answer(client, control->events.status(control->events.user));
	} else if (strcmp(op, "down") == 0) {
		answer(client, json_pack("{s:b}", "ok", 1));
		control->events.down(control->events.user);
	} else if (strcmp(op, "ready") == 0 && !control->is_ready) {
		client->is_waiting = true;
	} else if (strcmp(op, "ready") == 0) {
		answer(client, json_pack("{s:b}", "ready", 1));
	} else {
		answer(client, json_pack("{s:s}", "error", "no such request"));
	}
}

static void on_client(int events, void *user)
{
	struct client *client = user;
	char bytes[1024];
	(void)events;
	ssize_t n = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || client->is_waiting || client->in.len + (size_t)n > CONTROL_LINE_MAX) {
		drop(client);
		return;
	}
	str_append_n(&client->in, bytes, (size_t)n);
	char *end = memchr(client->in.data, '\n', client->in.len);
	if (end == NULL)
		return;
	json_t *request = json_parse(client->in.data, (size_t)(end - client->in.data), "request", NULL);
	serve(client, request);
	json_decref(request);
}

static void on_connection(int events, void *user)
{
	struct control *control = user;
	(void)events;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (control->n_clients >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	struct client *client = mem_alloc(sizeof *client);
	*client = (struct client){.control = control, .fd = fd, .next = control->clients};
	control->clients = client;
	control->n_clients++;
	client->source = loop_fd_create(control->loop, fd, LOOP_READ, on_client, client);
}

struct control *control_create(struct loop *loop, int listening_fd, const struct control_events *events)
{
	struct control *control = mem_alloc(sizeof *control);
	control->loop = loop;
	control->events = *events;
	control->fd = listening_fd;
	control->source = loop_fd_create(loop, listening_fd, LOOP_READ, on_connection, control);
	return control;
}

void control_destroy(struct control *control)
{
	if (control == NULL)
		return;
	while (control->clients != NULL)
		drop(control->clients);
	loop_fd_destroy(control->source);
	close(control->fd);
	free(control);
}

void control_set_ready(struct control *control)
{
	control->is_ready = true;
	for (struct client *client = control->clients, *next; client != NULL; client = next) {
		next = client->next;
		if (client->is_waiting)
			answer(client, json_pack("{s:b}", "ready", 1));
	}
}

/* ---- the asking end ---- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		err_set(err, ERR_INVALID, "the path %s is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool read_line(int fd, int64_t deadline, struct str *out, struct err *err)
{
	char bytes[4096];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();
		int n_ready = poll(&p, 1, left > 0 ? (int)left : 0);
		if (n_ready == 0)
			return err_set(err, ERR_TIMEOUT, "the lab does not answer");
		ssize_t n = n_ready > 0 ? recv(fd, bytes, sizeof bytes, 0) : -1;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_UNAVAILABLE, "the lab has ended");
		str_append_n(out, bytes, (size_t)n);
		if (memchr(out->data, '\n', out->len) != NULL)
			return true;
	}
}

json_t *control_ask(const char *socket, const char *op, int64_t deadline_ms, struct err *err)
{
	int fd = connect_to(socket, err);
	if (fd < 0)
		return NULL;
	char *request = mem_printf("{\"op\":\"%s\"}\n", op);
	struct str line = {0};
	json_t *json = NULL;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		err_set(err, ERR_UNAVAILABLE, "the lab has ended");
	else if (read_line(fd, now_ms() + deadline_ms, &line, err))
		json = json_parse(line.data, line.len, "the lab's answer", err);
	free(request);
	str_finish(&line);
	close(fd);
	return json;
}
