/* pg: a PostgreSQL database as a queue of queries on the program's one loop. The only file that knows libpq is pg.c.
 *
 * One connection, made again by itself for as long as the program runs. A query that finds no connection waits for one;
 * one that was under way when the connection broke fails, for nobody knows whether it was done.
 */
#ifndef WORKLOAD_PG_H
#define WORKLOAD_PG_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

#define PG_PARAMETERS_MAX 8
#define PG_WAIT_MS 30000 /* for a connection */

enum pg_outcome {
	PG_DONE,
	PG_REFUSED,       /* the database said no, or the connection broke on the way */
	PG_NO_CONNECTION, /* within PG_WAIT_MS */
};
struct pg_answer {
	enum pg_outcome outcome;
	const char *words; /* why not; "" for PG_DONE. One line, not safe */
	size_t n_rows, n_columns;
	const void *rows; /* pg.c's own */
};
/* NULL for SQL's null. Valid while the callback runs. */
const char *pg_value(const struct pg_answer *answer, size_t row, size_t column);
typedef void pg_answer_fn(const struct pg_answer *answer, void *user);

struct pg_options {
	const char *host, *port, *role, *password, *database;
	const char *const
	        *prepare; /* statements that are run on each new connection before all others; NULL-terminated */
	void (*on_connected)(void *user);
	void (*on_failure)(const char *words,
	                   void *user); /* an attempt failed, the connection broke; it goes on trying */
	void *user;
};
struct pg;
struct pg *pg_create(struct loop *loop, const struct pg_options *options); /* begins to connect; texts are copied */
void pg_destroy(struct pg *pg);                                            /* queries that wait are forgotten */
/* `sql` with $1... for `values` (texts, at most PG_PARAMETERS_MAX, NULL-terminated, copied): they never become part of it. */
void pg_query(struct pg *pg, const char *sql, const char *const *values, pg_answer_fn *fn, void *user);

#endif
