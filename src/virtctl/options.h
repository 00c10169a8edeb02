/* options: the command line as virtctl reads it (cobra and pflag), by table: commands, their flags, their help. Pure. */
#ifndef VIRTCTL_OPTIONS_H
#define VIRTCTL_OPTIONS_H

#include "onesdn/base.h"

enum command {
	COMMAND_NONE,
	COMMAND_CONSOLE,
	COMMAND_START,
	COMMAND_STOP,
	COMMAND_RESTART,
	COMMAND_PAUSE,
	COMMAND_UNPAUSE,
	COMMAND_VERSION
};

struct options {
	enum command command; /* COMMAND_NONE: the general help */
	bool wants_help;
	const char *kubeconfig, *context, *ns; /* NULL when not given; borrowed from argv, as all texts here */
	int64_t timeout;                       /* console, minutes; 0: do not wait, negative: wait for ever */
	bool force, has_grace;                 /* stop, restart */
	int64_t grace;                         /* seconds */
	bool paused, dry_run, client;
	const char *kind; /* pause, unpause: "vm" or "vmi" */
	const char *name; /* of the VM or VMI */
};
/* False: the command line is wrong, err says so in virtctl's words. */
bool options_read(int argc, char *const *argv, struct options *out, struct err *err);
/* What --help prints: of a command, or the list of commands. */
void options_help(enum command command, struct str *out);
const char *options_command_name(enum command command);

#endif
