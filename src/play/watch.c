/* watch: a command that tells the states of a machine outside the cluster. See watch.h. */
#include "play/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_SIZE = 256,  /* a longer one is passed over */
	READ_SIZE = 4096, /* a turn */
	FIRST_RETRY_MS = 500,
	LAST_RETRY_MS = 60000,
};

struct watch {
	struct watch_options options;
	char *text, *cwd;
	struct loop_child *child;
	int fd;
	struct loop_fd *source;
	struct loop_timer *retry;
	int64_t retry_ms;
	bool has_said; /* this run of it */
	bool is_long;  /* the line that is being read: the rest of it is passed over */
	char line[LINE_SIZE];
	size_t len;
	enum watch_state state;
	struct str words;
};

/* ---- what it says ---- */

static bool is_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && memcmp(line, word, n) == 0 && (len == n || line[n] == ' ');
}

bool watch_read_line(const char *line, size_t len, enum watch_state *state, struct str *words)
{
	static const struct {
		const char *word;
		enum watch_state state;
	} known[] = {{"up", WATCH_UP}, {"down", WATCH_DOWN}, {"absent", WATCH_ABSENT}};
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!is_word(line, len, known[i].word))
			continue;
		*state = known[i].state;
		str_clear(words);
		size_t at = strlen(known[i].word);
		while (at < len && line[at] == ' ')
			at++;
		if (*state == WATCH_DOWN)
			str_append_safe(words, line + at, len - at);
		return true;
	}
	return false;
}

/* Whether something is another than before. */
static bool take_line(struct watch *w)
{
	enum watch_state state;
	struct str words = {0};
	bool is_ours = watch_read_line(w->line, w->len, &state, &words);
	bool is_new = is_ours && (state != w->state || strcmp(str_text(&words), str_text(&w->words)) != 0);
	if (is_new) {
		w->state = state;
		str_clear(&w->words);
		str_append(&w->words, str_text(&words));
	}
	w->has_said = w->has_said || is_ours;
	str_finish(&words);
	return is_new;
}

static bool take(struct watch *w, const char *data, size_t size)
{
	bool is_new = false;
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			is_new = (!w->is_long && take_line(w)) || is_new;
			w->len = 0;
			w->is_long = false;
		} else if (w->len < LINE_SIZE) {
			w->line[w->len++] = data[i];
		} else {
			w->is_long = true;
		}
	}
	return is_new;
}

/* ---- life ---- */

static void close_pipe(struct watch *w)
{
	loop_fd_destroy(w->source);
	w->source = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* One that ends without a word knows nothing any more: then neither do we. */
static void ended(struct watch *w)
{
	bool is_new = !w->has_said && w->state != WATCH_SILENT;
	close_pipe(w);
	loop_child_destroy(w->child);
	w->child = NULL;
	if (w->has_said)
		w->retry_ms = FIRST_RETRY_MS;
	else
		w->state = WATCH_SILENT;
	loop_timer_start(w->retry, w->retry_ms, 0);
	w->retry_ms = w->retry_ms * 2 < LAST_RETRY_MS ? w->retry_ms * 2 : LAST_RETRY_MS;
	if (is_new)
		w->options.on_change(w->options.user);
}

static void on_readable(int events, void *user)
{
	struct watch *w = user;
	char data[READ_SIZE];
	(void)events;
	ssize_t n = read(w->fd, data, sizeof data);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		ended(w);
	else if (take(w, data, (size_t)n))
		w->options.on_change(w->options.user);
}

static void on_exit_of_child(struct loop_child *child, int status, void *user)
{
	(void)child, (void)status, (void)user; /* the end of its output says the same, after its last line */
}

static struct loop_child *spawn(struct watch *w, int out)
{
	char *program = path_self("onesdn-lab");
	const char *const in_lab[] = {program, "exec", "--", "bash", "-c", w->text, NULL};
	const char *const here[] = {"bash", "-c", w->text, NULL};
	const char *const env[] = {"BASH_ENV", NULL};
	struct loop_spawn spec = {
	        .argv = w->options.is_in_lab ? in_lab : here,
	        .env = env,
	        .cwd = w->cwd,
	        .fds = {-1, out, -1},
	        .death_signal = SIGTERM,
	};
	struct loop_child *child = loop_spawn(w->options.loop, &spec, on_exit_of_child, w, NULL);
	free(program);
	return child;
}

static void start(void *user)
{
	struct watch *w = user;
	int fds[2] = {-1, -1};
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0) {
		fcntl(fds[1], F_SETFL, 0);
		w->child = spawn(w, fds[1]);
		close(fds[1]);
	}
	w->fd = fds[0];
	w->has_said = false;
	w->len = 0;
	w->is_long = false;
	if (w->child)
		w->source = loop_fd_create(w->options.loop, w->fd, LOOP_READ, on_readable, w);
	else
		ended(w);
}

struct watch *watch_create(const struct watch_options *options)
{
	struct watch *w = mem_alloc(sizeof *w);
	w->options = *options;
	w->text = mem_strdup(options->text);
	w->cwd = mem_strdup(options->cwd);
	w->fd = -1;
	w->retry_ms = FIRST_RETRY_MS;
	w->retry = loop_timer_create(options->loop, start, w);
	loop_timer_start(w->retry, 0, 0);
	return w;
}

void watch_destroy(struct watch *w)
{
	if (!w)
		return;
	close_pipe(w);
	loop_child_destroy(w->child);
	loop_timer_destroy(w->retry);
	str_finish(&w->words);
	free(w->text);
	free(w->cwd);
	free(w);
}

enum watch_state watch_state(const struct watch *w)
{
	return w->state;
}

const char *watch_words(const struct watch *w)
{
	return str_text(&w->words);
}
