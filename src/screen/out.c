/* Out: ncurses writes a frame in many pieces, one at every movement of the cursor. It is given a file in memory to write to, and
 * what is in it goes to the terminal at once, together with what ncurses cannot say. The terminal may be slow: what it does
 * not take stays here, and no frame is made until it is gone. */
#include "screen/state.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static void on_writable(int events, void *user);

static void await_room(struct screen *screen, bool awaits)
{
	if (awaits && !screen->sink)
		screen->sink = loop_fd_create(screen->loop, screen->out_fd, LOOP_WRITE, on_writable, screen);
	else if (screen->sink)
		loop_fd_set(screen->sink, awaits ? LOOP_WRITE : 0);
}

/* Waits for a second at the most for a terminal that takes nothing. */
void screen_drain(struct screen *screen, bool wait)
{
	struct str *out = &screen->out;
	size_t at = 0;
	while (at < out->len) {
		ssize_t n = write(screen->out_fd, out->data + at, out->len - at);
		struct pollfd poll_fd = {.fd = screen->out_fd, .events = POLLOUT};
		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno == EAGAIN && (!wait || poll(&poll_fd, 1, 1000) <= 0))
			break;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			at = out->len; /* it is gone: reading says so too */
	}
	str_drop_front(out, at);
	bool awaits = out->len > 0;
	if (awaits != screen->awaits_room && !wait) {
		screen->awaits_room = awaits;
		await_room(screen, awaits);
	}
}

static void on_writable(int events, void *user)
{
	struct screen *screen = user;
	(void)events;
	screen_drain(screen, false);
	if (screen->out.len > 0)
		return;
	bool was_left_out = screen->was_left_out;
	screen->was_left_out = false;
	if (screen->events.on_ready)
		screen->events.on_ready(screen->user);
	else if (was_left_out)
		screen->events.on_resize(screen->rows, screen->cols, screen->user);
}

void screen_collect(struct screen *screen)
{
	off_t size = lseek(screen->frame_fd, 0, SEEK_CUR);
	char bytes[4096];
	for (off_t at = 0; at < size;) {
		ssize_t n = pread(screen->frame_fd, bytes, sizeof bytes, at);
		if (n <= 0)
			break;
		str_append_n(&screen->out, bytes, (size_t)(n < size - at ? n : size - at));
		at += n;
	}
	lseek(screen->frame_fd, 0, SEEK_SET);
}

void screen_send(struct screen *screen, const char *bytes, size_t size)
{
	enum { WAITING_MAX = 1 << 20 };
	if (screen->awaits_room &&
	    screen->out.len + size > WAITING_MAX) /* a terminal that has stopped taking anything */
		return;
	str_append_n(&screen->out, bytes, size);
	if (!screen->awaits_room)
		screen_drain(screen, false);
}

void screen_send_text(struct screen *screen, const char *text)
{
	screen_send(screen, text, strlen(text));
}
