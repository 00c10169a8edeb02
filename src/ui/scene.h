/* scene: what a frame is made of. `struct scene` is the world as it is in this turn (all of it borrowed: from play, kube,
 * topo, term); `struct view_state` is what the person at the keys has chosen. The views (view_*.c) and the layout are pure:
 * these two in, cells out. scene.c fills the first, actions.c changes the second, frame.c paints. */
#ifndef UI_SCENE_H
#define UI_SCENE_H

#include "onesdn/canvas.h"
#include "onesdn/diagram.h"
#include "onesdn/play.h"

enum ui_badge { BADGE_PLANNED, BADGE_LIVE, BADGE_STALE, BADGE_REC };

struct scene_take { /* a recorded take in the live stage's place */
	struct term *term; /* NULL: none */
	const char *words;
	struct rect part; /* of its screen, to be shown as far as there is room, from pan_x and pan_y on */
	int pan_x, pan_y;
	bool is_paused, is_over;
};
struct guide;

struct scene {
	const struct scenario_act *act; /* never NULL */
	const enum play_state *states;  /* one a stage */
	size_t stage;
	bool is_exploring; /* an exercise is in view, and the stage waits meanwhile */
	struct play_exploration exploration;
	bool has_show; /* there is a cluster and a play: else it is still being reached */
	bool is_over, is_busy, is_read_only, has_no_clock;
	const char *message; /* one line; "" */
	bool is_problem;     /* the message is one */
	const char *failure; /* lines; "" */
	const struct play_flow *flows;
	size_t n_flows;
	const struct policy_world *policies; /* NULL: none yet */
	const struct topo *topo;       /* NULL: none yet */
	const struct diagram *diagram; /* drawn for the layout's size; NULL: nothing to draw */
	struct term *pane;             /* the shell of the persona on stage; NULL: none yet */
	struct play_console console;   /* the pane is this virtual machine's console; id NULL: it is the shell */
	const char *tabs;              /* the panes there are, where there is a choice; "" */
	size_t n_machines;             /* virtual machines in the graph */
	enum scenario_persona persona;
	const char *context; /* kube context, "lab" */
	enum ui_badge badge;
	const char *stale_since;     /* "14:02:11" when stale */
	const char *cluster_problem; /* why it is not live, with the cure; "" */
	const char *const *progress; /* what was said while the cluster was reached, oldest first */
	size_t n_progress;
	struct scene_take take;
	int64_t elapsed_ms; /* since the first stage began; -1: not yet */
	const struct guide *guide; /* what the guided layout tells beside all this */
};

enum ui_mode { MODE_STAGE, MODE_TERMINAL };
enum ui_layout { LAYOUT_TALK, LAYOUT_GUIDED, LAYOUT_ZOOM, N_LAYOUTS };
enum ui_pane { PANE_DIAGRAM, PANE_SHELL, PANE_GUIDE /* in the guided layout only */ };
enum ui_popup { POPUP_NONE, POPUP_HELP, POPUP_FLOWS, POPUP_EXPLAIN, POPUP_STAGES, POPUP_WHY, N_POPUPS };
enum ui_line { LINE_NONE, LINE_COMMAND, LINE_FILTER };

extern const char *const layout_names[N_LAYOUTS];
#define LAYOUT_WORDS "talk, guided or zoom"

struct view_state {
	enum ui_mode mode;
	enum ui_layout layout;
	enum ui_layout layout_before; /* zoom: where its key goes back to */
	enum ui_pane front; /* has the focus; where both share the screen it is the one in front */
	enum ui_popup popup;
	int scroll;      /* first line of the popup or manifest */
	int guide_scroll; /* first line of the stage's text */
	int back;        /* lines that the pane is scrolled back */
	size_t selected; /* of the stage list */
	int note_rows;   /* that the act wants under its diagram */
	size_t flow;     /* that was chosen; beyond their number: the one that the stage is about */
	bool is_blank;
	int tour;            /* the callout in view, from 1; 0: none */
	bool hides_manifest; /* the diagram was asked for instead */
	enum ui_line line;   /* what is being typed at the bottom */
	const char *line_text;
	size_t line_at;          /* of the cursor, bytes */
	const char *completions; /* what Tab offers, blank-separated; "" */
	const char *question;    /* NULL: none is open */
	const char *notice;      /* what the last key has to say; "" */
	bool notice_is_problem;
	const char *told;       /* the last problem that a notice told of, all of it; "" */
	const char *filter;     /* "" */
	const char *focus;      /* workload id, NULL */
	const char *escape_key; /* as written: "F12" */
	const char *help_topic; /* "" */
};

/* ---- layout.c: which rectangle holds what ---- */
struct layout {
	struct rect title, result, keys; /* rows 0: not there */
	struct rect diagram, shell;      /* with their frames; rows 0: hidden */
	int note_rows;                   /* of the diagram's, its last ones */
	struct rect guide;               /* the guided layout's column, or the whole body; rows 0: hidden */
	struct rect body;                /* both */
	bool is_shared;                  /* one is behind the other */
	bool is_framed;
};
#define LAYOUT_MIN_COLS 20
#define LAYOUT_MIN_ROWS 5
enum ui_pane layout_next_pane(const struct view_state *view); /* that Tab brings forward */
const char *layout_pane_name(enum ui_pane pane);
int layout_diagram_cols(int cols, const struct view_state *view); /* with its frame, beside the guide if there is one */
void layout_compute(int cols, int rows, const struct view_state *view, struct layout *layout);
struct rect layout_inside(const struct layout *layout, struct rect outer); /* without the frame */
bool rect_has(struct rect area, int x, int y);

/* ---- frame.c: the whole picture ---- */
void frame_paint(struct canvas *canvas, const struct layout *layout, const struct scene *scene,
                 const struct view_state *view);
bool frame_shows_manifest(const struct scene *scene, const struct view_state *view);
int frame_max_scroll(const struct layout *layout, const struct scene *scene, const struct view_state *view, bool ascii);
/* A frame with its title left and a label right, and a label in the lower edge; each label may be "". */
void frame_box(struct canvas *canvas, struct rect area, enum canvas_role role, const char *title, const char *right,
               const char *below);

/* ---- view_*.c ---- */
void view_title(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
void view_diagram(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
void view_pane(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
void view_console(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
void view_console_title(const struct scene *scene, struct str *out);
void view_result(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
/* `behind`: the pane that Tab would bring forward, where nothing else says so; NULL */
void view_keys(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view,
               const char *behind);
bool view_wants_result(const struct scene *scene, const struct view_state *view); /* where one line must serve both */
void view_take(struct canvas *canvas, const struct layout *layout, const struct scene *scene);
struct rect view_take_area(const struct layout *layout);
void view_line(struct canvas *canvas, struct rect area, const struct view_state *view);

/* Pages are longer than what is shown of them: painted whole on a canvas of their own; the result is the rows used. */
enum { PAGE_ROWS = 400 };
typedef int view_page_fn(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view);
view_page_fn view_help, view_flows, view_explain, view_stages, view_why, view_manifest;
size_t view_flow_focus(const struct scene *scene, const struct view_state *view); /* the flow that is told of */
/* What the witnesses say of the flow in question, under the diagram of an act in which one is blocked: the rows that it
 * keeps, and painting it. */
int view_notes_rows(const struct scenario_act *act, int cols);
void view_notes(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
bool view_lists_stage(const struct scenario_act *act, size_t stage); /* it has a row of its own among the stages */
int view_stage_row(const struct scenario_act *act, size_t stage);
int put_lines(struct canvas *page, int y, enum canvas_role first, const char *text); /* wrapped; gives the row after it */

/* The guided layout's column: text above, what to do now below it, the stages where there is room. */
void view_guide(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view);
int view_guide_max_scroll(struct rect area, const struct scene *scene, const struct view_state *view);
bool view_has_problem(const struct scene *scene, const struct view_state *view);

/* The stage in view, or that of the exploration; NULL: the act has none. */
const struct scenario_stage *scene_stage(const struct scene *scene);
enum play_state scene_state(const struct scene *scene);

/* ---- words.c: states in words, glyphs and roles ---- */
struct look_of {
	const char *glyph, *word;
	enum canvas_role role;
};
struct look_of stage_look(enum play_state state);
struct look_of flow_look(enum play_flow_state state);
enum canvas_role persona_role(enum scenario_persona persona);
const char *persona_label(enum scenario_persona persona, bool is_short);

#endif
