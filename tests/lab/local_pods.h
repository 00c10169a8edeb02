/* local_pods: pod.h for tests of the API: a pod's commands are processes of this machine, its log is a file in a folder.
 * Real processes, pipes and terminals; only the namespaces are missing. The definitions are weak, so that a fuzz target that
 * links the lab's own pod.c takes that.
 */
#ifndef TESTS_LOCAL_PODS_H
#define TESTS_LOCAL_PODS_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lab/pod.h"

#define LOCAL __attribute__((weak))

struct pods {
	struct loop *loop;
	const char *log_folder;
};
struct pod_exec {
	struct pods *pods;
	struct pod_exec_events events;
	void *user;
	struct loop_child *child;
	int in, out[2]; /* ours; with tty all the master */
	struct loop_fd *in_source, *out_sources[2];
	struct str pending;
	bool tty, close_in, has_ended, is_told;
	int status, n_open;
};

static void local_tell(struct pod_exec *exec)
{
	if (!exec->has_ended || exec->n_open || exec->is_told)
		return;
	exec->is_told = true;
	exec->events.on_exit(exec, exec->status, NULL, exec->user);
}

static void local_on_child(struct loop_child *child, int status, void *user)
{
	struct pod_exec *exec = user;
	(void)child;
	exec->has_ended = true;
	exec->status = status;
	local_tell(exec);
}

static void local_read(struct pod_exec *exec, int which)
{
	char buffer[16384];
	ssize_t n = read(exec->out[which], buffer, sizeof buffer);
	if (n > 0) {
		exec->events.on_output(exec, which + 1, buffer, (size_t)n, exec->user);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_fd_destroy(exec->out_sources[which]);
		exec->out_sources[which] = NULL;
		exec->n_open--;
		local_tell(exec);
	}
}

static void local_write(struct pod_exec *exec)
{
	while (exec->pending.len && exec->in >= 0) {
		ssize_t n = write(exec->in, exec->pending.data, exec->pending.len);
		if (n < 0 && errno == EAGAIN)
			break;
		str_drop_front(&exec->pending, n < 0 ? exec->pending.len : (size_t)n);
	}
	if (!exec->pending.len && exec->close_in && !exec->tty && exec->in >= 0) {
		loop_fd_destroy(exec->in_source);
		exec->in_source = NULL;
		close(exec->in);
		exec->in = -1;
	}
	if (exec->in_source)
		loop_fd_set(exec->in_source, exec->pending.len ? LOOP_WRITE : 0);
}

static void local_on_in(int events, void *user)
{
	(void)events;
	local_write(user);
}

static void local_on_out(int events, void *user)
{
	(void)events;
	local_read(user, 0);
}

static void local_on_err(int events, void *user)
{
	(void)events;
	local_read(user, 1);
}

static void local_on_tty(int events, void *user)
{
	if (events & LOOP_READ)
		local_read(user, 0);
}

LOCAL struct pod_exec *pod_exec_start(struct pods *pods, const struct pod_exec_spec *spec, struct err *err)
{
	int in[2] = {-1, -1}, out[2], errors[2];
	struct pod_exec *exec = mem_alloc(sizeof *exec);
	*exec = (struct pod_exec){
	        .pods = pods, .events = spec->events, .user = spec->user, .in = -1, .out = {-1, -1}, .tty = spec->tty};
	struct loop_spawn spawn = {
	        .argv = spec->argv, .fds = {-1, -1, -1}, .pty = spec->tty, .rows = 24, .cols = 80, .death_signal = 9};
	if (!spec->tty) {
		if ((spec->has_stdin && pipe2(in, O_CLOEXEC)) || pipe2(out, O_CLOEXEC) || pipe2(errors, O_CLOEXEC))
			base_abort("pipe2");
		spawn.fds[0] = in[0];
		spawn.fds[1] = out[1];
		spawn.fds[2] = errors[1];
	}
	exec->child = loop_spawn(pods->loop, &spawn, local_on_child, exec, err);
	if (!spec->tty) {
		if (in[0] >= 0)
			close(in[0]);
		close(out[1]);
		close(errors[1]);
		exec->in = in[1];
		exec->out[0] = out[0];
		exec->out[1] = errors[0];
	}
	if (!exec->child) {
		pod_exec_destroy(exec);
		return NULL;
	}
	if (spec->tty) {
		exec->in = dup(loop_child_pty(exec->child));
		exec->out[0] = dup(loop_child_pty(exec->child));
		fcntl(exec->in, F_SETFD, FD_CLOEXEC);
		fcntl(exec->out[0], F_SETFD, FD_CLOEXEC);
	}
	for (int i = 0; i < 2; i++) {
		if (exec->out[i] < 0)
			continue;
		fcntl(exec->out[i], F_SETFL, O_NONBLOCK);
		exec->out_sources[i] = loop_fd_create(pods->loop, exec->out[i], LOOP_READ,
		                                      spec->tty ? local_on_tty
		                                      : i       ? local_on_err
		                                                : local_on_out,
		                                      exec);
		exec->n_open++;
	}
	if (exec->in >= 0) {
		fcntl(exec->in, F_SETFL, O_NONBLOCK);
		exec->in_source = loop_fd_create(pods->loop, exec->in, 0, local_on_in, exec);
	}
	return exec;
}

LOCAL void pod_exec_write(struct pod_exec *exec, const char *bytes, size_t size)
{
	str_append_n(&exec->pending, bytes, size);
	local_write(exec);
}

LOCAL size_t pod_exec_pending(const struct pod_exec *exec)
{
	return exec->pending.len;
}

LOCAL void pod_exec_close_stdin(struct pod_exec *exec)
{
	exec->close_in = true;
	if (exec->tty && !exec->pending.len)
		str_append_c(&exec->pending, 4); /* end of transmission */
	local_write(exec);
}

LOCAL void pod_exec_resize(struct pod_exec *exec, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	if (exec->tty)
		ioctl(exec->out[0], TIOCSWINSZ, &size);
}

LOCAL void pod_exec_pause(struct pod_exec *exec, bool paused)
{
	for (int i = 0; i < 2; i++)
		if (exec->out_sources[i])
			loop_fd_set(exec->out_sources[i], paused ? 0 : LOOP_READ);
}

LOCAL void pod_exec_destroy(struct pod_exec *exec)
{
	if (!exec)
		return;
	loop_fd_destroy(exec->in_source);
	for (int i = 0; i < 2; i++) {
		loop_fd_destroy(exec->out_sources[i]);
		if (exec->out[i] >= 0)
			close(exec->out[i]);
	}
	if (exec->in >= 0)
		close(exec->in);
	loop_child_destroy(exec->child);
	str_finish(&exec->pending);
	free(exec);
}

LOCAL char *pod_log_path(struct pods *pods, const char *ns, const char *name, const char *container, bool previous,
                         bool *is_final, struct err *err)
{
	char *path =
	        mem_printf("%s/%s_%s_%s%s.log", pods->log_folder, ns, name, container, previous ? ".previous" : "");
	char *done = mem_printf("%s.final", path);
	*is_final = access(done, F_OK) == 0;
	free(done);
	if (previous && access(path, F_OK) != 0) {
		err_set(err, ERR_NOT_FOUND, "no previous container");
		free(path);
		return NULL;
	}
	return path;
}

#endif
