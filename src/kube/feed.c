/* Recorded bytes instead of a transport: lists and watches from files, into the same store. */
#include <string.h>

#include "kube/internal.h"

#define NESTING_MAX 2

static bool feed_object(struct kube *kube, json_t *object, struct err *err)
{
	const struct kube_kind *kind = kube_kind_of(object);
	struct kube_store_change change;
	if (!kind)
		return true;
	enum kube_kind_id id = (enum kube_kind_id)(kind - kube_kinds);
	if (!kube_store_put(&kube->store, id, json_incref(object), 0, &change, err))
		return false;
	if (change.is_change)
		kube_report(kube, id, &change);
	return true;
}

/* "PodList" names the kind of its items, which then come without. */
static const struct kube_kind *kind_of_list(const json_t *list)
{
	const char *name = json_walk_str(list, "kind", NULL);
	for (size_t i = 0; i < KUBE_N_KINDS; i++) {
		size_t len = strlen(kube_kinds[i].kind);
		if (strncmp(name, kube_kinds[i].kind, len) == 0 && strcmp(name + len, "List") == 0)
			return &kube_kinds[i];
	}
	return NULL;
}

static bool feed(struct kube *kube, json_t *root, int depth, struct err *err)
{
	json_t *items = json_object_get(root, "items"), *item;
	const struct kube_kind *kind = kind_of_list(root);
	size_t i;
	if (!json_is_object(root))
		return err_set(err, ERR_INVALID, "this is no Kubernetes object or list");
	if (!text_has_suffix(json_walk_str(root, "kind", NULL), "List"))
		return feed_object(kube, root, err);
	json_array_foreach (items, i, item) {
		bool is_list = json_is_array(json_object_get(item, "items"));
		if (kind && json_is_object(item))
			object_complete(item, (enum kube_kind_id)(kind - kube_kinds));
		if (is_list && depth < NESTING_MAX ? !feed(kube, item, depth + 1, err) : !feed_object(kube, item, err))
			return false;
	}
	return true;
}

bool kube_feed_list(struct kube *kube, const char *json, size_t size, const char *name, struct err *err)
{
	kube_store_forget_retired(&kube->store);
	if (size > LIST_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "%s is larger than %zu MiB", name, LIST_BYTES_MAX >> 20);
	json_t *root = json_parse(json, size, name, err);
	if (!root)
		return false;
	bool good = feed(kube, root, 0, err);
	json_decref(root);
	return good || err_context(err, "%s", name);
}

static bool feed_event(struct kube *kube, enum kube_kind_id id, const char *text, size_t size, struct err *err)
{
	json_t *event = json_parse(text, size, "event", err), *object = json_object_get(event, "object");
	const char *type = json_walk_str(event, "type", NULL);
	struct kube_store_change change = {0};
	bool good = event != NULL;
	if (good && strcmp(type, "ERROR") == 0)
		good = err_set(err, ERR_UNAVAILABLE, "the cluster ended the watch: %.300s",
		               json_walk_str(object, "message", NULL));
	else if (good && json_is_object(object) && strcmp(type, "DELETED") == 0)
		kube_store_remove(&kube->store, id, kube_ns(object), kube_name(object), &change);
	else if (good && json_is_object(object) && (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0))
		good = kube_store_put(&kube->store, id, object_complete(json_incref(object), id), 0, &change, err);
	if (good && change.is_change)
		kube_report(kube, id, &change);
	json_decref(event);
	return good;
}

bool kube_feed_watch(struct kube *kube, const struct kube_kind *kind, const char *bytes, size_t size, struct err *err)
{
	enum kube_kind_id id = (enum kube_kind_id)(kind - kube_kinds);
	struct split *split = &kube->fed[id];
	const char *text;
	size_t text_size;
	kube_store_forget_retired(&kube->store);
	split_add(split, bytes, size);
	for (;;) {
		enum split_result result = split_next(split, &text, &text_size, err);
		if (result == SPLIT_MORE)
			return true;
		if (result == SPLIT_OBJECT && feed_event(kube, id, text, text_size, err))
			continue;
		split_clear(split);
		return false;
	}
}
