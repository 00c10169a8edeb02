/* onesdn-lab: the embedded lab. This file only picks the command; the lab itself starts in guard.c and supervisor.c. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab/commands.h"
#include "lab/db.h"

static const struct {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
        {"up", "", "start the lab and wait until all its nodes are Ready; fine when it runs already", command_up},
        {"down", "", "end the lab; nothing of it is left; fine when it does not run", command_down},
        {"status", "[--json]", "what runs and since when; exit status 3 when it does not run", command_status},
        {"preflight", "[--json] [IMAGE]...", "what this machine has of what the lab needs, without starting it",
         command_preflight},
        {"kubeconfig", "", "print the path of the kubeconfig file for the running lab", command_kubeconfig},
        {"shell", "[NODE|NS/POD]", "a shell in the lab: its host, a node's or a pod's network", command_shell},
        {"exec", "[NODE|NS/POD] -- COMMAND...", "one command in there", command_exec},
        {"capture", "[NODE|podman1] [ARGS]", "tcpdump on a node's eth0, or on the physical bridge", command_capture},
        {"logs", "", "print what the lab, or the last one, has logged", command_logs},
        {"run", "", "as up, but in the foreground until Ctrl+C, the log on standard error", command_run},
        {"guest-image", "FOLDER", "assemble what virtual machines boot; the lab does that by itself",
         command_guest_image},
};

static void usage(FILE *to)
{
	fprintf(to, "usage: onesdn lab COMMAND\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		char words[80];
		snprintf(words, sizeof words, "%s %s", commands[i].name, commands[i].arguments);
		fprintf(to, "  %-33s %s\n", words, commands[i].help);
	}
}

/* The names alone, for completion; as roff, for the manual. */
static int list(const char *format)
{
	bool is_man = strcmp(format, "--man") == 0;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (!is_man)
			puts(commands[i].name);
		else
			printf(".TP\n\\fBonesdn lab %s\\fR %s\n%s\n", commands[i].name, commands[i].arguments,
			       commands[i].help);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = argc >= 1 ? strrchr(argv[0], '/') : NULL, *name = slash != NULL ? slash + 1 : argv[0];
	if (argc >= 1 && strcmp(name, DB_COMMAND) == 0)
		return db_main(argc, argv);
	if (argc >= 2 && (strcmp(argv[1], "--version") == 0)) {
		printf("onesdn-lab %s\n", ONESDN_VERSION);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "help") == 0 &&
	    (strcmp(argv[2], "--list") == 0 || strcmp(argv[2], "--man") == 0))
		return list(argv[2]);
	if (argc >= 2 &&
	    (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc >= 2)
		fprintf(stderr, "onesdn lab: there is no command '%s'\n\n", argv[1]);
	usage(stderr);
	return 2;
}
