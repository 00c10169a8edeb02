/* store: objects by kind, namespace and name; what happened to them; who wants to know. The face is store.h.
 *
 * Stored values are never changed, only replaced, so that the history and everybody who was given one share them. Core
 * events about objects are made in record.c, the table of kinds is api/resources.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lab/history.h"

struct store {
	struct map *objects; /* one for each row of lab_resources: "ns/name" to json_t */
	size_t n_resources;
	struct history history;
};

static const char *const grace_key = "deletionGracePeriodSeconds";

/* ---- the life of a store ---- */

struct store *store_create(struct loop *loop)
{
	struct store *store = mem_alloc(sizeof *store);
	while (lab_resources[store->n_resources].kind)
		store->n_resources++;
	store->objects = mem_alloc((store->n_resources + 1) * sizeof *store->objects);
	/* Hundredths of a second since 2026: grows faster than anybody writes. */
	int64_t since = time_wall_ms() / 10 - INT64_C(176722560000);
	history_init(&store->history, loop, since > 1 ? (uint64_t)since : 1);
	return store;
}

void store_destroy(struct store *store)
{
	if (!store)
		return;
	history_finish(&store->history);
	for (size_t i = 0; i < store->n_resources; i++) {
		for (size_t k = 0; k < store->objects[i].len; k++)
			json_decref(store->objects[i].entries[k].value);
		map_finish(&store->objects[i]);
	}
	free(store->objects);
	free(store);
}

uint64_t store_version(const struct store *store)
{
	return store->history.version;
}

uint64_t store_oldest(const struct store *store)
{
	return store->history.oldest;
}

/* ---- reading ---- */

static struct map *objects_of(const struct store *store, const struct lab_resource *resource)
{
	return &store->objects[resource - lab_resources];
}

static char *object_key(const struct lab_resource *resource, const char *ns, const char *name)
{
	return mem_printf("%s/%s", resource->namespaced && ns ? ns : "", name);
}

static const char *meta_text(const json_t *object, const char *key)
{
	return json_walk_str(object, "metadata", key, NULL);
}

static char *key_of(const struct lab_resource *resource, const json_t *object)
{
	return object_key(resource, meta_text(object, "namespace"), meta_text(object, "name"));
}

const json_t *store_get(const struct store *store, const struct lab_resource *resource, const char *ns,
                        const char *name)
{
	char *key = object_key(resource, ns, name);
	const json_t *object = map_find(objects_of(store, resource), key);
	free(key);
	return object;
}

static size_t first_at(const struct map *objects, const char *prefix)
{
	size_t low = 0, high = objects->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(objects->entries[middle].key, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void store_each(const struct store *store, const struct lab_resource *resource, const char *ns, store_each_fn *fn,
                void *user)
{
	const struct map *objects = objects_of(store, resource);
	char *prefix = ns && resource->namespaced ? mem_printf("%s/", ns) : NULL;
	for (size_t i = prefix ? first_at(objects, prefix) : 0; i < objects->len; i++) {
		if (prefix && !text_has_prefix(objects->entries[i].key, prefix))
			break;
		if (!fn(objects->entries[i].value, user))
			break;
	}
	free(prefix);
}

/* ---- listening ---- */

struct store_listener *store_listen(struct store *store, const struct lab_resource *resource, store_listen_fn *fn,
                                    void *user)
{
	struct store_listener *listener = history_listen(&store->history, resource, fn, user);
	for (size_t i = 0; i < store->n_resources; i++) {
		if (resource && resource != &lab_resources[i])
			continue;
		for (size_t k = 0; k < store->objects[i].len; k++) {
			struct store_event event = {.change = STORE_ADDED,
			                            .resource = &lab_resources[i],
			                            .object = store->objects[i].entries[k].value};
			event.version = strtoull(meta_text(event.object, "resourceVersion"), NULL, 10);
			history_tell_first(&event, listener);
		}
	}
	return listener;
}

struct store_listener *store_listen_after(struct store *store, const struct lab_resource *resource, uint64_t version,
                                          store_listen_fn *fn, void *user)
{
	if (version < store->history.oldest)
		return NULL;
	struct store_listener *listener = history_listen(&store->history, resource, fn, user);
	history_replay(&store->history, resource, version, history_tell_first, listener);
	return listener;
}

bool store_replay(const struct store *store, const struct lab_resource *resource, uint64_t version, store_listen_fn *fn,
                  void *user)
{
	return history_replay(&store->history, resource, version, fn, user);
}

/* ---- writing ---- */

static json_t *metadata_of(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");
	if (!json_is_object(metadata)) {
		metadata = json_object();
		json_object_set_new(object, "metadata", metadata);
	}
	return metadata;
}

static void random_uid(char out[37])
{
	uint8_t b[16];
	if (getrandom(b, sizeof b, 0) != sizeof b)
		base_abort("getrandom gave no bytes");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
	         b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* metadata.name from generateName, with Kubernetes' alphabet that spells no words. */
static void generate_name(json_t *metadata)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *prefix = json_walk_str(metadata, "generateName", NULL);
	if (*json_walk_str(metadata, "name", NULL) || !*prefix)
		return;
	uint8_t bytes[5];
	char suffix[6] = "";
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		base_abort("getrandom gave no bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		suffix[i] = letters[bytes[i] % (sizeof letters - 1)];
	json_object_set_new(metadata, "name", json_sprintf("%.58s%s", prefix, suffix));
}

static void set_time(json_t *metadata, const char *key, int64_t ms)
{
	char text[32];
	time_format(ms, text);
	json_object_set_new(metadata, key, json_string(text));
}

static void set_identity(const struct lab_resource *resource, json_t *object)
{
	struct str version = {0};
	lab_resource_api_version(resource, &version);
	json_object_set_new(object, "kind", json_string(resource->kind));
	json_object_set_new(object, "apiVersion", json_string(str_text(&version)));
	str_finish(&version);
}

static bool size_is_fine(const json_t *object, struct err *err)
{
	size_t size = json_dumpb(object, NULL, 0, JSON_COMPACT);
	if (size > STORE_OBJECT_MAX)
		return err_set(err, ERR_LIMIT, "the object has %zu bytes, the limit is %zu", size, STORE_OBJECT_MAX);
	return true;
}

/* The object that would be stored: a new reference, or NULL. */
static json_t *prepare_add(struct store *store, const struct lab_resource *resource, const json_t *object,
                           struct err *err)
{
	char uid[37];
	json_t *new = json_deep_copy(object), *metadata = metadata_of(new);
	static const char *const ours[] = {"uid",        "resourceVersion",   "creationTimestamp",
	                                   "generation", "deletionTimestamp", "deletionGracePeriodSeconds",
	                                   "selfLink"};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		json_object_del(metadata, ours[i]);
	if (!resource->namespaced)
		json_object_del(metadata, "namespace");
	generate_name(metadata);
	if (!*json_walk_str(metadata, "name", NULL)) {
		err_set(err, ERR_INVALID, "metadata.name: Required value: name or generateName is required");
		goto failed;
	}
	if (resource->namespaced && !*json_walk_str(metadata, "namespace", NULL)) {
		err_set(err, ERR_INVALID, "metadata.namespace: Required value");
		goto failed;
	}
	random_uid(uid);
	json_object_set_new(metadata, "uid", json_string(uid));
	set_time(metadata, "creationTimestamp", time_wall_ms());
	if (resource->has_generation)
		json_object_set_new(metadata, "generation", json_integer(1));
	set_identity(resource, new);
	if (store_get(store, resource, json_walk_str(metadata, "namespace", NULL),
	              json_walk_str(metadata, "name", NULL))) {
		err_set(err, ERR_CONFLICT, "%s \"%s\" already exists", resource->plural,
		        json_walk_str(metadata, "name", NULL));
		goto failed;
	}
	if ((resource->admit && !resource->admit(new, NULL, err)) || !size_is_fine(new, err))
		goto failed;
	return new;
failed:
	json_decref(new);
	return NULL;
}

/* Is everything but metadata and status the same? */
static bool same_spec(const json_t *a, const json_t *b)
{
	size_t n_a = 0, n_b = 0;
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)b, key, value)
		n_b += strcmp(key, "metadata") != 0 && strcmp(key, "status") != 0;
	json_object_foreach ((json_t *)a, key, value) {
		if (strcmp(key, "metadata") == 0 || strcmp(key, "status") == 0)
			continue;
		n_a++;
		if (!json_equal(value, json_object_get(b, key)))
			return false;
	}
	return n_a == n_b;
}

static void keep(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);
	if (value)
		json_object_set(to, key, value);
	else
		json_object_del(to, key);
}

/* What a status update changes: `new` is a copy of the old object. */
static void take_status(json_t *new, const json_t *object)
{
	const json_t *annotations = json_walk(object, "metadata", "annotations", NULL);
	json_t *metadata = json_copy(json_object_get(new, "metadata"));
	keep(new, object, "status");
	if (annotations)
		json_object_set(metadata, "annotations", (json_t *)annotations);
	json_object_set_new(new, "metadata", metadata);
}

static bool versions_agree(const json_t *object, const json_t *old, const struct lab_resource *resource,
                           struct err *err)
{
	const char *version = meta_text(object, "resourceVersion"), *uid = meta_text(object, "uid");
	const char *name = meta_text(old, "name");
	if (*version && strcmp(version, meta_text(old, "resourceVersion")) != 0)
		return err_set(err, ERR_CONFLICT,
		               "Operation cannot be fulfilled on %s%s%s \"%s\": the object has been modified; please "
		               "apply your "
		               "changes to the latest version and try again",
		               resource->plural, *resource->group ? "." : "", resource->group, name);
	if (*uid && strcmp(uid, meta_text(old, "uid")) != 0)
		return err_set(err, ERR_CONFLICT,
		               "Operation cannot be fulfilled on %s%s%s \"%s\": Precondition failed: UID in "
		               "precondition: %s, UID "
		               "in object meta: %s",
		               resource->plural, *resource->group ? "." : "", resource->group, name, uid,
		               meta_text(old, "uid"));
	return true;
}

static json_t *prepare_update(struct store *store, const struct lab_resource *resource, const json_t *object,
                              enum store_write how, struct err *err)
{
	static const char *const ours[] = {"uid",
	                                   "resourceVersion",
	                                   "creationTimestamp",
	                                   "generation",
	                                   "deletionTimestamp",
	                                   "deletionGracePeriodSeconds",
	                                   "generateName",
	                                   "name",
	                                   "namespace"};
	const json_t *old = store_get(store, resource, meta_text(object, "namespace"), meta_text(object, "name"));
	if (!old) {
		err_set(err, ERR_NOT_FOUND, "%s \"%s\" not found", resource->plural, meta_text(object, "name"));
		return NULL;
	}
	if (!versions_agree(object, old, resource, err))
		return NULL;
	json_t *new = how == STORE_UPDATE_STATUS ? json_copy((json_t *)old) : json_deep_copy(object);
	if (how == STORE_UPDATE_STATUS)
		take_status(new, object);
	json_t *metadata = metadata_of(new);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		keep(metadata, json_object_get(old, "metadata"), ours[i]);
	set_identity(resource, new);
	if (how == STORE_UPDATE) {
		if (resource->has_status)
			keep(new, old, "status");
		if (resource->admit && !resource->admit(new, old, err))
			goto failed;
		if (resource->has_generation && !same_spec(new, old))
			json_object_set_new(metadata, "generation",
			                    json_integer(json_walk_int(old, 0, "metadata", "generation", NULL) + 1));
	}
	if (size_is_fine(new, err)) {
		json_t *own = json_deep_copy(new); /* nothing of the caller's stays inside */
		json_decref(new);
		return own;
	}
failed:
	json_decref(new);
	return NULL;
}

/* Takes over `object`. */
static void put(struct store *store, const struct lab_resource *resource, json_t *object, enum store_change change)
{
	char version[24], *key = key_of(resource, object);
	uint64_t number = ++store->history.version;
	snprintf(version, sizeof version, "%llu", (unsigned long long)number);
	json_object_set_new(metadata_of(object), "resourceVersion", json_string(version));
	struct map *objects = objects_of(store, resource);
	json_t *old = change == STORE_DELETED ? map_remove(objects, key) : map_set(objects, key, object);
	struct store_event event = {change, number, resource, object, old};
	history_add(&store->history, &event, json_dumpb(object, NULL, 0, JSON_COMPACT));
	json_decref(old);
	if (change == STORE_DELETED)
		json_decref(object);
	free(key);
}

static bool has_finalizers(const json_t *object)
{
	return json_array_size(json_walk(object, "metadata", "finalizers", NULL)) > 0;
}

json_t *store_write(struct store *store, const struct lab_resource *resource, const json_t *object,
                    enum store_write how, bool dry_run, struct err *err)
{
	json_t *new = how == STORE_ADD ? prepare_add(store, resource, object, err)
	                               : prepare_update(store, resource, object, how, err);
	if (!new || dry_run)
		return new;
	const json_t *old = NULL;
	if (how != STORE_ADD)
		old = store_get(store, resource, meta_text(new, "namespace"), meta_text(new, "name"));
	if (old && json_equal(new, old)) {
		json_decref(new);
		return json_incref((json_t *)old);
	}
	json_incref(new);
	put(store, resource, new, old ? STORE_MODIFIED : STORE_ADDED);
	if (old && *meta_text(new, "deletionTimestamp") && !has_finalizers(new) && !resource->is_graceful)
		store_remove(store, resource, meta_text(new, "namespace"), meta_text(new, "name"));
	return new;
}

static bool write_borrowed(struct store *store, const struct lab_resource *resource, json_t *new, const json_t **out)
{
	if (!new)
		return false;
	if (out)
		*out = store_get(store, resource, meta_text(new, "namespace"), meta_text(new, "name"));
	json_decref(new);
	return true;
}

bool store_add(struct store *store, const struct lab_resource *resource, const json_t *object, const json_t **out,
               struct err *err)
{
	return write_borrowed(store, resource, store_write(store, resource, object, STORE_ADD, false, err), out);
}

bool store_update(struct store *store, const struct lab_resource *resource, const json_t *object, const json_t **out,
                  struct err *err)
{
	return write_borrowed(store, resource, store_write(store, resource, object, STORE_UPDATE, false, err), out);
}

bool store_update_status(struct store *store, const struct lab_resource *resource, const json_t *object,
                         const json_t **out, struct err *err)
{
	return write_borrowed(store, resource, store_write(store, resource, object, STORE_UPDATE_STATUS, false, err),
	                      out);
}

/* ---- deleting ---- */

bool store_remove(struct store *store, const struct lab_resource *resource, const char *ns, const char *name)
{
	const json_t *old = store_get(store, resource, ns, name);
	if (!old)
		return false;
	json_t *last = json_copy((json_t *)old);
	json_object_set_new(last, "metadata", json_copy(json_object_get(old, "metadata")));
	put(store, resource, last, STORE_DELETED);
	return true;
}

/* Nobody runs it, so nobody has to end it. */
static bool goes_at_once(const struct lab_resource *resource, const json_t *object, int64_t grace_s)
{
	if (has_finalizers(object))
		return false;
	if (!resource->is_graceful)
		return true;
	return strcmp(resource->kind, "Pod") == 0 &&
	       (grace_s == 0 || !*json_walk_str(object, "spec", "nodeName", NULL));
}

bool store_delete(struct store *store, const struct lab_resource *resource, const char *ns, const char *name,
                  int64_t grace_s, struct err *err)
{
	const json_t *old = store_get(store, resource, ns, name);
	if (!old)
		return err_set(err, ERR_NOT_FOUND, "%s \"%s\" not found", resource->plural, name);
	if (grace_s < 0)
		grace_s = resource->is_graceful ? json_walk_int(old, 0, "spec", "terminationGracePeriodSeconds", NULL)
		                                : 0;
	if (goes_at_once(resource, old, grace_s)) {
		store_remove(store, resource, ns, name);
		return true;
	}
	bool is_again = *meta_text(old, "deletionTimestamp");
	if (is_again && json_walk_int(old, 0, "metadata", grace_key, NULL) <= grace_s)
		return true;
	json_t *new = json_deep_copy(old), *metadata = metadata_of(new);
	set_time(metadata, "deletionTimestamp", time_wall_ms() + grace_s * 1000);
	json_object_set_new(metadata, grace_key, json_integer(grace_s));
	if (resource->has_generation && !is_again)
		json_object_set_new(metadata, "generation",
		                    json_integer(json_walk_int(old, 0, "metadata", "generation", NULL) + 1));
	if (resource->deleting)
		resource->deleting(new);
	put(store, resource, new, STORE_MODIFIED);
	return true;
}
