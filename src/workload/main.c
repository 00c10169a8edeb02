/* onesdn-workload: picks the program. In a pod it is /agnhost. */
#include <stdio.h>
#include <string.h>

#include "workload/workload.h"

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} programs[] = {
        {"netexec", "answers HTTP and UDP: --http-port 8080 --udp-port 8081", workload_netexec},
        {"pause", "waits for SIGTERM", workload_pause},
        {"turtles", "the turtles' REST API over a PostgreSQL: DB_USER, DB_PASSWORD, DB_NAME, DB_IP, HOST, PORT",
         workload_turtles},
        {"connect", "HOST:PORT: opens a TCP connection and closes it: --timeout 5s", workload_connect},
};

static void usage(FILE *to)
{
	fprintf(to, "usage: agnhost PROGRAM [FLAGS]\n\n");
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		fprintf(to, "  %-10s %s\n", programs[i].name, programs[i].help);
}

int main(int argc, char **argv)
{
	if (argc >= 2 &&
	    (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof programs / sizeof programs[0]; i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			return programs[i].run(argc - 1, argv + 1);
	if (argc >= 2)
		fprintf(stderr, "agnhost: there is no program \"%s\" in this image\n\n", argv[1]);
	usage(stderr);
	return 2;
}
