/* test_localnet: the act with the database outside the cluster, as the audience has it, from no lab running: by Space alone to
 * four turtles twice, the two personas; then what breaks in the middle is seen and comes back by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/loop.h"
#include "onesdn/term.h"

#include "lab.h"

static struct pty pty;

static int make_lab(void **state)
{
	(void)state;
	lab_make(false);
	return 0;
}

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	free(lab_do("down")); /* each begins with none */
	return 0;
}

static void start(int cols, int rows)
{
	const char *const argv[] = {lab_onesdn(), "show", "localnet", "--type-ms", "0", NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	pty_expect(&pty, LAB, "LIVE", " 1/15 ");
}

/* What each stage says before Space runs it; a picture needs one Space only. */
enum { DATABASE = 5, PICTURE = 7, NOT_MINE = 8, LOGIN = 11, DIRECT = 12, REST = 13, CLEANUP = 14, LAST = 15 };

static void perform(int stage)
{
	char title[16];
	snprintf(title, sizeof title, " %d/15 ", stage);
	pty_expect(&pty, SOON, title);
	pty_type(&pty, " ");
	if (stage == PICTURE) {
		pty_expect(&pty, SOON, " 8/15 ");
		return;
	}
	pty_expect(&pty, STAGE, stage == LOGIN ? "Space logs in" : "Space runs it");
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "\n ✓ ", "SPACE next");
	pty_expect_gone(&pty, SOON, "Space ");
}

static void walk(int from, int to)
{
	for (int stage = from; stage <= to; stage++) {
		perform(stage);
		if (stage == 1)
			pty_expect(&pty, SOON, "CLUSTER ADMIN");
		if (stage == 3)
			pty_expect(&pty, SOON, "ADMIN ON HOST", "192.168.200.1/24");
		if (stage == NOT_MINE)
			pty_expect(&pty, SOON, "WORKLOAD OWNER", "Forbidden");
		if (stage != PICTURE && stage != to)
			pty_type(&pty, " ");
	}
}

static void test_walk_and_recovery(void **state)
{
	(void)state;
	start(100, 32);
	pty_expect(&pty, SOON, "○ turtle-db", "data-net · VLAN 123");
	walk(1, DIRECT);
	pty_expect(&pty, SOON, "leonardo", "donatello", "michaelangello", "raphael", "(4 rows)");
	pty_expect(&pty, SOON, "● turtle-db", "✓ tcp/5432", "podman1 · VLAN 123");
	pty_type(&pty, " ");
	walk(REST, REST);
	pty_expect(&pty, SOON, "\"name\": \"raphael\"", "\"weapon\": \"twin sai\"", "✓ tcp/9000");

	/* the database stops: it says so, and what went to it is broken; it comes back by itself */
	assert_int_equal(lab_shell("$ONESDN lab exec -- turtle-db stop"), 0);
	pty_expect(&pty, SOON, "✗ turtle-db", "✗ tcp/5432", "PostgreSQL has stopped; start it again: turtle-db start");
	assert_int_equal(lab_shell("$ONESDN lab exec -- turtle-db start"), 0);
	pty_expect(&pty, SOON, "● turtle-db", "? tcp/5432  seen before");
	pty_expect_gone(&pty, SOON, "PostgreSQL has stopped");

	/* so does the address under it */
	assert_int_equal(lab_shell("$ONESDN lab exec -- ip link set podman1.123 down"), 0);
	pty_expect(&pty, SOON, "✗ turtle-db", "no interface here has 192.168.200.1");
	assert_int_equal(lab_shell("$ONESDN lab exec -- ip link set podman1.123 up"), 0);
	pty_expect(&pty, SOON, "● turtle-db");

	/* the adapter's program is killed: what was seen is not tried any more, and it is back by itself */
	assert_int_equal(lab_shell("kubectl exec -n data-adapter turtle-db-adapter -- sh -c 'kill -TERM 1' || :"),
	                 0); /* which may take the shell along */
	pty_expect(&pty, STAGE, "● turtle-db-adapter", "? tcp/9000", "seen before");

	/* the mapping is taken back by its policy, and given again */
	assert_int_equal(lab_shell("kubectl patch nncp ovs-share-same-gw-bridge --type=merge -p "
	                           "'{\"spec\":{\"desiredState\":{\"ovn\":{\"bridge-mappings\":[{\"localnet\":"
	                           "\"data-net\",\"state\":\"absent\"}]}}}}'"),
	                 0);
	pty_expect(&pty, SOON, "✗ no mapping", "maps data-net to no bridge; apply a NodeNetworkConfigurationPolicy");
	assert_int_equal(lab_shell("kubectl apply -f manifests/localnet/01-netconfig.yaml"), 0);
	pty_expect_gone(&pty, SOON, "no mapping");

	/* the mapping of the adapter's node is removed by hand: the node and what to do are named */
	assert_int_equal(
	        lab_shell("node=$(kubectl get pod -n data-adapter turtle-db-adapter -o jsonpath='{.spec.nodeName}'); "
	                  "$ONESDN lab exec $node -- ovs-vsctl set open . "
	                  "external_ids:ovn-bridge-mappings=physnet:breth0"),
	        0);
	pty_expect(&pty, SOON, "✗ no mapping", "has lost its mapping data-net:breth0; give it back");
	assert_int_equal(
	        lab_shell("node=$(kubectl get pod -n data-adapter turtle-db-adapter -o jsonpath='{.spec.nodeName}'); "
	                  "$ONESDN lab exec $node -- ovs-vsctl set open . "
	                  "external_ids:ovn-bridge-mappings=data-net:breth0,physnet:breth0"),
	        0);
	pty_expect_gone(&pty, SOON, "no mapping");

	/* the adapter is deleted, which is final for a pod alone, and applied again: nobody has tried that one yet */
	assert_int_equal(lab_shell("kubectl delete pod -n data-adapter turtle-db-adapter --now"), 0);
	pty_expect(&pty, SOON, "○ turtle-db-adapter", "? tcp/9000");
	assert_int_equal(lab_shell("kubectl apply -f manifests/localnet/02-mixed-workloads.yaml"), 0);
	pty_expect(&pty, LAB, "● turtle-db-adapter", "? tcp/9000");

	pty_type(&pty, " ");
	walk(CLEANUP, LAST);
	pty_expect(&pty, SOON, "○ turtle-db", "○▣ vm-workload");
}

/* What a stage has made is planned again, on the host and in the cluster. */
static void test_undo(void **state)
{
	(void)state;
	static const struct {
		const char *title, *seen;
	} undone[] = {
	        {" 5/15 ", "its data are gone"}, {" 4/15 ", "deleted"}, {" 3/15 ", "del-port podman1 podman1.123"}};
	start(100, 32);
	walk(1, DATABASE);
	pty_expect(&pty, SOON, "● turtle-db", "podman1 · VLAN 123");
	for (size_t i = 0; i < sizeof undone / sizeof undone[0]; i++) {
		pty_expect(&pty, SOON, undone[i].title);
		pty_type(&pty, "u");
		pty_expect(&pty, SOON, "y yes");
		pty_type(&pty, "y");
		pty_expect(&pty, LAB / 4, undone[i].seen, " undone", "○ turtle-db");
		pty_expect(&pty, SOON, "SPACE ");
		pty_type(&pty, "\033[5~");
	}
	assert_int_equal(lab_shell("$ONESDN lab exec -- sh -c '! turtle-db status && ! ip link show podman1.123'"), 0);
	assert_int_equal(lab_shell("! kubectl get nncp ovs-share-same-gw-bridge"), 0);
	assert_int_equal(
	        lab_shell("$ONESDN lab exec ovn-worker -- ovs-vsctl get open . external_ids:ovn-bridge-mappings | "
	                  "grep -v data-net"),
	        0);
}

static void test_small(void **state)
{
	(void)state;
	start(80, 24);
	walk(1, DIRECT);
	pty_expect(&pty, SOON, "raphael", "(4 rows)");
	pty_type(&pty, " ");
	walk(REST, LAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_undo, end_show),
	        cmocka_unit_test_teardown(test_walk_and_recovery, end_show),
	        cmocka_unit_test_teardown(test_small, end_show),
	};
	return cmocka_run_group_tests_name("pty localnet", tests, make_lab, lab_tear_down);
}
