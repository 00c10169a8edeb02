/* NetworkAttachmentDefinitions to networks. Those with one network name are one network; of such NADs the oldest says how
 * it is, and one that differs is refused, as OVN-Kubernetes does. What does not parse is shown with its reason. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

size_t build_network(struct build *build, const char *name)
{
	struct topo *topo = build->topo;
	size_t known = (size_t)map_find(&build->network_index, name);
	if (known)
		return known - 1;
	struct topo_network network = {
	        .name = topo_bounded(name, 2 * NAME_BYTES),
	        .topology = CNI_FOREIGN,
	        .subnets = mem_strdup(""),
	        .physical_name = mem_strdup(""),
	        .state = TOPO_PLANNED,
	        .problem = mem_strdup(""),
	};
	vec_push(&topo->networks, network);
	map_set(&build->network_index, name, (void *)topo->networks.len);
	return topo->networks.len - 1;
}

size_t build_find_nad(const struct topo *topo, const char *ns, const char *name)
{
	size_t low = 0, high = topo->nads.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct topo_nad *nad = &topo->nads.data[middle];
		int order = strcmp(nad->ns, ns);
		if (order == 0)
			order = strcmp(nad->name, name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return TOPO_NONE;
}

static void set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

/* Why a NAD is not usable; what can be read of its config all the same says which network it was meant for. */
static char *meant_for(const char *text)
{
	struct err err;
	char *name = NULL;
	json_t *root = strlen(text) <= CNI_TEXT_MAX ? json_parse(text, strlen(text), "", &err) : NULL;
	if (strcmp(json_walk_str(root, "type", NULL), CNI_OVN_TYPE) == 0 && json_walk_str(root, "name", NULL)[0])
		name = topo_bounded(json_walk_str(root, "name", NULL), NAME_BYTES);
	json_decref(root);
	return name;
}

static void describe(struct topo_network *network, const struct cni_config *config)
{
	network->topology = config->topology;
	network->vlan = config->vlan;
	if (config->topology == CNI_FOREIGN)
		return;
	set_text(&network->subnets, topo_bounded(config->subnets_text, SENTENCE_BYTES));
	set_text(&network->physical_name, topo_bounded(config->physical_name, NAME_BYTES));
}

/* A config that is right but for netAttachDefName still tells what the picture should show. */
static void describe_meant(struct topo_network *network, const char *text)
{
	struct cni_config config;
	if (network->topology != CNI_FOREIGN || !cni_config_parse(text, NULL, &config, NULL))
		return;
	describe(network, &config);
	cni_config_finish(&config);
}

static size_t find_network(struct build *build, const struct cni_config *config, const char *otherwise)
{
	if (config->name && config->topology == CNI_DEFAULT)
		return 0;
	bool is_ovn = config->name && config->topology != CNI_FOREIGN && config->name[0];
	return build_network(build, is_ovn ? config->name : otherwise);
}

static void add_nad(struct build *build, const struct item *item)
{
	char *key = mem_printf("%s/%s", item->ns, item->name), *meant = NULL;
	const char *text = json_walk_str(item->object, "spec", "config", NULL);
	struct topo_nad nad = {
	        .ns = topo_bounded(item->ns, NAME_BYTES),
	        .name = topo_bounded(item->name, NAME_BYTES),
	        .state = item->is_planned ? TOPO_PLANNED : TOPO_RUNNING,
	        .problem = mem_strdup(""),
	};
	struct cni_config config = {0};
	struct err err = {0};
	if (!text[0])
		err_set(&err, ERR_INVALID, "spec.config is empty");
	if (!text[0] || !cni_config_parse(text, key, &config, &err)) {
		char *sentence = mem_printf("%s: %s", err.text, cni_config_cure(err.text));
		set_text(&nad.problem, topo_bounded(sentence, SENTENCE_BYTES));
		free(sentence);
		nad.state = item->is_planned ? TOPO_PLANNED : TOPO_FAILED;
		meant = meant_for(text);
	}
	nad.network = find_network(build, &config, meant ? meant : key);
	if (nad.problem[0])
		describe_meant(&build->topo->networks.data[nad.network], text);
	free(meant);
	free(key);
	vec_push(&build->topo->nads, nad);
	vec_push(&build->configs, config);
}

static const char *created(const struct build *build, const struct topo_nad *nad)
{
	const struct item *item = objects_find(&build->objects, ITEM_NAD, nad->ns, nad->name);
	return item ? json_walk_str(item->object, "metadata", "creationTimestamp", NULL) : "";
}

/* The cluster's before planned ones, then the older, then by name (as they are sorted). */
static bool goes_before(const struct build *build, size_t a, size_t b)
{
	const struct topo_nad *x = &build->topo->nads.data[a], *y = &build->topo->nads.data[b];
	if (x->state != y->state)
		return y->state == TOPO_PLANNED;
	return strcmp(created(build, x), created(build, y)) < 0;
}

/* For each network the NAD that says how it is: index + 1, 0 while there is none. */
static size_t *choose_leading(struct build *build)
{
	struct topo *topo = build->topo;
	size_t *leading = mem_alloc(topo->networks.len * sizeof *leading);
	for (size_t i = 0; i < topo->nads.len; i++) {
		size_t *chosen = &leading[topo->nads.data[i].network];
		if (build->configs.data[i].name && (*chosen == 0 || goes_before(build, i, *chosen - 1)))
			*chosen = i + 1;
	}
	return leading;
}

static void check_against(struct build *build, size_t at, size_t leading)
{
	struct topo *topo = build->topo;
	struct topo_nad *nad = &topo->nads.data[at], *first = &topo->nads.data[leading];
	struct topo_network *network = &topo->networks.data[nad->network];
	const char *field = cni_config_difference(&build->configs.data[at], &build->configs.data[leading]);
	if (!field || network->topology == CNI_FOREIGN)
		return;
	char *sentence =
	        mem_printf("%s of %s/%s differs from that of %s/%s: make them equal, or give one another network name",
	                   field, nad->ns, nad->name, first->ns, first->name);
	set_text(&nad->problem, topo_bounded(sentence, SENTENCE_BYTES));
	if (!network->problem[0])
		set_text(&network->problem, mem_strdup(nad->problem));
	free(sentence);
	if (nad->state == TOPO_PLANNED)
		return;
	nad->state = TOPO_FAILED;
	network->state = TOPO_FAILED;
}

/* A network is there once one of its NADs is; without a usable one it has failed, for the first one's reason. */
static void settle(struct topo *topo, size_t at)
{
	const struct topo_nad *nad = &topo->nads.data[at];
	struct topo_network *network = &topo->networks.data[nad->network];
	if (nad->network == 0)
		return;
	if (nad->state == TOPO_RUNNING && network->state == TOPO_PLANNED) {
		network->state = TOPO_RUNNING;
	} else if (nad->problem[0] && !network->problem[0]) {
		char *sentence = mem_printf("%s/%s: %s", nad->ns, nad->name, nad->problem);
		set_text(&network->problem, topo_bounded(sentence, SENTENCE_BYTES));
		free(sentence);
	}
}

static void settle_failed(struct topo *topo, size_t at)
{
	const struct topo_nad *nad = &topo->nads.data[at];
	struct topo_network *network = &topo->networks.data[nad->network];
	if (nad->state == TOPO_FAILED && network->state == TOPO_PLANNED)
		network->state = TOPO_FAILED;
}

void build_networks(struct build *build)
{
	struct topo *topo = build->topo;
	const struct item_list *list = &build->objects.kinds[ITEM_NAD];
	size_t pod_network = build_network(build, "");
	topo->networks.data[pod_network].topology = CNI_DEFAULT;
	topo->networks.data[pod_network].state = build->objects.n_cluster > 0 ? TOPO_RUNNING : TOPO_PLANNED;
	for (size_t i = 0; i < list->len; i++)
		add_nad(build, &list->data[i]);
	size_t *leading = choose_leading(build);
	for (size_t i = 1; i < topo->networks.len; i++)
		if (leading[i])
			describe(&topo->networks.data[i], &build->configs.data[leading[i] - 1]);
	for (size_t i = 0; i < topo->nads.len; i++) {
		size_t first = leading[topo->nads.data[i].network];
		if (first && first != i + 1 && build->configs.data[i].name && topo->nads.data[i].network != 0)
			check_against(build, i, first - 1);
	}
	free(leading);
	for (size_t i = 0; i < topo->nads.len; i++)
		settle(topo, i);
	for (size_t i = 0; i < topo->nads.len; i++)
		settle_failed(topo, i);
}
