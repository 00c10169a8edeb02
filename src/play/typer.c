/* typer: see typer.h. Used by the shells (shell.c) and the consoles (console.c). */
#include "play/typer.h"

#include <stdlib.h>
#include <string.h>

struct typer {
	struct term *term;
	struct loop_timer *timer;
	char *text; /* NULL: nothing is typed */
	size_t typed;
	int type_ms;
	loop_call_fn *on_typed;
	void *user;
};

void typer_stop(struct typer *t)
{
	loop_timer_stop(t->timer);
	free(t->text);
	t->text = NULL;
}

/* People do not type like clocks: some keys take longer, after a word the hand rests. The same text always takes the same time, and
 * on average type_ms a character. */
static int pause_after(const struct typer *t)
{
	static const int percents[] = {70, 115, 85, 140, 60, 95, 125, 80};
	unsigned char typed = (unsigned char)t->text[t->typed - 1];
	int percent = percents[(t->typed * 7 + typed * 5) % (sizeof percents / sizeof *percents)];
	return t->type_ms * (typed == ' ' ? percent + 30 : percent) / 100;
}

static void on_type(void *user)
{
	struct typer *t = user;
	size_t left = strlen(t->text + t->typed);
	uint32_t ignored;
	size_t len = t->type_ms > 0 ? utf8_decode(t->text + t->typed, left, &ignored) : left;
	term_write(t->term, t->text + t->typed, len);
	t->typed += len;
	if (t->text[t->typed] != '\0') {
		loop_timer_start(t->timer, pause_after(t), 0);
		return;
	}
	typer_stop(t);
	t->on_typed(t->user);
}

void typer_type(struct typer *t, const char *text, int type_ms)
{
	typer_stop(t);
	t->text = mem_strdup(text);
	t->typed = 0;
	t->type_ms = type_ms;
	loop_timer_start(t->timer, 0, 0);
}

void typer_rest(struct typer *t)
{
	if (!t->text)
		return;
	t->type_ms = 0;
	loop_timer_start(t->timer, 0, 0);
}

struct typer *typer_create(struct loop *loop, struct term *term, loop_call_fn *on_typed, void *user)
{
	struct typer *t = mem_alloc(sizeof *t);
	*t = (struct typer){.term = term, .on_typed = on_typed, .user = user};
	t->timer = loop_timer_create(loop, on_type, t);
	return t;
}

void typer_destroy(struct typer *t)
{
	if (!t)
		return;
	typer_stop(t);
	loop_timer_destroy(t->timer);
	free(t);
}
