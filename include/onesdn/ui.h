/* ui: the full-screen program. Paints the show (play), the cluster (kube, topo, diagram) and a pane (term) on one canvas
 * and brings it to the terminal; turns keys, mouse and paste into play's verbs.
 *
 * Floor 6, on a screen (or none). One draw a turn of the loop at most, and only when something changed.
 * With cols and rows given it touches no terminal at all: the same keys and the same painting, for `onesdn frame` and tests.
 */
#ifndef ONESDN_UI_H
#define ONESDN_UI_H

#include "onesdn/canvas.h"
#include "onesdn/cast.h"
#include "onesdn/kube.h"
#include "onesdn/loop.h"
#include "onesdn/play.h"

/* ---- what a person sets once: $XDG_CONFIG_HOME/onesdn/config.yaml (docs/CONFIG.md); options of a command win ---- */
struct ui_config {
	char *theme;      /* NULL: chosen by the terminal */
	char *layout;     /* "talk", "guided", "zoom"; NULL: talk */
	char *escape_key; /* leaves terminal mode; NULL: f12 */
	bool no_mouse, ascii;
	int type_ms; /* between typed-out characters; -1: not set */
	json_t *redact; /* what no recording may show, each for cast_rules_add_json; NULL */
};
/* A missing file gives the defaults; a wrong one is told as "file:line: what; cure". */
bool ui_config_load(struct ui_config *config, struct err *err);
void ui_config_finish(struct ui_config *config);

char *ui_choices(const char *setting); /* of "themes" or "layouts", blank-separated; the caller frees; NULL for others */

struct ui;

/* A show that is recorded is of the fixed size cols x rows; its frames are told, secrets taken out, whatever the terminal is. */
struct ui_recording {
	bool on_terminal;               /* somebody drives: it is shown there too, marked REC there alone */
	bool clock, packets;            /* move; else nothing moves by itself */
	const struct cast_rules *rules; /* borrowed; may grow; NULL: there are no secrets */
	/* A frame was drawn, in 24-bit colours `looks`; both borrowed. */
	void (*on_frame)(const struct canvas *frame, const struct canvas_look *looks, void *user);
	void *user;
};
struct ui_events { /* none may destroy the ui: post that */
	void (*on_quit)(void *user);
	/* Another act was asked for: load it and call ui_set_act, ui_set_show. False: err is told on the screen. */
	bool (*on_act)(const char *name, struct err *err, void *user);
	void (*on_blank)(void *user);   /* the audience's screen was blanked or brought back; may be NULL */
	void (*on_connect)(void *user); /* the cluster could not be reached; try again */
};
struct ui_options {
	struct loop *loop;              /* NULL only without a terminal */
	const struct ui_config *config; /* borrowed for the call */
	const struct scenario_act *act;     /* borrowed until ui_set_act */
	const char *context;            /* shown until the cluster says its name */
	bool read_only;
	int cols, rows; /* 0: the terminal's */
	const struct ui_recording *recording; /* with cols and rows; borrowed for the call; NULL: none */
	struct ui_events events;
	void *user;
};
/* Fails with words when standard input or output is no terminal, or one that cannot be drawn on. */
struct ui *ui_create(const struct ui_options *options, struct err *err);
void ui_destroy(struct ui *ui); /* gives the terminal back */

/* ---- what happens outside ---- */
void ui_progress(struct ui *ui, const char *line); /* on the way to the cluster */
void ui_problem(struct ui *ui, const char *text);  /* the cluster cannot be reached: why, and the cure */
void ui_set_act(struct ui *ui, const struct scenario_act *act);
/* From now on this show is painted and driven; both NULL: none. Borrowed until the next call or ui_destroy. */
void ui_set_show(struct ui *ui, struct play *play, struct kube *kube);
void ui_changed(struct ui *ui); /* play or kube has changed: paint when it is time */
void ui_stage_changed(struct ui *ui, size_t stage, enum play_state state); /* play's on_stage */
void ui_explore_changed(struct ui *ui, enum play_state state);              /* play's on_explore */

/* The presenter's mark REC: recording now or not, and words beside it. */
void ui_record_mark(struct ui *ui, bool is_on, const char *words);

/* The file of a stage's take, in a folder that is there; the take may not be. The caller frees. */
char *ui_take_path(const char *act, const char *stage, struct err *err);

/* One line for the person, until the next key. */
void ui_tell(struct ui *ui, bool is_problem, const char *text);
/* Asks "TEXT  y yes  n no"; anything but y is no. */
void ui_question(struct ui *ui, const char *text, void (*on_yes)(void *user), void *user);
bool ui_is_blank(const struct ui *ui);   /* the audience sees nothing */

const char *ui_key_help(struct term_key key); /* what stage mode does with it; "" if nothing */

/* ---- without a terminal ---- */
void ui_key(struct ui *ui, struct term_key key);
const struct canvas *ui_paint(struct ui *ui);              /* the frame as it is now, the ui's */
const struct canvas_look *ui_looks(const struct ui *ui);   /* ROLE_COUNT of them */
/* What a still picture claims instead of what is; anything NULL or -1 stays as it is. Borrowed until the next call. */
struct ui_pretend {
	const char *message, *failure;
	bool message_is_problem;
	int stage;                     /* in view; -1 */
	int stage_state;               /* enum play_state of that stage, those before it done; -1 */
	const struct play_flow *flows; /* n_flows of them */
	size_t n_flows;
	int badge; /* 0 planned, 1 live, 2 stale; -1 */
	struct term *pane;
	int64_t elapsed_ms; /* -1 */
};
void ui_set_pretend(struct ui *ui, const struct ui_pretend *pretend);

#endif
