/* player: keys to the machine, the machine's pane to the screen. Painted when something changed, and once a second for the time;
 * paused, it sleeps. */
#include "player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/input.h"

enum { MS_US = 1000, PAN_COLS = 8, PAN_ROWS = 4 };
#define SECOND_US ((int64_t)1000000)

static struct cast_player *machine(struct player *player)
{
	return reel_player(player->reel);
}

/* ---- what keys do: each row of the table has a function and a number for it ---- */

static void do_pause(struct player *player, int ignored)
{
	(void)ignored;
	cast_player_pause(machine(player), reel_now(player->reel), !cast_player_is_paused(machine(player)));
}

static void do_frame(struct player *player, int step)
{
	if (!cast_player_frame(machine(player), reel_now(player->reel), step))
		snprintf(player->note, sizeof player->note, "the %s frame", step > 0 ? "last" : "first");
}

static void do_marker(struct player *player, int step)
{
	if (!cast_player_marker(machine(player), reel_now(player->reel), step) && step > 0)
		snprintf(player->note, sizeof player->note, "no marker after this");
}

static void go_to(struct player *player, int64_t at_us)
{
	cast_player_seek(machine(player), reel_now(player->reel), at_us);
}

static void do_skip(struct player *player, int seconds)
{
	go_to(player, cast_player_time(machine(player), reel_now(player->reel)) + seconds * SECOND_US);
}

static void do_tenths(struct player *player, int step)
{
	go_to(player,
	      cast_player_time(machine(player), reel_now(player->reel)) + player->cast->duration_us / 10 * step);
}

static void do_jump(struct player *player, int tenths)
{
	go_to(player, tenths == 10 ? player->cast->duration_us : player->cast->duration_us / 10 * tenths);
}

static void do_speed(struct player *player, int step)
{
	static const double speeds[] = {0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 16, 32};
	enum { N = sizeof speeds / sizeof *speeds };
	double speed = cast_player_speed(machine(player)), next = speed;
	if (step > 0) {
		for (int i = N - 1; i >= 0; i--)
			next = speeds[i] > speed ? speeds[i] : next;
	} else {
		for (int i = 0; i < N; i++)
			next = speeds[i] < speed ? speeds[i] : next;
	}
	cast_player_set_speed(machine(player), reel_now(player->reel), next);
}

static void do_pan_x(struct player *player, int step)
{
	player->pan_x += step * PAN_COLS;
	player->has_panned = true;
}

static void do_pan_y(struct player *player, int step)
{
	player->pan_y += step * PAN_ROWS;
	player->has_panned = true;
}

static void do_status(struct player *player, int ignored)
{
	(void)ignored;
	player->hides_status = !player->hides_status;
}

static void do_help(struct player *player, int ignored)
{
	(void)ignored;
	player->shows_help = !player->shows_help;
}

static void do_redraw(struct player *player, int ignored)
{
	(void)ignored;
	screen_redraw(screen_program_screen(player->program));
}

static void do_quit(struct player *player, int ignored)
{
	(void)ignored;
	if (player->shows_help)
		player->shows_help = false;
	else
		loop_stop(screen_program_loop(player->program));
}

static void do_close(struct player *player, int ignored)
{
	(void)ignored;
	player->shows_help = false;
}

static void do_suspend(struct player *player, int ignored)
{
	(void)ignored;
	cast_player_pause(machine(player), reel_now(player->reel), true);
	screen_program_suspend(player->program);
}

static const struct key {
	const char *keys; /* as input_key_is_one takes them */
	void (*run)(struct player *player, int number);
	int number;
	const char *sign, *help; /* NULL: another row tells it */
} table[] = {
        {"space enter", do_pause, 0, "Space", "pause, go on; at the end: again"},
        {".", do_frame, 1, ". ,", "one frame forward, back"},
        {",", do_frame, -1, NULL, NULL},
        {"] pagedown", do_marker, 1, "] [", "next, previous marker (PgDn PgUp)"},
        {"[ pageup", do_marker, -1, NULL, NULL},
        {"right", do_skip, 5, "→ ←", "5 seconds forward, back"},
        {"left", do_skip, -5, NULL, NULL},
        {"shift-right", do_tenths, 1, "Shift-→ ←", "a tenth of it forward, back"},
        {"shift-left", do_tenths, -1, NULL, NULL},
        {"up", do_skip, 60, "↑ ↓", "a minute forward, back"},
        {"down", do_skip, -60, NULL, NULL},
        {"> + =", do_speed, 1, "> <", "faster, slower (+ -)"},
        {"< -", do_speed, -1, NULL, NULL},
        {"0 home", do_jump, 0, "0 … 9", "to that tenth (Home, End)"},
        {"1", do_jump, 1, NULL, NULL},
        {"2", do_jump, 2, NULL, NULL},
        {"3", do_jump, 3, NULL, NULL},
        {"4", do_jump, 4, NULL, NULL},
        {"5", do_jump, 5, NULL, NULL},
        {"6", do_jump, 6, NULL, NULL},
        {"7", do_jump, 7, NULL, NULL},
        {"8", do_jump, 8, NULL, NULL},
        {"9", do_jump, 9, NULL, NULL},
        {"end", do_jump, 10, NULL, NULL},
        {"h", do_pan_x, -1, "h j k l", "look elsewhere in what is too large"},
        {"l", do_pan_x, 1, NULL, NULL},
        {"k", do_pan_y, -1, NULL, NULL},
        {"j", do_pan_y, 1, NULL, NULL},
        {"s", do_status, 0, "s", "status line on, off"},
        {"?", do_help, 0, "?", "these keys"},
        {"q ctrl-c", do_quit, 0, "q", "quit"},
        {"escape", do_close, 0, NULL, NULL},
        {"ctrl-l", do_redraw, 0, NULL, NULL},
        {"ctrl-z", do_suspend, 0, NULL, NULL},
};
enum { N_TABLE = sizeof table / sizeof *table };

const struct player_help *player_keys(size_t *n)
{
	static struct player_help rows[N_TABLE];
	*n = 0;
	for (size_t i = 0; i < N_TABLE; i++)
		if (table[i].help)
			rows[(*n)++] = (struct player_help){table[i].sign, table[i].help};
	return rows;
}

static void take_key(struct player *player, struct term_key key)
{
	player->note[0] = '\0';
	player->touched_at = loop_now(screen_program_loop(player->program));
	screen_program_touch(player->program);
	for (size_t i = 0; i < N_TABLE; i++)
		if (input_key_is_one(key, table[i].keys)) {
			table[i].run(player, table[i].number);
			reel_go(player->reel);
			return;
		}
}

/* ---- the screen ---- */

/* Until the status line has another second to tell, while it does. */
static int64_t until_second_ms(struct player *player)
{
	struct cast_player *at = machine(player);
	if (cast_player_is_paused(at) || player->hides_status)
		return -1;
	int64_t left = SECOND_US - cast_player_time(at, reel_now(player->reel)) % SECOND_US;
	return (int64_t)((double)left / cast_player_speed(at)) / MS_US + 1;
}

static int64_t paint(struct canvas *canvas, void *user)
{
	struct player *player = user;
	player->canvas = canvas;
	player_paint(player);
	return until_second_ms(player);
}

static bool is_held(void *user)
{
	struct player *player = user;
	return term_is_held(reel_term(player->reel));
}

static void on_change(void *user)
{
	struct player *player = user;
	screen_program_touch(player->program);
}

static void on_input(const struct input_event *event, void *user)
{
	if (event->kind == INPUT_KEY)
		take_key(user, event->key);
}

bool player_open(struct player *player, const struct ui_config *config, struct err *err)
{
	const char *title = player->cast->header.title;
	char *words = mem_printf("onesdn: %s", title && *title ? title : player->name);
	player->program = screen_program_create(&(struct screen_program_options){.title = words,
	                                                                         .theme = config->theme,
	                                                                         .ascii = config->ascii,
	                                                                         .on_input = on_input,
	                                                                         .paint = paint,
	                                                                         .is_held = is_held,
	                                                                         .user = player},
	                                        err);
	free(words);
	if (!player->program)
		return false;
	struct loop *loop = screen_program_loop(player->program);
	player->reel = reel_create(loop, player->cast, on_change, player);
	player->touched_at = loop_now(loop);
	return true;
}

void player_close(struct player *player)
{
	reel_destroy(player->reel);
	screen_program_destroy(player->program);
	canvas_destroy(player->pane);
}
