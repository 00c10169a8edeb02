/* cmd_show: `onesdn [show] [ACT|FILE]`: the full screen on the lab or on a kube context (src/show). */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "onesdn/show.h"

static struct show_args {
	const char *context, *kubeconfig;
	bool read_only, resume;
	struct show_words words;
} args;

static const struct cmd_option options[] = {
        {"--context", "NAME", "this kube context instead of the lab", &args.context, NULL},
        {"--kubeconfig", "FILE", "this kubeconfig instead of the lab", &args.kubeconfig, NULL},
        {"--read-only", NULL, "never change the cluster", NULL, &args.read_only},
        {"--resume", NULL, "go on with the show that was left unfinished, with ACT the one of that act", NULL,
         &args.resume},
        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &args.words.theme, NULL},
        {"--layout", "NAME", "talk, guided or zoom", &args.words.layout, NULL},
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

struct stage { /* what a show on stage has beside it */
	struct show show;
	struct keeper *keeper;
	struct speaker *speaker;
	struct kept kept; /* to go on with; path NULL: nothing, or no more */
	bool is_mentioned, is_away;
	char *cluster; /* that was there last, as keeper_cluster tells it; NULL: none yet */
	char *own;     /* kubeconfig of the cluster that the act brings up; NULL */
};

/* ---- going on ---- */
static void bring_there(void *user)
{
	struct stage *stage = user;
	play_go(stage->show.play, play_stage(stage->show.play));
}

/* Another cluster: nothing of what was kept is there, but it can be brought to that stage. */
static void go_on_elsewhere(struct stage *stage)
{
	struct show *show = &stage->show;
	const char *id = json_walk_str(stage->kept.play, "stage", NULL);
	const struct scenario_act *act = play_act(show->play);
	for (size_t i = 0; i < act->stages.len; i++)
		if (text_equal(act->stages.data[i].id, id))
			play_look(show->play, i);
	char *question = mem_printf("The lab of that show is gone, this is a new one. Bring it to %zu/%zu?",
	                            stage->kept.stage, stage->kept.n_stages);
	ui_question(show->ui, question, bring_there, stage);
	free(question);
}

static bool is_broken(const struct play *play)
{
	struct play_exploration now;
	return play_exploring(play, &now) && now.is_mending && now.state != PLAY_DONE;
}

static void go_on(struct stage *stage)
{
	struct show *show = &stage->show;
	struct err err;
	char *cluster = keeper_cluster(show);
	if (stage->kept.started_ms) {
		show->started = loop_now(show->loop) - (time_wall_ms() - stage->kept.started_ms);
		show->planned_ms = stage->kept.planned_ms;
		play_set_started(show->play, show->started);
	}
	if (!text_equal(cluster, stage->kept.cluster))
		go_on_elsewhere(stage);
	else if (play_restore(show->play, stage->kept.play, &err))
		ui_tell(show->ui, false,
		        is_broken(show->play) ? "The show goes on where it was: what was broken on purpose "
		                                "waits to be mended, by hand or by Space"
		                              : "The show goes on where it was");
	else
		ui_tell(show->ui, true, err.text);
	free(cluster);
	kept_finish(&stage->kept);
}

static void mention(struct stage *stage)
{
	struct kept kept;
	if (stage->is_mentioned || !kept_find(&kept, NULL, NULL))
		return;
	if (kept.is_mentioned) {
		kept_finish(&kept);
		return;
	}
	bool is_exploring = *json_walk_str(kept.play, "exploring", NULL);
	char *words = mem_printf("An earlier show stopped at %zu/%zu of %s%s; onesdn --resume goes on there",
	                         kept.stage, kept.n_stages, kept.act, is_exploring ? ", in an exploration" : "");
	ui_tell(stage->show.ui, false, words);
	free(words);
	kept_mention(&kept);
	kept_finish(&kept);
}

/* ---- what the show tells ---- */
static void on_play(struct show *show, void *user)
{
	struct stage *stage = user;
	if (!stage->keeper)
		stage->keeper = keeper_create(show, stage->kept.path ? &stage->kept : NULL);
	if (stage->kept.path)
		go_on(stage);
	else
		mention(stage);
	if (!stage->is_mentioned && connection_is_other_build(show->connection))
		ui_tell(show->ui, true,
		        "Another build of onesdn started this lab; onesdn lab down, and the next show brings up one of "
		        "this build");
	stage->is_mentioned = true;
}

/* A lab that has gone and come up again is an empty one: what was performed is not there any more. */
static void look_which_cluster(struct stage *stage)
{
	struct show *show = &stage->show;
	bool was_away = stage->is_away;
	stage->is_away = !show->kube || kube_state(show->kube) != KUBE_LIVE;
	if (stage->is_away || (stage->cluster && !was_away))
		return;
	char *cluster = keeper_cluster(show);
	bool is_other = stage->cluster && !text_equal(stage->cluster, cluster);
	free(stage->cluster);
	stage->cluster = cluster;
	if (!is_other || !show->play || show_started(show) == 0)
		return;
	size_t number, total;
	scenario_place(play_act(show->play), play_stage(show->play), &number, &total);
	char *question = mem_printf("The lab has gone, this is a new one. Bring it to %zu/%zu?", number, total);
	ui_question(show->ui, question, bring_there, stage);
	free(question);
}

static void on_change(struct show *show, void *user)
{
	struct stage *stage = user;
	(void)show;
	look_which_cluster(stage);
	keeper_changed(stage->keeper);
	speaker_changed(stage->speaker);
}

static void on_stage(struct show *show, size_t at, enum play_state state, void *user)
{
	(void)show, (void)at, (void)state;
	keeper_stage_changed(((struct stage *)user)->keeper);
}

static bool begin(struct stage *stage, const char *operand, struct err *err)
{
	struct show_options with = {
	        .context = args.context,
	        .kubeconfig = args.kubeconfig,
	        .read_only = args.read_only,
	        .events = {.on_play = on_play, .on_change = on_change, .on_stage = on_stage},
	        .user = stage,
	};
	struct err why;
	if (args.resume && !kept_find(&stage->kept, operand, err))
		return false;
	if (args.resume) {
		with.context = args.context = stage->kept.context;
		with.kubeconfig = args.kubeconfig = stage->kept.kubeconfig;
		with.read_only = stage->kept.read_only || args.read_only;
	}
	char *name = args.resume ? mem_strdup(stage->kept.act) : operand ? mem_strdup(operand) : show_first_act(err);
	if (name && !with.context && !with.kubeconfig)
		with.kubeconfig = stage->own = scenario_brings_up(name);
	bool is_good = name && show_config(&stage->show.config, &args.words, SHOW_TYPE_MS, err) &&
	               show_begin(&stage->show, &with, name, err);
	free(name);
	if (is_good && !(stage->speaker = speaker_create(&stage->show, &why)))
		ui_tell(stage->show.ui, true, why.text);
	return is_good;
}

int cmd_show(int argc, char **argv)
{
	const char *operand = NULL;
	size_t n = 0;
	int status;
	struct err err = {.code = ERR_NONE};
	struct stage stage = {.show = {.config = {.type_ms = -1}}};
	if (!cmd_read_options(&usage, argc, argv, &operand, &n, &status))
		return status;
	if (args.resume && (args.context || args.kubeconfig)) {
		fputs("onesdn: --resume knows the cluster of the show that it goes on with: name none\n", stderr);
		return 2;
	}
	if (n && !show_is_act(operand))
		return 2;
	bool is_good = begin(&stage, operand, &err);
	if (is_good)
		loop_run(stage.show.loop);
	keeper_destroy(stage.keeper);
	speaker_destroy(stage.speaker);
	show_end(&stage.show);
	kept_finish(&stage.kept);
	free(stage.cluster);
	free(stage.own);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	return is_good ? 0 : 1;
}
