/* state: the inside of struct ui, for the files of this module that change it: ui.c (events in, frames out), scene.c (the
 * world into a scene), actions.c (what commands do), line.c (the : and / lines), mouse.c. */
#ifndef UI_STATE_H
#define UI_STATE_H

#include "onesdn/ui.h"
#include "ui/guide.h"
#include "ui/record.h"
#include "ui/scene.h"
#include "ui/take.h"

struct screen;
enum { LINE_MAX_SIZE = 256, HISTORY_MAX = 50, NOTICE_MAX = 2048, PROGRESS_MAX = 100 };

struct ui {
	struct ui_options options;
	struct loop *loop;
	struct screen *screen; /* NULL: no terminal, only ui_paint */
	struct canvas *canvas;
	struct canvas_look looks[ROLE_COUNT];
	struct record record;
	struct take *take, *take_before; /* NULL: the live stage is shown */
	char *theme;
	bool is_ascii, has_mouse, theme_is_chosen;
	uint32_t terminal_fg, terminal_bg; /* COLOR_DEFAULT: not told */

	const struct scenario_act *act;
	struct play *play; /* both NULL until the cluster is there */
	struct kube *kube;

	struct view_state view;
	struct scene scene;
	struct layout layout;
	struct guide guide;
	VEC(char *) progress;
	char *problem; /* why no cluster could be reached; NULL */
	char *context;
	char stale_since[16];
	bool is_stale;
	struct topo *planned; /* the act's picture without a cluster */
	struct play_flow *planned_flows;
	struct diagram *diagram;
	struct diagram_key *diagram_key; /* what `diagram` was drawn of */
	int tick;
	enum play_state *states;
	size_t n_states;
	int64_t ended_ms; /* the show's length once it is over; -1 */
	struct ui_pretend pretend;

	char notice[NOTICE_MAX];
	char told[NOTICE_MAX]; /* the last notice that was a problem, until it was read or a stage went on */
	bool is_noted;         /* what of the cluster may not be seen has been told */
	char line[LINE_MAX_SIZE];
	char filter[LINE_MAX_SIZE];
	char focus[256];
	char console[256]; /* the virtual machine whose console is in view; "": the shell */
	struct str tabs;   /* of the panes there are, in words */
	struct str completions;
	size_t completing;     /* how often Tab was pressed in a row */
	size_t completed_from; /* where the word that Tab replaces begins */
	VEC(char *) history;
	size_t history_at;
	struct str question;
	void (*on_yes)(struct ui *ui);
	void (*on_answer)(void *user); /* of ui_question */
	void *answer_user;
	size_t going_to;      /* the stage, while it is asked about */
	bool is_next_offered; /* the act is over, and it was said what Space does now */
	bool shows_persona;   /* :shell chose one */
	enum scenario_persona persona;

	struct term_key escape_key;
	char escape_name[32];
	int64_t escaped_at;       /* when the escape key left terminal mode last; 0: something else came since */
	bool is_dirty, is_urgent; /* urgent: a key waits for its answer */
	bool awaits_echo;         /* a key went to the program */
	int64_t drawn_at;
	struct loop_timer *draw_timer, *clock_timer, *tick_timer, *hold_timer;
};

/* ui.c */
void ui_dirty(struct ui *ui);
void ui_say(struct ui *ui, bool is_problem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ui_ask(struct ui *ui, void (*on_yes)(struct ui *ui), const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool ui_use_theme(struct ui *ui, const char *name, struct err *err);
void ui_paint_on(struct ui *ui, int cols, int rows);
struct term *ui_pane(struct ui *ui); /* the shell in view, started on first use; NULL: no show yet */

/* keys.c */
void keys_take(struct ui *ui, struct term_key key);
void keys_paste(struct ui *ui, const char *text, size_t size);
void keys_mouse(struct ui *ui, struct term_mouse mouse);
void keys_blank(struct ui *ui, bool is_blank);
void keys_mode(struct ui *ui, enum ui_mode mode);

/* line.c */
void line_open(struct ui *ui, enum ui_line line);
void line_key(struct ui *ui, struct term_key key);
void line_insert(struct ui *ui, const char *text, size_t size);

/* scene.c */
void scene_fill(struct ui *ui, int cols, int rows);
void scene_finish(struct ui *ui);
void scene_show_ended(struct ui *ui); /* forgets what was drawn of a show that is gone */

/* consoles.c */
struct term *ui_console_pane(const struct ui *ui); /* NULL: none is in view */
void ui_console_fill(struct ui *ui);
void ui_console_bring(struct ui *ui, const struct scenario_stage *stage); /* the pane in which it is typed: a console, or the shell */
void ui_console_follow(struct ui *ui, size_t stage, enum play_state state); /* a stage brings its pane to the front */
bool ui_console_open(struct ui *ui, const char *id);                        /* false: it is no virtual machine */
void ui_console_next(struct ui *ui);                                        /* the next one; after the last the shell */
void ui_console_open_focus(struct ui *ui); /* of the machine in focus; attaches it anew */

/* steps.c */
bool steps_is_at_end(const struct ui *ui); /* the last stage is over */
void steps_go_on(struct ui *ui);           /* says which act comes next; then goes there */
bool steps_ask(struct ui *ui, enum play_intent intent, size_t stage,
               void (*on_yes)(struct ui *ui)); /* false: no need */

/* actions.c */
void action_popup(struct ui *ui, enum ui_popup popup);
void action_scroll(struct ui *ui, int lines);
void action_filter(struct ui *ui, const char *text);
void action_describe(struct ui *ui); /* says what is known of the workload in focus */
void action_front(struct ui *ui, enum ui_pane pane);

#endif
