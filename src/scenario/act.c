/* act: a scenario file into struct scenario_act, by tables of keys. The format is documented in docs/SCENARIO.md; stages are
 * read in stage.c, checks in checks.c, manifests in promise.c; what it names is looked up in names.c. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"
#include "scenario/load.h"

#define FORMAT 1
#define ORDER_LAST 1000000

const char *scenario_persona_name(enum scenario_persona persona)
{
	static const char *const names[] = {
	        [SCENARIO_ADMIN] = "cluster-admin", [SCENARIO_OWNER] = "workload-owner", [SCENARIO_HOST] = "host"};
	return persona < SCENARIO_N_PERSONAS ? names[persona] : "";
}

/* ---- flows and variables ---- */

static bool take_port(READER_TAKE)
{
	char **port = to;
	if (!reader_take_line(r, value, pointer, to))
		return false;
	static const char *const protocols[] = {"tcp/", "udp/", "sctp/"};
	bool ok = text_equal(*port, "icmp");
	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
		int64_t number;
		ok = ok || (text_has_prefix(*port, protocols[i]) &&
		            text_to_int(*port + strlen(protocols[i]), 1, 65535, &number));
	}
	if (!ok)
		reader_problem(r, pointer, "\"%.40s\" is no port; write it like tcp/9000, udp/53 or icmp", *port);
	return true;
}

#define AT(field) offsetof(struct scenario_flow, field)
/* clang-format off */
static const struct reader_key flow_keys[] = {
	{"id", true, "a short name", reader_take_line, AT(id)},
	{"from", true, "a workload, NAMESPACE/NAME", reader_take_line, AT(from)},
	{"to", true, "a workload, NAMESPACE/NAME, a host, or an address", reader_take_line, AT(to)},
	{"port", true, "a port such as tcp/9000", take_port, AT(port)},
	{"network", false, "the name of a network", reader_take_line, AT(network)},
	{0},
};
/* clang-format on */
#undef AT

static void read_flow(struct loading *l, const json_t *value, const char *pointer)
{
	struct scenario_flow flow = {0};
	reader_map(&l->reader, value, pointer, flow_keys, "a flow", &flow);
	char **texts[] = {&flow.id, &flow.from, &flow.to, &flow.port, &flow.network};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!*texts[i])
			*texts[i] = mem_strdup("");
	}
	for (size_t i = 0; i < l->act->flows.len; i++) {
		if (flow.id[0] != '\0' && text_equal(l->act->flows.data[i].id, flow.id))
			reader_problem(&l->reader, pointer,
			               "there is a flow \"%.60s\" already; give this one another id", flow.id);
	}
	vec_push(&l->act->flows, flow);
}

static void read_flows(struct loading *l, const json_t *list)
{
	size_t i;
	json_t *value;
	json_array_foreach ((json_t *)list, i, value) {
		char *pointer = reader_item("/0/flows", i);
		read_flow(l, value, pointer);
		free(pointer);
	}
}

/* ---- machines outside the cluster ---- */

struct host_reading {
	struct scenario_host host;
	char *stage;
	const json_t *watch;
};
#define AT(field) offsetof(struct host_reading, field)
/* clang-format off */
static const struct reader_key host_keys[] = {
	{"name", true, "a short name", reader_take_line, AT(host.name)},
	{"address", true, "an address, without prefix length", reader_take_line, AT(host.address)},
	{"network", true, "the name of a network", reader_take_line, AT(host.network)},
	{"bridge", false, "the name of the bridge that carries the network", reader_take_line, AT(host.bridge)},
	{"there-after", true, "the id of the stage that starts it", reader_take_line, AT(stage)},
	{"watch", false, "shell text, or {kind: TEXT, lab: TEXT}", reader_take_any, AT(watch)},
	{0},
};
/* clang-format on */
#undef AT

/* Stages are known by now. */
static void read_host(struct loading *l, const json_t *value, const char *pointer)
{
	struct host_reading reading = {.host.stage = l->act->stages.len};
	struct scenario_host *host = &reading.host;
	struct cni_address ignored;
	reader_map(&l->reader, value, pointer, host_keys, "a host", &reading);
	if (reading.watch && !load_shell_text(l, reading.watch, pointer, "the host's watch", &host->watch))
		reader_problem(&l->reader, pointer, "a host's \"watch\" is shell text, or {kind: TEXT, lab: TEXT}");
	char **texts[] = {&host->name, &host->address, &host->network, &host->bridge, &host->watch};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!*texts[i])
			*texts[i] = mem_strdup("");
	}
	struct nearest near = nearest_start(reading.stage ? reading.stage : "");
	for (size_t i = 0; i < l->act->stages.len; i++) {
		if (text_equal(l->act->stages.data[i].id, reading.stage))
			host->stage = i;
		nearest_offer(&near, l->act->stages.data[i].id);
	}
	if (reading.stage && host->stage == l->act->stages.len)
		reader_problem(&l->reader, pointer, "there is no stage \"%.60s\"%s%s", reading.stage,
		               near.best ? "; did you mean " : "; write the id of a stage", near.best ? near.best : "");
	if (host->address[0] != '\0' && !cni_address_parse(host->address, &ignored))
		reader_problem(&l->reader, pointer, "\"%.60s\" is no address", host->address);
	if (strchr(host->name, '/'))
		reader_problem(&l->reader, pointer,
		               "\"%.60s\" cannot be a host's name; write one without '/', which workloads have",
		               host->name);
	free(reading.stage);
	vec_push(&l->act->hosts, reading.host);
}

static void read_hosts(struct loading *l, const json_t *list)
{
	size_t i;
	json_t *value;
	if (json_array_size(list) > SCENARIO_HOSTS_MAX)
		reader_problem(&l->reader, "/0/hosts", "an act has at most %d hosts; leave some out",
		               SCENARIO_HOSTS_MAX);
	json_array_foreach ((json_t *)list, i, value) {
		char *pointer = reader_item("/0/hosts", i);
		read_host(l, value, pointer);
		free(pointer);
	}
}

size_t scenario_hosts(const struct scenario_act *act, struct topo_host out[SCENARIO_HOSTS_MAX])
{
	for (size_t i = 0; i < act->hosts.len; i++) {
		const struct scenario_host *host = &act->hosts.data[i];
		out[i] = (struct topo_host){host->name, host->address, host->network, host->bridge, TOPO_PLANNED, NULL};
	}
	return act->hosts.len;
}

const char *scenario_address(const struct scenario_act *act, const char *end)
{
	for (size_t i = 0; i < act->hosts.len; i++)
		if (text_equal(act->hosts.data[i].name, end))
			return act->hosts.data[i].address;
	return end;
}

/* clang-format off */
static const struct reader_key var_keys[] = {
	{"pod", true, "a workload, NAMESPACE/NAME", reader_take_line, offsetof(struct scenario_var, workload)},
	{"address-on", true, "the name of a network", reader_take_line, offsetof(struct scenario_var, network)},
	{0},
};
/* clang-format on */

static bool is_var_name(const char *name)
{
	size_t len = strlen(name);
	return len <= 40 && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static void read_vars(struct loading *l, const json_t *map)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)map, name, value) {
		char *pointer = reader_below("/0/vars", name);
		struct scenario_var var = {.name = mem_strdup(name)};
		if (!is_var_name(name))
			reader_problem(&l->reader, pointer,
			               "\"%.60s\" cannot be a variable; use a-z, 0-9 and _, a letter first", name);
		if (json_is_object(value))
			reader_map(&l->reader, value, pointer, var_keys, "a variable", &var);
		else if (!(var.value = reader_text(value)))
			reader_problem(&l->reader, pointer,
			               "a variable must be a text, or {pod: NAMESPACE/NAME, address-on: NETWORK}");
		if (scenario_var_find(l->act, name, strlen(name)))
			reader_problem(&l->reader, pointer,
			               "the act that this one builds on has a variable \"%.60s\" already; give this "
			               "one another name",
			               name);
		vec_push(&l->act->vars, var);
		free(pointer);
	}
}

const struct scenario_var *scenario_var_find(const struct scenario_act *act, const char *name, size_t len)
{
	for (size_t i = 0; i < act->vars.len; i++) {
		const struct scenario_var *var = &act->vars.data[i];
		if (strlen(var->name) == len && memcmp(var->name, name, len) == 0)
			return var;
	}
	return NULL;
}

/* ---- the act ---- */

struct act_reading {
	struct loading *loading;
	bool has_diagram;
	char *base; /* the act that this one builds on; NULL */
	const json_t *vars, *hosts, *flows, *stages, *promises, *explore, *redact;
};

static bool take_format(READER_TAKE)
{
	(void)to;
	if (!json_is_integer(value))
		return false;
	if (json_integer_value(value) != FORMAT)
		reader_problem(
		        r, pointer,
		        "this version reads format %d, the file has %lld; use the onesdn that it was written for",
		        FORMAT, (long long)json_integer_value(value));
	return true;
}

static bool take_order(READER_TAKE)
{
	(void)r, (void)pointer;
	struct act_reading *a = to;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= ORDER_LAST)
		return false;
	a->loading->act->order = json_integer_value(value);
	return true;
}

static bool take_title(READER_TAKE)
{
	return reader_take_line(r, value, pointer, &((struct act_reading *)to)->loading->act->title);
}

static bool take_summary(READER_TAKE)
{
	return reader_take_block(r, value, pointer, &((struct act_reading *)to)->loading->act->summary);
}

static bool take_namespaces(READER_TAKE)
{
	struct scenario_act *act = ((struct act_reading *)to)->loading->act;
	struct scenario_texts names = {0};
	bool ok = json_is_array(value) && load_texts(value, &names);
	for (size_t i = 0; i < names.len; i++) {
		size_t len = strlen(names.data[i]);
		if (len == 0 || len > 63 || strspn(names.data[i], "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
			reader_problem(r, pointer, "\"%.80s\" cannot be a namespace; use a-z, 0-9 and -, at most 63",
			               names.data[i]);
		vec_push(&act->namespaces, names.data[i]);
	}
	vec_finish(&names);
	return ok;
}

static bool take_skip(READER_TAKE)
{
	return reader_take_bool(r, value, pointer, &((struct act_reading *)to)->loading->act->skips_if_done);
}

/* Read where acts are looked for. */
static bool take_in_show(READER_TAKE)
{
	(void)r, (void)pointer, (void)to;
	return json_is_boolean(value);
}

/* Such an act makes what the lab is already. */
static bool take_brings_up(READER_TAKE)
{
	struct loading *l = ((struct act_reading *)to)->loading;
	if (!reader_take_line(r, value, pointer, &l->act->brings_up))
		return false;
	if (text_equal(l->environment, "lab"))
		reader_problem(r, pointer,
		               "the act brings up a cluster of its own and is not for the lab; name the cluster with "
		               "--kubeconfig "
		               "%s, or leave the choice to it: onesdn %s",
		               l->act->brings_up, l->act->name);
	return true;
}

static bool take_group_by(READER_TAKE)
{
	const char *by = json_string_value(value);
	if (by && !text_equal(by, "namespace") && !text_equal(by, "node"))
		reader_problem(r, pointer, "a diagram cannot be grouped by \"%.40s\"; use namespace or node", by);
	*(bool *)to = by && text_equal(by, "node");
	return by != NULL;
}

static const struct reader_key diagram_keys[] = {{"group-by", false, "namespace or node", take_group_by, 0}, {0}};

static bool take_diagram(READER_TAKE)
{
	if (json_is_object(value))
		reader_map(r, value, pointer, diagram_keys, "\"diagram\"",
		           &((struct act_reading *)to)->loading->act->by_node);
	((struct act_reading *)to)->has_diagram = true;
	return json_is_object(value);
}

#define AT(field) offsetof(struct act_reading, field)
/* clang-format off */
static const struct reader_key act_keys[] = {
	{"format", true, "1", take_format, 0},
	{"order", false, "a number: the act's place in the show", take_order, 0},
	{"title", true, LINE_WORDS, take_title, 0},
	{"summary", false, BLOCK_WORDS, take_summary, 0},
	{"namespaces", false, "a list of the namespaces that the act uses", take_namespaces, 0},
	{"diagram", false, "a mapping such as {group-by: namespace}", take_diagram, 0},
	{"builds-on", false, "the name of an act in the same folder", reader_take_line, AT(base)},
	{"promises", false, "a manifest, or a list of them, of other acts that this one builds on", reader_take_any, AT(promises)},
	{"vars", false, "a mapping of names to values", reader_take_object, AT(vars)},
	{"hosts", false, "a list of machines outside the cluster", reader_take_list, AT(hosts)},
	{"flows", false, "a list of flows", reader_take_list, AT(flows)},
	{"redact", false, "a list of secrets that no recording may show", reader_take_list, AT(redact)},
	{"stages", true, "a list of stages", reader_take_list, AT(stages)},
	{"skip-if-done", false, "true or false", take_skip, 0},
	{"explore", false, "a list of explorations", reader_take_list, AT(explore)},
	{"in-show", false, "true or false", take_in_show, 0},
	{"brings-up", false, "the kubeconfig of the cluster that the act makes", take_brings_up, 0},
	{0},
};
/* clang-format on */

static void read_promises(struct loading *l, const json_t *value)
{
	struct scenario_texts names = {0};
	if (value && !load_texts(value, &names))
		reader_problem(&l->reader, "/0/promises", "\"promises\" must be a manifest's name, or a list of them");
	for (size_t i = 0; i < names.len; i++)
		load_manifest(l, names.data[i], "/0/promises", NULL);
	scenario_texts_finish(&names);
}

/* Each is tried here, so that a mistake has its line; whoever records makes rules of them. */
static void read_redact(struct loading *l, const json_t *list)
{
	struct cast_rules *rules = cast_rules_create();
	size_t i;
	json_t *value;
	json_array_foreach ((json_t *)list, i, value) {
		char *pointer = reader_item("/0/redact", i);
		struct err why;
		if (!cast_rules_add_json(rules, value, &why))
			reader_problem(&l->reader, pointer, "%s", why.text);
		vec_push(&l->act->redact, json_incref(value));
		free(pointer);
	}
	cast_rules_destroy(rules);
}

static void read_stages(struct loading *l, const json_t *list)
{
	size_t i, n = json_array_size(list);
	json_t *value;
	if (list && (n == 0 || n > SCENARIO_STAGES_MAX)) {
		reader_problem(&l->reader, "/0/stages", "an act has 1 to %d stages, not %zu", SCENARIO_STAGES_MAX, n);
		return;
	}
	json_array_foreach ((json_t *)list, i, value) {
		char *pointer = reader_item("/0/stages", i);
		load_stage(l, value, pointer);
		free(pointer);
	}
}

static unsigned kinds_of(const struct scenario_stage *stage)
{
	unsigned kinds = 0;
	for (size_t k = 0; k < stage->checks.len; k++)
		if (stage->checks.data[k].object)
			kinds |= 1u << (stage->checks.data[k].object - kube_kinds);
	return kinds;
}

static unsigned checked_kinds(const struct scenario_act *act)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < act->stages.len; i++)
		kinds |= kinds_of(&act->stages.data[i]);
	for (size_t i = 0; i < act->explorations.len; i++)
		kinds |= kinds_of(&act->explorations.data[i].mends);
	return kinds;
}

void load_act(struct loading *l)
{
	const json_t *documents = yaml_documents(l->reader.yaml);
	struct act_reading a = {.loading = l};
	if (json_array_size(documents) != 1) {
		reader_problem(&l->reader, "", "a scenario is one document, this file has %zu; write one act a file",
		               json_array_size(documents));
		return;
	}
	reader_map(&l->reader, json_array_get(documents, 0), "/0", act_keys, "a scenario", &a);
	if (a.base)
		load_prelude(l, a.base, a.has_diagram);
	else if (!json_object_get(json_array_get(documents, 0), "namespaces"))
		reader_problem(&l->reader, "/0",
		               "a scenario has no \"namespaces\"; give it a list of the namespaces that the act uses");
	bool is_alone = a.base && !l->base; /* the rest would be that mistake's consequences */
	free(a.base);
	if (is_alone)
		return;
	read_redact(l, a.redact);
	read_promises(l, a.promises);
	read_vars(l, a.vars);
	read_flows(l, a.flows);
	read_stages(l, a.stages);
	read_hosts(l, a.hosts);
	load_explorations(l, a.explore);
	if (l->reader.n_problems > 0) /* half of what follows would be their consequences */
		return;
	load_names(l);
	load_promised_networks(l);
	l->act->kinds |= promised_kinds(l->act) | checked_kinds(l->act);
	load_prelude_stages(l);
}
