/* test_loop: turns, posted calls, timers, descriptors, signals, children, terminals, commands. HTTP is in test_http.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/loop.h"

#define DEADLINE_MS 10000

static struct loop *loop;
static char trace[256]; /* what happened, a letter an event */

static int set_up(void **state)
{
	(void)state;
	struct err err = {0};
	loop = loop_create(&err);
	trace[0] = '\0';
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	loop_destroy(loop);
	return 0;
}

static void note(const char *letter)
{
	size_t len = strlen(trace);
	snprintf(trace + len, sizeof trace - len, "%s", letter);
}

static void on_note(void *user)
{
	note(user);
}

static char *letter(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void on_timeout(void *user)
{
	*(bool *)user = true;
}

/* Turns until *done, or fails. */
static void wait_for(const bool *done)
{
	bool is_late = false;
	struct loop_timer *deadline = loop_timer_create(loop, on_timeout, &is_late);
	loop_timer_start(deadline, DEADLINE_MS, 0);
	while (!*done && !is_late)
		loop_turn(loop, true);
	loop_timer_destroy(deadline);
	assert_true(*done);
}

/* ---- posted calls and the hook ---- */

static void on_post_again(void *user)
{
	note("1");
	loop_post(loop, on_note, user);
}

static void test_posts(void **state)
{
	(void)state;
	loop_on_sleep(loop, on_note, letter("."));
	loop_post(loop, on_post_again, letter("3"));
	loop_post(loop, on_note, letter("2"));
	assert_true(loop_turn(loop, false));
	assert_string_equal(trace, "123.");
	loop_post(loop, on_note, letter("x"));
	loop_post(loop, on_note, letter("y"));
	loop_unpost(loop, trace);
	static char gone[] = "z";
	loop_post(loop, on_note, gone);
	loop_unpost(loop, gone);
	loop_turn(loop, true); /* does not sleep: what was posted may be what one waits for */
	assert_string_equal(trace, "123.xy.");
}

static int n_forever;

static void on_forever(void *user)
{
	n_forever++;
	loop_post(loop, on_forever, user);
}

/* A call that posts itself neither stops the turn from ending nor lets the loop sleep. */
static void test_posts_forever(void **state)
{
	(void)state;
	n_forever = 0;
	loop_post(loop, on_forever, &n_forever);
	loop_turn(loop, true);
	int first = n_forever;
	assert_in_range(first, 1, 100000);
	loop_turn(loop, true);
	assert_true(n_forever > first);
	loop_unpost(loop, &n_forever);
}

static void on_hook_post(void *user)
{
	if (strlen(trace) < 3) {
		note("h");
		loop_post(loop, on_note, user);
	}
}

static void test_hook_may_post(void **state)
{
	(void)state;
	loop_on_sleep(loop, on_hook_post, letter("p"));
	loop_turn(loop, true); /* would sleep forever if it forgot what the hook posted */
	assert_string_equal(trace, "hp");
}

static void on_stop(void *user)
{
	note(user);
	loop_stop(loop);
}

static void test_stop(void **state)
{
	(void)state;
	loop_post(loop, on_stop, letter("s"));
	loop_run(loop);
	struct loop_timer *timer = loop_timer_create(loop, on_stop, letter("t"));
	loop_timer_start(timer, 1, 0);
	loop_run(loop); /* again */
	assert_string_equal(trace, "st");
	loop_stop(loop);
	assert_false(loop_turn(loop, true));
	loop_timer_destroy(timer);
}

/* ---- two connected sockets ---- */

struct pair {
	int ends[2];
	struct loop_fd *sources[2];
	int seen;
	bool done;
};

static void open_pair(struct pair *pair)
{
	*pair = (struct pair){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->ends), 0);
}

static void close_pair(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		loop_fd_destroy(pair->sources[i]);
		if (pair->ends[i] >= 0)
			close(pair->ends[i]);
	}
}

static void on_events(int events, void *user)
{
	struct pair *pair = user;
	pair->seen |= events;
	pair->done = true;
}

/* ---- timers ---- */

static void test_timers_in_order(void **state)
{
	(void)state;
	struct loop_timer *timers[5];
	static const int64_t after[] = {30, 10, 20, 10, 0};
	static const char *const names[] = {"d", "a", "c", "b", "0"};
	int64_t start = loop_now(loop);
	for (int i = 0; i < 5; i++) {
		timers[i] = loop_timer_create(loop, on_note, letter(names[i]));
		loop_timer_start(timers[i], after[i], 0);
	}
	loop_timer_stop(timers[2]);
	assert_false(loop_timer_is_running(timers[2]));
	assert_true(loop_timer_is_running(timers[0]));
	bool done = false;
	struct loop_timer *last = loop_timer_create(loop, on_timeout, &done);
	loop_timer_start(last, 40, 0);
	wait_for(&done);
	assert_string_equal(trace, "0abd");
	assert_true(loop_now(loop) - start >= 40);
	assert_false(loop_timer_is_running(timers[0]));
	for (int i = 0; i < 5; i++)
		loop_timer_destroy(timers[i]);
	loop_timer_destroy(last);
	loop_timer_destroy(NULL);
}

struct beat {
	struct loop_timer *timer, *victim;
	int n;
	int64_t last;
	bool done;
};

static void on_beat(void *user)
{
	struct beat *beat = user;
	assert_true(loop_now(loop) >= beat->last + (beat->n > 0));
	beat->last = loop_now(loop);
	if (++beat->n == 5) {
		loop_timer_destroy(beat->timer); /* its own */
		loop_timer_destroy(beat->victim);
		beat->done = true;
	}
}

static void test_timer_repeats_and_destroys_itself(void **state)
{
	(void)state;
	struct beat beat = {0};
	beat.timer = loop_timer_create(loop, on_beat, &beat);
	beat.victim = loop_timer_create(loop, on_note, letter("!"));
	loop_timer_start(beat.timer, 0, 2);
	loop_timer_start(beat.victim, 60000, 0);
	wait_for(&beat.done);
	assert_int_equal(beat.n, 5);
	assert_string_equal(trace, "");
}

static void on_restart(void *user)
{
	struct beat *beat = user;
	beat->n++;
	loop_timer_start(beat->timer, 0, 0);
}

/* A timer that restarts itself with 0 fires once a turn and does not hold the turn. */
static void test_timer_of_zero(void **state)
{
	(void)state;
	struct beat beat = {0};
	beat.timer = loop_timer_create(loop, on_restart, &beat);
	loop_timer_start(beat.timer, 0, 0);
	struct pair pair;
	open_pair(&pair);
	pair.sources[0] = loop_fd_create(loop, pair.ends[0], LOOP_READ, on_events, &pair);
	for (int i = 1; i <= 100; i++) { /* with something that could be slept on */
		loop_turn(loop, true);
		assert_int_equal(beat.n, i);
	}
	loop_timer_destroy(beat.timer);
	close_pair(&pair);
}

/* Sleeping takes no processor time: one second of nothing is a few wake-ups. */
static void test_sleeps(void **state)
{
	(void)state;
	bool done = false;
	struct loop_timer *timer = loop_timer_create(loop, on_timeout, &done);
	loop_timer_start(timer, 300, 0);
	int turns = 0;
	for (; !done && turns < 100; turns++)
		loop_turn(loop, true);
	assert_true(done);
	assert_in_range(turns, 1, 3);
	loop_timer_destroy(timer);
}

/* ---- descriptors ---- */

static void test_fd(void **state)
{
	(void)state;
	struct pair pair;
	open_pair(&pair);
	pair.sources[0] = loop_fd_create(loop, pair.ends[0], LOOP_READ, on_events, &pair);
	assert_int_equal(fcntl(pair.ends[0], F_GETFL) & O_NONBLOCK, 0); /* the flag is the caller's */
	loop_turn(loop, false);
	assert_int_equal(pair.seen, 0);
	assert_int_equal(write(pair.ends[1], "x", 1), 1);
	loop_turn(loop, true);
	assert_int_equal(pair.seen, LOOP_READ);
	pair.seen = 0;
	loop_fd_set(pair.sources[0], 0);
	loop_turn(loop, false);
	assert_int_equal(pair.seen, 0);
	loop_fd_set(pair.sources[0], LOOP_WRITE);
	loop_turn(loop, true);
	assert_int_equal(pair.seen, LOOP_WRITE);
	pair.seen = 0;
	loop_fd_set(pair.sources[0], LOOP_READ | LOOP_WRITE);
	loop_turn(loop, true);
	assert_int_equal(pair.seen, LOOP_READ | LOOP_WRITE);
	char c;
	assert_int_equal(read(pair.ends[0], &c, 1), 1);
	loop_fd_set(pair.sources[0], LOOP_READ);
	pair.seen = 0;
	loop_turn(loop, false);
	assert_int_equal(pair.seen, 0);
	close(pair.ends[1]);
	pair.ends[1] = -1;
	loop_turn(loop, true); /* end of file */
	assert_int_equal(pair.seen, LOOP_READ);
	close_pair(&pair);
}

/* The writing end of a pipe without a reader is an error, which libuv reports once and then stops watching. */
static void test_fd_error_stays(void **state)
{
	(void)state;
	struct pair pair = {0};
	assert_int_equal(pipe2(pair.ends, O_CLOEXEC), 0);
	pair.sources[1] = loop_fd_create(loop, pair.ends[1], LOOP_WRITE, on_events, &pair);
	close(pair.ends[0]);
	pair.ends[0] = -1;
	for (int i = 0; i < 3; i++) {
		pair.seen = 0;
		loop_turn(loop, true);
		assert_int_equal(pair.seen & LOOP_WRITE, LOOP_WRITE);
	}
	assert_int_equal(write(pair.ends[1], "x", 1), -1); /* and no SIGPIPE */
	assert_int_equal(errno, EPIPE);
	close_pair(&pair);
}

static void test_fd_of_file(void **state)
{
	(void)state;
	struct pair pair = {.ends = {open("/proc/self/exe", O_RDONLY | O_CLOEXEC), -1}};
	pair.sources[0] = loop_fd_create(loop, pair.ends[0], LOOP_READ, on_events, &pair);
	loop_turn(loop, true);
	assert_int_equal(pair.seen, LOOP_READ);
	pair.seen = 0;
	loop_fd_set(pair.sources[0], 0);
	loop_turn(loop, false);
	assert_int_equal(pair.seen, 0);
	close_pair(&pair);
}

static void on_destroy_both(int events, void *user)
{
	(void)events;
	struct pair *pair = user;
	pair->seen++;
	pair->done = true;
	for (int i = 0; i < 2; i++) {
		loop_fd_destroy(pair->sources[i]);
		close(pair->ends[i]);
		pair->sources[i] = NULL;
	}
	/* The same descriptor number, another thing. */
	pair->ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pair->ends[1] = -1;
}

/* Both are ready in one turn; whichever comes first destroys both, and the other is never heard of. */
static void test_fd_destroyed_in_callback(void **state)
{
	(void)state;
	struct pair pair;
	open_pair(&pair);
	for (int i = 0; i < 2; i++)
		pair.sources[i] = loop_fd_create(loop, pair.ends[i], LOOP_WRITE, on_destroy_both, &pair);
	wait_for(&pair.done);
	loop_turn(loop, false);
	assert_int_equal(pair.seen, 1);
	close_pair(&pair);
}

static int64_t times[2];

static void on_slow(int events, void *user)
{
	(void)events;
	int64_t until = time_wall_ms() + 20;
	while (time_wall_ms() < until)
		continue;
	int *at = user;
	times[*at] = loop_now(loop);
	(*at)++;
}

/* Everything in one turn sees one time, however long it takes. */
static void test_one_time_a_turn(void **state)
{
	(void)state;
	struct pair pair;
	int at = 0;
	open_pair(&pair);
	for (int i = 0; i < 2; i++)
		pair.sources[i] = loop_fd_create(loop, pair.ends[i], LOOP_WRITE, on_slow, &at);
	loop_turn(loop, true);
	assert_int_equal(at, 2);
	assert_true(times[0] == times[1]);
	close_pair(&pair);
}

/* ---- signals ---- */

static void on_signal(int signum, void *user)
{
	assert_int_equal(signum, SIGUSR1);
	*(bool *)user = true;
}

static void test_signal(void **state)
{
	(void)state;
	bool seen[2] = {false, false};
	struct loop_signal *signals[2];
	for (int i = 0; i < 2; i++)
		signals[i] = loop_signal_create(loop, SIGUSR1, on_signal, &seen[i]);
	raise(SIGUSR1);
	wait_for(&seen[0]);
	wait_for(&seen[1]);
	for (int i = 0; i < 2; i++)
		loop_signal_destroy(signals[i]);
	loop_signal_destroy(NULL);
}

/* ---- children ---- */

struct end {
	bool done;
	int status, n;
};

static void on_exit_of(struct loop_child *child, int status, void *user)
{
	struct end *end = user;
	end->done = true;
	end->status = status;
	end->n++;
	assert_int_equal(loop_child_pid(child), 0);
	loop_child_kill(child, SIGKILL); /* nothing */
	loop_child_destroy(child);
}

static void read_all(int fd, struct str *out)
{
	char piece[4096];
	for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
		str_append_n(out, piece, (size_t)n);
}

/* Runs `script` by sh to its end and gives what it wrote. */
static char *run_script(const char *script, struct loop_spawn spec, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spec.argv = argv;
	spec.fds[0] = -1;
	spec.fds[1] = spec.fds[2] = ends[1];
	struct err err = {0};
	struct end end = {0};
	struct loop_child *child = loop_spawn(loop, &spec, on_exit_of, &end, &err);
	if (!child)
		fail_msg("%s", err.text);
	close(ends[1]);
	struct str out = {0};
	read_all(ends[0], &out);
	close(ends[0]);
	wait_for(&end.done);
	*status = end.status;
	return str_take(&out);
}

static void test_child(void **state)
{
	(void)state;
	int status;
	setenv("ONESDN_TEST_GONE", "x", 1);
	setenv("ONESDN_TEST_OLD", "x", 1);
	const char *const env[] = {"ONESDN_TEST_NEW=1 2", "ONESDN_TEST_OLD=y", "ONESDN_TEST_GONE", NULL};
	char *out = run_script("echo $PWD $ONESDN_TEST_NEW $ONESDN_TEST_OLD [$ONESDN_TEST_GONE]; cat; exit 7",
	                       (struct loop_spawn){.env = env, .cwd = "/"}, &status);
	assert_string_equal(out, "/ 1 2 y []\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	free(out);
	out = run_script("kill -USR1 $$", (struct loop_spawn){0}, &status);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
	free(out);
}

/* No descriptor of ours but 0..2, no blocked or ignored signal, a group of its own. */
static void test_child_inherits_nothing(void **state)
{
	(void)state;
	int status, leak = open("/dev/null", O_RDONLY); /* not close-on-exec, as a careless library would */
	sigset_t blocked, before;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	char *out = run_script("exec 3>&1; ls /proc/self/fd | wc -l; grep -E '^Sig(Blk|Ign)' /proc/self/status;"
	                       "read -r _ _ _ _ pgrp _ </proc/$$/stat; test $pgrp = $$ && echo group",
	                       (struct loop_spawn){.death_signal = SIGKILL}, &status);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leak);
	/* 0, 1, 2, the script's 3 and ls's own */
	assert_string_equal(out, "5\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\ngroup\n");
	free(out);
}

static int refuse(void *user)
{
	return *(int *)user;
}

static void test_child_prepare(void **state)
{
	(void)state;
	int status, answer = 1;
	char *out = run_script("echo ran", (struct loop_spawn){.prepare = refuse, .prepare_user = &answer}, &status);
	assert_string_equal(out, "");
	assert_int_equal(WEXITSTATUS(status), 126);
	free(out);
	answer = 0;
	out = run_script("echo ran", (struct loop_spawn){.prepare = refuse, .prepare_user = &answer}, &status);
	assert_string_equal(out, "ran\n");
	free(out);
}

static void test_child_cannot_start(void **state)
{
	(void)state;
	struct err err = {0};
	const char *const missing[] = {"no-such-program-of-onesdn", NULL}, *const folder[] = {"/tmp", NULL},
	                  *const sh[] = {"sh", NULL};
	struct loop_spawn spec = {.argv = missing, .fds = {-1, -1, -1}};
	assert_null(loop_spawn(loop, &spec, on_exit_of, NULL, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "no-such-program-of-onesdn"));
	spec.argv = folder;
	assert_null(loop_spawn(loop, &spec, on_exit_of, NULL, &err));
	assert_int_equal(err.code, ERR_DENIED);
	spec.argv = sh;
	spec.cwd = "/nonexistent";
	assert_null(loop_spawn(loop, &spec, on_exit_of, NULL, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nonexistent"));
	spec.cwd = NULL;
	spec.fds[0] = 999;
	assert_null(loop_spawn(loop, &spec, on_exit_of, NULL, &err));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and nothing is left to be reaped */
	assert_int_equal(errno, ECHILD);
}

/* Ours in each other's places: 0 gets 1, 1 gets 2, 2 gets 0. */
static void test_child_fds_crossed(void **state)
{
	(void)state;
	int saved[3], pipes[3][2];
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
	}
	fflush(NULL);
	for (int i = 0; i < 3; i++)
		dup2(pipes[i][1], i);
	const char *const argv[] = {"sh", "-c", "echo in >&0; echo out; echo err >&2", NULL};
	struct loop_spawn spec = {.argv = argv, .fds = {1, 2, 0}};
	struct end end = {0};
	struct loop_child *child = loop_spawn(loop, &spec, on_exit_of, &end, NULL);
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
		close(pipes[i][1]);
	}
	assert_non_null(child);
	static const char *const expected[] = {"err\n", "in\n", "out\n"};
	for (int i = 0; i < 3; i++) {
		struct str out = {0};
		read_all(pipes[i][0], &out);
		close(pipes[i][0]);
		assert_string_equal(str_text(&out), expected[i]);
		str_finish(&out);
	}
	wait_for(&end.done);
}

/* Waits without the loop until the pid is gone (not even a zombie), or fails. */
static void wait_gone(pid_t pid)
{
	bool is_late = false;
	struct loop_timer *deadline = loop_timer_create(loop, on_timeout, &is_late),
	                  *tick = loop_timer_create(loop, on_note, letter(""));
	loop_timer_start(deadline, DEADLINE_MS, 0);
	loop_timer_start(tick, 10, 10);
	while (kill(pid, 0) == 0 && !is_late)
		loop_turn(loop, true);
	loop_timer_destroy(deadline);
	loop_timer_destroy(tick);
	assert_false(is_late);
}

/* A line with a process id. */
static pid_t to_pid(char *line)
{
	int64_t pid = 0;
	line[strcspn(line, "\n")] = '\0';
	assert_true(text_to_int(line, 2, INT32_MAX, &pid));
	return (pid_t)pid;
}

static struct loop_child *spawn_stubborn(pid_t *grandchild, struct end *end)
{
	const char *const argv[] = {
	        "sh", "-c", "trap '' HUP TERM; sh -c 'trap \"\" HUP; echo $$; exec tail -f /dev/null' & wait", NULL};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	struct loop_spawn spec = {.argv = argv, .fds = {-1, ends[1], -1}};
	struct loop_child *child = loop_spawn(loop, &spec, on_exit_of, end, NULL);
	assert_non_null(child);
	close(ends[1]);
	char line[32] = "";
	assert_true(read(ends[0], line, sizeof line - 1) > 1);
	close(ends[0]);
	*grandchild = to_pid(line);
	return child;
}

/* HUP does nothing to them, so both fall to KILL when 2 s are over; destroying itself takes no time. */
static void test_destroy_kills(void **state)
{
	(void)state;
	pid_t grandchild;
	struct end end = {0};
	struct loop_child *child = spawn_stubborn(&grandchild, &end);
	pid_t pid = loop_child_pid(child);
	int64_t start = time_wall_ms();
	loop_child_destroy(child);
	assert_true(time_wall_ms() - start < 1000);
	loop_turn(loop, false);
	assert_int_equal(kill(pid, 0), 0);
	wait_gone(pid);
	assert_true(time_wall_ms() - start >= 1900);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	wait_gone(grandchild); /* its parent is now init, which reaps it soon */
	assert_int_equal(end.n, 0);
}

static void test_loop_destroy_kills_at_once(void **state)
{
	(void)state;
	pid_t grandchild;
	struct end end = {0};
	struct loop_child *child = spawn_stubborn(&grandchild, &end);
	pid_t pid = loop_child_pid(child);
	loop_child_destroy(child);
	int64_t start = time_wall_ms();
	tear_down(NULL);
	assert_true(time_wall_ms() - start < 1500);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(set_up(NULL), 0);
	wait_gone(grandchild);
	assert_int_equal(end.n, 0);
}

static void test_adopt(void **state)
{
	(void)state;
	struct end end = {0};
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	struct loop_child *child = loop_child_adopt(loop, pid, on_exit_of, &end, NULL);
	assert_non_null(child);
	assert_int_equal(loop_child_pid(child), pid);
	assert_int_equal(loop_child_pty(child), -1);
	loop_child_kill(child, SIGTERM); /* to it alone: it is in our group */
	wait_for(&end.done);
	assert_true(WIFSIGNALED(end.status));
	struct err err = {0};
	assert_null(loop_child_adopt(loop, pid, on_exit_of, &end, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* ---- terminals ---- */

struct pane {
	struct loop_fd *source;
	struct str text;
	struct end end;
	int master;
	bool is_asked, is_over;
};

static void on_pane(int events, void *user)
{
	(void)events;
	struct pane *pane = user;
	char piece[4096];
	ssize_t n = read(pane->master, piece, sizeof piece);
	if (n > 0) {
		str_append_n(&pane->text, piece, (size_t)n);
		if (!pane->is_asked &&
		    strstr(pane->text.data, "ready")) { /* earlier its echo could fall between the words */
			pane->is_asked = true;
			assert_int_equal(write(pane->master, "wört\r", 6), 6);
		}
		return;
	}
	assert_int_equal(errno, EIO); /* how a terminal says that its last user has left */
	loop_fd_set(pane->source, 0);
	pane->is_over = true;
}

static void on_pane_exit(struct loop_child *child, int status, void *user)
{
	(void)child;
	struct pane *pane = user;
	pane->end.status = status;
	pane->end.done = true;
}

static void test_pty(void **state)
{
	(void)state;
	const char *const argv[] = {
	        "sh", "-c",
	        "stty size; stty -a | tr ' ' '\\n' | grep -cE '^(iutf8|icanon|echo|isig|onlcr|opost)(;|$)';"
	        "tty >/dev/null && echo ready && read -r line && echo \"got $line\"; ps -o sid= -p $$ | tr -d ' '; echo $$",
	        NULL};
	struct loop_spawn spec = {.argv = argv, .pty = true, .rows = 33, .cols = 101};
	struct pane pane = {0};
	struct err err = {0};
	struct loop_child *child = loop_spawn(loop, &spec, on_pane_exit, &pane, &err);
	if (!child)
		fail_msg("%s", err.text);
	pane.master = loop_child_pty(child);
	assert_true(fcntl(pane.master, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(pane.master, F_GETFD) & FD_CLOEXEC);
	pane.source = loop_fd_create(loop, pane.master, LOOP_READ, on_pane, &pane);
	wait_for(&pane.end.done);
	wait_for(&pane.is_over);
	assert_int_equal(pane.end.status, 0);
	assert_non_null(strstr(pane.text.data, "33 101\r\n6\r\n"));
	assert_non_null(strstr(pane.text.data, "got wört\r\n"));
	char *last = strstr(pane.text.data, "got") + strlen("got wört\r\n");
	char *second = strstr(last, "\r\n") + 2;
	assert_true(second - last > 2);
	assert_memory_equal(last, second, (size_t)(second - last)); /* it leads its session */
	loop_fd_destroy(pane.source);
	loop_child_destroy(child);
	str_finish(&pane.text);
}

/* Destroyed while somebody reads from it: the terminal goes, and the shell with it. */
static void test_pty_destroyed(void **state)
{
	(void)state;
	const char *const argv[] = {"sh", "-c", "cat", NULL};
	struct loop_spawn spec = {.argv = argv, .pty = true};
	struct pane pane = {0};
	struct loop_child *child = loop_spawn(loop, &spec, on_pane_exit, &pane, NULL);
	assert_non_null(child);
	struct winsize size;
	assert_int_equal(ioctl(loop_child_pty(child), TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 24);
	assert_int_equal(size.ws_col, 80);
	loop_child_destroy(child);
	assert_false(pane.end.done);
}

/* ---- commands ---- */

struct answer {
	bool done;
	int status, n;
	char *out, *errors, *failure;
	struct loop_command *command;
};

static void on_result(const struct loop_result *result, void *user)
{
	struct answer *answer = user;
	answer->done = true;
	answer->n++;
	answer->status = result->status;
	answer->out = mem_strdup(result->out);
	answer->errors = mem_strdup(result->errors);
	answer->failure = mem_strdup(result->failure);
	loop_command_destroy(answer->command);
}

static void run_command(struct answer *answer, const char *script, const char *input, size_t max_size,
                        int64_t deadline_ms)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct loop_spawn spec = {.argv = argv, .fds = {7, 7, 7}};
	*answer = (struct answer){0};
	answer->command = loop_command_create(loop, &spec, input, max_size, deadline_ms, on_result, answer);
	assert_false(answer->done);
	wait_for(&answer->done);
	loop_turn(loop, false);
	assert_int_equal(answer->n, 1);
}

static void answer_finish(struct answer *answer)
{
	free(answer->out);
	free(answer->errors);
	free(answer->failure);
}

static void test_command(void **state)
{
	(void)state;
	struct answer answer;
	run_command(&answer, "read -r a; echo \"out $a\"; echo err >&2; exit 3", "word\nmore\n", 1000, DEADLINE_MS);
	assert_string_equal(answer.out, "out word\n");
	assert_string_equal(answer.errors, "err\n");
	assert_null(answer.failure);
	assert_int_equal(WEXITSTATUS(answer.status), 3);
	answer_finish(&answer);
}

static void test_command_large(void **state)
{
	(void)state;
	struct str input = {0};
	while (input.len < 3000000)
		str_append(&input, "0123456789abcdef");
	struct answer answer;
	run_command(&answer, "tee /dev/stderr", input.data, 1000000, DEADLINE_MS);
	assert_int_equal(answer.status, 0);
	assert_int_equal(strlen(answer.out), 1000000);
	assert_int_equal(strlen(answer.errors), 1000000);
	assert_memory_equal(answer.out, input.data, 1000000);
	answer_finish(&answer);
	run_command(&answer, "exit 0", input.data, 10, DEADLINE_MS); /* does not read its input */
	assert_int_equal(answer.status, 0);
	assert_string_equal(answer.out, "");
	answer_finish(&answer);
	str_finish(&input);
}

/* Something left behind that holds the pipe does not hold the answer. */
static void test_command_leaves_a_child(void **state)
{
	(void)state;
	struct answer answer;
	run_command(&answer, "tail -f /dev/null & echo $!", NULL, 1000, DEADLINE_MS);
	assert_int_equal(answer.status, 0);
	assert_int_equal(kill(to_pid(answer.out), SIGKILL), 0);
	answer_finish(&answer);
}

static void test_command_fails(void **state)
{
	(void)state;
	struct answer answer;
	run_command(&answer, "echo before; exec tail -f /dev/null", NULL, 1000, 100);
	assert_int_equal(answer.status, -1);
	assert_string_equal(answer.failure, "it did not end within 100 ms");
	answer_finish(&answer);
	const char *const argv[] = {"no-such-program-of-onesdn", NULL};
	struct loop_spawn spec = {.argv = argv};
	answer = (struct answer){0};
	answer.command = loop_command_create(loop, &spec, "x", 10, 0, on_result, &answer);
	assert_false(answer.done);
	wait_for(&answer.done);
	assert_int_equal(answer.status, -1);
	assert_non_null(strstr(answer.failure, "no-such-program-of-onesdn"));
	answer_finish(&answer);
}

static void test_command_destroyed(void **state)
{
	(void)state;
	const char *const argv[] = {"sh", "-c", "cat", NULL}, *const missing[] = {"no-such-program-of-onesdn", NULL};
	struct answer answer = {0};
	struct loop_spawn spec = {.argv = argv};
	loop_command_destroy(loop_command_create(loop, &spec, "text", 10, 1000, on_result, &answer));
	spec.argv = missing;
	loop_command_destroy(loop_command_create(loop, &spec, NULL, 10, 1000, on_result, &answer));
	loop_command_destroy(NULL);
	loop_turn(loop, false);
	assert_int_equal(answer.n, 0);
}

static int n_results;

static void on_count(const struct loop_result *result, void *user)
{
	assert_null(result->failure);
	assert_string_equal(result->out, "x\n");
	*(bool *)user = ++n_results == 20;
}

/* Twenty at once, and no descriptor is left open after them. */
static void test_commands_leave_no_descriptor(void **state)
{
	(void)state;
	struct loop_command *commands[20];
	const char *const argv[] = {"echo", "x", NULL};
	struct loop_spawn spec = {.argv = argv};
	bool done = false;
	int before = dup(2);
	n_results = 0;
	for (int i = 0; i < 20; i++)
		commands[i] = loop_command_create(loop, &spec, NULL, 100, DEADLINE_MS, on_count, &done);
	wait_for(&done);
	for (int i = 0; i < 20; i++)
		loop_command_destroy(commands[i]);
	loop_turn(loop, false);
	close(before);
	int after = dup(2);
	assert_int_equal(after, before);
	close(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_posts),
	        TEST(test_posts_forever),
	        TEST(test_hook_may_post),
	        TEST(test_stop),
	        TEST(test_timers_in_order),
	        TEST(test_timer_repeats_and_destroys_itself),
	        TEST(test_timer_of_zero),
	        TEST(test_sleeps),
	        TEST(test_fd),
	        TEST(test_fd_error_stays),
	        TEST(test_fd_of_file),
	        TEST(test_fd_destroyed_in_callback),
	        TEST(test_one_time_a_turn),
	        TEST(test_signal),
	        TEST(test_child),
	        TEST(test_child_inherits_nothing),
	        TEST(test_child_prepare),
	        TEST(test_child_cannot_start),
	        TEST(test_child_fds_crossed),
	        TEST(test_destroy_kills),
	        TEST(test_loop_destroy_kills_at_once),
	        TEST(test_adopt),
	        TEST(test_pty),
	        TEST(test_pty_destroyed),
	        TEST(test_command),
	        TEST(test_command_large),
	        TEST(test_command_leaves_a_child),
	        TEST(test_command_fails),
	        TEST(test_command_destroyed),
	        TEST(test_commands_leave_no_descriptor),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
