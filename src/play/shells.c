/* shells: the personas' shells of a play (shell.c is one of them), and the folder of their own that their files are in. What happens in
 * them is told to perform.c. */
#include <stdlib.h>
#include <unistd.h>

#include "play/engine.h"

static char *make_private_dir(struct err *err)
{
	char *runtime = path_user(PATH_RUNTIME, err), *dir = NULL;
	if (runtime) {
		private_sweep(runtime);
		dir = mem_printf("%s/" PRIVATE_PREFIX "%ld-XXXXXX", runtime, (long)getpid());
		if (!mkdtemp(dir)) {
			err_set(err, ERR_SYSTEM, "no directory can be made in %s: %m", runtime);
			free(dir);
			dir = NULL;
		}
	}
	free(runtime);
	return dir;
}

char *shells_private_dir(struct play *p, struct err *err)
{
	if (!p->private_dir)
		p->private_dir = make_private_dir(err);
	if (p->private_dir && p->options.read_only && !private_guard(p->private_dir, err)) {
		private_remove(p->private_dir);
		free(p->private_dir);
		p->private_dir = NULL;
	}
	return p->private_dir;
}

static void create_shell(struct play *p, enum scenario_persona persona)
{
	struct err err = {0};
	shells_private_dir(p, &err);
	struct shell_options options = {
	        .loop = p->loop,
	        .persona = persona,
	        .kubeconfig = p->kubeconfigs[persona],
	        .context = p->contexts[persona],
	        .cwd = p->act->folder,
	        .private_dir = p->private_dir ? p->private_dir : "",
	        .is_guarded = p->options.read_only,
	        .is_in_lab = persona == SCENARIO_HOST && text_equal(p->options.environment, "lab"),
	        .rows = p->options.rows,
	        .cols = p->options.cols,
	        .events = {perform_on_state, perform_on_done, perform_on_typed},
	        .user = p,
	};
	p->shells[persona] = shell_create(&options);
	if (!p->private_dir || !shell_start(p->shells[persona], &err))
		words_note(p, true, "%s", err.text);
}

struct shell *shells_get(struct play *p, enum scenario_persona persona)
{
	if (!p->shells[persona])
		create_shell(p, persona);
	return p->shells[persona];
}

enum scenario_persona shells_persona(const struct play *p, const struct shell *shell)
{
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		if (p->shells[i] == shell)
			return (enum scenario_persona)i;
	}
	return SCENARIO_ADMIN;
}

static void restart_shells(void *user)
{
	struct play *p = user;
	struct err err;
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		if ((p->restart & (1u << i)) && !shell_start(p->shells[i], &err))
			words_note(p, true, "%s", err.text);
	}
	p->restart = 0;
}

void shells_start_again(struct play *p, enum scenario_persona persona)
{
	p->restart |= 1u << persona;
	loop_post(p->loop, restart_shells, p);
}

void shells_finish(struct play *p)
{
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++)
		shell_destroy(p->shells[i]);
	if (p->private_dir)
		private_remove(p->private_dir);
	free(p->private_dir);
}
