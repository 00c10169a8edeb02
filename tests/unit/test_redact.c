/* What is to be redacted as scenarios and the config write it, and what may yet become a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"

static struct cast_rules *rules_of(const char *json)
{
	struct cast_rules *rules = cast_rules_create();
	struct err err;
	json_t *list = json_loads(json, 0, NULL);
	assert_non_null(list);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!cast_rules_add_json(rules, json_array_get(list, i), &err))
			fail_msg("%s", err.text);
	json_decref(list);
	return rules;
}

static void expect_refused(const char *json, const char *word)
{
	struct cast_rules *rules = cast_rules_create();
	struct err err;
	json_t *rule = json_loads(json, JSON_DECODE_ANY, NULL);
	assert_false(cast_rules_add_json(rules, rule, &err));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" says nothing of %s", err.text, word);
	assert_int_equal(cast_rules_count(rules), 0);
	json_decref(rule);
	cast_rules_destroy(rules);
}

static void test_written(void **state)
{
	(void)state;
	struct cast_rules *rules =
	        rules_of("[\"hunter22\", {\"literal\": \"cheese\", \"with\": \"#\"},"
	                 " {\"pattern\": \"pw=([a-z]+)\", \"with\": \"-\", \"name\": \"password\"}]");
	struct str out = {0};
	const char *text = "is hunter22 or cheese, pw=abc";
	cast_rules_text(rules, text, strlen(text), &out);
	assert_string_equal(str_text(&out), "is ******** or ######, pw=---");
	assert_string_equal(cast_rules_name(rules, 2), "password");
	str_finish(&out);
	cast_rules_destroy(rules);
	expect_refused("7", "literal");
	expect_refused("{\"litteral\": \"abc\"}", "litteral");
	expect_refused("{\"literal\": 5}", "literal");
	expect_refused("{\"pattern\": \"(((\"}", "pattern");
	expect_refused("\"ab\"", "bytes");
	expect_refused("{\"literal\": \"abc\", \"pattern\": \"abc\"}", "either");
}

static void expect_open(const struct cast_rules *rules, const char *text, size_t at)
{
	assert_int_equal(cast_rules_open(rules, text, strlen(text)), at);
}

static void test_open(void **state)
{
	(void)state;
	struct cast_rules *rules = rules_of("[\"hunter22\", {\"pattern\": \"pw=([a-z]{4})\"}]");
	expect_open(rules, "", 0);
	expect_open(rules, "nothing", 7);
	expect_open(rules, "is hunt", 3);
	expect_open(rules, "is hunter22", 11); /* whole: it was redacted by now */
	expect_open(rules, "is hunter22 hu", 12);
	expect_open(rules, "hunt pw=ab", 5);
	expect_open(rules, "pw=abcd.", 8);
	cast_rules_destroy(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_written), cmocka_unit_test(test_open)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
