/* seed: reads /seed into struct guest_seed. A table of words, each with where its value goes. */
#include "guest/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(char *to, size_t size, const char *value)
{
	snprintf(to, size, "%s", value);
}

static struct guest_interface *interface_named(struct guest_seed *seed, const char *name)
{
	for (size_t i = 0; i < seed->n_interfaces; i++)
		if (strcmp(seed->interfaces[i].name, name) == 0)
			return &seed->interfaces[i];
	if (seed->n_interfaces == GUEST_INTERFACES_MAX)
		return NULL;
	struct guest_interface *interface = &seed->interfaces[seed->n_interfaces++];
	keep(interface->name, sizeof interface->name, name);
	return interface;
}

/* "IFNAME VERB [VALUE]" */
static bool read_interface(struct guest_seed *seed, char *value)
{
	char *name = strsep(&value, " "), *verb = strsep(&value, " ");
	struct guest_interface *interface = interface_named(seed, name);
	if (!interface || !verb)
		return false;
	if (strcmp(verb, "up") == 0)
		return true;
	if (strcmp(verb, "dhcp4") == 0)
		return interface->dhcp4 = true;
	if (!value)
		return false;
	if (strcmp(verb, "mtu") == 0)
		return keep(interface->mtu, sizeof interface->mtu, value), true;
	if (strcmp(verb, "address") == 0 && interface->n_addresses < GUEST_ITEMS_MAX)
		return keep(interface->addresses[interface->n_addresses++], sizeof *interface->addresses, value), true;
	if (strcmp(verb, "route") == 0 && interface->n_routes < GUEST_ITEMS_MAX)
		return keep(interface->routes[interface->n_routes++], sizeof *interface->routes, value), true;
	return false;
}

static bool read_item(struct guest_seed *seed, const char *word, char *value)
{
	struct {
		const char *word;
		char *to;
		size_t size;
		size_t *n;
	} rows[] = {
	        {"hostname", seed->hostname, sizeof seed->hostname, NULL},
	        {"user", seed->user, sizeof seed->user, NULL},
	        {"password", seed->password, sizeof seed->password, NULL},
	        {"nameserver", seed->nameservers[0], sizeof *seed->nameservers, &seed->n_nameservers},
	        {"command", seed->commands[0], sizeof *seed->commands, &seed->n_commands},
	        {"note", seed->notes[0], sizeof *seed->notes, &seed->n_notes},
	};
	if (strcmp(word, "interface") == 0)
		return read_interface(seed, value);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(word, rows[i].word) != 0)
			continue;
		if (rows[i].n && *rows[i].n == GUEST_ITEMS_MAX)
			return false;
		keep(rows[i].to + (rows[i].n ? (*rows[i].n)++ * rows[i].size : 0), rows[i].size, value);
		return true;
	}
	return false;
}

void seed_read(const char *path, struct guest_seed *seed)
{
	keep(seed->hostname, sizeof seed->hostname, "localhost");
	keep(seed->user, sizeof seed->user, "fedora");
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	if (!file)
		say("guest: there is no seed");
	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		char *value = strchr(line, ' ');
		if (value)
			*value++ = '\0';
		if (strlen(line) >= GUEST_LINE_MAX || (*line && (!value || !read_item(seed, line, value))))
			say("guest: seed: '%.40s' not understood", line);
	}
	free(line);
	if (file)
		fclose(file);
}
