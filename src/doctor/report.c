/* report: findings, and what is left out of them so that they can be pasted anywhere. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

static const char *const state_words[DOCTOR_N_STATES] = {
        [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "FAIL", [DOCTOR_UNTRIED] = "-"};
static const char *const state_names[DOCTOR_N_STATES] = {
        [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail", [DOCTOR_UNTRIED] = "untried"};

struct doctor *doctor_create(const struct doctor_options *options)
{
	struct doctor *doctor = mem_alloc(sizeof *doctor);
	const char *home = getenv("HOME");
	doctor->options = *options;
	if (home && strlen(home) > 1)
		doctor_hide(doctor, home, "~");
	return doctor;
}

void doctor_destroy(struct doctor *doctor)
{
	if (!doctor)
		return;
	for (size_t i = 0; i < doctor->findings.len; i++) {
		free(doctor->findings.data[i].area);
		free(doctor->findings.data[i].what);
		free(doctor->findings.data[i].cure);
	}
	vec_finish(&doctor->findings);
	for (size_t i = 0; i < doctor->hidden.len; i++) {
		free(doctor->hidden.data[i].text);
		free(doctor->hidden.data[i].word);
	}
	vec_finish(&doctor->hidden);
	free(doctor->context);
	free(doctor);
}

void doctor_hide(struct doctor *doctor, const char *text, const char *word)
{
	if (text && *text)
		vec_push(&doctor->hidden, ((struct hidden){mem_strdup(text), mem_strdup(word)}));
}

/* ---- what nobody else should read ---- */
#define TOKEN_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
enum { TOKEN_MIN = 40 };

/* Bytes of a server's address at `text`: what follows "://" of http, or an IPv4 address with or without a port. */
static size_t address_len(const char *text)
{
	if (text_has_prefix(text, "http://") || text_has_prefix(text, "https://")) {
		size_t len = strcspn(text, " \t\"'`,;()<>");
		return text[len - 1] == ':' || text[len - 1] == '.' ? len - 1 : len;
	}
	size_t at = 0, n_dots = 0;
	for (size_t digits; (digits = strspn(text + at, "0123456789")) > 0 && digits <= 3; n_dots++) {
		at += digits;
		if (n_dots == 3)
			break;
		if (text[at] != '.')
			return 0;
		at++;
	}
	if (n_dots != 3 || (text[at] >= '0' && text[at] <= '9') || text[at] == '.')
		return 0;
	size_t port = text[at] == ':' ? strspn(text + at + 1, "0123456789") : 0;
	return at + (port ? port + 1 : 0);
}

static size_t token_len(const char *text)
{
	size_t len = strspn(text, TOKEN_CHARS);
	return len >= TOKEN_MIN && text_has_prefix(text, "ey") ? len : 0;
}

static const struct hidden *hidden_at(const struct doctor *doctor, const char *text)
{
	const struct hidden *longest = NULL;
	for (size_t i = 0; i < doctor->hidden.len; i++) {
		const struct hidden *each = &doctor->hidden.data[i];
		if (text_has_prefix(text, each->text) && (!longest || strlen(each->text) > strlen(longest->text)))
			longest = each;
	}
	return longest;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char *scrub(const struct doctor *doctor, const char *text)
{
	struct str out = {0};
	for (size_t at = 0, len; text[at]; at += len) {
		const struct hidden *hidden = hidden_at(doctor, text + at);
		bool is_start = at == 0 || (!is_word(text[at - 1]) && text[at - 1] != '.');
		if (hidden) {
			len = strlen(hidden->text);
			str_append(&out, hidden->word);
		} else if (is_start && (len = address_len(text + at)) > 0) {
			str_append(&out, "[server]");
		} else if (is_start && (len = token_len(text + at)) > 0) {
			str_append(&out, "[token]");
		} else {
			len = 1;
			str_append_c(&out, text[at]);
		}
	}
	return str_take(&out);
}

/* One line that is safe to print. */
static char *line_of(const char *text)
{
	struct str line = {0}, safe = {0};
	str_append(&line, text);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n' || line.data[i] == '\t')
			line.data[i] = ' ';
	str_append_safe(&safe, str_text(&line), line.len);
	str_finish(&line);
	return str_take(&safe);
}

void doctor_add(struct doctor *doctor, enum doctor_state state, const char *area, const char *cure, const char *fmt,
                ...)
{
	struct str raw = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&raw, fmt, args);
	va_end(args);
	char *line = line_of(str_text(&raw));
	vec_push(&doctor->findings, ((struct finding){.state = state,
	                                              .area = mem_strdup(area),
	                                              .what = scrub(doctor, line),
	                                              .cure = line_of(cure ? cure : "")}));
	str_finish(&raw);
	free(line);
}

size_t doctor_count(const struct doctor *doctor, enum doctor_state state)
{
	size_t n = 0;
	for (size_t i = 0; i < doctor->findings.len; i++)
		n += doctor->findings.data[i].state == state;
	return n;
}

static bool is_first_of_area(const struct doctor *doctor, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (text_equal(doctor->findings.data[i].area, doctor->findings.data[at].area))
			return false;
	return true;
}

static void append_finding(const struct finding *finding, struct str *out)
{
	str_append_f(out, "  %-4s  %s\n", state_words[finding->state], finding->what);
	if (*finding->cure && finding->state != DOCTOR_OK)
		str_append_f(out, "        %s: %s\n", finding->state == DOCTOR_UNTRIED ? "try it" : "cure",
		             finding->cure);
}

void doctor_text(const struct doctor *doctor, struct str *out)
{
	for (size_t i = 0; i < doctor->findings.len; i++) {
		if (!is_first_of_area(doctor, i))
			continue;
		str_append_f(out, "%s%s\n", i ? "\n" : "", doctor->findings.data[i].area);
		for (size_t j = i; j < doctor->findings.len; j++)
			if (text_equal(doctor->findings.data[j].area, doctor->findings.data[i].area))
				append_finding(&doctor->findings.data[j], out);
	}
	size_t n_warn = doctor_count(doctor, DOCTOR_WARN), n_fail = doctor_count(doctor, DOCTOR_FAIL);
	str_append_f(out, "\n%zu ok, %zu warning%s, %zu failure%s, %zu not tried\n", doctor_count(doctor, DOCTOR_OK),
	             n_warn, n_warn == 1 ? "" : "s", n_fail, n_fail == 1 ? "" : "s",
	             doctor_count(doctor, DOCTOR_UNTRIED));
}

json_t *doctor_json(const struct doctor *doctor)
{
	json_t *list = json_array(), *all = json_pack("{s:o}", "findings", list);
	for (size_t i = 0; i < doctor->findings.len; i++) {
		const struct finding *finding = &doctor->findings.data[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "area", finding->area, "state",
		                                      state_names[finding->state], "what", finding->what, "cure",
		                                      finding->cure));
	}
	for (int state = 0; state < DOCTOR_N_STATES; state++)
		json_object_set_new(all, state_names[state],
		                    json_integer((json_int_t)doctor_count(doctor, (enum doctor_state)state)));
	return all;
}
