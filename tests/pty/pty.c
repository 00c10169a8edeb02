/* pty: the harness. The program runs on the pty of a `term` of ours, which is also what reads its screen. */
#include "pty.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static const char *const dir_names[] = {"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"};

void pty_tour_offered(bool is_offered)
{
	char path[160];
	snprintf(path, sizeof path, "%s/XDG_STATE_HOME/onesdn", dir);
	mkdir(path, 0700);
	strncat(path, "/tour-offered", sizeof path - strlen(path) - 1);
	FILE *file = is_offered ? fopen(path, "we") : NULL;
	if (file)
		fclose(file);
	if (!is_offered)
		unlink(path);
}

void pty_make_dirs(void)
{
	snprintf(dir, sizeof dir, "/tmp/onesdn-pty-XXXXXX");
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof dir_names / sizeof *dir_names; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", dir, dir_names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		setenv(dir_names[i], path, 1);
	}
	pty_tour_offered(true);
}

const char *pty_dir(void)
{
	return dir;
}

void pty_finish_dirs(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

char *pty_program(const char *name)
{
	return path_self(name); /* beside our build, or the bare name */
}

/* ---- events ---- */
static void on_output(struct term *term, const char *bytes, size_t size, void *user)
{
	(void)term, (void)bytes;
	((struct pty *)user)->n_bytes += size;
}

static void on_dirty(struct term *term, void *user)
{
	(void)user;
	term_clean(term);
}

static void on_exit_of(struct term *term, int status, void *user)
{
	(void)term;
	struct pty *pty = user;
	pty->has_ended = true;
	pty->status = status;
}

/* The last of our children in the kernel's list. */
static long newest_child(void)
{
	char path[64];
	struct str text = {0};
	long pid = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	if (!file_read(path, 1 << 16, &text, NULL))
		fail_msg("%s cannot be read", path);
	for (const char *at = str_text(&text); *at; at += strcspn(at, " "), at += strspn(at, " "))
		pid = strtol(at, NULL, 10);
	str_finish(&text);
	return pid;
}

void pty_start(struct pty *pty, int cols, int rows, const char *const *argv, const char *const *env)
{
	struct err err;
	*pty = (struct pty){.loop = loop_create(&err)};
	assert_non_null(pty->loop);
	struct term_options options = {
	        .rows = rows,
	        .cols = cols,
	        .user = pty,
	        .events = {.on_dirty = on_dirty, .on_output = on_output, .on_exit = on_exit_of},
	};
	pty->term = term_create(pty->loop, &options);
	if (!term_start(pty->term, argv, env, NULL, &err))
		fail_msg("%s", err.text);
	pty->pid = newest_child();
}

/* ---- waiting ---- */
static void on_deadline(void *user)
{
	*(bool *)user = true;
}

bool pty_wait(struct pty *pty, int ms, pty_holds_fn *holds, void *user)
{
	bool is_late = false, is_held;
	struct loop_timer *timer = loop_timer_create(pty->loop, on_deadline, &is_late);
	loop_timer_start(timer, ms, 0);
	while (!(is_held = holds(pty, user)) && !is_late)
		loop_turn(pty->loop, true);
	loop_timer_destroy(timer);
	return is_held;
}

char *pty_screen(struct pty *pty)
{
	int rows, cols;
	struct str out = {0};
	term_size(pty->term, &rows, &cols);
	struct canvas *canvas = canvas_create(cols, rows);
	term_paint(pty->term, canvas, (struct rect){0, 0, cols, rows}, 0, true);
	canvas_text(canvas, &out);
	canvas_destroy(canvas);
	return str_take(&out);
}

bool pty_has(struct pty *pty, const char *text)
{
	char *screen = pty_screen(pty);
	bool has = strstr(screen, text) != NULL;
	free(screen);
	return has;
}

static bool has_all(struct pty *pty, void *user)
{
	for (const char *const *text = user; *text; text++)
		if (!pty_has(pty, *text))
			return false;
	return true;
}

static void show_and_fail(struct pty *pty, const char *what, const char *text, int ms)
{
	char *screen = pty_screen(pty);
	fprintf(stderr, "%s within %d ms: %s\n%s\n%s", what, ms, text, screen,
	        pty->has_ended ? "(the program has ended)\n" : "");
	free(screen);
	fail();
}

void pty_expect_all(struct pty *pty, int ms, const char *const *texts)
{
	if (pty_wait(pty, ms, has_all, (void *)(uintptr_t)texts))
		return;
	for (; *texts; texts++)
		if (!pty_has(pty, *texts))
			show_and_fail(pty, "not on the screen", *texts, ms);
}

static bool has_not(struct pty *pty, void *user)
{
	return !pty_has(pty, user);
}

void pty_expect_gone(struct pty *pty, int ms, const char *text)
{
	if (!pty_wait(pty, ms, has_not, (void *)(uintptr_t)text))
		show_and_fail(pty, "still on the screen", text, ms);
}

static bool has_ended(struct pty *pty, void *user)
{
	(void)user;
	return pty->has_ended;
}

int pty_expect_end(struct pty *pty, int ms)
{
	if (!pty_wait(pty, ms, has_ended, NULL))
		show_and_fail(pty, "still running", "", ms);
	return pty->status;
}

struct quiet {
	size_t n_bytes;
	int64_t since, quiet_ms;
};

static bool is_quiet(struct pty *pty, void *user)
{
	struct quiet *quiet = user;
	if (quiet->n_bytes != pty->n_bytes) {
		quiet->n_bytes = pty->n_bytes;
		quiet->since = loop_now(pty->loop);
	}
	return loop_now(pty->loop) - quiet->since >= quiet->quiet_ms;
}

void pty_settle(struct pty *pty, int quiet_ms, int ms)
{
	struct quiet quiet = {pty->n_bytes, loop_now(pty->loop), quiet_ms};
	bool is_over = false;
	struct loop_timer *timer = loop_timer_create(pty->loop, on_deadline, &is_over);
	loop_timer_start(timer, 20, 20); /* so that the clock is looked at */
	bool is_settled = pty_wait(pty, ms, is_quiet, &quiet);
	loop_timer_destroy(timer);
	if (!is_settled)
		show_and_fail(pty, "never quiet", "", ms);
}

/* How often it has slept of its own accord: once a wake-up. */
static long sleeps_of(const struct pty *pty)
{
	char path[64];
	struct str text = {0};
	snprintf(path, sizeof path, "/proc/%ld/status", pty->pid);
	bool is_read = file_read(path, 1 << 16, &text, NULL);
	const char *line = is_read ? strstr(str_text(&text), "\nvoluntary_ctxt_switches:") : NULL;
	long n = line ? strtol(line + 25, NULL, 10) : -1;
	str_finish(&text);
	assert_true(n >= 0);
	return n;
}

static bool never(struct pty *pty, void *user)
{
	(void)pty, (void)user;
	return false;
}

void pty_expect_idle(struct pty *pty, int window_ms, int ms)
{
	pty_expect_calm(pty, window_ms, 0, ms);
}

void pty_expect_calm(struct pty *pty, int window_ms, long sleeps_max, int ms)
{
	char what[80] = "";
	for (int64_t end = loop_now(pty->loop) + ms; loop_now(pty->loop) < end;) {
		size_t bytes = pty->n_bytes;
		long sleeps = sleeps_of(pty);
		pty_wait(pty, window_ms, never, NULL);
		bytes = pty->n_bytes - bytes;
		sleeps = sleeps_of(pty) - sleeps;
		if (bytes == 0 && sleeps <= sleeps_max)
			return;
		snprintf(what, sizeof what, "at last %zu bytes, %ld wake-ups in %d ms", bytes, sleeps, window_ms);
	}
	show_and_fail(pty, "not idle", what, ms);
}

/* ---- what a person does ---- */
void pty_type(struct pty *pty, const char *bytes)
{
	term_write(pty->term, bytes, strlen(bytes));
}

void pty_resize(struct pty *pty, int cols, int rows)
{
	term_resize(pty->term, rows, cols);
}

void pty_end(struct pty *pty)
{
	if (!pty->term)
		return;
	if (!pty->has_ended) {
		term_kill(pty->term, SIGTERM);
		pty_wait(pty, 5000, has_ended, NULL);
	}
	if (!pty->has_ended) {
		term_kill(pty->term, SIGKILL);
		pty_wait(pty, 5000, has_ended, NULL);
	}
	term_destroy(pty->term);
	loop_destroy(pty->loop);
	*pty = (struct pty){0};
}

/* ---- beside it ---- */
struct beside {
	bool is_done;
	int status;
	struct str *out;
};

static void on_result(const struct loop_result *result, void *user)
{
	struct beside *beside = user;
	beside->is_done = true;
	beside->status = result->status >= 0 && WIFEXITED(result->status) ? WEXITSTATUS(result->status) : -1;
	if (beside->out) {
		str_append(beside->out, result->out);
		str_append(beside->out, result->errors);
		str_append(beside->out, result->failure ? result->failure : "");
	}
}

static bool is_beside_done(struct pty *pty, void *user)
{
	(void)pty;
	return ((struct beside *)user)->is_done;
}

int pty_run(struct pty *pty, int ms, struct str *out, const char *const *argv)
{
	struct beside beside = {.status = -1, .out = out};
	struct loop_spawn spec = {.argv = argv};
	struct loop_command *command = loop_command_create(pty->loop, &spec, NULL, 1 << 20, ms, on_result, &beside);
	pty_wait(pty, ms + 5000, is_beside_done, &beside);
	loop_command_destroy(command);
	return beside.status;
}
