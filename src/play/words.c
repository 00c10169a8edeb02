/* words: what a play says of itself: what goes on and since when, what was checked, what went wrong and what to do. */
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

#define MESSAGE_MAX 600 /* bytes of one line */
#define OUTPUT_LINES 12 /* of a command's output that a failure shows: the last ones */
#define OUTPUT_LINE_MAX 400

/* clang-format off */
/* What kubectl and bash print when they fail, and what helps. The first row that is in the output counts. */
static const struct {
	const char *text, *cure;
} cures[] = {
	{"AlreadyExists", "it is left from before: run the act's clean-up (its last stage), or go on without this stage (s)"},
	{"command not found", "install that program, or correct its name in the scenario"},
	{"No such file or directory", "correct the file's name in the scenario"},
	{"was refused", "the cluster does not answer: see whether it runs (onesdn lab status), then run the stage again"},
	{"unable to connect", "the cluster does not answer: see whether it runs (onesdn lab status), then run the stage again"},
	{"Unable to connect", "the cluster does not answer: see whether it runs (onesdn lab status), then run the stage again"},
	{"(NotFound)", "run the stage that makes it first"},
	{"(Forbidden)", "this persona may not do that: look at the stage's \"as\", or at the cluster's permissions"},
	{"timed out waiting", "the workload did not get there in time: kubectl describe says why"},
	{"error parsing", "correct the manifest"},
	{"error converting YAML", "correct the manifest"},
	{"the server doesn't have a resource type", "install what brings this kind, or use the lab"},
	{"no matches for kind", "install what brings this kind, or use the lab"},
};
/* clang-format on */

void words_duration(struct str *out, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms < 10000)
		str_append_f(out, "%lld.%02d s", (long long)(ms / 1000), (int)(ms % 1000 / 10));
	else if (ms < 120000)
		str_append_f(out, "%lld s", (long long)(ms / 1000));
	else
		str_append_f(out, "%lldm%02ds", (long long)(ms / 60000), (int)(ms / 1000 % 60));
}

/* One safe line of bounded length. */
static char *make_line(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));
static char *make_line(const char *fmt, va_list args)
{
	struct str text = {0}, line = {0};
	str_append_v(&text, fmt, args);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' || text.data[i] == '\t')
			text.data[i] = ' ';
	}
	bool is_long = text.len > MESSAGE_MAX;
	size_t cut = is_long ? MESSAGE_MAX : text.len;
	while (is_long && cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80)
		cut--;
	str_append_safe(&line, str_text(&text), cut);
	str_append(&line, is_long ? "…" : "");
	str_finish(&text);
	return str_take(&line);
}

void words_message(struct play *p, bool is_problem, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	free(p->message);
	p->message = make_line(fmt, args);
	if (p->travel) {
		struct str on_the_way = {0};
		travel_words(p, &on_the_way);
		str_append_f(&on_the_way, "%s%s", *p->message ? ": " : "", p->message);
		free(p->message);
		p->message = str_take(&on_the_way);
	}
	p->message_is_problem = is_problem;
	va_end(args);
}

void words_note(struct play *p, bool is_problem, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	free(p->note);
	p->note = make_line(fmt, args);
	p->note_is_problem = is_problem;
	va_end(args);
}

void words_drop_note(struct play *p)
{
	free(p->note);
	p->note = NULL;
}

static char *line_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *line_of(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *line = make_line(fmt, args);
	va_end(args);
	return line;
}

static bool is_away(const struct play *p)
{
	return kube_state(p->kube) != KUBE_LIVE && !p->options.offline;
}

static void say_away(const struct play *p, struct str *out)
{
	enum kube_state state = kube_state(p->kube);
	int64_t since = kube_stale_since(p->kube);
	str_append(out,
	           state == KUBE_CONNECTING ? "the cluster has not answered yet" : "the cluster has been away for ");
	if (state == KUBE_STALE)
		words_duration(out, since ? loop_now(p->loop) - since : 0);
	const char *problem = kube_problem(p->kube);
	str_append_f(out, "%s%s", problem[0] ? ": " : "", problem);
}

bool words_away(const struct play *p, struct str *out)
{
	if (!is_away(p))
		return false;
	say_away(p, out);
	str_append(out, "; this goes on by itself when it is back");
	return true;
}

static const char *first_line(const char *text, char *line, size_t size)
{
	size_t len = strcspn(text, "\n"), cut = text_whole(text, len, 60);
	snprintf(line, size, "%.*s%s", (int)cut, text, text[cut] != '\0' ? "…" : "");
	return line;
}

void words_running(struct play *p)
{
	struct str out = {0}, waiting = {0}, away = {0};
	char line[80];
	int64_t ran_ms = loop_now(p->loop) - p->run_since;
	str_append_f(&out, "%s runs", first_line(p->text, line, sizeof line));
	if (ran_ms >= 1000) {
		str_append_f(&out, " for %lld s", (long long)(ran_ms / 1000));
		if (!p->act->brings_up && words_away(p, &away))
			str_append_f(&out, "; %s", str_text(&away));
		else if (ask_waiting(p, &waiting))
			str_append_f(&out, "; %s", str_text(&waiting));
	}
	if (ran_ms >= 3000)
		str_append(&out, "; Ctrl-C in the pane stops it");
	words_message(p, away.len > 0, "%s", str_text(&out));
	str_finish(&out);
	str_finish(&waiting);
	str_finish(&away);
}

void words_tick(struct play *p)
{
	if (p->job == JOB_NONE)
		return;
	const struct scenario_stage *stage = play_stage_of(p, p->stage);
	if (dialog_is(p)) {
		dialog_words(p);
		return;
	}
	enum shell_state shell =
	        stage->action == SCENARIO_PICTURE ? SHELL_OFF : shell_state(shells_get(p, stage->persona));
	if (p->step == STEP_RUNNING)
		words_running(p);
	else if (p->step == STEP_PROMPT && shell == SHELL_BUSY && p->interrupted)
		words_message(p, false, "waits until the command that was stopped has ended");
	else if (p->step == STEP_PROMPT && shell == SHELL_BUSY)
		words_message(p, true, "a command still runs in the pane of %s; end it (Ctrl-C), and this goes on",
		              scenario_persona_name(stage->persona));
	else if (p->step == STEP_PROMPT)
		words_message(p, false, "waits for the shell");
	else if (p->step == STEP_TYPING || p->step == STEP_ENTERED)
		words_message(p, false, "%s", p->job == JOB_UNDO ? "undoes the stage" : "");
	else if (p->step == STEP_TYPED)
		words_message(p, false, "Space runs it");
}

/* ---- the end of a job ---- */

static const char *cure_of(const struct play *p)
{
	for (size_t i = 0; i < sizeof cures / sizeof cures[0]; i++) {
		if (strstr(str_text(&p->output), cures[i].text))
			return cures[i].cure;
	}
	return "see the output, then run the stage again (r), or go on without it (s)";
}

/* Start of the last lines of a text, at most n of them; blank lines at the end do not count. */
static const char *last_lines(const char *text, size_t *len, int n)
{
	*len = strlen(text);
	while (*len > 0 && (text[*len - 1] == '\n' || text[*len - 1] == ' '))
		(*len)--;
	size_t at = *len;
	while (at > 0 && (text[at - 1] != '\n' || --n > 0))
		at--;
	*len -= at;
	return text + at;
}

static void append_output(const struct play *p, struct str *out)
{
	size_t len;
	const char *text = last_lines(str_text(&p->output), &len, OUTPUT_LINES);
	if (len == 0)
		return;
	str_append(out, "last output:\n");
	for (size_t at = 0; at < len;) {
		size_t line = strcspn(text + at, "\n");
		line = line < len - at ? line : len - at;
		str_append(out, "  ");
		str_append_safe(out, text + at, line < OUTPUT_LINE_MAX ? line : OUTPUT_LINE_MAX);
		str_append(out, line > OUTPUT_LINE_MAX ? "…\n" : "\n");
		at += line + 1;
	}
}

static void append_failure_line(struct str *out, const char *what, const char *text)
{
	if (text[0] == '\0')
		return;
	str_append(out, what);
	str_append_safe(out, text, strlen(text));
	str_append_c(out, '\n');
}

void words_fail(struct play *p, const struct words_failure *failure)
{
	struct str all = {0}, why = {0}, cure = {0};
	size_t stage = p->stage;
	bool is_cut = p->job == JOB_STAGE && cut_why(p, stage, &why);
	str_append_f(&cure, is_cut ? "%s: as soon as it is back, run the stage again (r)" : "%s",
	             is_cut ? str_text(&why) : failure->cure);
	append_failure_line(&all, "expected: ", failure->expected);
	append_failure_line(&all, "found:    ", failure->found);
	append_failure_line(&all, "do:       ", str_text(&cure));
	append_output(p, &all);
	char *message = line_of("%s%s%s%s", p->job == JOB_UNDO ? "the undo failed: " : "", failure->found,
	                        cure.len > 0 ? "; " : "", str_text(&cure));
	flows_settle(p, false);
	p->runs[stage].took_ms = loop_now(p->loop) - p->job_since;
	play_end_job(p);
	free(p->runs[stage].failure);
	free(p->runs[stage].message);
	p->runs[stage].failure = str_take(&all);
	str_finish(&why);
	str_finish(&cure);
	p->runs[stage].message = message;
	if (!travel_judges(p))
		play_set_state(p, stage, PLAY_FAILED);
}

void words_fail_command(struct play *p, int status)
{
	size_t len;
	const char *last = last_lines(str_text(&p->output), &len, 1);
	struct str found = {0}, away = {0};
	str_append_f(&found, "it ended with status %d", status);
	if (status > 128 && status < 128 + 65)
		str_append_f(&found, " (stopped by signal %d)", status - 128);
	if (len > 0)
		str_append_f(&found, ": %.*s", (int)(len < 300 ? len : 300), last);
	const char *cure = status == 130 ? "run the stage again (r), or go on without it (s)" : cure_of(p);
	if (is_away(p) &&
	    !p->act->brings_up) { /* where the act is to bring it, that it is not there explains nothing */
		say_away(p, &away);
		str_append_f(&found, "; %s", str_text(&away));
		cure = "run the stage again (r) when the cluster is back";
	}
	words_fail(p, &(struct words_failure){"the command ends with status 0", str_text(&found), cure});
	str_finish(&found);
	str_finish(&away);
}

bool words_fail_flow(struct play *p)
{
	struct str expected = {0}, found = {0};
	const char *cure = "";
	bool is_mistake = flows_mistake(p, &expected, &found, &cure);
	if (is_mistake)
		words_fail(p, &(struct words_failure){str_text(&expected), str_text(&found), cure});
	str_finish(&expected);
	str_finish(&found);
	return is_mistake;
}

void words_done(struct play *p, const char *checked)
{
	struct str line = {0};
	size_t stage = p->stage;
	struct stage_run *run = &p->runs[stage];
	flows_settle(p, true);
	run->took_ms = loop_now(p->loop) - (p->go_since ? p->go_since : p->job_since);
	words_duration(&line, run->took_ms);
	free(run->checked);
	free(run->message);
	struct str blocked = {0}, shown = {0};
	flows_blocked_words(p, true, &blocked);
	flows_blocked_words(p, false, &shown);
	if (play_stage_of(p, p->stage)->what_if[0] != '\0') {
		play_what_if_words(p, &blocked);
		play_what_if_words(p, &shown);
	}
	const char *between = blocked.len > 0 && checked[0] ? "; " : "";
	run->checked = line_of("%s%s%s", str_text(&blocked), between, checked);
	if (blocked.len > 0)
		run->message = line_of("%s", str_text(&shown));
	else
		run->message =
		        checked[0] ? line_of("%s  %s", checked, str_text(&line)) : line_of("done  %s", str_text(&line));
	str_finish(&shown);
	str_finish(&blocked);
	str_finish(&line);
	play_end_job(p);
	play_set_state(p, stage, PLAY_DONE);
}
