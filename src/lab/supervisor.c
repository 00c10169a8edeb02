/* The lab's one process: makes the parts, hands them to each other, and ends them. What the parts do is in their own files. */
#include "lab/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/control.h"
#include "lab/control/deployments.h"
#include "lab/control/events.h"
#include "lab/control/namespaces.h"
#include "lab/control/networks.h"
#include "lab/control/nmstate.h"
#include "lab/control/nodes.h"
#include "lab/control/ovnkube.h"
#include "lab/control/pods.h"
#include "lab/control/policies.h"
#include "lab/control/virtualization.h"
#include "lab/netns.h"
#include "lab/stack.h"

#define UP_DEADLINE_MS 30000

struct supervisor {
	const struct guard_plan *plan;
	struct loop *loop;
	struct stack *stack;
	struct control *control;
	struct store *store;
	struct api *api;
	struct networks *networks;
	struct policies *policies;
	struct virtualization *virtualization;
	struct ovnkube *ovnkube;
	struct pods *pods;
	struct namespaces *namespaces;
	struct deployments *deployments;
	struct nmstate *nmstate;
	struct events *events;
	char *cache_dir, *kernel; /* of virtual machines */
	char host_port[32];
	struct loop_timer *deadline;
	struct loop_signal *signals[3];
	struct loop_fd *guard;
	int64_t started;
	bool is_up;
	int status;
};

static void stop(struct supervisor *s, int status)
{
	s->status = status;
	loop_stop(s->loop);
}

/* ---- what others ask ---- */

static json_t *node_status(const struct stack_node *node)
{
	return json_pack("{s:s, s:s, s:b, s:s}", "name", node->config->name, "address", node->config->address, "ready",
	                 (int)node->is_ready, "reason", node->reason);
}

/* All that runs in the lab, shared pages counted by their share. */
static int64_t memory_kb(void)
{
	DIR *proc = opendir("/proc");
	int64_t total = 0;
	for (const struct dirent *entry = proc != NULL ? readdir(proc) : NULL; entry != NULL; entry = readdir(proc)) {
		char path[300];
		struct str text = {0};
		snprintf(path, sizeof path, "/proc/%s/smaps_rollup", entry->d_name);
		const char *at =
		        entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && file_read(path, 65536, &text, NULL)
		                ? strstr(str_text(&text), "\nPss:")
		                : NULL;
		total += at != NULL ? strtoll(at + strlen("\nPss:"), NULL, 10) : 0;
		str_finish(&text);
	}
	if (proc != NULL)
		closedir(proc);
	return total;
}

static json_t *status(void *user)
{
	struct supervisor *s = user;
	json_t *nodes = json_array();
	for (size_t i = 0; i < STACK_NODES; i++)
		json_array_append_new(nodes, node_status(stack_node(s->stack, i)));
	return json_pack("{s:b, s:i, s:I, s:o, s:I, s:I, s:o}", "ready", (int)s->is_up, "port", s->plan->sockets.port,
	                 "uptimeMs", (json_int_t)(loop_now(s->loop) - s->started), "nodes", nodes, "pods",
	                 (json_int_t)pods_count(s->pods), "memoryKb", (json_int_t)memory_kb(), "machines",
	                 machines_status(virtualization_machines(s->virtualization)));
}

static void down(void *user)
{
	stop(user, 0);
}

static void on_signal(int signum, void *user)
{
	(void)signum;
	stop(user, 0);
}

/* The guard is gone: nobody else would remove the files. */
static void on_guard(int events, void *user)
{
	struct supervisor *s = user;
	(void)events;
	log_write(LOG_ERROR, "the lab's guard was killed: the lab ends");
	runtime_clear(s->plan->rt);
	stop(s, 0);
}

/* ---- the stack's news ---- */

static void on_node(struct stack_node *node, void *user)
{
	struct supervisor *s = user;
	if (s->is_up)
		log_write(LOG_INFO, "node %s: %s", node->config->name, node->is_ready ? "ready" : node->reason);
	if (s->pods == NULL)
		return;
	nodes_update(s->store, node);
	ovnkube_node_changed(s->ovnkube, node);
	pods_networks_changed(s->pods);
}

static void on_port(struct stack_node *node, const char *interface, void *user)
{
	struct supervisor *s = user;
	if (s->pods != NULL)
		pods_port_changed(s->pods, node, interface);
}

static void on_network(void *user)
{
	struct supervisor *s = user;
	if (s->pods != NULL)
		pods_networks_changed(s->pods);
	policies_networks_changed(s->policies);
}

static void on_switch(struct stack_node *node, void *user)
{
	(void)node;
	nmstate_switch_changed(((struct supervisor *)user)->nmstate);
}

static void on_up(void *user)
{
	struct supervisor *s = user;
	s->is_up = true;
	loop_timer_stop(s->deadline);
	log_write(LOG_INFO, "all nodes are ready after %lld ms", (long long)(loop_now(s->loop) - s->started));
	guard_report(s->plan->progress, "ready", "");
	close(s->plan->progress);
	control_set_ready(s->control);
	machines_prepare(virtualization_machines(s->virtualization));
}

static void on_trouble(const char *words, void *user)
{
	(void)user;
	log_write(LOG_WARN, "%s", words);
}

static void on_deadline(void *user)
{
	struct supervisor *s = user;
	struct str words = {0};
	stack_waits_for(s->stack, &words);
	struct err err = {0};
	err_set(&err, ERR_TIMEOUT, "the lab was not ready after %d s; it still waited for: %s", UP_DEADLINE_MS / 1000,
	        str_text(&words));
	log_write(LOG_ERROR, "%s", err.text);
	guard_report(s->plan->progress, "fail", err.text);
	str_finish(&words);
	stop(s, 1);
}

/* ---- life ---- */

static void watch_outside(struct supervisor *s, int guard_alive)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		s->signals[i] = loop_signal_create(s->loop, signals[i], on_signal, s);
	s->guard = loop_fd_create(s->loop, guard_alive, LOOP_READ, on_guard, s);
	s->deadline = loop_timer_create(s->loop, on_deadline, s);
	loop_timer_start(s->deadline, UP_DEADLINE_MS, 0);
}

/* Before it is cleared: where the guest of virtual machines is kept, and which kernel it gets. */
static void remember_environment(struct supervisor *s)
{
	const char *kernel = getenv("ONESDN_LAB_KERNEL");
	s->cache_dir = path_user(PATH_CACHE, NULL);
	s->kernel = kernel != NULL ? mem_strdup(kernel) : NULL;
}

/* What the lab runs gets an environment of its own, not the one of whoever typed `up`. */
static void clear_environment(void)
{
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/", 1);
}

static bool start_api(struct supervisor *s, struct err *err)
{
	snprintf(s->host_port, sizeof s->host_port, "127.0.0.1:%d", s->plan->sockets.port);
	const struct api_options options = {
	        .store = s->store,
	        .pods = s->pods,
	        .machines = virtualization_machines(s->virtualization),
	        .tcp_fd = s->plan->sockets.tcp,
	        .unix_fd = s->plan->sockets.api,
	        .users = s->plan->users,
	        .n_users = LAB_USERS,
	        .version = NODES_KUBELET_VERSION,
	        .host_port = s->host_port,
	};
	s->api = api_create(s->loop, &options, err);
	return s->api != NULL;
}

static void start_controllers(struct supervisor *s)
{
	s->networks = networks_create(s->loop, s->store, stack_ovn(s->stack), on_network, s);
	s->policies = policies_create(s->loop, s->store, stack_ovn(s->stack), s->networks);
	s->virtualization = virtualization_create(s->loop, s->store, s->cache_dir, s->kernel);
	s->ovnkube = ovnkube_create(s->loop, s->store, s->stack);
	s->pods = pods_create(&(struct pods_options){.loop = s->loop,
	                                             .store = s->store,
	                                             .stack = s->stack,
	                                             .ovn = stack_ovn(s->stack),
	                                             .networks = s->networks,
	                                             .ovnkube = s->ovnkube,
	                                             .machines = virtualization_machines(s->virtualization)});
	s->namespaces = namespaces_create(s->loop, s->store);
	s->deployments = deployments_create(s->loop, s->store);
	s->events = events_create(s->loop, s->store);
	s->nmstate = nmstate_create(s->loop, s->store, s->stack);
}

static bool start(struct supervisor *s, int guard_alive, struct err *err)
{
	remember_environment(s);
	clear_environment();
	s->loop = loop_create(err);
	if (s->loop == NULL)
		return false;
	s->started = loop_now(s->loop);
	watch_outside(s, guard_alive);
	if (!link_set_up("lo", err))
		return false;
	s->stack =
	        stack_create(s->loop, &(struct stack_events){on_node, on_port, on_up, on_trouble, s, on_switch}, err);
	if (s->stack == NULL)
		return false;
	s->store = store_create(s->loop);
	start_controllers(s);
	nodes_add_all(s->store, s->stack);
	s->control = control_create(s->loop, s->plan->sockets.control, &(struct control_events){status, down, s});
	return start_api(s, err);
}

static void finish(struct supervisor *s)
{
	control_destroy(s->control);
	api_destroy(s->api);
	nmstate_destroy(s->nmstate);
	s->nmstate = NULL;
	events_destroy(s->events);
	deployments_destroy(s->deployments);
	namespaces_destroy(s->namespaces);
	struct pods *pods = s->pods;
	s->pods = NULL;
	pods_destroy(pods);
	ovnkube_destroy(s->ovnkube);
	virtualization_destroy(s->virtualization);
	policies_destroy(s->policies);
	s->policies = NULL;
	networks_destroy(s->networks);
	store_destroy(s->store);
	stack_destroy(s->stack);
	for (size_t i = 0; i < 3; i++)
		loop_signal_destroy(s->signals[i]);
	loop_fd_destroy(s->guard);
	loop_timer_destroy(s->deadline);
	free(s->cache_dir);
	free(s->kernel);
}

int supervisor_run(const struct guard_plan *plan, int guard_alive)
{
	struct supervisor s = {.plan = plan};
	struct err err = {0};
	signal(SIGPIPE, SIG_IGN);
	if (!start(&s, guard_alive, &err)) {
		log_write(LOG_ERROR, "%s", err.text);
		guard_report(plan->progress, "fail", err.text);
		s.status = 1;
	} else {
		loop_run(s.loop);
	}
	finish(&s);
	return s.status;
}
