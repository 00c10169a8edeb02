/* namespaces: see namespaces.h. Level-triggered: whatever happens in a namespace that is on its way out, or is not there,
 * is answered by looking at what is left in it.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/control/namespaces.h"

struct namespaces {
	struct store *store;
	struct store_listener *listener;
};
struct found {
	const struct lab_resource *resource;
	char *name;
};
struct contents {
	const struct lab_resource *resource;
	VEC(struct found) items; /* not being deleted yet */
	size_t n_left;
};

static bool collect(const json_t *object, void *user)
{
	struct contents *contents = user;
	bool is_going = *json_walk_str(object, "metadata", "deletionTimestamp", NULL);
	contents->n_left++;
	if (!is_going)
		vec_push(&contents->items, (struct found){contents->resource,
		                                          mem_strdup(json_walk_str(object, "metadata", "name", NULL))});
	return true;
}

static size_t count(struct store *store, const char *ns, struct contents *contents)
{
	contents->n_left = 0;
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		contents->resource = row;
		if (row->namespaced)
			store_each(store, row, ns, collect, contents);
	}
	return contents->n_left;
}

/* Asks everything in the namespace to go; true when nothing is left. */
static bool empty(struct store *store, const char *ns)
{
	struct contents before = {0}, after = {0};
	count(store, ns, &before);
	for (size_t i = 0; i < before.items.len; i++) {
		store_delete(store, before.items.data[i].resource, ns, before.items.data[i].name, -1, NULL);
		free(before.items.data[i].name);
	}
	vec_finish(&before.items);
	size_t n_left = count(store, ns, &after);
	for (size_t i = 0; i < after.items.len; i++)
		free(after.items.data[i].name);
	vec_finish(&after.items);
	return n_left == 0;
}

static void bring_account(struct store *store, const char *ns)
{
	json_t *account = json_pack("{s:{s:s,s:s}}", "metadata", "name", "default", "namespace", ns);
	store_add(store, lab_resource_kind("ServiceAccount"), account, NULL, NULL); /* there already: fine */
	json_decref(account);
}

static void on_change(const struct store_event *event, void *user)
{
	struct namespaces *namespaces = user;
	const struct lab_resource *row = lab_resource_kind("Namespace");
	const char *name =
	        json_walk_str(event->object, "metadata", event->resource == row ? "name" : "namespace", NULL);
	if (!*name)
		return;
	const json_t *ns = store_get(namespaces->store, row, "", name);
	if (ns && !*json_walk_str(ns, "metadata", "deletionTimestamp", NULL)) {
		bool lost_account =
		        event->change == STORE_DELETED && strcmp(event->resource->kind, "ServiceAccount") == 0;
		if (event->resource == row || lost_account)
			bring_account(namespaces->store, name);
		return;
	}
	char *copy = mem_strdup(name);
	bool is_empty = empty(namespaces->store, copy);
	if (is_empty && store_get(namespaces->store, row, "", copy))
		store_remove(namespaces->store, row, "", copy);
	free(copy);
}

struct namespaces *namespaces_create(struct loop *loop, struct store *store)
{
	struct namespaces *namespaces = mem_alloc(sizeof *namespaces);
	(void)loop;
	namespaces->store = store;
	namespaces->listener = store_listen(store, NULL, on_change, namespaces);
	return namespaces;
}

void namespaces_destroy(struct namespaces *namespaces)
{
	if (!namespaces)
		return;
	store_unlisten(namespaces->listener);
	free(namespaces);
}
