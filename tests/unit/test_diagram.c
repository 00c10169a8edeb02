/* diagram: named pictures of graphs made by hand, and what must hold of the pictures of many random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onesdn/diagram.h"
#include "onesdn/topo.h"

#include "../fuzz/diagram_check.h"

/* ---- graphs by hand ---- */
static size_t put_network(struct topo *topo, const char *name, enum cni_topology topology, const char *subnets)
{
	vec_push(&topo->networks, (struct topo_network){.name = mem_strdup(name),
	                                                .topology = topology,
	                                                .subnets = mem_strdup(subnets),
	                                                .physical_name = mem_strdup(""),
	                                                .state = TOPO_RUNNING,
	                                                .problem = mem_strdup("")});
	return topo->networks.len - 1;
}

static size_t put_workload(struct topo *topo, enum topo_kind kind, const char *ns, const char *name, size_t node)
{
	vec_push(&topo->workloads,
	         (struct topo_workload){.kind = kind,
	                                .id = kind == TOPO_HOST ? mem_strdup(name) : mem_printf("%s/%s", ns, name),
	                                .ns = mem_strdup(ns),
	                                .name = mem_strdup(name),
	                                .pod = mem_strdup(""),
	                                .node = node,
	                                .state = TOPO_RUNNING,
	                                .phase = mem_strdup("Running"),
	                                .reason = mem_strdup(""),
	                                .ports = mem_strdup("")});
	return topo->workloads.len - 1;
}

static void put_attachment(struct topo *topo, size_t workload, size_t network, const char *interface,
                           const char *address)
{
	vec_push(&topo->attachments, (struct topo_attachment){.workload = workload,
	                                                      .twin = TOPO_NONE,
	                                                      .network = network,
	                                                      .nad = TOPO_NONE,
	                                                      .interface = mem_strdup(interface),
	                                                      .address = mem_strdup(address),
	                                                      .addresses = mem_strdup(address),
	                                                      .source = TOPO_FROM_STATUS,
	                                                      .mac = mem_strdup(""),
	                                                      .state = TOPO_RUNNING,
	                                                      .problem = mem_strdup("")});
}

static struct topo *overlay(void)
{
	struct topo *topo = mem_alloc(sizeof *topo);
	vec_push(&topo->namespaces, (struct topo_namespace){mem_strdup("tenantblue"), TOPO_RUNNING});
	vec_push(&topo->namespaces, (struct topo_namespace){mem_strdup("tenantyellow"), TOPO_RUNNING});
	put_network(topo, "", CNI_DEFAULT, "");
	put_network(topo, "green-network", CNI_LAYER2, "192.168.200.0/24");
	static const char *const pods[][3] = {{"tenantblue", "blue-server", "192.168.200.4"},
	                                      {"tenantblue", "podclient", "192.168.200.2"},
	                                      {"tenantyellow", "yellow-server", "192.168.200.7"}};
	for (size_t i = 0; i < 3; i++) {
		size_t workload = put_workload(topo, TOPO_POD, pods[i][0], pods[i][1], TOPO_NONE);
		put_attachment(topo, workload, 0, "eth0", "10.244.1.3");
		put_attachment(topo, workload, 1, "net1", pods[i][2]);
	}
	return topo;
}

/* The localnet act: two nodes with a bridge each, VLAN 123, a database outside. */
static struct topo *localnet(void)
{
	struct topo *topo = mem_alloc(sizeof *topo);
	static const char *const nodes[] = {"ovn-worker", "ovn-worker2"};
	for (size_t i = 0; i < 2; i++) {
		vec_push(&topo->nodes, (struct topo_node){mem_strdup(nodes[i]), mem_strdup(""), true, true});
		vec_push(&topo->bridges,
		         (struct topo_bridge){i, mem_strdup("breth0"), mem_strdup("other:br9,data-net:breth0"),
		                              TOPO_RUNNING, mem_strdup("")});
	}
	vec_push(&topo->bridges, (struct topo_bridge){TOPO_NONE, mem_strdup("podman1"), mem_strdup("data-net:podman1"),
	                                              TOPO_RUNNING, mem_strdup("")});
	put_network(topo, "", CNI_DEFAULT, "");
	topo->networks.data[put_network(topo, "data-net", CNI_LOCALNET, "")].vlan = 123;
	size_t adapter = put_workload(topo, TOPO_POD, "data-adapter", "turtle-db-adapter", 0);
	put_attachment(topo, adapter, 0, "eth0", "10.244.1.4");
	put_attachment(topo, adapter, 1, "net1", "192.168.200.10");
	size_t vm = put_workload(topo, TOPO_VM, "data-consumer", "vm-workload", 1);
	put_attachment(topo, vm, 0, "eth0", "10.244.2.4");
	put_attachment(topo, vm, 1, "eth1", "192.168.200.20");
	topo->attachments.data[topo->attachments.len - 1].source = TOPO_FROM_CLOUD_INIT;
	put_attachment(topo, put_workload(topo, TOPO_HOST, "", "turtle-db", TOPO_NONE), 1, "", "192.168.200.1");
	return topo;
}

/* ---- helpers ---- */
static char *text_of(const struct diagram *diagram)
{
	struct str text = {0};
	canvas_text(diagram->canvas, &text);
	return str_take(&text);
}

static struct diagram *draw(const struct topo *topo, int cols, int rows, const struct diagram_flow *flows,
                            size_t n_flows)
{
	struct diagram_options options = {.cols = cols, .rows = rows, .legend = true};
	return diagram_draw(topo, flows, n_flows, &options);
}

static void assert_shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in\n%s", part, text);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

static enum canvas_role role_of(const struct diagram *diagram, uint32_t ch)
{
	for (int i = 0; i < diagram->canvas->cols * diagram->canvas->rows; i++)
		if (diagram->canvas->cells[i].ch[0] == ch)
			return (enum canvas_role)diagram->canvas->cells[i].role;
	return ROLE_NONE;
}

static void assert_sound(const struct topo *topo, const struct diagram *diagram, const struct diagram_options *options)
{
	char why[512] = "";
	if (!check_picture(topo, diagram, options, why, sizeof why)) {
		char *text = text_of(diagram);
		fail_msg("%s\n%s", why, text);
	}
}

/* ---- tests ---- */
static void test_talk_layout(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram_flow flow = {.id = "b",
	                            .from = "tenantblue/podclient",
	                            .to = "tenantblue/blue-server",
	                            .port = "tcp/9000",
	                            .note = "0.9 ms",
	                            .state = DIAGRAM_FLOW_OK};
	struct diagram *diagram = draw(topo, 98, 14, &flow, 1);
	char *text = text_of(diagram);
	assert_string_equal(
	        text,
	        " ╭─ tenantblue ──────────────────────────────────────────╮          ╭─ tenantyellow ────────────╮\n"
	        " │  ┌─────────────────────┐     ┌─────────────────────┐  │          │  ┌─────────────────────┐  │\n"
	        " │  │ ● podclient         │     │ ● blue-server       │  │          │  │ ● yellow-server     │  │\n"
	        " │  │ net1 192.168.200.2  │     │ net1 192.168.200.4  │  │          │  │ net1 192.168.200.7  │  │\n"
	        " │  └───┰─────────────┬───┘     └───▲─────────────┬───┘  │          │  └───┬─────────────┬───┘  │\n"
	        " ╰──────┃─────────────╎─────────────┃─────────────╎──────╯          ╰──────│─────────────╎──────╯\n"
	        "        ┃             ╎             ┃ ✓ tcp/9000  ╎                        │             ╎\n"
	        "        ┗━━━━━━━━━━━━━┿━━━━━━━━━▶━━━┹─────────────┼─────────────────┬──────┘             ╎\n"
	        "                      ╎                           ╎    ▐ green-network · layer2 ▌        ╎\n"
	        "                      ╎                           ╎         192.168.200.0/24             ╎\n"
	        "                      ╎                           ╎                                      ╎\n"
	        "                      └╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┴╌╌╌╌▐ default network ▌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┘\n"
	        "                                                                ┆\n"
	        "  ── secondary   ╌╌ pod network   ┄┄ physical               internet\n");
	assert_string_equal(diagram->hidden, "");
	assert_int_equal(diagram->hits.len, 3);
	assert_string_equal(diagram->hits.data[0].id, "tenantblue/podclient");
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_blocked_flow_is_broken(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram_flow flows[] = {
	        {.id = "b",
	         .from = "tenantblue/podclient",
	         .to = "tenantblue/blue-server",
	         .port = "tcp/9000",
	         .state = DIAGRAM_FLOW_OK},
	        {.id = "y",
	         .from = "tenantblue/podclient",
	         .to = "tenantyellow/yellow-server",
	         .port = "tcp/5432",
	         .note = "3 packets dropped",
	         .state = DIAGRAM_FLOW_BLOCKED},
	};
	struct diagram *diagram = draw(topo, 120, 30, flows, 2);
	char *text = text_of(diagram);
	assert_shows(text, "╳╳╳");
	assert_shows(text, "✗ tcp/5432");
	assert_shows(text, "3 packets dropped");
	assert_shows(text, "✓ tcp/9000");
	assert_int_equal(role_of(diagram, 0x2573), ROLE_FLOW_BLOCKED);
	assert_int_equal(role_of(diagram, 0x2713), ROLE_FLOW_OK);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_untried_flow_is_thin(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram_flow flow = {
	        .id = "b", .from = "tenantblue/podclient", .to = "tenantblue/blue-server", .port = "tcp/9000"};
	struct diagram *diagram = draw(topo, 98, 14, &flow, 1);
	char *text = text_of(diagram);
	assert_shows(text, "? tcp/9000");
	assert_int_equal(count(text, "━"), 0);
	assert_int_equal(count(text, "▵"), 1);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_packets_move_only_under_way(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram_flow flow = {
	        .id = "b", .from = "tenantblue/podclient", .to = "tenantyellow/yellow-server", .port = "tcp/9000"};
	for (int s = DIAGRAM_FLOW_UNTRIED; s <= DIAGRAM_FLOW_FAILED; s++) {
		flow.state = (enum diagram_flow_state)s;
		struct diagram_options options = {.cols = 98, .rows = 14, .tick = 1};
		struct diagram *one = diagram_draw(topo, &flow, 1, &options);
		options.tick = 2;
		struct diagram *other = diagram_draw(topo, &flow, 1, &options);
		options.tick = 0;
		struct diagram *still = diagram_draw(topo, &flow, 1, &options);
		assert_int_equal(!canvas_same(one->canvas, other->canvas), s == DIAGRAM_FLOW_UNDERWAY);
		assert_int_equal(!canvas_same(one->canvas, still->canvas), s == DIAGRAM_FLOW_UNDERWAY);
		diagram_destroy(one);
		diagram_destroy(other);
		diagram_destroy(still);
	}
	topo_destroy(topo);
}

static void test_many_flows_become_a_list(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	const char *ids[] = {"tenantblue/podclient", "tenantblue/blue-server", "tenantyellow/yellow-server"};
	struct diagram_flow flows[4];
	for (size_t i = 0; i < 4; i++)
		flows[i] = (struct diagram_flow){.id = "f",
		                                 .from = ids[i % 3],
		                                 .to = ids[(i + 1) % 3],
		                                 .port = "tcp/9000",
		                                 .note = "",
		                                 .state = DIAGRAM_FLOW_OK};
	flows[3] = (struct diagram_flow){
	        .id = "f", .from = ids[1], .to = ids[0], .port = "tcp/80", .note = "", .state = DIAGRAM_FLOW_FAILED};
	struct diagram *diagram = draw(topo, 90, 20, flows, 4);
	char *text = text_of(diagram);
	for (size_t i = 0; i < 4; i++) { /* each is either on a wire or in the list */
		char *line = mem_printf("%s ─▶ ", strchr(flows[i].from, '/') + 1);
		bool is_listed = strstr(text, line) != NULL, is_drawn = strstr(text, flows[i].port) != NULL;
		assert_true(is_listed || is_drawn);
		free(line);
	}
	assert_int_equal(count(text, "tcp/9000") + count(text, "tcp/80"), 4);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_planned_is_dim_and_dotted(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	topo->namespaces.data[1].state = TOPO_PLANNED;
	topo->workloads.data[2].state = TOPO_PLANNED;
	for (size_t i = 4; i < 6; i++) {
		topo->attachments.data[i].state = TOPO_PLANNED;
		topo->attachments.data[i].address[0] = '\0';
	}
	free(topo->workloads.data[2].phase);
	topo->workloads.data[2].phase = mem_strdup("planned");
	struct diagram *diagram = draw(topo, 98, 14, NULL, 0);
	char *text = text_of(diagram);
	assert_shows(text, "○ yellow-server");
	assert_shows(text, "┌┄ tenantyellow ┄");
	assert_int_equal(role_of(diagram, 0x25cb), ROLE_PLANNED);
	struct rect box = diagram->hits.data[2].area;
	assert_int_equal(canvas_at(diagram->canvas, box.x, box.y)->role, ROLE_PLANNED);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_problems_are_told(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	topo->workloads.data[0].state = TOPO_FAILED;
	free(topo->workloads.data[0].phase);
	topo->workloads.data[0].phase = mem_strdup("ErrImagePull");
	topo->networks.data[1].state = TOPO_FAILED;
	free(topo->networks.data[1].problem);
	topo->networks.data[1].problem = mem_strdup("subnets differ");
	vec_push(&topo->nads, (struct topo_nad){.ns = mem_strdup("tenantyellow"),
	                                        .name = mem_strdup("shared-net"),
	                                        .network = TOPO_NONE,
	                                        .state = TOPO_FAILED,
	                                        .problem = mem_strdup("the config is no JSON")});
	struct diagram *diagram = draw(topo, 98, 20, NULL, 0);
	char *text = text_of(diagram);
	assert_shows(text, "✗ ErrImagePull");
	assert_shows(text, "▐ ✗ green-network ▌");
	assert_shows(text, "subnets differ");
	assert_shows(text, "✗ tenantyellow/shared-net: the config is no JSON");
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_localnet_by_node(void **state)
{
	(void)state;
	struct topo *topo = localnet();
	struct diagram_options options = {.cols = 98, .rows = 18, .group = DIAGRAM_BY_NODE, .legend = true};
	struct diagram_flow flow = {.id = "db",
	                            .from = "data-consumer/vm-workload",
	                            .to = "turtle-db",
	                            .port = "tcp/5432",
	                            .note = "3 packets dropped",
	                            .state = DIAGRAM_FLOW_BLOCKED};
	struct diagram *diagram = diagram_draw(topo, &flow, 1, &options);
	char *text = text_of(diagram);
	assert_int_equal(count(text, "▐ breth0 ▌"), 2);
	assert_shows(text, "▐ podman1 · VLAN 123 ▌");
	assert_shows(text, "▣ vm-workload");
	assert_shows(text, "eth1 192.168.200.20 cloud-init");
	assert_shows(text, "┌─ data-adapter ─");
	assert_shows(text, "✗ tcp/5432");
	assert_shows(text, "▼");
	assert_string_equal(diagram->hidden, "");
	assert_sound(topo, diagram, &options);
	free(text);
	diagram_destroy(diagram);

	free(topo->bridges.data[0].mappings);
	topo->bridges.data[0].mappings = mem_strdup("other:br9");
	diagram = diagram_draw(topo, NULL, 0, &options);
	text = text_of(diagram);
	assert_int_equal(count(text, "▐ breth0 ▌"), 1);
	assert_int_equal(count(text, "▐ ○ bridge? ▌"), 1); /* nobody has told */
	free(text);
	diagram_destroy(diagram);

	struct topo_bridge *bridge = &topo->bridges.data[0];
	free(bridge->mappings);
	free(bridge->name);
	free(bridge->problem);
	*bridge =
	        (struct topo_bridge){0, mem_strdup(""), mem_strdup("data-net:"), TOPO_FAILED, mem_strdup("it is lost")};
	diagram = diagram_draw(topo, NULL, 0, &options);
	text = text_of(diagram);
	assert_int_equal(count(text, "▐ breth0 ▌"), 1);
	assert_int_equal(count(text, "▐ ✗ no mapping ▌"), 1);
	assert_shows(text, "✗ it is lost");
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_second_network_is_another_line(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	size_t orange = put_network(topo, "orange-network", CNI_LAYER3, "10.128.0.0/16/24");
	put_attachment(topo, 1, orange, "net2", "10.128.1.2");
	put_attachment(topo, 2, orange, "net2", "10.128.2.2");
	struct diagram_options options = {.cols = 110, .rows = 26};
	struct diagram *diagram = draw(topo, 110, 26, NULL, 0);
	char *text = text_of(diagram);
	assert_shows(text, "orange-network");
	assert_shows(text, "═");
	assert_shows(text, "╫"); /* it crosses the first one, and visibly */
	assert_int_equal(count(text, "╥"), 2);
	assert_int_equal(role_of(diagram, 0x2550), ROLE_SECONDARY_2);
	assert_sound(topo, diagram, &options);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_more_than_fits_is_folded(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	for (int i = 0; i < 38; i++) {
		char name[32];
		snprintf(name, sizeof name, "extra-%02d", i);
		size_t workload = put_workload(topo, TOPO_POD, "tenantblue", name, TOPO_NONE);
		put_attachment(topo, workload, 1, "net1", "192.168.200.99");
	}
	struct diagram_options options = {.cols = 98, .rows = 14};
	struct diagram *diagram = diagram_draw(topo, NULL, 0, &options);
	size_t n_shown = diagram->hits.len, n_hidden = topo->workloads.len - n_shown;
	char *text = text_of(diagram), *fold = mem_printf("… and %zu more", n_hidden),
	     *words = mem_printf("%zu more pods in tenantblue", n_hidden);
	assert_true(n_shown >= 5);
	assert_shows(text, fold);
	assert_string_equal(diagram->hidden, words);
	free(text);
	free(fold);
	free(words);
	diagram_destroy(diagram);

	options.focus = "tenantblue/extra-31";
	diagram = diagram_draw(topo, NULL, 0, &options);
	text = text_of(diagram);
	assert_shows(text, "extra-31");
	assert_int_equal(role_of(diagram, 0x250f), ROLE_FOCUS);
	assert_sound(topo, diagram, &options);
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_too_small_says_so(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram *diagram = draw(topo, 24, 3, NULL, 0);
	char *text = text_of(diagram);
	assert_shows(diagram->hidden, "green-network");
	assert_shows(diagram->hidden, "1 more workload");
	assert_shows(text, "● blue-server");
	free(text);
	diagram_destroy(diagram);
	diagram = draw(topo, 1, 1, NULL, 0);
	assert_true(diagram->hidden[0]);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_nothing_at_all(void **state)
{
	(void)state;
	struct topo *topo = mem_alloc(sizeof *topo);
	for (int size = 1; size < 60; size += 7) {
		struct diagram *diagram = draw(topo, size, size, NULL, 0);
		assert_int_equal(diagram->hits.len, 0);
		diagram_destroy(diagram);
	}
	topo_destroy(topo);
}

static void test_ascii(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	struct diagram_flow flow = {.id = "b",
	                            .from = "tenantblue/podclient",
	                            .to = "tenantyellow/yellow-server",
	                            .port = "tcp/9000",
	                            .note = "",
	                            .state = DIAGRAM_FLOW_OK};
	for (int s = DIAGRAM_FLOW_UNTRIED; s <= DIAGRAM_FLOW_FAILED; s++) {
		flow.state = (enum diagram_flow_state)s;
		struct diagram_options options = {.cols = 98, .rows = 14, .ascii = true, .legend = true, .tick = 3};
		struct diagram *diagram = diagram_draw(topo, &flow, 1, &options);
		char *text = text_of(diagram);
		for (const char *at = text; *at; at++)
			if ((unsigned char)*at >= 0x80)
				fail_msg("not ASCII: %s", text);
		assert_shows(text, "^");
		free(text);
		diagram_destroy(diagram);
	}
	topo_destroy(topo);
}

/* Hostile texts: nothing of them reaches the terminal raw, nothing breaks the picture. */
static void test_hostile_names(void **state)
{
	(void)state;
	struct topo *topo = overlay();
	free(topo->workloads.data[0].name);
	topo->workloads.data[0].name = mem_strdup("\x1b[31mred\x1b[0m\n\xff\xfe│▐▌");
	free(topo->attachments.data[1].address);
	topo->attachments.data[1].address =
	        mem_strdup("\x1b]0;title\a999.999.999.999 and much more than an address ever is");
	struct diagram *diagram = draw(topo, 98, 14, NULL, 0);
	char *text = text_of(diagram);
	assert_null(strchr(text, 0x1b));
	assert_null(strchr(text, '\a'));
	free(text);
	diagram_destroy(diagram);
	topo_destroy(topo);
}

static void test_every_size(void **state)
{
	(void)state;
	struct topo *topos[] = {overlay(), localnet()};
	for (int cols = 1; cols <= 200; cols += cols < 90 ? 3 : 11)
		for (int rows = 1; rows <= 60; rows += rows < 24 ? 1 : 6)
			for (int t = 0; t < 2; t++) {
				struct diagram_options options = {.cols = cols,
				                                  .rows = rows,
				                                  .group = t ? DIAGRAM_BY_NODE : DIAGRAM_BY_NAMESPACE};
				struct diagram *diagram = diagram_draw(topos[t], NULL, 0, &options);
				assert_int_equal(diagram->canvas->cols, cols);
				assert_int_equal(diagram->canvas->rows, rows);
				assert_sound(topos[t], diagram, &options);
				diagram_destroy(diagram);
			}
	topo_destroy(topos[0]);
	topo_destroy(topos[1]);
}

static void test_random_graphs(void **state)
{
	(void)state;
	size_t n_pictures = 0, n_lists = 0;
	for (unsigned seed = 1; seed <= 250; seed++) {
		uint8_t data[700];
		uint64_t x = seed * 2654435761u;
		for (size_t i = 0; i < sizeof data; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			data[i] = (uint8_t)(x >> 33);
		}
		struct bytes bytes = {data, sizeof data, 0};
		struct diagram_options options = {.cols = 20 + (int)bytes_next(&bytes, 180),
		                                  .rows = 8 + (int)bytes_next(&bytes, 60),
		                                  .group = seed % 3 ? DIAGRAM_BY_NAMESPACE : DIAGRAM_BY_NODE,
		                                  .focus = seed % 4 ? NULL : "w1",
		                                  .tick = (int)seed % 5};
		struct topo *topo = graph_of(&bytes);
		struct flow_ids flows;
		flows_of(&bytes, topo, &flows);
		struct diagram *one = diagram_draw(topo, flows.flows, flows.n, &options);
		struct diagram *other = diagram_draw(topo, flows.flows, flows.n, &options);
		assert_true(canvas_same(one->canvas, other->canvas));
		assert_sound(topo, one, &options);
		*(strstr(one->hidden, "too small") ? &n_lists : &n_pictures) += 1;
		diagram_destroy(one);
		diagram_destroy(other);
		graph_destroy(topo);
	}
	assert_true(n_pictures > 3 * n_lists); /* else this would test little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_talk_layout),
	        cmocka_unit_test(test_blocked_flow_is_broken),
	        cmocka_unit_test(test_untried_flow_is_thin),
	        cmocka_unit_test(test_packets_move_only_under_way),
	        cmocka_unit_test(test_many_flows_become_a_list),
	        cmocka_unit_test(test_planned_is_dim_and_dotted),
	        cmocka_unit_test(test_problems_are_told),
	        cmocka_unit_test(test_localnet_by_node),
	        cmocka_unit_test(test_second_network_is_another_line),
	        cmocka_unit_test(test_more_than_fits_is_folded),
	        cmocka_unit_test(test_too_small_says_so),
	        cmocka_unit_test(test_nothing_at_all),
	        cmocka_unit_test(test_ascii),
	        cmocka_unit_test(test_hostile_names),
	        cmocka_unit_test(test_every_size),
	        cmocka_unit_test(test_random_graphs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
