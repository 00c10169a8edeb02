/* ask: commands and requests, waited for: a doctor's visit is one question after another. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

enum { OUTPUT_MAX = 1 << 20, AT_ONCE = 16 };

struct waiting {
	struct reply *reply;
	bool is_over;
};

static void on_result(const struct loop_result *result, void *user)
{
	struct waiting *waiting = user;
	*waiting->reply = (struct reply){.status = result->status,
	                                 .out = mem_strdup(result->out ? result->out : ""),
	                                 .errors = mem_strdup(result->errors ? result->errors : ""),
	                                 .failure = mem_strdup(result->failure ? result->failure : "")};
	waiting->is_over = true;
}

void ask_command(struct loop *loop, const char *const *argv, int64_t deadline_ms, struct reply *out)
{
	struct waiting waiting = {.reply = out};
	struct loop_spawn spec = {.argv = argv};
	struct loop_command *command =
	        loop_command_create(loop, &spec, "", OUTPUT_MAX, deadline_ms, on_result, &waiting);
	while (!waiting.is_over && loop_turn(loop, true))
		;
	loop_command_destroy(command);
	if (!waiting.is_over)
		*out = (struct reply){-1, mem_strdup(""), mem_strdup(""), mem_strdup("interrupted")};
}

void reply_finish(struct reply *reply)
{
	free(reply->out);
	free(reply->errors);
	free(reply->failure);
}

static void on_reply(const struct kube_reply *reply, void *user)
{
	struct question *question = user;
	question->status = reply->status;
	question->is_done = true;
	if (reply->failure)
		question->failure = mem_strdup(reply->failure);
	else if (!reply->body)
		question->failure = mem_strdup("the cluster's answer is no JSON");
	else
		question->answer = json_incref((json_t *)reply->body);
}

void ask_cluster(struct loop *loop, struct kube *kube, struct question *questions, size_t n)
{
	for (size_t from = 0; from < n; from += AT_ONCE) {
		size_t to = from + AT_ONCE < n ? from + AT_ONCE : n;
		for (size_t i = from; i < to; i++)
			questions[i].request = kube_request_create(kube, questions[i].path, questions[i].body, on_reply,
			                                           &questions[i]);
		for (size_t i = from; i < to; i++)
			while (!questions[i].is_done && loop_turn(loop, true))
				;
		for (size_t i = from; i < to; i++) {
			kube_request_destroy(questions[i].request);
			questions[i].request = NULL;
		}
	}
}

void question_finish(struct question *question)
{
	free(question->path);
	free(question->failure);
	json_decref(question->body);
	json_decref(question->answer);
	*question = (struct question){0};
}

struct question ask_one(struct loop *loop, struct kube *kube, const char *path)
{
	struct question question = {.path = mem_strdup(path)};
	ask_cluster(loop, kube, &question, 1);
	return question;
}
