/* onesdn diagram: the diagram of an act on standard output, from lists of objects in files or from the cluster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "onesdn/connect.h"
#include "onesdn/diagram.h"
#include "onesdn/play.h"

enum { FILES_MAX = 64 };

struct request {
	const char *act, *size, *group, *focus;
	const char *files[FILES_MAX], *flows[FILES_MAX], *hosts[FILES_MAX];
	size_t n_files, n_flows, n_hosts;
	struct connect_options source;
	bool ascii, svg, planned, no_legend, no_flows;
};

/* ---- objects ---- */
static bool gather_objects(const struct request *request, const struct scenario_act *act, json_t *into, struct err *err)
{
	for (size_t i = 0; i < request->n_files; i++)
		if (!gather_file(request->files[i], into, err))
			return false;
	if (request->n_files > 0 || request->planned)
		return true;
	struct err problem = {0};
	bool is_lab = !request->source.context && !request->source.kubeconfig;
	if (gather_cluster(&request->source, (const char *const *)act->namespaces.data, into, &problem))
		return true;
	if (!is_lab || problem.code != ERR_UNAVAILABLE) {
		if (err)
			*err = problem;
		return false;
	}
	/* a picture is no reason to bring a cluster up: without one it shows what the act promises, marked as planned */
	fprintf(stderr, "onesdn: %s; the diagram is as planned\n", problem.text);
	return true;
}

/* ---- flows ---- */
static const char *const flow_states[] = {
        [DIAGRAM_FLOW_UNTRIED] = "untried", [DIAGRAM_FLOW_UNDERWAY] = "underway", [DIAGRAM_FLOW_OK] = "ok",
        [DIAGRAM_FLOW_BLOCKED] = "blocked", [DIAGRAM_FLOW_FAILED] = "failed",
};
enum { N_FLOW_STATES = sizeof flow_states / sizeof *flow_states };

/* "blue=ok,0.9 ms": the state and note of the act's flow of that id. */
static bool set_flow(const struct scenario_act *act, struct diagram_flow *flows, const char *text, struct err *err)
{
	size_t id = strcspn(text, "=");
	const char *state = text + id + (text[id] == '=');
	size_t len = strcspn(state, ",");
	for (size_t i = 0; i < act->flows.len; i++) {
		if (strlen(flows[i].id) != id || strncmp(flows[i].id, text, id) != 0)
			continue;
		for (int s = 0; s < N_FLOW_STATES; s++)
			if (strlen(flow_states[s]) == len && strncmp(flow_states[s], state, len) == 0) {
				flows[i].state = (enum diagram_flow_state)s;
				flows[i].note = state[len] ? state + len + 1 : "";
				return true;
			}
		return err_set(err, ERR_INVALID, "--flow %s: a state is untried, underway, ok, blocked or failed",
		               text);
	}
	return err_set(err, ERR_INVALID, "--flow %s: the act \"%s\" has no such flow", text, act->name);
}

static struct diagram_flow *make_flows(const struct request *request, const struct scenario_act *act, struct err *err)
{
	struct diagram_flow *flows = mem_alloc((act->flows.len + 1) * sizeof *flows);
	for (size_t i = 0; i < act->flows.len; i++) {
		const struct scenario_flow *plan = &act->flows.data[i];
		flows[i] = (struct diagram_flow){.id = plan->id,
		                                 .from = plan->from,
		                                 .to = plan->to,
		                                 .port = plan->port,
		                                 .note = "",
		                                 .network = plan->network && plan->network[0] ? plan->network : NULL};
	}
	for (size_t i = 0; i < request->n_flows; i++)
		if (!set_flow(act, flows, request->flows[i], err)) {
			free(flows);
			return NULL;
		}
	return flows;
}

/* ---- machines outside the cluster ---- */
struct hosts {
	struct topo_host list[SCENARIO_HOSTS_MAX];
	char *words[SCENARIO_HOSTS_MAX];
	size_t n;
};

/* Where the act's stages `on: host` would run. */
static bool ask_hosts(const struct request *request, const struct scenario_act *act, struct hosts *hosts,
                      struct err *err)
{
	if (request->n_files > 0 || request->planned)
		return true;
	struct play_asked_host asked[SCENARIO_HOSTS_MAX];
	struct loop *loop = loop_create(err);
	if (!loop)
		return false;
	size_t n = play_ask_hosts(loop, act, connect_environment(&request->source), asked);
	for (size_t i = 0; i < n; i++) {
		hosts->list[i].state = asked[i].state;
		hosts->words[i] = asked[i].words;
	}
	loop_destroy(loop);
	return true;
}

/* "turtle-db=down,it has stopped" */
static bool set_host(struct hosts *hosts, const char *text, struct err *err)
{
	static const struct {
		const char *name;
		enum topo_state state;
	} states[] = {{"planned", TOPO_PLANNED}, {"up", TOPO_RUNNING}, {"down", TOPO_FAILED}};
	size_t id = strcspn(text, "=");
	const char *state = text + id + (text[id] == '=');
	size_t len = strcspn(state, ",");
	for (size_t i = 0; i < hosts->n; i++) {
		if (strlen(hosts->list[i].name) != id || strncmp(hosts->list[i].name, text, id) != 0)
			continue;
		for (size_t s = 0; s < sizeof states / sizeof *states; s++)
			if (strlen(states[s].name) == len && strncmp(states[s].name, state, len) == 0) {
				hosts->list[i].state = states[s].state;
				free(hosts->words[i]);
				hosts->words[i] = mem_strdup(state[len] ? state + len + 1 : "");
				return true;
			}
		return err_set(err, ERR_INVALID, "--host %s: a state is planned, up or down", text);
	}
	return err_set(err, ERR_INVALID, "--host %s: the act has no such host", text);
}

static bool make_hosts(const struct request *request, const struct scenario_act *act, struct hosts *hosts,
                       struct err *err)
{
	hosts->n = scenario_hosts(act, hosts->list);
	if (!ask_hosts(request, act, hosts, err))
		return false;
	for (size_t i = 0; i < request->n_hosts; i++)
		if (!set_host(hosts, request->hosts[i], err))
			return false;
	for (size_t i = 0; i < hosts->n; i++)
		hosts->list[i].reason = hosts->words[i];
	return true;
}

static void hosts_finish(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		free(hosts->words[i]);
}

/* ---- out ---- */
#define RGB(rgb, attributes)                                                                                           \
	{                                                                                                              \
		.fg = 0x02000000u | 0x##rgb, .bg = COLOR_RGB(0x10, 0x14, 0x1a), .attrs = (attributes)                  \
	}
static const struct canvas_look looks[ROLE_COUNT] = {
        /* of the SVG: dark, and apart for eyes that confuse red and green */
        [ROLE_NONE] = RGB(d8dee6, 0),
        [ROLE_TEXT] = RGB(f0f4f8, 0),
        [ROLE_MUTED] = RGB(8b96a3, 0),
        [ROLE_OK] = RGB(4cc2ff, 0),
        [ROLE_FAIL] = RGB(ff8c42, 0),
        [ROLE_WAIT] = RGB(ffd166, 0),
        [ROLE_PLANNED] = RGB(66717e, 0),
        [ROLE_WORKLOAD] = RGB(c3ccd6, 0),
        [ROLE_NAMESPACE] = RGB(8fa3bf, 0),
        [ROLE_NODE] = RGB(8fa3bf, 0),
        [ROLE_SECONDARY] = RGB(5ec8a8, 0),
        [ROLE_SECONDARY_2] = RGB(c792ea, 0),
        [ROLE_SECONDARY_3] = RGB(f7c873, 0),
        [ROLE_POD_NETWORK] = RGB(7d8896, 0),
        [ROLE_PHYSICAL] = RGB(b0a27a, 0),
        [ROLE_SWITCH] = RGB(f0f4f8, 0),
        [ROLE_ADDRESS] = RGB(9fd3ff, 0),
        [ROLE_FLOW_OK] = RGB(4cc2ff, ATTR_BOLD),
        [ROLE_FOCUS] = RGB(ffffff, ATTR_BOLD),
        [ROLE_FLOW_UNTRIED] = RGB(aab4bf, 0),
        [ROLE_FLOW_BLOCKED] = RGB(ff8c42, ATTR_BOLD),
};

static void print_diagram(const struct request *request, const struct diagram *diagram, const char *title)
{
	struct str out = {0};
	if (request->svg)
		canvas_svg(diagram->canvas, looks, title, &out);
	else
		canvas_text(diagram->canvas, &out);
	fwrite(str_text(&out), 1, out.len, stdout);
	str_finish(&out);
}

static bool draw(const struct request *request, struct diagram_options *options, struct err *err)
{
	struct scenario_act *act = scenario_load(request->act, connect_environment(&request->source), err);
	json_t *objects = json_array();
	struct diagram_flow *flows = NULL;
	struct hosts hosts = {0};
	bool is_good = act && gather_objects(request, act, objects, err) && make_hosts(request, act, &hosts, err) &&
	               (flows = make_flows(request, act, err));
	if (is_good) {
		VEC(const json_t *) list = {0};
		for (size_t i = 0; i < json_array_size(objects); i++)
			vec_push(&list, json_array_get(objects, i));
		struct topo_input input = {.hosts = hosts.list,
		                           .n_hosts = hosts.n,
		                           .objects = list.data,
		                           .n_objects = list.len,
		                           .planned = (const json_t *const *)act->planned.data,
		                           .n_planned = act->planned.len,
		                           .namespaces = (const char *const *)act->namespaces.data};
		struct topo *topo = topo_build(&input);
		if (!request->group)
			options->group = act->by_node ? DIAGRAM_BY_NODE : DIAGRAM_BY_NAMESPACE;
		struct diagram *diagram = diagram_draw(topo, flows, request->no_flows ? 0 : act->flows.len, options);
		print_diagram(request, diagram, act->title);
		diagram_destroy(diagram);
		topo_destroy(topo);
		vec_finish(&list);
	}
	free(flows);
	hosts_finish(&hosts);
	json_decref(objects);
	scenario_destroy(act);
	return is_good;
}

/* ---- the command line ---- */
/* These may come several times: they are taken out before the table is asked. */
static int take_lists(struct request *request, int argc, char **argv)
{
	const struct {
		const char *option;
		const char **values;
		size_t *n;
	} lists[] = {{"--objects", request->files, &request->n_files},
	             {"--flow", request->flows, &request->n_flows},
	             {"--host", request->hosts, &request->n_hosts}};
	int n = 0;
	for (int i = 0; i < argc; i++) {
		size_t which = 0, len = 0;
		for (; which < sizeof lists / sizeof *lists; which++) {
			len = strlen(lists[which].option);
			if (strncmp(argv[i], lists[which].option, len) == 0 && (!argv[i][len] || argv[i][len] == '='))
				break;
		}
		bool is_ours = which < sizeof lists / sizeof *lists && (argv[i][len] || i + 1 < argc);
		if (!is_ours || *lists[which].n == FILES_MAX)
			argv[n++] = argv[i];
		else
			lists[which].values[(*lists[which].n)++] = argv[i][len] ? argv[i] + len + 1 : argv[++i];
	}
	argv[n] = NULL;
	return n;
}

static int usage_error(const char *what)
{
	fprintf(stderr, "onesdn: %s\n", what);
	return 2;
}

int cmd_diagram(int argc, char **argv)
{
	struct request request = {.act = "overlay", .source.no_start = true};
	const char *unused = NULL;
	const struct cmd_option options[] = {
	        {"--size", "WxH", "columns and rows (100x30)", &request.size, NULL},
	        {"--ascii", NULL, "without characters beyond ASCII", NULL, &request.ascii},
	        {"--objects", "FILE", "a Kubernetes list or object, JSON or YAML; several times; - is standard input",
	         &unused, NULL},
	        {"--planned", NULL, "without --objects: only what the act's manifests promise", NULL, &request.planned},
	        {"--context", "NAME", "without --objects: ask this kube context, not the lab", &request.source.context,
	         NULL},
	        {"--kubeconfig", "FILE", "the file it is in", &request.source.kubeconfig, NULL},
	        {"--group", "node|namespace", "what the frames are (the act's choice)", &request.group, NULL},
	        {"--flow", "ID=STATE[,NOTE]",
	         "a flow of the act as untried, underway, ok, blocked or failed; several times", &unused, NULL},
	        {"--host", "NAME=STATE[,WORDS]",
	         "a machine outside the cluster as planned, up or down; several times; the lab's are asked", &unused,
	         NULL},
	        {"--no-flows", NULL, "without the act's flows", NULL, &request.no_flows},
	        {"--no-legend", NULL, "without the legend", NULL, &request.no_legend},
	        {"--focus", "NAMESPACE/NAME", "highlight a workload and unfold its frame", &request.focus, NULL},
	        {"--svg", NULL, "as an SVG picture", NULL, &request.svg},
	};
	const struct cmd_usage usage = {"onesdn diagram [OPTION]... [ACT|FILE]", "Prints the diagram of an act.",
	                                options, sizeof options / sizeof *options, 1};
	struct diagram_options drawing = {.cols = 100, .rows = 30};
	size_t n_operands = 0;
	int status = 0;
	argc = take_lists(&request, argc, argv);
	if (!cmd_read_options(&usage, argc, argv, &request.act, &n_operands, &status))
		return status;
	if (request.size && !cmd_read_size(request.size, &drawing.cols, &drawing.rows))
		return usage_error("--size takes columns and rows like 100x30, each from 1 to 1000");
	if (request.group && strcmp(request.group, "node") != 0 && strcmp(request.group, "namespace") != 0)
		return usage_error("--group is node or namespace");
	drawing.group = request.group && strcmp(request.group, "node") == 0 ? DIAGRAM_BY_NODE : DIAGRAM_BY_NAMESPACE;
	drawing.ascii = request.ascii;
	drawing.focus = request.focus;
	drawing.legend = !request.no_legend;
	struct err err = {0};
	if (draw(&request, &drawing, &err))
		return 0;
	fprintf(stderr, "onesdn: %s\n", err.text);
	return 1;
}
