/* cluster: is it there, which version, which nodes, which kinds does it serve; then controllers.c and access.c. One kube a
 * persona, on its own credentials. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

#define AREA "cluster"
#define IMAGES "images"
enum { QUESTION_MS = 10000 };

/* ---- what is not printed ---- */

/* The current context, and the servers, in the forms in which context names and messages have them. */
void take_config(struct doctor *doctor, const struct reply *reply)
{
	size_t i;
	json_t *each, *config = json_parse(reply->out, strlen(reply->out), "kubectl config", NULL);
	const char *context = json_walk_str(config, "current-context", NULL);
	free(doctor->context);
	doctor->context = *context ? mem_strdup(context) : NULL;
	json_array_foreach (json_object_get(config, "clusters"), i, each) {
		const char *server = json_walk_str(each, "cluster", "server", NULL), *host = strstr(server, "://");
		if (!host)
			continue;
		char *bare = mem_strndup(host + 3, strcspn(host + 3, ":/"));
		char *dashed = mem_strdup(bare);
		for (char *c = dashed; *c; c++)
			*c = *c == '.' ? '-' : *c;
		doctor_hide(doctor, strchr(bare, '.') ? bare : NULL, "[server]");
		doctor_hide(doctor, strchr(bare, '.') && strchr(dashed, '-') ? dashed : NULL, "[server]");
		free(bare);
		free(dashed);
	}
	json_decref(config);
}

static void read_config(struct doctor *doctor, const char *kubeconfig)
{
	const char *with[] = {"kubectl", "--kubeconfig", kubeconfig, "config", "view", "-o", "json", NULL};
	const char *without[] = {"kubectl", "config", "view", "-o", "json", NULL};
	struct reply reply;
	if (!doctor->has_kubectl)
		return;
	ask_command(doctor->options.loop, kubeconfig ? with : without, QUESTION_MS, &reply);
	take_config(doctor, &reply);
	reply_finish(&reply);
}

/* ---- version, nodes ---- */
static void tell_skew(struct doctor *doctor, const char *version)
{
	int64_t minor = 0;
	char *digits =
	        text_has_prefix(version, "v1.") ? mem_strndup(version + 3, strspn(version + 3, "0123456789")) : NULL;
	bool is_known = digits && text_to_int(digits, 0, 9999, &minor);
	free(digits);
	int skew = doctor->client_minor - (int)minor;
	if (!is_known || !doctor->client_minor || doctor->has_dispatcher || doctor->options.is_lab)
		return;
	if (skew > 1 || skew < -1)
		doctor_add(doctor, DOCTOR_WARN, AREA, "install a kubectl within one minor version of the server",
		           "kubectl is 1.%d, the server %s: further apart than kubectl promises to work",
		           doctor->client_minor, version);
}

bool tell_version(struct doctor *doctor, const struct question *question, const char *context)
{
	const char *version = json_walk_str(question->answer, "gitVersion", NULL);
	context = context ? context : doctor->context ? doctor->context : "(its name is not known)";
	if (question->answer) {
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "%s%s answers: Kubernetes %s",
		           doctor->options.is_lab ? "the lab" : "context ",
		           doctor->options.is_lab ? ""
		           : *context             ? context
		                                  : "(its name is not known)",
		           version);
		tell_skew(doctor, version);
	} else {
		doctor_add(doctor, DOCTOR_FAIL, AREA,
		           "try: kubectl get namespaces, with the same --context and --kubeconfig; log in again, or "
		           "use the lab "
		           "(without --context)",
		           "the cluster does not answer: %s",
		           question->failure ? question->failure : "no reason was given");
	}
	return question->answer != NULL;
}

void tell_nodes(struct doctor *doctor, const struct question *question)
{
	json_t *node, *nodes = json_object_get(question->answer, "items");
	size_t i, n_ready = 0, n = json_array_size(nodes), n_workers = 0;
	struct str unready = {0};
	if (!question->answer) {
		doctor_add(doctor, DOCTOR_WARN, AREA,
		           "be a user who may list nodes; the picture leaves them out otherwise",
		           "nodes cannot be listed: %s", question->failure);
		return;
	}
	json_array_foreach (nodes, i, node) {
		bool is_ready = text_equal(kube_condition(node, "Ready", NULL, NULL), "True");
		n_ready += is_ready;
		n_workers += json_walk(node, "metadata", "labels", "node-role.kubernetes.io/worker", NULL) != NULL;
		if (!is_ready)
			str_append_f(&unready, "%s%s", unready.len ? ", " : "", kube_name(node));
	}
	if (n_ready == n && n > 0)
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "%zu node%s, all Ready; labelled as workers: %zu", n,
		           n == 1 ? "" : "s", n_workers);
	else
		doctor_add(doctor, DOCTOR_FAIL, AREA, "kubectl describe node NAME says why",
		           "of %zu nodes %zu are Ready; not: %s", n, n_ready, str_text(&unready));
	if (n > 0 && n_workers == 0)
		doctor_add(doctor, DOCTOR_WARN, AREA, "kubectl label node NAME node-role.kubernetes.io/worker=",
		           "no node is labelled node-role.kubernetes.io/worker, which node network policies select");
	str_finish(&unready);
}

/* ---- kinds ---- */
static char *group_path(const struct need_kind *kind)
{
	return *kind->group ? mem_printf("/apis/%s/%s", kind->group, kind->version)
	                    : mem_printf("/api/%s", kind->version);
}

static void take_resource(struct need_kind *kind, const json_t *answer)
{
	size_t i;
	json_t *each;
	json_array_foreach (json_object_get(answer, "resources"), i, each) {
		const char *name = json_walk_str(each, "name", NULL);
		if (kind->plural || strchr(name, '/') || !text_equal(json_walk_str(each, "kind", NULL), kind->kind))
			continue;
		kind->plural = mem_strdup(name);
		kind->namespaced = json_is_true(json_object_get(each, "namespaced"));
	}
}

void tell_kinds(struct doctor *doctor, struct needs *needs, const struct question *groups)
{
	struct str all = {0};
	for (size_t i = 0; i < needs->kinds.len; i++) {
		struct need_kind *kind = &needs->kinds.data[i];
		take_resource(kind, groups[i].answer);
		if (kind->plural) {
			str_append_f(&all, "%s%s", all.len ? ", " : "", kind->kind);
			continue;
		}
		char *acts = texts_join(&kind->acts, ", ");
		char *cure = mem_printf("%s%s%sor show it on the lab: leave --context and --kubeconfig out",
		                        *doctor->options.setup ? "on kind: " : "", doctor->options.setup,
		                        *doctor->options.setup ? "; " : "install what brings it, ");
		doctor_add(doctor, DOCTOR_FAIL, "kinds", cure,
		           "the cluster does not serve %s of %s%s%s, which %s needs", kind->kind, kind->group,
		           *kind->group ? "/" : "", kind->version, acts);
		free(cure);
		free(acts);
	}
	if (all.len)
		doctor_add(doctor, DOCTOR_OK, "kinds", NULL, "served: %s", str_text(&all));
	str_finish(&all);
}

void look_for_kinds(struct doctor *doctor, struct kube *kube, struct needs *needs)
{
	size_t n = needs->kinds.len;
	struct question *groups = mem_alloc((n + 1) * sizeof *groups);
	for (size_t i = 0; i < n; i++)
		groups[i].path = group_path(&needs->kinds.data[i]);
	ask_cluster(doctor->options.loop, kube, groups, n);
	tell_kinds(doctor, needs, groups);
	for (size_t i = 0; i < n; i++)
		question_finish(&groups[i]);
	free(groups);
}

/* ---- images: a cluster pulls them; whether it can is seen when it does ---- */
static bool is_on_a_node(const json_t *nodes, const char *image)
{
	size_t i, j, k;
	json_t *node, *each, *name;
	json_array_foreach ((json_t *)nodes, i, node)
		json_array_foreach ((json_t *)json_walk(node, "status", "images", NULL), j, each)
			json_array_foreach (json_object_get(each, "names"), k, name)
				if (json_is_string(name) && (text_equal(json_string_value(name), image) ||
				                             text_has_suffix(json_string_value(name), image)))
					return true;
	return false;
}

void tell_images(struct doctor *doctor, const struct question *question, const struct needs *needs)
{
	const json_t *nodes = json_object_get(question->answer, "items");
	for (size_t i = 0; i < needs->images.len; i++) {
		const struct need_image *image = &needs->images.data[i];
		char *acts = texts_join(&image->acts, ", ");
		if (is_on_a_node(nodes, image->name))
			doctor_add(doctor, DOCTOR_OK, IMAGES, NULL, "%s is on a node already (%s)", image->name, acts);
		else
			doctor_add(doctor, DOCTOR_UNTRIED, IMAGES,
			           "rehearse the act once on this cluster, and it is there",
			           "%s is pulled when the act runs (%s)", image->name, acts);
		free(acts);
	}
}

/* ---- all ---- */
static struct kube *open_cluster(struct doctor *doctor, const struct doctor_cluster *cluster,
                                 enum scenario_persona persona)
{
	struct kube_options options = {.socket = persona == SCENARIO_ADMIN ? cluster->socket : NULL,
	                               .kubeconfig = cluster->kubeconfigs[persona],
	                               .context = cluster->contexts[persona]};
	return kube_create(doctor->options.loop, &options);
}

/* The second persona may be the same user: then nothing keeps the workload owner from what the admin may. */
static void look_for_owner(struct doctor *doctor, const struct doctor_cluster *cluster, struct kube *admin,
                           const struct needs *needs)
{
	bool is_same = text_equal(cluster->contexts[SCENARIO_ADMIN], cluster->contexts[SCENARIO_OWNER]) &&
	               text_equal(cluster->kubeconfigs[SCENARIO_ADMIN], cluster->kubeconfigs[SCENARIO_OWNER]);
	if (is_same) {
		look_for_rights(doctor, admin, needs, SCENARIO_OWNER);
		doctor_add(doctor, DOCTOR_WARN, "permissions",
		           "only the lab has two users; colours and labels differ all the same",
		           "cluster-admin and workload-owner are the same user of this context");
		return;
	}
	if (!doctor->has_kubectl) {
		doctor_add(doctor, DOCTOR_UNTRIED, "permissions", "install kubectl",
		           "workload-owner: asked through kubectl, which is missing");
		return;
	}
	struct kube *owner = open_cluster(doctor, cluster, SCENARIO_OWNER);
	look_for_rights(doctor, owner, needs, SCENARIO_OWNER);
	kube_destroy(owner);
}

void doctor_look_at(struct doctor *doctor, const struct doctor_cluster *cluster)
{
	struct needs needs;
	if (!cluster->socket && !doctor->has_kubectl) {
		doctor_add(doctor, DOCTOR_UNTRIED, AREA, "install kubectl",
		           "the cluster is reached through kubectl, which is missing");
		return;
	}
	read_config(doctor, cluster->kubeconfigs[SCENARIO_ADMIN]);
	struct kube *kube = open_cluster(doctor, cluster, SCENARIO_ADMIN);
	struct question version = ask_one(doctor->options.loop, kube, "/version");
	bool is_there = tell_version(doctor, &version, cluster->contexts[SCENARIO_ADMIN]);
	question_finish(&version);
	if (!is_there) {
		kube_destroy(kube);
		return;
	}
	needs_collect(doctor->options.acts, doctor->options.n_acts, &needs);
	struct question nodes = ask_one(doctor->options.loop, kube, "/api/v1/nodes");
	tell_nodes(doctor, &nodes);
	look_for_kinds(doctor, kube, &needs);
	if (!doctor->options.is_lab) {
		look_for_controllers(doctor, kube, &needs);
		tell_images(doctor, &nodes, &needs);
	}
	look_for_rights(doctor, kube, &needs, SCENARIO_ADMIN);
	look_for_owner(doctor, cluster, kube, &needs);
	question_finish(&nodes);
	needs_finish(&needs);
	kube_destroy(kube);
}
