/* loop: turns, posted calls, timers, descriptors, signals. The only file that knows libuv.
 *
 * A turn is: posted calls, the hook, sleep, wake (now the time is read), descriptors and signals, timers, posted calls.
 * libuv sleeps and watches; the timers are our own list with one libuv timer as its alarm, because libuv reads the clock
 * up to three times a turn and would let two callbacks of one turn see different times.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "internal.h"

#define POSTS_A_TURN 10000 /* more wait for the next turn, so that a call that posts itself cannot stop the loop */

struct post {
	loop_call_fn *fn; /* NULL: forgotten */
	void *user;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *prev, *next;
	bool is_running;
	int64_t due, repeat;
	uint64_t serial;
	loop_call_fn *fn;
	void *user;
};

struct loop {
	uv_loop_t uv;
	uv_timer_t alarm; /* also keeps libuv willing to sleep when nothing else is there */
	int64_t now;
	bool is_awake; /* the time of this turn has been read */
	bool in_turn, is_stopped;
	VEC(struct post) posts;
	size_t posts_done;
	loop_call_fn *hook;
	void *hook_user;
	struct loop_timer *first_timer;
	uint64_t serial;
	VEC(void *) graves;
	struct loop_part parts[LOOP_N_PARTS];
};

struct loop_fd {
	struct loop *loop;
	union {
		uv_handle_t handle;
		uv_poll_t poll;
		uv_idle_t idle; /* a file, which cannot be watched and is always ready */
	};
	bool is_file, is_dead;
	int events;
	loop_fd_fn *fn;
	void *user;
};

struct loop_signal {
	struct loop *loop;
	uv_signal_t uv;
	loop_signal_fn *fn;
	void *user;
};

/* libuv's answers that only a mistake of ours or a full system can cause. */
static void must(int result, const char *what)
{
	if (result < 0)
		base_abort("the event loop failed at %s: %s", what, uv_strerror(result));
}

/* ---- the loop ---- */

static void on_alarm(uv_timer_t *alarm)
{
	(void)alarm; /* waking was all */
}

struct loop *loop_create(struct err *err)
{
	struct loop *loop = mem_alloc(sizeof *loop);
	int result = uv_loop_init(&loop->uv);
	if (result < 0) {
		err_errno(err, -result, "the event loop cannot be made");
		free(loop);
		return NULL;
	}
	must(uv_timer_init(&loop->uv, &loop->alarm), "its alarm");
	loop->now = (int64_t)uv_now(&loop->uv);
	/* A peer that went away is an error of write, and a child's status must be there to be waited for. */
	signal(SIGPIPE, SIG_IGN);
	struct sigaction action;
	if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
	return loop;
}

static void free_graves(struct loop *loop)
{
	for (size_t i = 0; i < loop->graves.len; i++)
		free(loop->graves.data[i]);
	loop->graves.len = 0;
}

static void refuse_open(uv_handle_t *handle, void *user)
{
	(void)user;
	if (!uv_is_closing(handle))
		base_abort("the event loop was destroyed before a %s of it",
		           uv_handle_type_name(uv_handle_get_type(handle)));
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	for (int kind = LOOP_N_PARTS - 1; kind >= 0; kind--) {
		if (loop->parts[kind].destroy)
			loop->parts[kind].destroy(loop->parts[kind].state);
	}
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	uv_walk(&loop->uv, refuse_open, NULL);
	if (loop->first_timer)
		base_abort("the event loop was destroyed before a timer of it");
	uv_run(&loop->uv, UV_RUN_DEFAULT); /* nothing is open: it only finishes the closing */
	must(uv_loop_close(&loop->uv), "its end");
	free_graves(loop);
	vec_finish(&loop->graves);
	vec_finish(&loop->posts);
	free(loop);
}

void loop_free_later(struct loop *loop, void *memory)
{
	vec_push(&loop->graves, memory);
}

struct loop_part *loop_part(struct loop *loop, enum loop_part_kind kind)
{
	return &loop->parts[kind];
}

/* The time of this turn is that of the first thing that happened in it. */
static void wake(struct loop *loop)
{
	if (!loop->is_awake)
		loop->now = (int64_t)uv_now(&loop->uv);
	loop->is_awake = true;
}

/* From outside of a turn the time is that of the call. */
static int64_t current(struct loop *loop)
{
	if (!loop->in_turn) {
		uv_update_time(&loop->uv);
		loop->now = (int64_t)uv_now(&loop->uv);
	}
	return loop->now;
}

static bool has_posts(const struct loop *loop)
{
	return loop->posts_done < loop->posts.len;
}

static void run_posts(struct loop *loop)
{
	for (int n = 0; n < POSTS_A_TURN && has_posts(loop); n++) {
		struct post post = loop->posts.data[loop->posts_done++];
		if (post.fn)
			post.fn(post.user);
	}
	if (!has_posts(loop))
		loop->posts.len = loop->posts_done = 0;
}

static bool has_due_timer(const struct loop *loop)
{
	return loop->first_timer && loop->first_timer->due <= loop->now;
}

static void set_alarm(struct loop *loop)
{
	if (!loop->first_timer) {
		must(uv_timer_start(&loop->alarm, on_alarm, UINT64_MAX, 0), "its alarm");
		return;
	}
	int64_t left = loop->first_timer->due - (int64_t)uv_now(&loop->uv);
	/* It repeats, because uv_run runs what is due before it sleeps, too, and would then sleep without an alarm. */
	must(uv_timer_start(&loop->alarm, on_alarm, left > 0 ? (uint64_t)left : 0, 1), "its alarm");
}

static void insert_timer(struct loop_timer *timer);

static void run_timers(struct loop *loop)
{
	uint64_t limit = loop->serial; /* what a timer starts now is for the next turn, even if due at once */
	struct loop_timer *timer;
	while ((timer = loop->first_timer) && timer->due <= loop->now && timer->serial < limit) {
		int64_t due = timer->due + timer->repeat;
		loop_timer_stop(timer);
		if (timer->repeat > 0) {
			timer->due = due > loop->now ? due
			                             : loop->now + timer->repeat; /* missed beats are not made up for */
			insert_timer(timer);
		}
		timer->fn(timer->user);
	}
}

static void turn(struct loop *loop, bool wait)
{
	if (loop->in_turn)
		base_abort("the event loop was entered from one of its own callbacks");
	current(loop);
	loop->in_turn = true;
	bool had_posts = has_posts(loop); /* one of them may be what the caller of loop_turn waits for */
	run_posts(loop);
	if (loop->hook && !loop->is_stopped)
		loop->hook(loop->hook_user);
	set_alarm(loop);
	loop->is_awake = false;
	bool may_sleep = wait && !loop->is_stopped && !had_posts && !has_posts(loop) && !has_due_timer(loop);
	uv_run(&loop->uv, may_sleep ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	wake(loop);
	run_timers(loop);
	run_posts(loop);
	free_graves(loop);
	loop->in_turn = false;
}

void loop_run(struct loop *loop)
{
	while (!loop->is_stopped)
		turn(loop, true);
	loop->is_stopped = false;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

bool loop_turn(struct loop *loop, bool wait)
{
	if (!loop->is_stopped)
		turn(loop, wait);
	return !loop->is_stopped;
}

int64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

/* ---- posted calls ---- */

void loop_post(struct loop *loop, loop_call_fn *fn, void *user)
{
	vec_push(&loop->posts, (struct post){.fn = fn, .user = user});
}

void loop_unpost(struct loop *loop, void *user)
{
	for (size_t i = loop->posts_done; i < loop->posts.len; i++) {
		if (loop->posts.data[i].user == user)
			loop->posts.data[i].fn = NULL;
	}
}

void loop_on_sleep(struct loop *loop, loop_call_fn *fn, void *user)
{
	loop->hook = fn;
	loop->hook_user = user;
}

/* ---- timers ---- */

struct loop_timer *loop_timer_create(struct loop *loop, loop_call_fn *fn, void *user)
{
	struct loop_timer *timer = mem_alloc(sizeof *timer);
	timer->loop = loop;
	timer->fn = fn;
	timer->user = user;
	return timer;
}

/* Sorted by due, those of the same moment in the order of their start. */
static void insert_timer(struct loop_timer *timer)
{
	struct loop_timer **at = &timer->loop->first_timer, *prev = NULL;
	timer->serial = timer->loop->serial++;
	while (*at && (*at)->due <= timer->due) {
		prev = *at;
		at = &prev->next;
	}
	timer->prev = prev;
	timer->next = *at;
	if (timer->next)
		timer->next->prev = timer;
	*at = timer;
	timer->is_running = true;
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms, int64_t repeat_ms)
{
	int64_t now = current(timer->loop), latest = INT64_MAX / 4;
	loop_timer_stop(timer);
	after_ms = after_ms < 0 ? 0 : after_ms;
	timer->due = now + (after_ms < latest ? after_ms : latest);
	timer->repeat = repeat_ms < 0 ? 0 : repeat_ms < latest ? repeat_ms : latest;
	insert_timer(timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
	if (!timer->is_running)
		return;
	if (timer->prev)
		timer->prev->next = timer->next;
	else
		timer->loop->first_timer = timer->next;
	if (timer->next)
		timer->next->prev = timer->prev;
	timer->prev = timer->next = NULL;
	timer->is_running = false;
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return timer->is_running;
}

void loop_timer_destroy(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_stop(timer);
	loop_free_later(timer->loop, timer);
}

/* ---- descriptors ---- */

static void on_poll(uv_poll_t *poll, int status, int uv_events)
{
	struct loop_fd *source = poll->data;
	wake(source->loop);
	int events = (uv_events & UV_READABLE ? LOOP_READ : 0) | (uv_events & UV_WRITABLE ? LOOP_WRITE : 0);
	if (status < 0) /* an error of the descriptor, which the caller's read or write is to find */
		events = LOOP_READ | (source->events & LOOP_WRITE);
	source->fn(events, source->user);
	if (status < 0 && !source->is_dead) /* libuv has stopped watching by itself */
		loop_fd_set(source, source->events);
}

static void on_idle(uv_idle_t *idle)
{
	struct loop_fd *source = idle->data;
	wake(source->loop);
	source->fn(source->events, source->user);
}

struct loop_fd *loop_fd_create(struct loop *loop, int fd, int events, loop_fd_fn *fn, void *user)
{
	struct loop_fd *source = mem_alloc(sizeof *source);
	source->loop = loop;
	source->fn = fn;
	source->user = user;
	int flags = fcntl(fd, F_GETFL);
	int result = uv_poll_init(&loop->uv, &source->poll, fd);
	if (result == UV_EPERM) {
		source->is_file = true;
		result = uv_idle_init(&loop->uv, &source->idle);
	} else if (result == 0 && flags >= 0 && !(flags & O_NONBLOCK)) {
		/* libuv made it non-blocking. That is the caller's choice: a terminal shares the flag with its shell. */
		fcntl(fd, F_SETFL, flags);
	}
	if (result < 0)
		base_abort("descriptor %d cannot be watched (bad, or watched already): %s", fd, uv_strerror(result));
	source->handle.data = source;
	loop_fd_set(source, events);
	return source;
}

void loop_fd_set(struct loop_fd *source, int events)
{
	source->events = events;
	if (source->is_file) {
		must(events ? uv_idle_start(&source->idle, on_idle) : uv_idle_stop(&source->idle), "a file");
		return;
	}
	int uv_events = (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);
	must(events ? uv_poll_start(&source->poll, uv_events, on_poll) : uv_poll_stop(&source->poll), "a descriptor");
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void loop_fd_destroy(struct loop_fd *source)
{
	if (!source)
		return;
	source->is_dead = true;
	uv_close(&source->handle, on_closed);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *uv, int signum)
{
	struct loop_signal *signal = uv->data;
	wake(signal->loop);
	signal->fn(signum, signal->user);
}

struct loop_signal *loop_signal_create(struct loop *loop, int signum, loop_signal_fn *fn, void *user)
{
	struct loop_signal *signal = mem_alloc(sizeof *signal);
	signal->loop = loop;
	signal->fn = fn;
	signal->user = user;
	must(uv_signal_init(&loop->uv, &signal->uv), "a signal");
	signal->uv.data = signal;
	must(uv_signal_start(&signal->uv, on_signal, signum), "a signal");
	return signal;
}

void loop_signal_destroy(struct loop_signal *signal)
{
	if (signal)
		uv_close((uv_handle_t *)&signal->uv, on_closed);
}
