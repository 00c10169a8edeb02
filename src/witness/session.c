/* The shell reads a script at a time from its standard input; the next is sent when the one before has been answered. The session
 * ends itself when it has been idle for a minute, or a script takes too long: then nothing tells where its output ends.
 */
#include "witness/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define IDLE_MS 60000
#define SCRIPT_MS 15000
#define ERRORS_MAX 4096
#define READ_BUDGET ((size_t)256 << 10)

struct script {
	char *text;
	session_fn *fn; /* NULL: forgotten */
	void *user;
};
struct session {
	struct loop *loop;
	struct session_options options;
	struct loop_child *child;
	int in, out, err;
	struct loop_fd *in_source, *out_source, *err_source;
	struct loop_timer *timer;   /* of the script that runs, or of being idle */
	VEC(struct script) scripts; /* the first one runs */
	struct str to_write, output, errors;
	size_t searched; /* of output, for the end */
	char end[36];    /* "\nWORD " */
	bool is_over;
	char *words;
};

static void close_end(struct loop_fd **source, int *fd)
{
	loop_fd_destroy(*source);
	*source = NULL;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the end ---- */

static void tell_end(void *user)
{
	struct session *session = user;
	session->options.on_end(session, session->words, session->options.user);
}

static void close_all(struct session *session)
{
	close_end(&session->in_source, &session->in);
	close_end(&session->out_source, &session->out);
	close_end(&session->err_source, &session->err);
	loop_timer_stop(session->timer);
	loop_child_destroy(session->child);
	session->child = NULL;
}

/* Every script is answered with these words, then the owner is told. */
static void fail(struct session *session, const char *words)
{
	if (session->is_over)
		return;
	session->is_over = true;
	session->words = mem_strdup(words);
	close_all(session);
	while (session->scripts.len > 0) {
		struct script script = session->scripts.data[0];
		vec_remove(&session->scripts, 0);
		const struct session_reply reply = {.text = "", .failure = session->words};
		if (script.fn != NULL)
			script.fn(&reply, script.user);
		free(script.text);
	}
	loop_post(session->loop, tell_end, session);
}

/* What kubectl said last is why. */
static char *last_words(const struct session *session)
{
	const char *text = str_text(&session->errors);
	size_t len = strlen(text);
	while (len > 0 && strchr("\r\n ", text[len - 1]) != NULL)
		len--;
	size_t start = len;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	if (text_has_prefix(text + start, "command terminated") && start > 1) { /* kubectl's echo of the status */
		len = start - 1;
		for (start = len; start > 0 && text[start - 1] != '\n';)
			start--;
	}
	struct str out = {0};
	str_append_safe(&out, text + start, len - start < 400 ? len - start : 400);
	return str_take(&out);
}

static void on_child(struct loop_child *child, int status, void *user)
{
	struct session *session = user;
	char piece[4096];
	(void)child;
	(void)status;
	for (ssize_t n; session->err >= 0 && (n = read(session->err, piece, sizeof piece)) > 0;)
		if (session->errors.len < ERRORS_MAX)
			str_append_n(&session->errors, piece, (size_t)n);
	char *words = last_words(session);
	fail(session, *words != '\0' ? words : "the connection to the pod has ended");
	free(words);
}

static void on_timer(void *user)
{
	struct session *session = user;
	fail(session, session->scripts.len == 0 ? "" : "the shell in the pod gave no answer within 15 s");
}

/* ---- scripts ---- */

static void flush(struct session *session)
{
	while (session->to_write.len > 0 && session->in >= 0) {
		ssize_t n = write(session->in, session->to_write.data, session->to_write.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) { /* the child's end tells why */
			str_clear(&session->to_write);
			break;
		}
		str_drop_front(&session->to_write, (size_t)n);
	}
	loop_fd_set(session->in_source, session->to_write.len > 0 ? LOOP_WRITE : 0);
}

static void on_writable(int events, void *user)
{
	(void)events;
	flush(user);
}

static void send_next(struct session *session)
{
	if (session->scripts.len == 0) {
		loop_timer_start(session->timer, IDLE_MS, 0);
		return;
	}
	str_clear(&session->output);
	session->searched = 0;
	str_append_f(&session->to_write, "{ %s\n} </dev/null 2>&1; printf '\\n%%s %%d\\n' %s $?\n",
	             session->scripts.data[0].text, session->end + 1);
	loop_timer_start(session->timer, SCRIPT_MS, 0);
	flush(session);
}

static void answer(struct session *session, size_t len, int status)
{
	struct script script = session->scripts.data[0];
	vec_remove(&session->scripts, 0);
	struct str text = session->output;
	session->output = (struct str){0};
	text.data[len] = '\0';
	const struct session_reply reply = {.text = text.data, .len = len, .status = status};
	send_next(session);
	if (script.fn != NULL)
		script.fn(&reply, script.user);
	free(script.text);
	str_finish(&text);
}

static void look_for_end(struct session *session)
{
	const struct str *output = &session->output;
	size_t len = strlen(session->end);
	const char *from = output->data + session->searched,
	           *at = output->len > session->searched
	                         ? memmem(from, output->len - session->searched, session->end, len)
	                         : NULL;
	if (at == NULL) {
		session->searched = output->len > len ? output->len - len : 0;
		return;
	}
	session->searched = (size_t)(at - output->data);
	const char *number = at + len;
	if (memchr(number, '\n', output->len - (size_t)(number - output->data)) != NULL)
		answer(session, (size_t)(at - output->data), (int)strtol(number, NULL, 10));
}

static void on_output(int events, void *user)
{
	struct session *session = user;
	static char piece[65536];
	size_t budget = READ_BUDGET;
	(void)events;
	while (budget > 0 && session->out >= 0) {
		ssize_t n = read(session->out, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) { /* the child's end tells why */
			close_end(&session->out_source, &session->out);
			return;
		}
		if (session->scripts.len == 0) /* nobody asked */
			continue;
		str_append_n(&session->output, piece, (size_t)n);
		if (session->output.len > SESSION_OUTPUT_MAX) {
			fail(session, "the answer was longer than 16 MiB");
			return;
		}
		look_for_end(session);
		budget -= (size_t)n < budget ? (size_t)n : budget;
	}
}

static void on_errors(int events, void *user)
{
	struct session *session = user;
	char piece[4096];
	(void)events;
	ssize_t n = read(session->err, piece, sizeof piece);
	if (n == 0)
		close_end(&session->err_source, &session->err);
	else if (n > 0 && session->errors.len < ERRORS_MAX)
		str_append_n(&session->errors, piece, (size_t)n);
}

bool session_is_over(const struct session *session)
{
	return session->is_over;
}

void session_run(struct session *session, const char *script, session_fn *fn, void *user)
{
	vec_push(&session->scripts, (struct script){mem_strdup(script), fn, user});
	if (session->scripts.len == 1)
		send_next(session);
}

void session_forget(struct session *session, void *user)
{
	for (size_t i = session->scripts.len; i-- > 0;) {
		struct script *script = &session->scripts.data[i];
		if (script->user != user)
			continue;
		script->fn = NULL;
		if (i > 0) { /* not begun */
			free(script->text);
			vec_remove(&session->scripts, i);
		}
	}
}

/* ---- life ---- */

static bool make_pipe(int *ours, int *theirs, bool we_read, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "making a pipe");
	*ours = ends[we_read ? 0 : 1];
	*theirs = ends[we_read ? 1 : 0];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}

static void make_end(struct session *session)
{
	uint8_t bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		base_abort("getrandom gave no bytes");
	session->end[0] = '\n';
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(session->end + 1 + 2 * i, 3, "%02x", bytes[i]);
	snprintf(session->end + 33, 2, " ");
}

static bool start(struct session *session, const char *const *argv, struct err *err)
{
	int theirs[3] = {-1, -1, -1};
	bool is_done = make_pipe(&session->in, &theirs[0], false, err) &&
	               make_pipe(&session->out, &theirs[1], true, err) &&
	               make_pipe(&session->err, &theirs[2], true, err);
	if (is_done) {
		const struct loop_spawn spec = {
		        .argv = argv, .fds = {theirs[0], theirs[1], theirs[2]}, .death_signal = SIGTERM};
		session->child = loop_spawn(session->loop, &spec, on_child, session, err);
		is_done = session->child != NULL;
	}
	for (size_t i = 0; i < 3; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	return is_done;
}

struct session *session_create(const struct session_options *options, struct err *err)
{
	struct session *session = mem_alloc(sizeof *session);
	*session = (struct session){.loop = options->loop, .options = *options, .in = -1, .out = -1, .err = -1};
	session->timer = loop_timer_create(session->loop, on_timer, session);
	make_end(session);
	if (!start(session, options->argv, err)) {
		session_destroy(session);
		return NULL;
	}
	session->in_source = loop_fd_create(session->loop, session->in, 0, on_writable, session);
	session->out_source = loop_fd_create(session->loop, session->out, LOOP_READ, on_output, session);
	session->err_source = loop_fd_create(session->loop, session->err, LOOP_READ, on_errors, session);
	return session;
}

void session_destroy(struct session *session)
{
	if (session == NULL)
		return;
	close_all(session);
	loop_unpost(session->loop, session);
	loop_timer_destroy(session->timer);
	for (size_t i = 0; i < session->scripts.len; i++)
		free(session->scripts.data[i].text);
	vec_finish(&session->scripts);
	str_finish(&session->to_write);
	str_finish(&session->output);
	str_finish(&session->errors);
	free(session->words);
	free(session);
}
