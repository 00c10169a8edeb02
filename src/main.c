/* main: from argv to a subcommand. Without one, or with the name of an act, it is the show. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "describe.h"

#ifndef ONESDN_VERSION
#define ONESDN_VERSION "unknown"
#endif

static const struct row {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage, *help;
} rows[] = {
        {"show", cmd_show, "show [OPTION]... [ACT|FILE]", "the full screen: walk an act with Space (the default)"},
        {"notes", cmd_notes, "notes", "the speaker's second terminal: follows the show"},
        {"rehearse", cmd_rehearse, "rehearse [ACT|FILE]...", "every stage unattended, one TAP line a stage"},
        {"doctor", cmd_doctor, "doctor [OPTION]... [ACT|FILE]...", "is everything here that the acts need? with cures"},
        {"record", cmd_record, "record [OPTION]... [ACT|FILE]...", "the full screen into a recording, also by itself"},
        {"diagram", cmd_diagram, "diagram [OPTION]... ACT", "the act's diagram on standard output"},
        {"frame", cmd_frame, "frame [OPTION]... ACT", "a frame of the full screen on standard output"},
        {"play", cmd_play, "play [OPTION]... FILE", "a recording on the whole screen"},
        {"export", cmd_export, "export FILE --svg|--txt|--json", "a still of a recording, or its chapters"},
        {"lab", cmd_lab, "lab up|down|status|shell|kubeconfig", "the lab: a cluster in a box"},
        {"term", cmd_term, "term -- COMMAND [ARG]...", "one pane with that command, the whole screen"},
        {"verdict", cmd_verdict, "verdict [OPTION]... [ACT]", "what the policies say of flows, and why"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void print_usage(FILE *out)
{
	fputs("usage: onesdn [ACT]                       walk an act on the lab, or on --context NAME\n"
	      "       onesdn COMMAND [OPTION]... [ARG]...\n\n",
	      out);
	for (size_t i = 0; i < N_ROWS; i++)
		fprintf(out, "  %-38s %s\n", rows[i].usage, rows[i].help);
	fputs("  help [COMMAND]                         this help, or that of a command\n"
	      "  --version                              the version\n",
	      out);
}

/* For completion and the manual: not in the help, which is for people. */
static int describe(int argc, char **argv)
{
	struct describe_command commands[N_ROWS];
	for (size_t i = 0; i < N_ROWS; i++)
		commands[i] = (struct describe_command){rows[i].name, rows[i].help, rows[i].run};
	if (argc < 3) {
		fprintf(stderr, "onesdn: a word is missing after %s\n", argv[1]);
		return 2;
	}
	if (strcmp(argv[1], "--completion") == 0)
		return describe_all(argv[2], commands, N_ROWS);
	return describe_list(argv[2], argv[3]);
}

static int help(int argc, char **argv)
{
	if (argc > 1 && (strcmp(argv[1], "--completion") == 0 || strcmp(argv[1], "--list") == 0))
		return describe(argc, argv);
	if (argc < 2) {
		print_usage(stdout);
		return 0;
	}
	const struct row *row = find(argv[1]);
	if (!row) {
		fprintf(stderr, "onesdn: there is no command \"%s\"\n", argv[1]);
		print_usage(stderr);
		return 2;
	}
	char name[32], option[] = "--help";
	snprintf(name, sizeof name, "%s", row->name);
	char *words[] = {name, option, NULL};
	return row->run(2, words);
}

int main(int argc, char **argv)
{
	if (argc > 0 && guard_is_name(argv[0]))
		return guard_main(argc, argv);
	const char *first = argc > 1 ? argv[1] : "";
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
		puts("onesdn " ONESDN_VERSION);
		return 0;
	}
	if (strcmp(first, "help") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		print_usage(stdout);
		return 0;
	}
	const struct row *row = find(first);
	if (row)
		return row->run(argc - 1, argv + 1);
	row = find("show");
	if (!row) {
		print_usage(stderr);
		return 2;
	}
	return row->run(argc, argv); /* the act or the options stand where argv has them */
}
