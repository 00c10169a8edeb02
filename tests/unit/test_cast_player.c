/* The player's machine: which events it gives when, on a clock of ours. What it gives is written down as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"

#define S ((int64_t)1000000)

struct fixture {
	struct cast *cast;
	struct cast_player *player;
	struct str seen;
	int64_t now;
};

static int make(void **state)
{
	static const char text[] = "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
	                           "[0, \"m\", \"A\"]\n"
	                           "[0, \"o\", \"a\"]\n"
	                           "[2, \"o\", \"b\"]\n"
	                           "[2, \"o\", \"c\"]\n"
	                           "[4, \"m\", \"B\"]\n"
	                           "[5, \"o\", \"d\"]\n"
	                           "[6, \"m\", \"C\"]\n"
	                           "[9, \"o\", \"e\"]\n"
	                           "[10, \"o\", \"\"]\n";
	struct fixture *f = mem_alloc(sizeof *f);
	f->cast = cast_parse(text, sizeof text - 1, "x", NULL);
	f->player = cast_player_create(f->cast);
	f->now = 1000 * S;
	*state = f;
	return f->cast ? 0 : 1;
}

static int drop(void **state)
{
	struct fixture *f = *state;
	cast_player_destroy(f->player);
	cast_destroy(f->cast);
	str_finish(&f->seen);
	free(f);
	return 0;
}

/* Lets so much time pass, and says what was given: "|" is a reset, else an output's text or a marker's title. */
static const char *pass(struct fixture *f, int64_t us)
{
	const struct cast_event *event;
	enum cast_player_step step;
	f->now += us;
	str_clear(&f->seen);
	for (int i = 0; (step = cast_player_next(f->player, f->now, &event)) != CAST_PLAYER_NOTHING; i++) {
		assert_in_range(i, 0, 100);
		str_append(&f->seen, step == CAST_PLAYER_RESET ? "|" : event->data);
	}
	return str_text(&f->seen);
}

static int64_t time_of(const struct fixture *f)
{
	return cast_player_time(f->player, f->now);
}

static void plays_in_time(void **state)
{
	struct fixture *f = *state;
	assert_true(cast_player_is_paused(f->player));
	assert_string_equal(pass(f, 0), "|Aa");
	assert_int_equal(cast_player_wait_us(f->player, f->now), -1);
	assert_string_equal(pass(f, 100 * S), "");
	cast_player_pause(f->player, f->now, false);
	assert_in_range(cast_player_wait_us(f->player, f->now), 2 * S, 2 * S + 1);
	assert_string_equal(pass(f, 2 * S - 1), "");
	assert_string_equal(pass(f, 1), "bc");
	cast_player_pause(f->player, f->now, true);
	assert_string_equal(pass(f, 50 * S), "");
	assert_int_equal(time_of(f), 2 * S);
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 3 * S), "Bd");
	assert_string_equal(pass(f, 4 * S), "Ce");
	assert_false(cast_player_is_over(f->player));
	assert_string_equal(pass(f, 30 * S), "");
	assert_true(cast_player_is_over(f->player));
	assert_true(cast_player_is_paused(f->player));
	assert_int_equal(time_of(f), 10 * S);
	assert_int_equal(cast_player_wait_us(f->player, f->now), -1);
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 0), "|Aa");
}

static void waits_exactly(void **state)
{
	struct fixture *f = *state;
	struct str all = {0};
	cast_player_pause(f->player, f->now, false);
	cast_player_set_speed(f->player, f->now, 3);
	int64_t begin = f->now;
	for (int i = 0; i < 30 && cast_player_wait_us(f->player, f->now) >= 0; i++)
		str_append(&all, pass(f, cast_player_wait_us(f->player, f->now)));
	assert_string_equal(str_text(&all), "|AabcBdCe");
	assert_true(cast_player_is_over(f->player));
	assert_in_range(f->now - begin, 10 * S / 3, 10 * S / 3 + 20);
	str_finish(&all);
}

static void speed_changes_on_the_way(void **state)
{
	struct fixture *f = *state;
	cast_player_pause(f->player, f->now, false);
	pass(f, 0);
	pass(f, S);
	cast_player_set_speed(f->player, f->now, 2);
	assert_int_equal(time_of(f), S);
	assert_string_equal(pass(f, S / 2), "bc");
	cast_player_set_speed(f->player, f->now, 1000);
	assert_true(cast_player_speed(f->player) == 64);
	cast_player_set_speed(f->player, f->now, 0);
	assert_true(cast_player_speed(f->player) == 0.0625);
}

static void seeks(void **state)
{
	struct fixture *f = *state;
	pass(f, 0);
	cast_player_seek(f->player, f->now, 5 * S);
	assert_string_equal(pass(f, 0), "bcBd"); /* forwards: what lies between */
	cast_player_seek(f->player, f->now, 5 * S - 1);
	assert_string_equal(pass(f, 0), "|AabcB"); /* backwards: from the beginning */
	cast_player_seek(f->player, f->now, 4 * S + 1);
	assert_string_equal(pass(f, 0), ""); /* nothing lies between */
	assert_int_equal(time_of(f), 4 * S + 1);
	cast_player_seek(f->player, f->now, -7);
	assert_int_equal(time_of(f), 0);
	assert_string_equal(pass(f, 0), "|Aa");
	cast_player_seek(f->player, f->now, 1000 * S);
	assert_int_equal(time_of(f), 10 * S);
	assert_string_equal(pass(f, 0), "bcBdCe");
	assert_true(cast_player_is_over(f->player));
	cast_player_seek(f->player, f->now, 8 * S);
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 0), "|AabcBdC"); /* it goes on there */
	assert_string_equal(pass(f, S), "e");
}

static void steps_by_frame(void **state)
{
	struct fixture *f = *state;
	cast_player_pause(f->player, f->now, false);
	pass(f, 0);
	assert_true(cast_player_frame(f->player, f->now, 1));
	assert_true(cast_player_is_paused(f->player));
	assert_string_equal(pass(f, S), "bc"); /* what came at one time is one frame */
	assert_true(cast_player_frame(f->player, f->now, 1));
	assert_string_equal(pass(f, S), "Bd");
	assert_true(cast_player_frame(f->player, f->now, 1));
	assert_string_equal(pass(f, S), "Ce");
	assert_false(cast_player_frame(f->player, f->now, 1));
	assert_int_equal(time_of(f), 9 * S);
	assert_true(cast_player_frame(f->player, f->now, -1));
	assert_string_equal(pass(f, S), "|AabcBd");
	assert_int_equal(time_of(f), 5 * S);
	assert_true(cast_player_frame(f->player, f->now, -1));
	assert_string_equal(pass(f, S), "|Aabc");
	assert_true(cast_player_frame(f->player, f->now, -1));
	assert_string_equal(pass(f, S), "|Aa");
	assert_false(cast_player_frame(f->player, f->now, -1));
}

static void goes_by_marker(void **state)
{
	struct fixture *f = *state;
	pass(f, 0);
	assert_int_equal(cast_player_in_marker(f->player, f->now), 0);
	assert_true(cast_player_marker(f->player, f->now, 1));
	assert_int_equal(time_of(f), 4 * S);
	assert_int_equal(cast_player_in_marker(f->player, f->now), 4);
	assert_true(cast_player_marker(f->player, f->now, 1));
	assert_string_equal(pass(f, 0), "bcBdC");
	assert_false(cast_player_marker(f->player, f->now, 1));
	assert_int_equal(time_of(f), 6 * S);
	assert_true(cast_player_marker(f->player, f->now, -1));
	assert_string_equal(pass(f, 0), "|AabcB");
	cast_player_pause(f->player, f->now, false);
	pass(f, S / 2);
	assert_true(cast_player_marker(f->player, f->now, -1)); /* soon after a marker: the one before */
	assert_int_equal(time_of(f), 0);
	cast_player_seek(f->player, f->now, 5500000);
	assert_true(cast_player_marker(f->player, f->now, -1)); /* later: this one's beginning */
	assert_int_equal(time_of(f), 4 * S);
	cast_player_seek(f->player, f->now, 0);
	assert_false(cast_player_marker(f->player, f->now, -1));
	assert_int_equal(time_of(f), 0);
}

static void loops(void **state)
{
	struct fixture *f = *state;
	cast_player_set_loop(f->player, true);
	cast_player_pause(f->player, f->now, false);
	pass(f, 0);
	assert_string_equal(pass(f, 9 * S), "bcBdCe");
	assert_string_equal(pass(f, S - 1), "");
	assert_string_equal(pass(f, 1), "|Aa");
	assert_false(cast_player_is_paused(f->player));
	assert_string_equal(pass(f, 2 * S), "bc");
}

static void stops_at_markers(void **state)
{
	struct fixture *f = *state;
	cast_player_set_stops(f->player, true);
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 0), "|Aa"); /* one at the very beginning is no stop */
	assert_string_equal(pass(f, 100 * S), "bcB");
	assert_true(cast_player_is_paused(f->player));
	assert_int_equal(time_of(f), 4 * S);
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 0), "");
	assert_string_equal(pass(f, 100 * S), "dC");
	cast_player_pause(f->player, f->now, false);
	assert_string_equal(pass(f, 100 * S), "e");
	assert_true(cast_player_is_over(f->player));
}

static void nothing_to_play(void **state)
{
	(void)state;
	static const char text[] = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
	struct cast *cast = cast_parse(text, sizeof text - 1, "x", NULL);
	struct cast_player *player = cast_player_create(cast);
	const struct cast_event *event;
	cast_player_set_loop(player, true);
	cast_player_pause(player, 5, false);
	assert_int_equal(cast_player_next(player, 5, &event), CAST_PLAYER_RESET);
	assert_int_equal(cast_player_next(player, 5, &event), CAST_PLAYER_NOTHING);
	assert_true(cast_player_is_over(player));
	assert_int_equal(cast_player_wait_us(player, 5), -1);
	assert_false(cast_player_frame(player, 5, 1));
	assert_false(cast_player_marker(player, 5, 1));
	assert_int_equal(cast_player_in_marker(player, 5), -1);
	cast_player_destroy(player);
	cast_destroy(cast);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(plays_in_time, make, drop),
	        cmocka_unit_test_setup_teardown(waits_exactly, make, drop),
	        cmocka_unit_test_setup_teardown(speed_changes_on_the_way, make, drop),
	        cmocka_unit_test_setup_teardown(seeks, make, drop),
	        cmocka_unit_test_setup_teardown(steps_by_frame, make, drop),
	        cmocka_unit_test_setup_teardown(goes_by_marker, make, drop),
	        cmocka_unit_test_setup_teardown(loops, make, drop),
	        cmocka_unit_test_setup_teardown(stops_at_markers, make, drop),
	        cmocka_unit_test(nothing_to_play),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
