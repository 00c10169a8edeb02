/* loop: the one event loop. Timers, descriptors, signals, children, ptys, posted calls, HTTP requests, one before-sleep hook.
 *
 * Floor 1, on libuv (src/loop/loop.c) and libcurl's multi interface (src/loop/http.c). Callbacks run one after another on
 * the one thread; a callback may destroy any source, its own included (memory goes after the turn). Time enters once a
 * turn: loop_now is the same for everything that happens in one turn. The loop sleeps while nothing is due.
 */
#ifndef ONESDN_LOOP_H
#define ONESDN_LOOP_H

#include <stdint.h>
#include <sys/types.h>

#include "onesdn/base.h"

struct loop;
struct loop *loop_create(struct err *err);  /* also ignores SIGPIPE: a peer that went away is an error of write */
void loop_destroy(struct loop *loop);       /* every source must have been destroyed before; kills what still dies */
void loop_run(struct loop *loop);           /* until loop_stop */
void loop_stop(struct loop *loop);          /* loop_run returns after this turn */
/* One turn: posted calls, the hook, sleep (if `wait`, nothing was posted and nothing is due), what happened, posted calls.
 * False once stopped.
 * For tests and for waits with a deadline; never from inside a callback. */
bool loop_turn(struct loop *loop, bool wait);
int64_t loop_now(const struct loop *loop);  /* ms, monotonic, from an arbitrary start */

/* ---- posted calls: run later in this same turn, before the before-sleep hook, in order ---- */
typedef void loop_call_fn(void *user);
void loop_post(struct loop *loop, loop_call_fn *fn, void *user);
void loop_unpost(struct loop *loop, void *user);          /* forgets what was posted for `user`: call it in destroy */
void loop_on_sleep(struct loop *loop, loop_call_fn *fn, void *user); /* the hook: once a turn, last before the loop sleeps */

/* ---- timers ---- */
struct loop_timer;
struct loop_timer *loop_timer_create(struct loop *loop, loop_call_fn *fn, void *user);
void loop_timer_start(struct loop_timer *timer, int64_t after_ms, int64_t repeat_ms); /* repeat 0: once. Restarts a running one */
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_running(const struct loop_timer *timer);
void loop_timer_destroy(struct loop_timer *timer);

/* ---- descriptors: the caller owns the fd and destroys the source before closing it; one source a descriptor ---- */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_fd;
typedef void loop_fd_fn(int events, void *user); /* LOOP_READ also on end of file and error */
/* Does not touch the descriptor's flags. A plain file is always ready. */
struct loop_fd *loop_fd_create(struct loop *loop, int fd, int events, loop_fd_fn *fn, void *user);
void loop_fd_set(struct loop_fd *source, int events);     /* 0: keep, but sleep (back-pressure) */
void loop_fd_destroy(struct loop_fd *source);

/* ---- signals ---- */
struct loop_signal;
typedef void loop_signal_fn(int signum, void *user);
struct loop_signal *loop_signal_create(struct loop *loop, int signum, loop_signal_fn *fn, void *user);
void loop_signal_destroy(struct loop_signal *signal);

/* ---- children ---- */
struct loop_child;
/* `status` as waitpid gives it, -1 if it was not our child (adopted). The pid is gone when this is called; destroy the
 * child here or later. What it wrote last may still be in the pty: its end is a read that fails with EIO. */
typedef void loop_child_fn(struct loop_child *child, int status, void *user);
struct loop_spawn {
	const char *const *argv;   /* NULL-terminated; argv[0] is looked up on $PATH */
	const char *const *env;    /* NULL-terminated "NAME=VALUE" to set and "NAME" to unset, on top of ours; may be NULL */
	const char *cwd;           /* NULL: ours */
	int fds[3];                /* without pty: stdin, stdout, stderr, all to be set; -1 is /dev/null. Stay the caller's, any number */
	bool pty;                  /* a new session on a new terminal of rows x cols instead; its master: loop_child_pty */
	uint16_t rows, cols;
	int death_signal;          /* sent to the child when we die; 0: none */
	int (*prepare)(void *user); /* in the child, last before exec: setns and the like; async-signal-safe; non-zero: exit 126 */
	void *prepare_user;
};
/* In the child: signals unblocked and default, a group (or session) of its own, every other descriptor close-on-exec.
 * NULL and err if it cannot be started; exec's own failure is reported here too (ERR_NOT_FOUND names the program). */
struct loop_child *loop_spawn(struct loop *loop, const struct loop_spawn *spec, loop_child_fn *fn, void *user, struct err *err);
/* Takes over a pid that somebody forked: only waiting and signalling. */
struct loop_child *loop_child_adopt(struct loop *loop, pid_t pid, loop_child_fn *fn, void *user, struct err *err);
pid_t loop_child_pid(const struct loop_child *child);     /* 0 once it has ended */
int loop_child_pty(const struct loop_child *child);       /* master, non-blocking, the child's; -1 without pty */
void loop_child_kill(struct loop_child *child, int signum); /* to its group; nothing once it has ended */
/* Closes the pty. To a group that still runs: HUP, then KILL after 2 s; its pid stays a zombie until then. No callback,
 * never blocks. */
void loop_child_destroy(struct loop_child *child);

/* A whole command: collects both outputs (each cut at max_size), then calls back once. It is over when its process is: what
 * something left in the background writes later is not waited for. The texts are borrowed for the callback. */
struct loop_result {
	int status;              /* as waitpid; -1 when it could not be started or was cut off by the deadline */
	const char *out, *errors; /* terminated */
	const char *failure;     /* why it never ran to its end, or NULL */
};
typedef void loop_result_fn(const struct loop_result *result, void *user);
struct loop_command;
struct loop_command *loop_command_create(struct loop *loop, const struct loop_spawn *spec, const char *input, size_t max_size,
                                         int64_t deadline_ms, loop_result_fn *fn, void *user); /* fds of spec are ignored; never NULL */
void loop_command_destroy(struct loop_command *command); /* no callback any more; kills what runs */

/* ---- HTTP, over a Unix socket or TCP, one request an object (libcurl multi) ---- */
struct http;
/* The final headers are there, before any body: a watch is known to stand although nothing happens on it. */
typedef void http_head_fn(struct http *http, int status, void *user);
struct http_request {
	const char *socket;        /* Unix socket path, or NULL for TCP */
	const char *url;           /* "http://localhost/api/v1/pods?watch=true" */
	const char *method;        /* NULL: GET */
	const char *const *headers; /* NULL-terminated "Name: value"; may be NULL */
	const char *body;          /* may be NULL */
	size_t body_size;
	int64_t connect_ms;        /* 0: 5,000 */
	int64_t total_ms;          /* 0: no limit (a watch) */
	http_head_fn *on_head;     /* may be NULL */
};
struct http_reply {
	int status;                /* HTTP status, 0 when none came */
	bool is_whole;             /* the body ended as HTTP says, not by a broken connection */
	const char *content_type;  /* "" when none */
	const char *failure;       /* transport failure in words, or NULL */
};
/* Pieces of the body as they come. Return false to stop: on_done then follows with a failure. Every call here is legal
 * inside both callbacks, http_destroy of this very request too. on_data may be NULL; on_done is called once, and never from
 * inside http_create. */
typedef bool http_data_fn(struct http *http, const char *data, size_t size, void *user);
typedef void http_done_fn(struct http *http, const struct http_reply *reply, void *user);
/* Copies the request; never NULL. No proxy, no redirects, only http; status 4xx and 5xx are replies and no failures. */
struct http *http_create(struct loop *loop, const struct http_request *request, http_data_fn *on_data, http_done_fn *on_done, void *user);
int http_status(const struct http *http);  /* 0 until the headers are there; then valid inside on_data */
void http_destroy(struct http *http);      /* cancels; no callback any more */

#endif
