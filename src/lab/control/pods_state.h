/* What the files of the pod controller share: a pod as the lab runs it. */
#ifndef LAB_CONTROL_PODS_STATE_H
#define LAB_CONTROL_PODS_STATE_H

#include "lab/container.h"
#include "lab/control/pods.h"
#include "lab/image.h"
#include "lab/sandbox.h"

#define BACKOFF_FIRST_MS 10000 /* kubelet's */
#define BACKOFF_LAST_MS 300000
#define BACKOFF_FORGET_MS 600000
#define WIRE_DEADLINE_MS 20000

enum container_state { CONTAINER_WAITING, CONTAINER_STARTING, CONTAINER_RUNNING, CONTAINER_TERMINATED };
struct container_end {
	bool is_set;
	int status;
	char reason[32]; /* "Completed", "Error", "StartError", "ContainerCannotRun" */
	char message[ERR_TEXT_MAX];
	int64_t started_ms, finished_ms;
	char id[SANDBOX_ID_HEX + 1];
};
struct pod;
struct pod_container {
	struct pod *pod;
	char *name, *image_name;
	bool is_init;
	size_t index; /* among its kind, in the spec */
	const struct image *image;
	enum container_state state;
	char reason[64]; /* while waiting: "ContainerCreating", "CrashLoopBackOff", "ErrImagePull", ... */
	char message[ERR_TEXT_MAX];
	struct container *run;
	struct loop_timer *timer; /* the next try */
	char id[SANDBOX_ID_HEX + 1];
	int64_t started_ms, back_off_ms;
	int restarts;
	struct container_end end, last_end;
	char **argv, **env; /* NULL-terminated; of the last start; exec uses env */
	char *cwd;
	uid_t uid;
	gid_t gid;
};
struct pod {
	struct pods *pods;
	char *key, *ns, *name, *uid;
	json_t *object; /* as the store has it, ours to keep */
	struct stack_node *node;
	struct attachments attachments;
	char *blocked;   /* why it does not go on, as it was told in an event; NULL: it does */
	int64_t grace_s; /* of its end */
	struct sandbox sandbox;
	bool has_sandbox, is_wired, is_ending, is_over, is_posted;
	int64_t scheduled_ms;
	struct loop_timer *timer;               /* of the wiring, then of the grace */
	VEC(struct pod_container *) containers; /* init containers first */
};
struct pods {
	struct pods_options options;
	struct loop *loop;
	struct store *store;
	const struct lab_resource *resource;
	struct store_listener *listener;
	struct map by_key;               /* "ns/name" -> struct pod * */
	VEC(struct container *) garbage; /* to be destroyed outside their callbacks */
	bool is_sweeping;
};

void pod_reconcile_soon(struct pod *pod);

/* ---- pod_containers.c: the kubelet's half ---- */
void pod_containers_create(struct pod *pod);
void pod_containers_run(struct pod *pod);              /* starts what should run now */
void pod_containers_stop(struct pod *pod, int signum); /* TERM or KILL to all that run; what has not begun never will */
bool pod_containers_are_over(const struct pod *pod);
void pod_containers_destroy(struct pod *pod);
struct pod_container *pod_container_find(const struct pod *pod, const char *name); /* "" : the default one */
char *pod_container_log(const struct pod_container *c, int restarts);

/* ---- pod_launch.c: argv, environment, user of a container from its spec; pure but for the sandbox's files ---- */
/* False and err (kubelet's words): what the lab cannot do, told as CreateContainerConfigError. */
bool pod_launch_prepare(struct pod_container *c, const json_t *spec, struct err *err);
void pod_launch_finish(struct pod_container *c);
char *pod_launch_expand(const char *text, char *const *env); /* $(NAME), $$ */

/* ---- pod_status.c ---- */
json_t *pod_status(const struct pod *pod, int64_t now_ms); /* new reference */
bool pod_status_write(struct pod *pod);                    /* status and annotations into the store, when they differ */
void pod_networks_annotation(const struct attachments *attachments, struct str *out); /* k8s.ovn.org/pod-networks */
void pod_network_status_annotation(const struct attachments *attachments, struct str *out); /* multus' */

const json_t *pod_container_spec(const struct pod_container *c);
const char *pod_restart_policy(const struct pod *pod);

#endif
