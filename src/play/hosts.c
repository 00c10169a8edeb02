/* hosts: the act's machines outside the cluster as far as they are known: from what watches them, else from the stage that
 * shows that they are there. */
#include "play/engine.h"

#include <stdlib.h>

#define ASK_MS 2000

static const enum topo_state states[] = {[WATCH_SILENT] = TOPO_PLANNED,
                                         [WATCH_UP] = TOPO_RUNNING,
                                         [WATCH_DOWN] = TOPO_FAILED,
                                         [WATCH_ABSENT] = TOPO_PLANNED};

struct play_host {
	struct watch *watch; /* NULL: none, or not yet */
	bool was_up;         /* so that not being up is worth a word */
};

static void on_change(void *user)
{
	struct play *p = user;
	p->hosts_generation++;
	play_cluster_changed(p);
}

void hosts_init(struct play *p)
{
	p->hosts = mem_alloc((p->act->hosts.len + 1) * sizeof *p->hosts);
}

void hosts_look(struct play *p)
{
	if (!p->options.offline && kube_state(p->kube) != KUBE_LIVE)
		return;
	for (size_t i = 0; i < p->act->hosts.len; i++) {
		struct watch_options options = {
		        .loop = p->loop,
		        .text = p->act->hosts.data[i].watch,
		        .cwd = p->act->folder,
		        .is_in_lab = text_equal(p->options.environment, "lab"),
		        .on_change = on_change,
		        .user = p,
		};
		if (!p->hosts[i].watch && options.text[0] != '\0')
			p->hosts[i].watch = watch_create(&options);
	}
}

void hosts_finish(struct play *p)
{
	for (size_t i = 0; p->hosts && i < p->act->hosts.len; i++)
		watch_destroy(p->hosts[i].watch);
	free(p->hosts);
}

void hosts_stage_changed(struct play *p, size_t stage, enum play_state state)
{
	for (size_t i = 0; i < p->act->hosts.len; i++) {
		if (p->act->hosts.data[i].stage != stage)
			continue;
		if (state == PLAY_PENDING)
			p->hosts[i].was_up = false;
		p->hosts_generation++;
	}
}

static enum topo_state state_of(struct play *p, size_t at)
{
	struct play_host *host = &p->hosts[at];
	bool is_done = p->runs[p->act->hosts.data[at].stage].state == PLAY_DONE;
	enum watch_state said = host->watch ? watch_state(host->watch) : WATCH_SILENT;
	enum topo_state state = said != WATCH_SILENT ? states[said] : is_done ? TOPO_RUNNING : TOPO_PLANNED;
	host->was_up = state == TOPO_RUNNING || (host->was_up && state != TOPO_PLANNED);
	return state == TOPO_FAILED && !host->was_up && !is_done ? TOPO_PLANNED : state;
}

size_t hosts_fill(struct play *p, struct topo_host out[SCENARIO_HOSTS_MAX])
{
	size_t n = scenario_hosts(p->act, out);
	for (size_t i = 0; i < n; i++) {
		out[i].state = state_of(p, i);
		out[i].reason = p->hosts[i].watch ? watch_words(p->hosts[i].watch) : "";
	}
	return n;
}

/* ---- without a show ---- */

static void on_late(void *user)
{
	*(bool *)user = true;
}

static void on_word(void *user)
{
	(void)user; /* the turn is over, and we look */
}

static bool is_answered(struct watch *const *watches, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (watches[i] && watch_state(watches[i]) == WATCH_SILENT)
			return false;
	return true;
}

size_t play_ask_hosts(struct loop *loop, const struct scenario_act *act, const char *environment,
                      struct play_asked_host out[SCENARIO_HOSTS_MAX])
{
	struct watch *watches[SCENARIO_HOSTS_MAX] = {NULL};
	bool is_late = false;
	struct loop_timer *timer = loop_timer_create(loop, on_late, &is_late);
	for (size_t i = 0; i < act->hosts.len; i++) {
		struct watch_options options = {
		        .loop = loop,
		        .text = act->hosts.data[i].watch,
		        .cwd = act->folder,
		        .is_in_lab = text_equal(environment, "lab"),
		        .on_change = on_word,
		};
		watches[i] = options.text[0] != '\0' ? watch_create(&options) : NULL;
	}
	loop_timer_start(timer, ASK_MS, 0);
	while (!is_late && !is_answered(watches, act->hosts.len))
		loop_turn(loop, true);
	for (size_t i = 0; i < act->hosts.len; i++) {
		enum watch_state said = watches[i] ? watch_state(watches[i]) : WATCH_SILENT;
		out[i].state = states[said];
		out[i].words = mem_strdup(watches[i] ? watch_words(watches[i]) : "");
		watch_destroy(watches[i]);
	}
	loop_timer_destroy(timer);
	return act->hosts.len;
}
