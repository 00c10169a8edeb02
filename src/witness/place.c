/* Pods are known by their containers, which OVN-Kubernetes and OpenShift name differently, not by labels, of which there are more kinds. */
#include "witness/place.h"

#include <stdio.h>
#include <string.h>

const char *const place_namespaces[] = {"ovn-kubernetes", "openshift-ovn-kubernetes", NULL};

static const char *const databases[] = {"nb-ovsdb", "nbdb", NULL};
/* Its mounts reach all sockets of the node, wherever it runs. */
static const char *const controllers[] = {"ovn-controller", NULL};
static const char *const switches[] = {"ovs-daemons", NULL};

/* The name of the first container of `names` that the pod has, or NULL. */
static const char *container_of(const json_t *pod, const char *const *names)
{
	const json_t *containers = json_walk(pod, "spec", "containers", NULL);
	for (; *names != NULL; names++)
		for (size_t i = 0; i < json_array_size(containers); i++)
			if (strcmp(json_walk_str(json_array_get(containers, i), "name", NULL), *names) == 0)
				return *names;
	return NULL;
}

static bool is_running(const json_t *pod)
{
	return strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") == 0 &&
	       json_walk(pod, "metadata", "deletionTimestamp", NULL) == NULL;
}

static bool is_on(const json_t *pod, const char *node)
{
	return node == NULL || *node == '\0' || strcmp(json_walk_str(pod, "spec", "nodeName", NULL), node) == 0;
}

/* The first running pod on the node (NULL: any) that has such a container. */
static const json_t *find(const json_t *pods, const char *node, const char *const *names)
{
	for (size_t i = 0; i < json_array_size(pods); i++) {
		const json_t *pod = json_array_get(pods, i);
		if (is_running(pod) && is_on(pod, node) && container_of(pod, names) != NULL)
			return pod;
	}
	return NULL;
}

static bool give(const json_t *pod, const char *container, struct place *out)
{
	snprintf(out->pod, sizeof out->pod, "%s", json_walk_str(pod, "metadata", "name", NULL));
	snprintf(out->container, sizeof out->container, "%s", container);
	return true;
}

bool place_find(const json_t *pods, const char *node, enum place_role role, struct place *out, struct err *err)
{
	const char *const *names = role == PLACE_DATABASE ? databases : controllers;
	const json_t *pod = find(pods, node, names);
	if (role == PLACE_DATABASE && pod == NULL) /* central */
		pod = find(pods, NULL, names);
	if (role == PLACE_SWITCH && pod == NULL)
		pod = find(pods, node, names = switches);
	if (pod == NULL)
		return err_set(err, ERR_NOT_FOUND, "no running pod %s%s has a container %s",
		               role == PLACE_DATABASE ? "of OVN-Kubernetes" : "on node ",
		               role == PLACE_DATABASE ? "" : node, names[0]);
	/* one session for both, where one container reaches both */
	const char *shared = role == PLACE_DATABASE && is_on(pod, node) ? container_of(pod, controllers) : NULL;
	return give(pod, shared != NULL ? shared : container_of(pod, names), out);
}
