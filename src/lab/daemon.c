/* One watched helper program. It stays in the foreground, so that its end is seen; what it prints goes to a file, whose last
 * line is the best explanation when it ends.
 */
#include "lab/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 50
#define PAUSE_LAST_MS 5000
#define STEADY_MS 10000 /* having run so long makes the next pause short again */

struct daemon {
	struct loop *loop;
	char *name, *log;
	char **argv, **env;
	int netns;
	void (*on_change)(bool is_running, const char *words, void *user);
	void *user;
	struct loop_child *child;
	struct loop_timer *timer;
	int64_t pause_ms, started;
	bool is_running;
};

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	while (list != NULL && list[n] != NULL)
		n++;
	char **out = mem_alloc((n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++)
		out[i] = mem_strdup(list[i]);
	return out;
}

static void free_list(char **list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		free(list[i]);
	free((void *)list);
}

static int enter_netns(void *user)
{
	const struct daemon *daemon = user;
	return daemon->netns >= 0 ? setns(daemon->netns, CLONE_NEWNET) : 0;
}

/* The last line that it printed, without the end of line. */
static void last_line(const struct daemon *daemon, char *out, size_t size)
{
	char tail[1024];
	out[0] = '\0';
	int fd = open(daemon->log, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, tail, sizeof tail - 1, end > (off_t)sizeof tail ? end - (off_t)sizeof tail + 1 : 0);
	close(fd);
	while (n > 0 && tail[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	tail[n] = '\0';
	const char *line = strrchr(tail, '\n');
	struct str safe = {0};
	line = line != NULL ? line + 1 : tail;
	str_append_safe(&safe, line, strlen(line));
	snprintf(out, size, "%s", str_text(&safe));
	str_finish(&safe);
}

static void start(void *user);

static void again_later(struct daemon *daemon, const char *words)
{
	daemon->is_running = false;
	if (loop_now(daemon->loop) - daemon->started > STEADY_MS)
		daemon->pause_ms = PAUSE_FIRST_MS;
	loop_timer_start(daemon->timer, daemon->pause_ms, 0);
	daemon->pause_ms = daemon->pause_ms * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : daemon->pause_ms * 2;
	daemon->on_change(false, words, daemon->user);
}

static void on_end(struct loop_child *child, int status, void *user)
{
	struct daemon *daemon = user;
	char line[512], words[1024];
	(void)child;
	loop_child_destroy(daemon->child);
	daemon->child = NULL;
	last_line(daemon, line, sizeof line);
	if (WIFSIGNALED(status))
		snprintf(words, sizeof words, "%s was ended by signal %d (%s)", daemon->name, WTERMSIG(status),
		         strsignal(WTERMSIG(status)));
	else
		snprintf(words, sizeof words, "%s ended with status %d%s%s", daemon->name, WEXITSTATUS(status),
		         line[0] != '\0' ? ": " : "", line);
	again_later(daemon, words);
}

static void start(void *user)
{
	struct daemon *daemon = user;
	struct err err = {0};
	int fd = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const struct loop_spawn spec = {
	        .argv = (const char *const *)daemon->argv,
	        .env = (const char *const *)daemon->env,
	        .cwd = "/",
	        .fds = {-1, fd, fd},
	        .death_signal = SIGKILL,
	        .prepare = enter_netns,
	        .prepare_user = daemon,
	};
	daemon->started = loop_now(daemon->loop);
	daemon->child = loop_spawn(daemon->loop, &spec, on_end, daemon, &err);
	if (fd >= 0)
		close(fd);
	if (daemon->child == NULL) {
		char words[1200];
		snprintf(words, sizeof words, "%s cannot be started: %s", daemon->name, err.text);
		again_later(daemon, words);
		return;
	}
	daemon->is_running = true;
	daemon->on_change(true, "", daemon->user);
}

struct daemon *daemon_create(struct loop *loop, const struct daemon_options *options)
{
	struct daemon *daemon = mem_alloc(sizeof *daemon);
	daemon->loop = loop;
	daemon->name = mem_strdup(options->name);
	daemon->log = mem_printf(DAEMON_LOG_DIR "/%s", options->log);
	daemon->argv = copy_list(options->argv);
	daemon->env = copy_list(options->env);
	daemon->netns = options->netns;
	daemon->on_change = options->on_change;
	daemon->user = options->user;
	daemon->pause_ms = PAUSE_FIRST_MS;
	daemon->timer = loop_timer_create(loop, start, daemon);
	start(daemon);
	return daemon;
}

void daemon_destroy(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	loop_child_destroy(daemon->child);
	loop_timer_destroy(daemon->timer);
	free(daemon->name);
	free(daemon->log);
	free_list(daemon->argv);
	free_list(daemon->env);
	free(daemon);
}

bool daemon_is_running(const struct daemon *daemon)
{
	return daemon != NULL && daemon->is_running;
}
