/* The lab's API: requests from the request line's parts on (path, query, headers, body), several one after another against
 * one store, as an administrator or as the workload owner. Input: a line "METHOD TARGET", lines "A: accept", "T: content
 * type", "U: upgrade", "O" (the owner), then an empty line and the body up to a line "%%"; and again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/private.h"
#include "lab/control/deployments.h"
#include "lab/control/namespaces.h"

#include "../lab/local_pods.h"

#define REQUESTS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct api_user users[] = {{"cluster-admin", "g", "0123456789abcdef0123456789abcdef", true},
                                        {"workload-owner", "", "fedcba9876543210fedcba9876543210", false}};

struct input {
	const char *method, *accept, *type, *upgrade;
	char *target;
	const struct api_user *user;
};

static void read_line(struct input *input, char *line, bool is_first)
{
	static const struct {
		const char *prefix;
		size_t offset;
	} keys[] = {{"A: ", offsetof(struct input, accept)},
	            {"T: ", offsetof(struct input, type)},
	            {"U: ", offsetof(struct input, upgrade)}};
	const char *value = line + 3;
	if (is_first) {
		char *blank = strchr(line, ' ');
		input->method = line;
		input->target = blank ? blank + 1 : line + strlen(line);
		if (blank)
			*blank = '\0';
		return;
	}
	if (strcmp(line, "O") == 0)
		input->user = &users[1];
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (text_has_prefix(line, keys[i].prefix))
			memcpy((char *)input + keys[i].offset, &value, sizeof value);
}

static void serve(struct api *api, struct input *input, const char *body, size_t size)
{
	struct api_reply reply;
	const char *rest;
	char *query = strchr(input->target, '?');
	if (query)
		*query++ = '\0';
	http_user_of(&api->options, input->target, &rest);
	http_host_is_ours(input->target);
	const struct api_request request = {.user = input->user,
	                                    .method = input->method,
	                                    .path = input->target,
	                                    .query = query ? query : "",
	                                    .accept = input->accept,
	                                    .content_type = input->type,
	                                    .user_agent = input->type,
	                                    .upgrade = input->upgrade,
	                                    .ws_key = input->accept,
	                                    .ws_version = "13",
	                                    .protocols = "v5.channel.k8s.io, v4.channel.k8s.io",
	                                    .body = body,
	                                    .body_size = size};
	api_handle(api, &request, &reply);
	if (reply.status < 100 || reply.status > 599 || (reply.status == 500 && !reply.body.len))
		abort();
	if (!reply.stream && !reply.upgrade && !reply.content_type) { /* what is called JSON is JSON */
		json_t *value = json_loadb(str_text(&reply.body), reply.body.len, 0, NULL);
		if (!value)
			abort();
		json_decref(value);
	}
	api_reply_finish(&reply);
}

/* The text after the end of a part, which is cut at `end_of`. */
static char *cut(char *text, const char *end_of)
{
	char *end = strstr(text, end_of);
	if (!end)
		return NULL;
	*end = '\0';
	return end + strlen(end_of);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct loop *loop = loop_create(&err);
	struct store *store = store_create(loop);
	const struct api_options options = {.store = store,
	                                    .tcp_fd = -1,
	                                    .unix_fd = -1,
	                                    .users = users,
	                                    .n_users = 2,
	                                    .version = "v1.30.0",
	                                    .host_port = "127.0.0.1:1"};
	struct api *api = api_create(loop, &options, &err);
	struct namespaces *namespaces = namespaces_create(loop, store);
	struct deployments *deployments = deployments_create(loop, store);
	char *text = mem_strndup((const char *)data, size), *at = text;
	for (int i = 0; at && i < REQUESTS_MAX; i++) {
		char none[] = "";
		struct input input = {"", "", "", "", none, &users[0]};
		char *next = cut(at, "\n%%\n"), *body = cut(at, "\n\n"), *line = at;
		for (bool is_first = true; line; is_first = false) {
			char *following = cut(line, "\n");
			read_line(&input, line, is_first);
			line = following;
		}
		serve(api, &input, body ? body : "", body ? strlen(body) : 0);
		loop_turn(loop, false);
		at = next;
	}
	free(text);
	deployments_destroy(deployments);
	namespaces_destroy(namespaces);
	api_destroy(api);
	store_destroy(store);
	loop_destroy(loop);
	return 0;
}
