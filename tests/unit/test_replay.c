/* What a real cluster sent, lists and a watch, through kube and topo: the right graph after every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/base.h"
#include "onesdn/kube.h"
#include "onesdn/topo.h"

#define DATA "tests/data/real-cluster/"

static const char *const overlay[] = {"tenantblue", "tenantyellow", NULL};
static const char *const localnet[] = {"data-adapter", "data-consumer", NULL};

static struct kube *open_offline(void)
{
	struct kube_options options = {.offline = true};
	return kube_create(NULL, &options);
}

static void feed_file(struct kube *kube, const char *name)
{
	struct str path = {0}, text = {0};
	struct err err = {0};
	str_append_f(&path, DATA "%s", name);
	if (!file_read(path.data, 8 << 20, &text, &err) || !kube_feed_list(kube, text.data, text.len, name, &err))
		fail_msg("%s", err.text);
	str_finish(&path);
	str_finish(&text);
}

struct collection {
	const json_t *data[512];
	size_t len;
};

static bool collect(const json_t *object, void *user)
{
	struct collection *all = user;
	assert_true(all->len < 512);
	all->data[all->len++] = object;
	return true;
}

static struct topo *graph(const struct kube *kube, const char *const *namespaces)
{
	struct collection all = {.len = 0};
	for (int kind = 0; kind < KUBE_N_KINDS; kind++)
		kube_each(kube, (enum kube_kind_id)kind, collect, &all);
	struct topo_input input = {.objects = all.data, .n_objects = all.len, .namespaces = namespaces};
	return topo_build(&input);
}

/* One workload in a line: "blue-server Running running ovn-worker 10.244.1.4/24 starting 192.168.200.8". */
static void describe(const struct topo *topo, size_t at, struct str *out)
{
	const struct topo_workload *w = &topo->workloads.data[at];
	str_append_f(out, "%s %s %s %s", w->name, w->phase, topo_state_name(w->state),
	             w->node == TOPO_NONE ? "-" : topo->nodes.data[w->node].name);
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *a = &topo->attachments.data[i];
		if (a->workload == at)
			str_append_f(out, " %s %s %s", a->interface, topo_state_name(a->state),
			             a->address[0] ? a->address : "-");
	}
}

static void expect(const struct topo *topo, const char *id, const char *line)
{
	struct str got = {0};
	size_t at = topo_find_workload(topo, id);
	if (at == TOPO_NONE)
		str_append(&got, "absent");
	else
		describe(topo, at, &got);
	if (strcmp(got.data, line) != 0)
		fail_msg("%s\n  is:     %s\n  not:    %s", id, got.data, line);
	str_finish(&got);
}

static void test_overlay_lists(void **state)
{
	(void)state;
	struct kube *kube = open_offline();
	static const char *const files[] = {"overlay-namespaces.json", "overlay-nodes.json", "overlay-pods.json",
	                                    "overlay-nads.json", "overlay-events.json"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		feed_file(kube, files[i]);
	assert_int_equal(kube_count(kube, KUBE_POD), 3);
	assert_int_equal(kube_count(kube, KUBE_NAMESPACE), 8);
	assert_string_equal(json_walk_str(kube_find(kube, KUBE_POD, "tenantblue", "podclient"), "kind", NULL), "Pod");
	assert_null(json_walk(kube_find(kube, KUBE_POD, "tenantblue", "podclient"), "metadata", "managedFields", NULL));
	struct topo *topo = graph(kube, overlay);
	assert_int_equal(topo->namespaces.len, 2);
	assert_int_equal(topo->namespaces.data[0].state, TOPO_RUNNING);
	assert_int_equal(topo->nodes.len, 3);
	assert_int_equal(topo->networks.len, 2);
	assert_string_equal(topo->networks.data[1].name, "green-network");
	assert_string_equal(topo->networks.data[1].subnets, "192.168.200.0/24");
	assert_string_equal(topo->networks.data[1].problem, "");
	assert_int_equal(topo->networks.data[1].state, TOPO_RUNNING);
	assert_int_equal(topo->nads.len, 2);
	assert_int_equal(topo->workloads.len, 3);
	expect(topo, "tenantblue/blue-server",
	       "blue-server Running running ovn-control-plane eth0 running 10.244.0.3 net1 running 192.168.200.4");
	expect(topo, "tenantblue/podclient",
	       "podclient Running running ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3");
	expect(topo, "tenantyellow/yellow-server",
	       "yellow-server Running running ovn-worker2 eth0 running 10.244.2.3 net1 running 192.168.200.5");
	assert_string_equal(topo->workloads.data[0].ports, "tcp/9000");
	assert_string_equal(topo->workloads.data[0].reason, "");
	assert_string_equal(topo->attachments.data[1].addresses, "192.168.200.4/24");
	topo_destroy(topo);

	topo = graph(kube, NULL); /* the whole cluster */
	assert_int_equal(topo->namespaces.len, 8);
	topo_destroy(topo);
	kube_destroy(kube);
}

static void test_localnet_lists(void **state)
{
	(void)state;
	struct kube *kube = open_offline();
	static const char *const files[] = {"localnet-namespaces.json", "overlay-nodes.json",   "localnet-pods.json",
	                                    "localnet-nads.json",       "localnet-events.json", "localnet-vms.json",
	                                    "localnet-nncps.json",      "localnet-mnps.json"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		feed_file(kube, files[i]);
	assert_int_equal(kube_count(kube, KUBE_MULTI_POLICY), 2);
	struct topo *topo = graph(kube, localnet);
	assert_int_equal(topo->workloads.len, 4);
	expect(topo, "data-adapter/turtle-db-adapter",
	       "turtle-db-adapter ImagePullBackOff failed ovn-control-plane eth0 running 10.244.0.5 net1 running "
	       "192.168.200.10");
	const char *reason = topo->workloads.data[topo_find_workload(topo, "data-adapter/turtle-db-adapter")].reason;
	assert_non_null(strstr(reason, "Back-off pulling image \"ghcr.io/maiqueb/rust-turtle-viewer:main\""));
	assert_non_null(strstr(reason, "; check the image's name, and that the node reaches its registry"));
	expect(topo, "data-consumer/consumer",
	       "consumer Running running ovn-worker eth0 running 10.244.1.5 net1 running 192.168.200.20");
	expect(topo, "data-consumer/vm-workload",
	       "vm-workload Unknown starting - eth0 starting - eth1 starting 192.168.200.20");
	assert_int_equal(topo->networks.len, 2); /* the overlay act's network is not of this act */
	assert_string_equal(topo->networks.data[1].name, "data-net");
	assert_int_equal(topo->networks.data[1].vlan, 123);
	assert_int_equal(topo->networks.data[1].topology, CNI_LOCALNET);
	assert_string_equal(topo->networks.data[1].subnets, "");
	assert_int_equal(topo->bridges.len, 1); /* no node carries the policy's label */
	assert_string_equal(topo->bridges.data[0].name, "data-net");
	topo_destroy(topo);
	kube_destroy(kube);
}

/* After the event with this resourceVersion, the pod that it is about. The deletion, then each step of the way up. */
static const struct step {
	const char *version, *id, *line;
} steps[] = {
        {"597", "tenantblue/podclient",
         "podclient Terminating stopping ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3"},
        {"599", "tenantblue/blue-server",
         "blue-server Terminating stopping ovn-control-plane eth0 running 10.244.0.3 net1 running 192.168.200.4"},
        {"600", "tenantblue/podclient",
         "podclient Terminating stopping ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3"},
        {"602", "tenantyellow/yellow-server",
         "yellow-server Terminating stopping ovn-worker2 eth0 running 10.244.2.3 net1 running 192.168.200.5"},
        {"603", "tenantblue/blue-server",
         "blue-server Terminating stopping ovn-control-plane eth0 running 10.244.0.3 net1 running 192.168.200.4"},
        {"605", "tenantyellow/yellow-server",
         "yellow-server Terminating stopping ovn-worker2 eth0 running 10.244.2.3 net1 running 192.168.200.5"},
        {"607", "tenantyellow/yellow-server",
         "yellow-server Terminating stopping ovn-worker2 eth0 running 10.244.2.3 net1 running 192.168.200.5"},
        {"608", "tenantblue/podclient",
         "podclient Terminating stopping ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3"},
        {"609", "tenantblue/blue-server",
         "blue-server Terminating stopping ovn-control-plane eth0 running 10.244.0.3 net1 running 192.168.200.4"},
        {"610", "tenantblue/blue-server",
         "blue-server Terminating stopping ovn-control-plane eth0 running 10.244.0.3 net1 running 192.168.200.4"},
        {"611", "tenantblue/blue-server", "absent"},
        {"612", "tenantblue/podclient",
         "podclient Terminating stopping ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3"},
        {"613", "tenantblue/podclient",
         "podclient Terminating stopping ovn-worker eth0 running 10.244.1.3 net1 running 192.168.200.3"},
        {"614", "tenantblue/podclient", "absent"},
        {"615", "tenantyellow/yellow-server",
         "yellow-server Terminating stopping ovn-worker2 eth0 running 10.244.2.3 net1 running 192.168.200.5"},
        {"616", "tenantyellow/yellow-server", "absent"},
        {"617", "tenantblue/podclient", "podclient Pending starting - eth0 starting - net1 starting -"},
        {"618", "tenantblue/podclient", "podclient Pending starting ovn-control-plane eth0 starting - net1 starting -"},
        {"620", "tenantblue/podclient",
         "podclient Pending starting ovn-control-plane eth0 starting - net1 starting 192.168.200.6"},
        {"621", "tenantblue/blue-server", "blue-server Pending starting - eth0 starting - net1 starting -"},
        {"622", "tenantblue/podclient",
         "podclient ContainerCreating starting ovn-control-plane eth0 starting - net1 starting 192.168.200.6"},
        {"623", "tenantblue/blue-server", "blue-server Pending starting ovn-worker eth0 starting - net1 starting -"},
        {"625", "tenantblue/podclient",
         "podclient ContainerCreating starting ovn-control-plane eth0 starting 10.244.0.4 net1 starting 192.168.200.6"},
        {"626", "tenantblue/blue-server",
         "blue-server Pending starting ovn-worker eth0 starting 10.244.1.4 net1 starting -"},
        {"627", "tenantyellow/yellow-server", "yellow-server Pending starting - eth0 starting - net1 starting -"},
        {"628", "tenantblue/blue-server",
         "blue-server ContainerCreating starting ovn-worker eth0 starting 10.244.1.4 net1 starting -"},
        {"629", "tenantyellow/yellow-server",
         "yellow-server Pending starting ovn-worker2 eth0 starting - net1 starting -"},
        {"631", "tenantyellow/yellow-server",
         "yellow-server Pending starting ovn-worker2 eth0 starting - net1 starting 192.168.200.9"},
        {"632", "tenantblue/blue-server",
         "blue-server ContainerCreating starting ovn-worker eth0 starting 10.244.1.4 net1 starting 192.168.200.8"},
        {"633", "tenantyellow/yellow-server",
         "yellow-server ContainerCreating starting ovn-worker2 eth0 starting - net1 starting 192.168.200.9"},
        {"634", "tenantyellow/yellow-server",
         "yellow-server ContainerCreating starting ovn-worker2 eth0 starting 10.244.2.4 net1 starting 192.168.200.9"},
        {"639", "tenantblue/podclient",
         "podclient ContainerCreating starting ovn-control-plane eth0 running 10.244.0.4 net1 running 192.168.200.6"},
        {"642", "tenantblue/podclient",
         "podclient ContainerCreating starting ovn-control-plane eth0 running 10.244.0.4 net1 running 192.168.200.6"},
        {"645", "tenantblue/blue-server",
         "blue-server ContainerCreating starting ovn-worker eth0 running 10.244.1.4 net1 running 192.168.200.8"},
        {"646", "tenantyellow/yellow-server",
         "yellow-server ContainerCreating starting ovn-worker2 eth0 running 10.244.2.4 net1 running 192.168.200.9"},
        {"649", "tenantblue/podclient",
         "podclient Running running ovn-control-plane eth0 running 10.244.0.4 net1 running 192.168.200.6"},
        {"650", "tenantyellow/yellow-server",
         "yellow-server ContainerCreating starting ovn-worker2 eth0 running 10.244.2.4 net1 running 192.168.200.9"},
        {"653", "tenantblue/blue-server",
         "blue-server ContainerCreating starting ovn-worker eth0 running 10.244.1.4 net1 running 192.168.200.8"},
        {"657", "tenantyellow/yellow-server",
         "yellow-server Running running ovn-worker2 eth0 running 10.244.2.4 net1 running 192.168.200.9"},
        {"659", "tenantblue/blue-server",
         "blue-server Running running ovn-worker eth0 running 10.244.1.4 net1 running 192.168.200.8"},
};

struct replay {
	size_t step;
	bool is_checking;
};

static void check_step(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                       void *user)
{
	struct replay *replay = user;
	(void)change;
	if (!replay->is_checking || kind != &kube_kinds[KUBE_POD])
		return;
	assert_true(replay->step < sizeof steps / sizeof *steps);
	const struct step *step = &steps[replay->step++];
	assert_non_null(object);
	struct topo *topo = graph(kube, overlay);
	expect(topo, step->id, step->line);
	topo_destroy(topo);
}

/* `piece` bytes at a time: 0 means whole lines. Every event is one step, whatever the split. */
static void replay_watch(size_t piece)
{
	struct replay replay = {0};
	struct kube_options options = {.offline = true, .events = {.on_change = check_step}, .user = &replay};
	struct kube *kube = kube_create(NULL, &options);
	struct str bytes = {0};
	struct err err = {0};
	feed_file(kube, "overlay-nodes.json");
	feed_file(kube, "overlay-nads.json");
	feed_file(kube, "overlay-pods.json");
	replay.is_checking = true;
	assert_true(file_read(DATA "overlay-pods-watch.jsonl", 8 << 20, &bytes, &err));
	for (size_t at = 0; at < bytes.len;) {
		const char *line_end = memchr(bytes.data + at, '\n', bytes.len - at);
		size_t n = piece ? piece : line_end ? (size_t)(line_end - (bytes.data + at)) + 1 : bytes.len - at;
		if (n > bytes.len - at)
			n = bytes.len - at;
		if (!kube_feed_watch(kube, &kube_kinds[KUBE_POD], bytes.data + at, n, &err))
			fail_msg("%s", err.text);
		at += n;
	}
	/* the last event of each object, whose versions are those of the steps */
	assert_int_equal(replay.step, sizeof steps / sizeof *steps);
	assert_string_equal(json_walk_str(kube_find(kube, KUBE_POD, "tenantblue", "blue-server"), "metadata",
	                                  "resourceVersion", NULL),
	                    "659");
	str_finish(&bytes);
	kube_destroy(kube);
}

static void test_watch(void **state)
{
	(void)state;
	replay_watch(0);
}

static void test_watch_in_pieces(void **state)
{
	(void)state;
	replay_watch(1);
	replay_watch(4096);
	replay_watch(100003);
	replay_watch(8 << 20);
}

static bool feed_text(struct kube *kube, const char *json, struct err *err)
{
	return kube_feed_list(kube, json, strlen(json), "x.json", err);
}

static void test_feed_failures(void **state)
{
	(void)state;
	struct kube *kube = open_offline();
	struct err err = {0};
	assert_false(feed_text(kube, "{", &err));
	assert_true(text_has_prefix(err.text, "x.json"));
	assert_false(feed_text(kube, "[]", &err));
	assert_true(feed_text(kube, "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}", &err));
	assert_true(feed_text(kube, "{\"kind\":\"List\",\"items\":null}", &err));
	assert_false(feed_text(kube, "{\"kind\":\"PodList\",\"items\":[{}]}", &err));
	assert_non_null(strstr(err.text, "without a name"));
	assert_false(kube_feed_watch(kube, &kube_kinds[KUBE_POD], "hello", 5, &err));
	const char *gone = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old "
	                   "resource version: 5 (9)\"}}";
	assert_false(kube_feed_watch(kube, &kube_kinds[KUBE_POD], gone, strlen(gone), &err));
	assert_non_null(strstr(err.text, "too old resource version"));
	assert_int_equal(kube_state(kube), KUBE_CONNECTING);
	assert_string_equal(kube_problem(kube), "");
	kube_destroy(kube);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_overlay_lists), cmocka_unit_test(test_localnet_lists),
	        cmocka_unit_test(test_watch),         cmocka_unit_test(test_watch_in_pieces),
	        cmocka_unit_test(test_feed_failures),
	};
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
