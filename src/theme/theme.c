/* Themes: the file format and the colours of a depth. */
#include "onesdn/theme.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *name;
	int line;
	enum theme_depth depth;
	struct canvas_look looks[ROLE_COUNT];
	struct err *err;
};

static const char *const color_names[] = {
        "black",       "red",          "green",      "yellow",       "blue",          "magenta",     "cyan",
        "white",       "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta",
        "bright-cyan", "bright-white"};
static const struct {
	const char *name;
	uint16_t attr;
} attributes[] = {
        {"bold", ATTR_BOLD},           {"dim", ATTR_DIM},     {"italic", ATTR_ITALIC},
        {"underline", ATTR_UNDERLINE}, {"blink", ATTR_BLINK}, {"reverse", ATTR_REVERSE},
};

static bool fail(struct reader *reader, const char *what, const char *word, const char *cure)
{
	return err_set(reader->err, ERR_INVALID, "%s:%d: %s \"%s\": %s", reader->name, reader->line, what, word, cure);
}

static bool hex_color(const char *text, uint32_t *color)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t rgb = 0;
	for (int i = 1; i <= 6; i++) {
		const char *digit = text[i] ? strchr(digits, text[i] | 0x20) : NULL;
		if (!digit || !*digit)
			return false;
		rgb = rgb * 16 + (uint32_t)(digit - digits);
	}
	*color = 0x02000000u | rgb;
	return text[7] == '\0';
}

static bool index_color(const char *text, int most, uint32_t *color)
{
	int64_t index;
	for (int i = 0; i < 16; i++)
		if (text_equal(text, color_names[i])) {
			*color = COLOR_INDEX(i);
			return true;
		}
	if (!text_to_int(text, 0, most, &index))
		return false;
	*color = COLOR_INDEX(index);
	return true;
}

/* "default", or "#rrggbb/N/NAME": 24-bit, one of 256, one of 16 by name or number. All three are read, one is used. */
static bool read_color(struct reader *reader, const char *word, uint32_t *color)
{
	static const char form[] = "write default or #rrggbb/0..255/NAME, as in #5fd787/78/bright-green";
	uint32_t values[3];
	if (text_equal(word, "default")) {
		*color = COLOR_DEFAULT;
		return true;
	}
	char *copy = mem_strdup(word), *second = strchr(copy, '/'), *third = second ? strchr(second + 1, '/') : NULL;
	bool good = third != NULL;
	if (good) {
		*second = *third = '\0';
		good = copy[0] == '#' && hex_color(copy, &values[0]) && index_color(second + 1, 255, &values[1]) &&
		       index_color(third + 1, 15, &values[2]);
	}
	free(copy);
	if (!good)
		return fail(reader, "this is no colour:", word, form);
	static const int which[] = {[THEME_MONO] = -1, [THEME_16] = 2, [THEME_256] = 1, [THEME_RGB] = 0};
	*color = which[reader->depth] < 0 ? COLOR_DEFAULT : values[which[reader->depth]];
	return true;
}

static bool read_attribute(struct reader *reader, const char *word, uint16_t *attrs)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (text_equal(word, attributes[i].name)) {
			*attrs |= attributes[i].attr;
			return true;
		}
	return fail(reader, "this is no attribute:", word, "write bold, dim, italic, underline, blink or reverse");
}

static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t\r");
	if (!*word)
		return NULL;
	char *end = word + strcspn(word, " \t\r");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool read_line(struct reader *reader, char *line)
{
	struct canvas_look look = {0};
	enum canvas_role role;
	char *at = line, *word = next_word(&at);
	if (!word || (word[0] == '#'))
		return true;
	if (!canvas_role_find(word, &role) || role == ROLE_NONE)
		return fail(reader, "there is no role", word, "docs/THEMES.md lists them");
	char *equals = next_word(&at), *fg = equals ? next_word(&at) : NULL, *bg = fg ? next_word(&at) : NULL;
	if (!text_equal(equals, "=") || !bg)
		return fail(reader, "this line is not whole, behind", word,
		            "write ROLE = FOREGROUND BACKGROUND [ATTRIBUTE]...");
	if (!read_color(reader, fg, &look.fg) || !read_color(reader, bg, &look.bg))
		return false;
	while ((word = next_word(&at)))
		if (!read_attribute(reader, word, &look.attrs))
			return false;
	/* without colours a background becomes reverse, so that a selection can be told from the rest */
	if (reader->depth == THEME_MONO && !text_equal(bg, "default"))
		look.attrs |= ATTR_REVERSE;
	reader->looks[role] = look;
	return true;
}

bool theme_parse(const char *text, size_t len, const char *name, enum theme_depth depth,
                 struct canvas_look looks[ROLE_COUNT], struct err *err)
{
	struct reader reader = {.name = name, .depth = depth, .err = err};
	const char *at = text, *end = text + len;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		char *line = mem_strndup(at, (size_t)((stop ? stop : end) - at));
		reader.line++;
		bool good = text_is_safe(line, strcspn(line, "\t\r")) || strchr(line, '\t') || strchr(line, '\r');
		good = good ? read_line(&reader, line)
		            : fail(&reader, "this line", "", "holds something that is no text");
		free(line);
		if (!good)
			return false;
		at = stop ? stop + 1 : end;
	}
	memcpy(looks, reader.looks, sizeof reader.looks);
	return true;
}

bool theme_load(const char *name, enum theme_depth depth, struct canvas_look looks[ROLE_COUNT], struct err *err)
{
	struct str text = {0};
	char *relative = mem_printf("themes/%s", name);
	char *path = strchr(name, '/') ? mem_strdup(name) : path_data(relative, err);
	bool good = path && file_read(path, THEME_SIZE_MAX, &text, err) &&
	            theme_parse(str_text(&text), text.len, path, depth, looks, err);
	if (!good && !strchr(name, '/')) {
		char *names = theme_names();
		err_context(err, "theme \"%s\" (there are: %s)", name, names);
		free(names);
	}
	free(path);
	free(relative);
	str_finish(&text);
	return good;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strchr(entry->d_name, '~');
}

char *theme_names(void)
{
	struct str out = {0};
	struct dirent **entries = NULL;
	char *place = path_data("themes", NULL);
	int n = place ? scandir(place, &entries, is_name, alphasort) : -1;
	for (int i = 0; i < n; i++) {
		if (out.len > 0)
			str_append_c(&out, ' ');
		str_append(&out, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	free(place);
	return str_take(&out);
}
