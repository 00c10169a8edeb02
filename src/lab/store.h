/* store: the lab's one object store, for every kind alike. Knows nothing of HTTP, OVN or processes.
 *
 * The API (api/) writes what people ask for, the controllers (control/) listen and write status; both through here, so
 * that there is one resourceVersion counter and one history that watches are served from. Controllers hear of a change in
 * a posted call, never inside the write that made it. Objects are jansson values; what `get` gives is borrowed and must
 * not be changed: deep-copy, change, store_update.
 */
#ifndef LAB_STORE_H
#define LAB_STORE_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

struct lab_column { /* of kubectl's table: value is computed by `cell`, or by a JSON path of keys ("status.phase") */
	const char *name, *type, *path;
	int priority;                                          /* 1: only with -o wide */
	json_t *(*cell)(const json_t *object, int64_t now_ms); /* new reference; NULL: use path */
};
struct lab_schema; /* a message of api/schema.h */
struct lab_resource {
	const char *group, *version, *plural, *singular, *kind, *list_kind;
	const char *short_names, *categories; /* blank-separated, or NULL */
	const char *verbs;                    /* NULL: all; "get list watch": read-only; "create": nothing is stored */
	bool namespaced, is_custom;           /* custom: a CRD's kind: no strategic merge patch */
	bool has_status;                      /* status is a subresource: ignored in ordinary writes */
	bool has_generation;                  /* metadata.generation is kept */
	bool has_scale;                       /* subresource scale over spec.replicas */
	bool is_graceful;                     /* deleted by a controller, which ends with store_remove */
	bool is_pending;                      /* nothing realises this kind yet: the API does not serve it */
	const struct lab_schema *schema;      /* what its fields are; NULL: anything */
	const struct lab_column *columns;     /* ends with name NULL; NULL: NAME AGE */
	/* What the real API server checks and fills in on create and update; `old` is NULL on create. May change `object`.
	 * The error is a line "FIELD: MESSAGE" for each thing that is wrong. */
	bool (*admit)(json_t *object, const json_t *old, struct err *err);
	void (*deleting)(json_t *object); /* is_graceful: what changes when its deletion starts; may be NULL */
};
extern const struct lab_resource lab_resources[]; /* ends with kind NULL; in api/resources.c */
const struct lab_resource *lab_resource_find(const char *group, const char *version,
                                             const char *plural); /* version NULL: any */
const struct lab_resource *lab_resource_kind(const char *kind);
void lab_resource_api_version(const struct lab_resource *resource, struct str *out); /* "v1", "apps/v1" */
bool lab_resource_has_verb(const struct lab_resource *resource, const char *verb);

enum store_change { STORE_ADDED, STORE_MODIFIED, STORE_DELETED };
struct store_event {
	enum store_change change;
	uint64_t version; /* the new resourceVersion */
	const struct lab_resource *resource;
	const json_t *object; /* DELETED: the last state, with the new version */
	const json_t *old;    /* NULL for ADDED */
};
struct store;
typedef void store_listen_fn(const struct store_event *event, void *user);

#define STORE_OBJECT_MAX ((size_t)1 << 20)    /* bytes of one object as JSON */
#define STORE_HISTORY_MAX 50000               /* events kept for watches, */
#define STORE_HISTORY_BYTES ((size_t)8 << 20) /* and how many bytes of objects as JSON */
/* The first resourceVersion comes from the clock, so that a watch that outlived another store gets 410, not silence. */
struct store *store_create(struct loop *loop);
void store_destroy(struct store *store);
uint64_t store_version(const struct store *store);
uint64_t store_oldest(const struct store *store); /* watches may start from this version on; before: 410 */

const json_t *store_get(const struct store *store, const struct lab_resource *resource, const char *ns,
                        const char *name);
typedef bool store_each_fn(const json_t *object, void *user); /* false: stop. It may not write */
void store_each(const struct store *store, const struct lab_resource *resource, const char *ns, store_each_fn *fn,
                void *user); /* ns NULL: all; by ns, name */

/* Writes. `object` is copied. uid, resourceVersion, creationTimestamp, generation are the store's. On success `*out` (may
 * be NULL) is the stored object, borrowed. Errors: ERR_CONFLICT (exists; resourceVersion or uid differs), ERR_NOT_FOUND,
 * ERR_INVALID (lines "FIELD: MESSAGE"), ERR_LIMIT. A write that changes nothing makes no event. */
bool store_add(struct store *store, const struct lab_resource *resource, const json_t *object, const json_t **out,
               struct err *err);
bool store_update(struct store *store, const struct lab_resource *resource, const json_t *object, const json_t **out,
                  struct err *err);
bool store_update_status(struct store *store, const struct lab_resource *resource, const json_t *object,
                         const json_t **out, struct err *err); /* only status and metadata.annotations */
/* The three above in one, which can also only try: the result is the caller's reference, or NULL. */
enum store_write { STORE_ADD, STORE_UPDATE, STORE_UPDATE_STATUS };
json_t *store_write(struct store *store, const struct lab_resource *resource, const json_t *object,
                    enum store_write how, bool dry_run, struct err *err);
/* Sets deletionTimestamp; with finalizers left, or for pods and namespaces (grace), a controller removes it later by
 * store_remove; others go at once, and so do pods that no node has and those whose grace is 0. grace_s < 0: the object's own. */
bool store_delete(struct store *store, const struct lab_resource *resource, const char *ns, const char *name,
                  int64_t grace_s, struct err *err);
bool store_remove(struct store *store, const struct lab_resource *resource, const char *ns,
                  const char *name); /* now, whatever it holds */

/* Everything that exists is told as ADDED first (posted), then what changes. */
struct store_listener;
struct store_listener *store_listen(struct store *store, const struct lab_resource *resource, store_listen_fn *fn,
                                    void *user); /* resource NULL: all */
/* Likewise, but told is what happened after `version`; NULL when that far back is gone. */
struct store_listener *store_listen_after(struct store *store, const struct lab_resource *resource, uint64_t version,
                                          store_listen_fn *fn, void *user);
void store_unlisten(struct store_listener *listener); /* NULL is fine; also inside its own callback */
/* Calls back for each event after `version`, oldest first, of one resource; false when that far back is gone. */
bool store_replay(const struct store *store, const struct lab_resource *resource, uint64_t version, store_listen_fn *fn,
                  void *user);

/* A core/v1 Event on `object`, counted up when the same one exists. type "Normal" or "Warning". */
void store_event(struct store *store, const json_t *object, const char *type, const char *reason, const char *component,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
