/* test_traffic: policies come, change and go while a pod connects several times a second; somebody else applies them. With the
 * flow table open the program's verdict, OVN's answer and the packets agree within a second: each is timed, and what counts is
 * how long after the packets' own change the screen has said so. Meanwhile the drops are counted. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lab.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum {
	AGREE = 1000
}; /* ms; on top: some times what kubectl took for the change itself, which says how busy the machine is */

static struct pty pty;
static char *traffic; /* a file: a line "MILLISECONDS open|shut" for each attempt, the time that it began */

static int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int make_lab(void **state)
{
	(void)state;
	lab_make(true);
	assert_int_equal(lab_shell("kubectl apply -f tests/pty/traffic.yaml && "
	                           "kubectl wait -n traffic --for=condition=Ready pod/client pod/server --timeout=20s"),
	                 0);
	traffic = mem_printf("%s/traffic", pty_dir());
	char *start = mem_printf(
	        "to=$(kubectl get pod -n traffic server -o yaml | grep -o '10\\.66\\.0\\.[0-9]*' | head -n 1); "
	        "setsid $ONESDN lab exec traffic/client -- env TO=$to bash -c 'while [ $SECONDS -lt 60 ]; do "
	        "t=${EPOCHREALTIME/[.,]/}; if timeout 0.2 bash -c \"exec 3<>/dev/tcp/$TO/9000\" 2>/dev/null; then "
	        "echo ${t%%???} open; read -rt 0.1 <> <(:); else echo ${t%%???} shut; fi; done' >%s 2>&1 </dev/null & echo $! >%s.pid",
	        traffic, traffic);
	assert_int_equal(lab_shell(start), 0);
	free(start);
	return 0;
}

static int drop_lab(void **state)
{
	(void)state;
	char *stop = mem_printf("kill $(cat %s.pid)", traffic);
	lab_shell(stop);
	free(stop);
	free(traffic);
	lab_drop();
	return 0;
}

/* When the first attempt began, no earlier than `since`, that came out as `wanted`. Waits for it. */
static int64_t packets_changed(const char *wanted, int64_t since)
{
	char *wait = mem_printf("timeout 10 tail -n +1 -f %s | while read -r at what; do "
	                        "[ \"$at\" -ge %" PRId64 " ] && [ \"$what\" = %s ] && break; done",
	                        traffic, since, wanted);
	assert_int_equal(lab_shell(wait), 0);
	free(wait);
	struct str text = {0};
	struct err err = {0};
	int64_t at = 0;
	assert_true(file_read(traffic, 1 << 20, &text, &err));
	for (char *rest = text.data, *line; !at && (line = strsep(&rest, "\n"));) {
		char *word = strchr(line, ' ');
		int64_t began;
		if (!word)
			continue;
		*word++ = '\0';
		if (text_to_int(line, since, INT64_MAX, &began) && strcmp(word, wanted) == 0)
			at = began;
	}
	str_finish(&text);
	assert_true(at > 0);
	return at;
}

struct sight { /* when the screen had what */
	const char *texts[2];
	int64_t at[2];
};

static bool sees(struct pty *of, void *user)
{
	struct sight *sight = user;
	bool is_all = true;
	for (int i = 0; i < 2; i++) {
		if (!sight->at[i] && pty_has(of, sight->texts[i]))
			sight->at[i] = clock_ms();
		is_all = is_all && sight->at[i];
	}
	return is_all;
}

static void expect_agreement(const char *name, const char *change, bool is_open)
{
	struct sight sight = {.texts = {is_open ? "  allow  " : "  deny  ", is_open ? "passes" : "drops"}};
	int64_t since = clock_ms();
	char *command = mem_printf("%s >/dev/null", change);
	assert_int_equal(lab_shell(command), 0);
	free(command);
	int64_t took = clock_ms() - since;
	if (!pty_wait(&pty, SOON, sees, &sight)) {
		char *screen = pty_screen(&pty);
		print_error("%s: not on the screen: %s, %s\n%s\n", name, sight.texts[0], sight.texts[1], screen);
		free(screen);
		fail();
	}
	int64_t packets = packets_changed(is_open ? "open" : "shut", since);
	print_message("%s: packets after %" PRId64 " ms, then policies %+" PRId64 " ms, OVN %+" PRId64
	              " ms; kubectl took %" PRId64 " ms\n",
	              name, packets - since, sight.at[0] - packets, sight.at[1] - packets, took);
	for (int i = 0; i < 2; i++)
		assert_true(sight.at[i] - packets <= AGREE + 4 * took);
	assert_true(packets - since <= AGREE + 4 * took);
}

#define POLICY(spec)                                                                                                                                \
	"echo '{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\",\"metadata\":{\"name\":\"p\",\"namespace\":\"traffic\"," \
	"\"annotations\":{\"k8s.v1.cni.cncf.io/policy-for\":\"net\"}},\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"server\"}},"            \
	"\"policyTypes\":[\"Ingress\"],\"ingress\":[" spec "]}}' | kubectl apply -f -"

static const struct {
	const char *name, *change;
	bool is_open;
} steps[] = {
        {"applied", POLICY("{\"ports\":[{\"port\":9001}]}"), false},
        {"changed", POLICY("{\"ports\":[{\"port\":9000}]}"), true},
        {"changed back", POLICY("{\"from\":[{\"podSelector\":{\"matchLabels\":{\"role\":\"friend\"}}}]}"), false},
        {"labelled", "kubectl label -n traffic pod client role=friend", true},
        {"no label any more", "kubectl label -n traffic pod client role-", false},
        {"refused by the API, nothing changes", "! " POLICY("7") " 2>&1", false},
        {"malformed: the rule is void",
         POLICY("{\"from\":[{\"ipBlock\":{\"cidr\":\"10.66.0.0/33\"}}],\"ports\":[{\"port\":0}]}"), false},
        {"deleted", "kubectl delete -n traffic multi-policy p", true},
};

static bool has_drops(struct pty *of, void *user)
{
	char *screen = pty_screen(of), *row = strstr(screen, "  deny  "), *end = row ? strchr(row, '\n') : NULL;
	int n = 0;
	if (end)
		*end = '\0';
	for (char *at = row; at && *at; at++)
		if (at[0] >= '0' && at[0] <= '9')
			n = n * 10 + (at[0] - '0');
	free(screen);
	return n > *(int *)user;
}

static void test_traffic(void **state)
{
	(void)state;
	const char *const argv[] = {lab_onesdn(), "show", "tests/pty/traffic.scenario.yaml", NULL};
	pty_start(&pty, 100, 30, argv, NULL);
	pty_expect(&pty, LAB, "LIVE");
	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "POLICIES", "DROPPED", "tcp/9000  ", "  allow  ", "passes");
	packets_changed("open", 0);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		expect_agreement(steps[i].name, steps[i].change, steps[i].is_open);
		if (i == 0) {
			int n = 0;
			assert_true(pty_wait(&pty, SOON, has_drops, &n));
			n = 4; /* they are counted on, as long as it lasts */
			assert_true(pty_wait(&pty, SOON, has_drops, &n));
		}
	}
	char *screen = pty_screen(&pty);
	assert_null(strstr(screen, "drops"));
	free(screen);
	pty_type(&pty, "\x1b");
	pty_expect_gone(&pty, SOON, "POLICIES");
	pty_type(&pty, "q");
	assert_int_equal(pty_expect_end(&pty, SOON), 0);
	pty_end(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_traffic)};
	return cmocka_run_group_tests_name("traffic", tests, make_lab, drop_lab);
}
