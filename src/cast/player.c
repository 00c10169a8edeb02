/* player: a clock over the events of a cast. Going back begins anew: the caller's pane is fed everything again, which is quick
 * (bytes become cells faster than a disk gives them), and needs no memory for places in between. */
#include "internal.h"

#include <stdlib.h>

#define LOOP_MIN_US (SECOND_US / 10)
#define SPEED_MIN 0.0625
#define SPEED_MAX 64.0

struct cast_player {
	const struct cast *cast;
	size_t next; /* the first event that has not been given */
	bool resets; /* begin anew with the next step */
	bool is_paused, loops, stops;
	double speed;
	int64_t at_us, since_us; /* this time of the recording was at that of the caller's clock */
};

struct cast_player *cast_player_create(const struct cast *cast)
{
	struct cast_player *player = mem_alloc(sizeof *player);
	player->cast = cast;
	player->resets = player->is_paused = true;
	player->speed = 1;
	return player;
}

void cast_player_destroy(struct cast_player *player)
{
	free(player);
}

int64_t cast_player_time(const struct cast_player *player, int64_t now_us)
{
	if (player->is_paused || now_us <= player->since_us)
		return player->at_us;
	double passed = (double)(now_us - player->since_us) * player->speed;
	int64_t left = player->cast->duration_us - player->at_us;
	return passed >= (double)left ? player->cast->duration_us : player->at_us + (int64_t)passed;
}

static void rebase(struct cast_player *player, int64_t now_us)
{
	player->at_us = cast_player_time(player, now_us);
	player->since_us = now_us;
}

static bool has_ended(const struct cast_player *player, int64_t now_us)
{
	return !player->resets && player->next >= player->cast->events.len &&
	       cast_player_time(player, now_us) >= player->cast->duration_us;
}

static bool may_loop(const struct cast_player *player)
{
	return player->loops && player->cast->duration_us >= LOOP_MIN_US;
}

static void begin_anew(struct cast_player *player)
{
	player->resets = true;
	player->next = 0;
}

enum cast_player_step cast_player_next(struct cast_player *player, int64_t now_us, const struct cast_event **event)
{
	if (!player->is_paused && has_ended(player, now_us)) {
		rebase(player, now_us);
		if (may_loop(player)) {
			player->at_us = 0;
			begin_anew(player);
		} else {
			player->is_paused = true;
		}
	}
	if (player->resets) {
		player->resets = false;
		return CAST_PLAYER_RESET;
	}
	if (player->next >= player->cast->events.len ||
	    player->cast->events.data[player->next].at_us > cast_player_time(player, now_us))
		return CAST_PLAYER_NOTHING;
	*event = &player->cast->events.data[player->next++];
	if (player->stops && !player->is_paused && (*event)->kind == CAST_MARKER && (*event)->at_us > player->at_us) {
		player->is_paused = true;
		player->at_us = (*event)->at_us;
	}
	return CAST_PLAYER_EVENT;
}

int64_t cast_player_wait_us(const struct cast_player *player, int64_t now_us)
{
	int64_t time = cast_player_time(player, now_us);
	if (player->resets)
		return 0;
	if (player->next >= player->cast->events.len)
		return player->is_paused ? -1 : 0; /* to be paused, or to begin anew */
	int64_t left = player->cast->events.data[player->next].at_us - time;
	if (left <= 0)
		return 0;
	return player->is_paused ? -1 : (int64_t)((double)left / player->speed) + 1;
}

void cast_player_pause(struct cast_player *player, int64_t now_us, bool paused)
{
	if (player->is_paused == paused)
		return;
	rebase(player, now_us);
	if (!paused && has_ended(player, now_us)) {
		player->at_us = 0;
		begin_anew(player);
	}
	player->is_paused = paused;
}

bool cast_player_is_paused(const struct cast_player *player)
{
	return player->is_paused;
}

bool cast_player_is_over(const struct cast_player *player)
{
	return player->is_paused && has_ended(player, player->since_us);
}

void cast_player_set_speed(struct cast_player *player, int64_t now_us, double speed)
{
	rebase(player, now_us);
	player->speed = speed < SPEED_MIN ? SPEED_MIN : speed > SPEED_MAX ? SPEED_MAX : speed;
}

double cast_player_speed(const struct cast_player *player)
{
	return player->speed;
}

void cast_player_set_loop(struct cast_player *player, bool loops)
{
	player->loops = loops;
}

void cast_player_set_stops(struct cast_player *player, bool stops)
{
	player->stops = stops;
}

void cast_player_seek(struct cast_player *player, int64_t now_us, int64_t at_us)
{
	int64_t end = player->cast->duration_us;
	at_us = at_us < 0 ? 0 : at_us > end ? end : at_us;
	if (player->next > 0 && player->cast->events.data[player->next - 1].at_us > at_us)
		begin_anew(player);
	player->at_us = at_us;
	player->since_us = now_us;
}

/* ---- frames ---- */

static bool is_frame(const struct cast_event *event)
{
	return event->kind == CAST_RESIZE || (event->kind == CAST_OUTPUT && event->size > 0);
}

/* The first event behind a time, or the number of events. */
static size_t first_after(const struct cast *cast, int64_t at_us)
{
	size_t low = 0, high = cast->events.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (cast->events.data[middle].at_us <= at_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last frame before event `end`, or -1. */
static int64_t frame_before(const struct cast *cast, size_t end)
{
	while (end > 0 && !is_frame(&cast->events.data[end - 1]))
		end--;
	return end > 0 ? cast->events.data[end - 1].at_us : -1;
}

bool cast_player_frame(struct cast_player *player, int64_t now_us, int step)
{
	const struct cast *cast = player->cast;
	cast_player_pause(player, now_us, true);
	size_t i = first_after(cast, player->at_us);
	int64_t at_us;
	if (step > 0) {
		while (i < cast->events.len && !is_frame(&cast->events.data[i]))
			i++;
		at_us = i < cast->events.len ? cast->events.data[i].at_us : -1;
	} else {
		int64_t shown = frame_before(cast, i);
		at_us = shown > 0 ? frame_before(cast, first_after(cast, shown - 1)) : -1;
	}
	if (at_us >= 0)
		cast_player_seek(player, now_us, at_us);
	return at_us >= 0;
}

/* ---- markers ---- */

/* The last marker before event `end`, or -1. */
static int marker_before(const struct cast *cast, size_t end)
{
	while (end > 0 && cast->events.data[end - 1].kind != CAST_MARKER)
		end--;
	return (int)end - 1;
}

int cast_player_in_marker(const struct cast_player *player, int64_t now_us)
{
	return marker_before(player->cast, first_after(player->cast, cast_player_time(player, now_us)));
}

bool cast_player_marker(struct cast_player *player, int64_t now_us, int step)
{
	const struct cast *cast = player->cast;
	int64_t time = cast_player_time(player, now_us);
	if (step > 0) {
		size_t i = first_after(cast, time);
		while (i < cast->events.len && cast->events.data[i].kind != CAST_MARKER)
			i++;
		if (i < cast->events.len)
			cast_player_seek(player, now_us, cast->events.data[i].at_us);
		return i < cast->events.len;
	}
	int64_t before = player->is_paused ? time - 1 : time - SECOND_US;
	int i = before >= 0 ? marker_before(cast, first_after(cast, before)) : -1;
	cast_player_seek(player, now_us, i >= 0 ? cast->events.data[i].at_us : 0);
	return i >= 0;
}
