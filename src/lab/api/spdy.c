/* spdy: SPDY/3.1 as far as kubectl exec speaks it. See wire.h.
 *
 * Frames: control 80 03, type(2), flags(1), length(3); data: stream id(4), flags(1), length(3). kubectl opens its streams in
 * a fixed order and waits for the reply to each, so that a stream is known by its turn and no header block needs inflating;
 * ours are stored deflate blocks without a dictionary, each flushed by an empty one, which is all that its inflater wants.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/wire.h"

#define CONTROL_MAX 16384 /* bytes of a control frame */
#define DATA_MAX 32768    /* of a data frame of ours */
#define FLAG_FIN 1

enum stream { STREAM_ERROR, STREAM_STDIN, STREAM_STDOUT, STREAM_STDERR, STREAM_RESIZE, N_STREAMS };
enum { SYN_STREAM = 1, RST_STREAM = 3, PING = 6 };

struct spdy {
	struct wire wire; /* first */
	enum stream expected[N_STREAMS];
	int n_expected, n_open;
	uint32_t ids[N_STREAMS]; /* 0: not open */
	uint8_t header[8];
	size_t header_len, left; /* of the payload */
	struct str control;      /* payload of a control frame */
};

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(struct str *out, uint32_t value)
{
	const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
	                          (uint8_t)value};
	str_append_n(out, bytes, sizeof bytes);
}

static void put_data(struct spdy *spdy, enum stream stream, int flags, const char *bytes, size_t size)
{
	struct str *out = &spdy->wire.out;
	if (!spdy->ids[stream])
		return;
	do {
		size_t n = size < DATA_MAX ? size : DATA_MAX;
		put32(out, spdy->ids[stream]);
		put32(out, (uint32_t)(n == size ? flags : 0) << 24 | (uint32_t)n);
		str_append_n(out, bytes, n);
		bytes += n;
		size -= n;
	} while (size);
}

/* SYN_REPLY without headers: the count 0 in a stored block. The first one opens the zlib stream. */
static void put_reply(struct spdy *spdy, uint32_t id)
{
	static const uint8_t start[] = {0x78, 0x01}, block[] = {0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct str *out = &spdy->wire.out;
	bool is_first = spdy->n_open == 1;
	put32(out, 0x80030002);
	put32(out, (uint32_t)(4 + (is_first ? sizeof start : 0) + sizeof block));
	put32(out, id);
	if (is_first)
		str_append_n(out, start, sizeof start);
	str_append_n(out, block, sizeof block);
}

static bool open_stream(struct spdy *spdy, struct err *err)
{
	const uint8_t *payload = (const uint8_t *)str_text(&spdy->control);
	uint32_t id = spdy->control.len >= 10 ? get32(payload) & 0x7fffffff : 0;
	if (id % 2 == 0 || spdy->n_open == spdy->n_expected)
		return err_set(err, ERR_INVALID, "SPDY: a stream was opened that exec does not have");
	for (int i = 0; i < N_STREAMS; i++)
		if (spdy->ids[i] >= id)
			return err_set(err, ERR_INVALID, "SPDY: stream ids do not grow");
	spdy->ids[spdy->expected[spdy->n_open++]] = id;
	put_reply(spdy, id);
	if (spdy->n_open == spdy->n_expected)
		spdy->wire.events.on_ready(spdy->wire.user);
	return true;
}

static bool end_control(struct spdy *spdy, struct err *err)
{
	int type = spdy->header[2] << 8 | spdy->header[3];
	if (type == SYN_STREAM)
		return open_stream(spdy, err);
	if (type == PING && spdy->control.len == 4) {
		str_append_n(&spdy->wire.out, spdy->header, sizeof spdy->header);
		str_append_n(&spdy->wire.out, spdy->control.data, 4);
	}
	if (type == RST_STREAM && spdy->control.len >= 8 && spdy->ids[STREAM_STDIN] &&
	    get32((const uint8_t *)spdy->control.data) == spdy->ids[STREAM_STDIN])
		spdy->wire.events.on_stdin_end(spdy->wire.user);
	return true; /* settings, goaway, window updates: nothing to be done */
}

static void take_data(struct spdy *spdy, const char *bytes, size_t size)
{
	uint32_t id = get32(spdy->header);
	if (!id)
		return;
	if (id == spdy->ids[STREAM_STDIN] && size)
		spdy->wire.events.on_stdin(bytes, size, spdy->wire.user);
	else if (id == spdy->ids[STREAM_RESIZE])
		wire_feed_resize(&spdy->wire, bytes, size);
}

static bool end_frame(struct spdy *spdy, struct err *err)
{
	spdy->header_len = 0;
	if (spdy->header[0] & 0x80) {
		bool is_fine = end_control(spdy, err);
		str_clear(&spdy->control);
		return is_fine;
	}
	if ((spdy->header[4] & FLAG_FIN) && get32(spdy->header) && get32(spdy->header) == spdy->ids[STREAM_STDIN])
		spdy->wire.events.on_stdin_end(spdy->wire.user);
	return true;
}

static bool begin_frame(struct spdy *spdy, struct err *err)
{
	spdy->left = get32(spdy->header + 4) & 0xffffff;
	if (!(spdy->header[0] & 0x80))
		return true;
	if (spdy->header[0] != 0x80 || spdy->header[1] != 3)
		return err_set(err, ERR_INVALID, "SPDY: not version 3");
	if (spdy->left > CONTROL_MAX)
		return err_set(err, ERR_LIMIT, "SPDY: a control frame of %zu bytes", spdy->left);
	return true;
}

static bool spdy_feed(struct wire *wire, const char *bytes, size_t size, struct err *err)
{
	struct spdy *spdy = (struct spdy *)wire;
	while (size) {
		if (spdy->header_len < sizeof spdy->header) {
			spdy->header[spdy->header_len++] = (uint8_t)*bytes++;
			size--;
			if (spdy->header_len < sizeof spdy->header)
				continue;
			if (!begin_frame(spdy, err) || (!spdy->left && !end_frame(spdy, err)))
				return false;
			continue;
		}
		size_t n = size < spdy->left ? size : spdy->left;
		if (spdy->header[0] & 0x80)
			str_append_n(&spdy->control, bytes, n);
		else
			take_data(spdy, bytes, n);
		bytes += n;
		size -= n;
		spdy->left -= n;
		if (!spdy->left && !end_frame(spdy, err))
			return false;
	}
	return true;
}

static void spdy_output(struct wire *wire, int fd, const char *bytes, size_t size)
{
	if (size)
		put_data((struct spdy *)wire, fd == 2 ? STREAM_STDERR : STREAM_STDOUT, 0, bytes, size);
}

static void spdy_finish(struct wire *wire, const char *status)
{
	struct spdy *spdy = (struct spdy *)wire;
	put_data(spdy, STREAM_STDOUT, FLAG_FIN, "", 0);
	put_data(spdy, STREAM_STDERR, FLAG_FIN, "", 0);
	put_data(spdy, STREAM_ERROR, FLAG_FIN, status, strlen(status));
}

static void spdy_destroy(struct wire *wire)
{
	struct spdy *spdy = (struct spdy *)wire;
	str_finish(&spdy->control);
	str_finish(&wire->resize);
	str_finish(&wire->out);
	free(spdy);
}

struct wire *spdy_create(const struct wire_streams *streams, const struct wire_events *events, void *user)
{
	static const struct wire_kind kind = {spdy_feed, spdy_output, spdy_finish, spdy_destroy};
	const bool wanted[N_STREAMS] = {true, streams->has_stdin, streams->has_stdout,
	                                streams->has_stderr && !streams->tty, streams->tty};
	struct spdy *spdy = mem_alloc(sizeof *spdy);
	spdy->wire.kind = &kind;
	spdy->wire.events = *events;
	spdy->wire.user = user;
	for (int i = 0; i < N_STREAMS; i++)
		if (wanted[i])
			spdy->expected[spdy->n_expected++] = (enum stream)i;
	return &spdy->wire;
}
