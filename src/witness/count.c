/* A count has a tap at each end of the flow that is a port: the drops of what the sender's port sends, on its node, and of what
 * the receiver's port gets, on its node; and of the answers the other way, where drops heed no connection. A tap asks the
 * switch for all flows of its port; only when the cookies among them have changed (a policy came, went, or was installed anew) are
 * they looked up: cookie -> logical flow -> stage-hint -> ACL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness/flows.h"
#include "witness/internal.h"
#include "witness/rows.h"

#define FAILURES_MAX 5  /* how often the pause is doubled */
#define QUICK_ROUNDS 4  /* without any news, before the pause is doubled */
#define COOKIES_MAX 512 /* of one port that are looked up */

struct cookie {
	uint32_t value;
	char hint[9];    /* first 8 hex digits of what its logical flow is made of; "" */
	char *acl;       /* the name of the ACL that drops, or NULL */
	bool is_counted; /* flows of it were, in the last dump */
};
struct tap {
	struct witness_count *count;
	const struct route_end *end; /* of the count's route */
	bool is_sender, is_known;    /* known: there has been a figure */
	uint64_t datapath, port;     /* OVN's keys; port 0: not known yet */
	VEC(struct cookie) cookies;  /* sorted */
	struct flows flows;          /* the dump that waits for them to be looked up */
	struct tally tally;
	struct remote_request *request;
	char *problem; /* what the last question failed with; NULL */
};
enum { SENDER, RECEIVER, N_TAPS };
struct witness_count {
	struct witness *witness;
	witness_count_fn *on_change;
	void *user;
	struct route route;
	bool has_route, is_active[N_TAPS];
	struct tap taps[N_TAPS];
	struct loop_timer *timer;
	int n_failures; /* rounds in a row: each is an exec that costs, and most will not be allowed a moment later either */
	int n_quiet;                  /* rounds in a row that brought nothing new */
	struct str words, acls, told; /* told: the figures as they were told last */
	char *problem;                /* of the flow itself; NULL */
};

static void ask_flows(struct tap *tap);

/* ---- telling ---- */

static bool has_name(const char *names, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = names; (at = strstr(at, name)) != NULL; at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void list_acls(struct witness_count *count, size_t *n)
{
	str_clear(&count->acls);
	*n = 0;
	for (size_t i = 0; i < N_TAPS; i++) {
		const struct tap *tap = &count->taps[i];
		for (size_t k = 0; k < tap->cookies.len; k++) {
			const char *name = tap->cookies.data[k].acl;
			if (!tap->cookies.data[k].is_counted || has_name(str_text(&count->acls), name))
				continue;
			str_append_f(&count->acls, "%s%s", count->acls.len > 0 ? " " : "", name);
			++*n;
		}
	}
}

static const char *problem_of(const struct witness_count *count)
{
	const char *problem = count->problem;
	for (size_t i = 0; i < N_TAPS && problem == NULL; i++)
		problem = count->is_active[i] ? count->taps[i].problem : NULL;
	return problem;
}

static bool is_known(const struct witness_count *count)
{
	bool is_any = false;
	for (size_t i = 0; i < N_TAPS; i++) {
		is_any = is_any || count->is_active[i];
		if (count->is_active[i] && !count->taps[i].is_known)
			return false;
	}
	return is_any;
}

static void write_words(struct witness_count *count, const struct witness_counted *counted)
{
	const char *problem = problem_of(count);
	str_clear(&count->words);
	if (problem != NULL && !counted->is_known) {
		str_append(&count->words, WITNESS_NOT_ASKED_PREFIX);
		str_append_safe(&count->words, problem, strlen(problem));
	} else if (!counted->is_known) {
		str_append(&count->words, "OVN is being asked");
	} else {
		str_append_f(&count->words, "%llu packet%s dropped", (unsigned long long)counted->packets,
		             counted->packets == 1 ? "" : "s");
		if (counted->n_acls > 0)
			str_append_f(&count->words, " (%s)", counted->acls);
		else
			str_append(&count->words, "; no ACL drops anything here now");
		if (problem != NULL) {
			str_append(&count->words, "; not asked since: ");
			str_append_safe(&count->words, problem, strlen(problem));
		}
	}
}

static struct witness_counted measure(struct witness_count *count)
{
	struct witness_counted out = {.is_known = is_known(count),
	                              .at_sender = count->taps[SENDER].tally.packets,
	                              .at_receiver = count->taps[RECEIVER].tally.packets,
	                              .before = count->taps[SENDER].tally.before + count->taps[RECEIVER].tally.before};
	out.packets = out.at_sender + out.at_receiver;
	list_acls(count, &out.n_acls);
	out.acls = str_text(&count->acls);
	write_words(count, &out);
	out.words = str_text(&count->words);
	return out;
}

/* When it is asked next: soon while the figures move. */
static void pause_round(struct witness_count *count)
{
	int doubled = count->n_failures > 0 ? count->n_failures : count->n_quiet >= QUICK_ROUNDS;
	if (count->has_route && !loop_timer_is_running(count->timer))
		loop_timer_start(count->timer, (int64_t)WITNESS_POLL_MS << doubled, 0);
}

static void tell(void *user)
{
	struct witness_count *count = user;
	struct witness_counted now = measure(count);
	char *figures = mem_printf("%d %llu %llu %s", now.is_known, (unsigned long long)now.packets,
	                           (unsigned long long)now.before, now.words);
	bool is_same = strcmp(figures, str_text(&count->told)) == 0;
	str_clear(&count->told);
	str_append(&count->told, figures);
	free(figures);
	count->n_quiet = is_same ? count->n_quiet + (count->n_quiet < QUICK_ROUNDS) : 0;
	pause_round(count);
	if (!is_same && count->on_change != NULL)
		count->on_change(count, count->user);
}

/* ---- a tap ---- */

static void set_problem(struct tap *tap, const char *words)
{
	free(tap->problem);
	tap->problem = mem_strdup(words);
}

static void begin_request(struct tap *tap, enum place_role role, const char *script, remote_fn *fn)
{
	tap->request = remote_ask(tap->count->witness->remote, tap->end->node, role, script, fn, tap);
}

/* One round of the tap is over, with figures or with a problem. */
static void end_round(struct tap *tap, const char *problem)
{
	struct witness_count *count = tap->count;
	set_problem(tap, problem);
	flows_finish(&tap->flows);
	for (size_t i = 0; i < N_TAPS; i++)
		if (count->taps[i].request != NULL)
			return;
	loop_post(count->witness->loop, tell, count);
	bool is_good = problem_of(count) == NULL;
	count->n_failures = is_good ? 0 : count->n_failures < FAILURES_MAX ? count->n_failures + 1 : FAILURES_MAX;
}

/* Whether there is an answer to go on with; else the round has ended with what was said instead. */
static bool is_answered(struct tap *tap, const struct remote_reply *reply)
{
	tap->request = NULL;
	if (reply->failure == NULL && reply->status == 0)
		return true;
	struct str why = {0};
	if (reply->failure != NULL)
		str_append(&why, reply->failure);
	else
		witness_first_line(reply->text, reply->len, &why);
	end_round(tap, str_text(&why));
	str_finish(&why);
	return false;
}

static struct cookie *find_cookie(const struct tap *tap, uint32_t value)
{
	size_t low = 0, high = tap->cookies.len;
	while (low < high) {
		size_t at = low + (high - low) / 2;
		if (tap->cookies.data[at].value < value)
			low = at + 1;
		else
			high = at;
	}
	bool is_there = low < tap->cookies.len && tap->cookies.data[low].value == value;
	return is_there ? &tap->cookies.data[low] : NULL;
}

/* A flow of the way of the packets: what the sender's port sends, what the receiver's gets. */
static bool is_forward(const struct tap *tap, const struct flow_line *line)
{
	return strstr(line->id, tap->is_sender ? "reg14=" : "reg15=") != NULL;
}

/* With connection tracking, drops ask for what has been found of the connection (in reg0), and answers never meet them. */
static bool heeds_connections(const struct flow_line *line)
{
	return strstr(line->id, "reg0=") != NULL;
}

static bool counts(const struct flow_line *line, const void *user)
{
	const struct cookie *found = find_cookie(user, line->cookie);
	return found != NULL && found->acl != NULL && (is_forward(user, line) || !heeds_connections(line));
}

static void mark_counted(struct tap *tap)
{
	for (size_t i = 0; i < tap->cookies.len; i++)
		tap->cookies.data[i].is_counted = false;
	for (size_t i = 0; i < tap->flows.lines.len; i++)
		if (counts(&tap->flows.lines.data[i], tap))
			find_cookie(tap, tap->flows.lines.data[i].cookie)->is_counted = true;
}

static void add_figures(struct tap *tap)
{
	mark_counted(tap);
	tally_add(&tap->tally, &tap->flows, counts, tap);
	tap->is_known = true;
	if (tap->flows.lines.len == 0) /* the port is gone, or another one */
		tap->port = 0;
	end_round(tap, NULL);
}

/* ---- cookies to ACLs ---- */

static void cookies_clear(struct tap *tap)
{
	for (size_t i = 0; i < tap->cookies.len; i++)
		free(tap->cookies.data[i].acl);
	vec_finish(&tap->cookies);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Those of the dump, each once. False: they are those that are known. */
static bool cookies_changed(struct tap *tap)
{
	VEC(uint32_t) now = {0};
	size_t n = 0;
	for (size_t i = 0; i < tap->flows.lines.len; i++)
		vec_push(&now, tap->flows.lines.data[i].cookie);
	if (now.len > 0)
		qsort(now.data, now.len, sizeof *now.data, by_value);
	for (size_t i = 0; i < now.len; i++)
		if (n == 0 || now.data[n - 1] != now.data[i])
			now.data[n++] = now.data[i];
	n = n < COOKIES_MAX ? n : COOKIES_MAX;
	bool is_same = n == tap->cookies.len;
	for (size_t i = 0; is_same && i < n; i++)
		is_same = tap->cookies.data[i].value == now.data[i];
	if (!is_same) {
		cookies_clear(tap);
		for (size_t i = 0; i < n; i++)
			vec_push(&tap->cookies, (struct cookie){.value = now.data[i]});
	}
	vec_finish(&now);
	return !is_same;
}

static void on_acls(const struct remote_reply *reply, void *user)
{
	struct tap *tap = user;
	struct rows rows = {0};
	size_t at = 0;
	if (!is_answered(tap, reply)) {
		cookies_clear(tap);
		return;
	}
	if (rows_parse(reply->text, reply->len, &at, &rows)) {
		for (size_t i = 0; i < rows.len; i++) {
			const char *uuid = rows_text(&rows, i, "_uuid"), *action = rows_text(&rows, i, "action"),
			           *name = rows_text(&rows, i, "name");
			bool is_drop = strcmp(action, "drop") == 0 || strcmp(action, "reject") == 0;
			for (size_t k = 0; is_drop && k < tap->cookies.len; k++) {
				struct cookie *cookie = &tap->cookies.data[k];
				if (cookie->hint[0] == '\0' || !text_has_prefix(uuid, cookie->hint) ||
				    cookie->acl != NULL)
					continue;
				struct str safe = {0};
				str_append_safe(&safe, *name != '\0' ? name : uuid,
				                strlen(*name != '\0' ? name : uuid));
				cookie->acl = str_take(&safe);
			}
		}
		rows_finish(&rows);
	}
	add_figures(tap);
}

static bool is_hint(const char *text)
{
	return strlen(text) == 8 && strspn(text, "0123456789abcdef") == 8;
}

static void on_hints(const struct remote_reply *reply, void *user)
{
	struct tap *tap = user;
	struct rows rows = {0};
	struct str script = {0};
	size_t at = 0;
	if (!is_answered(tap, reply)) {
		cookies_clear(tap);
		return;
	}
	str_append(&script, "ovn-nbctl --if-exists --format=json --columns=_uuid,name,action list ACL");
	size_t bare = script.len;
	if (rows_parse(reply->text, reply->len, &at, &rows)) {
		for (size_t i = 0; i < rows.len; i++) {
			const char *hint = rows_map(&rows, i, "external_ids", "stage-hint"),
			           *stage = rows_map(&rows, i, "external_ids", "stage-name");
			struct cookie *cookie =
			        find_cookie(tap, (uint32_t)strtoull(rows_text(&rows, i, "_uuid"), NULL, 16));
			if (cookie == NULL || !is_hint(hint) || (*stage != '\0' && strstr(stage, "_acl") == NULL))
				continue;
			memcpy(cookie->hint, hint, sizeof cookie->hint);
			str_append_f(&script, " %s", hint);
		}
		rows_finish(&rows);
	}
	if (script.len > bare)
		begin_request(tap, PLACE_DATABASE, str_text(&script), on_acls);
	else
		add_figures(tap);
	str_finish(&script);
}

static void look_up(struct tap *tap)
{
	struct str script = {0};
	str_append(&script, "ovn-sbctl --if-exists --format=json --columns=_uuid,external_ids list Logical_Flow");
	for (size_t i = 0; i < tap->cookies.len; i++)
		str_append_f(&script, " %08x", tap->cookies.data[i].value);
	begin_request(tap, PLACE_DATABASE, str_text(&script), on_hints);
	str_finish(&script);
}

/* ---- the port's flows ---- */

static void on_flows(const struct remote_reply *reply, void *user)
{
	struct tap *tap = user;
	if (!is_answered(tap, reply))
		return;
	flows_parse(reply->text, reply->len, &tap->flows);
	if (cookies_changed(tap) && tap->cookies.len > 0)
		look_up(tap);
	else
		add_figures(tap);
}

static void ask_flows(struct tap *tap)
{
	unsigned long long datapath = tap->datapath, port = tap->port;
	/* It answers in one piece: each of them would wake us. */
	char *script =
	        mem_printf("answer=$(ovs-ofctl dump-flows br-int metadata=0x%llx,reg14=0x%llx && "
	                   "ovs-ofctl dump-flows br-int metadata=0x%llx,reg15=0x%llx) && "
	                   "printf '%%s\\n' \"$answer\" || { status=$?; printf '%%s\\n' \"$answer\"; (exit $status); }",
	                   datapath, port, datapath, port);
	begin_request(tap, PLACE_SWITCH, script, on_flows);
	free(script);
}

/* Two tables: the port's binding, and all datapaths. */
static void on_keys(const struct remote_reply *reply, void *user)
{
	struct tap *tap = user;
	struct rows binding = {0}, datapaths = {0};
	size_t at = 0;
	if (!is_answered(tap, reply))
		return;
	bool is_read = rows_parse(reply->text, reply->len, &at, &binding) &&
	               rows_parse(reply->text, reply->len, &at, &datapaths);
	for (size_t i = 0; is_read && binding.len == 1 && i < datapaths.len; i++)
		if (strcmp(rows_text(&datapaths, i, "_uuid"), rows_text(&binding, 0, "datapath")) == 0) {
			tap->datapath = (uint64_t)rows_int(&datapaths, i, "tunnel_key");
			tap->port = (uint64_t)rows_int(&binding, 0, "tunnel_key");
		}
	rows_finish(&binding);
	rows_finish(&datapaths);
	if (tap->port != 0)
		ask_flows(tap);
	else
		end_round(tap, "OVN has no such port");
}

static void ask_keys(struct tap *tap)
{
	char *script = mem_printf("ovn-sbctl --format=json --columns=tunnel_key,datapath find Port_Binding "
	                          "'logical_port=\"%s\"' && echo && ovn-sbctl --format=json --columns=_uuid,tunnel_key "
	                          "list Datapath_Binding",
	                          tap->end->port);
	begin_request(tap, PLACE_DATABASE, script, on_keys);
	free(script);
}

static void begin_round(void *user)
{
	struct witness_count *count = user;
	for (size_t i = 0; i < N_TAPS; i++) {
		struct tap *tap = &count->taps[i];
		if (!count->is_active[i] || tap->request != NULL)
			continue;
		if (tap->port == 0)
			ask_keys(tap);
		else
			ask_flows(tap);
	}
}

/* ---- the face ---- */

struct witness_count *witness_count_start(struct witness *witness, const struct topo *topo,
                                          const struct witness_flow *flow, witness_count_fn *on_change, void *user)
{
	struct witness_count *count = mem_alloc(sizeof *count);
	struct err err = {0};
	*count = (struct witness_count){.witness = witness, .on_change = on_change, .user = user};
	count->timer = loop_timer_create(witness->loop, begin_round, count);
	count->has_route = route_find(topo, flow, &count->route, &err);
	if (!count->has_route) {
		count->problem = mem_strdup(err.text);
		loop_post(witness->loop, tell, count);
		return count;
	}
	const struct route_end *ends[N_TAPS] = {&count->route.from, &count->route.to};
	for (size_t i = 0; i < N_TAPS; i++) {
		count->is_active[i] = ends[i]->is_port;
		count->taps[i] = (struct tap){.count = count, .end = ends[i], .is_sender = i == SENDER};
	}
	begin_round(count);
	return count;
}

struct witness_counted witness_counted(const struct witness_count *count)
{
	return measure((struct witness_count *)(uintptr_t)count);
}

void witness_count_look(struct witness_count *count)
{
	count->n_quiet = 0;
	if (count->has_route)
		loop_timer_start(count->timer, 0, 0);
}

void witness_count_stop(struct witness_count *count)
{
	if (count == NULL)
		return;
	for (size_t i = 0; i < N_TAPS; i++) {
		struct tap *tap = &count->taps[i];
		remote_request_destroy(tap->request);
		cookies_clear(tap);
		flows_finish(&tap->flows);
		tally_finish(&tap->tally);
		free(tap->problem);
	}
	loop_unpost(count->witness->loop, count);
	loop_timer_destroy(count->timer);
	if (count->has_route)
		route_finish(&count->route);
	str_finish(&count->words);
	str_finish(&count->acls);
	str_finish(&count->told);
	free(count->problem);
	free(count);
}
