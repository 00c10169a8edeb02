/* kube: a cluster as objects. Transport, list, watch, resume, one store.
 *
 * Floor 2. The cluster is reached by HTTP on a Unix socket: the lab's own, or that of a `kubectl proxy` which this module
 * starts and watches over, so that every way of logging in that the user's kubectl knows works. Each kind is listed, then
 * watched with bookmarks; a broken watch resumes from the last resourceVersion with back-off, 410 lists anew. The store
 * keeps what was last known while the cluster is away; nothing here ever ends the program.
 * Protocol: Kubernetes API concepts, "Efficient detection of changes". Bounds: 8 MiB an object, 64 MiB a list,
 * 100 events handled a turn.
 */
#ifndef ONESDN_KUBE_H
#define ONESDN_KUBE_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

enum kube_kind_id { /* what is watched; the order is that of kube_kinds */
	KUBE_NAMESPACE, KUBE_NODE, KUBE_POD, KUBE_EVENT, KUBE_NAD, KUBE_MULTI_POLICY, KUBE_VM, KUBE_VMI, KUBE_NNCP, KUBE_NNCE,
	KUBE_NNS, KUBE_N_KINDS
};
struct kube_kind {
	const char *group;         /* "" for the core group */
	const char *version, *plural, *singular, *kind;
	const char *short_names;   /* blank-separated */
	bool namespaced;
};
extern const struct kube_kind kube_kinds[KUBE_N_KINDS];
/* By plural, singular, short name, Kind or plural.group; NULL if unknown. */
const struct kube_kind *kube_kind_find(const char *name);
const struct kube_kind *kube_kind_of(const json_t *object); /* by apiVersion's group and kind */

enum kube_state {
	KUBE_CONNECTING, /* never yet complete */
	KUBE_LIVE,       /* everything asked for is listed and watched */
	KUBE_STALE,      /* was live; some of it is not now */
};
enum kube_change { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED };
struct kube;
struct kube_events { /* callbacks may read the store, not destroy it */
	/* `object` is the new state (KUBE_DELETED: the last one). After a relist only what differs is reported; what is
	 * forgotten because kube_watch drops it is not. */
	void (*on_change)(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object, void *user);
	void (*on_state)(struct kube *kube, enum kube_state state, void *user); /* also when only the problem or the context is */
};
struct kube_options {
	const char *kubeconfig;    /* NULL: kubectl's own choice */
	const char *context;       /* NULL: the current one */
	const char *socket;        /* a Unix socket that speaks the API itself (the lab's); NULL: run kubectl proxy */
	const char *base_path;     /* put before every path on that socket; NULL: none */
	const char *kubectl;       /* the program; NULL: "kubectl" */
	bool offline;              /* no transport at all: only kube_feed_*; `loop` may be NULL, kube_watch does nothing */
	int hurry;                 /* tests: every waiting time is divided by this; 0: 1 */
	struct kube_events events;
	void *user;
};
struct kube *kube_create(struct loop *loop, const struct kube_options *options);
void kube_destroy(struct kube *kube);
/* What is wanted: kinds as bits (1u << KUBE_POD) and the namespaces in which (NULL-terminated; NULL: all). Namespaces are
 * filtered by name, cluster-scoped kinds are watched whole. Only what was added is listed, only what was dropped forgotten.
 * The state is KUBE_CONNECTING again until what is new is complete. At most 20,000 objects a kind. */
void kube_watch(struct kube *kube, unsigned kinds, const char *const *namespaces);

enum kube_state kube_state(const struct kube *kube);
int64_t kube_stale_since(const struct kube *kube);   /* loop time, ms; 0 when live */
const char *kube_problem(const struct kube *kube);   /* what keeps it from being live, with the cure; "" when live */
/* While it is live: what this user may not list and the picture can do without (nodes, events, what a node's network is set
 * to), with the cure; it counts as not served. "" if nothing. */
const char *kube_note(const struct kube *kube);
const char *kube_context(const struct kube *kube);   /* the context's name as far as known, "lab" for a socket; "" */
/* A kind that the cluster does not serve (its CRD is missing) is no problem: its list is empty, and this says so. */
bool kube_is_served(const struct kube *kube, enum kube_kind_id kind);

/* ---- the store; objects are borrowed until the next turn of the loop (offline: the next feed). They are as the cluster
 * sent them, but always with kind and apiVersion, and without metadata.managedFields ---- */
const json_t *kube_find(const struct kube *kube, enum kube_kind_id kind, const char *ns, const char *name); /* ns NULL or "" for cluster scope */
typedef bool kube_each_fn(const json_t *object, void *user); /* false stops */
void kube_each(const struct kube *kube, enum kube_kind_id kind, kube_each_fn *fn, void *user); /* by namespace, then name */
size_t kube_count(const struct kube *kube, enum kube_kind_id kind);
uint64_t kube_generation(const struct kube *kube);    /* grows with every change of the store */

/* ---- recorded bytes instead of a transport (tests, `onesdn diagram --objects`) ---- */
bool kube_feed_list(struct kube *kube, const char *json, size_t size, const char *name, struct err *err);  /* a List, an XList or one object, of known kinds; others are skipped */
bool kube_feed_watch(struct kube *kube, const struct kube_kind *kind, const char *bytes, size_t size, struct err *err); /* any split */

/* ---- one request, for checks ---- */
struct kube_reply {
	int status;                /* HTTP status; 0: it never got through */
	const json_t *body;        /* parsed, or NULL */
	const char *failure;       /* in words, or NULL */
};
typedef void kube_reply_fn(const struct kube_reply *reply, void *user);
struct kube_request;
/* GET of `path` ("/version"), deadline 10 s; POST when `body` is given. */
struct kube_request *kube_request_create(struct kube *kube, const char *path, const json_t *body, kube_reply_fn *fn, void *user);
void kube_request_destroy(struct kube_request *request); /* no callback any more; also fine from inside it */

/* ---- the way alone, for a program that speaks to the API itself: a kubectl proxy, started, watched over, cleaned up after ---- */
struct kube_proxy;
/* The way has opened or closed, or the problem is another; never from inside kube_proxy_create. Not the place to destroy it. */
typedef void kube_proxy_fn(struct kube_proxy *proxy, void *user);
/* Of the options only kubeconfig, context, kubectl and hurry count. Never NULL. */
struct kube_proxy *kube_proxy_create(struct loop *loop, const struct kube_options *options, kube_proxy_fn *on_change, void *user);
const char *kube_proxy_socket(const struct kube_proxy *proxy);  /* speaks the API to "Host: localhost"; NULL while it is not up */
const char *kube_proxy_prefix(const struct kube_proxy *proxy);  /* before every path there: "" or "/something" */
const char *kube_proxy_problem(const struct kube_proxy *proxy); /* why it is not up, with the cure; "" */
void kube_proxy_destroy(struct kube_proxy *proxy);

/* ---- what is often asked of an object ---- */
const char *kube_name(const json_t *object);
const char *kube_ns(const json_t *object);            /* "" for cluster scope */
const char *kube_annotation(const json_t *object, const char *key); /* "" when absent */
/* status of a condition ("True", "False", "Unknown"), "" when absent; type compared without regard to case. */
const char *kube_condition(const json_t *object, const char *type, const char **reason, const char **message);

#endif
