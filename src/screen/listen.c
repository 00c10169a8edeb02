/* listen: the terminal looked at, and its keys listened to, without drawing anything on it. For `onesdn doctor`: a remote's
 * buttons are whatever its maker thought of, and a talk is a bad moment to find out. Decodes and names keys as the show does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen/rescue.h"
#include "screen/state.h"

void screen_look(struct screen_terminal *out)
{
	struct winsize size = {0};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	*out = (struct screen_terminal){.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
	                                .term = term ? term : "",
	                                .locale = screen_wanted_locale()};
	out->is_utf8 = screen_choose_locale();
	if (!out->is_terminal)
		return;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	out->cols = size.ws_col;
	out->rows = size.ws_row;
	out->colors = *out->term && !text_equal(out->term, "dumb") ? screen_describe(out->term) : -1;
	if (out->colors > 0 && no_color && *no_color)
		out->colors = 0;
}

struct listening {
	struct loop *loop;
	struct input *input;
	struct loop_timer *timer; /* a sequence that is not whole */
	screen_key_fn *fn;
	void *user;
	bool is_over;
};

static void end(struct listening *listening)
{
	listening->is_over = true;
	loop_stop(listening->loop);
}

static void on_event(const struct input_event *event, void *user)
{
	struct listening *listening = user;
	if (event->kind != INPUT_KEY || listening->is_over)
		return;
	if (!listening->fn(&event->key, listening->user))
		end(listening);
}

static void on_incomplete(void *user)
{
	struct listening *listening = user;
	input_expire(listening->input);
}

static void on_bytes(int events, void *user)
{
	struct listening *listening = user;
	char bytes[256];
	(void)events;
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end(listening);
		return;
	}
	loop_timer_stop(listening->timer);
	input_feed(listening->input, bytes, (size_t)n);
	if (input_is_waiting(listening->input))
		loop_timer_start(listening->timer, INPUT_WAIT_MS, 0);
}

static void on_end_signal(int signum, void *user)
{
	(void)signum;
	end(user);
}

static void write_capability(const char *name)
{
	const char *text = screen_capability(name);
	if (*text && write(STDOUT_FILENO, text, strlen(text)) < 0)
		return;
}

/* Raw, but a printed line still ends at the left: nothing is drawn here. */
static void set_line(const struct termios *before)
{
	struct termios line = *before;
	cfmakeraw(&line);
	line.c_oflag = before->c_oflag;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &line);
}

static void listen_until_over(struct listening *listening)
{
	static const int signums[] = {SIGINT, SIGTERM, SIGHUP};
	struct loop_signal *signals[sizeof signums / sizeof *signums];
	for (size_t i = 0; i < sizeof signums / sizeof *signums; i++)
		signals[i] = loop_signal_create(listening->loop, signums[i], on_end_signal, listening);
	listening->timer = loop_timer_create(listening->loop, on_incomplete, listening);
	struct loop_fd *source = loop_fd_create(listening->loop, STDIN_FILENO, LOOP_READ, on_bytes, listening);
	while (!listening->is_over && loop_turn(listening->loop, true))
		;
	loop_fd_destroy(source);
	loop_timer_destroy(listening->timer);
	for (size_t i = 0; i < sizeof signums / sizeof *signums; i++)
		loop_signal_destroy(signals[i]);
}

bool screen_listen(struct loop *loop, screen_key_fn *fn, void *user, struct err *err)
{
	struct listening listening = {.loop = loop, .fn = fn, .user = user};
	struct termios before;
	struct screen_terminal terminal;
	screen_look(&terminal);
	if (!terminal.is_terminal || tcgetattr(STDIN_FILENO, &before) != 0)
		return err_set(err, ERR_UNAVAILABLE, "keys come from a terminal: run it in one, without a pipe");
	if (terminal.colors < 0)
		return err_set(
		        err, ERR_UNAVAILABLE,
		        "there is no description of a terminal \"%.60s\" here: install ncurses-term, or set TERM to "
		        "one that is known, such as xterm",
		        terminal.term);
	const char *off = screen_capability("rmkx");
	rescue_note(STDIN_FILENO);
	rescue_arm(STDOUT_FILENO, off, strlen(off));
	set_line(&before);
	write_capability("smkx");
	listening.input = input_create(on_event, &listening);
	screen_add_keys(listening.input);
	if (fn(NULL, user))
		listen_until_over(&listening);
	input_destroy(listening.input);
	write_capability("rmkx");
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	rescue_disarm();
	return true;
}
