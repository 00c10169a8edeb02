/* record: frames of a show that is recorded, for whoever writes them: of one size whatever the terminal is, secrets taken out.
 * Without a recording (ui_options) nothing here does anything. */
#ifndef UI_RECORD_H
#define UI_RECORD_H

#include "onesdn/ui.h"

struct record {
	bool is_on; /* the show is of a fixed size and tells its frames */
	struct ui_recording with;
	struct canvas_look looks[ROLE_COUNT];
	struct canvas *frame; /* the last one, secrets out */
	struct canvas *shown; /* the presenter's screen: the frame and the mark */
	char mark[256];
	bool mark_is_on;
};
void record_finish(struct record *record);
void record_theme(struct ui *ui,
                  const char *name); /* the recording's colours; on a terminal that is light, dark all the same */
void record_frame(struct ui *ui);    /* ui->canvas has been painted */
/* What the presenter's terminal of that size shows: as much of ui->canvas as it has room for, and the mark that only the presenter
 * sees. */
const struct canvas *record_shown(struct ui *ui, int cols, int rows);

#endif
