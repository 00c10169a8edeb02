/* values: what stands for a scenario's variables in a command: written in the file, or an address that the cluster has given. */
#include <stdlib.h>

#include "play/engine.h"

static char *value_of(void *user, const char *name, size_t len, struct err *why)
{
	struct play *p = user;
	const struct scenario_var *var = scenario_var_find(p->act, name, len);
	if (!var) {
		err_set(why, ERR_NOT_FOUND, "the scenario has no variable {%.*s}", (int)len, name);
		return NULL;
	}
	if (var->value)
		return mem_strdup(var->value);
	const char *address = topo_address(play_topo(p), var->workload, var->network);
	struct cni_address parsed;
	if (address[0] != '\0' &&
	    cni_address_parse(address, &parsed)) /* what a cluster says is typed into a shell: an address or nothing */
		return mem_strdup(address);
	struct scenario_check check = {.kind = SCENARIO_CHECK_ADDRESS, .name = var->workload, .network = var->network};
	struct check_facts facts = {.kube = p->kube, .topo = play_topo(p)};
	struct str found = {0}, cure = {0};
	check_ask(&check, &facts, &found, &cure);
	err_set(why, ERR_UNAVAILABLE, "{%s} has no value yet: %s", var->name, str_text(&found));
	str_finish(&found);
	str_finish(&cure);
	return NULL;
}

char *values_fill(const struct play *p, const char *text, struct err *why)
{
	return scenario_command_fill(text, value_of, (struct play *)p, why);
}
