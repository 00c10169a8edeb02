/* test_record: recording with somebody at the keys, and the way out in the middle of a talk: the take of a stage in the stage's
 * place, badged, and back to the live stage. On a real lab of its own. */
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
#include "onesdn/cast.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"

static char *file;
static struct pty pty;

static int make_lab(void **state)
{
	(void)state;
	lab_make(true);
	char *data = mem_printf("%s/data", pty_dir());
	setenv("XDG_DATA_HOME", data, 1);
	free(data);
	file = mem_printf("%s/it.cast", pty_dir());
	return lab_shell("$ONESDN record --auto --stage namespaces --pace 0.4 overlay");
}

static int drop_lab(void **state)
{
	(void)state;
	unlink(file);
	free(file);
	lab_drop();
	return 0;
}

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	return 0;
}

static void start(int cols, int rows, const char *act)
{
	const char *const argv[] = {lab_onesdn(), "show", act, "--type-ms", "0", NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", "1/");
}

static void expect_live(void)
{
	pty_expect(&pty, SOON, " LIVE", "SPACE next", "1/8");
	pty_expect_gone(&pty, SOON, "REC");
}

/* The take's own picture, twice the badge, the words; and nothing of what was pressed has reached the show. */
static void test_take(void **state)
{
	(void)state;
	start(100, 32, "overlay");
	pty_type(&pty, "t");
	pty_expect(&pty, SOON, "lab  ● REC", " REC  t live  SPACE pause", "recorded 20",
	           "namespace/tenantblue created");
	assert_false(pty_has(&pty, "LIVE"));
	pty_type(&pty, "p ");
	pty_expect(&pty, SOON, "paused at ", "● REC");
	pty_type(&pty, "rsug:q"); /* the last one is back to live; the others are nobody's */
	expect_live();
	assert_false(pty_has(&pty, "SPACE run"));
	pty_type(&pty, "t");
	pty_expect(&pty, SOON, "● REC");
	pty_type(&pty, "\033"); /* Esc, as a remote sends it */
	expect_live();
	pty_type(&pty, "t");
	pty_expect(&pty, SOON, "● REC");
	pty_expect(&pty, SOON + SOON, "over, live again in a moment");
	pty_type(&pty, " ");
	expect_live();
	pty_type(&pty, "t");
	pty_expect(&pty, SOON + SOON, "over, live again in a moment");
	pty_expect(&pty, SOON + SOON, "The take is over: this is the live stage again"); /* by itself */
	expect_live();
}

/* What does not fit is at its lower edge first; the arrows go elsewhere. */
static void test_small(void **state)
{
	(void)state;
	start(80, 24, "overlay");
	pty_type(&pty, "t");
	pty_expect(&pty, SOON, "● REC", "namespace/tenantblue created", " $ ");
	pty_type(&pty, "p \033OA\033OA\033OA\033OA\033OA\033OA\033OA\033OA");
	pty_expect(&pty, SOON, "╭─ overlay · green-network", "paused");
	pty_resize(&pty, 130, 40);
	pty_expect(&pty, SOON, "● REC", "╭─ overlay · green-network", "╭─ shell");
	pty_resize(&pty, 20, 5);
	pty_expect(&pty, SOON, "REC");
	pty_resize(&pty, 100, 32);
	pty_type(&pty, "t");
	expect_live();
}

static void test_none(void **state)
{
	(void)state;
	start(100, 30, "overlay");
	char *take = mem_printf("%s/data/onesdn/takes/overlay/namespaces.cast", pty_dir()),
	     *away = mem_printf("%s.away", take);
	assert_int_equal(rename(take, away), 0);
	pty_type(&pty, "t");
	bool has_shipped = !access("assets/overlay.cast", R_OK);
	if (has_shipped)
		pty_expect(&pty, SOON, "● REC");
	else
		pty_expect(&pty, SOON,
		           "There is no take of this stage: onesdn record --stage namespaces overlay makes one");
	assert_int_equal(rename(away, take), 0);
	free(take);
	free(away);
}

/* ---- with somebody at the keys ---- */
static char *text_of_file(void)
{
	struct str text = {0};
	struct err err;
	if (!file_read(file, 1 << 24, &text, &err))
		fail_msg("%s", err.text);
	return str_take(&text);
}

static void test_by_hand(void **state)
{
	(void)state;
	struct err err;
	const char *const argv[] = {lab_onesdn(), "record",    "-o", file,      "--size",
	                            "80x24",      "--type-ms", "0",  "overlay", NULL};
	pty_start(&pty, 100, 30, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", "1/8", "● REC ");
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "Space runs it");
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "✓ namespace/tenantblue exists");
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "2/8");
	pty_resize(&pty, 70, 20); /* the recording stays as it is */
	pty_expect(&pty, SOON, "● REC");
	pty_type(&pty, "q");
	pty_expect(&pty, SOON, "2 markers", "1 take kept");
	assert_int_equal(pty_expect_end(&pty, SOON), 0);
	struct cast *cast = cast_read(file, &err);
	assert_non_null(cast);
	assert_int_equal(cast->header.cols, 80);
	assert_int_equal(cast->header.rows, 24);
	assert_true(cast->header.theme.is_set);
	for (size_t i = 0; i < cast->events.len; i++) {
		assert_int_not_equal(cast->events.data[i].kind, CAST_RESIZE);
		assert_int_not_equal(cast->events.data[i].kind, CAST_INPUT);
	}
	cast_destroy(cast);
	char *text = text_of_file();
	assert_null(strstr(text, "REC"));
	free(text);
}

/* A terminal that is too small, a file that is there. */
static void test_refusals(void **state)
{
	(void)state;
	const char *const argv[] = {lab_onesdn(), "record", "-o", file, "overlay", NULL};
	pty_start(&pty, 80, 24, argv, NULL);
	pty_expect(&pty, SOON, "this terminal is 80x24, the recording is to be 100x32");
	assert_int_equal(WEXITSTATUS(pty_expect_end(&pty, SOON)), 1);
	pty_end(&pty);
	pty_start(&pty, 120, 40, argv, NULL);
	pty_expect(&pty, SOON, "is there already. Replace it? [y/N]");
	pty_type(&pty, "n\r");
	assert_int_equal(WEXITSTATUS(pty_expect_end(&pty, SOON)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_take, end_show),     cmocka_unit_test_teardown(test_small, end_show),
	        cmocka_unit_test_teardown(test_none, end_show),     cmocka_unit_test_teardown(test_by_hand, end_show),
	        cmocka_unit_test_teardown(test_refusals, end_show),
	};
	return cmocka_run_group_tests_name("record", tests, make_lab, drop_lab);
}
