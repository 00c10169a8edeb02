/* The input of a build, sorted: objects by kind, namespace and name, the cluster's before the planned ones, and the events
 * by the pod that they are about. Private to topo; every other file of it looks things up here. */
#ifndef TOPO_OBJECTS_H
#define TOPO_OBJECTS_H

#include "onesdn/topo.h"

enum item_kind {
	ITEM_NAMESPACE,
	ITEM_NODE,
	ITEM_POD,
	ITEM_NAD,
	ITEM_VM,
	ITEM_VMI,
	ITEM_NNCP,
	ITEM_NNCE,
	ITEM_NNS,
	ITEM_EVENT,
	ITEM_N_KINDS
};
struct item {
	const json_t *object;
	const char *ns, *name; /* of an event: of the object that it is about */
	size_t order;          /* in the input: what came first wins */
	bool is_planned;
	int64_t at; /* of an event, ms */
};
struct item_list {
	struct item *data;
	size_t len, cap;
};
struct objects {
	struct item_list kinds[ITEM_N_KINDS];
	const char *const *namespaces; /* of the act, or NULL */
	size_t n_seen, n_cluster;
};
void objects_init(struct objects *objects, const struct topo_input *input);
void objects_finish(struct objects *objects);
const struct item *objects_find(const struct objects *objects, enum item_kind kind, const char *ns, const char *name);
bool objects_is_wanted(const struct objects *objects, const char *ns);

/* What the newest events say of a pod; `uid` keeps those of an earlier pod of that name out. */
struct pod_events {
	const json_t *warning; /* the newest, or NULL */
	bool is_overtaken;     /* an interface was added after it */
};
struct pod_events objects_pod_events(const struct objects *objects, const char *ns, const char *name, const char *uid);

/* ---- small things that all files need ---- */
#define NAME_BYTES ((size_t)253)
#define SENTENCE_BYTES ((size_t)400)
char *topo_bounded(const char *text,
                   size_t max); /* a copy, cut at `max` bytes between characters, blanks run together */
const char *topo_label(const json_t *object, const char *key);
const char *topo_note(const json_t *object, const char *key); /* an annotation */
bool topo_has_condition(const json_t *object, const char *type, const char *status);
const json_t *topo_find_condition(const json_t *object, const char *type);
bool topo_is_deleting(const json_t *object);

#endif
