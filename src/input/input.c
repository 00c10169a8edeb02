/* The decoder: what is not whole yet waits in a buffer, everything else becomes one event at a time. */
#include "onesdn/input.h"

#include <stdlib.h>
#include <string.h>

struct added {
	char *sequence;
	struct term_key key;
};

struct input {
	input_fn *fn;
	void *user;
	struct str buffer;
	bool is_pasting, was_cut; /* in a bracketed paste; a part of it was delivered already */
	VEC(struct added) added;
};

struct input *input_create(input_fn *fn, void *user)
{
	struct input *input = mem_alloc(sizeof *input);
	input->fn = fn;
	input->user = user;
	return input;
}

void input_destroy(struct input *input)
{
	if (!input)
		return;
	for (size_t i = 0; i < input->added.len; i++)
		free(input->added.data[i].sequence);
	vec_finish(&input->added);
	str_finish(&input->buffer);
	free(input);
}

void input_add(struct input *input, const char *sequence, struct term_key key)
{
	if (sequence[0] == '\033' && sequence[1] != '\0' && sequence[2] != '\0')
		vec_push(&input->added, (struct added){mem_strdup(sequence), key});
}

/* ---- events ---- */

static void emit_key(struct input *input, enum term_key_code code, uint32_t ch, int modifiers)
{
	struct input_event event = {.kind = INPUT_KEY, .key = {code, ch, modifiers}};
	input->fn(&event, input->user);
}

static void emit_paste(struct input *input, const char *text, size_t size)
{
	struct input_event event = {.kind = INPUT_PASTE, .text = text, .size = size};
	input->fn(&event, input->user);
}

static void emit_char(struct input *input, uint32_t ch, int modifiers)
{
	if (ch == '\r')
		emit_key(input, TERM_KEY_ENTER, 0, modifiers);
	else if (ch == '\t')
		emit_key(input, TERM_KEY_TAB, 0, modifiers);
	else if (ch == 0x7f)
		emit_key(input, TERM_KEY_BACKSPACE, 0, modifiers);
	else if (ch == 0x1b)
		emit_key(input, TERM_KEY_ESCAPE, 0, modifiers);
	else if (ch == 0)
		emit_key(input, TERM_KEY_NONE, ' ', modifiers | TERM_CTRL);
	else if (ch < 0x1b)
		emit_key(input, TERM_KEY_NONE, ch + 'a' - 1, modifiers | TERM_CTRL);
	else if (ch < 0x20)
		emit_key(input, TERM_KEY_NONE, ch + '@', modifiers | TERM_CTRL);
	else
		emit_key(input, TERM_KEY_NONE, ch, modifiers);
}

/* ---- control sequences ---- */

struct sequence {
	const char *text; /* behind "ESC [" */
	size_t len;       /* with the final byte */
	char leader, final;
	int n, param[8];
};

static void parse_sequence(struct sequence *seq, const char *text, size_t len)
{
	*seq = (struct sequence){.text = text, .len = len, .final = text[len - 1]};
	size_t i = 0;
	if (text[0] >= '<' && text[0] <= '?')
		seq->leader = text[i++];
	for (; i + 1 < len && seq->n < 8; i++) {
		char c = text[i];
		if (seq->n == 0)
			seq->n = 1;
		if (c == ';' || c == ':')
			seq->n++;
		else if (c >= '0' && c <= '9' && seq->param[seq->n - 1] < 1000000)
			seq->param[seq->n - 1] = seq->param[seq->n - 1] * 10 + (c - '0');
	}
	seq->n = seq->n > 8 ? 8 : seq->n;
}

static int modifiers_of(int param)
{
	return param > 1 ? (param - 1) & (TERM_SHIFT | TERM_ALT | TERM_CTRL) : 0;
}

struct key_row {
	int id; /* a final byte or a number before '~' */
	enum term_key_code code;
	int modifiers;
};

/* clang-format off */
static const struct key_row letters[] = {
	{'A', TERM_KEY_UP, 0},        {'B', TERM_KEY_DOWN, 0},   {'C', TERM_KEY_RIGHT, 0},  {'D', TERM_KEY_LEFT, 0},
	{'H', TERM_KEY_HOME, 0},      {'F', TERM_KEY_END, 0},    {'P', TERM_KEY_F1, 0},     {'Q', TERM_KEY_F1 + 1, 0},
	{'R', TERM_KEY_F1 + 2, 0},    {'S', TERM_KEY_F1 + 3, 0}, {'Z', TERM_KEY_TAB, TERM_SHIFT}, {'M', TERM_KEY_ENTER, 0},
	{'a', TERM_KEY_UP, TERM_SHIFT}, {'b', TERM_KEY_DOWN, TERM_SHIFT}, {'c', TERM_KEY_RIGHT, TERM_SHIFT}, {'d', TERM_KEY_LEFT, TERM_SHIFT},
};

static const struct key_row numbers[] = {
	{1, TERM_KEY_HOME, 0},       {2, TERM_KEY_INSERT, 0},     {3, TERM_KEY_DELETE, 0},    {4, TERM_KEY_END, 0},
	{5, TERM_KEY_PAGE_UP, 0},    {6, TERM_KEY_PAGE_DOWN, 0},  {7, TERM_KEY_HOME, 0},      {8, TERM_KEY_END, 0},
	{11, TERM_KEY_F1, 0},        {12, TERM_KEY_F1 + 1, 0},    {13, TERM_KEY_F1 + 2, 0},   {14, TERM_KEY_F1 + 3, 0},
	{15, TERM_KEY_F1 + 4, 0},    {17, TERM_KEY_F1 + 5, 0},    {18, TERM_KEY_F1 + 6, 0},   {19, TERM_KEY_F1 + 7, 0},
	{20, TERM_KEY_F1 + 8, 0},    {21, TERM_KEY_F1 + 9, 0},    {23, TERM_KEY_F1 + 10, 0},  {24, TERM_KEY_F1 + 11, 0},
	{25, TERM_KEY_F1, TERM_SHIFT}, {26, TERM_KEY_F1 + 1, TERM_SHIFT}, {28, TERM_KEY_F1 + 2, TERM_SHIFT},
	{29, TERM_KEY_F1 + 3, TERM_SHIFT}, {31, TERM_KEY_F1 + 4, TERM_SHIFT}, {32, TERM_KEY_F1 + 5, TERM_SHIFT},
	{33, TERM_KEY_F1 + 6, TERM_SHIFT}, {34, TERM_KEY_F1 + 7, TERM_SHIFT},
};
/* clang-format on */

static bool emit_row(struct input *input, const struct key_row *rows, size_t n_rows, int id, int modifiers)
{
	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].id == id) {
			emit_key(input, rows[i].code, 0, modifiers | rows[i].modifiers);
			return true;
		}
	return false;
}
#define EMIT_ROW(input, rows, id, modifiers) emit_row(input, rows, sizeof rows / sizeof *rows, id, modifiers)

/* Buttons as xterm numbers them: two bits, shift 4, alt 8, ctrl 16, motion 32, wheel 64. */
static void emit_mouse(struct input *input, int code, int x, int y, bool pressed)
{
	struct input_event event = {.kind = INPUT_MOUSE, .mouse = {.x = x, .y = y, .pressed = pressed}};
	struct term_mouse *mouse = &event.mouse;
	mouse->modifiers = (code & 4 ? TERM_SHIFT : 0) | (code & 8 ? TERM_ALT : 0) | (code & 16 ? TERM_CTRL : 0);
	if (code & 32)
		mouse->button = 0;
	else if (code & 64)
		mouse->button = 4 + (code & 1);
	else
		mouse->button = (code & 3) + 1;
	if (code & 128 || (code & 64 && code & 2) || x < 0 || y < 0) /* buttons 6 to 11 */
		return;
	input->fn(&event, input->user);
}

static bool answer(struct input *input, const struct sequence *seq)
{
	struct input_event event = {.number = seq->param[0], .value = seq->param[1]};
	bool is_mode = seq->leader == '?' && seq->final == 'y' && seq->len > 2 && seq->text[seq->len - 2] == '$';
	bool is_attributes = seq->leader == '?' && seq->final == 'c';
	if (!is_mode && !is_attributes)
		return false;
	event.kind = is_mode ? INPUT_MODE : INPUT_ATTRIBUTES;
	input->fn(&event, input->user);
	return true;
}

static void control_sequence(struct input *input, const char *text, size_t len)
{
	struct sequence seq;
	parse_sequence(&seq, text, len);
	int modifiers = modifiers_of(seq.param[1]);
	struct input_event focus = {.kind = INPUT_FOCUS, .focused = seq.final == 'I'};
	if (seq.leader == '<' && seq.n >= 3 && (seq.final == 'M' || seq.final == 'm'))
		emit_mouse(input, seq.param[0], seq.param[1] - 1, seq.param[2] - 1, seq.final == 'M');
	else if (seq.leader)
		answer(input, &seq);
	else if (seq.n == 0 && (seq.final == 'I' || seq.final == 'O'))
		input->fn(&focus, input->user);
	else if (seq.final == '~' && seq.param[0] == 200)
		input->is_pasting = true;
	else if (seq.final == '~')
		EMIT_ROW(input, numbers, seq.param[0], modifiers);
	else if (seq.final == '^' || seq.final == '@') /* rxvt */
		EMIT_ROW(input, numbers, seq.param[0], TERM_CTRL | (seq.final == '@' ? TERM_SHIFT : 0));
	else if (seq.final == 'u' && seq.n > 0)
		emit_char(input, seq.param[0] > 0x10ffff ? 0xfffd : (uint32_t)seq.param[0], modifiers);
	else
		EMIT_ROW(input, letters, seq.final, modifiers);
}

/* ---- "]10;rgb:RRRR/GGGG/BBBB" ---- */

static bool hex_channel(const char **text, const char *end, uint32_t *value)
{
	uint32_t sum = 0;
	int n = 0;
	for (; *text < end && n < 4; (*text)++, n++) {
		char c = **text;
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;
		if (digit < 0)
			break;
		sum = sum * 16 + (uint32_t)digit;
	}
	if (*text < end && **text == '/')
		(*text)++;
	*value = n == 1 ? sum * 17 : n == 2 ? sum : n == 3 ? sum >> 4 : sum >> 8;
	return n > 0;
}

static void string_sequence(struct input *input, const char *text, size_t len)
{
	struct input_event event = {.kind = INPUT_COLOR, .number = 10};
	const char *end = text + len;
	uint32_t r, g, b;
	if (len < 8 || text[0] != ']' || text[1] != '1' || (text[2] != '0' && text[2] != '1') ||
	    memcmp(text + 3, ";rgb:", 5) != 0)
		return;
	event.number += text[2] - '0';
	text += 8;
	if (!hex_channel(&text, end, &r) || !hex_channel(&text, end, &g) || !hex_channel(&text, end, &b))
		return;
	event.color = COLOR_RGB(r, g, b);
	input->fn(&event, input->user);
}

/* ---- the pieces: each gives the bytes it has used, 0 when more are needed ---- */

static size_t take_string(struct input *input, const char *s, size_t len)
{
	for (size_t i = 2; i < len; i++) {
		if (s[i] == '\a' || (s[i] == '\\' && s[i - 1] == '\033')) {
			string_sequence(input, s + 1, i - (s[i] == '\a' ? 1 : 2));
			return i + 1;
		}
	}
	return len > INPUT_SEQUENCE_MAX ? len : 0;
}

static size_t take_csi(struct input *input, const char *s, size_t len)
{
	enum { X10_LEN = 6 };
	size_t at = 2;
	if (len > 2 && s[2] == 'M') { /* X10 mouse: three bytes, 32 added to each */
		if (len < X10_LEN)
			return 0;
		int code = (unsigned char)s[3] - 32;
		bool released = (code & 67) == 3;
		emit_mouse(input, released ? code & ~3 : code, (unsigned char)s[4] - 33, (unsigned char)s[5] - 33,
		           !released);
		return X10_LEN;
	}
	if (len > 2 && s[2] == '[') { /* the Linux console's F1 to F5 */
		if (len < 4)
			return 0;
		if (s[3] >= 'A' && s[3] <= 'E')
			emit_key(input, TERM_KEY_F1 + (s[3] - 'A'), 0, 0);
		return 4;
	}
	while (at < len && s[at] >= 0x20 && s[at] <= 0x3f)
		at++;
	if (at == len)
		return len > INPUT_SEQUENCE_MAX ? len : 0;
	if (s[at] < 0x40 || s[at] > 0x7e) /* broken off */
		return at;
	control_sequence(input, s + 2, at - 1);
	return at + 1;
}

/* Says whether more bytes could make the buffer one of the added sequences; sets *used when it is one. */
static bool take_added(struct input *input, const char *s, size_t len, size_t *used)
{
	bool could_be = false;
	for (size_t i = 0; i < input->added.len; i++) {
		const char *sequence = input->added.data[i].sequence;
		size_t size = strlen(sequence);
		if (size <= len && memcmp(s, sequence, size) == 0) {
			struct term_key key = input->added.data[i].key;
			emit_key(input, key.code, key.ch, key.modifiers);
			*used = size;
			return true;
		}
		could_be = could_be || (len < size && memcmp(s, sequence, len) == 0);
	}
	return could_be;
}

static size_t take_char(struct input *input, const char *s, size_t len, int modifiers)
{
	uint32_t ch;
	unsigned char first = (unsigned char)s[0];
	size_t need = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
	if (need > len)
		return 0;
	size_t used = utf8_decode(s, len, &ch);
	emit_char(input, ch, modifiers);
	return used;
}

static size_t take_escape(struct input *input, const char *s, size_t len)
{
	size_t used = 0;
	if (len < 2)
		return 0;
	if (take_added(input, s, len, &used))
		return used;
	switch (s[1]) {
	case '[':
		return take_csi(input, s, len);
	case 'O':
		if (len < 3)
			return 0;
		if (!EMIT_ROW(input, letters, s[2], 0)) {
			emit_char(input, 'O', TERM_ALT);
			return 2;
		}
		return 3;
	case ']':
	case 'P':
		return take_string(input, s, len);
	case '\033': /* Alt with a key that is a sequence itself, or Escape twice: the first stands alone */
		emit_key(input, TERM_KEY_ESCAPE, 0, 0);
		return 1;
	default:
		used = take_char(input, s + 1, len - 1, TERM_ALT);
		return used ? used + 1 : 0;
	}
}

static size_t take_paste(struct input *input, const char *s, size_t len)
{
	static const char end[] = "\033[201~";
	const size_t end_len = sizeof end - 1;
	const char *found = memmem(s, len, end, end_len);
	if (found) {
		if (found > s || !input->was_cut)
			emit_paste(input, s, (size_t)(found - s));
		input->is_pasting = input->was_cut = false;
		return (size_t)(found - s) + end_len;
	}
	if (len < INPUT_PASTE_MAX)
		return 0;
	size_t size = len - end_len; /* the end's beginning may be there already */
	while (size > 1 && ((unsigned char)s[size] & 0xc0) == 0x80)
		size--;
	emit_paste(input, s, size);
	input->was_cut = true;
	return size;
}

static void run(struct input *input)
{
	size_t at = 0;
	while (at < input->buffer.len) {
		const char *s = input->buffer.data + at;
		size_t len = input->buffer.len - at, used;
		if (input->is_pasting)
			used = take_paste(input, s, len);
		else
			used = s[0] == '\033' ? take_escape(input, s, len) : take_char(input, s, len, 0);
		if (used == 0)
			break;
		at += used;
	}
	if (at == input->buffer.len)
		str_clear(&input->buffer);
	else if (at > 0)
		str_drop_front(&input->buffer, at);
}

void input_feed(struct input *input, const char *bytes, size_t size)
{
	str_append_n(&input->buffer, bytes, size);
	run(input);
}

bool input_is_waiting(const struct input *input)
{
	return input->buffer.len > 0 && !input->is_pasting;
}

/* Nothing more came: what looked like the beginning of a sequence was typed: Escape, Alt-[, Alt-O; the rest follows as text. */
void input_expire(struct input *input)
{
	if (!input_is_waiting(input))
		return;
	char first = input->buffer.data[0];
	size_t len = input->buffer.len;
	if (first == '\033' && len == 1) {
		str_clear(&input->buffer);
		emit_key(input, TERM_KEY_ESCAPE, 0, 0);
		return;
	}
	if (first == '\033' && len == 2) {
		char second = input->buffer.data[1];
		str_clear(&input->buffer);
		emit_char(input, (unsigned char)second < 0x80 ? (unsigned char)second : 0xfffd, TERM_ALT);
		return;
	}
	str_clear(&input->buffer); /* a torn sequence is nobody's typing */
}
