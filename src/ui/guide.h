/* guide: what the guided layout tells beside the scene: the checks of the stage in view, its command, the hints that were
 * asked for, the acts. guide.c fills it and knows the keys; view_guide.c paints it. */
#ifndef UI_GUIDE_H
#define UI_GUIDE_H

#include "onesdn/play.h"

struct guide {
	const struct scenario_act *act; /* that all this is about */
	size_t stage;                   /* in view when it was filled last; of an exploration: as play counts them */
	VEC(struct play_check) checks;  /* of that stage; empty without a show */
	char *command;                  /* that `next` would run, values filled in; "" */
	bool is_tried;                  /* something was typed by hand, and it is not done */
	VEC(size_t) n_hints;            /* that were asked for, one a stage */
	VEC(char *) hints;              /* of that stage, values filled in; empty without a show */
	VEC(bool) explored;             /* one an exploration: mended */
	VEC(char *) acts;               /* in the order of the show */
	VEC(char *) acts_done;          /* gone through to their end in this session */
};

struct ui;
void guide_follow(struct ui *ui); /* before the layout: a stage that comes into view brings its text forward */
void guide_fill(struct ui *ui);
void guide_finish(struct ui *ui);
void guide_forget(struct ui *ui); /* another act */
/* Commands of the keys. */
void guide_hint(struct ui *ui, const char *argument);   /* the next hint of the stage in view */
void guide_layout(struct ui *ui, const char *argument); /* that one; without it, the next one */
void guide_zoom(struct ui *ui, const char *argument);   /* the pane in front alone, and back */
void guide_other(struct ui *ui, const char *argument);  /* the next pane */
void guide_explore(struct ui *ui, const char *argument); /* the exploration of that number; without it, the next one */
bool guide_scroll(struct ui *ui, int lines);            /* false: it is not the guide that ↑↓ move */

#endif
