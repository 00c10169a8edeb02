/* turtle-db: what PostgreSQL's pid file says, whole, half written and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lab/db.h"

#define HEAD "4711\n/run/turtle-db/data\n1790000000\n5432\n/run/turtle-db\n"

static void pid_file(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int pid; /* 0: refused */
		const char *address;
		bool is_ready;
	} cases[] = {
	        {HEAD "192.168.200.1\n  5432001        12\nready   \n", 4711, "192.168.200.1", true},
	        {HEAD "192.168.200.1\n  5432001        12\nstarting\n", 4711, "192.168.200.1", false},
	        {HEAD "192.168.200.1\n  5432001        12\nstopping\n", 4711, "192.168.200.1", false},
	        {HEAD "192.168.200.1\n  5432001        12\nready", 4711, "192.168.200.1", true},
	        {HEAD "192.168.200.1\n  5432001        12\nreadying\n", 4711, "192.168.200.1", false},
	        {HEAD "\n\nready\n", 4711, "", true}, /* it listens on nothing */
	        {HEAD, 4711, "", false},
	        {"4711\n", 4711, "", false},
	        {"4711", 4711, "", false},
	        {"", 0, "", false},
	        {"\n\n\n\n\n\n\nready\n", 0, "", false},
	        {"\n4711\n", 0, "", false},
	        {"-4711\n", 0, "", false}, /* a single-user server */
	        {"0\n", 0, "", false},
	        {"4294967297\n", 0, "", false}, /* 1, were it cut to 32 bits */
	        {"99999999999999999999999999\n", 0, "", false},
	        {"47x\n", 0, "", false},
	        {"postgres\n", 0, "", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct db_server server = {.pid = -1};
		bool is_read = db_read_pid_file(cases[i].text, &server);
		if (is_read != (cases[i].pid > 0))
			fail_msg("case %zu: %s", i, cases[i].text);
		assert_int_equal(server.pid, is_read ? cases[i].pid : -1);
		if (!is_read)
			continue;
		assert_string_equal(server.address, cases[i].address);
		assert_int_equal(server.is_ready, cases[i].is_ready);
	}
}

/* An address that is longer than an address can be is none, and does not push the lines behind it away. */
static void pid_file_with_long_lines(void **state)
{
	(void)state;
	char text[4096], line[1024];
	struct db_server server = {0};
	memset(line, 'a', sizeof line);
	line[sizeof line - 1] = '\0';
	text[0] = '\0';
	strncat(text, HEAD, sizeof text - 1);
	strncat(text, line, sizeof text - strlen(text) - 1);
	strncat(text, "\n1 2\nready\n", sizeof text - strlen(text) - 1);
	assert_true(db_read_pid_file(text, &server));
	assert_string_equal(server.address, "");
	assert_true(server.is_ready);
	assert_false(db_read_pid_file(line, &server));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pid_file),
	        cmocka_unit_test(pid_file_with_long_lines),
	};
	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
