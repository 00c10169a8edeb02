/* The witness itself is only the way to the nodes (remote.c); ask.c follows a packet through OVN, count.c reads counters. */
#include "onesdn/witness.h"

#include <stdlib.h>
#include <string.h>

#include "witness/internal.h"

struct witness *witness_create(const struct witness_options *options)
{
	struct witness *witness = mem_alloc(sizeof *witness);
	*witness = (struct witness){options->loop, remote_create(options)};
	return witness;
}

void witness_destroy(struct witness *witness)
{
	if (witness == NULL)
		return;
	remote_destroy(witness->remote);
	free(witness);
}

void witness_first_line(const char *text, size_t len, struct str *out)
{
	while (len > 0 && strchr("\r\n ", *text) != NULL) {
		text++;
		len--;
	}
	const char *end = memchr(text, '\n', len);
	size_t size = end != NULL ? (size_t)(end - text) : len;
	str_append_safe(out, size > 0 ? text : "it said nothing", size > 0 ? (size < 200 ? size : 200) : 15);
}
