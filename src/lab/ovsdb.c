/* The session half of ovsdb: socket, requests and replies, reconnection. Parsing and the replica are in ovsdb_data.c. */
#include "lab/ovsdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_FIRST_MS 2
#define RETRY_LAST_MS 500
#define READ_BUDGET ((size_t)256 << 10) /* bytes a turn */

struct pending {
	int64_t id;
	ovsdb_result_fn *fn;
	void *user;
};

struct ovsdb {
	struct loop *loop;
	char *path, *database;
	json_t *request; /* of monitor: table -> columns */
	struct ovsdb_events events;
	int fd;
	struct loop_fd *source;
	struct loop_timer *retry;
	int64_t retry_ms, next_id, monitor_id;
	struct ovsdb_stream stream;
	struct str out;
	VEC(struct pending) pending;
	json_t *replica;
	bool is_ready, is_changed, is_in_callback, is_dead;
	char failure[256];
};

static void connect_again(void *user);
static void on_socket(int events, void *user);

static void fail_pending(struct ovsdb *db, const char *why)
{
	while (db->pending.len > 0) {
		struct pending p = db->pending.data[0];
		vec_remove(&db->pending, 0);
		if (p.fn != NULL)
			p.fn(NULL, why, p.user);
	}
}

static void close_socket(struct ovsdb *db)
{
	loop_fd_destroy(db->source);
	db->source = NULL;
	if (db->fd >= 0)
		close(db->fd);
	db->fd = -1;
	ovsdb_stream_finish(&db->stream);
	str_clear(&db->out);
}

static void lose(struct ovsdb *db, const char *why)
{
	bool was_ready = db->is_ready;
	char reason[sizeof db->failure];
	snprintf(reason, sizeof reason, "%s", why);
	snprintf(db->failure, sizeof db->failure, "%s", reason);
	close_socket(db);
	db->is_ready = false;
	loop_timer_start(db->retry, db->retry_ms, 0);
	db->retry_ms = db->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : db->retry_ms * 2;
	fail_pending(db, reason);
	if (was_ready && db->events.on_lost != NULL)
		db->events.on_lost(reason, db->events.user);
}

/* ---- writing ---- */

static void flush(struct ovsdb *db)
{
	if (db->fd < 0)
		return;
	while (db->out.len > 0) {
		ssize_t n = send(db->fd, db->out.data, db->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			loop_fd_set(db->source, LOOP_READ); /* the read side tells of the end */
			str_clear(&db->out);
			return;
		}
		str_drop_front(&db->out, (size_t)n);
	}
	loop_fd_set(db->source, db->out.len > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void send_json(struct ovsdb *db, json_t *message)
{
	str_append_json(&db->out, message, JSON_COMPACT);
	json_decref(message);
	flush(db);
}

static int64_t send_request(struct ovsdb *db, const char *method, json_t *params)
{
	int64_t id = db->next_id++;
	send_json(db, json_pack("{s:s, s:o, s:I}", "method", method, "params", params, "id", (json_int_t)id));
	return id;
}

/* ---- reading ---- */

static void row_changed(const char *table, const char *uuid, const json_t *old, const json_t *row, void *user)
{
	struct ovsdb *db = user;
	db->is_changed = true;
	if (db->is_ready && db->events.on_row != NULL)
		db->events.on_row(table, uuid, old, row, db->events.user);
}

static bool take_monitor_reply(struct ovsdb *db, const json_t *message)
{
	json_decref(db->replica);
	db->replica = json_object();
	if (!ovsdb_replica_apply(db->replica, json_object_get(message, "result"), NULL, NULL))
		return false;
	db->monitor_id = -1;
	db->is_ready = true;
	db->retry_ms = RETRY_FIRST_MS;
	db->failure[0] = '\0';
	if (db->events.on_ready != NULL)
		db->events.on_ready(db->events.user);
	return true;
}

/* The first error of a transaction's reply in words, or NULL. */
static const char *first_error(const json_t *message, char *out, size_t size)
{
	size_t i;
	json_t *result;
	const json_t *error = json_object_get(message, "error");
	if (error != NULL && !json_is_null(error)) {
		snprintf(out, size, "%s: %s", json_walk_str(error, "error", NULL),
		         json_walk_str(error, "details", NULL));
		return out;
	}
	json_array_foreach (json_object_get(message, "result"), i, result) {
		const char *word = json_string_value(json_object_get(result, "error"));
		if (word != NULL) {
			snprintf(out, size, "%s: %s", word, json_walk_str(result, "details", NULL));
			return out;
		}
	}
	return NULL;
}

static bool take_reply(struct ovsdb *db, const json_t *message)
{
	char words[512];
	int64_t id = json_integer_value(json_object_get(message, "id"));
	if (id == db->monitor_id)
		return take_monitor_reply(db, message);
	for (size_t i = 0; i < db->pending.len; i++) {
		struct pending p = db->pending.data[i];
		if (p.id != id)
			continue;
		vec_remove(&db->pending, i);
		if (p.fn != NULL)
			p.fn(json_object_get(message, "result"), first_error(message, words, sizeof words), p.user);
		return true;
	}
	return true; /* an answer that nobody waits for any more */
}

static bool take_message(const json_t *message, void *user)
{
	struct ovsdb *db = user;
	const char *method = json_string_value(json_object_get(message, "method"));
	if (db->is_dead || db->fd < 0)
		return false;
	if (method == NULL)
		return take_reply(db, message) && !db->is_dead;
	const json_t *params = json_object_get(message, "params");
	if (strcmp(method, "echo") == 0) {
		json_t *id = json_object_get(message, "id");
		send_json(db, json_pack("{s:O, s:O, s:n}", "id", id != NULL ? id : json_null(), "result",
		                        params != NULL ? params : json_null(), "error"));
		return true;
	}
	if (strcmp(method, "update") == 0)
		return ovsdb_replica_apply(db->replica, json_array_get(params, 1), row_changed, db) && !db->is_dead;
	return true;
}

static void free_now(struct ovsdb *db);

static void read_some(struct ovsdb *db)
{
	char bytes[65536];
	struct err err = {0};
	for (size_t budget = READ_BUDGET; budget > 0;) {
		ssize_t n = recv(db->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			lose(db, n == 0 ? "the database closed the connection" : strerror(errno));
			return;
		}
		if (!ovsdb_stream_feed(&db->stream, bytes, (size_t)n, take_message, db, &err)) {
			if (!db->is_dead && db->fd >= 0)
				lose(db, err.text);
			return;
		}
		budget -= (size_t)n < budget ? (size_t)n : budget;
	}
}

static void on_socket(int events, void *user)
{
	struct ovsdb *db = user;
	db->is_in_callback = true;
	if (events & LOOP_WRITE)
		flush(db);
	if (events & LOOP_READ)
		read_some(db);
	if (db->is_changed && !db->is_dead) {
		db->is_changed = false;
		if (db->is_ready && db->events.on_change != NULL)
			db->events.on_change(db->events.user);
	}
	db->is_in_callback = false;
	if (db->is_dead)
		free_now(db);
}

/* ---- connecting ---- */

static bool connect_now(struct ovsdb *db)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(db->path) >= sizeof address.sun_path) {
		snprintf(db->failure, sizeof db->failure, "the socket's path is too long: %s", db->path);
		return false;
	}
	memcpy(address.sun_path, db->path, strlen(db->path) + 1);
	db->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (db->fd >= 0 && connect(db->fd, (struct sockaddr *)&address, sizeof address) == 0)
		return true;
	snprintf(db->failure, sizeof db->failure, "%s: %s", db->path, strerror(errno));
	if (db->fd >= 0)
		close(db->fd);
	db->fd = -1;
	return false;
}

static void connect_again(void *user)
{
	struct ovsdb *db = user;
	if (!connect_now(db)) {
		loop_timer_start(db->retry, db->retry_ms, 0);
		db->retry_ms = db->retry_ms < 16                  ? db->retry_ms + 2
		               : db->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS
		                                                  : db->retry_ms * 2;
		return;
	}
	db->source = loop_fd_create(db->loop, db->fd, LOOP_READ, on_socket, db);
	db->monitor_id = send_request(db, "monitor", json_pack("[s, n, O]", db->database, db->request));
}

static json_t *monitor_request(const struct ovsdb_table *tables)
{
	json_t *request = json_object();
	for (; tables->name != NULL; tables++) {
		json_t *columns = json_array();
		const char *at = tables->columns;
		while (*at != '\0') {
			size_t n = strcspn(at, " ");
			json_array_append_new(columns, json_stringn(at, n));
			at += n + strspn(at + n, " ");
		}
		json_object_set_new(request, tables->name, json_pack("{s:o}", "columns", columns));
	}
	return request;
}

struct ovsdb *ovsdb_create(struct loop *loop, const char *path, const char *database, const struct ovsdb_table *tables,
                           const struct ovsdb_events *events)
{
	struct ovsdb *db = mem_alloc(sizeof *db);
	db->loop = loop;
	db->path = mem_strdup(path);
	db->database = mem_strdup(database);
	db->request = monitor_request(tables);
	db->events = *events;
	db->fd = -1;
	db->next_id = 1;
	db->monitor_id = -1;
	db->retry_ms = RETRY_FIRST_MS;
	db->replica = json_object();
	snprintf(db->failure, sizeof db->failure, "not connected yet");
	db->retry = loop_timer_create(loop, connect_again, db);
	loop_timer_start(db->retry, 0, 0);
	return db;
}

static void free_now(struct ovsdb *db)
{
	close_socket(db);
	loop_timer_destroy(db->retry);
	json_decref(db->request);
	json_decref(db->replica);
	str_finish(&db->out);
	vec_finish(&db->pending);
	free(db->path);
	free(db->database);
	free(db);
}

void ovsdb_destroy(struct ovsdb *db)
{
	if (db == NULL)
		return;
	db->is_dead = true;
	if (!db->is_in_callback)
		free_now(db);
}

bool ovsdb_is_ready(const struct ovsdb *db)
{
	return db->is_ready;
}

const json_t *ovsdb_replica(const struct ovsdb *db)
{
	return db->replica;
}

const char *ovsdb_failure(const struct ovsdb *db)
{
	return db->failure;
}

void ovsdb_transact(struct ovsdb *db, json_t *operations, ovsdb_result_fn *fn, void *user)
{
	if (!db->is_ready) {
		json_decref(operations);
		if (fn != NULL)
			fn(NULL, db->failure, user);
		return;
	}
	json_array_insert_new(operations, 0, json_string(db->database));
	int64_t id = db->next_id;
	vec_push(&db->pending, (struct pending){.id = id, .fn = fn, .user = user});
	send_request(db, "transact", operations);
}
