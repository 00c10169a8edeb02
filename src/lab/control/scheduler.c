/* nodeSelector, the control plane's taint, readiness, fewest pods. */
#include "lab/control/scheduler.h"

#include <string.h>

#define TAINT "node-role.kubernetes.io/control-plane"

static bool tolerates(const json_t *pod)
{
	size_t i;
	json_t *toleration;
	json_array_foreach (json_walk(pod, "spec", "tolerations", NULL), i, toleration) {
		const char *key = json_walk_str(toleration, "key", NULL),
		           *effect = json_walk_str(toleration, "effect", NULL);
		bool is_any = key[0] == '\0' && strcmp(json_walk_str(toleration, "operator", NULL), "Exists") == 0;
		if ((is_any || strcmp(key, TAINT) == 0) && (effect[0] == '\0' || strcmp(effect, "NoSchedule") == 0))
			return true;
	}
	return false;
}

static bool matches(const json_t *pod, const json_t *labels)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)json_walk(pod, "spec", "nodeSelector", NULL), key, value) {
		if (!text_equal(json_string_value(json_object_get(labels, key)), json_string_value(value)))
			return false;
	}
	return true;
}

static void say(struct str *reason, size_t n, const char *words)
{
	if (n > 0)
		str_append_f(reason, "%s %zu node(s) %s", reason->data[reason->len - 1] == ':' ? "" : ",", n, words);
}

int scheduler_pick(const json_t *pod, const struct scheduler_node *nodes, size_t n_nodes, struct str *reason)
{
	int best = -1;
	size_t n_tainted = 0, n_unmatched = 0, n_unready = 0;
	bool is_tolerant = tolerates(pod);
	for (size_t i = 0; i < n_nodes; i++) {
		if (nodes[i].is_tainted && !is_tolerant)
			n_tainted++;
		else if (!nodes[i].is_ready)
			n_unready++;
		else if (!matches(pod, nodes[i].labels))
			n_unmatched++;
		else if (best < 0 || nodes[i].n_pods < nodes[best].n_pods)
			best = (int)i;
	}
	if (best >= 0)
		return best;
	str_append_f(reason, "0/%zu nodes are available:", n_nodes);
	say(reason, n_tainted, "had untolerated taint {" TAINT ": }");
	say(reason, n_unready, "had untolerated taint {node.kubernetes.io/not-ready: }");
	say(reason, n_unmatched, "didn't match Pod's node affinity/selector");
	str_append(reason, ". preemption: not eligible due to preemptionPolicy=Never.");
	return -1;
}
