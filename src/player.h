/* player: a recording on the whole screen, with keys: what `onesdn play` opens. A reel (reel.h) feeds the pane; here are the
 * keys, the view of it and the status line. */
#ifndef ONESDN_PLAYER_H
#define ONESDN_PLAYER_H

#include "onesdn/cast.h"
#include "onesdn/ui.h"
#include "onesdn/reel.h"
#include "onesdn/screen.h"

struct player {
	const struct cast *cast;
	const char *name;               /* when the recording has no title */
	struct screen_program *program; /* the whole screen */
	struct reel *reel;
	struct canvas *canvas, *pane; /* the screen, while it is painted; the recording, when it is larger than that */
	int pan_x, pan_y;
	bool has_panned, hides_status, shows_help;
	char note[80]; /* on the status line until the next key */
	int64_t touched_at;
};
/* Takes over the terminal. The recording is paused at its beginning: tell reel_player(player->reel), then reel_go, then run the
 * program. */
bool player_open(struct player *player, const struct ui_config *config, struct err *err);
void player_close(struct player *player); /* also half open */
void player_print_keys(struct str *out);  /* for --help */

/* ---- player_view.c ---- */
struct player_help {
	const char *keys, *text;
};
const struct player_help *player_keys(size_t *n); /* the table of keys, as it is shown */
void player_paint(struct player *player);         /* onto player->canvas */

#endif
