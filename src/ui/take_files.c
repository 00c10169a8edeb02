/* take_files: where the takes of stages are kept: one file a stage in this user's data folder. Scenarios name acts and stages: only
 * what can be a file's name gets one. */
#include "onesdn/ui.h"

#include <stdlib.h>
#include <string.h>

static bool is_name(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len < 128 && text[0] != '.' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

char *ui_take_path(const char *act, const char *stage, struct err *err)
{
	char *data, *folder, *path = NULL;
	if (!is_name(act) || !is_name(stage)) {
		err_set(err, ERR_INVALID, "the act or stage \"%.60s/%.60s\" cannot be the name of a file", act, stage);
		return NULL;
	}
	data = path_user(PATH_DATA, err);
	folder = data ? mem_printf("%s/takes/%s", data, act) : NULL;
	if (folder && file_make_dirs(folder, 0700, err))
		path = mem_printf("%s/%s.cast", folder, stage);
	free(folder);
	free(data);
	return path;
}
