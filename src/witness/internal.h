/* What the files of the module share. */
#ifndef WITNESS_INTERNAL_H
#define WITNESS_INTERNAL_H

#include "witness/remote.h"
#include "witness/route.h"

struct witness {
	struct loop *loop;
	struct remote *remote;
};

#define WITNESS_NOT_ASKED_PREFIX "OVN: not asked: "

/* What an answer that is none says instead: its first line, safe and short. Appends. */
void witness_first_line(const char *text, size_t len, struct str *out);

#endif
