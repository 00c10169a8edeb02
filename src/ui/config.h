/* config: the settings as a text that stands in memory; the face has the file. Private to ui. */
#ifndef UI_CONFIG_H
#define UI_CONFIG_H

#include "onesdn/ui.h"

/* Into what ui_config_load begins with; `name` goes into errors. On failure what was taken stays: ui_config_finish. */
bool config_parse(const char *text, size_t len, const char *name, struct ui_config *config, struct err *err);

#endif
