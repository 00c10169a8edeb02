/* owners: see owners.h. Background deletion only: the owner goes first. */
#include <stdlib.h>
#include <string.h>

#include "lab/control/owners.h"

struct owners {
	struct store *store;
	struct store_listener *listener;
};
struct orphans {
	const struct store *store;
	const struct lab_resource *resource;
	VEC(const json_t *) found;
};

static bool owner_is_there(const struct store *store, const json_t *owner, const char *ns)
{
	const struct lab_resource *row = lab_resource_kind(json_walk_str(owner, "kind", NULL));
	if (!row)
		return true; /* not for us to judge */
	const json_t *found = store_get(store, row, ns, json_walk_str(owner, "name", NULL));
	return found && strcmp(json_walk_str(found, "metadata", "uid", NULL), json_walk_str(owner, "uid", NULL)) == 0;
}

static bool is_orphan(const struct store *store, const json_t *object)
{
	const json_t *owners = json_walk(object, "metadata", "ownerReferences", NULL);
	size_t i;
	json_t *owner;
	json_array_foreach (owners, i, owner) {
		if (owner_is_there(store, owner, json_walk_str(object, "metadata", "namespace", NULL)))
			return false;
	}
	return json_array_size(owners) > 0 && !*json_walk_str(object, "metadata", "deletionTimestamp", NULL);
}

static bool collect(const json_t *object, void *user)
{
	struct orphans *orphans = user;
	if (is_orphan(orphans->store, object))
		vec_push(&orphans->found, json_incref((json_t *)object));
	return true;
}

static void on_change(const struct store_event *event, void *user)
{
	struct owners *owners = user;
	struct store *store = owners->store;
	if (strcmp(event->resource->kind, "Event") == 0)
		return;
	if (event->change != STORE_DELETED) {
		const char *ns = json_walk_str(event->object, "metadata", "namespace", NULL),
		           *name = json_walk_str(event->object, "metadata", "name", NULL);
		const json_t *now = event->change == STORE_ADDED ? store_get(store, event->resource, ns, name) : NULL;
		if (now && is_orphan(store, now))
			store_delete(store, event->resource, ns, name, -1, NULL);
		return;
	}
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		struct orphans orphans = {store, row, {0}};
		store_each(store, row, NULL, collect, &orphans);
		for (size_t i = 0; i < orphans.found.len; i++) {
			store_delete(store, row, json_walk_str(orphans.found.data[i], "metadata", "namespace", NULL),
			             json_walk_str(orphans.found.data[i], "metadata", "name", NULL), -1, NULL);
			json_decref((json_t *)orphans.found.data[i]);
		}
		vec_finish(&orphans.found);
	}
}

struct owners *owners_create(struct loop *loop, struct store *store)
{
	struct owners *owners = mem_alloc(sizeof *owners);
	(void)loop;
	owners->store = store;
	owners->listener = store_listen(store, NULL, on_change, owners);
	return owners;
}

void owners_destroy(struct owners *owners)
{
	if (!owners)
		return;
	store_unlisten(owners->listener);
	free(owners);
}
