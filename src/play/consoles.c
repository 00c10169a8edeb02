/* consoles: those of a play, opened by its stages or by a person; what the ui asks of them. See console.h. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

static void on_state(struct console *console, void *user)
{
	struct play *p = user;
	if (dialog_is(p) && dialog_console(p) == console)
		dialog_step_on(p);
	hand_hears(p, console);
	attend_hears(p, console);
	words_tick(p);
	play_changed(p);
}

static void on_line(struct console *console, void *user)
{
	struct play *p = user;
	hand_hears(p, console);
	attend_hears(p, console);
	if (dialog_is(p) && dialog_console(p) == console)
		dialog_step_on(p);
	words_tick(p);
	play_changed(p);
}

static void on_typed(struct console *console, void *user)
{
	struct play *p = user;
	if (!dialog_is(p) || dialog_console(p) != console)
		return;
	dialog_typed(p);
	words_tick(p);
	play_changed(p);
}

static void describe(const struct console *console, struct str *out, void *user)
{
	const struct topo *topo = play_topo(user);
	size_t at = topo_find_workload(topo, console_id(console));
	if (at != TOPO_NONE && topo->workloads.data[at].state != TOPO_PLANNED)
		str_append(out, topo->workloads.data[at].reason);
}

/* Of a machine that the act promises or the cluster has. */
static bool is_machine(struct play *p, const char *id)
{
	const struct topo *topo = play_topo(p);
	size_t at = topo_find_workload(topo, id);
	return at != TOPO_NONE && topo->workloads.data[at].kind == TOPO_VM;
}

struct console *consoles_open(struct play *p, const char *id, enum scenario_persona persona, struct err *err)
{
	size_t at = play_console_find(p, id);
	if (at != TOPO_NONE)
		return p->consoles.data[at];
	if (!is_machine(p, id)) {
		err_set(err, ERR_NOT_FOUND, "there is no virtual machine %s in this act", id);
		return NULL;
	}
	char *dir = shells_private_dir(p, err);
	struct shell_cluster cluster = {persona, p->kubeconfigs[persona], p->contexts[persona], dir};
	char *environment = dir ? shell_kubeconfig(&cluster, err) : NULL;
	if (!environment)
		return NULL;
	struct console_options options = {
	        .loop = p->loop,
	        .kube = p->kube,
	        .id = id,
	        .environment = environment,
	        .cwd = p->act->folder,
	        .rows = p->options.rows,
	        .cols = p->options.cols,
	        .events = {on_state, on_line, on_typed, describe},
	        .user = p,
	};
	struct console *console = console_create(&options);
	vec_push(&p->consoles, console);
	free(environment);
	return console;
}

void consoles_look(struct play *p)
{
	for (size_t i = 0; i < p->consoles.len; i++)
		console_look(p->consoles.data[i]);
}

void consoles_finish(struct play *p)
{
	for (size_t i = 0; i < p->consoles.len; i++)
		console_destroy(p->consoles.data[i]);
	vec_finish(&p->consoles);
}

/* ---- for the painter ---- */

size_t play_n_consoles(const struct play *p)
{
	return p->consoles.len;
}

bool play_console(const struct play *p, size_t at, struct play_console *out)
{
	if (at >= p->consoles.len)
		return false;
	const struct console *console = p->consoles.data[at];
	const char *id = console_id(console);
	*out = (struct play_console){
	        .id = id,
	        .name = strchr(id, '/') + 1,
	        .term = console_term(console),
	        .state = console_state(console),
	        .words = console_words(console),
	};
	return true;
}

size_t play_console_find(const struct play *p, const char *id)
{
	for (size_t i = 0; i < p->consoles.len; i++) {
		if (text_equal(console_id(p->consoles.data[i]), id))
			return i;
	}
	return TOPO_NONE;
}

size_t play_console_open(struct play *p, const char *id, struct err *err)
{
	struct console *console = consoles_open(p, id, SCENARIO_OWNER, err);
	return console ? play_console_find(p, id) : TOPO_NONE;
}

void play_console_attach(struct play *p, size_t at)
{
	if (at < p->consoles.len)
		console_attach(p->consoles.data[at]);
}
