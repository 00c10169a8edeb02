/* What a workload is attached to, and where each address is known from: the pod network first, then what the annotation
 * networks asks for, joined with what network-status and pod-networks say was given. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

#define ADDRESSES_BYTES 1023

void pod_networks_init(struct pod_networks *got, const json_t *pod)
{
	*got = (struct pod_networks){.pod = pod};
	const char *text = topo_note(pod, CNI_STATUS_ANNOTATION);
	got->has_status = pod && text[0] && cni_status_parse(text, &got->status, NULL);
}

/* Only where network-status does not answer: most pods never need it. */
static const struct cni_statuses *ovn_networks(struct pod_networks *got)
{
	if (got->pod && !got->has_ovn) {
		got->has_ovn = true;
		cni_pod_networks_parse(topo_note(got->pod, CNI_OVN_ANNOTATION), &got->ovn, NULL);
	}
	return &got->ovn;
}

void pod_networks_finish(struct pod_networks *got)
{
	cni_statuses_finish(&got->status);
	cni_statuses_finish(&got->ovn);
}

/* The pod network's element has a CNI name, the others are "namespace/nad". */
static bool is_for(const struct cni_status *status, const char *nad)
{
	if (nad)
		return strcmp(status->name, nad) == 0;
	return !strchr(status->name, '/');
}

static const struct cni_status *find_status(const struct cni_statuses *statuses, const char *nad, const char *interface)
{
	const struct cni_status *found = NULL;
	for (size_t i = 0; i < statuses->items.len; i++) {
		const struct cni_status *status = &statuses->items.data[i];
		if (!is_for(status, nad))
			continue;
		if (!interface || strcmp(status->interface, interface) == 0)
			return status;
		if (!found)
			found = status; /* launcher pods of other KubeVirt releases name their interfaces differently */
	}
	return found;
}

static const struct cni_config *config_of(const struct build *build, const struct topo_attachment *attachment)
{
	return attachment->nad == TOPO_NONE ? NULL : &build->configs.data[attachment->nad];
}

/* An address as it is shown in the list: with the prefix of its subnet where it has none of its own. */
static void append_address(struct str *out, const char *text, const struct cni_config *config)
{
	struct cni_address address;
	char printed[64];
	if (!cni_address_parse(text, &address))
		return;
	for (size_t i = 0; config && address.prefix < 0 && i < config->subnets.len; i++)
		if (config->topology != CNI_LAYER3 && cni_address_is_in(&address, &config->subnets.data[i]))
			address.prefix = config->subnets.data[i].prefix;
	cni_address_format(&address, true, printed);
	if (out->len + strlen(printed) + 1 > ADDRESSES_BYTES)
		return;
	str_append(out, out->len ? " " : "");
	str_append(out, printed);
}

void attach_address(struct build *build, struct topo_attachment *attachment, char *const *ips, size_t n,
                    enum topo_source source)
{
	struct str all = {0};
	for (size_t i = 0; i < n; i++)
		append_address(&all, ips[i], config_of(build, attachment));
	if (all.len == 0) {
		str_finish(&all);
		return;
	}
	free(attachment->address);
	free(attachment->addresses);
	attachment->address = mem_strndup(all.data, strcspn(all.data, " /"));
	attachment->addresses = str_take(&all);
	attachment->source = source;
}

static void set_problem(struct topo_attachment *attachment, enum topo_state state, char *problem)
{
	free(attachment->problem);
	attachment->problem = topo_bounded(problem, SENTENCE_BYTES);
	attachment->state = state;
	free(problem);
}

/* What keeps an attachment from coming up, as far as the objects tell. */
static void check(struct build *build, struct topo_attachment *attachment, const struct attach_wish *wish)
{
	const struct topo_nad *nad = attachment->nad == TOPO_NONE ? NULL : &build->topo->nads.data[attachment->nad];
	const struct cni_config *config = config_of(build, attachment);
	if (attachment->state != TOPO_STARTING)
		return;
	if (!nad && !objects_is_wanted(&build->objects, wish->ns))
		return; /* nobody looked there */
	if (!nad || nad->state == TOPO_PLANNED)
		set_problem(attachment, TOPO_FAILED,
		            mem_printf("there is no NetworkAttachmentDefinition %s/%s: create it, or correct the "
		                       "annotation " CNI_NETWORKS_ANNOTATION,
		                       wish->ns, wish->name));
	else if (nad->problem[0] && nad->state == TOPO_FAILED)
		set_problem(attachment, TOPO_FAILED,
		            mem_printf("NetworkAttachmentDefinition %s/%s: %s", nad->ns, nad->name, nad->problem));
	else if (wish->n_ips && config && config->subnets.len && strcmp(config->role, "primary") != 0)
		set_problem(attachment, TOPO_FAILED,
		            mem_printf("it asks for %s, but the network %s hands out its addresses itself: remove ips "
		                       "from the annotation, or subnets from the network",
		                       wish->ips[0], config->name));
}

static void fill(struct build *build, struct topo_attachment *attachment, const struct attach_wish *wish,
                 struct pod_networks *got)
{
	char *nad = wish->name ? mem_printf("%s/%s", wish->ns, wish->name) : NULL;
	const struct cni_status *status = find_status(&got->status, nad, wish->interface), *ovn = NULL;
	if (!status || status->ips.len == 0)
		ovn = find_status(ovn_networks(got), nad, NULL);
	const struct cni_status *known = status ? status : ovn;
	if (wish->n_ips)
		attach_address(build, attachment, wish->ips, wish->n_ips, TOPO_FROM_REQUEST);
	if (ovn)
		attach_address(build, attachment, ovn->ips.data, ovn->ips.len, TOPO_FROM_OVN);
	if (status) {
		attach_address(build, attachment, status->ips.data, status->ips.len, TOPO_FROM_STATUS);
		attachment->state = TOPO_RUNNING;
	}
	if (known)
		attachment->mac = topo_bounded(known->mac, 63);
	if (status && !wish->interface && !wish->shown) {
		free(attachment->interface);
		attachment->interface = topo_bounded(status->interface, 63);
	}
	free(nad);
}

struct topo_attachment *attach_wish(struct build *build, const struct attach_wish *wish, struct pod_networks *got)
{
	struct topo *topo = build->topo;
	const char *shown = wish->shown ? wish->shown : wish->interface ? wish->interface : wish->name ? "" : "eth0";
	struct topo_attachment attachment = {
	        .workload = topo->workloads.len - 1,
	        .nad = wish->name ? build_find_nad(topo, wish->ns, wish->name) : TOPO_NONE,
	        .interface = topo_bounded(shown, 63),
	        .address = mem_strdup(""),
	        .addresses = mem_strdup(""),
	        .state = topo->workloads.data[topo->workloads.len - 1].state == TOPO_PLANNED ? TOPO_PLANNED
	                                                                                     : TOPO_STARTING,
	        .problem = mem_strdup(""),
	};
	if (attachment.nad != TOPO_NONE) {
		attachment.network = topo->nads.data[attachment.nad].network;
	} else if (wish->name) {
		char *name = mem_printf("%s/%s", wish->ns, wish->name);
		attachment.network = build_network(build, name);
		free(name);
	}
	fill(build, &attachment, wish, got);
	if (!attachment.mac)
		attachment.mac = mem_strdup("");
	if (wish->name)
		check(build, &attachment, wish);
	vec_push(&topo->attachments, attachment);
	return &topo->attachments.data[topo->attachments.len - 1];
}

/* podIPs, for clusters whose pod network leaves no annotation. */
static void add_pod_ips(struct build *build, struct topo_attachment *attachment, const json_t *pod)
{
	const json_t *list = json_walk(pod, "status", "podIPs", NULL), *each;
	char *ips[2];
	size_t n = 0, i;
	json_array_foreach (list, i, each)
		if (n < 2 && json_walk_str(each, "ip", NULL)[0])
			ips[n++] = (char *)json_walk_str(each, "ip", NULL);
	if (n == 0)
		ips[n++] = (char *)json_walk_str(pod, "status", "podIP", NULL);
	attach_address(build, attachment, ips, n, TOPO_FROM_POD_IP);
	if (attachment->address[0] && attachment->state == TOPO_STARTING)
		attachment->state = TOPO_RUNNING;
}

static void attach_default(struct build *build, const json_t *pod, struct pod_networks *got)
{
	if (json_is_true(json_walk(pod, "spec", "hostNetwork", NULL)))
		return;
	struct attach_wish wish = {0};
	struct topo_attachment *attachment = attach_wish(build, &wish, got);
	if (!attachment->address[0])
		add_pod_ips(build, attachment, pod);
}

static bool is_wished(const struct cni_selections *selections, const struct cni_status *status)
{
	for (size_t i = 0; i < selections->items.len; i++) {
		const struct cni_selection *item = &selections->items.data[i];
		size_t len = strlen(item->ns);
		if (strncmp(status->name, item->ns, len) == 0 && status->name[len] == '/' &&
		    strcmp(status->name + len + 1, item->name) == 0)
			return true;
	}
	return false;
}

/* Networks that the pod was given without asking, such as its namespace's own. */
static void attach_given(struct build *build, const struct cni_selections *selections, struct pod_networks *got)
{
	for (size_t i = 0; i < got->status.items.len; i++) {
		const struct cni_status *status = &got->status.items.data[i];
		const char *slash = strchr(status->name, '/');
		if (!slash || is_wished(selections, status))
			continue;
		char *ns = mem_strndup(status->name, (size_t)(slash - status->name));
		struct attach_wish wish = {.ns = ns, .name = slash + 1, .interface = status->interface};
		attach_wish(build, &wish, got);
		free(ns);
	}
}

/* A network that is wrong says more than the event that the sandbox could not be made. */
static void explain_by_attachment(struct build *build)
{
	struct topo *topo = build->topo;
	struct topo_workload *workload = &topo->workloads.data[topo->workloads.len - 1];
	bool is_creating = strcmp(workload->phase, "ContainerCreating") == 0 || strcmp(workload->phase, "Pending") == 0;
	if (!is_creating || (workload->state != TOPO_STARTING && workload->state != TOPO_FAILED))
		return;
	for (size_t i = topo->attachments.len;
	     i-- > 0 && topo->attachments.data[i].workload == topo->workloads.len - 1;) {
		if (!topo->attachments.data[i].problem[0])
			continue;
		free(workload->reason);
		workload->reason = mem_strdup(topo->attachments.data[i].problem);
		workload->state = TOPO_FAILED;
	}
}

void attach_pod(struct build *build, const json_t *pod)
{
	struct topo_workload *workload = &build->topo->workloads.data[build->topo->workloads.len - 1];
	struct pod_networks got;
	struct cni_selections selections = {0};
	struct err err = {0};
	pod_networks_init(&got, pod);
	if (!cni_networks_parse(topo_note(pod, CNI_NETWORKS_ANNOTATION), workload->ns, &selections, &err) &&
	    workload->state != TOPO_RUNNING) {
		free(workload->reason);
		workload->reason = mem_printf("%.400s; correct the annotation and create the pod again", err.text);
		if (workload->state == TOPO_STARTING)
			workload->state = TOPO_FAILED;
	}
	attach_default(build, pod, &got);
	for (size_t i = 0; i < selections.items.len; i++) {
		const struct cni_selection *item = &selections.items.data[i];
		struct attach_wish wish = {
		        .ns = item->ns,
		        .name = item->name,
		        .interface = item->interface,
		        .ips = item->ips.data,
		        .n_ips = item->ips.len,
		};
		attach_wish(build, &wish, &got);
	}
	attach_given(build, &selections, &got);
	explain_by_attachment(build);
	cni_selections_finish(&selections);
	pod_networks_finish(&got);
}
