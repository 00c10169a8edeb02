/* speaker: see speaker.h. What is told is made of the show's state once a turn at most, and only sent when it differs. */
#include "onesdn/show.h"

#include <stdlib.h>
#include <string.h>

#include "onesdn/notes.h"

struct speaker {
	struct show *show;
	struct notes_server *server;
};

static const char *state_words(const struct play *play, size_t stage)
{
	static const char *const words[] = {
	        [PLAY_PENDING] = "Space shows the command",
	        [PLAY_SHOWN] = "Space runs it",
	        [PLAY_RUNNING] = "it runs",
	        [PLAY_CHECKING] = "its check is waited for",
	        [PLAY_DONE] = "done; Space goes on",
	        [PLAY_FAILED] = "it failed: r again, s goes on, t the recorded take",
	        [PLAY_SKIPPED] = "passed over; Space goes on",
	};
	return play_is_going(play) ? "on the way to a stage" : words[play_stage_state(play, stage)];
}

static bool is_through(const struct play *play, size_t stage)
{
	enum play_state state = play_stage_state(play, stage);
	return state == PLAY_DONE || state == PLAY_SKIPPED;
}

/* What the next Spaces run: of this stage, or of the one after it once this one is done. */
static char *next_command(const struct play *play)
{
	const struct scenario_act *act = play_act(play);
	size_t stage = play_stage(play);
	if (!is_through(play, stage))
		return play_next_command(play);
	return mem_strdup(stage + 1 < act->stages.len ? act->stages.data[stage + 1].command : "");
}

static void fill_stage(struct notes *notes, const struct show *show)
{
	const struct play *play = show->play;
	const struct scenario_act *act = play_act(play);
	size_t at = play_stage(play), number, total;
	const struct scenario_stage *stage = &act->stages.data[at];
	int64_t started = show_started(show);
	scenario_place(act, at, &number, &total);
	notes->title = stage->title;
	notes->persona = (char *)scenario_persona_name(stage->persona);
	notes->say = stage->say;
	notes->command = next_command(play);
	notes->next = at + 1 < act->stages.len ? act->stages.data[at + 1].title : NULL;
	notes->state = (char *)state_words(play, at);
	notes->message = text_equal(play_message(play), notes->state) ? NULL : (char *)play_message(play);
	notes->is_problem = play_message_is_problem(play);
	notes->stage = (int64_t)number;
	notes->n_stages = (int64_t)total;
	notes->status = play_status(play);
	/* Whole seconds: the clock is the client's, and telling it again is not worth a line. */
	notes->elapsed_ms = started ? (loop_now(show->loop) - started) / 1000 * 1000 : -1;
	notes->plan_from_ms = show->planned_ms + show_plan(act, at);
	notes->plan_to_ms = show->planned_ms + show_plan(act, at + 1);
	notes->act_plan_ms = show->planned_ms + show_plan(act, act->stages.len);
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
	if (show->play)
		fill_stage(&notes, show);
	fill_cluster(&notes, show);
	notes.is_blank = ui_is_blank(show->ui);
	notes_tell(speaker->server, &notes);
	free(notes.command); /* all the others are the show's */
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
