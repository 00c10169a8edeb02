/* private: what the files of api/ share. A request comes from http.c, is understood in route.c, done by objects.c, watch.c,
 * log.c, exec.c, review.c or discovery.c, and ends as a reply: a body, a stream of bytes, or an upgraded connection.
 * Nothing here but http.c knows of libmicrohttpd, so that tests and fuzzers call api_handle with bytes of their own.
 */
#ifndef LAB_API_PRIVATE_H
#define LAB_API_PRIVATE_H

#include "lab/api/api.h"
#include "lab/api/schema.h"

#define API_BODY_MAX ((size_t)3 << 20)
#define API_URL_MAX 32768
#define API_QUERY_MAX 1024               /* pairs in a query */
#define API_STREAM_MAX ((size_t)8 << 20) /* a watcher that lets more than this pile up is cut off */

/* ---- streams: bytes that come when they come (watch, log) ---- */
struct api_stream {
	struct str pending;
	bool is_over, is_cut;                          /* nothing follows `pending`; and it ends badly */
	void (*on_drained)(struct api_stream *stream); /* `pending` was taken whole: more may be put in; may be NULL */
	void (*destroy)(struct api_stream *stream);
	void (*wake)(void *user); /* set by http.c; NULL until then */
	void *wake_user;
};
void api_stream_wake(struct api_stream *stream); /* after putting something into it, or is_over */

/* ---- upgraded connections: exec and the like ---- */
struct api_upgrade {
	const char *protocol;       /* "SPDY/3.1", "websocket": the Upgrade header */
	const char *header, *value; /* the subprotocol's header */
	char accept[32];            /* Sec-WebSocket-Accept, or "" */
	/* Takes the connection over: the socket is non-blocking; `finish` ends and closes it, once. NULL: `user` is freed by `cancel`. */
	void (*start)(void *user, int fd, const char *extra, size_t extra_size, void (*finish)(void *connection),
	              void *connection);
	void (*cancel)(void *user); /* it never came to the upgrade */
	void *user;
};

struct api_request {
	const struct api_user *user;
	const char *method, *path, *query; /* path without the secret, both still encoded; query "" when none */
	const char *accept, *content_type, *user_agent; /* "" when not sent, as the following */
	const char *upgrade, *ws_key, *ws_version,
	        *protocols; /* protocols: all lines of either header, joined by ", " */
	const char *body;
	size_t body_size;
};
struct api_reply {
	int status;
	const char *content_type; /* static text; NULL: application/json */
	struct str body;
	VEC(char *) warnings;
	int retry_after;             /* seconds; 0: none */
	struct api_stream *stream;   /* instead of body: http.c's from then on */
	struct api_upgrade *upgrade; /* with status 101; likewise */
};
void api_reply_finish(struct api_reply *reply);

/* ---- one request on its way ---- */
struct query_pair {
	char *key, *value;
};
struct query {
	VEC(struct query_pair) pairs;
};
bool query_parse(struct query *query, const char *text); /* false: malformed or too many */
void query_finish(struct query *query);
char *percent_decode(const char *text, size_t len, bool is_form);  /* NULL: malformed, a NUL, or no UTF-8 */
const char *query_get(const struct query *query, const char *key); /* "" when not there */
bool query_is(const struct query *query, const char *key);         /* "true" or "1" */

#define API_SEGMENTS_MAX 10
struct call {
	struct api *api;
	const struct api_request *request;
	struct query query;
	char *segments[API_SEGMENTS_MAX]; /* of the path, decoded */
	size_t n_segments;
	const struct lab_resource *resource;
	const char *group;           /* of the path: the resource's own, or VIRT_GROUP */
	const char *ns, *name, *sub; /* "" when not given */
	struct api_reply *reply;
};
struct api {
	struct loop *loop;
	struct store *store;
	struct pods *pods;
	struct api_options options;
	struct server *server;     /* http.c */
	struct exec *execs;        /* exec.c: those that run */
	struct console *consoles;  /* console.c: likewise */
	struct machines *machines; /* NULL: there are none */
};
/* What a request gets. Fills `reply`, always. */
void api_handle(struct api *api, const struct api_request *request, struct api_reply *reply);

/* ---- http.c ---- */
struct server *server_create(struct api *api, struct err *err);
void server_destroy(struct server *server);
bool http_host_is_ours(const char *host); /* 127.0.0.1 or localhost, with or without a port */
/* Whose secret `path` begins with; *rest is what follows ("/api/..."). NULL: nobody's. In constant time. */
const struct api_user *http_user_of(const struct api_options *options, const char *path, const char **rest);

/* ---- status.c: replies ---- */
void reply_json(struct call *call, int status, json_t *value); /* takes over value */
void reply_status(struct call *call, int code, const char *reason, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
void reply_not_found(struct call *call); /* the object that the call names */
void reply_no_path(struct call *call);
void reply_error(struct call *call, const struct err *err, bool is_create); /* an error of the store */
void reply_forbidden(struct call *call, const char *verb);
json_t *status_expired(void);
void resource_name(const struct lab_resource *resource, struct str *out); /* "pods", "deployments.apps" */

/* ---- what route.c calls ---- */
void object_get(struct call *call);
void object_list(struct call *call);
void object_create(struct call *call);
void object_replace(struct call *call);
void object_patch(struct call *call);
void object_delete(struct call *call);
void object_delete_all(struct call *call);
void watch_start(struct call *call);
void log_start(struct call *call);
void exec_start(struct call *call);
void execs_destroy(struct api *api);
void console_start(struct call *call);
void consoles_destroy(struct api *api);
const char *pod_container(struct call *call, const json_t *pod); /* the one that the query means, or NULL after a 400 */
void review_create(struct call *call);
bool discovery_serve(struct call *call); /* false: not one of its paths */
void openapi_v2(struct str *out);

/* ---- subresources.c: KubeVirt's verbs on its objects, in an API group of their own ---- */
#define VIRT_GROUP "subresources.kubevirt.io"
bool virt_serve(struct call *call); /* false: not one of the group's own paths. Called with 3 segments at least */
void virt_start(struct call *call);
void virt_stop(struct call *call);
void virt_restart(struct call *call);
void virt_pause(struct call *call);
void virt_unpause(struct call *call);
void virt_soft_reboot(struct call *call);
void virt_guest_info(struct call *call);
void virt_not_found(struct call *call, const char *kind); /* "virtualmachineinstance" */
void virt_conflict(struct call *call, const char *kind, const char *words);

/* ---- bodies and objects ---- */
json_t *body_parse(struct call *call); /* the request's object, or NULL after a reply */
/* Checks `object` against the kind's schema as the query's fieldValidation wants it; false after a reply. */
bool body_check(struct call *call, json_t *object);
json_t *protobuf_parse(const char *body, size_t size, struct err *err);
/* Server-side apply: `live` may be NULL. A new object, or NULL and the conflicts (an array of causes) or err. */
json_t *apply_merge(const json_t *live, const json_t *config, const struct lab_resource *resource, const char *manager,
                    bool force, json_t **conflicts, struct err *err);
/* Notes in new's metadata.managedFields that `manager` made it so out of `old` (NULL: created). */
void apply_note_update(json_t *new, const json_t *old, const struct lab_resource *resource, const char *manager,
                       const char *sub);
json_t *scale_of(const json_t *object);

/* ---- selector.c ---- */
struct selector;
struct selector *selector_parse(const char *labels, const char *fields, struct err *err); /* either may be "" */
void selector_destroy(struct selector *selector);
bool selector_matches(const struct selector *selector, const json_t *object);

/* ---- table.c ---- */
bool table_is_wanted(const char *accept);
enum table_include { TABLE_METADATA, TABLE_OBJECT, TABLE_NONE };
enum table_include table_include_of(const char *text);
json_t *table_create(const struct lab_resource *resource, const char *version, bool with_columns);
void table_add(json_t *table, const struct lab_resource *resource, const json_t *object, enum table_include include,
               int64_t now_ms);

#endif
