/* The policy controller. Whatever changes, all rows are made anew once a turn; ovn.c finds the difference. Who has
 * which port and address is read from the pods' own annotation k8s.ovn.org/pod-networks, as OVN-Kubernetes does.
 */
#include "lab/control/policies.h"

#include <stdlib.h>
#include <string.h>

#include "lab/policy_rows.h"

#define OWNER "policies"
#define COMPONENT "ovnk-controller"

struct policies {
	struct loop *loop;
	struct store *store;
	struct ovn *ovn;
	const struct networks *networks;
	const struct lab_resource *resource, *pod, *namespace, *nad;
	struct store_listener *listeners[4];
	struct map told; /* "ns/name" of a policy -> what its last event said (owned) */
	bool is_posted, is_wanting;
};
struct scene { /* what the rows are made of; lives for one turn */
	struct policies *owner;
	VEC(const json_t *) policies;
	VEC(struct policy_rows_port) ports;
	VEC(struct policy_rows_network *) networks;
	struct map by_name, nads, namespaces;
	struct map troubles; /* "ns/name" -> struct str * */
};

static char *key_of(const json_t *object)
{
	return mem_printf("%s/%s", json_walk_str(object, "metadata", "namespace", NULL),
	                  json_walk_str(object, "metadata", "name", NULL));
}

/* ---- what is there ---- */

static struct policy_rows_network *take_network(struct scene *scene, const struct cni_config *config)
{
	struct policy_rows_network *network = map_find(&scene->by_name, config->name);
	if (network != NULL)
		return network;
	network = mem_alloc(sizeof *network);
	network->name = config->name;
	network->has_ipam = config->subnets.len > 0;
	for (size_t i = 0; i < config->subnets.len; i++) {
		network->has_ip4 = network->has_ip4 || config->subnets.data[i].family == 4;
		network->has_ip6 = network->has_ip6 || config->subnets.data[i].family == 6;
	}
	vec_push(&scene->networks, network);
	map_set(&scene->by_name, config->name, network);
	return network;
}

static bool take_nad(const json_t *object, void *user)
{
	struct scene *scene = user;
	char *key = key_of(object);
	const struct cni_config *config = networks_config(scene->owner->networks, key);
	if (config != NULL)
		map_set(&scene->nads, key, take_network(scene, config));
	free(key);
	return true;
}

static bool take_namespace(const json_t *object, void *user)
{
	struct scene *scene = user;
	map_set(&scene->namespaces, json_walk_str(object, "metadata", "name", NULL),
	        (void *)(uintptr_t)json_walk(object, "metadata", "labels", NULL));
	return true;
}

static bool take_policy(const json_t *object, void *user)
{
	struct scene *scene = user;
	vec_push(&scene->policies, object);
	return true;
}

static void take_port(struct scene *scene, const json_t *pod, const struct cni_status *status)
{
	struct policy_rows_network *network = map_find(&scene->nads, status->name);
	struct policy_rows_port port = {.network = network,
	                                .ns = json_walk_str(pod, "metadata", "namespace", NULL),
	                                .labels = json_walk(pod, "metadata", "labels", NULL)};
	struct str name = {0};
	if (network == NULL)
		return;
	cni_ovn_port_name(status->name, port.ns, json_walk_str(pod, "metadata", "name", NULL), &name);
	port.name = str_take(&name);
	for (size_t i = 0; i < status->ips.len; i++) {
		struct cni_address address;
		if (cni_address_parse(status->ips.data[i], &address))
			vec_push(&port.addresses, address);
	}
	vec_push(&scene->ports, port);
}

static bool take_pod(const json_t *pod, void *user)
{
	struct scene *scene = user;
	const char *text = json_walk_str(pod, "metadata", "annotations", CNI_OVN_ANNOTATION, NULL),
	           *phase = json_walk_str(pod, "status", "phase", NULL);
	struct cni_statuses statuses = {0};
	if (text[0] == '\0' || strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)
		return true;
	if (cni_pod_networks_parse(text, &statuses, NULL))
		for (size_t i = 0; i < statuses.items.len; i++)
			take_port(scene, pod, &statuses.items.data[i]);
	cni_statuses_finish(&statuses);
	return true;
}

static void take_scene(struct scene *scene)
{
	const struct policies *p = scene->owner;
	store_each(p->store, p->resource, NULL, take_policy, scene);
	if (scene->policies.len == 0)
		return;
	store_each(p->store, p->nad, NULL, take_nad, scene);
	store_each(p->store, p->namespace, NULL, take_namespace, scene);
	store_each(p->store, p->pod, NULL, take_pod, scene);
}

static void finish_scene(struct scene *scene)
{
	for (size_t i = 0; i < scene->ports.len; i++) {
		free(scene->ports.data[i].name);
		vec_finish(&scene->ports.data[i].addresses);
	}
	for (size_t i = 0; i < scene->networks.len; i++)
		free(scene->networks.data[i]);
	for (size_t i = 0; i < scene->troubles.len; i++) {
		str_finish(scene->troubles.entries[i].value);
		free(scene->troubles.entries[i].value);
	}
	vec_finish(&scene->policies);
	vec_finish(&scene->ports);
	vec_finish(&scene->networks);
	map_finish(&scene->by_name);
	map_finish(&scene->nads);
	map_finish(&scene->namespaces);
	map_finish(&scene->troubles);
}

/* ---- what is wrong ---- */

static void on_trouble(const json_t *policy, const char *words, void *user)
{
	struct scene *scene = user;
	char *key = key_of(policy);
	struct str *all = map_find(&scene->troubles, key);
	if (all == NULL) {
		all = mem_alloc(sizeof *all);
		map_set(&scene->troubles, key, all);
	}
	str_append_f(all, "%s%s", all->len > 0 ? "; " : "", words);
	free(key);
}

/* Each thing once: again only when it is another, or has been right in between. */
static void tell_troubles(struct policies *p, struct scene *scene)
{
	for (size_t i = p->told.len; i-- > 0;)
		if (map_find(&scene->troubles, p->told.entries[i].key) == NULL) {
			char *key = mem_strdup(p->told.entries[i].key);
			free(map_remove(&p->told, key));
			free(key);
		}
	for (size_t i = 0; i < scene->policies.len; i++) {
		char *key = key_of(scene->policies.data[i]);
		const struct str *words = map_find(&scene->troubles, key);
		if (words != NULL && !text_equal(map_find(&p->told, key), str_text(words))) {
			free(map_set(&p->told, key, mem_strdup(str_text(words))));
			store_event(p->store, scene->policies.data[i], "Warning", "NotInForce", COMPONENT, "%s",
			            str_text(words));
		}
		free(key);
	}
}

/* ---- putting in force ---- */

static void reconcile(void *user)
{
	struct policies *p = user;
	struct scene scene = {.owner = p};
	struct plan_rows rows = {0};
	p->is_posted = false;
	take_scene(&scene);
	const struct policy_rows_input input = {.policies = scene.policies.data,
	                                        .n_policies = scene.policies.len,
	                                        .ports = scene.ports.data,
	                                        .n_ports = scene.ports.len,
	                                        .namespaces = &scene.namespaces,
	                                        .nads = &scene.nads};
	policy_rows_build(&rows, &input, on_trouble, &scene);
	if (rows.items.len > 0)
		ovn_want(p->ovn, OWNER, &rows);
	else if (p->is_wanting)
		ovn_unwant(p->ovn, OWNER);
	p->is_wanting = scene.policies.len > 0;
	tell_troubles(p, &scene);
	plan_rows_finish(&rows);
	finish_scene(&scene);
}

static void reconcile_soon(struct policies *p)
{
	if (p->is_posted)
		return;
	p->is_posted = true;
	loop_post(p->loop, reconcile, p);
}

void policies_networks_changed(struct policies *p)
{
	if (p != NULL)
		reconcile_soon(p);
}

static bool same_at(const json_t *a, const json_t *b, const char *first, const char *second)
{
	return json_equal(json_walk(a, first, second, NULL), json_walk(b, first, second, NULL)) ||
	       json_walk(a, first, second, NULL) == json_walk(b, first, second, NULL);
}

/* A pod's status is written often, and seldom says anything new about its ports. */
static void on_event(const struct store_event *event, void *user)
{
	struct policies *p = user;
	if (event->change == STORE_MODIFIED && event->resource == p->pod && event->old != NULL &&
	    same_at(event->object, event->old, "metadata", "labels") &&
	    same_at(event->object, event->old, "metadata", "annotations") &&
	    same_at(event->object, event->old, "status", "phase"))
		return;
	reconcile_soon(p);
}

struct policies *policies_create(struct loop *loop, struct store *store, struct ovn *ovn,
                                 const struct networks *networks)
{
	struct policies *p = mem_alloc(sizeof *p);
	p->loop = loop;
	p->store = store;
	p->ovn = ovn;
	p->networks = networks;
	p->resource = lab_resource_kind("MultiNetworkPolicy");
	p->pod = lab_resource_kind("Pod");
	p->namespace = lab_resource_kind("Namespace");
	p->nad = lab_resource_kind("NetworkAttachmentDefinition");
	const struct lab_resource *const heard[] = {p->resource, p->pod, p->namespace, p->nad};
	for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++)
		p->listeners[i] = store_listen(store, heard[i], on_event, p);
	return p;
}

void policies_destroy(struct policies *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < sizeof p->listeners / sizeof p->listeners[0]; i++)
		store_unlisten(p->listeners[i]);
	loop_unpost(p->loop, p);
	for (size_t i = 0; i < p->told.len; i++)
		free(p->told.entries[i].value);
	map_finish(&p->told);
	free(p);
}
