/* keymap: the table of keys, and the names of keys. What the commands do is in commands.c. */
#include "ui/keymap.h"

#include <string.h>

#include "onesdn/ui.h"

const char *const key_context_titles[N_KEY_CONTEXTS] = {
        [KEYS_STAGE] = "Stage mode: the keys drive the show",
        [KEYS_POPUP] = "In lists and this help",
        [KEYS_TERMINAL] = "Terminal mode: the keys go to the program",
        [KEYS_TAKE] = "In a recorded take: no key reaches the show",
        [KEYS_LINE] = "On the : and / lines",
        [KEYS_QUESTION] = "When something is asked",
};

const struct key_row key_rows[] = {
        {KEYS_STAGE, "space enter right pagedown n", "next", "SPACE", "next",
         "next: shows the command, runs it, moves on once its check holds"},
        {KEYS_STAGE, "left pageup p", "back", "←", "back", "back one stage (only the view; u undoes)"},
        {KEYS_STAGE, "i", "type", "i", "type", "type into the terminal"},
        {KEYS_STAGE, "d", "diagram", "d", "diagram", "the diagram"},
        {KEYS_STAGE, "c", "consoles", "c", "consoles", "the consoles of virtual machines, one after another"},
        {KEYS_STAGE, "f", "flows", "f", "flows", "the flows: what policies, OVN and measurements say"},
        {KEYS_STAGE, "e", "explain", NULL, NULL, "explain the chosen or last blocked flow in full"},
        {KEYS_STAGE, "z", "zoom", "z", "zoom", "the pane in front alone, and back"},
        {KEYS_STAGE, ":", "command", ":", "command", "command line"},
        {KEYS_STAGE, "?", "help", "?", "help", "this help"},
        {KEYS_STAGE, "tab", "other", NULL, NULL, "the other pane"},
        {KEYS_STAGE, "r", "retry", NULL, NULL, "run this stage again"},
        {KEYS_STAGE, "s", "skip", NULL, NULL, "skip this stage"},
        {KEYS_STAGE, "u", "undo", NULL, NULL, "undo what this stage did, after asking"},
        {KEYS_STAGE, "g", "stages", NULL, NULL, "go to a stage: the cluster is brought to where it begins"},
        {KEYS_STAGE, "t", "take", NULL, NULL,
         "the recorded take of this stage, and back: the way out when the cluster fails"},
        {KEYS_STAGE, "h", "hint", NULL, NULL, "a hint; again: the next one"},
        {KEYS_STAGE, "T", "tour", NULL, NULL, "shows you around the screen"},
        {KEYS_STAGE, "w", "why", NULL, NULL, "what went wrong; the result line in full"},
        {KEYS_STAGE, "l", "layout", NULL, NULL, "next layout"},
        {KEYS_STAGE, "o", "open", NULL, NULL, "open the console of the machine in focus; take it back"},
        {KEYS_STAGE, "/", "filter", NULL, NULL, "filter: find workloads in the diagram and the lists"},
        {KEYS_STAGE, ". b", "blank", NULL, NULL, "blank the screen, and back"},
        {KEYS_STAGE, "f5 escape", "resume", NULL, NULL, "close what is open, stop on the way of g; never quits"},
        {KEYS_STAGE, "up k", "scroll -1", NULL, NULL, "scroll up a line"},
        {KEYS_STAGE, "down j", "scroll 1", NULL, NULL, "scroll down a line"},
        {KEYS_STAGE, "shift-pageup", "scroll -page", NULL, NULL, "scroll up a page (the wheel, too)"},
        {KEYS_STAGE, "shift-pagedown", "scroll page", NULL, NULL, "scroll down a page"},
        {KEYS_STAGE, "ctrl-c", "interrupt", NULL, NULL, "stop the command that runs in the pane"},
        {KEYS_STAGE, "ctrl-l", "redraw", NULL, NULL, "draw the screen anew"},
        {KEYS_STAGE, "ctrl-z", "suspend", NULL, NULL, "suspend; fg comes back"},
        {KEYS_STAGE, "q", "quit", NULL, NULL, "quit, after asking when something runs"},

        {KEYS_POPUP, "escape f5 q", "resume", "ESC", "close", "close"},
        {KEYS_POPUP, "up k", "scroll -1", "↑↓", "move", "move or scroll"},
        {KEYS_POPUP, "down j", "scroll 1", NULL, NULL, NULL},
        {KEYS_POPUP, "home", "scroll -all", NULL, NULL, "first line"},
        {KEYS_POPUP, "end", "scroll all", NULL, NULL, "last line"},
        {KEYS_POPUP, "e", "explain", "e", "explain", NULL},
        {KEYS_POPUP, "enter", "choose", "ENTER", "choose",
         "go to the chosen stage, explain the chosen flow; elsewhere: close"},

        {KEYS_TERMINAL, "shift-pageup", "scroll -page", NULL, NULL,
         "scroll up a page (the wheel, too); typing comes back"},
        {KEYS_TERMINAL, "shift-pagedown", "scroll page", NULL, NULL, "scroll down a page"},

        {KEYS_TAKE, "t escape f5 q", "take", "t", "live", "back to the live stage"},
        {KEYS_TAKE, "space enter pagedown n", "take pause", "SPACE", "pause",
         "pause, go on; at the end: back to the live stage"},
        {KEYS_TAKE, "pageup home p", "take again", "p", "again", "from its beginning"},
        {KEYS_TAKE, "up", "take up", NULL, NULL, "where not all of it fits: look elsewhere (and the other arrows)"},
        {KEYS_TAKE, "down", "take down", NULL, NULL, NULL},
        {KEYS_TAKE, "left", "take left", NULL, NULL, NULL},
        {KEYS_TAKE, "right", "take right", NULL, NULL, NULL},
        {KEYS_TAKE, ". b", "blank", NULL, NULL, "blank the screen, and back"},
        {KEYS_TAKE, "ctrl-l", "redraw", NULL, NULL, NULL},
        {KEYS_TAKE, "ctrl-z", "suspend", NULL, NULL, NULL},

        {KEYS_LINE, "enter", "", "ENTER", "do it", "do it"},
        {KEYS_LINE, "tab", "", "TAB", "complete", "complete; again: the next one"},
        {KEYS_LINE, "escape", "", "ESC", "leave", "leave"},
        {KEYS_LINE, "up", "", NULL, NULL, "an earlier line (down: a later one)"},
        {KEYS_LINE, "ctrl-u", "", NULL, NULL, "clear the line (ctrl-w: a word)"},

        {KEYS_QUESTION, "y", "", "y", "yes", "yes"},
        {KEYS_QUESTION, "n", "", "n", "no", "no (and so does any other key)"},
};
const size_t n_key_rows = sizeof key_rows / sizeof *key_rows;

const struct key_row *key_find(enum key_context context, struct term_key key)
{
	for (size_t i = 0; i < n_key_rows; i++)
		if (key_rows[i].context == context && input_key_is_one(key, key_rows[i].keys))
			return &key_rows[i];
	return NULL;
}

const char *ui_key_help(struct term_key key)
{
	const struct key_row *row = key_find(KEYS_STAGE, key);
	return row && row->help ? row->help : "";
}
