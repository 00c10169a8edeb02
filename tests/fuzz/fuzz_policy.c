/* Fuzz: policies and workloads as JSON (an array of objects), every pair asked in both profiles, then linted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(const struct policy_finding *finding, void *user)
{
	*(size_t *)user += finding->severity;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	json_t *objects = json_parse((const char *)data, size, "fuzz", &err);
	if (!json_is_array(objects) || json_array_size(objects) > 64) {
		json_decref(objects);
		return 0;
	}
	VEC(const json_t *) list = {0};
	size_t i;
	const json_t *object;
	json_array_foreach (objects, i, object)
		vec_push(&list, object);
	struct policy_world *world = policy_world_create(list.data, list.len);
	size_t n = policy_endpoints(world), sum = 0;
	for (size_t from = 0; from < n && from < 8; from++) {
		for (size_t to = 0; to < n && to < 8; to++) {
			struct policy_endpoint a = policy_endpoint(world, from), b = policy_endpoint(world, to);
			struct policy_question question = {a.workload, b.workload, b.network,
			                                   POLICY_TCP, 9000,       POLICY_OVNK};
			struct policy_verdict verdict;
			if (policy_ask(world, &question, &verdict, &err))
				policy_verdict_finish(&verdict);
			sum += policy_allows(world, from, to, POLICY_ICMP, 0, POLICY_SPEC);
		}
	}
	policy_lint(world, ignore, &sum);
	if (list.len > 0 && n <= 32) { /* the second half of the objects as if they were not applied yet */
		struct policy_world *then = policy_world_create_with(list.data, list.len / 2, list.data + list.len / 2,
		                                                     list.len - list.len / 2);
		struct policy_change change = policy_compare(world, then, POLICY_OVNK);
		sum += change.n_opened + change.n_closed + strlen(policy_network(then, "blue/a", "192.168.200.1"));
		policy_world_destroy(then);
	}
	policy_world_destroy(world);
	vec_finish(&list);
	json_decref(objects);
	return 0;
}
