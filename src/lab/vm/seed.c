/* seed: see seed.h. A table of cloud-config keys, each with the function that writes its lines. */
#include "lab/vm/seed.h"

#include <stdlib.h>
#include <string.h>

struct building {
	const struct seed_input *input;
	struct seed *seed;
	const char *document; /* "user-data" or "network-data", for what is ignored */
};

static void ignore(struct building *building, const char *what)
{
	char *text = mem_printf("%s: %s", building->document, what);
	for (size_t i = 0; i < building->seed->ignored.len; i++) {
		if (strcmp(building->seed->ignored.data[i], text) == 0) {
			free(text);
			return;
		}
	}
	vec_push(&building->seed->ignored, text);
}

/* A line must stay a line: what has a line break in it, or a control character, is left out and said so. */
static void put(struct building *building, const char *word, const char *value)
{
	if (strlen(value) > 1000 || !text_is_safe(value, strlen(value))) {
		ignore(building, word);
		return;
	}
	str_append_f(&building->seed->text, "%s %s\n", word, value);
}

static void put_text(struct building *building, const char *word, const json_t *value)
{
	if (json_is_string(value))
		put(building, word, json_string_value(value));
	else
		ignore(building, word);
}

static void take_hostname(struct building *building, const json_t *value)
{
	put_text(building, "hostname", value);
}

static void take_user(struct building *building, const json_t *value)
{
	put_text(building, "user", value);
}

static void take_password(struct building *building, const json_t *value)
{
	if (json_is_integer(value)) { /* password: 1234 */
		char *digits = mem_printf("%lld", (long long)json_integer_value(value));
		put(building, "password", digits);
		free(digits);
	} else {
		put_text(building, "password", value);
	}
}

static void take_chpasswd(struct building *building, const json_t *value)
{
	const char *key;
	json_t *item;
	json_object_foreach ((json_t *)value, key, item) {
		if (strcmp(key, "expire") == 0) {
			if (!json_is_false(item))
				ignore(building, "chpasswd.expire: a password never expires here");
		} else {
			char *name = mem_printf("chpasswd.%s", key);
			ignore(building, name);
			free(name);
		}
	}
}

static void take_runcmd(struct building *building, const json_t *value)
{
	size_t i, j;
	const json_t *item, *word;
	json_array_foreach (value, i, item) {
		struct str command = {0};
		if (json_is_string(item))
			str_append(&command, json_string_value(item));
		json_array_foreach (item, j, word) {
			str_append(&command, j ? " " : "");
			if (json_is_string(word))
				str_append_shell(&command, json_string_value(word));
			else
				str_append_json(&command, word, JSON_ENCODE_ANY);
		}
		if (command.len && i < SEED_ITEMS_MAX)
			put(building, "command", command.data);
		else
			ignore(building, "runcmd");
		str_finish(&command);
	}
}

static bool is_present(const struct building *building, const char *package)
{
	for (const char *const *name = building->input->present; name && *name; name++)
		if (strcmp(*name, package) == 0)
			return true;
	return false;
}

static void take_packages(struct building *building, const json_t *value)
{
	size_t i;
	const json_t *item;
	json_array_foreach (value, i, item) {
		const char *name = json_is_string(item) ? json_string_value(item) : "?";
		if (is_present(building, name))
			continue;
		char *note = mem_printf("package %s is not in this guest and is not installed", name);
		put(building, "note", note);
		free(note);
	}
}

struct key {
	const char *name;
	void (*take)(struct building *building, const json_t *value);
};

static void take_keys(struct building *building, const json_t *object, const struct key *keys, size_t n)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)object, name, value) {
		size_t i = 0;
		while (i < n && strcmp(keys[i].name, name) != 0)
			i++;
		if (i < n)
			keys[i].take(building, value);
		else
			ignore(building, name);
	}
}

static bool load(const char *text, const char *name, json_t **out, struct err *err)
{
	if (strlen(text) > SEED_SIZE_MAX)
		return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes; shorten it", name, SEED_SIZE_MAX);
	struct yaml *yaml = yaml_parse(text, strlen(text), name, err);
	if (!yaml)
		return false;
	json_t *document = json_array_get(yaml_documents(yaml), 0);
	bool is_map = json_is_object(document);
	if (is_map)
		*out = json_incref(document);
	yaml_destroy(yaml);
	return is_map || err_set(err, ERR_INVALID, "%s is no map of keys; see cloud-init's documentation", name);
}

static bool build_user(struct building *building, struct err *err)
{
	static const struct key keys[] = {
	        {"hostname", take_hostname}, {"user", take_user},     {"password", take_password},
	        {"chpasswd", take_chpasswd}, {"runcmd", take_runcmd}, {"packages", take_packages},
	};
	json_t *document = NULL;
	const char *text = building->input->user_data;
	building->document = "user-data";
	if (!*text)
		return true;
	if (!text_has_prefix(text, "#cloud-config"))
		return err_set(
		        err, ERR_INVALID,
		        "user-data does not begin with the line #cloud-config; cloud-init reads nothing else here");
	if (!load(text, "user-data", &document, err))
		return false;
	take_keys(building, document, keys, sizeof keys / sizeof *keys);
	json_decref(document);
	return true;
}

/* ---- network config version 2 ---- */
static void put_interface(struct building *building, const char *name, const char *verb, const char *value)
{
	char *line = mem_printf("%s %s%s%s", name, verb, *value ? " " : "", value);
	put(building, "interface", line);
	free(line);
}

static void take_routes(struct building *building, const char *name, const json_t *routes)
{
	size_t i;
	const json_t *route;
	json_array_foreach (routes, i, route) {
		const char *to = json_walk_str(route, "to", NULL), *via = json_walk_str(route, "via", NULL);
		char *value = mem_printf("%s %s", to, via);
		if (*to && *via)
			put_interface(building, name, "route", value);
		else
			ignore(building, "routes without to and via");
		free(value);
	}
}

static void take_nameservers(struct building *building, const json_t *value)
{
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get(value, "addresses"), i, item)
		put_text(building, "nameserver", item);
	if (json_array_size(json_object_get(value, "search")))
		ignore(building, "nameservers.search");
}

/* DHCP, or what it would give where the lab itself knows it. */
static void put_dhcp(struct building *building, const char *name)
{
	const struct seed_input *input = building->input;
	int64_t i;
	bool has_lease = text_has_prefix(name, "eth") && text_to_int(name + 3, 0, 99, &i) &&
	                 (size_t)i < input->n_leases && *input->leases[i].address;
	if (!has_lease) {
		put_interface(building, name, "dhcp4", "");
		return;
	}
	put_interface(building, name, "address", input->leases[i].address);
	if (*input->leases[i].gateway) {
		char *route = mem_printf("default %s", input->leases[i].gateway);
		put_interface(building, name, "route", route);
		free(route);
	}
}

static void take_ethernet(struct building *building, const char *name, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;
	put_interface(building, name, "up", "");
	json_object_foreach ((json_t *)value, key, item) {
		if (strcmp(key, "dhcp4") == 0) {
			if (json_is_true(item))
				put_dhcp(building, name);
		} else if (strcmp(key, "addresses") == 0) {
			const json_t *address;
			json_array_foreach (item, i, address)
				put_interface(building, name, "address",
				              json_is_string(address) ? json_string_value(address) : "?");
		} else if (strcmp(key, "gateway4") == 0) {
			char *route = mem_printf("default %s", json_is_string(item) ? json_string_value(item) : "?");
			put_interface(building, name, "route", route);
			free(route);
		} else if (strcmp(key, "mtu") == 0 && json_is_integer(item)) {
			char *mtu = mem_printf("%lld", (long long)json_integer_value(item));
			put_interface(building, name, "mtu", mtu);
			free(mtu);
		} else if (strcmp(key, "routes") == 0) {
			take_routes(building, name, item);
		} else if (strcmp(key, "nameservers") == 0) {
			take_nameservers(building, item);
		} else {
			char *what = mem_printf("ethernets.%s.%s", name, key);
			ignore(building, what);
			free(what);
		}
	}
}

static bool build_network(struct building *building, struct err *err)
{
	json_t *document = NULL;
	building->document = "network-data";
	if (!*building->input->network_data) {
		put_dhcp(building, "eth0");
		return true;
	}
	if (!load(building->input->network_data, "network-data", &document, err))
		return false;
	const json_t *root = json_object_get(document, "network") ? json_object_get(document, "network") : document;
	if (json_walk_int(root, 0, "version", NULL) != 2) {
		json_decref(document);
		return err_set(err, ERR_INVALID,
		               "network-data is not of version 2; write 'version: 2' and 'ethernets:'");
	}
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)root, key, value) {
		const char *name;
		json_t *ethernet;
		if (strcmp(key, "version") == 0)
			continue;
		if (strcmp(key, "ethernets") != 0) {
			ignore(building, key);
			continue;
		}
		json_object_foreach (value, name, ethernet) {
			if (strlen(name) < 16 && text_is_safe(name, strlen(name)) && !strchr(name, ' '))
				take_ethernet(building, name, ethernet);
		}
	}
	json_decref(document);
	return true;
}

bool seed_build(const struct seed_input *input, struct seed *out, struct err *err)
{
	struct seed seed = {0};
	struct building building = {.input = input, .seed = &seed, .document = "meta-data"};
	put(&building, "hostname", input->hostname);
	if (!build_user(&building, err) || !build_network(&building, err)) {
		seed_finish(&seed);
		return false;
	}
	*out = seed;
	return true;
}

void seed_finish(struct seed *seed)
{
	for (size_t i = 0; i < seed->ignored.len; i++)
		free(seed->ignored.data[i]);
	vec_finish(&seed->ignored);
	str_finish(&seed->text);
}
