/* command: a whole command — input in, both outputs collected, one answer. Built on the face only. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define PIECE 65536

/* One end of a pipe to the command. */
struct stream {
	struct loop_command *command;
	int fd; /* -1 once over */
	struct loop_fd *source;
	struct str text; /* input: what is left to write; output: what came */
};
enum { INPUT, OUTPUT, ERRORS, N_STREAMS };

struct loop_command {
	struct loop *loop;
	struct loop_child *child;
	struct stream streams[N_STREAMS];
	struct loop_timer *deadline;
	int64_t deadline_ms;
	size_t max_size;
	struct err failure;
	loop_result_fn *fn;
	void *user;
};

static void close_stream(struct stream *stream)
{
	loop_fd_destroy(stream->source);
	stream->source = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static void close_all(struct loop_command *command)
{
	for (int i = 0; i < N_STREAMS; i++)
		close_stream(&command->streams[i]);
	loop_child_destroy(command->child);
	command->child = NULL;
	loop_timer_stop(command->deadline);
}

/* The last thing that happens to a command: the callback may destroy it. */
static void finish(struct loop_command *command, int status)
{
	close_all(command);
	struct loop_result result = {
	        .status = status,
	        .out = str_text(&command->streams[OUTPUT].text),
	        .errors = str_text(&command->streams[ERRORS].text),
	        .failure = command->failure.code != ERR_NONE ? command->failure.text : NULL,
	};
	command->fn(&result, command->user);
}

/* One read. False when there is nothing more, now or ever. */
static bool read_some(struct stream *stream)
{
	static char piece[PIECE];
	if (stream->fd < 0)
		return false;
	ssize_t n = read(stream->fd, piece, sizeof piece);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		close_stream(stream);
		return false;
	}
	size_t room = stream->command->max_size - stream->text.len;
	str_append_n(&stream->text, piece, (size_t)n < room ? (size_t)n : room);
	return true;
}

static void on_output(int events, void *user)
{
	(void)events;
	read_some(user);
}

static void on_input(int events, void *user)
{
	(void)events;
	struct stream *stream = user;
	ssize_t n = write(stream->fd, stream->text.data, stream->text.len < PIECE ? stream->text.len : PIECE);
	if (n > 0)
		str_drop_front(&stream->text, (size_t)n);
	bool is_broken = n < 0 && errno != EAGAIN && errno != EINTR; /* it does not read its input: its own choice */
	if (is_broken || stream->text.len == 0)
		close_stream(stream);
}

/* What it wrote is in the pipes by now. Their end is not waited for: something it left behind may hold them open. */
static void on_exit_of(struct loop_child *child, int status, void *user)
{
	(void)child;
	struct loop_command *command = user;
	for (int i = OUTPUT; i <= ERRORS; i++) {
		struct stream *stream = &command->streams[i];
		for (size_t most = 0; most < 1024 && read_some(stream); most++) /* a pipe holds 1 MiB at most */
			continue;
	}
	finish(command, status);
}

static void on_deadline(void *user)
{
	struct loop_command *command = user;
	err_set(&command->failure, ERR_TIMEOUT, "it did not end within %" PRId64 " ms", command->deadline_ms);
	loop_child_kill(command->child, SIGTERM);
	finish(command, -1);
}

static void on_failed_start(void *user)
{
	finish(user, -1);
}

/* ours[] and its[] are -1 where there is no pipe. */
static bool make_pipes(bool has_input, int ours[3], int its[3])
{
	for (int i = has_input ? INPUT : OUTPUT; i < N_STREAMS; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0)
			return false;
		ours[i] = ends[i == INPUT];
		its[i] = ends[i != INPUT];
		if (fcntl(ours[i], F_SETFL, (i == INPUT ? O_WRONLY : O_RDONLY) | O_NONBLOCK) != 0)
			return false;
	}
	return true;
}

static void close_fds(const int fds[3])
{
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static bool start(struct loop_command *command, const struct loop_spawn *spec, const char *input)
{
	int ours[3] = {-1, -1, -1}, its[3] = {-1, -1, -1};
	struct loop_spawn own = *spec;
	own.pty = false;
	if (!make_pipes(input && input[0] != '\0', ours, its)) {
		err_errno(&command->failure, errno, "%s cannot be started: no pipe can be made", spec->argv[0]);
	} else {
		memcpy(own.fds, its, sizeof its);
		command->child = loop_spawn(command->loop, &own, on_exit_of, command, &command->failure);
	}
	close_fds(its);
	if (!command->child) {
		close_fds(ours);
		return false;
	}
	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *stream = &command->streams[i];
		stream->fd = ours[i];
		if (stream->fd >= 0)
			stream->source = loop_fd_create(command->loop, stream->fd, i == INPUT ? LOOP_WRITE : LOOP_READ,
			                                i == INPUT ? on_input : on_output, stream);
	}
	if (ours[INPUT] >= 0)
		str_append(&command->streams[INPUT].text, input);
	return true;
}

struct loop_command *loop_command_create(struct loop *loop, const struct loop_spawn *spec, const char *input,
                                         size_t max_size, int64_t deadline_ms, loop_result_fn *fn, void *user)
{
	struct loop_command *command = mem_alloc(sizeof *command);
	command->loop = loop;
	command->fn = fn;
	command->user = user;
	command->max_size = max_size;
	command->deadline_ms = deadline_ms;
	command->deadline = loop_timer_create(loop, on_deadline, command);
	for (int i = 0; i < N_STREAMS; i++)
		command->streams[i] = (struct stream){.command = command, .fd = -1};
	if (!start(command, spec, input))
		loop_post(loop, on_failed_start, command);
	else if (deadline_ms > 0)
		loop_timer_start(command->deadline, deadline_ms, 0);
	return command;
}

void loop_command_destroy(struct loop_command *command)
{
	if (!command)
		return;
	loop_unpost(command->loop, command);
	close_all(command);
	loop_timer_destroy(command->deadline);
	for (int i = 0; i < N_STREAMS; i++)
		str_finish(&command->streams[i].text);
	loop_free_later(command->loop, command);
}
