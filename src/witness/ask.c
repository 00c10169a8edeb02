/* A question follows the packet: on the sender's node from its port to the receiver's port or to the localnet port; where that
 * node's OVN does not know the receiver's policies (one database a node), on the receiver's node from the port by which it
 * comes in; then the answer to it the same way back, for that is dropped where nothing tracks connections. The ACL that drops
 * is found by the logical flow that the trace ended in (its stage-hint is the ACL's uuid).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness/internal.h"
#include "witness/rows.h"

#define QUESTION_MS 20000
#define NO_PORT_STATUS 9 /* of the script */

struct witness_question {
	struct witness *witness;
	witness_answer_fn *fn;
	void *user;
	struct loop_timer *deadline;
	struct remote_request *request;
	struct route route;
	bool has_route;
	bool is_reply;  /* the leg that is traced: the way of the answer, */
	bool is_second; /* on the node where it arrives */
	const char *inport, *node;
	/* the answer so far */
	enum witness_reason reason;
	enum witness_end end;
	bool is_default_deny;
	char *acl, *policy, *checked_on;
	struct str words;
};

static void trace_leg(struct witness_question *q);

/* ---- the answer ---- */

static void tell(void *user)
{
	struct witness_question *q = user;
	const struct witness_answer answer = {.reason = q->reason,
	                                      .is_known = q->reason != WITNESS_NOT_ASKED,
	                                      .allowed = q->reason == WITNESS_PASSES,
	                                      .is_reply = q->is_reply && q->reason != WITNESS_PASSES &&
	                                                  q->reason != WITNESS_NOT_ASKED,
	                                      .end = q->end,
	                                      .node = q->checked_on != NULL ? q->checked_on : "",
	                                      .acl = q->acl != NULL ? q->acl : "",
	                                      .policy = q->policy != NULL ? q->policy : "",
	                                      .is_default_deny = q->is_default_deny,
	                                      .words = str_text(&q->words)};
	q->fn(&answer, q->user);
}

static void finish(struct witness_question *q, enum witness_reason reason)
{
	q->reason = reason;
	loop_timer_stop(q->deadline);
	loop_post(q->witness->loop, tell, q);
}

static void not_asked(struct witness_question *q, const char *why)
{
	str_clear(&q->words);
	str_append(&q->words, WITNESS_NOT_ASKED_PREFIX);
	str_append_safe(&q->words, why, strlen(why));
	finish(q, WITNESS_NOT_ASKED);
}

static char *safe_copy(const char *text)
{
	struct str out = {0};
	str_append_safe(&out, text, strlen(text));
	return str_take(&out);
}

/* "OVN drops it on NODE: ", for the answer to it likewise. */
static void begin_drop(struct witness_question *q)
{
	str_append(&q->words, q->is_reply ? "OVN lets it pass but drops the answer" : "OVN drops it");
	str_append_f(&q->words, " on %s: ", q->checked_on);
}

static void finish_elsewhere(struct witness_question *q, const struct trace *trace)
{
	begin_drop(q);
	if (trace_is_port_security(trace)) {
		str_append_f(&q->words, "port security, the MAC or IP address of %s is not the one that OVN gave it",
		             q->end == WITNESS_SENDER ? q->route.from.name : q->route.to.name);
		finish(q, WITNESS_PORT_SECURITY);
	} else if (strstr(trace->stage, "_l2_") != NULL) {
		str_append(&q->words, "no port has the MAC address that it goes to");
		finish(q, WITNESS_NOWHERE);
	} else {
		str_append_f(&q->words, "stage %s", trace->stage);
		finish(q, WITNESS_OTHER);
	}
}

/* ---- the ACL ---- */

static void on_acl(const struct remote_reply *reply, void *user)
{
	struct witness_question *q = user;
	struct rows rows = {0};
	size_t at = 0;
	q->request = NULL;
	begin_drop(q);
	if (reply->failure == NULL && rows_parse(reply->text, reply->len, &at, &rows) && rows.len == 1) {
		q->acl = safe_copy(rows_text(&rows, 0, "name"));
		q->policy = safe_copy(rows_map(&rows, 0, "external_ids", "k8s.ovn.org/name"));
		q->is_default_deny = strcmp(rows_map(&rows, 0, "external_ids", "type"), "defaultDeny") == 0;
	}
	if (q->is_default_deny)
		str_append_f(&q->words, "%s is denied by default in namespace %s (ACL %s)",
		             (q->end == WITNESS_SENDER) != q->is_reply ? "egress" : "ingress", q->policy, q->acl);
	else if (q->acl != NULL && *q->acl != '\0')
		str_append_f(&q->words, "ACL %s of %s", q->acl, *q->policy != '\0' ? q->policy : "nobody known");
	else
		str_append(&q->words, "an ACL without a name");
	rows_finish(&rows);
	finish(q, WITNESS_ACL);
}

static void ask_acl(struct witness_question *q, const char *flow)
{
	char *script =
	        mem_printf("h=$(ovn-sbctl get Logical_Flow %s external_ids:stage-hint | tr -d '\"') && ovn-nbctl "
	                   "--format=json --columns=name,external_ids list ACL \"$h\"",
	                   flow);
	q->request = remote_ask(q->witness->remote, q->node, PLACE_DATABASE, script, on_acl, q);
	free(script);
}

/* ---- legs ---- */

static const struct route_end *source(const struct witness_question *q)
{
	return q->is_reply ? &q->route.to : &q->route.from;
}

static const struct route_end *destination(const struct witness_question *q)
{
	return q->is_reply ? &q->route.from : &q->route.to;
}

static void begin_leg(struct witness_question *q, bool is_reply)
{
	q->is_reply = is_reply;
	q->is_second = false;
	const struct route_end *from = source(q);
	q->node = from->is_port ? from->node : destination(q)->node;
	q->inport = from->is_port ? from->port : q->route.localnet_port;
	trace_leg(q);
}

static void arrived(struct witness_question *q)
{
	if (!q->is_reply) {
		begin_leg(q, true);
		return;
	}
	str_append(&q->words, "OVN lets it pass, and the answer to it");
	q->is_reply = false;
	finish(q, WITNESS_PASSES);
}

static void dropped(struct witness_question *q, const struct trace *trace)
{
	bool at_arrival = trace_is_egress_pipeline(trace);
	const struct route_end *where = at_arrival && destination(q)->is_port ? destination(q) : source(q);
	if (!where->is_port)
		where = destination(q);
	q->end = where == &q->route.from ? WITNESS_SENDER : WITNESS_RECEIVER;
	q->checked_on = mem_strdup(where->node);
	if (trace_is_acl(trace) && trace->acl_flow[0] != '\0')
		ask_acl(q, trace->acl_flow);
	else
		finish_elsewhere(q, trace);
}

static void follow(struct witness_question *q, const struct trace *trace)
{
	const struct route_end *to = destination(q);
	const struct trace_output *remote = trace_find_type(trace, "remote"),
	                          *localnet = trace_find_type(trace, "localnet");
	bool goes_on = to->is_port && !q->is_second && strcmp(to->node, q->node) != 0;
	if (to->is_port && trace_has_output(trace, to->port) && !(remote != NULL && goes_on))
		arrived(q);
	else if (!to->is_port && localnet != NULL)
		arrived(q);
	else if (goes_on && (remote != NULL || localnet != NULL)) {
		q->is_second = true;
		q->node = to->node;
		q->inport = remote != NULL ? source(q)->port : q->route.localnet_port;
		trace_leg(q);
	} else {
		dropped(q, trace);
	}
}

static void on_trace(const struct remote_reply *reply, void *user)
{
	struct witness_question *q = user;
	struct trace trace;
	q->request = NULL;
	if (reply->failure != NULL) {
		not_asked(q, reply->failure);
		return;
	}
	if (reply->status == NO_PORT_STATUS) {
		str_append_f(&q->words, "OVN has no port %s on %s", q->inport, q->node);
		q->checked_on = mem_strdup(q->node);
		finish(q, WITNESS_NO_PORT);
		return;
	}
	trace_parse(reply->text, reply->len, &trace);
	if (trace.n_steps == 0 || reply->status != 0) {
		struct str why = {0};
		str_append_f(&why, "ovn-trace did not work on %s: ", q->node);
		if (trace.problem[0] != '\0')
			str_append(&why, trace.problem);
		else
			witness_first_line(reply->text, reply->len, &why);
		not_asked(q, str_text(&why));
		str_finish(&why);
	} else {
		follow(q, &trace);
	}
	trace_finish(&trace);
}

/* A state for each time that the packet is given to connection tracking: what ovn-trace takes by default is an established one. */
static const char new_states[] = "--ct=new --ct=new --ct=new --ct=new --ct=new --ct=new",
                  reply_states[] = "--ct=est,rpl --ct=est,rpl --ct=est,rpl --ct=est,rpl --ct=est,rpl --ct=est,rpl";

/* A port that is not there ends some ovn-trace with an assertion, so it is looked up first. */
static void trace_leg(struct witness_question *q)
{
	const struct route_end *from = source(q), *to = destination(q);
	const struct trace_packet packet = {.inport = q->inport,
	                                    .from_mac = from->mac,
	                                    .to_mac = to->mac,
	                                    .from = from->address,
	                                    .to = to->address,
	                                    .proto = q->route.proto,
	                                    .port = q->route.port,
	                                    .is_reply = q->is_reply};
	struct str microflow = {0}, script = {0};
	trace_microflow(&packet, &microflow);
	str_append_f(&script,
	             "p=$(ovn-sbctl --bare --columns=_uuid find Port_Binding 'logical_port=\"%s\"') && "
	             "if [ -n \"$p\" ]; then ovn-trace --detailed %s ",
	             q->inport, q->is_reply ? reply_states : new_states);
	str_append_shell(&script, q->route.switch_name);
	str_append_c(&script, ' ');
	str_append_shell(&script, str_text(&microflow));
	str_append_f(&script, "; else echo no port; (exit %d); fi", NO_PORT_STATUS);
	q->request = remote_ask(q->witness->remote, q->node, PLACE_DATABASE, str_text(&script), on_trace, q);
	str_finish(&microflow);
	str_finish(&script);
}

/* ---- the face ---- */

static void on_deadline(void *user)
{
	struct witness_question *q = user;
	remote_request_destroy(q->request);
	q->request = NULL;
	not_asked(q, "no answer within 20 s");
}

struct witness_question *witness_ask(struct witness *witness, const struct topo *topo, const struct witness_flow *flow,
                                     witness_answer_fn *fn, void *user)
{
	struct witness_question *q = mem_alloc(sizeof *q);
	struct err err = {0};
	*q = (struct witness_question){.witness = witness, .fn = fn, .user = user};
	q->deadline = loop_timer_create(witness->loop, on_deadline, q);
	loop_timer_start(q->deadline, QUESTION_MS, 0);
	q->has_route = route_find(topo, flow, &q->route, &err);
	if (q->has_route)
		begin_leg(q, false);
	else
		not_asked(q, err.text);
	return q;
}

void witness_question_destroy(struct witness_question *q)
{
	if (q == NULL)
		return;
	remote_request_destroy(q->request);
	loop_unpost(q->witness->loop, q);
	loop_timer_destroy(q->deadline);
	if (q->has_route)
		route_finish(&q->route);
	free(q->acl);
	free(q->policy);
	free(q->checked_on);
	str_finish(&q->words);
	free(q);
}
