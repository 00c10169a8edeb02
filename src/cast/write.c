/* write: a cast, line by line. A line goes out whole with one write to a file opened for appending; what a full disk cut is taken
 * off again. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writer_stream { /* output and input have characters of their own that may straddle */
	char kind, tail[UTF8_MAX];
	size_t n_tail;
};

struct cast_writer {
	int version, cols, rows; /* rows and columns as they are at the end */
	int fd;                  /* -1: in memory */
	char *path;
	struct str *text;
	const struct cast_rules *rules;
	struct cast_redactor *redactor; /* of output; NULL without rules */
	struct writer_stream output, input;
	int64_t end_us; /* of the last event that was written */
	int64_t size;   /* of the file: whole lines */
	struct str line;
	struct err err; /* the first failure */
};

static void write_line(struct cast_writer *writer)
{
	if (writer->err.code != ERR_NONE)
		return;
	if (writer->fd < 0) {
		str_append_n(writer->text, writer->line.data, writer->line.len);
		return;
	}
	size_t at = 0;
	while (at < writer->line.len) {
		ssize_t n = write(writer->fd, writer->line.data + at, writer->line.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at == writer->line.len) {
		writer->size += (int64_t)at;
		return;
	}
	err_errno(&writer->err, errno, "%s cannot be written to", writer->path);
	if (ftruncate(writer->fd, writer->size) != 0)
		err_context(&writer->err, "its last line is not whole");
}

static void begin_event(struct cast_writer *writer, int64_t at_us, char kind)
{
	if (at_us < writer->end_us)
		at_us = writer->end_us;
	if (at_us > TIME_MAX_US)
		at_us = TIME_MAX_US;
	str_clear(&writer->line);
	str_append_c(&writer->line, '[');
	text_append_time(&writer->line, writer->version == 3 ? at_us - writer->end_us : at_us);
	str_append_f(&writer->line, ", \"%c\", ", kind);
	writer->end_us = at_us;
}

static void write_event(struct cast_writer *writer, int64_t at_us, char kind, const char *bytes, size_t size)
{
	begin_event(writer, at_us, kind);
	text_append_json(&writer->line, bytes, size);
	str_append(&writer->line, "]\n");
	write_line(writer);
}

/* Whole characters only; the beginning of one waits for its rest. */
static void write_stream(struct cast_writer *writer, struct writer_stream *stream, int64_t at_us, const char *bytes,
                         size_t size)
{
	enum { PIECE_MAX = 1 << 20 };
	struct str joined = {0};
	str_append_n(&joined, stream->tail, stream->n_tail);
	str_append_n(&joined, bytes, size);
	for (size_t at = 0; at < joined.len;) {
		size_t piece = joined.len - at < PIECE_MAX ? joined.len - at : PIECE_MAX;
		size_t open = text_open_tail(joined.data + at, piece);
		bool is_last = at + piece == joined.len;
		if (piece > open)
			write_event(writer, at_us, stream->kind, joined.data + at, piece - open);
		stream->n_tail = is_last ? open : 0;
		if (is_last)
			memcpy(stream->tail, joined.data + at + piece - open, open);
		at += is_last ? piece : piece - open;
	}
	str_finish(&joined);
}

static void on_redacted(int64_t at_us, const char *bytes, size_t size, void *user)
{
	struct cast_writer *writer = user;
	write_stream(writer, &writer->output, at_us, bytes, size);
}

/* Before an event of another kind: what the redactor holds is older. */
static void settle(struct cast_writer *writer)
{
	if (writer->redactor)
		cast_redactor_flush(writer->redactor);
}

void cast_writer_output(struct cast_writer *writer, int64_t at_us, const char *bytes, size_t size)
{
	if (size == 0)
		return;
	if (writer->redactor)
		cast_redactor_feed(writer->redactor, at_us, bytes, size);
	else
		write_stream(writer, &writer->output, at_us, bytes, size);
}

void cast_writer_input(struct cast_writer *writer, int64_t at_us, const char *bytes, size_t size)
{
	settle(writer);
	if (size > 0)
		write_stream(writer, &writer->input, at_us, bytes, size);
}

void cast_writer_marker(struct cast_writer *writer, int64_t at_us, const char *title)
{
	struct str text = {0}, safe = {0};
	settle(writer);
	if (writer->rules)
		cast_rules_text(writer->rules, title, strlen(title), &text);
	else
		str_append(&text, title);
	str_append_safe(&safe, str_text(&text), text.len);
	write_event(writer, at_us, CAST_MARKER, str_text(&safe), safe.len);
	str_finish(&text);
	str_finish(&safe);
}

void cast_writer_resize(struct cast_writer *writer, int64_t at_us, int cols, int rows)
{
	settle(writer);
	begin_event(writer, at_us, CAST_RESIZE);
	str_append_f(&writer->line, "\"%dx%d\"]\n", cols, rows);
	write_line(writer);
	writer->cols = cols;
	writer->rows = rows;
}

const char *cast_writer_problem(const struct cast_writer *writer)
{
	return writer->err.code == ERR_NONE ? "" : writer->err.text;
}

int64_t cast_writer_end(const struct cast_writer *writer)
{
	return writer->end_us;
}

bool cast_writer_append(struct cast_writer *writer, const struct cast *take, struct err *err)
{
	/* modes, margins and pen as they were at the beginning, the first screen, blank */
	static const char blank[] = "\033[!p\033[?1049l\033[0m\033(B\017\033[H\033[2J";
	if (take->header.cols != writer->cols || take->header.rows != writer->rows)
		return err_set(
		        err, ERR_CONFLICT,
		        "it is %dx%d and the recording it would follow %dx%d: takes that are joined are of one size",
		        take->header.cols, take->header.rows, writer->cols, writer->rows);
	settle(writer);
	int64_t start = writer->end_us;
	if (start > 0)
		write_event(writer, start, CAST_OUTPUT, blank, sizeof blank - 1);
	for (size_t i = 0; i < take->events.len; i++) {
		const struct cast_event *event = &take->events.data[i];
		switch (event->kind) {
		case CAST_OUTPUT:
			cast_writer_output(writer, start + event->at_us, event->data, event->size);
			break;
		case CAST_INPUT:
			cast_writer_input(writer, start + event->at_us, event->data, event->size);
			break;
		case CAST_MARKER:
			cast_writer_marker(writer, start + event->at_us, event->data);
			break;
		case CAST_RESIZE:
			cast_writer_resize(writer, start + event->at_us, event->cols, event->rows);
			break;
		default: /* the end of one take is not that of the whole */
			break;
		}
	}
	settle(writer);
	if (start + take->duration_us > writer->end_us)
		write_event(writer, start + take->duration_us, CAST_OUTPUT, "", 0);
	return true;
}

bool cast_writer_finish(struct cast_writer *writer, int64_t at_us, int status, struct err *err)
{
	settle(writer);
	struct writer_stream *streams[] = {&writer->output, &writer->input};
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
		if (streams[i]->n_tail)
			write_event(writer, at_us, streams[i]->kind, streams[i]->tail, streams[i]->n_tail);
	writer->output.n_tail = writer->input.n_tail = 0;
	if (writer->version == 3 && status >= 0) {
		begin_event(writer, at_us, CAST_EXIT);
		str_append_f(&writer->line, "\"%d\"]\n", status);
		write_line(writer);
	} else if (at_us > writer->end_us) {
		write_event(writer, at_us, CAST_OUTPUT, "", 0);
	}
	if (writer->err.code != ERR_NONE)
		return err_set(err, writer->err.code, "%s", writer->err.text);
	return true;
}

static struct cast_writer *create(const struct cast_header *header, const struct cast_rules *rules)
{
	struct cast_writer *writer = mem_alloc(sizeof *writer);
	writer->fd = -1;
	writer->version = header->version == 3 ? 3 : 2;
	writer->cols = header->cols;
	writer->rows = header->rows;
	writer->rules = rules;
	writer->output.kind = CAST_OUTPUT;
	writer->input.kind = CAST_INPUT;
	if (rules)
		writer->redactor = cast_redactor_create(rules, on_redacted, writer);
	header_write(header, rules, &writer->line);
	return writer;
}

struct cast_writer *cast_writer_create_text(struct str *out, const struct cast_header *header,
                                            const struct cast_rules *rules)
{
	struct cast_writer *writer = create(header, rules);
	writer->text = out;
	write_line(writer);
	return writer;
}

struct cast_writer *cast_writer_create(const char *path, const struct cast_header *header,
                                       const struct cast_rules *rules, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_errno(err, errno, "%s cannot be written", path);
		return NULL;
	}
	struct cast_writer *writer = create(header, rules);
	writer->fd = fd;
	writer->path = mem_strdup(path);
	write_line(writer);
	if (writer->err.code == ERR_NONE)
		return writer;
	err_set(err, writer->err.code, "%s", writer->err.text);
	cast_writer_destroy(writer);
	return NULL;
}

void cast_writer_destroy(struct cast_writer *writer)
{
	if (!writer)
		return;
	cast_redactor_destroy(writer->redactor);
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer->path);
	str_finish(&writer->line);
	free(writer);
}

/* ---- joining ---- */

static bool append_file(struct cast_writer **writer, struct str *out, const char *path,
                        const struct cast_header *header, struct err *err)
{
	struct cast *take = cast_read(path, err);
	bool is_good = take != NULL;
	if (take && !*writer)
		*writer = cast_writer_create_text(out, header ? header : &take->header, NULL);
	if (take && !cast_writer_append(*writer, take, err))
		is_good = err_context(err, "%s", path);
	cast_destroy(take);
	return is_good;
}

bool cast_join(const char *path, const struct cast_header *header, const char *const *takes, size_t n_takes,
               struct err *err)
{
	struct cast_writer *writer = NULL;
	struct str out = {0};
	bool is_good = n_takes > 0 || err_set(err, ERR_INVALID, "there are no takes to be joined");
	for (size_t i = 0; is_good && i < n_takes; i++)
		is_good = append_file(&writer, &out, takes[i], header, err);
	is_good = is_good && writer && cast_writer_finish(writer, cast_writer_end(writer), -1, err) &&
	          file_write(path, str_text(&out), out.len, 0644, err);
	cast_writer_destroy(writer);
	str_finish(&out);
	return is_good;
}
