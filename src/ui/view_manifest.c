/* view_manifest: a manifest before it is applied, coloured as YAML, in as many columns as its longest line allows. */
#include <string.h>

#include "ui/scene.h"

enum { GAP = 4, LINES_MAX = 2000 };

/* Where the key of "key: value" ends, 0 if the line has none. */
static size_t key_len(const char *line, size_t len)
{
	size_t at = 0;
	while (at < len && (line[at] == ' ' || line[at] == '-'))
		at++;
	for (size_t i = at; i < len; i++) {
		if (line[i] == ':' && (i + 1 == len || line[i + 1] == ' '))
			return i > at ? i + 1 : 0;
		if (line[i] == '"' || line[i] == '\'' || line[i] == '{' || line[i] == '#' || line[i] == ' ')
			return 0;
	}
	return 0;
}

static size_t comment_at(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (i == 0 || line[i - 1] == ' '))
			return i;
	return len;
}

static void put_line(struct canvas *page, int x, int y, int cols, const char *line, size_t len)
{
	if (len == 3 && memcmp(line, "---", 3) == 0) {
		for (int i = 0; i < cols && i < 24; i++)
			canvas_put_char(page, x + i, y, ROLE_FRAME, 0, 0x2500);
		return;
	}
	size_t comment = comment_at(line, len), key = key_len(line, comment), from = 0;
	bool is_kind = key == 5 && memcmp(line, "kind:", 5) == 0;
	const struct {
		size_t end;
		enum canvas_role role;
		uint16_t attrs;
	} parts[] = {
	        {key, ROLE_ADDRESS, 0},
	        {comment, is_kind ? ROLE_TITLE : ROLE_TEXT, is_kind ? ATTR_BOLD : 0},
	        {len, ROLE_MUTED, 0},
	};
	for (size_t i = 0, n = sizeof parts / sizeof *parts; i < n; from = parts[i++].end) {
		char *text = mem_strndup(line + from, parts[i].end - from);
		int used = canvas_put(page, x, y, cols, parts[i].role, parts[i].attrs, text);
		x += used;
		cols -= used;
		free(text);
	}
}

int view_manifest(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)view;
	const char *text = scene->act->stages.data[scene->stage].manifest_text;
	const char *starts[LINES_MAX];
	size_t lens[LINES_MAX];
	int n = 0, widest = 1;
	if (text_has_prefix(text, "---\n"))
		text += 4;
	for (const char *line = text; line && *line && n < LINES_MAX; n++) {
		starts[n] = line;
		lens[n] = strcspn(line, "\n");
		char *each = mem_strndup(line, lens[n]);
		int cols = text_columns(each);
		free(each);
		widest = cols > widest ? cols : widest;
		line += lens[n] + (line[lens[n]] == '\n');
	}
	int columns = (page->cols + GAP) / (widest + GAP), height = rows > 0 ? rows : 1;
	if (columns < 1)
		columns = 1;
	if (n > columns * height) /* longer than the screen: columns of equal height, scrolled together */
		height = (n + columns - 1) / columns;
	for (int i = 0; i < n; i++) {
		int x = i / height * (widest + GAP);
		put_line(page, x, i % height, page->cols - x, starts[i], lens[i]);
	}
	return n < height ? n : height;
}
