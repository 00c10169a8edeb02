/* The lab's one process: makes the parts, hands them to each other, and ends them. What the parts do is in their own files. */
#include "lab/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/control.h"
#include "lab/netns.h"
#include "lab/stack.h"

#define UP_DEADLINE_MS 30000

struct supervisor {
	const struct guard_plan *plan;
	struct loop *loop;
	struct stack *stack;
	struct control *control;
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
	return json_pack("{s:s, s:s, s:b, s:s}", "name", node->config->name, "address", node->config->address, "ready", (int)node->is_ready,
	                 "reason", node->reason);
}

static json_t *status(void *user)
{
	struct supervisor *s = user;
	json_t *nodes = json_array();
	for (size_t i = 0; i < STACK_NODES; i++)
		json_array_append_new(nodes, node_status(stack_node(s->stack, i)));
	return json_pack("{s:b, s:i, s:I, s:o}", "ready", (int)s->is_up, "port", s->plan->sockets.port, "uptimeMs",
	                 (json_int_t)(loop_now(s->loop) - s->started), "nodes", nodes);
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
	runtime_clear(s->plan->rt->dir_fd);
	stop(s, 0);
}

/* ---- the stack's news ---- */

static void on_node(struct stack_node *node, void *user)
{
	struct supervisor *s = user;
	if (s->is_up)
		log_write(LOG_INFO, "node %s: %s", node->config->name, node->is_ready ? "ready" : node->reason);
}

static void on_port(struct stack_node *node, const char *interface, void *user)
{
	(void)node;
	(void)interface;
	(void)user;
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
	err_set(&err, ERR_TIMEOUT, "the lab was not ready after %d s; it still waited for: %s", UP_DEADLINE_MS / 1000, str_text(&words));
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

static bool start(struct supervisor *s, int guard_alive, struct err *err)
{
	s->loop = loop_create(err);
	if (s->loop == NULL)
		return false;
	s->started = loop_now(s->loop);
	watch_outside(s, guard_alive);
	if (!link_set_up("lo", err))
		return false;
	s->stack = stack_create(s->loop, &(struct stack_events){on_node, on_port, on_up, on_trouble, s}, err);
	if (s->stack == NULL)
		return false;
	s->control = control_create(s->loop, s->plan->sockets.control, &(struct control_events){status, down, s});
	return true;
}

static void finish(struct supervisor *s)
{
	control_destroy(s->control);
	stack_destroy(s->stack);
	for (size_t i = 0; i < 3; i++)
		loop_signal_destroy(s->signals[i]);
	loop_fd_destroy(s->guard);
	loop_timer_destroy(s->deadline);
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
