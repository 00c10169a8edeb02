/* netexec: agnhost's little server. What demos ask it: who it is, who they are, what they said. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "workload/workload.h"

struct netexec {
	struct loop *loop;
	int64_t http_port, udp_port;
	struct httpd *httpd;
	struct udp_server *udp;
	struct loop_timer *exit_timer;
	struct loop_signal *term, *interrupt;
	int status;
};

static void reply_text(struct httpd_request *request, unsigned status, const char *text)
{
	httpd_reply(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void handle_root(struct netexec *n, struct httpd_request *request)
{
	struct timespec now;
	struct tm utc;
	char when[64], text[128];
	(void)n;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &utc);
	snprintf(text, sizeof text, "NOW: %s.%09ld +0000 UTC", when, now.tv_nsec);
	reply_text(request, 200, text);
}

static void handle_hostname(struct netexec *n, struct httpd_request *request)
{
	char name[256];
	(void)n;
	workload_hostname(name, sizeof name);
	reply_text(request, 200, name);
}

static void handle_clientip(struct netexec *n, struct httpd_request *request)
{
	(void)n;
	reply_text(request, 200, httpd_client(request));
}

static void handle_echo(struct netexec *n, struct httpd_request *request)
{
	int64_t code = 200;
	const char *asked = httpd_query(request, "code");
	(void)n;
	if (asked[0] != '\0' && !text_to_int(asked, 200, 599, &code)) {
		reply_text(request, 400, "argument 'code' must be an integer from 200 to 599\n");
		return;
	}
	reply_text(request, (unsigned)code, httpd_query(request, "msg"));
}

static void handle_healthz(struct netexec *n, struct httpd_request *request)
{
	(void)n;
	reply_text(request, 200, "");
}

static void handle_header(struct netexec *n, struct httpd_request *request)
{
	(void)n;
	reply_text(request, 200, httpd_header(request, httpd_query(request, "key")));
}

/* /exit?code=N&timeout=2s: the answer goes out first. */
static void handle_exit(struct netexec *n, struct httpd_request *request)
{
	const char *asked = httpd_query(request, "code"), *timeout = httpd_query(request, "timeout");
	int64_t code = 0, wait_s = 0;
	char number[32];
	snprintf(number, sizeof number, "%.*s", (int)strcspn(timeout, "s"), timeout);
	if ((asked[0] != '\0' && !text_to_int(asked, 0, 127, &code)) ||
	    (timeout[0] != '\0' && !text_to_int(number, 0, 3600, &wait_s))) {
		reply_text(request, 400,
		           "argument 'code' must be an integer from 0 to 127, 'timeout' a number of seconds\n");
		return;
	}
	n->status = (int)code;
	loop_timer_start(n->exit_timer, wait_s > 0 ? wait_s * 1000 : 50, 0);
	reply_text(request, 200, "");
}

static void handle_dial(struct netexec *n, struct httpd_request *request)
{
	dial_start(n->loop, request);
}

static const struct {
	const char *path;
	void (*handle)(struct netexec *n, struct httpd_request *request);
} endpoints[] = {
        {"/", handle_root},
        {"/hostname", handle_hostname},
        {"/hostName", handle_hostname},
        {"/clientip", handle_clientip},
        {"/echo", handle_echo},
        {"/healthz", handle_healthz},
        {"/header", handle_header},
        {"/exit", handle_exit},
        {"/dial", handle_dial},
};

/* As Go's mux: what nobody else has, "/" has. */
static void handle(struct httpd_request *request, void *user)
{
	size_t found = 0;
	for (size_t i = 1; i < sizeof endpoints / sizeof endpoints[0]; i++)
		if (strcmp(httpd_path(request), endpoints[i].path) == 0)
			found = i;
	struct str path = {0};
	str_append_safe(&path, httpd_path(request), strlen(httpd_path(request)));
	workload_log("%s %s from %s", httpd_method(request), str_text(&path), httpd_client(request));
	str_finish(&path);
	endpoints[found].handle(user, request);
}

static void on_exit_timer(void *user)
{
	loop_stop(((struct netexec *)user)->loop);
}

static void on_signal(int signum, void *user)
{
	(void)signum;
	loop_stop(((struct netexec *)user)->loop);
}

static bool serve(struct netexec *n, struct err *err)
{
	int tcp = workload_listen(SOCK_STREAM, (int)n->http_port, err);
	if (tcp < 0)
		return false;
	n->httpd = httpd_create(n->loop, tcp, handle, n, err);
	if (n->httpd == NULL)
		return false;
	workload_log("Started HTTP server on port %lld", (long long)n->http_port);
	int udp = n->udp_port > 0 ? workload_listen(SOCK_DGRAM, (int)n->udp_port, err) : -1;
	if (n->udp_port > 0 && udp < 0)
		return false;
	if (udp >= 0) {
		n->udp = udp_server_create(n->loop, udp);
		workload_log("Started UDP server on port %lld", (long long)n->udp_port);
	}
	n->exit_timer = loop_timer_create(n->loop, on_exit_timer, n);
	n->term = loop_signal_create(n->loop, SIGTERM, on_signal, n);
	n->interrupt = loop_signal_create(n->loop, SIGINT, on_signal, n);
	return true;
}

int workload_netexec(int argc, char **argv)
{
	struct netexec n = {.http_port = 8080, .udp_port = 8081};
	const char *ignored;
	struct err err = {0};
	int64_t sctp = -1;
	const struct workload_flag flags[] = {
	        {"http-port", NULL, &n.http_port, 1, 65535},
	        {"udp-port", NULL, &n.udp_port, -1, 65535},
	        {"sctp-port", NULL, &sctp, -1, -1},
	        {"http-override", &ignored, NULL, 0, 0},
	        {NULL, NULL, NULL, 0, 0},
	};
	signal(SIGPIPE, SIG_IGN);
	if (!workload_flags(flags, &argc, argv, &err) ||
	    (argc > 1 && !err_set(&err, ERR_INVALID, "unknown argument: %s", argv[1]))) {
		fprintf(stderr, "Error: %s\nusage: agnhost netexec [--http-port 8080] [--udp-port 8081]\n", err.text);
		return 2;
	}
	n.loop = loop_create(&err);
	if (n.loop == NULL || !serve(&n, &err)) {
		fprintf(stderr, "netexec: %s\n", err.text);
		return 1;
	}
	loop_run(n.loop);
	return n.status;
}
