/* The graph as others see it: build (the steps are in build.h), compare, look up, destroy. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

struct topo *topo_build(const struct topo_input *input)
{
	struct build build = {.topo = mem_alloc(sizeof(struct topo))};
	objects_init(&build.objects, input);
	build_namespaces(&build);
	build_nodes(&build);
	build_networks(&build);
	build_workloads(&build);
	build_hosts(&build, input);
	build_order(&build);
	build_twins(&build);
	build_bridges(&build);
	build_missing(&build);
	build_host_bridges(build.topo, input);
	for (size_t i = 0; i < build.configs.len; i++)
		cni_config_finish(&build.configs.data[i]);
	vec_finish(&build.configs);
	map_finish(&build.network_index);
	objects_finish(&build.objects);
	return build.topo;
}

/* ---- the texts of each part, for destroy and same ---- */
struct part {
	size_t offset, size; /* of the vector in struct topo, of an element */
	size_t texts[8];     /* offsets of its texts */
	size_t n_texts;
	size_t plain[6][2]; /* offset and size of what is no text */
	size_t n_plain;
};
#define TEXT(type, field) offsetof(struct type, field)
#define PLAIN(type, field)                                                                                             \
	{                                                                                                              \
		offsetof(struct type, field), sizeof(((struct type *)0)->field)                                        \
	}
static const struct part parts[] = {
        {offsetof(struct topo, namespaces),
         sizeof(struct topo_namespace),
         {TEXT(topo_namespace, name)},
         1,
         {PLAIN(topo_namespace, state)},
         1},
        {offsetof(struct topo, nodes),
         sizeof(struct topo_node),
         {TEXT(topo_node, name), TEXT(topo_node, address)},
         2,
         {PLAIN(topo_node, is_ready), PLAIN(topo_node, is_worker)},
         2},
        {offsetof(struct topo, networks),
         sizeof(struct topo_network),
         {TEXT(topo_network, name), TEXT(topo_network, subnets), TEXT(topo_network, physical_name),
          TEXT(topo_network, problem)},
         4,
         {PLAIN(topo_network, topology), PLAIN(topo_network, vlan), PLAIN(topo_network, state)},
         3},
        {offsetof(struct topo, nads),
         sizeof(struct topo_nad),
         {TEXT(topo_nad, ns), TEXT(topo_nad, name), TEXT(topo_nad, problem)},
         3,
         {PLAIN(topo_nad, network), PLAIN(topo_nad, state)},
         2},
        {offsetof(struct topo, workloads),
         sizeof(struct topo_workload),
         {TEXT(topo_workload, id), TEXT(topo_workload, ns), TEXT(topo_workload, name), TEXT(topo_workload, pod),
          TEXT(topo_workload, phase), TEXT(topo_workload, reason), TEXT(topo_workload, ports)},
         7,
         {PLAIN(topo_workload, kind), PLAIN(topo_workload, node), PLAIN(topo_workload, state)},
         3},
        {offsetof(struct topo, attachments),
         sizeof(struct topo_attachment),
         {TEXT(topo_attachment, interface), TEXT(topo_attachment, address), TEXT(topo_attachment, addresses),
          TEXT(topo_attachment, mac), TEXT(topo_attachment, problem)},
         5,
         {PLAIN(topo_attachment, workload), PLAIN(topo_attachment, network), PLAIN(topo_attachment, nad),
          PLAIN(topo_attachment, source), PLAIN(topo_attachment, state), PLAIN(topo_attachment, twin)},
         6},
        {offsetof(struct topo, bridges),
         sizeof(struct topo_bridge),
         {TEXT(topo_bridge, name), TEXT(topo_bridge, mappings), TEXT(topo_bridge, problem)},
         3,
         {PLAIN(topo_bridge, node), PLAIN(topo_bridge, state)},
         2},
};
#define N_PARTS (sizeof parts / sizeof *parts)

struct any_vec { /* a copy of what every VEC begins with */
	char *data;
	size_t len, cap;
};

static struct any_vec vec_of(const struct topo *topo, const struct part *part)
{
	struct any_vec vec;
	memcpy(&vec, (const char *)topo + part->offset, sizeof vec);
	return vec;
}

static char *text_of(const struct part *part, const char *element, size_t i)
{
	char *text;
	memcpy(&text, element + part->texts[i], sizeof text);
	return text;
}

void topo_destroy(struct topo *topo)
{
	if (!topo)
		return;
	for (size_t p = 0; p < N_PARTS; p++) {
		struct any_vec vec = vec_of(topo, &parts[p]);
		for (size_t i = 0; i < vec.len; i++)
			for (size_t t = 0; t < parts[p].n_texts; t++)
				free(text_of(&parts[p], vec.data + i * parts[p].size, t));
		free(vec.data);
	}
	free(topo);
}

static bool same_element(const struct part *part, const char *a, const char *b)
{
	for (size_t i = 0; i < part->n_plain; i++)
		if (memcmp(a + part->plain[i][0], b + part->plain[i][0], part->plain[i][1]) != 0)
			return false;
	for (size_t i = 0; i < part->n_texts; i++)
		if (!text_equal(text_of(part, a, i), text_of(part, b, i)))
			return false;
	return true;
}

bool topo_same(const struct topo *a, const struct topo *b)
{
	for (size_t p = 0; p < N_PARTS; p++) {
		struct any_vec x = vec_of(a, &parts[p]), y = vec_of(b, &parts[p]);
		if (x.len != y.len)
			return false;
		for (size_t i = 0; i < x.len; i++)
			if (!same_element(&parts[p], x.data + i * parts[p].size, y.data + i * parts[p].size))
				return false;
	}
	return true;
}

/* ---- looking up ---- */
size_t topo_find_workload(const struct topo *topo, const char *id)
{
	for (size_t i = 0; i < topo->workloads.len; i++)
		if (strcmp(topo->workloads.data[i].id, id) == 0)
			return i;
	return TOPO_NONE;
}

size_t topo_find_network(const struct topo *topo, const char *name)
{
	for (size_t i = 0; i < topo->networks.len; i++)
		if (strcmp(topo->networks.data[i].name, name) == 0)
			return i;
	return TOPO_NONE;
}

const char *topo_address(const struct topo *topo, const char *workload, const char *network)
{
	size_t workload_at = topo_find_workload(topo, workload), network_at = topo_find_network(topo, network);
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (attachment->workload == workload_at && attachment->network == network_at && attachment->address[0])
			return attachment->address;
	}
	return "";
}

static bool has_address(const struct topo_attachment *attachment, const char *address)
{
	size_t len = strlen(address);
	for (const char *at = attachment->addresses; len && (at = strstr(at, address)); at += len) {
		bool starts = at == attachment->addresses || at[-1] == ' ';
		if (starts && (at[len] == 0 || at[len] == ' ' || at[len] == '/'))
			return true;
	}
	return false;
}

size_t topo_find_address(const struct topo *topo, const char *network, const char *address)
{
	size_t network_at = topo_find_network(topo, network);
	for (size_t i = 0; i < topo->attachments.len; i++)
		if (topo->attachments.data[i].network == network_at && has_address(&topo->attachments.data[i], address))
			return i;
	return TOPO_NONE;
}

/* ---- names ---- */
const char *topo_state_name(enum topo_state state)
{
	static const char *const names[] = {"planned", "starting", "running", "failed", "stopping", "stopped"};
	return (size_t)state < sizeof names / sizeof *names ? names[state] : "";
}

const char *topo_source_name(enum topo_source source)
{
	static const char *const names[] = {
	        "unknown",
	        "network-status annotation",
	        "pod-networks annotation",
	        "guest agent",
	        "cloud-init network data",
	        "networks annotation (asked for)",
	        "scenario",
	        "pod status",
	};
	return (size_t)source < sizeof names / sizeof *names ? names[source] : "";
}
