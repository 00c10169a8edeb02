/* test_ui: key names and the keymap, layouts of every size, and the views on scenes made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/ui.h"
#include "ui/keymap.h"
#include "ui/scene.h"

/* ---- a scene by hand ---- */
static struct scenario_stage stages[3];
static enum play_state states[3];
static struct scenario_act act;
static struct scene scene;
static struct view_state view;
static char *namespaces[] = {NULL};

static int make_scene(void **state)
{
	(void)state;
	static char title[] = "Overlay", name[] = "overlay", first[] = "Create the namespaces",
	            second[] = "One network, attached in both", third[] = "Reach both servers from the client",
	            id[] = "a", manifest_name[] = "01-netconfig.yaml",
	            manifest[] = "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition # a "
	                         "network\nmetadata:\n  name: \"x\"\n---\n- item\n";
	memset(&act, 0, sizeof act);
	memset(stages, 0, sizeof stages);
	act.title = title;
	act.name = name;
	act.namespaces.data = namespaces;
	char *titles[] = {first, second, third};
	for (size_t i = 0; i < 3; i++) {
		stages[i].id = id;
		stages[i].title = titles[i];
		states[i] = PLAY_PENDING;
	}
	stages[1].action = SCENARIO_APPLY;
	stages[1].manifest_name = manifest_name;
	stages[1].manifest_text = manifest;
	stages[2].persona = SCENARIO_OWNER;
	act.stages.data = stages;
	act.stages.len = 3;
	scene = (struct scene){
	        .act = &act,
	        .states = states,
	        .has_show = true,
	        .message = "",
	        .failure = "",
	        .context = "lab",
	        .badge = BADGE_LIVE,
	        .stale_since = "14:02:11",
	        .cluster_problem = "",
	        .elapsed_ms = 7 * 60000 + 12000,
	};
	view = (struct view_state){.line_text = "",
	                           .completions = "",
	                           .notice = "",
	                           .filter = "",
	                           .escape_key = "F12",
	                           .told = "",
	                           .help_topic = ""};
	return 0;
}

static char *painted(int cols, int rows)
{
	struct layout layout;
	struct canvas *canvas = canvas_create(cols, rows);
	struct str out = {0};
	layout_compute(cols, rows, &view, &layout);
	frame_paint(canvas, &layout, &scene, &view);
	canvas_text(canvas, &out);
	canvas_destroy(canvas);
	return str_take(&out);
}

static void expect(int cols, int rows, const char *const *wanted)
{
	char *text = painted(cols, rows);
	for (; *wanted; wanted++)
		if (!strstr(text, *wanted)) {
			print_error("not there: %s\n%s", *wanted, text);
			fail();
		}
	free(text);
}

static void expect_absent(int cols, int rows, const char *unwanted)
{
	char *text = painted(cols, rows);
	if (strstr(text, unwanted)) {
		print_error("there: %s\n%s", unwanted, text);
		fail();
	}
	free(text);
}
#define EXPECT(cols, rows, ...) expect(cols, rows, (const char *const[]){__VA_ARGS__, NULL})

/* ---- keys ---- */
static void test_key_names(void **state)
{
	(void)state;
	static const char *const names[] = {"space",      "enter",        "pagedown", "f12", "ctrl-l",
	                                    "ctrl-alt-x", "shift-pageup", "?",        "ä",   ":"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct term_key key;
		char back[32];
		assert_true(input_key_parse(names[i], &key));
		input_key_print(key, back);
		assert_string_equal(back, names[i]);
	}
	static const char *const wrong[] = {"", "f13", "f0", "spacebar", "ctrl-", "xx", "\x1b", "alt-ctrl-"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct term_key key;
		assert_false(input_key_parse(wrong[i], &key));
	}
	struct term_key up = {.code = TERM_KEY_UP};
	assert_true(input_key_is_one(up, "up"));
	assert_true(input_key_is_one(up, "  k spacebar  up"));
	assert_false(input_key_is_one(up, "shift-up k upp"));
	assert_false(input_key_is_one(up, " "));
}

static void test_keymap_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_key_rows; i++) {
		char keys[128];
		snprintf(keys, sizeof keys, "%s", key_rows[i].keys);
		char *save = NULL;
		for (char *name = strtok_r(keys, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
			struct term_key key;
			assert_true(input_key_parse(name, &key));
			assert_ptr_equal(key_find(key_rows[i].context, key),
			                 &key_rows[i]); /* no key twice in a context */
		}
	}
	assert_null(key_find(KEYS_STAGE, (struct term_key){.ch = 'x'}));
	assert_null(key_find(KEYS_STAGE, (struct term_key){.ch = 'n', .modifiers = TERM_CTRL}));
}

/* What the acts' texts promise of keys: every letter that stands alone in a hint, and what it is told to do. */
static void check_letters(const char *text)
{
	static const struct {
		char letter;
		const char *command;
	} promised[] = {{'c', "consoles"}, {'i', "type"},    {'f', "flows"},
	                {'e', "explain"},  {'d', "diagram"}, {'z', "zoom"}};
	bool is_command = false;
	for (const char *at = text; *at; at++) {
		bool is_alone = (at == text || strchr(" (", at[-1])) && strchr(" ,;:.)", at[1]);
		is_command ^= *at == '`';
		if (is_command || !is_alone || *at < 'a' + 1 || *at > 'z')
			continue;
		const char *command = NULL;
		for (size_t i = 0; i < sizeof promised / sizeof *promised; i++)
			command = promised[i].letter == *at ? promised[i].command : command;
		const struct key_row *row = key_find(KEYS_STAGE, (struct term_key){.ch = (uint32_t)*at});
		if (!command || !row || !text_equal(row->command, command))
			fail_msg("the key %c is promised for %s, and does %s: %s", *at,
			         command ? command : "nothing known", row ? row->command : "nothing", text);
	}
}

static void test_keys_in_hints(void **state)
{
	(void)state;
	static const char *const environments[] = {"lab", "kind"};
	char *names = scenario_names(NULL), *save = NULL;
	size_t n_hints = 0;
	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		for (size_t e = 0; e < 2; e++) {
			struct scenario_act *loaded = scenario_load(name, environments[e], NULL);
			assert_non_null(loaded);
			for (size_t i = 0; i < loaded->stages.len + loaded->explorations.len; i++) {
				const struct scenario_texts *hints =
				        i < loaded->stages.len
				                ? &loaded->stages.data[i].hints
				                : &loaded->explorations.data[i - loaded->stages.len].mends.hints;
				for (size_t k = 0; k < hints->len; k++)
					check_letters(hints->data[k]);
				n_hints += hints->len;
			}
			scenario_destroy(loaded);
		}
	}
	assert_true(n_hints > 0);
	free(names);
}

/* ---- layout ---- */
static bool is_inside(struct rect area, int cols, int rows)
{
	return area.x >= 0 && area.y >= 0 && area.cols >= 0 && area.rows >= 0 && area.x + area.cols <= cols &&
	       area.y + area.rows <= rows;
}

static bool is_apart(struct rect a, struct rect b)
{
	return !a.rows || !b.rows || a.y + a.rows <= b.y || b.y + b.rows <= a.y || a.x + a.cols <= b.x ||
	       b.x + b.cols <= a.x;
}

static void test_layouts(void **state)
{
	(void)state;
	for (int cols = 1; cols < 260; cols++)
		for (int rows = 1; rows < 90; rows++)
			for (int each = 0; each < 4; each++) {
				struct layout l;
				view.layout = each & 1 ? LAYOUT_ZOOM : LAYOUT_TALK;
				view.front = each & 2 ? PANE_SHELL : PANE_DIAGRAM;
				layout_compute(cols, rows, &view, &l);
				struct rect all[] = {l.title, l.result, l.keys, l.diagram, l.shell};
				for (size_t i = 0; i < 5; i++) {
					assert_true(is_inside(all[i], cols, rows));
					for (size_t j = 0; j < i; j++)
						assert_true(is_apart(all[i], all[j]));
				}
				assert_true(rows < 5 || l.diagram.rows + l.shell.rows >= 1);
				assert_true(l.is_shared == !(l.diagram.rows && l.shell.rows));
			}
}

static void test_layout_choice(void **state)
{
	(void)state;
	struct layout l;
	layout_compute(80, 24, &view, &l);
	assert_true(l.is_shared && l.diagram.rows == 21);
	layout_compute(100, 30, &view, &l);
	assert_false(l.is_shared);
	assert_true(l.shell.rows >= 10 && l.diagram.rows >= 14);
	layout_compute(200, 24, &view, &l);
	assert_true(!l.is_shared && l.diagram.cols == 100 && l.shell.x == 100);
	view.layout = LAYOUT_ZOOM;
	layout_compute(200, 60, &view, &l);
	assert_true(l.is_shared && l.diagram.rows == 57 && !l.shell.rows);
}

/* ---- views ---- */
static void test_title(void **state)
{
	(void)state;
	scene.stage = 2;
	scene.persona = SCENARIO_OWNER;
	EXPECT(100, 30, "Overlay ▸ 3/3 Reach both servers from the client", "WORKLOAD OWNER", "lab", "LIVE", "7 min");
	EXPECT(60, 20, "3/3 ", "OWNER", "LIVE");
	EXPECT(20, 5, "3/3", "LIVE");
	scene.badge = BADGE_STALE;
	EXPECT(100, 30, "STALE since 14:02:11");
	EXPECT(24, 5, "STALE");
	scene.badge = BADGE_PLANNED;
	EXPECT(80, 24, "PLANNED");
	scene.is_read_only = true;
	EXPECT(100, 30, "lab read-only");
}

static void test_bottom(void **state)
{
	(void)state;
	EXPECT(100, 30, "STAGE", "SPACE next", "? help", ": command");
	EXPECT(40, 10, "SPACE next", "? help");
	expect_absent(40, 10, "command");
	states[0] = PLAY_SHOWN;
	EXPECT(80, 24, "SPACE run");
	view.mode = MODE_TERMINAL;
	EXPECT(80, 24, "TERMINAL", "F12 back to the stage");
	EXPECT(30, 6, "TERM", "F12");
	view.mode = MODE_STAGE;
	scene.message = "namespace/tenantblue is not there yet";
	scene.is_problem = true;
	EXPECT(80, 24, "✗ namespace/tenantblue is not there yet");
	EXPECT(40, 6, "✗ namespace/tenantblue");
	view.question = "Undo it?  y yes  n no";
	EXPECT(80, 24, "? Undo it?", "y yes  n no");
	EXPECT(30, 5, "Undo it?  y yes  n no");
	view.question = NULL;
	view.notice = "Layout talk";
	EXPECT(80, 24, "Layout talk");
	view.line = LINE_COMMAND;
	view.line_text = "theme li";
	view.line_at = 8;
	view.completions = "light";
	EXPECT(80, 24, ":theme li   light");
}

static void test_manifest(void **state)
{
	(void)state;
	scene.stage = 1;
	expect_absent(100, 30, "01-netconfig.yaml");
	states[1] = PLAY_SHOWN;
	EXPECT(100, 30, "01-netconfig.yaml", "to be applied", "kind: NetworkAttachmentDefinition # a network",
	       "  name: \"x\"", "- item");
	EXPECT(80, 24, "01-netconfig.yaml");
	view.hides_manifest = true;
	expect_absent(100, 30, "01-netconfig.yaml");
}

static void test_lists(void **state)
{
	(void)state;
	view.popup = POPUP_STAGES;
	states[0] = PLAY_DONE;
	states[1] = PLAY_FAILED;
	EXPECT(100, 30, "✓ Create the namespaces", "✗ One network", "○ Reach both", "WORKLOAD OWNER", "failed");
	static char from[] = "tenantblue/podclient", to[] = "tenantblue/blue-server", port[] = "tcp/9000",
	            id[] = "blue", none[] = "";
	struct scenario_flow plan = {id, from, to, port, none};
	struct play_flow flow = {.plan = &plan,
	                         .state = PLAY_FLOW_BLOCKED,
	                         .note = "3 packets dropped",
	                         .measured = PLAY_TIMED_OUT,
	                         .measured_ms = 5010,
	                         .is_judged = true,
	                         .allowed = {true, false},
	                         .reasons = {"nobody selects it", "blue/deny selects it; none allows it"},
	                         .is_traced = true,
	                         .ovn = "OVN drops it on node1",
	                         .is_counted = true,
	                         .dropped = 3,
	                         .disagrees = "the API means allow"};
	scene.flows = &flow;
	scene.n_flows = 1;
	view.popup = POPUP_FLOWS;
	EXPECT(120, 30, "FLOW", "✗ podclient ─▶ blue-server tcp/9000", "deny (API allow)", "drops",
	       "timed out after 5.01 s 3", "! they disagree: the API means allow");
	EXPECT(80, 24, "policies deny (API allow)", "OVN drops", "3 dropped");
	view.filter = "yellow";
	expect_absent(100, 30, "podclient ─▶");
	view.popup = POPUP_EXPLAIN;
	EXPECT(100, 30, "✗ tenantblue/podclient ─▶ tenantblue/blue-server tcp/9000",
	       "OVN-Kubernetes makes of it: deny. blue/deny selects it; none allows it.",
	       "The API means: allow. nobody selects it.", "OVN drops it on node1",
	       "3 packets dropped at the flow's ends", "what a drop looks like from inside");
	view.popup = POPUP_WHY;
	scene.failure = "expected: yellow-server\nfound: nothing";
	EXPECT(80, 24, "what went wrong", "expected: yellow-server", "found: nothing", "r run it again");
	EXPECT(20, 5, "expected:");
	view.is_blank = true;
	expect_absent(80, 24, "expected");
}

static void test_progress(void **state)
{
	(void)state;
	static const char *const lines[] = {"starting OVN central", "nodes Ready: 2 of 3"};
	scene.has_show = false;
	scene.progress = lines;
	scene.n_progress = 2;
	scene.badge = BADGE_PLANNED;
	EXPECT(100, 30, "on the way to the cluster", "✓ starting OVN central", "◐ nodes Ready: 2 of 3", "PLANNED");
	scene.cluster_problem = "no /dev/net/tun: modprobe tun";
	EXPECT(100, 30, "no /dev/net/tun: modprobe tun");
}

/* No size and no text makes a view write outside its canvas (the sanitizers look) or leave controls in it. */
static void test_any_size(void **state)
{
	(void)state;
	static char hostile[] =
	        "\x1b[31m\xff\xfe 表表表 e\xcc\x81 \xe2\x80\xae\n\t very long very long very long very long very long";
	static const char *const lines[] = {hostile};
	stages[1].title = hostile;
	stages[1].manifest_text = hostile;
	stages[1].manifest_name = hostile;
	act.title = hostile;
	states[1] = PLAY_SHOWN;
	scene.stage = 1;
	scene.message = scene.failure = scene.context = hostile;
	scene.progress = lines;
	scene.n_progress = 1;
	view.notice = view.completions = hostile;
	view.line_text = hostile;
	view.line_at = 20;
	for (int popup = POPUP_NONE; popup < N_POPUPS; popup++) {
		if (popup == POPUP_HELP)
			continue;
		view.popup = (enum ui_popup)popup;
		for (int cols = 1; cols < 130; cols += 3)
			for (int rows = 1; rows < 40; rows += 2) {
				view.line = (cols + rows) % 3 ? LINE_NONE : LINE_COMMAND;
				char *text = painted(cols, rows);
				for (const char *p = text; *p; p++)
					assert_true((unsigned char)*p >= 0x20 || *p == '\n');
				free(text);
			}
	}
}

/* ---- settings ---- */
static bool load_config(const char *text, struct ui_config *config, struct err *err)
{
	char dir[] = "/tmp/onesdn-test-XXXXXX", folder[64], path[96];
	assert_non_null(mkdtemp(dir));
	snprintf(folder, sizeof folder, "%s/onesdn", dir);
	snprintf(path, sizeof path, "%s/config.yaml", folder);
	setenv("XDG_CONFIG_HOME", dir, 1);
	assert_true(file_make_dirs(folder, 0700, NULL));
	if (text)
		assert_true(file_write(path, text, strlen(text), 0600, NULL));
	bool is_good = ui_config_load(config, err);
	unlink(path);
	rmdir(folder);
	rmdir(dir);
	return is_good;
}

static void test_config(void **state)
{
	(void)state;
	struct ui_config config;
	struct err err;
	assert_true(load_config(NULL, &config, &err)); /* no file: what is usual */
	assert_true(!config.theme && !config.layout && !config.escape_key && !config.no_mouse && config.type_ms == -1);
	assert_true(load_config("", &config, &err));
	ui_config_finish(&config);
	assert_true(
	        load_config("theme: light\nlayout: zoom\nescape-key: ctrl-g\nmouse: false\nascii: true\ntype-ms: 30\n",
	                    &config, &err));
	assert_string_equal(config.theme, "light");
	assert_string_equal(config.layout, "zoom");
	assert_string_equal(config.escape_key, "ctrl-g");
	assert_true(config.no_mouse && config.ascii && config.type_ms == 30);
	ui_config_finish(&config);
	static const struct {
		const char *text, *words;
	} wrong[] = {
	        {"theme: dark\nlayuot: talk\n",
	         "config.yaml:2: there is no setting \"layuot\"; the settings are theme"},
	        {"layout: side\n", "config.yaml:1: layout is talk, guided or zoom"},
	        {"theme: 3\n", "config.yaml:1: theme is the name"},
	        {"mouse: maybe\n", "config.yaml:1: mouse is true or false"},
	        {"escape-key: f13\n", "config.yaml:1: escape-key is the name of a key"},
	        {"ascii: true\ntype-ms: 1001\n", "config.yaml:2: type-ms is a number"},
	        {"- theme\n", "config.yaml:1: a config file is"},
	        {"theme: [\n", "config.yaml:"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(load_config(wrong[i].text, &config, &err));
		if (!strstr(err.text, wrong[i].words))
			fail_msg("%s: %s", wrong[i].text, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_config),
	        cmocka_unit_test(test_key_names),
	        cmocka_unit_test(test_keymap_rows),
	        cmocka_unit_test(test_keys_in_hints),
	        cmocka_unit_test_setup(test_layouts, make_scene),
	        cmocka_unit_test_setup(test_layout_choice, make_scene),
	        cmocka_unit_test_setup(test_title, make_scene),
	        cmocka_unit_test_setup(test_bottom, make_scene),
	        cmocka_unit_test_setup(test_manifest, make_scene),
	        cmocka_unit_test_setup(test_lists, make_scene),
	        cmocka_unit_test_setup(test_progress, make_scene),
	        cmocka_unit_test_setup(test_any_size, make_scene),
	};
	return cmocka_run_group_tests_name("ui", tests, NULL, NULL);
}
