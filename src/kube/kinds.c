/* The kinds that are watched, as a table, and small questions to objects. */
#include <string.h>
#include <strings.h>

#include "onesdn/kube.h"

const struct kube_kind kube_kinds[KUBE_N_KINDS] = {
        [KUBE_NAMESPACE] = {"", "v1", "namespaces", "namespace", "Namespace", "ns", false},
        [KUBE_NODE] = {"", "v1", "nodes", "node", "Node", "no", false},
        [KUBE_POD] = {"", "v1", "pods", "pod", "Pod", "po", true},
        [KUBE_EVENT] = {"", "v1", "events", "event", "Event", "ev", true},
        [KUBE_NAD] = {"k8s.cni.cncf.io", "v1", "network-attachment-definitions", "network-attachment-definition",
                      "NetworkAttachmentDefinition", "net-attach-def", true},
        [KUBE_MULTI_POLICY] = {"k8s.cni.cncf.io", "v1beta1", "multi-networkpolicies", "multi-networkpolicy",
                               "MultiNetworkPolicy", "multi-policy", true},
        [KUBE_VM] = {"kubevirt.io", "v1", "virtualmachines", "virtualmachine", "VirtualMachine", "vm vms", true},
        [KUBE_VMI] = {"kubevirt.io", "v1", "virtualmachineinstances", "virtualmachineinstance",
                      "VirtualMachineInstance", "vmi vmis", true},
        [KUBE_NNCP] = {"nmstate.io", "v1", "nodenetworkconfigurationpolicies", "nodenetworkconfigurationpolicy",
                       "NodeNetworkConfigurationPolicy", "nncp", false},
        [KUBE_NNCE] = {"nmstate.io", "v1beta1", "nodenetworkconfigurationenactments",
                       "nodenetworkconfigurationenactment", "NodeNetworkConfigurationEnactment", "nnce", false},
        [KUBE_NNS] = {"nmstate.io", "v1beta1", "nodenetworkstates", "nodenetworkstate", "NodeNetworkState", "nns",
                      false},
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; len && (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
			return true;
	return false;
}

const struct kube_kind *kube_kind_find(const char *name)
{
	for (size_t i = 0; i < KUBE_N_KINDS; i++) {
		const struct kube_kind *kind = &kube_kinds[i];
		size_t len = strlen(kind->plural);
		bool qualified = strncasecmp(name, kind->plural, len) == 0 && name[len] == '.' &&
		                 strcmp(name + len + 1, kind->group) == 0;
		if (strcasecmp(name, kind->plural) == 0 || strcasecmp(name, kind->singular) == 0 ||
		    strcasecmp(name, kind->kind) == 0 || (!strchr(name, ' ') && has_word(kind->short_names, name)) ||
		    (qualified && kind->group[0]))
			return kind;
	}
	return NULL;
}

const struct kube_kind *kube_kind_of(const json_t *object)
{
	const char *version = json_walk_str(object, "apiVersion", NULL), *name = json_walk_str(object, "kind", NULL);
	const char *slash = strchr(version, '/');
	size_t len = slash ? (size_t)(slash - version) : 0;
	for (size_t i = 0; i < KUBE_N_KINDS; i++)
		if (strcmp(kube_kinds[i].kind, name) == 0 && strlen(kube_kinds[i].group) == len &&
		    memcmp(kube_kinds[i].group, version, len) == 0)
			return &kube_kinds[i];
	return NULL;
}

const char *kube_name(const json_t *object)
{
	return json_walk_str(object, "metadata", "name", NULL);
}

const char *kube_ns(const json_t *object)
{
	return json_walk_str(object, "metadata", "namespace", NULL);
}

const char *kube_annotation(const json_t *object, const char *key)
{
	return json_walk_str(object, "metadata", "annotations", key, NULL);
}

const char *kube_condition(const json_t *object, const char *type, const char **reason, const char **message)
{
	const json_t *conditions = json_walk(object, "status", "conditions", NULL), *each, *found = NULL;
	size_t i;
	json_array_foreach (conditions, i, each)
		if (!found && strcasecmp(json_walk_str(each, "type", NULL), type) == 0)
			found = each;
	if (reason)
		*reason = json_walk_str(found, "reason", NULL);
	if (message)
		*message = json_walk_str(found, "message", NULL);
	return json_walk_str(found, "status", NULL);
}
