/* test_guided: a newcomer alone with the guided layout, on a real lab: the overlay act typed by hand, hints, a mistake, an
 * exploration found and mended by typing; and the tour of the screen, offered once. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"

#define F12 "\033[24~"

static struct pty pty;

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	return 0;
}

static void start(int cols, int rows)
{
	const char *const argv[] = {lab_onesdn(), "show", "overlay", "--layout", "guided", "--type-ms", "0", NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", "guide · 1/8");
}

/* As a power cut ends it; and in a new terminal. */
static void kill_and_resume(void)
{
	const char *const argv[] = {lab_onesdn(), "show", "--resume", "--layout", "guided", "--type-ms", "0", NULL};
	term_kill(pty.term, SIGKILL);
	pty_expect_end(&pty, SOON);
	pty_end(&pty);
	pty_start(&pty, 120, 40, argv, NULL);
}

/* Space, and Space again once the command stands there. */
static void run_for_me(void)
{
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "SPACE run");
	pty_type(&pty, " ");
}

/* Types a command in the pane, as somebody who is told to. */
static void by_hand(const char *command)
{
	char *keys = mem_printf("i%s\r", command);
	pty_type(&pty, keys);
	free(keys);
	pty_expect(&pty, SOON, "TERMINAL");
}

static void goes_on(const char *next)
{
	pty_expect(&pty, STAGE, "✓ done: ", "F12, and then Space goes on");
	pty_type(&pty, F12 " ");
	pty_expect(&pty, SOON, next);
}

static void test_walk_by_hand(void **state)
{
	(void)state;
	start(120, 40);
	pty_expect(&pty, SOON, "Type it in the pane (i)", "○ namespace/tenantblue exists", "h a hint");
	pty_type(&pty, "h");
	pty_expect(&pty, SOON, "? Two namespaces are wanted", "another hint");
	by_hand("kubectl create namespace tenantblue");
	pty_expect(&pty, STAGE, "✓ namespace/tenantblue exists", "○ namespace/tenantyellow exists",
	           "namespace tenantyellow is not there");
	pty_type(&pty, F12);
	by_hand("kubectl create namespace tenantyellow");
	goes_on("guide · 2/8");
	/* Another terminal is as good as the pane. */
	assert_int_equal(lab_shell("kubectl apply -f manifests/overlay/01-netconfig.yaml"), 0);
	pty_expect(&pty, STAGE, "✓ done from elsewhere: ", "Done. Space goes on");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 3/8");
	by_hand("kubectl apply -f 02-workloads.yaml");
	goes_on("guide · 4/8");
	by_hand("kubectl wait --for=condition=Ready pod --all -ntenantblue");
	goes_on("guide · 5/8");
	run_for_me();
	pty_expect(&pty, STAGE, "✓ the output has \"tenantblue/shared-net\"", "Done. Space goes on");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 6/8");
	by_hand("kubectl exec -ntenantblue podclient -- curl -sS blue-server");
	pty_expect(&pty, STAGE, "the command ended with status 6");
	pty_type(&pty, F12);
	run_for_me();
	pty_expect(&pty, STAGE, "✓ the output has \"blue-server\"", "Done. Space goes on");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "guide · 7/8");
	run_for_me();
	pty_expect(&pty, STAGE, "✓ the output has \"yellow-server\"", "Done. Space goes on");
}

/* In the state that the walk has left: the first exploration, mended by typing; the others are passed over. */
static void test_exploration(void **state)
{
	(void)state;
	start(120, 40);
	pty_type(&pty, ":explore 1\r");
	pty_expect(&pty, SOON, "explore · 1/3", "about to be broken");
	run_for_me();
	pty_expect(&pty, STAGE, "It is broken now", "for you to find", "! broken");
	assert_false(pty_has(&pty, "carries the network"));
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "Find it on the diagram", "○ network green-network attached", "green-netwrok");
	kill_and_resume();
	pty_expect(&pty, LAB, "LIVE", "explore · 1/3", "what was broken on purpose waits to be mended",
	           "Find it on the diagram", "○ network green-network attached");
	pty_type(&pty, "h");
	pty_expect(&pty, SOON, "? Count the networks in the diagram.");
	pty_type(&pty, "s");
	pty_expect(&pty, SOON, "it is still broken");
	by_hand("kubectl apply -f 01-netconfig.yaml"); /* all is as it was, but for the pod's interface */
	pty_expect(&pty, STAGE, "✓ network green-network attached", "○ OVN passes podclient", "OVN drops it");
	pty_type(&pty, F12);
	by_hand("kubectl delete pod yellow-server -ntenantyellow --now; kubectl apply -f 02-workloads.yaml");
	pty_expect(&pty, STAGE, "✓ done: network green-network attached");
	pty_type(&pty, F12);
	pty_expect(&pty, SOON, "Mended. Space goes on");
	pty_expect_gone(&pty, SOON, "green-netwrok ▌");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "explore · 2/3");
	pty_type(&pty, "ss");
	pty_expect(&pty, SOON, "guide · ");
}

static void test_small(void **state)
{
	(void)state;
	start(80, 24);
	pty_expect(&pty, SOON, "TAB diagram", "Create the tenants' namespaces");
	pty_type(&pty, "\t");
	pty_expect(&pty, SOON, "TAB shell", "tenantblue");
	pty_type(&pty, "\t");
	pty_expect(&pty, SOON, "TAB guide");
	pty_type(&pty, "l");
	pty_expect(&pty, SOON, "Layout zoom");
	pty_type(&pty, "l");
	pty_expect(&pty, SOON, "Layout talk");
	pty_type(&pty, "l");
	pty_expect(&pty, SOON, "Layout guided", "guide · 1/8");
}

/* Once, on the very first start; a remote's buttons walk it. */
static void test_tour(void **state)
{
	(void)state;
	pty_tour_offered(false);
	start(100, 30);
	pty_expect(&pty, SOON, "New here? T shows you around");
	pty_type(&pty, "T");
	pty_expect(&pty, SOON, "1 of 8", "The diagram");
	for (int i = 2; i <= 8; i++) {
		char step[16];
		snprintf(step, sizeof step, "%d of 8", i);
		pty_type(&pty, "\033[6~");
		pty_expect(&pty, SOON, step);
	}
	pty_type(&pty, "\033[5~");
	pty_expect(&pty, SOON, "7 of 8");
	pty_type(&pty, "\033");
	pty_expect_gone(&pty, SOON, "7 of 8");
	pty_expect(&pty, SOON, "guide · 1/8"); /* nothing was done meanwhile */
	pty_end(&pty);
	start(100, 30);
	assert_false(pty_has(&pty, "New here?"));
	pty_type(&pty, ":tour\r");
	pty_expect(&pty, SOON, "1 of 8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_tour, end_show),
	        cmocka_unit_test_teardown(test_walk_by_hand, end_show),
	        cmocka_unit_test_teardown(test_exploration, end_show),
	        cmocka_unit_test_teardown(test_small, end_show),
	};
	return cmocka_run_group_tests_name("guided", tests, lab_set_up, lab_tear_down);
}
