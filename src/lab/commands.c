/* up, down, status, kubeconfig, logs, run: from outside the lab, through its runtime directory and control socket. */
#include "lab/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/control.h"
#include "lab/guard.h"
#include "lab/preflight.h"
#include "lab/runtime.h"

#define UP_WAIT_MS 35000 /* longer than the supervisor's own deadline, which has the better words */
#define ASK_MS 5000
#define DOWN_MS 5000
#define ENDING_MS 1000 /* for what has ended to be gone */
#define LOG_MAX ((size_t)8 << 20)
#define NOT_RUNNING 3

static int fail(const struct err *err)
{
	fprintf(stderr, "onesdn lab: %s\n", err->text);
	return 1;
}

static bool has_no_arguments(int argc, char **argv)
{
	if (argc == 1)
		return true;
	fprintf(stderr, "onesdn lab %s: '%s' is one argument too many\n", argv[0], argv[1]);
	return false;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The last lines of the log of a lab that died. */
static void print_tail(const struct runtime *rt)
{
	struct str text = {0};
	if (rt->log == NULL || !file_read(rt->log, LOG_MAX, &text, NULL) || text.len == 0)
		return;
	size_t at = text.len - 1, lines = 0;
	while (at > 0 && (text.data[at - 1] != '\n' || ++lines < 8))
		at--;
	fprintf(stderr, "The end of %s:\n%s", rt->log, text.data + at);
	str_finish(&text);
}

/* ---- status ---- */

static json_t *ask(const struct runtime *rt, const char *op, int64_t deadline_ms, struct err *err)
{
	char *socket = runtime_path(rt, "control.sock");
	json_t *reply = control_ask(socket, op, deadline_ms, err);
	free(socket);
	return reply;
}

static void print_machines(const json_t *machines)
{
	const char *accel = json_walk_str(machines, "accel", NULL);
	const char *words = strcmp(accel, "kvm") == 0   ? "with KVM"
	                    : strcmp(accel, "tcg") == 0 ? "without KVM"
	                                                : "not possible";
	printf("  %lld virtual machines, %s (%s)\n", (long long)json_walk_int(machines, 0, "running", NULL), words,
	       json_walk_str(machines, "why", NULL));
}

static void print_status(const struct runtime *rt, const json_t *status)
{
	size_t i;
	json_t *node;
	bool is_ready = json_is_true(json_object_get(status, "ready"));
	printf("The lab is %s, since %.1f s.\n\n", is_ready ? "up" : "starting",
	       (double)json_walk_int(status, 0, "uptimeMs", NULL) / 1000);
	json_array_foreach (json_object_get(status, "nodes"), i, node) {
		bool is_node_ready = json_is_true(json_object_get(node, "ready"));
		printf("  %-18s %-12s %s%s\n", json_walk_str(node, "name", NULL), json_walk_str(node, "address", NULL),
		       is_node_ready ? "Ready" : "not ready: ", json_walk_str(node, "reason", NULL));
	}
	printf("\n  %lld pods, %lld MB of memory\n", (long long)json_walk_int(status, 0, "pods", NULL),
	       (long long)json_walk_int(status, 0, "memoryKb", NULL) / 1024);
	print_machines(json_object_get(status, "machines"));
	printf("  kubectl:  export KUBECONFIG=%s/kubeconfig   (contexts lab, lab-workload-owner)\n", rt->dir);
}

/* What was answered, or NULL and why not. */
static int print_answer(const struct runtime *rt, bool as_json, json_t *status, const struct err *err)
{
	if (status == NULL)
		return fail(err);
	if (as_json) {
		char *kubeconfig = runtime_path(rt, "kubeconfig"), *socket = runtime_path(rt, "api.sock");
		struct str text = {0};
		json_object_set_new(status, "running", json_true());
		json_object_set_new(status, "kubeconfig", json_string(kubeconfig));
		json_object_set_new(status, "socket", json_string(socket));
		str_append_json(&text, status, JSON_INDENT(2));
		puts(str_text(&text));
		str_finish(&text);
		free(kubeconfig);
		free(socket);
	} else {
		print_status(rt, status);
	}
	json_decref(status);
	return 0;
}

static int print_running(const struct runtime *rt, struct err *err)
{
	return print_answer(rt, false, ask(rt, "status", ASK_MS, err), err);
}

int command_status(int argc, char **argv)
{
	struct runtime rt;
	struct err err = {0};
	bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;
	if (!as_json && !has_no_arguments(argc, argv))
		return 2;
	if (!runtime_open(&rt, false, &err))
		return fail(&err);
	int result = NOT_RUNNING;
	bool is_there = !rt.is_held && rt.lock_fd >= 0;
	json_t *status = is_there ? ask(&rt, "status", ASK_MS, &err) : NULL;
	/* Who was killed may hold the lock until the kernel has let go of its files; nobody answers then. */
	if (is_there && status == NULL && err.code == ERR_UNAVAILABLE)
		is_there = !runtime_wait_lock(&rt, ENDING_MS);
	if (is_there)
		result = print_answer(&rt, as_json, status, &err);
	else
		puts(as_json ? "{\"running\": false}" : "No lab is running. 'onesdn lab up' starts one.");
	runtime_close(&rt);
	return result;
}

/* ---- up ---- */

static void make_users(struct guard_plan *plan)
{
	plan->users[0] = (struct api_user){
	        .name = "cluster-admin", .groups = "system:masters system:authenticated", .is_admin = true};
	plan->users[1] = (struct api_user){.name = "workload-owner", .groups = "system:authenticated"};
}

static bool prepare(struct guard_plan *plan, struct err *err)
{
	make_users(plan);
	for (size_t i = 0; i < LAB_USERS; i++)
		if (!runtime_make_secret(plan->users[i].secret, err))
			return false;
	return runtime_listen(plan->rt, &plan->sockets, err) &&
	       runtime_write_kubeconfig(plan->rt, plan->sockets.port, plan->users, LAB_USERS, err);
}

/* A new log, so that it tells of this lab only. */
static bool open_log(const struct runtime *rt, bool is_foreground, struct err *err)
{
	if (is_foreground)
		return log_open("-", LOG_DEBUG, err);
	int fd = open(rt->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "the lab's log %s", rt->log);
	close(fd);
	return log_open(rt->log, LOG_INFO, err);
}

/* Reads progress lines until ready, failure, end of file or the deadline. */
static bool await(int fd, struct err *err)
{
	struct str text = {0};
	char bytes[512];
	int64_t deadline = now_ms() + UP_WAIT_MS;
	bool is_ready = false;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();
		if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0) {
			err_set(err, ERR_TIMEOUT, "the lab did not say within %d s that it is ready",
			        UP_WAIT_MS / 1000);
			break;
		}
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set(err, ERR_UNAVAILABLE, "the lab died while it was starting");
			break;
		}
		str_append_n(&text, bytes, (size_t)n);
		if (memchr(text.data, '\n', text.len) == NULL)
			continue;
		is_ready = text_has_prefix(text.data, "ready");
		if (!is_ready)
			err_set(err, ERR_SYSTEM, "%.*s", (int)strcspn(text.data, "\n") - 5, text.data + 5);
		break;
	}
	str_finish(&text);
	return is_ready;
}

static int finish_failed(struct runtime *rt, pid_t guard, const struct err *err)
{
	if (guard > 0) {
		kill(guard, SIGTERM);
		close(rt->lock_fd);
		rt->lock_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		waitpid(guard, NULL, 0);
	}
	fprintf(stderr, "onesdn lab: the lab cannot be started: %s\n", err->text);
	if (err->code == ERR_UNAVAILABLE || err->code == ERR_TIMEOUT)
		print_tail(rt);
	runtime_close(rt);
	return 1;
}

static int start_lab(struct runtime *rt, bool is_foreground)
{
	struct err err = {0};
	int progress[2];
	struct guard_plan plan = {.rt = rt, .sockets = {-1, -1, -1, 0}, .is_foreground = is_foreground};
	if (!preflight_check(&err) || !open_log(rt, is_foreground, &err) || !prepare(&plan, &err))
		return finish_failed(rt, 0, &err);
	if (pipe2(progress, O_CLOEXEC) < 0) {
		err_errno(&err, errno, "making a pipe");
		return finish_failed(rt, 0, &err);
	}
	plan.progress = progress[1];
	if (is_foreground) {
		close(progress[0]);
		return guard_run(&plan);
	}
	fflush(NULL);
	pid_t guard = fork();
	if (guard == 0) {
		close(progress[0]);
		_exit(guard_run(&plan));
	}
	close(progress[1]);
	if (guard < 0) {
		err_errno(&err, errno, "starting the lab's guard");
		return finish_failed(rt, 0, &err);
	}
	if (!await(progress[0], &err))
		return finish_failed(rt, guard, &err);
	rt->is_held = false; /* the guard's now */
	int result = print_running(rt, &err);
	runtime_close(rt);
	return result;
}

/* False when that lab was about to end, so that another may be started. One that is about to begin has no socket yet. */
static bool join_lab(struct runtime *rt, int *result)
{
	struct err err = {0};
	json_t *reply = NULL;
	for (int64_t deadline = now_ms() + DOWN_MS; reply == NULL && now_ms() < deadline;) {
		reply = ask(rt, "ready", UP_WAIT_MS, &err);
		if (reply == NULL && err.code != ERR_UNAVAILABLE)
			break;
		if (reply == NULL && runtime_wait_lock(rt, 20))
			return false;
	}
	*result = reply != NULL ? print_running(rt, &err) : fail(&err);
	if (reply == NULL)
		print_tail(rt);
	json_decref(reply);
	return true;
}

static int up(int argc, char **argv, bool is_foreground)
{
	struct runtime rt;
	struct err err = {0};
	int result = 1;
	if (!has_no_arguments(argc, argv))
		return 2;
	for (int tries = 0; tries < 3; tries++) {
		if (!runtime_open(&rt, true, &err)) {
			runtime_close(&rt);
			return fail(&err);
		}
		if (rt.is_held)
			return start_lab(&rt, is_foreground);
		if (is_foreground) {
			fprintf(stderr, "onesdn lab: a lab is running already; 'onesdn lab down' ends it\n");
			runtime_close(&rt);
			return 1;
		}
		bool is_joined = join_lab(&rt, &result);
		runtime_close(&rt);
		if (is_joined)
			return result;
	}
	fprintf(stderr, "onesdn lab: labs come and go: is something else starting and ending them?\n");
	return 1;
}

int command_up(int argc, char **argv)
{
	return up(argc, argv, false);
}

int command_run(int argc, char **argv)
{
	return up(argc, argv, true);
}

/* ---- down ---- */

/* It does not end by itself: killing init takes all that is in the namespaces along. */
static void kill_lab(struct runtime *rt)
{
	struct runtime_state state;
	if (!runtime_read_state(rt, &state))
		return;
	if (state.init > 0)
		kill(state.init, SIGKILL);
	if (!runtime_wait_lock(rt, DOWN_MS) && state.guard > 0)
		kill(state.guard, SIGKILL);
}

int command_down(int argc, char **argv)
{
	struct runtime rt;
	struct err err = {0};
	if (!has_no_arguments(argc, argv))
		return 2;
	if (!runtime_open(&rt, false, &err))
		return fail(&err);
	if (rt.is_held || rt.lock_fd < 0) {
		puts("No lab is running.");
		runtime_close(&rt);
		return 0;
	}
	json_decref(ask(&rt, "down", DOWN_MS, &err));
	if (!runtime_wait_lock(&rt, DOWN_MS))
		kill_lab(&rt);
	bool is_gone = runtime_wait_lock(&rt, DOWN_MS);
	if (is_gone)
		puts("The lab has ended.");
	else
		fprintf(stderr, "onesdn lab: the lab does not end, although it was killed; is a process of it stuck in "
		                "the kernel? (ps -eo pid,stat,comm)\n");
	runtime_close(&rt);
	return is_gone ? 0 : 1;
}

/* ---- kubeconfig, logs ---- */

int command_kubeconfig(int argc, char **argv)
{
	struct runtime rt;
	struct err err = {0};
	if (!has_no_arguments(argc, argv))
		return 2;
	if (!runtime_open(&rt, false, &err))
		return fail(&err);
	bool is_running = !rt.is_held && rt.lock_fd >= 0;
	if (is_running)
		printf("%s/kubeconfig\n", rt.dir);
	else
		fprintf(stderr, "onesdn lab: no lab is running; 'onesdn lab up' starts one\n");
	runtime_close(&rt);
	return is_running ? 0 : NOT_RUNNING;
}

int command_logs(int argc, char **argv)
{
	struct runtime rt;
	struct err err = {0};
	struct str text = {0};
	if (!has_no_arguments(argc, argv))
		return 2;
	if (!runtime_open(&rt, false, &err))
		return fail(&err);
	bool is_done = file_read(rt.log, LOG_MAX, &text, &err);
	if (is_done)
		fwrite(str_text(&text), 1, text.len, stdout);
	str_finish(&text);
	runtime_close(&rt);
	return is_done ? 0 : fail(&err);
}
