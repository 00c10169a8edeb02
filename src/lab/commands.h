/* commands: what `onesdn-lab COMMAND` does, from outside the lab. argv[0] is the command's name; the result is the exit status. */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

int command_up(int argc, char **argv);
int command_run(int argc, char **argv);
int command_down(int argc, char **argv);
int command_status(int argc, char **argv);
int command_kubeconfig(int argc, char **argv);
int command_logs(int argc, char **argv);
int command_shell(int argc, char **argv);       /* in enter.c */
int command_exec(int argc, char **argv);        /* in enter.c */
int command_capture(int argc, char **argv); /* in enter.c */
int command_preflight(int argc, char **argv);   /* in preflight.c */
int command_guest_image(int argc, char **argv); /* in vm/command.c */

#endif
