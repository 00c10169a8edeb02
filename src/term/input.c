/* What a person does, as bytes for the program: keys and the mouse in the modes that the program has set. */
#include "internal.h"

#include <string.h>

/* Characters as a terminal of old types them; Ctrl with what has no control character types the character. */
static void type_char(struct term *term, uint32_t ch, int modifiers)
{
	char text[1 + UTF8_MAX];
	size_t n = 0;
	if (modifiers & TERM_ALT)
		text[n++] = '\033';
	if (modifiers & TERM_CTRL && ((ch >= '@' && ch <= '_') || (ch >= 'a' && ch <= 'z')))
		ch &= 0x1f;
	else if (modifiers & TERM_CTRL && ch == ' ')
		ch = 0;
	else if (modifiers & TERM_CTRL && ch == '?')
		ch = 0x7f;
	if (ch == 0)
		text[n++] = '\0';
	else
		n += utf8_encode(ch, text + n);
	term_write(term, text, n);
}

void term_key(struct term *term, struct term_key key)
{
	bool ctrl = key.modifiers & TERM_CTRL, shift = key.modifiers & TERM_SHIFT;
	int alt = key.modifiers & TERM_ALT;
	switch (key.code) {
	case TERM_KEY_NONE:
		type_char(term, key.ch, key.modifiers);
		break;
	case TERM_KEY_ENTER:
		type_char(term, '\r', alt);
		if (term->emulator.newline)
			type_char(term, '\n', 0);
		break;
	case TERM_KEY_TAB:
		if (shift)
			term_write(term, "\033[Z", 3);
		else
			type_char(term, '\t', alt);
		break;
	case TERM_KEY_BACKSPACE:
		type_char(term, ctrl ? '\b' : 0x7f, alt);
		break;
	case TERM_KEY_ESCAPE:
		type_char(term, '\033', alt);
		break;
	default:
		vt_key(term->emulator.vt, key.code, key.modifiers);
	}
}

/* Line ends become Enter; other control characters, also those written as UTF-8, are left out: what is pasted can end
 * neither the brackets nor press keys. */
void term_paste(struct term *term, const char *text, size_t size)
{
	struct str clean = {0};
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_c1 = c == 0xc2 && i + 1 < size && ((unsigned char)text[i + 1] & 0xe0) == 0x80;
		if (is_c1)
			i++;
		else if (c == '\n' && i > 0 && text[i - 1] == '\r')
			continue;
		else if (c == '\n' || c == '\r')
			str_append_c(&clean, '\r');
		else if (c == '\t' || (c >= 0x20 && c != 0x7f))
			str_append_c(&clean, (char)c);
	}
	vt_paste_mark(term->emulator.vt, true);
	term_write(term, str_text(&clean), clean.len);
	vt_paste_mark(term->emulator.vt, false);
	str_finish(&clean);
}

bool term_mouse(struct term *term, struct term_mouse mouse)
{
	const struct grid *grid = term->emulator.grid;
	if (!term->emulator.mouse)
		return false;
	mouse.x = mouse.x < 0 ? 0 : mouse.x >= grid->cols ? grid->cols - 1 : mouse.x;
	mouse.y = mouse.y < 0 ? 0 : mouse.y >= grid->rows ? grid->rows - 1 : mouse.y;
	vt_mouse(term->emulator.vt, &mouse);
	return true;
}

void term_focus(struct term *term, bool focused)
{
	vt_focus(term->emulator.vt, focused);
}

bool term_wants_mouse(const struct term *term)
{
	return term->emulator.mouse != 0;
}

bool term_wants_motion(const struct term *term, bool without_button)
{
	return term->emulator.mouse >= (without_button ? 3 : 2);
}
