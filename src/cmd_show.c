/* cmd_show: `onesdn [show] [ACT|FILE]`: the full screen on the lab or on a kube context (show.c). */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "show.h"

static struct show_args {
	const char *context, *kubeconfig;
	bool read_only;
	struct show_words words;
} args;

static const struct cmd_option options[] = {
        {"--context", "NAME", "this kube context instead of the lab", &args.context, NULL},
        {"--kubeconfig", "FILE", "this kubeconfig instead of the lab", &args.kubeconfig, NULL},
        {"--read-only", NULL, "never change the cluster", NULL, &args.read_only},
        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &args.words.theme, NULL},
        {"--layout", "NAME", "talk or zoom", &args.words.layout, NULL},
        {"--ascii", NULL, "no characters beyond ASCII", NULL, &args.words.ascii},
        {"--no-mouse", NULL, "leave the mouse to the outer terminal", NULL, &args.words.no_mouse},
        {"--type-ms", "N", "milliseconds between typed-out characters (default 12; 0: at once)", &args.words.type_ms,
         NULL},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn [show] [OPTION]... [ACT|FILE]",
        .about = "Walks an act on the full screen: Space shows, runs and checks each stage; ? shows the keys.\n"
                 "Without --context and --kubeconfig it brings up the lab, a cluster of its own on this machine.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = 1,
};

int cmd_show(int argc, char **argv)
{
	const char *operand = NULL;
	size_t n = 0;
	int status;
	struct err err = {.code = ERR_NONE};
	struct show show = {.config = {.type_ms = -1}};
	if (!cmd_read_options(&usage, argc, argv, &operand, &n, &status))
		return status;
	if (n && !show_is_act(operand))
		return 2;
	struct show_options with = {
	        .context = args.context,
	        .kubeconfig = args.kubeconfig,
	        .read_only = args.read_only,
	};
	char *name = n ? mem_strdup(operand) : show_first_act(&err);
	bool is_good = name && show_config(&show.config, &args.words, SHOW_TYPE_MS, &err) &&
	               show_begin(&show, &with, name, &err);
	if (is_good)
		loop_run(show.loop);
	show_end(&show);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	free(name);
	return is_good ? 0 : 1;
}
