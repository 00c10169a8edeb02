/* shell: a real interactive bash in a pane. See shell.h. */
#include "play/shell.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "play/console.h"
#include "play/typer.h"

#define LINE_MAX_BYTES 65536
#define NUDGE_MS 200

struct shell {
	struct shell_options options;
	char *kubeconfig, *context, *cwd, *private_dir;
	struct term *term;
	enum shell_state state;
	bool had_prompt, is_interrupted; /* interrupted: Ctrl-C went to the command that runs */
	char *rcfile;                    /* there until bash has read it */
	struct typer *typer;
	struct loop_timer *nudge; /* a Ctrl-C that readline has not answered */
};

/* ---- what bash starts with ---- */

/* The prompt names the persona: who speaks is to be seen without colours, and in a recording's text. */
static const struct {
	const char *prompt, *color;
} looks[] = {
        [SCENARIO_ADMIN] = {"admin $ ", "1;35"},
        [SCENARIO_OWNER] = {"owner $ ", "1;36"},
        [SCENARIO_HOST] = {"host $ ", "1;33"},
};
#define PROMPT_MORE "> "

/* A line that is edited in emacs mode whatever the user's inputrc says, so that clearing it works; no history, so that
 * "!" is an exclamation mark and nothing of the show is left in the user's own. */
static char *rc_text(const struct shell *s)
{
	static const char rc[] = "__onesdn_done() { printf '\\e]133;D;%%s\\a' \"$?\"; }\n"
	                         "PROMPT_COMMAND=__onesdn_done\n"
	                         "PS0='\\e]133;C\\a'\n"
	                         "PS1='\\[\\e]133;A\\a\\e[%sm\\]%s\\[\\e[0m\\e]133;B\\a\\]'\n"
	                         "PS2='\\[\\e]133;A;k=s\\a\\]" PROMPT_MORE "'\n"
	                         "set +o history +H\n"
	                         "unset HISTFILE INPUTRC MAILCHECK ONESDN_RC\n"
	                         "set -o emacs\n"
	                         "bind 'set bell-style none' 2>/dev/null\n"
	                         "declare +x PROMPT_COMMAND PS0 PS1 PS2\n"
	                         "export ONESDN_PERSONA=%s\n";
	const char *no_color = getenv("NO_COLOR");
	enum scenario_persona persona = s->options.persona;
	return mem_printf(rc, no_color && no_color[0] ? "1" : looks[persona].color, looks[persona].prompt,
	                  scenario_persona_name(persona));
}

static bool write_rcfile(struct shell *s, struct err *err)
{
	free(s->rcfile);
	s->rcfile = mem_printf("%s/%s.bashrc", s->private_dir, scenario_persona_name(s->options.persona));
	char *text = rc_text(s);
	bool ok = file_write(s->rcfile, text, strlen(text), 0600, err);
	free(text);
	return ok;
}

/* The first file of KUBECONFIG that names a current context wins. */
char *shell_kubeconfig(const struct shell_cluster *cluster, struct err *err)
{
	const char *env = getenv("KUBECONFIG"), *home = getenv("HOME");
	if (!cluster->context)
		return cluster->kubeconfig ? mem_printf("KUBECONFIG=%s", cluster->kubeconfig)
		                           : mem_strdup("BASH_ENV"); /* nothing to set */
	char *file = mem_printf("%s/%s.kubeconfig", cluster->private_dir, scenario_persona_name(cluster->persona));
	json_t *config =
	        json_pack("{s:s, s:s, s:s}", "apiVersion", "v1", "kind", "Config", "current-context", cluster->context);
	struct str text = {0};
	str_append_json(&text, config, JSON_COMPACT);
	char *out = NULL;
	if (!file_write(file, str_text(&text), text.len, 0600, err))
		err_context(err, "the persona's kubeconfig");
	else if (cluster->kubeconfig || (env && env[0] != '\0'))
		out = mem_printf("KUBECONFIG=%s:%s", file, cluster->kubeconfig ? cluster->kubeconfig : env);
	else
		out = mem_printf("KUBECONFIG=%s:%s/.kube/config", file, home ? home : "");
	str_finish(&text);
	json_decref(config);
	free(file);
	return out;
}

/* Where no virtctl is installed, the one that comes with us is found last of all. */
char *shell_path(const char *guards)
{
	const char *path = getenv("PATH");
	char *installed = path_program("virtctl"), *ours = installed ? NULL : console_virtctl();
	char *slash = ours ? strrchr(ours, '/') : NULL;
	char *out =
	        mem_printf("PATH=%s%s%s%s%.*s", guards ? guards : "", guards ? ":" : "", path ? path : "/usr/bin:/bin",
	                   slash ? ":" : "", slash ? (int)(slash - ours) : 0, slash ? ours : "");
	free(installed);
	free(ours);
	return out;
}

static bool start_here(struct shell *s, const char *kubeconfig, struct err *err)
{
	if (!write_rcfile(s, err))
		return false;
	char *path = shell_path(s->options.is_guarded ? s->private_dir : NULL);
	const char *const argv[] = {"bash", "--noprofile", "--rcfile", s->rcfile, "-i", NULL};
	const char *const env[] = {kubeconfig, path, "INPUTRC=/dev/null", "SHELLOPTS", "BASHOPTS", "HISTFILE", NULL};
	bool ok = term_start(s->term, argv, env, s->cwd, err);
	free(path);
	return ok;
}

/* In there our private files are out of sight, so the start file goes along in the environment. */
static bool start_in_lab(struct shell *s, struct err *err)
{
	static const char script[] = "exec bash --noprofile --rcfile <(printf %s \"$ONESDN_RC\") -i";
	char *program = path_self("onesdn-lab"), *text = rc_text(s), *rc = mem_printf("ONESDN_RC=%s", text);
	const char *const argv[] = {program, "exec", "--", "bash", "-c", script, NULL};
	const char *const env[] = {rc, "INPUTRC=/dev/null", "SHELLOPTS", "BASHOPTS", "HISTFILE", "BASH_ENV", NULL};
	bool ok = term_start(s->term, argv, env, s->cwd, err);
	free(rc);
	free(text);
	free(program);
	return ok;
}

bool shell_start(struct shell *s, struct err *err)
{
	if (term_is_running(s->term))
		return true;
	struct shell_cluster cluster = {s->options.persona, s->kubeconfig, s->context, s->private_dir};
	char *kubeconfig = shell_kubeconfig(&cluster, err);
	bool ok = kubeconfig && (s->options.is_in_lab ? start_in_lab(s, err) : start_here(s, kubeconfig, err));
	if (!ok) {
		err_context(err, "the shell cannot be started");
	} else {
		s->state = SHELL_STARTING;
		s->had_prompt = false;
	}
	free(kubeconfig);
	return ok;
}

static void forget_rcfile(struct shell *s)
{
	if (s->rcfile)
		unlink(s->rcfile);
	free(s->rcfile);
	s->rcfile = NULL;
}

/* ---- what it says ---- */

static void set_state(struct shell *s, enum shell_state state)
{
	s->state = state;
	loop_timer_stop(s->nudge);
	s->options.events.on_state(s, state, s->options.user);
}

static void on_mark(struct term *term, const struct term_mark *mark, void *user)
{
	struct shell *s = user;
	(void)term;
	switch (mark->kind) {
	case TERM_MARK_PROMPT:
		/* PS2: bash wants more. PS1 itself counts from its B on; without a D before it, readline draws it anew, as it
		 * does when the pane's size changes, also after Enter. */
		if (mark->is_secondary &&
		    (s->state == SHELL_PROMPT || s->state == SHELL_ENTERED || s->state == SHELL_CONTINUED))
			set_state(s, SHELL_CONTINUED);
		break;
	case TERM_MARK_INPUT:
		if (s->rcfile)
			forget_rcfile(s);
		s->had_prompt = true;
		set_state(s, SHELL_PROMPT);
		break;
	case TERM_MARK_OUTPUT:
		set_state(s, SHELL_BUSY);
		break;
	case TERM_MARK_DONE: {
		bool was_busy = s->state == SHELL_BUSY;
		s->state = SHELL_STARTING;
		if (s->is_interrupted)
			loop_timer_start(s->nudge, NUDGE_MS, NUDGE_MS);
		s->is_interrupted = false;
		if (was_busy) /* an empty line and Ctrl-C at the prompt give a D too, of no command */
			s->options.events.on_done(s, mark->status, s->options.user);
		break;
	}
	}
}

static void on_exit_of_bash(struct term *term, int status, void *user)
{
	struct shell *s = user;
	(void)term, (void)status;
	typer_stop(s->typer);
	forget_rcfile(s);
	set_state(s, SHELL_OFF);
}

/* ---- typing ---- */

static void on_typed(void *user)
{
	struct shell *s = user;
	s->options.events.on_typed(s, s->options.user);
}

void shell_type(struct shell *s, const char *text, int type_ms)
{
	typer_type(s->typer, text, type_ms);
}

void shell_type_rest(struct shell *s)
{
	typer_rest(s->typer);
}

void shell_stop_typing(struct shell *s)
{
	typer_stop(s->typer);
}

void shell_entered_line(const struct shell *s, struct str *out)
{
	int x, y;
	struct str line = {0};
	term_cursor(s->term, &x, &y);
	int first = --y;
	while (first > -term_scrollback(s->term) && term_row_is_wrapped(s->term, first - 1))
		first--;
	term_text(s->term, first, y, LINE_MAX_BYTES, &line);
	while (line.len > 0 && line.data[line.len - 1] == '\n')
		line.data[--line.len] = '\0';
	const char *prompt = looks[s->options.persona].prompt;
	if (!text_has_prefix(str_text(&line), prompt))
		prompt = PROMPT_MORE;
	if (line.len > strlen(prompt))
		str_append(out, line.data + strlen(prompt));
	str_finish(&line);
}

bool shell_line_is(const struct shell *s, const char *text)
{
	const char *prompt = s->state == SHELL_CONTINUED ? PROMPT_MORE : looks[s->options.persona].prompt;
	size_t prompt_len = strlen(prompt);
	int x, y, rows, cols, width = text_columns(prompt) + text_columns(text);
	struct str line = {0};
	term_cursor(s->term, &x, &y);
	term_size(s->term, &rows, &cols);
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	int first = y - width / cols;
	term_text(s->term, first, y, LINE_MAX_BYTES, &line);
	while (line.len > 0 && line.data[line.len - 1] == '\n')
		line.data[--line.len] = '\0';
	bool same = line.len == len + prompt_len && memcmp(line.data + prompt_len, text, len) == 0 && x == width % cols;
	str_finish(&line);
	return same;
}

void shell_clear_line(struct shell *s)
{
	typer_stop(s->typer);
	term_write(s->term, "\x05\x15", 2); /* Ctrl-E, Ctrl-U: emacs mode's end of line, kill to its begin */
}

void shell_enter(struct shell *s)
{
	s->state = SHELL_ENTERED;
	term_write(s->term, "\r", 1);
}

void shell_interrupt(struct shell *s)
{
	typer_stop(s->typer);
	if (s->state != SHELL_BUSY && s->state != SHELL_OFF) {
		s->state = SHELL_STARTING; /* a new prompt follows */
		loop_timer_start(s->nudge, NUDGE_MS, NUDGE_MS);
	}
	s->is_interrupted = s->state == SHELL_BUSY;
	term_write(s->term, "\x03", 1);
}

/* A signal that comes just before readline waits for a key is noticed only with the next key. One that the command got may
 * have reached bash as well. */
static void on_nudge(void *user)
{
	struct shell *s = user;
	if (s->state == SHELL_STARTING)
		term_write(s->term, "\x03", 1);
	else
		loop_timer_stop(s->nudge);
}

void shell_kill(struct shell *s)
{
	term_kill(s->term, SIGKILL);
}

/* ---- life ---- */

struct shell *shell_create(const struct shell_options *options)
{
	struct shell *s = mem_alloc(sizeof *s);
	s->options = *options;
	s->kubeconfig = mem_strdup(options->kubeconfig);
	s->context = mem_strdup(options->context);
	s->cwd = mem_strdup(options->cwd);
	s->private_dir = mem_strdup(options->private_dir);
	struct term_options term = {.rows = options->rows,
	                            .cols = options->cols,
	                            .user = s,
	                            .events = {.on_mark = on_mark, .on_exit = on_exit_of_bash}};
	s->term = term_create(options->loop, &term);
	s->typer = typer_create(options->loop, s->term, on_typed, s);
	s->nudge = loop_timer_create(options->loop, on_nudge, s);
	return s;
}

void shell_destroy(struct shell *s)
{
	if (!s)
		return;
	typer_destroy(s->typer);
	loop_timer_destroy(s->nudge);
	term_destroy(s->term);
	forget_rcfile(s);
	free(s->kubeconfig);
	free(s->context);
	free(s->cwd);
	free(s->private_dir);
	free(s);
}

enum shell_state shell_state(const struct shell *s)
{
	return s->state;
}

bool shell_had_prompt(const struct shell *s)
{
	return s->had_prompt;
}

struct term *shell_term(struct shell *s)
{
	return s->term;
}
