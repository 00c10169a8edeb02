/* cmd: the subcommands of onesdn, one file each; main.c picks. argv[0] is the subcommand's name; the result is the exit status:
 * 0 done, 1 it did not work (the reason is on standard error), 2 it was asked for in a wrong way. */
#ifndef ONESDN_CMD_H
#define ONESDN_CMD_H

#include <stdbool.h>
#include <stddef.h>

int cmd_diagram(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_frame(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_notes(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_rehearse(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_term(int argc, char **argv);
int cmd_verdict(int argc, char **argv);

/* ---- guard.c: under the names of the programs that a read-only show guards ---- */
bool guard_is_name(const char *argv0);
int guard_main(int argc, char **argv);

/* ---- options.c: what stands behind a subcommand, from one table that is also its help ---- */
struct cmd_option {
	const char *name;  /* "--size" */
	const char *value; /* "WxH"; NULL: a switch */
	const char *help;
	const char **text; /* where the value goes */
	bool *flag;        /* where a switch goes */
};
struct cmd_usage {
	const char *synopsis; /* "onesdn show [OPTION]... [ACT|FILE]" */
	const char *about;    /* a line or several */
	const struct cmd_option *options;
	size_t n_options;
	size_t max_operands;
};
/* "--name value" and "--name=value" in any order with operands, "--" ends options, --help prints the help. False: the command is
 * to end at once with *status; what was wrong has been told on standard error. */
bool cmd_read_options(const struct cmd_usage *usage, int argc, char **argv, const char **operands, size_t *n_operands,
                      int *status);
bool cmd_read_size(const char *text, int *cols, int *rows); /* "100x30" */

#endif
