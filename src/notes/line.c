/* line: one state of a show as a line of JSON, and back. A table of fields, read by both directions. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/notes.h"

static const struct field {
	const char *name;
	enum { TEXT, BLOCK, NUMBER, FLAG } kind;
	size_t at;
} fields[] = {
#define AT(field) offsetof(struct notes, field)
        {"act", TEXT, AT(act)},
        {"title", TEXT, AT(title)},
        {"persona", TEXT, AT(persona)},
        {"say", BLOCK, AT(say)},
        {"command", BLOCK, AT(command)},
        {"next", TEXT, AT(next)},
        {"state", TEXT, AT(state)},
        {"message", TEXT, AT(message)},
        {"context", TEXT, AT(context)},
        {"cluster", TEXT, AT(cluster)},
        {"stage", NUMBER, AT(stage)},
        {"stages", NUMBER, AT(n_stages)},
        {"problem", FLAG, AT(is_problem)},
        {"cluster-problem", FLAG, AT(is_cluster_problem)},
        {"blank", FLAG, AT(is_blank)},
        {"status", NUMBER, AT(status)},
        {"elapsed", NUMBER, AT(elapsed_ms)},
        {"plan-from", NUMBER, AT(plan_from_ms)},
        {"plan-to", NUMBER, AT(plan_to_ms)},
        {"act-plan", NUMBER, AT(act_plan_ms)},
#undef AT
};
enum { N_FIELDS = sizeof fields / sizeof *fields, VERSION = 1 };
#define NUMBER_MAX ((int64_t)1 << 48)

static char **text_of(const struct field *field, const struct notes *notes)
{
	return (char **)((char *)notes + field->at);
}

void notes_finish(struct notes *notes)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		if (fields[i].kind == TEXT || fields[i].kind == BLOCK)
			free(*text_of(&fields[i], notes));
	*notes = (struct notes){0};
}

int64_t notes_behind(const struct notes *notes, int64_t elapsed_ms)
{
	if (notes->plan_to_ms == 0 || elapsed_ms < 0)
		return 0;
	if (elapsed_ms > notes->plan_to_ms)
		return elapsed_ms - notes->plan_to_ms;
	return elapsed_ms < notes->plan_from_ms ? elapsed_ms - notes->plan_from_ms : 0;
}

/* Lines apart, each safe; cut at what a text may have. */
static char *make_safe(const char *text, bool is_block)
{
	struct str safe = {0};
	for (size_t len; *text && safe.len < NOTES_TEXT_MAX; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		str_append_safe(&safe, text, text_whole(text, len, (NOTES_TEXT_MAX - safe.len) / 3));
		if (text[len] == '\n')
			str_append_c(&safe, is_block ? '\n' : ' ');
	}
	return str_take(&safe);
}

void notes_encode(const struct notes *notes, struct str *out)
{
	json_t *line = json_pack("{s:i}", "notes", VERSION);
	for (size_t i = 0; i < N_FIELDS; i++) {
		const struct field *field = &fields[i];
		const char *at = (const char *)notes + field->at;
		json_t *value;
		if (field->kind == NUMBER) {
			value = json_integer(*(const int64_t *)(const void *)at);
		} else if (field->kind == FLAG) {
			value = json_boolean(*(const bool *)at);
		} else {
			char *safe =
			        make_safe(*text_of(field, notes) ? *text_of(field, notes) : "", field->kind == BLOCK);
			value = json_string(safe);
			free(safe);
		}
		json_object_set_new(line, field->name, value);
	}
	str_append_json(out, line, JSON_COMPACT);
	str_append_c(out, '\n');
	json_decref(line);
}

static bool take(const struct field *field, const json_t *value, struct notes *out)
{
	char *at = (char *)out + field->at;
	if (field->kind == NUMBER) {
		int64_t number = json_integer_value(value);
		if (!json_is_integer(value) || number < -1 || number > NUMBER_MAX)
			return false;
		*(int64_t *)(void *)at = number;
	} else if (field->kind == FLAG) {
		if (!json_is_boolean(value))
			return false;
		*(bool *)at = json_is_true(value);
	} else {
		if (!json_is_string(value))
			return false;
		*text_of(field, out) = make_safe(json_string_value(value), field->kind == BLOCK);
	}
	return true;
}

bool notes_decode(const char *line, size_t len, struct notes *out, struct err *err)
{
	struct notes notes = {0};
	json_t *value = len <= NOTES_LINE_MAX ? json_parse(line, len, "notes", err) : NULL;
	if (!value)
		return len <= NOTES_LINE_MAX ? false : err_set(err, ERR_LIMIT, "a line of notes is too long");
	bool is_good = json_walk_int(value, 0, "notes", NULL) == VERSION;
	for (size_t i = 0; is_good && i < N_FIELDS; i++)
		is_good = take(&fields[i], json_object_get(value, fields[i].name), &notes);
	json_decref(value);
	if (!is_good) {
		notes_finish(&notes);
		return err_set(err, ERR_INVALID,
		               "this show speaks of its notes in another way: use the same onesdn for both");
	}
	*out = notes;
	return true;
}
