/* cmd: the subcommands of onesdn, one file each; main.c picks. argv[0] is the subcommand's name; the result is the exit status. */
#ifndef ONESDN_CMD_H
#define ONESDN_CMD_H

int cmd_diagram(int argc, char **argv);
int cmd_frame(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_rehearse(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_term(int argc, char **argv);

#endif
