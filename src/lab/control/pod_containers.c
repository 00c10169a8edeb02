/* A pod's containers: images, starts, ends, restarts with back-off; states and events as a kubelet's. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/control/pods_state.h"

#define KUBELET "kubelet"
#define PULL_PAUSE_MS 1000

const char *pod_restart_policy(const struct pod *pod)
{
	const char *policy = json_walk_str(pod->object, "spec", "restartPolicy", NULL);
	return policy[0] != '\0' ? policy : "Always";
}

const json_t *pod_container_spec(const struct pod_container *c)
{
	return json_array_get(json_walk(c->pod->object, "spec", c->is_init ? "initContainers" : "containers", NULL),
	                      c->index);
}

char *pod_container_log(const struct pod_container *c, int restarts)
{
	return mem_printf(SANDBOX_DIR "/%s/%s/%d.log", c->pod->uid, c->name, restarts);
}

static void event(const struct pod_container *c, const char *type, const char *reason, const char *text)
{
	store_event(c->pod->pods->store, c->pod->object, type, reason, KUBELET, "%s", text);
}

static void wait_for(struct pod_container *c, const char *reason, const char *message)
{
	c->state = CONTAINER_WAITING;
	snprintf(c->reason, sizeof c->reason, "%s", reason);
	snprintf(c->message, sizeof c->message, "%s", message);
}

/* ---- what becomes of its process ---- */

static void sweep(void *user)
{
	struct pods *pods = user;
	pods->is_sweeping = false;
	for (size_t i = 0; i < pods->garbage.len; i++)
		container_destroy(pods->garbage.data[i]);
	pods->garbage.len = 0;
}

/* It may be calling us at this moment. */
static void discard_run(struct pod_container *c)
{
	struct pods *pods = c->pod->pods;
	if (c->run == NULL)
		return;
	vec_push(&pods->garbage, c->run);
	c->run = NULL;
	if (!pods->is_sweeping)
		loop_post(pods->loop, sweep, pods);
	pods->is_sweeping = true;
}

static void back_off(struct pod_container *c)
{
	char words[ERR_TEXT_MAX];
	const struct pod *pod = c->pod;
	if (c->end.finished_ms - c->end.started_ms > BACKOFF_FORGET_MS)
		c->back_off_ms = 0;
	c->last_end = c->end;
	if (c->back_off_ms == 0) { /* the first time at once */
		c->back_off_ms = BACKOFF_FIRST_MS;
		wait_for(c, "ContainerCreating", "");
		loop_timer_start(c->timer, 0, 0);
		return;
	}
	snprintf(words, sizeof words, "back-off %llds restarting failed container=%s pod=%s_%s(%s)",
	         (long long)c->back_off_ms / 1000, c->name, pod->name, pod->ns, pod->uid);
	wait_for(c, "CrashLoopBackOff", words);
	snprintf(words, sizeof words, "Back-off restarting failed container %s in pod %s_%s(%s)", c->name, pod->name,
	         pod->ns, pod->uid);
	event(c, "Warning", "BackOff", words);
	loop_timer_start(c->timer, c->back_off_ms, 0);
	c->back_off_ms = c->back_off_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : c->back_off_ms * 2;
}

static bool should_restart(const struct pod_container *c)
{
	const char *policy = pod_restart_policy(c->pod);
	if (c->pod->is_ending || strcmp(policy, "Never") == 0 || (c->is_init && c->end.status == 0))
		return false;
	return c->end.status != 0 || strcmp(policy, "Always") == 0;
}

static void on_ended(int status, const char *failure, void *user)
{
	struct pod_container *c = user;
	int64_t now = time_wall_ms();
	char words[ERR_TEXT_MAX + 16];
	c->end = (struct container_end){.is_set = true,
	                                .status = failure != NULL ? 128 : status,
	                                .started_ms = c->state == CONTAINER_RUNNING ? c->started_ms : now,
	                                .finished_ms = now};
	memcpy(c->end.id, c->id, sizeof c->end.id);
	snprintf(c->end.reason, sizeof c->end.reason, "%s",
	         failure != NULL ? "StartError"
	         : status == 0   ? "Completed"
	                         : "Error");
	if (failure != NULL) {
		snprintf(c->end.message, sizeof c->end.message, "%s", failure);
		snprintf(words, sizeof words, "Error: %s", failure);
		event(c, "Warning", "Failed", words);
	}
	c->state = CONTAINER_TERMINATED;
	discard_run(c);
	if (should_restart(c))
		back_off(c);
	pod_reconcile_soon(c->pod);
}

static void on_started(void *user)
{
	struct pod_container *c = user;
	c->state = CONTAINER_RUNNING;
	c->started_ms = time_wall_ms();
	event(c, "Normal", "Started", "Container started");
	pod_reconcile_soon(c->pod);
}

/* ---- images ---- */

static void pull_backs_off(struct pod_container *c)
{
	char words[ERR_TEXT_MAX];
	struct str message = {0};
	str_append_f(&message, "Back-off pulling image \"%s\": ErrImagePull: %s", c->image_name, c->message);
	wait_for(c, "ImagePullBackOff", str_text(&message));
	str_finish(&message);
	snprintf(words, sizeof words, "Back-off pulling image \"%s\"", c->image_name);
	event(c, "Normal", "BackOff", words);
	event(c, "Warning", "Failed", "Error: ImagePullBackOff");
}

static void pull_fails(struct pod_container *c)
{
	struct str there = {0};
	char words[ERR_TEXT_MAX];
	image_list(&there);
	snprintf(words, sizeof words, "Pulling image \"%s\"", c->image_name);
	event(c, "Normal", "Pulling", words);
	snprintf(words, sizeof words, "the lab has no registry and no image \"%s\"; the images there are: %s",
	         c->image_name, str_text(&there));
	wait_for(c, "ErrImagePull", words);
	snprintf(words, sizeof words, "Failed to pull image \"%s\": %.700s", c->image_name, c->message);
	event(c, "Warning", "Failed", words);
	event(c, "Warning", "Failed", "Error: ErrImagePull");
	loop_timer_start(c->timer, PULL_PAUSE_MS, 0);
	str_finish(&there);
}

/* ---- volumes ---- */

static const json_t *find_volume(const struct pod *pod, const char *name)
{
	size_t i;
	json_t *volume;
	json_array_foreach (json_walk(pod->object, "spec", "volumes", NULL), i, volume) {
		if (strcmp(json_walk_str(volume, "name", NULL), name) == 0)
			return volume;
	}
	return NULL;
}

struct binds {
	VEC(struct container_bind) list;
};

static void free_binds(struct binds *binds)
{
	for (size_t i = 0; i < binds->list.len; i++)
		free((void *)(uintptr_t)binds->list.data[i].from);
	vec_finish(&binds->list);
}

static bool fill_config_map(const struct pod *pod, const char *dir, const json_t *volume, struct err *err)
{
	const char *name = json_walk_str(volume, "configMap", "name", NULL), *key;
	const json_t *object = store_get(pod->pods->store, lab_resource_kind("ConfigMap"), pod->ns, name);
	json_t *value;
	if (object == NULL)
		return err_set(err, ERR_NOT_FOUND, "configmap \"%s\" not found", name);
	json_object_foreach ((json_t *)(uintptr_t)json_walk(object, "data", NULL), key, value) {
		char *path = mem_printf("%s/%s", dir, key);
		bool is_done = strchr(key, '/') == NULL && key[0] != '.' && json_is_string(value) &&
		               file_write(path, json_string_value(value), json_string_length(value), 0644, err);
		free(path);
		if (!is_done)
			return false;
	}
	return true;
}

static bool add_volume(const struct pod_container *c, const json_t *mount, struct binds *binds, struct err *err)
{
	const char *name = json_walk_str(mount, "name", NULL), *to = json_walk_str(mount, "mountPath", NULL);
	const json_t *volume = find_volume(c->pod, name);
	bool is_config = json_object_get(volume, "configMap") != NULL,
	     is_empty = json_object_get(volume, "emptyDir") != NULL;
	if (text_has_prefix(name, "kube-api-access-"))
		return true; /* there is no API server within the pods' reach */
	if (!is_config && !is_empty)
		return err_set(err, ERR_INVALID, "volume \"%s\": the lab has emptyDir and configMap volumes only",
		               name);
	char *dir = mem_printf(SANDBOX_DIR "/%s/volumes/%s", c->pod->uid, name);
	bool is_done = file_make_dirs(dir, 0777, err) && (is_empty || fill_config_map(c->pod, dir, volume, err));
	if (is_done)
		vec_push(&binds->list, (struct container_bind){.from = dir,
		                                               .to = to,
		                                               .is_writable = is_empty && !json_is_true(json_object_get(
		                                                                                  mount, "readOnly"))});
	else
		free(dir);
	return is_done;
}

static bool add_volumes(const struct pod_container *c, const json_t *spec, struct binds *binds, struct err *err)
{
	size_t i;
	json_t *mount;
	json_array_foreach (json_object_get(spec, "volumeMounts"), i, mount) {
		if (!add_volume(c, mount, binds, err))
			return false;
	}
	return true;
}

/* ---- start ---- */

static void config_fails(struct pod_container *c, const struct err *err)
{
	char words[ERR_TEXT_MAX + 16];
	wait_for(c, "CreateContainerConfigError", err->text);
	snprintf(words, sizeof words, "Error: %s", err->text);
	event(c, "Warning", "Failed", words);
	loop_timer_start(c->timer, BACKOFF_FIRST_MS, 0);
}

static bool launch(struct pod_container *c, const struct binds *binds, struct err *err)
{
	struct pod *pod = c->pod;
	char *etc = mem_printf("%s/etc", pod->sandbox.dir), *log = pod_container_log(c, c->restarts),
	     *dir = mem_printf(SANDBOX_DIR "/%s/%s", pod->uid, c->name);
	random_hex(c->id, SANDBOX_ID_HEX);
	struct machine *machine = machine_find(pod->pods->options.machines, pod->uid);
	struct container_spec spec = {
	        .argv = (const char *const *)c->argv,
	        .env = (const char *const *)c->env,
	        .cwd = c->cwd,
	        .hostname = pod->name,
	        .etc = etc,
	        .log = log,
	        .uid = c->uid,
	        .gid = c->gid,
	        .netns = pod->sandbox.netns,
	        .binds = binds->list.data,
	        .n_binds = binds->list.len,
	};
	if (file_make_dirs(dir, 0700, err) &&
	    (machine == NULL || machine_launch(machine, c->name, &pod->sandbox, &pod->attachments, &spec, err)))
		c->run = container_start(pod->pods->loop, &spec, &(struct container_events){on_started, on_ended, c},
		                         err);
	if (machine != NULL)
		machine_launched(machine);
	free(etc);
	free(log);
	free(dir);
	return c->run != NULL;
}

static void start(struct pod_container *c)
{
	const json_t *spec = pod_container_spec(c);
	struct binds binds = {0};
	struct err err = {0};
	char words[ERR_TEXT_MAX];
	c->image = image_find(c->image_name);
	if (c->image == NULL) {
		pull_fails(c);
		return;
	}
	if (c->last_end.is_set && c->id[0] != '\0')
		c->restarts++;
	snprintf(words, sizeof words,
	         "Container image \"%s\" already present on machine and can be accessed by the pod", c->image_name);
	event(c, "Normal", "Pulled", words);
	if (!pod_launch_prepare(c, spec, &err) || !add_volumes(c, spec, &binds, &err) || !launch(c, &binds, &err)) {
		config_fails(c, &err);
	} else {
		c->state = CONTAINER_STARTING;
		snprintf(c->reason, sizeof c->reason, "ContainerCreating");
		c->message[0] = '\0';
		event(c, "Normal", "Created", "Container created");
	}
	free_binds(&binds);
}

static void on_timer(void *user)
{
	struct pod_container *c = user;
	if (c->state == CONTAINER_WAITING && strcmp(c->reason, "ErrImagePull") == 0)
		pull_backs_off(c);
	else if (c->state == CONTAINER_WAITING)
		snprintf(c->reason, sizeof c->reason, "ContainerCreating"); /* so that it is started */
	pod_reconcile_soon(c->pod);
}

/* An image that was edited is tried at once; everything else that waits does so for its timer. */
static bool may_start(struct pod_container *c)
{
	const char *image = json_walk_str(pod_container_spec(c), "image", NULL);
	if (c->state == CONTAINER_WAITING && strcmp(c->image_name, image) != 0) {
		free(c->image_name);
		c->image_name = mem_strdup(image);
		loop_timer_stop(c->timer);
		return true;
	}
	return c->state == CONTAINER_WAITING && strcmp(c->reason, "ContainerCreating") == 0 &&
	       !loop_timer_is_running(c->timer);
}

void pod_containers_run(struct pod *pod)
{
	for (size_t i = 0; i < pod->containers.len; i++) {
		struct pod_container *c = pod->containers.data[i];
		if (may_start(c))
			start(c);
		/* One init container after another, and all before the others. */
		if (c->is_init && !(c->state == CONTAINER_TERMINATED && c->end.status == 0))
			return;
	}
}

/* ---- end ---- */

void pod_containers_stop(struct pod *pod, int signum)
{
	for (size_t i = 0; i < pod->containers.len; i++) {
		struct pod_container *c = pod->containers.data[i];
		loop_timer_stop(c->timer);
		if (c->run == NULL)
			continue;
		if (signum == SIGTERM) {
			char words[128];
			snprintf(words, sizeof words, "Stopping container %s", c->name);
			event(c, "Normal", "Killing", words);
		}
		container_kill(c->run, signum);
	}
}

bool pod_containers_are_over(const struct pod *pod)
{
	for (size_t i = 0; i < pod->containers.len; i++)
		if (pod->containers.data[i]->run != NULL)
			return false;
	return true;
}

static void create_one(struct pod *pod, const json_t *spec, bool is_init, size_t index)
{
	struct pod_container *c = mem_alloc(sizeof *c);
	*c = (struct pod_container){.pod = pod, .is_init = is_init, .index = index};
	c->name = mem_strdup(json_walk_str(spec, "name", NULL));
	c->image_name = mem_strdup(json_walk_str(spec, "image", NULL));
	c->timer = loop_timer_create(pod->pods->loop, on_timer, c);
	wait_for(c, "ContainerCreating", "");
	vec_push(&pod->containers, c);
}

void pod_containers_create(struct pod *pod)
{
	static const char *const kinds[] = {"initContainers", "containers"};
	size_t i;
	json_t *spec;
	for (size_t k = 0; k < 2; k++) {
		json_array_foreach (json_walk(pod->object, "spec", kinds[k], NULL), i, spec) {
			create_one(pod, spec, k == 0, i);
		}
	}
}

void pod_containers_destroy(struct pod *pod)
{
	for (size_t i = 0; i < pod->containers.len; i++) {
		struct pod_container *c = pod->containers.data[i];
		container_destroy(c->run);
		loop_timer_destroy(c->timer);
		pod_launch_finish(c);
		free(c->name);
		free(c->image_name);
		free(c);
	}
	vec_finish(&pod->containers);
}

struct pod_container *pod_container_find(const struct pod *pod, const char *name)
{
	const char *preferred =
	        json_walk_str(pod->object, "metadata", "annotations", "kubectl.kubernetes.io/default-container", NULL);
	struct pod_container *first = NULL;
	for (size_t i = 0; i < pod->containers.len; i++) {
		struct pod_container *c = pod->containers.data[i];
		if (strcmp(c->name, name[0] != '\0' ? name : preferred) == 0)
			return c;
		if (first == NULL && !c->is_init)
			first = c;
	}
	return name[0] == '\0' ? first : NULL;
}
