/* private: a play's folder of private files, and what plays that were killed have left of theirs. See shell.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play/shell.h"

/* Files only: nobody makes a folder in there. */
void private_remove(const char *dir)
{
	DIR *files = opendir(dir);
	for (struct dirent *entry; files && (entry = readdir(files));) {
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
			unlink(path);
		free(path);
	}
	if (files)
		closedir(files);
	rmdir(dir);
}

bool private_guard(const char *dir, struct err *err)
{
	static const char *const names[] = {"kubectl", "oc", "virtctl"};
	char *self = path_self("onesdn");
	bool ok = true;
	for (size_t i = 0; i < sizeof names / sizeof *names && ok; i++) {
		char *path = mem_printf("%s/%s", dir, names[i]);
		ok = symlink(self, path) == 0 || errno == EEXIST;
		if (!ok)
			err_errno(err, errno, "%s cannot be made: the shells of a read-only show need it", path);
		free(path);
	}
	free(self);
	return ok;
}

static bool is_left_over(const char *name)
{
	int64_t pid;
	if (!text_has_prefix(name, PRIVATE_PREFIX))
		return false;
	const char *number = name + strlen(PRIVATE_PREFIX), *end = strchr(number, '-');
	char *text = end ? mem_strndup(number, (size_t)(end - number)) : NULL;
	bool is_gone = text && text_to_int(text, 2, INT32_MAX, &pid) && !process_is_alive((pid_t)pid);
	free(text);
	return is_gone;
}

void private_sweep(const char *runtime)
{
	DIR *files = opendir(runtime);
	for (struct dirent *entry; files && (entry = readdir(files));) {
		if (!is_left_over(entry->d_name))
			continue;
		char *path = mem_printf("%s/%s", runtime, entry->d_name);
		private_remove(path);
		free(path);
	}
	if (files)
		closedir(files);
}
