/* Address pools: OVN-Kubernetes' order, reserved and excluded addresses, exhaustion and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lab/ipam.h"

static struct ipam *pool_of(const char *subnet, const char *exclude, int n_reserved)
{
	struct cni_address s, x;
	assert_true(cni_address_parse(subnet, &s));
	if (exclude != NULL)
		assert_true(cni_address_parse(exclude, &x));
	return ipam_create(&s, 1, &x, exclude != NULL ? 1 : 0, n_reserved);
}

static void expect_next(struct ipam *ipam, const char *want)
{
	struct cni_address got;
	struct err err;
	char text[64];
	assert_true(ipam_take(ipam, &got, &err));
	cni_address_format(&got, true, text);
	assert_string_equal(text, want);
}

static void give(struct ipam *ipam, const char *text)
{
	struct cni_address address;
	assert_true(cni_address_parse(text, &address));
	ipam_give(ipam, &address);
}

static void test_round_robin(void **state)
{
	(void)state;
	struct ipam *ipam = pool_of("192.168.200.0/24", NULL, 0);
	expect_next(ipam, "192.168.200.1/24");
	expect_next(ipam, "192.168.200.2/24");
	give(ipam, "192.168.200.1");
	give(ipam, "192.168.200.2/24");
	expect_next(ipam, "192.168.200.3/24"); /* not one that was just given back */
	for (int i = 4; i <= 254; i++) {
		struct cni_address got;
		assert_true(ipam_take(ipam, &got, NULL));
		assert_int_equal(got.bytes[3], i);
	}
	expect_next(ipam, "192.168.200.1/24"); /* wraps, never .0 nor .255 */
	ipam_destroy(ipam);
}

static void test_reserved(void **state)
{
	(void)state;
	struct ipam *ipam = pool_of("10.244.1.0/24", NULL, 2);
	expect_next(ipam, "10.244.1.3/24");
	ipam_destroy(ipam);
}

static void test_excluded(void **state)
{
	(void)state;
	struct ipam *ipam = pool_of("10.0.0.0/29", "10.0.0.2/31", 0);
	expect_next(ipam, "10.0.0.1/29");
	expect_next(ipam, "10.0.0.4/29");
	expect_next(ipam, "10.0.0.5/29");
	expect_next(ipam, "10.0.0.6/29");
	struct cni_address got;
	struct err err = {0};
	assert_false(ipam_take(ipam, &got, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "10.0.0.0/29"));
	give(ipam, "10.0.0.4");
	expect_next(ipam, "10.0.0.4/29"); /* recovers */
	ipam_destroy(ipam);
}

static void test_tiny_subnets(void **state)
{
	(void)state;
	static const char *const none[] = {"10.0.0.0/31", "10.0.0.1/32", "fd00::1/128"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		struct ipam *ipam = pool_of(none[i], NULL, 0);
		struct cni_address got;
		assert_false(ipam_take(ipam, &got, NULL));
		ipam_destroy(ipam);
	}
	struct ipam *ipam = pool_of("10.0.0.0/30", NULL, 0);
	expect_next(ipam, "10.0.0.1/30");
	expect_next(ipam, "10.0.0.2/30");
	assert_false(ipam_take(ipam, &(struct cni_address){0}, NULL));
	ipam_destroy(ipam);
}

static void test_wide_subnets(void **state)
{
	(void)state;
	struct ipam *ipam = pool_of("10.0.0.0/8", "10.0.0.0/9", 0);
	struct cni_address got;
	assert_false(ipam_take(ipam, &got, NULL)); /* the used part is all excluded */
	ipam_destroy(ipam);
	ipam = pool_of("fd00:10::/64", NULL, 0);
	expect_next(ipam, "fd00:10::1/64");
	for (int i = 2; i <= 256; i++)
		assert_true(ipam_take(ipam, &got, NULL));
	char text[64];
	cni_address_format(&got, false, text);
	assert_string_equal(text, "fd00:10::100");
	ipam_destroy(ipam);
}

static void test_two_subnets_all_or_none(void **state)
{
	(void)state;
	struct cni_address subnets[2], got[2];
	assert_true(cni_address_parse("10.1.0.0/24", &subnets[0]));
	assert_true(cni_address_parse("10.2.0.0/30", &subnets[1]));
	struct ipam *ipam = ipam_create(subnets, 2, NULL, 0, 0);
	assert_true(ipam_take(ipam, got, NULL));
	assert_true(ipam_take(ipam, got, NULL));
	assert_false(ipam_take(ipam, got, NULL));
	give(ipam, "10.2.0.1");
	assert_true(ipam_take(ipam, got, NULL));
	assert_int_equal(got[0].bytes[3], 4); /* .3 was taken and given back by the failure, the start moved on */
	ipam_destroy(ipam);
}

static void test_ids(void **state)
{
	(void)state;
	struct ipam_ids ids;
	uint32_t id;
	ipam_ids_init(&ids, 10, 12);
	assert_true(ipam_ids_take(&ids, &id));
	assert_int_equal(id, 10);
	assert_true(ipam_ids_take(&ids, &id) && ipam_ids_take(&ids, &id));
	assert_false(ipam_ids_take(&ids, &id));
	ipam_ids_give(&ids, 99);
	ipam_ids_give(&ids, 11);
	ipam_ids_give(&ids, 11);
	assert_true(ipam_ids_take(&ids, &id));
	assert_int_equal(id, 11);
	assert_false(ipam_ids_take(&ids, &id));
	ipam_ids_finish(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_robin),  cmocka_unit_test(test_reserved),
	        cmocka_unit_test(test_excluded),     cmocka_unit_test(test_tiny_subnets),
	        cmocka_unit_test(test_wide_subnets), cmocka_unit_test(test_two_subnets_all_or_none),
	        cmocka_unit_test(test_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
