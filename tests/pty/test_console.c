/* test_console: a virtual machine's console on the full screen, on a real lab of its own: the walk of overlay-mixed by Space
 * alone, terminal mode in the guest, its size, ^], another client, the machine restarted under it. */
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

#define PROMPT "[fedora@vm-client ~]$"

static char *virtctl;
static struct pty pty, other; /* the show; another client */

static int make_lab(void **state)
{
	(void)state;
	lab_make(true);
	virtctl = path_program("virtctl");
	if (!virtctl)
		virtctl = pty_program("virtctl");
	return 0;
}

static int drop_lab(void **state)
{
	(void)state;
	lab_drop();
	free(virtctl);
	return 0;
}

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	if (other.loop)
		pty_end(&other);
	other = (struct pty){0};
	lab_shell("kubectl delete namespace tenantblue tenantyellow --ignore-not-found");
	return 0;
}

static void start(int cols, int rows)
{
	const char *const argv[] = {lab_onesdn(), "show", "overlay-mixed", "--type-ms", "0", NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", "1/9");
}

/* ---- the walk ---- */

static void walk_stage(int number)
{
	char title[16];
	snprintf(title, sizeof title, "%d/9 ", number);
	pty_expect(&pty, SOON, title);
	pty_type(&pty, " ");
	if (number != 5) { /* nothing is typed there: one Space */
		pty_expect(&pty, STAGE, number == 2 || number == 3 ? "SPACE apply" : "SPACE run");
		pty_expect(&pty, STAGE, number == 6 ? "Space logs in" : "Space runs it");
		pty_type(&pty, " ");
	}
	pty_expect(&pty, STAGE, "✓ ", "SPACE next");
	pty_expect_gone(&pty, SOON, "Space ");
}

static void test_walk(void **state)
{
	(void)state;
	start(100, 36);
	for (int stage = 1; stage <= 8; stage++) {
		if (stage > 1)
			pty_type(&pty, " ");
		walk_stage(stage);
		if (stage == 3)
			pty_expect(&pty, STAGE, "▣ vm-client", "● blue-server", "192.168.200.10");
		if (stage == 4) { /* the machine is asked for: its addresses, and where they are known from */
			pty_type(&pty, "/vm-client\r");
			pty_expect(&pty, SOON, "tenantblue/vm-client  Running", "eth1 192.168.200.10 (");
			pty_type(&pty, "/\r");
			pty_expect_gone(&pty, SOON, "eth1 192.168.200.10 (");
		}
		if (stage == 5)
			pty_expect(&pty, SOON, "console · vm-client", "leave: ^]", "vm-client login:");
		if (stage == 6)
			pty_expect(&pty, SOON, "vm-client login: fedora", "Password:", PROMPT);
	}
	pty_expect(&pty, SOON, "│ blue-server" PROMPT, "│ yellow-server" PROMPT, "✓ tcp/9000");
	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "✓ vm-client ─▶ yellow-server tcp/9000 ", "connected after");
	pty_type(&pty, "f ");
	walk_stage(9);
	pty_expect(&pty, SOON, "shell");
}

/* ---- at the keys ---- */

static bool is_attached(struct pty *p, void *user)
{
	(void)user;
	return !pty_has(p, " · waiting") && !pty_has(p, " · connecting");
}

static void log_in(void)
{
	pty_expect(&pty, STAGE, "vm-client login:");
	pty_type(&pty, "ifedora\r");
	pty_expect(&pty, STAGE, "Password:");
	pty_type(&pty, "fedora\r");
	pty_expect(&pty, STAGE, PROMPT, "TERMINAL");
}

static void open_console(int cols, int rows)
{
	start(cols, rows);
	assert_int_equal(
	        lab_shell(
	                "cd manifests/overlay && kubectl create namespace tenantblue && kubectl create namespace tenantyellow && "
	                "kubectl apply -f 01-netconfig-no-ipam.yaml -f 02-mixed-workloads.yaml"),
	        0);
	pty_expect(&pty, STAGE, "▣ vm-client");
	pty_type(&pty, "c");
	pty_expect(&pty, SOON, "console · vm-client");
	assert_true(pty_wait(&pty, STAGE, is_attached, NULL));
	log_in();
}

static void test_terminal_mode(void **state)
{
	(void)state;
	open_console(100, 32);
	pty_settle(&pty, 1000, SOON); /* the guest's terminal is told its size once it is silent */
	pty_type(&pty, "clear; stty size\r");
	pty_expect(&pty, SOON, "│ 10 96 ");
	pty_type(&pty, "clear; vi -u NONE\r");
	pty_expect(&pty, SOON, "│ ~ ");
	pty_type(&pty, ":q!\r");
	pty_expect(&pty, SOON, PROMPT);
	pty_resize(&pty, 120, 40);
	pty_settle(&pty, 1500, SOON);
	pty_type(&pty, "clear; stty size\r");
	pty_expect(&pty, SOON, "│ 13 116 ");
	pty_expect_gone(&pty, SOON, "stty rows");

	pty_type(&pty, "\x1d");
	pty_expect(&pty, SOON, "was left by ^]", "console · vm-client · left", "▣ vm-client");
	pty_type(&pty, "\r");
	pty_expect_gone(&pty, SOON, "was left by ^]");
	pty_expect(&pty, SOON, "leave: ^]   stage: F12");
	pty_type(&pty, "\x1d");
	pty_expect(&pty, SOON, "was left by ^]");
	pty_type(&pty, "\033[24~o"); /* F12, and from the stage */
	pty_expect_gone(&pty, SOON, "was left by ^]");
	pty_type(&pty, "c");
	pty_expect(&pty, SOON, "[shell]  console · vm-client");
	assert_false(pty.has_ended);
}

static void test_another_client(void **state)
{
	(void)state;
	open_console(100, 32);
	const char *const argv[] = {virtctl,      "console",      "vm-client",      "-n",
	                            "tenantblue", "--kubeconfig", lab_kubeconfig(), NULL};
	pty_start(&other, 100, 24, argv, NULL);
	pty_expect(&other, STAGE, "Successfully connected to vm-client console");
	pty_expect(&pty, SOON, "another client has taken over the console", "console · vm-client · taken over");
	pty_type(&other, "\r");
	pty_expect(&other, SOON, PROMPT);
	pty_type(&pty, "\033[24~o");
	pty_expect_gone(&pty, SOON, "another client has taken over");
	pty_expect(&other, SOON, "You were disconnected from the console");
	pty_expect_end(&other, SOON);

	char *restart = mem_printf("%s restart vm-client -n tenantblue", virtctl);
	assert_int_equal(lab_shell(restart), 0); /* the machine goes and comes: the console with it */
	free(restart);
	pty_expect(&pty, STAGE, "You were disconnected", "Successfully connected", "vm-client login:", "leave: ^]");
}

/* ---- alone with it: opened by c, typed by hand ---- */

static void done_by_hand(const char *next)
{
	pty_expect(&pty, STAGE, "✓ done", "F12 back to the stage, where SPACE goes on");
	pty_type(&pty, "\033[24~ ");
	pty_expect(&pty, SOON, next);
}

static void test_by_hand(void **state)
{
	(void)state;
	const char *const argv[] = {lab_onesdn(), "show", "overlay-mixed", "--layout", "guided", "--type-ms",
	                            "0",          NULL};
	pty_start(&pty, 120, 40, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", "guide · 1/9");
	assert_int_equal(lab_shell("kubectl create namespace tenantblue && kubectl create namespace tenantyellow"), 0);
	pty_expect(&pty, STAGE, "✓ done from elsewhere: namespace/");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 2/9");
	assert_int_equal(lab_shell("kubectl apply -f manifests/overlay/01-netconfig-no-ipam.yaml"), 0);
	pty_expect(&pty, STAGE, "✓ done from elsewhere: network-attachment-definition/");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 3/9");
	assert_int_equal(lab_shell("kubectl apply -f manifests/overlay/02-mixed-workloads.yaml"), 0);
	pty_expect(&pty, STAGE, "✓ done from elsewhere: virtualmachine/");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 4/9");
	pty_type(&pty, "s");
	pty_expect(&pty, SOON, "guide · 5/9", "c opens the machine's console");
	pty_type(&pty, "c");
	pty_expect(&pty, STAGE, "vm-client login:", "✓ done");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 6/9", "Log in on the machine's console");
	pty_type(&pty, "ifedora\r");
	pty_expect(&pty, STAGE, "Password:");
	pty_type(&pty, "fedora\r");
	done_by_hand("guide · 7/9");
	pty_expect(&pty, SOON, "Type it on the machine's console", "○ the output has \"blue-server\"");
	pty_type(&pty, "icurl 192.168.200.20:9000/now\r");
	pty_expect(&pty, STAGE, "NOW: ", PROMPT, "the command printed");
	pty_type(&pty, "curl 192.168.200.20:9000/hostname\r");
	done_by_hand("guide · 8/9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_by_hand, end_show),
	        cmocka_unit_test_teardown(test_walk, end_show),
	        cmocka_unit_test_teardown(test_terminal_mode, end_show),
	        cmocka_unit_test_teardown(test_another_client, end_show),
	};
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests_name("console", tests, make_lab, drop_lab);
}
