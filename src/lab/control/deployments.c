/* deployments: carries out the plans of deployments_plan.c whenever a Deployment, a ReplicaSet or a Pod changes. */
#include <stdlib.h>
#include <string.h>

#include "lab/control/deployments.h"
#include "lab/control/owners.h"

#define CREATES_MAX 100 /* pods of one replica set in one go */

struct deployments {
	struct loop *loop;
	struct store *store;
	const struct lab_resource *deployment, *replicaset, *pod;
	struct store_listener *listeners[3];
	struct owners *owners; /* their replica sets and pods go with them */
	bool is_posted;
};

/* ---- what is there ---- */

struct owned {
	const char *uid; /* NULL: all */
	json_t *list;
};

static bool collect(const json_t *object, void *user)
{
	struct owned *owned = user;
	size_t i;
	json_t *owner;
	if (!owned->uid)
		json_array_append(owned->list, (json_t *)object);
	json_array_foreach (json_walk(object, "metadata", "ownerReferences", NULL), i, owner) {
		if (owned->uid && json_is_true(json_object_get(owner, "controller")) &&
		    strcmp(json_walk_str(owner, "uid", NULL), owned->uid) == 0)
			json_array_append(owned->list, (json_t *)object);
	}
	return true;
}

static json_t *owned_by(const struct deployments *d, const struct lab_resource *row, const json_t *owner)
{
	struct owned owned = {owner ? json_walk_str(owner, "metadata", "uid", NULL) : NULL, json_array()};
	store_each(d->store, row, owner ? json_walk_str(owner, "metadata", "namespace", NULL) : NULL, collect, &owned);
	return owned.list;
}

/* ---- doing ---- */

static void set_status(struct deployments *d, const struct lab_resource *row, const json_t *object, json_t *status,
                       const char *revision)
{
	const json_t *now = store_get(d->store, row, json_walk_str(object, "metadata", "namespace", NULL),
	                              json_walk_str(object, "metadata", "name", NULL));
	if (!now)
		return;
	json_t *new = json_deep_copy(now), *metadata = json_object_get(new, "metadata");
	json_object_set(new, "status", status);
	if (revision) {
		if (!json_object_get(metadata, "annotations"))
			json_object_set_new(metadata, "annotations", json_object());
		json_object_set_new(json_object_get(metadata, "annotations"), "deployment.kubernetes.io/revision",
		                    json_string(revision));
	}
	store_update_status(d->store, row, new, NULL, NULL);
	json_decref(new);
}

static void scale(struct deployments *d, const json_t *deployment, const json_t *order)
{
	const char *name = json_walk_str(order, "name", NULL);
	const json_t *old =
	        store_get(d->store, d->replicaset, json_walk_str(deployment, "metadata", "namespace", NULL), name);
	long long from = json_walk_int(old, 0, "spec", "replicas", NULL),
	          to = json_walk_int(order, 0, "replicas", NULL);
	if (!old)
		return;
	json_t *new = json_deep_copy(old);
	json_object_set_new(json_object_get(new, "spec"), "replicas", json_integer(to));
	if (store_update(d->store, d->replicaset, new, NULL, NULL))
		store_event(d->store, deployment, "Normal", "ScalingReplicaSet", "deployment-controller",
		            "Scaled %s replica set %s from %lld to %lld", to > from ? "up" : "down", name, from, to);
	json_decref(new);
}

static void number(struct deployments *d, const json_t *deployment, const char *name, const char *revision)
{
	const json_t *old =
	        store_get(d->store, d->replicaset, json_walk_str(deployment, "metadata", "namespace", NULL), name);
	if (old && *name)
		set_status(d, d->replicaset, old, json_object_get(old, "status"), revision);
}

static void do_deployment(struct deployments *d, const json_t *deployment)
{
	const char *ns = json_walk_str(deployment, "metadata", "namespace", NULL);
	json_t *sets = owned_by(d, d->replicaset, deployment),
	       *plan = deployment_plan(deployment, sets, time_wall_ms()), *item;
	size_t i;
	struct err err;
	json_array_foreach (json_object_get(plan, "create"), i, item) {
		const json_t *made;
		if (store_add(d->store, d->replicaset, item, &made, &err))
			store_event(d->store, deployment, "Normal", "ScalingReplicaSet", "deployment-controller",
			            "Scaled up replica set %s from 0 to %lld",
			            json_walk_str(item, "metadata", "name", NULL),
			            (long long)json_walk_int(item, 0, "spec", "replicas", NULL));
		else
			store_event(d->store, deployment, "Warning", "ReplicaSetCreateError", "deployment-controller",
			            "Failed to create new replica set: %s", err.text);
	}
	json_array_foreach (json_object_get(plan, "scale"), i, item)
		scale(d, deployment, item);
	json_array_foreach (json_object_get(plan, "delete"), i, item)
		store_delete(d->store, d->replicaset, ns, json_string_value(item), 0, NULL);
	number(d, deployment, json_walk_str(plan, "current", NULL), json_walk_str(plan, "revision", NULL));
	set_status(d, d->deployment, deployment, json_object_get(plan, "status"),
	           json_walk_str(plan, "revision", NULL));
	json_decref(plan);
	json_decref(sets);
}

static void do_replicaset(struct deployments *d, const json_t *set)
{
	const char *ns = json_walk_str(set, "metadata", "namespace", NULL);
	json_t *pods = owned_by(d, d->pod, set), *plan = replicaset_plan(set, pods), *item;
	size_t i;
	struct err err;
	json_array_foreach (json_object_get(plan, "create"), i, item) {
		const json_t *made;
		if (i == CREATES_MAX)
			break;
		if (store_add(d->store, d->pod, item, &made, &err)) {
			store_event(d->store, set, "Normal", "SuccessfulCreate", "replicaset-controller",
			            "Created pod: %s", json_walk_str(made, "metadata", "name", NULL));
			continue;
		}
		store_event(d->store, set, "Warning", "FailedCreate", "replicaset-controller", "Error creating: %s",
		            err.text);
		break;
	}
	json_array_foreach (json_object_get(plan, "delete"), i, item) {
		if (store_delete(d->store, d->pod, ns, json_string_value(item), -1, NULL))
			store_event(d->store, set, "Normal", "SuccessfulDelete", "replicaset-controller",
			            "Deleted pod: %s", json_string_value(item));
	}
	set_status(d, d->replicaset, set, json_object_get(plan, "status"), NULL);
	json_decref(plan);
	json_decref(pods);
}

static void work(void *user)
{
	struct deployments *d = user;
	static void (*const steps[])(struct deployments * d, const json_t *object) = {do_deployment, do_replicaset};
	d->is_posted = false;
	for (int step = 0; step < 2; step++) {
		json_t *list = owned_by(d, step ? d->replicaset : d->deployment, NULL), *object;
		size_t i;
		json_array_foreach (list, i, object) {
			if (!*json_walk_str(object, "metadata", "deletionTimestamp", NULL))
				steps[step](d, object);
		}
		json_decref(list);
	}
}

static void on_change(const struct store_event *event, void *user)
{
	struct deployments *d = user;
	/* a pod that nobody owns is none of ours */
	if (event->resource == d->pod && !json_walk(event->object, "metadata", "ownerReferences", NULL))
		return;
	if (!d->is_posted)
		loop_post(d->loop, work, d);
	d->is_posted = true;
}

struct deployments *deployments_create(struct loop *loop, struct store *store)
{
	struct deployments *d = mem_alloc(sizeof *d);
	d->loop = loop;
	d->store = store;
	d->deployment = lab_resource_kind("Deployment");
	d->replicaset = lab_resource_kind("ReplicaSet");
	d->pod = lab_resource_kind("Pod");
	d->listeners[0] = store_listen(store, d->deployment, on_change, d);
	d->listeners[1] = store_listen(store, d->replicaset, on_change, d);
	d->listeners[2] = store_listen(store, d->pod, on_change, d);
	d->owners = owners_create(loop, store);
	return d;
}

void deployments_destroy(struct deployments *d)
{
	if (!d)
		return;
	for (int i = 0; i < 3; i++)
		store_unlisten(d->listeners[i]);
	owners_destroy(d->owners);
	loop_unpost(d->loop, d);
	free(d);
}
