/* The streams of an exec, over SPDY and over WebSocket, fed whole and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "lab/api/wire.h"
#include "onesdn/websocket.h"

struct seen {
	struct str text;
};

static void on_ready(void *user)
{
	str_append(&((struct seen *)user)->text, "ready ");
}

static void on_stdin(const char *bytes, size_t size, void *user)
{
	str_append_n(&((struct seen *)user)->text, bytes, size);
}

static void on_stdin_end(void *user)
{
	str_append(&((struct seen *)user)->text, " end");
}

static void on_resize(int rows, int cols, void *user)
{
	str_append_f(&((struct seen *)user)->text, " %dx%d", rows, cols);
}

static const struct wire_events events = {on_ready, on_stdin, on_stdin_end, on_resize};

static void put32(struct str *out, uint32_t value)
{
	const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
	                               (unsigned char)(value >> 8), (unsigned char)value};
	str_append_n(out, bytes, 4);
}

static uint32_t get32(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void syn(struct str *out, uint32_t id)
{
	put32(out, 0x80030001);
	put32(out, 18);
	put32(out, id);
	put32(out, 0);
	str_append_n(out, "\0\0headers.", 10); /* never looked into */
}

static void data(struct str *out, uint32_t id, int flags, const char *bytes)
{
	put32(out, id);
	put32(out, (uint32_t)flags << 24 | (uint32_t)strlen(bytes));
	str_append(out, bytes);
}

/* Goes through the frames of `out`: "reply1 reply3 3+hello 1!status"; + data, ! data with FIN. Inflates the replies. */
static char *frames(const struct str *out)
{
	struct str text = {0};
	z_stream z = {0};
	assert_int_equal(inflateInit(&z), Z_OK);
	for (size_t at = 0; at < out->len;) {
		assert_true(out->len - at >= 8);
		uint32_t first = get32(out->data + at), size = get32(out->data + at + 4) & 0xffffff;
		int flags = out->data[at + 4];
		assert_true(out->len - at - 8 >= size);
		const char *payload = out->data + at + 8;
		if (first == 0x80030002) {
			unsigned char plain[64];
			z.next_in = (unsigned char *)payload + 4;
			z.avail_in = size - 4;
			z.next_out = plain;
			z.avail_out = sizeof plain;
			assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
			assert_int_equal(z.avail_in, 0);
			assert_int_equal(sizeof plain - z.avail_out, 4); /* a count of no headers */
			assert_memory_equal(plain, "\0\0\0\0", 4);
			str_append_f(&text, "reply%u ", get32(payload));
		} else if (first & 0x80000000) {
			str_append_f(&text, "control%u ", first & 0xffff);
		} else {
			str_append_f(&text, "%u%c%.*s ", first, flags & 1 ? '!' : '+', size > 20 ? 20 : (int)size,
			             payload);
		}
		at += 8 + size;
	}
	inflateEnd(&z);
	return str_take(&text);
}

static void feed_in(struct wire *wire, const struct str *in, size_t step)
{
	struct err err;
	for (size_t at = 0; at < in->len; at += step)
		assert_true(wire->kind->feed(wire, in->data + at, in->len - at < step ? in->len - at : step, &err));
}

static void spdy_session(void **state)
{
	const struct wire_streams streams = {.has_stdin = true, .has_stdout = true, .has_stderr = true};
	const size_t steps[] = {1, 3, 7, 100000};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct seen seen = {0};
		struct str in = {0};
		struct wire *wire = spdy_create(&streams, &events, &seen);
		for (uint32_t id = 1; id <= 7; id += 2)
			syn(&in, id);
		put32(&in, 0x80030006); /* ping */
		put32(&in, 4);
		put32(&in, 1);
		data(&in, 3, 0, "hello ");
		data(&in, 1, 1, "");
		data(&in, 3, 0, "world");
		data(&in, 3, 1, "");
		feed_in(wire, &in, steps[i]);
		assert_string_equal(str_text(&seen.text), "ready hello world end");
		wire->kind->output(wire, 1, "out", 3);
		wire->kind->output(wire, 2, "err", 3);
		wire->kind->finish(wire, "{}");
		char *text = frames(&wire->out);
		assert_string_equal(text, "reply1 reply3 reply5 reply7 control6 5+out 7+err 5! 7! 1!{} ");
		free(text);
		wire->kind->destroy(wire);
		str_finish(&in);
		str_finish(&seen.text);
	}
}

static void spdy_tty(void **state)
{
	const struct wire_streams streams = {.has_stdin = true, .has_stdout = true, .tty = true};
	struct seen seen = {0};
	struct str in = {0};
	struct wire *wire = spdy_create(&streams, &events, &seen);
	(void)state;
	for (uint32_t id = 1; id <= 7; id += 2)
		syn(&in, id);
	data(&in, 7, 0, "{\"Width\":100,\"Height\":30}\n{\"Width\":8");
	data(&in, 7, 0, "0,\"Height\":24}\n{\"Width\":-1,\"Height\":99999999}\n");
	feed_in(wire, &in, 5);
	assert_string_equal(str_text(&seen.text), "ready  30x100 24x80");
	wire->kind->destroy(wire);
	str_finish(&in);
	str_finish(&seen.text);
}

static void spdy_large_output(void **state)
{
	const struct wire_streams streams = {.has_stdout = true};
	struct seen seen = {0};
	struct str in = {0};
	struct wire *wire = spdy_create(&streams, &events, &seen);
	char *big = mem_alloc(100001);
	(void)state;
	memset(big, 'x', 100000);
	syn(&in, 1);
	syn(&in, 3);
	feed_in(wire, &in, 1000);
	str_clear(&wire->out);
	wire->kind->output(wire, 1, big, 100000);
	assert_int_equal(wire->out.len, 100000 + 4 * 8); /* frames of 32 KiB at most */
	free(big);
	wire->kind->destroy(wire);
	str_finish(&in);
	str_finish(&seen.text);
}

static void spdy_refuses(void **state)
{
	const struct wire_streams streams = {.has_stdout = true};
	struct {
		uint32_t words[5];
		size_t n;
	} cases[] = {
	        {{0x80020001, 18}, 2},          /* another version */
	        {{0x80030001, 0x00ffffff}, 2},  /* a control frame of 16 MB */
	        {{0x80030001, 10, 2, 0, 0}, 5}, /* an even id */
	        {{0x80030001, 4, 1}, 3},        /* too short */
	        {{0xff030001, 4, 1}, 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct seen seen = {0};
		struct str in = {0};
		struct err err;
		struct wire *wire = spdy_create(&streams, &events, &seen);
		for (size_t k = 0; k < cases[i].n; k++)
			put32(&in, cases[i].words[k]);
		str_append_n(&in, "\0\0\0\0\0\0", 6);
		if (wire->kind->feed(wire, in.data, in.len, &err))
			fail_msg("case %zu was not refused", i);
		wire->kind->destroy(wire);
		str_finish(&in);
		str_finish(&seen.text);
	}
	/* more streams than there are, or ids that do not grow */
	const uint32_t ids[][3] = {{1, 3, 5}, {3, 1, 0}};
	for (size_t i = 0; i < 2; i++) {
		struct seen seen = {0};
		struct str in = {0};
		struct err err;
		struct wire *wire = spdy_create(&streams, &events, &seen);
		for (size_t k = 0; k < 3 && ids[i][k]; k++)
			syn(&in, ids[i][k]);
		assert_false(wire->kind->feed(wire, in.data, in.len, &err));
		wire->kind->destroy(wire);
		str_finish(&in);
		str_finish(&seen.text);
	}
}

/* ---- WebSocket ---- */

static void masked(struct str *out, int opcode, const char *bytes, size_t size)
{
	static const char mask[4] = {0x11, 0x22, 0x33, 0x44};
	str_append_c(out, (char)(0x80 | opcode));
	if (size < 126) {
		str_append_c(out, (char)(0x80 | size));
	} else {
		str_append_c(out, (char)(0x80 | 126));
		str_append_c(out, (char)(size >> 8));
		str_append_c(out, (char)size);
	}
	str_append_n(out, mask, 4);
	for (size_t i = 0; i < size; i++)
		str_append_c(out, (char)(bytes[i] ^ mask[i % 4]));
}

static void websocket_session(void **state)
{
	const struct wire_streams streams = {.has_stdin = true, .has_stdout = true, .has_stderr = true, .tty = true};
	const size_t steps[] = {1, 5, 100000};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct seen seen = {0};
		struct str in = {0};
		struct wire *wire = channels_create(&streams, &events, &seen);
		masked(&in, 2, "\4{\"Width\":100,\"Height\":30}\n", 27);
		masked(&in, 9, "", 0); /* ping */
		masked(&in, 2, "\0hello", 6);
		masked(&in, 2, "\xff\0", 2);
		masked(&in, 2, "\0late", 5);
		feed_in(wire, &in, steps[i]);
		assert_string_equal(str_text(&seen.text), "ready  30x100hello end");
		wire->kind->output(wire, 1, "out", 3);
		wire->kind->output(wire, 2, "err", 3);
		wire->kind->finish(wire, "{}");
		static const char wanted[] = "\x8a\x00\x82\x04\x01out\x82\x04\x02"
		                             "err\x82\x03\x03{}\x88\x02\x03\xe8";
		assert_int_equal(wire->out.len, sizeof wanted - 1);
		assert_memory_equal(wire->out.data, wanted, sizeof wanted - 1);
		assert_false(wire->is_closed);
		str_clear(&in);
		masked(&in, 8, "\x03\xe8", 2);
		feed_in(wire, &in, steps[i]);
		assert_true(wire->is_closed);
		wire->kind->destroy(wire);
		str_finish(&in);
		str_finish(&seen.text);
	}
}

static void websocket_refuses(void **state)
{
	const struct wire_streams streams = {.has_stdin = true, .has_stdout = true};
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {{"\x82\x05hello", 7} /* not masked */,
	             {"\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00\x11\x22\x33\x44x", 15} /* 1 GB */,
	             {"\xf2\x81\x11\x22\x33\x44x", 7} /* reserved bits */,
	             {"\x83\x81\x11\x22\x33\x44x", 7} /* an unknown opcode */};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct seen seen = {0};
		struct err err;
		struct wire *wire = channels_create(&streams, &events, &seen);
		if (wire->kind->feed(wire, cases[i].bytes, cases[i].size, &err) && !wire->is_closed)
			fail_msg("case %zu goes on", i);
		wire->kind->destroy(wire);
		str_finish(&seen.text);
	}
}

static void websocket_proof(void **state)
{
	char accept[32];
	(void)state;
	websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); /* RFC 6455, 1.3 */
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(spdy_session),      cmocka_unit_test(spdy_tty),
	        cmocka_unit_test(spdy_large_output), cmocka_unit_test(spdy_refuses),
	        cmocka_unit_test(websocket_session), cmocka_unit_test(websocket_refuses),
	        cmocka_unit_test(websocket_proof),
	};
	return cmocka_run_group_tests_name("spdy", tests, NULL, NULL);
}
