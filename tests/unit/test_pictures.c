/* What a real cluster sent, lists and a watch, through kube, topo and diagram: the right picture after every event. The
 * pictures are in tests/golden/diagram/watch.txt; GOLDEN_UPDATE=1 writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onesdn/diagram.h"
#include "onesdn/kube.h"
#include "onesdn/topo.h"

#include "../fuzz/diagram_check.h"

#define DATA "tests/data/real-cluster/"
#define GOLDEN "tests/golden/diagram/watch.txt"

static const char *const namespaces[] = {"tenantblue", "tenantyellow", NULL};
static const struct diagram_flow flows[] = {
        {.id = "blue", .from = "tenantblue/podclient", .to = "tenantblue/blue-server", .port = "tcp/9000"},
        {.id = "yellow", .from = "tenantblue/podclient", .to = "tenantyellow/yellow-server", .port = "tcp/9000"},
};
static const struct diagram_options options = {.cols = 98, .rows = 14, .legend = true};

static void read_file(const char *path, struct str *text)
{
	struct err err = {0};
	if (!file_read(path, 8 << 20, text, &err))
		fail_msg("%s", err.text);
}

static void feed_list(struct kube *kube, const char *path)
{
	struct str text = {0};
	struct err err = {0};
	read_file(path, &text);
	if (!kube_feed_list(kube, text.data, text.len, path, &err))
		fail_msg("%s", err.text);
	str_finish(&text);
}

static struct yaml *manifest(const char *path)
{
	struct str text = {0};
	struct err err = {0};
	read_file(path, &text);
	struct yaml *yaml = yaml_parse(text.data, text.len, path, &err);
	if (!yaml)
		fail_msg("%s", err.text);
	str_finish(&text);
	return yaml;
}

struct objects {
	VEC(const json_t *) all;
};

static bool collect(const json_t *object, void *user)
{
	vec_push(&((struct objects *)user)->all, object);
	return true;
}

struct show {
	struct kube *kube;
	struct yaml *manifests[2];
	struct str out, before;
	struct rect boxes[3];
	size_t n_pictures;
};

static void add_documents(struct objects *into, const struct yaml *yaml)
{
	for (size_t i = 0; i < json_array_size(yaml_documents(yaml)); i++)
		vec_push(&into->all, json_array_get(yaml_documents(yaml), i));
}

/* The picture as it is now; appended when it differs from the one before. Boxes never move while the act goes on. */
static void look(struct show *show, const char *what)
{
	struct objects objects = {0}, planned = {0};
	char why[512] = "";
	for (int kind = 0; kind < KUBE_N_KINDS; kind++)
		kube_each(show->kube, (enum kube_kind_id)kind, collect, &objects);
	for (size_t i = 0; i < 2; i++)
		add_documents(&planned, show->manifests[i]);
	struct topo_input input = {.objects = objects.all.data,
	                           .n_objects = objects.all.len,
	                           .planned = planned.all.data,
	                           .n_planned = planned.all.len,
	                           .namespaces = namespaces};
	struct topo *topo = topo_build(&input);
	struct diagram *diagram = diagram_draw(topo, flows, 2, &options);
	assert_int_equal(diagram->hits.len, 3);
	for (size_t i = 0; i < 3; i++) {
		if (show->n_pictures == 0)
			show->boxes[i] = diagram->hits.data[i].area;
		assert_memory_equal(&show->boxes[i], &diagram->hits.data[i].area, sizeof show->boxes[i]);
	}
	assert_string_equal(diagram->hidden, "");
	if (!check_picture(topo, diagram, &options, why, sizeof why))
		fail_msg("after %s: %s", what, why);
	struct str text = {0};
	canvas_text(diagram->canvas, &text);
	if (!text_equal(str_text(&text), str_text(&show->before)))
		str_append_f(&show->out, "== %s\n%s", what, text.data);
	str_finish(&show->before);
	show->before = text;
	show->n_pictures++;
	diagram_destroy(diagram);
	topo_destroy(topo);
	vec_finish(&objects.all);
	vec_finish(&planned.all);
}

static void play_watch(struct show *show)
{
	struct str text = {0};
	struct err err = {0};
	read_file(DATA "overlay-pods-watch.jsonl", &text);
	size_t number = 0;
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (!kube_feed_watch(show->kube, &kube_kinds[KUBE_POD], line, (size_t)(end - line) + 1, &err))
			fail_msg("%s", err.text);
		json_t *event = json_parse(line, (size_t)(end - line), "event", &err);
		char *what = mem_printf("event %zu: %s %s", ++number, json_walk_str(event, "type", NULL),
		                        json_walk_str(event, "object", "metadata", "name", NULL));
		look(show, what);
		free(what);
		json_decref(event);
	}
	assert_true(number > 30);
	str_finish(&text);
}

static void test_watch(void **state)
{
	(void)state;
	struct kube_options offline = {.offline = true};
	struct show show = {.kube = kube_create(NULL, &offline)};
	show.manifests[0] = manifest("manifests/overlay/01-netconfig.yaml");
	show.manifests[1] = manifest("manifests/overlay/02-workloads.yaml");
	look(&show, "nothing yet");
	feed_list(show.kube, DATA "overlay-namespaces.json");
	look(&show, "namespaces");
	feed_list(show.kube, DATA "overlay-nads.json");
	look(&show, "network");
	feed_list(show.kube, DATA "overlay-nodes.json");
	feed_list(show.kube, DATA "overlay-pods.json");
	look(&show, "pods");
	play_watch(&show);

	struct str expected = {0};
	struct err err = {0};
	if (text_equal(getenv("GOLDEN_UPDATE"), "1") && !file_write(GOLDEN, show.out.data, show.out.len, 0644, &err))
		fail_msg("%s", err.text);
	read_file(GOLDEN, &expected);
	if (!text_equal(str_text(&expected), str_text(&show.out)))
		fail_msg("pictures differ from " GOLDEN ":\n%s", show.out.data);
	str_finish(&expected);
	str_finish(&show.out);
	str_finish(&show.before);
	yaml_destroy(show.manifests[0]);
	yaml_destroy(show.manifests[1]);
	kube_destroy(show.kube);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_watch)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
