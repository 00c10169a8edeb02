/* controllers: who realises the kinds that the acts use. On a cluster they are found by their names, as OVN-Kubernetes, Multus,
 * kubernetes-nmstate and KubeVirt are commonly installed; the lab is its own. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

#define AREA "controllers"

struct controller {
	const char *group, *kind; /* needed when the acts use this; kind NULL: any of the group */
	const char *what;         /* in words */
	const char *list;         /* of "daemonsets" or "deployments" */
	const char *name;         /* a part of its name */
	const char
	        *setting; /* an environment variable that must be "true", or a flag, of one of its containers; NULL */
	const char *flag;
};
static const struct controller controllers[] = {
        {"k8s.cni.cncf.io", NULL, "Multus", "daemonsets", "multus", NULL, NULL},
        {"k8s.cni.cncf.io", NULL, "OVN-Kubernetes with multiple networks", "daemonsets", "ovnkube-node",
         "OVN_MULTI_NETWORK_ENABLE", "--enable-multi-network"},
        {"k8s.cni.cncf.io", "MultiNetworkPolicy", "OVN-Kubernetes with multi-network policies", "daemonsets",
         "ovnkube-node", "OVN_MULTI_NETWORK_ENABLE", "--enable-multi-networkpolicy"},
        {"nmstate.io", NULL, "kubernetes-nmstate's handler", "daemonsets", "nmstate-handler", NULL, NULL},
        {"nmstate.io", NULL, "kubernetes-nmstate's webhook", "deployments", "nmstate-webhook", NULL, NULL},
        {"kubevirt.io", NULL, "KubeVirt's controller", "deployments", "virt-controller", NULL, NULL},
        {"kubevirt.io", NULL, "KubeVirt's handler", "daemonsets", "virt-handler", NULL, NULL},
};

static void fail(struct doctor *doctor, const char *what, const char *why)
{
	char *cure = *doctor->options.setup ? mem_printf("on kind: %s", doctor->options.setup)
	                                    : mem_strdup("install it, or use the lab");
	doctor_add(doctor, DOCTOR_FAIL, AREA, cure, "%s%s", what, why);
	free(cure);
}

/* A container may have no words of its own: then the image has them. */
static void append_words(const json_t *list, struct str *out)
{
	if (list)
		str_append_json(out, list, JSON_ENCODE_ANY);
}

/* "false": it is switched off; "true"; "": it does not say. */
static const char *setting_of(const json_t *workload, const struct controller *row)
{
	size_t i, j;
	json_t *container, *variable;
	const char *found = "";
	json_array_foreach ((json_t *)json_walk(workload, "spec", "template", "spec", "containers", NULL), i,
	                    container) {
		json_array_foreach (json_object_get(container, "env"), j, variable)
			if (text_equal(json_walk_str(variable, "name", NULL), row->setting))
				found = json_walk_str(variable, "value", NULL);
		struct str words = {0};
		append_words(json_object_get(container, "command"), &words);
		append_words(json_object_get(container, "args"), &words);
		if (strstr(str_text(&words), row->flag))
			found = "true";
		str_finish(&words);
	}
	return found;
}

static void tell_workload(struct doctor *doctor, const json_t *workload, const struct controller *row)
{
	bool is_set = strcmp(row->list, "daemonsets") == 0;
	long long wanted = json_walk_int(workload, is_set ? 0 : 1, is_set ? "status" : "spec",
	                                 is_set ? "desiredNumberScheduled" : "replicas", NULL);
	long long ready = json_walk_int(workload, 0, "status", is_set ? "numberReady" : "readyReplicas", NULL);
	const char *setting = row->setting ? setting_of(workload, row) : "true";
	if (text_equal(setting, "false"))
		fail(doctor, row->what, ": it is installed, but switched off (OVN_MULTI_NETWORK_ENABLE is false)");
	else if (ready < wanted || wanted == 0)
		doctor_add(doctor, DOCTOR_FAIL, AREA, "kubectl describe and logs of its pods say why",
		           "%s: %lld of %lld ready (%s/%s)", row->what, ready, wanted, kube_ns(workload),
		           kube_name(workload));
	else if (!*setting)
		doctor_add(doctor, DOCTOR_WARN, AREA, "rehearse the act: a pod with a secondary network tells",
		           "%s: %s/%s is ready, but does not say %s", row->what, kube_ns(workload), kube_name(workload),
		           row->flag);
	else
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "%s (%s/%s, %lld ready)", row->what, kube_ns(workload),
		           kube_name(workload), ready);
}

static const json_t *find_workload(const json_t *list, const char *part)
{
	size_t i;
	json_t *each;
	json_array_foreach (json_object_get(list, "items"), i, each)
		if (strstr(kube_name(each), part))
			return each;
	return NULL;
}

/* KubeVirt says of itself whether it is available, and in which version. */
static void tell_kubevirt(struct doctor *doctor, const json_t *list)
{
	const char *reason, *message;
	const json_t *object = json_array_get(json_object_get(list, "items"), 0);
	const char *available = kube_condition(object, "Available", &reason, &message);
	if (object && text_equal(available, "True"))
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "KubeVirt %s is Available",
		           json_walk_str(object, "status", "observedKubeVirtVersion", NULL));
	else if (object)
		fail(doctor, "KubeVirt is not Available: ", *message ? message : "it does not say why");
	else
		fail(doctor, "KubeVirt", ": there is no KubeVirt object");
}

void tell_controllers(struct doctor *doctor, const struct needs *needs, const struct question lists[N_WORKLOADS])
{
	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
		const struct controller *row = &controllers[i];
		bool is_set = strcmp(row->list, "daemonsets") == 0;
		const struct question *list = &lists[is_set ? WORKLOAD_DAEMONSETS : WORKLOAD_DEPLOYMENTS];
		if (row->kind ? !needs_kind(needs, row->kind) : !needs_group(needs, row->group))
			continue;
		const json_t *workload = find_workload(list->answer, row->name);
		if (workload)
			tell_workload(doctor, workload, row);
		else if (!list->answer)
			doctor_add(doctor, DOCTOR_UNTRIED, AREA, "be a user who may list daemonsets and deployments",
			           "%s: %s", row->what, list->failure);
		else
			fail(doctor, row->what, ": there is none");
	}
	if (needs_group(needs, "kubevirt.io"))
		tell_kubevirt(doctor, lists[WORKLOAD_KUBEVIRTS].answer);
}

void look_for_controllers(struct doctor *doctor, struct kube *kube, const struct needs *needs)
{
	struct question lists[N_WORKLOADS] = {
	        [WORKLOAD_DAEMONSETS] = {.path = mem_strdup("/apis/apps/v1/daemonsets")},
	        [WORKLOAD_DEPLOYMENTS] = {.path = mem_strdup("/apis/apps/v1/deployments")},
	        [WORKLOAD_KUBEVIRTS] = {.path = mem_strdup("/apis/kubevirt.io/v1/kubevirts")},
	};
	ask_cluster(doctor->options.loop, kube, lists,
	            needs_group(needs, "kubevirt.io") ? N_WORKLOADS : N_WORKLOADS - 1);
	tell_controllers(doctor, needs, lists);
	for (size_t i = 0; i < N_WORKLOADS; i++)
		question_finish(&lists[i]);
}
