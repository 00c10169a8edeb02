/* Scenario files: what a good one gives, and that each mistake is said with file, line, what and cure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/play.h"
#include "onesdn/scenario.h"

static char dir[] = "/tmp/onesdn-scenario-XXXXXX";

static const char good[] = "format: 1\n"
                           "order: 7\n"
                           "title: A test\n"
                           "namespaces: [blue, yellow]\n"
                           "vars:\n"
                           "  server_ip: {pod: blue/server, address-on: green}\n"
                           "  version: v1.2\n"
                           "flows:\n"
                           "  - {id: one, from: blue/client, to: blue/server, port: tcp/9000}\n"
                           "stages:\n"
                           "  - id: objects\n" /* line 11 */
                           "    title: Make them\n"
                           "    as: cluster-admin\n"
                           "    minutes: 1.5\n"
                           "    apply: objects.yaml\n"
                           "    check:\n"
                           "      - {exists: pod/server, in: blue}\n" /* line 17 */
                           "      - {network: green, in: [blue]}\n"
                           "    undo: kubectl delete -f objects.yaml\n"
                           "  - id: reach\n" /* line 20 */
                           "    title: Reach it\n"
                           "    as: workload-owner\n"
                           "    run: |\n"
                           "      curl {server_ip}:9000\n"
                           "    seen: one\n"
                           "    within: 1m30s\n"
                           "    check:\n"
                           "      - {output: server}\n"
                           "      - {output-matches: '^s.*r$'}\n"
                           "      - {exit: 0}\n"
                           "      - {ready: pods, in: [blue], within: 500ms}\n"
                           "      - {address: blue/server, on: green}\n"
                           "      - {gone: namespace/yellow}\n"
                           "      - {condition: Ready, of: pod/blue/server}\n"
                           "      - {field: 'status.phase', of: pod/server, in: blue, equals: Running}\n"
                           "  - id: look\n"
                           "    title: Look\n"
                           "    picture: true\n"
                           "    hints: [Look up., Look down.]\n";

static const char objects[] =
        "apiVersion: k8s.cni.cncf.io/v1\n"
        "kind: NetworkAttachmentDefinition\n"
        "metadata: {name: net, namespace: blue}\n"
        "spec:\n"
        "  config: '{\"cniVersion\": \"0.3.1\", \"name\": \"green\", \"netAttachDefName\": \"blue/net\", \"topology\": \"layer2\",\n"
        "    \"subnets\": \"192.168.200.0/24\", \"type\": \"ovn-k8s-cni-overlay\"}'\n"
        "---\n"
        "apiVersion: v1\n"
        "kind: PodList\n"
        "items:\n"
        "  - {apiVersion: v1, kind: Pod, metadata: {name: client, namespace: blue}}\n"
        "  - {apiVersion: v1, kind: Pod, metadata: {name: server, namespace: blue}}\n";

static char *in_dir(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
	char *path = in_dir(name);
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
	free(path);
}

static struct scenario_act *load(const char *text, const char *environment, struct err *err)
{
	char *path = in_dir("t.scenario.yaml");
	write_file("t.scenario.yaml", text);
	struct scenario_act *act = scenario_load(path, environment, err);
	free(path);
	return act;
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	write_file("objects.yaml", objects);
	write_file("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: [}\n");
	write_file("no-name.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {namespace: blue}\n");
	write_file("empty.yaml", "# nothing\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	static const char *const names[] = {"objects.yaml",   "broken.yaml",     "no-name.yaml",      "empty.yaml",
	                                    "wrong-nad.yaml", "t.scenario.yaml", "base.scenario.yaml"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = in_dir(names[i]);
		unlink(path);
		free(path);
	}
	return rmdir(dir);
}

static void test_good(void **state)
{
	(void)state;
	struct err err = {0};
	struct scenario_act *act = load(good, "lab", &err);
	if (!act)
		fail_msg("%s", err.text);
	assert_string_equal(act->name, "t");
	assert_string_equal(act->title, "A test");
	assert_string_equal(act->summary, "");
	assert_string_equal(act->warnings, "");
	assert_int_equal(act->namespaces.len, 2);
	assert_null(act->namespaces.data[2]);
	assert_int_equal(act->planned.len, 3);
	assert_int_equal(act->stages.len, 3);
	assert_int_equal(act->flows.len, 1);
	const struct scenario_stage *stage = &act->stages.data[0];
	assert_int_equal(stage->line, 11);
	assert_int_equal(stage->action, SCENARIO_APPLY);
	assert_int_equal(stage->minutes_ms, 90000);
	assert_string_equal(stage->command, "kubectl apply -f objects.yaml");
	assert_string_equal(stage->manifest_text, objects);
	assert_true(stage->changes && stage->has_undo && !stage->is_cleanup);
	stage = &act->stages.data[1];
	assert_int_equal(stage->persona, SCENARIO_OWNER);
	assert_string_equal(stage->command, "curl {server_ip}:9000");
	assert_false(stage->changes);
	const struct scenario_stage *script = &act->stages.data[1];
	assert_int_equal(script->checks.len, 8);
	assert_int_equal(script->checks.data[0].within_ms, 90000);
	assert_int_equal(script->checks.data[3].within_ms, 500);
	assert_string_equal(script->checks.data[6].expected, "True");
	assert_string_equal(script->checks.data[6].name, "server");
	assert_int_equal(act->stages.data[2].action, SCENARIO_PICTURE);
	assert_int_equal(act->stages.data[2].hints.len, 2);
	assert_string_equal(act->stages.data[2].hints.data[1], "Look down.");
	struct scenario_texts commands = {0};
	assert_true(scenario_hint_commands("`ls` lists them, `cat {file}`", &commands));
	assert_int_equal(commands.len, 2);
	assert_string_equal(commands.data[1], "cat {file}");
	assert_false(scenario_hint_commands("`ls` lists them, `cat", NULL));
	scenario_texts_finish(&commands);
	assert_int_equal(act->stages.data[0].hints.len, 0);
	assert_true(act->kinds & (1u << KUBE_POD));
	assert_false(act->kinds & (1u << KUBE_VM));
	scenario_destroy(act);
}

/* ---- every mistake: the good file with one thing changed, and what is to be said of it ---- */

static const struct mistake {
	const char *was, *is, *said;
} mistakes[] = {
        {"format: 1\n", "", ":1: a scenario has no \"format\"; give it 1"},
        {"format: 1", "format: 2", ":1: this version reads format 1, the file has 2; use the onesdn"},
        {"format: 1", "format: one", ":1: \"format\" must be 1, not a text"},
        {"order: 7", "order: -1", ":2: \"order\" must be a number: the act's place in the show"},
        {"order: 7", "ordr: 7", ":2: a scenario has no key \"ordr\"; did you mean \"order\"?"},
        {"order: 7", "xyzzyxyzzy: 7", "a scenario has no key \"xyzzyxyzzy\"; its keys are format, order, title"},
        {"title: A test", "title: [a]", ":3: \"title\" must be one line of text, not a list"},
        {"namespaces: [blue, yellow]", "namespaces: blue", ":4: \"namespaces\" must be a list of the namespaces"},
        {"namespaces: [blue, yellow]", "namespaces: [Blue, yellow]", ":4: \"Blue\" cannot be a namespace; use a-z"},
        {"order: 7", "diagram: {group-by: color}",
         ":2: a diagram cannot be grouped by \"color\"; use namespace or node"},
        {"hints: [Look up., Look down.]", "hints: {a: b}",
         ":39: there is no environment \"a\" to run in; use kind and lab"},
        {"hints: [Look up., Look down.]", "hints: [Look up., 'Type `ls']",
         ":39: a backquote is not closed in the hint"},
        {"hints: [Look up., Look down.]", "hints: ['`echo {blu_ip}`']", "there is no variable {blu_ip}"},
        {"hints: [Look up., Look down.]", "hints: [a, b, c, d, e, f, g, h, i]", ":39: a stage has at most 8 hints"},
        {"hints: [Look up., Look down.]", "hints: ['']", ":39: \"hints\" must be a hint"},
        {"order: 7", "explore: {a: b}", ":2: \"explore\" must be a list of explorations, not a mapping"},
        {"order: 7", "explore: [{id: x, title: X, task: t, break: a, mend: b}]",
         ":2: an exploration has no \"check\"; give it a list of checks"},
        {"order: 7", "explore: [{id: x, title: X, task: t, break: a, mend: b, check: []}]",
         ":2: nothing tells whether it is mended"},
        {"order: 7", "explore: [{id: x, title: X, task: t, brake: a, mend: b, check: []}]",
         ":2: an exploration has no key \"brake\"; did you mean \"break\"?"},
        {"order: 7", "explore: [{id: x, title: X, task: t, break: a, mend: b, check: [{output: y}]}]",
         ":2: it may be mended by hand"},
        {"order: 7",
         "explore: [{id: x, title: X, task: t, break: 'a {no}', mend: b, check: [{network: green, in: blue}]}]",
         ":2: there is no variable {no}"},
        {"{network: green, in: [blue]}", "{network: green, in: [blue], vlan: 5000}",
         ":18: \"vlan\" must be a VLAN's number, 1 to 4094"},
        {"{network: green, in: [blue]}", "{mapped: grin}", ":18: no manifest of this act has a network \"grin\""},
        {"address-on: green}", "address: green}",
         ":6: a variable has no key \"address\"; did you mean \"address-on\"?"},
        {"pod: blue/server,", "pod: blue/sever,",
         ":6: the variable's \"pod\" is \"blue/sever\", which no manifest of this act promises; did you mean blue/server"},
        {"address-on: green", "address-on: grin",
         ":6: no manifest of this act has a network \"grin\"; did you mean green"},
        {"  version: v1.2", "  Version: v1.2", ":7: \"Version\" cannot be a variable; use a-z"},
        {"  version: v1.2", "  version: [1]", ":7: a variable must be a text, or {pod:"},
        {"from: blue/client", "from: blue/clint",
         ":9: the flow's \"from\" is \"blue/clint\", which no manifest of this act promises; did you mean blue/client"},
        {"to: blue/server,", "to: elsewhere,", ":9: the flow's \"to\" is \"elsewhere\", which no manifest"},
        {"port: tcp/9000", "port: 9000", ":9: \"9000\" is no port; write it like tcp/9000"},
        {"port: tcp/9000", "port: tcp/90000", ":9: \"tcp/90000\" is no port"},
        {"stages:\n", "  - {id: one, from: blue/client, to: 192.168.200.4, port: icmp}\nstages:\n",
         ":10: there is a flow \"one\" already"},
        {"id: reach", "id: objects", ":20: there is a stage \"objects\" already, at line 11; give this one another id"},
        {"id: reach", "id: Reach it", ":20: \"Reach it\" cannot be an id"},
        {"as: workload-owner", "as: workload-oner",
         ":22: there is no persona \"workload-oner\"; did you mean workload-owner"},
        {"minutes: 1.5", "minutes: long", ":14: \"minutes\" must be a number from 0 to 600, not a text"},
        {"    picture: true\n", "",
         ":36: the stage does nothing; give it one of run, apply, console, what-if, picture: true"},
        {"    picture: true\n", "    picture: true\n    run: date\n",
         ":36: the stage has both \"picture\" and \"run\"; make two stages"},
        {"    picture: true\n", "    console: blue/vn\n",
         ":38: \"console\" is \"blue/vn\", which no manifest of this act promises as a virtual machine; write NAMESPACE/NAME"},
        {"    picture: true\n", "    console: [a]\n",
         ":38: \"console\" must be a virtual machine, NAMESPACE/NAME, not a list"},
        {"    picture: true\n", "    picture: true\n    type: date\n",
         ":39: \"type\" is for a virtual machine's console; add console: NAMESPACE/NAME"},
        {"    picture: true\n", "    console: blue/vm\n    run: date\n",
         ":36: the stage has both \"console\" and \"run\"; make two stages"},
        {"    picture: true\n", "    console: blue/vm\n    type: date\n    send: x\n",
         ":40: the stage has both \"type\" and \"send\"; make two stages"},
        {"    picture: true\n", "    console: blue/vm\n    type: [a]\n", ":39: \"type\" must be a text without tabs"},
        {"    picture: true\n", "    console: blue/vm\n    type: '# no'\n",
         ":39: there is no command in \"type\"; write one"},
        {"    picture: true\n", "    console: blue/vm\n    type: |\n      for i in a; do\n      echo; done\n",
         ":39: a command on a console is one line"},
        {"    picture: true\n", "    console: blue/vm\n    type: 'curl {sever_ip}'\n",
         "there is no variable {sever_ip}; did you mean {server_ip}?"},
        {"    picture: true\n", "    console: blue/vm\n    type: date\n    check: [{exit: 0}]\n",
         ":40: a console does not tell how a command ended"},
        {"    picture: true\n", "    console: blue/vm\n    check: [{output: x}]\n",
         ":39: the stage has no command to check the result of"},
        {"    picture: true\n", "    console: blue/vm\n    login: fedora\n",
         ":39: \"login\" must be a mapping such as {user: fedora, password: fedora}"},
        {"    picture: true\n", "    console: blue/vm\n    login: {user: fedora}\n",
         ":39: \"login\" has no \"password\""},
        {"    picture: true\n", "    console: blue/vm\n    login: {user: a, password: b}\n    expect: x\n",
         ":36: a login ends at the shell's prompt"},
        {"    picture: true\n", "    console: blue/vm\n    send: {key: f13}\n",
         ":39: there is no key \"f13\"; use enter, escape"},
        {"    picture: true\n", "    console: blue/vm\n    send: {kye: enter}\n",
         ":39: \"send\" has no key \"kye\"; did you mean \"key\"?"},
        {"    picture: true\n", "    console: blue/vm\n    expect: {pattern: '('}\n",
         ":39: \"(\" is no extended regular expression:"},
        {"    picture: true\n", "    console: blue/vm\n    expect: {within: 3s}\n",
         ":39: \"expect\" must be a text, or one of {text: TEXT} and {pattern: REGEX}"},
        {"    picture: true\n", "    console: blue/vm\n    expect: {text: x, within: soon}\n",
         ":39: \"within\" must be a duration such as 30s or 2m, not a text"},
        {"    picture: true\n", "    run: date\n    on: mars\n", ":39: \"on\" must be host"},
        {"    picture: true\n", "    picture: true\n    on: host\n", ":36: on: host is for what a cluster-admin runs"},
        {"    picture: true\n", "    run: date\n    as: workload-owner\n    on: host\n",
         ":36: on: host is for what a cluster-admin runs"},
        {"vars:\n", "hosts: [{name: db, address: 1.2.3.4, network: green, there-after: reech}]\nvars:\n",
         ":5: there is no stage \"reech\""},
        {"vars:\n", "hosts: [{name: db, address: 1.2.3.4, network: grin, there-after: reach}]\nvars:\n",
         ":5: no manifest of this act has a network \"grin\""},
        {"vars:\n", "hosts: [{name: db, address: here, network: green, there-after: reach}]\nvars:\n",
         ":5: \"here\" is no address"},
        {"vars:\n",
         "hosts: [{name: db, address: 1.2.3.4, network: green, there-after: reach, watch: {kind: a, lap: b}}]\nvars:\n",
         ":5: there is no environment \"lap\""},
        {"vars:\n",
         "hosts: [{name: db, address: 1.2.3.4, network: green, there-after: reach, watch: {kind: a}}]\nvars:\n",
         ":5: the host's watch has no command for \"lab\""},
        {"vars:\n", "hosts: [{name: db, address: 1.2.3.4, network: green, there-after: reach, watch: [a]}]\nvars:\n",
         ":5: a host's \"watch\" is shell text"},
        {"vars:\n", "hosts: [{name: a/b, address: 1.2.3.4, network: green, there-after: reach}]\nvars:\n",
         ":5: \"a/b\" cannot be a host's name"},
        {"    picture: true\n", "    run: {kind: date}\n",
         ":38: the stage has no command for \"lab\"; add lab: COMMAND"},
        {"    picture: true\n", "    run: {lab: date, mars: date}\n",
         ":38: there is no environment \"mars\" to run in; use kind and lab"},
        {"    picture: true\n", "    run: \"a\\tb\"\n",
         ":38: \"run\" must be a text without tabs and control characters"},
        {"    picture: true\n", "    run: '# nothing'\n", "there is no command in \"run\""},
        {"    picture: true\n", "    picture: true\n    check: [{output: x}]\n",
         ":39: the stage has no command to check the result of"},
        {"curl {server_ip}", "curl {sever_ip}", ":23: there is no variable {sever_ip}; did you mean {server_ip}?"},
        {"    picture: true\n", "    picture: true\n    skip-if-done: true\n",
         "nothing tells whether the stage is done already; add done-if: COMMAND"},
        {"    picture: true\n", "    picture: true\n    skip-if-done: yeah\n",
         "\"skip-if-done\" must be true or false"},
        {"    picture: true\n", "    picture: true\n    done-if: test {sever_ip}\n",
         "there is no variable {sever_ip}; did you mean {server_ip}?"},
        {"    picture: true\n", "    picture: true\n    done-if: {kind: date}\n",
         "the stage's done-if has no command for \"lab\"; add lab: COMMAND"},
        {"seen: one", "seen: on", ":20: there is no flow \"on\"; did you mean one"},
        {"seen: one", "seen: [one, one]", ":20: \"seen\" names 2 flows, but the stage has 1 commands"},
        {"within: 1m30s", "within: soon", ":26: \"within\" must be a duration such as 30s or 2m, not a text"},
        {"{exists: pod/server, in: blue}", "{exist: pod/server, in: blue}",
         ":17: there is no check \"exist\"; did you mean \"exists\"?"},
        {"{exists: pod/server, in: blue}", "{frobnicate: 1}", ":17: this is no check; use one of exists"},
        {"{exists: pod/server, in: blue}", "{exists: pods/server, in: bleu}",
         ":17: \"bleu\" is not among the act's namespaces; did you mean blue"},
        {"{exists: pod/server, in: blue}", "{exists: pod/server}", ":17: a pod is in a namespace; add in: NAMESPACE"},
        {"{exists: pod/server, in: blue}", "{exists: pod, in: blue}", ":17: \"pod\" names no object; write pod/NAME"},
        {"{exists: pod/server, in: blue}", "{exists: podd/server, in: blue}",
         ":17: \"podd\" is no kind that is watched; did you mean pod"},
        {"{exists: pod/server, in: blue}", "{exists: namespace/blue, in: blue}",
         ":17: a namespace is in no namespace; take \"in\" away"},
        {"{exists: pod/server, in: blue}", "{exists: pod/server, in: blue, with: 1}",
         ":17: the check \"exists\" has no key \"with\"; did you mean \"within\"?"},
        {"{network: green, in: [blue]}", "{network: gren, in: [blue]}",
         ":18: no manifest of this act has a network \"gren\""},
        {"{network: green, in: [blue]}", "{network: green}",
         ":18: the check \"network\" has no \"in\"; give it a namespace"},
        {"{address: blue/server, on: green}", "{address: server, on: green}",
         ":32: \"server\" is no workload; write NAMESPACE/NAME"},
        {"{output-matches: '^s.*r$'}", "{output-matches: '('}", ":29: \"(\" is no extended regular expression:"},
        {"{exit: 0}", "{exit: 256}", ":30: \"exit\" must be an exit status, 0 to 255, not a number"},
        {"field: 'status.phase'", "field: 'status..phase'", ":35: \"status..phase\" is no path to a field"},
        {"apply: objects.yaml", "apply: nowhere.yaml", ":15: the manifest cannot be read:"},
        {"apply: objects.yaml", "apply: broken.yaml", "/broken.yaml:3: "},
        {"apply: objects.yaml", "apply: no-name.yaml",
         "/no-name.yaml:1: this is not a Kubernetes object; give it apiVersion, kind and metadata.name"},
        {"apply: objects.yaml", "apply: empty.yaml", "/empty.yaml:1: there is no object in this manifest"},
        {"title: A test", "title: 'A", ":3: this is no YAML: "},
        {"title: A test", "title: A test\ntitle: B", "the key \"title\" is there twice"},
        {"order: 7", "promises: [nowhere.yaml]", ":2: the manifest cannot be read:"},
};

static char *changed(const char *was, const char *is)
{
	const char *at = strstr(good, was);
	if (!at)
		fail_msg("the good file has no \"%s\"", was);
	return mem_printf("%.*s%s%s", (int)(at - good), good, is, at + strlen(was));
}

static void test_mistakes(void **state)
{
	(void)state;
	size_t n_bad = 0;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		struct err err = {0};
		char *text = changed(mistakes[i].was, mistakes[i].is);
		struct scenario_act *act = load(text, "lab", &err);
		bool names_file = strstr(err.text, dir) != NULL;
		if (act || !strstr(err.text, mistakes[i].said) || !names_file) {
			print_error("%s -> %s\n  want: %s\n  have: %s\n", mistakes[i].was, mistakes[i].is,
			            mistakes[i].said, act ? "(no mistake)" : err.text);
			n_bad++;
		}
		scenario_destroy(act);
		free(text);
	}
	assert_int_equal(n_bad, 0);
}

static void test_all_mistakes_at_once(void **state)
{
	(void)state;
	struct err err = {0};
	assert_null(
	        load("format: 1\ntitel: x\nnamespaces: [a]\nstages:\n  - {id: a, title: A, rum: date}\n", "lab", &err));
	assert_non_null(strstr(err.text, ":2: a scenario has no key \"titel\"; did you mean \"title\"?\n"));
	assert_non_null(strstr(err.text, ":1: a scenario has no \"title\""));
	assert_non_null(strstr(err.text, ":5: a stage has no key \"rum\"; did you mean \"run\"?"));
	struct str many = {0};
	str_append(&many, "format: 1\ntitle: x\nnamespaces: [a]\nstages:\n");
	for (int i = 0; i < 60; i++)
		str_append_f(&many, "  - {id: s%d, title: A, nonsense: date}\n", i);
	assert_null(load(str_text(&many), "lab", &err));
	assert_non_null(strstr(err.text, " more mistakes"));
	assert_true(strlen(err.text) < ERR_TEXT_MAX - 1);
	str_finish(&many);
}

static void test_warnings(void **state)
{
	(void)state;
	struct err err = {0};
	char *text = changed("    undo: kubectl delete -f objects.yaml\n", "");
	struct scenario_act *act = load(text, "lab", &err);
	assert_non_null(act);
	assert_non_null(strstr(
	        act->warnings,
	        ":11: the stage \"objects\" changes something and has no undo; add undo: COMMAND, or changes: false\n"));
	scenario_destroy(act);
	free(text);
	text = changed("    undo: kubectl delete -f objects.yaml\n", "    changes: false\n");
	act = load(text, "lab", &err);
	assert_string_equal(act->warnings, "");
	scenario_destroy(act);
	free(text);
	struct str nad = {0};
	const char *at = strstr(objects, "blue/net");
	str_append_f(&nad, "%.*sblue/other%s", (int)(at - objects), objects, at + strlen("blue/net"));
	write_file("wrong-nad.yaml", str_text(&nad));
	str_finish(&nad);
	text = changed("apply: objects.yaml", "apply: wrong-nad.yaml");
	act = load(text, "lab", &err);
	assert_non_null(act);
	assert_non_null(strstr(
	        act->warnings,
	        "the network attachment blue/net will not work: net-attach-def name (blue/net) is inconsistent with config (blue/other)"));
	scenario_destroy(act);
	free(text);
}

static void test_environment(void **state)
{
	(void)state;
	struct err err = {0};
	char *text = changed("    picture: true\n", "    run:\n      kind: echo kind\n      lab: echo lab\n");
	struct scenario_act *act = load(text, "kind", &err);
	assert_string_equal(act->stages.data[2].command, "echo kind");
	scenario_destroy(act);
	act = load(text, "lab", &err);
	assert_string_equal(act->stages.data[2].command, "echo lab");
	scenario_destroy(act);
	free(text);
}

static void test_shipped(void **state)
{
	(void)state;
	struct err err = {0};
	char *names = scenario_names(&err);
	assert_non_null(names);
	assert_true(text_has_prefix(names, "overlay"));
	char *rest = names, *name;
	while ((name = strsep(&rest, " "))) {
		static const char *const environments[] = {"lab", "kind"};
		for (size_t i = 0; i < 2; i++) {
			struct scenario_act *act = scenario_load(name, environments[i], &err);
			if (!act)
				fail_msg("%s", err.text);
			assert_string_equal(act->warnings, "");
			scenario_destroy(act);
		}
	}
	free(names);
	assert_null(scenario_load("overlai", "lab", &err));
	assert_string_equal(err.text, "there is no act \"overlai\"; did you mean \"overlay\"?");
	assert_null(scenario_load("quite-another", "lab", &err));
	assert_non_null(strstr(err.text, "there are: overlay"));
	assert_null(scenario_load("/nowhere/x.scenario.yaml", "lab", &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* ---- shell text ---- */

static void test_commands(void **state)
{
	(void)state;
	static const struct {
		const char *block, *commands; /* one a '|'-separated part */
	} cases[] = {
	        {"a\nb\n", "a|b"},
	        {"\n# comment\na # more\n\nb", "a # more|b"},
	        {"for x in 1 2; do\n  echo $x\ndone\nb", "for x in 1 2; do\n  echo $x\ndone|b"},
	        {"for x in 1 2; do echo $x; done\nb", "for x in 1 2; do echo $x; done|b"},
	        {"if true; then\necho done\nfi", "if true; then\necho done\nfi"},
	        {"while read a; do b; done <x\nc", "while read a; do b; done <x|c"},
	        {"a \\\n  b\nc", "a \\\n  b|c"},
	        {"a ~\n b\nc", "a ~| b|c"},
	        {"a &&\nb\nc", "a &&\nb|c"},
	        {"echo 'x\ny'\nz", "echo 'x\ny'|z"},
	        {"echo \"x $(a 'b)' \"\ny\" z)\n\"\nw", "echo \"x $(a 'b)' \"\ny\" z)\n\"|w"},
	        {"cat <<EOF\nfor x\nEOF\nb", "cat <<EOF\nfor x\nEOF|b"},
	        {"cat <<-'E O'\nx\n\tE O\nb", NULL},
	        {"cat <<'END'\n'\nEND\nb", "cat <<'END'\n'\nEND|b"},
	        {"case $x in\na) b;;\n(c) d;;\nesac\ne", "case $x in\na) b;;\n(c) d;;\nesac|e"},
	        {"f() {\na\n}\nb", "f() {\na\n}|b"},
	        {"(a\nb)\nc", "(a\nb)|c"},
	        {"echo if\nb", "echo if|b"},
	        {"echo ${x:-'}'}\nb", "echo ${x:-'}'}|b"},
	        {"jq '{a: 1}'\nb", "jq '{a: 1}'|b"},
	        {"echo $((1<<2))\nb", NULL},
	        {"echo a#b\nc", "echo a#b|c"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str all = {0}, command = {0};
		for (size_t at = 0, used; (used = scenario_command_take(cases[i].block + at, &command)) > 0;
		     at += used) {
			str_append_f(&all, "%s%s", all.len ? "|" : "", str_text(&command));
			str_clear(&command);
		}
		if (cases[i].commands) /* without: it is enough that it ends; bash itself has the last word */
			assert_string_equal(str_text(&all), cases[i].commands);
		str_finish(&all);
		str_finish(&command);
	}
}

static char *value(void *user, const char *name, size_t len, struct err *why)
{
	(void)user;
	if (len == 2 && memcmp(name, "ip", 2) == 0)
		return mem_strdup("10.0.0.1");
	if (len == 4 && memcmp(name, "evil", 4) == 0)
		return mem_strdup("a; rm -rf $HOME 'x'");
	err_set(why, ERR_NOT_FOUND, "no %.*s", (int)len, name);
	return NULL;
}

static void test_fill(void **state)
{
	(void)state;
	static const struct {
		const char *text, *filled;
	} cases[] = {
	        {"curl {ip}:9000", "curl 10.0.0.1:9000"},
	        {"{ip}{ip}", "10.0.0.110.0.0.1"},
	        {"echo {evil}", "echo 'a; rm -rf $HOME '\\''x'\\'''"},
	        {"echo {{ip}", "echo {ip}"},
	        {"echo ${ip} ${IP} {IP} { ip } {} {a,b}", "echo ${ip} ${IP} {IP} { ip } {} {a,b}"},
	        {"-ojsonpath=\"{@.metadata.annotations.a\\.b}\"", "-ojsonpath=\"{@.metadata.annotations.a\\.b}\""},
	        {"--format '{{ .Network }}'", "--format '{{ .Network }}'"},
	        {"awk '{print $1}'", "awk '{print $1}'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *filled = scenario_command_fill(cases[i].text, value, NULL, NULL);
		assert_string_equal(filled, cases[i].filled);
		free(filled);
	}
	struct err err = {0};
	assert_null(scenario_command_fill("a {ip} {other} {ip}", value, NULL, &err));
	assert_string_equal(err.text, "no other");
}

static void test_looks(void **state)
{
	(void)state;
	static const char *const lines[][6] = {{"get", "pods"},
	                                       {"-n", "blue", "get"},
	                                       {"--namespace=blue", "describe"},
	                                       {"exec", "x", "--", "rm", "y"},
	                                       {"--help"},
	                                       {"auth", "can-i", "delete"},
	                                       {"-v", "6", "logs"},
	                                       {"console", "vm"},
	                                       {"-nblue", "--as=x", "top"},
	                                       {NULL}};
	static const char *const changing[][6] = {{"delete", "pod"},
	                                          {"-n", "get", "delete"},
	                                          {"--context", "get", "apply"},
	                                          {"apply", "--dry-run=client"},
	                                          {"my-plugin"},
	                                          {"proxy"},
	                                          {"--frobnicate", "get", "delete"},
	                                          {"", "get"}};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t n = 0;
		while (n < 6 && lines[i][n])
			n++;
		assert_true(scenario_command_looks(lines[i], n));
	}
	for (size_t i = 0; i < sizeof changing / sizeof *changing; i++) {
		size_t n = 0;
		while (n < 6 && changing[i][n])
			n++;
		assert_false(scenario_command_looks(changing[i], n));
	}
}

static void test_deletes_elsewhere(void **state)
{
	(void)state;
	struct err err;
	static const char *const elsewhere[] = {"kubectl delete namespace blue other",
	                                        "kubectl delete ns $ns",
	                                        "kubectl delete nncp x",
	                                        "kubectl delete node/worker",
	                                        "kubectl delete pod server",
	                                        "kubectl -n other delete pod server",
	                                        "kubectl delete pod server --namespace=other",
	                                        "kubectl delete pods --all -A",
	                                        "kubectl delete frobs x -n blue",
	                                        "kubectl delete pods,vms --all -n blue",
	                                        "kubectl delete -f no-such-file.yaml",
	                                        "kubectl delete -k .",
	                                        "for i in a; do kubectl delete ns $i; done",
	                                        "true && kubectl delete namespaces --all",
	                                        "/usr/bin/kubectl delete crd x",
	                                        "kubectl delete -fhttps://x/y.yaml",
	                                        "echo a; oc delete node x",
	                                        "kubectl delete \"namespace\" 'other'",
	                                        "kubectl delete --raw /api/v1/nodes/x"};
	static const char *const ours[] = {"kubectl delete namespace blue",
	                                   "kubectl delete ns/blue --now",
	                                   "kubectl -n blue delete pod server",
	                                   "kubectl delete -nblue pods --all",
	                                   "kubectl delete pod/server --namespace blue",
	                                   "kubectl delete -f objects.yaml",
	                                   "kubectl delete -n blue pod -l app=x",
	                                   "kubectl get nncp",
	                                   "kubectl create namespace other",
	                                   "rm -rf nothing",
	                                   "",
	                                   "kubectl",
	                                   "kubectl delete"};
	struct scenario_act *act = load(good, "lab", &err);
	assert_non_null(act);
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (!scenario_deletes_elsewhere(act, elsewhere[i]))
			fail_msg("\"%s\" deletes elsewhere", elsewhere[i]);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (scenario_deletes_elsewhere(act, ours[i]))
			fail_msg("\"%s\" deletes nothing elsewhere", ours[i]);
	scenario_destroy(act);
}

static void test_changes(void **state)
{
	(void)state;
	static const char *const changing[] = {"kubectl create namespace x",
	                                       "for n in a; do kubectl create namespace $n; done",
	                                       "kubectl -n x delete pod y",
	                                       "kubectl --context=c -n get apply -f x",
	                                       "virtctl stop vm",
	                                       "true && kubectl rollout restart x"};
	static const char *const looking[] = {
	        "kubectl get pods", "kubectl -n x get delete",         "kubectl exec -nx p -- curl create",
	        "echo delete",      "kubectl wait --for=delete pod/x", "curl x | jq",
	        "kubectl logs x"};
	for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++)
		assert_true(scenario_command_changes(changing[i]));
	for (size_t i = 0; i < sizeof looking / sizeof looking[0]; i++)
		assert_false(scenario_command_changes(looking[i]));
}

static void test_path(void **state)
{
	(void)state;
	json_t *object = json_loads("{\"a\": {\"b.c/d\": [1, {\"e\": \"x\"}]}, \"f\": {\"g\": true}}", 0, NULL);
	static const struct {
		const char *path, *value;
	} cases[] = {{"a['b.c/d'][1].e", "\"x\""}, {".a.b\\.c/d[0]", "1"}, {"f.g", "true"},
	             {"f", "{\"g\": true}"},       {"a.x", NULL},          {"a['b.c/d'][7]", NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(scenario_path_is_valid(cases[i].path));
		const json_t *found = scenario_path_get(object, cases[i].path);
		char *text = found ? json_dumps(found, JSON_ENCODE_ANY) : NULL;
		if (cases[i].value)
			assert_string_equal(text, cases[i].value);
		else
			assert_null(text);
		free(text);
	}
	static const char *const bad[] = {"", ".", "a..b", "a[", "a[x]", "a['b]", "a[1", "a.", "[-1]"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(scenario_path_is_valid(bad[i]));
	json_decref(object);
}

/* ---- an act that builds on another one ---- */

static const char building[] = "format: 1\n"
                               "title: More\n"
                               "builds-on: base\n"
                               "vars: {more: x}\n"
                               "flows: [{id: two, from: blue/server, to: box, port: icmp}]\n"
                               "stages:\n"
                               "  - {id: reach, title: Again, run: 'curl {server_ip}/{more}', seen: one}\n"
                               "  - {id: late, title: Late, picture: true, check: [{ready: pods, in: blue}]}\n";

static void write_base(const char *more)
{
	char *text = mem_printf("%s"
	                        "  - {id: tidy, title: Tidy, run: kubectl delete ns blue, cleanup: true}\n"
	                        "hosts: [{name: box, address: 10.0.0.1, network: green, there-after: look}]\n%s",
	                        good, more);
	write_file("base.scenario.yaml", text);
	free(text);
}

static void test_builds_on(void **state)
{
	(void)state;
	static const char *const ids[] = {"base-objects", "base-reach", "base-look", "reach", "late", "base-tidy"};
	struct err err = {0};
	size_t number, total;
	write_base("diagram: {group-by: node}\n");
	struct scenario_act *act = load(building, "lab", &err);
	if (!act)
		fail_msg("%s", err.text);
	assert_int_equal(act->stages.len, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(act->stages.data[i].id, ids[i]);
		assert_int_equal(act->stages.data[i].is_prelude, i != 3 && i != 4);
	}
	assert_string_equal(act->base_name, "base");
	assert_string_equal(act->base_title, "A test");
	assert_true(act->by_node);
	assert_int_equal(act->namespaces.len, 2);
	assert_int_equal(act->flows.len, 2);
	assert_int_equal(act->stages.data[1].seen.data[0], 0);
	assert_int_equal(act->stages.data[3].seen.data[0], 0);
	assert_int_equal(act->stages.data[4].n_planned, act->planned.len);
	assert_int_equal(act->hosts.len, 1);
	assert_int_equal(act->hosts.data[0].stage, 2);
	scenario_place(act, 4, &number, &total);
	assert_int_equal(number, 2);
	assert_int_equal(total, 2);
	scenario_place(act, 5, &number, &total);
	assert_int_equal(number, 4);
	assert_int_equal(total, 4);
	scenario_destroy(act);
}

static void expect_mistake(const char *text, const char *wanted)
{
	struct err err = {0};
	struct scenario_act *act = load(text, "lab", &err);
	assert_null(act);
	if (!strstr(err.text, wanted))
		fail_msg("no \"%s\" in: %s", wanted, err.text);
}

static void test_builds_on_mistakes(void **state)
{
	(void)state;
	expect_mistake("format: 1\ntitle: x\nbuilds-on: nothing\nstages: [{id: a, title: a, picture: true}]\n",
	               ":3: there is no act \"nothing\" to build on");
	expect_mistake("format: 1\ntitle: x\nbuilds-on: ../t\nstages: [{id: a, title: a, picture: true}]\n",
	               ":3: \"../t\" is no act's name");
	expect_mistake("format: 1\ntitle: x\nbuilds-on: t\nstages: [{id: a, title: a, picture: true}]\n",
	               ":3: the act \"t\" builds on this one in its turn");
	write_base("builds-on: t\n");
	expect_mistake(building, "base.scenario.yaml:42: the act \"t\" builds on this one in its turn");
	write_base("nonsense: 1\n");
	expect_mistake(building, ":3: the act \"base\", which this one builds on, cannot be read");
	expect_mistake(building, "base.scenario.yaml:42: a scenario has no key \"nonsense\"");
	write_base("");
	expect_mistake("format: 1\ntitle: x\nbuilds-on: base\n"
	               "stages:\n  - {id: base-look, title: a, picture: true}\n",
	               ":5: a stage of \"base\", which this act builds on, is called \"base-look\"");
	expect_mistake("format: 1\ntitle: x\nbuilds-on: base\nvars: {version: x}\n"
	               "stages: [{id: a, title: a, picture: true}]\n",
	               ":4: the act that this one builds on has a variable \"version\" already");
	expect_mistake("format: 1\ntitle: x\nstages: [{id: a, title: a, picture: true}]\n",
	               "a scenario has no \"namespaces\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_builds_on),
	        cmocka_unit_test(test_builds_on_mistakes),
	        cmocka_unit_test(test_good),
	        cmocka_unit_test(test_mistakes),
	        cmocka_unit_test(test_all_mistakes_at_once),
	        cmocka_unit_test(test_warnings),
	        cmocka_unit_test(test_environment),
	        cmocka_unit_test(test_shipped),
	        cmocka_unit_test(test_commands),
	        cmocka_unit_test(test_fill),
	        cmocka_unit_test(test_changes),
	        cmocka_unit_test(test_looks),
	        cmocka_unit_test(test_deletes_elsewhere),
	        cmocka_unit_test(test_path),
	};
	return cmocka_run_group_tests_name("scenario", tests, setup, teardown);
}
