/* cmd_show: `onesdn [show] [ACT|FILE]`: the full screen on the lab or on a kube context. Owns what a show consists of (loop,
 * connection, cluster, play, ui) and ties them together; the screen is there before the cluster is. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "connect.h"
#include "onesdn/ui.h"

enum { TYPE_MS = 12 };

static struct show_args {
	const char *context, *kubeconfig, *theme, *layout, *type_ms;
	bool read_only, ascii, no_mouse;
} args;

static const struct cmd_option options[] = {
        {"--context", "NAME", "this kube context instead of the lab", &args.context, NULL},
        {"--kubeconfig", "FILE", "this kubeconfig instead of the lab", &args.kubeconfig, NULL},
        {"--read-only", NULL, "never change the cluster", NULL, &args.read_only},
        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &args.theme, NULL},
        {"--layout", "NAME", "talk or zoom", &args.layout, NULL},
        {"--ascii", NULL, "no characters beyond ASCII", NULL, &args.ascii},
        {"--no-mouse", NULL, "leave the mouse to the outer terminal", NULL, &args.no_mouse},
        {"--type-ms", "N", "milliseconds between typed-out characters (default 12; 0: at once)", &args.type_ms, NULL},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn [show] [OPTION]... [ACT|FILE]",
        .about = "Walks an act on the full screen: Space shows, runs and checks each stage; ? shows the keys.\n"
                 "Without --context and --kubeconfig it brings up the lab, a cluster of its own on this machine.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = 1,
};

struct show {
	struct loop *loop;
	struct ui_config config;
	struct scenario_act *act; /* until a play has taken it */
	const char *environment;
	struct connecting *connecting;
	struct connection *connection;
	struct kube *kube;
	struct play *play;
	struct ui *ui;
	struct loop_signal *signals[3];
};

/* ---- the cluster tells ---- */
static void on_cluster_changed(void *user)
{
	struct show *show = user;
	if (show->play)
		play_cluster_changed(show->play);
	ui_changed(show->ui);
}

static void cluster_changed_soon(struct show *show)
{
	loop_unpost(show->loop, show); /* once a turn is enough */
	loop_post(show->loop, on_cluster_changed, show);
}

static void on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                      void *user)
{
	(void)kube, (void)change, (void)kind, (void)object;
	cluster_changed_soon(user);
}

static void on_state(struct kube *kube, enum kube_state state, void *user)
{
	(void)kube, (void)state;
	cluster_changed_soon(user);
}

/* ---- the play tells ---- */
static void on_play_change(struct play *play, void *user)
{
	(void)play;
	ui_changed(((struct show *)user)->ui);
}

static void on_stage(struct play *play, size_t stage, enum play_state state, void *user)
{
	(void)play;
	ui_stage_changed(((struct show *)user)->ui, stage, state);
}

static bool start_play(struct show *show, struct err *err)
{
	struct play_options with = {
	        .loop = show->loop,
	        .kube = show->kube,
	        .act = show->act,
	        .environment = show->connection->environment,
	        .read_only = args.read_only,
	        .type_ms = show->config.type_ms,
	        .rows = 24,
	        .cols = 80,
	        .user = show,
	        .events = {.on_change = on_play_change, .on_stage = on_stage},
	};
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		with.kubeconfigs[i] = show->connection->kubeconfigs[i];
		with.contexts[i] = show->connection->contexts[i];
	}
	show->play = play_create(&with, err);
	if (!show->play)
		return false;
	show->act = NULL;
	ui_set_show(show->ui, show->play, show->kube);
	return true;
}

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct show *show = user;
	struct err why;
	show->connecting = NULL;
	show->connection = connection;
	if (!connection) {
		ui_problem(show->ui, err->text);
		return;
	}
	struct kube_options with = {
	        .kubeconfig = args.kubeconfig,
	        .context = args.context,
	        .socket = connection->socket,
	        .user = show,
	        .events = {.on_change = on_change, .on_state = on_state},
	};
	show->kube = kube_create(show->loop, &with);
	if (!start_play(show, &why))
		ui_problem(show->ui, why.text);
}

static void on_progress(const char *line, void *user)
{
	ui_progress(((struct show *)user)->ui, line);
}

static void connect_now(void *user)
{
	struct show *show = user;
	if (show->connecting || show->connection)
		return;
	struct connect_options with = {.context = args.context, .kubeconfig = args.kubeconfig};
	ui_progress(show->ui, text_equal(show->environment, "lab")
	                              ? "looking for the lab; bringing it up if it is not there"
	                              : "asking the cluster");
	show->connecting = connect_start(show->loop, &with, on_progress, on_connected, show);
}

/* ---- the person wants ---- */
static void on_quit(void *user)
{
	loop_stop(((struct show *)user)->loop);
}

static bool on_act(const char *name, struct err *err, void *user)
{
	struct show *show = user;
	struct scenario_act *act = scenario_load(name, show->environment, err);
	if (!act)
		return false;
	ui_set_show(show->ui, NULL, NULL);
	ui_set_act(show->ui, act);
	play_destroy(show->play);
	scenario_destroy(show->act);
	show->play = NULL;
	show->act = act;
	return !show->kube || start_play(show, err);
}

static void on_signal(int signum, void *user)
{
	(void)signum;
	loop_stop(((struct show *)user)->loop);
}

/* ---- from beginning to end ---- */
static bool take_config(struct show *show, struct err *err)
{
	int64_t type_ms = TYPE_MS;
	if (!ui_config_load(&show->config, err))
		return false;
	if (show->config.type_ms >= 0)
		type_ms = show->config.type_ms;
	if (args.type_ms && !text_to_int(args.type_ms, 0, 1000, &type_ms))
		return err_set(err, ERR_INVALID, "--type-ms takes milliseconds from 0 to 1000, not \"%s\"",
		               args.type_ms);
	show->config.type_ms = (int)type_ms;
	show->config.ascii |= args.ascii;
	show->config.no_mouse |= args.no_mouse;
	if (args.theme) {
		free(show->config.theme);
		show->config.theme = mem_strdup(args.theme);
	}
	if (args.layout) {
		free(show->config.layout);
		show->config.layout = mem_strdup(args.layout);
	}
	return true;
}

static bool begin(struct show *show, const char *name, struct err *err)
{
	static const int signums[] = {SIGTERM, SIGHUP, SIGINT};
	show->environment =
	        connect_environment(&(struct connect_options){.context = args.context, .kubeconfig = args.kubeconfig});
	if (!take_config(show, err) || !(show->act = scenario_load(name, show->environment, err)) ||
	    !(show->loop = loop_create(err)))
		return false;
	struct ui_options with = {
	        .loop = show->loop,
	        .config = &show->config,
	        .act = show->act,
	        .read_only = args.read_only,
	        .user = show,
	        .context = args.context      ? args.context
	                   : args.kubeconfig ? args.kubeconfig
	                                     : "lab",
	        .events = {.on_quit = on_quit, .on_act = on_act, .on_connect = connect_now},
	};
	show->ui = ui_create(&with, err);
	if (!show->ui)
		return false;
	for (size_t i = 0; i < sizeof signums / sizeof *signums; i++)
		show->signals[i] = loop_signal_create(show->loop, signums[i], on_signal, show);
	loop_post(show->loop, connect_now, show);
	return true;
}

static void end(struct show *show)
{
	connect_cancel(show->connecting);
	ui_destroy(show->ui);
	play_destroy(show->play);
	scenario_destroy(show->act);
	kube_destroy(show->kube);
	for (size_t i = 0; i < sizeof show->signals / sizeof *show->signals; i++)
		loop_signal_destroy(show->signals[i]);
	if (show->connection && show->connection->was_started)
		puts("The lab is still running: onesdn lab down stops it.");
	connection_destroy(show->connection);
	if (show->loop) {
		loop_unpost(show->loop, show);
		loop_destroy(show->loop);
	}
	ui_config_finish(&show->config);
}

/* The first act of the show. */
static char *default_act(struct err *err)
{
	char *names = scenario_names(err);
	if (names)
		names[strcspn(names, " ")] = '\0';
	if (names && !*names) {
		err_set(err, ERR_NOT_FOUND, "no act is installed: name a scenario file");
		free(names);
		return NULL;
	}
	return names;
}

/* A word that is neither a command nor an act is a mistake on the command line. */
static bool is_act(const char *name)
{
	if (strchr(name, '/') || strchr(name, '.') || access(name, F_OK) == 0)
		return true;
	char *names = scenario_names(NULL);
	size_t len = strlen(name);
	bool found = false;
	for (const char *p = names; p && *p && !found; p += strcspn(p, " "), p += strspn(p, " "))
		found = strcspn(p, " ") == len && strncmp(p, name, len) == 0;
	if (!found)
		fprintf(stderr,
		        "onesdn: \"%s\" is neither a command nor an act (acts: %s); onesdn help shows the commands\n",
		        name, names && *names ? names : "none");
	free(names);
	return found;
}

int cmd_show(int argc, char **argv)
{
	const char *operand = NULL;
	size_t n = 0;
	int status;
	struct err err = {.code = ERR_NONE};
	struct show show = {.config = {.type_ms = -1}};
	if (!cmd_read_options(&usage, argc, argv, &operand, &n, &status))
		return status;
	if (n && !is_act(operand))
		return 2;
	char *name = n ? mem_strdup(operand) : default_act(&err);
	bool is_good = name && begin(&show, name, &err);
	if (is_good)
		loop_run(show.loop);
	end(&show);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	free(name);
	return is_good ? 0 : 1;
}
