/* /dial?host=H&port=P&request=hostname&protocol=http|udp&tries=N: has this netexec ask another one, N times one after the
 * other, and tells what it answered: {"responses":[...]}, {"errors":[...]} or both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workload/workload.h"

#define TRY_MS 5000
#define TRIES_MAX 100
#define ANSWER_MAX ((size_t)64 << 10)

struct dial {
	struct loop *loop;
	struct httpd_request *request;
	char *host, *port, *text;
	bool is_udp;
	int64_t tries;
	json_t *responses, *errors;
	struct http *http;
	struct str body;
	int fd;
	struct loop_fd *source;
	struct loop_timer *timer;
};

static void try_once(void *user);

static void finish(struct dial *d)
{
	json_t *out = json_object();
	struct str text = {0};
	if (json_array_size(d->responses) > 0)
		json_object_set(out, "responses", d->responses);
	if (json_array_size(d->errors) > 0)
		json_object_set(out, "errors", d->errors);
	str_append_json(&text, out, JSON_COMPACT);
	httpd_reply(d->request, 200, "text/plain; charset=utf-8", text.data, text.len);
	str_finish(&text);
	json_decref(out);
	json_decref(d->responses);
	json_decref(d->errors);
	str_finish(&d->body);
	loop_timer_destroy(d->timer);
	free(d->host);
	free(d->port);
	free(d->text);
	free(d);
}

static void next(struct dial *d, const char *response, const char *error)
{
	if (response != NULL)
		json_array_append_new(d->responses, json_string(response));
	if (error != NULL)
		json_array_append_new(d->errors, json_string(error));
	if (--d->tries > 0)
		loop_post(d->loop, try_once, d);
	else
		finish(d);
}

/* ---- HTTP ---- */

static bool on_data(struct http *http, const char *data, size_t size, void *user)
{
	struct dial *d = user;
	(void)http;
	if (d->body.len + size > ANSWER_MAX)
		return false;
	str_append_n(&d->body, data, size);
	return true;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct dial *d = user;
	char *failure = reply->failure != NULL ? mem_strdup(reply->failure)
	                : reply->status != 200 ? mem_printf("unexpected status code %d", reply->status)
	                                       : NULL;
	http_destroy(http);
	d->http = NULL;
	struct str safe = {0};
	str_append_safe(&safe, str_text(&d->body), d->body.len);
	next(d, failure == NULL ? str_text(&safe) : NULL, failure);
	str_finish(&safe);
	free(failure);
}

static void try_http(struct dial *d)
{
	bool is_six = strchr(d->host, ':') != NULL;
	char *url = mem_printf("http://%s%s%s:%s/%s", is_six ? "[" : "", d->host, is_six ? "]" : "", d->port, d->text);
	str_clear(&d->body);
	d->http = http_create(d->loop, &(struct http_request){.url = url, .connect_ms = TRY_MS, .total_ms = TRY_MS},
	                      on_data, on_done, d);
	free(url);
}

/* ---- UDP ---- */

static void end_udp(struct dial *d)
{
	loop_fd_destroy(d->source);
	d->source = NULL;
	close(d->fd);
	loop_timer_stop(d->timer);
}

static void on_datagram(int events, void *user)
{
	struct dial *d = user;
	char text[2048];
	struct str safe = {0};
	(void)events;
	ssize_t n = recv(d->fd, text, sizeof text, MSG_DONTWAIT);
	int why = errno;
	if (n < 0 && why == EAGAIN)
		return;
	end_udp(d);
	if (n >= 0)
		str_append_safe(&safe, text, (size_t)n);
	next(d, n >= 0 ? str_text(&safe) : NULL, n >= 0 ? NULL : strerror(why));
	str_finish(&safe);
}

static void on_timeout(void *user)
{
	struct dial *d = user;
	end_udp(d);
	next(d, NULL, "reading from udp connection failed: i/o timeout");
}

static void try_udp(struct dial *d)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found = NULL;
	if (getaddrinfo(d->host, d->port, &hints, &found) != 0) {
		next(d, NULL, "the host must be an address: there is no DNS for pods here");
		return;
	}
	d->fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_sent = d->fd >= 0 && connect(d->fd, found->ai_addr, found->ai_addrlen) == 0 &&
	               send(d->fd, d->text, strlen(d->text), 0) >= 0;
	int why = errno;
	freeaddrinfo(found);
	if (!is_sent) {
		if (d->fd >= 0)
			close(d->fd);
		next(d, NULL, strerror(why));
		return;
	}
	d->source = loop_fd_create(d->loop, d->fd, LOOP_READ, on_datagram, d);
	loop_timer_start(d->timer, TRY_MS, 0);
}

static void try_once(void *user)
{
	struct dial *d = user;
	if (d->is_udp)
		try_udp(d);
	else
		try_http(d);
}

/* ---- asking ---- */

static const char *bad_request(struct httpd_request *request, int64_t *tries)
{
	const char *protocol = httpd_query(request, "protocol"), *asked = httpd_query(request, "tries");
	int64_t port;
	if (httpd_query(request, "host")[0] == '\0')
		return "no host given; use ?host=ADDRESS&port=PORT&request=hostname&protocol=http\n";
	if (!text_to_int(httpd_query(request, "port"), 1, 65535, &port))
		return "port must be a number from 1 to 65535\n";
	if (httpd_query(request, "request")[0] == '\0')
		return "no request given, such as request=hostname\n";
	if (protocol[0] != '\0' && strcmp(protocol, "http") != 0 && strcmp(protocol, "udp") != 0)
		return "unsupported protocol; http and udp are known\n";
	if (asked[0] != '\0' && !text_to_int(asked, 1, TRIES_MAX, tries))
		return "tries must be a number from 1 to 100\n";
	return NULL;
}

void dial_start(struct loop *loop, struct httpd_request *request)
{
	int64_t tries = 1;
	const char *wrong = bad_request(request, &tries);
	if (wrong != NULL) {
		httpd_reply(request, 400, "text/plain; charset=utf-8", wrong, strlen(wrong));
		return;
	}
	const char *text = httpd_query(request, "request");
	struct dial *d = mem_alloc(sizeof *d);
	*d = (struct dial){.loop = loop, .request = request, .tries = tries, .fd = -1};
	d->host = mem_strdup(httpd_query(request, "host"));
	d->port = mem_strdup(httpd_query(request, "port"));
	d->is_udp = strcmp(httpd_query(request, "protocol"), "udp") == 0;
	d->text = mem_strdup(text[0] == '/' && !d->is_udp ? text + 1 : text);
	d->responses = json_array();
	d->errors = json_array();
	d->timer = loop_timer_create(loop, on_timeout, d);
	loop_post(loop, try_once, d);
}
