/* workload: the programs that the lab's pods run, in one binary. Its users are people with kubectl, so names, flags, answers
 * and messages are those of the Kubernetes project's agnhost image.
 */
#ifndef WORKLOAD_WORKLOAD_H
#define WORKLOAD_WORKLOAD_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

/* ---- subcommands; argv[0] is the name, the result the exit status ---- */
int workload_netexec(int argc, char **argv);
int workload_pause(int argc, char **argv);
int workload_connect(int argc, char **argv);
int workload_turtles(int argc, char **argv);

/* ---- flags: --name=value or --name value, one or two dashes ---- */
struct workload_flag {
	const char *name;           /* NULL ends the list */
	const char **text;          /* where the value goes; or */
	int64_t *number, low, high; /* a number from low to high */
};
/* Takes the flags out of argv; the rest stays in order, *argc is how many. False and err with what to write instead. */
bool workload_flags(const struct workload_flag *flags, int *argc, char **argv, struct err *err);
void workload_log(const char *fmt, ...)
        __attribute__((format(printf, 1, 2))); /* to standard error, as Go's log package */

/* ---- listening on all addresses, IPv6 and IPv4 on one socket where that is possible; -1 and err ---- */
int workload_listen(int type, int port, struct err *err); /* SOCK_STREAM or SOCK_DGRAM; non-blocking */
int workload_listen_at(const char *host, const char *port, struct err *err); /* TCP on this numeric address only */
struct sockaddr;
void workload_address(const struct sockaddr *address, char *out, size_t size); /* "10.0.0.1:9000", "[fd00::1]:9000" */

/* ---- HTTP: the only file that knows libmicrohttpd is httpd.c ---- */
struct httpd_request;
typedef void httpd_handle_fn(struct httpd_request *request,
                             void *user); /* must lead to one httpd_reply, now or later */
struct httpd;
struct httpd *httpd_create(struct loop *loop, int listening_fd, httpd_handle_fn *fn, void *user, struct err *err);
void httpd_destroy(struct httpd *httpd);
const char *httpd_method(const struct httpd_request *request);
const char *httpd_path(const struct httpd_request *request);
const char *httpd_query(const struct httpd_request *request, const char *name);  /* decoded; "" when not there */
const char *httpd_header(const struct httpd_request *request, const char *name); /* "" when not there */
const char *httpd_client(const struct httpd_request *request);                   /* "10.0.0.1:41234" */
#define HTTPD_BODY_MAX ((size_t)2 << 20)
/* The request's body, not terminated; NULL when it was longer than HTTPD_BODY_MAX. *size is how long it was. */
const char *httpd_body(const struct httpd_request *request, size_t *size);
/* type "": a reply without a content type. */
void httpd_reply(struct httpd_request *request, unsigned status, const char *type, const char *body, size_t size);

/* ---- netexec's parts ---- */
void dial_start(struct loop *loop, struct httpd_request *request); /* /dial: asks another netexec and replies */
struct udp_server;
struct udp_server *udp_server_create(struct loop *loop, int fd);
void udp_server_destroy(struct udp_server *server);
void workload_hostname(char *out, size_t size);

#endif
