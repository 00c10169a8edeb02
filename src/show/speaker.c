/* speaker: see show.h. What is told is made of the show's state once a turn at most, and only sent when it differs. */
#include "onesdn/show.h"

#include <stdlib.h>
#include <string.h>

#include "onesdn/notes.h"

struct speaker {
	struct show *show;
	struct notes_server *server;
};

static const char *const state_words[] = {
        [PLAY_PENDING] = "Space shows the command",
        [PLAY_SHOWN] = "Space runs it",
        [PLAY_RUNNING] = "it runs",
        [PLAY_CHECKING] = "its check is waited for",
        [PLAY_DONE] = "done; Space goes on",
        [PLAY_FAILED] = "it failed: r again, s goes on, t the recorded take",
        [PLAY_SKIPPED] = "passed over; Space goes on",
};

static bool is_through(enum play_state state)
{
	return state == PLAY_DONE || state == PLAY_SKIPPED;
}

void speaker_stage(struct notes *notes, const struct scenario_act *act, size_t at, enum play_state state)
{
	const struct scenario_stage *stage = &act->stages.data[at], *next = stage + 1;
	bool is_last = at + 1 == act->stages.len;
	size_t number, total;
	scenario_place(act, at, &number, &total);
	notes->act = act->title;
	notes->title = stage->title;
	notes->persona = (char *)scenario_persona_name(stage->persona);
	notes->say = stage->say;
	/* What the next Spaces run: of this stage, or of the one after it once this one is done. */
	notes->command = !is_through(state) ? stage->command : is_last ? NULL : next->command;
	notes->next = is_last ? NULL : next->title;
	notes->state = (char *)state_words[state];
	notes->stage = (int64_t)number;
	notes->n_stages = (int64_t)total;
	notes->plan_from_ms = show_plan(act, at);
	notes->plan_to_ms = show_plan(act, at + 1);
	notes->act_plan_ms = show_plan(act, act->stages.len);
}

/* What a play knows beyond its stage. Gives the command that is to be run next of a stage that is under way; the caller frees. */
static char *fill_play(struct notes *notes, const struct show *show)
{
	const struct play *play = show->play;
	size_t at = play_stage(play);
	enum play_state state = play_stage_state(play, at);
	int64_t started = show_started(show);
	char *command = is_through(state) ? NULL : play_next_command(play);
	speaker_stage(notes, play_act(play), at, state);
	if (command)
		notes->command = command;
	if (play_is_going(play))
		notes->state = (char *)"on the way to a stage";
	notes->message = text_equal(play_message(play), notes->state) ? NULL : (char *)play_message(play);
	notes->is_problem = play_message_is_problem(play);
	notes->status = play_status(play);
	/* Whole seconds: the clock is the client's, and telling it again is not worth a line. */
	notes->elapsed_ms = started ? (loop_now(show->loop) - started) / 1000 * 1000 : -1;
	notes->plan_from_ms += show->planned_ms;
	notes->plan_to_ms += show->planned_ms;
	notes->act_plan_ms += show->planned_ms;
	return command;
}

static void fill_cluster(struct notes *notes, const struct show *show)
{
	static const char *const words[] = {
	        [KUBE_CONNECTING] = "connecting", [KUBE_LIVE] = "LIVE", [KUBE_STALE] = "STALE: the cluster is away"};
	notes->context = (char *)(show->options.context ? show->options.context : show->environment);
	notes->cluster = (char *)(show->kube ? words[kube_state(show->kube)] : "not connected");
	notes->is_cluster_problem = show->kube && kube_state(show->kube) == KUBE_STALE;
}

static void tell(void *user)
{
	struct speaker *speaker = user;
	const struct show *show = speaker->show;
	const struct scenario_act *act = show->play ? play_act(show->play) : show->act;
	struct notes notes = {.status = -1, .elapsed_ms = -1, .act = act->title};
	char *command = show->play ? fill_play(&notes, show) : NULL; /* all the others are the show's */
	fill_cluster(&notes, show);
	notes.is_blank = ui_is_blank(show->ui);
	notes_tell(speaker->server, &notes);
	free(command);
}

void speaker_changed(struct speaker *speaker)
{
	if (!speaker)
		return;
	loop_unpost(speaker->show->loop, speaker);
	loop_post(speaker->show->loop, tell, speaker);
}

struct speaker *speaker_create(struct show *show, struct err *err)
{
	struct notes_server *server = notes_serve(show->loop, err);
	if (!server)
		return NULL;
	struct speaker *speaker = mem_alloc(sizeof *speaker);
	*speaker = (struct speaker){show, server};
	speaker_changed(speaker);
	return speaker;
}

void speaker_destroy(struct speaker *speaker)
{
	if (!speaker)
		return;
	loop_unpost(speaker->show->loop, speaker);
	notes_server_destroy(speaker->server);
	free(speaker);
}
