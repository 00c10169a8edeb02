/* flows: what ovs-ofctl dump-flows prints, and sums over such dumps that come one after another. Pure. */
#ifndef WITNESS_FLOWS_H
#define WITNESS_FLOWS_H

#include "onesdn/base.h"

#define FLOWS_MAX 20000 /* of one dump; more are left out */

struct flow_line {
	uint32_t cookie; /* the first 8 hex digits of the logical flow's uuid */
	uint64_t n_packets;
	double duration_s; /* since it was installed */
	char *id;          /* table, priority and match: what makes it this flow */
};
struct flows {
	VEC(struct flow_line) lines;
};
void flows_parse(const char *text, size_t len, struct flows *out); /* other lines are skipped */
void flows_finish(struct flows *flows);

/* A sum over counters that may begin anew at any time. */
struct tally {
	struct map seen;  /* id and cookie -> struct tally_seen */
	uint64_t packets; /* since the first dump; of flows that came later, all */
	uint64_t before;  /* what the first dump's flows had counted */
	bool has_begun;
};
typedef bool tally_counts_fn(const struct flow_line *line, const void *user); /* whether it is counted */
void tally_add(struct tally *tally, const struct flows *flows, tally_counts_fn *counts, const void *user);
void tally_finish(struct tally *tally);

#endif
