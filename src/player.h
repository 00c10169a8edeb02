/* player: a recording on the whole screen, with keys: what `onesdn play` opens. A reel (ui/reel.h) feeds the pane; here are the
 * keys, the view of it and the status line. */
#ifndef ONESDN_PLAYER_H
#define ONESDN_PLAYER_H

#include "onesdn/cast.h"
#include "onesdn/ui.h"
#include "onesdn/reel.h"
#include "onesdn/screen.h"

struct player {
	struct loop *loop;
	const struct cast *cast;
	const char *name; /* when the recording has no title */
	struct screen *screen;
	struct reel *reel;
	struct canvas *canvas, *pane; /* the screen; the recording, when it is larger */
	struct loop_timer *timer;     /* the next frame, the next second on the status line */
	struct canvas_look looks[ROLE_COUNT];
	int pan_x, pan_y;
	bool is_dirty, is_ascii, has_panned, hides_status, shows_help;
	char note[80]; /* on the status line until the next key */
	int64_t painted_at, touched_at;
};
/* Takes over the terminal. The recording is paused at its beginning: tell player_machine, then player_go. */
bool player_open(struct player *player, const struct ui_config *config, struct err *err);
void player_close(struct player *player); /* also half open */
void player_key(struct player *player, struct term_key key);
void player_paint(struct player *player); /* onto player->canvas; player_view.c */
void player_print_keys(struct str *out);  /* for --help */

/* ---- player_view.c ---- */
struct player_help {
	const char *keys, *text;
};
const struct player_help *player_keys(size_t *n); /* the table of keys, as it is shown */

#endif
