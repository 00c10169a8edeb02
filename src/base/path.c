/* path: where this user's directories, the shipped data and the other programs are. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onesdn/base.h"

/* The XDG specification: a relative path in these variables is to be ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] == '/' ? value : NULL;
}

static bool is_ours(const char *dir)
{
	struct stat st;
	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static char *runtime_dir(void)
{
	const char *base = absolute_env("XDG_RUNTIME_DIR");
	/* After sudo the variable may still name another user's directory. */
	return base && is_ours(base) ? mem_printf("%s/onesdn", base)
	                             : mem_printf("/tmp/onesdn-%u", (unsigned)geteuid());
}

static char *home_dir(const char *variable, const char *below_home, struct err *err)
{
	const char *base = absolute_env(variable);
	if (base)
		return mem_printf("%s/onesdn", base);
	const char *home = absolute_env("HOME");
	if (!home) {
		const struct passwd *user = getpwuid(geteuid());
		home = user && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
	}
	if (!home) {
		err_set(err, ERR_NOT_FOUND, "this user has no home directory: set HOME or %s", variable);
		return NULL;
	}
	return mem_printf("%s/%s/onesdn", home, below_home);
}

/* Nobody else may plant sockets or files where we are going to connect and read. */
static bool is_private(const char *dir, struct err *err)
{
	struct stat st;
	if (lstat(dir, &st) != 0)
		return err_errno(err, errno, "the directory %s cannot be looked at", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		return err_set(err, ERR_DENIED,
		               "%s is not a directory of this user alone (mode 0700): remove it or set XDG_RUNTIME_DIR",
		               dir);
	}
	return true;
}

char *path_user(enum path_kind kind, struct err *err)
{
	static const struct {
		const char *variable, *below_home;
	} places[] = {
	        [PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
	        [PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
	        [PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
	        [PATH_DATA] = {"XDG_DATA_HOME", ".local/share"},
	};
	char *dir =
	        kind == PATH_RUNTIME ? runtime_dir() : home_dir(places[kind].variable, places[kind].below_home, err);
	if (!dir)
		return NULL;
	if (!file_make_dirs(dir, 0700, err) || (kind == PATH_RUNTIME && !is_private(dir, err))) {
		free(dir);
		return NULL;
	}
	return dir;
}

/* `path` if something is there, else frees it and gives NULL. */
static char *if_there(char *path)
{
	if (path && access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static bool has_file(const char *dir, const char *below)
{
	char *path = if_there(mem_printf("%s/%s", dir, below));
	free(path);
	return path != NULL;
}

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');
	if (slash && slash != path)
		*slash = '\0';
	else
		strncpy(path, "/", 2);
}

/* The directory our own binary is in; NULL without /proc. */
static char *own_dir(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len <= 0)
		return NULL;
	path[len] = '\0';
	cut_last(path);
	return mem_strdup(path);
}

/* The build directory that `dir` is in or is (build, build/unit), if it stands in our source tree; else NULL. */
static char *build_dir(const char *dir)
{
	char *build = mem_strdup(dir);
	for (int up = 0; up < 2; up++) {
		if (has_file(build, "../include/onesdn/base.h"))
			return build;
		cut_last(build);
	}
	free(build);
	return NULL;
}

/* No way out of the data directory through a name that somebody typed. */
static bool is_inside(const char *relative)
{
	const char *part = relative;
	do {
		part += *part == '/';
		if (text_has_prefix(part, "..") && (part[2] == '\0' || part[2] == '/'))
			return false;
	} while ((part = strchr(part, '/')));
	return relative[0] != '/' && relative[0] != '\0';
}

char *path_data(const char *relative, struct err *err)
{
	if (!is_inside(relative)) {
		err_set(err, ERR_INVALID, "\"%s\" is no name below the program's data", relative);
		return NULL;
	}
	const char *set = getenv("ONESDN_DATA");
	char *found = set && set[0] != '\0' ? if_there(mem_printf("%s/%s", set, relative)) : NULL;
	char *dir = own_dir(), *build = dir ? build_dir(dir) : NULL;
	if (!found && build)
		found = if_there(mem_printf("%s/../%s", build, relative));
	if (!found && build) /* what the build itself makes, such as terminfo */
		found = if_there(mem_printf("%s/%s", build, relative));
	if (!found && dir)
		found = if_there(mem_printf("%s/../share/onesdn/%s", dir, relative));
	if (!found) {
		err_set(err, ERR_NOT_FOUND,
		        "%s is neither beside the program%s%s nor under ONESDN_DATA: install it or set ONESDN_DATA",
		        relative, dir ? " in " : "", dir ? dir : "");
	}
	free(build);
	free(dir);
	return found;
}

char *path_self(const char *program)
{
	char *dir = own_dir(), *build = dir ? build_dir(dir) : NULL, *found = NULL;
	if (dir)
		found = if_there(mem_printf("%s/%s", dir, program));
	if (!found && build)
		found = if_there(mem_printf("%s/%s", build, program));
	free(build);
	free(dir);
	return found ? found : mem_strdup(program);
}

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *search(const char *name, const char *dirs)
{
	for (size_t len; *dirs != '\0'; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		if (len == 0) /* POSIX reads an empty part as the working directory; nobody wants that today */
			continue;
		char *path = mem_printf("%.*s/%s", (int)len, dirs, name);
		if (is_program(path))
			return path;
		free(path);
	}
	return NULL;
}

char *path_program(const char *name)
{
	if (strchr(name, '/'))
		return is_program(name) ? mem_strdup(name) : NULL;
	const char *path = getenv("PATH");
	char *found = path && name[0] != '\0' ? search(name, path) : NULL;
	return found || name[0] == '\0' ? found : search(name, "/usr/sbin:/sbin");
}
