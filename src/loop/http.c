/* http: requests by libcurl's multi interface, driven by the loop. The only file that knows libcurl.
 *
 * One hub a loop holds the multi handle. No call of curl's multi interface is legal inside one of its callbacks, so that
 * http_create and http_destroy only note what is to be done; settle, a posted call, does it later in the same turn.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "internal.h"

#define CONNECT_MS 5000
#define IDLE_CONNECTIONS 8L

struct hub {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct http *first;
	struct socket *first_socket;
	bool is_posted;
};

/* A socket that curl wants to be watched. */
struct socket {
	struct hub *hub;
	curl_socket_t fd;
	struct loop_fd *source;
	struct socket *next;
};

enum state { STATE_NEW, STATE_RUNNING, STATE_OVER };

struct http {
	struct hub *hub;
	struct http *next;
	CURL *easy;
	struct curl_slist *headers;
	enum state state;
	bool is_dead;    /* destroyed; goes at the next settle */
	bool is_stopped; /* its receiver wanted no more */
	char *where;     /* for the person: the socket, or the URL */
	char *refusal;   /* why it is never sent, or NULL */
	char errors[CURL_ERROR_SIZE];
	http_head_fn *on_head;
	http_data_fn *on_data;
	http_done_fn *on_done;
	void *user;
};

static void settle(void *user);

static void post_settle(struct hub *hub)
{
	if (!hub->is_posted)
		loop_post(hub->loop, settle, hub);
	hub->is_posted = true;
}

/* ---- curl's side: sockets and time ---- */

static void drain(struct hub *hub);

static void on_socket(int events, void *user)
{
	struct socket *socket = user;
	struct hub *hub = socket->hub;
	int flags = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0), running;
	curl_multi_socket_action(hub->multi, socket->fd, flags, &running);
	drain(hub);
}

static void on_timer(void *user)
{
	struct hub *hub = user;
	int running;
	long left_ms = -1;
	curl_multi_socket_action(hub->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	/* Our clock stands still during a turn and may be ahead of curl's by that. curl does not ask twice for the same time. */
	if (!loop_timer_is_running(hub->timer) && curl_multi_timeout(hub->multi, &left_ms) == CURLM_OK && left_ms >= 0)
		loop_timer_start(hub->timer, left_ms + 1, 0);
	drain(hub);
}

static void forget_socket(struct socket *socket)
{
	struct socket **at = &socket->hub->first_socket;
	while (*at != socket)
		at = &(*at)->next;
	*at = socket->next;
	loop_fd_destroy(socket->source);
	loop_free_later(socket->hub->loop, socket);
}

static struct socket *find_socket(struct hub *hub, curl_socket_t fd)
{
	struct socket *socket = hub->first_socket;
	while (socket && socket->fd != fd)
		socket = socket->next;
	return socket;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
	(void)easy, (void)assigned;
	struct hub *hub = user;
	struct socket *socket = find_socket(hub, fd);
	int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	if (what == CURL_POLL_REMOVE) {
		if (socket)
			forget_socket(socket);
		return 0;
	}
	if (socket) {
		loop_fd_set(socket->source, events);
		return 0;
	}
	socket = mem_alloc(sizeof *socket);
	*socket = (struct socket){.hub = hub, .fd = fd, .next = hub->first_socket};
	hub->first_socket = socket;
	socket->source = loop_fd_create(hub->loop, fd, events, on_socket, socket);
	return 0;
}

/* curl may close a socket before it says that it is not to be watched any more: the watch must go first. */
static int close_socket(void *user, curl_socket_t fd)
{
	struct socket *socket = find_socket(user, fd);
	if (socket)
		forget_socket(socket);
	return close(fd);
}

static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
	(void)multi;
	struct hub *hub = user;
	if (timeout_ms < 0)
		loop_timer_stop(hub->timer);
	else
		loop_timer_start(hub->timer, timeout_ms, 0);
	return 0;
}

/* ---- the hub ---- */

static void free_http(struct http *http)
{
	struct http **at = &http->hub->first;
	while (*at != http)
		at = &(*at)->next;
	*at = http->next;
	if (http->state == STATE_RUNNING)
		curl_multi_remove_handle(http->hub->multi, http->easy);
	curl_easy_cleanup(http->easy);
	curl_slist_free_all(http->headers);
	free(http->where);
	free(http->refusal);
	loop_free_later(http->hub->loop, http);
}

static void hub_destroy(void *state)
{
	struct hub *hub = state;
	for (const struct http *http = hub->first; http; http = http->next) {
		if (!http->is_dead)
			base_abort("the event loop was destroyed before a request of it to %s", http->where);
	}
	loop_unpost(hub->loop, hub);
	while (hub->first)
		free_http(hub->first);
	curl_multi_cleanup(hub->multi);
	while (hub->first_socket)
		forget_socket(hub->first_socket);
	loop_timer_destroy(hub->timer);
	curl_global_cleanup();
	free(hub);
}

static struct hub *hub_get(struct loop *loop)
{
	struct loop_part *part = loop_part(loop, LOOP_PART_HTTP);
	if (part->state)
		return part->state;
	struct hub *hub = mem_alloc(sizeof *hub);
	/* No TLS and no Windows sockets: nothing global is needed. */
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK || !(hub->multi = curl_multi_init()))
		base_abort("libcurl cannot be set up");
	hub->loop = loop;
	hub->timer = loop_timer_create(loop, on_timer, hub);
	curl_multi_setopt(hub->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(hub->multi, CURLMOPT_SOCKETDATA, hub);
	curl_multi_setopt(hub->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(hub->multi, CURLMOPT_TIMERDATA, hub);
	curl_multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	*part = (struct loop_part){.state = hub, .destroy = hub_destroy};
	return hub;
}

/* ---- the end of a request ---- */

static void finish(struct http *http, CURLcode result)
{
	char *type = NULL;
	struct str failure = {0};
	if (http->refusal)
		str_append(&failure, http->refusal);
	else if (http->is_stopped)
		str_append_f(&failure, "the answer from %s was not read to its end", http->where);
	else if (result != CURLE_OK)
		str_append_f(&failure, "%s: %s", http->where,
		             http->errors[0] ? http->errors : curl_easy_strerror(result));
	curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
	struct http_reply reply = {
	        .status = http_status(http),
	        .is_whole = failure.len == 0,
	        .content_type = type ? type : "",
	        .failure = failure.data,
	};
	http->on_done(http, &reply, http->user);
	str_finish(&failure);
}

/* Takes over what curl has finished. The message dies with the handle's removal, so it is read first. */
static void drain(struct hub *hub)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(hub->multi, &left))) {
		CURLcode result = message->data.result;
		struct http *http = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &http);
		curl_multi_remove_handle(hub->multi, http->easy);
		http->state = STATE_OVER;
		if (!http->is_dead)
			finish(http, result);
	}
}

/* Adds what is new, frees what is dead. */
static void settle(void *user)
{
	struct hub *hub = user;
	hub->is_posted = false;
	for (struct http *http = hub->first, *next; http; http = next) {
		next = http->next;
		if (http->is_dead) {
			free_http(http);
		} else if (http->state == STATE_NEW && http->refusal) {
			http->state = STATE_OVER;
			finish(http, CURLE_OK);
		} else if (http->state == STATE_NEW) {
			http->state = STATE_RUNNING;
			curl_multi_add_handle(hub->multi, http->easy);
		}
	}
}

/* ---- the request ---- */

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
	struct http *http = user;
	if (http->is_dead)
		return CURL_WRITEFUNC_ERROR;
	if (http->on_data && !http->on_data(http, data, size * n, http->user)) {
		http->is_stopped = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return http->is_dead ? CURL_WRITEFUNC_ERROR : size * n;
}

/* Each header line; an empty one ends the headers, those of a 1xx answer as well. */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
	struct http *http = user;
	bool is_end = size * n <= 2 && n > 0 && (data[0] == '\r' || data[0] == '\n');
	if (is_end && http->on_head && !http->is_dead && http_status(http) >= 200)
		http->on_head(http, http_status(http), http->user);
	return size * n;
}

static bool is_line(const char *text)
{
	return text[strcspn(text, "\r\n")] == '\0';
}

static void set_headers(struct http *http, const struct http_request *request)
{
	bool has_type = false;
	for (const char *const *header = request->headers; header && *header; header++) {
		has_type |= strncasecmp(*header, "Content-Type:", strlen("Content-Type:")) == 0;
		if (!is_line(*header) && !http->refusal)
			http->refusal = mem_printf("the request to %s has a header of more than one line", http->where);
		http->headers = curl_slist_append(http->headers, *header);
	}
	http->headers = curl_slist_append(http->headers, "Expect:"); /* no round trip before a body */
	if (!has_type)
		http->headers = curl_slist_append(http->headers, "Content-Type:"); /* not the one of web forms */
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers);
}

static void set_method(struct http *http, const struct http_request *request)
{
	static const char *const with_body[] = {"POST", "PUT", "PATCH"};
	const char *method = request->method ? request->method : "GET";
	bool has_body = request->body != NULL;
	for (size_t i = 0; i < sizeof with_body / sizeof with_body[0]; i++)
		has_body |= text_equal(method, with_body[i]);
	if (has_body) {
		curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)(request->body ? request->body_size : 0));
		curl_easy_setopt(http->easy, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
	} else if (text_equal(method, "HEAD")) {
		curl_easy_setopt(http->easy, CURLOPT_NOBODY, 1L);
	}
	if (method[0] == '\0' || method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")] != '\0')
		http->refusal = mem_printf("the request to %s has a method that is none", http->where);
	else
		curl_easy_setopt(http->easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_transport(struct http *http, const struct http_request *request)
{
	CURL *easy = http->easy;
	long connect_ms = request->connect_ms > 0 ? (long)request->connect_ms : CONNECT_MS;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->total_ms > 0 ? (long)request->total_ms : 0L);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http->hub);
	if (request->socket && curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket) != CURLE_OK)
		http->refusal = mem_printf("%s is too long for a socket's path", request->socket);
}

struct http *http_create(struct loop *loop, const struct http_request *request, http_data_fn *on_data,
                         http_done_fn *on_done, void *user)
{
	struct hub *hub = hub_get(loop);
	struct http *http = mem_alloc(sizeof *http);
	*http = (struct http){
	        .hub = hub, .easy = curl_easy_init(), .on_data = on_data, .on_done = on_done, .user = user};
	http->on_head = request->on_head;
	if (!http->easy)
		base_abort("libcurl is out of memory");
	http->where = mem_strdup(request->socket ? request->socket : request->url);
	curl_easy_setopt(http->easy, CURLOPT_PRIVATE, http);
	curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->errors);
	curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(http->easy, CURLOPT_URL, request->url);
	set_transport(http, request);
	if (!http->refusal)
		set_method(http, request);
	set_headers(http, request);
	struct http **last = &hub->first; /* settled in the order in which they were asked for */
	while (*last)
		last = &(*last)->next;
	*last = http;
	post_settle(hub);
	return http;
}

int http_status(const struct http *http)
{
	long status = 0;
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

void http_destroy(struct http *http)
{
	if (!http || http->is_dead)
		return;
	http->is_dead = true;
	post_settle(http->hub);
}
