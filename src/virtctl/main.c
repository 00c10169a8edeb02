/* main: virtctl as far as onesdn needs it, for machines that have none: console, start, stop, restart, pause, unpause, version.
 * Its words, flags and exit statuses are those of KubeVirt's own (1.6), so that either may be found by whoever runs "virtctl".
 *
 * options.c reads the command line, cluster.c finds the API server, console.c and act.c do the work, terminal.c keeps the
 * terminal whole.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "virtctl/act.h"
#include "virtctl/cluster.h"
#include "virtctl/console.h"
#include "virtctl/options.h"
#include "virtctl/terminal.h"

struct run {
	struct loop *loop;
	struct options options;
	struct cluster *cluster;
	struct console *console;
	struct act *act;
	struct terminal_signals *signals;
	int out; /* for the console */
	bool is_connected;
	int status, killed_by;
};

static void end(struct run *run, int status, const char *words)
{
	terminal_restore();
	if (words && words[0])
		fprintf(stderr, "%s\n", words);
	run->status = status;
	loop_stop(run->loop);
}

/* Ctrl+C while waiting for the VMI is a way out like the escape; once connected it is a key like others. */
static void on_signal(int signum, void *user)
{
	struct run *run = user;
	if (signum != SIGINT || run->options.command != COMMAND_CONSOLE)
		run->killed_by = signum;
	else if (!run->is_connected)
		printf("\n");
	end(run, 0, NULL);
}

static void on_connected(void *user)
{
	struct run *run = user;
	struct err err;
	run->is_connected = true;
	if (!terminal_make_raw(&err)) {
		end(run, 1, err.text);
		return;
	}
	/* one write, with the carriage return that a raw terminal wants */
	fprintf(stderr, "Successfully connected to %s console. Press Ctrl+] or Ctrl+5 to exit console.%s\n",
	        run->options.name, isatty(STDIN_FILENO) && isatty(STDERR_FILENO) ? "\r" : "");
}

static void on_console_end(const struct console_end *how, void *user)
{
	struct run *run = user;
	terminal_restore();
	if (how->was_cut)
		fputs("\nYou were disconnected from the console. This could be caused by one of the following:"
		      "\n - the target VM was powered off"
		      "\n - another user connected to the console of the target VM"
		      "\n - network issues\n",
		      stderr);
	end(run, how->is_fine ? 0 : 1, how->words);
}

static void on_act_done(const char *printed, const struct err *err, void *user)
{
	struct run *run = user;
	fputs(printed, stdout);
	end(run, err ? 1 : 0, err ? err->text : NULL);
}

static void start_console(struct run *run)
{
	struct console_options options = {.route = cluster_route(run->cluster),
	                                  .ns = cluster_ns(run->cluster),
	                                  .name = run->options.name,
	                                  .timeout_ms = run->options.timeout * 60000,
	                                  .in = STDIN_FILENO,
	                                  .out = run->out = terminal_open_output(),
	                                  .on_connected = on_connected,
	                                  .on_end = on_console_end,
	                                  .user = run};
	run->console = console_create(run->loop, &options);
}

static void on_cluster(struct cluster *cluster, const struct err *err, void *user)
{
	struct run *run = user;
	if (err)
		end(run, 1, err->text);
	else if (run->options.command == COMMAND_CONSOLE)
		start_console(run);
	else
		run->act = act_create(run->loop, &run->options, cluster_route(cluster), cluster_ns(cluster),
		                      on_act_done, run);
}

/* What needs no cluster. False: something does. */
static bool print_only(const struct options *options)
{
	struct str out = {0};
	bool is_all = options->wants_help || (options->command == COMMAND_VERSION && options->client);
	if (options->wants_help)
		options_help(options->command, &out);
	else if (options->command == COMMAND_VERSION)
		act_client_version(&out);
	else if (options->dry_run)
		str_append(&out, "Dry Run execution\n");
	fputs(str_text(&out), stdout);
	fflush(stdout);
	str_finish(&out);
	return is_all;
}

static int run_command(struct run *run)
{
	struct err err;
	run->loop = loop_create(&err);
	if (!run->loop) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	struct cluster_options options = {
	        .kubeconfig = run->options.kubeconfig, .context = run->options.context, .ns = run->options.ns};
	run->signals = terminal_watch_signals(run->loop, on_signal, run);
	run->cluster = cluster_create(run->loop, &options, on_cluster, run);
	loop_run(run->loop);
	console_destroy(run->console);
	act_destroy(run->act);
	cluster_destroy(run->cluster);
	terminal_unwatch_signals(run->signals);
	loop_destroy(run->loop);
	if (run->out > STDERR_FILENO)
		close(run->out);
	if (run->killed_by)
		terminal_die_of(run->killed_by);
	return run->status;
}

int main(int argc, char **argv)
{
	struct run run = {0};
	struct err err;
	if (!options_read(argc, argv, &run.options, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return print_only(&run.options) ? 0 : run_command(&run);
}
