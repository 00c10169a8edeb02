/* What is known of the cluster: one sorted list of objects a kind. watch.c and feed.c put things in. Private to kube. */
#ifndef KUBE_STORE_H
#define KUBE_STORE_H

#include "onesdn/kube.h"

#define STORE_OBJECTS_MAX 20000 /* a kind */

struct store_entry {
	json_t *object;        /* owned; its metadata names the entry */
	const char *ns, *name; /* in the object */
	uint64_t seen;         /* number of the list that it was seen in last */
};
struct store {
	struct store_kind {
		struct store_entry *data;
		size_t len, cap;
	} kinds[KUBE_N_KINDS];
	uint64_t generation;
	VEC(json_t *) retired; /* replaced objects that somebody may still hold in this turn */
};
void store_finish(struct store *store);
/* `object` is taken over in every case. The change is filled in if there is one. An object without a name, or one more than
 * STORE_OBJECTS_MAX, is refused with err. */
struct store_change {
	bool is_change;
	enum kube_change change;
	const json_t *object; /* borrowed from the store */
};
bool store_put(struct store *store, enum kube_kind_id kind, json_t *object, uint64_t seen, struct store_change *out,
               struct err *err);
bool store_remove(struct store *store, enum kube_kind_id kind, const char *ns, const char *name,
                  struct store_change *out);
const struct store_entry *store_find(const struct store *store, enum kube_kind_id kind, const char *ns,
                                     const char *name);
void store_forget_retired(struct store *store);

#endif
