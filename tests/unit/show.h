/* A show for tests of the engine: an act in a folder of its own, its shells real, its cluster fed object by object; and waiting for
 * what it is to come to. A test program includes this once, after cmocka.h; not each uses all of it. */
#ifndef TESTS_UNIT_SHOW_H
#define TESTS_UNIT_SHOW_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onesdn/play.h"

enum {
	PATIENCE_MS = 60000
}; /* a deadline, not a wait */

static struct show {
	char dir[32];
	struct loop *loop;
	struct kube *kube;
	struct play *play;
	struct loop_timer *alarm;
	bool is_late;
	struct str states;       /* "0:2 0:3 ...": stage and state as they came */
	char *(*screen)(void);   /* what stands in the panes, the caller's to free; a test sets it */
} show = {.dir = "/tmp/onesdn-show-XXXXXX"};

/* ---- its folder ---- */

static inline char *show_path(const char *name)
{
	return mem_printf("%s/%s", show.dir, name);
}

static inline void show_write(const char *name, const char *text, unsigned mode)
{
	char *path = show_path(name);
	assert_true(file_write(path, text, strlen(text), mode, NULL));
	free(path);
}

static inline void show_unlink(const char *name)
{
	char *path = show_path(name);
	unlink(path);
	free(path);
}

static inline bool show_has_file(const char *name)
{
	char *path = show_path(name);
	bool is_there = access(path, F_OK) == 0;
	free(path);
	return is_there;
}

/* Also the runtime directory, and what the acts promise. 0, or -1. */
static inline int show_make_folder(const char *objects)
{
	if (!mkdtemp(show.dir) || chmod(show.dir, 0700) != 0 || setenv("XDG_RUNTIME_DIR", show.dir, 1) != 0 ||
	    unsetenv("NO_COLOR") != 0)
		return -1;
	show_write("objects.yaml", objects, 0600);
	return 0;
}

/* What the tests themselves wrote must be gone: something else that is left is a failure. */
static inline int show_remove_folder(void)
{
	show_unlink("objects.yaml");
	show_unlink("t.scenario.yaml");
	char *left = mem_printf("%s/onesdn", show.dir);
	rmdir(left);
	free(left);
	return rmdir(show.dir);
}

/* ---- itself ---- */

static inline void show_on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                                  void *user)
{
	(void)kube, (void)change, (void)kind, (void)object, (void)user;
	if (show.play)
		play_cluster_changed(show.play);
}

static inline void show_on_stage(struct play *play, size_t stage, enum play_state state, void *user)
{
	(void)play, (void)user;
	str_append_f(&show.states, "%zu:%d ", stage, (int)state);
}

static inline void show_on_alarm(void *user)
{
	(void)user;
	show.is_late = true;
}

/* An act of `head` and `stages`; in the options, what a test wants otherwise. */
static inline void show_open(const char *head, const char *stages, struct play_options options)
{
	struct err err = {0};
	char *text = mem_printf("%s%s", head, stages), *path = show_path("t.scenario.yaml");
	show_write("t.scenario.yaml", text, 0600);
	show.loop = loop_create(&err);
	show.alarm = loop_timer_create(show.loop, show_on_alarm, NULL);
	show.kube = kube_create(show.loop, &(struct kube_options){.offline = true, .events = {.on_change = show_on_change}});
	options.loop = show.loop;
	options.kube = show.kube;
	options.act = scenario_load(path, "lab", &err);
	if (!options.act)
		fail_msg("%s", err.text);
	options.offline = true;
	options.rows = 24;
	options.cols = options.cols ? options.cols : 80;
	options.events.on_stage = show_on_stage;
	show.play = play_create(&options, &err);
	if (!show.play)
		fail_msg("%s", err.text);
	free(text);
	free(path);
}

static inline void show_close(void)
{
	play_destroy(show.play);
	kube_destroy(show.kube);
	loop_timer_destroy(show.alarm);
	loop_destroy(show.loop);
	show.play = NULL;
	show.kube = NULL;
	show.alarm = NULL;
	show.loop = NULL;
	str_finish(&show.states);
}

/* For a test's tear-down: what a test that failed left open. */
static inline int show_close_left(void **state)
{
	(void)state;
	if (show.loop)
		show_close();
	return 0;
}

/* One object as JSON. */
static inline void show_feed(const char *object)
{
	struct err err = {0};
	if (!kube_feed_list(show.kube, object, strlen(object), "fed", &err))
		fail_msg("%s", err.text);
}

/* ---- waiting ---- */

typedef bool condition_fn(const void *what);

static inline void wait_until(condition_fn *condition, const void *what, const char *words)
{
	show.is_late = false;
	loop_timer_start(show.alarm, PATIENCE_MS, 0);
	while (!condition(what) && !show.is_late)
		loop_turn(show.loop, true);
	loop_timer_stop(show.alarm);
	if (show.is_late) {
		char *text = show.screen ? show.screen() : NULL;
		print_error("waited in vain for %s\nmessage: %s\nfailure: %s\nstates: %s\nscreen:\n%s\n", words,
		            play_message(show.play), play_failure(show.play), str_text(&show.states), text ? text : "");
		free(text);
		fail();
	}
}

static inline bool is_state(const void *what)
{
	return play_stage_state(show.play, play_stage(show.play)) == *(const enum play_state *)what;
}

static inline void wait_state(enum play_state state)
{
	static const char *const names[] = {"PENDING", "SHOWN", "RUNNING", "CHECKING", "DONE", "FAILED", "SKIPPED"};
	wait_until(is_state, &state, names[state]);
}

static inline bool screen_has(const void *what)
{
	char *text = show.screen();
	bool has = strstr(text, what) != NULL;
	free(text);
	return has;
}

static inline void wait_screen(const char *text)
{
	wait_until(screen_has, text, text);
}

static inline bool message_has(const void *what)
{
	return strstr(play_message(show.play), what) != NULL;
}

static inline void wait_message(const char *text)
{
	wait_until(message_has, text, text);
}

/* Shows and runs the stage in view. */
static inline void perform(enum play_state until)
{
	play_next(show.play);
	wait_message("Space "); /* once it is typed */
	play_next(show.play);
	wait_state(until);
}

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static inline void assert_no(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in \"%s\"", part, text);
}

#endif
