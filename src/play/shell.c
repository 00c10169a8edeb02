/* shell: a real interactive bash in a pane. See shell.h. */
#include "play/shell.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536
#define NUDGE_MS 200

struct shell {
	struct shell_options options;
	char *kubeconfig, *context, *cwd, *private_dir;
	struct term *term;
	enum shell_state state;
	bool had_prompt;
	char *rcfile;             /* there until bash has read it */
	struct loop_timer *timer; /* of typing */
	char *typing;
	size_t typed;
	int type_ms;
	struct loop_timer *nudge; /* a Ctrl-C that readline has not answered */
};

/* ---- what bash starts with ---- */

/* A line that is edited in emacs mode whatever the user's inputrc says, so that clearing it works; no history, so that
 * "!" is an exclamation mark and nothing of the show is left in the user's own. */
static bool write_rcfile(struct shell *s, struct err *err)
{
	static const char *const colors[] = {[PLAY_ADMIN] = "1;35", [PLAY_OWNER] = "1;36"};
	static const char rc[] = "__onesdn_done() { printf '\\e]133;D;%%s\\a' \"$?\"; }\n"
	                         "PROMPT_COMMAND=__onesdn_done\n"
	                         "PS0='\\e]133;C\\a'\n"
	                         "PS1='\\[\\e]133;A\\a\\e[%sm\\]$ \\[\\e[0m\\e]133;B\\a\\]'\n"
	                         "PS2='\\[\\e]133;A;k=s\\a\\]> '\n"
	                         "set +o history +H\n"
	                         "unset HISTFILE INPUTRC MAILCHECK\n"
	                         "set -o emacs\n"
	                         "bind 'set bell-style none' 2>/dev/null\n"
	                         "declare +x PROMPT_COMMAND PS0 PS1 PS2\n"
	                         "export ONESDN_PERSONA=%s\n";
	const char *no_color = getenv("NO_COLOR");
	free(s->rcfile);
	s->rcfile = mem_printf("%s/%s.bashrc", s->private_dir, play_persona_name(s->options.persona));
	char *text = mem_printf(rc, no_color && no_color[0] ? "1" : colors[s->options.persona],
	                        play_persona_name(s->options.persona));
	bool ok = file_write(s->rcfile, text, strlen(text), 0600, err);
	free(text);
	return ok;
}

/* The first file of KUBECONFIG that names a current context wins. */
static char *kubeconfig_env(struct shell *s, struct err *err)
{
	const char *env = getenv("KUBECONFIG"), *home = getenv("HOME");
	if (!s->context)
		return s->kubeconfig ? mem_printf("KUBECONFIG=%s", s->kubeconfig)
		                     : mem_strdup("BASH_ENV"); /* nothing to set */
	char *file = mem_printf("%s/%s.kubeconfig", s->private_dir, play_persona_name(s->options.persona));
	json_t *config =
	        json_pack("{s:s, s:s, s:s}", "apiVersion", "v1", "kind", "Config", "current-context", s->context);
	struct str text = {0};
	str_append_json(&text, config, JSON_COMPACT);
	char *out = NULL;
	if (!file_write(file, str_text(&text), text.len, 0600, err))
		err_context(err, "the shell's kubeconfig");
	else if (s->kubeconfig || (env && env[0] != '\0'))
		out = mem_printf("KUBECONFIG=%s:%s", file, s->kubeconfig ? s->kubeconfig : env);
	else
		out = mem_printf("KUBECONFIG=%s:%s/.kube/config", file, home ? home : "");
	str_finish(&text);
	json_decref(config);
	free(file);
	return out;
}

bool shell_start(struct shell *s, struct err *err)
{
	if (term_is_running(s->term))
		return true;
	char *kubeconfig = kubeconfig_env(s, err);
	bool ok = kubeconfig && write_rcfile(s, err);
	if (ok) {
		const char *const argv[] = {"bash", "--noprofile", "--rcfile", s->rcfile, "-i", NULL};
		const char *const env[] = {kubeconfig, "INPUTRC=/dev/null", "SHELLOPTS", "BASHOPTS", "HISTFILE", NULL};
		ok = term_start(s->term, argv, env, s->cwd, err) || err_context(err, "the shell cannot be started");
	}
	if (ok) {
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
		/* Before PS1 comes a D, which has left the state at STARTING; any other A is that of PS2, or of a prompt that
		 * readline draws anew: then a B follows. */
		if (s->state == SHELL_PROMPT || s->state == SHELL_ENTERED || s->state == SHELL_CONTINUED)
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
		if (was_busy) /* an empty line and Ctrl-C at the prompt give a D too, of no command */
			s->options.events.on_done(s, mark->status, s->options.user);
		break;
	}
	}
}

static void stop_typing(struct shell *s)
{
	loop_timer_stop(s->timer);
	free(s->typing);
	s->typing = NULL;
}

static void on_exit_of_bash(struct term *term, int status, void *user)
{
	struct shell *s = user;
	(void)term, (void)status;
	stop_typing(s);
	forget_rcfile(s);
	set_state(s, SHELL_OFF);
}

/* ---- typing ---- */

static void finish_typing(struct shell *s)
{
	stop_typing(s);
	s->options.events.on_typed(s, s->options.user);
}

static void on_type(void *user)
{
	struct shell *s = user;
	size_t left = strlen(s->typing + s->typed);
	uint32_t ignored;
	size_t len = s->type_ms > 0 ? utf8_decode(s->typing + s->typed, left, &ignored) : left;
	term_write(s->term, s->typing + s->typed, len);
	s->typed += len;
	if (s->typing[s->typed] == '\0')
		finish_typing(s);
	else
		loop_timer_start(s->timer, s->type_ms, 0);
}

void shell_type(struct shell *s, const char *text, int type_ms)
{
	stop_typing(s);
	s->typing = mem_strdup(text);
	s->typed = 0;
	s->type_ms = type_ms;
	loop_timer_start(s->timer, 0, 0);
}

void shell_type_rest(struct shell *s)
{
	if (!s->typing)
		return;
	s->type_ms = 0;
	loop_timer_start(s->timer, 0, 0);
}

void shell_stop_typing(struct shell *s)
{
	stop_typing(s);
}

bool shell_line_is(const struct shell *s, const char *text)
{
	static const int prompt_columns = 2; /* "$ " and "> " */
	int x, y, rows, cols, width = prompt_columns + text_columns(text);
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
	bool same = line.len == len + (size_t)prompt_columns && memcmp(line.data + prompt_columns, text, len) == 0 &&
	            x == width % cols;
	str_finish(&line);
	return same;
}

void shell_clear_line(struct shell *s)
{
	stop_typing(s);
	term_write(s->term, "\x05\x15", 2); /* Ctrl-E, Ctrl-U: emacs mode's end of line, kill to its begin */
}

void shell_enter(struct shell *s)
{
	s->state = SHELL_ENTERED;
	term_write(s->term, "\r", 1);
}

void shell_interrupt(struct shell *s)
{
	stop_typing(s);
	if (s->state != SHELL_BUSY && s->state != SHELL_OFF) {
		s->state = SHELL_STARTING; /* a new prompt follows */
		loop_timer_start(s->nudge, NUDGE_MS, NUDGE_MS);
	}
	term_write(s->term, "\x03", 1);
}

/* A signal that comes just before readline waits for a key is noticed only with the next key. */
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
	s->timer = loop_timer_create(options->loop, on_type, s);
	s->nudge = loop_timer_create(options->loop, on_nudge, s);
	return s;
}

void shell_destroy(struct shell *s)
{
	if (!s)
		return;
	loop_timer_destroy(s->timer);
	loop_timer_destroy(s->nudge);
	term_destroy(s->term);
	forget_rcfile(s);
	free(s->typing);
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
