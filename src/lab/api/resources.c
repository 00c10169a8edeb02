/* resources: the kinds that the lab knows, a row each. Adding a kind is adding a row (and a controller that realises it:
 * until then is_pending keeps it out of the API, because an object that nobody realises would be a lie).
 */
#include <string.h>

#include "lab/api/kinds.h"

#define GROUP(name, number) .group = name, .version = number
#define CORE GROUP("", "v1")
#define NAMES(many, one, type) .plural = many, .singular = one, .kind = type, .list_kind = type "List"
#define READ_ONLY "get list watch"

const struct lab_resource lab_resources[] = {
        /* namespaces come first: what lives in one is told after it */
        {CORE, NAMES("namespaces", "namespace", "Namespace"), .short_names = "ns", .has_status = true,
         .is_graceful = true, .schema = &schema_namespace, .columns = columns_namespace, .admit = admit_namespace,
         .deleting = namespace_deleting},
        {CORE, NAMES("nodes", "node", "Node"), .short_names = "no", .has_status = true, .schema = &schema_node,
         .columns = columns_node, .admit = admit_any},
        {CORE, NAMES("configmaps", "configmap", "ConfigMap"), .short_names = "cm", .namespaced = true,
         .schema = &schema_configmap, .columns = columns_configmap, .admit = admit_any},
        {CORE, NAMES("secrets", "secret", "Secret"), .namespaced = true, .schema = &schema_secret,
         .columns = columns_secret, .admit = admit_secret},
        {CORE, NAMES("serviceaccounts", "serviceaccount", "ServiceAccount"), .short_names = "sa", .namespaced = true,
         .schema = &schema_serviceaccount, .columns = columns_serviceaccount, .admit = admit_any},
        {CORE, NAMES("services", "service", "Service"), .short_names = "svc", .categories = "all", .namespaced = true,
         .has_status = true, .schema = &schema_service, .columns = columns_service, .admit = admit_service},
        {CORE, NAMES("pods", "pod", "Pod"), .short_names = "po", .categories = "all", .namespaced = true,
         .has_status = true, .has_generation = true, .is_graceful = true, .schema = &schema_pod, .columns = columns_pod,
         .admit = admit_pod},
        {CORE, NAMES("events", "event", "Event"), .short_names = "ev", .namespaced = true, .columns = columns_event,
         .admit = admit_any},
        {GROUP("apps", "v1"), NAMES("deployments", "deployment", "Deployment"), .short_names = "deploy",
         .categories = "all", .namespaced = true, .has_status = true, .has_generation = true, .has_scale = true,
         .schema = &schema_deployment, .columns = columns_deployment, .admit = admit_deployment},
        {GROUP("apps", "v1"), NAMES("replicasets", "replicaset", "ReplicaSet"), .short_names = "rs",
         .categories = "all", .namespaced = true, .has_status = true, .has_generation = true, .has_scale = true,
         .schema = &schema_replicaset, .columns = columns_replicaset, .admit = admit_replicaset},

        {GROUP("apiextensions.k8s.io", "v1"),
         NAMES("customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition"),
         .short_names = "crd crds", .categories = "api-extensions", .verbs = READ_ONLY, .columns = columns_crd},
        {GROUP("k8s.cni.cncf.io", "v1"),
         NAMES("network-attachment-definitions", "network-attachment-definition", "NetworkAttachmentDefinition"),
         .short_names = "net-attach-def", .namespaced = true, .is_custom = true, .has_generation = true,
         .schema = &schema_nad, .admit = admit_nad},
        {GROUP("k8s.cni.cncf.io", "v1beta1"),
         NAMES("multi-networkpolicies", "multi-networkpolicy", "MultiNetworkPolicy"), .short_names = "multi-policy",
         .namespaced = true, .is_custom = true, .has_generation = true, .admit = admit_policy},
        {GROUP("k8s.cni.cncf.io", "v1alpha1"), NAMES("ipamclaims", "ipamclaim", "IPAMClaim"), .namespaced = true,
         .is_custom = true, .has_generation = true, .has_status = true, .is_pending = true, .admit = admit_any},
        {GROUP("kubevirt.io", "v1"), NAMES("virtualmachines", "virtualmachine", "VirtualMachine"),
         .short_names = "vm vms", .categories = "all", .namespaced = true, .is_custom = true, .has_generation = true,
         .has_status = true, .columns = columns_vm, .admit = admit_vm},
        {GROUP("kubevirt.io", "v1"),
         NAMES("virtualmachineinstances", "virtualmachineinstance", "VirtualMachineInstance"),
         .short_names = "vmi vmis", .categories = "all", .namespaced = true, .is_custom = true, .has_generation = true,
         .has_status = true, .is_graceful = true, .columns = columns_vmi, .admit = admit_vmi},
        {GROUP("nmstate.io", "v1"),
         NAMES("nodenetworkconfigurationpolicies", "nodenetworkconfigurationpolicy", "NodeNetworkConfigurationPolicy"),
         .short_names = "nncp", .is_custom = true, .has_generation = true, .has_status = true, .columns = columns_nncp,
         .admit = admit_nncp},
        {GROUP("nmstate.io", "v1beta1"),
         NAMES("nodenetworkconfigurationenactments", "nodenetworkconfigurationenactment",
               "NodeNetworkConfigurationEnactment"),
         .short_names = "nnce", .is_custom = true, .has_generation = true, .has_status = true, .columns = columns_nnce,
         .admit = admit_any},
        {GROUP("nmstate.io", "v1beta1"), NAMES("nodenetworkstates", "nodenetworkstate", "NodeNetworkState"),
         .short_names = "nns", .is_custom = true, .has_generation = true, .has_status = true, .columns = columns_nns,
         .admit = admit_any},

        {GROUP("authorization.k8s.io", "v1"),
         NAMES("selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview"), .verbs = "create",
         .schema = &schema_access_review},
        {GROUP("authorization.k8s.io", "v1"),
         NAMES("selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview"), .verbs = "create",
         .schema = &schema_rules_review},
        {GROUP("authentication.k8s.io", "v1"), NAMES("selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview"),
         .verbs = "create", .schema = &schema_self_review},
        {.kind = NULL},
};

const struct lab_resource *lab_resource_find(const char *group, const char *version, const char *plural)
{
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (strcmp(row->plural, plural) == 0 && strcmp(row->group, group) == 0 &&
		    (!version || strcmp(row->version, version) == 0))
			return row;
	return NULL;
}

const struct lab_resource *lab_resource_kind(const char *kind)
{
	for (const struct lab_resource *row = lab_resources; row->kind; row++)
		if (strcmp(row->kind, kind) == 0)
			return row;
	return NULL;
}

void lab_resource_api_version(const struct lab_resource *resource, struct str *out)
{
	str_append_f(out, "%s%s%s", resource->group, *resource->group ? "/" : "", resource->version);
}

bool lab_resource_has_verb(const struct lab_resource *resource, const char *verb)
{
	size_t len = strlen(verb);
	if (!resource->verbs)
		return true;
	for (const char *at = resource->verbs; (at = strstr(at, verb)); at += len)
		if ((at == resource->verbs || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}
