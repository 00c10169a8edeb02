/* command: shell text. Cuts a block into commands, fills in values, and tells whether a command does more than look.
 *
 * Whether a command is whole only a shell can know for certain; this guess serves to type a loop's lines as one command.
 * Where it errs, the shell's continuation prompt says so and the engine goes on with the next line (see shell.h).
 */
#include <stdlib.h>
#include <string.h>

#include "onesdn/scenario.h"

#define DEPTH_MAX 64
#define HEREDOCS_MAX 8

bool scenario_hint_commands(const char *hint, struct scenario_texts *out)
{
	for (const char *from = strchr(hint, '`'), *end; from; from = strchr(end + 1, '`')) {
		end = strchr(from + 1, '`');
		if (!end)
			return false;
		if (out)
			vec_push(out, mem_strndup(from + 1, (size_t)(end - from - 1)));
	}
	return true;
}

void scenario_texts_finish(struct scenario_texts *texts)
{
	for (size_t i = 0; i < texts->len; i++)
		free(texts->data[i]);
	vec_finish(texts);
}

/* ---- is it whole? ---- */

struct scan {
	const char *text;
	size_t len, at;
	char open[DEPTH_MAX]; /* ' " ` ( and { of ${ */
	int depth;
	int blocks;      /* if, for, while, case, { that are not closed */
	bool at_command; /* a reserved word would be one here */
	bool wants_more; /* after | || && and a backslash at the line's end */
	struct {
		const char *word;
		size_t len;
	} heredocs[HEREDOCS_MAX];
	int n_heredocs;
};

static void push(struct scan *s, char what)
{
	if (s->depth < DEPTH_MAX)
		s->open[s->depth++] = what;
}

static char peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static bool is_word_char(char c)
{
	return c != '\0' && !strchr(" \t\n;&|()<>`\"'\\", c);
}

/* Inside quotes and ${ }: what ends them, and what opens in them. */
static void scan_quoted(struct scan *s)
{
	char top = s->open[s->depth - 1], c = peek(s, 0);
	if (top == '\'') {
		s->depth -= c == '\'';
		s->at++;
		return;
	}
	if (c == '\\') {
		s->at += 2;
		return;
	}
	if (c == '$' && (peek(s, 1) == '(' || peek(s, 1) == '{')) {
		push(s, peek(s, 1));
		s->at += 2;
		return;
	}
	if ((top == '"' && c == '"') || (top == '{' && c == '}'))
		s->depth--;
	else if (c == '`' && s->depth > 1 && s->open[s->depth - 2] == '`')
		s->depth -= 2; /* a backquote ends a text that an unbalanced quote left open in it */
	else if (c == '`' || c == '"' || (c == '\'' && top == '{'))
		push(s, c);
	s->at++;
}

static void take_heredoc(struct scan *s)
{
	s->at += 2 + (peek(s, 2) == '-');
	while (peek(s, 0) == ' ')
		s->at++;
	size_t start = s->at;
	while (s->at < s->len &&
	       (is_word_char(peek(s, 0)) || peek(s, 0) == '\'' || peek(s, 0) == '"' || peek(s, 0) == '\\'))
		s->at++;
	const char *word = s->text + start;
	size_t len = s->at - start;
	if (len >= 2 && (word[0] == '\'' || word[0] == '"')) {
		word++;
		len -= 2;
	} else if (len >= 1 && word[0] == '\\') {
		word++;
		len--;
	}
	if (len > 0 && s->n_heredocs < HEREDOCS_MAX) {
		s->heredocs[s->n_heredocs].word = word;
		s->heredocs[s->n_heredocs++].len = len;
	}
}

/* At a line's end: the texts of the here-documents come now. Those that do not end stay counted. */
static void skip_heredocs(struct scan *s)
{
	while (s->n_heredocs > 0 && s->at < s->len) {
		const char *line = s->text + s->at, *end = memchr(line, '\n', s->len - s->at);
		size_t len = end ? (size_t)(end - line) : s->len - s->at;
		s->at += len + (end != NULL);
		while (len > 0 && *line == '\t') {
			line++;
			len--;
		}
		if (len == s->heredocs[0].len && memcmp(line, s->heredocs[0].word, len) == 0)
			memmove(s->heredocs, s->heredocs + 1, sizeof s->heredocs[0] * (size_t)--s->n_heredocs);
	}
}

static void scan_word(struct scan *s)
{
	/* clang-format off */
	static const struct {
		const char *word;
		int blocks;
		bool keeps_command; /* the next word is a command's first again */
	} reserved[] = {
		{"if", 1, true}, {"while", 1, true}, {"until", 1, true}, {"{", 1, true}, {"for", 1, false}, {"select", 1, false},
		{"case", 1, false}, {"fi", -1, false}, {"done", -1, false}, {"esac", -1, false}, {"}", -1, false},
		{"then", 0, true}, {"do", 0, true}, {"else", 0, true}, {"elif", 0, true}, {"!", 0, true}, {"time", 0, true},
	};
	/* clang-format on */
	size_t start = s->at;
	while (is_word_char(peek(s, 0)) && !(peek(s, 0) == '$' && s->at > start))
		s->at++;
	bool was_command = s->at_command;
	s->at_command = false;
	for (size_t i = 0; was_command && i < sizeof reserved / sizeof reserved[0]; i++) {
		if (strlen(reserved[i].word) == s->at - start &&
		    memcmp(reserved[i].word, s->text + start, s->at - start) == 0) {
			s->blocks += reserved[i].blocks;
			s->at_command = reserved[i].keeps_command;
		}
	}
}

/* Operators and brackets outside quotes; false: it is none of them. */
static bool scan_operator(struct scan *s)
{
	char c = peek(s, 0), next = peek(s, 1);
	char top = s->depth ? s->open[s->depth - 1] : '\0';
	if (c == '\n') {
		s->at++;
		s->at_command = true;
		skip_heredocs(s);
	} else if (c == '|' || c == '&' || c == ';') {
		s->wants_more = c == '|' || (c == '&' && next == '&');
		s->at += 1 + (next == c);
		s->at_command = true;
	} else if (c == '<' && next == '<' && peek(s, 2) != '<') {
		take_heredoc(s);
	} else if (c == '<' && next == '<') {
		s->at += 3;
	} else if (c == '(' || (c == ')' && top == '(')) {
		if (c == '(')
			push(s, c);
		else
			s->depth--;
		s->at++;
		s->at_command = true;
	} else if (c == ')' || c == '<' || c == '>') {
		s->at_command = c == ')'; /* of a pattern in case */
		s->at++;
	} else {
		return false;
	}
	return true;
}

static void scan_plain(struct scan *s)
{
	char c = peek(s, 0);
	if (c == ' ') {
		s->at++;
		return;
	}
	if (c == '#' && (s->at == 0 || !is_word_char(s->text[s->at - 1]))) {
		while (s->at < s->len && s->text[s->at] != '\n')
			s->at++;
		return;
	}
	bool is_break = c == '\n';
	if (!is_break)
		s->wants_more = false;
	if (scan_operator(s))
		return;
	if (c == '\\') {
		s->wants_more = peek(s, 1) == '\n' || s->at + 1 >= s->len;
		s->at += 2;
	} else if (c == '\'' || c == '"') {
		push(s, c);
		s->at++;
		s->at_command = false;
	} else if (c == '`') {
		if (s->depth && s->open[s->depth - 1] == '`')
			s->depth--;
		else
			push(s, c);
		s->at++;
		s->at_command = true;
	} else if (c == '$' && (peek(s, 1) == '(' || peek(s, 1) == '{')) {
		push(s, peek(s, 1));
		s->at += 2;
		s->at_command = peek(s, 0) != '\0' && s->open[s->depth - 1] == '(';
	} else {
		scan_word(s);
	}
}

bool scenario_command_is_whole(const char *text, size_t len)
{
	struct scan s = {.text = text, .len = len, .at_command = true};
	while (s.at < s.len) {
		size_t before = s.at;
		char top = s.depth ? s.open[s.depth - 1] : '\0';
		if (top == '\'' || top == '"' || top == '{')
			scan_quoted(&s);
		else
			scan_plain(&s);
		if (s.at == before) /* an odd character: passed over */
			s.at++;
	}
	return s.depth == 0 && s.blocks <= 0 && s.n_heredocs == 0 && !s.wants_more;
}

static bool is_blank_or_comment(const char *line, size_t len)
{
	size_t blanks = 0;
	while (blanks < len && (line[blanks] == ' ' || line[blanks] == '\t'))
		blanks++;
	return blanks == len || line[blanks] == '#';
}

size_t scenario_command_take(const char *text, struct str *out)
{
	size_t at = 0, start = 0;
	bool begun = false;
	while (text[at] != '\0') {
		size_t len = strcspn(text + at, "\n"), next = at + len + (text[at + len] == '\n');
		if (!begun && is_blank_or_comment(text + at, len)) {
			at = next;
			continue;
		}
		if (!begun) {
			begun = true;
			start = at;
		}
		if (scenario_command_is_whole(text + start, at + len - start) || text[next] == '\0') {
			str_append_n(out, text + start, at + len - start);
			return next;
		}
		at = next;
	}
	return 0;
}

/* ---- values ---- */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of the name in "{name}" at `text`, or 0. */
static size_t var_at(const char *text)
{
	size_t len = 1;
	if (text[0] != '{' || text[1] < 'a' || text[1] > 'z')
		return 0;
	while (is_name_char(text[len]))
		len++;
	return text[len] == '}' ? len - 1 : 0;
}

/* {{name} is an escape, ${name} is the shell's. */
bool scenario_command_next_var(const char *text, size_t from, size_t *at, size_t *name_len)
{
	for (size_t i = from; text[i] != '\0'; i++) {
		size_t len = text[i] == '{' ? var_at(text + i) : 0;
		if (len == 0 || (i > 0 && (text[i - 1] == '$' || text[i - 1] == '{')))
			continue;
		*at = i;
		*name_len = len;
		return true;
	}
	return false;
}

static void append_unescaped(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '{' && i + 1 < len && text[i + 1] == '{' && var_at(text + i + 1) > 0)
			continue;
		str_append_c(out, text[i]);
	}
}

char *scenario_command_fill(const char *text, scenario_command_value_fn *value, void *user, struct err *why)
{
	struct str out = {0};
	size_t from = 0, at, len;
	while (scenario_command_next_var(text, from, &at, &len)) {
		char *filled = value(user, text + at + 1, len, why);
		if (!filled) {
			str_finish(&out);
			return NULL;
		}
		append_unescaped(&out, text + from, at - from);
		str_append_shell(&out, filled);
		free(filled);
		from = at + len + 2;
	}
	append_unescaped(&out, text + from, strlen(text + from));
	return str_take(&out);
}

/* ---- does it change anything? ---- */

static bool is_in(const char *const *list, const char *word, size_t len)
{
	for (; *list; list++) {
		if (strlen(*list) == len && memcmp(*list, word, len) == 0)
			return true;
	}
	return false;
}

/* clang-format off */
static const char *const looking[] = {
	"get", "describe", "logs", "exec", "wait", "version", "explain", "events", "top", "auth", "api-resources", "cluster-info",
	"config", "console", "diff", NULL,
};
/* clang-format on */

bool scenario_command_changes(const char *text)
{
	/* clang-format off */
	static const char *const programs[] = {"kubectl", "virtctl", "oc", NULL};
	static const char *const changing[] = {
		"create", "apply", "delete", "replace", "patch", "edit", "label", "annotate", "scale", "autoscale", "set", "run", "expose",
		"rollout", "taint", "cordon", "uncordon", "drain", "cp", "debug", "start", "stop", "restart", "pause", "unpause", "migrate",
		"addvolume", "removevolume", NULL,
	};
	/* clang-format on */
	static const char blanks[] = " \t\n;&|()`\"'$";
	bool after_program = false, after_option = false;
	for (size_t len; *text != '\0'; text += len) {
		text += strspn(text, blanks);
		len = strcspn(text, blanks);
		const char *slash = memrchr(text, '/', len);
		const char *word = slash ? slash + 1 : text;
		size_t word_len = len - (size_t)(word - text);
		if (is_in(programs, word, word_len)) {
			after_program = true;
		} else if (after_program && text[0] != '-' && len > 0) {
			if (is_in(changing, text, len))
				return true;
			/* Perhaps the value of an option ("-n get apply"): then the verb still comes. */
			after_program = after_option || !is_in(looking, text, len);
		}
		after_option = text[0] == '-' && !memchr(text, '=', len);
	}
	return false;
}

/* Words that an option before the verb takes; -1: that option is not known, and so neither is the verb. */
static int option_words(const char *option)
{
	static const char *const valued[] = {
	        "-n",   "--namespace", "--context", "--kubeconfig",      "-s", "--server", "--user", "--cluster",
	        "--as", "--as-group",  "--token",   "--request-timeout", "-v", NULL};
	static const char *const plain[] = {"-h",
	                                    "--help",
	                                    "--version",
	                                    "--insecure-skip-tls-verify",
	                                    "--match-server-version",
	                                    "--warnings-as-errors",
	                                    NULL};
	if (is_in(valued, option, strlen(option)))
		return 2;
	bool is_glued = option[1] && option[1] != '-' && option[2] && strchr("nsv", option[1]);
	return is_glued || strchr(option, '=') || is_in(plain, option, strlen(option)) ? 1 : -1;
}

bool scenario_command_looks(const char *const *words, size_t n)
{
	static const char *const harmless[] = {"api-versions", "completion", "help",    "options", "plugin",
	                                       "port-forward", "kustomize",  "guestfs", NULL};
	size_t i = 0;
	while (i < n && words[i][0] == '-') {
		int used = option_words(words[i]);
		if (used < 0)
			return false;
		i += (size_t)used;
	}
	if (i >= n)
		return true; /* --help, --version, nothing */
	return is_in(looking, words[i], strlen(words[i])) || is_in(harmless, words[i], strlen(words[i]));
}
