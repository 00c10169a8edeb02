/* cmd_play: `onesdn play FILE`: a recording on the whole screen (player.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "player.h"
#include "recording.h"

static struct play_args {
	const char *speed, *start, *idle_limit, *theme;
	bool loops, stops, ascii;
} args;

static const struct cmd_option options[] = {
        {"--speed", "N", "so many times as fast, 0.25 to 32 (default 1)", &args.speed, NULL},
        {"--start", "MARKER|TIME", "begin there: a marker's title, #3 for the third, or a time such as 1:30",
         &args.start, NULL},
        {"--idle-limit", "SECONDS", "the longest pause (default: as the recording says; 0: as it was)",
         &args.idle_limit, NULL},
        {"--loop", NULL, "again and again", NULL, &args.loops},
        {"--pause-at-markers", NULL, "pause at every marker", NULL, &args.stops},
        {"--theme", "NAME", "of the status line: dark, light, colour-blind, or one of your own", &args.theme, NULL},
        {"--ascii", NULL, "no characters beyond ASCII", NULL, &args.ascii},
};

static bool find_start(const struct cast *cast, int64_t *at_us, struct err *err)
{
	*at_us = 0;
	if (!args.start || cast_time_parse(args.start, at_us))
		return true;
	return recording_marker(cast, args.start, at_us, err);
}

static bool run(const struct cast *cast, const char *name, const struct ui_config *config, double speed, int64_t start,
                struct err *err)
{
	struct player player = {.cast = cast, .name = name};
	bool is_good = player_open(&player, config, err);
	if (is_good) {
		struct cast_player *machine = reel_player(player.reel);
		int64_t now = reel_now(player.reel);
		cast_player_set_speed(machine, now, speed);
		cast_player_set_loop(machine, args.loops);
		cast_player_set_stops(machine, args.stops);
		cast_player_seek(machine, now, start);
		cast_player_pause(machine, now, false);
		reel_go(player.reel);
		screen_program_run(player.program);
	}
	player_close(&player);
	return is_good;
}

static bool play(const char *path, struct err *err)
{
	struct ui_config config = {.type_ms = -1};
	double speed = 1;
	int64_t start;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(
		        err, ERR_UNAVAILABLE,
		        "standard %s is not a terminal, which playing needs; a still as text: onesdn export %s --txt",
		        isatty(STDIN_FILENO) ? "output" : "input", path);
	struct cast *cast = recording_read(path, args.idle_limit, err);
	const char *slash = strrchr(path, '/');
	bool is_good = cast && find_start(cast, &start, err) &&
	               (!args.speed || recording_number("--speed", args.speed, 0.25, 32, &speed, err)) &&
	               ui_config_load(&config, err);
	if (is_good && args.theme) {
		free(config.theme);
		config.theme = mem_strdup(args.theme);
	}
	config.ascii = config.ascii || args.ascii;
	is_good = is_good && run(cast, slash ? slash + 1 : path, &config, speed, start, err);
	ui_config_finish(&config);
	cast_destroy(cast);
	return is_good;
}

int cmd_play(int argc, char **argv)
{
	struct str about = {0};
	struct err err = {.code = ERR_NONE};
	const char *path = NULL;
	size_t n = 0;
	int status = 2;
	str_append(&about,
	           "Plays a recording of a terminal (asciicast, versions 1 to 3) on the whole screen.\n\nkeys:");
	player_print_keys(&about);
	const struct cmd_usage usage = {.synopsis = "onesdn play [OPTION]... FILE",
	                                .about = str_text(&about),
	                                .options = options,
	                                .n_options = sizeof options / sizeof *options,
	                                .max_operands = 1};
	bool is_asked = cmd_read_options(&usage, argc, argv, &path, &n, &status);
	if (is_asked && n == 0)
		fprintf(stderr, "onesdn: which recording?\nusage: %s\n", usage.synopsis);
	else if (is_asked)
		status = play(path, &err) ? 0 : 1;
	if (err.code != ERR_NONE)
		fprintf(stderr, "onesdn: %s\n", err.text);
	str_finish(&about);
	return status;
}
