/* What is known of the cluster: one sorted list of objects a kind. watch.c and feed.c put things in. Private to kube. */
#ifndef KUBE_STORE_H
#define KUBE_STORE_H

#include "onesdn/kube.h"

#define KUBE_STORE_OBJECTS_MAX 20000 /* a kind */

struct kube_store_entry {
	json_t *object;        /* owned; its metadata names the entry */
	const char *ns, *name; /* in the object */
	uint64_t seen;         /* number of the list that it was seen in last */
};
struct kube_store {
	struct kube_store_kind {
		struct kube_store_entry *data;
		size_t len, cap;
	} kinds[KUBE_N_KINDS];
	uint64_t generation;
	VEC(json_t *) retired; /* replaced objects that somebody may still hold in this turn */
};
void kube_store_finish(struct kube_store *store);
/* `object` is taken over in every case. The change is filled in if there is one. An object without a name, or one more than
 * KUBE_STORE_OBJECTS_MAX, is refused with err. */
struct kube_store_change {
	bool is_change;
	enum kube_change change;
	const json_t *object; /* borrowed from the store */
};
bool kube_store_put(struct kube_store *store, enum kube_kind_id kind, json_t *object, uint64_t seen,
                    struct kube_store_change *out, struct err *err);
bool kube_store_remove(struct kube_store *store, enum kube_kind_id kind, const char *ns, const char *name,
                       struct kube_store_change *out);
const struct kube_store_entry *kube_store_find(const struct kube_store *store, enum kube_kind_id kind, const char *ns,
                                               const char *name);
void kube_store_forget_retired(struct kube_store *store);

#endif
