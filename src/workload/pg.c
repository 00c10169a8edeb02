/* libpq without blocking: connect, prepare, queries one after another. See pg.h. */
#include "workload/pg.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "workload/workload.h"

#define ATTEMPT_MS 5000
#define RETRY_MS 500

enum state { WAITING, CONNECTING, PREPARING, IDLE, BUSY };

struct query {
	char *sql, *values[PG_PARAMETERS_MAX];
	size_t n_values;
	int64_t deadline;
	pg_answer_fn *fn;
	void *user;
};
struct pg {
	struct loop *loop;
	struct pg_options options;
	char *texts[5];
	enum state state;
	PGconn *connection;
	PGresult *result; /* the last of the statement under way */
	struct loop_fd *source;
	struct loop_timer *timer, *expiry; /* of an attempt or until the next; of the oldest query */
	size_t n_prepared;
	VEC(struct query) queue; /* the first is under way while BUSY */
};

static void on_socket(int events, void *user);
static void step(struct pg *pg);

/* ---- queries ---- */

static void free_query(struct query *query)
{
	free(query->sql);
	for (size_t i = 0; i < query->n_values; i++)
		free(query->values[i]);
}

static void answer_first(struct pg *pg, const struct pg_answer *answer)
{
	struct query query = pg->queue.data[0];
	vec_remove(&pg->queue, 0);
	query.fn(answer, query.user);
	free_query(&query);
}

const char *pg_value(const struct pg_answer *answer, size_t row, size_t column)
{
	const PGresult *result = answer->rows;
	if (row >= answer->n_rows || column >= answer->n_columns || PQgetisnull(result, (int)row, (int)column))
		return NULL;
	return PQgetvalue(result, (int)row, (int)column);
}

/* libpq's messages end their lines. */
static char *one_line(const char *text)
{
	char *out = mem_strdup(text != NULL ? text : "");
	for (char *at = out; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' '; /* safe text has neither */
	size_t len = strlen(out);
	while (len > 0 && out[len - 1] == ' ')
		out[--len] = '\0';
	return out;
}

/* ---- the connection ---- */

static void watch(struct pg *pg, int events)
{
	loop_fd_destroy(pg->source);
	pg->source = NULL;
	if (pg->connection != NULL && PQsocket(pg->connection) >= 0)
		pg->source = loop_fd_create(pg->loop, PQsocket(pg->connection), events, on_socket, pg);
}

static void close_connection(struct pg *pg)
{
	loop_fd_destroy(pg->source);
	pg->source = NULL;
	PQclear(pg->result);
	pg->result = NULL;
	PQfinish(pg->connection);
	pg->connection = NULL;
}

static void lose(struct pg *pg, const char *why)
{
	bool was_busy = pg->state == BUSY;
	char *words = one_line(why);
	close_connection(pg);
	pg->state = WAITING;
	loop_timer_start(pg->timer, RETRY_MS, 0);
	if (was_busy)
		answer_first(pg, &(struct pg_answer){.outcome = PG_REFUSED, .words = words});
	pg->options.on_failure(words, pg->options.user);
	free(words);
}

/* Notices are for people at psql; libpq would print them, and a FATAL that ends the connection comes as an error too. */
static void on_notice(void *user, const PGresult *result)
{
	(void)user;
	(void)result;
}

/* A peer that is silently gone is noticed in seconds, also in the middle of a query. */
static void begin(void *user)
{
	struct pg *pg = user;
	const char *const keys[] = {"host",
	                            "port",
	                            "user",
	                            "password",
	                            "dbname",
	                            "application_name",
	                            "keepalives_idle",
	                            "keepalives_interval",
	                            "keepalives_count",
	                            "tcp_user_timeout",
	                            "gssencmode",
	                            NULL};
	const char *const values[] = {pg->texts[0], pg->texts[1], pg->texts[2], pg->texts[3], pg->texts[4], "turtles",
	                              "3",          "1",          "3",          "5000",       "disable",    NULL};
	if (pg->state != WAITING) { /* an attempt that takes too long */
		lose(pg, "no answer from the database's host");
		return;
	}
	pg->n_prepared = 0;
	pg->connection = PQconnectStartParams(keys, values, 0);
	if (pg->connection == NULL)
		base_abort("no memory for a database connection");
	PQsetNoticeReceiver(pg->connection, on_notice, NULL);
	if (PQstatus(pg->connection) == CONNECTION_BAD) {
		lose(pg, PQerrorMessage(pg->connection));
		return;
	}
	pg->state = CONNECTING;
	loop_timer_start(pg->timer, ATTEMPT_MS, 0);
	watch(pg, LOOP_WRITE);
}

static void connect_on(struct pg *pg)
{
	switch (PQconnectPoll(pg->connection)) {
	case PGRES_POLLING_READING:
		watch(pg, LOOP_READ);
		break;
	case PGRES_POLLING_WRITING:
		watch(pg, LOOP_WRITE);
		break;
	case PGRES_POLLING_OK:
		PQsetnonblocking(pg->connection, 1);
		pg->state = PREPARING;
		watch(pg, LOOP_READ);
		step(pg);
		break;
	default:
		lose(pg, PQerrorMessage(pg->connection));
	}
}

static bool send_statement(struct pg *pg, const char *sql, const char *const *values, size_t n)
{
	return PQsendQueryParams(pg->connection, sql, (int)n, NULL, values, NULL, NULL, 0) == 1;
}

/* Sends what comes next: a preparing statement, then queries. */
static void step(struct pg *pg)
{
	bool is_sent;
	if (pg->state == PREPARING && pg->options.prepare != NULL && pg->options.prepare[pg->n_prepared] != NULL) {
		is_sent = send_statement(pg, pg->options.prepare[pg->n_prepared], NULL, 0);
	} else if (pg->state == PREPARING) {
		pg->state = IDLE;
		loop_timer_stop(pg->timer);
		pg->options.on_connected(pg->options.user);
		step(pg);
		return;
	} else if (pg->state == IDLE && pg->queue.len > 0) {
		const struct query *query = &pg->queue.data[0];
		pg->state = BUSY;
		is_sent = send_statement(pg, query->sql, (const char *const *)query->values, query->n_values);
	} else {
		return;
	}
	if (!is_sent)
		lose(pg, PQerrorMessage(pg->connection));
	else if (PQflush(pg->connection) > 0)
		loop_fd_set(pg->source, LOOP_READ | LOOP_WRITE);
}

static void finish_statement(struct pg *pg)
{
	PGresult *result = pg->result;
	ExecStatusType status = PQresultStatus(result);
	bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
	char *words = one_line(is_good ? "" : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	pg->result = NULL;
	if (pg->state == PREPARING) {
		pg->n_prepared++;
		if (!is_good)
			lose(pg, words);
		else
			step(pg);
	} else if (pg->state == BUSY) {
		pg->state = IDLE;
		answer_first(pg, &(struct pg_answer){.outcome = is_good ? PG_DONE : PG_REFUSED,
		                                     .words = words,
		                                     .n_rows = (size_t)PQntuples(result),
		                                     .n_columns = (size_t)PQnfields(result),
		                                     .rows = result});
		step(pg);
	}
	PQclear(result);
	free(words);
}

static void read_on(struct pg *pg)
{
	if (PQconsumeInput(pg->connection) == 0) {
		lose(pg, PQerrorMessage(pg->connection));
		return;
	}
	while (pg->connection != NULL && PQisBusy(pg->connection) == 0 &&
	       (pg->state == PREPARING || pg->state == BUSY)) {
		PGresult *result = PQgetResult(pg->connection);
		if (result == NULL) {
			finish_statement(pg);
			break;
		}
		PQclear(pg->result);
		pg->result = result;
	}
	if (pg->connection != NULL && PQstatus(pg->connection) == CONNECTION_BAD)
		lose(pg, PQerrorMessage(pg->connection));
}

static void on_socket(int events, void *user)
{
	struct pg *pg = user;
	if (pg->state == CONNECTING) {
		connect_on(pg);
		return;
	}
	if ((events & LOOP_WRITE) != 0 && PQflush(pg->connection) == 0)
		loop_fd_set(pg->source, LOOP_READ);
	if ((events & LOOP_READ) != 0)
		read_on(pg);
}

/* ---- waiting queries ---- */

static void watch_expiry(struct pg *pg)
{
	size_t oldest = pg->state == BUSY ? 1 : 0;
	if (pg->queue.len <= oldest) {
		loop_timer_stop(pg->expiry);
		return;
	}
	int64_t left = pg->queue.data[oldest].deadline - loop_now(pg->loop);
	loop_timer_start(pg->expiry, left > 0 ? left : 1, 0);
}

static void expire(void *user)
{
	struct pg *pg = user;
	while (pg->state != BUSY && pg->queue.len > 0 && pg->queue.data[0].deadline <= loop_now(pg->loop))
		answer_first(pg, &(struct pg_answer){.outcome = PG_NO_CONNECTION,
		                                     .words = "timed out waiting for connection"});
	watch_expiry(pg);
}

void pg_query(struct pg *pg, const char *sql, const char *const *values, pg_answer_fn *fn, void *user)
{
	struct query query = {
	        .sql = mem_strdup(sql), .deadline = loop_now(pg->loop) + PG_WAIT_MS, .fn = fn, .user = user};
	for (; values != NULL && values[query.n_values] != NULL && query.n_values < PG_PARAMETERS_MAX; query.n_values++)
		query.values[query.n_values] = mem_strdup(values[query.n_values]);
	vec_push(&pg->queue, query);
	watch_expiry(pg);
	step(pg);
}

/* ---- life ---- */

struct pg *pg_create(struct loop *loop, const struct pg_options *options)
{
	struct pg *pg = mem_alloc(sizeof *pg);
	const char *const texts[] = {options->host, options->port, options->role, options->password, options->database};
	*pg = (struct pg){.loop = loop, .options = *options, .state = WAITING};
	for (size_t i = 0; i < 5; i++)
		pg->texts[i] = mem_strdup(texts[i]);
	pg->timer = loop_timer_create(loop, begin, pg);
	pg->expiry = loop_timer_create(loop, expire, pg);
	loop_timer_start(pg->timer, 0, 0);
	return pg;
}

void pg_destroy(struct pg *pg)
{
	if (pg == NULL)
		return;
	close_connection(pg);
	loop_timer_destroy(pg->timer);
	loop_timer_destroy(pg->expiry);
	for (size_t i = 0; i < pg->queue.len; i++)
		free_query(&pg->queue.data[i]);
	vec_finish(&pg->queue);
	for (size_t i = 0; i < 5; i++)
		free(pg->texts[i]);
	free(pg);
}
