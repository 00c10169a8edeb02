/* Patches: RFC 7386, RFC 6902 with its appendix, strategic merge as kubectl sends it, server-side apply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/api/patch.h"
#include "lab/api/private.h"

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
	if (!value)
		fail_msg("%s: %s", text, error.text);
	return value;
}

static void same(json_t *got, const char *wanted)
{
	json_t *value = parse(wanted);
	char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : strdup("(nothing)");
	if (!got || !json_equal(got, value))
		fail_msg("got    %s\nwanted %s", text, wanted);
	free(text);
	json_decref(value);
	json_decref(got);
}

static void merges(void **state)
{
	/* target, patch, result: the cases of RFC 7386's appendix A */
	static const char *const cases[][3] = {
	        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
	        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
	        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
	        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
	        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
	        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
	        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
	        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
	        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
	        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *target = parse(cases[i][0]), *patch = parse(cases[i][1]), *before = json_deep_copy(target);
		same(patch_merge(target, patch), cases[i][2]);
		assert_true(json_equal(target, before));
		json_decref(target);
		json_decref(patch);
		json_decref(before);
	}
}

static void json_patches(void **state)
{
	/* result NULL: refused. Mostly RFC 6902's appendix A */
	static const char *const cases[][3] = {
	        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
	         "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
	        {"{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
	         "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
	        {"{\"foo\":[1]}", "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[2]}]", "{\"foo\":[1,[2]]}"},
	        {"{\"baz\":1,\"foo\":2}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]", "{\"foo\":2}"},
	        {"{\"foo\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]", "{\"foo\":[1,3]}"},
	        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
	        {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/0\",\"value\":9}]", "{\"a\":[9,2]}"},
	        {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
	         "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
	         "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
	        {"{\"foo\":[1,2,3,4]}", "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
	         "{\"foo\":[1,3,4,2]}"},
	        {"{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"}]", "{\"baz\":\"qux\"}"},
	        {"{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", NULL},
	        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":1}]", NULL},
	        {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]", "{\"/\":9,\"~1\":10}"},
	        {"{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"a\":1,\"b\":1}"},
	        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"\",\"value\":{\"b\":2}}]", "{\"b\":2}"},
	        {"{\"a\":[]}", "[{\"op\":\"remove\",\"path\":\"/a/0\"}]", NULL},
	        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":1}]", NULL},
	        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/01\",\"value\":1}]", NULL},
	        {"{}", "[{\"op\":\"frob\",\"path\":\"/a\",\"value\":1}]", NULL},
	        {"{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL},
	        {"{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL},
	        {"{}", "{}", NULL},
	        {"{}", "[1]", NULL},
	        {"{}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL},
	};
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *target = parse(cases[i][0]), *patch = parse(cases[i][1]),
		       *got = patch_json(target, patch, &err);
		if (cases[i][2])
			same(got, cases[i][2]);
		else if (got)
			fail_msg("%s was not refused", cases[i][1]);
		json_decref(target);
		json_decref(patch);
	}
}

static void copies_are_bounded(void **state)
{
	json_t *target = parse("{\"a\":[\"0123456789012345678901234567890123456789\"]}"), *patch = json_array();
	struct err err;
	(void)state;
	for (int i = 0; i < 40; i++) /* would double 40 times */
		json_array_append_new(patch, parse("{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}"));
	assert_null(patch_json(target, patch, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	json_decref(target);
	json_decref(patch);
}

static void strategic(void **state)
{
	static const char *const cases[][3] = {
	        /* what kubectl apply sends: order lists name the keys */
	        {"{\"metadata\":{\"finalizers\":[\"f\"],\"labels\":{\"gone\":\"1\",\"stays\":\"2\"}},\"spec\":{"
	         "\"nodeSelector\":{\"a\":\"b\"},\"containers\":[{\"name\":\"c1\",\"image\":\"i\",\"args\":[\"x\","
	         "\"y\"],"
	         "\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]},{\"name\":\"c2\"}],"
	         "\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}}",
	         "{\"metadata\":{\"finalizers\":null,\"labels\":{\"gone\":null}},\"spec\":{\"$setElementOrder/"
	         "containers\":[{\"name\":\"c3\"},{\"name\":\"c1\"}],\"containers\":[{\"name\":\"c3\",\"image\":"
	         "\"new\"},"
	         "{\"name\":\"c1\",\"$setElementOrder/"
	         "env\":[{\"name\":\"B\"}],\"args\":[\"a\"],\"env\":[{\"name\":\"B\",\"value\":\"3\"},{\"$patch\":"
	         "\"delete\",\"name\":\"A\"}],"
	         "\"$setElementOrder/"
	         "ports\":[{\"containerPort\":80}],\"ports\":[{\"containerPort\":80,\"name\":\"w\"}]},{\"$patch\":"
	         "\"delete\",\"name\":\"c2\"}],\"nodeSelector\":null,"
	         "\"volumes\":[{\"$retainKeys\":[\"configMap\",\"name\"],\"configMap\":{\"name\":\"q\"},\"emptyDir\":"
	         "null,\"name\":\"v\"}]}}",
	         "{\"metadata\":{\"labels\":{\"stays\":\"2\"}},\"spec\":{\"containers\":[{\"name\":\"c3\",\"image\":"
	         "\"new\"},{\"name\":\"c1\",\"image\":\"i\",\"args\":[\"a\"],\"env\":[{\"name\":\"B\",\"value\":\"3\"}]"
	         ","
	         "\"ports\":[{\"containerPort\":80,\"name\":\"w\"}]}],\"volumes\":[{\"name\":\"v\",\"configMap\":{"
	         "\"name\":\"q\"}}]}}"},
	        /* by hand: keys from the table */
	        {"{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\"}]}}",
	         "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"2\"}]}}",
	         "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"2\"},{\"name\":\"b\"}]}}"},
	        {"{\"spec\":{\"tolerations\":[{\"key\":\"a\"}]}}", "{\"spec\":{\"tolerations\":[{\"key\":\"b\"}]}}",
	         "{\"spec\":{\"tolerations\":[{\"key\":\"b\"}]}}"},
	        {"{\"metadata\":{\"finalizers\":[\"a\"]}}", "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
	         "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}"},
	        {"{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
	         "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}}",
	         "{\"metadata\":{\"finalizers\":[\"b\"]}}"},
	        {"{\"spec\":{\"nodeSelector\":{\"a\":\"1\"}}}",
	         "{\"spec\":{\"nodeSelector\":{\"$patch\":\"replace\",\"b\":\"2\"}}}",
	         "{\"spec\":{\"nodeSelector\":{\"b\":\"2\"}}}"},
	        {"{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}",
	         "{\"spec\":{\"containers\":[{\"$patch\":\"replace\"},{\"name\":\"b\"}]}}",
	         "{\"spec\":{\"containers\":[{\"name\":\"b\"}]}}"},
	        {"{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}", "{\"spec\":{\"containers\":[{\"image\":\"b\"}]}}",
	         NULL},
	        {"{}", "{\"$patch\":\"frob\"}", NULL},
	        {"{}", "[]", NULL},
	};
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *target = parse(cases[i][0]), *patch = parse(cases[i][1]),
		       *got = patch_strategic(target, patch, &schema_pod, &err);
		if (cases[i][2])
			same(got, cases[i][2]);
		else if (got)
			fail_msg("%s was not refused", cases[i][1]);
		json_decref(target);
		json_decref(patch);
	}
}

/* ---- server-side apply ---- */

static json_t *apply(const json_t *live, const char *config, const char *manager, bool force, json_t **conflicts)
{
	json_t *value = parse(config);
	struct err err;
	*conflicts = NULL;
	json_t *object = apply_merge(live, value, lab_resource_kind("Pod"), manager, force, conflicts, &err);
	json_decref(value);
	return object;
}

static void owns_what_it_applies(void **state)
{
	json_t *conflicts;
	(void)state;
	json_t *one = apply(NULL,
	                    "{\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"1\",\"b\":\"1\"}},\"spec\":{"
	                    "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
	                    "alice", false, &conflicts);
	assert_non_null(one);
	/* what is not applied any more goes; what another holds stays */
	json_t *two = apply(one, "{\"metadata\":{\"name\":\"p\",\"labels\":{\"b\":\"1\"}}}", "bob", false, &conflicts);
	assert_non_null(two);
	json_t *three = apply(
	        two, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
	        "alice", false, &conflicts);
	assert_non_null(three);
	same(json_incref(json_object_get(json_object_get(three, "metadata"), "labels")), "{\"b\":\"1\"}");
	/* another's field with another value is a conflict, unless forced; with the same value it is shared */
	assert_null(apply(
	        three, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}",
	        "bob", false, &conflicts));
	assert_int_equal(json_array_size(conflicts), 1);
	assert_string_equal(json_walk_str(json_array_get(conflicts, 0), "message", NULL),
	                    "conflict with \"alice\" using v1");
	assert_string_equal(json_walk_str(json_array_get(conflicts, 0), "field", NULL),
	                    ".spec.containers[{\"name\":\"c\"}].image");
	json_decref(conflicts);
	json_t *four = apply(
	        three, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}",
	        "bob", true, &conflicts);
	assert_non_null(four);
	same(json_incref(json_object_get(json_object_get(four, "spec"), "containers")),
	     "[{\"name\":\"c\",\"image\":\"j\"}]");
	/* the same again changes nothing, not even the times */
	json_t *five = apply(
	        four, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}",
	        "bob", false, &conflicts);
	assert_true(json_equal(four, five));
	json_decref(one);
	json_decref(two);
	json_decref(three);
	json_decref(four);
	json_decref(five);
}

static void updates_take_over(void **state)
{
	const struct lab_resource *pods = lab_resource_kind("Pod");
	json_t *conflicts;
	(void)state;
	json_t *live =
	        apply(NULL, "{\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"1\"}}}", "alice", false, &conflicts);
	json_t *edited = json_deep_copy(live);
	json_object_set_new(json_object_get(json_object_get(edited, "metadata"), "labels"), "a", json_string("2"));
	apply_note_update(edited, live, pods, "kubectl-edit", "");
	assert_null(
	        apply(edited, "{\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"1\"}}}", "alice", false, &conflicts));
	assert_string_equal(json_walk_str(json_array_get(conflicts, 0), "message", NULL),
	                    "conflict with \"kubectl-edit\" using v1");
	json_decref(conflicts);
	json_t *same_value =
	        apply(edited, "{\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"2\"}}}", "alice", false, &conflicts);
	assert_non_null(same_value);
	json_decref(same_value);
	json_decref(live);
	json_decref(edited);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(merges),
	        cmocka_unit_test(json_patches),
	        cmocka_unit_test(copies_are_bounded),
	        cmocka_unit_test(strategic),
	        cmocka_unit_test(owns_what_it_applies),
	        cmocka_unit_test(updates_take_over),
	};
	return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
