/* names: keys as people write them: in the config, in tables of keys, on the screen. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "onesdn/input.h"

static const struct key_name {
	const char *name;
	struct term_key key;
} key_names[] = {
        {"space", {.ch = ' '}},
        {"enter", {.code = TERM_KEY_ENTER}},
        {"tab", {.code = TERM_KEY_TAB}},
        {"backspace", {.code = TERM_KEY_BACKSPACE}},
        {"escape", {.code = TERM_KEY_ESCAPE}},
        {"up", {.code = TERM_KEY_UP}},
        {"down", {.code = TERM_KEY_DOWN}},
        {"left", {.code = TERM_KEY_LEFT}},
        {"right", {.code = TERM_KEY_RIGHT}},
        {"insert", {.code = TERM_KEY_INSERT}},
        {"delete", {.code = TERM_KEY_DELETE}},
        {"home", {.code = TERM_KEY_HOME}},
        {"end", {.code = TERM_KEY_END}},
        {"pageup", {.code = TERM_KEY_PAGE_UP}},
        {"pagedown", {.code = TERM_KEY_PAGE_DOWN}},
};
static const struct modifier {
	const char *prefix;
	int bit;
} modifiers[] = {{"ctrl-", TERM_CTRL}, {"alt-", TERM_ALT}, {"shift-", TERM_SHIFT}};

static bool parse_function_key(const char *name, struct term_key *key)
{
	int64_t number;
	if ((name[0] != 'f' && name[0] != 'F') || !text_to_int(name + 1, 1, 12, &number))
		return false;
	key->code = (enum term_key_code)(TERM_KEY_F1 + number - 1);
	return true;
}

bool input_key_parse(const char *name, struct term_key *key)
{
	struct term_key found = {0};
	int bits = 0;
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
		if (strncasecmp(name, modifiers[i].prefix, strlen(modifiers[i].prefix)) == 0) {
			bits |= modifiers[i].bit;
			name += strlen(modifiers[i].prefix);
			i = (size_t)-1; /* in any order */
		}
	bool is_known = parse_function_key(name, &found);
	for (size_t i = 0; !is_known && i < sizeof key_names / sizeof *key_names; i++)
		if (strcasecmp(name, key_names[i].name) == 0) {
			found = key_names[i].key;
			is_known = true;
		}
	if (!is_known && *name) {
		size_t used = utf8_decode(name, strlen(name), &found.ch);
		is_known = name[used] == '\0' && found.ch >= 0x20;
	}
	found.modifiers = bits;
	if (is_known)
		*key = found;
	return is_known;
}

void input_key_print(struct term_key key, char out[32])
{
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
		if (key.modifiers & modifiers[i].bit)
			len += (size_t)snprintf(out + len, 32 - len, "%s", modifiers[i].prefix);
	if (key.code >= TERM_KEY_F1 && key.code <= TERM_KEY_F12) {
		snprintf(out + len, 32 - len, "f%d", key.code - TERM_KEY_F1 + 1);
		return;
	}
	for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
		if (key_names[i].key.code == key.code && key_names[i].key.ch == key.ch) {
			snprintf(out + len, 32 - len, "%s", key_names[i].name);
			return;
		}
	char text[UTF8_MAX];
	snprintf(out + len, 32 - len, "%.*s", (int)utf8_encode(key.ch, text), text);
}

bool input_key_same(struct term_key a, struct term_key b)
{
	return a.code == b.code && (a.code != TERM_KEY_NONE || a.ch == b.ch) && a.modifiers == b.modifiers;
}

bool input_key_is_one(struct term_key key, const char *names)
{
	while (*(names += strspn(names, " "))) {
		size_t len = strcspn(names, " ");
		char name[32];
		struct term_key each;
		snprintf(name, sizeof name, "%.*s", (int)len, names);
		if (input_key_parse(name, &each) && input_key_same(each, key))
			return true;
		names += len;
	}
	return false;
}
