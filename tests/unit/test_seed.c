/* Cloud-init data to seed lines: what the talk's manifests use, what surrounds it, what is ignored and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/api/base64.h"
#include "lab/vm/seed.h"
#include "lab/vm/spec.h"

static const char *const present[] = {"postgresql", "jq", NULL};

static char *ignored_of(const struct seed *seed)
{
	struct str out = {0};
	for (size_t i = 0; i < seed->ignored.len; i++)
		str_append_f(&out, "%s%s", i ? "; " : "", seed->ignored.data[i]);
	return str_take(&out);
}

static void expect(const char *user_data, const char *network_data, const char *lines, const char *ignored)
{
	struct seed seed;
	struct err err = {0};
	const struct seed_input input = {
	        .hostname = "vm-client", .user_data = user_data, .network_data = network_data, .present = present};
	if (!seed_build(&input, &seed, &err))
		fail_msg("%s", err.text);
	char *text = ignored_of(&seed);
	assert_string_equal(str_text(&seed.text), lines);
	assert_string_equal(text, ignored);
	free(text);
	seed_finish(&seed);
}

static void refuses(const char *user_data, const char *network_data, const char *words)
{
	struct seed seed;
	struct err err = {0};
	const struct seed_input input = {
	        .hostname = "vm", .user_data = user_data, .network_data = network_data, .present = present};
	assert_false(seed_build(&input, &seed, &err));
	if (!strstr(err.text, words))
		fail_msg("'%s' does not say '%s'", err.text, words);
}

static void the_talks_own(void **state)
{
	(void)state;
	expect("#cloud-config\npassword: fedora\nchpasswd: { expire: False }\n",
	       "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n  eth1:\n    addresses: [ 192.168.200.10/24 ]\n",
	       "hostname vm-client\npassword fedora\ninterface eth0 up\ninterface eth0 dhcp4\ninterface eth1 up\n"
	       "interface eth1 address 192.168.200.10/24\n",
	       "");
	expect("#cloud-config\npassword: fedora\npackages:\n  - postgresql",
	       "version: 2\nethernets:\n  eth1:\n    gateway4: 192.168.200.1\n    addresses: [ 192.168.200.20/24 ]\n",
	       "hostname vm-client\npassword fedora\ninterface eth1 up\ninterface eth1 route default 192.168.200.1\n"
	       "interface eth1 address 192.168.200.20/24\n",
	       "");
	expect("", "", "hostname vm-client\ninterface eth0 dhcp4\n", "");
}

static void what_surrounds_it(void **state)
{
	(void)state;
	expect("#cloud-config\nhostname: other\nuser: me\npassword: 1234\nruncmd:\n  - echo hello\n  - [touch, \"a "
	       "b\"]\n"
	       "packages: [jq, nginx]\n",
	       "network:\n  version: 2\n  ethernets:\n    eth0:\n      mtu: 1300\n      nameservers: {addresses: "
	       "[1.2.3.4]}\n"
	       "      routes: [{to: 10.0.0.0/8, via: 192.168.200.1}]\n",
	       "hostname vm-client\nhostname other\nuser me\npassword 1234\ncommand echo hello\ncommand touch 'a b'\n"
	       "note package nginx is not in this guest and is not installed\ninterface eth0 up\ninterface eth0 mtu "
	       "1300\n"
	       "nameserver 1.2.3.4\ninterface eth0 route 10.0.0.0/8 192.168.200.1\n",
	       "");
}

static void what_is_ignored(void **state)
{
	(void)state;
	expect("#cloud-config\nwrite_files: []\nssh_authorized_keys: [a]\nwrite_files2: 1\nchpasswd: {list: x, expire: "
	       "true}\n",
	       "version: 2\nbridges: {}\nethernets:\n  eth0: {match: {}, dhcp4: false}\n",
	       "hostname vm-client\ninterface eth0 up\n",
	       "user-data: write_files; user-data: ssh_authorized_keys; user-data: write_files2; user-data: "
	       "chpasswd.list; "
	       "user-data: chpasswd.expire: a password never expires here; network-data: bridges; "
	       "network-data: ethernets.eth0.match");
	/* a line stays a line */
	expect("#cloud-config\npassword: \"a\\nuser root\"\nruncmd: [\"a\\nb\"]\n", "",
	       "hostname vm-client\ninterface eth0 dhcp4\n", "user-data: password; user-data: command");
}

static void what_is_refused(void **state)
{
	(void)state;
	refuses("password: fedora\n", "", "#cloud-config");
	refuses("#cloud-config\npassword: [unclosed\n", "", "user-data:");
	refuses("#cloud-config\n- a\n", "", "no map of keys");
	refuses("", "version: 1\nconfig: []\n", "not of version 2");
	refuses("", "ethernets: {}\n", "not of version 2");
	char *large = mem_alloc(SEED_SIZE_MAX + 20);
	memset(large, 'a', SEED_SIZE_MAX + 10);
	memcpy(large, "#cloud-config\n", 14);
	refuses(large, "", "larger than");
	free(large);
}

static void a_lease_in_place_of_dhcp(void **state)
{
	static const struct seed_lease leases[] = {{"", ""}, {"192.168.200.4/24", "192.168.200.254"}};
	const struct seed_input input = {.hostname = "v",
	                                 .user_data = "",
	                                 .network_data =
	                                         "version: 2\nethernets: {eth0: {dhcp4: true}, eth1: {dhcp4: true}, "
	                                         "eth2: {dhcp4: true}, ethx: {dhcp4: true}}",
	                                 .present = present,
	                                 .leases = leases,
	                                 .n_leases = 2};
	struct seed seed;
	(void)state;
	assert_true(seed_build(&input, &seed, NULL));
	assert_string_equal(str_text(&seed.text),
	                    "hostname v\ninterface eth0 up\ninterface eth0 dhcp4\ninterface eth1 up\n"
	                    "interface eth1 address 192.168.200.4/24\ninterface eth1 route default 192.168.200.254\n"
	                    "interface eth2 up\ninterface eth2 dhcp4\ninterface ethx up\ninterface ethx dhcp4\n");
	seed_finish(&seed);
}

/* ---- where the documents come from ---- */

static const json_t *secret(const char *name, void *user)
{
	return strcmp(name, "mine") == 0 ? user : NULL;
}

static void from_base64_and_secrets(void **state)
{
	json_t *data = json_pack("{s:s}", "userdata", "aGVsbG8=");
	json_t *encoded = json_pack("{s:[{s:s}, {s:{s:s, s:s}}]}", "volumes", "name", "x", "cloudInitNoCloud",
	                            "userDataBase64", "aGVs\nbG8h", "networkData", "n");
	json_t *referring =
	        json_pack("{s:[{s:{s:{s:s}}}]}", "volumes", "cloudInitNoCloud", "secretRef", "name", "mine");
	json_t *missing = json_pack("{s:[{s:{s:{s:s}}}]}", "volumes", "cloudInitNoCloud", "secretRef", "name", "other");
	json_t *broken = json_pack("{s:[{s:{s:s}}]}", "volumes", "cloudInitNoCloud", "userDataBase64", "a%b=");
	struct vm_cloud_init got;
	struct err err = {0};
	(void)state;
	assert_true(vm_cloud_init_read(encoded, secret, data, &got, &err));
	assert_string_equal(got.user_data, "hello!");
	assert_string_equal(got.network_data, "n");
	vm_cloud_init_finish(&got);
	assert_true(vm_cloud_init_read(referring, secret, data, &got, &err));
	assert_string_equal(got.user_data, "hello");
	vm_cloud_init_finish(&got);
	assert_false(vm_cloud_init_read(missing, secret, data, &got, &err));
	assert_non_null(strstr(err.text, "secret \"other\" not found"));
	assert_false(vm_cloud_init_read(broken, secret, data, &got, &err));
	json_decref(data);
	json_decref(encoded);
	json_decref(referring);
	json_decref(missing);
	json_decref(broken);
}

static void base64(void **state)
{
	static const struct {
		const char *text, *bytes;
	} good[] = {{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}};
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "Z===", "Zm=v", "Zm9v!"};
	struct str out = {0};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		str_clear(&out);
		assert_true(base64_decode(good[i].text, &out));
		assert_string_equal(str_text(&out), good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(base64_decode(bad[i], &out));
	str_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_talks_own),
	        cmocka_unit_test(what_surrounds_it),
	        cmocka_unit_test(what_is_ignored),
	        cmocka_unit_test(what_is_refused),
	        cmocka_unit_test(a_lease_in_place_of_dhcp),
	        cmocka_unit_test(from_base64_and_secrets),
	        cmocka_unit_test(base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
