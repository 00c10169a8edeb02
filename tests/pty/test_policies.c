/* test_policies: the policies act on the full screen, on a real lab of its own, by Space alone: what a manifest would change
 * before it is applied, the wire that breaks and the counter that climbs while psql waits in the virtual machine, the reason on
 * the screen, the flow table and its explanation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lab.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum {
	PRELUDE = 180000, /* a deadline, no wait */
	COUNTING =
	        10 /* wake-ups in two seconds in which no count moves: it is asked for twice, and each time there is an answer */
};

static struct pty pty;

static void show_and_run(const char *shown)
{
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, shown);
	pty_expect(&pty, STAGE, "Space runs it");
	pty_type(&pty, " ");
}

/* The number that stands before " packets dropped" (or " packet dropped") beside the wire; 0: none is there. */
static int packets(struct pty *of)
{
	char *screen = pty_screen(of), *at = strstr(screen, "✗ tcp/5432  ");
	int64_t n = 0;
	char digits[16] = "";
	if (at)
		snprintf(digits, sizeof digits, "%.*s", (int)strspn(at + strlen("✗ tcp/5432  "), "0123456789"),
		         at + strlen("✗ tcp/5432  "));
	if (!text_to_int(digits, 0, 1000000, &n))
		n = 0;
	free(screen);
	return (int)n;
}

static bool has_more(struct pty *of, void *user)
{
	return packets(of) > *(int *)user;
}

/* ---- the flow table ---- */
struct row {
	const char *flow, *policies, *ovn;
};

static bool has_row(struct pty *of, void *user)
{
	const struct row *row = user;
	char *screen = pty_screen(of), *at = strstr(screen, row->flow);
	if (at)
		at[strcspn(at, "\n")] = '\0';
	bool has = at && strstr(at, row->policies) && strstr(at, row->ovn);
	free(screen);
	return has;
}

static void expect_row(const char *flow, const char *policies, const char *ovn)
{
	struct row row = {flow, policies, ovn};
	if (!pty_wait(&pty, SOON, has_row, &row))
		pty_expect(&pty, 1, flow, policies, ovn, "in one row");
}

/* Nothing happens: whatever is on the screen, and whoever looks on, nothing is written and nothing wakes up; but the flow table
 * counts the drops of what is denied as long as it is open. */
static void expect_idle_everywhere(bool is_denied)
{
	static struct pty notes;
	const char *const argv[] = {lab_onesdn(), "notes", NULL};
	pty_expect_idle(&pty, 2000, LAB);
	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "MEASURED", "vm-workload ─▶ turtle-db tcp/5432");
	pty_expect_calm(&pty, 2000, is_denied ? COUNTING : 0, LAB);
	pty_type(&pty, "f:layout guided\r");
	pty_expect(&pty, SOON, "guide · ");
	pty_expect_idle(&pty, 2000, LAB);
	pty_start(&notes, 80, 24, argv, NULL);
	pty_expect(&notes, SOON, "LIVE");
	pty_expect_idle(&pty, 2000, LAB);
	pty_end(&notes);
	pty_type(&pty, ":layout talk\r");
	pty_expect_gone(&pty, SOON, "guide · ");
}

static void test_walk(void **state)
{
	(void)state;
	const char *const argv[] = {lab_onesdn(), "show", "policies", "--type-ms", "0", NULL};
	pty_start(&pty, 100, 32, argv, NULL);
	pty_expect(&pty, LAB, "LIVE");
	pty_type(&pty, " "); /* all that the act builds on */
	pty_expect(&pty, PRELUDE, "1/7 ");
	expect_idle_everywhere(false);
	pty_type(&pty, " "); /* a picture */
	pty_expect(&pty, SOON, "2/7 ");
	show_and_run("SPACE run");
	pty_expect(&pty, STAGE, "(4 rows)", "✓ tcp/5432", "SPACE next");

	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "3/7 ");
	pty_type(&pty, " "); /* nothing is typed: it is only a question */
	pty_expect(&pty, SOON, "03-network-policies.yaml would close vm-workload", "? tcp/5432  would be denied",
	           "then: deny");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "4/7 ");
	show_and_run("SPACE apply");
	pty_expect(&pty, STAGE, "db-adapter exists", "? tcp/5432  policies deny it");

	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "5/7 ");
	show_and_run("SPACE run");
	/* while it hangs: the wire is broken, the count climbs, and the three witnesses say why */
	int before = 0;
	assert_true(pty_wait(&pty, STAGE, has_more, &before));
	pty_expect(&pty, SOON, "╳", "web-client selects it for egress; none allows it",
	           "OVN: drop at ACL NP:data-consumer:Egress");
	before = packets(&pty);
	assert_true(pty_wait(&pty, STAGE, has_more, &before));
	pty_expect(&pty, STAGE, "✓ blocked, as intended: vm-workload ─▶ turtle-db timed out after ", "packets dropped",
	           "timeout expired", "measured: timed out after ");

	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "POLICIES", "OVN", "MEASURED", "DROPPED", "deny", "drops", "allow", "passes");
	/* somebody else takes the policy away and puts it back: the verdict and what OVN does follow by themselves */
	assert_int_equal(lab_shell("kubectl -n data-consumer delete multi-policy web-client"), 0);
	expect_row("turtle-db tcp/5432 ", "allow", "passes");
	pty_expect_gone(&pty, SOON, "drops");
	assert_int_equal(lab_shell("kubectl apply -f manifests/localnet/03-network-policies.yaml"), 0);
	expect_row("turtle-db tcp/5432 ", "deny", "drops");
	pty_type(&pty, "e");
	pty_expect(&pty, SOON, "data-consumer/vm-workload ─▶ turtle-db tcp/5432 on data-net", "egress; none",
	           "(ACL NP:data-consumer:Egress)");
	pty_type(&pty, "\x1b");
	pty_expect(&pty, SOON, "SPACE next");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "6/7 ");
	show_and_run("SPACE run");
	pty_expect(&pty, STAGE, "raphael", "✓ tcp/9000", "SPACE next");
	expect_idle_everywhere(true);
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "7/7 ");
	show_and_run("SPACE run");
	pty_expect(&pty, STAGE, "db-adapter is gone");
	pty_expect_gone(&pty, SOON, "╳");
	pty_type(&pty, "q");
	assert_int_equal(pty_expect_end(&pty, SOON), 0);
	pty_end(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_walk)};
	return cmocka_run_group_tests_name("policies", tests, lab_set_up, lab_tear_down);
}
