/* The pods of OVN and Open vSwitch: see ovnkube.h. Level-triggered: whatever happens to one is answered by looking at what each node
 * should have. Labels and containers are those of OVN-Kubernetes' manifests (interconnect, one zone a node), whatever
 * database stands behind them.
 */
#include "lab/control/ovnkube.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE "ghcr.io/ovn-kubernetes/ovn-kubernetes/ovn-kube-fedora:master"
#define CENTRAL_DIR "/run/central"

struct container {
	const char *name;
	bool is_central; /* its control sockets are where the central daemons have theirs */
};
static const struct container node_containers[] = {{"nb-ovsdb", true},
                                                   {"sb-ovsdb", true},
                                                   {"ovn-northd", true},
                                                   {"ovnkube-controller", false},
                                                   {"ovn-controller", false},
                                                   {"ovs-metrics-exporter", false},
                                                   {NULL, false}};
static const struct container ovs_containers[] = {{"ovs-daemons", false}, {NULL, false}};
static const struct set {
	const char *name;
	const struct container *containers;
} sets[] = {{"ovnkube-node", node_containers}, {"ovs-node", ovs_containers}};
enum { N_SETS = sizeof sets / sizeof sets[0] };

struct ovnkube {
	struct store *store;
	struct stack *stack;
	const struct lab_resource *pods;
	struct store_listener *listener;
	char *names[STACK_NODES][N_SETS]; /* of the pods there are; NULL */
};

/* ---- the object ---- */

static json_t *container_list(const struct set *set)
{
	json_t *list = json_array();
	for (const struct container *c = set->containers; c->name != NULL; c++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:s, s:{s:b}}", "name", c->name, "image", IMAGE,
		                                "imagePullPolicy", "IfNotPresent", "securityContext", "privileged", 1));
	return list;
}

static json_t *pod_object(const struct set *set, const struct stack_node_config *node)
{
	json_t *labels = json_pack("{s:s, s:s, s:s, s:s, s:s}", "app", set->name, "component", "network",
	                           "kubernetes.io/os", "linux", "name", set->name, "type", "infra");
	return json_pack("{s:{s:s+, s:s, s:o}, s:{s:s, s:b, s:b, s:s, s:s, s:[{s:s}], s:o}}", "metadata",
	                 "generateName", set->name, "-", "namespace", OVNKUBE_NS, "labels", labels, "spec", "nodeName",
	                 node->name, "hostNetwork", 1, "hostPID", 1, "priorityClassName", "system-node-critical",
	                 "restartPolicy", "Always", "tolerations", "operator", "Exists", "containers",
	                 container_list(set));
}

static json_t *condition(const char *type, bool is_true, const char *since)
{
	return json_pack("{s:s, s:s, s:n, s:s}", "type", type, "status", is_true ? "True" : "False", "lastProbeTime",
	                 "lastTransitionTime", since);
}

static json_t *pod_status(const struct set *set, const struct stack_node *node, const json_t *object)
{
	static const char *const always[] = {"PodReadyToStartContainers", "Initialized", "PodScheduled"};
	static const char *const when_ready[] = {"Ready", "ContainersReady"};
	const char *created = json_walk_str(object, "metadata", "creationTimestamp", NULL);
	json_t *conditions = json_array(), *statuses = json_array();
	char now[32];
	time_format(time_wall_ms(), now);
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		json_array_append_new(conditions, condition(always[i], true, created));
	for (size_t i = 0; i < sizeof when_ready / sizeof when_ready[0]; i++)
		json_array_append_new(conditions, condition(when_ready[i], node->is_ready, now));
	for (const struct container *c = set->containers; c->name != NULL; c++)
		json_array_append_new(statuses, json_pack("{s:s, s:{s:{s:s}}, s:{}, s:b, s:b, s:i, s:s, s:s}", "name",
		                                          c->name, "state", "running", "startedAt", created,
		                                          "lastState", "ready", (int)node->is_ready, "started", 1,
		                                          "restartCount", 0, "image", IMAGE, "imageID", IMAGE));
	return json_pack("{s:s, s:s, s:[{s:s}], s:s, s:[{s:s}], s:s, s:s, s:o, s:o}", "phase", "Running", "hostIP",
	                 node->config->address, "hostIPs", "ip", node->config->address, "podIP", node->config->address,
	                 "podIPs", "ip", node->config->address, "startTime", created, "qosClass", "BestEffort",
	                 "conditions", conditions, "containerStatuses", statuses);
}

/* ---- what should be ---- */

static bool is_running_ready(const json_t *object)
{
	return json_is_true(
	        json_object_get(json_array_get(json_walk(object, "status", "containerStatuses", NULL), 0), "ready"));
}

static void write_status(struct ovnkube *ovnkube, const struct set *set, const struct stack_node *node,
                         const json_t *object)
{
	struct err err = {0};
	bool has_status = json_walk(object, "status", "containerStatuses", NULL) != NULL;
	if (has_status && is_running_ready(object) == node->is_ready)
		return;
	json_t *copy = json_deep_copy(object);
	json_object_set_new(copy, "status", pod_status(set, node, object));
	if (!store_update_status(ovnkube->store, ovnkube->pods, copy, NULL, &err))
		log_write(LOG_WARN, "status of pod %s: %s", json_walk_str(object, "metadata", "name", NULL), err.text);
	json_decref(copy);
}

static void reconcile(struct ovnkube *ovnkube, size_t at, size_t which)
{
	const struct stack_node *node = stack_node(ovnkube->stack, at);
	char **name = &ovnkube->names[at][which];
	const json_t *object = *name != NULL ? store_get(ovnkube->store, ovnkube->pods, OVNKUBE_NS, *name) : NULL;
	struct err err = {0};
	if (object != NULL && json_walk(object, "metadata", "deletionTimestamp", NULL) != NULL) {
		store_remove(ovnkube->store, ovnkube->pods, OVNKUBE_NS, *name);
		object = NULL;
	}
	if (object == NULL) {
		json_t *wanted = pod_object(&sets[which], node->config);
		free(*name);
		*name = NULL;
		if (store_add(ovnkube->store, ovnkube->pods, wanted, &object, &err))
			*name = mem_strdup(json_walk_str(object, "metadata", "name", NULL));
		else
			log_write(LOG_ERROR, "the pod %s of %s: %s", sets[which].name, node->config->name, err.text);
		json_decref(wanted);
	}
	if (object != NULL)
		write_status(ovnkube, &sets[which], node, object);
}

static void on_pod(const struct store_event *event, void *user)
{
	struct ovnkube *ovnkube = user;
	const char *name = json_walk_str(event->object, "metadata", "name", NULL);
	if (strcmp(json_walk_str(event->object, "metadata", "namespace", NULL), OVNKUBE_NS) != 0)
		return;
	for (size_t at = 0; at < STACK_NODES; at++)
		for (size_t which = 0; which < N_SETS; which++)
			if (text_equal(ovnkube->names[at][which], name))
				reconcile(ovnkube, at, which);
}

void ovnkube_node_changed(struct ovnkube *ovnkube, const struct stack_node *node)
{
	for (size_t at = 0; at < STACK_NODES; at++)
		for (size_t which = 0; stack_node(ovnkube->stack, at) == node && which < N_SETS; which++)
			reconcile(ovnkube, at, which);
}

/* ---- the face ---- */

struct ovnkube *ovnkube_create(struct loop *loop, struct store *store, struct stack *stack)
{
	struct ovnkube *ovnkube = mem_alloc(sizeof *ovnkube);
	json_t *ns = json_pack("{s:{s:s}}", "metadata", "name", OVNKUBE_NS);
	(void)loop;
	*ovnkube = (struct ovnkube){.store = store, .stack = stack, .pods = lab_resource_kind("Pod")};
	store_add(store, lab_resource_kind("Namespace"), ns, NULL, NULL);
	json_decref(ns);
	for (size_t at = 0; at < STACK_NODES; at++)
		for (size_t which = 0; which < N_SETS; which++)
			reconcile(ovnkube, at, which);
	ovnkube->listener = store_listen(store, ovnkube->pods, on_pod, ovnkube);
	return ovnkube;
}

void ovnkube_destroy(struct ovnkube *ovnkube)
{
	if (ovnkube == NULL)
		return;
	store_unlisten(ovnkube->listener);
	for (size_t at = 0; at < STACK_NODES; at++)
		for (size_t which = 0; which < N_SETS; which++)
			free(ovnkube->names[at][which]);
	free(ovnkube);
}

static bool find(const struct ovnkube *ovnkube, const char *name, size_t *at, size_t *which)
{
	for (*at = 0; *at < STACK_NODES; ++*at)
		for (*which = 0; *which < N_SETS; ++*which)
			if (text_equal(ovnkube->names[*at][*which], name))
				return true;
	return false;
}

bool ovnkube_has(const struct ovnkube *ovnkube, const char *ns, const char *name)
{
	size_t at, which;
	return ovnkube != NULL && strcmp(ns, OVNKUBE_NS) == 0 && find(ovnkube, name, &at, &which);
}

static void set_env(struct ovnkube_place *place, const struct stack_node *node, const struct container *c)
{
	size_t n = 0;
	place->env = mem_alloc(8 * sizeof *place->env);
	place->env[n++] = mem_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	place->env[n++] = mem_strdup("HOME=/");
	place->env[n++] = mem_strdup("OVN_NB_DB=unix:" CENTRAL_DIR "/nb.sock");
	place->env[n++] = mem_strdup("OVN_SB_DB=unix:" CENTRAL_DIR "/sb.sock");
	place->env[n++] = mem_printf("OVS_RUNDIR=/run/%s", node->config->name);
	place->env[n++] = c->is_central ? mem_strdup("OVN_RUNDIR=" CENTRAL_DIR)
	                                : mem_printf("OVN_RUNDIR=/run/%s", node->config->name);
	place->env[n] = NULL;
}

bool ovnkube_place(const struct ovnkube *ovnkube, const char *name, const char *container, struct ovnkube_place *out,
                   struct err *err)
{
	size_t at, which;
	if (!find(ovnkube, name, &at, &which))
		return err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", name);
	const struct container *c = sets[which].containers;
	while (c->name != NULL && container[0] != '\0' && strcmp(c->name, container) != 0)
		c++;
	if (c->name == NULL)
		return err_set(err, ERR_NOT_FOUND, "container %s is not valid for pod %s", container, name);
	const struct stack_node *node = stack_node(ovnkube->stack, at);
	out->netns = node->netns;
	set_env(out, node, c);
	return true;
}

void ovnkube_place_finish(struct ovnkube_place *place)
{
	for (size_t i = 0; place->env != NULL && place->env[i] != NULL; i++)
		free(place->env[i]);
	free((void *)place->env);
	*place = (struct ovnkube_place){.netns = -1};
}
