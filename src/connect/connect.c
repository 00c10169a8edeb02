/* connect: from options on the command line to a cluster. See connect.h.
 *
 * The lab is asked for its version on its socket first: when it answers, nothing else is started. Otherwise `onesdn-lab
 * status` and `up` run, beside our own binary, and what `up` prints is passed on line by line. A kube context needs nothing here: kube itself
 * starts `kubectl proxy` for it.
 */
#include "onesdn/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_MS 2000
#define STATUS_MS 10000
#define OUTPUT_MAX 16384
#define STATE_MAX 4096
#define PROGRAM_MAX ((size_t)64 << 20)
#define LAST_LINES 6

struct connecting {
	struct loop *loop;
	struct connect_options options;
	char *context, *kubeconfig;
	connect_progress_fn *on_progress;
	connect_done_fn *on_done;
	void *user;
	struct connection *connection;
	struct http *probe;
	struct loop_command *status;
	bool was_running; /* though it did not answer: then it is not ours to take down */
	struct loop_child *child;
	struct loop_fd *source;
	int fd; /* what `up` prints; -1 */
	struct str output;
	size_t told; /* bytes of it that were passed on */
	struct err err;
};

/* ---- which cluster ---- */

static char *lab_path(const char *name, struct err *err)
{
	char *runtime = path_user(PATH_RUNTIME, err);
	char *path = runtime ? mem_printf("%s/lab%s%s", runtime, name[0] ? "/" : "", name) : NULL;
	free(runtime);
	return path;
}

/* Somebody may name the lab's own kubeconfig: then its commands are the lab's. */
static bool is_lab_kubeconfig(const char *kubeconfig)
{
	char *own = lab_path("kubeconfig", NULL);
	char *a = own ? realpath(own, NULL) : NULL, *b = realpath(kubeconfig, NULL);
	bool same = a && b && strcmp(a, b) == 0;
	free(own);
	free(a);
	free(b);
	return same;
}

const char *connect_environment(const struct connect_options *options)
{
	if (options->kubeconfig)
		return is_lab_kubeconfig(options->kubeconfig) ? "lab" : "kind";
	return options->context ? "kind" : "lab";
}

void connection_destroy(struct connection *connection)
{
	if (!connection)
		return;
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		free(connection->kubeconfigs[i]);
		free(connection->contexts[i]);
	}
	free(connection->socket);
	free(connection);
}

static struct connection *connection_of_context(const struct connecting *c)
{
	struct connection *connection = mem_alloc(sizeof *connection);
	connection->environment = connect_environment(&c->options);
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		connection->kubeconfigs[i] = mem_strdup(c->kubeconfig);
		connection->contexts[i] = mem_strdup(c->context);
	}
	return connection;
}

static struct connection *connection_of_lab(struct err *err)
{
	static const char *const contexts[] = {
	        [SCENARIO_ADMIN] = "lab", [SCENARIO_OWNER] = "lab-workload-owner", [SCENARIO_HOST] = "lab"};
	char *socket = lab_path("api.sock", err);
	if (!socket)
		return NULL;
	struct connection *connection = mem_alloc(sizeof *connection);
	connection->is_lab = true;
	connection->environment = "lab";
	connection->socket = socket;
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		connection->kubeconfigs[i] = lab_path("kubeconfig", NULL);
		connection->contexts[i] = mem_strdup(contexts[i]);
	}
	return connection;
}

/* ---- a lab of another build ---- */

/* By its inode, and where that is another one (installed anew, or elsewhere) by what is in it. */
static bool is_same_program(const char *a, const char *b)
{
	struct stat of_a, of_b;
	struct str text_a = {0}, text_b = {0};
	if (stat(a, &of_a) != 0 || stat(b, &of_b) != 0 || (of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino))
		return true;
	bool is_same = of_a.st_size == of_b.st_size;
	if (is_same && file_read(a, PROGRAM_MAX, &text_a, NULL) && file_read(b, PROGRAM_MAX, &text_b, NULL))
		is_same = text_a.len == text_b.len && memcmp(str_text(&text_a), str_text(&text_b), text_a.len) == 0;
	str_finish(&text_a);
	str_finish(&text_b);
	return is_same;
}

bool connection_is_other_build(const struct connection *connection)
{
	struct str text = {0};
	char *path = connection->is_lab ? lab_path("state.json", NULL) : NULL;
	json_t *state = path && file_read(path, STATE_MAX, &text, NULL)
	                        ? json_parse(str_text(&text), text.len, path, NULL)
	                        : NULL;
	int64_t guard = state ? json_walk_int(state, 0, "guard", NULL) : 0;
	char *running = mem_printf("/proc/%lld/exe", (long long)guard), *ours = path_self("onesdn-lab");
	bool is_other = guard > 0 && ours && !is_same_program(running, ours);
	json_decref(state);
	str_finish(&text);
	free(path);
	free(running);
	free(ours);
	return is_other;
}

/* ---- the end ---- */

static void stop(struct connecting *c)
{
	loop_unpost(c->loop, c);
	http_destroy(c->probe);
	if (c->status)
		loop_command_destroy(c->status);
	loop_fd_destroy(c->source);
	loop_child_destroy(c->child);
	if (c->fd >= 0)
		close(c->fd);
	connection_destroy(c->connection);
	str_finish(&c->output);
	free(c->context);
	free(c->kubeconfig);
	free(c);
}

void connect_cancel(struct connecting *c)
{
	if (c)
		stop(c);
}

static void finish(void *user)
{
	struct connecting *c = user;
	connect_done_fn *on_done = c->on_done;
	void *its_user = c->user;
	struct connection *connection = c->connection;
	struct err err = c->err;
	c->connection = NULL;
	stop(c);
	on_done(connection, &err, its_user);
}

static void fail(struct connecting *c)
{
	connection_destroy(c->connection);
	c->connection = NULL;
	loop_post(c->loop, finish, c);
}

/* ---- bringing the lab up ---- */

static void tell(struct connecting *c)
{
	for (char *end;
	     c->told < c->output.len && (end = memchr(c->output.data + c->told, '\n', c->output.len - c->told));) {
		struct str line = {0};
		str_append_safe(&line, c->output.data + c->told, (size_t)(end - c->output.data) - c->told);
		if (c->on_progress && line.len > 0)
			c->on_progress(str_text(&line), c->user);
		str_finish(&line);
		c->told = (size_t)(end - c->output.data) + 1;
	}
}

/* False: there is no more for now, or ever. */
static bool read_output(struct connecting *c)
{
	char bytes[4096];
	ssize_t n = read(c->fd, bytes, sizeof bytes);
	if (n > 0 && c->output.len < OUTPUT_MAX)
		str_append_n(&c->output, bytes, (size_t)n);
	tell(c);
	if (n == 0)
		loop_fd_set(c->source, 0);
	return n > 0;
}

static void on_output(int events, void *user)
{
	(void)events;
	read_output(user);
}

/* The last lines of what `up` printed are why it did not work. */
static void explain(struct connecting *c, int status)
{
	struct str reason = {0};
	const char *text = str_text(&c->output);
	size_t len = strlen(text), lines = 0, at;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (at = len; at > 0 && (text[at - 1] != '\n' || ++lines < LAST_LINES);)
		at--;
	while (at < len) {
		size_t line = strcspn(text + at, "\n");
		str_append(&reason, reason.len ? "\n" : "");
		str_append_safe(&reason, text + at, line < len - at ? line : len - at);
		at += line + 1;
	}
	if (reason.len > 0)
		err_set(&c->err, ERR_UNAVAILABLE, "%s", str_text(&reason));
	else if (WIFEXITED(status))
		err_set(&c->err, ERR_UNAVAILABLE,
		        "the lab did not come up: onesdn-lab ended with status %d; see: onesdn lab logs",
		        WEXITSTATUS(status));
	else
		err_set(&c->err, ERR_UNAVAILABLE, "the lab did not come up: onesdn-lab was stopped by signal %d",
		        WTERMSIG(status));
	str_finish(&reason);
}

static void on_up_ended(struct loop_child *child, int status, void *user)
{
	struct connecting *c = user;
	(void)child;
	while (read_output(c))
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		c->connection->was_started = !c->was_running;
		loop_post(c->loop, finish, c);
	} else {
		explain(c, status);
		fail(c);
	}
}

static bool run_up(struct connecting *c)
{
	int ends[2];
	char *program = path_self("onesdn-lab");
	const char *const argv[] = {program, "up", NULL};
	if (pipe2(ends, O_CLOEXEC) != 0) {
		free(program);
		return err_errno(&c->err, errno, "the lab cannot be started");
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	c->fd = ends[0];
	c->source = loop_fd_create(c->loop, c->fd, LOOP_READ, on_output, c);
	struct loop_spawn spec = {.argv = argv, .fds = {-1, ends[1], ends[1]}};
	c->child = loop_spawn(c->loop, &spec, on_up_ended, c, &c->err);
	close(ends[1]);
	free(program);
	return c->child || err_context(&c->err, "the lab cannot be started");
}

static void on_status(const struct loop_result *result, void *user)
{
	struct connecting *c = user;
	c->was_running = result->status == 0;
	if (!run_up(c))
		fail(c);
}

static void ask_status(struct connecting *c)
{
	char *program = path_self("onesdn-lab");
	const char *const argv[] = {program, "status", NULL};
	struct loop_spawn spec = {.argv = argv};
	c->status = loop_command_create(c->loop, &spec, NULL, OUTPUT_MAX, STATUS_MS, on_status, c);
	free(program);
}

static void on_probe(struct http *http, const struct http_reply *reply, void *user)
{
	struct connecting *c = user;
	(void)http;
	if (reply->status == 200) {
		loop_post(c->loop, finish, c);
	} else if (c->options.no_start) {
		err_set(&c->err, ERR_UNAVAILABLE, "no lab is running; start it with: onesdn lab up");
		fail(c);
	} else {
		ask_status(c);
	}
}

static void begin(void *user)
{
	struct connecting *c = user;
	bool is_lab = !c->options.context && !c->options.kubeconfig;
	c->connection = is_lab ? connection_of_lab(&c->err) : connection_of_context(c);
	if (!c->connection) {
		fail(c);
	} else if (!is_lab) {
		finish(c);
	} else {
		struct http_request request = {.socket = c->connection->socket,
		                               .url = "http://localhost/version",
		                               .connect_ms = PROBE_MS,
		                               .total_ms = PROBE_MS};
		c->probe = http_create(c->loop, &request, NULL, on_probe, c);
	}
}

struct connecting *connect_start(struct loop *loop, const struct connect_options *options,
                                 connect_progress_fn *on_progress, connect_done_fn *on_done, void *user)
{
	struct connecting *c = mem_alloc(sizeof *c);
	c->loop = loop;
	c->options = *options;
	c->options.context = c->context = mem_strdup(options->context);
	c->options.kubeconfig = c->kubeconfig = mem_strdup(options->kubeconfig);
	c->on_progress = on_progress;
	c->on_done = on_done;
	c->user = user;
	c->fd = -1;
	loop_post(loop, begin, c);
	return c;
}
