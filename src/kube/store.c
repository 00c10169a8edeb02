/* Sorted lists of objects, one a kind: looked up by halving, walked in order. */
#include "kube/store.h"

#include <stdlib.h>
#include <string.h>

#define RETIRED_MAX 10000 /* offline there is no turn that ends */

static int compare(const struct kube_store_entry *entry, const char *ns, const char *name)
{
	int order = strcmp(entry->ns, ns);
	return order ? order : strcmp(entry->name, name);
}

static size_t place(const struct kube_store_kind *kind, const char *ns, const char *name, bool *found)
{
	size_t low = 0, high = kind->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&kind->data[middle], ns, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < kind->len && compare(&kind->data[low], ns, name) == 0;
	return low;
}

void kube_store_forget_retired(struct kube_store *store)
{
	for (size_t i = 0; i < store->retired.len; i++)
		json_decref(store->retired.data[i]);
	store->retired.len = 0;
}

void kube_store_finish(struct kube_store *store)
{
	for (size_t k = 0; k < KUBE_N_KINDS; k++) {
		for (size_t i = 0; i < store->kinds[k].len; i++)
			json_decref(store->kinds[k].data[i].object);
		vec_finish(&store->kinds[k]);
	}
	kube_store_forget_retired(store);
	vec_finish(&store->retired);
}

static void retire(struct kube_store *store, json_t *object)
{
	if (store->retired.len >= RETIRED_MAX)
		kube_store_forget_retired(store);
	vec_push(&store->retired, object);
}

static bool is_same(const json_t *a, const json_t *b)
{
	const char *version = json_walk_str(a, "metadata", "resourceVersion", NULL);
	if (version[0] && strcmp(version, json_walk_str(b, "metadata", "resourceVersion", NULL)) == 0 &&
	    strcmp(json_walk_str(a, "metadata", "uid", NULL), json_walk_str(b, "metadata", "uid", NULL)) == 0)
		return true;
	return json_equal(a, b);
}

bool kube_store_put(struct kube_store *store, enum kube_kind_id id, json_t *object, uint64_t seen,
                    struct kube_store_change *out, struct err *err)
{
	struct kube_store_kind *kind = &store->kinds[id];
	struct kube_store_entry entry = {object, kube_ns(object), kube_name(object), seen};
	bool found;
	size_t at = place(kind, entry.ns, entry.name, &found);
	*out = (struct kube_store_change){.change = found ? KUBE_MODIFIED : KUBE_ADDED};
	if (!entry.name[0] || (!found && kind->len >= KUBE_STORE_OBJECTS_MAX)) {
		bool is_nameless = !entry.name[0];
		json_decref(object);
		return is_nameless ? err_set(err, ERR_INVALID, "the cluster sent an object of kind %s without a name",
		                             kube_kinds[id].kind)
		                   : err_set(err, ERR_LIMIT, "there are more than %d %s: watch fewer namespaces",
		                             KUBE_STORE_OBJECTS_MAX, kube_kinds[id].plural);
	}
	json_object_del(json_object_get(object, "metadata"),
	                "managedFields"); /* half of an object's size, and no one asks */
	if (found && is_same(kind->data[at].object, object)) {
		kind->data[at].seen = seen;
		json_decref(object);
		return true;
	}
	if (found) {
		retire(store, kind->data[at].object);
	} else {
		if (kind->len == kind->cap)
			kind->data = vec_grow(kind->data, &kind->cap, sizeof *kind->data);
		memmove(&kind->data[at + 1], &kind->data[at], (kind->len - at) * sizeof *kind->data);
		kind->len++;
	}
	kind->data[at] = entry;
	store->generation++;
	out->is_change = true;
	out->object = object;
	return true;
}

bool kube_store_remove(struct kube_store *store, enum kube_kind_id id, const char *ns, const char *name,
                       struct kube_store_change *out)
{
	struct kube_store_kind *kind = &store->kinds[id];
	bool found;
	size_t at = place(kind, ns, name, &found);
	if (!found)
		return false;
	json_t *object = kind->data[at].object;
	vec_remove(kind, at);
	retire(store, object);
	store->generation++;
	*out = (struct kube_store_change){true, KUBE_DELETED, object};
	return true;
}

const struct kube_store_entry *kube_store_find(const struct kube_store *store, enum kube_kind_id kind, const char *ns,
                                               const char *name)
{
	bool found;
	size_t at = place(&store->kinds[kind], ns, name, &found);
	return found ? &store->kinds[kind].data[at] : NULL;
}
