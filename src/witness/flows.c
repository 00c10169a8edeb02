/* A line: " cookie=0x14f5c2a8, duration=16.324s, table=25, n_packets=0, n_bytes=0, idle_age=16, priority=2000,reg0=0x200/0x200,reg14=0x3,
 * metadata=0x5 actions=drop". Everything before the match is "name=value" and ", ", the match itself has no blanks.
 */
#include "witness/flows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally_seen {
	uint64_t n_packets;
	double duration_s;
	bool is_there; /* in this dump */
};

/* The value after " NAME=" in the line, or NULL. */
static const char *value_of(const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);
	const char *at = line;
	while ((at = memmem(at, (size_t)(end - at), name, len)) != NULL) {
		bool is_start = at == line || at[-1] == ' ' || at[-1] == ',';
		if (is_start && at + len < end && at[len] == '=')
			return at + len + 1;
		at += len;
	}
	return NULL;
}

static bool read_line(const char *line, const char *end, struct flow_line *out)
{
	const char *actions = memmem(line, (size_t)(end - line), " actions=", strlen(" actions="));
	if (actions == NULL || actions - line > 4096)
		return false;
	char *copy = mem_strndup(line, (size_t)(actions - line)); /* terminated, for the numbers */
	const char *stop = copy + strlen(copy), *cookie = value_of(copy, stop, "cookie"),
	           *packets = value_of(copy, stop, "n_packets"), *table = value_of(copy, stop, "table"),
	           *duration = value_of(copy, stop, "duration"), *match = strrchr(copy, ' ');
	bool is_flow = cookie != NULL && packets != NULL && match != NULL;
	if (is_flow) {
		out->cookie = (uint32_t)strtoull(cookie, NULL, 16);
		out->n_packets = strtoull(packets, NULL, 10);
		out->duration_s = duration != NULL ? strtod(duration, NULL) : 0;
		out->id = mem_printf("%08x %d %s", out->cookie, table != NULL ? (int)strtol(table, NULL, 10) : 0,
		                     match + 1);
	}
	free(copy);
	return is_flow;
}

void flows_parse(const char *text, size_t len, struct flows *out)
{
	*out = (struct flows){0};
	for (const char *line = text, *stop = text + len; line < stop && out->lines.len < FLOWS_MAX;) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));
		struct flow_line flow;
		if (end == NULL)
			end = stop;
		if (read_line(line, end, &flow))
			vec_push(&out->lines, flow);
		line = end < stop ? end + 1 : stop;
	}
}

void flows_finish(struct flows *flows)
{
	for (size_t i = 0; i < flows->lines.len; i++)
		free(flows->lines.data[i].id);
	vec_finish(&flows->lines);
}

/* ---- the sum ---- */

static void add_line(struct tally *tally, const struct flow_line *line)
{
	struct tally_seen *seen = map_find(&tally->seen, line->id);
	uint64_t more = line->n_packets;
	if (seen == NULL) {
		seen = mem_alloc(sizeof *seen);
		map_set(&tally->seen, line->id, seen);
	} else if (line->duration_s >= seen->duration_s && line->n_packets >= seen->n_packets) {
		more -= seen->n_packets;
	} /* else it has been installed anew */
	*seen = (struct tally_seen){line->n_packets, line->duration_s, true};
	if (tally->has_begun)
		tally->packets += more;
	else
		tally->before += more;
}

static void forget_gone(struct tally *tally)
{
	for (size_t i = tally->seen.len; i-- > 0;) {
		struct tally_seen *seen = tally->seen.entries[i].value;
		if (!seen->is_there)
			free(map_remove(&tally->seen, tally->seen.entries[i].key));
		else
			seen->is_there = false;
	}
}

void tally_add(struct tally *tally, const struct flows *flows, tally_counts_fn *counts, const void *user)
{
	for (size_t i = 0; i < flows->lines.len; i++)
		if (counts(&flows->lines.data[i], user))
			add_line(tally, &flows->lines.data[i]);
	forget_gone(tally);
	tally->has_begun = true;
}

void tally_finish(struct tally *tally)
{
	for (size_t i = 0; i < tally->seen.len; i++)
		free(tally->seen.entries[i].value);
	map_finish(&tally->seen);
	*tally = (struct tally){0};
}
