/* turtles: the REST API over the turtles' table, in place of the talk's rust-turtle-viewer: the same routes, shapes, status
 * codes and errors. pg.c speaks to the database, turtles_text.c reads and writes the bodies.
 *
 * As the original: every route wants the header content-type: application/json, without it 405; GET /turtles answers 200
 * also when the database fails, with {"Err": ...}; at the start the database must answer within 30 s. Unlike it, the table
 * is made and filled anew when the database comes back empty.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload/pg.h"
#include "workload/turtles_text.h"
#include "workload/workload.h"

#define COLUMNS "user_id, name, email, weapon, to_char(created_on, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
#define PANICKED 101 /* the exit status of a Rust program that panics */

/* Two migrations, each done once and noted, as diesel does it. */
#define MIGRATION(version, statements)                                                                                 \
	"do $$ begin if not exists (select 1 from __diesel_schema_migrations where version = '" version                \
	"') then " statements " insert into __diesel_schema_migrations (version) values ('" version                    \
	"'); end if; end $$"
static const char *const migrations[] = {
        "create table if not exists __diesel_schema_migrations (version varchar(50) primary key not null, "
        "run_on timestamp not null default current_timestamp)",
        MIGRATION("20231205150203",
                  "create table ninja_turtles (user_id serial primary key, name varchar(50) unique not null, "
                  "email varchar(255) unique not null, weapon varchar(50) not null, "
                  "created_on timestamp default now());"),
        MIGRATION("20231211153607",
                  "insert into ninja_turtles (name, email, weapon) values "
                  "('leonardo', 'leo@tmnt.org', 'swords'), ('donatello', 'don@tmnt.org', 'a stick'), "
                  "('michaelangello', 'mike@tmnt.org', 'nunchuks'), ('raphael', 'raph@tmnt.org', 'twin sai');"),
        NULL,
};

struct turtles {
	struct loop *loop;
	struct pg *pg;
	struct httpd *httpd;
	struct loop_timer *patience;
	struct loop_signal *signals[2];
	const char *host, *port;
	char *failure; /* the database's last */
	int status;
};
struct asked { /* a request on its way through the database */
	struct turtles *turtles;
	struct httpd_request *request;
};

/* ---- replies ---- */

static void reply_empty(struct httpd_request *request, unsigned status)
{
	httpd_reply(request, status, "", "", 0);
}

static void reply_text(struct httpd_request *request, unsigned status, const char *text)
{
	httpd_reply(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void reply_json(struct httpd_request *request, unsigned status, json_t *value)
{
	struct str text = {0};
	str_append_json(&text, value, JSON_COMPACT);
	httpd_reply(request, status, "application/json", str_text(&text), text.len);
	str_finish(&text);
	json_decref(value);
}

/* Of 409 and above the client is not told more. */
static void reply_message(struct httpd_request *request, unsigned status, const char *message)
{
	reply_json(request, status, json_pack("{s:s}", "message", status < 409 ? message : "Internal server error"));
}

static unsigned status_of(const struct pg_answer *answer)
{
	return answer->outcome == PG_NO_CONNECTION ? 500 : 409;
}

static char *words_of(const struct turtles *turtles, const struct pg_answer *answer)
{
	struct str words = {0};
	if (answer->outcome == PG_NO_CONNECTION)
		str_append(&words, "Failed getting db connection: ");
	str_append_safe(&words, answer->words, strlen(answer->words));
	if (answer->outcome == PG_NO_CONNECTION && turtles->failure != NULL) {
		str_append(&words, ": ");
		str_append_safe(&words, turtles->failure, strlen(turtles->failure));
	}
	return str_take(&words);
}

static json_t *row_of(const struct pg_answer *answer, size_t row)
{
	return turtle_row(pg_value(answer, row, 0), pg_value(answer, row, 1), pg_value(answer, row, 2),
	                  pg_value(answer, row, 3), pg_value(answer, row, 4));
}

/* ---- answers of the database ---- */

static void on_all(const struct pg_answer *answer, void *user)
{
	struct asked *asked = user;
	json_t *out = json_object();
	if (answer->outcome == PG_DONE) {
		json_t *list = json_array();
		for (size_t i = 0; i < answer->n_rows; i++)
			json_array_append_new(list, row_of(answer, i));
		json_object_set_new(out, "Ok", list);
	} else {
		char *words = words_of(asked->turtles, answer);
		json_object_set_new(out, "Err",
		                    json_pack("{s:i, s:s}", "status_code", (int)status_of(answer), "message", words));
		free(words);
	}
	reply_json(asked->request, 200, out);
	free(asked);
}

static void on_one(const struct pg_answer *answer, void *user)
{
	struct asked *asked = user;
	json_t *row = answer->outcome == PG_DONE && answer->n_rows > 0 ? row_of(answer, 0) : NULL;
	if (row != NULL)
		reply_json(asked->request, 200, row);
	else if (answer->outcome == PG_DONE)
		reply_message(asked->request, 404, "The 'turtle' record not found");
	else
		reply_message(asked->request, status_of(answer), "");
	free(asked);
}

static void on_deleted(const struct pg_answer *answer, void *user)
{
	struct asked *asked = user;
	if (answer->outcome == PG_DONE)
		reply_empty(asked->request, 204);
	else
		reply_message(asked->request, status_of(answer), "");
	free(asked);
}

/* ---- requests ---- */

static void ask(struct turtles *turtles, struct httpd_request *request, const char *sql, const char *const *values,
                pg_answer_fn *fn)
{
	struct asked *asked = mem_alloc(sizeof *asked);
	*asked = (struct asked){turtles, request};
	pg_query(turtles->pg, sql, values, fn, asked);
}

/* The body's turtle, or false after a reply. */
static bool read_turtle(struct httpd_request *request, struct turtle *out)
{
	struct str why = {0};
	size_t size;
	const char *body = httpd_body(request, &size);
	bool is_good = body != NULL && turtle_parse(body, size, out, &why);
	if (body == NULL) {
		str_append_f(&why, "JSON payload (%zu bytes) is larger than allowed (limit: %zu bytes).", size,
		             HTTPD_BODY_MAX);
		reply_text(request, 413, str_text(&why));
	} else if (!is_good) {
		reply_text(request, 400, str_text(&why));
	}
	str_finish(&why);
	return is_good;
}

/* The id in the path as text for the database, or false after a reply. */
static bool read_id(struct httpd_request *request, char *out, size_t size)
{
	struct str why = {0};
	int64_t id;
	bool is_good = turtle_id(httpd_path(request) + strlen("/turtles/"), &id, &why);
	if (is_good)
		snprintf(out, size, "%lld", (long long)id);
	else
		reply_text(request, 404, str_text(&why));
	str_finish(&why);
	return is_good;
}

static void find_all(struct turtles *turtles, struct httpd_request *request)
{
	ask(turtles, request, "select " COLUMNS " from ninja_turtles", NULL, on_all);
}

static void find_one(struct turtles *turtles, struct httpd_request *request)
{
	char id[24];
	const char *const values[] = {id, NULL};
	if (read_id(request, id, sizeof id))
		ask(turtles, request, "select " COLUMNS " from ninja_turtles where user_id = $1::integer limit 1",
		    values, on_one);
}

static void create(struct turtles *turtles, struct httpd_request *request)
{
	struct turtle turtle = {0};
	if (!read_turtle(request, &turtle))
		return;
	const char *const values[] = {turtle.name, turtle.email, turtle.weapon, NULL};
	ask(turtles, request, "insert into ninja_turtles (name, email, weapon) values ($1, $2, $3) returning " COLUMNS,
	    values, on_one);
	turtle_finish(&turtle);
}

static void update(struct turtles *turtles, struct httpd_request *request)
{
	struct turtle turtle = {0};
	char id[24];
	if (!read_id(request, id, sizeof id) || !read_turtle(request, &turtle))
		return;
	const char *const values[] = {id, turtle.name, turtle.email, turtle.weapon, NULL};
	ask(turtles, request,
	    "update ninja_turtles set name = $2, email = $3, weapon = $4 where user_id = $1::integer "
	    "returning " COLUMNS,
	    values, on_one);
	turtle_finish(&turtle);
}

static void delete (struct turtles *turtles, struct httpd_request *request)
{
	char id[24];
	const char *const values[] = {id, NULL};
	if (read_id(request, id, sizeof id))
		ask(turtles, request, "delete from ninja_turtles where user_id = $1::integer", values, on_deleted);
}

static const struct {
	bool is_one; /* below /turtles/ */
	const char *method;
	void (*handle)(struct turtles *turtles, struct httpd_request *request);
} routes[] = {
        {false, "GET", find_all}, {false, "POST", create},  {true, "GET", find_one},
        {true, "PUT", update},    {true, "DELETE", delete},
};

static void handle(struct httpd_request *request, void *user)
{
	struct turtles *turtles = user;
	const char *path = httpd_path(request);
	bool is_one = text_has_prefix(path, "/turtles/") && path[strlen("/turtles/")] != '\0' &&
	              strchr(path + strlen("/turtles/"), '/') == NULL;
	struct str safe = {0};
	str_append_safe(&safe, path, strlen(path));
	workload_log("%s %s from %s", httpd_method(request), str_text(&safe), httpd_client(request));
	str_finish(&safe);
	if (!is_one && strcmp(path, "/turtles") != 0) {
		reply_empty(request, 404);
		return;
	}
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (routes[i].is_one == is_one && strcmp(routes[i].method, httpd_method(request)) == 0 &&
		    strcmp(httpd_header(request, "content-type"), "application/json") == 0) {
			routes[i].handle(turtles, request);
			return;
		}
	}
	reply_empty(request, 405);
}

/* ---- life ---- */

static void give_up(struct turtles *turtles, int status, const char *what, const char *why)
{
	workload_log("%s%s%s", what, why[0] != '\0' ? ": " : "", why);
	turtles->status = status;
	loop_stop(turtles->loop);
}

static void on_connected(void *user)
{
	struct turtles *turtles = user;
	struct err err = {0};
	loop_timer_stop(turtles->patience);
	workload_log("connected to the database");
	if (turtles->httpd != NULL)
		return;
	int fd = workload_listen_at(turtles->host, turtles->port, &err);
	if (fd >= 0)
		turtles->httpd = httpd_create(turtles->loop, fd, handle, turtles, &err);
	if (turtles->httpd == NULL)
		give_up(turtles, 1, "Error", err.text);
	else
		workload_log("serving turtles on %s:%s", turtles->host, turtles->port);
}

static void on_failure(const char *words, void *user)
{
	struct turtles *turtles = user;
	struct str safe = {0};
	str_append_safe(&safe, words, strlen(words));
	if (turtles->failure == NULL || strcmp(turtles->failure, str_text(&safe)) != 0)
		workload_log("database: %s", str_text(&safe));
	free(turtles->failure);
	turtles->failure = str_take(&safe);
}

static void on_impatient(void *user)
{
	struct turtles *turtles = user;
	give_up(turtles, PANICKED, "Failed to create db pool: timed out waiting for connection",
	        turtles->failure != NULL ? turtles->failure : "");
}

static void on_signal(int signum, void *user)
{
	(void)signum;
	loop_stop(((struct turtles *)user)->loop);
}

static bool read_environment(struct turtles *turtles, struct pg_options *options)
{
	const struct {
		const char *name, **value, *otherwise;
	} variables[] = {
	        {"DB_USER", &options->role, NULL},     {"DB_PASSWORD", &options->password, NULL},
	        {"DB_NAME", &options->database, NULL}, {"DB_IP", &options->host, NULL},
	        {"DB_PORT", &options->port, "5432"},   {"HOST", &turtles->host, NULL},
	        {"PORT", &turtles->port, NULL},
	};
	bool is_good = true;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = getenv(variables[i].name);
		*variables[i].value = value != NULL ? value : variables[i].otherwise;
		if (*variables[i].value == NULL)
			workload_log("variable '%s' must be set", variables[i].name);
		is_good = is_good && *variables[i].value != NULL;
	}
	return is_good;
}

int workload_turtles(int argc, char **argv)
{
	struct turtles turtles = {0};
	struct err err = {0};
	struct pg_options options = {
	        .prepare = migrations, .on_connected = on_connected, .on_failure = on_failure, .user = &turtles};
	(void)argc;
	(void)argv;
	if (!read_environment(&turtles, &options))
		return PANICKED;
	turtles.loop = loop_create(&err);
	if (turtles.loop == NULL) {
		fprintf(stderr, "turtles: %s\n", err.text);
		return 1;
	}
	turtles.signals[0] = loop_signal_create(turtles.loop, SIGTERM, on_signal, &turtles);
	turtles.signals[1] = loop_signal_create(turtles.loop, SIGINT, on_signal, &turtles);
	turtles.patience = loop_timer_create(turtles.loop, on_impatient, &turtles);
	loop_timer_start(turtles.patience, PG_WAIT_MS, 0);
	turtles.pg = pg_create(turtles.loop, &options);
	loop_run(turtles.loop);
	return turtles.status;
}
