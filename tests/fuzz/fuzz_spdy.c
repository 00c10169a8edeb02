/* The frames of an exec's connection: SPDY or WebSocket by the first byte, in pieces whose size is the second; output and
 * the end of the process come in between.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct wire *wire;
	int n_ready, n_ends;
};

static void on_ready(void *user)
{
	if (((struct seen *)user)->n_ready++)
		abort(); /* once */
}

static void on_stdin(const char *bytes, size_t size, void *user)
{
	struct seen *seen = user;
	volatile char sum = 0;
	for (size_t i = 0; i < size; i++)
		sum = (char)(sum + bytes[i]);
	if (size)
		seen->wire->kind->output(seen->wire, 1, bytes, size); /* an echo */
}

static void on_stdin_end(void *user)
{
	((struct seen *)user)->n_ends++;
}

static void on_resize(int rows, int cols, void *user)
{
	(void)user;
	if (rows < 1 || rows > 65535 || cols < 1 || cols > 65535)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct wire_events events = {on_ready, on_stdin, on_stdin_end, on_resize};
	struct seen seen = {0};
	struct err err;
	if (size < 2)
		return 0;
	const struct wire_streams streams = {.has_stdin = data[0] & 2,
	                                     .has_stdout = !(data[0] & 4),
	                                     .has_stderr = !(data[0] & 8),
	                                     .tty = data[0] & 16};
	struct wire *wire =
	        data[0] & 1 ? spdy_create(&streams, &events, &seen) : channels_create(&streams, &events, &seen);
	size_t step = data[1] ? data[1] : 65536, end_at = data[0] & 32 ? size / 2 : size;
	bool is_fine = true, has_ended = false;
	seen.wire = wire;
	for (size_t at = 2; at < size && is_fine; at += step) {
		size_t n = size - at < step ? size - at : step;
		char *piece = mem_alloc(n);
		memcpy(piece, data + at, n);
		is_fine = wire->kind->feed(wire, piece, n, &err);
		free(piece);
		if (at >= end_at && !has_ended) {
			wire->kind->finish(wire, "{\"status\":\"Success\"}");
			has_ended = true;
		}
		if (wire->out.len > 64 * size + 4096) /* answers grow with what was asked, no faster */
			abort();
	}
	wire->kind->destroy(wire);
	return 0;
}
