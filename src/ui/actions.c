/* actions: what each command does, and the table that names them. Verbs of the show go to play; the rest changes the view. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/theme.h"
#include "ui/commands.h"
#include "ui/guide.h"
#include "ui/live.h"
#include "ui/state.h"
#include "ui/tour.h"

/* ---- parts that several commands share ---- */
static void close_popup(struct ui *ui)
{
	if (ui->view.popup == POPUP_WHY)
		ui->told[0] = '\0'; /* it was read */
	ui->view.popup = POPUP_NONE;
	ui->view.scroll = 0;
	if (ui->play)
		play_look_at_flows(ui->play, false);
}

void action_popup(struct ui *ui, enum ui_popup popup)
{
	bool is_open = ui->view.popup == popup;
	close_popup(ui);
	if (is_open)
		return;
	ui->view.popup = popup;
	if (ui->play && (popup == POPUP_FLOWS || popup == POPUP_EXPLAIN))
		play_look_at_flows(ui->play, true);
	ui->view.selected = ui->scene.stage;
	while (ui->act->stages.len && !view_lists_stage(ui->act, ui->view.selected))
		ui->view.selected--;
}

void action_front(struct ui *ui, enum ui_pane pane)
{
	ui->view.front = pane;
	live_hold_stop(ui);
}

/* False, and said so, while there is no cluster yet. */
static bool has_show(struct ui *ui)
{
	if (ui->play)
		return true;
	if (ui->problem)
		ui_say(ui, true, "%s", ui->problem);
	else
		ui_say(ui, false, "The cluster is not there yet: %s",
		       ui->progress.len ? ui->progress.data[ui->progress.len - 1] : "wait a moment");
	return false;
}

static const struct scenario_stage *stage_in_view(const struct ui *ui)
{
	const struct scenario_act *act = ui->act;
	return act->stages.len ? &act->stages.data[play_stage(ui->play)] : NULL;
}

static void verb(struct ui *ui, void (*of_play)(struct play *play))
{
	close_popup(ui);
	ui->told[0] = '\0';
	ui->view.hides_manifest = false;
	ui->view.back = 0;
	ui->shows_persona = false;
	if (has_show(ui))
		of_play(ui->play);
}

/* ---- the show ---- */
static void next_now(struct ui *ui)
{
	verb(ui, play_next);
}

static void run_next(struct ui *ui, const char *argument)
{
	(void)argument;
	bool runs = ui->play && play_stage_state(ui->play, play_stage(ui->play)) == PLAY_SHOWN;
	if (steps_is_at_end(ui) && ui->view.popup == POPUP_NONE)
		steps_go_on(ui);
	else if (!runs || !steps_ask(ui, PLAY_RUN, play_stage(ui->play), next_now))
		next_now(ui);
}

static void run_back(struct ui *ui, const char *argument)
{
	(void)argument;
	verb(ui, play_back);
}

static void run_retry(struct ui *ui, const char *argument)
{
	(void)argument;
	if (!ui->play && ui->problem && ui->options.events.on_connect) {
		ui_progress(ui, "trying again");
		ui->options.events.on_connect(ui->options.user);
		return;
	}
	verb(ui, play_retry);
}

static void run_skip(struct ui *ui, const char *argument)
{
	(void)argument;
	verb(ui, play_skip);
}

static void undo_now(struct ui *ui)
{
	verb(ui, play_undo);
}

static void run_undo(struct ui *ui, const char *argument)
{
	(void)argument;
	if (!has_show(ui) || !stage_in_view(ui))
		return;
	if (!steps_ask(ui, PLAY_UNDO, play_stage(ui->play), undo_now))
		ui_ask(ui, undo_now, "Undo \"%s\"?  y yes  n no", stage_in_view(ui)->title);
}

static void go_now(struct ui *ui)
{
	play_go(ui->play, ui->going_to);
}

static void go_to(struct ui *ui, size_t stage)
{
	ui->going_to = stage;
	if (!steps_ask(ui, PLAY_GO, stage, go_now))
		go_now(ui);
}

static void run_stage(struct ui *ui, const char *argument)
{
	int64_t number;
	const struct scenario_act *act = ui->act;
	if (!*argument) {
		action_popup(ui, POPUP_STAGES);
		return;
	}
	if (!has_show(ui))
		return;
	bool is_number = text_to_int(argument, 1, (int64_t)act->stages.len, &number);
	size_t last = 0;
	for (size_t i = 0; i < act->stages.len; i++) {
		const struct scenario_stage *stage = &act->stages.data[i];
		size_t place, total;
		scenario_place(act, i, &place, &total);
		last = stage->is_prelude ? last : total;
		if ((is_number && !stage->is_prelude && place == (size_t)number) || text_equal(stage->id, argument)) {
			close_popup(ui);
			go_to(ui, i);
			return;
		}
	}
	ui_say(ui, true, "There is no stage \"%s\": 1 to %zu, or its id (g lists them)", argument, last);
}

static void run_choose(struct ui *ui, const char *argument)
{
	(void)argument;
	bool is_list = ui->view.popup == POPUP_STAGES;
	size_t chosen = ui->view.selected;
	if (ui->view.popup == POPUP_FLOWS) {
		action_popup(ui, POPUP_EXPLAIN);
		return;
	}
	close_popup(ui);
	if (is_list && has_show(ui) && chosen < ui->act->stages.len)
		go_to(ui, chosen);
}

static void run_act(struct ui *ui, const char *argument)
{
	struct err err;
	if (!*argument) {
		char *names = scenario_names(NULL);
		ui_say(ui, false, "This is %s. Acts: %s", ui->act->name, names ? names : "");
		free(names);
		return;
	}
	if (ui->play && play_is_busy(ui->play)) {
		ui_say(ui, true, "A stage is running: wait for it before another act");
		return;
	}
	if (ui->options.events.on_act && !ui->options.events.on_act(argument, &err, ui->options.user))
		ui_say(ui, true, "%s", err.text);
}

/* ---- panes and pages ---- */
static void run_type(struct ui *ui, const char *argument)
{
	(void)argument;
	if (!ui_pane(ui)) {
		has_show(ui);
		return;
	}
	close_popup(ui);
	keys_mode(ui, MODE_TERMINAL);
}

static void run_shell(struct ui *ui, const char *argument)
{
	if (*argument) {
		int found = -1;
		for (int i = 0; i < SCENARIO_N_PERSONAS; i++)
			if (text_equal(argument, scenario_persona_name((enum scenario_persona)i)))
				found = i;
		if (found < 0) {
			ui_say(ui, true, "There is no persona \"%s\": %s or %s", argument,
			       scenario_persona_name(SCENARIO_ADMIN), scenario_persona_name(SCENARIO_OWNER));
			return;
		}
		ui->shows_persona = true;
		ui->console[0] = '\0';
		ui->persona = (enum scenario_persona)found;
	}
	run_type(ui, "");
}

static void run_diagram(struct ui *ui, const char *argument)
{
	(void)argument;
	close_popup(ui);
	ui->view.hides_manifest = true;
	ui->view.back = 0;
	action_front(ui, PANE_DIAGRAM);
}

static void run_consoles(struct ui *ui, const char *argument)
{
	(void)argument;
	close_popup(ui);
	if (has_show(ui))
		ui_console_next(ui);
}

static void run_open(struct ui *ui, const char *argument)
{
	(void)argument;
	close_popup(ui);
	if (has_show(ui))
		ui_console_open_focus(ui);
}

static void run_flows(struct ui *ui, const char *argument)
{
	(void)argument;
	action_popup(ui, POPUP_FLOWS);
}

static void run_explain(struct ui *ui, const char *argument)
{
	for (size_t i = 0; *argument && i < ui->act->flows.len; i++)
		if (text_equal(ui->act->flows.data[i].id, argument))
			ui->view.flow = i;
	if (*argument &&
	    (ui->view.flow >= ui->act->flows.len || !text_equal(ui->act->flows.data[ui->view.flow].id, argument)))
		ui_say(ui, true, "There is no flow \"%s\" (f lists them)", argument);
	else
		action_popup(ui, POPUP_EXPLAIN);
}

static void run_what_if(struct ui *ui, const char *argument)
{
	struct err err = {0};
	struct str words = {0};
	if (!*argument)
		ui_say(ui, false, "what-if FILE says what a manifest would change; its name is as in the scenario");
	else if (!has_show(ui))
		return;
	else if (!play_ask_what_if(ui->play, argument, &err))
		ui_say(ui, true, "%s", err.text);
	else {
		play_what_if_words(ui->play, &words);
		close_popup(ui);
		action_popup(ui, POPUP_FLOWS);
		ui_say(ui, false, "%s", str_text(&words));
	}
	str_finish(&words);
}

static void run_why(struct ui *ui, const char *argument)
{
	(void)argument;
	action_popup(ui, POPUP_WHY);
}

static void run_help(struct ui *ui, const char *argument)
{
	const struct command *command = *argument ? command_find(argument, strlen(argument)) : NULL;
	if (command && command->help)
		ui_say(ui, false, ":%s %s  %s", command->name, command->placeholder, command->help);
	else if (*argument)
		ui_say(ui, true, "There is no command \"%s\" (? shows them)", argument);
	else
		action_popup(ui, POPUP_HELP);
}

/* ---- scrolling: the page that is open, else the pane ---- */
static void move_chosen(struct ui *ui, int lines)
{
	size_t step = lines < 0 ? (size_t)-1 : 1, at = ui->view.selected;
	for (int left = abs(lines); left > 0 && at < ui->act->stages.len;) {
		at += step; /* below 0 it is beyond the end, too */
		if (at < ui->act->stages.len && view_lists_stage(ui->act, at)) {
			ui->view.selected = at;
			left--;
		}
	}
}

static void move_flow(struct ui *ui, int lines)
{
	int64_t last = (int64_t)ui->scene.n_flows - 1, to = (int64_t)view_flow_focus(&ui->scene, &ui->view) + lines;
	ui->view.flow = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
}

void action_scroll(struct ui *ui, int lines)
{
	struct view_state *view = &ui->view;
	int64_t to;
	if (guide_scroll(ui, lines))
		return;
	if (view->popup == POPUP_STAGES) {
		move_chosen(ui, lines);
	} else if (view->popup == POPUP_FLOWS) {
		move_flow(ui, lines);
	} else if (view->popup != POPUP_NONE ||
	           (frame_shows_manifest(&ui->scene, view) && view->front == PANE_DIAGRAM)) {
		int most = frame_max_scroll(&ui->layout, &ui->scene, view, ui->is_ascii);
		to = (int64_t)view->scroll + lines;
		view->scroll = (int)(to > most ? most : to < 0 ? 0 : to);
	} else if (ui->scene.pane) {
		int most = term_scrollback(ui->scene.pane);
		to = (int64_t)view->back - lines;
		view->back = (int)(to > most ? most : to < 0 ? 0 : to);
	}
}

static void run_scroll(struct ui *ui, const char *argument)
{
	int page = ui->layout.shell.rows > 3 ? ui->layout.shell.rows - 3 : 1, sign = *argument == '-' ? -1 : 1;
	int64_t lines;
	const char *word = argument + (*argument == '-');
	if (text_equal(word, "page"))
		lines = page;
	else if (text_equal(word, "all"))
		lines = 1000000;
	else if (!text_to_int(word, 0, 1000000, &lines)) {
		ui_say(ui, true, "scroll takes a number of lines, page or all, with - for up");
		return;
	}
	action_scroll(ui, sign * (int)lines);
}

static void run_resume(struct ui *ui, const char *argument)
{
	(void)argument;
	if (ui->view.popup != POPUP_NONE)
		close_popup(ui);
	else if (ui->play && play_is_going(ui->play))
		play_stop(ui->play);
	else if (ui->view.back)
		ui->view.back = 0;
	else if (*ui->filter)
		action_filter(ui, "");
	else
		ui->focus[0] = '\0';
}

static void run_blank(struct ui *ui, const char *argument)
{
	(void)argument;
	keys_blank(ui, true);
}

/* ---- finding ---- */
static void append_address(const struct topo_workload *workload, const struct topo_attachment *attachment,
                           struct str *line)
{
	str_append_f(line, "  %s %s", attachment->interface, attachment->address);
	if (workload->kind == TOPO_VM && attachment->network != 0) /* of which nobody but the guest is sure */
		str_append_f(line, " (%s)", topo_source_name(attachment->source));
}

/* One line on the workload in focus: what it is in, where, its addresses, and why it does not run. */
void action_describe(struct ui *ui)
{
	const struct topo *topo = ui->scene.topo;
	size_t at = topo && *ui->focus ? topo_find_workload(topo, ui->focus) : TOPO_NONE;
	if (at == TOPO_NONE)
		return;
	const struct topo_workload *workload = &topo->workloads.data[at];
	struct str line = {0};
	str_append_f(&line, "%s  %s", workload->id, workload->phase);
	if (workload->node != TOPO_NONE)
		str_append_f(&line, " on %s", topo->nodes.data[workload->node].name);
	for (size_t i = 0; i < topo->attachments.len; i++) {
		const struct topo_attachment *attachment = &topo->attachments.data[i];
		if (attachment->workload == at && *attachment->address)
			append_address(workload, attachment, &line);
		if (attachment->workload == at && *attachment->problem)
			str_append_f(&line, "  %s", attachment->problem);
	}
	if (*workload->reason)
		str_append_f(&line, "  %s", workload->reason);
	ui_say(ui, workload->state == TOPO_FAILED, "%s", str_text(&line));
	str_finish(&line);
}

void action_filter(struct ui *ui, const char *text)
{
	snprintf(ui->filter, sizeof ui->filter, "%s", text);
	ui->focus[0] = '\0';
	const struct topo *topo = ui->scene.topo;
	size_t found = 0;
	for (size_t i = 0; *text && topo && i < topo->workloads.len; i++)
		if (strcasestr(topo->workloads.data[i].id, text) && found++ == 0)
			snprintf(ui->focus, sizeof ui->focus, "%s", topo->workloads.data[i].id);
	if (*text && !found)
		ui_say(ui, false, "No workload has \"%s\" in its name (/ and Enter shows all again)", text);
	else if (*text)
		action_describe(ui);
}

static void run_filter(struct ui *ui, const char *argument)
{
	if (*argument)
		action_filter(ui, argument);
	else
		line_open(ui, LINE_FILTER);
}

static void run_command(struct ui *ui, const char *argument)
{
	(void)argument;
	line_open(ui, LINE_COMMAND);
}

/* ---- the program itself ---- */
static void run_theme(struct ui *ui, const char *argument)
{
	struct err err;
	if (!*argument) {
		char *names = theme_names();
		ui_say(ui, false, "This is %s. Themes: %s", ui->theme, names);
		free(names);
	} else if (!ui_use_theme(ui, argument, &err)) {
		ui_say(ui, true, "%s", err.text);
	}
}

static void run_mouse(struct ui *ui, const char *argument)
{
	bool on = text_equal(argument, "on");
	if (!on && !text_equal(argument, "off") && *argument) {
		ui_say(ui, true, "mouse is on or off");
		return;
	}
	ui->has_mouse = *argument ? on : !ui->has_mouse;
	ui_say(ui, false,
	       ui->has_mouse ? "The mouse is the program's" : "The mouse is the outer terminal's: it can select text");
}

/* As in the pane itself; without a command in it, what people mean who press Ctrl-C. */
static void run_interrupt(struct ui *ui, const char *argument)
{
	(void)argument;
	struct term *pane = ui_pane(ui);
	if (ui->play && play_is_going(ui->play))
		play_stop(ui->play);
	else if (pane && ui->play && play_is_busy(ui->play))
		term_key(pane, (struct term_key){.ch = 'c', .modifiers = TERM_CTRL});
	else
		ui_say(ui, false, "No command of the show runs; q quits");
}

static void run_redraw(struct ui *ui, const char *argument)
{
	(void)argument;
	live_redraw(ui);
}

static void run_suspend(struct ui *ui, const char *argument)
{
	(void)argument;
	live_suspend(ui);
}

static void quit_now(struct ui *ui)
{
	if (ui->options.events.on_quit)
		ui->options.events.on_quit(ui->options.user);
}

static void run_quit(struct ui *ui, const char *argument)
{
	(void)argument;
	if (ui->play && play_is_busy(ui->play))
		ui_ask(ui, quit_now, "A stage is still running. Quit all the same?  y yes  n no");
	else if (ui->play && play_shell_is_busy(ui->play))
		ui_ask(ui, quit_now, "A program runs in the terminal. Quit all the same?  y yes  n no");
	else
		quit_now(ui);
}

const struct command commands[] = {
        {"next", ARG_NONE, "", "one step of the show, as Space does", run_next},
        {"back", ARG_NONE, "", "back one stage", run_back},
        {"retry", ARG_NONE, "", "run this stage again", run_retry},
        {"skip", ARG_NONE, "", "skip this stage", run_skip},
        {"undo", ARG_NONE, "", "undo what this stage did, after asking", run_undo},
        {"stage", ARG_STAGE, "[N|ID]", "bring the cluster to a stage; without N, list them", run_stage},
        {"stages", ARG_NONE, "", NULL, run_stage},
        {"choose", ARG_NONE, "", NULL, run_choose},
        {"act", ARG_ACT, "[NAME]", "another act", run_act},
        {"type", ARG_NONE, "", NULL, run_type},
        {"shell", ARG_PERSONA, "[PERSONA]", "type into the shell, or into that of a persona", run_shell},
        {"diagram", ARG_NONE, "", "the diagram", run_diagram},
        {"consoles", ARG_NONE, "", "the next console of a virtual machine; after the last, the shell", run_consoles},
        {"open", ARG_NONE, "", "the console of the virtual machine in focus; takes it back", run_open},
        {"flows", ARG_NONE, "", "the flows, and what policies, OVN and measurements say of them", run_flows},
        {"explain", ARG_FLOW, "[FLOW]", "what is known of the chosen flow, in full", run_explain},
        {"take", ARG_TEXT, "", "the recorded take of this stage, and back", take_command},
        {"what-if", ARG_TEXT, "FILE", "what a manifest would open and close, were it applied", run_what_if},
        {"why", ARG_NONE, "", "what went wrong, and what to do", run_why},
        {"filter", ARG_TEXT, "TEXT", "find workloads", run_filter},
        {"layout", ARG_LAYOUT, "[NAME]", "talk, guided or zoom; without NAME, the next one", guide_layout},
        {"tour", ARG_NONE, "", "the first look at the screen", tour_begin},
        {"explore", ARG_NUMBER, "[N]", "break something on purpose, find it and mend it", guide_explore},
        {"hint", ARG_NONE, "", "the next hint of this stage", guide_hint},
        {"theme", ARG_THEME, "[NAME]", "another theme", run_theme},
        {"mouse", ARG_ON_OFF, "[on|off]", "off leaves it to the outer terminal", run_mouse},
        {"redraw", ARG_NONE, "", "draw the screen anew", run_redraw},
        {"help", ARG_COMMAND, "[COMMAND]", "this help, or one command", run_help},
        {"quit", ARG_NONE, "", "quit, after asking when something runs", run_quit},
        {"other", ARG_NONE, "", NULL, guide_other},
        {"zoom", ARG_NONE, "", NULL, guide_zoom},
        {"scroll", ARG_TEXT, "", NULL, run_scroll},
        {"resume", ARG_NONE, "", NULL, run_resume},
        {"blank", ARG_NONE, "", NULL, run_blank},
        {"command", ARG_NONE, "", NULL, run_command},
        {"interrupt", ARG_NONE, "", NULL, run_interrupt},
        {"suspend", ARG_NONE, "", NULL, run_suspend},
};
const size_t n_commands = sizeof commands / sizeof *commands;
