/* promise: the manifests that an act's stages apply, read when the act is: what they promise is drawn as planned, and the
 * scenario's flows, values and checks may only name what somebody promises. */
#include <stdlib.h>
#include <string.h>

#include "scenario/load.h"

#define OBJECTS_MAX 5000

/* What the scenario may name: workloads as NAMESPACE/NAME, and the network of an attachment (also of one that cannot work). */
static void note_names(struct scenario_act *act, const json_t *object)
{
	static const char *const workloads[] = {"Pod", "VirtualMachine", "VirtualMachineInstance"};
	const char *kind = json_walk_str(object, "kind", NULL);
	for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
		if (text_equal(kind, workloads[i]))
			vec_push(&act->workloads, mem_printf("%s/%s", kube_ns(object), kube_name(object)));
	}
	if (text_has_prefix(kind, "VirtualMachine"))
		vec_push(&act->machines, mem_printf("%s/%s", kube_ns(object), kube_name(object)));
	if (text_equal(kind, "NetworkAttachmentDefinition")) {
		const char *text = json_walk_str(object, "spec", "config", NULL);
		json_t *config = json_parse(text, strlen(text), "config", NULL);
		const char *name = json_walk_str(config, "name", NULL);
		if (name[0] != '\0')
			vec_push(&act->networks, mem_strdup(name));
		json_decref(config);
	}
}

static bool promise(struct loading *l, const char *path, int line, json_t *object)
{
	const char *kind = json_walk_str(object, "kind", NULL), *version = json_walk_str(object, "apiVersion", NULL);
	const char *name = json_walk_str(object, "metadata", "name", NULL);
	if (!kind[0] || !version[0] || !name[0]) {
		reader_problem_at(&l->reader, path, line,
		                  "this is not a Kubernetes object; give it apiVersion, kind and metadata.name");
		return false;
	}
	if (l->act->planned.len >= OBJECTS_MAX) {
		reader_problem_at(&l->reader, path, line, "an act can promise %d objects at the most; leave some out",
		                  OBJECTS_MAX);
		return false;
	}
	vec_push(&l->act->planned, json_incref(object));
	note_names(l->act, object);
	return true;
}

static bool promise_documents(struct loading *l, const char *path, const struct yaml *yaml)
{
	bool ok = true;
	size_t i, j;
	json_t *document, *item;
	json_array_foreach ((json_t *)yaml_documents(yaml), i, document) {
		const json_t *items = json_walk(document, "items", NULL);
		char *pointer = reader_item("", i);
		if (json_is_array(items) && text_has_suffix(json_walk_str(document, "kind", NULL), "List")) {
			json_array_foreach ((json_t *)items, j, item) {
				char *below = mem_printf("%s/items/%zu", pointer, j);
				ok = promise(l, path, yaml_line(yaml, below), item) && ok;
				free(below);
			}
		} else {
			ok = promise(l, path, yaml_line(yaml, pointer), document) && ok;
		}
		free(pointer);
	}
	if (json_array_size(yaml_documents(yaml)) == 0) {
		reader_problem_at(&l->reader, path, 1,
		                  "there is no object in this manifest; write one, or take the stage out");
		ok = false;
	}
	return ok;
}

bool load_manifest(struct loading *l, const char *name, const char *pointer, char **text)
{
	struct err err;
	struct str bytes = {0};
	char *path = name[0] == '/' ? mem_strdup(name) : mem_printf("%s/%s", l->act->folder, name);
	struct yaml *yaml = NULL;
	if (!file_read(path, SCENARIO_SIZE_MAX, &bytes, &err)) {
		reader_problem(&l->reader, pointer,
		               "the manifest cannot be read: %s; it is looked for beside the scenario", err.text);
	} else {
		yaml = yaml_parse(str_text(&bytes), bytes.len, path, &err);
		if (!yaml) { /* says file and line itself */
			l->reader.n_problems++;
			str_append_safe(&l->reader.problems, err.text, strlen(err.text));
			str_append(&l->reader.problems, "; mend the manifest\n");
		}
	}
	bool ok = yaml && promise_documents(l, path, yaml);
	if (ok && text)
		*text = str_take(&bytes);
	yaml_destroy(yaml);
	str_finish(&bytes);
	free(path);
	return ok;
}

static bool offer_all(const struct scenario_texts *texts, const char *wanted, struct nearest *near)
{
	bool found = false;
	*near = nearest_start(wanted);
	for (size_t i = 0; i < texts->len; i++) {
		found = found || text_equal(texts->data[i], wanted);
		nearest_offer(near, texts->data[i]);
	}
	return found;
}

bool promises_workload(const struct scenario_act *act, const char *id, struct nearest *near)
{
	return offer_all(&act->workloads, id, near);
}

bool promises_machine(const struct scenario_act *act, const char *id, struct nearest *near)
{
	return offer_all(&act->machines, id, near);
}

bool promises_network(const struct scenario_act *act, const char *name, struct nearest *near)
{
	return offer_all(&act->networks, name, near);
}

/* The network that a promised NAD carries; false: it is no NAD, or none that works (then `err` says why). */
static bool promised_config(const json_t *object, struct cni_config *config, struct err *err)
{
	*err = (struct err){0};
	if (!text_equal(json_walk_str(object, "kind", NULL), "NetworkAttachmentDefinition"))
		return false;
	char *nad = mem_printf("%s/%s", kube_ns(object), kube_name(object));
	bool ok = cni_config_parse(json_walk_str(object, "spec", "config", NULL), nad, config, err);
	free(nad);
	return ok;
}

void load_promised_networks(struct loading *l)
{
	const struct scenario_act *act = l->act;
	for (size_t i = 0; i < act->planned.len; i++) {
		struct cni_config config;
		struct err err;
		if (promised_config(act->planned.data[i], &config, &err))
			cni_config_finish(&config);
		else if (err.code != ERR_NONE)
			reader_warning(&l->reader, "/0", "the network attachment %s/%s will not work: %s; %s",
			               kube_ns(act->planned.data[i]), kube_name(act->planned.data[i]), err.text,
			               cni_config_cure(err.text));
	}
}

unsigned promised_kinds(const struct scenario_act *act)
{
	unsigned kinds = 1u << KUBE_NAMESPACE | 1u << KUBE_NODE | 1u << KUBE_POD | 1u << KUBE_EVENT | 1u << KUBE_NAD;
	for (size_t i = 0; i < act->planned.len; i++) {
		const struct kube_kind *kind = kube_kind_of(act->planned.data[i]);
		if (kind)
			kinds |= 1u << (kind - kube_kinds);
	}
	if (act->flows.len > 0) /* a policy that nobody promised may be in their way */
		kinds |= 1u << KUBE_MULTI_POLICY;
	if (kinds & (1u << KUBE_VM))
		kinds |= 1u << KUBE_VMI;
	if (kinds & (1u << KUBE_NNCP))
		kinds |= 1u << KUBE_NNCE | 1u << KUBE_NNS;
	return kinds;
}
