/* names: once a scenario file is read: what may only name what is there. Workloads and networks that the manifests promise, variables that
 * the act has; each with the nearest name that there is. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

static bool is_host(const struct scenario_act *act, const char *name)
{
	for (size_t i = 0; i < act->hosts.len; i++)
		if (text_equal(act->hosts.data[i].name, name))
			return true;
	return false;
}

static void check_workload(struct loading *l, const char *pointer, const char *id, const char *who)
{
	struct nearest near;
	if (id && !promises_workload(l->act, id, &near))
		reader_problem(
		        &l->reader, pointer, "%s is \"%.100s\", which no manifest of this act promises; %s%s", who, id,
		        near.best ? "did you mean " : "write NAMESPACE/NAME of a Pod or VirtualMachine in one of them",
		        near.best ? near.best : "");
}

static void check_network(struct loading *l, const char *pointer, const char *name)
{
	struct nearest near;
	if (name && name[0] != '\0' && !promises_network(l->act, name, &near))
		reader_problem(&l->reader, pointer, "no manifest of this act has a network \"%.60s\"; %s%s", name,
		               near.best ? "did you mean "
		                         : "write the \"name\" in a NetworkAttachmentDefinition's config",
		               near.best ? near.best : "");
}

static void check_ends(struct loading *l)
{
	struct scenario_act *act = l->act;
	for (size_t i = l->n_base_flows; i < act->flows.len; i++) {
		const struct scenario_flow *flow = &act->flows.data[i];
		struct cni_address ignored;
		char *pointer = reader_item("/0/flows", i - l->n_base_flows);
		check_workload(l, pointer, flow->from, "the flow's \"from\"");
		if (!cni_address_parse(flow->to, &ignored) && !is_host(act, flow->to) &&
		    !(l->base && is_host(l->base, flow->to)))
			check_workload(l, pointer, flow->to, "the flow's \"to\"");
		check_network(l, pointer, flow->network);
		free(pointer);
	}
	for (size_t i = 0; i < act->hosts.len; i++) {
		char *pointer = reader_item("/0/hosts", i);
		check_network(l, pointer, act->hosts.data[i].network);
		free(pointer);
	}
	for (size_t i = 0; i < act->vars.len; i++) {
		const struct scenario_var *var = &act->vars.data[i];
		char *pointer = reader_below("/0/vars", var->name);
		check_workload(l, pointer, var->workload, "the variable's \"pod\"");
		check_network(l, pointer, var->network);
		free(pointer);
	}
}

static void check_vars_of(struct loading *l, const char *text, const char *pointer)
{
	size_t at, len;
	for (size_t from = 0; scenario_command_next_var(text, from, &at, &len); from = at + len + 2) {
		char *name = mem_strndup(text + at + 1, len);
		struct nearest near = nearest_start(name);
		for (size_t i = 0; i < l->act->vars.len; i++)
			nearest_offer(&near, l->act->vars.data[i].name);
		if (!scenario_var_find(l->act, name, len))
			reader_problem(&l->reader, pointer,
			               "there is no variable {%.40s}; %s%s%s (the shell's own braces: {{%.40s})", name,
			               near.best ? "did you mean {" : "add it to \"vars\"", near.best ? near.best : "",
			               near.best ? "}?" : "", name);
		free(name);
	}
}

static void check_stage(struct loading *l, const struct scenario_stage *stage, const char *at, const char *key)
{
	char *run = reader_below(at, key), *undo = reader_below(at, "undo");
	if (stage->action == SCENARIO_RUN)
		check_vars_of(l, stage->command, run);
	if (stage->action == SCENARIO_CONSOLE)
		check_vars_of(l, stage->command, at);
	load_console_names(l, stage, at);
	for (size_t k = 0; k < stage->undo.len; k++)
		check_vars_of(l, stage->undo.data[k], undo);
	for (size_t k = 0; k < stage->hints.len; k++)
		check_vars_of(l, stage->hints.data[k], at);
	check_vars_of(l, stage->done_if, at);
	for (size_t k = 0; k < stage->checks.len; k++)
		load_check_names(l, &stage->checks.data[k]);
	free(undo);
	free(run);
}

static void check_stages(struct loading *l)
{
	for (size_t i = 0; i < l->act->stages.len; i++) {
		char *at = reader_item("/0/stages", i);
		check_stage(l, &l->act->stages.data[i], at, "run");
		free(at);
	}
	for (size_t i = 0; i < l->act->explorations.len; i++) {
		char *at = reader_item("/0/explore", i);
		check_stage(l, &l->act->explorations.data[i].breaks, at, "break");
		check_stage(l, &l->act->explorations.data[i].mends, at, "mend");
		free(at);
	}
}

void load_names(struct loading *l)
{
	check_ends(l);
	check_stages(l);
}
