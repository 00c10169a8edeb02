/* schema: the tables of fields, and the walk that checks an object against them. See schema.h. */
#include <stdio.h>
#include <string.h>

#include "lab/api/schema.h"

#define S(name, number)                                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_STRING, 0, NULL, NULL                                                             \
	}
#define I(name, number)                                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_INT, 0, NULL, NULL                                                                \
	}
#define B(name, number)                                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_BOOL, 0, NULL, NULL                                                               \
	}
#define IP(name, number)                                                                                               \
	{                                                                                                              \
		name, number, SCHEMA_INT, SCHEMA_POINTER, NULL, NULL                                                   \
	}
#define BP(name, number)                                                                                               \
	{                                                                                                              \
		name, number, SCHEMA_BOOL, SCHEMA_POINTER, NULL, NULL                                                  \
	}
#define T(name, number)                                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_TIME, 0, NULL, NULL                                                               \
	}
#define Q(name, number)                                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_QUANTITY, 0, NULL, NULL                                                           \
	}
#define ANY(name, number)                                                                                              \
	{                                                                                                              \
		name, number, SCHEMA_ANY, 0, NULL, NULL                                                                \
	}
#define S_LIST(name, number)                                                                                           \
	{                                                                                                              \
		name, number, SCHEMA_STRING, SCHEMA_LIST, NULL, NULL                                                   \
	}
#define S_SET(name, number)                                                                                            \
	{                                                                                                              \
		name, number, SCHEMA_STRING, SCHEMA_LIST, NULL, "="                                                    \
	}
#define I_LIST(name, number)                                                                                           \
	{                                                                                                              \
		name, number, SCHEMA_INT, SCHEMA_LIST, NULL, NULL                                                      \
	}
#define S_MAP(name, number)                                                                                            \
	{                                                                                                              \
		name, number, SCHEMA_STRING, SCHEMA_MAP, NULL, NULL                                                    \
	}
#define Q_MAP(name, number)                                                                                            \
	{                                                                                                              \
		name, number, SCHEMA_QUANTITY, SCHEMA_MAP, NULL, NULL                                                  \
	}
#define O(name, number, schema)                                                                                        \
	{                                                                                                              \
		name, number, SCHEMA_OBJECT, 0, &(schema), NULL                                                        \
	}
#define LIST(name, number, schema, key)                                                                                \
	{                                                                                                              \
		name, number, SCHEMA_OBJECT, SCHEMA_LIST, &(schema), key                                               \
	}
#define ANYS(name, number)                                                                                             \
	{                                                                                                              \
		name, number, SCHEMA_OBJECT, 0, NULL, NULL                                                             \
	}
#define ANY_LIST(name, number, key)                                                                                    \
	{                                                                                                              \
		name, number, SCHEMA_OBJECT, SCHEMA_LIST, NULL, key                                                    \
	}
#define END                                                                                                            \
	{                                                                                                              \
		NULL, 0, SCHEMA_ANY, 0, NULL, NULL                                                                     \
	}
#define SCHEMA(id, name, ...)                                                                                          \
	static const struct schema_field id##_fields[] = {__VA_ARGS__, END};                                           \
	const struct lab_schema id = {name, id##_fields}
#define PART(id, name, ...)                                                                                            \
	static const struct schema_field id##_fields[] = {__VA_ARGS__, END};                                           \
	static const struct lab_schema id = {name, id##_fields}

/* ---- meta/v1 ---- */
PART(owner, "OwnerReference", S("kind", 1), S("name", 3), S("uid", 4), S("apiVersion", 5), BP("controller", 6),
     BP("blockOwnerDeletion", 7));
PART(meta, "ObjectMeta", S("name", 1), S("generateName", 2), S("namespace", 3), S("selfLink", 4), S("uid", 5),
     S("resourceVersion", 6), I("generation", 7), T("creationTimestamp", 8), T("deletionTimestamp", 9),
     IP("deletionGracePeriodSeconds", 10), S_MAP("labels", 11), S_MAP("annotations", 12),
     LIST("ownerReferences", 13, owner, "uid"), S_SET("finalizers", 14), ANY_LIST("managedFields", 0, NULL));
#define HEAD S("kind", 0), S("apiVersion", 0), O("metadata", 1, meta)
PART(requirement, "LabelSelectorRequirement", S("key", 1), S("operator", 2), S_LIST("values", 3));
PART(selector, "LabelSelector", S_MAP("matchLabels", 1), LIST("matchExpressions", 2, requirement, NULL));

/* ---- core/v1: containers ---- */
PART(local_reference, "LocalObjectReference", S("name", 1));
PART(object_reference, "ObjectReference", S("kind", 1), S("namespace", 2), S("name", 3), S("uid", 4),
     S("apiVersion", 5), S("resourceVersion", 6), S("fieldPath", 7));
PART(container_port, "ContainerPort", S("name", 1), I("hostPort", 2), I("containerPort", 3), S("protocol", 4),
     S("hostIP", 5));
PART(field_selector, "ObjectFieldSelector", S("apiVersion", 1), S("fieldPath", 2));
PART(resource_selector, "ResourceFieldSelector", S("containerName", 1), S("resource", 2), Q("divisor", 3));
PART(key_selector, "ConfigMapKeySelector", S("name", 0), S("key", 2), BP("optional", 3));
PART(file_selector, "FileKeySelector", S("volumeName", 1), S("path", 2), S("key", 3), BP("optional", 4));
PART(env_source, "EnvVarSource", O("fieldRef", 1, field_selector), O("resourceFieldRef", 2, resource_selector),
     O("configMapKeyRef", 3, key_selector), O("secretKeyRef", 4, key_selector), O("fileKeyRef", 5, file_selector));
PART(env, "EnvVar", S("name", 1), S("value", 2), O("valueFrom", 3, env_source));
PART(env_reference, "ConfigMapEnvSource", S("name", 0), BP("optional", 2));
PART(env_from, "EnvFromSource", S("prefix", 1), O("configMapRef", 2, env_reference), O("secretRef", 3, env_reference));
PART(claim, "ResourceClaim", S("name", 1), S("request", 2));
PART(resources, "ResourceRequirements", Q_MAP("limits", 1), Q_MAP("requests", 2), LIST("claims", 3, claim, "name"));
PART(mount, "VolumeMount", S("name", 1), B("readOnly", 2), S("mountPath", 3), S("subPath", 4), S("mountPropagation", 5),
     S("subPathExpr", 6), S("recursiveReadOnly", 7));
PART(device, "VolumeDevice", S("name", 1), S("devicePath", 2));
PART(exec_action, "ExecAction", S_LIST("command", 1));
PART(header, "HTTPHeader", S("name", 1), S("value", 2));
PART(http_action, "HTTPGetAction", S("path", 1), {"port", 2, SCHEMA_INT_OR_STRING, 0, NULL, NULL}, S("host", 3),
     S("scheme", 4), LIST("httpHeaders", 5, header, NULL));
PART(tcp_action, "TCPSocketAction", {"port", 1, SCHEMA_INT_OR_STRING, 0, NULL, NULL}, S("host", 2));
PART(grpc_action, "GRPCAction", I("port", 1), S("service", 2));
PART(sleep_action, "SleepAction", I("seconds", 1));
PART(probe, "Probe", O("exec", 0, exec_action), O("httpGet", 0, http_action), O("tcpSocket", 0, tcp_action),
     O("grpc", 0, grpc_action), I("initialDelaySeconds", 2), I("timeoutSeconds", 3), I("periodSeconds", 4),
     I("successThreshold", 5), I("failureThreshold", 6), IP("terminationGracePeriodSeconds", 7));
PART(handler, "LifecycleHandler", O("exec", 1, exec_action), O("httpGet", 2, http_action),
     O("tcpSocket", 3, tcp_action), O("sleep", 4, sleep_action));
PART(lifecycle, "Lifecycle", O("postStart", 1, handler), O("preStop", 2, handler), S("stopSignal", 3));
PART(capabilities, "Capabilities", S_LIST("add", 1), S_LIST("drop", 2));
PART(seccomp, "SeccompProfile", S("type", 1), S("localhostProfile", 2));
PART(selinux, "SELinuxOptions", S("user", 1), S("role", 2), S("type", 3), S("level", 4));
PART(security, "SecurityContext", O("capabilities", 1, capabilities), BP("privileged", 2),
     O("seLinuxOptions", 3, selinux), IP("runAsUser", 4), BP("runAsNonRoot", 5), BP("readOnlyRootFilesystem", 6),
     BP("allowPrivilegeEscalation", 7), IP("runAsGroup", 8), S("procMount", 9), ANYS("windowsOptions", 0),
     O("seccompProfile", 11, seccomp), O("appArmorProfile", 12, seccomp));
PART(container, "Container", S("name", 1), S("image", 2), S_LIST("command", 3), S_LIST("args", 4), S("workingDir", 5),
     LIST("ports", 6, container_port, "containerPort"), LIST("env", 7, env, "name"), O("resources", 8, resources),
     LIST("volumeMounts", 9, mount, "mountPath"), O("livenessProbe", 10, probe), O("readinessProbe", 11, probe),
     O("lifecycle", 12, lifecycle), S("terminationMessagePath", 13), S("imagePullPolicy", 14),
     O("securityContext", 15, security), B("stdin", 16), B("stdinOnce", 17), B("tty", 18),
     LIST("envFrom", 19, env_from, NULL), S("terminationMessagePolicy", 20),
     LIST("volumeDevices", 21, device, "devicePath"), O("startupProbe", 22, probe), ANY_LIST("resizePolicy", 0, NULL),
     S("restartPolicy", 24), ANY_LIST("restartPolicyRules", 0, NULL), S("targetContainerName", 0));

/* ---- core/v1: pods. The sources of volumes are only named: nothing of the lab looks inside ---- */
PART(volume, "Volume", S("name", 1), ANYS("hostPath", 0), ANYS("emptyDir", 0), ANYS("gcePersistentDisk", 0),
     ANYS("awsElasticBlockStore", 0), ANYS("gitRepo", 0), ANYS("secret", 0), ANYS("nfs", 0), ANYS("iscsi", 0),
     ANYS("glusterfs", 0), ANYS("persistentVolumeClaim", 0), ANYS("rbd", 0), ANYS("flexVolume", 0), ANYS("cinder", 0),
     ANYS("cephfs", 0), ANYS("flocker", 0), ANYS("downwardAPI", 0), ANYS("fc", 0), ANYS("azureFile", 0),
     ANYS("configMap", 0), ANYS("vsphereVolume", 0), ANYS("quobyte", 0), ANYS("azureDisk", 0),
     ANYS("photonPersistentDisk", 0), ANYS("projected", 0), ANYS("portworxVolume", 0), ANYS("scaleIO", 0),
     ANYS("storageos", 0), ANYS("csi", 0), ANYS("ephemeral", 0), ANYS("image", 0));
PART(sysctl, "Sysctl", S("name", 1), S("value", 2));
PART(pod_security, "PodSecurityContext", O("seLinuxOptions", 1, selinux), IP("runAsUser", 2), BP("runAsNonRoot", 3),
     I_LIST("supplementalGroups", 4), IP("fsGroup", 5), IP("runAsGroup", 6), LIST("sysctls", 7, sysctl, NULL),
     ANYS("windowsOptions", 0), S("fsGroupChangePolicy", 9), O("seccompProfile", 10, seccomp),
     O("appArmorProfile", 11, seccomp), S("supplementalGroupsPolicy", 12), S("seLinuxChangePolicy", 13));
PART(toleration, "Toleration", S("key", 1), S("operator", 2), S("value", 3), S("effect", 4),
     IP("tolerationSeconds", 5));
PART(alias, "HostAlias", S("ip", 1), S_LIST("hostnames", 2));
PART(gate, "PodReadinessGate", S("conditionType", 1));
PART(scheduling_gate, "PodSchedulingGate", S("name", 1));
PART(spread, "TopologySpreadConstraint", I("maxSkew", 1), S("topologyKey", 2), S("whenUnsatisfiable", 3),
     O("labelSelector", 4, selector), IP("minDomains", 5), S("nodeAffinityPolicy", 6), S("nodeTaintsPolicy", 7),
     S_LIST("matchLabelKeys", 8));
PART(pod_spec, "PodSpec", LIST("volumes", 1, volume, "name"), LIST("containers", 2, container, "name"),
     S("restartPolicy", 3), IP("terminationGracePeriodSeconds", 4), IP("activeDeadlineSeconds", 5), S("dnsPolicy", 6),
     S_MAP("nodeSelector", 7), S("serviceAccountName", 8), S("serviceAccount", 9), S("nodeName", 10),
     B("hostNetwork", 11), B("hostPID", 12), B("hostIPC", 13), O("securityContext", 14, pod_security),
     LIST("imagePullSecrets", 15, local_reference, "name"), S("hostname", 16), S("subdomain", 17), ANYS("affinity", 0),
     S("schedulerName", 19), LIST("initContainers", 20, container, "name"), BP("automountServiceAccountToken", 21),
     LIST("tolerations", 22, toleration, NULL), LIST("hostAliases", 23, alias, "ip"), S("priorityClassName", 24),
     IP("priority", 25), ANYS("dnsConfig", 0), BP("shareProcessNamespace", 27), LIST("readinessGates", 28, gate, NULL),
     S("runtimeClassName", 29), BP("enableServiceLinks", 30), S("preemptionPolicy", 31), Q_MAP("overhead", 32),
     LIST("topologySpreadConstraints", 33, spread, "topologyKey"), LIST("ephemeralContainers", 34, container, "name"),
     BP("setHostnameAsFQDN", 35), ANYS("os", 0), BP("hostUsers", 37),
     LIST("schedulingGates", 38, scheduling_gate, "name"), ANY_LIST("resourceClaims", 0, "name"),
     O("resources", 40, resources), S("hostnameOverride", 41), ANYS("workloadRef", 0));
PART(template, "PodTemplateSpec", O("metadata", 1, meta), O("spec", 2, pod_spec));
SCHEMA(schema_pod, "Pod", HEAD, O("spec", 2, pod_spec), ANYS("status", 3));

/* ---- core/v1: the rest ---- */
PART(namespace_spec, "NamespaceSpec", S_LIST("finalizers", 1));
SCHEMA(schema_namespace, "Namespace", HEAD, O("spec", 2, namespace_spec), ANYS("status", 3));
SCHEMA(schema_configmap, "ConfigMap", HEAD, S_MAP("data", 2), {"binaryData", 3, SCHEMA_BYTES, SCHEMA_MAP, NULL, NULL},
       BP("immutable", 4));
SCHEMA(schema_secret, "Secret", HEAD, {"data", 2, SCHEMA_BYTES, SCHEMA_MAP, NULL, NULL}, S("type", 3),
       S_MAP("stringData", 4), BP("immutable", 5));
SCHEMA(schema_serviceaccount, "ServiceAccount", HEAD, LIST("secrets", 2, object_reference, "name"),
       LIST("imagePullSecrets", 3, local_reference, "name"), BP("automountServiceAccountToken", 4));
PART(service_port, "ServicePort", S("name", 1), S("protocol", 2), I("port", 3),
     {"targetPort", 4, SCHEMA_INT_OR_STRING, 0, NULL, NULL}, I("nodePort", 5), S("appProtocol", 6));
PART(service_spec, "ServiceSpec", LIST("ports", 1, service_port, "port"), S_MAP("selector", 2), S("clusterIP", 3),
     S("type", 4), S_LIST("externalIPs", 5), S("sessionAffinity", 7), S("loadBalancerIP", 8),
     S_LIST("loadBalancerSourceRanges", 9), S("externalName", 10), S("externalTrafficPolicy", 11),
     I("healthCheckNodePort", 12), B("publishNotReadyAddresses", 13), ANYS("sessionAffinityConfig", 0),
     S("ipFamilyPolicy", 17), S_LIST("clusterIPs", 18), S_LIST("ipFamilies", 19),
     BP("allocateLoadBalancerNodePorts", 20), S("loadBalancerClass", 21), S("internalTrafficPolicy", 22),
     S("trafficDistribution", 23));
SCHEMA(schema_service, "Service", HEAD, O("spec", 2, service_spec), ANYS("status", 3));
PART(taint, "Taint", S("key", 1), S("value", 2), S("effect", 3), T("timeAdded", 4));
PART(node_spec, "NodeSpec", S("podCIDR", 1), S("externalID", 2), S("providerID", 3), B("unschedulable", 4),
     LIST("taints", 5, taint, NULL), ANYS("configSource", 0), S_SET("podCIDRs", 7));
SCHEMA(schema_node, "Node", HEAD, O("spec", 2, node_spec), ANYS("status", 3));

/* ---- apps/v1 ---- */
PART(rolling, "RollingUpdateDeployment", {"maxUnavailable", 1, SCHEMA_INT_OR_STRING, 0, NULL, NULL},
     {"maxSurge", 2, SCHEMA_INT_OR_STRING, 0, NULL, NULL});
PART(strategy, "DeploymentStrategy", S("type", 1), O("rollingUpdate", 2, rolling));
PART(deployment_spec, "DeploymentSpec", IP("replicas", 1), O("selector", 2, selector), O("template", 3, template),
     O("strategy", 4, strategy), I("minReadySeconds", 5), IP("revisionHistoryLimit", 6), B("paused", 7),
     IP("progressDeadlineSeconds", 9));
SCHEMA(schema_deployment, "Deployment", HEAD, O("spec", 2, deployment_spec), ANYS("status", 3));
PART(replicaset_spec, "ReplicaSetSpec", IP("replicas", 1), O("selector", 2, selector), O("template", 3, template),
     I("minReadySeconds", 4));
SCHEMA(schema_replicaset, "ReplicaSet", HEAD, O("spec", 2, replicaset_spec), ANYS("status", 3));
PART(scale_spec, "ScaleSpec", IP("replicas", 1));
SCHEMA(schema_scale, "Scale", HEAD, O("spec", 2, scale_spec), ANYS("status", 3));

/* ---- custom kinds ---- */
PART(nad_spec, "NetworkAttachmentDefinitionSpec", ANY("config", 0));
SCHEMA(schema_nad, "NetworkAttachmentDefinition", HEAD, O("spec", 0, nad_spec));

/* ---- reviews ---- */
PART(attributes, "ResourceAttributes", S("namespace", 1), S("verb", 2), S("group", 3), S("version", 4),
     S("resource", 5), S("subresource", 6), S("name", 7), ANYS("fieldSelector", 0), ANYS("labelSelector", 0));
PART(path_attributes, "NonResourceAttributes", S("path", 1), S("verb", 2));
PART(access_spec, "SelfSubjectAccessReviewSpec", O("resourceAttributes", 1, attributes),
     O("nonResourceAttributes", 2, path_attributes));
SCHEMA(schema_access_review, "SelfSubjectAccessReview", HEAD, O("spec", 2, access_spec), ANYS("status", 3));
PART(rules_spec, "SelfSubjectRulesReviewSpec", S("namespace", 1));
SCHEMA(schema_rules_review, "SelfSubjectRulesReview", HEAD, O("spec", 2, rules_spec), ANYS("status", 3));
SCHEMA(schema_self_review, "SelfSubjectReview", HEAD, ANYS("status", 2));

const struct schema_field *schema_field(const struct lab_schema *schema, const char *name)
{
	for (const struct schema_field *field = schema ? schema->fields : NULL; field && field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

const struct schema_field *schema_field_number(const struct lab_schema *schema, int number)
{
	for (const struct schema_field *field = schema ? schema->fields : NULL; field && field->name; field++)
		if (field->number == number && number > 0)
			return field;
	return NULL;
}

/* ---- the walk ---- */

struct walk {
	struct str path;
	struct str *unknown;
	struct err *err;
};

static const char *json_kind(const json_t *value)
{
	static const char *const names[] = {
	        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "string", [JSON_INTEGER] = "number",
	        [JSON_REAL] = "number",   [JSON_TRUE] = "bool",   [JSON_FALSE] = "bool",    [JSON_NULL] = "null"};
	return names[json_typeof(value)];
}

static bool fits(enum schema_type type, const json_t *value)
{
	switch (type) {
	case SCHEMA_STRING:
	case SCHEMA_BYTES:
	case SCHEMA_TIME:
		return json_is_string(value);
	case SCHEMA_INT:
		return json_is_integer(value);
	case SCHEMA_BOOL:
		return json_is_boolean(value);
	case SCHEMA_INT_OR_STRING:
		return json_is_integer(value) || json_is_string(value);
	case SCHEMA_QUANTITY:
		return json_is_number(value) || json_is_string(value);
	case SCHEMA_OBJECT:
		return json_is_object(value);
	case SCHEMA_ANY:
		return true;
	}
	return false;
}

static const char *const type_names[] = {[SCHEMA_STRING] = "string", [SCHEMA_INT] = "int64",
                                         [SCHEMA_BOOL] = "bool",     [SCHEMA_BYTES] = "[]uint8",
                                         [SCHEMA_OBJECT] = "object", [SCHEMA_INT_OR_STRING] = "intstr.IntOrString",
                                         [SCHEMA_TIME] = "v1.Time",  [SCHEMA_QUANTITY] = "resource.Quantity",
                                         [SCHEMA_ANY] = "any"};

/* Go leaves list indexes and map keys out of the path. */
static bool wrong_type(struct walk *walk, const struct lab_schema *in, const json_t *value, const char *wanted)
{
	struct str path = {0};
	for (const char *c = str_text(&walk->path); *c; c++) {
		if (*c == '[')
			c += strcspn(c, "]");
		else
			str_append_c(&path, *c);
	}
	err_set(walk->err, ERR_INVALID, "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
	        json_kind(value), in->name, str_text(&path), wanted);
	str_finish(&path);
	return false;
}

static bool check_object(struct walk *walk, const struct lab_schema *schema, json_t *object);

static bool check_one(struct walk *walk, const struct lab_schema *in, const struct schema_field *field, json_t *value)
{
	if (!fits(field->type, value))
		return wrong_type(walk, in, value, field->object ? field->object->name : type_names[field->type]);
	return field->type != SCHEMA_OBJECT || !field->object || check_object(walk, field->object, value);
}

static void path_cut(struct walk *walk, size_t len)
{
	walk->path.len = len;
	if (walk->path.data)
		walk->path.data[len] = '\0';
}

static bool check_list(struct walk *walk, const struct lab_schema *in, const struct schema_field *field, json_t *list)
{
	size_t len = walk->path.len, i;
	char wanted[64];
	json_t *item;
	snprintf(wanted, sizeof wanted, "[]%s", field->object ? field->object->name : type_names[field->type]);
	if (!json_is_array(list))
		return wrong_type(walk, in, list, wanted);
	json_array_foreach (list, i, item) {
		str_append_f(&walk->path, "[%zu]", i);
		if (!check_one(walk, in, field, item))
			return false;
		path_cut(walk, len);
	}
	return true;
}

static bool check_map(struct walk *walk, const struct lab_schema *in, const struct schema_field *field, json_t *map)
{
	char wanted[64];
	const char *key;
	json_t *item;
	snprintf(wanted, sizeof wanted, "map[string]%s", type_names[field->type]);
	if (!json_is_object(map))
		return wrong_type(walk, in, map, wanted);
	json_object_foreach (map, key, item) {
		if (!json_is_null(item) && !check_one(walk, in, field, item))
			return false;
	}
	return true;
}

static bool check_field(struct walk *walk, const struct lab_schema *in, const struct schema_field *field, json_t *value)
{
	if (field->shape == SCHEMA_LIST)
		return check_list(walk, in, field, value);
	if (field->shape == SCHEMA_MAP)
		return check_map(walk, in, field, value);
	return check_one(walk, in, field, value);
}

static bool check_object(struct walk *walk, const struct lab_schema *schema, json_t *object)
{
	const char *key;
	void *next;
	json_t *value;
	size_t len = walk->path.len;
	json_object_foreach_safe (object, next, key, value) {
		const struct schema_field *field = schema_field(schema, key);
		str_append_f(&walk->path, "%s%.200s", len ? "." : "", key);
		if (!field) {
			str_append_f(walk->unknown, "%sunknown field \"", walk->unknown->len ? ", " : "");
			str_append_safe(walk->unknown, walk->path.data, walk->path.len);
			str_append_c(walk->unknown, '"');
			json_object_del(object, key);
		} else if (json_is_null(value)) {
			json_object_del(object, key);
		} else if (!check_field(walk, schema, field, value)) {
			return false;
		}
		path_cut(walk, len);
	}
	return true;
}

bool schema_check(const struct lab_schema *schema, json_t *object, struct str *unknown, struct err *err)
{
	struct walk walk = {.unknown = unknown, .err = err};
	bool is_fine = !schema || check_object(&walk, schema, object);
	str_finish(&walk.path);
	return is_fine;
}
