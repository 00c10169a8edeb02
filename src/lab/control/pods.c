/* The pod controller: scheduling, network, wiring, containers, end. pod_reconcile takes a pod as far as it can go. */
#include "lab/control/pods.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/control/pods_state.h"
#include "lab/control/scheduler.h"

#define KUBELET "kubelet"

static void end_pod(struct pod *pod);
static void drop(struct pod *pod);

/* ---- scheduling ---- */

static size_t pods_on(const struct pods *pods, const struct stack_node *node)
{
	size_t n = 0;
	for (size_t i = 0; i < pods->by_key.len; i++)
		n += ((const struct pod *)pods->by_key.entries[i].value)->node == node;
	return n;
}

static void unschedulable(struct pod *pod, const char *words)
{
	char now[32];
	struct err err = {0};
	if (text_equal(pod->blocked, words))
		return;
	free(pod->blocked);
	pod->blocked = mem_strdup(words);
	store_event(pod->pods->store, pod->object, "Warning", "FailedScheduling", "default-scheduler", "%s", words);
	json_t *copy = json_deep_copy(pod->object);
	time_format(time_wall_ms(), now);
	json_object_set_new(copy, "status",
	                    json_pack("{s:s, s:[{s:s, s:s, s:n, s:s, s:s, s:s}], s:s}", "phase", "Pending",
	                              "conditions", "type", "PodScheduled", "status", "False", "lastProbeTime",
	                              "lastTransitionTime", now, "reason", "Unschedulable", "message", words,
	                              "qosClass", "BestEffort"));
	if (!store_update_status(pod->pods->store, pod->pods->resource, copy, NULL, &err))
		log_write(LOG_WARN, "status of pod %s: %s", pod->key, err.text);
	json_decref(copy);
}

static void bind_pod(struct pod *pod, struct stack_node *node)
{
	json_t *copy = json_deep_copy(pod->object);
	const json_t *stored = NULL;
	struct err err = {0};
	json_object_set_new(json_object_get(copy, "spec"), "nodeName", json_string(node->config->name));
	if (!store_update(pod->pods->store, pod->pods->resource, copy, &stored, &err)) {
		log_write(LOG_WARN, "binding pod %s: %s", pod->key, err.text);
	} else {
		json_t *old = pod->object;
		pod->object = json_incref((json_t *)(uintptr_t)stored);
		json_decref(old);
		pod->node = node;
		store_event(pod->pods->store, pod->object, "Normal", "Scheduled", "default-scheduler",
		            "Successfully assigned %s/%s to %s", pod->ns, pod->name, node->config->name);
	}
	json_decref(copy);
}

static bool schedule(struct pod *pod)
{
	struct pods *pods = pod->pods;
	const char *wanted = json_walk_str(pod->object, "spec", "nodeName", NULL);
	if (wanted[0] != '\0') {
		pod->node = stack_find_node(pods->options.stack, wanted);
	} else {
		struct scheduler_node nodes[STACK_NODES];
		struct str reason = {0};
		for (size_t i = 0; i < STACK_NODES; i++) {
			struct stack_node *node = stack_node(pods->options.stack, i);
			const json_t *object =
			        store_get(pods->store, lab_resource_kind("Node"), NULL, node->config->name);
			nodes[i] = (struct scheduler_node){
			        node->config->name, json_walk(object, "metadata", "labels", NULL), node->is_ready,
			        node->config->is_control_plane, pods_on(pods, node)};
		}
		int at = scheduler_pick(pod->object, nodes, STACK_NODES, &reason);
		if (at >= 0)
			bind_pod(pod, stack_node(pods->options.stack, (size_t)at));
		else
			unschedulable(pod, str_text(&reason));
		str_finish(&reason);
	}
	if (pod->node != NULL && pod->scheduled_ms == 0)
		pod->scheduled_ms = time_wall_ms();
	return pod->node != NULL;
}

/* ---- network ---- */

static void sandbox_fails(struct pod *pod, const char *words)
{
	if (text_equal(pod->blocked, words))
		return;
	free(pod->blocked);
	pod->blocked = mem_strdup(words);
	store_event(pod->pods->store, pod->object, "Warning", "FailedCreatePodSandBox", KUBELET,
	            "Failed to create pod sandbox: %s", words);
}

/* In the words of the real ones, which often say "timed out" only; then with the reason that theirs leave out. */
static void attach_fails(struct pod *pod, const struct attach_failure *failure)
{
	struct str words = {0};
	const struct cni_config *config = networks_config(pod->pods->options.networks, failure->nad);
	const char *network = config != NULL ? config->name : failure->nad;
	if (failure->is_timeout)
		str_append_f(&words,
		             "error adding container to network \"%s\": CNI request failed with status 400: '[%s/%s "
		             "network %s NAD %s] failed to get pod annotation: "
		             "timed out waiting for annotations: context deadline exceeded'; the reason: %s",
		             network, pod->ns, pod->name, network, failure->nad, failure->words);
	else
		str_append_f(&words, "Multus: [%s/%s/%s]: error loading k8s delegates k8s args: %s", pod->ns, pod->name,
		             pod->uid, failure->words);
	if (failure->reason[0] != '\0' && !text_equal(pod->blocked, str_text(&words)))
		store_event(pod->pods->store, pod->object, "Warning", failure->reason, failure->component, "%s",
		            failure->event);
	sandbox_fails(pod, str_text(&words));
	str_finish(&words);
}

static void want_ports(struct pod *pod)
{
	struct plan_rows rows = {0};
	char *owner = mem_printf("pod/%s", pod->key);
	for (size_t i = 0; i < pod->attachments.items.len; i++) {
		const struct attachment *a = &pod->attachments.items.data[i];
		struct str addresses = {0};
		char text[64];
		str_append(&addresses, a->mac);
		for (size_t k = 0; k < a->addresses.len; k++) {
			cni_address_format(&a->addresses.data[k], false, text);
			str_append_f(&addresses, " %s", text);
		}
		const struct ovn_port port = {
		        .name = a->port_name,
		        .switch_name = a->switch_name,
		        .addresses = str_text(&addresses),
		        .ns = pod->ns,
		        .pod_uid = pod->uid,
		        .node = pod->node->config->name,
		        .nad = a->nad,
		        .network = a->network,
		        .topology = cni_topology_name(a->topology),
		        .tunnel_id = a->tunnel_id,
		};
		ovn_rows_port(&rows, &port);
		str_finish(&addresses);
	}
	ovn_want(pod->pods->options.ovn, owner, &rows);
	free(owner);
}

static bool plug(struct pod *pod)
{
	struct pods *pods = pod->pods;
	struct attach_failure failure = {0};
	struct err err = {0};
	if (!networks_attach(pods->options.networks, pod->object, pod->node->config, &pod->attachments, &failure)) {
		attach_fails(pod, &failure);
		return false;
	}
	const struct sandbox_options options = {pod->ns, pod->name, pod->uid, pod->node, &pod->attachments};
	if (!sandbox_create(&pod->sandbox, &options, &err)) {
		sandbox_fails(pod, err.text);
		networks_detach(pods->options.networks, &pod->attachments);
		return false;
	}
	want_ports(pod);
	pod->has_sandbox = true;
	free(pod->blocked);
	pod->blocked = NULL;
	loop_timer_start(pod->timer, WIRE_DEADLINE_MS, WIRE_DEADLINE_MS);
	return true;
}

static void tell_interfaces(const struct pod *pod)
{
	for (size_t i = 0; i < pod->attachments.items.len; i++) {
		const struct attachment *a = &pod->attachments.items.data[i];
		struct str addresses = {0};
		char text[64];
		for (size_t k = 0; k < a->addresses.len; k++) {
			cni_address_format(&a->addresses.data[k], true, text);
			str_append_f(&addresses, "%s%s", k > 0 ? " " : "", text);
		}
		store_event(pod->pods->store, pod->object, "Normal", "AddedInterface", "multus", "Add %s [%s] from %s",
		            a->interface, str_text(&addresses), a->nad != NULL ? a->nad : "ovn-kubernetes");
		str_finish(&addresses);
	}
}

static bool wire(struct pod *pod)
{
	if (!sandbox_is_wired(&pod->sandbox))
		return false;
	pod->is_wired = true;
	loop_timer_stop(pod->timer);
	tell_interfaces(pod);
	return true;
}

/* ---- going on ---- */

static void advance(struct pod *pod)
{
	if (pod->node == NULL && !schedule(pod))
		return;
	if (!pod->has_sandbox && !plug(pod))
		return;
	if (!pod->is_wired && !wire(pod))
		return;
	pod_containers_run(pod);
}

static void reconcile(void *user)
{
	struct pod *pod = user;
	pod->is_posted = false;
	if (pod->is_over)
		return;
	if (json_object_get(json_object_get(pod->object, "metadata"), "deletionTimestamp") != NULL)
		end_pod(pod);
	else
		advance(pod);
	if (pod->node != NULL)
		pod_status_write(pod);
	if (pod->is_ending && pod_containers_are_over(pod)) {
		struct pods *pods = pod->pods;
		char *ns = mem_strdup(pod->ns), *name = mem_strdup(pod->name);
		drop(pod);
		store_remove(pods->store, pods->resource, ns, name);
		free(ns);
		free(name);
	}
}

void pod_reconcile_soon(struct pod *pod)
{
	if (pod->is_posted)
		return;
	pod->is_posted = true;
	loop_post(pod->pods->loop, reconcile, pod);
}

static void on_timer(void *user)
{
	struct pod *pod = user;
	struct str words = {0};
	if (pod->is_ending) {
		pod_containers_stop(pod, SIGKILL);
		return;
	}
	sandbox_waits_for(&pod->sandbox, &words);
	sandbox_fails(pod, str_text(&words));
	str_finish(&words);
	pod_reconcile_soon(pod);
}

/* ---- the end ---- */

/* A later deletion may shorten the grace. */
static void end_pod(struct pod *pod)
{
	int64_t grace = json_walk_int(pod->object, 30, "metadata", "deletionGracePeriodSeconds", NULL);
	if (!pod->is_ending) {
		pod->is_ending = true;
		pod->grace_s = -1;
		pod_containers_stop(pod, SIGTERM);
	}
	if (pod->grace_s >= 0 && pod->grace_s <= grace)
		return;
	pod->grace_s = grace;
	loop_timer_start(pod->timer, grace > 0 ? grace * 1000 : 0, 0);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	remove(path);
	return 0;
}

static void remove_files(const struct pod *pod)
{
	char *dir = mem_printf(SANDBOX_DIR "/%s", pod->uid);
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(dir);
}

static void drop(struct pod *pod)
{
	struct pods *pods = pod->pods;
	char *owner = mem_printf("pod/%s", pod->key);
	pod->is_over = true;
	map_remove(&pods->by_key, pod->key);
	pod_containers_destroy(pod);
	if (pod->has_sandbox)
		sandbox_remove(&pod->sandbox);
	ovn_unwant(pods->options.ovn, owner);
	free(owner);
	networks_detach(pods->options.networks, &pod->attachments);
	remove_files(pod);
	loop_timer_destroy(pod->timer);
	loop_unpost(pods->loop, pod);
	json_decref(pod->object);
	free(pod->blocked);
	free(pod->key);
	free(pod->ns);
	free(pod->name);
	free(pod->uid);
	free(pod);
}

/* ---- the store's news ---- */

static struct pod *create(struct pods *pods, const json_t *object)
{
	struct pod *pod = mem_alloc(sizeof *pod);
	pod->pods = pods;
	pod->ns = mem_strdup(json_walk_str(object, "metadata", "namespace", NULL));
	pod->name = mem_strdup(json_walk_str(object, "metadata", "name", NULL));
	pod->uid = mem_strdup(json_walk_str(object, "metadata", "uid", NULL));
	pod->key = mem_printf("%s/%s", pod->ns, pod->name);
	pod->object = json_incref((json_t *)(uintptr_t)object);
	pod->sandbox.netns = -1;
	pod->timer = loop_timer_create(pods->loop, on_timer, pod);
	pod_containers_create(pod);
	map_set(&pods->by_key, pod->key, pod);
	return pod;
}

static void on_pod(const struct store_event *event, void *user)
{
	struct pods *pods = user;
	const char *ns = json_walk_str(event->object, "metadata", "namespace", NULL),
	           *name = json_walk_str(event->object, "metadata", "name", NULL);
	if (ovnkube_has(pods->options.ovnkube, ns, name))
		return;
	char *key = mem_printf("%s/%s", ns, name);
	struct pod *pod = map_find(&pods->by_key, key);
	const char *uid = json_walk_str(event->object, "metadata", "uid", NULL);
	free(key);
	if (pod != NULL && (strcmp(pod->uid, uid) != 0 || event->change == STORE_DELETED)) {
		if (event->change != STORE_DELETED || strcmp(pod->uid, uid) == 0)
			drop(pod);
		pod = NULL;
	}
	if (event->change == STORE_DELETED)
		return;
	/* What has been removed since by ourselves is still told once more. */
	const json_t *now = store_get(pods->store, pods->resource, ns, name);
	if (now == NULL || strcmp(json_walk_str(now, "metadata", "uid", NULL), uid) != 0)
		return;
	if (pod == NULL) {
		pod = create(pods, now);
	} else if (pod->object != now) {
		json_t *old = pod->object;
		pod->object = json_incref((json_t *)(uintptr_t)now);
		json_decref(old);
	}
	pod_reconcile_soon(pod);
}

/* ---- the face ---- */

struct pods *pods_create(const struct pods_options *options)
{
	struct pods *pods = mem_alloc(sizeof *pods);
	pods->options = *options;
	pods->loop = options->loop;
	pods->store = options->store;
	pods->resource = lab_resource_kind("Pod");
	pods->listener = store_listen(options->store, pods->resource, on_pod, pods);
	return pods;
}

void pods_destroy(struct pods *pods)
{
	if (pods == NULL)
		return;
	store_unlisten(pods->listener);
	while (pods->by_key.len > 0) /* each takes itself out of the map, which the analyser does not follow */
		drop(pods->by_key.entries[0].value); /* NOLINT(clang-analyzer-unix.Malloc) */
	map_finish(&pods->by_key);
	loop_unpost(pods->loop, pods);
	for (size_t i = 0; i < pods->garbage.len; i++)
		container_destroy(pods->garbage.data[i]);
	vec_finish(&pods->garbage);
	free(pods);
}

size_t pods_count(const struct pods *pods)
{
	return pods->by_key.len;
}

void pods_networks_changed(struct pods *pods)
{
	for (size_t i = 0; i < pods->by_key.len; i++) {
		struct pod *pod = pods->by_key.entries[i].value;
		if (!pod->has_sandbox)
			pod_reconcile_soon(pod);
	}
}

void pods_port_changed(struct pods *pods, const struct stack_node *node, const char *link)
{
	for (size_t i = 0; i < pods->by_key.len; i++) {
		struct pod *pod = pods->by_key.entries[i].value;
		if (pod->has_sandbox && !pod->is_wired && pod->node == node && sandbox_owns(&pod->sandbox, link))
			pod_reconcile_soon(pod);
	}
}

char *pod_log_path(struct pods *pods, const char *ns, const char *name, const char *container, bool previous,
                   bool *is_final, struct err *err)
{
	char *key = mem_printf("%s/%s", ns, name);
	const struct pod *pod = map_find(&pods->by_key, key);
	free(key);
	const struct pod_container *c = pod != NULL ? pod_container_find(pod, container) : NULL;
	if (ovnkube_has(pods->options.ovnkube, ns, name)) {
		err_set(err, ERR_NOT_FOUND, "the lab keeps what OVN logs in /run/log: onesdn lab exec -- ls /run/log");
		return NULL;
	}
	if (c == NULL) {
		err_set(err, ERR_NOT_FOUND, "container %s is not valid for pod %s", container, name);
		return NULL;
	}
	if (previous && c->restarts == 0) {
		err_set(err, ERR_NOT_FOUND, "previous terminated container \"%s\" in pod \"%s\" not found", c->name,
		        name);
		return NULL;
	}
	if (!previous && c->id[0] == '\0') {
		bool is_image = strcmp(c->reason, "ErrImagePull") == 0 || strcmp(c->reason, "ImagePullBackOff") == 0;
		err_set(err, ERR_UNAVAILABLE, "%s", is_image ? "trying and failing to pull image" : c->reason);
		return NULL;
	}
	*is_final = previous || (c->state != CONTAINER_RUNNING && c->state != CONTAINER_STARTING);
	return pod_container_log(c, previous ? c->restarts - 1 : c->restarts);
}
