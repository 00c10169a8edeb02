/* HTTP for the workload's programs: the only file here that knows libmicrohttpd, which runs on the program's one loop. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "workload/workload.h"

#define CONNECTIONS_MAX 1000
#define IDLE_S 60

struct httpd {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct loop_fd *epoll;
	struct loop_timer *timer;
	httpd_handle_fn *fn;
	void *user;
};
struct httpd_request {
	struct httpd *httpd;
	struct MHD_Connection *connection;
	char *method, *path, client[80];
	struct str body;
	size_t body_size;              /* of all that came */
	struct MHD_Response *response; /* NULL: not replied yet */
	unsigned status;
	bool is_in_handler, is_suspended;
};

static void run(void *user)
{
	struct httpd *httpd = user;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	MHD_run(httpd->daemon);
	if (MHD_get_timeout(httpd->daemon, &wait_ms) == MHD_YES)
		loop_timer_start(httpd->timer, wait_ms > 3600000 ? 3600000 : (int64_t)wait_ms, 0);
	else
		loop_timer_stop(httpd->timer);
}

static void on_epoll(int events, void *user)
{
	(void)events;
	run(user);
}

static struct httpd_request *begin(struct httpd *httpd, struct MHD_Connection *connection, const char *method,
                                   const char *path)
{
	struct httpd_request *request = mem_alloc(sizeof *request);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*request = (struct httpd_request){
	        .httpd = httpd, .connection = connection, .method = mem_strdup(method), .path = mem_strdup(path)};
	if (info != NULL && info->client_addr != NULL)
		workload_address(info->client_addr, request->client, sizeof request->client);
	return request;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **context)
{
	struct httpd_request *request = *context;
	(void)version;
	if (request == NULL) {
		*context = begin(user, connection, method, path);
		return MHD_YES;
	}
	if (*upload_size > 0) {
		request->body_size += *upload_size;
		if (request->body_size <= HTTPD_BODY_MAX)
			str_append_n(&request->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (request->response == NULL && !request->is_suspended) {
		request->is_in_handler = true;
		request->httpd->fn(request, request->httpd->user);
		request->is_in_handler = false;
		if (request->response == NULL) {
			request->is_suspended = true;
			MHD_suspend_connection(connection);
			return MHD_YES;
		}
	}
	return request->response != NULL ? MHD_queue_response(connection, request->status, request->response) : MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
	struct httpd_request *request = *context;
	(void)user;
	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->response != NULL)
		MHD_destroy_response(request->response);
	free(request->method);
	free(request->path);
	str_finish(&request->body);
	free(request);
	*context = NULL;
}

struct httpd *httpd_create(struct loop *loop, int listening_fd, httpd_handle_fn *fn, void *user, struct err *err)
{
	struct httpd *httpd = mem_alloc(sizeof *httpd);
	*httpd = (struct httpd){.loop = loop, .fn = fn, .user = user};
	httpd->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, httpd,
	                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd, MHD_OPTION_LISTEN_SOCKET,
	                                 listening_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	                                 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
	        httpd->daemon != NULL ? MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL) {
		err_set(err, ERR_SYSTEM, "the HTTP server cannot be started");
		free(httpd);
		return NULL;
	}
	httpd->timer = loop_timer_create(loop, run, httpd);
	httpd->epoll = loop_fd_create(loop, info->epoll_fd, LOOP_READ, on_epoll, httpd);
	run(httpd);
	return httpd;
}

void httpd_destroy(struct httpd *httpd)
{
	if (httpd == NULL)
		return;
	loop_fd_destroy(httpd->epoll);
	loop_timer_destroy(httpd->timer);
	loop_unpost(httpd->loop, httpd);
	MHD_stop_daemon(httpd->daemon);
	free(httpd);
}

const char *httpd_method(const struct httpd_request *request)
{
	return request->method;
}

const char *httpd_path(const struct httpd_request *request)
{
	return request->path;
}

const char *httpd_query(const struct httpd_request *request, const char *name)
{
	const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
	return value != NULL ? value : "";
}

const char *httpd_header(const struct httpd_request *request, const char *name)
{
	const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
	return value != NULL ? value : "";
}

const char *httpd_client(const struct httpd_request *request)
{
	return request->client;
}

const char *httpd_body(const struct httpd_request *request, size_t *size)
{
	*size = request->body_size;
	return request->body_size > HTTPD_BODY_MAX ? NULL : str_text(&request->body);
}

void httpd_reply(struct httpd_request *request, unsigned status, const char *type, const char *body, size_t size)
{
	if (request->response != NULL)
		return;
	request->status = status;
	request->response = MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	if (request->response == NULL)
		base_abort("no memory for an HTTP response");
	if (type[0] != '\0')
		MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (request->is_in_handler)
		return;
	request->is_suspended = false;
	MHD_resume_connection(request->connection);
	loop_post(request->httpd->loop, run, request->httpd);
}
