/* hear: see hear.h. All flows are asked and counted at once; the loop turns until each has its answer and its first figure. */
#include "hear.h"

#include <stdlib.h>

enum { DEADLINE_MS = 30000 };

struct one {
	struct hall *hall;
	struct heard *out;
	struct witness_question *question;
	struct witness_count *count;
	bool is_answered, is_counted;
};
struct hall {
	const struct hearing *hearing;
	struct loop *loop;
	struct kube *kube;
	struct topo *topo;
	struct witness *witness;
	struct one *ones;
	struct err *err;
	bool is_over, is_good, was_connected;
};

static void check_end(struct hall *hall)
{
	for (size_t i = 0; i < hall->hearing->n_flows; i++)
		if (!hall->ones[i].is_answered || !hall->ones[i].is_counted)
			return;
	hall->is_over = hall->is_good = true;
}

static void on_answer(const struct witness_answer *answer, void *user)
{
	struct one *one = user;
	one->out->reason = answer->reason;
	one->out->is_known = answer->is_known;
	one->out->allowed = answer->allowed;
	one->out->is_reply = answer->is_reply;
	one->out->node = mem_strdup(answer->node);
	one->out->acl = mem_strdup(answer->acl);
	one->out->policy = mem_strdup(answer->policy);
	one->out->words = mem_strdup(answer->words);
	one->is_answered = true;
	check_end(one->hall);
}

/* The first figures, or why there are none. */
static void on_count(struct witness_count *count, void *user)
{
	struct one *one = user;
	if (one->is_counted)
		return;
	struct witness_counted counted = witness_counted(count);
	one->out->is_counted = counted.is_known;
	one->out->dropped = counted.before + counted.packets;
	one->out->acls = mem_strdup(counted.acls);
	one->is_counted = true;
	check_end(one->hall);
}

static struct topo *graph_of(const struct hearing *hearing)
{
	VEC(const json_t *) list = {0};
	for (size_t i = 0; i < json_array_size(hearing->objects); i++)
		vec_push(&list, json_array_get(hearing->objects, i));
	struct topo *topo = topo_build(&(struct topo_input){
	        .objects = list.data, .n_objects = list.len, .hosts = hearing->hosts, .n_hosts = hearing->n_hosts});
	vec_finish(&list);
	return topo;
}

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct hall *hall = user;
	hall->was_connected = true;
	if (!connection) {
		*hall->err = *err;
		hall->is_over = true;
		return;
	}
	const char *kubeconfig = connection->kubeconfigs[SCENARIO_ADMIN],
	           *context = connection->contexts[SCENARIO_ADMIN];
	hall->kube = kube_create(
	        hall->loop,
	        &(struct kube_options){.socket = connection->socket, .kubeconfig = kubeconfig, .context = context});
	hall->witness = witness_create(&(struct witness_options){
	        .loop = hall->loop, .kube = hall->kube, .kubeconfig = kubeconfig, .context = context});
	connection_destroy(connection);
	for (size_t i = 0; i < hall->hearing->n_flows; i++) {
		struct one *one = &hall->ones[i];
		const struct witness_flow *flow = &hall->hearing->flows[i];
		one->question = witness_ask(hall->witness, hall->topo, flow, on_answer, one);
		one->count = witness_count_start(hall->witness, hall->topo, flow, on_count, one);
	}
	check_end(hall);
}

static void on_deadline(void *user)
{
	struct hall *hall = user;
	err_set(hall->err, ERR_TIMEOUT, "OVN did not answer within %d s", DEADLINE_MS / 1000);
	hall->is_over = true;
}

bool hear(const struct hearing *hearing, struct heard *out, struct err *err)
{
	struct hall hall = {.hearing = hearing, .err = err, .loop = loop_create(err)};
	if (!hall.loop)
		return false;
	hall.topo = graph_of(hearing);
	hall.ones = mem_alloc((hearing->n_flows + 1) * sizeof *hall.ones);
	for (size_t i = 0; i < hearing->n_flows; i++) {
		out[i] = (struct heard){0};
		hall.ones[i] = (struct one){.hall = &hall, .out = &out[i]};
	}
	struct connecting *connecting = connect_start(hall.loop, hearing->source, NULL, on_connected, &hall);
	struct loop_timer *deadline = loop_timer_create(hall.loop, on_deadline, &hall);
	loop_timer_start(deadline, DEADLINE_MS, 0);
	while (!hall.is_over && loop_turn(hall.loop, true))
		;
	if (!hall.was_connected)
		connect_cancel(connecting);
	for (size_t i = 0; i < hearing->n_flows; i++) {
		witness_question_destroy(hall.ones[i].question);
		witness_count_stop(hall.ones[i].count);
	}
	free(hall.ones);
	witness_destroy(hall.witness);
	kube_destroy(hall.kube);
	topo_destroy(hall.topo);
	loop_timer_destroy(deadline);
	loop_destroy(hall.loop);
	for (size_t i = 0; !hall.is_good && i < hearing->n_flows; i++)
		heard_finish(&out[i]);
	return hall.is_good;
}

void heard_finish(struct heard *heard)
{
	free(heard->node);
	free(heard->acl);
	free(heard->policy);
	free(heard->words);
	free(heard->acls);
	*heard = (struct heard){0};
}
