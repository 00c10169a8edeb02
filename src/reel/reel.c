/* A long way (a jump in a large recording) is gone in pieces, so that keys are read in between. */
#include "onesdn/reel.h"

#include <stdlib.h>

enum { TURN_SIZE = 1 << 20, TURN_EVENTS = 20000, MS_US = 1000 };

struct reel {
	struct loop *loop;
	const struct cast *cast;
	struct cast_player *player;
	struct term *term;
	struct loop_timer *timer;
	reel_fn *on_change;
	void *user;
	bool is_behind;
};

static void on_dirty(struct term *term, void *user)
{
	struct reel *reel = user;
	(void)term;
	if (!reel->is_behind)
		reel->on_change(reel->user);
}

static void renew_term(struct reel *reel)
{
	struct term_options options = {.rows = reel->cast->header.rows,
	                               .cols = reel->cast->header.cols,
	                               .scrollback = 1, /* nobody scrolls in a recording */
	                               .events = {.on_dirty = on_dirty},
	                               .user = reel};
	term_destroy(reel->term);
	reel->term = term_create(reel->loop, &options);
}

int64_t reel_now(const struct reel *reel)
{
	return loop_now(reel->loop) * MS_US;
}

/* Gives what is due, so much of it at the most. */
static void feed(struct reel *reel)
{
	const struct cast_event *event;
	enum cast_player_step step = CAST_PLAYER_NOTHING;
	int64_t now = reel_now(reel);
	size_t size = 0;
	reel->is_behind = true; /* meanwhile: what is painted half-way flickers */
	for (int i = 0; i < TURN_EVENTS && size < TURN_SIZE; i++) {
		step = cast_player_next(reel->player, now, &event);
		if (step == CAST_PLAYER_NOTHING)
			break;
		if (step == CAST_PLAYER_RESET) {
			renew_term(reel);
		} else if (event->kind == CAST_OUTPUT) {
			term_feed(reel->term, event->data, event->size);
			size += event->size;
		} else if (event->kind == CAST_RESIZE) {
			term_resize(reel->term, event->rows, event->cols);
		}
	}
	reel->is_behind = step != CAST_PLAYER_NOTHING;
}

static void on_due(void *user)
{
	struct reel *reel = user;
	feed(reel);
	int64_t wait = cast_player_wait_us(reel->player, reel_now(reel));
	if (reel->is_behind)
		loop_timer_start(reel->timer, 0, 0);
	else if (wait >= 0)
		loop_timer_start(reel->timer, (wait + MS_US - 1) / MS_US, 0);
	else
		loop_timer_stop(reel->timer);
	reel->on_change(reel->user);
}

struct reel *reel_create(struct loop *loop, const struct cast *cast, reel_fn *on_change, void *user)
{
	struct reel *reel = mem_alloc(sizeof *reel);
	reel->loop = loop;
	reel->cast = cast;
	reel->on_change = on_change;
	reel->user = user;
	reel->player = cast_player_create(cast);
	reel->timer = loop_timer_create(loop, on_due, reel);
	reel->is_behind = true;
	renew_term(reel);
	loop_timer_start(reel->timer, 0, 0);
	return reel;
}

void reel_destroy(struct reel *reel)
{
	if (!reel)
		return;
	loop_timer_destroy(reel->timer);
	term_destroy(reel->term);
	cast_player_destroy(reel->player);
	free(reel);
}

struct cast_player *reel_player(struct reel *reel)
{
	return reel->player;
}

void reel_go(struct reel *reel)
{
	on_due(reel);
}

struct term *reel_term(struct reel *reel)
{
	return reel->term;
}

bool reel_is_behind(const struct reel *reel)
{
	return reel->is_behind;
}
