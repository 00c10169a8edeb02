/* The object store: versions, history, listeners, what may not be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/store.h"

struct world {
	struct loop *loop;
	struct store *store;
	const struct lab_resource *pods, *namespaces, *configmaps;
	char heard[4096]; /* "+a ~a -a " */
	struct store_listener *listener;
	bool unlisten_inside;
};

static int setup(void **state)
{
	struct err err;
	struct world *w = mem_alloc(sizeof *w);
	w->loop = loop_create(&err);
	w->store = store_create(w->loop);
	w->pods = lab_resource_kind("Pod");
	w->namespaces = lab_resource_kind("Namespace");
	w->configmaps = lab_resource_kind("ConfigMap");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	store_unlisten(w->listener);
	store_destroy(w->store);
	loop_destroy(w->loop);
	free(w);
	return 0;
}

static json_t *pod(const char *ns, const char *name)
{
	return json_pack("{s:{s:s,s:s},s:{s:[{s:s,s:s}]}}", "metadata", "name", name, "namespace", ns, "spec",
	                 "containers", "name", "c", "image", "i");
}

static bool add(struct world *w, const struct lab_resource *row, json_t *object, const json_t **out, struct err *err)
{
	bool done = store_add(w->store, row, object, out, err);
	json_decref(object);
	return done;
}

static json_t *config(const char *ns, const char *name, const char *value)
{
	return json_pack("{s:{s:s,s:s},s:{s:s}}", "metadata", "name", name, "namespace", ns, "data", "k", value);
}

static void hear(const struct store_event *event, void *user)
{
	struct world *w = user;
	size_t len = strlen(w->heard);
	snprintf(w->heard + len, sizeof w->heard - len, "%c%s ", "+~-"[event->change],
	         json_walk_str(event->object, "metadata", "name", NULL));
	if (w->unlisten_inside) {
		store_unlisten(w->listener);
		w->listener = NULL;
	}
}

static void turn(struct world *w)
{
	loop_turn(w->loop, false);
}

static void adds(void **state)
{
	struct world *w = *state;
	const json_t *a, *b;
	struct err err;
	uint64_t before = store_version(w->store);
	assert_true(add(w, w->pods, pod("n", "a"), &a, &err));
	assert_int_equal(store_version(w->store), before + 1);
	assert_int_equal(strlen(json_walk_str(a, "metadata", "uid", NULL)), 36);
	assert_int_equal(json_walk_int(a, 0, "metadata", "generation", NULL), 1);
	assert_string_equal(json_walk_str(a, "apiVersion", NULL), "v1");
	assert_string_equal(json_walk_str(a, "status", "phase", NULL), "Pending");
	assert_ptr_equal(store_get(w->store, w->pods, "n", "a"), a);
	assert_null(store_get(w->store, w->pods, "m", "a"));
	assert_false(add(w, w->pods, pod("n", "a"), NULL, &err));
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_true(add(w, w->pods, pod("m", "a"), &b, &err));
	assert_string_not_equal(json_walk_str(a, "metadata", "uid", NULL), json_walk_str(b, "metadata", "uid", NULL));
	json_t *generated = pod("n", "");
	json_object_del(json_object_get(generated, "metadata"), "name");
	json_object_set_new(json_object_get(generated, "metadata"), "generateName", json_string("web-"));
	assert_true(add(w, w->pods, generated, &b, &err));
	assert_int_equal(strlen(json_walk_str(b, "metadata", "name", NULL)), 9);
	assert_false(add(w, w->pods, pod("n", "Bad"), NULL, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "metadata.name: Invalid value: \"Bad\""));
}

static void ours_are_ours(void **state)
{
	struct world *w = *state;
	const json_t *a;
	struct err err;
	json_t *sly = config("n", "a", "1");
	json_object_set_new(json_object_get(sly, "metadata"), "uid", json_string("mine"));
	json_object_set_new(json_object_get(sly, "metadata"), "resourceVersion", json_string("7"));
	json_object_set_new(json_object_get(sly, "metadata"), "deletionTimestamp", json_string("2026-01-01T00:00:00Z"));
	assert_true(add(w, w->configmaps, sly, &a, &err));
	assert_string_not_equal(json_walk_str(a, "metadata", "uid", NULL), "mine");
	assert_string_equal(json_walk_str(a, "metadata", "deletionTimestamp", NULL), "");
}

static void updates(void **state)
{
	struct world *w = *state;
	const json_t *old, *new;
	struct err err;
	assert_true(add(w, w->configmaps, config("n", "a", "1"), &old, &err));
	json_t *keep = json_incref((json_t *)old), *change = json_deep_copy(old);
	uint64_t version = store_version(w->store);
	assert_true(store_update(w->store, w->configmaps, change, &new, &err)); /* nothing changes */
	assert_int_equal(store_version(w->store), version);
	assert_ptr_equal(new, old);
	json_object_set_new(json_object_get(change, "data"), "k", json_string("2"));
	assert_true(store_update(w->store, w->configmaps, change, &new, &err));
	assert_int_equal(store_version(w->store), version + 1);
	assert_string_equal(json_walk_str(new, "data", "k", NULL), "2");
	assert_string_equal(json_walk_str(keep, "data", "k", NULL), "1");        /* stored values never change */
	assert_false(store_update(w->store, w->configmaps, change, NULL, &err)); /* stale */
	assert_int_equal(err.code, ERR_CONFLICT);
	json_object_del(json_object_get(change, "metadata"), "resourceVersion");
	assert_true(store_update(w->store, w->configmaps, change, NULL, &err)); /* unconditional */
	json_object_set_new(json_object_get(change, "metadata"), "uid", json_string("other"));
	assert_false(store_update(w->store, w->configmaps, change, NULL, &err));
	assert_int_equal(err.code, ERR_CONFLICT);
	json_object_set_new(json_object_get(change, "metadata"), "name", json_string("b"));
	assert_false(store_update(w->store, w->configmaps, change, NULL, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	json_decref(change);
	json_decref(keep);
}

static void status_is_apart(void **state)
{
	struct world *w = *state;
	const json_t *stored;
	struct err err;
	assert_true(add(w, w->pods, pod("n", "a"), &stored, &err));
	json_t *change = json_deep_copy(stored);
	json_object_set_new(json_object_get(change, "status"), "phase", json_string("Running"));
	assert_true(store_update(w->store, w->pods, change, &stored, &err));
	assert_string_equal(json_walk_str(stored, "status", "phase", NULL), "Pending");
	json_object_set_new(json_object_get(change, "spec"), "restartPolicy", json_string("Never"));
	assert_true(store_update_status(w->store, w->pods, change, &stored, &err));
	assert_string_equal(json_walk_str(stored, "status", "phase", NULL), "Running");
	assert_string_equal(json_walk_str(stored, "spec", "restartPolicy", NULL), "Always");
	assert_int_equal(json_walk_int(stored, 0, "metadata", "generation", NULL), 1);
	json_decref(change);
	change = json_deep_copy(stored);
	json_object_set_new(json_array_get(json_object_get(json_object_get(change, "spec"), "containers"), 0), "image",
	                    json_string("j"));
	assert_true(store_update(w->store, w->pods, change, &stored, &err));
	assert_int_equal(json_walk_int(stored, 0, "metadata", "generation", NULL), 2);
	json_decref(change);
}

static void dry_run_stores_nothing(void **state)
{
	struct world *w = *state;
	struct err err;
	uint64_t version = store_version(w->store);
	json_t *object = config("n", "a", "1"),
	       *result = store_write(w->store, w->configmaps, object, STORE_ADD, true, &err);
	assert_non_null(result);
	assert_null(store_get(w->store, w->configmaps, "n", "a"));
	assert_int_equal(store_version(w->store), version);
	json_decref(result);
	json_decref(object);
}

static void too_large(void **state)
{
	struct world *w = *state;
	struct err err;
	char *big = mem_alloc(STORE_OBJECT_MAX + 1);
	memset(big, 'x', STORE_OBJECT_MAX);
	assert_false(add(w, w->configmaps, config("n", "a", big), NULL, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	free(big);
}

static void deletes(void **state)
{
	struct world *w = *state;
	const json_t *stored;
	struct err err;
	assert_true(add(w, w->configmaps, config("n", "a", "1"), NULL, &err));
	assert_true(store_delete(w->store, w->configmaps, "n", "a", -1, &err));
	assert_null(store_get(w->store, w->configmaps, "n", "a"));
	assert_false(store_delete(w->store, w->configmaps, "n", "a", -1, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	/* a pod on a node waits for its controller; grace only shrinks */
	json_t *bound = pod("n", "p");
	json_object_set_new(json_object_get(bound, "spec"), "nodeName", json_string("w"));
	assert_true(add(w, w->pods, bound, NULL, &err));
	assert_true(store_delete(w->store, w->pods, "n", "p", -1, &err));
	stored = store_get(w->store, w->pods, "n", "p");
	assert_string_not_equal(json_walk_str(stored, "metadata", "deletionTimestamp", NULL), "");
	assert_int_equal(json_walk_int(stored, 0, "metadata", "deletionGracePeriodSeconds", NULL), 30);
	assert_true(store_delete(w->store, w->pods, "n", "p", 60, &err));
	assert_int_equal(json_walk_int(store_get(w->store, w->pods, "n", "p"), 0, "metadata",
	                               "deletionGracePeriodSeconds", NULL),
	                 30);
	assert_true(store_delete(w->store, w->pods, "n", "p", 1, &err));
	assert_int_equal(json_walk_int(store_get(w->store, w->pods, "n", "p"), 0, "metadata",
	                               "deletionGracePeriodSeconds", NULL),
	                 1);
	assert_true(store_delete(w->store, w->pods, "n", "p", 0, &err));
	assert_null(store_get(w->store, w->pods, "n", "p"));
	/* a finalizer holds */
	json_t *held = config("n", "f", "1");
	json_object_set_new(json_object_get(held, "metadata"), "finalizers", json_pack("[s]", "x/y"));
	assert_true(add(w, w->configmaps, held, NULL, &err));
	assert_true(store_delete(w->store, w->configmaps, "n", "f", -1, &err));
	stored = store_get(w->store, w->configmaps, "n", "f");
	assert_non_null(stored);
	json_t *freed = json_deep_copy(stored);
	json_object_del(json_object_get(freed, "metadata"), "finalizers");
	json_object_del(json_object_get(freed, "metadata"), "deletionTimestamp"); /* cannot be taken back */
	assert_true(store_update(w->store, w->configmaps, freed, NULL, &err));
	assert_null(store_get(w->store, w->configmaps, "n", "f"));
	json_decref(freed);
}

static void listens(void **state)
{
	struct world *w = *state;
	struct err err;
	add(w, w->configmaps, config("n", "a", "1"), NULL, &err);
	w->listener = store_listen(w->store, w->configmaps, hear, w);
	assert_string_equal(w->heard, ""); /* never inside */
	add(w, w->configmaps, config("n", "b", "1"), NULL, &err);
	add(w, w->namespaces, json_pack("{s:{s:s}}", "metadata", "name", "other"), NULL, &err);
	assert_string_equal(w->heard, "");
	turn(w);
	assert_string_equal(w->heard, "+a +b "); /* each once */
	store_delete(w->store, w->configmaps, "n", "a", -1, &err);
	turn(w);
	assert_string_equal(w->heard, "+a +b -a ");
	w->unlisten_inside = true;
	add(w, w->configmaps, config("n", "c", "1"), NULL, &err);
	add(w, w->configmaps, config("n", "d", "1"), NULL, &err);
	turn(w);
	assert_string_equal(w->heard, "+a +b -a +c "); /* nothing after it left */
}

static void resumes(void **state)
{
	struct world *w = *state;
	struct err err;
	add(w, w->configmaps, config("n", "a", "1"), NULL, &err);
	uint64_t version = store_version(w->store);
	add(w, w->configmaps, config("n", "b", "1"), NULL, &err);
	store_delete(w->store, w->configmaps, "n", "a", -1, &err);
	w->listener = store_listen_after(w->store, w->configmaps, version, hear, w);
	assert_non_null(w->listener);
	add(w, w->configmaps, config("n", "c", "1"), NULL, &err);
	turn(w);
	assert_string_equal(w->heard, "+b -a +c ");
	assert_null(store_listen_after(w->store, w->configmaps, store_oldest(w->store) - 1, hear, w));
}

static void history_is_bounded(void **state)
{
	struct world *w = *state;
	struct err err;
	char *big = mem_alloc(100001);
	memset(big, 'x', 100000);
	uint64_t start = store_version(w->store), oldest = store_oldest(w->store);
	add(w, w->configmaps, config("n", "a", "1"), NULL, &err);
	for (int i = 0; i < 200; i++) {
		json_t *change = json_deep_copy(store_get(w->store, w->configmaps, "n", "a"));
		big[0] = (char)('a' + i % 26);
		json_object_set_new(json_object_get(change, "data"), "k", json_string(big));
		assert_true(store_update(w->store, w->configmaps, change, NULL, &err));
		json_decref(change);
	}
	assert_true(store_oldest(w->store) > oldest); /* 20 MB do not stay */
	assert_false(store_replay(w->store, w->configmaps, start, hear, w));
	w->heard[0] = '\0';
	assert_true(store_replay(w->store, w->configmaps, store_version(w->store) - 2, hear, w));
	assert_string_equal(w->heard, "~a ~a ");
	free(big);
}

static bool count_events(const json_t *event, void *user)
{
	*(int64_t *)user += json_walk_int(event, 0, "count", NULL);
	return true;
}

static void events_count_up(void **state)
{
	struct world *w = *state;
	const json_t *stored;
	struct err err;
	int64_t total = 0;
	add(w, w->pods, pod("n", "a"), &stored, &err);
	json_incref((json_t *)stored);
	uint64_t version = store_version(w->store);
	store_event(w->store, stored, "Warning", "Failed", "kubelet", "it %s", "broke\n");
	store_event(w->store, stored, "Warning", "Failed", "kubelet", "it %s", "broke\n");
	store_event(w->store, stored, "Normal", "Started", "kubelet", "ok");
	store_each(w->store, lab_resource_kind("Event"), "n", count_events, &total);
	assert_int_equal(total, 3);
	assert_int_equal(store_version(w->store), version + 3);
	json_decref((json_t *)stored);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(adds, setup, teardown),
	        cmocka_unit_test_setup_teardown(ours_are_ours, setup, teardown),
	        cmocka_unit_test_setup_teardown(updates, setup, teardown),
	        cmocka_unit_test_setup_teardown(status_is_apart, setup, teardown),
	        cmocka_unit_test_setup_teardown(dry_run_stores_nothing, setup, teardown),
	        cmocka_unit_test_setup_teardown(too_large, setup, teardown),
	        cmocka_unit_test_setup_teardown(deletes, setup, teardown),
	        cmocka_unit_test_setup_teardown(listens, setup, teardown),
	        cmocka_unit_test_setup_teardown(resumes, setup, teardown),
	        cmocka_unit_test_setup_teardown(history_is_bounded, setup, teardown),
	        cmocka_unit_test_setup_teardown(events_count_up, setup, teardown),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
