/* The turtles' REST bodies: what is read, what is refused and in which words, how rows and times are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "workload/turtles_text.h"

static void test_parse(void **state)
{
	(void)state;
	static const char *const good[] = {
	        "{\"name\":\"n\",\"email\":\"e\",\"weapon\":\"w\"}",
	        " {\"weapon\":\"w\",\"more\":[1,{}],\"email\":\"e\",\"name\":\"n\"}\n",
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct turtle turtle = {0};
		struct str why = {0};
		assert_true(turtle_parse(good[i], strlen(good[i]), &turtle, &why));
		assert_string_equal(turtle.name, "n");
		assert_string_equal(turtle.email, "e");
		assert_string_equal(turtle.weapon, "w");
		turtle_finish(&turtle);
		str_finish(&why);
	}
}

static void test_parse_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *body, *why;
	} cases[] = {
	        {"", "Json deserialize error: EOF while parsing a value at line 1 column 0"},
	        {"{}", "Json deserialize error: missing field `name` at line 1 column 2"},
	        {"{\"name\":\"a\",\n\"email\":\"b\"}\n",
	         "Json deserialize error: missing field `weapon` at line 2 column 12"},
	        {"{\"name\":5}",
	         "Json deserialize error: invalid type: integer `5`, expected a string at line 1 column 10"},
	        {"{\"name\":null}",
	         "Json deserialize error: invalid type: null, expected a string at line 1 column 13"},
	        {"7",
	         "Json deserialize error: invalid type: integer `7`, expected struct NewTurtle at line 1 column 1"},
	        {"\"a\x7f\\u0007\"",
	         "Json deserialize error: invalid type: string \"a\357\277\275\357\277\275\", expected struct NewTurtle at line 1 column "
	         "10"},
	        {"true",
	         "Json deserialize error: invalid type: boolean `true`, expected struct NewTurtle at line 1 column 4"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct turtle turtle = {0};
		struct str why = {0};
		assert_false(turtle_parse(cases[i].body, strlen(cases[i].body), &turtle, &why));
		assert_string_equal(str_text(&why), cases[i].why);
		assert_null(turtle.name);
		str_finish(&why);
	}
	static const char *const bad[] = {"{", "{\"name\":\"a\",\"name\":\"b\"}", "{\"name\":\"\xff\"}", "{} x",
	                                  "{\"name\":\"\\u0000\"}"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct turtle turtle = {0};
		struct str why = {0};
		assert_false(turtle_parse(bad[i], strlen(bad[i]), &turtle, &why));
		assert_true(text_is_safe(str_text(&why), why.len));
		str_finish(&why);
	}
}

static void test_id(void **state)
{
	(void)state;
	int64_t id = 0;
	struct str why = {0};
	assert_true(turtle_id("4", &id, &why));
	assert_int_equal(id, 4);
	assert_true(turtle_id("-2147483648", &id, &why));
	assert_int_equal(why.len, 0);
	assert_false(turtle_id("2147483648", &id, &why));
	assert_string_equal(str_text(&why), "Path deserialize error: can not parse \"2147483648\" to a i32");
	str_clear(&why);
	assert_false(turtle_id("1;drop", &id, &why));
	str_finish(&why);
}

static void test_time(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	        {"2026-11-23T06:25:47.123456", "2026-11-23T06:25:47.123456"},
	        {"2026-11-23T06:25:47.123000", "2026-11-23T06:25:47.123"},
	        {"2026-11-23T06:25:47.000000", "2026-11-23T06:25:47"},
	        {"2026-11-23T06:25:47.000001", "2026-11-23T06:25:47.000001"},
	        {"2026-11-23T06:25:47", "2026-11-23T06:25:47"},
	        {"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[64];
		turtle_time(cases[i][0], out, sizeof out);
		assert_string_equal(out, cases[i][1]);
	}
}

static void test_row(void **state)
{
	(void)state;
	json_t *row = turtle_row("1", "leonardo", "leo@tmnt.org", "swords", "2026-11-23T06:25:47.120000");
	char *text = json_dumps(row, JSON_COMPACT);
	assert_string_equal(text,
	                    "{\"user_id\":1,\"name\":\"leonardo\",\"email\":\"leo@tmnt.org\",\"weapon\":\"swords\","
	                    "\"created_on\":\"2026-11-23T06:25:47.120\"}");
	free(text);
	json_decref(row);
	row = turtle_row("2", "a", "b", "c", NULL);
	assert_true(json_is_null(json_object_get(row, "created_on")));
	json_decref(row);
	assert_null(turtle_row("x", "a", "b", "c", NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse), cmocka_unit_test(test_parse_refuses), cmocka_unit_test(test_id),
	        cmocka_unit_test(test_time),  cmocka_unit_test(test_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
