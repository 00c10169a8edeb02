/* The guest's archive (cpio "newc"), and what is believed of a guest's reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/vm/cpio.h"
#include "lab/vm/image.h"
#include "lab/vm/machine_state.h"

static unsigned field(const struct str *archive, size_t at, int n)
{
	char digits[9] = "";
	memcpy(digits, archive->data + at + 6 + 8 * (size_t)n, 8);
	return (unsigned)strtoul(digits, NULL, 16);
}

static void archive(void **state)
{
	struct str out = {0};
	(void)state;
	cpio_put(&out, "etc/x", S_IFREG | 0640, "hello", 5);
	assert_memory_equal(out.data, "070701", 6);
	assert_int_equal(field(&out, 0, 1), S_IFREG | 0640);
	assert_int_equal(field(&out, 0, 6), 5);  /* size */
	assert_int_equal(field(&out, 0, 11), 6); /* of the name, its end included */
	assert_string_equal(out.data + 110, "etc/x");
	assert_memory_equal(out.data + 116, "hello", 5);
	assert_int_equal(out.len % 4, 0);
	size_t second = out.len;
	cpio_put(&out, "bin", S_IFDIR | 0755, "", 0);
	assert_memory_equal(out.data + second, "070701", 6);
	assert_true(field(&out, second, 0) != field(&out, 0, 0)); /* inodes differ, or the kernel would link them */
	cpio_end(&out);
	assert_int_equal(out.len % 512, 0);
	assert_non_null(memmem(out.data, out.len, "TRAILER!!!", 10));
	str_finish(&out);
}

static void no_guest_no_image(void **state)
{
	struct vm_image image;
	struct err err = {0};
	(void)state;
	assert_false(vm_image_prepare("/nonexistent", "/nonexistent/onesdn-guest", &image, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "onesdn-guest is missing"));
}

static json_t *report(const char *text)
{
	return machine_report_parse(text, strlen(text));
}

static void reports(void **state)
{
	(void)state;
	json_t *good = report("{\"interfaces\":[{\"name\":\"eth1\",\"mac\":\"02:00:00:00:00:01\",\"addresses\":[\"192."
	                      "168.200.10/24\",\"fe80::1/64\"]}],"
	                      "\"os\":{\"id\":\"x\",\"machine\":7,\"evil\":\"y\"}}");
	json_t *first = json_array_get(json_object_get(good, "interfaces"), 0);
	assert_string_equal(json_walk_str(first, "name", NULL), "eth1");
	assert_string_equal(json_string_value(json_array_get(json_object_get(first, "addresses"), 0)),
	                    "192.168.200.10");
	assert_int_equal(json_object_size(json_object_get(good, "os")), 1);
	json_decref(good);
	assert_null(report("not json"));
	assert_null(report("{\"interfaces\":7}"));
	json_t *bad = report("{\"interfaces\":[{\"name\":\"averyveryverylongname\",\"mac\":\"02:00:00:00:00:01\"},{"
	                     "\"name\":\"a\",\"mac\":\"zz\"},"
	                     "{\"name\":\"\\u001b[2J\",\"mac\":\"02:00:00:00:00:01\"},7,{\"name\":\"b\",\"mac\":\"02:"
	                     "00:00:00:00:02\",\"addresses\":[\"<x>\"]}]}");
	assert_int_equal(json_array_size(json_object_get(bad, "interfaces")), 1);
	assert_int_equal(
	        json_array_size(json_walk(json_array_get(json_object_get(bad, "interfaces"), 0), "addresses", NULL)),
	        0);
	json_decref(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(archive), cmocka_unit_test(no_guest_no_image),
	                                   cmocka_unit_test(reports)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
