/* api_server: the lab's API alone on a loopback port, for tests with real kubectl binaries and no data plane. Pods that are
 * created run at once, as far as their status says; exec and logs are local_pods.h.
 *
 * usage: api_server FOLDER [version]: writes FOLDER/kubeconfig, FOLDER/kubeconfig-owner, listens also on FOLDER/api.sock, keeps
 * logs in FOLDER, prints the port, and serves until standard input ends or SIGTERM.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lab/api/api.h"
#include "lab/control/deployments.h"
#include "lab/control/events.h"
#include "lab/control/namespaces.h"

#include "local_pods.h"

static void on_signal(int signum, void *user)
{
	(void)signum;
	loop_stop(user);
}

static void on_stdin(int events, void *user)
{
	char byte;
	(void)events;
	if (read(0, &byte, 1) <= 0)
		loop_stop(user);
}

static json_t *condition(const char *type)
{
	return json_pack("{s:s,s:s,s:n,s:s}", "type", type, "status", "True", "lastProbeTime", "lastTransitionTime",
	                 "2026-11-23T00:00:00Z");
}

/* What a scheduler, a kubelet and a network would do, in no time. */
static void on_pod(const struct store_event *event, void *user)
{
	struct store *store = user;
	const char *ns = json_walk_str(event->object, "metadata", "namespace", NULL),
	           *name = json_walk_str(event->object, "metadata", "name", NULL);
	const json_t *now = store_get(store, event->resource, ns, name);
	json_t *statuses = json_array(), *container;
	size_t i;
	if (!now || *json_walk_str(now, "metadata", "deletionTimestamp", NULL)) {
		if (now)
			store_remove(store, event->resource, ns, name);
		json_decref(statuses);
		return;
	}
	json_t *pod = json_deep_copy(now);
	json_object_set_new(json_object_get(pod, "spec"), "nodeName", json_string("ovn-worker"));
	const json_t *stored = NULL;
	if (!store_update(store, event->resource, pod, &stored, NULL))
		stored = NULL;
	json_decref(pod);
	if (!stored) {
		json_decref(statuses);
		return;
	}
	pod = json_deep_copy(stored);
	json_array_foreach (json_walk(pod, "spec", "containers", NULL), i, container)
		json_array_append_new(statuses, json_pack("{s:O,s:O,s:s,s:b,s:b,s:i,s:{s:{s:s}}}", "name",
		                                          json_object_get(container, "name"), "image",
		                                          json_object_get(container, "image"), "imageID", "", "ready",
		                                          1, "started", 1, "restartCount", 0, "state", "running",
		                                          "startedAt", "2026-11-23T00:00:00Z"));
	json_object_set_new(pod, "status",
	                    json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:[o,o,o,o]}", "phase", "Running", "podIP",
	                              "10.244.1.3", "hostIP", "10.89.1.3", "qosClass", "BestEffort", "startTime",
	                              "2026-11-23T00:00:00Z", "containerStatuses", statuses, "conditions",
	                              condition("Initialized"), condition("Ready"), condition("ContainersReady"),
	                              condition("PodScheduled")));
	if (event->change == STORE_ADDED)
		store_event(store, stored, "Normal", "Started", "kubelet", "Started container");
	store_update_status(store, event->resource, pod, NULL, NULL);
	json_decref(pod);
}

static void write_config(const char *folder, const char *name, int port, const struct api_user *user)
{
	char *path = mem_printf("%s/%s", folder, name);
	char *text = mem_printf(
	        "apiVersion: v1\nkind: Config\nclusters: [{name: lab, cluster: {server: 'http://127.0.0.1:%d/%s'}}]\n"
	        "contexts: [{name: lab, context: {cluster: lab, user: u}}]\ncurrent-context: lab\nusers: [{name: u, "
	        "user: {}}]\n",
	        port, user->secret);
	struct err err;
	if (!file_write(path, text, strlen(text), 0600, &err))
		base_abort("%s", err.text);
	free(text);
	free(path);
}

int main(int argc, char **argv)
{
	static const struct api_user users[] = {
	        {"cluster-admin", "system:masters system:authenticated", "0123456789abcdef0123456789abcdef", true},
	        {"workload-owner", "system:authenticated", "fedcba9876543210fedcba9876543210", false},
	};
	struct err err;
	if (argc < 2)
		return 2;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	snprintf(local.sun_path, sizeof local.sun_path, "%s/api.sock", argv[1]);
	int unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(local.sun_path);
	if (bind(tcp, (struct sockaddr *)&address, size) || listen(tcp, 128) ||
	    getsockname(tcp, (struct sockaddr *)&address, &size) ||
	    bind(unix_fd, (struct sockaddr *)&local, sizeof local) || listen(unix_fd, 128)) {
		perror("api_server");
		return 1;
	}
	char host_port[32];
	snprintf(host_port, sizeof host_port, "127.0.0.1:%d", ntohs(address.sin_port));
	write_config(argv[1], "kubeconfig", ntohs(address.sin_port), &users[0]);
	write_config(argv[1], "kubeconfig-owner", ntohs(address.sin_port), &users[1]);
	signal(SIGPIPE, SIG_IGN);
	struct loop *loop = loop_create(&err);
	struct store *store = store_create(loop);
	struct pods pods = {loop, argv[1]};
	struct api_options options = {.store = store,
	                              .pods = &pods,
	                              .tcp_fd = tcp,
	                              .unix_fd = unix_fd,
	                              .users = users,
	                              .n_users = 2,
	                              .version = argc > 2 ? argv[2] : "v1.30.0",
	                              .host_port = host_port};
	struct api *api = api_create(loop, &options, &err);
	if (!api)
		base_abort("%s", err.text);
	struct namespaces *namespaces = namespaces_create(loop, store);
	struct deployments *deployments = deployments_create(loop, store);
	struct events *events = events_create(loop, store);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"ovn-control-plane", "ovn-worker", "ovn-worker2"};
		json_t *node = json_pack("{s:{s:s},s:{s:[{s:s,s:s}],s:{s:s}}}", "metadata", "name", names[i], "status",
		                         "conditions", "type", "Ready", "status", "True", "nodeInfo", "kubeletVersion",
		                         "v1.30.0");
		store_add(store, lab_resource_kind("Node"), node, NULL, NULL);
		json_decref(node);
	}
	struct store_listener *listener = store_listen(store, lab_resource_kind("Pod"), on_pod, store);
	struct loop_signal *term = loop_signal_create(loop, SIGTERM, on_signal, loop);
	struct loop_fd *input = loop_fd_create(loop, 0, LOOP_READ, on_stdin, loop);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	loop_run(loop);
	loop_fd_destroy(input);
	loop_signal_destroy(term);
	store_unlisten(listener);
	events_destroy(events);
	deployments_destroy(deployments);
	namespaces_destroy(namespaces);
	api_destroy(api);
	store_destroy(store);
	loop_destroy(loop);
	return 0;
}
