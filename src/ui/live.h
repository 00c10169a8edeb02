/* live: the ui on a real terminal; without one (ui->screen NULL) these do nothing. */
#ifndef UI_LIVE_H
#define UI_LIVE_H

#include "onesdn/base.h"
#include "onesdn/theme.h"

struct ui;
bool live_start(struct ui *ui, struct err *err);
void live_stop(struct ui *ui);
void live_title(struct ui *ui); /* of the outer terminal */
void live_hold(struct ui *ui);  /* the diagram comes forward when the output could be read */
void live_hold_stop(struct ui *ui);
void live_redraw(struct ui *ui); /* everything is sent anew */
void live_suspend(struct ui *ui);
enum theme_depth live_depth(const struct ui *ui);
bool live_is_light(const struct ui *ui);

#endif
