/* consoles: which virtual machine's console is in view, and how it gets there: by its stage, by c, by o or a click on the
 * machine. The consoles themselves are play's; view_console.c paints the one in view. */
#include <string.h>

#include "ui/commands.h"
#include "ui/state.h"

static const struct topo *topo_of(const struct ui *ui)
{
	return ui->play ? play_topo(ui->play) : NULL;
}

static bool is_machine(const struct topo *topo, const char *id)
{
	size_t at = topo ? topo_find_workload(topo, id) : TOPO_NONE;
	return at != TOPO_NONE && topo->workloads.data[at].kind == TOPO_VM;
}

struct term *ui_console_pane(const struct ui *ui)
{
	struct play_console console;
	size_t at = ui->play && *ui->console ? play_console_find(ui->play, ui->console) : TOPO_NONE;
	return at != TOPO_NONE && play_console(ui->play, at, &console) ? console.term : NULL;
}

/* "[shell]  console · vm-client": where there is a choice. */
static void fill_tabs(struct ui *ui)
{
	size_t n = play_n_consoles(ui->play);
	struct play_console console;
	bool is_alone = n == 1 && ui->scene.console.id;
	str_clear(&ui->tabs);
	if (n == 0 || is_alone)
		return;
	str_append(&ui->tabs, ui->scene.console.id ? "shell" : "[shell]");
	for (size_t i = 0; i < n && play_console(ui->play, i, &console); i++) {
		bool is_in_view = text_equal(console.id, ui->scene.console.id);
		str_append_f(&ui->tabs, "  %sconsole · %s%s", is_in_view ? "[" : "", console.name,
		             is_in_view ? "]" : "");
	}
}

void ui_console_fill(struct ui *ui)
{
	struct scene *scene = &ui->scene;
	const struct topo *topo = scene->topo;
	scene->console = (struct play_console){0};
	scene->n_machines = 0;
	scene->tabs = "";
	for (size_t i = 0; topo && i < topo->workloads.len; i++)
		scene->n_machines += topo->workloads.data[i].kind == TOPO_VM;
	size_t at = ui->play && *ui->console ? play_console_find(ui->play, ui->console) : TOPO_NONE;
	if (at != TOPO_NONE)
		play_console(ui->play, at, &scene->console);
	if (ui->play) {
		fill_tabs(ui);
		scene->tabs = str_text(&ui->tabs);
	}
}

/* ---- by the show ---- */

static void bring(struct ui *ui, const struct scenario_stage *stage)
{
	if (stage->action != SCENARIO_PICTURE)
		snprintf(ui->console, sizeof ui->console, "%s",
		         stage->action == SCENARIO_CONSOLE ? stage->console : "");
}

void ui_console_follow(struct ui *ui, size_t stage, enum play_state state)
{
	if ((state != PLAY_SHOWN && state != PLAY_RUNNING) || ui->view.mode != MODE_STAGE ||
	    stage >= ui->act->stages.len)
		return;
	bring(ui, &ui->act->stages.data[stage]);
}

/* One that is not open yet is opened by the stage, or by whoever wants to see it. */
void ui_console_bring(struct ui *ui, const struct scenario_stage *stage)
{
	if (stage && (stage->action != SCENARIO_CONSOLE || play_console_find(ui->play, stage->console) != TOPO_NONE))
		bring(ui, stage);
}

/* ---- by a person ---- */

static void show(struct ui *ui, const char *id)
{
	ui->view.back = 0;
	snprintf(ui->console, sizeof ui->console, "%s", id);
	action_front(ui, PANE_SHELL);
}

bool ui_console_open(struct ui *ui, const char *id)
{
	struct err err;
	if (!is_machine(topo_of(ui), id))
		return false;
	if (play_console_open(ui->play, id, &err) == TOPO_NONE) {
		ui_say(ui, true, "%s", err.text);
		return false;
	}
	show(ui, id);
	return true;
}

/* From the shell the one that the stage speaks on, else the machine after the one in view; NULL after the last. */
static const char *next_machine(const struct ui *ui, const struct topo *topo)
{
	const struct scenario_stage *stage = scene_stage(&ui->scene);
	if (!*ui->console && stage && stage->action == SCENARIO_CONSOLE && is_machine(topo, stage->console))
		return stage->console;
	bool is_past = *ui->console == '\0';
	for (size_t i = 0; topo && i < topo->workloads.len; i++) {
		const struct topo_workload *workload = &topo->workloads.data[i];
		if (workload->kind == TOPO_VM && is_past)
			return workload->id;
		is_past = is_past || text_equal(workload->id, ui->console);
	}
	return NULL;
}

void ui_console_next(struct ui *ui)
{
	const struct topo *topo = topo_of(ui);
	const char *next = next_machine(ui, topo);
	char id[sizeof ui->console];
	if (!next && !*ui->console) {
		ui_say(ui, false, "This act has no virtual machine with a console");
		return;
	}
	snprintf(id, sizeof id, "%s", next ? next : "");
	if (next)
		ui_console_open(ui, id);
	else
		show(ui, "");
}

void ui_console_open_focus(struct ui *ui)
{
	const struct topo *topo = topo_of(ui);
	const struct play_console *console = &ui->scene.console;
	char id[sizeof ui->console] = "";
	bool in_view = console->id && ui->view.front == PANE_SHELL;
	if (is_machine(topo, ui->focus) && !in_view)
		snprintf(id, sizeof id, "%s", ui->focus);
	else if (in_view)
		snprintf(id, sizeof id, "%s", ui->console);
	for (size_t i = 0; topo && !*id && ui->scene.n_machines == 1 && i < topo->workloads.len; i++)
		if (topo->workloads.data[i].kind == TOPO_VM)
			snprintf(id, sizeof id, "%s", topo->workloads.data[i].id);
	if (!*id) {
		ui_say(ui, false,
		       ui->scene.n_machines ? "Which one? Find it with / or click it, then o; c goes through them all"
		                            : "This act has no virtual machine with a console");
		return;
	}
	if (ui_console_open(ui, id))
		play_console_attach(ui->play, play_console_find(ui->play, id));
}
