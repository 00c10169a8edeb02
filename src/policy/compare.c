/* compare: what objects that are not applied yet would change: the same questions to two worlds. */
#include "policy/world.h"

#include <stdlib.h>
#include <string.h>

enum { PROBES_MAX = 12, QUESTIONS_MAX = 4000000 };

static bool is_same_object(const json_t *a, const json_t *b)
{
	return strcmp(json_walk_str(a, "kind", NULL), json_walk_str(b, "kind", NULL)) == 0 &&
	       strcmp(json_walk_str(a, "metadata", "namespace", NULL),
	              json_walk_str(b, "metadata", "namespace", NULL)) == 0 &&
	       strcmp(json_walk_str(a, "metadata", "name", NULL), json_walk_str(b, "metadata", "name", NULL)) == 0;
}

struct policy_world *policy_world_create_with(const json_t *const *objects, size_t n_objects, const json_t *const *with,
                                              size_t n_with)
{
	VEC(const json_t *) all = {0};
	for (size_t i = 0; i < n_objects; i++) {
		bool is_replaced = false;
		for (size_t k = 0; k < n_with && !is_replaced; k++)
			is_replaced = is_same_object(objects[i], with[k]);
		if (!is_replaced)
			vec_push(&all, objects[i]);
	}
	for (size_t k = 0; k < n_with; k++)
		vec_push(&all, with[k]);
	struct policy_world *world = policy_world_create(all.data, all.len);
	vec_finish(&all);
	return world;
}

/* Ports that are worth a question: those that the policies name, and one that they do not. */
struct probes {
	struct probe {
		enum policy_proto proto;
		int port;
	} data[PROBES_MAX];
	size_t len;
};

static void add_probe(struct probes *probes, enum policy_proto proto, int port)
{
	for (size_t i = 0; i < probes->len; i++)
		if (probes->data[i].proto == proto && probes->data[i].port == port)
			return;
	if (probes->len < PROBES_MAX)
		probes->data[probes->len++] = (struct probe){proto, port};
}

static void add_probes(struct probes *probes, const struct policy_world *world)
{
	for (size_t i = 0; i < world->policies.len; i++) {
		const struct policy *policy = &world->policies.data[i];
		for (size_t r = 0; r < policy->rules.len; r++) {
			const struct rule *rule = &policy->rules.data[r];
			for (size_t k = 0; k < rule->ports.len; k++)
				if (rule->ports.data[k].is_valid && rule->ports.data[k].first > 0)
					add_probe(probes, rule->ports.data[k].proto, rule->ports.data[k].first);
		}
	}
}

static char *key_of(const struct policy_world *world, size_t at)
{
	const struct endpoint *endpoint = &world->endpoints.data[at];
	return mem_printf("%s %s %s", endpoint->workload, world->networks.data[endpoint->network].name, endpoint->nad);
}

/* For each endpoint of `now` the one of `then`, plus one; 0: it would not be there. */
static size_t *match_endpoints(const struct policy_world *now, const struct policy_world *then)
{
	struct map places = {0};
	size_t *out = mem_alloc((now->endpoints.len + 1) * sizeof *out);
	for (size_t i = 0; i < then->endpoints.len; i++) {
		char *key = key_of(then, i);
		map_set(&places, key, (void *)(uintptr_t)(i + 1));
		free(key);
	}
	for (size_t i = 0; i < now->endpoints.len; i++) {
		char *key = key_of(now, i);
		out[i] = (size_t)(uintptr_t)map_find(&places, key);
		free(key);
	}
	map_finish(&places);
	return out;
}

struct policy_change policy_compare(const struct policy_world *now, const struct policy_world *then,
                                    enum policy_profile profile)
{
	struct policy_change change = {0};
	struct probes probes = {.data = {{POLICY_TCP, 1}}, .len = 1};
	size_t n = now->endpoints.len, *places = match_endpoints(now, then);
	add_probes(&probes, now);
	add_probes(&probes, then);
	while (probes.len > 1 && n * n * probes.len > QUESTIONS_MAX)
		probes.len--;
	for (size_t from = 0; from < n; from++) {
		for (size_t to = 0; to < n; to++) {
			bool opens = false, closes = false;
			if (from == to || !places[from] || !places[to] ||
			    now->endpoints.data[from].network != now->endpoints.data[to].network)
				continue;
			for (size_t i = 0; i < probes.len; i++) {
				const struct probe *probe = &probes.data[i];
				bool before = policy_allows(now, from, to, probe->proto, probe->port, profile);
				bool after = policy_allows(then, places[from] - 1, places[to] - 1, probe->proto,
				                           probe->port, profile);
				opens |= after && !before;
				closes |= before && !after;
			}
			change.n_pairs++;
			change.n_opened += opens;
			change.n_closed += closes;
		}
	}
	free(places);
	return change;
}
