/* test_yaml: YAML to JSON values, the lines of values, what is refused and how it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/base.h"

static void assert_yaml(const char *text, const char *json)
{
	struct err err = {0};
	struct yaml *yaml = yaml_parse(text, strlen(text), "t.yaml", &err);
	if (!yaml)
		fail_msg("%s\n%s", err.text, text);
	struct str out = {0};
	str_append_json(&out, yaml_documents(yaml), JSON_COMPACT);
	assert_string_equal(out.data, json);
	str_finish(&out);
	yaml_destroy(yaml);
}

static void assert_refused(const char *text, const char *why)
{
	struct err err = {0};
	struct yaml *yaml = yaml_parse(text, strlen(text), "t.yaml", &err);
	if (yaml)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, ERR_INVALID);
	if (!text_has_prefix(err.text, why))
		fail_msg("\"%s\" and not \"%s...\"", err.text, why);
	assert_null(yaml_parse(text, strlen(text), "t.yaml", NULL));
}

static void test_scalars(void **state)
{
	(void)state;
	assert_yaml("[null, Null, NULL, ~, nUll, '', \"null\"]", "[[null,null,null,null,\"nUll\",\"\",\"null\"]]");
	assert_yaml("[true, True, FALSE, yes, off, tRue]", "[[true,true,false,\"yes\",\"off\",\"tRue\"]]");
	assert_yaml("[0, -1, +12, 007, 0o17, 0x1F, 0b1, 1_000, '1', 0o8, -0x1]",
	            "[[0,-1,12,7,15,31,\"0b1\",\"1_000\",\"1\",\"0o8\",\"-0x1\"]]");
	assert_yaml("[9223372036854775807, -9223372036854775808]", "[[9223372036854775807,-9223372036854775808]]");
	assert_yaml("[1.5, .5, 1., -2e3, 1e-2, 1.2.3, '.5', ., e5, 99999999999999999999]",
	            "[[1.5,0.5,1.0,-2000.0,0.01,\"1.2.3\",\".5\",\".\",\"e5\",1e20]]");
	assert_yaml("[2026-11-23, 10:30, 1.2.3.4/24, 52:54:00:12:34:56, v1]",
	            "[[\"2026-11-23\",\"10:30\",\"1.2.3.4/24\",\"52:54:00:12:34:56\",\"v1\"]]");
	assert_yaml("[!!str 1, !!int '2', !!float 1, !!bool \"true\", !!null '', ! 3]",
	            "[[\"1\",2,1.0,true,null,\"3\"]]");
	assert_yaml("a:\nb: ''\n", "[{\"a\":null,\"b\":\"\"}]");
}

static void test_collections(void **state)
{
	(void)state;
	assert_yaml("b: 1\na: {x: [1, {y: 2}], 3: z, true: t}\n",
	            "[{\"b\":1,\"a\":{\"x\":[1,{\"y\":2}],\"3\":\"z\",\"true\":\"t\"}}]");
	assert_yaml("- - 1\n  - 2\n-\n  a: b\n- []\n- {}\n", "[[[1,2],{\"a\":\"b\"},[],{}]]");
	assert_yaml("t: |\n  one\n  two\nf: >-\n  one\n  two\ne: \"\\u00e9\\n\"\n",
	            "[{\"t\":\"one\\ntwo\\n\",\"f\":\"one two\",\"e\":\"é\\n\"}]");
	assert_yaml("!!map {a: !!seq [b]}", "[{\"a\":[\"b\"]}]");
}

static void test_documents(void **state)
{
	(void)state;
	assert_yaml("", "[]");
	assert_yaml("# only words\n", "[]");
	assert_yaml("---\n---\na: 1\n---\n...\n---\n- 2\n--- x\n", "[{\"a\":1},[2],\"x\"]");
	assert_yaml("--- null\n--- ''\n", "[null,\"\"]");
	assert_yaml("\xef\xbb\xbf"
	            "a: 1\n",
	            "[{\"a\":1}]");
}

static void test_aliases(void **state)
{
	(void)state;
	assert_yaml("a: &x {k: [1, 2]}\nb: *x\nc: [&y v, *y]\n",
	            "[{\"a\":{\"k\":[1,2]},\"b\":{\"k\":[1,2]},\"c\":[\"v\",\"v\"]}]");
	assert_yaml("- &x 1\n- &x 2\n- *x\n", "[[1,2,2]]");
	assert_refused("a: *x\n", "t.yaml:1: the alias *x has no anchor before it");
	assert_refused("a: &x [*x]\n", "t.yaml:1: the alias *x has no anchor before it");
	assert_refused("&x a\n---\n*x\n", "t.yaml:3: the alias *x has no anchor before it");
}

/* Copies and not shared values: a change in one must not show in the other. */
static void test_alias_is_a_copy(void **state)
{
	(void)state;
	static const char text[] = "a: &x [1]\nb: *x\n";
	struct yaml *yaml = yaml_parse(text, strlen(text), "t.yaml", NULL);
	const json_t *document = json_array_get(yaml_documents(yaml), 0);
	assert_ptr_not_equal(json_object_get(document, "a"), json_object_get(document, "b"));
	yaml_destroy(yaml);
}

static void test_laughs(void **state)
{
	(void)state;
	struct str text = {0};
	str_append(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		str_append_f(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			str_append_f(&text, "%s*a%d", j > 0 ? ", " : "", i - 1);
		str_append(&text, "]\n");
	}
	assert_refused(text.data, "t.yaml:5: aliases make this larger than the 100000 values");
	str_clear(&text);
	str_append(&text, "a: &a ");
	for (int i = 0; i < 1000000; i++)
		str_append_c(&text, 'x');
	str_append(&text, "\nb: [");
	for (int i = 0; i < 1000; i++)
		str_append(&text, "*a, ");
	str_append(&text, "]\n");
	assert_refused(text.data, "t.yaml:2: aliases make this larger than the 100000 values");
	str_clear(&text);
	for (int i = 0; i < 64; i++) { /* each alias one level deeper than the last */
		str_append_f(&text, "a%d: &a%d [", i, i);
		if (i > 0)
			str_append_f(&text, "*a%d", i - 1);
		str_append(&text, "]\n");
	}
	assert_refused(text.data, "t.yaml:64: this is nested deeper than 64 levels");
	str_finish(&text);
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n", "t.yaml:3: the key \"a\" is there twice");
	assert_refused("{1: a, \"1\": b}", "t.yaml:1: the key \"1\" is there twice");
	assert_refused("x:\n  ? [a]\n  : b\n", "t.yaml:2: the key of a mapping must be a plain text");
	assert_refused("a: .nan\n", "t.yaml:1: the number .nan has no place in JSON");
	assert_refused("a: 1e999\n", "t.yaml:1: the number 1e999 has no place in JSON");
	assert_refused("a: !binary x\n", "t.yaml:1: the tag !binary is not known");
	assert_refused("a: !!int x\n", "t.yaml:1: \"x\" is no value of its tag");
	assert_refused("\n- \"a\\0b\"\n", "t.yaml:2: a text must not hold the character NUL");
	assert_refused("- \"\\ud800\"\n", "t.yaml:1: ");
	assert_refused("\"\\udfff\": a\n", "t.yaml:1: ");
	assert_refused("a: [1, 2\nb: 3\n", "t.yaml:");
	assert_refused("a: b: c\n", "t.yaml:1: this is no YAML: ");
	assert_refused("a:\n\t- b\n", "t.yaml:");
	assert_refused("a: \xff\n", "t.yaml:1: this is not valid UTF-8");
	assert_refused("a: 1\nb: \"\xc3(\"\n", "t.yaml:2: this is not valid UTF-8");
	assert_refused("\xff\xfe"
	               "a",
	               "t.yaml:1: this is not valid UTF-8");
	assert_refused("a: 1\n# \x1b[2J\n", "t.yaml:2: the control character 0x1b is not allowed");
	assert_null(yaml_parse("a: 1\0b", 6, "t.yaml", NULL));
	assert_refused("a: \"b\n", "t.yaml:");
	assert_refused("%YAML 3.0\n--- a\n", "t.yaml:1: this is no YAML: ");
}

static void test_sizes(void **state)
{
	(void)state;
	struct err err = {0};
	struct str text = {0};
	for (int i = 0; i < 100000; i++)
		str_append_c(&text, '[');
	assert_refused(text.data, "t.yaml:1: this is nested deeper than 64 levels");
	str_clear(&text);
	for (int i = 0; i < 1000; i++)
		str_append(&text, "- ");
	assert_refused(text.data, "t.yaml:1: this is nested deeper than 64 levels");
	str_clear(&text);
	while (text.len <= YAML_SIZE_MAX)
		str_append(&text, "# a comment\n");
	assert_null(yaml_parse(text.data, text.len, "big", &err));
	assert_int_equal(err.code, ERR_LIMIT);
	str_finish(&text);
}

static void test_lines(void **state)
{
	(void)state;
	static const char text[] = "# comment\n"
	                           "title: x\n"             /* 2 */
	                           "stages:\n"              /* 3 */
	                           "  - name: one\n"        /* 4 */
	                           "    run: |\n"           /* 5 */
	                           "      ls\n"             /* 6 */
	                           "      pwd\n"            /* 7 */
	                           "  - {name: two,\n"      /* 8 */
	                           "     tags: [a,\n"       /* 9 */
	                           "       b]}\n"           /* 10 */
	                           "a/b~c: &k {deep: [1,\n" /* 11 */
	                           "  2]}\n"                /* 12 */
	                           "copy: *k\n"             /* 13 */
	                           "---\n"
	                           "---\n"
	                           "second: {x: 1}\n"; /* 16 */
	static const struct {
		const char *pointer;
		int line;
	} cases[] = {
	        {"", 1},
	        {"/0", 2},
	        {"/0/title", 2},
	        {"/0/stages", 4},
	        {"/0/stages/0", 4},
	        {"/0/stages/0/name", 4},
	        {"/0/stages/0/run", 5},
	        {"/0/stages/1", 8},
	        {"/0/stages/1/name", 8},
	        {"/0/stages/1/tags", 9},
	        {"/0/stages/1/tags/0", 9},
	        {"/0/stages/1/tags/1", 10},
	        {"/0/stages/1/tags/2", 9},
	        {"/0/stages/7/name", 4},
	        {"/0/a~1b~0c", 11},
	        {"/0/a~1b~0c/deep/1", 12},
	        {"/0/copy", 13},
	        {"/0/copy/deep/1", 13},
	        {"/0/none/at/all", 2},
	        {"/1", 16},
	        {"/1/second/x", 16},
	        {"/2", 1},
	        {"/x", 1},
	        {"/0/title/deeper", 2},
	        {"nonsense", 1},
	        {"/-1", 1},
	};
	struct err err = {0};
	struct yaml *yaml = yaml_parse(text, strlen(text), "t.yaml", &err);
	if (!yaml)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int line = yaml_line(yaml, cases[i].pointer);
		if (line != cases[i].line)
			fail_msg("%s is at line %d, not %d", cases[i].pointer, line, cases[i].line);
	}
	yaml_destroy(yaml);
	yaml_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_scalars),         cmocka_unit_test(test_collections),
	        cmocka_unit_test(test_documents),       cmocka_unit_test(test_aliases),
	        cmocka_unit_test(test_alias_is_a_copy), cmocka_unit_test(test_laughs),
	        cmocka_unit_test(test_refused),         cmocka_unit_test(test_sizes),
	        cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
