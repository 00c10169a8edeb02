/* scene: the world as it is in this turn, gathered for the painter: from the play, the cluster, the pane; and the diagram
 * drawn for the place that the layout has for it, anew only when something in it has changed. */
#include <string.h>
#include <time.h>

#include "ui/state.h"

struct diagram_key { /* what a diagram was drawn of; compared bytewise, so zeroed first */
	const struct scenario_act *act;
	const struct kube *kube;
	uint64_t generation, flows, hosts;
	int cols, rows, tick, ascii;
	char focus[256];
};

static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash * 31;
}

/* A manifest that is not applied would open or close it: drawn as planned, and said. */
static bool would_change(const struct play_flow *flow)
{
	return flow->is_asked_if && flow->is_judged && flow->allowed_then != flow->allowed[POLICY_OVNK];
}

static const char *note_of(const struct play_flow *flow)
{
	if (!would_change(flow))
		return flow->note;
	return flow->allowed_then ? "would be open" : "would be denied";
}

static uint64_t flows_hash(const struct scene *scene)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < scene->n_flows; i++)
		hash = mix(mix(hash + (uint64_t)scene->flows[i].state, note_of(&scene->flows[i])), scene->flows[i].why);
	return hash;
}

static enum diagram_flow_state flow_state(enum play_flow_state state)
{
	static const enum diagram_flow_state states[] = {
	        [PLAY_FLOW_UNTRIED] = DIAGRAM_FLOW_UNTRIED, [PLAY_FLOW_UNDERWAY] = DIAGRAM_FLOW_UNDERWAY,
	        [PLAY_FLOW_OK] = DIAGRAM_FLOW_OK,           [PLAY_FLOW_BLOCKED] = DIAGRAM_FLOW_BLOCKED,
	        [PLAY_FLOW_FAILED] = DIAGRAM_FLOW_FAILED,
	};
	return states[state];
}

static bool is_cut(const struct play_flow *flow)
{
	return flow->is_cut && flow->state == PLAY_FLOW_OK;
}

static struct diagram *draw(const struct ui *ui, const struct diagram_key *key)
{
	const struct scene *scene = &ui->scene;
	struct diagram_flow *flows = mem_alloc((scene->n_flows + 1) * sizeof *flows);
	for (size_t i = 0; i < scene->n_flows; i++) {
		const struct play_flow *flow = &scene->flows[i];
		const struct scenario_flow *plan = flow->plan;
		flows[i] = (struct diagram_flow){
		        .id = plan->id,
		        .from = plan->from,
		        .to = plan->to,
		        .port = plan->port,
		        .note = is_cut(flow) ? flow->why : note_of(flow),
		        .network = plan->network && *plan->network ? plan->network : NULL,
		        .state = is_cut(flow)         ? DIAGRAM_FLOW_BLOCKED
		                 : would_change(flow) ? DIAGRAM_FLOW_UNTRIED
		                                      : flow_state(flow->state),
		};
	}
	struct diagram_options options = {
	        .cols = key->cols,
	        .rows = key->rows,
	        .ascii = key->ascii,
	        .tick = key->tick,
	        .legend = key->rows >= 10,
	        .focus = *key->focus ? key->focus : NULL,
	        .group = ui->act->by_node ? DIAGRAM_BY_NODE : DIAGRAM_BY_NAMESPACE,
	};
	struct diagram *diagram = diagram_draw(scene->topo, flows, scene->n_flows, &options);
	free(flows);
	return diagram;
}

/* Machines outside the cluster come and go by themselves, not with the cluster's objects. */
static uint64_t hosts_hash(const struct topo *topo)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < topo->workloads.len; i++)
		if (topo->workloads.data[i].kind == TOPO_HOST)
			hash = mix(hash + (uint64_t)topo->workloads.data[i].state, topo->workloads.data[i].reason);
	return hash;
}

static void fill_diagram(struct ui *ui)
{
	struct scene *scene = &ui->scene;
	struct rect inside = layout_inside(&ui->layout, ui->layout.diagram);
	scene->diagram = NULL;
	if (!scene->topo || inside.rows < 1 || inside.cols < 1)
		return;
	inside.rows -= ui->layout.note_rows;
	struct diagram_key key;
	memset(&key, 0, sizeof key);
	key.act = ui->act;
	key.kube = ui->kube;
	key.generation = ui->kube ? kube_generation(ui->kube) : 0;
	key.flows = flows_hash(scene);
	key.hosts = hosts_hash(scene->topo);
	key.cols = inside.cols;
	key.rows = inside.rows;
	key.tick = ui->tick;
	key.ascii = ui->is_ascii;
	snprintf(key.focus, sizeof key.focus, "%s", ui->focus);
	if (!ui->diagram || memcmp(ui->diagram_key, &key, sizeof key) != 0) {
		diagram_destroy(ui->diagram);
		ui->diagram = draw(ui, &key);
		if (!ui->diagram_key)
			ui->diagram_key = mem_alloc(sizeof *ui->diagram_key);
		*ui->diagram_key = key;
	}
	scene->diagram = ui->diagram;
}

/* Before there is a cluster: what the act's manifests promise. */
static const struct topo *planned_topo(struct ui *ui)
{
	if (!ui->planned) {
		struct topo_host hosts[SCENARIO_HOSTS_MAX];
		struct topo_input input = {
		        .hosts = hosts,
		        .n_hosts = scenario_hosts(ui->act, hosts),
		        .planned = (const json_t *const *)ui->act->planned.data,
		        .n_planned = ui->act->planned.len,
		        .namespaces = (const char *const *)ui->act->namespaces.data,
		};
		ui->planned = topo_build(&input);
	}
	return ui->planned;
}

static void fill_states(struct ui *ui)
{
	struct scene *scene = &ui->scene;
	size_t n = ui->act->stages.len;
	if (n > ui->n_states) {
		ui->states = mem_resize(ui->states, n * sizeof *ui->states);
		ui->n_states = n;
	}
	for (size_t i = 0; i < n; i++)
		ui->states[i] = ui->play ? play_stage_state(ui->play, i) : PLAY_PENDING;
	scene->act = ui->act;
	scene->states = ui->states;
	scene->stage = ui->play ? play_stage(ui->play) : 0;
	if (scene->stage >= n)
		scene->stage = n ? n - 1 : 0;
}

static void note_stale(struct ui *ui, bool is_stale)
{
	if (is_stale && !ui->is_stale) {
		int64_t ago = ui->loop ? loop_now(ui->loop) - kube_stale_since(ui->kube) : 0;
		time_t then = (time_t)((time_wall_ms() - ago) / 1000);
		struct tm local;
		localtime_r(&then, &local);
		strftime(ui->stale_since, sizeof ui->stale_since, "%H:%M:%S", &local);
	}
	ui->is_stale = is_stale;
}

static void fill_cluster(struct ui *ui)
{
	static const enum ui_badge badges[] = {
	        [KUBE_CONNECTING] = BADGE_PLANNED, [KUBE_LIVE] = BADGE_LIVE, [KUBE_STALE] = BADGE_STALE};
	struct scene *scene = &ui->scene;
	const char *context = ui->kube ? kube_context(ui->kube) : "";
	scene->context = *context ? context : ui->context;
	scene->badge = ui->kube ? badges[kube_state(ui->kube)] : BADGE_PLANNED;
	note_stale(ui, scene->badge == BADGE_STALE);
	scene->stale_since = ui->stale_since;
	scene->cluster_problem = ui->problem ? ui->problem : ui->kube ? kube_problem(ui->kube) : "";
	scene->progress = (const char *const *)ui->progress.data;
	scene->n_progress = ui->progress.len;
	scene->is_read_only = ui->options.read_only;
}

static int64_t elapsed(struct ui *ui)
{
	int64_t started = ui->play ? play_started(ui->play) : 0;
	if (!started || !ui->loop)
		return -1;
	int64_t so_far = loop_now(ui->loop) - started;
	if (!ui->scene.is_over)
		ui->ended_ms = -1;
	else if (ui->ended_ms < 0)
		ui->ended_ms = so_far;
	return ui->ended_ms >= 0 ? ui->ended_ms : so_far;
}

/* The same flows as the play will have, so that the picture stays as it is when the cluster comes. */
static void fill_planned_flows(struct ui *ui)
{
	size_t n = ui->act->flows.len;
	ui->planned_flows = mem_resize(ui->planned_flows, (n + 1) * sizeof *ui->planned_flows);
	memset(ui->planned_flows, 0, n * sizeof *ui->planned_flows);
	for (size_t i = 0; i < n; i++)
		ui->planned_flows[i].plan = &ui->act->flows.data[i];
	ui->scene.flows = ui->planned_flows;
	ui->scene.n_flows = n;
}

const struct scenario_stage *scene_stage(const struct scene *scene)
{
	if (scene->is_exploring)
		return scene->exploration.plan;
	return scene->act->stages.len ? &scene->act->stages.data[scene->stage] : NULL;
}

enum play_state scene_state(const struct scene *scene)
{
	if (scene->is_exploring)
		return scene->exploration.state;
	return scene->act->stages.len ? scene->states[scene->stage] : PLAY_PENDING;
}

static void fill_show(struct ui *ui)
{
	struct scene *scene = &ui->scene;
	struct play *play = ui->play;
	scene->has_show = play != NULL;
	scene->is_over = play && play_is_over(play);
	scene->is_busy = play && play_is_busy(play);
	scene->message = play ? play_message(play) : "";
	scene->is_problem = play && play_message_is_problem(play);
	scene->failure = play ? play_failure(play) : "";
	scene->policies = play ? play_policies(play) : NULL;
	if (play)
		scene->flows = play_flows(play, &scene->n_flows);
	else
		fill_planned_flows(ui);
	scene->topo = play ? play_topo(play) : planned_topo(ui);
	scene->is_exploring = play && play_exploring(play, &scene->exploration);
	scene->persona = ui->shows_persona     ? ui->persona
	                 : ui->act->stages.len ? scene_stage(scene)->persona
	                                       : SCENARIO_ADMIN;
	scene->elapsed_ms = elapsed(ui);
	scene->has_no_clock = ui->record.is_on && !ui->record.with.clock;
}

static void apply_pretend(struct ui *ui)
{
	const struct ui_pretend *pretend = &ui->pretend;
	struct scene *scene = &ui->scene;
	size_t n = ui->act->stages.len;
	if (pretend->stage >= 0 && (size_t)pretend->stage < n)
		scene->stage = (size_t)pretend->stage;
	if (pretend->stage_state >= 0 && n) {
		for (size_t i = 0; i < n; i++)
			ui->states[i] = i < scene->stage   ? PLAY_DONE
			                : i > scene->stage ? PLAY_PENDING
			                                   : (enum play_state)pretend->stage_state;
		scene->has_show = true;
		scene->is_busy = pretend->stage_state == PLAY_RUNNING || pretend->stage_state == PLAY_CHECKING;
		scene->persona = ui->act->stages.data[scene->stage].persona;
	}
	if (pretend->badge >= 0)
		scene->badge = (enum ui_badge)pretend->badge;
	if (scene->badge == BADGE_STALE && ui->options.cols && !ui->record.is_on)
		scene->stale_since = "14:02:11";
	if (pretend->message)
		scene->message = pretend->message;
	scene->is_problem |= pretend->message_is_problem;
	if (pretend->failure)
		scene->failure = pretend->failure;
	if (pretend->flows) {
		scene->flows = pretend->flows;
		scene->n_flows = pretend->n_flows;
	}
	if (pretend->pane)
		scene->pane = pretend->pane;
	if (pretend->elapsed_ms >= 0)
		scene->elapsed_ms = pretend->elapsed_ms;
}

void scene_fill(struct ui *ui, int cols, int rows)
{
	fill_states(ui);
	fill_cluster(ui);
	fill_show(ui);
	ui->view.notice = ui->notice;
	ui->view.told = ui->told;
	ui->view.filter = ui->filter;
	ui->view.focus = *ui->focus ? ui->focus : NULL;
	guide_follow(ui);
	ui->view.note_rows = view_notes_rows(ui->act, layout_diagram_cols(cols, &ui->view) - 4);
	layout_compute(cols, rows, &ui->view, &ui->layout);
	ui->scene.pane = ui_pane(ui);
	ui_console_fill(ui);
	apply_pretend(ui);
	guide_fill(ui);
	fill_diagram(ui);
	take_fill(ui);
}

void scene_show_ended(struct ui *ui)
{
	ui->scene = (struct scene){0};
	guide_forget(ui);
	topo_destroy(ui->planned);
	ui->planned = NULL;
	diagram_destroy(ui->diagram);
	ui->diagram = NULL;
	ui->ended_ms = -1;
}

void scene_finish(struct ui *ui)
{
	scene_show_ended(ui);
	guide_finish(ui);
	free(ui->diagram_key);
	free(ui->planned_flows);
	free(ui->states);
}
