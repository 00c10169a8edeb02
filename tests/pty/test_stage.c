/* test_stage: on stage. All acts by a presenter's remote alone, with the speaker's notes in a second terminal, killed in the middle
 * of a command and resumed; what is kept on disk; a show that may change nothing. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"

enum { SETTLED = 150 }; /* a deadline, not a wait */
#define PAGE_DOWN "\033[6~"
#define PAGE_UP "\033[5~"
#define F5 "\033[15~"
#define ESCAPE "\033"

static struct pty show, notes;

/* ---- what is kept ---- */

static char *kept_path(void)
{
	char *dir = mem_printf("%s/onesdn/shows", getenv("XDG_STATE_HOME")), *found = NULL;
	DIR *files = opendir(dir);
	for (struct dirent *entry; files && (entry = readdir(files));)
		if (text_has_suffix(entry->d_name, ".json")) {
			assert_null(found);
			found = mem_printf("%s/%s", dir, entry->d_name);
		}
	if (files)
		closedir(files);
	free(dir);
	return found;
}

static json_t *kept(void)
{
	struct err err;
	struct str text = {0};
	char *path = kept_path();
	assert_non_null(path);
	assert_true(file_read(path, 1 << 20, &text, &err));
	json_t *value = json_parse(str_text(&text), text.len, path, &err);
	assert_non_null(value);
	str_finish(&text);
	free(path);
	return value;
}

static void remove_kept(void)
{
	char *dir = mem_printf("%s/onesdn/shows", getenv("XDG_STATE_HOME"));
	DIR *files = opendir(dir);
	for (struct dirent *entry; files && (entry = readdir(files));) {
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
		free(path);
	}
	if (files)
		closedir(files);
	free(dir);
}

/* Every stage of the act was performed; what the act builds on may have been passed over where it only looks. */
static void assert_whole(const char *act)
{
	json_t *state = kept(), *stage;
	size_t i;
	assert_string_equal(json_walk_str(state, "act", NULL), act);
	json_array_foreach (json_object_get(json_object_get(state, "play"), "stages"), i, stage) {
		const char *word = json_walk_str(stage, "state", NULL), *id = json_walk_str(stage, "id", NULL);
		bool is_base = text_equal(act, "policies") && text_has_prefix(id, "localnet-");
		if (!text_equal(word, "done") && !(is_base && text_equal(word, "skipped")))
			fail_msg("%s: the stage %s is %s", act, id, word);
	}
	json_decref(state);
}

/* ---- the walk ---- */

static void start_show(const char *first, const char *second)
{
	const char *const argv[] = {lab_onesdn(), "--type-ms", "0", first, second, NULL};
	pty_start(&show, 160, 45, argv, NULL);
	pty_expect(&show, LAB, "LIVE");
}

static bool is_idle(struct pty *pty, void *user)
{
	(void)user;
	return !pty_has(pty, "◐") && pty_has(pty, "SPACE ");
}

static void press(const char *key)
{
	pty_type(&show, key);
	pty_settle(&show, SETTLED, SOON);
	if (!pty_wait(&show, STAGE, is_idle, NULL))
		pty_expect(&show, 1, "the show to be idle");
	pty_settle(&show, SETTLED, SOON);
	if (pty_has(&show, "found:"))
		pty_expect(&show, 1, "no failure");
}

/* Nothing but PageDown, until the text is there. */
static void walk_until(const char *text)
{
	for (int i = 0; !pty_has(&show, text); i++) {
		if (i > 120)
			pty_expect(&show, 1, text);
		press(PAGE_DOWN);
	}
}

static void kill_show(void)
{
	term_kill(show.term, SIGKILL);
	pty_expect_end(&show, SOON);
	pty_end(&show);
}

/* In the middle of a command: shown, then run, and at once the end. */
static void kill_while_it_runs(const char *title)
{
	walk_until(title);
	press(PAGE_DOWN);
	pty_expect(&show, SOON, "SPACE run");
	pty_type(&show, PAGE_DOWN);
	pty_expect(&show, SOON, "◐");
	json_t *before = kept();
	int64_t started = json_walk_int(before, 0, "started", NULL);
	kill_show();
	json_decref(before);
	pty_expect(&notes, SOON, "The show has ended");
	start_show("--resume", NULL);
	pty_expect(&show, LAB, title);
	pty_expect(&notes, SOON, title);
	json_t *after = kept();
	int64_t off = json_walk_int(after, 0, "started", NULL) - started;
	assert_true(off > -50 && off < 50); /* the clock goes on */
	json_decref(after);
}

static void test_all_acts(void **state)
{
	(void)state;
	const char *const argv[] = {lab_onesdn(), "notes", NULL};
	pty_start(&notes, 80, 24, argv, NULL);
	pty_expect(&notes, SOON, "There is no show yet");
	start_show("overlay", NULL);
	pty_expect(&notes, SOON, "1/8", "the clock starts with the first stage", "lab  LIVE");
	/* What the other buttons of a remote do, at a prompt with a command on it, on a list, and before anything. */
	press(F5);
	press(ESCAPE);
	press(PAGE_DOWN);
	pty_expect(&show, SOON, "SPACE run");
	pty_expect(&notes, SOON, "Space runs it", "on time");
	pty_type(&show, ".");
	pty_expect_gone(&show, SOON, "1/8");
	pty_expect(&notes, SOON, "THE SCREEN IS BLANK", "1/8");
	pty_type(&show, "b");
	pty_expect(&show, SOON, "1/8", "SPACE run");
	pty_expect_gone(&notes, SOON, "BLANK");
	press(PAGE_UP);
	press(F5);
	pty_expect(&show, SOON, "1/8");
	kill_while_it_runs("Wait until they are ready");
	walk_until("This act is over. Space goes on to the next one: overlay-mixed");
	assert_whole("overlay");
	press(PAGE_DOWN);
	walk_until("This act is over. Space goes on to the next one: localnet");
	assert_whole("overlay-mixed");
	press(PAGE_DOWN);
	pty_expect(&notes, SOON, "A namespace for the adapter, one for its consumer");
	kill_while_it_runs("Wait until both are ready");
	walk_until("This act is over. Space goes on to the next one: policies");
	assert_whole("localnet");
	press(PAGE_DOWN);
	walk_until("The show is over");
	assert_whole("policies");
	pty_expect(&notes, SOON, "done; Space goes on");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	assert_null(kept_path()); /* a show that is over leaves nothing */
	pty_expect(&notes, SOON, "The show has ended");
	pty_type(&notes, "q");
	assert_int_equal(pty_expect_end(&notes, SOON), 0);
}

/* ---- to a stage and back ---- */

static void go(const char *stage, const char *number, const char *found)
{
	char *line = mem_printf(":stage %s\r", stage);
	pty_type(&show, line);
	pty_expect(&show, STAGE, number, "starting state", found);
	free(line);
}

static void performs(const char *output)
{
	press(" ");
	pty_expect(&show, STAGE, "Space runs it");
	press(" ");
	pty_expect(&show, STAGE, "✓ ", output);
}

static void test_go(void **state)
{
	(void)state;
	start_show("overlay-mixed", NULL);
	go("reach-yellow", "8/9 ", "0 undone, 4 performed"); /* from nothing */
	performs("│ yellow-server");
	go("network", "2/9 ", "2 undone, 0 performed");
	pty_expect_gone(&show, SOON, "● vm-client");
	go("namespaces", "1/9 ", "1 undone, 0 performed");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	pty_end(&show);
	remove_kept();
	start_show("localnet", NULL);
	go("rest", "13/15 ", "performed");
	performs("leonardo");
	go("vlan", "3/15 ", "undone, 0 performed"); /* the database, its interface, the mapping: all of it */
	go("direct", "12/15 ", "performed");
	performs("(4 rows)");
	go("namespaces", "1/15 ", "undone, 0 performed");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	remove_kept();
}

/* ---- a show that may change nothing ---- */

static void test_read_only(void **state)
{
	(void)state;
	start_show("overlay", "--read-only");
	pty_expect(&show, SOON, "read-only");
	pty_type(&show, PAGE_DOWN);
	pty_expect(&show, SOON, "would change the cluster, and this is a read-only show");
	pty_type(&show, "i");
	pty_expect(&show, SOON, "TERMINAL", "$");
	pty_type(&show, "kubectl create namespace tenantblue; echo status $?\r");
	pty_expect(&show, SOON, "\"kubectl create namespace tenantblue\" may change the cluster and was not run",
	           "status 1");
	pty_type(&show, "clear; kubectl get namespace default -oname\r");
	pty_expect(&show, SOON, "namespace/default");
	pty_type(&show, "clear; kubectl get namespace tenantblue\r");
	pty_expect(&show, SOON, "not found");
	pty_type(&show, "\033[24~:stage reach-blue\r");
	pty_expect(&show, STAGE, "a way there that changes nothing");
	pty_type(&show, ESCAPE);
	pty_expect_gone(&show, SOON, "a way there that changes nothing");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	remove_kept();
}

/* ---- what is left of a show ---- */

static void expect_refusal(const char *act, const char *text)
{
	const char *const argv[] = {lab_onesdn(), "--resume", act, NULL};
	pty_start(&show, 120, 24, argv, NULL);
	assert_int_equal(WEXITSTATUS(pty_expect_end(&show, SOON)), 1);
	pty_expect(&show, SOON, text);
	pty_end(&show);
}

static void test_kept(void **state)
{
	(void)state;
	expect_refusal(NULL, "no show was left unfinished");
	start_show("overlay", NULL);
	assert_null(kept_path()); /* nothing has been performed */
	press(PAGE_DOWN);
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	pty_end(&show);
	/* The next plain start says so, and is a show of its own. */
	start_show("overlay", NULL);
	pty_expect(&show, SOON, "An earlier show stopped at 1/8 of overlay; onesdn --resume goes on there");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	pty_end(&show);
	start_show("overlay", NULL); /* once is enough */
	assert_false(pty_has(&show, "An earlier show"));
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	pty_end(&show);
	char *path = kept_path();
	static const char *const texts[] = {
	        "", "{", "[]", "{\"format\":1}", "{\"format\":9,\"act\":\"overlay\"}", "\377\377"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_true(file_write(path, texts[i], strlen(texts[i]), 0600, NULL));
		expect_refusal(NULL, "remove that file");
	}
	free(path);
	remove_kept();
	/* Where the terminal is closed it is the same as after a crash; and what it had in the runtime folder goes. */
	start_show("overlay", NULL);
	press(PAGE_DOWN);
	kill_show();
	start_show("overlay", NULL);
	press(PAGE_DOWN);
	size_t n = 0;
	char *dir = mem_printf("%s/onesdn", getenv("XDG_RUNTIME_DIR"));
	DIR *files = opendir(dir);
	for (struct dirent *entry; (entry = readdir(files));)
		n += text_has_prefix(entry->d_name, "play-") || text_has_prefix(entry->d_name, "notes-");
	closedir(files);
	free(dir);
	assert_int_equal(n, 2); /* this show's */
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	remove_kept();
}

/* Of several each can be gone on with. */
static void test_of_several(void **state)
{
	static const char *const acts[] = {"overlay", "localnet"}, *const titles[] = {"1/8 ", "1/15 "};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start_show(acts[i], NULL);
		press(PAGE_DOWN);
		pty_type(&show, "q");
		pty_expect_end(&show, SOON);
		pty_end(&show);
	}
	expect_refusal("policies", "no show of policies was left unfinished");
	for (size_t i = 0; i < 3; i++) { /* the last one: what was written last, whichever it is */
		start_show("--resume", i < 2 ? acts[i] : NULL);
		pty_expect(&show, SOON, titles[i > 0], "The show goes on where it was");
		pty_type(&show, "q");
		pty_expect_end(&show, SOON);
		pty_end(&show);
	}
	remove_kept();
}

/* The lab dies in the middle and is brought up again: an empty one, which can be brought to the stage in view. */
static void test_new_lab(void **state)
{
	(void)state;
	start_show("overlay", NULL);
	walk_until("2/8 ");
	free(lab_do("down"));
	pty_expect(&show, SOON, "STALE", "start it with: onesdn lab up");
	free(lab_do("up"));
	pty_expect(&show, SOON, "The lab has gone, this is a new one. Bring it to 2/8?");
	pty_type(&show, "y");
	pty_expect(&show, STAGE, "The cluster is in the starting state of the stage: 0 undone, 1 performed");
	go("namespaces", "1/8 ", "1 undone");
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	remove_kept();
}

/* The same program one byte longer, in another folder: a lab of it is another build's. */
static void test_other_build(void **state)
{
	static const char message[] = "Another build of onesdn started this lab; onesdn lab down,";
	(void)state;
	start_show("overlay", NULL);
	assert_false(pty_has(&show, message));
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	pty_end(&show);
	assert_int_equal(
	        lab_shell("$ONESDN lab down && cp $ONESDN-lab $ONESDN-workload $ONESDN-guest $XDG_STATE_HOME/ && "
	                  "echo >>$XDG_STATE_HOME/onesdn-lab && $XDG_STATE_HOME/onesdn-lab up"),
	        0);
	start_show("overlay", NULL);
	pty_expect(&show, SOON, message);
	pty_type(&show, "q");
	pty_expect_end(&show, SOON);
	assert_int_equal(lab_shell("$ONESDN lab down && $ONESDN lab up && rm $XDG_STATE_HOME/onesdn-*"), 0);
}

/* ---- from beginning to end ---- */

static int end_show(void **state)
{
	(void)state;
	pty_end(&show);
	pty_end(&notes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_kept, end_show),
	        cmocka_unit_test_teardown(test_of_several, end_show),
	        cmocka_unit_test_teardown(test_other_build, end_show),
	        cmocka_unit_test_teardown(test_new_lab, end_show),
	        cmocka_unit_test_teardown(test_read_only, end_show),
	        cmocka_unit_test_teardown(test_go, end_show),
	        cmocka_unit_test_teardown(test_all_acts, end_show),
	};
	return cmocka_run_group_tests_name("stage", tests, lab_set_up, lab_tear_down);
}
