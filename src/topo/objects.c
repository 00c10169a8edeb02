/* Sorts the input of a build by kind, namespace and name; build.h says who uses it. */
#include "topo/objects.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NESTING_MAX 2 /* a List in a List, no deeper */

static const struct kind_row {
	const char *group, *kind;
	enum item_kind id;
} kind_rows[] = {
        {"", "Namespace", ITEM_NAMESPACE},
        {"", "Node", ITEM_NODE},
        {"", "Pod", ITEM_POD},
        {"", "Event", ITEM_EVENT},
        {"k8s.cni.cncf.io", "NetworkAttachmentDefinition", ITEM_NAD},
        {"kubevirt.io", "VirtualMachine", ITEM_VM},
        {"kubevirt.io", "VirtualMachineInstance", ITEM_VMI},
        {"nmstate.io", "NodeNetworkConfigurationPolicy", ITEM_NNCP},
        {"nmstate.io", "NodeNetworkConfigurationEnactment", ITEM_NNCE},
        {"nmstate.io", "NodeNetworkState", ITEM_NNS},
};

static const struct kind_row *find_kind(const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	size_t len = slash ? (size_t)(slash - api_version) : 0;
	for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++)
		if (strcmp(kind, kind_rows[i].kind) == 0 && strlen(kind_rows[i].group) == len &&
		    memcmp(api_version, kind_rows[i].group, len) == 0)
			return &kind_rows[i];
	return NULL;
}

static int64_t event_time(const json_t *event)
{
	static const char *const keys[] = {"lastTimestamp", "eventTime", "firstTimestamp"};
	int64_t at = 0, series;
	for (size_t i = 0; i < sizeof keys / sizeof *keys && at == 0; i++)
		if (!time_parse(json_walk_str(event, keys[i], NULL), &at))
			at = 0;
	if (time_parse(json_walk_str(event, "series", "lastObservedTime", NULL), &series) && series > at)
		at = series;
	return at;
}

static void add_event(struct objects *objects, const json_t *event)
{
	if (strcmp(json_walk_str(event, "involvedObject", "kind", NULL), "Pod") != 0)
		return;
	struct item item = {
	        .object = event,
	        .ns = json_walk_str(event, "involvedObject", "namespace", NULL),
	        .name = json_walk_str(event, "involvedObject", "name", NULL),
	        .order = objects->n_seen++,
	        .at = event_time(event),
	};
	vec_push(&objects->kinds[ITEM_EVENT], item);
}

static void add(struct objects *objects, const json_t *object, bool is_planned, int depth)
{
	const char *kind = json_walk_str(object, "kind", NULL);
	const json_t *items = json_object_get(object, "items"), *each;
	size_t i;
	if (strcmp(kind, "List") == 0 && json_is_array(items) && depth < NESTING_MAX) {
		json_array_foreach (items, i, each)
			add(objects, each, is_planned, depth + 1);
		return;
	}
	const struct kind_row *row = find_kind(json_walk_str(object, "apiVersion", NULL), kind);
	struct item item = {.object = object, .is_planned = is_planned, .order = objects->n_seen++};
	item.name = json_walk_str(object, "metadata", "name", NULL);
	item.ns = json_walk_str(object, "metadata", "namespace", NULL);
	if (!row || !item.name[0])
		return;
	if (row->id == ITEM_EVENT) {
		add_event(objects, object);
		return;
	}
	if (is_planned && !item.ns[0] && (row->id == ITEM_POD || row->id == ITEM_NAD || row->id == ITEM_VM))
		item.ns = "default";
	vec_push(&objects->kinds[row->id], item);
}

static int compare_keys(const struct item *a, const char *ns, const char *name)
{
	int order = strcmp(a->ns, ns);
	return order ? order : strcmp(a->name, name);
}

static int compare_items(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = compare_keys(a, b->ns, b->name);
	if (order)
		return order;
	if (a->is_planned != b->is_planned)
		return a->is_planned ? 1 : -1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void drop_doubles(struct item_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->len; i++)
		if (i == 0 || compare_keys(&list->data[i], list->data[kept - 1].ns, list->data[kept - 1].name) != 0)
			list->data[kept++] = list->data[i];
	list->len = kept;
}

void objects_init(struct objects *objects, const struct topo_input *input)
{
	*objects = (struct objects){.namespaces = input->namespaces, .n_cluster = input->n_objects};
	for (size_t i = 0; i < input->n_objects; i++)
		add(objects, input->objects[i], false, 0);
	for (size_t i = 0; i < input->n_planned; i++)
		add(objects, input->planned[i], true, 0);
	for (size_t kind = 0; kind < ITEM_N_KINDS; kind++) {
		struct item_list *list = &objects->kinds[kind];
		if (list->len > 1)
			qsort(list->data, list->len, sizeof *list->data, compare_items);
		if (kind != ITEM_EVENT)
			drop_doubles(list);
	}
}

void objects_finish(struct objects *objects)
{
	for (size_t kind = 0; kind < ITEM_N_KINDS; kind++)
		vec_finish(&objects->kinds[kind]);
}

static size_t lower_bound(const struct item_list *list, const char *ns, const char *name)
{
	size_t low = 0, high = list->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_keys(&list->data[middle], ns, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct item *objects_find(const struct objects *objects, enum item_kind kind, const char *ns, const char *name)
{
	const struct item_list *list = &objects->kinds[kind];
	size_t at = lower_bound(list, ns, name);
	return at < list->len && compare_keys(&list->data[at], ns, name) == 0 ? &list->data[at] : NULL;
}

bool objects_is_wanted(const struct objects *objects, const char *ns)
{
	if (!objects->namespaces)
		return true;
	for (size_t i = 0; objects->namespaces[i]; i++)
		if (strcmp(objects->namespaces[i], ns) == 0)
			return true;
	return false;
}

/* The newest by time; of equal times the one with the higher resourceVersion, as counters go in real clusters. */
static bool is_newer(const struct item *a, const struct item *b)
{
	if (a->at != b->at)
		return a->at > b->at;
	int64_t version[2] = {0, 0};
	text_to_int(json_walk_str(a->object, "metadata", "resourceVersion", NULL), 0, INT64_MAX, &version[0]);
	text_to_int(json_walk_str(b->object, "metadata", "resourceVersion", NULL), 0, INT64_MAX, &version[1]);
	if (version[0] != version[1])
		return version[0] > version[1];
	return strcmp(json_walk_str(a->object, "metadata", "name", NULL),
	              json_walk_str(b->object, "metadata", "name", NULL)) > 0;
}

struct pod_events objects_pod_events(const struct objects *objects, const char *ns, const char *name, const char *uid)
{
	const struct item_list *list = &objects->kinds[ITEM_EVENT];
	const struct item *warning = NULL, *interface = NULL;
	for (size_t i = lower_bound(list, ns, name); i < list->len && compare_keys(&list->data[i], ns, name) == 0;
	     i++) {
		const struct item *event = &list->data[i];
		const char *about = json_walk_str(event->object, "involvedObject", "uid", NULL);
		if (about[0] && uid[0] && strcmp(about, uid) != 0)
			continue;
		if (strcmp(json_walk_str(event->object, "type", NULL), "Warning") == 0) {
			if (!warning || is_newer(event, warning))
				warning = event;
		} else if (strcmp(json_walk_str(event->object, "reason", NULL), "AddedInterface") == 0) {
			if (!interface || is_newer(event, interface))
				interface = event;
		}
	}
	return (struct pod_events){
	        .warning = warning ? warning->object : NULL,
	        .is_overtaken = warning && interface && is_newer(interface, warning),
	};
}

char *topo_bounded(const char *text, size_t max)
{
	struct str out = {0};
	bool blank = true; /* so that none leads */
	size_t plain = strcspn(text, " \t\r\n");
	if (!text[plain] && plain <= max)
		return mem_strndup(text, plain);
	for (; *text && out.len < max; text++) {
		bool is_blank = strchr(" \t\r\n", *text) != NULL;
		if (!is_blank)
			str_append_c(&out, *text);
		else if (!blank)
			str_append_c(&out, ' ');
		blank = is_blank;
	}
	if (*text && out.data) { /* not inside a character */
		text_trim(out.data);
		out.len = strlen(out.data);
	}
	if (out.data) {
		while (out.len > 0 && out.data[out.len - 1] == ' ')
			out.len--;
		out.data[out.len] = 0;
	}
	return str_take(&out);
}

const char *topo_label(const json_t *object, const char *key)
{
	return json_walk_str(object, "metadata", "labels", key, NULL);
}

const char *topo_note(const json_t *object, const char *key)
{
	return json_walk_str(object, "metadata", "annotations", key, NULL);
}

const json_t *topo_find_condition(const json_t *object, const char *type)
{
	const json_t *conditions = json_walk(object, "status", "conditions", NULL), *condition;
	size_t i;
	json_array_foreach (conditions, i, condition)
		if (strcasecmp(json_walk_str(condition, "type", NULL), type) == 0)
			return condition;
	return NULL;
}

bool topo_has_condition(const json_t *object, const char *type, const char *status)
{
	return strcmp(json_walk_str(topo_find_condition(object, type), "status", NULL), status) == 0;
}

bool topo_is_deleting(const json_t *object)
{
	return json_walk_str(object, "metadata", "deletionTimestamp", NULL)[0] != 0;
}
