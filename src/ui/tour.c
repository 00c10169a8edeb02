/* tour: when it offers itself and how it is walked. See tour.h. */
#include "ui/tour.h"

#include <string.h>

#include "ui/keymap.h"
#include "ui/state.h"

#define OFFERED "tour-offered" /* a file in the user's state folder; what is in it is of no interest */

void tour_begin(struct ui *ui, const char *argument)
{
	(void)argument;
	ui->view.popup = POPUP_NONE;
	ui->view.scroll = 0;
	ui->view.tour = TOUR_FIRST;
	ui_dirty(ui);
}

/* The keys of the show walk it, so a remote's do too; all others leave it alone. */
bool tour_key(struct ui *ui, struct term_key key)
{
	if (ui->view.tour == TOUR_OFF)
		return false;
	const struct key_row *row = key_find(KEYS_STAGE, key);
	const char *command = row ? row->command : "";
	if (text_equal(command, "next"))
		ui->view.tour = ui->view.tour < tour_steps() ? ui->view.tour + 1 : TOUR_OFF;
	else if (text_equal(command, "back") && ui->view.tour > TOUR_FIRST)
		ui->view.tour--;
	else if (text_equal(command, "resume") || text_equal(command, "quit"))
		ui->view.tour = TOUR_OFF;
	else if (text_equal(command, "blank"))
		keys_blank(ui, true);
	return true;
}

void tour_offer(struct ui *ui)
{
	char *dir = path_user(PATH_STATE, NULL);
	char *path = dir ? mem_printf("%s/%s", dir, OFFERED) : NULL;
	struct str ignored = {0};
	struct err why = {.code = ERR_NONE};
	bool is_first = path && !file_read(path, 64, &ignored, &why) && why.code == ERR_NOT_FOUND;
	/* Where nothing can be kept it is not offered: it would be again and again. */
	if (is_first && file_write(path, "", 0, 0600, &why))
		ui_say(ui, false,
		       "New here? T shows you around the screen, in less than a minute; any other key just goes on");
	str_finish(&ignored);
	free(path);
	free(dir);
}
