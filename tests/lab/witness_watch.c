/* witness_watch: one flow's witness, driven from outside, for tests with real packets.
 *
 * usage: witness_watch SOCKET KUBECONFIG CONTEXT FROM TO NETWORK PORT: waits for the cluster, prints "ready", counts from then on. Every
 * line on standard input is a question: "ask" (answered "answer allow|deny|unknown reply|- ACL NODE WORDS"), "count" (the figures as they are
 * known: "count PACKETS SENDER RECEIVER BEFORE ACLS", ACLS "-" for none).
 * Ends with its input.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onesdn/witness.h"

struct watch {
	struct loop *loop;
	struct kube *kube;
	struct topo *topo;
	struct witness *witness;
	struct witness_flow flow;
	struct witness_question *question;
	struct witness_count *count;
	struct str input;
	const char *kubeconfig, *context;
};

static void print_count(void *user)
{
	struct watch *w = user;
	struct witness_counted c = witness_counted(w->count);
	if (c.is_known)
		printf("count %llu %llu %llu %llu %s\n", (unsigned long long)c.packets, (unsigned long long)c.at_sender,
		       (unsigned long long)c.at_receiver, (unsigned long long)c.before, *c.acls != '\0' ? c.acls : "-");
	else
		printf("count unknown %s\n", c.words);
	fflush(stdout);
}

static void on_answer(const struct witness_answer *answer, void *user)
{
	struct watch *w = user;
	printf("answer %s %s %s %s %s\n",
	       !answer->is_known ? "unknown"
	       : answer->allowed ? "allow"
	                         : "deny",
	       answer->is_reply ? "reply" : "-", *answer->acl != '\0' ? answer->acl : "-",
	       *answer->node != '\0' ? answer->node : "-", answer->words);
	fflush(stdout);
	witness_question_destroy(w->question);
	w->question = NULL;
}

static void obey(struct watch *w, const char *line)
{
	if (w->witness == NULL)
		return; /* not ready */
	if (strcmp(line, "ask") == 0 && w->question == NULL)
		w->question = witness_ask(w->witness, w->topo, &w->flow, on_answer, w);
	else if (strcmp(line, "count") == 0)
		print_count(w);
}

static void on_input(int events, void *user)
{
	struct watch *w = user;
	char bytes[256], *end;
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	(void)events;
	if (n <= 0) {
		loop_stop(w->loop);
		return;
	}
	str_append_n(&w->input, bytes, (size_t)n);
	while (w->input.len > 0 && (end = memchr(w->input.data, '\n', w->input.len)) != NULL) {
		*end = '\0';
		char *line = mem_strdup(w->input.data);
		str_drop_front(&w->input, (size_t)(end - w->input.data) + 1);
		obey(w, line);
		free(line);
	}
}

static void on_count(struct witness_count *count, void *user)
{
	static bool is_told;
	(void)user;
	if (!is_told && witness_counted(count).is_known) {
		is_told = true;
		puts("ready");
		fflush(stdout);
	}
}

static bool take(const json_t *object, void *user)
{
	VEC(const json_t *) *list = user;
	vec_push(list, object);
	return true;
}

static void on_state(struct kube *kube, enum kube_state state, void *user)
{
	struct watch *w = user;
	VEC(const json_t *) list = {0};
	if (state != KUBE_LIVE || w->witness != NULL)
		return;
	for (int kind = 0; kind < KUBE_N_KINDS; kind++)
		kube_each(kube, (enum kube_kind_id)kind, take, &list);
	w->topo = topo_build(&(struct topo_input){.objects = list.data, .n_objects = list.len});
	vec_finish(&list);
	w->witness = witness_create(&(struct witness_options){
	        .loop = w->loop, .kube = kube, .kubeconfig = w->kubeconfig, .context = w->context});
	w->count = witness_count_start(w->witness, w->topo, &w->flow, on_count, w);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	if (argc != 8) {
		fprintf(stderr, "usage: witness_watch SOCKET KUBECONFIG CONTEXT FROM TO NETWORK PORT\n");
		return 2;
	}
	struct watch w = {.loop = loop_create(&err),
	                  .kubeconfig = argv[2],
	                  .context = argv[3],
	                  .flow = {argv[4], argv[5], argv[6], argv[7]}};
	w.kube = kube_create(w.loop,
	                     &(struct kube_options){.socket = argv[1], .events = {.on_state = on_state}, .user = &w});
	kube_watch(w.kube, (1u << KUBE_N_KINDS) - 1, NULL);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	struct loop_fd *input = loop_fd_create(w.loop, STDIN_FILENO, LOOP_READ, on_input, &w);
	loop_run(w.loop);
	loop_fd_destroy(input);
	witness_question_destroy(w.question);
	witness_count_stop(w.count);
	witness_destroy(w.witness);
	kube_destroy(w.kube);
	topo_destroy(w.topo);
	loop_destroy(w.loop);
	str_finish(&w.input);
	return 0;
}
