/* The runtime directory and what is in it. See runtime.h for the files. */
#include "lab/runtime.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *const files[] = {"api.sock", "control.sock", "kubeconfig", "state.json", "lock"};

char *runtime_path(const struct runtime *rt, const char *name)
{
	return mem_printf("%s/%s", rt->dir, name);
}

/* The directory that `fd` is in, or -1. */
static int open_parent(int fd)
{
	return openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_directories(const struct runtime *rt)
{
	int base = open_parent(rt->dir_fd), root = base >= 0 ? open_parent(base) : -1;
	char name[64];
	const char *end = strrchr(rt->dir, '/'), *start = end;
	while (start > rt->dir && start[-1] != '/')
		start--;
	snprintf(name, sizeof name, "%.*s", (int)(end - start), start);
	if (root >= 0 && unlinkat(base, end + 1, AT_REMOVEDIR) == 0)
		unlinkat(root, name, AT_REMOVEDIR);
	if (base >= 0)
		close(base);
	if (root >= 0)
		close(root);
}

void runtime_clear(const struct runtime *rt)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlinkat(rt->dir_fd, files[i], 0);
	remove_directories(rt);
}

/* A lock file that was unlinked meanwhile is not the one that others lock. */
static bool is_current(const struct runtime *rt)
{
	struct stat ours, named;
	return fstat(rt->lock_fd, &ours) == 0 && fstatat(rt->dir_fd, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static bool try_lock(struct runtime *rt, bool make, struct err *err)
{
	for (int tries = 0; tries < 10; tries++) {
		rt->lock_fd = openat(rt->dir_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
		if (rt->lock_fd < 0 && errno == ENOENT && !make)
			return true;
		if (rt->lock_fd < 0)
			return err_errno(err, errno, "the lab's lock file %s/lock", rt->dir);
		rt->is_held = flock(rt->lock_fd, LOCK_EX | LOCK_NB) == 0;
		if (is_current(rt))
			return true;
		close(rt->lock_fd);
		rt->lock_fd = -1;
		rt->is_held = false;
	}
	return err_set(err, ERR_UNAVAILABLE, "the lab's lock file %s/lock keeps changing; try again", rt->dir);
}

/* What is left although nobody holds the lock is of a lab whose guard was killed with it. */
static void clear_stale(struct runtime *rt)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (strcmp(files[i], "lock") != 0)
			unlinkat(rt->dir_fd, files[i], 0);
}

bool runtime_open(struct runtime *rt, bool make, struct err *err)
{
	*rt = (struct runtime){.dir_fd = -1, .lock_fd = -1};
	char *base = path_user(PATH_RUNTIME, err);
	if (base == NULL)
		return false;
	rt->dir = mem_printf("%s/lab", base);
	free(base);
	char *cache = path_user(PATH_CACHE, err);
	if (cache == NULL)
		return false;
	rt->log = mem_printf("%s/lab.log", cache);
	free(cache);
	if (make && !file_make_dirs(rt->dir, 0700, err))
		return err_context(err, "the lab's runtime directory");
	rt->dir_fd = open(rt->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (rt->dir_fd < 0)
		return errno == ENOENT && !make ? true
		                                : err_errno(err, errno, "the lab's runtime directory %s", rt->dir);
	if (fchmod(rt->dir_fd, 0700) < 0)
		return err_errno(err, errno, "the lab's runtime directory %s must be yours alone", rt->dir);
	if (!try_lock(rt, make, err))
		return false;
	if (rt->is_held || rt->lock_fd < 0)
		clear_stale(rt);
	return true;
}

/* There is no lab's directory; the one above may have been made by asking for it. */
static void remove_base(const struct runtime *rt)
{
	char *base = mem_strndup(rt->dir, (size_t)(strrchr(rt->dir, '/') - rt->dir));
	rmdir(base);
	free(base);
}

void runtime_close(struct runtime *rt)
{
	/* With a lock on a file that was unlinked meanwhile the files may be another lab's by now. */
	if (rt->is_held && is_current(rt))
		runtime_clear(rt);
	else if (rt->dir_fd >= 0 && rt->lock_fd < 0)
		remove_directories(rt);
	else if (rt->dir != NULL && rt->dir_fd < 0)
		remove_base(rt);
	if (rt->lock_fd >= 0)
		close(rt->lock_fd);
	if (rt->dir_fd >= 0)
		close(rt->dir_fd);
	free(rt->dir);
	free(rt->log);
	*rt = (struct runtime){.dir_fd = -1, .lock_fd = -1};
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wait_process(pid_t pid, int64_t deadline)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return true;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left = deadline - now_ms();
	bool is_gone = poll(&p, 1, left > 0 ? (int)left : 0) > 0;
	close(fd);
	return is_gone;
}

bool runtime_wait_lock(struct runtime *rt, int64_t deadline_ms)
{
	struct runtime_state state;
	int64_t deadline = now_ms() + deadline_ms;
	if (rt->is_held || rt->lock_fd < 0)
		return true;
	if (runtime_read_state(rt, &state) &&
	    (!wait_process(state.init, deadline) || !wait_process(state.guard, deadline)))
		return false;
	for (;;) { /* the last holder may be between its end and the kernel's letting go of its files */
		if (flock(rt->lock_fd, LOCK_EX | LOCK_NB) == 0)
			return rt->is_held = true;
		if (now_ms() >= deadline)
			return false;
		poll(NULL, 0, 5);
	}
}

/* ---- sockets ---- */

static int listen_unix(struct runtime *rt, const char *name, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = runtime_path(rt, name);
	if (strlen(path) >= sizeof address.sun_path) {
		err_set(err, ERR_INVALID,
		        "the path %s is too long for a socket (%zu bytes at most): set XDG_RUNTIME_DIR to a shorter "
		        "one",
		        path, sizeof address.sun_path - 1);
		free(path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0177);
	bool is_done = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 128) == 0;
	int why = errno;
	umask(mask);
	if (!is_done) {
		err_errno(err, why, "listening on %s", path);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

static int listen_tcp(int *port, struct err *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 128) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
		*port = ntohs(address.sin_port);
		return fd;
	}
	err_errno(err, errno,
	          "listening on a free port of 127.0.0.1 (is the loopback interface up? 'ip link set lo up')");
	if (fd >= 0)
		close(fd);
	return -1;
}

bool runtime_listen(struct runtime *rt, struct runtime_sockets *out, struct err *err)
{
	struct runtime_sockets s = {-1, -1, -1, 0};
	s.tcp = listen_tcp(&s.port, err);
	if (s.tcp >= 0)
		s.api = listen_unix(rt, "api.sock", err);
	if (s.api >= 0)
		s.control = listen_unix(rt, "control.sock", err);
	if (s.control >= 0) {
		*out = s;
		return true;
	}
	if (s.tcp >= 0)
		close(s.tcp);
	if (s.api >= 0)
		close(s.api);
	return false;
}

/* ---- files ---- */

bool runtime_make_secret(char out[API_SECRET_HEX + 1], struct err *err)
{
	uint8_t bytes[API_SECRET_HEX / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return err_errno(err, errno, "no random bytes to be had");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static const char *context_name(size_t i, const struct api_user *user, char *out, size_t size)
{
	if (i == 0)
		snprintf(out, size, "lab");
	else
		snprintf(out, size, "lab-%s", user->name);
	return out;
}

bool runtime_write_kubeconfig(const struct runtime *rt, int port, const struct api_user *users, size_t n_users,
                              struct err *err)
{
	struct str text = {0};
	char name[64];
	str_append(&text, "# The lab's. The server's path is the credential: keep this file to yourself.\napiVersion: "
	                  "v1\nkind: Config\nclusters:\n");
	for (size_t i = 0; i < n_users; i++)
		str_append_f(&text, "- name: %s\n  cluster:\n    server: http://127.0.0.1:%d/%s\n",
		             context_name(i, &users[i], name, sizeof name), port, users[i].secret);
	str_append(&text, "users:\n");
	for (size_t i = 0; i < n_users; i++)
		str_append_f(&text, "- name: %s\n  user: {}\n", users[i].name);
	str_append(&text, "contexts:\n");
	for (size_t i = 0; i < n_users; i++) {
		context_name(i, &users[i], name, sizeof name);
		str_append_f(&text, "- name: %s\n  context:\n    cluster: %s\n    user: %s\n", name, name,
		             users[i].name);
	}
	str_append(&text, "current-context: lab\n");
	char *path = runtime_path(rt, "kubeconfig");
	bool is_done = file_write(path, text.data, text.len, 0600, err);
	free(path);
	str_finish(&text);
	return is_done;
}

bool runtime_write_state(const struct runtime *rt, const struct runtime_state *state, struct err *err)
{
	json_t *json = json_pack("{s:i, s:I, s:i, s:I, s:i}", "guard", (int)state->guard, "guardStart",
	                         (json_int_t)process_started(state->guard), "init", (int)state->init, "initStart",
	                         (json_int_t)process_started(state->init), "port", state->port);
	struct str text = {0};
	str_append_json(&text, json, JSON_COMPACT);
	str_append_c(&text, '\n');
	json_decref(json);
	char *path = runtime_path(rt, "state.json");
	bool is_done = file_write(path, text.data, text.len, 0600, err);
	free(path);
	str_finish(&text);
	return is_done;
}

static bool is_that(pid_t pid, int64_t start)
{
	return pid > 0 && start >= 0 && process_started(pid) == start;
}

bool runtime_read_state(const struct runtime *rt, struct runtime_state *out)
{
	struct str text = {0};
	char *path = runtime_path(rt, "state.json");
	json_t *json = file_read(path, 4096, &text, NULL) ? json_parse(text.data, text.len, path, NULL) : NULL;
	struct runtime_state state = {.guard = (pid_t)json_walk_int(json, 0, "guard", NULL),
	                              .init = (pid_t)json_walk_int(json, 0, "init", NULL),
	                              .port = (int)json_walk_int(json, 0, "port", NULL)};
	bool is_guard = is_that(state.guard, json_walk_int(json, -1, "guardStart", NULL));
	bool is_init = is_that(state.init, json_walk_int(json, -1, "initStart", NULL));
	if (!is_guard)
		state.guard = 0;
	if (!is_init)
		state.init = 0;
	json_decref(json);
	free(path);
	str_finish(&text);
	*out = state;
	return is_guard || is_init;
}
