/* ovsdb: one session with one database of an ovsdb-server over its Unix socket (RFC 7047): a replica of some tables kept
 * by `monitor`, and transactions. Knows nothing of what the tables mean (ovn.c, ovs.c do).
 *
 * The replica is a JSON object: table -> row uuid -> columns, in OVSDB's own notation. When the connection breaks the
 * session says so, keeps the last replica and connects again by itself.
 */
#ifndef LAB_OVSDB_H
#define LAB_OVSDB_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

#define OVSDB_MESSAGE_MAX ((size_t)16 << 20) /* bytes of one message; a longer one breaks the session */
#define OVSDB_DEPTH_MAX 64

/* ---- pure: a stream of JSON texts cut into single ones ---- */
struct ovsdb_stream {
	struct str bytes; /* of the text that is not whole yet */
	size_t at;        /* scanned so far */
	int depth;
	bool in_string, is_escaped;
};
typedef bool ovsdb_message_fn(const json_t *message, void *user); /* false: stop */
void ovsdb_stream_finish(struct ovsdb_stream *stream);
/* Calls back for each whole JSON object. False and err on what is no JSON, too deep or too long, or when fn said stop. */
bool ovsdb_stream_feed(struct ovsdb_stream *stream, const char *bytes, size_t size, ovsdb_message_fn *fn, void *user,
                       struct err *err);

/* ---- pure: a replica ---- */
typedef void ovsdb_row_fn(const char *table, const char *uuid, const json_t *old, const json_t *row,
                          void *user); /* row NULL: gone */
/* `updates` as in RFC 7047 4.1.6 (<table-updates>). False on what is none; what came before stays applied. */
bool ovsdb_replica_apply(json_t *replica, const json_t *updates, ovsdb_row_fn *fn, void *user);
/* The first row whose `column` is the string `value`; sets *uuid (may be NULL). NULL when there is none. */
const json_t *ovsdb_find(const json_t *replica, const char *table, const char *column, const char *value,
                         const char **uuid);
/* A string inside a map column (["map",[[k,v],...]]), or NULL. */
const char *ovsdb_map_get(const json_t *row, const char *column, const char *key);
int64_t ovsdb_int(const json_t *row, const char *column, int64_t otherwise);
bool ovsdb_bool(const json_t *row, const char *column); /* an optional boolean that is not there is false */
/* One notation for equal values: one-element sets unwrapped, sets and maps sorted. New reference. */
json_t *ovsdb_canonical(const json_t *value);
json_t *ovsdb_map(const char *key, ...) __attribute__((sentinel)); /* key, value, key, value, ..., NULL: ["map",...] */
void ovsdb_map_add(json_t *map, const char *key, const char *value);

/* ---- a session ---- */
struct ovsdb_table {
	const char *name;    /* NULL ends the list */
	const char *columns; /* blank-separated */
};
struct ovsdb_events {
	void (*on_ready)(void *user);                 /* the replica is whole: at first, and after each reconnection */
	void (*on_change)(void *user);                /* rows changed; once a batch */
	ovsdb_row_fn *on_row;                         /* each row, before on_change; may be NULL */
	void (*on_lost)(const char *why, void *user); /* it goes on trying */
	void *user;
};
struct ovsdb;
struct ovsdb *ovsdb_create(struct loop *loop, const char *path, const char *database, const struct ovsdb_table *tables,
                           const struct ovsdb_events *events);
void ovsdb_destroy(struct ovsdb *db);
bool ovsdb_is_ready(const struct ovsdb *db);
const json_t *ovsdb_replica(const struct ovsdb *db);
const char *ovsdb_failure(const struct ovsdb *db); /* why it is not connected; "" when it is */
/* `results` is the reply's array; failure is the first error in it in words, or why there is no reply. When fn is called
 * the replica already holds what the transaction changed. `operations` is taken. fn may be NULL. */
typedef void ovsdb_result_fn(const json_t *results, const char *failure, void *user);
void ovsdb_transact(struct ovsdb *db, json_t *operations, ovsdb_result_fn *fn, void *user);

#endif
