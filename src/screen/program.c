/* program: a program that is one picture on the whole screen: the canvas, when it is painted, how it looks, what ends it. Above
 * screen.c, which only knows how a picture comes to the terminal. The show has more to look after (ui/live.c). */
#include <signal.h>
#include <stdlib.h>

#include "onesdn/screen.h"

enum { FRAME_MS = 16, N_SIGNALS = 3 };

struct screen_program {
	struct screen_program_options with;
	char *title, *theme;
	struct loop *loop;
	struct screen *screen;
	struct canvas *canvas;
	struct canvas_look looks[ROLE_COUNT];
	struct loop_timer *timer; /* the next frame, or when the picture is another one by itself */
	struct loop_signal *signals[N_SIGNALS];
	bool is_dirty;
	int64_t painted_at;
	int signum; /* that ended it */
};

struct loop *screen_program_loop(const struct screen_program *program)
{
	return program->loop;
}

struct screen *screen_program_screen(const struct screen_program *program)
{
	return program->screen;
}

struct canvas *screen_program_canvas(const struct screen_program *program)
{
	return program->canvas;
}

void screen_program_touch(struct screen_program *program)
{
	program->is_dirty = true;
}

/* ---- painting ---- */
static void paint(struct screen_program *program)
{
	int64_t wait = program->with.paint(program->canvas, program->with.user);
	screen_flush(program->screen, program->canvas, program->looks);
	program->is_dirty = false;
	program->painted_at = loop_now(program->loop);
	if (wait >= 0)
		loop_timer_start(program->timer, wait < FRAME_MS ? FRAME_MS : wait, 0);
	else
		loop_timer_stop(program->timer);
}

static void paint_if_due(void *user)
{
	struct screen_program *program = user;
	if (!program->is_dirty || !screen_is_ready(program->screen) ||
	    (program->with.is_held && program->with.is_held(program->with.user)))
		return;
	int64_t since = loop_now(program->loop) - program->painted_at;
	if (since >= FRAME_MS)
		paint(program);
	else
		loop_timer_start(program->timer, FRAME_MS - since, 0);
}

static void touch(void *user)
{
	screen_program_touch(user);
}

/* False: there is none of the name that was asked for. Where nobody asked, the terminal's own colours do without one. */
static bool use_theme(struct screen_program *program, struct err *err)
{
	const char *asked = program->theme, *name = asked ? asked : screen_is_light(program->screen) ? "light" : "dark";
	return theme_load(name, screen_depth(program->screen), program->looks, asked ? err : NULL) || !asked;
}

/* ---- what the terminal sends ---- */
static void on_input(const struct input_event *event, void *user)
{
	struct screen_program *program = user;
	program->with.on_input(event, program->with.user);
}

static void make_canvas(struct screen_program *program)
{
	int rows, cols;
	screen_size(program->screen, &rows, &cols);
	canvas_destroy(program->canvas);
	program->canvas = canvas_create(cols, rows);
	program->canvas->ascii = program->with.ascii || screen_is_ascii(program->screen);
	screen_program_touch(program);
}

static void on_resize(int rows, int cols, void *user)
{
	struct screen_program *program = user;
	make_canvas(program);
	if (program->with.on_resize)
		program->with.on_resize(rows, cols, program->with.user);
}

static void on_colors(uint32_t fg, uint32_t bg, void *user)
{
	struct screen_program *program = user;
	if (!program->theme && program->with.paint) {
		use_theme(program, NULL);
		screen_program_touch(program);
	}
	if (program->with.on_colors)
		program->with.on_colors(fg, bg, program->with.user);
}

static void on_signal(int signum, void *user)
{
	struct screen_program *program = user;
	program->signum = signum;
	loop_stop(program->loop);
}

static void on_gone(void *user)
{
	on_signal(SIGHUP, user);
}

/* ---- from beginning to end ---- */
static bool open_screen(struct screen_program *program, struct err *err)
{
	static const struct screen_events events = {
	        .on_input = on_input,
	        .on_resize = on_resize,
	        .on_colors = on_colors,
	        .on_gone = on_gone,
	        .on_ready = touch,
	};
	program->screen = screen_create(program->loop, &events, program, err);
	if (!program->screen)
		return false;
	make_canvas(program);
	if (program->title)
		screen_set_title(program->screen, program->title);
	return true;
}

static void suspend(void *user)
{
	struct screen_program *program = user;
	struct err err;
	screen_destroy(program->screen);
	program->screen = NULL;
	screen_stop_process();
	if (!open_screen(program, &err))
		base_abort("%s", err.text);
	int rows, cols;
	screen_size(program->screen, &rows, &cols);
	if (program->with.on_resize) /* a stopped program is not told that its terminal is of another size */
		program->with.on_resize(rows, cols, program->with.user);
}

void screen_program_suspend(struct screen_program *program)
{
	loop_unpost(program->loop, program);
	loop_post(program->loop, suspend, program); /* not inside the screen's own callback */
}

struct screen_program *screen_program_create(const struct screen_program_options *options, struct err *err)
{
	static const int signums[N_SIGNALS] = {SIGTERM, SIGHUP, SIGINT};
	struct screen_program *program = mem_alloc(sizeof *program);
	program->with = *options;
	program->title = options->title ? mem_strdup(options->title) : NULL;
	program->theme = options->theme ? mem_strdup(options->theme) : NULL;
	program->loop = loop_create(err);
	if (!program->loop || !open_screen(program, err) || (options->paint && !use_theme(program, err))) {
		screen_program_destroy(program);
		return NULL;
	}
	program->timer = loop_timer_create(program->loop, touch, program);
	program->painted_at = loop_now(program->loop) - FRAME_MS;
	for (size_t i = 0; i < N_SIGNALS; i++)
		program->signals[i] = loop_signal_create(program->loop, signums[i], on_signal, program);
	if (options->paint)
		loop_on_sleep(program->loop, paint_if_due, program);
	return program;
}

int screen_program_run(struct screen_program *program)
{
	program->signum = 0;
	loop_run(program->loop);
	return program->signum;
}

void screen_program_destroy(struct screen_program *program)
{
	if (!program)
		return;
	if (program->loop) {
		loop_on_sleep(program->loop, NULL, NULL);
		loop_unpost(program->loop, program);
	}
	for (size_t i = 0; i < N_SIGNALS; i++)
		loop_signal_destroy(program->signals[i]);
	loop_timer_destroy(program->timer);
	screen_destroy(program->screen);
	canvas_destroy(program->canvas);
	if (program->loop)
		loop_destroy(program->loop);
	free(program->title);
	free(program->theme);
	free(program);
}
