/* What the files of kube share: the connection as a whole, its scopes (a kind in a namespace, listed and watched), its way
 * to the API server. Private.
 *
 * kube.c     the face: plan of what is watched, state, store
 * transport.c  the Unix socket: given, or that of a kubectl proxy that is started and watched over
 * scope.c    one scope's life: list, watch, back-off; listing.c and events.c do what comes in
 * health.c   asks /version while something is suspicious
 * problem.c  replies into sentences; request.c single requests; feed.c recorded bytes; store.c, split.c, kinds.c
 */
#ifndef KUBE_INTERNAL_H
#define KUBE_INTERNAL_H

#include "kube/split.h"
#include "kube/store.h"

#define EVENTS_A_TURN 100
#define LIST_BYTES_MAX ((size_t)64 << 20)
#define LIST_MS 10000
#define PENDING_BYTES_MAX                                                                                              \
	((size_t)16 << 20) /* of a watch, not handled yet: then it is cut, and resumed when there is room */
#define ERROR_BYTES_MAX ((size_t)64 << 10)

/* ---- transport.c ---- */
struct transport {
	struct loop *loop;
	int hurry;                                  /* divides the pauses */
	void (*on_change)(void *user);              /* is_up or problem is another */
	void (*on_context)(char *name, void *user); /* the current context's name, to keep; NULL: it is not asked for */
	void *user;
	bool is_up;
	char *socket, *prefix; /* prefix: "" or "/something", before every path */
	char *problem;         /* "" while there is none */
	/* the rest: only with a kubectl proxy */
	char *kubeconfig, *context, *kubectl;
	bool lacks_append; /* kubectl before 1.24 has no --append-server-path */
	struct loop_child *child;
	struct loop_command *question, *path_question; /* for the context's name, for the server's path */
	struct loop_fd *source;
	int fd; /* its output; -1 */
	struct str output;
	struct loop_timer *timer; /* deadline of the start, or the next try */
	unsigned failures;
};
void transport_init(struct transport *transport, struct loop *loop, const struct kube_options *options);
void transport_start(struct transport *transport);
void transport_finish(struct transport *transport);

/* ---- scope.c ---- */
enum scope_state {
	SCOPE_IDLE, /* no transport */
	SCOPE_LISTING,
	SCOPE_WATCHING,
	SCOPE_WAITING, /* for the next try */
};
struct scope {
	struct kube *kube;
	enum kube_kind_id kind;
	char *ns; /* "": all; of namespaces: the one of that name */
	enum scope_state state;
	bool is_live, is_served, is_listed;
	bool is_transport_failure; /* of the last failure */
	struct http *http;
	struct loop_timer *timer;
	struct str body;                              /* of a list's page, or of an error */
	struct split split;                           /* of a watch */
	bool is_ready;                                /* something in split may be whole */
	bool is_full;                                 /* the connection was cut for lack of room */
	enum { END_NONE, END_CLEAN, END_BROKEN } end; /* of the watch's connection, while split is not yet empty */
	bool had_event;                               /* in this watch */
	char *version, *page;                         /* resourceVersion to go on from; the list's continue token */
	uint64_t list_number;
	int64_t watch_started;
	unsigned failures, n_gone; /* in a row; n_gone: of versions too old */
	char *problem;             /* "" while there is none */
};
struct scope *scope_create(struct kube *kube, enum kube_kind_id kind, const char *ns);
void scope_destroy(struct scope *scope);
void scope_start(struct scope *scope);                      /* lists, or goes on watching if a list is there */
void scope_stop(struct scope *scope);                       /* no transport */
void scope_hurry(struct scope *scope);                      /* try now, if it waits because nothing answered */
void scope_break(struct scope *scope, const char *problem); /* its watch is dead although nobody said so */
bool scope_covers(const struct scope *scope, const char *ns, const char *name);
bool scope_is_settled(const struct scope *scope);
/* for listing.c and events.c */
void scope_fail(struct scope *scope, bool is_transport, int64_t retry_ms,
                char *problem); /* problem moves; retry 0: back-off */
void scope_relist(struct scope *scope);
void scope_watch(struct scope *scope);
void scope_watch_over(struct scope *scope); /* the connection has ended and all that came is handled */
void scope_set_version(struct scope *scope, const char *version);
void scope_gone(struct scope *scope);                          /* what it would go on from is too old */
char *scope_url(const struct scope *scope, const char *query); /* the caller frees */

/* ---- listing.c, events.c ---- */
void scope_list_page(struct scope *scope); /* asks for the first or the next page */
size_t scope_take_events(struct scope *scope,
                         size_t budget); /* events handled; is_ready says whether there may be more */
json_t *object_complete(json_t *object, enum kube_kind_id kind); /* list items come without kind and apiVersion */

/* ---- health.c ---- */
struct health {
	struct kube *kube;
	struct loop_timer *timer;
	struct http *http;
	struct str body;
	unsigned failures;
};
void health_init(struct health *health, struct kube *kube);
void health_suspect(struct health *health);
void health_finish(struct health *health);

/* ---- problem.c: sentences, the caller frees ---- */
char *problem_of_reply(const struct kube *kube, const struct scope *scope, const struct http_reply *reply,
                       const struct str *body);
char *problem_message(const struct str *body); /* what a Status or a text says, made safe and short */

/* ---- kube.c ---- */
struct kube {
	struct loop *loop; /* NULL offline */
	bool is_offline;
	int hurry;
	struct kube_events events;
	void *user;
	struct kube_store store;
	struct transport transport;
	struct health health;
	VEC(struct scope *) scopes;
	size_t next_scope; /* to take events from first, so that none starves */
	uint64_t n_lists;
	unsigned kinds; /* the plan */
	VEC(char *) namespaces;
	bool in_all;
	struct loop_timer *timer; /* goes on with events, or forgets replaced objects, in the next turn */
	bool is_posted, plan_waits;
	int depth; /* callbacks under way */
	enum kube_state state;
	bool was_live;
	int64_t stale_since;
	char *problem, *context;
	struct kube_request *first_request;
	struct split fed[KUBE_N_KINDS];
};
int64_t kube_ms(const struct kube *kube, int64_t ms);                         /* waiting times, shorter in tests */
char *kube_url(const struct kube *kube, const char *path, const char *query); /* the caller frees */
void kube_append_escaped(struct str *out, const char *text);                  /* for a URL */
extern const char *const kube_headers[];                                      /* of every request */
void kube_events_wait(struct kube *kube); /* a scope is ready: handle it later in this turn */
void kube_report(struct kube *kube, enum kube_kind_id kind, const struct kube_store_change *change);
void kube_evaluate(struct kube *kube); /* state and problem may have changed */

/* ---- request.c ---- */
void requests_start(struct kube *kube);  /* those that wait for the transport */
void requests_orphan(struct kube *kube); /* kube goes away */

#endif
