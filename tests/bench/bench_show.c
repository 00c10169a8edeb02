/* bench_show: what the full screen costs and how soon it shows what has happened, on a lab of its own. Prints one line a
 * measure: name, value, unit, bar. The program runs on the pty of a `term`, as in tests/pty.
 *
 * usage: bench_show [IDLE_SECONDS]   (20) */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "onesdn/kube.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"

enum { STARTS = 9, EVENTS = 10, KEYS = 20, DEADLINE_MS = 60000 };

static struct loop *loop;
static struct term *term;
static size_t n_bytes;
static double printed_at, event_at; /* ms */
static bool has_ended, is_late;
static char dir[64], *onesdn;

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void on_output(struct term *of, const char *bytes, size_t size, void *user)
{
	(void)of, (void)bytes, (void)user;
	n_bytes += size;
	printed_at = now_ms();
}

static void on_dirty(struct term *of, void *user)
{
	(void)user;
	term_clean(of);
}

static void on_exit_of(struct term *of, int status, void *user)
{
	(void)of, (void)status, (void)user;
	has_ended = true;
}

static void on_deadline(void *user)
{
	(void)user;
	is_late = true;
}

static _Noreturn void give_up(const char *what)
{
	struct str screen = {0};
	if (term)
		term_text(term, 0, 31, 1 << 16, &screen);
	fprintf(stderr, "bench_show: %s\n%s\n", what, str_text(&screen));
	exit(1);
}

static bool shows(const char *text)
{
	int rows, cols;
	struct str out = {0};
	term_size(term, &rows, &cols);
	term_text(term, 0, rows - 1, 1 << 20, &out);
	bool found = strstr(str_text(&out), text) != NULL;
	str_finish(&out);
	return found;
}

/* Turns the loop until the text is there, or gone. */
static void await(const char *text, bool there)
{
	struct loop_timer *timer = loop_timer_create(loop, on_deadline, NULL);
	is_late = false;
	loop_timer_start(timer, DEADLINE_MS, 0);
	while (shows(text) != there) {
		if (is_late || has_ended)
			give_up(text);
		loop_turn(loop, true);
	}
	loop_timer_destroy(timer);
}

static void turn_for(int ms)
{
	struct loop_timer *timer = loop_timer_create(loop, on_deadline, NULL);
	is_late = false;
	loop_timer_start(timer, ms, 0);
	while (!is_late)
		loop_turn(loop, true);
	loop_timer_destroy(timer);
}

static void start(void)
{
	struct err err;
	const char *const argv[] = {onesdn, "show", "overlay", NULL};
	struct term_options options = {.rows = 32,
	                               .cols = 100,
	                               .events = {.on_output = on_output, .on_dirty = on_dirty, .on_exit = on_exit_of}};
	has_ended = false;
	term = term_create(loop, &options);
	if (!term_start(term, argv, NULL, NULL, &err))
		give_up(err.text);
}

static void stop(void)
{
	term_kill(term, SIGTERM);
	while (!has_ended)
		loop_turn(loop, true);
	term_destroy(term);
	term = NULL;
}

static void on_result(const struct loop_result *result, void *user)
{
	if (result->status != 0)
		give_up(result->failure ? result->failure : result->errors);
	*(bool *)user = true;
}

static void run(const char *command)
{
	bool is_done = false;
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct loop_spawn spec = {.argv = argv};
	struct loop_command *running =
	        loop_command_create(loop, &spec, NULL, 1 << 16, DEADLINE_MS, on_result, &is_done);
	while (!is_done)
		loop_turn(loop, true);
	loop_command_destroy(running);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(const char *name, double *values, int n, double bar)
{
	qsort(values, (size_t)n, sizeof *values, by_value);
	printf("%-46s %8.2f ms   worst %8.2f ms   bar %.0f ms\n", name, values[n / 2], values[n - 1], bar);
	fflush(stdout);
}

/* ---- the measures ---- */
static void measure_starts(void)
{
	double took[STARTS];
	for (int i = 0; i < STARTS; i++) {
		double begun = now_ms();
		start();
		await("? help", true);
		took[i] = printed_at - begun;
		stop();
	}
	report("start to first painted frame, lab up", took, STARTS, 100);
}

static pid_t pid_of_program(void)
{
	char path[96];
	struct str text = {0};
	pid_t found = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	if (file_read(path, 4096, &text, NULL))
		found = (pid_t)strtol(str_text(&text), NULL, 10);
	str_finish(&text);
	return found;
}

static double cpu_ms(pid_t pid)
{
	char path[64];
	struct str text = {0};
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	double ms = file_read(path, 4096, &text, NULL) ? strtod(str_text(&text), NULL) / 1e6 : -1;
	str_finish(&text);
	return ms;
}

static void measure_idle(int seconds)
{
	pid_t pid = pid_of_program();
	turn_for(2000);
	size_t bytes = n_bytes;
	double cpu = cpu_ms(pid);
	turn_for(seconds * 1000);
	char name[64];
	snprintf(name, sizeof name, "nothing happens for %d s", seconds);
	printf("%-46s %8zu bytes %21.3f ms CPU   bar 0 bytes\n", name, n_bytes - bytes, cpu_ms(pid) - cpu);
	fflush(stdout);
}

static void on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                      void *user)
{
	(void)kube, (void)kind, (void)user;
	if (change != KUBE_MODIFIED && text_equal(kube_name(object), "tenantblue"))
		event_at = now_ms();
}

static void measure_events(void)
{
	double took[EVENTS];
	char *socket = mem_printf("%s/onesdn/lab/api.sock", dir);
	struct kube_options options = {.socket = socket, .events = {.on_change = on_change}};
	struct kube *kube = kube_create(loop, &options);
	kube_watch(kube, 1u << KUBE_NAMESPACE, NULL);
	while (kube_state(kube) != KUBE_LIVE)
		loop_turn(loop, true);
	for (int i = 0; i < EVENTS; i++) {
		char command[256];
		bool is_new = i % 2 == 0;
		event_at = 0;
		snprintf(command, sizeof command, "KUBECONFIG=%s/onesdn/lab/kubeconfig kubectl %s namespace tenantblue",
		         dir, is_new ? "create" : "delete");
		run(command);
		await("╭─ tenantblue", is_new);
		while (event_at == 0)
			loop_turn(loop, true);
		took[i] = printed_at > event_at ? printed_at - event_at : 0; /* it may be on the screen first */
		turn_for(200);
	}
	kube_destroy(kube);
	free(socket);
	report("an event of the cluster to the screen", took, EVENTS, 100);
}

static void measure_keys(void)
{
	double took[KEYS];
	term_write(term, "i", 1);
	await("TERMINAL", true);
	term_write(term, "yes flooding\r", 13);
	await("│ flooding", true);
	term_write(term, "\033[24~", 5);
	await("STAGE", true);
	for (int i = 0; i < KEYS; i++) {
		double begun = now_ms();
		term_write(term, "f", 1);
		await("PORT", i % 2 == 0);
		took[i] = now_ms() - begun;
		turn_for(50);
	}
	report("a key answered while the pane floods", took, KEYS, 20);
}

int main(int argc, char **argv)
{
	int64_t seconds = 20;
	struct err err;
	if (argc > 1)
		text_to_int(argv[1], 1, 600, &seconds);
	snprintf(dir, sizeof dir, "/tmp/onesdn-bench-XXXXXX");
	if (!mkdtemp(dir))
		give_up("no directory");
	setenv("XDG_RUNTIME_DIR", dir, 1);
	onesdn = path_self("onesdn");
	loop = loop_create(&err);
	char *up = mem_printf("%s lab up", onesdn), *down = mem_printf("%s lab down; rm -rf %s", onesdn, dir);
	run(up);
	measure_starts();
	start();
	await("LIVE", true);
	measure_idle((int)seconds);
	measure_events();
	measure_keys();
	stop();
	run(down);
	loop_destroy(loop);
	free(up);
	free(down);
	free(onesdn);
	return 0;
}
