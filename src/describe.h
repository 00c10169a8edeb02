/* describe: the commands told in other words than their help: as completion for shells and as a page of the manual, from the
 * same tables of options, so that none of them goes stale. */
#ifndef ONESDN_DESCRIBE_H
#define ONESDN_DESCRIBE_H

#include "cmd.h"

struct describe_command {
	const char *name, *help; /* "show", "the full screen: ..." */
	int (*run)(int argc, char **argv);
};
/* `onesdn help --completion bash|zsh|fish|man|list`: the whole of it on standard output. Each command is run with
 * "--help=FORMAT" for its part (cmd_read_options hands that to describe_usage). The exit status. */
int describe_all(const char *format, const struct describe_command *commands, size_t n_commands);
/* `onesdn help --list acts|themes|layouts|stages [ACT]`, one a line: what completion asks for. The exit status. */
int describe_list(const char *what, const char *act);
/* One command's part; false: there is no such format. */
bool describe_usage(const struct cmd_usage *usage, const char *command, const char *format);

#endif
