/* show: see show.h. Owns what a show consists of and ties it together: what the cluster and the play tell goes to the ui (and to
 * whoever else listens), what the person wants comes back. */
#include "onesdn/show.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void changed(struct show *show)
{
	ui_changed(show->ui);
	if (show->options.events.on_change)
		show->options.events.on_change(show, show->options.user);
}

static void problem(struct show *show, const char *text)
{
	ui_problem(show->ui, text);
	if (show->options.events.on_problem)
		show->options.events.on_problem(show, text, show->options.user);
}

/* ---- a cluster that lacks what the act needs ---- */

/* Said once: what is missing, and the two ways to get it. */
static void offer_set_up(struct show *show)
{
	const struct scenario_act *act = show->play ? play_act(show->play) : NULL;
	struct str missing = {0};
	if (!act || show->has_offered || act->brings_up || !show->kube || kube_state(show->kube) != KUBE_LIVE ||
	    text_equal(show->environment, "lab"))
		return;
	for (int kind = 0; kind < KUBE_N_KINDS; kind++)
		if (act->kinds & 1u << kind && !kube_is_served(show->kube, (enum kube_kind_id)kind))
			str_append_f(&missing, "%s%s", missing.len ? ", " : "", kube_kinds[kind].kind);
	if (missing.len > 0) {
		show->has_offered = true;
		char *set_ups = scenario_set_ups();
		char *text = mem_printf("The cluster does not know %s. Quit, then: onesdn %s makes one on kind; onesdn "
		                        "%s shows the act "
		                        "on the lab",
		                        str_text(&missing), *set_ups ? set_ups : "doctor", act->name);
		ui_tell(show->ui, true, text);
		free(text);
		free(set_ups);
	}
	str_finish(&missing);
}

/* ---- the cluster tells ---- */
static void on_cluster_changed(void *user)
{
	struct show *show = user;
	if (show->play)
		play_cluster_changed(show->play);
	changed(show);
	offer_set_up(show);
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
	changed(user);
}

static void on_stage(struct play *play, size_t stage, enum play_state state, void *user)
{
	struct show *show = user;
	(void)play;
	ui_stage_changed(show->ui, stage, state);
	if (show->options.events.on_stage)
		show->options.events.on_stage(show, stage, state, show->options.user);
}

static void on_explore(struct play *play, enum play_state state, void *user)
{
	(void)play;
	ui_explore_changed(((struct show *)user)->ui, state);
}

static bool start_play(struct show *show, struct err *err)
{
	struct play_options with = {
	        .loop = show->loop,
	        .kube = show->kube,
	        .act = show->act,
	        .environment = show->connection->environment,
	        .read_only = show->options.read_only,
	        .type_ms = show->config.type_ms,
	        .rows = 24,
	        .cols = 80,
	        .user = show,
	        .events = {.on_change = on_play_change, .on_stage = on_stage, .on_explore = on_explore},
	};
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		with.kubeconfigs[i] = show->connection->kubeconfigs[i];
		with.contexts[i] = show->connection->contexts[i];
	}
	show->play = play_create(&with, err);
	if (!show->play)
		return false;
	show->act = NULL;
	if (show->started)
		play_set_started(show->play, show->started);
	ui_set_show(show->ui, show->play, show->kube);
	if (show->options.events.on_play)
		show->options.events.on_play(show, show->options.user);
	return true;
}

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct show *show = user;
	struct err why;
	show->connecting = NULL;
	show->connection = connection;
	if (!connection) {
		problem(show, err->text);
		return;
	}
	struct kube_options with = {
	        .kubeconfig = show->options.kubeconfig,
	        .context = show->options.context,
	        .socket = connection->socket,
	        .user = show,
	        .events = {.on_change = on_change, .on_state = on_state},
	};
	show->kube = kube_create(show->loop, &with);
	if (!start_play(show, &why))
		problem(show, why.text);
}

static void on_progress(const char *line, void *user)
{
	struct show *show = user;
	ui_progress(show->ui, line);
	if (show->options.events.on_progress)
		show->options.events.on_progress(show, line, show->options.user);
}

static void connect_now(void *user)
{
	struct show *show = user;
	if (show->connecting || show->connection)
		return;
	struct connect_options with = {.context = show->options.context, .kubeconfig = show->options.kubeconfig};
	on_progress(text_equal(show->environment, "lab") ? "looking for the lab; bringing it up if it is not there"
	                                                 : "asking the cluster",
	            show);
	show->connecting = connect_start(show->loop, &with, on_progress, on_connected, show);
}

/* ---- the person wants ---- */
static void on_quit(void *user)
{
	loop_stop(((struct show *)user)->loop);
}

int64_t show_started(const struct show *show)
{
	return show->started ? show->started : show->play ? play_started(show->play) : 0;
}

int64_t show_plan(const struct scenario_act *act, size_t stage)
{
	int64_t plan_ms = 0;
	for (size_t i = 0; i < stage && i < act->stages.len; i++)
		plan_ms += act->stages.data[i].is_prelude ? 0 : act->stages.data[i].minutes_ms;
	return plan_ms;
}

/* The clock and the plan go on over the acts of a show. */
static void leave_act(struct show *show)
{
	show->started = show_started(show);
	if (!show->play || play_started(show->play) == 0)
		return;
	const struct scenario_act *act = play_act(show->play);
	size_t stage = play_stage(show->play);
	show->planned_ms += show_plan(act, play_is_over(show->play) ? act->stages.len : stage);
}

bool show_change_act(struct show *show, const char *name, struct err *err)
{
	struct scenario_act *act = scenario_load(name, show->environment, err);
	if (!act)
		return false;
	leave_act(show);
	ui_set_show(show->ui, NULL, NULL);
	ui_set_act(show->ui, act);
	play_destroy(show->play);
	scenario_destroy(show->act);
	show->play = NULL;
	show->act = act;
	return !show->kube || start_play(show, err);
}

static void on_blank(void *user)
{
	changed(user);
}

static bool on_act(const char *name, struct err *err, void *user)
{
	return show_change_act(user, name, err);
}

static void on_signal(int signum, void *user)
{
	struct show *show = user;
	const struct show_events *events = &show->options.events;
	bool is_first = show->signum == 0;
	show->signum = signum;
	if (!is_first || !events->on_signal || !events->on_signal(show, show->options.user))
		loop_stop(show->loop);
}

/* ---- from beginning to end ---- */
bool show_begin(struct show *show, const struct show_options *options, const char *act, struct err *err)
{
	static const int signums[SHOW_N_SIGNALS] = {SIGTERM, SIGHUP, SIGINT};
	show->options = *options;
	show->environment = connect_environment(
	        &(struct connect_options){.context = options->context, .kubeconfig = options->kubeconfig});
	if (!(show->act = scenario_load(act, show->environment, err)) || !(show->loop = loop_create(err)))
		return false;
	struct ui_options with = {
	        .loop = show->loop,
	        .config = &show->config,
	        .act = show->act,
	        .read_only = options->read_only,
	        .cols = options->cols,
	        .rows = options->rows,
	        .recording = options->recording,
	        .user = show,
	        .context = options->context      ? options->context
	                   : options->kubeconfig ? options->kubeconfig
	                                         : "lab",
	        .events = {.on_quit = on_quit, .on_act = on_act, .on_blank = on_blank, .on_connect = connect_now},
	};
	show->ui = ui_create(&with, err);
	if (!show->ui)
		return false;
	for (size_t i = 0; i < SHOW_N_SIGNALS; i++)
		show->signals[i] = loop_signal_create(show->loop, signums[i], on_signal, show);
	loop_post(show->loop, connect_now, show);
	return true;
}

void show_end(struct show *show)
{
	connect_cancel(show->connecting);
	ui_destroy(show->ui);
	play_destroy(show->play);
	scenario_destroy(show->act);
	kube_destroy(show->kube);
	for (size_t i = 0; i < SHOW_N_SIGNALS; i++)
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

/* ---- what is asked for on the command line ---- */
static void set_text(char **to, const char *text)
{
	if (!text)
		return;
	free(*to);
	*to = mem_strdup(text);
}

bool show_config(struct ui_config *config, const struct show_words *words, int type_ms, struct err *err)
{
	int64_t wanted = type_ms;
	if (!ui_config_load(config, err))
		return false;
	if (config->type_ms >= 0)
		wanted = config->type_ms;
	if (words->type_ms && !text_to_int(words->type_ms, 0, 1000, &wanted))
		return err_set(err, ERR_INVALID, "--type-ms takes milliseconds from 0 to 1000, not \"%s\"",
		               words->type_ms);
	config->type_ms = (int)wanted;
	config->ascii |= words->ascii;
	config->no_mouse |= words->no_mouse;
	set_text(&config->theme, words->theme);
	set_text(&config->layout, words->layout);
	return true;
}

char *show_first_act(struct err *err)
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
bool show_is_act(const char *name)
{
	if (strchr(name, '/') || strchr(name, '.') || access(name, F_OK) == 0)
		return true;
	char *names = scenario_names(NULL), *set_ups = scenario_set_ups();
	char *all = mem_printf("%s %s", names ? names : "", set_ups);
	size_t len = strlen(name);
	bool found = false;
	for (const char *p = all; *p && !found; p += strcspn(p, " "), p += strspn(p, " "))
		found = strcspn(p, " ") == len && strncmp(p, name, len) == 0;
	if (!found)
		fprintf(stderr,
		        "onesdn: \"%s\" is neither a command nor an act (acts: %s); onesdn help shows the commands\n",
		        name, all);
	free(names);
	free(set_ups);
	free(all);
	return found;
}
