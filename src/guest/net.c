/* net: interfaces as the seed wants them, by iproute2 and busybox's udhcpc, as a distribution's scripts would. */
#include "guest/guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void ip(const char *const *argv)
{
	int status = run(false, argv);
	if (status != 0)
		say("guest: %s %s %s %s: status %d", argv[0], argv[1], argv[2], argv[3], status);
}

static void start_interface(const struct guest_interface *interface)
{
	if (*interface->mtu)
		ip((const char *const[]){"ip", "link", "set", interface->name, "mtu", interface->mtu, NULL});
	ip((const char *const[]){"ip", "link", "set", interface->name, "up", NULL});
	for (size_t i = 0; i < interface->n_addresses; i++)
		ip((const char *const[]){"ip", "address", "add", interface->addresses[i], "dev", interface->name,
		                         NULL});
	for (size_t i = 0; i < interface->n_routes; i++) {
		char route[128];
		snprintf(route, sizeof route, "%s", interface->routes[i]);
		char *gateway = strchr(route, ' ');
		if (!gateway)
			continue;
		*gateway++ = '\0';
		ip((const char *const[]){"ip", "route", "append", route, "via", gateway, "dev", interface->name, NULL});
	}
	if (interface->dhcp4 && fork() == 0) { /* in the background: the login need not wait for a lease */
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		execl("/bin/busybox", "udhcpc", "-f", "-S", "-t", "5", "-T", "1", "-A", "2", "-i", interface->name,
		      "-s", "/etc/udhcpc.sh", (char *)NULL);
		_exit(127);
	}
}

void net_start(const struct guest_seed *seed)
{
	ip((const char *const[]){"ip", "link", "set", "lo", "up", NULL});
	FILE *resolv = fopen("/etc/resolv.conf", "we");
	for (size_t i = 0; resolv && i < seed->n_nameservers; i++)
		fprintf(resolv, "nameserver %s\n", seed->nameservers[i]);
	if (resolv)
		fclose(resolv);
	for (size_t i = 0; i < seed->n_interfaces; i++)
		start_interface(&seed->interfaces[i]);
}
