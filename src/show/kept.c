/* kept: see kept.h. Written whole and renamed into place at every change of a stage or of the view, so that what is there is
 * always one state of the show, whatever ends it. */
#include "onesdn/show.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT 1
#define FILE_MAX ((size_t)4 << 20)
#define OLD_MS ((int64_t)7 * 24 * 3600 * 1000) /* nobody goes on with such a show */
#define SUFFIX ".json"

/* ---- files and their locks ---- */

static char *shows_dir(struct err *err)
{
	char *state = path_user(PATH_STATE, err), *dir = state ? mem_printf("%s/shows", state) : NULL;
	if (dir && !file_make_dirs(dir, 0700, err)) {
		free(dir);
		dir = NULL;
	}
	free(state);
	return dir;
}

/* -1: another show holds it, or it cannot be had. */
static int lock(const char *path)
{
	char *name = mem_printf("%s.lock", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	free(name);
	return fd;
}

static void remove_file(const char *path)
{
	char *name = mem_printf("%s.lock", path);
	unlink(path);
	unlink(name);
	free(name);
}

static int64_t written_at(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

/* ---- reading ---- */

/* Bounded, printable, on one line; NULL when it is not there. */
static bool take_line(const json_t *from, const char *key, bool is_needed, char **out)
{
	const json_t *value = json_object_get(from, key);
	const char *text = json_string_value(value);
	if (!value || json_is_null(value))
		return !is_needed;
	if (!text || !*text || strlen(text) > 4096 || !text_is_safe(text, strlen(text)))
		return false;
	*out = mem_strdup(text);
	return true;
}

static bool take_number(const json_t *from, const char *key, int64_t low, int64_t high, int64_t *out)
{
	const json_t *value = json_object_get(from, key);
	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= low && *out <= high;
}

static bool take(struct kept *kept, const json_t *from)
{
	int64_t format, stage, total, now = time_wall_ms();
	bool is_good = json_is_object(from) && take_number(from, "format", FORMAT, FORMAT, &format) &&
	               take_line(from, "act", true, &kept->act) && take_line(from, "context", false, &kept->context) &&
	               take_line(from, "kubeconfig", false, &kept->kubeconfig) &&
	               take_line(from, "cluster", false, &kept->cluster) &&
	               take_number(from, "started", 0, now, &kept->started_ms) &&
	               take_number(from, "planned", 0, OLD_MS, &kept->planned_ms) &&
	               take_number(from, "written", 0, INT64_MAX, &kept->written_ms) &&
	               take_number(from, "stage", 1, SCENARIO_STAGES_MAX, &stage) &&
	               take_number(from, "stages", 1, SCENARIO_STAGES_MAX, &total) &&
	               json_is_object(json_object_get(from, "play"));
	if (!is_good)
		return false;
	kept->read_only = json_is_true(json_object_get(from, "read-only"));
	kept->is_mentioned = json_is_true(json_object_get(from, "mentioned"));
	kept->stage = (size_t)stage;
	kept->n_stages = (size_t)total;
	kept->play = json_incref(json_object_get(from, "play"));
	return true;
}

static json_t *read_state(const char *path, struct err *err)
{
	struct str text = {0};
	json_t *value = file_read(path, FILE_MAX, &text, err) ? json_parse(str_text(&text), text.len, path, err) : NULL;
	str_finish(&text);
	return value;
}

static bool read_kept(struct kept *kept, char *path, struct err *err)
{
	struct err why = {0};
	json_t *value = read_state(path, &why);
	bool is_good = value && take(kept, value);
	kept->path = path;
	if (!value)
		err_set(err, ERR_INVALID, "what was kept of the last show cannot be read: %s; remove that file",
		        why.text);
	else if (!is_good)
		err_set(err, ERR_INVALID, "%s is not what this version keeps of a show; remove that file", path);
	json_decref(value);
	return is_good;
}

/* A file that cannot be read may be of any act. */
static bool is_of(const char *path, const char *act)
{
	json_t *value = act ? read_state(path, NULL) : NULL;
	const char *word = value ? json_walk_str(value, "act", NULL) : "";
	char *real = act ? realpath(act, NULL) : NULL;
	bool is_same = !act || !value || text_equal(word, act) || (real && text_equal(word, real));
	json_decref(value);
	free(real);
	return is_same;
}

/* The newest that no show holds; what is too old is removed on the way. The caller frees. */
static char *newest(const char *dir, const char *act)
{
	DIR *files = opendir(dir);
	char *best = NULL;
	int64_t best_at = 0, now = time_wall_ms();
	for (struct dirent *entry; files && (entry = readdir(files));) {
		if (!text_has_suffix(entry->d_name, SUFFIX))
			continue;
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		int64_t at = written_at(path);
		int fd = at > 0 ? lock(path) : -1;
		bool is_old = fd >= 0 && now - at > OLD_MS;
		if (is_old)
			remove_file(path);
		if (fd >= 0 && !is_old && at > best_at && is_of(path, act)) {
			free(best);
			best = mem_strdup(path);
			best_at = at;
		}
		if (fd >= 0)
			close(fd);
		free(path);
	}
	if (files)
		closedir(files);
	return best;
}

bool kept_find(struct kept *kept, const char *act, struct err *err)
{
	char *dir = shows_dir(err), *path = dir ? newest(dir, act) : NULL;
	*kept = (struct kept){0};
	bool is_good = path && read_kept(kept, path, err);
	if (dir && !path && act)
		err_set(err, ERR_NOT_FOUND, "no show of %s was left unfinished: there is nothing to go on with", act);
	else if (dir && !path)
		err_set(err, ERR_NOT_FOUND, "no show was left unfinished: there is nothing to go on with");
	free(dir);
	if (!is_good)
		kept_finish(kept);
	return is_good;
}

void kept_mention(const struct kept *kept)
{
	struct str text = {0};
	struct stat st;
	json_t *value = read_state(kept->path, NULL);
	int fd = value ? lock(kept->path) : -1;
	if (fd >= 0 && lstat(kept->path, &st) == 0 && json_object_set_new(value, "mentioned", json_true()) == 0) {
		const struct timespec times[] = {st.st_atim, st.st_mtim};
		str_append_json(&text, value, JSON_COMPACT);
		if (file_write(kept->path, str_text(&text), text.len, 0600, NULL))
			utimensat(AT_FDCWD, kept->path, times, AT_SYMLINK_NOFOLLOW);
	}
	if (fd >= 0)
		close(fd);
	json_decref(value);
	str_finish(&text);
}

void kept_finish(struct kept *kept)
{
	free(kept->path);
	free(kept->act);
	free(kept->context);
	free(kept->kubeconfig);
	free(kept->cluster);
	json_decref(kept->play);
	*kept = (struct kept){0};
}

/* ---- writing ---- */

struct keeper {
	struct show *show;
	char *path;
	int fd;                  /* of the lock; -1 */
	const struct play *play; /* that was written last, with this stage in view */
	size_t view;             /* or one of an exploration's, */
	enum play_state state;   /* ... in this state */
	bool has_failed;
};

char *keeper_cluster(const struct show *show)
{
	struct str text = {0};
	char *runtime = path_user(PATH_RUNTIME, NULL),
	     *path = runtime ? mem_printf("%s/lab/state.json", runtime) : NULL;
	char *out = NULL;
	if (show->connection && show->connection->is_lab && path && file_read(path, 4096, &text, NULL)) {
		json_t *state = json_parse(str_text(&text), text.len, path, NULL);
		out = mem_printf("lab %lld-%lld", (long long)json_walk_int(state, 0, "guard", NULL),
		                 (long long)json_walk_int(state, 0, "guardStart", NULL));
		json_decref(state);
	}
	str_finish(&text);
	free(path);
	free(runtime);
	return out ? out : mem_strdup("cluster");
}

struct keeper *keeper_create(struct show *show, const struct kept *kept)
{
	struct keeper *keeper = mem_alloc(sizeof *keeper);
	keeper->show = show;
	keeper->fd = -1;
	if (kept) {
		keeper->path = mem_strdup(kept->path);
		keeper->fd = lock(kept->path);
		if (keeper->fd <
		    0) { /* somebody else goes on with it at this very moment: then this is a show of its own */
			free(keeper->path);
			keeper->path = NULL;
		}
	}
	return keeper;
}

static bool choose_file(struct keeper *keeper, struct err *err)
{
	if (keeper->path)
		return true;
	char *dir = shows_dir(err);
	if (!dir)
		return false;
	keeper->path = mem_printf("%s/%lld-%ld" SUFFIX, dir, (long long)time_wall_ms(), (long)getpid());
	keeper->fd = lock(keeper->path);
	free(dir);
	return true;
}

/* An act of ours by its name, any other file by its whole path. */
static char *act_word(const struct scenario_act *act)
{
	char *names = scenario_names(NULL), *path = realpath(act->path, NULL), *out = NULL;
	size_t len = strlen(act->name);
	char *ours = path_data("manifests", NULL), *real = ours ? realpath(ours, NULL) : NULL;
	for (const char *p = names; p && *p && !out; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == len && strncmp(p, act->name, len) == 0 && path && real &&
		    text_has_prefix(path, real))
			out = mem_strdup(act->name);
	if (!out)
		out = mem_strdup(path ? path : act->path);
	free(names);
	free(path);
	free(ours);
	free(real);
	return out;
}

static json_t *state_of(const struct keeper *keeper)
{
	struct show *show = keeper->show;
	const struct scenario_act *act = play_act(show->play);
	char *word = act_word(act), *cluster = keeper_cluster(show);
	size_t number, total;
	scenario_place(act, play_stage(show->play), &number, &total);
	int64_t now = time_wall_ms(), started = show_started(show);
	json_t *state = json_pack("{s:i, s:s, s:s?, s:s?, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:o}", "format", FORMAT,
	                          "act", word, "context", show->options.context, "kubeconfig", show->options.kubeconfig,
	                          "cluster", cluster, "read-only", show->options.read_only, "started",
	                          (json_int_t)(started ? now - (loop_now(show->loop) - started) : 0), "planned",
	                          (json_int_t)show->planned_ms, "written", (json_int_t)now, "stage", (json_int_t)number,
	                          "stages", (json_int_t)total, "play", play_keep(show->play));
	free(word);
	free(cluster);
	return state;
}

static bool write_state(struct keeper *keeper, struct err *err)
{
	if (!choose_file(keeper, err))
		return false;
	struct str text = {0};
	json_t *state = state_of(keeper);
	str_append_json(&text, state, JSON_COMPACT);
	bool ok = file_write(keeper->path, str_text(&text), text.len, 0600, err);
	json_decref(state);
	str_finish(&text);
	return ok;
}

static size_t view_of(const struct play *play, enum play_state *state)
{
	struct play_exploration now;
	bool is_exploring = play_exploring(play, &now);
	*state = is_exploring ? now.state : PLAY_PENDING;
	return is_exploring ? now.stage : play_stage(play);
}

static void keep(void *user)
{
	struct keeper *keeper = user;
	struct play *play = keeper->show->play;
	struct err err;
	if (!play || keeper->has_failed || (show_started(keeper->show) == 0 && !keeper->path))
		return;
	keeper->play = play;
	keeper->view = view_of(play, &keeper->state);
	if (!write_state(keeper, &err)) {
		keeper->has_failed = true;
		err_context(&err, "the show is not kept, and could not be resumed");
		ui_tell(keeper->show->ui, true, err.text);
	}
}

void keeper_stage_changed(struct keeper *keeper)
{
	if (!keeper)
		return;
	loop_unpost(keeper->show->loop, keeper);
	loop_post(keeper->show->loop, keep, keeper);
}

void keeper_changed(struct keeper *keeper)
{
	const struct play *play = keeper ? keeper->show->play : NULL;
	enum play_state state;
	if (play && (play != keeper->play || view_of(play, &state) != keeper->view || state != keeper->state))
		keeper_stage_changed(keeper);
}

void keeper_destroy(struct keeper *keeper)
{
	if (!keeper)
		return;
	loop_unpost(keeper->show->loop, keeper);
	struct play_exploration now; /* what is over may still be broken */
	const struct play *play = keeper->show->play;
	if (keeper->path && play && play_is_over(play) && !play_exploring(play, &now))
		remove_file(keeper->path);
	if (keeper->fd >= 0)
		close(keeper->fd);
	free(keeper->path);
	free(keeper);
}
