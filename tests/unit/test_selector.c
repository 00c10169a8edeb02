/* Label and field selectors, and queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/api/private.h"
#include "lab/labels.h"

static bool matches(const char *labels, const char *fields)
{
	struct err err;
	struct selector *selector = selector_parse(labels, fields, &err);
	json_t *pod = json_pack("{s:{s:s,s:s,s:{s:s,s:s}},s:{s:s},s:{s:s}}", "metadata", "name", "p1", "namespace", "n",
	                        "labels", "app", "web", "tier", "front", "spec", "nodeName", "w1", "status", "phase",
	                        "Running");
	if (!selector)
		fail_msg("%s %s: %s", labels, fields, err.text);
	bool is = selector_matches(selector, pod);
	selector_destroy(selector);
	json_decref(pod);
	return is;
}

static void labels(void **state)
{
	static const char *const yes[] = {"",
	                                  "app=web",
	                                  "app==web",
	                                  "app!=db",
	                                  "app in (web,db)",
	                                  "app in (db, web)",
	                                  "app notin (db)",
	                                  "app",
	                                  "!gone",
	                                  "gone!=x",
	                                  "gone notin (a,b)",
	                                  "app=web,tier=front",
	                                  " app = web , tier in ( front ) ",
	                                  "gone notin (),app"};
	static const char *const no[] = {
	        "app=db", "app!=web", "app in (db)", "app notin (web)", "gone", "!app", "app=web,tier=back",
	        "app=",   "gone="};
	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!matches(yes[i], ""))
			fail_msg("%s does not match", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (matches(no[i], ""))
			fail_msg("%s matches", no[i]);
}

static void fields(void **state)
{
	(void)state;
	assert_true(matches("", "metadata.name=p1"));
	assert_true(matches("", "metadata.name==p1,metadata.namespace=n"));
	assert_false(matches("", "metadata.name=p2"));
	assert_true(matches("", "spec.nodeName=w1,status.phase!=Failed,status.phase!=Succeeded"));
	assert_true(matches("", "status.podIP=")); /* empty is absent */
	assert_true(matches("", "spec.schedulerName!=x"));
	assert_false(matches("app=db", "metadata.name=p1"));
}

static void refused(void **state)
{
	static const char *const bad_labels[] = {"=a", "a in",       "a in (", "a in b", "a,,b", "a b",
	                                         "!",  "a in (b) c", "(",      "a!b",    ",a"};
	static const char *const bad_fields[] = {"metadata.name", "!metadata.name", "spec.containers=a", "a in (b)",
	                                         "=b"};
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof bad_labels / sizeof *bad_labels; i++)
		if (selector_parse(bad_labels[i], "", &err))
			fail_msg("%s was not refused", bad_labels[i]);
	for (size_t i = 0; i < sizeof bad_fields / sizeof *bad_fields; i++)
		if (selector_parse("", bad_fields[i], &err))
			fail_msg("%s was not refused", bad_fields[i]);
}

static void queries(void **state)
{
	struct query query = {0}, bad = {0};
	(void)state;
	assert_true(query_parse(&query, "command=echo+a+b%2Bc&command=x&watch=1&tty&empty=&u=%C3%A4"));
	assert_int_equal(query.pairs.len, 6);
	assert_string_equal(query.pairs.data[0].value, "echo a b+c");
	assert_string_equal(query.pairs.data[1].value, "x");
	assert_true(query_is(&query, "watch"));
	assert_false(query_is(&query, "tty"));
	assert_string_equal(query_get(&query, "u"), "\xc3\xa4");
	assert_string_equal(query_get(&query, "none"), "");
	query_finish(&query);
	static const char *const malformed[] = {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "%=1"};
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		assert_false(query_parse(&bad, malformed[i]));
		query_finish(&bad);
	}
	struct str many = {0};
	for (int i = 0; i <= API_QUERY_MAX; i++)
		str_append(&many, "a=1&");
	assert_false(query_parse(&bad, str_text(&many)));
	query_finish(&bad);
	str_finish(&many);
}

static void label_selector_objects(void **state)
{
	json_t *selector = json_pack("{s:{s:s},s:[{s:s,s:s,s:[s,s]},{s:s,s:s}]}", "matchLabels", "app", "web",
	                             "matchExpressions", "key", "tier", "operator", "In", "values", "a", "b", "key",
	                             "old", "operator", "DoesNotExist");
	json_t *yes = json_pack("{s:s,s:s}", "app", "web", "tier", "a"),
	       *no = json_pack("{s:s,s:s,s:s}", "app", "web", "tier", "a", "old", "1");
	(void)state;
	assert_true(labels_match(selector, yes));
	assert_false(labels_match(selector, no));
	assert_false(labels_match(selector, NULL));
	json_decref(selector);
	json_decref(yes);
	json_decref(no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(labels), cmocka_unit_test(fields),
	                                   cmocka_unit_test(refused), cmocka_unit_test(queries),
	                                   cmocka_unit_test(label_selector_objects)};
	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
