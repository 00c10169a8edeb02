/* Writes recordings for other players to play: walk2.cast and walk3.cast (a program's frames, as cells that changed), shell.cast
 * (a shell's output, cut into writes anywhere), joined.cast (takes of both). Beside each NAME.bytes, all that it prints.
 * usage: make_casts FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/canvas.h"
#include "onesdn/cast.h"

enum { COLS = 72, ROWS = 14 };
#define S ((int64_t)1000000)

static const char *folder;

static void must(bool holds, const struct err *err)
{
	if (!holds)
		base_abort("%s", err->text);
}

static char *path_of(const char *name, const char *end)
{
	return mem_printf("%s/%s%s", folder, name, end);
}

static struct cast_writer *begin(const char *name, int version)
{
	struct err err = {0};
	struct cast_header header = {.version = version,
	                             .cols = COLS,
	                             .rows = ROWS,
	                             .timestamp = 1700000000,
	                             .idle_limit_us = 5 * S,
	                             .title = "A walk: \"frames\" 中文",
	                             .term = "xterm-256color",
	                             .shell = "/bin/bash",
	                             .theme = {.is_set = true, .fg = 0xd0d0d0, .bg = 0x101418, .n_palette = 16}};
	for (uint32_t i = 0; i < 16; i++)
		header.theme.palette[i] = i * 0x0f0f0f;
	char *path = path_of(name, ".cast");
	struct cast_writer *writer = cast_writer_create(path, &header, NULL, &err);
	must(writer != NULL, &err);
	free(path);
	return writer;
}

static void finish(struct cast_writer *writer, int64_t at_us)
{
	struct err err = {0};
	must(cast_writer_finish(writer, at_us, 0, &err), &err);
	cast_writer_destroy(writer);
}

/* What stands in the file, read again by ourselves; the other players must come to the same. */
static void write_bytes(const char *name)
{
	struct err err = {0};
	struct str bytes = {0};
	char *from = path_of(name, ".cast"), *to = path_of(name, ".bytes");
	struct cast *cast = cast_read(from, &err);
	must(cast != NULL, &err);
	for (size_t i = 0; i < cast->events.len; i++)
		if (cast->events.data[i].kind == CAST_OUTPUT)
			str_append_n(&bytes, cast->events.data[i].data, cast->events.data[i].size);
	must(file_write(to, str_text(&bytes), bytes.len, 0644, &err), &err);
	cast_destroy(cast);
	str_finish(&bytes);
	free(from);
	free(to);
}

static void paint(struct canvas *canvas, int frame)
{
	char text[64];
	struct rect box = {2 + frame % 7, 2, 40, 8};
	canvas_clear(canvas);
	snprintf(text, sizeof text, "frame %d, stage %d", frame, frame / 10 + 1);
	canvas_put(canvas, 1, 0, COLS, ROLE_TITLE, ATTR_BOLD, text);
	canvas_box(canvas, box, BOX_ROUND, ROLE_FRAME, "tenantblue · 网络");
	canvas_put(canvas, box.x + 2, 4, 30, ROLE_OK, frame % 3 ? ATTR_REVERSE : ATTR_UNDERLINE,
	           "● podclient ┃ ▐ net1 ▌ ✓ ▶");
	canvas_put(canvas, box.x + 2, 6, 30, ROLE_SECONDARY, 0, "中文 wide, e\xcc\x81 combined");
	for (int x = 0; x < COLS; x++)
		canvas_put_char(canvas, x, ROWS - 1, x < frame * 2 ? ROLE_WAIT : ROLE_MUTED, 0,
		                x < frame * 2 ? 0x2501 : 0x2500);
	canvas->cursor_x = frame % 5 ? frame % COLS : -1;
	canvas->cursor_y = frame % 5 ? 11 : -1;
}

/* A marker every ten frames, a pause longer than the idle limit before the third. */
static void write_walk(const char *name, int version)
{
	struct canvas_look looks[ROLE_COUNT] = {{0}};
	for (int i = 0; i < ROLE_COUNT; i++)
		looks[i].fg = i % 3 ? COLOR_INDEX(i) : COLOR_RGB(200, 100 + i, 50);
	struct cast_writer *writer = begin(name, version);
	struct canvas *now = canvas_create(COLS, ROWS), *before = NULL;
	int64_t at_us = 0;
	for (int frame = 0; frame < 32; frame++) {
		char title[64];
		struct str bytes = {0};
		at_us = frame * S / 3 + (frame >= 20 ? 60 * S : 0);
		snprintf(title, sizeof title, "Stage %d: <it's> \"at\" & 你好", frame / 10 + 1);
		if (frame % 10 == 0)
			cast_writer_marker(writer, at_us, title);
		paint(now, frame);
		canvas_diff(before, now, looks, &bytes);
		cast_writer_output(writer, at_us, str_text(&bytes), bytes.len);
		if (!before)
			before = canvas_create(COLS, ROWS);
		canvas_copy(before, 0, 0, now);
		before->cursor_x = now->cursor_x;
		before->cursor_y = now->cursor_y;
		str_finish(&bytes);
	}
	canvas_destroy(now);
	canvas_destroy(before);
	finish(writer, at_us + 2 * S);
}

static void write_shell(const char *name)
{
	static const char text[] =
	        "\033[1;32muser@host\033[0m:\033[34m~\033[0m$ kubectl get pods -o wide\r\n"
	        "NAME       READY  STATUS   中文\r\npodclient  1/1    Running  \033[38;5;208m●\033[0m 😀\r\n"
	        "\ttab\b\b\bBS \a\"quoted\\\" "
	        "\x7f\r\n\033[?1049h\033[2J\033[5;5Haltscreen\033[?1049l\033(0lqqk\033(B\r\n$ ";
	struct cast_writer *writer = begin(name, 2);
	cast_writer_marker(writer, 0, "shell");
	for (size_t at = 0; at < sizeof text - 1; at += 3)
		cast_writer_output(writer, (int64_t)at * 20000, text + at,
		                   sizeof text - 1 - at < 3 ? sizeof text - 1 - at : 3);
	finish(writer, 6 * S);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"walk2", "walk3", "shell", "joined"};
	struct err err = {0};
	if (argc != 2)
		return 2;
	folder = argv[1];
	write_walk("walk2", 2);
	write_walk("walk3", 3);
	write_shell("shell");
	char *walk = path_of("walk3", ".cast"), *shell = path_of("shell", ".cast"),
	     *joined = path_of("joined", ".cast");
	struct cast_header header = {.version = 2,
	                             .cols = COLS,
	                             .rows = ROWS,
	                             .title = "joined",
	                             .term = "xterm-256color",
	                             .idle_limit_us = 5 * S};
	must(cast_join(joined, &header, (const char *[]){shell, walk, shell}, 3, &err), &err);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		write_bytes(names[i]);
	free(walk);
	free(shell);
	free(joined);
	return 0;
}
