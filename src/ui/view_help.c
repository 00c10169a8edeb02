/* view_help: the keys and commands, from their own tables, in as many columns as fit. */
#include <string.h>

#include "ui/commands.h"
#include "ui/keymap.h"
#include "ui/scene.h"

enum { COLUMN_COLS = 78, KEYS_COLS = 22, ENTRIES_MAX = 128 };

struct entry { /* one line of the help */
	char left[64];
	const char *right;
	bool is_head;
};
struct entries {
	struct entry list[ENTRIES_MAX];
	int n;
};

static void add(struct entries *entries, const char *left, const char *right, bool is_head)
{
	if (entries->n == ENTRIES_MAX)
		return;
	struct entry *entry = &entries->list[entries->n++];
	snprintf(entry->left, sizeof entry->left, "%s", left);
	entry->right = right;
	entry->is_head = is_head;
}

static void pretty_keys(const char *keys, char *out, size_t size)
{
	static const char *const signs[][2] = {
	        {"space", "Space"},
	        {"enter", "Enter"},
	        {"right", "→"},
	        {"left", "←"},
	        {"up", "↑"},
	        {"down", "↓"},
	        {"pagedown", "PgDn"},
	        {"pageup", "PgUp"},
	        {"escape", "Esc"},
	        {"tab", "Tab"},
	        {"home", "Home"},
	        {"end", "End"},
	        {"f5", "F5"},
	        {"ctrl-c", "Ctrl-C"},
	        {"ctrl-l", "Ctrl-L"},
	        {"ctrl-z", "Ctrl-Z"},
	        {"ctrl-u", "Ctrl-U"},
	        {"shift-pageup", "Shift-PgUp"},
	        {"shift-pagedown", "Shift-PgDn"},
	};
	size_t len = 0;
	out[0] = '\0';
	while (*keys) {
		size_t n = strcspn(keys, " ");
		char word[32];
		snprintf(word, sizeof word, "%.*s", (int)n, keys);
		const char *sign = word;
		for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
			if (strcmp(word, signs[i][0]) == 0)
				sign = signs[i][1];
		int wrote = snprintf(out + len, size - len, "%s%s", len ? " " : "", sign);
		len += wrote > 0 && (size_t)wrote < size - len ? (size_t)wrote : 0;
		keys += n + strspn(keys + n, " ");
	}
}

static void add_keys(struct entries *entries, const struct view_state *view)
{
	char keys[64];
	for (int context = 0; context < N_KEY_CONTEXTS; context++) {
		if (entries->n)
			add(entries, "", NULL, false);
		add(entries, key_context_titles[context], NULL, true);
		if (context == KEYS_TERMINAL) {
			add(entries, view->escape_key, "back to the stage; twice: the program gets it", false);
			add(entries, "click", "a click in the pane comes here, one outside leaves", false);
		}
		for (size_t i = 0; i < n_key_rows; i++) {
			if ((int)key_rows[i].context != context || !key_rows[i].help)
				continue;
			pretty_keys(key_rows[i].keys, keys, sizeof keys);
			add(entries, keys, key_rows[i].help, false);
		}
	}
}

static void add_commands(struct entries *entries)
{
	add(entries, "", NULL, false);
	add(entries, "Commands", NULL, true);
	for (size_t i = 0; i < n_commands; i++) {
		if (!commands[i].help)
			continue;
		char left[40];
		snprintf(left, sizeof left, ":%s%s%s", commands[i].name, *commands[i].placeholder ? " " : "",
		         commands[i].placeholder);
		add(entries, left, commands[i].help, false);
	}
}

static void put_entry(struct canvas *page, int x, int y, int cols, const struct entry *entry)
{
	if (entry->is_head) {
		canvas_put_fit(page, x, y, cols, ROLE_TITLE, ATTR_BOLD, entry->left);
		return;
	}
	int used = canvas_put(page, x, y, cols, ROLE_KEY, 0, entry->left);
	if (!entry->right)
		return;
	int at = used < KEYS_COLS ? KEYS_COLS : used + 1;
	canvas_put_fit(page, x + at, y, cols - at, ROLE_TEXT, 0, entry->right);
}

int view_help(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	(void)scene, (void)rows;
	struct entries entries = {.n = 0};
	add_keys(&entries, view);
	int split = entries.n + 1; /* a second column begins with the commands */
	add_commands(&entries);
	bool has_two = page->cols >= 2 * COLUMN_COLS;
	int cols = has_two ? page->cols / 2 - 2 : page->cols, y = 0, most = 0;
	for (int i = 0; i < entries.n; i++) {
		if (has_two && i == split) {
			most = y;
			y = 0;
		}
		put_entry(page, has_two && i >= split ? page->cols / 2 : 0, y++, cols, &entries.list[i]);
	}
	return y > most ? y : most;
}
