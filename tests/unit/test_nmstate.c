/* Node network configuration: which nodes a policy selects, how bridge mappings merge, what conditions say, and the state of
 * a node out of its Open vSwitch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lab/control/nmstate_plan.h"
#include "lab/control/nmstate_state.h"

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "test", &err);
	if (value == NULL)
		fail_msg("%s", err.text);
	return value;
}

static void test_selects(void **state)
{
	(void)state;
	json_t *node = parse("{\"metadata\":{\"labels\":{\"a\":\"\",\"b\":\"2\"}}}");
	static const struct {
		const char *policy;
		bool selects;
	} cases[] = {
	        {"{\"spec\":{}}", true},
	        {"{\"spec\":{\"nodeSelector\":{}}}", true},
	        {"{\"spec\":{\"nodeSelector\":{\"a\":\"\"}}}", true},
	        {"{\"spec\":{\"nodeSelector\":{\"a\":\"\",\"b\":\"2\"}}}", true},
	        {"{\"spec\":{\"nodeSelector\":{\"a\":\"x\"}}}", false},
	        {"{\"spec\":{\"nodeSelector\":{\"a\":\"\",\"c\":\"\"}}}", false},
	        {"{\"spec\":{\"nodeSelector\":{\"b\":2}}}", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *policy = parse(cases[i].policy);
		assert_int_equal(nmstate_selects(policy, node), cases[i].selects);
		json_decref(policy);
	}
	json_decref(node);
}

static bool only_breth0(const char *name, void *user)
{
	(void)user;
	return strcmp(name, "breth0") == 0;
}

static void test_merge(void **state)
{
	(void)state;
	static const struct {
		const char *current, *mappings, *value, *error; /* one of the last two */
	} cases[] = {
	        {"physnet:breth0", "[{\"localnet\":\"data-net\",\"bridge\":\"breth0\"}]",
	         "data-net:breth0,physnet:breth0", NULL},
	        {NULL, "[{\"localnet\":\"data-net\",\"bridge\":\"breth0\"}]", "data-net:breth0", NULL},
	        {"physnet:br1", "[{\"localnet\":\"physnet\",\"bridge\":\"breth0\"}]", "physnet:breth0", NULL},
	        {"a:b,physnet:br1", "[{\"localnet\":\"physnet\",\"state\":\"absent\"}]", "a:b", NULL},
	        {"physnet:br1", "[{\"localnet\":\"physnet\",\"state\":\"absent\",\"bridge\":\"nowhere\"}]", "", NULL},
	        {"a:b", "[{\"localnet\":\"other\",\"state\":\"absent\"}]", "a:b", NULL},
	        {"junk,,a:b:c,:x,y:", "[]", "a:b:c", NULL},
	        {"a:b", "[{\"localnet\":\"data-net\",\"bridge\":\"br-none\"}]", NULL,
	         "mapping data-net refers to OVS bridge br-none, which does not exist"},
	        {"a:b", "[{\"localnet\":\"data-net\"}]", NULL, "lacks the bridge: data-net"},
	        {"a:b", "[{\"bridge\":\"breth0\"}]", NULL, "needs a localnet"},
	        {"a:b", "[{\"localnet\":\"x:y\",\"bridge\":\"breth0\"}]", NULL, "needs a localnet"},
	        {"a:b", "[{\"localnet\":\"x\",\"bridge\":\"breth0\",\"state\":\"gone\"}]", NULL, "not gone"},
	        {"a:b", "[{\"localnet\":\"x\",\"bridge\":\"breth0\"},{\"localnet\":\"x\",\"bridge\":\"breth0\"}]", NULL,
	         "duplicate `localnet` key: x"},
	        {"a:b", "5", NULL, "is no list"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = mem_printf("{\"ovn\":{\"bridge-mappings\":%s}}", cases[i].mappings);
		json_t *desired = parse(text);
		struct str value = {0};
		struct err err = {0};
		bool is_good = nmstate_merge(cases[i].current, desired, only_breth0, NULL, &value, &err);
		assert_int_equal(is_good, cases[i].value != NULL);
		if (is_good)
			assert_string_equal(str_text(&value), cases[i].value);
		else if (strstr(err.text, cases[i].error) == NULL)
			fail_msg("'%s' is not in '%s'", cases[i].error, err.text);
		str_finish(&value);
		json_decref(desired);
		free(text);
	}
}

static void test_what_the_lab_lacks(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"interfaces\":[]}", "{\"ovn\":{\"bridge-mappings\":[]},\"routes\":{}}",
	                                    "{\"ovn\":{\"else\":1}}"};
	for (size_t i = 0; i < 3; i++) {
		json_t *desired = parse(texts[i]);
		struct str value = {0};
		struct err err = {0};
		assert_false(nmstate_merge("a:b", desired, only_breth0, NULL, &value, &err));
		assert_non_null(strstr(err.text, "NmstateError"));
		str_finish(&value);
		json_decref(desired);
	}
	struct str value = {0};
	assert_true(nmstate_merge("a:b", NULL, only_breth0, NULL, &value, NULL));
	assert_string_equal(str_text(&value), "a:b");
	str_finish(&value);
}

static const json_t *holding(const json_t *conditions)
{
	const json_t *found = NULL;
	for (size_t i = 0; i < json_array_size(conditions); i++) {
		if (strcmp(json_walk_str(json_array_get(conditions, i), "status", NULL), "True") != 0)
			continue;
		assert_null(found);
		found = json_array_get(conditions, i);
	}
	assert_non_null(found);
	return found;
}

static void test_policy_conditions(void **state)
{
	(void)state;
	static const struct {
		struct nmstate_count count;
		const char *type, *reason, *message;
	} cases[] = {
	        {{2, 2, 0}, "Available", "SuccessfullyConfigured", "2/2 nodes successfully configured"},
	        {{2, 1, 1}, "Degraded", "FailedToConfigure", "1/2 nodes failed to configure"},
	        {{2, 1, 0}, "Progressing", "ConfigurationProgressing", "Policy is progressing 1/2 nodes finished"},
	        {{0, 0, 0}, "Ignored", "NoMatchingNode", "Policy does not match any node"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *list = nmstate_policy_conditions(&cases[i].count, NULL, "2026-11-23T00:00:00Z");
		assert_string_equal(json_walk_str(holding(list), "type", NULL), cases[i].type);
		assert_string_equal(json_walk_str(holding(list), "reason", NULL), cases[i].reason);
		assert_string_equal(json_walk_str(holding(list), "message", NULL), cases[i].message);
		json_decref(list);
	}
}

static void test_times(void **state)
{
	(void)state;
	json_t *first = nmstate_enactment_conditions(NMSTATE_PROGRESSING, "", NULL, "2026-11-23T00:00:00Z"),
	       *second = nmstate_enactment_conditions(NMSTATE_AVAILABLE, "done", first, "2026-11-23T00:00:05Z"),
	       *third = nmstate_enactment_conditions(NMSTATE_AVAILABLE, "done", second, "2026-11-23T00:00:09Z");
	assert_false(nmstate_same_conditions(first, second));
	assert_true(nmstate_same_conditions(second, third));
	assert_string_equal(json_walk_str(holding(second), "lastTransitionTime", NULL), "2026-11-23T00:00:05Z");
	assert_string_equal(json_walk_str(holding(third), "lastTransitionTime", NULL), "2026-11-23T00:00:05Z");
	assert_string_equal(json_walk_str(holding(third), "lastHeartbeatTime", NULL), "2026-11-23T00:00:09Z");
	json_t *enactment = json_pack("{s:{s:O}}", "status", "conditions", third);
	assert_int_equal(nmstate_phase_of(enactment), NMSTATE_AVAILABLE);
	json_decref(enactment);
	assert_int_equal(nmstate_phase_of(NULL), NMSTATE_PROGRESSING);
	json_decref(first);
	json_decref(second);
	json_decref(third);
}

static void test_state(void **state)
{
	(void)state;
	static const struct stack_node_config config = {.name = "ovn-worker", .address = "10.89.1.3"};
	json_t *replica = parse(
	        "{\"Open_vSwitch\":{\"o\":{\"external_ids\":[\"map\",[[\"ovn-bridge-mappings\",\"b:breth0,a:br1\"]]]}},"
	        "\"Bridge\":{\"1\":{\"name\":\"breth0\",\"ports\":[\"set\",[[\"uuid\",\"p2\"],[\"uuid\",\"p1\"],["
	        "\"uuid\","
	        "\"p3\"],[\"uuid\",\"gone\"]]]},\"2\":{\"name\":\"alone\",\"ports\":[\"uuid\",\"p4\"]}},"
	        "\"Port\":{\"p1\":{\"name\":\"eth0\"},\"p2\":{\"name\":\"breth0\"},\"p3\":{\"name\":\"pod_1\"},"
	        "\"p4\":{\"name\":\"alone\"}},"
	        "\"Interface\":{\"i1\":{\"name\":\"eth0\",\"type\":\"\"},\"i2\":{\"name\":\"breth0\",\"type\":"
	        "\"internal\"},\"i3\":{\"name\":\"pod_1\",\"type\":\"\",\"external_ids\":[\"map\",[[\"sandbox\",\"x\"]]"
	        "]},"
	        "\"i4\":{\"name\":\"alone\",\"type\":\"internal\"}}}");
	json_t *got = nmstate_current_state(&config, replica);
	char *mappings = json_dumps(json_walk(got, "ovn", "bridge-mappings", NULL), JSON_COMPACT),
	     *interfaces = json_dumps(json_object_get(got, "interfaces"), JSON_COMPACT);
	assert_string_equal(mappings,
	                    "[{\"localnet\":\"a\",\"bridge\":\"br1\"},{\"localnet\":\"b\",\"bridge\":\"breth0\"}]");
	assert_int_equal(json_array_size(json_object_get(got, "interfaces")), 5);
	assert_null(strstr(interfaces, "pod_1"));
	assert_non_null(strstr(interfaces, "{\"name\":\"breth0\",\"type\":\"ovs-bridge\",\"state\":\"up\",\"bridge\":{"
	                                   "\"port\":[{\"name\":\"breth0\"},{\"name\":\"eth0\"}]}}"));
	assert_non_null(strstr(interfaces, "\"ip\":\"10.89.1.3\",\"prefix-length\":24"));
	free(mappings);
	free(interfaces);
	json_decref(got);
	json_decref(replica);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_selects),
	        cmocka_unit_test(test_merge),
	        cmocka_unit_test(test_what_the_lab_lacks),
	        cmocka_unit_test(test_policy_conditions),
	        cmocka_unit_test(test_times),
	        cmocka_unit_test(test_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
