/* The way to the API server: a Unix socket that is given (the lab's), or that of a kubectl proxy, which this starts in a
 * private directory, starts again when it ends, and cleans up after. Every way of logging in that the user's kubectl
 * knows works so, and no TLS is spoken here. kube.c is told when the way opens and closes, or whoever made a kube_proxy, which
 * is the way alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kube/internal.h"

#define START_MS 15000
#define QUESTION_MS 10000
#define OUTPUT_BYTES_MAX 8192
#define SERVING "Starting to serve on"
#define APPEND_FLAG "--append-server-path"

static const int64_t pauses_ms[] = {100, 500, 1000, 2000, 5000};

static void start_proxy(struct transport *transport);
static void begin(struct transport *transport);

static void set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

/* "/t/SECRET/" and "t/SECRET" are "/t/SECRET". */
static char *make_prefix(const char *path)
{
	struct str out = {0};
	while (path && *path == '/')
		path++;
	if (path && *path) {
		str_append_c(&out, '/');
		str_append(&out, path);
	}
	while (out.len > 0 && out.data[out.len - 1] == '/')
		out.data[--out.len] = 0;
	return str_take(&out);
}

static void close_output(struct transport *transport)
{
	loop_fd_destroy(transport->source);
	transport->source = NULL;
	if (transport->fd >= 0)
		close(transport->fd);
	transport->fd = -1;
}

/* The last line that kubectl printed, as the reason. */
static char *last_words(const struct transport *transport)
{
	const char *text = str_text(&transport->output);
	size_t len = transport->output.len;
	while (len > 0 && strchr("\r\n ", text[len - 1]))
		len--;
	size_t start = len;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	struct str out = {0};
	str_append_safe(&out, text + start, len - start < 300 ? len - start : 300);
	return str_take(&out);
}

static void go_down(struct transport *transport, char *problem)
{
	size_t last = sizeof pauses_ms / sizeof *pauses_ms - 1;
	close_output(transport);
	loop_child_destroy(transport->child);
	transport->child = NULL;
	transport->is_up = false;
	set_text(&transport->problem, problem);
	loop_timer_start(transport->timer,
	                 pauses_ms[transport->failures < last ? transport->failures : last] / transport->hurry, 0);
	transport->failures++;
	transport->on_change(transport->user);
}

static void go_up(struct transport *transport)
{
	transport->is_up = true;
	set_text(&transport->problem, mem_strdup(""));
	loop_timer_start(transport->timer, START_MS, 0); /* after so long it counts as well */
	transport->on_change(transport->user);
}

static void on_timer(void *user)
{
	struct transport *transport = user;
	if (transport->is_up)
		transport->failures = 0;
	else if (transport->child)
		go_down(transport, mem_printf("%s proxy did not start within %d s: try it by hand in another terminal",
		                              transport->kubectl, START_MS / 1000));
	else
		begin(transport);
}

static void on_output(int events, void *user)
{
	(void)events;
	struct transport *transport = user;
	char bytes[4096];
	ssize_t n = read(transport->fd, bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_output(transport);
		return;
	}
	if (transport->output.len + (size_t)n > OUTPUT_BYTES_MAX)
		str_clear(&transport->output);
	str_append_n(&transport->output, bytes, (size_t)n);
	if (!transport->is_up && transport->child && strstr(transport->output.data, SERVING))
		go_up(transport);
}

/* ---- questions to kubectl: which context is it, where does its path begin ---- */
static struct loop_command *ask(struct transport *transport, const char *const *words, loop_result_fn *fn)
{
	const char *argv[12];
	size_t n = 0;
	argv[n++] = transport->kubectl;
	if (transport->kubeconfig) {
		argv[n++] = "--kubeconfig";
		argv[n++] = transport->kubeconfig;
	}
	if (transport->context) {
		argv[n++] = "--context";
		argv[n++] = transport->context;
	}
	while (*words)
		argv[n++] = *words++;
	argv[n] = NULL;
	struct loop_spawn spec = {.argv = argv, .fds = {-1, -1, -1}, .death_signal = SIGTERM};
	return loop_command_create(transport->loop, &spec, NULL, 4096, QUESTION_MS, fn, transport);
}

static void on_context(const struct loop_result *result, void *user)
{
	struct transport *transport = user;
	struct str name = {0};
	if (result->status == 0 && result->out[0])
		str_append_safe(&name, result->out, strcspn(result->out, "\r\n"));
	if (name.len > 0 && name.len < 256)
		transport->on_context(str_take(&name), transport->user);
	str_finish(&name);
	loop_command_destroy(transport->question);
	transport->question = NULL;
}

static void on_server(const struct loop_result *result, void *user)
{
	struct transport *transport = user;
	const char *host = result->status == 0 ? strstr(result->out, "://") : NULL;
	char *path = host ? strchr(host + 3, '/') : NULL;
	set_text(&transport->prefix, make_prefix(path));
	loop_command_destroy(transport->path_question);
	transport->path_question = NULL;
	start_proxy(transport);
}

static void on_exit_child(struct loop_child *child, int status, void *user)
{
	struct transport *transport = user;
	(void)child;
	if (transport->fd >= 0)
		on_output(LOOP_READ, transport); /* its last words may still be on the way */
	loop_child_destroy(transport->child);
	transport->child = NULL;
	if (!transport->is_up && !transport->lacks_append && strstr(str_text(&transport->output), APPEND_FLAG)) {
		transport->lacks_append = true;
		close_output(transport);
		loop_timer_stop(transport->timer);
		begin(transport);
		return;
	}
	char *words = last_words(transport);
	char *how = WIFSIGNALED(status) ? mem_printf("signal %d", WTERMSIG(status))
	                                : mem_printf("status %d", WEXITSTATUS(status));
	go_down(transport, mem_printf("%s proxy ended with %s%s%s: it is started again; try the same login with: "
	                              "kubectl get namespaces",
	                              transport->kubectl, how, words[0] ? ", " : "", words));
	free(words);
	free(how);
}

/* Where the proxy leaves the path of the server's address out, we put it before ours. It is asked for each time: the kubeconfig may be
 * another one since, or may not have been there at all. */
static void begin(struct transport *transport)
{
	static const char *const server[] = {
	        "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}", NULL};
	if (transport->lacks_append)
		transport->path_question = ask(transport, server, on_server);
	else
		start_proxy(transport);
}

static bool spawn(struct transport *transport, const char *const *argv, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "a pipe for kubectl proxy");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	struct loop_spawn spec = {.argv = argv, .fds = {-1, ends[1], ends[1]}, .death_signal = SIGTERM};
	transport->child = loop_spawn(transport->loop, &spec, on_exit_child, transport, err);
	close(ends[1]);
	if (!transport->child) {
		close(ends[0]);
		return false;
	}
	transport->fd = ends[0];
	transport->source = loop_fd_create(transport->loop, ends[0], LOOP_READ, on_output, transport);
	return true;
}

/* Sockets of programs of ours that were killed before they could clean up. */
static void sweep(const char *dir_path)
{
	DIR *dir = opendir(dir_path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int pid, number, end = 0;
		if (sscanf(entry->d_name, "proxy-%9d-%9d.sock%n", &pid, &number, &end) == 2 && end > 0 &&
		    !entry->d_name[end] && pid > 1 && !process_is_alive(pid))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static bool choose_socket(struct transport *transport, struct err *err)
{
	static unsigned counter; /* several connections of one program */
	if (transport->socket)
		return true;
	char *dir = path_user(PATH_RUNTIME, err);
	if (!dir)
		return false;
	sweep(dir);
	transport->socket = mem_printf("%s/proxy-%d-%u.sock", dir, (int)getpid(), counter++);
	free(dir);
	return true;
}

static void start_proxy(struct transport *transport)
{
	struct err err = {0};
	const char *argv[10];
	size_t n = 0;
	if (!choose_socket(transport, &err)) {
		go_down(transport, mem_printf("there is no place for the socket of kubectl proxy: %s", err.text));
		return;
	}
	char *socket = mem_printf("--unix-socket=%s", transport->socket);
	argv[n++] = transport->kubectl;
	if (transport->kubeconfig) {
		argv[n++] = "--kubeconfig";
		argv[n++] = transport->kubeconfig;
	}
	if (transport->context) {
		argv[n++] = "--context";
		argv[n++] = transport->context;
	}
	argv[n++] = "proxy";
	argv[n++] = socket;
	if (!transport->lacks_append)
		argv[n++] = APPEND_FLAG;
	argv[n] = NULL;
	str_clear(&transport->output);
	if (spawn(transport, argv, &err))
		loop_timer_start(transport->timer, START_MS, 0);
	else if (err.code == ERR_NOT_FOUND)
		go_down(transport,
		        mem_printf("there is no program %s: install kubectl, or use the lab with: onesdn lab up",
		                   transport->kubectl));
	else
		go_down(transport, mem_printf("kubectl proxy cannot be started: %s", err.text));
	free(socket);
}

/* ---- life ---- */
void transport_init(struct transport *transport, struct loop *loop, const struct kube_options *options)
{
	*transport = (struct transport){.loop = loop, .fd = -1, .hurry = options->hurry > 1 ? options->hurry : 1};
	transport->prefix = make_prefix(options->base_path);
	transport->problem = mem_strdup("");
	transport->socket = mem_strdup(options->socket);
	transport->timer = loop_timer_create(loop, on_timer, transport);
	if (options->socket)
		return;
	transport->kubeconfig = mem_strdup(options->kubeconfig);
	transport->context = mem_strdup(options->context);
	transport->kubectl = mem_strdup(options->kubectl ? options->kubectl : "kubectl");
}

void transport_start(struct transport *transport)
{
	static const char *const current[] = {"config", "current-context", NULL};
	if (!transport->kubectl) {
		transport->is_up = true;
		return;
	}
	start_proxy(transport);
	if (!transport->context && transport->on_context)
		transport->question = ask(transport, current, on_context);
}

void transport_finish(struct transport *transport)
{
	loop_command_destroy(transport->question);
	loop_command_destroy(transport->path_question);
	loop_child_destroy(transport->child);
	close_output(transport);
	loop_timer_destroy(transport->timer);
	if (transport->kubectl && transport->socket)
		unlink(transport->socket); /* kubectl leaves it behind */
	str_finish(&transport->output);
	free(transport->socket);
	free(transport->prefix);
	free(transport->problem);
	free(transport->kubeconfig);
	free(transport->context);
	free(transport->kubectl);
	*transport = (struct transport){.fd = -1};
}

/* ---- the way alone ---- */
struct kube_proxy {
	struct transport transport;
	kube_proxy_fn *on_change;
	void *user;
	bool is_created;
};

static void on_proxy_change(void *user)
{
	struct kube_proxy *proxy = user;
	if (proxy->is_created)
		proxy->on_change(proxy, proxy->user);
	else
		loop_post(proxy->transport.loop, on_proxy_change, proxy);
}

struct kube_proxy *kube_proxy_create(struct loop *loop, const struct kube_options *options, kube_proxy_fn *on_change,
                                     void *user)
{
	struct kube_proxy *proxy = mem_alloc(sizeof *proxy);
	proxy->on_change = on_change;
	proxy->user = user;
	transport_init(&proxy->transport, loop, options);
	proxy->transport.on_change = on_proxy_change;
	proxy->transport.user = proxy;
	transport_start(&proxy->transport);
	proxy->is_created = true;
	return proxy;
}

const char *kube_proxy_socket(const struct kube_proxy *proxy)
{
	return proxy->transport.is_up ? proxy->transport.socket : NULL;
}

const char *kube_proxy_prefix(const struct kube_proxy *proxy)
{
	return proxy->transport.prefix;
}

const char *kube_proxy_problem(const struct kube_proxy *proxy)
{
	return proxy->transport.problem;
}

void kube_proxy_destroy(struct kube_proxy *proxy)
{
	if (!proxy)
		return;
	loop_unpost(proxy->transport.loop, proxy);
	transport_finish(&proxy->transport);
	free(proxy);
}
