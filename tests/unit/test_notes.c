/* test_notes: the line of notes both ways, and both sides of the socket on one loop. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/notes.h"

#define PATIENCE_MS 60000

static char dir[] = "/tmp/onesdn-notes-XXXXXX";

static char act[] = "An act", title[] = "A stage", persona[] = "cluster-admin",
            say[] = "Say this.\nAnd this: \342\200\256x\033[2J", command[] = "kubectl get\nkubectl apply",
            state[] = "it runs", empty[] = "", context[] = "lab", cluster[] = "LIVE";

static struct notes sample(void)
{
	return (struct notes){.act = act,
	                      .title = title,
	                      .persona = persona,
	                      .say = say,
	                      .command = command,
	                      .next = empty,
	                      .state = state,
	                      .message = empty,
	                      .context = context,
	                      .cluster = cluster,
	                      .stage = 2,
	                      .n_stages = 8,
	                      .is_blank = true,
	                      .status = 3,
	                      .elapsed_ms = 61000,
	                      .plan_from_ms = 60000,
	                      .plan_to_ms = 120000,
	                      .act_plan_ms = 600000};
}

static void test_line(void **unused)
{
	(void)unused;
	struct notes notes = sample(), back = {0};
	struct str line = {0};
	notes_encode(&notes, &line);
	assert_int_equal(line.data[line.len - 1], '\n');
	assert_null(memchr(line.data, '\n', line.len - 1));
	assert_true(notes_decode(line.data, line.len - 1, &back, NULL));
	assert_string_equal(back.title, "A stage");
	assert_true(text_has_prefix(back.say, "Say this.\nAnd this: "));
	assert_null(strchr(back.say, '\033'));
	assert_null(strstr(back.say, "\342\200\256"));
	assert_string_equal(back.command, command);
	assert_int_equal(back.stage, 2);
	assert_int_equal(back.status, 3);
	assert_int_equal(back.elapsed_ms, 61000);
	assert_true(back.is_blank);
	assert_false(back.is_problem);
	notes_finish(&back);
	str_finish(&line);
	/* A text of any length makes a line that the other side takes. */
	char *large = mem_alloc(3000000);
	memset(large, '\\', 2999999);
	notes.say = notes.command = notes.message = large;
	notes_encode(&notes, &line);
	assert_true(line.len <= NOTES_LINE_MAX);
	str_finish(&line);
	memset(large, 'x', 2999999);
	notes_encode(&notes, &line);
	assert_true(line.len <= NOTES_LINE_MAX);
	assert_true(notes_decode(line.data, line.len - 1, &back, NULL));
	notes_finish(&back);
	str_finish(&line);
	free(large);
}

static void test_bad_lines(void **unused)
{
	(void)unused;
	static const char *const lines[] = {"",
	                                    "{}",
	                                    "[]",
	                                    "null",
	                                    "{\"notes\":2}",
	                                    "{\"notes\":1}",
	                                    "{\"notes\":1,\"act\":3}",
	                                    "\377\376",
	                                    "{\"notes\":1,\"act\":\"a\""};
	struct notes notes = {.stage = 7};
	struct err err;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_false(notes_decode(lines[i], strlen(lines[i]), &notes, &err));
		assert_true(*err.text);
	}
	assert_int_equal(notes.stage, 7);
	/* One field of a wrong kind is enough. */
	struct notes good = sample();
	struct str line = {0};
	notes_encode(&good, &line);
	char *at = strstr(line.data, "\"stage\":2");
	assert_non_null(at);
	memcpy(at, "\"stage\":[", 9);
	assert_false(notes_decode(line.data, line.len - 1, &notes, &err));
	str_finish(&line);
}

static void test_pace(void **unused)
{
	(void)unused;
	struct notes notes = sample();
	assert_int_equal(notes_behind(&notes, 90000), 0);
	assert_int_equal(notes_behind(&notes, 30000), -30000);
	assert_int_equal(notes_behind(&notes, 180000), 60000);
	assert_int_equal(notes_behind(&notes, -1), 0);
	notes.plan_to_ms = notes.plan_from_ms = 0;
	assert_int_equal(notes_behind(&notes, 180000), 0);
}

/* ---- both sides ---- */
struct seen {
	int n_told, n_lost;
	int64_t stage;
};

static void on_notes(struct notes *notes, void *user)
{
	struct seen *seen = user;
	seen->n_told += notes != NULL;
	seen->n_lost += notes == NULL;
	seen->stage = notes ? notes->stage : 0;
	if (notes)
		notes_finish(notes);
}

static bool is_late;

static void on_alarm(void *user)
{
	(void)user;
	is_late = true;
}

static void wait_for(struct loop *loop, const int64_t *what, int64_t value)
{
	struct loop_timer *alarm = loop_timer_create(loop, on_alarm, NULL);
	is_late = false;
	loop_timer_start(alarm, PATIENCE_MS, 0);
	while (*what != value && !is_late)
		loop_turn(loop, true);
	loop_timer_destroy(alarm);
	assert_int_equal(*what, value);
}

static void tell(struct notes_server *server, int64_t stage)
{
	struct notes notes = sample();
	notes.stage = stage;
	notes_tell(server, &notes);
}

static void test_follow(void **unused)
{
	(void)unused;
	struct err err;
	struct loop *loop = loop_create(&err);
	struct seen first = {.stage = -1}, second = {.stage = -1};
	struct notes_link *a = notes_follow(loop, on_notes, &first, &err);
	wait_for(loop, &first.stage, 0); /* nobody is there, and that is said */
	struct notes_server *server = notes_serve(loop, &err);
	assert_non_null(server);
	char *path = mem_printf("%s/onesdn/notes-%ld.sock", dir, (long)getpid());
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	tell(server, 2);
	wait_for(loop, &first.stage, 2);
	struct notes_link *b = notes_follow(loop, on_notes, &second, &err); /* who comes later is told at once */
	wait_for(loop, &second.stage, 2);
	tell(server, 3);
	wait_for(loop, &first.stage, 3);
	wait_for(loop, &second.stage, 3);
	int n = first.n_told;
	tell(server, 3); /* the same again is not told */
	tell(server, 4);
	wait_for(loop, &first.stage, 4);
	assert_int_equal(first.n_told, n + 1);
	/* The show ends, and another one begins. */
	notes_server_destroy(server);
	assert_int_not_equal(lstat(path, &st), 0);
	wait_for(loop, &first.stage, 0);
	server = notes_serve(loop, &err);
	tell(server, 5);
	wait_for(loop, &first.stage, 5);
	wait_for(loop, &second.stage, 5);
	notes_link_destroy(a);
	notes_link_destroy(b);
	notes_server_destroy(server);
	loop_destroy(loop);
	free(path);
}

static int connect_raw(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s/onesdn/notes-%ld.sock", dir, (long)getpid());
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* One that reads nothing, one that speaks, and too many of them: the show goes on, and those who follow see it. */
static void test_bad_clients(void **unused)
{
	(void)unused;
	struct err err;
	struct loop *loop = loop_create(&err);
	struct seen seen = {.stage = -1};
	struct notes_server *server = notes_serve(loop, &err);
	struct notes_link *link = notes_follow(loop, on_notes, &seen, &err);
	tell(server, 1);
	wait_for(loop, &seen.stage, 1);
	int deaf = connect_raw(), talker = connect_raw();
	assert_int_equal(send(talker, "{}\n", 3, MSG_NOSIGNAL), 3);
	for (int64_t i = 2; i < 2000; i++) { /* far more than a socket holds */
		tell(server, i);
		if (i % 100 == 0)
			wait_for(loop, &seen.stage, i);
	}
	wait_for(loop, &seen.stage, 1999);
	char byte;
	ssize_t got;
	while ((got = recv(talker, &byte, 1, MSG_DONTWAIT)) > 0)
		;
	assert_true(got == 0 || errno == ECONNRESET); /* it was shown the door */
	int many[NOTES_CLIENTS_MAX + 4];
	for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
		many[i] = connect_raw();
		tell(server, 2000 + (int64_t)i);
		wait_for(loop, &seen.stage, 2000 + (int64_t)i);
	}
	size_t n_refused = 0;
	for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
		while ((got = recv(many[i], &byte, 1, MSG_DONTWAIT)) > 0)
			;
		n_refused += got == 0 || errno == ECONNRESET;
		close(many[i]);
	}
	assert_true(n_refused >= 4);
	close(deaf);
	close(talker);
	notes_link_destroy(link);
	notes_server_destroy(server);
	loop_destroy(loop);
}

static int setup(void **unused)
{
	(void)unused;
	return mkdtemp(dir) && chmod(dir, 0700) == 0 && setenv("XDG_RUNTIME_DIR", dir, 1) == 0 ? 0 : -1;
}

static int teardown(void **unused)
{
	(void)unused;
	char *runtime = path_user(PATH_RUNTIME, NULL);
	rmdir(runtime);
	free(runtime);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_line),   cmocka_unit_test(test_bad_lines),   cmocka_unit_test(test_pace),
	        cmocka_unit_test(test_follow), cmocka_unit_test(test_bad_clients),
	};
	return cmocka_run_group_tests_name("notes", tests, setup, teardown);
}
